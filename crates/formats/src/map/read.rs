//! From the TOML of a mapping file to a [`CallMap`]: one function per section, in the order of the file.
//!
//! Whatever is refused here is refused with the line of the map and what would have been right. Knows nothing of files
//! to be mapped. Start at [`CallMap::parse`].

use super::{
    CallColumns, CallMap, CallText, FileRules, MapError, Moment, PlaceColumns, PlaceSource,
    ResponseColumns, RowMeans, TimeSource,
};
use crate::codes::{CodeKind, CodeTable, CodeTo, Otherwise};
use crate::limits::{RESPONSE_GROUPS_MAX, TIME_FORMATS_MAX};
use crate::mapfile::{self, Section, Value};
use crate::places::{Bounds, Datum, PlaceRules, TextPattern};
use crate::text::{Column, TableShape, nearest};
use crate::times::{self, Count, TimeFormat, TimeReader};

const CALL_KEYS: [&str; 9] = [
    "id",
    "received",
    "entered",
    "address",
    "area",
    "caller",
    "callback",
    "said",
    "alarm_level",
];
const RESPONSE_KEYS: [&str; 11] = [
    "unit",
    "unit_separator",
    "dispatched",
    "departed",
    "arrived",
    "transport",
    "hospital",
    "cleared",
    "on_scene_s",
    "handover_s",
    "transported",
];

impl CallMap {
    /// Reads a mapping file. The error names the line and what would have been right.
    pub fn parse(text: &str) -> Result<CallMap, MapError> {
        let parsed = mapfile::parse(text)?;
        let root = Section::root(text, &parsed);
        root.only(&[
            "file",
            "time",
            "place",
            "call",
            "response",
            "category",
            "priority",
            "unit_kind",
            "disposition",
            "area",
        ])?;
        let (file, decimal) = file_rules(&root)?;
        let (times, standard) = time_rules(&root, decimal)?;
        let call = call_columns(&root, &standard, file.rows)?;
        let responses = response_columns(&root, &standard, file.rows)?;
        let table = |name: &str, kind, standard| {
            let section = root.section(name)?;
            section
                .map(|section| CodeTable::read(&section, kind, &standard))
                .transpose()
        };
        let category = table("category", CodeKind::Word, Otherwise::Refuse)?.ok_or_else(|| {
            root.missing(
                "category",
                "write [category] with `column` and [category.codes], or with `default = \"other\"` alone",
            )
        })?;
        let priority = table("priority", CodeKind::Priority, Otherwise::Refuse)?.ok_or_else(|| {
            root.missing("priority", "write [priority] with `column` and [priority.codes], or with `default = 2` alone")
        })?;
        let left_empty = Otherwise::To(CodeTo::Empty);
        Ok(CallMap {
            file,
            place: place_columns(&root)?,
            call,
            responses,
            category,
            priority,
            unit_kind: table("unit_kind", CodeKind::Word, left_empty.clone())?,
            disposition: table("disposition", CodeKind::Word, left_empty)?,
            area: area_table(&root)?,
            times,
        })
    }
}

fn area_table(root: &Section<'_>) -> Result<Option<CodeTable>, MapError> {
    let Some(section) = root.section("area")? else {
        return Ok(None);
    };
    let direct = root
        .section("call")?
        .is_some_and(|call| call.value("area").is_some());
    if direct {
        return Err(root.wrong(
            "area",
            "either `area` under [call], or a table [area], not both",
        ));
    }
    CodeTable::read(&section, CodeKind::Word, &Otherwise::Keep).map(Some)
}

