//! Several incidents looked at together, and units that would be of more use elsewhere.

use std::collections::BTreeMap;

use super::{Story, check, verbs::Words};
use crate::basis::{IncidentId, UnitId};
use crate::cover::Trade;
use crate::recommend::{
    self, Made, Origin, Recommendation, Rule, UnderWay, Versions, Waiting, Weighed, diversions,
    may_be_diverted,
};

impl Story {
    /// The ways to one incident: those told of it alone, and of the others what was told of all.
    pub(super) fn origins_to(&self, incident: IncidentId) -> BTreeMap<UnitId, Origin> {
        let mut origins = self.origins.clone();
        origins.extend(self.origins_to.get(&incident).cloned().unwrap_or_default());
        origins
    }

    fn recommended(&self, incident: IncidentId) -> Recommendation {
        let board = self.world.engine.board();
        let found = &board.incidents[&incident];
        let origins = self.origins_to(incident);
        let response = &self.world.response;
        recommend::recommend(board, response, found, &origins, None, self.world.now)
    }

    pub(super) fn fill_together(&mut self) {
        let board = self.world.engine.board();
        let alone: Vec<_> = board
            .open_incidents()
            .map(|incident| (incident, self.recommended(incident.id)))
            .collect();
        let waiting: Vec<Waiting<'_>> = alone
            .iter()
            .map(|(incident, alone)| Waiting { incident, alone })
            .collect();
        let found = recommend::together(board, &waiting);
        let callsign = |unit: &UnitId| board.units[unit].callsign.to_string();
        let number = |incident: &IncidentId| board.incidents[incident].number;
        let mut said = vec![
            format!("{} incidents left out", found.left_out),
            format!(
                "{} s, {} empty",
                found.together.seconds, found.together.empty
            ),
            format!(
                "one by one {} s, {} empty",
                found.one_by_one.seconds, found.one_by_one.empty
            ),
        ];
        for plan in &found.plans {
            let names: Vec<String> = plan.chosen.iter().map(|one| callsign(&one.unit)).collect();
            let names = match names.is_empty() {
                true => "nobody".to_owned(),
                false => names.join(", "),
            };
            said.push(format!("incident {}: {names}", number(&plan.incident)));
            for one in &plan.chosen {
                if let Some((sooner, incident)) = &one.spared {
                    let (sooner, goes) = (callsign(sooner), number(incident));
                    said.push(format!("{sooner} goes to incident {goes} instead"));
                }
            }
        }
        self.said = said;
    }

    pub(super) fn divert(&mut self, to: IncidentId) {
        let board = self.world.engine.board();
        let now = self.world.now;
        let seconds = |unit: UnitId, incident| self.origins_to(incident).get(&unit)?.travel;
        let may = may_be_diverted(board, &board.incidents[&to], now);
        let under_way: Vec<UnderWay> = may
            .iter()
            .filter_map(|one| {
                let chosen = self.recommended(one.incident);
                let unit = &board.units[&one.unit];
                let free = |candidate: &&recommend::Candidate| {
                    board.units[&candidate.unit].details.kind == unit.details.kind
                };
                let stand_in = chosen.candidates.iter().find(free);
                Some(UnderWay {
                    assignment: one.id,
                    here: seconds(one.unit, to)?,
                    there: seconds(one.unit, one.incident),
                    stand_in: stand_in.map(|one| (one.unit, one.travel)),
                })
            })
            .collect();
        let callsign = |unit: &UnitId| board.units[unit].callsign.to_string();
        let in_seconds = |seconds: Option<u32>| seconds.map_or("?".into(), |s| s.to_string());
        let mut said = vec![format!("{} may be asked", may.len())];
        for one in diversions(board, &self.recommended(to), &under_way) {
            let stand_in = one.stand_in.as_ref().map_or("nobody".into(), callsign);
            said.push(format!(
                "take {} off incident {}: {} s sooner, there {stand_in} comes {} s later",
                callsign(&one.unit),
                board.incidents[&one.from].number,
                in_seconds(one.sooner_s),
                in_seconds(one.later_s)
            ));
        }
        if said.len() == 1 {
            said.push("take nobody off".to_owned());
        }
        self.said = said;
    }

