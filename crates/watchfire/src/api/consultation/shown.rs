//! How consultations are shown, and to whom: whole to who takes part or may follow them, as a mark to everybody else.
//!
//! What other agencies said about one in its operation stands among its cards and notes, in the order in which it was said;
//! that is put together here, at the moment of asking, and stored nowhere. Start at [`Sitter`].

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{ConsultationId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::consultation::{
    Consultation, ConsultationState, Contributed, Decision, Outcome,
};
use watchfire_core::record::message::{Message, What};
use watchfire_core::record::{Actor, Elsewhere};
use watchfire_feed::NodeId;

use super::super::App;
use super::super::assessment::shown::{label_of, label_there, name_of};
use super::super::operation::shown::{DeliveryView, delivery_of};
use super::super::view::{self, SeatView, TextView, maybe_time};
use crate::policy::{Permission, Session};

/// That there is a consultation, told to everybody; what it is about is asked for by who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsultationMark {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// Where it is in its life.
    pub status: ConsultationStatusView,
    /// When it is to begin.
    pub at: String,
    /// The seats that take part.
    pub seats: Vec<SeatView>,
}

/// Where a consultation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationStatusView {
    /// It goes on.
    Held,
    /// People know of it.
    Called,
    /// It is over.
    Concluded,
    /// It was not held.
    CalledOff,
}

/// A consultation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConsultationView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// Its home.
    pub node: String,
    /// What people call its home.
    pub home_name: String,
    /// True if it is this node's own.
    pub own: bool,
    /// Its home's running number.
    pub number: u64,
    /// What is to be settled.
    pub subject: String,
    /// When it is to begin.
    pub at: String,
    /// Where.
    pub venue: String,
    /// The seats of its home that take part.
    pub seats: Vec<SeatView>,
    /// The operation through which other agencies take part.
    pub operation: Option<String>,
    /// What that is called.
    pub operation_name: Option<String>,
    /// The agencies that are called in, and how far it has come to them: of one's own only.
    pub agencies: Vec<DeliveryView>,
    /// What is on the table.
    pub papers: Vec<PaperView>,
    /// Who called it; of another home nobody is named.
    pub called_by: String,
    /// When it was called.
    pub called_at: String,
    /// Where it is in its life.
    pub status: ConsultationStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// True if it should have begun and has not.
    pub late: bool,
    /// When it began.
    pub held_since: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it was called off.
    pub called_off: Option<String>,
    /// Cards, notes and what other agencies said, in the order in which it was said.
    pub contributions: Vec<ContributionView>,
    /// What was decided.
    pub decisions: Vec<DecisionView>,
    /// Decisions of which nobody has said what becomes of them.
    pub open_decisions: usize,
    /// What the asker may do with it now.
    pub may: Vec<ConsultationStepView>,
}

/// What may be done with a consultation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationStepView {
    /// Begin.
    Open,
    /// Put cards and notes on it.
    Contribute,
    /// Put decisions down.
    Decide,
    /// Say what becomes of decisions.
    Settle,
    /// Conclude it.
    Conclude,
    /// Call it off.
    CallOff,
    /// Say something about it in its operation, as another home's.
    Say,
}

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperView {
    /// Its home.
    pub node: String,
    /// True if that is this node.
    pub own: bool,
    /// The record: its kind, a colon, its id.
    pub record: String,
    /// What people call it.
    pub label: TextView,
}

/// A card, a note, or what another agency said.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ContributionView {
    /// What it is.
    pub what: ContributedView,
    /// When.
    pub at: String,
    /// Who: a person of this agency, or another agency.
    pub by: String,
    /// The text, if it can be read here.
    pub text: Option<String>,
    /// Where a card is about, in degrees.
    pub lat: Option<f64>,
    /// Where a card is about, in degrees.
    pub lon: Option<f64>,
}

/// What somebody contributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContributedView {
    /// A card on the board.
    Card,
    /// A note of what was said.
    Note,
    /// What another agency said in the operation.
    Message,
}

/// Something that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionView {
    /// Its number.
    pub no: u16,
    /// What.
    pub text: String,
    /// When it was put down.
    pub at: String,
    /// Who put it down.
    pub by: String,
    /// What became of it.
    pub outcome: OutcomeView,
    /// Why it was declined.
    pub reason: Option<String>,
    /// The directive that it became.
    pub directive: Option<String>,
    /// When that was said.
    pub settled_at: Option<String>,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeView {
    /// Nobody has said yet.
    Open,
    /// It becomes a directive.
    Directive,
    /// It is not done.
    Declined,
}

/// Shows the mark of a consultation.
pub(crate) fn mark(one: &Consultation) -> ConsultationMark {
    ConsultationMark {
        id: one.id.to_string(),
        version: one.version,
        number: one.number,
        status: status(&one.state),
        at: view::time(one.details.at),
        seats: seats(one),
    }
}

fn seats(one: &Consultation) -> Vec<SeatView> {
    let all = one.details.seats.iter();
    all.map(|seat| SeatView::from(*seat)).collect()
}

