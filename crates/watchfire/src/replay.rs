//! A replay: past calls come in again, simulated people answer them through the same engine and store.
//!
//! What is taken from the record: when a call came, how long its entry took, how long crews took to depart
//! and how long they were busy on scene. What the node decides: which units go. What follows from its road
//! network: how long they drive. The simulated people are driven from the board alone, so that a replay that
//! was killed goes on where it was.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use watchfire_core::basis::{
    AssignmentId, CallId, IncidentId, Line, PersonId, Point, Priority, Timestamp, UnitId,
};
use watchfire_core::board::Board;
use watchfire_core::engine::Outcome;
use watchfire_core::record::Action;
use watchfire_core::record::assignment::{
    Assignment, AssignmentAction, AssignmentStatus, Choice, Step, Why,
};
use watchfire_core::record::call::{CallAction, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::unit::{Duty, Unit, UnitAction};
use watchfire_core::refusal::Refusal;
use watchfire_formats::{PastCall, StationRow, UnitRow};

use crate::city;
use crate::desk::{Desk, Halt, Waited};
use crate::past::{self, Past};
use crate::policy::{self, Authorized, Session};
use crate::positions::Position;

/// The programs in whose name the simulated people act.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Takes the calls and sends the units.
    pub desk: Session,
    /// Answers for the crews.
    pub crews: PersonId,
}

/// Enrols the simulated people, stations and units, unless they are there already, and brings units on duty.
pub fn set_stage(
    desk: &mut impl Desk,
    stations: &[StationRow],
    units: &[UnitRow],
    at: Timestamp,
) -> Result<Result<Cast, String>, Halt> {
    let mut people = Vec::new();
    let cast: [(&str, &str, &[Seat]); 2] = [
        (
            "simulated-desk",
            "Simulated desk 模拟台席",
            &[Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer],
        ),
        ("simulated-crews", "Simulated crews 模拟力量", &[Seat::Crew]),
    ];
    for (login, name, seats) in cast {
        match enrol(desk, login, name, seats, true, at)? {
            Ok(person) => people.push(person),
            Err(refusal) => return Ok(Err(refusal.what().en)),
        }
    }
    let session = Session {
        person: people[0],
        seats: [Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer].into(),
        unit: None,
    };
    if let Err(problem) = enter_all(desk, stations, city::enter_station, at)? {
        return Ok(Err(problem));
    }
    if let Err(problem) = enter_all(desk, units, city::enter_unit, at)? {
        return Ok(Err(problem));
    }
    let off: Vec<UnitId> = desk.look(|board| {
        board
            .units
            .values()
            .filter(|unit| unit.duty == Duty::OffDuty)
            .map(|unit| unit.id)
            .collect()
    });
    for unit in off {
        let on = Action::Unit(UnitAction::MakeAvailable { unit });
        let done = act_as(
            desk,
            &session,
            on,
            at,
            format!("replay:on-duty:{unit}:{}", at.0),
        )?;
        if let Err(refusal) = done {
            return Ok(Err(refusal.what().en));
        }
    }
    Ok(Ok(Cast {
        desk: session,
        crews: people[1],
    }))
}

/// Enrols somebody in the node's own name, unless they are there already.
pub fn enrol(
    desk: &mut impl Desk,
    login: &str,
    name: &str,
    seats: &[Seat],
    program: bool,
    at: Timestamp,
) -> Result<Result<PersonId, Refusal>, Halt> {
    let line = |text: &str| {
        text.parse::<Line>()
            .expect("the names of the cast are written in this program")
    };
    if let Some(person) =
        desk.look(|board| board.person_by_login(&line(login)).map(|person| person.id))
    {
        return Ok(Ok(person));
    }
    let details = PersonDetails {
        name: line(name),
        seats: seats.iter().copied().collect(),
        unit: None,
        program,
    };
    let action = Action::Person(PersonAction::Enrol {
        login: line(login),
        details,
    });
    let done = desk.act(
        at,
        Authorized::by_the_node(action),
        format!("replay:enrol:{login}"),
    )?;
    Ok(done.map(|outcome| PersonId(outcome.records[0].0.id)))
}

