//! Recommendation: which units to send, in what order, why these, and what is lacking.
//!
//! Travel times come in as data, one origin for each unit; this module knows no road. It ranks those
//! that fit by time, fills the needs of the response plan (those already on the incident first, so that
//! a second alarm adds and never repeats), and says in words what it could not fill.

mod diversion;
mod kept;
mod otherwise;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::basis::{Line, Text, Timestamp, TravelBasis, TravelTime, UnitId, say_seconds};
use crate::board::{Board, UnitStatus};
use crate::cover::{self, Trade};
use crate::plan::{Need, NeedOf, ResponseFile};
use crate::record::incident::Incident;
use crate::record::unit::Unit;

pub use diversion::{
    DIVERSION_GAIN_S, DIVERSIONS_ASKED_MAX, DIVERSIONS_MAX, Diversion, UnderWay, diversions,
    may_be_diverted,
};
pub(crate) use kept::is_name;
pub use kept::{MADE_UNITS_MAX, Made, Versions};
pub(crate) use otherwise::drove_s;
pub use otherwise::{Otherwise, Rule, RuleFigures};
pub use together::{ChosenTogether, PlanTogether, Together, Total, Waiting, least_cost, together};

/// Age in seconds from which a position is called old.
pub const POSITION_OLD_S: u32 = 60;
/// Units listed at most that were passed over though they are of a wanted kind.
pub const PASSED_OVER_MAX: usize = 20;

/// Where a unit would start from and how long it would need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The time, or none if no way leads there.
    pub travel: Option<TravelTime>,
    /// What is known of where it is.
    pub from: StartsFrom,
    /// By how many seconds it comes later than usual, because roads on its usual way are closed or slowed.
    pub later_s: u32,
}

/// What is known of where a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartsFrom {
    /// Its own last position, that many seconds old.
    Position {
        /// Age in seconds.
        age_s: u32,
    },
    /// No position is known; its station or post is taken.
    Post,
}

/// One reason for (or reservation about) a unit, kept with the assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// It is the n-th nearest of those that fit.
    Rank {
        /// From 1.
        rank: u32,
    },
    /// It fills this need of the plan.
    Fills {
        /// What the need is called.
        need: Text,
    },
    /// Its station answers first in the area.
    FirstDue {
        /// The station area.
        area: Line,
    },
    /// It needs longer than the plan promises.
    BeyondTarget {
        /// The promise in seconds.
        within_s: u32,
    },
    /// The time is by straight line, since there is no road network for it.
    StraightLine,
    /// Its position is old.
    PositionOld {
        /// Age in seconds.
        age_s: u32,
    },
    /// A road on its usual way is closed or slowed.
    RoadCondition {
        /// By how many seconds it comes later than usual.
        later_s: u32,
    },
    /// Its position is not known; its station was taken.
    FromPost,
    /// Sending it leaves some of the expected public calls out of reach in time.
    LeavesUncovered {
        /// How many, in thousandths.
        permille: u32,
    },
    /// It goes though another is sooner, which is wanted where it is.
    ForCover {
        /// How many seconds sooner the other would be.
        longer_s: u32,
    },
    /// A person chose it without a recommendation.
    ByHand,
}

