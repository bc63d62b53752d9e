//! One node of a simulated federation: an engine, a board that screens show, and a disk.
//!
//! It does what every host must do: keys first, append, then speak; it serves what the core says another may
//! read, and it can be started anew from its disk alone. Mistakes can be put into it on purpose. What travels
//! between nodes, and when, is [`crate::net`]'s matter. Start at [`Site::try_ask`] and [`Site::try_take`].

pub mod disk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use watchfire_core::basis::{IncidentId, PersonId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::copies::Change;
use watchfire_core::engine::{self, Decoded, Engine, HappenedWhen, Outcome, Request, Start, Taken};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::{Batch, KeptOutcome, LogFault};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::directive::{self, Directive};
use watchfire_core::record::participation::ParticipationAction;
use watchfire_core::record::person::Seat;
use watchfire_core::record::support_offer::{Stage, SupportOffer};
use watchfire_core::record::{Action, Actor, Elsewhere, Record, RecordRef};
use watchfire_core::refusal::Refusal;
use watchfire_core::sync;
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{
    ClosingCause, Draft, Entry, Feed, FeedId, Head, HybridClock, HybridTime, IdentityEvent, NodeId,
    OPENING_KIND, OPENING_KIND_VERSION, PublicKey, Scope, Signer, Vector, identity_entry,
    identity_opening,
};

use disk::Disk;

/// When every simulated federation begins, in milliseconds since the epoch.
pub const BEGIN_MS: i64 = 1_700_000_000_000;

/// Unused record keys that are at hand before anything is asked or taken.
const SPARE_KEYS: usize = 8;

/// A mistake put into a host on purpose, to see that the invariants catch it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mistake {
    /// No mistake.
    #[default]
    None,
    /// It gives the feeds of operations to whoever asks.
    RelaysToNonMembers,
    /// It gives a removed member what was written after it was removed.
    GoesOnTellingTheRemoved,
    /// It answers that a share has ended, and goes on telling.
    SharesAfterEnd,
    /// It does not write down that a feed has forked.
    ForgetsTheFork,
    /// It takes another node's word about a record for its home's.
    AcceptsAnothersRecord,
    /// It gives a key without asking who may have it.
    SkipsKeyPermission,
    /// It keeps any key that is handed to it.
    TakesAnyKey,
    /// It answers before the write, and goes on when the write failed.
    AnswersBeforeDurable,
    /// It starts without the outcomes of what was asked before.
    ForgetsOutcomes,
    /// It loses a row of a copy.
    LosesACopy,
    /// It starts without the last entry that it took.
    LosesAnEntry,
    /// It shows who has not answered a directive as one who need not.
    TakesSilenceForDone,
    /// It promises one more of a capability than it has.
    PromisesOneTooMany,
}

/// One node.
pub struct Site {
    /// What people call it.
    pub name: String,
    /// Its engine.
    pub engine: Engine,
    /// Its clock.
    pub now: Timestamp,
    /// Its disk.
    pub disk: Disk,
    /// Its board as it is on disk.
    pub shown: Board,
    /// The keys to copies' personal data that are not here yet.
    pub keys_missing: BTreeSet<([u8; 16], Elsewhere)>,
    /// How often copies were folded anew because a key came late.
    pub unsealed: u64,
    /// The mistake that is in it on purpose.
    pub mistake: Mistake,
    seeds: Seeds,
    dice: Entropy,
    asked: u64,
}

/// The secrets that a node is made of.
#[derive(Clone, Copy)]
pub struct Seeds {
    /// Of the key that the node is named by.
    pub root: [u8; 32],
    /// Of the key that signs its feeds.
    pub online: [u8; 32],
    /// Which epoch that key signs.
    pub epoch: u32,
    node: NodeId,
    key: PublicKey,
}

