//! The roads as they are now: the router whose weights follow from the road conditions in force and from the hour.
//!
//! A thread of its own ([`keep`]) looks whenever a road condition changed, one begins or runs out by the clock, or a full
//! hour begins; it makes new weights from what differs ([`different`], the one place that says so) and swaps them in. Whoever asks takes
//! what is in force at that moment and never waits for new weights. Start at [`Conditions::in_force`].

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::time::{Duration, Instant};

use watchfire_core::basis::{RoadConditionId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::Record;
use watchfire_core::record::road_condition::{RoadCondition, RoadEffect, RoadPhase};
use watchfire_roads::{Class, Condition, Conditions as RoadsNow, Effect, Router, Stretch};

use crate::api::message;
use crate::node::{Health, Node};
use crate::road_hours::RoadHours;
use crate::road_shape::RoadIndex;

/// How long the thread sleeps at most: a clock may be set while it does.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Holds the roads as they are now, and what they are made from.
pub struct Conditions {
    by_map: Option<Arc<Router>>,
    hours: Option<(RoadHours, jiff::tz::TimeZone)>,
    now: RwLock<Option<Arc<InForce>>>,
    index: OnceLock<RoadIndex>,
    /// The roads that each shape meets; a shape never changes.
    met: Mutex<BTreeMap<RoadConditionId, Arc<Vec<u32>>>>,
    bell: Bell,
}

/// The roads under one set of conditions.
pub struct InForce {
    /// The number of the set: the time it came into force, in milliseconds since the Unix epoch, or one more than the
    /// last where that is greater. It only rises, also over a restart.
    pub version: u64,
    /// The roads under these conditions, at this hour.
    pub router: Arc<Router>,
    /// The roads at this hour without any condition; the same router if there is none.
    pub usual: Arc<Router>,
    /// What is in force, and which roads it meets.
    pub met: Vec<Met>,
    hour: Option<u8>,
}

/// A road condition in force, and the roads that it meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// Which.
    pub id: RoadConditionId,
    /// What it does.
    pub effect: RoadEffect,
    /// The edges of the road graph.
    pub edges: Arc<Vec<u32>>,
}

impl InForce {
    /// Returns true if times differ from the usual ones at this hour.
    pub fn has_conditions(&self) -> bool {
        !Arc::ptr_eq(&self.router, &self.usual)
    }
}

impl Conditions {
    /// Makes it from the roads as the map gives them, if there are any; no condition is in force yet.
    pub fn new(by_map: Option<Arc<Router>>) -> Conditions {
        let now = by_map.as_ref().map(|router| {
            Arc::new(InForce {
                version: 0,
                router: Arc::clone(router),
                usual: Arc::clone(router),
                met: Vec::new(),
                hour: None,
            })
        });
        Conditions {
            by_map,
            hours: None,
            now: RwLock::new(now),
            index: OnceLock::new(),
            met: Mutex::new(BTreeMap::new()),
            bell: Bell::default(),
        }
    }

    /// Gives it speeds by hour, for the hours of a time zone.
    pub fn with_hours(self, hours: RoadHours, zone: jiff::tz::TimeZone) -> Conditions {
        Conditions {
            hours: Some((hours, zone)),
            ..self
        }
    }

