//! Telling the screens of operations and peers: whole views, gathered for a moment, and only those that look different.

use std::collections::BTreeMap;
use std::time::Duration;

use watchfire_core::basis::OperationId;
use watchfire_feed::Hash;

use crate::api::message;
use crate::node::Node;

/// How long changes are gathered; a screen that is told a hundred times a second shows nobody more.
const GATHER: Duration = Duration::from_millis(150);
/// How often it is looked without news: what was shared runs out, lines grow old.
const LOOK: Duration = Duration::from_secs(5);

/// Tells the screens until the node stops.
pub async fn keep(node: Node) {
    let mut joint = node.joint_news();
    let mut seen = node.seen_news();
    let Some(enrolments) = node.federation().enrolments() else {
        return;
    };
    let mut enrolling = enrolments.changes();
    let mut told: BTreeMap<Option<OperationId>, Hash> = BTreeMap::new();
    loop {
        let mut messages = Vec::new();
        let ids: Vec<OperationId> = {
            let board = node.board();
            board.all_operations().iter().map(|one| one.id).collect()
        };
        for id in ids {
            if let Some(one) = message::of_operation(&node, id) {
                let looks = Hash::of(one.full.as_bytes());
                if told.insert(Some(id), looks) != Some(looks) {
                    messages.push(one);
                }
            }
        }
        let peers = message::of_peers(&node);
        let looks = Hash::of(peers.full.as_bytes());
        if told.insert(None, looks) != Some(looks) {
            messages.push(peers);
        }
        if !messages.is_empty() {
            node.hub().send(messages);
        }
        tokio::select! {
            changed = joint.changed() => if changed.is_err() { return },
            changed = seen.changed() => if changed.is_err() { return },
            changed = enrolling.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
        tokio::time::sleep(GATHER).await;
    }
}
