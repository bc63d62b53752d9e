//! OpenStreetMap XML, and the small XML walker that GraphML shares.
//!
//! Entities beyond the five of XML are left as they stand: nothing in a map can make the reader open or expand anything.

use super::{
    Format, Member, MemberKind, Relation, Restriction, Way, Ways, check_count, is_area,
    is_restriction,
};
use crate::error::RoadsError;
use crate::geo::{Fixed, Point};
use crate::ground;
use crate::limits::{POINTS_MAX, WAY_POINTS_MAX};
use crate::tags::Tags;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::BufRead;

pub(super) fn read(text: Box<dyn BufRead + '_>) -> Result<Ways, RoadsError> {
    let mut reading = Reading::default();
    reading.found.is_osm = true;
    for_each_piece(Format::OsmXml, text, |piece| match piece {
        Piece::Start(element) => reading.start(&element),
        Piece::End(name) => {
            reading.end(&name);
            Ok(())
        }
        Piece::Text(_) => Ok(()),
    })?;
    if !reading.seen_root {
        return Err(Format::OsmXml.damaged("there is no <osm> element"));
    }
    let Reading {
        mut found,
        mut others,
        ..
    } = reading;
    let members = found.wanted_members();
    others.retain(|way| members.binary_search(&way.id).is_ok());
    found.member_ways = others;
    let wanted = found.wanted_points();
    found
        .points
        .retain(|(id, _)| wanted.binary_search(id).is_ok());
    found
        .barriers
        .retain(|(id, _)| wanted.binary_search(id).is_ok());
    Ok(found)
}

/// What has been read so far, and the element that is open.
#[derive(Default)]
struct Reading {
    found: Ways,
    seen_root: bool,
    way: Option<Way>,
    node: Option<Node>,
    relation: Option<Relation>,
    /// The same relation, in case it restricts a turn.
    restriction: Restriction,
    /// A relation comes after its ways, so all that are neither road nor ground are kept until it is known.
    others: Vec<Way>,
}

/// The node that is open.
struct Node {
    id: i64,
    place: Option<Fixed>,
    tags: Tags,
}

impl Reading {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), RoadsError> {
        match element.name().as_ref() {
            "osm" => self.seen_root = true,
            "node" => {
                let place = read_node(element, &mut self.found)?;
                self.node = Some(Node {
                    id: number(element, "id").unwrap_or(0),
                    place,
                    tags: Tags::default(),
                });
            }
            "way" => {
                self.way = Some(Way {
                    id: number(element, "id").unwrap_or(0),
                    points: Vec::new(),
                    tags: Tags::default(),
                });
            }
            "relation" => {
                self.way = None;
                self.restriction = Restriction::default();
                self.relation = Some(Relation {
                    tags: Tags::default(),
                    members: Vec::new(),
                });
            }
            "member" => self.add_member(element),
            "nd" => self.add_point(element)?,
            "tag" => {
                let node = self.node.as_mut().map(|node| &mut node.tags);
                let relation = self.relation.as_mut().map(|relation| &mut relation.tags);
                let way = self.way.as_mut().map(|way| &mut way.tags);
                read_tag(element, way.or(node).or(relation));
            }
            _ => {}
        }
        Ok(())
    }

    fn add_member(&mut self, element: &BytesStart<'_>) {
        let (Some(relation), Some(id)) = (&mut self.relation, number(element, "ref")) else {
            return;
        };
        let role = attribute(element, "role").unwrap_or_default();
        let kind = match attribute(element, "type").as_deref() {
            Some("way") => MemberKind::Way,
            Some("node") => MemberKind::Node,
            _ => return,
        };
        self.restriction.add(&role, kind, id);
        if kind == MemberKind::Way {
            let inner = role == "inner";
            relation.members.push(Member { way: id, inner });
        }
    }

    fn add_point(&mut self, element: &BytesStart<'_>) -> Result<(), RoadsError> {
        let (Some(way), Some(id)) = (&mut self.way, number(element, "ref")) else {
            return Ok(());
        };
        check_count(
            "points in one way",
            way.points.len() as u64 + 1,
            WAY_POINTS_MAX as u64,
        )?;
        way.points.push(id);
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "way" => {
                if let Some(way) = self.way.take() {
                    keep_way(way, &mut self.found, &mut self.others);
                }
            }
            "node" => {
                if let Some(Node {
                    id,
                    place: Some(place),
                    tags,
                }) = self.node.take()
                {
                    if tags.get("barrier").is_some() {
                        self.found.barriers.push((id, tags));
                    } else if ground::is_place(&tags) {
                        self.found.places.push((place, tags));
                    }
                }
            }
            "relation" => {
                let Some(whole) = self.relation.take() else {
                    return;
                };
                if is_restriction(&whole.tags) {
                    self.restriction.tags = whole.tags;
                    let restriction = std::mem::take(&mut self.restriction);
                    self.found.restrictions.push(restriction);
                } else if is_area(&whole.tags) {
                    self.found.relations.push(whole);
                }
            }
            _ => {}
        }
    }
}

