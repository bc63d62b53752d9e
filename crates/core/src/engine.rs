//! The engine: the one closed door through which every action passes.
//!
//! `handle` decides, applies and signs, and returns what to append and what to do afterwards. The host
//! may not run the second before the first is on disk. If the append fails, the host calls `abandon`
//! and the engine is back where the disk is. It knows no clock, no disk and no randomness of its own.

mod take;
mod tell;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{
    Draft, Entry, Feed, FeedError, FeedId, Head, HybridClock, HybridTime, NodeId, OPENING_KIND,
    OPENING_KIND_VERSION, Scope, SealedBody, Signer,
};

use crate::basis::{PersonId, Personal, Text, Timestamp};
use crate::board::Board;
use crate::copies::{self, Change};
use crate::entropy::Entropy;
use crate::limits;
use crate::log::{Batch, KeptOutcome, Row};
use crate::plan::ResponseFile;
use crate::record::incident::IncidentEvent;
use crate::record::operation::OperationEvent;
use crate::record::{
    self, Action, Actor, Context, Event, Happened, Meta, Record, RecordKind, RecordRef,
};
use crate::refusal::Refusal;
use crate::timer::TimerRules;
pub use take::{NotTaken, Taken, WhyNotTaken};

/// The version of all event kinds so far. A new meaning gets a new number and a lifting function.
const EVENT_VERSION: u16 = 1;

/// An action on its way in, already authorised by the host.
#[derive(Debug, Clone)]
pub struct Request {
    /// The host's own mark to find the asker again.
    pub ticket: u64,
    /// The asker's key against doing it twice.
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: [u8; 32],
    /// Who asks.
    pub by: Actor,
    /// The version that the asker saw, if the action depends on it.
    pub if_version: Option<u64>,
    /// When it happened.
    pub happened: HappenedWhen,
    /// What is asked.
    pub action: Action,
}

/// When something happened, according to whoever reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HappenedWhen {
    /// Now.
    Now,
    /// At this time, within reason.
    At(Timestamp),
    /// At this time, however long ago: read from another system's records.
    Imported(Timestamp),
}

/// What an accepted action led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The records it made or changed, with the version each then had, the main one first.
    pub records: Vec<(RecordRef, u64)>,
    /// True if it had been accepted before and nothing was done now.
    pub repeated: bool,
}

/// What to do with a handled request: append, and only then the rest.
#[derive(Debug, Clone)]
pub struct Step {
    /// What must be durable first.
    pub append: Batch,
    /// What to do then.
    pub then: Then,
}

/// What to do once a step is durable.
#[derive(Debug, Clone)]
pub struct Then {
    /// Whom to answer.
    pub ticket: u64,
    /// What to answer.
    pub answer: Result<Outcome, Refusal>,
    /// The records to show, as they now stand.
    pub show: Vec<Record>,
    /// What is different of what others told, and of what was told them.
    pub changes: Vec<Change>,
}

/// What an engine is started with, as read from a store.
#[derive(Debug)]
pub struct Start {
    /// The feed it writes.
    pub feed: Feed,
    /// The head of that feed.
    pub head: Head,
    /// The time of the last entry.
    pub last_time: HybridTime,
    /// What signs the feed.
    pub signer: Signer,
    /// The records.
    pub board: Board,
    /// The keys of records that have personal data.
    pub keys: BTreeMap<RecordRef, RecordKey>,
    /// The keys of copies that have personal data, as far as they are here.
    pub copy_keys: BTreeMap<(NodeId, RecordRef), RecordKey>,
    /// The outcomes kept for repeated keys, oldest first.
    pub outcomes: Vec<KeptOutcome>,
    /// Where new ids come from.
    pub entropy: Entropy,
    /// The agency's categories, kinds and plans.
    pub response: Arc<ResponseFile>,
}

/// Decides, applies and signs. One engine writes one node's feed.
#[derive(Debug)]
pub struct Engine {
    feed: Feed,
    /// The heads of this node's feeds of this epoch, as signed so far.
    own: BTreeMap<Scope, (Feed, Head)>,
    clock: HybridClock,
    signer: Signer,
    board: Board,
    keys: BTreeMap<RecordRef, RecordKey>,
    copy_keys: BTreeMap<(NodeId, RecordRef), RecordKey>,
    /// Up to where each other feed of an operation was named by an entry of this node's.
    named: BTreeMap<(Scope, FeedId), u64>,
    spare_keys: VecDeque<RecordKey>,
    outcomes: BTreeMap<(PersonId, String), KeptOutcome>,
    outcome_order: VecDeque<(PersonId, String)>,
    not_durable: Vec<(PersonId, String)>,
    entropy: Entropy,
    response: Arc<ResponseFile>,
    timers: TimerRules,
    /// True once everything told in an earlier epoch is told in this one, too.
    renewed: bool,
}

