//! The steps of `verify` that look at code and its dependencies. Each is one command a person could type.
//! Start at [`tests`].

use std::process::Stdio;

use crate::program::{cargo, program, quiet, read, run, works};
use crate::tools::{cargo_deny, with_python};
use crate::verify::Ended;
use crate::{Outcome, root};

/// Sees that the code is formatted.
pub(crate) fn format() -> Outcome<Ended> {
    run(cargo(["fmt", "--check"]))?;
    Ok(Ended::Whole)
}

/// Sees that no lint has anything to say.
pub(crate) fn lints() -> Outcome<Ended> {
    run(cargo([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    Ok(Ended::Whole)
}

/// Runs every test of every crate, also those in its documentation.
pub(crate) fn tests() -> Outcome<Ended> {
    let mut command = cargo(["test", "--locked", "--workspace", "--no-fail-fast"]);
    // Some compare our code with a Python program that needs more than Python, and skip themselves without.
    with_python(&mut command)?;
    run(command)?;
    Ok(Ended::Whole)
}

/// Sees that the documentation builds and none of its links is dead.
pub(crate) fn documentation() -> Outcome<Ended> {
    let mut command = cargo([
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    // It is read by those who work here, with private items; a link to one of these is meant.
    let flags = "--deny warnings --allow rustdoc::private_intra_doc_links";
    command.env("RUSTDOCFLAGS", flags);
    run(command)?;
    Ok(Ended::Whole)
}

/// Sees that dependencies have licences and sources that we take, and no known weakness.
pub(crate) fn dependencies() -> Outcome<Ended> {
    // A build fetches what this machine needs; licences are looked at for every machine.
    run(cargo(["fetch", "--locked"]))?;
    let mut known = cargo_deny()?;
    known.args([
        "--offline",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    run(known)?;
    let mut fetch = cargo_deny()?;
    fetch.args(["fetch", "db"]).stdin(Stdio::null());
    if !works(fetch) {
        let told = "known weaknesses were NOT looked for: the advisory database cannot be reached from here";
        return Ok(Ended::Partly(told.to_owned()));
    }
    let mut advisories = cargo_deny()?;
    advisories.args(["--offline", "check", "advisories"]);
    run(advisories)?;
    Ok(Ended::Whole)
}

/// How long each decoder is tried, in seconds.
const FUZZED_S: u32 = 8;

/// Throws bytes at every decoder of the feed format, led by which of its branches they reach.
pub(crate) fn fuzz() -> Outcome<Ended> {
    let fuzzer = |arguments: &[&str]| {
        let mut command = program("rustup");
        command.current_dir(root().join("crates/feed"));
        command
            .args(["run", "nightly", "cargo", "fuzz"])
            .args(arguments);
        command
    };
    if !works(fuzzer(&["--version"])) {
        let told = "the decoders were NOT fuzzed: that needs a nightly toolchain and cargo-fuzz; the tests throw bytes \
                    from a seed at the same decoders";
        return Ok(Ended::Partly(told.to_owned()));
    }
    let targets = read(fuzzer(&["list"]))?;
    let bound = format!("-max_total_time={FUZZED_S}");
    for target in targets.split_whitespace() {
        let told = quiet(fuzzer(&[
            "run",
            target,
            "--",
            &bound,
            "-verbosity=0",
            "-print_final_stats=1",
        ]));
        told.map_err(|error| format!("the decoder `{target}`: {error}"))?;
        println!("{target}: {FUZZED_S} s, nothing found");
    }
    Ok(Ended::Whole)
}
