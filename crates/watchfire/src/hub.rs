//! The hub: what every browser is told, in order, once it is durable.
//!
//! Messages are gathered for a moment and then told to all readers as one piece of text that was made once:
//! two hundred consoles are woken once for a call and the incident opened from it, and whoever acted is not
//! kept waiting by them. It keeps the latest messages so that a reader who was gone for a moment goes on
//! where they were; one who was gone too long is told to fetch the board anew. Of views that are made anew as a whole
//! (operations, the lines) only the last is kept. A slow reader falls behind in a queue of its own and costs nobody else
//! anything. Start at [`Hub::send`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{broadcast, watch};

/// Messages with a cursor that are kept for readers who come back.
pub const KEPT_MAX: usize = 20_000;
/// Bytes of them that are kept, however few they are: an incident with thousands of calls is a large message.
pub const KEPT_BYTES_MAX: usize = 64 << 20;
/// Pieces of text a reader may be behind before it must fetch the board anew.
pub const BEHIND_MAX: usize = 1_024;
/// How long messages are gathered before all readers are told.
const GATHER: Duration = Duration::from_millis(20);

/// One message to all readers.
#[derive(Debug)]
pub struct Message {
    /// The log position it brings a reader to; none for what is not in the log (positions, clock).
    pub position: Option<u64>,
    /// The name of the SSE event.
    pub event: &'static str,
    /// The data for those who may see personal data.
    pub full: Arc<str>,
    /// The data for everybody else.
    pub redacted: Arc<str>,
}

impl Message {
    fn bytes(&self) -> usize {
        let same = Arc::ptr_eq(&self.full, &self.redacted);
        self.full.len() + if same { 0 } else { self.redacted.len() }
    }
}

/// Messages as they go over the line (server-sent events), made once for all readers.
#[derive(Debug, Default)]
pub struct Piece {
    /// For those who may see personal data.
    pub full: Bytes,
    /// For everybody else.
    pub redacted: Bytes,
}

impl Piece {
    fn of<'a>(messages: impl IntoIterator<Item = &'a Arc<Message>>) -> Piece {
        let (mut full, mut redacted) = (String::new(), String::new());
        for message in messages {
            for (text, data) in [
                (&mut full, &message.full),
                (&mut redacted, &message.redacted),
            ] {
                // Writing to a String cannot fail; JSON on one line needs no splitting.
                let _ = writeln!(text, "event: {}", message.event);
                if let Some(position) = message.position {
                    let _ = writeln!(text, "id: {position}");
                }
                let _ = write!(text, "data: {data}\n\n");
            }
        }
        Piece {
            full: full.into(),
            redacted: redacted.into(),
        }
    }

    /// Makes one of a message for one reader alone.
    pub fn alone(message: Message) -> Piece {
        Piece::of([&Arc::new(message)])
    }

    /// Tells a reader to fetch the board anew.
    pub fn reset() -> Piece {
        let text = Bytes::from_static(b"event: reset\ndata: {}\n\n");
        Piece {
            full: text.clone(),
            redacted: text,
        }
    }
}

/// What a new reader gets.
pub struct Subscription {
    /// What it missed; none if that is no longer known and it must fetch the board.
    pub missed: Option<Piece>,
    /// What comes from now on; none if the node is stopping.
    pub live: Option<broadcast::Receiver<Arc<Piece>>>,
}

/// Passes messages on.
pub struct Hub {
    state: Mutex<State>,
    waiting: Condvar,
    readers: watch::Sender<u64>,
}

struct State {
    /// The position up to which messages have been dropped (or never were).
    dropped_to: u64,
    last: u64,
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    /// The last of each view, and the position at which it was sent.
    views: BTreeMap<String, (u64, Arc<Message>)>,
    /// Sent, and not yet told.
    gathered: Vec<Arc<Message>>,
    /// None once the node stops.
    live: Option<broadcast::Sender<Arc<Piece>>>,
}

impl Hub {
    /// Makes a hub for a log that stands at `position`.
    pub fn new(position: u64) -> Hub {
        let state = State {
            dropped_to: position,
            last: position,
            messages: VecDeque::new(),
            bytes: 0,
            views: BTreeMap::new(),
            gathered: Vec::new(),
            live: Some(broadcast::channel(BEHIND_MAX).0),
        };
        Hub {
            state: Mutex::new(state),
            waiting: Condvar::new(),
            readers: watch::Sender::new(0),
        }
    }

