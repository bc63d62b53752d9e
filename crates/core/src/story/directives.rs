//! Directives: their life step by step, what is overdue and who hears of it, partial fulfilment, recall and replacement,
//! and who may not say that it is done.

use super::assessments::must_fit;
use super::check_with;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{Blob, Code, DirectiveId, PersonId, Priority, Prose, Timestamp, UnitId};
use crate::entropy::Entropy;
use crate::limits;
use crate::plan::ResponseFile;
use crate::record::directive::bins::Bins;
use crate::record::directive::{
    Addressee, Details, Directive, DirectiveAction, Due, Ending, Item, ItemStatus, Media, Progress,
    Report, Step, Verdict, escalated, overdue, statuses,
};
use crate::record::person::Seat;
use crate::record::{Action, Record};
use crate::refusal::Refusal;
use crate::timer::{self, AlarmCode, TimerRules};

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

const OFFICER: PersonId = PersonId([1; 16]);
const CREW: PersonId = PersonId([2; 16]);

fn after(seconds: u32) -> Timestamp {
    Timestamp(BEGIN_MS).plus_s(seconds)
}

fn prose(text: &str) -> Option<Prose> {
    Some(text.parse().unwrap())
}

fn two_cars() -> (World, [UnitId; 2]) {
    let told = check_with(BRIGADE, "given car C1; car C2");
    let units = ["C1", "C2"].map(|callsign| told.world.unit(callsign));
    (told.world, units)
}

fn details(kind: &str, to: Vec<Addressee>) -> Details {
    Details {
        kind: kind.parse::<Code>().unwrap(),
        priority: Priority::P2,
        subject: line("Close the east gate"),
        to,
        operation: None,
        related: Vec::new(),
        close_by: after(12 * 3_600),
        replaces: None,
    }
}

fn ask_as(
    world: &mut World,
    person: PersonId,
    action: DirectiveAction,
) -> Result<DirectiveId, Refusal> {
    let asked = Asked {
        person,
        ..Asked::default()
    };
    let done = world.ask(asked, Action::Directive(action))?;
    Ok(DirectiveId(done.records[0].0.id))
}

fn ask(world: &mut World, action: DirectiveAction) -> Result<DirectiveId, Refusal> {
    ask_as(world, OFFICER, action)
}

fn issue(world: &mut World, details: Details) -> DirectiveId {
    let text = prose("Nobody in until the fire is out");
    let issue = true;
    ask(
        world,
        DirectiveAction::Draft {
            details,
            text,
            issue,
        },
    )
    .unwrap()
}

fn take(world: &mut World, directive: DirectiveId, item: usize, step: Step) -> Result<(), Refusal> {
    let text = (step == Step::Reported)
        .then(|| prose("It is closed"))
        .flatten();
    let action = DirectiveAction::Advance {
        directive,
        item,
        step,
        text,
    };
    ask_as(world, CREW, action).map(drop)
}

fn found(world: &World, directive: DirectiveId) -> Directive {
    let board = world.engine.board();
    board.directive(directive).unwrap().clone()
}

fn status(world: &World, directive: DirectiveId) -> Vec<ItemStatus> {
    let one = found(world, directive);
    let all = statuses(world.engine.board(), &one);
    all.into_iter().map(|(_, status)| status).collect()
}

#[test]
fn a_directive_is_signed_for_acted_on_reported_verified_and_closed_with_proof_of_each() {
    let (mut world, [c1, _]) = two_cars();
    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    let mut lived = status(&world, id);
    for step in [
        Step::Delivered,
        Step::Shown,
        Step::Signed,
        Step::Acting,
        Step::Reported,
    ] {
        world.now = world.now.plus_s(10);
        take(&mut world, id, 0, step).unwrap();
        lived.extend(status(&world, id));
    }
    assert_eq!(
        lived,
        [
            ItemStatus::Issued,
            ItemStatus::Delivered,
            ItemStatus::Shown,
            ItemStatus::Signed,
            ItemStatus::Acting,
            ItemStatus::Reported
        ]
    );
    ask(
        &mut world,
        DirectiveAction::Verify {
            directive: id,
            item: 0,
        },
    )
    .unwrap();
    let one = found(&world, id);
    assert_eq!(status(&world, id), [ItemStatus::Done]);
    let progress = &one.items[0].progress;
    assert_eq!(
        progress.signed.map(|mark| (mark.at, mark.by.person)),
        Some((after(30), CREW))
    );
    assert_eq!(progress.reports[0].text, prose("It is closed"));
    assert_eq!(one.items[0].verdicts[0].mark.by.person, OFFICER);
    // The last that was done closes it.
    assert!(matches!(
        one.ended,
        Some((_, Ending::Closed { in_part: None }))
    ));
    world.check();
}

