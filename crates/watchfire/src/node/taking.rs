//! What the engine thread does with entries that a peer sent: keys first, then the engine, then the disk; and how
//! those who wait for news of other nodes are told that there is some.

use tokio::sync::{oneshot, watch};
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::copies::Change;
use watchfire_core::engine::{NotTaken, Taken};
use watchfire_core::log::Batch;
use watchfire_core::record::{Elsewhere, Record};
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, NodeId};
use watchfire_store::{Store, StoreError};

use super::late::opens;
use super::{Chain, Input, Node, NotAccepted, Worker};

/// What became of entries that a peer sent.
#[derive(Debug, Clone, Default)]
pub struct TakeReport {
    /// How many were taken, and are durable.
    pub taken: usize,
    /// What was not taken, with why.
    pub refused: Vec<NotTaken>,
    /// Keys that what was taken is sealed under and that are not here, with the record of each.
    pub sealed: Vec<([u8; 16], Elsewhere)>,
}

/// Entries with the keys that came with them.
pub(super) struct Parcel {
    pub(super) entries: Vec<Entry>,
    pub(super) keys: Vec<RecordKey>,
}

pub(super) type TakeAnswer = oneshot::Sender<TakeReport>;

/// What a batch came to of other nodes, and who waits to hear it.
#[derive(Default)]
pub(super) struct Joint {
    pub(super) changes: Vec<Change>,
    pub(super) show: Vec<Record>,
    pub(super) answers: Vec<(TakeAnswer, TakeReport)>,
}

impl Node {
    /// Takes entries that a peer sent; returns when what was taken is durable.
    pub async fn take(
        &self,
        entries: Vec<Entry>,
        keys: Vec<RecordKey>,
    ) -> Result<TakeReport, NotAccepted> {
        let (answer, answered) = oneshot::channel();
        let parcel = Parcel { entries, keys };
        let queue = self.inner.queue.clone();
        let input = Input::Take(Box::new(parcel), answer);
        // A peer waits its turn; it is never told to go away because many call at once.
        let sent = tokio::task::spawn_blocking(move || queue.send(input)).await;
        match sent {
            Ok(Ok(())) => answered.await.map_err(|_| NotAccepted::DiskFull),
            Ok(Err(_)) | Err(_) => Err(NotAccepted::Stopping),
        }
    }

    /// Returns a watch that wakes whenever there is news of other nodes, or for them.
    pub fn joint_news(&self) -> watch::Receiver<u64> {
        self.inner.joint.subscribe()
    }

    /// Tells the screens that a line came up or went down.
    pub fn tell_line(&self) {
        self.tell_seen();
    }

    /// Tells the screens that another node has said how far it holds things.
    pub fn tell_seen(&self) {
        self.inner
            .seen
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns a watch that wakes when another node has said how far it holds things, or a line changed.
    pub fn seen_news(&self) -> watch::Receiver<u64> {
        self.inner.seen.subscribe()
    }

    /// Returns a watch that wakes whenever this node has written something for others; what it has of them is not told.
    pub fn written_news(&self) -> watch::Receiver<u64> {
        self.inner.written.subscribe()
    }

    pub(super) fn tell_joint(&self, news: News) {
        let next = |count: &mut u64| *count = count.wrapping_add(1);
        // First what is heard by fewer: whoever hears of both sees both.
        if news == News::Own {
            self.inner.written.send_modify(next);
        }
        if news != News::None {
            self.inner.joint.send_modify(next);
        }
    }
}

/// Whose news a batch is, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// There is none.
    None,
    /// Only of what others wrote.
    Others,
    /// This node wrote something, too.
    Own,
}

impl News {
    pub(super) fn of(changes: &[Change], own: NodeId) -> News {
        let by_own =
            |change: &Change| matches!(change, Change::Followed(one) if one.feed.node == own);
        match changes {
            [] => News::None,
            some if some.iter().any(by_own) => News::Own,
            _ => News::Others,
        }
    }
}

/// Destroys every key of a record of some home.
pub(super) fn destroy_keys(store: &mut Store, of: Elsewhere) {
    let keys = store.keys_to_erase(of).unwrap_or_else(|fault| {
        tracing::error!(error = %Chain(&fault), "the keys that are to be destroyed could not be read; it is tried again at the next start");
        Vec::new()
    });
    for key in keys {
        if let Err(fault) = store.destroy_key(&key) {
            tracing::error!(error = %Chain(&fault), "a key that is to be destroyed is still there; it is tried again at the next start");
        }
    }
}

