//! Whole lives, one table for each kind of record: every state, and what is refused in it.

use super::check;

#[test]
fn a_fire_from_first_call_to_closing() {
    check(
        r#"
        given station 1 at harbour; engine E1 at station 1; engine E2 at station 1; truck T1
        call from "0575-110" named "Ada" at harbour saying "smoke on the pier": fire p1 -> call 1 received; call 1 from 0575-110
        open incident for call 1              -> incident 1 active; call 1 joined to incident 1; incident 1 fire p1; records 2
        send E1, E2 to incident 1             -> E1 assigned; E1 sent; E2 assigned; incident 1 assigned; incident 1 units E1, E2
        E1 acknowledges                       -> E1 acknowledged; E1 assigned; incident 1 assigned
        E1 departs                            -> E1 en_route; incident 1 en_route
        send E1 to incident 1                 -> refused unit_not_free; says E1 cannot be sent: it is on incident 1.; 说 E1 无法派出：正在处置警情 1。
        E2 declines: pump broken              -> E2 declined; E2 available; E2 ending pump broken
        E1 arrives                            -> E1 on_scene; incident 1 on_scene
        close incident 1: out                 -> refused units_still_assigned; says Units are still on this incident: E1.
        note on incident 1: two hurt          -> incident 1 notes 1; incident 1 last note two hurt
        E1 clears: fire out                   -> E1 available; E1 cleared; E1 ending fire out; incident 1 active; incident 1 no units
        close incident 1: out                 -> incident 1 closed; open incidents 0; E1 version 2
        note on incident 1: bill them         -> incident 1 notes 2
        send E2 to incident 1                 -> refused wrong_state; says The incident is closed.; next Reopen it first.
        reopen incident 1: flared up          -> incident 1 active; incident 1 calls 1; open incidents 1
        cancel incident 1: false alarm        -> incident 1 cancelled
        restart                               -> incident 1 cancelled; call 1 joined to incident 1; incident 1 last note bill them
        "#,
    );
}

#[test]
fn a_call_is_taken_and_opened_or_joined_in_one_step_or_not_at_all() {
    check(
        r#"
        call at harbour opening: fire p1      -> call 1 joined to incident 1; incident 1 fire p1; incident 1 at harbour; records 2; entries 3; call 1 version 2
        call at harbour opening: fire         -> refused missing; says The priority is missing.; calls 1; entries 3
        call at harbour opening: p1           -> refused missing; says The category is missing.; calls 1
        call opening: fire p1                 -> refused missing; 说 缺少地点。; calls 1; open incidents 1
        call at harbour opening: ufo p1       -> refused unknown_code; calls 1
        [key k] call at harbour from "112" joining 1 -> call 2 joined to incident 1; incident 1 calls 1, 2; records 1; incident 1 version 1
        [key k] call at harbour from "112" joining 1 -> repeated; calls 2; entries 5
        call joining 9                        -> refused not_found; says There is no such incident.; calls 2
        call at market opening: flood p2      -> call 3 joined to incident 2
        merge incident 2 into incident 1
        call joining 2                        -> refused wrong_state; calls 3
        close incident 1: out
        call joining 1                        -> refused wrong_state; next Reopen it first.; calls 3; entries 10
        restart                               -> incident 1 calls 1, 2, 3; call 2 from 112
        "#,
    );
}

#[test]
fn a_call_says_when_it_began_to_ring_and_what_was_answered() {
    check(
        r#"
        after 100 s
        call ringing 4200 ms at harbour       -> call 1 rang for 4200 ms
        [30 s ago] call ringing 30001 ms      -> call 2 rang for 1 ms
        [30 s ago] call ringing 29999 ms      -> refused bad_ringing_time; calls 2
        call ringing -1 ms                    -> refused bad_ringing_time; calls 2
        call ringing 0 ms                     -> call 3 rang for 0 ms
        call ringing 86400000 ms              -> call 4 rang for 86400000 ms
        call ringing 86400001 ms              -> refused bad_ringing_time; 下一步 请更正该时间，或留空。
        call answering breathing=no answering bleeding=yes -> call 5 answered breathing=no; call 5 has 2 answers
        amend call 5 answering breathing=yes  -> call 5 answered breathing=yes; call 5 has 2 answers; call 5 answered bleeding=yes
        amend call 5 named "Ada"              -> call 5 has 2 answers
        call answering a=b answering a=c      -> call 6 answered a=c; call 6 has 1 answers
        restart                               -> call 1 rang for 4200 ms; call 5 answered breathing=yes
        "#,
    );
}

