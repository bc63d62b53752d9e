//! What people have just done, for as long as they may take it back, and a little longer so that they are told why not.
//!
//! In memory only: after a restart nobody can take back what they did before it, and is told so. Nothing here
//! decides; the core says what takes what back, and the engine looks again before it is done. Start at [`Deeds`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::refusal::Refusal;
use watchfire_core::undo::{Deed, Undo};

/// Actions of one person that are remembered; the oldest are forgotten first.
pub const PER_PERSON_MAX: usize = 64;
/// People whose actions are remembered before those who did nothing of late are forgotten.
const PEOPLE_MAX: usize = 256;
/// How long after its time an action is remembered, in seconds: a lost answer is asked for again.
const REMEMBERED_S: u32 = 120;

/// What people have just done.
#[derive(Debug, Default)]
pub struct Deeds(Mutex<BTreeMap<PersonId, VecDeque<Kept>>>);

#[derive(Debug)]
struct Kept {
    key: String,
    until: Timestamp,
    /// Not the action itself: there may be personal data in it.
    undo: Result<Undo, Refusal>,
}

impl Deeds {
    /// Remembers what somebody did with an idempotency key; returns until when it can be taken back, if it can.
    pub fn remember(
        &self,
        person: PersonId,
        key: &str,
        deed: &Deed,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (undo, until) = (deed.undo(), deed.until);
        let before = undo.is_ok().then_some(until);
        let mut all = self.lock();
        if all.len() >= PEOPLE_MAX {
            all.retain(|_, own| {
                own.back()
                    .is_some_and(|last| now <= last.until.plus_s(REMEMBERED_S))
            });
        }
        let own = all.entry(person).or_default();
        own.retain(|kept| now <= kept.until.plus_s(REMEMBERED_S) && kept.key != key);
        own.push_back(Kept {
            key: key.to_owned(),
            until,
            undo,
        });
        if own.len() > PER_PERSON_MAX {
            own.pop_front();
        }
        before
    }

    /// Returns what takes back what somebody did with a key, or why nothing does; nothing if it is not remembered.
    pub fn find(&self, person: PersonId, key: &str) -> Option<Result<Undo, Refusal>> {
        let all = self.lock();
        let kept = all.get(&person)?.iter().find(|kept| kept.key == key)?;
        Some(kept.undo.clone())
    }

    /// Returns what takes back what somebody did last, or why nothing does; nothing if nothing is remembered.
    pub fn last(&self, person: PersonId) -> Option<Result<Undo, Refusal>> {
        let all = self.lock();
        Some(all.get(&person)?.back()?.undo.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PersonId, VecDeque<Kept>>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Where a request that acted leaves until when that can be taken back, for the header of its answer.
#[derive(Debug, Clone, Default)]
pub struct UndoBefore(pub Arc<OnceLock<Timestamp>>);

#[cfg(test)]
mod tests {
    use super::*;
    use watchfire_core::basis::UnitId;
    use watchfire_core::record::Action;
    use watchfire_core::record::unit::UnitAction;

    fn deed(until_s: i64) -> Deed {
        let unit = UnitId([1; 16]);
        Deed {
            action: Action::Unit(UnitAction::EndRest { unit }),
            before: Vec::new(),
            records: Vec::new(),
            until: Timestamp(until_s * 1_000),
        }
    }

    #[test]
    fn each_remembers_their_own_and_the_oldest_are_forgotten() {
        let (deeds, me, other) = (Deeds::default(), PersonId([1; 16]), PersonId([2; 16]));
        for number in 0..=PER_PERSON_MAX {
            deeds.remember(me, &number.to_string(), &deed(10), Timestamp(0));
        }
        assert!(deeds.find(me, "0").is_none(), "one past the limit");
        assert!(deeds.find(me, "1").is_some());
        assert!(deeds.find(other, "1").is_none());
        let late = Timestamp((10 + i64::from(REMEMBERED_S)) * 1_000);
        deeds.remember(me, "at", &deed(500), late);
        assert!(deeds.find(me, "2").is_some());
        deeds.remember(me, "past", &deed(500), Timestamp(late.0 + 1));
        assert!(deeds.find(me, "2").is_none());
        assert!(deeds.find(me, "at").is_some());
    }

    #[test]
    fn whoever_did_nothing_of_late_is_forgotten() {
        let deeds = Deeds::default();
        let person = |number: usize| PersonId((number as u128).to_be_bytes());
        for number in 0..PEOPLE_MAX {
            deeds.remember(person(number), "k", &deed(10), Timestamp(0));
        }
        deeds.remember(person(PEOPLE_MAX), "k", &deed(900), Timestamp(800_000));
        assert!(deeds.find(person(0), "k").is_none());
        assert!(deeds.find(person(PEOPLE_MAX), "k").is_some());
    }
}
