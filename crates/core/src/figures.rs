//! Figures: how long things took, held against targets, and how many calls came; of incidents, never of people.
//!
//! Records go in ([`Material`]), figures come out ([`Measures::figures`]). Each [`Interval`] is defined in `interval`
//! and nowhere else: the replay's report measures with the same functions. What is counted when:
//!
//! - an incident counts in the period in which it was opened, with the priority, category and area it has now;
//! - a merged family counts once, at the incident that goes on, with the calls and assignments of all of it;
//! - an incident that was cancelled before anybody arrived counts in what it has, and in nothing it has not;
//! - a call counts in the period in which it was answered, with what it says itself;
//! - what was raised for an exercise counts nowhere, nor does the response to it;
//! - an interval of which an end is not known is not counted, least of all as zero; nor is one that ends
//!   before it begins, since times that are claimed can contradict each other: such are tallied apart.
//!
//! There is no figure by person, and there shall be none: nothing here knows who acted. Local time is an
//! argument, as the core knows no zones. Start at [`Material::measure`].

mod interval;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::basis::{CallId, Code, IncidentId, Line, Priority, Timestamp};
use crate::limits;
use crate::recommend::{self, Rule, RuleFigures};
use crate::record::assignment::Assignment;
use crate::record::call::Call;
use crate::record::incident::{Incident, IncidentState};
use crate::record::{Record, RecordRef};

use interval::between;
pub use interval::{Interval, Response, Spread, TARGET_MAX_S, Taken, Targets, of_incident};

/// From when to when; the end belongs to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first millisecond.
    pub from: Timestamp,
    /// The first millisecond after it.
    pub to: Timestamp,
}

/// One week, in milliseconds.
pub const WEEK_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// A year of whole weeks, so that weekdays are compared with the same weekdays.
pub const YEAR_MS: i64 = 52 * WEEK_MS;

impl Period {
    /// Returns true if a time lies in it.
    pub fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Returns the same length of time, so much earlier.
    pub fn before(&self, ms: i64) -> Period {
        let earlier = |at: Timestamp| Timestamp(at.0.saturating_sub(ms));
        Period {
            from: earlier(self.from),
            to: earlier(self.to),
        }
    }

    /// Returns the time since which every record has changed that can belong to an incident opened in the
    /// period: a claimed time lies ahead of its acceptance by no more than is allowed.
    pub fn changed_since(&self) -> Timestamp {
        Timestamp(self.from.0.saturating_sub(limits::CLAIM_AHEAD_MAX_MS))
    }
}

/// By what figures are told apart. Places and kinds of events, never people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    /// How urgent; calls may not say.
    pub priority: Option<Priority>,
    /// The area of the place, where one is given.
    pub area: Option<Line>,
    /// What it is; calls may not say.
    pub category: Option<Code>,
    /// The local hour of the day at which it was opened or answered.
    pub hour: u8,
}

/// Which part of the figures is asked for; the default is all. The inner none is "not given".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Only this priority.
    pub priority: Option<Option<Priority>>,
    /// Only this area.
    pub area: Option<Option<Line>>,
    /// Only this category.
    pub category: Option<Option<Code>>,
    /// Only this hour of the day.
    pub hour: Option<u8>,
}

impl Part {
    fn has(&self, traits: &Traits) -> bool {
        self.priority
            .is_none_or(|priority| priority == traits.priority)
            && self.area.as_ref().is_none_or(|area| *area == traits.area)
            && self
                .category
                .as_ref()
                .is_none_or(|category| *category == traits.category)
            && self.hour.is_none_or(|hour| hour == traits.hour)
    }
}

/// The facts that figures are made of, taken record by record so that a year need not lie in memory whole.
#[derive(Debug)]
pub struct Material {
    period: Period,
    incidents: BTreeMap<IncidentId, IncidentFacts>,
    responses: BTreeMap<IncidentId, Vec<ResponseFacts>>,
    calls: Vec<CallFacts>,
    earliest_call: Option<Timestamp>,
    otherwise: BTreeMap<Rule, RuleFigures>,
    /// Incidents that were raised for an exercise, also those that no figure here needs.
    exercises: BTreeSet<IncidentId>,
}

