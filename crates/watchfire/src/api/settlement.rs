//! The books of a day: what was carried in, opened, closed and carried out, line by line; why lines are carried over; the
//! signature, and corrections of days that were signed. As a page, and as a file for a spreadsheet.
//!
//! A day begins at the node's own hour of settlement (08:00 of its zone) and ends at the next. Start at [`show`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{Line, OperationId, SettlementId, StationId, Text, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::ledger::{BookOf, Ledger, LineId, Off, Tally};
use watchfire_core::record::directive::Mark;
use watchfire_core::record::settlement::{Book, Settlement, SettlementAction};
use watchfire_core::record::{Action, Record, RecordKind, RecordRef};
use watchfire_feed::NodeId;

use super::board::every_record;
use super::directive::MarkView;
use super::entries::name_of;
use super::view::{self, TextView};
use super::{App, Asked, Query, answer, read, read_id, read_time};
use crate::figures::Rows;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use crate::{timed, words};

/// The hour at which a day's books are closed, in the node's zone.
const CLOSE_HOUR: i8 = 8;
/// The kinds of record that a book may have lines of.
const BOOKED: [RecordKind; 4] = [
    RecordKind::Incident,
    RecordKind::Directive,
    RecordKind::SupportRequest,
    RecordKind::Assignment,
];

/// Which book of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BookQuery {
    /// The date on which the day ends, `2026-11-27`; the day that ended last if nothing is said.
    date: Option<String>,
    /// Whose book: `agency` (if nothing is said), `station`, `unit` or `operation`.
    of: Option<String>,
    /// Which station, unit or operation.
    id: Option<String>,
    /// Every line; if not, the first hundreds of those that are over.
    #[serde(default)]
    whole: bool,
}

/// Lines that are over, which a book is shown with unless it is asked for whole: nobody reads further, and a day may have
/// tens of thousands.
const OVER_SHOWN: usize = 300;

/// The book of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookView {
    /// The settlement's id, whether anything was written in it or not.
    settlement: String,
    /// Its version; 0 if nothing was written in it yet.
    version: u64,
    /// Whose: `agency`, `station`, `unit` or `operation`.
    of: String,
    /// Which station, unit or operation.
    of_id: Option<String>,
    /// What people call whose it is.
    of_name: TextView,
    /// The date on which the day ends.
    date: String,
    /// From when.
    from: String,
    /// Until before when.
    until: String,
    /// True once the day is over.
    over: bool,
    /// The figures by kind of line.
    tallies: Vec<BookTallyView>,
    /// The lines: what does not agree with the day before, what is open, then what is over, each the oldest first.
    lines: Vec<BookLineView>,
    /// How many lines more it has, all of them over; they come with `whole`.
    lines_left_out: usize,
    /// How many lines keep it from being signed.
    open_questions: usize,
    /// True if there was a signed day before.
    follows: bool,
    /// The first day after it that is not signed, if this one would leave a day out.
    sign_first: Option<String>,
    /// Who signed it, and when.
    signed: Option<MarkView>,
    /// What was found out after it was signed.
    corrections: Vec<CorrectionView>,
    /// Of an operation: the books that its other members keep of the same time, as they signed them.
    members: Vec<MemberBookView>,
}

/// The book of an operation that another member keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MemberBookView {
    /// The member's node.
    node: String,
    /// What people call it.
    name: String,
    /// From when, where it has signed one.
    from: Option<String>,
    /// Until before when.
    until: Option<String>,
    /// When it signed; none if nothing signed of that time has come here.
    signed_at: Option<String>,
    /// The figures that it signed.
    tallies: Vec<BookTallyView>,
    /// How many lines it carries over.
    carried: usize,
    /// How many corrections it made since.
    corrections: usize,
}

/// The four figures of one kind of line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookTallyView {
    /// The kind.
    kind: String,
    /// The same in words.
    label: TextView,
    /// Open when the day began.
    carried_in: u32,
    /// Opened that day.
    opened: u32,
    /// Closed that day.
    closed: u32,
    /// Open when it ended.
    carried_out: u32,
    /// Whether what came in is what went out.
    balances: bool,
}

