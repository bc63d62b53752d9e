//! What can be taken back, by what, within which time, and what cannot.

use super::check;

#[test]
fn units_that_were_sent_are_called_off_again() {
    check(
        r#"
        given engine E1; engine E2; engine E3
        open incident at harbour: fire p1
        undo                                  -> refused not_undone; says It cannot be taken back: an incident that was opened stays on record.; next Cancel it and say why.
        send E1, E2 to incident 1             -> incident 1 units E1, E2
        after 10 s
        undo                                  -> E1 available; E2 available; E1 ending taken back by the sender / 由操作人撤回; records 2; incident 1 no units
        undo                                  -> refused not_undone; next Do it again by hand.
        send E1, E2 to incident 1
        after 10 s
        [in 0 ms] E2 departs
        undo                                  -> refused not_undone; says It cannot be taken back: what a crew reported is not unsaid.; next Correct it by the next status.
        propose E3 for incident 1             -> E3 proposed
        undo                                  -> E3 cancelled
        propose E3 for incident 1
        send proposed E3                      -> E3 sent
        undo                                  -> E3 cancelled; E3 available
        send E3 to incident 1
        resend E3
        undo                                  -> refused not_undone; next Call the unit off.
        "#,
    );
}

#[test]
fn ten_seconds_and_no_more() {
    check(
        r#"
        given engine E1
        open incident at harbour: fire p1
        send E1 to incident 1
        after 11 s
        undo                                  -> refused not_undone; says It cannot be taken back: that is past its 10 seconds.; 说 无法撤回：已超过 10 秒。; E1 sent
        grade incident 1: p3
        after 10 s
        undo                                  -> incident 1 fire p1
        "#,
    );
}

#[test]
fn what_was_changed_for_another_is_changed_back() {
    check(
        r#"
        given engine E1; engine E2
        open incident at harbour: fire p1
        open incident at market: fire p1
        send E1 to incident 1
        E1 departs
        swap E1 for E2: nearer                -> incident 1 units E2
        undo                                  -> incident 1 units E1; E1 sent; E2 available; E2 ending taken back by the sender / 由操作人撤回
        after 1 s
        reassign E1 to incident 2             -> incident 2 units E1; incident 1 no units
        undo                                  -> incident 1 units E1; incident 2 no units
        after 1 s
        call off E1: not needed               -> E1 available
        undo                                  -> E1 sent; incident 1 units E1
        after 1 s
        call off E1: not needed
        E1 out of service: axle
        undo                                  -> E1 available
        propose E1 for incident 1
        swap proposed E1 for E2
        undo                                  -> refused not_undone; says It cannot be taken back: the unit it replaced was only proposed.
        after 1 s
        propose E1 for incident 2
        call off E1: no                       -> E1 available
        undo                                  -> E1 available
        "#,
    );
}

#[test]
fn incidents_and_calls_go_back_to_what_they_were() {
    check(
        r#"
        call at harbour: fire p1
        undo                                  -> refused not_undone
        open incident for call 1
        open incident at market: flood p2
        grade incident 1: medical p4          -> incident 1 medical p4
        undo                                  -> incident 1 fire p1
        relocate incident 1 to museum
        undo                                  -> incident 1 at harbour
        note on incident 1: hello
        undo                                  -> refused not_undone; next Write another that corrects it.
        raise incident 1 to alarm 2
        undo                                  -> refused not_undone; says It cannot be taken back: a struck alarm cannot be unstruck.; next Call units off.
        close incident 1: out                 -> incident 1 closed
        undo                                  -> incident 1 active
        cancel incident 1: no                 -> incident 1 cancelled
        undo                                  -> incident 1 active
        cancel incident 1: no
        reopen incident 1: yes
        undo                                  -> refused not_undone; next Close it again.
        merge incident 2 into incident 1      -> incident 2 merged
        undo                                  -> incident 2 active
        merge incident 2 into incident 1
        unmerge incident 2                    -> incident 2 active
        undo                                  -> incident 2 merged into 1
        unmerge incident 2
        link incident 1 to incident 2 as child -> incident 1 has child 2
        undo                                  -> incident 1 links 0; incident 2 links 0
        link incident 1 to incident 2 as child
        link incident 1 to incident 2 as related
        undo                                  -> incident 1 has child 2; incident 2 has parent 1
        unlink incident 1 from incident 2     -> incident 1 links 0
        undo                                  -> incident 1 has child 2; incident 2 has parent 1
        detach call 1                         -> call 1 received
        undo                                  -> call 1 joined to incident 1
        detach call 1
        join call 1 to incident 2
        undo                                  -> call 1 received
        close call 1: nothing
        undo                                  -> refused not_undone; next Take a new call with what was said.
        call
        amend call 2: fire
        undo                                  -> refused not_undone
        split call 1 off incident 1           -> refused not_found
        join call 2 to incident 1
        split call 2 off incident 1 at market -> incident 3 calls 2
        undo                                  -> refused not_undone; next Merge the new one into the old.
        "#,
    );
}

#[test]
fn a_unit_goes_back_to_the_duty_it_had() {
    check(
        r#"
        given engine E1
        E1 out of service: axle
        undo                                  -> E1 available
        E1 goes off duty
        undo                                  -> E1 available
        E1 out of service: axle
        E1 available
        undo                                  -> E1 out_of_service
        E1 available
        E1 rests 10 min                       -> E1 resting
        undo                                  -> E1 available
        E1 rests 10 min
        E1 ends its rest
        undo                                  -> E1 resting
        amend E1 as truck
        undo                                  -> refused not_undone
        enter station 1 at harbour
        undo                                  -> refused not_undone; next Amend it again.
        "#,
    );
}

#[test]
fn what_was_seen_stays_seen() {
    check(
        r#"
        open incident at harbour: fire p1
        after 60 s
        see incident 1 unassigned
        undo                                  -> refused not_undone; next Do what it asks for.
        "#,
    );
}
