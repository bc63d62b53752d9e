//! The steps of `verify` that use the release build as its users do: simulated lives, a replay, an
//! independent check of the feed, the API from outside, and the console in a browser. They know the program
//! by its command line alone. Start at [`replay`].

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binary::{self, watchfire};
use crate::console::Node;
use crate::program::{
    self, Running, cargo, json_field, quiet, read, read_file, run_within, scratch, write_file,
};
use crate::verify::Ended;
use crate::{Outcome, sim, tools};

/// Lives that are simulated, from the first seed on.
const LIVES: &str = "300";
const FIRST_SEED: &str = "1";

/// Lives of federations that are simulated, beside those that were kept because they failed once.
const JOINT_LIVES: &str = "2000";

/// States that are looked at of each model of three nodes.
const STATES_PER_MODEL: &str = "20000";

/// The longest that five days may take at full speed, in seconds.
const REPLAY_MAX_S: f64 = 60.0;

/// The longest that a node may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The longest for all requests from one seat: a bound on what hangs, not a measurement. A busy machine takes minutes.
const SEAT_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The longest for all stories in the browser.
const BROWSER_WITHIN: Duration = Duration::from_secs(30 * 60);

/// Requests that are made up for each operation and phase, from each seat.
const EXAMPLES: &str = "8";

/// The seed of the requests: what fails once fails again.
const REQUEST_SEED: &str = "1";

/// The seats from which the API is tried.
const SEATS: [&str; 3] = ["dispatcher", "duty_officer", "administrator"];

/// Any free port of this machine.
const ANY_PORT: &str = "127.0.0.1:0";

/// Lives simulated lives, of one node and of small federations, and searches the states of the smallest.
pub(crate) fn simulation() -> Outcome<Ended> {
    for (what, arguments) in [
        (
            "lives of one node",
            vec!["--seed", FIRST_SEED, "--runs", LIVES],
        ),
        (
            "lives of federations",
            vec![
                "--joint",
                "--seed",
                FIRST_SEED,
                "--runs",
                JOINT_LIVES,
                "--twice",
                sim::TWICE,
                "--kept",
                sim::KEPT,
            ],
        ),
        ("states of three nodes", vec!["--models", STATES_PER_MODEL]),
    ] {
        let mut command = cargo([
            "run",
            "--locked",
            "--release",
            "--quiet",
            "--package",
            "watchfire-sim",
            "--",
        ]);
        command.args(arguments);
        let told = quiet(command)?;
        let result = told.lines().rfind(|line| !line.contains(sim::PROGRESS));
        println!("{what}: {}", result.unwrap_or_default());
    }
    Ok(Ended::Whole)
}

/// Replays the demo city's days twice.
pub(crate) fn replay() -> Outcome<Ended> {
    let built = binary::release()?;
    let dir = scratch("replay")?;
    let mut digests = Vec::new();
    for round in ["first", "second"] {
        let report = dir.join(format!("{round}.json"));
        quiet(replay_city(
            &built,
            &["--report", &report.to_string_lossy()],
        ))?;
        let report = read_file(&report)?;
        let field = |name| {
            json_field(&report, name).ok_or_else(|| format!("the report does not say {name}"))
        };
        let (digest, took_s, entries) = (
            field("entries_digest")?,
            field("took_s")?,
            field("entries")?,
        );
        println!("{round}: {entries} entries in {took_s} s, digest {digest}");
        let took_s: f64 = took_s
            .parse()
            .map_err(|_| format!("took_s is {took_s}, which is no number"))?;
        if took_s > REPLAY_MAX_S {
            return Err(format!(
                "it took {took_s:.0} s, and {REPLAY_MAX_S:.0} s is the most"
            ));
        }
        digests.push(digest);
    }
    if digests[0] != digests[1] {
        return Err("the same calls gave two different sets of entries".to_owned());
    }
    Ok(Ended::Whole)
}

fn replay_city(built: &PathBuf, more: &[&str]) -> Command {
    let mut command = watchfire(built, ["replay", "--speed", "max"]);
    for (name, file) in [
        ("--calls", "calls.csv.gz"),
        ("--map", "calls.map.toml"),
        ("--roads", "roads.osm.pbf"),
        ("--units", "units.csv"),
        ("--stations", "stations.csv"),
    ] {
        command.arg(name).arg(format!("examples/demo-city/{file}"));
    }
    command.args(more);
    command
}

