//! When a playbook fires: one function over facts, whether they are of this minute or of last year.
//!
//! The running node gathers facts from its board, the dry run from the tables; what follows from them is said here and
//! nowhere else. A playbook fires once for a subject, and near one place not again before its time. Start at [`firings`].

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Playbook, Trigger};
use crate::basis::{CallId, Code, IncidentId, Place, Priority, Text, Timestamp, say_seconds};
use crate::record::call::Call;
use crate::record::incident::{Incident, IncidentState};
use crate::record::support_offer::Stage;
use crate::record::support_request::SupportRequest;
use crate::record::{Elsewhere, Record, RecordRef};
use crate::support::Answer;
use crate::timer::AlarmCode;

/// Facts that playbooks are held against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    /// Incidents.
    pub incidents: Vec<IncidentFact>,
    /// Calls of the public whose place is known.
    pub calls: Vec<CallFact>,
    /// Alarms, from their beginning to their end.
    pub alarms: Vec<AlarmFact>,
    /// Support requests of this agency.
    pub requests: Vec<RequestFact>,
}

/// What is known of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentFact {
    /// Which.
    pub id: IncidentId,
    /// What it is.
    pub category: Code,
    /// Since when it has been that.
    pub since: Timestamp,
    /// How urgent it was from when on, oldest first.
    pub urgency: Vec<(Timestamp, Priority)>,
    /// When it ended or went on as part of another.
    pub ended_at: Option<Timestamp>,
    /// Where.
    pub place: Place,
}

/// What is known of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFact {
    /// Which.
    pub id: CallId,
    /// When it was answered.
    pub at: Timestamp,
    /// What it is about, once known.
    pub category: Option<Code>,
    /// Where.
    pub place: Place,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
}

/// What is known of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmFact {
    /// What it is about.
    pub record: RecordRef,
    /// What is late.
    pub code: AlarmCode,
    /// Since when.
    pub since: Timestamp,
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The incident that it belongs to.
    pub incident: Option<IncidentId>,
    /// Where that is.
    pub place: Option<Place>,
}

/// What is known of a support request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFact {
    /// Which.
    pub record: RecordRef,
    /// What is asked for.
    pub capability: Code,
    /// When.
    pub asked_at: Timestamp,
    /// When as much was promised as is needed, or it ended.
    pub settled_at: Option<Timestamp>,
    /// The incident that it is for.
    pub incident: Option<IncidentId>,
    /// Where.
    pub place: Option<Place>,
}

impl IncidentFact {
    /// Returns what is known of an incident. Records do not keep when its category changed; a node that has seen it knows.
    pub fn of(incident: &Incident, seen_graded_at: Option<Timestamp>) -> IncidentFact {
        let merged_at = match incident.state {
            IncidentState::Merged { at, .. } => Some(at),
            IncidentState::Active
            | IncidentState::Closed { .. }
            | IncidentState::Cancelled { .. } => None,
        };
        let mut urgency = incident.urgency.clone();
        if urgency.is_empty() {
            urgency.push((incident.opened_at, incident.priority));
        }
        IncidentFact {
            id: incident.id,
            category: incident.category.clone(),
            since: seen_graded_at.unwrap_or(incident.opened_at),
            urgency,
            ended_at: incident.ended_at().or(merged_at),
            place: incident.place.clone(),
        }
    }
}

impl CallFact {
    /// Returns what is known of a call; nothing if officers raised it or nobody knows where it was.
    pub fn of(call: &Call) -> Option<CallFact> {
        if !call.channel.is_public() {
            return None;
        }
        Some(CallFact {
            id: call.id,
            at: call.received_at,
            category: call.category.clone(),
            place: call.place.clone()?,
            incident: call.incident(),
        })
    }
}

impl RequestFact {
    /// Returns what is known of a support request of this agency. What was accepted and taken back by its home does not count,
    /// as far as the answers are given.
    pub fn of(request: &SupportRequest, answers: &[Answer<'_>]) -> RequestFact {
        let wanted = u64::from(request.wish.quantity);
        let mut promised = 0;
        let taken_back = |name: Elsewhere| {
            let mut answers = answers.iter();
            answers.any(|one| one.name == name && one.offer.stage == Stage::Withdrawn)
        };
        let mut kept = request
            .commitments
            .iter()
            .filter(|one| !taken_back(one.offer));
        let met = kept.find(|one| {
            if one.released_at.is_none() {
                promised += u64::from(one.quantity);
            }
            promised >= wanted
        });
        let met_at = met.map(|one| one.at);
        let ended_at = request.ending.as_ref().map(|ending| ending.at);
        RequestFact {
            record: request.id.into(),
            capability: request.wish.code.clone(),
            asked_at: request.asked_at,
            settled_at: met_at.into_iter().chain(ended_at).min(),
            incident: request.wish.incident,
            place: request.wish.place.clone(),
        }
    }
}

impl Material {
    /// Takes what a record says by itself; alarms lie between records and are put in by who knows them.
    pub fn take(&mut self, record: &Record) {
        if let Record::Incident(incident) = record {
            if incident.exercise.is_some() {
                return;
            }
            self.incidents.push(IncidentFact::of(incident, None));
        } else if let Record::Call(call) = record {
            self.calls.extend(CallFact::of(call));
        } else if let Record::SupportRequest(request) = record {
            self.requests.push(RequestFact::of(request, &[]));
        }
    }
}

/// A time from one moment, which is part of it, up to another, which is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Where and for what a playbook fired before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// For what.
    pub subject: RecordRef,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub place: Option<Place>,
}