#[derive(Debug)]
struct IncidentFacts {
    number: u64,
    opened_at: Timestamp,
    priority: Priority,
    area: Option<Line>,
    category: Code,
    merged_into: Option<IncidentId>,
    cancelled: bool,
    /// True if it was raised for an exercise.
    exercise: bool,
}

#[derive(Debug)]
struct ResponseFacts {
    assignment: RecordRef,
    times: Response,
    ended: bool,
}

/// What figures need of a call.
#[derive(Debug, Clone)]
pub struct CallFacts {
    id: CallId,
    number: u64,
    incident: Option<IncidentId>,
    answered_at: Timestamp,
    ringing_at: Option<Timestamp>,
    priority: Option<Priority>,
    area: Option<Line>,
    category: Option<Code>,
    public: bool,
}

/// How far beside the period incidents are known by their numbers, for calls answered just before or after.
const BESIDE_MS: i64 = 24 * 3_600 * 1_000;

impl Material {
    /// Begins to gather for a period.
    pub fn of(period: Period) -> Material {
        Material {
            period,
            incidents: BTreeMap::new(),
            responses: BTreeMap::new(),
            calls: Vec::new(),
            earliest_call: None,
            otherwise: BTreeMap::new(),
            exercises: BTreeSet::new(),
        }
    }

    /// Takes what figures need of a record. Wanted are, each once and in this order: the incidents that changed since
    /// [`Period::changed_since`]; the incidents merged into [`Material::older_merged`], until there are no more;
    /// the assignments that changed since then and those of the older ones; the calls that changed since then and those of
    /// the older ones. What is compared with the same time before comes by [`Material::take_before`], after all these.
    pub fn take(&mut self, record: &Record) {
        if let Record::Incident(incident) = record {
            self.take_incident(incident);
        } else if let Record::Assignment(assignment) = record {
            if self.exercises.contains(&assignment.incident) {
                return;
            }
            self.take_otherwise(assignment);
            if !self.incidents.contains_key(&assignment.incident) {
                return;
            }
            let of_incident = self.responses.entry(assignment.incident);
            of_incident.or_default().push(ResponseFacts {
                assignment: assignment.id.into(),
                times: Response::from(assignment.as_ref()),
                ended: assignment.ended_at.is_some(),
            });
        } else if let Record::Call(call) = record {
            self.take_call(call);
        }
    }

    /// Returns the incidents that were opened before the period and merged since: what belongs to them may have
    /// come to rest before the period began, and counts with the incident that goes on.
    pub fn older_merged(&self) -> Vec<IncidentId> {
        let older = self.incidents.iter().filter(|(_, incident)| {
            incident.merged_into.is_some() && incident.opened_at < self.period.from
        });
        older.map(|(id, _)| *id).collect()
    }

    /// Returns how many facts it holds.
    pub fn len(&self) -> usize {
        let responses: usize = self.responses.values().map(Vec::len).sum();
        self.incidents.len() + responses + self.calls.len()
    }

    /// Returns true while it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns when the first call was answered that was taken, also one that no figure here needs.
    pub fn earliest_call(&self) -> Option<Timestamp> {
        self.earliest_call
    }

    fn take_incident(&mut self, incident: &Incident) {
        if incident.exercise.is_some() {
            self.exercises.insert(incident.id);
        }
        let beside = Period {
            from: Timestamp(self.period.from.0.saturating_sub(BESIDE_MS)),
            to: Timestamp(self.period.to.0.saturating_add(BESIDE_MS)),
        };
        // A year of records may have changed since; of them count those of the period, and what was merged.
        if incident.merged_into().is_none() && !beside.has(incident.opened_at) {
            return;
        }
        let cancelled = match incident.state {
            IncidentState::Cancelled { .. } => true,
            IncidentState::Active | IncidentState::Closed { .. } | IncidentState::Merged { .. } => {
                false
            }
        };
        self.incidents.insert(
            incident.id,
            IncidentFacts {
                number: incident.number,
                opened_at: incident.opened_at,
                priority: incident.priority,
                area: incident.place.area.clone(),
                category: incident.category.clone(),
                merged_into: incident.merged_into(),
                cancelled,
                exercise: incident.exercise.is_some(),
            },
        );
    }

