//! Records that ended long ago leave memory. Whoever asks for them later must not notice.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::record::person::Seat;

use super::house::House;

/// What is shown of an incident and told about it, with ids in an order of their own.
async fn shown(house: &House, incident: &str) -> (Value, Vec<String>) {
    let path = format!("/incidents/{incident}");
    let mut record = house
        .ask(Seat::DutyOfficer, "GET", &path, json!(null))
        .await
        .json;
    for list in ["calls", "assignments"] {
        let ids = record[list].as_array_mut().unwrap();
        ids.sort_by_key(Value::to_string);
    }
    let path = format!("/incidents/{incident}/entries");
    let told = house
        .ask(Seat::DutyOfficer, "GET", &path, json!(null))
        .await;
    let told = told.json["entries"].as_array().unwrap().iter();
    (
        record,
        told.map(|entry| entry["text"]["en"].to_string()).collect(),
    )
}

#[tokio::test]
async fn an_incident_that_left_memory_is_shown_told_listed_and_reopened_as_it_was() {
    let mut house = House::new().await;
    let (_, kept) = house.incident().await;
    let (_, merged) = house.incident().await;
    for (incident, unit) in [(&kept, &house.own_unit), (&merged, &house.other_unit)] {
        let path = format!("/incidents/{incident}/assignments");
        let sent = house
            .ask(Seat::Dispatcher, "POST", &path, json!({ "units": [unit] }))
            .await;
        let assignment = sent.text("/assignments/0/id");
        for step in ["acknowledge", "depart", "arrive", "clear"] {
            let path = format!("/assignments/{assignment}/{step}");
            let done = house.ask(Seat::Dispatcher, "POST", &path, json!({})).await;
            assert_eq!(done.status, StatusCode::OK, "{done:?}");
        }
    }
    let act = |incident: &str, what: &str, body: Value| {
        let path = format!("/incidents/{incident}/{what}");
        let house = &house;
        async move {
            let done = house.ask(Seat::DutyOfficer, "POST", &path, body).await;
            assert_eq!(done.status, StatusCode::OK, "{done:?}");
        }
    };
    act(&merged, "merge", json!({ "into": kept })).await;
    act(&kept, "close", json!({ "disposition": "done" })).await;
    let before = (shown(&house, &kept).await, shown(&house, &merged).await);
    assert_eq!(before.0.0["calls"].as_array().unwrap().len(), 2);
    assert!(
        before.0.1.iter().all(|words| !words.contains('?')),
        "{:?}",
        before.0.1
    );

    house.restart().await;
    let number = &before.0.0["number"];
    for (number, expected) in [
        (number.to_string(), StatusCode::OK),
        ("999".to_owned(), StatusCode::NOT_FOUND),
        ("the-first".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let path = format!("/incidents/number/{number}");
        let found = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
        assert_eq!(found.status, expected, "{found:?}");
        if expected == StatusCode::OK {
            assert_eq!(found.json["id"], before.0.0["id"]);
        }
    }
    assert_eq!(
        house.node.board().incidents.len(),
        0,
        "both have left memory"
    );
    assert_eq!(
        (shown(&house, &kept).await, shown(&house, &merged).await),
        before
    );
    let list = house
        .ask(
            Seat::DutyOfficer,
            "GET",
            "/incidents?open=false",
            json!(null),
        )
        .await;
    let listed = list.json["items"].as_array().unwrap();
    assert_eq!(
        listed.len(),
        2,
        "a merged incident is no open one: {listed:?}"
    );
    let listed = listed
        .iter()
        .find(|one| one["id"] == kept.as_str())
        .unwrap();
    assert_eq!(listed["assignments"].as_array().unwrap().len(), 2);

    let path = format!("/incidents/{kept}/reopen");
    let again = house
        .ask(
            Seat::DutyOfficer,
            "POST",
            &path,
            json!({ "reason": "smoke again" }),
        )
        .await;
    assert_eq!(
        again.json["calls"].as_array().unwrap().len(),
        2,
        "{again:?}"
    );
    let path = format!("/incidents/{merged}/unmerge");
    let apart = house.ask(Seat::DutyOfficer, "POST", &path, json!({})).await;
    assert_eq!(
        apart.json["calls"].as_array().unwrap().len(),
        1,
        "{apart:?}"
    );
    let (record, _) = shown(&house, &kept).await;
    assert_eq!(record["calls"].as_array().unwrap().len(), 1);
}
