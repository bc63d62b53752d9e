//! Which roads a shape on the map meets: the roads that come into an area or a circle, those that run along a line.
//!
//! A line is drawn along a road, and a bridge is crossed by streets below it: so it meets what runs along it within its
//! width, and nothing that only crosses it or begins where it ends. Areas and circles meet whatever comes into them.
//! Pure: a shape and a road graph go in, numbers of edges come out. Start at [`RoadIndex::met_by`].

use watchfire_core::basis::Point as CorePoint;
use watchfire_core::record::road_condition::RoadShape;
use watchfire_roads::{Point, RoadGraph};

/// Metres in one degree of latitude, on the sphere that the rest of the program measures on.
const METRES_PER_DEGREE: f64 = 111_194.93;
/// Along so many metres at least a road has to run within a line to be met by it, or along half its length.
const ALONG_M_MIN: f64 = 25.0;
/// A road is looked at every so many metres to see whether it runs along a line.
const STEP_M: f64 = 3.0;
/// Looks at one edge at most; beyond that the steps are longer.
const STEPS_MAX: f64 = 2_000.0;
/// The cosine of the widest angle between a road and a line that it still runs along: 45 degrees.
const ALONG_COSINE: f64 = 0.707;

/// The edges of a road graph with the rectangle each lies in.
pub struct RoadIndex {
    boxes: Vec<Box2>,
}

/// A rectangle in degrees.
#[derive(Debug, Clone, Copy)]
struct Box2 {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Box2 {
    const NOTHING: Box2 = Box2 {
        south: f64::INFINITY,
        north: f64::NEG_INFINITY,
        west: f64::INFINITY,
        east: f64::NEG_INFINITY,
    };

    fn with(self, lat: f64, lon: f64) -> Box2 {
        Box2 {
            south: self.south.min(lat),
            north: self.north.max(lat),
            west: self.west.min(lon),
            east: self.east.max(lon),
        }
    }

    fn meets(&self, other: &Box2) -> bool {
        self.south <= other.north
            && other.south <= self.north
            && self.west <= other.east
            && other.west <= self.east
    }
}

/// A point in metres east and north of a reference point.
type Flat = (f64, f64);

/// A plane laid on the Earth at a reference point; good to 0.1 % over the 100 km that a shape may span.
struct Plane {
    lat: f64,
    lon: f64,
    metres_per_lon: f64,
}

impl Plane {
    fn at(lat: f64, lon: f64) -> Plane {
        Plane {
            lat,
            lon,
            metres_per_lon: METRES_PER_DEGREE * lat.to_radians().cos().max(1e-6),
        }
    }

    fn flat(&self, lat: f64, lon: f64) -> Flat {
        (
            (lon - self.lon) * self.metres_per_lon,
            (lat - self.lat) * METRES_PER_DEGREE,
        )
    }
}

impl RoadIndex {
    /// Looks at every edge of a graph once.
    pub fn new(graph: &RoadGraph) -> RoadIndex {
        let edges = u32::try_from(graph.edges()).unwrap_or(u32::MAX);
        let around = |edge| {
            let points = graph.points_of(edge);
            points.iter().fold(Box2::NOTHING, |around, point: &Point| {
                around.with(point.lat, point.lon)
            })
        };
        RoadIndex {
            boxes: (0..edges).map(around).collect(),
        }
    }

