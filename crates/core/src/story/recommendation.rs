//! What is recommended, why, and what is lacking, in both languages.

use super::{check, check_with};
use crate::recommend::recommend;

#[test]
fn the_nearest_that_fit_are_recommended_in_order_of_time() {
    check(
        r#"
        given station 1 at harbour for areas A; station 2 at market for areas B; engine E1 at station 1; engine E2 at station 2; engine E3; truck T1; medic M1
        open incident at harbour: fire p1
        way of E1: 250 s seen 61 s ago
        way of E2: 200 s
        way of E3: 90 s by straight line seen 59 s ago
        way of T1: 700 s
        way of M1: 10 s
        recommend for incident 1              -> send E3, E2, T1; candidates E3, E2, E1, T1; nothing lacking
        recommend for incident 1              -> E3: nearest that fits, for: Engine, time by straight line, not by road; E3：最近的合适力量，满足：水罐车，按直线估算，非道路时间
        recommend for incident 1              -> E2: no. 2 by time, for: Engine, no position: timed from its station; E2：用时第 2，满足：水罐车，无位置：按驻地计时
        recommend for incident 1              -> E1: no. 3 by time, first due in area A, position 1 min 1 s old; E1：用时第 3，辖区 A 首派，位置为 1 分 1 秒 前
        recommend for incident 1              -> T1: nearest that fits, for: Truck, no position: timed from its station
        recommend for incident 1              -> 2 Engine: 0 there, E3, E2; 1 Truck: 0 there, T1
        way of E2: 90 s
        way of E1: 90 s
        recommend for incident 1              -> send E1, E2, T1; candidates E1, E2, E3, T1   # first due goes before, then the call sign
        "#,
    );
}

#[test]
fn what_is_lacking_is_said_in_words() {
    check(
        r#"
        given engine E1; engine E2; truck T1 off duty; truck T2; truck T3; engine E3
        open incident at harbour: fire p1
        recommend for incident 1              -> send nobody; lacking none_free: no Engine free: 2 missing; 缺：无可用水罐车：缺 2; without E1: neither position nor station known; 不派 E1：位置与驻地均未知
        way of E1: 301 s
        way of E2: 100 s
        way of T2: none
        T3 out of service: axle
        E3 rests 1 h
        recommend for incident 1              -> send E2, E1; E1: no. 2 by time, for: Engine, later than the plan's 5 min, no position: timed from its station
        recommend for incident 1              -> lacking too_far: Engine not all within 5 min: the first one late needs 5 min 1 s; 缺：水罐车无法全部在5 分钟内到达：最早逾时者需 5 分 1 秒
        recommend for incident 1              -> lacking no_route: no way leads there for 1 Truck; 缺：1 支云梯车无路可达
        recommend for incident 1              -> without T2: no way leads there; without T3: out of service; without E3: crew rests; 不派 T3：停用
        way of E1: 300 s
        recommend for incident 1              -> E1: no. 2 by time, for: Engine, no position: timed from its station
        way of E1: none
        recommend for incident 1              -> lacking no_route: no way leads there for 1 Engine; send E2
        way of E2: unknown
        recommend for incident 1              -> lacking no_route: no way leads there for 1 Engine; lacking none_free: no Engine free: 1 missing
        open incident at market: flood p1
        way of E1: 50 s
        recommend for incident 2              -> send E1; lacking no_plan: no response plan for this category and priority: any unit is offered; 缺：该类别与优先级没有预案：任意力量均可
        raise incident 2 to alarm 2
        recommend for incident 2              -> send E1; 2 unit of any kind: 0 there, E1; lacking no_route: no way leads there for 1 unit of any kind
        "#,
    );
}

#[test]
fn a_missing_road_for_trucks_says_nothing_of_engines() {
    check(
        r#"
        given truck T1
        open incident at harbour: fire p1
        way of T1: none
        recommend for incident 1              -> lacking none_free: no Engine free: 2 missing; lacking no_route: no way leads there for 1 Truck
        "#,
    );
}

#[test]
fn areas_rest_and_other_work_keep_units_away() {
    check(
        r#"
        given engine E1 for areas A; engine E2 for areas B, C; engine E3; engine E4
        open incident at harbour: fire p1
        open incident at museum: fire p1
        open incident at island: fire p1
        way of E1: 10 s
        way of E2: 20 s
        way of E3: 30 s
        recommend for incident 1              -> send E1, E3; without E2: not for this area; 不派 E2：不属其辖区
        recommend for incident 2              -> send E2, E3; without E1: not for this area
        recommend for incident 3              -> send E3; without E1: not for this area; without E2: not for this area
        send E3 to incident 2
        recommend for incident 1              -> send E1; without E3: already assigned
        E3 departs
        recommend for incident 1              -> without E3: en route elsewhere; 不派 E3：前往他处
        E3 arrives
        recommend for incident 1              -> without E3: on another scene
        recommend for incident 2              -> send E2; 2 Engine: 1 there, E2
        "#,
    );
}

