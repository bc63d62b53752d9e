//! A desk: whatever lets the simulated people of a replay act, on a running node or straight on an engine.
//!
//! Both go through the same engine and store. The live one is paced by the node's clock and waits for every
//! answer; the direct one runs as fast as it can and makes up to 64 actions durable at a time.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::engine::{Engine, HappenedWhen, Outcome, Request};
use watchfire_core::limits::BATCH_INPUTS_MAX;
use watchfire_core::log::{Batch, Log};
use watchfire_core::plan::ResponseFile;
use watchfire_core::recommend::Recommendation;
use watchfire_core::record::incident::Incident;
use watchfire_core::refusal::Refusal;
use watchfire_store::Store;

use crate::node::{Node, NotAccepted, Submission, fresh_key, top_up_keys};
use crate::policy::Authorized;
use crate::positions::Positions;
use crate::travel::Travel;

/// Why a replay cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The node stopped, or its store failed.
    #[error("the node stopped taking actions")]
    Stopped,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(String),
}

/// Lets simulated people act.
pub trait Desk {
    /// Waits a moment for that time to come.
    fn wait(&mut self, at: Timestamp) -> Waited;
    /// Acts, at that time.
    fn act(
        &mut self,
        at: Timestamp,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt>;
    /// Looks at the board.
    fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T;
    /// Recommends what to send.
    fn recommend(&self, incident: &Incident, at: Timestamp) -> Recommendation;
    /// Returns where units are.
    fn positions(&self) -> &Positions;
    /// Returns the travel times in use.
    fn travel(&self) -> &Travel;
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// The time has come.
    There,
    /// It is only so late.
    NotYet(Timestamp),
    /// The node stops, and the replay with it.
    Stop,
}

fn fingerprint(key: &str) -> [u8; 32] {
    // A replay names every action by its key alone, so the key is what was asked.
    Sha256::digest(key.as_bytes()).into()
}

/// How long a live desk naps at most, so that units move and a stop is noticed.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(200);

/// A desk on a running node.
pub struct LiveDesk {
    /// The node.
    pub node: Node,
}

impl Desk for LiveDesk {
    fn wait(&mut self, at: Timestamp) -> Waited {
        if matches!(
            self.node.health(),
            crate::node::Health::Failed | crate::node::Health::Stopped
        ) {
            return Waited::Stop;
        }
        let wait = self.node.settings().clock.wait_until(at);
        if wait.is_zero() {
            return Waited::There;
        }
        std::thread::sleep(wait.min(MOMENT));
        Waited::NotYet(self.node.now().min(at))
    }

    fn act(
        &mut self,
        _: Timestamp,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt> {
        loop {
            let submission = Submission {
                action: action.clone(),
                fingerprint: fingerprint(&key),
                key: key.clone(),
                if_version: None,
                draft: None,
                made: None,
                happened: HappenedWhen::Now,
            };
            match self.node.submit_blocking(submission) {
                Ok(outcome) => return Ok(Ok(outcome)),
                Err(NotAccepted::Refused(refusal)) => return Ok(Err(refusal)),
                // What a person would do: wait, and send it again with the same key.
                Err(NotAccepted::DiskFull | NotAccepted::Busy) => {
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
                Err(NotAccepted::Stopping) => return Err(Halt::Stopped),
            }
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(&self.node.board())
    }

    fn recommend(&self, incident: &Incident, at: Timestamp) -> Recommendation {
        let node = &self.node;
        self.travel().recommend(
            &node.board(),
            node.response(),
            node.positions(),
            incident,
            None,
            at,
        )
    }

    fn positions(&self) -> &Positions {
        self.node.positions()
    }

    fn travel(&self) -> &Travel {
        &self.node.settings().travel
    }
}

/// A desk straight on an engine and its store, as fast as they go.
pub struct DirectDesk {
    engine: Engine,
    store: Store,
    travel: Travel,
    response: Arc<ResponseFile>,
    positions: Positions,
    batch: Batch,
    waiting: usize,
}

impl DirectDesk {
    /// Makes a desk of an engine and its store.
    pub fn new(
        engine: Engine,
        store: Store,
        travel: Travel,
        response: Arc<ResponseFile>,
    ) -> DirectDesk {
        DirectDesk {
            engine,
            store,
            travel,
            response,
            positions: Positions::default(),
            batch: Batch::default(),
            waiting: 0,
        }
    }

    /// Returns the categories, kinds and plans in use.
    pub fn response(&self) -> &ResponseFile {
        &self.response
    }

    /// Makes durable what is waiting.
    pub fn flush(&mut self) -> Result<(), Halt> {
        if !self.batch.is_empty() {
            self.store
                .append(&self.batch)
                .map_err(|fault| Halt::Store(fault.to_string()))?;
            self.engine.persisted();
        }
        self.batch = Batch::default();
        self.waiting = 0;
        Ok(())
    }

    /// Returns the store, with everything durable.
    pub fn into_store(mut self) -> Result<Store, Halt> {
        self.flush()?;
        Ok(self.store)
    }

    /// Acts with the node's clock at `now` rather than at the time claimed. It is durable at the next flush,
    /// together with all since the last.
    pub fn act_at(
        &mut self,
        now: Timestamp,
        happened: HappenedWhen,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt> {
        top_up_keys(&mut self.engine, &mut self.store, fresh_key)
            .map_err(|fault| Halt::Store(fault.to_string()))?;
        let (by, action) = action.into_parts();
        let fingerprint = fingerprint(&key);
        let request = Request {
            ticket: 0,
            key,
            fingerprint,
            by,
            if_version: None,
            happened,
            action,
        };
        let step = self.engine.handle(request, now);
        self.batch.extend(step.append);
        self.waiting += 1;
        Ok(step.then.answer)
    }

    /// Makes durable what is waiting if it is as much as a batch holds.
    pub fn flush_if_full(&mut self) -> Result<(), Halt> {
        if self.waiting >= BATCH_INPUTS_MAX {
            self.flush()?;
        }
        Ok(())
    }
}

impl Desk for DirectDesk {
    fn wait(&mut self, _: Timestamp) -> Waited {
        Waited::There
    }

    fn act(
        &mut self,
        at: Timestamp,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt> {
        let answer = self.act_at(at, HappenedWhen::Now, action, key)?;
        self.flush_if_full()?;
        Ok(answer)
    }

    fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(self.engine.board())
    }

    fn recommend(&self, incident: &Incident, at: Timestamp) -> Recommendation {
        self.travel.recommend(
            self.engine.board(),
            &self.response,
            &self.positions,
            incident,
            None,
            at,
        )
    }

    fn positions(&self) -> &Positions {
        &self.positions
    }

    fn travel(&self) -> &Travel {
        &self.travel
    }
}