    /// Returns the edges that a shape meets, in order.
    pub fn met_by(&self, graph: &RoadGraph, shape: &RoadShape) -> Vec<u32> {
        let (points, margin_m) = match shape {
            RoadShape::Area { points } => (points.as_slice(), 0.0),
            RoadShape::Line { points, width_m } => (points.as_slice(), f64::from(*width_m) / 2.0),
            RoadShape::Circle { centre, radius_m } => {
                (std::slice::from_ref(centre), f64::from(*radius_m))
            }
        };
        let around = points.iter().fold(Box2::NOTHING, |around, point| {
            around.with(point.lat(), point.lon())
        });
        let plane = Plane::at(
            (around.south + around.north) / 2.0,
            (around.west + around.east) / 2.0,
        );
        let (lat_margin, lon_margin) = (
            margin_m / METRES_PER_DEGREE,
            margin_m / plane.metres_per_lon,
        );
        let reach = Box2 {
            south: around.south - lat_margin,
            north: around.north + lat_margin,
            west: around.west - lon_margin,
            east: around.east + lon_margin,
        };
        let flat = |point: &CorePoint| plane.flat(point.lat(), point.lon());
        let shape_points: Vec<Flat> = points.iter().map(flat).collect();
        let near = self.boxes.iter().enumerate();
        let near = near.filter(|(_, own)| own.meets(&reach));
        let met = near.filter(|(edge, _)| {
            let road: Vec<Flat> = graph
                .points_of(*edge as u32)
                .iter()
                .map(|point| plane.flat(point.lat, point.lon))
                .collect();
            match shape {
                RoadShape::Area { .. } => comes_into(&shape_points, &road),
                RoadShape::Line { .. } => runs_along(&shape_points, margin_m, &road),
                RoadShape::Circle { .. } => {
                    let centre = shape_points[0];
                    pieces(&road).any(|piece| nearest_on(piece, centre).0 <= margin_m)
                }
            }
        });
        met.map(|(edge, _)| edge as u32).collect()
    }
}

fn pieces(line: &[Flat]) -> impl Iterator<Item = (Flat, Flat)> {
    line.windows(2).map(|pair| (pair[0], pair[1]))
}

/// Returns how far a point is from a piece of line, and where on it the nearest place is, 0 to 1.
fn nearest_on(((ax, ay), (bx, by)): (Flat, Flat), (x, y): Flat) -> (f64, f64) {
    let (dx, dy) = (bx - ax, by - ay);
    let square = dx * dx + dy * dy;
    let along = if square > 0.0 {
        (((x - ax) * dx + (y - ay) * dy) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    ((ax + along * dx - x).hypot(ay + along * dy - y), along)
}

/// Returns true if a road comes into an area: a point of it lies within, or it crosses the border.
fn comes_into(area: &[Flat], road: &[Flat]) -> bool {
    let border = || {
        let next = area.iter().skip(1).chain(area.first());
        area.iter().copied().zip(next.copied())
    };
    let within = |(x, y): Flat| {
        let crossed = border().filter(|((ax, ay), (bx, by))| {
            (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
        });
        crossed.count() % 2 == 1
    };
    road.iter().any(|point| within(*point))
        || pieces(road).any(|piece| border().any(|side| cross(piece, side)))
}

fn cross((a, b): (Flat, Flat), (c, d): (Flat, Flat)) -> bool {
    let side =
        |(ax, ay): Flat, (bx, by): Flat, (x, y): Flat| (bx - ax) * (y - ay) - (by - ay) * (x - ax);
    let apart = |one: f64, other: f64| (one > 0.0) != (other > 0.0);
    apart(side(a, b, c), side(a, b, d)) && apart(side(c, d, a), side(c, d, b))
}

/// Returns true if a road runs along a line, within so many metres of it, for long enough.
fn runs_along(line: &[Flat], within_m: f64, road: &[Flat]) -> bool {
    let length = |(a, b): (Flat, Flat)| (b.0 - a.0).hypot(b.1 - a.1);
    let total_m: f64 = pieces(road).map(length).sum();
    let step_m = STEP_M.max(total_m / STEPS_MAX);
    let mut covered_m = 0.0;
    for piece in pieces(road) {
        let piece_m = length(piece);
        let steps = (piece_m / step_m).ceil().max(1.0);
        let ((ax, ay), (bx, by)) = piece;
        let direction = ((bx - ax) / piece_m, (by - ay) / piece_m);
        for step in 0..steps as u32 {
            let along = (f64::from(step) + 0.5) / steps;
            let place = (ax + along * (bx - ax), ay + along * (by - ay));
            if piece_m > 0.0 && is_beside(line, within_m, place, direction) {
                covered_m += piece_m / steps;
            }
        }
    }
    total_m > 0.0 && (covered_m >= ALONG_M_MIN || covered_m * 2.0 >= total_m)
}

/// Returns true if a place on a road lies beside a line, not past its ends, and the road points the way the line does.
fn is_beside(line: &[Flat], within_m: f64, place: Flat, direction: Flat) -> bool {
    let last = line.len().saturating_sub(2);
    pieces(line).enumerate().any(|(at, piece)| {
        let (distance_m, along) = nearest_on(piece, place);
        let past_an_end = at == 0 && along <= 0.0 || at == last && along >= 1.0;
        let ((ax, ay), (bx, by)) = piece;
        let piece_m = (bx - ax).hypot(by - ay);
        let cosine = ((bx - ax) * direction.0 + (by - ay) * direction.1) / piece_m.max(1e-9);
        distance_m <= within_m && !past_an_end && cosine.abs() >= ALONG_COSINE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A main street of three edges going north, a bridge over it, side streets, and a way round to the bridge's far end.
    const MAP: &str = r#"<osm version="0.6">
        <node id="1" lat="30" lon="120"/><node id="2" lat="30.002" lon="120"/>
        <node id="3" lat="30.004" lon="120"/><node id="4" lat="30.006" lon="120"/>
        <node id="5" lat="30.002" lon="119.998"/><node id="6" lat="30.004" lon="119.998"/>
        <node id="7" lat="30.003" lon="119.999"/><node id="8" lat="30.003" lon="120.001"/>
        <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="name" v="Main"/></way>
        <way id="2"><nd ref="2"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="name" v="South"/></way>
        <way id="3"><nd ref="3"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="name" v="North"/></way>
        <way id="4"><nd ref="7"/><nd ref="8"/><tag k="highway" v="residential"/><tag k="name" v="Over"/></way>
        <way id="5"><nd ref="8"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="name" v="Side"/></way></osm>"#;

    fn graph() -> RoadGraph {
        let options = watchfire_roads::BuildOptions::default();
        let format = watchfire_roads::Format::detect("a.osm", MAP.as_bytes()).unwrap();
        watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {})
            .unwrap()
            .0
    }

    fn at(lat: f64, lon: f64) -> CorePoint {
        CorePoint::from_degrees(lat, lon).unwrap()
    }

    /// The names of the streets met, with the latitude of the middle of each edge.
    fn met(shape: &RoadShape) -> Vec<String> {
        let graph = graph();
        let met = RoadIndex::new(&graph).met_by(&graph, shape);
        let name = |edge: u32| {
            let points = graph.points_of(edge);
            let lat = (points[0].lat + points[points.len() - 1].lat) / 2.0;
            format!("{} {lat:.3}", graph.name_of(edge).unwrap_or("?"))
        };
        met.into_iter().map(name).collect()
    }

    #[test]
    fn a_line_closes_what_runs_along_it_and_neither_what_crosses_nor_what_begins_at_its_end() {
        let line = |points: &[(f64, f64)], width_m| RoadShape::Line {
            points: points.iter().map(|(lat, lon)| at(*lat, *lon)).collect(),
            width_m,
        };
        let middle = line(&[(30.0019, 120.00002), (30.0041, 119.99998)], 20);
        assert_eq!(met(&middle), ["Main 30.003"]);
        // A short piece of a long road closes it: nobody gets through.
        assert_eq!(
            met(&line(&[(30.0028, 120.0), (30.0032, 120.0)], 20)),
            ["Main 30.003"]
        );
        assert_eq!(
            met(&line(&[(30.003, 119.9995), (30.003, 120.0005)], 20)),
            ["Over 30.003"]
        );
        let beside = line(&[(30.002, 120.00012), (30.004, 120.00012)], 20);
        assert!(met(&beside).is_empty(), "11.5 m beside is outside 10 m");
        let beside = line(&[(30.002, 120.00012), (30.004, 120.00012)], 24);
        assert_eq!(met(&beside), ["Main 30.003"]);
        let bent = line(&[(30.004, 119.999), (30.004, 120.0), (30.006, 120.0)], 10);
        assert_eq!(met(&bent), ["Main 30.005", "North 30.004"]);
    }

    #[test]
    fn an_area_and_a_circle_close_all_that_comes_into_them() {
        let area = |corners: &[(f64, f64)]| RoadShape::Area {
            points: corners.iter().map(|(lat, lon)| at(*lat, *lon)).collect(),
        };
        let inside_nothing = area(&[(30.0025, 119.9985), (30.0035, 119.9985), (30.003, 119.9989)]);
        assert!(met(&inside_nothing).is_empty());
        // No corner of a road lies within: it only cuts across.
        let across = area(&[
            (30.0028, 119.9998),
            (30.0032, 119.9998),
            (30.0032, 120.0002),
            (30.0028, 120.0002),
        ]);
        assert_eq!(met(&across), ["Main 30.003", "Over 30.003"]);
        let all = area(&[(29.9, 119.9), (29.9, 120.1), (30.1, 120.1), (30.1, 119.9)]);
        assert_eq!(met(&all).len(), 7);
        let circle = |lat, lon, radius_m| RoadShape::Circle {
            centre: at(lat, lon),
            radius_m,
        };
        assert_eq!(met(&circle(30.001, 120.0003, 30)), ["Main 30.001"]);
        assert!(
            met(&circle(30.001, 120.0003, 28)).is_empty(),
            "it is 28.9 m away"
        );
        assert_eq!(met(&circle(30.002, 120.0, 1)).len(), 3);
    }

    #[test]
    fn nonsense_meets_nothing_and_ends() {
        let point = at(30.002, 120.0);
        let line = RoadShape::Line {
            points: vec![point, point],
            width_m: 50,
        };
        assert!(met(&line).is_empty());
        let far = RoadShape::Circle {
            centre: at(-90.0, 0.0),
            radius_m: 50_000,
        };
        assert!(met(&far).is_empty());
        let flat = RoadShape::Area {
            points: vec![at(10.0, 10.0), at(10.0, 11.0), at(10.0, 12.0)],
        };
        assert!(met(&flat).is_empty());
    }
}
