//! A replay beside a person: whoever sits at the console of a demo is answered by the simulated crews.

use watchfire::desk::{Desk, DirectDesk, Halt, Waited};
use watchfire::past::{Manners, Past};
use watchfire::policy::Authorized;
use watchfire::positions::Positions;
use watchfire::replay::{self, Replay};
use watchfire::travel::Travel;
use watchfire_core::basis::{IncidentId, Place, Point, Priority, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::engine::Outcome;
use watchfire_core::recommend::Recommendation;
use watchfire_core::record::Action;
use watchfire_core::record::assignment::{AssignmentAction, AssignmentStatus, Choice, Why};
use watchfire_core::record::incident::{Incident, IncidentAction};
use watchfire_core::refusal::Refusal;

use super::history::Archive;

/// A desk at which, before the first thing is due, somebody opens an incident and sends a unit.
struct Visited {
    desk: DirectDesk,
    visitor: Option<UnitId>,
    at: Timestamp,
}

impl Desk for Visited {
    fn wait(&mut self, _: Timestamp) -> Waited {
        let Some(unit) = self.visitor.take() else {
            return Waited::There;
        };
        let place = Place {
            point: Point::from_degrees(30.01, 120.0).unwrap(),
            address: None,
            area: None,
        };
        let open = Action::Incident(IncidentAction::Open {
            from_call: None,
            category: Some("fire".parse().unwrap()),
            priority: Some(Priority::P1),
            place: Some(place),
        });
        let by_hand = |action| Authorized::by_the_node(action);
        let opened = self
            .desk
            .act(self.at, by_hand(open), "open".into())
            .unwrap()
            .unwrap();
        let incident = IncidentId(opened.records[0].0.id);
        let choices = vec![Choice {
            unit,
            why: Why::default(),
        }];
        let send = Action::Assignment(AssignmentAction::Send { incident, choices });
        self.desk
            .act(self.at, by_hand(send), "send".into())
            .unwrap()
            .unwrap();
        Waited::NotYet(self.at)
    }

    fn act(
        &mut self,
        at: Timestamp,
        action: Authorized,
        key: String,
    ) -> Result<Result<Outcome, Refusal>, Halt> {
        self.desk.act(at, action, key)
    }

    fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        self.desk.look(look)
    }

    fn recommend(&self, incident: &Incident, at: Timestamp) -> Recommendation {
        self.desk.recommend(incident, at)
    }

    fn positions(&self) -> &Positions {
        self.desk.positions()
    }

    fn travel(&self) -> &Travel {
        self.desk.travel()
    }
}

#[test]
fn a_unit_that_a_visitor_sends_is_answered_driven_and_cleared() {
    let archive = Archive::new();
    let calls = Archive::read("a,E1,10:01,10:02,10:09,11:00");
    let (units, at) = (Archive::units(), Timestamp(calls[0].received - 60_000));
    let mut desk = archive.desk;
    let cast = replay::set_stage(&mut desk, &[], &units, at)
        .unwrap()
        .unwrap();
    let second = desk.look(|board| board.unit_by_callsign(&"E2".parse().unwrap()).unwrap().id);
    let past = Past::new(calls, &units, Manners::default());
    let visited = Visited {
        desk,
        visitor: Some(second),
        at,
    };
    let mut replay = Replay::new(visited, &past, cast, at, Timestamp(i64::MAX));
    replay.run(|_| ()).unwrap();
    assert!(replay.refused.is_empty(), "{:?}", replay.refused);
    let desk = replay.into_desk();
    desk.look(|board| {
        let by_visitor = board.assignments.values().find(|one| one.unit == second);
        let by_visitor = by_visitor.expect("the visitor sent it");
        assert_eq!(by_visitor.status, AssignmentStatus::Cleared);
        let steps = [
            by_visitor.sent_at,
            by_visitor.acknowledged_at,
            by_visitor.departed_at,
            by_visitor.arrived_at,
            by_visitor.ended_at,
        ];
        assert!(
            steps.iter().all(Option::is_some) && steps.is_sorted(),
            "{steps:?}"
        );
        assert_eq!(board.open_incident_count(), 0);
    });
}
