//! Several incidents filled together, against a search that tries every way to fill them.
//!
//! What is best is said here once more and without cleverness ([`Cost`]): the fewest empty places of the gravest, then of the
//! next, and so on; among those the least seconds, each counting as its priority says. Times are missing, units fit one
//! need or several, ties are many. Start at [`filled_together_is_the_best_of_all_ways_and_never_worse_than_in_turn`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::prove;
use super::random::Dice;
use crate::basis::{IncidentId, Priority, TravelBasis, TravelTime, UnitId};
use crate::board::Board;
use crate::cover::Trade;
use crate::recommend::{
    NeedMet, Origin, Recommendation, StartsFrom, Together, Total, Waiting, Weighed, recommend,
    together,
};
use crate::record::Record;
use crate::record::incident::Incident;
use crate::story::check;
use crate::story::world::World;

const TOWN: &str = r#"
given engine E1; engine E2; engine E3 can als; truck T1; medic M1 can als
open incident at harbour: fire p1
open incident at market: medical p1
open incident at museum: flood p1
"#;

/// What a way to fill all comes to: empty places by priority, the gravest first, and then what its seconds count.
type Cost = ([u32; 4], u64);

/// A place to be filled: how grave, and how long each unit that fits would need, those first that are offered first.
struct Wanted {
    incident: IncidentId,
    priority: Priority,
    fit: Vec<(UnitId, u32)>,
}

/// The town with other priorities, and what is recommended for each of the first incidents alone.
struct Case {
    board: Board,
    alone: Vec<(Arc<Incident>, Recommendation)>,
}

impl Case {
    /// One roll for each incident: its priority, whether cover is weighed, and how long each unit needs or that no way leads there.
    fn rolled(world: &World, run: &[Dice]) -> Case {
        let mut board = world.engine.board().clone();
        let open: Vec<Arc<Incident>> = board.incidents.values().cloned().collect();
        let mut alone = Vec::new();
        for (incident, dice) in open.into_iter().zip(run) {
            let [first, times @ ..] = dice.0;
            let priority = Priority::try_from(1 + (first % 4) as u8).unwrap();
            let incident = Arc::new(Incident {
                priority,
                ..Incident::clone(&incident)
            });
            board.put(Record::Incident(Arc::clone(&incident)));
            let origins: BTreeMap<UnitId, Origin> = board
                .units
                .keys()
                .zip(times)
                .filter_map(|(unit, time)| Some((*unit, origin(time)?)))
                .collect();
            let loss = |(at, unit): (usize, &UnitId)| (*unit, u32::from(times[at]) % 7 * 20_000);
            let weighed = (first / 4 % 2 == 1).then(|| Weighed {
                losses: board.units.keys().enumerate().map(loss).collect(),
                trade: Trade { cover_worth_s: 30 },
                target_s: 300,
            });
            let (response, now) = (&world.response, world.now);
            let made = recommend(&board, response, &incident, &origins, weighed.as_ref(), now);
            alone.push((incident, made));
        }
        Case { board, alone }
    }

    fn together(&self) -> Together {
        let waiting: Vec<Waiting<'_>> = self
            .alone
            .iter()
            .map(|(incident, alone)| Waiting { incident, alone })
            .collect();
        together(&self.board, &waiting)
    }

    /// The places, the gravest and oldest first.
    fn wanted(&self) -> Vec<Wanted> {
        let mut all = Vec::new();
        let mut ordered: Vec<_> = self.alone.iter().collect();
        ordered.sort_by_key(|(incident, _)| (incident.priority, incident.number));
        for (incident, alone) in ordered {
            for met in &alone.needs {
                let one = || Wanted {
                    incident: incident.id,
                    priority: incident.priority,
                    fit: self.fit(alone, met),
                };
                all.extend((met.have..met.need.count).map(|_| one()));
            }
        }
        all
    }

    fn fit(&self, alone: &Recommendation, met: &NeedMet) -> Vec<(UnitId, u32)> {
        let fits = |unit: &UnitId| met.need.of.is_met_by(&self.board.units[unit]);
        let offered = alone.candidates.iter().filter(|one| fits(&one.unit));
        offered.map(|one| (one.unit, one.travel.seconds)).collect()
    }
}

fn time_of(fit: &[(UnitId, u32)], unit: UnitId) -> Option<u32> {
    let found = fit.iter().find(|(one, _)| *one == unit);
    found.map(|(_, seconds)| *seconds)
}

/// Nothing known, no way, or a time; few different ones, so that many are equal.
fn origin(time: u16) -> Option<Origin> {
    let travel = TravelTime {
        seconds: u32::from(time / 5 % 40) * 25,
        basis: TravelBasis::Road,
    };
    let travel = match time % 5 {
        0 => return None,
        1 => None,
        _ => Some(travel),
    };
    Some(Origin {
        travel,
        from: StartsFrom::Post,
        later_s: 0,
    })
}

