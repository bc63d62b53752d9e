//! The saved form of a road graph: one version, a checksum, and nothing that has to be believed.
//!
//! Layout, numbers little-endian: `WFROADS\n`, version (u16), checksum of the body (CRC-32, u32), length of the body (u64),
//! body. In the body every number is a base-128 varint, differences in zigzag. The order of the junctions is saved because
//! it is the slow part; the structure that follows from it is made anew in milliseconds, so a damaged or hostile file can
//! be wrong but never unsound. Start at [`RoadGraph::from_bytes`].

use crate::class::Class;
use crate::error::RoadsError;
use crate::geo::Fixed;
use crate::graph::{CLOSED_MS, Edge, RoadGraph};
use crate::ground::Ground;
use crate::limits::{ARC_MAX_MS, ATTRIBUTION_MAX_BYTES, NAME_MAX_BYTES, TURN_ARCS_MAX};
use crate::profile::Bound;
use crate::turns::Turn;
use std::collections::BTreeMap;

mod below;

const MAGIC: &[u8; 8] = b"WFROADS\n";
/// 1 and 2 knew neither turns nor lights and siren: their times would be others, so they are built again.
const VERSION: u16 = 3;
const HEADER_LEN: usize = 8 + 2 + 4 + 8;
const FLAG_CONTINUES: u8 = 1;
const FLAG_ROUNDABOUT: u8 = 2;

impl RoadGraph {
    /// Returns the saved form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = self.body();
        let mut bytes = Vec::with_capacity(HEADER_LEN + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&crc(&body).to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Reads the saved form; refuses whatever is not exactly what was written.
    pub fn from_bytes(bytes: &[u8]) -> Result<RoadGraph, RoadsError> {
        if !bytes.starts_with(MAGIC) {
            return Err(RoadsError::NotAGraph);
        }
        let header = bytes
            .get(..HEADER_LEN)
            .ok_or(damaged("it ends within its header"))?;
        let found = u16::from_le_bytes([header[8], header[9]]);
        if found != VERSION {
            return Err(RoadsError::Version {
                found,
                known: VERSION,
            });
        }
        let checksum = u32::from_le_bytes([header[10], header[11], header[12], header[13]]);
        let mut len = [0; 8];
        len.copy_from_slice(&header[14..22]);
        let body = &bytes[HEADER_LEN..];
        if u64::from_le_bytes(len) != body.len() as u64 {
            return Err(damaged("its length is not the one written down"));
        }
        if crc(body) != checksum {
            return Err(damaged("its checksum does not fit"));
        }
        let mut graph = parse(body)?;
        graph.fingerprint = checksum;
        Ok(graph)
    }

    /// The checksum of the saved form.
    pub(crate) fn checksum(&self) -> u32 {
        crc(&self.body())
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.points.len() * 6 + self.edges.len() * 16);
        put_text(&mut out, &self.attribution);
        put(&mut out, self.names.len() as u64);
        for name in &self.names {
            put_text(&mut out, name);
        }
        put(&mut out, u64::from(self.junctions));
        put(&mut out, self.edges.len() as u64);
        let mut last = Fixed { lat: 0, lon: 0 };
        let mut last_from = 0;
        for (index, edge) in self.edges.iter().enumerate() {
            put_signed(&mut out, i64::from(edge.from) - last_from);
            put_signed(&mut out, i64::from(edge.to) - i64::from(edge.from));
            last_from = i64::from(edge.from);
            out.extend([
                edge.class.code(),
                u8::from(edge.continues) * FLAG_CONTINUES
                    + u8::from(edge.is_roundabout) * FLAG_ROUNDABOUT,
            ]);
            put(&mut out, u64::from(edge.name));
            for ms in edge.ms.into_iter().flatten() {
                put(&mut out, if ms == CLOSED_MS { 0 } else { u64::from(ms) });
            }
            let shape = self.shape(index);
            put(&mut out, shape.len() as u64);
            for place in shape {
                put_signed(&mut out, i64::from(place.lat) - i64::from(last.lat));
                put_signed(&mut out, i64::from(place.lon) - i64::from(last.lon));
                last = *place;
            }
        }
        for &junction in &self.order {
            put(&mut out, u64::from(junction));
        }
        put(&mut out, self.turns.len() as u64);
        for turn in &self.turns {
            out.push(turn.bound.code());
            put(&mut out, turn.arcs.len() as u64);
            for &arc in &turn.arcs {
                put(&mut out, u64::from(arc));
            }
        }
        self.put_names_and_ground(&mut out);
        out
    }
}

fn parse(body: &[u8]) -> Result<RoadGraph, RoadsError> {
    let mut input = Input(body);
    let attribution = input.text(ATTRIBUTION_MAX_BYTES)?;
    let count = input.count()?;
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        names.push(input.text(NAME_MAX_BYTES)?);
    }
    if names.first().is_none_or(|none| !none.is_empty()) {
        return Err(damaged("the first name is not empty"));
    }
    let junctions = input.count()? as u32;
    let count = input.count()?;
    let mut graph = RoadGraph {
        junctions,
        edges: Vec::with_capacity(count),
        points: Vec::new(),
        names,
        order: Vec::new(),
        turns: Vec::new(),
        attribution,
        other_names: BTreeMap::new(),
        ground: Ground::default(),
        fingerprint: 0,
    };
    let mut last = Fixed { lat: 0, lon: 0 };
    let mut last_from = 0;
    for _ in 0..count {
        let edge = input.edge(&graph, &mut last_from)?;
        let points = input.count()?;
        if points < 2 {
            return Err(damaged("an edge has fewer than two points"));
        }
        graph.edges.push(edge);
        for _ in 0..points {
            last = Fixed {
                lat: input.near(last.lat)?,
                lon: input.near(last.lon)?,
            };
            if !last.is_valid() {
                return Err(damaged("a point is not on Earth"));
            }
            graph.points.push(last);
        }
    }
    if graph.edges.is_empty() || graph.edges[0].continues {
        return Err(damaged("there is no first edge"));
    }
    graph.order = input.order(junctions)?;
    graph.turns = input.turns(&graph)?;
    graph.other_names = input.other_names()?;
    graph.ground = input.ground()?;
    if !input.0.is_empty() {
        return Err(damaged("there are bytes after the end"));
    }
    Ok(graph)
}

