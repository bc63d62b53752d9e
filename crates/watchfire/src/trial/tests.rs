//! Stories of a trial on a small town that is made here: times against a plain search, days that can be told by heart, the same
//! calls for every policy, files of a model as they come, and a report that lets no field text through.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write as _;

use super::compare::{Estimate, compare};
use super::dice::Dice;
use super::engine::play;
use super::network::{Arc, Driving, NEVER, Network, Scale, Spot, TimesTo};
use super::policy::Policy;
use super::report::{About, csv, html, json};
use super::scene::{Call, Cover, DAY_MS, Run, Scene, Station, Task, Unit};
use super::{jemss, tables};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// A place on the line: so many hundredths of a degree to the east, which is a kilometre each here.
fn at(east: f64) -> Spot {
    Spot {
        lat: 0.0,
        lon: east / 100.0,
    }
}

const SCALE: Scale = Scale {
    lat_m: 100_000.0,
    lon_m: 100_000.0,
};

/// A street of eleven nodes, a kilometre and a minute apart.
fn street() -> Network {
    let points = (0..11).map(|node| at(f64::from(node))).collect();
    let arc = |from, to| Arc {
        from,
        to,
        ms: vec![60_000],
    };
    let arcs = (0..10)
        .flat_map(|node| [arc(node, node + 1), arc(node + 1, node)])
        .collect();
    Network::new(
        points,
        &[true; 11],
        arcs,
        vec![Driving { off_road_m_s: 10.0 }],
        0,
        SCALE,
    )
}

/// Stations at both ends of the street, a unit at the western one, and demand at both ends and in the middle.
fn town(units: &[usize]) -> Scene {
    let mut network = street();
    let station = |name: &str, east: f64, network: &mut Network| {
        let near = network.near(at(east));
        Station {
            name: name.to_owned(),
            place: at(east),
            hub: network.hub(near),
            room: u32::MAX,
            open: true,
        }
    };
    let stations = vec![
        station("West", 0.0, &mut network),
        station("East <b>", 10.0, &mut network),
    ];
    let mut scene = Scene {
        name: "street".to_owned(),
        attribution: "nobody's map".to_owned(),
        network,
        districts: vec!["=1+1".to_owned()],
        stations,
        hospitals: Vec::new(),
        units: Vec::new(),
        kinds: vec!["ambulance".to_owned()],
        turnout_p90_ms: vec![0],
        priorities: ["1", "2", "3"].map(str::to_owned).to_vec(),
        target_ms: vec![8 * MINUTE, 8 * MINUTE, 20 * MINUTE],
        way: vec![0; 3],
        redirect: vec![
            vec![false; 3],
            vec![true, false, false],
            vec![true, false, false],
        ],
        cover: vec![None],
        cover_targets: vec![(240, 1_000)],
    };
    scene.units = units
        .iter()
        .enumerate()
        .map(|(number, station)| Unit {
            callsign: format!("A{number}"),
            kind: 0,
            station: *station,
            shift: None,
            only: Vec::new(),
        })
        .collect();
    let cells = vec![at(0.0), at(5.0), at(10.0)];
    let table = scene.travel_table(&cells).unwrap();
    scene.cover = vec![Some(Cover {
        table,
        weights: vec![vec![3, 1, 6]],
        first_hour: 0,
        cells,
        cell_m: 1_000.0,
    })];
    scene
}

/// Calls told as (minute, priority from 1, kilometres east, minutes on scene).
fn day(scene: &Scene, told: &[(i64, u8, f64, i64)]) -> Run {
    let mut run = Run {
        counted_to_ms: DAY_MS,
        ..Run::default()
    };
    for (number, (minute, priority, east, on_scene)) in told.iter().enumerate() {
        let place = at(*east);
        run.calls.push(Call {
            at_ms: minute * MINUTE,
            decide_ms: 0,
            priority: priority - 1,
            place,
            near: scene.network.near(place),
            tasks: (number, number + 1),
            district: 0,
        });
        run.tasks.push(Task {
            call: number,
            kinds: 1,
            turnout_ms: 0,
            on_scene_ms: on_scene * MINUTE,
            handover_ms: None,
        });
    }
    run
}