#[test]
fn a_second_alarm_adds_and_never_repeats() {
    check(
        r#"
        given engine E1; engine E2; engine E3; engine E4; truck T1; medic M1 can als
        way of E1: 10 s
        way of E2: 20 s
        way of E3: 30 s
        way of E4: 40 s
        way of T1: 50 s
        way of M1: 60 s
        open incident at harbour: fire p1
        recommend for incident 1              -> send E1, E2, T1
        send E1, E2, T1 to incident 1
        recommend for incident 1              -> send nobody; 2 Engine: 2 there, nobody; 1 Truck: 1 there, nobody; nothing lacking
        raise incident 1 to alarm 2
        recommend for incident 1              -> send E3, M1; 2 Engine: 2 there, nobody; 1 Engine: 0 there, E3; 1 Advanced life support: 0 there, M1
        E1 arrives
        E1 clears
        recommend for incident 1              -> send E3, M1   # it was there: the plan is not filled twice
        send E1 to incident 1
        recommend for incident 1              -> send E3, M1   # and it is one engine, not two
        E2 declines: no
        recommend for incident 1              -> send E2, E3, M1
        raise incident 1 to alarm 9
        recommend for incident 1              -> send E2, E3, M1
        "#,
    );
}

#[test]
fn one_that_cleared_without_having_been_there_does_not_count() {
    check(
        r#"
        given engine E1; medic M1 can als; medic M2 can als
        way of E1: 10 s
        way of M1: 20 s
        way of M2: 30 s
        open incident at harbour: medical p1
        send E1, M1 to incident 1
        recommend for incident 1              -> send nobody; 1 Advanced life support: 1 there, nobody
        M1 clears: never left
        recommend for incident 1              -> send M1; 1 Engine / Medic: 1 there, nobody; 1 Advanced life support: 0 there, M1
        send M1 to incident 1
        M1 acknowledges
        M1 departs
        recommend for incident 1              -> send nobody
        M1 clears
        recommend for incident 1              -> send M1       # it set out, and never came
        send M1 to incident 1
        M1 arrives
        M1 clears
        recommend for incident 1              -> send nobody; 1 Advanced life support: 1 there, nobody; nothing lacking
        E1 clears
        recommend for incident 1              -> send E1; 1 Engine / Medic: 0 there, E1; 1 Advanced life support: 1 there, nobody
        "#,
    );
}

#[test]
fn a_reopened_incident_asks_for_units_anew() {
    check(
        r#"
        given engine E1; engine E2; truck T1
        way of E1: 10 s
        way of E2: 20 s
        way of T1: 20 s
        open incident at harbour: fire p1
        send E1, E2, T1 to incident 1
        E1 arrives
        E1 clears
        E2 arrives
        E2 clears
        T1 arrives
        T1 clears
        recommend for incident 1              -> send nobody
        close incident 1: out
        after 1 h
        reopen incident 1: flared up
        recommend for incident 1              -> send E1, E2, T1
        send E1 to incident 1
        recommend for incident 1              -> send E2, T1; 2 Engine: 1 there, E2
        "#,
    );
}

#[test]
fn the_scarce_need_is_served_first() {
    check(
        r#"
        given engine E1 can als; engine E2; medic M1
        way of E1: 10 s
        way of E2: 20 s
        way of M1: 30 s
        open incident at harbour: medical p1
        recommend for incident 1              -> send E1, E2; 1 Engine / Medic: 0 there, E2; 1 Advanced life support: 0 there, E1; nothing lacking
        E2 goes off duty
        recommend for incident 1              -> send E1, M1; 1 Engine / Medic: 0 there, M1
        "#,
    );
}

#[test]
fn a_unit_is_spared_where_another_can_stand_in() {
    // Fewer units can give life support (two) than are engines (three), so it is served first, and by the
    // nearest: an engine that the other need cannot do without, while the ambulance could have gone.
    check_with(
        &plan("{ kind = 'engine', count = 3 }, { capability = 'als' }"),
        r#"
        given engine E1 can als; engine E2; engine E3; medic M1 can als
        way of E1: 10 s
        way of E2: 20 s
        way of E3: 30 s
        way of M1: 40 s
        open incident at harbour: fire p1
        recommend for incident 1              -> send E1, E2, E3, M1; nothing lacking; 3 Engine: 0 there, E1, E2, E3; 1 Life support: 0 there, M1
        "#,
    );
}