#[test]
fn whoever_was_to_do_it_does_not_say_that_it_is_done() {
    let (mut world, [c1, _]) = two_cars();
    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    take(&mut world, id, 0, Step::Reported).unwrap();
    let verify = DirectiveAction::Verify {
        directive: id,
        item: 0,
    };
    let refused = ask_as(&mut world, CREW, verify.clone()).unwrap_err();
    assert!(matches!(refused, Refusal::WrongState { .. }), "{refused:?}");
    // Nor does closing it as a whole, in part, or asking no more of oneself get around that.
    let around = [
        DirectiveAction::Close {
            directive: id,
            in_part: None,
        },
        DirectiveAction::Close {
            directive: id,
            in_part: Some(line("It is done, believe me")),
        },
        DirectiveAction::Excuse {
            directive: id,
            item: 0,
            reason: line("It is done, believe me"),
        },
    ];
    for action in around {
        let refused = ask_as(&mut world, CREW, action.clone());
        assert!(refused.is_err(), "{action:?}");
    }
    ask(&mut world, verify).unwrap();
    assert!(!found(&world, id).is_open());
}

#[test]
fn what_was_returned_is_reported_again_and_the_old_verdict_does_not_count_for_it() {
    let (mut world, [c1, _]) = two_cars();
    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    let verify = DirectiveAction::Verify {
        directive: id,
        item: 0,
    };
    assert!(
        ask(&mut world, verify.clone()).is_err(),
        "there is no report to judge"
    );
    take(&mut world, id, 0, Step::Reported).unwrap();
    let reason = line("The west gate is open");
    let back = DirectiveAction::Return {
        directive: id,
        item: 0,
        reason,
    };
    ask(&mut world, back.clone()).unwrap();
    assert_eq!(status(&world, id), [ItemStatus::Returned]);
    assert!(ask(&mut world, back).is_err(), "it was returned already");
    // As long as after issuing, and then it is overdue.
    world.now = world.now.plus_s(1_799);
    assert_eq!(
        overdue(world.engine.board(), &found(&world, id), world.now),
        None
    );
    world.now = world.now.plus_s(1);
    let late = overdue(world.engine.board(), &found(&world, id), world.now).unwrap();
    assert_eq!(late.step, Due::Reported);
    take(&mut world, id, 0, Step::Reported).unwrap();
    assert_eq!(status(&world, id), [ItemStatus::Reported]);
    ask(&mut world, verify).unwrap();
    assert_eq!(status(&world, id), [ItemStatus::Done]);
    world.check();
}