#[test]
fn calls_are_taken_amended_joined_detached_and_closed() {
    check(
        r#"
        call                                  -> call 1 received; call 1 nowhere; call 1 unknown p0; entries 1
        open incident for call 1              -> refused missing; says The category is missing.; entries 1
        amend call 1: fire                    -> call 1 fire p0; call 1 version 2
        open incident for call 1              -> refused missing; says The priority is missing.
        amend call 1: p2                      -> call 1 fire p2
        open incident for call 1              -> refused missing; says The place is missing.; 说 缺少地点。
        amend call 1 at harbour from "112" saying "it burns" -> call 1 at harbour; call 1 fire p2; call 1 from 112
        amend call 1 named "Ada"              -> call 1 from 112; call 1 named Ada; call 1 said it burns
        open incident for call 1              -> incident 1 at harbour; incident 1 fire p2
        open incident for call 1              -> refused wrong_state; next Detach it from its incident first.
        close call 1: nothing                 -> refused wrong_state
        call at market: medical p3            -> call 2 received
        join call 2 to incident 1             -> call 2 joined to incident 1; incident 1 calls 1, 2; records 1
        join call 2 to incident 1             -> refused wrong_state; says The call is joined to an incident.
        detach call 2                         -> call 2 received; incident 1 calls 1
        detach call 2                         -> refused wrong_state; next It belongs to no incident.
        close call 2: wrong number            -> call 2 closed: wrong number
        close call 2: wrong number            -> refused wrong_state; next Take a new call instead.
        join call 2 to incident 1             -> refused wrong_state; next Take a new call instead.
        amend call 2 saying "sorry"           -> call 2 said sorry; call 2 closed
        close incident 1: done                -> incident 1 closed
        call                                  -> call 3 received
        join call 3 to incident 1             -> refused wrong_state; next Reopen it first.
        join call 9 to incident 1             -> refused not_found; says There is no such call.; 说 没有这条报警（接警单）。
        join call 3 to incident 9             -> refused not_found; says There is no such incident.
        amend call 9: fire                    -> refused not_found
        call: ufo p1                          -> refused unknown_code; says The response file knows no category "ufo".
        amend call 3: ufo                     -> refused unknown_code; calls 3
        detach call 1                         -> call 1 received; incident 1 no calls; incident 1 closed
        "#,
    );
}

#[test]
fn incidents_are_opened_graded_moved_and_alarmed() {
    check(
        r#"
        open incident at market: flood p3     -> incident 1 active; incident 1 no calls; incident 1 alarm 1
        open incident at market: p3           -> refused missing; says The category is missing.; open incidents 1
        open incident at market: ufo p3       -> refused unknown_code
        open incident for call 9              -> refused not_found
        grade incident 1: fire p1             -> incident 1 fire p1
        grade incident 1: p2                  -> incident 1 fire p2
        grade incident 1: ufo                 -> refused unknown_code; incident 1 version 3
        relocate incident 1 to harbour        -> incident 1 at harbour
        raise incident 1 to alarm 1           -> refused wrong_state; next It is at alarm 1 already: name a higher one.
        raise incident 1 to alarm 3           -> incident 1 alarm 3
        raise incident 1 to alarm 9           -> incident 1 alarm 9
        raise incident 1 to alarm 10          -> refused limit; says The limit is reached: at most 9 as alarm level.
        reopen incident 1: why not            -> refused wrong_state; next Only an ended incident is reopened.
        unmerge incident 1                    -> refused wrong_state; next It is not merged.
        cancel incident 1: nothing found      -> incident 1 cancelled
        cancel incident 1: nothing found      -> refused wrong_state
        close incident 1: done                -> refused wrong_state
        grade incident 1: p1                  -> refused wrong_state; says The incident is cancelled.
        relocate incident 1 to market         -> refused wrong_state
        raise incident 1 to alarm 9           -> refused wrong_state
        reopen incident 1: found something    -> incident 1 active; incident 1 alarm 9
        close incident 7: done                -> refused not_found
        note on incident 7: hello             -> refused not_found
        "#,
    );
}

