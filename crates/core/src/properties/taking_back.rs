//! Whatever is taken back at once leaves things as they were, and is refused once anything else has happened.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::random::{self, Dice};
use super::{invariants, new_world, prove};
use crate::board::Board;
use crate::record::Action;
use crate::record::call::CallState;
use crate::story::world::{Asked, World};
use crate::undo::{self, Deed};

/// What people care about: where every call, incident and unit stands, not by how many entries it came there.
fn essence(board: &Board) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for call in board.calls.values() {
        let state = match &call.state {
            CallState::Received => "loose".to_owned(),
            CallState::Joined { incident } => format!("in {incident}"),
            CallState::Closed { .. } => "closed".to_owned(),
        };
        all.insert(format!("{} {state}", call.id));
    }
    for incident in board.incidents.values() {
        let links: BTreeSet<String> = incident
            .links
            .iter()
            .map(|link| format!("{link:?}"))
            .collect();
        all.insert(format!(
            "{} open {} in {:?}, {} {:?} {:?} {links:?}",
            incident.id,
            incident.is_open(),
            incident.merged_into(),
            incident.category,
            incident.priority,
            incident.place,
        ));
    }
    for unit in board.units.values() {
        let bound = board.live_assignment(unit.id);
        let bound = bound.map(|live| board.merge_root(live.incident));
        all.insert(format!("{} {:?} on {bound:?}", unit.id, unit.duty));
    }
    all
}

fn asked(what: &str, at: usize) -> Asked {
    Asked {
        key: Some(format!("{what} {at}")),
        ..Asked::default()
    }
}

/// Acts, and returns what was done if it can be taken back.
fn act(world: &mut World, dice: &Dice, at: usize) -> Option<(Deed, Action)> {
    let action = random::action(world, dice);
    let before = undo::named(&action, world.engine.board());
    let outcome = world.ask(asked("act", at), action.clone()).ok()?;
    let deed = Deed::done(action, before, outcome.records, world.now, 1);
    let undo = deed.undo().ok()?;
    Some((deed, Action::Undo(Box::new(undo))))
}

#[test]
fn what_is_taken_back_at_once_is_as_if_it_had_not_been() {
    let (back, not) = (Cell::new(0), Cell::new(0));
    prove(16, 60, |run| {
        let mut world = new_world();
        for (at, dice) in run.iter().enumerate() {
            world.now.0 += 1_000;
            let before = essence(world.engine.board());
            let Some((deed, undo)) = act(&mut world, dice, at) else {
                continue;
            };
            if dice.0[5] % 3 == 0 {
                continue; // Somebody is content.
            }
            match world.ask(asked("undo", at), undo) {
                Ok(_) => {
                    let after = essence(world.engine.board());
                    assert_eq!(before, after, "after taking back {:?}", deed.action);
                    back.set(back.get() + 1);
                }
                Err(_) => not.set(not.get() + 1),
            }
            invariants::check(&world);
        }
        world.check();
    });
    let (back, not) = (back.get(), not.get());
    assert!(
        back > 100 && not * 10 < back,
        "{back} taken back, {not} not"
    );
}

#[test]
fn what_has_moved_on_or_is_past_its_time_is_not_taken_back() {
    let refused = Cell::new(0);
    prove(8, 60, |run| {
        let mut world = new_world();
        let mut earlier: Vec<(Deed, Action)> = Vec::new();
        for (at, dice) in run.iter().enumerate() {
            world.now.0 += 1_000;
            earlier.extend(act(&mut world, dice, at));
            let Some((deed, undo)) = earlier.get(usize::from(dice.0[5]) % (earlier.len() + 1))
            else {
                continue;
            };
            let board = world.engine.board();
            let same = |(name, version): &(crate::record::RecordRef, u64)| {
                board.get(*name).unwrap().version() == *version
            };
            let may = world.now <= deed.until && deed.records.iter().all(same);
            let (step, undo) = (asked("undo", at), undo.clone());
            if !may {
                let refusal = world.ask(step, undo).unwrap_err();
                assert_eq!(refusal.code(), "not_undone");
                refused.set(refused.get() + 1);
            }
        }
    });
    assert!(refused.get() > 150, "{}", refused.get());
}
