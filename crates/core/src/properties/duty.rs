//! Random actions on duty posts, shifts and handovers, most of them such as somebody might really ask; and what must
//! hold of them: whatever is done, a handover loses nothing. Start at [`act`].

use std::collections::BTreeSet;

use super::random::{CANARY, Dice};
use super::{invariants, new_world, prove, random};
use crate::basis::{DutyPostId, HandoverId, Line, PersonId, Prose, ShiftId, Timestamp};
use crate::duty::{self, ItemName};
use crate::record::Action;
use crate::record::duty_post::{DutyPostAction, DutyPostDetails, Leave};
use crate::record::handover::{Answer, HandoverAction};
use crate::record::person::{PersonAction, PersonDetails, Seat};
use crate::record::shift::{PlannedShift, ShiftAction, SwapWish};
use crate::story::world::{Asked, World};

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

fn prose() -> Prose {
    CANARY.parse().unwrap()
}

fn nth<T>(dice: &Dice, at: usize, mut all: impl Iterator<Item = T> + Clone) -> Option<T> {
    let count = all.clone().count();
    all.nth(usize::from(dice.0[at]) % count.max(1))
}

/// Does one thing for each throw, after all else of a run.
pub(super) fn acts(world: &mut World, run: &[Dice]) {
    for dice in run {
        act(world, dice);
    }
}

/// What brings a handover nearer: a post, a shift, somebody on it, somebody to take over.
fn progress(world: &World, dice: &Dice) -> (PersonId, Action) {
    let board = world.engine.board();
    if board.handovers.values().any(|one| one.is_open()) && dice.0[3] % 6 != 5 {
        return handover(world, dice);
    }
    let running = board.shifts.values().filter(|one| one.runs(world.now));
    let due = running.flat_map(|one| {
        let comes = one.people.iter().find(|person| !one.has_on(**person));
        comes.map(|person| (one.id, *person))
    });
    if !board.duty_posts.values().any(|one| one.is_open()) {
        return post(world, &Dice([dice.0[0], 0, dice.0[2], dice.0[3], 5, 0]));
    }
    let held = board.shifts.values().any(|one| !one.on.is_empty());
    match nth(dice, 2, due.clone()) {
        Some(_) if held && !dice.0[3].is_multiple_of(3) => handover(world, dice),
        Some((shift, person)) => (person, ShiftAction::ComeOn { shift, person }.into()),
        None => shift(
            world,
            &Dice([0, 0, dice.0[2], dice.0[3], dice.0[4], dice.0[5]]),
        ),
    }
}

/// Does what the dice say, asked by whoever would ask it.
pub(super) fn act(world: &mut World, dice: &Dice) {
    let (by, action) = match dice.0[1] % 5 {
        _ if staff(world).count() < 8 => enrol(world),
        0 => post(world, dice),
        1 => shift(world, dice),
        _ => progress(world, dice),
    };
    let person = if dice.0[5] % 17 == 3 {
        PersonId([1; 16])
    } else {
        by
    };
    let asked = Asked {
        person,
        ..Asked::default()
    };
    drop(world.ask(asked, action));
}

/// Those who may hold the posts.
fn staff(world: &World) -> impl Iterator<Item = PersonId> + Clone {
    let people = world.engine.board().people.values();
    let may = |one: &&std::sync::Arc<crate::record::person::Person>| {
        !one.disabled && one.details.seats.contains(&Seat::DutyOfficer)
    };
    people.filter(may).map(|one| one.id)
}

fn enrol(world: &World) -> (PersonId, Action) {
    let count = world.engine.board().people.len();
    let details = PersonDetails {
        name: line("somebody"),
        seats: [Seat::DutyOfficer].into(),
        unit: None,
        program: false,
    };
    let login = line(&format!("duty {count}"));
    let action = Action::Person(PersonAction::Enrol { login, details });
    (PersonId([1; 16]), action)
}

fn details(dice: &Dice) -> DutyPostDetails {
    DutyPostDetails {
        name: line(&format!("Desk {}", dice.0[2] % 3)),
        name_other: None,
        seat: Some(Seat::DutyOfficer),
        station: None,
        minimum: dice.0[3] % 3,
        reach: line("8110"),
        pattern: None,
        rest_min: 0,
        week_max: 0,
        hands_over: !dice.0[4].is_multiple_of(8),
    }
}

