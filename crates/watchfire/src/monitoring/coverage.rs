//! How soon free units are at each place of the area: worked out in one search, kept for a second, and said with its age.
//!
//! Places are the squares where the public calls from, once enough calls are on record; before that the squares of the map
//! that roads lead through. Who asks while what is kept is a little old gets it at once, and it is worked out anew beside.
//! Start at [`Coverages::now`].

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use watchfire_core::basis::{Point, Timestamp, TravelBasis, UnitId};
use watchfire_core::board::UnitStatus;
use watchfire_core::limits::COVERAGE_CELLS_MAX;
use watchfire_core::monitoring::{COVERAGE_WITHIN_S, Coverage, Nearest};

use crate::node::Node;
use crate::travel::{Start, whereabouts};

/// Within this time nothing is worked out anew.
const FRESH: Duration = Duration::from_secs(1);
/// Beyond this time nobody is given what is kept: they wait for the new one.
const OLD: Duration = Duration::from_secs(10);

/// Where places come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacesFrom {
    /// From calls of the public on record.
    Calls,
    /// From the road network.
    Roads,
}

/// Why coverage is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlaces {
    /// There is no road network, and too few calls are on record to know where people are.
    NeitherRoadsNorCalls,
    /// It could not be worked out.
    Failed,
}

/// A square of the area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// The place in it that is driven to.
    pub place: Point,
    /// Its corner of least degrees.
    pub south_west: Point,
    /// Its corner of greatest degrees.
    pub north_east: Point,
}

/// The squares of the area.
#[derive(Debug)]
pub struct Squares {
    /// Where they come from.
    pub from: PlacesFrom,
    /// Which road network or which calls, to see whether they must be made anew.
    of: (u64, i64),
    /// The squares.
    pub all: Vec<Square>,
}

/// How soon free units are in each square.
#[derive(Debug)]
pub struct Reached {
    /// When it was looked, by the node's clock.
    pub at: Timestamp,
    /// How long that took.
    pub took: Duration,
    made: Instant,
    /// What its times rest on.
    pub basis: TravelBasis,
    /// The squares.
    pub squares: Arc<Squares>,
    /// The free units, by their numbers in `nearest`.
    pub units: Vec<UnitId>,
    /// Free units that nobody knows where to find: they count nowhere.
    pub unplaced: usize,
    /// By square, the soonest two.
    pub nearest: Vec<Nearest>,
}

impl Reached {
    /// Returns the number of a unit, if it is free and counts.
    pub fn number(&self, unit: UnitId) -> Option<u32> {
        let at = self.units.iter().position(|one| *one == unit)?;
        u32::try_from(at).ok()
    }

    /// Returns how many squares are reached in time, one unit left out or none.
    pub fn coverage(&self, without: Option<u32>) -> Coverage {
        Coverage::of(&self.nearest, without)
    }
}

/// What is kept of coverage.
#[derive(Debug, Default)]
pub struct Coverages {
    kept: RwLock<Option<Arc<Reached>>>,
    squares: RwLock<Option<Arc<Squares>>>,
    /// One works it out at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Coverages {
    /// Returns how soon free units are where, at most a few seconds old.
    pub async fn now(node: &Node) -> Result<Arc<Reached>, NoPlaces> {
        let own = &node.monitoring().coverage;
        let kept = own.kept();
        match kept {
            Some(kept) if kept.made.elapsed() < FRESH => return Ok(kept),
            Some(kept) if kept.made.elapsed() < OLD => {
                if own.turn.try_lock().is_ok() {
                    let node = node.clone();
                    tokio::spawn(async move { Coverages::renew(&node).await });
                }
                return Ok(kept);
            }
            Some(_) | None => {}
        }
        Coverages::renew(node).await
    }

    async fn renew(node: &Node) -> Result<Arc<Reached>, NoPlaces> {
        let own = &node.monitoring().coverage;
        let _turn = own.turn.lock().await;
        if let Some(kept) = own.kept().filter(|kept| kept.made.elapsed() < FRESH) {
            return Ok(kept); // Somebody else did it meanwhile.
        }
        let working = node.clone();
        let made = tokio::task::spawn_blocking(move || make(&working)).await;
        let made = Arc::new(made.map_err(|_| NoPlaces::Failed)??);
        let mut kept = own
            .kept
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    fn kept(&self) -> Option<Arc<Reached>> {
        let kept = self.kept.read();
        kept.unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// Returns the squares of the area, made anew when the map or what is known of calls has changed.
    fn squares(&self, node: &Node) -> Result<Arc<Squares>, NoPlaces> {
        let expected = node.cover().expected().ok();
        let router = node.settings().travel.router();
        let of = match (&expected, &router) {
            (Some(expected), _) => (0, expected.made_at.0),
            (None, Some(router)) => (1, i64::from(router.graph().fingerprint())),
            (None, None) => return Err(NoPlaces::NeitherRoadsNorCalls),
        };
        let known = self.squares.read();
        let known = known
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone();
        if let Some(known) = known.filter(|known| known.of == of) {
            return Ok(known);
        }
        let (from, all) = match (expected, router) {
            (Some(expected), _) => {
                let square = |[place, south_west, north_east]: [Point; 3]| Square {
                    place,
                    south_west,
                    north_east,
                };
                let all = expected.squares().take(COVERAGE_CELLS_MAX);
                (PlacesFrom::Calls, all.map(square).collect())
            }
            (None, Some(router)) => {
                let cells = router.graph().cells(COVERAGE_CELLS_MAX);
                (PlacesFrom::Roads, cells.iter().filter_map(square).collect())
            }
            (None, None) => return Err(NoPlaces::NeitherRoadsNorCalls),
        };
        let made = Arc::new(Squares { from, of, all });
        let mut known = self
            .squares
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *known = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn square(cell: &watchfire_roads::RoadCell) -> Option<Square> {
    let point = |point: watchfire_roads::Point| Point::from_degrees(point.lat, point.lon).ok();
    Some(Square {
        place: point(cell.place)?,
        south_west: point(cell.south_west)?,
        north_east: point(cell.north_east)?,
    })
}

fn make(node: &Node) -> Result<Reached, NoPlaces> {
    let began = Instant::now();
    let squares = node.monitoring().coverage.squares(node)?;
    let travel = &node.settings().travel;
    let now = node.now();
    let (mut units, mut starts, mut unplaced) = (Vec::new(), Vec::<Start>::new(), 0);
    {
        let board = node.board();
        node.positions().read(|known| {
            for unit in board.units.values() {
                let free = board.unit_status(unit).0 == UnitStatus::Available;
                if !free || !node.cover().settings().counts(unit) {
                    continue;
                }
                match whereabouts(&board, known.get(&unit.id), unit, now) {
                    Some((start, _)) => {
                        units.push(unit.id);
                        starts.push(start);
                    }
                    None => unplaced += 1,
                }
            }
        });
    }
    let places: Vec<Point> = squares.all.iter().map(|square| square.place).collect();
    let longest_s = COVERAGE_WITHIN_S[COVERAGE_WITHIN_S.len() - 1];
    let nearest = travel.two_soonest(&places, &starts, longest_s);
    Ok(Reached {
        at: now,
        took: began.elapsed(),
        made: Instant::now(),
        basis: travel.basis(),
        squares,
        units,
        unplaced,
        nearest,
    })
}
