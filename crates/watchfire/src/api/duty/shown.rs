//! How duty posts, shifts and handovers are shown, made by hand from the core's.
//!
//! Start at [`duty_now`] (who is on), [`shift`] and [`sheet`] (a handover, item by item). Names are those of the agency's own
//! staff at its posts; nothing here finds a person.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Code, PersonId, Priority, Prose, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::duty::{self, Gap, ItemKind, OpenItem, Proposed, Recipients};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::Record;
use watchfire_core::record::duty_post::DutyPost;
use watchfire_core::record::handover::{Answer, Handover, Item, Said};
use watchfire_core::record::person::Seat;
use watchfire_core::record::shift::{LogLine, Logged, Shift};

use super::super::entries::name_of;
use super::super::view::{SeatView, TextView, maybe_time, time};
use super::written::TurnBody;
use crate::policy::{Permission, Session};

/// One of the agency's own people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct NamedView {
    /// Their id.
    pub id: String,
    /// What the screens call them.
    pub name: String,
}

fn named(board: &Board, person: PersonId) -> NamedView {
    NamedView {
        id: person.to_string(),
        name: name_of(board, person),
    }
}

fn all_named<'a>(board: &Board, people: impl IntoIterator<Item = &'a PersonId>) -> Vec<NamedView> {
    let mut all: Vec<NamedView> = people.into_iter().map(|one| named(board, *one)).collect();
    all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    all
}

/// A duty post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DutyPostView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// What people call it.
    pub name: String,
    /// The same in the agency's other language.
    pub name_other: Option<String>,
    /// The seat that is held there.
    pub seat: Option<SeatView>,
    /// The station it belongs to.
    pub station: Option<String>,
    /// How many must be there at least.
    pub minimum: u16,
    /// How to reach whoever is there.
    pub reach: String,
    /// In which pattern people come.
    pub pattern: Option<PatternView>,
    /// Minutes of rest that a person has between two shifts at least.
    pub rest_min: u16,
    /// Shifts that a person may have within any seven days; 0 for as many as there are.
    pub week_max: u16,
    /// Whether the last one goes off only by a handover.
    pub hands_over: bool,
    /// Who is on leave.
    pub leaves: Vec<LeaveView>,
    /// Those of its teams and shifts, with whom one may swap.
    pub people: Vec<NamedView>,
    /// When it was given up.
    pub ended_at: Option<String>,
}

/// A cycle of shifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PatternView {
    /// A day on which the cycle begins, counted from 1970-01-01.
    pub anchor_day: i32,
    /// How many days until it begins again.
    pub cycle_days: u16,
    /// The shifts of one cycle.
    pub turns: Vec<TurnBody>,
    /// Who comes together.
    pub teams: Vec<Vec<NamedView>>,
}

/// Somebody is not there for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeaveView {
    /// Who.
    pub person: NamedView,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
}

/// Shows a duty post.
pub fn post(board: &Board, post: &DutyPost) -> DutyPostView {
    let details = &post.details;
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    if let Some(pattern) = &details.pattern {
        people.extend(pattern.teams.iter().flatten());
    }
    let shifts = board.shifts.values().filter(|one| one.post == post.id);
    people.extend(shifts.flat_map(|one| one.people.iter().copied()));
    let pattern = details.pattern.as_ref().map(|pattern| PatternView {
        anchor_day: pattern.anchor_day,
        cycle_days: pattern.cycle_days,
        turns: pattern
            .turns
            .iter()
            .map(|turn| TurnBody {
                day: turn.day,
                start_min: turn.start_min,
                length_min: turn.length_min,
                team: turn.team,
            })
            .collect(),
        teams: pattern
            .teams
            .iter()
            .map(|team| all_named(board, team))
            .collect(),
    });
    DutyPostView {
        id: post.id.to_string(),
        version: post.version,
        name: details.name.to_string(),
        name_other: details.name_other.as_ref().map(ToString::to_string),
        seat: details.seat.map(SeatView::from),
        station: details.station.map(|station| station.to_string()),
        minimum: details.minimum,
        reach: details.reach.to_string(),
        pattern,
        rest_min: details.rest_min,
        week_max: details.week_max,
        hands_over: details.hands_over,
        leaves: post
            .leaves
            .iter()
            .map(|leave| LeaveView {
                person: named(board, leave.person),
                from: time(leave.from),
                until: time(leave.until),
            })
            .collect(),
        people: all_named(board, &people),
        ended_at: maybe_time(post.ended_at),
    }
}