fn status(state: &ConsultationState) -> ConsultationStatusView {
    match state {
        ConsultationState::Called => ConsultationStatusView::Called,
        ConsultationState::Held { .. } => ConsultationStatusView::Held,
        ConsultationState::Concluded { .. } => ConsultationStatusView::Concluded,
        ConsultationState::CalledOff { .. } => ConsultationStatusView::CalledOff,
    }
}

/// Somebody who takes part in consultations, or follows them.
pub(super) struct Sitter<'a> {
    app: &'a App,
    session: &'a Session,
    own: NodeId,
    now: Timestamp,
}

impl<'a> Sitter<'a> {
    pub(super) fn new(app: &'a App, session: &'a Session) -> Sitter<'a> {
        Sitter {
            app,
            session,
            own: app.node.feed().node,
            now: app.node.now(),
        }
    }

    /// Says whether they take part in one of this node's, or may follow it.
    pub(super) fn may_follow(&self, one: &Consultation) -> bool {
        self.session.may(Permission::ReadAssessments) || self.takes_part(one)
    }

    fn takes_part(&self, one: &Consultation) -> bool {
        let seated = !one.details.seats.is_disjoint(&self.session.seats);
        seated || one.called_by.person == self.session.person
    }

    fn may_follow_theirs(&self) -> bool {
        self.session.may(Permission::ReadAssessments)
            || self.session.may(Permission::ActInOperations)
    }

    /// Shows all that they take part in or may follow.
    pub(super) fn all(&self) -> Vec<ConsultationView> {
        let board = self.app.node.board();
        let own = board.consultations.values();
        let own = own.filter(|one| self.may_follow(one));
        let mut all: Vec<(Timestamp, ConsultationView)> = own
            .map(|one| (one.changed_at, self.own(&board, one)))
            .collect();
        if self.may_follow_theirs() {
            for (node, copies) in &board.copies.boards {
                let theirs = copies.consultations.values();
                all.extend(theirs.filter_map(|one| {
                    let view = self.theirs(&board, *node, one)?;
                    Some((one.changed_at, view))
                }));
            }
        }
        all.sort_by_key(|(changed_at, one)| (one.status, std::cmp::Reverse(*changed_at)));
        all.into_iter().map(|(_, view)| view).collect()
    }

    /// Shows one of another home's, if it called this agency in and they may follow it.
    pub(super) fn elsewhere(&self, node: NodeId, id: ConsultationId) -> Option<ConsultationView> {
        if !self.may_follow_theirs() {
            return None;
        }
        let board = self.app.node.board();
        let one = board.copies.boards.get(&node)?.consultations.get(&id)?;
        self.theirs(&board, node, one)
    }

    /// Shows one of this node's.
    pub(super) fn own(&self, board: &Board, one: &Consultation) -> ConsultationView {
        let operation = one.details.operation;
        let delivery =
            operation.map(|operation| delivery_of(&self.app.node, board, operation, one.id.into()));
        let named = |view: &DeliveryView| {
            let mut agencies = one.details.agencies.iter();
            agencies.any(|node| node.to_string() == view.node())
        };
        let agencies = delivery.unwrap_or_default().into_iter().filter(named);
        ConsultationView {
            agencies: agencies.collect(),
            may: self.may_do(one),
            ..self.base(board, self.own, one, &|by| name_of(board, by))
        }
    }

    fn theirs(&self, board: &Board, node: NodeId, one: &Consultation) -> Option<ConsultationView> {
        let operation = one.details.operation?;
        let of = Elsewhere {
            node,
            record: one.id.into(),
        };
        board.share_elsewhere(operation, of, self.now)?;
        let says = one.is_open() && self.session.may(Permission::ActInOperations);
        let name = board.name_of(&node);
        Some(ConsultationView {
            may: says
                .then_some(ConsultationStepView::Say)
                .into_iter()
                .collect(),
            ..self.base(board, node, one, &|_| name.clone())
        })
    }

    fn base(
        &self,
        board: &Board,
        node: NodeId,
        one: &Consultation,
        name: &dyn Fn(Actor) -> String,
    ) -> ConsultationView {
        let own = node == self.own;
        let details = &one.details;
        let (held_since, ended_at, called_off) = match &one.state {
            ConsultationState::Called => (None, None, None),
            ConsultationState::Held { since } => (Some(*since), None, None),
            ConsultationState::Concluded { since, at, .. } => (Some(*since), Some(*at), None),
            ConsultationState::CalledOff { reason, at } => {
                (None, Some(*at), Some(reason.to_string()))
            }
        };
        let operation = details
            .operation
            .and_then(|id| board.operation_anywhere(id).ok());
        ConsultationView {
            id: one.id.to_string(),
            version: one.version,
            node: node.to_string(),
            home_name: if own {
                String::new()
            } else {
                board.name_of(&node)
            },
            own,
            number: one.number,
            subject: details.subject.to_string(),
            at: view::time(details.at),
            venue: details.venue.to_string(),
            seats: seats(one),
            operation: details.operation.map(|id| id.to_string()),
            operation_name: operation.map(|found| found.genesis.name.to_string()),
            agencies: Vec::new(),
            papers: self.papers(board, node, one),
            called_by: if own {
                name(one.called_by)
            } else {
                String::new()
            },
            called_at: view::time(one.called_at),
            status: status(&one.state),
            status_text: one.state.label().into(),
            late: one.is_late(self.now),
            held_since: maybe_time(held_since),
            ended_at: maybe_time(ended_at),
            called_off,
            contributions: contributions(board, self.own, node, one, name),
            decisions: one
                .decisions
                .iter()
                .map(|decision| decided(decision, name))
                .collect(),
            open_decisions: one.open_decisions().count(),
            may: Vec::new(),
        }
    }

    fn papers(&self, board: &Board, home: NodeId, one: &Consultation) -> Vec<PaperView> {
        let papers = one.details.papers.iter();
        papers
            .map(|paper| {
                let node = paper.node.unwrap_or(home);
                let own = node == self.own;
                PaperView {
                    node: node.to_string(),
                    own,
                    record: paper.record.to_string(),
                    label: if own {
                        label_of(self.app, board, paper.record)
                    } else {
                        label_there(self.app, board, node, paper.record)
                    },
                }
            })
            .collect()
    }

    fn may_do(&self, one: &Consultation) -> Vec<ConsultationStepView> {
        let calls = self.session.may(Permission::CallConsultations);
        let sits = self.session.may(Permission::Consult) && self.takes_part(one);
        let (called, held) = match one.state {
            ConsultationState::Called => (true, false),
            ConsultationState::Held { .. } => (false, true),
            ConsultationState::Concluded { .. } | ConsultationState::CalledOff { .. } => {
                (false, false)
            }
        };
        let open = one.open_decisions().count();
        let settled = !one.decisions.is_empty() && open == 0;
        let all = [
            (ConsultationStepView::Open, called && calls),
            (ConsultationStepView::Contribute, (called || held) && sits),
            (ConsultationStepView::Decide, held && calls),
            (ConsultationStepView::Settle, held && calls && open > 0),
            (ConsultationStepView::Conclude, held && calls && settled),
            (ConsultationStepView::CallOff, called && calls),
        ];
        let may = all.into_iter().filter(|(_, may)| *may);
        may.map(|(step, _)| step).collect()
    }
}

