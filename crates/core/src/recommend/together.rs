//! Several incidents that wait, filled together: the least time in all, and never a graver one left out for it.
//!
//! One after the other, the first takes the unit nearest to it, and the next may wait long for that. Here the places
//! to be filled (one for each unit that is still wanted) and the units are matched at least cost (the assignment
//! problem; Kuhn 1955, Munkres 1957). A second on the way to a priority 1 counts as much as eight to a priority 4 (2: four, 3:
//! two), and no number of seconds as much as a place left empty. Where two ways come to the same, the older incident is reached
//! sooner; cover that is weighed for one incident alone plays no part. It proposes; people send. Start at [`together`].

use std::collections::BTreeMap;

use pathfinding::prelude::{Matrix, kuhn_munkres_min};

use crate::basis::{IncidentId, Priority, Text, TravelTime, UnitId};
use crate::board::Board;
use crate::limits::TOGETHER_PLACES_MAX;
use crate::recommend::{Candidate, Recommendation};
use crate::record::incident::Incident;

/// An incident that waits, and what is recommended for it alone.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// What is recommended for it alone.
    pub alone: &'a Recommendation,
}

/// What to send to several incidents at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// One for each incident that wants somebody, the gravest and oldest first.
    pub plans: Vec<PlanTogether>,
    /// What filling them one after the other would come to, the gravest and oldest first.
    pub one_by_one: Total,
    /// What this comes to.
    pub together: Total,
    /// Incidents that were left for the next look, since there were too many places to fill.
    pub left_out: usize,
}

/// What a way to fill all comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Seconds of travel of all that are sent, added up.
    pub seconds: u64,
    /// Places that stay empty.
    pub empty: u32,
}

/// What to send to one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTogether {
    /// The incident.
    pub incident: IncidentId,
    /// Who goes, need by need.
    pub chosen: Vec<ChosenTogether>,
    /// Places of this one that stay empty.
    pub empty: u32,
}

/// A unit that goes to one of several incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenTogether {
    /// The unit.
    pub unit: UnitId,
    /// How long it needs.
    pub travel: TravelTime,
    /// What it fills.
    pub need: Text,
    /// A unit that would be there sooner, and where it goes instead; none if this is the soonest.
    pub spared: Option<(UnitId, IncidentId)>,
}

/// One unit that is wanted somewhere.
struct Place<'a> {
    waiting: Waiting<'a>,
    need: Text,
    /// Those that fit, soonest first; no more than can ever matter.
    fit: Vec<&'a Candidate>,
}

