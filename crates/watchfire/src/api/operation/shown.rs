//! An operation as it is shown: who takes part, what is shared and how fresh it is here, what was said, asked and
//! answered, and how far each thing has come to each member: durable here, at their node, on a screen, signed.
//!
//! Everything is derived from this node's board, the copies and the lines at the moment of asking. Start at [`shown`].

mod talk;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{OperationId, Text, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::incident::Incident;
use watchfire_core::record::operation::{Operation, OperationState};
use watchfire_core::record::participation::{Loan, Participation, Share, Tier};
use watchfire_core::record::reply::Reply;
use watchfire_core::record::unit::Unit;
use watchfire_core::record::{Elsewhere, Record, RecordKind, RecordRef};
use watchfire_feed::NodeId;

use super::HandlingView;
use crate::api::directive::{self, DirectiveView};
use crate::api::peer::{LineState, LineView};
use crate::api::planned_action;
use crate::api::view::{self, AssignmentView, IncidentView, TextView, UnitView};
use crate::node::Node;

/// Changes listed of what came while a line was cut.
const CHANGES_MAX: usize = 20;

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperationView {
    /// Its id.
    pub(super) id: String,
    /// Its version.
    pub(super) version: u64,
    /// What people call it.
    name: String,
    /// What it is for.
    purpose: String,
    /// On what legal basis agencies share in it.
    legal_basis: String,
    /// How what is shared in it may be handled.
    handling: HandlingView,
    /// The same in words.
    handling_label: TextView,
    /// True if late joiners get only what comes after they joined.
    history_since_join: bool,
    /// True if it is an exercise.
    exercise: bool,
    /// The operation that it goes on for.
    succeeds: Option<String>,
    /// Where it is in its life.
    status: OperationStatus,
    /// Why it stood down, or how it ended.
    ending: Option<String>,
    /// When it was raised.
    raised_at: String,
    /// The node that leads.
    lead: String,
    /// What people call it.
    lead_name: String,
    /// The member that command was offered to and has not taken or declined it.
    offered_to: Option<String>,
    /// What this node is in it.
    own: OwnView,
    /// Whom the lead has called in, the lead first.
    members: Vec<MemberView>,
    /// What is to be reached.
    objectives: Vec<ObjectiveView>,
    /// The incidents that are shared, each home's own.
    incidents: Vec<SharedIncidentView>,
    /// The units that are shared, by name or as the response of an incident.
    units: Vec<SharedUnitView>,
    /// The directives that are given in it, newest first: this node's own, and those of others.
    directives: Vec<DirectiveView>,
    /// Changes whenever anything of its planned action does, if it has one.
    planned_mark: Option<String>,
    /// True while nobody but the lead is to speak: a planned action waits for go.
    silent: bool,
    /// Since when a team of it needs help, if this node leads and one said so last.
    help_asked_at: Option<String>,
    /// What was asked of one home by another.
    asks: Vec<AskView>,
    /// What was said and what happened, newest first.
    log: Vec<LogLineView>,
}

/// Where an operation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    /// Nobody but the lead takes part yet.
    Forming,
    /// It goes on.
    Active,
    /// Its work is done.
    StoodDown,
    /// It is over.
    Closed,
}

/// What this node is in an operation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnView {
    /// Its id.
    node: String,
    /// True if it leads.
    leads: bool,
    /// True if it takes part.
    member: bool,
    /// True if it was called in and has not answered.
    invited: bool,
    /// True if command was offered to it.
    offered_command: bool,
}

/// A member, as the lead and itself say.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MemberView {
    /// Its node.
    node: String,
    /// What people call it.
    name: String,
    /// What it is to do.
    role: String,
    /// True if it is this node.
    own: bool,
    /// True if it leads.
    leads: bool,
    /// What it is.
    status: MemberStatus,
    /// Since when.
    since: String,
    /// Why, if it declined, left or was removed.
    reason: Option<String>,
    /// How the line to it is; of this node itself none.
    line: Option<LineView>,
    /// What came while the line was cut, if it came back lately.
    healed: Option<HealedView>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Called in, and has not answered.
    Invited,
    /// Takes part.
    Member,
    /// Said no.
    Declined,
    /// Left.
    Left,
    /// Was removed.
    Removed,
}

