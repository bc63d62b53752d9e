//! The parcel scenario: five real nodes on this machine play one true kind of case, from a jeweller's call to a parcel
//! that is stopped at an airport, while the line between two of them is cut for a while.
//!
//! Nodes, stores, keys, lines and the cut are real. The people and crews are simulated and every screen says so; names,
//! numbers and places are invented. Start at [`run`]; what is done when is in [`story`].

pub(crate) mod pages;
pub(crate) mod peers;
mod relay;
pub(crate) mod stage;
mod story;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::node::{FoundError, NotAccepted};

pub use relay::Relay;
pub use stage::{PLACES, Player};

/// How the scenario is played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the nodes are kept; must be new or empty, so that the story begins at its beginning.
    pub dir: PathBuf,
    /// Where the first node's page is served; the others follow, port by port.
    pub listen: SocketAddr,
    /// How many times as fast as told.
    pub pace: u32,
}

/// Why the scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The directory is not new.
    #[error(
        "{0} is not empty; the scenario begins at its beginning: remove it, or name another with --data"
    )]
    NotEmpty(PathBuf),
    /// A node could not be made.
    #[error("a node could not be made")]
    Found(#[from] FoundError),
    /// A node could not be started.
    #[error("a node could not be started")]
    Store(#[from] watchfire_store::StoreError),
    /// A node cannot speak with the others.
    #[error("a node cannot speak with the others")]
    Line(#[from] crate::federation::StartError),
    /// Something could not be listened on or read.
    #[error("{what}")]
    Io {
        /// What was done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The nodes could not be made peers.
    #[error("two nodes could not be made peers: {0}")]
    Peers(String),
    /// Something that the story needs was not accepted.
    #[error("the story cannot go on: {0}")]
    Refused(String),
}

impl From<NotAccepted> for ScenarioError {
    fn from(why: NotAccepted) -> ScenarioError {
        ScenarioError::Refused(if let NotAccepted::Refused(refusal) = why {
            refusal.what().en
        } else {
            format!("{why:?}")
        })
    }
}

/// Plays the scenario until Ctrl-C; `ready` is told where each node's page is.
pub async fn run(
    plan: &Plan,
    ready: impl FnOnce(&[(String, SocketAddr)]) + Send + 'static,
) -> Result<(), ScenarioError> {
    must_be_new(&plan.dir)?;
    let stage = stage::set(plan).await?;
    let (answering, all_answer) = tokio::sync::oneshot::channel();
    let told = {
        let pages = stage.pages();
        let (players, relays) = (stage.players.clone(), stage.relays.clone());
        let pace = plan.pace.max(1);
        tokio::spawn(async move {
            // A page that cannot be served ends the scenario, and nothing is told.
            if all_answer.await.is_ok() {
                ready(&pages);
                story::tell(&players, &relays, pace).await;
            }
        })
    };
    let stopped = stage.serve(answering).await;
    told.abort();
    stopped
}

pub(crate) fn must_be_new(dir: &Path) -> Result<(), ScenarioError> {
    let used = std::fs::read_dir(dir).is_ok_and(|mut found| found.next().is_some());
    match used {
        true => Err(ScenarioError::NotEmpty(dir.to_owned())),
        false => Ok(()),
    }
}