/// That a playbook fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// When.
    pub at: Timestamp,
    /// For what.
    pub subject: RecordRef,
    /// The incident that it is about, if about one.
    pub incident: Option<IncidentId>,
    /// Where.
    pub place: Option<Place>,
    /// What was seen.
    pub saw: Saw,
}

/// What was seen when a playbook fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Saw {
    /// An incident of the kind opened.
    Opened {
        /// What it is.
        category: Code,
        /// How urgent it was.
        priority: Priority,
    },
    /// An alarm that nobody acknowledged.
    Alarm {
        /// Which.
        code: AlarmCode,
        /// For how many seconds.
        after_s: u32,
    },
    /// So many calls near each other.
    Calls {
        /// How many.
        count: u32,
        /// Within how many metres.
        radius_m: u32,
        /// Within how many seconds.
        within_s: u32,
    },
    /// A support request that is not met.
    Unmet {
        /// Of what.
        capability: Code,
        /// How many seconds after it was asked.
        after_s: u32,
    },
    /// A person started it.
    ByHand,
}

impl Saw {
    /// Says it in words; codes are said by whoever knows their labels.
    pub fn label(&self, of_code: impl Fn(&Code) -> Text) -> Text {
        match self {
            Saw::Opened { category, priority } => {
                let (of, urgent) = (of_code(category), u8::from(*priority));
                Text::new(
                    format!("{} opened, priority {urgent}", of.en),
                    format!("新增{}警情，优先级 {urgent}", of.zh),
                )
            }
            Saw::Alarm { code, after_s } => {
                let (of, long) = (code.text(), say_seconds(*after_s));
                Text::new(
                    format!("\"{}\" not acknowledged for {}", of.en, long.en),
                    format!("“{}”{}无人确认", of.zh, long.zh),
                )
            }
            Saw::Calls {
                count,
                radius_m,
                within_s,
            } => {
                let long = say_seconds(*within_s);
                Text::new(
                    format!("{count} calls within {radius_m} m in {}", long.en),
                    format!("{}内 {radius_m} 米范围 {count} 起报警", long.zh),
                )
            }
            Saw::Unmet {
                capability,
                after_s,
            } => {
                let (of, long) = (of_code(capability), say_seconds(*after_s));
                Text::new(
                    format!("request for {} not met after {}", of.en, long.en),
                    format!("{}支撑请求{}未满足", of.zh, long.zh),
                )
            }
            Saw::ByHand => Text::new("started by a person", "人工启动"),
        }
    }
}

/// Returns every time that a playbook fires within a span, the earliest first. Whether it is on is not asked.
pub fn firings(
    playbook: &Playbook,
    material: &Material,
    earlier: &[Earlier],
    span: Span,
) -> Vec<Firing> {
    let mut found = match &playbook.when {
        Trigger::IncidentOpened {
            categories,
            priorities,
        } => {
            let fits = |fact: &IncidentFact| {
                let of_kind = categories.contains(&fact.category);
                let urgent = |one: &Priority| priorities.is_empty() || priorities.contains(one);
                let at = of_kind.then(|| first_fit(fact, urgent)).flatten()?;
                Some(opened(fact, at))
            };
            material.incidents.iter().filter_map(fits).collect()
        }
        Trigger::AlarmUnanswered { code, after_s } => {
            let of_code = material.alarms.iter().filter(|fact| fact.code == *code);
            of_code
                .filter_map(|fact| unanswered(fact, *after_s))
                .collect()
        }
        Trigger::CallsNear { category, .. } => {
            let of_kind = |fact: &&CallFact| category.is_none() || fact.category == *category;
            let mut calls: Vec<&CallFact> = material.calls.iter().filter(of_kind).collect();
            calls.sort_by_key(|fact| (fact.at, fact.id));
            crowded(&calls, &playbook.when)
        }
        Trigger::SupportUnmet {
            after_s,
            capability,
        } => {
            let of_kind = |fact: &&RequestFact| {
                capability
                    .as_ref()
                    .is_none_or(|one| *one == fact.capability)
            };
            let asked = material.requests.iter().filter(of_kind);
            asked.filter_map(|fact| unmet(fact, *after_s)).collect()
        }
    };
    found.retain(|one| span.from <= one.at && one.at < span.until);
    found.sort_by_key(|one| (one.at, one.subject));
    without_again(playbook, found, earlier)
}

