//! The dispatch board over HTTP: units swapped and taken elsewhere, alarms seen and counted.

use axum::http::StatusCode;
use serde_json::json;
use watchfire::clock::Clock;
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

/// Returns the time so many minutes ago.
fn ago(minutes: i64) -> String {
    let at = Clock::Real.now().0 - minutes * 60_000;
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

async fn get(house: &House, path: &str) -> Answer {
    house.ask(Seat::Dispatcher, "GET", path, json!(null)).await
}

#[tokio::test]
async fn an_alarm_is_shown_with_what_to_do_and_who_has_seen_it() {
    let mut house = House::new().await;
    let place = json!({ "lat": 30.001, "lon": 120.581 });
    let body = json!({ "category": "fire", "priority": 2, "place": place, "happened_at": ago(10) });
    let opened = post(&house, "/incidents", body).await;
    assert_eq!(opened.text("/alarms/0/code"), "unassigned", "{opened:?}");
    assert!(opened.text("/alarms/0/todo/zh").contains("派出"));
    assert!(opened.json["alarms"][0]["acknowledged"].is_null());
    let incident = opened.text("/id");
    let seen = format!("/incidents/{incident}/alarm-seen");
    let other = post(&house, &seen, json!({ "code": "call_waiting" })).await;
    assert_eq!(
        (other.status, other.problem()),
        (StatusCode::CONFLICT, "alarm_not_on".to_owned())
    );
    let other = post(&house, &seen, json!({ "code": "flood" })).await;
    assert_eq!(other.problem(), "unreadable");
    let code = json!({ "code": "unassigned" });
    let done = post(&house, &seen, code.clone()).await;
    assert_eq!(done.text("/alarms/0/acknowledged/by"), "dispatcher");
    assert_eq!(post(&house, &seen, code).await.problem(), "alarm_seen");
    let call = json!({ "category": "fire", "happened_at": ago(20) });
    let call = post(&house, "/calls", call).await.text("/id");
    let sent = json!({ "units": [house.own_unit], "happened_at": ago(8) });
    let sent = post(&house, &format!("/incidents/{incident}/assignments"), sent).await;
    let assignment = sent.text("/assignments/0/id");
    let alarms = get(&house, "/alarms?hours=1").await;
    let codes = ["/open/0/code", "/open/1/code"].map(|path| alarms.text(path));
    assert_eq!(codes, ["call_waiting", "unanswered"], "{alarms:?}");
    assert_eq!(alarms.text("/open/0/call"), call);
    assert!(alarms.json["open"][0]["priority"].is_null());
    assert_eq!(alarms.text("/open/1/assignment"), assignment);
    assert_eq!(alarms.text("/open/1/incident"), incident);
    assert_eq!(alarms.text("/open/1/callsign"), "E1");
    assert_eq!(alarms.json["open"][1]["priority"], 2);
    let seen = format!("/assignments/{assignment}/alarm");
    let done = post(&house, &seen, json!({ "code": "unanswered" })).await;
    assert_eq!(done.text("/alarms/0/acknowledged/by"), "dispatcher");
    let seen = format!("/calls/{call}/alarm-seen");
    let done = post(&house, &seen, json!({ "code": "call_waiting" })).await;
    assert_eq!(done.text("/alarms/0/acknowledged/by"), "dispatcher");
    // What has ended leaves memory, and is counted from the tables.
    let off = format!("/assignments/{assignment}/cancel");
    post(&house, &off, json!({ "reason": "no" })).await;
    let close = format!("/incidents/{incident}/cancel");
    let closed = post(&house, &close, json!({ "reason": "no" })).await;
    assert_eq!(closed.json["alarms"], json!([]), "{closed:?}");
    let before = get(&house, "/alarms?hours=1").await;
    house.restart().await;
    assert!(house.node.board().assignments.is_empty());
    let after = get(&house, "/alarms?hours=1").await;
    assert_eq!(before.json["total"], after.json["total"]);
    let total = json!([
        { "source": "unanswered", "raised": 1, "acknowledged": 1, "acted": 1 },
        // It was acknowledged when it had been over for minutes, as far as anybody reported.
        { "source": "unassigned", "raised": 1, "acknowledged": 0, "acted": 1 },
        { "source": "call_waiting", "raised": 1, "acknowledged": 1, "acted": 0 },
    ]);
    assert_eq!(after.json["total"], total, "{after:?}");
    assert_eq!(after.json["partial"], false);
}

#[tokio::test]
async fn what_was_just_done_is_taken_back_by_whoever_did_it() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let body = json!({ "units": [house.own_unit, house.other_unit] });
    let key = [("idempotency-key", "k1")];
    let sent = house
        .ask_with(Seat::Dispatcher, "POST", &path, body.clone(), &key)
        .await;
    let before = sent
        .headers
        .get("undo-before")
        .expect("it can be taken back");
    let before: jiff::Timestamp = before.to_str().unwrap().parse().unwrap();
    let left_ms = before.as_millisecond() - Clock::Real.now().0;
    assert!((0..=10_000).contains(&left_ms), "{left_ms}");
    let again = house
        .ask_with(Seat::Dispatcher, "POST", &path, body, &key)
        .await;
    assert_eq!(
        again.headers.get("undo-before"),
        sent.headers.get("undo-before")
    );
    let undo = json!({ "key": "k1" });
    let others = house
        .ask(Seat::DutyOfficer, "POST", "/undo", undo.clone())
        .await;
    assert_eq!(others.problem(), "not_undone", "a key is its asker's own");
    let take_back = [("idempotency-key", "k2")];
    let ask = || house.ask_with(Seat::Dispatcher, "POST", "/undo", undo.clone(), &take_back);
    let done = ask().await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    assert_eq!(done.json["records"].as_array().unwrap().len(), 2);
    assert_eq!(done.text("/records/0/kind"), "assignment");
    assert!(done.headers.get("undo-before").is_none());
    assert_eq!(
        ask().await.json,
        done.json,
        "an answer that was lost is given again"
    );
    let shown = get(
        &house,
        &format!("/assignments/{}", done.text("/records/0/id")),
    )
    .await;
    assert_eq!(shown.text("/status"), "cancelled");
    let twice = post(&house, "/undo", undo).await;
    assert_eq!(twice.problem(), "not_undone");
    // What cannot be taken back says so at once by saying nothing, and why when asked.
    let raise = house
        .ask_with(
            Seat::Dispatcher,
            "POST",
            &format!("/incidents/{incident}/alarm"),
            json!({ "level": 2 }),
            &[("idempotency-key", "k3")],
        )
        .await;
    assert!(raise.headers.get("undo-before").is_none());
    let no = post(&house, "/undo", json!({ "key": "k3" })).await;
    assert!(no.text("/what/en").contains("cannot be unstruck"), "{no:?}");
    let no = post(&house, "/undo", json!({ "key": "none" })).await;
    assert_eq!(
        (no.status, no.problem()),
        (StatusCode::CONFLICT, "not_undone".to_owned())
    );
}