impl Site {
    /// Makes a node whose keys and ids follow from a seed.
    pub fn new(name: &str, seed: u64) -> Site {
        let mut dice = Entropy::from_number(seed);
        let seeds = Seeds::new(dice.next_32(), dice.next_32());
        let time = HybridTime::from_parts(BEGIN_MS as u64, 0);
        let feed = seeds.feed(Scope::Local);
        let opening = seeds.opening(&feed, None, time);
        let mut disk = Disk::default();
        let batch = Batch {
            entries: vec![opening],
            ..Default::default()
        };
        let appended = disk.append(&batch, |_| Some(feed));
        appended.expect("a new disk takes everything");
        let engine = begin(&disk, &[], &seeds, Board::default(), dice.next_32());
        let mut site = Site {
            name: name.to_owned(),
            engine,
            now: Timestamp(BEGIN_MS),
            disk,
            shown: Board::default(),
            keys_missing: BTreeSet::new(),
            unsealed: 0,
            mistake: Mistake::None,
            seeds,
            dice,
            asked: 0,
        };
        let taken = site.engine.take(seeds.identity(name, time), &[], site.now);
        assert!(taken.refused.is_empty(), "{:?}", taken.refused);
        site.keep(taken).expect("a new disk takes everything");
        site
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        self.engine.node()
    }

    /// Returns the secrets it is made of.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// Asks for an action and makes it durable, on a disk that does not fail.
    pub fn ask(&mut self, action: Action) -> Result<Outcome, Refusal> {
        self.asked += 1;
        let key = format!("{} {}", self.name, self.asked);
        self.try_ask(action, key).expect("the disk takes it")
    }

