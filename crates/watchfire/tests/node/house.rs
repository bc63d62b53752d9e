//! A node in a directory of its own, with one person in each seat, a station, two units and a call.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use watchfire::api::{App, router};
use watchfire::auth::{CODE_S, CodeAbout, Limits, Secret};
use watchfire::clock::Clock;
use watchfire::desk::{Desk as _, DirectDesk};
use watchfire::node::{self, Health, Node, Settings};
use watchfire::policy::Authorized;
use watchfire::travel::Travel;
use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::duplicate::DuplicateRules;
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::Action;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::timer::TimerRules;
use watchfire_roads::StraightLine;
use watchfire_store::{Code, Store, Token};

/// What the caller of the call says, which only some may read.
pub(crate) const SAID: &str = "my neighbour Wu at number nine does not answer";

pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) router: Router,
    thread: Option<JoinHandle<Health>>,
    people: BTreeMap<Seat, PersonId>,
    tokens: BTreeMap<Seat, String>,
    asked: AtomicU64,
    /// The unit of the person in the seat of a crew.
    pub(crate) own_unit: String,
    /// Another.
    pub(crate) other_unit: String,
    pub(crate) dir: TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// Returns the value at a path such as `/calls/0/id`, as text.
    pub(crate) fn text(&self, path: &str) -> String {
        let found = self.json.pointer(path).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("no text at {path} in {self:?}"))
            .to_owned()
    }

    /// Returns the code of a problem, after seeing that it is one as RFC 9457 wants it.
    pub(crate) fn problem(&self) -> String {
        let kind = self.headers.get(header::CONTENT_TYPE);
        assert_eq!(kind.unwrap(), "application/problem+json", "{self:?}");
        assert_eq!(self.json["status"], self.status.as_u16(), "{self:?}");
        for words in [
            "/title",
            "/detail",
            "/what/en",
            "/what/zh",
            "/next_step/en",
            "/next_step/zh",
        ] {
            assert!(!self.text(words).is_empty(), "{words} of {self:?}");
        }
        let code = self.text("/code");
        assert_eq!(self.text("/type"), format!("/problems/{code}"));
        code
    }

    pub(crate) fn etag(&self) -> String {
        let etag = self.headers.get(header::ETAG);
        etag.expect("a record has its version")
            .to_str()
            .unwrap()
            .to_owned()
    }
}

impl House {
    /// Makes the node and starts it.
    pub(crate) async fn new() -> House {
        House::made_at(Clock::Real.now()).await
    }

    /// Makes the node when the clock said `at`, whatever it says now.
    pub(crate) async fn made_at(at: Timestamp) -> House {
        House::made(at, plain_travel(), ResponseFile::default()).await
    }

    /// Makes the node with a map of its own.
    pub(crate) async fn with_travel(travel: Travel) -> House {
        House::made(Clock::Real.now(), travel, ResponseFile::default()).await
    }

    /// Makes the node with the response file of the demo city.
    pub(crate) async fn of_the_demo_city() -> House {
        let text = include_str!("../../../../examples/demo-city/response.toml");
        let response = ResponseFile::parse(text).unwrap();
        House::made(Clock::Real.now(), plain_travel(), response).await
    }

    /// Makes the node with a response file of its own.
    pub(crate) async fn with_response(text: &str) -> House {
        let response = ResponseFile::parse(text).unwrap();
        House::made(Clock::Real.now(), plain_travel(), response).await
    }

    async fn made(at: Timestamp, travel_of_node: Travel, response: ResponseFile) -> House {
        let dir = TempDir::new().unwrap();
        node::create(&dir.path().join("node"), "A house", node::random(), at).unwrap();
        House::in_dir(dir, travel_of_node, response).await
    }

    /// Makes a node for an exercise, which peers would reach at a port of this machine.
    pub(crate) async fn of_exercise(name: &str, port: u16) -> House {
        let dir = TempDir::new().unwrap();
        let founding = node::Founding {
            name: "A house",
            addresses: &[format!("127.0.0.1:{port}")],
            now: Clock::Real.now(),
            exercise: Some(name),
        };
        node::found(&dir.path().join("node"), &founding).unwrap();
        House::in_dir(dir, plain_travel(), ResponseFile::default()).await
    }

