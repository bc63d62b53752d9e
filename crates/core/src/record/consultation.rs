//! A consultation (会商): several agencies settle something, in person or on line, over papers and a shared board.
//!
//! It lives with the node that called it. Seats of that agency put cards on its board and write notes; a participant of another
//! home says what it has to say as a message in the operation, about the consultation, and both are shown as one. It is
//! concluded with decisions, and not before each of them either becomes a directive or is declined with a reason.
//!
//! Life: called -> held -> concluded, or called off before it is held. Start at [`decide`].

mod fold;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::assessment::seats_of;
use super::participation::{self, ParticipationAction, Tier};
use super::person::Seat;
use super::{Actor, Context, Elsewhere, Event, Happened, Life, RecordKind, RecordRef};
use crate::basis::{ConsultationId, Line, OperationId, Point, Prose, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
pub(super) use fold::apply;

/// A consultation as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consultation {
    /// Its name in entries and the API.
    pub id: ConsultationId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// What it is about, when, where and with whom.
    pub details: ConsultationDetails,
    /// Who called it.
    pub called_by: Actor,
    /// When it was called.
    pub called_at: Timestamp,
    /// Where it is in its life.
    pub state: ConsultationState,
    /// What was put on its board and what was noted, in the order in which it came.
    pub contributions: Vec<Contribution>,
    /// What was decided, in its order.
    pub decisions: Vec<Decision>,
}

/// What a consultation is about, when, where and with whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultationDetails {
    /// What is to be settled.
    pub subject: Line,
    /// When it is to begin.
    pub at: Timestamp,
    /// Where: a room, or how to come in on line.
    pub venue: Line,
    /// The seats of this agency that take part.
    pub seats: BTreeSet<Seat>,
    /// The operation through which other agencies take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The agencies that are called in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agencies: BTreeSet<NodeId>,
    /// What is on the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<Paper>,
}

/// A paper: an assessment or an incident, of this node or of another that shared it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Paper {
    /// Its home; this node when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Which.
    pub record: RecordRef,
}

/// Where a consultation is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ConsultationState {
    /// People know of it.
    Called,
    /// It goes on.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// It is over, and every decision of it is settled.
    Concluded {
        /// When it began.
        since: Timestamp,
        /// When it ended.
        at: Timestamp,
        /// Who concluded it.
        by: Actor,
    },
    /// It was not held.
    CalledOff {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
    },
}

impl ConsultationState {
    /// Returns the words people read.
    pub fn label(&self) -> Text {
        match self {
            ConsultationState::Called => Text::new("called", "已召集"),
            ConsultationState::Held { .. } => Text::new("being held", "进行中"),
            ConsultationState::Concluded { .. } => Text::new("concluded", "已结束"),
            ConsultationState::CalledOff { .. } => Text::new("called off", "已取消"),
        }
    }
}

/// A card on the board, or a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Its number, in the order in which they came.
    pub no: u16,
    /// What it is.
    pub what: Contributed,
    /// Where a card is about, if about a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// The text; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What somebody contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contributed {
    /// A card: short, for everybody to look at together.
    Card,
    /// A note of what was said.
    Note,
}

/// Something that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its number.
    pub no: u16,
    /// What: a label without names.
    pub text: Line,
    /// When it was put down.
    pub at: Timestamp,
    /// Who put it down.
    pub by: Actor,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody has said yet.
    Open,
    /// It becomes a directive.
    Directive {
        /// The directive, once it is written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directive: Option<RecordRef>,
        /// When.
        at: Timestamp,
        /// Who said so.
        by: Actor,
    },
    /// It is not done.
    Declined {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
        /// Who said so.
        by: Actor,
    },
}

/// How a decision is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Settling {
    /// It becomes a directive.
    Directive {
        /// The directive, if it is written already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directive: Option<RecordRef>,
    },
    /// It is not done.
    Declined {
        /// Why.
        reason: Line,
    },
}

impl Consultation {
    /// Returns true until it is concluded or called off.
    pub fn is_open(&self) -> bool {
        match self.state {
            ConsultationState::Called | ConsultationState::Held { .. } => true,
            ConsultationState::Concluded { .. } | ConsultationState::CalledOff { .. } => false,
        }
    }

    /// Returns the decisions of which nobody has said what becomes of them.
    pub fn open_decisions(&self) -> impl Iterator<Item = &Decision> {
        let all = self.decisions.iter();
        all.filter(|decision| decision.outcome == Outcome::Open)
    }

    /// Returns true if it should have begun and has not.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.state == ConsultationState::Called && self.details.at < now
    }
}

