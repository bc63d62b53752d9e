//! The people at one node: they open incidents, write, share, enter units and send them, say, ask, answer, sign and
//! lend, as fast as people do, from what they see on their own node. What is not answered they ask for again under the
//! same key, and begin little else until it is. Start at [`People::work`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deed::{Deed, Journal, Outcome, What};
use crate::dice::Dice;
use crate::http::{Answer, Desk};

/// How long people wait for an answer before they try again.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long they wait between two tries of the same.
const AGAIN: Duration = Duration::from_millis(700);
/// How old what they see of the operation may be.
const LOOK: Duration = Duration::from_secs(2);
/// Deeds without an answer at once.
const UNANSWERED_MAX: usize = 3;
/// Notes on one incident, so that all of them are told.
const NOTES_MAX: usize = 30;
/// Units of one node.
const UNITS_MAX: usize = 40;
/// Records of one node that are shared.
const SHARES_MAX: usize = 150;

/// Work as usual.
pub(crate) const WORK: u8 = 0;
/// Begin nothing, but have everything answered.
pub(crate) const FINISH: u8 = 1;

struct Incident {
    id: String,
    shared: bool,
    notes: usize,
}

struct Unit {
    id: String,
    on_duty: bool,
    shared: bool,
    lent: bool,
    /// Its assignment, and how many steps of it were taken.
    assignment: Option<(String, usize)>,
    /// True while something about it is not answered.
    busy: bool,
    /// True if it was sent by an answer, or for a loan: it is not these people's to send any more.
    away: bool,
}

/// The steps of an assignment, with the field of its view that says when each was.
const STEPS: [(&str, &str); 4] = [
    ("acknowledge", "acknowledged_at"),
    ("depart", "departed_at"),
    ("arrive", "arrived_at"),
    ("clear", "cleared_at"),
];

/// The people at one node.
pub(crate) struct People {
    node: usize,
    id: String,
    others: Vec<String>,
    operation: String,
    desk: Desk,
    dice: Dice,
    counted: u64,
    incidents: Vec<Incident>,
    units: Vec<Unit>,
    view: Value,
    looked: Option<Instant>,
    waiting: VecDeque<(Deed, Instant)>,
    journal: Journal,
}

impl People {
    /// Takes the desk of a node.
    pub(crate) fn at(
        node: usize,
        ids: &[String],
        operation: &str,
        desk: Desk,
        seed: u64,
    ) -> People {
        let others = ids.iter().enumerate().filter(|(other, _)| *other != node);
        People {
            node,
            id: ids[node].clone(),
            others: others.map(|(_, id)| id.clone()).collect(),
            operation: operation.to_owned(),
            desk: Desk {
                patience: PATIENCE,
                ..desk
            },
            dice: Dice::of(seed, 100 + node as u64),
            counted: 0,
            incidents: Vec::new(),
            units: Vec::new(),
            view: Value::Null,
            looked: None,
            waiting: VecDeque::new(),
            journal: Journal::default(),
        }
    }

    /// Works until told to finish and everything is answered, or until a moment; returns the journal, and what was
    /// never answered.
    pub(crate) fn work(mut self, told: &Arc<AtomicU8>, until: Instant) -> (Journal, Vec<Deed>) {
        while Instant::now() < until {
            let finish = told.load(Ordering::SeqCst) == FINISH;
            if finish && self.waiting.is_empty() {
                break;
            }
            let pause_ms = self.dice.between(150, 650);
            std::thread::sleep(Duration::from_millis(pause_ms));
            if self
                .waiting
                .front()
                .is_some_and(|(_, due)| *due <= Instant::now())
            {
                if let Some((deed, _)) = self.waiting.pop_front() {
                    self.attempt(deed, true);
                }
            } else if !finish && self.waiting.len() < UNANSWERED_MAX {
                self.look();
                if let Some(deed) = self.wish() {
                    self.attempt(deed, false);
                }
            }
        }
        let never = self.waiting.into_iter().map(|(deed, _)| deed).collect();
        (self.journal, never)
    }

