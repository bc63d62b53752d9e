//! Who called and what was said: for those who answer the call, and absent everywhere else.

use axum::http::StatusCode;
use serde_json::json;
use watchfire_core::record::person::Seat;

use super::house::{House, SAID};

#[tokio::test]
async fn only_those_who_answer_the_call_read_who_called() {
    let house = House::new().await;
    let (call, incident) = house.incident().await;
    let note = json!({ "text": "the key is with Wu's sister" });
    let path = format!("/incidents/{incident}/notes");
    let written = house.ask(Seat::CallTaker, "POST", &path, note).await;
    assert_eq!(written.status, StatusCode::CREATED, "{written:?}");
    for (seat, reads) in [
        (Seat::CallTaker, true),
        (Seat::Dispatcher, true),
        (Seat::DutyOfficer, true),
        (Seat::Overseer, true),
        (Seat::Crew, false),
        (Seat::Analyst, false),
        (Seat::Wall, false),
        (Seat::Administrator, false),
    ] {
        for path in [
            "/board".to_owned(),
            "/calls".to_owned(),
            format!("/calls/{call}"),
            format!("/incidents/{incident}/entries"),
            format!("/incidents/{incident}/notes"),
        ] {
            let answer = house.ask(seat, "GET", &path, json!(null)).await;
            let text = answer.json.to_string();
            let shown = [SAID, "555 0199", "Wu Min", "Wu's sister"];
            let shown = shown.iter().any(|words| text.contains(words));
            assert_eq!(shown, reads, "{path} from {seat:?}: {text}");
        }
    }
}

#[tokio::test]
async fn who_called_is_in_no_entry_that_leaves_the_node_unsealed() {
    let house = House::new().await;
    house.incident().await;
    let dir = house.dir.path().join("node");
    let mut exported = Vec::new();
    watchfire_store::export(&dir, &mut exported).unwrap();
    let holds = |words: &str| {
        exported
            .windows(words.len())
            .any(|part| part == words.as_bytes())
    };
    assert!(
        holds("Fushan Street 9"),
        "the place is not sealed, so the search can find something"
    );
    for words in [SAID, "555 0199", "Wu Min"] {
        assert!(!holds(words), "{words}");
    }
}

#[tokio::test]
async fn that_two_calls_come_from_one_number_is_as_sealed_as_the_number() {
    let house = House::new().await;
    house.call().await;
    let second = house.call().await;
    let path = format!("/calls/{second}/duplicates");
    for (seat, told) in [
        (Seat::CallTaker, true),
        (Seat::Wall, false),
        (Seat::Crew, false),
        (Seat::Analyst, false),
    ] {
        let hints = house.ask(seat, "GET", &path, json!(null)).await;
        assert_eq!(
            hints.json["hints"].as_array().unwrap().len(),
            1,
            "{hints:?}"
        );
        assert_eq!(
            hints.json.to_string().contains("same_caller"),
            told,
            "{seat:?}: {hints:?}"
        );
    }
}
