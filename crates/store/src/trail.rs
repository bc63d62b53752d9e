//! The trail: sampled positions of units while they are assigned, kept for a short time and never an
//! entry. Must not know where a unit is now; that is in the program's memory. Start at [`TrailPoint`].

use rusqlite::{Connection, params};
use watchfire_core::basis::{AssignmentId, Point, Timestamp, UnitId};

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::limits;
use crate::reader::Reader;
use crate::store::Store;

/// Where a unit was while it was assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailPoint {
    /// The unit.
    pub unit: UnitId,
    /// Its assignment then.
    pub assignment: AssignmentId,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub point: Point,
}

impl Store {
    /// Keeps points of the trail.
    pub fn add_trail(&mut self, points: &[TrailPoint]) -> Result<(), StoreError> {
        let doing = "writing the trail";
        let transaction = self.connection.transaction().doing(doing)?;
        {
            let sql = "INSERT INTO trail (unit, assignment, at, lat_e6, lon_e6, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut statement = transaction.prepare_cached(sql).doing(doing)?;
            for point in points {
                statement
                    .execute(params![
                        point.unit.0,
                        point.assignment.0,
                        point.at.0,
                        point.point.lat_e6,
                        point.point.lon_e6,
                        checksum(point),
                    ])
                    .doing(doing)?;
            }
        }
        transaction.commit().doing(doing)
    }

    /// Deletes points from before a time, at most [`limits::PRUNED_MAX`]; returns how many went.
    pub fn prune_trail(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM trail WHERE line IN (SELECT line FROM trail WHERE at < ?1 ORDER BY at LIMIT ?2)";
        let gone = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(params![before.0, limits::PRUNED_MAX as u64])
            })
            .doing("deleting the old trail")?;
        Ok(gone as u64)
    }
}

impl Reader {
    /// Returns the trail of an assignment, oldest first, at most [`limits::PAGE_MAX`] points after a time.
    pub fn trail(
        &self,
        assignment: AssignmentId,
        after: Timestamp,
    ) -> Result<Vec<TrailPoint>, StoreError> {
        let doing = "reading the trail";
        let sql = format!(
            "SELECT {COLUMNS} FROM trail WHERE assignment = ?1 AND at > ?2 ORDER BY at LIMIT ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql).doing(doing)?;
        let parameters = params![assignment.0, after.0, limits::PAGE_MAX as u64];
        let mut lines = statement.query(parameters).doing(doing)?;
        let mut points = Vec::new();
        while let Some(line) = lines.next().doing(doing)? {
            points.push(read(line)?);
        }
        Ok(points)
    }
}

/// Returns the last point of an assignment's trail at or before a time.
pub(crate) fn last_before(
    connection: &Connection,
    assignment: AssignmentId,
    at: Timestamp,
) -> Result<Option<TrailPoint>, StoreError> {
    let doing = "reading the trail";
    let sql = format!(
        "SELECT {COLUMNS} FROM trail WHERE assignment = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql).doing(doing)?;
    let mut lines = statement.query(params![assignment.0, at.0]).doing(doing)?;
    lines.next().doing(doing)?.map(read).transpose()
}

const COLUMNS: &str = "unit, assignment, at, lat_e6, lon_e6, checksum";

fn read(line: &rusqlite::Row<'_>) -> Result<TrailPoint, StoreError> {
    let doing = "reading the trail";
    let point = TrailPoint {
        unit: UnitId(line.get(0).doing(doing)?),
        assignment: AssignmentId(line.get(1).doing(doing)?),
        at: Timestamp(line.get(2).doing(doing)?),
        point: Point {
            lat_e6: line.get(3).doing(doing)?,
            lon_e6: line.get(4).doing(doing)?,
        },
    };
    let sum: i64 = line.get(5).doing(doing)?;
    match sum == checksum(&point) {
        true => Ok(point),
        false => Err(damaged("a point of the trail")),
    }
}

fn checksum(point: &TrailPoint) -> i64 {
    Checksum::of("trail")
        .bytes(&point.unit.0)
        .bytes(&point.assignment.0)
        .int(point.at.0)
        .int(i64::from(point.point.lat_e6))
        .int(i64::from(point.point.lon_e6))
        .finish()
}