    fn look(&mut self) {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        let path = format!("/operations/{}", self.operation);
        if let Ok(answer) = self.desk.get(&path)
            && answer.is_done()
        {
            self.view = answer.json;
        }
    }

    fn attempt(&mut self, deed: Deed, again: bool) {
        match self.desk.post(&deed.path, &deed.key, &deed.body) {
            Ok(answer) if answer.is_done() => {
                self.journal.late += u64::from(again);
                let id = self.learn(&deed, &answer);
                self.journal
                    .answered
                    .push((deed, Outcome::Acknowledged(id)));
            }
            Ok(answer) if !answer.is_for_later() => {
                self.let_be(&deed);
                let code = answer.text("/code");
                self.journal.answered.push((deed, Outcome::Refused(code)));
            }
            Ok(_) | Err(_) => {
                self.journal.unanswered += 1;
                self.waiting.push_back((deed, Instant::now() + AGAIN));
            }
        }
    }

    /// Takes over what a deed came to; returns the id of the record that it made.
    fn learn(&mut self, deed: &Deed, answer: &Answer) -> String {
        match &deed.what {
            What::Open => {
                let id = answer.text("/id");
                self.incidents.push(Incident {
                    id: id.clone(),
                    shared: false,
                    notes: 0,
                });
                return id;
            }
            What::Enter => {
                let id = answer.text("/id");
                self.units.push(Unit {
                    id: id.clone(),
                    on_duty: false,
                    shared: false,
                    lent: false,
                    assignment: None,
                    busy: false,
                    away: false,
                });
                return id;
            }
            What::Send { .. } => {
                let id = answer.text("/assignments/0/id");
                let sent = answer.text("/assignments/0/unit");
                if let Some(unit) = self.unit(&sent) {
                    unit.assignment = Some((id.clone(), 0));
                    unit.busy = false;
                }
                return id;
            }
            What::Advance { assignment, field } => {
                let of = |unit: &&mut Unit| {
                    unit.assignment
                        .as_ref()
                        .is_some_and(|(id, _)| id == assignment)
                };
                if let Some(unit) = self.units.iter_mut().find(of) {
                    unit.busy = false;
                    let taken = STEPS.iter().position(|(_, one)| one == field).unwrap_or(0) + 1;
                    unit.assignment =
                        Some((assignment.clone(), taken)).filter(|_| taken < STEPS.len());
                }
            }
            What::OnDuty { unit } => self.change(unit, |unit| unit.on_duty = true),
            What::ShareUnit { unit } => self.change(unit, |unit| unit.shared = true),
            What::Lend { unit, .. } => self.change(unit, |unit| unit.lent = true),
            What::Note { .. }
            | What::ShareIncident { .. }
            | What::Say
            | What::Ask
            | What::Answer { .. }
            | What::Sign { .. } => {}
        }
        String::new()
    }

