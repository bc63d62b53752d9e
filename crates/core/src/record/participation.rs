//! A participation (参战): what one node does in one operation: that it joined, what it shares, what it lends.
//!
//! Its home is the member. Together with what the lead says it makes a member; leaving needs nobody's leave.
//! What is shared is chosen record by record, to view or to be asked for, perhaps until a time; an incident
//! may be shared with its response, and then its assignments and their units go with it. A loan promises a
//! unit to one member until a time, cut or no cut: until then this node does not send it elsewhere.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use watchfire_feed::NodeId;

use super::{Context, Event, Happened, Life, Meta, RecordKind, RecordRef};
use crate::basis::{Line, OperationId, ParticipationId, Personal, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A participation as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Its name.
    pub id: ParticipationId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The operation.
    pub operation: OperationId,
    /// The node.
    pub node: NodeId,
    /// When it joined, if it did.
    pub joined_at: Option<Timestamp>,
    /// When and why it said no, if it did.
    pub declined: Option<(Timestamp, Line)>,
    /// When and why it left, if it did.
    pub left: Option<(Timestamp, Line)>,
    /// What it shares now.
    pub shares: Vec<Share>,
    /// What it lends now, and lent.
    pub loans: Vec<Loan>,
    /// The version of the operation at which it declined command.
    pub declined_command: Option<u64>,
}

/// What others may do with a record that is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// See it.
    View,
    /// See it, and ask its home to do something with it.
    Assist,
}

/// One record that is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which.
    pub record: RecordRef,
    /// To do what.
    pub tier: Tier,
    /// Whether its response goes with it: of an incident, its assignments and their units.
    pub with_response: bool,
    /// Until when, if not until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Since when.
    pub since: Timestamp,
}

/// A unit that is promised to another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// The unit.
    pub unit: UnitId,
    /// To whom.
    pub to: NodeId,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When it was given back before its time, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Loan {
    /// Returns true while the promise holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.until
    }
}

impl Participation {
    /// Returns the id of a node's part in an operation: there is one, however often it joins.
    pub fn id_of(node: &NodeId, operation: OperationId) -> ParticipationId {
        let mut hash = Sha256::new();
        hash.update(b"watchfire participation v1\0");
        hash.update(node.0);
        hash.update(operation.0);
        let bytes: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        ParticipationId(id)
    }

    /// Returns true while the node itself says that it takes part.
    pub fn takes_part(&self) -> bool {
        self.joined_at.is_some() && self.left.is_none()
    }

    /// Returns how a record is shared, if it is at that time.
    pub fn share_of(&self, record: RecordRef, now: Timestamp) -> Option<&Share> {
        let mut shares = self.shares.iter();
        shares.find(|share| share.record == record && share.until.is_none_or(|until| now < until))
    }

    /// Returns the loan of a unit that holds at that time.
    pub fn loan_of(&self, unit: UnitId, now: Timestamp) -> Option<&Loan> {
        let mut loans = self.loans.iter();
        loans.find(|loan| loan.unit == unit && loan.holds(now))
    }
}

// What belongs to an operation stays in memory with it: see `Board::over_before`.
impl Life for Participation {
    fn part_of(&self) -> Option<OperationId> {
        Some(self.operation)
    }
}

/// What can be asked of a participation; always this node's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParticipationAction {
    /// Join an operation that one was called into, or join again.
    Join {
        /// Which.
        operation: OperationId,
    },
    /// Say no to being called in.
    Decline {
        /// To which.
        operation: OperationId,
        /// Why.
        reason: Line,
    },
    /// Leave.
    Leave {
        /// Which.
        operation: OperationId,
        /// Why.
        reason: Line,
    },
    /// Share one of one's own records, or share it otherwise.
    Share {
        /// Where.
        operation: OperationId,
        /// Which.
        record: RecordRef,
        /// To do what.
        tier: Tier,
        /// Whether its response goes with it.
        with_response: bool,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// Share it no longer.
    EndShare {
        /// Where.
        operation: OperationId,
        /// Which.
        record: RecordRef,
    },
    /// Promise a unit to a member.
    Lend {
        /// Where.
        operation: OperationId,
        /// Which.
        unit: UnitId,
        /// To whom.
        to: NodeId,
        /// Until when.
        until: Timestamp,
    },
    /// Say that a loan is over: the borrower has let it go, or it is needed and both know.
    EndLoan {
        /// Where.
        operation: OperationId,
        /// Which.
        unit: UnitId,
        /// Why.
        reason: Line,
    },
    /// Decline command that was offered.
    DeclineCommand {
        /// Of which.
        operation: OperationId,
    },
}