fn enter_all<T>(
    desk: &mut impl Desk,
    rows: &[T],
    enter: impl Fn(&watchfire_core::board::Board, &T) -> Result<Option<Action>, String>,
    at: Timestamp,
) -> Result<Result<(), String>, Halt> {
    for (number, row) in rows.iter().enumerate() {
        let action = match desk.look(|board| enter(board, row)) {
            Ok(Some(action)) => action,
            Ok(None) => continue,
            Err(problem) => return Ok(Err(problem)),
        };
        let kind = if matches!(action, Action::Unit(_)) {
            "unit"
        } else {
            "station"
        };
        let key = format!("replay:enter:{kind}:{number}:{}", at.0);
        if let Err(refusal) = desk.act(at, Authorized::by_the_node(action), key)? {
            return Ok(Err(format!("row {}: {}", number + 1, refusal.what().en)));
        }
    }
    Ok(Ok(()))
}

fn act_as(
    desk: &mut impl Desk,
    session: &Session,
    action: Action,
    at: Timestamp,
    key: String,
) -> Result<Result<Outcome, Refusal>, Halt> {
    let authorized = desk.look(|board| policy::authorize(session, action, board));
    let authorized = authorized.expect("the cast holds the seats that its actions need");
    desk.act(at, authorized, key)
}

/// What is due, in the order in which it is done at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Receive(usize),
    Open(CallId),
    Dispatch(IncidentId),
    Crew(AssignmentId),
}

/// A replay under way.
pub struct Replay<'a, D: Desk> {
    desk: D,
    past: &'a Past,
    cast: Cast,
    due: BinaryHeap<Reverse<(Timestamp, u64, Task)>>,
    order: u64,
    /// Incidents that lack units, most urgent and oldest first.
    lacking: BTreeSet<(Priority, Timestamp, IncidentId)>,
    moving: BTreeMap<UnitId, Motion>,
    standing: BTreeMap<UnitId, Point>,
    standing_told_at: Timestamp,
    source_of: BTreeMap<IncidentId, String>,
    attempts: BTreeMap<IncidentId, u32>,
    /// Assignments whose crews know what they do next.
    answered: BTreeSet<AssignmentId>,
    /// Calls that got fewer units than the plan wants, because there were none.
    pub short: u64,
    /// Actions that were refused: none, if the simulated people know the rules.
    pub refused: Vec<String>,
}

struct Motion {
    from: Timestamp,
    until: Timestamp,
    line: Vec<Point>,
    /// Metres from the start to each point of the line.
    along_m: Vec<f64>,
}

