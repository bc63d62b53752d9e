//! Assessments over HTTP: written, reviewed by a second person, issued to seats that read them, superseded; and who sees what of
//! one meanwhile.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};

const TEXT: &str = "Three fires in two nights; a man called Wu was seen.";

fn body(sources: Value) -> Value {
    json!({
        "title": "Smoke along the canal", "kind": "trend", "urgency": "urgent",
        "grade": { "source": "B", "credibility": 2 }, "valid_until": "2099-01-01T00:00:00Z",
        "sources": sources, "text": TEXT,
    })
}

fn newspaper() -> Value {
    json!([{ "what": { "is": "open_report", "label": "Evening paper", "reference": "https://example.org/1" } }])
}

/// The longest that an assessment may hold is a year; the clock of the house is the real one.
fn within_a_year(mut body: Value) -> Value {
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
    body["valid_until"] = json!(until.to_string());
    body
}

async fn drafted(house: &House, sources: Value) -> Answer {
    let made = house
        .ask(
            Seat::Analyst,
            "POST",
            "/assessments",
            within_a_year(body(sources)),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made
}

async fn step(house: &House, seat: Seat, id: &str, body: Value) -> Answer {
    house
        .ask(seat, "POST", &format!("/assessments/{id}/steps"), body)
        .await
}

async fn seen_from(house: &House, seat: Seat, id: &str) -> Answer {
    house
        .ask(seat, "GET", &format!("/assessments/{id}"), json!(null))
        .await
}

#[tokio::test]
async fn a_finding_is_written_reviewed_by_another_issued_to_readers_and_superseded() {
    let mut house = House::new().await;
    let (call, incident) = house.incident().await;
    let sources = json!([
        { "what": { "is": "record", "record": format!("incident:{incident}") }, "grade": { "source": "A", "credibility": 1 } },
        { "what": { "is": "record", "record": format!("call:{call}") } },
        { "what": { "is": "site", "label": "Lock 3", "lat": 30.0, "lon": 120.58 } },
    ]);
    let made = drafted(&house, sources).await;
    let id = made.text("/id");
    assert_eq!(made.json["grade"]["short"], "B2");
    assert_eq!(
        made.json["may"],
        json!(["amend", "withdraw"]),
        "who wrote it does not review it"
    );
    assert!(
        made.text("/sources/0/label/en").starts_with("#1 "),
        "{made:?}"
    );

    // Nobody but those who write and review knows what a draft says, and what anybody sees is no more than that there is one.
    for (seat, status) in [
        (Seat::DutyOfficer, StatusCode::OK),
        (Seat::Overseer, StatusCode::OK),
        (Seat::Dispatcher, StatusCode::NOT_FOUND),
        (Seat::Wall, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            seen_from(&house, seat, &id).await.status,
            status,
            "{seat:?}"
        );
    }
    let board = house
        .ask(Seat::Dispatcher, "GET", "/board", json!(null))
        .await;
    let mark = &board.json["records"][0];
    assert_eq!(
        (&mark["kind"], &mark["record"]["status"]),
        (&json!("assessment"), &json!("draft"))
    );
    assert!(
        !board.json.to_string().contains("canal"),
        "not even its title"
    );

    let own = step(&house, Seat::Analyst, &id, json!({ "do": "review" })).await;
    assert_eq!(own.problem(), "wrong_state", "{own:?}");
    let back = json!({ "do": "return", "remark": "what about the weather?" });
    let back = step(&house, Seat::DutyOfficer, &id, back).await;
    assert_eq!(back.text("/returned/remark"), "what about the weather?");
    let mut dry = within_a_year(body(newspaper()));
    dry["text"] = json!("It was dry.");
    let path = format!("/assessments/{id}");
    let amended = house.ask(Seat::Analyst, "PUT", &path, dry.clone()).await;
    assert_eq!(amended.text("/text"), "It was dry.");
    let early = json!({ "do": "issue", "seats": ["dispatcher"] });
    assert_eq!(
        step(&house, Seat::DutyOfficer, &id, early.clone())
            .await
            .problem(),
        "wrong_state"
    );
    let reviewed = step(&house, Seat::DutyOfficer, &id, json!({ "do": "review" })).await;
    assert_eq!(reviewed.json["status"], "reviewed", "{reviewed:?}");
    let late = house.ask(Seat::Analyst, "PUT", &path, dry).await;
    assert_eq!(
        late.problem(),
        "wrong_state",
        "what was reviewed is not edited"
    );

    let issued = step(&house, Seat::DutyOfficer, &id, early).await;
    assert_eq!(
        issued.json["unread_by"],
        json!(["dispatcher"]),
        "{issued:?}"
    );
    assert_eq!(
        seen_from(&house, Seat::CallTaker, &id).await.status,
        StatusCode::NOT_FOUND
    );
    let seen = seen_from(&house, Seat::Dispatcher, &id).await;
    assert_eq!(
        (seen.text("/text").as_str(), &seen.json["to_read"]),
        ("It was dry.", &json!(true))
    );
    let not_theirs = step(&house, Seat::CallTaker, &id, json!({ "do": "read" })).await;
    assert_eq!(not_theirs.problem(), "not_found");
    let read = step(&house, Seat::Dispatcher, &id, json!({ "do": "read" })).await;
    assert_eq!(
        (&read.json["unread_by"], &read.json["to_read"]),
        (&json!([]), &json!(false)),
        "{read:?}"
    );
    assert_eq!(read.json["reads"][0]["seat"], "dispatcher");

    let mut next = within_a_year(body(newspaper()));
    next["supersedes"] = json!(id);
    let next = house.ask(Seat::Analyst, "POST", "/assessments", next).await;
    let next_id = next.text("/id");
    step(
        &house,
        Seat::DutyOfficer,
        &next_id,
        json!({ "do": "review" }),
    )
    .await;
    step(
        &house,
        Seat::Analyst,
        &next_id,
        json!({ "do": "issue", "seats": ["crew"] }),
    )
    .await;
    let before = seen_from(&house, Seat::Dispatcher, &id).await;
    assert_eq!(
        (
            before.text("/status").as_str(),
            before.text("/superseded_by")
        ),
        ("superseded", next_id.clone())
    );

    house.restart().await;
    let again = seen_from(&house, Seat::Analyst, &next_id).await;
    assert_eq!(
        again.text("/text"),
        TEXT,
        "the text is there after a restart"
    );
    let listed = house
        .ask(Seat::Crew, "GET", "/assessments", json!(null))
        .await;
    let listed = listed.json["items"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "a crew sees what was issued to crews");
    assert_eq!(listed[0]["text"], json!(null));
    let ended = house
        .ask(Seat::Overseer, "GET", "/assessments/ended", json!(null))
        .await;
    assert_eq!(ended.text("/items/0/id"), id);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_in_words_and_nobody_shares_who_may_not() {
    let house = House::new().await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut one = within_a_year(body(newspaper()));
        change(&mut one);
        one
    };
    let cases: [(&str, Value); 6] = [
        (
            "unreadable",
            with(&|one| one["grade"]["source"] = json!("G")),
        ),
        (
            "unreadable",
            with(&|one| one["grade"]["credibility"] = json!(7)),
        ),
        ("unreadable", with(&|one| one["kind"] = json!("person"))),
        ("missing", with(&|one| one["sources"] = json!([]))),
        ("missing", body(newspaper())),
        (
            "not_found",
            with(&|one| {
                let person = format!("person:{}", house.person(Seat::Crew));
                one["sources"] = json!([{ "what": { "is": "record", "record": person } }]);
            }),
        ),
    ];
    for (code, sent) in cases {
        let answer = house.ask(Seat::Analyst, "POST", "/assessments", sent).await;
        assert_eq!(answer.problem(), code, "{answer:?}");
    }
    let id = drafted(&house, newspaper()).await.text("/id");
    step(&house, Seat::DutyOfficer, &id, json!({ "do": "review" })).await;
    let abroad =
        json!({ "do": "issue", "operation": "0".repeat(32), "agencies": ["0".repeat(64)] });
    let analyst = step(&house, Seat::Analyst, &id, abroad.clone()).await;
    assert_eq!(
        analyst.problem(),
        "not_allowed",
        "an analyst does not share with others"
    );
    let officer = step(&house, Seat::DutyOfficer, &id, abroad).await;
    assert_eq!(officer.problem(), "not_a_member");
}
