//! A file of another kind, mapped from the documentation alone: one row is one call, times are seconds, no unit is named.
//!
//! The data is not part of the repository; the test says so and passes when it is absent.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads the files it is about"
)]

use std::path::PathBuf;

use watchfire_formats::{CallMap, import};

/// Returns a file of the shared data: under `WATCHFIRE_SHARED_DATA`, else in `shared/data` beside the checkout.
fn shared(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("WATCHFIRE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    std::fs::read(folder.join(name)).ok()
}

#[test]
fn synthetic_calls_of_auckland_are_read_without_loss() {
    let Some(file) = shared("benchmarks/jemss-auckland/synthetic-calls-train-1.csv.gz") else {
        println!("skipped: the shared data is not here; set WATCHFIRE_SHARED_DATA to its folder");
        return;
    };
    let found = import(
        &file,
        &CallMap::parse(include_str!("auckland.map.toml")).unwrap(),
    )
    .unwrap();
    assert_eq!(
        (
            found.report.rows_read,
            found.report.rows_refused,
            found.calls.len()
        ),
        (4_282, 0, 4_282)
    );
    assert!(
        found.report.unmapped.is_empty(),
        "priorities 1 to 3 need no table"
    );
    let call = &found.calls[0];
    assert_eq!(
        call.received, 1_483_182_070_800,
        "70.8 s after midnight in Auckland"
    );
    let response = &call.responses[0];
    assert_eq!(response.dispatched, Some(call.received + 50_000));
    assert_eq!(
        (
            response.scene_time_s(),
            response.handover_s,
            response.transported
        ),
        (Some(352.8), Some(25.9), Some(true))
    );
    let stayed = found
        .calls
        .iter()
        .flat_map(|call| &call.responses)
        .find(|response| response.transported == Some(false));
    assert_eq!(stayed.unwrap().handover_s, None, "nobody was at a hospital");
}
