//! What waits: every step that somebody has to take next, with whom it lies, since when and by when it is due.
//!
//! One function for screen, wall, report and tests. What is late here is what the timers say is late (`timer`, the ladder of a
//! directive), for they are asked for the same times. A step without a due time is never late. Start at [`waiting`], then
//! [`groups`].

use std::collections::BTreeMap;

use watchfire_feed::NodeId;

use crate::basis::{DutyPostId, StationId, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::duty;
use crate::figures::Spread;
use crate::ledger::BookOf;
use crate::limits;
use crate::record::assessment::{Assessment, AssessmentState};
use crate::record::assignment::Assignment;
use crate::record::directive::{self, Addressee, Directive, Item, ItemStatus, Progress};
use crate::record::handover::Answer;
use crate::record::person::Seat;
use crate::record::settlement::{Book, Settlement};
use crate::record::support_offer::Stage;
use crate::record::{Elsewhere, Record, RecordKind, RecordRef};
use crate::support;
use crate::timer::{self, AlarmCode, TimerRules};

/// How long after a day is over its book should be signed, in seconds.
const BOOK_SIGN_S: u32 = 2 * 3_600;

/// A step that somebody has to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitStep {
    /// A call is part of no incident.
    CallUnplaced,
    /// Nobody is on an incident.
    IncidentUnassigned,
    /// A crew has not acknowledged.
    AssignmentUnacknowledged,
    /// A crew has not departed.
    AssignmentUndeparted,
    /// A crew has not arrived.
    AssignmentUnarrived,
    /// Nobody has signed for a directive.
    DirectiveUnsigned,
    /// Nobody has begun to act on it.
    DirectiveUndeparted,
    /// Nobody has reported back.
    DirectiveUnreported,
    /// What was reported is not verified.
    DirectiveUnverified,
    /// It was returned for rework and not reported again.
    DirectiveReturned,
    /// A support request has no offer.
    SupportUnoffered,
    /// An offer was not accepted, and is still wanted.
    OfferUncommitted,
    /// What was committed is not there.
    CommitmentUndelivered,
    /// A consultation was called and is not held.
    ConsultationUnheld,
    /// An assessment is not reviewed.
    AssessmentUnreviewed,
    /// It is reviewed and not issued.
    AssessmentUnissued,
    /// A seat that it was issued to has not read it.
    AssessmentUnread,
    /// An item of a handover is not answered.
    HandoverUnanswered,
    /// Nobody has acknowledged an alarm.
    AlarmUnanswered,
    /// Too few are planned at a duty post.
    RosterGap,
    /// A day of a book that is settled day by day is over and nobody has signed it.
    BookUnsigned,
}

impl WaitStep {
    /// All of them, in the order in which people read them.
    pub const ALL: [WaitStep; 21] = [
        WaitStep::CallUnplaced,
        WaitStep::IncidentUnassigned,
        WaitStep::AssignmentUnacknowledged,
        WaitStep::AssignmentUndeparted,
        WaitStep::AssignmentUnarrived,
        WaitStep::DirectiveUnsigned,
        WaitStep::DirectiveUndeparted,
        WaitStep::DirectiveUnreported,
        WaitStep::DirectiveUnverified,
        WaitStep::DirectiveReturned,
        WaitStep::SupportUnoffered,
        WaitStep::OfferUncommitted,
        WaitStep::CommitmentUndelivered,
        WaitStep::ConsultationUnheld,
        WaitStep::AssessmentUnreviewed,
        WaitStep::AssessmentUnissued,
        WaitStep::AssessmentUnread,
        WaitStep::HandoverUnanswered,
        WaitStep::AlarmUnanswered,
        WaitStep::RosterGap,
        WaitStep::BookUnsigned,
    ];

