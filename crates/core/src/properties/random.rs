//! Turns six numbers into one step of a random run. Records are picked among those there are, and
//! sometimes among those there are not, so that refusals come up as often as lives that go on.

use crate::basis::{
    Answer, AssignmentId, CallId, IncidentId, Line, PersonId, Personal, Priority, RoadConditionId,
    StationId, Timestamp, UnitId,
};
use crate::engine::HappenedWhen;
use crate::entropy::Entropy;
use crate::recommend::Reason;
use crate::record::assignment::{AssignmentAction, Choice, Step, Why};
use crate::record::call::{CallAction, CallDetails, Channel, Onward};
use crate::record::incident::{IncidentAction, Relation};
use crate::record::person::{Access, PersonAction, PersonDetails, Seat};
use crate::record::road_condition::{
    RoadConditionAction, RoadConditionDetails, RoadEffect, RoadShape,
};
use crate::record::station::{StationAction, StationDetails};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::record::{Action, RecordKind, RecordRef};
use crate::story::place;
use crate::story::world::{Asked, World};
use crate::timer::{self, AlarmCode};

/// What every piece of personal data of a random run contains.
pub(super) const CANARY: &str = "canary-0575";

/// Six numbers that decide one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(pub(super) [u16; 6]);

impl Dice {
    /// Draws six numbers.
    pub(super) fn drawn(from: &mut Entropy) -> Dice {
        Dice([(); 6].map(|()| from.below(1 << 16) as u16))
    }

    fn pick<T: Copy>(&self, at: usize, among: impl ExactSizeIterator<Item = T>, none: T) -> T {
        let number = usize::from(self.0[at]);
        let mut among = among;
        match among.len() {
            0 => none,
            _ if number % 23 == 22 => none,
            count => among.nth(number % count).unwrap_or(none),
        }
    }

    fn bit(&self, at: usize, bit: u32) -> bool {
        self.0[at] >> bit & 1 == 1
    }
}

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

/// Enters the units, stations and people that a run begins with.
pub(super) fn set_up(world: &mut World) {
    let zero = Dice([0; 6]);
    for number in 0..5 {
        let details = unit_details(world, &zero);
        let callsign = line(&format!("E{number}"));
        let made = world.ask(
            Asked::default(),
            Action::Unit(UnitAction::Enter { callsign, details }),
        );
        let unit = UnitId(made.unwrap().records[0].0.id);
        let available = Action::Unit(UnitAction::MakeAvailable { unit });
        world.ask(Asked::default(), available).unwrap();
    }
}

/// Does one step: mostly an action, at times the clock, a restart or something asked twice.
pub(super) fn step(world: &mut World, dice: &Dice) {
    let [kind, _, _, _, _, extra] = dice.0;
    match kind % 19 {
        0 => world.now.0 += i64::from(extra) * 1_000,
        1 => world.now.0 -= i64::from(extra),
        2 => world.restart(),
        _ => {}
    }
    let when = match extra % 7 {
        0 => HappenedWhen::At(Timestamp(world.now.0 - i64::from(extra) * 100)),
        1 => HappenedWhen::Imported(Timestamp(i64::from(extra))),
        _ => HappenedWhen::Now,
    };
    let key = format!("key {extra}");
    let asked = Asked {
        key: Some(key),
        when,
        ..Asked::default()
    };
    let action = action(world, dice);
    if extra % 11 == 0 {
        let board = world.engine.board().clone();
        let head = world.engine.head();
        let _ = world.handle(asked.clone(), action.clone());
        world.engine.abandon(board, head);
    }
    let first = world.ask(asked.clone(), action.clone());
    if let Ok(first) = first {
        let again = world
            .ask(asked, action)
            .expect("what was accepted stays so");
        assert!(again.repeated && again.records == first.records);
    }
    // Beside the others, so that what the rest of a run comes to does not hang on it.
    if dice.0[5] % 4 == 1 {
        let action = Action::Patrol(super::patrols::action(world, dice));
        drop(world.ask(Asked::default(), action));
    }
}

