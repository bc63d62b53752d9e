//! A node that is made for an exercise says so in every answer, to people who have not signed in too, and is never a peer
//! of a real one.

use axum::http::StatusCode;
use serde_json::json;
use watchfire_core::record::person::Seat;

use crate::house::{Answer, House};
use crate::joint::{enrol, free_port, peers, until};

const NAME: &str = "防汛演练 2026";
/// The name as the header spells it.
const SPELLED: &str = "%E9%98%B2%E6%B1%9B%E6%BC%94%E7%BB%83%202026";

async fn joint_drill() -> House {
    let port = free_port();
    let mut house = House::of_exercise(NAME, port).await;
    house.start_joint(port).await;
    house
}

fn said(answer: &Answer) -> Option<&str> {
    let header = answer.headers.get("exercise")?;
    Some(header.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_an_exercise_says_so_in_every_answer_and_for_good() {
    let mut house = House::of_exercise(NAME, 1).await;
    let shown = house.ask(Seat::Wall, "GET", "/node", json!({})).await;
    assert_eq!(shown.json["exercise"], NAME);
    assert_eq!(said(&shown), Some(SPELLED));
    let door = house.send("GET", "/session", String::new(), &[]).await;
    assert_eq!(door.status, StatusCode::UNAUTHORIZED);
    assert_eq!(said(&door), Some(SPELLED), "at the door too");
    let file = house
        .ask(Seat::Analyst, "GET", "/figures.csv", json!({}))
        .await;
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert!(name.contains("filename=\"EXERCISE-"), "{name}");
    house.restart().await;
    let shown = house.ask(Seat::Wall, "GET", "/node", json!({})).await;
    assert_eq!(shown.json["exercise"], NAME, "after a restart");
    let real = House::new().await;
    let shown = real.ask(Seat::Wall, "GET", "/node", json!({})).await;
    assert_eq!(shown.json.get("exercise"), Some(&json!(null)));
    assert_eq!(said(&shown), None, "a real one says nothing of the kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_node_and_one_of_an_exercise_are_never_peers() {
    let mut real = House::new().await;
    real.restart_joint("Real").await;
    let drill = joint_drill().await;
    for (inviter, accepter) in [(&real, &drill), (&drill, &real)] {
        let invited = inviter
            .ask(Seat::Administrator, "POST", "/peers/invitations", json!({}))
            .await;
        let text = json!({ "text": invited.text("/text") });
        let accepted = accepter
            .ask(Seat::Administrator, "POST", "/peers/enrolments", text)
            .await;
        assert_eq!(accepted.status, StatusCode::OK, "{accepted:?}");
        for house in [inviter, accepter] {
            until("a refusal with its reason", async || {
                let shown = peers(house).await.json["enrolments"].to_string();
                shown.contains("never mix")
            })
            .await;
            assert_eq!(peers(house).await.json["peers"], json!([]));
        }
    }
    enrol(&joint_drill().await, &joint_drill().await).await;
}
