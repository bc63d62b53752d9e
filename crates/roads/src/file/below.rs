//! The second half of a saved graph: names in other languages, and the ground beneath the roads.
//!
//! Counts, then texts, codes and points in zigzag differences, as in the first half. Every shape takes at least a byte a
//! point, so that no count asks for more memory than the bytes that are there.

use super::{Input, damaged, put, put_signed, put_text};
use crate::error::RoadsError;
use crate::geo::Fixed;
use crate::graph::RoadGraph;
use crate::ground::{Course, Cover, Ground, Label, Patch, Strip};
use crate::limits::{
    GROUND_POINTS_MAX, GROUND_SHAPES_MAX, NAME_MAX_BYTES, OTHER_NAMES_MAX, PLACES_LISTED_MAX,
};
use std::collections::BTreeMap;

const RANKS: std::ops::RangeInclusive<u8> = 1..=4;

impl RoadGraph {
    pub(super) fn put_names_and_ground(&self, out: &mut Vec<u8>) {
        put(out, self.other_names.len() as u64);
        for (name, others) in &self.other_names {
            put_text(out, name);
            put(out, others.len() as u64);
            others.iter().for_each(|other| put_text(out, other));
        }
        let ground = &self.ground;
        put(out, ground.patches.len() as u64);
        for patch in &ground.patches {
            out.push(patch.cover.code());
            put(out, patch.rings.len() as u64);
            patch.rings.iter().for_each(|ring| put_points(out, ring));
        }
        put(out, ground.strips.len() as u64);
        for strip in &ground.strips {
            out.push(strip.course.code());
            put_points(out, &strip.points);
        }
        put(out, ground.labels.len() as u64);
        for label in &ground.labels {
            out.push(label.rank);
            put_points(out, &[label.place]);
            put_text(out, &label.name);
            put_text(out, label.name_zh.as_deref().unwrap_or(""));
            put_text(out, label.name_en.as_deref().unwrap_or(""));
        }
    }
}

fn put_points(out: &mut Vec<u8>, points: &[Fixed]) {
    put(out, points.len() as u64);
    let mut last = Fixed { lat: 0, lon: 0 };
    for point in points {
        put_signed(out, i64::from(point.lat) - i64::from(last.lat));
        put_signed(out, i64::from(point.lon) - i64::from(last.lon));
        last = *point;
    }
}

impl Input<'_> {
    pub(super) fn other_names(&mut self) -> Result<BTreeMap<String, Vec<String>>, RoadsError> {
        let mut all = BTreeMap::new();
        for _ in 0..self.count()? {
            let name = self.text(NAME_MAX_BYTES)?;
            let count = self.at_most(OTHER_NAMES_MAX)?;
            let others: Result<Vec<String>, RoadsError> =
                (0..count).map(|_| self.text(NAME_MAX_BYTES)).collect();
            if all.insert(name, others?).is_some() {
                return Err(damaged("a name comes twice"));
            }
        }
        Ok(all)
    }

    pub(super) fn ground(&mut self) -> Result<Ground, RoadsError> {
        let mut ground = Ground::default();
        let mut room = GROUND_POINTS_MAX;
        for _ in 0..self.at_most(GROUND_SHAPES_MAX)? {
            let cover = Cover::from_code(self.byte()?).ok_or(damaged("ground of no known kind"))?;
            let mut rings = Vec::new();
            for _ in 0..self.count()? {
                let ring = self.points(&mut room)?;
                if ring.len() < 4 || ring.first() != ring.last() {
                    return Err(damaged("a ring of ground is not closed"));
                }
                rings.push(ring);
            }
            if rings.is_empty() {
                return Err(damaged("ground has no ring"));
            }
            ground.patches.push(Patch { cover, rings });
        }
        for _ in 0..self.at_most(GROUND_SHAPES_MAX)? {
            let course =
                Course::from_code(self.byte()?).ok_or(damaged("a line of no known kind"))?;
            let points = self.points(&mut room)?;
            if points.len() < 2 {
                return Err(damaged("a line has fewer than two points"));
            }
            ground.strips.push(Strip { course, points });
        }
        for _ in 0..self.at_most(PLACES_LISTED_MAX)? {
            ground.labels.push(self.label()?);
        }
        Ok(ground)
    }

    fn label(&mut self) -> Result<Label, RoadsError> {
        let rank = self.byte()?;
        let place = self.points(&mut 1)?;
        let name = self.text(NAME_MAX_BYTES)?;
        let mut other = || {
            let text = self.text(NAME_MAX_BYTES)?;
            Ok::<_, RoadsError>(Some(text).filter(|text| !text.is_empty()))
        };
        let (name_zh, name_en) = (other()?, other()?);
        match (RANKS.contains(&rank), &place[..], name.is_empty()) {
            (true, &[place], false) => Ok(Label {
                rank,
                name,
                name_zh,
                name_en,
                place,
            }),
            _ => Err(damaged("a label is none")),
        }
    }

    fn at_most(&mut self, max: usize) -> Result<usize, RoadsError> {
        let count = self.count()?;
        if count > max {
            return Err(damaged("there is more ground than there may be"));
        }
        Ok(count)
    }

    fn points(&mut self, room: &mut usize) -> Result<Vec<Fixed>, RoadsError> {
        let count = self.at_most(*room)?;
        *room -= count;
        let mut points = Vec::with_capacity(count);
        let mut last = Fixed { lat: 0, lon: 0 };
        for _ in 0..count {
            last = Fixed {
                lat: self.near(last.lat)?,
                lon: self.near(last.lon)?,
            };
            if !last.is_valid() {
                return Err(damaged("a point is not on Earth"));
            }
            points.push(last);
        }
        Ok(points)
    }
}
