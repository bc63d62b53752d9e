//! Duty: who may be put on a shift, who comes on and goes off, what a handover lists and when it may be signed, where
//! nobody will be, and whom alarms go to.

use std::collections::BTreeSet;

use super::RESPONSE;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{DutyPostId, HandoverId, IncidentId, PersonId, Prose, ShiftId, Timestamp};
use crate::duty::{self, Gap, ItemKind, ItemName, OpenItem};
use crate::limits;
use crate::plan::ResponseFile;
use crate::record::duty_post::{DutyPostAction, DutyPostDetails, Leave, Pattern, Turn};
use crate::record::handover::{Answer, Handover, HandoverAction, Item};
use crate::record::incident::IncidentAction;
use crate::record::person::{PersonAction, PersonDetails, Seat};
use crate::record::shift::{PlannedShift, Shift, ShiftAction, SwapWish};
use crate::record::{Action, Record, RecordKind};
use crate::refusal::Refusal;

const HOUR_MS: i64 = 3_600_000;

fn hour(at: i64) -> Timestamp {
    Timestamp(BEGIN_MS + at * HOUR_MS)
}

fn prose(text: &str) -> Prose {
    text.parse().unwrap()
}

/// The day on which the story begins, in a place where it is midnight then.
const FIRST_DAY: i32 = 19_676;

fn calendar(day: i32, minute: u16) -> Timestamp {
    let day = i64::from(day - FIRST_DAY);
    Timestamp(BEGIN_MS + day * 24 * HOUR_MS + i64::from(minute) * 60_000)
}

/// A node with three people, Ann, Bao and Chen, and a duty officer's post.
struct Watch {
    world: World,
    ann: PersonId,
    bao: PersonId,
    chen: PersonId,
    post: DutyPostId,
}

impl Watch {
    fn new() -> Watch {
        let mut world = World::new(11, ResponseFile::parse(RESPONSE).unwrap());
        let seats = [Seat::DutyOfficer, Seat::Dispatcher];
        let mut enrol = |login: &str, seats: &[Seat]| {
            let details = PersonDetails {
                name: line(login),
                seats: seats.iter().copied().collect(),
                unit: None,
                program: false,
            };
            let login = line(login);
            let action = Action::Person(PersonAction::Enrol { login, details });
            let made = world.ask(Asked::default(), action).unwrap();
            PersonId(made.records[0].0.id)
        };
        let (ann, bao) = (enrol("Ann", &seats), enrol("Bao", &seats));
        let chen = enrol("Chen", &seats[..1]);
        let mut watch = Watch {
            world,
            ann,
            bao,
            chen,
            post: DutyPostId([0; 16]),
        };
        watch.post = watch.enter(details("Desk")).unwrap();
        watch
    }

    fn ask(&mut self, by: PersonId, action: impl Into<Action>) -> Result<[u8; 16], Refusal> {
        let asked = Asked {
            person: by,
            ..Asked::default()
        };
        let done = self.world.ask(asked, action.into())?;
        Ok(done.records[0].0.id)
    }

    fn enter(&mut self, details: DutyPostDetails) -> Result<DutyPostId, Refusal> {
        let action = Action::DutyPost(DutyPostAction::Enter { details });
        self.ask(self.ann, action).map(DutyPostId)
    }

    fn amend(&mut self, change: impl FnOnce(&mut DutyPostDetails)) {
        let duty_post = self.post;
        let board = self.world.engine.board();
        let mut details = board.duty_post(duty_post).unwrap().details.clone();
        change(&mut details);
        let action = DutyPostAction::Amend { duty_post, details };
        self.ask(self.ann, Action::DutyPost(action)).unwrap();
    }

    fn plan(&mut self, from: i64, until: i64, people: &[PersonId]) -> Result<ShiftId, Refusal> {
        self.plan_but(from, until, people, None)
    }

    fn plan_but(
        &mut self,
        from: i64,
        until: i64,
        people: &[PersonId],
        overriding: Option<&str>,
    ) -> Result<ShiftId, Refusal> {
        let shifts = vec![PlannedShift {
            from: hour(from),
            until: hour(until),
            people: people.iter().copied().collect(),
        }];
        let action = ShiftAction::Plan {
            post: self.post,
            shifts,
            overriding: overriding.map(prose),
        };
        self.ask(self.ann, action).map(ShiftId)
    }

