//! A storm: real nodes in networks of their own, lines that lose, double, delay and cut in one direction, processes
//! that are killed and held still, disks that run full; and people at every node who go on working all the while.
//!
//! `cargo xtask storm` starts it. When the storm is over and everything is healed, all members must show the same,
//! everything that was acknowledged must be there, every directory must pass its check, and no node may have ended by
//! itself. `--minutes M` says how long (10), `--seed N` which faults (1), `--nodes N` how many nodes (5), `--binary PATH`
//! which program (this one). Where namespaces are not allowed it says so and does nothing. Start at [`storm`].

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a storm is for"
)]

mod agree;
mod deed;
mod dice;
mod faults;
mod ground;
mod http;
mod node;
mod people;
mod report;
mod stage;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use node::{Binary, Life, Node};
use people::People;
use report::Report;
use wire::Wire;

/// Set for the copies of this executable that are to be the program itself.
const AS_PROGRAM: &str = "WATCHFIRE_STORM_AS_PROGRAM";

/// How long agreement may take once everything is healed.
const CONVERGE_WITHIN: Duration = Duration::from_secs(120);
/// How often it is looked whether there is agreement.
const LOOK: Duration = Duration::from_millis(250);
/// How often faults begin and end, and processes are looked at.
const BEAT: Duration = Duration::from_millis(50);
/// Lines printed of a long list of what is wrong.
const LINES_MAX: usize = 12;

/// What was asked on the command line.
struct Asked {
    length: Duration,
    seed: u64,
    nodes: usize,
    binary: Binary,
}

fn main() -> ExitCode {
    if std::env::var_os(AS_PROGRAM).is_some() {
        return watchfire::cli::run();
    }
    let asked = match asked() {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("storm: {problem}");
            return ExitCode::from(2);
        }
    };
    if !ground::is_inside() {
        let why = ground::enter();
        println!("the storm was NOT held: namespaces are not allowed here ({why})");
        return ExitCode::SUCCESS;
    }
    if let Err(error) = end_when_asked() {
        eprintln!("storm: {error}");
        return ExitCode::FAILURE;
    }
    match storm(&asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("storm: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut asked = Asked {
        length: Duration::from_secs(600),
        seed: 1,
        nodes: 5,
        binary: Binary {
            path: own,
            is_own: true,
        },
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| {
            text.parse::<f64>()
                .map_err(|_| format!("{text} is no number"))
        };
        match word.as_str() {
            "--minutes" => {
                asked.length =
                    Duration::from_secs_f64(number(value()?)?.clamp(0.1, 10_000.0) * 60.0)
            }
            "--seed" => asked.seed = value()?.parse().map_err(|_| "--seed needs a number")?,
            "--nodes" => asked.nodes = value()?.parse().map_err(|_| "--nodes needs a number")?,
            "--binary" => {
                let path = PathBuf::from(value()?);
                let path = path
                    .canonicalize()
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                asked.binary = Binary {
                    path,
                    is_own: false,
                };
            }
            other => {
                return Err(format!(
                    "{other}? --minutes M, --seed N, --nodes N, --binary PATH"
                ));
            }
        }
    }
    match asked.nodes {
        2..=20 => Ok(asked),
        _ => Err("--nodes takes 2 to 20".to_owned()),
    }
}

/// Ends at Ctrl-C: whoever is first in a namespace is not ended by a signal that it does not ask for.
fn end_when_asked() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("asked".into())
        .spawn(move || {
            let heard = runtime.block_on(tokio::signal::ctrl_c());
            if heard.is_ok() {
                eprintln!("storm: ended before its time");
                // Every process, network and disk goes with the namespaces.
                std::process::exit(130);
            }
        })?;
    Ok(())
}

