//! A hostile member on the real line: it was enrolled and called in like any other, its certificates are good, and what
//! it answers and asks is made here. After each of its attacks two honest nodes still share within moments, nothing of
//! the attack is on a board, what was not taken is told on the peers page, and memory stays bounded.
//!
//! The table runs in a process of its own, so that no other test's memory counts. Start at [`every_attack_fails`], then
//! `cases.rs` (entries that it answers with), `answers.rs` (what it answers besides), `told.rs` (what it may say, and
//! must not hurt by) and `asks.rs` (what it asks).

mod answers;
mod asks;
mod cases;
mod member;
mod rough;
mod told;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::link::PeerClient;
use watchfire::node::Health;
use watchfire_core::basis::OperationId;
use watchfire_core::record::RecordRef;
use watchfire_core::record::person::Seat;
use watchfire_feed::{Entry, Feed, Scope, Vector};

use crate::house::House;
use crate::joint::{bring_in, done, enrol, joint_house, operation, peers, raise};
use answers::{ANSWERS, LARGE};
use asks::ASKS;
use cases::{CASES, Case, Sees};
use member::{Hostile, Play};
use told::TOLD;

/// Set in the process in which the table runs.
const ALONE: &str = "WATCHFIRE_HOSTILE_ALONE";
/// By how much the table may let memory grow: much less than what it is sent, and than what that says it unpacks to.
const GROWTH_MAX_MIB: u64 = 128;
/// By how much memory may grow when the large attacks come once more: what they took is used again.
const AGAIN_MAX_MIB: u64 = 32;
/// How soon two honest nodes share, also in the middle of an attack. A debug build beside other work takes its time.
const SHARED_WITHIN: Duration = Duration::from_secs(5);
/// How long anything may take that must come about.
const SOON: Duration = Duration::from_secs(20);
/// How long the table may take, so that its process ends in any case. On two free cores it is half a minute.
const LONGEST: Duration = Duration::from_secs(240);
/// What the honest incident says, which no attack may take away.
const TEXT: &str = "the parcel is 42";
/// What no attack may bring onto a board.
pub(crate) const MARK: &str = "HOSTILE";

