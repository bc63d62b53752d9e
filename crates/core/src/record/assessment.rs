//! An assessment (研判): a graded analytic product: what is thought of a situation, on which sources, and how sure.
//!
//! Sources are graded as in the Admiralty (NATO) system: the source by a letter, what it says by a number, and the two never
//! melt into one. Whoever wrote it does not review it. Once reviewed it is never edited: what was wrong is superseded by
//! another that names it. It is issued to named readers, seats here and agencies through an operation, and says until when it
//! holds. It speaks of situations and places; there is no type here that could name a person, and its text, in which somebody
//! may be named all the same, is sealed.
//!
//! Life: draft -> reviewed -> issued -> superseded, or withdrawn before it is issued. Start at [`decide`].

mod fold;
mod grade;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::participation::{self, ParticipationAction, Tier};
use super::person::Seat;
use super::{Actor, Context, Elsewhere, Event, Happened, Life, RecordKind, RecordRef};
use crate::basis::{AssessmentId, Line, OperationId, PersonId, Point, Prose, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
pub(super) use fold::apply;
pub use grade::{AssessmentKind, Credibility, Grade, Reliability, Urgency};

/// An assessment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Its name in entries and the API.
    pub id: AssessmentId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// What it is about, how it is graded, and on what it rests.
    pub details: AssessmentDetails,
    /// The issued assessment that it is to supersede.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<AssessmentId>,
    /// Who wrote it, the first first; none of them reviews it.
    pub authors: Vec<Actor>,
    /// When it was begun.
    pub drafted_at: Timestamp,
    /// Where it is in its life.
    pub state: AssessmentState,
    /// What the last reviewer wanted changed, if it came back and nothing was changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// Who reviewed it, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<(Timestamp, Actor)>,
    /// To whom it was issued, when and by whom, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// Who of this agency has read it since, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Reading>,
    /// The text; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What an assessment is about, how it is graded, and on what it rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentDetails {
    /// What people call it.
    pub title: Line,
    /// What kind of product it is.
    pub kind: AssessmentKind,
    /// How soon its readers should know.
    pub urgency: Urgency,
    /// How it is graded as a whole.
    pub grade: Grade,
    /// Until when it holds.
    pub valid_until: Timestamp,
    /// On what it rests.
    pub sources: Vec<Source>,
}

/// Something that an assessment rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it is.
    pub what: SourceOf,
    /// How it is graded by itself, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SourceOf {
    /// A record of this node: an incident, a call, a station or another assessment.
    Record {
        /// Which.
        record: RecordRef,
    },
    /// An incident or an assessment of another home that was shared with this one.
    There {
        /// Which.
        of: Elsewhere,
    },
    /// A place.
    Site {
        /// What people call it.
        label: Line,
        /// Where.
        point: Point,
    },
    /// Something that anybody can look up: a newspaper, a warning of the weather service, a statistic.
    OpenReport {
        /// What it is.
        label: Line,
        /// Where it is to be found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Line>,
    },
}

/// Where an assessment is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum AssessmentState {
    /// Being written.
    Draft,
    /// A second person stands by it; nothing in it changes any more.
    Reviewed,
    /// Its readers have it.
    Issued,
    /// Another stands in its place.
    Superseded {
        /// Which.
        by: AssessmentId,
        /// When.
        at: Timestamp,
    },
    /// It was given up before it was issued.
    Withdrawn {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
    },
}

impl AssessmentState {
    /// Returns the words people read.
    pub fn label(&self) -> Text {
        match self {
            AssessmentState::Draft => Text::new("a draft", "起草中"),
            AssessmentState::Reviewed => Text::new("reviewed", "已审核"),
            AssessmentState::Issued => Text::new("issued", "已发布"),
            AssessmentState::Superseded { .. } => Text::new("superseded", "已被替代"),
            AssessmentState::Withdrawn { .. } => Text::new("withdrawn", "已撤回"),
        }
    }
}

/// What a reviewer wanted changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// What.
    pub remark: Line,
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: Actor,
}

/// That an assessment was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// To whom.
    pub readers: Readers,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// To whom an assessment is issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readers {
    /// Seats of this agency.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub seats: BTreeSet<Seat>,
    /// The operation through which other agencies get it. All its members can then read it; those named are to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The agencies that are to read it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agencies: BTreeSet<NodeId>,
}