fn minutes(scene: &Scene, run: &Run, policy: &str) -> Vec<i64> {
    let outcome = play(scene, run, &Policy::named(policy).unwrap());
    let response = |ms: &Option<i64>| ms.map_or(-1, |ms| (ms + MINUTE / 2) / MINUTE);
    outcome.response_ms.iter().map(response).collect()
}

#[test]
fn times_are_those_of_a_plain_search_and_paths_add_up() {
    for seed in 1..=6 {
        let mut dice = Dice::new(seed, 9);
        let nodes = 40 + dice.below(40);
        let points: Vec<Spot> = (0..nodes)
            .map(|_| Spot {
                lat: dice.share() / 10.0,
                lon: dice.share() / 10.0,
            })
            .collect();
        let arcs: Vec<Arc> = (0..nodes * 3)
            .map(|_| Arc {
                from: dice.below(nodes) as u32,
                to: dice.below(nodes) as u32,
                ms: vec![1 + dice.below(9_999) as u32],
            })
            .collect();
        let plain = |start: u32| {
            let mut best = vec![NEVER; nodes];
            let mut heap = BinaryHeap::from([Reverse((0, start))]);
            best[start as usize] = 0;
            while let Some(Reverse((so_far, node))) = heap.pop() {
                for arc in arcs.iter().filter(|arc| arc.from == node) {
                    let there = so_far + arc.ms[0];
                    if there < best[arc.to as usize] {
                        best[arc.to as usize] = there;
                        heap.push(Reverse((there, arc.to)));
                    }
                }
            }
            best
        };
        let mut network = Network::new(
            points.clone(),
            &vec![true; nodes],
            arcs.clone(),
            vec![Driving { off_road_m_s: 1.0 }],
            0,
            SCALE,
        );
        let hub = network.hub(network.near(points[3]));
        let network = network;
        let mut times = TimesTo::new(&network);
        for from in 0..nodes as u32 {
            let oracle = plain(from);
            for to in 0..nodes as u32 {
                let wanted =
                    Some(i64::from(oracle[to as usize])).filter(|ms| *ms < i64::from(NEVER));
                times.aim(0, to);
                assert_eq!(times.from(from), wanted, "seed {seed}, from {from} to {to}");
                if let Some(ms) = wanted {
                    let path = network.path(0, from, to);
                    assert_eq!((path[path.len() - 1]), (to, ms), "seed {seed}");
                }
            }
            let end = network.hub_at(hub).node;
            assert_eq!(
                network.to_hub(hub, from),
                Some(i64::from(oracle[end as usize])).filter(|ms| *ms < i64::from(NEVER))
            );
            if let Some(ms) = network.to_hub(hub, from) {
                assert_eq!(network.path_to_hub(hub, from).last(), Some(&(end, ms)));
            }
        }
        for at in &points {
            assert_eq!(
                network.near(*at).off_m,
                0.0,
                "every node is nearest to itself"
            );
        }
    }
}

#[test]
fn a_unit_drives_works_and_is_sent_again_from_where_it_is() {
    let scene = town(&[0]);
    // Four minutes out, ten on scene. On the way home, at 15:30 between kilometres 3 and 2, it goes on to 2 and turns back to 4.
    let mut run = day(&scene, &[(0, 1, 4.0, 10), (15, 1, 4.0, 1)]);
    run.calls[1].at_ms += 30 * SECOND;
    let outcome = play(&scene, &run, &Policy::named("closest").unwrap());
    assert_eq!(
        outcome.response_ms,
        [Some(4 * MINUTE), Some(2 * MINUTE + 30 * SECOND)]
    );
    assert_eq!(outcome.reached, [2]);
    assert_eq!(outcome.bound_ms, [14 * MINUTE + 3 * MINUTE + 30 * SECOND]);
    // Off the road: the last 200 metres at 10 m/s.
    let mut run = day(&scene, &[(0, 1, 3.0, 1)]);
    run.calls[0].near.off_m = 200.0;
    assert_eq!(
        play(&scene, &run, &Policy::named("closest").unwrap()).response_ms,
        [Some(3 * MINUTE + 20 * SECOND)]
    );
}