    fn take_call(&mut self, call: &Call) {
        let facts = CallFacts::of(call);
        self.earliest_call = self.earliest_with(&facts);
        let incident = facts.incident;
        let of_an_incident = incident.is_some_and(|id| self.incidents.contains_key(&id));
        if of_an_incident || self.period.has(facts.answered_at) || self.has_before(&facts) {
            self.calls.push(facts);
        }
    }

    /// Takes calls of the same time a week or a year before the period, as far as they are not here already.
    pub fn take_before<'a>(&mut self, calls: impl IntoIterator<Item = &'a CallFacts>) {
        let known: BTreeSet<CallId> = self.calls.iter().map(|call| call.id).collect();
        for call in calls {
            self.earliest_call = self.earliest_with(call);
            if self.has_before(call) && !known.contains(&call.id) {
                self.calls.push(call.clone());
            }
        }
    }

    fn has_before(&self, call: &CallFacts) -> bool {
        [WEEK_MS, YEAR_MS]
            .iter()
            .any(|shift| self.period.before(*shift).has(call.answered_at))
    }

    fn earliest_with(&self, call: &CallFacts) -> Option<Timestamp> {
        self.earliest_call
            .into_iter()
            .chain([call.answered_at])
            .min()
    }

    fn take_otherwise(&mut self, assignment: &Assignment) {
        let sent = assignment.sent_at.is_some_and(|at| self.period.has(at));
        if let Some(kept) = assignment.why.otherwise.as_ref().filter(|_| sent) {
            let of_rule = self.otherwise.entry(kept.rule).or_default();
            of_rule.take(kept, recommend::drove_s(assignment));
        }
    }

    /// Returns the incident that goes on for one, as far as it is known here.
    fn root(&self, incident: IncidentId) -> IncidentId {
        let mut root = incident;
        // `decide` lets no circle close; the bound keeps a damaged table from holding us here.
        for _ in 0..self.incidents.len() {
            match self.incidents.get(&root).and_then(|one| one.merged_into) {
                Some(into) => root = into,
                None => break,
            }
        }
        root
    }

    /// Measures everything of the period that belongs to a part of it. `hour_of` is the local hour of the day.
    pub fn measure(&self, part: &Part, hour_of: &dyn Fn(Timestamp) -> u8) -> Measures {
        self.measure_within(self.period, part, hour_of)
    }

    /// Measures the same of a shorter period within this one: a day up to the hour that it is, say. What people sent
    /// otherwise than recommended is of the whole.
    pub fn measure_within(
        &self,
        period: Period,
        part: &Part,
        hour_of: &dyn Fn(Timestamp) -> u8,
    ) -> Measures {
        let mut measures = Measures {
            otherwise: self.otherwise.clone(),
            ..Measures::default()
        };
        let mut families: BTreeMap<IncidentId, Family<'_>> = BTreeMap::new();
        for (id, incident) in &self.incidents {
            let family = families.entry(self.root(*id)).or_default();
            if incident.merged_into.is_some() {
                family.merged += 1;
            }
            let own = self.responses.get(id);
            family.responses.extend(own.into_iter().flatten());
        }
        for call in &self.calls {
            if let Some(incident) = call.incident {
                let family = families.entry(self.root(incident)).or_default();
                let first = family.answered.unwrap_or(call.answered_at);
                family.answered = Some(first.min(call.answered_at));
            }
            if period.has(call.answered_at) {
                let traits = call.traits(hour_of);
                if !part.has(&traits) {
                    continue;
                }
                if call.public {
                    let counts = &mut measures.public_calls;
                    *counts.entry(call.category.clone()).or_default() += 1;
                }
                self.measure_call(call, traits, &mut measures);
            }
        }
        for (id, family) in families {
            let Some(incident) = self.incidents.get(&id) else {
                continue; // It was opened before the period: only what changed since was asked for.
            };
            if period.has(incident.opened_at) && !incident.exercise {
                measure_family(id, incident, family, part, hour_of, &mut measures);
            }
        }
        for (shift, counts) in [
            (WEEK_MS, &mut measures.calls_week_before),
            (YEAR_MS, &mut measures.calls_year_before),
        ] {
            let period = period.before(shift);
            let then = self
                .calls
                .iter()
                .filter(|call| period.has(call.answered_at));
            for call in then.filter(|call| part.has(&call.traits(hour_of))) {
                *counts.entry(call.category.clone()).or_default() += 1;
            }
        }
        measures
    }

    fn measure_call(&self, call: &CallFacts, traits: Traits, measures: &mut Measures) {
        let incident = call.incident.map(|joined| self.root(joined));
        let known = incident.and_then(|id| self.incidents.get(&id));
        let subject = Subject {
            incident,
            number: known.map(|incident| incident.number),
            record: call.id.into(),
            call: Some(call.number),
            at: call.answered_at,
            traits: Arc::new(traits),
        };
        match call.ringing_at {
            None => measures.tally.ringing_unknown += 1,
            Some(ringing) => measures.add(
                Interval::RingingToAnswered,
                &subject,
                between(ringing, call.answered_at),
            ),
        }
        measures.tally.calls += 1;
        measures.calls.push(subject);
    }
}

