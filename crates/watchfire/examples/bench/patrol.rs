//! The search for patrol rounds on instances of Gehring and Homberger (1,000 customers), against the best known solutions, and
//! against PyVRP in the same run where there is one.
//!
//! `WATCHFIRE_VRPTW` names the folder with the instances (`R1_10_1.vrp` and `R1_10_1.sol` beside it); without it the part is
//! left out with a word. `WATCHFIRE_PYVRP` names a Python that has the package `pyvrp`. Distances are cut to one decimal, as the
//! best known solutions have them; every route is looked at anew before its length counts. Start at [`run`].

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use watchfire_core::routing::{Problem, Search, Task, Vehicle};

use crate::floors;
use crate::report::Report;
use crate::{Outcome, Scale};

/// Two of each class, none of which the search's numbers were chosen on.
const INSTANCES: [&str; 12] = [
    "C1_10_3", "C1_10_9", "C2_10_3", "C2_10_9", "R1_10_3", "R1_10_9", "R2_10_3", "R2_10_9",
    "RC1_10_3", "RC1_10_9", "RC2_10_3", "RC2_10_9",
];
/// Steps between two looks at the clock.
const STEPS_BETWEEN: u32 = 256;
/// What it costs to leave a customer out: more than any way.
const PRICE: i32 = 1_000_000;

/// Measures how far the search stays above the best known.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let Some(folder) = std::env::var_os("WATCHFIRE_VRPTW").map(PathBuf::from) else {
        eprintln!("  patrol: left out, WATCHFIRE_VRPTW names no folder with instances");
        return Ok(());
    };
    let seconds = scale.of(60, 2);
    let python = std::env::var_os("WATCHFIRE_PYVRP").map(PathBuf::from);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for name in scale.of(&INSTANCES[..], &INSTANCES[..1]) {
        let path = folder.join(format!("{name}.vrp"));
        let best = best_known(&path)?;
        let above = |length: f64| (length / best - 1.0) * 100.0;
        let (length, steps) = searched(&path, Duration::from_secs(seconds))?;
        own.push(above(length));
        eprint!(
            "  {name}: {:.2} % above {best} in {steps} steps",
            above(length)
        );
        if let Some(python) = &python {
            let length = pyvrp(python, &path, seconds)?;
            others.push(above(length));
            eprint!("; PyVRP {:.2} %", above(length));
        }
        eprintln!();
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    report.add(&floors::PATROL_ABOVE_BEST_MEAN_PERCENT, mean(&own));
    let worst = own.iter().copied().fold(f64::MIN, f64::max);
    report.add(&floors::PATROL_ABOVE_BEST_MAX_PERCENT, worst);
    if !others.is_empty() {
        report.add(&floors::PATROL_PYVRP_ABOVE_BEST_MEAN_PERCENT, mean(&others));
    }
    Ok(())
}

fn searched(path: &Path, time: Duration) -> Outcome<(f64, u64)> {
    let problem = read(path)?;
    let began = Instant::now();
    let mut search = Search::new(problem.clone(), 1);
    let mut steps = 0;
    loop {
        let gone = began.elapsed().as_secs_f64() / time.as_secs_f64();
        if gone >= 1.0 {
            break;
        }
        (0..STEPS_BETWEEN).for_each(|_| search.step(gone));
        steps += u64::from(STEPS_BETWEEN);
    }
    let best = search.best();
    if !best.left_out.is_empty() {
        return Err(format!("{}: customers were left out", path.display()).into());
    }
    let mut tenths = 0;
    for (vehicle, route) in best.routes.iter().enumerate() {
        if problem.times(vehicle, route).is_none() {
            return Err(format!("{}: a route breaks a rule", path.display()).into());
        }
        tenths += problem.under_way(vehicle, route);
    }
    Ok((tenths as f64 / 10.0, steps))
}

fn pyvrp(python: &Path, path: &Path, seconds: u64) -> Outcome<f64> {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/routing/pyvrp_one.py");
    let output = Command::new(python)
        .arg(script)
        .arg(path)
        .arg(seconds.to_string())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn best_known(path: &Path) -> Outcome<f64> {
    let text = std::fs::read_to_string(path.with_extension("sol"))?;
    let mut lines = text.lines().rev();
    let cost = lines.find_map(|line| line.trim().strip_prefix("Cost"));
    Ok(cost.ok_or("a solution names no cost")?.trim().parse()?)
}

/// Reads an instance in the form of VRPLIB, in tenths.
fn read(path: &Path) -> Outcome<Problem> {
    let text = std::fs::read_to_string(path)?;
    let (mut vehicles, mut room, mut service) = (0, 0, 0);
    let (mut places, mut loads, mut windows) = (Vec::new(), Vec::new(), Vec::new());
    let mut section = "";
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["VEHICLES", ":", count] => vehicles = count.parse()?,
            ["CAPACITY", ":", count] => room = count.parse()?,
            ["SERVICE_TIME", ":", time] => service = 10 * time.parse::<i32>()?,
            [word] if word.ends_with("_SECTION") => section = word,
            [_, x, y] if section == "NODE_COORD_SECTION" => {
                places.push((x.parse::<f64>()?, y.parse::<f64>()?));
            }
            [_, load] if section == "DEMAND_SECTION" => loads.push(load.parse::<i32>()?),
            [_, from, to] if section == "TIME_WINDOW_SECTION" => {
                windows.push((10 * from.parse::<i32>()?, 10 * to.parse::<i32>()?));
            }
            _ => {}
        }
    }
    let count = places.len();
    if loads.len() != count || windows.len() != count || count == 0 {
        return Err(format!("{} is no instance", path.display()).into());
    }
    let tenths = |a: &(f64, f64), b: &(f64, f64)| ((a.0 - b.0).hypot(a.1 - b.1) * 10.0) as i32;
    let line = |from: &(f64, f64)| {
        places
            .iter()
            .map(|to| tenths(from, to))
            .collect::<Vec<i32>>()
    };
    let travel = places.iter().flat_map(line).collect();
    let task = |at: usize| Task {
        enter: at,
        leave: at,
        service,
        open: windows[at].0,
        close: windows[at].1,
        load: loads[at],
        price: PRICE,
        groups: 1,
    };
    let vehicle = Vehicle {
        start: 0,
        end: 0,
        from: windows[0].0,
        until: windows[0].1,
        room,
        groups: 1,
    };
    let tasks = (1..count).map(task).collect();
    Ok(Problem::new(count, travel, tasks, vec![vehicle; vehicles])?)
}
