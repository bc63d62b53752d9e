//! The table of travel seconds from every spot to every cell, and from spot to spot.
//!
//! A *spot* is where a unit counts as standing: the middle of a cell of demand, a station or a post. A *cell* is a piece of
//! the demand. Who fills the table (with a road network, usually) decides what the first so many spots are; by custom the
//! cells themselves come first, in their order, so that a unit anywhere has a spot.

use crate::limits;

/// Stands for "no way leads there", and for everything that takes as long or longer: 65,535 s, above 18 hours.
pub const NO_WAY_S: u16 = u16::MAX;

/// Why a table could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// More spots than [`limits::COVER_SPOTS_MAX`].
    #[error("the table has {found} spots; at most {max} are taken: leave out stations or use larger cells", max = limits::COVER_SPOTS_MAX)]
    Spots {
        /// What came.
        found: usize,
    },
    /// More cells than [`limits::DEMAND_CELLS_MAX`].
    #[error("the table has {found} cells; at most {max} are taken: use larger cells", max = limits::DEMAND_CELLS_MAX)]
    Cells {
        /// What came.
        found: usize,
    },
    /// Not as many seconds as spots times cells.
    #[error(
        "the table holds {found} travel times where {wanted} belong: one for each spot and cell, spot after spot"
    )]
    Shape {
        /// What came.
        found: usize,
        /// Spots times cells.
        wanted: usize,
    },
}

/// Travel seconds from every spot (row) to every cell (column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TravelTable {
    spots: usize,
    cells: usize,
    seconds: Vec<u16>,
}

impl TravelTable {
    /// Makes a table of seconds, row after row: first all times from spot 0, cell after cell.
    pub fn new(spots: usize, cells: usize, seconds: Vec<u16>) -> Result<TravelTable, TableError> {
        if spots > limits::COVER_SPOTS_MAX {
            return Err(TableError::Spots { found: spots });
        }
        if cells > limits::DEMAND_CELLS_MAX {
            return Err(TableError::Cells { found: cells });
        }
        let wanted = spots * cells; // Both are below their limits, so that this cannot overflow.
        if seconds.len() != wanted {
            let found = seconds.len();
            return Err(TableError::Shape { found, wanted });
        }
        Ok(TravelTable {
            spots,
            cells,
            seconds,
        })
    }

    /// Returns how many spots there are.
    pub fn spots(&self) -> usize {
        self.spots
    }

    /// Returns how many cells there are.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Returns the seconds from a spot to every cell; empty for a spot that is not in the table.
    pub fn from(&self, spot: usize) -> &[u16] {
        let start = spot.saturating_mul(self.cells);
        let end = start.saturating_add(self.cells);
        self.seconds.get(start..end).unwrap_or(&[])
    }

    /// Returns the seconds from a spot to a cell; [`NO_WAY_S`] if there is no way, or no such spot or cell.
    pub fn seconds(&self, spot: usize, cell: usize) -> u16 {
        self.from(spot).get(cell).copied().unwrap_or(NO_WAY_S)
    }
}
