//! What must hold when a storm is over: all members show the same, and everything that was acknowledged is there, on
//! its home, and with all members if it was shared. Start at [`lines`] and [`missing`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::deed::{Deed, Journal, Outcome, What};
use crate::http::Desk;

/// How often a question is asked again that a busy node puts off, and after how long.
const ASKED_AGAIN: usize = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// What a member shows of an operation, as lines that are the same for all members: which records of which home, in
/// which version, with what was said in them.
pub(crate) fn lines(view: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    lines.insert(format!(
        "operation {} version {} {}",
        view["id"], view["version"], view["status"]
    ));
    for member in each(view, "members") {
        lines.insert(format!(
            "member {} {} since {}",
            member["node"], member["status"], member["since"]
        ));
    }
    for one in each(view, "incidents") {
        let (home, incident) = (&one["node"], &one["incident"]);
        let id = &incident["id"];
        let share = &one["share"];
        lines.insert(format!(
            "incident {home} {id} version {} share {} {} since {}",
            incident["version"], share["assist"], share["until"], share["since"]
        ));
        for note in each(one, "notes") {
            lines.insert(format!("note {home} {id} {} {}", note["at"], note["text"]));
        }
        for sent in each(one, "response") {
            let (sign, sent) = (&sent["callsign"], &sent["assignment"]);
            lines.insert(format!(
                "assignment {home} {id} {} version {} {} {sign}",
                sent["id"], sent["version"], sent["status"]
            ));
        }
    }
    for one in each(view, "units") {
        let (home, unit, loan) = (&one["node"], &one["unit"], &one["loan"]);
        lines.insert(format!(
            "unit {home} {} version {} {} lent to {} until {}",
            unit["id"], unit["version"], unit["callsign"], loan["node"], loan["until"]
        ));
    }
    for ask in each(view, "asks") {
        lines.insert(format!(
            "ask {} {} of {} {} {} {} answered {} {}",
            ask["node"],
            ask["message"],
            ask["of_node"],
            ask["record"],
            ask["text"],
            ask["status"],
            ask["answered_at"],
            ask["reason"]
        ));
    }
    for line in each(view, "log") {
        lines.insert(format!(
            "log {} {} {} {} {}",
            line["node"], line["at"], line["message"], line["text"], line["what"]["en"]
        ));
    }
    lines
}

/// Returns true if a member says that nothing is on its way: no line is cut, and all that is its own has arrived.
pub(crate) fn is_at_rest(view: &Value) -> bool {
    let up = |member: &Value| member["own"] == true || member["line"]["state"] == "up";
    let arrived = |one: &Value| each(one, "delivery").all(|to| to["at_node"] == true);
    each(view, "members").all(up)
        && ["incidents", "asks", "log"]
            .iter()
            .all(|list| each(view, list).all(arrived))
}

fn each<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    value[list].as_array().into_iter().flatten()
}

/// What one member shows in the end, and what its people did.
pub(crate) struct Member<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    /// A desk of it.
    pub(crate) desk: &'a Desk,
    /// What it shows of the operation.
    pub(crate) view: &'a Value,
    /// What was answered there.
    pub(crate) journal: &'a Journal,
}

