//! The commands that need the root key: what the identity feed of this node says. The node must not be running, and the
//! root key need not be on its machine but for the moment.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use watchfire_feed::{Identity as Said, IdentityEvent, Signer};
use watchfire_store::Store;
use zeroize::Zeroizing;

use super::{Ended, Result, fail, tend};
use crate::clock::Clock;
use crate::config;
use crate::federation::identity;
use crate::link::at;
use crate::link::certificates::Certificates;
use crate::link::root::{RootFile, RootKeys as _, generate_passphrase};

/// The variable that holds the passphrase, for where nobody sits at a terminal.
const PASSPHRASE_VARIABLE: &str = "WATCHFIRE_ROOT_PASSPHRASE";

#[derive(Debug, Subcommand)]
pub(super) enum Identity {
    /// Show what the node's identity feed says
    Show {
        /// The node's directory
        dir: PathBuf,
    },
    /// Say where peers reach the node
    Addresses {
        #[command(flatten)]
        root: Root,
        /// Host and port, the best first
        #[arg(required = true, value_name = "HOST:PORT")]
        addresses: Vec<String>,
    },
    /// Certify another anchor for the line to peers, so that two overlap; run again when all peers have it, to use it
    Anchor {
        #[command(flatten)]
        root: Root,
    },
    /// End the node for good: its peers take nothing more from it
    Revoke {
        #[command(flatten)]
        root: Root,
        /// Why; this is kept for ever
        #[arg(long)]
        reason: String,
    },
}

/// Where the root key is.
#[derive(Debug, Args)]
pub(super) struct Root {
    /// The node's directory
    dir: PathBuf,
    /// The file with the root key; root.key in the node's directory if left out
    #[arg(long)]
    root: Option<PathBuf>,
}

impl Root {
    /// Unlocks the root key; the passphrase comes from the terminal or the variable.
    fn unlock(&self) -> Result<Signer> {
        unlock(&self.dir, self.root.as_deref())
    }
}

/// Unlocks the root key of a node. One from before root keys stood apart signs with its own key.
pub(super) fn unlock(dir: &Path, file: Option<&Path>) -> Result<Signer> {
    let path = file.map_or_else(|| dir.join(tend::ROOT_FILE), Path::to_owned);
    if !path.exists() {
        let store = Store::open(dir)?;
        let signer = store.signer();
        if watchfire_feed::NodeId::of_key(&signer.public_key()) == store.feed().node {
            return Ok(signer);
        }
        return fail(format!(
            "{} is not there; name the file with the root key with --root",
            path.display()
        ));
    }
    let passphrase = passphrase()?;
    Ok(RootFile { path }.unlock(&passphrase)?)
}

/// Unlocks the root key of a directory that may not be opened for writing yet.
pub(super) fn unlock_for(dir: &Path, file: Option<&Path>) -> Result<Signer> {
    let path = file.map_or_else(|| dir.join(tend::ROOT_FILE), Path::to_owned);
    if path.exists() {
        let passphrase = passphrase()?;
        return Ok(RootFile { path }.unlock(&passphrase)?);
    }
    if dir.join("node.key").exists() && file.is_none() {
        // A node from before root keys stood apart: its first key is its root key, and is about to be replaced.
        let store = Store::open(dir)?;
        let signer = store.signer();
        if watchfire_feed::NodeId::of_key(&signer.public_key()) == store.feed().node {
            let passphrase = generate_passphrase();
            RootFile::create(&path, &passphrase, *store.signer_seed())?;
            println!(
                "The first key of this node is its root key. It is put apart, into {}, and opens",
                path.display()
            );
            println!(
                "with this passphrase, which is shown once and kept nowhere:  {}",
                *passphrase
            );
            return Ok(signer);
        }
    }
    fail(format!(
        "{} is not there; name the file with the root key with --root: a new key counts for peers only if the root key says so",
        path.display()
    ))
}

