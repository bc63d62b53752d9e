//! What nodes say to each other and how a host answers: what do you hold for me, give me these entries, give me
//! these keys. Entries and vectors travel as bytes and are read from them as from a stranger.
//!
//! Everything is asked for by whoever lacks it; a word of news is only a hint. Nothing that arrives is trusted:
//! what cannot be read is dropped, and the core judges the rest. It knows nothing of lines that fail. Start at
//! [`hear`].

use std::collections::BTreeSet;

use watchfire_core::engine::{NotTaken, Taken};
use watchfire_core::limits::TAKEN_ENTRIES_MAX;
use watchfire_core::log::LogFault;
use watchfire_core::record::Elsewhere;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, NodeId, Range, Vector, plan};

use crate::site::Site;

/// The largest answer of entries that is read, in bytes.
pub(crate) const FRAMES_MAX_BYTES: usize = 1 << 20;

/// Most ranges that are asked for, or answered, at once.
pub(crate) const RANGES_MAX: usize = 32;

/// Most keys that are asked for, or answered, at once.
pub(crate) const KEYS_MAX: usize = 64;

/// What one node says to another.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// There is something new here.
    News,
    /// What do you hold for me?
    Ask,
    /// This, as the bytes of a vector, and the entries that prove forks of some of these feeds.
    Holds(Vec<u8>, Vec<u8>),
    /// Give me these entries.
    Pull(Vec<Range>),
    /// Here they are, one frame after the other.
    Frames(Vec<u8>),
    /// Give me these keys, each of that record.
    AskKeys(Vec<([u8; 16], Elsewhere)>),
    /// Here they are.
    Keys(Vec<RecordKey>),
}

impl Message {
    /// Returns what it is, for the story.
    pub(crate) fn words(&self) -> String {
        match self {
            Message::News => "there is news".to_owned(),
            Message::Ask => "what do you hold?".to_owned(),
            Message::Holds(bytes, _) => format!("a vector of {} bytes", bytes.len()),
            Message::Pull(ranges) => format!("give me {} ranges", ranges.len()),
            Message::Frames(bytes) => format!("frames of {} bytes", bytes.len()),
            Message::AskKeys(keys) => format!("give me {} keys", keys.len()),
            Message::Keys(keys) => format!("{} keys", keys.len()),
        }
    }
}

/// What came of a message.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What is said in return, to whoever spoke.
    pub(crate) answers: Vec<Message>,
    /// What could not be read at all.
    pub(crate) unreadable: u64,
    /// What the core did not take.
    pub(crate) refused: Vec<NotTaken>,
    /// How many entries were taken.
    pub(crate) taken: usize,
}

/// Lets a node hear what another says. A fault of its disk ends its process.
pub(crate) fn hear(site: &mut Site, from: NodeId, message: Message) -> Result<Heard, LogFault> {
    let mut heard = Heard::default();
    match message {
        Message::News => heard.answers.push(Message::Ask),
        Message::Ask => {
            let vector = site.vector_for(&from);
            let proofs = proofs_of(site, &vector);
            heard.answers.push(Message::Holds(vector.encode(), proofs));
        }
        Message::Holds(bytes, proofs) => {
            take_into(site, &proofs, &mut heard)?;
            match Vector::decode(&bytes) {
                Ok(theirs) => heard.answers.extend(lacks(site, &theirs)),
                Err(_) => heard.unreadable += 1,
            }
        }
        Message::Pull(ranges) => heard.answers.extend(frames_of(site, &from, &ranges)),
        Message::Frames(bytes) => take_into(site, &bytes, &mut heard)?,
        Message::AskKeys(wanted) => {
            let wanted = &wanted[..wanted.len().min(KEYS_MAX)];
            let keys = site.serve_keys(&from, wanted);
            if !keys.is_empty() {
                heard.answers.push(Message::Keys(keys));
            }
        }
        Message::Keys(keys) => site.add_keys(&keys[..keys.len().min(KEYS_MAX)])?,
    }
    Ok(heard)
}

/// Returns the entries that prove which of these feeds have forked.
fn proofs_of(site: &Site, shown: &Vector) -> Vec<u8> {
    let forks = site.disk.forks.iter();
    let forks = forks.filter(|(feed, _)| shown.get(**feed).is_some());
    forks.flat_map(|(_, entry)| entry.encode()).collect()
}

