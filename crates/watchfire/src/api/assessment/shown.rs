//! How assessments are shown, and to whom: whole to those who may read them, as a mark to everybody else.
//!
//! What the asker may do next is said by the node, so that no screen copies a rule. Start at [`Looker`].

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{AssessmentId, OperationId, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::assessment::{
    Assessment, AssessmentState, Grade, Issue, Readers, Source, SourceOf,
};
use watchfire_core::record::reply::Reply;
use watchfire_core::record::{Actor, Elsewhere, Record, RecordKind, RecordRef};
use watchfire_feed::NodeId;

use super::super::App;
use super::super::operation::shown::{DeliveryView, delivery_of};
use super::super::view::{self, SeatView, TextView, maybe_time};
use super::written::{AssessmentKindView, UrgencyView};
use crate::policy::{Permission, Session};

/// That there is an assessment, told to everybody; what it is about is asked for by who may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssessmentMark {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// How soon its readers should know.
    pub urgency: UrgencyView,
    /// Where it is in its life.
    pub status: AssessmentStatusView,
    /// The seats that are to read it, once it is issued.
    pub readers: Vec<SeatView>,
    /// Those of them from which nobody has.
    pub unread_by: Vec<SeatView>,
    /// When all should have.
    pub read_due: Option<String>,
    /// Until when it holds.
    pub valid_until: String,
}

/// Where an assessment is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentStatusView {
    /// Being written.
    Draft,
    /// A second person stands by it.
    Reviewed,
    /// Its readers have it.
    Issued,
    /// Another stands in its place.
    Superseded,
    /// It was given up.
    Withdrawn,
}

/// An assessment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AssessmentView {
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
    /// What people call it.
    pub title: String,
    /// What kind of product it is.
    pub kind: AssessmentKindView,
    /// The same in words.
    pub kind_text: TextView,
    /// How soon its readers should know.
    pub urgency: UrgencyView,
    /// The same in words.
    pub urgency_text: TextView,
    /// How it is graded as a whole.
    pub grade: GradeView,
    /// Until when it holds.
    pub valid_until: String,
    /// True while its readers should go by it.
    pub holds: bool,
    /// On what it rests.
    pub sources: Vec<SourceView>,
    /// The one that it supersedes, or is to.
    pub supersedes: Option<String>,
    /// The one that stands in its place.
    pub superseded_by: Option<String>,
    /// Where it is in its life.
    pub status: AssessmentStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// Who wrote it; of another home nobody is named.
    pub authors: Vec<String>,
    /// When it was begun.
    pub drafted_at: String,
    /// What a reviewer wanted changed.
    pub returned: Option<RemarkView>,
    /// Who reviewed it and when.
    pub reviewed: Option<ByView>,
    /// Who issued it and when.
    pub issued: Option<ByView>,
    /// Why it was withdrawn.
    pub withdrawn: Option<String>,
    /// To whom it was issued.
    pub readers: ReadersView,
    /// Who of this agency has read it.
    pub reads: Vec<ReadingView>,
    /// Seats that are to read it and have not.
    pub unread_by: Vec<SeatView>,
    /// When all should have.
    pub read_due: Option<String>,
    /// True if that is past, it holds, and somebody has not.
    pub late: bool,
    /// True if the asker is to read it and has not said that they have.
    pub to_read: bool,
    /// What the asker may do with it now.
    pub may: Vec<AssessmentStepView>,
    /// What it says; only where it is asked for by itself, and its key is here.
    pub text: Option<String>,
}

/// What may be done with an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentStepView {
    /// Change it.
    Amend,
    /// Stand by it.
    Review,
    /// Give it back.
    Return,
    /// Issue it.
    Issue,
    /// Say that one has read it.
    Read,
    /// Give it up.
    Withdraw,
    /// Write one that supersedes it.
    Supersede,
    /// Sign for it, as one that another home issued.
    Sign,
}

/// A grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GradeView {
    /// Of the source: A to F.
    pub source: String,
    /// Of what it says: 1 to 6.
    pub credibility: u8,
    /// Both, as people write it.
    pub short: String,
    /// The same in words.
    pub text: TextView,
}

