//! Alarms: what is late now, most urgent first, and how many there were in the last hours and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Priority, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::episode::{self, Hour, Tally};
use watchfire_core::record::directive::escalated;
use watchfire_core::record::person::Seat;
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_core::timer::{self, Alarm, AlarmCode};
use watchfire_store::{Filter, Reader, StoreError};

use super::duty::{self, RecipientsView};
use super::view::{self, AlarmCodeView, AlarmView, PriorityView, SeenView, TextView};
use super::{App, Query};
use crate::node::{Chain, Node};
use crate::policy::Session;
use crate::problem::Problem;

/// Hours that can be looked back over, and when nothing is said.
pub const HOURS_MAX: u32 = 48;
const HOURS_DEFAULT: u32 = 12;
/// Records that have left memory and are read for one answer, of each kind; beyond that it says that it is partial.
pub const READ_MAX: usize = 20_000;
const READ_AT_ONCE: usize = 500;

/// Which alarm a person has seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenBody {
    /// The alarm.
    pub(crate) code: AlarmCodeView,
}

impl super::Timed for SeenBody {
    /// An alarm is seen when it is seen.
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

/// How far to look back.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmsQuery {
    /// How many hours, the last of which is not over.
    #[serde(default, deserialize_with = "read_hours")]
    #[param(minimum = 1, maximum = 48)]
    hours: Option<u32>,
}

fn read_hours<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(from)? {
        hours @ 1..=HOURS_MAX => Ok(Some(hours)),
        hours => Err(serde::de::Error::custom(format!(
            "hours is {hours}, and 1 to {HOURS_MAX} can be looked back over"
        ))),
    }
}

/// What is late, and what was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmsView {
    /// What is late now: by priority, then since when.
    open: Vec<OpenAlarmView>,
    /// What began in each of the last hours, the earliest first.
    hours: Vec<AlarmHourView>,
    /// The same for all these hours together.
    total: Vec<AlarmTallyView>,
    /// True if there were more records than are read for one answer: then more was late than is counted.
    partial: bool,
}

/// Something that is late, and what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAlarmView {
    /// What.
    code: AlarmCodeView,
    /// Since when.
    since: String,
    /// What is late, in words.
    text: TextView,
    /// What to do; by that it ends.
    todo: TextView,
    /// Who has seen it, if somebody has.
    acknowledged: Option<SeenView>,
    /// How urgent; absent for a call that nobody has graded.
    priority: Option<PriorityView>,
    /// The incident; of an assignment that it is on.
    incident: Option<String>,
    /// The running number of the incident, of the call or of the support request.
    number: Option<u64>,
    /// The assignment.
    assignment: Option<String>,
    /// Its unit.
    unit: Option<String>,
    /// What that is called.
    callsign: Option<String>,
    /// The call.
    call: Option<String>,
    /// The directive that it hangs on, if on one.
    directive: Option<String>,
    /// The support request.
    support_request: Option<String>,
    /// Whom it goes to: who is on duty for it, never who has gone.
    to: RecipientsView,
}

/// What began within one hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmHourView {
    /// When the hour began.
    from: String,
    /// How many of each kind; none of a kind that did not come up.
    sources: Vec<AlarmTallyView>,
}

/// How many alarms of a kind began, and what became of these until now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmTallyView {
    /// What kind.
    source: AlarmCodeView,
    /// How many began.
    raised: u64,
    /// Of these, acknowledged by somebody.
    acknowledged: u64,
    /// Of these, ended by what was done.
    acted: u64,
}

