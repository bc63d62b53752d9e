//! Asking peers for what this node had told them before it was restored from a backup: nothing is written while it is
//! asked, and whoever is asked sees the same node on the same line. Then the epoch is closed at its true end, and a new
//! one begins. Start at [`fetch`], then [`begin_epoch`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use watchfire_core::basis::Timestamp;
use watchfire_core::engine::open_sealed;
use watchfire_core::record::Elsewhere;
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    ClosingCause, Entry, Feed, FeedId, IdentityEvent, NodeId, Scope, Signer, Vector,
};
use watchfire_store::{Reader, StoreError, TailReport};
use zeroize::Zeroizing;

use super::doors::{self, KeyAsked, KeyGiven};
use super::pull::{key_asked, key_given};
use super::{addresses, partners};
use crate::clock::Clock;
use crate::link::certificates::Certificates;
use crate::link::{Line, LineClock, LinkError, PeerClient, Trust, at};

/// Heads that one closing of an epoch names.
const CLOSING_HEADS: usize = 200;

/// What peers gave back.
#[derive(Debug, Default)]
pub struct Tail {
    /// This node's own entries in operations, feed by feed and in order, as far as any peer held them.
    pub entries: Vec<Entry>,
    /// Keys of what is sealed in them.
    pub keys: Vec<RecordKey>,
    /// The peers that answered.
    pub asked: Vec<NodeId>,
    /// The peers that did not, and why.
    pub unreached: Vec<(NodeId, String)>,
}

/// What went wrong in the directory.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its certificates.
    #[error(transparent)]
    Certificates(#[from] crate::link::certificates::CertificateError),
    /// Its identity feed.
    #[error(transparent)]
    Say(#[from] super::identity::SayError),
}

/// An epoch that ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// Why, for people; kept for ever.
    pub reason: &'a str,
    /// Why, for programs.
    pub cause: ClosingCause,
    /// The root key; none for a node that has no identity feed.
    pub root: Option<&'a Signer>,
}

/// Closes the epoch of a directory that no node runs on, after what was fetched is written back, and begins the next.
pub fn begin_epoch(
    dir: &Path,
    ending: &Ending<'_>,
    tail: &[Entry],
    keys: &[RecordKey],
) -> Result<(Feed, TailReport), TailError> {
    let now = Clock::Real.now();
    let report = match tail.is_empty() {
        true => TailReport::default(),
        false => watchfire_store::recover_tail(dir, tail, keys)?,
    };
    let (epoch, heads) = watchfire_store::ending(dir)?;
    let seed = Zeroizing::new(crate::node::random());
    let feed = watchfire_store::new_epoch(dir, ending.reason, &seed, now)?;
    if report.written > 0 {
        watchfire_store::rebuild(dir, |_| ())?;
    }
    if let Some(root) = ending.root {
        // A closing names so many heads; more of them close the same epoch again.
        let closed = heads
            .chunks(CLOSING_HEADS)
            .map(|heads| IdentityEvent::EpochClosed {
                epoch,
                cause: ending.cause,
                heads: heads.to_vec(),
            });
        let mut says: Vec<IdentityEvent> = closed.collect();
        says.push(IdentityEvent::KeyCertified {
            epoch: feed.epoch,
            public_key: feed.key,
        });
        says.extend(uncertified(dir, feed.node, now)?);
        super::identity::say(dir, root, says, now)?;
    }
    Ok((feed, report))
}

/// Returns what certifies the anchors that no peer knows yet: a directory restored without its certificates has made new
/// ones.
fn uncertified(dir: &Path, own: NodeId, now: Timestamp) -> Result<Vec<IdentityEvent>, TailError> {
    let board = Reader::open(dir)?.board_at(now, now)?.board;
    let identity = board.copies.identities.get(&own);
    let known = identity.map_or(&[][..], |identity| identity.anchors());
    let anchors = certificates(dir, own, now)?.anchors();
    let new = anchors
        .iter()
        .filter(|anchor| known.iter().all(|one| one.certificate != anchor.der));
    Ok(new.map(super::identity::certified).collect())
}

fn certificates(dir: &Path, own: NodeId, now: Timestamp) -> Result<Certificates, TailError> {
    let now_s = u64::try_from(now.0 / 1_000).unwrap_or_default();
    Ok(Certificates::load_or_create(dir, own, at(now_s))?)
}

/// Asks every peer that a directory knows for this node's own entries. Must be called within a runtime.
pub async fn fetch(dir: &Path) -> Result<Tail, TailError> {
    let now = Clock::Real.now();
    let reader = Reader::open(dir)?;
    let board = reader.board_at(now, now)?.board;
    let feeds = reader.feeds()?;
    let local = feeds.iter().filter(|feed| feed.scope == Scope::Local);
    let Some(own) = local.max_by_key(|feed| feed.epoch).map(|feed| feed.node) else {
        return Ok(Tail::default());
    };
    let line = Line {
        certificates: Arc::new(certificates(dir, own, now)?),
        trust: Arc::new(Trust::default()),
        clock: LineClock::machine(),
    };
    for (partner, anchors) in super::anchors_of_partners(&board, own) {
        if let Err(error) = line.trust.set(partner, &anchors) {
            tracing::warn!(%partner, %error, "a peer's anchors cannot be used");
        }
    }
    let mut ours = Vector::new();
    for followed in board.copies.feeds.values() {
        let _ = ours.insert(followed.head);
    }
    let known: BTreeMap<FeedId, Feed> = feeds.iter().map(|feed| (feed.id(), *feed)).collect();
    let mut tail = Tail::default();
    let mut found = BTreeMap::new();
    for partner in partners(&board, own) {
        let asking = Asking {
            client: PeerClient::new(line.clone(), partner, &addresses(&board, &partner)),
            own,
            ours: &ours,
            known: &known,
        };
        match asking.ask(&mut found, &mut tail.keys).await {
            Ok(()) => tail.asked.push(partner),
            Err(error) => tail.unreached.push((partner, error.to_string())),
        }
    }
    tail.entries = found
        .into_values()
        .flat_map(|lost: Lost| lost.entries)
        .collect();
    Ok(tail)
}

