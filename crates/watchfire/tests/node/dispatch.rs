//! The dispatch board over HTTP: units swapped and taken elsewhere.

use axum::http::StatusCode;
use serde_json::json;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

/// Sends a unit and returns its assignment.
async fn sent(house: &House, incident: &str, unit: &str) -> String {
    let path = format!("/incidents/{incident}/assignments");
    let body = json!({ "units": [unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, body).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    sent.text("/assignments/0/id")
}

async fn post(house: &House, path: &str, body: serde_json::Value) -> Answer {
    house.ask(Seat::Dispatcher, "POST", path, body).await
}

#[tokio::test]
async fn a_unit_is_swapped_or_taken_elsewhere_in_one_request_that_says_why_it() {
    let house = House::new().await;
    let (_, first) = house.incident().await;
    let (_, second) = house.incident().await;
    let assignment = sent(&house, &first, &house.own_unit).await;
    let path = format!("/assignments/{assignment}/swap");
    let busy = post(&house, &path, json!({ "unit": house.own_unit })).await;
    assert_eq!(busy.problem(), "circle");
    let swapped = post(&house, &path, json!({ "unit": house.other_unit })).await;
    assert_eq!(swapped.status, StatusCode::OK, "{swapped:?}");
    assert_eq!(swapped.etag(), "\"2\"");
    assert_eq!(swapped.text("/called_off/status"), "cancelled");
    assert_eq!(swapped.text("/sent/status"), "sent");
    assert_eq!(swapped.text("/sent/unit"), house.other_unit);
    assert!(
        swapped.json["sent"]["travel_time_s"].is_u64(),
        "{swapped:?}"
    );
    let next = swapped.text("/sent/id");
    let path = format!("/assignments/{next}/reassign");
    let body = json!({ "incident": second, "reason": "people inside" });
    let moved = post(&house, &path, body).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    assert_eq!(moved.text("/called_off/ending"), "people inside");
    assert_eq!(moved.text("/sent/incident"), second);
    assert!(moved.json["sent"]["travel_time_s"].is_u64(), "{moved:?}");
    let gone = post(&house, &path, json!({ "incident": first })).await;
    assert_eq!(gone.problem(), "wrong_state");
    let shown = post(&house, &format!("/assignments/{next}/swap"), json!({})).await;
    assert_eq!(shown.problem(), "unreadable", "the unit is missing");
}
