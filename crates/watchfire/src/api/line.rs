//! The action line: what was typed, understood against the board and done, or asked about first.
//!
//! The grammar is the core's ([`watchfire_core::line`]); here it is given the places and recommendations that
//! the node knows, and what it means goes the way of every other action. The text of a line may speak of
//! people: it is in no log, and notes are sealed as ever.

use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{AssignmentId, IncidentId, Place, Point, Text, UnitId};
use watchfire_core::board::Board;
use watchfire_core::engine::{HappenedWhen, Outcome};
use watchfire_core::limits;
use watchfire_core::line::words::{VERBS, VerbRow};
use watchfire_core::line::{
    self, Around, Asker, FoundPlace, Meaning, Misunderstanding, Selected, Trouble, Understood,
};
use watchfire_core::log::KeptMade;
use watchfire_core::recommend::Rule;
use watchfire_core::record::assignment::Choice;
use watchfire_core::record::unit::Duty;
use watchfire_core::record::{Action, RecordKind, RecordRef};
use watchfire_roads::{Found, Matched};

use super::view::{self, TextView};
use super::{App, Asked, Beside, Body, Envelope, read_id};
use crate::advice::Advice;
use crate::atlas::StationKey;
use crate::policy::Session;
use crate::problem::{Problem, Slip};

/// Longest confirmation, in characters; those that this node gives are shorter.
const CONFIRM_CHARS_MAX: usize = 64;

/// A line that was typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "d e12 e14 231" }))]
pub(crate) struct LineBody {
    /// What was typed, with or without the `/` that opens the bar.
    #[schema(max_length = 4300)]
    text: String,
    /// What is selected on the asker's screen.
    #[serde(default)]
    context: Option<SelectedBody>,
    /// The `confirm` of the last answer, to do what it asked about.
    #[schema(max_length = 64)]
    confirm: Option<String>,
}

/// A line that is being typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "d e1", "at": 4 }))]
pub(crate) struct CompleteBody {
    /// What was typed so far.
    #[schema(max_length = 4300)]
    text: String,
    /// Where the cursor stands, in Unicode characters from the beginning; at the end if it is further.
    #[schema(minimum = 0, maximum = 4300)]
    at: u32,
    /// What is selected on the asker's screen.
    #[serde(default)]
    context: Option<SelectedBody>,
}

/// What is selected on a screen: what a line leaves out is taken from it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectedBody {
    /// An incident.
    incident: Option<String>,
    /// A unit.
    unit: Option<String>,
    /// A call.
    call: Option<String>,
}

impl SelectedBody {
    fn read(&self) -> Result<Selected, Problem> {
        Ok(Selected {
            incident: self.incident.as_deref().map(read_id).transpose()?,
            unit: self.unit.as_deref().map(read_id).transpose()?,
            call: self.call.as_deref().map(read_id).transpose()?,
        })
    }
}

/// What came of a line.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineOutcome {
    /// It is done and durable.
    Done,
    /// It is understood, but not surely: send it again with `confirm`.
    Confirm,
    /// Nothing is changed: `records` are to be shown, or `go` says where to go.
    Show,
    /// `help` says what can be said.
    Help,
}

/// The answer to a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionLineView {
    /// What came of it.
    outcome: LineOutcome,
    /// What it was understood as.
    understood: TextView,
    /// Why it is asked about first; empty if it is not.
    unsure: Vec<TextView>,
    /// What confirms exactly this, as long as the records it names stay as they are.
    confirm: Option<String>,
    /// The records it made, changed or shows, the main one first.
    records: Vec<RecordNameView>,
    /// Where to go.
    go: Option<GoView>,
    /// What can be said.
    help: Option<Vec<VerbView>>,
    /// Until when it can be taken back, if it can.
    undo_before: Option<String>,
}

/// The name of a record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordNameView {
    /// Its kind.
    kind: String,
    /// Its id.
    id: String,
}

