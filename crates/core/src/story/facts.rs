//! What a story may claim: every fact of the small world, as a line of words.
//!
//! All facts are written out and a claim is looked up among them; that is wasteful and needs no parser.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Story;
use crate::basis::{CallId, Timestamp};
use crate::record::Record;
use crate::record::assignment::Assignment;
use crate::record::call::{Call, CallState};
use crate::record::incident::Incident;
use crate::record::person::Person;
use crate::record::unit::Unit;
use crate::timer::{self, Alarm, Seen, TimerRules};

/// Returns all that is true in a story right now.
pub(super) fn of(story: &Story) -> BTreeSet<String> {
    let board = story.world.engine.board();
    let mut facts = BTreeSet::new();
    facts.insert(format!("open incidents {}", board.open_incident_count()));
    facts.insert(format!("entries {}", story.world.entries.len() - 1));
    facts.insert(format!("calls {}", board.calls.len()));
    for call in board.calls.values() {
        about_call(story, call, &mut facts);
    }
    for incident in board.incidents.values() {
        about_incident(story, incident, &mut facts);
    }
    for unit in board.units.values() {
        about_unit(story, unit, &mut facts);
    }
    for person in board.people.values() {
        about_person(person, &mut facts);
    }
    for condition in board.road_conditions.values() {
        let now = story.world.now;
        facts.extend(super::road_conditions::facts_of(condition, now));
    }
    for station in board.stations.values() {
        facts.insert(format!("station {} {}", station.code, station.details.name));
        facts.insert(format!(
            "station {} version {}",
            station.code, station.version
        ));
    }
    facts
}

fn word(value: impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap();
    json.as_str().unwrap().to_owned()
}

/// Says whether an alarm is on, since when, and whether somebody has seen it.
fn alarmed(name: &str, alarm: Option<Alarm>, seen: &[Seen], now: Timestamp) -> Vec<String> {
    let Some(alarm) = alarm else {
        return vec![format!("{name} no alarm")];
    };
    let (code, late_s) = (word(alarm.code), now.seconds_since(alarm.since));
    let known = timer::acknowledged(seen, alarm).map(|seen| now.seconds_since(seen.at));
    vec![
        format!("{name} alarm {code}"),
        format!("{name} alarm {code} since {late_s} s"),
        match known {
            Some(ago_s) => format!("{name} alarm {code} seen {ago_s} s ago"),
            None => format!("{name} alarm {code} unseen"),
        },
    ]
}

fn about_call(story: &Story, call: &Call, facts: &mut BTreeSet<String>) {
    let board = story.world.engine.board();
    let name = format!("call {}", call.number);
    let record = Record::Call(Arc::new(call.clone()));
    let alarm = timer::alarm_of(board, &record, &TimerRules::default(), story.world.now);
    facts.extend(alarmed(&name, alarm, &call.seen, story.world.now));
    let state = match &call.state {
        CallState::Received => "received".to_owned(),
        CallState::Joined { incident } => match board.incidents.get(incident) {
            Some(incident) => format!("joined to incident {}", incident.number),
            None => "joined to an incident out of memory".to_owned(),
        },
        CallState::Closed { reason, .. } => {
            facts.insert(format!("{name} closed"));
            format!("closed: {reason}")
        }
    };
    facts.insert(format!("{name} {state}"));
    facts.insert(format!("{name} version {}", call.version));
    facts.insert(format!("{name} by {}", word(call.channel)));
    if let Some(place) = &call.place {
        let address = place.address.as_ref().map_or("", |line| line.as_str());
        facts.insert(format!("{name} at {address}"));
    } else {
        facts.insert(format!("{name} nowhere"));
    }
    let category = call.category.as_ref().map_or("unknown", |c| c.as_str());
    let priority = call.priority.map_or(0, u8::from);
    facts.insert(format!("{name} {category} p{priority}"));
    let line = |line: &Option<crate::basis::Line>| {
        line.as_ref().map_or(String::new(), |line| line.to_string())
    };
    facts.insert(format!("{name} from {}", line(&call.personal.callback)));
    facts.insert(format!("{name} named {}", line(&call.personal.caller)));
    if let Some(said) = &call.personal.said {
        facts.insert(format!("{name} said {said}"));
    }
    for given in &call.personal.answers {
        facts.insert(format!(
            "{name} answered {}={}",
            given.question, given.answer
        ));
    }
    facts.insert(format!(
        "{name} has {} answers",
        call.personal.answers.len()
    ));
    if let Some(at) = call.ringing_at {
        facts.insert(format!("{name} rang for {} ms", call.received_at.0 - at.0));
    }
    facts.insert(format!(
        "{name} received {} s before it was accepted",
        call.accepted_at.seconds_since(call.received_at)
    ));
}

