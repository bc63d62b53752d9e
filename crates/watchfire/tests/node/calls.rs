//! Taking a call over HTTP: triage, what was answered, one step to an incident, and half-typed calls.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::limits::{ANSWERS_PER_CALL_MAX, PROSE_CHARS_MAX};
use watchfire_core::record::person::Seat;
use watchfire_store::limits::{DRAFT_BYTES_MAX, DRAFTS_PER_PERSON_MAX};

use super::house::{Answer, House, call_body};

#[tokio::test]
async fn what_was_said_makes_a_guess_and_answers_make_it_urgent() {
    let house = House::of_the_demo_city().await;
    let triage = |body: Value| house.ask(Seat::CallTaker, "POST", "/triage", body);
    let nothing = triage(json!({ "said": "" })).await;
    assert_eq!(nothing.status, StatusCode::OK, "{nothing:?}");
    assert_eq!(nothing.json["category"], Value::Null);
    assert_eq!(nothing.json["priority"], Value::Null);

    let first = triage(json!({ "said": "他摔倒了，叫不醒" })).await;
    assert_eq!(first.json["category"], "medical", "{first:?}");
    assert_eq!(first.json["priority"], 3);
    assert_eq!(first.json["guesses"][0]["words"], json!(["叫不醒", "摔倒"]));
    assert_eq!(first.json["guesses"][0]["label"]["zh"], "医疗急救");
    assert_eq!(first.json["questions"][1]["question"], "awake");
    assert_eq!(first.json["questions"][1]["answered"], Value::Null);

    let answers = json!([{ "question": "breathing", "answer": "no" }]);
    let then = triage(json!({ "said": "他摔倒了", "answers": answers })).await;
    assert_eq!(then.json["priority"], 1);
    assert_eq!(then.json["read_out"].as_array().unwrap().len(), 1);
    assert!(then.json["reasons"][0]["en"].is_string());
    assert_eq!(then.text("/version").len(), 16);

    for (body, code) in [
        (json!({ "category": "ufo" }), "unknown_code"),
        (
            json!({ "answers": [{ "question": "ghosts", "answer": "yes" }] }),
            "unknown_code",
        ),
        (
            json!({ "answers": [{ "question": "breathing", "answer": "purple" }] }),
            "unknown_code",
        ),
        (
            json!({ "answers": [{ "question": "Is it?", "answer": "no" }] }),
            "unreadable",
        ),
        (
            json!({ "said": "x".repeat(PROSE_CHARS_MAX + 1) }),
            "unreadable",
        ),
        (json!({ "words": "fire" }), "unreadable"),
    ] {
        let refused = triage(body.clone()).await;
        assert_eq!(refused.problem(), code, "{body}");
    }
    let board = house
        .ask(Seat::Dispatcher, "GET", "/board", json!(null))
        .await;
    assert_eq!(board.json["calls"], json!([]), "nothing is stored");
}

