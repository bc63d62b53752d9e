//! Patterns of incidents: which past incidents fit a question of place, time, category and words, and which are like one, by
//! terms that are shown.
//!
//! Words are looked for in what an incident *is and where*: its category, its address and its area. Who called, what was said
//! and what was noted are never looked through, so that nobody can be searched for. Start at [`PatternQuery::fits`] and
//! [`likeness`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::basis::{Code, Line, Point, Text, Timestamp};
use crate::cover::HourOfWeek;
use crate::record::incident::Incident;

/// A question about past incidents; what is absent does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternQuery {
    /// The station area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Line>,
    /// Around a point, so many metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<(Point, u32)>,
    /// Opened at or after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Opened before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Of one of these categories.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<Code>,
    /// All of these words in category, address or area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Line>,
    /// From this hour of the day up to, not including, that one; over midnight where the first is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(u8, u8)>,
    /// On these days of the week; 0 is Monday.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub days: BTreeSet<u8>,
}

impl PatternQuery {
    /// Says whether an incident fits. `category` is its category in words, `hour` the hour of the agency's week in which it was
    /// opened.
    pub fn fits(&self, incident: &Incident, category: &Text, hour: HourOfWeek) -> bool {
        let place = &incident.place;
        let near =
            |(at, radius_m): &(Point, u32)| at.distance_m(place.point) <= f64::from(*radius_m);
        let (day, of_day) = (hour.index() / 24, hour.index() % 24);
        let in_hours = |(from, until): &(u8, u8)| {
            let (from, until) = (usize::from(*from), usize::from(*until));
            if from < until {
                (from..until).contains(&of_day)
            } else {
                of_day >= from || of_day < until
            }
        };
        self.area
            .as_ref()
            .is_none_or(|area| place.area.as_ref() == Some(area))
            && self.around.as_ref().is_none_or(near)
            && self.from.is_none_or(|from| incident.opened_at >= from)
            && self.until.is_none_or(|until| incident.opened_at < until)
            && (self.categories.is_empty() || self.categories.contains(&incident.category))
            && self.hours.as_ref().is_none_or(in_hours)
            && (self.days.is_empty() || self.days.iter().any(|one| usize::from(*one) == day))
            && self
                .words
                .as_ref()
                .is_none_or(|words| has_words(words, incident, category))
    }
}

fn has_words(words: &Line, incident: &Incident, category: &Text) -> bool {
    let place = &incident.place;
    let of_place = [&place.address, &place.area].into_iter().flatten();
    let mut said: Vec<String> = of_place.map(|line| line.as_str().to_lowercase()).collect();
    said.push(category.en.to_lowercase());
    said.push(category.zh.to_lowercase());
    let mut wanted = words.as_str().split_whitespace().map(str::to_lowercase);
    wanted.all(|word| said.iter().any(|text| text.contains(&word)))
}

/// What one term adds to how alike two incidents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Which.
    pub what: TermOf,
    /// Points it adds.
    pub points: u32,
    /// The most it could add.
    pub most: u32,
    /// In words.
    pub said: Text,
}

/// What two incidents are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermOf {
    /// What they are.
    Category,
    /// How far apart.
    Distance,
    /// At what time of the day and on what kind of day.
    Hour,
    /// What their addresses share.
    Words,
}

/// Metres at which distance adds nothing any more.
const FAR_M: u32 = 2_000;
/// Hours of the day at which time adds nothing any more.
const APART_H: u32 = 4;

/// Returns how alike two incidents are, term by term: 100 points at most, 40 for the category, 30 for the distance (all of them
/// at the same place, none at 2 km), 20 for the hour (15 for the time of the day, none 4 hours apart; 5 for workday or
/// weekend alike), 10 for the words that their addresses share.
pub fn likeness(
    (one, one_hour): (&Incident, HourOfWeek),
    (other, other_hour): (&Incident, HourOfWeek),
) -> [Term; 4] {
    let same = one.category == other.category;
    let metres = one.place.point.distance_m(other.place.point).round();
    let metres = if metres < f64::from(u32::MAX) {
        metres as u32
    } else {
        u32::MAX
    };
    let near = FAR_M.saturating_sub(metres);
    let of_day = |hour: HourOfWeek| (hour.index() % 24) as u32;
    let apart = of_day(one_hour).abs_diff(of_day(other_hour));
    let apart = apart.min(24 - apart);
    let weekend = |hour: HourOfWeek| hour.index() / 24 >= 5;
    let same_kind_of_day = weekend(one_hour) == weekend(other_hour);
    let hour = 15 * APART_H.saturating_sub(apart) / APART_H + if same_kind_of_day { 5 } else { 0 };
    let (shared, all) = words_in_common(one, other);
    let words = (10 * shared).checked_div(all).unwrap_or(0);
    [
        Term {
            what: TermOf::Category,
            points: if same { 40 } else { 0 },
            most: 40,
            said: if same {
                Text::new("same category", "同类别")
            } else {
                Text::new("another category", "不同类别")
            },
        },
        Term {
            what: TermOf::Distance,
            points: 30 * near / FAR_M,
            most: 30,
            said: Text::new(format!("{metres} m apart"), format!("相距 {metres} 米")),
        },
        Term {
            what: TermOf::Hour,
            points: hour,
            most: 20,
            said: Text::new(
                format!(
                    "{apart} h apart in the day{}",
                    if same_kind_of_day {
                        ", same kind of day"
                    } else {
                        ""
                    }
                ),
                format!(
                    "时段相差 {apart} 小时{}",
                    if same_kind_of_day {
                        "，同为工作日或周末"
                    } else {
                        ""
                    }
                ),
            ),
        },
        Term {
            what: TermOf::Words,
            points: words,
            most: 10,
            said: Text::new(
                format!("{shared} of {all} address words shared"),
                format!("地址用词相同 {shared}/{all}"),
            ),
        },
    ]
}

/// Returns how many words two addresses share, and how many they have together. Of Chinese every two letters are a word.
fn words_in_common(one: &Incident, other: &Incident) -> (u32, u32) {
    let words = |incident: &Incident| -> BTreeSet<String> {
        let Some(address) = &incident.place.address else {
            return BTreeSet::new();
        };
        let lower = address.as_str().to_lowercase();
        let mut all = BTreeSet::new();
        for part in lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
        {
            if part.is_ascii() {
                all.insert(part.to_owned());
            } else {
                let letters: Vec<char> = part.chars().collect();
                all.extend(letters.windows(2).map(|two| two.iter().collect::<String>()));
            }
        }
        all
    };
    let (one, other) = (words(one), words(other));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (
        count(one.intersection(&other).count()),
        count(one.union(&other).count()),
    )
}
