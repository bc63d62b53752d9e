//! One county: its node, what its people do for an operation, and what they do that is nobody else's matter.
//!
//! Deeds become actions here and are asked for as people ask. Start at [`County::act`]; [`own_day`] is a day without
//! anybody else, for comparison.

use std::collections::BTreeMap;

use watchfire_core::basis::{
    AssignmentId, IncidentId, Line, OperationId, Place, Point, Priority, Prose, Timestamp, UnitId,
};
use watchfire_core::engine::Outcome;
use watchfire_core::record::assignment::{self, AssignmentAction, Choice, Why};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::MessageAction;
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::record::{Action, RecordKind};
use watchfire_feed::{Hash, NodeId};

use super::counted::Cost;
use super::day::{Act, Deed, Joint, MINUTES, Step};
use crate::net::contacts;
use crate::site::{BEGIN_MS, Site};

/// Calls of a county in a day, and how many of these send somebody.
const CALLS: u64 = 150;
const SENT: u64 = 65;

/// A county.
pub(super) struct County {
    pub(super) site: Site,
    /// The digest of what each other was last told that is held here.
    pub(super) told: BTreeMap<usize, Hash>,
    /// What was counted so far.
    pub(super) cost: Cost,
    /// How many entries were held before the day.
    pub(super) log_before: usize,
    parts: BTreeMap<usize, Part>,
    number: usize,
    asked: u64,
}

/// What a county has of its own in an operation.
#[derive(Default)]
struct Part {
    incident: Option<IncidentId>,
    assignment: Option<AssignmentId>,
    unit: Option<UnitId>,
}

impl County {
    pub(super) fn new(number: usize, seed: u64) -> County {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        County {
            site: Site::new(&format!("county {number:04}"), seed),
            told: BTreeMap::new(),
            cost: Cost::default(),
            log_before: 0,
            parts: BTreeMap::new(),
            number,
            asked: 0,
        }
    }