/// A duty shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShiftView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The duty post.
    pub post: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
    /// Where it is in its life.
    pub status: ShiftStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// Who is planned.
    pub people: Vec<NamedView>,
    /// Who is on.
    pub on: Vec<OnView>,
    /// Swaps that wait for an answer.
    pub swaps: Vec<SwapView>,
    /// How many notes wait to be settled.
    pub open_notes: usize,
}

/// Where a duty shift is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShiftStatusView {
    /// Nobody has come yet.
    Planned,
    /// Somebody is on.
    On,
    /// Somebody is on, and hands over.
    HandingOver,
    /// It is over.
    Closed,
    /// Nobody was to come after all.
    Cancelled,
}

impl ShiftStatusView {
    fn label(self) -> Text {
        match self {
            ShiftStatusView::Planned => Text::new("planned", "已排班"),
            ShiftStatusView::On => Text::new("on", "值班中"),
            ShiftStatusView::HandingOver => Text::new("handing over", "交接中"),
            ShiftStatusView::Closed => Text::new("closed", "已结束"),
            ShiftStatusView::Cancelled => Text::new("cancelled", "已取消"),
        }
    }
}

/// Somebody is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OnView {
    /// Who.
    pub person: NamedView,
    /// Since when.
    pub since: String,
    /// The duty shift.
    pub shift: String,
    /// Whether they hold the watch, and go off only by a handover where the post hands over.
    pub holds: bool,
}

/// A swap that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SwapView {
    /// Who asks to be replaced.
    pub from: NamedView,
    /// By whom.
    pub to: NamedView,
    /// The other's shift that they take in return.
    pub theirs: Option<String>,
    /// When it was asked.
    pub asked_at: String,
}

/// Shows a duty shift.
pub fn shift(board: &Board, shift: &Shift) -> ShiftView {
    let handing_over = duty::handover_of(board, shift.post).is_some_and(|one| one.from == shift.id);
    let status = if shift.cancelled {
        ShiftStatusView::Cancelled
    } else if shift.closed_at.is_some() {
        ShiftStatusView::Closed
    } else if handing_over {
        ShiftStatusView::HandingOver
    } else if shift.on.is_empty() {
        ShiftStatusView::Planned
    } else {
        ShiftStatusView::On
    };
    let on = |one: &watchfire_core::record::shift::OnDuty| OnView {
        person: named(board, one.person),
        since: time(one.since),
        shift: shift.id.to_string(),
        holds: one.holds,
    };
    ShiftView {
        id: shift.id.to_string(),
        version: shift.version,
        post: shift.post.to_string(),
        from: time(shift.from),
        until: time(shift.until),
        status,
        status_text: status.label().into(),
        people: all_named(board, &shift.people),
        on: shift.on.iter().map(on).collect(),
        swaps: shift
            .swaps
            .iter()
            .map(|swap| SwapView {
                from: named(board, swap.from),
                to: named(board, swap.to),
                theirs: swap.theirs.map(|theirs| theirs.to_string()),
                asked_at: time(swap.asked_at),
            })
            .collect(),
        open_notes: shift.open_notes().count(),
    }
}

/// A duty shift and its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShiftLogView {
    /// The shift.
    shift: ShiftView,
    /// What happened in it, in its order.
    log: Vec<ShiftLineView>,
}

/// A line of a shift's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShiftLineView {
    /// Its number.
    no: u32,
    /// When.
    at: String,
    /// By whom, by name.
    by: String,
    /// What it is about; nothing for a note.
    what: Option<TextView>,
    /// What was written, for those who may read it.
    text: Option<String>,
    /// Whether it stays open until it is settled, and is handed over.
    hands_over: bool,
    /// When that was settled.
    settled_at: Option<String>,
}

pub(super) fn shift_log(board: &Board, found: &Shift, personal: bool) -> ShiftLogView {
    ShiftLogView {
        shift: shift(board, found),
        log: found
            .log
            .iter()
            .map(|line| log_line(board, line, personal))
            .collect(),
    }
}

