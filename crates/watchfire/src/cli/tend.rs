//! The commands that tend a node: init, check, backup, epoch, rebuild, export, codes and tokens.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use watchfire_core::basis::{Line, PersonId};
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::Action;
use watchfire_core::record::person::{Access, PersonAction, Seat};
use watchfire_feed::ClosingCause;
use watchfire_store::{BackupKeys, Code, Store, Token};

use super::{Ended, Output, Progress, Result, exercise, fail};
use crate::auth::{CODE_S, CodeAbout, Secret};
use crate::city;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::desk::DirectDesk;
use crate::federation::{
    self,
    tail::{Ending, Tail},
};
use crate::link::root::{RootFile, generate_passphrase};
use crate::node::{self, random};
use crate::policy::Authorized;
use crate::replay;
use crate::travel::Travel;

/// The file in a node's directory that the root key is first put into.
pub(super) const ROOT_FILE: &str = "root.key";

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The node's directory, or a backup of it
    dir: PathBuf,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The node's directory; the node may be running
    dir: PathBuf,
    /// A new directory for the copy
    to: PathBuf,
    /// Copy the keys of records too, without which personal data cannot be read. Keep such a copy apart, and not for long
    #[arg(long)]
    include_keys: bool,
    #[command(flatten)]
    output: Output,
}

/// A node that is to be made.
pub(super) struct New<'a> {
    pub(super) dir: &'a Path,
    pub(super) name: &'a str,
    pub(super) peer_addresses: &'a [String],
    pub(super) exercise: Option<&'a str>,
    pub(super) like: Option<&'a Path>,
}

pub(super) fn init(new: &New<'_>) -> Result<Ended> {
    let (dir, name) = (new.dir, new.name);
    let config = checked(new)?;
    let founding = node::Founding {
        name,
        addresses: new.peer_addresses,
        now: Clock::Real.now(),
        exercise: new.exercise,
    };
    let root_seed = node::found(dir, &founding)?;
    let passphrase = generate_passphrase();
    let root = RootFile::create(&dir.join(ROOT_FILE), &passphrase, *root_seed)?;
    let path = dir.join(config::FILE);
    city::write(&path, config::example(&config).as_bytes())?;
    let set_up = match new.like {
        Some(like) => Some(exercise::set_up_like(dir, like)?),
        None => None,
    };
    let secret = Secret::code();
    let mut store = Store::open(dir)?;
    add_code(&mut store, &secret, None)?;
    println!("A new node, \"{name}\", is in {}.", dir.display());
    println!();
    if let Some(exercise) = new.exercise {
        println!(
            "It is for the exercise \"{exercise}\": every screen says so, and it can be enrolled with nodes of exercises only."
        );
        println!("What is done there never enters the records or figures of a real node.");
        println!();
    }
    if let Some(one) = set_up {
        println!(
            "Set up like the real one: {} stations, {} units (off duty), {} duty posts, {} capabilities and {} people, who need",
            one.stations, one.units, one.posts, one.capabilities, one.people
        );
        println!(
            "a code each for their first sign-in (watchfire code, or the page of people). It listens on {}.",
            config.http.listen
        );
        println!();
    }
    println!(
        "Its configuration is {}; every key in it is explained.",
        path.display()
    );
    println!("Start it with:  watchfire serve {}", dir.display());
    println!();
    println!(
        "Its root key, which says who the node is, is in {}. Move the file to where only two",
        root.path.display()
    );
    println!("of you can get it (a stick in a safe); the node runs without it. It opens with:");
    println!();
    println!("    {}", *passphrase);
    println!();
    println!("Write this down now: it is shown once and kept nowhere.");
    println!();
    println!("The code for the first sign-in, which works once and for a week:");
    println!();
    println!("    {}", secret.text);
    println!();
    println!("Lost it?  watchfire code {}", dir.display());
    Ok(Ended::Done)
}

