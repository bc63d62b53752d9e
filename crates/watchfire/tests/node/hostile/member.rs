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
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use watchfire::federation::doors::read_answer;
use watchfire::link::{Caller, PeerClient};
use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::engine::{Engine, HappenedWhen, Request, Start};
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::ParticipationAction;
use watchfire_core::record::peer::PeerAction;
use watchfire_core::record::{Action, Actor, RecordKind, RecordRef};
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    Draft, Entry, Feed, FeedId, Hash, Head, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION,
    Scope, SealedBody, Signer, Vector, sign,
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
    Bytes(Bytes),
    /// This status, with these bytes.
    Status(u16, Vec<u8>),
    /// A redirection there.
    Elsewhere(&'static str),
    /// These bytes with a header of this name.
    With(&'static str, &'static str, Vec<u8>),
    /// These bytes, again and again without end.
    Endless(Vec<u8>),
    /// One byte, and another, and another.
    Drip,
    /// Nothing.
    Silence,
}

impl Served {
    pub(crate) fn these(bytes: impl Into<Bytes>) -> Served {
        Served::Bytes(bytes.into())
    }
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
    /// What it gives of feeds that are not among these nor its own; a fault if nothing else is said, so that a node
    /// that still asks for an earlier play's ends that round.
    pub(crate) elsewhere: Option<Served>,
    /// What it gives when asked for keys.
    pub(crate) keys: Option<Served>,
    /// It answers at once, though nothing is new.
    pub(crate) restless: bool,
}

#[derive(Default)]
struct Doors {
    play: Mutex<Arc<Play>>,
    /// The digest of the vector that the play answers with in place of the usual one.
    says: Mutex<Option<Hash>>,
    /// The good entries of its own.
    own: Mutex<Vec<Entry>>,
    changed: watch::Sender<u64>,
    /// What each node heard last and looked at: it says so when it asks again.
    heard: Mutex<BTreeMap<NodeId, Hash>>,
    /// How often it was asked for entries or keys.
    asked: AtomicU64,
}

/// How far things were before a play.
pub(crate) struct Mark {
    heard: BTreeMap<NodeId, Hash>,
    asked: u64,
}

/// What an entry says, and whatever of it an honest signer would not say.
pub(crate) struct Words<'a> {
    pub(crate) kind: &'a str,
    pub(crate) plain: &'a [u8],
    pub(crate) record: [u8; 16],
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
    pub(crate) time: HybridTime,
    pub(crate) critical: bool,
}

impl<'a> Words<'a> {
    pub(crate) fn of(kind: &'a str, plain: &'a [u8], record: [u8; 16], version: u64) -> Words<'a> {
        Words {
            kind,
            plain,
            record,
            version,
            sealed: Vec::new(),
            time: HybridTime(u64::try_from(now().0).unwrap() << 16),
            critical: false,
        }
    }
}

/// The hostile member.
pub(crate) struct Hostile {
    pub(crate) by_hand: ByHand,
    pub(crate) engine: Engine,
    /// The operation that it is a member of.
    pub(crate) joint: OperationId,
    /// The node that leads it.
    pub(crate) lead: NodeId,
    /// What the lead has said that it may read.
    pub(crate) theirs: Vec<Entry>,
    /// The identity feed of the other honest node.
    pub(crate) other: Vec<Entry>,
    /// A feed of its own of which it has told two histories, up to where they part.
    pub(crate) forked: Vec<Entry>,
    doors: Arc<Doors>,
    lines: Mutex<Vec<TlsStream<TcpStream>>>,
    counted: u64,
    _dir: tempfile::TempDir,
}

