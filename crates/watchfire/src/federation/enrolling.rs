//! What the node does for enrolment: shows its own identity, verifies another's, and makes a peer of it once two people
//! have compared. The exchange itself is `link::enrol`'s.

use axum::http::StatusCode;
use futures_util::future::BoxFuture;
use watchfire_core::basis::Line;
use watchfire_core::record::Action;
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_core::refusal::Refusal;
use watchfire_feed::{Entry, Hash, Identity};

use crate::link::Line as LinkLine;
use crate::link::enrol::{Identities, Known, Own, Party, Why};
use crate::node::{Node, NotAccepted, Submission};
use crate::policy::Authorized;

/// Entries of an identity feed that are read at once.
const PAGE: usize = 500;

/// This node, as enrolment needs it.
pub struct Enrolling {
    /// The node.
    pub node: Node,
    /// The line, to trust a peer as soon as it is one.
    pub line: LinkLine,
}

impl Enrolling {
    fn own_identity(&self) -> Result<(Vec<u8>, Hash), StatusCode> {
        let own = self.node.feed().node;
        let identity = self.node.board().copies.identities.get(&own).cloned();
        let identity = identity.ok_or(StatusCode::NOT_FOUND)?;
        let (feed, head) = (identity.feed().id(), identity.head());
        let mut frames = Vec::new();
        let mut from = 1;
        while from <= head.seq {
            let read = self
                .node
                .read_store(|reader| reader.entries(&feed, from, PAGE));
            let read = read.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
            let Some(last) = read.last() else { break };
            from = last.header.seq + 1;
            frames.extend(read.iter().flat_map(Entry::encode));
        }
        Ok((frames, head.hash))
    }
}

/// Reads an identity feed from its bytes, verified from its first entry.
pub fn read_identity(mut bytes: &[u8]) -> Result<(Identity, Vec<Entry>), String> {
    let mut entries = Vec::new();
    let mut folded: Option<Identity> = None;
    while !bytes.is_empty() {
        let (entry, length) = Entry::decode(bytes).map_err(|error| error.to_string())?;
        bytes = &bytes[length..];
        match &mut folded {
            None => folded = Some(Identity::begin(&entry).map_err(|error| error.to_string())?),
            Some(identity) => identity.take(&entry).map_err(|error| error.to_string())?,
        }
        entries.push(entry);
    }
    let identity = folded.ok_or("it is empty")?;
    if identity.is_revoked() {
        return Err("its root key has ended the node".to_owned());
    }
    if identity.current_key().is_none() {
        return Err("it certifies no key".to_owned());
    }
    Ok((identity, entries))
}

impl Identities for Enrolling {
    fn own(&self) -> Own {
        let (identity, head) = self.own_identity().unwrap_or_else(|_| {
            tracing::error!("this node's own identity feed cannot be read");
            (Vec::new(), Hash::ZERO)
        });
        Own {
            node: self.node.feed().node,
            head,
            identity,
        }
    }

    fn verify(&self, identity: &[u8]) -> Result<Known, Why> {
        let (found, _) = read_identity(identity).map_err(Why::Identity)?;
        if self.node.exercise().is_some() != found.exercise().is_some() {
            return Err(Why::NeverMixed);
        }
        Ok(Known {
            node: found.node(),
            name: found.name().unwrap_or("(without a name)").to_owned(),
            head: found.head().hash,
            anchors: found
                .anchors()
                .iter()
                .map(|one| one.certificate.clone())
                .collect(),
        })
    }

    fn enrol(&self, party: Party) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let (identity, entries) = read_identity(&party.identity)?;
            let node = identity.node();
            let name = identity.name().unwrap_or_default();
            let name: Result<Line, _> = name.parse().or_else(|_| node.to_string()[..8].parse());
            let name = name.map_err(|error| error.to_string())?;
            let enrol = Action::Peer(PeerAction::Enrol { node, name });
            match self
                .node
                .submit(Submission::fresh(Authorized::by_the_node(enrol)))
                .await
            {
                Ok(_) | Err(NotAccepted::Refused(Refusal::Taken { .. })) => {}
                Err(error) => return Err(format!("it could not be made durable: {error:?}")),
            }
            let taken = self.node.take(entries, Vec::new()).await;
            let taken =
                taken.map_err(|error| format!("it could not be made durable: {error:?}"))?;
            if let Some(refused) = taken.refused.first() {
                return Err(refused.why.to_string());
            }
            self.note_addresses(&identity, &party.addresses).await;
            let trusted = self.line.trust.set(node, &party.known.anchors);
            trusted.map_err(|error| error.to_string())
        })
    }
}

impl Enrolling {
    /// Keeps where the invitation said that the peer is reached, if its identity does not say.
    async fn note_addresses(&self, identity: &Identity, addresses: &[String]) {
        let peer = Peer::id_of(&identity.node());
        let name = self
            .node
            .board()
            .peers
            .get(&peer)
            .map(|peer| peer.name.clone());
        let read: Result<Vec<_>, _> = addresses.iter().map(|one| one.parse()).collect();
        let (Some(name), Ok(addresses)) = (name, read) else {
            return;
        };
        if identity.addresses().is_empty() && !addresses.is_empty() {
            let amend = PeerAction::Amend {
                peer,
                name,
                addresses,
            };
            let amend = Authorized::by_the_node(Action::Peer(amend));
            if let Err(error) = self.node.submit(Submission::fresh(amend)).await {
                tracing::warn!(?error, "where the new peer is reached could not be kept");
            }
        }
    }
}
