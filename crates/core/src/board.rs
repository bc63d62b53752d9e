//! The board: all records a node has in memory, and what follows from several of them together.
//!
//! Statuses that lie between records (how far an incident's response has come, what a unit is doing) are
//! computed here from the records and stored nowhere. A board is filled by [`Board::put`] alone; its
//! indexes follow from the records. The engine keeps one that may be ahead of the disk, the host shows
//! another that never is; they share the records themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::basis::{
    self, AssignmentId, CallId, IncidentId, Line, PersonId, StationId, Timestamp, UnitId,
};
use crate::copies::Copies;
use crate::record::assignment::{Assignment, AssignmentStatus};
use crate::record::call::Call;
use crate::record::incident::{Incident, IncidentState};
use crate::record::person::Person;
use crate::record::road_condition::RoadCondition;
use crate::record::station::Station;
use crate::record::unit::{Duty, Unit};
use crate::record::{
    Record, RecordKind, RecordRef, assessment, assignment, call, consultation, directive,
    duty_post, for_kinds, handover, incident, message, operation, participation, patrol, peer,
    person, planned_action, playbook_run, reply, road_condition, saved_view, settlement, shift,
    station, support_capability, support_offer, support_request, unit,
};
use crate::refusal::Refusal;

macro_rules! board {
    ($($kind:ident $id:ident $action:ident $event:ident $module:ident $map:ident
        $word:literal ($en:literal, $zh:literal) $lives:ident $doc:literal;)+) => {
        /// All records in memory. Read the maps freely; change them by [`Board::put`] only.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Board {
            $(#[doc = concat!($doc, "; by id.")] pub $map: BTreeMap<basis::$id, Arc<$module::$kind>>,)+
            /// What other nodes have told of theirs.
            pub copies: Copies,

            calls_of: BTreeMap<IncidentId, BTreeSet<CallId>>,
            assignments_of: BTreeMap<IncidentId, BTreeSet<AssignmentId>>,
            merged_into: BTreeMap<IncidentId, BTreeSet<IncidentId>>,
            live_of: BTreeMap<UnitId, AssignmentId>,
            freed_at: BTreeMap<UnitId, Timestamp>,
            callsigns: BTreeMap<Line, UnitId>,
            logins: BTreeMap<Line, PersonId>,
            station_codes: BTreeMap<Line, StationId>,
            open_incidents: BTreeSet<IncidentId>,
            loose_calls: BTreeSet<CallId>,
            numbers: BTreeMap<RecordKind, u64>,
        }

        impl Board {
            $(
                #[doc = concat!("Returns one of this node's own (", $en, "), or refuses.")]
                pub fn $module(&self, id: basis::$id) -> Result<&$module::$kind, Refusal> {
                    let found = self.$map.get(&id).map(Arc::as_ref);
                    found.ok_or(Refusal::NotFound(RecordKind::$kind))
                }
            )+

            /// Returns any record by its name.
            pub fn get(&self, reference: RecordRef) -> Option<Record> {
                let id = reference.id;
                match reference.kind {
                    $(RecordKind::$kind => self.$map.get(&basis::$id(id)).cloned().map(Record::$kind),)+
                }
            }

            /// Returns all of this node's own records, kind by kind.
            pub fn records(&self) -> impl Iterator<Item = Record> {
                std::iter::empty()$(.chain(self.$map.values().cloned().map(Record::$kind)))+
            }

            /// Returns all of this node's own records of a kind, by id.
            pub fn records_of(&self, kind: RecordKind) -> Box<dyn Iterator<Item = Record> + '_> {
                match kind {
                    $(RecordKind::$kind => Box::new(self.$map.values().cloned().map(Record::$kind)),)+
                }
            }

            /// Puts a record on the board, in place of its older self.
            pub fn put(&mut self, record: Record) {
                self.unindex(record.reference());
                self.index(&record);
                match record {
                    $(Record::$kind(record) => drop(self.$map.insert(record.id, record)),)+
                }
            }

            /// Takes a record off the board; its row and entries stay where they are.
            pub fn remove(&mut self, reference: RecordRef) {
                self.unindex(reference);
                let id = reference.id;
                match reference.kind {
                    $(RecordKind::$kind => drop(self.$map.remove(&basis::$id(id))),)+
                }
            }
        }
    };
}

for_kinds!(board);

