//! How patrol plans, their rounds and proposals are shown, made by hand from the core's.
//!
//! Start at [`shown`], [`proposal_view`] and [`own_rounds`], which shows one unit its own rounds and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Point, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::patrol::{self, Coverage, Kept, Proposal, VisitName, called_away};
use watchfire_core::record::patrol::{
    Leg, Patrol, PatrolPoint, PatrolStatus, Round, Wanted, Window,
};

use super::super::view::{self, BasisView, TextView, maybe_time};
use super::lines::RoundLineView;
use crate::node::Node;
use crate::policy::Session;

/// A patrol plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PatrolView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// What people call it.
    pub theme: String,
    /// The same in the agency's other language.
    pub theme_other: Option<String>,
    /// When its shift begins.
    pub from: String,
    /// When its shift ends.
    pub until: String,
    /// Where it is in its life.
    pub status: PatrolStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// The station where all begin.
    pub start: Option<String>,
    /// The station where all end.
    pub end: Option<String>,
    /// Who goes.
    pub units: Vec<String>,
    /// Where they go, and what became of the visits there.
    pub points: Vec<PointView>,
    /// How all visits add up.
    pub coverage: CoverageView,
    /// The rounds as they were last accepted.
    pub rounds: Vec<RoundView>,
    /// When they were accepted.
    pub planned_at: Option<String>,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How it ended.
    pub ending: Option<String>,
    /// Units that an assignment keeps from visits in their rounds: the rounds should be laid out again.
    pub called_away: Vec<String>,
}

/// Where a patrol plan is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatrolStatusView {
    /// Its units have not begun.
    Drafted,
    /// Its units are on their rounds.
    UnderWay,
    /// It is over.
    Ended,
}

/// A point of a patrol plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PointView {
    /// Its number on the map.
    pub no: u16,
    /// What people call it.
    pub label: String,
    /// Latitude in degrees (WGS 84).
    pub lat: f64,
    /// Longitude in degrees (WGS 84).
    pub lon: f64,
    /// Where a stretch ends.
    pub to: Option<StretchEnd>,
    /// How long a visit lasts, in minutes.
    pub stay_min: u16,
    /// How often somebody should come.
    pub wanted: WantedView,
    /// When somebody may come.
    pub windows: Vec<WindowView>,
    /// Whether volunteers may go there.
    pub volunteers: bool,
    /// How the visits promised there add up.
    pub coverage: CoverageView,
}

/// How visits add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageView {
    /// Visits promised.
    pub promised: u32,
    /// Those that somebody came to in time.
    pub in_time: u32,
    /// Those that somebody came to late.
    pub late: u32,
    /// Those that were skipped with a reason.
    pub skipped: u32,
    /// Those that nobody came to.
    pub missed: u32,
    /// Those whose time is not over.
    pub awaited: u32,
    /// Those of the awaited that are in no round.
    pub unplanned: u32,
}

/// A unit's round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoundView {
    /// The unit.
    pub unit: String,
    /// What it is called.
    pub callsign: String,
    /// Its visits, in their order.
    pub legs: Vec<LegView>,
    /// When it is to be back.
    pub back_at: String,
    /// What the times rest on.
    pub basis: BasisView,
}

/// A visit of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegView {
    /// The point, by its number.
    pub point: u16,
    /// Which of the visits promised there, from 1.
    pub visit: u16,
    /// When it is to begin.
    pub at: String,
    /// When it must have begun at the latest.
    pub until: String,
    /// What became of it.
    pub kept: KeptView,
    /// When somebody reported it.
    pub reported_at: Option<String>,
    /// Why nobody went.
    pub reason: Option<String>,
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptView {
    /// Somebody came in time.
    InTime,
    /// Somebody came late.
    Late,
    /// A unit said that it does not go.
    Skipped,
    /// Its time is over and nobody said anything.
    Missed,
    /// Its time is not over.
    Awaited,
}

/// Rounds that are proposed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    /// The version of the plan they are for.
    pub version: u64,
    /// A round for each unit that can go.
    pub rounds: Vec<RoundView>,
    /// Units that are not given a round, because an assignment keeps them or nobody knows where they are.
    pub without_round: Vec<String>,
    /// Visits that are in no round, and why.
    pub left_out: Vec<LeftOutView>,
    /// The time that all are under way together, in seconds.
    pub under_way_s: u64,
    /// The ways of the rounds, to draw them on a map.
    pub lines: Vec<RoundLineView>,
    /// Whether the search was done with its steps, or out of time.
    pub finished: bool,
}

/// A visit in no round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LeftOutView {
    /// The point, by its number.
    pub point: u16,
    /// Which of the visits promised there, from 1.
    pub visit: u16,
    /// Why, as a stable code.
    pub code: String,
    /// Why, in words.
    pub text: TextView,
}