#[test]
fn overdue_follows_from_the_clock_and_the_chain_hears_of_it_one_after_another() {
    let (mut world, [c1, _]) = two_cars();
    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    let late = |world: &World| {
        let one = found(world, id);
        let late = overdue(world.engine.board(), &one, world.now);
        late.map(|late| {
            let rungs = escalated(&one, late.since, world.now);
            (
                late.step,
                rungs.iter().map(|rung| rung.seat).collect::<Vec<_>>(),
            )
        })
    };
    world.now = after(59);
    assert_eq!(late(&world), None);
    world.now = after(60);
    assert_eq!(late(&world), Some((Due::Signed, vec![])));
    world.now = after(120);
    assert_eq!(late(&world), Some((Due::Signed, vec![Seat::Dispatcher])));
    world.now = after(240);
    let both = vec![Seat::Dispatcher, Seat::DutyOfficer];
    assert_eq!(late(&world), Some((Due::Signed, both)));
    // Its issuer sees it among the alarms until the step is taken, whoever has seen it.
    let on = |world: &World| timer::open(world.engine.board(), &TimerRules::default(), world.now);
    assert_eq!(on(&world)[0].1.code, AlarmCode::DirectiveOverdue);
    let seen = DirectiveAction::SeeAlarm {
        directive: id,
        code: AlarmCode::DirectiveOverdue,
    };
    ask(&mut world, seen.clone()).unwrap();
    assert_eq!(
        ask(&mut world, seen),
        Err(Refusal::AlarmSeen(AlarmCode::DirectiveOverdue))
    );
    assert_eq!(on(&world).len(), 1);
    take(&mut world, id, 0, Step::Signed).unwrap();
    assert_eq!(on(&world).len(), 0);
    world.now = after(300);
    assert_eq!(late(&world), Some((Due::Acting, vec![])));
    take(&mut world, id, 0, Step::Acting).unwrap();
    world.now = after(1_800);
    assert_eq!(late(&world), Some((Due::Reported, vec![])));
    take(&mut world, id, 0, Step::Reported).unwrap();
    assert_eq!(late(&world), None);
    world.now = after(12 * 3_600);
    assert_eq!(late(&world).map(|late| late.0), Some(Due::Closed));
}

#[test]
fn an_alarm_that_was_seen_is_unseen_again_once_the_chain_or_another_addressee_adds_to_it() {
    let (mut world, [c1, c2]) = two_cars();
    let to = vec![Addressee::Unit(c1), Addressee::Unit(c2)];
    let id = issue(&mut world, details("task", to));
    world.now = after(10);
    take(&mut world, id, 0, Step::Signed).unwrap();
    let unseen = |world: &World| {
        let one = found(world, id);
        let alarm = timer::alarm_of_directive(world.engine.board(), &one, world.now).unwrap();
        assert_eq!(alarm.since, after(60), "it is on since the first was late");
        timer::acknowledged(&one.seen, alarm).is_none()
    };
    let see = |world: &mut World| {
        let code = AlarmCode::DirectiveOverdue;
        let seen = DirectiveAction::SeeAlarm {
            directive: id,
            code,
        };
        ask(world, seen).unwrap();
        assert!(!unseen(world));
    };
    world.now = after(60);
    assert!(unseen(&world));
    see(&mut world);
    // The dispatcher hears of it a minute after, the duty officer three; the first car should be on its way after five.
    for (seconds, what) in [(120, "a rung"), (240, "the next"), (300, "another car")] {
        world.now = after(seconds - 1);
        assert!(!unseen(&world), "{what} is not due");
        world.now = after(seconds);
        assert!(unseen(&world), "{what}");
        see(&mut world);
    }
}