impl Engine {
    /// Starts from what a store holds.
    pub fn resume(start: Start) -> Engine {
        let mut engine = Engine {
            feed: start.feed,
            own: BTreeMap::new(),
            clock: HybridClock::new(start.last_time),
            signer: start.signer,
            board: start.board,
            keys: start.keys,
            copy_keys: start.copy_keys,
            named: BTreeMap::new(),
            spare_keys: VecDeque::new(),
            outcomes: BTreeMap::new(),
            outcome_order: VecDeque::new(),
            not_durable: Vec::new(),
            entropy: start.entropy,
            response: start.response,
            timers: TimerRules::default(),
            renewed: false,
        };
        for outcome in start.outcomes {
            engine.keep(outcome);
        }
        engine.not_durable.clear();
        engine.find_own(start.head);
        engine
    }

    /// Finds the heads of this node's feeds of this epoch.
    fn find_own(&mut self, local: Head) {
        self.own = BTreeMap::from([(Scope::Local, (self.feed, local))]);
        for followed in self.board.copies.feeds.values() {
            let feed = followed.feed;
            let ours = feed.node == self.feed.node && feed.key == self.feed.key;
            if ours && feed.epoch == self.feed.epoch && feed.scope != Scope::Identity {
                self.own.insert(feed.scope, (feed, followed.head));
            }
        }
    }

    /// Returns it with other rules of when a step is late; only an alarm that is on can be acknowledged.
    pub fn with_timers(self, timers: TimerRules) -> Engine {
        Engine { timers, ..self }
    }

    /// Returns the records as decided so far, which may be ahead of the disk.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Returns the head as signed so far, which may be ahead of the disk.
    pub fn head(&self) -> Head {
        self.own[&Scope::Local].1
    }

    /// Returns this node.
    pub fn node(&self) -> NodeId {
        self.feed.node
    }

    /// Returns the feed that this engine writes.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Returns the response file in use.
    pub fn response(&self) -> &Arc<ResponseFile> {
        &self.response
    }

    /// Returns how many unused record keys are left; each request may use up one.
    pub fn spare_key_count(&self) -> usize {
        self.spare_keys.len()
    }

    /// Hands over unused record keys, which must already be durable in the keyring.
    pub fn add_spare_keys(&mut self, keys: impl IntoIterator<Item = RecordKey>) {
        self.spare_keys.extend(keys);
    }

    /// Brings a closed record back into memory.
    pub fn adopt(&mut self, record: Record, key: Option<RecordKey>) {
        if let Some(key) = key {
            self.keys.insert(record.reference(), key);
        }
        self.board.put(record);
    }

    /// Lets what is over since before a time leave memory (see [`Board::over_before`]); returns what went, each once.
    pub fn let_go(&mut self, before: Timestamp) -> Vec<RecordRef> {
        let gone = self.board.over_before(before);
        for reference in &gone {
            self.board.remove(*reference);
            self.keys.remove(reference);
        }
        gone.into_iter().collect()
    }

    /// Takes everything back that was decided since the last durable batch. `durable` is the board as on disk.
    pub fn abandon(&mut self, durable: Board, head: Head) {
        self.board = durable;
        self.find_own(head);
        self.named.clear();
        self.renewed = false;
        for name in self.not_durable.drain(..) {
            self.outcomes.remove(&name);
            self.outcome_order.retain(|kept| *kept != name);
        }
    }

    /// Notes that everything decided so far is durable.
    pub fn persisted(&mut self) {
        self.not_durable.clear();
    }

    /// Decides, applies and signs one request.
    pub fn handle(&mut self, request: Request, now: Timestamp) -> Step {
        let ticket = request.ticket;
        match self.accept(request, now) {
            Ok(done) => Step {
                append: done.batch,
                then: Then {
                    ticket,
                    answer: Ok(done.outcome),
                    show: done.show,
                    changes: done.changes,
                },
            },
            Err(refusal) => Step {
                append: Batch::default(),
                then: Then {
                    ticket,
                    answer: Err(refusal),
                    show: Vec::new(),
                    changes: Vec::new(),
                },
            },
        }
    }