/// Returns the action that the dice say.
pub(super) fn action(world: &World, dice: &Dice) -> Action {
    match dice.0[0] % 17 {
        0..=3 => Action::Call(call(world, dice)),
        4..=8 => Action::Incident(incident(world, dice)),
        9..=12 => Action::Assignment(assignment(world, dice)),
        13 => Action::Unit(unit(world, dice)),
        14 => Action::Station(station(world, dice)),
        15 => see_alarm(world, dice),
        _ => Action::Person(person(world, dice)),
    }
}

/// Returns steps of two units, or of one twice, at once.
pub(super) fn together(world: &World, dice: &Dice) -> Action {
    let mut other = *dice;
    other.0.rotate_left(1);
    Action::Together(vec![
        Action::Unit(unit(world, dice)),
        Action::Assignment(assignment(world, &other)),
    ])
}

/// Returns that somebody has seen an alarm that is on, or one that is not.
fn see_alarm(world: &World, dice: &Dice) -> Action {
    let open = timer::open(world.engine.board(), &world.timers, world.now);
    let none = (
        RecordRef::from(any_incident(world, dice, 2)),
        AlarmCode::Unassigned,
    );
    let on = open.into_iter().map(|(record, alarm)| (record, alarm.code));
    let on: Vec<(RecordRef, AlarmCode)> = on.collect();
    let (record, code) = dice.pick(3, on.into_iter(), none);
    if record.kind == RecordKind::Call {
        let call = CallId(record.id);
        Action::Call(CallAction::SeeAlarm { call, code })
    } else if record.kind == RecordKind::Assignment {
        let assignment = AssignmentId(record.id);
        Action::Assignment(AssignmentAction::SeeAlarm { assignment, code })
    } else {
        let incident = IncidentId(record.id);
        Action::Incident(IncidentAction::SeeAlarm { incident, code })
    }
}

/// Returns actions that are surely refused, some of them only after an id was drawn for them.
pub(super) fn refused(world: &World, dice: &Dice) -> Vec<Action> {
    let board = world.engine.board();
    let receive = |onward| {
        Action::Call(CallAction::Receive {
            channel: Channel::Phone,
            source: None,
            ringing_at: None,
            details: CallDetails::default(),
            onward,
        })
    };
    let mut all = vec![
        receive(Onward::Open),
        receive(Onward::Join(IncidentId([9; 16]))),
        Action::Call(CallAction::Detach {
            call: CallId([9; 16]),
        }),
        Action::Unit(UnitAction::Enter {
            callsign: line("E0"),
            details: unit_details(world, dice),
        }),
    ];
    if let Some(incident) = board.open_incidents().next() {
        let unit = board.units.values().next().unwrap().id;
        let choice = Choice {
            unit,
            why: Why::default(),
        };
        let choices = vec![choice.clone(), choice];
        all.push(Action::Assignment(AssignmentAction::Send {
            incident: incident.id,
            choices,
        }));
        let mut calls: Vec<CallId> = board.calls_of(incident.id).map(|call| call.id).collect();
        calls.push(CallId([9; 16]));
        all.push(Action::Incident(IncidentAction::Split {
            incident: incident.id,
            calls,
            category: None,
            priority: None,
            place: None,
        }));
    }
    all
}

fn details(dice: &Dice) -> CallDetails {
    let number = dice.0[3];
    let mut personal = Personal::default();
    if dice.bit(4, 0) {
        personal.callback = Some(line(&format!("{CANARY}-{number}")));
    }
    if dice.bit(4, 1) {
        personal.said = Some(format!("{CANARY}\n{number}").parse().unwrap());
    }
    if dice.bit(4, 6) {
        let question = format!("question{}", number % 3).parse().unwrap();
        let answer = CANARY.parse().unwrap();
        personal.answers.push(Answer { question, answer });
    }
    if dice.bit(4, 2) {
        personal.caller = Some(line(CANARY));
    }
    let places = ["harbour", "market", "museum", "harbour+40m"];
    let categories = ["fire", "medical", "flood", "ufo"];
    CallDetails {
        place: dice
            .bit(4, 3)
            .then(|| place(places[usize::from(number) % 4])),
        category: (!dice.0[4].is_multiple_of(5)).then(|| {
            categories[usize::from(number / 64) % 16 % 4]
                .parse()
                .unwrap()
        }),
        priority: dice
            .bit(4, 5)
            .then(|| Priority::ALL[usize::from(number) % 4]),
        personal,
    }
}