impl CallFacts {
    /// Returns what figures need of a call.
    pub fn of(call: &Call) -> CallFacts {
        CallFacts {
            id: call.id,
            number: call.number,
            incident: call.incident(),
            answered_at: call.received_at,
            ringing_at: call.ringing_at,
            priority: call.priority,
            area: call.place.as_ref().and_then(|place| place.area.clone()),
            category: call.category.clone(),
            public: call.channel.is_public(),
        }
    }

    fn traits(&self, hour_of: &dyn Fn(Timestamp) -> u8) -> Traits {
        Traits {
            priority: self.priority,
            area: self.area.clone(),
            category: self.category.clone(),
            hour: hour_of(self.answered_at),
        }
    }
}

#[derive(Default)]
struct Family<'a> {
    answered: Option<Timestamp>,
    responses: Vec<&'a ResponseFacts>,
    merged: u64,
}

fn measure_family(
    id: IncidentId,
    incident: &IncidentFacts,
    family: Family<'_>,
    part: &Part,
    hour_of: &dyn Fn(Timestamp) -> u8,
    measures: &mut Measures,
) {
    let traits = Traits {
        priority: Some(incident.priority),
        area: incident.area.clone(),
        category: Some(incident.category.clone()),
        hour: hour_of(incident.opened_at),
    };
    if !part.has(&traits) {
        return;
    }
    let subject = Subject {
        incident: Some(id),
        number: Some(incident.number),
        record: id.into(),
        call: None,
        at: incident.opened_at,
        traits: Arc::new(traits),
    };
    let times: Vec<Response> = family.responses.iter().map(|one| one.times).collect();
    for taken in of_incident(family.answered, &times) {
        let whose = taken.response.map(|at| family.responses[at].assignment);
        let subject = Subject {
            record: whose.unwrap_or(subject.record),
            ..subject.clone()
        };
        measures.add(taken.interval, &subject, taken.seconds);
    }
    let tally = &mut measures.tally;
    tally.incidents += 1;
    tally.merged += family.merged;
    if family.answered.is_none() {
        tally.without_call += 1;
    }
    let somebody_came = times.iter().any(|one| one.arrived.is_some());
    if incident.cancelled && !somebody_came {
        tally.cancelled_before_arrival += 1;
    }
    for one in family.responses {
        let Response {
            sent,
            departed,
            arrived,
        } = one.times;
        if sent.is_none() {
            continue; // Put forward and never sent: nobody was asked to go.
        }
        tally.assignments += 1;
        match (departed, arrived) {
            (None, None) if one.ended => tally.never_departed += 1,
            (None, Some(_)) => tally.departure_not_reported += 1,
            (None, None) | (Some(_), _) => {}
        }
    }
}

