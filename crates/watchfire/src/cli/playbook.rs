//! `watchfire playbook`: checks playbook files, prints their schema, and holds them against a node's past.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use watchfire_core::basis::{Text, Timestamp};
use watchfire_core::plan::ResponseFile;
use watchfire_core::playbook::{Firing, Playbook as Book, SCHEMA, Span};
use watchfire_core::record::Record;
use watchfire_store::Reader;

use super::{Ended, Output, Result, fail};
use crate::config::Config;
use crate::playbooks::past::{self, DAYS_MAX, Gathered};
use crate::{city, playbooks};

#[derive(Debug, Subcommand)]
pub(super) enum Playbook {
    /// Read playbook files, or folders of them, and say what is wrong with its line and column
    Check {
        /// Files or folders
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The response file whose categories, kinds and templates they use; what it does not know is said
        #[arg(long)]
        response: Option<PathBuf>,
    },
    /// Say when playbooks would have fired on a node's own past; writes nothing, and the node may be running
    DryRun {
        /// The node's directory, or a backup of it
        #[arg(long)]
        data: PathBuf,
        /// Days to look back from the last call
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
        days: u32,
        /// Files or folders; the folder that the node's configuration names if left out
        files: Vec<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Print the JSON schema of a playbook file, for editors
    Schema,
}

pub(super) fn run(what: &Playbook) -> Result<Ended> {
    match what {
        Playbook::Check { files, response } => check(files, response.as_deref()),
        Playbook::DryRun {
            data,
            days,
            files,
            output,
        } => dry_run(data, *days, files, *output),
        Playbook::Schema => {
            print!("{SCHEMA}");
            Ok(Ended::Done)
        }
    }
}

fn check(files: &[PathBuf], response: Option<&Path>) -> Result<Ended> {
    let response = match response {
        Some(path) => city::response(path)?,
        None => ResponseFile::default(),
    };
    let (mut wrong, mut read): (usize, Vec<Book>) = (0, Vec::new());
    for path in all_files(files)? {
        match playbooks::read(&path) {
            Err(error) => {
                wrong += 1;
                println!("{}", crate::node::Chain(&error));
            }
            Ok(book) => {
                let twice = read.iter().any(|other| other.id == book.id);
                wrong += usize::from(twice);
                if twice {
                    println!(
                        "{}: another file has the id \"{}\" too",
                        path.display(),
                        book.id
                    );
                }
                println!(
                    "{}: {} {}, {} steps",
                    path.display(),
                    book.label.en,
                    book.label.zh,
                    book.steps.len()
                );
                for remark in playbooks::remarks(&book, &response, None) {
                    println!("  note: {}", remark.en);
                }
                read.push(book);
            }
        }
    }
    match wrong {
        0 => Ok(Ended::Done),
        _ => Ok(Ended::Wrong),
    }
}

fn all_files(files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in files {
        all.extend(playbooks::files(path)?);
    }
    if all.is_empty() {
        return fail("no playbook file is there: a playbook is a file whose name ends in .toml");
    }
    Ok(all)
}

fn dry_run(data: &Path, days: u32, files: &[PathBuf], output: Output) -> Result<Ended> {
    let config = Config::read(data)?;
    let books = match files.is_empty() {
        true => playbooks::of(&config)?,
        false => {
            let read = all_files(files)?
                .into_iter()
                .map(|path| playbooks::read(&path));
            read.collect::<std::result::Result<Vec<Book>, _>>()?
        }
    };
    if books.is_empty() {
        return fail(
            "there is no playbook to try: name files, or a folder as playbooks.folder in watchfire.toml",
        );
    }
    let response = match config.response.file.as_os_str().is_empty() {
        true => ResponseFile::default(),
        false => city::response(&config.response.file)?,
    };
    let reader = Reader::open(data)?;
    let Some(last) = past::last_change(&reader)? else {
        return fail(format!(
            "{} has no calls and no incidents yet",
            data.display()
        ));
    };
    let span = ending(last, days);
    let read = |reader: &Reader| past::gather(reader, &books, &config.timers, span);
    let mut found = reader.at_one_moment(read)?;
    let last = found.last().unwrap_or(last);
    found.span = ending(last, days);
    let zone = config.own_zone()?;
    let tried: Vec<(&Book, Vec<Firing>)> = books
        .iter()
        .map(|book| (book, found.firings(book)))
        .collect();
    if output.json {
        println!("{:#}", as_json(&tried, &found, days));
        return Ok(Ended::Done);
    }
    println!(
        "{days} days to {}; {} calls and incidents looked at",
        local(last, &zone),
        found.looked_at
    );
    if !found.whole {
        println!("there was more: the oldest of it is left out");
    }
    for (book, firings) in &tried {
        println!();
        let times = match firings.len() {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        println!("{} ({}) would have fired {times}", book.label.en, book.id);
        if !past::is_traced(book) {
            println!("  the past of this alarm lies in records of others: it cannot be counted");
        }
        for remark in playbooks::remarks(book, &response, None) {
            println!("  note: {}", remark.en);
        }
        for one in firings {
            let saw = one.saw.label(|code| response.category_label(code));
            println!(
                "  {}  {}{}  {}",
                local(one.at, &zone),
                number(&reader, one)?,
                place(one),
                saw.en
            );
        }
    }
    Ok(Ended::Done)
}

/// Returns so many days with this moment as their last.
fn ending(last: Timestamp, days: u32) -> Span {
    let until = Timestamp(last.0.saturating_add(1));
    let from = Timestamp(until.0 - i64::from(days) * 24 * 3_600_000);
    Span { from, until }
}

fn as_json(tried: &[(&Book, Vec<Firing>)], found: &Gathered, days: u32) -> serde_json::Value {
    let each = tried.iter().map(|(book, firings)| {
        let all = firings.iter().map(|one| {
            let point = one.place.as_ref().map(|place| place.point);
            let Text { en, zh } = one
                .saw
                .label(|code| Text::new(code.as_str(), code.as_str()));
            json!({
                "at": crate::api::view::time(one.at),
                "subject": one.subject.to_string(),
                "incident": one.incident.map(|incident| incident.to_string()),
                "lat": point.map(watchfire_core::basis::Point::lat),
                "lon": point.map(watchfire_core::basis::Point::lon),
                "saw": { "en": en, "zh": zh },
            })
        });
        json!({
            "playbook": book.id.as_str(),
            "count": firings.len(),
            "counted": past::is_traced(book),
            "firings": all.collect::<Vec<_>>(),
        })
    });
    json!({
        "days": days,
        "from": crate::api::view::time(found.span.from),
        "until": crate::api::view::time(found.span.until),
        "looked_at": found.looked_at,
        "whole": found.whole,
        "playbooks": each.collect::<Vec<_>>(),
    })
}

fn local(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    let local = zone.to_datetime(time);
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

fn number(reader: &Reader, one: &Firing) -> Result<String> {
    let Some(incident) = one.incident else {
        return Ok("-".to_owned());
    };
    let row = reader.record(incident.into())?;
    let record = row.map(|row| reader.plain(&row)).transpose()?;
    Ok(match record {
        Some(Record::Incident(incident)) => format!("#{}", incident.number),
        Some(_) | None => "-".to_owned(),
    })
}

fn place(one: &Firing) -> String {
    let Some(place) = &one.place else {
        return String::new();
    };
    match (&place.address, &place.area) {
        (Some(address), _) => format!("  {address}"),
        (None, Some(area)) => format!("  {area}"),
        (None, None) => format!("  {:.5}, {:.5}", place.point.lat(), place.point.lon()),
    }
}
