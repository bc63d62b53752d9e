//! Duplicate hints: is this call about something we already know of?
//!
//! A hint is for a person to take or leave; nothing is joined by itself. It is found by place and time,
//! or by the same callback number within a short window, and always says why and how far away.

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
    /// Hints given at most, best first.
    pub hints_max: u32,
}

impl Default for DuplicateRules {
    /// Returns the defaults: 250 m and 30 minutes, 100 m when the category differs, the same caller for 30 minutes.
    fn default() -> DuplicateRules {
        DuplicateRules {
            radius_m: 250,
            window_s: 1_800,
            radius_other_category_m: 100,
            same_caller_window_s: 1_800,
            hints_max: 5,
        }
    }
}

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
        let places = calls
            .iter()
            .filter_map(|call| call.place.as_ref())
            .chain([&incident.place]);
        let near = nearest(report, places);
        let caller = same_caller(rules, report, calls.iter().copied());
        if let Some(reason) = judge(rules, report, near, Some(&incident.category), last, caller) {
            let age_s = age_s(report, last);
            found.push(Hint {
                incident: Some(incident.id),
                call: None,
                reason,
                distance_m: near,
                age_s,
            });
        }
    }
    for call in board
        .calls
        .values()
        .filter(|call| call.is_loose() && Some(call.id) != report.call)
    {
        let near = nearest(report, call.place.as_ref().into_iter());
        let caller = same_caller(rules, report, [call.as_ref()].into_iter());
        if let Some(reason) = judge(
            rules,
            report,
            near,
            call.category.as_ref(),
            call.received_at,
            caller,
        ) {
            let age_s = age_s(report, call.received_at);
            found.push(Hint {
                incident: None,
                call: Some(call.id),
                reason,
                distance_m: near,
                age_s,
            });
        }
    }
    found.sort_by_key(|hint| {
        (
            hint.reason,
            hint.distance_m.unwrap_or(u32::MAX),
            hint.age_s,
            hint.incident,
            hint.call,
        )
    });
    found.truncate(usize::try_from(rules.hints_max).unwrap_or(usize::MAX));
    found
}

fn nearest<'a>(report: &Report<'_>, places: impl Iterator<Item = &'a Place>) -> Option<u32> {
    let here = report.place?.point;
    // A distance on Earth is below 20,100 km and fits.
    places
        .map(|place| here.distance_m(place.point).round() as u32)
        .min()
}

fn same_caller<'a>(
    rules: &DuplicateRules,
    report: &Report<'_>,
    calls: impl Iterator<Item = &'a Call>,
) -> bool {
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