/// What came while a line was cut.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HealedView {
    /// Since when it had been cut.
    cut_at: String,
    /// When it came back.
    healed_at: String,
    /// How many records of that member changed meanwhile.
    count: usize,
    /// What changed, newest first, the first few.
    changes: Vec<TextView>,
}

/// Something to be reached.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ObjectiveView {
    /// What.
    text: String,
    /// When it was.
    reached_at: Option<String>,
}

/// How something is shared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShareView {
    /// True if its home may be asked to do something with it.
    assist: bool,
    /// True if it is shared by its own name, not as the response of an incident.
    by_name: bool,
    /// Until when.
    until: Option<String>,
    /// Since when.
    since: String,
}

/// How fresh something of another home is here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FreshView {
    /// As of when it is, if its home cannot be reached: when that was heard last.
    as_of: Option<String>,
    /// True if its home cannot be reached, so that it may be old.
    stale: bool,
    /// True if a newer program said something of it that is not understood here.
    needs_upgrade: bool,
}

/// How far something has come to one member.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The member.
    node: String,
    /// What people call it.
    name: String,
    /// True if it is durable at their node, as it stands now.
    at_node: bool,
    /// When a screen there showed it.
    shown_at: Option<String>,
    /// When a person there signed for it.
    signed_at: Option<String>,
    /// When it was erased there, too, if it was erased here.
    erased_at: Option<String>,
}

/// An incident that is shared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SharedIncidentView {
    /// Its home.
    node: String,
    /// What people call it.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// The incident.
    incident: IncidentView,
    /// Its notes, oldest first.
    notes: Vec<SharedNoteView>,
    /// Its assignments, with the units' call signs.
    response: Vec<ResponseView>,
    /// How it is shared; nothing if it is no longer.
    share: Option<ShareView>,
    /// How fresh it is here; nothing of one's own.
    fresh: Option<FreshView>,
    /// How far it has come to the others, if it is this node's own.
    delivery: Vec<DeliveryView>,
    /// That this node has shown it and signed for it, if it is another's.
    reply: Option<ReplyView>,
}

/// A note on a shared incident.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SharedNoteView {
    /// When.
    at: String,
    /// The text, if it may be read.
    text: Option<String>,
}

/// An assignment on a shared incident.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResponseView {
    /// The unit's call sign.
    callsign: String,
    /// The assignment.
    assignment: AssignmentView,
}

/// That this node has shown and signed for a record of another home.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReplyView {
    /// True if a screen here has shown it as it stands now.
    shown: bool,
    /// When a person here signed for it as it stands now.
    signed_at: Option<String>,
}

/// A unit that is shared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SharedUnitView {
    /// Its home.
    node: String,
    /// What people call it.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// The unit.
    unit: UnitView,
    /// How it is shared.
    share: ShareView,
    /// How fresh it is here; nothing of one's own.
    fresh: Option<FreshView>,
    /// To whom it is lent, if it is.
    loan: Option<LoanView>,
}

/// A loan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LoanView {
    /// To whom.
    node: String,
    /// What people call it.
    name: String,
    /// Until when.
    until: String,
}

/// An ask.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AskView {
    /// The message.
    message: String,
    /// Who asks.
    node: String,
    /// What people call it.
    name: String,
    /// True if this node asks.
    own: bool,
    /// True if this node is asked.
    for_us: bool,
    /// Who is asked.
    of_node: String,
    /// What people call it.
    of_name: String,
    /// What is asked, in words.
    what: TextView,
    /// The record asked for.
    record: String,
    /// The asker's incident, for one that a unit is to be sent to.
    incident: Option<String>,
    /// What goes with it.
    text: Option<String>,
    /// When.
    sent_at: String,
    /// After this it need not be thought about any more.
    expires_at: String,
    /// True if it was asked within a loan, so that its home is bound.
    within_loan: bool,
    /// True if nobody has said yes, and no loan has: it is a wish until its home answers.
    provisional: bool,
    /// How it stands.
    status: AskStatus,
    /// Why, if the answer said.
    reason: Option<String>,
    /// When it was answered.
    answered_at: Option<String>,
    /// How far it has come to whom it is for, if this node asks.
    delivery: Vec<DeliveryView>,
}