fn any_call(world: &World, dice: &Dice, at: usize) -> CallId {
    dice.pick(
        at,
        world.engine.board().calls.keys().copied(),
        CallId([9; 16]),
    )
}

fn any_incident(world: &World, dice: &Dice, at: usize) -> IncidentId {
    dice.pick(
        at,
        world.engine.board().incidents.keys().copied(),
        IncidentId([9; 16]),
    )
}

fn any_unit(world: &World, dice: &Dice, at: usize) -> UnitId {
    dice.pick(
        at,
        world.engine.board().units.keys().copied(),
        UnitId([9; 16]),
    )
}

fn call(world: &World, dice: &Dice) -> CallAction {
    let call = any_call(world, dice, 2);
    match dice.0[1] % 9 {
        0..=3 => CallAction::Receive {
            ringing_at: dice
                .bit(5, 5)
                .then(|| Timestamp(world.now.0 - i64::from(dice.0[2]))),
            onward: match dice.0[2] % 5 {
                0 => Onward::Open,
                1 => Onward::Join(any_incident(world, dice, 3)),
                _ => Onward::Wait,
            },
            channel: Channel::Phone,
            source: dice.bit(5, 3).then(|| line("alarm 7")),
            details: details(dice),
        },
        4 => CallAction::Amend {
            call,
            details: details(dice),
        },
        5 | 6 => CallAction::Join {
            call,
            incident: any_incident(world, dice, 3),
        },
        7 => CallAction::Detach { call },
        _ => CallAction::Close {
            call,
            reason: line("nothing there"),
        },
    }
}

fn incident(world: &World, dice: &Dice) -> IncidentAction {
    let incident = any_incident(world, dice, 2);
    let other = any_incident(world, dice, 3);
    let CallDetails {
        place: somewhere,
        category,
        priority,
        ..
    } = details(dice);
    match dice.0[1] % 20 {
        0..=2 => IncidentAction::Open {
            from_call: Some(any_call(world, dice, 5)),
            category,
            priority,
            place: somewhere,
        },
        3..=5 => IncidentAction::Open {
            from_call: None,
            category: Some("fire".parse().unwrap()),
            priority: Some(Priority::P2),
            place: Some(place("market")),
        },
        6 => IncidentAction::Grade {
            incident,
            category,
            priority,
        },
        7 => IncidentAction::Relocate {
            incident,
            place: place("museum"),
        },
        8 => {
            let text = format!("{CANARY} {}", dice.0[3]).parse().unwrap();
            IncidentAction::AddNote { incident, text }
        }
        9 => IncidentAction::RaiseAlarm {
            incident,
            level: (dice.0[3] % 12) as u8,
        },
        10 => IncidentAction::Close {
            incident,
            disposition: line("done"),
        },
        11 => IncidentAction::Cancel {
            incident,
            reason: line("false alarm"),
        },
        12 => IncidentAction::Reopen {
            incident,
            reason: line("again"),
        },
        13 | 14 => IncidentAction::Merge {
            incident,
            into: other,
        },
        15 => IncidentAction::Unmerge { incident },
        16 | 17 => {
            let board = world.engine.board();
            let mut calls: Vec<CallId> = board.calls_of(incident).map(|call| call.id).collect();
            calls.retain(|call| call.0[0] & 1 == u8::from(dice.bit(5, 0)));
            IncidentAction::Split {
                incident,
                calls,
                category,
                priority,
                place: somewhere,
            }
        }
        18 => {
            let relation = [Relation::Parent, Relation::Child, Relation::Related];
            let relation = relation[usize::from(dice.0[4]) % 3];
            IncidentAction::Link {
                incident,
                other,
                relation,
            }
        }
        _ => {
            let linked = world.engine.board().incidents.get(&incident);
            let linked = linked.and_then(|found| found.links.first());
            IncidentAction::Unlink {
                incident,
                other: linked.map_or(other, |link| link.other),
            }
        }
    }
}

