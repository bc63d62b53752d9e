//! A patrol plan (巡逻计划): places that want a visit so and so often within a shift, the units that go there, the
//! rounds that were accepted for them, and what they reported.
//!
//! Its points are places, never persons, and there is no type here that could name one: whoever is to be watched cannot be
//! written down (DESIGN §4). A visit is what a unit did of its own accord, so that no forecast of demand reads it.
//!
//! Life: drafted -> under way -> ended. Which visits are promised, which were kept, and whose unit was called away
//! follows from the plan, the reports and the clock (see [`crate::patrol`]) and is stored nowhere. Rounds are laid out
//! outside, by [`crate::routing`] over the roads, and come in as data that a person accepted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Actor, Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{
    Line, PatrolId, Personal, Point, StationId, Text, Timestamp, TravelBasis, UnitId,
};
use crate::board::Board;
use crate::limits;
use crate::patrol::{self, VisitName};
use crate::refusal::Refusal;

/// A patrol plan as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patrol {
    /// Its name in entries and the API.
    pub id: PatrolId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What is to be done, by whom and when.
    pub details: PatrolDetails,
    /// Where it is in its life.
    pub status: PatrolStatus,
    /// The rounds as they were last accepted.
    pub rounds: Vec<Round>,
    /// When they were accepted.
    pub planned_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended, if there is something to say.
    pub ending: Option<Line>,
    /// What the units reported, in the order in which it came in.
    pub reports: Vec<Report>,
}

/// What is to be done, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolDetails {
    /// What people call it: its theme.
    pub theme: Line,
    /// The same in the agency's other language, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme_other: Option<Line>,
    /// When its shift begins.
    pub from: Timestamp,
    /// When its shift ends; units are back by then.
    pub until: Timestamp,
    /// Where all begin; each at its own place when absent.
    pub start: Option<StationId>,
    /// Where all end; where they began when absent.
    pub end: Option<StationId>,
    /// Who goes: units, and teams of volunteers among them.
    pub units: BTreeSet<UnitId>,
    /// Where they go.
    pub points: Vec<PatrolPoint>,
}

/// A place that wants visits, or a stretch that wants to be gone along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolPoint {
    /// Its number on the map, of which each in a plan has another.
    pub no: u16,
    /// What people call it.
    pub label: Line,
    /// Where it is; of a stretch, where it begins.
    pub at: Point,
    /// Where a stretch ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Point>,
    /// How long a visit lasts, in minutes.
    pub stay_min: u16,
    /// How often somebody should come.
    pub wanted: Wanted,
    /// When somebody may come; all through the shift when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Whether volunteers may go there.
    pub volunteers: bool,
}

/// How often somebody should come to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Wanted {
    /// So many times, spread evenly over the time in which somebody may come.
    Times {
        /// How many.
        count: u16,
    },
    /// Once in each span of so many minutes of that time.
    Every {
        /// How many.
        minutes: u16,
    },
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// Where a patrol plan is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatrolStatus {
    /// Written down; its units have not begun.
    Drafted,
    /// Its units are on their rounds.
    UnderWay,
    /// It is over.
    Ended,
}

impl PatrolStatus {
    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            PatrolStatus::Drafted => Text::new("drafted", "拟订"),
            PatrolStatus::UnderWay => Text::new("under way", "执行中"),
            PatrolStatus::Ended => Text::new("ended", "已结束"),
        }
    }
}

/// What one unit is to do, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The unit.
    pub unit: UnitId,
    /// Its visits, in their order.
    pub legs: Vec<Leg>,
    /// When it is to be back.
    pub back_at: Timestamp,
    /// What the times rest on.
    pub basis: TravelBasis,
}

/// One visit of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The point, by its number.
    pub point: u16,
    /// Which of the visits promised there, from 1.
    pub visit: u16,
    /// When it is to begin.
    pub at: Timestamp,
}

impl Leg {
    /// Returns the visit it keeps.
    pub fn name(&self) -> VisitName {
        VisitName {
            point: self.point,
            visit: self.visit,
        }
    }
}

/// What a unit reported of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The point, by its number.
    pub point: u16,
    /// Which of the visits promised there, from 1.
    pub visit: u16,
    /// The unit.
    pub unit: UnitId,
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: Actor,
    /// Why nobody went, if nobody did.
    pub skipped: Option<Line>,
}

impl Report {
    /// Returns the visit it is about.
    pub fn name(&self) -> VisitName {
        VisitName {
            point: self.point,
            visit: self.visit,
        }
    }
}

