//! Keys to personal data that are not here though what they open is: whoever passed the entries on did not have them,
//! or its line broke between the two. They are asked for again, of every node that answers, until one gives them.
//! Start at [`MissingKeys`] and [`Asking`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use watchfire_core::record::Elsewhere;

/// Keys that are looked for at once; of more, the rest is found at the next start.
pub const MISSING_MAX: usize = 100_000;
/// Pause before the same node is asked for the same key again; it doubles each time.
const AGAIN_MIN: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(300);

/// The keys that are missing, with the record of each.
#[derive(Debug, Default)]
pub struct MissingKeys {
    inner: Mutex<BTreeMap<[u8; 16], Elsewhere>>,
}

impl MissingKeys {
    /// Notes keys that are missing.
    pub fn note(&self, keys: impl IntoIterator<Item = ([u8; 16], Elsewhere)>) {
        let mut inner = self.lock();
        for (id, of) in keys {
            if inner.len() < MISSING_MAX {
                inner.insert(id, of);
            }
        }
    }

    /// Notes that keys are here, or need not be any more.
    pub fn found(&self, keys: &[[u8; 16]]) {
        let mut inner = self.lock();
        for id in keys {
            inner.remove(id);
        }
    }

    /// Returns the record of a key, if it is missing.
    pub fn record_of(&self, key: &[u8; 16]) -> Option<Elsewhere> {
        self.lock().get(key).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<[u8; 16], Elsewhere>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When one node was asked for which keys, so that it is not asked all the time for what it does not give.
#[derive(Debug, Default)]
pub struct Asking {
    asked: BTreeMap<[u8; 16], (Instant, Duration)>,
}

impl Asking {
    /// Returns the keys to ask for now, so many at most, and notes that they are asked for.
    pub fn due(
        &mut self,
        missing: &MissingKeys,
        most: usize,
        now: Instant,
    ) -> Vec<([u8; 16], Elsewhere)> {
        let missing = missing.lock();
        self.asked.retain(|id, _| missing.contains_key(id));
        let is_due = |id: &[u8; 16]| self.asked.get(id).is_none_or(|(due, _)| *due <= now);
        let due = missing.iter().filter(|(id, _)| is_due(id));
        let due: Vec<_> = due.take(most).map(|(id, of)| (*id, *of)).collect();
        for (id, _) in &due {
            let pause = self
                .asked
                .get(id)
                .map_or(AGAIN_MIN, |(_, pause)| (*pause * 2).min(AGAIN_MAX));
            self.asked.insert(*id, (now + pause, pause));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchfire_core::record::RecordRef;
    use watchfire_feed::NodeId;

    fn key(number: u8) -> ([u8; 16], Elsewhere) {
        let record = RecordRef::parse(&format!("incident:{}", "0".repeat(32))).unwrap();
        let node = NodeId([number; 32]);
        ([number; 16], Elsewhere { node, record })
    }

    #[test]
    fn a_key_that_is_not_given_is_asked_for_again_and_less_and_less_often() {
        let missing = MissingKeys::default();
        missing.note([key(1), key(2)]);
        let (mut asking, now) = (Asking::default(), Instant::now());
        let mut asked = |at_s| {
            asking
                .due(&missing, 10, now + Duration::from_secs(at_s))
                .len()
        };
        assert_eq!(asked(0), 2);
        assert_eq!(asked(0), 0);
        assert_eq!(asked(1), 2);
        assert_eq!(asked(2), 0, "two seconds from then on");
        missing.found(&[[1; 16]]);
        assert_eq!(asked(3), 1);
        assert_eq!(missing.record_of(&[1; 16]), None);
        assert_eq!(missing.record_of(&[2; 16]), Some(key(2).1));
    }

    #[test]
    fn no_more_are_asked_for_at_once_than_may_be() {
        let missing = MissingKeys::default();
        missing.note((0..5).map(key));
        let (mut asking, now) = (Asking::default(), Instant::now());
        let mut asked = || asking.due(&missing, 3, now).len();
        assert_eq!((asked(), asked(), asked()), (3, 2, 0));
    }
}
