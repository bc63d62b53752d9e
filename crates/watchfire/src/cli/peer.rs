//! The commands about peers, on a running node: see how the lines are, invite, accept, compare, shut out.
//!
//! `invite` and `accept` wait until both sides show a code, and ask whoever sits here whether the other agency reads
//! out the same one. Nothing is enrolled before people on both sides have said yes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::{Caller, Running};
use super::{Ended, Output, Result, fail};

/// How often it is looked whether the other side has come further.
const LOOK: Duration = Duration::from_secs(1);
/// How long `invite` and `accept` wait for the other side.
const WAIT: Duration = Duration::from_secs(3_600);

#[derive(Debug, Subcommand)]
pub(super) enum Peer {
    /// List the peers and how the line to each is
    List {
        #[command(flatten)]
        running: Running,
        #[command(flatten)]
        output: Output,
    },
    /// Invite another node: prints the invitation, then waits to compare
    Invite {
        #[command(flatten)]
        running: Running,
        /// Print the invitation and do not wait
        #[arg(long)]
        no_wait: bool,
    },
    /// Accept an invitation, then wait to compare
    Accept {
        /// What the other agency gave
        invitation: String,
        #[command(flatten)]
        running: Running,
        /// Do not wait
        #[arg(long)]
        no_wait: bool,
    },
    /// Say that the other agency reads out this very code
    Confirm {
        /// The code, twelve digits, with spaces or without
        #[arg(required = true)]
        code: Vec<String>,
        #[command(flatten)]
        running: Running,
    },
    /// Take nothing more from a peer and give it nothing more, at once
    ShutOut(ShutOut),
    /// Deal with a peer again
    LetIn {
        /// The beginning of its node id, or its name
        peer: String,
        #[command(flatten)]
        running: Running,
    },
}

#[derive(Debug, Args)]
pub(super) struct ShutOut {
    /// The beginning of its node id, or its name
    peer: String,
    /// Why; this is kept
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    running: Running,
}

pub(super) fn run(what: &Peer) -> Result<Ended> {
    match what {
        Peer::List { running, output } => list(&Caller::new(running)?, *output),
        Peer::Invite { running, no_wait } => invite(&Caller::new(running)?, *no_wait),
        Peer::Accept {
            invitation,
            running,
            no_wait,
        } => accept(&Caller::new(running)?, invitation, *no_wait),
        Peer::Confirm { code, running } => confirm(&Caller::new(running)?, &code.concat()),
        Peer::ShutOut(args) => {
            let step = json!({ "do": "shut_out", "reason": args.reason });
            decide(&Caller::new(&args.running)?, &args.peer, &step)
        }
        Peer::LetIn { peer, running } => {
            decide(&Caller::new(running)?, peer, &json!({ "do": "let_in" }))
        }
    }
}

fn list(caller: &Caller, output: Output) -> Result<Ended> {
    let shown = caller.get("/api/v1/peers")?;
    if output.json {
        println!("{shown:#}");
        return Ok(Ended::Done);
    }
    println!("this node  {}", text(&shown["node"]));
    let listening = text(&shown["listening"]);
    println!(
        "answers    {}",
        if listening.is_empty() {
            "nobody (federation.listen is not set)"
        } else {
            listening
        }
    );
    let peers = shown["peers"].as_array().cloned().unwrap_or_default();
    if peers.is_empty() {
        println!("no peers yet: `watchfire peer invite` begins");
    }
    for peer in peers {
        let line = &peer["line"];
        let since = text(&line["since"]);
        println!(
            "{:<20} {:.16}  {} since {since}  they lack {}  we lack {}",
            text(&peer["name"]),
            text(&peer["node"]),
            text(&line["state"]),
            peer["they_lack"],
            peer["we_lack"],
        );
        if let Some(out) = peer["shut_out"].as_object() {
            println!("    shut out: {}", out.get("reason").map_or("", text));
        }
        if let Some(trouble) = line["trouble"].as_str() {
            println!("    {trouble}");
        }
    }
    Ok(Ended::Done)
}

fn invite(caller: &Caller, no_wait: bool) -> Result<Ended> {
    let invited = caller.post("/api/v1/peers/invitations", &json!({}))?;
    println!(
        "Give this to the other agency (until {}):",
        text(&invited["expires_at"])
    );
    println!();
    println!("    {}", text(&invited["text"]));
    println!();
    if no_wait {
        println!("When they have accepted, compare: `watchfire peer confirm CODE`.");
        return Ok(Ended::Done);
    }
    compare(caller, text(&invited["id"]))
}

