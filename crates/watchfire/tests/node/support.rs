//! Support over HTTP: asked for, offered, accepted in parts, there, back and counted; within one agency, and between two
//! of which one cannot be reached for a while.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};
use super::joint::{bring_in, done, enrol, joint_house, operation, raise, until};

/// Returns the time so many minutes from now.
fn in_minutes(minutes: i64) -> String {
    let at = Clock::Real.now().0 + minutes * 60_000;
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

async fn post(house: &House, path: &str, body: Value) -> Answer {
    house.ask(Seat::DutyOfficer, "POST", path, body).await
}

async fn get(house: &House, path: &str) -> Answer {
    house.ask(Seat::Dispatcher, "GET", path, json!(null)).await
}

/// Enters drones into the catalogue; returns the id.
async fn drones(house: &House, quantity: u32) -> String {
    let hours =
        json!([{ "from_min": 0, "until_min": 0, "who": "Air support desk", "reach": "8110" }]);
    let body = json!({ "code": "drone", "name": "Drone", "name_other": "无人机", "quantity": quantity, "hours": hours });
    let entered = post(house, "/support/capabilities", body).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{entered:?}");
    assert_eq!(entered.text("/answering/reach"), "8110");
    entered.text("/id")
}

fn wish(quantity: u32, operation: Option<&str>) -> Value {
    json!({ "code": "drone", "quantity": quantity, "until": in_minutes(240), "purpose": "search the river bank",
        "priority": 1, "need": "two children, seven and nine", "operation": operation,
        "place": { "lat": 30.0, "lon": 120.58, "address": "river bank" } })
}

/// Asks for drones; returns the home and the id of the request.
async fn asked(house: &House, quantity: u32, operation: Option<&str>) -> (String, String) {
    let asked = post(house, "/support/requests", wish(quantity, operation)).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{asked:?}");
    assert_eq!(asked.text("/status"), "asked");
    (asked.text("/node"), asked.text("/id"))
}

async fn offered(
    house: &House,
    (node, request): &(String, String),
    capability: &str,
    quantity: u32,
) -> Answer {
    let body = json!({ "node": node, "request": request, "capability": capability, "quantity": quantity,
        "eta": in_minutes(15), "until": in_minutes(120), "note": "pilot brings a spare battery" });
    post(house, "/support/offers", body).await
}

async fn step(house: &House, (_, request): &(String, String), body: Value) -> Answer {
    let path = format!("/support/requests/{request}/steps");
    post(house, &path, body).await
}

async fn offer_step(house: &House, offer: &str, body: Value) -> Answer {
    post(house, &format!("/support/offers/{offer}/steps"), body).await
}

#[tokio::test]
async fn a_need_is_asked_for_answered_accepted_followed_to_its_return_and_counted() {
    let house = House::new().await;
    let capability = drones(&house, 2).await;
    let need = asked(&house, 2, None).await;
    let support = get(&house, "/support").await;
    assert_eq!(
        support.text("/requests/0/can/0/answering/who"),
        "Air support desk"
    );
    assert_eq!(support.json["requests"][0]["can"][0]["answered"], false);
    assert_eq!(
        support.text("/requests/0/need"),
        "two children, seven and nine"
    );
    let read = house
        .ask(Seat::Analyst, "GET", "/support", json!(null))
        .await;
    assert_eq!(
        read.json["requests"][0]["need"],
        Value::Null,
        "an analyst reads no names"
    );

    let first = offered(&house, &need, &capability, 2).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert_eq!(first.text("/status"), "offered");
    assert_eq!(first.json["waits"], json!(["to_accept"]));
    let second = asked(&house, 1, None).await;
    let twice = offered(&house, &second, &capability, 1).await;
    assert_eq!(twice.problem(), "not_enough", "both are held for the first");
    let no = json!({ "node": second.0, "request": second.1, "reason": "both are out" });
    let declined = post(&house, "/support/declines", no).await;
    assert_eq!(declined.text("/status"), "declined", "{declined:?}");

    let offer = first.text("/answers/0/id");
    let commit = json!({ "do": "commit", "node": need.0, "offer": offer, "quantity": 2 });
    let taken = step(&house, &need, commit.clone()).await;
    assert_eq!(taken.text("/status"), "committed", "{taken:?}");
    assert_eq!(
        taken.text("/answers/0/stage"),
        "promised",
        "its home is here"
    );
    let again = step(&house, &need, commit).await;
    assert_eq!(again.problem(), "wrong_state", "an offer counts once");
    let there = offer_step(&house, &offer, json!({ "do": "deliver" })).await;
    assert_eq!(there.text("/status"), "delivered", "{there:?}");
    assert_eq!(there.json["there"], 2);
    let release = json!({ "do": "release", "node": need.0, "offer": offer });
    let released = step(&house, &need, release).await;
    assert_eq!(released.json["waits"], json!(["to_return"]), "{released:?}");
    let back = offer_step(&house, &offer, json!({ "do": "return" })).await;
    assert_eq!(back.json["waits"], json!([]), "{back:?}");
    let closed = step(&house, &need, json!({ "do": "close", "met": true })).await;
    assert_eq!(closed.text("/status"), "met", "{closed:?}");
    let unmet = step(&house, &second, json!({ "do": "close", "met": false })).await;
    assert_eq!(unmet.problem(), "missing", "it is said why");
    let reason = json!({ "do": "close", "met": false, "reason": "went without" });
    step(&house, &second, reason).await;

    let figures = get(&house, "/support/figures").await;
    let drone = &figures.json["capabilities"][0];
    assert_eq!(drone["code"], "drone", "{figures:?}");
    for (what, count) in [
        ("asked", 2),
        ("answered", 2),
        ("offered", 1),
        ("met", 1),
        ("unmet", 1),
    ] {
        assert_eq!(drone[what], count, "{what} of {drone}");
    }
    assert!(drone["first_offer_p90_s"].is_u64(), "{drone}");
    let retired = post(
        &house,
        &format!("/support/capabilities/{capability}/retire"),
        json!({ "reason": "sold" }),
    )
    .await;
    assert_eq!(retired.text("/retired"), "sold", "{retired:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_agency_answers_and_what_was_accepted_in_a_cut_is_promised_when_it_heals() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let capability = drones(&b, 2).await;
    let record = format!("support_capability:{capability}");
    done(
        &b,
        &joint,
        json!({ "do": "share", "record": record, "assist": true }),
    )
    .await;
    until("a knows who can", async || {
        let shown = get(&a, "/support").await;
        shown.json["capabilities"][0]["own"] == false
    })
    .await;
    let need = asked(&a, 2, Some(&joint)).await;
    until("the request at b", async || {
        let shown = get(&b, "/support").await;
        shown.json["elsewhere"][0]["need"] == "two children, seven and nine"
            && shown.json["elsewhere"][0]["waits"] == json!(["to_answer"])
    })
    .await;
    let made = offered(&b, &need, &capability, 2).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    until("the offer at a", async || {
        let shown = get(&a, "/support").await;
        shown.json["requests"][0]["on_offer"] == 2
            && shown.json["requests"][0]["answers"][0]["note"] == "pilot brings a spare battery"
    })
    .await;

    // The line is cut; a accepts all the same, and sees that b has not promised it yet.
    let port = b.stop_joint().await;
    until("a knows that b cannot be reached", async || {
        operation(&a, &joint).await.json["members"][1]["line"]["state"] == "cut"
    })
    .await;
    let offer = made.text("/answers/0/id");
    let b_node = b.node.feed().node.to_string();
    let commit = json!({ "do": "commit", "node": b_node, "offer": offer, "quantity": 2 });
    let taken = step(&a, &need, commit).await;
    assert_eq!(taken.json["provisional"], 2, "{taken:?}");
    assert_eq!(taken.json["waits"], json!(["unpromised"]));
    b.start_joint(port).await;
    until("b has promised it by itself", async || {
        let shown = get(&a, "/support").await;
        shown.json["requests"][0]["provisional"] == 0
            && shown.json["requests"][0]["answers"][0]["stage"] == "promised"
    })
    .await;
    let there = offer_step(&b, &offer, json!({ "do": "deliver" })).await;
    assert_eq!(there.text("/status"), "delivered", "{there:?}");
    until("a sees them there", async || {
        get(&a, "/support").await.json["requests"][0]["there"] == 2
    })
    .await;
    let closed = step(&a, &need, json!({ "do": "close", "met": true })).await;
    assert_eq!(closed.text("/status"), "met", "{closed:?}");
    until(
        "b sees that it was let go and has to come back",
        async || {
            let shown = get(&b, "/support").await;
            shown.json["elsewhere"][0]["waits"] == json!(["to_return"])
        },
    )
    .await;
    let back = offer_step(&b, &offer, json!({ "do": "return" })).await;
    assert_eq!(back.text("/answers/0/stage"), "returned", "{back:?}");
}