/// How an ask stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskStatus {
    /// Nobody has answered.
    Waiting,
    /// Its home has done it.
    Accepted,
    /// Its home said no.
    Refused,
    /// Its home could not keep what it had promised.
    Clash,
    /// Its time is over.
    Expired,
    /// Whoever asked has taken it back.
    Withdrawn,
}

/// A line of an operation's log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LogLineView {
    /// When.
    at: String,
    /// Whose.
    node: String,
    /// What people call it.
    name: String,
    /// What happened, in words; nothing if somebody said something.
    what: Option<TextView>,
    /// What was said.
    text: Option<String>,
    /// Why it was said during the silence before a planned action's go, if it was.
    broke_silence: Option<String>,
    /// The message, if it is one.
    message: Option<String>,
    /// How far it has come to the others, if this node said it.
    delivery: Vec<DeliveryView>,
    /// That this node has shown it and signed for it, if another said it.
    reply: Option<ReplyView>,
}

/// Shows an operation; nothing if this node knows none of that id.
pub(crate) fn shown(node: &Node, id: OperationId, personal: bool) -> Option<OperationView> {
    let board = node.board();
    let scene = scene(node, &board, id, node.now(), personal)?;
    Some(scene.operation())
}

/// Shows an operation as it was on this node's board at a moment: what each home had told by then, and had arrived.
pub(crate) fn on_board(
    node: &Node,
    board: &Board,
    id: OperationId,
    now: Timestamp,
    personal: bool,
) -> Option<OperationView> {
    let past = Scene {
        live: false,
        ..scene(node, board, id, now, personal)?
    };
    Some(past.operation())
}

/// Shows how far a record of this node has come to each other member of an operation.
pub(crate) fn delivery_of(
    node: &Node,
    board: &Board,
    id: OperationId,
    record: RecordRef,
) -> Vec<DeliveryView> {
    let scene = scene(node, board, id, node.now(), false);
    scene.map_or_else(Vec::new, |scene| scene.delivery(record, None))
}

impl DeliveryView {
    /// Returns the member that it is about.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }
}

fn scene<'a>(
    node: &'a Node,
    board: &'a Board,
    id: OperationId,
    now: Timestamp,
    personal: bool,
) -> Option<Scene<'a>> {
    Some(Scene {
        node,
        board,
        own: node.feed().node,
        found: board.operation_anywhere(id).ok()?,
        now,
        personal,
        live: true,
    })
}

struct Scene<'a> {
    node: &'a Node,
    board: &'a Board,
    own: NodeId,
    found: &'a Operation,
    now: Timestamp,
    personal: bool,
    /// False of an earlier moment: how the lines are now has nothing to do with it.
    live: bool,
}

