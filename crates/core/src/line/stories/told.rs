//! Directives, support and the log of a shift in one line: what is meant when little is said, in both languages, and what
//! is refused. Start at [`begin`], which makes what they speak of.

use super::{NIGHT, Night, check, line, place};
use crate::basis::{DirectiveId, PersonId, Priority, ShiftId, Timestamp, UnitId};
use crate::line::{Asker, Meaning, Selected, understand};
use crate::record::directive::{Addressee, Details, DirectiveAction, Step};
use crate::record::duty_post::{DutyPostAction, DutyPostDetails};
use crate::record::person::{PersonAction, PersonDetails, Seat};
use crate::record::shift::{PlannedShift, ShiftAction};
use crate::record::support_capability::{CapabilityDetails, Hours, SupportCapabilityAction};
use crate::record::support_request::Wish;
use crate::record::{Action, RecordKind};
use crate::refusal::Refusal;
use crate::story::world::Asked;

const HOUR_S: u32 = 3_600;

/// Makes D1 for E14, D2 for E14 and M7, who both reported, D3 for E9, who reported, D4 for the duty officer, D5 recalled, D6
/// signed by E14, D7 for E12 and T3, D8 for M7 with nothing done; Ann on a shift at the desk, and a catalogue of a drone.
pub(super) fn begin(night: &mut Night) {
    let units = |night: &Night, callsigns: &[&str]| -> Vec<Addressee> {
        let unit = |callsign: &&str| Addressee::Unit(night.unit(callsign));
        callsigns.iter().map(unit).collect()
    };
    for to in [
        units(night, &["E14"]),
        units(night, &["E14", "M7"]),
        units(night, &["E9"]),
        vec![Addressee::Seat(Seat::DutyOfficer)],
        units(night, &["E14"]),
        units(night, &["E14"]),
        units(night, &["E12", "T3"]),
        units(night, &["M7"]),
    ] {
        let mut details = *details(night, &[], Priority::P3);
        details.to = to;
        night.does(Action::Directive(DirectiveAction::Draft {
            details,
            text: "secure the gate".parse().ok(),
            issue: true,
        }));
    }
    let advance = |night: &mut Night, number: u64, item: usize, step: Step| {
        let directive = night.directive(number);
        night.does(Action::Directive(DirectiveAction::Advance {
            directive,
            item,
            step,
            text: (step == Step::Reported).then(|| "done".parse().unwrap()),
        }));
    };
    advance(night, 2, 0, Step::Reported);
    advance(night, 2, 1, Step::Reported);
    advance(night, 3, 0, Step::Reported);
    advance(night, 6, 0, Step::Signed);
    let directive = night.directive(5);
    night.does(Action::Directive(DirectiveAction::Recall {
        directive,
        reason: line("a mistake"),
    }));
    for (code, name, other) in [
        ("drone", "Drone with camera", "无人机"),
        ("thermal", "Thermal imager", "热像仪"),
    ] {
        let details = CapabilityDetails {
            code: code.parse().unwrap(),
            name: line(name),
            name_other: Some(line(other)),
            quantity: 3,
            hours: vec![Hours {
                days: Vec::new(),
                from_min: 0,
                until_min: 0,
                who: line("Air support desk"),
                reach: line("8110"),
            }],
            note: None,
        };
        let action = SupportCapabilityAction::Enter { details };
        night.does(Action::SupportCapability(action));
    }
    comes_on(night);
}

/// Ann, who asks, is enrolled, and comes on at the desk.
fn comes_on(night: &mut Night) {
    let details = PersonDetails {
        name: line("Ann"),
        seats: [Seat::DutyOfficer, Seat::Dispatcher].into(),
        unit: None,
        program: false,
    };
    let login = line("ann");
    let enrol = Action::Person(PersonAction::Enrol { login, details });
    let made = night.world.ask(Asked::default(), enrol).unwrap();
    night.asker.person = PersonId(made.records[0].0.id);
    let shift = plans(night, "Desk", true, 0);
    let person = night.asker.person;
    night.does(Action::Shift(ShiftAction::ComeOn { shift, person }));
}

