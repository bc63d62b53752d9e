//! The action line over HTTP: done, asked about, shown, refused, and never done twice.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::limits;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

async fn say(house: &House, seat: Seat, text: &str) -> Answer {
    let body = json!({ "text": text });
    house.ask(seat, "POST", "/actions/line", body).await
}

async fn does(house: &House, text: &str) -> Answer {
    let done = say(house, Seat::Dispatcher, text).await;
    assert_eq!(done.status, StatusCode::OK, "{text}: {done:?}");
    done
}

async fn get(house: &House, path: &str) -> Value {
    house
        .ask(Seat::Dispatcher, "GET", path, json!(null))
        .await
        .json
}

#[tokio::test]
async fn a_night_is_worked_by_lines_alone() {
    let house = House::new().await;
    let opened = does(&house, "i fire @ 30.001,120.581 p1").await;
    assert_eq!(opened.text("/outcome"), "done");
    assert_eq!(
        opened.text("/understood/en"),
        "Open fire, priority 1, at 30.00100, 120.58100"
    );
    let incident = opened.text("/records/0/id");
    let sent = does(&house, "d e1 1").await;
    assert_eq!(sent.text("/records/0/kind"), "assignment");
    assert!(sent.json["undo_before"].is_string(), "{sent:?}");
    let shown = get(
        &house,
        &format!("/assignments/{}", sent.text("/records/0/id")),
    )
    .await;
    assert!(
        shown["travel_time_s"].is_u64(),
        "it says why this unit: {shown}"
    );
    for (line, status) in [
        ("a e1", "assigned"),
        ("E1出发", "en_route"),
        ("os e1", "on_scene"),
    ] {
        assert_eq!(does(&house, line).await.text("/outcome"), "done", "{line}");
        let unit = get(&house, &format!("/units/{}", house.own_unit)).await;
        assert_eq!(unit["status"], status, "{line}");
    }
    does(&house, "sw e1 by e2").await;
    does(&house, "备注 #1 门锁着").await;
    let notes = get(&house, &format!("/incidents/{incident}/notes")).await;
    assert_eq!(notes["notes"][0]["text"], "门锁着");
    does(&house, "al 1").await;
    does(&house, "cu e2 all out").await;
    does(&house, "cl 1 fire out").await;
    let shown = get(&house, &format!("/incidents/{incident}")).await;
    assert_eq!(
        (&shown["status"], &shown["alarm_level"]),
        (&json!("closed"), &json!(2))
    );
    let both = does(&house, "od e1 e2").await;
    assert_eq!(
        both.json["records"].as_array().unwrap().len(),
        2,
        "both in one action"
    );
}

#[tokio::test]
async fn what_is_not_sure_is_asked_about_and_done_when_it_is_confirmed() {
    let house = House::new().await;
    does(&house, "i fire @ 30.001,120.581 p1").await;
    let asked = does(&house, "d e1").await;
    assert_eq!(asked.text("/outcome"), "confirm");
    assert!(
        asked
            .text("/understood/en")
            .starts_with("Send E1 to incident 1")
    );
    assert!(asked.text("/unsure/0/zh").contains("最急"));
    let confirm = asked.text("/confirm");
    // Somebody opens a more urgent one meanwhile... the same words now mean another incident.
    does(&house, "g 1 p3").await;
    does(&house, "i fire @ 30.002,120.581 p1").await;
    let body = json!({ "text": "d e1", "confirm": confirm });
    let again = house
        .ask(Seat::Dispatcher, "POST", "/actions/line", body)
        .await;
    assert_eq!(again.text("/outcome"), "confirm", "it is asked anew");
    assert!(
        again
            .text("/understood/en")
            .starts_with("Send E1 to incident 2")
    );
    let body = json!({ "text": "d e1", "confirm": again.text("/confirm") });
    let done = house
        .ask(Seat::Dispatcher, "POST", "/actions/line", body)
        .await;
    assert_eq!(done.text("/outcome"), "done", "{done:?}");
}