#[test]
fn a_file_is_said_in_parts_and_comes_out_as_it_went_in_and_no_record_grows_by_it() {
    let (mut world, [c1, _]) = two_cars();
    let attach = |directive, item, data: &[u8]| DirectiveAction::Attach {
        directive,
        item,
        label: line(&"\u{1d11e}".repeat(limits::LINE_CHARS_MAX)),
        data: Blob(data.to_vec()),
    };
    let draft = DirectiveAction::Draft {
        details: details("task", vec![Addressee::Unit(c1)]),
        text: None,
        issue: false,
    };
    let draft = ask(&mut world, draft).unwrap();
    assert!(ask(&mut world, attach(draft, None, b"early")).is_err());

    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    let mut picture = vec![0xff, 0xd8, 0xff];
    let mut dice = Entropy::new([9; 32]);
    picture.resize_with(limits::ATTACHMENT_BYTES_MAX, || dice.below(256) as u8);
    let code = |refused: Result<DirectiveId, Refusal>| refused.unwrap_err().code();
    let mut over = picture.clone();
    over.push(0);
    assert_eq!(code(ask(&mut world, attach(id, None, &over))), "limit");
    for what in [&b""[..], b"MZ\x90\x00", b"\x00text", b"\xc3\x28"] {
        assert_eq!(code(ask(&mut world, attach(id, None, what))), "missing");
    }
    assert_eq!(
        code(ask(&mut world, attach(id, Some(1), &picture))),
        "not_found"
    );
    ask(&mut world, attach(id, Some(0), &picture)).unwrap();
    assert_eq!(
        code(ask(&mut world, attach(id, None, &picture))),
        "wrong_state",
        "it is there already"
    );
    ask(&mut world, attach(id, None, "平面图 plan".as_bytes())).unwrap();

    let one = found(&world, id);
    let [large, small] = &one.attachments[..] else {
        panic!("{:?}", one.attachments);
    };
    assert_eq!(
        (large.file.media, small.file.media),
        (Media::Jpeg, Media::Text)
    );
    assert!(large.is_whole() && small.is_whole());
    assert_eq!(
        usize::from(large.file.parts),
        1_000_000_usize.div_ceil(42_000)
    );
    let of_it = world.entries.iter().filter(|one| one.header.record == id.0);
    let parts: Vec<Blob> = of_it
        .filter_map(|entry| world.personal_of(entry)?.part)
        .collect();
    let (first, last) = parts.split_at(usize::from(large.file.parts));
    assert_eq!(large.join(first), Some(picture));
    assert_eq!(small.join(last), Some("平面图 plan".into()));
    assert_eq!(large.join(&first[1..]), None, "a part is missing");
    let row = Record::Directive(one.clone().into()).to_row_json();
    assert!(row.len() < 8_000, "{}", row.len());

    for number in one.attachments.len()..limits::ATTACHMENTS_MAX {
        let note = format!("note {number}");
        ask(&mut world, attach(id, None, note.as_bytes())).unwrap();
    }
    assert_eq!(
        code(ask(&mut world, attach(id, None, b"one more"))),
        "limit"
    );
    world.check();
}

#[test]
fn each_of_many_addressees_has_an_item_of_its_own_and_it_is_closed_whole_or_in_part() {
    let (mut world, [c1, c2]) = two_cars();
    let to = vec![
        Addressee::Unit(c1),
        Addressee::Unit(c2),
        Addressee::Seat(Seat::Dispatcher),
        Addressee::Unit(c1),
    ];
    let id = issue(&mut world, details("task", to));
    assert_eq!(found(&world, id).items.len(), 3, "each addressee once");
    take(&mut world, id, 0, Step::Reported).unwrap();
    ask(
        &mut world,
        DirectiveAction::Verify {
            directive: id,
            item: 0,
        },
    )
    .unwrap();
    take(&mut world, id, 1, Step::Acting).unwrap();
    assert_eq!(
        status(&world, id),
        [ItemStatus::Done, ItemStatus::Acting, ItemStatus::Issued]
    );
    let close = |in_part: Option<&str>| DirectiveAction::Close {
        directive: id,
        in_part: in_part.map(line),
    };
    assert!(ask(&mut world, close(None)).is_err());
    let excuse = DirectiveAction::Excuse {
        directive: id,
        item: 2,
        reason: line("Not needed"),
    };
    ask(&mut world, excuse.clone()).unwrap();
    assert!(ask(&mut world, excuse).is_err(), "excused once");
    ask(&mut world, close(Some("The second car broke down"))).unwrap();
    let one = found(&world, id);
    assert!(matches!(
        one.ended,
        Some((_, Ending::Closed { in_part: Some(_) }))
    ));
    assert!(take(&mut world, id, 1, Step::Reported).is_err());
    world.check();
}

#[test]
fn a_notice_is_only_signed_for_and_the_last_signature_closes_it() {
    let (mut world, [c1, c2]) = two_cars();
    let to = vec![Addressee::Unit(c1), Addressee::Unit(c2)];
    let id = issue(&mut world, details("notice", to));
    take(&mut world, id, 1, Step::Signed).unwrap();
    assert!(found(&world, id).is_open());
    take(&mut world, id, 0, Step::Signed).unwrap();
    assert!(!found(&world, id).is_open());
}