impl Reason {
    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Rank { .. } => "rank",
            Reason::Fills { .. } => "fills",
            Reason::FirstDue { .. } => "first_due",
            Reason::BeyondTarget { .. } => "beyond_target",
            Reason::StraightLine => "straight_line",
            Reason::PositionOld { .. } => "position_old",
            Reason::RoadCondition { .. } => "road_condition",
            Reason::FromPost => "from_post",
            Reason::LeavesUncovered { .. } => "leaves_uncovered",
            Reason::ForCover { .. } => "for_cover",
            Reason::ByHand => "by_hand",
        }
    }

    /// Returns the length of the longest text that was handed in with it, in characters.
    pub(crate) fn longest_text_chars(&self) -> usize {
        match self {
            Reason::Fills { need } => need.en.chars().count().max(need.zh.chars().count()),
            Reason::Rank { .. }
            | Reason::FirstDue { .. }
            | Reason::BeyondTarget { .. }
            | Reason::StraightLine
            | Reason::PositionOld { .. }
            | Reason::RoadCondition { .. }
            | Reason::FromPost
            | Reason::LeavesUncovered { .. }
            | Reason::ForCover { .. }
            | Reason::ByHand => 0, // Numbers, or a line that has its own limit.
        }
    }

    /// Returns the words.
    pub fn text(&self) -> Text {
        match self {
            Reason::Rank { rank: 1 } => Text::new("nearest that fits", "最近的合适力量"),
            Reason::Rank { rank } => {
                Text::new(format!("no. {rank} by time"), format!("用时第 {rank}"))
            }
            Reason::Fills { need } => {
                Text::new(format!("for: {}", need.en), format!("满足：{}", need.zh))
            }
            Reason::FirstDue { area } => Text::new(
                format!("first due in area {area}"),
                format!("辖区 {area} 首派"),
            ),
            Reason::BeyondTarget { within_s } => {
                let target = say_seconds(*within_s);
                Text::new(
                    format!("later than the plan's {}", target.en),
                    format!("超出预案时限 {}", target.zh),
                )
            }
            Reason::StraightLine => Text::new(
                "time by straight line, not by road",
                "按直线估算，非道路时间",
            ),
            Reason::PositionOld { age_s } => {
                let age = say_seconds(*age_s);
                Text::new(
                    format!("position {} old", age.en),
                    format!("位置为 {} 前", age.zh),
                )
            }
            Reason::RoadCondition { later_s } => {
                let later = say_seconds(*later_s);
                Text::new(
                    format!(
                        "a road on the usual way is closed or slow: {} later",
                        later.en
                    ),
                    format!("常走道路封闭或缓行：晚 {}", later.zh),
                )
            }
            Reason::FromPost => {
                Text::new("no position: timed from its station", "无位置：按驻地计时")
            }
            Reason::LeavesUncovered { permille } => {
                let percent = format!("{}.{}", permille / 10, permille % 10);
                Text::new(
                    format!("leaves {percent} % of expected calls uncovered"),
                    format!("派出后 {percent}% 的预计警情失去覆盖"),
                )
            }
            Reason::ForCover { longer_s } => {
                let longer = say_seconds(*longer_s);
                Text::new(
                    format!("{} longer, so that cover is kept", longer.en),
                    format!("多用 {}，以保持覆盖", longer.zh),
                )
            }
            Reason::ByHand => Text::new("chosen by hand", "人工选派"),
        }
    }
}

/// What is lacking, in words a dispatcher can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortfall {
    /// None (or too few) are free.
    NoneFree {
        /// What was wanted.
        need: Text,
        /// How many are missing.
        missing: u32,
    },
    /// There are some, but later than promised.
    TooFar {
        /// What was wanted.
        need: Text,
        /// The promise in seconds.
        within_s: u32,
        /// How long the nearest one not in time needs, in seconds.
        nearest_s: u32,
    },
    /// There are some, but no way leads there.
    NoRoute {
        /// What was wanted.
        need: Text,
        /// How many are missing.
        missing: u32,
    },
    /// The response file has no plan for this.
    NoPlan,
}

impl Shortfall {
    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Shortfall::NoneFree { .. } => "none_free",
            Shortfall::TooFar { .. } => "too_far",
            Shortfall::NoRoute { .. } => "no_route",
            Shortfall::NoPlan => "no_plan",
        }
    }

    /// Returns the words.
    pub fn text(&self) -> Text {
        match self {
            Shortfall::NoneFree { need, missing } => Text::new(
                format!("no {} free: {missing} missing", need.en),
                format!("无可用{}：缺 {missing}", need.zh),
            ),
            Shortfall::TooFar {
                need,
                within_s,
                nearest_s,
            } => {
                let (within, nearest) = (say_seconds(*within_s), say_seconds(*nearest_s));
                Text::new(
                    format!(
                        "{} not all within {}: the first one late needs {}",
                        need.en, within.en, nearest.en
                    ),
                    format!(
                        "{}无法全部在{}内到达：最早逾时者需 {}",
                        need.zh, within.zh, nearest.zh
                    ),
                )
            }
            Shortfall::NoRoute { need, missing } => Text::new(
                format!("no way leads there for {missing} {}", need.en),
                format!("{missing} 支{}无路可达", need.zh),
            ),
            Shortfall::NoPlan => Text::new(
                "no response plan for this category and priority: any unit is offered",
                "该类别与优先级没有预案：任意力量均可",
            ),
        }
    }
}

