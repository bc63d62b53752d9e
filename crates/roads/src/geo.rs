//! Points on the Earth, distances between them, and the nearest point of a line.
//!
//! Stored coordinates are ten-millionths of a degree (about a centimetre), as OpenStreetMap has them. For nearness the
//! module works in three dimensions on a sphere: it needs no projection, and is as right at the date line and near the
//! poles as in the middle of a city. It knows nothing of roads.

use serde::{Deserialize, Serialize};

pub(crate) const EARTH_RADIUS_M: f64 = 6_371_008.8;
const E7: f64 = 1e7;

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Latitude in degrees, north positive.
    pub lat: f64,
    /// Longitude in degrees, east positive.
    pub lon: f64,
}

impl Point {
    /// Returns whether both coordinates are numbers within the range of the Earth.
    pub fn is_valid(self) -> bool {
        self.lat.is_finite()
            && self.lon.is_finite()
            && self.lat.abs() <= 90.0
            && self.lon.abs() <= 180.0
    }

    /// Returns the distance over the ground to another point, in metres.
    pub fn distance_m(self, other: Point) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat_b - lat_a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS_M * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    pub(crate) fn fixed(self) -> Option<Fixed> {
        self.is_valid().then(|| Fixed {
            lat: (self.lat * E7).round() as i32,
            lon: (self.lon * E7).round() as i32,
        })
    }
}

/// A rectangle in degrees that does not cross the date line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The corner with the least latitude and longitude.
    pub south_west: Point,
    /// The corner with the greatest latitude and longitude.
    pub north_east: Point,
}

/// A place in ten-millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fixed {
    pub(crate) lat: i32,
    pub(crate) lon: i32,
}

impl Fixed {
    pub(crate) fn point(self) -> Point {
        Point {
            lat: f64::from(self.lat) / E7,
            lon: f64::from(self.lon) / E7,
        }
    }

    pub(crate) fn is_valid(self) -> bool {
        self.point().is_valid()
    }

    pub(crate) fn distance_m(self, other: Fixed) -> f64 {
        self.point().distance_m(other.point())
    }
}

/// Returns the length of a polyline in metres.
pub(crate) fn length_m(points: &[Fixed]) -> f64 {
    points
        .windows(2)
        .map(|pair| pair[0].distance_m(pair[1]))
        .sum()
}

/// Returns the place of a point in space, in metres from the centre of the Earth.
pub(crate) fn in_space(point: Point) -> [f64; 3] {
    let (lat, lon) = (point.lat.to_radians(), point.lon.to_radians());
    [
        EARTH_RADIUS_M * lat.cos() * lon.cos(),
        EARTH_RADIUS_M * lat.cos() * lon.sin(),
        EARTH_RADIUS_M * lat.sin(),
    ]
}

/// The nearest point of the segment `a`-`b` to `p`: how far along (0 to 1) and the squared distance in square metres.
pub(crate) fn nearest_on_segment(a: [f64; 3], b: [f64; 3], p: [f64; 3]) -> (f64, f64) {
    let ab = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let ap = [p[0] - a[0], p[1] - a[1], p[2] - a[2]];
    let length_2 = dot(ab, ab);
    let along = if length_2 > 0.0 {
        (dot(ap, ab) / length_2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let off = [
        ap[0] - along * ab[0],
        ap[1] - along * ab[1],
        ap[2] - along * ab[2],
    ];
    (along, dot(off, off))
}

/// Returns the point at the given share (0 to 1) of the straight line between two points.
pub(crate) fn between(a: Point, b: Point, along: f64) -> Point {
    Point {
        lat: a.lat + (b.lat - a.lat) * along,
        lon: a.lon + (b.lon - a.lon) * along,
    }
}

/// Returns the part of a polyline between two shares (0 to 1) of its length, turned round when `from > to`.
pub(crate) fn slice(points: &[Fixed], from: f64, to: f64) -> Vec<Point> {
    if from > to {
        let mut turned = slice(points, to, from);
        turned.reverse();
        return turned;
    }
    let total_m = length_m(points);
    let (start_m, end_m) = (from * total_m, to * total_m);
    let mut part = vec![at_m(points, start_m)];
    let mut travelled_m = 0.0;
    for pair in points.windows(2) {
        travelled_m += pair[0].distance_m(pair[1]);
        if travelled_m > start_m && travelled_m < end_m {
            part.push(pair[1].point());
        }
    }
    part.push(at_m(points, end_m));
    part.dedup();
    part
}

fn at_m(points: &[Fixed], target_m: f64) -> Point {
    let mut left_m = target_m;
    for pair in points.windows(2) {
        let step_m = pair[0].distance_m(pair[1]);
        if left_m <= step_m && step_m > 0.0 {
            return between(pair[0].point(), pair[1].point(), left_m / step_m);
        }
        left_m -= step_m;
    }
    points
        .last()
        .map_or(Point { lat: 0.0, lon: 0.0 }, |last| last.point())
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let south = Point {
            lat: 30.0,
            lon: 120.5,
        };
        let north = Point {
            lat: 31.0,
            lon: 120.5,
        };
        assert!((south.distance_m(north) - 111_195.0).abs() < 1.0);
    }

    #[test]
    fn nearness_works_across_the_date_line() {
        let west = in_space(Point {
            lat: 0.0,
            lon: 179.999,
        });
        let east = in_space(Point {
            lat: 0.0,
            lon: -179.999,
        });
        let (along, distance_2) = nearest_on_segment(
            west,
            east,
            in_space(Point {
                lat: 0.001,
                lon: 180.0,
            }),
        );
        assert!((along - 0.5).abs() < 1e-6);
        assert!((distance_2.sqrt() - 111.2).abs() < 0.1);
    }

    #[test]
    fn a_slice_keeps_the_corners_between_and_can_be_turned_round() {
        let line: Vec<Fixed> = [(0.0, 0.0), (0.0, 0.001), (0.0, 0.002)]
            .iter()
            .filter_map(|&(lat, lon)| Point { lat, lon }.fixed())
            .collect();
        let there = slice(&line, 0.25, 1.0);
        assert_eq!(there.len(), 3);
        assert!((there[0].lon - 0.0005).abs() < 1e-9);
        let mut back = slice(&line, 1.0, 0.25);
        back.reverse();
        assert_eq!(there, back);
    }

    #[test]
    fn what_is_not_a_place_is_not_valid() {
        for (lat, lon) in [
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
            (90.1, 0.0),
            (0.0, -180.1),
        ] {
            assert!(!Point { lat, lon }.is_valid());
            assert_eq!(Point { lat, lon }.fixed(), None);
        }
        assert!(
            Point {
                lat: -90.0,
                lon: 180.0
            }
            .is_valid()
        );
    }
}