#[test]
fn who_waits_longest_of_the_gravest_is_next() {
    let scene = town(&[0]);
    let run = day(
        &scene,
        &[
            (0, 1, 0.0, 30),
            (1, 3, 0.0, 1),
            (2, 2, 0.0, 1),
            (3, 2, 0.0, 1),
        ],
    );
    assert_eq!(minutes(&scene, &run, "closest"), [0, 31, 28, 28]);
}

#[test]
fn a_graver_call_takes_the_unit_and_the_other_call_is_not_forgotten() {
    let scene = town(&[0]);
    let run = day(&scene, &[(0, 3, 10.0, 5), (2, 1, 0.0, 5)]);
    // After two minutes it has just left kilometre 2: it turns at 3, and is at 0 four minutes later. Then the other call.
    assert_eq!(minutes(&scene, &run, "closest"), [21, 4]);
    let two = town(&[0, 1]);
    // Both are four minutes away from the grave call; one would be missed elsewhere.
    let run = day(&two, &[(0, 3, 5.0, 5), (2, 1, 6.0, 5)]);
    let closest = Policy::named("closest").unwrap();
    assert_eq!(play(&two, &run, &closest).redirected, 1);
    let cover = Policy {
        cover_worth_s: 0,
        ..Policy::named("cover").unwrap()
    };
    assert_eq!(play(&two, &run, &cover).redirected, 0);
}

#[test]
fn a_nearer_unit_that_becomes_free_takes_over() {
    let scene = town(&[0, 1]);
    // East works at kilometre 9 until minute 3; West has left for kilometre 8 at minute 1 and needs until minute 9.
    let run = day(&scene, &[(0, 1, 9.0, 2), (1, 1, 8.0, 5)]);
    assert_eq!(minutes(&scene, &run, "closest"), [1, 8]);
    // Both are in time. What East covers when it is free is worth more than five minutes, unless cover is worth nothing.
    assert_eq!(minutes(&scene, &run, "joint"), [1, 8]);
    let time_alone = Policy {
        cover_worth_s: 0,
        ..Policy::named("joint").unwrap()
    };
    let outcome = play(&scene, &run, &time_alone);
    assert_eq!(outcome.response_ms[1], Some(3 * MINUTE));
}

#[test]
fn who_drives_already_is_surer_than_who_still_has_to_depart() {
    let mut scene = town(&[0, 1]);
    // West comes home from kilometre 3 and passes 2 when somebody calls at 6: it turns at 1, six minutes. East stands, four away.
    let run = day(&scene, &[(0, 1, 3.0, 5), (9, 1, 6.0, 5)]);
    let reached =
        |scene: &Scene, policy: &str| play(scene, &run, &Policy::named(policy).unwrap()).reached;
    assert_eq!(reached(&scene, "closest"), [1, 1]);
    assert_eq!(reached(&scene, "closest_p90"), [1, 1], "nothing varies");
    // East is off at once this time; but one in ten takes longer than two minutes and a half, and nobody knows that before.
    scene.turnout_p90_ms = vec![150 * SECOND];
    assert_eq!(reached(&scene, "closest"), [1, 1]);
    assert_eq!(reached(&scene, "closest_p90"), [2, 0]);
}

#[test]
fn units_on_their_way_change_places_and_nobody_is_left_without_one() {
    let scene = town(&[0, 1]);
    // West has left for kilometre 4 and passes 1 when somebody calls there: it turns at 2. East is nine minutes from that, and six
    // from 4.
    let run = day(&scene, &[(0, 1, 4.0, 5), (1, 1, 1.0, 5)]);
    assert_eq!(minutes(&scene, &run, "closest"), [4, 9]);
    assert_eq!(minutes(&scene, &run, "joint"), [7, 2]);
    let outcome = play(&scene, &run, &Policy::named("joint").unwrap());
    assert_eq!(
        (outcome.swapped, outcome.redirected, outcome.waited),
        (1, 0, 0)
    );
    // With nobody to change with, the unit goes on to the first of equals; for a graver one it turns, as the rules say.
    let alone = town(&[0]);
    let run = day(&alone, &[(0, 1, 8.0, 5), (1, 1, 1.0, 5)]);
    assert_eq!(minutes(&alone, &run, "joint"), [8, 19]);
    let run = day(&alone, &[(0, 3, 10.0, 5), (2, 1, 0.0, 5)]);
    assert_eq!(minutes(&alone, &run, "joint"), [21, 4]);
}

