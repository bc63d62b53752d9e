//! The people of one agency beside the consoles: who gives directives and answers them, who holds a duty post and hands it
//! over, who settles the day, who has something to lend.
//!
//! They draw from dice of their own, so that what everybody at the consoles does in a life does not hang on them. A day is a
//! minute here, so that a life has many. Start at [`act`].

use watchfire_core::basis::{
    Blob, DirectiveId, Line, PersonId, Priority, Prose, ShiftId, Timestamp,
};
use watchfire_core::board::Board;
use watchfire_core::duty;
use watchfire_core::entropy::Entropy;
use watchfire_core::ledger::{BookOf, LineId, Off};
use watchfire_core::limits;
use watchfire_core::record::Action;
use watchfire_core::record::directive::{
    Addressee, Details, Directive, DirectiveAction, ItemStatus, Step, statuses,
};
use watchfire_core::record::duty_post::{DutyPostAction, DutyPostDetails};
use watchfire_core::record::handover::{Answer, Handover, HandoverAction};
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::settlement::{Book, Settlement, SettlementAction};
use watchfire_core::record::shift::{PlannedShift, Shift, ShiftAction};
use watchfire_core::timer::TimerRules;
use watchfire_feed::NodeId;

use crate::net::supporters;

/// How many people hold the duty posts.
const STAFF: usize = 5;
/// Most items that are answered in one go.
const ANSWERED_MAX: usize = 24;
/// A clerk who is no member of the staff.
const CLERK: PersonId = PersonId([1; 16]);

/// What somebody asks for: who, in words, and as an action.
pub(crate) type Wish = (PersonId, String, Action);

/// What is before the people of an agency.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    /// What the screens show.
    pub(crate) board: &'a Board,
    /// Whose.
    pub(crate) home: NodeId,
    /// The clock.
    pub(crate) now: Timestamp,
}

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the simulator's own words are prose")
}

fn pick<T>(dice: &mut Entropy, among: impl IntoIterator<Item = T>) -> Option<T> {
    let mut among: Vec<T> = among.into_iter().collect();
    match among.len() {
        0 => None,
        count => Some(among.swap_remove(dice.below(count as u64) as usize)),
    }
}

/// Returns what somebody does next, at times several things in a row; nothing if nothing comes to mind.
pub(crate) fn act(desk: Desk<'_>, dice: &mut Entropy) -> Vec<Wish> {
    let staff: Vec<PersonId> = staff(desk.board).collect();
    if staff.len() < STAFF {
        return vec![enrol(staff.len())];
    }
    match dice.below(10) {
        0 | 1 => directive(desk, dice).into_iter().collect(),
        2 | 3 => settle(desk, (60_000, desk.now), dice),
        4 | 5 => {
            let lent = supporters::act((desk.board, desk.home, desk.now), dice);
            let lent = lent.map(|(words, action)| (CLERK, words, action));
            lent.into_iter().collect()
        }
        _ => duty(desk, &staff, dice),
    }
}

fn staff(board: &Board) -> impl Iterator<Item = PersonId> {
    let all = board.people.values();
    let holds = all.filter(|one| one.details.seats.contains(&Seat::DutyOfficer));
    holds.map(|one| one.id)
}

fn enrol(count: usize) -> Wish {
    let details = PersonDetails {
        name: line("somebody"),
        seats: [Seat::DutyOfficer, Seat::CallTaker, Seat::Dispatcher].into(),
        unit: None,
        program: false,
    };
    let login = line(&format!("duty {count}"));
    let enrol = PersonAction::Enrol { login, details };
    (CLERK, "enrols somebody".to_owned(), Action::Person(enrol))
}

