//! Keys to copies that come later than what they open: whoever passed the entries on did not have them, or might not
//! give them yet. A key is only kept if it opens what it is for, since a wrong one would stand in the way of the right
//! one for ever; and the copy is folded anew with it, so that it is what a refold of all entries with all keys gives.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use watchfire_core::engine::open_sealed;
use watchfire_core::log::Batch;
use watchfire_core::record::Elsewhere;
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, Feed};
use watchfire_store::StoreError;

use super::taking::Joint;
use super::{Chain, Health, Input, Next, Node, NotAccepted, Worker};

/// A key with the record that it is for.
pub struct LateKey {
    /// The key.
    pub key: RecordKey,
    /// The record.
    pub of: Elsewhere,
}

/// What became of keys that came late.
#[derive(Debug, Clone, Default)]
pub struct LateReport {
    /// Those that are here now, or need not be any more.
    pub done: Vec<[u8; 16]>,
    /// Those that open nothing.
    pub wrong: Vec<[u8; 16]>,
}

pub(super) type LateAnswer = oneshot::Sender<LateReport>;

impl Node {
    /// Takes keys of copies that are here already; returns when the copies that they open are durable.
    pub async fn add_late_keys(&self, keys: Vec<LateKey>) -> Result<LateReport, NotAccepted> {
        let (answer, answered) = oneshot::channel();
        let queue = self.inner.queue.clone();
        let sent = tokio::task::spawn_blocking(move || queue.send(Input::Keys(keys, answer))).await;
        match sent {
            Ok(Ok(())) => answered.await.map_err(|_| NotAccepted::DiskFull),
            Ok(Err(_)) | Err(_) => Err(NotAccepted::Stopping),
        }
    }
}

/// Returns true if a key opens one of these entries.
pub(super) fn opens<'a>(key: &RecordKey, mut entries: impl Iterator<Item = &'a Entry>) -> bool {
    entries.any(|entry| open_sealed(entry, Some(key)).is_some())
}

impl Worker {
    /// Opens what keys that came late are for. Called between two batches: what is not on disk yet is not among the
    /// entries that a copy is folded of.
    pub(super) fn add_late_keys(&mut self, keys: Vec<LateKey>, answer: LateAnswer) -> Next {
        let mut report = LateReport::default();
        let wanted = keys.iter().map(|late| late.of).collect::<Vec<_>>();
        let told = match self.store.entries_of_copies(&wanted) {
            Ok(told) => told,
            Err(fault) => {
                tracing::error!(error = %Chain(&fault), "copies could not be read for keys that came late");
                return Next::GoOn;
            }
        };
        let head = self.engine.head();
        let (mut append, mut joint) = (Batch::default(), Joint::default());
        let mut good: Vec<RecordKey> = Vec::new();
        for (late, told) in keys.into_iter().zip(told) {
            let id = late.key.id;
            let sealed = told
                .iter()
                .filter(|(feed, entry)| sync::sealed_under(feed, entry) == Some((id, late.of)));
            if !opens(&late.key, sealed.map(|(_, entry)| entry)) {
                report.wrong.push(id);
                continue;
            }
            let of = late.of;
            let mut keys = match self.keys_beside(&told, &late) {
                Ok(keys) => keys,
                Err(fault) => {
                    tracing::error!(error = %Chain(&fault), "the keys of copies could not be read");
                    return Next::GoOn;
                }
            };
            // Those that came together with it, too.
            keys.extend(good.iter().cloned());
            keys.push(late.key.clone());
            report.done.push(id);
            let taken = self.engine.unseal(of.node, of.record, &told, &keys);
            self.join_in(taken, &mut joint, &mut append);
            good.push(late.key);
        }
        if let Next::Stop(health) = self.commit(&append, Vec::new(), joint, head) {
            return Next::Stop(health);
        }
        if self.node.health() == Health::DiskFull {
            return Next::GoOn; // Nobody is answered, and asks again.
        }
        // After the copies: a key that is here is not asked for again.
        match self.store.add_copy_keys(&good) {
            Ok(()) => drop(answer.send(report)),
            Err(fault) => {
                tracing::warn!(error = %Chain(&fault), "keys that came late could not be kept");
            }
        }
        Next::GoOn
    }

    /// Returns the other keys that are here for what was told of a record: its home may have written it under several.
    fn keys_beside(
        &self,
        told: &[(Feed, Entry)],
        late: &LateKey,
    ) -> Result<Vec<RecordKey>, StoreError> {
        let sealed = told
            .iter()
            .filter_map(|(feed, entry)| sync::sealed_under(feed, entry));
        let others = sealed.filter(|(id, of)| *id != late.key.id && *of == late.of);
        let others: BTreeMap<[u8; 16], Elsewhere> = others.collect();
        self.store.held_keys(&Vec::from_iter(others))
    }
}
