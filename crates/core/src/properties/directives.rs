//! Random directives, answers to them and books of days, most of them such as somebody might really try. What must hold: a
//! directive that is out and late is among the alarms of its issuer, and nobody says of their own work that it is done.
//! Start at [`lived`].

use std::collections::BTreeSet;

use super::random::Dice;
use super::{invariants, new_world, prove};
use crate::basis::{Blob, DirectiveId, Line, PersonId, Priority, SettlementId, Timestamp};
use crate::ledger::{BookOf, LineId};
use crate::limits;
use crate::record::directive::{
    Addressee, Details, DirectiveAction, ItemStatus, Step, overdue, statuses,
};
use crate::record::person::Seat;
use crate::record::settlement::{Book, Settlement, SettlementAction};
use crate::record::{Action, RecordRef};
use crate::story::world::{Asked, World};
use crate::timer::{self, AlarmCode, TimerRules};

/// Steps after a run: enough to come to every kind of them in the longest run.
const STEPS_MAX: usize = 500;
const HOUR_MS: i64 = 3_600 * 1_000;

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

fn nth<K: Copy>(mut of: impl ExactSizeIterator<Item = K>, at: u16) -> Option<K> {
    let count = of.len().max(1);
    of.nth(usize::from(at) % count)
}

/// Lives some directives and settles some days after a run, so that what the rest of it comes to does not hang on it.
pub(super) fn lived(world: &mut World, run: &[Dice]) {
    let begun = world.now;
    for dice in run.iter().take(STEPS_MAX) {
        world.now.0 += i64::from(dice.0[0] % 600) * 1_000;
        let action = match dice.0[1] % 8 {
            0 => book(world, begun, dice),
            _ => Action::Directive(directive(world, dice)),
        };
        let person = PersonId([1 + u8::from(dice.0[2].is_multiple_of(2)); 16]);
        let asked = Asked {
            person,
            ..Asked::default()
        };
        drop(world.ask(asked, action));
    }
    if let Some(dice) = run.first() {
        to_its_end(world, dice);
    }
}

/// Takes one directive to its end with a return on the way, and settles a day on which what was to be carried over ended
/// after all: chance alone seldom comes to it.
fn to_its_end(world: &mut World, dice: &Dice) {
    let board = world.engine.board();
    let signed: BTreeSet<BookOf> = board
        .settlements
        .values()
        .filter(|one| one.signed.is_some())
        .map(|one| one.book.of)
        .collect();
    // Whose book was signed long before may not leave the days between out.
    let units = board.units.keys().copied();
    let fresh: Vec<_> = units
        .filter(|unit| !signed.contains(&BookOf::Unit(*unit)))
        .collect();
    let Some(unit) = nth(fresh.into_iter(), dice.0[3]) else {
        return;
    };
    let act = |world: &mut World, person: u8, action: Action| {
        let person = PersonId([person; 16]);
        let asked = Asked {
            person,
            ..Asked::default()
        };
        let done = world.ask(asked, action).ok()?;
        done.records.first().map(|(record, _)| record.id)
    };
    let issue = |world: &World| {
        let mut details = details(world, dice, None);
        details.kind = "task".parse().unwrap();
        details.to = vec![Addressee::Unit(unit)];
        let (text, issue) = (None, true);
        Action::Directive(DirectiveAction::Draft {
            details,
            text,
            issue,
        })
    };
    let first = issue(world);
    let Some(directive) = act(world, 1, first).map(DirectiveId) else {
        return;
    };
    let (item, reason) = (0, line("Because"));
    let report = DirectiveAction::Advance {
        directive,
        item,
        step: Step::Reported,
        text: Some("What was done".parse().unwrap()),
    };
    act(world, 2, Action::Directive(report.clone()));
    let back = DirectiveAction::Return {
        directive,
        item,
        reason: reason.clone(),
    };
    act(world, 1, Action::Directive(back));
    act(world, 2, Action::Directive(report));
    let verify = DirectiveAction::Verify { directive, item };
    act(world, 1, Action::Directive(verify));
    let second = issue(world);
    let Some(directive) = act(world, 1, second).map(DirectiveId) else {
        return;
    };
    let book = Book {
        home: world.engine.node(),
        of: BookOf::Unit(unit),
        from: world.now,
        until: Timestamp(world.now.0 + HOUR_MS),
    };
    let ledger = Settlement::ledger(world.engine.board(), &book);
    let lines: Vec<LineId> = ledger.carried_out().map(|line| line.id).collect();
    let until = Timestamp(book.until.0 + 1);
    for lines in lines.chunks(limits::CARRIED_AT_ONCE_MAX) {
        let carry = SettlementAction::Carry {
            book,
            lines: lines.to_vec(),
            reason: reason.clone(),
            until,
        };
        act(world, 1, Action::Settlement(carry));
    }
    world.now.0 += 1_000;
    let recall = DirectiveAction::Recall { directive, reason };
    act(world, 1, Action::Directive(recall));
    world.now = book.until;
    let within = Vec::new();
    let sign = SettlementAction::Sign { book, within };
    act(world, 1, Action::Settlement(sign));
}

