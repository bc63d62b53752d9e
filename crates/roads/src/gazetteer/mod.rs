//! Places by name, and names by place: what a call taker types into the address box, answered from the node's own map.
//!
//! A [`Gazetteer`] is made from a road graph and from what the caller lists beside it (stations, districts). It knows
//! roads, the crossings that follow from the graph, and the listed places; it does not know houses, and it knows nobody
//! who lives there. Start at [`Gazetteer::search`] and [`Gazetteer::at`]. `query.rs` says what a text may mean,
//! `words.rs` and `reading.rs` how a name is compared, `search.rs` what comes first.

mod area;
mod gather;
mod query;
mod reading;
mod search;
mod words;

pub use area::Area;
pub use search::{Found, FoundKind, Matched, QueryTooLong};

use crate::class::Class;
use crate::error::RoadsError;
use crate::geo::{Bounds, Point};
use crate::graph::RoadGraph;
use crate::limits::{
    AREA_CORNERS_MAX, AT_CROSSING_MAX_M, AT_ROAD_MAX_M, NAMES_PER_PLACE_MAX, PLACES_LISTED_MAX,
};
use crate::router::Router;
use crate::source::check_count;
use gather::{NO_ROAD, flat_2};
use reading::Sound;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Within this distance of a crossing one is at it, in metres.
const AT_CROSSING_M: f64 = 35.0;

/// Finds places by name and names by place. `Send`, `Sync`, cheap to clone; never changes. The default knows nothing.
#[derive(Clone, Default)]
pub struct Gazetteer {
    map: Arc<Part>,
    listed: Arc<Part>,
    areas: Arc<Vec<Area>>,
    road_of_edge: Arc<Vec<u32>>,
    fingerprint: u32,
}

/// Something with a name that the caller knows and the roads do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What it is.
    pub kind: ListedKind,
    /// Its name, as it is shown.
    pub name: String,
    /// Other names it is found by.
    pub other_names: Vec<String>,
    /// Where it is.
    pub point: Point,
}

/// What a listed place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListedKind {
    /// A station.
    Station,
    /// A place: 1 a city, 2 a town or a large district, 3 a quarter, 4 anything smaller.
    Place {
        /// How large it is.
        rank: u8,
    },
}

/// Where a point is, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct At {
    /// The whole in one line, such as a radio message would have it.
    pub text: String,
    /// The nearest road with a name.
    pub road: Option<String>,
    /// The nearest crossing, of that road if it has one near.
    pub crossing: Option<String>,
    /// How far the nearest named road is, in metres.
    pub distance_m: Option<f64>,
    /// The area that it lies in.
    pub area: Option<String>,
    /// Whether it lies near any road of the map.
    pub on_map: bool,
}

/// A road: all that lies together under one name.
#[derive(Debug, Clone, PartialEq)]
struct Road {
    /// First its name in the graph, later its place in the names of the part.
    name: u32,
    class: Class,
    point: Point,
    extent: Bounds,
    /// Points along it, enough to tell how near it is.
    samples: Vec<Point>,
    crossings: Vec<u32>,
}

/// A junction that two roads share.
#[derive(Debug, Clone, PartialEq)]
struct Crossing {
    roads: [u32; 2],
    point: Point,
}

/// What a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Road(u32),
    Listed(u32),
}

/// A name, prepared for comparing.
struct Name {
    text: String,
    /// Its words, each in all its forms.
    words: Vec<Vec<String>>,
    /// Its letters and digits, folded, run together.
    run: String,
    sound: Option<Sound>,
    first_reading: String,
    owners: Vec<Owner>,
}

/// Names and what they belong to.
#[derive(Default)]
struct Part {
    names: Vec<Name>,
    /// Every form of every word, sorted, with the names that have it.
    vocabulary: Vec<(String, Vec<u32>)>,
    roads: Vec<Road>,
    crossings: Vec<Crossing>,
    listed: Vec<Listed>,
    /// The place of each listed thing's shown name in the names.
    known: BTreeMap<String, u32>,
}

