//! Timers: what is late, derived from the times of a record and the clock that is passed in.
//!
//! Nothing here is stored, so nothing can be lost: after a restart the same entries and the same clock
//! give the same alarms. An alarm hangs on a step that has not been taken; it ends when that step is taken,
//! and by nothing else. That somebody has seen it is stored with the record, and ends nothing. Start at
//! [`alarm_of`]; when alarms were on in the past is worked out by [`episode`](crate::episode).

use serde::{Deserialize, Serialize};

use crate::basis::{Priority, Text, Timestamp, TravelTime};
use crate::board::Board;
use crate::record::assignment::{Assignment, AssignmentStatus};
use crate::record::call::Call;
use crate::record::directive::{self, Directive};
use crate::record::incident::Incident;
use crate::record::support_request::SupportRequest;
use crate::record::turn::Attention;
use crate::record::{Actor, Record, RecordRef};
use crate::refusal::Refusal;
use crate::support::{self, Standing};

/// After how long a step is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimerRules {
    /// Seconds from sent until a crew that has not answered is reported.
    pub unanswered_s: u32,
    /// Seconds from sent until a crew that has not departed is reported.
    pub late_departure_s: u32,
    /// Percent of the expected travel time until a crew that has not arrived is reported.
    pub overdue_arrival_percent: u32,
    /// Seconds added to that.
    pub overdue_arrival_grace_s: u32,
    /// Seconds en route until a crew is reported when no travel time was known.
    pub arrival_without_estimate_s: u32,
    /// Seconds that an incident may have nobody on it until it is reported, for priority 1 to 4.
    pub unassigned_s: [u32; 4],
    /// Seconds on scene, or since the crew was last asked, until somebody must ask how they are; 0 for never.
    pub on_scene_check_s: u32,
    /// Seconds that a call may be part of no incident until it is reported.
    pub call_waiting_s: u32,
    /// Seconds that a support request may be without any answer until it is reported, for priority 1 to 4; after twice
    /// as long, and not before it is wanted, it is reported while less was accepted than is needed.
    pub support_unanswered_s: [u32; 4],
}

impl Default for TimerRules {
    /// Returns the defaults: 60 s to answer (the field's answer-to-sent target), 180 s to depart, half again as long as expected plus two minutes to arrive.
    fn default() -> TimerRules {
        TimerRules {
            unanswered_s: 60,
            late_departure_s: 180,
            overdue_arrival_percent: 150,
            overdue_arrival_grace_s: 120,
            arrival_without_estimate_s: 1_200,
            unassigned_s: [60, 60, 120, 300],
            on_scene_check_s: 1_800,
            call_waiting_s: 120,
            support_unanswered_s: [120, 300, 900, 1_800],
        }
    }
}

impl TimerRules {
    fn unassigned_s(&self, priority: Priority) -> u32 {
        by_priority(self.unassigned_s, priority)
    }

    /// Returns how long a support request may be without any answer.
    pub fn support_unanswered_s(&self, priority: Priority) -> u32 {
        by_priority(self.support_unanswered_s, priority)
    }
}

fn by_priority([first, second, third, fourth]: [u32; 4], priority: Priority) -> u32 {
    match priority {
        Priority::P1 => first,
        Priority::P2 => second,
        Priority::P3 => third,
        Priority::P4 => fourth,
    }
}

/// What is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmCode {
    /// The crew has not answered.
    Unanswered,
    /// The crew has not departed.
    LateDeparture,
    /// The crew should have arrived.
    OverdueArrival,
    /// The crew has been on scene for long and nobody has asked how they are.
    OnSceneCheck,
    /// Nobody is on the incident.
    Unassigned,
    /// The call is part of no incident.
    CallWaiting,
    /// A step of a directive is overdue.
    DirectiveOverdue,
    /// Nobody has answered the support request.
    SupportUnanswered,
    /// Less was accepted than the support request needs.
    SupportShort,
}

/// One thing that is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub code: AlarmCode,
    /// Since when.
    pub since: Timestamp,
    /// When something was last added to it: another addressee that is late, another rung of a chain that hears of it. Whoever
    /// acknowledged it before that has not seen that.
    pub anew: Timestamp,
}

/// Somebody has seen an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub code: AlarmCode,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

impl AlarmCode {
    /// All of them.
    pub const ALL: [AlarmCode; 9] = [
        AlarmCode::Unanswered,
        AlarmCode::LateDeparture,
        AlarmCode::OverdueArrival,
        AlarmCode::OnSceneCheck,
        AlarmCode::Unassigned,
        AlarmCode::CallWaiting,
        AlarmCode::DirectiveOverdue,
        AlarmCode::SupportUnanswered,
        AlarmCode::SupportShort,
    ];