    /// Asks for an action under a key, and makes it durable before it answers.
    pub fn try_ask(
        &mut self,
        action: Action,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, LogFault> {
        self.top_up();
        if self.mistake == Mistake::SharesAfterEnd
            && matches!(
                action,
                Action::Participation(ParticipationAction::EndShare { .. })
            )
        {
            let (records, repeated) = (Vec::new(), false);
            return Ok(Ok(Outcome { records, repeated }));
        }
        let request = request(action, key);
        let step = self.engine.handle(request, self.now);
        let appended = self.append(&step.append);
        if self.mistake != Mistake::AnswersBeforeDurable {
            appended?;
        }
        self.show(step.then.show, step.then.changes);
        Ok(step.then.answer)
    }

    /// Makes sure that there are unused keys, durable before any is used.
    pub fn top_up(&mut self) {
        while self.engine.spare_key_count() < SPARE_KEYS {
            let key = RecordKey::new(self.dice.next_16(), self.dice.next_32());
            self.disk.keyring.insert(key.id, key.clone());
            self.engine.add_spare_keys([key]);
        }
    }

    /// Takes entries that came from a peer, and the keys that came with them, on a disk that does not fail;
    /// returns what was not taken.
    pub fn take(&mut self, entries: Vec<Entry>, keys: &[RecordKey]) -> Vec<engine::NotTaken> {
        self.hold_keys(&entries, keys);
        self.try_take(entries).expect("the disk takes it").refused
    }

    /// Keeps the keys that came with entries and open one of them, unless something is held sealed under them already:
    /// then copies have to be folded anew, and they come late ([`Site::add_keys`]).
    pub fn hold_keys(&mut self, entries: &[Entry], keys: &[RecordKey]) {
        for key in keys {
            let opens = |entry: &Entry| engine::open_sealed(entry, Some(key)).is_some();
            let late = self.disk.sealed_under(&key.id).next().is_some();
            if !late && entries.iter().any(opens) {
                self.disk
                    .keyring
                    .entry(key.id)
                    .or_insert_with(|| key.clone());
            }
        }
    }

    /// Takes entries that came from a peer; returns what came of it.
    pub fn try_take(&mut self, entries: Vec<Entry>) -> Result<Taken, LogFault> {
        self.top_up();
        let needed = sync::keys_for(&self.shown, &entries);
        let keyring = &self.disk.keyring;
        let held = needed.iter().filter_map(|(id, _)| keyring.get(id).cloned());
        let held: Vec<RecordKey> = held.collect();
        let taken = self.engine.take(entries, &held, self.now);
        self.keep(taken.clone())?;
        if self.mistake == Mistake::AcceptsAnothersRecord {
            self.believe(&taken);
        }
        let missing = needed.into_iter();
        let missing = missing.filter(|(id, _)| !self.disk.keyring.contains_key(id));
        self.keys_missing.extend(missing);
        Ok(taken)
    }

    /// Puts what anybody told in the place of what its home told.
    fn believe(&mut self, taken: &Taken) {
        for change in &taken.changes {
            let Change::Copy(_, record) = change else {
                continue;
            };
            for board in self.shown.copies.boards.values_mut() {
                if board.get(record.reference()).is_some() {
                    board.put(record.clone());
                }
            }
        }
    }

    /// Takes entries that stand where this node holds others: the proof that a feed has forked.
    pub fn try_forks(&mut self, others: Vec<Entry>) -> Result<(), LogFault> {
        for other in others {
            let (feed, seq) = (other.header.feed, other.header.seq);
            if let Some(held) = self.disk.entry(feed, seq).cloned() {
                let taken = self.engine.take_fork(held, other);
                self.keep(taken)?;
            }
        }
        Ok(())
    }

    /// Takes keys of copies that came late, and folds these copies anew. A key is only kept if it opens what it
    /// is for: a wrong one would stand in the way of the right one for ever.
    pub fn add_keys(&mut self, keys: &[RecordKey]) -> Result<(), LogFault> {
        for key in keys {
            let opened: BTreeSet<Elsewhere> = self.disk.opened_by(key).collect();
            let any = self.mistake == Mistake::TakesAnyKey;
            if self.disk.keyring.contains_key(&key.id) || (opened.is_empty() && !any) {
                continue;
            }
            self.disk.keyring.insert(key.id, key.clone());
            for of in opened {
                let kept = self.unseal(of, key);
                if kept.as_ref().is_err_and(LogFault::may_go_on) {
                    // No room for what it opens: it is asked for again.
                    self.disk.keyring.remove(&key.id);
                }
                kept?;
            }
            self.keys_missing.retain(|(id, _)| *id != key.id);
        }
        Ok(())
    }

    /// Folds a copy anew, with a key that has come since.
    fn unseal(&mut self, of: Elsewhere, key: &RecordKey) -> Result<(), LogFault> {
        let about = |(feed, entry): &&(Feed, Entry)| {
            feed.node == of.node && entry.header.record == of.record.id
        };
        let log = self.disk.log.iter();
        let entries: Vec<(Feed, Entry)> = log.filter(about).cloned().collect();
        let mut ids: BTreeSet<[u8; 16]> = entries
            .iter()
            .filter_map(|(feed, entry)| sync::sealed_under(feed, entry))
            .map(|(id, _)| id)
            .collect();
        ids.remove(&key.id);
        let others = ids.iter().filter_map(|id| self.disk.keyring.get(id));
        let keys: Vec<RecordKey> = others.chain([key]).cloned().collect();
        let taken = self.engine.unseal(of.node, of.record, &entries, &keys);
        self.unsealed += 1;
        self.keep(taken)
    }

    /// Ends what its time ended, on a disk that does not fail.
    pub fn tick(&mut self) {
        self.try_tick().expect("the disk takes it");
    }

    /// Ends what its time ended.
    pub fn try_tick(&mut self) -> Result<(), LogFault> {
        self.top_up();
        let taken = self.engine.tick(self.now);
        self.keep(taken)?;
        if self.mistake == Mistake::TakesSilenceForDone {
            self.excuse_the_silent();
        }
        if self.mistake == Mistake::PromisesOneTooMany {
            self.promise_too_many();
        }
        Ok(())
    }

    /// Shows every promise as one of one more than there is.
    fn promise_too_many(&mut self) {
        let offers = self.shown.support_offers.values();
        let promised = offers.filter(|one| matches!(one.stage, Stage::Promised | Stage::Delivered));
        let mut shown: Vec<SupportOffer> = promised.map(|one| one.as_ref().clone()).collect();
        for one in &mut shown {
            let of = one.terms.as_ref().map(|terms| terms.capability);
            let of = of.and_then(|of| self.shown.support_capabilities.get(&of));
            one.promised = of.map_or(one.promised, |of| of.details.quantity + 1);
        }
        for one in shown {
            self.shown.put(Record::SupportOffer(one.into()));
        }
    }

    /// Shows every item of its directives that nobody has answered as one of which nothing more is asked.
    fn excuse_the_silent(&mut self) {
        let out = self.shown.directives.values().filter(|one| one.is_out());
        let mut shown: Vec<Directive> = out.map(|one| one.as_ref().clone()).collect();
        for one in &mut shown {
            let (mark, said) = (one.drafted, one.details.subject.clone());
            let all = directive::statuses(&self.shown, one);
            for (item, (progress, _)) in one.items.iter_mut().zip(all) {
                if progress.signed.is_none() {
                    item.excused.get_or_insert((mark, said.clone()));
                }
            }
        }
        for one in shown {
            self.shown.put(Record::Directive(one.into()));
        }
    }

    fn keep(&mut self, taken: Taken) -> Result<(), LogFault> {
        self.append(&taken.append)?;
        self.show(taken.show, taken.changes);
        Ok(())
    }

    /// Makes a batch durable; what the disk has no room for is taken back.
    fn append(&mut self, batch: &Batch) -> Result<(), LogFault> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch = batch.clone();
        if self.mistake == Mistake::ForgetsTheFork {
            batch.forks.clear();
        }
        if self.mistake == Mistake::LosesACopy {
            batch.copies.pop();
        }
        let board = self.engine.board();
        let feed_of = |id: FeedId| board.copies.feeds.get(&id).map(|held| held.feed);
        let appended = self.disk.append(&batch, feed_of);
        match &appended {
            Ok(()) => {
                self.engine.persisted();
                self.erase(&batch.entries);
            }
            Err(fault) if fault.may_go_on() => {
                let local = self.engine.feed().id();
                let head = self.disk.head(local);
                self.engine.abandon(self.shown.clone(), head);
            }
            Err(_) => {}
        }
        appended
    }