/// Checks what can be checked before anything is made, and returns the configuration.
fn checked(new: &New<'_>) -> Result<Config> {
    for address in new.peer_addresses {
        if !config::is_host_and_port(address) {
            return fail(format!(
                "\"{address}\" is no host and port, such as node.example:8441"
            ));
        }
    }
    if let Some(exercise) = new.exercise
        && exercise.parse::<Line>().is_err()
    {
        return fail("an exercise has a name of one line and at most 200 characters");
    }
    match new.like {
        Some(like) => exercise::config_like(like, new.name, new.peer_addresses),
        None => Ok(Config {
            name: new.name.to_owned(),
            federation: config::Federation {
                addresses: new.peer_addresses.to_vec(),
                ..config::Federation::default()
            },
            ..Config::default()
        }),
    }
}

fn add_code(store: &mut Store, secret: &Secret, person: Option<PersonId>) -> Result<()> {
    let expires_at = Clock::Real.now().plus_s(CODE_S);
    store.add_code(&Code {
        hash: secret.hash,
        about: CodeAbout { person }.to_json(),
        expires_at,
    })?;
    Ok(())
}

pub(super) fn code(dir: &Path, login: Option<&str>) -> Result<Ended> {
    let mut desk = direct(dir)?;
    let person = match login {
        None => None,
        Some(login) => {
            use crate::desk::Desk as _;
            let line: Option<Line> = login.parse().ok();
            let found = line.and_then(|line| {
                desk.look(|board| board.person_by_login(&line).map(|person| person.id))
            });
            match found {
                Some(person) => Some(person),
                None => return fail(format!("nobody here signs in as \"{login}\"")),
            }
        }
    };
    if let Some(person) = person {
        put_down(&mut desk, person, Access::Code)?;
    }
    let mut store = desk.into_store()?;
    let secret = Secret::code();
    add_code(&mut store, &secret, person)?;
    println!("{}", secret.text);
    Ok(Ended::Done)
}

/// Puts down in the log that somebody is given a way in, by whoever holds the directory.
fn put_down(desk: &mut DirectDesk, person: PersonId, access: Access) -> Result<()> {
    use crate::desk::Desk as _;
    let action = Action::Person(PersonAction::GiveAccess { person, access });
    let key = format!("access {}", Secret::token().text);
    let done = desk.act(Clock::Real.now(), Authorized::by_the_node(action), key)?;
    match done {
        Ok(_) => Ok(()),
        Err(refusal) => fail(refusal.what().en),
    }
}

pub(super) fn token(dir: &Path, login: &str, seat: &str) -> Result<Ended> {
    let Some(seat) = Seat::parse(seat) else {
        let seats: Vec<&str> = Seat::ALL.into_iter().map(Seat::as_str).collect();
        return fail(format!(
            "there is no seat \"{seat}\"; there are {}",
            seats.join(", ")
        ));
    };
    if login.parse::<Line>().is_err() {
        return fail("a login is one line of at most 200 characters");
    }
    let mut desk = direct(dir)?;
    let enrolled = replay::enrol(&mut desk, login, login, &[seat], true, Clock::Real.now())?;
    let person = match enrolled {
        Ok(person) => person,
        Err(refusal) => return fail(refusal.what().en),
    };
    let has_seat = {
        use crate::desk::Desk as _;
        desk.look(|board| {
            board
                .people
                .get(&person)
                .is_some_and(|person| person.details.seats.contains(&seat))
        })
    };
    if !has_seat {
        return fail(format!(
            "\"{login}\" is enrolled already, but without the seat {}",
            seat.as_str()
        ));
    }
    put_down(&mut desk, person, Access::Token { seat })?;
    let mut store = desk.into_store()?;
    let secret = Secret::token();
    let created_at = Clock::Real.now();
    store.add_token(&Token {
        hash: secret.hash,
        person,
        label: login.to_owned(),
        seat,
        created_at,
    })?;
    println!("{}", secret.text);
    Ok(Ended::Done)
}