#[tokio::test]
async fn a_seat_takes_back_only_what_it_may_do() {
    let mut house = House::new().await;
    let call = house.call().await;
    let (_, incident) = house.incident().await;
    let join = format!("/calls/{call}/join");
    let key = [("idempotency-key", "k1")];
    let body = json!({ "incident": incident });
    let joined = house
        .ask_with(Seat::CallTaker, "POST", &join, body, &key)
        .await;
    assert!(joined.headers.contains_key("undo-before"), "{joined:?}");
    let undo = json!({ "key": "k1" });
    let done = house
        .ask(Seat::CallTaker, "POST", "/undo", undo.clone())
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let off = format!("/units/{}/out-of-service", house.own_unit);
    let body = json!({ "reason": "axle" });
    let done = house.ask_with(Seat::Crew, "POST", &off, body, &key).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let done = house.ask(Seat::Crew, "POST", "/undo", undo.clone()).await;
    assert_eq!(done.text("/records/0/id"), house.own_unit);
    let open = format!("/incidents/{incident}/grade");
    house
        .ask_with(
            Seat::Dispatcher,
            "POST",
            &open,
            json!({ "priority": 4 }),
            &key,
        )
        .await;
    house.restart().await;
    let gone = house.ask(Seat::Dispatcher, "POST", "/undo", undo).await;
    assert_eq!(gone.problem(), "not_undone", "a restart forgets");
}

#[tokio::test]
async fn one_to_forty_eight_hours_can_be_looked_back_over() {
    let house = House::new().await;
    for (hours, fine) in [
        ("0", false),
        ("1", true),
        ("48", true),
        ("49", false),
        ("x", false),
    ] {
        let found = get(&house, &format!("/alarms?hours={hours}")).await;
        assert_eq!(found.status == StatusCode::OK, fine, "{hours}: {found:?}");
        if fine {
            let shown = found.json["hours"].as_array().unwrap().len();
            assert_eq!(shown.to_string(), hours);
        }
    }
    let found = get(&house, "/alarms").await;
    assert_eq!(found.json["hours"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn what_is_long_over_is_on_no_board_and_still_found_by_itself() {
    let mut house = House::new().await;
    let (done_call, done) = house.incident().await;
    let (open_call, open) = house.incident().await;
    let sent = sent(&house, &done, &house.own_unit.clone()).await;
    let clear = post(&house, &format!("/assignments/{sent}/clear"), json!({})).await;
    assert_eq!(clear.status, StatusCode::OK, "{clear:?}");
    let close = json!({ "disposition": "done" });
    let close = post(&house, &format!("/incidents/{done}/close"), close).await;
    assert_eq!(close.status, StatusCode::OK, "{close:?}");
    let on_board = |board: &Answer, list: &str, id: &str| {
        let all = board.json[list].as_array().unwrap();
        all.iter().any(|one| one["id"] == id)
    };
    let all = [
        ("incidents", &done, false),
        ("calls", &done_call, false),
        ("assignments", &sent, false),
        ("incidents", &open, true),
        ("calls", &open_call, true),
    ];
    let board = get(&house, "/board").await;
    for (list, id, _) in all {
        assert!(on_board(&board, list, id), "{list} ended just now");
    }
    house.restart_hours_later(2).await;
    let board = get(&house, "/board").await;
    for (list, id, is_open) in all {
        assert_eq!(on_board(&board, list, id), is_open, "{list}");
        let alone = get(&house, &format!("/{list}/{id}")).await;
        assert_eq!(alone.status, StatusCode::OK, "{list}: {alone:?}");
    }
    let reopened = json!({ "reason": "it burns again" });
    let reopened = post(&house, &format!("/incidents/{done}/reopen"), reopened).await;
    assert_eq!(reopened.status, StatusCode::OK, "{reopened:?}");
    let board = get(&house, "/board").await;
    for (list, id, _) in all {
        assert!(
            on_board(&board, list, id),
            "{list} is there with its incident"
        );
    }
}