    /// Sends messages that belong together; the last of a batch carries the log position.
    pub fn send(&self, messages: Vec<Message>) {
        let mut state = self.lock();
        for message in messages {
            let message = Arc::new(message);
            if message.event == RECORD || message.position.is_some() {
                state.last = message.position.unwrap_or(state.last);
                state.bytes += message.bytes();
                state.messages.push_back(Arc::clone(&message));
            }
            state.gathered.push(message);
        }
        state.forget_oldest();
        drop(state);
        self.waiting.notify_one();
    }

    /// Sends views: each takes the place of what was sent by that name before.
    pub fn show(&self, views: Vec<(String, Message)>) {
        let mut state = self.lock();
        let at = state.last;
        for (name, message) in views {
            let message = Arc::new(message);
            state.gathered.push(Arc::clone(&message));
            state.views.insert(name, (at, message));
        }
        drop(state);
        self.waiting.notify_one();
    }

    /// Returns a watch that wakes whenever a reader comes.
    pub fn newcomers(&self) -> watch::Receiver<u64> {
        self.readers.subscribe()
    }

    /// Tells readers what has been sent, again and again, until [`Hub::end`].
    pub fn run(&self) {
        loop {
            let state = self.lock();
            let idle = |state: &mut State| state.gathered.is_empty() && state.live.is_some();
            let state = self
                .waiting
                .wait_while(state, idle)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            if state.live.is_none() {
                return;
            }
            drop(state);
            std::thread::sleep(GATHER);
            self.tell();
        }
    }

    /// Tells readers at once what has been sent.
    pub fn tell(&self) {
        self.lock().tell();
    }

    /// Tells readers the last, and ends their streams.
    pub fn end(&self) {
        let mut state = self.lock();
        state.tell();
        state.live = None;
        drop(state);
        self.waiting.notify_all();
    }

    /// Adds a reader that has seen everything up to `from`.
    pub fn subscribe(&self, from: u64) -> Subscription {
        let mut state = self.lock();
        // So that what is missed ends where what is live begins.
        state.tell();
        let live = state.live.as_ref().map(broadcast::Sender::subscribe);
        let known = state.dropped_to <= from && from <= state.last;
        let missed = known.then(|| {
            let seen = state
                .messages
                .iter()
                .rposition(|message| message.position.is_some_and(|at| at <= from));
            let missed = state.messages.iter().skip(seen.map_or(0, |at| at + 1));
            // A view may change without an entry, so what was sent at that position counts as missed.
            let views = state.views.values().filter(|(at, _)| *at >= from);
            Piece::of(missed.chain(views.map(|(_, view)| view)))
        });
        drop(state);
        self.readers
            .send_modify(|count| *count = count.wrapping_add(1));
        Subscription { missed, live }
    }

    /// Returns how many readers there are.
    pub fn reader_count(&self) -> usize {
        let state = self.lock();
        state
            .live
            .as_ref()
            .map_or(0, broadcast::Sender::receiver_count)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn tell(&mut self) {
        let gathered = std::mem::take(&mut self.gathered);
        if let Some(live) = self.live.as_ref().filter(|_| !gathered.is_empty()) {
            // Nobody listening is no fault.
            let _ = live.send(Arc::new(Piece::of(&gathered)));
        }
    }

    fn forget_oldest(&mut self) {
        while self.messages.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX {
            // Half a batch is of no use to anyone: what follows up to its position goes as well.
            while let Some(oldest) = self.messages.pop_front() {
                self.bytes -= oldest.bytes();
                if let Some(position) = oldest.position {
                    self.dropped_to = position;
                    break;
                }
            }
        }
    }
}

/// The SSE event that carries a whole record.
pub const RECORD: &str = "record";
/// The SSE event that carries a position only: what changed is not for the stream.
pub const MARK: &str = "mark";

#[cfg(test)]
mod tests {
    use super::*;

