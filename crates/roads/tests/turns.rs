//! Turn restrictions, barriers and ferries on maps that can be checked with a pencil.
//!
//! The maps are drawn in the form of `common::map`: `a0 b0` is a hundred metres due east, residential unless said
//! otherwise, which is 30 km/h or 12 s.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{at, build_map, map};
use std::sync::Arc;
use watchfire_roads::limits::TURN_ARCS_MAX;
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{
    Access, BuildOptions, BuildReport, Entry, Format, NoRoute, Parts, Profile, Router, TurnSkip,
    build,
};

const HUNDRED_METRES_MS: f64 = 12_000.0;

/// A crossing of two streets at b1, with a block to its south-east to go round.
const CROSSING: &str = "
    West: a1 b1
    East: b1 c1
    North: b2 b1
    South: b1 b0
    Round: b0 c0 c1";

fn town(text: &str, options: &BuildOptions) -> (Router, BuildReport) {
    let (graph, report) = build(
        Format::OsmXml,
        map(text).as_bytes(),
        options,
        &mut |_, _, _| {},
    )
    .unwrap();
    (Router::new(Arc::new(graph)), report)
}

/// Hundreds of metres of residential street from one place to another, to a tenth; none if there is no way. The slow
/// answer and the route must agree.
#[track_caller]
fn hundreds(router: &Router, from: &str, to: &str) -> Option<f64> {
    let time = router.times_to(at(to), &[at(from)])[0];
    let snaps = [router.snap(at(from)).unwrap()];
    let slow = Oracle::new(router).times_to_snapped(&router.snap(at(to)).unwrap(), &snaps);
    assert_eq!(time, slow[0], "{from} to {to}");
    let route = router.route(at(from), at(to));
    assert_eq!(
        route.map(|route| route.time_ms),
        time.map(|time| time.time_ms),
        "{from} to {to}"
    );
    let hundreds = |ms: u32| (f64::from(ms) / HUNDRED_METRES_MS * 10.0).round() / 10.0;
    match time {
        Ok(time) => Some(hundreds(time.time_ms)),
        Err(why) => {
            assert_eq!(why, NoRoute::Unreachable);
            None
        }
    }
}

/// One case per line: restriction `=>` `from to hundreds`, separated by commas.
#[track_caller]
fn check(base: &str, table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (restriction, wanted) = line.split_once("=>").unwrap();
        let mut text = base.to_owned();
        if !restriction.trim().is_empty() {
            text += &format!("\n@turn: {restriction}");
        }
        let (router, report) = town(&text, &BuildOptions::default());
        assert_eq!(report.turns.obeyed, report.turns.read, "{line}: {report}");
        for case in wanted.split(',') {
            let words: Vec<&str> = case.split_whitespace().collect();
            let got = hundreds(&router, words[0], words[1]);
            assert_eq!(got, words[2].parse().ok(), "{line}: {case}");
        }
    }
}

#[test]
fn a_turn_that_is_forbidden_is_gone_round() {
    check(
        CROSSING,
        "=> a1 b0 2, b2 c1 2
         from=West via=b1 to=South restriction=no_right_turn => a1 b0 4, b2 b0 2, a1 c1 2, b0 a1 2
         from=West via=b1 to=South restriction=only_straight_on => a1 b0 2, a1 c1 4, b2 c1 2
         from=North via=b1 to=South restriction=no_straight_on => b2 b0 4, b2 b0.5 3.5, b2 a1 2, a1 b0 2",
    );
}

#[test]
fn whoever_stands_at_a_junction_is_bound_by_nothing_there() {
    check(
        CROSSING,
        "from=West via=b1 to=South restriction=no_right_turn => b1 b0 1, a1 b1 1",
    );
}

#[test]
fn a_target_in_the_middle_of_a_street_is_entered_where_one_may_turn_into_it() {
    check(
        CROSSING,
        "from=West via=b1 to=South restriction=no_right_turn => a1 b0.5 3.5, b1 b0.5 0.5
         from=West via=b1 to=East restriction=no_straight_on => a1 c1 4",
    );
}

#[test]
fn turning_round_is_allowed_at_junctions_unless_it_is_forbidden() {
    // From the west one may not turn right; going on to the end of the street and turning round there is shorter than none.
    let spur = "
        West: a1 b1
        East: b1 c1
        South: b1 b0 a0 a1";
    check(
        spur,
        "from=West via=b1 to=South restriction=no_right_turn => a1 b0 2, b1 b0 1
         from=East via=b1 to=South restriction=no_left_turn => c1 b0 4",
    );
    let turned = format!("{spur}\n@turn: from=West via=b1 to=West restriction=no_u_turn");
    check(
        &turned,
        "from=East via=b1 to=South restriction=no_left_turn => c1 b0 4",
    );
}