#[test]
fn merging_and_unmerging_keep_every_call_and_unit() {
    check(
        r#"
        given engine E1; engine E2; truck T1
        call at harbour: fire p1              -> call 1 received
        call at harbour: fire p1              -> call 2 received
        call at harbour: fire p1              -> call 3 received
        open incident for call 1              -> incident 1 calls 1
        open incident for call 2              -> incident 2 calls 2
        open incident for call 3              -> incident 3 calls 3
        send E1 to incident 1
        send E2 to incident 2
        E2 departs                            -> incident 2 en_route; incident 1 assigned
        merge incident 2 into incident 1      -> incident 2 merged; incident 1 en_route; incident 1 calls 1, 2; incident 1 units E1, E2; incident 2 merged into 1
        send T1 to incident 2                 -> refused wrong_state; says The incident is merged into another.
        join call 3 to incident 2             -> refused wrong_state
        merge incident 1 into incident 2      -> refused circle; says That would tie the incident to itself.
        merge incident 1 into incident 1      -> refused circle
        merge incident 2 into incident 3      -> refused wrong_state
        merge incident 3 into incident 2      -> refused wrong_state
        merge incident 3 into incident 8      -> refused not_found
        close incident 1: done                -> refused units_still_assigned; says Units are still on this incident: E1, E2.
        merge incident 1 into incident 3      -> incident 3 calls 1, 2, 3; incident 3 en_route; incident 1 merged
        merge incident 3 into incident 2      -> refused circle
        note on incident 2: written late      -> incident 2 notes 1
        E2 arrives                            -> incident 3 on_scene; incident 2 merged
        restart                               -> incident 3 calls 1, 2, 3; incident 3 on_scene
        unmerge incident 1                    -> incident 1 on_scene; incident 1 calls 1, 2; incident 3 calls 3; incident 3 active
        "#,
    );
    check(
        r#"
        open incident at harbour: fire p1     -> open incidents 1
        open incident at harbour: fire p1     -> open incidents 2
        merge incident 1 into incident 2      -> open incidents 1
        unmerge incident 2                    -> refused wrong_state; next It is not merged.
        close incident 2: one fire            -> incident 2 closed; open incidents 0; incident 1 merged
        reopen incident 1: no                 -> refused wrong_state; next Only an ended incident is reopened.
        unmerge incident 1                    -> incident 1 active; open incidents 1; incident 2 closed
        "#,
    );
}

#[test]
fn splitting_moves_calls_and_loses_none() {
    check(
        r#"
        call at harbour: fire p1              -> call 1 received
        call at harbour+90m: fire p1          -> call 2 received
        call at museum: fire p1               -> call 3 received
        call at museum: fire p1               -> call 4 received
        open incident for call 1
        join call 2 to incident 1
        join call 3 to incident 1             -> incident 1 calls 1, 2, 3
        split nothing off incident 1          -> refused missing; says The list of calls to move is missing.
        split call 4 off incident 1           -> refused not_found
        split calls 3, 3 off incident 1       -> refused not_found
        split calls 2, 9 off incident 1       -> refused not_found; incident 1 calls 1, 2, 3
        split calls 3 off incident 1: p2      -> incident 2 calls 3; incident 2 fire p2; incident 2 at museum; incident 2 split from 1; incident 1 calls 1, 2; records 2
        open incident for call 4              -> incident 3 calls 4
        merge incident 3 into incident 2      -> incident 2 calls 3, 4
        split call 4 off incident 2: medical p3 -> incident 4 calls 4; incident 4 medical p3; incident 2 calls 3
        unmerge incident 3                    -> incident 3 no calls; incident 4 calls 4
        split calls 1, 2 off incident 1 at market -> incident 5 calls 1, 2; incident 5 at market; incident 1 no calls
        close incident 2: done
        split call 3 off incident 2           -> refused wrong_state; calls 4
        "#,
    );
}

#[test]
fn links_have_two_ends() {
    check(
        r#"
        open incident at harbour: flood p1
        open incident at market: fire p1
        link incident 1 to incident 2 as child -> incident 1 has child 2; incident 2 has parent 1; records 2
        link incident 2 to incident 1 as related -> incident 1 has related 2; incident 2 has related 1; incident 1 links 1; incident 2 links 1
        link incident 1 to incident 1 as child -> refused circle
        link incident 1 to incident 5 as child -> refused not_found
        close incident 1: done                -> incident 1 closed
        unlink incident 2 from incident 1     -> incident 1 links 0; incident 2 links 0
        unlink incident 2 from incident 1     -> refused not_found
        "#,
    );
}

