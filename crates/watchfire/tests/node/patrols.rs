//! Patrol plans over HTTP: written down, laid out, accepted, walked and laid out again; and what volunteers see, which is
//! their own round and nothing else.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

const RESPONSE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火警"

[kinds.engine]
en = "Engine"
zh = "水罐车"

[kinds.neighbours]
en = "Neighbourhood watch"
zh = "邻里守望队"
volunteers = true
"#;

/// Returns the time so many minutes from now.
fn in_minutes(minutes: i64) -> String {
    let at = Clock::Real.now().0 + minutes * 60_000;
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

async fn dispatcher(house: &House, method: &str, path: &str, body: Value) -> Answer {
    house.ask(Seat::Dispatcher, method, path, body).await
}

fn point(no: u16, volunteers: bool) -> Value {
    json!({
        "no": no, "label": format!("Point {no}"), "lat": 30.0 + f64::from(no) / 1_000.0, "lon": 120.58,
        "stay_min": 1, "wanted": { "is": "times", "count": 1 }, "volunteers": volunteers,
    })
}

fn plan(units: &[&str], points: &[Value]) -> Value {
    json!({
        "theme": "Old town, evening", "theme_other": "老城夜巡", "from": in_minutes(-1), "until": in_minutes(240),
        "units": units, "points": points,
    })
}

/// Returns the rounds of a proposal as they are sent back to be accepted.
fn accepted(proposal: &Answer) -> Value {
    let round = |round: &Value| {
        let leg =
            |leg: &Value| json!({ "point": leg["point"], "visit": leg["visit"], "at": leg["at"] });
        let legs: Vec<Value> = round["legs"].as_array().unwrap().iter().map(leg).collect();
        json!({ "unit": round["unit"], "legs": legs, "back_at": round["back_at"], "basis": round["basis"] })
    };
    let rounds = proposal.json["rounds"].as_array().unwrap().iter();
    json!({ "rounds": rounds.map(round).collect::<Vec<Value>>() })
}

/// Writes a plan down, accepts what is proposed and begins it; returns its address.
async fn begun(house: &House, units: &[&str], points: &[Value]) -> String {
    let entered = dispatcher(house, "POST", "/patrols", plan(units, points)).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{entered:?}");
    assert_eq!(entered.json["coverage"]["promised"], points.len());
    let path = format!("/patrols/{}", entered.text("/id"));
    let early = dispatcher(house, "POST", &format!("{path}/start"), json!({})).await;
    assert_eq!(early.problem(), "wrong_state", "no rounds were accepted");
    let proposal = dispatcher(house, "POST", &format!("{path}/proposal"), json!({})).await;
    assert_eq!(proposal.status, StatusCode::OK, "{proposal:?}");
    assert_eq!(proposal.json["left_out"], json!([]), "{proposal:?}");
    let mut rounds = proposal.json["rounds"].as_array().unwrap().iter();
    let busy = rounds.find(|round| round["legs"][0].is_object()).unwrap();
    assert_eq!(busy["basis"], "straight_line");
    let done = dispatcher(house, "PUT", &format!("{path}/rounds"), accepted(&proposal)).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let started = dispatcher(house, "POST", &format!("{path}/start"), json!({})).await;
    assert_eq!(started.text("/status"), "under_way");
    path
}

#[tokio::test]
async fn a_plan_is_walked_and_what_a_unit_called_away_leaves_is_laid_out_again() {
    let house = House::with_response(RESPONSE).await;
    let (own, other) = (house.own_unit.clone(), house.other_unit.clone());
    let points = [point(1, false), point(2, false), point(3, false)];
    let path = begun(&house, &[&own], &points).await;
    let wider = dispatcher(&house, "PUT", &path, plan(&[&own, &other], &points)).await;
    assert_eq!(wider.status, StatusCode::OK, "{wider:?}");

    let mine = house
        .ask(Seat::Crew, "GET", "/patrols/own", json!(null))
        .await;
    let first = mine.json["rounds"][0]["round"]["legs"][0].clone();
    let visit = |unit: &str, leg: &Value| json!({ "unit": unit, "point": leg["point"], "visit": leg["visit"] });
    let visits = format!("{path}/visits");
    let foreign = house
        .ask(Seat::Crew, "POST", &visits, visit(&other, &first))
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN, "not the crew's unit");
    let done = house
        .ask(Seat::Crew, "POST", &visits, visit(&own, &first))
        .await;
    assert_eq!(done.json["coverage"]["in_time"], 1, "{done:?}");
    let twice = house
        .ask(Seat::Crew, "POST", &visits, visit(&own, &first))
        .await;
    assert_eq!(twice.problem(), "wrong_state");
    assert_eq!(done.json["called_away"], json!([]));

    let (_, incident) = house.incident().await;
    let send = format!("/incidents/{incident}/assignments");
    let sent = dispatcher(&house, "POST", &send, json!({ "units": [own] })).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let shown = dispatcher(&house, "GET", &path, json!(null)).await;
    assert_eq!(shown.json["called_away"], json!([own]), "{shown:?}");
    let again = dispatcher(&house, "POST", &format!("{path}/proposal"), json!({})).await;
    assert_eq!(again.json["without_round"], json!([own]), "{again:?}");
    assert_eq!(again.json["rounds"][0]["unit"], json!(other));
    assert_eq!(again.json["rounds"][0]["legs"].as_array().unwrap().len(), 2);
    let done = dispatcher(&house, "PUT", &format!("{path}/rounds"), accepted(&again)).await;
    assert_eq!(done.json["called_away"], json!([]), "{done:?}");
    let board = dispatcher(&house, "GET", "/board", json!(null)).await;
    assert_eq!(board.json["records"][0]["record"]["id"], shown.json["id"]);
    let skip = json!({ "unit": other, "point": 3, "visit": 1, "reason": "road closed" });
    let skipped = dispatcher(&house, "POST", &format!("{path}/skips"), skip).await;
    assert_eq!(skipped.json["coverage"]["skipped"], 1, "{skipped:?}");
    let ended = dispatcher(
        &house,
        "POST",
        &format!("{path}/end"),
        json!({ "ending": "rain" }),
    )
    .await;
    assert_eq!(ended.json["coverage"]["missed"], 1, "{ended:?}");
    let over = dispatcher(&house, "POST", &format!("{path}/proposal"), json!({})).await;
    assert_eq!(over.problem(), "patrol_ended");
}