#[test]
fn a_restriction_by_a_way_between_binds_only_those_who_drive_all_of_it() {
    // Two carriageways and a link between them, which may be crossed but not used to turn round.
    let road = "
        Out: a1 b1 oneway=yes
        On: b1 c1 d1 oneway=yes
        In: d0 c0 b0 oneway=yes
        Home: b0 a0 oneway=yes
        Link: b1 b0
        Far: d1 d0
        Near: a0 a1 oneway=yes
        Side: b0 c4";
    check(
        road,
        "=> a1 a0 3
         from=Out via=Link to=Home restriction=no_u_turn => a1 a0 7, a1 b0 2, b1 a0 2",
    );
    // Whoever comes from elsewhere is not bound, and whoever went elsewhere first comes from there.
    let with_lane = format!("{road}\nLane: b2 b1");
    check(
        &with_lane,
        "from=Out via=Link to=Home restriction=no_u_turn => b2 a0 3, a1 a0 5",
    );
}

#[test]
fn an_only_restriction_by_ways_leaves_no_other_way() {
    let road = "
        In: a0 b0
        Middle: b0 c0
        Out: c0 d0
        Up: b0 b1
        Down: c0 c1
        Round: b1 d1 d0
        Other: c1 c2 d2 d1";
    check(
        road,
        "=> a0 b1 2, a0 c1 3
         from=In via=Middle to=Out restriction=only_straight_on => a0 b1 6, a0 c1 5, b0 b1 1, b1 c1 3",
    );
}

#[test]
fn those_with_lights_and_siren_are_not_bound_where_the_map_says_so() {
    let text = format!(
        "{CROSSING}\n@turn: from=West via=b1 to=South restriction=no_right_turn except=emergency;bus"
    );
    let options = BuildOptions {
        siren_speed_percent: 100,
        ..BuildOptions::default()
    };
    let (router, report) = town(&text, &options);
    assert_eq!((report.turns.obeyed, report.turns.plain_only), (1, 1));
    assert_eq!(hundreds(&router, "a1", "b0"), Some(4.0));
    assert_eq!(
        hundreds(&router.under(Profile::Siren), "a1", "b0"),
        Some(2.0)
    );
}

#[test]
fn what_is_not_obeyed_is_counted_by_reason() {
    let base = "
        West: a1 b1
        East: b1 c1
        North: b2 b1 oneway=yes
        South: b1 b0
        Through: b1 d3 b4
        Round: b0 c0 c1 b2
        Walk: b1 a2 highway=footway";
    for (restriction, reason) in [
        (
            "from=West via=b1 to=South restriction:conditional=no_right_turn@(Mo-Fr)",
            TurnSkip::Conditional,
        ),
        (
            "from=West via=b1 to=South restriction=no_right_turn hour_on=07:00",
            TurnSkip::Conditional,
        ),
        (
            "from=West via=b1 to=South restriction:hgv=no_right_turn",
            TurnSkip::OtherVehicles,
        ),
        (
            "from=West via=b1 to=South restriction=no_right_turn except=motorcar",
            TurnSkip::OtherVehicles,
        ),
        (
            "from=West via=b1 to=South restriction=please_not",
            TurnSkip::Malformed,
        ),
        (
            "from=West to=South restriction=no_right_turn",
            TurnSkip::Malformed,
        ),
        (
            "from=West+East via=b1 to=South restriction=only_right_turn",
            TurnSkip::Malformed,
        ),
        (
            "from=West via=b1 to=Walk restriction=no_left_turn",
            TurnSkip::NotInGraph,
        ),
        (
            "from=West via=z9 to=South restriction=no_left_turn",
            TurnSkip::NotInGraph,
        ),
        (
            "from=West via=c1 to=East restriction=no_left_turn",
            TurnSkip::Ambiguous,
        ),
        (
            "from=West via=Round to=East restriction=no_u_turn",
            TurnSkip::Ambiguous,
        ),
        (
            "from=West via=b1 to=North restriction=no_left_turn",
            TurnSkip::Moot,
        ),
    ] {
        let (_, report) = town(
            &format!("{base}\n@turn: {restriction}"),
            &BuildOptions::default(),
        );
        assert_eq!(report.turns.obeyed, 0, "{restriction}");
        assert_eq!(
            report.turns.skipped.get(&reason),
            Some(&1),
            "{restriction}: {report}"
        );
    }
}

#[test]
fn several_first_or_last_ways_are_each_forbidden() {
    check(
        CROSSING,
        "from=West+North via=b1 to=South restriction=no_entry => a1 b0 4, b2 b0 4, c1 b0 2
         from=West via=b1 to=South+North restriction=no_exit => a1 b0 4",
    );
}

#[test]
fn a_restriction_names_the_modes_it_is_for_and_the_nearest_to_us_wins() {
    for (tags, bound) in [
        ("restriction:motorcar=no_right_turn", true),
        ("restriction:motor_vehicle=no_right_turn", true),
        (
            "restriction=no_right_turn restriction:emergency=none",
            false,
        ),
    ] {
        let text = format!("{CROSSING}\n@turn: from=West via=b1 to=South {tags}");
        let (router, _) = town(&text, &BuildOptions::default());
        let wanted = if bound { 4.0 } else { 2.0 };
        assert_eq!(hundreds(&router, "a1", "b0"), Some(wanted), "{tags}");
    }
}

