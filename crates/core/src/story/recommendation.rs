//! What is recommended, why, and what is lacking, in both languages.

use super::{check, check_with};

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
fn a_reopened_incident_asks_for_units_anew() {
    check(
        r#"
        given engine E1; engine E2; truck T1
        way of E1: 10 s
        way of E2: 20 s
        way of T1: 20 s
        open incident at harbour: fire p1
        send E1, E2, T1 to incident 1
        E1 clears
        E2 clears
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
    let plan = r#"
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
        [[plan]]
        category = "fire"
        [[plan.alarm]]
        needs = [{ kind = "engine", count = 3 }, { capability = "als" }]
    "#;
    // Fewer units can give life support (two) than are engines (three), so it is served first, and by the
    // nearest: an engine that the other need cannot do without, while the ambulance could have gone.
    check_with(
        plan,
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