fn file_rules(root: &Section<'_>) -> Result<(FileRules, char), MapError> {
    let file = root.section("file")?.ok_or_else(|| {
        root.missing(
            "file",
            "write [file] with `rows = \"unit_response\"` or `rows = \"call\"`",
        )
    })?;
    file.only(&[
        "rows",
        "delimiter",
        "quote",
        "comment",
        "encoding",
        "header",
        "skip_lines",
        "empty",
        "decimal",
    ])?;
    let rows_hint = "\"unit_response\" when every row is one unit sent to a call, or \"call\" when every row is one call";
    let rows = match file.value("rows") {
        None => return Err(file.missing("rows", format!("write {rows_hint}"))),
        Some(value) => match value.as_text() {
            Some("unit_response") => RowMeans::UnitResponse,
            Some("call") => RowMeans::Call,
            Some(_) | None => return Err(value.wrong(rows_hint)),
        },
    };
    let encoding = match file.value("encoding") {
        None => encoding_rs::UTF_8,
        Some(value) => value
            .as_text()
            .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
            .ok_or_else(|| value.wrong("an encoding such as \"utf-8\", \"gbk\", \"gb18030\", \"big5\", \"latin1\", \"windows-1252\" or \"utf-16le\""))?,
    };
    let empty = match file.value("empty") {
        None => Vec::new(),
        Some(value) => {
            let expected = "a list of texts that mean nothing, such as [\"NULL\", \"N/A\"]";
            let items = value.as_list().ok_or_else(|| value.wrong(expected))?;
            items
                .iter()
                .map(|item| item.as_code().ok_or_else(|| item.wrong(expected)))
                .collect::<Result<_, _>>()?
        }
    };
    let decimal = match file.text("decimal")? {
        None | Some(".") => '.',
        Some(",") => ',',
        Some(_) => return Err(file.wrong("decimal", "\".\" or \",\"")),
    };
    Ok((
        FileRules {
            rows,
            shape: table_shape(&file)?,
            encoding,
            empty,
        },
        decimal,
    ))
}

fn table_shape(file: &Section<'_>) -> Result<TableShape, MapError> {
    let standard = TableShape::default();
    let mark = |key: &str| file.value(key).map(|value| single_mark(&value)).transpose();
    Ok(TableShape {
        delimiter: mark("delimiter")?.unwrap_or(standard.delimiter),
        quote: mark("quote")?.unwrap_or(standard.quote),
        comment: mark("comment")?,
        header: match file.value("header") {
            None => standard.header,
            Some(value) => value
                .as_flag()
                .ok_or_else(|| value.wrong("true or false"))?,
        },
        skip_lines: match file.value("skip_lines") {
            None => 0,
            Some(value) => value
                .as_integer()
                .and_then(|lines| u64::try_from(lines).ok())
                .filter(|lines| *lines <= 10_000)
                .ok_or_else(|| value.wrong("a number of lines from 0 to 10000"))?,
        },
    })
}

fn single_mark(value: &Value<'_>) -> Result<u8, MapError> {
    let byte = match value.as_text() {
        Some("tab") => Some(b'\t'),
        Some("comma") => Some(b','),
        Some("semicolon") => Some(b';'),
        Some("pipe") => Some(b'|'),
        Some(text) => <[u8; 1]>::try_from(text.as_bytes()).ok().map(|[byte]| byte),
        None => None,
    };
    let usable = byte.filter(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r'));
    usable.ok_or_else(|| {
        value.wrong("one ASCII character such as \",\" or \";\", or the word \"tab\"")
    })
}

fn time_rules(root: &Section<'_>, decimal: char) -> Result<(TimeReader, Standard), MapError> {
    let hint =
        "write [time] with `zone = \"Asia/Shanghai\"` and `formats = [\"%Y-%m-%d %H:%M:%S\"]`";
    let time = root
        .section("time")?
        .ok_or_else(|| root.missing("time", hint))?;
    time.only(&["zone", "formats", "origin"])?;
    let name = time.value("zone").ok_or_else(|| {
        time.missing(
            "zone",
            "the IANA name of the zone in which the file writes its times, or \"UTC\"",
        )
    })?;
    let zone =
        times::zone(name.as_text().unwrap_or("")).map_err(|expected| name.wrong(expected))?;
    let origin_ms = match time.value("origin") {
        None => None,
        Some(value) => {
            let origin = value.as_text().and_then(|text| times::origin(text, &zone));
            Some(origin.ok_or_else(|| {
                value.wrong("a time in quotes such as \"2017-01-01T00:00:00\"; without an offset it is local time")
            })?)
        }
    };
    let formats = match time.value("formats") {
        None => vec![TimeFormat::Iso],
        Some(value) => formats(&value, origin_ms.is_some())?,
    };
    let standard = Standard {
        formats,
        has_origin: origin_ms.is_some(),
    };
    Ok((
        TimeReader {
            zone,
            origin_ms,
            decimal,
        },
        standard,
    ))
}

/// What `[time]` says for every time that does not say it itself.
struct Standard {
    formats: Vec<TimeFormat>,
    has_origin: bool,
}

fn formats(value: &Value<'_>, has_origin: bool) -> Result<Vec<TimeFormat>, MapError> {
    let items = value.as_list().unwrap_or_else(|| vec![value.clone()]);
    if items.is_empty() || items.len() > TIME_FORMATS_MAX {
        return Err(value.wrong(format!("1 to {TIME_FORMATS_MAX} formats")));
    }
    let compile = |item: &Value<'_>| {
        TimeFormat::compile(item.as_text().unwrap_or("")).map_err(|expected| item.wrong(expected))
    };
    let formats: Vec<TimeFormat> = items.iter().map(compile).collect::<Result<_, _>>()?;
    if !has_origin
        && formats
            .iter()
            .any(|format| matches!(format, TimeFormat::SinceOrigin(_)))
    {
        return Err(value.wrong(
            "also `origin = \"2017-01-01T00:00:00\"` under [time], since it counts from an origin",
        ));
    }
    Ok(formats)
}

