//! Named areas (districts, quarters) from GeoJSON: their names and outlines.
//!
//! A feature counts when it is a polygon or several with a property `name`; `name:zh` and `name:en`, as OpenStreetMap
//! writes them, are further names. Anything else in the file is left aside. Start at [`areas_geojson`].

use serde_json::Value;

use crate::limits::{AREA_CORNERS_MAX, AREAS_MAX, Limits, SHORT_TEXT_CHARS_MAX};
use crate::text::{ImportError, unpack};

/// A named area.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaRow {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub other_names: Vec<String>,
    /// Its rings, holes among them; latitude and longitude in degrees.
    pub rings: Vec<Vec<(f64, f64)>>,
}

/// Reads named areas from GeoJSON, packed with gzip or not.
pub fn areas_geojson(bytes: &[u8]) -> Result<Vec<AreaRow>, ImportError> {
    let bytes = unpack(bytes, &Limits::default())?;
    let wrong = |problem: String| ImportError::NotGeoJson { problem };
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let features = json.get("features").and_then(Value::as_array);
    let features = features.ok_or_else(|| wrong("it has no list called `features`".to_owned()))?;
    if features.len() > AREAS_MAX {
        return Err(ImportError::TooManyRows {
            max: AREAS_MAX as u64,
        });
    }
    let areas: Vec<AreaRow> = features.iter().filter_map(area_of).collect();
    if areas.is_empty() {
        return Err(wrong(
            "it holds no polygon with a property `name`".to_owned(),
        ));
    }
    let corners: usize = areas
        .iter()
        .flat_map(|area| &area.rings)
        .map(Vec::len)
        .sum();
    if corners > AREA_CORNERS_MAX {
        return Err(wrong(format!(
            "it has {corners} corners, more than {AREA_CORNERS_MAX}; straighten its outlines first"
        )));
    }
    Ok(areas)
}

fn area_of(feature: &Value) -> Option<AreaRow> {
    let geometry = feature.get("geometry")?;
    let coordinates = geometry.get("coordinates")?.as_array()?;
    let polygons: Vec<&Value> = match geometry.get("type")?.as_str()? {
        "Polygon" => vec![geometry.get("coordinates")?],
        "MultiPolygon" => coordinates.iter().collect(),
        _ => return None,
    };
    let rings = polygons.into_iter().filter_map(Value::as_array).flatten();
    let rings: Option<Vec<Vec<(f64, f64)>>> = rings.map(ring_of).collect();
    let properties = feature.get("properties")?;
    let text = |key: &str| {
        let text = properties.get(key)?.as_str()?.trim();
        let fits = !text.is_empty() && text.chars().count() <= SHORT_TEXT_CHARS_MAX;
        fits.then(|| text.to_owned())
    };
    let name = text("name")?;
    let other_names = ["name:zh", "name:en"].into_iter().filter_map(text);
    Some(AreaRow {
        other_names: other_names.filter(|other| *other != name).collect(),
        rings: rings.filter(|rings| !rings.is_empty())?,
        name,
    })
}

fn ring_of(ring: &Value) -> Option<Vec<(f64, f64)>> {
    let corner = |corner: &Value| {
        let (lon, lat) = (corner.get(0)?.as_f64()?, corner.get(1)?.as_f64()?);
        let on_earth = lat.abs() <= 90.0 && lon.abs() <= 180.0;
        on_earth.then_some((lat, lon))
    };
    let ring: Option<Vec<(f64, f64)>> = ring.as_array()?.iter().map(corner).collect();
    ring.filter(|ring| ring.len() >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, kind: &str, coordinates: &str) -> String {
        format!(
            r#"{{"type":"Feature","properties":{name},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
        )
    }

    fn collection(features: &[String]) -> Vec<u8> {
        format!(r#"{{"features":[{}]}}"#, features.join(",")).into_bytes()
    }

    const SQUARE: &str = "[[[120,30],[121,30],[121,31],[120,30]]]";

    #[test]
    fn named_polygons_are_areas_and_all_else_is_left_aside() {
        let file = collection(&[
            feature(
                r#"{"name":"老城","name:en":"Old Town","name:zh":"老城"}"#,
                "Polygon",
                SQUARE,
            ),
            feature(
                r#"{"name":"Two"}"#,
                "MultiPolygon",
                &format!("[{SQUARE},{SQUARE}]"),
            ),
            feature(r#"{"name":"a point"}"#, "Point", "[120,30]"),
            feature(r#"{"title":"no name"}"#, "Polygon", SQUARE),
            feature(
                r#"{"name":"off Earth"}"#,
                "Polygon",
                "[[[120,95],[121,30],[121,31],[120,95]]]",
            ),
        ]);
        let areas = areas_geojson(&file).unwrap();
        let seen: Vec<_> = areas
            .iter()
            .map(|area| {
                (
                    area.name.as_str(),
                    area.other_names.join(","),
                    area.rings.len(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("老城", "Old Town".to_owned(), 1),
                ("Two", String::new(), 2)
            ]
        );
        assert_eq!(areas[0].rings[0][0], (30.0, 120.0));
    }

    #[test]
    fn what_is_no_list_of_areas_is_refused_in_words() {
        for (file, words) in [
            (b"{}".to_vec(), "features"),
            (b"hello".to_vec(), "expected"),
            (collection(&[]), "no polygon"),
            (collection(&vec!["{}".to_owned(); AREAS_MAX]), "no polygon"),
            (
                collection(&vec!["{}".to_owned(); AREAS_MAX + 1]),
                "more than",
            ),
        ] {
            let error = areas_geojson(&file).expect_err("it is none").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
