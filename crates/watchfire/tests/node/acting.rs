//! Acting over HTTP: keys against doing it twice, versions, what cannot be read, and pages.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use watchfire::api::{BODY_MAX_BYTES, PAGE_MAX};
use watchfire_core::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use watchfire_core::record::person::Seat;

use super::house::{House, call_body};

#[tokio::test]
async fn the_same_key_acts_once_and_for_one_thing_only() {
    let house = House::new().await;
    let key = [("idempotency-key", "k1")];
    let post = |body: Value| house.ask_with(Seat::CallTaker, "POST", "/calls", body, &key);
    let first = post(call_body()).await;
    let again = post(call_body()).await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_eq!(
        first.text("/id"),
        again.text("/id"),
        "the second changed nothing"
    );
    let other = post(json!({ "category": "fire" })).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.problem(), "idempotency_key_reused");
    let list = house
        .ask(Seat::CallTaker, "GET", "/calls", json!(null))
        .await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 1);
    let others = house
        .ask_with(Seat::Dispatcher, "POST", "/calls", call_body(), &key)
        .await;
    assert_ne!(
        first.text("/id"),
        others.text("/id"),
        "a key is its asker's own"
    );
}

#[tokio::test]
async fn a_key_is_needed_and_may_be_as_long_as_its_limit() {
    let house = House::new().await;
    for (key, status) in [
        (String::new(), StatusCode::BAD_REQUEST),
        ("k".repeat(IDEMPOTENCY_KEY_CHARS_MAX), StatusCode::CREATED),
        (
            "k".repeat(IDEMPOTENCY_KEY_CHARS_MAX + 1),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let headers = [("idempotency-key", key.as_str())];
        let headers = if key.is_empty() {
            &headers[..0]
        } else {
            &headers[..]
        };
        let done = house
            .ask_with(Seat::CallTaker, "POST", "/calls", call_body(), headers)
            .await;
        assert_eq!(done.status, status, "{} characters: {done:?}", key.len());
    }
}

#[tokio::test]
async fn a_version_that_is_no_longer_true_stops_an_action_and_says_so() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}");
    let seen = house
        .ask(Seat::Dispatcher, "GET", &path, json!(null))
        .await
        .etag();
    let grade = |priority: u8, etag: String, key: &'static str| {
        let path = format!("{path}/grade");
        let house = &house;
        async move {
            let headers = [("if-match", etag.as_str()), ("idempotency-key", key)];
            let body = json!({ "priority": priority });
            house
                .ask_with(Seat::Dispatcher, "POST", &path, body, &headers)
                .await
        }
    };
    let first = grade(1, seen.clone(), "a").await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_ne!(first.etag(), seen);
    let stale = grade(3, seen, "b").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(stale.problem(), "version_mismatch");
    let now = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
    assert_eq!(now.json["priority"], 1, "the stale one changed nothing");
    let unquoted = grade(2, "3".to_owned(), "c").await;
    assert_eq!(unquoted.problem(), "unreadable");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_what_to_do() {
    let house = House::new().await;
    let token = format!("Bearer {}", house.token(Seat::CallTaker));
    let send = |body: &str, kind: &str| {
        let headers = [
            ("authorization", token.clone()),
            ("content-type", kind.to_owned()),
        ];
        let body = body.to_owned();
        let house = &house;
        async move {
            let mut headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            headers.push(("idempotency-key", "k"));
            house.send("POST", "/calls", body, &headers).await
        }
    };
    let json = "application/json";
    for (body, kind, status, code) in [
        ("", json, 400, "unreadable"),
        ("{", json, 400, "unreadable"),
        ("[]", json, 400, "unreadable"),
        ("{\"colour\": 1}", json, 400, "unreadable"),
        ("{\"priority\": 5}", json, 400, "unreadable"),
        ("{\"priority\": \"high\"}", json, 400, "unreadable"),
        ("{\"category\": \"Feuer!\"}", json, 400, "unreadable"),
        (
            "{\"place\": {\"lat\": 91, \"lon\": 0}}",
            json,
            400,
            "unreadable",
        ),
        ("{\"caller\": \"a\\u0000b\"}", json, 400, "unreadable"),
        ("{\"happened_at\": \"yesterday\"}", json, 400, "unreadable"),
        (
            "{\"happened_at\": \"2001-01-01T00:00:00Z\"}",
            json,
            422,
            "bad_claimed_time",
        ),
        ("{}", "text/plain", 415, "not_json"),
    ] {
        let answer = send(body, kind).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (status, code),
            "{body}"
        );
    }
    let shouted = send("{}", "Application/JSON; charset=utf-8").await;
    assert_eq!(shouted.status, StatusCode::CREATED, "{shouted:?}");
    let nothing = house
        .ask(Seat::CallTaker, "GET", "/calls/xyz", json!(null))
        .await;
    assert_eq!(nothing.problem(), "not_found");
    let method = house.ask(Seat::CallTaker, "PUT", "/calls", json!({})).await;
    assert_eq!(method.problem(), "method_not_allowed");
    let nowhere = house
        .ask(Seat::CallTaker, "GET", "/nowhere", json!(null))
        .await;
    assert_eq!(nowhere.problem(), "not_found");
}

