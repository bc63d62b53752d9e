//! `watchfire import`: stations, units and past calls from an agency's files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use watchfire_core::basis::{CallId, IncidentId, Line, Timestamp};
use watchfire_core::engine::HappenedWhen;
use watchfire_core::recommend::Reason;
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::call::{CallAction, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::person::Seat;
use watchfire_core::record::unit::{Duty, UnitAction};
use watchfire_core::record::{Action, RecordKind};
use watchfire_formats::report::Findings;
use watchfire_formats::{Import as CallImport, ImportReport, ListReport, PastCall};

use super::{Ended, Output, Progress, Result, fail, tend};
use crate::city;
use crate::clock::Clock;
use crate::desk::{Desk as _, DirectDesk};
use crate::policy::{self, Session};
use crate::{past, replay};

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Read past calls with a mapping file (docs/book/import.md); without --data nothing is stored
    Calls {
        /// How the agency writes its calls: the mapping file, TOML
        #[arg(long)]
        map: PathBuf,
        /// The export, CSV, also gzipped
        file: PathBuf,
        #[command(flatten)]
        into: Into,
    },
    /// Read stations from CSV: code, name, lat, lon and, if wanted, areas
    Stations {
        /// The list
        file: PathBuf,
        #[command(flatten)]
        into: Into,
    },
    /// Read units from CSV: callsign, kind and, if wanted, capabilities, station, lat, lon, crew, areas
    Units {
        /// The list
        file: PathBuf,
        /// The list of stations, for units that have no coordinates of their own
        #[arg(long)]
        stations: Option<PathBuf>,
        #[command(flatten)]
        into: Into,
    },
}

