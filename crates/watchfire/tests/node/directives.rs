//! Directives over HTTP: issued, answered by a crew and by another agency, verified by somebody else, seen when they are
//! overdue; and that only those whom one is for read its text.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use watchfire_core::limits;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House, api};
use super::joint::{bring_in, done, enrol, joint_house, operation, raise, until};

async fn ask(house: &House, seat: Seat, method: &str, path: &str, body: Value) -> Answer {
    house.ask(seat, method, path, body).await
}

async fn issue(house: &House, to: Value, more: Value) -> Answer {
    let mut body = json!({ "kind": "task", "priority": 1, "subject": "Close the east gate",
        "text": "Nobody in until the fire is out", "to": to });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    ask(house, Seat::DutyOfficer, "POST", "/directives", body).await
}

async fn step(house: &House, seat: Seat, id: &str, body: Value) -> Answer {
    let path = format!("/directives/{id}/steps");
    ask(house, seat, "POST", &path, body).await
}

#[tokio::test]
async fn a_directive_goes_to_a_crew_and_comes_back_verified() {
    let house = House::new().await;
    let to = json!([{ "is": "unit", "id": house.own_unit }, { "is": "seat", "id": "call_taker" }]);
    let (_, incident) = house.incident().await;
    let related = json!([format!("incident:{incident}")]);
    let issued = issue(&house, to, json!({ "related": related })).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
    let id = issued.text("/id");
    assert_eq!(issued.text("/status"), "open");
    assert_eq!(issued.text("/related/0/label/zh"), "警情 1");

    // The crew reads its text on its own page, and nobody else's text on the board.
    let own = ask(&house, Seat::Crew, "GET", "/directives/own", json!(null)).await;
    assert_eq!(own.text("/0/text"), "Nobody in until the fire is out");
    let board = ask(&house, Seat::Analyst, "GET", "/board", json!(null)).await;
    let told = &board.json["records"][0];
    assert_eq!(told["kind"], "directive");
    assert_eq!(told["record"]["text"], Value::Null);
    let analyst = ask(&house, Seat::Analyst, "GET", "/directives/own", json!(null)).await;
    assert_eq!(analyst.json, json!([]));

    for name in ["delivered", "shown", "signed", "acting"] {
        let body = json!({ "do": "advance", "item": 0, "step": name });
        let taken = step(&house, Seat::Crew, &id, body).await;
        assert_eq!(taken.status, StatusCode::OK, "{name}: {taken:?}");
    }
    let foreign = json!({ "do": "advance", "item": 1, "step": "signed" });
    let denied = step(&house, Seat::Crew, &id, foreign.clone()).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let signed = step(&house, Seat::CallTaker, &id, foreign).await;
    assert_eq!(signed.status, StatusCode::OK, "{signed:?}");

    let empty = json!({ "do": "advance", "item": 0, "step": "reported" });
    assert_eq!(
        step(&house, Seat::Crew, &id, empty).await.problem(),
        "missing"
    );
    let report = json!({ "do": "advance", "item": 0, "step": "reported", "text": "It is closed" });
    let reported = step(&house, Seat::Crew, &id, report).await;
    assert_eq!(reported.text("/items/0/reports/0/text"), "It is closed");
    let verify = json!({ "do": "verify", "item": 0 });
    let by_crew = step(&house, Seat::Crew, &id, verify.clone()).await;
    assert_eq!(by_crew.status, StatusCode::FORBIDDEN);
    let verified = step(&house, Seat::DutyOfficer, &id, verify).await;
    assert_eq!(verified.text("/items/0/status"), "done");

    let whole = json!({ "do": "close" });
    let refused = step(&house, Seat::DutyOfficer, &id, whole).await;
    assert_eq!(refused.problem(), "wrong_state");
    let in_part = json!({ "do": "close", "in_part": "The desk was told by hand" });
    let closed = step(&house, Seat::DutyOfficer, &id, in_part).await;
    assert_eq!(closed.text("/status"), "closed_in_part");
    assert_eq!(closed.text("/ending"), "The desk was told by hand");

    let path = "/directives/bins?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let bins = ask(&house, Seat::DutyOfficer, "GET", path, json!(null)).await;
    assert_eq!(bins.json["items"], 2, "{bins:?}");
    assert_eq!(
        bins.json["steps"][0]["within"][0],
        json!({ "seconds": 30, "count": 2 })
    );
    assert_eq!(bins.json["steps"][2]["asked"], 2);
}