fn directive(desk: Desk<'_>, dice: &mut Entropy) -> Option<Wish> {
    let board = desk.board;
    let by = PersonId([1 + dice.below(3) as u8; 16]);
    let out: Vec<DirectiveId> = board
        .directives
        .values()
        .filter(|one| one.is_out())
        .map(|one| one.id)
        .collect();
    if out.len() < 2 || dice.below(4) == 0 {
        let kinds = ["task", "inspection", "notice"];
        let mut to = vec![Addressee::Seat(Seat::Dispatcher)];
        let unit = pick(dice, board.units.keys().copied());
        to.extend(unit.map(Addressee::Unit));
        let details = Details {
            kind: pick(dice, kinds)?.parse().expect("it is a code"),
            priority: Priority::P2,
            subject: line("close the gate"),
            to,
            operation: None,
            related: Vec::new(),
            close_by: desk.now.plus_s(60 + dice.below(7_200) as u32),
            replaces: pick(dice, out).filter(|_| dice.below(6) == 0),
        };
        let issue = dice.below(6) > 0;
        let draft = DirectiveAction::Draft {
            details,
            text: Some(prose("the one by the river")),
            issue,
        };
        return Some((by, "directs".to_owned(), Action::Directive(draft)));
    }
    let found = board.directives.get(&pick(dice, out)?)?;
    let (words, action) = answer(board, found, dice);
    Some((by, words.to_owned(), Action::Directive(action)))
}

/// Returns what can be done about one of an agency's own directives.
pub(crate) fn answer(
    board: &Board,
    found: &Directive,
    dice: &mut Entropy,
) -> (&'static str, DirectiveAction) {
    let directive = found.id;
    let reason = line("because");
    let all = statuses(board, found);
    let reported = all.iter().enumerate();
    let reported = reported.filter(|(_, (_, status))| *status == ItemStatus::Reported);
    let reported = pick(dice, reported.map(|(at, _)| at));
    let item = dice.below(all.len().max(1) as u64) as usize;
    let steps = [Step::Shown, Step::Signed, Step::Acting, Step::Reported];
    match (reported, dice.below(12)) {
        (Some(item), 0..=4) => ("verifies", DirectiveAction::Verify { directive, item }),
        (Some(item), 5 | 6) => {
            let back = DirectiveAction::Return {
                directive,
                item,
                reason,
            };
            ("returns", back)
        }
        (_, 7) => {
            let excuse = DirectiveAction::Excuse {
                directive,
                item,
                reason,
            };
            ("excuses", excuse)
        }
        (_, 10) => {
            let attach = DirectiveAction::Attach {
                directive,
                item: Some(item).filter(|_| dice.below(3) == 0),
                label: line("plan of the bank"),
                data: Blob(format!("ford {}", dice.below(20)).into_bytes()),
            };
            ("attaches to", attach)
        }
        (_, 8) if dice.below(2) == 0 => ("recalls", DirectiveAction::Recall { directive, reason }),
        (_, 9) => {
            let in_part = Some(reason).filter(|_| dice.below(3) > 0);
            ("closes", DirectiveAction::Close { directive, in_part })
        }
        (_, _) => {
            let step = pick(dice, steps).unwrap_or(Step::Signed);
            let advance = DirectiveAction::Advance {
                directive,
                item,
                step,
                text: Some(prose("it is closed")).filter(|_| step == Step::Reported),
            };
            ("answers", advance)
        }
    }
}

