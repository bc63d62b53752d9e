//! A grid of cells over a map, and the outlines of those that belong together.
//!
//! Rings run along the borders of cells and are then straightened. Where two areas meet, both straighten the same stretch
//! of border from the same end, so that no gap and no overlap appears between them.

use crate::geo::{Bounds, Point};
use crate::limits::OUTLINE_POINTS_MAX;
use std::collections::{BTreeMap, VecDeque};

/// The label of a cell that belongs to nobody.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// The most cells along one side of a grid.
const SIDE_MAX: usize = 240;
/// The smallest cell, in metres: about half a block.
const CELL_MIN_M: f64 = 60.0;
/// How far a straightened border may lie from the true one, in cells.
const STRAIGHT_CELLS: f64 = 0.8;
/// Beyond this an outline would no longer be one; then the smallest areas are left out instead.
const STRAIGHT_MAX_CELLS: f64 = 4.0;
/// Empty patches of fewer cells are filled, and full ones left out.
const PATCH_MIN_CELLS: usize = 3;
const METRES_PER_DEGREE: f64 = 111_195.0;

/// One or more areas with their holes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    /// Each the outer ring, against the clock, and then its holes; every ring ends where it begins.
    pub polygons: Vec<Vec<Vec<Point>>>,
}

impl Outline {
    /// Returns how many points it has.
    pub fn points(&self) -> usize {
        self.polygons.iter().flatten().map(Vec::len).sum()
    }
}

/// A grid: to each cell the shortest time to it and the source of that.
pub(crate) struct Cells {
    origin: Point,
    lat_step: f64,
    lon_step: f64,
    size_m: f64,
    rows: usize,
    columns: usize,
    ms: Vec<u32>,
    label: Vec<u32>,
}

/// A corner of cells: row and column.
type Corner = (usize, usize);

impl Cells {
    /// Lays a grid over a rectangle, with a margin.
    pub(crate) fn over(bounds: Bounds) -> Cells {
        let (low, high) = (bounds.south_west, bounds.north_east);
        let shrink = ((low.lat + high.lat) / 2.0).to_radians().cos().max(0.01);
        let tall_m = (high.lat - low.lat) * METRES_PER_DEGREE;
        let wide_m = (high.lon - low.lon) * METRES_PER_DEGREE * shrink;
        let margin = 8;
        let size_m = (tall_m.max(wide_m) / (SIDE_MAX - 2 * margin) as f64).max(CELL_MIN_M);
        let lat_step = size_m / METRES_PER_DEGREE;
        let lon_step = lat_step / shrink;
        let cells =
            |span: f64, step: f64| ((span / step).ceil() as usize + 2 * margin).min(SIDE_MAX);
        let (rows, columns) = (
            cells(high.lat - low.lat, lat_step),
            cells(high.lon - low.lon, lon_step),
        );
        Cells {
            origin: Point {
                lat: low.lat - margin as f64 * lat_step,
                lon: low.lon - margin as f64 * lon_step,
            },
            lat_step,
            lon_step,
            size_m,
            rows,
            columns,
            ms: vec![u32::MAX; rows * columns],
            label: vec![NOWHERE; rows * columns],
        }
    }

    pub(crate) fn size_m(&self) -> f64 {
        self.size_m
    }

    /// Keeps that a point is reached at a time from a source, if nothing reaches its cell earlier.
    pub(crate) fn note(&mut self, point: Point, at_ms: u32, source: u32) {
        let Some(cell) = self.cell_at(point) else {
            return;
        };
        if (at_ms, source) < (self.ms[cell], self.label[cell]) {
            (self.ms[cell], self.label[cell]) = (at_ms, source);
        }
    }

    fn cell_at(&self, point: Point) -> Option<usize> {
        let row = ((point.lat - self.origin.lat) / self.lat_step).floor();
        let column = ((point.lon - self.origin.lon) / self.lon_step).floor();
        let is_within =
            row >= 0.0 && column >= 0.0 && row < self.rows as f64 && column < self.columns as f64;
        is_within.then(|| row as usize * self.columns + column as usize)
    }

