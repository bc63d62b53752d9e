//! `watchfire import`: stations, units and past calls from an agency's files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::engine::HappenedWhen;
use watchfire_core::record::Action;
use watchfire_core::record::person::Seat;
use watchfire_formats::report::Findings;
use watchfire_formats::{Import as CallImport, ImportReport, ListReport, StationRow, UnitRow};
use watchfire_store::Reader;

use super::{Ended, Output, Progress, Result, fail, tend};
use crate::city;
use crate::clock::Clock;
use crate::desk::{Desk as _, DirectDesk};
use crate::history::{self, Stored};
use crate::policy::{self, Session};
use crate::replay;

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Read past calls with a mapping file (docs/book/import.md); without --data nothing is stored
    Calls {
        /// How the agency writes its calls: the mapping file, TOML
        #[arg(long)]
        map: PathBuf,
        /// The export, CSV, also gzipped
        file: PathBuf,
        /// Store calls although units that answered them are not in the node; their responses are then lost
        #[arg(long)]
        skip_unknown_units: bool,
        #[command(flatten)]
        into: Into,
    },
    /// Read stations from CSV (code, name, lat, lon and, if wanted, areas) or from GeoJSON points
    Stations {
        /// The list
        file: PathBuf,
        /// In GeoJSON, the property that holds the code
        #[arg(long, default_value = "code")]
        code_property: String,
        /// In GeoJSON, the property that holds the name
        #[arg(long, default_value = "name")]
        name_property: String,
        #[command(flatten)]
        into: Into,
    },
    /// Read units from CSV: callsign, kind and, if wanted, capabilities, station, lat, lon, crew, areas
    Units {
        /// The list
        file: PathBuf,
        /// The list of stations, for units that have no coordinates of their own; the node's own stations if left out
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
        Import::Calls {
            map,
            file,
            skip_unknown_units,
            into,
        } => calls(&map, &file, skip_unknown_units, &into),
        Import::Stations {
            file,
            code_property,
            name_property,
            into,
        } => {
            let list = match is_geojson(&file) {
                true => city::stations_geojson(&file, &code_property, &name_property)?,
                false => city::stations(&file)?,
            };
            let rows = list.lines.iter().copied().zip(&list.rows);
            take_list(&into, &list.report, rows, city::enter_station)
        }
        Import::Units {
            file,
            stations,
            into,
        } => {
            let stations = match (&stations, &into.data) {
                (Some(path), _) => city::stations(path)?.rows,
                (None, Some(dir)) => stations_in(dir)?,
                (None, None) => Vec::new(),
            };
            let list = city::units(&file, &stations)?;
            let rows = list.lines.iter().copied().zip(&list.rows);
            take_list(&into, &list.report, rows, enter_unit)
        }
    }
}

fn is_geojson(file: &Path) -> bool {
    let name = file.to_string_lossy().to_lowercase();
    let name = name.trim_end_matches(".gz");
    name.ends_with(".geojson") || name.ends_with(".json")
}

/// Returns the stations that a node has, as a list of them would be read.
fn stations_in(dir: &Path) -> Result<Vec<StationRow>> {
    let desk = tend::direct(dir)?;
    let row = |station: &watchfire_core::record::station::Station| StationRow {
        code: station.code.to_string(),
        name: station.details.name.to_string(),
        lat: station.details.place.point.lat(),
        lon: station.details.place.point.lon(),
        areas: Vec::new(),
    };
    Ok(desk.look(|board| board.stations.values().map(|one| row(one)).collect()))
}

/// As [`city::enter_unit`], but a station that is not there yet is told: the unit would be first due nowhere.
fn enter_unit(board: &Board, row: &UnitRow) -> std::result::Result<Option<Action>, String> {
    if let Some(code) = &row.station {
        let there = code
            .parse()
            .is_ok_and(|code| board.station_by_code(&code).is_some());
        if !there {
            return Err(format!(
                "{}: there is no station \"{code}\" in the node; import the stations first",
                row.callsign
            ));
        }
    }
    city::enter_unit(board, row)
}

/// What became of a list in the node.
struct Entered {
    entered: u64,
    there_already: u64,
    /// Rows that the node did not take, with their line.
    refused: Vec<String>,
}