#[test]
fn assignments_go_forward_only() {
    check(
        r#"
        given engine E1; engine E2; engine E3
        open incident at harbour: fire p1
        send nobody to incident 1             -> refused missing; says The list of units is missing.
        send E1, E1 to incident 1             -> refused circle; E1 available
        send E1, E9 to incident 1             -> refused not_found; E1 available; entries 7
        E1 departs                            -> refused not_found; says There is no such assignment.
        propose E1 for incident 1             -> E1 proposed; E1 available; incident 1 active
        E1 acknowledges                       -> refused wrong_state; says The assignment is proposed.; next Send it first.
        send proposed E1                      -> E1 sent; E1 assigned; E1 assignment version 2; E1 assignments 1
        resend E1                             -> E1 sent; E1 resent 0 s ago
        E1 departs                            -> E1 en_route; E1 never acknowledged
        E1 acknowledges                       -> refused wrong_state
        resend E1                             -> refused wrong_state
        E1 declines: no                       -> refused wrong_state
        E1 arrives                            -> E1 on_scene
        E1 departs                            -> refused wrong_state; E1 on_scene
        call off E1: not needed               -> E1 cancelled; E1 available; E1 ending not needed
        call off E1: not needed               -> refused wrong_state; next Send the unit again.
        E1 clears                             -> refused wrong_state
        send E2 to incident 1                 -> E2 sent
        E2 arrives                            -> E2 on_scene; E2 never departed
        E2 clears                             -> E2 cleared
        after 1 s
        send E2 to incident 1                 -> E2 sent; E2 assignments 2; incident 1 assignments 3
        E2 acknowledges
        E2 declines: engine will not start    -> E2 declined
        propose E3 for incident 1             -> E3 proposed
        call off E3: chose another            -> E3 cancelled; E3 available
        propose E3 for incident 1             -> E3 proposed
        open incident at market: fire p1
        send E3 to incident 2                 -> E3 assigned
        "#
        .replace("next Look at its status; that step is past or not yet due.", "E1 on_scene")
        .as_str(),
    );
}

#[test]
fn a_proposal_is_not_sent_once_the_unit_is_bound() {
    check(
        r#"
        given engine E1; truck T1; engine E2 off duty
        open incident at harbour: fire p1
        open incident at market: fire p1
        send T1 to incident 1
        propose T1 for incident 2             -> refused unit_not_free
        propose E1 for incident 2             -> E1 proposed
        close incident 2: nothing             -> incident 2 closed
        send proposed E1                      -> refused wrong_state; next Reopen it first.
        reopen incident 2: it goes on
        send E1 to incident 1                 -> E1 assigned; incident 1 units E1, T1
        send proposed E1                      -> refused unit_not_free; says E1 cannot be sent: it is on incident 1.; incident 2 no units
        E1 clears
        send proposed E1                      -> E1 assigned; incident 2 units E1
        send E2 to incident 1                 -> refused unit_not_free; says E2 cannot be sent: it is off duty.
        T1 out of service: axle               -> refused wrong_state; says The unit is on an assignment.; next Clear or cancel its assignment first.
        T1 goes off duty                      -> refused wrong_state
        T1 rests 10 min                       -> refused wrong_state
        T1 available                          -> refused wrong_state; says The unit is available.
        "#,
    );
}