fn log_line(board: &Board, line: &LogLine, personal: bool) -> ShiftLineView {
    let text = line.text.as_ref().filter(|_| personal);
    ShiftLineView {
        no: line.no,
        at: time(line.at),
        by: name_of(board, line.by.person),
        what: logged(board, &line.what).map(Into::into),
        text: text.map(said_text),
        hands_over: line.what == Logged::Note { hands_over: true },
        settled_at: maybe_time(line.settled_at),
    }
}

fn said_text(text: &Prose) -> String {
    text.as_str().to_owned()
}

fn logged(board: &Board, what: &Logged) -> Option<Text> {
    let name = |person: &PersonId| name_of(board, *person);
    Some(match what {
        Logged::Planned => Text::new("planned", "排班"),
        Logged::Assigned { person, overridden } => {
            let name = name(person);
            let (en, zh) = if *overridden {
                (" (a rule of rest overridden)", "（突破休息规定）")
            } else {
                ("", "")
            };
            Text::new(
                format!("{name} put on the shift{en}"),
                format!("安排{name}值班{zh}"),
            )
        }
        Logged::TakenOff { person, cause } => {
            let (name, why) = (name(person), crate::words::cause(*cause));
            Text::new(
                format!("{name} taken off ({})", why.en),
                format!("{name}撤班（{}）", why.zh),
            )
        }
        Logged::SwapAsked { from, to } => Text::new(
            format!("{} asks {} to swap", name(from), name(to)),
            format!("{}向{}申请换班", name(from), name(to)),
        ),
        Logged::SwapAnswered { from, to, accepted } => {
            let (en, zh) = crate::words::swap_answer(*accepted);
            Text::new(
                format!("swap of {} and {} {en}", name(from), name(to)),
                format!("{}与{}换班{zh}", name(from), name(to)),
            )
        }
        Logged::CameOn { person } => Text::new(
            format!("{} came on", name(person)),
            format!("{}上岗", name(person)),
        ),
        Logged::WentOff { person } => Text::new(
            format!("{} went off", name(person)),
            format!("{}下岗", name(person)),
        ),
        Logged::Note { .. } => return None,
        Logged::Cancelled => Text::new("cancelled", "取消班次"),
    })
}

/// Who is on duty now, and where too few will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DutyView {
    /// When this was so.
    at: String,
    /// Today in the node's calendar, counted in days from 1970-01-01.
    today: i32,
    /// Every post that is not given up.
    posts: Vec<PostNowView>,
    /// Where too few are planned in the next 24 hours.
    gaps: Vec<GapView>,
    /// Whom alarms about calls go to.
    call_alarms: RecipientsView,
    /// Whom alarms about incidents and assignments go to.
    incident_alarms: RecipientsView,
    /// Whether alarms about calls go to who asks.
    own_call_alarms: bool,
    /// Whether alarms about incidents and assignments go to who asks.
    own_incident_alarms: bool,
    /// Seats at which who asks hears what escalates: on duty there, or free to sit there while nobody is.
    own_seats: Vec<SeatView>,
}

/// How a post stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PostNowView {
    /// Its id.
    post: String,
    /// Who is on.
    on: Vec<OnView>,
    /// Who should have come and has not.
    not_come: Vec<NamedView>,
    /// Who is on longer than their shift lasts.
    over_time: Vec<NamedView>,
    /// How many must be there now.
    needed: u16,
    /// How many are missing.
    missing: usize,
    /// The handover that is under way.
    handover: Option<String>,
}

/// A time in which too few are planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GapView {
    /// The duty post.
    post: String,
    /// From when.
    from: String,
    /// Until when.
    until: String,
    /// How many must be there.
    needed: u16,
    /// How many are planned.
    planned: u16,
}

/// Whom alarms go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecipientsView {
    /// Who is on duty for them and signed in.
    pub people: Vec<RecipientView>,
    /// True if there are posts for it and nobody is on: it goes to everyone.
    pub unmanned: bool,
}

/// Somebody whom alarms go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecipientView {
    /// Who.
    pub person: NamedView,
    /// The duty post, by name.
    pub post: String,
    /// How to reach it.
    pub reach: String,
}

pub(super) fn recipients(board: &Board, found: &Recipients) -> RecipientsView {
    let people = found.people.iter().filter_map(|(person, post)| {
        let details = &board.duty_posts.get(post)?.details;
        Some(RecipientView {
            person: named(board, *person),
            post: details.name.to_string(),
            reach: details.reach.to_string(),
        })
    });
    RecipientsView {
        people: people.collect(),
        unmanned: found.unmanned,
    }
}

