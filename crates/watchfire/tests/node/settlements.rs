//! The books of a day over HTTP: an open line keeps the book from being signed and is named, a reason and a new date carry
//! it over, a signed day is sealed, and all of it comes as a file in both languages.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};
use super::joint::{bring_in, enrol, joint_house, raise, until};

async fn ask(house: &House, method: &str, path: &str, body: Value) -> Answer {
    house.ask(Seat::DutyOfficer, method, path, body).await
}

/// The date on which the day ends that goes on now, in the house's zone (it names none: UTC).
fn today() -> String {
    let at = jiff::Timestamp::from_millisecond(Clock::Real.now().0).unwrap();
    let now = jiff::tz::TimeZone::UTC.to_datetime(at);
    let date = match now.hour() < 8 {
        true => now.date(),
        false => now.date().tomorrow().unwrap(),
    };
    date.to_string()
}

#[tokio::test]
async fn a_book_names_what_is_open_and_is_not_signed_before_its_day_is_over() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let date = today();
    let path = format!("/settlements/book?date={date}");
    let book = ask(&house, "GET", &path, json!(null)).await;
    assert_eq!(book.status, StatusCode::OK, "{book:?}");
    assert_eq!(book.json["tallies"][0]["opened"], 1);
    assert_eq!(book.json["open_questions"], 1);
    let record = format!("incident:{incident}");
    assert_eq!(book.text("/lines/0/record"), record);
    assert_eq!(book.json["lines"][0]["question"], true);

    let line = json!({ "record": record });
    let carry = |until: &str| json!({ "date": date, "lines": [line.clone()], "reason": "Waits for the laboratory", "until": until });
    let too_soon = ask(
        &house,
        "POST",
        "/settlements/carried",
        carry("2000-01-01T00:00:00Z"),
    )
    .await;
    assert_eq!(too_soon.problem(), "missing");
    let carried = ask(
        &house,
        "POST",
        "/settlements/carried",
        carry("2100-01-01T00:00:00Z"),
    )
    .await;
    assert_eq!(carried.status, StatusCode::OK, "{carried:?}");
    assert_eq!(carried.json["open_questions"], 0);
    assert_eq!(carried.text("/lines/0/reason"), "Waits for the laboratory");
    let early = ask(
        &house,
        "POST",
        "/settlements/signature",
        json!({ "date": date }),
    )
    .await;
    assert_eq!(early.problem(), "wrong_state", "the day is not over");
    let nobody = house
        .ask(
            Seat::Dispatcher,
            "POST",
            "/settlements/signature",
            json!({ "date": date }),
        )
        .await;
    assert_eq!(nobody.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_day_that_is_over_is_signed_once_and_comes_as_a_file() {
    let house = House::new().await;
    // Nothing was begun on that day, and so nothing is open.
    let date = "2020-05-05";
    let signed = ask(
        &house,
        "POST",
        "/settlements/signature",
        json!({ "date": date }),
    )
    .await;
    assert_eq!(signed.status, StatusCode::OK, "{signed:?}");
    assert!(signed.json["signed"]["by"].is_string());
    let again = ask(
        &house,
        "POST",
        "/settlements/signature",
        json!({ "date": date }),
    )
    .await;
    assert_eq!(again.problem(), "wrong_state");
    let id = signed.text("/settlement");
    let (_, incident) = house.incident().await;
    let wrong = json!({ "line": { "record": format!("incident:{incident}") }, "was_open": false, "reason": "It was over" });
    let path = format!("/settlements/{id}/corrections");
    let refused = ask(&house, "POST", &path, wrong.clone()).await;
    assert_eq!(refused.problem(), "wrong_state", "that day says so already");
    let mut right = wrong;
    right["was_open"] = json!(true);
    let corrected = ask(&house, "POST", &path, right).await;
    assert_eq!(
        corrected.json["corrections"][0]["was_open"], true,
        "{corrected:?}"
    );
    let bearer = format!("Bearer {}", house.token(Seat::Overseer));
    for (language, word) in [("zh-CN", "签字"), ("en", "signed")] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept-language", language),
        ];
        let path = format!("/api/v1/settlements/book.csv?date={date}");
        let file = house.raw("GET", &path, String::new(), &headers).await;
        assert_eq!(file.status(), StatusCode::OK);
        let body = axum::body::to_bytes(file.into_body(), 1 << 20).await;
        let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
        assert!(body.contains(word), "{body}");
    }
    for (of, id) in [("unit", Some("0")), ("agency", Some("0")), ("street", None)] {
        let id = id.map_or(String::new(), |id| format!("&id={id}"));
        let path = format!("/settlements/book?of={of}{id}");
        let answer = ask(&house, "GET", &path, json!(null)).await;
        assert!(answer.status.is_client_error(), "{path}");
    }
    let unit = format!("/settlements/book?of=unit&id={}", house.own_unit);
    assert_eq!(
        ask(&house, "GET", &unit, json!(null)).await.status,
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_books_of_an_operation_that_its_members_signed_lie_side_by_side() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let operation = raise(&a).await;
    bring_in(&a, &operation, &b).await;
    let date = "2020-05-05";
    let path = format!("/settlements/book?of=operation&id={operation}&date={date}");
    let member = async |house: &House| {
        let book = ask(house, "GET", &path, json!(null)).await;
        assert_eq!(
            book.json["members"].as_array().unwrap().len(),
            1,
            "{book:?}"
        );
        book.json["members"][0].clone()
    };
    let unsigned = member(&a).await;
    assert_eq!(unsigned["node"], b.node.feed().node.to_string());
    assert_eq!(unsigned["signed_at"], Value::Null);
    let body = json!({ "date": date, "of": "operation", "id": operation });
    let signed = ask(&b, "POST", "/settlements/signature", body).await;
    assert_eq!(signed.status, StatusCode::OK, "{signed:?}");
    until("the other's book", async || {
        member(&a).await["signed_at"].is_string()
    })
    .await;
    let there = member(&a).await;
    assert_eq!(there["until"], signed.json["until"], "{there}");
    assert_eq!(there["tallies"], signed.json["tallies"]);
    assert_eq!(
        member(&b).await["signed_at"],
        Value::Null,
        "one's own is the book itself"
    );
    let agency = ask(&a, "GET", "/settlements/book", json!(null)).await;
    assert_eq!(agency.json["members"], json!([]));
}
