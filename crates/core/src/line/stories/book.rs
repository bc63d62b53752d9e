//! The book says what the program does: every verb and field stands in it, and its examples are understood.

use super::NIGHT;
use crate::line::Selected;
use crate::line::words::{FIELDS, VERBS};

const BOOK: &str = include_str!("../../../../../docs/book/line.md");

#[test]
fn every_verb_and_field_stands_in_the_book() {
    for row in VERBS {
        let line = format!(
            "| `{}` | {} | {} | `{}` | `{}` | {} |",
            row.short,
            row.en.join(", "),
            row.zh.join("、"),
            row.form.0,
            row.form.1,
            row.does.0
        );
        assert!(BOOK.contains(&line), "the book lacks: {line}");
    }
    for (_, en, zh) in FIELDS {
        let quoted = |names: &[&str], colon: &str, between: &str| {
            let names = names.iter().map(|name| format!("`{name}{colon}`"));
            names.collect::<Vec<_>>().join(between)
        };
        let line = format!("| {} | {} |", quoted(en, ":", ", "), quoted(zh, "：", "、"));
        assert!(BOOK.contains(&line), "the book lacks: {line}");
    }
}

#[test]
fn the_keystrokes_are_counted_right_and_all_are_done_at_once() {
    let table = BOOK.split("| action | typed | keys |").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut counted = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (line, keys) = (
            cells[2].trim_matches('`'),
            cells[3].parse::<usize>().unwrap(),
        );
        assert_eq!(line.chars().count() + 1, keys, "{row}");
        // An incident without units is closed without a question.
        let selected = Selected {
            incident: Some(NIGHT.incident(if line.starts_with("/cl") { 241 } else { 231 })),
            ..Selected::default()
        };
        // E12 was sent; the one to send is E14.
        let line = if line.starts_with("/d") {
            "/d e14"
        } else {
            line
        };
        let understood = NIGHT.understand(selected, line).unwrap();
        assert!(understood.is_sure(), "{row}: {:?}", understood.unsure);
        counted += 1;
    }
    assert_eq!(counted, 10);
}

#[test]
fn every_example_is_understood() {
    let table = BOOK.split("## Examples").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(4)
        .take_while(|line| line.starts_with('|'));
    for row in rows {
        let typed = row.split('|').nth(1).unwrap();
        for line in typed.split('·').map(|line| line.trim().trim_matches('`')) {
            let selected = Selected {
                incident: Some(NIGHT.incident(240)),
                ..Selected::default()
            };
            // Nothing is recommended for 231 on this night, and E14 is still free.
            let line = if line == "d 231" { "d 240" } else { line };
            let read = NIGHT.understand(selected, line);
            assert!(read.is_ok(), "{line}: {read:?}");
        }
    }
}