    /// Destroys the keys of what entries say is erased, if it was their home that said so.
    fn erase(&mut self, entries: &[Entry]) {
        for entry in entries {
            let feed = self.disk.feed(entry.header.feed);
            let record = RecordRef::from(IncidentId(entry.header.record));
            if let Some(feed) = feed.filter(|_| entry.header.kind == "incident.erased") {
                let node = feed.node;
                self.finish_erasing(Elsewhere { node, record });
            }
        }
    }

    fn finish_erasing(&mut self, of: Elsewhere) {
        let board = self.engine.board();
        let found = match of.node == self.node() {
            true => board.get(of.record),
            false => board.copy(of),
        };
        if let Some(Record::Incident(found)) = found
            && found.erased_at.is_some()
        {
            self.disk.destroy_keys_of(of);
        }
    }

    fn show(&mut self, records: Vec<Record>, changes: Vec<Change>) {
        for record in records {
            self.shown.put(record);
        }
        for change in changes {
            if let Change::Identity(identity) = &change {
                let identity = identity.as_ref().clone();
                self.disk.identities.insert(identity.node(), identity);
            }
            self.shown.copies.change(change);
        }
    }

    /// Returns how far it holds what another may read.
    pub fn vector_for(&self, asker: &NodeId) -> Vector {
        if self.mistake != Mistake::None {
            let mut vector = Vector::new();
            for held in self.shown.copies.feeds.values() {
                if self
                    .may_read(asker, &held.feed)
                    .is_some_and(|last| last >= held.head.seq)
                {
                    vector.insert(held.head).expect("few feeds");
                }
            }
            return vector;
        }
        sync::vector_for(&self.shown, self.node(), asker, |feed, seq| {
            self.disk.entry(feed, seq).map(Entry::head)
        })
    }

    /// Returns how far it holds everything but its local feed.
    pub fn vector(&self) -> Vector {
        let mut vector = Vector::new();
        for followed in self.shown.copies.feeds.values() {
            vector.insert(followed.head).expect("few feeds");
        }
        vector
    }

    /// Returns the entries of a feed from one to another, as far as another may read them.
    pub fn serve(&self, asker: &NodeId, feed: FeedId, from: u64, to: u64) -> Vec<Entry> {
        let Some(followed) = self.shown.copies.feeds.get(&feed) else {
            return Vec::new();
        };
        let last = self.may_read(asker, &followed.feed);
        let to = to.min(last.unwrap_or(0));
        self.disk.entries(feed, from, to).cloned().collect()
    }

    fn may_read(&self, asker: &NodeId, feed: &Feed) -> Option<u64> {
        let last = sync::may_read(&self.shown, self.node(), asker, feed);
        if self.mistake == Mistake::RelaysToNonMembers {
            return Some(u64::MAX);
        }
        match self.mistake == Mistake::GoesOnTellingTheRemoved {
            true => last.map(|_| u64::MAX),
            false => last,
        }
    }