/// One line of a book.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookLineView {
    /// The record: its kind, a colon, its id.
    record: String,
    /// Which item, where it is one of a directive.
    item: Option<usize>,
    /// What people call it.
    label: TextView,
    /// Since when it is to be done.
    opened_at: Option<String>,
    /// Since when it is over.
    ended_at: Option<String>,
    /// True if it was open when the day began.
    carried_in: bool,
    /// True if it was open when the day ended.
    carried_out: bool,
    /// Why it is carried over.
    reason: Option<String>,
    /// The new date.
    until: Option<String>,
    /// What does not agree with the day before.
    off: Option<TextView>,
    /// True if it keeps the book from being signed.
    question: bool,
}

/// What was found out after a day was signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CorrectionView {
    /// Of which line.
    label: TextView,
    /// True if it was open when the day ended.
    was_open: bool,
    /// Why.
    reason: String,
    /// Who said so, and when.
    mark: MarkView,
}

/// Shows the book of a day.
#[utoipa::path(get, path = "/api/v1/settlements/book", tag = "settlements", params(BookQuery),
    responses((status = 200, body = BookView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Query(query): Query<BookQuery>,
) -> Result<Json<BookView>, Problem> {
    must_read(&session)?;
    let book = book_of(
        &app,
        query.date.as_deref(),
        query.of.as_deref(),
        query.id.as_deref(),
    )?;
    Ok(Json(shown(&app, &book, query.whole)?))
}

/// Gives the book of a day as a file, in the language that is asked for (`Accept-Language`).
#[utoipa::path(get, path = "/api/v1/settlements/book.csv", tag = "settlements", params(BookQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn csv(
    State(app): State<App>,
    session: Session,
    headers: axum::http::HeaderMap,
    Query(query): Query<BookQuery>,
) -> Result<Response, Problem> {
    must_read(&session)?;
    let book = book_of(
        &app,
        query.date.as_deref(),
        query.of.as_deref(),
        query.id.as_deref(),
    )?;
    let view = shown(&app, &book, true)?;
    let wanted = headers.get(header::ACCEPT_LANGUAGE);
    let chinese = wanted.is_some_and(|value| value.as_bytes().starts_with(b"zh"));
    let text = written(&view, chinese);
    let name = format!("attachment; filename=\"settlement-{}.csv\"", view.date);
    let disposition =
        HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok((
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        text,
    )
        .into_response())
}

fn must_read(session: &Session) -> Result<(), Problem> {
    match session.may(Permission::ReadFigures) {
        true => Ok(()),
        false => Err(Problem::denied()),
    }
}

/// Says why lines are carried over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarryBody {
    /// The date on which the day ends.
    date: String,
    /// Whose book.
    of: Option<String>,
    /// Which station, unit or operation.
    id: Option<String>,
    /// The lines.
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<BookLineBody>,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// The new date.
    #[schema(format = DateTime)]
    until: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Names one line of a book.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookLineBody {
    /// The record: its kind, a colon, its id.
    record: String,
    /// Which item, where it is one of a directive.
    item: Option<usize>,
}

impl BookLineBody {
    fn read(&self) -> Result<LineId, Problem> {
        Ok(LineId {
            record: RecordRef::parse(&self.record).ok_or_else(Problem::not_found)?,
            item: self.item,
        })
    }
}