#[test]
fn units_of_other_kinds_are_not_matched() {
    let mut scene = town(&[0, 1]);
    scene.kinds.push("engine".to_owned());
    scene.turnout_p90_ms.push(0);
    scene.cover = vec![None, None];
    scene.units[1].kind = 1;
    let mut run = day(&scene, &[(0, 1, 4.0, 5), (1, 1, 1.0, 5)]);
    run.tasks[1].kinds = 0b10;
    assert_eq!(minutes(&scene, &run, "joint"), [4, 9]);
    // A task that either can do links them.
    run.tasks[0].kinds = 0b11;
    run.tasks[1].kinds = 0b11;
    assert_eq!(minutes(&scene, &run, "joint"), [7, 2]);
}

#[test]
fn who_becomes_free_waits_where_it_is_needed() {
    let scene = town(&[0]);
    // Most calls come from the east; after a call in the middle the unit waits there and not at home.
    let run = day(&scene, &[(0, 1, 5.0, 5), (60, 1, 10.0, 5)]);
    assert_eq!(minutes(&scene, &run, "closest"), [5, 10]);
    assert_eq!(minutes(&scene, &run, "closest+move_up"), [5, 0]);
    let outcome = play(&scene, &run, &Policy::named("dmexclp").unwrap());
    assert_eq!(outcome.moves, [1]);
}

/// A busy fortnight on the street.
fn busy(scene: &Scene, seed: u64) -> Run {
    let mut dice = Dice::new(seed, 1);
    let mut minute = 0.0;
    let mut told = Vec::new();
    while minute < 14.0 * 1_440.0 {
        told.push((
            minute as i64,
            1 + dice.below(3) as u8,
            dice.below(11) as f64,
            5 + dice.below(30) as i64,
        ));
        minute += dice.exponential(12.0);
    }
    let mut run = day(scene, &told);
    run.counted_to_ms = 14 * DAY_MS;
    run
}

#[test]
fn every_call_is_reached_once_whatever_the_policy_and_nobody_is_in_two_places() {
    let scene = town(&[0, 0, 1, 1]);
    for seed in 1..=4 {
        let run = busy(&scene, seed);
        for name in [
            "closest",
            "dmexclp",
            "cover",
            "cover+move_up",
            "joint",
            "joint+move_up",
        ] {
            let policy = Policy::named(name).unwrap();
            let outcome = play(&scene, &run, &policy);
            assert!(
                outcome.response_ms.iter().all(Option::is_some),
                "seed {seed}, {name}"
            );
            assert_eq!(
                outcome.reached.iter().sum::<u32>() as usize,
                run.calls.len(),
                "seed {seed}, {name}"
            );
            assert!(
                outcome.bound_ms.iter().all(|ms| *ms <= 14 * DAY_MS),
                "seed {seed}, {name}"
            );
            assert_eq!(
                play(&scene, &run, &policy),
                outcome,
                "seed {seed}, {name}: the same again"
            );
        }
    }
}

#[test]
fn a_shift_ends_when_the_unit_is_free_and_begins_again_the_next_day() {
    let mut scene = town(&[0]);
    scene.units[0].shift = Some((8 * 60 * MINUTE, 16 * 60 * MINUTE));
    let run = day(
        &scene,
        &[
            (7 * 60, 2, 0.0, 5),
            (15 * 60 + 59, 2, 0.0, 5),
            (16 * 60 + 2, 2, 0.0, 5),
        ],
    );
    let mut run = Run {
        counted_to_ms: 2 * DAY_MS,
        ..run
    };
    run.calls[2].at_ms = 16 * 60 * MINUTE + 2 * MINUTE;
    assert_eq!(minutes(&scene, &run, "closest"), [60, 0, 16 * 60 - 2]);
}