fn add(cost: Cost, priority: Priority, seconds: Option<u32>) -> Cost {
    let (mut empty, mut counted) = cost;
    let (at, weight) = match priority {
        Priority::P1 => (0, 8),
        Priority::P2 => (1, 4),
        Priority::P3 => (2, 2),
        Priority::P4 => (3, 1),
    };
    match seconds {
        Some(seconds) => counted += weight * u64::from(seconds),
        None => empty[at] += 1,
    }
    (empty, counted)
}

/// Tries every way to fill the places with units not taken yet.
fn best(places: &[Wanted], taken: &mut Vec<UnitId>, so_far: Cost) -> Cost {
    let Some((place, rest)) = places.split_first() else {
        return so_far;
    };
    let mut least = best(rest, taken, add(so_far, place.priority, None));
    for (unit, seconds) in &place.fit {
        if !taken.contains(unit) {
            taken.push(*unit);
            let with = add(so_far, place.priority, Some(*seconds));
            least = least.min(best(rest, taken, with));
            taken.pop();
        }
    }
    least
}

/// Fills the places in turn, each by the soonest that is left.
fn in_turn(places: &[Wanted]) -> (Cost, Total) {
    let mut taken = BTreeSet::new();
    let (mut cost, mut total) = (Cost::default(), Total::default());
    for place in places {
        let left = place.fit.iter().filter(|(unit, _)| !taken.contains(unit));
        let soonest = left.min_by_key(|(_, seconds)| *seconds);
        cost = add(cost, place.priority, soonest.map(|(_, seconds)| *seconds));
        match soonest {
            Some((unit, seconds)) => {
                taken.insert(*unit);
                total.seconds += u64::from(*seconds);
            }
            None => total.empty += 1,
        }
    }
    (cost, total)
}

/// What was found comes to, after a look that nobody goes twice and everybody fits with the time that was given.
fn cost_of(case: &Case, found: &Together) -> (Cost, Total) {
    let mut sent = BTreeSet::new();
    let (mut cost, mut total) = (Cost::default(), Total::default());
    for plan in &found.plans {
        let one = case.alone.iter().find(|(one, _)| one.id == plan.incident);
        let (incident, alone) = one.expect("it waits");
        for chosen in &plan.chosen {
            assert!(sent.insert(chosen.unit), "a unit goes to one place");
            let need = alone.needs.iter().find(|met| met.label == chosen.need);
            let fit = case.fit(alone, need.expect("it is wanted"));
            let seconds = time_of(&fit, chosen.unit);
            assert_eq!(seconds, Some(chosen.travel.seconds), "it fits");
            cost = add(cost, incident.priority, seconds);
            total.seconds += u64::from(chosen.travel.seconds);
        }
        (0..plan.empty).for_each(|_| cost = add(cost, incident.priority, None));
        total.empty += plan.empty;
    }
    (cost, total)
}

#[test]
fn filled_together_is_the_best_of_all_ways_and_never_worse_than_in_turn() {
    let world = check(TOWN).world;
    prove(256, 5, |run| {
        let case = Case::rolled(&world, run);
        let wanted = case.wanted();
        let found = case.together();
        let (cost, total) = cost_of(&case, &found);
        assert_eq!(cost, best(&wanted, &mut Vec::new(), Cost::default()));
        let (turned, turned_total) = in_turn(&wanted);
        assert!(cost <= turned, "{cost:?} is worse than {turned:?}");
        assert!(total.empty <= turned_total.empty);
        assert_eq!((found.together, found.one_by_one), (total, turned_total));
        assert_eq!(found.left_out, 0);
        let goes_to = |unit: UnitId, incident: IncidentId| {
            let plan = found.plans.iter().find(|plan| plan.incident == incident);
            plan.is_some_and(|plan| plan.chosen.iter().any(|one| one.unit == unit))
        };
        for plan in &found.plans {
            let mut own = wanted.iter().filter(|one| one.incident == plan.incident);
            let places = plan.chosen.len() + plan.empty as usize;
            assert_eq!(own.clone().count(), places, "each place is told of");
            for chosen in &plan.chosen {
                let Some((sooner, elsewhere)) = chosen.spared else {
                    continue;
                };
                let is_sooner = |one: &Wanted| {
                    let seconds = time_of(&one.fit, sooner);
                    seconds.is_some_and(|seconds| seconds < chosen.travel.seconds)
                };
                assert!(own.any(is_sooner) && elsewhere != plan.incident);
                assert!(goes_to(sooner, elsewhere), "it goes where it is said to");
            }
        }
    });
}