#[derive(Debug, Args)]
pub(super) struct Into {
    /// The directory of the node to store them in (it must not be running); without it the file is only checked
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(what: Import) -> Result<Ended> {
    match what {
        Import::Calls { map, file, into } => calls(&map, &file, &into),
        Import::Stations { file, into } => {
            let list = city::stations(&file)?;
            take_list(&into, &list.report, &list.rows, city::enter_station)
        }
        Import::Units {
            file,
            stations,
            into,
        } => {
            let stations = stations.map(|path| city::stations(&path)).transpose()?;
            let stations = stations.map(|list| list.rows).unwrap_or_default();
            let list = city::units(&file, &stations)?;
            take_list(&into, &list.report, &list.rows, city::enter_unit)
        }
    }
}

fn take_list<T>(
    into: &Into,
    report: &ListReport,
    rows: &[T],
    enter: impl Fn(&watchfire_core::board::Board, &T) -> std::result::Result<Option<Action>, String>,
) -> Result<Ended> {
    if !into.output.json {
        println!("{report}");
    }
    let stored = match &into.data {
        None => None,
        Some(dir) => Some(store_list(dir, rows, enter)?),
    };
    if into.output.json {
        let stored = stored.map(
            |(entered, there)| serde_json::json!({ "entered": entered, "there_already": there }),
        );
        let read = serde_json::json!({
            "rows_read": report.rows_read,
            "rows_taken": report.rows_taken,
            "refused": findings(&report.refused),
            "columns_unused": report.columns_unused,
        });
        println!("{}", serde_json::json!({ "read": read, "stored": stored }));
        return Ok(Ended::Done);
    }
    match stored {
        None => println!("{NOTHING_STORED}"),
        Some((entered, there)) => println!("{entered} entered, {there} were there already."),
    }
    Ok(Ended::Done)
}

const NOTHING_STORED: &str = "Nothing was stored: name the node's directory with --data.";

/// Stores the rows of a list; returns how many were entered and how many were there already.
fn store_list<T>(
    dir: &Path,
    rows: &[T],
    enter: impl Fn(&watchfire_core::board::Board, &T) -> std::result::Result<Option<Action>, String>,
) -> Result<(u64, u64)> {
    let mut desk = tend::direct(dir)?;
    let (mut entered, mut there) = (0, 0);
    let now = Clock::Real.now();
    let session = importer(&mut desk, now)?;
    for (number, row) in rows.iter().enumerate() {
        let action = match desk.look(|board| enter(board, row)) {
            Ok(Some(action)) => action,
            Ok(None) => {
                there += 1;
                continue;
            }
            Err(problem) => return fail(format!("row {}: {problem}", number + 1)),
        };
        let authorized = desk.look(|board| policy::authorize(&session, action, board));
        let Ok(authorized) = authorized else {
            return fail("the importer may not do this");
        };
        let key = format!("import:list:{}:{number}", now.0);
        if let Err(refusal) = desk.act_at(now, HappenedWhen::Now, authorized, key)? {
            return fail(format!(
                "row {}: {} {}",
                number + 1,
                refusal.what().en,
                refusal.next_step().en
            ));
        }
        entered += 1;
    }
    desk.into_store()?;
    Ok((entered, there))
}

/// The program in whose name things are imported.
fn importer(desk: &mut DirectDesk, now: Timestamp) -> Result<Session> {
    let seats = [Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer];
    match replay::enrol(desk, "importer", "Importer 导入程序", &seats, true, now)? {
        Ok(person) => Ok(Session {
            person,
            seats: seats.into(),
            unit: None,
        }),
        Err(refusal) => fail(refusal.what().en),
    }
}

fn calls(map: &Path, file: &Path, into: &Into) -> Result<Ended> {
    let read = city::calls(file, map)?;
    if !into.output.json {
        println!("{}", read.report);
    }
    let stored = match &into.data {
        None => None,
        Some(dir) => Some(store_calls(dir, &read)?),
    };
    if into.output.json {
        println!(
            "{}",
            serde_json::to_string_pretty(
                &serde_json::json!({ "read": report_json(&read.report), "stored": stored })
            )?
        );
    } else {
        match &stored {
            None => println!("{NOTHING_STORED}"),
            Some(stored) => print!("{stored}"),
        }
    }
    Ok(Ended::Done)
}

fn findings(found: &Findings) -> Vec<serde_json::Value> {
    let counts = found.counts().map(|(reason, column, rows)| {
        serde_json::json!({ "reason": reason.text().0, "column": column, "rows": rows })
    });
    counts.collect()
}

/// The report for a program: counts, reasons and where they were met, in the words of the text report.
fn report_json(report: &ImportReport) -> serde_json::Value {
    let unmapped: Vec<serde_json::Value> = report
        .unmapped
        .iter()
        .map(|((table, code), rows)| {
            serde_json::json!({ "table": table, "code": code, "rows": rows.rows, "first_line": rows.first_line, "became": rows.became })
        })
        .collect();
    serde_json::json!({
        "rows_read": report.rows_read,
        "rows_taken": report.rows_taken,
        "rows_skipped": report.rows_skipped,
        "rows_refused": report.rows_refused,
        "calls": report.calls,
        "responses": report.responses,
        "refused": findings(&report.refused),
        "noticed": findings(&report.noticed),
        "unmapped": unmapped,
        "columns_unused": report.columns_unused,
    })
}

/// What became of the calls in the node.
#[derive(Debug, Default, serde::Serialize)]
struct Stored {
    calls: u64,
    there_already: u64,
    assignments: u64,
    /// Responses and steps that were not taken, by reason.
    not_taken: BTreeMap<String, u64>,
}

impl std::fmt::Display for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} calls stored with their incidents, {} were there already.",
            self.calls, self.there_already
        )?;
        writeln!(f, "{} assignments stored.", self.assignments)?;
        for (reason, count) in &self.not_taken {
            writeln!(f, "not taken: {count} x {reason}")?;
        }
        Ok(())
    }
}

/// What is due at a moment of the past; the order is that in which it is done at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Receive,
    Open,
    Clear(usize),
    Send(usize),
    Depart(usize),
    Arrive(usize),
    Close,
}

