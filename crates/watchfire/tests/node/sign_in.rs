//! Signing in: a code once, a password of fifteen characters, a cookie that only our page may act with.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use watchfire_core::basis::PersonId;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

const PASSWORD: &str = "fifteen letters";

async fn post(house: &House, path: &str, body: Value, more: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend_from_slice(more);
    house.send("POST", path, body.to_string(), &headers).await
}

fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in [
        "__Host-watchfire=",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_code_of_a_new_node_makes_the_first_administrator_and_works_once() {
    let house = House::new().await;
    let code = house.code(None).await;
    let enrol = json!({ "code": code.to_lowercase(), "login": "li.na", "name": "Li Na 李娜", "password": PASSWORD });
    let first = post(&house, "/enrolment", enrol.clone(), &[]).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(
        first.json["person"]["roles"],
        json!(["duty_officer", "administrator"])
    );
    let cookie = cookie_of(&first);
    let who = house
        .send("GET", "/session", String::new(), &[("cookie", &cookie)])
        .await;
    assert_eq!(who.text("/person/login"), "li.na");
    let again = post(&house, "/enrolment", enrol, &[]).await;
    assert_eq!(
        (again.status, again.problem().as_str()),
        (StatusCode::UNAUTHORIZED, "wrong_code")
    );
    let signed_in = post(
        &house,
        "/session",
        json!({ "login": "li.na", "password": PASSWORD }),
        &[],
    )
    .await;
    assert_eq!(signed_in.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_are_told_alike() {
    let house = House::new().await;
    let person: PersonId = house.person(Seat::Dispatcher).parse().unwrap();
    let code = house.code(Some(person)).await;
    let short = json!({ "code": code, "login": "dispatcher", "password": &PASSWORD[..14] });
    let short = post(&house, "/enrolment", short, &[]).await;
    assert_eq!(
        short.problem(),
        "unreadable",
        "and the code is not used up by it"
    );
    let enrol = json!({ "code": code, "login": "dispatcher", "password": PASSWORD });
    let done = post(&house, "/enrolment", enrol, &[]).await;
    assert_eq!(
        done.json["person"]["roles"],
        json!(["dispatcher"]),
        "the code was for that person"
    );
    let mut told = Vec::new();
    for (login, password) in [
        ("dispatcher", "fifteen lettres"),
        ("nobody.at.all", PASSWORD),
    ] {
        let no = post(
            &house,
            "/session",
            json!({ "login": login, "password": password }),
            &[],
        )
        .await;
        assert_eq!(no.status, StatusCode::UNAUTHORIZED);
        assert!(!no.headers.contains_key(header::SET_COOKIE));
        told.push(no.json);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn an_address_may_try_ten_times_a_minute_and_not_eleven() {
    let house = House::new().await;
    let wrong = json!({ "code": "AAAAA-AAAAA-AAAAA-AAAAA", "login": "x", "password": "short" });
    for attempt in 1..=10 {
        let no = post(&house, "/enrolment", wrong.clone(), &[]).await;
        assert_eq!(
            no.status,
            StatusCode::BAD_REQUEST,
            "attempt {attempt}: {no:?}"
        );
    }
    let more = post(&house, "/enrolment", wrong, &[]).await;
    assert_eq!(more.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(more.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(more.problem(), "too_many_requests");
}

#[tokio::test]
async fn a_cookie_acts_from_our_page_only_and_not_after_signing_out() {
    let house = House::new().await;
    let code = house.code(None).await;
    let enrol = json!({ "code": code, "login": "li.na", "password": PASSWORD });
    let cookie = cookie_of(&post(&house, "/enrolment", enrol, &[]).await);
    let ask = |method: &'static str, origin: &'static str, key: &'static str| {
        let headers = [
            ("cookie", cookie.clone()),
            ("host", "node.example".to_owned()),
            ("origin", origin.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", key.to_owned()),
        ];
        let house = &house;
        async move {
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let (path, body) = match method {
                "POST" => ("/calls", "{}"),
                _ => ("/session", ""),
            };
            house.send(method, path, body.to_owned(), &headers).await
        }
    };
    let elsewhere = ask("POST", "https://evil.example", "a").await;
    assert_eq!(elsewhere.problem(), "not_allowed");
    let ours = ask("POST", "https://node.example", "b").await;
    assert_eq!(ours.status, StatusCode::CREATED, "{ours:?}");
    let out = ask("DELETE", "https://node.example", "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let after = ask("GET", "https://node.example", "").await;
    assert_eq!(after.problem(), "not_signed_in");
}

#[tokio::test]
async fn a_token_acts_from_its_one_seat_and_is_given_only_for_seats_that_one_has() {
    let house = House::new().await;
    let path = format!("/people/{}/tokens", house.person(Seat::Analyst));
    let made = house
        .ask(
            Seat::Administrator,
            "POST",
            &path,
            json!({ "label": "maps", "seat": "analyst" }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let bearer = format!("Bearer {}", made.text("/secret"));
    let board = house
        .send(
            "GET",
            "/board",
            String::new(),
            &[("authorization", &bearer)],
        )
        .await;
    assert_eq!(board.status, StatusCode::OK);
    let other = house
        .ask(
            Seat::Administrator,
            "POST",
            &path,
            json!({ "label": "maps", "seat": "dispatcher" }),
        )
        .await;
    assert_eq!(other.problem(), "unreadable");
    let nonsense = house
        .send(
            "GET",
            "/board",
            String::new(),
            &[("authorization", "Bearer 0")],
        )
        .await;
    assert_eq!(nonsense.problem(), "not_signed_in");
}

#[tokio::test]
async fn a_new_password_ends_what_was_signed_in_with_the_old_one() {
    let house = House::new().await;
    let person: PersonId = house.person(Seat::Dispatcher).parse().unwrap();
    let mut cookies = Vec::new();
    for password in [PASSWORD, "another sentence"] {
        let code = house.code(Some(person)).await;
        let enrol = json!({ "code": code, "login": "dispatcher", "password": password });
        cookies.push(cookie_of(&post(&house, "/enrolment", enrol, &[]).await));
    }
    let mut statuses = Vec::new();
    for cookie in &cookies {
        let who = house
            .send("GET", "/session", String::new(), &[("cookie", cookie)])
            .await;
        statuses.push(who.status);
    }
    assert_eq!(statuses, [StatusCode::UNAUTHORIZED, StatusCode::OK]);
}

#[tokio::test]
async fn every_way_in_that_is_given_can_be_read_by_the_overseer() {
    let house = House::new().await;
    let person = house.person(Seat::Analyst);
    let path = format!("/people/{person}/tokens");
    let made = house
        .ask(
            Seat::Administrator,
            "POST",
            &path,
            json!({ "label": "maps", "seat": "analyst" }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let code = house
        .ask(
            Seat::Administrator,
            "POST",
            &format!("/people/{person}/code"),
            json!({}),
        )
        .await;
    let enrol = json!({ "code": code.text("/secret"), "login": "analyst", "password": PASSWORD });
    assert_eq!(
        post(&house, "/enrolment", enrol, &[]).await.status,
        StatusCode::OK
    );
    let told = house
        .ask(
            Seat::Overseer,
            "GET",
            &format!("/people/{person}/entries"),
            json!(null),
        )
        .await;
    let entries = told.json["entries"].as_array().unwrap().iter();
    let words: Vec<(&str, &str)> = entries
        .map(|entry| {
            (
                entry["by"].as_str().unwrap(),
                entry["text"]["en"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("Watchfire", "analyst enrolled"),
        ("administrator", "token given for the seat analyst"),
        ("administrator", "one-time code given"),
        ("Watchfire", "new password chosen"),
    ];
    assert_eq!(words, expected);
    assert!(!told.json.to_string().contains(&code.text("/secret")));
}
