//! An operation (合成作战): a joint activity of several agencies, and the scope of all sharing.
//!
//! One node leads; only it writes this record, in a feed of its own (the command feed), so that whoever is
//! invited can read what it is for before it takes part. Who is a member is never decided by one side: the
//! lead says so here *and* the node says so in its own [`participation`](super::participation). Two facts
//! with one writer each leave nothing to resolve after a cut. Command is handed over by offer and take; an
//! offer freezes the record, and nobody takes it back alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use watchfire_feed::{Head, NodeId};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, OperationId, Personal, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// An operation as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name, made of its genesis.
    pub id: OperationId,
    /// How many events made it, those of earlier leads included.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What it was raised for; never changes.
    pub genesis: Genesis,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The node that leads.
    pub lead: NodeId,
    /// Where it is in its life. "Forming" is no state: it follows from nobody having joined yet.
    pub state: OperationState,
    /// Whom the lead has called in, the lead itself among them.
    pub members: BTreeMap<NodeId, Membership>,
    /// What is to be reached, in order.
    pub objectives: Vec<Objective>,
    /// The node that command was offered to; nothing else is written while an offer is open.
    pub offered_to: Option<NodeId>,
    /// The lead that it was taken over from, and at which version.
    pub taken_from: Option<(NodeId, u64)>,
}

/// What an operation was raised for: its id is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// The node that raised it.
    pub founder: NodeId,
    /// What people call it.
    pub name: Line,
    /// What it is for.
    pub purpose: Line,
    /// On what legal basis agencies share in it.
    pub legal_basis: Line,
    /// How what is shared in it may be handled.
    pub handling: Handling,
    /// What late joiners get.
    pub history: History,
    /// True if it is an exercise.
    pub exercise: bool,
    /// The operation that it goes on for, if its lead was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeds: Option<OperationId>,
    /// Random, so that two of the same words are two.
    pub nonce: OperationId,
}

/// How what is shared may be handled (the codes of Europol's SIENA, as machines can check them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// H0: for police use, to prevent and combat crime.
    PoliceUse,
    /// H1: not as evidence in court without permission of who gave it.
    NotAsEvidence,
    /// H2: not passed on without permission of who gave it.
    NoOnwardSharing,
}

impl Handling {
    /// All of them.
    pub const ALL: [Handling; 3] = [
        Handling::PoliceUse,
        Handling::NotAsEvidence,
        Handling::NoOnwardSharing,
    ];

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            Handling::PoliceUse => Text::new("police use", "警务使用"),
            Handling::NotAsEvidence => {
                Text::new("not as evidence without permission", "未经许可不得作为证据")
            }
            Handling::NoOnwardSharing => {
                Text::new("no onward sharing without permission", "未经许可不得转送")
            }
        }
    }

    fn code(self) -> u8 {
        match self {
            Handling::PoliceUse => 0,
            Handling::NotAsEvidence => 1,
            Handling::NoOnwardSharing => 2,
        }
    }
}

/// What late joiners get of what was shared before they joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// All of it.
    All,
    /// Only how things stand when they join, and what comes after.
    SinceJoin,
}

/// Where an operation is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum OperationState {
    /// It goes on.
    Active,
    /// Its work is done; members may still finish what they write down.
    StoodDown {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
    },
    /// It is over: nothing more is shared in it.
    Closed {
        /// How it ended.
        outcome: Line,
        /// When.
        at: Timestamp,
    },
}

/// What the lead says of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// What the lead calls it.
    pub name: Line,
    /// What it is to do.
    pub role: Line,
    /// When it was called in.
    pub invited_at: Timestamp,
    /// That it was removed, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
}

/// That a member was removed: what it wrote up to these heads counts, what it wrote later is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When.
    pub at: Timestamp,
    /// The version of the operation that it made.
    pub version: u64,
    /// Why.
    pub reason: Line,
    /// The last entry of each of its feeds that the lead takes.
    pub accepted: Vec<Head>,
}

/// Something to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// What.
    pub text: Line,
    /// When it was, if it was.
    pub reached_at: Option<Timestamp>,
}

impl Genesis {
    /// Returns the id of the operation: the first half of a hash of all that it was raised for.
    pub fn id(&self) -> OperationId {
        let mut hash = Sha256::new();
        hash.update(b"watchfire operation v1\0");
        hash.update(self.founder.0);
        hash.update(self.nonce.0);
        for text in [&self.name, &self.purpose, &self.legal_basis] {
            hash.update((text.as_str().len() as u64).to_be_bytes());
            hash.update(text.as_str());
        }
        let history = match self.history {
            History::All => 0,
            History::SinceJoin => 1,
        };
        hash.update([self.handling.code(), history, u8::from(self.exercise)]);
        hash.update(self.succeeds.map_or([0; 16], |before| before.0));
        let bytes: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        OperationId(id)
    }
}