pub(super) fn duty_now(
    board: &Board,
    session: &Session,
    now: Timestamp,
    today: i32,
    at: &dyn Fn(i32, u16) -> Timestamp,
    gaps: &[Gap],
    ([call_alarms, incident_alarms], seats): ([RecipientsView; 2], &BTreeSet<Seat>),
) -> DutyView {
    let posts = board.duty_posts.values().filter(|one| one.is_open());
    let own = session.person.to_string();
    let mine = |to: &RecipientsView| {
        to.people.is_empty() || to.people.iter().any(|one| one.person.id == own)
    };
    DutyView {
        at: time(now),
        today,
        posts: posts.map(|one| post_now(board, one, now, at)).collect(),
        gaps: gaps
            .iter()
            .map(|gap| GapView {
                post: gap.post.to_string(),
                from: time(gap.from),
                until: time(gap.until),
                needed: gap.needed,
                planned: gap.planned,
            })
            .collect(),
        own_call_alarms: mine(&call_alarms),
        own_incident_alarms: mine(&incident_alarms),
        own_seats: seats.iter().map(|seat| SeatView::from(*seat)).collect(),
        call_alarms,
        incident_alarms,
    }
}

fn post_now(
    board: &Board,
    post: &DutyPost,
    now: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> PostNowView {
    let found = duty::now(board, post, now, at);
    let on = |(one, shift): &(watchfire_core::record::shift::OnDuty, _)| {
        let shift: &watchfire_core::basis::ShiftId = shift;
        OnView {
            person: named(board, one.person),
            since: time(one.since),
            shift: shift.to_string(),
            holds: one.holds,
        }
    };
    PostNowView {
        post: post.id.to_string(),
        on: found.on.iter().map(on).collect(),
        not_come: all_named(board, &found.not_come),
        over_time: all_named(board, &found.over_time),
        needed: found.needed,
        missing: found.missing(),
        handover: duty::handover_of(board, post.id).map(|one| one.id.to_string()),
    }
}

/// The shifts that a pattern comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RosterProposalView {
    /// The shifts.
    shifts: Vec<ProposedView>,
}

/// A shift that a pattern comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProposedView {
    /// From when.
    from: String,
    /// Until when.
    until: String,
    /// Who comes.
    people: Vec<NamedView>,
    /// Who of the team is on leave then.
    on_leave: Vec<NamedView>,
    /// Which rule of rest would be broken, by whom.
    clashes: Vec<ClashView>,
}

/// A rule of rest that would be broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ClashView {
    /// By whom.
    person: NamedView,
    /// Which.
    because: TextView,
}

pub(super) fn proposal(board: &Board, made: &[Proposed]) -> RosterProposalView {
    let one = |one: &Proposed| ProposedView {
        from: time(one.from),
        until: time(one.until),
        people: all_named(board, &one.people),
        on_leave: all_named(board, &one.on_leave),
        clashes: one
            .clashes
            .iter()
            .map(|(person, because)| ClashView {
                person: named(board, *person),
                because: because.clone().into(),
            })
            .collect(),
    };
    RosterProposalView {
        shifts: made.iter().map(one).collect(),
    }
}

/// A handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HandoverView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The duty post.
    pub post: String,
    /// The shift that is left.
    pub from: String,
    /// The shift that begins, or goes on.
    pub to: String,
    /// Who hands over.
    pub outgoing: NamedView,
    /// Who takes over.
    pub incoming: NamedView,
    /// When it was opened.
    pub opened_at: String,
    /// Where it is in its life.
    pub status: HandoverStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// When somebody said that the outgoing person is gone.
    pub gone_at: Option<String>,
    /// When the outgoing person signed.
    pub signed_out_at: Option<String>,
    /// When the incoming person signed.
    pub signed_in_at: Option<String>,
    /// How many items were listed.
    pub listed: usize,
    /// How many of these were accepted.
    pub accepted: usize,
}

/// Where a handover is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverStatusView {
    /// Items are gone through.
    Open,
    /// The post has changed hands.
    Signed,
    /// It was given up.
    GivenUp,
}

