//! Road conditions over HTTP: a bridge is closed and the next recommendation sends another unit; its end gives it back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::travel::Travel;
use watchfire_core::record::person::Seat;
use watchfire_roads::{BuildOptions, Format, Router, StraightLine};

use super::house::House;

/// How long the roads may take to be in force; they take milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The harbour lies east of a river: over the bridge a kilometre from the west bank, five the long way round; and two
/// kilometres from the hill in the east.
const MAP: &str = r#"<osm version="0.6">
    <node id="1" lat="30.000" lon="120.590"/><node id="2" lat="30.000" lon="120.600"/><node id="3" lat="30.000" lon="120.620"/>
    <node id="4" lat="30.020" lon="120.590"/><node id="5" lat="30.020" lon="120.600"/>
    <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="River Bridge"/></way>
    <way id="2"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="Hill Rd"/></way>
    <way id="3"><nd ref="1"/><nd ref="4"/><nd ref="5"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="Long Way"/></way>
</osm>"#;

fn travel() -> Travel {
    let format = Format::detect("a.osm", MAP.as_bytes()).unwrap();
    let options = BuildOptions::default();
    let (graph, _) =
        watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    let router = Arc::new(Router::new(Arc::new(graph)));
    Travel::new(Some(router), StraightLine::default(), 100)
}

