//! The books of a day: what is carried over needs a reason and a new date, an unbalanced book is not signed and names its
//! lines, a signed day is sealed, and whatever happens the books balance or say which line is off.

use std::collections::BTreeSet;

use super::check_with;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{DirectiveId, IncidentId, Line, Priority, SettlementId, Timestamp};
use crate::engine::HappenedWhen;
use crate::entropy::Entropy;
use crate::ledger::{BookOf, LineId, Off};
use crate::limits;
use crate::monitoring::{self, Moment, WaitStep};
use crate::record::directive::{self, Addressee, Details, DirectiveAction, Step};
use crate::record::incident::IncidentAction;
use crate::record::person::Seat;
use crate::record::settlement::{Book, Settlement, SettlementAction};
use crate::record::{Action, Record, RecordKind};
use crate::refusal::Refusal;
use crate::timer;

const BRIGADE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火警"

[kinds.car]
en = "Patrol car"
zh = "巡逻车"

[[plan]]
category = "*"
[[plan.alarm]]
needs = [{ kind = "car", count = 1 }]
"#;

const DAY_S: u32 = 24 * 3_600;

fn day(number: u32) -> Timestamp {
    Timestamp(BEGIN_MS).plus_s(number * DAY_S)
}

fn house() -> World {
    check_with(BRIGADE, "given car C1").world
}

fn book(world: &World, of: BookOf, number: u32) -> Book {
    Book {
        home: world.engine.node(),
        of,
        from: day(number),
        until: day(number + 1),
    }
}

fn agency(world: &World, number: u32) -> Book {
    book(world, BookOf::Agency, number)
}

fn ask(world: &mut World, action: Action) -> Result<[u8; 16], Refusal> {
    let done = world.ask(Asked::default(), action)?;
    Ok(done.records[0].0.id)
}

fn issue(world: &mut World) -> DirectiveId {
    let unit = world.unit("C1");
    let details = Details {
        kind: "task".parse().unwrap(),
        priority: Priority::P2,
        subject: line("Close the gate"),
        to: vec![Addressee::Unit(unit)],
        operation: None,
        related: Vec::new(),
        close_by: world.now.plus_s(3_600),
        replaces: None,
    };
    let draft = DirectiveAction::Draft {
        details,
        text: None,
        issue: true,
    };
    DirectiveId(ask(world, Action::Directive(draft)).unwrap())
}

fn recall(world: &mut World, directive: DirectiveId) {
    let reason = line("Not needed");
    let recall = DirectiveAction::Recall { directive, reason };
    ask(world, Action::Directive(recall)).unwrap();
}

fn sign(world: &mut World, book: Book) -> Result<SettlementId, Refusal> {
    let within = Vec::new();
    let sign = SettlementAction::Sign { book, within };
    ask(world, Action::Settlement(sign)).map(SettlementId)
}

fn carry_to(
    world: &mut World,
    number: u32,
    line_id: LineId,
    until: Timestamp,
) -> Result<(), Refusal> {
    let carry = SettlementAction::Carry {
        book: agency(world, number),
        lines: vec![line_id],
        reason: line("Waits for the laboratory"),
        until,
    };
    ask(world, Action::Settlement(carry)).map(drop)
}

fn carry(world: &mut World, book: Book, lines: Vec<LineId>) -> Result<(), Refusal> {
    let carry = SettlementAction::Carry {
        book,
        lines,
        reason: line("Waits for the laboratory"),
        until: Timestamp(book.until.0 + 1),
    };
    ask(world, Action::Settlement(carry)).map(drop)
}

fn directive_line(directive: DirectiveId) -> LineId {
    LineId {
        record: directive.into(),
        item: None,
    }
}