    /// Returns the keys that open entries, as far as another may have them. Who asks names a key and a record; the
    /// key must be that record's, or any record that is shared would open all others.
    pub fn serve_keys(&self, asker: &NodeId, wanted: &[([u8; 16], Elsewhere)]) -> Vec<RecordKey> {
        let (own, now) = (self.node(), self.now);
        let mut found = Vec::new();
        for (id, of) in wanted {
            let Some(key) = self.disk.keyring.get(id) else {
                continue;
            };
            let asked = self.mistake == Mistake::SkipsKeyPermission
                || sync::may_have_key(&self.shown, own, asker, *of, now);
            if asked && self.disk.opened_by(key).any(|opened| opened == *of) {
                found.push(key.clone());
            }
        }
        found
    }

    /// Returns the keys that these entries need and that are not here.
    pub fn keys_wanted(&self, entries: &[Entry]) -> Vec<([u8; 16], Elsewhere)> {
        let needed = sync::keys_for(&self.shown, entries).into_iter();
        needed
            .filter(|(id, _)| !self.disk.keyring.contains_key(id))
            .collect()
    }

    /// Folds the whole log anew, as an auditor does.
    pub fn refold(&self) -> Board {
        let mut board = self.audit();
        for at in 0..self.disk.log.len() {
            self.fold_one(&mut board, at);
        }
        self.add_forks(&mut board);
        board
    }

    /// Returns a board on which nothing stands but who speaks for each node: that is a table, and verifying it anew
    /// each time would be most of what a simulation does.
    pub fn audit(&self) -> Board {
        let mut board = Board::default();
        board.copies.identities.clone_from(&self.disk.identities);
        board
    }

    /// Folds one entry of the log into a board.
    pub fn fold_one(&self, board: &mut Board, at: usize) {
        let (feed, entry) = &self.disk.log[at];
        let decoded = match entry.header.seq {
            // It was verified when it was taken, and says no more than this.
            1 => Decoded::FeedOpened(*feed),
            _ => engine::decode(entry).expect("what was taken can be read"),
        };
        let key = sync::sealed_under(feed, entry);
        let key = key.and_then(|(id, _)| self.disk.keyring.get(&id));
        let opened = engine::open_sealed(entry, key);
        let own = self.node();
        engine::fold_any(board, own, feed, entry, &decoded, opened.as_deref());
    }

    /// Notes on a board which feeds have forked: that stands beside the log, since no feed holds both entries.
    pub fn add_forks(&self, board: &mut Board) {
        for feed in self.disk.forks.keys() {
            if let Some(followed) = board.copies.feeds.get_mut(feed) {
                followed.forked = true;
            }
        }
    }

    /// Stops and starts again from what is on disk.
    pub fn restart(&mut self) {
        if self.mistake == Mistake::LosesAnEntry {
            self.disk.lose_last_taken(self.node());
        }
        let board = self.refold();
        // The program reads these from the log at each start; a death between write and showing kept them from here.
        self.disk.identities.clone_from(&board.copies.identities);
        let entropy = self.dice.next_32();
        self.shown = board.clone();
        let outcomes = match self.mistake == Mistake::ForgetsOutcomes {
            true => &[][..],
            false => &self.disk.outcomes,
        };
        self.engine = begin(&self.disk, outcomes, &self.seeds, board, entropy);
        self.finish().expect("a disk that was just started works");
        self.keys_missing = self.disk.keys_missing().collect();
    }

    /// Returns another process on a copy of the same disk, as it is now.
    pub fn twin(&self) -> Site {
        let entropy = watchfire_feed::Hash::of(self.name.as_bytes()).0;
        let (disk, board) = (self.disk.clone(), self.shown.clone());
        let engine = begin(&disk, &disk.outcomes, &self.seeds, board.clone(), entropy);
        Site {
            name: self.name.clone(),
            engine,
            now: self.now,
            shown: board,
            keys_missing: self.keys_missing.clone(),
            unsealed: self.unsealed,
            mistake: self.mistake,
            seeds: self.seeds,
            dice: self.dice.clone(),
            asked: self.asked,
            disk,
        }
    }

    /// Draws its chances from another seed from now on: two processes that began as one must not draw the same.
    pub fn reseed(&mut self, seed: u64) {
        self.dice = Entropy::from_number(seed);
    }

