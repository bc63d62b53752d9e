//! `watchfire trial` on an agency's own files, from the files to the report, on two days of San Francisco: what is on record goes
//! in as it is, nothing is lost without a word, and what is wrong with a file is said with its name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use watchfire::city;
use watchfire::trial::own;

const CITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo-city");

/// A folder with the city's files, the calls cut to the first rows.
struct Agency {
    dir: TempDir,
}

impl Agency {
    fn new(rows: usize) -> Agency {
        let agency = Agency {
            dir: TempDir::new().unwrap(),
        };
        for file in [
            "roads.osm.pbf",
            "stations.csv",
            "units.csv",
            "calls.map.toml",
        ] {
            std::fs::copy(Path::new(CITY).join(file), agency.file(file)).unwrap();
        }
        let packed = std::fs::read(Path::new(CITY).join("calls.csv.gz")).unwrap();
        let mut text = String::new();
        GzDecoder::new(&packed[..])
            .read_to_string(&mut text)
            .unwrap();
        let lines: Vec<&str> = text.lines().take(rows + 1).collect();
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(lines.join("\n").as_bytes()).unwrap();
        agency.put("calls.csv.gz", &packer.finish().unwrap());
        agency
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.file(name), bytes).unwrap();
    }

    /// Runs a trial of these files with more words to it.
    fn trial(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.current_dir(self.dir.path()).args([
            "trial",
            "--roads",
            "roads.osm.pbf",
            "--stations",
            "stations.csv",
            "--units",
            "units.csv",
            "--calls",
            "calls.csv.gz",
            "--map",
            "calls.map.toml",
        ]);
        command.args(words).output().unwrap()
    }

    /// What is said when a trial of these files fails.
    fn fails(&self, words: &[&str]) -> String {
        let output = self.trial(&[words, &["--out", "out"]].concat());
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        assert!(!self.file("out/report.html").exists(), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// How many calls (or responses) a run said that it left out, by the beginning of why.
fn left_out(said: &str, why: &str) -> u64 {
    let line = said
        .lines()
        .filter_map(|line| line.strip_prefix("left out: ")?.split_once(' '))
        .find(|(_, what)| what.starts_with(why));
    line.map_or(0, |(count, _)| count.parse().unwrap())
}

#[test]
fn a_trial_of_own_files_is_told_in_a_report_and_comes_out_the_same_again() {
    let agency = Agency::new(1_500);
    let units = std::fs::read_to_string(agency.file("units.csv")).unwrap();
    agency.put(
        "units.csv",
        format!("{units}X1,engine,,no such station,,,,\n").as_bytes(),
    );
    let words = ["--policy", "closest,cover+move_up", "--threads"];
    let first = agency.trial(&[&words[..], &["1", "--out", "first"]].concat());
    assert!(first.status.success(), "{first:?}");
    let said = String::from_utf8(first.stderr).unwrap();
    let table = String::from_utf8(first.stdout).unwrap();
    assert!(
        table.contains("closest") && table.contains("cover+move_up"),
        "{table}"
    );
    let report = std::fs::read_to_string(agency.file("first/report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let summaries = report["compared"]["summaries"].as_array().unwrap();
    assert_eq!(summaries.len(), 2);
    // Each call of the file is played, or it is said why not; every policy meets the same.
    let import = city::calls(&agency.file("calls.csv.gz"), &agency.file("calls.map.toml")).unwrap();
    let dropped = left_out(&said, "calls lie too far") + left_out(&said, "calls that no unit");
    for one in summaries {
        let calls = one["all"]["calls"].as_u64().unwrap();
        assert_eq!(calls + dropped, import.calls.len() as u64, "{said}");
        let mean_s = one["mean_s"].as_f64().unwrap();
        assert!((120.0..1_200.0).contains(&mean_s), "{mean_s} s");
        let of_priorities = one["by_priority"].as_array().unwrap().iter();
        let sum: u64 = of_priorities
            .map(|one| one["calls"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, calls);
    }
    assert_eq!(summaries[0]["difference"]["mean"], 0.0);
    assert_eq!(summaries[0]["moves_per_unit_day"], 0.0);
    assert!(summaries[1]["moves_per_unit_day"].as_f64().unwrap() > 0.0);
    let second = agency.trial(&[&words[..], &["2", "--out", "second"]].concat());
    assert!(second.status.success(), "{second:?}");
    let csv = |out: &str| std::fs::read(agency.file(out).join("report.csv")).unwrap();
    assert_eq!(csv("first"), csv("second"), "threads change nothing");
}

#[test]
fn what_is_on_record_goes_in_as_it_is() {
    let agency = Agency::new(60);
    let stations = city::stations(&agency.file("stations.csv")).unwrap();
    let units = city::units(&agency.file("units.csv"), &stations.rows).unwrap();
    let calls = city::calls(&agency.file("calls.csv.gz"), &agency.file("calls.map.toml")).unwrap();
    let router = city::router(&agency.file("roads.osm.pbf")).unwrap();
    let shifts = own::shifts("callsign,from,to\nE41,07:30,19:30\n").unwrap();
    let asked = own::Asked {
        name: "two nights".to_owned(),
        router: &router,
        time_percent: 100,
        stations: &stations.rows,
        units: &units.rows,
        calls: &calls.calls,
        alike: vec![vec!["medic".to_owned(), "ambulance".to_owned()]],
        not_public: BTreeSet::new(),
        targets_s: [480, 720, 1_200, 1_800],
        zone: TimeZone::get("America/Los_Angeles").unwrap(),
        shifts,
    };
    let (scene, run, _) = own::scene(&asked).unwrap();
    assert_eq!(scene.units.len(), units.rows.len());
    assert!(
        scene.kinds.contains(&"medic+ambulance".to_owned()),
        "{:?}",
        scene.kinds
    );
    // The first call on record: 12:01:04 received, 12:02:41 entered; E41 sent 12:02:54, off 12:05:53, there 12:06:36, free 12:13:54.
    let first = &run.calls[0];
    assert_eq!((first.at_ms, first.priority), (0, 0));
    assert_eq!(
        first.decide_ms,
        (97 + 15) * 1_000,
        "entry, and fifteen seconds to choose"
    );
    assert_eq!(scene.districts[usize::from(first.district)], "41");
    let engine = scene
        .kinds
        .iter()
        .position(|kind| kind == "engine")
        .unwrap();
    let tasks = &run.tasks[first.tasks.0..first.tasks.1];
    assert_eq!(tasks.len(), 3, "E41, B04 and T03 arrived");
    let of_engine = tasks.iter().find(|task| task.kinds == 1 << engine).unwrap();
    assert_eq!(
        (of_engine.turnout_ms, of_engine.on_scene_ms),
        (179_000, 438_000)
    );
    // Runs begin with the first call, at 00:01:04: shifts are told from there.
    let on_shift = scene
        .units
        .iter()
        .find(|unit| unit.callsign == "E41")
        .unwrap();
    assert_eq!(on_shift.shift, Some((26_936_000, 70_136_000)));
    let arrived = calls.calls.iter().flat_map(|call| &call.responses);
    let arrived = arrived.filter(|one| one.arrived.is_some()).count();
    assert!(run.tasks.len() <= arrived && run.tasks.len() * 10 > arrived * 9);
    assert!(run.calls.is_sorted_by_key(|call| call.at_ms));
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name() {
    let agency = Agency::new(40);
    let told: BTreeMap<&str, &str> = [
        ("stations.csv", "code,name\n01,Station 1\n"),
        ("units.csv", "callsign,kind,station\nE1,engine,nowhere\n"),
        ("calls.map.toml", "[file]\nrows = \"a guess\"\n"),
        ("calls.csv.gz", "no export of calls"),
        ("roads.osm.pbf", "no map"),
    ]
    .into();
    for (file, text) in told {
        let whole = std::fs::read(agency.file(file)).unwrap();
        agency.put(file, text.as_bytes());
        let said = agency.fails(&[]);
        assert!(said.contains(file), "{file}: {said}");
        std::fs::remove_file(agency.file(file)).unwrap();
        let said = agency.fails(&[]);
        assert!(said.contains(file), "{file} is missing: {said}");
        agency.put(file, &whole);
    }
    for (text, says) in [
        (
            "callsign,from,to\nE41,25:00,07:00\n",
            "no time such as 07:30",
        ),
        ("callsign,from\nE41,07:00\n", "no column 'to'"),
        (
            "callsign,from,to\nE41,07:00,19:00\nX99,07:00,19:00\n",
            "X99",
        ),
    ] {
        agency.put("shifts.csv", text.as_bytes());
        let said = agency.fails(&["--shifts", "shifts.csv"]);
        assert!(
            said.contains("shifts.csv") && said.contains(says),
            "{says}: {said}"
        );
    }
    for (words, says) in [
        (["--policy", "fastest"], "fastest"),
        (["--not-public", "citizen_asist"], "citizen_asist"),
        (["--alike", "medic+ambulanse"], "ambulanse"),
        (["--add-unit", "medic@37.76"], "latitude,longitude"),
        (["--add-unit", "zeppelin@37.76,-122.42"], "zeppelin"),
        (["--move-station", "Nowhere@37.76,-122.42"], "Nowhere"),
    ] {
        let said = agency.fails(&words);
        assert!(said.contains(says), "{words:?}: {said}");
    }
}