#[test]
fn what_was_carried_over_is_late_again_at_its_new_date_and_not_before() {
    let mut world = house();
    let id = issue(&mut world);
    let late = |world: &World| {
        let board = world.engine.board();
        let all = directive::all_overdue(board, &board.directives[&id], world.now);
        let steps: Vec<_> = all.iter().map(|one| (one.item, one.since)).collect();
        steps
    };
    world.now = day(1);
    assert_eq!(late(&world).len(), 2, "the item's step, and the whole");
    let tomorrow = carry_to(&mut world, 0, directive_line(id), day(1).plus_s(7_200));
    tomorrow.unwrap();
    assert_eq!(late(&world), []);
    let board = world.engine.board();
    let alarm = timer::alarm_of_directive(board, &board.directives[&id], world.now);
    assert_eq!(alarm, None);
    world.now = day(1).plus_s(7_199);
    assert_eq!(late(&world), []);
    world.now = day(1).plus_s(7_200);
    // Both are late anew: whoever saw the alarm before hears of it again.
    let now = world.now;
    assert_eq!(late(&world), [(Some(0), now), (None, now)]);
    // Again, and further.
    let first = agency(&world, 0);
    sign(&mut world, first).unwrap();
    world.now = day(2);
    let later = carry_to(&mut world, 1, directive_line(id), day(3));
    later.unwrap();
    assert_eq!(late(&world), []);
    world.check();
}

#[test]
fn a_book_is_signed_once_every_line_that_is_carried_over_has_a_reason_and_a_new_date() {
    let mut world = house();
    let done = issue(&mut world);
    let open = issue(&mut world);
    recall(&mut world, done);
    let first = agency(&world, 0);
    world.now = Timestamp(day(1).0 - 1);
    assert!(
        matches!(sign(&mut world, first), Err(Refusal::WrongState { .. })),
        "the day is not over"
    );
    world.now = day(1);
    let lines = vec![directive_line(open)];
    assert_eq!(
        sign(&mut world, first),
        Err(Refusal::Unbalanced {
            lines: lines.clone()
        })
    );
    // A date within the day that is settled is no new date.
    let same_day = SettlementAction::Carry {
        book: first,
        lines: lines.clone(),
        reason: line("Later"),
        until: first.until,
    };
    assert!(ask(&mut world, Action::Settlement(same_day)).is_err());
    assert!(
        carry(&mut world, first, vec![directive_line(done)]).is_err(),
        "it is over"
    );
    carry(&mut world, first, lines).unwrap();
    let signed = sign(&mut world, first).unwrap();
    let settled = world.engine.board().settlement(signed).unwrap().clone();
    let (kind, tally) = settled.signed.unwrap().tallies[0];
    assert_eq!(kind, RecordKind::Directive);
    assert_eq!((tally.carried_in, tally.opened), (0, 2));
    assert_eq!((tally.closed, tally.carried_out), (1, 1));
    // It is sealed.
    assert!(sign(&mut world, first).is_err());
    assert!(carry(&mut world, first, vec![directive_line(open)]).is_err());
    // What was carried out is carried in.
    let next = Settlement::ledger(world.engine.board(), &agency(&world, 1));
    let tally = next.tallies[&RecordKind::Directive];
    assert_eq!((tally.carried_in, tally.carried_out), (1, 1));
    assert!(next.off.is_empty());
    world.check();
}

#[test]
fn what_is_said_to_have_ended_before_it_began_is_in_the_book_of_the_day_on_which_it_began() {
    let mut world = house();
    world.now = day(1).plus_s(60);
    let directive = issue(&mut world);
    world.now = day(1).plus_s(600);
    let asked = Asked {
        when: HappenedWhen::At(Timestamp(day(1).0 - 600_000)),
        ..Asked::default()
    };
    let reason = line("Was done");
    let recall = DirectiveAction::Recall { directive, reason };
    world.ask(asked, Action::Directive(recall)).unwrap();
    let of = |number| Settlement::ledger(world.engine.board(), &agency(&world, number));
    assert!(of(0).lines.is_empty());
    let tally = of(1).tallies[&RecordKind::Directive];
    assert_eq!((tally.opened, tally.closed, tally.carried_out), (1, 1, 0));
    assert!(of(2).lines.is_empty(), "nothing goes into another day");
}

