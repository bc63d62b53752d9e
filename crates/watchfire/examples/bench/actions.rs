//! A busy quarter of an hour: 15 calls a second, each opened as an incident, while 200 consoles look on.
//!
//! The senders keep to a timetable, so that a request that had to wait behind a slow one counts its
//! waiting. Must not know how the node works; start at [`run`].

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use watchfire::clock::Clock;

use crate::client::{Client, id_in};
use crate::floors;
use crate::measure::{Samples, fsync_ms};
use crate::program::Program;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// Calls each second: what a node bears for ten minutes.
const CALLS_PER_S: usize = 15;
/// From one action to the next, on average: each call is opened as an incident.
const PACE: Duration = Duration::from_micros(1_000_000 / (2 * CALLS_PER_S as u64));
/// Connections that send them.
const SENDERS: usize = 4;
/// Longest wait for what must come, in seconds.
const PATIENCE_S: u64 = 20;
/// How every call's address begins, by which readers know it.
const MARK: &str = "Bench Street ";

/// What senders and readers have in common.
struct Shared {
    began: Instant,
    /// When each call was sent, in microseconds since `began`; zero before.
    sent_us: Vec<AtomicU64>,
    following: AtomicUsize,
    seen: AtomicUsize,
    delays: Mutex<Samples>,
}

/// Measures durable actions over HTTP and how soon every console has them.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let (seconds, readers) = scale.of((30, 200), (3, 50));
    report.add(&floors::ANSWER_P50_MS, answers(scale)?.quantile(0.5));
    let (alone, _, _) = busy(scale, seconds / 3, 0)?;
    let (took, delays, disk) = busy(scale, seconds, readers)?;
    report.add(&floors::FSYNC_PACED_P50_MS, disk.quantile(0.5));
    report.add(&floors::ACTION_P50_MS, took.quantile(0.5));
    report.add(&floors::ACTION_P99_MS, took.quantile(0.99));
    report.add(
        &floors::ACTION_PER_FSYNC,
        took.quantile(0.5) / disk.quantile(0.5),
    );
    report.add(&floors::ACTION_ALONE_P50_MS, alone.quantile(0.5));
    report.add(&floors::CONSOLE_P50_MS, delays.quantile(0.5));
    report.add(&floors::CONSOLE_P99_MS, delays.quantile(0.99));
    Ok(())
}

/// Asks whether the program is alive, at the pace of actions: what HTTP itself takes on this machine.
fn answers(scale: &Scale) -> Outcome<Samples> {
    let dir = scale.scratch.join("actions");
    let mut stage = Stage::create(&dir, &City::read(scale)?, Clock::Real.now())?;
    let token = stage.token("sender")?;
    drop(stage.into_store()?);
    let program = Program::serve(&dir)?;
    let mut client = Client::connect(program.address, &token)?;
    let mut took = Samples::default();
    for _ in 0..scale.of(300, 30) {
        std::thread::sleep(PACE);
        let asked = Instant::now();
        client.get("/healthz")?;
        took.add(asked.elapsed());
    }
    Ok(took)
}