#[test]
fn one_unit_is_swapped_for_another_in_one_action() {
    check(
        r#"
        given engine E1; engine E2; engine E3 off duty; engine E4
        open incident at harbour: fire p1
        open incident at market: fire p2
        send E1 to incident 1
        E1 departs
        swap E1 for E2: nearer                -> records 2; E1 cancelled; E1 ending nearer; E1 available; E2 sent; incident 1 units E2; incident 1 assignments 2
        swap E1 for E4                        -> refused wrong_state; says The assignment is cancelled.; next Send the unit again.
        swap E2 for E2                        -> refused circle; says That would tie the unit to itself.
        swap E2 for E9                        -> refused not_found; E2 sent
        swap E9 for E2                        -> refused not_found
        swap E2 for E3                        -> refused unit_not_free; says E3 cannot be sent: it is off duty.; E2 sent; incident 1 units E2
        E1 rests 10 min
        swap E2 for E1                        -> refused unit_not_free; says E1 cannot be sent: its crew rests.
        send E4 to incident 2
        swap E2 for E4                        -> refused unit_not_free; says E4 cannot be sent: it is on incident 2.; E2 sent
        merge incident 1 into incident 2
        E1 ends its rest
        swap E2 for E1                        -> E1 sent; E2 ending another unit goes instead / 改派其他力量; incident 2 units E1, E4
        "#,
    );
    check(
        r#"
        given engine E1; engine E2; engine E3
        open incident at harbour: fire p1
        propose E1 for incident 1             -> E1 proposed
        swap proposed E1 for E2               -> E1 cancelled; E2 sent; incident 1 units E2
        E2 clears
        swap E2 for E3                        -> refused wrong_state; says The assignment is cleared.
        after 1 s
        propose E1 for incident 1
        cancel incident 1: nothing
        swap proposed E1 for E3               -> refused wrong_state; says The incident is cancelled.; E1 proposed
        [key k] open incident at market: fire p1
        send E3 to incident 2
        [key s] swap E3 for E2                -> entries 17
        [key s] swap E3 for E2                -> repeated; entries 17
        "#,
    );
}

#[test]
fn a_unit_is_taken_off_one_incident_and_sent_to_another_in_one_action() {
    check(
        r#"
        given engine E1; engine E2
        open incident at harbour: fire p2
        open incident at market: fire p1
        open incident at museum: fire p1
        way of E1: 200 s
        send E1 to incident 1
        E1 arrives                            -> E1 on_scene
        reassign E1 to incident 2             -> records 2; E1 assigned; E1 sent; incident 1 no units; incident 2 units E1; incident 1 assignments 1; incident 2 assignments 1; E1 assignments 2
        reassign E1 to incident 2             -> refused wrong_state; says The assignment is on that incident already.; next Choose another incident.
        reassign E1 to incident 9             -> refused not_found; says There is no such incident.
        reassign E2 to incident 1             -> refused not_found; says There is no such assignment.
        close incident 3: nothing
        reassign E1 to incident 3             -> refused wrong_state; says The incident is closed.; incident 2 units E1
        merge incident 1 into incident 2
        reassign E1 to incident 1             -> refused wrong_state; says The incident is merged into another.
        open incident at museum: fire p1
        E1 departs
        restart
        [version 1] reassign E1 to incident 4 -> refused version_mismatch; incident 2 units E1
        [version 2] reassign E1 to incident 4: people inside -> incident 4 units E1; incident 2 no units
        E1 clears
        reassign E1 to incident 2             -> refused wrong_state; says The assignment is cleared.
        propose E2 for incident 2
        reassign proposed E2 to incident 4    -> refused wrong_state; next It binds nobody yet: send the unit to the other incident.
        "#,
    );
    check(
        r#"
        given engine E1
        open incident at harbour: fire p1
        open incident at market: fire p1
        open incident at museum: fire p1
        send E1 to incident 2
        merge incident 2 into incident 1
        reassign E1 to incident 1             -> refused wrong_state; says The assignment is on that incident already.
        "#,
    );
}

#[test]
fn units_come_and_go_on_duty() {
    check(
        r#"
        given station 1 at harbour
        enter engine E1 at station 1          -> E1 off_duty; E1 version 1
        enter engine E1                       -> refused taken; says A unit named E1 exists already.; 说 处警力量“E1”已存在。
        enter balloon B1                      -> refused unknown_code; says The response file knows no kind of unit "balloon".
        enter engine E2 can fly               -> refused unknown_code; says The response file knows no capability "fly".
        enter engine E2 at station 7          -> refused not_found; says There is no such station.
        E1 goes off duty                      -> refused wrong_state; next Nothing needs doing.
        E1 available                          -> E1 available
        E1 available                          -> refused wrong_state
        after 20 s                            -> E1 so for 20 s
        E1 out of service: flat tyre          -> E1 out_of_service; E1 so for 0 s
        open incident at harbour: fire p1
        send E1 to incident 1                 -> refused unit_not_free; says E1 cannot be sent: it is out of service (flat tyre).
        E1 available                          -> E1 available
        E1 ends its rest                      -> refused wrong_state; next It is not resting.
        E1 rests 30 min                       -> E1 available; E1 resting
        E1 rests 0 s                          -> refused missing
        send E1 to incident 1                 -> refused unit_not_free; says E1 cannot be sent: its crew rests.
        after 30 min                          -> E1 available
        send E1 to incident 1                 -> E1 assigned
        E1 arrives
        after 90 s                            -> E1 so for 90 s
        E1 clears                             -> E1 so for 0 s
        E1 rests 1 h                          -> E1 resting
        E1 ends its rest                      -> E1 available
        amend E1 as truck can boat            -> E1 kind truck
        amend E7 as truck                     -> refused not_found
        E1 goes off duty                      -> E1 off_duty
        E7 available                          -> refused not_found
        "#,
    );
}