#[test]
fn the_nearest_that_can_stand_in_is_sent() {
    // The second engine wanted can be E1 (then M1 must give life support) or E2 (then B1 must bring the
    // boat). E1 is nearer than E2, but both go anyway: what counts is that B1 is nearer than M1. Ids decide
    // who is looked at first, so either may be the first.
    for given in [
        "engine E1 can als; engine E2 can boat",
        "engine E2 can boat; engine E1 can als",
    ] {
        check_with(
            &plan(
                "{ capability = 'als' }, { capability = 'boat' }, { kind = 'engine', count = 2 }",
            ),
            &format!(
                r#"
                given {given}; engine E3; medic M1 can als; medic B1 can boat
                way of E1: 10 s
                way of E2: 20 s
                way of E3: 30 s
                way of M1: 50 s
                way of B1: 40 s
                open incident at harbour: fire p1
                recommend for incident 1      -> send E1, E2, E3, B1; 2 Engine: 0 there, E2, E3; 1 Life support: 0 there, E1; 1 Boat: 0 there, B1; nothing lacking
                "#
            ),
        );
    }
}

#[test]
fn those_there_are_counted_where_the_least_is_lacking() {
    // The engine need comes first and would take either of them; only the mere engine leaves life support
    // for the other one. Ids decide who is looked at first, so either may be the first.
    for given in [
        "engine P can als; engine Q; medic M1 can als",
        "engine Q; engine P can als; medic M1 can als",
    ] {
        check_with(
            &plan("{ kind = 'engine' }, { capability = 'als', count = 2 }"),
            &format!(
                r#"
                given {given}
                way of M1: 60 s
                open incident at harbour: fire p1
                send P, Q to incident 1
                recommend for incident 1      -> send M1; 1 Engine: 1 there, nobody; 2 Life support: 1 there, M1; nothing lacking
                Q declines: no
                recommend for incident 1      -> send M1; 1 Engine: 1 there, nobody; 2 Life support: 0 there, M1; lacking none_free: no Life support free: 1 missing
                "#
            ),
        );
    }
}

#[test]
fn one_that_is_there_is_counted_for_another_need_where_one_to_send_can_stand_in() {
    // Fewest can give life support, so P counts for that; but then the third engine is lacking.
    check_with(
        &plan("{ kind = 'engine', count = 3 }, { capability = 'als' }"),
        r#"
        given engine P can als; engine E1; engine E2; medic M1 can als
        way of E1: 10 s
        way of E2: 20 s
        way of M1: 60 s
        open incident at harbour: fire p1
        send P to incident 1
        P arrives
        recommend for incident 1              -> send E1, E2, M1; 3 Engine: 1 there, E1, E2; 1 Life support: 0 there, M1; nothing lacking
        send E1, E2, M1 to incident 1
        recommend for incident 1              -> send nobody; 3 Engine: 3 there, nobody; 1 Life support: 1 there, nobody; nothing lacking
        P clears
        recommend for incident 1              -> send nobody; nothing lacking   # it was there, and is not sent again
        "#,
    );
    // As before, but nobody can stand in: life support keeps P, and an engine is lacking.
    check_with(
        &plan("{ kind = 'engine', count = 3 }, { capability = 'als' }"),
        r#"
        given engine P can als; engine E1; engine E2; medic M1 can als off duty
        way of E1: 10 s
        way of E2: 20 s
        open incident at harbour: fire p1
        send P to incident 1
        recommend for incident 1              -> send E1, E2; 3 Engine: 0 there, E1, E2; 1 Life support: 1 there, nobody; lacking none_free: no Engine free: 1 missing
        "#,
    );
    // One stands in for another until it comes out: B1 brings the boat, so Q may give life support, so P is an engine.
    check_with(
        &plan("{ kind = 'engine', count = 3 }, { capability = 'als' }, { capability = 'boat' }"),
        r#"
        given engine P can als; medic Q can als, boat; engine E1; engine E2; medic B1 can boat
        way of E1: 10 s
        way of E2: 20 s
        way of B1: 30 s
        open incident at harbour: fire p1
        send P, Q to incident 1
        recommend for incident 1              -> send E1, E2, B1; 3 Engine: 1 there, E1, E2; 1 Life support: 1 there, nobody; 1 Boat: 0 there, B1; nothing lacking
        B1 goes off duty
        recommend for incident 1              -> send E1, E2; 3 Engine: 0 there, E1, E2; 1 Life support: 1 there, nobody; 1 Boat: 1 there, nobody; lacking none_free: no Engine free: 1 missing
        "#,
    );
    // Two ambulances could stand in: the nearer one goes, though the other was entered before it.
    check_with(
        &plan("{ capability = 'als' }, { kind = 'engine', count = 3 }"),
        r#"
        given engine P can als; engine E1; engine E2; medic M1 can als; medic M2 can als
        way of E1: 10 s
        way of E2: 20 s
        way of M1: 60 s
        way of M2: 50 s
        open incident at harbour: fire p1
        send P to incident 1
        recommend for incident 1              -> send E1, E2, M2; 3 Engine: 1 there, E1, E2; 1 Life support: 0 there, M2; nothing lacking
        "#,
    );
    // Still, nobody is counted anew only because another would be nearer: whoever gives life support is scarce.
    check_with(
        &plan("{ capability = 'als' }, { kind = 'engine' }"),
        r#"
        given engine P can als; engine E1; medic M1 can als
        way of E1: 20 s
        way of M1: 10 s
        open incident at harbour: fire p1
        send P to incident 1
        recommend for incident 1              -> send E1; 1 Engine: 0 there, E1; 1 Life support: 1 there, nobody; nothing lacking
        "#,
    );
}

