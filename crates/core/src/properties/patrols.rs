//! Random actions on patrol plans, most of them such as somebody might really ask. Start at [`action`].

use super::random::Dice;
use crate::basis::{Line, PatrolId, Point, Timestamp, TravelBasis, UnitId};
use crate::patrol::VisitName;
use crate::record::patrol::{Leg, PatrolAction, PatrolDetails, PatrolPoint, Round, Wanted};
use crate::story::world::World;

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

fn details(world: &World, dice: &Dice) -> PatrolDetails {
    let units = &world.engine.board().units;
    let unit = units
        .keys()
        .nth(usize::from(dice.0[4]) % units.len().max(1));
    let point = |no: u16| PatrolPoint {
        no,
        label: line("Market"),
        at: Point {
            lat_e6: 30_000_000 + i32::from(no),
            lon_e6: 120_000_000,
        },
        to: None,
        stay_min: 5,
        wanted: Wanted::Times { count: 2 },
        windows: Vec::new(),
        volunteers: dice.0[5].is_multiple_of(2),
    };
    PatrolDetails {
        theme: line("Night round"),
        theme_other: None,
        from: world.now,
        until: Timestamp(world.now.0 + 60_000 * (1 + i64::from(dice.0[5] % 400))),
        start: None,
        end: None,
        units: unit.copied().into_iter().collect(),
        points: (1..3).map(point).collect(),
    }
}

/// Returns the action on a patrol plan that the dice say.
pub(super) fn action(world: &World, dice: &Dice) -> PatrolAction {
    let patrols = &world.engine.board().patrols;
    let patrol = patrols
        .keys()
        .nth(usize::from(dice.0[2]) % patrols.len().max(1));
    let patrol = patrol.copied().unwrap_or(PatrolId([9; 16]));
    let units = patrols.get(&patrol).map(|one| &one.details.units);
    let unit = units.and_then(|units| units.iter().next());
    let unit = unit.copied().unwrap_or(UnitId([9; 16]));
    let name = VisitName {
        point: 1 + dice.0[3] % 3,
        visit: 1 + dice.0[4] % 3,
    };
    match dice.0[1] % 10 {
        0 | 1 => PatrolAction::Enter {
            details: details(world, dice),
        },
        2 => {
            let amended = patrols.get(&patrol).map(|one| PatrolDetails {
                theme: line("Another round"),
                ..one.details.clone()
            });
            PatrolAction::Amend {
                patrol,
                details: amended.unwrap_or_else(|| details(world, dice)),
            }
        }
        3 | 4 => {
            let leg = Leg {
                point: name.point,
                visit: name.visit,
                at: world.now,
            };
            let round = Round {
                unit,
                legs: vec![leg],
                back_at: world.now,
                basis: TravelBasis::StraightLine,
            };
            PatrolAction::Accept {
                patrol,
                rounds: vec![round],
            }
        }
        5 | 6 => PatrolAction::Start { patrol },
        7 => PatrolAction::Visit { patrol, unit, name },
        8 => PatrolAction::Skip {
            patrol,
            unit,
            name,
            reason: line("road closed"),
        },
        _ => PatrolAction::End {
            patrol,
            ending: dice.0[3].is_multiple_of(2).then(|| line("rain")),
        },
    }
}