    /// Returns the word used in files and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            AlarmCode::Unanswered => "unanswered",
            AlarmCode::LateDeparture => "late_departure",
            AlarmCode::OverdueArrival => "overdue_arrival",
            AlarmCode::OnSceneCheck => "on_scene_check",
            AlarmCode::Unassigned => "unassigned",
            AlarmCode::CallWaiting => "call_waiting",
            AlarmCode::DirectiveOverdue => "directive_overdue",
            AlarmCode::SupportUnanswered => "support_unanswered",
            AlarmCode::SupportShort => "support_short",
        }
    }

    /// Returns what is late, in words.
    pub fn text(self) -> Text {
        match self {
            AlarmCode::Unanswered => Text::new("Unanswered", "未应答"),
            AlarmCode::LateDeparture => Text::new("Not departed", "未出发"),
            AlarmCode::OverdueArrival => Text::new("Overdue on scene", "逾时未到"),
            AlarmCode::OnSceneCheck => Text::new("Long on scene without word", "到场后久无消息"),
            AlarmCode::Unassigned => Text::new("Nobody is on it", "无人处置"),
            AlarmCode::CallWaiting => Text::new("Call not dealt with", "接警单未处理"),
            AlarmCode::DirectiveOverdue => Text::new("Directive overdue", "指令逾时"),
            AlarmCode::SupportUnanswered => {
                Text::new("Nobody offers the support asked for", "支撑请求无人提供")
            }
            AlarmCode::SupportShort => Text::new("Support falls short", "支撑不足"),
        }
    }

    /// Returns what to do, which is what ends it.
    pub fn todo(self) -> Text {
        match self {
            AlarmCode::Unanswered => Text::new(
                "Call the crew, send again or send another.",
                "请呼叫、重发或改派。",
            ),
            AlarmCode::LateDeparture => {
                Text::new("Call the crew or send another.", "请呼叫或改派。")
            }
            AlarmCode::OverdueArrival => Text::new(
                "Ask where they are; report them on scene, or send another.",
                "请询问位置；报到场或改派。",
            ),
            AlarmCode::OnSceneCheck => Text::new(
                "Ask how they are, then acknowledge; they will be asked again.",
                "请询问安全后确认；届时将再次提醒。",
            ),
            AlarmCode::Unassigned => Text::new(
                "Send a unit, or cancel the incident.",
                "请派出力量，或取消该警情。",
            ),
            AlarmCode::CallWaiting => Text::new(
                "Join it to an incident, open one, or close it with a reason.",
                "请并入警情、立警，或说明原因后关闭。",
            ),
            AlarmCode::DirectiveOverdue => Text::new(
                "Call whoever has not answered; verify, excuse or recall it.",
                "请催办未落实单位；核验、免办或撤回该指令。",
            ),
            AlarmCode::SupportUnanswered => Text::new(
                "Call those who can, answer it yourself, or withdraw it.",
                "请电话联系有能力的单位、自行响应，或撤销请求。",
            ),
            AlarmCode::SupportShort => Text::new(
                "Accept an offer, ask others, or close it and say why.",
                "请采纳响应、另寻支撑，或说明原因后办结。",
            ),
        }
    }
}

/// How far an assignment has come, as far as timers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it is in its life.
    pub status: AssignmentStatus,
    /// When it was last sent.
    pub sent_at: Option<Timestamp>,
    /// When the crew departed.
    pub departed_at: Option<Timestamp>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
    /// When the crew was last asked how they are.
    pub checked_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it was expected to need.
    pub travel: Option<TravelTime>,
}

/// Returns what is late about a record at `now`, at most one alarm: the step it hangs on.
pub fn alarm_of(
    board: &Board,
    record: &Record,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    if let Record::Assignment(assignment) = record {
        alarm(assignment, rules, now)
    } else if let Record::Incident(incident) = record {
        alarm_of_incident(board, incident, rules, now)
    } else if let Record::Call(call) = record {
        alarm_of_call(call, rules, now)
    } else if let Record::Directive(directive) = record {
        alarm_of_directive(board, directive, now)
    } else if let Record::SupportRequest(request) = record {
        alarm_of_support(board, request, rules, now)
    } else {
        None
    }
}