/// Shows a handover.
pub fn handover(board: &Board, found: &Handover) -> HandoverView {
    let (status, text) = if found.given_up.is_some() {
        (HandoverStatusView::GivenUp, Text::new("given up", "已取消"))
    } else if found.is_signed() {
        (HandoverStatusView::Signed, Text::new("signed", "已交接"))
    } else {
        (HandoverStatusView::Open, Text::new("under way", "交接中"))
    };
    let accepted = |item: &&Item| matches!(item.answer, Answer::Accepted { .. });
    HandoverView {
        id: found.id.to_string(),
        version: found.version,
        post: found.post.to_string(),
        from: found.from.to_string(),
        to: found.to.to_string(),
        outgoing: named(board, found.outgoing),
        incoming: named(board, found.incoming),
        opened_at: time(found.opened_at),
        status,
        status_text: text.into(),
        gone_at: found.gone.as_ref().map(|gone| time(gone.at)),
        signed_out_at: maybe_time(found.signed_out_at),
        signed_in_at: maybe_time(found.signed_in_at),
        listed: found.items.len(),
        accepted: found.items.iter().filter(accepted).count(),
    }
}

/// A handover, item by item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HandoverSheetView {
    /// The handover.
    handover: HandoverView,
    /// Why the outgoing person is gone, for those who may read it.
    gone: Option<String>,
    /// Why it was given up, for those who may read it.
    given_up: Option<String>,
    /// What was listed and what has arisen since, alarms first.
    items: Vec<ItemView>,
    /// How many must still be accepted before the incoming person can sign.
    waiting: usize,
}

/// One item of a handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ItemView {
    /// Its name, by which it is answered.
    item: String,
    /// What it is.
    kind: ItemKindView,
    /// The kind of record it is about.
    record: String,
    /// That record.
    id: String,
    /// What it is called.
    what: TextView,
    /// What there is to know of it now, for those who may read it.
    detail: Option<TextView>,
    /// Since when it is open.
    since: String,
    /// How it was answered.
    answer: ItemAnswerView,
    /// When it was accepted.
    accepted_at: Option<String>,
    /// True if it has arisen since the handover began.
    arisen: bool,
    /// True if it is not open any more.
    ended: bool,
    /// What was asked and explained about it.
    talk: Vec<SaidView>,
}

/// What an open item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemKindView {
    /// Something is late.
    Alarm,
    /// A note in the log of a shift.
    Note,
    /// Another agency asked for something and has no answer.
    AskedOfUs,
    /// Another agency was asked for something and has not answered.
    AskedOfOthers,
    /// A unit is promised to another agency.
    Loan,
    /// A record is open.
    Record,
}

impl From<ItemKind> for ItemKindView {
    fn from(kind: ItemKind) -> ItemKindView {
        match kind {
            ItemKind::Alarm => ItemKindView::Alarm,
            ItemKind::Note => ItemKindView::Note,
            ItemKind::AskedOfUs => ItemKindView::AskedOfUs,
            ItemKind::AskedOfOthers => ItemKindView::AskedOfOthers,
            ItemKind::Loan => ItemKindView::Loan,
            ItemKind::Record => ItemKindView::Record,
        }
    }
}

/// How an item was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemAnswerView {
    /// Not yet.
    Unanswered,
    /// The incoming person asks.
    Questioned,
    /// The outgoing person has explained.
    Explained,
    /// The incoming person has taken it over.
    Accepted,
}

/// Something was asked or explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SaidView {
    /// When.
    at: String,
    /// By whom, by name.
    by: String,
    /// What, for those who may read it.
    text: Option<String>,
}

