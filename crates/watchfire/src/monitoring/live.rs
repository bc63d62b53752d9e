//! What the live page of monitoring was made of, kept for half a second so that two hundred consoles cost no more than one.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// For how long an answer is given again.
const FRESH: Duration = Duration::from_millis(500);

/// An answer that many ask for.
#[derive(Debug)]
pub struct Shared<T> {
    kept: RwLock<Option<(Instant, Arc<T>)>>,
}

impl<T> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared {
            kept: RwLock::new(None),
        }
    }
}

impl<T> Shared<T> {
    /// Returns what is kept if it is fresh, or makes it.
    pub fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let kept = self.kept.read();
        let kept = kept
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone();
        if let Some((_, kept)) = kept.filter(|(at, _)| at.elapsed() < FRESH) {
            return kept;
        }
        let made = Arc::new(make());
        let mut kept = self
            .kept
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *kept = Some((Instant::now(), Arc::clone(&made)));
        made
    }
}