impl Patrol {
    /// Returns true until it has ended.
    pub fn is_open(&self) -> bool {
        self.status != PatrolStatus::Ended
    }

    /// Returns a point by its number.
    pub fn point(&self, no: u16) -> Option<&PatrolPoint> {
        self.details.points.iter().find(|point| point.no == no)
    }

    /// Returns what was reported of a visit.
    pub fn report(&self, name: VisitName) -> Option<&Report> {
        self.reports.iter().find(|report| report.name() == name)
    }
}

impl Life for Patrol {
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let theme = &self.details.theme;
        self.is_open().then(|| super::Open {
            what: Text::new(format!("patrol plan {theme}"), format!("巡逻计划“{theme}”")),
            since: self.started_at.unwrap_or(self.details.from),
        })
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        (!self.is_open()).then_some(self.changed_at)
    }
}

/// What can be asked of a patrol plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatrolAction {
    /// Write down a new one.
    Enter {
        /// What is to be done.
        details: PatrolDetails,
    },
    /// Change what is to be done.
    Amend {
        /// Which.
        patrol: PatrolId,
        /// What is to be done now, all of it.
        details: PatrolDetails,
    },
    /// Accept rounds that were proposed, in place of those there are.
    Accept {
        /// Of which.
        patrol: PatrolId,
        /// The rounds.
        rounds: Vec<Round>,
    },
    /// Begin.
    Start {
        /// Which.
        patrol: PatrolId,
    },
    /// Say that a unit has been there.
    Visit {
        /// Of which.
        patrol: PatrolId,
        /// The unit.
        unit: UnitId,
        /// The visit.
        name: VisitName,
    },
    /// Say that a unit does not go there.
    Skip {
        /// Of which.
        patrol: PatrolId,
        /// The unit.
        unit: UnitId,
        /// The visit.
        name: VisitName,
        /// Why.
        reason: Line,
    },
    /// End it.
    End {
        /// Which.
        patrol: PatrolId,
        /// How it ended, if there is something to say.
        ending: Option<Line>,
    },
}

impl PatrolAction {
    /// Returns the patrol plan it changes.
    pub fn subject(&self) -> Option<PatrolId> {
        match self {
            PatrolAction::Enter { .. } => None,
            PatrolAction::Amend { patrol, .. }
            | PatrolAction::Accept { patrol, .. }
            | PatrolAction::Start { patrol }
            | PatrolAction::Visit { patrol, .. }
            | PatrolAction::Skip { patrol, .. }
            | PatrolAction::End { patrol, .. } => Some(*patrol),
        }
    }
}

/// What happened to a patrol plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PatrolEvent {
    /// It was written down.
    Entered {
        /// What is to be done.
        details: PatrolDetails,
    },
    /// What is to be done was changed.
    Amended {
        /// What is to be done now.
        details: PatrolDetails,
    },
    /// Rounds were accepted in place of those there were.
    Planned {
        /// The rounds.
        rounds: Vec<Round>,
    },
    /// It began.
    Started,
    /// A unit was at a point.
    Visited {
        /// The unit.
        unit: UnitId,
        /// The point, by its number.
        point: u16,
        /// Which of the visits promised there.
        visit: u16,
    },
    /// A unit does not go to a point this time.
    Skipped {
        /// The unit.
        unit: UnitId,
        /// The point, by its number.
        point: u16,
        /// Which of the visits promised there.
        visit: u16,
        /// Why.
        reason: Line,
    },
    /// It ended.
    Ended {
        /// How, if there was something to say.
        ending: Option<Line>,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 7] = [
    "entered", "amended", "planned", "started", "visited", "skipped", "ended",
];

