//! OpenStreetMap PBF: blocks of deflated protocol buffers, read with a few dozen lines of our own.
//!
//! The settled crate for this brings a protobuf compiler into every build and panics on hostile numbers in checked builds;
//! the part of the format that roads need is five messages. Two passes: ways first, then only the points that they name,
//! so a whole country's points never sit in memory. The format is described in the OpenStreetMap wiki under "PBF Format".

use super::{Format, Member, MemberKind, Progress, Relation, Restriction, Way, Ways};
use crate::error::RoadsError;
use crate::geo::Fixed;
use crate::ground;
use crate::limits::{PBF_BLOCK_MAX_BYTES, PBF_HEADER_MAX_BYTES, WAY_POINTS_MAX};
use crate::report::Stage;
use crate::tags::Tags;
use flate2::read::ZlibDecoder;
use std::io::Read;

const KNOWN_FEATURES: &[&str] = &["OsmSchema-V0.6", "DenseNodes"];
const NANODEGREES_PER_UNIT: i64 = 100;
const MEMBER_IS_NODE: u64 = 0;
const MEMBER_IS_WAY: u64 = 1;

pub(super) fn read(bytes: &[u8], progress: Progress<'_>) -> Result<Ways, RoadsError> {
    let mut found = Ways {
        is_osm: true,
        ..Ways::default()
    };
    let total = bytes.len() as u64;
    for_each_block(bytes, |done, kind, block| {
        // The second pass is about as long as the first.
        progress(Stage::Reading, done as u64 / 2, total);
        match kind {
            b"OSMHeader" => check_features(block),
            b"OSMData" => read_ways(block, &mut found),
            _ => Ok(()),
        }
    })?;
    // Relations come after the ways that they are made of, so those take a pass of their own.
    let members = found.wanted_members();
    if !members.is_empty() {
        for_each_block(bytes, |_, kind, block| match kind {
            b"OSMData" => read_members(block, &members, &mut found.member_ways),
            _ => Ok(()),
        })?;
    }
    let wanted = found.wanted_points();
    for_each_block(bytes, |done, kind, block| {
        progress(Stage::Reading, (total + done as u64) / 2, total);
        match kind {
            b"OSMData" => read_points(block, &wanted, &mut found),
            _ => Ok(()),
        }
    })?;
    Ok(found)
}

fn damaged(what: &str) -> RoadsError {
    Format::OsmPbf.damaged(what)
}

/// Calls `each` with the place in the file, the kind and the unpacked bytes of every block.
fn for_each_block(
    bytes: &[u8],
    mut each: impl FnMut(usize, &[u8], &[u8]) -> Result<(), RoadsError>,
) -> Result<(), RoadsError> {
    let mut at = 0;
    let mut unpacked = Vec::new();
    while at < bytes.len() {
        let size = bytes
            .get(at..at + 4)
            .ok_or_else(|| damaged("it ends within the size of a block"))?;
        let header_len = u32::from_be_bytes([size[0], size[1], size[2], size[3]]);
        if u64::from(header_len) > PBF_HEADER_MAX_BYTES {
            return Err(damaged("the header of a block is too large"));
        }
        let header = take(bytes, &mut at, 4, header_len as usize)?;
        let (mut kind, mut data_len) = (&header[..0], 0);
        for_each_field(header, |field| {
            match field {
                (1, Value::Bytes(name)) => kind = name,
                (3, Value::Varint(len)) => data_len = len,
                _ => {}
            }
            Ok(())
        })?;
        let data_len = usize::try_from(data_len)
            .map_err(|_| damaged("the size of a block is out of range"))?;
        let blob = take(bytes, &mut at, 0, data_len)?;
        unpack(blob, &mut unpacked)?;
        each(at, kind, &unpacked)?;
    }
    Ok(())
}

fn take<'a>(
    bytes: &'a [u8],
    at: &mut usize,
    skip: usize,
    len: usize,
) -> Result<&'a [u8], RoadsError> {
    let start = *at + skip;
    let end = start.checked_add(len).filter(|end| *end <= bytes.len());
    let end = end.ok_or_else(|| damaged("it ends within a block"))?;
    *at = end;
    Ok(&bytes[start..end])
}