fn passphrase() -> Result<Zeroizing<String>> {
    if let Ok(text) = std::env::var(PASSPHRASE_VARIABLE) {
        return Ok(Zeroizing::new(text));
    }
    if !std::io::stdin().is_terminal() {
        return fail(format!("no passphrase: put it into {PASSPHRASE_VARIABLE}"));
    }
    eprint!("Passphrase of the root key: ");
    std::io::stderr().flush()?;
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut text)?;
    Ok(text)
}

pub(super) fn run(what: Identity) -> Result<Ended> {
    match what {
        Identity::Show { dir } => show(&dir),
        Identity::Addresses { root, addresses } => {
            if let Some(unfit) = addresses.iter().find(|one| !config::is_host_and_port(one)) {
                return fail(format!(
                    "\"{unfit}\" is no host and port, such as node.example:8441"
                ));
            }
            say(&root, vec![IdentityEvent::AddressesSet { addresses }])
        }
        Identity::Anchor { root } => anchor(&root),
        Identity::Revoke { root, reason } => say(&root, vec![IdentityEvent::Revoked { reason }]),
    }
}

fn say(root: &Root, events: Vec<IdentityEvent>) -> Result<Ended> {
    identity::say(&root.dir, &root.unlock()?, events, Clock::Real.now())?;
    println!("Said. Peers hear of it when the node runs.");
    Ok(Ended::Done)
}

fn said(dir: &Path) -> Result<Option<Said>> {
    let mut store = Store::open(dir)?;
    let own = store.feed().node;
    let loaded = store.load(Clock::Real.now())?;
    Ok(loaded.board.copies.identities.get(&own).cloned())
}

fn show(dir: &Path) -> Result<Ended> {
    let Some(said) = said(dir)? else {
        println!(
            "This node has no identity feed yet; it gets one when it is started with federation.listen set."
        );
        return Ok(Ended::Done);
    };
    println!("node       {}", said.node());
    println!("name       {}", said.name().unwrap_or_default());
    for address in said.addresses() {
        println!("address    {address}");
    }
    for (epoch, key) in said.keys() {
        let closed = if key.closed.is_some() {
            "closed"
        } else {
            "open"
        };
        println!("epoch {epoch:<4} {} ({closed})", key.key);
    }
    for anchor in said.anchors() {
        println!("anchor     {}", anchor.sha256);
    }
    if let Some(reason) = said.revoked() {
        println!("REVOKED    {reason}");
    }
    Ok(Ended::Done)
}

/// Makes and certifies the next anchor; if the one before it is certified already, begins to use it and withdraws the old.
fn anchor(root: &Root) -> Result<Ended> {
    let Some(said) = said(&root.dir)? else {
        return fail("this node has no identity feed yet");
    };
    let now_s = u64::try_from(Clock::Real.now().0 / 1_000).unwrap_or_default();
    let certificates = Certificates::load_or_create(&root.dir, said.node(), at(now_s))?;
    let all = certificates.anchors();
    if let [old, new] = all.as_slice() {
        let signer = root.unlock()?;
        certificates.use_anchor(new.sha256, at(now_s))?;
        let withdrawn = IdentityEvent::AnchorWithdrawn { sha256: old.sha256 };
        identity::say(&root.dir, &signer, vec![withdrawn], Clock::Real.now())?;
        certificates.retire_anchor(old.sha256)?;
        println!("The new anchor is in use, and the old one is withdrawn.");
        return Ok(Ended::Done);
    }
    let signer = root.unlock()?;
    let next = certificates.next_anchor(at(now_s))?;
    identity::say(
        &root.dir,
        &signer,
        vec![identity::certified(&next)],
        Clock::Real.now(),
    )?;
    println!(
        "A second anchor is certified. Start the node, wait until every peer has been reached"
    );
    println!("(`watchfire peer list`: they lack 0), stop it, and run this again to use it.");
    Ok(Ended::Done)
}
