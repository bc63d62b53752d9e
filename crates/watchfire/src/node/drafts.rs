//! Drafts of calls on their way to the store: kept with all that wait beside them in one transaction of the one thread
//! that writes, so that fifty people who type cost few fsyncs. Must not know what a draft says. Start at [`Node::keep_draft`].

use std::sync::mpsc::TrySendError;

use tokio::sync::oneshot;
use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_store::{CallDraft, DraftPut, DraftWrite};

use super::{Chain, Health, Input, Node, NotAccepted, StoreJob, Worker, fresh_key, random, to_ms};

/// How often drafts that ended are looked after, in seconds.
pub(super) const TEND_EVERY_S: u64 = 10;

/// Where somebody waits to hear what became of a draft.
pub(super) type DraftAnswer = oneshot::Sender<Result<DraftPut, DraftNotKept>>;

/// Why a draft was not kept, other than by a rule.
#[derive(Debug)]
pub enum DraftNotKept {
    /// The node takes nothing now.
    Node(NotAccepted),
    /// Reading or writing it failed.
    Fault,
}

impl Node {
    /// Keeps a draft of a call and waits until it is durable; drafts that wait together share one transaction.
    pub async fn keep_draft(
        &self,
        person: PersonId,
        draft: CallDraft,
    ) -> Result<DraftPut, DraftNotKept> {
        let (answer, answered) = oneshot::channel();
        let write = Box::new(DraftWrite {
            person,
            draft,
            key: fresh_key(),
            nonce: random(),
        });
        match self.inner.queue.try_send(Input::Draft(write, answer)) {
            Ok(()) => answered
                .await
                .unwrap_or(Err(DraftNotKept::Node(NotAccepted::Stopping))),
            Err(TrySendError::Full(_)) => Err(DraftNotKept::Node(NotAccepted::Busy)),
            Err(TrySendError::Disconnected(_)) => Err(DraftNotKept::Node(NotAccepted::Stopping)),
        }
    }
}

impl Worker {
    /// Keeps all drafts that waited in one transaction, and answers each.
    pub(super) fn keep_drafts(&mut self, drafts: Vec<(DraftWrite, DraftAnswer)>) {
        if drafts.is_empty() {
            return;
        }
        let (writes, answers): (Vec<_>, Vec<_>) = drafts.into_iter().unzip();
        match self.store.put_drafts(&writes) {
            Ok(put) => {
                for (put, answer) in put.into_iter().zip(answers) {
                    let put = put.map_err(|fault| {
                        tracing::error!(error = %Chain(&fault), "a draft could not be kept");
                        DraftNotKept::Fault
                    });
                    let _ = answer.send(put);
                }
            }
            Err(fault) => {
                tracing::error!(error = %Chain(&fault), "drafts could not be kept");
                let full = fault.is_disk_full();
                if full {
                    self.node.set_health(Health::DiskFull);
                }
                for answer in answers {
                    let why = match full {
                        true => DraftNotKept::Node(NotAccepted::DiskFull),
                        false => DraftNotKept::Fault,
                    };
                    let _ = answer.send(Err(why));
                }
            }
        }
    }
}

/// Sees that the keys of drafts which became calls are destroyed soon, and that those nobody touches go.
pub(super) fn tend(node: &Node) {
    let before = match node.clock_behind_s() {
        // By a clock that is suspect nothing is old.
        Some(_) => Timestamp(i64::MIN),
        None => Timestamp(node.now().0 - to_ms(node.settings().keep_draft_s)),
    };
    let job: StoreJob = Box::new(move |store| {
        if let Err(fault) = store.tend_drafts(before) {
            tracing::warn!(error = %Chain(&fault), "old drafts could not be removed");
        }
    });
    let _ = node.inner.queue.try_send(Input::Store(job));
}