/// How far an incident has come, its own life and its response taken together (EIDO's incident status register).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStatus {
    /// Nobody is on it.
    Active,
    /// A unit is assigned.
    Assigned,
    /// A unit is on its way.
    EnRoute,
    /// A unit is there.
    OnScene,
    /// It ended.
    Closed,
    /// It was not needed.
    Cancelled,
    /// It goes on as part of another.
    Merged,
}

/// What a unit is doing, its duty and its assignment taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    /// Nobody is on it.
    OffDuty,
    /// It can be sent.
    Available,
    /// It has an assignment and has not departed.
    Assigned,
    /// It is on its way.
    EnRoute,
    /// It is there.
    OnScene,
    /// It cannot be sent.
    OutOfService,
}

impl Board {
    fn index(&mut self, record: &Record) {
        if let Some(number) = record.number() {
            self.count_number(record.reference().kind, number);
        }
        if let Record::Call(call) = record {
            if let Some(incident) = call.incident() {
                self.calls_of.entry(incident).or_default().insert(call.id);
            }
            if call.is_loose() {
                self.loose_calls.insert(call.id);
            }
        } else if let Record::Incident(incident) = record {
            if incident.is_open() {
                self.open_incidents.insert(incident.id);
            }
            if let Some(into) = incident.merged_into() {
                let merged = self.merged_into.entry(into).or_default();
                merged.insert(incident.id);
            }
        } else if let Record::Unit(unit) = record {
            self.callsigns.insert(unit.callsign.clone(), unit.id);
        } else if let Record::Assignment(assignment) = record {
            let of_incident = self.assignments_of.entry(assignment.incident);
            of_incident.or_default().insert(assignment.id);
            if assignment.is_live() {
                self.live_of.insert(assignment.unit, assignment.id);
            }
            if let Some(ended_at) = assignment.ended_at {
                let freed_at = self.freed_at.entry(assignment.unit).or_default();
                *freed_at = ended_at.max(*freed_at);
            }
        } else if let Record::Station(station) = record {
            self.station_codes.insert(station.code.clone(), station.id);
        } else if let Record::Person(person) = record {
            self.logins.insert(person.login.clone(), person.id);
        }
    }