/// A line along the bridge.
fn bridge(more: Value) -> Value {
    let mut body = json!({
        "effect": { "is": "closed" },
        "shape": { "is": "line", "points": [[120.592, 30.0], [120.598, 30.0]], "width_m": 30 },
        "reason": "the bridge is hit by a barge",
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn post(house: &House, path: &str, body: Value) -> Value {
    let done = house.ask(Seat::Dispatcher, "POST", path, body).await;
    assert!(done.status.is_success(), "{path}: {done:?}");
    done.json
}

async fn get(house: &House, path: &str) -> Value {
    let got = house.ask(Seat::CallTaker, "GET", path, json!(null)).await;
    assert_eq!(got.status, StatusCode::OK, "{path}: {got:?}");
    got.json
}

/// A unit on the west bank, another on the hill, and an incident at the harbour; returns the incident.
async fn stage(house: &House) -> String {
    for (unit, lon) in [(&house.own_unit, 120.59), (&house.other_unit, 120.62)] {
        let path = format!("/units/{unit}/position");
        let place = json!({ "lat": 30.0, "lon": lon });
        let done = house.ask(Seat::Dispatcher, "PUT", &path, place).await;
        assert!(done.status.is_success(), "{done:?}");
    }
    let place = json!({ "lat": 30.0, "lon": 120.6 });
    let body = json!({ "category": "fire", "priority": 1, "place": place });
    let opened = post(house, "/incidents", body).await;
    opened["id"].as_str().unwrap().to_owned()
}

async fn version(house: &House) -> u64 {
    let node = get(house, "/node").await;
    node["roads"]["conditions_version"].as_u64().unwrap()
}

/// Waits until another set of conditions is in force; returns how long that took.
async fn moved_on(house: &House, from: u64) -> Duration {
    let began = Instant::now();
    let conditions = house.node.settings().travel.conditions();
    while conditions.version() == Some(from) {
        assert!(began.elapsed() < PATIENCE, "nothing came into force");
        tokio::task::yield_now().await;
    }
    began.elapsed()
}

/// Whom the node would send, and the reasons given with the unit on the west bank.
async fn recommended(house: &House, incident: &str) -> (String, Vec<String>, u64) {
    let path = format!("/incidents/{incident}/recommendation");
    let made = get(house, &path).await;
    let of_west = made["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["unit"] == house.own_unit.as_str())
        .unwrap_or_else(|| panic!("{made}"));
    let reasons = of_west["reasons"].as_array().unwrap().iter();
    let said = reasons.map(|reason| reason["text"]["en"].as_str().unwrap().to_owned());
    (
        made["needs"][0]["chosen"][0].as_str().unwrap().to_owned(),
        said.collect(),
        made["conditions_version"].as_u64().unwrap(),
    )
}

#[tokio::test]
async fn a_closed_bridge_sends_another_unit_and_its_end_gives_it_back() {
    let mut house = House::with_travel(travel()).await;
    let incident = stage(&house).await;
    let (first, said, usual) = recommended(&house, &incident).await;
    assert_eq!(first, house.own_unit, "{said:?}");
    assert_eq!(usual, version(&house).await);

    let made = post(&house, "/road-conditions", bridge(json!({}))).await;
    let took = moved_on(&house, usual).await;
    println!("from durable answer to in force on a small map: {took:?}");
    let (instead, said, closed) = recommended(&house, &incident).await;
    assert_eq!(instead, house.other_unit);
    let why = said
        .iter()
        .find(|one| one.contains("a road on the usual way is closed"));
    assert!(why.is_some(), "{said:?}");
    assert!(closed > usual);

    let met = get(&house, "/map/road-conditions.geojson").await;
    assert_eq!(met["version"], closed);
    let of_it = &met["features"][0]["properties"];
    assert_eq!(of_it["road_condition"], made["id"]);
    assert_eq!(
        (&of_it["stretches"], &of_it["closed"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(of_it["streets"], json!(["River Bridge"]));
    let route = format!("/units/{}/route?incident={incident}", house.own_unit);
    assert!(get(&house, &route).await["length_m"].as_u64().unwrap() > 5_000);

    house.restart_with(travel()).await;
    let told = stage_again(&house).await;
    assert_eq!(told, house.other_unit, "a restart forgets no closed bridge");

    let version_before = version(&house).await;
    let end = format!("/road-conditions/{}/end", made["id"].as_str().unwrap());
    let ended = post(&house, &end, json!({})).await;
    assert_eq!(
        (&ended["phase"], &ended["version"]),
        (&json!("ended"), &json!(2))
    );
    moved_on(&house, version_before).await;
    assert_eq!(stage_again(&house).await, house.own_unit);
    let again = house.ask(Seat::Dispatcher, "POST", &end, json!({})).await;
    assert_eq!(again.problem(), "wrong_state");
}

/// Positions do not outlive a restart: they are reported anew, and another incident is opened.
async fn stage_again(house: &House) -> String {
    let incident = stage(house).await;
    recommended(house, &incident).await.0
}

#[tokio::test]
async fn it_runs_out_by_the_clock_and_what_is_planned_waits_for_it() {
    let house = House::with_travel(travel()).await;
    let incident = stage(&house).await;
    let usual = version(&house).await;
    let soon = |ahead_ms: i64| {
        let at = jiff::Timestamp::from_millisecond(house.node.now().0 + ahead_ms).unwrap();
        format!("{at:.3}")
    };
    let planned = bridge(json!({ "from": soon(3_600_000) }));
    let planned = post(&house, "/road-conditions", planned).await;
    assert_eq!(planned["phase"], "planned");
    let body = bridge(json!({ "until": soon(1_500) }));
    let made = post(&house, "/road-conditions", body).await;
    assert_eq!(made["phase"], "in_force");
    moved_on(&house, usual).await;
    let (_, _, closed) = recommended(&house, &incident).await;
    moved_on(&house, closed).await;
    let (back, ..) = recommended(&house, &incident).await;
    assert_eq!(back, house.own_unit);
    let path = format!("/road-conditions/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&house, &path).await["phase"], "ran_out");
    let board = get(&house, "/board").await;
    let phases: Vec<&Value> = board["road_conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["phase"])
        .collect();
    assert!(phases.contains(&&json!("planned")) && phases.contains(&&json!("ran_out")));
}

#[tokio::test]
async fn its_end_is_amended_taken_back_and_slips_are_named() {
    let house = House::with_travel(travel()).await;
    let made = post(&house, "/road-conditions", bridge(json!({}))).await;
    let path = format!("/road-conditions/{}", made["id"].as_str().unwrap());
    let until = json!({ "until": "2099-01-01T00:00:00Z" });
    let far = house
        .ask(Seat::Dispatcher, "POST", &format!("{path}/until"), until)
        .await;
    assert_eq!(far.problem(), "limit");
    let ahead = house.node.now().0 + 3_600_000;
    let ahead = format!("{:.3}", jiff::Timestamp::from_millisecond(ahead).unwrap());
    let amended = post(&house, &format!("{path}/until"), json!({ "until": ahead })).await;
    assert_eq!(amended["until"], ahead.as_str());
    let amended = post(&house, &format!("{path}/until"), json!({ "until": null })).await;
    assert_eq!(amended["until"], Value::Null);

    let key = [("idempotency-key", "end it")];
    let end = format!("{path}/end");
    let ended = house
        .ask_with(Seat::Dispatcher, "POST", &end, json!({}), &key)
        .await;
    assert_eq!(ended.json["phase"], "ended");
    assert!(ended.headers.contains_key("undo-before"), "{ended:?}");
    post(&house, "/undo", json!({ "key": "end it" })).await;
    assert_eq!(get(&house, &path).await["phase"], "in_force");

    for (more, code) in [
        (json!({ "reason": " " }), "unreadable"),
        (
            json!({ "effect": { "is": "slowed", "percent": 100 } }),
            "missing",
        ),
        (json!({ "effect": { "is": "opened" } }), "unreadable"),
        (
            json!({ "shape": { "is": "circle", "centre": [120.0, 91.0], "radius_m": 5 } }),
            "unreadable",
        ),
        (
            json!({ "shape": { "is": "circle", "centre": [120.0, 30.0], "radius_m": 50_001 } }),
            "limit",
        ),
        (
            json!({ "shape": { "is": "area", "points": [[120.0, 30.0], [120.1, 30.0]] } }),
            "missing",
        ),
        (json!({ "until": "2001-01-01T00:00:00Z" }), "missing"),
        (json!({ "from": "tomorrow" }), "unreadable"),
    ] {
        let body = bridge(more);
        let refused = house
            .ask(Seat::Dispatcher, "POST", "/road-conditions", body.clone())
            .await;
        assert_eq!(refused.problem(), code, "{body}");
    }
}

#[tokio::test]
async fn without_a_road_network_it_is_kept_and_changes_no_time() {
    let house = House::new().await;
    let made = post(&house, "/road-conditions", bridge(json!({}))).await;
    assert_eq!(made["phase"], "in_force");
    let node = get(&house, "/node").await;
    assert_eq!(node["roads"]["conditions_version"], Value::Null);
    let met = get(&house, "/map/road-conditions.geojson").await;
    assert_eq!(met["features"], json!([]));
}