impl Operation {
    /// Returns true until it is closed.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, OperationState::Closed { .. })
    }

    /// Returns true if the lead counts a node as a member now.
    pub fn names(&self, node: &NodeId) -> bool {
        self.members
            .get(node)
            .is_some_and(|member| member.removed.is_none())
    }
}

impl Life for Operation {
    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn part_of(&self) -> Option<OperationId> {
        Some(self.id)
    }
}

/// What can be asked of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationAction {
    /// Raise one; this node leads it.
    Raise {
        /// What for; founder and nonce are filled in.
        name: Line,
        /// What it is for.
        purpose: Line,
        /// On what legal basis.
        legal_basis: Line,
        /// How what is shared may be handled.
        handling: Handling,
        /// What late joiners get.
        history: History,
        /// True if it is an exercise.
        exercise: bool,
        /// The operation that it goes on for.
        succeeds: Option<OperationId>,
        /// What this node calls itself in it.
        own_name: Line,
    },
    /// Call a peer in.
    Invite {
        /// To which.
        operation: OperationId,
        /// Whom.
        node: NodeId,
        /// What it is to do.
        role: Line,
    },
    /// Remove a member, or raise what is taken of one that was removed.
    Remove {
        /// From which.
        operation: OperationId,
        /// Whom.
        node: NodeId,
        /// Why.
        reason: Line,
    },
    /// Say what is to be reached.
    SetObjective {
        /// Of which.
        operation: OperationId,
        /// Which one, counted from 0; one more than there are adds one.
        number: usize,
        /// What.
        text: Line,
    },
    /// Say that it was reached.
    ReachObjective {
        /// Of which.
        operation: OperationId,
        /// Which one.
        number: usize,
    },
    /// Stand down.
    StandDown {
        /// Which.
        operation: OperationId,
        /// Why.
        reason: Line,
    },
    /// Close it for good.
    Close {
        /// Which.
        operation: OperationId,
        /// How it ended.
        outcome: Line,
    },
    /// Offer command to a member; freezes the record until it takes or declines.
    OfferCommand {
        /// Of which.
        operation: OperationId,
        /// To whom.
        to: NodeId,
    },
    /// Take command that was offered.
    TakeCommand {
        /// Of which.
        operation: OperationId,
    },
    /// Go on leading after the other has declined.
    KeepCommand {
        /// Of which.
        operation: OperationId,
    },
}

impl OperationAction {
    /// Returns the operation it changes.
    pub fn subject(&self) -> Option<OperationId> {
        match self {
            // Taking command begins this node's own record of it.
            OperationAction::Raise { .. } | OperationAction::TakeCommand { .. } => None,
            OperationAction::Invite { operation, .. }
            | OperationAction::Remove { operation, .. }
            | OperationAction::SetObjective { operation, .. }
            | OperationAction::ReachObjective { operation, .. }
            | OperationAction::StandDown { operation, .. }
            | OperationAction::Close { operation, .. }
            | OperationAction::OfferCommand { operation, .. }
            | OperationAction::KeepCommand { operation } => Some(*operation),
        }
    }
}

/// What happened to an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum OperationEvent {
    /// It was raised.
    Raised {
        /// What for.
        genesis: Genesis,
        /// What the founder calls itself.
        own_name: Line,
    },
    /// A node was called in.
    Invited {
        /// Whom.
        node: NodeId,
        /// What the lead calls it.
        name: Line,
        /// What it is to do.
        role: Line,
    },
    /// A member was removed.
    Removed {
        /// Whom.
        node: NodeId,
        /// Why.
        reason: Line,
        /// The last entry of each of its feeds that is taken.
        accepted: Vec<Head>,
    },
    /// It was said what is to be reached.
    ObjectiveSet {
        /// Which one.
        number: usize,
        /// What.
        text: Line,
    },
    /// Something was reached.
    ObjectiveReached {
        /// Which one.
        number: usize,
    },
    /// It stood down.
    StoodDown {
        /// Why.
        reason: Line,
    },
    /// It was closed.
    Closed {
        /// How it ended.
        outcome: Line,
    },
    /// Command was offered.
    CommandOffered {
        /// To whom.
        to: NodeId,
    },
    /// Command was taken: the record goes on in the new lead's feed, as it stood in the old one's.
    CommandTaken {
        /// As it stood when it was offered.
        operation: Box<Operation>,
        /// The new lead.
        lead: NodeId,
    },
    /// The offer was declined; the lead goes on.
    CommandKept,
}