/// Why a unit of a wanted kind is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOver {
    /// It is doing something else.
    Busy(UnitStatus),
    /// Its crew rests.
    Resting,
    /// It may not be sent to this area.
    OutsideItsAreas,
    /// No way leads there.
    NoRoute,
    /// Nobody knows where it is.
    NoPosition,
}

impl PassedOver {
    /// Returns the words.
    pub fn text(self) -> Text {
        match self {
            PassedOver::Busy(UnitStatus::OffDuty) => Text::new("off duty", "下班"),
            PassedOver::Busy(UnitStatus::OutOfService) => Text::new("out of service", "停用"),
            PassedOver::Busy(UnitStatus::EnRoute) => Text::new("en route elsewhere", "前往他处"),
            PassedOver::Busy(UnitStatus::OnScene) => Text::new("on another scene", "正在他处处置"),
            PassedOver::Busy(UnitStatus::Assigned | UnitStatus::Available) => {
                Text::new("already assigned", "已派警")
            }
            PassedOver::Resting => Text::new("crew rests", "人员休整"),
            PassedOver::OutsideItsAreas => Text::new("not for this area", "不属其辖区"),
            PassedOver::NoRoute => Text::new("no way leads there", "无路可达"),
            PassedOver::NoPosition => {
                Text::new("neither position nor station known", "位置与驻地均未知")
            }
        }
    }
}

/// One need of the plan and how it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedMet {
    /// What is wanted.
    pub need: Need,
    /// What it is called.
    pub label: Text,
    /// How many are on the incident already.
    pub have: u32,
    /// Who is proposed for the rest.
    pub chosen: Vec<UnitId>,
}

/// One unit that could go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The unit.
    pub unit: UnitId,
    /// How long it needs.
    pub travel: TravelTime,
    /// What sending it leaves uncovered, in parts per million of the expected public calls; none where that is not known.
    pub cover_loss_ppm: Option<u32>,
    /// True if it is proposed.
    pub chosen: bool,
    /// Why, and what speaks against it.
    pub reasons: Vec<Reason>,
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// The needs and how they are met.
    pub needs: Vec<NeedMet>,
    /// Those that could go, best first (nearest, unless cover is weighed); the chosen ones are marked.
    pub candidates: Vec<Candidate>,
    /// What is lacking.
    pub shortfalls: Vec<Shortfall>,
    /// Those of a wanted kind that are not offered, and why.
    pub passed_over: Vec<(UnitId, PassedOver)>,
    /// Which version of the response file was used.
    pub response_version: String,
    /// Which set of road conditions its times rest on; none without a road network. Set by whoever gave the times.
    pub conditions_version: Option<u64>,
    /// Whether its times are those of driving with lights and siren. Set likewise.
    pub siren: bool,
}

impl Recommendation {
    /// Returns those that are proposed, nearest first.
    pub fn chosen(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| candidate.chosen)
    }
}

/// Returns the units that could be sent to an incident at all, for which travel times are worth computing.
pub fn sendable<'a>(board: &'a Board, incident: &Incident, now: Timestamp) -> Vec<&'a Unit> {
    let fits = |unit: &&Unit| obstacle(board, incident, unit, now).is_none();
    board
        .units
        .values()
        .map(AsRef::as_ref)
        .filter(fits)
        .collect()
}

fn obstacle(board: &Board, incident: &Incident, unit: &Unit, now: Timestamp) -> Option<PassedOver> {
    match board.unit_status(unit).0 {
        UnitStatus::Available => {}
        busy @ (UnitStatus::OffDuty
        | UnitStatus::Assigned
        | UnitStatus::EnRoute
        | UnitStatus::OnScene
        | UnitStatus::OutOfService) => return Some(PassedOver::Busy(busy)),
    }
    if unit.is_resting(now) {
        return Some(PassedOver::Resting);
    }
    let areas = &unit.details.areas;
    let allowed = areas.is_empty()
        || incident
            .place
            .area
            .as_ref()
            .is_some_and(|area| areas.contains(area));
    (!allowed).then_some(PassedOver::OutsideItsAreas)
}

