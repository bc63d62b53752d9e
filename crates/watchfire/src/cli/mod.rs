//! The command line: what each command is called, what it takes, and what it prints.
//!
//! Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 1 refused or
//! failed (with what to do), 2 wrong usage, 3 a check found something wrong.

// Printing is what a command line is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ask;
mod demo;
mod exercise;
mod identity;
mod import;
mod joint;
mod peer;
mod play;
mod playbook;
mod roads;
mod tend;
mod trial;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};

/// Watchfire (烽燧): one node of a federated incident-command platform.
///
/// Try it: `watchfire demo`. Begin for real: `watchfire init DIR`, then `watchfire serve DIR`.
#[derive(Debug, Parser)]
#[command(name = "watchfire", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new node in an empty directory; prints the code for the first sign-in
    Init {
        /// Where the node's database, keys and configuration are put
        dir: PathBuf,
        /// What people call the node
        #[arg(long, default_value = "Watchfire")]
        name: String,
        /// Where peers will reach it, host and port; may be said several times, and later
        #[arg(long = "peer-address", value_name = "HOST:PORT")]
        peer_addresses: Vec<String>,
        /// Make it for an exercise of this name: marked on every screen for good, and enrolled with nodes of exercises only
        #[arg(long, value_name = "NAME")]
        exercise: Option<String>,
        /// Set it up like the node in this directory (which may run): response file, stations, units, duty posts, capabilities and
        /// people, without its work and without passwords
        #[arg(long, value_name = "DIR", requires = "exercise")]
        like: Option<PathBuf>,
    },
    /// Enrol peers and shut them out, on a running node
    Peer {
        #[command(subcommand)]
        what: peer::Peer,
    },
    /// Carry an operation as one file where no line is
    Operation {
        #[command(subcommand)]
        what: joint::Operation,
    },
    /// Say who this node is, with its root key: addresses, certificates, keys (the node must not be running)
    Identity {
        #[command(subcommand)]
        what: identity::Identity,
    },
    /// Run the node of a directory until Ctrl-C or SIGTERM
    Serve {
        /// The node's directory
        dir: PathBuf,
        /// Listen here instead of where the configuration says
        #[arg(long, value_parser = address)]
        listen: Option<SocketAddr>,
    },
    /// Show San Francisco's real New Year's Eve 2016/17 on a node of its own (simulated crews)
    Demo(demo::DemoArgs),
    /// Replay past calls through the engine with simulated crews, and compare the times
    Replay(play::ReplayArgs),
    /// Try other policies, stations or units on past calls, and compare who would have come late
    Trial(Box<trial::TrialArgs>),
    /// Import stations, units or past calls into a node
    Import {
        #[command(subcommand)]
        what: import::Import,
    },
    /// Build and look at road networks
    Roads {
        #[command(subcommand)]
        what: roads::Roads,
    },
    /// Check playbook files, and try them on the past
    Playbook {
        #[command(subcommand)]
        what: playbook::Playbook,
    },
    /// Verify every signature and link, refold all entries and compare with the tables
    Check(tend::CheckArgs),
    /// Copy a node to a new directory while it runs
    Backup(tend::BackupArgs),
    /// Begin a new epoch under a new key: after a directory was restored, copied or moved, or a key was stolen
    Epoch(tend::EpochArgs),
    /// Build the tables of a node anew from its entries
    Rebuild(tend::CheckArgs),
    /// Write all entries to a file, for an independent verifier or another node
    Export {
        /// The node's directory
        dir: PathBuf,
        /// The file, or `-` for standard output
        file: PathBuf,
    },
    /// Make a one-time code with which somebody can sign in and choose a password
    Code {
        /// The node's directory (the node must not be running)
        dir: PathBuf,
        /// Their login; the first administrator's if left out
        #[arg(long)]
        login: Option<String>,
    },
    /// Make a token for a program, enrolling the program if needed
    Token {
        /// The node's directory (the node must not be running)
        dir: PathBuf,
        /// The program's login
        #[arg(long)]
        login: String,
        /// The seat from which it acts: call_taker, dispatcher, duty_officer, crew, analyst, overseer, administrator or wall
        #[arg(long)]
        seat: String,
    },
    /// Say an action line to a running node: `watchfire do 'd e12 231'`
    #[command(name = "do")]
    Do(ask::DoArgs),
    /// Print the configuration file with every key explained
    Config,
    /// Print the description of the HTTP API (OpenAPI 3.1)
    Openapi,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Args)]
struct Output {
    /// Print the result as JSON, for a program to read
    #[arg(long)]
    json: bool,
}

/// How a command ended.
enum Ended {
    Done,
    /// A check found something wrong.
    Wrong,
}