/// Puts the cards and notes of a consultation together with what others said about it in its operation.
fn contributions(
    board: &Board,
    own: NodeId,
    home: NodeId,
    one: &Consultation,
    name: &dyn Fn(Actor) -> String,
) -> Vec<ContributionView> {
    let of = Elsewhere {
        node: home,
        record: one.id.into(),
    };
    let about = |message: &&Message| {
        let what = matches!(&message.what, What::Log { about: Some(about) } if *about == of);
        what && Some(message.operation) == one.details.operation && message.withdrawn.is_none()
    };
    let mut all: Vec<(Timestamp, ContributionView)> = Vec::new();
    for each in &one.contributions {
        let what = match each.what {
            Contributed::Card => ContributedView::Card,
            Contributed::Note => ContributedView::Note,
        };
        let view = ContributionView {
            what,
            at: view::time(each.at),
            by: name(each.by),
            text: each.text.as_ref().map(|text| text.as_str().to_owned()),
            lat: each.point.map(|point| point.lat()),
            lon: each.point.map(|point| point.lon()),
        };
        all.push((each.at, view));
    }
    let boards = board
        .copies
        .boards
        .iter()
        .map(|(node, board)| (*node, board));
    for (node, said) in boards.chain([(own, board)]) {
        let messages = said.messages.values().map(AsRef::as_ref).filter(about);
        all.extend(messages.map(|message| {
            let view = ContributionView {
                what: ContributedView::Message,
                at: view::time(message.sent_at),
                by: board.name_of(&node),
                text: message.text.as_ref().map(|text| text.as_str().to_owned()),
                lat: None,
                lon: None,
            };
            (message.sent_at, view)
        }));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, view)| view).collect()
}

fn decided(decision: &Decision, name: &dyn Fn(Actor) -> String) -> DecisionView {
    let (outcome, reason, directive, at) = match &decision.outcome {
        Outcome::Open => (OutcomeView::Open, None, None, None),
        Outcome::Directive { directive, at, .. } => {
            (OutcomeView::Directive, None, *directive, Some(*at))
        }
        Outcome::Declined { reason, at, .. } => (
            OutcomeView::Declined,
            Some(reason.to_string()),
            None,
            Some(*at),
        ),
    };
    DecisionView {
        no: decision.no,
        text: decision.text.to_string(),
        at: view::time(decision.at),
        by: name(decision.by),
        outcome,
        reason,
        directive: directive.map(|directive| directive.to_string()),
        settled_at: maybe_time(at),
    }
}
