//! GraphML in the form that OSMnx writes: junctions as nodes, one directed edge per direction of travel.
//!
//! Each edge becomes a way of its own. A street open both ways is there twice, once per direction; the second is left out
//! by comparing ends, way and length, so that both directions share one line. Values that are lists in the manner of
//! Python (`['primary', 'secondary']`) give their first item.

use super::xml::{Piece, attribute, for_each_piece};
use super::{Format, Way, Ways, check_count};
use crate::error::RoadsError;
use crate::geo::{Fixed, Point};
use crate::limits::{POINTS_MAX, WAY_POINTS_MAX};
use crate::tags::Tags;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

pub(super) fn read(text: Box<dyn BufRead + '_>) -> Result<Ways, RoadsError> {
    let mut graph = Graph {
        next_shape_id: i64::MIN,
        ..Graph::default()
    };
    for_each_piece(Format::GraphMl, text, |piece| {
        match piece {
            Piece::Start(element) => match element.name().as_ref() {
                "graphml" => graph.seen_root = true,
                "key" => {
                    let (id, name) = (attribute(&element, "id"), attribute(&element, "attr.name"));
                    graph.keys.extend(id.zip(name));
                }
                "node" => graph.open(attribute(&element, "id").into_iter().collect()),
                "edge" => {
                    let ends = [attribute(&element, "source"), attribute(&element, "target")];
                    graph.open(ends.into_iter().flatten().collect());
                }
                "data" => {
                    let key = attribute(&element, "key").unwrap_or_default();
                    graph.data = Some((key, String::new()));
                }
                _ => {}
            },
            Piece::Text(run) => {
                if let Some((_, text)) = &mut graph.data {
                    text.push_str(&run);
                }
            }
            Piece::End(name) => match name.as_str() {
                "data" => graph.close_data(),
                "node" => graph.close_node()?,
                "edge" => graph.close_edge()?,
                _ => {}
            },
        }
        Ok(())
    })?;
    if !graph.seen_root {
        return Err(Format::GraphMl.damaged("there is no <graphml> element"));
    }
    Ok(graph.found)
}

#[derive(Default)]
struct Graph {
    found: Ways,
    seen_root: bool,
    /// Attribute names by the short key that stands for them.
    keys: BTreeMap<String, String>,
    node_ids: BTreeMap<String, i64>,
    /// Ends, way and length of two-way edges already there.
    seen: BTreeSet<(i64, i64, String, String)>,
    /// The ids of the node or edge being read, and its attributes.
    ids: Vec<String>,
    attributes: BTreeMap<String, String>,
    data: Option<(String, String)>,
    /// Shape points have no ids in this form; they get their own from the lowest number up.
    next_shape_id: i64,
}

impl Graph {
    fn open(&mut self, ids: Vec<String>) {
        self.ids = ids;
        self.attributes.clear();
    }

    fn close_data(&mut self) {
        if let Some((key, text)) = self.data.take() {
            let name = self.keys.get(&key).unwrap_or(&key).clone();
            self.attributes
                .insert(name, first_of_list(&text).to_owned());
        }
    }

    fn close_node(&mut self) -> Result<(), RoadsError> {
        let coordinate = |name| {
            self.attributes
                .get(name)
                .and_then(|text| text.trim().parse().ok())
        };
        if let (Some(lat), Some(lon)) = (coordinate("y"), coordinate("x"))
            && let Some(place) = (Point { lat, lon }).fixed()
            && let Some(name) = self.ids.first().cloned()
        {
            let id = self.id(&name);
            self.keep(id, place)?;
        }
        Ok(())
    }

    fn close_edge(&mut self) -> Result<(), RoadsError> {
        let [source, target] = self.ids.as_slice() else {
            return Ok(());
        };
        let (source, target) = (source.clone(), target.clone());
        let (source, target) = (self.id(&source), self.id(&target));
        let text = |name: &str| self.attributes.get(name).cloned().unwrap_or_default();
        let is_oneway = matches!(
            text("oneway").to_ascii_lowercase().as_str(),
            "true" | "yes" | "1"
        );
        let ends = (source.min(target), source.max(target));
        if !is_oneway
            && !self
                .seen
                .insert((ends.0, ends.1, text("osmid"), text("length")))
        {
            return Ok(());
        }
        let shape = line_string(&text("geometry"));
        check_count(
            "points in one way",
            shape.len() as u64,
            WAY_POINTS_MAX as u64,
        )?;
        let mut tags = Tags::default();
        for (name, value) in &self.attributes {
            if name != "oneway" {
                tags.keep(name, value);
            }
        }
        // The direction of the edge is the direction of travel, whatever the tags of the way implied.
        tags.keep("oneway", if is_oneway { "yes" } else { "no" });
        let mut points = vec![source];
        for place in shape.iter().take(shape.len().saturating_sub(1)).skip(1) {
            points.push(self.next_shape_id);
            self.keep(self.next_shape_id, *place)?;
            self.next_shape_id += 1;
        }
        points.push(target);
        let id = self.found.ways.len() as i64;
        self.found.ways.push(Way { id, points, tags });
        Ok(())
    }