fn unpack(blob: &[u8], out: &mut Vec<u8>) -> Result<(), RoadsError> {
    out.clear();
    let mut packed = None;
    for_each_field(blob, |field| {
        match field {
            (1, Value::Bytes(raw)) => out.extend_from_slice(raw),
            (3, Value::Bytes(zlib)) => packed = Some(zlib),
            (4..=7, Value::Bytes(_)) => {
                let what = "another compression than zlib".to_owned();
                return Err(RoadsError::Unsupported {
                    format: Format::OsmPbf.name(),
                    what,
                });
            }
            _ => {}
        }
        Ok(())
    })?;
    if let Some(zlib) = packed {
        out.clear();
        let mut limited = ZlibDecoder::new(zlib).take(PBF_BLOCK_MAX_BYTES + 1);
        limited
            .read_to_end(out)
            .map_err(|_| damaged("a block does not unpack"))?;
    }
    if out.len() as u64 > PBF_BLOCK_MAX_BYTES {
        return Err(damaged("a block is too large"));
    }
    Ok(())
}

fn check_features(block: &[u8]) -> Result<(), RoadsError> {
    for_each_field(block, |field| match field {
        (4, Value::Bytes(feature))
            if !KNOWN_FEATURES
                .iter()
                .any(|known| known.as_bytes() == feature) =>
        {
            let what = format!("the feature {}", String::from_utf8_lossy(feature));
            Err(RoadsError::Unsupported {
                format: Format::OsmPbf.name(),
                what,
            })
        }
        _ => Ok(()),
    })
}

/// The frame of one block of data: the strings and the groups, with the scale of its coordinates in nanodegrees.
struct Block<'a> {
    strings: Vec<&'a [u8]>,
    groups: Vec<&'a [u8]>,
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
}

impl<'a> Block<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, RoadsError> {
        let mut block = Block {
            strings: Vec::new(),
            groups: Vec::new(),
            granularity: 100,
            lat_offset: 0,
            lon_offset: 0,
        };
        for_each_field(bytes, |field| {
            match field {
                (1, Value::Bytes(table)) => for_each_field(table, |entry| {
                    if let (1, Value::Bytes(string)) = entry {
                        block.strings.push(string);
                    }
                    Ok(())
                })?,
                (2, Value::Bytes(group)) => block.groups.push(group),
                (17, Value::Varint(nanodegrees)) => block.granularity = nanodegrees as i64,
                (19, Value::Varint(offset)) => block.lat_offset = offset as i64,
                (20, Value::Varint(offset)) => block.lon_offset = offset as i64,
                _ => {}
            }
            Ok(())
        })?;
        Ok(block)
    }

    fn string(&self, index: u64) -> &'a str {
        let bytes = usize::try_from(index)
            .ok()
            .and_then(|index| self.strings.get(index));
        bytes
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }

    /// The place that raw coordinates stand for, if it lies on Earth; hostile numbers wrap and fall out here.
    fn place(&self, lat: i64, lon: i64) -> Option<Fixed> {
        let scale = |raw: i64, offset: i64| {
            let nanodegrees = offset.wrapping_add(self.granularity.wrapping_mul(raw));
            i32::try_from(nanodegrees / NANODEGREES_PER_UNIT).ok()
        };
        let place = Fixed {
            lat: scale(lat, self.lat_offset)?,
            lon: scale(lon, self.lon_offset)?,
        };
        place.is_valid().then_some(place)
    }
}