    /// Returns the roads as they are now; none without a road network.
    pub fn in_force(&self) -> Option<Arc<InForce>> {
        let now = self.now.read();
        now.unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Returns the number of the set of conditions in force; none without a road network.
    pub fn version(&self) -> Option<u64> {
        self.in_force().map(|now| now.version)
    }

    /// Says that road conditions may have changed; the thread looks at once.
    pub fn changed(&self) {
        self.bell.ring();
    }

    /// Brings in force what a board says at a moment; returns true if anything is different now.
    pub fn bring_in_force(&self, board: &Board, at: Timestamp) -> bool {
        let (Some(by_map), Some(before)) = (&self.by_map, self.in_force()) else {
            return false;
        };
        let met = self.met_by(by_map, board, at);
        let hour = self.hour(at);
        if before.version > 0 && before.hour == hour && before.met == met {
            return false;
        }
        // Made from the roads as they were just before, so that only what differs is worked out.
        let usual = if before.version > 0 && before.hour == hour {
            Arc::clone(&before.usual)
        } else {
            self.weighed(&before.usual, hour, &[])
        };
        let router = if met.is_empty() {
            Arc::clone(&usual)
        } else if before.hour == hour {
            self.weighed(&before.router, hour, &met)
        } else {
            self.weighed(&usual, hour, &met)
        };
        let version = u64::try_from(at.0).unwrap_or(0).max(before.version + 1);
        let next = InForce {
            version,
            router,
            usual,
            met,
            hour,
        };
        let mut now = self
            .now
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *now = Some(Arc::new(next));
        true
    }

    fn met_by(&self, by_map: &Router, board: &Board, at: Timestamp) -> Vec<Met> {
        let mut known = self
            .met
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        known.retain(|id, _| board.road_conditions.contains_key(id));
        let conditions = board.road_conditions.values();
        let in_force = conditions.filter(|one| one.phase(at) == RoadPhase::InForce);
        let met = in_force.map(|condition| {
            let edges = known.entry(condition.id).or_insert_with(|| {
                let graph = by_map.graph();
                let index = self.index.get_or_init(|| RoadIndex::new(graph));
                Arc::new(index.met_by(graph, &condition.details.shape))
            });
            Met {
                id: condition.id,
                effect: condition.details.effect,
                edges: Arc::clone(edges),
            }
        });
        met.collect()
    }

    fn weighed(&self, before: &Router, hour: Option<u8>, met: &[Met]) -> Arc<Router> {
        let hours = self.hours.as_ref().zip(hour);
        let hours = hours.map(|((hours, _), hour)| (hours, hour));
        let weighed = before.under_conditions(&different(hours, met));
        Arc::new(weighed.unwrap_or_else(|error| {
            // Percents and counts are bounded where they come in, so this is a fault of ours; old roads beat none.
            tracing::error!(%error, "road conditions could not be brought in force");
            before.clone()
        }))
    }

    fn hour(&self, at: Timestamp) -> Option<u8> {
        let (_, zone) = self.hours.as_ref()?;
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        u8::try_from(zone.to_datetime(at).hour()).ok()
    }

    /// Returns when something will next change by the clock alone.
    fn next_change(&self, board: &Board, at: Timestamp) -> Option<Timestamp> {
        let conditions = board.road_conditions.values();
        let own = conditions.filter(|one| one.is_to_come_or_in_force(at));
        let turns = own.flat_map(|one| [Some(one.details.from), one.details.until]);
        // Zones differ from UTC by whole quarters of an hour.
        const QUARTER_MS: i64 = 15 * 60 * 1_000;
        let quarter = Timestamp((at.0.div_euclid(QUARTER_MS) + 1).saturating_mul(QUARTER_MS));
        let quarter = self.hours.as_ref().map(|_| quarter);
        turns
            .flatten()
            .chain(quarter)
            .filter(|turn| *turn > at)
            .min()
    }
}

/// What differs from the map: the percents of the hour, and roads closed or slowed. Where several conditions meet a road, the
/// worst of them counts.
fn different(hours: Option<(&RoadHours, u8)>, met: &[Met]) -> RoadsNow {
    const AS_USUAL: u8 = 100;
    const CLOSED: u8 = 0;
    let mut speed_percent = BTreeMap::new();
    for one in met {
        let percent = match one.effect {
            RoadEffect::Closed => CLOSED,
            RoadEffect::Slowed { percent } => percent.max(1),
        };
        for edge in one.edges.iter() {
            let own = speed_percent.entry(*edge).or_insert(AS_USUAL);
            *own = percent.min(*own);
        }
    }
    let mut by_percent: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
    for (edge, percent) in speed_percent {
        by_percent.entry(percent).or_default().push(edge);
    }
    let place = |(percent, edges)| Condition {
        place: Stretch::Edges(edges),
        effect: match percent {
            CLOSED => Effect::Closed,
            slowed => Effect::SpeedPercent(u16::from(slowed)),
        },
        profile: None,
    };
    let of_hour = |(hours, hour): (&RoadHours, u8)| {
        let percent =
            |class: &Class| u16::try_from(hours.percent(*class, hour)).unwrap_or(u16::MAX);
        Class::ALL
            .iter()
            .map(|class| (*class, percent(class)))
            .collect()
    };
    RoadsNow {
        time_percent: hours.map(of_hour).unwrap_or_default(),
        places: by_percent.into_iter().map(place).collect(),
    }
}

/// Wakes the thread. A ring while nobody sleeps is not lost.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    fn ring(&self) {
        let rung = self.rung.lock();
        *rung.unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        self.heard.notify_all();
    }

    fn wait(&self, at_most: Duration) {
        let rung = self.rung.lock();
        let rung = rung.unwrap_or_else(|poisoned| poisoned.into_inner());
        let waited = self
            .heard
            .wait_timeout_while(rung, at_most, |rung| !*rung)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let (mut rung, _) = waited;
        *rung = false;
    }
}