/// Has the feeds of a new node and of a busy one verified, by the node and by a program that shares no code with it.
pub(crate) fn feed() -> Outcome<Ended> {
    let built = binary::release()?;
    let dir = scratch("feed")?;
    let (new, busy) = (dir.join("new"), dir.join("busy"));
    let mut init = watchfire(&built, ["init"]);
    init.arg(&new);
    quiet(init)?;
    quiet(replay_city(&built, &["--data", &busy.to_string_lossy()]))?;
    for node in [new, busy] {
        let mut check = watchfire(&built, ["check"]);
        check.arg(&node);
        print!("{}", read(check)?);
        let file = node.with_extension("feed");
        let mut export = watchfire(&built, ["export"]);
        export.arg(&node).arg(&file);
        quiet(export)?;
        let mut verify = tools::python("python")?;
        verify
            .args(["conformance/feed/verify.py", "feed"])
            .arg(&file);
        print!("{}", read(verify)?);
    }
    let mut vectors = tools::python("python")?;
    vectors.args([
        "conformance/feed/verify.py",
        "vectors",
        "docs/spec/feed-vectors.json",
    ]);
    print!("{}", read(vectors)?);
    Ok(Ended::Whole)
}

/// Sends made-up requests to a node, valid ones and broken ones, and compares the answers with the API's description.
pub(crate) fn api() -> Outcome<Ended> {
    let built = binary::release()?;
    let dir = scratch("api")?;
    let data = dir.join("node");
    prepare(&built, &data)?;
    let mut tokens = Vec::new();
    for seat in SEATS {
        let mut token = watchfire(&built, ["token"]);
        token
            .arg(&data)
            .args(["--login", &format!("tester-{seat}"), "--seat", seat]);
        tokens.push((seat, read(token)?.trim().to_owned()));
    }
    let mut serve = watchfire(&built, ["serve"]);
    serve.arg(&data).args(["--listen", ANY_PORT]);
    let (_node, address) = Running::until_address(serve, READY_WITHIN)?;
    let settings = dir.join("schemathesis.toml");
    write_file(
        &settings,
        &format!("[auth.openapi.token]\nbearer = \"${{{TOKEN}}}\"\n"),
    )?;
    for (seat, token) in tokens {
        println!("-- from the seat {seat}");
        run_within(requests(&address, &settings, &token)?, SEAT_WITHIN)?;
    }
    Ok(Ended::Whole)
}

/// Makes a node with a city's stations and units, so that a made-up request meets something.
fn prepare(built: &PathBuf, data: &Path) -> Outcome {
    let mut init = watchfire(built, ["init"]);
    init.arg(data);
    quiet(init)?;
    for (what, file) in [("stations", "stations.csv"), ("units", "units.csv")] {
        let mut import = watchfire(built, ["import", what]);
        import.arg(format!("examples/demo-city/{file}"));
        if what == "units" {
            import.args(["--stations", "examples/demo-city/stations.csv"]);
        }
        import.arg("--data").arg(data);
        quiet(import)?;
    }
    Ok(())
}

fn requests(address: &str, settings: &Path, token: &str) -> Outcome<Command> {
    let mut command = tools::python("schemathesis")?;
    // It keeps notes in the folder in which it runs, and these are nobody's but the build's.
    command.current_dir(settings.parent().unwrap_or(settings));
    command
        .arg("--config-file")
        .arg(settings)
        .arg("run")
        .arg(format!("{address}/api/v1/openapi.json"))
        .args(["--max-examples", EXAMPLES, "--seed", REQUEST_SEED])
        .args(["--checks", CHECKS])
        // The stream has no end, and signing in and out is slow on purpose and limited in number.
        .args([
            "--exclude-path",
            "/api/v1/stream",
            "--exclude-tag",
            "session",
        ])
        .args(["--request-timeout", "20", "--no-color"])
        .env(TOKEN, token)
        .env("PYTHONUNBUFFERED", "1");
    Ok(command)
}

/// Where the requests find their token: not on the command line, which everybody on the machine can read.
const TOKEN: &str = "WATCHFIRE_TOKEN";

/// What must hold of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      unsupported_method,ignored_auth";

/// Tells the console's stories in a browser, against a demo of its own.
pub(crate) fn browser() -> Outcome<Ended> {
    let Some(chromium) = chromium() else {
        let told = "the browser's stories were NOT told: Chromium is not installed (Debian: chromium), nor named \
                    by CHROMIUM";
        // A build that skipped them in silence would be green for the wrong reason.
        let must = std::env::var("CI").is_ok_and(|value| value == "true");
        return if must {
            Err(told.to_owned())
        } else {
            Ok(Ended::Partly(told.to_owned()))
        };
    };
    let built = binary::release()?;
    let dir = scratch("e2e")?;
    let mut demo = watchfire(&built, ["demo", "--listen", ANY_PORT, "--data"]);
    demo.arg(dir.join("demo"));
    let (_node, address) = Running::until_address(demo, READY_WITHIN)?;
    let node = Node::find()?;
    node.install()?;
    let mut stories = node.npm(["run", "--silent", "test:e2e"]);
    stories
        .env("WATCHFIRE_URL", address)
        .env("WATCHFIRE_BIN", &built)
        .env("CHROMIUM", chromium);
    run_within(stories, BROWSER_WITHIN)?;
    Ok(Ended::Whole)
}

/// Returns the browser: the one that CHROMIUM names, else the system's.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named.into_iter().chain(found).find(|path| {
        let mut command = program::program(path);
        command.arg("--version");
        path.exists() && program::works(command)
    })
}
