//! Positions of 100,000 units in the node's own index: updates, areas of stations entered and left, the nearest few.
//!
//! Units drive over the demo city along straight lines, some 14 m/s with a report every 5 s, and turn about at its edge. Areas
//! are those of 24 stations by road. With `WATCHFIRE_POSITIONS` the same moves and areas are written to a folder, so that
//! `conformance/positions/peers.py` can do the same with Redis and PostGIS. Start at [`run`].

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchfire::positions::{Position, Positions, StationAreas};
use watchfire_core::basis::{Point, Timestamp, UnitId};

use crate::floors;
use crate::measure::{Dice, timed};
use crate::report::Report;
use crate::stage::City;
use crate::{Outcome, Scale};

/// How many stations there are.
const STATIONS: usize = 24;
/// How far a unit drives between two reports, in millionths of a degree: some 70 m.
const STEP_E6: i32 = 630;
/// A question for the nearest few after so many updates.
const UPDATES_PER_QUESTION: usize = 100;
/// How many are asked for.
const NEAREST: usize = 10;

/// A unit on its way.
struct Moving {
    unit: UnitId,
    at: Point,
    north: i32,
    east: i32,
}

/// Measures positions.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let (units, rounds) = scale.of((100_000, 20), (5_000, 4));
    let mut city = City::read(scale)?;
    let stations: Vec<Point> = (0..STATIONS)
        .map(|_| city.point())
        .collect::<Outcome<_>>()?;
    let on_map = |point: &Point| watchfire_roads::Point {
        lat: point.lat(),
        lon: point.lon(),
    };
    let first = city
        .router
        .nearest_areas(&stations.iter().map(on_map).collect::<Vec<_>>())?;
    let codes = (0..STATIONS)
        .map(|number| format!("S{number}").into())
        .collect();
    let first = Arc::new(first);
    let mut moving = set_out(&mut city, units)?;
    if let Some(folder) = std::env::var_os("WATCHFIRE_POSITIONS").map(PathBuf::from) {
        write_areas(&folder, &first)?;
        write_moves(&folder, &moving)?;
    }
    let positions = Positions::default();
    positions.set_areas(Some(StationAreas::new(first, codes)));
    let mut now = 0;
    drive(&positions, &mut moving, &mut now, |_, _| ());
    let (crossed, took) = timed(|| {
        (0..rounds)
            .map(|_| drive(&positions, &mut moving, &mut now, |_, _| ()))
            .sum::<usize>()
    });
    let updates = (units * rounds) as f64;
    report.add(&floors::POSITIONS_PER_S, updates / took.as_secs_f64());
    report.add(
        &floors::POSITIONS_CROSSED,
        crossed as f64 * 1_000.0 / updates,
    );
    let ask = |number: usize, at: Point| {
        if number.is_multiple_of(UPDATES_PER_QUESTION) {
            black_box(positions.read(|known| known.nearest(at, NEAREST, |_| true)));
        }
    };
    let (_, took) = timed(|| {
        (0..rounds)
            .map(|_| drive(&positions, &mut moving, &mut now, ask))
            .sum::<usize>()
    });
    report.add(
        &floors::POSITIONS_NEAREST_PER_S,
        updates / took.as_secs_f64(),
    );
    let asked: Vec<Point> = moving
        .iter()
        .step_by(UPDATES_PER_QUESTION)
        .map(|one| one.at)
        .collect();
    let (_, took) = timed(|| {
        for at in &asked {
            black_box(positions.read(|known| known.nearest(*at, NEAREST, |_| true)));
        }
    });
    report.add(
        &floors::POSITIONS_NEAREST_US,
        took.as_secs_f64() * 1e6 / asked.len() as f64,
    );
    Ok(())
}

/// Every unit somewhere, with somewhere to go.
fn set_out(city: &mut City, units: usize) -> Outcome<Vec<Moving>> {
    let mut dice = Dice(20_261_126);
    (0..units)
        .map(|number| {
            let mut id = [0; 16];
            for half in id.chunks_mut(8) {
                half.copy_from_slice(&(dice.below(usize::MAX) as u64).to_le_bytes());
            }
            id[..4].copy_from_slice(&(number as u32).to_le_bytes());
            let turn = dice.below(360) as f64;
            Ok(Moving {
                unit: UnitId(id),
                at: city.point()?,
                north: (turn.to_radians().cos() * f64::from(STEP_E6)) as i32,
                east: (turn.to_radians().sin() * f64::from(STEP_E6)) as i32,
            })
        })
        .collect()
}

/// Every unit reports once; returns how many areas were entered or left.
fn drive(
    positions: &Positions,
    moving: &mut [Moving],
    now: &mut i64,
    after: impl Fn(usize, Point),
) -> usize {
    *now += 5_000;
    let at = Timestamp(*now);
    let mut crossed = 0;
    for (number, one) in moving.iter_mut().enumerate() {
        // Back and forth over some four kilometres, so that nobody leaves the map for good.
        if (*now / 5_000 + number as i64) % 60 == 0 {
            (one.north, one.east) = (-one.north, -one.east);
        }
        one.at.lat_e6 += one.north;
        one.at.lon_e6 += one.east;
        let position = Position {
            point: one.at,
            heading_deg: None,
            at,
        };
        crossed += usize::from(positions.put(one.unit, position, at).is_some());
        after(number, one.at);
    }
    black_box(positions.take_unshown().len());
    crossed
}

/// Writes the areas as GeoJSON.
fn write_areas(folder: &Path, first: &watchfire_roads::FirstThere) -> Outcome<()> {
    std::fs::create_dir_all(folder)?;
    let features = first
        .outlines()
        .iter()
        .enumerate()
        .map(|(number, outline)| {
            let ring = |ring: &Vec<watchfire_roads::Point>| {
                ring.iter()
                    .map(|corner| [corner.lon, corner.lat])
                    .collect::<Vec<_>>()
            };
            let polygons: Vec<Vec<_>> = outline
                .polygons
                .iter()
                .map(|polygon| polygon.iter().map(ring).collect())
                .collect();
            serde_json::json!({ "station": number, "polygons": polygons })
        });
    let features: Vec<_> = features.collect();
    std::fs::write(folder.join("areas.json"), serde_json::to_vec(&features)?)?;
    Ok(())
}

/// Writes where every unit is at first and where it goes, one line each: latitude, longitude and the two steps.
fn write_moves(folder: &Path, moving: &[Moving]) -> Outcome<()> {
    let file = std::fs::File::create(folder.join("moves.txt"))?;
    let mut file = std::io::BufWriter::new(file);
    for one in moving {
        writeln!(
            file,
            "{} {} {} {}",
            one.at.lat_e6, one.at.lon_e6, one.north, one.east
        )?;
    }
    Ok(())
}