/// What a measure is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The incident; a call may have none.
    pub incident: Option<IncidentId>,
    /// The incident's running number, where it is known here.
    pub number: Option<u64>,
    /// The call, incident or assignment that was measured.
    pub record: RecordRef,
    /// The running number of the call, where one was measured.
    pub call: Option<u64>,
    /// When the incident was opened, or the call answered.
    pub at: Timestamp,
    /// What it counts under.
    pub traits: Arc<Traits>,
}

/// One measured interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Which interval.
    pub interval: Interval,
    /// Of what.
    pub subject: Subject,
    /// How long it took.
    pub seconds: u32,
}

/// What was counted beside the intervals, so that nobody has to guess what a figure leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Incidents opened, a merged family once.
    pub incidents: u64,
    /// Incidents that were merged into those and count with them.
    pub merged: u64,
    /// Incidents that no call belongs to.
    pub without_call: u64,
    /// Incidents cancelled before anybody arrived.
    pub cancelled_before_arrival: u64,
    /// Assignments that were sent.
    pub assignments: u64,
    /// Those that ended without having departed or arrived.
    pub never_departed: u64,
    /// Those that arrived without having reported that they departed.
    pub departure_not_reported: u64,
    /// Calls answered.
    pub calls: u64,
    /// Those of which it is not known when they began to ring.
    pub ringing_unknown: u64,
    /// Intervals that end before they begin, by the times that were claimed.
    pub contradictory: u64,
}

/// Everything that was measured in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measures {
    /// The intervals.
    pub all: Vec<Measure>,
    /// The calls answered.
    pub calls: Vec<Subject>,
    /// Calls of the public by category; never what an officer began.
    pub public_calls: BTreeMap<Option<Code>, u64>,
    /// Calls by category one week before.
    pub calls_week_before: BTreeMap<Option<Code>, u64>,
    /// Calls by category one year of 364 days before.
    pub calls_year_before: BTreeMap<Option<Code>, u64>,
    /// What was counted.
    pub tally: Tally,
    /// How often people sent another unit than the one recommended, by the rule that they named, and how it turned
    /// out; of all assignments that were sent in the period.
    pub otherwise: BTreeMap<Rule, RuleFigures>,
}

/// How many calls of a category came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCount {
    /// In the period.
    pub now: u64,
    /// One week before.
    pub week_before: u64,
    /// One year of 364 days before.
    pub year_before: u64,
}

/// What a set of intervals comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Their spread; none where nothing was measured.
    pub spread: Option<Spread>,
    /// Those that have a target.
    pub judged: u64,
    /// Those of them that are within it.
    pub within: u64,
}

impl Cell {
    /// Returns the share within target in tenths of a percent, rounded half up; none where nothing has a target.
    pub fn within_per_mille(&self) -> Option<u64> {
        (self.within * 1_000 + self.judged / 2).checked_div(self.judged)
    }
}

/// The figures of one interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalFigures {
    /// Which.
    pub interval: Interval,
    /// All together.
    pub all: Cell,
    /// By priority.
    pub by_priority: BTreeMap<Option<Priority>, Cell>,
    /// By area; those with most measures if there are more than may be shown.
    pub by_area: BTreeMap<Option<Line>, Cell>,
    /// Areas that are not shown.
    pub areas_left_out: usize,
    /// By local hour of the day.
    pub by_hour: BTreeMap<u8, Cell>,
}

#[derive(Default)]
struct Gathered {
    seconds: Vec<u32>,
    judged: u64,
    within: u64,
}