#[tokio::test]
async fn a_body_may_be_as_large_as_its_limit() {
    let house = House::new().await;
    let body = |bytes: usize| format!("{{\"said\": \"\"{}}}", " ".repeat(bytes - 12));
    for (bytes, code) in [
        (BODY_MAX_BYTES, "unreadable"),
        (BODY_MAX_BYTES + 1, "too_large"),
    ] {
        let token = format!("Bearer {}", house.token(Seat::CallTaker));
        let text = body(bytes);
        assert_eq!(text.len(), bytes);
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "k"),
        ];
        // An empty text is refused: so the one at the limit has been read to its end.
        let answer = house.send("POST", "/calls", text, &headers).await;
        assert_eq!(answer.problem(), code, "{bytes} bytes");
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    let house = House::new().await;
    let mut taken = BTreeSet::new();
    for _ in 0..7 {
        taken.insert(house.call().await);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/calls?limit=3{cursor}");
        let page = house.ask(Seat::CallTaker, "GET", &path, json!(null)).await;
        let items = page.json["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.len() <= 3, "{page:?}");
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), taken.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), taken);
    let bad = house
        .ask(Seat::CallTaker, "GET", "/calls?cursor=x", json!(null))
        .await;
    assert_eq!(bad.problem(), "unreadable");
    let long = format!(
        "/incidents/{}/entries?cursor={}",
        "0".repeat(32),
        "0".repeat(65)
    );
    let long = house.ask(Seat::CallTaker, "GET", &long, json!(null)).await;
    assert_eq!(
        long.problem(),
        "unreadable",
        "before it is looked what it names"
    );
    let open = house
        .ask(Seat::CallTaker, "GET", "/calls?open=false", json!(null))
        .await;
    assert_eq!(open.json["items"].as_array().unwrap().len(), 0);
    let all = format!("/calls?limit={PAGE_MAX}");
    let all = house.ask(Seat::CallTaker, "GET", &all, json!(null)).await;
    assert_eq!(all.status, StatusCode::OK);
    let none = house
        .ask(Seat::CallTaker, "GET", "/calls?limit=0", json!(null))
        .await;
    assert_eq!(none.problem(), "unreadable");
    let more = format!("/calls?limit={}", PAGE_MAX + 1);
    let more = house.ask(Seat::CallTaker, "GET", &more, json!(null)).await;
    assert_eq!(more.problem(), "unreadable");
}

#[tokio::test]
async fn units_are_sent_with_reasons_and_a_refusal_says_who_is_busy() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/recommendation");
    let made = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
    assert_eq!(
        made.json["basis"], "straight_line",
        "without roads it says so"
    );
    assert_eq!(
        made.json["candidates"].as_array().unwrap().len(),
        2,
        "{made:?}"
    );
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit] });
    let sent = house
        .ask(Seat::Dispatcher, "POST", &path, units.clone())
        .await;
    assert_eq!(sent.status, StatusCode::CREATED);
    assert!(
        !sent.json["assignments"][0]["reasons"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{sent:?}"
    );
    let both = json!({ "units": [house.other_unit, house.own_unit] });
    let refused = house.ask(Seat::Dispatcher, "POST", &path, both).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::CONFLICT, "unit_not_free")
    );
    assert!(refused.text("/what/en").contains("E1"), "{refused:?}");
    let unit = format!("/units/{}", house.other_unit);
    let unit = house.ask(Seat::Dispatcher, "GET", &unit, json!(null)).await;
    assert_eq!(unit.json["status"], "available", "all are sent or none");
}