#[test]
fn a_draft_is_changed_until_it_is_issued_and_then_recalled_or_replaced() {
    let (mut world, [c1, c2]) = two_cars();
    let draft = DirectiveAction::Draft {
        details: details("task", vec![Addressee::Unit(c1)]),
        text: None,
        issue: false,
    };
    let id = ask(&mut world, draft).unwrap();
    assert!(
        take(&mut world, id, 0, Step::Signed).is_err(),
        "nobody signs a draft"
    );
    let amend = DirectiveAction::Amend {
        directive: id,
        details: details("task", vec![Addressee::Unit(c2)]),
        text: prose("Both gates"),
    };
    ask(&mut world, amend.clone()).unwrap();
    ask(&mut world, DirectiveAction::Issue { directive: id }).unwrap();
    assert_eq!(found(&world, id).items[0].to, Addressee::Unit(c2));
    assert!(ask(&mut world, amend).is_err());
    assert!(ask(&mut world, DirectiveAction::Discard { directive: id }).is_err());
    let next = issue(
        &mut world,
        Details {
            replaces: Some(id),
            ..details("task", vec![Addressee::Unit(c1)])
        },
    );
    let old = found(&world, id);
    assert_eq!(old.ended.unwrap().1, Ending::Replaced { by: next });
    let recall = DirectiveAction::Recall {
        directive: next,
        reason: line("The fire is out"),
    };
    ask(&mut world, recall.clone()).unwrap();
    assert!(ask(&mut world, recall).is_err());
    assert_eq!(
        overdue(world.engine.board(), &found(&world, next), after(9_999)),
        None
    );
    world.check();
}

#[test]
fn what_cannot_be_asked_of_anybody_is_refused() {
    let (mut world, [c1, _]) = two_cars();
    let unit = Addressee::Unit(c1);
    let good = details("task", vec![unit]);
    let wrong = [
        details("riddle", vec![unit]),
        details("task", vec![]),
        details("task", vec![Addressee::Unit(UnitId([9; 16]))]),
        details("task", vec![Addressee::Everyone]),
        details("task", vec![unit; limits::ADDRESSEES_MAX + 1]),
        Details {
            close_by: after(0),
            ..good.clone()
        },
        Details {
            close_by: after(limits::DIRECTIVE_AHEAD_S_MAX + 1),
            ..good.clone()
        },
        Details {
            replaces: Some(DirectiveId([9; 16])),
            ..good.clone()
        },
        Details {
            related: vec![c1.into(); limits::RELATED_MAX + 1],
            ..good.clone()
        },
    ];
    for details in wrong {
        let action = DirectiveAction::Draft {
            details: details.clone(),
            text: None,
            issue: true,
        };
        assert!(ask(&mut world, action).is_err(), "{details:?}");
    }
    let most = Details {
        to: vec![unit; limits::ADDRESSEES_MAX],
        related: vec![c1.into(); limits::RELATED_MAX],
        close_by: after(limits::DIRECTIVE_AHEAD_S_MAX),
        ..good
    };
    let id = issue(&mut world, most);
    let report = |text| DirectiveAction::Advance {
        directive: id,
        item: 0,
        step: Step::Reported,
        text,
    };
    assert!(matches!(
        ask(&mut world, report(None)),
        Err(Refusal::Missing(_))
    ));
    for _ in 0..limits::REPORTS_PER_ITEM_MAX {
        ask(&mut world, report(prose("Not yet"))).unwrap();
    }
    assert!(matches!(
        ask(&mut world, report(prose("Not yet"))),
        Err(Refusal::Limit { .. })
    ));
    let beyond = DirectiveAction::Verify {
        directive: id,
        item: 1,
    };
    assert!(ask(&mut world, beyond).is_err());
}

#[test]
fn the_bins_count_each_step_by_how_long_it_took() {
    let (mut world, [c1, c2]) = two_cars();
    let to = vec![Addressee::Unit(c1), Addressee::Unit(c2)];
    let id = issue(&mut world, details("task", to));
    world.now = after(45);
    take(&mut world, id, 0, Step::Signed).unwrap();
    world.now = after(200);
    take(&mut world, id, 1, Step::Signed).unwrap();
    world.now = after(500);
    take(&mut world, id, 0, Step::Acting).unwrap();
    world.now = after(2_000);
    let one = found(&world, id);
    let items = statuses(world.engine.board(), &one);
    let mut bins = Bins::default();
    bins.count(&one, &items, world.now);
    assert_eq!((bins.directives, bins.items, bins.done), (1, 2, 0));
    assert_eq!(bins.signed.within, [0, 1, 1, 1]);
    assert_eq!((bins.signed.later, bins.signed.overdue), (1, 1));
    assert_eq!(bins.acting.within, [0, 1, 1, 1]);
    assert_eq!((bins.acting.waiting, bins.acting.overdue), (1, 2));
    assert_eq!((bins.reported.asked, bins.reported.waiting), (2, 2));
    assert_eq!(bins.open_at_close, 0);
    let mut late = Bins::default();
    late.count(&one, &items, after(12 * 3_600));
    assert_eq!(late.open_at_close, 1);
}

