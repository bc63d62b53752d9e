//! The state of cover: how many free units stand at each spot, and what share of demand they are expected to reach in time.
//!
//! After Daskin (1983): a unit is busy a fraction q of the time, whichever it is, so that a cell with k free units within
//! the target is served in time with probability 1 - q^k. Units that are known to be bound are not counted at all; q stands
//! for those that will be bound when the next call comes. Several targets, each with a share, make cover *gradual*: a
//! call reached within 6 minutes counts in full, within 8 for a part, and no cliff decides between two stations.
//!
//! Adding or removing a unit touches only the cells within the target of its spot. All sums are whole numbers.

use serde::{Deserialize, Serialize};

use super::table::TravelTable;
use crate::limits;

/// What a certainty is, in fixed point.
const ONE: u64 = 1 << 20;

/// A time within which a call should be reached, and how much of a call's weight that is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Seconds of travel.
    pub within_s: u16,
    /// Share of the weight, in thousandths. All targets' shares add up to 1,000.
    pub permille: u16,
}

/// How cover is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoverRules {
    /// The targets. One target of 1,000 is Daskin's model as published.
    pub targets: Vec<Target>,
    /// The busy fraction q, in thousandths.
    pub busy_permille: u16,
}

impl Default for CoverRules {
    /// Returns the defaults: 8 minutes, q = 0.3.
    fn default() -> CoverRules {
        CoverRules {
            targets: vec![Target {
                within_s: 480,
                permille: 1_000,
            }],
            busy_permille: 300,
        }
    }
}

/// Why no field could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoverError {
    /// No target or too many.
    #[error("{found} targets: from 1 to {max} are taken", max = limits::COVER_TARGETS_MAX)]
    Targets {
        /// What came.
        found: usize,
    },
    /// Shares that do not add up.
    #[error("the targets' shares add up to {found} thousandths: let them add up to 1000")]
    Shares {
        /// Their sum.
        found: u32,
    },
    /// A busy fraction of one or more.
    #[error(
        "a busy fraction of {found} thousandths: it is below 1000, since a unit that is always busy covers nothing"
    )]
    Busy {
        /// What came.
        found: u16,
    },
    /// Not one weight for each cell.
    #[error("{found} weights for {cells} cells: give one for each cell of the table")]
    Weights {
        /// What came.
        found: usize,
        /// Cells of the table.
        cells: usize,
    },
    /// More demand than can be added up exactly.
    #[error("the weights add up to {found}; at most {max} are taken: give them in larger units", max = limits::DEMAND_WEIGHT_MAX)]
    Heavy {
        /// Their sum.
        found: u64,
    },
}

/// An amount of cover, in a unit of its own (weight x 2^20 x 1000): exact, to be compared and added.
/// [`CoverField::ppm`] turns it into a share for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Covered(pub u64);

/// Free units by spot, and the cover that they give.
#[derive(Debug, Clone)]
pub struct CoverField {
    cells: usize,
    /// For each target, the cells within it from each spot.
    layers: Vec<Layer>,
    weights: Vec<u64>,
    /// Sum of the weights.
    total: u64,
    /// What the k+1st unit adds to a cell that has k, in parts of [`ONE`]; nothing beyond its end.
    step: Vec<u64>,
    units: Vec<u32>,
    covered: u64,
}

#[derive(Debug, Clone)]
struct Layer {
    permille: u64,
    /// Where a spot's cells begin in `reached`.
    first: Vec<u32>,
    reached: Vec<u16>,
    /// Free units within the target of each cell.
    count: Vec<u32>,
}

impl Layer {
    fn new(table: &TravelTable, target: Target) -> Layer {
        let mut first = Vec::with_capacity(table.spots() + 1);
        let mut reached = Vec::new();
        for spot in 0..table.spots() {
            first.push(reached.len() as u32); // Spots x cells is within u32 by the table's limits.
            let within = |(_, seconds): &(usize, &u16)| **seconds <= target.within_s;
            let cells = table.from(spot).iter().enumerate().filter(within);
            reached.extend(cells.map(|(cell, _)| cell as u16)); // Cells are within u16 by their limit.
        }
        first.push(reached.len() as u32);
        Layer {
            permille: u64::from(target.permille),
            first,
            reached,
            count: vec![0; table.cells()],
        }
    }

    fn reached(&self, spot: usize) -> &[u16] {
        match (self.first.get(spot), self.first.get(spot + 1)) {
            (Some(first), Some(end)) => &self.reached[*first as usize..*end as usize],
            (None | Some(_), _) => &[],
        }
    }
}

impl CoverField {
    /// Makes a field without units, of travel seconds, rules, and one weight for each cell.
    pub fn new(
        table: &TravelTable,
        rules: &CoverRules,
        weights: &[u32],
    ) -> Result<CoverField, CoverError> {
        let found = rules.targets.len();
        if found == 0 || found > limits::COVER_TARGETS_MAX {
            return Err(CoverError::Targets { found });
        }
        let found: u32 = rules.targets.iter().map(|t| u32::from(t.permille)).sum();
        if found != 1_000 {
            return Err(CoverError::Shares { found });
        }
        if rules.busy_permille >= 1_000 {
            let found = rules.busy_permille;
            return Err(CoverError::Busy { found });
        }
        let layers = rules
            .targets
            .iter()
            .map(|target| Layer::new(table, *target));
        let mut field = CoverField {
            cells: table.cells(),
            layers: layers.collect(),
            weights: Vec::new(),
            total: 0,
            step: steps(u64::from(rules.busy_permille)),
            units: vec![0; table.spots()],
            covered: 0,
        };
        field.reweigh(weights)?;
        Ok(field)
    }