pub(super) fn decide(
    board: &Board,
    action: &PatrolAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        PatrolAction::Enter { details } => {
            check_details(board, None, details)?;
            if board.patrols.values().filter(|one| one.is_open()).count()
                >= limits::PATROLS_OPEN_MAX
            {
                return Err(Refusal::limit(
                    "open patrol plans",
                    "未结束的巡逻计划",
                    limits::PATROLS_OPEN_MAX,
                ));
            }
            let details = details.clone();
            let id = PatrolId(context.entropy.next_16());
            (id, PatrolEvent::Entered { details })
        }
        PatrolAction::Amend { patrol, details } => {
            let found = must_be_open(board, *patrol)?;
            check_details(board, Some(*patrol), details)?;
            must_keep_what_was_reported(found, details)?;
            let details = details.clone();
            (*patrol, PatrolEvent::Amended { details })
        }
        PatrolAction::Accept { patrol, rounds } => {
            let found = must_be_open(board, *patrol)?;
            check_rounds(board, found, rounds, context)?;
            let rounds = rounds.clone();
            (*patrol, PatrolEvent::Planned { rounds })
        }
        PatrolAction::Start { patrol } => {
            must_be_ready(must_be_open(board, *patrol)?)?;
            (*patrol, PatrolEvent::Started)
        }
        PatrolAction::Visit { patrol, unit, name } => {
            must_await(board.patrol(*patrol)?, *unit, *name, context)?;
            let event = PatrolEvent::Visited {
                unit: *unit,
                point: name.point,
                visit: name.visit,
            };
            (*patrol, event)
        }
        PatrolAction::Skip {
            patrol,
            unit,
            name,
            reason,
        } => {
            must_await(board.patrol(*patrol)?, *unit, *name, context)?;
            let event = PatrolEvent::Skipped {
                unit: *unit,
                point: name.point,
                visit: name.visit,
                reason: reason.clone(),
            };
            (*patrol, event)
        }
        PatrolAction::End { patrol, ending } => {
            must_be_open(board, *patrol)?;
            let ending = ending.clone();
            (*patrol, PatrolEvent::Ended { ending })
        }
    };
    Ok(vec![Happened::new(id, Event::Patrol(event))])
}

fn check_details(
    board: &Board,
    own: Option<PatrolId>,
    details: &PatrolDetails,
) -> Result<(), Refusal> {
    let span_ms = details.until.0.saturating_sub(details.from.0);
    if span_ms <= 0 {
        return Err(Refusal::missing(
            "An end after the beginning",
            "晚于开始的结束时间",
        ));
    }
    let hours = limits::PATROL_HOURS_MAX;
    if span_ms > hours as i64 * 3_600_000 {
        return Err(Refusal::limit(
            "hours of a patrol plan",
            "巡逻计划时长（小时）",
            hours,
        ));
    }
    if details.units.is_empty() {
        return Err(Refusal::missing("A unit", "处警力量"));
    }
    if details.units.len() > limits::PATROL_UNITS_MAX {
        return Err(Refusal::limit(
            "units of a patrol plan",
            "每个巡逻计划的力量",
            limits::PATROL_UNITS_MAX,
        ));
    }
    for station in details.start.iter().chain(&details.end) {
        board.station(*station)?;
    }
    for unit in &details.units {
        let found = board.unit(*unit)?;
        let meanwhile = |one: &&Patrol| {
            let other = &one.details;
            Some(one.id) != own
                && one.is_open()
                && other.units.contains(unit)
                && other.from < details.until
                && details.from < other.until
        };
        let mut open = board.patrols.values().map(AsRef::as_ref);
        if let Some(other) = open.find(meanwhile) {
            let theme = &other.details.theme;
            return Err(Refusal::UnitNotFree {
                callsign: found.callsign.to_string(),
                because: Text::new(
                    format!("it is on the patrol plan {theme} in that time"),
                    format!("该时段已列入巡逻计划“{theme}”"),
                ),
            });
        }
    }
    check_points(details)
}