impl From<Grade> for GradeView {
    fn from(grade: Grade) -> GradeView {
        let (source, credibility) = (grade.source.label(), grade.credibility.label());
        GradeView {
            source: grade.source.letter().to_string(),
            credibility: grade.credibility.into(),
            short: grade.to_string(),
            text: TextView {
                en: format!("{}, {}", source.en, credibility.en),
                zh: format!("{}，{}", source.zh, credibility.zh),
            },
        }
    }
}

/// Something that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SourceView {
    /// What it is.
    pub is: SourceIs,
    /// The record's home, if it is a record.
    pub node: Option<String>,
    /// The record: its kind, a colon, its id.
    pub record: Option<String>,
    /// What people call it.
    pub label: TextView,
    /// Where an open report is to be found.
    pub reference: Option<String>,
    /// Where a site is, in degrees.
    pub lat: Option<f64>,
    /// Where a site is, in degrees.
    pub lon: Option<f64>,
    /// How it is graded by itself.
    pub grade: Option<GradeView>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceIs {
    /// A record of its home.
    Record,
    /// A record of another home.
    There,
    /// A place.
    Site,
    /// Something that anybody can look up.
    OpenReport,
}

/// What a reviewer wanted changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemarkView {
    /// What.
    pub remark: String,
    /// When.
    pub at: String,
    /// Who said so.
    pub by: String,
}

/// Who did something and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByView {
    /// When.
    pub at: String,
    /// Who; of another home nobody is named.
    pub by: String,
}

/// To whom an assessment was issued.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct ReadersView {
    /// Seats of its home.
    pub seats: Vec<SeatView>,
    /// The operation through which other agencies get it.
    pub operation: Option<String>,
    /// What that is called.
    pub operation_name: Option<String>,
    /// The agencies that are to read it, and how far it has come to them: of one's own only.
    pub agencies: Vec<DeliveryView>,
}

/// That somebody has read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadingView {
    /// For which seat.
    pub seat: SeatView,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
}

/// Shows the mark of an assessment.
pub(crate) fn mark(one: &Assessment) -> AssessmentMark {
    let readers = one.issue.as_ref().map(|issue| &issue.readers.seats);
    AssessmentMark {
        id: one.id.to_string(),
        version: one.version,
        number: one.number,
        urgency: one.details.urgency.into(),
        status: status(&one.state),
        readers: readers
            .into_iter()
            .flatten()
            .map(|seat| (*seat).into())
            .collect(),
        unread_by: one.unread_by().into_iter().map(SeatView::from).collect(),
        read_due: maybe_time(one.read_due()),
        valid_until: view::time(one.details.valid_until),
    }
}

fn status(state: &AssessmentState) -> AssessmentStatusView {
    match state {
        AssessmentState::Draft => AssessmentStatusView::Draft,
        AssessmentState::Reviewed => AssessmentStatusView::Reviewed,
        AssessmentState::Issued => AssessmentStatusView::Issued,
        AssessmentState::Superseded { .. } => AssessmentStatusView::Superseded,
        AssessmentState::Withdrawn { .. } => AssessmentStatusView::Withdrawn,
    }
}

/// Returns what people call whoever did something here; a program or nobody known by what it is.
pub(in crate::api) fn name_of(board: &Board, by: Actor) -> String {
    let person = board.people.get(&by.person);
    person.map_or_else(String::new, |person| person.details.name.to_string())
}

/// Returns what people call a record.
pub(in crate::api) fn label_of(app: &App, board: &Board, record: RecordRef) -> TextView {
    let found = board.get(record);
    let found = found.or_else(|| {
        let row = |reader: &watchfire_store::Reader| {
            let row = reader.record(record)?;
            row.map(|row| reader.plain(&row)).transpose()
        };
        app.node.read_store(row).ok().flatten()
    });
    label(app, record.kind, found.as_ref()).into()
}

/// Returns what people call a record of another home, with that home's name.
pub(in crate::api) fn label_there(
    app: &App,
    board: &Board,
    node: NodeId,
    record: RecordRef,
) -> TextView {
    let copy = board.copy(Elsewhere { node, record });
    let name = board.name_of(&node);
    let Text { en, zh } = label(app, record.kind, copy.as_ref());
    TextView {
        en: format!("{name}: {en}"),
        zh: format!("{name}：{zh}"),
    }
}

