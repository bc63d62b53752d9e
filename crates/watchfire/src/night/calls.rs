//! The calls of the record on the lead's node: the replay's own desk and crews answer them, and it is known how far they have
//! come, so that the night never runs away from them. Start at [`play`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::engine::Outcome;
use watchfire_core::recommend::Recommendation;
use watchfire_core::record::incident::Incident;
use watchfire_core::refusal::Refusal;

use crate::desk::{Desk, Halt, LiveDesk, Waited};
use crate::node::Node;
use crate::parcel::ScenarioError;
use crate::past::Past;
use crate::policy::Authorized;
use crate::positions::Positions;
use crate::replay::{Cast, Replay};
use crate::travel::Travel;

/// How far the simulated desk and crews have come.
#[derive(Debug, Clone)]
pub(super) struct Reached(Arc<AtomicI64>);

impl Reached {
    /// Returns until when all that was due is done.
    pub(super) fn at(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Acquire))
    }
}

/// A desk on a running node that says how far it has come.
struct Noted {
    desk: LiveDesk,
    reached: Reached,
}

impl Desk for Noted {
    fn wait(&mut self, at: Timestamp) -> Waited {
        let waited = self.desk.wait(at);
        let now = match waited {
            Waited::There => at,
            Waited::NotYet(now) => now,
            Waited::Stop => return waited,
        };
        self.reached.0.fetch_max(now.0, Ordering::AcqRel);
        waited
    }

    fn act(
        &mut self,
        at: Timestamp,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt> {
        self.desk.act(at, action, key)
    }

    fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        self.desk.look(look)
    }

    fn recommend(&self, incident: &Incident, at: Timestamp) -> Recommendation {
        self.desk.recommend(incident, at)
    }

    fn positions(&self) -> &Positions {
        self.desk.positions()
    }

    fn travel(&self) -> &Travel {
        self.desk.travel()
    }
}

/// Lets the simulated desk and crews answer the calls of the record, on a thread of their own, until the node stops.
pub(super) fn play(
    node: Node,
    past: Past,
    cast: Cast,
    from: Timestamp,
) -> Result<(JoinHandle<()>, Reached), ScenarioError> {
    let reached = Reached(Arc::new(AtomicI64::new(from.0)));
    let desk = Noted {
        desk: LiveDesk { node },
        reached: reached.clone(),
    };
    let end = reached.clone();
    let playing = std::thread::Builder::new()
        .name("replay".into())
        .spawn(move || {
            let mut replay = Replay::new(desk, &past, cast, from, Timestamp(i64::MAX));
            if let Err(halt) = replay.run(|_| {}) {
                tracing::debug!(error = %halt, "the calls ended");
            }
            for line in &replay.refused {
                tracing::debug!(line, "a simulated action was refused");
            }
            // Nobody waits for a desk that is gone.
            end.0.store(i64::MAX, Ordering::Release);
        });
    let playing = playing.map_err(|source| ScenarioError::Io {
        what: "a thread could not be started".to_owned(),
        source,
    })?;
    Ok((playing, reached))
}