/// Settles a day of some length that is over: says why each open line is carried over, and signs. What the day before says
/// otherwise is corrected first.
pub(crate) fn settle(
    desk: Desk<'_>,
    (day_ms, latest): (i64, Timestamp),
    dice: &mut Entropy,
) -> Vec<Wish> {
    let board = desk.board;
    let units = board.units.keys().copied().map(BookOf::Unit);
    let operations = board.own_operations(desk.home);
    let mut of: Vec<BookOf> = units.take(2).collect();
    of.extend(operations.into_iter().map(BookOf::Operation));
    let of = pick(dice, of).filter(|_| dice.below(2) == 0);
    let of = of.unwrap_or(BookOf::Agency);
    let signed = board.settlements.values().filter(|one| {
        let book = one.book;
        one.signed.is_some() && book.of == of && book.until.0 + day_ms <= latest.0
    });
    let last = signed.map(|one| one.book.until).max();
    let grid = Timestamp((latest.0.div_euclid(day_ms) - 1 - dice.below(2) as i64) * day_ms);
    // Mostly the next day, so that each is held against the one before.
    let from = last.filter(|_| dice.below(6) > 0).unwrap_or(grid);
    let book = Book {
        home: desk.home,
        of,
        from,
        until: Timestamp(from.0 + day_ms),
    };
    let ledger = Settlement::ledger(board, &book);
    let reason = line("no crew");
    let mut all = Vec::new();
    if let Some(before) = Settlement::before(board, &book) {
        for (line, off) in ledger.off.iter().take(8) {
            let correct = SettlementAction::Correct {
                settlement: before.id,
                line: *line,
                was_open: *off == Off::NotInTheDayBefore,
                reason: reason.clone(),
            };
            all.push(("corrects a line", correct));
        }
        // Somebody hears that a line was over when its day ended.
        let carried = before.carried_out();
        if let Some(line) = carried.first().filter(|_| dice.below(2) == 0) {
            let correct = SettlementAction::Correct {
                settlement: before.id,
                line: *line,
                was_open: false,
                reason: reason.clone(),
            };
            all.push(("corrects a line", correct));
        }
    }
    let written = board.settlements.get(&Settlement::id_of(&book));
    let told = written.map(|found| found.carried_out()).unwrap_or_default();
    let open = ledger.carried_out().map(|line| line.id);
    let lines: Vec<LineId> = open.filter(|id| !told.contains(id)).collect();
    let until = Timestamp(book.until.0 + 1 + dice.below(3_600_000) as i64);
    for lines in lines.chunks(limits::CARRIED_AT_ONCE_MAX) {
        let carry = SettlementAction::Carry {
            book,
            lines: lines.to_vec(),
            reason: reason.clone(),
            until,
        };
        all.push(("carries over", carry));
    }
    // Somebody may be called away before signing.
    if dice.below(5) > 0 {
        let within = Vec::new();
        all.push(("signs the book", SettlementAction::Sign { book, within }));
    }
    let wish = |(words, action): (&str, SettlementAction)| {
        (CLERK, words.to_owned(), Action::Settlement(action))
    };
    all.into_iter().map(wish).collect()
}

fn duty(desk: Desk<'_>, staff: &[PersonId], dice: &mut Entropy) -> Vec<Wish> {
    let board = desk.board;
    let posts: Vec<_> = board
        .duty_posts
        .values()
        .filter(|one| one.is_open())
        .collect();
    if posts.len() < 2 {
        return vec![post(posts.len(), dice)];
    }
    let under_way = pick(dice, board.handovers.values().filter(|one| one.is_open()));
    if let Some(found) = under_way.filter(|_| dice.below(4) > 0) {
        return hand_over(desk, found, dice);
    }
    let Some(post) = pick(dice, posts) else {
        return Vec::new();
    };
    let running = board.shifts.values().filter(|one| one.post == post.id);
    let running = pick(dice, running.filter(|one| one.runs(desk.now)));
    let Some(shift) = running.filter(|_| dice.below(8) > 0) else {
        let people = (0..3).filter_map(|_| pick(dice, staff.iter().copied()));
        let people = people.collect();
        let from = desk.now;
        let until = from.plus_s(3_600 + dice.below(18_000) as u32);
        let plan = ShiftAction::Plan {
            post: post.id,
            shifts: vec![PlannedShift {
                from,
                until,
                people,
            }],
            overriding: Some(prose("nobody else")),
        };
        return vec![(CLERK, "plans a shift".to_owned(), Action::Shift(plan))];
    };
    vec![on_a_shift(desk, shift, dice)]
}

fn post(count: usize, dice: &mut Entropy) -> Wish {
    let seats = [None, Some(Seat::CallTaker), Some(Seat::DutyOfficer)];
    let details = DutyPostDetails {
        name: line(&format!("Desk {count}")),
        name_other: None,
        seat: pick(dice, seats).flatten(),
        station: None,
        minimum: 1,
        reach: line("8110"),
        pattern: None,
        rest_min: 0,
        week_max: 0,
        hands_over: dice.below(8) > 0,
    };
    let enter = DutyPostAction::Enter { details };
    (CLERK, "enters a post".to_owned(), Action::DutyPost(enter))
}