#[test]
fn a_policy_compared_with_itself_differs_by_nothing_and_a_better_one_surely() {
    let scene = town(&[0, 0, 1]);
    let runs: Vec<Run> = (1..=5).map(|seed| busy(&scene, seed)).collect();
    let policies = ["closest", "closest", "joint+move_up"].map(|name| Policy::named(name).unwrap());
    let cases: Vec<(&Scene, &Policy)> = policies.iter().map(|policy| (&scene, policy)).collect();
    let compared = compare(&cases, &runs, 2, |_| {});
    assert_eq!(compared.summaries[1].difference.mean, 0.0);
    assert_eq!(compared.summaries[1].difference.pairs, 5);
    let better = compared.summaries[2].difference;
    assert!(better.mean < 0.0 && better.is_sure(), "{better:?}");
    let alone = compare(&cases, &runs, 1, |_| {});
    assert_eq!(alone, compared, "threads change nothing");
    // Student's interval of 1, 2, 3: mean 2, deviation 1, 4.303 / sqrt(3).
    let estimate = Estimate::of(&[1.0, 2.0, 3.0]);
    assert!((estimate.half_width.unwrap() - 2.484).abs() < 0.001 && !estimate.is_sure());
    assert_eq!(Estimate::of(&[1.0]).half_width, None);
}

#[test]
fn the_report_speaks_both_languages_and_lets_no_field_text_through() {
    let scene = town(&[0, 1]);
    let runs = [busy(&scene, 7)];
    let policies = ["closest", "cover+move_up"].map(|name| Policy::named(name).unwrap());
    let cases: Vec<(&Scene, &Policy)> = policies.iter().map(|policy| (&scene, policy)).collect();
    let compared = compare(&cases, &runs, 1, |_| {});
    let about = About {
        scene: "<script>".to_owned(),
        calls_en: "calls".to_owned(),
        calls_zh: "报警".to_owned(),
        runs: 1,
        seed: 1,
        attribution: "nobody's map".to_owned(),
        days_per_minute: 1.0,
    };
    let page = html(&about, &scene, &runs, &compared);
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http"));
    assert!(
        page.contains("East &lt;b&gt;")
            && page.contains("Late by priority")
            && page.contains("按优先级")
    );
    assert_eq!(
        page.matches("lang=\"en\"").count(),
        page.matches("lang=\"zh\"").count()
    );
    assert!(
        csv(&scene, &compared).contains("\"'=1+1\""),
        "no formula for a spreadsheet"
    );
    let read: serde_json::Value = serde_json::from_str(&json(&about, &scene, &compared)).unwrap();
    assert_eq!(
        read["compared"]["summaries"].as_array().map(Vec::len),
        Some(2)
    );
}

/// A model of the smallest kind, as the simulator's files have it.
const MODEL: [(&str, &str); 8] = [
    (
        "stations_1.csv",
        "stations,,,note\nindex,x,y,capacity\n1,0.0,0.0,5\n2,0.1,0.0,5\n",
    ),
    ("hospitals_1.csv", "hospitals,,\nindex,x,y\n1,0.05,0.0\n"),
    (
        "ambulances_1.csv",
        "ambulances,,\nindex,stationIndex,class\n1,1,1\n",
    ),
    (
        "priorities_1.csv",
        "priorities,,\npriority,name,targetResponseTime\n1,high,0.005555556\n2,low,0.013888889\n",
    ),
    (
        "travel_1.csv",
        "travelModes,,\ntravelModeIndex,offRoadSpeed,note\n1,1128,\"lights, sirens\"\n2,792,\n,,\ntravelSets,,\ntravelSetIndex,priority,travelModeIndex\n1,high,1\n1,low,2\n",
    ),
    (
        "map_1.csv",
        "map,1,,,,\nxMin,xMax,yMin,yMax,xScale,yScale\n0,1,0,1,100,100\n",
    ),
    (
        "redispatch.csv",
        "miscData,,\nallowRedispatch,,\n1,,\n,,\nredispatchConditions,,\nfromCallPriority,toCallPriority,allowRedispatch\nlow,high,1\n",
    ),
    (
        "nodes.csv",
        "nodes,,,\nindex,x,y,offRoadAccess\n1.0,0.0,0.0,1.0\n2.0,0.05,0.0,1.0\n3.0,0.1,0.0,1.0\n",
    ),
];
const ARCS: &str = "miscData,,,\narcForm,numModes,\ndirected,2\n,\narcs,,,\nindex,fromNode,toNode,distance,mode_1,mode_2,\n\
1,1,2,5,0.003472222,0.006944444\n2,2,1,5,0.003472222,0.006944444\n3,2,3,5,0.003472222,0.006944444\n4,3,2,5,0.003472222,0.006944444\n";
const CALLS: &str = "index,priority,x,y,arrival_s,dispatch_delay_s,on_scene_s,transport,handover_s\n1,1,0.05,0.0,100,50,600,1,60\n2,2,0.0,0.0,90000,50,60,0,0\n";