/// The rest of the body; every read checks that it is there.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn number(&mut self) -> Result<u64, RoadsError> {
        let mut number = 0u64;
        for (index, &byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(number);
            }
        }
        Err(damaged("a number is cut"))
    }

    /// A count of things that take a byte each at least: more than the bytes left is a lie, and nothing is set aside for it.
    fn count(&mut self) -> Result<usize, RoadsError> {
        let count = usize::try_from(self.number()?).ok();
        let count = count.filter(|count| *count <= self.0.len() && u32::try_from(*count).is_ok());
        count.ok_or(damaged("a count is larger than the file"))
    }

    fn signed(&mut self) -> Result<i64, RoadsError> {
        let raw = self.number()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    fn near(&mut self, last: i32) -> Result<i32, RoadsError> {
        let value = i64::from(last).checked_add(self.signed()?);
        value
            .and_then(|value| i32::try_from(value).ok())
            .ok_or(damaged("a coordinate is out of range"))
    }

    fn byte(&mut self) -> Result<u8, RoadsError> {
        let (first, rest) = self.0.split_first().ok_or(damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    fn text(&mut self, max_bytes: usize) -> Result<String, RoadsError> {
        let len = self.count()?;
        if len > max_bytes {
            return Err(damaged("a text is too long"));
        }
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| damaged("a text is not UTF-8"))
    }

    fn edge(&mut self, graph: &RoadGraph, last_from: &mut i64) -> Result<Edge, RoadsError> {
        let junction = |base: i64, step: i64| {
            let value = base
                .checked_add(step)
                .and_then(|value| u32::try_from(value).ok());
            value
                .filter(|value| *value < graph.junctions)
                .ok_or(damaged("an edge names an unknown junction"))
        };
        let from = junction(*last_from, self.signed()?)?;
        *last_from = i64::from(from);
        let to = junction(*last_from, self.signed()?)?;
        let class =
            Class::from_code(self.byte()?).ok_or(damaged("an edge has an unknown class"))?;
        let flags = self.byte()?;
        if flags & !(FLAG_CONTINUES | FLAG_ROUNDABOUT) != 0 {
            return Err(damaged("an edge has unknown flags"));
        }
        let name = self.number()?;
        if name >= graph.names.len() as u64 {
            return Err(damaged("an edge names an unknown name"));
        }
        let mut ms = [[CLOSED_MS; 2]; 2];
        for slot in ms.iter_mut().flatten() {
            *slot = match self.number()? {
                0 => CLOSED_MS,
                open if open <= u64::from(ARC_MAX_MS) => open as u32,
                _ => return Err(damaged("an edge takes too long")),
            };
        }
        Ok(Edge {
            from,
            to,
            class,
            name: name as u32,
            ms,
            first_point: graph.points.len() as u32,
            continues: flags & FLAG_CONTINUES != 0,
            is_roundabout: flags & FLAG_ROUNDABOUT != 0,
        })
    }

    fn turns(&mut self, graph: &RoadGraph) -> Result<Vec<Turn>, RoadsError> {
        let count = self.count()?;
        let mut turns: Vec<Turn> = Vec::with_capacity(count);
        for _ in 0..count {
            let bound = Bound::from_code(self.byte()?).ok_or(damaged("a turn binds nobody"))?;
            let len = self.count()?;
            if !(2..=TURN_ARCS_MAX).contains(&len) {
                return Err(damaged("a turn has too few or too many arcs"));
            }
            let mut arcs: Vec<u32> = Vec::with_capacity(len);
            for _ in 0..len {
                let arc = u32::try_from(self.number()?).ok();
                let arc = arc.filter(|arc| (*arc as usize) < graph.edges.len() * 2);
                let arc = arc.ok_or(damaged("a turn names an unknown arc"))?;
                if arcs
                    .last()
                    .is_some_and(|last| graph.head(*last) != graph.tail(arc))
                {
                    return Err(damaged("a turn goes where no road does"));
                }
                arcs.push(arc);
            }
            if turns.last().is_some_and(|last| last.arcs >= arcs) {
                return Err(damaged("the turns are out of order"));
            }
            turns.push(Turn { arcs, bound });
        }
        Ok(turns)
    }

    fn order(&mut self, junctions: u32) -> Result<Vec<u32>, RoadsError> {
        let mut seen = vec![false; junctions as usize];
        let mut order = Vec::with_capacity(junctions as usize);
        for _ in 0..junctions {
            let junction = self.number()?;
            let slot = usize::try_from(junction)
                .ok()
                .and_then(|index| seen.get_mut(index));
            if slot.is_none_or(|slot| std::mem::replace(slot, true)) {
                return Err(damaged("the order of the junctions is not one"));
            }
            order.push(junction as u32);
        }
        Ok(order)
    }
}

fn damaged(what: &'static str) -> RoadsError {
    RoadsError::DamagedGraph { what }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    // The running length inside wraps at 4 GiB; the sum itself does not depend on it.
    crc.update(bytes);
    crc.sum()
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}