/// Says which book is signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignBody {
    /// The date on which the day ends.
    date: String,
    /// Whose book.
    of: Option<String>,
    /// Which station, unit or operation.
    id: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Says what was otherwise on a day that was signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectBody {
    /// The line.
    line: BookLineBody,
    /// True if it was open when the day ended, false if it was over by then.
    was_open: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

timed!(CarryBody, SignBody, CorrectBody);

/// Says why lines are carried over, and to which day.
#[utoipa::path(post, path = "/api/v1/settlements/carried", tag = "settlements", request_body = CarryBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 200, body = BookView)))]
pub(crate) async fn carry(asked: Asked) -> Result<Response, Problem> {
    let app = asked.app.clone();
    let mut of_which = None;
    let meaning = |body: CarryBody| {
        let book = book_of(
            &app,
            Some(&body.date),
            body.of.as_deref(),
            body.id.as_deref(),
        )?;
        of_which = Some(book);
        let lines: Result<Vec<_>, Problem> = body.lines.iter().map(BookLineBody::read).collect();
        Ok(Action::Settlement(SettlementAction::Carry {
            book,
            lines: lines?,
            reason: read::<Line>("reason", &body.reason)?,
            until: read_time("until", &body.until)?,
        }))
    };
    asked.act(&[Permission::SettleDays], meaning).await?;
    respond(&app, of_which)
}

/// Signs the book of a day.
#[utoipa::path(post, path = "/api/v1/settlements/signature", tag = "settlements", request_body = SignBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 200, body = BookView)))]
pub(crate) async fn sign(asked: Asked) -> Result<Response, Problem> {
    let app = asked.app.clone();
    let mut of_which = None;
    let meaning = |body: SignBody| {
        let book = book_of(
            &app,
            Some(&body.date),
            body.of.as_deref(),
            body.id.as_deref(),
        )?;
        of_which = Some(book);
        let within = away(&app, book.from)?;
        let within = within.iter().map(Record::reference).collect();
        Ok(Action::Settlement(SettlementAction::Sign { book, within }))
    };
    asked.act(&[Permission::SettleDays], meaning).await?;
    respond(&app, of_which)
}

/// Says that a line of a signed day was otherwise; the answer is that day's book.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/corrections", tag = "settlements", request_body = CorrectBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = BookView)))]
pub(crate) async fn correct(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: CorrectBody| {
        Ok(Action::Settlement(SettlementAction::Correct {
            settlement: read_id(&id)?,
            line: body.line.read()?,
            was_open: body.was_open,
            reason: read::<Line>("reason", &body.reason)?,
        }))
    };
    asked.act(&[Permission::SettleDays], meaning).await?;
    let app = &asked.app;
    let id: SettlementId = read_id(&id)?;
    let book = app.node.board().settlement(id)?.book;
    respond(app, Some(book))
}

fn respond(app: &App, book: Option<Book>) -> Result<Response, Problem> {
    let book = book.ok_or_else(Problem::not_found)?;
    let view = shown(app, &book, false)?;
    Ok(answer(StatusCode::OK, view.version, &view))
}

/// Returns the records that changed since a day began and have left memory.
fn away(app: &App, from: Timestamp) -> Result<Vec<Record>, Problem> {
    let mut records = Vec::new();
    for kind in BOOKED {
        every_record(app, kind, from, |board, record| {
            if board.get(record.reference()).is_none() {
                records.push(record.clone());
            }
        })?;
    }
    Ok(records)
}

fn zone_of(app: &App) -> TimeZone {
    let name = app.node.settings().zone.as_deref().unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Returns when the day that ends on a date ends.
fn close_of(zone: &TimeZone, date: jiff::civil::Date) -> Option<Timestamp> {
    let local = date.at(CLOSE_HOUR, 0, 0, 0);
    let at = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

/// Returns the date on which the day ended that ended last.
fn last_date(app: &App) -> Option<jiff::civil::Date> {
    let zone = zone_of(app);
    let now = jiff::Timestamp::from_millisecond(app.node.now().0).ok()?;
    let local = zone.to_datetime(now);
    let date = local.date();
    match local.hour() < CLOSE_HOUR {
        true => date.yesterday().ok(),
        false => Some(date),
    }
}

fn book_of(
    app: &App,
    date: Option<&str>,
    of: Option<&str>,
    id: Option<&str>,
) -> Result<Book, Problem> {
    let unreadable = || {
        Problem::unreadable(
            "`date` is no date: write it as 2026-11-27.",
            "“date”不是日期：请写作 2026-11-27。",
        )
    };
    let date = match date {
        Some(text) => text.parse().map_err(|_| unreadable())?,
        None => last_date(app).ok_or_else(unreadable)?,
    };
    let zone = zone_of(app);
    let before = date.yesterday().map_err(|_| unreadable())?;
    let from = close_of(&zone, before).ok_or_else(unreadable)?;
    let until = close_of(&zone, date).ok_or_else(unreadable)?;
    let of = match (of.unwrap_or("agency"), id) {
        ("agency", None) => BookOf::Agency,
        ("station", Some(id)) => BookOf::Station(read_id::<StationId>(id)?),
        ("unit", Some(id)) => BookOf::Unit(read_id::<UnitId>(id)?),
        ("operation", Some(id)) => BookOf::Operation(read_id::<OperationId>(id)?),
        _ => {
            return Err(Problem::unreadable(
                "`of` is agency, or station, unit or operation with an `id`.",
                "“of”应为 agency，或带 id 的 station、unit、operation。",
            ));
        }
    };
    Ok(Book {
        home: app.node.feed().node,
        of,
        from,
        until,
    })
}

/// Shows a book as it is now. Of a signed one the figures are those that were signed.
fn shown(app: &App, book: &Book, whole: bool) -> Result<BookView, Problem> {
    let away = away(app, book.from)?;
    let now = app.node.now();
    let board = app.node.board();
    if away.is_empty() {
        return Ok(view_of(app, &board, book, (now, whole)));
    }
    // Records are shared between boards, so that this one costs little.
    let mut all = board.clone();
    drop(board);
    away.into_iter().for_each(|record| all.put(record));
    Ok(view_of(app, &all, book, (now, whole)))
}

fn view_of(app: &App, board: &Board, book: &Book, (now, whole): (Timestamp, bool)) -> BookView {
    let id = Settlement::id_of(book);
    let found = board.settlements.get(&id).map(AsRef::as_ref);
    let ledger = Settlement::ledger(board, book);
    let questions = match found.is_some_and(|found| found.signed.is_some()) {
        true => Vec::new(),
        false => ledger.open_questions(found, book.until),
    };
    let signed = found.and_then(|found| found.signed.as_ref());
    let tallies = match signed {
        Some(signed) => signed.tallies.clone(),
        None => ledger.tallies.clone().into_iter().collect(),
    };
    let zone = zone_of(app);
    let date_of = |at: Timestamp| {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        Some(zone.to_datetime(at).date())
    };
    let date = date_of(book.until).map(|date| date.to_string());
    let before = Settlement::before(board, book);
    let last = before.and_then(|before| date_of(before.book.until));
    let next = last.and_then(|last| last.tomorrow().ok());
    let sign_first = next
        .map(|next| next.to_string())
        .filter(|next| date.as_ref() > Some(next));
    let (of, of_id, of_name) = named(board, book);
    let lines_shown = if whole { usize::MAX } else { OVER_SHOWN };
    let (lines, lines_left_out) = lines(board, &ledger, found, &questions, lines_shown);
    BookView {
        settlement: id.to_string(),
        version: found.map_or(0, |found| found.version),
        of: of.to_owned(),
        of_id,
        of_name: of_name.into(),
        date: date.unwrap_or_default(),
        from: view::time(book.from),
        until: view::time(book.until),
        over: book.until <= now,
        tallies: tallies.iter().map(tally_view).collect(),
        lines,
        lines_left_out,
        open_questions: questions.len(),
        follows: before.is_some(),
        sign_first,
        signed: signed.map(|signed| mark(board, &signed.mark)),
        corrections: found
            .into_iter()
            .flat_map(|found| &found.corrections)
            .map(|one| CorrectionView {
                label: label_of(board, &one.line).into(),
                was_open: one.was_open,
                reason: one.reason.to_string(),
                mark: mark(board, &one.mark),
            })
            .collect(),
        members: members(board, book),
    }
}

fn tally_view((kind, tally): &(RecordKind, Tally)) -> BookTallyView {
    BookTallyView {
        kind: kind.as_str().to_owned(),
        label: kind.label().into(),
        carried_in: tally.carried_in,
        opened: tally.opened,
        closed: tally.closed,
        carried_out: tally.carried_out,
        balances: tally.balances(),
    }
}

/// Returns what the other members of an operation signed of its time: each keeps its own book, and all lie side by side.
fn members(board: &Board, book: &Book) -> Vec<MemberBookView> {
    let BookOf::Operation(id) = book.of else {
        return Vec::new();
    };
    let Ok(operation) = board.operation_anywhere(id) else {
        return Vec::new();
    };
    let others = operation.members.keys().filter(|node| **node != book.home);
    let one = |node: &NodeId| {
        let there = board.copies.boards.get(node);
        let books = there
            .into_iter()
            .flat_map(|there| there.settlements.values());
        // Each has its own hour of settlement: what ended within this day is of this day.
        let within = |one: &&Arc<Settlement>| {
            let until = one.book.until;
            one.book.of == book.of && until > book.from && until <= book.until
        };
        let found = books.filter(within).max_by_key(|one| one.book.until);
        let signed = found.and_then(|one| one.signed.as_ref());
        MemberBookView {
            node: node.to_string(),
            name: board.name_of(node),
            from: found.map(|one| view::time(one.book.from)),
            until: found.map(|one| view::time(one.book.until)),
            signed_at: signed.map(|signed| view::time(signed.mark.at)),
            tallies: signed.map_or_else(Vec::new, |signed| {
                signed.tallies.iter().map(tally_view).collect()
            }),
            carried: found.map_or(0, |one| one.carried.len()),
            corrections: found.map_or(0, |one| one.corrections.len()),
        }
    };
    others.map(one).collect()
}

fn mark(board: &Board, mark: &Mark) -> MarkView {
    MarkView {
        at: view::time(mark.at),
        by: name_of(board, mark.by.person),
    }
}

/// Returns whose book it is: the word, the id, and what people call it.
pub(super) fn named(board: &Board, book: &Book) -> (&'static str, Option<String>, Text) {
    let same = |name: String| Text::new(name.clone(), name);
    match book.of {
        BookOf::Agency => ("agency", None, Text::new("the agency", "本单位")),
        BookOf::Station(id) => {
            let found = board.stations.get(&id);
            let name = found.map_or(String::new(), |one| one.details.name.to_string());
            ("station", Some(id.to_string()), same(name))
        }
        BookOf::Unit(id) => {
            let found = board.units.get(&id);
            let name = found.map_or(String::new(), |one| one.callsign.to_string());
            ("unit", Some(id.to_string()), same(name))
        }
        BookOf::Operation(id) => {
            let found = board.operation_anywhere(id);
            let name = found.map_or(String::new(), |one| one.genesis.name.to_string());
            ("operation", Some(id.to_string()), same(name))
        }
    }
}

/// Returns the lines in the order of [`BookView::lines`], and how many were left out of those that are over.
fn lines(
    board: &Board,
    ledger: &Ledger,
    found: Option<&Settlement>,
    questions: &[LineId],
    over_shown: usize,
) -> (Vec<BookLineView>, usize) {
    let carried: BTreeMap<LineId, _> = found
        .into_iter()
        .flat_map(|found| &found.carried)
        .map(|(id, carried)| (*id, carried))
        .collect();
    let questions: BTreeSet<LineId> = questions.iter().copied().collect();
    let view = |id: &LineId, line: Option<&watchfire_core::ledger::Line>| {
        let reason = carried.get(id);
        BookLineView {
            record: id.record.to_string(),
            item: id.item,
            label: label_of(board, id).into(),
            opened_at: view::maybe_time(line.map(|line| line.booked.opened_at)),
            ended_at: view::maybe_time(line.and_then(|line| line.booked.ended_at)),
            carried_in: line.is_none_or(|line| line.carried_in),
            carried_out: line.is_some_and(|line| line.carried_out),
            reason: reason.map(|carried| carried.reason.to_string()),
            until: view::maybe_time(reason.map(|carried| carried.until)),
            off: ledger.off.get(id).map(|off| off_text(*off).into()),
            question: questions.contains(id),
        }
    };
    let own: BTreeSet<LineId> = ledger.lines.iter().map(|line| line.id).collect();
    let missing = ledger.off.keys().filter(|id| !own.contains(id));
    let mut all: Vec<BookLineView> = missing.map(|id| view(id, None)).collect();
    let waits = |line: &&watchfire_core::ledger::Line| {
        line.carried_out || ledger.off.contains_key(&line.id) || questions.contains(&line.id)
    };
    let (first, over): (Vec<&watchfire_core::ledger::Line>, Vec<_>) =
        ledger.lines.iter().partition(waits);
    let over_in_all = over.len();
    let over = over.into_iter().take(over_shown);
    let shown = first.into_iter().chain(over);
    all.extend(shown.map(|line| view(&line.id, Some(line))));
    (all, over_in_all.saturating_sub(over_shown))
}

fn off_text(off: Off) -> Text {
    match off {
        Off::NotInTheDayBefore => Text::new(
            "open when the day began, but not carried out of the day before",
            "当日开始时未办结，但前一日未结转",
        ),
        Off::OnlyInTheDayBefore => Text::new(
            "carried out of the day before, but over when the day began",
            "前一日已结转，但当日开始时已办结",
        ),
    }
}

/// Returns what people call a line.
fn label_of(board: &Board, id: &LineId) -> Text {
    let kind = id.record.kind.label();
    let Some(record) = board.get(id.record) else {
        return kind;
    };
    if let Record::Directive(one) = &record {
        let (number, subject) = (one.number, &one.details.subject);
        let whose = id.item.and_then(|item| one.items.get(item));
        let whose = whose.map(|item| words::addressee(board, &item.to));
        let [en, zh] = match whose {
            Some(whose) => [format!(" ({})", whose.en), format!("（{}）", whose.zh)],
            None => Default::default(),
        };
        return Text::new(
            format!("{} #{number} {subject}{en}", kind.en),
            format!("{} #{number} {subject}{zh}", kind.zh),
        );
    }
    if let Record::Assignment(one) = &record {
        let incident = board
            .incidents
            .get(&one.incident)
            .map_or(0, |one| one.number);
        let unit = board.units.get(&one.unit);
        let [en, zh] = match unit {
            Some(unit) => [unit.callsign.as_str(); 2],
            None => ["a unit", "处警力量"],
        };
        return Text::new(
            format!("{en} sent to incident #{incident}"),
            format!("{zh} 派至警情 #{incident}"),
        );
    }
    match record.number() {
        Some(number) => Text::new(
            format!("{} #{number}", kind.en),
            format!("{} #{number}", kind.zh),
        ),
        None => kind,
    }
}

fn row<const N: usize>(rows: &mut Rows, cells: [String; N]) {
    rows.row(cells.iter().map(String::as_str));
}

/// Writes a book for a spreadsheet.
fn written(view: &BookView, chinese: bool) -> String {
    let word = |en: &'static str, zh: &'static str| if chinese { zh } else { en };
    let text = |text: &TextView| match chinese {
        true => text.zh.clone(),
        false => text.en.clone(),
    };
    let mut rows = Rows::default();
    row(
        &mut rows,
        [
            word("day", "日期").to_owned(),
            word("book", "台账").to_owned(),
            word("kind", "类别").to_owned(),
            word("carried in", "结转入").to_owned(),
            word("opened", "新增").to_owned(),
            word("closed", "办结").to_owned(),
            word("carried out", "结转出").to_owned(),
        ],
    );
    for tally in &view.tallies {
        row(
            &mut rows,
            [
                view.date.clone(),
                text(&view.of_name),
                text(&tally.label),
                tally.carried_in.to_string(),
                tally.opened.to_string(),
                tally.closed.to_string(),
                tally.carried_out.to_string(),
            ],
        );
    }
    row(&mut rows, [String::new()]);
    row(
        &mut rows,
        [
            word("line", "事项").to_owned(),
            word("opened", "开始").to_owned(),
            word("over", "办结").to_owned(),
            word("carried over because", "结转原因").to_owned(),
            word("new date", "新时限").to_owned(),
            word("off", "不符").to_owned(),
        ],
    );
    for line in &view.lines {
        row(
            &mut rows,
            [
                text(&line.label),
                line.opened_at.clone().unwrap_or_default(),
                line.ended_at.clone().unwrap_or_default(),
                line.reason.clone().unwrap_or_default(),
                line.until.clone().unwrap_or_default(),
                line.off.as_ref().map(text).unwrap_or_default(),
            ],
        );
    }
    row(&mut rows, [String::new()]);
    let signed = match &view.signed {
        Some(mark) => format!("{} {}", mark.by, mark.at),
        None => word("not signed", "未签字").to_owned(),
    };
    row(&mut rows, [word("signed", "签字").to_owned(), signed]);
    for one in &view.corrections {
        row(
            &mut rows,
            [
                word("correction", "更正").to_owned(),
                text(&one.label),
                match one.was_open {
                    true => word("was open", "应为未办结").to_owned(),
                    false => word("was over", "应为已办结").to_owned(),
                },
                one.reason.clone(),
                one.mark.by.clone(),
                one.mark.at.clone(),
            ],
        );
    }
    rows.0
}
