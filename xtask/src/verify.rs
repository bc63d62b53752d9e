//! `cargo xtask verify`: every check that a change must pass, in the order in which a fault is found soonest.
//! It writes no tracked file; what may be written is `cargo xtask fix`. Start at [`STEPS`].

use std::time::Instant;

use crate::console::Node;
use crate::program::run;
use crate::{Outcome, generate, rust, stories, tidy};

/// How a step ended that did not fail.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Everything was looked at.
    Whole,
    /// Something was not looked at, for this reason.
    Partly(String),
}

/// One check.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Outcome<Ended>,
    /// What to do when it fails.
    next: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: rust::format,
        next: "run `cargo xtask fix`",
    },
    Step {
        name: "tidy",
        about: "what the house rules say and no other tool looks for",
        run: tidy::step,
        next: "change what each line names",
    },
    Step {
        name: "clippy",
        about: "lints",
        run: rust::lints,
        next: "mend what it names; allow a lint only with a reason beside it",
    },
    Step {
        name: "test",
        about: "the tests of every crate",
        run: rust::tests,
        next: "a failing test prints its seed; run it alone with `cargo test -p CRATE NAME`",
    },
    Step {
        name: "doc",
        about: "the documentation builds and its links lead somewhere",
        run: rust::documentation,
        next: "mend the links it names",
    },
    Step {
        name: "deny",
        about: "licences, sources and known weaknesses of dependencies",
        run: rust::dependencies,
        next: "replace the dependency, or argue for it in deny.toml",
    },
    Step {
        name: "drift",
        about: "generated files are what the code makes",
        run: drift,
        next: "run `cargo xtask fix` and look at the difference",
    },
    Step {
        name: "web",
        about: "types and strings of the console; it builds",
        run: web,
        next: "look closer in web/ with `npm run check` and `npm run build`",
    },
    Step {
        name: "fuzz",
        about: "bytes of every kind at every decoder of the feed format",
        run: rust::fuzz,
        next: "it prints the file with the bytes; make a test of them in crates/feed/tests",
    },
    Step {
        name: "sim",
        about: "simulated lives with failing disks, crashes, wild clocks, bad lines and hostile nodes",
        run: stories::simulation,
        next: "the last line tells how to live the same life again",
    },
    Step {
        name: "replay",
        about: "five real days at full speed, twice with the same result",
        run: stories::replay,
        next: "two results: look for a clock, a hash order or a random number in what was changed",
    },
    Step {
        name: "feed",
        about: "a node's own check, and a program that shares no code with it, accept its feed",
        run: stories::feed,
        next: "docs/spec/feed.md says what must hold",
    },
    Step {
        name: "api",
        about: "thousands of requests, made from the API's description, from three seats",
        run: stories::api,
        next: "it prints the request as a curl command; the description or the code is wrong",
    },
    Step {
        name: "e2e",
        about: "the console's stories, told in a browser",
        run: stories::browser,
        next: "start `cargo xtask demo`, then in web/: WATCHFIRE_URL=http://127.0.0.1:8440 npm run test:e2e",
    },
];

/// Runs the steps that were asked for, and stops at the first that fails.
pub(crate) fn verify(rest: &[String]) -> Outcome {
    let Asked::Run(steps) = asked(rest)? else {
        for step in STEPS {
            println!("{:8} {}", step.name, step.about);
        }
        return Ok(());
    };
    let began = Instant::now();
    let mut told = Vec::new();
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let step_began = Instant::now();
        let ended = (step.run)();
        let took_s = step_began.elapsed().as_secs_f64();
        let ended = ended.map_err(|problem| {
            let Step { name, next, .. } = step;
            format!(
                "step {name} failed after {took_s:.1} s: {problem}\nWhat to do: {next}.\n\
                 Then go on with: cargo xtask verify --from {name}"
            )
        })?;
        println!("== {}: {took_s:.1} s", step.name);
        told.push((step.name, took_s, ended));
    }
    println!("\n== verified");
    for (name, took_s, ended) in &told {
        match ended {
            Ended::Whole => println!("{name:8} {took_s:7.1} s"),
            Ended::Partly(reason) => println!("{name:8} {took_s:7.1} s  {reason}"),
        }
    }
    println!("{:8} {:7.1} s", "all", began.elapsed().as_secs_f64());
    Ok(())
}

/// What somebody asks of `verify`.
enum Asked {
    List,
    Run(&'static [Step]),
}

fn asked(rest: &[String]) -> Outcome<Asked> {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match words[..] {
        [] => Ok(Asked::Run(STEPS)),
        ["--list"] => Ok(Asked::List),
        ["--from", name] => Ok(Asked::Run(&STEPS[index(name)?..])),
        ["--only", name] => Ok(Asked::Run(std::slice::from_ref(&STEPS[index(name)?]))),
        _ => Err("it takes --list, --from STEP or --only STEP".to_owned()),
    }
}

fn index(name: &str) -> Outcome<usize> {
    let names = || {
        STEPS
            .iter()
            .map(|step| step.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = STEPS.iter().position(|step| step.name == name);
    found.ok_or_else(|| format!("there is no step {name}; there are {}", names()))
}

fn drift() -> Outcome<Ended> {
    let other = generate::drifted()?;
    if other.is_empty() {
        return Ok(Ended::Whole);
    }
    Err(format!("not what the code makes: {}", other.join(", ")))
}

fn web() -> Outcome<Ended> {
    let node = Node::find()?;
    node.install()?;
    run(node.npm(["run", "--silent", "check"]))?;
    crate::console::build()?;
    Ok(Ended::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Outcome<Vec<&'static str>> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Ok(match asked(&words)? {
            Asked::List => vec!["listed"],
            Asked::Run(steps) => steps.iter().map(|step| step.name).collect(),
        })
    }

    #[test]
    fn one_can_go_on_from_a_step_or_run_one_alone() {
        assert_eq!(names("").unwrap().len(), STEPS.len());
        assert_eq!(names("--list").unwrap(), ["listed"]);
        assert_eq!(names("--only tidy").unwrap(), ["tidy"]);
        assert_eq!(names("--from api").unwrap(), ["api", "e2e"]);
        assert!(
            names("--from nowhere")
                .unwrap_err()
                .contains("there are fmt, tidy")
        );
        assert!(names("tidy").unwrap_err().contains("--only"));
    }

    #[test]
    fn the_quickest_checks_come_first() {
        assert!(index("tidy").unwrap() < index("clippy").unwrap());
        assert!(index("test").unwrap() < index("replay").unwrap());
    }
}