    /// Ends the epoch where this disk ends, and begins the next under a new key: what a person lets a node do that was
    /// restored, or ran twice. Its process starts anew.
    pub fn begin_epoch(&mut self, cause: ClosingCause) {
        let old = self.seeds;
        let is_old = |feed: &&Feed| {
            feed.node == old.node && feed.epoch == old.epoch && feed.scope != Scope::Identity
        };
        let ended = self.disk.feeds().filter(is_old);
        let mut heads: Vec<Head> = ended.map(|feed| self.disk.head(feed.id())).collect();
        heads.sort_by_key(|head| head.feed);
        self.seeds = Seeds {
            online: self.dice.next_32(),
            epoch: old.epoch + 1,
            ..old
        };
        self.seeds.key = Signer::from_seed(self.seeds.online).public_key();
        let last = self.disk.log.iter().map(|(_, entry)| entry.header.time);
        let last = last.max().unwrap_or_default();
        let time = HybridClock::new(last).tick(self.now.0);
        let follows = self.disk.head(old.feed(Scope::Local).id());
        let local = self.seeds.feed(Scope::Local);
        let mut entries = vec![self.seeds.opening(&local, Some(&follows), time)];
        let root = Signer::from_seed(old.root);
        let identity = self.shown.copies.identities[&old.node].clone();
        let mut head = identity.head();
        for event in [
            IdentityEvent::EpochClosed {
                epoch: old.epoch,
                cause,
                heads,
            },
            IdentityEvent::KeyCertified {
                epoch: self.seeds.epoch,
                public_key: self.seeds.key,
            },
        ] {
            let entry = identity_entry(&root, &head, time, &event).expect("it is small");
            head = entry.head();
            entries.push(entry);
        }
        let batch = Batch {
            entries,
            ..Batch::default()
        };
        let appended = self.disk.append(&batch, |_| Some(local));
        appended.expect("a disk on which nothing runs takes it");
        self.restart();
    }

    /// Does what a death may have left undone: keys of what was erased, copies whose key had just come.
    fn finish(&mut self) -> Result<(), LogFault> {
        let log = self.disk.log.iter();
        let erased = log.filter(|(_, entry)| entry.header.kind == "incident.erased");
        let erased = erased.map(|(feed, entry)| Elsewhere {
            node: feed.node,
            record: IncidentId(entry.header.record).into(),
        });
        for of in erased.collect::<BTreeSet<_>>() {
            self.finish_erasing(of);
        }
        let own = self.node();
        let keys: Vec<RecordKey> = self.disk.keyring.values().cloned().collect();
        for key in keys {
            let opened: BTreeSet<Elsewhere> = self.disk.opened_by(&key).collect();
            for of in opened.into_iter().filter(|of| of.node != own) {
                let row = self.disk.copies.get(&(of.node, of.record));
                if row.is_some_and(|row| row.sealed.is_empty()) {
                    self.unseal(of, &key)?;
                }
            }
        }
        Ok(())
    }

    /// Returns a copy that it holds of another node's record.
    pub fn copy(&self, of: Elsewhere) -> Option<Record> {
        self.shown.copy(of)
    }
}