fn on_a_shift(desk: Desk<'_>, found: &Shift, dice: &mut Entropy) -> Wish {
    let shift: ShiftId = found.id;
    let on = duty::on_duty(desk.board, found.post);
    let on: Vec<(ShiftId, PersonId)> = on.map(|(held, one)| (held.id, one.person)).collect();
    let holder = pick(dice, on.iter().copied());
    let waits = found.people.iter().filter(|one| !found.has_on(**one));
    let comes = pick(dice, waits.copied());
    match (holder, comes, dice.below(12)) {
        (Some((from, outgoing)), Some(incoming), 0..=5) => {
            let open = HandoverAction::Open {
                from,
                outgoing,
                to: shift,
                incoming,
            };
            let words = "begins a handover".to_owned();
            (incoming, words, Action::Handover(open))
        }
        (Some((shift, person)), _, 6..=8) => {
            let write = ShiftAction::Write {
                shift,
                text: prose("the gate is broken"),
                hands_over: dice.below(3) > 0,
            };
            (
                person,
                "writes into the log".to_owned(),
                Action::Shift(write),
            )
        }
        (Some((shift, person)), _, 9) => {
            let no = found.open_notes().next().map_or(1, |note| note.no);
            let settle = ShiftAction::Settle { shift, no };
            (person, "settles a note".to_owned(), Action::Shift(settle))
        }
        (Some((shift, person)), _, 10) => {
            let off = ShiftAction::GoOff { shift, person };
            (person, "goes off".to_owned(), Action::Shift(off))
        }
        (_, comes, _) => {
            let person = comes.unwrap_or(CLERK);
            let on = ShiftAction::ComeOn { shift, person };
            (person, "comes on".to_owned(), Action::Shift(on))
        }
    }
}

/// Goes on with a handover: mostly answers all that is open and signs, at times asks, explains, or gives it up.
fn hand_over(desk: Desk<'_>, found: &Handover, dice: &mut Entropy) -> Vec<Wish> {
    let handover = found.id;
    let (outgoing, incoming) = (found.outgoing, found.incoming);
    let rules = TimerRules::default();
    let open = duty::open_items(desk.board, desk.home, found.post, &rules, desk.now);
    let accepted = |answer: Answer| matches!(answer, Answer::Accepted { .. });
    let waits = open.iter().filter(|one| {
        let item = found.item(&one.name);
        item.is_none_or(|item| !accepted(item.answer))
    });
    let mut waits: Vec<_> = waits.map(|one| one.name.clone()).collect();
    let asked = found.items.iter();
    let asked = asked.filter(|item| matches!(item.answer, Answer::Questioned | Answer::Explained));
    waits.extend(asked.map(|item| item.open.name.clone()));
    let (text, reason) = (prose("which gate?"), prose("ill"));
    let some = pick(dice, waits.iter().cloned());
    let mut all = Vec::new();
    match (dice.below(12), some) {
        (0, Some(item)) => {
            let asks = HandoverAction::Question {
                handover,
                item: item.clone(),
                text: text.clone(),
            };
            all.push((incoming, asks));
            let explains = HandoverAction::Explain {
                handover,
                item,
                text,
            };
            all.push((outgoing, explains));
        }
        (1..=3, _) => all.push((incoming, HandoverAction::SayGone { handover, reason })),
        (4, _) if dice.below(2) == 0 => {
            all.push((outgoing, HandoverAction::GiveUp { handover, reason }));
        }
        (5, _) => {} // Somebody signs too early.
        (_, _) => {
            let accept = |item| (incoming, HandoverAction::Accept { handover, item });
            all.extend(waits.into_iter().take(ANSWERED_MAX).map(accept));
        }
    }
    let first = dice.below(2) == 0;
    let sides = if first {
        [outgoing, incoming]
    } else {
        [incoming, outgoing]
    };
    all.extend(sides.map(|side| (side, HandoverAction::Sign { handover })));
    let wish = |(by, action)| {
        (
            by,
            "goes on with a handover".to_owned(),
            Action::Handover(action),
        )
    };
    all.into_iter().map(wish).collect()
}