/// Plans Ann at a new post, beginning so many hours from now.
fn plans(night: &mut Night, name: &str, hands_over: bool, after: u32) -> ShiftId {
    let details = DutyPostDetails {
        name: line(name),
        name_other: None,
        seat: Some(Seat::DutyOfficer),
        station: None,
        minimum: 1,
        reach: line("8110"),
        pattern: None,
        rest_min: 0,
        week_max: 0,
        hands_over,
    };
    let entered = Action::DutyPost(DutyPostAction::Enter { details });
    let made = night.world.ask(Asked::default(), entered).unwrap();
    let post = crate::basis::DutyPostId(made.records[0].0.id);
    let from = night.now().plus_s(after * HOUR_S);
    let planned = PlannedShift {
        from,
        until: from.plus_s(8 * HOUR_S),
        people: [night.asker.person].into(),
    };
    let plan = Action::Shift(ShiftAction::Plan {
        post,
        shifts: vec![planned],
        overriding: None,
    });
    let made = night.world.ask(Asked::default(), plan).unwrap();
    let all = made.records.iter();
    let mut shifts = all.filter(|(record, _)| record.kind == RecordKind::Shift);
    ShiftId(shifts.next().unwrap().0.id)
}

impl Night {
    pub(super) fn directive(&self, number: u64) -> DirectiveId {
        let mut all = self.board().directives.values();
        all.find(|one| one.number == number).unwrap().id
    }

    /// The shift that Ann is on.
    pub(super) fn shift(&self) -> ShiftId {
        let mut all = self.board().shifts.values();
        all.find(|one| one.has_on(self.asker.person)).unwrap().id
    }
}

/// What a directive to units in one line is.
pub(super) fn details(night: &Night, units: &[UnitId], priority: Priority) -> Box<Details> {
    Box::new(Details {
        kind: "task".parse().unwrap(),
        priority,
        subject: line("任务指令 task"),
        to: units.iter().copied().map(Addressee::Unit).collect(),
        operation: None,
        related: Vec::new(),
        close_by: night.now().plus_s(8 * HOUR_S),
        replaces: None,
    })
}

/// What asking for drones in one line is.
pub(super) fn wish(night: &Night, incident: crate::basis::IncidentId, quantity: u32) -> Box<Wish> {
    let found = night.board().incidents.get(&incident).unwrap();
    Box::new(Wish {
        code: "drone".parse().unwrap(),
        quantity,
        place: Some(found.place.clone()),
        from: night.now(),
        until: night.now().plus_s(4 * HOUR_S),
        purpose: line(&format!("Drone with camera #{}", found.number)),
        priority: found.priority,
        incident: Some(incident),
        operation: None,
    })
}

#[test]
fn units_are_directed() {
    check(
        r#"
        dir e14 secure the north gate  => direct unit:"E14" priority:3 note:"secure the north gate"
        direct e14, m7: stop trucks    => direct unit:"E14" unit:"M7" priority:3 note:"stop trucks"
        order e14 and m7 stop trucks   => direct unit:"E14" unit:"M7" priority:3 note:"stop trucks"
        dir e14 and report back        => direct unit:"E14" priority:3 note:"and report back"
        dir e14: m7 needs water        => direct unit:"E14" priority:3 note:"m7 needs water"
        dir "云梯 2" hold the line      => direct unit:"云梯 2" priority:3 note:"hold the line"
        dir p1 e14 hold the line       => direct unit:"E14" priority:1 note:"hold the line"
        dir e14 p2 hold the line       => direct unit:"E14" priority:2 note:"hold the line"
        dir e14 3 people are missing   => direct unit:"E14" priority:3 note:"3 people are missing"
        dir e14 "p2 is a pump"         => direct unit:"E14" priority:3 note:"p2 is a pump"
        指令E14封控北门                => direct unit:"E14" priority:3 note:"封控北门"
        指令 E14、M7 到场后报告        => direct unit:"E14" unit:"M7" priority:3 note:"到场后报告"
        下达指令给城关1号和E14：封控   => direct unit:"城关1号" unit:"E14" priority:3 note:"封控"
        dir k99 hold                   =!> NoSuch: There is no unit k99.
        dir e14                        =!> Missing: What is to be done is missing.
        dir secure the gate            =!> Missing: The unit is missing.
        指令 封控北门                  =!> Missing: The unit is missing.
        selected unit E14
        dir secure the gate            => direct unit:"E14" priority:3 note:"secure the gate"
        dir . secure the gate          => direct unit:"E14" priority:3 note:"secure the gate"
        "#,
    );
}