fn model(dir: &std::path::Path) {
    for (name, text) in MODEL {
        std::fs::write(dir.join(name), text).unwrap();
    }
    std::fs::write(dir.join("arcs.csv"), ARCS).unwrap();
}

/// A tar with one file, packed with gzip.
fn tar_gz(name: &str, text: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
    header[156] = b'0';
    let mut tar = header.to_vec();
    tar.extend(text.as_bytes());
    tar.resize(tar.len().next_multiple_of(512) + 1_024, 0);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&tar).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_model_is_read_as_it_comes_and_lived_through() {
    let dir = tempfile::tempdir().unwrap();
    model(dir.path());
    std::fs::write(
        dir.path().join("calls_rep01-10.tar.gz"),
        tar_gz("calls_01.csv", CALLS),
    )
    .unwrap();
    let scene = jemss::scene(dir.path()).unwrap();
    assert_eq!(scene.target_ms, [480 * SECOND, 1_200 * SECOND]);
    assert_eq!((scene.way.clone(), scene.network.plain), (vec![0, 1], 1));
    assert_eq!(scene.redirect, [[false, false], [true, false]]);
    let runs = jemss::runs(dir.path(), &scene).unwrap();
    let [(name, run)] = &runs[..] else {
        panic!("one file of calls")
    };
    assert_eq!(
        (name.as_str(), run.calls.len(), run.counted_from_ms),
        ("calls_01.csv", 2, DAY_MS)
    );
    let outcome = play(&scene, run, &Policy::named("closest").unwrap());
    // 50 s, then 5 km at 300 s with lights; the second finds the unit at home.
    assert_eq!(outcome.response_ms, [Some(350 * SECOND), Some(50 * SECOND)]);
}

#[test]
fn what_is_wrong_with_a_model_is_said_with_its_file() {
    for (file, text, says) in [
        (
            "ambulances_1.csv",
            "ambulances,,\nindex,stationIndex,class\n1,9,1\n",
            "no such station",
        ),
        (
            "arcs.csv",
            "arcs,,\nindex,fromNode,toNode,mode_1,mode_2\n1,1,77,1,1\n",
            "no such node",
        ),
        (
            "priorities_1.csv",
            "priorities,,\npriority,name,targetResponseTime\n",
            "0 priorities",
        ),
        ("travel_1.csv", "nothing here\n", "no table"),
        (
            "nodes.csv",
            "nodes,,\nindex,x,y\n1,here,0\n",
            "not a number",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        model(dir.path());
        std::fs::write(dir.path().join(file), text).unwrap();
        let said = jemss::scene(dir.path())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            said.contains(says)
                && said.contains(file.trim_end_matches("_1.csv").trim_end_matches(".csv")),
            "{file}: {said}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    model(dir.path());
    let scene = jemss::scene(dir.path()).unwrap();
    assert!(jemss::runs(dir.path(), &scene).is_err(), "no calls");
}

#[test]
fn damaged_wrappings_are_refused_and_never_followed_out_of_bounds() {
    assert!(tables::from_zip(b"PK\x05\x06", "nodes.csv", 10).is_err());
    assert!(tables::from_zip(b"no zip at all", "nodes.csv", 10).is_err());
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&[0; 1_001]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(
        tables::unpacked(bomb.clone(), 1_000).is_err(),
        "one past the limit"
    );
    assert_eq!(
        tables::unpacked(bomb, 1_001).map(|bytes| bytes.len()),
        Ok(1_001)
    );
    let whole = tar_gz("a", "text");
    let tar = tables::unpacked(whole, 100_000).unwrap();
    for end in 0..tar.len() {
        let _ = tables::from_tar(&tar[..end]);
    }
}