/// Proposes what to send to all that wait, looked at together.
pub fn together(board: &Board, waiting: &[Waiting<'_>]) -> Together {
    let mut ordered: Vec<Waiting<'_>> = waiting.to_vec();
    ordered.sort_by_key(|one| {
        let incident = one.incident;
        (incident.priority, incident.opened_at, incident.number)
    });
    let (mut places, left_out) = places_of(board, &ordered);
    // With n places to fill no place needs more than its n soonest: the others can take n - 1 of them.
    let count = places.len();
    for place in &mut places {
        place.fit.truncate(count);
    }
    let columns = columns_of(&places);
    let matched = matched(&places, &columns);
    let goes_to: BTreeMap<UnitId, IncidentId> = places
        .iter()
        .zip(&matched)
        .filter_map(|(place, found)| found.map(|one| (one.unit, place.waiting.incident.id)))
        .collect();
    let mut plans: Vec<PlanTogether> = Vec::new();
    for (place, found) in places.iter().zip(&matched) {
        let incident = place.waiting.incident.id;
        if plans.last().is_none_or(|last| last.incident != incident) {
            plans.push(PlanTogether {
                incident,
                chosen: Vec::new(),
                empty: 0,
            });
        }
        let plan = plans.last_mut().expect("one was put there just now");
        match found {
            Some(one) => plan.chosen.push(ChosenTogether {
                unit: one.unit,
                travel: one.travel,
                need: place.need.clone(),
                spared: spared(place, one, &goes_to),
            }),
            None => plan.empty += 1,
        }
    }
    Together {
        plans,
        one_by_one: total(&one_by_one(&places)),
        together: total(&matched),
        left_out,
    }
}

/// The places to be filled, incident by incident, and how many incidents are left out whole at the limit.
fn places_of<'a>(board: &Board, ordered: &[Waiting<'a>]) -> (Vec<Place<'a>>, usize) {
    let mut places: Vec<Place<'_>> = Vec::new();
    let mut left_out = 0;
    for waiting in ordered {
        let wanted = |need: &&crate::recommend::NeedMet| need.need.count > need.have;
        let needs: Vec<_> = waiting.alone.needs.iter().filter(wanted).collect();
        let count: usize = needs
            .iter()
            .map(|met| (met.need.count - met.have) as usize)
            .sum();
        if places.len() + count > TOGETHER_PLACES_MAX {
            left_out += usize::from(count > 0);
            continue;
        }
        for met in needs {
            let fits = |candidate: &&Candidate| {
                let unit = board.units.get(&candidate.unit);
                unit.is_some_and(|unit| met.need.of.is_met_by(unit))
            };
            let mut fit: Vec<&Candidate> = waiting.alone.candidates.iter().filter(fits).collect();
            // Where cover is weighed, those offered come in another order than that of their times.
            fit.sort_by_key(|candidate| candidate.travel.seconds);
            for _ in met.have..met.need.count {
                places.push(Place {
                    waiting: *waiting,
                    need: met.label.clone(),
                    fit: fit.clone(),
                });
            }
        }
    }
    (places, left_out)
}

fn columns_of(places: &[Place<'_>]) -> BTreeMap<UnitId, usize> {
    let units = places.iter().flat_map(|place| place.fit.iter());
    let mut columns: BTreeMap<UnitId, usize> = units.map(|one| (one.unit, 0)).collect();
    for (at, column) in columns.values_mut().enumerate() {
        *column = at;
    }
    columns
}

/// Matches places and units at least cost; a place that stays empty has none.
fn matched<'a>(
    places: &[Place<'a>],
    columns: &BTreeMap<UnitId, usize>,
) -> Vec<Option<&'a Candidate>> {
    let mut costs = vec![vec![None; columns.len()]; places.len()];
    let mut empty = Vec::with_capacity(places.len());
    for (row, place) in places.iter().enumerate() {
        let priority = place.waiting.incident.priority;
        for candidate in &place.fit {
            costs[row][columns[&candidate.unit]] = Some(cost(priority, candidate.travel, row));
        }
        empty.push(empty_cost(priority, row));
    }
    let taken = least_cost(&costs, &empty);
    let found = |(place, column): (&Place<'a>, &Option<usize>)| {
        let mut fit = place.fit.iter().copied();
        fit.find(|candidate| Some(columns[&candidate.unit]) == *column)
    };
    places.iter().zip(&taken).map(found).collect()
}

/// Matches rows (what wants somebody) with columns (who can be sent) at least cost in all, no column twice. A pair without a
/// cost cannot be; a row that gets nobody costs what `empty` says of it.
pub fn least_cost(costs: &[Vec<Option<i128>>], empty: &[i128]) -> Vec<Option<usize>> {
    let Some(first) = costs.first() else {
        return Vec::new();
    };
    let all = costs.iter().flatten().flatten().chain(empty);
    // More than any sum of others.
    let never = all.map(|cost| cost.abs()).sum::<i128>() + 1;
    // One column more for each row, which means that it gets nobody.
    let mut matrix = Matrix::new(costs.len(), first.len() + costs.len(), never);
    for (row, (own, empty)) in costs.iter().zip(empty).enumerate() {
        for (column, cost) in own.iter().enumerate() {
            matrix[(row, column)] = cost.unwrap_or(never);
        }
        matrix[(row, first.len() + row)] = *empty;
    }
    let (_, taken) = kuhn_munkres_min(&matrix);
    let somebody = |column: usize| (column < first.len()).then_some(column);
    taken.into_iter().map(somebody).collect()
}

