//! The hour that occurs twice when the clocks go back: which of its two passes each time of a row means.
//!
//! A time of that hour says less than it seems to: from 01:55 to 02:03 it is eight minutes, or sixty-eight. The other times
//! of the row decide. All ways to read the row are tried, and the one is taken that puts the least back in time and, of
//! those, keeps the waits between neighbours shortest. This is looked at only in rows that hold such a time, and knows no
//! other rows. Start at [`Reading::pass_of`].

use super::Reading;
use crate::map::{Moment, TimeSource};
use crate::times::{Clocks, Doubled, ReadTime};

/// For each moment the pass it was found to mean; `None` where it is not doubled, or where nothing decides.
pub(super) type Passes = [Option<Doubled>; 8];

/// What one way to read a row costs. The order of the fields is the order in which they count.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    backwards_ms: u64,
    /// The sum of the square roots of the waits. Their plain sum is often the same wherever the extra hour is put; the
    /// roots put it into the wait that is long in any case, so that the short ones stay short.
    waits: u64,
}

/// One way to read the times of a row, as far as it has been followed.
#[derive(Clone, Copy)]
struct Trial {
    moments: [Option<i64>; 8],
    passes: Passes,
    clocks_are_back: bool,
    /// True when a time was stated that is not doubled, without which nothing can be decided.
    anchored: bool,
    latest: Option<i64>,
    cost: Cost,
}

impl Trial {
    fn from(moments: [Option<i64>; 8]) -> Trial {
        Trial {
            moments,
            passes: [None; 8],
            clocks_are_back: false,
            anchored: false,
            latest: moments.into_iter().flatten().max(),
            cost: Cost::default(),
        }
    }

    fn with(mut self, moment: Moment, read: ReadTime) -> Trial {
        self.moments[moment as usize] = Some(read.ms);
        if let Some(latest) = self.latest {
            let wait = read.ms.abs_diff(latest);
            if read.ms < latest {
                self.cost.backwards_ms += wait;
            } else {
                self.cost.waits += wait.isqrt();
            }
        }
        self.latest = self.latest.max(Some(read.ms));
        self
    }
}

impl Reading<'_> {
    /// Returns the pass that a doubled time means; `None` where the other times of the row do not say.
    pub(super) fn pass_of(&mut self, moment: Moment) -> Option<Doubled> {
        let passes = match (self.passes, self.group) {
            (Some(passes), _) => passes,
            (None, None) => self.passes_of_call(),
            (None, Some(group)) => self.passes_of_response(group),
        };
        self.passes = Some(passes);
        passes[moment as usize]
    }

    /// The times of a call have the times of all its responses as neighbours.
    fn passes_of_call(&self) -> Passes {
        let map = &self.reader.map;
        let received = self.received_before;
        let mut anchored = received.is_some();
        let mut best: Option<(Cost, Passes)> = None;
        for call in self.trials(Trial::from([None; 8]), &map.call.times) {
            if received.is_some() && received != call.moments[Moment::Received as usize] {
                continue;
            }
            anchored |= call.anchored;
            let mut cost = call.cost;
            for group in &map.responses {
                let start = Trial {
                    cost: Cost::default(),
                    ..call
                };
                let responses = self.trials(start, &group.times);
                anchored |= responses.iter().any(|response| response.anchored);
                let least = responses.iter().map(|response| response.cost).min();
                let least = least.unwrap_or_default();
                cost.backwards_ms += least.backwards_ms;
                cost.waits += least.waits;
            }
            // Of equals the first stays, which is the one with fewer second passes.
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, call.passes));
            }
        }
        best.filter(|_| anchored)
            .map_or([None; 8], |(_, passes)| passes)
    }

    fn passes_of_response(&self, group: usize) -> Passes {
        let Some(group) = self.reader.map.responses.get(group) else {
            return [None; 8];
        };
        let trials = self.trials(Trial::from(self.moments), &group.times);
        let anchored = trials.iter().any(|trial| trial.anchored);
        trials
            .into_iter()
            .min_by_key(|trial| trial.cost)
            .filter(|_| anchored)
            .map_or([None; 8], |trial| trial.passes)
    }

    fn trials(&self, start: Trial, sources: &[(Moment, TimeSource)]) -> Vec<Trial> {
        let mut trials = vec![start];
        for (moment, source) in sources {
            trials = trials
                .into_iter()
                .flat_map(|trial| self.followed(trial, *moment, source))
                .collect();
        }
        trials
    }

    fn followed(&self, trial: Trial, moment: Moment, source: &TimeSource) -> Vec<Trial> {
        let read = |pass| {
            self.read_time(&trial.moments, moment, source, pass)
                .ok()
                .flatten()
        };
        let Some(plain) = read(None) else {
            return vec![trial];
        };
        if plain.clocks != Clocks::Fold {
            let mut next = trial.with(moment, plain);
            // A time that is counted from another moves with it, and so decides nothing.
            next.anchored |= matches!(source, TimeSource::Stated { .. });
            return vec![next];
        }
        // The clocks go back once: what comes after a second pass is not of the first. It also bounds the trials.
        let passes: &[Doubled] = if trial.clocks_are_back {
            &[Doubled::Second]
        } else {
            &[Doubled::First, Doubled::Second]
        };
        let follow = |pass: &Doubled| {
            let mut next = trial.with(moment, read(Some(*pass))?);
            next.passes[moment as usize] = Some(*pass);
            next.clocks_are_back = *pass == Doubled::Second;
            Some(next)
        };
        passes.iter().filter_map(follow).collect()
    }
}