/// How cover is weighed against time, where the node knows what to expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// What sending each unit leaves uncovered, in parts per million; a unit that does not count for cover is absent.
    pub losses: BTreeMap<UnitId, u32>,
    /// What cover is worth.
    pub trade: Trade,
    /// Seconds of travel within which somebody should be there.
    pub target_s: u32,
}

/// Recommends what to send to an incident. Units without an origin are treated as being nowhere.
///
/// Without `weighed` the nearest go; with it, time is weighed against what is left uncovered ([`crate::cover::rank`]).
pub fn recommend(
    board: &Board,
    response: &ResponseFile,
    incident: &Incident,
    origins: &BTreeMap<UnitId, Origin>,
    weighed: Option<&Weighed>,
    now: Timestamp,
) -> Recommendation {
    let mut shortfalls = Vec::new();
    let needs = match response.plan_for(&incident.category, incident.priority) {
        Some(plan) => plan.needs_up_to(incident.alarm_level),
        None => {
            shortfalls.push(Shortfall::NoPlan);
            vec![Need {
                count: u32::from(incident.alarm_level),
                of: NeedOf::Anything,
                within_s: None,
            }]
        }
    };
    let mut needs: Vec<NeedMet> = needs
        .into_iter()
        .map(|need| NeedMet {
            label: response.need_label(&need.of),
            need,
            have: 0,
            chosen: Vec::new(),
        })
        .collect();
    let (mut offered, passed_over) = offer(board, incident, origins, &needs, now);
    // Volunteers go on patrol rounds; nobody may send them to an incident.
    offered.retain(|(unit, ..)| !response.is_volunteer(&unit.details.kind));
    offered.sort_by_key(|(unit, _, origin)| {
        (
            origin.seconds,
            !is_first_due(board, incident, unit),
            &unit.callsign,
        )
    });
    let by_time: Vec<Offered<'_>> = offered.clone();
    let none = BTreeMap::new();
    let losses = weighed.map_or(&none, |weighed| &weighed.losses);
    if let Some(weighed) = weighed {
        weigh(weighed, incident, &mut offered);
    }

    let taken = fill(board, incident, &offered, &mut needs);
    for met in &needs {
        shortfalls.extend(shortfalls_of(board, met, &offered, &passed_over));
    }
    let candidates = Candidates {
        board,
        incident,
        offered: &offered,
        by_time: &by_time,
        losses,
        needs: &needs,
        taken: &taken,
    };
    let candidates = candidates.all();
    let mut passed_over: Vec<(UnitId, PassedOver)> = passed_over.into_iter().collect();
    passed_over.truncate(PASSED_OVER_MAX);
    Recommendation {
        needs,
        candidates,
        shortfalls,
        passed_over,
        response_version: response.version.clone(),
        conditions_version: None,
        siren: false,
    }
}

type Offered<'a> = (&'a Unit, &'a Origin, TravelTime);

fn offer<'a>(
    board: &'a Board,
    incident: &Incident,
    origins: &'a BTreeMap<UnitId, Origin>,
    needs: &[NeedMet],
    now: Timestamp,
) -> (Vec<Offered<'a>>, BTreeMap<UnitId, PassedOver>) {
    let on_it: BTreeSet<UnitId> = board
        .assignments_of(incident.id)
        .filter(|a| a.is_live())
        .map(|a| a.unit)
        .collect();
    let mut offered = Vec::new();
    let mut passed_over = BTreeMap::new();
    for unit in board.units.values() {
        let origin = origins.get(&unit.id);
        let against = obstacle(board, incident, unit, now).or(match origin {
            None => Some(PassedOver::NoPosition),
            Some(Origin { travel: None, .. }) => Some(PassedOver::NoRoute),
            Some(_) => None,
        });
        match (against, origin) {
            (
                None,
                Some(
                    origin @ Origin {
                        travel: Some(travel),
                        ..
                    },
                ),
            ) => offered.push((unit.as_ref(), origin, *travel)),
            (Some(against), _) => {
                let wanted = needs.iter().any(|met| met.need.of.is_met_by(unit));
                let worth_saying =
                    against != PassedOver::Busy(UnitStatus::OffDuty) && !on_it.contains(&unit.id);
                if wanted && worth_saying {
                    passed_over.insert(unit.id, against);
                }
            }
            (None, _) => {}
        }
    }
    (offered, passed_over)
}

