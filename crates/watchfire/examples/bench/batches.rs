//! As many actions as a node takes when they do not wait for each other, and what one append costs
//! against plain SQLite.
//!
//! The peer writes the same bytes (entries, rows, outcomes) as one blob for each action into one table
//! without an index, in a write-ahead log with `synchronous=FULL`: the least that durable SQLite can do.
//! The two take turns, so that they meet the same disk. Start at [`run`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rusqlite::Connection;
use watchfire::clock::Clock;
use watchfire::node::{Node, NotAccepted, Settings, Submission, random};
use watchfire::policy::Authorized;
use watchfire::travel::Travel;
use watchfire_core::basis::CallId;
use watchfire_core::engine::HappenedWhen;
use watchfire_core::entropy::Entropy;
use watchfire_core::limits::BATCH_INPUTS_MAX;
use watchfire_core::log::Batch;
use watchfire_core::record::Action;
use watchfire_roads::StraightLine;

use crate::floors;
use crate::measure::{Samples, timed};
use crate::report::Report;
use crate::stage::{City, Stage, open};
use crate::{Outcome, Scale};

/// Actions under way at any time: eight full batches.
const IN_FLIGHT: usize = 512;

/// Measures actions each second and appends against plain SQLite.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let mut city = City::read(scale)?;
    per_second(scale, &mut city, report)?;
    against_sqlite(scale, &mut city, report)
}

fn per_second(scale: &Scale, city: &mut City, report: &mut Report) -> Outcome<()> {
    let calls = scale.of(15_000, 1_500);
    let dir = scale.scratch.join("batches");
    let store = Stage::create(&dir, city, Clock::Real.now())?.into_store()?;
    let settings = Settings {
        name: "Bench".to_owned(),
        zone: None,
        clock: Clock::Real,
        travel: Travel::new(None, StraightLine::default(), 100),
        timers: Default::default(),
        duplicates: Default::default(),
        targets: Default::default(),
        cover: Default::default(),
        keep_ended_s: 3_600,
        keep_trail_s: 3_600,
        keep_draft_s: 24 * 3_600,
        keep_made_s: 24 * 3_600,
        simulated: None,
        demo: false,
    };
    let entropy = Entropy::new(random());
    let (node, thread) = Node::start(store, settings, Arc::clone(&city.response), entropy)?;
    let actions: Vec<Action> = (0..calls)
        .map(|number| Ok(Action::Call(city.call(&format!("{number} Bench Street"))?)))
        .collect::<Outcome<_>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (done, took) = timed(|| runtime.block_on(all(&node, actions)));
    let durable = done.map_err(|why| format!("an action was not accepted: {why:?}"))?;
    report.add(&floors::BATCH_PER_S, durable as f64 / took.as_secs_f64());
    node.stop();
    thread.join().map_err(|_| "the engine thread panicked")?;
    Ok(())
}

/// Takes every call and opens an incident from it, so many at a time; returns how many actions were durable.
async fn all(node: &Node, actions: Vec<Action>) -> Result<usize, NotAccepted> {
    let actions: Arc<[Action]> = actions.into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (node, actions, next) = (node.clone(), Arc::clone(&actions), Arc::clone(&next));
        people.spawn(async move {
            let mut durable = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(action) = actions.get(number) else {
                    return Ok(durable);
                };
                let call = submit(&node, action.clone(), format!("call {number}")).await?;
                submit(&node, open(call), format!("open {number}")).await?;
                durable += 2;
            }
        });
    }
    let mut durable = 0;
    while let Some(person) = people.join_next().await {
        durable += person.map_err(|_| NotAccepted::Stopping)??;
    }
    Ok(durable)
}

async fn submit(node: &Node, action: Action, key: String) -> Result<CallId, NotAccepted> {
    let submission = Submission {
        action: Authorized::by_the_node(action),
        key,
        fingerprint: [0; 32],
        if_version: None,
        draft: None,
        made: None,
        happened: HappenedWhen::Now,
    };
    let outcome = node.submit(submission).await?;
    Ok(CallId(outcome.records[0].0.id))
}

/// Plain SQLite, as durable as ours.
struct Peer(Connection);

impl Peer {
    fn open(path: &Path) -> Outcome<Peer> {
        for ending in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            // Not there is as good as removed.
            let _ = std::fs::remove_file(name);
        }
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute(
            "CREATE TABLE log (line INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
            [],
        )?;
        Ok(Peer(connection))
    }

    fn append(&mut self, all: &[Vec<u8>]) -> rusqlite::Result<()> {
        let transaction = self.0.transaction()?;
        for bytes in all {
            transaction
                .prepare_cached("INSERT INTO log (bytes) VALUES (?1)")?
                .execute([bytes])?;
        }
        transaction.commit()
    }
}

fn against_sqlite(scale: &Scale, city: &mut City, report: &mut Report) -> Outcome<()> {
    let times = scale.of(300, 40);
    let dir = scale.scratch.join("append");
    let mut stage = Stage::create(&dir, city, Clock::Real.now())?;
    let mut peer = Peer::open(&dir.join("peer.db"))?;
    for (calls, figure) in [
        (1, &floors::APPEND_PER_SQLITE),
        (BATCH_INPUTS_MAX, &floors::APPEND_64_PER_SQLITE),
    ] {
        let (mut ours, mut plain) = (Samples::default(), Samples::default());
        for _ in 0..times {
            let mut batch = Batch::default();
            let mut same = Vec::with_capacity(calls);
            for _ in 0..calls {
                let (one, _) = stage.decide(Action::Call(city.call("12 Harbour Road")?))?;
                same.push(bytes_of(&one));
                batch.extend(one);
            }
            let began = Instant::now();
            stage.append(&batch)?;
            ours.add(began.elapsed());
            let began = Instant::now();
            peer.append(&same)?;
            plain.add(began.elapsed());
        }
        if calls == 1 {
            report.add(&floors::APPEND_P50_MS, ours.quantile(0.5));
        }
        report.add(figure, ours.quantile(0.5) / plain.quantile(0.5));
    }
    Ok(())
}

/// Everything that a batch puts on the disk, without the numbers that SQLite adds.
fn bytes_of(batch: &Batch) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in &batch.entries {
        bytes.extend(entry.encode());
    }
    for row in &batch.rows {
        bytes.extend_from_slice(&row.state);
        bytes.extend_from_slice(&row.sealed);
    }
    for outcome in &batch.outcomes {
        bytes.extend_from_slice(outcome.key.as_bytes());
        bytes.extend_from_slice(&outcome.fingerprint);
        bytes.extend_from_slice(&outcome.records.len().to_be_bytes());
        bytes.extend(outcome.records.iter().flat_map(|(record, _)| record.id));
    }
    bytes
}