#[test]
fn a_file_names_its_own_kinds_and_an_error_points_to_the_line() {
    let own = format!(
        "{BRIGADE}
[directives.kinds.check]
en = \"Check\"
zh = \"检查\"
sign_s = [10, 20, 30, 40]
report_s = 600
verify = true
chain = [{{ name = \"desk\", seat = \"duty_officer\", after_s = 5 }}]

[[directives.template]]
code = \"gate\"
en = \"Gate\"
zh = \"大门\"
kind = \"check\"
priority = 1
text_en = \"Look at the gate.\"
text_zh = \"检查大门。\"
"
    );
    let file = ResponseFile::parse(&own).unwrap();
    let kind = file.directives.kind(&"check".parse().unwrap()).unwrap();
    assert_eq!(kind.sign_s(Priority::P3), 30);
    assert_eq!(kind.chain[0].seat, Seat::DutyOfficer);
    assert_eq!(file.directives.templates.len(), 1);
    assert!(file.directives.kind(&"task".parse().unwrap()).is_err());
    let line_of = |text: &str, part: &str| {
        let before = text.split(part).next().unwrap();
        before.matches('\n').count() + 1
    };
    for (from, to) in [
        ("seat = \"duty_officer\"", "seat = \"king\""),
        ("kind = \"check\"", "kind = \"riddle\""),
        ("priority = 1", "priority = 9"),
    ] {
        let wrong = own.replace(from, to);
        let error = ResponseFile::parse(&wrong).unwrap_err();
        assert_eq!(error.line, line_of(&wrong, to), "{to}");
    }
    let unverifiable = own.replace("report_s = 600\n", "");
    assert!(ResponseFile::parse(&unverifiable).is_err());
}

#[test]
fn one_that_grew_too_large_to_be_told_is_told_with_where_each_item_stands() {
    let (mut world, [c1, _]) = two_cars();
    let id = issue(&mut world, details("task", vec![Addressee::Unit(c1)]));
    let mut one = found(&world, id);
    let mark = one.issued.unwrap();
    let long = |max: usize| "火".repeat(max);
    let report = Report {
        mark,
        text: prose(&long(limits::PROSE_CHARS_MAX)),
    };
    let verdict = |on| Verdict {
        mark,
        on,
        returned: Some(line(&long(limits::LINE_CHARS_MAX))),
    };
    let reports = limits::REPORTS_PER_ITEM_MAX;
    let progress = Progress {
        delivered_at: Some(mark.at),
        shown: Some(mark),
        signed: Some(mark),
        acting: Some(mark),
        reports: vec![report; reports],
    };
    for large in [2, 60, limits::ADDRESSEES_MAX] {
        one.items = (0..large)
            .map(|at| Item {
                to: Addressee::Unit(c1),
                progress: progress.clone(),
                // Every other one was returned last, the others wait to be verified.
                verdicts: (1..=reports - at % 2).map(verdict).collect(),
                excused: None,
            })
            .collect();
        let whole = Record::Directive(one.clone().into());
        let small = whole.to_tell().expect("it can be told");
        must_fit(small.clone());
        let Record::Directive(small) = small else {
            panic!("{small:?}");
        };
        for (full, told) in one.items.iter().zip(&small.items) {
            let [full, told] = [full, told].map(|item| one.status(item, &item.progress));
            assert_eq!(full, told);
        }
        let newest = |item: &Item| item.progress.reports.iter().any(|one| one.text.is_some());
        assert!(
            large > 2 || small.items.iter().any(newest),
            "the newest words"
        );
    }
}