/// A unit's own rounds: nothing of anybody else.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OwnRoundsView {
    /// The unit.
    pub unit: Option<String>,
    /// What it is called.
    pub callsign: Option<String>,
    /// Its rounds, the earliest first.
    pub rounds: Vec<OwnRoundView>,
}

/// A unit's own round of a patrol plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OwnRoundView {
    /// The patrol plan.
    pub patrol: String,
    /// What people call it.
    pub theme: String,
    /// The same in the agency's other language.
    pub theme_other: Option<String>,
    /// Where the plan is in its life.
    pub status: PatrolStatusView,
    /// When its shift begins.
    pub from: String,
    /// When its shift ends.
    pub until: String,
    /// The points of the round.
    pub points: Vec<OwnPointView>,
    /// The round.
    pub round: RoundView,
}

/// A point of one's own round.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OwnPointView {
    /// Its number on the map.
    pub no: u16,
    /// What people call it.
    pub label: String,
    /// Latitude in degrees (WGS 84).
    pub lat: f64,
    /// Longitude in degrees (WGS 84).
    pub lon: f64,
    /// Where a stretch ends.
    pub to: Option<StretchEnd>,
    /// How long a visit lasts, in minutes.
    pub stay_min: u16,
}

/// Where a stretch ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StretchEnd {
    /// Latitude in degrees (WGS 84).
    #[schema(minimum = -90, maximum = 90)]
    pub lat: f64,
    /// Longitude in degrees (WGS 84).
    #[schema(minimum = -180, maximum = 180)]
    pub lon: f64,
}

/// How often somebody should come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum WantedView {
    /// So many times, spread evenly.
    Times {
        /// How many.
        #[schema(minimum = 1, maximum = 400)]
        count: u16,
    },
    /// Once in each span of so many minutes.
    Every {
        /// How many.
        #[schema(minimum = 1, maximum = 1440)]
        minutes: u16,
    },
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowView {
    /// When it begins.
    #[schema(format = DateTime)]
    pub from: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub until: String,
}

