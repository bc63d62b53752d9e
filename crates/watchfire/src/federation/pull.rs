//! Fetching from one peer what this node may read and lacks, for as long as the node runs.
//!
//! Each round says how far this node holds what the peer may read (so that the peer knows what arrived), hears how far
//! the peer holds what we may read, and fetches the difference in ranges. What the engine does not take is noted with
//! its reason; what can never be taken is not fetched again. A peer that does not answer is tried again, soon at first
//! and then every few seconds. Start at [`follow`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use watchfire_core::board::Board;
use watchfire_core::engine::WhyNotTaken;
use watchfire_core::record::Elsewhere;
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, FeedId, Hash, NodeId, Range, Vector, plan};

use super::doors::{self, Greeting, KeyAsked, KeyGiven, WAIT_MS_MAX};
use super::keys::Asking;
use super::links::{Link, Said};
use super::pace::Bucket;
use crate::clock::Clock;
use crate::link::{Line, LinkError, PeerClient};
use crate::node::{LateKey, Node};

/// Entries handed to the engine at once.
const PARCEL_ENTRIES: usize = watchfire_core::limits::TAKEN_ENTRIES_MAX;
/// Longest pause between two tries to reach a peer.
const PAUSE_MAX: Duration = Duration::from_secs(4);
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// How long the answer to a question for news may take beyond its waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest that a question waits for news; shorter than a cut line is noticed.
const WAIT_MS: u64 = 8_000;

/// Requests to one peer each second, and at once, that may lead to nothing; what leads to something is not counted.
const FRUITLESS_PER_S: u32 = 50;
const FRUITLESS_AT_ONCE: u32 = 500;
/// Feeds of one peer that are remembered not to be worth asking for.
const NEVER_MAX: usize = 20_000;
/// Reasons for which entries of one peer were not taken that are counted apart.
const REASONS_MAX: usize = 64;

/// How long news is gathered before a peer is told how far its own feeds are held here. Whoever took something from it
/// asks it for more in that time, and says so along with that.
const GATHER: Duration = Duration::from_millis(20);
/// How long before it is told how far others' feeds are held here, which matters less.
const GATHER_OTHERS: Duration = Duration::from_secs(2);

