//! A node for the stories: a directory, a store and an engine that does a night's work from a seed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchfire_core::basis::{
    AssignmentId, CallId, Code, IncidentId, Line, PersonId, Personal, Place, Point, Priority,
    Prose, Timestamp, UnitId,
};
use watchfire_core::board::Board;
use watchfire_core::engine::{Engine, HappenedWhen, Request, Start};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::{Batch, Log, LogFault};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::call::{CallAction, CallDetails, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::record::{Action, Actor, RecordKind, RecordRef};
use watchfire_core::refusal::Refusal;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    Draft, Entry, Feed, Head, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope, Signer,
};
use watchfire_store::{Loaded, Store, StoreError};

/// When every night begins, in milliseconds since the epoch.
pub(crate) const BEGIN_MS: i64 = 1_700_000_000_000;

/// Said by every caller and in every note; nowhere in any file may it be found.
pub(crate) const CANARY: &str = "qz-canary-caller-7351";

const RESPONSE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火灾"
[kinds.engine]
en = "Engine"
zh = "水罐车"
[[plan]]
category = "fire"
[[plan.alarm]]
needs = [{ kind = "engine", count = 1 }]
"#;

/// A node at work in a directory.
pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    pub(crate) entropy: Entropy,
    asked: u64,
}

/// Makes a directory with a store that only has its opening entry.
pub(crate) fn create(dir: &Path, seed: u64) -> Result<(), StoreError> {
    let seed = Entropy::from_number(seed).next_32();
    let (feed, opening) = opening(&seed);
    Store::create(dir, &feed, &seed, &opening, "烽燧一号")
}

/// Returns a feed of that key and its first entry.
pub(crate) fn opening(seed: &[u8; 32]) -> (Feed, Entry) {
    let signer = Signer::from_seed(*seed);
    let key = signer.public_key();
    let feed = Feed {
        node: NodeId::of_key(&key),
        scope: Scope::Local,
        epoch: 1,
        key,
    };
    let draft = Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        critical: true,
        record: [0; 16],
        record_version: 0,
        time: HybridTime::from_parts(BEGIN_MS as u64, 0),
        deps: &[],
        plain: feed.opening_body(None, "a new node"),
        sealed: Vec::new(),
    };
    let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft).unwrap();
    (feed, opening)
}

impl Node {
    /// Makes a node in a new directory.
    pub(crate) fn new(dir: &Path, seed: u64) -> Node {
        create(dir, seed).unwrap();
        Node::open(dir, seed)
    }

    /// Opens a node again.
    pub(crate) fn open(dir: &Path, seed: u64) -> Node {
        Node::start(Store::open(dir).unwrap(), seed, Timestamp(0)).unwrap()
    }

    /// Starts an engine over an open store.
    pub(crate) fn start(
        mut store: Store,
        seed: u64,
        keep_since: Timestamp,
    ) -> Result<Node, StoreError> {
        let loaded = store.load(keep_since)?;
        // A restarted node must not draw the ids of its earlier life again.
        let entropy = Entropy::from_number(seed ^ loaded.position.rotate_left(32));
        let now = Timestamp(loaded.last_time.ms() as i64 + 1_000);
        let engine = engine(loaded, store.signer(), entropy.clone());
        let entropy = Entropy::from_number(!seed ^ now.0 as u64);
        Ok(Node {
            store,
            engine,
            now,
            entropy,
            asked: 0,
        })
    }

    /// Stops without a clean end and hands back the directory.
    pub(crate) fn stop(self) -> PathBuf {
        self.store.dir().to_owned()
    }

    /// Decides an action and appends what it comes to.
    pub(crate) fn ask(&mut self, action: Action) -> Result<Vec<RecordRef>, Refusal> {
        let before = (self.engine.board().clone(), self.engine.head());
        match self.try_ask(action) {
            Ok(outcome) => outcome,
            Err(fault) => {
                self.engine.abandon(before.0, before.1);
                panic!("{fault}")
            }
        }
    }

