//! Whether more of the public call than usual, by place and category: for people to look, never about people.
//!
//! **Method.** Calls are counted by station area and category, by area, by category and all together, over the last 1, 8 and
//! 24 hours. How many to expect follows from all calls before that span: a rate for the place and category, times the rhythm of
//! the whole city over the hours of the week. The rate is a Poisson rate under a gamma prior that weighs one call and lies
//! where place and category alone would let one expect it (Gelman et al., *Bayesian Data Analysis*, 2.6), so that what is
//! counted next has a negative binomial distribution, wide where little is known. An alert is raised where as many or more
//! would be counted with a chance below a threshold; the threshold is the number of false alerts a day that an agency is
//! willing to look at, over the number of counts that are looked at.
//!
//! What it measures on real calls, and what it misses, stands in `docs/bench/call-alerts.md`. It is made of [`PublicCall`]s, and
//! there is no way to make a [`CountedCall`] of what an officer began. Start at [`Watch::new`], then [`Watch::alerts`].

use std::collections::{BTreeMap, BTreeSet};

use crate::basis::{Code, IncidentId, Line, Timestamp};
use crate::cover::{HourOfWeek, PublicCall};
use crate::limits;
use crate::record::call::Call;

/// Hours of a day and of a week.
const DAY: usize = 24;
const WEEK: usize = 168;
/// Weeks of record that the rhythm of the day weighs against that of the week.
const RHYTHM_PRIOR_WEEKS: f64 = 4.0;

/// Spans that are counted, in hours.
pub const SPANS_H: [u32; 3] = [1, 8, 24];

/// When somebody of the public called, from which area, about what. Nothing else is kept of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCall {
    at: Timestamp,
    area: Option<Line>,
    category: Option<Code>,
    incident: Option<IncidentId>,
}

impl CountedCall {
    /// Makes one of a call on record; none if an officer began it, or if nobody knows where it was.
    pub fn of(call: &Call) -> Option<CountedCall> {
        let any = HourOfWeek::new(0, 0)?;
        PublicCall::of(call, any)?;
        Some(CountedCall {
            at: call.received_at,
            area: call.place.as_ref().and_then(|place| place.area.clone()),
            category: call.category.clone(),
            incident: call.incident(),
        })
    }

    /// Makes one of a call of the public, as an export reports it.
    pub fn reported(
        _: PublicCall,
        at: Timestamp,
        area: Option<Line>,
        category: Option<Code>,
    ) -> CountedCall {
        CountedCall {
            at,
            area,
            category,
            incident: None,
        }
    }
}

/// What is counted together: an area or all of them, a category or all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The station area; all when absent.
    pub area: Option<Line>,
    /// The category; all when absent.
    pub category: Option<Code>,
}

/// When an alert is raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchRules {
    /// False alerts a day that the agency is willing to look at.
    pub false_alerts_per_day: f64,
    /// Calls below which nothing is raised, however rare they are.
    pub calls_min: u32,
    /// Hours of record below which nothing is raised.
    pub hours_min: u32,
}

impl Default for WatchRules {
    /// Returns the defaults: one false alert a day, from three calls up, after three days of record.
    fn default() -> WatchRules {
        WatchRules {
            false_alerts_per_day: 1.0,
            calls_min: 3,
            hours_min: 72,
        }
    }
}

/// More calls than usual.
#[derive(Debug, Clone, PartialEq)]
pub struct CallAlert {
    /// Of what.
    pub group: Group,
    /// Over how many hours.
    pub span_h: u32,
    /// How many came.
    pub count: u32,
    /// How many were to be expected.
    pub expected: f64,
    /// The chance that as many or more come when all is as usual.
    pub chance: f64,
}

/// Calls of the public by group, and the rhythm of the whole city.
#[derive(Debug, Clone)]
pub struct Watch {
    from: Timestamp,
    first: HourOfWeek,
    /// The minute since `from` of each call, in order.
    groups: BTreeMap<Group, Vec<u32>>,
    rules: WatchRules,
}