    fn come_on(&mut self, shift: ShiftId, person: PersonId) -> Result<[u8; 16], Refusal> {
        self.ask(person, ShiftAction::ComeOn { shift, person })
    }

    fn go_off(&mut self, shift: ShiftId, person: PersonId) -> Result<[u8; 16], Refusal> {
        self.ask(person, ShiftAction::GoOff { shift, person })
    }

    fn incident(&mut self) -> IncidentId {
        let open = IncidentAction::Open {
            from_call: None,
            place: Some(super::place("harbour")),
            category: Some("fire".parse().unwrap()),
            priority: Some(crate::basis::Priority::P2),
        };
        IncidentId(self.ask(self.ann, Action::Incident(open)).unwrap())
    }

    fn cancel(&mut self, incident: IncidentId) {
        let reason = line("false alarm");
        let action = IncidentAction::Cancel { incident, reason };
        self.ask(self.ann, Action::Incident(action)).unwrap();
    }

    fn shift(&self, shift: ShiftId) -> Shift {
        self.world.engine.board().shift(shift).unwrap().clone()
    }

    fn handover(&self, handover: HandoverId) -> Handover {
        self.world
            .engine
            .board()
            .handover(handover)
            .unwrap()
            .clone()
    }

    fn open(&self) -> Vec<OpenItem> {
        let (engine, rules) = (&self.world.engine, &self.world.timers);
        duty::open_items(
            engine.board(),
            engine.node(),
            self.post,
            rules,
            self.world.now,
        )
    }

    fn on(&self) -> Vec<PersonId> {
        let board = self.world.engine.board();
        let on = duty::on_duty(board, self.post);
        on.map(|(_, one)| one.person).collect()
    }

    /// Ann is on from 0 to 8, Bao is to come from 8 to 16; returns both shifts, a quarter to eight.
    fn before_the_change(&mut self) -> (ShiftId, ShiftId) {
        let day = self.plan(0, 8, &[self.ann]).unwrap();
        let late = self.plan(8, 16, &[self.bao]).unwrap();
        self.come_on(day, self.ann).unwrap();
        self.world.now = Timestamp(hour(8).0 - 15 * 60_000);
        (day, late)
    }

    fn begin(&mut self, from: ShiftId, to: ShiftId) -> Result<HandoverId, Refusal> {
        let action = HandoverAction::Open {
            from,
            outgoing: self.ann,
            to,
            incoming: self.bao,
        };
        self.ask(self.bao, action).map(HandoverId)
    }

    fn accept(&mut self, handover: HandoverId, item: &ItemName) -> Result<[u8; 16], Refusal> {
        let item = item.clone();
        self.ask(self.bao, HandoverAction::Accept { handover, item })
    }

    fn accept_all(&mut self, handover: HandoverId) {
        for item in self.open() {
            let found = self.handover(handover);
            let accepted = found.item(&item.name);
            if accepted.is_none_or(|one| !matches!(one.answer, Answer::Accepted { .. })) {
                self.accept(handover, &item.name).unwrap();
            }
        }
    }

    fn sign(&mut self, handover: HandoverId, by: PersonId) -> Result<[u8; 16], Refusal> {
        self.ask(by, HandoverAction::Sign { handover })
    }
}

impl From<ShiftAction> for Action {
    fn from(action: ShiftAction) -> Action {
        Action::Shift(action)
    }
}

impl From<HandoverAction> for Action {
    fn from(action: HandoverAction) -> Action {
        Action::Handover(action)
    }
}