fn take_list<'a, T: 'a>(
    into: &Into,
    report: &ListReport,
    rows: impl Iterator<Item = (u64, &'a T)>,
    enter: impl Fn(&Board, &T) -> std::result::Result<Option<Action>, String>,
) -> Result<Ended> {
    if !into.output.json {
        println!("{report}");
    }
    let stored = match &into.data {
        None => None,
        Some(dir) => Some(store_list(dir, rows, enter)?),
    };
    let refused = stored.as_ref().map_or(0, |stored| stored.refused.len());
    if into.output.json {
        let stored = stored.map(|stored| {
            serde_json::json!({
                "entered": stored.entered, "there_already": stored.there_already, "refused": stored.refused,
            })
        });
        let read = serde_json::json!({
            "rows_read": report.rows_read,
            "rows_taken": report.rows_taken,
            "refused": findings(&report.refused),
            "columns_unused": report.columns_unused,
        });
        println!("{}", serde_json::json!({ "read": read, "stored": stored }));
    } else {
        match stored {
            None => println!("{NOTHING_STORED}"),
            Some(stored) => {
                for line in &stored.refused {
                    println!("  not entered: {line}");
                }
                let (entered, there) = (stored.entered, stored.there_already);
                println!("{entered} entered, {there} were there already.");
            }
        }
    }
    if refused > 0 {
        return fail(format!(
            "{refused} rows were not entered, for the reasons above; mend these and import the list again, what is there is passed over"
        ));
    }
    some_taken(report.rows_taken)
}

/// An import that took nothing has not done what was asked.
fn some_taken(rows_taken: u64) -> Result<Ended> {
    if rows_taken == 0 {
        return fail("no row could be taken; the report above says why");
    }
    Ok(Ended::Done)
}

const NOTHING_STORED: &str = "Nothing was stored: name the node's directory with --data.";

fn store_list<'a, T: 'a>(
    dir: &Path,
    rows: impl Iterator<Item = (u64, &'a T)>,
    enter: impl Fn(&Board, &T) -> std::result::Result<Option<Action>, String>,
) -> Result<Entered> {
    let mut desk = tend::direct(dir)?;
    let now = Clock::Real.now();
    let session = importer(&mut desk, now)?;
    let mut done = Entered {
        entered: 0,
        there_already: 0,
        refused: Vec::new(),
    };
    for (line, row) in rows {
        let action = match desk.look(|board| enter(board, row)) {
            Ok(Some(action)) => action,
            Ok(None) => {
                done.there_already += 1;
                continue;
            }
            Err(problem) => {
                done.refused.push(format!("line {line}: {problem}"));
                continue;
            }
        };
        let authorized = desk.look(|board| policy::authorize(&session, action, board));
        let Ok(authorized) = authorized else {
            return fail("the importer may not do this");
        };
        let key = format!("import:list:{}:{line}", now.0);
        match desk.act_at(now, HappenedWhen::Now, authorized, key)? {
            Ok(_) => done.entered += 1,
            Err(refusal) => {
                let (what, next) = (refusal.what().en, refusal.next_step().en);
                done.refused.push(format!("line {line}: {what} {next}"));
            }
        }
        desk.flush_if_full()?;
    }
    desk.into_store()?;
    Ok(done)
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

fn calls(map: &Path, file: &Path, skip_unknown_units: bool, into: &Into) -> Result<Ended> {
    let read = city::calls(file, map)?;
    if !into.output.json {
        println!("{}", read.report);
    }
    let stored = match &into.data {
        None => None,
        Some(dir) => Some(store_calls(dir, &read, skip_unknown_units)?),
    };
    if into.output.json {
        let report = serde_json::json!({ "read": report_json(&read.report), "stored": stored });
        println!("{report:#}");
    } else {
        match &stored {
            None => println!("{NOTHING_STORED}"),
            Some(stored) => print!("{stored}"),
        }
    }
    some_taken(read.report.rows_taken)
}

fn store_calls(dir: &Path, read: &CallImport, skip_unknown_units: bool) -> Result<Stored> {
    let known = history::known(&Reader::open(dir)?)?;
    let mut desk = tend::direct(dir)?;
    let categories = unknown_categories(&desk, read);
    if !categories.is_empty() {
        return fail(format!(
            "categories not in the node's response file: {}; nothing was stored. Add them there, or change the mapping",
            categories.join(", ")
        ));
    }
    let units = history::unknown_units(&desk, &read.calls);
    if !units.is_empty() && !skip_unknown_units {
        return fail(format!(
            "{} units that answered calls are not in the node: {}; nothing was stored. Import the units first, or go \
             on without their responses: --skip-unknown-units",
            units.len(),
            Vec::from_iter(units).join(", ")
        ));
    }
    let now = Clock::Real.now();
    let session = importer(&mut desk, now)?;
    let mut progress = Progress::new();
    let stored = history::store(
        &mut desk,
        &session,
        &read.calls,
        &known,
        now,
        |done, total| {
            progress.show("storing calls", done, total);
        },
    );
    progress.end();
    let stored = stored?;
    desk.into_store()?;
    Ok(stored)
}

fn unknown_categories(desk: &DirectDesk, read: &CallImport) -> Vec<String> {
    let known = &desk.response().categories;
    if known.is_empty() {
        return Vec::new(); // Without a response file any code is taken.
    }
    let used: BTreeSet<&str> = read
        .calls
        .iter()
        .map(|call| call.category.as_str())
        .collect();
    let is_known = |code: &&str| known.keys().any(|known| known.as_str() == *code);
    used.into_iter()
        .filter(|code| !is_known(code))
        .map(str::to_owned)
        .collect()
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
