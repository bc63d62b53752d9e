//! How the live page of monitoring is shown: words and links for what waits, figures of stations, lines and alarms. Names
//! nobody: seats, stations, units, duty posts and agencies only.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Code, StationId, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::duty;
use watchfire_core::monitoring::{self, Strength, Wait, WaitGroup, Waiter};
use watchfire_core::record::{Elsewhere, Record, RecordKind};
use watchfire_core::timer::{self, AlarmCode};

use super::super::duty::Calendar;
use super::super::peer::{self, LineState};
use super::super::view::{self, AlarmCodeView, TextView};
use crate::node::Node;

/// How all that goes on is going now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonitoringView {
    /// When this was, by the node's clock.
    at: String,
    /// How many things wait; what is practised is not counted.
    waiting: usize,
    /// How many of them should be over by now.
    beyond: usize,
    /// What waits, by step and by who must act; in the order of the steps, what is practised at the end.
    waits: Vec<WaitGroupView>,
    /// Every step, in the order in which people read them, also those at which nothing waits.
    steps: Vec<WaitStepView>,
    /// Units by station and kind.
    strength: Vec<StationStrengthView>,
    /// Duty posts in use.
    posts: Vec<PostStrengthView>,
    /// Lines to other nodes; none where this node speaks with nobody.
    lines: Vec<MonitoredLineView>,
    /// True if this node speaks with others at all.
    federated: bool,
    /// Alarms that are on, by what is late.
    alarms: Vec<AlarmCountView>,
}

/// A step at which something may wait.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitStepView {
    /// Its word.
    step: &'static str,
    /// What people call it.
    label: TextView,
    /// How many wait there.
    count: usize,
    /// How many of them should be over by now.
    beyond: usize,
    /// The longest wait, in seconds; none where nothing waits.
    longest_s: Option<u32>,
}

/// Who must act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaiterView {
    /// `seat`, `station`, `unit`, `post` or `agency`.
    is: &'static str,
    /// Its name in questions: the kind, a colon, and the seat's word or the id.
    id: String,
    /// What people call it.
    pub(crate) label: TextView,
}

/// What waits for one step with one who must act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitGroupView {
    /// The step.
    step: &'static str,
    /// What people call it.
    label: TextView,
    /// Who must act.
    with: WaiterView,
    /// True if they belong to exercises: no count of a step has them.
    exercise: bool,
    /// How many.
    count: usize,
    /// How many should be over by now.
    beyond: usize,
    /// The longest wait, in seconds.
    longest_s: u32,
    /// Half of them wait no longer, in seconds.
    median_s: u32,
    /// Those that wait longest; all are at `/monitoring/waits`.
    behind: Vec<WaitView>,
}

/// One thing that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitView {
    /// The step.
    step: &'static str,
    /// Who must act.
    with: WaiterView,
    /// What kind of record it is about.
    kind: &'static str,
    /// Its id.
    record: String,
    /// Its home, if that is another node.
    node: Option<String>,
    /// Which item of it, from 0, where it is about one.
    item: Option<usize>,
    /// What people call it.
    label: TextView,
    /// The incident to look at, where there is one.
    incident: Option<String>,
    /// Since when it waits; a gap in a roster may lie ahead.
    since: String,
    /// How long it has waited, in seconds.
    waited_s: u64,
    /// From when it is late, where that is known.
    due: Option<String>,
    /// True if it should be over by now.
    beyond: bool,
    /// True if it belongs to an exercise.
    exercise: bool,
}

/// Things that wait.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitsView {
    /// When this was.
    pub(crate) at: String,
    /// How many there are, also those that are not listed.
    pub(crate) count: usize,
    /// The longest waiting first.
    pub(crate) items: Vec<WaitView>,
}

/// The units of one kind at one station.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StationStrengthView {
    /// The station; none for units without one.
    station: Option<String>,
    /// What people call it.
    name: Option<String>,
    /// The kind of unit.
    kind: String,
    /// What people call that.
    label: TextView,
    /// On duty: free, bound and out of service together.
    on_duty: u32,
    /// Free to be sent.
    free: u32,
    /// Of the free ones, those whose crew rests.
    resting: u32,
    /// Bound by an assignment.
    bound: u32,
    /// On duty and not to be sent.
    out_of_service: u32,
    /// Entered, and nobody is on them.
    off_duty: u32,
}

/// How a duty post is staffed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostStrengthView {
    /// The post.
    post: String,
    /// What people call it.
    label: TextView,
    /// The station it belongs to.
    station: Option<String>,
    /// How many must be there now.
    needed: u16,
    /// How many are.
    on: usize,
}