    /// Returns the word for it in the API and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            WaitStep::CallUnplaced => "call_unplaced",
            WaitStep::IncidentUnassigned => "incident_unassigned",
            WaitStep::AssignmentUnacknowledged => "assignment_unacknowledged",
            WaitStep::AssignmentUndeparted => "assignment_undeparted",
            WaitStep::AssignmentUnarrived => "assignment_unarrived",
            WaitStep::DirectiveUnsigned => "directive_unsigned",
            WaitStep::DirectiveUndeparted => "directive_undeparted",
            WaitStep::DirectiveUnreported => "directive_unreported",
            WaitStep::DirectiveUnverified => "directive_unverified",
            WaitStep::DirectiveReturned => "directive_returned",
            WaitStep::SupportUnoffered => "support_unoffered",
            WaitStep::OfferUncommitted => "offer_uncommitted",
            WaitStep::CommitmentUndelivered => "commitment_undelivered",
            WaitStep::ConsultationUnheld => "consultation_unheld",
            WaitStep::AssessmentUnreviewed => "assessment_unreviewed",
            WaitStep::AssessmentUnissued => "assessment_unissued",
            WaitStep::AssessmentUnread => "assessment_unread",
            WaitStep::HandoverUnanswered => "handover_unanswered",
            WaitStep::AlarmUnanswered => "alarm_unanswered",
            WaitStep::RosterGap => "roster_gap",
            WaitStep::BookUnsigned => "book_unsigned",
        }
    }

    /// Returns the step with that word.
    pub fn parse(word: &str) -> Option<WaitStep> {
        WaitStep::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// Returns what waits, in words.
    pub fn label(self) -> Text {
        match self {
            WaitStep::CallUnplaced => Text::new("call not dealt with", "接警单待处理"),
            WaitStep::IncidentUnassigned => Text::new("incident with nobody on it", "警情待派"),
            WaitStep::AssignmentUnacknowledged => {
                Text::new("crew has not acknowledged", "派警待接收")
            }
            WaitStep::AssignmentUndeparted => Text::new("crew has not departed", "派警待出发"),
            WaitStep::AssignmentUnarrived => Text::new("crew is on its way", "派警待到达"),
            WaitStep::DirectiveUnsigned => Text::new("directive not signed for", "指令待签收"),
            WaitStep::DirectiveUndeparted => Text::new("directive not acted on", "指令待出动"),
            WaitStep::DirectiveUnreported => Text::new("directive not reported back", "指令待反馈"),
            WaitStep::DirectiveUnverified => Text::new("report not verified", "反馈待核验"),
            WaitStep::DirectiveReturned => {
                Text::new("directive returned for rework", "指令退回重办中")
            }
            WaitStep::SupportUnoffered => {
                Text::new("support request without an offer", "支撑请求待响应")
            }
            WaitStep::OfferUncommitted => Text::new("support offer not accepted", "支撑响应待采纳"),
            WaitStep::CommitmentUndelivered => {
                Text::new("committed support not there", "承诺支撑待到位")
            }
            WaitStep::ConsultationUnheld => {
                Text::new("consultation called, not held", "会商待召开")
            }
            WaitStep::AssessmentUnreviewed => Text::new("assessment not reviewed", "研判待审核"),
            WaitStep::AssessmentUnissued => Text::new("assessment not issued", "研判待发布"),
            WaitStep::AssessmentUnread => Text::new("assessment not read", "研判待签阅"),
            WaitStep::HandoverUnanswered => {
                Text::new("handover item not answered", "交接事项待确认")
            }
            WaitStep::AlarmUnanswered => Text::new("alarm not acknowledged", "告警待确认"),
            WaitStep::RosterGap => Text::new("too few planned", "岗位缺岗"),
            WaitStep::BookUnsigned => Text::new("day not settled", "日清待签字"),
        }
    }
}

/// With whom a step lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waiter {
    /// Whoever sits in a seat.
    Seat(Seat),
    /// The crews of a station.
    Station(StationId),
    /// The crew of a unit that has no station.
    Unit(UnitId),
    /// Whoever holds a duty post.
    Post(DutyPostId),
    /// Another agency.
    Agency(NodeId),
}