impl Gazetteer {
    /// Makes one from a road graph, if there is one, the places and the areas of the map.
    pub fn new(
        graph: Option<&RoadGraph>,
        places: Vec<Listed>,
        areas: Vec<Area>,
    ) -> Result<Gazetteer, RoadsError> {
        check_areas(&areas)?;
        let mut part = Part::default();
        let mut road_of_edge = Vec::new();
        if let Some(graph) = graph {
            let gathered = gather::gather(graph, |name| !words::tokens(name).is_empty());
            part.roads = gathered.roads;
            part.crossings = gathered.crossings;
            road_of_edge = gathered.road_of_edge;
            gather::index_crossings(&mut part.roads, &part.crossings);
            for index in 0..part.roads.len() {
                let name = part.roads[index].name as usize;
                let owner = Owner::Road(index as u32);
                part.roads[index].name = part.add_name(&graph.names[name], owner);
                for other in graph.other_names(name as u32) {
                    part.add_name(other, owner);
                }
            }
        }
        let of_areas = areas.iter().map(|area| Listed {
            kind: ListedKind::Place { rank: 3 },
            name: area.name().to_owned(),
            other_names: area.other_names().to_vec(),
            point: area.middle(),
        });
        part.list(of_areas.chain(places).collect())?;
        part.index();
        Ok(Gazetteer {
            map: Arc::new(part),
            listed: Arc::new(Part::default()),
            areas: Arc::new(areas),
            road_of_edge: Arc::new(road_of_edge),
            fingerprint: graph.map_or(0, |graph| graph.fingerprint),
        })
    }

    /// Returns the same with other listed things (stations) in place of those it had; the map is shared.
    pub fn with_listed(&self, listed: Vec<Listed>) -> Result<Gazetteer, RoadsError> {
        let mut part = Part::default();
        part.list(listed)?;
        part.index();
        Ok(Gazetteer {
            listed: Arc::new(part),
            ..self.clone()
        })
    }

    /// Returns how many roads, crossings and other places it knows.
    pub fn counts(&self) -> (usize, usize, usize) {
        let others = self.map.listed.len() + self.listed.listed.len();
        (self.map.roads.len(), self.map.crossings.len(), others)
    }

    /// Returns every road's own name and the point that stands for it.
    pub fn roads(&self) -> impl Iterator<Item = (&str, Point)> {
        let roads = self.map.roads.iter();
        roads.map(|road| (self.map.text(road.name), road.point))
    }

    /// Returns every crossing: its two roads and where it is.
    pub fn crossings(&self) -> impl Iterator<Item = (&str, &str, Point)> {
        self.map.crossings.iter().map(|crossing| {
            let [a, b] = self.map.crossing_names(crossing);
            (a, b, crossing.point)
        })
    }

    /// Returns the name of the smallest area that holds a point.
    pub fn area_of(&self, point: Point) -> Option<&str> {
        let around = self.areas.iter().filter(|area| area.holds(point));
        let smallest = around.min_by(|a, b| a.size().total_cmp(&b.size()))?;
        Some(smallest.name())
    }

    /// Says where a point is. The router must be over the graph that the gazetteer was made from.
    pub fn at(&self, router: Option<&Router>, point: Point) -> At {
        let router = router.filter(|router| router.graph().fingerprint == self.fingerprint);
        let area = self.area_of(point).map(str::to_owned);
        let named = |edge: usize| self.road_of_edge[edge] != NO_ROAD;
        let nearest = router.and_then(|router| router.nearest_edge(point, AT_ROAD_MAX_M, named));
        let road = nearest.map(|(edge, _)| self.road_of_edge[edge]);
        let road_name = road.map(|road| self.map.text(self.map.roads[road as usize].name));
        let crossing = self.nearest_crossing(point, road);
        let names = crossing.map(|(crossing, _)| self.map.crossing_names(crossing));
        let text = match (road_name, crossing, names) {
            (_, Some((_, distance_m)), Some([a, b])) if distance_m <= AT_CROSSING_M => both(a, b),
            (Some(road), Some(_), Some([a, b])) if a == road || b == road => {
                near(road, if a == road { b } else { a })
            }
            (Some(road), ..) => road.to_owned(),
            (None, ..) => search::coordinates_text(point),
        };
        At {
            text,
            road: road_name.map(str::to_owned),
            crossing: names.map(|[a, b]| both(a, b)),
            distance_m: nearest.map(|(_, distance_m)| distance_m),
            area,
            on_map: router.is_some_and(|router| router.snap(point).is_some()),
        }
    }