impl OperationEvent {
    /// Returns the operation as the lead before left it, if the event is that command was taken.
    pub(crate) fn taken(event: &Event) -> Option<&Operation> {
        let Event::Operation(OperationEvent::CommandTaken { operation, .. }) = event else {
            return None;
        };
        Some(operation)
    }
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 10] = [
    "raised",
    "invited",
    "removed",
    "objective_set",
    "objective_reached",
    "stood_down",
    "closed",
    "command_offered",
    "command_taken",
    "command_kept",
];

pub(super) fn decide(
    board: &Board,
    action: &OperationAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        OperationAction::Raise { .. } => raise(board, action, context),
        OperationAction::TakeCommand { operation } => take_command(board, context, *operation),
        OperationAction::KeepCommand { operation } => {
            let found = board.operation(*operation)?;
            let declined = found.offered_to.is_some_and(|to| {
                let part = board.participation_of(*operation, to);
                part.is_some_and(|part| part.declined_command == Some(found.version))
            });
            if !declined {
                return Err(wrong_state(
                    Text::new(
                        "offered to another, who has not declined",
                        "已提出移交，对方尚未拒绝",
                    ),
                    Text::new("Ask them to decline.", "请对方先拒绝接受。"),
                ));
            }
            one(*operation, OperationEvent::CommandKept)
        }
        OperationAction::Invite { .. }
        | OperationAction::Remove { .. }
        | OperationAction::SetObjective { .. }
        | OperationAction::ReachObjective { .. }
        | OperationAction::StandDown { .. }
        | OperationAction::Close { .. }
        | OperationAction::OfferCommand { .. } => lead_on(board, action, context),
    }
}

fn raise(
    board: &Board,
    action: &OperationAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let OperationAction::Raise {
        name,
        purpose,
        legal_basis,
        handling,
        history,
        exercise,
        succeeds,
        own_name,
    } = action
    else {
        return Err(Refusal::NotFound(RecordKind::Operation));
    };
    if board
        .operations
        .values()
        .filter(|one| one.is_open())
        .count()
        >= limits::OPERATIONS_OPEN_MAX
    {
        return Err(Refusal::Limit {
            what: Text::new("open operations", "进行中的行动"),
            max: limits::OPERATIONS_OPEN_MAX,
        });
    }
    if let Some(before) = succeeds {
        board.operation_anywhere(*before)?;
    }
    let genesis = Genesis {
        founder: context.node,
        name: name.clone(),
        purpose: purpose.clone(),
        legal_basis: legal_basis.clone(),
        handling: *handling,
        history: *history,
        exercise: *exercise,
        succeeds: *succeeds,
        nonce: OperationId(context.entropy.next_16()),
    };
    let id = genesis.id();
    let own_name = own_name.clone();
    let raised = OperationEvent::Raised { genesis, own_name };
    let joined = super::participation::join(context.node, id);
    Ok(vec![happened(id, raised), joined])
}

/// Raises an exercise with the terms of another operation, and calls these agencies in with what they do there. Returns its id.
pub(super) fn raise_exercise_of(
    board: &Board,
    context: &mut Context<'_>,
    of: &Operation,
    (name, own_name): (&Line, &Line),
    agencies: &BTreeSet<NodeId>,
) -> Result<(OperationId, Vec<Happened>), Refusal> {
    let action = OperationAction::Raise {
        name: name.clone(),
        purpose: of.genesis.purpose.clone(),
        legal_basis: of.genesis.legal_basis.clone(),
        handling: of.genesis.handling,
        history: of.genesis.history,
        exercise: true,
        succeeds: None,
        own_name: own_name.clone(),
    };
    let mut all = raise(board, &action, context)?;
    let id = OperationId(all[0].record.id);
    for node in agencies {
        let member = of.members.get(node).ok_or(Refusal::NotAMember)?;
        let invited = OperationEvent::Invited {
            node: *node,
            name: member.name.clone(),
            role: member.role.clone(),
        };
        all.push(happened(id, invited));
    }
    Ok((id, all))
}