#[tokio::test]
async fn a_draft_of_the_analysts_is_issued_by_the_duty_officer() {
    let house = House::new().await;
    let body = json!({ "kind": "notice", "priority": 3, "subject": "Fog on the ring road", "draft": true,
        "to": [{ "is": "seat", "id": "dispatcher" }] });
    let drafted = ask(&house, Seat::Analyst, "POST", "/directives", body.clone()).await;
    assert_eq!(drafted.text("/status"), "draft", "{drafted:?}");
    let id = drafted.text("/id");
    let mut at_once = body.clone();
    at_once["draft"] = json!(false);
    let denied = ask(&house, Seat::Analyst, "POST", "/directives", at_once).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let denied = step(&house, Seat::Analyst, &id, json!({ "do": "issue" })).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    // Whoever may not read its text changes the rest of it, and loses nothing.
    let path = format!("/directives/{id}");
    let mut with = body.clone();
    for (seat, text, then) in [
        (
            Seat::DutyOfficer,
            json!("Lamps on, half the speed"),
            json!("Lamps on, half the speed"),
        ),
        (
            Seat::Analyst,
            json!(null),
            json!("Lamps on, half the speed"),
        ),
        (Seat::DutyOfficer, json!(""), json!(null)),
    ] {
        with["text"] = text;
        let changed = ask(&house, seat, "PUT", &path, with.clone()).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        let shown = ask(&house, Seat::DutyOfficer, "GET", &path, json!(null)).await;
        assert_eq!(shown.json["text"], then);
    }
    let issued = step(&house, Seat::DutyOfficer, &id, json!({ "do": "issue" })).await;
    assert_eq!(issued.text("/status"), "open");
    let late = ask(
        &house,
        Seat::Analyst,
        "PUT",
        &format!("/directives/{id}"),
        body,
    )
    .await;
    assert_eq!(late.problem(), "wrong_state");
    let kinds = ask(
        &house,
        Seat::Analyst,
        "GET",
        "/directives/kinds",
        json!(null),
    )
    .await;
    assert_eq!(kinds.json["kinds"].as_array().map(Vec::len), Some(3));
    let signed = json!({ "do": "advance", "item": 0, "step": "signed" });
    let signed = step(&house, Seat::Dispatcher, &id, signed).await;
    assert_eq!(signed.text("/status"), "closed", "{signed:?}");
}

/// A picture as large as one may be, told by its first bytes.
fn picture() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff];
    bytes.extend((0..limits::ATTACHMENT_BYTES_MAX - 3).map(|at| (at * 31 % 251) as u8));
    bytes
}

async fn attach(house: &House, seat: Seat, id: &str, file: &[u8], item: Value) -> Answer {
    let body = json!({ "label": "Plan of the yard", "data": BASE64.encode(file), "item": item });
    let path = format!("/directives/{id}/attachments");
    ask(house, seat, "POST", &path, body).await
}

/// Fetches a file; returns the status, its headers in one text and its bytes.
async fn fetch(house: &House, seat: Seat, path: &str) -> (StatusCode, String, Vec<u8>) {
    let bearer = format!("Bearer {}", house.token(seat));
    let headers = [("authorization", bearer.as_str())];
    let answer = house.raw("GET", &api(path), String::new(), &headers).await;
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 2_000_000).await.unwrap();
    (parts.status, format!("{:?}", parts.headers), bytes.to_vec())
}