/// Shows a handover item by item. Whoever is in it reads all of it, whatever their seat.
pub(super) fn sheet(
    board: &Board,
    response: &ResponseFile,
    found: &Handover,
    open: &[OpenItem],
    session: &Session,
) -> HandoverSheetView {
    let in_it = [found.outgoing, found.incoming].contains(&session.person);
    let personal = in_it || session.may(Permission::ReadPersonal);
    let is_open = |item: &OpenItem| open.iter().any(|one| one.name == item.name);
    let over = !found.is_open();
    let show = |one: &OpenItem, listed: Option<&Item>| {
        let answer = listed.map_or(Answer::Unanswered, |item| item.answer);
        let (answer, accepted_at) = match answer {
            Answer::Unanswered => (ItemAnswerView::Unanswered, None),
            Answer::Questioned => (ItemAnswerView::Questioned, None),
            Answer::Explained => (ItemAnswerView::Explained, None),
            Answer::Accepted { at } => (ItemAnswerView::Accepted, Some(time(at))),
        };
        let talk = listed.map_or(&[][..], |item| &item.talk[..]);
        ItemView {
            item: one.name.to_string(),
            kind: one.kind.into(),
            record: one.record.kind.as_str().to_owned(),
            id: super::super::view::hex(&one.record.id),
            what: one.what.clone().into(),
            detail: detail(board, response, one, personal).map(Into::into),
            since: time(one.since),
            answer,
            accepted_at,
            arisen: listed.is_none() || one.since > found.opened_at,
            ended: !over && !is_open(one),
            talk: talk
                .iter()
                .map(|said| shown_said(board, said, personal))
                .collect(),
        }
    };
    let arisen = open.iter().filter(|one| found.item(&one.name).is_none());
    let mut all: Vec<(&OpenItem, Option<&Item>)> = found
        .items
        .iter()
        .map(|item| (&item.open, Some(item)))
        .chain(arisen.map(|one| (one, None)))
        .collect();
    all.sort_by(|(a, _), (b, _)| {
        (a.kind, a.record.kind, a.since, &a.name).cmp(&(b.kind, b.record.kind, b.since, &b.name))
    });
    let waits = |(one, listed): &&(&OpenItem, Option<&Item>)| match listed.map(|item| item.answer) {
        None | Some(Answer::Unanswered) => is_open(one),
        Some(Answer::Questioned | Answer::Explained) => true,
        Some(Answer::Accepted { .. }) => false,
    };
    let reason = |gone: Option<&watchfire_core::record::handover::Gone>| {
        let reason = gone.and_then(|gone| gone.reason.as_ref());
        reason.filter(|_| personal).map(said_text)
    };
    HandoverSheetView {
        gone: reason(found.gone.as_ref()),
        given_up: reason(found.given_up.as_ref()),
        waiting: if over {
            0
        } else {
            all.iter().filter(waits).count()
        },
        items: all
            .into_iter()
            .map(|(one, listed)| show(one, listed))
            .collect(),
        handover: handover(board, found),
    }
}

fn shown_said(board: &Board, said: &Said, personal: bool) -> SaidView {
    let text = said.text.as_ref().filter(|_| personal);
    SaidView {
        at: time(said.at),
        by: name_of(board, said.by.person),
        text: text.map(said_text),
    }
}

/// Says what there is to know of an item now, so that nobody has to look it up while two people wait.
fn detail(board: &Board, response: &ResponseFile, item: &OpenItem, personal: bool) -> Option<Text> {
    if item.node.is_some() {
        return None;
    }
    let found = board.get(item.record)?;
    let (category, priority, place) = if let Record::Incident(one) = &found {
        (Some(&one.category), Some(one.priority), Some(&one.place))
    } else if let Record::Call(one) = &found {
        (one.category.as_ref(), one.priority, one.place.as_ref())
    } else if let Record::Assignment(one) = &found {
        let root = board.incidents.get(&board.merge_root(one.incident))?;
        (Some(&root.category), Some(root.priority), Some(&root.place))
    } else if let Record::Shift(one) = &found {
        let no = item.name.0.rsplit('/').next()?;
        let line = one.log.iter().find(|line| line.no.to_string() == no)?;
        let text = line.text.as_ref().filter(|_| personal)?.as_str();
        return Some(Text::new(text, text));
    } else {
        return None;
    };
    let label = |code: &Code| {
        let known = response.categories.get(code).cloned();
        known.unwrap_or_else(|| Text::new(code.as_str(), code.as_str()))
    };
    let address = place.and_then(|place| place.address.as_ref());
    let parts = |category: Option<String>, priority: Option<String>| {
        let address = address.map(ToString::to_string);
        let all = [category, priority, address];
        all.into_iter()
            .flatten()
            .collect::<Vec<String>>()
            .join(" · ")
    };
    let category = category.map(label);
    let level = priority.map(|priority: Priority| u8::from(priority));
    Some(Text::new(
        parts(
            category.as_ref().map(|label| label.en.clone()),
            level.map(|level| format!("P{level}")),
        ),
        parts(
            category.as_ref().map(|label| label.zh.clone()),
            level.map(|level| format!("{level} 级")),
        ),
    ))
}
