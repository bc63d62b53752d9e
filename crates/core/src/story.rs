//! Domain cases as tables that a dispatcher could almost read, and the little interpreter behind them.
//!
//! A line is `what is done -> what is then true; and also`. Whatever is done must be accepted unless the
//! line says `refused <code>`. After every story memory, tables and a refold of the entries are compared.
//! Start at the tables ([`lives`], [`recommendation`]); [`check`] runs one, [`facts`] lists what can be claimed.

mod alarms;
mod assessments;
mod at_once;
mod consultations;
mod directives;
mod duplicates;
mod duty;
mod facts;
mod figures;
mod limits;
mod lives;
mod monitoring;
mod patrols;
mod patterns;
mod planned_actions;
mod playbook_runs;
mod playbooks;
mod recommendation;
mod road_conditions;
mod rules;
mod sending;
mod settlements;
mod spoken;
mod support;
mod taking_back;
mod together;
mod triage;
mod verbs;
pub(crate) mod world;

use std::collections::BTreeMap;

use crate::basis::{IncidentId, Place, Point, UnitId};
use crate::plan::ResponseFile;
use crate::recommend::Origin;
use crate::record::RecordRef;
use crate::refusal::Refusal;
use crate::undo::Deed;
use world::World;

/// A story on its way: the node, and what the story says of the world outside.
pub(crate) struct Story {
    pub(crate) world: World,
    origins: BTreeMap<UnitId, Origin>,
    /// The ways that were told of one incident alone.
    origins_to: BTreeMap<IncidentId, BTreeMap<UnitId, Origin>>,
    /// What was done last.
    deed: Option<Deed>,
    /// What the last line answered, in words.
    said: Vec<String>,
}

/// Runs a story under the response file of the demo brigade.
#[track_caller]
pub(crate) fn check(story: &str) -> Story {
    check_with(RESPONSE, story)
}

/// Runs a story under a response file.
#[track_caller]
pub(crate) fn check_with(response: &str, story: &str) -> Story {
    let mut told = Story {
        world: World::new(7, ResponseFile::parse(response).unwrap()),
        origins: BTreeMap::new(),
        origins_to: BTreeMap::new(),
        deed: None,
        said: Vec::new(),
    };
    for (at, line) in story.lines().enumerate() {
        let line = line.split(" # ").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(wrong) = told.line(line) {
            panic!("line {at}: {line}\n{wrong}");
        }
    }
    told.world.check();
    told
}

impl Story {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (done, expected) = match line.split_once("->") {
            Some((done, expected)) => (done.trim(), expected.trim()),
            None => (line, ""),
        };
        let expected: Vec<&str> = expected
            .split(';')
            .map(str::trim)
            .filter(|claim| !claim.is_empty())
            .collect();
        self.said.clear();
        let refused = self.perform(done)?;
        let wanted = expected.iter().any(|claim| claim.starts_with("refused "));
        if let Some(refusal) = refused {
            self.said.extend(said_of(&refusal));
            if !wanted {
                return Err(format!("unexpectedly {:?}", self.said));
            }
        }
        for claim in expected {
            let facts = facts::of(self);
            if self.said.iter().any(|said| said == claim) || facts.contains(claim) {
                continue;
            }
            let subject: Vec<&str> = claim.split(' ').take(1).collect();
            let near: Vec<&String> = facts
                .iter()
                .filter(|fact| fact.starts_with(subject[0]))
                .collect();
            return Err(format!(
                "not so: {claim}\nsaid: {:#?}\nfacts: {near:#?}",
                self.said
            ));
        }
        Ok(())
    }
}

fn said_of(refusal: &Refusal) -> Vec<String> {
    vec![
        format!("refused {}", refusal.code()),
        format!("says {}", refusal.what().en),
        format!("说 {}", refusal.what().zh),
        format!("next {}", refusal.next_step().en),
        format!("下一步 {}", refusal.next_step().zh),
    ]
}

/// Returns a place by its name in stories; `harbour+120m` lies that far north of `harbour`.
pub(crate) fn place(name: &str) -> Place {
    let (name, north_m) = match name.split_once('+') {
        Some((name, far)) => (name, far.trim_end_matches('m').parse().unwrap()),
        None => (name, 0.0),
    };
    let (lat, lon, area) = match name {
        "harbour" => (30.00, 120.50, Some("A")),
        "market" => (30.02, 120.50, Some("B")),
        "museum" => (30.00, 120.56, Some("C")),
        "island" => (30.30, 120.90, None),
        other => panic!("no place is called {other}"),
    };
    Place {
        point: Point::from_degrees(lat + north_m / 111_194.93, lon).unwrap(),
        address: Some(name.parse().unwrap()),
        area: area.map(|area| area.parse().unwrap()),
    }
}

/// Returns the records that an action made or changed, without their versions.
fn references(records: &[(RecordRef, u64)]) -> Vec<RecordRef> {
    records.iter().map(|(record, _)| *record).collect()
}

/// The response file of the stories.
pub(crate) const RESPONSE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火灾"
[categories.medical]
en = "Medical"
zh = "急救"
[categories.flood]
en = "Flood"
zh = "水灾"
[kinds.engine]
en = "Engine"
zh = "水罐车"
[kinds.truck]
en = "Truck"
zh = "云梯车"
[kinds.medic]
en = "Medic"
zh = "救护车"
[capabilities.als]
en = "Advanced life support"
zh = "高级生命支持"
[capabilities.boat]
en = "Boat"
zh = "舟艇"
[[plan]]
category = "fire"
[[plan.alarm]]
needs = [{ kind = "engine", count = 2, within_s = 300 }, { kind = "truck" }]
[[plan.alarm]]
needs = [{ kind = "engine", count = 1 }, { capability = "als" }]
[[plan]]
category = "medical"
[[plan.alarm]]
needs = [{ kinds = ["engine", "medic"] }, { capability = "als" }]
"#;