    pub(super) fn recommend_again(&mut self, incident: IncidentId) {
        let board = self.world.engine.board();
        let (response, origins) = (&self.world.response, self.origins_to(incident));
        let found = &board.incidents[&incident];
        let losses = origins.keys().zip([50_000, 0, 20_000].into_iter().cycle());
        let weighed = Weighed {
            losses: losses.map(|(unit, loss)| (*unit, loss)).collect(),
            trade: Trade { cover_worth_s: 10 },
            target_s: 300,
        };
        let (now, versions) = (self.world.now, Versions::default());
        let weighed = Some(&weighed);
        let (made, first) = Made::of(board, response, found, &origins, weighed, versions, now);
        let direct = recommend::recommend(board, response, found, &origins, weighed, now);
        let kept = serde_json::to_string(&made).unwrap();
        assert_eq!(made.incident.place.address, None, "no words are kept");
        let read: Made = serde_json::from_str(&kept).unwrap();
        let again = read.again(response);
        let mut tampered = read.clone();
        tampered.at = now.plus_s(1);
        self.said = vec![
            format!("the same {}", read.is_same(&again) && again == first),
            format!("as on the board {}", again.needs == direct.needs),
            format!("named anew {}", tampered.name() != read.name()),
            format!("kept {} units", read.units.len()),
        ];
    }

    pub(super) fn otherwise(&mut self, words: &mut Words) {
        let sent: Vec<UnitId> = words
            .list()
            .iter()
            .map(|one| self.world.unit(one))
            .collect();
        words.must("to");
        let incident = self.incident(words);
        let board = self.world.engine.board();
        let made = self.recommended(incident);
        let callsign = |unit: &UnitId| board.units[unit].callsign.to_string();
        let choices = made.choices(board, &sent, Rule::KnowsPlace, None);
        self.said = choices
            .iter()
            .map(|choice| match &choice.why.otherwise {
                Some(kept) => format!(
                    "{} in place of {}, expected in {} s",
                    callsign(&choice.unit),
                    callsign(&kept.recommended),
                    kept.expected_s
                ),
                None => format!("{} in place of nobody", callsign(&choice.unit)),
            })
            .collect();
    }

    pub(super) fn way_to(&mut self, words: &mut Words) -> Option<IncidentId> {
        words.eat("to").then(|| self.incident(words))
    }
}

#[test]
fn two_that_wait_share_the_units_better_than_one_after_the_other() {
    check(
        r#"
        given engine E1; engine E2
        open incident at harbour: medical p1
        open incident at market: medical p1
        way of E1 to incident 1: 100 s
        way of E1 to incident 2: 130 s
        way of E2 to incident 1: 110 s
        way of E2 to incident 2: 900 s
        look together                         -> incident 1: E2; incident 2: E1; E1 goes to incident 2 instead; 240 s, 2 empty; one by one 1000 s, 2 empty; 0 incidents left out
        "#,
    );
}

#[test]
fn the_graver_one_is_never_left_out_and_weighs_more() {
    check(
        r#"
        given engine E1
        open incident at market: medical p4
        open incident at harbour: medical p1
        way of E1 to incident 1: 1 s
        way of E1 to incident 2: 3000 s
        look together                         -> incident 2: E1; incident 1: nobody   # one unit: it goes to the graver, however far
        given engine E2
        way of E2 to incident 1: 400 s
        way of E2 to incident 2: 2700 s
        look together                         -> incident 2: E2; incident 1: E1; 2701 s, 2 empty
        way of E2 to incident 1: 4000 s
        way of E2 to incident 2: 2999 s
        look together                         -> incident 2: E2; incident 1: E1
        way of E2 to incident 2: 3100 s
        look together                         -> incident 2: E2; incident 1: E1       # 100 s more for a P1 count as 800, 3999 s for a P4 as 3999
        way of E2 to incident 1: 700 s
        look together                         -> incident 2: E1; incident 1: E2       # and 800 are more than 699
        "#,
    );
}