#[test]
fn a_free_unit_waits_elsewhere_until_it_is_brought_back_or_goes_off_duty() {
    check(
        r#"
        given station 1 at harbour; station 2 at market; engine E1 at station 1; engine E2
        look                                  -> E1 waits at station 1; E2 waits at no station
        E1 moves up to station 2              -> E1 available; E1 waits at station 2
        E1 moves up to station 2              -> refused wrong_state; says The unit is waiting there already.; next Nothing needs doing.
        undo                                  -> E1 waits at station 1
        E2 moves up to station 2              -> E2 waits at station 2
        undo                                  -> refused not_undone; next Move it to a station.
        E1 moves up to station 2
        E1 moves up to station 1              -> E1 waits at station 1
        E1 moves up to station 2
        E1 goes off duty                      -> E1 waits at station 1   # the next crew begins at home
        E1 moves up to station 2              -> refused wrong_state; next Bring it into service first.
        E1 available
        E1 rests 1 h
        E1 moves up to station 2              -> refused wrong_state; next Choose another, or end its rest.
        E1 ends its rest
        open incident at harbour: fire p1
        send E1 to incident 1
        E1 moves up to station 2              -> refused wrong_state; next Clear or cancel its assignment first.
        E9 moves up to station 2              -> refused not_found
        "#,
    );
}

#[test]
fn a_crew_says_once_that_it_knows_where_to_wait_and_its_answer_is_to_that_move_alone() {
    check(
        r#"
        given station 1 at harbour; station 2 at market; station 3 at museum; engine E1 at station 1
        E1 understands station 2              -> refused wrong_state; says The unit is no longer told to wait there.
        E1 moves up to station 2              -> E1 has not answered
        after 60 s
        E1 understands station 2              -> E1 understood after 60 s; E1 waits at station 2
        E1 understands station 2              -> refused wrong_state; says The unit is known to have answered.; next Nothing needs doing.
        undo                                  -> refused not_undone; next Tell it where to wait anew.
        E1 moves up to station 3              -> E1 has not answered
        E1 understands station 2              -> refused wrong_state; next See where it is to wait now, and answer that.
        open incident at harbour: fire p1
        send E1 to incident 1
        E1 understands station 3              -> E1 understood after 0 s   # on its way already; the answer still counts
        E1 clears
        E1 goes off duty
        E1 understands station 3              -> refused wrong_state
        E9 understands station 3              -> refused not_found
        "#,
    );
}

#[test]
fn stations_have_codes_of_their_own() {
    check(
        r#"
        enter station 1 at harbour named Pier -> station 1 Pier
        enter station 1 at market             -> refused taken
        amend station 1 at market named Quay  -> station 1 Quay; station 1 version 2
        amend station 2 at market             -> refused not_found
        "#,
    );
}

#[test]
fn people_are_enrolled_and_the_last_administrator_stays() {
    check(
        r#"
        given engine E1
        enrol ana as administrator, dispatcher -> ana sits as dispatcher, administrator
        enrol ana as dispatcher               -> refused taken
        enrol bo as nothing                   -> refused missing; says At least one seat is missing.
        enrol bo as crew                      -> refused missing; says The unit of a crew member is missing.
        enrol bo as crew of E9                -> refused not_found
        enrol bo as crew of E1                -> bo sits as crew
        enrol robot as program crew           -> robot enabled
        disable ana                           -> refused wrong_state; next Enrol another administrator first.
        amend person ana as dispatcher        -> refused wrong_state
        amend person bo as administrator      -> bo sits as administrator
        disable ana                           -> ana disabled
        amend person bo as dispatcher         -> refused wrong_state
        amend person ana as administrator     -> ana disabled
        amend person bo as dispatcher         -> refused wrong_state
        amend person nobody as dispatcher     -> refused not_found
        disable nobody                        -> refused not_found
        "#,
    );
}