impl Seeds {
    /// Makes the keys of a node from two secrets.
    pub fn new(root: [u8; 32], online: [u8; 32]) -> Seeds {
        Seeds {
            root,
            online,
            epoch: 1,
            node: NodeId::of_key(&Signer::from_seed(root).public_key()),
            key: Signer::from_seed(online).public_key(),
        }
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Returns the feed that the node writes in a scope.
    pub fn feed(&self, scope: Scope) -> Feed {
        Feed {
            node: self.node,
            scope,
            epoch: self.epoch,
            key: self.key,
        }
    }

    /// Signs the opening of a feed, which goes on from an entry of the epoch before.
    pub fn opening(&self, feed: &Feed, follows: Option<&Head>, time: HybridTime) -> Entry {
        let draft = Draft {
            kind: OPENING_KIND,
            kind_version: OPENING_KIND_VERSION,
            critical: true,
            record: [0; 16],
            record_version: 0,
            time,
            deps: &[],
            plain: feed.opening_body(follows, "simulated"),
            sealed: Vec::new(),
        };
        let signer = Signer::from_seed(self.online);
        watchfire_feed::sign(&signer, &Head::start(feed.id()), draft)
            .expect("an opening is small and comes first")
    }

    /// Signs the identity feed: who the node is, and which key signs its feeds.
    pub fn identity(&self, name: &str, time: HybridTime) -> Vec<Entry> {
        let root = Signer::from_seed(self.root);
        let public_key = Signer::from_seed(self.online).public_key();
        let opening = identity_opening(&root, time, "simulated").expect("an opening is small");
        let name = name.to_owned();
        let epoch = 1;
        let mut entries = vec![opening];
        for event in [
            IdentityEvent::Named { name },
            IdentityEvent::KeyCertified { epoch, public_key },
        ] {
            let head = entries[entries.len() - 1].head();
            let entry = identity_entry(&root, &head, time, &event).expect("it is small");
            entries.push(entry);
        }
        entries
    }
}

fn request(action: Action, key: String) -> Request {
    // Whoever directs others is not the one who answers for this node: nobody verifies their own work.
    let person = match matches!(action, Action::Directive(_)) {
        true => PersonId([2; 16]),
        false => PersonId([1; 16]),
    };
    let mut fingerprint = [0; 32];
    fingerprint[..16].copy_from_slice(&watchfire_feed::Hash::of(key.as_bytes()).0[..16]);
    Request {
        ticket: 0,
        key,
        fingerprint,
        by: Actor {
            person,
            seat: Seat::DutyOfficer,
        },
        if_version: None,
        happened: HappenedWhen::Now,
        action,
    }
}

fn begin(
    disk: &Disk,
    outcomes: &[KeptOutcome],
    seeds: &Seeds,
    board: Board,
    entropy: [u8; 32],
) -> Engine {
    let feed = seeds.feed(Scope::Local);
    let last_time = disk.log.iter().map(|(_, entry)| entry.header.time).max();
    let key_of = |sealed: &[u8]| disk.keyring.get(&seal::key_id(sealed)?).cloned();
    let mut keys: BTreeMap<RecordRef, RecordKey> = BTreeMap::new();
    for row in disk.rows.values() {
        keys.extend(key_of(&row.sealed).map(|key| (row.record, key)));
    }
    let mut copy_keys: BTreeMap<(NodeId, RecordRef), RecordKey> = BTreeMap::new();
    for (name, row) in &disk.copies {
        copy_keys.extend(key_of(&row.sealed).map(|key| (*name, key)));
    }
    Engine::resume(Start {
        feed,
        head: disk.head(feed.id()),
        last_time: last_time.unwrap_or_default(),
        signer: Signer::from_seed(seeds.online),
        board,
        keys,
        copy_keys,
        outcomes: outcomes.to_vec(),
        entropy: Entropy::new(entropy),
        response: Arc::new(ResponseFile::default()),
    })
}

/// Lets one node take from another everything that it may read and lacks, by as many rounds as it takes.
pub fn pull(to: &mut Site, from: &Site) {
    let asker = to.node();
    for _ in 0..8 {
        let theirs = from.vector_for(&asker);
        let plan = watchfire_feed::plan(&to.vector(), &theirs);
        let mut news = false;
        for range in plan.pull {
            let entries = from.serve(&asker, range.feed, range.from, range.to);
            let held = to.disk.log.len();
            let wanted = to.keys_wanted(&entries);
            let keys = from.serve_keys(&asker, &wanted);
            to.take(entries, &keys);
            news |= to.disk.log.len() > held;
        }
        let missing: Vec<([u8; 16], Elsewhere)> = to.keys_missing.iter().copied().collect();
        let late = from.serve_keys(&asker, &missing);
        to.add_keys(&late).expect("the disk takes it");
        if !news {
            return;
        }
    }
}

/// Enrols two nodes with each other, as after two people compared, and lets each learn who the other is.
pub fn enrol(one: &mut Site, other: &mut Site) {
    use watchfire_core::record::peer::PeerAction;
    let names = [
        (other.node(), other.name.clone()),
        (one.node(), one.name.clone()),
    ];
    for (site, (node, name)) in [&mut *one, &mut *other].into_iter().zip(names) {
        let name = name.parse().expect("a name is a line");
        let enrol = PeerAction::Enrol { node, name };
        site.ask(Action::Peer(enrol)).expect("enrolled once");
    }
    pull(one, other);
    pull(other, one);
}
