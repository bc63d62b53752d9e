//! Duplicate hints: which are given, in what order, and why.

use super::check;

#[test]
fn a_second_call_about_the_same_thing_is_hinted_at() {
    check(
        r#"
        call from "0575-110" at harbour: fire p1
        hints for call 1                      -> no hint; hints 0
        open incident for call 1
        after 60 s
        call from "0575-222" at harbour+30m: fire p1
        hints for call 2                      -> 1. incident 1: same place and category, 30 m, 60 s; 1. 1：同地点同类别; hints 1
        call at harbour+30m: medical p1
        hints for call 3                      -> 1. call 2: same place, 0 m, 0 s
        hints for call 3                      -> 2. incident 1: same place, 30 m, 60 s
        call at harbour+101m: medical p1
        hints for call 4                      -> 1. call 3: same place and category, 71 m, 0 s; hints 2
        call at harbour+249m
        hints for call 5                      -> hints 4
        call from "+86 0575 110"
        hints for call 6                      -> no hint
        call from "0575 110"
        hints for call 7                      -> 1. incident 1: same caller, unknown, 60 s; 1. 1：同一报警人; hints 1
        "#,
    );
}

#[test]
fn radius_and_window_hold_at_their_limit_and_not_past_it() {
    check(
        r#"
        open incident at harbour: fire p1
        call at harbour+250m: fire p1
        hints for call 1                      -> 1. incident 1: same place and category, 250 m, 0 s
        close call 1: test
        call at harbour+251m: fire p1
        hints for call 2                      -> no hint
        call at harbour+100m: flood p1
        hints for call 3                      -> 1. incident 1: same place, 100 m, 0 s
        close call 3: test
        close call 2: test
        after 1800 s
        call at harbour: fire p1
        hints for call 4                      -> 1. incident 1: same place and category, 0 m, 1800 s
        close call 4: test
        after 1 s
        call at harbour: fire p1
        hints for call 5                      -> no hint
        "#,
    );
}

#[test]
fn every_further_call_keeps_an_event_fresh_and_ended_ones_are_silent() {
    check(
        r#"
        call from "555-1234" at harbour: fire p1
        open incident for call 1
        after 25 min
        call at harbour: fire p1
        join call 2 to incident 1
        after 25 min
        call at harbour: fire p1
        hints for call 3                      -> 1. incident 1: same place and category, 0 m, 1500 s
        call from "555-1234" at market: flood p3
        hints for call 4                      -> no hint   # the same caller, but 50 minutes ago
        open incident at harbour: fire p2
        merge incident 2 into incident 1
        close incident 1: out
        hints for call 3                      -> no hint
        "#,
    );
}

#[test]
fn the_same_caller_far_away_sees_something_else() {
    check(
        r#"
        call from "0575-110" at harbour: fire p1
        open incident for call 1
        call from "0575-110" at harbour+500m: flood p2
        hints for call 2                      -> 1. incident 1: same caller, 500 m, 0 s
        call from "0575-110" at harbour+1001m: flood p2
        hints for call 3                      -> no hint
        "#,
    );
}

#[test]
fn the_incident_that_most_reports_lie_close_to_comes_first() {
    check(
        r#"
        call at harbour: fire p1
        open incident for call 1
        call at harbour+400m: fire p1
        open incident for call 2
        call at harbour+410m: fire p1
        join call 3 to incident 2
        call at harbour+420m: fire p1
        join call 4 to incident 2
        call at harbour+190m: fire p1         # one who stands far off the second
        join call 5 to incident 2
        call at harbour+110m: fire p1
        hints for call 6                      -> 1. incident 2: same place and category, 80 m, 0 s; 2. incident 1: same place and category, 110 m, 0 s
        call at harbour+20m: fire p1
        join call 7 to incident 1
        call at harbour+30m: fire p1
        join call 8 to incident 1
        call at harbour+110m: fire p1
        hints for call 9                      -> 1. call 6: same place and category, 0 m, 0 s; 2. incident 1: same place and category, 80 m, 0 s; 3. incident 2: same place and category, 80 m, 0 s
        "#,
    );
}
