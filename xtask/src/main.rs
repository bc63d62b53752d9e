//! `cargo xtask <command>`: everything one does with this repository, each by one command. `verify` is what
//! the build runs and writes no tracked file; `fix` writes; `demo` shows the product. It knows how programs are
//! started and nothing of incidents or units. Start at [`COMMANDS`], then at `verify.rs`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a command line is for"
)]

mod bench;
mod binary;
mod console;
mod demo;
mod dist;
mod generate;
mod program;
mod rust;
mod sim;
mod stories;
mod storm;
mod tidy;
mod tools;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

/// What happened, or what went wrong and what to do about it.
type Outcome<T = ()> = Result<T, String>;

/// A command: its name, what it does, and the function.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        about: "build everything and show San Francisco's New Year's Eve in the browser\n\
                [--no-web] [what `watchfire demo` takes]",
        run: demo::demo,
    },
    Command {
        name: "verify",
        about: "check everything and change nothing; the build runs this\n\
                [--list] [--from STEP] [--only STEP]",
        run: verify::verify,
    },
    Command {
        name: "fix",
        about: "format the code and write the generated files anew",
        run: fix,
    },
    Command {
        name: "gen",
        about: "write the generated files anew: API, configuration, command line, types, feed vectors",
        run: generate::write,
    },
    Command {
        name: "web",
        about: "build the console into web/dist, from where the program embeds it",
        run: console::command,
    },
    Command {
        name: "bench",
        about: "measure a release build, and its console in a browser\n[what the benchmark takes] [--only consoles], or road times on a map: roads MAP [--peers], or whom to send: dispatch, or nodes and the lines between them: joint",
        run: bench::command,
    },
    Command {
        name: "sim",
        about: "live many simulated lives of small federations under faults and attacks; what fails is kept and lived first\n\
                [--seeds N] [--seed FIRST] [--minutes M]",
        run: sim::command,
    },
    Command {
        name: "storm",
        about: "hold real nodes into faults on lines, disks and processes, and see that they agree in the end\n\
                [--minutes M] [--seed N] [--nodes N] [--binary PATH]",
        run: storm::command,
    },
    Command {
        name: "dist",
        about: "make the archive that an agency installs, with its checksum",
        run: dist::dist,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    if name == demo::OPEN_WHEN_READY {
        demo::open_when_ready(&rest);
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("{}", usage());
        let asked = matches!(name.as_str(), "help" | "--help" | "-h");
        return ExitCode::from(if asked { 0 } else { 2 });
    };
    match (command.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nxtask {name}: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for command in COMMANDS {
        let mut name = command.name;
        for line in command.about.lines() {
            text.push_str(&format!("  {name:8} {line}\n"));
            name = "";
        }
    }
    text
}

fn fix(rest: &[String]) -> Outcome {
    program::no_arguments("fix", rest)?;
    program::run(program::cargo(["fmt"]))?;
    generate::write(&[])
}

/// The root of the repository.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_and_none_twice() {
        let text = usage();
        for (index, command) in COMMANDS.iter().enumerate() {
            assert!(text.contains(&format!("\n  {} ", command.name)));
            assert!(
                !COMMANDS[..index]
                    .iter()
                    .any(|other| other.name == command.name)
            );
        }
    }
}