#[test]
fn an_incident_that_is_taken_up_again_stands_in_the_books_of_both_its_times() {
    let mut world = house();
    let open = IncidentAction::Open {
        from_call: None,
        category: Some("fire".parse().unwrap()),
        priority: Some(Priority::P3),
        place: Some(super::place("market")),
    };
    ask(&mut world, Action::Incident(open)).unwrap();
    let incident = *world.engine.board().incidents.keys().next().unwrap();
    let name = LineId {
        record: incident.into(),
        item: None,
    };
    let close = |world: &mut World| {
        let disposition = line("attended");
        let close = IncidentAction::Close {
            incident,
            disposition,
        };
        ask(world, Action::Incident(close)).unwrap();
    };
    let reopen = |world: &mut World| {
        let reason = line("Smoke again");
        let reopen = IncidentAction::Reopen { incident, reason };
        ask(world, Action::Incident(reopen)).unwrap();
    };
    // Carried out of the first day; closed and taken up again on the second.
    world.now = day(1).plus_s(60);
    close(&mut world);
    reopen(&mut world);
    for number in [0, 1] {
        let book = agency(&world, number);
        world.now = world.now.max(book.until);
        carry(&mut world, book, vec![name]).unwrap();
        sign(&mut world, book).unwrap();
    }
    // Closed on the third, and on the fourth taken up before the third is signed: the third knows that it ended.
    world.now = day(2).plus_s(60);
    close(&mut world);
    world.now = day(3).plus_s(60);
    reopen(&mut world);
    let third = Settlement::ledger(world.engine.board(), &agency(&world, 2));
    let tally = third.tallies[&RecordKind::Incident];
    assert_eq!(
        (tally.carried_in, tally.closed, tally.carried_out),
        (1, 1, 0)
    );
    let third = agency(&world, 2);
    sign(&mut world, third).unwrap();
    let fourth = agency(&world, 3);
    let tally = Settlement::ledger(world.engine.board(), &fourth).tallies[&RecordKind::Incident];
    assert_eq!(
        (tally.carried_in, tally.opened, tally.carried_out),
        (0, 1, 1)
    );
    world.now = day(4);
    carry(&mut world, fourth, vec![name]).unwrap();
    sign(&mut world, fourth).unwrap();
    world.check();
}

#[test]
fn what_a_signed_day_does_not_know_is_off_until_it_is_corrected() {
    let mut world = house();
    let late = issue(&mut world);
    world.now = day(1);
    carry(&mut world, agency(&house(), 0), vec![directive_line(late)]).unwrap();
    let first = agency(&world, 0);
    let signed = sign(&mut world, first).unwrap();
    // Word comes after the signature that it had ended the evening before.
    world.now = day(1).plus_s(600);
    let asked = Asked {
        when: HappenedWhen::At(Timestamp(day(1).0 - 600_000)),
        ..Asked::default()
    };
    let reason = line("Was done");
    let recall = DirectiveAction::Recall {
        directive: late,
        reason: reason.clone(),
    };
    world.ask(asked, Action::Directive(recall)).unwrap();
    world.now = day(2);
    let second = agency(&world, 1);
    let ledger = Settlement::ledger(world.engine.board(), &second);
    let name = directive_line(late);
    assert_eq!(ledger.off.get(&name), Some(&Off::OnlyInTheDayBefore));
    assert_eq!(
        sign(&mut world, second),
        Err(Refusal::Unbalanced { lines: vec![name] })
    );
    let correct = |was_open| {
        Action::Settlement(SettlementAction::Correct {
            settlement: signed,
            line: name,
            was_open,
            reason: reason.clone(),
        })
    };
    assert!(
        ask(&mut world, correct(true)).is_err(),
        "it says so already"
    );
    ask(&mut world, correct(false)).unwrap();
    sign(&mut world, second).unwrap();
    // What was signed is still what was signed.
    let settled = world.engine.board().settlement(signed).unwrap();
    assert_eq!(settled.signed.as_ref().unwrap().tallies[0].1.carried_out, 1);
    assert_eq!(settled.corrections.len(), 1);
    world.check();
}

