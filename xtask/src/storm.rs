//! `cargo xtask storm`: real nodes in networks of their own, under faults that a seed draws, by a program of its own
//! (`crates/watchfire/examples/storm`). It knows how that is built and started and nothing of what it does. Start at
//! [`command`].

use crate::Outcome;
use crate::program::{cargo, run};

/// Holds a storm. With a program that is named (`--binary`) it is built as the tests are, else as the program is used.
pub(crate) fn command(rest: &[String]) -> Outcome {
    let words: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .skip_while(|word| *word == "--")
        .collect();
    if !cfg!(target_os = "linux") {
        println!("the storm was NOT held: it needs namespaces, which only Linux has");
        return Ok(());
    }
    let mut command = match is_named(&words) {
        true => cargo(["run", "--quiet", "--package", "watchfire"]),
        false => cargo(["run", "--release", "--package", "watchfire"]),
    };
    command.args(["--example", "storm", "--"]).args(words);
    run(command)
}

/// Says whether a program is named that is to be the nodes.
fn is_named(words: &[&str]) -> bool {
    words.contains(&"--binary")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_named_is_not_built() {
        assert!(is_named(&["--minutes", "1", "--binary", "watchfire"]));
        assert!(!is_named(&["--minutes", "1"]));
    }
}
