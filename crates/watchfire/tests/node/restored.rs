//! A node whose disk was lost, and that goes on from an older copy of its directory: its peers give back what it had told
//! them, nobody sees two histories, and what is said afterwards arrives.

use std::path::Path;

use serde_json::json;
use watchfire::federation::tail::{self, Ending, Tail};
use watchfire_core::record::person::Seat;
use watchfire_feed::{ClosingCause, Signer};
use watchfire_store::TailReport;

use crate::house::House;
use crate::joint::{bring_in, done, enrol, joint_house, operation, peers, raise, until};

/// Copies a directory of files; the lock of a running node is not one of them.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        match item.file_type().unwrap().is_dir() {
            true => copy(&item.path(), &target),
            false => drop(std::fs::copy(item.path(), target).unwrap()),
        }
    }
}

fn replace(dir: &Path, by: &Path) {
    std::fs::remove_dir_all(dir).unwrap();
    copy(by, dir);
}

async fn say(house: &House, joint: &str, text: &str) {
    done(house, joint, json!({ "do": "say", "text": text })).await;
}

async fn hears(house: &House, joint: &str, text: &str) {
    until(text, async || {
        operation(house, joint).await.json["log"]
            .to_string()
            .contains(text)
    })
    .await;
}

async fn note(house: &House, incident: &str, text: &str) {
    let path = format!("/incidents/{incident}/notes");
    let noted = house
        .ask(Seat::Dispatcher, "POST", &path, json!({ "text": text }))
        .await;
    assert!(noted.status.is_success(), "{noted:?}");
}

/// Waits until an operation shows one incident with these notes.
async fn notes_are(house: &House, joint: &str, texts: &[&str]) {
    until(&texts.join(", "), async || {
        let shown = operation(house, joint).await;
        let notes = shown.json["incidents"][0]["notes"].as_array().cloned();
        let notes = notes.unwrap_or_default();
        notes.iter().map(|note| &note["text"]).eq(texts)
    })
    .await;
}

/// Two nodes in an operation. The first is put back to an older copy of itself, asks the other, and begins its next
/// epoch with what is then left of the answer. Returns what came of it too.
async fn restored(alter: impl FnOnce(&mut Tail)) -> (House, House, String, TailReport) {
    let (mut a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    say(&a, &joint, "said before the copy").await;
    hears(&b, &joint, "said before the copy").await;
    let (_, incident) = a.incident().await;
    note(&a, &incident, "noted before the copy").await;
    let record = format!("incident:{incident}");
    let share = json!({ "do": "share", "record": record, "with_response": true });
    done(&a, &joint, share).await;
    notes_are(&b, &joint, &["noted before the copy"]).await;

    let port = a.node.federation().address().unwrap().port();
    let saved = tempfile::tempdir().unwrap();
    a.restart_after(|dir| copy(dir, saved.path())).await;
    a.start_joint(port).await;
    say(&a, &joint, "said after the copy").await;
    hears(&b, &joint, "said after the copy").await;
    note(&a, &incident, "noted after the copy").await;
    notes_are(
        &b,
        &joint,
        &["noted before the copy", "noted after the copy"],
    )
    .await;
    let second = raise(&a).await;
    bring_in(&a, &second, &b).await;

    let mut report = TailReport::default();
    a.restart_after(|dir| {
        replace(dir, saved.path());
        let refused = watchfire_store::Store::open(dir).unwrap_err();
        assert!(refused.to_string().contains("watchfire epoch"), "{refused}");
        let fetching = tail::fetch(dir);
        let runtime = tokio::runtime::Handle::current();
        let mut found = tokio::task::block_in_place(|| runtime.block_on(fetching)).unwrap();
        assert_eq!(found.asked, [b.node.feed().node], "{:?}", found.unreached);
        alter(&mut found);
        let mut seed = [0; 32];
        let text = std::fs::read_to_string(dir.join("node.key")).unwrap();
        hex::decode_to_slice(text.trim(), &mut seed).unwrap();
        let root = Signer::from_seed(seed);
        let ending = Ending {
            reason: "the disk was lost",
            cause: ClosingCause::Restore,
            root: Some(&root),
        };
        (_, report) = tail::begin_epoch(dir, &ending, &found.entries, &found.keys).unwrap();
    })
    .await;
    a.start_joint(port).await;
    (a, b, joint, report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restored_node_has_back_what_it_had_told_and_goes_on_in_a_new_epoch() {
    let (a, b, joint, report) = restored(|_| ()).await;
    assert!(report.written > 3 && report.ended.is_empty(), "{report:?}");
    assert_eq!(a.node.feed().epoch, 2);
    for text in ["said before the copy", "said after the copy"] {
        hears(&a, &joint, text).await;
    }
    // The operation that it raised after the copy is its own again.
    let all = a
        .ask(Seat::DutyOfficer, "GET", "/operations", json!({}))
        .await;
    assert_eq!(all.json.as_array().map(Vec::len), Some(2), "{all:?}");

    say(&a, &joint, "said in the new epoch").await;
    hears(&b, &joint, "said in the new epoch").await;
    say(&b, &joint, "the other goes on").await;
    hears(&a, &joint, "the other goes on").await;
    let shown = peers(&b).await;
    assert_eq!(shown.json["peers"][0]["forked"], false, "{shown:?}");
    for house in [&a, &b] {
        watchfire_store::check(&house.dir.path().join("node"), |_| ()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_does_not_ask_lacks_what_it_had_told_and_still_goes_on() {
    let (a, b, joint, _) = restored(|found| *found = Tail::default()).await;
    hears(&a, &joint, "said before the copy").await;
    say(&a, &joint, "said in the new epoch").await;
    hears(&b, &joint, "said in the new epoch").await;
    let log = operation(&a, &joint).await.json["log"].to_string();
    assert!(!log.contains("said after the copy"), "{log}");
    // Of what is its own, the other holds what it says now, and takes what it does with that.
    notes_are(&b, &joint, &["noted before the copy"]).await;
    let shown = operation(&a, &joint).await;
    let incident = shown.json["incidents"][0]["incident"]["id"]
        .as_str()
        .unwrap();
    let moment = watchfire::api::view::time(a.node.now());
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    note(&a, incident, "noted in the new epoch").await;
    notes_are(
        &b,
        &joint,
        &["noted before the copy", "noted in the new epoch"],
    )
    .await;
    // The board of a moment is found across epochs, too.
    let path = format!("/past/board?at={moment}");
    let was = a.ask(Seat::Dispatcher, "GET", &path, json!({})).await;
    let notes = &was.json["operations"][0]["incidents"][0]["notes"];
    assert_eq!(notes[0]["text"], "noted before the copy", "{was:?}");
    assert!(notes[1].is_null(), "{was:?}");
    // Nobody is told that there are two histories: the closing said up to where the first one counts.
    let shown = peers(&b).await;
    assert_eq!(shown.json["peers"][0]["forked"], false, "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_does_not_verify_is_not_taken_back_and_is_told() {
    let mut feed = None;
    let (a, b, joint, report) = restored(|found| {
        let first = &mut found.entries[0];
        first.signature[3] ^= 1;
        feed = Some(first.header.feed);
        found.keys.clear();
    })
    .await;
    let ended: Vec<_> = report.ended.iter().map(|(feed, _)| *feed).collect();
    assert_eq!(ended, [feed.unwrap()], "{report:?}");
    watchfire_store::check(&a.dir.path().join("node"), |_| ()).unwrap();
    say(&a, &joint, "said in the new epoch").await;
    hears(&b, &joint, "said in the new epoch").await;
}