#[test]
fn a_crew_answers_its_own_directive() {
    check(
        r#"
        crew of E14
        sign D1                        => sign directive:1 item:1
        sg 1                           => sign directive:1 item:1
        signed d1                      => sign directive:1 item:1
        签收 D1                        => sign directive:1 item:1
        签收指令1                      => sign directive:1 item:1
        D1签收                         => sign directive:1 item:1
        sign                           =?> sign directive:1 item:1
        sign D6                        =!> Senseless: Nothing of directive 6 waits to be signed for now.
        sign D5                        =!> Senseless: Nothing of directive 5 waits to be signed for now.
        sign D99                       =!> NoSuch: There is no directive 99.
        签收 99                        =!> NoSuch: There is no directive 99.
        sign D8                        =?> sign directive:8 item:1
        sign D7                        =!> Missing: Directive 7 waits to be signed for, with several: 1 E12, 2 T3.
        sign D1 now                    =!> Word: "now" means nothing here.
        begin D6                       => begin directive:6 item:1
        开始处置 D6                    => begin directive:6 item:1
        D6 begin                       => begin directive:6 item:1
        report D6 gate is closed       => report directive:6 item:1 note:"gate is closed"
        rp D6: E9 needs water          => report directive:6 item:1 note:"E9 needs water"
        反馈 D6 北门已封控             => report directive:6 item:1 note:"北门已封控"
        反馈指令6：北门已封控          => report directive:6 item:1 note:"北门已封控"
        report 6 all closed            =?> report directive:6 item:1 note:"all closed"
        report 300 people are out      =!> Missing: Several directives wait to be reported on: D1, D6.
        report D6                      =!> Missing: What was done is missing.
        crew of M7
        sign                           =?> sign directive:8 item:1
        report pumping                 =?> report directive:8 item:1 note:"pumping"
        crew of 77
        sign                           =!> Senseless: No directive of yours waits to be signed for.
        签收                           =!> Senseless: No directive of yours waits to be signed for.
        "#,
    );
}

#[test]
fn who_gives_directives_judges_reports_and_takes_back() {
    check(
        r#"
        verify D3                      => verify directive:3 item:1
        vf 3                           => verify directive:3 item:1
        核验 D3                        => verify directive:3 item:1
        verify D2                      =!> Missing: Directive 2 waits to be verified, with several: 1 E14, 2 M7.
        verify D2 m7                   => verify directive:2 item:2
        核验 D2 M7                     => verify directive:2 item:2
        verify D2 item:1               => verify directive:2 item:1
        verify D2 item:3               =!> NoSuch: Directive 2 has no item 3.
        verify D2 e9                   =!> Senseless: Directive 2 is not for that unit.
        verify D1                      =!> Senseless: Nothing of directive 1 waits to be verified now.
        verify                         =!> Missing: Several directives wait to be verified: D2, D3.
        verify e9                      =?> verify directive:3 item:1
        return D3 no picture of it     => return directive:3 item:1 reason:"no picture of it"
        退回 D3 缺少照片               => return directive:3 item:1 reason:"缺少照片"
        return D2 unit:m7 no picture   => return directive:2 item:2 reason:"no picture"
        return D3                      =!> Missing: The reason is missing.
        recall D1 not needed           => recall directive:1 reason:"not needed"
        撤回指令 D1 情况变化           => recall directive:1 reason:"情况变化"
        撤回指令1 情况变化             => recall directive:1 reason:"情况变化"
        recall D1                      =!> Missing: The reason is missing.
        recall not needed              =!> Missing: The directive is missing.
        sign                           =?> sign directive:4 item:1
        sign D4                        => sign directive:4 item:1
        sign D1                        =?> sign directive:1 item:1
        sign D7 t3                     => sign directive:7 item:2
        go D3                          => go directive:3
        看指令3                        => go directive:3
        go directive 3                 => go directive:3
        go D99                         =!> NoSuch: There is no directive 99.
        "#,
    );
}