/// That somebody has read an issued assessment: a person's own press, not a screen that showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The seat among the readers for which they did.
    pub seat: Seat,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

impl Assessment {
    /// Returns true while its readers should go by it: issued, not superseded, and not past its time.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.state == AssessmentState::Issued && now < self.details.valid_until
    }

    /// Returns the seats among its readers from which nobody has read it.
    pub fn unread_by(&self) -> BTreeSet<Seat> {
        let Some(issue) = &self.issue else {
            return BTreeSet::new();
        };
        let read: BTreeSet<Seat> = self.reads.iter().map(|read| read.seat).collect();
        issue.readers.seats.difference(&read).copied().collect()
    }

    /// Returns when all its readers should have read it, once it is issued.
    pub fn read_due(&self) -> Option<Timestamp> {
        let issue = self.issue.as_ref()?;
        Some(issue.at.plus_s(self.details.urgency.read_within_s()))
    }

    /// Returns true if it is late: it holds, and a seat that is to read it has not in time.
    pub fn is_unread_late(&self, now: Timestamp) -> bool {
        let late = self.read_due().is_some_and(|due| due < now);
        late && self.holds(now) && !self.unread_by().is_empty()
    }

    /// Returns true if somebody wrote on it.
    pub fn is_by(&self, person: PersonId) -> bool {
        self.authors.iter().any(|author| author.person == person)
    }
}

impl Life for Assessment {
    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        match self.state {
            AssessmentState::Draft | AssessmentState::Reviewed | AssessmentState::Issued => true,
            AssessmentState::Superseded { .. } | AssessmentState::Withdrawn { .. } => false,
        }
    }

    fn over_since(&self) -> Option<Timestamp> {
        match self.state {
            AssessmentState::Draft | AssessmentState::Reviewed => None,
            AssessmentState::Issued => Some(self.details.valid_until),
            AssessmentState::Superseded { at, .. } | AssessmentState::Withdrawn { at, .. } => {
                Some(at)
            }
        }
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self.text.as_ref()?).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.text = serde_json::from_slice(json)?;
        Ok(())
    }
}

/// What can be asked of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssessmentAction {
    /// Begin one.
    Draft {
        /// What it is about.
        details: AssessmentDetails,
        /// What it says.
        text: Prose,
        /// The issued one that it is to supersede.
        supersedes: Option<AssessmentId>,
    },
    /// Change a draft.
    Amend {
        /// Which.
        assessment: AssessmentId,
        /// What it is about now, all of it.
        details: AssessmentDetails,
        /// What it says now.
        text: Prose,
    },
    /// Stand by what somebody else wrote.
    Review {
        /// Which.
        assessment: AssessmentId,
    },
    /// Give a draft back to who wrote it, or take back that it was reviewed before it is issued: it is a draft again.
    Return {
        /// Which.
        assessment: AssessmentId,
        /// What is to be changed.
        remark: Line,
    },
    /// Issue it to named readers.
    Issue {
        /// Which.
        assessment: AssessmentId,
        /// To whom.
        readers: Readers,
    },
    /// Say that one has read it.
    Read {
        /// Which.
        assessment: AssessmentId,
    },
    /// Give it up before it is issued.
    Withdraw {
        /// Which.
        assessment: AssessmentId,
        /// Why.
        reason: Line,
    },
}

impl AssessmentAction {
    /// Returns the assessment it changes.
    pub fn subject(&self) -> Option<AssessmentId> {
        match self {
            AssessmentAction::Draft { .. } => None,
            AssessmentAction::Amend { assessment, .. }
            | AssessmentAction::Review { assessment }
            | AssessmentAction::Return { assessment, .. }
            | AssessmentAction::Issue { assessment, .. }
            | AssessmentAction::Read { assessment }
            | AssessmentAction::Withdraw { assessment, .. } => Some(*assessment),
        }
    }