/// Destroys what an earlier life was asked to erase and may not have.
pub(super) fn finish_erasing(store: &mut Store, board: &Board) {
    let own = store.feed().node;
    let copies = board
        .copies
        .boards
        .iter()
        .map(|(node, board)| (*node, board));
    let all = std::iter::once((own, board)).chain(copies);
    let of_each = all.flat_map(|(node, board)| {
        let erased = board
            .incidents
            .values()
            .filter(|incident| incident.erased_at.is_some());
        erased.map(move |incident| Elsewhere {
            node,
            record: incident.id.into(),
        })
    });
    let erased: Vec<Elsewhere> = of_each.collect();
    for of in erased {
        destroy_keys(store, of);
    }
}

/// Says whether a record is erased, by its home's own word.
fn is_erased(board: &Board, own: NodeId, of: Elsewhere) -> bool {
    let found = match of.node == own {
        true => board.get(of.record),
        false => board.copy(of),
    };
    matches!(found, Some(Record::Incident(found)) if found.erased_at.is_some())
}

impl Worker {
    /// Lets the engine take a parcel, with every key that is here or came with it.
    pub(super) fn take_parcel(
        &mut self,
        parcel: Parcel,
        answer: TakeAnswer,
        now: Timestamp,
        joint: &mut Joint,
        append: &mut Batch,
    ) {
        let held = match self.keys_of_parcel(&parcel) {
            Ok(held) => held,
            Err(fault) => {
                // Without the keys that are here the copies would not be what a refold makes of them. Nobody is
                // answered, and asks again.
                tracing::error!(error = %Chain(&fault), "the keys of copies could not be read");
                return;
            }
        };
        let taken = self.engine.take(parcel.entries, &held, now);
        let mut sealed = sync::keys_for(self.engine.board(), &taken.append.entries);
        sealed.retain(|(id, of)| {
            of.node != self.node.feed().node && held.iter().all(|key| key.id != *id)
        });
        self.sealed.extend(sealed.iter().map(|(id, _)| *id));
        let report = TakeReport {
            taken: taken.taken,
            refused: taken.refused.clone(),
            sealed,
        };
        self.join_in(taken, joint, append);
        joint.answers.push((answer, report));
    }

    /// Returns the keys that are here for what a parcel holds, after keeping those that came with it and open it.
    ///
    /// A key under which something is held sealed already is left out: the copy must then be folded anew of all that
    /// it opens, which is done between two batches (see `late`).
    fn keys_of_parcel(&mut self, parcel: &Parcel) -> Result<Vec<RecordKey>, StoreError> {
        let needed = sync::keys_for(self.engine.board(), &parcel.entries);
        let mut held = self.store.held_keys(&needed)?;
        let mut fresh = Vec::new();
        for (id, of) in &needed {
            let about = |entry: &&Entry| entry.header.record == of.record.id;
            let came = parcel.keys.iter().find(|key| key.id == *id);
            let came = came.filter(|_| held.iter().all(|key| key.id != *id));
            let Some(key) = came.filter(|key| opens(key, parcel.entries.iter().filter(about)))
            else {
                continue;
            };
            if !self.sealed.contains(id) && !self.store.is_sealed_under(id)? {
                fresh.push(key.clone());
            }
        }
        match self.store.add_copy_keys(&fresh) {
            Ok(()) => held.extend(fresh),
            Err(fault) => {
                tracing::warn!(error = %Chain(&fault), "keys of copies could not be kept; they are asked for again");
            }
        }
        Ok(held)
    }

    /// Destroys the keys of what a batch said is erased, before anybody is told. What a crash leaves undone here is
    /// done at the next start.
    pub(super) fn erase(&mut self, append: &Batch) {
        let own = self.node.feed().node;
        for (feed, record) in append.erased() {
            let board = self.engine.board();
            let followed = board.copies.feeds.get(&feed);
            let node = followed.map_or(own, |followed| followed.feed.node);
            let of = Elsewhere { node, record };
            // What one node says of its own is nothing to another's record of that id.
            if is_erased(board, own, of) {
                destroy_keys(&mut self.store, of);
            }
        }
    }

    /// Ends what its time ended: shares that ran out.
    pub(super) fn tick(&mut self, now: Timestamp, joint: &mut Joint, append: &mut Batch) {
        let taken = self.engine.tick(now);
        self.join_in(taken, joint, append);
    }

    pub(super) fn join_in(&mut self, taken: Taken, joint: &mut Joint, append: &mut Batch) {
        append.extend(taken.append);
        joint.changes.extend(taken.changes);
        joint.show.extend(taken.show);
    }
}