#[test]
fn every_attack_fails() {
    if std::env::var_os(ALONE).is_none() {
        let program = std::env::current_exe().unwrap();
        let mut alone = std::process::Command::new(program);
        alone.args(["--exact", "hostile::every_attack_fails", "--nocapture"]);
        // What is free is given back at once, so that what is counted is what is held.
        alone.envs([
            ("MALLOC_ARENA_MAX", "2"),
            ("MALLOC_MMAP_THRESHOLD_", "65536"),
            ("MALLOC_TRIM_THRESHOLD_", "131072"),
        ]);
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
    let ended = runtime.block_on(async { tokio::time::timeout(LONGEST, table()).await });
    ended.expect("it ends in time");
}

async fn table() {
    let (a, b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let (_, incident) = a.incident().await;
    let path = format!("/incidents/{incident}/notes");
    a.ask(Seat::Dispatcher, "POST", &path, json!({ "text": TEXT }))
        .await;
    let share = json!({ "do": "share", "record": format!("incident:{incident}") });
    done(&a, &joint, share).await;
    let mut hostile = Hostile::join(&a, &b, &joint).await;
    let mut honest = Honest {
        a: &a,
        b: &b,
        joint,
        names: BTreeSet::new(),
    };
    honest.share("before all").await;
    honest.sees_what_is_good(&mut hostile).await;
    let mut before_mib = 0;
    for (number, case) in CASES.iter().chain(ANSWERS).enumerate() {
        honest.begins(case.name);
        honest.withstands(case, &mut hostile).await;
        // What is made once at the first need does not count as growth.
        if number == 4 {
            before_mib = resident_mib();
        }
    }
    for ask in ASKS {
        honest.begins(ask.name);
        (ask.ask)(&hostile, &a).await;
        honest.share(ask.name).await;
        hostile.hold(Vec::new());
        honest.is_unharmed(&hostile, ask.name).await;
    }
    for case in TOLD.iter().chain(LARGE) {
        honest.begins(case.name);
        honest.withstands(case, &mut hostile).await;
    }
    let once_mib = resident_mib();
    for case in LARGE {
        honest.withstands(case, &mut hostile).await;
    }
    let again_mib = resident_mib().saturating_sub(once_mib);
    honest.removes(&hostile).await;
    honest.shuts_out(&hostile).await;
    let grown_mib = resident_mib().saturating_sub(before_mib);
    let count = honest.names.len();
    assert!(count >= 40, "{count} attacks");
    let grown = format!(
        "memory grew by {grown_mib} MiB from {before_mib} MiB, of that {again_mib} MiB when the large came again"
    );
    assert!(grown_mib <= GROWTH_MAX_MIB, "{grown}");
    assert!(again_mib <= AGAIN_MAX_MIB, "{grown}");
    let told = writeln!(std::io::stderr(), "{count} attacks; {grown}");
    told.unwrap();
    for house in [&a, &b] {
        let dir = house.dir.path().join("node");
        let checked = tokio::task::spawn_blocking(move || watchfire_store::check(&dir, |_| ()));
        checked.await.unwrap().unwrap();
    }
}

/// Waits for something in small steps.
async fn soon(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < SOON, "{what}: it never came about");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two honest nodes and what they do together.
struct Honest<'a> {
    a: &'a House,
    b: &'a House,
    joint: String,
    /// The attacks so far.
    names: BTreeSet<&'static str>,
}

impl Honest<'_> {
    fn begins(&mut self, name: &'static str) {
        assert!(self.names.insert(name), "{name} is there twice");
    }

    /// Sees that what is told as it should be would be shown: else that nothing is shown of the rest says nothing.
    async fn sees_what_is_good(&self, hostile: &mut Hostile) {
        let (operation, good) = hostile.raises_with("a good objective");
        hostile.play(cases::feed(good));
        soon("something good", async || {
            let shown = operation_page(self.a, &operation.to_string()).await;
            shown.contains("a good objective")
        })
        .await;
        self.is_calm_again(hostile, "something good").await;
    }

    /// Goes through one attack that is an answer.
    async fn withstands(&mut self, case: &Case, hostile: &mut Hostile) {
        let what = case.name;
        let seen = self.seen(hostile, &case.sees).await;
        let mark = hostile.mark();
        let play = (case.play)(hostile);
        hostile.play(play);
        if matches!(case.sees, Sees::Shows(_, _)) {
            // It is told of news, and answers.
            self.share(what).await;
        }
        soon(what, async || match case.sees {
            Sees::Asked => hostile.was_heard(&mark, self.a),
            Sees::Stuck => hostile.was_asked(&mark),
            Sees::Held => hostile.was_heard(&mark, self.a) && hostile.is_held_by(self.a),
            Sees::Refused(_)
            | Sees::Trouble(_)
            | Sees::Forked
            | Sees::Newer
            | Sees::Shows(_, _) => self.seen(hostile, &case.sees).await > seen,
        })
        .await;
        self.share(what).await;
        self.is_calm_again(hostile, what).await;
        self.is_unharmed(hostile, what).await;
    }

    /// Waits until the hostile one is to both as any other.
    async fn is_calm_again(&self, hostile: &Hostile, what: &str) {
        hostile.calm();
        for house in [self.a, self.b] {
            soon(&format!("after {what}"), async || {
                if hostile.is_calm_to(house) {
                    return true;
                }
                hostile.knock(house).await;
                hostile.is_calm_to(house)
            })
            .await;
        }
    }

    /// Sees that each of the two still hears the other.
    async fn share(&self, what: &str) {
        for (from, to) in [(self.a, self.b), (self.b, self.a)] {
            let text = format!("all is well: {what}, {}", from.node.feed().node);
            let said = Instant::now();
            done(from, &self.joint, json!({ "do": "say", "text": text })).await;
            let node = from.node.feed().node;
            let last = |house: &House| {
                let board = house.node.board();
                let heads = board.copies.heads_in(self.joint.parse().unwrap(), &node);
                heads.first().map(|head| head.seq)
            };
            let told = last(from);
            soon(what, async || last(to) >= told).await;
            let shown = operation_page(to, &self.joint).await;
            assert!(shown.contains(&text), "{what}: {shown}");
            let took = said.elapsed();
            assert!(took < SHARED_WITHIN, "{what}: it took {took:?}");
        }
    }

    /// Returns what the peers page tells of the hostile one.
    async fn peer(&self, hostile: &Hostile) -> Value {
        let shown = peers(self.a).await;
        let all = shown.json["peers"].as_array().cloned().unwrap_or_default();
        let id = hostile.id();
        let peer = all.into_iter().find(|peer| peer["node"] == id.as_str());
        peer.expect("the hostile one is on the peers page")
    }

    /// Returns how often something was noticed of the hostile one.
    async fn seen(&self, hostile: &Hostile, sees: &Sees) -> usize {
        let peer = self.peer(hostile).await;
        match sees {
            Sees::Asked | Sees::Stuck | Sees::Held => 0,
            Sees::Forked => usize::from(peer["forked"] == true),
            Sees::Newer => {
                let board = self.a.node.board();
                let newer = board.copies.newer.iter();
                newer
                    .filter(|(node, _)| *node == hostile.by_hand.node)
                    .count()
            }
            Sees::Shows(path, words) => {
                let shown = peer.pointer(path).unwrap_or(&Value::Null).to_string();
                usize::from(shown.trim_matches('"').starts_with(words))
            }
            Sees::Trouble(words) => {
                let trouble = peer["line"]["trouble"].as_str().unwrap_or_default();
                usize::from(trouble.contains(words))
            }
            Sees::Refused(words) => {
                let refused = peer["refused"].as_array().cloned().unwrap_or_default();
                let with = refused
                    .iter()
                    .filter(|one| one["why"].as_str().unwrap_or_default().contains(words));
                let times = with.filter_map(|one| one["times"].as_u64()).sum::<u64>();
                usize::try_from(times).unwrap()
            }
        }
    }

    /// Sees that nothing of an attack is anywhere that people look, that what is honest is as it was, and that the
    /// hostile one's line is as any other.
    async fn is_unharmed(&self, hostile: &Hostile, what: &str) {
        soon(what, async || {
            self.peer(hostile).await["line"]["state"] == "up"
        })
        .await;
        let joint: OperationId = self.joint.parse().unwrap();
        let joint_path = format!("/operations/{joint}");
        let now_ms = u64::try_from(member::now().0).unwrap();
        for house in [self.a, self.b] {
            for path in [
                &joint_path,
                "/operations",
                "/board",
                "/incidents",
                "/units",
                "/peers",
            ] {
                let seat = match path {
                    "/peers" => Seat::DutyOfficer,
                    _ => Seat::Dispatcher,
                };
                let shown = house.ask(seat, "GET", path, json!({})).await;
                assert_eq!(shown.status, StatusCode::OK, "{what}: {path}");
                let text = shown.json.to_string();
                assert!(!text.contains(MARK), "{what}: {path} has it: {text}");
                let honest = path != joint_path || text.contains(TEXT);
                assert!(honest, "{what}: the text of the incident is gone: {text}");
            }
            assert_eq!(house.node.health(), Health::Ready, "{what}");
            // What is in memory is shown without its key, until the next start.
            let key = hostile.shared_key();
            let held = house.node.read_store(|reader| reader.keys(&[key]));
            assert_eq!(held.unwrap().len(), 1, "{what}: the key of the incident");
            let board = house.node.board();
            let lead = board.operation_anywhere(joint).unwrap().lead;
            assert_eq!(lead, self.a.node.feed().node, "{what}: who leads");
            for other in [self.a, self.b] {
                let node = other.node.feed().node;
                assert!(board.is_member(joint, &node), "{what}: {node} is a member");
                let feeds = board.copies.feeds.values();
                for held in feeds.filter(|held| held.feed.node == node) {
                    assert!(!held.forked, "{what}: {node} has not forked");
                    let ahead_ms = held.time.ms().saturating_sub(now_ms);
                    assert!(ahead_ms < 60_000, "{what}: the clock of {node} was moved");
                }
            }
        }
    }

    /// Removes the hostile one from the operation, which goes on in it.
    async fn removes(&mut self, hostile: &Hostile) {
        let what = "being removed, and going on";
        self.begins(what);
        let remove = json!({ "do": "remove", "node": hostile.id(), "reason": "hostile" });
        done(self.a, &self.joint, remove).await;
        let quarantined = Sees::Refused("was removed");
        let seen = self.seen(hostile, &quarantined).await;
        let record = RecordRef::parse(&format!("message:{}", "5".repeat(32))).unwrap();
        let what_is = json!({ "is": "log" });
        let sent = json!({ "event": "sent", "operation": hostile.joint, "what": what_is });
        hostile.tells(record, &sent, |_, _| ());
        soon(what, async || self.seen(hostile, &quarantined).await > seen).await;
        assert!(!hostile.is_held_by(self.a), "{what}");
        self.share(what).await;
        let client = hostile.calls(self.a, 1);
        for entry in hostile.theirs.iter().filter(|entry| entry.header.seq == 1) {
            let feed = Feed::from_opening(entry).unwrap();
            let path = format!("/federation/v1/feeds/{}?from=1&to=900", feed.id());
            let given = client.get(&path).await;
            match feed.scope {
                Scope::Operation(_) => assert!(given.is_err(), "{what}: {feed:?}"),
                Scope::Command(_) => {
                    let (last, _) = last_of(&given.unwrap());
                    assert_eq!(last, "operation.removed", "{what}: it learns of it");
                }
                Scope::Identity | Scope::Local => {}
            }
        }
        let (record, _) = hostile.shared();
        let key = hex::encode(hostile.shared_key());
        let asked = json!([{ "key": key, "node": hostile.lead, "record": record }]).to_string();
        let given = client.post("/federation/v1/keys", asked.into_bytes()).await;
        assert_eq!(given.unwrap(), b"[]", "{what}");
        self.is_unharmed(hostile, what).await;
    }

    /// Shuts the hostile one out, which goes on asking and answering.
    async fn shuts_out(&mut self, hostile: &Hostile) {
        let what = "being shut out, and going on";
        self.begins(what);
        let id = self.peer(hostile).await["id"].as_str().unwrap().to_owned();
        let path = format!("/peers/{id}/steps");
        let out = json!({ "do": "shut_out", "reason": "hostile" });
        let old = hostile.calls(self.a, 1);
        let ask = async |client: &PeerClient| {
            let path = "/federation/v1/vector?wait_ms=0";
            client.post(path, Vector::new().encode()).await
        };
        ask(&old).await.unwrap();
        let said = self.a.ask(Seat::Administrator, "POST", &path, out).await;
        assert_eq!(said.status, StatusCode::OK, "{said:?}");
        let fresh = hostile.calls(self.a, 1);
        soon(what, async || {
            ask(&old).await.is_err() && ask(&fresh).await.is_err()
        })
        .await;
        let mark = hostile.mark();
        hostile.play(Play::default());
        self.share(what).await;
        assert!(
            !hostile.was_heard(&mark, self.a),
            "{what}: it is asked no more"
        );
        let peer = self.peer(hostile).await;
        assert!(peer["shut_out"]["at"].is_string(), "{what}: {peer}");
        assert_eq!(self.a.node.health(), Health::Ready, "{what}");
    }
}

/// Returns the kind and the place of the last entry in an answer.
fn last_of(mut frames: &[u8]) -> (String, u64) {
    let mut last = (String::new(), 0);
    while !frames.is_empty() {
        let (entry, length) = Entry::decode(frames).unwrap();
        last = (entry.header.kind, entry.header.seq);
        frames = &frames[length..];
    }
    last
}

async fn operation_page(house: &House, id: &str) -> String {
    operation(house, id).await.json.to_string()
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    kib.map_or(0, |kib| kib.trim().parse::<u64>().unwrap_or(0) / 1_024)
}
