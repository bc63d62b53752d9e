//! The node at work: one thread owns the engine and the store, everybody else sends it inputs and reads
//! a board that is never ahead of the disk.
//!
//! The thread drains up to 64 waiting inputs, lets the engine decide them, appends all they come to in one
//! transaction, and only then answers, shows and tells. If the disk is full nothing of the batch is kept
//! and every asker is told so; if reading or writing fails in any other way the node stops, since what is
//! on disk is then in doubt until it has been read again.

mod beat;
mod beginning;
mod drafts;
mod late;
mod look;
mod taking;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use watchfire_core::basis::{CallId, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::duplicate::DuplicateRules;
use watchfire_core::engine::{Engine, HappenedWhen, Outcome, Request, Step, Then};
use watchfire_core::entropy::Entropy;
use watchfire_core::figures::Targets;
use watchfire_core::limits::BATCH_INPUTS_MAX;
use watchfire_core::log::{Batch, KeptMade, Log, UsedDraft};
use watchfire_core::plan::ResponseFile;
use watchfire_core::playbook::Playbook;
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_core::refusal::Refusal;
use watchfire_core::timer::TimerRules;
use watchfire_feed::Feed;
use watchfire_store::{DraftWrite, Reader, Store, StoreError};

use crate::api::message;
use crate::atlas;
use crate::clock::Clock;
use crate::conditions;
use crate::cover::Cover;
use crate::deeds::Deeds;
use crate::federation::Federation;
use crate::figures::PastCalls;
use crate::hub::{Hub, Message};
use crate::long_reader::LongReader;
use crate::metrics::Metrics;
use crate::monitoring::Monitoring;
use crate::past_boards::PastBoards;
use crate::policy::Authorized;
use crate::positions::Positions;
use crate::travel::Travel;
pub use beat::keep_time;
pub use beginning::{FoundError, Founding, create, found, fresh_key, load, random, top_up_keys};
use drafts::DraftAnswer;
pub use drafts::DraftNotKept;
use late::LateAnswer;
pub use late::{LateKey, LateReport};
pub use look::Look;
pub use taking::TakeReport;
use taking::{Joint, News, Parcel, TakeAnswer};

/// Inputs that may wait for the engine; one more is told to try again.
const QUEUE_MAX: usize = 4_096;
/// How often alarms, positions and the clock are looked at.
const BEAT: Duration = Duration::from_secs(1);
/// How far the clock may be behind the last entry before it is called suspect, in seconds.
const CLOCK_BEHIND_S_MAX: u64 = 5;
/// How often a unit's position goes into the trail while it is assigned, in seconds.
const TRAIL_EVERY_S: u64 = 15;

/// What the node is made of besides its store and engine.
pub struct Settings {
    /// What people call it.
    pub name: String,
    /// The time zone it lives in, an IANA name, if it says so.
    pub zone: Option<String>,
    /// Its clock.
    pub clock: Clock,
    /// Its travel times.
    pub travel: Travel,
    /// When a step is late.
    pub timers: TimerRules,
    /// When two reports may be about one event.
    pub duplicates: DuplicateRules,
    /// How long the steps of an incident should take.
    pub targets: Targets,
    /// How long ended records stay in memory, in seconds.
    pub keep_ended_s: u64,
    /// How long trails of positions are kept, in seconds.
    pub keep_trail_s: u64,
    /// How long a draft of a call is kept that nobody touches, in seconds.
    pub keep_draft_s: u64,
    /// How long recommendations are kept with what they were made of, in seconds.
    pub keep_made_s: u64,
    /// What calls are expected where, and how units stand to that.
    pub cover: Cover,
    /// What is simulated, if anything is; shown on every screen.
    pub simulated: Option<Text>,
    /// True if visitors on this machine are signed in as dispatchers.
    pub demo: bool,
}

/// A running node. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    feed: Feed,
    response: Arc<ResponseFile>,
    exercise: Option<String>,
    board: RwLock<Board>,
    /// All that changed since then is on the board; in milliseconds.
    whole_since_ms: AtomicI64,
    position: AtomicU64,
    /// The time of the last entry, in milliseconds.
    last_entry_ms: AtomicU64,
    positions: Positions,
    deeds: Deeds,
    hub: Arc<Hub>,
    metrics: Metrics,
    health: AtomicU8,
    queue: SyncSender<Input>,
    reader: Mutex<Reader>,
    figures: LongReader,
    past_calls: PastCalls,
    past: PastBoards,
    playbooks: OnceLock<Vec<Playbook>>,
    monitoring: Monitoring,
    joint: tokio::sync::watch::Sender<u64>,
    written: tokio::sync::watch::Sender<u64>,
    seen: tokio::sync::watch::Sender<u64>,
    federation: Federation,
}

