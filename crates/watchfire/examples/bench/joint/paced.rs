//! How soon something that is done at one node is durable at another, and on a screen there: two nodes, then twenty, at
//! the pace of a busy quarter of an hour. Beside it, from the same minute, two fsyncs and a round trip over the line:
//! the least that it can take. Start at [`run`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;
use watchfire::link::PeerClient;
use watchfire::node::{Node, Submission};
use watchfire::policy::Authorized;
use watchfire_core::basis::{IncidentId, OperationId, Place, Point, Priority};
use watchfire_core::record::Action;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::MessageAction;
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_feed::NodeId;

use super::member::{Member, acquaint, join, until};
use super::runtime;
use crate::floors;
use crate::measure::{Samples, fsync_ms};
use crate::report::Report;
use crate::stage::City;
use crate::{Outcome, Scale};

/// Actions each second.
const PER_S: usize = 15;
/// From one action to the next.
const PACE: Duration = Duration::from_micros(1_000_000 / PER_S as u64);
/// How every text begins, and how it ends, by which it is known.
const MARK: &str = "bench note ";

/// Measures how soon it is there.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let city = City::read(scale)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let (members, seconds) = (2, scale.of(30, 3));
        let pair = paced(scale, &city, members, seconds, What::Note).await?;
        report.add(&floors::JOINT_DURABLE_P50_MS, pair.durable.quantile(0.5));
        report.add(&floors::JOINT_DURABLE_P99_MS, pair.durable.quantile(0.99));
        report.add(&floors::JOINT_SCREEN_P50_MS, pair.screen.quantile(0.5));
        report.add(&floors::JOINT_SCREEN_P99_MS, pair.screen.quantile(0.99));
        let least = 2.0 * pair.disk.quantile(0.5) + pair.line.quantile(0.5);
        report.add(&floors::JOINT_ROUND_TRIP_P50_MS, pair.line.quantile(0.5));
        report.add(
            &floors::JOINT_DURABLE_PER_LEAST,
            pair.durable.quantile(0.5) / least,
        );
        let said = paced(scale, &city, members, seconds, What::Say).await?;
        report.add(&floors::JOINT_SAID_P50_MS, said.durable.quantile(0.5));
        let (members, seconds) = scale.of((20, 60), (5, 3));
        let all = paced(scale, &city, members, seconds, What::Both).await?;
        report.add(&floors::JOINT_20_DURABLE_P99_MS, all.durable.quantile(0.99));
        report.add(&floors::JOINT_20_SCREEN_P50_MS, all.screen.quantile(0.5));
        report.add(&floors::JOINT_20_SCREEN_P99_MS, all.screen.quantile(0.99));
        Ok(())
    })
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A note on an incident that is shared; its key is there.
    Note,
    /// A line for the log: a record of its own, with a key of its own.
    Say,
    /// The one and the other in turn.
    Both,
}

/// What was measured.
struct Paced {
    durable: Samples,
    screen: Samples,
    /// A bare fsync at that pace.
    disk: Samples,
    /// A bare round trip over the line at that pace.
    line: Samples,
}

/// When each action was asked for, and what members still lack.
#[derive(Default)]
struct Asked {
    at: BTreeMap<usize, Instant>,
}

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Asked>>,
    durable: Arc<Mutex<Samples>>,
    screen: Arc<Mutex<Samples>>,
}

impl Shared {
    fn asked_at(&self, number: usize) -> Option<Instant> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.at.get(&number).copied()
    }
}

