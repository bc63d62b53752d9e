//! The people at the consoles: what they ask for at random, in words for the story and as actions.
//!
//! They look at what is shown and act on it, so what they ask for is often out of date by the time it
//! arrives: refusals are part of the story. Start at [`ask`].

use watchfire_core::basis::{
    AssignmentId, CallId, IncidentId, Line, Personal, Place, Point, Priority, UnitId,
};
use watchfire_core::board::Board;
use watchfire_core::entropy::Entropy;
use watchfire_core::record::Action;
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::call::{CallAction, CallDetails, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::timer::AlarmCode;

const CALLSIGNS: u64 = 8;

/// Returns what somebody asks for next, in words and as an action.
pub(crate) fn ask(board: &Board, dice: &mut Entropy) -> (String, Action) {
    match dice.below(20) {
        0..=4 => receive(dice),
        5..=7 => call(board, dice),
        8..=12 => incident(board, dice),
        13..=17 => assignment(board, dice),
        _ => unit(board, dice),
    }
}

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn somewhere(dice: &mut Entropy) -> Place {
    Place {
        point: Point {
            lat_e6: 30_000_000 + dice.below(50_000) as i32,
            lon_e6: 120_000_000 + dice.below(50_000) as i32,
        },
        address: None,
        area: None,
    }
}

fn pick<T: Copy + Default>(dice: &mut Entropy, among: &[T]) -> T {
    match among.len() {
        0 => T::default(),
        count => among[dice.below(count as u64) as usize],
    }
}

fn any_call(board: &Board, dice: &mut Entropy) -> (String, CallId) {
    let ids: Vec<[u8; 16]> = board.calls.keys().map(|id| id.0).collect();
    let id = CallId(pick(dice, &ids));
    let number = board.calls.get(&id).map_or(0, |call| call.number);
    (format!("call {number}"), id)
}

fn any_incident(board: &Board, dice: &mut Entropy) -> (String, IncidentId) {
    let ids: Vec<[u8; 16]> = board.incidents.keys().map(|id| id.0).collect();
    let id = IncidentId(pick(dice, &ids));
    let number = board.incidents.get(&id).map_or(0, |found| found.number);
    (format!("incident {number}"), id)
}

fn any_unit(board: &Board, dice: &mut Entropy) -> (String, UnitId) {
    let ids: Vec<[u8; 16]> = board.units.keys().map(|id| id.0).collect();
    let id = UnitId(pick(dice, &ids));
    let callsign = board.units.get(&id).map(|unit| unit.callsign.to_string());
    (callsign.unwrap_or_else(|| "no unit".to_owned()), id)
}

fn details(dice: &mut Entropy) -> CallDetails {
    let mut personal = Personal::default();
    if dice.below(2) == 0 {
        personal.callback = Some(line(&format!("0575-{}", dice.below(9_000_000))));
    }
    CallDetails {
        place: (dice.below(4) > 0).then(|| somewhere(dice)),
        category: Some("fire".parse().expect("fire is a code")),
        priority: Some(Priority::P1),
        personal,
    }
}

fn receive(dice: &mut Entropy) -> (String, Action) {
    let action = CallAction::Receive {
        channel: Channel::Phone,
        source: None,
        details: details(dice),
    };
    ("takes a call".to_owned(), Action::Call(action))
}

fn call(board: &Board, dice: &mut Entropy) -> (String, Action) {
    let (name, call) = any_call(board, dice);
    let (where_to, incident) = any_incident(board, dice);
    let (what, action) = match dice.below(7) {
        6 => (
            format!("sees the alarm of {name}"),
            CallAction::SeeAlarm {
                call,
                code: AlarmCode::CallWaiting,
            },
        ),
        0..=2 => (
            format!("joins {name} to {where_to}"),
            CallAction::Join { call, incident },
        ),
        3 => (format!("detaches {name}"), CallAction::Detach { call }),
        4 => (
            format!("amends {name}"),
            CallAction::Amend {
                call,
                details: details(dice),
            },
        ),
        _ => (
            format!("closes {name}"),
            CallAction::Close {
                call,
                reason: line("no fire"),
            },
        ),
    };
    (what, Action::Call(action))
}

fn incident(board: &Board, dice: &mut Entropy) -> (String, Action) {
    let (name, incident) = any_incident(board, dice);
    let (other_name, into) = any_incident(board, dice);
    let (what, action) = match dice.below(13) {
        12 => (
            format!("sees the alarm of {name}"),
            IncidentAction::SeeAlarm {
                incident,
                code: AlarmCode::Unassigned,
            },
        ),
        0..=3 => {
            let (from, call) = any_call(board, dice);
            let action = IncidentAction::Open {
                from_call: (dice.below(4) > 0).then_some(call),
                category: Some("fire".parse().expect("fire is a code")),
                priority: Some(Priority::P2),
                place: Some(somewhere(dice)),
            };
            (format!("opens an incident, perhaps for {from}"), action)
        }
        4 => {
            let text = format!("seen {}", dice.below(1_000));
            let text = text.parse().expect("a short note is prose");
            (
                format!("writes on {name}"),
                IncidentAction::AddNote { incident, text },
            )
        }
        5 => (
            format!("closes {name}"),
            IncidentAction::Close {
                incident,
                disposition: line("out"),
            },
        ),
        6 => (
            format!("reopens {name}"),
            IncidentAction::Reopen {
                incident,
                reason: line("again"),
            },
        ),
        7 | 8 => (
            format!("merges {name} into {other_name}"),
            IncidentAction::Merge { incident, into },
        ),
        9 => (
            format!("unmerges {name}"),
            IncidentAction::Unmerge { incident },
        ),
        10 => {
            let calls: Vec<CallId> = board
                .calls_of(incident)
                .map(|call| call.id)
                .take(2)
                .collect();
            let action = IncidentAction::Split {
                incident,
                calls,
                category: None,
                priority: None,
                place: None,
            };
            (format!("splits {name}"), action)
        }
        _ => (
            format!("raises the alarm on {name}"),
            IncidentAction::RaiseAlarm {
                incident,
                level: 2 + dice.below(3) as u8,
            },
        ),
    };
    (what, Action::Incident(action))
}

fn assignment(board: &Board, dice: &mut Entropy) -> (String, Action) {
    if dice.below(3) == 0 {
        let (name, incident) = any_incident(board, dice);
        let (callsign, unit) = any_unit(board, dice);
        let choices = vec![Choice {
            unit,
            why: Why::default(),
        }];
        let action = AssignmentAction::Send { incident, choices };
        return (
            format!("sends {callsign} to {name}"),
            Action::Assignment(action),
        );
    }
    let live: Vec<[u8; 16]> = board.live_assignments().map(|live| live.id.0).collect();
    let assignment = AssignmentId(pick(dice, &live));
    let unit = board.assignments.get(&assignment).map(|found| found.unit);
    let callsign = unit.and_then(|unit| board.units.get(&unit));
    let callsign = callsign.map_or("no unit", |unit| unit.callsign.as_str());
    let reason = line("because");
    if dice.below(6) == 0 {
        return elsewhere(board, dice, assignment, callsign);
    }
    if dice.below(8) == 0 {
        let code = pick(dice, &[0, 1, 2, 3]);
        let code = AlarmCode::ALL[code];
        return (
            format!("{callsign}'s alarm is seen"),
            Action::Assignment(AssignmentAction::SeeAlarm { assignment, code }),
        );
    }
    let (word, step) = match dice.below(8) {
        0 => ("acknowledges", Step::Acknowledge),
        1 | 2 => ("departs", Step::Depart),
        3 | 4 => ("arrives", Step::Arrive),
        5 => ("clears", Step::Clear { ending: None }),
        6 => ("is asked again", Step::Resend),
        _ => ("is called off", Step::Cancel { reason }),
    };
    let action = AssignmentAction::Advance { assignment, step };
    (format!("{callsign} {word}"), Action::Assignment(action))
}

fn elsewhere(
    board: &Board,
    dice: &mut Entropy,
    assignment: AssignmentId,
    callsign: &str,
) -> (String, Action) {
    if dice.below(2) == 0 {
        let (other, unit) = any_unit(board, dice);
        let why = Why::default();
        let action = AssignmentAction::Swap {
            assignment,
            choice: Choice { unit, why },
            reason: None,
        };
        return (
            format!("swaps {callsign} for {other}"),
            Action::Assignment(action),
        );
    }
    let (name, incident) = any_incident(board, dice);
    let action = AssignmentAction::Reassign {
        assignment,
        incident,
        why: Why::default(),
        reason: Some(line("worse there")),
    };
    (
        format!("takes {callsign} to {name}"),
        Action::Assignment(action),
    )
}

fn unit(board: &Board, dice: &mut Entropy) -> (String, Action) {
    let (callsign, unit) = any_unit(board, dice);
    let (what, action) = match dice.below(8) {
        0 => (
            format!("{callsign} goes off duty"),
            UnitAction::GoOffDuty { unit },
        ),
        1..=3 => (
            format!("{callsign} comes on duty"),
            UnitAction::MakeAvailable { unit },
        ),
        _ => {
            let callsign = line(&format!("E{}", dice.below(CALLSIGNS)));
            let details = UnitDetails {
                kind: "engine".parse().expect("engine is a code"),
                capabilities: Default::default(),
                station: None,
                post: None,
                crew: None,
                areas: Default::default(),
            };
            (
                format!("enters {callsign}"),
                UnitAction::Enter { callsign, details },
            )
        }
    };
    (what, Action::Unit(action))
}
