//! What lies under the roads: water, green, built-up ground, rivers, railways, and the names to write on a map.
//!
//! It is there to be looked at and to be searched by name; no travel time depends on it. A map that holds only roads
//! (TIGER, GraphML) has an empty one. Start at [`Ground`]; [`gather`] makes it from what a reader brought home.

use crate::geo::{Fixed, Point};
use crate::limits::{GROUND_POINTS_MAX, GROUND_SHAPES_MAX, NAME_MAX_BYTES, PLACES_LISTED_MAX};
use crate::source::{Relation, Way, Ways};
use crate::tags::Tags;
use std::collections::BTreeMap;

/// Points nearer than this to the one before are left out, in metres: nobody sees them on a city's map.
const THIN_M: f64 = 4.0;

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident, $code:literal, $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// Returns its word in a drawing.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The number that stands for it in a saved graph; never changed, never used again.
            pub(crate) fn code(self) -> u8 {
                match self { $($name::$variant => $code,)* }
            }

            pub(crate) fn from_code(code: u8) -> Option<$name> {
                match code { $($code => Some($name::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    /// What covers an area.
    Cover {
        /// Lakes, wide rivers, basins.
        Water, 1, "water";
        /// Parks, woods, meadows.
        Green, 2, "green";
        /// Where people live and work.
        Built, 3, "built";
    }
}

kinds! {
    /// What runs along a line.
    Course {
        /// A river, stream or canal.
        River, 1, "river";
        /// A railway above ground.
        Rail, 2, "rail";
    }
}

/// An area that is covered by something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) cover: Cover,
    /// The outer ring and then its holes, each ending where it begins.
    pub(crate) rings: Vec<Vec<Fixed>>,
}

/// A line along which something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strip {
    pub(crate) course: Course,
    pub(crate) points: Vec<Fixed>,
}

/// A name to write on a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// How large what it names is: 1 a city, 2 a town or district, 3 a quarter or village, 4 anything smaller.
    pub rank: u8,
    /// The name in the language of the place.
    pub name: String,
    /// The name in Chinese, where the map says it.
    pub name_zh: Option<String>,
    /// The name in English, where the map says it.
    pub name_en: Option<String>,
    pub(crate) place: Fixed,
}

impl Label {
    /// Returns where it is written.
    pub fn point(&self) -> Point {
        self.place.point()
    }
}

/// What lies under the roads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    pub(crate) patches: Vec<Patch>,
    pub(crate) strips: Vec<Strip>,
    pub(crate) labels: Vec<Label>,
}

impl Ground {
    /// Returns whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.patches.is_empty() && self.strips.is_empty() && self.labels.is_empty()
    }

    /// Returns every covered area: what covers it, and its rings.
    pub fn patches(&self) -> impl Iterator<Item = (Cover, Vec<Vec<Point>>)> + '_ {
        let patches = self.patches.iter();
        patches.map(|patch| {
            (
                patch.cover,
                patch.rings.iter().map(|ring| points(ring)).collect(),
            )
        })
    }

    /// Returns every line: what runs along it, and its points.
    pub fn strips(&self) -> impl Iterator<Item = (Course, Vec<Point>)> + '_ {
        self.strips
            .iter()
            .map(|strip| (strip.course, points(&strip.points)))
    }

    /// Returns the names to write.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }
}

fn points(places: &[Fixed]) -> Vec<Point> {
    places.iter().map(|place| place.point()).collect()
}

/// What covers the inside of a closed way with these tags.
fn cover(tags: &Tags) -> Option<Cover> {
    let is = |key: &str, words: &[&str]| tags.get(key).is_some_and(|value| words.contains(&value));
    if is("natural", &["water", "bay"])
        || is("waterway", &["riverbank", "dock"])
        || is("landuse", &["reservoir", "basin"])
    {
        return Some(Cover::Water);
    }
    let green_use = [
        "forest",
        "grass",
        "meadow",
        "cemetery",
        "recreation_ground",
        "village_green",
    ];
    if is(
        "leisure",
        &["park", "garden", "pitch", "golf_course", "nature_reserve"],
    ) || is("landuse", &green_use)
        || is("natural", &["wood", "grassland", "scrub", "heath"])
    {
        return Some(Cover::Green);
    }
    let built = ["residential", "industrial", "commercial", "retail"];
    is("landuse", &built).then_some(Cover::Built)
}