struct Asking<'a> {
    client: PeerClient,
    own: NodeId,
    ours: &'a Vector,
    /// The feeds that are held here.
    known: &'a BTreeMap<FeedId, Feed>,
}

/// The lost part of one feed.
struct Lost {
    feed: Feed,
    entries: Vec<Entry>,
}

impl Asking<'_> {
    async fn ask(
        &self,
        found: &mut BTreeMap<FeedId, Lost>,
        keys: &mut Vec<RecordKey>,
    ) -> Result<(), LinkError> {
        let path = "/federation/v1/vector?wait_ms=0";
        let answer = self.client.post(path, self.ours.encode()).await?;
        let Some((_, Some(theirs))) = doors::read_answer(&answer) else {
            return Err(self.client.unreadable("its answer is no vector"));
        };
        for head in theirs.iter() {
            let known = self.known.get(&head.feed);
            if known.is_some_and(|feed| feed.node != self.own) {
                continue;
            }
            let held = self.ours.get(head.feed).map_or(0, |held| held.seq);
            let have = found.get(&head.feed).and_then(|lost| lost.entries.last());
            let from = have
                .map_or(held, |entry| entry.header.seq)
                .saturating_add(1);
            if from > head.seq {
                continue;
            }
            let entries = self.range(head.feed, from, head.seq).await?;
            let Some(first) = entries.first() else {
                continue;
            };
            let feed = known.copied().or_else(|| Feed::from_opening(first).ok());
            let feed = feed.or_else(|| found.get(&head.feed).map(|lost| lost.feed));
            let Some(feed) = feed.filter(|feed| feed.node == self.own) else {
                continue;
            };
            keys.extend(self.keys(&feed, &entries).await?);
            let empty = || Lost {
                feed,
                entries: Vec::new(),
            };
            let lost = found.entry(head.feed).or_insert_with(empty);
            lost.entries.extend(entries);
        }
        Ok(())
    }

    /// Fetches the rest of a feed, and of one that turns out to be another's only the beginning.
    async fn range(&self, feed: FeedId, mut from: u64, to: u64) -> Result<Vec<Entry>, LinkError> {
        let mut all: Vec<Entry> = Vec::new();
        while from <= to {
            let path = format!("/federation/v1/feeds/{feed}?from={from}&to={to}");
            let frames = match self.client.get(&path).await {
                Ok(frames) => frames,
                Err(LinkError::Refused { status: 404, .. }) => break,
                Err(error) => return Err(error),
            };
            let before = all.len();
            let mut bytes = frames.as_slice();
            while !bytes.is_empty() {
                let read = Entry::decode(bytes);
                let (entry, length) =
                    read.map_err(|error| self.client.unreadable(&error.to_string()))?;
                bytes = &bytes[length..];
                if entry.header.feed == feed && entry.header.seq == from {
                    from += 1;
                    all.push(entry);
                }
            }
            let opening = all.first().and_then(|one| Feed::from_opening(one).ok());
            if all.len() == before || opening.is_some_and(|one| one.node != self.own) {
                break;
            }
        }
        Ok(all)
    }

    /// Asks for the keys of what is sealed in entries, and keeps those that open something.
    async fn keys(&self, feed: &Feed, entries: &[Entry]) -> Result<Vec<RecordKey>, LinkError> {
        let sealed = entries
            .iter()
            .filter_map(|entry| sync::sealed_under(feed, entry));
        let wanted: Vec<([u8; 16], Elsewhere)> = sealed.collect();
        let mut keys = Vec::new();
        for some in wanted.chunks(doors::KEYS_MAX) {
            let asked: Vec<KeyAsked> = some.iter().map(key_asked).collect();
            let body = serde_json::to_vec(&asked).unwrap_or_default();
            let given = match self.client.post("/federation/v1/keys", body).await {
                Ok(given) => given,
                Err(LinkError::Refused { .. }) => continue,
                Err(error) => return Err(error),
            };
            let given: Vec<KeyGiven> = serde_json::from_slice(&given).unwrap_or_default();
            let given = given.iter().filter_map(|one| key_given(one, some));
            keys.extend(given.map(|late| late.key));
        }
        // One that does not open all that it is named for would make what was said unreadable for good.
        keys.retain(|key| {
            let named = |entry: &&Entry| {
                sync::sealed_under(feed, entry).is_some_and(|(id, _)| id == key.id)
            };
            let mut named = entries.iter().filter(named);
            named.all(|entry| open_sealed(entry, Some(key)).is_some())
        });
        Ok(keys)
    }
}