fn check_points(details: &PatrolDetails) -> Result<(), Refusal> {
    if details.points.is_empty() {
        return Err(Refusal::missing("A patrol point", "巡逻点"));
    }
    if details.points.len() > limits::PATROL_POINTS_MAX {
        return Err(Refusal::limit(
            "points of a patrol plan",
            "每个巡逻计划的巡逻点",
            limits::PATROL_POINTS_MAX,
        ));
    }
    let mut numbers = BTreeSet::new();
    for point in &details.points {
        if !numbers.insert(point.no) {
            return Err(Refusal::missing(
                "A number of its own for every patrol point",
                "各巡逻点互不相同的编号",
            ));
        }
        if point.label.as_str().chars().count() > limits::PATROL_LABEL_CHARS_MAX {
            return Err(Refusal::limit(
                "characters in the name of a patrol point",
                "巡逻点名称字数",
                limits::PATROL_LABEL_CHARS_MAX,
            ));
        }
        if usize::from(point.stay_min) > limits::PATROL_STAY_MINUTES_MAX {
            return Err(Refusal::limit(
                "minutes of a visit",
                "每次巡逻停留分钟数",
                limits::PATROL_STAY_MINUTES_MAX,
            ));
        }
        if let Wanted::Times { count: 0 } | Wanted::Every { minutes: 0 } = point.wanted {
            return Err(Refusal::missing(
                "How often somebody should come",
                "巡逻频次",
            ));
        }
        if point.windows.len() > limits::PATROL_WINDOWS_MAX {
            return Err(Refusal::limit(
                "time windows of a patrol point",
                "每个巡逻点的时段",
                limits::PATROL_WINDOWS_MAX,
            ));
        }
        let mut after = details.from;
        for window in &point.windows {
            if window.from < after || window.until <= window.from || window.until > details.until {
                return Err(Refusal::missing(
                    "Time windows in their order, apart from each other and within the shift",
                    "按先后排列、互不重叠且在班次之内的时段",
                ));
            }
            after = window.until;
        }
    }
    if patrol::promised_count(details) > limits::PATROL_VISITS_MAX {
        return Err(Refusal::limit(
            "visits of a patrol plan",
            "每个巡逻计划的到点次数",
            limits::PATROL_VISITS_MAX,
        ));
    }
    Ok(())
}

/// What was reported stays what it was about.
fn must_keep_what_was_reported(found: &Patrol, details: &PatrolDetails) -> Result<(), Refusal> {
    let shift = (details.from, details.until) == (found.details.from, found.details.until);
    for report in &found.reports {
        let now = details.points.iter().find(|one| one.no == report.point);
        if now != found.point(report.point) || !shift {
            return Err(Refusal::WrongState {
                kind: RecordKind::Patrol,
                state: Text::new(
                    format!(
                        "one in which visits to point {} were reported",
                        report.point
                    ),
                    format!("巡逻点 {} 已有到点记录", report.point),
                ),
                instead: Text::new(
                    "Leave that point and the shift as they are, or end this plan and write another.",
                    "请保留该巡逻点和班次时间不变，或结束本计划后另行拟订。",
                ),
            });
        }
    }
    Ok(())
}

fn check_rounds(
    board: &Board,
    found: &Patrol,
    rounds: &[Round],
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let promised: BTreeSet<VisitName> = patrol::promised(&found.details)
        .iter()
        .map(|one| one.name)
        .collect();
    let mut given: BTreeSet<VisitName> = BTreeSet::new();
    let mut units: BTreeSet<UnitId> = BTreeSet::new();
    for round in rounds {
        let unit = board.unit(round.unit)?;
        if !found.details.units.contains(&round.unit) || !units.insert(round.unit) {
            return Err(Refusal::missing(
                "A round of its own for every unit of the plan",
                "计划内每支力量各一条巡逻路线",
            ));
        }
        let away = board.live_assignment(round.unit).is_some();
        if away && found.status == PatrolStatus::UnderWay && !round.legs.is_empty() {
            return Err(Refusal::UnitNotFree {
                callsign: unit.callsign.to_string(),
                because: Text::new("it is on an assignment", "正在执行派警"),
            });
        }
        let volunteers = context.response.is_volunteer(&unit.details.kind);
        let mut before = Timestamp(i64::MIN);
        for leg in &round.legs {
            let open_to = found
                .point(leg.point)
                .is_some_and(|point| point.volunteers || !volunteers);
            let awaited = promised.contains(&leg.name()) && found.report(leg.name()).is_none();
            if !awaited || !open_to || leg.at < before || !given.insert(leg.name()) {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Patrol,
                    state: Text::new(
                        format!(
                            "not one that these rounds fit (point {}, visit {})",
                            leg.point, leg.visit
                        ),
                        format!(
                            "与所给路线不符（巡逻点 {}，第 {} 次）",
                            leg.point, leg.visit
                        ),
                    ),
                    instead: Text::new(
                        "Propose rounds again and accept those.",
                        "请重新生成路线后再采纳。",
                    ),
                });
            }
            before = leg.at;
        }
    }
    Ok(())
}

fn must_be_ready(found: &Patrol) -> Result<(), Refusal> {
    match found.status {
        PatrolStatus::Drafted if found.rounds.iter().any(|round| !round.legs.is_empty()) => Ok(()),
        PatrolStatus::Drafted => Err(Refusal::WrongState {
            kind: RecordKind::Patrol,
            state: Text::new("without accepted rounds", "尚无已采纳的路线"),
            instead: Text::new(
                "Propose rounds and accept them first.",
                "请先生成并采纳路线。",
            ),
        }),
        PatrolStatus::UnderWay | PatrolStatus::Ended => Err(wrong_state(
            found,
            Text::new("Nothing needs doing.", "无需操作。"),
        )),
    }
}

