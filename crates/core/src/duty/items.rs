//! What is open and has to be handed over: one function over the board, which every mechanism adds to.
//!
//! A record that is an open item by itself says so with `Life::open_item`; what takes several records to say (an
//! alarm, an ask without an answer, a loan that runs, a note in a log) is found here. Start at [`open_items`].

use std::fmt;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use crate::basis::{DutyPostId, ReplyId, Text, Timestamp};
use crate::board::Board;
use crate::record::message::{Message, What};
use crate::record::person::Seat;
use crate::record::reply::Reply;
use crate::record::{Elsewhere, Record, RecordKind, RecordRef};
use crate::timer::{self, TimerRules};

/// Names an open item: the same thing has the same name for as long as it is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemName(pub String);

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    /// Its name.
    pub name: ItemName,
    /// What it is.
    pub kind: ItemKind,
    /// The record it is about.
    pub record: RecordRef,
    /// The record's home, if that is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// What it is called, in words that name nobody.
    pub what: Text,
    /// Since when.
    pub since: Timestamp,
}

/// What an open item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
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
    /// A record is open: an incident, a call, an operation, a patrol plan and so on.
    Record,
}

impl OpenItem {
    fn of(kind: ItemKind, record: impl Into<RecordRef>, what: Text, since: Timestamp) -> OpenItem {
        let record = record.into();
        OpenItem {
            name: ItemName(record.to_string()),
            kind,
            record,
            node: None,
            what,
            since,
        }
    }

    fn part(self, part: impl fmt::Display) -> OpenItem {
        let name = ItemName(format!("{}/{part}", self.name));
        OpenItem { name, ..self }
    }
}

/// Returns all that is open now and that whoever holds a post has to hand over: alarms first, then by kind and age. What
/// is not of that seat's work is left to the seat whose work it is; a duty officer hands over everything.
pub fn open_items(
    board: &Board,
    node: NodeId,
    post: DutyPostId,
    rules: &TimerRules,
    now: Timestamp,
) -> Vec<OpenItem> {
    let seat = board.duty_posts.get(&post).and_then(|one| one.details.seat);
    let mut all = alarms(board, rules, now);
    all.extend(board.records().filter_map(|record| {
        let open = record.open_item(now)?;
        let name = record.reference();
        Some(OpenItem::of(ItemKind::Record, name, open.what, open.since))
    }));
    all.extend(operations(board, node));
    all.extend(asks(board, node, now));
    all.extend(loans(board, now));
    all.retain(|item| concerns(seat, item.record.kind));
    all.extend(notes(board, post));
    all.sort_by(|a, b| {
        (a.kind, a.record.kind, a.since, &a.name).cmp(&(b.kind, b.record.kind, b.since, &b.name))
    });
    all.dedup_by(|a, b| a.name == b.name);
    all
}

/// Returns true if what is open about a record of a kind is the work of a seat.
fn concerns(seat: Option<Seat>, kind: RecordKind) -> bool {
    match seat {
        Some(Seat::DutyOfficer | Seat::Dispatcher) => true,
        Some(Seat::CallTaker) => kind == RecordKind::Call,
        Some(
            Seat::Crew
            | Seat::Analyst
            | Seat::Overseer
            | Seat::Administrator
            | Seat::Wall
            | Seat::Volunteer,
        )
        | None => false,
    }
}

fn alarms(board: &Board, rules: &TimerRules, now: Timestamp) -> Vec<OpenItem> {
    let found = timer::open(board, rules, now).into_iter();
    let item = |(record, alarm): (RecordRef, timer::Alarm)| {
        let about = about(board, &board.get(record)?);
        let text = alarm.code.text();
        let what = Text::new(
            format!("{}: {}", about.en, text.en),
            format!("{}：{}", about.zh, text.zh),
        );
        let code = format!("{:?}@{}", alarm.code, alarm.since.0);
        // An alarm that ended and began anew is another one.
        Some(OpenItem::of(ItemKind::Alarm, record, what, alarm.since).part(code))
    };
    found.filter_map(item).collect()
}

/// Returns what a record with an alarm is called, in words that name nobody.
pub fn about(board: &Board, record: &Record) -> Text {
    if let Record::Assignment(one) = record {
        let unit = board.units.get(&one.unit);
        let callsign = unit.map_or_else(|| "?".to_owned(), |unit| unit.callsign.to_string());
        let incident = board.incidents.get(&board.merge_root(one.incident));
        let number = incident.map_or(0, |incident| incident.number);
        return Text::new(
            format!("{callsign} on incident {number}"),
            format!("{callsign}（警情 {number}）"),
        );
    }
    let number = record.number().unwrap_or(0);
    let kind = record.reference().kind.label();
    Text::new(
        format!("{} {number}", kind.en),
        if record.reference().kind == RecordKind::Call {
            format!("接警单 {number}")
        } else {
            format!("{} {number}", kind.zh)
        },
    )
}

