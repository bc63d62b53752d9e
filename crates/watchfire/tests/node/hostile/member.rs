//! The hostile member: a peer made by hand that has joined an operation as honest nodes do, with an engine of its own to
//! make good entries with, and doors that answer whatever the test says. Start at [`Hostile::join`] and
//! [`Hostile::play`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::watch;
use watchfire::link::PeerClient;
use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::engine::{Engine, HappenedWhen, Request, Start};
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::ParticipationAction;
use watchfire_core::record::peer::PeerAction;
use watchfire_core::record::{Action, Actor};
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    Draft, Entry, Feed, FeedId, Head, HybridTime, OPENING_KIND, OPENING_KIND_VERSION, Scope,
    Signer, Vector, sign,
};

use super::MARK;
use crate::by_hand::{ByHand, enrol};
use crate::house::House;
use crate::joint::{done, operation, until};

/// What is answered at one door.
#[derive(Clone)]
pub(crate) enum Served {
    /// Entries, those that were asked for.
    Entries(Vec<Entry>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// This status, with these bytes.
    Status(u16, Vec<u8>),
    /// These bytes with a header of this name.
    With(&'static str, &'static str, Vec<u8>),
    /// These bytes, again and again without end.
    Endless(Vec<u8>),
    /// One byte, and another, and another.
    Drip,
    /// Nothing.
    Silence,
}

/// What is answered at every door.
#[derive(Clone, Default)]
pub(crate) struct Play {
    /// How far it says it holds feeds; the heads of its own if nothing else is said.
    pub(crate) vector: Option<Served>,
    /// Heads that it names beside those of its own.
    pub(crate) heads: Vec<Head>,
    /// What it gives of feeds.
    pub(crate) feeds: BTreeMap<FeedId, Served>,
    /// What it gives when asked for keys.
    pub(crate) keys: Option<Served>,
}

struct Doors {
    play: Mutex<Play>,
    /// The good entries of its own.
    own: Mutex<Vec<Entry>>,
    changed: watch::Sender<u64>,
    asked: AtomicU64,
}

/// The hostile member.
pub(crate) struct Hostile {
    pub(crate) by_hand: ByHand,
    pub(crate) engine: Engine,
    /// The operation that it is a member of.
    pub(crate) joint: OperationId,
    /// What honest nodes have said that it may read.
    pub(crate) theirs: Vec<Entry>,
    doors: Arc<Doors>,
    counted: u64,
    _dir: tempfile::TempDir,
}

impl Hostile {
    /// Makes it a peer of the first node, which calls it into an operation that it joins.
    pub(crate) async fn join(a: &House, b: &House, joint: &str) -> Hostile {
        let dir = tempfile::TempDir::new().unwrap();
        let doors = Arc::new(Doors {
            play: Mutex::default(),
            own: Mutex::default(),
            changed: watch::Sender::new(0),
            asked: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/federation/v1/vector", post(vector))
            .route("/federation/v1/feeds/{feed}", get(entries))
            .route("/federation/v1/keys", post(keys))
            .with_state(Arc::clone(&doors));
        let by_hand = ByHand::make(dir.path(), "a member", router).unwrap();
        enrol(&a.node, "a member", &by_hand).await.unwrap();
        for house in [a, b] {
            let place = house.dir.path().join("node");
            by_hand.lets_in(house.node.feed().node, &place).unwrap();
        }
        let mut hostile = Hostile {
            engine: engine(&by_hand),
            joint: joint.parse().unwrap(),
            by_hand,
            theirs: Vec::new(),
            doors,
            counted: 0,
            _dir: dir,
        };
        hostile
            .doors
            .own
            .lock()
            .unwrap()
            .extend(hostile.by_hand.identity.clone());
        let invite = json!({ "do": "invite", "node": hostile.id(), "role": "helps" });
        done(a, joint, invite).await;
        hostile.learn(a);
        let operation_id = hostile.joint;
        let join = ParticipationAction::Join {
            operation: operation_id,
        };
        hostile.does(Action::Participation(join));
        hostile.calm();
        for house in [a, b] {
            until("the hostile one as a member", async || {
                let shown = operation(house, joint).await;
                let members = shown.json["members"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                members
                    .iter()
                    .filter(|one| one["status"] == "member")
                    .count()
                    == 3
            })
            .await;
        }
        hostile
    }

    /// Takes over what a node has said that it may read.
    fn learn(&mut self, a: &House) {
        let own = a.node.feed().node;
        let theirs: Vec<Entry> = a.node.read_store(|reader| {
            let feeds = reader.feeds().unwrap().into_iter();
            let joint = feeds.filter(|feed| feed.node == own && feed.scope != Scope::Local);
            joint
                .flat_map(|feed| reader.entries(&feed.id(), 1, 500).unwrap())
                .collect()
        });
        let enrol = PeerAction::Enrol {
            node: own,
            name: "the lead".parse().unwrap(),
        };
        self.does(Action::Peer(enrol));
        let taken = self.engine.take(theirs.clone(), &[], now());
        assert_eq!(taken.refused, [], "it learns of the operation");
        self.engine.persisted();
        self.theirs = theirs;
    }

    /// Returns its id.
    pub(crate) fn id(&self) -> String {
        self.by_hand.node.to_string()
    }

    /// Does something as an honest node would, and keeps the entries that it tells others; returns these.
    pub(crate) fn does(&mut self, action: Action) -> Vec<Entry> {
        let told = self.makes(action);
        self.doors.own.lock().unwrap().extend(told.clone());
        told
    }

    /// Makes the entries of an action, and gives them to nobody yet.
    pub(crate) fn makes(&mut self, action: Action) -> Vec<Entry> {
        self.counted += 1;
        let request = Request {
            ticket: 0,
            key: format!("hostile {}", self.counted),
            fingerprint: [0; 32],
            by: Actor::NODE,
            if_version: None,
            happened: HappenedWhen::Now,
            action,
        };
        let step = self.engine.handle(request, now());
        step.then.answer.expect("what it does honestly is allowed");
        self.engine.persisted();
        let local = self.engine.feed().id();
        let told = step.append.entries.into_iter();
        told.filter(|entry| entry.header.feed != local).collect()
    }

    /// Returns a fresh operation of its own, as three good entries: its opening, that it was raised, and an objective
    /// with the mark that must never be seen.
    pub(crate) fn raises(&mut self) -> (OperationId, Vec<Entry>) {
        let line = |text: &str| text.parse().unwrap();
        let raise = OperationAction::Raise {
            name: line(&format!("a small thing {}", self.counted)),
            purpose: line("to help"),
            legal_basis: line("art. 1"),
            handling: Handling::PoliceUse,
            history: History::All,
            exercise: true,
            succeeds: None,
            own_name: line("a member"),
        };
        let raised = self.makes(Action::Operation(raise));
        let command = raised.iter().find(|entry| entry.header.seq == 1);
        let feed = Feed::from_opening(command.expect("a feed of its own")).unwrap();
        let Scope::Command(id) = feed.scope else {
            panic!("the first feed of an operation is its command feed")
        };
        let operation = OperationId(id);
        let objective = OperationAction::SetObjective {
            operation,
            number: 0,
            text: line(MARK),
        };
        let mut entries: Vec<Entry> = raised
            .into_iter()
            .filter(|entry| entry.header.feed == feed.id())
            .collect();
        entries.extend(self.makes(Action::Operation(objective)));
        (operation, entries)
    }

    /// Signs an entry by hand, after these.
    pub(crate) fn signs(
        &self,
        after: &[Entry],
        kind: &str,
        plain: &[u8],
        record: [u8; 16],
    ) -> Entry {
        let last = after.last().expect("there is one before");
        signed(
            &self.by_hand.signer,
            &last.head(),
            kind,
            plain,
            record,
            last.header.record_version + 1,
        )
    }

    /// Opens a feed of its own by hand.
    pub(crate) fn opens(&self, scope: Scope) -> (Feed, Entry) {
        let signer = &self.by_hand.signer;
        let feed = Feed {
            node: self.by_hand.node,
            scope,
            epoch: 1,
            key: signer.public_key(),
        };
        (feed, opened(signer, &feed))
    }

    /// Begins to play; returns a mark for [`Hostile::was_asked`].
    pub(crate) fn play(&self, mut play: Play) -> u64 {
        for served in play.feeds.values() {
            if let Served::Entries(entries) = served {
                play.heads.extend(entries.last().map(Entry::head));
            }
        }
        *self.doors.play.lock().unwrap() = play;
        self.doors.changed.send_modify(|count| *count += 1);
        self.doors.asked.load(Ordering::SeqCst)
    }

    /// Answers as an honest node does.
    pub(crate) fn calm(&self) {
        self.play(Play::default());
    }

    /// Says whether it was asked a few times since a mark, so that what it answered was looked at.
    pub(crate) fn was_asked(&self, mark: u64) -> bool {
        self.doors.asked.load(Ordering::SeqCst) >= mark + 2
    }

    /// Returns what calls a node with so many requests at once.
    pub(crate) fn calls(&self, house: &House, at_once: usize) -> PeerClient {
        let address = house.node.federation().address().unwrap();
        self.by_hand.calls(house.node.feed().node, address, at_once)
    }
}

/// Signs the opening of a feed.
pub(crate) fn opened(signer: &Signer, feed: &Feed) -> Entry {
    let draft = Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        critical: true,
        record: [0; 16],
        record_version: 0,
        time: HybridTime(u64::try_from(now().0).unwrap() << 16),
        deps: &[],
        plain: feed.opening_body(None, "by hand"),
        sealed: Vec::new(),
    };
    sign(signer, &Head::start(feed.id()), draft).unwrap()
}

/// Signs an entry.
pub(crate) fn signed(
    signer: &Signer,
    head: &Head,
    kind: &str,
    plain: &[u8],
    record: [u8; 16],
    version: u64,
) -> Entry {
    let draft = Draft {
        kind,
        kind_version: 1,
        critical: false,
        record,
        record_version: version,
        time: HybridTime(u64::try_from(now().0).unwrap() << 16),
        deps: &[],
        plain: plain.to_vec(),
        sealed: Vec::new(),
    };
    sign(signer, head, draft).unwrap()
}

pub(crate) fn now() -> Timestamp {
    watchfire::clock::Clock::Real.now()
}

fn engine(by_hand: &ByHand) -> Engine {
    let feed = Feed {
        node: by_hand.node,
        scope: Scope::Local,
        epoch: 1,
        key: by_hand.signer.public_key(),
    };
    let opening = opened(&by_hand.signer, &feed);
    let mut engine = Engine::resume(Start {
        feed,
        head: opening.head(),
        last_time: HybridTime(0),
        signer: Signer::from_seed(by_hand.seed),
        board: Board::default(),
        keys: BTreeMap::new(),
        copy_keys: BTreeMap::new(),
        outcomes: Vec::new(),
        entropy: Entropy::new(watchfire::node::random()),
        response: Arc::new(ResponseFile::default()),
    });
    let keys =
        (0..200).map(|_| RecordKey::new(watchfire::node::random(), watchfire::node::random()));
    engine.add_spare_keys(keys);
    engine
}

/// Writes an answer to the question for a vector.
pub(crate) fn answer(vector: &[u8]) -> Vec<u8> {
    let mut answer = format!(r#"{{"version":"0.1.0","now_ms":{}}}"#, now().0).into_bytes();
    answer.push(b'\n');
    answer.extend_from_slice(vector);
    answer
}

#[derive(serde::Deserialize)]
struct Waiting {
    after: Option<String>,
    wait_ms: Option<u64>,
}

async fn vector(
    State(doors): State<Arc<Doors>>,
    Query(waiting): Query<Waiting>,
    _body: Bytes,
) -> Response {
    let mut changed = doors.changed.subscribe();
    let wait = Duration::from_millis(waiting.wait_ms.unwrap_or(0));
    loop {
        let play = doors.play.lock().unwrap().clone();
        let mut heads: BTreeMap<FeedId, Head> = BTreeMap::new();
        for entry in doors.own.lock().unwrap().iter() {
            heads.insert(entry.header.feed, entry.head());
        }
        heads.extend(play.heads.iter().map(|head| (head.feed, *head)));
        let mut vector = Vector::new();
        for head in heads.into_values() {
            vector.insert(head).unwrap();
        }
        let known = waiting.after.as_deref() == Some(vector.digest().to_string().as_str());
        if play.vector.is_none() && known {
            let more = tokio::time::timeout(wait, changed.changed()).await;
            if more.is_ok() {
                continue;
            }
        }
        doors.asked.fetch_add(1, Ordering::SeqCst);
        let usual = Served::Bytes(answer(&vector.encode()));
        return serve(play.vector.unwrap_or(usual), 0, u64::MAX, &doors);
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    from: u64,
    to: u64,
}

async fn entries(
    State(doors): State<Arc<Doors>>,
    Path(feed): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    doors.asked.fetch_add(1, Ordering::SeqCst);
    let feed: FeedId = feed.parse().unwrap();
    let played = doors.play.lock().unwrap().feeds.get(&feed).cloned();
    let own = doors.own.lock().unwrap().clone().into_iter();
    let own = own.filter(|entry| entry.header.feed == feed).collect();
    serve(
        played.unwrap_or(Served::Entries(own)),
        asked.from,
        asked.to,
        &doors,
    )
}

async fn keys(State(doors): State<Arc<Doors>>, _body: Bytes) -> Response {
    doors.asked.fetch_add(1, Ordering::SeqCst);
    let played = doors.play.lock().unwrap().keys.clone();
    serve(
        played.unwrap_or(Served::Bytes(b"[]".to_vec())),
        0,
        0,
        &doors,
    )
}

fn serve(served: Served, from: u64, to: u64, doors: &Arc<Doors>) -> Response {
    match served {
        Served::Entries(entries) => {
            let asked = entries
                .iter()
                .filter(|entry| (from..=to).contains(&entry.header.seq));
            asked
                .flat_map(Entry::encode)
                .collect::<Vec<u8>>()
                .into_response()
        }
        Served::Bytes(bytes) => bytes.into_response(),
        Served::Status(status, bytes) => {
            (StatusCode::from_u16(status).unwrap(), bytes).into_response()
        }
        Served::With(name, value, bytes) => ([(name, value)], bytes).into_response(),
        Served::Endless(piece) => {
            let pieces = std::iter::repeat_with(move || Ok::<_, Infallible>(piece.clone()));
            Body::from_stream(futures_util::stream::iter(pieces)).into_response()
        }
        Served::Drip => {
            let changed = doors.changed.subscribe();
            let drops = futures_util::stream::unfold(changed, |mut changed| async move {
                let wait = tokio::time::timeout(Duration::from_millis(300), changed.changed());
                // It ends when another play begins.
                match wait.await {
                    Err(_) => Some((Ok::<_, Infallible>(vec![0_u8]), changed)),
                    Ok(_) => None,
                }
            });
            Body::from_stream(drops).into_response()
        }
        Served::Silence => {
            let mut changed = doors.changed.subscribe();
            let silence = async move {
                let _ = changed.changed().await;
                Ok::<_, Infallible>(Vec::<u8>::new())
            };
            Body::from_stream(futures_util::stream::once(silence)).into_response()
        }
    }
}