#[tokio::test]
async fn a_repeated_line_is_done_once_whatever_it_would_mean_by_then() {
    let house = House::new().await;
    does(&house, "i fire @ 30.001,120.581 p1").await;
    does(&house, "d e1 1").await;
    for line in ["al 1", "x e1 not needed", "u"] {
        let ask = || async {
            let headers = [("idempotency-key", line)];
            let body = json!({ "text": line });
            house
                .ask_with(Seat::Dispatcher, "POST", "/actions/line", body, &headers)
                .await
        };
        let first = ask().await;
        assert_eq!(
            (first.status, first.text("/outcome")),
            (StatusCode::OK, "done".to_owned()),
            "{first:?}"
        );
        let second = ask().await;
        assert_eq!(second.text("/outcome"), "done", "{second:?}");
        assert_eq!(second.json["records"], first.json["records"], "{line}");
    }
    let board = get(&house, "/board").await;
    assert_eq!(board["incidents"][0]["alarm_level"], 2);
    let unit = get(&house, &format!("/units/{}", house.own_unit)).await;
    assert_eq!(
        unit["status"], "assigned",
        "what was called off was taken back"
    );
    let headers = [("idempotency-key", "al 1")];
    let body = json!({ "text": "a e1" });
    let other = house
        .ask_with(Seat::Dispatcher, "POST", "/actions/line", body, &headers)
        .await;
    assert_eq!(other.problem(), "idempotency_key_reused");
    let none = house
        .ask_with(
            Seat::Dispatcher,
            "POST",
            "/actions/line",
            json!({ "text": "a e1" }),
            &[],
        )
        .await;
    assert_eq!(none.problem(), "unreadable", "what acts needs a key");
}

#[tokio::test]
async fn a_refusal_says_what_was_understood_and_a_slip_where_it_stands() {
    let house = House::new().await;
    does(&house, "i fire @ 30.001,120.581 p1").await;
    does(&house, "d e1 1").await;
    let refused = say(&house, Seat::Dispatcher, "d e1 1").await;
    assert_eq!(refused.problem(), "unit_not_free");
    assert!(
        refused
            .text("/understood/en")
            .starts_with("Send E1 to incident 1")
    );
    assert!(refused.json["slip"].is_null());
    let slip = say(&house, Seat::Dispatcher, "dispach e1 1").await;
    assert_eq!(slip.problem(), "not_understood");
    assert_eq!(
        slip.json["slip"],
        json!({ "from": 0, "to": 7, "nearest": "dispatch" })
    );
    let unknown = say(&house, Seat::Dispatcher, "en e2").await;
    assert_eq!(unknown.problem(), "not_as_things_stand");
    let long = "x".repeat(limits::ACTION_LINE_CHARS_MAX + 1);
    assert_eq!(
        say(&house, Seat::Dispatcher, &long).await.problem(),
        "not_understood"
    );
}

#[tokio::test]
async fn every_seat_may_ask_and_only_some_may_act() {
    let house = House::new().await;
    does(&house, "i fire @ 30.001,120.581 p1").await;
    does(&house, "d e1 1").await;
    for seat in [Seat::Wall, Seat::Analyst, Seat::Overseer] {
        let shown = say(&house, seat, "s e1").await;
        assert_eq!(shown.text("/outcome"), "show", "{seat:?}");
        let refused = say(&house, seat, "en e1").await;
        assert_eq!(refused.problem(), "not_allowed", "{seat:?}");
        assert!(refused.text("/understood/zh").contains("已出发"));
    }
    let own = say(&house, Seat::Crew, "en e1").await;
    assert_eq!(
        own.status,
        StatusCode::OK,
        "a crew reports for its own unit: {own:?}"
    );
    let other = say(&house, Seat::Crew, "oos e2 flat tyre").await;
    assert_eq!(other.problem(), "not_allowed");
    let both = say(&house, Seat::Crew, "rest e1 e2 10").await;
    assert_eq!(both.problem(), "not_allowed", "all of it must be allowed");
}

