//! Playbooks over HTTP: the node fires them by itself, carries out what it may and proposes the rest; a person takes and
//! declines steps by the rights of each; a restart fires nothing twice; and the past is held against them.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::node::Submission;
use watchfire::playbooks;
use watchfire::policy::Authorized;
use watchfire_core::playbook::Playbook;
use watchfire_core::record::Action;
use watchfire_core::record::peer::PeerAction;
use watchfire_core::record::person::Seat;
use watchfire_feed::NodeId;

use super::house::{Answer, House, call_body};

/// Fires for what `House::incident` opens; tells by rule, and proposes what leaves the house.
const BOOK: &str = r#"
id = "trial"
en = "Trial"
zh = "试用"
wording = "en"
[when.incident_opened]
categories = ["fire", "medical", "structure_fire"]
[[step]]
do = "carry_out"
[step.tell]
seats = ["dispatcher"]
subject = { en = "Incident {number}", zh = "警情 {number}" }
text = { en = "At {place}", zh = "{place}" }
[[step]]
do = "propose"
[step.open_operation]
name = { en = "Trial {number}", zh = "试用 {number}" }
purpose = { en = "To see", zh = "查看" }
legal_basis = { en = "A test", zh = "测试" }
handling = "police_use"
[[step]]
do = "propose"
[step.invite]
agencies = ["City centre", "Nobody"]
role = { en = "Look", zh = "查看" }
share_incident = true
[[step]]
do = "propose"
[step.ask_support]
capability = "boat"
quantity = 1
purpose = { en = "A boat", zh = "舟艇" }
priority = 2
for_s = 3600
across = true
"#;

fn with(text: &str) -> Vec<Playbook> {
    vec![Playbook::parse(text).unwrap()]
}