fn details(name: &str) -> DutyPostDetails {
    DutyPostDetails {
        name: line(name),
        name_other: None,
        seat: Some(Seat::DutyOfficer),
        station: None,
        minimum: 1,
        reach: line("8110, channel 3"),
        pattern: None,
        rest_min: 11 * 60,
        week_max: 0,
        hands_over: true,
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, Refusal>, code: &str) -> Refusal {
    let refusal = done.unwrap_err();
    assert_eq!(refusal.code(), code, "{refusal:?}");
    refusal
}

#[test]
fn the_post_changes_hands_with_the_second_signature_and_no_item_unanswered() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    let (day, late) = watch.before_the_change();
    let incident = watch.incident();
    let (shift, text) = (day, prose("the gate at the harbour is locked"));
    let note = |hands_over| ShiftAction::Write {
        shift,
        text: text.clone(),
        hands_over,
    };
    watch.ask(ann, note(true)).unwrap();
    watch.ask(ann, note(false)).unwrap();
    refused(watch.go_off(day, ann), "wrong_state");
    refused(watch.come_on(late, bao), "wrong_state");
    let handover = watch.begin(day, late).unwrap();
    refused(watch.begin(day, late), "wrong_state");
    let kinds: Vec<ItemKind> = watch.open().iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [ItemKind::Note, ItemKind::Record]);

    watch.sign(handover, ann).unwrap();
    refused(watch.sign(handover, ann), "wrong_state");
    let no = refused(watch.sign(handover, bao), "items_open");
    assert!(no.what().en.contains("2; the first is note 3"), "{no:?}");
    refused(watch.sign(handover, watch.chen), "wrong_state");
    let items = watch.open();
    let refused_to = |watch: &mut Watch, by, item: &ItemName| {
        let item = item.clone();
        watch.ask(by, HandoverAction::Accept { handover, item })
    };
    refused(refused_to(&mut watch, ann, &items[0].name), "wrong_state");
    watch.accept(handover, &items[0].name).unwrap();
    refused(watch.accept(handover, &items[0].name), "wrong_state");
    let name = items[1].name.clone();
    let question = HandoverAction::Question {
        handover,
        item: name.clone(),
        text: prose("who is on it?"),
    };
    watch.ask(bao, question).unwrap();
    refused(watch.sign(handover, bao), "items_open");
    let explain = HandoverAction::Explain {
        handover,
        item: name.clone(),
        text: prose("nobody yet"),
    };
    refused(watch.ask(bao, explain.clone()), "wrong_state");
    watch.ask(ann, explain.clone()).unwrap();
    refused(watch.ask(ann, explain), "missing");
    refused(watch.sign(handover, bao), "items_open");
    watch.accept(handover, &name).unwrap();
    assert_eq!(watch.on(), [ann], "only the second signature changes hands");
    watch.sign(handover, bao).unwrap();
    assert_eq!(watch.on(), [bao]);
    assert!(!watch.shift(day).is_open() && watch.handover(handover).is_signed());
    assert_eq!(watch.handover(handover).item(&name).unwrap().talk.len(), 2);
    refused(watch.sign(handover, bao), "wrong_state");

    // The note goes on until it is settled, whoever is on.
    assert_eq!(watch.open()[0].kind, ItemKind::Note);
    let settle = ShiftAction::Settle { shift: day, no: 3 };
    watch.ask(bao, settle.clone()).unwrap();
    refused(watch.ask(bao, settle), "missing");
    assert_eq!(watch.open().len(), 1);
    watch.cancel(incident);
    assert_eq!(watch.open(), []);
    watch.world.check();
}

#[test]
fn what_arises_while_handing_over_must_be_answered_and_what_has_ended_need_not() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    let (day, late) = watch.before_the_change();
    let over = watch.incident();
    let handover = watch.begin(day, late).unwrap();
    watch.accept_all(handover);
    watch.sign(handover, bao).unwrap();
    let arisen = watch.incident();
    refused(watch.sign(handover, ann), "items_open");
    watch.cancel(over);
    // An alarm is an item of its own, and one that begins anew is another.
    watch.world.now = Timestamp(watch.world.now.0 + 61_000);
    let alarms = |watch: &Watch| {
        let mut items = watch.open();
        items.retain(|item| item.kind == ItemKind::Alarm);
        items
    };
    let alarm = alarms(&watch)[0].clone();
    assert_eq!(alarm.record, arisen.into());
    assert_eq!(alarm.what.zh, "警情 2：无人处置");
    watch.accept_all(handover);
    watch.cancel(arisen);
    let reopen = IncidentAction::Reopen {
        incident: arisen,
        reason: line("smoke again"),
    };
    watch.ask(ann, Action::Incident(reopen)).unwrap();
    watch.world.now = Timestamp(watch.world.now.0 + 61_000);
    assert_ne!(alarms(&watch)[0].name, alarm.name);
    refused(watch.sign(handover, ann), "items_open");
    watch.accept_all(handover);
    watch.sign(handover, ann).unwrap();
    assert_eq!(watch.on(), [bao]);
    let gone = ItemName(format!("incident:{over}"));
    refused(watch.accept(handover, &gone), "wrong_state");
    watch.world.check();
}