/// Shows a patrol plan as of a moment.
pub fn shown(board: &Board, patrol: &Patrol, now: Timestamp) -> PatrolView {
    let points = patrol::coverage(patrol, now);
    let details = &patrol.details;
    let of = |no: u16| points.get(&no).copied().unwrap_or_default().into();
    let callsign = |unit: UnitId| {
        let found = board.units.get(&unit);
        found.map_or_else(String::new, |unit| unit.callsign.to_string())
    };
    PatrolView {
        id: patrol.id.to_string(),
        version: patrol.version,
        theme: details.theme.to_string(),
        theme_other: details.theme_other.as_ref().map(ToString::to_string),
        from: view::time(details.from),
        until: view::time(details.until),
        status: patrol.status.into(),
        status_text: patrol.status.label().into(),
        start: details.start.map(|station| station.to_string()),
        end: details.end.map(|station| station.to_string()),
        units: details.units.iter().map(ToString::to_string).collect(),
        points: details
            .points
            .iter()
            .map(|point| point_view(point, of(point.no)))
            .collect(),
        coverage: patrol::coverage_of_all(&points).into(),
        rounds: patrol
            .rounds
            .iter()
            .map(|round| round_view(patrol, round, callsign(round.unit), now))
            .collect(),
        planned_at: maybe_time(patrol.planned_at),
        started_at: maybe_time(patrol.started_at),
        ended_at: maybe_time(patrol.ended_at),
        ending: patrol.ending.as_ref().map(ToString::to_string),
        called_away: called_away(board, patrol)
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

fn point_view(point: &PatrolPoint, coverage: CoverageView) -> PointView {
    let window = |window: &Window| WindowView {
        from: view::time(window.from),
        until: view::time(window.until),
    };
    PointView {
        no: point.no,
        label: point.label.to_string(),
        lat: point.at.lat(),
        lon: point.at.lon(),
        to: point.to.map(stretch_end),
        stay_min: point.stay_min,
        wanted: match point.wanted {
            Wanted::Times { count } => WantedView::Times { count },
            Wanted::Every { minutes } => WantedView::Every { minutes },
        },
        windows: point.windows.iter().map(window).collect(),
        volunteers: point.volunteers,
        coverage,
    }
}

fn stretch_end(point: Point) -> StretchEnd {
    StretchEnd {
        lat: point.lat(),
        lon: point.lon(),
    }
}

fn round_view(patrol: &Patrol, round: &Round, callsign: String, now: Timestamp) -> RoundView {
    let promised: BTreeMap<VisitName, patrol::Promised> = patrol::promised(&patrol.details)
        .into_iter()
        .map(|one| (one.name, one))
        .collect();
    let leg = |leg: &Leg| {
        let promised = promised.get(&leg.name())?;
        let report = patrol.report(leg.name());
        Some(LegView {
            point: leg.point,
            visit: leg.visit,
            at: view::time(leg.at),
            until: view::time(promised.until),
            kept: patrol::kept(promised, report, now).into(),
            reported_at: maybe_time(report.map(|report| report.at)),
            reason: report.and_then(|report| report.skipped.as_ref().map(ToString::to_string)),
        })
    };
    RoundView {
        unit: round.unit.to_string(),
        callsign,
        legs: round.legs.iter().filter_map(leg).collect(),
        back_at: view::time(round.back_at),
        basis: round.basis.into(),
    }
}

/// Shows a proposal.
pub(super) fn proposal_view(
    patrol: &Patrol,
    made: &Proposal,
    callsigns: &BTreeMap<UnitId, String>,
    without_round: Vec<String>,
    lines: Vec<RoundLineView>,
    finished: bool,
) -> ProposalView {
    let name = |unit: UnitId| callsigns.get(&unit).cloned().unwrap_or_default();
    let round = |round: &Round| round_view(patrol, round, name(round.unit), Timestamp(i64::MIN));
    let left_out = |(name, why): &(VisitName, patrol::Trouble)| LeftOutView {
        point: name.point,
        visit: name.visit,
        code: why.code().to_owned(),
        text: why.text().into(),
    };
    ProposalView {
        version: patrol.version,
        rounds: made.rounds.iter().map(round).collect(),
        without_round,
        left_out: made.left_out.iter().map(left_out).collect(),
        under_way_s: made.under_way_s,
        lines,
        finished,
    }
}

/// Shows whoever asks the rounds of their own unit in plans that have not ended.
pub(super) fn own_rounds(node: &Node, session: &Session) -> OwnRoundsView {
    let board = node.board();
    let now = node.now();
    let unit = session.unit.and_then(|unit| board.units.get(&unit));
    let callsign = unit.map(|unit| unit.callsign.to_string());
    let own = |patrol: &Patrol| {
        let mut rounds = patrol.rounds.iter();
        let round = rounds.find(|round| Some(round.unit) == session.unit)?;
        let goes = |point: &&PatrolPoint| round.legs.iter().any(|leg| leg.point == point.no);
        let point = |point: &PatrolPoint| OwnPointView {
            no: point.no,
            label: point.label.to_string(),
            lat: point.at.lat(),
            lon: point.at.lon(),
            to: point.to.map(stretch_end),
            stay_min: point.stay_min,
        };
        let view = OwnRoundView {
            patrol: patrol.id.to_string(),
            theme: patrol.details.theme.to_string(),
            theme_other: patrol.details.theme_other.as_ref().map(ToString::to_string),
            status: patrol.status.into(),
            from: view::time(patrol.details.from),
            until: view::time(patrol.details.until),
            points: patrol
                .details
                .points
                .iter()
                .filter(goes)
                .map(point)
                .collect(),
            round: round_view(patrol, round, callsign.clone().unwrap_or_default(), now),
        };
        Some((patrol.details.from, view))
    };
    let open = board.patrols.values().filter(|patrol| patrol.is_open());
    let mut rounds: Vec<(Timestamp, OwnRoundView)> = open.filter_map(|one| own(one)).collect();
    rounds.sort_by_key(|(from, _)| *from);
    OwnRoundsView {
        unit: session.unit.map(|unit| unit.to_string()),
        callsign,
        rounds: rounds.into_iter().map(|(_, round)| round).collect(),
    }
}

impl From<PatrolStatus> for PatrolStatusView {
    fn from(status: PatrolStatus) -> PatrolStatusView {
        match status {
            PatrolStatus::Drafted => PatrolStatusView::Drafted,
            PatrolStatus::UnderWay => PatrolStatusView::UnderWay,
            PatrolStatus::Ended => PatrolStatusView::Ended,
        }
    }
}

impl From<Kept> for KeptView {
    fn from(kept: Kept) -> KeptView {
        match kept {
            Kept::InTime => KeptView::InTime,
            Kept::Late => KeptView::Late,
            Kept::Skipped => KeptView::Skipped,
            Kept::Missed => KeptView::Missed,
            Kept::Awaited => KeptView::Awaited,
        }
    }
}

impl From<Coverage> for CoverageView {
    fn from(all: Coverage) -> CoverageView {
        CoverageView {
            promised: all.promised,
            in_time: all.in_time,
            late: all.late,
            skipped: all.skipped,
            missed: all.missed,
            awaited: all.awaited,
            unplanned: all.unplanned,
        }
    }
}