    /// Asks for an action; what is refused is a fault of the day as it was laid out.
    pub(super) fn ask(&mut self, action: Action) -> Result<Outcome, String> {
        self.asked += 1;
        let key = format!("{:04} {:06}", self.number, self.asked);
        let name = self.site.name.clone();
        let refused = |words: String| format!("{name} was refused: {words}");
        match self.site.try_ask(action, key) {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(refusal)) => Err(refused(format!("{refusal:?}"))),
            Err(fault) => Err(refused(fault.to_string())),
        }
    }

    /// Does a deed; returns the operation that it raised, if it raised one. `raised` are those that this county has
    /// raised a moment ago.
    pub(super) fn act(
        &mut self,
        act: &Act,
        joint: &Joint,
        nodes: &[NodeId],
        operations: &[Option<OperationId>],
        raised: &[(usize, OperationId)],
    ) -> Result<Option<OperationId>, String> {
        if act.deed == Deed::Raise {
            return self.raise(act.joint, joint, nodes).map(Some);
        }
        let now = raised.iter().find(|(number, _)| *number == act.joint);
        let operation = now.map(|(_, operation)| *operation);
        let operation = operation.or(operations[act.joint]);
        let operation = operation.ok_or("nobody has raised it yet")?;
        match &act.deed {
            Deed::Raise => {}
            Deed::Join => {
                self.ask(Action::Participation(ParticipationAction::Join {
                    operation,
                }))?;
            }
            Deed::Share => self.share(act.joint, operation)?,
            Deed::Note(text) => {
                let (incident, text) = (self.incident(act)?, prose(text));
                let note = IncidentAction::AddNote { incident, text };
                self.ask(Action::Incident(note))?;
            }
            Deed::Say(text) => {
                let (about, text) = (None, prose(text));
                self.ask(Action::Message(MessageAction::Say {
                    operation,
                    about,
                    text,
                    break_silence: None,
                }))?;
            }
            Deed::Send => {
                let unit = self.part(act).unit.ok_or("there is no unit")?;
                let incident = self.incident(act)?;
                let assignment = self.send(incident, unit)?;
                self.part(act).assignment = Some(assignment);
            }
            Deed::Advance(step) => {
                let assignment = self.part(act).assignment.ok_or("nobody was sent")?;
                self.advance(assignment, *step)?;
            }
            Deed::CloseIncident => {
                let incident = self.incident(act)?;
                self.close(incident)?;
            }
            Deed::End => {
                let reason = line("it is over");
                let down = OperationAction::StandDown { operation, reason };
                self.ask(Action::Operation(down))?;
                let outcome = line("it is over");
                let close = OperationAction::Close { operation, outcome };
                self.ask(Action::Operation(close))?;
            }
        }
        Ok(None)
    }

    fn part(&mut self, act: &Act) -> &mut Part {
        self.parts.entry(act.joint).or_default()
    }

    fn incident(&mut self, act: &Act) -> Result<IncidentId, String> {
        let found = self.part(act).incident;
        found.ok_or_else(|| "there is no incident".to_owned())
    }

    fn raise(
        &mut self,
        number: usize,
        joint: &Joint,
        nodes: &[NodeId],
    ) -> Result<OperationId, String> {
        let raise = OperationAction::Raise {
            name: line("国道查控"),
            purpose: line("查控可疑货车"),
            legal_basis: line("art. 54"),
            handling: Handling::PoliceUse,
            history: History::All,
            exercise: false,
            succeeds: None,
            own_name: line(&self.site.name),
        };
        let raised = self.ask(Action::Operation(raise))?;
        let operation = OperationId(raised.records[0].0.id);
        for member in &joint.members[1..] {
            let (node, role) = (nodes[*member], line("查控本县路口"));
            self.ask(Action::Operation(OperationAction::Invite {
                operation,
                node,
                role,
            }))?;
        }
        let callsign = format!("W{:04}{}", joint.name.0, joint.name.1);
        let unit = self.enter(&callsign)?;
        self.parts.entry(number).or_default().unit = Some(unit);
        Ok(operation)
    }

    fn enter(&mut self, callsign: &str) -> Result<UnitId, String> {
        let details = UnitDetails {
            kind: "car".parse().map_err(|_| "car is a code")?,
            capabilities: Default::default(),
            station: None,
            post: None,
            crew: Some(2),
            areas: Default::default(),
        };
        let callsign = line(callsign);
        let entered = self.ask(Action::Unit(UnitAction::Enter { callsign, details }))?;
        let unit = UnitId(entered.records[0].0.id);
        self.ask(Action::Unit(UnitAction::MakeAvailable { unit }))?;
        Ok(unit)
    }

    fn open(&mut self) -> Result<IncidentId, String> {
        let at = self.number as i32;
        let open = IncidentAction::Open {
            from_call: None,
            category: Some("theft".parse().map_err(|_| "theft is a code")?),
            priority: Some(Priority::P2),
            place: Some(Place {
                point: Point {
                    lat_e6: 30_000_000 + at,
                    lon_e6: 110_000_000 + at,
                },
                address: None,
                area: None,
            }),
        };
        let opened = self.ask(Action::Incident(open))?;
        Ok(IncidentId(opened.records[0].0.id))
    }

    fn share(&mut self, number: usize, operation: OperationId) -> Result<(), String> {
        let incident = self.open()?;
        let share = ParticipationAction::Share {
            operation,
            record: incident.into(),
            tier: Tier::Assist,
            with_response: true,
            until: None,
        };
        self.ask(Action::Participation(share))?;
        self.parts.entry(number).or_default().incident = Some(incident);
        Ok(())
    }

    fn send(&mut self, incident: IncidentId, unit: UnitId) -> Result<AssignmentId, String> {
        let why = Why::default();
        let choices = vec![Choice { unit, why }];
        let send = AssignmentAction::Send { incident, choices };
        let sent = self.ask(Action::Assignment(send))?;
        let mut records = sent.records.iter().map(|(record, _)| record);
        let found = records.find(|record| record.kind == RecordKind::Assignment);
        let found = found.ok_or("nobody was sent")?;
        Ok(AssignmentId(found.id))
    }

    fn advance(&mut self, assignment: AssignmentId, step: Step) -> Result<(), String> {
        let step = match step {
            Step::Acknowledged => assignment::Step::Acknowledge,
            Step::Departed => assignment::Step::Depart,
            Step::Arrived => assignment::Step::Arrive,
            Step::Cleared => assignment::Step::Clear { ending: None },
        };
        let advance = AssignmentAction::Advance { assignment, step };
        self.ask(Action::Assignment(advance)).map(drop)
    }

    fn close(&mut self, incident: IncidentId) -> Result<(), String> {
        let disposition = line("done");
        let close = IncidentAction::Close {
            incident,
            disposition,
        };
        self.ask(Action::Incident(close)).map(drop)
    }

    /// Returns what it has cost so far.
    pub(super) fn costs(&self) -> Cost {
        let own = self.site.node();
        let log = &self.site.disk.log[self.log_before..];
        let made = log.iter().filter(|(feed, _)| feed.node == own).count();
        Cost {
            operations: self.parts_of_all(),
            made: made as u64,
            taken: (log.len() - made) as u64,
            lines: contacts(&self.site).len() as u64,
            feeds: self.site.shown.copies.feeds.len() as u64,
            ..self.cost
        }
    }

    fn parts_of_all(&self) -> u64 {
        self.site.shown.participations.len() as u64
    }
}

/// Lives a day of calls in one county that shares nothing: returns how many entries it writes, and nanoseconds of work.
pub fn own_day(seed: u64, clock: fn() -> u64) -> Result<(u64, u64), String> {
    let mut county = County::new(0, seed);
    county.log_before = county.site.disk.log.len();
    let unit = county.enter("W1")?;
    let mut took_ns = 0;
    for call in 0..CALLS {
        let minute = (call * MINUTES / CALLS) as i64;
        county.site.now = Timestamp(BEGIN_MS + minute * 60_000);
        let began = clock();
        let incident = county.open()?;
        if call < SENT {
            let assignment = county.send(incident, unit)?;
            for step in [
                Step::Acknowledged,
                Step::Departed,
                Step::Arrived,
                Step::Cleared,
            ] {
                county.advance(assignment, step)?;
            }
        }
        county.close(incident)?;
        took_ns += clock() - began;
    }
    Ok((county.costs().made, took_ns))
}

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the simulator's own words are prose")
}