impl ParticipationAction {
    /// There is one for each operation, so that no version of it is asked for.
    pub fn subject(&self) -> Option<ParticipationId> {
        None
    }
}

impl ParticipationAction {
    /// Returns the operation that it is about.
    pub fn operation(&self) -> OperationId {
        match self {
            ParticipationAction::Join { operation }
            | ParticipationAction::Decline { operation, .. }
            | ParticipationAction::Leave { operation, .. }
            | ParticipationAction::Share { operation, .. }
            | ParticipationAction::EndShare { operation, .. }
            | ParticipationAction::Lend { operation, .. }
            | ParticipationAction::EndLoan { operation, .. }
            | ParticipationAction::DeclineCommand { operation } => *operation,
        }
    }
}

/// What happened to a participation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ParticipationEvent {
    /// The node joined.
    Joined {
        /// Which operation.
        operation: OperationId,
        /// Which node.
        node: NodeId,
    },
    /// The node said no.
    Declined {
        /// To which operation.
        operation: OperationId,
        /// Which node.
        node: NodeId,
        /// Why.
        reason: Line,
    },
    /// The node left.
    Left {
        /// Why.
        reason: Line,
    },
    /// A record is shared.
    Shared {
        /// Which.
        record: RecordRef,
        /// To do what.
        tier: Tier,
        /// Whether its response goes with it.
        with_response: bool,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A record is shared no longer.
    ShareEnded {
        /// Which.
        record: RecordRef,
        /// True if its time ran out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        expired: bool,
    },
    /// A unit was lent.
    Lent {
        /// Which.
        unit: UnitId,
        /// To whom.
        to: NodeId,
        /// Until when.
        until: Timestamp,
    },
    /// A loan is over before its time.
    LoanEnded {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Line,
    },
    /// Command was declined.
    CommandDeclined {
        /// At which version of the operation.
        version: u64,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 8] = [
    "joined",
    "declined",
    "left",
    "shared",
    "share_ended",
    "lent",
    "loan_ended",
    "command_declined",
];

/// Returns that a node joins.
pub(super) fn join(node: NodeId, operation: OperationId) -> Happened {
    let id = Participation::id_of(&node, operation);
    let event = ParticipationEvent::Joined { operation, node };
    Happened::within(operation, id, Event::Participation(event))
}

/// Returns that a record is shared which begins in the same step: what is directed, asked for or offered in an operation
/// is there from the beginning. What is over makes room where the limit is reached; `besides` others are shared
/// with it.
pub(super) fn share_new(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
    record: RecordRef,
    (tier, besides): (Tier, usize),
) -> Result<Vec<Happened>, Refusal> {
    let part = board.must_take_part(context.node, operation)?;
    let id = Participation::id_of(&context.node, operation);
    let happened = |event| Happened::within(operation, id, Event::Participation(event));
    let mut all = Vec::new();
    if part.shares.len() + besides >= limits::SHARES_PER_OPERATION_MAX {
        let over = part.shares.iter().filter(|one| {
            let expired = one.until.is_some_and(|until| until <= context.now);
            expired || is_over(board, one.record)
        });
        all.extend(over.map(|one| {
            happened(ParticipationEvent::ShareEnded {
                record: one.record,
                expired: true,
            })
        }));
        if all.is_empty() {
            return Err(too_many_shares());
        }
    }
    all.push(happened(ParticipationEvent::Shared {
        record,
        tier,
        with_response: false,
        until: None,
    }));
    Ok(all)
}

/// Says whether nobody needs a share of a record any more: support that is over, a directive that ended.
fn is_over(board: &Board, record: RecordRef) -> bool {
    let directive = board.get(record).is_some_and(|found| {
        let of_this_kind = record.kind == RecordKind::Directive;
        of_this_kind && !found.is_open()
    });
    directive || crate::support::is_over(board, record)
}

pub(super) fn decide(
    board: &Board,
    action: &ParticipationAction,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let operation = action.operation();
    let event = match action {
        ParticipationAction::Join { .. } => {
            let found = board.operation_anywhere(operation)?;
            if !found.names(&context.node) || !found.is_open() {
                return Err(Refusal::NotAMember);
            }
            if board.takes_part(context.node, operation) {
                return Err(already(Text::new("joined already", "已加入")));
            }
            ParticipationEvent::Joined {
                operation,
                node: context.node,
            }
        }
        ParticipationAction::Decline { reason, .. } => {
            board.operation_anywhere(operation)?;
            if board.takes_part(context.node, operation) {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Participation,
                    state: Text::new("joined", "已加入"),
                    instead: Text::new("Leave it instead.", "请改为退出。"),
                });
            }
            ParticipationEvent::Declined {
                operation,
                node: context.node,
                reason: reason.clone(),
            }
        }
        ParticipationAction::Leave { reason, .. } => {
            board.must_take_part(context.node, operation)?;
            if board.leading(operation).is_ok() {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Operation,
                    state: Text::new("led by this node", "由本节点牵头"),
                    instead: Text::new(
                        "Offer command to a member, or close it.",
                        "请先移交指挥权，或结束该行动。",
                    ),
                });
            }
            ParticipationEvent::Left {
                reason: reason.clone(),
            }
        }
        ParticipationAction::Share {
            record,
            tier,
            with_response,
            until,
            ..
        } => {
            check_share(board, context, operation, *record, *until)?;
            ParticipationEvent::Shared {
                record: *record,
                tier: *tier,
                with_response: *with_response,
                until: *until,
            }
        }
        ParticipationAction::EndShare { record, .. } => {
            let part = board.must_take_part(context.node, operation)?;
            let share = part.shares.iter().find(|share| share.record == *record);
            let share = share.ok_or(Refusal::NotFound(record.kind))?;
            ParticipationEvent::ShareEnded {
                record: *record,
                expired: share.until.is_some_and(|until| until <= context.now),
            }
        }
        ParticipationAction::Lend {
            unit, to, until, ..
        } => {
            check_loan(board, context, operation, *unit, *to, *until)?;
            ParticipationEvent::Lent {
                unit: *unit,
                to: *to,
                until: *until,
            }
        }
        ParticipationAction::EndLoan { unit, reason, .. } => {
            let part = board.must_take_part(context.node, operation)?;
            if part.loan_of(*unit, context.now).is_none() {
                return Err(already(Text::new("without such a loan", "没有该借调")));
            }
            ParticipationEvent::LoanEnded {
                unit: *unit,
                reason: reason.clone(),
            }
        }
        ParticipationAction::DeclineCommand { .. } => {
            let found = board.operation_anywhere(operation)?;
            if found.offered_to != Some(context.node) {
                return Err(already(Text::new("not offered command", "未被提出移交")));
            }
            ParticipationEvent::CommandDeclined {
                version: found.version,
            }
        }
    };
    let id = Participation::id_of(&context.node, operation);
    Ok(vec![Happened::within(
        operation,
        id,
        Event::Participation(event),
    )])
}