#[test]
fn the_day_after_one_that_was_signed_waits_for_a_signature_once_it_is_over() {
    let mut world = house();
    let waits = |world: &World| {
        let moment = Moment {
            node: world.engine.node(),
            rules: &world.timers,
            now: world.now,
            calendar: &|number, _| day(number.unsigned_abs()),
        };
        let all = monitoring::waiting(world.engine.board(), &moment);
        let books = all.into_iter();
        let books = books.filter(|one| one.step == WaitStep::BookUnsigned);
        books
            .map(|one| (one.record, one.since, one.is_beyond(world.now)))
            .collect::<Vec<_>>()
    };
    world.now = day(5);
    assert_eq!(waits(&world), [], "nobody settles here");
    let signed: Vec<SettlementId> = (0..2)
        .map(|number| {
            let book = agency(&world, number);
            sign(&mut world, book).unwrap()
        })
        .collect();
    world.now = Timestamp(day(3).0 - 1);
    assert_eq!(waits(&world), [], "the day is not over");
    world.now = day(3);
    assert_eq!(waits(&world), [(signed[1].into(), day(3), false)]);
    world.now = day(3).plus_s(2 * 3_600);
    assert_eq!(waits(&world), [(signed[1].into(), day(3), true)]);
    world.now = day(5);
    let next = agency(&world, 2);
    let next = sign(&mut world, next).unwrap();
    assert_eq!(waits(&world), [(next.into(), day(4), true)]);
}

#[test]
fn no_day_is_left_out_between_two_that_are_signed() {
    let mut world = house();
    let open = directive_line(issue(&mut world));
    world.now = day(4);
    let (first, third) = (agency(&world, 0), agency(&world, 2));
    carry(&mut world, first, vec![open]).unwrap();
    sign(&mut world, first).unwrap();
    carry(&mut world, third, vec![open]).unwrap();
    assert!(matches!(
        sign(&mut world, third),
        Err(Refusal::WrongState { .. })
    ));
    let second = agency(&world, 1);
    carry(&mut world, second, vec![open]).unwrap();
    sign(&mut world, second).unwrap();
    sign(&mut world, third).unwrap();
    // A zone that was set anew may leave hours between two days, and no more than the limit.
    let after = |gap_ms: i64| Book {
        from: Timestamp(day(3).0 + gap_ms),
        until: Timestamp(day(3).0 + gap_ms + 1),
        ..third
    };
    for (gap_ms, fine) in [
        (limits::BOOK_GAP_MAX_MS + 1, false),
        (limits::BOOK_GAP_MAX_MS, true),
    ] {
        let book = after(gap_ms);
        carry(&mut world, book, vec![open]).unwrap();
        assert_eq!(sign(&mut world, book).is_ok(), fine, "{gap_ms}");
    }
}

#[test]
fn a_unit_has_a_book_of_its_own_with_its_items_line_by_line() {
    let mut world = house();
    let open = issue(&mut world);
    let done = issue(&mut world);
    let report = DirectiveAction::Advance {
        directive: done,
        item: 0,
        step: Step::Reported,
        text: Some("It is closed".parse().unwrap()),
    };
    let asked = Asked {
        person: crate::basis::PersonId([2; 16]),
        ..Asked::default()
    };
    world.ask(asked, Action::Directive(report)).unwrap();
    let verify = DirectiveAction::Verify {
        directive: done,
        item: 0,
    };
    ask(&mut world, Action::Directive(verify)).unwrap();
    world.now = day(1);
    let own = book(&world, BookOf::Unit(world.unit("C1")), 0);
    let ledger = Settlement::ledger(world.engine.board(), &own);
    let tally = ledger.tallies[&RecordKind::Directive];
    assert_eq!((tally.opened, tally.closed, tally.carried_out), (2, 1, 1));
    let item = LineId {
        item: Some(0),
        ..directive_line(open)
    };
    assert_eq!(
        sign(&mut world, own),
        Err(Refusal::Unbalanced { lines: vec![item] })
    );
    carry(&mut world, own, vec![item]).unwrap();
    sign(&mut world, own).unwrap();
    let nobody = book(&world, BookOf::Unit(crate::basis::UnitId([9; 16])), 0);
    assert!(sign(&mut world, nobody).is_err());
}