fn post(world: &World, dice: &Dice) -> (PersonId, Action) {
    let board = world.engine.board();
    let person = nth(dice, 3, staff(world));
    let person = person.unwrap_or(PersonId([1; 16]));
    let duty_post = nth(dice, 2, board.duty_posts.keys()).copied();
    let duty_post = duty_post.unwrap_or(DutyPostId([9; 16]));
    let from = Timestamp(world.now.0 + i64::from(dice.0[4]) * 1_000);
    let action = match dice.0[4] % 12 {
        0 => DutyPostAction::Amend {
            duty_post,
            details: details(dice),
        },
        1 => DutyPostAction::GiveLeave {
            duty_post,
            leave: Leave {
                person,
                from,
                until: Timestamp(from.0 + 3_600_000),
            },
        },
        2 | 3 => {
            let found = board.duty_posts.get(&duty_post);
            let leave = found.and_then(|post| post.leaves.first());
            DutyPostAction::EndLeave {
                duty_post,
                person: leave.map_or(person, |one| one.person),
                from: leave.map_or(from, |one| one.from),
            }
        }
        4 => DutyPostAction::End { duty_post },
        _ => DutyPostAction::Enter {
            details: details(dice),
        },
    };
    (person, Action::DutyPost(action))
}

fn shift(world: &World, dice: &Dice) -> (PersonId, Action) {
    let board = world.engine.board();
    let person = nth(dice, 3, staff(world));
    let person = person.unwrap_or(PersonId([1; 16]));
    let post = nth(
        dice,
        2,
        board.duty_posts.values().filter(|one| one.is_open()),
    );
    let post = post.map_or(DutyPostId([9; 16]), |post| post.id);
    let open = board.shifts.values();
    let open = open.filter(|one| one.is_open() && world.now < one.until);
    let found = nth(dice, 4, open);
    let shift = found.map_or(ShiftId([9; 16]), |one| one.id);
    let planned = found.and_then(|one| {
        let waits = one.people.iter().filter(|person| !one.has_on(**person));
        nth(dice, 3, waits).copied()
    });
    let planned = planned.unwrap_or(person);
    let on = found.and_then(|one| one.on.first()).map(|one| one.person);
    let overriding = (dice.0[5] >> 4 & 1 == 0).then(prose);
    let enough = board
        .shifts
        .values()
        .filter(|one| one.is_open() && world.now < one.until);
    let enough = enough.count() > 5;
    let action = match dice.0[0] % 16 {
        0..=3 if enough => ShiftAction::Cancel {
            shift,
            reason: prose(),
        },
        0..=3 => {
            let later_ms = i64::from(dice.0[4] % 3) * 6 * 3_600_000;
            let from = Timestamp(world.now.0 + later_ms);
            let hours = 1 + i64::from(dice.0[5] % 12);
            let people = staff(world).skip(usize::from(dice.0[3] % 3));
            ShiftAction::Plan {
                post,
                shifts: vec![PlannedShift {
                    from,
                    until: Timestamp(from.0 + hours * 3_600_000),
                    people: people.take(2).collect(),
                }],
                overriding,
            }
        }
        4 => ShiftAction::Assign {
            shift,
            person,
            overriding,
        },
        5 => ShiftAction::TakeOff {
            shift,
            person: planned,
            reason: prose(),
        },
        6 => {
            let free = |one: &PersonId| {
                let span = found.map(|shift| duty::Span {
                    person: *one,
                    post: shift.post,
                    from: shift.from,
                    until: shift.until,
                });
                span.is_some_and(|span| duty::rest_clash(board, &span, &[], None).is_none())
            };
            let swap = SwapWish {
                from: planned,
                to: staff(world).find(free).unwrap_or(person),
                theirs: None,
            };
            return (planned, ShiftAction::AskSwap { shift, swap }.into());
        }
        7 | 8 => {
            let swap = board
                .shifts
                .values()
                .find_map(|one| Some((one.id, *one.swaps.first()?)));
            let (shift, from, to) = swap.map_or((shift, planned, person), |(shift, swap)| {
                (shift, swap.from, swap.to)
            });
            let accept = dice.0[5] >> 4 & 1 == 0;
            let action = ShiftAction::AnswerSwap {
                shift,
                from,
                accept,
            };
            return (to, action.into());
        }
        9 | 10 => ShiftAction::ComeOn {
            shift,
            person: planned,
        },
        11 => ShiftAction::GoOff {
            shift,
            person: on.unwrap_or(planned),
        },
        12 | 13 => ShiftAction::Write {
            shift,
            text: prose(),
            hands_over: dice.0[5] >> 4 & 1 == 0,
        },
        14 => {
            let note = board
                .shifts
                .values()
                .find_map(|one| Some((one.id, one.open_notes().next()?.no)));
            let (shift, no) = note.unwrap_or((shift, 7));
            ShiftAction::Settle { shift, no }
        }
        _ => ShiftAction::Cancel {
            shift,
            reason: prose(),
        },
    };
    (person, action.into())
}