/// What a line goes to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoKindView {
    /// An incident.
    Incident,
    /// A unit.
    Unit,
    /// A call.
    Call,
    /// A directive.
    Directive,
    /// A screen, such as `call-taking`, `dispatch`, `directives` or `roster`.
    Seat,
}

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GoView {
    /// What it is.
    kind: GoKindView,
    /// The record's id, or the screen's name.
    id: String,
    /// What to put there: what a caller has said so far.
    text: Option<String>,
}

/// A verb.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerbView {
    /// The fewest keys.
    short: String,
    /// Its English names.
    en: Vec<String>,
    /// Its Chinese names.
    zh: Vec<String>,
    /// How a line with it is written.
    form: TextView,
    /// What it does.
    does: TextView,
}

/// What may stand at the cursor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletionView {
    /// The first character that a choice replaces, in Unicode characters.
    from: usize,
    /// One past the last character that a choice replaces.
    to: usize,
    /// The choices, the likeliest first; at most 12.
    choices: Vec<CompletionChoiceView>,
    /// How a line with this verb is written.
    hint: TextView,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletionChoiceView {
    /// What is put into the line.
    insert: String,
    /// What is shown for it.
    label: String,
    /// What it is.
    detail: TextView,
}

/// Understands a line, and does it if it is sure or confirmed. Only a line that acts needs an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/actions/line", tag = "board", request_body = LineBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = ActionLineView)))]
pub(crate) async fn act(asked: Asked) -> Result<Json<ActionLineView>, Problem> {
    super::board::allowed(&asked.session)?;
    let body: LineBody = asked.read()?;
    let selected = body.context.unwrap_or_default().read()?;
    let confirm = body.confirm.unwrap_or_default();
    if confirm.chars().count() > CONFIRM_CHARS_MAX {
        return Err(Problem::unreadable(
            "`confirm` is none that this node gave.",
            "confirm 不是本节点给出的确认码。",
        ));
    }
    // What was done changed the board: asked again, the same words may mean something else, or nothing.
    if let Some(outcome) = asked.answered_before()? {
        return Ok(Json(done_before(&outcome)));
    }
    let board = board_for(&asked.app, &body.text, selected)?;
    let look = Look::new(&asked.app, &asked.session, board, selected);
    let read = look.around(|around| {
        line::understand(&body.text, around).map(|understood| {
            let token = understood.token(around);
            (understood, token)
        })
    });
    let (understood, token) = read.map_err(|not| slip(&not))?;
    if !understood.meaning.acts() {
        return Ok(Json(shown(&understood)));
    }
    if !understood.is_sure() && confirm != token {
        return Ok(Json(ActionLineView {
            outcome: LineOutcome::Confirm,
            unsure: understood
                .unsure
                .iter()
                .cloned()
                .map(TextView::from)
                .collect(),
            confirm: Some(token),
            records: names(&understood.meaning.names()),
            ..empty(&understood)
        }));
    }
    let refused = |problem: Problem| problem.of_line(understood.text.clone());
    asked.must_have_key().map_err(refused)?;
    let action = action_of(&asked, &look, &understood.meaning).map_err(refused)?;
    let beside = Beside {
        made: look.made.take(),
        draft: None,
    };
    let outcome = asked
        .carry_out(action, HappenedWhen::Now, beside)
        .await
        .map_err(refused)?;
    forget_positions(&asked.app, &outcome);
    let records: Vec<RecordRef> = outcome.records.iter().map(|(name, _)| *name).collect();
    Ok(Json(ActionLineView {
        outcome: LineOutcome::Done,
        records: names(&records),
        undo_before: asked.undo_before().map(view::time),
        ..empty(&understood)
    }))
}

/// Says what may stand at a place of the line.
#[utoipa::path(post, path = "/api/v1/actions/line/complete", tag = "board", request_body = CompleteBody,
    responses((status = 200, body = CompletionView)))]