/// How the node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Health {
    /// Accepts actions.
    Ready,
    /// The disk is full: reads, refuses to accept.
    DiskFull,
    /// Reading or writing failed: it is stopping.
    Failed,
    /// It was asked to stop.
    Stopped,
}

/// Why an action was not accepted.
#[derive(Debug)]
pub enum NotAccepted {
    /// A rule said no.
    Refused(Refusal),
    /// The disk is full; nothing was kept.
    DiskFull,
    /// Too much is waiting; nothing was kept.
    Busy,
    /// The node is stopping; whether it was kept is unknown, repeat it with the same key.
    Stopping,
}

/// An authorised action with what goes with it.
pub struct Submission {
    /// What is asked, and who asks.
    pub action: Authorized,
    /// The key against doing it twice.
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: [u8; 32],
    /// The version that the asker saw.
    pub if_version: Option<u64>,
    /// When it happened.
    pub happened: HappenedWhen,
    /// The asker's draft that becomes a call with it, if it takes a call.
    pub draft: Option<[u8; 16]>,
    /// The recommendation that was looked at, kept with what it leads to.
    pub made: Option<KeptMade>,
}

impl Submission {
    /// Makes one that happens now and that nobody will repeat: its key is drawn at random.
    pub fn fresh(action: Authorized) -> Submission {
        let drawn: [u8; 32] = random();
        Submission {
            action,
            key: drawn.iter().map(|byte| format!("{byte:02x}")).collect(),
            fingerprint: drawn,
            if_version: None,
            happened: HappenedWhen::Now,
            draft: None,
            made: None,
        }
    }
}

type Answer = oneshot::Sender<Result<Outcome, NotAccepted>>;
type StoreJob = Box<dyn FnOnce(&mut Store) + Send>;

enum Input {
    Action(Box<Submission>, Answer),
    Draft(Box<DraftWrite>, DraftAnswer),
    Store(StoreJob),
    Take(Box<Parcel>, TakeAnswer),
    /// Keys of copies that are here already.
    Keys(Vec<LateKey>, LateAnswer),
    /// Look whether something shared is over.
    Beat,
    LetGo(Timestamp),
    TryDisk,
    Stop,
}

