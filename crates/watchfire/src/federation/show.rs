//! Telling the screens of operations and peers: whole views, gathered for a moment, and only those that look different.
//! While nobody looks, none is made.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use watchfire_core::basis::OperationId;
use watchfire_feed::Hash;

use crate::api::message;
use crate::hub::Message;
use crate::node::Node;

/// How long changes are gathered; a screen that is told a hundred times a second shows nobody more.
const GATHER: Duration = Duration::from_millis(150);
/// How many times as long as the views took to make is waited before they are made again: while much comes at once
/// after a cut they are large, and taking it in goes first.
const REST: u32 = 5;
/// Longest that changes are gathered.
const GATHER_MAX: Duration = Duration::from_secs(3);
/// How often it is looked without news: what was shared runs out, lines grow old.
const LOOK: Duration = Duration::from_secs(5);
/// The name of the view of peers; an operation's is its id.
const PEERS: &str = "peers";

/// Tells the screens until the node stops.
pub async fn keep(node: Node) {
    let mut joint = node.joint_news();
    let mut seen = node.seen_news();
    let mut newcomers = node.hub().newcomers();
    let Some(enrolments) = node.federation().enrolments() else {
        return;
    };
    let mut enrolling = enrolments.changes();
    let mut told = BTreeMap::new();
    loop {
        while node.hub().reader_count() == 0 {
            if newcomers.changed().await.is_err() {
                return;
            }
        }
        let began = Instant::now();
        let views = changed(&node, &mut told);
        if !views.is_empty() {
            node.hub().show(views);
        }
        let gather = (began.elapsed() * REST).clamp(GATHER, GATHER_MAX);
        tokio::select! {
            changed = joint.changed() => if changed.is_err() { return },
            changed = seen.changed() => if changed.is_err() { return },
            changed = enrolling.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
        tokio::time::sleep(gather).await;
    }
}

/// Makes all views, and returns those that look different from what was told.
fn changed(node: &Node, told: &mut BTreeMap<String, Hash>) -> Vec<(String, Message)> {
    let ids: Vec<OperationId> = {
        let board = node.board();
        board.all_operations().iter().map(|one| one.id).collect()
    };
    let operations = ids
        .into_iter()
        .filter_map(|id| Some((id.to_string(), message::of_operation(node, id)?)));
    let peers = std::iter::once_with(|| (PEERS.to_owned(), message::of_peers(node)));
    let mut views = Vec::new();
    for (name, view) in operations.chain(peers) {
        let looks = Hash::of(view.full.as_bytes());
        if told.insert(name.clone(), looks) != Some(looks) {
            views.push((name, view));
        }
    }
    views
}