/// Returns what to ask for after somebody said what they hold: entries that lack here, the places at which they
/// hold another history than this node, and keys that lack.
pub(crate) fn lacks(site: &Site, theirs: &Vector) -> Vec<Message> {
    let mut plan = plan(&site.vector(), theirs);
    plan.judge_behind(theirs, |feed, seq| {
        site.disk.entry(feed, seq).map(|entry| entry.hash)
    });
    let mut ranges: Vec<Range> = plan.pull;
    for feed in plan.suspect {
        let known = site.shown.copies.feeds.get(&feed);
        if known.is_some_and(|followed| !followed.forked) {
            let seq = theirs.get(feed).map_or(0, |head| head.seq);
            let (from, to) = (seq, seq);
            ranges.push(Range { feed, from, to });
        }
    }
    let forked = |range: &Range| {
        let known = site.shown.copies.feeds.get(&range.feed);
        known.is_some_and(|followed| followed.forked)
    };
    ranges.retain(|range| !forked(range));
    ranges.truncate(RANGES_MAX);
    let mut all = Vec::new();
    if !ranges.is_empty() {
        all.push(Message::Pull(ranges));
    }
    let keys: Vec<_> = site.keys_missing.iter().take(KEYS_MAX).copied().collect();
    if !keys.is_empty() {
        all.push(Message::AskKeys(keys));
    }
    all
}

/// Returns the entries of these ranges that a node may have, as many as one answer holds.
pub(crate) fn frames_of(site: &Site, asker: &NodeId, ranges: &[Range]) -> Option<Message> {
    let mut bytes = Vec::new();
    let mut count = 0;
    for range in ranges.iter().take(RANGES_MAX) {
        for entry in site.serve(asker, range.feed, range.from, range.to) {
            let frame = entry.encode();
            if count == TAKEN_ENTRIES_MAX || bytes.len() + frame.len() > FRAMES_MAX_BYTES {
                return Some(Message::Frames(bytes));
            }
            bytes.extend(frame);
            count += 1;
        }
    }
    (count > 0).then_some(Message::Frames(bytes))
}

/// Reads frames up to the first that cannot be read, or the limit.
pub(crate) fn read_frames(bytes: &[u8]) -> (Vec<Entry>, bool) {
    let mut entries = Vec::new();
    if bytes.len() > FRAMES_MAX_BYTES {
        return (entries, false);
    }
    let mut at = 0;
    while at < bytes.len() && entries.len() < TAKEN_ENTRIES_MAX {
        match Entry::decode(&bytes[at..]) {
            Ok((entry, length)) => {
                entries.push(entry);
                at += length;
            }
            Err(_) => return (entries, false),
        }
    }
    (entries, true)
}

/// Takes the entries that came in frames.
pub(crate) fn take(site: &mut Site, bytes: &[u8]) -> Result<Heard, LogFault> {
    let mut heard = Heard::default();
    take_into(site, bytes, &mut heard)?;
    Ok(heard)
}

fn take_into(site: &mut Site, bytes: &[u8], heard: &mut Heard) -> Result<(), LogFault> {
    let (mut entries, whole) = read_frames(bytes);
    heard.unreadable += u64::from(!whole);
    let mut others = Vec::new();
    entries.retain(|entry| {
        let Some(held) = site.disk.entry(entry.header.feed, entry.header.seq) else {
            return true;
        };
        // What is held already costs nobody a signature to verify.
        if held.hash != entry.hash {
            others.push(entry.clone());
        }
        false
    });
    site.try_forks(others)?;
    if entries.is_empty() {
        return Ok(());
    }
    let Taken { refused, taken, .. } = site.try_take(entries)?;
    heard.refused = refused;
    heard.taken = taken;
    if taken > 0 {
        // There may be more than one answer held.
        heard.answers.push(Message::Ask);
    }
    Ok(())
}

/// Returns the nodes that a node has a reason to talk to: those that it is enrolled with and has not shut out, and
/// the members of the operations that it knows.
pub(crate) fn contacts(site: &Site) -> BTreeSet<NodeId> {
    let board = &site.shown;
    let peers = board.peers.values().map(|peer| peer.node);
    let mut all: BTreeSet<NodeId> = peers.collect();
    for operation in board.all_operations() {
        all.extend(operation.members.keys().copied());
    }
    for peer in board.peers.values().filter(|peer| !peer.is_let_in()) {
        all.remove(&peer.node);
    }
    all.remove(&site.node());
    all
}