pub(crate) async fn complete(
    State(app): State<App>,
    session: Session,
    envelope: Envelope,
    body: Body,
) -> Result<Json<CompletionView>, Problem> {
    super::board::allowed(&session)?;
    let body: CompleteBody = body.read(envelope.json)?;
    if body.text.chars().count() > limits::ACTION_LINE_CHARS_MAX {
        let max = limits::ACTION_LINE_CHARS_MAX;
        return Err(Problem::unreadable(
            format!("`text` has more than {max} characters."),
            format!("text 超过 {max} 字。"),
        ));
    }
    let selected = body.context.unwrap_or_default().read()?;
    let node = &app.node;
    let at = usize::try_from(body.at).unwrap_or(usize::MAX);
    if at > limits::ACTION_LINE_CHARS_MAX {
        let max = limits::ACTION_LINE_CHARS_MAX;
        return Err(Problem::unreadable(
            format!("`at` is beyond {max} characters."),
            format!("at 超过 {max} 字。"),
        ));
    }
    // Looking places up takes milliseconds, for which nobody who writes is kept waiting.
    let board = node.board().clone();
    let asker = asker(&session);
    let around = Around {
        board: &board,
        response: node.response(),
        selected: known(&board, selected),
        asker: &asker,
        now: node.now(),
        close_by: super::directive::next_close(&app),
        places: &|text| places(&app, &board, text),
        // Nothing that is offered depends on it.
        recommended: &|_| Vec::new(),
    };
    let found = line::complete(&body.text, at, &around);
    Ok(Json(CompletionView {
        from: found.from,
        to: found.to,
        choices: found
            .choices
            .into_iter()
            .map(|choice| CompletionChoiceView {
                insert: choice.insert,
                label: choice.label,
                detail: choice.detail.into(),
            })
            .collect(),
        hint: found.hint.into(),
    }))
}

/// A board and what is asked beside it, held still for one line.
struct Look<'a> {
    app: &'a App,
    board: Board,
    selected: Selected,
    asker: Asker,
    /// What was recommended, so that what is asked about and what is done are worked out once.
    recommended: RefCell<BTreeMap<IncidentId, Vec<UnitId>>>,
    /// The recommendation that is kept with what is done.
    made: RefCell<Option<KeptMade>>,
}