    /// The label at a point, if it has one.
    pub(crate) fn label_at(&self, point: Point) -> Option<usize> {
        let label = self.label[self.cell_at(point)?];
        (label != NOWHERE).then_some(label as usize)
    }

    /// The same grid with the label 0 where a cell is reached within a time, and none elsewhere.
    pub(crate) fn within(&self, limit_ms: u32) -> Cells {
        let label = |at_ms: &u32| if *at_ms <= limit_ms { 0 } else { NOWHERE };
        self.relabelled(self.ms.iter().map(label).collect())
    }

    fn relabelled(&self, label: Vec<u32>) -> Cells {
        Cells {
            ms: Vec::new(),
            label,
            ..*self
        }
    }

    /// Closes the gaps between streets: grown by two cells and shrunk by one, so that one cell beside a road counts.
    pub(crate) fn closed(&self) -> Cells {
        let grown = self.grown(self.size_m * 2.0);
        let mut label = grown.label.clone();
        for (cell, label) in label.iter_mut().enumerate() {
            let open_beside = grown
                .beside(cell)
                .any(|other| other.is_none_or(|other| grown.label[other] == NOWHERE));
            if open_beside {
                *label = NOWHERE;
            }
        }
        let mut closed = self.relabelled(label);
        closed.fill_patches();
        closed
    }

    /// Gives empty cells the label of the nearest full one, up to a distance; of two equally near, the smaller label.
    pub(crate) fn grown(&self, up_to_m: f64) -> Cells {
        let steps_max = (up_to_m / self.size_m).ceil() as u32;
        let mut label = self.label.clone();
        let mut edge: VecDeque<(usize, u32)> = (0..label.len())
            .filter(|cell| label[*cell] != NOWHERE)
            .map(|cell| (cell, 0))
            .collect();
        while let Some((cell, steps)) = edge.pop_front() {
            if steps >= steps_max {
                continue;
            }
            let beside: Vec<usize> = self.beside(cell).flatten().collect();
            for other in beside {
                if label[other] == NOWHERE {
                    label[other] = label[cell];
                    edge.push_back((other, steps + 1));
                }
            }
        }
        let mut grown = self.relabelled(label);
        grown.fill_patches();
        grown
    }

    /// The cells beside one, none where the grid ends.
    fn beside(&self, cell: usize) -> impl Iterator<Item = Option<usize>> + use<> {
        let (row, column) = (cell / self.columns, cell % self.columns);
        let (rows, columns) = (self.rows, self.columns);
        [
            (row > 0).then(|| cell - columns),
            (row + 1 < rows).then(|| cell + columns),
            (column > 0).then(|| cell - 1),
            (column + 1 < columns).then(|| cell + 1),
        ]
        .into_iter()
    }

    /// Parts of one label that hang together; returns the part of each cell and the cells of each part.
    fn parts(&self) -> (Vec<u32>, Vec<Vec<usize>>) {
        let mut part_of = vec![NOWHERE; self.label.len()];
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for start in 0..self.label.len() {
            if part_of[start] != NOWHERE {
                continue;
            }
            let number = parts.len() as u32;
            part_of[start] = number;
            let mut part = vec![start];
            let mut next = 0;
            while let Some(&cell) = part.get(next) {
                next += 1;
                for other in self.beside(cell).flatten() {
                    if part_of[other] == NOWHERE && self.label[other] == self.label[start] {
                        part_of[other] = number;
                        part.push(other);
                    }
                }
            }
            parts.push(part);
        }
        (part_of, parts)
    }

    /// Gives patches too small to be seen the label of what lies beside them.
    fn fill_patches(&mut self) {
        let (_, parts) = self.parts();
        for part in parts.iter().filter(|part| part.len() < PATCH_MIN_CELLS) {
            let own = self.label[part[0]];
            let around = part
                .iter()
                .flat_map(|cell| self.beside(*cell))
                .flatten()
                .map(|other| self.label[other])
                .filter(|label| *label != own);
            if let Some(label) = around.min() {
                for &cell in part {
                    self.label[cell] = label;
                }
            }
        }
    }

