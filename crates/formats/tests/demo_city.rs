//! The demo city is read with the map that is shipped beside it, and comes out as it was counted by hand.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads the files it is about"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use watchfire_formats::{CallMap, Import, Reason, import};

fn demo_city(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/demo-city")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn calls() -> Import {
    let map = String::from_utf8(demo_city("calls.map.toml")).expect("the map is text");
    let map = CallMap::parse(&map).unwrap_or_else(|error| panic!("{error}"));
    import(&demo_city("calls.csv.gz"), &map).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn five_days_of_san_francisco_are_read_without_loss() {
    let Import { calls, report } = calls();
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
    let calls = calls().calls;
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