impl Gathered {
    fn take(&mut self, measure: &Measure, target: Option<u32>) {
        self.seconds.push(measure.seconds);
        if let Some(target) = target {
            self.judged += 1;
            self.within += u64::from(measure.seconds <= target);
        }
    }

    fn cell(mut self) -> Cell {
        Cell {
            spread: Spread::of(&mut self.seconds),
            judged: self.judged,
            within: self.within,
        }
    }
}

impl Measures {
    fn add(&mut self, interval: Interval, subject: &Subject, seconds: Option<u32>) {
        match seconds {
            Some(seconds) => self.all.push(Measure {
                interval,
                subject: subject.clone(),
                seconds,
            }),
            None => self.tally.contradictory += 1,
        }
    }

    /// Returns the figures of every interval.
    pub fn figures(&self, targets: &Targets) -> Vec<IntervalFigures> {
        let of = |interval| self.figures_of(interval, targets);
        Interval::ALL.into_iter().map(of).collect()
    }

    fn figures_of(&self, interval: Interval, targets: &Targets) -> IntervalFigures {
        let mut all = Gathered::default();
        let mut by_priority: BTreeMap<Option<Priority>, Gathered> = BTreeMap::new();
        let mut by_area: BTreeMap<Option<Line>, Gathered> = BTreeMap::new();
        let mut by_hour: BTreeMap<u8, Gathered> = BTreeMap::new();
        for measure in self.all.iter().filter(|one| one.interval == interval) {
            let traits = &measure.subject.traits;
            let target = targets.seconds(interval, traits.priority);
            all.take(measure, target);
            let priority = by_priority.entry(traits.priority).or_default();
            priority.take(measure, target);
            let hour = by_hour.entry(traits.hour).or_default();
            hour.take(measure, target);
            match by_area.get_mut(&traits.area) {
                Some(area) => area.take(measure, target),
                None => {
                    let area = by_area.entry(traits.area.clone()).or_default();
                    area.take(measure, target);
                }
            }
        }
        let areas_left_out = keep_largest(&mut by_area, limits::FIGURE_ROWS_MAX, |gathered| {
            gathered.seconds.len()
        });
        IntervalFigures {
            interval,
            all: all.cell(),
            by_priority: cells(by_priority),
            by_area: cells(by_area),
            areas_left_out,
            by_hour: cells(by_hour),
        }
    }

    /// Returns the calls answered by category, beside those before; and how many categories are not listed.
    pub fn calls_by_category(&self) -> (BTreeMap<Option<Code>, CallCount>, usize) {
        let mut counts: BTreeMap<Option<Code>, CallCount> = BTreeMap::new();
        for call in &self.calls {
            let category = call.traits.category.clone();
            counts.entry(category).or_default().now += 1;
        }
        for (category, before) in &self.calls_week_before {
            counts.entry(category.clone()).or_default().week_before = *before;
        }
        for (category, before) in &self.calls_year_before {
            counts.entry(category.clone()).or_default().year_before = *before;
        }
        let size = |count: &CallCount| count.now.max(count.week_before).max(count.year_before);
        let left_out = keep_largest(&mut counts, limits::FIGURE_ROWS_MAX, size);
        (counts, left_out)
    }
}

fn cells<K: Ord>(gathered: BTreeMap<K, Gathered>) -> BTreeMap<K, Cell> {
    let cell = |(key, one): (K, Gathered)| (key, one.cell());
    gathered.into_iter().map(cell).collect()
}

/// Takes the smallest away until no more than `max` are left; returns how many went. Of equals the later go.
fn keep_largest<K: Ord + Clone, V, S: Ord>(
    map: &mut BTreeMap<K, V>,
    max: usize,
    size: impl Fn(&V) -> S,
) -> usize {
    let Some(too_many) = map.len().checked_sub(max).filter(|more| *more > 0) else {
        return 0;
    };
    let mut order: Vec<(S, K)> = map
        .iter()
        .map(|(key, one)| (size(one), key.clone()))
        .collect();
    order.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    for (_, key) in &order[max..] {
        map.remove(key);
    }
    too_many
}