#[test]
fn who_is_gone_signs_nothing_and_that_is_recorded() {
    for sign_first in [false, true] {
        let mut watch = Watch::new();
        let (ann, bao) = (watch.ann, watch.bao);
        let (day, late) = watch.before_the_change();
        watch.incident();
        let handover = watch.begin(day, late).unwrap();
        let gone = HandoverAction::SayGone {
            handover,
            reason: prose("taken ill and driven home"),
        };
        refused(watch.ask(ann, gone.clone()), "wrong_state");
        if sign_first {
            watch.accept_all(handover);
            watch.sign(handover, bao).unwrap();
            assert_eq!(watch.on(), [ann]);
            watch.ask(bao, gone).unwrap();
        } else {
            watch.ask(bao, gone.clone()).unwrap();
            refused(watch.ask(bao, gone), "wrong_state");
            refused(watch.sign(handover, ann), "wrong_state");
            refused(watch.sign(handover, bao), "items_open");
            watch.accept_all(handover);
            watch.sign(handover, bao).unwrap();
        }
        assert_eq!(watch.on(), [bao]);
        let found = watch.handover(handover);
        assert!(found.signed_out_at.is_none() && found.is_signed());
        let why = found.gone.unwrap();
        assert_eq!(why.by.person, bao);
        assert_eq!(why.reason, Some(prose("taken ill and driven home")));
        watch.world.check();
    }
}

#[test]
fn a_handover_that_is_given_up_leaves_the_post_where_it_was() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    let (day, late) = watch.before_the_change();
    let handover = watch.begin(day, late).unwrap();
    let (reason, give_up) = (prose("called away"), |reason| HandoverAction::GiveUp {
        handover,
        reason,
    });
    watch.ask(bao, give_up(reason.clone())).unwrap();
    refused(watch.ask(bao, give_up(reason)), "wrong_state");
    refused(watch.sign(handover, bao), "wrong_state");
    assert_eq!(watch.on(), [ann]);
    let again = watch.begin(day, late).unwrap();
    watch.sign(again, bao).unwrap();
    watch.sign(again, ann).unwrap();
    assert_eq!(watch.on(), [bao], "nothing was open, and both said so");
}

#[test]
fn rest_is_due_unless_the_duty_officer_says_why_not() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    watch.amend(|details| details.week_max = 3);
    watch.plan(0, 8, &[ann]).unwrap();
    let no = refused(watch.plan(4, 12, &[ann]), "rest_rule");
    assert_eq!(no.what().zh, "Ann此时段不能值班：与其在“Desk”的班次重叠。");
    let no = refused(watch.plan(18, 26, &[ann]), "rest_rule");
    assert!(no.what().en.contains("only 10 h of rest"), "{no:?}");
    watch.plan(19, 27, &[ann]).unwrap();
    let open = watch.plan(30, 38, &[]).unwrap();
    let sign_up = |person, why: Option<&str>| ShiftAction::Assign {
        shift: open,
        person,
        overriding: why.map(prose),
    };
    refused(watch.ask(ann, sign_up(ann, None)), "rest_rule");
    watch.ask(bao, sign_up(bao, None)).unwrap();
    refused(watch.ask(bao, sign_up(bao, None)), "wrong_state");
    watch.ask(ann, sign_up(ann, Some("nobody else"))).unwrap();
    let last = watch.shift(open).log.last().unwrap().clone();
    assert_eq!(last.text, Some(prose("nobody else")));
    let no = refused(watch.plan(100, 108, &[ann]), "rest_rule");
    assert!(no.what().en.contains("more than 3 shifts"), "{no:?}");
    watch.plan(168, 176, &[ann]).unwrap();
    // In one step, too, and a seat is never overridden.
    let twice = [hour(200), hour(206)].map(|from| PlannedShift {
        from,
        until: Timestamp(from.0 + 4 * HOUR_MS),
        people: [bao].into(),
    });
    let both = ShiftAction::Plan {
        post: watch.post,
        shifts: twice.to_vec(),
        overriding: None,
    };
    refused(watch.ask(ann, both), "rest_rule");
    watch.amend(|details| details.seat = Some(Seat::Dispatcher));
    let chen = watch.chen;
    refused(
        watch.plan_but(300, 308, &[chen], Some("short")),
        "rest_rule",
    );
    watch.world.check();
}