    async fn in_dir(dir: TempDir, travel_of_node: Travel, response: ResponseFile) -> House {
        let path = dir.path().join("node");
        let mut store = Store::open(&path).unwrap();
        let response = Arc::new(response);
        let now = Clock::Real.now();
        let entropy = Entropy::new(node::random());
        let (engine, _) = node::load(&mut store, now, Arc::clone(&response), entropy).unwrap();
        let travel = Travel::new(None, StraightLine::default(), 100);
        let mut desk = DirectDesk::new(engine, store, travel, Arc::clone(&response));
        let people = enrol_everybody(&mut desk);
        let mut store = desk.into_store().unwrap();
        let mut tokens = BTreeMap::new();
        for (seat, person) in &people {
            let secret = Secret::token();
            let (person, seat) = (*person, *seat);
            let label = "test".to_owned();
            let created_at = Clock::Real.now();
            let row = Token {
                hash: secret.hash,
                person,
                label,
                seat,
                created_at,
            };
            store.add_token(&row).unwrap();
            tokens.insert(seat, secret.text);
        }
        let (node, thread) = start(store, response, KEPT_S, travel_of_node);
        let mut house = House {
            router: router_of(&node),
            node,
            thread: Some(thread),
            people,
            tokens,
            asked: AtomicU64::new(0),
            own_unit: String::new(),
            other_unit: String::new(),
            dir,
        };
        house.own_unit = house.enter_unit("E1").await;
        house.other_unit = house.enter_unit("E2").await;
        house.give_the_crew_its_unit().await;
        house
    }