    /// Does the same and returns the store's fault.
    pub(crate) fn try_ask(
        &mut self,
        action: Action,
    ) -> Result<Result<Vec<RecordRef>, Refusal>, LogFault> {
        let before = (self.engine.board().clone(), self.engine.head());
        let (batch, answer) = self.decide(action);
        if let Err(fault) = self.store.append(&batch) {
            self.engine.abandon(before.0, before.1);
            return Err(fault);
        }
        self.engine.persisted();
        Ok(answer)
    }

    /// Decides an action without appending.
    pub(crate) fn decide(&mut self, action: Action) -> (Batch, Result<Vec<RecordRef>, Refusal>) {
        if self.engine.spare_key_count() < 4 {
            let draw = |_| RecordKey::new(self.entropy.next_16(), self.entropy.next_32());
            let keys: Vec<RecordKey> = (0..16).map(draw).collect();
            self.store.add_keys(&keys).unwrap();
            self.engine.add_spare_keys(keys);
        }
        self.asked += 1;
        self.now = Timestamp(self.now.0 + 250);
        let request = Request {
            ticket: self.asked,
            key: format!("key {} {}", self.now.0, self.asked),
            fingerprint: [7; 32],
            by: Actor {
                person: PersonId([1; 16]),
                seat: Seat::Dispatcher,
            },
            if_version: None,
            happened: HappenedWhen::Now,
            action,
        };
        let step = self.engine.handle(request, self.now);
        let records = |outcome: watchfire_core::engine::Outcome| {
            outcome
                .records
                .into_iter()
                .map(|(record, _)| record)
                .collect()
        };
        (step.append, step.then.answer.map(records))
    }

    /// Takes a call with personal data and returns it.
    pub(crate) fn call(&mut self) -> CallId {
        let action = self.receive();
        CallId(self.ask(action).unwrap()[0].id)
    }

    /// Decides a call with personal data without appending.
    pub(crate) fn decide_call(&mut self) -> Batch {
        let action = self.receive();
        self.decide(action).0
    }

