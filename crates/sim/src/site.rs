//! One node of a simulated federation: an engine, and a disk that is a log, rows and a keyring.
//!
//! It does what every host must do: keys first, append, then speak; it serves what the core says another may
//! read, and it can be started anew from its log alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::engine::{self, Engine, HappenedWhen, Outcome, Request, Start, Taken};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::{Batch, KeptOutcome, Row};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::person::Seat;
use watchfire_core::record::{Action, Actor, Elsewhere, Record, RecordRef};
use watchfire_core::refusal::Refusal;
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    Chain, Draft, Entry, Feed, FeedId, Head, HybridTime, IdentityEvent, NodeId, OPENING_KIND,
    OPENING_KIND_VERSION, Scope, Signer, Vector, identity_entry, identity_opening,
};

/// When every simulated federation begins, in milliseconds since the epoch.
pub const BEGIN_MS: i64 = 1_700_000_000_000;

/// One node.
pub struct Site {
    /// What people call it.
    pub name: String,
    /// Its engine.
    pub engine: Engine,
    /// Its clock.
    pub now: Timestamp,
    /// Its log: every entry that is durable here, with its feed, in the order in which it became so.
    pub log: Vec<(Feed, Entry)>,
    /// Its board as it is on disk.
    pub shown: Board,
    /// The rows of its own records.
    pub rows: BTreeMap<RecordRef, Row>,
    /// The rows of its copies.
    pub copies: BTreeMap<(NodeId, RecordRef), Row>,
    /// The keys it holds.
    pub keyring: BTreeMap<[u8; 16], RecordKey>,
    chains: BTreeMap<FeedId, Chain>,
    outcomes: Vec<KeptOutcome>,
    seeds: Seeds,
    dice: Entropy,
    asked: u64,
}

#[derive(Clone, Copy)]
struct Seeds {
    root: [u8; 32],
    online: [u8; 32],
}