fn accept(caller: &Caller, invitation: &str, no_wait: bool) -> Result<Ended> {
    let before = enrolments(&caller.get("/api/v1/peers")?);
    let shown = caller.post("/api/v1/peers/enrolments", &json!({ "text": invitation }))?;
    let known = |one: &Value| before.iter().any(|old| old["id"] == one["id"]);
    let new = enrolments(&shown).into_iter().find(|one| !known(one));
    let Some(new) = new else {
        return fail("this invitation was accepted here before; see `watchfire peer list`");
    };
    if no_wait {
        println!("Accepted. Compare with the other agency, then `watchfire peer confirm CODE`.");
        return Ok(Ended::Done);
    }
    compare(caller, text(&new["id"]))
}

/// Waits until there is a code, asks whether it is the same there, and waits for the other side's word.
fn compare(caller: &Caller, id: &str) -> Result<Ended> {
    eprintln!("Waiting for the other side (Ctrl-C ends the waiting, not the invitation) ...");
    let began = Instant::now();
    let mut asked = false;
    while began.elapsed() < WAIT {
        let all = enrolments(&caller.get("/api/v1/peers")?);
        let Some(now) = all.iter().find(|one| one["id"] == id) else {
            return fail("the enrolment is no longer there; was the node started again?");
        };
        match text(&now["state"]) {
            "comparing" | "confirmed_there" if !asked => {
                asked = true;
                ask_whether(caller, id, now)?;
            }
            "enrolled" => {
                println!(
                    "Enrolled: {} ({:.16}).",
                    text(&now["name"]),
                    text(&now["node"])
                );
                return Ok(Ended::Done);
            }
            "failed" => return fail(text(&now["why"]).to_owned()),
            _ => {}
        }
        std::thread::sleep(LOOK);
    }
    fail("nobody came within an hour; begin again")
}

fn ask_whether(caller: &Caller, id: &str, now: &Value) -> Result<()> {
    println!();
    println!(
        "Telephone {} and read this to each other:",
        text(&now["name"])
    );
    println!();
    println!("    {}", text(&now["code"]));
    println!();
    if !std::io::stdin().is_terminal() {
        println!("If it is the same there: `watchfire peer confirm CODE`.");
        return Ok(());
    }
    print!("Do they see the very same code? Type yes or no: ");
    std::io::stdout().flush()?;
    let mut word = String::new();
    std::io::stdin().lock().read_line(&mut word)?;
    let step = match word.trim() {
        "yes" | "y" | "是" => json!({ "do": "confirm", "code": now["code"] }),
        _ => json!({ "do": "refuse" }),
    };
    caller.post(&format!("/api/v1/peers/enrolments/{id}"), &step)?;
    Ok(())
}

fn confirm(caller: &Caller, code: &str) -> Result<Ended> {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let all = enrolments(&caller.get("/api/v1/peers")?);
    let Some(found) = all
        .iter()
        .find(|one| digits(text(&one["code"])) == digits(code))
    else {
        return fail("no enrolment here shows that code; look again, or begin anew");
    };
    let path = format!("/api/v1/peers/enrolments/{}", text(&found["id"]));
    caller.post(&path, &json!({ "do": "confirm", "code": code }))?;
    println!("Confirmed here. They become peers when the other side has confirmed, too.");
    Ok(Ended::Done)
}

fn decide(caller: &Caller, peer: &str, step: &Value) -> Result<Ended> {
    let shown = caller.get("/api/v1/peers")?;
    let peers = shown["peers"].as_array().cloned().unwrap_or_default();
    let is = |one: &&Value| {
        text(&one["name"]) == peer || (peer.len() >= 4 && text(&one["node"]).starts_with(peer))
    };
    let mut found = peers.iter().filter(|one| one["id"].is_string()).filter(is);
    let (Some(one), None) = (found.next(), found.next()) else {
        return fail(format!(
            "\"{peer}\" names no peer, or more than one; see `watchfire peer list`"
        ));
    };
    caller.post(&format!("/api/v1/peers/{}/steps", text(&one["id"])), step)?;
    println!("{}: done.", text(&one["name"]));
    Ok(Ended::Done)
}

fn enrolments(shown: &Value) -> Vec<Value> {
    shown["enrolments"].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