#[test]
fn a_swap_takes_both_and_a_leave_takes_off() {
    let mut watch = Watch::new();
    let (ann, bao, chen) = (watch.ann, watch.bao, watch.chen);
    let (first, second) = (
        watch.plan(10, 18, &[ann]).unwrap(),
        watch.plan(34, 42, &[bao]).unwrap(),
    );
    let wish = |to, theirs| ShiftAction::AskSwap {
        shift: first,
        swap: SwapWish {
            from: ann,
            to,
            theirs,
        },
    };
    let answer = |accept| ShiftAction::AnswerSwap {
        shift: first,
        from: ann,
        accept,
    };
    refused(watch.ask(ann, answer(true)), "missing");
    refused(watch.ask(ann, wish(ann, None)), "circle");
    watch.ask(ann, wish(bao, Some(second))).unwrap();
    refused(watch.ask(ann, wish(chen, None)), "wrong_state");
    refused(watch.ask(ann, answer(true)), "wrong_state");
    refused(watch.ask(chen, answer(false)), "wrong_state");
    watch.ask(bao, answer(true)).unwrap();
    assert!(watch.shift(first).people == [bao].into());
    assert!(watch.shift(second).people == [ann].into());
    // Back again, but somebody is too tired meanwhile.
    let wish = ShiftAction::AskSwap {
        shift: second,
        swap: SwapWish {
            from: ann,
            to: chen,
            theirs: None,
        },
    };
    watch.ask(ann, wish.clone()).unwrap();
    watch.plan(44, 52, &[chen]).unwrap();
    let accept = ShiftAction::AnswerSwap {
        shift: second,
        from: ann,
        accept: true,
    };
    refused(watch.ask(chen, accept), "rest_rule");
    let back = ShiftAction::AnswerSwap {
        shift: second,
        from: ann,
        accept: false,
    };
    watch.ask(ann, back).unwrap();

    let leave = Leave {
        person: ann,
        from: hour(24),
        until: hour(72),
    };
    let duty_post = watch.post;
    let give = Action::DutyPost(DutyPostAction::GiveLeave { duty_post, leave });
    watch.ask(bao, give.clone()).unwrap();
    assert!(watch.shift(second).people.is_empty());
    refused(watch.ask(bao, give), "wrong_state");
    let no = refused(watch.plan(50, 58, &[ann]), "rest_rule");
    assert!(no.what().zh.contains("休假"), "{no:?}");
    let (person, from) = (ann, hour(24));
    let end = Action::DutyPost(DutyPostAction::EndLeave {
        duty_post,
        person,
        from,
    });
    watch.ask(bao, end.clone()).unwrap();
    refused(watch.ask(bao, end), "missing");
    watch.plan(60, 68, &[ann]).unwrap();
    watch.world.check();
}