/// Holds a storm; false if something did not hold.
fn storm(asked: &Asked) -> Result<bool, String> {
    let scratch = scratch()?;
    let ground = match ground::Ground::lay(asked.nodes, &scratch) {
        Ok(ground) => ground,
        Err(why) => {
            println!("the storm was NOT held: networks cannot be made here ({why})");
            return Ok(true);
        }
    };
    let wire = Wire::string(asked.nodes, asked.seed).map_err(|error| error.to_string())?;
    wire.set(faults::ways(asked.nodes, std::iter::empty()));
    println!(
        "seed {}, {} nodes, {} s; their logs are in {}",
        asked.seed,
        asked.nodes,
        asked.length.as_secs(),
        scratch.display()
    );
    let mut nodes = stage::nodes(asked, &ground, &scratch)?;
    let operation = stage::enrol_and_raise(&nodes)?;
    let ids: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();

    let told = Arc::new(AtomicU8::new(people::WORK));
    let until = Instant::now() + asked.length + CONVERGE_WITHIN;
    let mut at_work = Vec::new();
    for node in &nodes {
        let people = People::at(
            node.number,
            &ids,
            &operation,
            node.desk("duty_officer"),
            asked.seed,
        );
        let told = Arc::clone(&told);
        at_work.push(std::thread::spawn(move || people.work(&told, until)));
    }
    let mut report = Report::default();
    blow(asked, &mut nodes, &wire, &mut report);
    let healed = Instant::now();
    heal(&mut nodes, &wire, &mut report)?;
    told.store(people::FINISH, Ordering::SeqCst);
    let mut journals = Vec::new();
    for people in at_work {
        let (journal, never) = people.join().map_err(|_| "people at a node panicked")?;
        report.never.extend(
            never
                .into_iter()
                .map(|deed| format!("{:?} ({})", deed.what, deed.key)),
        );
        journals.push(journal);
    }
    report.answered_after = healed.elapsed();
    let views = converge(&nodes, &operation, healed, &mut report);
    look_closely(&mut nodes, &views, &journals, &mut report);
    report.frames = wire.frames();
    report.print(&journals);
    if !report.is_good() {
        keep(&nodes, &scratch);
    }
    Ok(report.is_good())
}

/// Returns an empty folder for logs and disks.
fn scratch() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = own
        .ancestors()
        .nth(3)
        .ok_or("this executable is not in a target directory")?;
    let scratch = target.join("storm");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)
            .map_err(|error| format!("{}: {error}", scratch.display()))?;
    }
    std::fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    Ok(scratch)
}

/// Lets every fault begin and end at its time.
fn blow(asked: &Asked, nodes: &mut [Node], wire: &Wire, report: &mut Report) {
    let mut coming = faults::draw(asked.seed, asked.nodes, asked.length);
    coming.reverse();
    let mut active: Vec<faults::Drawn> = Vec::new();
    let began = Instant::now();
    while began.elapsed() < asked.length {
        std::thread::sleep(BEAT);
        let now = began.elapsed();
        let mut changed = false;
        while coming.last().is_some_and(|next| next.begins <= now) {
            if let Some(next) = coming.pop() {
                eprintln!(
                    "{:7.1} s  {} ({:.1} s)",
                    now.as_secs_f64(),
                    next.fault,
                    (next.ends - next.begins).as_secs_f64()
                );
                report.begun(&next);
                begin(&next.fault, nodes);
                active.push(next);
                changed = true;
            }
        }
        let (over, still): (Vec<_>, Vec<_>) = active.into_iter().partition(|one| one.ends <= now);
        active = still;
        for one in &over {
            changed = true;
            if let Err(why) = end(&one.fault, nodes) {
                report.wrong.push(why);
            }
        }
        if changed {
            wire.set(faults::ways(
                asked.nodes,
                active.iter().map(|one| &one.fault),
            ));
        }
        look_after(nodes, &active, report);
    }
    for one in &active {
        if let Err(why) = end(&one.fault, nodes) {
            report.wrong.push(why);
        }
    }
}

fn begin(fault: &faults::Fault, nodes: &mut [Node]) {
    match fault {
        faults::Fault::Killed { node } => nodes[*node].kill(),
        faults::Fault::Held { node } => nodes[*node].hold(),
        faults::Fault::Full { node } => nodes[*node].fill(),
        faults::Fault::Rough { .. }
        | faults::Fault::OneWay { .. }
        | faults::Fault::Apart { .. } => {}
    }
}

fn end(fault: &faults::Fault, nodes: &mut [Node]) -> Result<(), String> {
    match fault {
        faults::Fault::Killed { node } => return nodes[*node].start(),
        faults::Fault::Held { node } => nodes[*node].go_on(),
        faults::Fault::Full { node } => nodes[*node].free(),
        faults::Fault::Rough { .. }
        | faults::Fault::OneWay { .. }
        | faults::Fault::Apart { .. } => {}
    }
    Ok(())
}