#[test]
fn nobody_is_taken_twice_and_those_there_count() {
    check(
        r#"
        given engine E1; engine E2; engine E3; truck T1; medic M1 can als
        way of E1: 10 s
        way of E2: 20 s
        way of E3: 30 s
        way of T1: 40 s
        way of M1: 50 s
        open incident at harbour: fire p1
        open incident at market: fire p1
        send E1 to incident 1
        look together                         -> incident 1: E2, T1; incident 2: E3; 90 s, 2 empty; one by one 90 s, 2 empty
        send E2, T1 to incident 1
        look together                         -> incident 2: E3; 30 s, 2 empty
        "#,
    );
}

#[test]
fn a_unit_on_its_way_to_less_is_proposed_with_what_it_costs_there() {
    check(
        r#"
        given engine E1; engine E2
        open incident at market: medical p3
        open incident at harbour: medical p1
        open incident at museum: medical p1
        send E1 to incident 1
        E1 acknowledges
        E1 departs
        way of E1 to incident 1: 200 s
        way of E1 to incident 2: 60 s
        way of E2 to incident 1: 500 s
        way of E2 to incident 2: 600 s
        divert for incident 2                 -> 1 may be asked; take E1 off incident 1: 540 s sooner, there E2 comes 300 s later
        way of E1 to incident 2: 480 s
        divert for incident 2                 -> take E1 off incident 1: 120 s sooner, there E2 comes 300 s later
        way of E1 to incident 2: 481 s
        divert for incident 2                 -> take nobody off   # one second too few to be worth it
        E2 goes off duty
        divert for incident 2                 -> take E1 off incident 1: ? s sooner, there nobody comes ? s later
        divert for incident 1                 -> 0 may be asked    # nothing graver is given up
        grade incident 1: p1
        divert for incident 2                 -> 0 may be asked    # nor what is as grave
        grade incident 1: p2
        divert for incident 2                 -> 1 may be asked
        E1 arrives
        divert for incident 2                 -> 0 may be asked    # nor one that is there
        "#,
    );
}

#[test]
fn who_is_sent_otherwise_stands_in_for_one_that_was_recommended() {
    check(
        r#"
        given engine E1; engine E2; engine E3; truck T1; truck T2
        way of E1: 100 s
        way of E2: 110 s
        way of E3: 120 s
        way of T1: 130 s
        way of T2: 140 s
        open incident at harbour: fire p1     # 2 engines and a truck: E1, E2, T1
        otherwise E1, E2, T1 to incident 1    -> E1 in place of nobody; E2 in place of nobody; T1 in place of nobody
        otherwise T2, E3 to incident 1        -> T2 in place of T1, expected in 130 s; E3 in place of E1, expected in 100 s
        otherwise E1, E3 to incident 1        -> E1 in place of nobody; E3 in place of E2, expected in 110 s
        otherwise E1, E2, T1, E3 to incident 1 -> E3 in place of nobody   # one more than wanted takes nobody's place
        "#,
    );
}

#[test]
fn a_recommendation_is_made_again_of_what_is_kept_to_the_same_answer() {
    check(
        r#"
        given station 1 at harbour for areas A; engine E1 at station 1; engine E2; engine E3; truck T1; medic M1 can als; truck T9 off duty
        way of E1: 250 s seen 90 s ago
        way of E2: 240 s
        way of E3: 400 s by straight line
        way of T1: none
        open incident at harbour: fire p2
        recommend again for incident 1        -> the same true; as on the board true; named anew true; kept 4 units   # no medic is wanted, T9 is off duty
        send E3 to incident 1
        E3 arrives
        E3 clears
        E2 rests 1 h
        recommend again for incident 1        -> the same true; as on the board true
        raise incident 1 to alarm 2
        recommend again for incident 1        -> the same true; as on the board true; kept 5 units
        "#,
    );
}