/// Puts a way where it belongs; a road that is ground as well (a pedestrian square) is a road.
fn keep_way(way: Way, found: &mut Ways, others: &mut Vec<Way>) {
    if way.tags.is_road() {
        found.ways.push(way);
    } else if ground::is_ground(&way.tags) {
        found.ground_ways.push(way);
    } else {
        others.push(way);
    }
}

fn read_node(element: &BytesStart<'_>, found: &mut Ways) -> Result<Option<Fixed>, RoadsError> {
    let place = match (number(element, "lat"), number(element, "lon")) {
        (Some(lat), Some(lon)) => Point { lat, lon }.fixed(),
        _ => None,
    };
    if let (Some(id), Some(place)) = (number(element, "id"), place) {
        check_count("points", found.points.len() as u64 + 1, POINTS_MAX)?;
        found.points.push((id, place));
    }
    Ok(place)
}

fn read_tag(element: &BytesStart<'_>, tags: Option<&mut Tags>) {
    let (key, value) = (
        attribute(element, "k").unwrap_or_default(),
        attribute(element, "v").unwrap_or_default(),
    );
    if let Some(tags) = tags {
        tags.keep(&key, &value);
    }
}

/// One piece of XML, as far as the readers care.
pub(super) enum Piece<'a> {
    Start(BytesStart<'a>),
    End(String),
    Text(String),
}

/// Calls `each` with every element start, element end and run of text; an empty element is a start and an end.
pub(super) fn for_each_piece(
    format: Format,
    text: Box<dyn BufRead + '_>,
    mut each: impl FnMut(Piece<'_>) -> Result<(), RoadsError>,
) -> Result<(), RoadsError> {
    let mut reader = Reader::from_reader(text);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| format.damaged(error.to_string()))?;
        match event {
            Event::Start(element) => each(Piece::Start(element))?,
            Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                each(Piece::Start(element))?;
                each(Piece::End(name))?;
            }
            Event::End(element) => each(Piece::End(element.name().as_ref().to_owned()))?,
            Event::Text(run) => each(Piece::Text(run.xml10_content().into_owned()))?,
            Event::CData(run) => each(Piece::Text(run.xml10_content().into_owned()))?,
            Event::GeneralRef(entity) => {
                let raw = format!("&{};", entity.as_ref());
                each(Piece::Text(
                    quick_xml::escape::unescape(&raw).map_or(raw.clone(), |text| text.into_owned()),
                ))?;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}

/// Returns the value of an attribute, unescaped where that is possible.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok().flatten()?;
    let plain = attribute.normalized_value(XmlVersion::Implicit1_0);
    Some(plain.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned()))
}

fn number<T: std::str::FromStr>(element: &BytesStart<'_>, name: &str) -> Option<T> {
    attribute(element, name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"<?xml version="1.0"?><osm version="0.6">
        <node id="1" lat="30.0" lon="120.0"/><node id="2" lat="30.0" lon="120.01"><tag k="highway" v="crossing"/></node>
        <node id="3" lat="95" lon="120"/><node id="4" lat="30.5" lon="120.5"/>
        <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/>
            <tag k="name" v="A &amp; B &unknown; &#36335;"/></way>
        <way id="11"><nd ref="1"/><nd ref="4"/><tag k="building" v="yes"/></way>
        <relation id="5"><member type="way" ref="10" role="from"/><tag k="type" v="restriction"/></relation>
    </osm>"#;

    #[test]
    fn ways_with_a_highway_come_with_their_points_and_nothing_else() {
        let ways = read(Box::new(MAP.as_bytes())).unwrap().settle();
        assert_eq!(ways.ways.len(), 1);
        assert_eq!(ways.ways[0].points, [1, 2, 3]);
        assert_eq!(
            ways.points.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(ways.restrictions.len(), 1);
        assert_eq!(ways.restrictions[0].from, [10]);
        // One unknown entity leaves the whole name as it was written.
        assert_eq!(
            ways.ways[0].tags.name(),
            Some("A &amp; B &unknown; &#36335;")
        );
    }

    #[test]
    fn what_is_not_osm_xml_is_refused_in_words() {
        for text in ["", "hello", "<svg/>", "<osm><way", "<osm></way>"] {
            assert!(
                matches!(
                    read(Box::new(text.as_bytes())),
                    Err(RoadsError::Damaged { .. })
                ),
                "{text}"
            );
        }
    }
}