/// Sees whether a node has ended by itself; it is started again, so that the storm goes on.
fn look_after(nodes: &mut [Node], active: &[faults::Drawn], report: &mut Report) {
    for node in nodes {
        if let Some(how) = node.fallen() {
            let killed =
                |one: &faults::Drawn| one.fault == faults::Fault::Killed { node: node.number };
            if !active.iter().any(killed) {
                report.wrong.push(how);
                if let Err(why) = node.start() {
                    report.wrong.push(why);
                }
            }
        }
    }
}

/// Ends every fault.
fn heal(nodes: &mut [Node], wire: &Wire, report: &mut Report) -> Result<(), String> {
    wire.set(faults::ways(nodes.len(), std::iter::empty()));
    for node in nodes.iter_mut() {
        node.free();
        node.go_on();
        if let Some(how) = node.fallen() {
            report.wrong.push(how);
        }
        if node.life == Life::Down {
            node.start()?;
        }
    }
    nodes.iter_mut().try_for_each(Node::await_ready)
}

/// Waits until all members show the same and say that nothing is on its way; returns what they show.
fn converge(
    nodes: &[Node],
    operation: &str,
    healed: Instant,
    report: &mut Report,
) -> Vec<serde_json::Value> {
    loop {
        let looked = Instant::now();
        let views: Vec<serde_json::Value> = nodes
            .iter()
            .map(|node| {
                let path = format!("/operations/{operation}");
                let answer = node.desk("duty_officer").get(&path);
                answer.map(|answer| answer.json).unwrap_or_default()
            })
            .collect();
        let shown: Vec<_> = views.iter().map(agree::lines).collect();
        let same = shown.iter().all(|one| *one == shown[0]);
        if same && views.iter().all(agree::is_at_rest) {
            report.agreed_after = Some(looked.duration_since(healed));
            report.lines = shown[0].len();
            return views;
        }
        if healed.elapsed() > CONVERGE_WITHIN {
            report.lines = shown[0].len();
            for (node, lines) in nodes.iter().zip(&shown) {
                let name = node::name(node.number);
                let more = lines
                    .difference(&shown[0])
                    .map(|line| format!("{name} alone: {line}"));
                let less = shown[0]
                    .difference(lines)
                    .map(|line| format!("{name} lacks: {line}"));
                report.wrong.extend(more.chain(less).take(LINES_MAX));
            }
            return views;
        }
        std::thread::sleep(LOOK);
    }
}

/// Looks for everything that was acknowledged; then ends the nodes, has their directories checked and compares them.
fn look_closely(
    nodes: &mut [Node],
    views: &[serde_json::Value],
    journals: &[deed::Journal],
    report: &mut Report,
) {
    let desks: Vec<http::Desk> = nodes.iter().map(|node| node.desk("duty_officer")).collect();
    let members: Vec<agree::Member<'_>> = (0..nodes.len())
        .map(|at| agree::Member {
            id: &nodes[at].id,
            desk: &desks[at],
            view: &views[at],
            journal: &journals[at],
        })
        .collect();
    let missing = agree::missing(&members);
    report.missing = missing.len();
    report.wrong.extend(missing.into_iter().take(LINES_MAX));
    let mut held = Vec::new();
    for node in nodes.iter_mut() {
        if let Some(how) = node.fallen() {
            report.wrong.push(how);
        }
        let ended = node.end();
        report.wrong.extend(ended.err());
        match node.check() {
            Ok(said) => report
                .checked
                .push(said.lines().next().unwrap_or_default().to_owned()),
            Err(why) => report.wrong.push(why),
        }
        match agree::held(&node.dir, &node.id) {
            Ok(copies) => held.push((node.id.clone(), copies)),
            Err(error) => report
                .wrong
                .push(format!("{}: {error}", node.dir.display())),
        }
    }
    report.copies = held.iter().map(|(_, copies)| copies.len()).sum();
    let different = agree::differences(&held);
    report.wrong.extend(different.into_iter().take(LINES_MAX));
}

/// Keeps the directories of a storm that did not end well: their disks end with this program.
fn keep(nodes: &[Node], scratch: &std::path::Path) {
    for node in nodes {
        let to = scratch.join(format!("kept{}", node.number + 1));
        let mut copy = std::process::Command::new("cp");
        if let Err(why) = ground::quiet(copy.arg("-r").arg(&node.dir).arg(&to)) {
            eprintln!("{why}");
        }
    }
}