/// Opens a node's directory to act in it directly; nobody else may be running it.
pub(super) fn direct(dir: &Path) -> Result<DirectDesk> {
    let config = Config::read(dir)?;
    let response = if config.response.file.as_os_str().is_empty() {
        ResponseFile::default()
    } else {
        city::response(&config.response.file)?
    };
    let response = Arc::new(response);
    let mut store = Store::open(dir)?;
    let (engine, _) = node::load(
        &mut store,
        Clock::Real.now(),
        Arc::clone(&response),
        Entropy::new(random()),
    )?;
    Ok(DirectDesk::new(
        engine,
        store,
        Travel::new(None, watchfire_roads::StraightLine::default(), 100),
        response,
    ))
}

pub(super) fn check(args: &CheckArgs) -> Result<Ended> {
    let mut progress = Progress::new();
    let checked = watchfire_store::check(&args.dir, |at| progress.show(at.step, at.done, at.total));
    progress.end();
    match checked {
        Ok(report) => {
            if args.output.json {
                println!(
                    "{}",
                    serde_json::json!({
                        "ok": true, "node": report.node_name, "entries": report.entries, "epochs": report.epochs,
                        "records": report.records, "unknown": report.unknown, "erased": report.erased,
                        "keys_missing": report.keys_missing,
                    })
                );
                return Ok(Ended::Done);
            }
            let (entries, epochs, records) = (report.entries, report.epochs, report.records);
            println!(
                "{}: {entries} entries in {epochs} epoch(s): every signature and link verifies.",
                report.node_name
            );
            println!("{records} records folded anew are what the tables hold.");
            for (count, words) in [
                (
                    report.unknown,
                    "entries are of kinds that this version does not know: verified, kept, not folded",
                ),
                (report.erased, "entries had their personal data erased"),
                (
                    report.keys_missing,
                    "entries have personal data that could not be compared: their keys are not here",
                ),
            ] {
                if count > 0 {
                    println!("{count} {words}.");
                }
            }
            Ok(Ended::Done)
        }
        Err(error) => {
            let text = node::Chain(&error).to_string();
            if args.output.json {
                println!(
                    "{}",
                    serde_json::json!({ "ok": false, "first_difference": text })
                );
            }
            eprintln!("watchfire: {text}");
            Ok(Ended::Wrong)
        }
    }
}

pub(super) fn rebuild(args: &CheckArgs) -> Result<Ended> {
    let mut progress = Progress::new();
    let report =
        watchfire_store::rebuild(&args.dir, |at| progress.show(at.step, at.done, at.total));
    progress.end();
    let report = report?;
    if args.output.json {
        let (entries, records, lost) = (report.entries, report.records, report.lost);
        println!(
            "{}",
            serde_json::json!({ "ok": true, "entries": entries, "records": records, "lost": lost })
        );
    } else {
        println!(
            "{} records made anew from {} entries.",
            report.records, report.entries
        );
        if report.lost > 0 {
            println!(
                "{} lines of other tables (sign-ins, trails) could not be read and are lost.",
                report.lost
            );
        }
    }
    Ok(Ended::Done)
}

pub(super) fn backup(args: &BackupArgs) -> Result<Ended> {
    let keys = if args.include_keys {
        BackupKeys::Included
    } else {
        BackupKeys::LeftOut
    };
    let mut progress = Progress::new();
    let done = watchfire_store::backup(&args.dir, &args.to, keys, |at| {
        progress.show(at.step, at.done, at.total)
    });
    progress.end();
    let entries = done?.entries;
    if args.output.json {
        println!(
            "{}",
            serde_json::json!({ "to": args.to, "entries": entries, "keys": args.include_keys })
        );
        return Ok(Ended::Done);
    }
    println!(
        "{entries} entries are in {}. Check them with:  watchfire check {}",
        args.to.display(),
        args.to.display()
    );
    if args.include_keys {
        println!("The keys of records are in it: keep it apart, protected, and not for long.");
    } else {
        println!(
            "The keys of records and the node's own key are not in it: personal data in it cannot be read."
        );
    }
    println!(
        "To go on from it once the original is gone for good:  watchfire epoch {} --reason \"...\"",
        args.to.display()
    );
    Ok(Ended::Done)
}

/// What ended an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Cause {
    /// The directory was restored, copied or moved
    Restore,
    /// The key is changed, as it should be now and then
    Rotation,
    /// The key was stolen, or may have been
    Compromise,
    /// Two histories were written
    Fork,
}

