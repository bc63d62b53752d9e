//! What several agencies do together, from the shell: the demo of five, and an operation as one file. Start at
//! [`parcel()`] and [`operation`].

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use watchfire_core::basis::OperationId;
use watchfire_core::entropy::Entropy;
use watchfire_core::log::Log as _;
use watchfire_core::plan::ResponseFile;
use watchfire_feed::{Entry, Feed, Scope};
use watchfire_store::{Reader, Store};

use super::play::{run_async, start_log};
use super::{Ended, Result, fail};
use crate::clock::Clock;
use crate::config::Config;
use crate::node::{self, random};
use crate::parcel::{self, Plan};

/// Bytes of a file that are read at once.
const IMPORT_BYTES: u64 = 4 * 1024 * 1024;

/// Plays the parcel scenario until Ctrl-C.
pub(super) fn parcel(data: &Path, listen: SocketAddr, pace: u32) -> Result<Ended> {
    start_log(&Config::default());
    let plan = Plan {
        dir: data.join("parcel"),
        listen,
        pace,
    };
    // The story is told once; what an earlier telling left behind would be told twice.
    if plan.dir.join("0").exists() {
        std::fs::remove_dir_all(&plan.dir)?;
    }
    println!("Preparing five nodes (a made-up case, simulated people; real nodes and lines) ...");
    let played = run_async(parcel::run(&plan, |pages| {
        println!();
        println!("  Five agencies are ready:");
        for (name, address) in pages {
            println!("    http://{address}/   {name}");
        }
        println!();
        println!(
            "  Open two or three side by side, page 合成作战 / Operations. The case takes some two minutes;"
        );
        println!("  in the middle of it the line between city and airport is cut. Ctrl-C ends it.");
        println!();
    }))?;
    played?;
    Ok(Ended::Done)
}

#[derive(Debug, Subcommand)]
pub(super) enum Operation {
    /// Write all that this node holds of an operation to one file, to carry where no line is: every member's feeds, and who
    /// they are. Personal data in it stays sealed; its keys are not in the file
    Export {
        /// The node's directory; the node may be running
        dir: PathBuf,
        /// The operation's id
        operation: String,
        /// The file
        file: PathBuf,
    },
    /// Take from such a file what this node lacks and may have (the node must not be running)
    Import {
        /// The node's directory
        dir: PathBuf,
        /// The file
        file: PathBuf,
    },
}

pub(super) fn operation(what: &Operation) -> Result<Ended> {
    match what {
        Operation::Export {
            dir,
            operation,
            file,
        } => export(dir, operation, file),
        Operation::Import { dir, file } => import(dir, file),
    }
}

fn export(dir: &Path, operation: &str, file: &Path) -> Result<Ended> {
    let Ok(OperationId(id)) = operation.parse() else {
        return fail("an operation is named by 32 hex digits");
    };
    let reader = Reader::open(dir)?;
    let all = reader.feeds()?;
    let of = |scope: Scope| all.iter().filter(move |feed| feed.scope == scope);
    let joint: Vec<Feed> = of(Scope::Command(id))
        .chain(of(Scope::Operation(id)))
        .copied()
        .collect();
    if joint.is_empty() {
        return fail("this node holds nothing of that operation");
    }
    let who = of(Scope::Identity).filter(|feed| joint.iter().any(|one| one.node == feed.node));
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    let mut count = 0;
    for feed in who.chain(&joint) {
        let mut from = 1;
        loop {
            let page = reader.entries(&feed.id(), from, watchfire_store::limits::PAGE_MAX)?;
            let Some(last) = page.last() else { break };
            from = last.header.seq + 1;
            for entry in &page {
                out.write_all(&entry.encode())?;
                count += 1;
            }
        }
    }
    let written = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    written.sync_all()?;
    println!("{count} entries are in {}.", file.display());
    Ok(Ended::Done)
}

fn import(dir: &Path, file: &Path) -> Result<Ended> {
    let mut store = Store::open(dir)?;
    let (response, entropy) = (Arc::new(ResponseFile::default()), Entropy::new(random()));
    let now = Clock::Real.now();
    let (mut engine, _) = node::load(&mut store, now, response, entropy)?;
    let (mut taken, mut refused) = (0, BTreeMap::new());
    each_parcel(file, |entries| {
        for parcel in entries.chunks(watchfire_core::limits::TAKEN_ENTRIES_MAX) {
            let done = engine.take(parcel.to_vec(), &[], now);
            store.append(&done.append)?;
            engine.persisted();
            taken += done.taken;
            for one in done.refused {
                *refused.entry(one.why.to_string()).or_insert(0_u64) += 1;
            }
        }
        Ok(())
    })?;
    println!("{taken} entries were new, and are taken.");
    for (why, times) in refused {
        println!("{times} feed(s) ended early: {why}");
    }
    Ok(Ended::Done)
}

/// Reads all entries of a file.
pub(super) fn read_entries(file: &Path) -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    each_parcel(file, |entries| {
        all.extend(entries);
        Ok(())
    })?;
    Ok(all)
}

/// Shows the entries of a file, many at a time.
fn each_parcel(file: &Path, mut take: impl FnMut(Vec<Entry>) -> Result<()>) -> Result<()> {
    let mut input = BufReader::new(std::fs::File::open(file)?);
    let mut bytes = Vec::new();
    loop {
        let read = (&mut input).take(IMPORT_BYTES).read_to_end(&mut bytes)?;
        let mut entries = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            match Entry::decode(&bytes[at..]) {
                Ok((entry, length)) => {
                    entries.push(entry);
                    at += length;
                }
                Err(error) if error.is_permanent() || read == 0 => {
                    let name = file.display();
                    return fail(format!("{name} is no file of entries: {error}"));
                }
                Err(_) => break,
            }
        }
        bytes.drain(..at);
        take(entries)?;
        if read == 0 {
            return Ok(());
        }
    }
}