/// What runs along a way with these tags.
fn course(tags: &Tags) -> Option<Course> {
    if tags.get("tunnel").is_some_and(|value| value != "no") {
        return None;
    }
    match (tags.get("waterway"), tags.get("railway")) {
        (Some("river" | "stream" | "canal"), _) => Some(Course::River),
        (_, Some("rail" | "light_rail" | "subway" | "tram" | "narrow_gauge")) => Some(Course::Rail),
        _ => None,
    }
}

/// Whether a way or relation with these tags is part of the ground.
pub(crate) fn is_ground(tags: &Tags) -> bool {
    cover(tags).is_some() || course(tags).is_some() || tags.get("natural") == Some("coastline")
}

/// Whether a node with these tags is a place with a name.
pub(crate) fn is_place(tags: &Tags) -> bool {
    rank(tags).is_some() && tags.name().is_some()
}

fn rank(tags: &Tags) -> Option<u8> {
    match tags.get("place")? {
        "city" => Some(1),
        "town" | "district" | "borough" | "suburb" | "municipality" => Some(2),
        "quarter" | "neighbourhood" | "village" | "subdistrict" => Some(3),
        "hamlet" | "locality" | "isolated_dwelling" | "island" | "islet" | "square" | "farm" => {
            Some(4)
        }
        _ => None,
    }
}

fn label(tags: &Tags, rank: u8, place: Fixed) -> Option<Label> {
    let cut = |name: &str| name[..name.floor_char_boundary(NAME_MAX_BYTES)].to_owned();
    let other = |key: &str| tags.get(key).filter(|name| !name.is_empty()).map(cut);
    let (name_zh, name_en) = (other("name:zh"), other("name:en"));
    let name = other("name")
        .or_else(|| name_zh.clone())
        .or_else(|| name_en.clone())?;
    Some(Label {
        rank,
        name,
        name_zh,
        name_en,
        place,
    })
}

/// Makes the ground of what a reader brought home. What goes beyond a limit is left out: a map without its last ponds
/// still has all its roads.
pub(crate) fn gather(ways: &Ways) -> Ground {
    let mut ground = Ground::default();
    let mut room = GROUND_POINTS_MAX;
    let shape = |ids: &[i64]| -> Vec<Fixed> {
        let place = |id: &i64| {
            let found = ways.points.binary_search_by_key(id, |(id, _)| *id);
            found.ok().map(|index| ways.points[index].1)
        };
        thin(ids.iter().filter_map(place).collect())
    };
    for way in &ways.ground_ways {
        let points = shape(&way.points);
        if let Some(cover) = cover_of_way(way, &points) {
            add_patch(&mut ground, &mut room, cover, &way.tags, vec![points]);
        } else if let Some(course) = course(&way.tags)
            && points.len() >= 2
            && has_room(&ground, &mut room, points.len())
        {
            ground.strips.push(Strip { course, points });
        }
    }
    let member_ways: BTreeMap<i64, &[i64]> = ways
        .member_ways
        .iter()
        .chain(&ways.ground_ways)
        .map(|way| (way.id, way.points.as_slice()))
        .collect();
    for relation in &ways.relations {
        let Some(cover) = cover(&relation.tags) else {
            continue;
        };
        let rings = |inner: bool| -> Vec<Vec<Fixed>> {
            let rings = joined(relation, &member_ways, inner);
            let rings = rings.iter().map(|ring| shape(ring));
            rings.filter(|ring| is_ring(ring)).collect()
        };
        let outer = rings(false);
        // With several outer rings it is not said whose the holes are, and finding out is not worth it for a backdrop.
        let mut holes = if outer.len() == 1 {
            rings(true)
        } else {
            Vec::new()
        };
        for ring in outer {
            let rings = [vec![ring], std::mem::take(&mut holes)].concat();
            add_patch(&mut ground, &mut room, cover, &relation.tags, rings);
        }
    }
    for (place, tags) in &ways.places {
        if ground.labels.len() < PLACES_LISTED_MAX {
            let found = rank(tags).and_then(|rank| label(tags, rank, *place));
            ground.labels.extend(found);
        }
    }
    ground
}