fn handover(world: &World, dice: &Dice) -> (PersonId, Action) {
    let board = world.engine.board();
    let under_way = nth(
        dice,
        2,
        board.handovers.values().filter(|one| one.is_open()),
    );
    let Some(found) = under_way else {
        return begin(world, dice);
    };
    let open = duty::open_items(
        board,
        world.engine.node(),
        found.post,
        &world.timers,
        world.now,
    );
    let accepted = |name: &ItemName| {
        let item = found.item(name);
        item.is_some_and(|item| matches!(item.answer, Answer::Accepted { .. }))
    };
    let next = open.iter().find(|one| !accepted(&one.name));
    let asked = found
        .items
        .iter()
        .find(|item| matches!(item.answer, Answer::Questioned | Answer::Explained));
    let item = asked.map_or_else(
        || next.map_or_else(|| ItemName("none".to_owned()), |one| one.name.clone()),
        |item| item.open.name.clone(),
    );
    let handover: HandoverId = found.id;
    let (text, reason) = (prose(), prose());
    let (by, action) = match dice.0[0] % 24 {
        0 => {
            let by = found.incoming;
            (
                by,
                HandoverAction::Question {
                    handover,
                    item,
                    text,
                },
            )
        }
        1 | 2 => {
            let by = found.outgoing;
            (
                by,
                HandoverAction::Explain {
                    handover,
                    item,
                    text,
                },
            )
        }
        3 => (found.incoming, HandoverAction::SayGone { handover, reason }),
        4 | 5 => (found.outgoing, HandoverAction::Sign { handover }),
        6..=9 => (found.incoming, HandoverAction::Sign { handover }),
        10 => (found.outgoing, HandoverAction::GiveUp { handover, reason }),
        _ => (found.incoming, HandoverAction::Accept { handover, item }),
    };
    (by, action.into())
}

/// Whoever is on hands over to somebody who is planned at the same post.
fn begin(world: &World, dice: &Dice) -> (PersonId, Action) {
    let board = world.engine.board();
    let held = board.shifts.values().filter(|one| !one.on.is_empty());
    let held = nth(dice, 3, held);
    let post = held.map_or(DutyPostId([9; 16]), |one| one.post);
    let outgoing = held.map_or(PersonId([9; 16]), |one| one.on[0].person);
    let to = board
        .shifts
        .values()
        .filter(|one| one.post == post && one.runs(world.now));
    let to = nth(dice, 4, to);
    let comes = to.and_then(|one| one.people.iter().find(|person| !one.has_on(**person)));
    let incoming = comes.copied().unwrap_or(PersonId([8; 16]));
    let action = HandoverAction::Open {
        from: held.map_or(ShiftId([9; 16]), |one| one.id),
        outgoing,
        to: to.map_or(ShiftId([9; 16]), |one| one.id),
        incoming,
    };
    (incoming, action.into())
}

/// What was open of a handover under way before a step.
type Before = Vec<(HandoverId, Vec<ItemName>)>;

fn before(world: &World) -> Before {
    let board = world.engine.board();
    let open = board.handovers.values().filter(|one| one.is_open());
    let items = |post| {
        let (node, rules) = (world.engine.node(), &world.timers);
        let open = duty::open_items(board, node, post, rules, world.now);
        open.into_iter().map(|one| one.name).collect()
    };
    open.map(|one| (one.id, items(one.post))).collect()
}

/// Whoever holds the watch at each post that hands over.
fn holders(world: &World) -> Vec<(DutyPostId, BTreeSet<PersonId>)> {
    let board = world.engine.board();
    let posts = board
        .duty_posts
        .values()
        .filter(|one| one.details.hands_over && one.is_open());
    let on = |post| {
        let on = duty::on_duty(board, post);
        on.filter(|(_, one)| one.holds)
            .map(|(_, one)| one.person)
            .collect()
    };
    posts.map(|one| (one.id, on(one.id))).collect()
}

#[test]
fn whatever_is_done_a_handover_loses_nothing() {
    let signed = std::cell::Cell::new(0);
    prove(16, 90, |run| {
        let mut world = new_world();
        for dice in run {
            if dice.0[5] % 3 == 0 {
                random::step(&mut world, dice);
            }
            let (before, held) = (before(&world), holders(&world));
            act(&mut world, dice);
            let board = world.engine.board();
            for (id, open) in &before {
                let found = &board.handovers[id];
                if !found.is_signed() {
                    continue;
                }
                signed.set(signed.get() + 1);
                for name in open {
                    let item = found.item(name).expect("what is open is in the handover");
                    let accepted = matches!(item.answer, Answer::Accepted { .. });
                    assert!(accepted, "{name} was not accepted");
                }
            }
            for (post, on) in held.iter().filter(|(_, on)| !on.is_empty()) {
                let now: BTreeSet<PersonId> = duty::on_duty(board, *post)
                    .filter(|(_, one)| one.holds)
                    .map(|(_, one)| one.person)
                    .collect();
                let by_handover = before.iter().any(|(id, _)| board.handovers[id].is_signed());
                assert!(
                    by_handover || !on.is_disjoint(&now),
                    "a post changed hands by itself"
                );
            }
            invariants::check(&world);
        }
        world.check();
    });
    assert!(signed.get() > 20, "too few were signed: {}", signed.get());
}
