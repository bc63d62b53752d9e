//! Keys that come later than what they open: the text appears when they are there, a wrong one is not kept, and the
//! tables are what a refold of the entries gives.

use axum::http::StatusCode;
use serde_json::json;
use watchfire::node::LateKey;
use watchfire_core::record::person::Seat;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, Scope};

use crate::house::House;
use crate::joint::{bring_in, done, enrol, joint_house, operation, raise};

/// Returns what a node has said in operations, from its own store.
fn said_by(house: &House) -> Vec<Entry> {
    let own = house.node.feed().node;
    house.node.read_store(|reader| {
        let feeds = reader.feeds().unwrap().into_iter();
        let joint = feeds.filter(|feed| {
            feed.node == own && matches!(feed.scope, Scope::Operation(_) | Scope::Command(_))
        });
        joint
            .flat_map(|feed| reader.entries(&feed.id(), 1, 500).unwrap())
            .collect()
    })
}

fn check(house: &House) {
    let dir = house.dir.path().join("node");
    watchfire_store::check(&dir, |_| ()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_text_appears_when_its_key_has_come_and_a_wrong_key_does_not_stand_in_its_way() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    b.stop_joint().await;
    let (_, incident) = a.incident().await;
    let path = format!("/incidents/{incident}/notes");
    for text in ["first", "second"] {
        let note = json!({ "text": text });
        let noted = a.ask(Seat::Dispatcher, "POST", &path, note).await;
        assert_eq!(noted.status, StatusCode::CREATED, "{noted:?}");
    }
    let record = format!("incident:{incident}");
    done(&a, &joint, json!({ "do": "share", "record": record })).await;
    let note = json!({ "text": "third" });
    a.ask(Seat::Dispatcher, "POST", &path, note).await;

    // The entries come by somebody who does not have the key.
    let mut entries = said_by(&a);
    let last = entries.pop().unwrap();
    let taken = b.node.take(entries, Vec::new()).await.unwrap();
    assert_eq!(taken.refused, [], "{taken:?}");
    let texts = async || {
        let shown = operation(&b, &joint).await;
        let notes = shown.json["incidents"][0]["notes"].clone();
        let notes = notes.as_array().cloned().unwrap_or_default();
        notes
            .iter()
            .map(|note| note["text"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts().await, [json!(null), json!(null)]);
    check(&b);
    let (id, of) = *taken.sealed.first().expect("a key is missing");

    let wrong = RecordKey::new(id, [7; 32]);
    let late = vec![LateKey {
        key: wrong.clone(),
        of,
    }];
    let report = b.node.add_late_keys(late).await.unwrap();
    assert_eq!((report.done, report.wrong), (vec![], vec![id]));
    // Nor does one that comes along with entries stand in the way.
    let taken = b.node.take(vec![last.clone()], vec![wrong]).await.unwrap();
    assert_eq!((taken.taken, taken.sealed.len()), (1, 1));
    check(&b);

    let key = a.node.read_store(|reader| reader.keys(&[id])).unwrap();
    let late = vec![LateKey {
        key: key[0].clone(),
        of,
    }];
    let report = b.node.add_late_keys(late).await.unwrap();
    assert_eq!((report.done, report.wrong), (vec![id], vec![]));
    assert_eq!(
        texts().await,
        ["first", "second", "third"].map(|text| json!(text))
    );
    check(&b);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_comes_with_a_later_entry_opens_the_earlier_ones_too() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let port = b.stop_joint().await;
    let (_, incident) = a.incident().await;
    let path = format!("/incidents/{incident}/notes");
    let write = async |text: &str| {
        a.ask(Seat::Dispatcher, "POST", &path, json!({ "text": text }))
            .await;
    };
    write("first").await;
    let record = format!("incident:{incident}");
    done(&a, &joint, json!({ "do": "share", "record": record })).await;
    b.node.take(said_by(&a), Vec::new()).await.unwrap();
    write("second").await;
    // When the line is back, the second note comes with the key, and the first has been here without.
    b.start_joint(port).await;
    crate::joint::until("both texts at b", async || {
        let shown = operation(&b, &joint).await;
        let notes = &shown.json["incidents"][0]["notes"];
        notes[0]["text"] == "first" && notes[1]["text"] == "second"
    })
    .await;
    check(&b);
}