async fn paced(
    scale: &Scale,
    city: &City,
    count: usize,
    seconds: usize,
    what: What,
) -> Outcome<Paced> {
    let mut members = Vec::new();
    for number in 0..count {
        let dir = scale.scratch.join(format!("joint{number}"));
        members.push(Member::new(&dir, &format!("Node {number}"), city)?);
    }
    acquaint(&members).await?;
    let operation = join(&members).await?;
    let mut incidents = Vec::new();
    for member in &members {
        incidents.push(shared_incident(member, operation).await?);
    }
    let shared = Shared {
        asked: Arc::default(),
        durable: Arc::default(),
        screen: Arc::default(),
    };
    let actions = seconds * PER_S;
    let mut watching = tokio::task::JoinSet::new();
    for member in &members {
        let (node, shared) = (member.node.clone(), shared.clone());
        let due = (0..actions).filter(|number| number % members.len() != at(&members, member));
        let due: Vec<usize> = due.collect();
        watching.spawn(watch_board(
            node.clone(),
            due.clone(),
            operation,
            shared.clone(),
        ));
        watching.spawn(watch_screen(node, due, shared));
    }
    let probing = tokio::spawn(round_trips(client(&members[1], &members[0])?, actions));
    let mut ticks = tokio::time::interval(PACE);
    let mut acting = tokio::task::JoinSet::new();
    for number in 0..actions {
        ticks.tick().await;
        let by = number % members.len();
        let text = format!("{MARK}{number} end").parse()?;
        let say = what == What::Say || what == What::Both && number % 2 == 1;
        let action = match say {
            true => Action::Message(MessageAction::Say {
                operation,
                about: None,
                text,
                break_silence: None,
            }),
            false => Action::Incident(IncidentAction::AddNote {
                incident: incidents[by],
                text,
            }),
        };
        let mut asked = shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.at.insert(number, Instant::now());
        drop(asked);
        let node = members[by].node.clone();
        acting.spawn(async move {
            let action = Authorized::by_the_node(action);
            node.submit(Submission::fresh(action)).await
        });
    }
    while let Some(done) = acting.join_next().await {
        done?.map_err(|why| format!("an action was not accepted: {why:?}"))?;
    }
    let all = async { while watching.join_next().await.is_some() {} };
    let patience = Duration::from_secs(60);
    if tokio::time::timeout(patience, all).await.is_err() {
        return Err("something never arrived".into());
    }
    let line = probing.await?;
    drop(members);
    let scratch = scale.scratch.clone();
    let times = scale.of(200, 30);
    let disk = tokio::task::spawn_blocking(move || fsync_ms(&scratch, times, PACE)).await??;
    let take = |samples: &Mutex<Samples>| {
        std::mem::take(&mut *samples.lock().unwrap_or_else(PoisonError::into_inner))
    };
    Ok(Paced {
        durable: take(&shared.durable),
        screen: take(&shared.screen),
        disk,
        line,
    })
}

fn at(members: &[Member], member: &Member) -> usize {
    let place = members.iter().position(|one| one.id() == member.id());
    place.unwrap_or(0)
}

async fn shared_incident(member: &Member, operation: OperationId) -> Outcome<IncidentId> {
    let place = Place {
        point: Point::from_degrees(30.0, 120.5)?,
        address: None,
        area: None,
    };
    let category = member.node.response().categories.keys().next().cloned();
    let made = member
        .does(Action::Incident(IncidentAction::Open {
            from_call: None,
            category,
            priority: Some(Priority::P2),
            place: Some(place),
        }))
        .await?;
    let incident = IncidentId(made.records[0].0.id);
    let share = ParticipationAction::Share {
        operation,
        record: incident.into(),
        tier: Tier::Assist,
        with_response: true,
        until: None,
    };
    member.does(Action::Participation(share)).await?;
    Ok(incident)
}

/// Notes when each action is on a member's board, which is when it is durable there.
async fn watch_board(node: Node, due: Vec<usize>, operation: OperationId, shared: Shared) {
    let mut news = node.joint_news();
    let mut missing: std::collections::BTreeSet<usize> = due.into_iter().collect();
    while !missing.is_empty() {
        if news.changed().await.is_err() {
            return;
        }
        let now = Instant::now();
        let here = numbers(&node, operation);
        for number in here {
            if missing.remove(&number)
                && let Some(asked) = shared.asked_at(number)
            {
                let mut all = shared
                    .durable
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                all.add(now.duration_since(asked));
            }
        }
    }
}

/// Returns the numbers of the last actions that a board has copies of.
fn numbers(node: &Node, operation: OperationId) -> Vec<usize> {
    let board = node.board();
    let mut numbers = Vec::new();
    let number = |text: &str| {
        text.strip_prefix(MARK)?
            .split(' ')
            .next()?
            .parse::<usize>()
            .ok()
    };
    for copies in board.copies.boards.values() {
        for incident in copies.incidents.values() {
            let last = incident.notes.iter().rev().take(40);
            let texts = last.filter_map(|note| note.text.as_ref());
            numbers.extend(texts.filter_map(|text| number(text.as_str())));
        }
        let said = copies
            .messages
            .values()
            .filter(|one| one.operation == operation);
        let texts = said.filter_map(|one| one.text.as_ref());
        numbers.extend(texts.filter_map(|text| number(text.as_str())));
    }
    numbers
}