/// One thing that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The step.
    pub step: WaitStep,
    /// With whom it lies.
    pub with: Waiter,
    /// The record that it is about.
    pub record: RecordRef,
    /// Its home, where that is not here.
    pub node: Option<NodeId>,
    /// Which item of it, from 0, where it is about one.
    pub item: Option<usize>,
    /// Since when.
    pub since: Timestamp,
    /// From when it is late, where that is known.
    pub due: Option<Timestamp>,
    /// True if it belongs to an exercise: people practise it, and no figure counts it.
    pub exercise: bool,
}

impl Wait {
    /// Returns how long it has waited, in seconds; 0 for what is still ahead.
    pub fn waited_s(&self, now: Timestamp) -> u64 {
        now.seconds_since(self.since)
    }

    /// Returns true if it should be over by now.
    pub fn is_beyond(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

/// What waits for one step with one who must act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitGroup {
    /// The step.
    pub step: WaitStep,
    /// With whom it lies.
    pub with: Waiter,
    /// True if they belong to exercises.
    pub exercise: bool,
    /// How many.
    pub count: usize,
    /// How many should be over by now.
    pub beyond: usize,
    /// The longest wait, in seconds.
    pub longest_s: u32,
    /// Half of them wait no longer, in seconds.
    pub median_s: u32,
    /// Those that wait longest, at most [`limits::WAITS_NAMED_MAX`].
    pub behind: Vec<Wait>,
}

/// When and by which rules it is asked what waits.
pub struct Moment<'a> {
    /// This node.
    pub node: NodeId,
    /// The rules of what is late.
    pub rules: &'a TimerRules,
    /// The time.
    pub now: Timestamp,
    /// Turns a day of the node's calendar and a minute of it into a moment.
    pub calendar: &'a dyn Fn(i32, u16) -> Timestamp,
}

/// Returns all that waits: step by step, and of each the longest waiting first.
pub fn waiting(board: &Board, moment: &Moment<'_>) -> Vec<Wait> {
    let mut all = Vec::new();
    calls_and_incidents(board, moment, &mut all);
    assignments(board, moment, &mut all);
    directives(board, moment, &mut all);
    requests(board, moment, &mut all);
    offers(board, moment, &mut all);
    consultations(board, &mut all);
    assessments(board, moment, &mut all);
    handovers(board, &mut all);
    alarms(board, moment, &mut all);
    rosters(board, moment, &mut all);
    books(board, moment, &mut all);
    for wait in &mut all {
        let record = wait.record;
        wait.exercise = match wait.node {
            None => board.is_practised(record),
            Some(node) => {
                let found = board.copy(Elsewhere { node, record });
                found.is_some_and(|found| board.exercise_of(&found).is_some())
            }
        };
    }
    all.sort_by_key(|one| (one.step, one.since, one.record, one.item, one.with));
    all
}

/// Returns the same by step and by who must act; what is practised stands apart, at the end.
pub fn groups(waits: &[Wait], now: Timestamp) -> Vec<WaitGroup> {
    let mut all: BTreeMap<(bool, WaitStep, Waiter), Vec<Wait>> = BTreeMap::new();
    for wait in waits {
        let key = (wait.exercise, wait.step, wait.with);
        all.entry(key).or_default().push(*wait);
    }
    let group = |((exercise, step, with), mut behind): ((bool, WaitStep, Waiter), Vec<Wait>)| {
        let seconds = |one: &Wait| u32::try_from(one.waited_s(now)).unwrap_or(u32::MAX);
        let mut waited: Vec<u32> = behind.iter().map(seconds).collect();
        let spread = Spread::of(&mut waited);
        let (count, beyond) = (behind.len(), behind.iter().filter(|one| one.is_beyond(now)));
        let beyond = beyond.count();
        behind.sort_by_key(|one| (one.since, one.record, one.item));
        behind.truncate(limits::WAITS_NAMED_MAX);
        WaitGroup {
            step,
            with,
            exercise,
            count,
            beyond,
            longest_s: waited.last().copied().unwrap_or(0),
            median_s: spread.map_or(0, |spread| spread.p50_s),
            behind,
        }
    };
    all.into_iter().map(group).collect()
}