impl Life for Consultation {
    // What it is about is for those who take part.
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let number = self.number;
        self.is_open().then(|| super::Open {
            what: Text::new(format!("consultation {number}"), format!("会商 {number}")),
            since: self.called_at,
        })
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        match self.state {
            ConsultationState::Called | ConsultationState::Held { .. } => None,
            ConsultationState::Concluded { at, .. } | ConsultationState::CalledOff { at, .. } => {
                Some(at)
            }
        }
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let all = self.contributions.iter();
        let texts: Vec<_> = all.map(|one| one.text.as_ref()).collect();
        let any = texts.iter().any(Option::is_some).then_some(texts)?;
        serde_json::to_vec(&any).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let texts: Vec<Option<Prose>> = serde_json::from_slice(json)?;
        for (one, text) in self.contributions.iter_mut().zip(texts) {
            one.text = text;
        }
        Ok(())
    }
}

/// What can be asked of a consultation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsultationAction {
    /// Call one.
    Call {
        /// What it is about and with whom.
        details: ConsultationDetails,
    },
    /// Begin.
    Open {
        /// Which.
        consultation: ConsultationId,
    },
    /// Put a card on the board, or write a note.
    Contribute {
        /// Which.
        consultation: ConsultationId,
        /// What it is.
        what: Contributed,
        /// The text.
        text: Prose,
        /// Where a card is about.
        point: Option<Point>,
    },
    /// Put a decision down.
    Decide {
        /// Which.
        consultation: ConsultationId,
        /// What.
        text: Line,
    },
    /// Say what becomes of a decision.
    Settle {
        /// Which.
        consultation: ConsultationId,
        /// The decision, by its number.
        no: u16,
        /// What becomes of it.
        settling: Settling,
    },
    /// Conclude it.
    Conclude {
        /// Which.
        consultation: ConsultationId,
    },
    /// Call it off before it is held.
    CallOff {
        /// Which.
        consultation: ConsultationId,
        /// Why.
        reason: Line,
    },
}

impl ConsultationAction {
    /// Returns the consultation it changes.
    pub fn subject(&self) -> Option<ConsultationId> {
        match self {
            ConsultationAction::Call { .. } => None,
            ConsultationAction::Open { consultation }
            | ConsultationAction::Contribute { consultation, .. }
            | ConsultationAction::Decide { consultation, .. }
            | ConsultationAction::Settle { consultation, .. }
            | ConsultationAction::Conclude { consultation }
            | ConsultationAction::CallOff { consultation, .. } => Some(*consultation),
        }
    }

    /// Returns the records of this node that are its papers.
    pub(super) fn papers(&self) -> Vec<RecordRef> {
        let ConsultationAction::Call { details } = self else {
            return Vec::new();
        };
        let own = details.papers.iter().filter(|paper| paper.node.is_none());
        own.map(|paper| paper.record).collect()
    }
}

/// What happened to a consultation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ConsultationEvent {
    /// It was called.
    Called {
        /// The agency's running number.
        number: u64,
        /// What it is about and with whom.
        details: ConsultationDetails,
    },
    /// It began.
    Opened,
    /// Somebody put a card on the board or wrote a note; the text is in the personal part.
    Contributed {
        /// What it is.
        what: Contributed,
        /// Where a card is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        point: Option<Point>,
    },
    /// A decision was put down.
    Decided {
        /// What.
        text: Line,
    },
    /// It was said what becomes of a decision.
    Settled {
        /// The decision, by its number.
        no: u16,
        /// What becomes of it.
        settling: Settling,
    },
    /// It is over.
    Concluded,
    /// It is not held.
    CalledOff {
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 7] = [
    "called",
    "opened",
    "contributed",
    "decided",
    "settled",
    "concluded",
    "called_off",
];

pub(super) fn decide(
    board: &Board,
    action: &ConsultationAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        ConsultationAction::Call { details } => return call(board, details, context),
        ConsultationAction::Contribute {
            consultation,
            what,
            text,
            point,
        } => {
            let found = board.consultation(*consultation)?;
            check_contribution(board, found, *what, text, context)?;
            let (what, point) = (*what, *point);
            let event = ConsultationEvent::Contributed { what, point };
            let mut happened = one(*consultation, event);
            happened.personal.note = Some(text.clone());
            return Ok(vec![happened]);
        }
        ConsultationAction::Open { consultation } => {
            let found = board.consultation(*consultation)?;
            if found.state != ConsultationState::Called {
                return Err(wrong_state(found));
            }
            (*consultation, ConsultationEvent::Opened)
        }
        ConsultationAction::Decide { consultation, text } => {
            let found = must_be_held(board, *consultation)?;
            check_label(text)?;
            if found.decisions.len() >= limits::DECISIONS_PER_CONSULTATION_MAX {
                return Err(Refusal::limit(
                    "decisions of one consultation",
                    "每次会商的决定事项",
                    limits::DECISIONS_PER_CONSULTATION_MAX,
                ));
            }
            let text = text.clone();
            (*consultation, ConsultationEvent::Decided { text })
        }
        ConsultationAction::Settle {
            consultation,
            no,
            settling,
        } => {
            check_settling(board, *consultation, *no, settling)?;
            let event = ConsultationEvent::Settled {
                no: *no,
                settling: settling.clone(),
            };
            (*consultation, event)
        }
        ConsultationAction::Conclude { consultation } => {
            must_be_settled(must_be_held(board, *consultation)?)?;
            (*consultation, ConsultationEvent::Concluded)
        }
        ConsultationAction::CallOff {
            consultation,
            reason,
        } => {
            let found = board.consultation(*consultation)?;
            if found.state != ConsultationState::Called {
                return Err(wrong_state(found));
            }
            let reason = reason.clone();
            (*consultation, ConsultationEvent::CalledOff { reason })
        }
    };
    Ok(vec![one(id, event)])
}

