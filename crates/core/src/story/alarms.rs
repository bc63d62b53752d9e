//! Alarms of incidents, calls and crews on scene; that somebody has seen one; and what is said of them later.

use super::check;

#[test]
fn an_incident_that_nobody_is_sent_to_is_an_alarm_sooner_the_more_urgent_it_is() {
    check(
        r#"
        given engine E1; engine E2
        open incident at harbour: fire p2
        open incident at harbour: fire p3
        open incident at harbour: fire p4
        propose E1 for incident 1
        after 59 s                            -> incident 1 no alarm
        after 1 s                             -> incident 1 alarm unassigned; incident 1 alarm unassigned unseen; incident 2 no alarm
        after 60 s                            -> incident 2 alarm unassigned since 0 s; incident 3 no alarm
        restart                               -> incident 1 alarm unassigned since 60 s
        after 179 s                           -> incident 3 no alarm
        after 1 s                             -> incident 3 alarm unassigned
        grade incident 1: p4                  -> incident 1 alarm unassigned since 0 s
        send E1 to incident 1                 -> incident 1 no alarm
        after 1 h                             -> incident 1 no alarm
        E1 declines: pump                     -> incident 1 no alarm
        after 299 s                           -> incident 1 no alarm
        after 1 s                             -> incident 1 alarm unassigned since 0 s
        send E2 to incident 1
        E2 arrives
        E2 clears: nothing left to do
        after 1 h                             -> incident 1 no alarm # somebody was there; it waits to be closed
        close incident 1: done
        reopen incident 1: flared up          -> incident 1 no alarm
        after 300 s                           -> incident 1 alarm unassigned since 0 s
        cancel incident 1: no                 -> incident 1 no alarm
        "#,
    );
}

#[test]
fn who_was_sent_to_a_part_is_there_for_the_whole() {
    check(
        r#"
        given engine E1
        open incident at harbour: fire p1
        open incident at harbour: fire p1
        send E1 to incident 2
        after 70 s                            -> incident 1 alarm unassigned since 10 s
        merge incident 2 into incident 1      -> incident 1 no alarm; incident 2 no alarm
        unmerge incident 2                    -> incident 1 alarm unassigned since 10 s; incident 2 no alarm
        E1 clears                             -> incident 2 no alarm
        after 60 s                            -> incident 2 alarm unassigned since 0 s
        merge incident 1 into incident 2      -> incident 1 no alarm; incident 2 alarm unassigned
        after 5 s
        unmerge incident 1                    -> incident 1 no alarm # it stands for itself from now on
        after 60 s                            -> incident 1 alarm unassigned since 0 s
        recount                               -> incident 1 unassigned 60..130; incident 1 unassigned 195..on; incident 2 unassigned 130..on; E1 unanswered 60..70; episodes 4
        "#,
    );
}

#[test]
fn a_call_that_is_not_dealt_with_is_an_alarm() {
    check(
        r#"
        call at harbour: fire p1
        call
        after 119 s                           -> call 1 no alarm
        after 1 s                             -> call 1 alarm call_waiting; call 2 alarm call_waiting
        open incident for call 1              -> call 1 no alarm
        close call 2: nothing                 -> call 2 no alarm
        after 1 h                             -> call 1 no alarm; call 2 no alarm
        detach call 1                         -> call 1 no alarm
        after 120 s                           -> call 1 alarm call_waiting since 0 s
        [30 s ago] call                       -> call 3 no alarm
        after 90 s                            -> call 3 alarm call_waiting since 0 s
        restart                               -> call 3 alarm call_waiting since 0 s
        "#,
    );
}

#[test]
fn an_alarm_that_was_seen_stays_until_the_thing_is_done() {
    check(
        r#"
        given engine E1
        call at harbour: fire p1
        open incident for call 1
        see incident 1 unassigned             -> refused alarm_not_on; says That alarm is not on now: Nobody is on it.; 说 该告警当前未触发：无人处置。
        after 60 s
        see incident 1 call_waiting           -> refused alarm_not_on
        see incident 1 unassigned             -> incident 1 alarm unassigned seen 0 s ago; records 1; incident 1 version 2
        see incident 1 unassigned             -> refused alarm_seen; says That alarm was acknowledged already: Nobody is on it.; next Send a unit, or cancel the incident.
        see incident 7 unassigned             -> refused not_found
        see call 1 call_waiting               -> refused alarm_not_on
        see E1 unanswered                     -> refused not_found
        after 5 s                             -> incident 1 alarm unassigned seen 5 s ago
        send E1 to incident 1                 -> incident 1 no alarm
        after 60 s                            -> E1 alarm unanswered unseen
        see E1 late_departure                 -> refused alarm_not_on
        after 5 s
        see E1 unanswered                     -> E1 alarm unanswered seen 0 s ago; E1 sent
        restart                               -> E1 alarm unanswered seen 0 s ago
        resend E1                             -> E1 no alarm
        after 60 s                            -> E1 alarm unanswered unseen
        see E1 unanswered                     -> E1 alarm unanswered seen 0 s ago
        E1 acknowledges
        after 120 s                           -> E1 alarm late_departure unseen
        call                                  -> call 2 received
        after 120 s
        see call 2 call_waiting               -> call 2 alarm call_waiting seen 0 s ago; call 2 version 2
        see call 2 call_waiting               -> refused alarm_seen
        call off E1: no
        after 60 s                            -> incident 1 alarm unassigned unseen
        recount                               -> incident 1 unassigned 60..65 seen 60; incident 1 unassigned 490..on; call 2 call_waiting 430..on seen 430; E1 unanswered 125..130 seen 130; E1 late_departure 310..430; episodes 5
        "#,
    );
}

#[test]
fn a_crew_on_scene_is_asked_how_it_is_again_and_again() {
    check(
        r#"
        given engine E1
        open incident at harbour: fire p1
        send E1 to incident 1
        E1 arrives
        after 1800 s                          -> E1 alarm on_scene_check unseen
        after 60 s
        see E1 on_scene_check                 -> E1 no alarm # they were asked: that is what it hung on
        see E1 on_scene_check                 -> refused alarm_not_on
        after 1799 s                          -> E1 no alarm
        after 1 s                             -> E1 alarm on_scene_check since 0 s; E1 alarm on_scene_check unseen
        after 10 s
        E1 clears
        recount                               -> E1 on_scene_check 1800..1860 seen 1860; E1 on_scene_check 3660..3670; episodes 2
        "#,
    );
}

#[test]
fn what_happened_is_recounted_alarm_by_alarm() {
    check(
        r#"
        given engine E1; engine E2; engine E3
        call at harbour: fire p1
        after 130 s
        open incident for call 1
        after 20 s
        send E1, E2 to incident 1
        after 61 s
        see E1 unanswered
        after 1 s
        swap E1 for E3
        resend E2
        after 70 s
        E2 acknowledges
        after 150 s
        E2 departs
        E3 departs
        after 20 min
        recount                               -> call 1 call_waiting 120..130; E1 unanswered 210..212 seen 211; E2 unanswered 210..212; E2 unanswered 272..282; E3 unanswered 272..432; E2 late_departure 392..432; E2 overdue_arrival 1632..on; E3 overdue_arrival 1632..on; episodes 8
        "#,
    );
    check("recount -> episodes 0");
}