fn call_columns(
    root: &Section<'_>,
    standard: &Standard,
    rows: RowMeans,
) -> Result<CallColumns, MapError> {
    let call = root.section("call")?.ok_or_else(|| {
        root.missing(
            "call",
            "write [call] with `received = \"...\"` and, if there is one, `id = \"...\"`",
        )
    })?;
    call.only(&CALL_KEYS)?;
    let id = call.columns("id")?;
    if id.is_none() && rows == RowMeans::UnitResponse {
        return Err(call
            .missing("id", "name the column that all rows of one call share, or say `rows = \"call\"` under [file]"));
    }
    let times = time_sources(&call, &Moment::OF_CALL, standard)?;
    if !times.iter().any(|(moment, _)| *moment == Moment::Received) {
        return Err(call.missing(
            "received",
            "name the column that says when the call was received",
        ));
    }
    let mut texts = Vec::new();
    for text in CallText::ALL {
        if let Some(columns) = call.columns(text.key())? {
            texts.push((text, columns));
        }
    }
    Ok(CallColumns {
        id,
        times,
        texts,
        alarm_level: call.columns("alarm_level")?,
    })
}

fn response_columns(
    root: &Section<'_>,
    standard: &Standard,
    rows: RowMeans,
) -> Result<Vec<ResponseColumns>, MapError> {
    let Some(value) = root.value("response") else {
        return match rows {
            RowMeans::UnitResponse => Err(root.missing(
                "response",
                "write [response] with `unit = \"...\"` and the columns of its times",
            )),
            RowMeans::Call => Ok(Vec::new()),
        };
    };
    let items = value.as_list().unwrap_or_else(|| vec![value.clone()]);
    if items.len() > RESPONSE_GROUPS_MAX {
        return Err(value.wrong(format!("at most {RESPONSE_GROUPS_MAX} groups")));
    }
    let single = items.len() == 1;
    let mut groups = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let section = item
            .as_section()
            .ok_or_else(|| item.wrong("a section [response], or several [[response]]"))?;
        section.only(&RESPONSE_KEYS)?;
        let unit = section.columns("unit")?;
        if unit.is_none() && rows == RowMeans::UnitResponse {
            return Err(section.missing("unit", "name the column of the unit's call sign"));
        }
        groups.push(ResponseColumns {
            name: if single {
                "response".to_owned()
            } else {
                format!("response[{}]", index + 1)
            },
            unit,
            unit_separator: section
                .text("unit_separator")?
                .filter(|mark| !mark.is_empty())
                .map(str::to_owned),
            times: time_sources(&section, &Moment::OF_RESPONSE, standard)?,
            on_scene: section
                .value("on_scene_s")
                .map(|value| duration(&value))
                .transpose()?,
            handover: section
                .value("handover_s")
                .map(|value| duration(&value))
                .transpose()?,
            transported: section.columns("transported")?,
        });
    }
    Ok(groups)
}

