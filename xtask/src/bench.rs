//! `cargo xtask bench`: the node by a program of its own (`crates/watchfire/examples/bench`), then the console under
//! load in a browser (`web/e2e/measure-consoles.mjs`). `cargo xtask bench roads MAP` measures road times alone, against other
//! programs if asked to; `cargo xtask bench dispatch` whom to send: recommendations, positions, patrol rounds and trials;
//! `cargo xtask bench joint` several nodes and the lines between them. It knows how both are started and nothing of what they
//! measure. Start at [`command`].

use crate::console::Node;
use crate::program::{cargo, run};
use crate::{Outcome, binary, stories};

/// The part that needs a browser.
const CONSOLES: &str = "consoles";
/// The part that needs a map.
const ROADS: &str = "roads";
/// All that has to do with whom to send, and what that is made of.
const DISPATCH: &str = "dispatch";
/// All that has to do with several nodes and the lines between them.
const JOINT: &str = "joint";
const JOINT_PARTS: [&str; 2] = ["--only", "joint,rate,apart,linked,flood"];
const DISPATCH_PARTS: [&str; 2] = ["--only", "recommend,positions,patrol,trial"];

/// Measures what was asked for. Without Node.js or a browser the consoles are left out, and it says so, unless
/// they were asked for by name.
pub(crate) fn command(rest: &[String]) -> Outcome {
    let words: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .skip_while(|word| *word == "--")
        .collect();
    match parts(&words) {
        Parts::Node => node(&words),
        Parts::Consoles => consoles(&words),
        Parts::Roads => roads(&words[1..]),
        Parts::Joint => node(&[&JOINT_PARTS, &words[1..]].concat()),
        Parts::Dispatch => node(&[&DISPATCH_PARTS, &words[1..]].concat()),
        Parts::Both => {
            let measured = node(&words);
            match console_tools() {
                Ok(_) => measured.and(consoles(&words)),
                Err(why) => {
                    println!("\nthe consoles were NOT measured: {why}");
                    measured
                }
            }
        }
    }
}

/// What is measured.
#[derive(Debug, PartialEq, Eq)]
enum Parts {
    Node,
    Consoles,
    Both,
    Roads,
    Dispatch,
    Joint,
}

fn parts(words: &[&str]) -> Parts {
    if words.first() == Some(&ROADS) {
        return Parts::Roads;
    }
    if words.first() == Some(&JOINT) {
        return Parts::Joint;
    }
    if words.first() == Some(&DISPATCH) {
        return Parts::Dispatch;
    }
    let only = words.iter().position(|word| *word == "--only");
    match only.and_then(|at| words.get(at + 1)) {
        Some(&CONSOLES) => Parts::Consoles,
        Some(_) => Parts::Node,
        // A program that reads the figures reads one document.
        None if words.contains(&"--json") => Parts::Node,
        None => Parts::Both,
    }
}

fn node(words: &[&str]) -> Outcome {
    let mut command = cargo([
        "run",
        "--release",
        "--package",
        "watchfire",
        "--example",
        "bench",
        "--",
    ]);
    command.args(words);
    run(command)
}

/// Measures road times on one map, and with `--peers` other programs on the same questions, by a Python that has them.
fn roads(words: &[&str]) -> Outcome {
    let peers = words.contains(&"--peers");
    let map = words.iter().find(|word| !word.starts_with("--"));
    let map = map.ok_or("name a map: cargo xtask bench roads MAP.osm.pbf [--peers]")?;
    let points = std::path::Path::new("target/bench-roads-points.json");
    let mut command = cargo([
        "run",
        "--release",
        "--package",
        "watchfire-roads",
        "--example",
        "bench_roads",
        "--",
    ]);
    command.arg(map).arg("--points").arg(points);
    run(command)?;
    if !peers {
        println!("other programs were NOT measured: add --peers");
        return Ok(());
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let folder = std::path::Path::new("target/bench-roads-peers");
    let mut make = std::process::Command::new(&python);
    make.args(["-m", "venv"]).arg(folder);
    run(make)?;
    let inside = folder.join("bin/python");
    let mut install = std::process::Command::new(&inside);
    install.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]);
    install.args(["osrm-bindings==26.*", "pyvalhalla==3.*"]);
    run(install)?;
    let mut ask = std::process::Command::new(&inside);
    ask.arg("conformance/roads/peers.py").arg(map).arg(points);
    run(ask)
}

fn console_tools() -> Outcome<(Node, std::path::PathBuf)> {
    let chromium = stories::chromium()
        .ok_or("Chromium is not installed (Debian: chromium), nor named by CHROMIUM")?;
    Ok((Node::find()?, chromium))
}

fn consoles(words: &[&str]) -> Outcome {
    let (node, chromium) = console_tools()?;
    let built = binary::release()?;
    node.install()?;
    let mut measure = node.script("e2e/measure-consoles.mjs");
    measure
        .args(
            words
                .iter()
                .filter(|word| matches!(**word, "--quick" | "--json")),
        )
        .env("WATCHFIRE_BIN", &built)
        .env("CHROMIUM", chromium);
    run(measure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consoles_are_measured_after_the_node_unless_one_part_is_asked_for() {
        assert_eq!(parts(&[]), Parts::Both);
        assert_eq!(parts(&["--quick"]), Parts::Both);
        assert_eq!(parts(&["--quick", "--only", "consoles"]), Parts::Consoles);
        assert_eq!(parts(&["--only", "actions"]), Parts::Node);
        assert_eq!(parts(&["--json"]), Parts::Node);
        assert_eq!(parts(&["--only"]), Parts::Both);
        assert_eq!(parts(&["roads", "map.osm.pbf"]), Parts::Roads);
        assert_eq!(parts(&["dispatch", "--runs", "1"]), Parts::Dispatch);
        assert_eq!(parts(&["joint", "--runs", "1"]), Parts::Joint);
    }
}
