//! What an agency's record says of its past: which calls came, how long crews took to depart and to be done,
//! and what to take where the record is silent. It knows nothing of a running node. Start at [`Past`].

use std::collections::BTreeMap;

use watchfire_core::basis::{Line, Personal, Place, Point, Priority, Prose, Timestamp};
use watchfire_core::record::call::CallDetails;
use watchfire_formats::{PastCall, PastResponse, UnitRow};

/// How the simulated people behave where the record does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Manners {
    /// Seconds from received to entered, for calls whose entry time is not on record.
    pub entry_s: u32,
    /// Seconds the dispatcher takes to look at a recommendation before sending it.
    pub dispatcher_s: u32,
    /// Seconds a crew takes to acknowledge.
    pub acknowledge_s: u32,
    /// Seconds a crew takes to depart, where neither its call nor its kind have it on record.
    pub turnout_s: u32,
    /// Seconds on scene, where neither the call nor its category have it on record.
    pub on_scene_s: u32,
}

impl Default for Manners {
    fn default() -> Manners {
        Manners {
            entry_s: 60,
            dispatcher_s: 15,
            acknowledge_s: 8,
            turnout_s: 60,
            on_scene_s: 1_200,
        }
    }
}

/// The past that is replayed.
pub struct Past {
    /// The calls, by the time they were received.
    pub calls: Vec<PastCall>,
    /// How people behave where the record does not say.
    pub manners: Manners,
    kind_of: BTreeMap<String, String>,
    turnout: BTreeMap<String, u32>,
    on_scene: BTreeMap<(String, String), u32>,
    by_source: BTreeMap<String, usize>,
}

impl Past {
    /// Prepares past calls, given the units that answered them.
    pub fn new(calls: Vec<PastCall>, units: &[UnitRow], manners: Manners) -> Past {
        let kind_of: BTreeMap<String, String> = units
            .iter()
            .map(|unit| (unit.callsign.clone(), unit.kind.clone()))
            .collect();
        let mut turnout: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut on_scene: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
        for call in &calls {
            for response in &call.responses {
                let kind = kind_in(&kind_of, &response.unit, response.kind.as_deref());
                if let Some(seconds) = seconds_between(response.dispatched, response.departed) {
                    turnout.entry(kind.clone()).or_default().push(seconds);
                }
                if let Some(seconds) = busy_s(response) {
                    on_scene
                        .entry((call.category.clone(), kind))
                        .or_default()
                        .push(seconds);
                }
            }
        }
        let by_source = calls
            .iter()
            .enumerate()
            .map(|(at, call)| (call.source_id.clone(), at))
            .collect();
        Past {
            calls,
            manners,
            kind_of,
            turnout: turnout
                .into_iter()
                .map(|(kind, all)| (kind, median(all)))
                .collect(),
            on_scene: on_scene
                .into_iter()
                .map(|(key, all)| (key, median(all)))
                .collect(),
            by_source,
        }
    }

    /// Returns the past call that a source id names.
    pub fn call(&self, source: &str) -> Option<&PastCall> {
        self.by_source.get(source).map(|at| &self.calls[*at])
    }

    /// Returns how long a crew of a kind took to depart on a call, or usually takes.
    pub(crate) fn turnout_s(&self, call: Option<&PastCall>, kind: &str) -> u32 {
        let own = call.and_then(|call| {
            let mut own = call.responses.iter().filter(|one| self.is_kind(one, kind));
            own.find_map(|one| seconds_between(one.dispatched, one.departed))
        });
        own.or_else(|| self.turnout.get(kind).copied())
            .unwrap_or(self.manners.turnout_s)
    }

    /// Returns the service time on record: of the same call and kind, else of its category and kind, else of the call.
    pub(crate) fn on_scene_s(&self, call: Option<&PastCall>, kind: &str) -> u32 {
        let Some(call) = call else {
            return self.manners.on_scene_s;
        };
        let own = call
            .responses
            .iter()
            .filter(|one| self.is_kind(one, kind))
            .find_map(busy_s);
        let usual = || {
            self.on_scene
                .get(&(call.category.clone(), kind.to_owned()))
                .copied()
        };
        let any = || call.responses.iter().find_map(busy_s);
        own.or_else(usual)
            .or_else(any)
            .unwrap_or(self.manners.on_scene_s)
    }

    fn is_kind(&self, response: &PastResponse, kind: &str) -> bool {
        kind_in(&self.kind_of, &response.unit, response.kind.as_deref()) == kind
    }

    /// Returns when the call taker was done with a call.
    pub(crate) fn entered(&self, call: &PastCall) -> Timestamp {
        let received = Timestamp(call.received);
        let entered = call
            .entered
            .filter(|at| *at >= call.received)
            .map(Timestamp);
        entered.unwrap_or_else(|| received.plus_s(self.manners.entry_s))
    }
}

fn kind_in(kind_of: &BTreeMap<String, String>, unit: &str, kind: Option<&str>) -> String {
    kind_of
        .get(unit)
        .map(String::as_str)
        .or(kind)
        .unwrap_or_default()
        .to_owned()
}

fn seconds_between(from: Option<i64>, to: Option<i64>) -> Option<u32> {
    u32::try_from((to? - from?) / 1_000).ok()
}

/// Seconds from arrival until free again, patient transport and hospital included.
fn busy_s(response: &PastResponse) -> Option<u32> {
    let whole = seconds_between(response.arrived, response.cleared);
    let scene = response
        .scene_time_s()
        .map(|seconds| seconds as u32 + response.handover_s.unwrap_or(0.0) as u32);
    whole.or(scene)
}

fn median(mut all: Vec<u32>) -> u32 {
    all.sort_unstable();
    all[all.len() / 2]
}

/// What a past call says of itself.
pub fn details(past: &PastCall) -> Result<CallDetails, String> {
    let text = |error: watchfire_core::basis::Unreadable| error.to_string();
    let maybe =
        |words: &Option<String>| words.as_ref().and_then(|words| words.parse::<Line>().ok());
    let place = Place {
        point: Point::from_degrees(past.lat, past.lon).map_err(text)?,
        address: maybe(&past.address),
        area: maybe(&past.area),
    };
    let said = past
        .said
        .as_ref()
        .and_then(|words| words.parse::<Prose>().ok());
    let personal = Personal {
        caller: maybe(&past.caller),
        callback: maybe(&past.callback),
        said,
        ..Personal::default()
    };
    Ok(CallDetails {
        place: Some(place),
        category: Some(past.category.parse().map_err(text)?),
        priority: Some(Priority::try_from(past.priority).map_err(text)?),
        personal,
    })
}