#[tokio::test]
async fn those_that_wait_are_filled_together_and_a_unit_on_its_way_to_less_is_offered() {
    let house = House::new().await;
    let get = async |path: String| house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
    let (_, first) = house.incident().await;
    let (_, second) = house.incident().await;
    let all = get("/recommendation".into()).await;
    assert_eq!(all.status, StatusCode::OK, "{all:?}");
    let plans = all.json["plans"].as_array().unwrap();
    assert_eq!(plans.len(), 2, "{all:?}");
    let sent = |plan: &Value| plan["chosen"].as_array().unwrap().len();
    let units: usize = plans.iter().map(sent).sum();
    assert_eq!(units, 2, "both units go, and neither twice: {all:?}");
    assert_eq!(all.json["left_out"], 0);

    let path = format!("/incidents/{first}/assignments");
    let units = json!({ "units": [house.own_unit, house.other_unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let all = get("/recommendation".into()).await;
    let plans = all.json["plans"].as_array().unwrap();
    assert_eq!(
        plans.len(),
        1,
        "the first is no longer without anybody: {all:?}"
    );
    let (path, lesser) = (
        format!("/incidents/{first}/grade"),
        json!({ "priority": 4 }),
    );
    let graded = house.ask(Seat::Dispatcher, "POST", &path, lesser).await;
    assert_eq!(graded.status, StatusCode::OK, "{graded:?}");
    let made = get(format!("/incidents/{second}/recommendation")).await;
    let offered = made.json["diversions"].as_array().unwrap();
    assert!(!offered.is_empty(), "{made:?}");
    assert_eq!(offered[0]["from_priority"], 4);
    assert_eq!(offered[0]["sooner_s"], json!(null), "nobody else is free");
    let assignment = offered[0]["assignment"].as_str().unwrap();
    let path = format!("/assignments/{assignment}/reassign");
    let to = json!({ "incident": second });
    let done = house.ask(Seat::Dispatcher, "POST", &path, to).await;
    assert_eq!(
        done.status,
        StatusCode::OK,
        "what is offered can be done: {done:?}"
    );
}

#[tokio::test]
async fn who_was_sent_otherwise_is_kept_with_the_reason_and_counted_by_rule() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let act =
        async |path: String, body: Value| house.ask(Seat::Dispatcher, "POST", &path, body).await;
    let get = async |path: &str| house.ask(Seat::Dispatcher, "GET", path, json!(null)).await;
    let made = get(&format!("/incidents/{incident}/recommendation")).await;
    assert_eq!(made.json["rules"].as_array().unwrap().len(), 8, "{made:?}");
    let candidates = made.json["candidates"].as_array().unwrap();
    let by_choice = |chosen: bool| {
        let mut found = candidates.iter().filter(|one| one["chosen"] == chosen);
        found.next().unwrap_or_else(|| panic!("{made:?}"))
    };
    let (chosen, other) = (by_choice(true), by_choice(false));
    let send = format!("/incidents/{incident}/assignments");
    let wrong = json!({ "units": [other["unit"]], "otherwise": "i_like_it" });
    let refused = act(send.clone(), wrong).await;
    assert_eq!(refused.problem(), "unreadable", "{refused:?}");
    let body = json!({ "units": [other["unit"]], "otherwise": "knows_place" });
    let sent = act(send, body).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let kept = &sent.json["assignments"][0]["otherwise"];
    assert_eq!(kept["rule"]["code"], "knows_place", "{sent:?}");
    assert_eq!(kept["recommended"], chosen["unit"]);
    assert_eq!(kept["expected_s"], chosen["travel_time_s"]);
    let id = sent.json["assignments"][0]["id"].as_str().unwrap();
    for step in ["depart", "arrive"] {
        let done = act(format!("/assignments/{id}/{step}"), json!({})).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    }
    let figures = get("/figures").await;
    let rules = figures.json["otherwise"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "{figures:?}");
    assert_eq!(rules[0]["rule"]["code"], "knows_place");
    assert_eq!(
        (&rules[0]["count"], &rules[0]["measured"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(rules[0]["no_later"], 1, "it was there at once");
    let expected_s = chosen["travel_time_s"].as_i64().unwrap();
    assert_eq!(rules[0]["median_beyond_s"], -expected_s);
}

#[tokio::test]
async fn what_was_recommended_when_a_unit_was_sent_can_be_made_again() {
    let house = House::new().await;
    let get = async |path: String| house.ask(Seat::Overseer, "GET", &path, json!(null)).await;
    let act =
        async |path: String, body: Value| house.ask(Seat::Dispatcher, "POST", &path, body).await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let sent = act(path, json!({ "units": [house.own_unit] })).await;
    let id = sent.text("/assignments/0/id");
    let made = get(format!("/assignments/{id}/recommendation")).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    assert_eq!(made.json["same"], true, "{made:?}");
    let candidates = &made.json["recommendation"]["candidates"];
    assert_eq!(
        candidates.as_array().unwrap().len(),
        2,
        "both were free then"
    );
    let swap = act(
        format!("/assignments/{id}/swap"),
        json!({ "unit": house.other_unit }),
    )
    .await;
    assert_eq!(swap.status, StatusCode::OK, "{swap:?}");
    let other = swap.text("/sent/id");
    let again = get(format!("/assignments/{other}/recommendation")).await;
    assert_eq!(again.json["same"], true, "{again:?}");
    let first = get(format!("/assignments/{id}/recommendation")).await;
    assert_eq!(first.json, made.json, "what is done since alters nothing");
    let none = get("/assignments/AAAAAAAAAAAAAAAAAAAAAA/recommendation".into()).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "{none:?}");
}

#[tokio::test]
async fn what_happened_to_an_incident_is_told_entry_by_entry_over_pages() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let close = format!("/incidents/{incident}/close");
    let done = house
        .ask(
            Seat::Dispatcher,
            "POST",
            &close,
            json!({ "disposition": "done" }),
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let path = format!("/incidents/{incident}/entries?limit=2");
    let first = house.ask(Seat::Overseer, "GET", &path, json!(null)).await;
    let next = first.text("/next");
    let path = format!("{path}&cursor={next}");
    let second = house.ask(Seat::Overseer, "GET", &path, json!(null)).await;
    let words = |answer: &super::house::Answer| -> Vec<u64> {
        let entries = answer.json["entries"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["seq"].as_u64().unwrap())
            .collect()
    };
    let all = [words(&first), words(&second)].concat();
    assert_eq!(
        all.len(),
        4,
        "received, opened, joined, closed: {first:?} {second:?}"
    );
    assert!(all.is_sorted(), "{all:?}");
}

#[tokio::test]
async fn a_browser_is_kept_from_doing_more_than_it_must() {
    let house = House::new().await;
    let page = house.raw("GET", "/api/v1/node", String::new(), &[]).await;
    let headers = page.headers();
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn figures_are_for_this_machine_and_for_those_who_keep_the_node() {
    let house = House::new().await;
    let get = |token: Option<&str>| {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let house = &house;
        async move {
            let headers: Vec<(&str, &str)> = bearer
                .iter()
                .map(|bearer| ("authorization", bearer.as_str()))
                .collect();
            house
                .raw("GET", "/metrics", String::new(), &headers)
                .await
                .status()
        }
    };
    // The house is asked from another machine.
    assert_eq!(get(None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        get(Some(house.token(Seat::Dispatcher))).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(get(Some(house.token(Seat::Overseer))).await, StatusCode::OK);
}

#[tokio::test]
async fn a_version_that_nothing_can_be_compared_with_is_not_passed_over() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let headers = [("if-match", "\"1\""), ("idempotency-key", "k")];
    let units = json!({ "units": [house.own_unit] });
    let sent = house
        .ask_with(Seat::Dispatcher, "POST", &path, units, &headers)
        .await;
    assert_eq!(sent.problem(), "unreadable");
}