    /// Takes other weights (another hour of the week); the units stay where they are.
    pub fn reweigh(&mut self, weights: &[u32]) -> Result<(), CoverError> {
        if weights.len() != self.cells {
            let (found, cells) = (weights.len(), self.cells);
            return Err(CoverError::Weights { found, cells });
        }
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        if total > limits::DEMAND_WEIGHT_MAX {
            return Err(CoverError::Heavy { found: total });
        }
        self.weights = weights.iter().map(|weight| u64::from(*weight)).collect();
        self.total = total;
        self.covered = self.layers.iter().map(|layer| self.sum(layer)).sum();
        Ok(())
    }

    /// Counts one more free unit at a spot. A spot that is not in the table covers nothing and is not counted.
    pub fn add(&mut self, spot: usize) {
        let Some(units) = self.units.get_mut(spot) else {
            return;
        };
        *units += 1;
        self.covered += self.gain(spot).0;
        for layer in &mut self.layers {
            let (first, end) = (layer.first[spot] as usize, layer.first[spot + 1] as usize);
            for cell in &layer.reached[first..end] {
                layer.count[usize::from(*cell)] += 1;
            }
        }
    }

    /// Counts one unit less at a spot; does nothing and returns false if none is counted there.
    pub fn remove(&mut self, spot: usize) -> bool {
        if self.units(spot) == 0 {
            return false;
        }
        self.covered -= self.loss(spot).0;
        self.units[spot] -= 1;
        for layer in &mut self.layers {
            let (first, end) = (layer.first[spot] as usize, layer.first[spot + 1] as usize);
            for cell in &layer.reached[first..end] {
                layer.count[usize::from(*cell)] -= 1;
            }
        }
        true
    }

    /// Returns how many free units are counted at a spot.
    pub fn units(&self, spot: usize) -> u32 {
        self.units.get(spot).copied().unwrap_or(0)
    }

    /// Returns how many spots there are.
    pub fn spots(&self) -> usize {
        self.units.len()
    }

    /// Returns the cover that the free units give.
    pub fn cover(&self) -> Covered {
        Covered(self.covered)
    }

    /// Returns what one more unit at a spot would add.
    pub fn gain(&self, spot: usize) -> Covered {
        self.marginal(spot, 0)
    }

    /// Returns what sending a unit away from a spot would take; nothing if none is counted there.
    pub fn loss(&self, spot: usize) -> Covered {
        if self.units(spot) == 0 {
            return Covered(0);
        }
        self.marginal(spot, 1)
    }

    /// Returns an amount of cover as a share of all demand, in parts per million, rounded down.
    pub fn ppm(&self, covered: Covered) -> u32 {
        let whole = u128::from(self.total) * u128::from(ONE) * 1_000;
        let ppm = u128::from(covered.0) * 1_000_000 / whole.max(1);
        ppm as u32 // At most a million, since no sum exceeds the whole.
    }

    /// Returns how many free units are within the first target of a cell.
    pub fn within_target(&self, cell: usize) -> u32 {
        let layer = self.layers.first();
        layer
            .and_then(|layer| layer.count.get(cell))
            .copied()
            .unwrap_or(0)
    }

    /// Returns the cover of one cell in parts per million.
    pub fn cell_ppm(&self, cell: usize) -> u32 {
        let share = |layer: &Layer| {
            let count = layer.count.get(cell).copied().unwrap_or(0) as usize;
            layer.permille * self.step.iter().take(count).sum::<u64>()
        };
        let covered: u64 = self.layers.iter().map(share).sum();
        (covered * 1_000 / ONE) as u32 // Thousandths of ONE times a thousand: at most a million.
    }

    /// Adds up what unit number k (less `less`) is worth in each cell within reach.
    fn marginal(&self, spot: usize, less: usize) -> Covered {
        let mut sum = 0;
        for layer in &self.layers {
            let mut part = 0;
            for cell in layer.reached(spot) {
                let cell = usize::from(*cell);
                let before = layer.count[cell] as usize - less;
                part += self.weights[cell] * self.step.get(before).copied().unwrap_or(0);
            }
            sum += part * layer.permille;
        }
        Covered(sum)
    }

    fn sum(&self, layer: &Layer) -> u64 {
        let cells = layer.count.iter().zip(&self.weights);
        let met = |count: u32| self.step.iter().take(count as usize).sum::<u64>();
        let part: u64 = cells.map(|(count, weight)| weight * met(*count)).sum();
        part * layer.permille
    }
}

/// Returns q^k - q^(k+1) for k = 0, 1, ..., in parts of [`ONE`], down to where nothing is left.
fn steps(busy_permille: u64) -> Vec<u64> {
    let mut steps = Vec::new();
    let mut unmet = ONE;
    while unmet > 0 {
        let next = unmet * busy_permille / 1_000;
        steps.push(unmet - next);
        unmet = next;
    }
    steps
}