fn wait(
    step: WaitStep,
    with: Waiter,
    record: impl Into<RecordRef>,
    since: Timestamp,
    due: Option<Timestamp>,
) -> Wait {
    Wait {
        step,
        with,
        record: record.into(),
        node: None,
        item: None,
        since,
        due,
        exercise: false,
    }
}

fn calls_and_incidents(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let rules = moment.rules;
    for call in board.loose_calls() {
        let Some(since) = call.loose_since() else {
            continue;
        };
        let due = since.plus_s(rules.call_waiting_s);
        let taker = Waiter::Seat(Seat::CallTaker);
        all.push(wait(
            WaitStep::CallUnplaced,
            taker,
            call.id,
            since,
            Some(due),
        ));
    }
    for incident in board.open_incidents() {
        let Some(attention) = incident.attention() else {
            continue;
        };
        let there = board.assignments_of(incident.id).map(Assignment::progress);
        if let Some(alone) = timer::alone(attention, there, rules) {
            let (step, dispatcher) = (WaitStep::IncidentUnassigned, Waiter::Seat(Seat::Dispatcher));
            all.push(wait(
                step,
                dispatcher,
                incident.id,
                alone.since,
                Some(alone.due),
            ));
        }
    }
}

/// The crews of a unit's station, or of the unit if it has none.
fn crew(board: &Board, unit: UnitId) -> Waiter {
    let station = board.units.get(&unit).and_then(|unit| unit.details.station);
    station.map_or(Waiter::Unit(unit), Waiter::Station)
}

fn assignments(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    for assignment in board.live_assignments() {
        let Some(pending) = timer::pending(assignment.progress(), moment.rules) else {
            continue;
        };
        let step = match pending.code {
            AlarmCode::Unanswered => WaitStep::AssignmentUnacknowledged,
            AlarmCode::LateDeparture => WaitStep::AssignmentUndeparted,
            AlarmCode::OverdueArrival => WaitStep::AssignmentUnarrived,
            // Who is there works.
            AlarmCode::OnSceneCheck
            | AlarmCode::Unassigned
            | AlarmCode::CallWaiting
            | AlarmCode::DirectiveOverdue
            | AlarmCode::SupportUnanswered
            | AlarmCode::SupportShort => continue,
        };
        let with = crew(board, assignment.unit);
        all.push(wait(
            step,
            with,
            assignment.id,
            pending.since,
            Some(pending.due),
        ));
    }
}

fn directives(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let node = moment.node;
    for one in board.directives.values().filter(|one| one.is_out()) {
        let carried = directive::carried(board, one);
        for (at, item) in one.items.iter().enumerate() {
            let progress = directive::progress_of(board, one.home, node, one, item);
            let with = addressee(board, &item.to);
            let officer = Waiter::Seat(Seat::DutyOfficer);
            let found = of_item(one, at, item, &progress, [with, officer]);
            // What was carried over is not beyond its time before its new date.
            let until = carried.of_item(at);
            all.extend(found.map(|found| {
                Wait {
                    due: found
                        .due
                        .map(|due| until.map_or(due, |until| due.max(until))),
                    ..found
                }
            }));
        }
    }
    // What other agencies give this one.
    for (home, theirs) in &board.copies.boards {
        for one in theirs.directives.values().filter(|one| one.is_out()) {
            for (at, item) in one.items.iter().enumerate() {
                if item.to != Addressee::Agency(node) {
                    continue;
                }
                let progress = directive::progress_of(board, *home, node, one, item);
                let with = [Waiter::Seat(Seat::DutyOfficer), Waiter::Agency(*home)];
                let found = of_item(one, at, item, &progress, with);
                all.extend(found.map(|found| Wait {
                    node: Some(*home),
                    ..found
                }));
            }
        }
    }
}