fn cover_of_way(way: &Way, points: &[Fixed]) -> Option<Cover> {
    let is_closed = way.points.len() >= 4 && way.points.first() == way.points.last();
    if !is_closed || !is_ring(points) {
        return None;
    }
    // The land is on the left of a coastline: only one that runs with the clock has water inside, the other is an island.
    if way.tags.get("natural") == Some("coastline") {
        return (twice_area(points) < 0).then_some(Cover::Water);
    }
    cover(&way.tags)
}

fn add_patch(
    ground: &mut Ground,
    room: &mut usize,
    cover: Cover,
    tags: &Tags,
    rings: Vec<Vec<Fixed>>,
) {
    if !has_room(ground, room, rings.iter().map(Vec::len).sum()) {
        return;
    }
    // Parks and lakes are what callers name; a housing estate's name is on its place.
    if cover != Cover::Built && ground.labels.len() < PLACES_LISTED_MAX {
        let middle =
            crate::gazetteer::Area::new("-".to_owned(), Vec::new(), vec![points(&rings[0])]);
        let place = middle.and_then(|area| area.middle().fixed());
        let named = place.and_then(|place| label(tags, 4, place));
        ground.labels.extend(named);
    }
    ground.patches.push(Patch { cover, rings });
}

fn has_room(ground: &Ground, room: &mut usize, points: usize) -> bool {
    let fits = points <= *room && ground.patches.len() + ground.strips.len() < GROUND_SHAPES_MAX;
    if fits {
        *room -= points;
    }
    fits
}

fn is_ring(points: &[Fixed]) -> bool {
    points.len() >= 4 && points.first() == points.last()
}

/// Leaves out points that lie close to the one kept before; the ends stay.
fn thin(points: Vec<Fixed>) -> Vec<Fixed> {
    let last = points.len().saturating_sub(1);
    let mut kept: Vec<Fixed> = Vec::with_capacity(points.len());
    for (index, point) in points.into_iter().enumerate() {
        let far = kept
            .last()
            .is_none_or(|known| known.distance_m(point) >= THIN_M);
        if far || (index == last && kept.last() != Some(&point)) {
            kept.push(point);
        }
    }
    kept
}

fn twice_area(ring: &[Fixed]) -> i128 {
    let cross = |pair: &[Fixed]| {
        i128::from(pair[0].lon) * i128::from(pair[1].lat)
            - i128::from(pair[1].lon) * i128::from(pair[0].lat)
    };
    ring.windows(2).map(cross).sum()
}

/// Joins the member ways of a relation end to end to closed rings; what does not close is left out.
fn joined(relation: &Relation, ways: &BTreeMap<i64, &[i64]>, inner: bool) -> Vec<Vec<i64>> {
    let members = relation
        .members
        .iter()
        .filter(|member| member.inner == inner);
    let mut open: Vec<Vec<i64>> = members
        .filter_map(|member| ways.get(&member.way))
        .filter(|points| points.len() >= 2)
        .map(|points| points.to_vec())
        .collect();
    let mut rings = Vec::new();
    while let Some(mut ring) = open.pop() {
        while ring.first() != ring.last() {
            let end = ring[ring.len() - 1];
            let next = open
                .iter()
                .position(|way| way[0] == end || way[way.len() - 1] == end);
            let Some(next) = next else {
                break;
            };
            let mut way = open.swap_remove(next);
            if way[0] != end {
                way.reverse();
            }
            ring.extend(way.into_iter().skip(1));
        }
        if ring.len() >= 4 && ring.first() == ring.last() {
            rings.push(ring);
        }
    }
    rings.sort();
    rings
}
