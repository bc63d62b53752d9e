//! What is offered while a line is typed, and that all of it is understood.

use super::{NIGHT, Night};
use crate::line::{CHOICES_MAX, Completion, Selected, Trouble, complete, understand};

fn offered(night: &Night, text: &str) -> Completion {
    let (text, at) = match text.split_once('|') {
        Some((head, tail)) => (format!("{head}{tail}"), head.chars().count()),
        None => (text.to_owned(), text.chars().count()),
    };
    night.around(Selected::default(), |around| complete(&text, at, around))
}

#[test]
fn verbs_records_fields_and_places_are_offered_where_they_make_sense() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("d", "d depart dir"),
        ("di", "dispatch dir"),
        ("改", "改派 改址"),
        ("en ", "E12 #231"),
        ("os ", "T3 E12 #231"),
        ("d e1", "E14"),
        (
            "d E14 ",
            "unit:77 M7 \"云梯 2\" 城关1号 \"Rescue 1\" #231 #241 #232 #240 #131",
        ),
        ("派城", "城关1号"),
        (
            "派E14到",
            "unit:77 M7 \"云梯 2\" 城关1号 \"Rescue 1\" #231 #241 #232 #240 #131",
        ),
        ("d e14 24", "#241 #240"),
        ("sw ", "E9 T3 E12"),
        (
            "sw e12 by ",
            "unit:77 M7 E14 \"云梯 2\" 城关1号 \"Rescue 1\"",
        ),
        ("av ", "E5 E7 E8"),
        ("ro 22", "#229 #227 #226 #225 #224 #223 #222 #221 #220 #22"),
        ("um ", "#228"),
        ("g 231 fl", "flood flooded_road"),
        ("g 231 p", "p1 p2 p3 p4 priority:"),
        ("i 建", "structure_fire"),
        ("i medical @ main", "\"Main Street\" \"Main Road\""),
        ("go du", "duty"),
        (
            "go D",
            "D8 D7 D6 D4 D3 D2 dispatch duty directives directive:",
        ),
        ("vf ", "D3 D2 E9 M7 E14"),
        ("verify D2 ", "M7 E14"),
        ("核验D", "D3 D2 directive:"),
        ("sg D1 ", "E14"),
        ("ask ", "drone thermal #231 #241 #232 #240 #131"),
        ("求援 无", "drone"),
        ("ask capability:d", "capability:drone"),
        ("dir p", "p1 p2 p3 p4 priority:"),
        ("report D2 some text ", ""),
        ("rec", "recall"),
        ("? sw", "sw"),
        ("n #231 some text ", ""),
        ("d unit:e1", "unit:E14"),
        ("d 力", "力量:"),
        ("banana ", ""),
        (
            "mu ",
            "unit:77 M7 E14 \"云梯 2\" 城关1号 \"Rescue 1\" station:M7 N1 N2 和平 城北",
        ),
        ("mu E14 n", "N1 N2"),
        ("mu E14 mi", "station:M7"),
        (
            "前移E14到",
            "unit:77 M7 \"云梯 2\" 城关1号 \"Rescue 1\" station:M7 N1 N2 和平 城北",
        ),
        ("前移E14到城", "城关1号 城北"),
        (
            "mu E14 to n1 ",
            "unit:77 M7 \"云梯 2\" 城关1号 \"Rescue 1\"",
        ),
        ("mu E14 station:n", "station:N1 station:N2"),
    ] {
        let offered = offered(&NIGHT, text);
        let inserts = offered.choices.iter().map(|choice| choice.insert.as_str());
        let inserts = inserts.collect::<Vec<_>>().join(" ");
        if inserts != expected {
            wrong.push(format!("{text}: {inserts}\n    not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_hint_says_how_the_line_is_written() {
    let hint = offered(&NIGHT, "sw e12 ").hint;
    assert_eq!(hint.en, "sw UNIT by UNIT - put another unit in its place");
    assert_eq!(hint.zh, "换派 力量 由 力量 - 以另一力量替换");
}

#[test]
fn nothing_is_offered_that_is_then_not_understood() {
    let night = &*NIGHT;
    let heads = [
        "",
        "d",
        "d ",
        "d e",
        "d E14 ",
        "d E14 to ",
        "a ",
        "en ",
        "os ",
        "os T3 ",
        "cu ",
        "x ",
        "x E12 ",
        "rs ",
        "sw ",
        "sw E12 by ",
        "ra ",
        "ra E12 to ",
        "al ",
        "n ",
        "n #",
        "cl ",
        "cx ",
        "ro ",
        "g ",
        "g 231 ",
        "g 231 p1 ",
        "mv ",
        "mv 231 @ main",
        "mg ",
        "mg 231 into ",
        "um ",
        "lk ",
        "i ",
        "i p",
        "i structure_fire ",
        "i medical @ main",
        "j ",
        "s ",
        "go ",
        "go d",
        "go D",
        "dir ",
        "dir E14 ",
        "sg ",
        "sg D",
        "sg D1 ",
        "bg ",
        "rp ",
        "rp directive:",
        "vf ",
        "vf D2 ",
        "rt ",
        "rc ",
        "ask ",
        "ask d",
        "ask drone ",
        "ask capability:",
        "log ",
        "relieve ",
        "指令",
        "签收",
        "求援",
        "av ",
        "oos ",
        "od ",
        "rest ",
        "? ",
        "派",
        "派E14到",
        "换",
        "到达",
        "d unit:",
        "d incident:",
        "g 231 category:",
        "g 231 priority:",
        "sw unit:E12 by:",
        "g 2 c",
        "i at:main",
        "撤回 ",
        "mu ",
        "mu E14 ",
        "mu E14 to ",
        "mu E14 m",
        "mu E14 station:",
        "前移E14到",
        "看",
    ];
    for head in heads {
        let offered = offered(night, head);
        assert!(offered.choices.len() <= CHOICES_MAX, "{head}");
        for choice in &offered.choices {
            let chars: Vec<char> = head.chars().collect();
            let mut line: String = chars[..offered.from].iter().collect();
            line.push_str(&choice.insert);
            line.extend(&chars[offered.to..]);
            let read = night.around(Selected::default(), |around| understand(&line, around));
            let fine = match &read {
                Ok(_) => true,
                // More has to be said, and that is all.
                Err(not) => not.trouble == Trouble::Missing,
            };
            assert!(
                fine,
                "after {head:?}, {:?} gives {line:?}: {read:?}",
                choice.insert
            );
        }
    }
}