    fn unindex(&mut self, reference: RecordRef) {
        fn drop_from<K: Ord + Copy, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: &V) {
            if let Some(set) = map.get_mut(&key) {
                set.remove(value);
                if set.is_empty() {
                    map.remove(&key);
                }
            }
        }
        let Some(record) = self.get(reference) else {
            return;
        };
        if let Record::Call(call) = record {
            self.loose_calls.remove(&call.id);
            if let Some(incident) = call.incident() {
                drop_from(&mut self.calls_of, incident, &call.id);
            }
        } else if let Record::Incident(incident) = record {
            self.open_incidents.remove(&incident.id);
            if let Some(into) = incident.merged_into() {
                drop_from(&mut self.merged_into, into, &incident.id);
            }
        } else if let Record::Unit(unit) = record {
            self.callsigns.remove(&unit.callsign);
        } else if let Record::Assignment(assignment) = record {
            let incident = assignment.incident;
            drop_from(&mut self.assignments_of, incident, &assignment.id);
            if self.live_of.get(&assignment.unit) == Some(&assignment.id) {
                self.live_of.remove(&assignment.unit);
            }
        } else if let Record::Station(station) = record {
            self.station_codes.remove(&station.code);
        } else if let Record::Person(person) = record {
            self.logins.remove(&person.login);
        }
    }

    /// Returns the incidents that are open or that ended or changed since a time, each with all that were merged into it.
    pub fn incidents_since(&self, before: Timestamp) -> BTreeSet<IncidentId> {
        let mut kept = BTreeSet::new();
        for incident in self.incidents.values() {
            let root = self.merge_root(incident.id);
            let over = match self.incidents.get(&root) {
                Some(found) if root == incident.id => {
                    found.ended_at().is_some_and(|at| at < before)
                }
                Some(_) => continue, // It goes with its root.
                // Only ended roots are ever out of memory.
                None => true,
            };
            let alone = !self.merged_into.contains_key(&incident.id);
            if over && alone && incident.changed_at < before {
                continue; // As nearly all are of a long day.
            }
            let family = self.merged_family(incident.id);
            let quiet = |id: &IncidentId| {
                let found = self.incidents.get(id);
                found.is_none_or(|found| found.changed_at < before)
            };
            if !over || !family.iter().all(quiet) {
                kept.extend(family);
            }
        }
        kept
    }

    /// Returns the ended records that have not changed since `before`: those that may leave memory.
    ///
    /// An incident goes with all that were merged into it, and with their calls and assignments, or not
    /// at all: a family that is half in memory would count its calls and units wrongly.
    pub fn over_before(&self, before: Timestamp) -> BTreeSet<RecordRef> {
        let mut gone: BTreeSet<RecordRef> = BTreeSet::new();
        let kept = self.incidents_since(before);
        for id in self.incidents.keys().filter(|id| !kept.contains(id)) {
            gone.insert(RecordRef::from(*id));
            let calls = self.calls_of(*id);
            gone.extend(calls.map(|call| RecordRef::from(call.id)));
            let assignments = self.assignments_of(*id);
            gone.extend(assignments.map(|assignment| RecordRef::from(assignment.id)));
        }
        let without = |incident: Option<IncidentId>| {
            incident.is_none_or(|incident| !self.incidents.contains_key(&incident))
        };
        let idle = |call: &&Arc<Call>| {
            !call.is_loose() && without(call.incident()) && call.changed_at < before
        };
        let calls = self.calls.values().filter(idle);
        gone.extend(calls.map(|call| RecordRef::from(call.id)));
        let idle = |assignment: &&Arc<Assignment>| {
            let over = !assignment.is_live() && assignment.changed_at < before;
            over && without(Some(assignment.incident))
        };
        let assignments = self.assignments.values().filter(idle);
        gone.extend(assignments.map(|assignment| RecordRef::from(assignment.id)));
        let over = |condition: &&Arc<RoadCondition>| {
            let over = condition.over_since(before).is_some_and(|at| at < before);
            over && condition.changed_at < before
        };
        let conditions = self.road_conditions.values().filter(over);
        gone.extend(conditions.map(|condition| RecordRef::from(condition.id)));
        let by_itself = self.records().filter(|record| {
            let over = record.over_since();
            over.is_some_and(|at| at < before) && record.changed_at() < before
        });
        gone.extend(by_itself.map(|record| record.reference()));
        // What was answered to a request is needed as long as the request is open.
        let open = |id: &[u8; 16]| {
            let request = self.support_requests.get(&basis::SupportRequestId(*id));
            request.is_some_and(|request| request.is_open())
        };
        for offer in self.support_offers.values() {
            if offer.request.node == offer.home && open(&offer.request.record.id) {
                gone.remove(&RecordRef::from(offer.id));
            }
        }
        gone
    }

    /// Notes that a running number is used, though its record may not be in memory.
    pub fn count_number(&mut self, kind: RecordKind, number: u64) {
        let highest = self.numbers.entry(kind).or_default();
        *highest = number.max(*highest);
    }

    /// Returns the next running number of a kind.
    pub fn next_number(&self, kind: RecordKind) -> u64 {
        self.numbers
            .get(&kind)
            .copied()
            .unwrap_or(0)
            .saturating_add(1)
    }

    /// Returns the unit with that call sign.
    pub fn unit_by_callsign(&self, callsign: &Line) -> Option<&Unit> {
        self.units
            .get(self.callsigns.get(callsign)?)
            .map(Arc::as_ref)
    }

    /// Returns the person with that login.
    pub fn person_by_login(&self, login: &Line) -> Option<&Person> {
        self.people.get(self.logins.get(login)?).map(Arc::as_ref)
    }

    /// Returns the station with that code.
    pub fn station_by_code(&self, code: &Line) -> Option<&Station> {
        self.stations
            .get(self.station_codes.get(code)?)
            .map(Arc::as_ref)
    }

    /// Returns how many incidents are active.
    pub fn open_incident_count(&self) -> usize {
        self.open_incidents.len()
    }

    /// Returns the active incidents.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.open_incidents
            .iter()
            .filter_map(|id| self.incidents.get(id))
            .map(Arc::as_ref)
    }

    /// Returns the calls that are neither part of an incident nor closed.
    pub fn loose_calls(&self) -> impl Iterator<Item = &Call> {
        self.loose_calls
            .iter()
            .filter_map(|id| self.calls.get(id))
            .map(Arc::as_ref)
    }

    /// Returns the assignment that binds a unit now.
    pub fn live_assignment(&self, unit: UnitId) -> Option<&Assignment> {
        self.assignments
            .get(self.live_of.get(&unit)?)
            .map(Arc::as_ref)
    }

    /// Returns the assignments that bind a unit now, all of them.
    pub fn live_assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.live_of
            .values()
            .filter_map(|id| self.assignments.get(id))
            .map(Arc::as_ref)
    }

    /// Returns the incident that goes on for a merged one (itself if it was not merged).
    pub fn merge_root(&self, incident: IncidentId) -> IncidentId {
        let mut root = incident;
        // `decide` lets no circle close; the bound keeps a hostile copy from holding us here.
        for _ in 0..self.incidents.len() {
            match self
                .incidents
                .get(&root)
                .and_then(|found| found.merged_into())
            {
                Some(into) => root = into,
                None => break,
            }
        }
        root
    }

    /// Returns an incident and all that were merged into it.
    pub fn merged_family(&self, incident: IncidentId) -> Vec<IncidentId> {
        let mut family = vec![incident];
        let mut at = 0;
        while at < family.len() {
            for child in self.merged_into.get(&family[at]).into_iter().flatten() {
                if !family.contains(child) {
                    family.push(*child);
                }
            }
            at += 1;
        }
        family
    }

    /// Returns the calls of an incident and of all merged into it.
    pub fn calls_of(&self, incident: IncidentId) -> impl Iterator<Item = &Call> {
        self.merged_family(incident)
            .into_iter()
            .filter_map(|one| self.calls_of.get(&one))
            .flatten()
            .filter_map(|id| self.calls.get(id))
            .map(Arc::as_ref)
    }

    /// Returns the assignments on an incident and on all merged into it.
    pub fn assignments_of(&self, incident: IncidentId) -> impl Iterator<Item = &Assignment> {
        self.merged_family(incident)
            .into_iter()
            .filter_map(|one| self.assignments_of.get(&one))
            .flatten()
            .filter_map(|id| self.assignments.get(id))
            .map(Arc::as_ref)
    }

    /// Returns how far an incident has come.
    pub fn incident_status(&self, incident: &Incident) -> IncidentStatus {
        match incident.state {
            IncidentState::Closed { .. } => return IncidentStatus::Closed,
            IncidentState::Cancelled { .. } => return IncidentStatus::Cancelled,
            IncidentState::Merged { .. } => return IncidentStatus::Merged,
            IncidentState::Active => {}
        }
        let furthest = |assignment: &Assignment| match assignment.status {
            AssignmentStatus::Sent | AssignmentStatus::Acknowledged => {
                Some(IncidentStatus::Assigned)
            }
            AssignmentStatus::Departed => Some(IncidentStatus::EnRoute),
            AssignmentStatus::Arrived => Some(IncidentStatus::OnScene),
            AssignmentStatus::Proposed
            | AssignmentStatus::Declined
            | AssignmentStatus::Cleared
            | AssignmentStatus::Cancelled => None,
        };
        self.assignments_of(incident.id)
            .filter_map(furthest)
            .max()
            .unwrap_or(IncidentStatus::Active)
    }

    /// Returns what a unit is doing, and since when.
    pub fn unit_status(&self, unit: &Unit) -> (UnitStatus, Timestamp) {
        let duty = match unit.duty {
            Duty::OffDuty => UnitStatus::OffDuty,
            Duty::Available => UnitStatus::Available,
            Duty::OutOfService { .. } => UnitStatus::OutOfService,
        };
        let Some(live) = self.live_assignment(unit.id) else {
            let freed = self.freed_at.get(&unit.id).copied();
            return (
                duty,
                freed.map_or(unit.duty_since, |at| at.max(unit.duty_since)),
            );
        };
        let sent = live.sent_at.unwrap_or(live.changed_at);
        match live.status {
            AssignmentStatus::Departed => (UnitStatus::EnRoute, live.departed_at.unwrap_or(sent)),
            AssignmentStatus::Arrived => (UnitStatus::OnScene, live.arrived_at.unwrap_or(sent)),
            AssignmentStatus::Proposed
            | AssignmentStatus::Sent
            | AssignmentStatus::Acknowledged
            | AssignmentStatus::Declined
            | AssignmentStatus::Cleared
            | AssignmentStatus::Cancelled => (UnitStatus::Assigned, sent),
        }
    }
}