#[tokio::test]
async fn lines_that_only_show_go_somewhere_or_help() {
    let house = House::new().await;
    let opened = does(&house, "i fire @ 30.001,120.581 p1").await;
    let go = does(&house, "go 1").await;
    assert_eq!(
        go.json["go"],
        json!({ "kind": "incident", "id": opened.text("/records/0/id"), "text": null })
    );
    let call = does(&house, "c smoke from a roof").await;
    let expected = json!({ "kind": "seat", "id": "call-taking", "text": "smoke from a roof" });
    assert_eq!(call.json["go"], expected);
    let help = does(&house, "? sw").await;
    assert_eq!(help.text("/outcome"), "help");
    assert_eq!(help.json["help"].as_array().unwrap().len(), 1);
    assert_eq!(help.text("/help/0/short"), "sw");
}

#[tokio::test]
async fn what_is_offered_is_what_the_board_has() {
    let house = House::new().await;
    does(&house, "i fire @ 30.001,120.581 p1").await;
    let body = json!({ "text": "d e", "at": 3 });
    let offered = house
        .ask(Seat::Dispatcher, "POST", "/actions/line/complete", body)
        .await;
    assert_eq!(offered.status, StatusCode::OK, "{offered:?}");
    let inserts: Vec<&str> = offered.json["choices"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|choice| choice["insert"].as_str())
        .collect();
    assert_eq!(inserts, ["E1", "E2"]);
    assert_eq!(
        (&offered.json["from"], &offered.json["to"]),
        (&json!(2), &json!(3))
    );
    assert!(offered.text("/hint/zh").starts_with("派 力量"));
    let long = "x".repeat(limits::ACTION_LINE_CHARS_MAX + 1);
    let body = json!({ "text": long, "at": 0 });
    let past = house
        .ask(Seat::Dispatcher, "POST", "/actions/line/complete", body)
        .await;
    assert_eq!(past.problem(), "unreadable");
}

#[tokio::test]
async fn a_directive_is_given_answered_and_verified_by_lines_alone() {
    let house = House::new().await;
    let issued = does(&house, "dir e1: hold the gate, Mr Li waits").await;
    assert_eq!(issued.text("/outcome"), "done", "{issued:?}");
    assert_eq!(issued.text("/records/0/kind"), "directive");
    let path = format!("/directives/{}", issued.text("/records/0/id"));
    let shown = get(&house, &path).await;
    assert_eq!(shown["text"], "hold the gate, Mr Li waits");
    assert_eq!(
        (&shown["subject"], &shown["priority"]),
        (&json!("任务指令 task"), &json!(3)),
        "what may name people is in the text alone"
    );
    for line in ["sg D1", "开始处置 D1", "rp D1 the gate is held"] {
        let own = say(&house, Seat::Crew, line).await;
        assert_eq!(own.text("/outcome"), "done", "{line}: {own:?}");
    }
    for line in ["vf D1", "dir e1 come back", "rc D1 a mistake"] {
        let refused = say(&house, Seat::Crew, line).await;
        assert_eq!(refused.problem(), "not_allowed", "{line}");
    }
    let asked = does(&house, "核验").await;
    assert_eq!(asked.text("/outcome"), "confirm", "no number was said");
    let verified = does(&house, "核验 D1").await;
    assert_eq!(verified.text("/outcome"), "done", "{verified:?}");
    let shown = get(&house, &path).await;
    assert_eq!(shown["status"], "closed", "it was the last of it");
    let go = does(&house, "go D1").await;
    assert_eq!(go.text("/go/kind"), "directive");
    let go = does(&house, "看值守").await;
    assert_eq!(go.text("/go/id"), "roster");
    let idle = say(&house, Seat::DutyOfficer, "log all quiet").await;
    assert_eq!(idle.problem(), "not_as_things_stand", "nobody is on");
}
