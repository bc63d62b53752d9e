//! Named areas: districts, quarters, parks; whether a point lies in one, and where to put its name.

use crate::geo::{Bounds, Point};

/// A named area with an outline of one or more rings; a ring within another is a hole.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    name: String,
    other_names: Vec<String>,
    rings: Vec<Vec<Point>>,
    bounds: Bounds,
    size: f64,
}

impl Area {
    /// Makes one; none without a name, without a ring of three corners, or with a corner that is not on Earth.
    pub fn new(name: String, other_names: Vec<String>, rings: Vec<Vec<Point>>) -> Option<Area> {
        let sound = rings
            .iter()
            .all(|ring| ring.len() >= 3 && ring.iter().all(|corner| corner.is_valid()));
        let first = *rings.first()?.first()?;
        if name.trim().is_empty() || !sound {
            return None;
        }
        let mut bounds = Bounds {
            south_west: first,
            north_east: first,
        };
        for corner in rings.iter().flatten() {
            bounds.south_west.lat = bounds.south_west.lat.min(corner.lat);
            bounds.south_west.lon = bounds.south_west.lon.min(corner.lon);
            bounds.north_east.lat = bounds.north_east.lat.max(corner.lat);
            bounds.north_east.lon = bounds.north_east.lon.max(corner.lon);
        }
        let size = rings.iter().map(|ring| signed_size(ring).abs()).sum();
        Some(Area {
            name,
            other_names,
            rings,
            bounds,
            size,
        })
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its other names.
    pub fn other_names(&self) -> &[String] {
        &self.other_names
    }

    /// Returns its rings.
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.rings
    }

    /// Returns whether a point lies within.
    pub fn holds(&self, point: Point) -> bool {
        let (low, high) = (self.bounds.south_west, self.bounds.north_east);
        let within =
            (low.lat..=high.lat).contains(&point.lat) && (low.lon..=high.lon).contains(&point.lon);
        within && crossed(&self.rings, point).len() % 2 == 1
    }

    /// Returns a point within it, near its middle, for its name.
    pub fn middle(&self) -> Point {
        let largest = self
            .rings
            .iter()
            .max_by(|a, b| signed_size(a).abs().total_cmp(&signed_size(b).abs()));
        let ring = largest.map_or(&[][..], Vec::as_slice);
        let count = ring.len().max(1) as f64;
        let mean = Point {
            lat: ring.iter().map(|corner| corner.lat).sum::<f64>() / count,
            lon: ring.iter().map(|corner| corner.lon).sum::<f64>() / count,
        };
        let middle = centroid(ring).unwrap_or(mean);
        if self.holds(middle) {
            return middle;
        }
        // A crescent does not hold its own middle: take the widest stretch within on the same line of latitude.
        let west = Point {
            lon: self.bounds.south_west.lon - 1.0,
            ..middle
        };
        let mut edges = crossed(&self.rings, west);
        edges.sort_by(f64::total_cmp);
        let spans = edges.chunks_exact(2).map(|span| (span[0], span[1]));
        let widest = spans.max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
        widest.map_or(middle, |(from, to)| Point {
            lon: (from + to) / 2.0,
            ..middle
        })
    }

    /// In square degrees: to compare areas that are near each other.
    pub(super) fn size(&self) -> f64 {
        self.size
    }

    pub(super) fn corners(&self) -> usize {
        self.rings.iter().map(Vec::len).sum()
    }
}

/// The longitudes east of a point at which the rings cross its line of latitude.
fn crossed(rings: &[Vec<Point>], point: Point) -> Vec<f64> {
    let mut at = Vec::new();
    for ring in rings {
        let mut from = ring[ring.len() - 1];
        for &to in ring {
            if (from.lat > point.lat) != (to.lat > point.lat) {
                let share = (point.lat - from.lat) / (to.lat - from.lat);
                let lon = from.lon + share * (to.lon - from.lon);
                if lon > point.lon {
                    at.push(lon);
                }
            }
            from = to;
        }
    }
    at
}

fn signed_size(ring: &[Point]) -> f64 {
    pairs(ring)
        .map(|(a, b)| a.lon * b.lat - b.lon * a.lat)
        .sum::<f64>()
        / 2.0
}

fn centroid(ring: &[Point]) -> Option<Point> {
    let first = *ring.first()?;
    // Seen from a corner, so that a small area far from the origin does not drown in rounding.
    let local: Vec<Point> = ring
        .iter()
        .map(|corner| Point {
            lat: corner.lat - first.lat,
            lon: corner.lon - first.lon,
        })
        .collect();
    let size = signed_size(&local);
    if size == 0.0 {
        return None;
    }
    let (mut lat, mut lon) = (0.0, 0.0);
    for (a, b) in pairs(&local) {
        let cross = a.lon * b.lat - b.lon * a.lat;
        lat += (a.lat + b.lat) * cross;
        lon += (a.lon + b.lon) * cross;
    }
    Some(Point {
        lat: first.lat + lat / (6.0 * size),
        lon: first.lon + lon / (6.0 * size),
    })
}

fn pairs(ring: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    let next = ring.iter().skip(1).chain(ring.first());
    ring.iter().copied().zip(next.copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(rings: &[&[(f64, f64)]]) -> Option<Area> {
        let ring =
            |ring: &&[(f64, f64)]| ring.iter().map(|&(lat, lon)| Point { lat, lon }).collect();
        Area::new("A".into(), Vec::new(), rings.iter().map(ring).collect())
    }

    #[test]
    fn a_point_is_in_an_area_and_not_in_its_hole() {
        let outer = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)];
        let hole = [(0.4, 0.4), (0.4, 0.6), (0.6, 0.6), (0.6, 0.4)];
        let ring = area(&[&outer, &hole]).unwrap();
        let holds = |lat, lon| ring.holds(Point { lat, lon });
        assert!(holds(0.2, 0.2) && holds(0.5, 0.9));
        assert!(!holds(0.5, 0.5) && !holds(0.5, 1.1) && !holds(-0.1, 0.5));
        // Its middle is in the hole, so its name stands beside that.
        assert!(ring.holds(ring.middle()));
    }

    #[test]
    fn what_is_no_area_is_none() {
        assert!(area(&[]).is_none());
        assert!(area(&[&[(0.0, 0.0), (1.0, 1.0)]]).is_none());
        assert!(area(&[&[(0.0, 0.0), (1.0, 1.0), (f64::NAN, 0.0)]]).is_none());
        let flat = area(&[&[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]]).unwrap();
        assert!(flat.middle().is_valid());
    }
}