impl Site {
    /// Makes a node whose keys and ids follow from a seed.
    pub fn new(name: &str, seed: u64) -> Site {
        let mut dice = Entropy::from_number(seed);
        let seeds = Seeds {
            root: dice.next_32(),
            online: dice.next_32(),
        };
        let root = Signer::from_seed(seeds.root);
        let node = NodeId::of_key(&root.public_key());
        let signer = Signer::from_seed(seeds.online);
        let feed = Feed {
            node,
            scope: Scope::Local,
            epoch: 1,
            key: signer.public_key(),
        };
        let time = HybridTime::from_parts(BEGIN_MS as u64, 0);
        let draft = Draft {
            kind: OPENING_KIND,
            kind_version: OPENING_KIND_VERSION,
            critical: true,
            record: [0; 16],
            record_version: 0,
            time,
            deps: &[],
            plain: feed.opening_body(None, "simulated"),
            sealed: Vec::new(),
        };
        let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft)
            .expect("an opening is small and comes first");
        let mut chain = Chain::new(&feed);
        chain.accept(&opening).expect("it was signed a moment ago");
        let log = vec![(feed, opening)];
        let engine = begin(
            &log,
            &seeds,
            Board::default(),
            &BTreeMap::new(),
            &[],
            dice.next_32(),
        );
        let mut site = Site {
            name: name.to_owned(),
            engine,
            now: Timestamp(BEGIN_MS),
            log,
            shown: Board::default(),
            rows: BTreeMap::new(),
            copies: BTreeMap::new(),
            keyring: BTreeMap::new(),
            chains: BTreeMap::from([(feed.id(), chain)]),
            outcomes: Vec::new(),
            seeds,
            dice,
            asked: 0,
        };
        site.say_who(name, time);
        site
    }

    fn say_who(&mut self, name: &str, time: HybridTime) {
        let root = Signer::from_seed(self.seeds.root);
        let key = Signer::from_seed(self.seeds.online).public_key();
        let opening = identity_opening(&root, time, "simulated").expect("an opening is small");
        let mut head = opening.head();
        let mut entries = vec![opening];
        let says = [
            IdentityEvent::Named {
                name: name.to_owned(),
            },
            IdentityEvent::KeyCertified {
                epoch: 1,
                public_key: key,
            },
        ];
        for event in says {
            let entry = identity_entry(&root, &head, time, &event).expect("it is small");
            head = entry.head();
            entries.push(entry);
        }
        let taken = self.engine.take(entries, &[], self.now);
        assert!(taken.refused.is_empty(), "{:?}", taken.refused);
        self.keep(taken).expect("a new disk takes everything");
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        self.engine.node()
    }

    /// Asks for an action and makes it durable.
    pub fn ask(&mut self, action: Action) -> Result<Outcome, Refusal> {
        self.asked += 1;
        let key = format!("{} {}", self.name, self.asked);
        self.ask_with(action, key)
    }

    /// Asks for an action under a key.
    pub fn ask_with(&mut self, action: Action, key: String) -> Result<Outcome, Refusal> {
        self.top_up();
        let mut fingerprint = [0; 32];
        fingerprint[..16].copy_from_slice(&watchfire_feed::Hash::of(key.as_bytes()).0[..16]);
        let request = Request {
            ticket: self.asked,
            key,
            fingerprint,
            by: Actor {
                person: PersonId([1; 16]),
                seat: Seat::DutyOfficer,
            },
            if_version: None,
            happened: HappenedWhen::Now,
            action,
        };
        let step = self.engine.handle(request, self.now);
        let show = step.then.show.clone();
        self.append(&step.append).expect("the disk takes it");
        for record in show {
            self.shown.put(record);
        }
        for change in step.then.changes {
            self.shown.copies.change(change);
        }
        self.engine.persisted();
        step.then.answer
    }

    fn top_up(&mut self) {
        while self.engine.spare_key_count() < 8 {
            let key = RecordKey::new(self.dice.next_16(), self.dice.next_32());
            self.keyring.insert(key.id, key.clone());
            self.engine.add_spare_keys([key]);
        }
    }

    /// Takes entries that came from a peer, and the keys that came with them; returns what was not taken.
    pub fn take(&mut self, entries: Vec<Entry>, keys: &[RecordKey]) -> Vec<engine::NotTaken> {
        self.top_up();
        for key in keys {
            self.keyring.insert(key.id, key.clone());
        }
        let needed = sync::keys_for(&self.shown, &entries).into_iter();
        let held = needed.filter_map(|(id, _)| self.keyring.get(&id).cloned());
        let held: Vec<RecordKey> = held.collect();
        let taken = self.engine.take(entries, &held, self.now);
        let refused = taken.refused.clone();
        self.keep(taken).expect("the disk takes it");
        refused
    }

    /// Ends what its time ended.
    pub fn tick(&mut self) {
        self.top_up();
        let taken = self.engine.tick(self.now);
        self.keep(taken).expect("the disk takes it");
    }

    fn keep(&mut self, taken: Taken) -> Result<(), String> {
        self.append(&taken.append)?;
        for record in taken.show {
            self.shown.put(record);
        }
        for change in taken.changes {
            self.shown.copies.change(change);
        }
        self.engine.persisted();
        Ok(())
    }

    /// Makes a batch durable, or says why it does not belong here.
    fn append(&mut self, batch: &Batch) -> Result<(), String> {
        let mut feeds: BTreeMap<FeedId, Feed> = BTreeMap::new();
        for (feed, _) in &self.log {
            feeds.insert(feed.id(), *feed);
        }
        for before in &batch.before {
            let held = self.chains.get(&before.feed).map(Chain::head);
            if held.unwrap_or(Head::start(before.feed)) != *before {
                return Err(format!("{}: the head on disk is another", self.name));
            }
        }
        for entry in &batch.entries {
            let id = entry.header.feed;
            let feed = match feeds.get(&id) {
                Some(feed) => *feed,
                None => Feed::from_opening(entry).map_err(|error| error.to_string())?,
            };
            feeds.insert(id, feed);
            let chain = self.chains.entry(id).or_insert_with(|| Chain::new(&feed));
            chain.accept(entry).map_err(|error| error.to_string())?;
            self.log.push((feed, entry.clone()));
        }
        for row in &batch.rows {
            self.rows.insert(row.record, row.clone());
        }
        for (node, row) in &batch.copies {
            self.copies.insert((*node, row.record), row.clone());
        }
        self.outcomes.extend(batch.outcomes.iter().cloned());
        Ok(())
    }

    /// Returns how far it holds what another may read.
    pub fn vector_for(&self, asker: &NodeId) -> Vector {
        sync::vector_for(&self.shown, self.node(), asker, |feed, seq| {
            let mut entries = self.log.iter();
            let found = entries.find(|(_, one)| one.header.feed == feed && one.header.seq == seq);
            found.map(|(_, entry)| entry.head())
        })
    }

    /// Returns the entries of a feed from one to another, as far as another may read them.
    pub fn serve(&self, asker: &NodeId, feed: FeedId, from: u64, to: u64) -> Vec<Entry> {
        let Some(followed) = self.shown.copies.feeds.get(&feed) else {
            return Vec::new();
        };
        let last = sync::may_read(&self.shown, self.node(), asker, &followed.feed);
        let to = to.min(last.unwrap_or(0));
        let of = |(_, entry): &&(Feed, Entry)| {
            entry.header.feed == feed && (from..=to).contains(&entry.header.seq)
        };
        self.log
            .iter()
            .filter(of)
            .map(|(_, entry)| entry.clone())
            .collect()
    }

    /// Returns the keys that open entries, as far as another may have them.
    pub fn serve_keys(&self, asker: &NodeId, wanted: &[([u8; 16], Elsewhere)]) -> Vec<RecordKey> {
        let may = |(_, of): &&([u8; 16], Elsewhere)| {
            sync::may_have_key(&self.shown, self.node(), asker, *of, self.now)
        };
        let found = wanted
            .iter()
            .filter(may)
            .filter_map(|(id, _)| self.keyring.get(id));
        found.cloned().collect()
    }

    /// Returns the keys that these entries need and that are not here.
    pub fn keys_wanted(&self, entries: &[Entry]) -> Vec<([u8; 16], Elsewhere)> {
        let needed = sync::keys_for(&self.shown, entries).into_iter();
        needed
            .filter(|(id, _)| !self.keyring.contains_key(id))
            .collect()
    }

    /// Folds the whole log anew, as an auditor does.
    pub fn refold(&self) -> Board {
        let mut board = Board::default();
        let own = self.node();
        for (feed, entry) in &self.log {
            let decoded = engine::decode(entry).expect("what was taken can be read");
            let key = match sync::sealed_under(feed, entry) {
                Some((id, _)) => self.keyring.get(&id),
                None => None,
            };
            let opened = engine::open_sealed(entry, key);
            engine::fold_any(&mut board, own, feed, entry, &decoded, opened.as_deref());
        }
        board
    }

    /// Stops and starts again from what is on disk.
    pub fn restart(&mut self) {
        let board = self.refold();
        let mut keys = BTreeMap::new();
        for row in self.rows.values().filter(|row| !row.sealed.is_empty()) {
            let id = watchfire_feed::seal::key_id(&row.sealed);
            if let Some(key) = id.and_then(|id| self.keyring.get(&id)) {
                keys.insert(row.record, key.clone());
            }
        }
        let entropy = self.dice.next_32();
        self.shown = board.clone();
        self.engine = begin(
            &self.log,
            &self.seeds,
            board,
            &keys,
            &self.outcomes,
            entropy,
        );
    }

    /// Returns a copy that it holds of another node's record.
    pub fn copy(&self, of: Elsewhere) -> Option<Record> {
        self.shown.copy(of)
    }
}