impl<'a> Look<'a> {
    fn new(app: &'a App, session: &Session, board: Board, selected: Selected) -> Look<'a> {
        let selected = known(&board, selected);
        Look {
            app,
            board,
            selected,
            asker: asker(session),
            recommended: RefCell::default(),
            made: RefCell::default(),
        }
    }

    fn around<T>(&self, look: impl FnOnce(&Around<'_>) -> T) -> T {
        look(&Around {
            board: &self.board,
            response: self.app.node.response(),
            selected: self.selected,
            asker: &self.asker,
            now: self.app.node.now(),
            close_by: super::directive::next_close(self.app),
            places: &|text| places(self.app, &self.board, text),
            recommended: &|incident| self.recommended(incident),
        })
    }

    fn recommended(&self, id: IncidentId) -> Vec<UnitId> {
        if let Some(known) = self.recommended.borrow().get(&id) {
            return known.clone();
        }
        let incident = self.board.incidents.get(&id);
        let units: Vec<UnitId> = incident.map_or_else(Vec::new, |incident| {
            let made = Advice::of(&self.app.node, &self.board).recommend(incident);
            made.chosen().map(|candidate| candidate.unit).collect()
        });
        self.recommended.borrow_mut().insert(id, units.clone());
        units
    }
}

/// Returns who asks, as the grammar knows them.
fn asker(session: &Session) -> Asker {
    Asker {
        person: session.person,
        unit: session.unit,
        seats: session.seats.clone(),
    }
}

/// Returns what is selected and known; what has left memory since is no longer.
fn known(board: &Board, selected: Selected) -> Selected {
    Selected {
        incident: selected
            .incident
            .filter(|id| board.incidents.contains_key(id)),
        unit: selected.unit.filter(|id| board.units.contains_key(id)),
        call: selected.call.filter(|id| board.calls.contains_key(id)),
    }
}

/// Returns the board for a line, with incidents on it that left memory and are named by number or selected.
fn board_for(app: &App, text: &str, selected: Selected) -> Result<Board, Problem> {
    /// Old incidents that one line can bring back; more are not looked for.
    const NUMBERS_MAX: usize = 4;
    let runs = text.split(|c: char| !c.is_ascii_digit());
    let numbers = runs
        .filter(|run| !run.is_empty())
        .filter_map(|run| run.parse::<u64>().ok());
    let mut away: Vec<IncidentId> = selected.incident.into_iter().collect();
    for number in numbers.take(NUMBERS_MAX) {
        let here = app
            .node
            .board()
            .incidents
            .values()
            .any(|one| one.number == number);
        if here {
            continue;
        }
        let row = app
            .node
            .read_store(|reader| reader.record_by_number(RecordKind::Incident, number));
        let row = row.map_err(super::person::fault)?;
        away.extend(row.map(|row| IncidentId(row.record.id)));
    }
    super::board::look_with(app, away, Board::clone)
}

/// Finds places by what is typed, on the node's own map and among its stations. One that is named exactly and
/// alone is sure; a likely one is asked about.
fn places(app: &App, board: &Board, text: &str) -> Vec<FoundPlace> {
    /// Places offered at most.
    const FOUND_MAX: usize = 12;
    let stations = StationKey::all(board);
    let gazetteer = app.node.settings().travel.atlas().gazetteer(&stations);
    // A text that is too long names no place.
    let found = gazetteer.search(text, None, FOUND_MAX).unwrap_or_default();
    let exact = |found: &Found| found.matched == Matched::Exact;
    let alone = found.iter().filter(|found| exact(found)).count() == 1;
    let place = |found: Found| {
        Some(FoundPlace {
            exact: alone && exact(&found),
            place: Place {
                point: Point::from_degrees(found.point.lat, found.point.lon).ok()?,
                address: found.text.parse().ok(),
                // A named area of the map is not the station area that plans speak of.
                area: None,
            },
        })
    };
    found.into_iter().filter_map(place).collect()
}

fn action_of(asked: &Asked, look: &Look<'_>, meaning: &Meaning) -> Result<Action, Problem> {
    let node = &asked.app.node;
    if *meaning == Meaning::Undo {
        return match node.deeds().last(asked.session.person) {
            Some(Ok(undo)) => Ok(Action::Undo(Box::new(undo))),
            Some(Err(refusal)) => Err(refusal.into()),
            None => Err(super::undo::not_remembered().into()),
        };
    }
    let choices = |incident: IncidentId, units: &[UnitId], given_up: Option<AssignmentId>| {
        choices(look, incident, units, given_up)
    };
    let action = meaning.action(&look.board, node.now(), choices);
    action.ok_or_else(Problem::fault)
}

fn choices(
    look: &Look<'_>,
    incident: IncidentId,
    units: &[UnitId],
    given_up: Option<AssignmentId>,
) -> Vec<Choice> {
    let Some(incident) = look.board.incidents.get(&incident) else {
        return Vec::new();
    };
    let given_up = given_up.and_then(|id| look.board.assignments.get(&id));
    let given_up = given_up.map(AsRef::as_ref);
    let advice = Advice::of(&look.app.node, &look.board);
    let (choices, made) = advice.choices(incident, given_up, units, Rule::NotSaid);
    look.made.replace(Some(made));
    choices
}

/// Nobody is followed who is not on duty.
fn forget_positions(app: &App, outcome: &Outcome) {
    let board = app.node.board();
    for (record, _) in &outcome.records {
        let unit = UnitId(record.id);
        let found = board
            .units
            .get(&unit)
            .filter(|_| record.kind == RecordKind::Unit);
        if found.is_some_and(|found| found.duty == Duty::OffDuty) {
            app.node.positions().forget(unit);
        }
    }
}

fn slip(not: &Misunderstanding) -> Problem {
    let code = match not.trouble {
        Trouble::Empty
        | Trouble::TooLong
        | Trouble::Verb
        | Trouble::Word
        | Trouble::Several
        | Trouble::Missing => "not_understood",
        Trouble::NoSuch | Trouble::Senseless => "not_as_things_stand",
    };
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        code,
        not.what.clone(),
        not.next_step.clone(),
    )
    .with_slip(Slip {
        from: not.from,
        to: not.to,
        nearest: not.nearest.clone(),
    })
}

fn empty(understood: &Understood) -> ActionLineView {
    ActionLineView {
        outcome: LineOutcome::Show,
        understood: understood.text.clone().into(),
        unsure: Vec::new(),
        confirm: None,
        records: Vec::new(),
        go: None,
        help: None,
        undo_before: None,
    }
}

fn done_before(outcome: &Outcome) -> ActionLineView {
    let records: Vec<RecordRef> = outcome.records.iter().map(|(name, _)| *name).collect();
    ActionLineView {
        outcome: LineOutcome::Done,
        understood: Text::new("This was done already", "该操作此前已完成").into(),
        unsure: Vec::new(),
        confirm: None,
        records: names(&records),
        go: None,
        help: None,
        undo_before: None,
    }
}

fn shown(understood: &Understood) -> ActionLineView {
    let view = empty(understood);
    match &understood.meaning {
        Meaning::Show(record) => ActionLineView {
            records: names(&[*record]),
            ..view
        },
        Meaning::Go(record) => ActionLineView {
            records: names(&[*record]),
            go: go(*record),
            ..view
        },
        Meaning::GoScreen(screen) => ActionLineView {
            go: Some(GoView {
                kind: GoKindView::Seat,
                id: screen.as_str().to_owned(),
                text: None,
            }),
            ..view
        },
        Meaning::TakeCall { said } => ActionLineView {
            go: Some(GoView {
                kind: GoKindView::Seat,
                id: line::Screen::CallTaking.as_str().to_owned(),
                text: said.as_ref().map(|said| said.as_str().to_owned()),
            }),
            ..view
        },
        Meaning::Help(verb) => ActionLineView {
            outcome: LineOutcome::Help,
            help: Some(
                VERBS
                    .iter()
                    .filter(|row| verb.is_none_or(|verb| row.verb == verb))
                    .map(verb_view)
                    .collect(),
            ),
            ..view
        },
        Meaning::Send { .. }
        | Meaning::Advance { .. }
        | Meaning::Swap { .. }
        | Meaning::Reassign { .. }
        | Meaning::RaiseAlarm { .. }
        | Meaning::Note { .. }
        | Meaning::Close { .. }
        | Meaning::Cancel { .. }
        | Meaning::Reopen { .. }
        | Meaning::Grade { .. }
        | Meaning::Relocate { .. }
        | Meaning::Merge { .. }
        | Meaning::Unmerge { .. }
        | Meaning::Link { .. }
        | Meaning::Open { .. }
        | Meaning::Join { .. }
        | Meaning::Duty { .. }
        | Meaning::MoveUp { .. }
        | Meaning::Direct { .. }
        | Meaning::Answer { .. }
        | Meaning::Recall { .. }
        | Meaning::Ask { .. }
        | Meaning::Log { .. }
        | Meaning::Shift { .. }
        | Meaning::Undo => view,
    }
}

fn go(record: RecordRef) -> Option<GoView> {
    let kind = if record.kind == RecordKind::Incident {
        GoKindView::Incident
    } else if record.kind == RecordKind::Unit {
        GoKindView::Unit
    } else if record.kind == RecordKind::Call {
        GoKindView::Call
    } else if record.kind == RecordKind::Directive {
        GoKindView::Directive
    } else {
        return None;
    };
    Some(GoView {
        kind,
        id: hex(record),
        text: None,
    })
}

fn verb_view(row: &VerbRow) -> VerbView {
    VerbView {
        short: row.short.to_owned(),
        en: row.en.iter().map(|name| (*name).to_owned()).collect(),
        zh: row.zh.iter().map(|name| (*name).to_owned()).collect(),
        form: row.verb.form().into(),
        does: row.verb.does().into(),
    }
}

fn names(records: &[RecordRef]) -> Vec<RecordNameView> {
    let name = |record: &RecordRef| RecordNameView {
        kind: record.kind.as_str().to_owned(),
        id: hex(*record),
    };
    records.iter().map(name).collect()
}

fn hex(record: RecordRef) -> String {
    record.id.iter().map(|byte| format!("{byte:02x}")).collect()
}

// The schema's limits are written as numbers, since it takes no constants.
const _: () = assert!(limits::ACTION_LINE_CHARS_MAX == 4_300);
