//! A hostile member on the real line: it was enrolled and called in like any other, its certificates are good, and what
//! it answers and asks is made here. After each of its attacks two honest nodes still share within moments, nothing of
//! the attack is on a board, what was not taken is told on the peers page, and memory stays bounded.
//!
//! The table runs in a process of its own, so that no other test's memory counts. Start at [`every_attack_fails`], then
//! `cases.rs` (what it answers) and `asks.rs` (what it asks).

mod asks;
mod cases;
mod member;

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;
use watchfire_core::record::person::Seat;

use crate::house::House;
use crate::joint::{bring_in, done, enrol, joint_house, operation, peers, raise, until};
use cases::{CASES, Sees};
use member::Hostile;

/// Set in the process in which the table runs.
const ALONE: &str = "WATCHFIRE_HOSTILE_ALONE";
/// By how much the table may let memory grow.
const GROWTH_MAX_MIB: u64 = 64;
/// How soon two honest nodes share, also in the middle of an attack. A debug build beside other work takes its time.
const SHARED_WITHIN: Duration = Duration::from_secs(5);
/// What no attack may bring onto a board.
pub(crate) const MARK: &str = "HOSTILE";

#[test]
fn every_attack_fails() {
    if std::env::var_os(ALONE).is_none() {
        let program = std::env::current_exe().unwrap();
        let mut alone = std::process::Command::new(program);
        alone.args(["--exact", "hostile::every_attack_fails", "--nocapture"]);
        let done = alone.env(ALONE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}\n{told}");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(table());
}

async fn table() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let mut hostile = Hostile::join(&a, &b, &joint).await;
    let honest = Honest {
        a: &a,
        b: &b,
        joint,
    };
    honest.share("before all").await;
    let mut before_mib = 0;
    let mut names = std::collections::BTreeSet::new();
    for (number, case) in CASES.iter().enumerate() {
        assert!(names.insert(case.name), "{} is there twice", case.name);
        let seen = honest.seen(&hostile, &case.sees).await;
        let play = (case.play)(&mut hostile);
        let asked = hostile.play(play);
        let nothing_to_see = matches!(case.sees, Sees::Asked);
        until(case.name, async || match nothing_to_see {
            true => hostile.was_asked(asked),
            false => honest.seen(&hostile, &case.sees).await > seen,
        })
        .await;
        honest.share(case.name).await;
        hostile.calm();
        honest.is_unharmed(&hostile, case.name).await;
        // What is made once at the first need does not count as growth.
        if number == 4 {
            before_mib = resident_mib();
        }
    }
    for ask in asks::ASKS {
        assert!(names.insert(ask.name), "{} is there twice", ask.name);
        (ask.ask)(&hostile, &a).await;
        honest.share(ask.name).await;
        honest.is_unharmed(&hostile, ask.name).await;
    }
    let grown_mib = resident_mib().saturating_sub(before_mib);
    assert!(names.len() >= 40, "{} attacks", names.len());
    let grown = format!("memory grew by {grown_mib} MiB from {before_mib} MiB");
    assert!(grown_mib <= GROWTH_MAX_MIB, "{grown}");
    let told = writeln!(std::io::stderr(), "{} attacks; {grown}", names.len());
    told.unwrap();
}

/// Two honest nodes and what they do together.
struct Honest<'a> {
    a: &'a House,
    b: &'a House,
    joint: String,
}

impl Honest<'_> {
    /// Sees that each of the two still hears the other.
    async fn share(&self, what: &str) {
        for (from, to) in [(self.a, self.b), (self.b, self.a)] {
            let text = format!("all is well: {what}, {}", from.node.feed().node);
            let said = Instant::now();
            done(from, &self.joint, json!({ "do": "say", "text": text })).await;
            until(what, async || {
                let shown = operation(to, &self.joint).await;
                shown.json["log"].to_string().contains(&text)
            })
            .await;
            let took = said.elapsed();
            assert!(took < SHARED_WITHIN, "{what}: it took {took:?}");
        }
    }

    /// Returns how often something was noticed of the hostile one, as the peers page tells it.
    async fn seen(&self, hostile: &Hostile, sees: &Sees) -> u64 {
        let shown = peers(self.a).await;
        let all = shown.json["peers"].as_array().cloned().unwrap_or_default();
        let id = hostile.id();
        let peer = all.iter().find(|peer| peer["node"] == id.as_str()).cloned();
        let peer = peer.unwrap_or_default();
        match sees {
            Sees::Asked => 0,
            Sees::Forked => u64::from(peer["forked"] == true),
            Sees::Trouble(words) => {
                let trouble = peer["line"]["trouble"].as_str().unwrap_or_default();
                u64::from(trouble.contains(words))
            }
            Sees::Refused(words) => {
                let refused = peer["refused"].as_array().cloned().unwrap_or_default();
                let with = refused
                    .iter()
                    .filter(|one| one["why"].as_str().unwrap_or_default().contains(words));
                with.filter_map(|one| one["times"].as_u64()).sum()
            }
        }
    }

    /// Sees that nothing of an attack is anywhere that people look, and that the hostile one's line is as any other.
    async fn is_unharmed(&self, hostile: &Hostile, what: &str) {
        let id = hostile.id();
        until(what, async || {
            let shown = peers(self.a).await;
            let all = shown.json["peers"].as_array().cloned().unwrap_or_default();
            all.iter()
                .any(|peer| peer["node"] == id.as_str() && peer["line"]["state"] == "up")
        })
        .await;
        for house in [self.a, self.b] {
            for path in ["/operations", "/board", "/incidents", "/units"] {
                let shown = house.ask(Seat::Dispatcher, "GET", path, json!({})).await;
                let text = shown.json.to_string();
                assert!(!text.contains(MARK), "{what}: {path} has it: {text}");
            }
            assert_eq!(
                house.node.health(),
                watchfire::node::Health::Ready,
                "{what}"
            );
        }
    }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    kib.map_or(0, |kib| kib.trim().parse::<u64>().unwrap_or(0) / 1_024)
}