/// Who counts towards which need (by its place among the needs); a unit counts once.
type Counted<'a> = BTreeMap<UnitId, (&'a Unit, usize)>;

/// Chooses units for the needs, and returns which need each chosen one fills.
fn fill(
    board: &Board,
    incident: &Incident,
    offered: &[Offered<'_>],
    needs: &mut [NeedMet],
) -> BTreeMap<UnitId, usize> {
    // The need that fewest can fill is served first, so that an engine with paramedics is not spent as a mere engine.
    let fitting = |need: &NeedMet| {
        let of = &need.need.of;
        offered
            .iter()
            .filter(|(unit, ..)| of.is_met_by(unit))
            .count()
    };
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_cached_key(|at| (fitting(&needs[*at]), *at));
    let there = those_there(board, incident);
    let there_units: Vec<&Unit> = there
        .iter()
        .filter_map(|unit| board.units.get(unit))
        .map(AsRef::as_ref)
        .collect();
    // One that was there counts already; sending it again would fill nothing.
    let to_send: Vec<&Unit> = offered
        .iter()
        .map(|(unit, ..)| *unit)
        .filter(|unit| !there.contains(&unit.id))
        .collect();
    // Those there are counted first and as many as can be, so nobody is sent for what they fill. After that
    // they may only be counted for something else: whoever counts goes on counting.
    let mut counted = Counted::new();
    count_towards(needs, &order, &there_units, &mut counted);
    count_towards(needs, &order, &to_send, &mut counted);
    for (_, at) in there.iter().filter_map(|unit| counted.get(unit)) {
        needs[*at].have += 1;
    }
    let mut taken: BTreeMap<UnitId, usize> = BTreeMap::new();
    for unit in to_send {
        if let Some((_, at)) = counted.get(&unit.id) {
            needs[*at].chosen.push(unit.id);
            taken.insert(unit.id, *at);
        }
    }
    taken
}

/// Returns those that are (or were) on the incident.
fn those_there(board: &Board, incident: &Incident) -> BTreeSet<UnitId> {
    // A unit counts once however often it was sent, and no more if it left before the incident was taken up again.
    let left_before = |at: Timestamp| {
        incident
            .reopened_at
            .is_some_and(|reopened_at| at <= reopened_at)
    };
    board
        .assignments_of(incident.id)
        .filter(|assignment| assignment.counts())
        .filter(|assignment| assignment.is_live() || !assignment.ended_at.is_some_and(left_before))
        .map(|assignment| assignment.unit)
        .collect()
}

/// Counts units towards what the needs still lack, the first of those that fit first, until nothing is
/// lacking or nobody can help.
///
/// It looks from the wanted units (few) into those at hand (thousands), and at each of these once for each need.
fn count_towards<'a>(
    needs: &[NeedMet],
    order: &[usize],
    units: &[&'a Unit],
    counted: &mut Counted<'a>,
) {
    // How far each need has looked; whoever counts goes on counting, so it never has to look back.
    let mut looked = vec![0; needs.len()];
    let mut first_free = |at: usize, counted: &Counted<'_>| {
        let free =
            |unit: &Unit| needs[at].need.of.is_met_by(unit) && !counted.contains_key(&unit.id);
        let rest = &units[looked[at]..];
        looked[at] += rest.iter().take_while(|unit| !free(unit)).count();
        (looked[at] < units.len()).then_some(looked[at])
    };
    for &wanting in order {
        let have = counted.values().filter(|(_, at)| *at == wanting).count();
        for _ in have..needs[wanting].need.count as usize {
            let mut handed_on = Vec::new();
            let mut found = first_free(wanting, counted).map(|free| (free, wanting));
            if found.is_none() {
                // All that fit are spoken for. One of them may be spared where another can stand in.
                handed_on = hand_on(needs, counted, wanting);
                found = handed_on
                    .iter()
                    .filter_map(|spared| Some((first_free(spared.from, counted)?, spared.from)))
                    .min_by_key(|(free, _)| *free);
            }
            let Some((free, mut at)) = found else { break };
            counted.insert(units[free].id, (units[free], at));
            while let Some(spared) = handed_on.iter().find(|spared| spared.from == at) {
                counted.insert(spared.unit.id, (spared.unit, spared.to));
                at = spared.to;
            }
        }
    }
}

