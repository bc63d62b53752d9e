//! How much one peer may ask of this node, and this node of one peer: enough for a hundred thousand entries after a day
//! apart, and not enough to keep others waiting. Whoever asks for more is answered later, not less: an honest peer goes
//! on, and one that floods waits for itself alone. Start at [`Bucket`] and [`hold_back`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use watchfire_feed::NodeId;

use crate::link::Caller;

/// What one peer may ask of this node each second, and at once after a pause; a request is one, and more by its size.
const ASKED_PER_S: u32 = 200;
const ASKED_AT_ONCE: u32 = 2_000;
/// Bytes of a body, asked or answered, that count as one request more.
const BYTES_EACH: usize = 64 * 1_024;
/// Requests of one peer under way at once; more wait.
const UNDER_WAY_MAX: usize = 16;
/// Longest that a request is held back; one that would wait longer is told to come again.
const HELD_BACK_MAX: Duration = Duration::from_secs(10);

/// Something that is used up and fills again.
#[derive(Debug)]
pub struct Bucket {
    per_s: f64,
    most: f64,
    left: f64,
    looked: Instant,
}

impl Bucket {
    /// Returns a full one.
    pub fn new(per_s: u32, most: u32, now: Instant) -> Bucket {
        Bucket {
            per_s: f64::from(per_s),
            most: f64::from(most),
            left: f64::from(most),
            looked: now,
        }
    }

    /// Uses some of it, also of what is not there yet; returns how long to wait until it is.
    pub fn spend(&mut self, cost: f64, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.looked).as_secs_f64();
        self.looked = now;
        self.left = (self.left + passed * self.per_s).min(self.most) - cost;
        Duration::from_secs_f64((-self.left / self.per_s).max(0.0))
    }

    /// Gives back what was used for a good end.
    pub fn give_back(&mut self, cost: f64) {
        self.left = (self.left + cost).min(self.most);
    }
}

/// What every peer has left.
#[derive(Debug, Clone, Default)]
pub struct Budgets {
    inner: Arc<Mutex<BTreeMap<NodeId, Arc<Budget>>>>,
}

#[derive(Debug)]
struct Budget {
    bucket: Mutex<Bucket>,
    under_way: Semaphore,
}

impl Budgets {
    fn of(&self, node: NodeId) -> Arc<Budget> {
        // Only peers come here, so there are no more than there may be peers.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            Arc::new(Budget {
                bucket: Mutex::new(Bucket::new(ASKED_PER_S, ASKED_AT_ONCE, Instant::now())),
                under_way: Semaphore::new(UNDER_WAY_MAX),
            })
        };
        Arc::clone(inner.entry(node).or_insert_with(fresh))
    }
}

impl Budget {
    fn spend(&self, cost: f64) -> Duration {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.spend(cost, Instant::now())
    }
}

/// Lets a request through when its peer has some left for it.
pub async fn hold_back(
    State(budgets): State<Budgets>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let Caller::Peer(node) = caller else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let budget = budgets.of(node);
    let Ok(_turn) = budget.under_way.acquire().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let wait = budget.spend(1.0 + cost(request.headers()));
    if wait > HELD_BACK_MAX {
        let again = [(header::RETRY_AFTER, wait.as_secs().to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, again).into_response();
    }
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let response = next.run(request).await;
    // What was answered is paid for by the next request.
    budget.spend(cost(response.headers()));
    response
}

/// What a body costs that is as long as its head says.
fn cost(headers: &axum::http::HeaderMap) -> f64 {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    f64::from(u32::try_from(length.unwrap_or(0) / BYTES_EACH).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_fills_again_and_no_more_than_it_holds() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut bucket = Bucket::new(10, 20, now);
        assert_eq!(bucket.spend(20.0, now), Duration::ZERO);
        assert_eq!(bucket.spend(5.0, now), Duration::from_millis(500));
        assert_eq!(bucket.spend(0.0, at(500)), Duration::ZERO);
        bucket.give_back(100.0);
        assert_eq!(bucket.spend(20.0, at(500)), Duration::ZERO);
        assert_eq!(bucket.spend(1.0, at(500)), Duration::from_millis(100));
        assert_eq!(bucket.spend(20.0, at(60_000)), Duration::ZERO);
    }
}