fn begin(
    log: &[(Feed, Entry)],
    seeds: &Seeds,
    board: Board,
    keys: &BTreeMap<RecordRef, RecordKey>,
    outcomes: &[KeptOutcome],
    entropy: [u8; 32],
) -> Engine {
    let local = log
        .iter()
        .rev()
        .find(|(feed, _)| feed.scope == Scope::Local);
    let (feed, last) = local.expect("a log begins with the opening of the local feed");
    let last_time = log.iter().map(|(_, entry)| entry.header.time).max();
    Engine::resume(Start {
        feed: *feed,
        head: last.head(),
        last_time: last_time.unwrap_or_default(),
        signer: Signer::from_seed(seeds.online),
        board,
        keys: keys.clone(),
        copy_keys: BTreeMap::new(),
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
        let mut ours = Vector::new();
        for followed in to.shown.copies.feeds.values() {
            ours.insert(followed.head).expect("few feeds");
        }
        let plan = watchfire_feed::plan(&ours, &theirs);
        let mut news = false;
        for range in plan.pull {
            let entries = from.serve(&asker, range.feed, range.from, range.to);
            let held = to.log.len();
            let wanted = to.keys_wanted(&entries);
            let keys = from.serve_keys(&asker, &wanted);
            to.take(entries, &keys);
            news |= to.log.len() > held;
        }
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