fn details(world: &World, dice: &Dice, replaces: Option<DirectiveId>) -> Details {
    let board = world.engine.board();
    let kinds = ["task", "inspection", "notice"];
    let unit = nth(board.units.keys().copied(), dice.0[3]);
    let station = nth(board.stations.keys().copied(), dice.0[3]);
    let mut to = vec![Addressee::Seat(Seat::Dispatcher)];
    to.extend(
        unit.map(Addressee::Unit)
            .filter(|_| dice.0[4].is_multiple_of(2)),
    );
    to.extend(
        station
            .map(Addressee::Station)
            .filter(|_| dice.0[4].is_multiple_of(3)),
    );
    Details {
        kind: kinds[usize::from(dice.0[4]) % 3].parse().unwrap(),
        priority: Priority::ALL[usize::from(dice.0[5]) % 4],
        subject: line("Close the gate"),
        to,
        operation: None,
        related: Vec::new(),
        close_by: world.now.plus_s(600 + u32::from(dice.0[5])),
        replaces,
    }
}

fn directive(world: &World, dice: &Dice) -> DirectiveAction {
    let board = world.engine.board();
    // Mostly what still goes on.
    let any = dice.0[5] % 8 == 6;
    let all = board.directives.values();
    let all: Vec<DirectiveId> = all
        .filter(|one| any || one.is_open())
        .map(|one| one.id)
        .collect();
    let mut directive = nth(all.into_iter(), dice.0[3]).unwrap_or(DirectiveId([9; 16]));
    let mut item = usize::from(dice.0[4] % 3);
    // Mostly what there is something to say of.
    if (6..=8).contains(&(dice.0[2] % 16))
        && !any
        && let Some(reported) = reported(world, dice)
    {
        (directive, item) = reported;
    }
    let reason = line("Because");
    let text = (!dice.0[2].is_multiple_of(9)).then(|| "What was done".parse().unwrap());
    let steps = [
        Step::Delivered,
        Step::Shown,
        Step::Signed,
        Step::Acting,
        Step::Reported,
    ];
    match dice.0[2] % 18 {
        0 | 1 => DirectiveAction::Draft {
            details: details(world, dice, None),
            text,
            issue: !dice.0[3].is_multiple_of(3),
        },
        2 => DirectiveAction::Draft {
            details: details(world, dice, Some(directive)),
            text,
            issue: true,
        },
        3 | 16 => DirectiveAction::Amend {
            directive,
            details: details(world, dice, None),
            text,
        },
        4 => DirectiveAction::Issue { directive },
        5 => DirectiveAction::Discard { directive },
        6 | 7 => DirectiveAction::Verify { directive, item },
        8 => DirectiveAction::Return {
            directive,
            item,
            reason,
        },
        9 => DirectiveAction::Excuse {
            directive,
            item,
            reason,
        },
        10 if dice.0[5].is_multiple_of(3) => DirectiveAction::Recall { directive, reason },
        11 => DirectiveAction::Close {
            directive,
            in_part: (dice.0[5].is_multiple_of(2)).then_some(reason),
        },
        12 => DirectiveAction::SeeAlarm {
            directive,
            code: AlarmCode::DirectiveOverdue,
        },
        13 => {
            // At times more than one part.
            let more = match dice.0[3].is_multiple_of(3) {
                true => limits::ATTACHMENT_PART_BYTES,
                false => 0,
            };
            let bytes = more + usize::from(dice.0[4]) % 300;
            DirectiveAction::Attach {
                directive,
                item: (dice.0[5].is_multiple_of(3)).then_some(item),
                label: reason,
                data: Blob(vec![b'a'; bytes]),
            }
        }
        _ => {
            let step = steps[usize::from(dice.0[5]) % 5];
            DirectiveAction::Advance {
                directive,
                item,
                step,
                text: text.filter(|_| step == Step::Reported || dice.0[4].is_multiple_of(8)),
            }
        }
    }
}

