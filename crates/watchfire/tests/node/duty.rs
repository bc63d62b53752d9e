//! Duty over HTTP: a post, its shifts, the watch handed over item by item with its refusals, a swap that takes two, a
//! roster from a pattern, gaps ahead, and whom alarms go to.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

/// Returns the time so many minutes from now.
fn in_minutes(minutes: i64) -> String {
    let at = Clock::Real.now().0 + minutes * 60_000;
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

async fn officer(house: &House, method: &str, path: &str, body: Value) -> Answer {
    house.ask(Seat::DutyOfficer, method, path, body).await
}

/// Enters the duty officer's desk; whoever may dispatch may sit there in this house.
async fn desk(house: &House) -> String {
    let body = json!({ "name": "值班长席", "name_other": "Duty desk", "seat": "dispatcher", "minimum": 1,
        "reach": "8110 / 3 频道", "rest_min": 60, "hands_over": true });
    let made = officer(house, "POST", "/duty/posts", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    // The duty officer may dispatch, too, so that there are two for the desk.
    let person = house.person(Seat::DutyOfficer);
    let login = officer(house, "GET", &format!("/people/{person}"), json!(null)).await;
    let body = json!({ "login": login.text("/login"), "name": "Officer Ding", "seats": ["duty_officer", "dispatcher"],
        "program": true });
    let path = format!("/people/{person}");
    let done = house.ask(Seat::Administrator, "PUT", &path, body).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    made.text("/id")
}

/// Plans a shift from and until so many minutes from now, and returns its id.
async fn planned(house: &House, post: &str, from: i64, until: i64, people: &[String]) -> String {
    let shift = json!({ "from": in_minutes(from), "until": in_minutes(until), "people": people });
    let path = format!("/duty/posts/{post}/shifts");
    let done = officer(house, "POST", &path, json!({ "shifts": [shift] })).await;
    assert_eq!(done.status, StatusCode::CREATED, "{done:?}");
    let board = officer(house, "GET", "/board", json!(null)).await;
    let records = board.json["records"].as_array().unwrap().iter();
    let shifts = records.filter(|one| one["kind"] == "shift" && one["record"]["post"] == post);
    let newest = shifts.max_by_key(|one| one["record"]["from"].as_str().map(str::to_owned));
    newest.unwrap()["record"]["id"].as_str().unwrap().to_owned()
}

async fn step(house: &House, seat: Seat, shift: &str, body: Value) -> Answer {
    let path = format!("/duty/shifts/{shift}/steps");
    house.ask(seat, "POST", &path, body).await
}

#[tokio::test]
async fn the_watch_is_handed_over_item_by_item_and_alarms_follow_it() {
    let house = House::new().await;
    let post = desk(&house).await;
    let (wang, ding) = (
        house.person(Seat::Dispatcher),
        house.person(Seat::DutyOfficer),
    );
    let now = officer(&house, "GET", "/duty", json!(null)).await;
    assert_eq!(now.json["posts"][0]["missing"], 1, "{now:?}");
    assert_eq!(now.json["incident_alarms"]["unmanned"], true);
    assert_eq!(now.json["gaps"].as_array().unwrap().len(), 1);
    let early = planned(&house, &post, -400, 5, std::slice::from_ref(&wang)).await;
    let late = planned(&house, &post, 5, 485, std::slice::from_ref(&ding)).await;

    let no = step(
        &house,
        Seat::CallTaker,
        &early,
        json!({ "do": "come_on", "person": wang }),
    )
    .await;
    assert_eq!(no.problem(), "not_allowed", "nobody comes on for another");
    let on = step(&house, Seat::Dispatcher, &early, json!({ "do": "come_on" })).await;
    assert_eq!(on.text("/shift/status"), "on", "{on:?}");
    let note =
        json!({ "do": "write", "text": "the gate of the depot is locked", "hands_over": true });
    step(&house, Seat::Dispatcher, &early, note).await;
    let read = house
        .ask(
            Seat::Wall,
            "GET",
            &format!("/duty/shifts/{early}"),
            json!(null),
        )
        .await;
    assert_eq!(read.json["log"][2]["text"], json!(null), "{read:?}");
    let (_, incident) = house.incident().await;
    let alarms = officer(&house, "GET", "/alarms", json!(null)).await;
    assert!(alarms.json["open"].as_array().is_some());

    let taken = step(&house, Seat::DutyOfficer, &late, json!({ "do": "come_on" })).await;
    assert_eq!(taken.problem(), "wrong_state", "the desk is held");
    let off = step(&house, Seat::Dispatcher, &early, json!({ "do": "go_off" })).await;
    assert_eq!(off.problem(), "wrong_state", "nobody leaves it alone");
    let body = json!({ "from": early, "outgoing": wang, "to": late, "incoming": ding });
    let begun = officer(&house, "POST", "/duty/handovers", body).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    assert_eq!(begun.json["waiting"], 2, "{begun:?}");
    assert_eq!(
        begun.text("/items/0/detail/zh"),
        "the gate of the depot is locked"
    );
    assert_eq!(begun.text("/items/1/id"), incident);
    let path = format!("/duty/handovers/{}", begun.text("/handover/id"));
    let steps = format!("{path}/steps");
    let outgoing = house
        .ask(Seat::Dispatcher, "POST", &steps, json!({ "do": "sign" }))
        .await;
    assert_eq!(outgoing.status, StatusCode::OK, "{outgoing:?}");
    let early_sign = officer(&house, "POST", &steps, json!({ "do": "sign" })).await;
    assert_eq!(early_sign.problem(), "items_open");
    let other = house
        .ask(Seat::CallTaker, "POST", &steps, json!({ "do": "sign" }))
        .await;
    assert_eq!(other.problem(), "not_allowed");

    let first = begun.text("/items/0/item");
    let accept = |item: String| json!({ "do": "accept", "item": item });
    officer(&house, "POST", &steps, accept(first)).await;
    let second = begun.text("/items/1/item");
    let ask = json!({ "do": "question", "item": second, "text": "who goes there?" });
    let asked = officer(&house, "POST", &steps, ask).await;
    assert_eq!(asked.text("/items/1/answer"), "questioned", "{asked:?}");
    let told = json!({ "do": "explain", "item": second, "text": "engine 2, in ten minutes" });
    house.ask(Seat::Dispatcher, "POST", &steps, told).await;
    officer(&house, "POST", &steps, accept(second)).await;
    // Something arises meanwhile.
    let (_, arisen) = house.incident().await;
    let sheet = officer(&house, "GET", &path, json!(null)).await;
    assert_eq!(
        (&sheet.json["waiting"], &sheet.json["items"][2]["arisen"]),
        (&json!(1), &json!(true))
    );
    let no = officer(&house, "POST", &steps, json!({ "do": "sign" })).await;
    assert_eq!(no.problem(), "items_open");
    officer(&house, "POST", &steps, accept(format!("incident:{arisen}"))).await;
    let signed = officer(&house, "POST", &steps, json!({ "do": "sign" })).await;
    assert_eq!(signed.text("/handover/status"), "signed", "{signed:?}");
    let wall = house.ask(Seat::Wall, "GET", &path, json!(null)).await;
    assert_eq!(wall.json["items"][1]["talk"][0]["text"], json!(null));

    let now = officer(&house, "GET", "/duty", json!(null)).await;
    assert_eq!(now.text("/posts/0/on/0/person/id"), ding);
    assert_eq!(now.text("/incident_alarms/people/0/reach"), "8110 / 3 频道");
    assert_eq!(now.json["own_incident_alarms"], true);
    let gone = house
        .ask(Seat::Dispatcher, "GET", "/duty", json!(null))
        .await;
    assert_eq!(
        gone.json["own_incident_alarms"], false,
        "alarms follow the watch"
    );
    let all = officer(&house, "GET", "/duty/handovers", json!(null)).await;
    assert_eq!(all.json["items"][0]["accepted"], 3, "{all:?}");
}

#[tokio::test]
async fn a_roster_is_proposed_accepted_swapped_and_shows_its_gaps() {
    let house = House::new().await;
    let post = desk(&house).await;
    let (wang, ding) = (
        house.person(Seat::Dispatcher),
        house.person(Seat::DutyOfficer),
    );
    let day = officer(&house, "GET", "/duty", json!(null)).await.json["today"]
        .as_i64()
        .unwrap();
    let turn = |day: i64, start: i64, team: i64| json!({ "day": day, "start_min": start, "length_min": 720, "team": team });
    let turns = [
        turn(0, 480, 0),
        turn(0, 1200, 1),
        turn(1, 480, 1),
        turn(1, 1200, 0),
    ];
    let mut body = json!({ "name": "值班长席", "seat": "dispatcher", "minimum": 1, "reach": "8110", "rest_min": 600,
        "hands_over": true, "pattern": { "anchor_day": day, "cycle_days": 2, "turns": turns, "teams": [[wang], [ding]] } });
    let path = format!("/duty/posts/{post}");
    let done = officer(&house, "PUT", &path, body.clone()).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let days = json!({ "in_days": 1, "days": 3 });
    let made = officer(&house, "POST", &format!("{path}/proposal"), days.clone()).await;
    assert_eq!(made.json["shifts"].as_array().unwrap().len(), 6, "{made:?}");
    let clashes = made.json["shifts"].as_array().unwrap().iter();
    assert!(
        clashes
            .clone()
            .any(|one| one["clashes"][0]["because"]["zh"].is_string())
    );
    let accepted = |made: &Answer| -> Vec<Value> {
        let people = |one: &Value| -> Vec<Value> {
            one["people"]
                .as_array()
                .unwrap()
                .iter()
                .map(|who| who["id"].clone())
                .collect()
        };
        let shifts = made.json["shifts"].as_array().unwrap().iter();
        shifts
            .map(|one| json!({ "from": one["from"], "until": one["until"], "people": people(one) }))
            .collect()
    };
    let plan = json!({ "shifts": accepted(&made) });
    let tired = officer(&house, "POST", &format!("{path}/shifts"), plan).await;
    assert_eq!(tired.problem(), "rest_rule");
    let plan = json!({ "shifts": accepted(&made), "reason": "only two of us this week" });
    let done = officer(&house, "POST", &format!("{path}/shifts"), plan).await;
    assert_eq!(done.status, StatusCode::CREATED, "{done:?}");
    let again = officer(&house, "POST", &format!("{path}/proposal"), days).await;
    assert_eq!(again.json["shifts"], json!([]));

    body["rest_min"] = json!(0);
    officer(&house, "PUT", &path, body).await;
    let far = planned(
        &house,
        &post,
        9 * 1440,
        9 * 1440 + 60,
        std::slice::from_ref(&wang),
    )
    .await;
    let swap = json!({ "do": "ask_swap", "to": ding });
    let asked = step(&house, Seat::Dispatcher, &far, swap).await;
    assert_eq!(
        asked.text("/shift/swaps/0/to/name"),
        "Officer Ding",
        "{asked:?}"
    );
    let answer = json!({ "do": "answer_swap", "person": wang, "accept": true });
    let own = step(&house, Seat::Dispatcher, &far, answer.clone()).await;
    assert_eq!(own.problem(), "wrong_state", "both must consent");
    let done = step(&house, Seat::DutyOfficer, &far, answer).await;
    assert_eq!(done.text("/shift/people/0/id"), ding, "{done:?}");
    let sign_up = step(&house, Seat::Dispatcher, &far, json!({ "do": "assign" })).await;
    assert_eq!(sign_up.json["shift"]["people"].as_array().unwrap().len(), 2);
    let crew = step(&house, Seat::Crew, &far, json!({ "do": "assign" })).await;
    assert_eq!(crew.problem(), "rest_rule", "not a seat of theirs");
    let wish = json!({ "do": "assign", "reason": "I want to" });
    let crew = step(&house, Seat::Crew, &far, wish).await;
    assert_eq!(
        crew.problem(),
        "not_allowed",
        "nobody overrides for themselves"
    );

    let leave = json!({ "person": wang, "from": in_minutes(9 * 1440 - 60), "until": in_minutes(10 * 1440) });
    let done = officer(&house, "POST", &format!("{path}/leaves"), leave).await;
    assert_eq!(done.json["leaves"].as_array().unwrap().len(), 1, "{done:?}");
    let shown = officer(&house, "GET", &format!("/duty/shifts/{far}"), json!(null)).await;
    assert_eq!(shown.json["shift"]["people"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn from_today_on_the_turn_that_began_the_day_before_is_proposed_while_it_goes_on() {
    let house = House::new().await;
    let post = desk(&house).await;
    let wang = house.person(Seat::Dispatcher);
    let duty = officer(&house, "GET", "/duty", json!(null)).await;
    let day = duty.json["today"].as_i64().unwrap();
    let now_ms = house.node.now().0;
    // It ends an hour from now, on the day after it began: in the house's zone, which is UTC.
    let minute = now_ms.div_euclid(60_000).rem_euclid(1_440);
    let turn = json!({ "day": 0, "start_min": minute, "length_min": 1_500, "team": 0 });
    let body = json!({ "name": "值班长席", "seat": "dispatcher", "minimum": 1, "reach": "8110", "rest_min": 0,
        "hands_over": true, "pattern": { "anchor_day": day - 1, "cycle_days": 2, "turns": [turn], "teams": [[wang]] } });
    let path = format!("/duty/posts/{post}");
    let done = officer(&house, "PUT", &path, body).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let proposal = format!("{path}/proposal");
    let from = |answer: &Answer| -> Vec<i64> {
        let shifts = answer.json["shifts"].as_array().unwrap().iter();
        let began = shifts.map(|one| one["from"].as_str().unwrap().parse::<jiff::Timestamp>());
        began.map(|at| at.unwrap().as_millisecond()).collect()
    };
    let today = json!({ "in_days": 0, "days": 1 });
    let made = officer(&house, "POST", &proposal, today).await;
    let began = now_ms.div_euclid(60_000) * 60_000 - 1_440 * 60_000;
    assert_eq!(from(&made), [began], "{made:?}");
    let tomorrow = json!({ "in_days": 1, "days": 1 });
    let made = officer(&house, "POST", &proposal, tomorrow).await;
    assert_eq!(from(&made), [began + 2 * 1_440 * 60_000], "{made:?}");
}
