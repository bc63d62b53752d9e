//! Nothing that is put into an importer makes it panic, and no row is ever lost without a word.
//!
//! A failing case prints its seed and its smallest form; `PROPTEST_RNG_SEED` replays it.

use proptest::prelude::*;
use watchfire_formats::{CallMap, import, stations_csv, stations_geojson, units_csv};

const MAP: &str = r#"
[file]
rows = "unit_response"
[time]
zone = "America/Los_Angeles"
formats = ["iso", "%m/%d/%Y %H:%M", "unix", "unix_ms", "seconds", "excel"]
origin = "2017-01-01T00:00:00"
[place]
column = "at"
pattern = "(lat, lon)"
datum = "bd09"
[call]
id = "id"
received = "t"
entered = { column = "u", day_of = "received" }
said = "said"
[response]
unit = "unit"
unit_separator = ";"
dispatched = { after = "received", clock = "u" }
arrived = ["u", "t"]
cleared = { columns = ["t", "u"] }
transported = "u"
[category]
column = "said"
default = "keep"
[priority]
column = "u"
default = 3
[area]
column = "at"
"#;

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("2017-11-05 01:30:00".to_owned()),
        Just("2017-03-12T02:30:00".to_owned()),
        Just("(37.5, -122.5)".to_owned()),
        Just("(1e308, -1)".to_owned()),
        Just("9999999999999999999999".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("12:03:04".to_owned()),
        "[0-9:./ -]{0,24}",
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn file() -> impl Strategy<Value = String> {
    let row = proptest::collection::vec(field(), 0..8).prop_map(|fields| fields.join(","));
    proptest::collection::vec(row, 0..12)
        .prop_map(|rows| format!("id,unit,t,u,at,said\n{}", rows.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let map = CallMap::parse(MAP).unwrap();
        let _ = import(&bytes, &map);
        let mut packed = vec![0x1F, 0x8B, 8, 0];
        packed.extend(&bytes);
        let _ = import(&packed, &map);
        let _ = (stations_csv(&bytes), units_csv(&bytes, &[]), stations_geojson(&bytes, "code", "name"));
    }

    #[test]
    fn every_row_is_taken_skipped_or_refused(file in file()) {
        let report = match import(file.as_bytes(), &CallMap::parse(MAP).unwrap()) {
            Ok(found) => {
                let responses: usize = found.calls.iter().map(|call| call.responses.len()).sum();
                prop_assert_eq!(found.report.responses, responses as u64);
                prop_assert!(found.calls.iter().all(|call| (1..=4).contains(&call.priority) && call.lat.abs() <= 90.0 && call.lon.abs() <= 180.0));
                found.report
            }
            Err(_) => return Ok(()),
        };
        prop_assert_eq!(report.rows_read, report.rows_taken + report.rows_skipped + report.rows_refused);
        prop_assert_eq!(report.rows_refused, report.refused.counts().map(|(_, _, count)| count).sum::<u64>());
        let _ = report.to_string();
    }

    #[test]
    fn arbitrary_maps_are_refused_or_read(changes in proptest::collection::vec((0..MAP.len(), "\\PC{0,6}"), 0..4)) {
        let mut map = MAP.to_owned();
        for (at, text) in changes {
            let at = (0..=at.min(map.len())).rev().find(|at| map.is_char_boundary(*at)).unwrap();
            let end = (at + text.len()).min(map.len());
            if map.is_char_boundary(end) {
                map.replace_range(at..end, &text);
            }
        }
        if let Ok(map) = CallMap::parse(&map) {
            let _ = import(b"id,unit,t,u,at,said\n1,E,2017-01-01 00:00:00,,\"(1, 2)\",x\n", &map);
        }
    }
}
