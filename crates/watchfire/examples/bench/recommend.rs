//! A recommendation over 10,000 units on the demo city's roads, with cover, asked for as a console asks.
//!
//! Warm is a quiet night: nobody moved since the last question. Cold is the worst case: everybody did,
//! so that every unit has to be placed on the network anew. Beside it the road times alone are compared
//! with plain Dijkstra over the same arcs; the answers must be equal. Start at [`run`].

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use watchfire::clock::Clock;
use watchfire_core::basis::IncidentId;
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{Point, Snap};

use crate::client::Client;
use crate::floors;
use crate::measure::{Samples, timed};
use crate::program::Program;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// Positions in one report.
const POSITIONS_PER_REPORT: usize = 500;
/// Stations, so that there is cover to count.
const STATIONS: usize = 24;
/// Calls on record, from which what is expected is worked out.
const CALLS: usize = 2_000;
/// How long the node may take to work out what is expected.
const EXPECTED_WITHIN: Duration = Duration::from_secs(60);
/// How often the road times alone are taken.
const ROADS_TIMES: usize = 25;

/// Measures recommendations.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let (units, incidents) = scale.of((10_000, 200), (1_000, 20));
    let mut city = City::read(scale)?;
    let dir = scale.scratch.join("recommend");
    let mut stage = Stage::create(&dir, &city, Clock::Real.now())?;
    for number in 0..units {
        stage.unit(&mut city, &format!("U{number}"))?;
    }
    for number in 0..STATIONS {
        stage.station(&mut city, &format!("S{number}"))?;
    }
    for _ in 0..scale.of(CALLS, CALLS / 10) {
        stage.call(&mut city)?;
    }
    let incidents: Vec<IncidentId> = (0..incidents)
        .map(|_| stage.incident(&mut city))
        .collect::<Outcome<_>>()?;
    let (feed, desk) = (stage.token("positions")?, stage.token("desk")?);
    drop(stage.into_store()?);

    let program = Program::serve(&dir)?;
    let mut feed = Client::connect(program.address, &feed)?;
    let mut desk = Client::connect(program.address, &desk)?;
    await_cover(&mut desk)?;
    let (mut cold, mut warm) = (Samples::default(), Samples::default());
    for incident in &incidents {
        report_positions(&mut feed, &mut city, units)?;
        for samples in [&mut cold, &mut warm] {
            let path = format!("/api/v1/incidents/{incident}/recommendation");
            let (answer, took) = timed(|| desk.get(&path));
            let answer = answer?;
            if !answer.contains("\"basis\":\"road\"") || answer.contains("\"cover\":null") {
                return Err("a recommendation did not rest on the roads, or knew no cover".into());
            }
            samples.add(took);
        }
    }
    drop(program);
    report.add(&floors::RECOMMEND_WARM_P95_MS, warm.quantile(0.95));
    report.add(&floors::RECOMMEND_COLD_P95_MS, cold.quantile(0.95));
    against_dijkstra(&mut city, units, report)
}

/// Waits until the node knows what is expected.
fn await_cover(desk: &mut Client) -> Outcome<()> {
    let began = Instant::now();
    while desk.get("/api/v1/cover")?.contains("\"known\":null") {
        if began.elapsed() > EXPECTED_WITHIN {
            return Err("cover is not known after a minute".into());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Moves every unit somewhere else.
pub(crate) fn report_positions(client: &mut Client, city: &mut City, units: usize) -> Outcome<()> {
    for first in (0..units).step_by(POSITIONS_PER_REPORT) {
        let mut body = String::from("{\"positions\":[");
        for number in first..units.min(first + POSITIONS_PER_REPORT) {
            let comma = if number == first { "" } else { "," };
            let point = city.point()?;
            let (lat, lon) = (point.lat(), point.lon());
            write!(
                body,
                "{comma}{{\"unit\":\"U{number}\",\"lat\":{lat},\"lon\":{lon}}}"
            )?;
        }
        body.push_str("]}");
        client.post("/api/v1/positions", "", &body)?;
    }
    Ok(())
}

fn against_dijkstra(city: &mut City, places: usize, report: &mut Report) -> Outcome<()> {
    let mut snaps: Vec<Snap> = Vec::with_capacity(places);
    while snaps.len() <= places {
        let point = city.point()?;
        snaps.extend(city.router.snap(Point {
            lat: point.lat(),
            lon: point.lon(),
        }));
    }
    let oracle = Oracle::new(&city.router);
    let (mut fast, mut slow) = (Samples::default(), Samples::default());
    for _ in 0..ROADS_TIMES {
        snaps.rotate_left(1);
        let (target, sources) = (&snaps[0], &snaps[1..]);
        let (quick, took) = timed(|| black_box(city.router.times_to_snapped(target, sources)));
        fast.add(took);
        let (plain, took) = timed(|| black_box(oracle.times_to_snapped(target, sources)));
        slow.add(took);
        if quick != plain {
            return Err("a road time differs from Dijkstra's".into());
        }
    }
    report.add(&floors::ROADS_MS, fast.quantile(0.5));
    report.add(
        &floors::ROADS_OVER_DIJKSTRA,
        slow.quantile(0.5) / fast.quantile(0.5),
    );
    Ok(())
}