impl<'a, D: Desk> Replay<'a, D> {
    /// Begins, or goes on with, a replay of the calls received from `from` on.
    pub fn new(
        desk: D,
        past: &'a Past,
        cast: Cast,
        from: Timestamp,
        until: Timestamp,
    ) -> Replay<'a, D> {
        let mut replay = Replay {
            desk,
            past,
            cast,
            due: BinaryHeap::new(),
            order: 0,
            lacking: BTreeSet::new(),
            moving: BTreeMap::new(),
            standing: BTreeMap::new(),
            standing_told_at: Timestamp(i64::MIN),
            source_of: BTreeMap::new(),
            attempts: BTreeMap::new(),
            answered: BTreeSet::new(),
            short: 0,
            refused: Vec::new(),
        };
        for (at, call) in past.calls.iter().enumerate() {
            let received = Timestamp(call.received);
            if received >= from && received <= until {
                replay.plan(received, Task::Receive(at));
            }
        }
        replay.take_up(from);
        replay
    }

    /// Finds on the board what was under way when the replay was stopped.
    fn take_up(&mut self, now: Timestamp) {
        let homes: Vec<(UnitId, Point)> = self.desk.look(|board| {
            board
                .units
                .values()
                .filter_map(|unit| Some((unit.id, home(board, unit)?)))
                .collect()
        });
        self.standing.extend(homes);
        let (loose, open, live, positions) = self.desk.look(|board| {
            let loose: Vec<_> = board
                .calls
                .values()
                .filter(|call| call.is_loose())
                .filter_map(|call| Some((call.id, call.source.as_ref()?.to_string())))
                .collect();
            let open: Vec<_> = board
                .open_incidents()
                .map(|incident| {
                    let source = board
                        .calls_of(incident.id)
                        .find_map(|call| call.source.clone());
                    (incident.id, source.map(|source| source.to_string()))
                })
                .collect();
            let live: Vec<AssignmentId> = board
                .live_assignments()
                .map(|assignment| assignment.id)
                .collect();
            let places: Vec<(UnitId, Point)> = board
                .live_assignments()
                .filter(|assignment| assignment.status == AssignmentStatus::Arrived)
                .filter_map(|one| Some((one.unit, board.incidents.get(&one.incident)?.place.point)))
                .collect();
            (loose, open, live, places)
        });
        self.standing.extend(positions);
        for (call, source) in loose {
            let at = self
                .past
                .call(&source)
                .map_or(now, |past| self.past.entered(past));
            self.plan(at.max(now), Task::Open(call));
        }
        for (incident, source) in open {
            if let Some(source) = source {
                self.source_of.insert(incident, source);
            }
            self.plan(
                now.plus_s(self.past.manners.dispatcher_s),
                Task::Dispatch(incident),
            );
        }
        for assignment in live {
            self.plan_next_step(assignment, now);
        }
    }

    fn plan(&mut self, at: Timestamp, task: Task) {
        self.order += 1;
        self.due.push(Reverse((at, self.order, task)));
    }

    /// Runs until nothing is due any more or the desk says to stop; `tell` is called with the time as it goes.
    pub fn run(&mut self, mut tell: impl FnMut(Timestamp)) -> Result<(), Halt> {
        while let Some(Reverse((at, _, _))) = self.due.peek() {
            let at = *at;
            match self.desk.wait(at) {
                Waited::There => {}
                Waited::NotYet(now) => {
                    self.move_units(now);
                    self.notice(now);
                    continue;
                }
                Waited::Stop => return Ok(()),
            }
            let Some(Reverse((at, _, task))) = self.due.pop() else {
                continue;
            };
            self.move_units(at);
            match task {
                Task::Receive(call) => self.receive(at, call)?,
                Task::Open(call) => self.open(at, call)?,
                Task::Dispatch(incident) => self.dispatch(at, incident)?,
                Task::Crew(assignment) => self.crew(at, assignment)?,
            }
            tell(at);
        }
        Ok(())
    }

    /// Lets crews answer somebody at the console who has sent them.
    fn notice(&mut self, now: Timestamp) {
        let unknown: Vec<AssignmentId> = self.desk.look(|board| {
            let live = board.live_assignments().map(|assignment| assignment.id);
            live.filter(|id| !self.answered.contains(id)).collect()
        });
        for assignment in unknown {
            self.plan_next_step(assignment, now);
        }
    }

    /// Returns the desk, when done.
    pub fn into_desk(self) -> D {
        self.desk
    }

    fn act(&mut self, at: Timestamp, action: Action, key: String) -> Result<Option<Outcome>, Halt> {
        let session = self.cast.desk.clone();
        self.act_as(&session, at, action, key)
    }

    fn act_as(
        &mut self,
        session: &Session,
        at: Timestamp,
        action: Action,
        key: String,
    ) -> Result<Option<Outcome>, Halt> {
        match act_as(&mut self.desk, session, action, at, key.clone())? {
            Ok(outcome) => Ok(Some(outcome)),
            Err(refusal) => {
                self.refused.push(format!("{key}: {}", refusal.what().en));
                Ok(None)
            }
        }
    }

    fn receive(&mut self, at: Timestamp, index: usize) -> Result<(), Halt> {
        let past = &self.past.calls[index];
        let mut details = match past::details(past) {
            Ok(details) => details,
            Err(problem) => {
                self.refused
                    .push(format!("call {}: {problem}", past.source_id));
                return Ok(());
            }
        };
        if details.personal.is_empty() {
            // Exports for the public name no caller; one that is made up says so.
            details.personal.caller = "(made up) 虚构报警人".parse().ok();
        }
        let source: Option<Line> = past.source_id.parse().ok();
        let action = Action::Call(CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: Channel::Phone,
            source,
            details,
        });
        let entered = self.past.entered(past);
        let key = format!("replay:call:{}", past.source_id);
        if let Some(outcome) = self.act(at, action, key)? {
            let call = CallId(outcome.records[0].0.id);
            self.plan(entered, Task::Open(call));
        }
        Ok(())
    }

    fn open(&mut self, at: Timestamp, call: CallId) -> Result<(), Halt> {
        let found = self.desk.look(|board| {
            board
                .calls
                .get(&call)
                .filter(|call| call.is_loose())
                .and_then(|call| call.source.clone())
        });
        let Some(source) = found else { return Ok(()) };
        let open = IncidentAction::Open {
            from_call: Some(call),
            category: None,
            priority: None,
            place: None,
        };
        if let Some(outcome) =
            self.act(at, Action::Incident(open), format!("replay:open:{call}"))?
        {
            let incident = IncidentId(outcome.records[0].0.id);
            self.source_of.insert(incident, source.to_string());
            self.plan(
                at.plus_s(self.past.manners.dispatcher_s),
                Task::Dispatch(incident),
            );
        }
        Ok(())
    }

    fn dispatch(&mut self, at: Timestamp, id: IncidentId) -> Result<(), Halt> {
        let found = self.desk.look(|board| {
            board
                .incidents
                .get(&id)
                .filter(|one| one.is_open())
                .cloned()
        });
        let Some(incident) = found else { return Ok(()) };
        let made = self.desk.recommend(&incident, at);
        let choices: Vec<Choice> = made
            .chosen()
            .map(|one| Choice {
                unit: one.unit,
                why: Why {
                    travel: Some(one.travel),
                    reasons: one.reasons.clone(),
                    otherwise: None,
                    made: None,
                },
            })
            .collect();
        let wanted: u32 = made.needs.iter().map(|met| met.need.count).sum();
        let there: u32 = made
            .needs
            .iter()
            .map(|met| met.have + met.chosen.len() as u32)
            .sum();
        let attempt = self.attempts.entry(id).or_default();
        *attempt += 1;
        let lacking = (incident.priority, incident.opened_at, id);
        if there < wanted {
            if *attempt == 1 {
                self.short += 1;
            }
            self.lacking.insert(lacking);
        } else {
            self.lacking.remove(&lacking);
        }
        if choices.is_empty() {
            return self.close_if_done(at, id);
        }
        let key = format!("replay:send:{id}:{}:{attempt}", at.0);
        let send = Action::Assignment(AssignmentAction::Send {
            incident: id,
            choices,
        });
        if let Some(outcome) = self.act(at, send, key)? {
            for (assignment, _) in outcome.records {
                self.plan_next_step(AssignmentId(assignment.id), at);
            }
        }
        Ok(())
    }

    /// Plans what a crew does next, from the record of its assignment alone.
    fn plan_next_step(&mut self, id: AssignmentId, now: Timestamp) {
        let Some(assignment) = self.assignment(id) else {
            return;
        };
        self.answered.insert(id);
        let due = match assignment.status {
            AssignmentStatus::Sent => now.plus_s(self.past.manners.acknowledge_s),
            AssignmentStatus::Acknowledged => {
                let sent = assignment.sent_at.unwrap_or(now);
                sent.plus_s(
                    self.past
                        .turnout_s(self.past_call(&assignment), &self.kind(assignment.unit)),
                )
            }
            AssignmentStatus::Departed => {
                let drive_s = assignment.why.travel.map_or(600, |travel| travel.seconds);
                assignment.departed_at.unwrap_or(now).plus_s(drive_s)
            }
            AssignmentStatus::Arrived => {
                let busy_s = self
                    .past
                    .on_scene_s(self.past_call(&assignment), &self.kind(assignment.unit));
                assignment.arrived_at.unwrap_or(now).plus_s(busy_s)
            }
            AssignmentStatus::Proposed
            | AssignmentStatus::Declined
            | AssignmentStatus::Cleared
            | AssignmentStatus::Cancelled => return,
        };
        self.plan(due.max(now), Task::Crew(id));
    }

    fn crew(&mut self, at: Timestamp, id: AssignmentId) -> Result<(), Halt> {
        // A person at the console may have done it already, or called it off.
        let Some(assignment) = self.assignment(id).filter(Assignment::is_live) else {
            return Ok(());
        };
        let place = self.desk.look(|board| {
            board
                .incidents
                .get(&assignment.incident)
                .map(|one| one.place.point)
        });
        let (step, word) = match assignment.status {
            AssignmentStatus::Sent => (Step::Acknowledge, "acknowledge"),
            AssignmentStatus::Acknowledged => (Step::Depart, "depart"),
            AssignmentStatus::Departed => (Step::Arrive, "arrive"),
            AssignmentStatus::Arrived
            | AssignmentStatus::Proposed
            | AssignmentStatus::Declined
            | AssignmentStatus::Cleared
            | AssignmentStatus::Cancelled => (Step::Clear { ending: None }, "clear"),
        };
        let session = Session {
            person: self.cast.crews,
            seats: [Seat::Crew].into(),
            unit: Some(assignment.unit),
        };
        let action = Action::Assignment(AssignmentAction::Advance {
            assignment: id,
            step,
        });
        if self
            .act_as(&session, at, action, format!("replay:{word}:{id}"))?
            .is_none()
        {
            return Ok(());
        }
        if let Some(place) = place {
            match word {
                "depart" => self.drive(
                    at,
                    assignment.unit,
                    place,
                    assignment.why.travel.map(|travel| travel.seconds),
                ),
                "arrive" => self.stand(at, assignment.unit, place),
                "clear" => self.go_home(at, assignment.unit),
                _ => {}
            }
        }
        if word == "clear" {
            self.close_if_done(at, assignment.incident)?;
            self.serve_lacking(at, assignment.unit)?;
        } else {
            self.plan_next_step(id, at);
        }
        Ok(())
    }

    fn serve_lacking(&mut self, at: Timestamp, freed: UnitId) -> Result<(), Halt> {
        for (_, _, incident) in self.lacking.clone() {
            self.dispatch(at, incident)?;
            // One unit has become free; once it is bound again there is nothing left to give.
            if self
                .desk
                .look(|board| board.live_assignment(freed).is_some())
            {
                break;
            }
        }
        Ok(())
    }

    fn close_if_done(&mut self, at: Timestamp, id: IncidentId) -> Result<(), Halt> {
        let done = self.desk.look(|board| {
            let open = board
                .incidents
                .get(&id)
                .is_some_and(|incident| incident.is_open());
            let busy = board.assignments_of(id).any(Assignment::is_live);
            let served = board.assignments_of(id).any(Assignment::counts);
            open && served && !busy
        });
        if !done {
            return Ok(());
        }
        self.lacking.retain(|(_, _, lacking)| *lacking != id);
        let past = self
            .source_of
            .get(&id)
            .and_then(|source| self.past.call(source));
        let words = past
            .and_then(|past| past.disposition.clone())
            .and_then(|words| words.parse::<Line>().ok());
        let disposition = words.unwrap_or_else(|| "done".parse().expect("a plain word is a line"));
        let close = Action::Incident(IncidentAction::Close {
            incident: id,
            disposition,
        });
        self.act(at, close, format!("replay:close:{id}:{}", at.0))?;
        Ok(())
    }

    fn assignment(&self, id: AssignmentId) -> Option<Assignment> {
        self.desk.look(|board| {
            board
                .assignments
                .get(&id)
                .map(|assignment| assignment.as_ref().clone())
        })
    }

    fn past_call(&self, assignment: &Assignment) -> Option<&'a PastCall> {
        self.source_of
            .get(&assignment.incident)
            .and_then(|source| self.past.call(source))
    }

    fn kind(&self, unit: UnitId) -> String {
        self.desk
            .look(|board| {
                board
                    .units
                    .get(&unit)
                    .map(|unit| unit.details.kind.to_string())
            })
            .unwrap_or_default()
    }

    fn drive(&mut self, at: Timestamp, unit: UnitId, to: Point, seconds: Option<u32>) {
        let Some(from) = self
            .desk
            .positions()
            .get(unit)
            .map(|position| position.point)
        else {
            return;
        };
        self.standing.remove(&unit);
        let (line, seconds) = self.way(from, to, seconds);
        let mut along_m = vec![0.0];
        for pair in line.windows(2) {
            along_m.push(along_m[along_m.len() - 1] + pair[0].distance_m(pair[1]));
        }
        self.moving.insert(
            unit,
            Motion {
                from: at,
                until: at.plus_s(seconds.max(1)),
                line,
                along_m,
            },
        );
    }

    fn way(&self, from: Point, to: Point, seconds: Option<u32>) -> (Vec<Point>, u32) {
        let seconds = seconds
            .or_else(|| self.desk.travel().times_to(to, &[from])[0].map(|travel| travel.seconds));
        let seconds = seconds.unwrap_or(600);
        let road = |point: Point| watchfire_roads::Point {
            lat: point.lat(),
            lon: point.lon(),
        };
        let route = self
            .desk
            .travel()
            .router()
            .and_then(|router| router.route(road(from), road(to)).ok());
        let line = route.map(|route| {
            route
                .points
                .iter()
                .filter_map(|point| Point::from_degrees(point.lat, point.lon).ok())
                .collect::<Vec<_>>()
        });
        (
            line.filter(|line| line.len() >= 2)
                .unwrap_or_else(|| vec![from, to]),
            seconds,
        )
    }

    fn stand(&mut self, at: Timestamp, unit: UnitId, point: Point) {
        self.moving.remove(&unit);
        self.standing.insert(unit, point);
        self.desk.positions().put(
            unit,
            Position {
                point,
                heading_deg: None,
                at,
            },
            at,
        );
    }

    fn go_home(&mut self, at: Timestamp, unit: UnitId) {
        let home = self.desk.look(|board| home(board, board.units.get(&unit)?));
        if let Some(home) = home {
            self.drive(at, unit, home, None);
        }
    }

    /// Puts every unit where it is at that time; those that stand tell so now and then, as their devices do.
    fn move_units(&mut self, at: Timestamp) {
        if at.seconds_since(self.standing_told_at) >= STANDING_TOLD_EVERY_S {
            self.standing_told_at = at;
            for (unit, point) in &self.standing {
                self.desk.positions().put(
                    *unit,
                    Position {
                        point: *point,
                        heading_deg: None,
                        at,
                    },
                    at,
                );
            }
        }
        let mut there = Vec::new();
        for (unit, motion) in &self.moving {
            let (point, heading_deg) = motion.at(at);
            let moving = at < motion.until;
            let heading_deg = heading_deg.filter(|_| moving);
            self.desk.positions().put(
                *unit,
                Position {
                    point,
                    heading_deg,
                    at,
                },
                at,
            );
            if !moving {
                there.push(*unit);
            }
        }
        for unit in there {
            if let Some(end) = self
                .moving
                .remove(&unit)
                .and_then(|motion| motion.line.last().copied())
            {
                self.standing.insert(unit, end);
            }
        }
    }
}

