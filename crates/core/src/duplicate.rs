//! Duplicate hints: is this call about something we already know of?
//!
//! A hint is for a person to take or leave; nothing is joined by itself. It is found by place and time,
//! or by the same callback number within a short window, and always says why and how far away.
//!
//! Of several incidents near by, the one that most reports lie close to comes first, not the one with the
//! single nearest report: one caller who misjudged the place would otherwise draw all later calls astray.

use serde::{Deserialize, Serialize};

use crate::basis::{CallId, Code, IncidentId, Line, Place, Text, Timestamp};
use crate::board::Board;
use crate::record::call::Call;

/// When two reports may be about the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateRules {
    /// Metres between the places at most.
    pub radius_m: u32,
    /// Seconds since the last report at most.
    pub window_s: u32,
    /// Metres at most when the categories differ; nearer only, since two events may lie close.
    pub radius_other_category_m: u32,
    /// Seconds since the same caller's last report at most.
    pub same_caller_window_s: u32,
    /// Metres at most between what the same caller reports: a guard or a driver sees one thing after the other.
    pub same_caller_radius_m: u32,
    /// Hints given at most, best first.
    pub hints_max: u32,
}

impl Default for DuplicateRules {
    /// Returns the defaults: 250 m and 30 minutes, 100 m when the category differs, the same caller for 30 minutes and 500 m.
    fn default() -> DuplicateRules {
        DuplicateRules {
            radius_m: 250,
            window_s: 1_800,
            radius_other_category_m: 100,
            same_caller_window_s: 1_800,
            same_caller_radius_m: 500,
            hints_max: 5,
        }
    }
}

/// Reports that count for an incident at most; more would let the largest event swallow its neighbours.
const VOTES_MAX: usize = 5;
/// Metres within which places are as good as the same; nobody knows one better than that.
const BLUR_M: u64 = 10;

/// What is known of the report that is being compared.
#[derive(Debug, Clone, Default)]
pub struct Report<'a> {
    /// The call itself if it is on the board already, so that it is not compared with itself.
    pub call: Option<CallId>,
    /// Where it is about.
    pub place: Option<&'a Place>,
    /// What it is about.
    pub category: Option<&'a Code>,
    /// Who can be called back.
    pub callback: Option<&'a Line>,
    /// When it was received.
    pub received_at: Timestamp,
}

impl<'a> Report<'a> {
    /// Returns what is known of a call that was taken.
    pub fn of(call: &'a Call) -> Report<'a> {
        Report {
            call: Some(call.id),
            place: call.place.as_ref(),
            category: call.category.as_ref(),
            callback: call.personal.callback.as_ref(),
            received_at: call.received_at,
        }
    }
}

/// One thing that a report may be a duplicate of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The incident, or none if the other report has not become one.
    pub incident: Option<IncidentId>,
    /// The call it resembles, if it is one call that it resembles.
    pub call: Option<CallId>,
    /// Why.
    pub reason: HintReason,
    /// Metres between the places, if both are known.
    pub distance_m: Option<u32>,
    /// Seconds since the other was last reported.
    pub age_s: u32,
}

/// Why two reports may be about the same event; best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintReason {
    /// The same number called about it.
    SameCaller,
    /// The same kind of event at the same place and time.
    SamePlaceAndCategory,
    /// Another kind of event at the same place and time.
    SamePlace,
}

impl HintReason {
    /// Returns the words.
    pub fn text(self) -> Text {
        match self {
            HintReason::SameCaller => Text::new("same caller", "同一报警人"),
            HintReason::SamePlaceAndCategory => {
                Text::new("same place and category", "同地点同类别")
            }
            HintReason::SamePlace => Text::new("same place", "同地点"),
        }
    }
}

