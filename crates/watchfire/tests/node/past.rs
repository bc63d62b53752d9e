//! Looking back: the board at any earlier moment is the one that was shown then, and every entry of an incident
//! says who, from which seat, when and about what.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::basis::{AssignmentId, Point, Timestamp, UnitId};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::person::Seat;
use watchfire_store::TrailPoint;

use super::house::{House, SAID};

fn written(at: Timestamp) -> String {
    watchfire::api::view::time(at)
}

async fn get(house: &House, seat: Seat, path: &str) -> Value {
    let answer = house.ask(seat, "GET", path, json!(null)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json
}

/// Removes where units are, which is not of the records, and the cursor, which may lag behind on the board of now.
fn records_of(mut board: Value) -> Value {
    board["cursor"] = Value::Null;
    // How the lines are is about now and no other moment.
    board["peers"] = Value::Null;
    for unit in board["units"].as_array_mut().unwrap() {
        unit["position"] = Value::Null;
    }
    board
}

/// Returns the time and sees that nothing that is done from now on has the same.
async fn moment(house: &House) -> Timestamp {
    let at = house.node.now();
    while house.node.now() <= at {
        tokio::task::yield_now().await;
    }
    at
}

/// Does something or other; most of it is accepted.
async fn something(house: &House, entropy: &mut Entropy, board: &Value) {
    let mut one_of = |kind: &str| {
        let all = board[kind].as_array().unwrap().iter();
        // The own unit is left as it is: it never answers.
        let all: Vec<&Value> = all
            .filter(|one| one["unit"] != house.own_unit.as_str())
            .collect();
        match all.len() as u64 {
            0 => "0".repeat(32),
            count => all[entropy.below(count) as usize]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    };
    let (incident, other) = (one_of("incidents"), one_of("incidents"));
    let (assignment, call) = (one_of("assignments"), one_of("calls"));
    let earlier = written(Timestamp(house.node.now().0 - 120_000));
    let (path, body) = match entropy.below(10) {
        0 | 1 => {
            house.incident().await;
            return;
        }
        2 => ("/calls".to_owned(), super::house::call_body()),
        3 => (
            format!("/incidents/{incident}/assignments"),
            json!({ "units": [house.other_unit], "happened_at": earlier }),
        ),
        4 => (format!("/assignments/{assignment}/depart"), json!({})),
        5 => (format!("/assignments/{assignment}/clear"), json!({})),
        6 => (
            format!("/incidents/{incident}/merge"),
            json!({ "into": other }),
        ),
        7 => (
            format!("/calls/{call}/join"),
            json!({ "incident": incident }),
        ),
        8 => (
            format!("/incidents/{incident}/notes"),
            json!({ "text": "smoke from the roof" }),
        ),
        _ => (
            format!("/incidents/{incident}/close"),
            json!({ "disposition": "done" }),
        ),
    };
    house.ask(Seat::Dispatcher, "POST", &path, body).await;
}

#[tokio::test]
async fn the_board_of_any_moment_is_what_was_shown_at_that_moment() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let earlier = written(Timestamp(house.node.now().0 - 120_000));
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit], "happened_at": earlier });
    house.ask(Seat::Dispatcher, "POST", &path, units).await;
    let mut entropy = Entropy::from_number(42);
    let mut kept = Vec::new();
    for _ in 0..8 {
        for _ in 0..6 {
            let board = get(&house, Seat::Dispatcher, "/board").await;
            something(&house, &mut entropy, &board).await;
        }
        let board = get(&house, Seat::Dispatcher, "/board").await;
        kept.push((moment(&house).await, board));
    }
    let mut alarms = 0;
    // Twice, since the second time it is remembered; and backwards, as somebody looks who goes back.
    for (at, board) in kept.iter().rev().chain(&kept) {
        let path = format!("/past/board?at={}", written(*at));
        let past = get(&house, Seat::Dispatcher, &path).await;
        assert_eq!(
            records_of(past.clone()),
            records_of(board.clone()),
            "{path}"
        );
        let cursor = |board: &Value| board["cursor"].as_str().unwrap().parse::<u64>().unwrap();
        assert!(cursor(&past) >= cursor(board), "{path}");
        let assignments = past["assignments"].as_array().unwrap();
        alarms += assignments
            .iter()
            .filter(|one| one["alarms"] != json!([]))
            .count();
    }
    assert!(
        alarms > 0,
        "some moment had an alarm, or this shows nothing of alarms"
    );
    let path = format!("/past/board?at={}", written(kept[7].0));
    let said = |board: Value| board.to_string().contains(SAID);
    assert!(said(get(&house, Seat::Overseer, &path).await));
    assert!(
        !said(get(&house, Seat::Analyst, &path).await),
        "an analyst reads nothing personal"
    );
}

