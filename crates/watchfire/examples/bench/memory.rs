//! How much memory a large agency takes: 5,000 open incidents, 10,000 units that all move every 5 s,
//! twenty consoles that look on.
//!
//! Read off the process from outside, after half a minute of it. Start at [`run`].

use std::time::{Duration, Instant};

use watchfire::clock::Clock;

use crate::actions::look_on;
use crate::client::Client;
use crate::floors;
use crate::program::Program;
use crate::recommend::report_positions;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// How often every unit tells where it is.
const EVERY: Duration = Duration::from_secs(5);
/// Consoles.
const READERS: usize = 20;

/// Measures resident memory.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let (units, incidents, rounds) = scale.of((10_000, 5_000, 6), (1_000, 500, 1));
    let mut city = City::read(scale)?;
    let dir = scale.scratch.join("memory");
    let mut stage = Stage::create(&dir, &city, Clock::Real.now())?;
    for number in 0..units {
        stage.unit(&mut city, &format!("U{number}"))?;
    }
    for _ in 0..incidents {
        stage.incident(&mut city)?;
    }
    let (feed, reader) = (stage.token("positions")?, stage.token("reader")?);
    drop(stage.into_store()?);

    let program = Program::serve(&dir)?;
    look_on(program.address, READERS, &reader)?;
    // What a console asks for first: the whole board. Then it is in the allocator's hands, too.
    Client::connect(program.address, &reader)?.get("/api/v1/board")?;
    let mut client = Client::connect(program.address, &feed)?;
    let began = Instant::now();
    for round in 1..=rounds {
        report_positions(&mut client, &mut city, units)?;
        std::thread::sleep((EVERY * round).saturating_sub(began.elapsed()));
    }
    report.add(&floors::MEMORY_MB, program.memory_mb("VmRSS")?);
    report.add(&floors::MEMORY_PEAK_MB, program.memory_mb("VmHWM")?);
    Ok(())
}
