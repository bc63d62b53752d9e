//! What a storm begins with: the nodes, made and started; every pair of them enrolled through the API as two people
//! would; one operation that all have joined. Start at [`nodes`] and [`enrol_and_raise`].

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Asked;
use crate::ground::Ground;
use crate::http::Answer;
use crate::node::{Node, name};

/// How long each step may take.
const WITHIN: Duration = Duration::from_secs(60);

/// Makes the nodes and starts them.
pub(crate) fn nodes(asked: &Asked, ground: &Ground, scratch: &Path) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    for (number, disk) in ground.disks.iter().enumerate() {
        let log = scratch.join(format!("node{}.log", number + 1));
        let mut node = Node::make(number, &asked.binary, disk, log)?;
        node.start()?;
        nodes.push(node);
    }
    nodes.iter_mut().try_for_each(Node::await_ready)?;
    Ok(nodes)
}

/// Enrols every pair, raises an operation at the first node, and lets all others join; returns the operation's id.
pub(crate) fn enrol_and_raise(nodes: &[Node]) -> Result<String, String> {
    let began = Instant::now();
    for (at, a) in nodes.iter().enumerate() {
        for b in &nodes[at + 1..] {
            enrol(a, b)?;
        }
    }
    let body = json!({ "name": "storm", "purpose": "go on together", "legal_basis": "an exercise",
        "handling": "police_use", "exercise": true });
    let raised = done(&nodes[0], "duty_officer", "/operations", "raise", &body)?;
    let operation = raised.text("/id");
    let steps = format!("/operations/{operation}/steps");
    for node in &nodes[1..] {
        let invite = json!({ "do": "invite", "node": node.id, "role": "helps" });
        let key = format!("invite {}", node.id);
        done(&nodes[0], "duty_officer", &steps, &key, &invite)?;
        until("an invitation", || {
            operation_at(node, &operation)["own"]["invited"] == true
        })?;
        done(
            node,
            "duty_officer",
            &steps,
            "join",
            &json!({ "do": "join" }),
        )?;
    }
    let all_members = |node: &Node| {
        let shown = operation_at(node, &operation);
        let members = shown["members"].as_array().into_iter().flatten();
        members.filter(|one| one["status"] == "member").count() == nodes.len()
    };
    until("an operation of all", || nodes.iter().all(all_members))?;
    println!(
        "all pairs enrolled and one operation joined after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    Ok(operation)
}

fn operation_at(node: &Node, operation: &str) -> Value {
    let answer = node
        .desk("duty_officer")
        .get(&format!("/operations/{operation}"));
    answer.map(|answer| answer.json).unwrap_or_default()
}

/// Two people enrol two nodes: one invites, the other accepts, both compare the number and confirm.
fn enrol(a: &Node, b: &Node) -> Result<(), String> {
    let key = format!("{} {}", a.number, b.number);
    let invited = done(
        a,
        "administrator",
        "/peers/invitations",
        &format!("invite {key}"),
        &json!({}),
    )?;
    let accept = json!({ "text": invited.text("/text") });
    done(
        b,
        "administrator",
        "/peers/enrolments",
        &format!("accept {key}"),
        &accept,
    )?;
    let pairs = [(a, b), (b, a)];
    until("a number on both sides", || {
        pairs
            .iter()
            .all(|(node, other)| comparing(node, other).is_some())
    })?;
    let shown: Vec<(String, String)> = pairs
        .iter()
        .filter_map(|(node, other)| comparing(node, other))
        .collect();
    if shown.len() != 2 || shown[0].1 != shown[1].1 {
        return Err(format!(
            "{} and {} see different numbers",
            name(a.number),
            name(b.number)
        ));
    }
    for ((node, _), (id, code)) in pairs.iter().zip(&shown) {
        let word = json!({ "do": "confirm", "code": code });
        let path = format!("/peers/enrolments/{id}");
        done(
            node,
            "administrator",
            &path,
            &format!("confirm {key}"),
            &word,
        )?;
    }
    until("a line both ways", || {
        pairs.iter().all(|(node, other)| is_up(node, other))
    })
}

fn peers(node: &Node, list: &str) -> Vec<Value> {
    let answer = node.desk("administrator").get("/peers");
    let shown = answer.map(|answer| answer.json).unwrap_or_default();
    shown[list].as_array().cloned().unwrap_or_default()
}

/// Returns the id of the enrolment with another node that shows a number, and the number.
fn comparing(node: &Node, other: &Node) -> Option<(String, String)> {
    let all = peers(node, "enrolments");
    let mut with = all.iter().filter(|one| one["node"] == other.id.as_str());
    with.find_map(|one| {
        Some((
            one["id"].as_str()?.to_owned(),
            one["code"].as_str()?.to_owned(),
        ))
    })
}

fn is_up(node: &Node, other: &Node) -> bool {
    let all = peers(node, "peers");
    all.iter()
        .any(|one| one["node"] == other.id.as_str() && one["line"]["state"] == "up")
}

fn done(node: &Node, seat: &str, path: &str, key: &str, body: &Value) -> Result<Answer, String> {
    let answer = node.desk(seat).post(path, key, body)?;
    match answer.is_done() {
        true => Ok(answer),
        false => Err(format!(
            "{} answers {path} with {}: {}",
            name(node.number),
            answer.status,
            answer.json
        )),
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) -> Result<(), String> {
    let until = Instant::now() + WITHIN;
    while Instant::now() < until {
        if done() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{what} never came about"))
}