/// The line to another node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonitoredLineView {
    /// The node.
    node: String,
    /// What people here call it.
    name: String,
    /// How the line is.
    state: LineState,
    /// Since when.
    since: Option<String>,
    /// When it last answered.
    heard_at: Option<String>,
    /// Entries of ours that it may read and has not.
    they_lack: u64,
    /// Entries of its that we may read and have not.
    we_lack: u64,
    /// What is wrong with its feeds or with it, in words; empty if nothing is.
    wrong: Vec<TextView>,
}

/// Alarms of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmCountView {
    /// What is late.
    code: AlarmCodeView,
    /// The same in words.
    label: TextView,
    /// How many are on.
    count: usize,
    /// How many nobody has acknowledged.
    unanswered: usize,
    /// Since when the oldest is on.
    oldest: String,
    /// Since when the oldest that nobody has acknowledged is on.
    oldest_unanswered: Option<String>,
}

/// Returns how all that goes on is going now.
pub(crate) fn live(node: &Node) -> MonitoringView {
    let now = node.now();
    let all = super::waits(node, now);
    let grouped = super::grouped(node, now);
    let peers = peer::shown(node);
    let board = node.board();
    let calendar = Calendar::of(node);
    let at = |day, minute| calendar.at(day, minute);
    let real = || all.iter().filter(|one| !one.exercise);
    MonitoringView {
        at: view::time(now),
        waiting: real().count(),
        beyond: real().filter(|one| one.is_beyond(now)).count(),
        steps: steps(&grouped),
        waits: grouped.iter().map(|one| group(&board, one, now)).collect(),
        strength: strengths(node, &board, &monitoring::strength(&board, now)),
        posts: monitoring::post_strength(&board, now, &at)
            .into_iter()
            .filter_map(|one| {
                let post = board.duty_posts.get(&one.post)?;
                Some(PostStrengthView {
                    post: one.post.to_string(),
                    label: post.label().into(),
                    station: one.station.map(|id| id.to_string()),
                    needed: one.needed,
                    on: one.on,
                })
            })
            .collect(),
        federated: peers.federated,
        lines: peers.peers.iter().map(line).collect(),
        alarms: alarms(node, &board, now),
    }
}

fn steps(grouped: &[WaitGroup]) -> Vec<WaitStepView> {
    let step = |step: monitoring::WaitStep| {
        let real = grouped.iter().filter(|one| !one.exercise);
        let here = || real.clone().filter(|one| one.step == step);
        WaitStepView {
            step: step.as_str(),
            label: step.label().into(),
            count: here().map(|one| one.count).sum(),
            beyond: here().map(|one| one.beyond).sum(),
            longest_s: here().map(|one| one.longest_s).max(),
        }
    };
    monitoring::WaitStep::ALL.into_iter().map(step).collect()
}

fn group(board: &Board, group: &WaitGroup, now: Timestamp) -> WaitGroupView {
    WaitGroupView {
        step: group.step.as_str(),
        label: group.step.label().into(),
        with: waiter(board, &group.with),
        exercise: group.exercise,
        count: group.count,
        beyond: group.beyond,
        longest_s: group.longest_s,
        median_s: group.median_s,
        behind: group
            .behind
            .iter()
            .map(|one| wait(board, one, now))
            .collect(),
    }
}

/// Returns the name of who must act, as questions give it.
pub(crate) fn waiter_id(with: &Waiter) -> String {
    match with {
        Waiter::Seat(seat) => format!("seat:{}", seat.as_str()),
        Waiter::Station(id) => format!("station:{id}"),
        Waiter::Unit(id) => format!("unit:{id}"),
        Waiter::Post(id) => format!("post:{id}"),
        Waiter::Agency(node) => format!("agency:{node}"),
    }
}

pub(crate) fn waiter(board: &Board, with: &Waiter) -> WaiterView {
    let same = |text: String| Text::new(text.clone(), text);
    let (is, label) = match with {
        Waiter::Seat(seat) => ("seat", seat.label()),
        Waiter::Station(id) => {
            let found = board.stations.get(id);
            let name = found.map_or_else(|| id.to_string(), |one| one.details.name.to_string());
            ("station", same(name))
        }
        Waiter::Unit(id) => {
            let found = board.units.get(id);
            let name = found.map_or_else(|| id.to_string(), |one| one.callsign.to_string());
            ("unit", same(name))
        }
        Waiter::Post(id) => {
            let found = board.duty_posts.get(id);
            let label = found.map_or_else(|| same(id.to_string()), |one| one.label());
            ("post", label)
        }
        Waiter::Agency(node) => ("agency", same(board.name_of(node))),
    };
    WaiterView {
        is,
        id: waiter_id(with),
        label: label.into(),
    }
}