/// Notes when each action is in what a screen of a member is told.
async fn watch_screen(node: Node, due: Vec<usize>, shared: Shared) {
    let Some(mut live) = node.hub().subscribe(node.position()).live else {
        return;
    };
    let mut missing: std::collections::VecDeque<usize> = due.into();
    while !missing.is_empty() {
        let piece = match live.recv().await {
            Ok(piece) => piece,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let now = Instant::now();
        let Ok(text) = std::str::from_utf8(&piece.full) else {
            return;
        };
        // An operation is told whole: what is not in this message yet will be in a later one.
        missing.retain(|number| {
            let Some(asked) = shared.asked_at(*number) else {
                return true;
            };
            if !text.contains(&format!("{MARK}{number} end")) {
                return true;
            }
            let mut all = shared.screen.lock().unwrap_or_else(PoisonError::into_inner);
            all.add(now.duration_since(asked));
            false
        });
    }
}

/// Returns what calls one member as another does.
pub(super) fn client(from: &Member, to: &Member) -> Outcome<PeerClient> {
    let line = from
        .node
        .federation()
        .line()
        .ok_or("the line is not open")?;
    Ok(PeerClient::new(
        line.clone(),
        to.id(),
        &to.listen().addresses,
    ))
}

/// Asks for what is not there, at the pace of the actions: a bare round trip.
async fn round_trips(client: PeerClient, times: usize) -> Samples {
    let mut samples = Samples::default();
    let mut ticks = tokio::time::interval(PACE);
    for _ in 0..times.min(300) {
        ticks.tick().await;
        let asked = Instant::now();
        let path = format!(
            "/federation/v1/feeds/{}?from=1&to=1",
            watchfire_feed::Hash::ZERO
        );
        let _ = client.get(&path).await;
        samples.add(asked.elapsed());
    }
    samples
}

/// Returns true if a member holds as much of a feed as its writer.
pub(super) fn holds_all(member: &Member, of: &Member, operation: OperationId) -> bool {
    let heads =
        |member: &Member, node: &NodeId| member.node.board().copies.heads_in(operation, node);
    heads(member, &of.id()) == heads(of, &of.id())
}

/// Measures how many entries each second one line carries while its writer writes on.
pub(crate) fn rate(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let city = City::read(scale)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut members = Vec::new();
        for number in 0..2 {
            let dir = scale.scratch.join(format!("joint{number}"));
            members.push(Member::new(&dir, &format!("Node {number}"), &city)?);
        }
        acquaint(&members).await?;
        let operation = join(&members).await?;
        let (rate, behind) = sustained(&members, operation, scale.of(15, 2)).await?;
        report.add(&floors::JOINT_ENTRIES_PER_S, rate);
        report.add(&floors::JOINT_BEHIND_MS, behind.as_secs_f64() * 1_000.0);
        Ok(())
    })
}

/// Has the first member say things for so long, 64 at a time; returns how many entries each second the second took,
/// and for how long it was still behind in the end.
pub(super) async fn sustained(
    members: &[Member],
    operation: OperationId,
    seconds: u64,
) -> Outcome<(f64, Duration)> {
    let incident = shared_incident(&members[0], operation).await?;
    let began = Instant::now();
    let until_then = began + Duration::from_secs(seconds);
    let mut acting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let node = members[0].node.clone();
        acting.spawn(async move {
            let mut done = 0_u64;
            while Instant::now() < until_then {
                let grade = IncidentAction::Grade {
                    incident,
                    priority: Some(Priority::P2),
                    category: None,
                };
                let action = Authorized::by_the_node(Action::Incident(grade));
                let submission = Submission::fresh(action);
                if node.submit(submission).await.is_ok() {
                    done += 1;
                }
            }
            done
        });
    }
    let mut entries = 0;
    while let Some(done) = acting.join_next().await {
        entries += done?;
    }
    let written = Instant::now();
    until("the second node to hold all", || {
        holds_all(&members[1], &members[0], operation)
    })
    .await?;
    let took = began.elapsed();
    Ok((entries as f64 / took.as_secs_f64(), written.elapsed()))
}