impl Watch {
    /// Makes one of calls on record since `from`, which lies in the hour `first` of the agency's week. Calls that were joined
    /// to one incident count once: thirty people who see one fire are one fire.
    pub fn new(
        calls: &[CountedCall],
        from: Timestamp,
        first: HourOfWeek,
        rules: WatchRules,
    ) -> Watch {
        let mut seen: BTreeSet<IncidentId> = BTreeSet::new();
        let mut sorted: Vec<&CountedCall> = calls.iter().filter(|call| call.at >= from).collect();
        sorted.sort_by_key(|call| call.at);
        let mut groups: BTreeMap<Group, Vec<u32>> = BTreeMap::new();
        for call in sorted {
            if call.incident.is_some_and(|incident| !seen.insert(incident)) {
                continue;
            }
            let minute = (call.at.0 - from.0) / 60_000;
            let minute = u32::try_from(minute).unwrap_or(u32::MAX);
            for group in groups_of(call) {
                let room = groups.len() < limits::WATCH_GROUPS_MAX || groups.contains_key(&group);
                if room {
                    groups.entry(group).or_default().push(minute);
                }
            }
        }
        Watch {
            from,
            first,
            groups,
            rules,
        }
    }

    /// Returns how many groups are watched.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Returns the chance below which an alert is raised: what is looked at in a day are all groups over all spans, each span
    /// as often as it fits into a day.
    pub fn threshold(&self) -> f64 {
        let looks: f64 = SPANS_H.iter().map(|span| 24.0 / f64::from(*span)).sum();
        self.rules.false_alerts_per_day / (looks * self.groups.len().max(1) as f64)
    }

    /// Returns what is unusual at a moment, rarest first. A group of one area and category is left out where the same calls are
    /// told of by a shorter span, so that one thing is told once.
    pub fn alerts(&self, at: Timestamp) -> Vec<CallAlert> {
        let now = at.0.saturating_sub(self.from.0) / 60_000;
        let Ok(now) = u32::try_from(now) else {
            return Vec::new();
        };
        let threshold = self.threshold();
        let mut found: Vec<CallAlert> = Vec::new();
        for span_h in SPANS_H {
            let begin = now.saturating_sub(span_h * 60);
            if begin < self.rules.hours_min * 60 {
                continue;
            }
            let rhythm = Rhythm::before(self, begin);
            let (past, next) = (rhythm.weight(0, begin), rhythm.weight(begin, now));
            for (group, calls) in &self.groups {
                let count = within(calls, begin, now);
                if count < self.rules.calls_min || found.iter().any(|one| one.group == *group) {
                    continue;
                }
                let before = within(calls, 0, begin);
                let guess = self.guess(group, begin, past);
                let (shape, rate) = (1.0 + f64::from(before), 1.0 / guess + past);
                let chance = at_least(count, shape, rate, next);
                if chance < threshold {
                    found.push(CallAlert {
                        group: group.clone(),
                        span_h,
                        count,
                        expected: shape / rate * next,
                        chance,
                    });
                }
            }
        }
        found.sort_by(|a, b| a.chance.total_cmp(&b.chance));
        found.truncate(limits::CALL_ALERTS_MAX);
        found
    }

    /// Returns the rate that place and category alone let expect, per unit of rhythm; never quite nothing.
    fn guess(&self, group: &Group, begin: u32, past: f64) -> f64 {
        let count = |area: Option<&Line>, category: Option<&Code>| {
            let group = Group {
                area: area.cloned(),
                category: category.cloned(),
            };
            let calls = self.groups.get(&group);
            f64::from(calls.map_or(0, |calls| within(calls, 0, begin)))
        };
        let all = count(None, None).max(1.0);
        let expected = match (&group.area, &group.category) {
            (Some(area), Some(category)) => {
                count(Some(area), None) * count(None, Some(category)) / all
            }
            (area, category) => count(area.as_ref(), category.as_ref()),
        };
        expected.max(0.1) / past.max(1.0)
    }
}

