//! Nodes of one stage are made peers of each other, and a line between two of them is laid over a piece that can be cut.
//!
//! Two agencies compare a number before they trust each other; on a stage nobody needs to.

use std::net::SocketAddr;

use watchfire_core::record::Action;
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_feed::NodeId;

use super::ScenarioError;
use crate::federation::enrolling::{Enrolling, read_identity};
use crate::link::enrol::{Identities as _, Known, Party};
use crate::node::{Node, Submission};
use crate::policy::Authorized;

/// Makes one a peer of the other.
pub(crate) async fn introduce(one: &Node, other: &Node) -> Result<(), ScenarioError> {
    let line = |node: &Node| node.federation().line().cloned();
    let (Some(from), Some(to)) = (line(one), line(other)) else {
        return Err(ScenarioError::Peers("a node speaks with nobody".to_owned()));
    };
    let showing = Enrolling {
        node: one.clone(),
        line: from,
    };
    let taking = Enrolling {
        node: other.clone(),
        line: to,
    };
    let identity = showing.own().identity;
    let (known, _) = read_identity(&identity).map_err(ScenarioError::Peers)?;
    let party = Party {
        known: Known {
            node: known.node(),
            name: known.name().unwrap_or_default().to_owned(),
            head: known.head().hash,
            anchors: known
                .anchors()
                .iter()
                .map(|one| one.certificate.clone())
                .collect(),
        },
        identity,
        addresses: Vec::new(),
    };
    taking.enrol(party).await.map_err(ScenarioError::Peers)
}

/// Lets one reach the other by a piece of line that can be cut.
pub(crate) async fn reach_by(
    one: &Node,
    other: &NodeId,
    by: SocketAddr,
) -> Result<(), ScenarioError> {
    let name = one.board().name_of(other);
    let parsed = (name.parse(), by.to_string().parse());
    let (Ok(name), Ok(address)) = parsed else {
        return Err(ScenarioError::Peers("a name is no line".to_owned()));
    };
    let amend = PeerAction::Amend {
        peer: Peer::id_of(other),
        name,
        addresses: vec![address],
    };
    let amend = Authorized::by_the_node(Action::Peer(amend));
    one.submit(Submission::fresh(amend)).await?;
    Ok(())
}