#[tokio::test]
async fn files_come_out_as_they_went_in_to_those_who_may_read_the_directive() {
    let mut house = House::new().await;
    let to = json!([{ "is": "unit", "id": house.own_unit }, { "is": "seat", "id": "call_taker" }]);
    let id = issue(&house, to, json!({})).await.text("/id");
    let picture = picture();
    let added = attach(&house, Seat::DutyOfficer, &id, &picture, json!(null)).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    assert_eq!(added.json["attachments"][0]["media"], "image/jpeg");
    assert_eq!(
        added.json["attachments"][0]["bytes"],
        limits::ATTACHMENT_BYTES_MAX
    );
    let mut over = picture.clone();
    over.push(0);
    let refused = attach(&house, Seat::DutyOfficer, &id, &over, json!(null)).await;
    assert_eq!(refused.problem(), "limit");
    let page = b"<html>\x00<script>";
    let refused = attach(&house, Seat::DutyOfficer, &id, page, json!(null)).await;
    assert_eq!(refused.problem(), "missing", "no picture, paper or text");
    let body = json!({ "label": "Plan", "data": "%%%%" });
    let path = format!("/directives/{id}/attachments");
    let refused = ask(&house, Seat::DutyOfficer, "POST", &path, body).await;
    assert_eq!(refused.problem(), "unreadable");

    // A crew proves what it did, for itself and for nobody else.
    let proof = attach(&house, Seat::Crew, &id, b"locked at ten", json!(0)).await;
    assert_eq!(proof.status, StatusCode::OK, "{proof:?}");
    for item in [json!(1), json!(null)] {
        let denied = attach(&house, Seat::Crew, &id, b"another", item).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN);
    }
    // It outlives a restart, under another key.
    house.restart().await;
    let later = attach(
        &house,
        Seat::DutyOfficer,
        &id,
        b"the key hangs left",
        json!(null),
    )
    .await;
    assert_eq!(later.status, StatusCode::OK, "{later:?}");

    let first = format!("{path}/1");
    for seat in [Seat::DutyOfficer, Seat::Crew, Seat::CallTaker] {
        let (status, headers, bytes) = fetch(&house, seat, &first).await;
        assert_eq!(status, StatusCode::OK, "{seat:?}");
        assert!(bytes == picture, "{seat:?}");
        for wanted in ["attachment; filename", "nosniff", "sandbox", "no-store"] {
            assert!(headers.contains(wanted), "{wanted}: {headers}");
        }
    }
    let (_, headers, bytes) = fetch(&house, Seat::DutyOfficer, &format!("{path}/3")).await;
    assert_eq!(bytes, b"the key hangs left");
    assert!(headers.contains("text/plain"), "{headers}");
    let (status, ..) = fetch(&house, Seat::Analyst, &first).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "it is not for the analyst");
    for number in ["0", "4"] {
        let (status, ..) = fetch(&house, Seat::DutyOfficer, &format!("{path}/{number}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{number}");
    }
}

/// Returns the directive as one node's operation shows it.
async fn seen(house: &House, operation_id: &str) -> Value {
    let shown = operation(house, operation_id).await;
    shown.json["directives"][0].clone()
}