/// How often a simulated unit that stands tells where, in seconds.
const STANDING_TOLD_EVERY_S: u64 = 30;

fn home(board: &Board, unit: &Unit) -> Option<Point> {
    let station = unit
        .details
        .station
        .and_then(|station| board.stations.get(&station));
    station
        .map(|station| station.details.place.point)
        .or(unit.details.post)
}

impl Motion {
    fn at(&self, at: Timestamp) -> (Point, Option<u16>) {
        let whole_ms = (self.until.0 - self.from.0).max(1) as f64;
        let share = ((at.0 - self.from.0) as f64 / whole_ms).clamp(0.0, 1.0);
        let reached_m = self.along_m.last().copied().unwrap_or(0.0) * share;
        let next = self
            .along_m
            .partition_point(|m| *m < reached_m)
            .clamp(1, self.line.len() - 1);
        let (a, b) = (self.line[next - 1], self.line[next]);
        let piece_m = (self.along_m[next] - self.along_m[next - 1]).max(1e-9);
        let part = ((reached_m - self.along_m[next - 1]) / piece_m).clamp(0.0, 1.0);
        let between = |from: f64, to: f64| from + (to - from) * part;
        let point =
            Point::from_degrees(between(a.lat(), b.lat()), between(a.lon(), b.lon())).unwrap_or(b);
        (point, heading(a, b))
    }
}

fn heading(a: Point, b: Point) -> Option<u16> {
    if a == b {
        return None;
    }
    let east = (b.lon() - a.lon()) * a.lat().to_radians().cos();
    let degrees = east.atan2(b.lat() - a.lat()).to_degrees();
    Some((degrees.rem_euclid(360.0).round() as u16) % 360)
}