const COUNTS: [(&str, Count); 4] = [
    ("seconds", Count::Seconds),
    ("minutes", Count::Minutes),
    ("hours", Count::Hours),
    ("clock", Count::Clock),
];

/// Reads a duration: a column of seconds, or a table such as `{ minutes = "On Scene Min" }`.
fn duration(value: &Value<'_>) -> Result<(Vec<Column>, Count), MapError> {
    let Some(section) = value.as_section() else {
        return Ok((value.columns()?, Count::Seconds));
    };
    section.only(&COUNTS.map(|(key, _)| key))?;
    counted(&section)?.ok_or_else(|| {
        section.missing(
            "seconds",
            "name the column under seconds, minutes, hours or clock (h:mm:ss)",
        )
    })
}

fn counted(section: &Section<'_>) -> Result<Option<(Vec<Column>, Count)>, MapError> {
    let mut found = None;
    for (key, count) in COUNTS {
        if let Some(columns) = section.columns(key)? {
            if found.is_some() {
                return Err(section.wrong(key, "only one of seconds, minutes, hours and clock"));
            }
            found = Some((columns, count));
        }
    }
    Ok(found)
}

fn time_sources(
    section: &Section<'_>,
    moments: &[Moment],
    standard: &Standard,
) -> Result<Vec<(Moment, TimeSource)>, MapError> {
    let mut sources = Vec::new();
    for moment in moments {
        if let Some(value) = section.value(moment.key()) {
            sources.push((*moment, time_source(&value, *moment, standard)?));
        }
    }
    Ok(sources)
}

fn time_source(
    value: &Value<'_>,
    moment: Moment,
    standard: &Standard,
) -> Result<TimeSource, MapError> {
    let Some(section) = value.as_section() else {
        return Ok(TimeSource::Stated {
            columns: value.columns()?,
            joined: false,
            formats: standard.formats.clone(),
            day_of: None,
        });
    };
    section.only(&[
        "column", "columns", "formats", "day_of", "after", "seconds", "minutes", "hours", "clock",
    ])?;
    if let Some(base) = section.value("after") {
        let base = earlier_moment(&base, moment)?;
        section.only(&["after", "seconds", "minutes", "hours", "clock"])?;
        let hint =
            "name the column of the duration under seconds, minutes, hours or clock (h:mm:ss)";
        let (columns, count) =
            counted(&section)?.ok_or_else(|| section.missing("seconds", hint))?;
        return Ok(TimeSource::After {
            base,
            columns,
            count,
        });
    }
    section.only(&["column", "columns", "formats", "day_of"])?;
    let own = section
        .value("formats")
        .map(|value| formats(&value, standard.has_origin))
        .transpose()?;
    let day_of = section
        .value("day_of")
        .map(|base| earlier_moment(&base, moment))
        .transpose()?;
    let (columns, joined) = match (section.columns("column")?, section.columns("columns")?) {
        (Some(columns), None) => (columns, false),
        (None, Some(columns)) => (columns, true),
        (Some(_), Some(_)) => {
            return Err(
                value.wrong("either `column`, or `columns` whose values are joined with a space")
            );
        }
        (None, None) => {
            return Err(section.missing(
                "column",
                "name a column, or several under `columns` whose values are joined with a space",
            ));
        }
    };
    Ok(TimeSource::Stated {
        columns,
        joined,
        formats: own.unwrap_or_else(|| standard.formats.clone()),
        day_of,
    })
}

fn earlier_moment(value: &Value<'_>, moment: Moment) -> Result<Moment, MapError> {
    let all: Vec<&str> = Moment::OF_CALL
        .into_iter()
        .chain(Moment::OF_RESPONSE)
        .take_while(|other| *other < moment)
        .map(Moment::key)
        .collect();
    let name = value.as_text().unwrap_or("");
    let found = Moment::named(name).filter(|other| *other < moment);
    found.ok_or_else(|| {
        let meant = nearest(name, all.iter().copied())
            .map_or(String::new(), |key| format!(" (did you mean `{key}`?)"));
        value.wrong(format!(
            "a time that comes before `{moment}`: {}{meant}",
            all.join(", ")
        ))
    })
}

