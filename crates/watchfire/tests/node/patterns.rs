//! Patterns of incidents over HTTP: what a question finds, what is like one, which questions are kept, and that silence about
//! counts of calls says whether it means anything.

use axum::http::StatusCode;
use serde_json::json;
use watchfire_core::record::person::Seat;

use super::house::House;

#[tokio::test]
async fn an_analyst_asks_for_incidents_and_finds_them_by_what_they_are_and_never_by_who_called() {
    let house = House::new().await;
    let (_, first) = house.incident().await;
    let (_, second) = house.incident().await;
    let ask = |path: &str| {
        let path = path.to_owned();
        let house = &house;
        async move { house.ask(Seat::Analyst, "GET", &path, json!(null)).await }
    };
    let all = ask("/patterns").await;
    assert_eq!(
        (all.status, &all.json["count"]),
        (StatusCode::OK, &json!(2)),
        "{all:?}"
    );
    let (lat, lon) = (
        &all.json["incidents"][0]["lat"],
        &all.json["incidents"][0]["lon"],
    );
    let near = ask(&format!("/patterns?lat={lat}&lon={lon}&radius_m=50")).await;
    assert_eq!(near.json["count"], 2, "{near:?}");
    let hours: u64 = near.json["by_hour"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!((hours, &near.json["by_day"][0]["count"]), (2, &json!(2)));
    let category = all.text("/incidents/0/category");
    assert_eq!(
        ask(&format!("/patterns?categories={category}")).await.json["count"],
        2
    );
    assert_eq!(ask("/patterns?categories=nothing").await.json["count"], 0);
    for said in ["Wu", "neighbour"] {
        assert_eq!(
            ask(&format!("/patterns?words={said}")).await.json["count"],
            0,
            "{said} is not looked for"
        );
    }
    for wrong in ["lat=30", "from_hour=3", "days=7", "area="] {
        assert_eq!(
            ask(&format!("/patterns?{wrong}")).await.problem(),
            "unreadable",
            "{wrong}"
        );
    }
    let like = ask(&format!("/patterns/like/{first}")).await;
    assert_eq!(like.text("/items/0/incident/id"), second, "{like:?}");
    let terms: u64 = like.json["items"][0]["terms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|term| term["points"].as_u64().unwrap())
        .sum();
    assert_eq!(
        json!(terms),
        like.json["items"][0]["points"],
        "the terms add up to it"
    );

    let alerts = ask("/patterns/alerts").await;
    assert_eq!(
        (&alerts.json["known"], &alerts.json["items"]),
        (&json!(false), &json!([])),
        "too little is on record, and that is said: {alerts:?}"
    );

    let view =
        json!({ "name": "nights", "query": { "from_hour": 22, "until_hour": 4, "days": "5,6" } });
    let kept = house
        .ask(Seat::Analyst, "POST", "/patterns/views", view.clone())
        .await;
    assert_eq!(kept.status, StatusCode::CREATED, "{kept:?}");
    assert_eq!(kept.json["items"][0]["query"]["days"], "5,6");
    assert_eq!(
        house
            .ask(Seat::DutyOfficer, "POST", "/patterns/views", view)
            .await
            .problem(),
        "taken"
    );
    let path = format!("/patterns/views/{}/remove", kept.text("/items/0/id"));
    let gone = house.ask(Seat::DutyOfficer, "POST", &path, json!({})).await;
    assert_eq!(gone.json["items"], json!([]), "{gone:?}");
}