fn too_many_shares() -> Refusal {
    Refusal::Limit {
        what: Text::new("records shared in one operation", "每次行动共享的记录"),
        max: limits::SHARES_PER_OPERATION_MAX,
    }
}

fn check_share(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
    record: RecordRef,
    until: Option<Timestamp>,
) -> Result<(), Refusal> {
    let part = board.must_take_part(context.node, operation)?;
    if !record.kind.can_be_shared() {
        return Err(Refusal::NotToShare(record.kind));
    }
    // Only what is this node's own: what others shared is theirs to share.
    if board.get(record).is_none() {
        return Err(Refusal::NotFound(record.kind));
    }
    if until.is_some_and(|until| until <= context.now) {
        return Err(Refusal::Missing(Text::new(
            "An end in the future",
            "将来的截止时间",
        )));
    }
    if part.shares.len() >= limits::SHARES_PER_OPERATION_MAX
        && !part.shares.iter().any(|share| share.record == record)
    {
        return Err(too_many_shares());
    }
    Ok(())
}

fn check_loan(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
    unit: UnitId,
    to: NodeId,
    until: Timestamp,
) -> Result<(), Refusal> {
    let part = board.must_take_part(context.node, operation)?;
    let found = board.unit(unit)?;
    if to == context.node || !board.is_member(operation, &to) {
        return Err(Refusal::NotAMember);
    }
    let callsign = found.callsign.to_string();
    if let Some(loan) = board
        .loan_of(unit, context.now)
        .filter(|loan| loan.to != to)
    {
        let name = board.name_of(&loan.to);
        return Err(Refusal::UnitNotFree {
            callsign,
            because: Text::new(format!("it is lent to {name}"), format!("已借调给{name}")),
        });
    }
    let latest = context.now.plus_s(limits::LOAN_S_MAX);
    if until <= context.now || until > latest {
        return Err(Refusal::Missing(Text::new(
            "An end of the loan within three days",
            "三天之内的借调截止时间",
        )));
    }
    let share = part.share_of(unit.into(), context.now);
    if share.is_none_or(|share| share.tier != Tier::Assist) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Unit,
            state: Text::new("not shared for assistance", "未共享为可请求"),
            instead: Text::new("Share it to assist first.", "请先共享为可请求。"),
        });
    }
    if part.loans.len() >= limits::LOANS_PER_OPERATION_MAX {
        return Err(Refusal::Limit {
            what: Text::new("loans in one operation", "每次行动的借调"),
            max: limits::LOANS_PER_OPERATION_MAX,
        });
    }
    Ok(())
}