/// Waits until the one run there is looks as is wanted.
async fn until(house: &House, looks: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let runs = house.ask(Seat::DutyOfficer, "GET", "/playbook-runs", json!(null));
        let runs = runs.await;
        assert_eq!(runs.status, StatusCode::OK, "{runs:?}");
        let run = &runs.json["items"][0];
        if looks(run) {
            return run.clone();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{runs:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn step(house: &House, seat: Seat, run: &Value, body: Value) -> Answer {
    let path = format!("/playbook-runs/{}/steps", run["id"].as_str().unwrap());
    house.ask(seat, "POST", &path, body).await
}

async fn know_a_peer(house: &House) {
    let enrol = PeerAction::Enrol {
        node: NodeId([7; 32]),
        name: "City centre".parse().unwrap(),
    };
    let enrol = Authorized::by_the_node(Action::Peer(enrol));
    house.node.submit(Submission::fresh(enrol)).await.unwrap();
}

/// A node that uses one playbook, with a response file that knows what it names.
async fn house_with(text: &str) -> House {
    let house = House::new().await;
    know_a_peer(&house).await;
    playbooks::start(&house.node, with(text)).unwrap();
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fires_tells_by_rule_and_each_proposed_step_is_taken_by_who_may() {
    let house = house_with(BOOK).await;
    let (_, incident) = house.incident().await;
    let run = until(&house, |run| run["steps"][0]["state"] == "done").await;
    assert_eq!(run["incident"], json!(incident));
    assert_eq!(run["fired_by"], Value::Null, "by rule, in nobody's name");
    assert_eq!(run["steps"][0]["by"], Value::Null);
    assert_eq!(run["waiting"], 3);
    let told = house
        .ask(Seat::Dispatcher, "GET", "/directives/own", json!(null))
        .await;
    assert_eq!(told.text("/0/subject"), "Incident 1", "{told:?}");

    let early = step(
        &house,
        Seat::DutyOfficer,
        &run,
        json!({ "do": "take", "no": 3 }),
    )
    .await;
    assert_eq!(early.problem(), "missing", "the operation comes first");
    let denied = step(
        &house,
        Seat::Dispatcher,
        &run,
        json!({ "do": "take", "no": 2 }),
    )
    .await;
    assert_eq!(
        denied.problem(),
        "not_allowed",
        "a dispatcher leads no operation"
    );
    let denied = step(
        &house,
        Seat::Analyst,
        &run,
        json!({ "do": "decline", "no": 2, "reason": "x" }),
    )
    .await;
    assert_eq!(denied.problem(), "not_allowed");
    let opened = step(
        &house,
        Seat::DutyOfficer,
        &run,
        json!({ "do": "take", "no": 2 }),
    )
    .await;
    assert_eq!(opened.status, StatusCode::OK, "{opened:?}");
    assert_eq!(opened.text("/steps/1/by"), "duty_officer");
    let operation = opened.text("/operation");
    let called = step(
        &house,
        Seat::DutyOfficer,
        &run,
        json!({ "do": "take", "no": 3 }),
    )
    .await;
    assert_eq!(called.status, StatusCode::OK, "{called:?}");
    assert_eq!(called.json["steps"][2]["left_out"], json!(["Nobody"]));
    let shown = house
        .ask(
            Seat::DutyOfficer,
            "GET",
            &format!("/operations/{operation}"),
            json!(null),
        )
        .await;
    assert_eq!(shown.text("/name"), "Trial 1", "{shown:?}");
    assert!(
        shown.json["members"].to_string().contains("City centre"),
        "{shown:?}"
    );
    assert!(
        shown.json["incidents"].to_string().contains(&incident),
        "it is shared"
    );
    let asked = step(
        &house,
        Seat::Dispatcher,
        &run,
        json!({ "do": "take", "no": 4, "wording": "zh" }),
    )
    .await;
    assert_eq!(asked.json["waiting"], 0, "{asked:?}");
    assert!(
        asked.json["ended_at"].is_string(),
        "nothing waits, so it is over"
    );
    let again = step(
        &house,
        Seat::Dispatcher,
        &run,
        json!({ "do": "take", "no": 4 }),
    )
    .await;
    assert_eq!(again.problem(), "wrong_state");
    let support = house
        .ask(Seat::Dispatcher, "GET", "/support", json!(null))
        .await;
    assert!(
        support.json.to_string().contains("舟艇"),
        "in the language that was asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_fires_nothing_twice_and_the_wall_is_told_no_more_than_that_it_fired() {
    let mut house = house_with(BOOK).await;
    house.incident().await;
    let run = until(&house, |run| run["steps"][0]["state"] == "done").await;
    house.restart_after(|_| ()).await;
    playbooks::start(&house.node, with(BOOK)).unwrap();
    // It has looked once more when it fires for another far away.
    let mut far = call_body();
    far["place"]["lat"] = json!(31.5);
    let taken = house.ask(Seat::CallTaker, "POST", "/calls", far).await;
    let opens = json!({ "call": taken.text("/id") });
    let opened = house
        .ask(Seat::Dispatcher, "POST", "/incidents", opens)
        .await;
    assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
    let second = until(&house, |now| {
        now["id"] != run["id"] && now["steps"][0]["state"] == "done"
    })
    .await;
    assert_eq!(second["number"], 2, "one for each, and no third");
    let runs = house
        .ask(Seat::Overseer, "GET", "/playbook-runs", json!(null))
        .await;
    assert_eq!(runs.json["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        runs.json["items"][0]["may_run"], false,
        "an overseer changes nothing"
    );
    let board = house.ask(Seat::Wall, "GET", "/board", json!(null)).await;
    let board = board.json.to_string();
    assert!(board.contains("playbook_run") && !board.contains("A boat"));
    let closed = step(
        &house,
        Seat::Dispatcher,
        &second,
        json!({ "do": "close", "reason": "over" }),
    )
    .await;
    assert_eq!(closed.text("/ended_reason"), "over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_refuses_waits_for_a_person_and_says_why() {
    let text = "id = \"p\"\nen = \"P\"\nzh = \"甲\"\n[when.incident_opened]\ncategories = [\"fire\"]\n\
         [[step]]\ndo = \"carry_out\"\n[step.directive]\nkind = \"unheard_of\"\npriority = 1\n\
         subject = { en = \"S\", zh = \"事\" }\ntext = { en = \"T\", zh = \"文\" }\n\
         to = [\"seat:dispatcher\"]\nclose_within_s = 600\n";
    let house = house_with(text).await;
    house.incident().await;
    let run = until(&house, |run| run["steps"][0]["state"] == "failed").await;
    assert!(
        run["steps"][0]["refused"]["en"]
            .as_str()
            .unwrap()
            .contains("unheard_of"),
        "{run}"
    );
    assert_eq!(run["waiting"], 1);
    let listed = house
        .ask(Seat::Analyst, "GET", "/playbooks", json!(null))
        .await;
    assert!(
        listed.text("/items/0/remarks/0/en").contains("unheard_of"),
        "{listed:?}"
    );
    assert_eq!(listed.json["waiting"], 1);
    let body = json!({ "do": "decline", "no": 1, "reason": "by telephone" });
    let declined = step(&house, Seat::Dispatcher, &run, body).await;
    assert_eq!(declined.text("/steps/0/reason"), "by telephone");
    assert!(declined.json["ended_at"].is_string(), "{declined:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_held_against_a_playbook_and_one_that_is_off_is_started_by_hand_once() {
    let text = "id = \"crowd\"\nen = \"Crowd\"\nzh = \"人群\"\non = false\n\
        [when.calls_near]\ncount = 3\nradius_m = 200\nwithin_s = 600\n\
        [[step]]\ndo = \"propose\"\n[step.tell]\nseats = [\"dispatcher\"]\n\
        subject = { en = \"S\", zh = \"事\" }\ntext = { en = \"T\", zh = \"文\" }\n";
    let house = house_with(text).await;
    let (_, incident) = house.incident().await;
    let past = |days: u32| format!("/playbooks/crowd/past?days={days}");
    let before = house
        .ask(Seat::Overseer, "GET", &past(1), json!(null))
        .await;
    assert_eq!(
        (&before.json["count"], &before.json["looked_at"]),
        (&json!(0), &json!(2))
    );
    house.call().await;
    house.call().await;
    let found = house
        .ask(Seat::Overseer, "GET", &past(1), json!(null))
        .await;
    assert_eq!(found.json["count"], 1, "{found:?}");
    assert_eq!(
        found.text("/items/0/saw/en"),
        "3 calls within 200 m in 10 min"
    );
    assert!(found.json["items"][0]["place"]["lat"].is_f64(), "{found:?}");
    assert_eq!(
        (&found.json["whole"], &found.json["counted"]),
        (&json!(true), &json!(true))
    );
    for days in [0, 367] {
        let refused = house
            .ask(Seat::Overseer, "GET", &past(days), json!(null))
            .await;
        assert_eq!(refused.problem(), "unreadable");
    }
    let none = house
        .ask(Seat::Overseer, "GET", "/playbooks/none/past", json!(null))
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    let path = "/playbooks/crowd/runs";
    let body = json!({ "incident": incident });
    let started = house
        .ask(Seat::Dispatcher, "POST", path, body.clone())
        .await;
    assert_eq!(started.status, StatusCode::CREATED, "{started:?}");
    assert_eq!(started.text("/fired_by"), "dispatcher");
    assert_eq!(started.json["steps"][0]["may_take"], true);
    let again = house.ask(Seat::DutyOfficer, "POST", path, body).await;
    assert_eq!(again.problem(), "taken");
}

#[test]
fn a_folder_is_read_and_errors_name_the_file_and_the_line() {
    let dir = tempfile::TempDir::new().unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/playbooks");
    let six = playbooks::read_folder(std::path::Path::new(shipped)).unwrap();
    assert_eq!(six.len(), 6, "other files in the folder are no playbooks");
    let one = std::fs::read_to_string(format!("{shipped}/trapped.toml")).unwrap();
    std::fs::write(dir.path().join("a.toml"), &one).unwrap();
    assert_eq!(playbooks::read_folder(dir.path()).unwrap().len(), 1);
    std::fs::write(dir.path().join("b.toml"), &one).unwrap();
    let twice = playbooks::read_folder(dir.path()).unwrap_err().to_string();
    assert!(
        twice.contains("b.toml") && twice.contains("\"trapped\" too"),
        "{twice}"
    );
    let wrong = one.replace("priorities = [1]", "priorities = [9]");
    std::fs::write(dir.path().join("b.toml"), wrong).unwrap();
    let wrong = playbooks::read_folder(dir.path()).unwrap_err().to_string();
    assert!(wrong.contains("b.toml: line 10, column "), "{wrong}");
}

#[tokio::test]
async fn the_command_line_checks_files_and_tries_them_on_the_past_of_a_node_that_runs() {
    let house = House::new().await;
    for _ in 0..3 {
        house.call().await;
    }
    let run = |arguments: &[&str]| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_watchfire"));
        let mut program = program;
        program.arg("playbook").args(arguments).output().unwrap()
    };
    let dir = tempfile::TempDir::new().unwrap();
    let (good, wrong) = (dir.path().join("good.toml"), dir.path().join("wrong.toml"));
    let text = "id = \"crowd\"\nen = \"Crowd\"\nzh = \"人群\"\n\
        [when.calls_near]\ncount = 3\nradius_m = 200\nwithin_s = 600\n\
        [[step]]\ndo = \"propose\"\n[step.tell]\nseats = [\"dispatcher\"]\n\
        subject = { en = \"S\", zh = \"事\" }\ntext = { en = \"T\", zh = \"文\" }\n";
    std::fs::write(&good, text).unwrap();
    std::fs::write(&wrong, text.replace("count = 3", "count = 1")).unwrap();
    let checked = run(&["check", good.to_str().unwrap()]);
    assert!(checked.status.success(), "{checked:?}");
    let checked = run(&["check", dir.path().to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(3));
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(
        said.contains("wrong.toml: line 5, column 9: 1 is out of bounds"),
        "{said}"
    );
    let node = house.dir.path().join("node");
    let node = node.to_str().unwrap();
    let tried = run(&[
        "dry-run",
        "--data",
        node,
        "--days",
        "1",
        good.to_str().unwrap(),
    ]);
    let said = String::from_utf8(tried.stdout).unwrap();
    assert!(
        said.contains("Crowd (crowd) would have fired once"),
        "{said}"
    );
    assert!(said.contains("Fushan Street 9"), "and where: {said}");
    let tried = run(&["dry-run", "--data", node, "--json", good.to_str().unwrap()]);
    let json: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!(json["playbooks"][0]["count"], 1, "{json}");
    let schema = run(&["schema"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["title"], "Watchfire playbook");
}