#[test]
fn a_team_relieves_each_other_and_only_the_last_hands_over() {
    let mut watch = Watch::new();
    let (ann, bao, chen) = (watch.ann, watch.bao, watch.chen);
    watch.amend(|details| details.minimum = 2);
    let shift = watch.plan(0, 8, &[ann, bao]).unwrap();
    refused(watch.come_on(shift, chen), "wrong_state");
    watch.come_on(shift, ann).unwrap();
    watch.come_on(shift, bao).unwrap();
    refused(watch.come_on(shift, bao), "wrong_state");
    // Who joined goes as they please; who holds the watch hands it over, be it to who is there already.
    watch.go_off(shift, bao).unwrap();
    watch.come_on(shift, bao).unwrap();
    refused(watch.go_off(shift, ann), "wrong_state");
    let handover = watch.begin(shift, shift).unwrap();
    watch.sign(handover, bao).unwrap();
    watch.sign(handover, ann).unwrap();
    assert_eq!(watch.on(), [bao]);
    refused(watch.go_off(shift, ann), "wrong_state");
    refused(watch.go_off(shift, bao), "wrong_state");
    let end = Action::DutyPost(DutyPostAction::End {
        duty_post: watch.post,
    });
    refused(watch.ask(ann, end), "wrong_state");
    let cancel = ShiftAction::Cancel {
        shift,
        reason: prose("no"),
    };
    refused(watch.ask(ann, cancel), "wrong_state");
    watch.amend(|details| details.hands_over = false);
    watch.go_off(shift, bao).unwrap();
    assert!(!watch.shift(shift).is_open(), "nobody is left");
    let late = watch.plan(12, 20, &[chen]).unwrap();
    refused(watch.come_on(late, chen), "wrong_state");
    watch.world.now = hour(10);
    watch.come_on(late, chen).unwrap();
    watch.world.check();
}

/// Four teams, three shifts a day: each comes early, late, at night, and rests a day.
fn four_teams(people: [PersonId; 3]) -> Pattern {
    let turn = |day: u16, part: u16, team: u16| Turn {
        day,
        start_min: part * 480,
        length_min: 480,
        team: Some(team),
    };
    let turns = (0..4).flat_map(|day| (0..3).map(move |part| turn(day, part, (day + part) % 4)));
    let mut teams: Vec<BTreeSet<PersonId>> = people.iter().map(|one| [*one].into()).collect();
    teams.push(BTreeSet::new());
    Pattern {
        anchor_day: FIRST_DAY,
        cycle_days: 4,
        turns: turns.collect(),
        teams,
    }
}

#[test]
fn a_pattern_is_proposed_accepted_and_shows_where_nobody_will_be() {
    let mut watch = Watch::new();
    let people = [watch.ann, watch.bao, watch.chen];
    let all_day = |watch: &Watch| {
        let board = watch.world.engine.board();
        duty::gaps(board, hour(0), hour(24), &calendar)
    };
    let gap = |from, until, needed, planned| Gap {
        post: watch.post,
        from: hour(from),
        until: hour(until),
        needed,
        planned,
    };
    let whole = gap(0, 24, 1, 0);
    let (third, doubled) = (gap(16, 24, 2, 0), gap(0, 8, 2, 1));
    assert_eq!(all_day(&watch), [whole]);
    watch.amend(|details| {
        details.rest_min = 0;
        details.pattern = Some(four_teams(people));
    });
    let proposed = |watch: &Watch| {
        let board = watch.world.engine.board();
        let post = board.duty_post(watch.post).unwrap();
        duty::propose(board, post, FIRST_DAY, 4, &calendar)
    };
    let made = proposed(&watch);
    assert_eq!(made.len(), 12);
    assert!(made[0].people == [watch.ann].into() && made[1].people == [watch.bao].into());
    assert!(made[5].people.is_empty(), "the fourth team has nobody yet");
    let shifts = made.iter().map(|one| PlannedShift {
        from: one.from,
        until: one.until,
        people: one.people.clone(),
    });
    let plan = ShiftAction::Plan {
        post: watch.post,
        shifts: shifts.collect(),
        overriding: None,
    };
    watch.ask(watch.ann, plan).unwrap();
    assert_eq!(
        proposed(&watch),
        [],
        "what is planned is not proposed again"
    );
    assert_eq!(all_day(&watch), []);
    let board = watch.world.engine.board();
    assert_eq!(duty::gaps(board, hour(0), hour(48), &calendar).len(), 1);

    watch.amend(|details| details.minimum = 2);
    let leave = Leave {
        person: watch.chen,
        from: hour(0),
        until: hour(24),
    };
    let duty_post = watch.post;
    let give = DutyPostAction::GiveLeave { duty_post, leave };
    watch.ask(watch.ann, Action::DutyPost(give)).unwrap();
    let found = all_day(&watch);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[1].clone(), found[0].until), (third, hour(16)));
    assert_eq!(found[0].from, doubled.from);

    // Somebody who does not come is missed after ten minutes.
    let now = |watch: &Watch, at| {
        let board = watch.world.engine.board();
        duty::now(board, board.duty_post(watch.post).unwrap(), at, &calendar)
    };
    assert_eq!(now(&watch, hour(0)).not_come, []);
    let later = now(&watch, Timestamp(hour(0).0 + 600_000));
    assert_eq!((later.not_come, later.needed), (vec![watch.ann], 2));
}