    /// The outline of each label below a number, straightened until all of them keep to [`OUTLINE_POINTS_MAX`].
    pub(crate) fn outlines(&self, labels: usize) -> Vec<Outline> {
        let (part_of, _) = self.parts();
        let rings = self.rings(&part_of);
        let mut tolerance = STRAIGHT_CELLS;
        loop {
            let mut outlines = self.straightened(&rings, labels, tolerance);
            let points: usize = outlines.iter().map(Outline::points).sum();
            if points <= OUTLINE_POINTS_MAX {
                return outlines;
            }
            if tolerance > STRAIGHT_MAX_CELLS {
                keep_largest(&mut outlines);
                return outlines;
            }
            tolerance *= 1.5;
        }
    }

    /// All rings along the borders between labels, the cell on the left, with the part they belong to.
    fn rings(&self, part_of: &[u32]) -> Vec<(u32, u32, Vec<Corner>)> {
        let mut next: BTreeMap<(u32, Corner), Vec<Corner>> = BTreeMap::new();
        for (cell, &part) in part_of.iter().enumerate() {
            if self.label[cell] == NOWHERE {
                continue;
            }
            let (row, column) = (cell / self.columns, cell % self.columns);
            let corners = [
                (row, column),
                (row, column + 1),
                (row + 1, column + 1),
                (row + 1, column),
            ];
            let mut beside = self.beside(cell);
            let [south, north, west, east] = std::array::from_fn(|_| beside.next().flatten());
            for (side, other) in [south, east, north, west].into_iter().enumerate() {
                if other.is_none_or(|other| self.label[other] != self.label[cell]) {
                    let (from, to) = (corners[side], corners[(side + 1) % 4]);
                    next.entry((part, from)).or_default().push(to);
                }
            }
        }
        let label_of: BTreeMap<u32, u32> = part_of
            .iter()
            .copied()
            .zip(self.label.iter().copied())
            .collect();
        let mut rings = Vec::new();
        while let Some((&(part, start), _)) = next.first_key_value() {
            let mut ring = vec![start];
            let mut came: Option<Corner> = None;
            let mut at = start;
            while let Some(ways) = next.get_mut(&(part, at)) {
                // Where two cells of a part touch at a corner only, turning left stays with the same cell.
                let left =
                    came.and_then(|came| ways.iter().position(|to| turns_left(came, at, *to)));
                let to = ways.swap_remove(left.unwrap_or(0));
                if ways.is_empty() {
                    next.remove(&(part, at));
                }
                (came, at) = (Some(at), to);
                ring.push(at);
                if at == start {
                    break;
                }
            }
            rings.push((label_of.get(&part).copied().unwrap_or(NOWHERE), part, ring));
        }
        rings
    }

    fn straightened(
        &self,
        rings: &[(u32, u32, Vec<Corner>)],
        labels: usize,
        tolerance: f64,
    ) -> Vec<Outline> {
        let mut parts: BTreeMap<(u32, u32), Vec<Vec<Corner>>> = BTreeMap::new();
        for (label, part, ring) in rings {
            let ring = self.straight_ring(ring, tolerance);
            if ring.len() >= 4 && twice_area(&ring) != 0 {
                parts.entry((*label, *part)).or_default().push(ring);
            }
        }
        let mut outlines = vec![Outline::default(); labels];
        for ((label, _), mut rings) in parts {
            // The outer ring is the one that runs against the clock; the holes run with it.
            rings.sort_by_key(|ring| std::cmp::Reverse(twice_area(ring)));
            if twice_area(&rings[0]) < 0 {
                continue;
            }
            let polygon = rings.into_iter().enumerate();
            let polygon = polygon.filter(|(index, ring)| *index == 0 || twice_area(ring) < 0);
            let points =
                polygon.map(|(_, ring)| ring.into_iter().map(|at| self.point(at)).collect());
            if let Some(outline) = outlines.get_mut(label as usize) {
                outline.polygons.push(points.collect());
            }
        }
        outlines
    }