fn store_calls(dir: &Path, read: &CallImport) -> Result<Stored> {
    let known = known_sources(dir)?;
    let mut desk = tend::direct(dir)?;
    let now = Clock::Real.now();
    let session = importer(&mut desk, now)?;
    let mut stored = Stored::default();
    let mut due: Vec<(i64, Moment, usize)> = Vec::new();
    for (index, call) in read.calls.iter().enumerate() {
        if known.contains(&call.source_id) {
            stored.there_already += 1;
        } else {
            due.extend(
                moments(call)
                    .into_iter()
                    .map(|(at, moment)| (at, moment, index)),
            );
        }
    }
    due.sort_unstable();
    let mut importer = Importer {
        desk,
        session,
        now,
        stored,
        calls: BTreeMap::new(),
        incidents: BTreeMap::new(),
        sent: BTreeMap::new(),
    };
    let mut progress = Progress::new();
    let total = due.len() as u64;
    for (done, (at, moment, index)) in due.into_iter().enumerate() {
        progress.show("storing calls", done as u64, total);
        importer.take(at, moment, index, &read.calls[index])?;
    }
    progress.end();
    importer.desk.into_store()?;
    Ok(importer.stored)
}

/// The agency's own names of the calls that the node has from earlier imports.
fn known_sources(dir: &Path) -> Result<BTreeSet<String>> {
    let reader = watchfire_store::Reader::open(dir)?;
    let mut known = BTreeSet::new();
    let mut after = None;
    loop {
        let page = reader.records(
            RecordKind::Call,
            watchfire_store::Filter::default(),
            after,
            1_000,
        )?;
        for row in &page.rows {
            if let watchfire_core::record::Record::Call(call) = reader.whole(row)? {
                known.extend(
                    call.source
                        .as_ref()
                        .filter(|_| call.channel == Channel::Import)
                        .map(ToString::to_string),
                );
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(known),
        }
    }
}

fn moments(call: &PastCall) -> Vec<(i64, Moment)> {
    let entered = call.entered.unwrap_or(call.received).max(call.received);
    let mut all = vec![(call.received, Moment::Receive), (entered, Moment::Open)];
    let mut last = entered;
    for (number, response) in call.responses.iter().enumerate() {
        let Some(sent) = response.dispatched else {
            continue;
        };
        // Records contradict themselves at times; what was sent after it was done is taken in the order it must have had.
        let sent = sent.max(entered);
        all.push((sent, Moment::Send(number)));
        let mut at = sent;
        for (time, moment) in [
            (response.departed, Moment::Depart(number)),
            (response.arrived, Moment::Arrive(number)),
        ] {
            if let Some(time) = time {
                at = time.max(at);
                all.push((at, moment));
            }
        }
        at = response.cleared.unwrap_or(at).max(at);
        all.push((at, Moment::Clear(number)));
        last = last.max(at);
    }
    all.push((last, Moment::Close));
    all
}

struct Importer {
    desk: DirectDesk,
    session: Session,
    now: Timestamp,
    stored: Stored,
    calls: BTreeMap<usize, CallId>,
    incidents: BTreeMap<usize, IncidentId>,
    sent: BTreeMap<(usize, usize), watchfire_core::basis::AssignmentId>,
}

impl Importer {
    fn take(&mut self, at: i64, moment: Moment, index: usize, call: &PastCall) -> Result<()> {
        let key = format!("import:{}:{}:{moment:?}", call.source_id, call.received);
        let key: String = key
            .chars()
            .take(watchfire_core::limits::IDEMPOTENCY_KEY_CHARS_MAX)
            .collect();
        let Some(action) = self.action(moment, index, call)? else {
            return Ok(());
        };
        let Some(made) = self.act(at, action, key)? else {
            return Ok(());
        };
        match moment {
            Moment::Receive => {
                self.calls.insert(index, CallId(made));
                self.stored.calls += 1;
            }
            Moment::Open => drop(self.incidents.insert(index, IncidentId(made))),
            Moment::Send(number) => {
                self.sent
                    .insert((index, number), watchfire_core::basis::AssignmentId(made));
                self.stored.assignments += 1;
            }
            Moment::Depart(_) | Moment::Arrive(_) | Moment::Clear(_) | Moment::Close => {}
        }
        Ok(())
    }

    fn action(&mut self, moment: Moment, index: usize, call: &PastCall) -> Result<Option<Action>> {
        let step = |sent: Option<&watchfire_core::basis::AssignmentId>, step: Step| {
            sent.map(|assignment| {
                Action::Assignment(AssignmentAction::Advance {
                    assignment: *assignment,
                    step,
                })
            })
        };
        let sent = |number: usize| self.sent.get(&(index, number));
        Ok(match moment {
            Moment::Receive => match past::details(call) {
                Ok(details) => Some(Action::Call(CallAction::Receive {
                    channel: Channel::Import,
                    source: call.source_id.parse().ok(),
                    details,
                })),
                Err(reason) => {
                    *self.stored.not_taken.entry(reason).or_default() += 1;
                    None
                }
            },
            Moment::Open => self.calls.get(&index).map(|call| {
                let from_call = Some(*call);
                Action::Incident(IncidentAction::Open {
                    from_call,
                    category: None,
                    priority: None,
                    place: None,
                })
            }),
            Moment::Send(number) => self.send(index, &call.responses[number].unit)?,
            Moment::Depart(number) => step(sent(number), Step::Depart),
            Moment::Arrive(number) => step(sent(number), Step::Arrive),
            Moment::Clear(number) => step(sent(number), Step::Clear { ending: None }),
            Moment::Close => self.incidents.get(&index).map(|incident| {
                let words = call
                    .disposition
                    .as_deref()
                    .and_then(|words| words.parse::<Line>().ok());
                let disposition =
                    words.unwrap_or_else(|| "imported".parse().expect("a plain word is a line"));
                Action::Incident(IncidentAction::Close {
                    incident: *incident,
                    disposition,
                })
            }),
        })
    }

    fn send(&mut self, index: usize, unit: &str) -> Result<Option<Action>> {
        let Some(incident) = self.incidents.get(&index).copied() else {
            return Ok(None);
        };
        let callsign: Option<Line> = unit.parse().ok();
        let found = callsign.and_then(|callsign| {
            self.desk.look(|board| {
                board
                    .unit_by_callsign(&callsign)
                    .map(|unit| (unit.id, unit.duty.clone()))
            })
        });
        let Some((unit, duty)) = found else {
            let reason = "the unit is not known here (import units first)".to_owned();
            *self.stored.not_taken.entry(reason).or_default() += 1;
            return Ok(None);
        };
        if duty != Duty::Available {
            let on = Action::Unit(UnitAction::MakeAvailable { unit });
            self.act(
                self.now.0,
                on,
                format!("import:on-duty:{unit}:{}", self.now.0),
            )?;
        }
        let why = Why {
            travel: None,
            reasons: vec![Reason::ByHand],
        };
        Ok(Some(Action::Assignment(AssignmentAction::Send {
            incident,
            choices: vec![Choice { unit, why }],
        })))
    }

    fn act(&mut self, at: i64, action: Action, key: String) -> Result<Option<[u8; 16]>> {
        let authorized = self
            .desk
            .look(|board| policy::authorize(&self.session, action, board));
        let Ok(authorized) = authorized else {
            return fail("the importer may not do this");
        };
        match self.desk.act_at(
            self.now,
            HappenedWhen::Imported(Timestamp(at)),
            authorized,
            key,
        )? {
            Ok(outcome) => Ok(outcome.records.first().map(|(name, _)| name.id)),
            Err(refusal) => {
                *self.stored.not_taken.entry(refusal.what().en).or_default() += 1;
                Ok(None)
            }
        }
    }
}