    /// Takes over that a deed was refused.
    fn let_be(&mut self, deed: &Deed) {
        let body = |pointer: &str| deed.body.pointer(pointer).and_then(Value::as_str);
        let shared = || body("/record").and_then(|record| record.strip_prefix("unit:"));
        let unit = body("/units/0").or_else(|| body("/unit")).or_else(shared);
        let unit = unit.map(str::to_owned);
        let away = matches!(deed.what, What::Send { .. });
        if let Some(unit) = unit {
            self.change(&unit, |unit| unit.away |= away);
        }
        if let What::Advance { assignment, .. } = &deed.what {
            // Somebody else has ended it, say.
            for unit in &mut self.units {
                if unit
                    .assignment
                    .as_ref()
                    .is_some_and(|(id, _)| id == assignment)
                {
                    unit.assignment = None;
                    unit.busy = false;
                }
            }
        }
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Unit)) {
        if let Some(unit) = self.unit(id) {
            unit.busy = false;
            change(unit);
        }
    }

    fn unit(&mut self, id: &str) -> Option<&mut Unit> {
        self.units.iter_mut().find(|unit| unit.id == id)
    }

    fn shares(&self) -> usize {
        let incidents = self.incidents.iter().filter(|one| one.shared).count();
        incidents + self.units.iter().filter(|one| one.shared).count()
    }

    /// Says what somebody would do next.
    fn wish(&mut self) -> Option<Deed> {
        for _ in 0..8 {
            self.counted += 1;
            let key = format!("storm {} {}", self.node + 1, self.counted);
            let mark = format!("{} of node {}", self.counted, self.node + 1);
            let deed = match self.dice.below(100) {
                0..10 => Some(self.open(&key, mark)),
                10..32 => self.note(&key, mark),
                32..40 => self.share_incident(&key),
                40..45 => self.enter(&key, mark),
                45..52 => self.tend_unit(&key),
                52..60 => self.send(&key),
                60..70 => self.advance(&key),
                70..80 => Some(self.say(&key, mark)),
                80..86 => self.ask(&key, mark),
                86..91 => self.answer(&key),
                91..96 => self.sign(&key),
                _ => self.lend(&key),
            };
            if deed.is_some() {
                return deed;
            }
        }
        None
    }

    fn open(&mut self, key: &str, mark: String) -> Deed {
        let place = json!({ "lat": 30.0, "lon": 120.5, "address": format!("Storm Street {mark}") });
        let body = json!({ "category": "fire", "priority": 2, "place": place });
        Deed::other(What::Open, key, "/incidents".to_owned(), body, mark)
    }

    fn note(&mut self, key: &str, mark: String) -> Option<Deed> {
        let at = self.dice.below(self.incidents.len());
        let one = self
            .incidents
            .get_mut(at)
            .filter(|one| one.notes < NOTES_MAX)?;
        one.notes += 1;
        let incident = one.id.clone();
        let path = format!("/incidents/{incident}/notes");
        let body = json!({ "text": mark });
        Some(Deed::other(What::Note { incident }, key, path, body, mark))
    }

    fn share_incident(&mut self, key: &str) -> Option<Deed> {
        if self.shares() >= SHARES_MAX {
            return None;
        }
        let one = self.incidents.iter_mut().find(|one| !one.shared)?;
        one.shared = true;
        let incident = one.id.clone();
        let record = format!("incident:{incident}");
        let what = What::ShareIncident { incident };
        Some(Deed::share(what, key, &self.operation, &record))
    }

    fn enter(&mut self, key: &str, mark: String) -> Option<Deed> {
        if self.units.len() >= UNITS_MAX {
            return None;
        }
        let callsign = format!("U{}-{}", self.node + 1, self.counted);
        let post = json!({ "lat": 30.0, "lon": 120.58 });
        let body = json!({ "callsign": callsign, "kind": "engine", "post": post });
        Some(Deed::other(
            What::Enter,
            key,
            "/units".to_owned(),
            body,
            mark,
        ))
    }

    /// Brings a unit on duty, or shares it.
    fn tend_unit(&mut self, key: &str) -> Option<Deed> {
        let may_share = self.shares() < SHARES_MAX;
        let waits = |unit: &&mut Unit| !unit.busy && (!unit.on_duty || !unit.shared && may_share);
        let one = self.units.iter_mut().find(waits)?;
        one.busy = true;
        let unit = one.id.clone();
        if !one.on_duty {
            let path = format!("/units/{unit}/available");
            let what = What::OnDuty { unit };
            return Some(Deed::other(what, key, path, json!({}), String::new()));
        }
        let record = format!("unit:{unit}");
        let what = What::ShareUnit { unit };
        Some(Deed::share(what, key, &self.operation, &record))
    }

    fn send(&mut self, key: &str) -> Option<Deed> {
        let incident = self.dice.one_of(&self.incidents)?.id.clone();
        let free = |unit: &&mut Unit| {
            !unit.busy && !unit.away && unit.on_duty && unit.assignment.is_none()
        };
        let unit = self.units.iter_mut().find(free)?;
        unit.busy = true;
        let body = json!({ "units": [unit.id] });
        let path = format!("/incidents/{incident}/assignments");
        let what = What::Send { incident };
        Some(Deed::other(what, key, path, body, String::new()))
    }

    fn advance(&mut self, key: &str) -> Option<Deed> {
        let sent = |unit: &&mut Unit| !unit.busy && unit.assignment.is_some();
        let sent: Vec<&mut Unit> = self.units.iter_mut().filter(sent).collect();
        let at = self.dice.below(sent.len());
        let unit = sent.into_iter().nth(at)?;
        unit.busy = true;
        let (assignment, taken) = unit.assignment.clone()?;
        let (step, field) = STEPS[taken];
        let path = format!("/assignments/{assignment}/{step}");
        let what = What::Advance { assignment, field };
        Some(Deed::other(what, key, path, json!({}), String::new()))
    }

    fn say(&mut self, key: &str, mark: String) -> Deed {
        let body = json!({ "do": "say", "text": mark });
        Deed::step(What::Say, key, &self.operation, body, mark)
    }

    /// Asks another home for a unit, or to do something about an incident.
    fn ask(&mut self, key: &str, mark: String) -> Option<Deed> {
        let own = self.incidents.iter().filter(|one| one.shared);
        let own: Vec<&str> = own.map(|one| one.id.as_str()).collect();
        let (list, kind) = match self.dice.percent(70) {
            true => ("units", "unit"),
            false => ("incidents", "incident"),
        };
        let theirs = self.view[list].as_array()?.iter();
        let theirs: Vec<&Value> = theirs
            .filter(|one| one["own"] == false && one["share"]["assist"] == true)
            .collect();
        let one = self.dice.one_of(&theirs)?;
        let record = format!("{kind}:{}", one[kind]["id"].as_str()?);
        let mut body = json!({ "do": "ask", "node": one["node"], "record": record, "text": mark, "minutes": 60 });
        if kind == "unit" {
            body["what"] = json!("send");
            body["incident"] = json!(self.dice.one_of(&own)?);
        } else {
            body["what"] = json!("attend");
        }
        Some(Deed::step(What::Ask, key, &self.operation, body, mark))
    }

    fn answer(&mut self, key: &str) -> Option<Deed> {
        let asks = self.view["asks"].as_array()?.iter();
        let open: Vec<&Value> = asks
            .filter(|ask| {
                ask["for_us"] == true && ask["status"] == "waiting" && ask["within_loan"] == false
            })
            .collect();
        let ask = self.dice.one_of(&open)?;
        let message = ask["message"].as_str()?.to_owned();
        let accept = self.dice.percent(60);
        let body = json!({ "do": "answer", "node": ask["node"], "message": message, "accept": accept,
            "reason": "as it is" });
        let what = What::Answer { message };
        Some(Deed::step(what, key, &self.operation, body, String::new()))
    }

    fn sign(&mut self, key: &str) -> Option<Deed> {
        let theirs = self.view["incidents"].as_array()?.iter();
        let unsigned: Vec<&Value> = theirs
            .filter(|one| {
                one["own"] == false
                    && one["share"].is_object()
                    && one["reply"]["signed_at"].is_null()
            })
            .collect();
        let one = self.dice.one_of(&unsigned)?;
        let home = one["node"].as_str()?.to_owned();
        let incident = one["incident"]["id"].as_str()?.to_owned();
        let record = format!("incident:{incident}");
        let body = json!({ "do": "sign", "node": home, "record": record });
        let what = What::Sign { home, incident };
        Some(Deed::step(what, key, &self.operation, body, String::new()))
    }

    fn lend(&mut self, key: &str) -> Option<Deed> {
        let to = self.dice.one_of(&self.others)?.clone();
        let free =
            |unit: &&mut Unit| !unit.busy && unit.shared && !unit.lent && unit.assignment.is_none();
        let unit = self.units.iter_mut().find(free)?;
        unit.busy = true;
        let unit = unit.id.clone();
        debug_assert_ne!(to, self.id);
        let body = json!({ "do": "lend", "unit": unit, "node": to, "minutes": 600 });
        let what = What::Lend { unit, to };
        Some(Deed::step(what, key, &self.operation, body, String::new()))
    }
}
