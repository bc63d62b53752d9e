//! The demo city is read with the map that is shipped beside it, and comes out as it was counted by hand.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads the files it is about"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use watchfire_formats::{
    CallMap, Import, Reason, import, stations_csv, stations_geojson, units_csv,
};

fn demo_city(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/demo-city")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The import, made once for all tests.
static CALLS: LazyLock<Import> = LazyLock::new(|| {
    let map = String::from_utf8(demo_city("calls.map.toml")).expect("the map is text");
    let map = CallMap::parse(&map).unwrap_or_else(|error| panic!("{error}"));
    import(&demo_city("calls.csv.gz"), &map).unwrap_or_else(|error| panic!("{error}"))
});

#[test]
fn five_days_of_san_francisco_are_read_without_loss() {
    let Import { calls, report } = &*CALLS;
    assert_eq!(
        (report.rows_read, report.rows_taken, report.rows_refused),
        (4_794, 4_794, 0)
    );
    assert_eq!((calls.len(), report.responses), (2_261, 4_794));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert_eq!(
        report.noticed.count_of(Reason::TimesOutOfOrder),
        12,
        "reported, not dropped"
    );
    let units: BTreeMap<&str, ()> = calls
        .iter()
        .flat_map(|call| &call.responses)
        .map(|response| (response.unit.as_str(), ()))
        .collect();
    assert_eq!(units.len(), 169);
    assert!(calls.is_sorted_by_key(|call| (call.received, call.source_id.clone())));
}

#[test]
fn the_first_call_is_the_gas_leak_in_clay_street() {
    let calls = &CALLS.calls;
    let call = &calls[0];
    assert_eq!(
        (
            call.source_id.as_str(),
            call.line,
            call.category.as_str(),
            call.priority
        ),
        ("163660008", 2, "gas_leak", 1)
    );
    assert_eq!(
        call.received, 1_483_171_264_000,
        "12/31/2016 12:01:04 AM in San Francisco is 08:01:04 UTC"
    );
    let sent: Vec<_> = call
        .responses
        .iter()
        .map(|response| (response.unit.as_str(), response.kind.as_deref()))
        .collect();
    assert_eq!(
        sent,
        [
            ("E41", Some("engine")),
            ("B04", Some("chief")),
            ("T03", Some("truck"))
        ]
    );
}

#[test]
fn the_airport_has_an_area_of_its_own() {
    let calls = &CALLS.calls;
    let at_airport = calls
        .iter()
        .filter(|call| call.area.as_deref() == Some("airport"));
    assert!(
        at_airport
            .flat_map(|call| &call.responses)
            .all(|response| response.unit == "AP")
    );
    assert!(
        calls.iter().any(|call| call.area.as_deref() == Some("01")),
        "other areas are kept as they stand"
    );
}

#[test]
fn every_unit_of_the_calls_is_in_the_list_of_units() {
    let stations = stations_csv(&demo_city("stations.csv")).unwrap();
    let units = units_csv(&demo_city("units.csv"), &stations.rows).unwrap();
    assert_eq!((stations.rows.len(), units.rows.len()), (42, 169));
    for report in [&stations.report, &units.report] {
        assert_eq!(
            (report.rows_read, report.columns_unused.len()),
            (report.rows_taken, 0),
            "{report}"
        );
    }
    let kinds: BTreeMap<&str, &str> = units
        .rows
        .iter()
        .map(|unit| (unit.callsign.as_str(), unit.kind.as_str()))
        .collect();
    for response in CALLS.calls.iter().flat_map(|call| &call.responses) {
        assert_eq!(
            kinds.get(response.unit.as_str()).copied(),
            response.kind.as_deref(),
            "{}",
            response.unit
        );
    }
}

#[test]
fn the_published_stations_are_read_as_they_are() {
    let list =
        stations_geojson(&demo_city("stations.geojson"), "facility_id", "common_name").unwrap();
    assert_eq!((list.rows.len(), list.report.rows_taken), (42, 42));
}