impl Scene<'_> {
    fn operation(&self) -> OperationView {
        let found = self.found;
        let genesis = &found.genesis;
        let others = found.members.keys().filter(|node| **node != found.lead);
        let joined = others
            .filter(|node| self.board.is_member(found.id, node))
            .count();
        let planned = planned_action::marked(self.board, self.own, found.id);
        let (status, ending) = match &found.state {
            OperationState::Active if joined == 0 => (OperationStatus::Forming, None),
            OperationState::Active => (OperationStatus::Active, None),
            OperationState::StoodDown { reason, .. } => (OperationStatus::StoodDown, Some(reason)),
            OperationState::Closed { outcome, .. } => (OperationStatus::Closed, Some(outcome)),
        };
        OperationView {
            id: found.id.to_string(),
            version: found.version,
            name: genesis.name.to_string(),
            purpose: genesis.purpose.to_string(),
            legal_basis: genesis.legal_basis.to_string(),
            handling: genesis.handling.into(),
            handling_label: genesis.handling.label().into(),
            history_since_join: genesis.history
                == watchfire_core::record::operation::History::SinceJoin,
            exercise: genesis.exercise,
            succeeds: genesis.succeeds.map(|before| before.to_string()),
            status,
            ending: ending.map(ToString::to_string),
            raised_at: view::time(found.raised_at),
            lead: found.lead.to_string(),
            lead_name: self.board.name_of(&found.lead),
            offered_to: found.offered_to.map(|to| to.to_string()),
            own: self.own_part(),
            members: self.members(),
            objectives: found
                .objectives
                .iter()
                .map(|one| ObjectiveView {
                    text: one.text.to_string(),
                    reached_at: view::maybe_time(one.reached_at),
                })
                .collect(),
            incidents: self.incidents(),
            units: self.units(),
            directives: self.directives(),
            planned_mark: planned.mark,
            silent: planned.silent,
            help_asked_at: planned.help_asked_at.map(view::time),
            asks: self.asks(),
            log: self.log(),
        }
    }

    /// Those that still count: what a home shares no longer is not its word any more.
    fn directives(&self) -> Vec<DirectiveView> {
        let mut all = Vec::new();
        for (node, board) in self.boards() {
            let within = board.directives.values().filter(|one| {
                one.details.operation == Some(self.found.id)
                    && self.share(board, &node, one.id.into()).is_some()
            });
            for one in within {
                let reached = self.delivery(one.id.into(), None);
                let delivered = |to: &NodeId| {
                    let to = to.to_string();
                    reached.iter().any(|step| step.node == to && step.at_node)
                };
                all.push(directive::shown_of(
                    self.board,
                    one,
                    node,
                    self.own,
                    self.now,
                    self.personal,
                    &delivered,
                ));
            }
        }
        all.sort_by(|a, b| b.drafted.at.cmp(&a.drafted.at));
        all
    }

    fn own_part(&self) -> OwnView {
        let part = self.board.participation_of(self.found.id, self.own);
        let member = self.board.is_member(self.found.id, &self.own);
        let answered = part.is_some_and(|part| part.declined.is_some() || part.left.is_some());
        OwnView {
            node: self.own.to_string(),
            leads: self.found.lead == self.own,
            member,
            invited: self.found.names(&self.own) && !member && !answered && self.found.is_open(),
            offered_command: self.found.offered_to == Some(self.own),
        }
    }

    fn members(&self) -> Vec<MemberView> {
        let mut members: Vec<&NodeId> = self.found.members.keys().collect();
        members.sort_by_key(|node| {
            (
                **node != self.found.lead,
                self.found.members[*node].invited_at,
            )
        });
        members.into_iter().map(|node| self.member(node)).collect()
    }

    fn member(&self, node: &NodeId) -> MemberView {
        let membership = &self.found.members[node];
        let part = self.board.participation_of(self.found.id, *node);
        let (status, since, reason) = match (&membership.removed, part) {
            (Some(removal), _) => (MemberStatus::Removed, removal.at, Some(&removal.reason)),
            (None, Some(part)) => standing(part, membership.invited_at),
            (None, None) if self.found.lead == *node => {
                (MemberStatus::Member, self.found.raised_at, None)
            }
            (None, None) => (MemberStatus::Invited, membership.invited_at, None),
        };
        let own = *node == self.own;
        MemberView {
            node: node.to_string(),
            name: self.board.name_of_in(node, self.found),
            role: membership.role.to_string(),
            own,
            leads: self.found.lead == *node,
            status,
            since: view::time(since),
            reason: reason.map(ToString::to_string),
            line: (!own && self.live)
                .then(|| LineView::of(&self.node.federation().links().get(node))),
            healed: self.healed(node),
        }
    }

    /// What came of a member while the line to it was cut, told once and together: old news wakes nobody.
    fn healed(&self, node: &NodeId) -> Option<HealedView> {
        let link = self.node.federation().links().get(node);
        let (healed_at, cut_at) = link.healed.filter(|_| self.live)?;
        let board = self.board.copies.boards.get(node)?;
        let within = |record: &Record| {
            let at = record.changed_at();
            at >= cut_at && at <= healed_at && self.concerns(board, node, record)
        };
        let mut changed: Vec<Record> = board.records().filter(within).collect();
        changed.sort_by_key(|record| std::cmp::Reverse(record.changed_at()));
        Some(HealedView {
            cut_at: view::time(cut_at),
            healed_at: view::time(healed_at),
            count: changed.len(),
            changes: changed
                .iter()
                .take(CHANGES_MAX)
                .map(|record| said_of(board, record).into())
                .collect(),
        })
    }

    fn concerns(&self, board: &Board, node: &NodeId, record: &Record) -> bool {
        match record.part_of() {
            Some(operation) => operation == self.found.id,
            None => self.share(board, node, record.reference()).is_some(),
        }
    }

    /// Returns every member's board, with this node's own under its own id.
    fn boards(&self) -> Vec<(NodeId, &Board)> {
        let mut boards = vec![(self.own, self.board)];
        for node in self.found.members.keys().filter(|node| **node != self.own) {
            if let Some(board) = self.board.copies.boards.get(node) {
                boards.push((*node, board));
            }
        }
        boards
    }

    fn share<'a>(&'a self, board: &Board, node: &NodeId, record: RecordRef) -> Option<&'a Share> {
        let part = self.board.participation_of(self.found.id, *node)?;
        board.share_covering(part, record, self.now)
    }

    fn share_view(&self, share: &Share, record: RecordRef) -> ShareView {
        ShareView {
            assist: share.tier == Tier::Assist,
            by_name: share.record == record,
            until: view::maybe_time(share.until),
            since: view::time(share.since),
        }
    }

    fn fresh(&self, node: &NodeId, record: [u8; 16]) -> Option<FreshView> {
        if *node == self.own || !self.live {
            return None;
        }
        let link = self.node.federation().links().get(node);
        let line = LineView::of(&link);
        let stale = line.state != LineState::Up;
        Some(FreshView {
            as_of: line.heard_at.filter(|_| stale),
            stale,
            needs_upgrade: self.board.copies.newer.contains(&(*node, record)),
        })
    }

    fn incidents(&self) -> Vec<SharedIncidentView> {
        let mut all = Vec::new();
        for (node, board) in self.boards() {
            for incident in board.incidents.values() {
                let share = self.share(board, &node, incident.id.into());
                // What was shared and is no longer stays in sight for as long as it is here, and says so.
                if share.is_some() || node != self.own {
                    all.push((
                        incident.opened_at,
                        self.incident(node, board, incident, share),
                    ));
                }
            }
        }
        all.sort_by_key(|(opened_at, one)| (one.share.is_none(), *opened_at));
        all.into_iter().map(|(_, one)| one).collect()
    }

    fn incident(
        &self,
        node: NodeId,
        board: &Board,
        incident: &Incident,
        share: Option<&Share>,
    ) -> SharedIncidentView {
        let record = RecordRef::from(incident.id);
        let of = Elsewhere { node, record };
        let own = node == self.own;
        let note = |note: &watchfire_core::record::incident::Note| SharedNoteView {
            at: view::time(note.at),
            text: note
                .text
                .as_ref()
                .filter(|_| self.personal)
                .map(|text| text.as_str().to_owned()),
        };
        let response = board.assignments_of(incident.id).map(|one| ResponseView {
            callsign: callsign(board, one.unit),
            assignment: view::assignment(board, one, self.node),
        });
        SharedIncidentView {
            node: node.to_string(),
            home_name: self.board.name_of_in(&node, self.found),
            own,
            incident: view::incident(board, incident, self.node),
            notes: incident.notes.iter().map(note).collect(),
            response: response.collect(),
            share: share.map(|share| self.share_view(share, record)),
            fresh: self.fresh(&node, incident.id.0),
            delivery: if own {
                self.delivery(record, None)
            } else {
                Vec::new()
            },
            reply: (!own).then(|| self.reply(&of, incident.version)),
        }
    }

    fn units(&self) -> Vec<SharedUnitView> {
        let mut all = Vec::new();
        for (node, board) in self.boards() {
            for unit in board.units.values() {
                if let Some(share) = self.share(board, &node, unit.id.into()) {
                    all.push(self.unit(node, board, unit, share));
                }
            }
        }
        all
    }

    fn unit(&self, node: NodeId, board: &Board, unit: &Unit, share: &Share) -> SharedUnitView {
        let own = node == self.own;
        let position = match own {
            true => self.node.positions().get_with_area(unit.id),
            false => None,
        };
        let part = self.board.participation_of(self.found.id, node);
        let loan = part.and_then(|part| part.loan_of(unit.id, self.now));
        SharedUnitView {
            node: node.to_string(),
            home_name: self.board.name_of_in(&node, self.found),
            own,
            unit: view::unit(board, unit, position),
            share: self.share_view(share, unit.id.into()),
            fresh: self.fresh(&node, unit.id.0),
            loan: loan.map(|loan: &Loan| LoanView {
                node: loan.to.to_string(),
                name: self.board.name_of_in(&loan.to, self.found),
                until: view::time(loan.until),
            }),
        }
    }

    /// How far a record of this node has come to each other member, or to one.
    fn delivery(&self, record: RecordRef, only: Option<NodeId>) -> Vec<DeliveryView> {
        let told = self.board.copies.told.get(&(self.found.id, record));
        let of = Elsewhere {
            node: self.own,
            record,
        };
        let members = self.found.members.keys().filter(|node| **node != self.own);
        let wanted = members.filter(|node| only.is_none_or(|only| only == **node));
        let wanted = wanted.filter(|node| self.found.names(node));
        let step = |node: &NodeId| {
            let links = self.node.federation().links();
            let held = told.map(|told| links.held_by(node, told.head.feed));
            let held = held.filter(|_| self.live);
            let theirs = self.board.copies.boards.get(node);
            let reply = theirs.and_then(|board| board.replies.get(&Reply::id_of(node, &of)));
            let shown = reply.and_then(|reply| reply.shown);
            let signed = reply.and_then(|reply| reply.signed);
            let is_newest =
                |(seen, _): (u64, Timestamp)| told.is_none_or(|told| seen >= told.version);
            let arrived = told.is_some_and(|told| held.unwrap_or(0) >= told.head.seq);
            DeliveryView {
                node: node.to_string(),
                name: self.board.name_of_in(node, self.found),
                // Whoever has shown it as it stands has it, whatever the line says now.
                at_node: arrived || shown.is_some_and(is_newest),
                shown_at: shown.map(|(_, at)| view::time(at)),
                signed_at: signed.map(|(_, at, _)| view::time(at)),
                erased_at: view::maybe_time(reply.and_then(|reply| reply.erased_at)),
            }
        };
        wanted.map(step).collect()
    }

    fn reply(&self, of: &Elsewhere, version: u64) -> ReplyView {
        let reply = self.board.replies.get(&Reply::id_of(&self.own, of));
        let shown = reply.and_then(|reply| reply.shown);
        let signed = reply.and_then(|reply| reply.signed);
        ReplyView {
            shown: shown.is_some_and(|(seen, _)| seen >= version),
            signed_at: signed
                .filter(|(seen, ..)| *seen >= version)
                .map(|(_, at, _)| view::time(at)),
        }
    }
}