impl From<Cause> for ClosingCause {
    fn from(cause: Cause) -> ClosingCause {
        match cause {
            Cause::Restore => ClosingCause::Restore,
            Cause::Rotation => ClosingCause::Rotation,
            Cause::Compromise => ClosingCause::Compromise,
            Cause::Fork => ClosingCause::Fork,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct EpochArgs {
    /// The directory
    dir: PathBuf,
    /// Why; this is kept in the feed for ever, so no personal data
    #[arg(long)]
    reason: String,
    /// What ended the epoch before
    #[arg(long, value_enum, default_value_t = Cause::Restore)]
    cause: Cause,
    /// The file with the root key; root.key in the node's directory if left out
    #[arg(long)]
    root: Option<PathBuf>,
    /// After a restore: a file that a peer wrote with `watchfire operation export`, from which what this node had said
    /// there is taken back; may be given again
    #[arg(long, value_name = "FILE")]
    tail: Vec<PathBuf>,
    /// After a restore: do not ask the peers for what this node had told them since the backup
    #[arg(long)]
    without_peers: bool,
}

pub(super) fn epoch(args: &EpochArgs) -> Result<Ended> {
    let dir = args.dir.as_path();
    let has_identity = watchfire_store::Reader::open(dir)?
        .feeds()?
        .iter()
        .any(|feed| feed.scope == watchfire_feed::Scope::Identity && feed.proves_its_node());
    // First, so that a root key that is not at hand is found out before anything has changed.
    let root = match has_identity {
        true => Some(super::identity::unlock_for(dir, args.root.as_deref())?),
        false => None,
    };
    let tail = match args.cause {
        Cause::Restore => ask_for_tail(args)?,
        Cause::Rotation | Cause::Compromise | Cause::Fork => Tail::default(),
    };
    let ending = Ending {
        reason: &args.reason,
        cause: args.cause.into(),
        root: root.as_ref(),
    };
    let (feed, report) = federation::tail::begin_epoch(dir, &ending, &tail.entries, &tail.keys)?;
    if args.cause == Cause::Restore {
        println!(
            "{} entries that this node had told after the backup are back.",
            report.written
        );
    }
    for (feed, why) in &report.ended {
        println!("Of its feed {feed} no more could be taken back: {why}");
    }
    println!(
        "{} may write again, in epoch {} of its feed.",
        dir.display(),
        feed.epoch
    );
    println!(
        "If the original comes back, it must not be started: the two would tell different stories."
    );
    Ok(Ended::Done)
}

/// Finds what this node had told its peers after the backup was made.
fn ask_for_tail(args: &EpochArgs) -> Result<Tail> {
    let dir = args.dir.as_path();
    let mut tail = Tail::default();
    if !args.without_peers {
        tail = super::play::run_async(federation::tail::fetch(dir))??;
        for node in &tail.asked {
            println!("Peer {node} was asked for what this node had told it.");
        }
        for (node, why) in &tail.unreached {
            println!("Peer {node} could not be asked: {why}");
        }
        if tail.asked.is_empty() && !tail.unreached.is_empty() && args.tail.is_empty() {
            return fail(
                "no peer could be asked for what this node had told it since the backup, and nothing was changed. Try \
                 again when one is reached; or name a file that one of them wrote with `watchfire operation export`, \
                 with --tail; or go on --without-peers: what they hold then stays with them, and counts here for nothing",
            );
        }
    }
    for file in &args.tail {
        tail.entries.extend(super::joint::read_entries(file)?);
    }
    Ok(tail)
}

pub(super) fn export(dir: &Path, file: &Path) -> Result<Ended> {
    let entries = if file == Path::new("-") {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let entries = watchfire_store::export(dir, &mut out)?;
        out.flush()?;
        entries
    } else {
        let mut out = BufWriter::new(std::fs::File::create(file)?);
        let entries = watchfire_store::export(dir, &mut out)?;
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)?
            .sync_all()?;
        entries
    };
    eprintln!("{entries} entries written");
    Ok(Ended::Done)
}