#[tokio::test]
async fn volunteers_see_their_own_round_and_nothing_else() {
    let house = House::with_response(RESPONSE).await;
    let post = json!({ "lat": 30.0, "lon": 120.58 });
    let team = json!({ "callsign": "N1", "kind": "neighbours", "post": post });
    let team = house
        .ask(Seat::DutyOfficer, "POST", "/units", team)
        .await
        .text("/id");
    let on = format!("/units/{team}/available");
    dispatcher(&house, "POST", &on, json!({})).await;
    let person = format!("/people/{}", house.person(Seat::Volunteer));
    let body = |seat: &str| json!({ "login": seat, "name": "Lin", "seats": [seat], "unit": team, "program": false });
    let crew = house
        .ask(Seat::Administrator, "PUT", &person, body("crew"))
        .await;
    assert_eq!(
        crew.problem(),
        "wrong_state",
        "a team of volunteers has no crew seat"
    );
    let done = house
        .ask(Seat::Administrator, "PUT", &person, body("volunteer"))
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");

    // The unit is far away and stays there, so that the near point is left to the team.
    let own_unit = house.own_unit.clone();
    let window =
        |from: i64, until: i64| json!([{ "from": in_minutes(from), "until": in_minutes(until) }]);
    let (mut near, mut far) = (point(1, true), point(40, false));
    (near["windows"], far["windows"]) = (window(45, 60), window(0, 40));
    far["stay_min"] = json!(100);
    let path = begun(&house, &[&team, &own_unit], &[near, far]).await;
    let (_, incident) = house.incident().await;
    let own = house
        .ask(Seat::Volunteer, "GET", "/patrols/own", json!(null))
        .await;
    assert_eq!(own.text("/callsign"), "N1");
    let text = own.json.to_string();
    for hidden in ["E1", "E2", "Point 40", &own_unit, &incident] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    for closed in [
        "/board",
        "/units",
        "/calls",
        "/incidents",
        "/patrols",
        &path,
        "/stream",
    ] {
        let answer = house.ask(Seat::Volunteer, "GET", closed, json!(null)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{closed}");
    }
    let leg = &own.json["rounds"][0]["round"]["legs"][0];
    let visit = json!({ "unit": team, "point": leg["point"], "visit": leg["visit"] });
    let done = house
        .ask(Seat::Volunteer, "POST", &format!("{path}/visits"), visit)
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    assert_eq!(done.text("/rounds/0/round/legs/0/kept"), "in_time");
    assert!(!done.json.to_string().contains("E1"), "{done:?}");
    let send = format!("/incidents/{incident}/assignments");
    let sent = dispatcher(&house, "POST", &send, json!({ "units": [team] })).await;
    assert_eq!(
        sent.problem(),
        "unit_not_free",
        "volunteers are sent to no incident"
    );
}