fn groups_of(call: &CountedCall) -> BTreeSet<Group> {
    let mut all = BTreeSet::new();
    for area in [None, call.area.clone()] {
        for category in [None, call.category.clone()] {
            let area = area.clone();
            all.insert(Group { area, category });
        }
    }
    all
}

fn within(calls: &[u32], begin: u32, end: u32) -> u32 {
    let before = |minute: u32| calls.partition_point(|at| *at < minute);
    (before(end) - before(begin)) as u32 // A count of calls on record.
}

/// How busy each hour of the week is for the city as a whole: 1 on average.
struct Rhythm {
    first: usize,
    /// Weight of the hours from the first of a week on, summed.
    sums: [f64; WEEK + 1],
}

impl Rhythm {
    fn before(watch: &Watch, begin: u32) -> Rhythm {
        let none = Vec::new();
        let every = Group {
            area: None,
            category: None,
        };
        let calls = watch.groups.get(&every).unwrap_or(&none);
        let first = watch.first.index();
        let hours = (begin / 60) as usize;
        let (mut counts, mut times) = ([0.0; WEEK], [0.0; WEEK]);
        for minute in calls.iter().filter(|at| **at < begin) {
            counts[(first + *minute as usize / 60) % WEEK] += 1.0;
        }
        (0..hours).for_each(|hour| times[(first + hour) % WEEK] += 1.0);
        let of_day = |all: &[f64; WEEK], hour: usize| -> f64 {
            (0..7).map(|day| all[day * DAY + hour % DAY]).sum()
        };
        let mean = counts.iter().sum::<f64>() / (hours.max(1) as f64);
        let mut sums = [0.0; WEEK + 1];
        for hour in 0..WEEK {
            // An hour of the day that was seen once or twice is drawn towards the mean as well.
            let day = (of_day(&counts, hour) + 2.0 * mean) / (of_day(&times, hour) + 2.0);
            let week =
                (counts[hour] + RHYTHM_PRIOR_WEEKS * day) / (times[hour] + RHYTHM_PRIOR_WEEKS);
            let weight = if mean > 0.0 { week / mean } else { 1.0 };
            sums[hour + 1] = sums[hour] + weight;
        }
        Rhythm { first, sums }
    }

    /// Returns the weight of a span, in minutes since the record began.
    fn weight(&self, begin: u32, end: u32) -> f64 {
        self.until(end) - self.until(begin)
    }

    fn until(&self, minute: u32) -> f64 {
        let from_monday = |hours: f64| {
            let weeks = (hours / WEEK as f64).floor();
            let rest = hours - weeks * WEEK as f64;
            let hour = (rest.floor() as usize).min(WEEK - 1);
            let part = rest - hour as f64;
            let within = self.sums[hour] + part * (self.sums[hour + 1] - self.sums[hour]);
            weeks * self.sums[WEEK] + within
        };
        let first = self.first as f64;
        from_monday(first + f64::from(minute) / 60.0) - from_monday(first)
    }
}

