//! Measures the alerts on counts of public calls (`watch.rs`) on real calls: how many are raised on days as they were, and how
//! many of the outbreaks that are planted on top are found, by their size.
//!
//! It reads an export of the fire department of San Francisco from standard input:
//! `gzip -dc us-sanfrancisco-sffd-unit-responses-....csv.gz | cargo run --release -p watchfire-core --example call_alerts`.
//! Every alert on the calls as they were counts as false, though some may have been right. Start at [`main`].

#![allow(clippy::print_stdout, reason = "a measurement says what it found")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use watchfire_core::basis::{Code, Line, Point, Timestamp};
use watchfire_core::cover::{HourOfWeek, PublicCall};
use watchfire_core::record::call::Channel;
use watchfire_core::watch::{CountedCall, Group, Watch, WatchRules};

const HOUR_MS: i64 = 3_600_000;

/// A call of the export.
#[derive(Clone)]
struct Past {
    at: Timestamp,
    area: Option<Line>,
    category: Option<Code>,
}

fn main() {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.expect("the export is text on standard input");
    let mut calls = past(&text);
    calls.sort_by_key(|call| call.at);
    let from = Timestamp(calls[0].at.0 / HOUR_MS * HOUR_MS);
    let hours = (calls[calls.len() - 1].at.0 - from.0) / HOUR_MS + 1;
    println!("{} calls in {hours} hours", calls.len());
    for days_before in [2, 3] {
        for per_day in [0.25, 1.0, 4.0] {
            quiet(&calls, from, hours, days_before, per_day);
        }
    }
    for per_day in [0.25, 1.0, 4.0] {
        planted(&calls, from, hours, per_day);
    }
}

fn rules(days_before: u32, per_day: f64) -> WatchRules {
    WatchRules {
        false_alerts_per_day: per_day,
        hours_min: days_before * 24,
        ..WatchRules::default()
    }
}

/// Looks once an hour, as the node does, and counts what begins: an alert that stays on is one.
fn quiet(calls: &[Past], from: Timestamp, hours: i64, days_before: u32, per_day: f64) {
    let rules = rules(days_before, per_day);
    let mut on: BTreeSet<Group> = BTreeSet::new();
    let mut begun = 0;
    let mut by_kind: BTreeMap<&str, u32> = BTreeMap::new();
    let watched = i64::from(days_before) * 24..hours;
    for hour in watched.clone() {
        let now = Timestamp(from.0 + hour * HOUR_MS);
        let told = made(calls, from, now, rules).alerts(now);
        let groups: BTreeSet<Group> = told.into_iter().map(|one| one.group).collect();
        for group in groups.difference(&on) {
            begun += 1;
            let kind = match (&group.area, &group.category) {
                (None, None) => "all calls",
                (Some(_), None) => "an area",
                (None, Some(_)) => "a category",
                (Some(_), Some(_)) => "both",
            };
            *by_kind.entry(kind).or_default() += 1;
        }
        on = groups;
    }
    let days = watched.count() as f64 / 24.0;
    let per = f64::from(begun) / days;
    println!(
        "learnt from {days_before} days or more, {per_day} a day wanted: {begun} alerts in {days:.1} days as they were, {per:.2} a day {by_kind:?}"
    );
}

/// Puts outbreaks of known size on top, each by itself, and counts those that an alert on their place, their category or both
/// tells of within the two hours after they began.
fn planted(calls: &[Past], from: Timestamp, hours: i64, per_day: f64) {
    let rules = rules(3, per_day);
    let mut dice = 22_u64;
    let mut roll = |below: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % below
    };
    print!(
        "{per_day} a day wanted; found of 200 outbreaks within an hour at one place and of one category, by size:"
    );
    for size in [3, 4, 5, 6, 8, 10, 15] {
        let mut found = 0;
        for _ in 0..200 {
            let like = calls[roll(calls.len())].clone();
            let hour = 72 + roll(hours as usize - 74) as i64;
            let begin = from.0 + hour * HOUR_MS + roll(60) as i64 * 60_000;
            let mut with = calls.to_vec();
            for n in 0..size {
                let at = Timestamp(begin + n * HOUR_MS / size);
                with.push(Past { at, ..like.clone() });
            }
            let of_it = |group: &Group| {
                let area = group.area.is_none() || group.area == like.area;
                let category = group.category.is_none() || group.category == like.category;
                area && category && (group.area.is_some() || group.category.is_some())
            };
            let told = |hours: i64| {
                let now = Timestamp((begin / HOUR_MS + hours) * HOUR_MS);
                let before = made(calls, from, now, rules).alerts(now);
                let after = made(&with, from, now, rules).alerts(now);
                let new = |group: &Group| !before.iter().any(|one| one.group == *group);
                after.iter().any(|one| of_it(&one.group) && new(&one.group))
            };
            found += u32::from(told(1) || told(2));
        }
        print!(" {size}: {found}");
    }
    println!();
}

/// Makes the watch of the calls before a moment.
fn made(calls: &[Past], from: Timestamp, now: Timestamp, rules: WatchRules) -> Watch {
    let point = Point {
        lat_e6: 37_770_000,
        lon_e6: -122_430_000,
    };
    // The export's times are local; the first of January 1970 was a Thursday.
    let hour = from.0 / HOUR_MS;
    let (day, of_day) = ((hour / 24 + 3) % 7, hour % 24);
    let first =
        HourOfWeek::new(day as u8, of_day as u8).expect("a day of the week and an hour of the day");
    let counted: Vec<CountedCall> = calls
        .iter()
        .filter(|call| call.at < now)
        .filter_map(|call| {
            let public = PublicCall::reported(Channel::Phone, point, first)?;
            Some(CountedCall::reported(
                public,
                call.at,
                call.area.clone(),
                call.category.clone(),
            ))
        })
        .collect();
    Watch::new(&counted, from, first, rules)
}

/// Reads the calls of the export: the first row of each call.
fn past(text: &str) -> Vec<Past> {
    let mut lines = text.lines();
    let header = fields(lines.next().unwrap_or_default());
    let column = |name: &str| {
        let found = header.iter().position(|one| one.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("the export has no column {name}: {header:?}"))
    };
    let (number, kind) = (column("Call Number"), column("Call Type"));
    let (received, area) = (column("Received DtTm"), column("Station Area"));
    let mut seen = BTreeSet::new();
    lines
        .map(fields)
        .filter(|row| row.len() == header.len() && seen.insert(row[number].clone()))
        .filter_map(|row| {
            let code: String = row[kind].to_lowercase();
            let code = code.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            Some(Past {
                at: local(&row[received])?,
                area: row[area].parse().ok(),
                category: code.chars().take(40).collect::<String>().parse().ok(),
            })
        })
        .collect()
}

/// Splits a line of CSV; a field in quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    all.push(field);
    all
}

/// Reads `MM/DD/YYYY hh:mm:ss AM` as if it were UTC: only spans and hours of the day count here.
fn local(text: &str) -> Option<Timestamp> {
    let mut parts = text.split([' ', '/', ':']);
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (month, day, year) = (number()?, number()?, number()?);
    let (hour, minute, second) = (number()?, number()?, number()?);
    let hour = hour % 12 + if text.ends_with("PM") { 12 } else { 0 };
    // Days since 1970 of a civil date (Howard Hinnant, chrono-compatible low-level date algorithms).
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * m + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp(
        ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000,
    ))
}
