//! What the node knows of its map besides travel times: names of places, and which station is first where.
//!
//! The names of the map are gathered once, in a fraction of a second, by whoever needs them first; the node's stations
//! are added whenever they have changed. Nothing here looks at the board: what is needed of it is handed in.

use std::sync::{Arc, Mutex, OnceLock};

use watchfire_core::basis::StationId;
use watchfire_core::board::Board;
use watchfire_roads::{Area, Gazetteer, Listed, ListedKind, Outline, Point, Router};

use crate::conditions::InForce;

/// What is known of a map. Everything in it is made when it is first asked for.
pub struct Atlas {
    router: Option<Arc<Router>>,
    areas: Vec<Area>,
    of_map: OnceLock<Gazetteer>,
    with_stations: Mutex<Option<Made<Gazetteer>>>,
    station_areas: Mutex<Option<Made<AreasUnder>>>,
}

/// Areas of stations, and the number of the set of road conditions under which they are so.
type AreasUnder = (u64, Arc<Vec<Outline>>);

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

    /// Returns for each of these stations where it is the first to arrive by road as the roads are now; empty without a
    /// road network. Made anew when stations or roads have changed; whoever asks meanwhile waits for the same work.
    pub fn station_areas(
        &self,
        stations: &[StationKey],
        roads: Option<&InForce>,
    ) -> Arc<Vec<Outline>> {
        let version = roads.map_or(0, |roads| roads.version);
        let mut kept = self
            .station_areas
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((known, (made_for, outlines))) = kept.as_ref()
            && known == stations
            && *made_for == version
        {
            return Arc::clone(outlines);
        }
        let points: Vec<Point> = stations.iter().map(|station| station.point).collect();
        let outlines = roads.map(|roads| roads.router.nearest_areas(&points));
        let outlines = outlines.unwrap_or(Ok(Vec::new())).unwrap_or_else(|error| {
            tracing::error!(%error, "the areas of the stations cannot be drawn");
            Vec::new()
        });
        let outlines = Arc::new(outlines);
        *kept = Some((stations.to_vec(), (version, Arc::clone(&outlines))));
        outlines
    }
}