    /// Returns the records that it rests on or supersedes.
    pub(super) fn rests_on(&self) -> Vec<RecordRef> {
        let (AssessmentAction::Draft { details, .. } | AssessmentAction::Amend { details, .. }) =
            self
        else {
            return Vec::new();
        };
        let own = details.sources.iter().filter_map(|source| {
            if let SourceOf::Record { record } = &source.what {
                Some(*record)
            } else {
                None
            }
        });
        let mut all: Vec<RecordRef> = own.collect();
        if let AssessmentAction::Draft {
            supersedes: Some(before),
            ..
        } = self
        {
            all.push((*before).into());
        }
        all
    }
}

/// What happened to an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AssessmentEvent {
    /// It was begun; the text is in the personal part.
    Drafted {
        /// The agency's running number.
        number: u64,
        /// What it is about.
        details: AssessmentDetails,
        /// The one that it is to supersede.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<AssessmentId>,
    },
    /// The draft was changed; the text is in the personal part.
    Amended {
        /// What it is about now.
        details: AssessmentDetails,
    },
    /// A second person stands by it.
    Reviewed,
    /// It was given back.
    Returned {
        /// What is to be changed.
        remark: Line,
    },
    /// It was issued.
    Issued {
        /// To whom.
        readers: Readers,
    },
    /// Somebody has read it.
    Read {
        /// The seat among the readers for which they did.
        seat: Seat,
    },
    /// Another was issued in its place.
    Superseded {
        /// Which.
        by: AssessmentId,
    },
    /// It was given up.
    Withdrawn {
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 8] = [
    "drafted",
    "amended",
    "reviewed",
    "returned",
    "issued",
    "read",
    "superseded",
    "withdrawn",
];

pub(super) fn decide(
    board: &Board,
    action: &AssessmentAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        AssessmentAction::Draft {
            details,
            text,
            supersedes,
        } => {
            check_details(board, details, context)?;
            if let Some(before) = supersedes {
                must_be_issued(board.assessment(*before)?)?;
            }
            let open = board.assessments.values();
            if open.filter(|one| is_in_work(one)).count() >= limits::ASSESSMENTS_IN_WORK_MAX {
                return Err(Refusal::limit(
                    "assessments that are not issued",
                    "未发布的研判",
                    limits::ASSESSMENTS_IN_WORK_MAX,
                ));
            }
            let id = AssessmentId(context.entropy.next_16());
            let event = AssessmentEvent::Drafted {
                number: board.next_number(RecordKind::Assessment),
                details: details.clone(),
                supersedes: *supersedes,
            };
            Ok(vec![with_text(id, event, text)])
        }
        AssessmentAction::Amend {
            assessment,
            details,
            text,
        } => {
            let found = board.assessment(*assessment)?;
            must_be_draft(found)?;
            check_details(board, details, context)?;
            if !found.is_by(context.by.person)
                && found.authors.len() >= limits::AUTHORS_PER_ASSESSMENT_MAX
            {
                return Err(Refusal::limit(
                    "people who write one assessment",
                    "每份研判的撰写人",
                    limits::AUTHORS_PER_ASSESSMENT_MAX,
                ));
            }
            let details = details.clone();
            let event = AssessmentEvent::Amended { details };
            Ok(vec![with_text(*assessment, event, text)])
        }
        AssessmentAction::Review { assessment } => {
            let found = board.assessment(*assessment)?;
            must_be_draft(found)?;
            must_be_another(found, context.by.person)?;
            must_hold_on(&found.details, context)?;
            Ok(vec![one(*assessment, AssessmentEvent::Reviewed)])
        }
        AssessmentAction::Return { assessment, remark } => {
            let found = board.assessment(*assessment)?;
            must_be_in_work(found)?;
            must_be_another(found, context.by.person)?;
            let remark = remark.clone();
            Ok(vec![one(*assessment, AssessmentEvent::Returned { remark })])
        }
        AssessmentAction::Issue {
            assessment,
            readers,
        } => issue(board, *assessment, readers, context),
        AssessmentAction::Read { assessment } => read(board, *assessment, context),
        AssessmentAction::Withdraw { assessment, reason } => {
            must_be_in_work(board.assessment(*assessment)?)?;
            let reason = reason.clone();
            Ok(vec![one(
                *assessment,
                AssessmentEvent::Withdrawn { reason },
            )])
        }
    }
}

