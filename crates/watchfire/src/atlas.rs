//! What the node knows of its map besides travel times: names of places, and which station is first where.
//!
//! The names of the map are gathered once, in a fraction of a second, by whoever needs them first; the node's stations
//! are added whenever they have changed. A thread of its own ([`keep`]) tells [`crate::positions`] the areas of stations.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use watchfire_core::basis::StationId;
use watchfire_core::board::Board;
use watchfire_roads::{Area, FirstThere, Gazetteer, Listed, ListedKind, Point, Router};

use crate::conditions::InForce;
use crate::node::{Health, Node};
use crate::positions::StationAreas;

/// What is known of a map. Everything in it is made when it is first asked for.
pub struct Atlas {
    router: Option<Arc<Router>>,
    areas: Vec<Area>,
    of_map: OnceLock<Gazetteer>,
    with_stations: Mutex<Option<Made<Gazetteer>>>,
    station_areas: Mutex<Option<Made<AreasUnder>>>,
}

/// Areas of stations, and the number of the set of road conditions under which they are so; none without a road network.
type AreasUnder = (u64, Option<Arc<FirstThere>>);

/// Stations and roads are looked at for areas to be made anew after so many short sleeps: every two seconds.
const NAPS: u64 = 8;
const NAP: Duration = Duration::from_millis(250);

/// Something made for stations as they were, and these.
type Made<T> = (Vec<StationKey>, T);

/// A station as far as the map is concerned; equal ones look the same on it.
#[derive(Debug, Clone, PartialEq)]
pub struct StationKey {
    /// Which.
    pub id: StationId,
    /// The agency's short code for it.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Where.
    pub point: Point,
}

impl StationKey {
    /// Returns those of all stations on a board.
    pub fn all(board: &Board) -> Vec<StationKey> {
        let one = |station: &Arc<watchfire_core::record::station::Station>| StationKey {
            id: station.id,
            code: station.code.to_string(),
            name: station.details.name.to_string(),
            point: Point {
                lat: station.details.place.point.lat(),
                lon: station.details.place.point.lon(),
            },
        };
        board.stations.values().map(one).collect()
    }
}

impl Atlas {
    /// Makes it for a road network, if there is one, and areas that its file does not hold.
    pub fn new(router: Option<Arc<Router>>, areas: Vec<Area>) -> Atlas {
        Atlas {
            router,
            areas,
            of_map: OnceLock::new(),
            with_stations: Mutex::new(None),
            station_areas: Mutex::new(None),
        }
    }

    /// Returns the areas that the map's file does not hold.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Returns the names of the map. The first to ask waits while they are gathered.
    pub fn of_map(&self) -> &Gazetteer {
        self.of_map.get_or_init(|| {
            let graph = self.router.as_ref().map(|router| router.graph().as_ref());
            let labels = graph.map_or(&[][..], |graph| graph.ground().labels());
            let places = labels.iter().map(|label| Listed {
                kind: ListedKind::Place { rank: label.rank },
                name: label.name.clone(),
                other_names: label
                    .name_zh
                    .iter()
                    .chain(&label.name_en)
                    .cloned()
                    .collect(),
                point: label.point(),
            });
            Gazetteer::new(graph, places.collect(), self.areas.clone()).unwrap_or_else(|error| {
                tracing::error!(%error, "places cannot be found by name");
                Gazetteer::default()
            })
        })
    }

    /// Returns the names of the map and of these stations.
    pub fn gazetteer(&self, stations: &[StationKey]) -> Gazetteer {
        let of_map = self.of_map();
        let mut kept = self
            .with_stations
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((known, gazetteer)) = kept.as_ref()
            && known == stations
        {
            return gazetteer.clone();
        }
        let listed = stations.iter().map(|station| Listed {
            kind: ListedKind::Station,
            name: station.name.clone(),
            other_names: vec![station.code.clone()],
            point: station.point,
        });
        let gazetteer = of_map
            .with_listed(listed.collect())
            .unwrap_or_else(|error| {
                tracing::error!(%error, "stations cannot be found by name");
                of_map.clone()
            });
        *kept = Some((stations.to_vec(), gazetteer.clone()));
        gazetteer
    }

    /// Returns where each of these stations is the first to arrive by road as the roads are now; none without a road
    /// network. Made anew when stations or roads have changed; whoever asks meanwhile waits for the same work.
    pub fn station_areas(
        &self,
        stations: &[StationKey],
        roads: Option<&InForce>,
    ) -> Option<Arc<FirstThere>> {
        let version = roads.map_or(0, |roads| roads.version);
        let mut kept = self
            .station_areas
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((known, (made_for, areas))) = kept.as_ref()
            && known == stations
            && *made_for == version
        {
            return areas.clone();
        }
        let points: Vec<Point> = stations.iter().map(|station| station.point).collect();
        let areas = roads.and_then(|roads| {
            let made = roads.router.nearest_areas(&points);
            made.inspect_err(
                |error| tracing::error!(%error, "the areas of the stations cannot be drawn"),
            )
            .ok()
        });
        let areas = areas.map(Arc::new);
        *kept = Some((stations.to_vec(), (version, areas.clone())));
        areas
    }
}

/// Gathers the names of the map, then keeps in whose area each unit is as stations and roads change, until the node stops.
/// Blocks its thread.
pub fn keep(node: &Node) {
    let travel = &node.settings().travel;
    travel.atlas().of_map();
    let mut told = None;
    for look in 0u64.. {
        if matches!(node.health(), Health::Failed | Health::Stopped) {
            return;
        }
        // Short sleeps, so that a node that stops is soon left.
        std::thread::sleep(NAP);
        if !look.is_multiple_of(NAPS) {
            continue;
        }
        let stations = StationKey::all(&node.board());
        let roads = travel.conditions().in_force();
        let seen = (roads.as_ref().map(|roads| roads.version), stations);
        if told.as_ref() != Some(&seen) {
            let areas = travel.atlas().station_areas(&seen.1, roads.as_deref());
            let codes = seen.1.iter().map(|station| station.code.as_str().into());
            node.positions()
                .set_areas(areas.map(|areas| StationAreas::new(areas, codes.collect())));
            told = Some(seen);
        }
    }
}