impl Node {
    /// Starts the engine thread over an open store.
    pub fn start(
        mut store: Store,
        settings: Settings,
        response: Arc<ResponseFile>,
        entropy: Entropy,
    ) -> Result<(Node, JoinHandle<Health>), StoreError> {
        let keep_since = Timestamp(
            settings
                .clock
                .now()
                .0
                .saturating_sub(to_ms(settings.keep_ended_s)),
        );
        let last_time = store.last_time()?;
        let (engine, position) = load(&mut store, keep_since, Arc::clone(&response), entropy)?;
        let engine = engine.with_timers(settings.timers);
        taking::finish_erasing(&mut store, engine.board());
        let exercise = store.reader()?.exercise()?;
        let (queue, inputs) = sync_channel(QUEUE_MAX);
        let node = Node {
            inner: Arc::new(Inner {
                settings,
                feed: *engine.feed(),
                response,
                exercise,
                board: RwLock::new(engine.board().clone()),
                whole_since_ms: AtomicI64::new(keep_since.0),
                position: AtomicU64::new(position),
                last_entry_ms: AtomicU64::new(last_time.ms()),
                positions: Positions::default(),
                deeds: Deeds::default(),
                hub: Arc::new(Hub::new(position)),
                metrics: Metrics::default(),
                health: AtomicU8::new(Health::Ready as u8),
                queue,
                reader: Mutex::new(store.reader()?),
                figures: LongReader::new(store.reader()?),
                past_calls: PastCalls::default(),
                past: PastBoards::new(store.reader()?),
                playbooks: OnceLock::new(),
                monitoring: Monitoring::new(store.reader()?),
                joint: tokio::sync::watch::Sender::new(0),
                written: tokio::sync::watch::Sender::new(0),
                seen: tokio::sync::watch::Sender::new(0),
                federation: Federation::default(),
            }),
        };
        let start = |source| StoreError::Io {
            what: "starting a thread".into(),
            source,
        };
        let hub = Arc::clone(&node.inner.hub);
        std::thread::Builder::new()
            .name("hub".into())
            .spawn(move || hub.run())
            .map_err(start)?;
        // So that the first to look for a place need not wait while the names of a whole map are gathered.
        let reading = node.clone();
        std::thread::Builder::new()
            .name("atlas".into())
            .spawn(move || atlas::keep(&reading))
            .map_err(start)?;
        let (keeping, reader) = (node.clone(), store.reader()?);
        std::thread::Builder::new()
            .name("cover".into())
            .spawn(move || Cover::keep(&keeping, &reader))
            .map_err(start)?;
        // Before anybody is answered: the first recommendation after a restart must know what is closed.
        node.settings()
            .travel
            .conditions()
            .bring_in_force(&node.board(), node.now());
        let keeping = node.clone();
        std::thread::Builder::new()
            .name("roads".into())
            .spawn(move || conditions::keep(&keeping))
            .map_err(start)?;
        let worker = Worker {
            node: node.clone(),
            engine,
            store,
            waiting: Vec::new(),
            sealed: BTreeSet::new(),
        };
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || worker.run(&inputs));
        Ok((node, thread.map_err(start)?))
    }

    /// Sends an action through the engine and waits until what it came to is durable.
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, NotAccepted> {
        let (answer, answered) = oneshot::channel();
        match self
            .inner
            .queue
            .try_send(Input::Action(Box::new(submission), answer))
        {
            Ok(()) => answered.await.unwrap_or(Err(NotAccepted::Stopping)),
            Err(TrySendError::Full(_)) => Err(NotAccepted::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NotAccepted::Stopping),
        }
    }

    /// Does the same from a thread of its own, for the simulated crews.
    pub fn submit_blocking(&self, submission: Submission) -> Result<Outcome, NotAccepted> {
        let (answer, answered) = oneshot::channel();
        let sent = self
            .inner
            .queue
            .send(Input::Action(Box::new(submission), answer));
        sent.map_err(|_| NotAccepted::Stopping)?;
        answered
            .blocking_recv()
            .unwrap_or(Err(NotAccepted::Stopping))
    }

    /// Runs something on the store in the one thread that writes, and waits for it.
    pub async fn on_store<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, NotAccepted> {
        let (done, result) = oneshot::channel();
        let job: StoreJob = Box::new(move |store| drop(done.send(job(store))));
        match self.inner.queue.try_send(Input::Store(job)) {
            Ok(()) => result.await.map_err(|_| NotAccepted::Stopping),
            Err(TrySendError::Full(_)) => Err(NotAccepted::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NotAccepted::Stopping),
        }
    }

    /// Reads from the tables, beside the writer.
    pub fn read_store<T>(&self, read: impl FnOnce(&Reader) -> T) -> T {
        read(
            &self
                .inner
                .reader
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }

    /// Returns the reader for figures, whose long readings hold nobody else up.
    pub fn figures(&self) -> &LongReader {
        &self.inner.figures
    }

    /// Returns the calls of past days that figures are compared with.
    pub fn past_calls(&self) -> &PastCalls {
        &self.inner.past_calls
    }

    /// Returns the boards of earlier moments.
    pub fn past(&self) -> &PastBoards {
        &self.inner.past
    }

    /// Returns what is kept for monitoring.
    pub fn monitoring(&self) -> &Monitoring {
        &self.inner.monitoring
    }

    /// Returns the board as it is on disk; a thread that looks at it must not look again before it has let go.
    pub fn board(&self) -> Look<'_> {
        Look::at(&self.inner.board)
    }

    /// Returns the records of some kinds that have changed since a time, if all of them are in memory.
    pub fn changed_in_memory(&self, kinds: &[RecordKind], since: Timestamp) -> Option<Vec<Record>> {
        let board = self.board();
        // Asked under the same look: nothing leaves the board while it is looked at.
        if since.0 < self.inner.whole_since_ms.load(Ordering::Acquire) {
            return None;
        }
        let all = kinds.iter().flat_map(|kind| board.records_of(*kind));
        Some(all.filter(|one| one.changed_at() >= since).collect())
    }

    /// Returns the log position that [`Node::board`] shows, or an earlier one.
    pub fn position(&self) -> u64 {
        self.inner.position.load(Ordering::Acquire)
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Returns the name of the exercise that the node was made for; none for one that is real.
    pub fn exercise(&self) -> Option<&str> {
        self.inner.exercise.as_deref()
    }

    /// Returns the time now.
    pub fn now(&self) -> Timestamp {
        self.inner.settings.clock.now()
    }

    /// Returns by how many seconds the clock is behind the last entry, if by more than it may: it was set back, or
    /// was ahead before. Ages and timers are then wrong, and every screen must say so.
    pub fn clock_behind_s(&self) -> Option<u64> {
        let last_ms = self.inner.last_entry_ms.load(Ordering::Acquire);
        let now_ms = u64::try_from(self.now().0).unwrap_or(0);
        let behind_s = last_ms.saturating_sub(now_ms) / 1_000;
        (behind_s > CLOCK_BEHIND_S_MAX).then_some(behind_s)
    }

    /// Returns the feed that the node writes.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// Returns the categories, kinds and plans in use.
    pub fn response(&self) -> &Arc<ResponseFile> {
        &self.inner.response
    }

    /// Returns where units are.
    pub fn positions(&self) -> &Positions {
        &self.inner.positions
    }

    /// Returns what calls are expected where, and how units stand to that.
    pub fn cover(&self) -> &Cover {
        &self.inner.settings.cover
    }

    /// Returns how things stand with the other nodes.
    pub fn federation(&self) -> &Federation {
        &self.inner.federation
    }

    /// Returns its playbooks.
    pub fn playbooks(&self) -> &[Playbook] {
        self.inner.playbooks.get().map_or(&[], Vec::as_slice)
    }

    /// Takes its playbooks, once.
    pub(crate) fn keep_playbooks(&self, playbooks: Vec<Playbook>) {
        let _ = self.inner.playbooks.set(playbooks);
    }

    /// Returns what people have just done and may take back.
    pub fn deeds(&self) -> &Deeds {
        &self.inner.deeds
    }

    /// Returns where readers are told of what happens.
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// Returns the figures for Prometheus.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Returns how the node is.
    pub fn health(&self) -> Health {
        match self.inner.health.load(Ordering::Acquire) {
            0 => Health::Ready,
            1 => Health::DiskFull,
            2 => Health::Failed,
            _ => Health::Stopped,
        }
    }

    fn set_health(&self, health: Health) {
        self.inner.health.store(health as u8, Ordering::Release);
    }

    /// Asks the engine thread to finish what waits and stop.
    pub fn stop(&self) {
        let _ = self.inner.queue.send(Input::Stop);
    }
}