#[tokio::test]
async fn a_unit_stands_where_its_trail_says_it_was_with_the_time_of_that() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    let assignment: AssignmentId = sent.text("/assignments/0/id").parse().unwrap();
    let unit: UnitId = house.own_unit.parse().unwrap();
    let now = moment(&house).await;
    let point = |at_ms: i64, lat| TrailPoint {
        unit,
        assignment,
        at: Timestamp(at_ms),
        point: Point::from_degrees(lat, 120.5).unwrap(),
    };
    let trail = [
        point(now.0 - 20_000, 30.1),
        point(now.0 - 5_000, 30.2),
        point(now.0 + 1, 30.3),
    ];
    let kept = house
        .node
        .on_store(move |store| store.add_trail(&trail))
        .await;
    kept.unwrap().unwrap();
    let path = format!("/past/board?at={}", written(now));
    let past = get(&house, Seat::Analyst, &path).await;
    let units = past["units"].as_array().unwrap();
    let own = units
        .iter()
        .find(|one| one["id"] == house.own_unit.as_str())
        .unwrap();
    assert_eq!(own["position"]["lat"], 30.2);
    assert_eq!(own["position"]["at"], written(Timestamp(now.0 - 5_000)));
    let other = units
        .iter()
        .find(|one| one["id"] == house.other_unit.as_str())
        .unwrap();
    assert_eq!(other["position"], Value::Null, "it was never assigned");
}

#[tokio::test]
async fn a_moment_before_the_node_or_still_to_come_is_refused_with_the_moments_there_are() {
    let house = House::new().await;
    let now = house.node.now();
    for (at, code) in [
        (Timestamp(now.0 + 3_600_000), "not_yet"),
        (Timestamp(now.0 - 86_400_000), "before_opening"),
    ] {
        let path = format!("/past/board?at={}", written(at));
        let refused = house.ask(Seat::Overseer, "GET", &path, json!(null)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.problem(), code);
    }
    for wrong in [
        "/past/board",
        "/past/board?at=yesterday",
        "/past/board?at=2020-01-01T00:00:00Z&more=1",
    ] {
        let refused = house.ask(Seat::Overseer, "GET", wrong, json!(null)).await;
        assert_eq!(refused.problem(), "unreadable", "{wrong}");
    }
}

#[tokio::test]
async fn marks_count_what_happened_in_each_minute_and_for_two_days_at_most() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    house.call().await;
    let earlier = written(Timestamp(house.node.now().0 - 120_000));
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit], "happened_at": earlier });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let now = moment(&house).await;
    let between = |minutes: i64, ms: i64| {
        let (from, to) = (
            Timestamp(now.0 + 1 - minutes * 60_000 - ms),
            Timestamp(now.0 + 1),
        );
        format!("/past/marks?from={}&to={}", written(from), written(to))
    };
    let marks = get(&house, Seat::Analyst, &between(2_880, 0)).await;
    let sum = |what: &str| -> u64 {
        let minutes = marks[what].as_array().unwrap();
        assert_eq!(minutes.len(), 2_880, "{what}");
        minutes.iter().map(|one| one.as_u64().unwrap()).sum()
    };
    assert_eq!(sum("entries"), house.node.position());
    assert_eq!((sum("calls"), sum("incidents"), sum("sent")), (2, 1, 1));
    assert_eq!(
        (sum("ended"), sum("alarms")),
        (0, 1),
        "it is two minutes unanswered"
    );
    let refused = house
        .ask(Seat::Analyst, "GET", &between(2_880, 1), json!(null))
        .await;
    assert_eq!(refused.problem(), "period_too_long");
    let refused = house
        .ask(Seat::Analyst, "GET", &between(0, 0), json!(null))
        .await;
    assert_eq!(refused.problem(), "unreadable");
    let short = get(&house, Seat::Analyst, &between(0, 1)).await;
    assert_eq!(short["entries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_entry_of_an_incident_says_who_from_which_seat_when_and_about_what() {
    let house = House::new().await;
    let (call, incident) = house.incident().await;
    let (second, merged) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    let assignment = sent.text("/assignments/0/id");
    let claimed = written(Timestamp(house.node.now().0 - 1_000));
    let path = format!("/assignments/{assignment}/acknowledge");
    let body = json!({ "happened_at": claimed });
    house.ask(Seat::Crew, "POST", &path, body).await;
    let path = format!("/incidents/{merged}/merge");
    house
        .ask(
            Seat::DutyOfficer,
            "POST",
            &path,
            json!({ "into": incident }),
        )
        .await;
    let told = get(
        &house,
        Seat::Analyst,
        &format!("/incidents/{incident}/entries"),
    )
    .await;
    let entries = told["entries"].as_array().unwrap();
    let said = |entry: &Value| {
        let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let number = entry["number"]
            .as_u64()
            .map_or("-".to_owned(), |number| number.to_string());
        (
            word("kind"),
            word("record_id"),
            number,
            word("seat"),
            word("by"),
        )
    };
    let line = |kind: &str, id: &str, number: &str, seat: &str| {
        (
            kind.to_owned(),
            id.to_owned(),
            number.to_owned(),
            seat.to_owned(),
            seat.to_owned(),
        )
    };
    let expected = [
        line("call.received", &call, "1", "call_taker"),
        line("incident.opened", &incident, "1", "dispatcher"),
        line("call.joined", &call, "1", "dispatcher"),
        line("call.received", &second, "2", "call_taker"),
        line("incident.opened", &merged, "2", "dispatcher"),
        line("call.joined", &second, "2", "dispatcher"),
        line("assignment.sent", &assignment, "-", "dispatcher"),
        line("assignment.acknowledged", &assignment, "-", "crew"),
        line("incident.merged", &merged, "2", "duty_officer"),
    ];
    assert_eq!(entries.iter().map(said).collect::<Vec<_>>(), expected);
    assert_eq!(entries[7]["claimed_at"], claimed);
    assert_eq!(entries[7]["version"], 2);
    let times: Vec<&str> = entries
        .iter()
        .map(|entry| entry["at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}