#[test]
fn support_is_asked_for() {
    check(
        r#"
        ask drone                      => ask capability:"drone" count:1
        ask drone x2 river bank        => ask capability:"drone" count:2 note:"river bank"
        ask 2 drone                    => ask capability:"drone" count:2
        ask drone with camera x2       => ask capability:"drone" count:2
        ask drone #231 two on the roof => ask capability:"drone" count:1 incident:231 note:"two on the roof"
        ask drone for #231             => ask capability:"drone" count:1 incident:231
        ask drone 3 on the ice         =?> ask capability:"drone" count:3 note:"on the ice"
        ask dro x2                     =?> ask capability:"drone" count:2
        求援 无人机 2个 搜索河岸       => ask capability:"drone" count:2 note:"搜索河岸"
        求援两架无人机                 => ask capability:"drone" count:2
        求援 无人机 3人被困            => ask capability:"drone" count:1 note:"3人被困"
        ask drone x10000               => ask capability:"drone" count:10000
        ask drone x10001               =!> Senseless: Support is asked for 1 to 10000 at a time.
        ask drone x0                   =!> Senseless: Support is asked for 1 to 10000 at a time.
        ask submarine                  =!> NoSuch: There is no capability "submarine" in the catalogue.
        ask drone #9999                =!> NoSuch: There is no incident 9999.
        ask                            =!> Missing: What support is wanted is missing.
        selected incident 240
        ask drone                      => ask capability:"drone" count:1 incident:240
        "#,
    );
}

#[test]
fn the_log_is_written_by_who_is_on() {
    check(
        r##"
        log #231 handed to the fire chief  => log note:"#231 handed to the fire chief"
        log: 3 radios lent to E9       => log note:"3 radios lent to E9"
        日志 已通知供水公司            => log note:"已通知供水公司"
        log                            =!> Missing: The text is missing.
        relieve                        =!> Senseless: No shift that you are planned for begins now.
        leave                          => go roster
        离岗                           => go roster
        crew of E14
        log all quiet                  =!> Senseless: You are on no shift now.
        leave                          =!> Senseless: You are on no shift now.
        到岗                           =!> Senseless: No shift that you are planned for begins now.
        "##,
    );
}

#[test]
fn one_comes_and_goes_where_nothing_is_handed_over() {
    let night = Night::new();
    let shift = night.shift();
    let read = |night: &Night, text: &str| night.understand(Selected::default(), text).unwrap();
    // The desk hands over: its one holder does not just go.
    assert!(matches!(
        read(&night, "leave").meaning,
        Meaning::GoScreen(_)
    ));
    let soon = Night::new_with_free_post();
    let came = soon.understand(Selected::default(), "到岗").unwrap();
    let Meaning::Shift {
        shift: next, on, ..
    } = came.meaning
    else {
        panic!("{came:?}");
    };
    assert!(on && came.unsure.is_empty());
    assert_eq!(came.text.en, "Come on at Gate");
    assert_ne!(next, shift);
    let mut there = soon;
    let person = there.asker.person;
    there.does(Action::Shift(ShiftAction::ComeOn {
        shift: next,
        person,
    }));
    let gone = there.understand(Selected::default(), "离岗").unwrap();
    assert_eq!(
        gone.meaning,
        Meaning::Shift {
            shift: next,
            person,
            on: false
        }
    );
    assert_eq!(
        (gone.text.en.as_str(), gone.text.zh.as_str()),
        ("Go off at Gate", "Gate离岗")
    );
}