    fn receive(&mut self) -> Action {
        Action::Call(CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: Channel::Phone,
            source: None,
            details: CallDetails {
                place: Some(self.place()),
                category: Some(code("fire")),
                priority: Some(Priority::P2),
                personal: Personal {
                    caller: Some(line(CANARY)),
                    callback: Some(line(CANARY)),
                    said: Some(CANARY.parse().unwrap()),
                    ..Personal::default()
                },
            },
        })
    }

    /// Opens an incident from a call.
    pub(crate) fn incident(&mut self, call: CallId) -> IncidentId {
        let action = IncidentAction::Open {
            from_call: Some(call),
            category: None,
            priority: None,
            place: None,
        };
        let made = self.ask(Action::Incident(action)).unwrap();
        let incident = made
            .iter()
            .find(|record| record.kind == RecordKind::Incident);
        IncidentId(incident.unwrap().id)
    }

    /// Enters a unit and makes it available.
    pub(crate) fn unit(&mut self, callsign: &str) -> UnitId {
        let action = UnitAction::Enter {
            callsign: line(callsign),
            details: UnitDetails {
                kind: code("engine"),
                capabilities: BTreeSet::new(),
                station: None,
                post: None,
                crew: Some(4),
                areas: BTreeSet::new(),
            },
        };
        let unit = UnitId(self.ask(Action::Unit(action)).unwrap()[0].id);
        self.ask(Action::Unit(UnitAction::MakeAvailable { unit }))
            .unwrap();
        unit
    }

    /// Enrols an administrator.
    pub(crate) fn person(&mut self, login: &str) {
        let action = PersonAction::Enrol {
            login: line(login),
            details: PersonDetails {
                name: line(login),
                seats: BTreeSet::from([Seat::Administrator]),
                unit: None,
                program: false,
            },
        };
        self.ask(Action::Person(action)).unwrap();
    }

    /// Writes a personal note.
    pub(crate) fn note(&mut self, incident: IncidentId, text: &str) -> Result<(), Refusal> {
        let text: Prose = text.parse().unwrap();
        let action = IncidentAction::AddNote { incident, text };
        self.ask(Action::Incident(action)).map(|_| ())
    }

    /// Closes an incident.
    pub(crate) fn close(&mut self, incident: IncidentId) -> Result<(), Refusal> {
        let disposition = line("done");
        let action = IncidentAction::Close {
            incident,
            disposition,
        };
        self.ask(Action::Incident(action)).map(|_| ())
    }

    /// Works for so many actions: calls, incidents, units sent and cleared, notes, merges. What the rules
    /// refuse is passed over.
    pub(crate) fn work(&mut self, actions: usize) {
        if self.engine.board().units.len() < 4 {
            for number in 0..4 {
                self.unit(&format!("E{number}"));
            }
            self.person("head");
        }
        for _ in 0..actions {
            let action = self.random_action();
            let _ = self.ask(action);
        }
    }

    fn random_action(&mut self) -> Action {
        let board = self.engine.board();
        let mut entropy = self.entropy.clone();
        let mut incidents: Vec<IncidentId> = board.incidents.keys().copied().collect();
        incidents.sort_unstable();
        let mut pick = |all: &[[u8; 16]]| match all.len() {
            0 => [0; 16],
            count => all[entropy.below(count as u64) as usize],
        };
        let ids = |all: Vec<IncidentId>| all.iter().map(|id| id.0).collect::<Vec<_>>();
        let all = ids(incidents);
        let (incident, other) = (IncidentId(pick(&all)), IncidentId(pick(&all)));
        let calls: Vec<_> = board.calls.keys().map(|id| id.0).collect();
        let call = CallId(pick(&calls));
        let units: Vec<_> = board.units.keys().map(|id| id.0).collect();
        let unit = UnitId(pick(&units));
        let live: Vec<_> = board.live_assignments().map(|live| live.id.0).collect();
        let assignment = AssignmentId(pick(&live));
        let step = [
            Step::Acknowledge,
            Step::Depart,
            Step::Arrive,
            Step::Clear { ending: None },
        ];
        let step = step[entropy.below(4) as usize].clone();
        let what = entropy.below(12);
        let choices = vec![Choice {
            unit,
            why: Why::default(),
        }];
        self.entropy = entropy;
        let note = format!("{CANARY} note").parse().unwrap();
        match what {
            0..3 => Action::Call(CallAction::Receive {
                ringing_at: None,
                onward: Default::default(),
                channel: Channel::Phone,
                source: None,
                details: CallDetails {
                    place: Some(self.place()),
                    category: Some(code("fire")),
                    priority: Some(Priority::P1),
                    personal: Personal {
                        said: Some(CANARY.parse().unwrap()),
                        ..Personal::default()
                    },
                },
            }),
            3..5 => Action::Incident(IncidentAction::Open {
                from_call: Some(call),
                category: None,
                priority: None,
                place: None,
            }),
            5 => Action::Incident(IncidentAction::AddNote {
                incident,
                text: note,
            }),
            6 => Action::Assignment(AssignmentAction::Send { incident, choices }),
            7 | 8 => Action::Assignment(AssignmentAction::Advance { assignment, step }),
            9 => Action::Incident(IncidentAction::Merge {
                incident,
                into: other,
            }),
            10 => Action::Call(CallAction::Join { call, incident }),
            _ => Action::Incident(IncidentAction::Close {
                incident,
                disposition: line("done"),
            }),
        }
    }

    fn place(&mut self) -> Place {
        let metres = self.entropy.below(10_000) as i32;
        let point = Point {
            lat_e6: 30_000_000 + metres * 10,
            lon_e6: 120_000_000,
        };
        Place {
            point,
            address: None,
            area: None,
        }
    }
}

fn engine(loaded: Loaded, signer: Signer, entropy: Entropy) -> Engine {
    let mut engine = Engine::resume(Start {
        copy_keys: loaded.copy_keys,
        feed: loaded.feed,
        head: loaded.head,
        last_time: loaded.last_time,
        signer,
        board: loaded.board,
        keys: loaded.keys,
        outcomes: loaded.outcomes,
        entropy,
        response: Arc::new(ResponseFile::parse(RESPONSE).unwrap()),
    });
    engine.add_spare_keys(loaded.spare_keys);
    engine
}

/// Reads everything that belongs in memory, with all ended records too.
pub(crate) fn load_all(dir: &Path) -> Result<Board, StoreError> {
    Ok(Store::open(dir)?.load(Timestamp(0))?.board)
}

pub(crate) fn line(text: &str) -> Line {
    text.parse().unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    text.parse().unwrap()
}
