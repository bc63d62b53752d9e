//! The stream: whole records once they are durable, resumable, and never waiting for a slow reader.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire::hub::BEHIND_MAX;
use watchfire_core::basis::Timestamp;
use watchfire_core::record::person::Seat;

use super::house::{House, SAID};

/// The longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

struct Reader {
    body: BodyDataStream,
    text: String,
}

/// An event of the stream.
#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Reader {
    async fn follow(house: &House, seat: Seat, from: Option<&str>) -> Reader {
        let bearer = format!("Bearer {}", house.token(seat));
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(from.map(|id| ("last-event-id", id)));
        let answer = house
            .raw("GET", "/api/v1/stream", String::new(), &headers)
            .await;
        assert_eq!(answer.status(), 200);
        Reader {
            body: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// Returns the next event of these names.
    async fn next(&mut self, names: &[&str]) -> Event {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = read(event);
                self.text = rest.to_owned();
                if names.contains(&event.name.as_str()) {
                    return event;
                }
            }
            let part = tokio::time::timeout(PATIENCE, self.body.next()).await;
            let part = part
                .expect("the stream tells in time")
                .expect("it has no end")
                .unwrap();
            self.text.push_str(std::str::from_utf8(&part).unwrap());
        }
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| {
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.map(str::to_owned)
    };
    let data = serde_json::from_str(&field("data").unwrap_or_default()).unwrap_or(Value::Null);
    Event {
        name: field("event").unwrap_or_default(),
        id: field("id"),
        data,
    }
}

#[tokio::test]
async fn a_reader_is_told_whole_records_and_goes_on_where_it_was() {
    let house = House::new().await;
    let mut reader = Reader::follow(&house, Seat::Dispatcher, None).await;
    let call = house.call().await;
    let told = reader.next(&["record"]).await;
    assert_eq!(
        (
            told.data["kind"].as_str(),
            told.data["record"]["id"].as_str()
        ),
        (Some("call"), Some(call.as_str()))
    );
    assert_eq!(told.data["record"]["personal"]["said"], SAID);
    let cursor = told.id.expect("the last of a batch has a cursor");
    drop(reader);
    // Gone for a moment: an incident is opened meanwhile.
    let body = json!({ "call": call });
    let opened = house
        .ask(Seat::Dispatcher, "POST", "/incidents", body)
        .await
        .text("/id");
    let mut reader = Reader::follow(&house, Seat::Dispatcher, Some(&cursor)).await;
    let mut kinds = vec![];
    while kinds.len() < 2 {
        let told = reader.next(&["record"]).await;
        kinds.push(told.data["kind"].as_str().unwrap().to_owned());
        if told.data["kind"] == "incident" {
            assert_eq!(told.data["record"]["id"], opened.as_str());
            assert_eq!(told.data["record"]["calls"], json!([call]));
        }
    }
    kinds.sort();
    assert_eq!(kinds, ["call", "incident"]);
}

#[tokio::test]
async fn those_who_may_not_read_who_called_are_not_told() {
    let house = House::new().await;
    let mut wall = Reader::follow(&house, Seat::Wall, None).await;
    house.call().await;
    let told = wall.next(&["record"]).await;
    assert_eq!(told.data["kind"], "call");
    assert!(told.data["record"]["personal"].is_null(), "{told:?}");
}