    /// Stops the node and starts it again over the same directory, keeping nothing in memory that has ended.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(plain_travel()).await;
    }

    /// Does the same with a map of its own.
    pub(crate) async fn restart_with(&mut self, travel: Travel) {
        self.node.stop();
        self.thread.take().unwrap().join().unwrap();
        let store = Store::open(&self.dir.path().join("node")).unwrap();
        let (node, thread) = start(store, Arc::new(ResponseFile::default()), 0, travel);
        self.router = router_of(&node);
        self.node = node;
        self.thread = Some(thread);
    }

    /// Stops the node, does something to its directory, and starts it again as it was.
    pub(crate) async fn restart_after(&mut self, work: impl FnOnce(&std::path::Path)) {
        self.node.federation().end();
        self.node.stop();
        self.thread.take().unwrap().join().unwrap();
        let dir = self.dir.path().join("node");
        work(&dir);
        let store = Store::open(&dir).unwrap();
        let response = Arc::new(ResponseFile::default());
        let (node, thread) = start(store, response, KEPT_S, plain_travel());
        self.router = router_of(&node);
        self.node = node;
        self.thread = Some(thread);
    }

    /// Stops the node, and starts it some hours later by its own clock, with everything that it had in memory.
    pub(crate) async fn restart_hours_later(&mut self, hours: u32) {
        self.node.stop();
        self.thread.take().unwrap().join().unwrap();
        let store = Store::open(&self.dir.path().join("node")).unwrap();
        let clock = Clock::Replay {
            from: Clock::Real.now().plus_s(hours * 3_600),
            began: std::time::Instant::now(),
            speed: 1,
        };
        let response = Arc::new(ResponseFile::default());
        let (node, thread) = start_by(clock, store, response, KEPT_S, plain_travel());
        self.router = router_of(&node);
        self.node = node;
        self.thread = Some(thread);
    }

    async fn enter_unit(&self, callsign: &str) -> String {
        let post = json!({ "lat": 30.0, "lon": 120.58 });
        let body = json!({ "callsign": callsign, "kind": "engine", "post": post });
        let made = self.ask(Seat::DutyOfficer, "POST", "/units", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let unit = made.text("/id");
        let on = format!("/units/{unit}/available");
        let on = self.ask(Seat::Dispatcher, "POST", &on, json!({})).await;
        assert_eq!(on.status, StatusCode::OK, "{on:?}");
        unit
    }

    async fn give_the_crew_its_unit(&self) {
        let crew = self.people[&Seat::Crew];
        let body = json!({ "login": "crew", "name": "crew", "seats": ["crew"], "unit": self.own_unit, "program": true });
        let path = format!("/people/{crew}");
        let done = self.ask(Seat::Administrator, "PUT", &path, body).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    }

    /// Takes a call and opens an incident from it; returns both ids.
    pub(crate) async fn incident(&self) -> (String, String) {
        let call = self.call().await;
        let made = self
            .ask(
                Seat::Dispatcher,
                "POST",
                "/incidents",
                json!({ "call": call }),
            )
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        (call, made.text("/id"))
    }

    pub(crate) async fn call(&self) -> String {
        let taken = self
            .ask(Seat::CallTaker, "POST", "/calls", call_body())
            .await;
        assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
        taken.text("/id")
    }

    /// Asks from a seat, with a fresh key.
    pub(crate) async fn ask(&self, seat: Seat, method: &str, path: &str, body: Value) -> Answer {
        let key = format!("test {}", self.asked.fetch_add(1, Ordering::Relaxed));
        self.ask_with(seat, method, path, body, &[("idempotency-key", &key)])
            .await
    }

    /// Asks from a seat with these headers.
    pub(crate) async fn ask_with(
        &self,
        seat: Seat,
        method: &str,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let bearer = format!("Bearer {}", self.tokens[&seat]);
        let mut all = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        self.send(method, path, body.to_string(), &all).await
    }

    /// Sends a request to the API as it is.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Answer {
        answered(self.raw(method, &api(path), body, headers).await).await
    }

    /// Sends a request and returns the answer with its body unread, as a stream has one.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> axum::response::Response {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let from = SocketAddr::from(([192, 0, 2, 7], 40_000));
        let request = request
            .extension(ConnectInfo(from))
            .body(Body::from(body))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Returns the token of a seat.
    pub(crate) fn token(&self, seat: Seat) -> &str {
        &self.tokens[&seat]
    }

    /// Returns the id of whoever holds a seat.
    pub(crate) fn person(&self, seat: Seat) -> String {
        self.people[&seat].to_string()
    }

    /// Makes a one-time code, for somebody or for the first administrator.
    pub(crate) async fn code(&self, person: Option<PersonId>) -> String {
        let secret = Secret::code();
        let expires_at = Clock::Real.now().plus_s(CODE_S);
        let about = CodeAbout { person }.to_json();
        let row = Code {
            hash: secret.hash,
            about,
            expires_at,
        };
        self.node
            .on_store(move |store| store.add_code(&row))
            .await
            .unwrap()
            .unwrap();
        secret.text
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.node.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Returns the whole path of an address of the API.
pub(crate) fn api(path: &str) -> String {
    format!("/api/v1{path}")
}

pub(crate) fn call_body() -> Value {
    json!({
        "place": { "lat": 30.001, "lon": 120.581, "address": "Fushan Street 9" },
        "category": "fire", "priority": 2, "caller": "Wu Min", "callback": "555 0199", "said": SAID,
    })
}

fn enrol_everybody(desk: &mut DirectDesk) -> BTreeMap<Seat, PersonId> {
    let mut people = BTreeMap::new();
    for seat in Seat::ALL {
        let details = PersonDetails {
            name: seat.as_str().parse().unwrap(),
            seats: [seat].into(),
            unit: None,
            program: true,
        };
        let login = seat.as_str().parse().unwrap();
        let action = Action::Person(PersonAction::Enrol { login, details });
        let key = format!("enrol {}", seat.as_str());
        let done = desk.act(Clock::Real.now(), Authorized::by_the_node(action), key);
        let outcome = done.unwrap().unwrap();
        people.insert(seat, PersonId(outcome.records[0].0.id));
    }
    people
}

fn plain_travel() -> Travel {
    Travel::new(None, StraightLine::default(), 100)
}

/// Longer than any story claims back: nothing leaves memory but by [`House::restart`].
const KEPT_S: u64 = 500 * 24 * 3_600;

fn start(
    store: Store,
    response: Arc<ResponseFile>,
    keep_ended_s: u64,
    travel: Travel,
) -> (Node, JoinHandle<Health>) {
    start_by(Clock::Real, store, response, keep_ended_s, travel)
}

fn start_by(
    clock: Clock,
    store: Store,
    response: Arc<ResponseFile>,
    keep_ended_s: u64,
    travel: Travel,
) -> (Node, JoinHandle<Health>) {
    let settings = Settings {
        name: "A house".to_owned(),
        zone: None,
        clock,
        travel,
        timers: TimerRules::default(),
        duplicates: DuplicateRules::default(),
        targets: Default::default(),
        cover: Default::default(),
        keep_ended_s,
        keep_trail_s: 3_600,
        keep_draft_s: 24 * 3_600,
        keep_made_s: 24 * 3_600,
        simulated: None,
        demo: false,
    };
    Node::start(store, settings, response, Entropy::new(node::random())).unwrap()
}

fn router_of(node: &Node) -> Router {
    router(App {
        node: node.clone(),
        limits: Arc::new(Limits::default()),
        demo_visitor: None,
    })
}

async fn answered(response: axum::response::Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status: parts.status,
        headers: parts.headers,
        json,
    }
}