    /// Straightens a closed ring between the corners at which three areas meet.
    fn straight_ring(&self, ring: &[Corner], tolerance: f64) -> Vec<Corner> {
        let open = &ring[..ring.len() - 1];
        let first = (0..open.len()).find(|at| self.meets_three(open[*at]));
        // A border between two areas alone has no such corner: both begin it at the same, its least.
        let first = first.or_else(|| (0..open.len()).min_by_key(|at| open[*at]));
        let Some(first) = first else {
            return Vec::new();
        };
        let turned: Vec<Corner> = open[first..]
            .iter()
            .chain(&open[..=first])
            .copied()
            .collect();
        let mut out = vec![turned[0]];
        let mut start = 0;
        for end in 1..turned.len() {
            if end + 1 == turned.len() || self.meets_three(turned[end]) {
                let stretch = &turned[start..=end];
                // From whichever end is the lesser, so that the neighbour gets the same corners.
                let backwards = (stretch[stretch.len() - 1], stretch[stretch.len() - 2])
                    < (stretch[0], stretch[1]);
                let mut one_way: Vec<Corner> = stretch.to_vec();
                if backwards {
                    one_way.reverse();
                }
                let mut straight = straight(&one_way, tolerance);
                if backwards {
                    straight.reverse();
                }
                out.extend(straight.into_iter().skip(1));
                start = end;
            }
        }
        out
    }

    fn meets_three(&self, (row, column): Corner) -> bool {
        let label = |row: Option<usize>, column: Option<usize>| match (row, column) {
            (Some(row), Some(column)) if row < self.rows && column < self.columns => {
                self.label[row * self.columns + column]
            }
            _ => NOWHERE,
        };
        let (below, left) = (row.checked_sub(1), column.checked_sub(1));
        let around = [
            label(below, left),
            label(below, Some(column)),
            label(Some(row), Some(column)),
            label(Some(row), left),
        ];
        let mut known = around.to_vec();
        known.sort_unstable();
        known.dedup();
        // Two areas that touch cornerwise meet twice at one corner, which must stay as well.
        known.len() >= 3
            || (around[0] == around[2] && around[1] == around[3] && around[0] != around[1])
    }

    fn point(&self, (row, column): Corner) -> Point {
        Point {
            lat: self.origin.lat + row as f64 * self.lat_step,
            lon: self.origin.lon + column as f64 * self.lon_step,
        }
    }
}

/// Keeps the polygons with the most points, as many as [`OUTLINE_POINTS_MAX`] allows.
fn keep_largest(outlines: &mut [Outline]) {
    let count = |polygon: &Vec<Vec<Point>>| polygon.iter().map(Vec::len).sum::<usize>();
    let mut sizes: Vec<(usize, usize, usize)> = Vec::new();
    for (label, outline) in outlines.iter().enumerate() {
        let polygons = outline.polygons.iter().enumerate();
        sizes.extend(polygons.map(|(index, polygon)| (count(polygon), label, index)));
    }
    sizes.sort_by_key(|(points, label, index)| (std::cmp::Reverse(*points), *label, *index));
    let mut points = 0;
    let mut left_out: Vec<(usize, usize)> = Vec::new();
    for (size, label, index) in sizes {
        if points + size > OUTLINE_POINTS_MAX {
            left_out.push((label, index));
        } else {
            points += size;
        }
    }
    // From the last on, so that the places of those before stay what they were.
    left_out.sort_unstable();
    for (label, index) in left_out.into_iter().rev() {
        outlines[label].polygons.remove(index);
    }
}

fn turns_left(came: Corner, at: Corner, to: Corner) -> bool {
    let step =
        |from: Corner, to: Corner| (to.0 as i64 - from.0 as i64, to.1 as i64 - from.1 as i64);
    let (before, after) = (step(came, at), step(at, to));
    // Rows grow to the north and columns to the east.
    before.1 * after.0 - before.0 * after.1 > 0
}

/// Twice the area of a closed ring in cells, positive against the clock.
fn twice_area(ring: &[Corner]) -> i64 {
    ring.windows(2)
        .map(|pair| {
            let [(row_a, column_a), (row_b, column_b)] = [pair[0], pair[1]];
            column_a as i64 * row_b as i64 - column_b as i64 * row_a as i64
        })
        .sum()
}