struct Worker {
    node: Node,
    engine: Engine,
    store: Store,
    waiting: Vec<Answer>,
    /// Keys that entries of this batch were taken without.
    sealed: BTreeSet<[u8; 16]>,
}

enum Next {
    GoOn,
    Stop(Health),
}

/// Says that the node has failed if the engine thread ends in any way but its own: every screen would go on
/// showing a node that answers nobody.
struct Fallen(Node);

impl Drop for Fallen {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set_health(Health::Failed);
            self.0.inner.hub.end();
        }
    }
}

impl Worker {
    fn run(mut self, inputs: &Receiver<Input>) -> Health {
        let _fallen = Fallen(self.node.clone());
        // What ran out while nothing ran, and what a new epoch has to tell anew, does not wait for the first to ask.
        let mut next = self.take(vec![Input::Beat]);
        let health = loop {
            if let Next::Stop(health) = next {
                break health;
            }
            let Ok(first) = inputs.recv() else {
                break Health::Stopped;
            };
            let mut batch = vec![first];
            while batch.len() < BATCH_INPUTS_MAX {
                match inputs.try_recv() {
                    Ok(input) => batch.push(input),
                    Err(_) => break,
                }
            }
            next = self.take(batch);
        };
        self.node.set_health(health);
        self.node.inner.hub.end();
        self.node.settings().travel.conditions().changed();
        health
    }