/// What only the lead may do, while no offer of command is open.
fn lead_on(
    board: &Board,
    action: &OperationAction,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let id = action.subject().unwrap_or(OperationId([0; 16]));
    let found = board.leading(id)?;
    if let OperationState::Closed { .. } = found.state {
        return Err(wrong_state(
            Text::new("closed", "已结束"),
            Text::new("Raise another that goes on for it.", "请另行发起接续行动。"),
        ));
    }
    let event = match action {
        OperationAction::Invite { node, role, .. } => invite(board, found, *node, role)?,
        OperationAction::Remove { node, reason, .. } => {
            remove(board, found, context, *node, reason)?
        }
        OperationAction::SetObjective { number, text, .. } => {
            let max = limits::OBJECTIVES_PER_OPERATION_MAX;
            if *number > found.objectives.len() || *number >= max {
                let what = Text::new("objectives of an operation", "每次行动的目标");
                return Err(Refusal::Limit { what, max });
            }
            OperationEvent::ObjectiveSet {
                number: *number,
                text: text.clone(),
            }
        }
        OperationAction::ReachObjective { number, .. } => {
            let objective = found.objectives.get(*number);
            if objective.is_none_or(|objective| objective.reached_at.is_some()) {
                return Err(wrong_state(
                    Text::new(
                        "without such an objective, or it is reached",
                        "没有该目标或目标已达成",
                    ),
                    Text::new("Nothing needs doing.", "无需操作。"),
                ));
            }
            OperationEvent::ObjectiveReached { number: *number }
        }
        OperationAction::StandDown { reason, .. } => {
            if found.state != OperationState::Active {
                return Err(wrong_state(
                    Text::new("stood down", "已解除"),
                    Text::new("Nothing needs doing.", "无需操作。"),
                ));
            }
            OperationEvent::StoodDown {
                reason: reason.clone(),
            }
        }
        OperationAction::Close { outcome, .. } => OperationEvent::Closed {
            outcome: outcome.clone(),
        },
        OperationAction::OfferCommand { to, .. } => {
            if *to == context.node || !board.is_member(id, to) {
                return Err(Refusal::NotAMember);
            }
            OperationEvent::CommandOffered { to: *to }
        }
        OperationAction::Raise { .. }
        | OperationAction::TakeCommand { .. }
        | OperationAction::KeepCommand { .. } => {
            return Err(Refusal::NotFound(RecordKind::Operation));
        }
    };
    one(id, event)
}

fn invite(
    board: &Board,
    found: &Operation,
    node: NodeId,
    role: &Line,
) -> Result<OperationEvent, Refusal> {
    let peer = board.peer(super::peer::Peer::id_of(&node))?;
    if !peer.is_let_in() {
        return Err(Refusal::WrongState {
            kind: RecordKind::Peer,
            state: Text::new("shut out", "已断开"),
            instead: Text::new("Let it in first.", "请先恢复接通。"),
        });
    }
    if found.names(&node) {
        return Err(Refusal::Taken {
            kind: RecordKind::Peer,
            name: peer.name.to_string(),
        });
    }
    if found.members.len() >= limits::MEMBERS_PER_OPERATION_MAX {
        return Err(Refusal::Limit {
            what: Text::new("members of an operation", "每次行动的成员"),
            max: limits::MEMBERS_PER_OPERATION_MAX,
        });
    }
    Ok(OperationEvent::Invited {
        node,
        name: peer.name.clone(),
        role: role.clone(),
    })
}

fn remove(
    board: &Board,
    found: &Operation,
    context: &Context<'_>,
    node: NodeId,
    reason: &Line,
) -> Result<OperationEvent, Refusal> {
    if node == context.node || !found.members.contains_key(&node) {
        return Err(Refusal::NotAMember);
    }
    let accepted = board.copies.heads_in(found.id, &node);
    let again = found
        .members
        .get(&node)
        .and_then(|one| one.removed.as_ref());
    if again.is_some_and(|removal| removal.accepted == accepted) {
        return Err(wrong_state(
            Text::new("without that member already", "该成员已移出"),
            Text::new("Nothing needs doing.", "无需操作。"),
        ));
    }
    Ok(OperationEvent::Removed {
        node,
        reason: reason.clone(),
        accepted,
    })
}

