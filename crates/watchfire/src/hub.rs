//! The hub: what every browser is told, in order, once it is durable.
//!
//! It keeps the latest messages so that a reader who was gone for a moment goes on where they were; one
//! who was gone too long is told to fetch the board anew. A slow reader falls behind in a queue of its
//! own and costs nobody else anything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

/// Messages with a cursor that are kept for readers who come back.
pub const KEPT_MAX: usize = 20_000;
/// Messages a reader may be behind before it must fetch the board anew.
pub const BEHIND_MAX: usize = 4_096;

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

/// What a new reader gets.
pub struct Subscription {
    /// What it missed; none if that is no longer known and it must fetch the board.
    pub missed: Option<Vec<Arc<Message>>>,
    /// What comes from now on.
    pub live: broadcast::Receiver<Arc<Message>>,
}

/// Passes messages on.
pub struct Hub {
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<Message>>,
}

struct Kept {
    /// The position up to which messages have been dropped (or never were).
    dropped_to: u64,
    last: u64,
    messages: VecDeque<Arc<Message>>,
}

impl Hub {
    /// Makes a hub for a log that stands at `position`.
    pub fn new(position: u64) -> Hub {
        let kept = Kept {
            dropped_to: position,
            last: position,
            messages: VecDeque::new(),
        };
        Hub {
            kept: Mutex::new(kept),
            live: broadcast::channel(BEHIND_MAX).0,
        }
    }

    /// Sends messages that belong together; the last of a batch carries the log position.
    pub fn send(&self, messages: Vec<Message>) {
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        for message in messages {
            let message = Arc::new(message);
            if message.event == RECORD || message.position.is_some() {
                kept.last = message.position.unwrap_or(kept.last);
                kept.messages.push_back(Arc::clone(&message));
            }
            // Nobody listening is no fault.
            let _ = self.live.send(message);
        }
        while kept.messages.len() > KEPT_MAX {
            if let Some(position) = kept
                .messages
                .pop_front()
                .and_then(|message| message.position)
            {
                kept.dropped_to = position;
            } else {
                // Half a batch is of no use to anyone: what follows up to its position goes as well.
                while let Some(next) = kept.messages.pop_front() {
                    if let Some(position) = next.position {
                        kept.dropped_to = position;
                        break;
                    }
                }
            }
        }
    }

    /// Adds a reader that has seen everything up to `from`.
    pub fn subscribe(&self, from: u64) -> Subscription {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let live = self.live.subscribe();
        let known = kept.dropped_to <= from && from <= kept.last;
        let missed = known.then(|| {
            let seen = kept
                .messages
                .iter()
                .rposition(|message| message.position.is_some_and(|at| at <= from));
            kept.messages
                .iter()
                .skip(seen.map_or(0, |at| at + 1))
                .cloned()
                .collect()
        });
        Subscription { missed, live }
    }

    /// Returns how many readers there are.
    pub fn reader_count(&self) -> usize {
        self.live.receiver_count()
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

    fn texts(missed: Option<Vec<Arc<Message>>>) -> Option<String> {
        missed.map(|all| all.iter().map(|message| message.full.to_string()).collect())
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
    fn what_is_kept_is_bounded_and_dropped_by_whole_batches() {
        let hub = Hub::new(0);
        hub.send(vec![message(None, "x"), message(Some(2), "y")]);
        for position in 3..=(KEPT_MAX as u64 + 1) {
            hub.send(vec![message(Some(position), ".")]);
        }
        assert!(hub.subscribe(0).missed.is_none());
        let missed = hub.subscribe(2).missed.expect("the rest is still there");
        assert_eq!(missed.len(), KEPT_MAX - 1);
    }
}
