//! `cargo xtask sim`: many lives of small federations under faults and attacks, on all processors. A seed that fails is
//! kept in a file, and every run lives those first. It knows how the simulator is built and started and nothing of
//! what it does. Start at [`command`].

use crate::Outcome;
use crate::program::{cargo, run};

/// The seeds that failed once.
pub(crate) const KEPT: &str = "crates/sim/seeds/joint.txt";

/// How many lives, unless it is said otherwise.
const SEEDS: &str = "2000";

/// How many of the first are lived twice.
pub(crate) const TWICE: &str = "20";

/// What stands in a line that only says how far it is.
pub(crate) const PROGRESS: &str = " lives begun after ";

/// Lives the lives that were asked for.
pub(crate) fn command(rest: &[String]) -> Outcome {
    let words: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .skip_while(|word| *word == "--")
        .collect();
    let mut command = cargo(["run", "--release", "--quiet", "--package", "watchfire-sim"]);
    command.args(["--", "--joint", "--twice", TWICE, "--kept", KEPT, "--keep"]);
    command.args(arguments(&words)?);
    run(command)
}

/// Returns what the simulator is asked for.
fn arguments<'a>(words: &[&'a str]) -> Outcome<Vec<&'a str>> {
    let mut all = Vec::new();
    for pair in words.chunks(2) {
        let [name, value] = *pair else {
            return Err(format!("{} needs a number", pair[0]));
        };
        let name = match name {
            "--seeds" => "--runs",
            "--seed" => "--seed",
            "--minutes" => "--minutes",
            _ => return Err("it takes --seeds N, --seed FIRST and --minutes M".to_owned()),
        };
        all.extend([name, value]);
    }
    if !all.contains(&"--runs") && !all.contains(&"--minutes") {
        all.extend(["--runs", SEEDS]);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_lives_or_a_time_bounds_a_run() {
        assert_eq!(arguments(&[]).unwrap(), ["--runs", SEEDS]);
        let minutes = ["--minutes", "5", "--seed", "7"];
        assert_eq!(arguments(&minutes).unwrap(), minutes);
        assert_eq!(arguments(&["--seeds", "9"]).unwrap(), ["--runs", "9"]);
        assert!(arguments(&["--seeds"]).is_err());
        assert!(arguments(&["--lives", "9"]).is_err());
    }
}