#[test]
fn alarms_go_to_who_is_on_duty_and_never_to_who_has_gone() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    let to = |watch: &Watch, here: &dyn Fn(PersonId) -> bool| {
        let board = watch.world.engine.board();
        let found = duty::recipients(board, RecordKind::Incident, &BTreeSet::new(), here);
        let people: Vec<PersonId> = found.people.iter().map(|(person, _)| *person).collect();
        (people, found.unmanned)
    };
    let all = |_| true;
    assert_eq!(to(&watch, &all), (vec![], true), "nobody is on");
    let (day, late) = watch.before_the_change();
    assert_eq!(to(&watch, &all), (vec![ann], false));
    assert_eq!(to(&watch, &|one| one != ann), (vec![], true), "logged out");
    let handover = watch.begin(day, late).unwrap();
    watch.sign(handover, bao).unwrap();
    assert_eq!(to(&watch, &all), (vec![ann], false), "not handed over yet");
    watch.sign(handover, ann).unwrap();
    assert_eq!(to(&watch, &all), (vec![bao], false));
    // A dispatcher takes what a duty officer need not.
    watch.post = watch
        .enter(DutyPostDetails {
            seat: Some(Seat::Dispatcher),
            ..details("Dispatch")
        })
        .unwrap();
    assert_eq!(to(&watch, &all), (vec![bao], false), "nobody is there yet");
    let shift = watch.plan_but(8, 16, &[ann], Some("she stays")).unwrap();
    watch.come_on(shift, ann).unwrap();
    assert_eq!(to(&watch, &all), (vec![ann], false));
    // What a chain of escalation brings to the officer is heard by both.
    let board = watch.world.engine.board();
    let rungs = BTreeSet::from([Seat::DutyOfficer, Seat::Dispatcher, Seat::Analyst]);
    let heard = |here: &dyn Fn(PersonId) -> bool| {
        let found = duty::recipients(board, RecordKind::Directive, &rungs, here);
        let people = found.people.iter().map(|(person, _)| *person);
        people.collect::<Vec<_>>()
    };
    assert_eq!(heard(&all), [ann, bao], "each once");
    assert_eq!(heard(&|one| one != bao), [ann], "never who has gone");
}

#[test]
fn limits_hold_at_the_limit_and_not_one_past_it() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    refused(watch.enter(details("Desk")), "taken");
    let long = limits::SHIFT_MINUTES_MAX as i64 / 60;
    watch.plan(0, long, &[]).unwrap();
    refused(watch.plan(0, long + 1, &[]), "limit");
    refused(watch.plan(3, 3, &[]), "missing");
    let far = limits::SHIFT_AHEAD_MAX_MS / HOUR_MS;
    watch.plan(far, far + 1, &[]).unwrap();
    refused(watch.plan(far + 1, far + 2, &[]), "limit");
    let many = |count: usize| ShiftAction::Plan {
        post: DutyPostId([0; 16]),
        shifts: vec![
            PlannedShift {
                from: hour(1),
                until: hour(2),
                people: BTreeSet::new(),
            };
            count
        ],
        overriding: None,
    };
    let plan = |watch: &mut Watch, count| {
        let mut action = many(count);
        if let ShiftAction::Plan { post, .. } = &mut action {
            *post = watch.post;
        }
        watch.ask(ann, action)
    };
    plan(&mut watch, limits::SHIFTS_PER_PLAN_MAX).unwrap();
    refused(plan(&mut watch, limits::SHIFTS_PER_PLAN_MAX + 1), "limit");
    refused(plan(&mut watch, 0), "missing");
    let mut pattern = four_teams([ann, bao, ann]);
    pattern.cycle_days = limits::DUTY_CYCLE_DAYS_MAX as u16;
    let with = |pattern: &Pattern, name: &str| DutyPostDetails {
        pattern: Some(pattern.clone()),
        ..details(name)
    };
    watch.enter(with(&pattern, "A")).unwrap();
    pattern.cycle_days += 1;
    refused(watch.enter(with(&pattern, "B")), "limit");
    pattern.cycle_days = 3;
    refused(watch.enter(with(&pattern, "B")), "missing");
    let crowd = |minimum| DutyPostDetails {
        minimum,
        ..details("C")
    };
    refused(
        watch.enter(crowd(limits::DUTY_PEOPLE_MAX as u16 + 1)),
        "limit",
    );
    watch.enter(crowd(limits::DUTY_PEOPLE_MAX as u16)).unwrap();

    let shift = watch.plan(0, 8, &[ann]).unwrap();
    let write = ShiftAction::Write {
        shift,
        text: prose("all quiet"),
        hands_over: false,
    };
    for _ in 0..limits::SHIFT_NOTES_MAX {
        watch.ask(ann, write.clone()).unwrap();
    }
    refused(watch.ask(ann, write), "limit");
}