/// Follows one node until the task is stopped: hears its news, and tells it ours.
pub async fn follow(node: Node, line: Line, partner: NodeId, addresses: Vec<String>) {
    let mut follower = Follower {
        client: PeerClient::new(line, partner, &addresses),
        node,
        partner,
        after: None,
        theirs: Vector::new(),
        never: BTreeMap::new(),
        asking: Asking::default(),
        fruitless: Bucket::new(FRUITLESS_PER_S, FRUITLESS_AT_ONCE, Instant::now()),
    };
    let mut pause = PAUSE_MIN;
    loop {
        // At once on the first try, so that what is known of the line is known soon.
        let wait_ms = if follower.after.is_some() {
            WAIT_MS.min(WAIT_MS_MAX)
        } else {
            0
        };
        match follower.round(wait_ms).await {
            Ok(()) => pause = PAUSE_MIN,
            Err(error) => {
                // People are shown it beside the node's own times.
                let now = follower.node.now();
                let trouble = error.to_string();
                if follower
                    .node
                    .federation()
                    .links()
                    .down(partner, now, trouble.clone())
                {
                    tracing::warn!(%partner, trouble, "a node cannot be reached");
                    follower.node.tell_line();
                }
                follower.after = None;
                follower.wait(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Tells one node how far things are held here, if that is not said to it by asking it: so it knows what arrived, and on
/// whose screen. Whether it is reached is [`follow`]'s to find out.
pub async fn tell(node: Node, line: Line, partner: NodeId, addresses: Vec<String>) {
    let client = PeerClient::new(line, partner, &addresses);
    let mut news = node.joint_news();
    let mut pause = PAUSE_MIN;
    while news.changed().await.is_ok() {
        tokio::time::sleep(GATHER).await;
        let links = node.federation().links();
        while let Some(rest) = rest(links.said(&partner), &node, &partner) {
            if let Ok(Ok(())) = tokio::time::timeout(rest, news.changed()).await {
                tokio::time::sleep(GATHER).await;
            }
        }
        let said = links.said(&partner).map(|said| said.digest);
        let (ours, said_now) = to_say(&node, &partner);
        if said == Some(said_now.digest) {
            continue;
        }
        let path = vector_path(0, Some(links.digest_of(&partner)), None);
        let asked = Instant::now();
        if let Ok(answer) = client.post(&path, ours.encode()).await
            && let Some((greeting, theirs)) = doors::read_answer(&answer)
        {
            pause = PAUSE_MIN;
            links.change(partner, |link| {
                link.said = Some(said_now);
                note_clock(link, &greeting, Some(asked.elapsed()));
                if let Some(theirs) = theirs {
                    link.theirs = theirs;
                }
            });
            node.tell_seen();
        } else {
            // It may have heard half; what comes next says it again.
            links.change(partner, |link| link.said = None);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            news.mark_changed();
        }
    }
}

/// Returns how long it may wait until a partner is told how far things are held here; nothing if it is told now.
fn rest(said: Option<Said>, node: &Node, partner: &NodeId) -> Option<Duration> {
    let said = said?;
    let due = GATHER_OTHERS.saturating_sub(said.at.elapsed());
    let waits = !due.is_zero() && said.of_partner == held_of(node, partner);
    waits.then_some(due)
}

/// Returns how far a node's own feeds are held here.
fn held_of(node: &Node, of: &NodeId) -> Vector {
    let board = node.board();
    let mut held = Vector::new();
    let feeds = board.copies.feeds.values();
    for followed in feeds.filter(|followed| followed.feed.node == *of) {
        // More than a vector holds are not told either.
        let _ = held.insert(followed.head);
    }
    held
}

/// Returns how far things are held here that a partner may read, and what is noted once that is said to it.
fn to_say(node: &Node, partner: &NodeId) -> (Vector, Said) {
    // What is taken between the two is said at least once more.
    let of_partner = held_of(node, partner);
    let ours = doors::vector_for(node, partner);
    let said = Said {
        at: Instant::now(),
        digest: ours.digest(),
        of_partner,
    };
    (ours, said)
}

/// Returns what is asked: after which answer there is news, and whether ours is said again by its digest alone.
fn vector_path(wait_ms: u64, after: Option<Hash>, again: Option<Hash>) -> String {
    let named = |name, digest: Option<Hash>| digest.map(|digest| format!("&{name}={digest}"));
    let after = named("after", after).unwrap_or_default();
    let again = named("again", again).unwrap_or_default();
    format!("/federation/v1/vector?wait_ms={wait_ms}{after}{again}")
}

/// Half of the way there and back is the best guess of how long ago the answer was given. `took` is not known of an
/// answer that waited; then the last way is taken for this one.
fn note_clock(link: &mut Link, greeting: &Greeting, took: Option<Duration>) {
    if let Some(took) = took {
        link.round_trip_ms = u64::try_from(took.as_millis()).ok();
    }
    let Some(round_trip_ms) = link.round_trip_ms else {
        return;
    };
    let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(0);
    // What it says may be anything.
    let ahead_ms = greeting
        .now_ms
        .saturating_sub(Clock::Real.now().0 - half_ms);
    link.clock_ahead_ms = Some(ahead_ms);
}

struct Follower {
    node: Node,
    client: PeerClient,
    partner: NodeId,
    /// The digest of what it last said it holds.
    after: Option<Hash>,
    /// What that was.
    theirs: Vector,
    /// Feeds of which an entry can never be taken, and which, as long as its node says nothing more of itself.
    never: BTreeMap<FeedId, (u64, u64)>,
    /// When it was asked for which missing keys.
    asking: Asking,
    /// What may be asked of it in vain.
    fruitless: Bucket,
}

impl Follower {
    /// Waits before the next try, but not when the partner asks for something: then it can be reached again.
    async fn wait(&self, pause: Duration) {
        let began = Instant::now();
        let end = tokio::time::Instant::now() + pause;
        let mut seen = self.node.seen_news();
        let links = self.node.federation().links();
        while !links.has_asked_since(&self.partner, began) {
            if tokio::time::timeout_at(end, seen.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn round(&mut self, wait_ms: u64) -> Result<(), LinkError> {
        self.spend().await;
        let asked = Instant::now();
        let answer = self.ask(wait_ms).await?;
        let Some((greeting, theirs)) = doors::read_answer(&answer) else {
            return Err(self.client.unreadable("its answer is no vector"));
        };
        let new = theirs.is_some();
        let theirs = match theirs {
            Some(theirs) => theirs,
            None if self.after.is_some() => std::mem::take(&mut self.theirs),
            None => return Err(self.client.unreadable("its answer has no vector")),
        };
        let now = self.node.now();
        let back = self
            .node
            .federation()
            .links()
            .up(self.partner, now, |link| {
                let took = (wait_ms == 0).then(|| asked.elapsed());
                note_clock(link, &greeting, took);
                link.version = Some(greeting.version);
                if new {
                    link.theirs = theirs.clone();
                }
            });
        if back {
            tracing::info!(partner = %self.partner, "a node is reached");
            self.node.tell_line();
        }
        self.after = Some(theirs.digest());
        let fetched = self.fetch(&theirs).await;
        self.theirs = theirs;
        fetched?;
        self.fetch_late_keys().await
    }

    /// Asks how far the partner holds things, and says how far this node does: by the digest alone, if the partner has
    /// heard it before.
    async fn ask(&mut self, wait_ms: u64) -> Result<Vec<u8>, LinkError> {
        let links = self.node.federation().links();
        let heard = links.said(&self.partner).map(|said| said.digest);
        let (ours, said) = to_say(&self.node, &self.partner);
        let digest = said.digest;
        // It hears this long before it answers.
        links.change(self.partner, |link| link.said = Some(said));
        let within = Duration::from_millis(wait_ms) + PATIENCE;
        if heard == Some(digest) {
            let path = vector_path(wait_ms, self.after, Some(digest));
            match self.client.post_within(&path, Vec::new(), within).await {
                // It has begun anew, or has heard something else since.
                Err(LinkError::Refused { status: 409, .. }) => {}
                answer => return answer,
            }
        }
        let path = vector_path(wait_ms, self.after, None);
        self.client.post_within(&path, ours.encode(), within).await
    }

    async fn fetch(&mut self, theirs: &Vector) -> Result<(), LinkError> {
        // What is learned by one round (who somebody is, that there is an operation) lets the next one take more.
        for _ in 0..4 {
            let ranges = self.lacking(theirs);
            let lacks = ranges.iter().map(|range| range.to - (range.from - 1));
            let lacking = lacks.fold(0, u64::saturating_add);
            let partner = self.partner;
            self.node
                .federation()
                .links()
                .change(partner, |link| link.lacking = lacking);
            let mut taken = 0;
            for range in ranges {
                taken += self.fetch_range(range).await?;
            }
            if taken == 0 {
                return Ok(());
            }
            // A round that led to something was none in vain.
            self.fruitless.give_back(1.0);
        }
        // More waits: ask again at once.
        self.after = None;
        Ok(())
    }

    /// Waits until something may be asked in vain.
    async fn spend(&mut self) {
        let wait = self.fruitless.spend(1.0, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn lacking(&self, theirs: &Vector) -> Vec<Range> {
        let mut ours = Vector::new();
        for followed in self.node.board().copies.feeds.values() {
            let _ = ours.insert(followed.head);
        }
        let found = plan(&ours, theirs);
        let mut pull = found.pull;
        // Two histories of one feed: the entry that stands beside ours is the proof, and the engine freezes the feed.
        for feed in found.suspect {
            let at = ours.get(feed).map_or(0, |head| head.seq);
            pull.push(Range {
                feed,
                from: at,
                to: at,
            });
        }
        let board = self.node.board();
        pull.retain(|range| {
            let here = (range.from, self_said(&board, range.feed));
            self.never.get(&range.feed) != Some(&here)
        });
        pull
    }

    /// Fetches one range, in as many answers as it takes; returns how many entries were taken.
    async fn fetch_range(&mut self, range: Range) -> Result<usize, LinkError> {
        let (mut from, mut taken) = (range.from, 0);
        while from <= range.to {
            let path = format!(
                "/federation/v1/feeds/{}?from={from}&to={}",
                range.feed, range.to
            );
            self.spend().await;
            let frames = match self.client.get(&path).await {
                Ok(frames) => frames,
                // It may not give it any more: nothing is wrong with the line.
                Err(LinkError::Refused { status: 404, .. }) => return Ok(taken),
                Err(error) => return Err(error),
            };
            let entries = self.read_frames(&frames)?;
            let Some(last) = entries.last().map(|entry| entry.header.seq) else {
                return Ok(taken);
            };
            let keys = self.fetch_keys(&entries).await?;
            let (more, go_on) = self.hand_over(entries, keys).await;
            taken += more;
            // Whoever answers with what was not asked for is not asked on and on.
            if !go_on || more == 0 || last < from {
                return Ok(taken);
            }
            self.fruitless.give_back(1.0);
            from = last.saturating_add(1);
        }
        Ok(taken)
    }

    fn read_frames(&self, mut bytes: &[u8]) -> Result<Vec<Entry>, LinkError> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            match Entry::decode(bytes) {
                Ok((entry, length)) => {
                    entries.push(entry);
                    bytes = &bytes[length..];
                }
                Err(error) => return Err(self.client.unreadable(&error.to_string())),
            }
        }
        Ok(entries)
    }

    async fn fetch_keys(&self, entries: &[Entry]) -> Result<Vec<RecordKey>, LinkError> {
        let needed = sync::keys_for(&self.node.board(), entries);
        let ids: Vec<[u8; 16]> = needed.iter().map(|(id, _)| *id).collect();
        let held = self
            .node
            .read_store(|reader| reader.keys(&ids))
            .unwrap_or_default();
        let missing = needed
            .iter()
            .filter(|(id, _)| !held.iter().any(|key| key.id == *id));
        let missing: Vec<_> = missing.take(doors::KEYS_MAX).copied().collect();
        let given = self.ask_for_keys(&missing).await?;
        Ok(given.into_iter().map(|late| late.key).collect())
    }

    /// Asks for keys that are missing of what was taken before, from whomever.
    async fn fetch_late_keys(&mut self) -> Result<(), LinkError> {
        let missing = self.node.federation().missing_keys();
        let due = self.asking.due(missing, doors::KEYS_MAX, Instant::now());
        let given = self.ask_for_keys(&due).await?;
        if !given.is_empty() {
            self.hand_over_late(given).await;
        }
        Ok(())
    }

    async fn hand_over_late(&self, keys: Vec<LateKey>) {
        // If the disk is full, or the node is stopping, they are asked for again.
        let Ok(report) = self.node.add_late_keys(keys).await else {
            return;
        };
        self.node.federation().missing_keys().found(&report.done);
        for _ in report.wrong {
            self.count_refused("a key that opens nothing");
        }
    }

    async fn ask_for_keys(
        &self,
        wanted: &[([u8; 16], Elsewhere)],
    ) -> Result<Vec<LateKey>, LinkError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<KeyAsked> = wanted.iter().map(key_asked).collect();
        let body = serde_json::to_vec(&asked).unwrap_or_default();
        let given = match self.client.post("/federation/v1/keys", body).await {
            Ok(given) => given,
            Err(LinkError::Refused { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let given: Vec<KeyGiven> = serde_json::from_slice(&given).unwrap_or_default();
        Ok(given
            .iter()
            .filter_map(|one| key_given(one, wanted))
            .collect())
    }

    async fn hand_over(&mut self, entries: Vec<Entry>, keys: Vec<RecordKey>) -> (usize, bool) {
        let mut taken = 0;
        for parcel in entries.chunks(PARCEL_ENTRIES) {
            let Ok(report) = self.node.take(parcel.to_vec(), keys.clone()).await else {
                return (taken, false); // The disk is full, or the node is stopping: later.
            };
            taken += report.taken;
            self.see_to_sealed(report.sealed, &keys).await;
            if report.refused.is_empty() {
                continue;
            }
            for refused in report.refused {
                self.note_refused(refused.feed, refused.seq, &refused.why);
            }
            return (taken, false);
        }
        (taken, true)
    }

    /// Notes what is sealed; a key that came for it opens what is held of the same record, too.
    async fn see_to_sealed(&self, sealed: Vec<([u8; 16], Elsewhere)>, keys: &[RecordKey]) {
        if sealed.is_empty() {
            return;
        }
        let came = sealed.iter().filter_map(|(id, of)| {
            let key = keys.iter().find(|key| key.id == *id)?.clone();
            Some(LateKey { key, of: *of })
        });
        let late: Vec<LateKey> = came.collect();
        self.node.federation().missing_keys().note(sealed);
        if !late.is_empty() {
            self.hand_over_late(late).await;
        }
    }

    fn note_refused(&mut self, feed: FeedId, seq: u64, why: &WhyNotTaken) {
        if why.is_permanent() {
            if self.never.len() >= NEVER_MAX {
                self.never.clear();
            }
            let said = self_said(&self.node.board(), feed);
            self.never.insert(feed, (seq, said));
        }
        let times = self.count_refused(&why.to_string());
        // Not each of what may be millions.
        if times.is_power_of_two() {
            tracing::warn!(partner = %self.partner, %feed, seq, %why, times, "an entry was not taken");
        }
    }

    /// Counts what was not taken, by why; returns how often it was.
    fn count_refused(&self, why: &str) -> u64 {
        let mut times = 0;
        self.node.federation().links().change(self.partner, |link| {
            let full = link.refused.len() >= REASONS_MAX && !link.refused.contains_key(why);
            let why = if full { "other reasons" } else { why };
            let count = link.refused.entry(why.to_owned()).or_default();
            *count += 1;
            times = *count;
        });
        times
    }
}

/// Returns how much the node of a feed has said of itself: with more of that, entries may count that did not.
fn self_said(board: &Board, feed: FeedId) -> u64 {
    let followed = board.copies.feeds.get(&feed);
    let identity = followed.and_then(|one| board.copies.identities.get(&one.feed.node));
    identity.map_or(0, |identity| identity.head().seq)
}

/// Writes what is asked for.
pub(super) fn key_asked((id, of): &([u8; 16], Elsewhere)) -> KeyAsked {
    KeyAsked {
        key: hex::encode(id),
        node: of.node,
        record: of.record,
    }
}

/// Takes a key that was asked for; anything else that is given is not wanted.
pub(super) fn key_given(given: &KeyGiven, wanted: &[([u8; 16], Elsewhere)]) -> Option<LateKey> {
    let (mut id, mut secret) = ([0; 16], zeroize::Zeroizing::new([0; 32]));
    hex::decode_to_slice(&given.key, &mut id).ok()?;
    hex::decode_to_slice(given.secret.as_bytes(), secret.as_mut_slice()).ok()?;
    let (_, of) = wanted.iter().find(|(one, _)| *one == id)?;
    Some(LateKey {
        key: RecordKey::new(id, *secret),
        of: *of,
    })
}