#[tokio::test]
async fn a_cursor_of_another_past_or_future_is_answered_with_reset() {
    let house = House::new().await;
    house.call().await;
    for cursor in ["0", "999999999"] {
        let mut reader = Reader::follow(&house, Seat::Dispatcher, Some(cursor)).await;
        reader.next(&["reset"]).await;
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_costs_others_nothing_and_is_told_to_begin_anew() {
    let house = House::new().await;
    let mut slow = Reader::follow(&house, Seat::Dispatcher, None).await;
    let mut quick = Reader::follow(&house, Seat::Dispatcher, None).await;
    let hub = house.node.hub();
    let note = |number: usize| watchfire::hub::Message {
        position: None,
        event: "note",
        full: number.to_string().into(),
        redacted: number.to_string().into(),
    };
    for number in 0..=BEHIND_MAX {
        hub.send(vec![note(number)]);
        hub.tell();
        let told = quick.next(&["note", "reset"]).await;
        assert_eq!((told.name.as_str(), &told.data), ("note", &json!(number)));
    }
    // The slow one asks for its first message now, and one more was sent than are kept for it.
    assert_eq!(slow.next(&["note", "reset"]).await.name, "reset");
}

#[tokio::test]
async fn who_may_sign_in_is_not_told_but_moves_the_cursor() {
    let house = House::new().await;
    let mut reader = Reader::follow(&house, Seat::Wall, None).await;
    let body = json!({ "login": "new.one", "name": "New One", "seats": ["dispatcher"] });
    let done = house
        .ask(Seat::Administrator, "POST", "/people", body)
        .await;
    assert_eq!(done.status, 201, "{done:?}");
    let told = reader.next(&["record", "mark"]).await;
    assert_eq!(told.name, "mark", "{told:?}");
    assert!(told.id.is_some());
    assert!(!told.data.to_string().contains("new.one"));
}

#[tokio::test]
async fn an_incident_is_told_anew_when_a_call_of_one_merged_into_it_leaves() {
    let house = House::new().await;
    let ((_, root), (call, merged)) = (house.incident().await, house.incident().await);
    let path = format!("/incidents/{merged}/merge");
    house
        .ask(Seat::Dispatcher, "POST", &path, json!({ "into": root }))
        .await;
    let mut reader = Reader::follow(&house, Seat::Dispatcher, None).await;
    let path = format!("/calls/{call}/detach");
    let done = house.ask(Seat::Dispatcher, "POST", &path, json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");
    loop {
        let told = reader.next(&["record"]).await;
        let calls = told.data["record"]["calls"].as_array().map(Vec::len);
        // The merging itself may still be told first, with both calls.
        if told.data["record"]["id"] == root.as_str() && calls == Some(1) {
            return;
        }
    }
}

#[tokio::test]
async fn whoever_comes_is_told_the_time_at_once() {
    let house = House::new().await;
    let now = || watchfire::api::view::time(house.node.now());
    let before = now();
    // Nothing beats here, so nobody else tells it.
    let mut reader = Reader::follow(&house, Seat::Crew, None).await;
    let told = reader.next(&["clock"]).await;
    let said = told.data["now"].as_str().unwrap();
    assert!(
        before.as_str() <= said && said <= now().as_str(),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_clock_that_is_behind_the_log_is_told_to_every_screen() {
    let right = House::new().await;
    let node = right.ask(Seat::Wall, "GET", "/node", json!(null)).await;
    assert!(node.json["clock"]["behind_s"].is_null(), "{node:?}");
    let ten_days_ms = 10 * 24 * 3_600_000;
    let ahead = Timestamp(Clock::Real.now().0 + ten_days_ms);
    let wrong = House::made_at(ahead).await;
    let node = wrong.ask(Seat::Wall, "GET", "/node", json!(null)).await;
    let behind_s = node.json["clock"]["behind_s"].as_i64().unwrap();
    assert!((ten_days_ms / 1_000 - behind_s).abs() < 60, "{behind_s}");
    let bearer = format!("Bearer {}", wrong.token(Seat::Overseer));
    let figures = wrong
        .raw(
            "GET",
            "/metrics",
            String::new(),
            &[("authorization", &bearer)],
        )
        .await;
    let figures = figures.into_body().collect().await.unwrap().to_bytes();
    let figures = std::str::from_utf8(&figures).unwrap();
    assert!(!figures.contains("clock_behind_seconds 0\n"), "{figures}");
}

#[tokio::test(start_paused = true)]
async fn a_right_that_was_taken_away_ends_the_stream() {
    let house = House::new().await;
    let mut reader = Reader::follow(&house, Seat::Dispatcher, None).await;
    let path = format!("/people/{}/disable", house.person(Seat::Dispatcher));
    house
        .ask(Seat::Administrator, "POST", &path, json!({}))
        .await;
    // The right is looked at every few seconds; the clock of this test is moved on by hand.
    tokio::time::advance(Duration::from_secs(6)).await;
    house.call().await;
    house.node.hub().tell();
    let mut told = String::new();
    while let Some(part) = reader.body.next().await {
        told.push_str(std::str::from_utf8(&part.unwrap()).unwrap());
    }
    assert!(!told.contains(SAID), "{told}");
}

#[tokio::test]
async fn an_alarm_begins_on_the_stream_with_nothing_else_happening() {
    let house = House::new().await;
    let earlier = jiff::Timestamp::from_millisecond(Clock::Real.now().0 - 600_000).unwrap();
    let body = json!({
        "category": "fire", "priority": 2, "place": { "lat": 30.0, "lon": 120.58 },
        "happened_at": earlier.to_string(),
    });
    let opened = house
        .ask(Seat::Dispatcher, "POST", "/incidents", body)
        .await;
    let mut reader = Reader::follow(&house, Seat::Wall, None).await;
    let beat = tokio::spawn(watchfire::node::keep_time(house.node.clone()));
    let mut told = reader.next(&["record"]).await;
    if told.id.is_some() {
        // The opening itself was still on its way when the reader came; the alarm is the next thing said of it.
        told = reader.next(&["record"]).await;
    }
    beat.abort();
    assert_eq!(told.id, None, "it is nothing that happened");
    assert_eq!(told.data["kind"], "incident");
    assert_eq!(told.data["record"]["id"], opened.text("/id"));
    assert_eq!(told.data["record"]["alarms"][0]["code"], "unassigned");
}
