//! Two and three nodes that speak over protected lines on this machine: enrolled by people who compare a number, they
//! share an incident, go on when a line is cut, and agree again.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::config;
use watchfire::federation::Federation;
use watchfire_core::record::person::Seat;

use crate::house::{Answer, House};

/// A node that answers peers on a port of its own.
pub(crate) async fn joint_house(name: &str) -> House {
    let mut house = House::new().await;
    house.restart_joint(name).await;
    house
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    ports(1)
}

/// The first of so many ports in a row, 32 at most, on which nobody listens.
///
/// They lie below those that the system gives out by itself (from 32768 on Linux), which other stories take meanwhile,
/// and no two calls of a run return the same.
pub(crate) fn ports(count: u16) -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    const BLOCKS: u32 = 687;
    for _ in 0..BLOCKS {
        let own = std::process::id().wrapping_mul(37);
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let block = own.wrapping_add(u32::from(asked)) % BLOCKS;
        let first = 10_000 + 32 * u16::try_from(block).unwrap();
        let free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + count).all(free) {
            return first;
        }
    }
    panic!("no {count} ports in a row are free from 10000 to 31983");
}

pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} never came about");
}

pub(crate) async fn peers(house: &House) -> Answer {
    house
        .ask(Seat::DutyOfficer, "GET", "/peers", json!({}))
        .await
}

/// Two people enrol two nodes with each other.
pub(crate) async fn enrol(a: &House, b: &House) {
    let invited = a
        .ask(Seat::Administrator, "POST", "/peers/invitations", json!({}))
        .await;
    assert_eq!(invited.status, StatusCode::CREATED, "{invited:?}");
    let text = invited.text("/text");
    let accepted = b
        .ask(
            Seat::Administrator,
            "POST",
            "/peers/enrolments",
            json!({ "text": text }),
        )
        .await;
    assert_eq!(accepted.status, StatusCode::OK, "{accepted:?}");
    let code = async |house: &House| {
        let shown = peers(house).await;
        let code = shown.json.pointer("/enrolments/0/code").cloned();
        code.and_then(|code| code.as_str().map(str::to_owned))
    };
    until("a code on both sides", async || {
        code(a).await.is_some() && code(b).await.is_some()
    })
    .await;
    assert_eq!(code(a).await, code(b).await, "both see the same");
    for house in [a, b] {
        let shown = peers(house).await;
        let id = shown.text("/enrolments/0/id");
        let word = json!({ "do": "confirm", "code": shown.text("/enrolments/0/code") });
        let path = format!("/peers/enrolments/{id}");
        let said = house.ask(Seat::Administrator, "POST", &path, word).await;
        assert_eq!(said.status, StatusCode::OK, "{said:?}");
    }
    let up = async |house: &House, of: &House| {
        let node = of.node.feed().node.to_string();
        let shown = peers(house).await;
        let all = shown.json["peers"].as_array().cloned().unwrap_or_default();
        all.iter()
            .any(|peer| peer["node"] == node.as_str() && peer["line"]["state"] == "up")
    };
    until("a line both ways", async || {
        up(a, b).await && up(b, a).await
    })
    .await;
}

async fn step(house: &House, seat: Seat, operation: &str, body: Value) -> Answer {
    let path = format!("/operations/{operation}/steps");
    house.ask(seat, "POST", &path, body).await
}