    fn take(&mut self, inputs: Vec<Input>) -> Next {
        if let Err(fault) = top_up_keys(&mut self.engine, &mut self.store, fresh_key) {
            tracing::error!(error = %Chain(&fault), "record keys could not be stored");
            // Without spare keys nothing personal may be written; treat it as a disk that takes nothing.
            return self.refuse_all(inputs, &fault);
        }
        let head = self.engine.head();
        let now = self.node.now();
        let mut append = Batch::default();
        let mut then = Vec::new();
        let mut stop = None;
        let mut let_go = None;
        let mut drafts = Vec::new();
        let mut joint = Joint::default();
        let mut late = Vec::new();
        for input in inputs {
            match input {
                Input::Action(submission, answer) => {
                    let ticket = self.waiting.len() as u64;
                    self.waiting.push(answer);
                    let step = self.handle(*submission, ticket, now);
                    append.extend(step.append);
                    then.push(step.then);
                }
                Input::Draft(write, answer) => drafts.push((*write, answer)),
                Input::Store(job) => job(&mut self.store),
                Input::Take(parcel, answer) => {
                    self.take_parcel(*parcel, answer, now, &mut joint, &mut append);
                }
                Input::Beat => self.tick(now, &mut joint, &mut append),
                // After the commit: what this batch changes must not be read again from before it.
                Input::Keys(keys, answer) => late.push((keys, answer)),
                Input::LetGo(before) => let_go = Some(before),
                Input::TryDisk => self.try_disk(),
                Input::Stop => stop = Some(Next::Stop(Health::Stopped)),
            }
        }
        // First, so that a draft which becomes a call in this very batch ends with it.
        self.keep_drafts(drafts);
        if let Next::Stop(health) = self.commit(&append, then, joint, head) {
            return Next::Stop(health);
        }
        self.sealed.clear();
        for (keys, answer) in late {
            if let Next::Stop(health) = self.add_late_keys(keys, answer) {
                return Next::Stop(health);
            }
        }
        if let Some(before) = let_go {
            self.let_go(before);
        }
        stop.unwrap_or(Next::GoOn)
    }

    fn handle(&mut self, submission: Submission, ticket: u64, now: Timestamp) -> Step {
        let (by, action) = submission.action.into_parts();
        let (draft, made) = (submission.draft, submission.made);
        for name in action.names() {
            self.bring_back(name);
        }
        let request = Request {
            ticket,
            key: submission.key,
            fingerprint: submission.fingerprint,
            by,
            if_version: submission.if_version,
            happened: submission.happened,
            action,
        };
        let mut step = self.engine.handle(request, now);
        if let (Some(made), Ok(outcome)) = (made, &step.then.answer)
            && !outcome.repeated
        {
            step.append.made.push(made);
        }
        if let (Some(draft), Ok(outcome)) = (draft, &step.then.answer)
            && let Some((call, _)) = outcome.records.first().filter(|_| !outcome.repeated)
        {
            step.append.drafts.push(UsedDraft {
                draft,
                person: by.person,
                call: CallId(call.id),
                at: now,
            });
        }
        step
    }