fn addressee(board: &Board, to: &Addressee) -> Waiter {
    match to {
        Addressee::Unit(unit) => crew(board, *unit),
        Addressee::Seat(seat) => Waiter::Seat(*seat),
        Addressee::Station(station) => Waiter::Station(*station),
        Addressee::Agency(node) => Waiter::Agency(*node),
        Addressee::Everyone => Waiter::Seat(Seat::DutyOfficer),
    }
}

/// What an item of a directive waits for: with its addressee, or with whoever verifies it.
fn of_item(
    one: &Directive,
    at: usize,
    item: &Item,
    progress: &Progress,
    [addressee, giver]: [Waiter; 2],
) -> Option<Wait> {
    let (issued, ladder) = (one.issued?, one.ladder.as_ref()?);
    let after = |seconds: Option<u32>| seconds.map(|seconds| issued.at.plus_s(seconds));
    let acts = ladder.act_s.is_some();
    let (step, with, since, due) = match one.status(item, progress) {
        ItemStatus::Issued | ItemStatus::Delivered | ItemStatus::Shown => (
            WaitStep::DirectiveUnsigned,
            addressee,
            issued.at,
            after(Some(ladder.sign_s)),
        ),
        ItemStatus::Signed if acts => (
            WaitStep::DirectiveUndeparted,
            addressee,
            progress.signed?.at,
            after(ladder.act_s),
        ),
        ItemStatus::Signed => (
            WaitStep::DirectiveUnreported,
            addressee,
            progress.signed?.at,
            after(ladder.report_s),
        ),
        ItemStatus::Acting => (
            WaitStep::DirectiveUnreported,
            addressee,
            progress.acting?.at,
            after(ladder.report_s),
        ),
        ItemStatus::Returned => {
            let back = item.verdicts.last()?.mark.at;
            let due = ladder.report_s.map(|seconds| back.plus_s(seconds));
            (WaitStep::DirectiveReturned, addressee, back, due)
        }
        ItemStatus::Reported => {
            let reported = progress.reports.last()?.mark.at;
            (WaitStep::DirectiveUnverified, giver, reported, None)
        }
        ItemStatus::Done | ItemStatus::Excused => return None,
    };
    Some(Wait {
        item: Some(at),
        ..wait(step, with, one.id, since, due)
    })
}

/// This node's own requests, and those of others that it may answer and has not.
fn requests(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let officer = Waiter::Seat(Seat::DutyOfficer);
    let open = board.support_requests.values();
    let mut open = open.filter(|one| one.is_open()).peekable();
    let answers = match open.peek() {
        Some(_) => support::answers_by_request(board),
        None => BTreeMap::new(),
    };
    for request in open {
        let answers = answers.get(&request.name());
        let answers = answers.map_or(&[][..], Vec::as_slice);
        let standing = support::standing_of(request, answers, moment.now);
        if standing.lacking(request) == 0 {
            continue;
        }
        if standing.offers == 0 {
            let allowed_s = moment.rules.support_unanswered_s(request.wish.priority);
            let due = request.asked_at.plus_s(allowed_s);
            let step = WaitStep::SupportUnoffered;
            all.push(wait(step, officer, request.id, request.asked_at, Some(due)));
        }
        for answer in answers {
            let (offer, taken) = (answer.offer, request.last_commitment(answer.name));
            let Some(terms) = offer.terms.as_ref().filter(|_| taken.is_none()) else {
                continue;
            };
            if offer.stage == Stage::Offered && moment.now < terms.answer_by {
                let step = WaitStep::OfferUncommitted;
                let due = Some(terms.answer_by);
                let own = answer.name.node == moment.node;
                all.push(Wait {
                    node: (!own).then_some(answer.name.node),
                    ..wait(step, officer, answer.name.record, offer.offered_at, due)
                });
            }
        }
    }
    for (name, found) in support::requests_elsewhere(board, moment.node, moment.now) {
        let request = found.request;
        let mut own = board.support_offers.values();
        if !request.is_open() || own.any(|offer| offer.request == name) {
            continue;
        }
        let allowed_s = moment.rules.support_unanswered_s(request.wish.priority);
        let due = request.asked_at.plus_s(allowed_s);
        let step = WaitStep::SupportUnoffered;
        all.push(Wait {
            node: Some(name.node),
            ..wait(step, officer, name.record, request.asked_at, Some(due))
        });
    }
}