/// Returns what a report may be a duplicate of, best first: one hint for each incident or loose call.
pub fn hints(board: &Board, rules: &DuplicateRules, report: &Report<'_>) -> Vec<Hint> {
    let mut found = Vec::new();
    for incident in board.open_incidents() {
        let calls: Vec<&Call> = board
            .calls_of(incident.id)
            .filter(|call| Some(call.id) != report.call)
            .collect();
        let last = calls
            .iter()
            .map(|call| call.received_at)
            .max()
            .unwrap_or(incident.opened_at)
            .max(incident.opened_at);
        let mut places: Vec<&Place> = calls
            .iter()
            .filter_map(|call| call.place.as_ref())
            .collect();
        // The incident's own place is mostly its first call's, which must not count twice.
        let own = incident.place.point;
        if places.iter().all(|place| place.point != own) {
            places.push(&incident.place);
        }
        let (near, reach) = nearness(report, places.into_iter());
        let caller = same_caller(rules, report, calls.iter().copied(), near);
        if let Some(reason) = judge(rules, report, near, Some(&incident.category), last, caller) {
            let age_s = age_s(report, last);
            let hint = Hint {
                incident: Some(incident.id),
                call: None,
                reason,
                distance_m: near,
                age_s,
            };
            found.push((hint, reach));
        }
    }
    for call in board
        .calls
        .values()
        .filter(|call| call.is_loose() && Some(call.id) != report.call)
    {
        let (near, reach) = nearness(report, call.place.as_ref().into_iter());
        let caller = same_caller(rules, report, [call.as_ref()].into_iter(), near);
        if let Some(reason) = judge(
            rules,
            report,
            near,
            call.category.as_ref(),
            call.received_at,
            caller,
        ) {
            let age_s = age_s(report, call.received_at);
            let hint = Hint {
                incident: None,
                call: Some(call.id),
                reason,
                distance_m: near,
                age_s,
            };
            found.push((hint, reach));
        }
    }
    found.sort_by_key(|(hint, reach)| {
        (
            hint.reason,
            *reach,
            hint.distance_m.unwrap_or(u32::MAX),
            hint.age_s,
            hint.incident,
            hint.call,
        )
    });
    found.truncate(usize::try_from(rules.hints_max).unwrap_or(usize::MAX));
    found.into_iter().map(|(hint, _)| hint).collect()
}

/// Returns the metres to the nearest place, and how far off the reports are when their number counts too: the
/// least area per report, over the nearest few (a nearest-neighbour estimate of their density, turned over).
fn nearness<'a>(
    report: &Report<'_>,
    places: impl Iterator<Item = &'a Place>,
) -> (Option<u32>, u64) {
    let Some(here) = report.place.map(|place| place.point) else {
        return (None, u64::MAX);
    };
    // A distance on Earth is below 20,100 km and fits.
    let mut far_m: Vec<u32> = places
        .map(|place| here.distance_m(place.point).round() as u32)
        .collect();
    far_m.sort_unstable();
    let reach = far_m
        .iter()
        .zip(1u64..)
        .take(VOTES_MAX)
        .map(|(far_m, count)| {
            let far_m = u64::from(*far_m).max(BLUR_M);
            far_m * far_m * 1_000 / count
        });
    (far_m.first().copied(), reach.min().unwrap_or(u64::MAX))
}

fn same_caller<'a>(
    rules: &DuplicateRules,
    report: &Report<'_>,
    calls: impl Iterator<Item = &'a Call>,
    distance_m: Option<u32>,
) -> bool {
    if distance_m.is_some_and(|distance_m| distance_m > rules.same_caller_radius_m) {
        return false;
    }
    let Some(number) = report
        .callback
        .map(digits)
        .filter(|digits| digits.len() >= 5)
    else {
        return false;
    };
    let mut recent =
        calls.filter(|call| age_s(report, call.received_at) <= rules.same_caller_window_s);
    recent.any(|call| call.personal.callback.as_ref().map(digits).as_deref() == Some(&number))
}

fn digits(number: &Line) -> String {
    number
        .as_str()
        .chars()
        .filter(char::is_ascii_digit)
        .collect()
}

fn judge(
    rules: &DuplicateRules,
    report: &Report<'_>,
    distance_m: Option<u32>,
    category: Option<&Code>,
    last: Timestamp,
    same_caller: bool,
) -> Option<HintReason> {
    if same_caller {
        return Some(HintReason::SameCaller);
    }
    let distance_m = distance_m?;
    if age_s(report, last) > rules.window_s {
        return None;
    }
    let same_category = matches!((report.category, category), (Some(a), Some(b)) if a == b);
    let known_to_differ = matches!((report.category, category), (Some(a), Some(b)) if a != b);
    if same_category && distance_m <= rules.radius_m {
        return Some(HintReason::SamePlaceAndCategory);
    }
    let radius_m = if known_to_differ {
        rules.radius_other_category_m
    } else {
        rules.radius_m
    };
    (distance_m <= radius_m).then_some(HintReason::SamePlace)
}

fn age_s(report: &Report<'_>, earlier: Timestamp) -> u32 {
    let apart_ms = report.received_at.0.abs_diff(earlier.0);
    u32::try_from(apart_ms / 1_000).unwrap_or(u32::MAX)
}