fn reported(world: &World, dice: &Dice) -> Option<(DirectiveId, usize)> {
    let board = world.engine.board();
    let out = board.directives.values().filter(|one| one.is_out());
    let items = out.flat_map(|one| {
        let all = statuses(board, one).into_iter().enumerate();
        all.map(|(at, (_, status))| (one.id, at, status))
    });
    let reported = items.filter(|(_, _, status)| *status == ItemStatus::Reported);
    let all: Vec<(DirectiveId, usize)> = reported.map(|(id, item, _)| (id, item)).collect();
    nth(all.into_iter(), dice.0[4])
}

fn book(world: &World, begun: Timestamp, dice: &Dice) -> Action {
    let board = world.engine.board();
    // Days of an hour, so that a run has many; and the book of one unit, which has few lines.
    let days = (world.now.0 - begun.0).div_euclid(HOUR_MS);
    let from = Timestamp(begun.0 + HOUR_MS * (days - i64::from(dice.0[2] % 3)));
    let unit = nth(board.units.keys().copied(), dice.0[4] % 2);
    let book = Book {
        home: world.engine.node(),
        of: unit.map_or(BookOf::Agency, BookOf::Unit),
        from,
        until: Timestamp(from.0 + HOUR_MS),
    };
    let ledger = Settlement::ledger(board, &book);
    let lines: Vec<_> = ledger.carried_out().map(|line| line.id).take(100).collect();
    let written = board.settlements.get(&Settlement::id_of(&book));
    let told = written.map(|found| found.carried_out()).unwrap_or_default();
    let reason = line("Because");
    Action::Settlement(match dice.0[3] % 4 {
        0 | 3 if lines.iter().all(|line| told.contains(line)) || dice.0[3].is_multiple_of(4) => {
            SettlementAction::Sign {
                book,
                within: Vec::new(),
            }
        }
        1 => {
            let settlement = nth(board.settlements.keys().copied(), dice.0[4]);
            let settlement = settlement.unwrap_or(SettlementId([9; 16]));
            let found = board.settlements.get(&settlement);
            let carried = found.map(|found| found.carried_out()).unwrap_or_default();
            let line = carried.first().copied().or(lines.first().copied());
            let nobody = RecordRef::from(DirectiveId([9; 16]));
            SettlementAction::Correct {
                settlement,
                line: line.unwrap_or(LineId {
                    record: nobody,
                    item: None,
                }),
                was_open: dice.0[5].is_multiple_of(2),
                reason,
            }
        }
        _ => SettlementAction::Carry {
            book,
            lines,
            reason,
            until: Timestamp(book.until.0 + 1),
        },
    })
}

#[test]
fn what_is_late_is_seen_by_its_issuer_and_nobody_verifies_their_own_work() {
    prove(16, 120, |run| {
        let mut world = new_world();
        lived(&mut world, run);
        let board = world.engine.board();
        let alarms = timer::open(board, &TimerRules::default(), world.now);
        for one in board.directives.values() {
            let late = overdue(board, one, world.now).is_some();
            let name = RecordRef::from(one.id);
            let told = alarms.iter().any(|(record, _)| *record == name);
            assert_eq!(late, told, "{one:?}");
            let verify = one.ladder.as_ref().is_some_and(|ladder| ladder.verify);
            for (item, (progress, status)) in one.items.iter().zip(statuses(board, one)) {
                let Some(verdict) = item.verdicts.last().filter(|_| verify) else {
                    continue;
                };
                if status == ItemStatus::Done && verdict.on == progress.reports.len() {
                    let by = verdict.mark.by.person;
                    let own = progress.reports.iter().any(|one| one.mark.by.person == by);
                    assert!(!own, "{item:?}");
                }
            }
        }
        for one in board.settlements.values() {
            let signed = one.signed.iter().flat_map(|signed| &signed.tallies);
            signed.for_each(|(kind, tally)| assert!(tally.balances(), "{kind:?} {tally:?}"));
        }
        invariants::check(&world);
        world.check();
    });
}