#[tokio::test]
async fn answers_and_ringing_are_kept_and_answers_are_for_those_who_may_read_them() {
    let house = House::of_the_demo_city().await;
    let mut body = json!({ "category": "medical" });
    body["answers"] = json!([{ "question": "breathing", "answer": "no" }]);
    let now = jiff::Timestamp::now();
    let at = |seconds: i64| (now + jiff::SignedDuration::from_secs(seconds)).to_string();
    body["happened_at"] = json!(at(-30));
    body["ringing_at"] = json!(at(-42));
    let taken = house
        .ask(Seat::CallTaker, "POST", "/calls", body.clone())
        .await;
    assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
    let given = &taken.json["personal"]["answers"][0];
    assert_eq!(
        (&given["question"], &given["answer"]),
        (&json!("breathing"), &json!("no"))
    );
    assert_eq!(given["answered"]["zh"], "没有，或只在喘息");
    assert!(taken.json["ringing_at"].is_string());
    let path = format!("/calls/{}", taken.text("/id"));
    let amend = json!({ "answers": [{ "question": "breathing", "answer": "yes" }] });
    let amended = house.ask(Seat::CallTaker, "PATCH", &path, amend).await;
    assert_eq!(
        amended.json["personal"]["answers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(amended.json["personal"]["answers"][0]["answer"], "yes");
    let crew = house.ask(Seat::Crew, "GET", &path, json!(null)).await;
    assert_eq!(crew.json["personal"], Value::Null);
    assert_eq!(crew.json["ringing_at"], taken.json["ringing_at"]);

    body["ringing_at"] = json!(at(-29));
    let late = house
        .ask(Seat::CallTaker, "POST", "/calls", body.clone())
        .await;
    assert_eq!(late.problem(), "bad_ringing_time");
    body["ringing_at"] = json!(null);
    let one = json!({ "question": "breathing", "answer": "no" });
    body["answers"] = json!(vec![one; ANSWERS_PER_CALL_MAX + 1]);
    let many = house.ask(Seat::CallTaker, "POST", "/calls", body).await;
    assert_eq!(many.problem(), "limit");
}

#[tokio::test]
async fn a_call_becomes_an_incident_or_the_same_event_in_one_step() {
    let house = House::new().await;
    let mut body = call_body();
    body["then"] = json!({ "open": {} });
    let opened = house
        .ask(Seat::CallTaker, "POST", "/calls", body.clone())
        .await;
    assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
    let incident = opened.text("/incident");
    assert_eq!(opened.json["status"], "joined");
    body["then"] = json!({ "join": incident });
    let joined = house
        .ask(Seat::CallTaker, "POST", "/calls", body.clone())
        .await;
    assert_eq!(joined.text("/incident"), incident);
    let path = format!("/incidents/{incident}");
    let shown = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
    let calls = shown.json["calls"].as_array().unwrap();
    // In the order of their ids, which are random.
    let both = [&opened, &joined].map(|call| json!(call.text("/id")));
    assert!(
        calls.len() == 2 && both.iter().all(|call| calls.contains(call)),
        "{shown:?}"
    );
    for (then, code) in [
        (json!({ "join": "0".repeat(32) }), "not_found"),
        (json!({ "open": { "priority": 1 } }), "unreadable"),
        (json!({ "call_off": {} }), "unreadable"),
    ] {
        body["then"] = then;
        let refused = house
            .ask(Seat::CallTaker, "POST", "/calls", body.clone())
            .await;
        assert_eq!(refused.problem(), code, "{body}");
    }
    let lacking = json!({ "said": "help", "then": { "open": {} } });
    let lacking = house.ask(Seat::CallTaker, "POST", "/calls", lacking).await;
    assert_eq!(lacking.problem(), "missing");
    assert!(lacking.text("/what/en").contains("category"), "{lacking:?}");
    let calls = house
        .ask(Seat::CallTaker, "GET", "/calls", json!(null))
        .await;
    assert_eq!(
        calls.json["items"].as_array().unwrap().len(),
        2,
        "refused whole"
    );

    let place = json!({ "place": call_body()["place"] });
    let near = house
        .ask(Seat::CallTaker, "POST", "/duplicates", place)
        .await;
    let hint = &near.json["hints"][0];
    assert_eq!(hint["category"], call_body()["category"], "{near:?}");
    assert_eq!(hint["priority"], call_body()["priority"]);
    assert_eq!(hint["address"], call_body()["place"]["address"]);
}

const ID: &str = "00000000000000000000000000000001";

fn typed(seq: u64, said: &str) -> Value {
    json!({ "seq": seq, "opened_at": "2026-03-01T10:00:00Z", "said": said })
}

async fn drafts(house: &House, seat: Seat) -> Vec<String> {
    let list = house.ask(seat, "GET", "/drafts", json!(null)).await;
    assert_eq!(list.status, StatusCode::OK, "{list:?}");
    let drafts = list.json["drafts"].as_array().unwrap();
    drafts
        .iter()
        .map(|draft| draft["said"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn put(house: &House, seat: Seat, id: &str, body: Value) -> Answer {
    house.ask(seat, "PUT", &format!("/drafts/{id}"), body).await
}

#[tokio::test]
async fn a_half_typed_call_survives_and_is_its_typists_alone() {
    let mut house = House::new().await;
    let mut body = typed(2, "smoke from the thi");
    body["place_text"] = json!("5th & ma");
    body["place"] = json!({ "lat": 30.0, "lon": 120.5 });
    body["answers"] = json!([{ "question": "breathing", "answer": "no" }]);
    let kept = put(&house, Seat::CallTaker, ID, body).await;
    assert_eq!(kept.status, StatusCode::OK, "{kept:?}");
    assert_eq!(kept.json["place_text"], "5th & ma");
    let older = put(&house, Seat::CallTaker, ID, typed(1, "smo")).await;
    assert_eq!(older.json, kept.json, "an older one changes nothing");
    house.restart().await;
    let list = house
        .ask(Seat::CallTaker, "GET", "/drafts", json!(null))
        .await;
    assert_eq!(list.json["drafts"], json!([kept.json]));

    // Not even the duty officer sees or touches it.
    let path = format!("/drafts/{ID}");
    for seat in [Seat::DutyOfficer, Seat::Dispatcher] {
        assert!(drafts(&house, seat).await.is_empty());
        assert_eq!(
            put(&house, seat, ID, typed(9, "mine")).await.problem(),
            "not_found"
        );
        let gone = house.ask(seat, "DELETE", &path, json!(null)).await;
        assert_eq!(gone.problem(), "not_found");
    }
    for _ in 0..2 {
        let gone = house
            .ask(Seat::CallTaker, "DELETE", &path, json!(null))
            .await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
    }
    assert!(drafts(&house, Seat::CallTaker).await.is_empty());
    let late = put(&house, Seat::CallTaker, ID, typed(9, "late")).await;
    assert_eq!(late.problem(), "draft_ended");
}

#[tokio::test]
async fn a_draft_ends_with_the_call_that_it_becomes_and_with_no_other() {
    let house = House::new().await;
    for seq in [1, 2] {
        put(&house, Seat::CallTaker, ID, typed(seq, "smoke")).await;
    }
    let mut refused = json!({ "draft": ID, "then": { "open": {} } });
    let lacking = house
        .ask(Seat::CallTaker, "POST", "/calls", refused.clone())
        .await;
    assert_eq!(lacking.problem(), "missing");
    assert_eq!(
        drafts(&house, Seat::CallTaker).await,
        ["smoke"],
        "the typist goes on"
    );
    let others = house
        .ask(Seat::Dispatcher, "POST", "/calls", json!({ "draft": ID }))
        .await;
    assert_eq!(others.status, StatusCode::CREATED);
    assert_eq!(
        drafts(&house, Seat::CallTaker).await,
        ["smoke"],
        "it is not the dispatcher's to end"
    );
    refused["then"] = json!(null);
    let taken = house.ask(Seat::CallTaker, "POST", "/calls", refused).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
    assert!(drafts(&house, Seat::CallTaker).await.is_empty());
    let late = put(&house, Seat::CallTaker, ID, typed(3, "late")).await;
    assert_eq!(late.problem(), "draft_ended");
    let number = format!("call {}", taken.json["number"]);
    assert!(late.text("/what/en").contains(&number), "{late:?}");
    let bad = house
        .ask(Seat::CallTaker, "POST", "/calls", json!({ "draft": "1" }))
        .await;
    assert_eq!(bad.problem(), "unreadable");
}

#[tokio::test]
async fn drafts_have_limits_and_say_so() {
    let house = House::new().await;
    let wide = "烽".repeat(PROSE_CHARS_MAX);
    let at = put(&house, Seat::CallTaker, ID, typed(1, &wide)).await;
    assert_eq!(at.status, StatusCode::OK, "{at:?}");
    let past = put(&house, Seat::CallTaker, ID, typed(2, &format!("{wide}烽"))).await;
    assert_eq!(past.problem(), "unreadable");
    let mut large = typed(2, "");
    large["place_text"] = json!("x".repeat(DRAFT_BYTES_MAX));
    let large = put(&house, Seat::CallTaker, ID, large).await;
    assert_eq!(
        (large.status, large.problem().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    );
    for (change, value) in [
        ("seq", json!(1_u64 << 53)),
        ("opened_at", json!("today")),
        ("ringing_at", json!("yesterday")),
        ("priority", json!(5)),
        ("place", json!({ "lat": 91, "lon": 0 })),
        ("category", json!("c".repeat(49))),
        ("person", json!("Ada")),
    ] {
        let mut body = typed(3, "");
        body[change] = value;
        let refused = put(&house, Seat::CallTaker, ID, body).await;
        assert_eq!(refused.problem(), "unreadable", "{change}");
    }
    assert_eq!(
        put(&house, Seat::CallTaker, "1", typed(1, ""))
            .await
            .problem(),
        "unreadable"
    );
    for number in 2..=DRAFTS_PER_PERSON_MAX {
        let kept = put(
            &house,
            Seat::CallTaker,
            &format!("{number:032x}"),
            typed(1, ""),
        )
        .await;
        assert_eq!(kept.status, StatusCode::OK, "{number}");
    }
    let past = format!("{:032x}", DRAFTS_PER_PERSON_MAX + 1);
    assert_eq!(
        put(&house, Seat::CallTaker, &past, typed(1, ""))
            .await
            .problem(),
        "limit"
    );
    assert_eq!(
        put(&house, Seat::Dispatcher, &past, typed(1, ""))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        drafts(&house, Seat::CallTaker).await.len(),
        DRAFTS_PER_PERSON_MAX
    );
}