    fn accept(&mut self, request: Request, now: Timestamp) -> Result<Done, Refusal> {
        if let Some(kept) = self.outcomes.get(&(request.by.person, request.key.clone())) {
            if kept.fingerprint != request.fingerprint {
                return Err(Refusal::KeyReused);
            }
            let outcome = Outcome {
                records: kept.records.clone(),
                repeated: true,
            };
            return Ok(Done::nothing(outcome));
        }
        check_key(&request.key)?;
        self.check_version(&request)?;
        let happened_at = happened_at(request.happened, now)?;
        // A refusal must leave no trace, so ids are drawn from a copy until the action is accepted.
        let mut entropy = self.entropy.clone();
        let (response, timers) = (Arc::clone(&self.response), self.timers);
        let mut context = Context {
            node: self.feed.node,
            now,
            happened_at,
            by: request.by,
            entropy: &mut entropy,
            response: &response,
            timers: &timers,
        };
        let all = record::decide(&self.board, &request.action, &mut context)?;
        self.entropy = entropy;
        Ok(self.carry_out(all, &request, happened_at, now))
    }

    fn check_version(&self, request: &Request) -> Result<(), Refusal> {
        let (Some(expected), Some(subject)) = (request.if_version, request.action.subject()) else {
            return Ok(());
        };
        let current = self
            .board
            .get(subject)
            .ok_or(Refusal::NotFound(subject.kind))?
            .version();
        if current == expected {
            return Ok(());
        }
        Err(Refusal::VersionMismatch {
            record: subject,
            expected,
            current,
        })
    }

    fn carry_out(
        &mut self,
        all: Vec<Happened>,
        request: &Request,
        happened_at: Timestamp,
        now: Timestamp,
    ) -> Done {
        let mut done = Done::nothing(Outcome {
            records: Vec::new(),
            repeated: false,
        });
        let mut touched: Vec<RecordRef> = Vec::new();
        let mut signed: Vec<(Happened, Entry)> = Vec::with_capacity(all.len());
        for happened in all {
            let reference = happened.record;
            self.renew_for(&mut done, &happened, request, now);
            let entry = self.sign(&mut done, &happened, request, happened_at, now);
            let meta = meta_of(&entry, request.by, happened_at);
            let before = self.board.get(reference);
            if matches!(
                happened.event,
                Event::Incident(IncidentEvent::Erased { .. })
            ) {
                // Whatever the host destroys must not seal anything more.
                self.keys.remove(&reference);
            }
            if let Some(next) = Record::apply(
                before.as_ref(),
                &happened.event,
                Some(&happened.personal),
                &meta,
            ) {
                self.board.put(next);
            }
            if !touched.contains(&reference) {
                touched.push(reference);
            }
            signed.push((happened, entry));
        }
        self.tell(&mut done, &signed, request, now);
        let now_at = |reference: &RecordRef| self.board.get(*reference);
        let mut show: Vec<Record> = touched.iter().filter_map(now_at).collect();
        let records: Vec<(RecordRef, u64)> = show
            .iter()
            .map(|record| (record.reference(), record.version()))
            .collect();
        done.show
            .retain(|risen| !touched.contains(&risen.reference()));
        show.append(&mut done.show);
        done.batch.rows = show.iter().map(|record| self.row(record)).collect();
        let kept = KeptOutcome {
            person: request.by.person,
            key: request.key.clone(),
            fingerprint: request.fingerprint,
            at: now,
            records: records.clone(),
        };
        self.keep(kept.clone());
        done.batch.outcomes.push(kept);
        done.outcome.records = records;
        done.show = show;
        done
    }