type Result<T> = std::result::Result<T, Failure>;

/// A failure with everything that led to it, and what to do.
struct Failure {
    text: String,
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure {
            text: crate::node::Chain(&error).to_string(),
        }
    }
}

fn fail<T>(text: impl Into<String>) -> Result<T> {
    Err(Failure { text: text.into() })
}

/// Runs the program.
pub fn run() -> ExitCode {
    end_quietly_with_the_reader();
    let cli = Cli::parse();
    match dispatch(cli.command) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Wrong) => ExitCode::from(3),
        Err(failure) => {
            eprintln!("watchfire: {}", failure.text);
            ExitCode::FAILURE
        }
    }
}

/// A reader that has seen enough (`| head`) is no fault of ours and no reason for a trace.
fn end_quietly_with_the_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload().downcast_ref::<String>();
        let gone = words.is_some_and(|words| {
            words.starts_with("failed printing to stdout") && words.contains("Broken pipe")
        });
        if gone {
            std::process::exit(0);
        }
        usual(panic);
    }));
}

fn dispatch(command: Command) -> Result<Ended> {
    match command {
        Command::Init {
            dir,
            name,
            peer_addresses,
            exercise,
            like,
        } => tend::init(&tend::New {
            dir: &dir,
            name: &name,
            peer_addresses: &peer_addresses,
            exercise: exercise.as_deref(),
            like: like.as_deref(),
        }),
        Command::Peer { what } => peer::run(&what),
        Command::Identity { what } => identity::run(what),
        Command::Operation { what } => joint::operation(&what),
        Command::Serve { dir, listen } => play::serve(&dir, listen),
        Command::Demo(args) => demo::demo(args),
        Command::Replay(args) => play::replay(args),
        Command::Trial(args) => trial::run(&args),
        Command::Import { what } => import::run(what),
        Command::Roads { what } => roads::run(what),
        Command::Playbook { what } => playbook::run(&what),
        Command::Check(args) => tend::check(&args),
        Command::Backup(args) => tend::backup(&args),
        Command::Epoch(args) => tend::epoch(&args),
        Command::Rebuild(args) => tend::rebuild(&args),
        Command::Export { dir, file } => tend::export(&dir, &file),
        Command::Code { dir, login } => tend::code(&dir, login.as_deref()),
        Command::Token { dir, login, seat } => tend::token(&dir, &login, &seat),
        Command::Do(args) => ask::run(&args),
        Command::Config => {
            print!(
                "{}",
                crate::config::example(&crate::config::Config::default())
            );
            Ok(Ended::Done)
        }
        Command::Openapi => {
            println!("{:#}", crate::api::description::whole());
            Ok(Ended::Done)
        }
    }
}

/// Reads an address to listen on.
fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    let text = text.replace("localhost:", "127.0.0.1:");
    text.parse()
        .map_err(|_| "an address and a port, such as 127.0.0.1:8440".to_owned())
}

/// Tells how far long work is, on one line of a terminal, or now and then in a log.
struct Progress {
    began: Instant,
    shown: Option<Instant>,
    what: String,
    terminal: bool,
}

/// How often a terminal is told.
const TERMINAL_EVERY: Duration = Duration::from_millis(100);
/// How often a log is told, and from when on: what is done sooner is not worth a line.
const LOG_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    fn new() -> Progress {
        use std::io::IsTerminal as _;
        Progress {
            began: Instant::now(),
            shown: None,
            what: String::new(),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, what: &str, done: u64, total: u64) {
        let due = match (self.terminal, self.shown) {
            (true, None) => true,
            (true, Some(at)) => at.elapsed() >= TERMINAL_EVERY,
            (false, at) => at.unwrap_or(self.began).elapsed() >= LOG_EVERY,
        };
        if !due {
            return;
        }
        self.shown = Some(Instant::now());
        what.clone_into(&mut self.what);
        let of = match done.saturating_mul(100).checked_div(total) {
            Some(percent) => format!(" {percent:>3} %"),
            None => format!(" {done}"),
        };
        if self.terminal {
            eprint!("\r\x1b[K{what}{of}");
        } else {
            eprintln!("{what}{of}");
        }
    }

    fn end(&mut self) {
        if self.shown.is_none() {
            return;
        }
        if self.terminal {
            eprint!("\r\x1b[K");
        } else {
            eprintln!("{}: done", self.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_command_and_argument_has_help() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        fn look(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command
                .get_arguments()
                .filter(|argument| argument.get_id() != "help")
            {
                assert!(
                    argument.get_help().is_some(),
                    "{} {} has no help",
                    command.get_name(),
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(look);
        }
        look(&cli);
    }
}