fn assignment(world: &World, dice: &Dice) -> AssignmentAction {
    let incident = any_incident(world, dice, 2);
    let choice = |at: usize| {
        let reasons = vec![
            Reason::ByHand,
            Reason::Rank {
                rank: u32::from(dice.0[at]),
            },
        ];
        Choice {
            unit: any_unit(world, dice, at),
            why: Why {
                otherwise: None,
                made: None,
                travel: None,
                reasons,
            },
        }
    };
    let mut choices = vec![choice(3)];
    choices.extend(dice.bit(5, 2).then(|| choice(4)));
    let known = world.engine.board().assignments.keys().copied();
    let assignment: AssignmentId = dice.pick(3, known, AssignmentId([9; 16]));
    let reason = line("because");
    let bound = world.engine.board().live_assignments();
    let bound: Vec<AssignmentId> = bound.map(|one| one.id).collect();
    let live = dice.pick(5, bound.into_iter(), assignment);
    let step = match dice.0[1] % 19 {
        0..=3 => return AssignmentAction::Send { incident, choices },
        4 | 17 | 18 => return AssignmentAction::Propose { incident, choices },
        5 => Step::SendProposed,
        6 => Step::Resend,
        7 => Step::Acknowledge,
        8 => Step::Decline { reason },
        9 => Step::Depart,
        10 => Step::Arrive,
        11 => Step::Clear { ending: None },
        12 => Step::Clear {
            ending: Some(reason),
        },
        13 => Step::Cancel { reason },
        14 => {
            return AssignmentAction::Swap {
                assignment,
                choice: choice(4),
                reason: dice.bit(5, 3).then_some(reason),
            };
        }
        15 => {
            return AssignmentAction::Swap {
                assignment: live,
                choice: choice(4),
                reason: dice.bit(5, 3).then_some(reason),
            };
        }
        _ => {
            return AssignmentAction::Reassign {
                assignment: live,
                incident,
                why: choice(4).why,
                reason: dice.bit(5, 3).then_some(reason),
            };
        }
    };
    // Most assignments ended long ago; half the time one is meant that has not.
    let assignment = match step {
        Step::SendProposed => assignment,
        Step::Resend
        | Step::Acknowledge
        | Step::Decline { .. }
        | Step::Depart
        | Step::Arrive
        | Step::Clear { .. }
        | Step::Cancel { .. } => match dice.bit(5, 4) {
            true => assignment,
            false => live,
        },
    };
    AssignmentAction::Advance { assignment, step }
}

fn unit_details(world: &World, dice: &Dice) -> UnitDetails {
    let stations = world.engine.board().stations.keys().copied().map(Some);
    let station: Option<StationId> = dice.pick(4, stations.collect::<Vec<_>>().into_iter(), None);
    UnitDetails {
        kind: ["engine", "truck", "medic", "balloon"][usize::from(dice.0[3]) % 4]
            .parse()
            .unwrap(),
        capabilities: dice
            .bit(4, 0)
            .then(|| "als".parse().unwrap())
            .into_iter()
            .collect(),
        station,
        post: dice.bit(4, 1).then(|| place("market").point),
        crew: dice.bit(4, 2).then_some(4),
        areas: dice.bit(4, 3).then(|| line("A")).into_iter().collect(),
    }
}