/// Returns all alarms that are on at `now`.
pub fn open(board: &Board, rules: &TimerRules, now: Timestamp) -> Vec<(RecordRef, Alarm)> {
    let mut all = Vec::new();
    for assignment in board.live_assignments() {
        let alarm = alarm(assignment, rules, now);
        all.extend(alarm.map(|alarm| (assignment.id.into(), alarm)));
    }
    for incident in board.open_incidents() {
        let alarm = alarm_of_incident(board, incident, rules, now);
        all.extend(alarm.map(|alarm| (incident.id.into(), alarm)));
    }
    for call in board.loose_calls() {
        let alarm = alarm_of_call(call, rules, now);
        all.extend(alarm.map(|alarm| (call.id.into(), alarm)));
    }
    for directive in board.directives.values() {
        let alarm = alarm_of_directive(board, directive, now);
        all.extend(alarm.map(|alarm| (directive.id.into(), alarm)));
    }
    let mut requests = board.support_requests.values().peekable();
    if requests.peek().is_some() {
        let answers = support::answers_by_request(board);
        for request in requests {
            let answers = answers.get(&request.name());
            let standing = support::standing_of(request, answers.map_or(&[], Vec::as_slice), now);
            let alarm = support_late(request, &standing, rules, now);
            all.extend(alarm.map(|alarm| (request.id.into(), alarm)));
        }
    }
    all
}

/// Returns what is overdue about a directive at `now`.
pub fn alarm_of_directive(board: &Board, directive: &Directive, now: Timestamp) -> Option<Alarm> {
    let all = directive::all_overdue(board, directive, now);
    let worst = all.first()?.since;
    let rungs = directive::escalated(directive, worst, now);
    let rungs = rungs.iter().map(|rung| worst.plus_s(rung.after_s));
    let anew = all.iter().map(|one| one.since).chain(rungs).max();
    Some(Alarm {
        code: AlarmCode::DirectiveOverdue,
        since: worst,
        anew: anew.unwrap_or(worst),
    })
}

/// Returns what is late about an assignment at `now`.
pub fn alarm(assignment: &Assignment, rules: &TimerRules, now: Timestamp) -> Option<Alarm> {
    late(assignment.progress(), rules, now)
}

/// Returns what is late about an incident at `now`.
pub fn alarm_of_incident(
    board: &Board,
    incident: &Incident,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    let there = board.assignments_of(incident.id).map(Assignment::progress);
    unassigned(incident.attention()?, there, rules, now)
}

/// Returns what is late about a call at `now`.
pub fn alarm_of_call(call: &Call, rules: &TimerRules, now: Timestamp) -> Option<Alarm> {
    call_waiting(call.loose_since(), rules, now)
}

/// Returns what is late about one of this node's support requests at `now`.
pub fn alarm_of_support(
    board: &Board,
    request: &SupportRequest,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    let standing = support::standing(board, request, now);
    support_late(request, &standing, rules, now)
}

/// Returns what is late about a support request that has come so far: first that nobody offers (a "no" is no offer), then,
/// not before it is wanted, that less was accepted than is needed.
pub fn support_late(
    request: &SupportRequest,
    standing: &Standing,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    if !request.is_open() || standing.lacking(request) == 0 {
        return None;
    }
    let allowed_s = rules.support_unanswered_s(request.wish.priority);
    if standing.offers == 0 {
        let due = request.asked_at.plus_s(allowed_s);
        return on(AlarmCode::SupportUnanswered, due, now);
    }
    let due = request.asked_at.plus_s(allowed_s.saturating_mul(2));
    on(AlarmCode::SupportShort, due.max(request.wish.from), now)
}

/// A step that somebody waits for, whether it is late or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// What it becomes when it is late.
    pub code: AlarmCode,
    /// Since when it is waited for.
    pub since: Timestamp,
    /// From when it is late.
    pub due: Timestamp,
}

/// Returns what is late about an assignment that has come so far.
pub(crate) fn late(progress: Progress, rules: &TimerRules, now: Timestamp) -> Option<Alarm> {
    let Pending { code, due, .. } = pending(progress, rules)?;
    on(code, due, now)
}