    /// The number of a node: nodes are numbered as they are named, for names need not be numbers.
    fn id(&mut self, name: &str) -> i64 {
        let next = self.node_ids.len() as i64;
        *self.node_ids.entry(name.to_owned()).or_insert(next)
    }

    fn keep(&mut self, id: i64, place: Fixed) -> Result<(), RoadsError> {
        check_count("points", self.found.points.len() as u64 + 1, POINTS_MAX)?;
        self.found.points.push((id, place));
        Ok(())
    }
}

/// Returns the first item of a list in the manner of Python, or the text itself.
fn first_of_list(text: &str) -> &str {
    let text = text.trim();
    let Some(list) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        return text;
    };
    match list.chars().next() {
        Some(quote @ ('\'' | '"')) => list[1..].split(quote).next().unwrap_or(""),
        _ => list.split(',').next().unwrap_or("").trim(),
    }
}

/// Reads `LINESTRING (lon lat, lon lat, ...)`; what is not one gives no points.
fn line_string(text: &str) -> Vec<Fixed> {
    let inner = text
        .trim()
        .strip_prefix("LINESTRING")
        .and_then(|rest| rest.trim().strip_prefix('('));
    let Some(inner) = inner.and_then(|rest| rest.strip_suffix(')')) else {
        return Vec::new();
    };
    let points = inner.split(',').map(|pair| {
        let mut numbers = pair.split_whitespace();
        let lon = numbers.next()?.parse().ok()?;
        let lat = numbers.next()?.parse().ok()?;
        Point { lat, lon }.fixed()
    });
    points.collect::<Option<Vec<_>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"<?xml version='1.0'?><graphml><key id="d0" for="node" attr.name="y"/>
        <key id="d1" for="node" attr.name="x"/><key id="d2" for="edge" attr.name="highway"/>
        <key id="d3" for="edge" attr.name="oneway"/><key id="d4" for="edge" attr.name="geometry"/>
        <key id="d5" for="edge" attr.name="name"/>
        <graph edgedefault="directed">
        <node id="a"><data key="d0">22.5</data><data key="d1">114.0</data></node>
        <node id="b"><data key="d0">22.5</data><data key="d1">114.01</data></node>
        <edge source="a" target="b"><data key="d2">['primary', 'secondary']</data><data key="d3">False</data>
          <data key="d4">LINESTRING (114.0 22.5, 114.005 22.501, 114.01 22.5)</data><data key="d5">景&amp;路</data></edge>
        <edge source="b" target="a"><data key="d2">['primary', 'secondary']</data><data key="d3">False</data></edge>
        <edge source="a" target="b"><data key="d2">service</data><data key="d3">True</data></edge>
        </graph></graphml>"#;

    #[test]
    fn two_directions_of_one_street_are_one_way_and_shape_points_are_kept() {
        let ways = read(Box::new(MAP.as_bytes())).unwrap().settle();
        let [street, lane] = ways.ways.as_slice() else {
            panic!("two ways, not {}", ways.ways.len())
        };
        assert_eq!(street.points.len(), 3);
        assert_eq!(street.tags.get("highway"), Some("primary"));
        assert_eq!(street.tags.get("oneway"), Some("no"));
        assert_eq!(street.tags.name(), Some("景&路"));
        assert_eq!(lane.tags.get("oneway"), Some("yes"));
        assert_eq!(ways.points.len(), 3);
        assert!(!ways.is_osm);
    }

    #[test]
    fn odd_text_gives_nothing_rather_than_a_panic() {
        for text in [
            "",
            "LINESTRING",
            "LINESTRING (",
            "LINESTRING (1)",
            "LINESTRING (1 x)",
            "LINESTRING (999 0, 1 1)",
        ] {
            assert!(line_string(text).is_empty(), "{text}");
        }
        for (text, wanted) in [
            ("[", "["),
            ("[]", ""),
            ("['", "['"),
            ("['a']", "a"),
            ("[1, 2]", "1"),
            ("[\"a\", 'b']", "a"),
        ] {
            assert_eq!(first_of_list(text), wanted, "{text}");
        }
        assert!(read(Box::new(&b"<svg/>"[..])).is_err());
    }
}