/// Returns the chance that at least `count` come, where their rate has a gamma distribution and `weight` is what they come in.
fn at_least(count: u32, shape: f64, rate: f64, weight: f64) -> f64 {
    let stays = rate / (rate + weight);
    let mut exactly = (shape * stays.ln()).exp();
    let mut fewer = 0.0;
    for k in 0..count {
        fewer += exactly;
        exactly *= (shape + f64::from(k)) / f64::from(k + 1) * (1.0 - stays);
    }
    (1.0_f64 - fewer).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::Point;
    use crate::record::call::Channel;

    const MONDAY: Timestamp = Timestamp(1_700_434_800_000);

    fn monday() -> HourOfWeek {
        HourOfWeek::new(0, 0).unwrap()
    }

    fn call(hour: i64, minute: i64, area: &str, category: &str) -> CountedCall {
        let point = Point {
            lat_e6: 1,
            lon_e6: 1,
        };
        let public = PublicCall::reported(Channel::Phone, point, monday()).unwrap();
        let at = Timestamp(MONDAY.0 + hour * 3_600_000 + minute * 60_000);
        CountedCall::reported(public, at, area.parse().ok(), category.parse().ok())
    }

    /// Two weeks with a call from each of two areas every third hour, and what comes on top.
    fn usual(more: &[CountedCall]) -> Watch {
        let mut calls: Vec<CountedCall> = (0..14 * 24)
            .filter(|hour| hour % 3 == 0)
            .flat_map(|hour| {
                [
                    call(hour, 10, "north", "fire"),
                    call(hour, 40, "south", "medical"),
                ]
            })
            .collect();
        calls.extend_from_slice(more);
        Watch::new(&calls, MONDAY, monday(), WatchRules::default())
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp(MONDAY.0 + hour * 3_600_000)
    }

    #[test]
    fn what_is_as_usual_is_silent_and_what_is_not_is_told_with_what_was_expected() {
        let watch = usual(&[]);
        assert_eq!(
            watch.groups(),
            7,
            "two areas, two categories, both pairs, all together"
        );
        for hour in 72..14 * 24 {
            assert_eq!(watch.alerts(at(hour)), [], "{hour}");
        }
        let more: Vec<CountedCall> = (0..6).map(|n| call(300, 50 + n, "north", "fire")).collect();
        let told = usual(&more).alerts(at(301));
        let first = &told[0];
        assert_eq!(
            (first.group.area.as_ref().unwrap().as_str(), first.span_h),
            ("north", 1)
        );
        assert!(first.count >= 6 && first.expected < 1.0, "{first:?}");
        let spans: Vec<u32> = told.iter().map(|one| one.span_h).collect();
        assert!(
            told.iter().all(|one| one
                .group
                .area
                .as_ref()
                .is_none_or(|area| area.as_str() == "north")),
            "{told:?}"
        );
        assert!(
            spans.iter().all(|span| *span == 1),
            "one thing is told once: {spans:?}"
        );
    }

    #[test]
    fn what_officers_began_and_calls_of_one_incident_do_not_add_up() {
        let point = Point {
            lat_e6: 1,
            lon_e6: 1,
        };
        assert!(PublicCall::reported(Channel::Radio, point, monday()).is_none());
        let one = IncidentId([1; 16]);
        let many: Vec<CountedCall> = (0..20)
            .map(|n| CountedCall {
                incident: Some(one),
                ..call(300, 30 + n, "north", "fire")
            })
            .collect();
        assert_eq!(
            usual(&many).alerts(at(301)),
            [],
            "twenty who see one fire are one fire"
        );
    }

    #[test]
    fn nothing_is_said_before_there_is_enough_on_record() {
        let many: Vec<CountedCall> = (0..9).map(|n| call(20, n, "north", "fire")).collect();
        let young = Watch::new(&many, MONDAY, monday(), WatchRules::default());
        assert_eq!(young.alerts(at(21)), []);
        assert_eq!(
            young.alerts(Timestamp(0)),
            [],
            "nor of a time before the record"
        );
    }

    #[test]
    fn groups_and_alerts_keep_to_their_limits() {
        let many: Vec<CountedCall> = (0..limits::WATCH_GROUPS_MAX as i64 + 10)
            .map(|n| call(80 + n % 60, 0, &format!("area {n}"), "fire"))
            .collect();
        let watch = Watch::new(&many, MONDAY, monday(), WatchRules::default());
        assert_eq!(watch.groups(), limits::WATCH_GROUPS_MAX);
        let loose = WatchRules {
            false_alerts_per_day: 1e9,
            calls_min: 1,
            hours_min: 1,
        };
        let watch = Watch::new(&many, MONDAY, monday(), loose);
        assert_eq!(watch.alerts(at(100)).len(), limits::CALL_ALERTS_MAX);
    }

    #[test]
    fn the_chance_is_that_of_the_negative_binomial() {
        // Shape 1 is geometric: at least k has chance (weight / (rate + weight))^k.
        for k in 0..20 {
            let expected = 0.25_f64.powi(k);
            let found = at_least(k as u32, 1.0, 3.0, 1.0);
            assert!((found - expected).abs() < 1e-12, "{k}: {found}");
        }
    }
}