    fn sign(
        &mut self,
        done: &mut Done,
        happened: &Happened,
        request: &Request,
        happened_at: Timestamp,
        now: Timestamp,
    ) -> Entry {
        self.open_feed(done, happened.scope, now);
        let time = self.clock.tick(now.0);
        let accepted_at = time_of(time);
        let body = Body {
            by: request.by,
            happened_at: (happened_at != accepted_at).then_some(happened_at),
            key: request.key.clone(),
            event: happened.event.to_json(),
        };
        let plain =
            serde_json::to_vec(&body).expect("a body holds only strings, integers and lists");
        let sealed = if happened.personal.is_empty() {
            Vec::new()
        } else {
            let json = serde_json::to_vec(&happened.personal).expect("personal data is strings");
            self.seal(happened.record, &happened.record.id, &json)
        };
        let before = || self.board.get(happened.record);
        let taken = OperationEvent::taken(&happened.event);
        // A command that is taken over goes on where the lead before left it.
        let version = taken.map_or_else(
            || before().map_or(0, |record| record.version()),
            |operation| operation.version,
        );
        let deps = self.deps_in(happened.scope);
        let draft = Draft {
            kind: &kind_of(&body.event, happened.record.kind),
            kind_version: EVENT_VERSION,
            critical: false,
            record: happened.record.id,
            record_version: (version + 1).max(self.floor() + 1),
            time,
            deps: &deps,
            plain,
            sealed,
        };
        // The sizes are bounded by the limits on what people may enter, far below those of an entry;
        // that no accepted action can reach them is tested with every text at its limit.
        let entry = watchfire_feed::sign(&self.signer, &self.own[&happened.scope].1, draft)
            .expect("bodies are smaller than an entry may be");
        self.push(done, happened.scope, entry.clone());
        entry
    }

    /// Opens this node's feed for a scope, if it has none in this epoch.
    fn open_feed(&mut self, done: &mut Done, scope: Scope, now: Timestamp) {
        if self.own.contains_key(&scope) {
            return;
        }
        let feed = Feed { scope, ..self.feed };
        let start = Head::start(feed.id());
        let draft = Draft {
            kind: OPENING_KIND,
            kind_version: OPENING_KIND_VERSION,
            critical: true,
            record: [0; 16],
            record_version: 0,
            time: self.clock.tick(now.0),
            deps: &[],
            plain: self.opening_of(&feed),
            sealed: Vec::new(),
        };
        let opening = watchfire_feed::sign(&self.signer, &start, draft)
            .expect("an opening is small and comes first");
        self.own.insert(scope, (feed, start));
        self.push(done, scope, opening);
    }

    /// Returns the body of an opening; in a later epoch it goes on from the last entry of the one before.
    fn opening_of(&self, feed: &Feed) -> Vec<u8> {
        let before = self.board.copies.feeds.values().filter(|one| {
            one.feed.node == feed.node
                && one.feed.scope == feed.scope
                && one.feed.epoch < feed.epoch
        });
        let before = before.max_by_key(|one| one.feed.epoch);
        feed.opening_body(before.map(|one| &one.head), "an operation")
    }

    /// Puts a signed entry at the end of its feed and into what is to be appended.
    fn push(&mut self, done: &mut Done, scope: Scope, entry: Entry) {
        let (feed, head) = self.own[&scope];
        if !done.batch.before.iter().any(|one| one.feed == head.feed) {
            done.batch.before.push(head);
        }
        self.own.insert(scope, (feed, entry.head()));
        if scope != Scope::Local {
            // An entry of our own that we could not read would be a bug, and is then no news to anybody.
            let decoded = decode(&entry).unwrap_or(Decoded::Unknown);
            let changes = copies::fold_own(&mut self.board.copies, &feed, &entry, &decoded);
            done.changes.extend(changes);
        }
        done.batch.entries.push(entry);
    }

    /// Returns the heads of the other feeds of an operation that went on since this node last named them: whoever
    /// reads the entry knows what its writer had seen.
    fn deps_in(&mut self, scope: Scope) -> Vec<Head> {
        let (Scope::Operation(id) | Scope::Command(id)) = scope else {
            return Vec::new();
        };
        let own = self.feed.node;
        let mut deps = Vec::new();
        for followed in self.board.copies.feeds.values() {
            let within = [Scope::Operation(id), Scope::Command(id)].contains(&followed.feed.scope);
            let head = followed.head;
            let named = self.named.get(&(scope, head.feed)).copied().unwrap_or(0);
            let room = deps.len() < watchfire_feed::limits::DEPS_MAX;
            if within && followed.feed.node != own && head.seq > named && room {
                deps.push(head);
                self.named.insert((scope, head.feed), head.seq);
            }
        }
        deps
    }

    fn seal(&mut self, record: RecordRef, context: &[u8], json: &[u8]) -> Vec<u8> {
        let nonce = self.entropy.next_12();
        if !self.keys.contains_key(&record) {
            // The host keeps more spare keys than a batch has requests; without one nothing personal may be written.
            let key = self
                .spare_keys
                .pop_front()
                .expect("the host tops up spare keys before every batch");
            self.keys.insert(record, key);
        }
        seal::seal(&self.keys[&record], nonce, context, json)
    }

