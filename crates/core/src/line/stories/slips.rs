//! What is not understood, and what is then said; what is only asked about, and why.

use super::{NIGHT, check};
use crate::limits;
use crate::line::{Selected, Trouble};

#[test]
fn what_is_not_understood_is_named() {
    check(
        r#"
        dispach e12                   =!> Verb: "dispach" is no action.
        banana                        =!> Verb: "banana" is no action.
        e12                           =!> Verb: "e12" is no action.
        res e12                       =!> Several: Several words begin like that: resend, rest.
        cal e12                       =!> Several: Several words begin like that: calloff, call.
        d e12 9999                    =!> NoSuch: There is no incident 9999.
        d k99 231                     =!> NoSuch: There is no unit k99.
        x e13                         =!> Several: e13 could be any of these: E12, E14.
        x t4                          =?> call off unit:"T3" reason:"no reason given 未说明原因"
        en e14                        =!> Senseless: E14 has no assignment now.
        en e12 240                    =!> Senseless: E12 is on incident 231 (Structure fire, 5th & Main), not on incident 240 (Outside fire, Park).
        a                             =!> Missing: The unit is missing.
        a 240                         =!> Senseless: No unit is on incident 240 (Outside fire, Park).
        d e12 banana                  =!> Word: "banana" means nothing here.
        d 241                         =!> Missing: No unit is named, and none is recommended for incident 241 (Medical, 解放路 9 号).
        al 1                          =!> Several: Several open incidents end in 1: 131, 231, 241.
        al 231 9 9                    =!> Word: "9" means nothing here.
        al 231 level:10               =!> Senseless: 10 is no higher alarm: they go from 2 to 9.
        cl 241                        =!> Missing: How it ended is missing.
        cx 241                        =!> Missing: The reason is missing.
        n 241                         =!> Missing: The text is missing.
        n                             =!> Missing: The incident is missing.
        oos e14                       =!> Missing: The reason is missing.
        g 231                         =!> Missing: The category or priority is missing.
        g 231 flo                     =!> Several: Several categories begin like that: flood, flooded_road.
        g 231 flod                    =!> NoSuch: There is no category "flod".
        g 231 priority:5              =!> Word: "5" is no priority.
        g 231 unit:E12                =!> Word: unit: means nothing here.
        d e14 incident:               =!> Missing: incident: has no value.
        mv 231 @ the moon             =!> NoSuch: No place "the moon" is known.
        mg 231                        =!> Missing: The other incident is missing.
        mg 231 231                    =!> Senseless: Both are the same incident.
        i medical p1                  =!> Missing: The place is missing.
        i @ 5th & main p1             =!> Missing: The category is missing.
        i medical @ 5th & main        =!> Missing: The priority (p1 to p4) is missing.
        i call:2                      =!> Missing: The place is missing.
        j call:9 231                  =!> NoSuch: There is no call 9.
        j 231                         =!> Missing: The call is missing.
        sw e12                        =!> Missing: The unit that comes, or the one that goes, is missing.
        sw e12 e14 m7                 =!> Senseless: A swap is between two units.
        ra e12                        =!> Missing: The incident is missing.
        ra e12 231                    =!> Senseless: E12 is on incident 231 (Structure fire, 5th & Main) already.
        ra e12 t3 240                 =!> Senseless: One unit at a time is reassigned.
        rest e14                      =!> Missing: How many minutes is missing.
        rest e14 0                    =!> Senseless: A rest lasts 1 to 1440 minutes.
        rest e14 1440                 => rest unit:"E14" minutes:1440
        rest e14 1441                 =!> Senseless: A rest lasts 1 to 1440 minutes.
        mu e14                        =!> Missing: The station is missing.
        mu n1                         =!> Missing: The unit is missing.
        mu e14 n3                     =!> NoSuch: There is no station "n3".
        mu e14 n1 n2                  =!> NoSuch: There is no unit n2.
        mu e14 231                    =!> NoSuch: There is no station "231".
        mu e14 station:n9             =!> NoSuch: There is no station "n9".
        d e14 station:n1              =!> Word: station: means nothing here.
        move e12 n1 240               =!> Senseless: A unit goes to an incident or waits at a station, not both.
        ra e12 n1                     =!> NoSuch: There is no unit n1.
        u e12                         =!> Word: "e12" means nothing here.
        ? banana                      =!> Word: "banana" means nothing here.
        go nowhere                    =!> Word: "nowhere" means nothing here.
        "#,
    );
}

#[track_caller]
fn misunderstood(
    text: &str,
    trouble: Trouble,
    at: (usize, usize),
    nearest: Option<&str>,
    next: (&str, &str),
) {
    let not = NIGHT.understand(Selected::default(), text).unwrap_err();
    assert_eq!(
        (not.trouble, (not.from, not.to)),
        (trouble, at),
        "{text}: {not:?}"
    );
    assert_eq!(not.nearest.as_deref(), nearest, "{text}");
    assert_eq!(
        (not.next_step.en.as_str(), not.next_step.zh.as_str()),
        next,
        "{text}"
    );
}