fn unit(world: &World, dice: &Dice) -> UnitAction {
    let unit = any_unit(world, dice, 2);
    let details = unit_details(world, dice);
    match dice.0[1] % 12 {
        0 => UnitAction::Enter {
            callsign: line(&format!("E{}", dice.0[5] % 12)),
            details,
        },
        1 => UnitAction::Amend { unit, details },
        2..=4 => UnitAction::MakeAvailable { unit },
        5 => UnitAction::TakeOutOfService {
            unit,
            reason: line("axle"),
        },
        6 => UnitAction::GoOffDuty { unit },
        7 | 8 => {
            let until = Timestamp(world.now.0 + (i64::from(dice.0[3]) - 100) * 1_000);
            UnitAction::Rest { unit, until }
        }
        9 => {
            let stations = world.engine.board().stations.keys().copied();
            let stations: Vec<_> = stations.collect();
            let at = usize::from(dice.0[4]) % stations.len().max(1);
            let to = stations.get(at).copied();
            let to = to.unwrap_or(crate::basis::StationId([7; 16]));
            UnitAction::MoveUp { unit, to }
        }
        _ => {
            let now = world.now;
            let mut units = world.engine.board().units.values();
            let told = units.clone().find_map(|unit| {
                let moved = unit.moved.as_ref()?;
                moved.understood_at.is_none().then_some((unit.id, moved.to))
            });
            if let Some((unit, to)) = told {
                return UnitAction::UnderstandMove { unit, to };
            }
            let resting = units.find(|unit| unit.is_resting(now));
            UnitAction::EndRest {
                unit: resting.map_or(unit, |resting| resting.id),
            }
        }
    }
}

fn station(world: &World, dice: &Dice) -> StationAction {
    let number = dice.0[3] % 4;
    let details = StationDetails {
        name: line(&format!("Station {number}")),
        place: place("harbour"),
        areas: dice.bit(4, 0).then(|| line("A")).into_iter().collect(),
    };
    let known = world.engine.board().stations.keys().copied();
    match dice.0[1] % 2 {
        0 => StationAction::Enter {
            code: line(&number.to_string()),
            details,
        },
        _ => StationAction::Amend {
            station: dice.pick(2, known, StationId([9; 16])),
            details,
        },
    }
}

/// Lives a road condition by the dice of a run. They touch no other record, so they come after all else of it.
pub(super) fn road_conditions(world: &mut World, run: &[Dice]) {
    for dice in run {
        world.now.0 += i64::from(dice.0[5] % 9);
        let action = Action::RoadCondition(road_condition(world, dice));
        let _ = world.ask(Asked::default(), action);
    }
}

fn road_condition(world: &World, dice: &Dice) -> RoadConditionAction {
    let known = world.engine.board().road_conditions.keys().copied();
    let road_condition = dice.pick(2, known, RoadConditionId([9; 16]));
    let until = dice
        .bit(4, 0)
        .then(|| Timestamp(world.now.0 + i64::from(dice.0[5]) * 1_000));
    match dice.0[1] % 4 {
        0 => RoadConditionAction::Enter {
            details: RoadConditionDetails {
                effect: RoadEffect::Slowed {
                    percent: u8::try_from(dice.0[3] % 101).unwrap_or(0),
                },
                shape: RoadShape::Circle {
                    centre: place("harbour").point,
                    radius_m: u32::from(dice.0[4] % 3),
                },
                reason: line("a fair"),
                from: world.now,
                until,
            },
        },
        1 => RoadConditionAction::AmendEnd {
            road_condition,
            until,
        },
        2 => RoadConditionAction::End { road_condition },
        _ => RoadConditionAction::Resume { road_condition },
    }
}

fn person(world: &World, dice: &Dice) -> PersonAction {
    let known = world.engine.board().people.keys().copied();
    let person = dice.pick(2, known, PersonId([9; 16]));
    let details = PersonDetails {
        name: line("somebody"),
        seats: [
            Seat::ALL[usize::from(dice.0[3]) % Seat::ALL.len()],
            Seat::ALL[usize::from(dice.0[4]) % Seat::ALL.len()],
        ]
        .into(),
        unit: dice.bit(4, 0).then(|| any_unit(world, dice, 5)),
        program: dice.bit(4, 1),
    };
    match dice.0[1] % 5 {
        0 | 1 => PersonAction::Enrol {
            login: line(&format!("p{}", dice.0[5] % 9)),
            details,
        },
        2 => PersonAction::Amend { person, details },
        3 => PersonAction::GiveAccess {
            person,
            access: match dice.0[5] % 3 {
                0 => Access::Code,
                1 => Access::Password,
                _ => Access::Token {
                    seat: Seat::Overseer,
                },
            },
        },
        _ => PersonAction::Disable { person },
    }
}