/// What this node offers others and they have not accepted; and what was promised here or to it and is not there.
fn offers(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let officer = Waiter::Seat(Seat::DutyOfficer);
    for offer in board.support_offers.values() {
        let Some(terms) = &offer.terms else { continue };
        match offer.stage {
            Stage::Offered if offer.request.node != moment.node => {
                let asker = Waiter::Agency(offer.request.node);
                if moment.now < terms.answer_by {
                    let step = WaitStep::OfferUncommitted;
                    let (since, due) = (offer.offered_at, Some(terms.answer_by));
                    all.push(wait(step, asker, offer.id, since, due));
                }
            }
            Stage::Promised => {
                let since = offer.promised_at.unwrap_or(offer.offered_at);
                let step = WaitStep::CommitmentUndelivered;
                all.push(wait(step, officer, offer.id, since, Some(terms.eta)));
            }
            Stage::Offered
            | Stage::Delivered
            | Stage::Returned
            | Stage::Withdrawn
            | Stage::Declined => {}
        }
    }
    for request in board.support_requests.values().filter(|one| one.is_open()) {
        for one in &request.commitments {
            let home = one.offer.node;
            if home == moment.node || one.released_at.is_some() {
                continue; // One's own was counted with the offer.
            }
            let id = crate::basis::SupportOfferId(one.offer.record.id);
            let there = board.copies.boards.get(&home);
            let offer = there.and_then(|there| there.support_offers.get(&id));
            let comes = offer.is_none_or(|offer| match offer.stage {
                Stage::Offered | Stage::Promised => true,
                Stage::Delivered | Stage::Returned | Stage::Withdrawn | Stage::Declined => false,
            });
            if comes {
                let due = offer.and_then(|offer| Some(offer.terms.as_ref()?.eta));
                let step = WaitStep::CommitmentUndelivered;
                all.push(Wait {
                    node: Some(home),
                    ..wait(step, Waiter::Agency(home), one.offer.record, one.at, due)
                });
            }
        }
    }
}

fn consultations(board: &Board, all: &mut Vec<Wait>) {
    use crate::record::consultation::ConsultationState;
    let officer = Waiter::Seat(Seat::DutyOfficer);
    let called = board
        .consultations
        .values()
        .filter(|one| one.state == ConsultationState::Called);
    all.extend(called.map(|one| {
        let (step, due) = (WaitStep::ConsultationUnheld, Some(one.details.at));
        wait(step, officer, one.id, one.called_at, due)
    }));
}

fn assessments(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    for one in board.assessments.values() {
        match one.state {
            AssessmentState::Draft => all.push(draft(one)),
            AssessmentState::Reviewed => {
                let since = one.review.map_or(one.changed_at, |(at, _)| at);
                let with = Waiter::Seat(Seat::Analyst);
                all.push(wait(
                    WaitStep::AssessmentUnissued,
                    with,
                    one.id,
                    since,
                    None,
                ));
            }
            AssessmentState::Issued if one.holds(moment.now) => {
                let Some(issue) = &one.issue else { continue };
                let unread = one.unread_by().into_iter().map(|seat| {
                    let (step, with) = (WaitStep::AssessmentUnread, Waiter::Seat(seat));
                    wait(step, with, one.id, issue.at, one.read_due())
                });
                all.extend(unread);
            }
            AssessmentState::Issued
            | AssessmentState::Superseded { .. }
            | AssessmentState::Withdrawn { .. } => {}
        }
    }
}