fn read_ways(bytes: &[u8], found: &mut Ways) -> Result<(), RoadsError> {
    let block = Block::parse(bytes)?;
    for group in &block.groups {
        for_each_field(group, |field| {
            match field {
                (3, Value::Bytes(way)) => {
                    let (id, tags) = way_tags(way, &block)?;
                    if tags.is_road() {
                        found.ways.push(read_way(way, id, tags)?);
                    } else if ground::is_ground(&tags) {
                        found.ground_ways.push(read_way(way, id, tags)?);
                    }
                }
                (4, Value::Bytes(relation)) => read_relation(relation, &block, found)?,
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn read_relation(bytes: &[u8], block: &Block<'_>, found: &mut Ways) -> Result<(), RoadsError> {
    let (_, tags) = way_tags(bytes, block)?;
    let is_restriction = super::is_restriction(&tags);
    if !is_restriction && !super::is_area(&tags) {
        return Ok(());
    }
    let (mut roles, mut ids, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    let mut id = 0i64;
    for_each_field(bytes, |field| match field {
        (8, list) => for_each_packed(list, |role| roles.push(role)),
        (9, list) => for_each_packed(list, |delta| {
            id = id.wrapping_add(zigzag(delta));
            ids.push(id);
        }),
        (10, list) => for_each_packed(list, |kind| kinds.push(kind)),
        _ => Ok(()),
    })?;
    let members = ids.into_iter().zip(roles).zip(kinds);
    if is_restriction {
        let mut restriction = Restriction {
            tags,
            ..Restriction::default()
        };
        for ((id, role), kind) in members {
            let kind = match kind {
                MEMBER_IS_NODE => MemberKind::Node,
                MEMBER_IS_WAY => MemberKind::Way,
                _ => continue,
            };
            restriction.add(block.string(role), kind, id);
        }
        found.restrictions.push(restriction);
        return Ok(());
    }
    let ways = members.filter(|(_, kind)| *kind == MEMBER_IS_WAY);
    let members = ways.map(|((way, role), _)| Member {
        way,
        inner: block.string(role) == "inner",
    });
    let members = members.collect();
    found.relations.push(Relation { tags, members });
    Ok(())
}

fn read_members(bytes: &[u8], wanted: &[i64], found: &mut Vec<Way>) -> Result<(), RoadsError> {
    let block = Block::parse(bytes)?;
    for group in &block.groups {
        for_each_field(group, |field| {
            if let (3, Value::Bytes(way)) = field {
                let (id, _) = id_and_tags(way)?;
                if wanted.binary_search(&id).is_ok() {
                    found.push(read_way(way, id, Tags::default())?);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The id and the tags that matter.
fn way_tags(bytes: &[u8], block: &Block<'_>) -> Result<(i64, Tags), RoadsError> {
    let (id, pairs) = id_and_tags(bytes)?;
    let mut tags = Tags::default();
    for (key, value) in pairs {
        tags.keep(block.string(key), block.string(value));
    }
    Ok((id, tags))
}

fn read_way(bytes: &[u8], id: i64, tags: Tags) -> Result<Way, RoadsError> {
    let mut way = Way {
        id,
        points: Vec::new(),
        tags,
    };
    let mut point = 0i64;
    for_each_field(bytes, |field| {
        if let (8, value) = field {
            for_each_packed(value, |delta| {
                point = point.wrapping_add(zigzag(delta));
                way.points.push(point);
            })?;
        }
        Ok(())
    })?;
    super::check_count(
        "points in one way",
        way.points.len() as u64,
        WAY_POINTS_MAX as u64,
    )?;
    Ok(way)
}

/// The id (field 1) and the pairs of string numbers (fields 2 and 3) that ways and relations share.
fn id_and_tags(bytes: &[u8]) -> Result<(i64, Vec<(u64, u64)>), RoadsError> {
    let (mut id, mut keys, mut values) = (0, Vec::new(), Vec::new());
    for_each_field(bytes, |field| {
        match field {
            (1, Value::Varint(number)) => id = number as i64,
            (2, list) => for_each_packed(list, |key| keys.push(key))?,
            (3, list) => for_each_packed(list, |value| values.push(value))?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((id, keys.into_iter().zip(values).collect()))
}

fn read_points(bytes: &[u8], wanted: &[i64], found: &mut Ways) -> Result<(), RoadsError> {
    let block = Block::parse(bytes)?;
    let mut keep = |id: i64, lat: i64, lon: i64, pairs: &[(u64, u64)]| {
        let is_wanted = wanted.binary_search(&id).is_ok();
        let has = |wanted: &str| pairs.iter().any(|(key, _)| block.string(*key) == wanted);
        let is_place = has("place");
        if (is_wanted || is_place)
            && let Some(place) = block.place(lat, lon)
        {
            let tags = || {
                let mut tags = Tags::default();
                for (key, value) in pairs {
                    tags.keep(block.string(*key), block.string(*value));
                }
                tags
            };
            if is_wanted {
                found.points.push((id, place));
                found.barriers.extend(has("barrier").then(|| (id, tags())));
            }
            if is_place {
                let tags = tags();
                found
                    .places
                    .extend(ground::is_place(&tags).then_some((place, tags)));
            }
        }
    };
    for group in &block.groups {
        for_each_field(group, |field| {
            match field {
                (1, Value::Bytes(node)) => {
                    let (mut id, mut lat, mut lon) = (0, 0, 0);
                    for_each_field(node, |part| {
                        match part {
                            (1, Value::Varint(raw)) => id = zigzag(raw),
                            (8, Value::Varint(raw)) => lat = zigzag(raw),
                            (9, Value::Varint(raw)) => lon = zigzag(raw),
                            _ => {}
                        }
                        Ok(())
                    })?;
                    let (_, pairs) = id_and_tags(node)?;
                    keep(id, lat, lon, &pairs);
                }
                (2, Value::Bytes(dense)) => read_dense(dense, &mut keep)?,
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn read_dense(
    bytes: &[u8],
    keep: &mut impl FnMut(i64, i64, i64, &[(u64, u64)]),
) -> Result<(), RoadsError> {
    let mut columns: [Vec<i64>; 3] = Default::default();
    let mut words: Vec<u64> = Vec::new();
    for_each_field(bytes, |(number, value)| {
        let column = match number {
            1 => &mut columns[0],
            8 => &mut columns[1],
            9 => &mut columns[2],
            10 => return for_each_packed(value, |word| words.push(word)),
            _ => return Ok(()),
        };
        let mut sum = column.last().copied().unwrap_or(0);
        for_each_packed(value, |delta| {
            sum = sum.wrapping_add(zigzag(delta));
            column.push(sum);
        })
    })?;
    let [ids, lats, lons] = columns;
    // The tags of all nodes in one row: key, value, key, value, and a nought at the end of each node's.
    let mut words = words.into_iter();
    let mut pairs = Vec::new();
    for ((id, lat), lon) in ids.into_iter().zip(lats).zip(lons) {
        pairs.clear();
        while let Some(key) = words.next().filter(|key| *key != 0) {
            pairs.extend(words.next().map(|value| (key, value)));
        }
        keep(id, lat, lon, &pairs);
    }
    Ok(())
}

/// One value of a protocol buffer, as far as this format uses them.
#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// Calls `each` with the number and value of every field of one message.
fn for_each_field<'a>(
    mut bytes: &'a [u8],
    mut each: impl FnMut((u64, Value<'a>)) -> Result<(), RoadsError>,
) -> Result<(), RoadsError> {
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => {
                bytes = bytes.get(8..).ok_or_else(|| damaged("a field is cut"))?;
                Value::Fixed
            }
            2 => {
                let len = varint(&mut bytes)?;
                let len = usize::try_from(len).ok().filter(|len| *len <= bytes.len());
                let (value, rest) = bytes.split_at(len.ok_or_else(|| damaged("a field is cut"))?);
                bytes = rest;
                Value::Bytes(value)
            }
            5 => {
                bytes = bytes.get(4..).ok_or_else(|| damaged("a field is cut"))?;
                Value::Fixed
            }
            _ => return Err(damaged("a field has an unknown type")),
        };
        each((tag >> 3, value))?;
    }
    Ok(())
}

/// Calls `each` with every number of a packed list, or with the one number of an unpacked field.
fn for_each_packed(value: Value<'_>, mut each: impl FnMut(u64)) -> Result<(), RoadsError> {
    match value {
        Value::Varint(number) => each(number),
        Value::Bytes(mut bytes) => {
            while !bytes.is_empty() {
                each(varint(&mut bytes)?);
            }
        }
        Value::Fixed => {}
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, RoadsError> {
    let mut number = 0u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Ok(number);
        }
    }
    Err(damaged("a number is cut"))
}

fn zigzag(raw: u64) -> i64 {
    (raw >> 1) as i64 ^ -((raw & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes: number, length, bytes.
    fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, number << 3 | 2);
        put(&mut out, bytes.len() as u64);
        out.extend_from_slice(bytes);
        out
    }

    fn whole(number: u64, value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, number << 3);
        put(&mut out, value);
        out
    }

    fn packed(values: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        values.iter().for_each(|value| put(&mut out, *value));
        out
    }

    fn zigzag(values: &[i64]) -> Vec<u8> {
        packed(
            &values
                .iter()
                .map(|value| ((value << 1) ^ (value >> 63)) as u64)
                .collect::<Vec<_>>(),
        )
    }

    fn put(out: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }

    fn block(kind: &str, raw: &[u8]) -> Vec<u8> {
        let blob = field(1, raw);
        let header = [field(1, kind.as_bytes()), whole(3, blob.len() as u64)].concat();
        [&(header.len() as u32).to_be_bytes()[..], &header, &blob].concat()
    }

    /// Two dense nodes, one plain node, a road over all three, a building and a turn restriction.
    fn map() -> Vec<u8> {
        let strings = [
            "",
            "highway",
            "residential",
            "building",
            "yes",
            "type",
            "restriction",
            "name",
            "路",
        ];
        let strings: Vec<u8> = strings
            .iter()
            .flat_map(|string| field(1, string.as_bytes()))
            .collect();
        let dense = [
            field(1, &zigzag(&[10, 1])),
            field(8, &zigzag(&[300_000_000, 10_000])),
            field(9, &zigzag(&[1_200_000_000, 0])),
        ]
        .concat();
        let plain = [
            whole(1, 24),
            field(0, b""),
            whole(8, 600_040_000),
            whole(9, 2_400_000_000),
        ]
        .concat();
        let way = |id, key, value| {
            let refs = field(8, &zigzag(&[10, 1, 1]));
            [
                whole(1, id),
                field(2, &packed(&[key, 7])),
                field(3, &packed(&[value, 8])),
                refs,
            ]
            .concat()
        };
        let relation = [
            whole(1, 9),
            field(2, &packed(&[5])),
            field(3, &packed(&[6])),
        ]
        .concat();
        let group = [
            field(1, &plain),
            field(2, &dense),
            field(3, &way(1, 1, 2)),
            field(3, &way(2, 3, 4)),
            field(4, &relation),
        ]
        .concat();
        let data = [field(1, &strings), field(2, &group)].concat();
        let header = [field(4, b"OsmSchema-V0.6"), field(4, b"DenseNodes")].concat();
        [
            block("OSMHeader", &header),
            block("Unknown", b"?"),
            block("OSMData", &data),
        ]
        .concat()
    }

    #[test]
    fn nodes_of_both_kinds_ways_and_restrictions_are_read() {
        let ways = read(&map(), &mut |_, _, _| {}).unwrap().settle();
        assert_eq!(ways.ways.len(), 1);
        assert_eq!(ways.ways[0].points, [10, 11, 12]);
        assert_eq!(ways.ways[0].tags.name(), Some("路"));
        let places: Vec<_> = ways
            .points
            .iter()
            .map(|(id, place)| (*id, place.lat, place.lon))
            .collect();
        let wanted = [(10, 300_000_000), (11, 300_010_000), (12, 300_020_000)];
        assert_eq!(places, wanted.map(|(id, lat)| (id, lat, 1_200_000_000)));
        assert_eq!(ways.restrictions.len(), 1);
    }

    #[test]
    fn hostile_numbers_neither_panic_nor_pass_as_places() {
        let map = map();
        for index in 0..map.len() {
            for byte in [
                0,
                0x7f,
                0x80,
                0xff,
                map[index].wrapping_add(1),
                map[index] ^ 0x20,
            ] {
                let mut changed = map.clone();
                changed[index] = byte;
                if let Ok(ways) = read(&changed, &mut |_, _, _| {}) {
                    assert!(
                        ways.points.iter().all(|(_, place)| place.is_valid()),
                        "byte {index} = {byte}"
                    );
                }
            }
            let _ = read(&map[..index], &mut |_, _, _| {});
        }
    }

    #[test]
    fn unknown_features_are_named() {
        let history = block("OSMHeader", &field(4, b"HistoricalInformation"));
        let refused = read(&history, &mut |_, _, _| {}).unwrap_err();
        assert!(
            refused.to_string().contains("HistoricalInformation"),
            "{refused}"
        );
    }

    #[test]
    fn blocks_hold_at_the_limit_and_not_one_past() {
        let unpacked = |len: u64| {
            let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::copy(&mut std::io::repeat(0).take(len), &mut zlib).unwrap();
            let mut out = Vec::new();
            unpack(&field(3, &zlib.finish().unwrap()), &mut out).map(|()| out.len() as u64)
        };
        assert_eq!(unpacked(PBF_BLOCK_MAX_BYTES), Ok(PBF_BLOCK_MAX_BYTES));
        assert!(unpacked(PBF_BLOCK_MAX_BYTES + 1).is_err());
        let header = |len: u64| {
            // A name as long as the header leaves room for: tag, three bytes of length, name.
            let name = field(1, &vec![b'x'; len as usize - 4]);
            assert_eq!(name.len() as u64, len);
            let bytes = [&(len as u32).to_be_bytes()[..], &name].concat();
            read(&bytes, &mut |_, _, _| {}).map(|ways| ways.ways.len())
        };
        assert_eq!(header(PBF_HEADER_MAX_BYTES), Ok(0));
        assert!(header(PBF_HEADER_MAX_BYTES + 1).is_err());
    }
}