#[test]
fn a_handover_takes_items_up_to_its_limit_and_talk_about_each_up_to_another() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    let (day, late) = watch.before_the_change();
    watch.incident();
    let handover = watch.begin(day, late).unwrap();
    let item = watch.open()[0].name.clone();
    let ask = HandoverAction::Question {
        handover,
        item: item.clone(),
        text: prose("really?"),
    };
    for _ in 0..limits::HANDOVER_TALK_MAX {
        watch.ask(bao, ask.clone()).unwrap();
    }
    refused(watch.ask(bao, ask), "limit");
    watch.world.check();
    // As if a storm had listed all that it may.
    let mut full = watch.handover(handover);
    let listed = full.items[0].open.clone();
    full.items = (1..limits::HANDOVER_ITEMS_MAX)
        .map(|no| Item {
            open: OpenItem {
                name: ItemName(no.to_string()),
                ..listed.clone()
            },
            answer: Answer::Unanswered,
            talk: Vec::new(),
        })
        .collect();
    let mut board = watch.world.engine.board().clone();
    board.put(Record::Handover(full.clone().into()));
    let head = watch.world.engine.head();
    watch.world.engine.abandon(board.clone(), head);
    watch.accept(handover, &item).unwrap();
    full.items.push(Item {
        open: OpenItem {
            name: ItemName("last".to_owned()),
            ..listed
        },
        answer: Answer::Unanswered,
        talk: Vec::new(),
    });
    board.put(Record::Handover(full.into()));
    let head = watch.world.engine.head();
    watch.world.engine.abandon(board, head);
    refused(watch.accept(handover, &item), "limit");
    let _ = ann;
}

#[test]
fn a_shift_stays_open_for_who_is_still_to_come() {
    let mut watch = Watch::new();
    let (ann, bao) = (watch.ann, watch.bao);
    watch.amend(|details| details.hands_over = false);
    let shift = watch.plan(0, 8, &[ann, bao]).unwrap();
    watch.come_on(shift, ann).unwrap();
    watch.go_off(shift, ann).unwrap();
    watch.come_on(shift, bao).unwrap();
    watch.go_off(shift, bao).unwrap();
    assert!(
        !watch.shift(shift).is_open(),
        "everybody came, and nobody is left"
    );
    watch.world.check();
}

#[test]
fn the_longer_rest_of_two_posts_counts_and_leave_takes_off_at_all_of_them() {
    let mut watch = Watch::new();
    let (ann, bao, desk) = (watch.ann, watch.bao, watch.post);
    let mut gate = details("Gate");
    gate.rest_min = 0;
    let gate = watch.enter(gate).unwrap();
    watch.plan(0, 8, &[ann]).unwrap();
    watch.post = gate;
    refused(watch.plan(12, 20, &[ann]), "rest_rule");
    let shift = watch.plan(30, 38, &[bao]).unwrap();
    let leave = Leave {
        person: bao,
        from: hour(24),
        until: hour(48),
    };
    let action = DutyPostAction::GiveLeave {
        duty_post: desk,
        leave,
    };
    watch.ask(ann, Action::DutyPost(action)).unwrap();
    assert!(
        watch.shift(shift).people.is_empty(),
        "nor will they come there"
    );
    watch.world.check();
}
