//! No action is done twice, however often it is asked for.
//!
//! Reason: after a crash or a cut the console cannot know whether its action was done, so it asks again
//! under the same key. Two incidents from one click would send two engines.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::engine::{self, Decoded};

use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let mut runs: BTreeMap<_, u64> = BTreeMap::new();
    let mut last = None;
    for entry in &life.disk.entries {
        let decoded = engine::decode(entry).map_err(|error| error.to_string())?;
        let Decoded::Event { meta, key, .. } = decoded else {
            continue;
        };
        // The entries of one action lie next to each other; a second run of them is a second doing.
        let name = (meta.by.person, key);
        if last.as_ref() != Some(&name) {
            *runs.entry(name.clone()).or_default() += 1;
        }
        last = Some(name);
    }
    if let Some(((_, key), times)) = runs.iter().find(|(_, times)| **times > 1) {
        return Err(format!("{key} was done {times} times"));
    }
    let mut kept = BTreeSet::new();
    for outcome in &life.disk.outcomes {
        if !kept.insert((outcome.person, outcome.key.clone())) {
            return Err(format!("{} has two outcomes", outcome.key));
        }
    }
    if let Some((_, key)) = runs.keys().find(|name| !kept.contains(*name)) {
        return Err(format!("{key} was done, and its outcome is not kept"));
    }
    let answered = |name: &(watchfire_core::basis::PersonId, String)| runs.contains_key(name);
    let mut acked = life
        .acked
        .iter()
        .map(|acked| (acked.person, acked.key.clone()));
    match acked.find(|name| !answered(name)) {
        Some((_, key)) => Err(format!(
            "{key} was answered \"yes\" and no entry carries it"
        )),
        None => Ok(()),
    }
}