fn label(app: &App, kind: RecordKind, found: Option<&Record>) -> Text {
    let word = kind.label();
    let Some(found) = found else { return word };
    if let Record::Incident(incident) = found {
        let category = app.node.response().category_label(&incident.category);
        let place = &incident.place;
        let place = place.address.as_ref().or(place.area.as_ref());
        let place = place.map_or_else(String::new, |place| format!(" {place}"));
        return Text::new(
            format!("#{} {}{place}", incident.number, category.en),
            format!("#{} {}{place}", incident.number, category.zh),
        );
    }
    if let Record::Assessment(one) = found {
        let title = &one.details.title;
        return Text::new(
            format!("{} #{} {title}", word.en, one.number),
            format!("{} #{} {title}", word.zh, one.number),
        );
    }
    if let Record::Station(station) = found {
        let name = station.details.name.as_str();
        return Text::new(name, name);
    }
    let number = found
        .number()
        .map_or_else(String::new, |number| format!(" #{number}"));
    Text::new(
        format!("{}{number}", word.en),
        format!("{}{number}", word.zh),
    )
}

/// Somebody who looks at assessments.
pub(super) struct Looker<'a> {
    app: &'a App,
    session: &'a Session,
    own: NodeId,
    now: Timestamp,
}

impl<'a> Looker<'a> {
    pub(super) fn new(app: &'a App, session: &'a Session) -> Looker<'a> {
        Looker {
            app,
            session,
            own: app.node.feed().node,
            now: app.node.now(),
        }
    }

    /// Says whether they may read one of this node's.
    pub(super) fn may_read(&self, one: &Assessment) -> bool {
        self.session.may(Permission::ReadAssessments) || self.is_reader(one)
    }

    fn is_reader(&self, one: &Assessment) -> bool {
        let readers = one.issue.as_ref().map(|issue| &issue.readers.seats);
        readers.is_some_and(|seats| !seats.is_disjoint(&self.session.seats))
    }

    /// Says whether they may read what other homes issued to this agency.
    fn may_read_theirs(&self) -> bool {
        self.session.may(Permission::ReadAssessments)
            || self.session.may(Permission::ActInOperations)
    }

    /// Shows all that they may read, without the texts.
    pub(super) fn all(&self) -> Vec<AssessmentView> {
        let board = self.app.node.board();
        let own = board.assessments.values().filter(|one| self.may_read(one));
        let mut all: Vec<(bool, &Assessment, AssessmentView)> = own
            .map(|one| (one.holds(self.now), one.as_ref(), self.own(&board, one)))
            .collect();
        if self.may_read_theirs() {
            for (node, copies) in &board.copies.boards {
                let theirs = copies.assessments.values();
                all.extend(theirs.filter_map(|one| {
                    let view = self.theirs(&board, *node, one, false)?;
                    Some((one.holds(self.now), one.as_ref(), view))
                }));
            }
        }
        all.sort_by_key(|(holds, one, _)| {
            let in_work =
                one.issue.is_none() && !matches!(one.state, AssessmentState::Withdrawn { .. });
            let urgency = (*holds || in_work).then_some(one.details.urgency);
            (
                urgency.is_none(),
                urgency,
                std::cmp::Reverse(one.changed_at),
            )
        });
        all.into_iter().map(|(.., view)| view).collect()
    }

    /// Shows one of this node's with its text.
    pub(super) fn whole(&self, board: &Board, one: &Assessment) -> AssessmentView {
        AssessmentView {
            text: one.text.as_ref().map(|text| text.as_str().to_owned()),
            ..self.own(board, one)
        }
    }

    /// Shows one of another home's with its text, if it was issued to this agency and they may read it.
    pub(super) fn elsewhere(&self, node: NodeId, id: AssessmentId) -> Option<AssessmentView> {
        if !self.may_read_theirs() {
            return None;
        }
        let board = self.app.node.board();
        let one = board.copies.boards.get(&node)?.assessments.get(&id)?;
        self.theirs(&board, node, one, true)
    }

    /// Shows one of this node's, without its text.
    pub(super) fn own(&self, board: &Board, one: &Assessment) -> AssessmentView {
        let name = |by: Actor| name_of(board, by);
        let by_me = one.reads.iter().any(|read| read.by == self.session.person);
        let issued = one.state == AssessmentState::Issued;
        let to_read = issued && self.is_reader(one) && !by_me;
        let readers = one.issue.as_ref().map(|issue| &issue.readers);
        AssessmentView {
            authors: one.authors.iter().map(|by| name(*by)).collect(),
            readers: readers.map_or_else(ReadersView::default, |readers| {
                self.readers(board, one.id, readers)
            }),
            reads: one
                .reads
                .iter()
                .map(|read| ReadingView {
                    seat: read.seat.into(),
                    by: name(Actor {
                        person: read.by,
                        seat: read.seat,
                    }),
                    at: view::time(read.at),
                })
                .collect(),
            unread_by: one.unread_by().into_iter().map(SeatView::from).collect(),
            late: one.is_unread_late(self.now),
            to_read,
            may: self.may_do(one, to_read),
            sources: one
                .details
                .sources
                .iter()
                .map(|source| self.source(board, None, source))
                .collect(),
            ..self.base(board, self.own, one, name)
        }
    }

    /// Shows one of another home's: no name of theirs is shown, and what it rests on as far as it is known here.
    fn theirs(
        &self,
        board: &Board,
        node: NodeId,
        one: &Assessment,
        with_text: bool,
    ) -> Option<AssessmentView> {
        let operation = one.issue.as_ref()?.readers.operation?;
        let of = Elsewhere {
            node,
            record: one.id.into(),
        };
        board.share_elsewhere(operation, of, self.now)?;
        let reply = board.replies.get(&Reply::id_of(&self.own, &of));
        let signed = reply.and_then(|reply| reply.signed);
        let named = one
            .issue
            .as_ref()
            .is_some_and(|issue| issue.readers.agencies.contains(&self.own));
        let to_read = named && one.state == AssessmentState::Issued && signed.is_none();
        let may_sign = self.session.may(Permission::ActInOperations) && signed.is_none();
        let text = one.text.as_ref().filter(|_| with_text);
        Some(AssessmentView {
            readers: ReadersView {
                operation: Some(operation.to_string()),
                operation_name: operation_name(board, operation),
                ..ReadersView::default()
            },
            late: to_read
                && one.holds(self.now)
                && one.read_due().is_some_and(|due| due < self.now),
            to_read,
            may: may_sign
                .then_some(AssessmentStepView::Sign)
                .into_iter()
                .collect(),
            sources: one
                .details
                .sources
                .iter()
                .map(|source| self.source(board, Some(node), source))
                .collect(),
            text: text.map(|text| text.as_str().to_owned()),
            ..self.base(board, node, one, |_| String::new())
        })
    }

    fn base(
        &self,
        board: &Board,
        node: NodeId,
        one: &Assessment,
        name: impl Fn(Actor) -> String,
    ) -> AssessmentView {
        let by = |(at, by): (Timestamp, Actor)| ByView {
            at: view::time(at),
            by: name(by),
        };
        let own = node == self.own;
        let details = &one.details;
        let (superseded_by, withdrawn) = match &one.state {
            AssessmentState::Superseded { by, .. } => (Some(by.to_string()), None),
            AssessmentState::Withdrawn { reason, .. } => (None, Some(reason.to_string())),
            AssessmentState::Draft | AssessmentState::Reviewed | AssessmentState::Issued => {
                (None, None)
            }
        };
        AssessmentView {
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
            title: details.title.to_string(),
            kind: details.kind.into(),
            kind_text: details.kind.label().into(),
            urgency: details.urgency.into(),
            urgency_text: details.urgency.label().into(),
            grade: details.grade.into(),
            valid_until: view::time(details.valid_until),
            holds: one.holds(self.now),
            sources: Vec::new(),
            supersedes: one.supersedes.map(|id| id.to_string()),
            superseded_by,
            status: status(&one.state),
            status_text: one.state.label().into(),
            authors: Vec::new(),
            drafted_at: view::time(one.drafted_at),
            returned: one.returned.as_ref().map(|returned| RemarkView {
                remark: returned.remark.to_string(),
                at: view::time(returned.at),
                by: name(returned.by),
            }),
            reviewed: one.review.map(by),
            issued: one
                .issue
                .as_ref()
                .map(|Issue { at, by: who, .. }| by((*at, *who))),
            withdrawn,
            readers: ReadersView::default(),
            reads: Vec::new(),
            unread_by: Vec::new(),
            read_due: maybe_time(one.read_due()),
            late: false,
            to_read: false,
            may: Vec::new(),
            text: None,
        }
    }

    fn readers(&self, board: &Board, id: AssessmentId, readers: &Readers) -> ReadersView {
        let operation = readers.operation;
        let delivery =
            operation.map(|operation| delivery_of(&self.app.node, board, operation, id.into()));
        let named: BTreeSet<String> = readers.agencies.iter().map(ToString::to_string).collect();
        let delivery = delivery.unwrap_or_default().into_iter();
        ReadersView {
            seats: readers
                .seats
                .iter()
                .map(|seat| SeatView::from(*seat))
                .collect(),
            operation: operation.map(|id| id.to_string()),
            operation_name: operation.and_then(|id| operation_name(board, id)),
            agencies: delivery.filter(|one| named.contains(one.node())).collect(),
        }
    }

    fn may_do(&self, one: &Assessment, to_read: bool) -> Vec<AssessmentStepView> {
        let writes = self.session.may(Permission::WriteAssessments);
        let reviews = self.session.may(Permission::ReviewAssessments);
        let another = reviews && !one.is_by(self.session.person);
        let (draft, reviewed) = match one.state {
            AssessmentState::Draft => (true, false),
            AssessmentState::Reviewed => (false, true),
            AssessmentState::Issued
            | AssessmentState::Superseded { .. }
            | AssessmentState::Withdrawn { .. } => (false, false),
        };
        let issued = one.state == AssessmentState::Issued;
        let reads = to_read && self.session.may(Permission::ReadIssued);
        let all = [
            (AssessmentStepView::Read, reads),
            (AssessmentStepView::Amend, draft && writes),
            (AssessmentStepView::Review, draft && another),
            (AssessmentStepView::Issue, reviewed && reviews),
            (AssessmentStepView::Return, (draft || reviewed) && another),
            (
                AssessmentStepView::Withdraw,
                (draft || reviewed) && (writes || reviews),
            ),
            (AssessmentStepView::Supersede, issued && writes),
        ];
        let may = all.into_iter().filter(|(_, may)| *may);
        may.map(|(step, _)| step).collect()
    }

    fn source(&self, board: &Board, home: Option<NodeId>, source: &Source) -> SourceView {
        let base = SourceView {
            is: SourceIs::Site,
            node: None,
            record: None,
            label: Text::new("", "").into(),
            reference: None,
            lat: None,
            lon: None,
            grade: source.grade.map(GradeView::from),
        };
        match &source.what {
            SourceOf::Record { record } => {
                let label = match home {
                    None => label_of(self.app, board, *record),
                    Some(node) => label_there(self.app, board, node, *record),
                };
                SourceView {
                    is: if home.is_none() {
                        SourceIs::Record
                    } else {
                        SourceIs::There
                    },
                    node: home.map(|node| node.to_string()),
                    record: Some(record.to_string()),
                    label,
                    ..base
                }
            }
            SourceOf::There { of } => SourceView {
                is: SourceIs::There,
                node: Some(of.node.to_string()),
                record: Some(of.record.to_string()),
                label: label_there(self.app, board, of.node, of.record),
                ..base
            },
            SourceOf::Site { label, point } => SourceView {
                label: Text::new(label.as_str(), label.as_str()).into(),
                lat: Some(point.lat()),
                lon: Some(point.lon()),
                ..base
            },
            SourceOf::OpenReport { label, reference } => SourceView {
                is: SourceIs::OpenReport,
                label: Text::new(label.as_str(), label.as_str()).into(),
                reference: reference.as_ref().map(ToString::to_string),
                ..base
            },
        }
    }
}

fn operation_name(board: &Board, id: OperationId) -> Option<String> {
    let found = board.operation_anywhere(id).ok()?;
    Some(found.genesis.name.to_string())
}
