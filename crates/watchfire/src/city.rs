//! What a node is set up with from files: road network, response plans, stations, units and past calls.
//!
//! Used by `import`, `replay` and `demo`; the same readers for all three.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchfire_core::basis::{Code, Line, Place, Point, Priority, Text};
use watchfire_core::board::Board;
use watchfire_core::plan::{DirectiveRules, Need, NeedOf, Plan, ResponseFile};
use watchfire_core::record::Action;
use watchfire_core::record::station::{StationAction, StationDetails};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::triage::words::Phrase;
use watchfire_core::triage::{Rules, Thresholds};
use watchfire_formats::{CallMap, Import, ListImport, PastCall, StationRow, UnitRow};
use watchfire_roads::calibrate::Factors;
use watchfire_roads::{Area, BuildOptions, BuildReport, Format, RoadGraph, Router, Stage};

use crate::road_hours::RoadHours;

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// It cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {problem}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
}

impl CityError {
    pub(crate) fn content(path: &Path, problem: impl ToString) -> CityError {
        CityError::Content {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// Reads a file, naming it in the error.
pub fn read(path: &Path) -> Result<Vec<u8>, CityError> {
    std::fs::read(path).map_err(|source| CityError::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads a text file, naming it in the error.
pub fn read_text(path: &Path) -> Result<String, CityError> {
    String::from_utf8(read(path)?).map_err(|_| CityError::content(path, "it is not UTF-8 text"))
}

/// Reads a response file.
pub fn response(path: &Path) -> Result<ResponseFile, CityError> {
    ResponseFile::parse(&read_text(path)?).map_err(|error| CityError::content(path, error))
}

/// Reads past calls with a mapping file.
pub fn calls(path: &Path, map: &Path) -> Result<Import, CityError> {
    let rules = CallMap::parse(&read_text(map)?).map_err(|error| CityError::content(map, error))?;
    watchfire_formats::import(&read(path)?, &rules).map_err(|error| CityError::content(path, error))
}

/// Reads a list of units; those without coordinates wait at one of the stations.
pub fn units(path: &Path, stations: &[StationRow]) -> Result<ListImport<UnitRow>, CityError> {
    watchfire_formats::units_csv(&read(path)?, stations)
        .map_err(|error| CityError::content(path, error))
}

/// Reads a list of stations.
pub fn stations(path: &Path) -> Result<ListImport<StationRow>, CityError> {
    watchfire_formats::stations_csv(&read(path)?).map_err(|error| CityError::content(path, error))
}

/// Reads stations from GeoJSON points; the keys name the properties that hold code and name.
pub fn stations_geojson(
    path: &Path,
    code: &str,
    name: &str,
) -> Result<ListImport<StationRow>, CityError> {
    watchfire_formats::stations_geojson(&read(path)?, code, name)
        .map_err(|error| CityError::content(path, error))
}

/// Builds a road network from the bytes of a map, telling how far it is.
pub fn build_roads(
    path: &Path,
    bytes: &[u8],
    options: &BuildOptions,
    mut progress: impl FnMut(Stage, u64, u64),
) -> Result<(RoadGraph, BuildReport), CityError> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let format = Format::detect(&name, bytes).map_err(|error| CityError::content(path, error))?;
    watchfire_roads::build(format, bytes, options, &mut progress)
        .map_err(|error| CityError::content(path, error))
}

/// Reads a road network: a file made by `watchfire roads build`, or a map, which is then built.
pub fn router(path: &Path) -> Result<Arc<Router>, CityError> {
    let bytes = read(path)?;
    let graph = match RoadGraph::from_bytes(&bytes) {
        Ok(graph) => graph,
        Err(error) if bytes.starts_with(ROAD_FILE_MAGIC) => {
            return Err(CityError::content(path, error));
        }
        Err(_) => build_roads(path, &bytes, &BuildOptions::default(), |_, _, _| {})?.0,
    };
    Ok(Arc::new(Router::new(Arc::new(graph))))
}

/// Reads named areas (districts, quarters) from GeoJSON.
pub fn areas(path: &Path) -> Result<Vec<Area>, CityError> {
    let rows = watchfire_formats::areas_geojson(&read(path)?)
        .map_err(|error| CityError::content(path, error))?;
    let area = |row: watchfire_formats::AreaRow| {
        let ring = |ring: Vec<(f64, f64)>| {
            let corner = |(lat, lon)| watchfire_roads::Point { lat, lon };
            ring.into_iter().map(corner).collect()
        };
        Area::new(
            row.name,
            row.other_names,
            row.rings.into_iter().map(ring).collect(),
        )
    };
    Ok(rows.into_iter().filter_map(area).collect())
}

/// Reads speeds by class of road and hour.
pub fn road_hours(path: &Path) -> Result<RoadHours, CityError> {
    RoadHours::parse(&read_text(path)?).map_err(|error| CityError::content(path, error))
}

/// Reads what `watchfire roads calibrate` learned of an agency's own runs.
pub fn learned(path: &Path) -> Result<Factors, CityError> {
    let factors: Factors =
        toml::from_str(&read_text(path)?).map_err(|error| CityError::content(path, error))?;
    if !(factors.hour_percent.is_empty() || factors.hour_percent.len() == 24) {
        let problem = "hour_percent must have 24 percents, or none";
        return Err(CityError::content(path, problem));
    }
    Ok(factors)
}

/// How a file made by `watchfire roads build` begins.
const ROAD_FILE_MAGIC: &[u8] = b"WFROADS\n";

/// Writes a file whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CityError> {
    write_with(path, bytes, std::fs::OpenOptions::new())
}

/// Does the same for a secret: nobody but its owner may ever read it, not even while it is written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CityError> {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    write_with(path, bytes, options)
}

fn write_with(
    path: &Path,
    bytes: &[u8],
    mut options: std::fs::OpenOptions,
) -> Result<(), CityError> {
    let fault = |source| CityError::File {
        path: path.to_owned(),
        source,
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    options.write(true).create(true).truncate(true);
    let mut file = options.open(&partial).map_err(fault)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(fault)?;
    std::fs::rename(&partial, path).map_err(fault)
}

/// Makes stations of the codes that units name, where there is no list of stations: in the middle of their units.
pub fn stations_of(units: &[UnitRow]) -> Vec<StationRow> {
    let mut by_code: BTreeMap<&str, Vec<&UnitRow>> = BTreeMap::new();
    for unit in units {
        if let Some(code) = unit.station.as_deref() {
            by_code.entry(code).or_default().push(unit);
        }
    }
    let middle = |(code, units): (&str, Vec<&UnitRow>)| StationRow {
        code: code.to_owned(),
        name: code.to_owned(),
        lat: units.iter().map(|unit| unit.lat).sum::<f64>() / units.len() as f64,
        lon: units.iter().map(|unit| unit.lon).sum::<f64>() / units.len() as f64,
        areas: Vec::new(),
    };
    by_code.into_iter().map(middle).collect()
}

/// Turns a row into the action that enters the station, unless the board has it.
pub fn enter_station(board: &Board, row: &StationRow) -> Result<Option<Action>, String> {
    let code: Line = row
        .code
        .parse()
        .map_err(|error| format!("station code \"{}\": {error}", row.code))?;
    if board.station_by_code(&code).is_some() {
        return Ok(None);
    }
    let place = Place {
        point: point(row.lat, row.lon)?,
        address: None,
        area: Some(code.clone()),
    };
    let name = row
        .name
        .parse()
        .map_err(|error| format!("station name \"{}\": {error}", row.name))?;
    let details = StationDetails {
        name,
        place,
        areas: lines(&row.areas)?,
    };
    Ok(Some(Action::Station(StationAction::Enter {
        code,
        details,
    })))
}

/// Turns a row into the action that enters the unit, unless the board has it. Its station must be there already.
pub fn enter_unit(board: &Board, row: &UnitRow) -> Result<Option<Action>, String> {
    let callsign: Line = row
        .callsign
        .parse()
        .map_err(|error| format!("call sign \"{}\": {error}", row.callsign))?;
    if board.unit_by_callsign(&callsign).is_some() {
        return Ok(None);
    }
    let code = |word: &String| {
        word.parse::<Code>()
            .map_err(|error| format!("\"{word}\": {error}"))
    };
    let capabilities: Result<BTreeSet<Code>, String> = row.capabilities.iter().map(code).collect();
    let station = row
        .station
        .as_ref()
        .and_then(|code| board.station_by_code(&code.parse().ok()?));
    let details = UnitDetails {
        kind: code(&row.kind)?,
        capabilities: capabilities?,
        station: station.map(|station| station.id),
        post: Some(point(row.lat, row.lon)?),
        crew: row.crew,
        areas: lines(&row.areas)?,
    };
    Ok(Some(Action::Unit(UnitAction::Enter { callsign, details })))
}

fn point(lat: f64, lon: f64) -> Result<Point, String> {
    Point::from_degrees(lat, lon).map_err(|error| error.to_string())
}

fn lines(words: &[String]) -> Result<BTreeSet<Line>, String> {
    words
        .iter()
        .map(|word| {
            word.parse()
                .map_err(|error| format!("area \"{word}\": {error}"))
        })
        .collect()
}

/// Writes a response file as text, so that plans which were derived can be read, changed and used.
pub fn response_text(response: &ResponseFile) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail. Codes need no quoting; labels do, and Debug quotes as TOML's basic strings.
    for (code, label) in &response.categories {
        let _ = write!(
            text,
            "[categories.{code}]\nen = {:?}\nzh = {:?}\n",
            label.en, label.zh
        );
        if let Some(rules) = response.triage.categories.get(code) {
            if let Some(priority) = rules.priority {
                let _ = writeln!(text, "priority = {}", u8::from(priority));
            }
            let words: Vec<&str> = rules.words.iter().map(Phrase::as_str).collect();
            let _ = writeln!(text, "words = {words:?}");
        }
        text.push('\n');
    }
    for (section, labels) in [
        ("kinds", &response.kinds),
        ("capabilities", &response.capabilities),
    ] {
        for (code, label) in labels {
            let _ = write!(
                text,
                "[{section}.{code}]\nen = {:?}\nzh = {:?}\n",
                label.en, label.zh
            );
            let volunteers = section == "kinds" && response.is_volunteer(code);
            text.push_str(if volunteers {
                "volunteers = true\n\n"
            } else {
                "\n"
            });
        }
    }
    // A plan for any unit at all is what holds where there is no plan.
    let says_more = |plan: &&Plan| {
        let needs = plan.alarms.iter().flatten();
        needs.into_iter().all(|need| need.of != NeedOf::Anything)
    };
    for plan in response.plans.iter().filter(says_more) {
        text.push_str("[[plan]]\n");
        let category = plan.category.as_ref().map_or("*", Code::as_str);
        let _ = writeln!(text, "category = \"{category}\"");
        if !plan.priorities.is_empty() {
            let priorities: Vec<u8> = plan.priorities.iter().map(|one| (*one).into()).collect();
            let _ = writeln!(text, "priorities = {priorities:?}");
        }
        for alarm in &plan.alarms {
            let _ = writeln!(text, "[[plan.alarm]]\nneeds = [");
            for need in alarm {
                let of = match &need.of {
                    NeedOf::Kinds(kinds) => {
                        let kinds: Vec<&str> = kinds.iter().map(Code::as_str).collect();
                        format!("kinds = {kinds:?}, ")
                    }
                    NeedOf::Capability(code) => format!("capability = \"{code}\", "),
                    NeedOf::Anything => String::new(),
                };
                let within = need
                    .within_s
                    .map_or(String::new(), |s| format!(", within_s = {s}"));
                let _ = writeln!(text, "  {{ {of}count = {}{within} }},", need.count);
            }
            text.push_str("]\n");
        }
        text.push('\n');
    }
    write_triage(&mut text, &response.triage);
    write_directives(&mut text, &response.directives);
    text
}

/// Writes the kinds of directive and templates, unless they are the usual ones.
fn write_directives(text: &mut String, rules: &DirectiveRules) {
    if *rules == DirectiveRules::default() {
        return;
    }
    for (code, kind) in &rules.kinds {
        let _ = write!(
            text,
            "[directives.kinds.{code}]\nen = {:?}\nzh = {:?}\nsign_s = {:?}\nverify = {}\n",
            kind.en.as_str(),
            kind.zh.as_str(),
            kind.sign_s,
            kind.verify
        );
        for (name, seconds) in [("act_s", kind.act_s), ("report_s", kind.report_s)] {
            if let Some(seconds) = seconds {
                let _ = writeln!(text, "{name} = {seconds}");
            }
        }
        text.push_str("chain = [\n");
        for rung in &kind.chain {
            let (name, seat) = (rung.name.as_str(), rung.seat.as_str());
            let _ = writeln!(
                text,
                "  {{ name = {name:?}, seat = {seat:?}, after_s = {} }},",
                rung.after_s
            );
        }
        text.push_str("]\n\n");
    }
    for one in &rules.templates {
        let (label, words) = (&one.label, &one.text);
        let _ = write!(
            text,
            "[[directives.template]]\ncode = \"{}\"\nen = {:?}\nzh = {:?}\nkind = \"{}\"\npriority = {}\ntext_en = {:?}\ntext_zh = {:?}\n\n",
            one.code,
            label.en,
            label.zh,
            one.kind,
            u8::from(one.priority),
            words.en,
            words.zh
        );
    }
}

/// Writes the points at which a priority is reached, and the questions.
fn write_triage(text: &mut String, rules: &Rules) {
    let mut thresholds = |section: &str, all: &Thresholds| {
        let _ = write!(
            text,
            "[{section}]\npriority_1 = {}\npriority_2 = {}\npriority_3 = {}\n\n",
            all.priority_1, all.priority_2, all.priority_3
        );
    };
    thresholds("triage", &rules.thresholds);
    for (code, own) in &rules.thresholds_of {
        thresholds(&format!("triage.categories.{code}"), own);
    }
    for question in &rules.questions {
        let (id, words) = (&question.id, &question.text);
        let codes: Vec<&str> = question.categories.iter().map(Code::as_str).collect();
        let categories = match codes.is_empty() {
            true => "\"*\"".to_owned(),
            false => format!("{codes:?}"),
        };
        let _ = write!(
            text,
            "[[question]]\nid = \"{id}\"\ncategories = {categories}\nen = {:?}\nzh = {:?}\n",
            words.en, words.zh
        );
        if let Some(wanted) = &question.only_if {
            let _ = writeln!(
                text,
                "only_if = {{ question = \"{}\", answer = \"{}\" }}",
                wanted.question, wanted.answer
            );
        }
        text.push_str("answers = [\n");
        for choice in &question.answers {
            let (id, words) = (&choice.id, &choice.text);
            let _ = write!(
                text,
                "  {{ id = \"{id}\", en = {:?}, zh = {:?}, weight = {}",
                words.en, words.zh, choice.weight
            );
            if let Some(priority) = choice.priority {
                let _ = write!(text, ", priority = {}", u8::from(priority));
            }
            if let Some(category) = &choice.category {
                let _ = write!(text, ", category = \"{category}\"");
            }
            if let Some(say) = &choice.say {
                let _ = write!(text, ", say = {{ en = {:?}, zh = {:?} }}", say.en, say.zh);
            }
            text.push_str(" },\n");
        }
        text.push_str("]\n\n");
    }
}

/// Derives plans from what was usually sent: the median number of each kind by category and priority.
///
/// For an agency that has no response file yet; its codes are their own labels.
pub fn plans_from(calls: &[PastCall], units: &[UnitRow]) -> ResponseFile {
    let kind_of: BTreeMap<&str, &str> = units
        .iter()
        .map(|unit| (unit.callsign.as_str(), unit.kind.as_str()))
        .collect();
    let mut sent: BTreeMap<(&str, u8), Vec<BTreeMap<&str, u32>>> = BTreeMap::new();
    for call in calls {
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        for response in &call.responses {
            let kind = kind_of
                .get(response.unit.as_str())
                .copied()
                .or(response.kind.as_deref());
            if let Some(kind) = kind {
                *kinds.entry(kind).or_default() += 1;
            }
        }
        sent.entry((&call.category, call.priority))
            .or_default()
            .push(kinds);
    }
    let label = |code: &Code| (code.clone(), Text::new(code.as_str(), code.as_str()));
    let codes = |words: BTreeSet<&str>| -> BTreeMap<Code, Text> {
        words
            .into_iter()
            .filter_map(|word| word.parse().ok())
            .map(|code| label(&code))
            .collect()
    };
    let kinds = codes(units.iter().map(|unit| unit.kind.as_str()).collect());
    let mut plans = Vec::new();
    for ((category, priority), calls) in &sent {
        let (Ok(category), Ok(priority)) =
            (category.parse::<Code>(), Priority::try_from(*priority))
        else {
            continue;
        };
        let mut needs: Vec<Need> = Vec::new();
        for kind in kinds.keys() {
            let mut counts: Vec<u32> = calls
                .iter()
                .map(|kinds| kinds.get(kind.as_str()).copied().unwrap_or(0))
                .collect();
            counts.sort_unstable();
            let count = counts[counts.len() / 2];
            if count > 0 {
                needs.push(Need {
                    count,
                    of: NeedOf::Kinds([kind.clone()].into()),
                    within_s: None,
                });
            }
        }
        if needs.is_empty() {
            needs.push(Need {
                count: 1,
                of: NeedOf::Anything,
                within_s: None,
            });
        }
        plans.push(Plan {
            category: Some(category),
            priorities: [priority].into(),
            alarms: vec![needs],
        });
    }
    ResponseFile {
        directives: DirectiveRules::default(),
        categories: codes(calls.iter().map(|call| call.category.as_str()).collect()),
        kinds,
        volunteer_kinds: BTreeSet::new(),
        capabilities: codes(
            units
                .iter()
                .flat_map(|unit| unit.capabilities.iter().map(String::as_str))
                .collect(),
        ),
        plans,
        triage: Rules::default(),
        version: "from-the-calls".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_file_that_was_written_reads_back_as_it_was() {
        let text = include_str!("../../../examples/demo-city/response.toml");
        let own = "[directives.kinds.check]\nen = \"Check\"\nzh = \"检查\"\nreport_s = 60\nverify = true\n\
                   [[directives.template]]\ncode = \"gate\"\nen = \"Gate\"\nzh = \"大门\"\nkind = \"check\"\n\
                   priority = 2\ntext_en = \"Look.\"\ntext_zh = \"检查。\"\n\
                   [kinds.watch]\nen = \"Watch\"\nzh = \"守望\"\nvolunteers = true\n\
                   [triage.categories.medical]\npriority_2 = 7\n";
        let response = ResponseFile::parse(&format!("{text}\n{own}")).unwrap();
        let again = ResponseFile::parse(&response_text(&response)).unwrap();
        assert!(!again.plans.is_empty() && !again.triage.questions.is_empty());
        assert_eq!(
            again,
            ResponseFile {
                version: again.version.clone(),
                ..response
            }
        );
    }
}