#[test]
fn bollards_close_a_street_and_gates_do_not_unless_told() {
    let text = "
        Short: a0 b0 c0
        Long: a0 a1 c1 c0
        @at: b0 barrier=";
    let time = |barrier: &str, access: Access, profile| {
        let options = BuildOptions {
            access,
            siren_speed_percent: 100,
            ..BuildOptions::default()
        };
        let (router, _) = town(
            &text.replace("barrier=", &format!("barrier={barrier}")),
            &options,
        );
        hundreds(&router.under(profile), "a0", "c0")
    };
    let usual = Access::default;
    assert_eq!(time("gate", usual(), Profile::Plain), Some(2.0));
    assert_eq!(time("bollard", usual(), Profile::Plain), Some(4.0));
    assert_eq!(time("bollard", usual(), Profile::Siren), Some(4.0));
    let siren_only = || Access {
        bollards: Entry::SirenOnly,
        ..Access::default()
    };
    assert_eq!(time("bollard", siren_only(), Profile::Plain), Some(4.0));
    assert_eq!(time("bollard", siren_only(), Profile::Siren), Some(2.0));
    let (_, report) = town(
        &text.replace("barrier=", "barrier=block"),
        &BuildOptions::default(),
    );
    assert_eq!(report.barriers.closed, 1);
    let crossed = text
        .replace("barrier=", "barrier=block")
        .replace("Long:", "Up: b0 b2\nLong:");
    let (router, report) = town(&crossed, &BuildOptions::default());
    assert_eq!(report.barriers.at_crossings, 1);
    assert_eq!(hundreds(&router, "a0", "c0"), Some(2.0));
}

#[test]
fn a_ferry_takes_its_time_and_the_time_to_board() {
    let text = "
        Here: a0 b0
        Crossing: b0 h0 route=ferry duration=0:20
        There: h0 j0";
    let options = BuildOptions {
        ferry_boarding_s: 300,
        ..BuildOptions::default()
    };
    let (router, report) = town(text, &options);
    assert_eq!(report.parts, 1);
    let time_ms = router.times_to(at("h0"), &[at("b0")])[0].unwrap().time_ms;
    assert!(time_ms.abs_diff(25 * 60_000) < 10, "{time_ms}");
    // Nobody stands on the water: the nearest road to its middle is a landing.
    let snap = router.snap(at("d0")).unwrap();
    assert!(snap.place.distance_m(at("b0")) < 1.0, "{snap:?}");
    assert!(
        router
            .graph()
            .lines()
            .all(|line| line.class.tag() != "ferry")
    );
    let without = BuildOptions {
        access: Access {
            ferries: Entry::Forbidden,
            ..Access::default()
        },
        ..BuildOptions::default()
    };
    let (router, report) = town(text, &without);
    assert_eq!((report.parts, router.graph().edges()), (2, 1));
}

#[test]
fn islands_are_kept_when_they_are_wanted() {
    let text = "
        Here: a0 b0 c0
        There: f0 g0";
    let (_, report) = build_map(text).unwrap();
    assert_eq!(report.dropped.junctions, 2);
    let options = BuildOptions {
        parts: Parts::FromKm(0),
        ..BuildOptions::default()
    };
    let (router, report) = town(text, &options);
    assert_eq!(report.dropped.junctions, 0);
    assert_eq!(hundreds(&router, "a0", "c0"), Some(2.0));
    assert_eq!(hundreds(&router, "a0", "g0"), None);
}

#[test]
fn a_restriction_by_way_of_more_arcs_than_the_limit_is_counted_and_not_obeyed() {
    // A street eastward, with a side street at every corner: each stretch is an arc of its own.
    let with_between = |between: usize| {
        let corners = (0..=between).map(|x| format!("{x}0"));
        let name = |x: usize| char::from(b'a' + x as u8);
        let main: Vec<String> = corners
            .enumerate()
            .map(|(x, _)| format!("{}0", name(x)))
            .collect();
        let mut text = format!("From: a1 a0\nVia: {}\n", main.join(" "));
        for x in 1..between {
            text += &format!("Side{x}: {0}0 {0}1\n", name(x));
        }
        text += &format!(
            "To: {0}0 {0}1\n@turn: from=From via=Via to=To restriction=no_left_turn",
            name(between)
        );
        town(&text, &BuildOptions::default()).1.turns
    };
    let within = with_between(TURN_ARCS_MAX - 2);
    assert_eq!((within.read, within.obeyed), (1, 1), "{within:?}");
    let beyond = with_between(TURN_ARCS_MAX - 1);
    assert_eq!((beyond.read, beyond.obeyed), (1, 0));
    assert_eq!(beyond.skipped.get(&TurnSkip::TooLong), Some(&1));
}