impl Hostile {
    /// Makes it a peer of the first node, which calls it into an operation that it joins.
    pub(crate) async fn join(a: &House, b: &House, joint: &str) -> Hostile {
        let dir = tempfile::TempDir::new().unwrap();
        let doors = Arc::new(Doors::default());
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
            lead: a.node.feed().node,
            theirs: Vec::new(),
            other: said_by(b, |scope| *scope == Scope::Identity),
            forked: Vec::new(),
            doors,
            lines: Mutex::default(),
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
        let enrol = PeerAction::Enrol {
            node: hostile.lead,
            name: "the lead".parse().unwrap(),
        };
        hostile.does(Action::Peer(enrol));
        hostile.learn(a, |scope| *scope == Scope::Identity);
        hostile.learn(a, |scope| matches!(scope, Scope::Command(_)));
        let operation_id = hostile.joint;
        let join = ParticipationAction::Join {
            operation: operation_id,
        };
        hostile.does(Action::Participation(join));
        hostile.learn(a, |scope| matches!(scope, Scope::Operation(_)));
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

    /// Takes over what the lead has said in feeds of some scope.
    fn learn(&mut self, a: &House, scope: fn(&Scope) -> bool) {
        let theirs = said_by(a, scope);
        let taken = self.engine.take(theirs.clone(), &[], now());
        assert_eq!(taken.refused, [], "it learns what the lead says");
        self.engine.persisted();
        self.theirs.extend(theirs);
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
        self.raises_with(MARK)
    }

    /// The same with another objective.
    pub(crate) fn raises_with(&mut self, text: &str) -> (OperationId, Vec<Entry>) {
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
            text: line(text),
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
        let version = last.header.record_version + 1;
        let words = Words::of(kind, plain, record, version);
        signed(&self.by_hand.signer, &last.head(), words)
    }

    /// Returns the incident that the lead shares, and the entry that tells of it.
    pub(crate) fn shared(&self) -> (RecordRef, Entry) {
        let told = |entry: &&Entry| entry.header.kind == "incident.told";
        let told = self.theirs.iter().find(told).expect("the lead shares one");
        let kind = RecordKind::Incident;
        let id = told.header.record;
        (RecordRef { kind, id }, told.clone())
    }

    /// Returns the id of the key that the text of that incident is sealed under.
    pub(crate) fn shared_key(&self) -> [u8; 16] {
        let SealedBody::Whole(sealed) = self.shared().1.sealed else {
            panic!("the incident has a text")
        };
        watchfire_feed::seal::key_id(&sealed).unwrap()
    }

    /// Says whether a node holds all that it has told in the operation.
    pub(crate) fn is_held_by(&self, house: &House) -> bool {
        let told = self.told();
        let last = told.last().unwrap().head();
        let board = house.node.board();
        let held = board.copies.feeds.get(&last.feed);
        held.is_some_and(|held| held.head == last)
    }

    /// Returns what it has told in the operation.
    pub(crate) fn told(&self) -> Vec<Entry> {
        let scope = Scope::Operation(self.joint.0);
        let own = self.doors.own.lock().unwrap();
        let openings = own.iter().filter(|entry| entry.header.seq == 1);
        let mut feeds = openings.filter_map(|entry| Feed::from_opening(entry).ok());
        let feed = feeds.find(|feed| feed.scope == scope).unwrap().id();
        let told = own.iter().filter(|entry| entry.header.feed == feed);
        told.cloned().collect()
    }

    /// Returns the body of an entry of its own that tells of an event.
    pub(crate) fn body_of(&self, event: &Value) -> Vec<u8> {
        serde_json::to_vec(&self.body(event)).unwrap()
    }

    fn body(&self, event: &Value) -> Value {
        let told = self.told();
        let joined = told.iter().find(|entry| entry.header.seq == 2).unwrap();
        let mut body: Value = serde_json::from_slice(&joined.plain).unwrap();
        body["event"] = event.clone();
        body
    }

    /// Tells something in the operation that is signed by hand, and goes on from there: its engine is not asked, and
    /// is not to be asked again about the operation.
    pub(crate) fn tells(
        &self,
        record: RecordRef,
        event: &Value,
        shape: impl FnOnce(&mut Words<'_>, &mut Value),
    ) -> Entry {
        let told = self.told();
        let of = told.iter().filter(|entry| entry.header.record == record.id);
        let version = of.map(|entry| entry.header.record_version).max();
        let mut body = self.body(event);
        let name = event["event"].as_str().unwrap();
        let kind = format!("{}.{name}", record.kind.as_str());
        let mut words = Words::of(&kind, b"", record.id, version.unwrap_or(0) + 1);
        shape(&mut words, &mut body);
        let plain = serde_json::to_vec(&body).unwrap();
        words.plain = &plain;
        let entry = signed(&self.by_hand.signer, &told.last().unwrap().head(), words);
        self.doors.own.lock().unwrap().push(entry.clone());
        self.doors.changed.send_modify(|count| *count += 1);
        entry
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

    /// Returns how far things are.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            heard: self.doors.heard.lock().unwrap().clone(),
            asked: self.doors.asked.load(Ordering::SeqCst),
        }
    }

    /// Begins to play.
    pub(crate) fn play(&self, mut play: Play) {
        for served in play.feeds.values() {
            if let Served::Entries(entries) = served {
                play.heads.extend(entries.last().map(Entry::head));
            }
        }
        let says = match &play.vector {
            Some(Served::Bytes(bytes)) => {
                read_answer(bytes).and_then(|(_, vector)| Some(vector?.digest()))
            }
            Some(_) | None => None,
        };
        *self.doors.says.lock().unwrap() = says;
        *self.doors.play.lock().unwrap() = Arc::new(play);
        self.doors.changed.send_modify(|count| *count += 1);
    }

    /// Answers as an honest node does.
    pub(crate) fn calm(&self) {
        self.play(Play::default());
    }

    /// Says whether a node has heard what it says since a mark, and is done with it.
    pub(crate) fn was_heard(&self, mark: &Mark, house: &House) -> bool {
        let node = house.node.feed().node;
        let heard = self.doors.heard.lock().unwrap();
        heard.get(&node) != mark.heard.get(&node)
    }

    /// Says whether it was asked for something since a mark.
    pub(crate) fn was_asked(&self, mark: &Mark) -> bool {
        self.doors.asked.load(Ordering::SeqCst) > mark.asked
    }

    /// Says whether a node has heard what it honestly holds, and nothing since.
    pub(crate) fn is_calm_to(&self, house: &House) -> bool {
        let digest = self.doors.vector(&Play::default()).digest();
        let heard = self.doors.heard.lock().unwrap();
        heard.get(&house.node.feed().node) == Some(&digest)
    }

    /// Asks a node for something, by which that one knows that it can be reached, and tries again.
    pub(crate) async fn knock(&self, house: &House) {
        let client = self.calls(house, 1);
        let path = "/federation/v1/vector?wait_ms=0";
        let _ = client.post(path, Vector::new().encode()).await;
    }

    /// Holds lines open until it holds others.
    pub(crate) fn hold(&self, lines: Vec<TlsStream<TcpStream>>) {
        *self.lines.lock().unwrap() = lines;
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
pub(crate) fn signed(signer: &Signer, head: &Head, words: Words<'_>) -> Entry {
    let draft = Draft {
        kind: words.kind,
        kind_version: 1,
        critical: words.critical,
        record: words.record,
        record_version: words.version,
        time: words.time,
        deps: &[],
        plain: words.plain.to_vec(),
        sealed: words.sealed,
    };
    sign(signer, head, draft).unwrap()
}

/// Returns what a node has said in feeds of some scope, from its own store.
fn said_by(house: &House, scope: impl Fn(&Scope) -> bool) -> Vec<Entry> {
    let own = house.node.feed().node;
    house.node.read_store(|reader| {
        let feeds = reader.feeds().unwrap().into_iter();
        let said = feeds.filter(|feed| feed.node == own && scope(&feed.scope));
        said.flat_map(|feed| reader.entries(&feed.id(), 1, 500).unwrap())
            .collect()
    })
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
        (0..500).map(|_| RecordKey::new(watchfire::node::random(), watchfire::node::random()));
    engine.add_spare_keys(keys);
    engine
}

/// Writes an answer to the question for a vector.
pub(crate) fn answer(vector: &[u8]) -> Vec<u8> {
    greeted("0.1.0", now().0, vector)
}

/// Writes an answer with another greeting.
pub(crate) fn greeted(version: &str, now_ms: i64, vector: &[u8]) -> Vec<u8> {
    let mut answer = json!({ "version": version, "now_ms": now_ms })
        .to_string()
        .into_bytes();
    answer.push(b'\n');
    answer.extend_from_slice(vector);
    answer
}

impl Doors {
    /// Returns how far it says that it holds feeds.
    fn vector(&self, play: &Play) -> Vector {
        let mut heads: BTreeMap<FeedId, Head> = BTreeMap::new();
        for entry in self.own.lock().unwrap().iter() {
            heads.insert(entry.header.feed, entry.head());
        }
        heads.extend(play.heads.iter().map(|head| (head.feed, *head)));
        let mut vector = Vector::new();
        for head in heads.into_values() {
            vector.insert(head).unwrap();
        }
        vector
    }
}

#[derive(serde::Deserialize)]
struct Waiting {
    after: Option<Hash>,
    wait_ms: Option<u64>,
}

async fn vector(
    State(doors): State<Arc<Doors>>,
    caller: Caller,
    Query(waiting): Query<Waiting>,
    _body: Bytes,
) -> Response {
    let mut changed = doors.changed.subscribe();
    // Who does not wait tells how far it is, and names an answer that it may have had before.
    let waits = waiting.wait_ms.is_some_and(|wait_ms| wait_ms > 0);
    if let (Caller::Peer(node), Some(after), true) = (caller, waiting.after, waits) {
        doors.heard.lock().unwrap().insert(node, after);
    }
    let until = tokio::time::Instant::now() + Duration::from_millis(waiting.wait_ms.unwrap_or(0));
    loop {
        let play = Arc::clone(&doors.play.lock().unwrap());
        let usual = doors.vector(&play);
        let said = match &play.vector {
            Some(_) => *doors.says.lock().unwrap(),
            None => Some(usual.digest()),
        };
        let known = waiting.after.is_some() && waiting.after == said;
        if known && !play.restless {
            let more = tokio::time::timeout_at(until, changed.changed()).await;
            if more.is_ok() {
                continue;
            }
        }
        let usual = Served::these(answer(&usual.encode()));
        return serve(play.vector.as_ref().unwrap_or(&usual), 0, u64::MAX, &doors);
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
    let play = Arc::clone(&doors.play.lock().unwrap());
    let own: Vec<Entry> = {
        let own = doors.own.lock().unwrap();
        let of_it = own.iter().filter(|entry| entry.header.feed == feed);
        of_it.cloned().collect()
    };
    let own = (!own.is_empty()).then_some(Served::Entries(own));
    let fault = Served::Status(500, Vec::new());
    let served = play.feeds.get(&feed).or(own.as_ref());
    let served = served.or(play.elsewhere.as_ref()).unwrap_or(&fault);
    serve(served, asked.from, asked.to, &doors)
}

async fn keys(State(doors): State<Arc<Doors>>, _body: Bytes) -> Response {
    doors.asked.fetch_add(1, Ordering::SeqCst);
    let play = Arc::clone(&doors.play.lock().unwrap());
    let none = Served::these(&b"[]"[..]);
    serve(play.keys.as_ref().unwrap_or(&none), 0, 0, &doors)
}

fn serve(served: &Served, from: u64, to: u64, doors: &Arc<Doors>) -> Response {
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
        Served::Bytes(bytes) => bytes.clone().into_response(),
        Served::Status(status, bytes) => {
            (StatusCode::from_u16(*status).unwrap(), bytes.clone()).into_response()
        }
        Served::Elsewhere(there) => (StatusCode::FOUND, [("location", *there)]).into_response(),
        Served::With(name, value, bytes) => ([(*name, *value)], bytes.clone()).into_response(),
        Served::Endless(piece) => {
            let piece = piece.clone();
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