/// Calls one; with other agencies it is brought into the operation, its papers with it.
fn call(
    board: &Board,
    details: &ConsultationDetails,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    check_details(board, details, context)?;
    let open = board.consultations.values().filter(|one| one.is_open());
    if open.count() >= limits::CONSULTATIONS_OPEN_MAX {
        return Err(Refusal::limit(
            "open consultations",
            "未结束的会商",
            limits::CONSULTATIONS_OPEN_MAX,
        ));
    }
    let id = ConsultationId(context.entropy.next_16());
    let event = ConsultationEvent::Called {
        number: board.next_number(RecordKind::Consultation),
        details: details.clone(),
    };
    let mut all = vec![one(id, event)];
    if let Some(operation) = details.operation {
        for paper in details.papers.iter().filter(|paper| paper.node.is_none()) {
            let part = board.must_take_part(context.node, operation)?;
            if part.share_of(paper.record, context.now).is_none() {
                let share = shared(operation, paper.record);
                all.extend(participation::decide(board, &share, context)?);
            }
        }
        let besides = all.len() - 1;
        let seen = (Tier::View, besides);
        let shares = participation::share_new(board, context, operation, id.into(), seen)?;
        all.extend(shares);
    }
    Ok(all)
}

fn shared(operation: OperationId, record: RecordRef) -> ParticipationAction {
    ParticipationAction::Share {
        operation,
        record,
        tier: Tier::View,
        with_response: false,
        until: None,
    }
}

fn check_details(
    board: &Board,
    details: &ConsultationDetails,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if details.seats.is_empty() && details.agencies.is_empty() {
        return Err(Refusal::missing("A participant", "参会方"));
    }
    if details.papers.len() > limits::PAPERS_PER_CONSULTATION_MAX {
        return Err(Refusal::limit(
            "papers of one consultation",
            "每次会商的材料",
            limits::PAPERS_PER_CONSULTATION_MAX,
        ));
    }
    match details.operation {
        None if details.agencies.is_empty() => {}
        None => {
            return Err(Refusal::missing(
                "The operation through which agencies take part",
                "其他机构参会所经由的行动",
            ));
        }
        Some(operation) => {
            let member = |node: &NodeId| *node != context.node && board.is_member(operation, node);
            if details.agencies.is_empty() || !details.agencies.iter().all(member) {
                return Err(Refusal::NotAMember);
            }
        }
    }
    let across = details.operation.is_some();
    details
        .papers
        .iter()
        .try_for_each(|paper| check_paper(board, *paper, across))
}

/// A paper is there to be read: an incident, or an assessment, which goes to other agencies only once it is issued.
fn check_paper(board: &Board, paper: Paper, across: bool) -> Result<(), Refusal> {
    let kind = paper.record.kind;
    let none = Err(Refusal::NotFound(kind));
    if kind != RecordKind::Incident && kind != RecordKind::Assessment {
        return none;
    }
    if let Some(node) = paper.node {
        let of = Elsewhere {
            node,
            record: paper.record,
        };
        return board.copy(of).map(|_| ()).ok_or(Refusal::NotFound(kind));
    }
    match board.get(paper.record) {
        None => none,
        Some(super::Record::Assessment(found)) if across && found.issue.is_none() => {
            Err(Refusal::WrongState {
                kind,
                state: found.state.label(),
                instead: Text::new(
                    "Issue it first, or leave it out.",
                    "请先发布，或不列入材料。",
                ),
            })
        }
        Some(_) => Ok(()),
    }
}