fn about_incident(story: &Story, incident: &Incident, facts: &mut BTreeSet<String>) {
    let board = story.world.engine.board();
    let name = format!("incident {}", incident.number);
    let record = Record::Incident(Arc::new(incident.clone()));
    let alarm = timer::alarm_of(board, &record, &TimerRules::default(), story.world.now);
    facts.extend(alarmed(&name, alarm, &incident.seen, story.world.now));
    let mut add = |fact: String| facts.insert(format!("{name} {fact}"));
    add(word(board.incident_status(incident)));
    add(format!("version {}", incident.version));
    add(format!(
        "{} p{}",
        incident.category,
        u8::from(incident.priority)
    ));
    add(format!("alarm {}", incident.alarm_level));
    let address = incident.place.address.as_ref();
    add(format!("at {}", address.map_or("", |line| line.as_str())));
    let number = |id: &CallId| board.calls[id].number.to_string();
    let mut calls: Vec<_> = board.calls_of(incident.id).map(|call| call.id).collect();
    calls.sort_by_key(|id| board.calls[id].number);
    let calls: Vec<String> = calls.iter().map(number).collect();
    add(match calls.len() {
        0 => "no calls".to_owned(),
        _ => format!("calls {}", calls.join(", ")),
    });
    let mut units: Vec<&str> = board
        .assignments_of(incident.id)
        .filter(|assignment| assignment.is_live())
        .map(|assignment| board.units[&assignment.unit].callsign.as_str())
        .collect();
    units.sort_unstable();
    add(match units.len() {
        0 => "no units".to_owned(),
        _ => format!("units {}", units.join(", ")),
    });
    add(format!(
        "assignments {}",
        board.assignments_of(incident.id).count()
    ));
    add(format!("notes {}", incident.notes.len()));
    if let Some(text) = incident.notes.last().and_then(|note| note.text.as_ref()) {
        add(format!("last note {text}"));
    }
    for link in &incident.links {
        let other = board.incidents[&link.other].number;
        add(format!("has {} {other}", word(link.relation)));
    }
    add(format!("links {}", incident.links.len()));
    if let Some(from) = incident.split_from {
        add(format!("split from {}", board.incidents[&from].number));
    }
    if let Some(into) = incident.merged_into() {
        add(format!("merged into {}", board.incidents[&into].number));
    }
}

fn about_unit(story: &Story, unit: &Unit, facts: &mut BTreeSet<String>) {
    let board = story.world.engine.board();
    let mut add = |fact: String| facts.insert(format!("{} {fact}", unit.callsign));
    let (status, since) = board.unit_status(unit);
    add(word(status));
    let now = story.world.now;
    add(format!("so for {} s", now.seconds_since(since)));
    add(format!("version {}", unit.version));
    add(format!("kind {}", unit.details.kind));
    let waits = unit.waits_at().and_then(|at| board.stations.get(&at));
    add(match waits {
        Some(station) => format!("waits at station {}", station.code),
        None => "waits at no station".to_owned(),
    });
    if let Some(moved) = &unit.moved {
        add(match moved.understood_at {
            Some(at) => format!("understood after {} s", at.seconds_since(moved.at)),
            None => "has not answered".to_owned(),
        });
    }
    if unit.is_resting(now) {
        add("resting".to_owned());
    }
    let of_unit = |assignment: &&std::sync::Arc<Assignment>| assignment.unit == unit.id;
    let latest = board
        .assignments
        .values()
        .filter(of_unit)
        .max_by_key(|assignment| (assignment.is_live(), assignment.changed_at, assignment.id));
    add(format!(
        "assignments {}",
        board.assignments.values().filter(of_unit).count()
    ));
    let alarm = latest.and_then(|latest| timer::alarm(latest, &TimerRules::default(), now));
    let seen = latest.map_or(&[][..], |latest| &latest.seen);
    for fact in alarmed("", alarm, seen, now) {
        add(fact.trim().to_owned());
    }
    let Some(latest) = latest else { return };
    add(word(latest.status));
    add(format!("assignment version {}", latest.version));
    let mut time = |what: &str, at: Option<crate::basis::Timestamp>| match at {
        Some(at) => add(format!("{what} {} s ago", now.seconds_since(at))),
        None => add(format!("never {what}")),
    };
    time("sent", latest.sent_at);
    time("resent", latest.resent_at);
    time("acknowledged", latest.acknowledged_at);
    time("departed", latest.departed_at);
    time("arrived", latest.arrived_at);
    time("ended", latest.ended_at);
    if let Some(ending) = &latest.ending {
        add(format!("ending {ending}"));
    }
}

fn about_person(person: &Person, facts: &mut BTreeSet<String>) {
    let login = &person.login;
    let seats: Vec<&str> = person
        .details
        .seats
        .iter()
        .map(|seat| seat.as_str())
        .collect();
    facts.insert(format!("{login} sits as {}", seats.join(", ")));
    facts.insert(format!("{login} version {}", person.version));
    facts.insert(match person.disabled {
        true => format!("{login} disabled"),
        false => format!("{login} enabled"),
    });
}