fn already(state: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Participation,
        state,
        instead: Text::new("Nothing needs doing.", "无需操作。"),
    }
}

pub(super) fn apply(
    before: Option<&Participation>,
    event: &ParticipationEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Participation> {
    let at = meta.happened_at;
    let new = |operation: OperationId, node: NodeId| Participation {
        id: ParticipationId(meta.record),
        version: 0,
        changed_at: meta.at,
        operation,
        node,
        joined_at: None,
        declined: None,
        left: None,
        shares: Vec::new(),
        loans: Vec::new(),
        declined_command: None,
    };
    let mut part = match (before, event) {
        (Some(before), _) => before.clone(),
        (
            None,
            ParticipationEvent::Joined { operation, node }
            | ParticipationEvent::Declined {
                operation, node, ..
            },
        ) => new(*operation, *node),
        (None, _) => return None,
    };
    part.version = meta.version;
    part.changed_at = meta.at;
    match event {
        ParticipationEvent::Joined { .. } => {
            part.joined_at = Some(at);
            part.left = None;
            part.declined = None;
        }
        ParticipationEvent::Declined { reason, .. } => part.declined = Some((at, reason.clone())),
        ParticipationEvent::Left { reason } => {
            part.left = Some((at, reason.clone()));
            part.shares.clear();
        }
        ParticipationEvent::Shared {
            record,
            tier,
            with_response,
            until,
        } => {
            part.shares.retain(|share| share.record != *record);
            // A home keeps to its limits; nobody else's word makes more of it.
            if part.shares.len() < limits::SHARES_PER_OPERATION_MAX {
                part.shares.push(Share {
                    record: *record,
                    tier: *tier,
                    with_response: *with_response,
                    until: *until,
                    since: at,
                });
            }
        }
        ParticipationEvent::ShareEnded { record, .. } => {
            part.shares.retain(|share| share.record != *record);
        }
        ParticipationEvent::Lent { unit, to, until } => {
            // One promise of a unit at a time; a longer one takes the place of the shorter.
            part.loans
                .retain(|loan| loan.unit != *unit || !loan.holds(at));
            if part.loans.len() < limits::LOANS_PER_OPERATION_MAX {
                part.loans.push(Loan {
                    unit: *unit,
                    to: *to,
                    since: at,
                    until: *until,
                    ended_at: None,
                });
            }
        }
        ParticipationEvent::LoanEnded { unit, .. } => {
            for loan in &mut part.loans {
                if loan.unit == *unit && loan.ended_at.is_none() {
                    loan.ended_at = Some(at);
                }
            }
        }
        ParticipationEvent::CommandDeclined { version } => part.declined_command = Some(*version),
    }
    Some(part)
}