impl Night {
    /// A night on which Ann is on no shift, but planned at a gate that hands nothing over.
    fn new_with_free_post() -> Night {
        let mut night = Night::new();
        let details = PersonDetails {
            name: line("Bao"),
            seats: [Seat::DutyOfficer].into(),
            unit: None,
            program: false,
        };
        let enrol = Action::Person(PersonAction::Enrol {
            login: line("bao"),
            details,
        });
        let made = night.world.ask(Asked::default(), enrol).unwrap();
        night.asker.person = PersonId(made.records[0].0.id);
        plans(&mut night, "Gate", false, 1);
        night
    }
}

#[test]
fn what_a_line_means_is_done_or_refused_by_the_same_rules() {
    let mut night = Night::new();
    let crew = Asker {
        person: PersonId([9; 16]),
        unit: Some(night.unit("E14")),
        seats: [Seat::Crew].into(),
    };
    let does = |night: &mut Night, text: &str| -> Result<(), Refusal> {
        let action = night.around_of(&crew, Selected::default(), |around| {
            let read = understand(text, around).unwrap();
            read.meaning
                .action(around.board, around.now, |_, _, _| Vec::new())
        });
        let asked = Asked {
            person: crew.person,
            ..Asked::default()
        };
        night.world.ask(asked, action.unwrap()).map(drop)
    };
    does(&mut night, "sign D1").unwrap();
    does(&mut night, "begin D1").unwrap();
    does(&mut night, "report D1 gate is closed").unwrap();
    let found = night
        .board()
        .directives
        .get(&night.directive(1))
        .unwrap()
        .clone();
    let progress = &found.items[0].progress;
    assert!(progress.signed.is_some() && progress.acting.is_some());
    let text = progress.reports[0].text.as_ref().unwrap();
    assert_eq!(text.as_str(), "gate is closed");
    // Whoever carried it out does not verify it.
    let refusal = does(&mut night, "verify D1").unwrap_err();
    assert_eq!(refusal.code(), "wrong_state");
    does(&mut night, "dir e14 m7 p1 find Mr Li").unwrap();
    let found = night
        .board()
        .directives
        .get(&night.directive(9))
        .unwrap()
        .clone();
    assert!(found.is_out() && found.items.len() == 2);
    assert_eq!(found.text.as_ref().unwrap().as_str(), "find Mr Li");
    assert_eq!(found.details.subject.as_str(), "任务指令 task");
    does(&mut night, "ask drone x2 #231 for Mr Li").unwrap();
    let request = night
        .board()
        .support_requests
        .values()
        .next()
        .unwrap()
        .clone();
    assert_eq!(request.wish.purpose.as_str(), "Drone with camera #231");
    assert_eq!(request.need.as_ref().unwrap().as_str(), "for Mr Li");
    assert_eq!(request.wish.place, Some(place("5th & Main")));
    assert_eq!(request.wish.until, Timestamp(night.now().0 + 4 * 3_600_000));
}

#[test]
fn what_is_taken_for_granted_is_said() {
    let asks = |text: &str| {
        let understood = NIGHT.understand(Selected::default(), text).unwrap();
        let [why] = understood.unsure.as_slice() else {
            panic!("{text}: {understood:?}");
        };
        (why.en.clone(), why.zh.clone())
    };
    assert_eq!(
        asks("sign"),
        (
            "no directive was named; D4 is the only one that waits to be signed for".to_owned(),
            "未写指令号；D4 是唯一待签收的指令".to_owned()
        )
    );
    assert_eq!(
        asks("sign D1"),
        (
            "it is for E14, not for you; you answer in their place".to_owned(),
            "该指令的承办方为 E14，由您代为操作".to_owned()
        )
    );
    let said = NIGHT
        .understand(Selected::default(), "dir e14 m7 hold")
        .unwrap();
    assert_eq!(said.text.en, "Direct E14, M7 (task, priority 3): hold");
    assert_eq!(said.text.zh, "向 E14、M7 下达任务指令（3 级）：hold");
}