#[test]
fn a_book_is_of_one_day_and_of_this_node_and_carries_so_many_lines_at_once() {
    let mut world = house();
    let open = directive_line(issue(&mut world));
    world.now = day(2);
    let good = agency(&world, 0);
    let too_long = Book {
        until: Timestamp(good.from.0 + limits::BOOK_MAX_MS + 1),
        ..good
    };
    let empty = Book {
        until: good.from,
        ..good
    };
    let foreign = Book {
        home: watchfire_feed::NodeId([9; 32]),
        ..good
    };
    for wrong in [too_long, empty, foreign] {
        assert!(
            matches!(sign(&mut world, wrong), Err(Refusal::Missing(_))),
            "{wrong:?}"
        );
    }
    let most = vec![open; limits::CARRIED_AT_ONCE_MAX];
    carry(&mut world, good, most.clone()).unwrap();
    let beyond = [most, vec![open]].concat();
    assert!(matches!(
        carry(&mut world, good, beyond),
        Err(Refusal::Limit { .. })
    ));
    assert!(matches!(
        carry(&mut world, good, Vec::new()),
        Err(Refusal::Missing(_))
    ));
}

/// Lives a few days in which anything may happen at any claimed time, and settles each.
fn live(seed: u64) {
    let mut dice = Entropy::from_number(seed);
    let mut roll = |below: u64| dice.below(below);
    let mut world = house();
    for number in 0..4 {
        for _ in 0..12 {
            let room = (day(number + 1).0 - world.now.0 - 1).max(1);
            let step = i64::try_from(roll(u64::try_from(room).unwrap().min(14_400_000))).unwrap();
            world.now = Timestamp(world.now.0 + step);
            anything(&mut world, roll(7), roll(1_000), roll(40_000_000));
        }
        world.now = world.now.max(day(number + 1));
        // What keeps a day from being signed can be put right, and then it is signed.
        if !settle(&mut world, number, roll(4), seed) {
            assert!(
                settle(&mut world, number, 3, seed),
                "seed {seed}, day {number}"
            );
        }
    }
    world.check();
}

fn anything(world: &mut World, what: u64, which: u64, ago_ms: u64) {
    let claimed = Timestamp(world.now.0 - i64::try_from(ago_ms).unwrap()).max(Timestamp(BEGIN_MS));
    let asked = || Asked {
        when: HappenedWhen::At(claimed),
        ..Asked::default()
    };
    let board = world.engine.board();
    let directives: Vec<DirectiveId> = board.directives.keys().copied().collect();
    let incidents: Vec<IncidentId> = board.incidents.keys().copied().collect();
    let pick = |len: usize| usize::try_from(which).unwrap() % len.max(1);
    let action = match what {
        0 => {
            issue(world);
            return;
        }
        1 => Some(Action::Incident(IncidentAction::Open {
            from_call: None,
            category: None,
            priority: Some(Priority::P3),
            place: Some(super::place("market")),
        })),
        2 | 3 => directives.get(pick(directives.len())).map(|directive| {
            Action::Directive(DirectiveAction::Recall {
                directive: *directive,
                reason: line("Over"),
            })
        }),
        4 | 5 => incidents.get(pick(incidents.len())).map(|incident| {
            Action::Incident(IncidentAction::Close {
                incident: *incident,
                disposition: line("Done"),
            })
        }),
        _ => incidents.get(pick(incidents.len())).map(|incident| {
            Action::Incident(IncidentAction::Reopen {
                incident: *incident,
                reason: line("Again"),
            })
        }),
    };
    if let Some(action) = action {
        // Many of these are refused, which is as good a life as any.
        let _ = world.ask(asked(), action);
    }
}