/// A file that B attaches to what it answers is A's to see, as proof of B's item.
async fn proves_its_answer(a: &House, b: &House, operation_id: &str, id: &str) {
    let [home, theirs] = [a, b].map(|house| house.node.feed().node.to_string());
    let path = format!("/directives/{id}/attachments");
    let with = |data: &[u8], item: Value| json!({ "label": "East gate", "data": BASE64.encode(data), "node": home, "item": item });
    let shut = with(b"shut at ten", json!(null));
    let denied = ask(b, Seat::Crew, "POST", &path, shut.clone()).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{denied:?}");
    for wrong in [
        with(b"shut at ten", json!(0)),
        json!({ "label": "East gate", "data": BASE64.encode("x"), "node": "nobody" }),
    ] {
        let refused = ask(b, Seat::DutyOfficer, "POST", &path, wrong).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{refused:?}");
    }
    let proof = picture();
    for body in [shut.clone(), with(&proof, json!(null))] {
        let added = ask(b, Seat::DutyOfficer, "POST", &path, body).await;
        assert_eq!(added.status, StatusCode::OK, "{added:?}");
    }
    let again = ask(b, Seat::DutyOfficer, "POST", &path, shut).await;
    assert_eq!(again.text("/code"), "wrong_state", "it is there already");
    let wanted = format!("{path}/2?answer_of={theirs}");
    until("the whole proof at home", async || {
        let (status, _, bytes) = fetch(a, Seat::DutyOfficer, &wanted).await;
        status == StatusCode::OK && bytes == proof
    })
    .await;
    let (status, _, bytes) = fetch(b, Seat::DutyOfficer, &format!("{wanted}&node={home}")).await;
    assert_eq!((status, bytes), (StatusCode::OK, proof));
    for house in [a, b] {
        let files = seen(house, operation_id).await["attachments"].clone();
        assert_eq!(files[0]["answer_of"], json!(null), "the issuer's own");
        assert_eq!(files[2]["answer_of"], theirs);
        assert_eq!(
            (&files[2]["number"], &files[2]["item"]),
            (&json!(2), &json!(0))
        );
        let missing = format!("{path}/3?answer_of={theirs}&node={home}");
        let (status, ..) = fetch(house, Seat::DutyOfficer, &missing).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

/// What the issuer adds makes another version of it, and nobody signs for that in the place of who signed first.
async fn first_signature_stays(a: &House, b: &House, operation_id: &str, id: &str) {
    let signed = seen(b, operation_id).await["items"][0]["signed"].clone();
    let added = attach(a, Seat::DutyOfficer, id, b"the west gate, too", json!(null)).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    until("the second file at the other node", async || {
        let files = seen(b, operation_id).await["attachments"].clone();
        files.as_array().is_some_and(|files| files.len() == 4)
    })
    .await;
    let node = a.node.feed().node.to_string();
    let path = format!("/operations/{operation_id}/steps");
    let again = json!({ "do": "sign", "node": node, "record": format!("directive:{id}") });
    let refused = ask(b, Seat::DutyOfficer, "POST", &path, again).await;
    assert_eq!(refused.problem(), "wrong_state", "{refused:?}");
    assert_eq!(seen(b, operation_id).await["items"][0]["signed"], signed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_agency_signs_for_a_directive_acts_reports_and_is_told_to_do_it_again() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let operation_id = raise(&a).await;
    bring_in(&a, &operation_id, &b).await;
    let more = json!({ "operation": operation_id });
    let issued = issue(&a, json!([{ "is": "everyone" }]), more).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
    let id = issued.text("/id");
    until("it at the other node", async || {
        seen(&b, &operation_id).await["text"] == "Nobody in until the fire is out"
    })
    .await;
    until("its issuer knows that it is there", async || {
        seen(&a, &operation_id).await["items"][0]["status"] == "delivered"
    })
    .await;
    let node = a.node.feed().node.to_string();
    let added = attach(&a, Seat::DutyOfficer, &id, &picture(), json!(null)).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    let file = format!("/directives/{id}/attachments/1?node={node}");
    until("the whole file at the other node", async || {
        let (status, _, bytes) = fetch(&b, Seat::DutyOfficer, &file).await;
        status == StatusCode::OK && bytes == picture()
    })
    .await;
    let record = format!("directive:{id}");
    for name in ["show", "sign"] {
        let body = json!({ "do": name, "node": node, "record": record });
        done(&b, &operation_id, body).await;
    }
    let advance = |reported: bool, text: Option<&str>| json!({ "do": "advance_directive", "node": node, "directive": id, "reported": reported, "text": text });
    done(&b, &operation_id, advance(false, None)).await;
    proves_its_answer(&a, &b, &operation_id, &id).await;
    first_signature_stays(&a, &b, &operation_id, &id).await;
    done(
        &b,
        &operation_id,
        advance(true, Some("Both gates are closed")),
    )
    .await;
    until("the report at home", async || {
        seen(&a, &operation_id).await["items"][0]["reports"][0]["text"] == "Both gates are closed"
    })
    .await;
    let back = json!({ "do": "return", "item": 0, "reason": "The west gate is open" });
    let returned = step(&a, Seat::DutyOfficer, &id, back).await;
    assert_eq!(returned.text("/items/0/status"), "returned");
    until("the return at the other node", async || {
        seen(&b, &operation_id).await["items"][0]["verdicts"][0]["returned"]
            == "The west gate is open"
    })
    .await;
    done(&b, &operation_id, advance(true, Some("Now it is"))).await;
    until("the second report at home", async || {
        seen(&a, &operation_id).await["items"][0]["status"] == "reported"
    })
    .await;
    let verify = json!({ "do": "verify", "item": 0 });
    let closed = step(&a, Seat::DutyOfficer, &id, verify).await;
    assert_eq!(closed.text("/status"), "closed", "{closed:?}");
    until("its end at the other node", async || {
        seen(&b, &operation_id).await["status"] == "closed"
    })
    .await;
}