pub(crate) async fn done(house: &House, operation: &str, body: Value) -> Answer {
    let said = body.to_string();
    let answer = step(house, Seat::DutyOfficer, operation, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{said}: {answer:?}");
    answer
}

pub(crate) async fn raise(house: &House) -> String {
    let body = json!({ "name": "parcel", "purpose": "stop a parcel", "legal_basis": "art. 54",
        "handling": "police_use", "exercise": true });
    let raised = house
        .ask(Seat::DutyOfficer, "POST", "/operations", body)
        .await;
    assert_eq!(raised.status, StatusCode::CREATED, "{raised:?}");
    raised.text("/id")
}

pub(crate) async fn operation(house: &House, id: &str) -> Answer {
    let path = format!("/operations/{id}");
    house.ask(Seat::Dispatcher, "GET", &path, json!({})).await
}

/// Calls a node in and lets it join.
pub(crate) async fn bring_in(lead: &House, operation_id: &str, other: &House) {
    let node = other.node.feed().node.to_string();
    done(
        lead,
        operation_id,
        json!({ "do": "invite", "node": node, "role": "helps" }),
    )
    .await;
    until("an invitation", async || {
        operation(other, operation_id).await.json["own"]["invited"] == true
    })
    .await;
    done(other, operation_id, json!({ "do": "join" })).await;
    until("a member", async || {
        let shown = operation(lead, operation_id).await;
        let members = shown.json["members"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        members
            .iter()
            .any(|member| member["node"] == node.as_str() && member["status"] == "member")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_agencies_enrol_share_an_incident_and_see_how_far_it_has_come() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;

    let (_, incident) = a.incident().await;
    let note = json!({ "text": "the parcel is 42" });
    let path = format!("/incidents/{incident}/notes");
    a.ask(Seat::Dispatcher, "POST", &path, note).await;
    let record = format!("incident:{incident}");
    let share = json!({ "do": "share", "record": record, "assist": true, "with_response": true });
    done(&a, &joint, share).await;
    until("the incident at b", async || {
        let shown = operation(&b, &joint).await;
        shown.json["incidents"][0]["notes"][0]["text"] == "the parcel is 42"
    })
    .await;
    until("b's node has it", async || {
        let shown = operation(&a, &joint).await;
        shown.json["incidents"][0]["delivery"][0]["at_node"] == true
    })
    .await;
    let a_node = a.node.feed().node.to_string();
    let sign = json!({ "do": "sign", "node": a_node, "record": record });
    done(&b, &joint, sign).await;
    until("a person at b has signed", async || {
        let shown = operation(&a, &joint).await;
        shown.json["incidents"][0]["delivery"][0]["signed_at"].is_string()
    })
    .await;

    // b opens one of its own for it and sends its unit; a sees the unit on its way.
    let body = json!({ "node": a_node, "incident": incident });
    let own = b
        .ask(Seat::Dispatcher, "POST", "/incidents/paired", body)
        .await;
    assert_eq!(own.status, StatusCode::CREATED, "{own:?}");
    let own = own.text("/id");
    let share =
        json!({ "do": "share", "record": format!("incident:{own}"), "with_response": true });
    done(&b, &joint, share).await;
    let path = format!("/incidents/{own}/assignments");
    let send = json!({ "units": [b.own_unit] });
    let sent = b.ask(Seat::Dispatcher, "POST", &path, send).await;
    assert!(sent.status.is_success(), "{sent:?}");
    until("b's unit on a's screen", async || {
        let shown = operation(&a, &joint).await;
        let incidents = shown.json["incidents"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        incidents
            .iter()
            .any(|one| one["own"] == false && one["response"][0]["callsign"] == "E1")
    })
    .await;
    // When did they know? The board of a moment before has nothing of theirs.
    let before =
        watchfire::api::view::time(watchfire_core::basis::Timestamp(a.node.now().0 - 60_000));
    let past = |at: &str| format!("/past/board?at={at}");
    let was = b.ask(Seat::Analyst, "GET", &past(&before), json!({})).await;
    let none = was.json["operations"].as_array().is_none_or(Vec::is_empty);
    assert!(none, "{was:?}");
    let now = watchfire::api::view::time(b.node.now());
    let was = b.ask(Seat::Dispatcher, "GET", &past(&now), json!({})).await;
    let then = &was.json["operations"][0]["incidents"][0]["notes"][0]["text"];
    assert_eq!(then, "the parcel is 42", "{was:?}");
    // What nobody shared is nowhere.
    let shown = operation(&b, &joint).await;
    assert_eq!(
        shown.json["units"].as_array().unwrap().len(),
        1,
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cut_stops_nobody_and_what_happened_meanwhile_is_told_once() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let (_, incident) = a.incident().await;
    let record = format!("incident:{incident}");
    done(&a, &joint, json!({ "do": "share", "record": record })).await;
    until("the incident at b", async || {
        operation(&b, &joint).await.json["incidents"][0]["own"] == false
    })
    .await;
    let port = b.stop_joint().await;
    until("a knows that b cannot be reached", async || {
        operation(&a, &joint).await.json["members"][1]["line"]["state"] == "cut"
    })
    .await;
    let path = format!("/incidents/{incident}/notes");
    for at in 0..20 {
        let note = json!({ "text": format!("meanwhile {at}") });
        let written = a.ask(Seat::Dispatcher, "POST", &path, note).await;
        assert!(written.status.is_success(), "a goes on: {written:?}");
    }
    let shown = operation(&a, &joint).await;
    assert_eq!(
        shown.json["incidents"][0]["delivery"][0]["at_node"], false,
        "{shown:?}"
    );
    b.start_joint(port).await;
    until("b has all of it", async || {
        let shown = operation(&b, &joint).await;
        shown.json["incidents"][0]["notes"]
            .as_array()
            .is_some_and(|notes| notes.len() == 20)
    })
    .await;
    until("a sees that it arrived", async || {
        let shown = operation(&a, &joint).await;
        shown.json["incidents"][0]["delivery"][0]["at_node"] == true
            && shown.json["members"][1]["line"]["state"] == "up"
            && shown.json["members"][1]["healed"]["cut_at"].is_string()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_peer_that_is_shut_out_is_cut_at_once() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let id = peers(&a).await.text("/peers/0/id");
    let path = format!("/peers/{id}/steps");
    let out = json!({ "do": "shut_out", "reason": "stolen" });
    let said = a.ask(Seat::Administrator, "POST", &path, out).await;
    assert_eq!(said.status, StatusCode::OK, "{said:?}");
    let (_, incident) = a.incident().await;
    let record = format!("incident:{incident}");
    done(&a, &joint, json!({ "do": "share", "record": record })).await;
    until("b cannot reach a", async || {
        peers(&b).await.json["peers"][0]["line"]["state"] == "cut"
    })
    .await;
    let shown = operation(&b, &joint).await;
    assert_eq!(
        shown.json["incidents"].as_array().unwrap().len(),
        0,
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_erased_at_home_is_erased_wherever_it_was_told_and_its_home_knows() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let (_, incident) = a.incident().await;
    let path = format!("/incidents/{incident}");
    let note = json!({ "text": "the name of a child" });
    a.ask(Seat::Dispatcher, "POST", &format!("{path}/notes"), note)
        .await;
    done(
        &a,
        &joint,
        json!({ "do": "share", "record": format!("incident:{incident}") }),
    )
    .await;
    let text_at_b = async |b: &House| {
        let shown = operation(b, &joint).await;
        shown.json["incidents"][0]["notes"][0]["text"].clone()
    };
    until("the note at b", async || {
        text_at_b(&b).await == "the name of a child"
    })
    .await;

    let erase = format!("{path}/erasure");
    let reason = json!({ "reason": "no longer needed" });
    let early = a
        .ask(Seat::DutyOfficer, "POST", &erase, reason.clone())
        .await;
    assert_eq!(early.problem(), "wrong_state", "not while it goes on");
    let close = json!({ "disposition": "done" });
    a.ask(Seat::Dispatcher, "POST", &format!("{path}/close"), close)
        .await;
    let erased = a.ask(Seat::DutyOfficer, "POST", &erase, reason).await;
    assert_eq!(erased.status, StatusCode::OK, "{erased:?}");
    until("b has erased it, too, and a knows", async || {
        let shown = operation(&a, &joint).await;
        shown.json["incidents"][0]["delivery"][0]["erased_at"].is_string()
    })
    .await;
    assert_eq!(text_at_b(&b).await, Value::Null);
    let port = b.stop_joint().await;
    b.start_joint(port).await;
    assert_eq!(text_at_b(&b).await, Value::Null, "nor does it come back");
    let more = json!({ "text": "and more" });
    let more = a
        .ask(Seat::Dispatcher, "POST", &format!("{path}/notes"), more)
        .await;
    assert_eq!(more.problem(), "wrong_state");
}

impl House {
    /// Starts the node again with a port for peers, which others are told.
    pub(crate) async fn restart_joint(&mut self, name: &str) {
        let _ = name;
        self.start_joint(free_port()).await;
    }

    /// Starts the node again with this port for peers.
    pub(crate) async fn start_joint(&mut self, port: u16) {
        let dir = self.dir.path().join("node");
        let settings = config::Federation {
            listen: Some(([127, 0, 0, 1], port).into()),
            addresses: vec![format!("127.0.0.1:{port}")],
        };
        self.restart_after(|dir| {
            let mut store = watchfire_store::Store::open(dir).unwrap();
            let now = watchfire::clock::Clock::Real.now();
            let addresses = &settings.addresses;
            watchfire::federation::identity::ensure(&mut store, dir, addresses, now).unwrap();
        })
        .await;
        Federation::start(&self.node, &dir, &settings).unwrap();
    }

    /// Stops the node's line to others, as a pulled cable does; returns its port.
    pub(crate) async fn stop_joint(&mut self) -> u16 {
        let port = self.node.federation().address().unwrap().port();
        self.restart_after(|_| ()).await;
        port
    }
}