#[test]
fn nothing_is_called_lacking_that_could_be_filled() {
    // Every pair on the incident with every pair that is free, against trying every way to count them.
    let plan = plan(
        "{ kind = 'engine' }, { capability = 'als', count = 2 }, { kinds = ['engine', 'medic'] }",
    );
    // With each the units wanted that it can be, one bit for each.
    let kinds = [
        ("engine", "", 0b1001),
        ("engine", "can als", 0b1111),
        ("medic", "", 0b1000),
        ("medic", "can als", 0b1110),
    ];
    for case in 0..kinds.len().pow(4) {
        let of = [0, 1, 2, 3].map(|at| case / kinds.len().pow(at) % kinds.len());
        let [p, q, m, n] = of.map(|kind| kinds[kind]);
        let story = format!(
            r#"
            given {} P {}; {} Q {}; {} M {}; {} N {}
            way of M: 10 s
            way of N: 20 s
            open incident at harbour: fire p1
            send P, Q to incident 1
            "#,
            p.0, p.1, q.0, q.1, m.0, m.1, n.0, n.1
        );
        let told = check_with(&plan, &story);
        let board = told.world.engine.board();
        let incident = board.incidents.values().next().unwrap();
        let world = &told.world;
        let made = recommend(
            board,
            &world.response,
            incident,
            &told.origins,
            None,
            world.now,
        );
        let there: u32 = made.needs.iter().map(|met| met.have).sum();
        let sent = made.chosen().count() as u32;
        let fits = of.map(|kind| kinds[kind].2);
        assert_eq!(there, most_filled(&fits[..2], 0b1111), "there: {story}");
        assert_eq!(there + sent, most_filled(&fits, 0b1111), "in all: {story}");
    }
}

/// Returns how many of the `open` slots can be filled at most, by trying every way.
fn most_filled(units: &[u32], open: u32) -> u32 {
    let Some((unit, rest)) = units.split_first() else {
        return 0;
    };
    let slots = (0..u32::BITS).map(|slot| 1 << slot);
    slots
        .filter(|slot| unit & open & slot != 0)
        .map(|slot| 1 + most_filled(rest, open & !slot))
        .chain([most_filled(rest, open)])
        .max()
        .unwrap_or(0)
}

/// Returns a response file whose one plan wants these needs.
fn plan(needs: &str) -> String {
    format!(
        r#"
        [categories.fire]
        en = "Fire"
        zh = "火灾"
        [kinds.engine]
        en = "Engine"
        zh = "水罐车"
        [kinds.medic]
        en = "Medic"
        zh = "救护车"
        [capabilities.als]
        en = "Life support"
        zh = "生命支持"
        [capabilities.boat]
        en = "Boat"
        zh = "舟艇"
        [[plan]]
        category = "fire"
        [[plan.alarm]]
        needs = [{needs}]
        "#
    )
}

#[test]
fn nothing_is_recommended_twice_when_nothing_is_left() {
    check(
        r#"
        given engine E1 off duty
        open incident at harbour: fire p1
        way of E1: 10 s
        recommend for incident 1              -> send nobody; candidates nobody; lacking none_free: no Engine free: 2 missing
        "#,
    );
}