/// Operations that this node leads or takes part in.
fn operations(board: &Board, node: NodeId) -> Vec<OpenItem> {
    let found = board
        .all_operations()
        .into_iter()
        .filter(|one| one.is_open() && (one.lead == node || board.takes_part(node, one.id)));
    let item = |one: &crate::record::operation::Operation| {
        let name = &one.genesis.name;
        let what = Text::new(format!("operation {name}"), format!("合成作战“{name}”"));
        let record = RecordRef {
            kind: RecordKind::Operation,
            id: one.id.0,
        };
        OpenItem::of(ItemKind::Record, record, what, one.raised_at)
    };
    found.map(item).collect()
}

/// Asks between nodes that nobody has answered: of others and of this one.
fn asks(board: &Board, node: NodeId, now: Timestamp) -> Vec<OpenItem> {
    let mut all = Vec::new();
    for message in board.messages.values() {
        let Some(of) = asked(message, now) else {
            continue;
        };
        let own = Elsewhere {
            node,
            record: message.id.into(),
        };
        let reply = Elsewhere {
            node: of.node,
            record: Reply::id_of(&of.node, &own).into(),
        };
        let answered = board
            .copy(reply)
            .is_some_and(|copy| matches!(&copy, Record::Reply(one) if one.answer.is_some()));
        if !answered {
            let name = board.name_of(&of.node);
            let what = Text::new(
                format!("ask of {name} without an answer"),
                format!("向{name}提出的请求，尚未答复"),
            );
            let item = OpenItem::of(ItemKind::AskedOfOthers, message.id, what, message.sent_at);
            all.push(item);
        }
    }
    for (from, theirs) in &board.copies.boards {
        for message in theirs.messages.values() {
            let Some(of) = asked(message, now).filter(|of| of.node == node) else {
                continue;
            };
            let to = Elsewhere {
                node: *from,
                record: message.id.into(),
            };
            let reply: ReplyId = Reply::id_of(&node, &to);
            let own = board.replies.get(&reply);
            if own.is_some_and(|one| one.answer.is_some()) {
                continue;
            }
            let (name, kind) = (board.name_of(from), of.record.kind.label());
            let what = Text::new(
                format!("{name} asks for one of our records ({})", kind.en),
                format!("{name}请求我方{}，待答复", kind.zh),
            );
            let item = OpenItem::of(ItemKind::AskedOfUs, message.id, what, message.sent_at);
            let item = item.part(from.to_string());
            all.push(OpenItem {
                node: Some(*from),
                ..item
            });
        }
    }
    all
}

fn asked(message: &Message, now: Timestamp) -> Option<Elsewhere> {
    match &message.what {
        What::Ask { of, .. } if message.is_waiting(now) => Some(*of),
        What::Ask { .. } | What::Log { .. } => None,
    }
}

/// Units that are promised to other members.
fn loans(board: &Board, now: Timestamp) -> Vec<OpenItem> {
    let mut all = Vec::new();
    for part in board.participations.values() {
        for loan in part.loans.iter().filter(|loan| loan.holds(now)) {
            let unit = board.units.get(&loan.unit);
            let callsign = unit.map_or_else(|| "?".to_owned(), |unit| unit.callsign.to_string());
            let name = board.name_of(&loan.to);
            let what = Text::new(
                format!("{callsign} is lent to {name}"),
                format!("{callsign} 已承诺支援{name}"),
            );
            let item = OpenItem::of(ItemKind::Loan, part.id, what, loan.since);
            all.push(item.part(loan.unit));
        }
    }
    all
}

/// Notes that were written to be handed over, in any shift of the post.
fn notes(board: &Board, post: DutyPostId) -> Vec<OpenItem> {
    let shifts = board.shifts.values().filter(|shift| shift.post == post);
    let item = |(shift, no, at): (crate::basis::ShiftId, u32, Timestamp)| {
        let what = Text::new(
            format!("note {no} of the shift log"),
            format!("值班日志第 {no} 条"),
        );
        OpenItem::of(ItemKind::Note, shift, what, at).part(no)
    };
    shifts
        .flat_map(|shift| shift.open_notes().map(|line| (shift.id, line.no, line.at)))
        .map(item)
        .collect()
}