    /// Brings a record that ended long ago back into memory, with all the kin of its incident: a family that is
    /// half in memory would count its calls and units wrongly.
    fn bring_back(&mut self, name: RecordRef) {
        if self.engine.board().get(name).is_some() {
            return;
        }
        match self.store.kin_with_keys(name) {
            Ok(kin) => {
                for (record, key) in kin {
                    if self.engine.board().get(record.reference()).is_none() {
                        self.engine.adopt(record.clone(), key);
                        self.board_mut(|board| board.put(record));
                    }
                }
            }
            Err(fault) => {
                tracing::error!(error = %Chain(&fault), "a closed record could not be read")
            }
        }
    }

    fn commit(
        &mut self,
        append: &Batch,
        then: Vec<Then>,
        joint: Joint,
        head: watchfire_feed::Head,
    ) -> Next {
        let began = Instant::now();
        let appended = if append.is_empty() {
            Ok(())
        } else {
            self.store.append(append)
        };
        match appended {
            Ok(()) => {
                if !append.is_empty() {
                    self.node
                        .inner
                        .metrics
                        .appended(append.entries.len(), began.elapsed());
                    if self.node.health() == Health::DiskFull {
                        tracing::info!("there is room on the disk again; actions are accepted");
                        self.node.set_health(Health::Ready);
                    }
                }
                self.erase(append);
                self.engine.persisted();
                if let Some(last) = append.entries.last() {
                    let last_ms = last.header.time.ms();
                    self.node
                        .inner
                        .last_entry_ms
                        .store(last_ms, Ordering::Release);
                }
                self.speak(append, then, joint);
                Next::GoOn
            }
            Err(fault) => {
                tracing::error!(error = %fault, "nothing of this batch was kept");
                let durable = self.node.board().clone();
                self.engine.abandon(durable, head);
                let go_on = fault.may_go_on();
                self.node.set_health(if go_on {
                    Health::DiskFull
                } else {
                    Health::Failed
                });
                for answer in self.waiting.drain(..) {
                    let _ = answer.send(Err(if go_on {
                        NotAccepted::DiskFull
                    } else {
                        NotAccepted::Stopping
                    }));
                }
                if go_on {
                    Next::GoOn
                } else {
                    Next::Stop(Health::Failed)
                }
            }
        }
    }

    /// Shows, answers and tells, now that it is durable.
    fn speak(&mut self, append: &Batch, then: Vec<Then>, joint: Joint) {
        let Joint {
            mut changes,
            show: mut shown,
            answers: taken,
        } = joint;
        let mut answers: Vec<(u64, Result<Outcome, Refusal>)> = Vec::with_capacity(then.len());
        for one in then {
            self.node.inner.metrics.decided(&one.answer);
            for record in one.show {
                shown.retain(|earlier| earlier.reference() != record.reference());
                shown.push(record);
            }
            changes.extend(one.changes);
            answers.push((one.ticket, one.answer));
        }
        let news = News::of(&changes, self.node.feed().node);
        let mut told = None;
        if !shown.is_empty() {
            let position = self.node.position() + append.entries.len() as u64;
            let messages = {
                let mut board = self
                    .node
                    .inner
                    .board
                    .write()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                let left_behind = message::left_behind(&board, &shown);
                for record in &shown {
                    board.put(record.clone());
                }
                for change in changes.drain(..) {
                    board.copies.change(change);
                }
                message::of_batch(&board, &self.node, &shown, &left_behind, position)
            };
            told = Some((messages, position));
            self.node.inner.past_calls.changed(&shown);
        }
        if shown
            .iter()
            .any(|one| matches!(one, Record::RoadCondition(_)))
        {
            self.node.settings().travel.conditions().changed();
        }
        if !changes.is_empty() {
            self.board_mut(|board| changes.drain(..).for_each(|one| board.copies.change(one)));
        }
        let mut waiting: Vec<Option<Answer>> = self.waiting.drain(..).map(Some).collect();
        for (ticket, answer) in answers {
            let asker = usize::try_from(ticket)
                .ok()
                .and_then(|ticket| waiting.get_mut(ticket)?.take());
            if let Some(asker) = asker {
                let _ = asker.send(answer.map_err(NotAccepted::Refused));
            }
        }
        for (answer, report) in taken {
            let _ = answer.send(report);
        }
        self.node.tell_joint(news);
        // The asker before the onlookers: it must not wait until two hundred consoles have been woken.
        if let Some((messages, position)) = told {
            self.node.inner.hub.send(messages);
            self.node.inner.position.store(position, Ordering::Release);
        }
    }

