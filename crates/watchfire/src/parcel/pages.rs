//! The pages of all nodes of a stage, served side by side: if one cannot be, none is. Start at [`serve`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use watchfire_core::basis::PersonId;

use super::ScenarioError;
use crate::config::{self, Http};
use crate::node::{Chain, Health, Node};
use crate::server;

/// The page of one node.
pub(crate) struct Page {
    /// The node.
    pub(crate) node: Node,
    /// Where it is served.
    pub(crate) listen: SocketAddr,
    /// The node's directory.
    pub(crate) dir: PathBuf,
    /// Whom visitors on this machine are signed in as.
    pub(crate) visitor: PersonId,
}

/// Serves all pages until Ctrl-C, says when each of them answers, and ends the nodes.
pub(crate) async fn serve(
    pages: Vec<Page>,
    threads: Vec<JoinHandle<Health>>,
    answering: oneshot::Sender<()>,
) -> Result<(), ScenarioError> {
    let nodes: Vec<Node> = pages.iter().map(|page| page.node.clone()).collect();
    let mut serving = JoinSet::new();
    let (up, mut ups) = mpsc::channel(pages.len());
    for page in pages {
        let up = up.clone();
        serving.spawn(serve_one(page, up));
    }
    let expected = nodes.len();
    tokio::spawn(async move {
        for _ in 0..expected {
            ups.recv().await?;
        }
        answering.send(()).ok()
    });
    drop(up);
    let mut ended = Ok(());
    while let Some(one) = serving.join_next().await {
        let one = one.unwrap_or_else(|error| Err(error.to_string()));
        if let (Err(why), Ok(())) = (one, &ended) {
            // One that cannot serve ends all: a story without one of them would be another.
            nodes.iter().for_each(Node::stop);
            serving.abort_all();
            ended = Err(ScenarioError::Refused(why));
        }
    }
    end(&nodes, threads).await;
    ended
}

/// Ends the nodes and waits until what they had accepted is durable.
pub(crate) async fn end(nodes: &[Node], threads: Vec<JoinHandle<Health>>) {
    for node in nodes {
        node.federation().end();
        node.stop();
    }
    for thread in threads {
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

async fn serve_one(page: Page, up: mpsc::Sender<()>) -> Result<(), String> {
    let http = Http {
        listen: page.listen,
        ..Http::default()
    };
    let alone = config::Federation::default();
    let started = |_| {
        let _ = up.try_send(());
    };
    let served = server::serve(
        page.node,
        &http,
        &page.dir,
        Some(page.visitor),
        &alone,
        started,
    );
    served.await.map_err(|error| Chain(&error).to_string())
}