    fn row(&mut self, record: &Record) -> Row {
        let reference = record.reference();
        let sealed = match record.personal_json() {
            Some(json) => self.seal(reference, &row_context(reference), &json),
            None => Vec::new(),
        };
        row_of(record, sealed)
    }

    fn keep(&mut self, outcome: KeptOutcome) {
        let name = (outcome.person, outcome.key.clone());
        self.not_durable.push(name.clone());
        self.outcome_order.push_back(name.clone());
        self.outcomes.insert(name, outcome);
        while self.outcome_order.len() > limits::OUTCOMES_KEPT_MAX {
            if let Some(oldest) = self.outcome_order.pop_front() {
                self.outcomes.remove(&oldest);
            }
        }
    }
}

/// What an accepted action came to.
struct Done {
    batch: Batch,
    outcome: Outcome,
    show: Vec<Record>,
    changes: Vec<Change>,
}

impl Done {
    fn nothing(outcome: Outcome) -> Done {
        Done {
            batch: Batch::default(),
            outcome,
            show: Vec::new(),
            changes: Vec::new(),
        }
    }
}

/// Returns the row of a record, with its personal data already sealed.
pub fn row_of(record: &Record, sealed: Vec<u8>) -> Row {
    Row {
        record: record.reference(),
        version: record.version(),
        number: record.number(),
        parent: record.parent().map(|incident| incident.0),
        open: record.is_open(),
        changed_at: record.changed_at(),
        state: record.to_row_json(),
        sealed,
    }
}

/// Returns the context that a row's personal data is sealed under; an entry's is the record id alone.
pub fn row_context(record: RecordRef) -> Vec<u8> {
    let mut context = b"row\0".to_vec();
    context.extend_from_slice(record.kind.as_str().as_bytes());
    context.extend_from_slice(&record.id);
    context
}

/// The key is signed into every entry, so its length decides whether an entry fits: it is checked at this door too.
fn check_key(key: &str) -> Result<(), Refusal> {
    if key.chars().count() <= limits::IDEMPOTENCY_KEY_CHARS_MAX {
        return Ok(());
    }
    Err(Refusal::Limit {
        what: Text::new("characters in an idempotency key", "幂等键的字符"),
        max: limits::IDEMPOTENCY_KEY_CHARS_MAX,
    })
}

fn happened_at(when: HappenedWhen, now: Timestamp) -> Result<Timestamp, Refusal> {
    let latest = now.0.saturating_add(limits::CLAIM_AHEAD_MAX_MS);
    let earliest = now.0.saturating_sub(limits::CLAIM_AGE_MAX_MS);
    match when {
        HappenedWhen::Now => Ok(now),
        HappenedWhen::Imported(at) if at.0 <= latest => Ok(at),
        HappenedWhen::At(at) if at.0 <= latest && at.0 >= earliest => Ok(at),
        HappenedWhen::At(_) | HappenedWhen::Imported(_) => Err(Refusal::BadClaimedTime),
    }
}

/// The plain part of an entry's body.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    by: Actor,
    /// When it happened, if that was not when it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    happened_at: Option<Timestamp>,
    /// The idempotency key: all entries of one action have it in common.
    key: String,
    event: serde_json::Value,
}

fn kind_of(event: &serde_json::Value, kind: RecordKind) -> String {
    let name = event
        .get("event")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    format!("{}.{name}", kind.as_str())
}

fn time_of(time: HybridTime) -> Timestamp {
    Timestamp(i64::try_from(time.ms()).expect("48 bits of milliseconds fit in 63"))
}

fn meta_of(entry: &Entry, by: Actor, happened_at: Timestamp) -> Meta {
    Meta {
        record: entry.header.record,
        version: entry.header.record_version,
        at: time_of(entry.header.time),
        happened_at,
        by,
    }
}

/// An entry as read.
#[derive(Debug, Clone)]
pub enum Decoded {
    /// Something that happened to a record.
    Event {
        /// Which record.
        record: RecordRef,
        /// What.
        event: Event,
        /// Who, when, and which version it made.
        meta: Meta,
        /// The idempotency key of the action.
        key: String,
    },
    /// The first entry of a feed.
    FeedOpened(Feed),
    /// Something this version does not know: verified, kept, forwarded, shown as unknown.
    Unknown,
}