#[test]
fn a_slip_is_shown_where_it_stands_with_what_may_be_meant() {
    misunderstood(
        "  dispach e12",
        Trouble::Verb,
        (2, 9),
        Some("dispatch"),
        (
            "Did you mean \"dispatch\"? Type ? for what can be said.",
            "是否指“dispatch”？输入 ? 查看可用操作。",
        ),
    );
    misunderstood(
        "派Ｋ９９到２３１",
        Trouble::NoSuch,
        (1, 4),
        None,
        ("Check the call sign on the board.", "请在看板上核对呼号。"),
    );
    misunderstood(
        "g 231 flod",
        Trouble::NoSuch,
        (6, 10),
        Some("flood"),
        ("Did you mean \"flood\"?", "是否指“flood”？"),
    );
    misunderstood(
        "cl 241",
        Trouble::Missing,
        (6, 6),
        None,
        (
            "Write: cl [INCIDENT] how it ended",
            "格式：结案 [警情] 处置结果",
        ),
    );
    misunderstood(
        " ",
        Trouble::Empty,
        (1, 1),
        None,
        ("Type ? for what can be said.", "输入 ? 查看可用操作。"),
    );
}

#[track_caller]
fn asks(text: &str, en: &str, zh: &str) {
    let understood = NIGHT.understand(Selected::default(), text).unwrap();
    let why: Vec<(&str, &str)> = understood
        .unsure
        .iter()
        .map(|why| (why.en.as_str(), why.zh.as_str()))
        .collect();
    assert_eq!(why, [(en, zh)], "{text}");
}

#[test]
fn what_was_guessed_is_said_before_it_is_done() {
    asks(
        "d e14 32",
        "32 is taken for 232, the only open incident that ends so",
        "32 按 232 理解：唯一以此结尾的未结警情",
    );
    asks(
        "d rescue 2 231",
        "there is no rescue 2; Rescue 1 is taken",
        "没有 rescue 2，按 Rescue 1 理解",
    );
    asks(
        "d e14",
        "no incident was named or is selected; the most urgent without units is taken",
        "未写警情也未选中警情，按最急且尚无力量的警情理解",
    );
    asks(
        "cl 231 out",
        "units are still on it: E12, T3",
        "仍有力量在该警情上：E12、T3",
    );
    asks(
        "od e14 m7 77 e5",
        "that is 4 units at once",
        "一次涉及 4 支力量",
    );
    asks(
        "mu e14 north d",
        "\"north d\" is taken for station N2 North Dock",
        "“north d”按站点 N2 North Dock 理解",
    );
    asks(
        "mu e14 m7",
        "m7 is a unit and also a station; the station is taken",
        "m7 既是力量呼号也是站点，按站点理解",
    );
    asks(
        "g 231 struct",
        "\"struct\" is taken for Structure fire",
        "“struct”按建筑火灾理解",
    );
}

#[test]
fn what_it_will_do_is_said_with_names_and_numbers() {
    for (text, en, zh) in [
        (
            "d e14 m7 231",
            "Send E14, M7 to incident 231 (Structure fire, 5th & Main)",
            "派 E14、M7 至警情 231（建筑火灾，5th & Main）",
        ),
        (
            "sw e12 e14",
            "Send E14 in place of E12 to incident 231 (Structure fire, 5th & Main)",
            "由 E14 替换 E12，警情 231（建筑火灾，5th & Main）",
        ),
        (
            "os t3 e12",
            "T3, E12 on scene, incident 231 (Structure fire, 5th & Main)",
            "T3、E12 已到达，警情 231（建筑火灾，5th & Main）",
        ),
        (
            "x e12 dup",
            "Call E12 off incident 231 (Structure fire, 5th & Main): dup",
            "撤回 E12，警情 231（建筑火灾，5th & Main）：dup",
        ),
        (
            "al 240",
            "Raise incident 240 (Outside fire, Park) to alarm 2",
            "警情 240（室外火灾，Park）升至 2 级出动",
        ),
        (
            "i call:1 p1",
            "Open Gas leak, priority 1, at Pier 3, from call 1",
            "立警：燃气泄漏，1 级，Pier 3，由接警单 1",
        ),
        ("rest e14 30", "E14 rests for 30 min", "E14 休整 30 分钟"),
        (
            "mu e14 e9 n1",
            "Move E14, E9 up to wait at N1 North Fire Station",
            "E14、E9 前移至 N1 North Fire Station 待命",
        ),
    ] {
        let understood = NIGHT.understand(Selected::default(), text).unwrap();
        assert_eq!(
            (understood.text.en.as_str(), understood.text.zh.as_str()),
            (en, zh)
        );
    }
}

#[test]
fn a_line_is_taken_at_its_limit_and_refused_one_past_it() {
    let at = |chars: usize| {
        let head = "n #231 ";
        let words = "字".repeat(limits::PROSE_CHARS_MAX);
        let pad = " ".repeat(chars - head.chars().count() - words.chars().count());
        NIGHT.understand(Selected::default(), &format!("{head}{words}{pad}"))
    };
    assert!(at(limits::ACTION_LINE_CHARS_MAX).is_ok());
    let past = at(limits::ACTION_LINE_CHARS_MAX + 1).unwrap_err();
    assert_eq!(past.trouble, Trouble::TooLong);
    let too_much = format!("n #231 {}", "x".repeat(limits::PROSE_CHARS_MAX + 1));
    let past = NIGHT
        .understand(Selected::default(), &too_much)
        .unwrap_err();
    assert_eq!(past.trouble, Trouble::Word, "{past:?}");
}