/// A draft waits for a second person; one that came back, for its authors. Either way an analyst.
fn draft(one: &Assessment) -> Wait {
    let back = one.returned.as_ref().map(|returned| returned.at);
    let since = back.unwrap_or(one.drafted_at);
    let with = Waiter::Seat(Seat::Analyst);
    wait(WaitStep::AssessmentUnreviewed, with, one.id, since, None)
}

fn handovers(board: &Board, all: &mut Vec<Wait>) {
    for one in board.handovers.values().filter(|one| one.is_open()) {
        for (at, item) in one.items.iter().enumerate() {
            let waits = match item.answer {
                Answer::Unanswered | Answer::Questioned | Answer::Explained => true,
                Answer::Accepted { .. } => false,
            };
            if waits {
                let since = item.talk.last().map_or(one.opened_at, |said| said.at);
                let step = WaitStep::HandoverUnanswered;
                all.push(Wait {
                    item: Some(at),
                    ..wait(step, Waiter::Post(one.post), one.id, since, None)
                });
            }
        }
    }
}

fn alarms(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    for (record, alarm) in timer::open(board, moment.rules, moment.now) {
        let Some(found) = board.get(record) else {
            continue;
        };
        if timer::acknowledged(timer::seen_of(&found), alarm).is_none() {
            let with = Waiter::Seat(seat_of_alarm(&found));
            let step = WaitStep::AlarmUnanswered;
            all.push(wait(step, with, record, alarm.since, None));
        }
    }
}

fn seat_of_alarm(record: &Record) -> Seat {
    let kind = record.reference().kind;
    if kind == RecordKind::Call {
        Seat::CallTaker
    } else if kind == RecordKind::Directive || kind == RecordKind::SupportRequest {
        Seat::DutyOfficer
    } else {
        Seat::Dispatcher
    }
}

/// The day after the last that was signed, of each book that is settled day by day; a wait names the settlement that was
/// signed last.
fn books(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let mut last: BTreeMap<BookOf, &Settlement> = BTreeMap::new();
    let own = board.settlements.values().map(AsRef::as_ref);
    for one in own.filter(|one| one.signed.is_some() && one.book.home == moment.node) {
        let known = last.entry(one.book.of).or_insert(one);
        if known.book.until < one.book.until {
            *known = one;
        }
    }
    for (of, settlement) in last {
        let goes_on = match of {
            BookOf::Agency => true,
            BookOf::Station(id) => board.stations.contains_key(&id),
            BookOf::Unit(id) => board.units.contains_key(&id),
            BookOf::Operation(id) => {
                let found = board.operation_anywhere(id);
                found.is_ok_and(|found| found.is_open())
            }
        };
        // As long as the day before: an hour more or less where clocks are changed.
        let Book { from, until, .. } = settlement.book;
        let over = Timestamp(until.0.saturating_add(until.0.saturating_sub(from.0)));
        if goes_on && over <= moment.now {
            let (step, officer) = (WaitStep::BookUnsigned, Waiter::Seat(Seat::DutyOfficer));
            let due = Some(over.plus_s(BOOK_SIGN_S));
            all.push(wait(step, officer, settlement.id, over, due));
        }
    }
}

fn rosters(board: &Board, moment: &Moment<'_>, all: &mut Vec<Wait>) {
    let until = moment.now.plus_s(limits::GAPS_AHEAD_S);
    let officer = Waiter::Seat(Seat::DutyOfficer);
    for gap in duty::gaps(board, moment.now, until, moment.calendar) {
        // A gap that is on is late; one that is ahead is due when it begins.
        all.push(wait(
            WaitStep::RosterGap,
            officer,
            gap.post,
            gap.from,
            Some(gap.from),
        ));
    }
}