fn settle(world: &mut World, number: u32, mood: u64, seed: u64) -> bool {
    let book = agency(world, number);
    let ledger = Settlement::ledger(world.engine.board(), &book);
    let carried: Vec<LineId> = ledger.carried_out().map(|line| line.id).collect();
    // In some moods somebody forgets a line, or all of them.
    let told = match mood {
        0 => &carried[..carried.len() / 2],
        _ => &carried[..],
    };
    if !told.is_empty() {
        carry(world, book, told.to_vec()).unwrap();
    }
    for (line, off) in &ledger.off {
        let before = Settlement::before(world.engine.board(), &book).unwrap().id;
        let correct = SettlementAction::Correct {
            settlement: before,
            line: *line,
            was_open: *off == Off::NotInTheDayBefore,
            reason: line_reason(),
        };
        if mood != 1 {
            ask(world, Action::Settlement(correct)).unwrap();
        }
    }
    let named: BTreeSet<LineId> = carried[told.len()..].iter().copied().collect();
    let off: BTreeSet<LineId> = match mood {
        1 => ledger.off.keys().copied().collect(),
        _ => BTreeSet::new(),
    };
    let expected: BTreeSet<LineId> = named.union(&off).copied().collect();
    match sign(world, book) {
        Ok(id) => {
            assert!(
                expected.is_empty(),
                "seed {seed}, day {number}: signed over {expected:?}"
            );
            let board = world.engine.board();
            let settled = board.settlement(id).unwrap();
            for (kind, tally) in &settled.signed.as_ref().unwrap().tallies {
                assert!(
                    tally.balances(),
                    "seed {seed}, day {number}: {kind:?} {tally:?}"
                );
            }
            let open: BTreeSet<LineId> = carried.iter().copied().collect();
            assert_eq!(settled.carried_out(), open, "seed {seed}, day {number}");
            true
        }
        Err(Refusal::Unbalanced { lines }) => {
            let lines: BTreeSet<LineId> = lines.into_iter().collect();
            assert_eq!(lines, expected, "seed {seed}, day {number}");
            false
        }
        Err(refusal) => panic!("seed {seed}, day {number}: {refusal:?}"),
    }
}

fn line_reason() -> Line {
    line("Found out later")
}

#[test]
fn whatever_happened_the_books_balance_or_name_the_line() {
    for seed in 0..60 {
        live(seed);
    }
}

#[test]
fn a_seat_is_no_station_and_its_items_stand_in_the_agencys_book_alone() {
    let mut world = house();
    let details = Details {
        kind: "notice".parse().unwrap(),
        priority: Priority::P4,
        subject: line("Fog"),
        to: vec![Addressee::Seat(Seat::Dispatcher)],
        operation: None,
        related: Vec::new(),
        close_by: day(1),
        replaces: None,
    };
    let draft = DirectiveAction::Draft {
        details,
        text: None,
        issue: true,
    };
    ask(&mut world, Action::Directive(draft)).unwrap();
    let own = book(&world, BookOf::Unit(world.unit("C1")), 0);
    let lines = |world: &World, book| Settlement::ledger(world.engine.board(), &book).lines.len();
    assert_eq!(lines(&world, own), 0);
    assert_eq!(lines(&world, agency(&world, 0)), 1);
}

#[test]
fn a_book_with_very_many_lines_is_told_by_its_figures() {
    let mut world = house();
    let open = issue(&mut world);
    let first = agency(&world, 0);
    world.now = day(1);
    carry(&mut world, first, vec![directive_line(open)]).unwrap();
    let signed = sign(&mut world, first).unwrap();
    let mut large = world.engine.board().settlement(signed).unwrap().clone();
    let mut carried = large.carried[0].clone();
    carried.1.reason = line(&"火".repeat(limits::LINE_CHARS_MAX));
    large.carried = vec![carried; 1_000];
    let told = Record::Settlement(large.clone().into()).to_tell();
    let told = told.expect("it can be told");
    super::assessments::must_fit(told.clone());
    let Record::Settlement(told) = told else {
        panic!("{told:?}");
    };
    assert_eq!(told.signed, large.signed);
}