/// Returns what was acknowledged and is not there.
pub(crate) fn missing(members: &[Member<'_>]) -> Vec<String> {
    let shown: Vec<Shown> = members
        .iter()
        .map(|member| Shown::of(member.view))
        .collect();
    let mut missing = Vec::new();
    for home in members {
        let shared = shared_by(home.journal);
        for (deed, outcome) in &home.journal.answered {
            let Outcome::Acknowledged(id) = outcome else {
                continue;
            };
            if let Err(why) = on_its_home(home, deed, id) {
                missing.push(format!("{:?} ({}) at its home: {why}", deed.what, deed.key));
            }
            for (member, shown) in members.iter().zip(&shown) {
                if !shown.has(home, member, deed, id, &shared) {
                    let what = &deed.what;
                    missing.push(format!(
                        "{what:?} ({}) of {} at {}",
                        deed.key, home.id, member.id
                    ));
                }
            }
        }
    }
    missing
}

fn shared_by(journal: &Journal) -> BTreeSet<String> {
    let shared =
        journal
            .answered
            .iter()
            .filter_map(|(deed, outcome)| match (&deed.what, outcome) {
                (What::ShareIncident { incident }, Outcome::Acknowledged(_)) => {
                    Some(incident.clone())
                }
                _ => None,
            });
    shared.collect()
}

/// Looks for what a deed came to among its home's own records.
fn on_its_home(home: &Member<'_>, deed: &Deed, id: &str) -> Result<(), String> {
    let there = |path: String, good: &dyn Fn(&Value) -> bool| {
        let mut answer = home.desk.get(&path)?;
        // Thousands of questions at once are more than a node answers one person.
        for _ in 0..ASKED_AGAIN {
            if !answer.is_for_later() {
                break;
            }
            std::thread::sleep(PAUSE);
            answer = home.desk.get(&path)?;
        }
        match answer.is_done() && good(&answer.json) {
            true => Ok(()),
            false => Err(format!("{path} says {}", answer.status)),
        }
    };
    match &deed.what {
        What::Open => there(format!("/incidents/{id}"), &|_| true),
        What::Note { incident } => there(format!("/incidents/{incident}/notes"), &|json| {
            each(json, "notes").any(|note| note["text"] == deed.mark.as_str())
        }),
        What::Enter => there(format!("/units/{id}"), &|_| true),
        What::OnDuty { unit } => there(format!("/units/{unit}"), &|json| {
            json["status"] != "off_duty"
        }),
        What::Send { .. } => there(format!("/assignments/{id}"), &|_| true),
        What::Advance { assignment, field } => {
            there(format!("/assignments/{assignment}"), &|json| {
                json[*field].is_string()
            })
        }
        What::ShareIncident { .. }
        | What::ShareUnit { .. }
        | What::Say
        | What::Ask
        | What::Answer { .. }
        | What::Sign { .. }
        | What::Lend { .. } => Ok(()),
    }
}

/// What a member shows, to be found quickly.
struct Shown {
    incidents: BTreeSet<(String, String)>,
    notes: BTreeSet<(String, String)>,
    sent: BTreeSet<String>,
    units: BTreeMap<String, String>,
    said: BTreeSet<String>,
    asked: BTreeSet<String>,
    answered: BTreeSet<String>,
    signed: BTreeSet<(String, String)>,
}

impl Shown {
    fn of(view: &Value) -> Shown {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut shown = Shown {
            incidents: BTreeSet::new(),
            notes: BTreeSet::new(),
            sent: BTreeSet::new(),
            units: BTreeMap::new(),
            said: each(view, "log").map(|line| text(&line["text"])).collect(),
            asked: each(view, "asks").map(|ask| text(&ask["text"])).collect(),
            answered: BTreeSet::new(),
            signed: BTreeSet::new(),
        };
        for one in each(view, "incidents") {
            let id = text(&one["incident"]["id"]);
            if one["share"].is_object() {
                shown.incidents.insert((text(&one["node"]), id.clone()));
            }
            let notes = each(one, "notes").map(|note| (id.clone(), text(&note["text"])));
            shown.notes.extend(notes);
            let sent = each(one, "response").map(|sent| text(&sent["assignment"]["id"]));
            shown.sent.extend(sent);
            let signed = each(one, "delivery").filter(|to| to["signed_at"].is_string());
            shown
                .signed
                .extend(signed.map(|to| (text(&to["node"]), id.clone())));
        }
        for one in each(view, "units") {
            shown
                .units
                .insert(text(&one["unit"]["id"]), text(&one["loan"]["node"]));
        }
        let answered = each(view, "asks").filter(|ask| ask["answered_at"].is_string());
        shown
            .answered
            .extend(answered.map(|ask| text(&ask["message"])));
        shown
    }

    /// Returns true if what a deed at `home` came to is here, at `member`, as far as it must be.
    fn has(
        &self,
        home: &Member<'_>,
        member: &Member<'_>,
        deed: &Deed,
        id: &str,
        shared: &BTreeSet<String>,
    ) -> bool {
        match &deed.what {
            What::Open | What::Enter | What::OnDuty { .. } | What::Advance { .. } => true,
            What::Note { incident } => {
                !shared.contains(incident)
                    || self.notes.contains(&(incident.clone(), deed.mark.clone()))
            }
            What::ShareIncident { incident } => self
                .incidents
                .contains(&(home.id.to_owned(), incident.clone())),
            What::ShareUnit { unit } => self.units.contains_key(unit),
            What::Send { incident } => !shared.contains(incident) || self.sent.contains(id),
            What::Say => self.said.contains(&deed.mark),
            What::Ask => self.asked.contains(&deed.mark),
            What::Answer { message } => self.answered.contains(message),
            What::Sign { home: of, incident } => {
                member.id != of
                    || self
                        .signed
                        .contains(&(home.id.to_owned(), incident.clone()))
            }
            What::Lend { unit, to } => self.units.get(unit).is_some_and(|lent| lent == to),
        }
    }
}

/// Returns what a directory holds of other nodes, as lines: how far each feed that is not local, and every copy.
pub(crate) fn held(dir: &Path, own: &str) -> Result<BTreeMap<String, String>, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(dir.join("watchfire.db"), flags)?;
    let mut held = BTreeMap::new();
    let sql = "SELECT lower(hex(node)), kind, lower(hex(id)), version, state FROM copies";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (node, kind, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (version, state): (u64, Vec<u8>) = (row.get(3)?, row.get(4)?);
        if node != own {
            let state = String::from_utf8_lossy(&state).into_owned();
            held.insert(
                format!("{kind} {id} of {node}"),
                format!("version {version}: {state}"),
            );
        }
    }
    Ok(held)
}

/// Returns where copies of the same record differ between nodes, or one lacks it that its home has told to others.
pub(crate) fn differences(all: &[(String, BTreeMap<String, String>)]) -> Vec<String> {
    let names: BTreeSet<&String> = all.iter().flat_map(|(_, held)| held.keys()).collect();
    let mut different = Vec::new();
    for name in names {
        let holders = all.iter().filter(|(own, _)| !name.ends_with(own.as_str()));
        let says: BTreeSet<Option<&String>> = holders.map(|(_, held)| held.get(name)).collect();
        if says.len() > 1 {
            let words = says
                .iter()
                .map(|one| one.map_or("nothing", |text| text.as_str()));
            let words: Vec<&str> = words.collect();
            different.push(format!("{name}: {}", words.join("; or ")));
        }
    }
    different
}
