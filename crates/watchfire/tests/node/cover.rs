//! Cover over HTTP: not known until there are enough calls of the public, then a number, a move that helps, and a person
//! who accepts it.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::record::person::Seat;

use crate::house::House;

/// Two towns nearly seven kilometres apart: thirteen minutes by straight line, farther than anybody drives in eight.
const NORTH: f64 = 30.06;
const SOUTH: f64 = 30.0;

async fn calls(house: &House, lat: f64, count: usize, channel: &str) {
    for _ in 0..count {
        let place = json!({ "lat": lat, "lon": 120.58, "address": "Fushan Street 9" });
        let call = json!({ "channel": channel, "place": place, "said": "smoke" });
        let made = house.ask(Seat::CallTaker, "POST", "/calls", call).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
}

async fn station(house: &House, code: &str, lat: f64) -> String {
    let body = json!({ "code": code, "name": format!("Station {code}"), "place": { "lat": lat, "lon": 120.58 } });
    let made = house
        .ask(Seat::DutyOfficer, "POST", "/stations", body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.text("/id")
}

/// What the node says of cover once it has taken in what it must.
async fn cover(house: &House, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let seen = house
            .ask(Seat::DutyOfficer, "GET", "/cover", json!(null))
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
        if wanted(&seen.json) {
            return seen.json;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("cover never came to be what was waited for");
}

#[tokio::test]
async fn cover_is_not_known_of_few_calls_and_never_of_what_officers_began() {
    let house = House::new().await;
    calls(&house, SOUTH, 60, "radio").await;
    calls(&house, SOUTH, 3, "phone").await;
    let seen = cover(&house, |seen| {
        let why = seen["why_not"]["en"].as_str().unwrap_or_default();
        why.starts_with("3 calls")
    })
    .await;
    assert_eq!(seen["known"], json!(null), "{seen}");
    let zh = seen["why_not"]["zh"].as_str().unwrap();
    assert!(zh.contains("3 条"), "{zh}");
}

#[tokio::test]
async fn a_move_that_helps_is_proposed_accepted_by_a_person_and_taken_back() {
    let house = House::new().await;
    let act =
        async |path: String, body: Value| house.ask(Seat::Dispatcher, "POST", &path, body).await;
    let home = station(&house, "S1", SOUTH).await;
    let away = station(&house, "S2", NORTH).await;
    for unit in [&house.own_unit, &house.other_unit] {
        let body = json!({ "kind": "engine", "callsign": "-", "station": home });
        let path = format!("/units/{unit}");
        let done = house.ask(Seat::DutyOfficer, "PUT", &path, body).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    }
    calls(&house, SOUTH, 40, "phone").await;
    calls(&house, NORTH, 40, "phone").await;
    let seen = cover(&house, |seen| {
        seen["known"]["moves"]
            .as_array()
            .is_some_and(|moves| !moves.is_empty())
    })
    .await;
    let known = &seen["known"];
    // Both units stand in the south: 1 - 0.3 x 0.3 of half of what is expected.
    assert_eq!(known["percent"], 45.5, "{known}");
    assert_eq!(known["units"], 2);
    let cells = known["cells"].as_array().unwrap();
    assert!(cells.len() >= 2, "{known}");
    let proposed = &known["moves"][0];
    assert_eq!(proposed["station"], json!(away), "{proposed}");
    assert_eq!(proposed["after_percent"], 70.0, "one in each: 0.7 of all");
    let unit = proposed["unit"].as_str().unwrap();

    let path = format!("/units/{unit}/move-up");
    let to = json!({ "station": away });
    let crew = house.ask(Seat::Crew, "POST", &path, to.clone()).await;
    assert_eq!(
        crew.status,
        StatusCode::FORBIDDEN,
        "no crew moves itself about"
    );
    let done = act(path.clone(), to.clone()).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    assert_eq!(done.json["moved_to"]["station"], json!(away));
    assert_eq!(done.json["moved_to"]["name"], "Station S2");
    let seen = cover(&house, |seen| seen["known"]["percent"] == 70.0).await;
    assert_eq!(
        seen["known"]["moves"],
        json!([]),
        "it counts where it goes, and nobody is moved twice"
    );
    let again = act(path.clone(), to).await;
    assert_eq!(again.problem(), "wrong_state", "{again:?}");
    let home_again = act(path, json!({ "station": home })).await;
    assert_eq!(home_again.json["moved_to"], json!(null), "{home_again:?}");
}

#[tokio::test]
async fn a_crew_answers_for_its_own_move_and_the_answer_stands_beside_it() {
    let house = House::new().await;
    let away = station(&house, "S2", NORTH).await;
    let to = json!({ "station": away });
    for unit in [&house.own_unit, &house.other_unit] {
        let path = format!("/units/{unit}/move-up");
        let moved = house.ask(Seat::Dispatcher, "POST", &path, to.clone()).await;
        assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
        assert!(moved.json["moved_to"]["told_at"].is_string(), "{moved:?}");
        assert_eq!(moved.json["moved_to"]["understood_at"], json!(null));
    }
    let path = |unit: &str| format!("/units/{unit}/move-understood");
    let own = house
        .ask(Seat::Crew, "POST", &path(&house.own_unit), to.clone())
        .await;
    assert_eq!(own.status, StatusCode::OK, "{own:?}");
    assert!(own.json["moved_to"]["understood_at"].is_string(), "{own:?}");
    let other = path(&house.other_unit);
    let strange = house.ask(Seat::Crew, "POST", &other, to.clone()).await;
    assert_eq!(strange.status, StatusCode::FORBIDDEN, "{strange:?}");
    let heard = house.ask(Seat::Dispatcher, "POST", &other, to).await;
    assert_eq!(heard.status, StatusCode::OK, "by radio: {heard:?}");
    let nowhere = json!({ "station": "0".repeat(32) });
    let late = house
        .ask(Seat::Crew, "POST", &path(&house.own_unit), nowhere)
        .await;
    assert_eq!(late.problem(), "wrong_state", "{late:?}");
}

#[tokio::test]
async fn a_recommendation_says_what_sending_leaves_uncovered_and_weighs_it() {
    let house = House::new().await;
    let home = station(&house, "S1", SOUTH).await;
    let mut units = Vec::new();
    for (callsign, lat) in [("E8", NORTH), ("E9", SOUTH)] {
        let body = json!({ "callsign": callsign, "kind": "engine", "post": { "lat": lat, "lon": 120.58 } });
        let made = house.ask(Seat::DutyOfficer, "POST", "/units", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        units.push(made.text("/id"));
        let path = format!("/units/{}/available", made.text("/id"));
        house.ask(Seat::Dispatcher, "POST", &path, json!({})).await;
    }
    assert!(!home.is_empty());
    calls(&house, SOUTH, 40, "phone").await;
    calls(&house, NORTH, 40, "phone").await;
    cover(&house, |seen| seen["known"]["units"] == 4).await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/recommendation");
    let made = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
    let before = made.json["cover"]["percent"].as_f64().unwrap();
    let after = made.json["cover"]["after_percent"].as_f64().unwrap();
    assert!(after < before, "whoever goes is missed: {made:?}");
    let candidates = made.json["candidates"].as_array().unwrap();
    let loss = |unit: &str| {
        let mut found = candidates.iter().filter(|one| one["unit"] == json!(unit));
        found.next().unwrap()["cover_loss_percent"]
            .as_f64()
            .unwrap()
    };
    assert!(
        loss(&units[0]) > loss(&units[1]),
        "the only one in the north is missed more than one of three in the south: {made:?}"
    );
    let said = made.json["candidates"].to_string();
    assert!(said.contains("leaves_uncovered"), "{said}");
}