/// Leaves out corners that lie near the straight line between those kept (the method of Douglas and Peucker); both ends
/// stay. A closed stretch is parted at the corner farthest from its end first.
fn straight(line: &[Corner], tolerance: f64) -> Vec<Corner> {
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut open = vec![(0, line.len() - 1)];
    while let Some((start, end)) = open.pop() {
        let between = start + 1..end;
        let farthest = between
            .map(|at| (off_line(line[start], line[end], line[at]), at))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((off, at)) = farthest
            && off > tolerance
        {
            keep[at] = true;
            open.push((start, at));
            open.push((at, end));
        }
    }
    let kept = line.iter().zip(keep).filter(|(_, keep)| *keep);
    kept.map(|(corner, _)| *corner).collect()
}

fn off_line(a: Corner, b: Corner, p: Corner) -> f64 {
    let flat = |corner: Corner| (corner.0 as f64, corner.1 as f64);
    let (a, b, p) = (flat(a), flat(b), flat(p));
    let (line, to) = ((b.0 - a.0, b.1 - a.1), (p.0 - a.0, p.1 - a.1));
    let length = line.0.hypot(line.1);
    if length == 0.0 {
        return to.0.hypot(to.1);
    }
    (line.0 * to.1 - line.1 * to.0).abs() / length
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid from rows of letters, the first row the most northern; a dot is nowhere.
    fn cells(picture: &[&str]) -> Cells {
        let mut cells = Cells::over(Bounds {
            south_west: Point { lat: 0.0, lon: 0.0 },
            north_east: Point { lat: 0.0, lon: 0.0 },
        });
        cells.rows = picture.len();
        cells.columns = picture[0].len();
        let letters = picture.iter().rev().flat_map(|row| row.bytes());
        let label = |letter: u8| match letter {
            b'.' => NOWHERE,
            letter => u32::from(letter - b'a'),
        };
        cells.label = letters.map(label).collect();
        cells
    }

    fn shape(outline: &Outline) -> Vec<Vec<usize>> {
        let rings = |polygon: &Vec<Vec<Point>>| polygon.iter().map(Vec::len).collect();
        outline.polygons.iter().map(rings).collect()
    }

    #[test]
    fn a_square_is_a_ring_and_a_hole_is_another() {
        let square = cells(&[".....", ".aaa.", ".aaa.", ".aaa.", "....."]);
        assert_eq!(shape(&square.outlines(1)[0]), [[5]]);
        let ring = cells(&["aaaaaa", "a....a", "a....a", "a....a", "aaaaaa"]);
        assert_eq!(shape(&ring.outlines(1)[0]), [vec![5, 5]]);
        let touching = cells(&["aa..", "aa..", "..aa", "..aa"]);
        assert_eq!(shape(&touching.outlines(1)[0]), [[5], [5]]);
        assert_eq!(
            shape(&cells(&["...."]).outlines(1)[0]),
            Vec::<Vec<usize>>::new()
        );
    }

    #[test]
    fn neighbours_share_their_border() {
        let two = cells(&["aaabbb", "aaaabb", "aabbbb", "aaabbb", "cccccc"]);
        let outlines = two.outlines(3);
        let size = |outline: &Outline| -> f64 {
            let rings = outline.polygons.iter().flatten();
            rings
                .flat_map(|ring| ring.windows(2))
                .map(|pair| pair[0].lon * pair[1].lat - pair[1].lon * pair[0].lat)
                .sum::<f64>()
                / 2.0
        };
        let all: f64 = outlines.iter().map(size).sum();
        let whole = 30.0 * two.lat_step * two.lon_step;
        assert!((all - whole).abs() < whole * 1e-9, "{all} {whole}");
    }

    #[test]
    fn outlines_keep_to_their_limit() {
        let mut worst = Cells::over(Bounds {
            south_west: Point { lat: 0.0, lon: 0.0 },
            north_east: Point { lat: 1.0, lon: 1.0 },
        });
        for (cell, label) in worst.label.iter_mut().enumerate() {
            let (row, column) = (cell / worst.columns, cell % worst.columns);
            *label = if (row / 2 + column / 2) % 2 == 0 {
                0
            } else {
                NOWHERE
            };
        }
        let outlines = worst.outlines(1);
        assert!(outlines[0].points() <= OUTLINE_POINTS_MAX);
        assert!(worst.rows <= SIDE_MAX && worst.columns <= SIDE_MAX);
    }
}