/// Is busy for some seconds before some readers. Returns how long actions took, how long until each reader
/// had them, and what the disk needs for a bare fsync just after.
fn busy(scale: &Scale, seconds: usize, readers: usize) -> Outcome<(Samples, Samples, Samples)> {
    let calls = seconds * CALLS_PER_S;
    let mut city = City::read(scale)?;
    let dir = scale.scratch.join("actions");
    let mut stage = Stage::create(&dir, &city, Clock::Real.now())?;
    let (sender, reader) = (stage.token("sender")?, stage.token("reader")?);
    drop(stage.into_store()?);
    let bodies: Vec<String> = (0..calls)
        .map(|number| city.call_json(&format!("{MARK}{number} end")))
        .collect::<Outcome<_>>()?;

    let program = Program::serve(&dir)?;
    let shared = Arc::new(Shared {
        began: Instant::now(),
        sent_us: (0..calls).map(|_| AtomicU64::new(0)).collect(),
        following: AtomicUsize::new(0),
        seen: AtomicUsize::new(0),
        delays: Mutex::default(),
    });
    let followers = follow(program.address, readers, &reader, &shared);
    wait_for(&shared.following, readers, "readers")?;
    let took = send(program.address, &sender, &shared, &bodies)?;
    wait_for(&shared.seen, calls * readers, "calls on consoles")?;
    drop(program);
    for follower in followers {
        follower.join().map_err(|_| "a reader panicked")?;
    }
    // A disk and a core that were idle a moment ago take longer than in a tight loop.
    let disk = fsync_ms(&scale.scratch, scale.of(200, 30), PACE)?;
    let delays = std::mem::take(&mut *shared.delays.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((took, delays, disk))
}

/// Connects consoles that note when each call first reaches them.
pub(crate) fn look_on(address: SocketAddr, readers: usize, token: &str) -> Outcome<()> {
    let shared = Arc::new(Shared {
        began: Instant::now(),
        sent_us: Vec::new(),
        following: AtomicUsize::new(0),
        seen: AtomicUsize::new(0),
        delays: Mutex::default(),
    });
    // They end when the program does.
    drop(follow(address, readers, token, &shared));
    wait_for(&shared.following, readers, "readers")
}

fn follow(
    address: SocketAddr,
    readers: usize,
    token: &str,
    shared: &Arc<Shared>,
) -> Vec<JoinHandle<()>> {
    let reader = |_| {
        let (token, shared) = (token.to_owned(), Arc::clone(shared));
        std::thread::spawn(move || {
            let mut own = Samples::default();
            let mut known = vec![false; shared.sent_us.len()];
            let Ok(mut client) = Client::connect(address, &token) else {
                return;
            };
            let begun = || {
                shared.following.fetch_add(1, Ordering::SeqCst);
            };
            // That the stream breaks off is how it ends; what did not come is missed by the counter.
            let _ = client.follow(begun, |data| {
                if let Some(delay) = first_sight(data, &shared, &mut known) {
                    own.add(delay);
                    shared.seen.fetch_add(1, Ordering::SeqCst);
                }
            });
            let mut all = shared.delays.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(own);
        })
    };
    (0..readers).map(reader).collect()
}

/// Returns how long a call was under way, the first time that a reader sees it.
fn first_sight(data: &str, shared: &Shared, known: &mut [bool]) -> Option<Duration> {
    let (_, rest) = data.split_once(MARK)?;
    let number: usize = rest.split(' ').next()?.parse().ok()?;
    if std::mem::replace(known.get_mut(number)?, true) {
        return None;
    }
    let sent = Duration::from_micros(shared.sent_us[number].load(Ordering::SeqCst));
    Some(shared.began.elapsed().saturating_sub(sent))
}

fn wait_for(count: &AtomicUsize, wanted: usize, what: &str) -> Outcome<()> {
    let until = Instant::now() + Duration::from_secs(PATIENCE_S);
    loop {
        let there = count.load(Ordering::SeqCst);
        if there >= wanted {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(format!("only {there} of {wanted} {what} after {PATIENCE_S} s").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends all calls by the timetable and opens an incident from each; returns how long both kinds took.
fn send(
    address: SocketAddr,
    token: &str,
    shared: &Arc<Shared>,
    bodies: &[String],
) -> Outcome<Samples> {
    let began = shared.began.elapsed() + Duration::from_millis(200);
    let sender = |first: usize| -> Result<Samples, String> {
        let mut client = Client::connect(address, token).map_err(|error| error.to_string())?;
        let mut took = Samples::default();
        for (number, body) in bodies.iter().enumerate().skip(first).step_by(SENDERS) {
            let due = began + Duration::from_secs_f64(number as f64 / CALLS_PER_S as f64);
            std::thread::sleep(due.saturating_sub(shared.began.elapsed()));
            let due_us = u64::try_from(due.as_micros()).unwrap_or(u64::MAX);
            shared.sent_us[number].store(due_us, Ordering::SeqCst);
            both(&mut client, shared, number, body, due, &mut took)
                .map_err(|error| error.to_string())?;
        }
        Ok(took)
    };
    let mut all = Samples::default();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|first| scope.spawn(move || sender(first)))
            .collect();
        for handle in senders {
            all.extend(handle.join().map_err(|_| "a sender panicked")??);
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    debug_assert_eq!(all.count(), 2 * bodies.len());
    Ok(all)
}

fn both(
    client: &mut Client,
    shared: &Shared,
    number: usize,
    body: &str,
    due: Duration,
    took: &mut Samples,
) -> Outcome<()> {
    let call = client.post("/api/v1/calls", &format!("call {number}"), body)?;
    let answered = shared.began.elapsed();
    took.add(answered.saturating_sub(due));
    let open = format!("{{\"call\":\"{}\"}}", id_in(&call)?);
    let asked = Instant::now();
    client.post("/api/v1/incidents", &format!("open {number}"), &open)?;
    took.add(asked.elapsed());
    Ok(())
}