/// A unit that a need can spare for another one, if somebody stands in for it.
struct Spared<'a> {
    unit: &'a Unit,
    from: usize,
    to: usize,
}

/// Returns each need from which a unit can be handed on, from need to need, until `wanting` has one more
/// (augmenting paths); those with the fewest steps first.
fn hand_on<'a>(needs: &[NeedMet], counted: &Counted<'a>, wanting: usize) -> Vec<Spared<'a>> {
    let mut reached = BTreeSet::from([wanting]);
    let mut handed_on: Vec<Spared<'_>> = Vec::new();
    let mut to = wanting;
    for step in 0.. {
        for (unit, from) in counted.values().copied() {
            if needs[to].need.of.is_met_by(unit) && reached.insert(from) {
                handed_on.push(Spared { unit, from, to });
            }
        }
        match handed_on.get(step) {
            Some(spared) => to = spared.from,
            None => break,
        }
    }
    handed_on
}

fn shortfalls_of(
    board: &Board,
    met: &NeedMet,
    offered: &[Offered<'_>],
    passed_over: &BTreeMap<UnitId, PassedOver>,
) -> Vec<Shortfall> {
    let need = met.label.clone();
    let missing = met
        .need
        .count
        .saturating_sub(met.have + met.chosen.len() as u32);
    if missing > 0 {
        let fits = |unit: &UnitId| {
            board
                .units
                .get(unit)
                .is_some_and(|u| met.need.of.is_met_by(u))
        };
        let cut_off = passed_over
            .iter()
            .filter(|(unit, why)| **why == PassedOver::NoRoute && fits(unit))
            .count();
        let cut_off = u32::try_from(cut_off).unwrap_or(u32::MAX).min(missing);
        let mut lacking = Vec::new();
        if cut_off > 0 {
            lacking.push(Shortfall::NoRoute {
                need: need.clone(),
                missing: cut_off,
            });
        }
        if missing > cut_off {
            lacking.push(Shortfall::NoneFree {
                need,
                missing: missing - cut_off,
            });
        }
        return lacking;
    }
    let Some(within_s) = met.need.within_s else {
        return Vec::new();
    };
    let time = |id: &UnitId| {
        offered
            .iter()
            .find(|(unit, ..)| unit.id == *id)
            .map(|(_, _, travel)| travel.seconds)
    };
    let nearest_s = met
        .chosen
        .iter()
        .filter_map(time)
        .filter(|seconds| *seconds > within_s)
        .min();
    let late = nearest_s.map(|nearest_s| Shortfall::TooFar {
        need,
        within_s,
        nearest_s,
    });
    late.into_iter().collect()
}

/// Puts those who are best first, time weighed against cover.
fn weigh(weighed: &Weighed, incident: &Incident, offered: &mut Vec<Offered<'_>>) {
    let candidate = |(_, _, travel): &Offered<'_>| cover::Candidate {
        spot: None, // What it leaves uncovered is known already.
        drive_s: travel.seconds,
        costs_other_s: 0,
    };
    let loss = |(unit, ..): &Offered<'_>| weighed.losses.get(&unit.id).copied().unwrap_or(0);
    let asked: Vec<cover::Candidate> = offered.iter().map(candidate).collect();
    let losses: Vec<u32> = offered.iter().map(loss).collect();
    let (priority, target_s) = (incident.priority, weighed.target_s);
    let ranked = cover::rank_by_losses(&asked, &losses, priority, target_s, weighed.trade);
    *offered = ranked.iter().map(|one| offered[one.candidate]).collect();
}

/// What is needed to say of everybody who could go why, and what speaks against it.
struct Candidates<'a> {
    board: &'a Board,
    incident: &'a Incident,
    /// Best first.
    offered: &'a [Offered<'a>],
    /// The same, nearest first.
    by_time: &'a [Offered<'a>],
    losses: &'a BTreeMap<UnitId, u32>,
    needs: &'a [NeedMet],
    /// Which need each chosen one fills.
    taken: &'a BTreeMap<UnitId, usize>,
}