/// Issues a reviewed assessment: to seats here, and through an operation to agencies; what it supersedes says so too.
fn issue(
    board: &Board,
    assessment: AssessmentId,
    readers: &Readers,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = board.assessment(assessment)?;
    if found.state != AssessmentState::Reviewed {
        let instead = match found.state {
            AssessmentState::Draft => {
                Text::new("Have a second person review it.", "请先由他人审核。")
            }
            AssessmentState::Reviewed
            | AssessmentState::Issued
            | AssessmentState::Superseded { .. }
            | AssessmentState::Withdrawn { .. } => {
                Text::new("Write one that supersedes it.", "请另行起草以替代。")
            }
        };
        return Err(wrong_state(found, instead));
    }
    must_hold_on(&found.details, context)?;
    check_readers(board, readers, context)?;
    let event = AssessmentEvent::Issued {
        readers: readers.clone(),
    };
    let mut all = vec![one(assessment, event)];
    // One that has left memory is long past its time, so that nobody goes by it any more.
    if let Some(before) = found.supersedes.and_then(|id| board.assessments.get(&id)) {
        must_be_issued(before)?;
        let event = AssessmentEvent::Superseded { by: assessment };
        all.push(one(before.id, event));
    }
    if let Some(operation) = readers.operation {
        let share = ParticipationAction::Share {
            operation,
            record: assessment.into(),
            tier: Tier::View,
            with_response: false,
            until: None,
        };
        // What is issued a moment later counts as on the board: the share is of the record, whatever its state.
        all.extend(participation::decide(board, &share, context)?);
    }
    Ok(all)
}

fn check_readers(board: &Board, readers: &Readers, context: &Context<'_>) -> Result<(), Refusal> {
    if readers.seats.is_empty() && readers.agencies.is_empty() {
        return Err(Refusal::missing("A reader", "阅知对象"));
    }
    let silent = [
        Seat::Wall,
        Seat::Administrator,
        Seat::Volunteer,
        Seat::Overseer,
    ];
    if silent.iter().any(|seat| readers.seats.contains(seat)) {
        return Err(Refusal::missing(
            "A seat that reads and says so (call taker, dispatcher, duty officer, crew or analyst)",
            "能够签阅的席位（接警、调度、值班长、处警力量或研判）",
        ));
    }
    match readers.operation {
        None if readers.agencies.is_empty() => Ok(()),
        None => Err(Refusal::missing(
            "The operation through which agencies get it",
            "向其他机构发布所经由的行动",
        )),
        Some(_) if readers.agencies.is_empty() => Err(Refusal::missing(
            "An agency of that operation",
            "该行动中的机构",
        )),
        Some(operation) => {
            let member = |node: &NodeId| *node != context.node && board.is_member(operation, node);
            if readers.agencies.iter().all(member) {
                Ok(())
            } else {
                Err(Refusal::NotAMember)
            }
        }
    }
}