/// Shows what is late now, most urgent first, and what was in the last hours, by the rules of today.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "board", params(AlarmsQuery),
    responses((status = 200, body = AlarmsView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Query(query): Query<AlarmsQuery>,
) -> Result<Json<AlarmsView>, Problem> {
    super::board::allowed(&session)?;
    let hours = query.hours.unwrap_or(HOURS_DEFAULT);
    let (node, now) = (&app.node, app.node.now());
    let rules = &node.settings().timers;
    // Records are shared between boards; the engine is not kept waiting while this one is gone through.
    let mut board = node.board().clone();
    let open = open(&board, node, now);
    let since = Timestamp(now.0.saturating_sub(i64::from(hours) * 3_600_000));
    let kept_since = node.settings().keep_ended_s < u64::from(hours) * 3_600;
    let partial = kept_since && add_ended(&app, &mut board, since)?;
    let episodes = episode::episodes(&board, rules, now);
    let hours = episode::tally(&episodes, hours, now);
    Ok(Json(AlarmsView {
        open,
        total: in_all(&hours),
        hours: hours.iter().map(hour).collect(),
        partial,
    }))
}

fn open(board: &Board, node: &Node, now: Timestamp) -> Vec<OpenAlarmView> {
    let open = timer::open(board, &node.settings().timers, now);
    // Many alarms go to the same people, and who is signed in is asked of the store.
    let mut known: BTreeMap<(bool, BTreeSet<Seat>), RecipientsView> = BTreeMap::new();
    let mut to = |record: &Record, alarm: Alarm| {
        let mut rungs = BTreeSet::new();
        if let Record::Directive(directive) = record {
            let reached = escalated(directive, alarm.since, now);
            rungs.extend(reached.iter().map(|rung| rung.seat));
        }
        let kind = record.reference().kind;
        let key = (kind == RecordKind::Call, rungs);
        let found = known.get(&key).cloned();
        found.unwrap_or_else(|| {
            let found = duty::recipients(node, kind, &key.1);
            known.insert(key, found.clone());
            found
        })
    };
    let mut open: Vec<(u8, Timestamp, OpenAlarmView)> = open
        .into_iter()
        .filter_map(|(record, alarm)| {
            let record = board.get(record)?;
            let shown = about(board, &record, alarm, to(&record, alarm))?;
            // What nobody has graded may be anything.
            let urgency = shown.priority.map_or(1, |priority| priority.0.into());
            Some((urgency, alarm.since, shown))
        })
        .collect();
    open.sort_by_key(|(urgency, since, _)| (*urgency, *since));
    open.into_iter().map(|(_, _, shown)| shown).collect()
}

fn about(
    board: &Board,
    record: &Record,
    alarm: Alarm,
    to: RecipientsView,
) -> Option<OpenAlarmView> {
    let shown = move |seen: &[timer::Seen], priority: Option<Priority>, number: Option<u64>| {
        let AlarmView {
            code,
            since,
            text,
            todo,
            acknowledged,
        } = view::alarms(board, Some(alarm), seen).pop()?;
        Some(OpenAlarmView {
            code,
            since,
            text,
            todo,
            acknowledged,
            priority: priority.map(PriorityView),
            incident: None,
            number,
            assignment: None,
            unit: None,
            callsign: None,
            call: None,
            directive: None,
            support_request: None,
            to,
        })
    };
    if let Record::Assignment(one) = record {
        let root = board.merge_root(one.incident);
        let incident = board.incidents.get(&root);
        let unit = board.units.get(&one.unit);
        Some(OpenAlarmView {
            incident: Some(root.to_string()),
            assignment: Some(one.id.to_string()),
            unit: Some(one.unit.to_string()),
            callsign: unit.map(|unit| unit.callsign.to_string()),
            ..shown(
                &one.seen,
                incident.map(|found| found.priority),
                incident.map(|found| found.number),
            )?
        })
    } else if let Record::Incident(one) = record {
        Some(OpenAlarmView {
            incident: Some(one.id.to_string()),
            ..shown(&one.seen, Some(one.priority), Some(one.number))?
        })
    } else if let Record::Call(one) = record {
        Some(OpenAlarmView {
            call: Some(one.id.to_string()),
            ..shown(&one.seen, one.priority, Some(one.number))?
        })
    } else if let Record::Directive(one) = record {
        Some(OpenAlarmView {
            directive: Some(one.id.to_string()),
            ..shown(&one.seen, Some(one.details.priority), Some(one.number))?
        })
    } else if let Record::SupportRequest(one) = record {
        Some(OpenAlarmView {
            support_request: Some(one.id.to_string()),
            ..shown(&one.seen, Some(one.wish.priority), Some(one.number))?
        })
    } else {
        None
    }
}

/// Puts those on a board that have left memory and changed since, with all the kin of their incidents. Returns true
/// if there were too many.
fn add_ended(app: &App, board: &mut Board, since: Timestamp) -> Result<bool, Problem> {
    let kinds = [
        RecordKind::Incident,
        RecordKind::Assignment,
        RecordKind::Call,
    ];
    let mut partial = false;
    for kind in kinds {
        let read = |reader: &Reader| read_ended(reader, board, kind, since);
        partial |= app.node.read_store(read).map_err(|fault| {
            tracing::error!(error = %Chain(&fault), "ended records could not be read");
            Problem::fault()
        })?;
    }
    Ok(partial)
}

fn read_ended(
    reader: &Reader,
    board: &mut Board,
    kind: RecordKind,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let ended = Filter {
        open: Some(false),
        parent: None,
    };
    let (mut cursor, mut read) = (None, 0);
    loop {
        let page = reader.records(kind, ended, cursor, READ_AT_ONCE)?;
        for row in &page.rows {
            if row.changed_at < since {
                return Ok(false);
            }
            if read >= READ_MAX {
                return Ok(true);
            }
            read += 1;
            let name: RecordRef = row.record;
            if board.get(name).is_some() {
                continue;
            }
            if kind == RecordKind::Incident {
                // Whether somebody was on it is said by its assignments, however long ago these ended.
                for record in reader.kin(name)? {
                    board.put(record);
                }
            } else {
                board.put(reader.whole(row)?);
            }
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(false),
        }
    }
}

fn hour(hour: &Hour) -> AlarmHourView {
    AlarmHourView {
        from: view::time(hour.from),
        sources: tallies(&hour.sources),
    }
}

fn in_all(hours: &[Hour]) -> Vec<AlarmTallyView> {
    let mut all: BTreeMap<AlarmCode, Tally> = BTreeMap::new();
    for (code, tally) in hours.iter().flat_map(|hour| &hour.sources) {
        let sum = all.entry(*code).or_default();
        sum.raised += tally.raised;
        sum.acknowledged += tally.acknowledged;
        sum.acted += tally.acted;
    }
    tallies(&all)
}

fn tallies(of: &BTreeMap<AlarmCode, Tally>) -> Vec<AlarmTallyView> {
    let shown = |(code, tally): (&AlarmCode, &Tally)| AlarmTallyView {
        source: (*code).into(),
        raised: tally.raised,
        acknowledged: tally.acknowledged,
        acted: tally.acted,
    };
    of.iter().map(shown).collect()
}