    /// The nearest crossing: at the point itself if there is one, else on the road that the point is on.
    fn nearest_crossing(&self, point: Point, road: Option<u32>) -> Option<(&Crossing, f64)> {
        let nearest = |crossings: &mut dyn Iterator<Item = &'_ Crossing>, max_m: f64| {
            let mut best: Option<(Point, [u32; 2], f64)> = None;
            for crossing in crossings {
                let distance_2 = flat_2(crossing.point, point);
                if best.is_none_or(|(_, _, best_2)| distance_2 < best_2) {
                    best = Some((crossing.point, crossing.roads, distance_2));
                }
            }
            best.filter(|(_, _, distance_2)| distance_2.sqrt() <= max_m)
        };
        let all = &self.map.crossings;
        let here = nearest(&mut all.iter(), AT_CROSSING_M);
        let on_road = || {
            let own = road.map(|road| self.map.roads[road as usize].crossings.as_slice());
            let mut own = own.unwrap_or(&[]).iter().map(|one| &all[*one as usize]);
            nearest(&mut own, AT_CROSSING_MAX_M)
        };
        let (at, roads, distance_2) = here.or_else(on_road)?;
        let found = all
            .iter()
            .find(|crossing| crossing.roads == roads && crossing.point == at)?;
        Some((found, distance_2.sqrt()))
    }
}

/// Two road names as one text, in the way of their script.
fn both(a: &str, b: &str) -> String {
    if is_chinese(a) && is_chinese(b) {
        format!("{a}与{b}")
    } else {
        format!("{a} & {b}")
    }
}

fn near(road: &str, other: &str) -> String {
    if is_chinese(road) && is_chinese(other) {
        format!("{road}近{other}")
    } else {
        format!("{road} near {other}")
    }
}

fn is_chinese(name: &str) -> bool {
    name.chars().any(words::is_han)
}

fn check_areas(areas: &[Area]) -> Result<(), RoadsError> {
    let corners: usize = areas.iter().map(Area::corners).sum();
    check_count("corners of areas", corners as u64, AREA_CORNERS_MAX as u64)
}

impl Part {
    fn text(&self, name: u32) -> &str {
        &self.names[name as usize].text
    }

    fn crossing_names(&self, crossing: &Crossing) -> [&str; 2] {
        crossing
            .roads
            .map(|road| self.text(self.roads[road as usize].name))
    }

    fn add_name(&mut self, text: &str, owner: Owner) -> u32 {
        if let Some(&known) = self.known.get(text) {
            let owners = &mut self.names[known as usize].owners;
            // Owners come one after the other, so a repetition is the last one again.
            if owners.last() != Some(&owner) {
                owners.push(owner);
            }
            return known;
        }
        let run: String = words::fold(text)
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .collect();
        let sound = Sound::of(&run);
        let index = self.names.len() as u32;
        self.names.push(Name {
            text: text.to_owned(),
            words: words::tokens(text)
                .iter()
                .map(|word| words::forms(word))
                .collect(),
            first_reading: sound.as_ref().map_or(String::new(), Sound::first_reading),
            run,
            sound,
            owners: vec![owner],
        });
        self.known.insert(text.to_owned(), index);
        index
    }

    fn list(&mut self, listed: Vec<Listed>) -> Result<(), RoadsError> {
        check_count(
            "listed places",
            listed.len() as u64,
            PLACES_LISTED_MAX as u64,
        )?;
        for one in listed {
            let owner = Owner::Listed(self.listed.len() as u32);
            let others = one.other_names.iter().take(NAMES_PER_PLACE_MAX - 1);
            for name in std::iter::once(&one.name).chain(others) {
                self.add_name(name, owner);
            }
            self.listed.push(one);
        }
        Ok(())
    }

    fn index(&mut self) {
        let mut forms: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (index, name) in self.names.iter().enumerate() {
            for form in name.words.iter().flatten() {
                let names = forms.entry(form).or_default();
                if names.last() != Some(&(index as u32)) {
                    names.push(index as u32);
                }
            }
        }
        self.vocabulary = forms
            .into_iter()
            .map(|(form, names)| (form.to_owned(), names))
            .collect();
    }
}