/// Returns which step of an assignment that has come so far is waited for.
pub(crate) fn pending(progress: Progress, rules: &TimerRules) -> Option<Pending> {
    let sent = progress.sent_at?;
    let (code, since, due) = match progress.status {
        AssignmentStatus::Sent => (AlarmCode::Unanswered, sent, sent.plus_s(rules.unanswered_s)),
        AssignmentStatus::Acknowledged => (
            AlarmCode::LateDeparture,
            sent,
            sent.plus_s(rules.late_departure_s),
        ),
        AssignmentStatus::Departed => {
            let left = progress.departed_at.unwrap_or(sent);
            let allowed_s = match progress.travel {
                Some(travel) => {
                    let stretched =
                        u64::from(travel.seconds) * u64::from(rules.overdue_arrival_percent) / 100;
                    u32::try_from(stretched)
                        .unwrap_or(u32::MAX)
                        .saturating_add(rules.overdue_arrival_grace_s)
                }
                None => rules.arrival_without_estimate_s,
            };
            (AlarmCode::OverdueArrival, left, left.plus_s(allowed_s))
        }
        AssignmentStatus::Arrived if rules.on_scene_check_s > 0 => {
            let word = progress.arrived_at.unwrap_or(sent);
            let word = progress.checked_at.map_or(word, |asked| asked.max(word));
            let due = word.plus_s(rules.on_scene_check_s);
            (AlarmCode::OnSceneCheck, word, due)
        }
        AssignmentStatus::Arrived
        | AssignmentStatus::Proposed
        | AssignmentStatus::Declined
        | AssignmentStatus::Cleared
        | AssignmentStatus::Cancelled => return None,
    };
    Some(Pending { code, since, due })
}

/// Returns whether an incident has had nobody on it for too long: since it began, or since the last unit fell away.
pub(crate) fn unassigned(
    attention: Attention,
    assignments: impl IntoIterator<Item = Progress>,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    let Pending { code, due, .. } = alone(attention, assignments, rules)?;
    on(code, due, now)
}

/// Returns since when nobody is on an incident, if nobody is and it was not dealt with.
pub(crate) fn alone(
    attention: Attention,
    assignments: impl IntoIterator<Item = Progress>,
    rules: &TimerRules,
) -> Option<Pending> {
    let mut alone_since = attention.since;
    for progress in assignments {
        if progress.sent_at.is_none() {
            continue; // Put forward only: nobody goes.
        }
        let ended_at = progress.ended_at?; // Somebody is bound by it.
        let left_before = |reopened_at| ended_at <= reopened_at;
        let was_there =
            progress.status == AssignmentStatus::Cleared && progress.arrived_at.is_some();
        if was_there && !attention.reopened_at.is_some_and(left_before) {
            return None; // It was dealt with and waits to be closed.
        }
        alone_since = alone_since.max(ended_at);
    }
    let allowed_s = rules.unassigned_s(attention.priority);
    Some(Pending {
        code: AlarmCode::Unassigned,
        since: alone_since,
        due: alone_since.plus_s(allowed_s),
    })
}

pub(crate) fn call_waiting(
    loose_since: Option<Timestamp>,
    rules: &TimerRules,
    now: Timestamp,
) -> Option<Alarm> {
    let due = loose_since?.plus_s(rules.call_waiting_s);
    on(AlarmCode::CallWaiting, due, now)
}

fn on(code: AlarmCode, due: Timestamp, now: Timestamp) -> Option<Alarm> {
    (now >= due).then_some(Alarm {
        code,
        since: due,
        anew: due,
    })
}

/// Returns which alarms of a record were seen; of a kind that has no alarms, none.
pub fn seen_of(record: &Record) -> &[Seen] {
    if let Record::Assignment(one) = record {
        &one.seen
    } else if let Record::Incident(one) = record {
        &one.seen
    } else if let Record::Call(one) = record {
        &one.seen
    } else if let Record::Directive(one) = record {
        &one.seen
    } else if let Record::SupportRequest(one) = record {
        &one.seen
    } else {
        &[]
    }
}

/// Returns who has seen an alarm, if somebody has since it began or something was added to it.
pub fn acknowledged(seen: &[Seen], alarm: Alarm) -> Option<&Seen> {
    let mut latest_first = seen.iter().rev();
    latest_first.find(|seen| seen.code == alarm.code && seen.at >= alarm.anew)
}

/// Refuses unless an alarm is on now and nobody has acknowledged it.
pub(crate) fn must_be_unseen(
    alarm: Option<Alarm>,
    code: AlarmCode,
    seen: &[Seen],
) -> Result<(), Refusal> {
    let Some(alarm) = alarm.filter(|alarm| alarm.code == code) else {
        return Err(Refusal::AlarmNotOn(code));
    };
    match acknowledged(seen, alarm) {
        Some(_) => Err(Refusal::AlarmSeen(code)),
        None => Ok(()),
    }
}
