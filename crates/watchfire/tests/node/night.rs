//! The night of three agencies, played from handover to settlement with a part of its calls: every check that it makes of itself
//! holds, and every node that it leaves behind can be proved from its entries.

use std::path::Path;
use std::sync::{Arc, Mutex};

use watchfire::city;
use watchfire::cover::Cover;
use watchfire::night::{self, City, Pace, Plan, Said};
use watchfire::past::{Manners, Past};

/// One call of so many is played, so that the test is short; the demo plays them all.
const ONE_OF: usize = 8;

/// Reads the demo city, without its roads: times are then by straight line.
fn demo_city() -> City {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-city");
    let file = |name: &str| folder.join(name);
    let read = city::calls(&file("calls.csv.gz"), &file("calls.map.toml")).unwrap();
    let stations = city::stations(&file("stations.csv")).unwrap().rows;
    let units = city::units(&file("units.csv"), &stations).unwrap().rows;
    let calls = read.calls.into_iter().step_by(ONE_OF).collect();
    City {
        past: Past::new(calls, &units, Manners::default()),
        stations,
        units,
        response: Arc::new(city::response(&file("response.toml")).unwrap()),
        router: None,
        time_percent: 100,
        areas: Vec::new(),
        zone: "America/Los_Angeles".to_owned(),
        cover: Mutex::new(Cover::default()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_whole_night_of_three_agencies_comes_out_even() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("night");
    let plan = Plan {
        dir: kept.clone(),
        listen: ([127, 0, 0, 1], super::joint::ports(22)).into(),
        pace: Pace::quickest(),
        once: true,
    };
    let heard: Arc<Mutex<Vec<Said>>> = Arc::default();
    let told = Arc::clone(&heard);
    let tell = move |said: &Said| told.lock().unwrap().push(said.clone());
    let checks = night::run(plan, demo_city(), tell, |_| ()).await.unwrap();
    for check in &checks {
        assert_eq!(check.wrong, None, "{}", check.found.en);
    }
    assert_eq!(checks.len(), 8, "{checks:?}");
    let heard: Vec<Said> = heard.lock().unwrap().clone();
    let acts: Vec<&str> = heard
        .iter()
        .filter(|said| said.act)
        .map(|said| said.en.split([':', ';']).next().unwrap())
        .collect();
    let expected = [
        "Three agencies take up New Year's Eve",
        "Handover",
        "Assessment",
        "Consultation",
        "Planned action",
        "Support",
        "Settlement",
    ];
    assert_eq!(acts, expected);
    assert!(heard.iter().all(|said| !said.zh.is_empty()));
    for agency in 0..3 {
        let report = watchfire_store::check(&kept.join(agency.to_string()), |_| ()).unwrap();
        assert!(
            report.records > 0 && report.copies > 0,
            "{agency}: {report:?}"
        );
    }
    // Told once, it is not told over what it left behind.
    let again = Plan {
        dir: kept,
        listen: ([127, 0, 0, 1], 0).into(),
        pace: Pace::quickest(),
        once: true,
    };
    let refused = night::run(again, demo_city(), |_| (), |_| ()).await;
    assert!(refused.unwrap_err().to_string().contains("is not empty"));
}
