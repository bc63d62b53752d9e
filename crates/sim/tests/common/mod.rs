//! What stories of several nodes are told with: three nodes, an operation, and the deeds that come up again and again.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses some of it, and helpers of tests fail like tests"
)]

use watchfire_core::basis::{IncidentId, OperationId, Place, Point, UnitId};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::record::{Action, Elsewhere, Record, RecordRef};
use watchfire_sim::site::{Site, enrol, pull};

pub(crate) fn sites() -> (Site, Site, Site) {
    let (mut a, mut b, mut c) = (Site::new("a", 1), Site::new("b", 2), Site::new("c", 3));
    enrol(&mut a, &mut b);
    enrol(&mut a, &mut c);
    (a, b, c)
}

pub(crate) fn raise(site: &mut Site) -> OperationId {
    let raise = OperationAction::Raise {
        name: "parcel".parse().unwrap(),
        purpose: "stop a parcel".parse().unwrap(),
        legal_basis: "art. 54".parse().unwrap(),
        handling: Handling::PoliceUse,
        history: History::All,
        exercise: true,
        succeeds: None,
        own_name: site.name.parse().unwrap(),
    };
    let outcome = site.ask(Action::Operation(raise)).unwrap();
    OperationId(outcome.records[0].0.id)
}

pub(crate) fn invite(site: &mut Site, operation: OperationId, whom: &Site) {
    let invite = OperationAction::Invite {
        operation,
        node: whom.node(),
        role: "helps".parse().unwrap(),
    };
    site.ask(Action::Operation(invite)).unwrap();
}

pub(crate) fn join(site: &mut Site, operation: OperationId) {
    let join = ParticipationAction::Join { operation };
    site.ask(Action::Participation(join)).unwrap();
}

pub(crate) fn offer_command(site: &mut Site, operation: OperationId, to: &Site) {
    let to = to.node();
    let offer = OperationAction::OfferCommand { operation, to };
    site.ask(Action::Operation(offer)).unwrap();
}

pub(crate) fn take_command(operation: OperationId) -> Action {
    Action::Operation(OperationAction::TakeCommand { operation })
}

/// Three nodes in one operation that the first leads.
pub(crate) fn joint() -> (Site, Site, Site, OperationId) {
    let (mut a, mut b, mut c) = sites();
    let operation = raise(&mut a);
    invite(&mut a, operation, &b);
    invite(&mut a, operation, &c);
    for other in [&mut b, &mut c] {
        pull(other, &a);
        join(other, operation);
        pull(&mut a, other);
    }
    settle(&mut [&mut a, &mut b, &mut c]);
    (a, b, c, operation)
}

/// Lets all take from all until nobody learns anything new.
pub(crate) fn settle(sites: &mut [&mut Site]) {
    for _ in 0..3 {
        for to in 0..sites.len() {
            for from in 0..sites.len() {
                if to != from {
                    let (low, high) = sites.split_at_mut(to.max(from));
                    let (low, high) = (&mut low[to.min(from)], &mut high[0]);
                    match to < from {
                        true => pull(low, high),
                        false => pull(high, low),
                    }
                }
            }
        }
    }
}

pub(crate) fn place() -> Place {
    Place {
        point: Point {
            lat_e6: 30_000_000,
            lon_e6: 120_600_000,
        },
        address: None,
        area: None,
    }
}

pub(crate) fn open(site: &mut Site) -> IncidentId {
    let open = IncidentAction::Open {
        from_call: None,
        category: Some("fraud".parse().unwrap()),
        priority: Some(watchfire_core::basis::Priority::P1),
        place: Some(place()),
    };
    let outcome = site.ask(Action::Incident(open)).unwrap();
    IncidentId(outcome.records[0].0.id)
}

pub(crate) fn note(site: &mut Site, incident: IncidentId, text: &str) {
    let text = text.parse().unwrap();
    site.ask(Action::Incident(IncidentAction::AddNote { incident, text }))
        .unwrap();
}

pub(crate) fn unit(site: &mut Site, callsign: &str) -> UnitId {
    let details = UnitDetails {
        kind: "car".parse().unwrap(),
        capabilities: Default::default(),
        station: None,
        post: Some(place().point),
        crew: Some(2),
        areas: Default::default(),
    };
    let callsign = callsign.parse().unwrap();
    let outcome = site
        .ask(Action::Unit(UnitAction::Enter { callsign, details }))
        .unwrap();
    let unit = UnitId(outcome.records[0].0.id);
    site.ask(Action::Unit(UnitAction::MakeAvailable { unit }))
        .unwrap();
    unit
}

pub(crate) fn share(
    site: &mut Site,
    operation: OperationId,
    record: impl Into<RecordRef>,
    tier: Tier,
) {
    let share = ParticipationAction::Share {
        operation,
        record: record.into(),
        tier,
        with_response: true,
        until: None,
    };
    site.ask(Action::Participation(share)).unwrap();
}

pub(crate) fn of(site: &Site, record: impl Into<RecordRef>) -> Elsewhere {
    Elsewhere {
        node: site.node(),
        record: record.into(),
    }
}

pub(crate) fn notes(record: Option<Record>) -> Vec<String> {
    match record {
        Some(Record::Incident(incident)) => {
            let texts = incident.notes.iter().map(|note| note.text.as_ref());
            texts
                .map(|text| text.map_or("-".to_owned(), |text| text.as_str().to_owned()))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn check(sites: &[&Site]) {
    for site in sites {
        assert!(
            site.refold() == site.shown,
            "{}: a refold differs from memory",
            site.name
        );
        assert!(
            *site.engine.board() == site.shown,
            "{}: ahead of the disk",
            site.name
        );
    }
}