/// Why an entry of a known kind could not be read: a bug or a forgery, never to be passed over.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is not what its kind says.
    #[error("entry {seq} says it is \"{kind}\" but its body is not")]
    Body {
        /// Which entry.
        seq: u64,
        /// What it says it is.
        kind: String,
        /// What was wrong.
        source: serde_json::Error,
    },
    /// The first entry does not open its feed.
    #[error("entry {seq} does not open its feed")]
    Opening {
        /// Which entry.
        seq: u64,
        /// What was wrong.
        source: FeedError,
    },
}

/// Reads an entry. The caller has verified it.
pub fn decode(entry: &Entry) -> Result<Decoded, DecodeError> {
    let kind = entry.header.kind.as_str();
    let seq = entry.header.seq;
    if kind == watchfire_feed::OPENING_KIND {
        let feed =
            Feed::from_opening(entry).map_err(|source| DecodeError::Opening { seq, source })?;
        return Ok(Decoded::FeedOpened(feed));
    }
    // A kind from a newer program is no error: it is verified, kept, forwarded and shown as unknown.
    let record_kind = kind.split_once('.').and_then(|(word, name)| {
        let told = |kind: &RecordKind| name == record::TOLD && kind.can_be_told();
        RecordKind::parse(word).filter(|kind| kind.event_names().contains(&name) || told(kind))
    });
    let Some(record_kind) = record_kind.filter(|_| entry.header.kind_version == EVENT_VERSION)
    else {
        return Ok(Decoded::Unknown);
    };
    let wrong = |source| DecodeError::Body {
        seq,
        kind: kind.to_owned(),
        source,
    };
    let body: Body = serde_json::from_slice(&entry.plain).map_err(wrong)?;
    if kind_of(&body.event, record_kind) != kind {
        return Err(wrong(serde::de::Error::custom(
            "the body names another event",
        )));
    }
    let event = Event::from_json(record_kind, body.event).map_err(wrong)?;
    let happened_at = body.happened_at.unwrap_or(time_of(entry.header.time));
    let meta = meta_of(entry, body.by, happened_at);
    Ok(Decoded::Event {
        record: RecordRef {
            kind: record_kind,
            id: entry.header.record,
        },
        event,
        meta,
        key: body.key,
    })
}

/// Opens the personal part of an entry with its record's key; nothing if it has none, was erased or does not open.
pub fn open_sealed(entry: &Entry, key: Option<&RecordKey>) -> Option<Vec<u8>> {
    let SealedBody::Whole(sealed) = &entry.sealed else {
        return None;
    };
    seal::open(key?, &entry.header.record, sealed).ok()
}

/// Reads the personal part of an entry that tells of one event.
pub fn open_personal(entry: &Entry, key: Option<&RecordKey>) -> Option<Personal> {
    serde_json::from_slice(&open_sealed(entry, key)?).ok()
}

/// Folds a verified entry of any feed that a node holds, in the order in which they became durable. `own` is that
/// node; `opened` is the entry's personal part, if it could be read.
pub fn fold_any(
    board: &mut Board,
    own: NodeId,
    feed: &Feed,
    entry: &Entry,
    decoded: &Decoded,
    opened: Option<&[u8]>,
) {
    if feed.node != own {
        copies::fold(&mut board.copies, feed, entry, decoded, opened);
        return;
    }
    let here = match decoded {
        Decoded::Event {
            event: Event::Told(_),
            ..
        } => true,
        Decoded::Event { record, .. } => {
            feed.scope == Scope::Local || record.kind.lives_in_operation()
        }
        Decoded::FeedOpened(_) | Decoded::Unknown => false,
    };
    if here {
        let personal = opened.and_then(|json| serde_json::from_slice(json).ok());
        fold(board, decoded, personal.as_ref());
    }
    if feed.scope != Scope::Local {
        copies::fold_own(&mut board.copies, feed, entry, decoded);
    }
}

/// Folds a verified entry of a node's own into its board: what home, peer, restart, simulator and auditor all do.
pub fn fold(board: &mut Board, decoded: &Decoded, personal: Option<&Personal>) {
    match decoded {
        Decoded::Event {
            record,
            event,
            meta,
            ..
        } => {
            let before = board.get(*record);
            if matches!(event, Event::Told(_)) {
                // What a home tells is on its board already; it is the version that may be new.
                let risen = before.and_then(|before| before.risen_to(meta.version));
                risen.into_iter().for_each(|risen| board.put(risen));
            } else if let Some(next) = Record::apply(before.as_ref(), event, personal, meta) {
                board.put(next);
            }
        }
        Decoded::FeedOpened(_) | Decoded::Unknown => {}
    }
}