fn read(
    board: &Board,
    assessment: AssessmentId,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = board.assessment(assessment)?;
    let wanted = match (&found.state, &found.issue) {
        (AssessmentState::Issued | AssessmentState::Superseded { .. }, Some(issue)) => {
            &issue.readers.seats
        }
        // A draft is nothing that anybody else need know of.
        _ => return Err(Refusal::NotFound(RecordKind::Assessment)),
    };
    let seats = seats_of(board, context.by);
    let Some(seat) = wanted.intersection(&seats).next().copied() else {
        return Err(Refusal::NotFound(RecordKind::Assessment));
    };
    if found.reads.iter().any(|read| read.by == context.by.person) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Assessment,
            state: Text::new("read by you already", "您已签阅"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    if found.reads.len() >= limits::READINGS_PER_ASSESSMENT_MAX {
        return Err(Refusal::limit(
            "people who say that they have read one assessment",
            "每份研判的签阅人",
            limits::READINGS_PER_ASSESSMENT_MAX,
        ));
    }
    Ok(vec![one(assessment, AssessmentEvent::Read { seat })])
}

/// Returns the seats that whoever acts may take, the one they act from among them.
pub(super) fn seats_of(board: &Board, by: Actor) -> BTreeSet<Seat> {
    let person = board.people.get(&by.person);
    let mut seats = person.map_or_else(BTreeSet::new, |person| person.details.seats.clone());
    seats.insert(by.seat);
    seats
}

fn check_details(
    board: &Board,
    details: &AssessmentDetails,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    must_hold_on(details, context)?;
    if details.sources.is_empty() {
        return Err(Refusal::missing("A source", "来源"));
    }
    if details.sources.len() > limits::SOURCES_PER_ASSESSMENT_MAX {
        return Err(Refusal::limit(
            "sources of one assessment",
            "每份研判的来源",
            limits::SOURCES_PER_ASSESSMENT_MAX,
        ));
    }
    for source in &details.sources {
        match &source.what {
            SourceOf::Record { record } => {
                if !may_be_source(record.kind) || board.get(*record).is_none() {
                    return Err(Refusal::NotFound(record.kind));
                }
            }
            SourceOf::There { of } => {
                if !of.record.kind.can_be_shared() || board.copy(*of).is_none() {
                    return Err(Refusal::NotFound(of.record.kind));
                }
            }
            SourceOf::Site { .. } | SourceOf::OpenReport { .. } => {}
        }
    }
    Ok(())
}

/// Says whether records of a kind can be a source: situations and places, never people.
fn may_be_source(kind: RecordKind) -> bool {
    [
        RecordKind::Incident,
        RecordKind::Call,
        RecordKind::Station,
        RecordKind::Assessment,
    ]
    .contains(&kind)
}

fn must_hold_on(details: &AssessmentDetails, context: &Context<'_>) -> Result<(), Refusal> {
    let latest = context.now.plus_s(limits::ASSESSMENT_HOLDS_S_MAX);
    if details.valid_until > context.now && details.valid_until <= latest {
        return Ok(());
    }
    Err(Refusal::missing(
        "An end of its validity in the future, within a year",
        "一年之内的将来有效期",
    ))
}

fn is_in_work(found: &Assessment) -> bool {
    match found.state {
        AssessmentState::Draft | AssessmentState::Reviewed => true,
        AssessmentState::Issued
        | AssessmentState::Superseded { .. }
        | AssessmentState::Withdrawn { .. } => false,
    }
}

fn must_be_in_work(found: &Assessment) -> Result<(), Refusal> {
    if is_in_work(found) {
        return Ok(());
    }
    Err(wrong_state(found, supersede_it()))
}

fn must_be_draft(found: &Assessment) -> Result<(), Refusal> {
    if found.state == AssessmentState::Draft {
        return Ok(());
    }
    let instead = if found.state == AssessmentState::Reviewed {
        Text::new(
            "Whoever reviewed it can return it, or write one that supersedes it once it is issued.",
            "可由审核人退回；发布后请另行起草以替代。",
        )
    } else {
        supersede_it()
    };
    Err(wrong_state(found, instead))
}

fn must_be_issued(found: &Assessment) -> Result<(), Refusal> {
    if found.state == AssessmentState::Issued {
        return Ok(());
    }
    Err(wrong_state(
        found,
        Text::new(
            "Only what is issued and stands is superseded: look at what stands now.",
            "仅可替代已发布且仍有效的研判；请查看当前版本。",
        ),
    ))
}

fn must_be_another(found: &Assessment, person: PersonId) -> Result<(), Refusal> {
    if !found.is_by(person) {
        return Ok(());
    }
    Err(Refusal::WrongState {
        kind: RecordKind::Assessment,
        state: Text::new("written by you", "由您撰写"),
        instead: Text::new(
            "Somebody who did not write on it reviews it.",
            "请由未参与撰写的人员审核。",
        ),
    })
}

fn supersede_it() -> Text {
    Text::new(
        "It is never edited: write another that supersedes it.",
        "研判发布后不作修改：请另行起草以替代。",
    )
}

fn wrong_state(found: &Assessment, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Assessment,
        state: found.state.label(),
        instead,
    }
}

fn one(id: AssessmentId, event: AssessmentEvent) -> Happened {
    Happened::new(id, Event::Assessment(event))
}

fn with_text(id: AssessmentId, event: AssessmentEvent, text: &Prose) -> Happened {
    let mut happened = one(id, event);
    happened.personal.note = Some(text.clone());
    happened
}