    fn refuse_all(&mut self, inputs: Vec<Input>, fault: &StoreError) -> Next {
        let go_on = fault.is_disk_full();
        self.node.set_health(if go_on {
            Health::DiskFull
        } else {
            Health::Failed
        });
        for input in inputs {
            match input {
                Input::Action(_, answer) => {
                    let _ = answer.send(Err(if go_on {
                        NotAccepted::DiskFull
                    } else {
                        NotAccepted::Stopping
                    }));
                }
                Input::Draft(_, answer) => {
                    let _ = answer.send(Err(DraftNotKept::Node(if go_on {
                        NotAccepted::DiskFull
                    } else {
                        NotAccepted::Stopping
                    })));
                }
                Input::Store(job) => job(&mut self.store),
                // Whoever waits for it is told that the sender is gone, and asks the peer again later.
                Input::Take(..)
                | Input::Keys(..)
                | Input::Beat
                | Input::LetGo(_)
                | Input::TryDisk => {}
                Input::Stop => return Next::Stop(Health::Stopped),
            }
        }
        if go_on {
            Next::GoOn
        } else {
            Next::Stop(Health::Failed)
        }
    }

    fn let_go(&mut self, before: Timestamp) {
        // First, so that nobody takes the board for whole while records leave it.
        let since = &self.node.inner.whole_since_ms;
        since.fetch_max(before.0, Ordering::AcqRel);
        let gone = self.engine.let_go(before);
        self.board_mut(|board| gone.iter().for_each(|reference| board.remove(*reference)));
        let trail_before = Timestamp(self.node.now().0 - to_ms(self.node.settings().keep_trail_s));
        let outcomes_before = Timestamp(self.node.now().0 - to_ms(OUTCOMES_KEPT_S));
        let pruned = self.store.prune(outcomes_before, trail_before);
        // Sessions and codes run on the machine's clock even where the node replays a past night.
        let pruned = pruned.and_then(|_| self.store.prune_access(Clock::Real.now()));
        let made_before = Timestamp(self.node.now().0 - to_ms(self.node.settings().keep_made_s));
        let pruned = pruned.and_then(|_| self.store.prune_made(made_before));
        if let Err(fault) = pruned {
            tracing::warn!(error = %Chain(&fault), "old positions and keys could not be deleted");
        }
    }

    /// Sees by a small write whether there is room again, so that a node nobody sends to says it is ready.
    fn try_disk(&mut self) {
        let name = self.store.node_name().to_owned();
        if self.store.rename_node(&name).is_ok() {
            tracing::info!("there is room on the disk again; actions are accepted");
            self.node.set_health(Health::Ready);
        }
    }

    fn board_mut(&self, change: impl FnOnce(&mut Board)) {
        change(
            &mut self
                .node
                .inner
                .board
                .write()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        );
    }
}

/// How long an idempotency key is remembered, in seconds.
const OUTCOMES_KEPT_S: u64 = 7 * 24 * 3_600;

fn to_ms(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

/// Writes an error with everything that led to it, for the log.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