fn check_contribution(
    board: &Board,
    found: &Consultation,
    what: Contributed,
    text: &Prose,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if !found.is_open() {
        return Err(wrong_state(found));
    }
    let seats = seats_of(board, context.by);
    let takes_part =
        !found.details.seats.is_disjoint(&seats) || found.called_by.person == context.by.person;
    if !takes_part {
        return Err(Refusal::NotFound(RecordKind::Consultation));
    }
    let chars = text.as_str().chars().count();
    if what == Contributed::Card && chars > limits::CARD_CHARS_MAX {
        return Err(Refusal::limit(
            "characters on a card",
            "每张卡片字数",
            limits::CARD_CHARS_MAX,
        ));
    }
    if found.contributions.len() >= limits::CONTRIBUTIONS_PER_CONSULTATION_MAX {
        return Err(Refusal::limit(
            "cards and notes of one consultation",
            "每次会商的卡片和记录",
            limits::CONTRIBUTIONS_PER_CONSULTATION_MAX,
        ));
    }
    let texts = found
        .contributions
        .iter()
        .filter_map(|one| one.text.as_ref());
    let bytes: usize = texts.chain([text]).map(told_bytes).sum();
    if bytes > limits::CONSULTATION_TEXT_BYTES_MAX {
        return Err(Refusal::limit(
            "bytes of cards and notes of one consultation",
            "每次会商卡片和记录的总字节数",
            limits::CONSULTATION_TEXT_BYTES_MAX,
        ));
    }
    Ok(())
}

/// What a text takes when it is told: some letters are written as two.
fn told_bytes(text: &Prose) -> usize {
    serde_json::to_string(text).map_or(0, |json| json.len())
}

fn check_label(text: &Line) -> Result<(), Refusal> {
    if text.as_str().chars().count() <= limits::DECISION_CHARS_MAX {
        return Ok(());
    }
    Err(Refusal::limit(
        "characters of a decision or its reason",
        "每项决定或理由的字数",
        limits::DECISION_CHARS_MAX,
    ))
}

fn check_settling(
    board: &Board,
    consultation: ConsultationId,
    no: u16,
    settling: &Settling,
) -> Result<(), Refusal> {
    let found = must_be_held(board, consultation)?;
    let decision = found.decisions.iter().find(|decision| decision.no == no);
    let decision = decision.ok_or(Refusal::NotFound(RecordKind::Consultation))?;
    if decision.outcome != Outcome::Open {
        return Err(Refusal::WrongState {
            kind: RecordKind::Consultation,
            state: Text::new(
                "one in which that decision is settled",
                "该决定已有处理结果",
            ),
            instead: Text::new(
                "Put down another decision if that has changed.",
                "如有变化，请另行提出决定。",
            ),
        });
    }
    match settling {
        Settling::Declined { reason } => check_label(reason),
        Settling::Directive { directive: None } => Ok(()),
        Settling::Directive {
            directive: Some(directive),
        } => match board.get(*directive) {
            Some(crate::record::Record::Directive(_)) => Ok(()),
            Some(_) | None => Err(Refusal::NotFound(RecordKind::Directive)),
        },
    }
}

fn must_be_held(board: &Board, consultation: ConsultationId) -> Result<&Consultation, Refusal> {
    let found = board.consultation(consultation)?;
    match found.state {
        ConsultationState::Held { .. } => Ok(found),
        ConsultationState::Called
        | ConsultationState::Concluded { .. }
        | ConsultationState::CalledOff { .. } => Err(wrong_state(found)),
    }
}

fn must_be_settled(found: &Consultation) -> Result<(), Refusal> {
    let open = found.open_decisions().count();
    let (state, instead) = if found.decisions.is_empty() {
        (
            Text::new("without a decision", "尚无决定事项"),
            Text::new(
                "Put down what was decided; what is not to be done is declined with a reason.",
                "请记录决定事项；不予执行的须注明理由。",
            ),
        )
    } else if open > 0 {
        (
            Text::new(
                format!("left with {open} decisions that nobody has settled"),
                format!("尚有 {open} 项决定未处理"),
            ),
            Text::new(
                "Make each a directive, or decline it with a reason.",
                "请逐项转为指令，或注明理由不予执行。",
            ),
        )
    } else {
        return Ok(());
    };
    Err(Refusal::WrongState {
        kind: RecordKind::Consultation,
        state,
        instead,
    })
}

fn wrong_state(found: &Consultation) -> Refusal {
    let instead = match found.state {
        ConsultationState::Called => Text::new("Begin it first.", "请先开始会商。"),
        ConsultationState::Held { .. } => {
            Text::new("It goes on: conclude it.", "会商正在进行，请结束会商。")
        }
        ConsultationState::Concluded { .. } | ConsultationState::CalledOff { .. } => {
            Text::new("Call another.", "请另行召集会商。")
        }
    };
    Refusal::WrongState {
        kind: RecordKind::Consultation,
        state: found.state.label(),
        instead,
    }
}

fn one(id: ConsultationId, event: ConsultationEvent) -> Happened {
    Happened::new(id, Event::Consultation(event))
}