/// Brings in force what the board says, now and whenever that changes, until the node stops. Blocks its thread.
pub fn keep(node: &Node) {
    let conditions = node.settings().travel.conditions();
    let mut phases: BTreeMap<RoadConditionId, RoadPhase> = phases(&node.board(), node.now());
    loop {
        if matches!(node.health(), Health::Failed | Health::Stopped) {
            return;
        }
        let next = {
            let board = node.board();
            conditions.next_change(&board, node.now())
        };
        let until = next.map_or(LOOK_EVERY, |next| node.settings().clock.wait_until(next));
        // A millisecond more: a clock that is read in whole ones must have passed the turn.
        conditions
            .bell
            .wait(until.min(LOOK_EVERY) + Duration::from_millis(1));
        look(node, &mut phases);
    }
}

/// Brings in force what the board says now, and tells the screens what has begun or run out by the clock.
fn look(node: &Node, phases_before: &mut BTreeMap<RoadConditionId, RoadPhase>) {
    let (began, now) = (Instant::now(), node.now());
    let conditions = node.settings().travel.conditions();
    // A copy, so that no action waits while weights are made: records are shared, it costs little.
    let mut board = Board::default();
    for condition in node.board().road_conditions.values() {
        board.put(Record::RoadCondition(Arc::clone(condition)));
    }
    if conditions.bring_in_force(&board, now) {
        let took = began.elapsed();
        node.metrics().roads_in_force(took);
        node.hub().send(vec![message::clock(node)]);
        let version = conditions.version().unwrap_or(0);
        tracing::info!(
            version,
            took_ms = took.as_secs_f64() * 1e3,
            "road conditions in force"
        );
    }
    let phases_now = phases(&board, now);
    let turned = |condition: &&Arc<RoadCondition>| {
        let before = phases_before.get(&condition.id);
        before.is_some_and(|before| phases_now.get(&condition.id) != Some(before))
    };
    let whole = node.board();
    let turned = board.road_conditions.values().filter(turned);
    let messages: Vec<_> = turned
        .map(|condition| Record::RoadCondition(Arc::clone(condition)))
        .filter_map(|record| message::of_record(&whole, node, &record))
        .collect();
    drop(whole);
    if !messages.is_empty() {
        node.hub().send(messages);
    }
    *phases_before = phases_now;
}