impl Candidates<'_> {
    fn all(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        let fits = |unit: &Unit| self.needs.iter().any(|met| met.need.of.is_met_by(unit));
        for (unit, origin, travel) in self.offered.iter().filter(|(unit, ..)| fits(unit)) {
            let ranked = all.len() < CANDIDATES_RANKED_MAX;
            all.push(Candidate {
                unit: unit.id,
                travel: *travel,
                cover_loss_ppm: self.losses.get(&unit.id).copied(),
                chosen: self.taken.contains_key(&unit.id),
                reasons: self.reasons(unit, **origin, *travel, ranked),
            });
        }
        all
    }

    fn reasons(
        &self,
        unit: &Unit,
        origin: Origin,
        travel: TravelTime,
        ranked: bool,
    ) -> Vec<Reason> {
        let filled = self.taken.get(&unit.id).map(|at| &self.needs[*at]);
        // Ranked within what it fills: "the second nearest engine" says more than "the ninth nearest unit".
        let fitting = || self.needs.iter().find(|met| met.need.of.is_met_by(unit));
        let group = filled.or_else(fitting);
        let mut reasons = Vec::new();
        if filled.is_some() || ranked {
            let rank = self.ahead(unit, travel, group).count() as u32 + 1;
            reasons.push(Reason::Rank { rank });
        }
        reasons.extend(filled.map(|met| Reason::Fills {
            need: met.label.clone(),
        }));
        let area = self.incident.place.area.as_ref();
        if let Some(area) = area.filter(|_| is_first_due(self.board, self.incident, unit)) {
            reasons.push(Reason::FirstDue { area: area.clone() });
        }
        let promised = group.and_then(|met| met.need.within_s);
        if let Some(within_s) = promised.filter(|within_s| travel.seconds > *within_s) {
            reasons.push(Reason::BeyondTarget { within_s });
        }
        // Of those that go; a sooner one that stays must be among those that are offered for the same.
        let sooner = filled.and_then(|_| {
            let mut sooner = self.ahead(unit, travel, group);
            sooner.find(|(other, ..)| !self.taken.contains_key(&other.id))
        });
        if let Some((_, _, other)) = sooner.filter(|_| !self.losses.is_empty()) {
            let longer_s = travel.seconds.saturating_sub(other.seconds);
            reasons.push(Reason::ForCover { longer_s });
        }
        let loss_ppm = self.losses.get(&unit.id).copied().unwrap_or(0);
        if loss_ppm >= LOSS_SAID_PPM {
            let permille = (loss_ppm + 500) / 1_000;
            reasons.push(Reason::LeavesUncovered { permille });
        }
        if travel.basis == TravelBasis::StraightLine {
            reasons.push(Reason::StraightLine);
        }
        if origin.later_s >= LATER_WORTH_SAYING_S {
            let later_s = origin.later_s;
            reasons.push(Reason::RoadCondition { later_s });
        }
        match origin.from {
            StartsFrom::Position { age_s } if age_s >= POSITION_OLD_S => {
                reasons.push(Reason::PositionOld { age_s })
            }
            StartsFrom::Position { .. } => {}
            StartsFrom::Post => reasons.push(Reason::FromPost),
        }
        reasons
    }

    /// Those that would be there sooner and fill the same, nearest first.
    fn ahead(
        &self,
        unit: &Unit,
        travel: TravelTime,
        group: Option<&NeedMet>,
    ) -> impl Iterator<Item = &Offered<'_>> {
        let sooner = move |other: &&Offered<'_>| {
            (other.2.seconds, &other.0.callsign) < (travel.seconds, &unit.callsign)
                && group.is_some_and(|met| met.need.of.is_met_by(other.0))
        };
        self.by_time
            .iter()
            .take_while(move |other| other.2.seconds <= travel.seconds)
            .filter(sooner)
    }
}

/// What a unit must leave uncovered for it to be said, in parts per million: a thousandth.
const LOSS_SAID_PPM: u32 = 1_000;
/// From how many seconds on it is worth saying that a unit comes later than usual.
const LATER_WORTH_SAYING_S: u32 = 10;

/// Candidates that are given a rank in words; those far down the list are ranked by their place in it alone.
const CANDIDATES_RANKED_MAX: usize = 100;

fn is_first_due(board: &Board, incident: &Incident, unit: &Unit) -> bool {
    let station = unit
        .details
        .station
        .and_then(|station| board.stations.get(&station));
    match (station, &incident.place.area) {
        (Some(station), Some(area)) => station.answers_first_in(area),
        (None, _) | (_, None) => false,
    }
}