/// The same places filled one after the other, each by the soonest that is left.
fn one_by_one<'a>(places: &[Place<'a>]) -> Vec<Option<&'a Candidate>> {
    let mut taken: Vec<UnitId> = Vec::new();
    let mut all = Vec::with_capacity(places.len());
    for place in places {
        let free = |candidate: &&&Candidate| !taken.contains(&candidate.unit);
        let found = place.fit.iter().find(free).copied();
        taken.extend(found.map(|one| one.unit));
        all.push(found);
    }
    all
}

fn total(filled: &[Option<&Candidate>]) -> Total {
    let there = filled.iter().flatten();
    Total {
        seconds: there.map(|one| u64::from(one.travel.seconds)).sum(),
        empty: filled.iter().filter(|one| one.is_none()).count() as u32,
    }
}

/// The soonest of those that fit, if it is sooner than the one chosen and goes to another incident.
fn spared(
    place: &Place<'_>,
    chosen: &Candidate,
    goes_to: &BTreeMap<UnitId, IncidentId>,
) -> Option<(UnitId, IncidentId)> {
    let sooner = place.fit.first()?;
    if sooner.travel.seconds >= chosen.travel.seconds {
        return None;
    }
    let elsewhere = *goes_to.get(&sooner.unit)?;
    (elsewhere != place.waiting.incident.id).then_some((sooner.unit, elsewhere))
}

/// Longer ways count as this many seconds (ten hours).
const SECONDS_MAX: u32 = 36_000;
/// Places as a number that costs are counted with.
const PLACES: i128 = TOGETHER_PLACES_MAX as i128;
/// What one counted second is worth: more than all that age can ever add up to, so that age decides among equals alone.
const SCALE: i128 = PLACES * PLACES * SECONDS_MAX as i128;

/// What a second counts; `row` is the place of the place among all, the gravest and oldest first.
fn cost(priority: Priority, travel: TravelTime, row: usize) -> i128 {
    let weight = match priority {
        Priority::P1 => 8,
        Priority::P2 => 4,
        Priority::P3 => 2,
        Priority::P4 => 1,
    };
    (SCALE * weight - row as i128) * i128::from(travel.seconds.min(SECONDS_MAX))
}

/// What a place costs that stays empty: more than all seconds of all places, and more than all empty ones that are less
/// grave.
fn empty_cost(priority: Priority, row: usize) -> i128 {
    const STEP: i128 = PLACES + 1;
    const ALL_SECONDS: i128 = SCALE * 8 * SECONDS_MAX as i128 * STEP;
    let cost = match priority {
        Priority::P1 => ALL_SECONDS * STEP * STEP * STEP,
        Priority::P2 => ALL_SECONDS * STEP * STEP,
        Priority::P3 => ALL_SECONDS * STEP,
        Priority::P4 => ALL_SECONDS,
    };
    cost - row as i128 * i128::from(SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::TravelBasis;

    #[test]
    fn nothing_that_adds_up_reaches_what_cannot_be() {
        let longest = TravelTime {
            seconds: u32::MAX,
            basis: TravelBasis::Road,
        };
        let places = PLACES;
        let dearest = |priority| places * empty_cost(priority, 0);
        assert!(
            dearest(Priority::P1) < i128::MAX / PLACES,
            "the sum of all fits too"
        );
        assert!(dearest(Priority::P2) < empty_cost(Priority::P1, TOGETHER_PLACES_MAX));
        assert!(dearest(Priority::P3) < empty_cost(Priority::P2, TOGETHER_PLACES_MAX));
        assert!(dearest(Priority::P4) < empty_cost(Priority::P3, TOGETHER_PLACES_MAX));
        let all_seconds = places * cost(Priority::P1, longest, 0);
        assert!(all_seconds < empty_cost(Priority::P4, TOGETHER_PLACES_MAX));
        // All that age says, of seconds and of places left empty, is less than one counted second.
        let ages: i128 = (0..PLACES).sum();
        assert!(ages * i128::from(SECONDS_MAX) < SCALE);
    }
}
