//! Consultations over HTTP: called with a paper, held, contributed to, decided and concluded, and who sees what of them.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

async fn step(house: &House, seat: Seat, id: &str, body: Value) -> Answer {
    let path = format!("/consultations/{id}/steps");
    house.ask(seat, "POST", &path, body).await
}

fn body(papers: Value) -> Value {
    json!({ "subject": "What to do about the canal", "at": "2026-11-27T09:00:00Z", "venue": "Room 2",
        "seats": ["dispatcher", "analyst"], "papers": papers })
}

#[tokio::test]
async fn it_is_called_held_decided_and_concluded_and_every_decision_is_settled_first() {
    let mut house = House::new().await;
    let (_, incident) = house.incident().await;
    let papers = json!([{ "record": format!("incident:{incident}") }]);
    let called = house
        .ask(Seat::DutyOfficer, "POST", "/consultations", body(papers))
        .await;
    assert_eq!(called.status, StatusCode::CREATED, "{called:?}");
    let id = called.text("/id");
    assert!(
        called.text("/papers/0/label/zh").starts_with("#1 "),
        "{called:?}"
    );
    assert_eq!(
        called.json["may"],
        json!(["open", "contribute", "call_off"]),
        "who called it takes part"
    );
    let path = format!("/consultations/{id}");
    let outside = house.ask(Seat::CallTaker, "GET", &path, json!(null)).await;
    assert_eq!(outside.status, StatusCode::NOT_FOUND);
    let board = house.ask(Seat::Wall, "GET", "/board", json!(null)).await;
    assert!(
        !board.json.to_string().contains("canal"),
        "not even what it is about"
    );

    assert_eq!(
        step(&house, Seat::Dispatcher, &id, json!({ "do": "open" }))
            .await
            .problem(),
        "not_allowed"
    );
    step(&house, Seat::DutyOfficer, &id, json!({ "do": "open" })).await;
    let card = json!({ "do": "card", "text": "boats?", "lat": 30.0, "lon": 120.58 });
    let card = step(&house, Seat::Dispatcher, &id, card).await;
    assert_eq!(
        (
            card.text("/contributions/0/text").as_str(),
            &card.json["may"]
        ),
        ("boats?", &json!(["contribute"])),
        "{card:?}"
    );
    let note = json!({ "do": "note", "text": "None at night, says Wu." });
    step(&house, Seat::Analyst, &id, note).await;
    let outside = step(
        &house,
        Seat::CallTaker,
        &id,
        json!({ "do": "note", "text": "me too" }),
    )
    .await;
    assert_eq!(outside.problem(), "not_found");
    assert_eq!(
        step(&house, Seat::DutyOfficer, &id, json!({ "do": "conclude" }))
            .await
            .problem(),
        "wrong_state"
    );
    for text in ["patrol the quay", "close the lock"] {
        step(
            &house,
            Seat::Analyst,
            &id,
            json!({ "do": "decide", "text": text }),
        )
        .await;
    }
    step(
        &house,
        Seat::DutyOfficer,
        &id,
        json!({ "do": "direct", "no": 1 }),
    )
    .await;
    let open = step(&house, Seat::DutyOfficer, &id, json!({ "do": "conclude" })).await;
    assert_eq!(open.problem(), "wrong_state", "a decision is open");
    let decline = json!({ "do": "decline", "no": 2, "reason": "no keeper" });
    let settled = step(&house, Seat::DutyOfficer, &id, decline).await;
    assert!(
        settled.json["may"]
            .as_array()
            .unwrap()
            .contains(&json!("conclude")),
        "{settled:?}"
    );
    let over = step(&house, Seat::DutyOfficer, &id, json!({ "do": "conclude" })).await;
    assert_eq!(
        (
            over.text("/status").as_str(),
            over.text("/decisions/1/reason").as_str()
        ),
        ("concluded", "no keeper")
    );

    house.restart().await;
    let again = house.ask(Seat::Overseer, "GET", &path, json!(null)).await;
    assert_eq!(
        again.text("/contributions/1/text"),
        "None at night, says Wu.",
        "{again:?}"
    );
    assert_eq!(again.json["decisions"][0]["outcome"], "directive");
    let ended = house
        .ask(Seat::Analyst, "GET", "/consultations/ended", json!(null))
        .await;
    assert_eq!(ended.text("/items/0/id"), id);
}