fn standing(
    part: &Participation,
    invited_at: Timestamp,
) -> (
    MemberStatus,
    Timestamp,
    Option<&watchfire_core::basis::Line>,
) {
    match (&part.left, &part.declined, part.joined_at) {
        (Some((at, reason)), _, _) => (MemberStatus::Left, *at, Some(reason)),
        (None, Some((at, reason)), _) => (MemberStatus::Declined, *at, Some(reason)),
        (None, None, Some(at)) => (MemberStatus::Member, at, None),
        (None, None, None) => (MemberStatus::Invited, invited_at, None),
    }
}

fn callsign(board: &Board, unit: UnitId) -> String {
    let unit = board.units.get(&unit);
    unit.map_or("?".to_owned(), |unit| unit.callsign.to_string())
}

/// Says in a few words which record it is that changed.
fn said_of(board: &Board, record: &Record) -> Text {
    let kind = record.reference().kind;
    let label = kind.label();
    if let Record::Assignment(one) = record {
        let (unit, now) = (callsign(board, one.unit), one.status.label());
        return Text::new(
            format!("{} {unit} ({})", label.en, now.en),
            format!("{} {unit}（{}）", label.zh, now.zh),
        );
    }
    if kind == RecordKind::Message {
        return Text::new("something was said", "有新的联络");
    }
    if kind == RecordKind::Reply {
        return Text::new("something was signed for or answered", "有签收或答复");
    }
    let name = if let Record::Incident(incident) = record {
        format!(" {}", incident.number)
    } else if let Record::Unit(unit) = record {
        format!(" {}", unit.callsign)
    } else {
        String::new()
    };
    Text::new(format!("{}{name}", label.en), format!("{}{name}", label.zh))
}