/// Returns the first moment at which an incident was of the kind and as urgent as is wanted.
fn first_fit(
    fact: &IncidentFact,
    urgent: impl Fn(&Priority) -> bool,
) -> Option<(Timestamp, Priority)> {
    let next = fact.urgency.iter().skip(1).map(|(at, _)| Some(*at));
    let spans = fact.urgency.iter().zip(next.chain([None]));
    let mut fits = spans.filter_map(|((from, priority), until)| {
        let at = fact.since.max(*from);
        let lasted = until.is_none_or(|until| at < until);
        let open = fact.ended_at.is_none_or(|ended| at <= ended);
        (urgent(priority) && lasted && open).then_some((at, *priority))
    });
    fits.next()
}

fn opened(fact: &IncidentFact, (at, priority): (Timestamp, Priority)) -> Firing {
    Firing {
        at,
        subject: fact.id.into(),
        incident: Some(fact.id),
        place: Some(fact.place.clone()),
        saw: Saw::Opened {
            category: fact.category.clone(),
            priority,
        },
    }
}

fn unanswered(fact: &AlarmFact, after_s: u32) -> Option<Firing> {
    let at = fact.since.plus_s(after_s);
    let before = |end: Option<Timestamp>| end.is_some_and(|end| end <= at);
    if before(fact.acknowledged_at) || before(fact.ended_at) {
        return None;
    }
    Some(Firing {
        at,
        subject: fact.record,
        incident: fact.incident,
        place: fact.place.clone(),
        saw: Saw::Alarm {
            code: fact.code,
            after_s,
        },
    })
}

fn unmet(fact: &RequestFact, after_s: u32) -> Option<Firing> {
    let at = fact.asked_at.plus_s(after_s);
    if fact.settled_at.is_some_and(|settled| settled <= at) {
        return None;
    }
    Some(Firing {
        at,
        subject: fact.record,
        incident: fact.incident,
        place: fact.place.clone(),
        saw: Saw::Unmet {
            capability: fact.capability.clone(),
            after_s,
        },
    })
}

/// Goes through calls in the order of their times with those at hand that are recent enough.
fn crowded(calls: &[&CallFact], when: &Trigger) -> Vec<Firing> {
    let Trigger::CallsNear {
        count,
        radius_m,
        within_s,
        ..
    } = when
    else {
        return Vec::new();
    };
    let mut recent: VecDeque<&CallFact> = VecDeque::new();
    let mut all = Vec::new();
    for call in calls {
        recent.push_back(call);
        while recent
            .front()
            .is_some_and(|first| first.at.plus_s(*within_s) < call.at)
        {
            recent.pop_front();
        }
        let near = recent.iter().filter(|one| {
            let metres = one.place.point.distance_m(call.place.point);
            metres <= f64::from(*radius_m)
        });
        let near = u32::try_from(near.count()).unwrap_or(u32::MAX);
        if near >= *count {
            all.push(Firing {
                at: call.at,
                subject: call.id.into(),
                incident: call.incident,
                place: Some(call.place.clone()),
                saw: Saw::Calls {
                    count: near,
                    radius_m: *radius_m,
                    within_s: *within_s,
                },
            });
        }
    }
    all
}

/// Leaves out what it fired for already, and what comes too soon near the same place.
fn without_again(playbook: &Playbook, found: Vec<Firing>, earlier: &[Earlier]) -> Vec<Firing> {
    let mut subjects: BTreeSet<RecordRef> = earlier.iter().map(|one| one.subject).collect();
    let mut fired: Vec<(Timestamp, Option<Place>)> = earlier
        .iter()
        .map(|one| (one.at, one.place.clone()))
        .collect();
    let mut left = Vec::new();
    for one in found {
        // They come by time: what is long past holds nothing back any more.
        fired.retain(|(at, _)| at.plus_s(playbook.again_after_s) > one.at);
        let soon = |(at, place): &(Timestamp, Option<Place>)| {
            one.at.plus_s(playbook.again_after_s) > *at && near(playbook, place.as_ref(), &one)
        };
        if subjects.contains(&one.subject) || fired.iter().any(soon) {
            continue;
        }
        subjects.insert(one.subject);
        fired.push((one.at, one.place.clone()));
        left.push(one);
    }
    left
}

fn near(playbook: &Playbook, there: Option<&Place>, one: &Firing) -> bool {
    let (Some(there), Some(here)) = (there, &one.place) else {
        return false;
    };
    there.point.distance_m(here.point) <= f64::from(playbook.again_within_m)
}