pub(crate) fn wait(board: &Board, wait: &Wait, now: Timestamp) -> WaitView {
    let found = match wait.node {
        None => board.get(wait.record),
        Some(node) => board.copy(Elsewhere {
            node,
            record: wait.record,
        }),
    };
    let incident = found.as_ref().and_then(|record| {
        if let Record::Assignment(one) = record {
            Some(board.merge_root(one.incident))
        } else if let Record::Incident(one) = record {
            Some(one.id)
        } else {
            None
        }
    });
    WaitView {
        step: wait.step.as_str(),
        with: waiter(board, &wait.with),
        kind: wait.record.kind.as_str(),
        record: view::hex(&wait.record.id),
        node: wait.node.map(|node| node.to_string()),
        item: wait.item,
        label: label(board, wait, found.as_ref()).into(),
        incident: incident.map(|id| id.to_string()),
        since: view::time(wait.since),
        waited_s: wait.waited_s(now),
        due: view::maybe_time(wait.due),
        beyond: wait.is_beyond(now),
        exercise: wait.exercise,
    }
}

/// What people call what waits; names nobody.
fn label(board: &Board, wait: &Wait, found: Option<&Record>) -> Text {
    let Some(record) = found else {
        return wait.record.kind.label();
    };
    if let Record::DutyPost(post) = record {
        return post.label();
    }
    if let (Record::Handover(handover), Some(item)) = (record, wait.item)
        && let Some(item) = handover.items.get(item)
    {
        return item.open.what.clone();
    }
    if let Record::Settlement(settlement) = record {
        return super::super::settlement::named(board, &settlement.book).2;
    }
    if record.reference().kind == RecordKind::SupportOffer {
        return RecordKind::SupportOffer.label();
    }
    duty::about(board, record)
}

fn strengths(
    node: &Node,
    board: &Board,
    found: &BTreeMap<(Option<StationId>, Code), Strength>,
) -> Vec<StationStrengthView> {
    let kinds = &node.response().kinds;
    let one = |((station, kind), counts): (&(Option<StationId>, Code), &Strength)| {
        let name = station.and_then(|id| board.stations.get(&id));
        let label = kinds.get(kind).cloned();
        let label = label.unwrap_or_else(|| Text::new(kind.as_str(), kind.as_str()));
        StationStrengthView {
            station: station.map(|id| id.to_string()),
            name: name.map(|one| one.details.name.to_string()),
            kind: kind.to_string(),
            label: label.into(),
            on_duty: counts.on_duty,
            free: counts.free,
            resting: counts.resting,
            bound: counts.bound,
            out_of_service: counts.out_of_service,
            off_duty: counts.off_duty,
        }
    };
    found.iter().map(one).collect()
}

fn line(peer: &peer::PeerView) -> MonitoredLineView {
    let wrong = [
        (peer.shut_out.is_some(), "shut out", "已停止往来"),
        (peer.forked, "its feed has two histories", "其日志出现分叉"),
        (peer.revoked, "ended by its root key", "已被其根密钥吊销"),
        (
            !peer.refused.is_empty(),
            "entries of it were not taken",
            "有条目未被接收",
        ),
    ];
    let wrong = wrong.into_iter().filter(|(is_so, ..)| *is_so);
    MonitoredLineView {
        node: peer.node.clone(),
        name: peer.name.clone(),
        state: peer.line.state,
        since: peer.line.since.clone(),
        heard_at: peer.line.heard_at.clone(),
        they_lack: peer.they_lack,
        we_lack: peer.we_lack,
        wrong: wrong.map(|(_, en, zh)| Text::new(en, zh).into()).collect(),
    }
}

fn alarms(node: &Node, board: &Board, now: Timestamp) -> Vec<AlarmCountView> {
    let mut open = timer::open(board, &node.settings().timers, now);
    // What is practised sounds where it is practised, and is counted nowhere.
    open.retain(|(record, _)| !board.is_practised(*record));
    let count = |code: AlarmCode| {
        let of_it = || open.iter().filter(|(_, alarm)| alarm.code == code);
        let unanswered = || {
            of_it().filter(|(record, alarm)| {
                let found = board.get(*record);
                let seen =
                    |found: &Record| timer::acknowledged(timer::seen_of(found), *alarm).is_some();
                !found.as_ref().is_some_and(seen)
            })
        };
        let oldest = of_it().map(|(_, alarm)| alarm.since).min()?;
        Some(AlarmCountView {
            code: code.into(),
            label: code.text().into(),
            count: of_it().count(),
            unanswered: unanswered().count(),
            oldest: view::time(oldest),
            oldest_unanswered: view::maybe_time(unanswered().map(|(_, one)| one.since).min()),
        })
    };
    AlarmCode::ALL.into_iter().filter_map(count).collect()
}