fn take_command(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
) -> Result<Vec<Happened>, Refusal> {
    let found = board.operation_anywhere(operation)?;
    if found.offered_to != Some(context.node) {
        return Err(wrong_state(
            Text::new("not offered to this node", "未向本节点提出移交"),
            Text::new("Ask its lead to offer command.", "请由牵头单位提出移交。"),
        ));
    }
    // Its lead goes on as soon as it hears of the no: after that there would be two.
    let part = board.participation_of(operation, context.node);
    if part.is_some_and(|part| part.declined_command == Some(found.version)) {
        return Err(wrong_state(
            Text::new("declined by this node", "本节点已拒绝接受指挥权"),
            Text::new(
                "Ask its lead to offer command again.",
                "请由牵头单位重新提出移交。",
            ),
        ));
    }
    let mut stood = found.clone();
    stood.offered_to = None;
    one(
        operation,
        OperationEvent::CommandTaken {
            operation: Box::new(stood),
            lead: context.node,
        },
    )
}

fn wrong_state(state: Text, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Operation,
        state,
        instead,
    }
}

fn happened(operation: OperationId, event: OperationEvent) -> Happened {
    Happened::within(operation, operation, Event::Operation(event))
}

fn one(operation: OperationId, event: OperationEvent) -> Result<Vec<Happened>, Refusal> {
    Ok(vec![happened(operation, event)])
}

fn raised(genesis: &Genesis, own_name: &Line, meta: &Meta) -> Option<Operation> {
    let id = OperationId(meta.record);
    // An id that is not made of what it is said to be for is nobody's operation.
    if genesis.id() != id {
        return None;
    }
    let lead = Membership {
        name: own_name.clone(),
        role: genesis.name.clone(),
        invited_at: meta.happened_at,
        removed: None,
    };
    Some(Operation {
        id,
        version: meta.version,
        changed_at: meta.at,
        genesis: genesis.clone(),
        raised_at: meta.happened_at,
        lead: genesis.founder,
        state: OperationState::Active,
        members: BTreeMap::from([(genesis.founder, lead)]),
        objectives: Vec::new(),
        offered_to: None,
        taken_from: None,
    })
}

pub(super) fn apply(
    before: Option<&Operation>,
    event: &OperationEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Operation> {
    let at = meta.happened_at;
    let mut operation = match (event, before) {
        (OperationEvent::Raised { genesis, own_name }, None) => {
            return raised(genesis, own_name, meta);
        }
        (OperationEvent::CommandTaken { operation, lead }, _) => {
            let mut taken = operation.as_ref().clone();
            if taken.id.0 != meta.record || taken.genesis.id() != taken.id {
                return before.cloned();
            }
            taken.taken_from = Some((taken.lead, taken.version));
            taken.lead = *lead;
            taken.offered_to = None;
            taken
        }
        (_, before) => before?.clone(),
    };
    operation.version = meta.version;
    operation.changed_at = meta.at;
    match event {
        OperationEvent::Raised { .. } | OperationEvent::CommandTaken { .. } => {}
        OperationEvent::Invited { node, name, role } => {
            let member = Membership {
                name: name.clone(),
                role: role.clone(),
                invited_at: at,
                removed: None,
            };
            // A home keeps to its limits; nobody else's word makes more of it.
            if operation.members.len() < limits::MEMBERS_PER_OPERATION_MAX
                || operation.members.contains_key(node)
            {
                operation.members.insert(*node, member);
            }
        }
        OperationEvent::Removed {
            node,
            reason,
            accepted,
        } => {
            if let Some(member) = operation.members.get_mut(node) {
                member.removed = Some(Removal {
                    at,
                    version: meta.version,
                    reason: reason.clone(),
                    accepted: accepted.clone(),
                });
            }
        }
        OperationEvent::ObjectiveSet { number, text } => {
            let objective = Objective {
                text: text.clone(),
                reached_at: None,
            };
            let room = operation.objectives.len() < limits::OBJECTIVES_PER_OPERATION_MAX;
            match operation.objectives.get_mut(*number) {
                Some(there) => *there = objective,
                None if room => operation.objectives.push(objective),
                None => {}
            }
        }
        OperationEvent::ObjectiveReached { number } => {
            if let Some(there) = operation.objectives.get_mut(*number) {
                there.reached_at = Some(at);
            }
        }
        OperationEvent::StoodDown { reason } => {
            let reason = reason.clone();
            operation.state = OperationState::StoodDown { reason, at };
        }
        OperationEvent::Closed { outcome } => {
            let outcome = outcome.clone();
            operation.state = OperationState::Closed { outcome, at };
        }
        OperationEvent::CommandOffered { to } => operation.offered_to = Some(*to),
        OperationEvent::CommandKept => operation.offered_to = None,
    }
    Some(operation)
}