fn phases(board: &Board, now: Timestamp) -> BTreeMap<RoadConditionId, RoadPhase> {
    let conditions = board.road_conditions.values();
    conditions.map(|one| (one.id, one.phase(now))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchfire_core::basis::Point as CorePoint;
    use watchfire_core::record::road_condition::{RoadConditionDetails, RoadShape};
    use watchfire_roads::Point;

    /// A bridge from A to B, and a way round of three times its length.
    const MAP: &str = r#"<osm version="0.6">
        <node id="1" lat="30" lon="120"/><node id="2" lat="30" lon="120.02"/>
        <node id="3" lat="30.02" lon="120"/><node id="4" lat="30.02" lon="120.02"/>
        <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="Bridge"/></way>
        <way id="2"><nd ref="1"/><nd ref="3"/><nd ref="4"/><nd ref="2"/><tag k="highway" v="residential"/></way></osm>"#;

    fn router() -> Arc<Router> {
        let options = watchfire_roads::BuildOptions::default();
        let format = watchfire_roads::Format::detect("a.osm", MAP.as_bytes()).unwrap();
        let (graph, _) =
            watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
        Arc::new(Router::new(Arc::new(graph)))
    }

    fn closed_bridge(id: u8, effect: RoadEffect, from: i64, until: Option<i64>) -> Record {
        Record::RoadCondition(Arc::new(RoadCondition {
            id: RoadConditionId([id; 16]),
            version: 1,
            changed_at: Timestamp(0),
            entered_at: Timestamp(0),
            details: RoadConditionDetails {
                effect,
                shape: RoadShape::Circle {
                    centre: CorePoint::from_degrees(30.0, 120.01).unwrap(),
                    radius_m: 30,
                },
                reason: "works".parse().unwrap(),
                from: Timestamp(from),
                until: until.map(Timestamp),
            },
            ended_at: None,
        }))
    }

    fn over_ms(conditions: &Conditions) -> u32 {
        let at = |lon| Point { lat: 30.0, lon };
        let now = conditions.in_force().unwrap();
        let times = now.router.times_to(at(120.02), &[at(120.0)]);
        times[0].unwrap().time_ms
    }

    #[test]
    fn a_closed_bridge_is_gone_round_and_its_end_gives_it_back() {
        let conditions = Conditions::new(Some(router()));
        let mut board = Board::default();
        assert!(conditions.bring_in_force(&board, Timestamp(1_000)));
        assert_eq!(conditions.version(), Some(1_000));
        assert!(
            !conditions.bring_in_force(&board, Timestamp(2_000)),
            "nothing is different"
        );
        let usual_ms = over_ms(&conditions);

        board.put(closed_bridge(1, RoadEffect::Closed, 5_000, Some(9_000)));
        assert!(
            !conditions.bring_in_force(&board, Timestamp(4_999)),
            "it is only planned"
        );
        assert_eq!(
            conditions.next_change(&board, Timestamp(4_999)),
            Some(Timestamp(5_000))
        );
        assert!(conditions.bring_in_force(&board, Timestamp(5_000)));
        assert!(over_ms(&conditions) > usual_ms * 2);
        let held = conditions.in_force().unwrap();
        assert!(held.has_conditions() && held.met[0].edges.len() == 1);

        // Whoever took the roads before goes on with them.
        assert_eq!(
            conditions.next_change(&board, Timestamp(5_000)),
            Some(Timestamp(9_000))
        );
        assert!(conditions.bring_in_force(&board, Timestamp(9_000)));
        assert_eq!(over_ms(&conditions), usual_ms);
        assert!(held.version < conditions.version().unwrap() && held.has_conditions());
    }

    #[test]
    fn the_worst_of_several_conditions_counts() {
        let conditions = Conditions::new(Some(router()));
        let mut board = Board::default();
        conditions.bring_in_force(&board, Timestamp(1));
        let usual_ms = over_ms(&conditions);
        board.put(closed_bridge(
            1,
            RoadEffect::Slowed { percent: 80 },
            0,
            None,
        ));
        board.put(closed_bridge(
            2,
            RoadEffect::Slowed { percent: 50 },
            0,
            None,
        ));
        conditions.bring_in_force(&board, Timestamp(2));
        let slowed_ms = over_ms(&conditions);
        assert!(
            slowed_ms.abs_diff(usual_ms * 2) <= 2,
            "{usual_ms} -> {slowed_ms}"
        );
        board.put(closed_bridge(3, RoadEffect::Closed, 0, None));
        conditions.bring_in_force(&board, Timestamp(3));
        assert!(over_ms(&conditions) > slowed_ms);
    }

    #[test]
    fn the_hour_of_the_nodes_zone_sets_the_speeds_and_a_clock_set_back_no_lower_version() {
        let rush: Vec<String> = (0..24)
            .map(|hour| if hour == 8 { "200" } else { "100" }.to_owned())
            .collect();
        let hours = RoadHours::parse(&format!("primary = [{}]", rush.join(","))).unwrap();
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let conditions = Conditions::new(Some(router())).with_hours(hours, zone);
        let board = Board::default();
        let midnight_utc = 1_700_006_400_000; // 2023-11-15T00:00:00Z: 8 o'clock in Shanghai.
        let before = Timestamp(midnight_utc - 1);
        conditions.bring_in_force(&board, before);
        let usual_ms = over_ms(&conditions);
        assert_eq!(
            conditions.next_change(&board, before),
            Some(Timestamp(midnight_utc))
        );
        assert!(conditions.bring_in_force(&board, Timestamp(midnight_utc)));
        assert!(over_ms(&conditions).abs_diff(usual_ms * 2) <= 2);
        assert!(
            !conditions.in_force().unwrap().has_conditions(),
            "an hour is nothing unusual"
        );
        let version = conditions.version().unwrap();
        assert!(
            conditions.bring_in_force(&board, before),
            "the clock was set back"
        );
        assert_eq!(conditions.version(), Some(version + 1));
    }

    #[test]
    fn without_roads_nothing_is_in_force() {
        let conditions = Conditions::new(None);
        let mut board = Board::default();
        board.put(closed_bridge(1, RoadEffect::Closed, 0, None));
        assert!(!conditions.bring_in_force(&board, Timestamp(1)));
        assert_eq!(conditions.version(), None);
    }
}
