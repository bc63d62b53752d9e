//! Monitoring over HTTP: what waits is listed with whom and ends when it is done, coverage with and without a unit, today's
//! figures and the report's are the same, what has no records says so and is never nought, and who may not look.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::record::person::Seat;

use crate::house::House;

async fn get(house: &House, path: &str) -> Value {
    let answer = house.ask(Seat::DutyOfficer, "GET", path, json!(null)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json
}

/// Asks until what is kept was made anew: half a second for what waits, a few seconds for what is read.
async fn until(house: &House, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let seen = get(house, path).await;
        if wanted(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = get(house, path).await;
    panic!("{path} never came to be what was waited for: {seen}");
}

fn count(seen: &Value, step: &str) -> u64 {
    let steps = seen["steps"].as_array().unwrap();
    let found = steps.iter().find(|one| one["step"] == step);
    found.unwrap()["count"].as_u64().unwrap()
}

#[tokio::test]
async fn what_waits_is_listed_with_whom_and_ends_when_it_is_done() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let waits = |seen: &Value| count(seen, "incident_unassigned") == 1;
    let seen = until(&house, "/monitoring", waits).await;
    let groups = seen["waits"].as_array().unwrap();
    let group = groups
        .iter()
        .find(|one| one["step"] == "incident_unassigned")
        .unwrap();
    assert_eq!(group["with"]["id"], "seat:dispatcher");
    assert_eq!(group["with"]["label"]["zh"], "调度员");
    assert_eq!(group["behind"][0]["incident"], json!(incident));
    assert_eq!(group["behind"][0]["due"].as_str().map(str::len), Some(24));
    let path = "/monitoring/waits?step=incident_unassigned&with=seat:dispatcher";
    let listed = get(&house, path).await;
    assert_eq!(
        (
            listed["count"].clone(),
            listed["items"].as_array().unwrap().len()
        ),
        (json!(1), 1)
    );
    let none = get(&house, "/monitoring/waits?step=roster_gap").await;
    assert_eq!(none["count"], 0);

    let body = json!({ "units": [house.own_unit] });
    let sent = house
        .ask(
            Seat::Dispatcher,
            "POST",
            &format!("/incidents/{incident}/assignments"),
            body,
        )
        .await;
    assert!(sent.status.is_success(), "{sent:?}");
    let goes = |seen: &Value| {
        count(seen, "incident_unassigned") == 0 && count(seen, "assignment_unacknowledged") == 1
    };
    let seen = until(&house, "/monitoring", goes).await;
    let strength = seen["strength"].as_array().unwrap();
    let bound: u64 = strength
        .iter()
        .map(|one| one["bound"].as_u64().unwrap())
        .sum();
    assert_eq!(bound, 1, "{strength:?}");
    assert_eq!(seen["federated"], false);
    assert!(
        !seen.to_string().contains(super::house::SAID),
        "nobody is quoted"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_who_may_not_look_sees_nothing() {
    let house = House::new().await;
    for path in [
        "/monitoring/waits?step=anything",
        "/monitoring/waits?limit=0",
        "/monitoring/waits?limit=501",
        "/monitoring/report?span=year",
        "/monitoring/report?date=yesterday",
        "/monitoring/report?date=2999-01-01",
        "/monitoring/report.csv?part=all",
    ] {
        let refused = house.ask(Seat::Analyst, "GET", path, json!(null)).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{path}: {refused:?}"
        );
        refused.problem();
    }
    let unknown = "/monitoring/coverage?without=00112233445566778899aabbccddeeff";
    let refused = house.ask(Seat::Analyst, "GET", unknown, json!(null)).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{refused:?}");
    for seat in [Seat::Crew, Seat::CallTaker, Seat::Administrator] {
        // Before the question is read: nobody learns what can be asked.
        let refused = house
            .ask(seat, "GET", "/monitoring/waits?step=anything", json!(null))
            .await;
        assert_eq!(
            refused.status,
            StatusCode::FORBIDDEN,
            "{seat:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn coverage_is_not_known_without_places_then_counts_with_and_without_a_unit() {
    let house = House::new().await;
    let seen = get(&house, "/monitoring/coverage").await;
    assert_eq!(seen["known"], json!(null));
    assert!(seen["why_not"]["zh"].as_str().unwrap().starts_with("未知"));
    for _ in 0..60 {
        let place = json!({ "lat": 30.0, "lon": 120.58, "address": "Fushan Street 9" });
        let call = json!({ "channel": "phone", "place": place, "said": "smoke" });
        let made = house.ask(Seat::CallTaker, "POST", "/calls", call).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    for (unit, lat) in [(&house.own_unit, 30.0), (&house.other_unit, 30.05)] {
        let at = json!({ "lat": lat, "lon": 120.58 });
        let path = format!("/units/{unit}/position");
        let told = house.ask(Seat::Dispatcher, "PUT", &path, at).await;
        assert!(told.status.is_success(), "{told:?}");
    }
    let path = format!(
        "/monitoring/coverage?squares=true&without={}",
        house.own_unit
    );
    let seen = until(&house, &path, |seen| {
        seen["known"]["units"]
            .as_u64()
            .is_some_and(|units| units >= 2)
            && seen["known"]["now"][0]["percent"] == json!(100.0)
    })
    .await;
    let known = &seen["known"];
    assert_eq!(
        (&known["places_from"], &known["basis"]),
        (&json!("calls"), &json!("straight_line"))
    );
    let share = |what: &str, at: usize| known[what][at]["percent"].as_f64().unwrap();
    // Five and a half kilometres of street at 40 km/h and 1.3 times the straight line: eleven minutes.
    assert!(share("without", 0) < share("now", 0), "{known}");
    assert!(
        share("without", 2) >= share("without", 1) && share("without", 1) >= share("without", 0)
    );
    let features = known["squares"]["features"].as_array().unwrap();
    assert_eq!(features.len() as u64, known["places"].as_u64().unwrap());
    assert_eq!(
        features[0]["geometry"]["coordinates"][0]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let later = features
        .iter()
        .filter(|one| !one["properties"]["class_without"].is_null());
    assert!(later.count() > 0);
}

#[tokio::test]
async fn the_report_of_today_says_what_the_screen_says_and_has_the_log_behind_it() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let body = json!({ "units": [house.own_unit] });
    let path = format!("/incidents/{incident}/assignments");
    let sent = house.ask(Seat::Dispatcher, "POST", &path, body).await;
    assert!(sent.status.is_success(), "{sent:?}");
    let known = |seen: &Value| {
        seen["today"]["figures"]["intervals"][1]["cell"]["count"].as_u64() == Some(1)
    };
    let periods = until(&house, "/monitoring/periods", known).await;
    let report = until(&house, "/monitoring/report?span=day", |seen| {
        seen["period"]["figures"] == periods["today"]["figures"]
    })
    .await;
    assert_eq!(report["over"], false);
    assert_eq!(report["span"], "day");
    // The node was opened today: of the days before there is nothing on record, which is not nought.
    for before in ["yesterday", "week_before", "year_before"] {
        assert_eq!(periods[before]["state"], "not_on_record", "{before}");
        assert_eq!(periods[before]["figures"], json!(null));
    }
    for before in ["before", "year_before"] {
        assert_eq!(report[before]["state"], "not_on_record", "{before}");
    }
    let waited = report["waited"].as_array().unwrap();
    assert!(
        waited
            .iter()
            .any(|one| one["step"] == "assignment_unacknowledged"),
        "{waited:?}"
    );
    for span in periods["calls"].as_array().unwrap() {
        assert_eq!(
            (&span["before_state"], &span["before"]),
            (&json!("not_on_record"), &json!(null))
        );
    }

    let text = async |query: &str| {
        let path = format!("/api/v1/monitoring/report.csv?{query}");
        let token = format!("Bearer {}", house.token(Seat::Analyst));
        let headers = [("authorization", token.as_str())];
        let answer = house.raw("GET", &path, String::new(), &headers).await;
        let bytes = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap();
        String::from_utf8(bytes.to_bytes().to_vec()).unwrap()
    };
    let log = text("part=log&lang=en").await;
    let sent = periods["today"]["figures"]["intervals"][1]["cell"]["count"]
        .as_u64()
        .unwrap();
    let lines = log
        .lines()
        .filter(|line| line.starts_with("answered_to_sent,"));
    assert_eq!(lines.count() as u64, sent, "{log}");
    let chinese = text("lang=zh").await;
    assert!(
        chinese.starts_with('\u{feff}') && chinese.contains("上年同期"),
        "{chinese}"
    );
    let english = text("lang=en").await;
    assert_eq!(english.lines().count(), chinese.lines().count());
}