fn must_be_open(board: &Board, patrol: PatrolId) -> Result<&Patrol, Refusal> {
    let found = board.patrol(patrol)?;
    if found.is_open() {
        return Ok(found);
    }
    Err(wrong_state(
        found,
        Text::new("Write another patrol plan.", "请另行拟订巡逻计划。"),
    ))
}

/// Refuses what nobody waits for. A report that was made before the end and comes in later is still taken: the phone
/// was without coverage.
fn must_await(
    found: &Patrol,
    unit: UnitId,
    name: VisitName,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let in_time = match found.status {
        PatrolStatus::UnderWay => true,
        PatrolStatus::Ended => {
            found.started_at.is_some() && found.ended_at > Some(context.happened_at)
        }
        PatrolStatus::Drafted => false,
    };
    if !in_time {
        return Err(wrong_state(
            found,
            Text::new(
                "Visits are reported while it is under way.",
                "到点情况须在执行中报告。",
            ),
        ));
    }
    let promised = patrol::promised(&found.details);
    if !found.details.units.contains(&unit) || !promised.iter().any(|one| one.name == name) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Patrol,
            state: Text::new(
                "one that has no such visit for that unit",
                "没有该力量的此次到点任务",
            ),
            instead: Text::new("Look at the plan as it is now.", "请查看计划的最新内容。"),
        });
    }
    if let Some(report) = found.report(name) {
        let state = if report.skipped.is_some() {
            Text::new(
                "told already that this visit was skipped",
                "此次到点已报告跳过",
            )
        } else {
            Text::new("told already of this visit", "此次到点已报告")
        };
        return Err(Refusal::WrongState {
            kind: RecordKind::Patrol,
            state,
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    Ok(())
}

fn wrong_state(found: &Patrol, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Patrol,
        state: found.status.label(),
        instead,
    }
}

pub(super) fn apply(
    before: Option<&Patrol>,
    event: &PatrolEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Patrol> {
    if let PatrolEvent::Entered { details } = event {
        return Some(Patrol {
            id: PatrolId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            details: details.clone(),
            status: PatrolStatus::Drafted,
            rounds: Vec::new(),
            planned_at: None,
            started_at: None,
            ended_at: None,
            ending: None,
            reports: Vec::new(),
        });
    }
    let mut patrol = before?.clone();
    patrol.version = meta.version;
    patrol.changed_at = meta.at;
    let report = |unit: UnitId, point: u16, visit: u16, skipped: Option<Line>| Report {
        point,
        visit,
        unit,
        at: meta.happened_at,
        by: meta.by,
        skipped,
    };
    match event {
        PatrolEvent::Entered { .. } => {}
        PatrolEvent::Amended { details } => {
            patrol.details = details.clone();
            keep_what_is_promised(&mut patrol);
        }
        PatrolEvent::Planned { rounds } => {
            patrol.rounds = rounds.clone();
            patrol.planned_at = Some(meta.happened_at);
        }
        PatrolEvent::Started => {
            patrol.status = PatrolStatus::UnderWay;
            patrol.started_at = Some(meta.happened_at);
        }
        PatrolEvent::Visited { unit, point, visit } => {
            patrol.reports.push(report(*unit, *point, *visit, None));
        }
        PatrolEvent::Skipped {
            unit,
            point,
            visit,
            reason,
        } => {
            let reason = Some(reason.clone());
            patrol.reports.push(report(*unit, *point, *visit, reason));
        }
        PatrolEvent::Ended { ending } => {
            patrol.status = PatrolStatus::Ended;
            patrol.ended_at = Some(meta.happened_at);
            patrol.ending = ending.clone();
        }
    }
    Some(patrol)
}

/// Drops from the rounds what the plan no longer has: a crew must not be sent where nobody is wanted.
fn keep_what_is_promised(patrol: &mut Patrol) {
    let promised: BTreeSet<VisitName> = patrol::promised(&patrol.details)
        .iter()
        .map(|one| one.name)
        .collect();
    let units = &patrol.details.units;
    patrol.rounds.retain(|round| units.contains(&round.unit));
    for round in &mut patrol.rounds {
        round.legs.retain(|leg| promised.contains(&leg.name()));
    }
}