const PLACE_HINT: &str =
    "write [place] with `lat` and `lon`, or with `column` and `pattern = \"(lat, lon)\"`";

fn place_columns(root: &Section<'_>) -> Result<PlaceColumns, MapError> {
    let place = root
        .section("place")?
        .ok_or_else(|| root.missing("place", PLACE_HINT))?;
    place.only(&[
        "lat", "lon", "column", "pattern", "bounds", "scale", "datum",
    ])?;
    let source = place_source(&place)?;
    let bounds = place
        .section("bounds")?
        .map(|bounds| read_bounds(&bounds))
        .transpose()?;
    let scale = match place.value("scale") {
        None => 1.0,
        Some(value) => value
            .as_number()
            .filter(|scale| scale.is_finite() && *scale != 0.0)
            .ok_or_else(|| {
                value.wrong("a number by which coordinates are multiplied, such as 0.000001")
            })?,
    };
    let datum = match place.value("datum") {
        None => Datum::Wgs84,
        Some(value) => match value.as_text() {
            Some("wgs84") => Datum::Wgs84,
            Some("gcj02") => Datum::Gcj02,
            Some("bd09") => Datum::Bd09,
            Some(_) | None => return Err(value.wrong("\"wgs84\", \"gcj02\" or \"bd09\"")),
        },
    };
    Ok(PlaceColumns {
        source,
        rules: PlaceRules {
            bounds,
            scale,
            datum,
        },
    })
}

fn place_source(place: &Section<'_>) -> Result<PlaceSource, MapError> {
    match (
        place.columns("lat")?,
        place.columns("lon")?,
        place.columns("column")?,
    ) {
        (Some(lat), Some(lon), None) => Ok(PlaceSource::Pair { lat, lon }),
        (None, None, Some(columns)) => {
            let written = place.value("pattern").ok_or_else(|| {
                place.missing(
                    "pattern",
                    "say how the column writes a place, for example \"(lat, lon)\" or \"POINT (lon lat)\"",
                )
            })?;
            let compiled = written.as_text().and_then(TextPattern::compile);
            let pattern = compiled.ok_or_else(|| {
                written.wrong("a text in which `lat` and `lon` stand once each with something between, such as \"(lat, lon)\" or \"POINT (lon lat)\"; write {lat} and {lon} where lat or lon is also part of the text")
            })?;
            Ok(PlaceSource::Text {
                columns,
                pattern,
                written: written.as_text().unwrap_or("").to_owned(),
            })
        }
        (_, None, _) => Err(place.missing("lon", PLACE_HINT)),
        (None, _, _) => Err(place.missing("lat", PLACE_HINT)),
        (Some(_), Some(_), Some(_)) => Err(place.missing(
            "pattern",
            "use either `lat` and `lon`, or `column` and `pattern`, not both",
        )),
    }
}

fn read_bounds(bounds: &Section<'_>) -> Result<Bounds, MapError> {
    bounds.only(&["south", "west", "north", "east"])?;
    let side = |key: &str, most: f64| {
        let value = bounds.value(key).ok_or_else(|| {
            bounds.missing(key, "bounds need south, west, north and east, in degrees")
        })?;
        value
            .as_number()
            .filter(|degrees| degrees.abs() <= most)
            .ok_or_else(|| value.wrong(format!("degrees from -{most} to {most}")))
    };
    let found = Bounds {
        south: side("south", 90.0)?,
        west: side("west", 180.0)?,
        north: side("north", 90.0)?,
        east: side("east", 180.0)?,
    };
    for (low, high) in [("south", "north"), ("west", "east")] {
        let (least, most) = if low == "south" {
            (found.south, found.north)
        } else {
            (found.west, found.east)
        };
        if least >= most {
            return Err(bounds.wrong(low, format!("less than `{high}`")));
        }
    }
    Ok(found)
}