    fn message(position: Option<u64>, text: &str) -> Message {
        Message {
            position,
            event: RECORD,
            full: text.into(),
            redacted: text.into(),
        }
    }

    /// The data of a piece, one letter each.
    fn texts(piece: Option<Piece>) -> Option<String> {
        let piece = piece?;
        let text = std::str::from_utf8(&piece.full).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        Some(data.collect())
    }

    #[test]
    fn a_reader_who_comes_back_gets_what_it_missed_and_no_half_batches() {
        let hub = Hub::new(10);
        hub.send(vec![message(None, "a"), message(Some(12), "b")]);
        hub.send(vec![message(Some(13), "c")]);
        assert_eq!(texts(hub.subscribe(10).missed).as_deref(), Some("abc"));
        assert_eq!(texts(hub.subscribe(12).missed).as_deref(), Some("c"));
        assert_eq!(texts(hub.subscribe(13).missed).as_deref(), Some(""));
        assert_eq!(
            texts(hub.subscribe(9).missed),
            None,
            "too long ago: fetch the board"
        );
        assert_eq!(
            texts(hub.subscribe(14).missed),
            None,
            "from a future that was taken back"
        );
    }

    #[test]
    fn of_a_view_whoever_comes_back_gets_the_last_and_only_if_it_may_be_new() {
        let hub = Hub::new(10);
        let view = |name: &str, text| vec![(name.to_owned(), message(None, text))];
        let mut newcomers = hub.newcomers();
        hub.show(view("one", "1"));
        hub.show(view("two", "2"));
        hub.show(view("one", "I"));
        assert!(!newcomers.has_changed().unwrap());
        assert_eq!(texts(hub.subscribe(10).missed).as_deref(), Some("I2"));
        assert!(newcomers.has_changed().unwrap());
        newcomers.mark_unchanged();
        hub.send(vec![message(Some(11), "a")]);
        assert_eq!(texts(hub.subscribe(10).missed).as_deref(), Some("aI2"));
        assert_eq!(texts(hub.subscribe(11).missed).as_deref(), Some(""));
        hub.show(view("two", "II"));
        assert_eq!(texts(hub.subscribe(11).missed).as_deref(), Some("II"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_dropped_by_whole_batches() {
        let hub = Hub::new(0);
        hub.send(vec![message(None, "x"), message(Some(2), "y")]);
        for position in 3..=(KEPT_MAX as u64 + 1) {
            hub.send(vec![message(Some(position), ".")]);
        }
        assert!(hub.subscribe(0).missed.is_none());
        let missed = texts(hub.subscribe(2).missed).expect("the rest is still there");
        assert_eq!(missed.len(), KEPT_MAX - 1);
    }

    #[test]
    fn large_messages_are_kept_up_to_so_many_bytes() {
        let hub = Hub::new(0);
        let large: Arc<str> = "x".repeat(KEPT_BYTES_MAX / 4).into();
        for position in 1..=5 {
            hub.send(vec![Message {
                position: Some(position),
                event: RECORD,
                full: Arc::clone(&large),
                redacted: Arc::clone(&large),
            }]);
            hub.tell();
        }
        assert!(hub.subscribe(0).missed.is_none(), "the first had to go");
        assert!(hub.subscribe(1).missed.is_some(), "four fit");
    }

    #[test]
    fn what_is_sent_in_one_moment_is_told_in_one_piece_and_to_a_newcomer_once() {
        let hub = Hub::new(0);
        let mut early = hub.subscribe(0).live.unwrap();
        hub.send(vec![message(Some(1), "a")]);
        hub.send(vec![message(Some(2), "b")]);
        assert!(early.try_recv().is_err(), "not yet");
        let late = hub.subscribe(0);
        assert_eq!(texts(late.missed).as_deref(), Some("ab"));
        assert!(late.live.unwrap().try_recv().is_err(), "and not again");
        let piece = early.try_recv().unwrap();
        let expected = "event: record\nid: 1\ndata: a\n\nevent: record\nid: 2\ndata: b\n\n";
        assert_eq!(piece.full, expected);
        hub.end();
        let ended = early.try_recv();
        assert!(matches!(ended, Err(broadcast::error::TryRecvError::Closed)));
        assert!(hub.subscribe(2).live.is_none());
    }
}
