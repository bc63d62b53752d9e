//! What a typed text may mean: a name, a name with a house number, a crossing of two names, coordinates.
//!
//! Nothing here looks a name up; it only cuts the text. A text can mean several things at once (`和平路` holds the word
//! for *and*), so every cut is offered and the search decides by what there is.

use super::words::{fold, is_han, tokens};
use crate::geo::Point;

/// The most ways to cut one text into the two names of a crossing.
const CUTS_MAX: usize = 8;
const MARKS: &[char] = &['&', '/', '@', '+', '、', '／', '＆', '＠', '\\', '|'];
const WORDS_BETWEEN: &[&str] = &["and", "at", "und", "near"];
const HAN_BETWEEN: &[char] = &['与', '和', '跟', '同', '近'];
/// How the name of a road ends in Chinese, so that two may be written without anything between them.
const ROAD_ENDINGS: &[char] = &[
    '路', '街', '道', '巷', '弄', '线', '桥', '里', '胡', '速', '环',
];
const CROSSING_ENDINGS: &[&str] = &[
    "十字路口",
    "丁字路口",
    "交叉路口",
    "交叉口",
    "交汇处",
    "交界处",
    "交会处",
    "交口",
    "路口处",
];

/// Two names that may cross.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) left: String,
    pub(super) right: String,
    /// Whether something stood between them; without, only whole names are taken for the left.
    pub(super) between: Between,
}

/// What stood between two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// A mark or a word.
    Mark,
    /// Nothing.
    Nothing,
    /// A space, which may as well be within a name.
    Space,
}

/// Returns the point that a text of two numbers names.
pub(super) fn coordinates(text: &str) -> Option<Point> {
    let text = fold(text).replace('，', ",");
    let mut parts = text
        .split([',', ' ', ';', '/'])
        .filter(|part| !part.is_empty());
    let (lat, lon) = (parts.next()?, parts.next()?);
    // Whole numbers alone are a house number and a street, or two streets, before they are a place in the sea.
    if parts.next().is_some() || !lat.contains('.') || !lon.contains('.') {
        return None;
    }
    let point = Point {
        lat: degrees(lat, 'n', 's')?,
        lon: degrees(lon, 'e', 'w')?,
    };
    point.is_valid().then_some(point)
}

fn degrees(text: &str, positive: char, negative: char) -> Option<f64> {
    let bare = text.trim_end_matches(['°', positive, negative]);
    let sign = if text.ends_with(negative) { -1.0 } else { 1.0 };
    let is_plain = bare
        .chars()
        .all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+'));
    is_plain
        .then(|| bare.parse::<f64>().ok())
        .flatten()
        .map(|number| number * sign)
}

/// Returns a house number and the rest, if the text has one at its beginning or end.
pub(super) fn house_number(text: &str) -> Option<(String, String)> {
    let folded = fold(text);
    let trimmed = folded.trim();
    if let Some((first, rest)) = trimmed.split_once([' ', ','])
        && is_number(first)
        && !tokens(rest).is_empty()
    {
        return Some((first.to_owned(), rest.trim().to_owned()));
    }
    if let Some((rest, last)) = trimmed.rsplit_once([' ', ','])
        && is_number(last)
        && !tokens(rest).is_empty()
    {
        return Some((last.to_owned(), rest.trim().to_owned()));
    }
    // 解放路120号, 解放路12弄5号: from the first number behind a Chinese character on.
    let letters: Vec<(usize, char)> = trimmed.char_indices().collect();
    let start = letters
        .windows(2)
        .position(|pair| is_han(pair[0].1) && pair[1].1.is_ascii_digit())?;
    let cut = letters[start + 1].0;
    let (rest, number) = trimmed.split_at(cut);
    Some((number.trim().to_owned(), rest.trim().to_owned()))
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let ending = word.len() - digits.len();
    let is_digits = digits
        .split('-')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    !digits.is_empty() && ending <= 1 && is_digits
}

/// Returns every way to take a text for a crossing of two names.
pub(super) fn cuts(text: &str) -> Vec<Cut> {
    let mut out = Vec::new();
    for text in without_ending(&fold(text)) {
        cuts_of(&text, &mut out);
    }
    out.truncate(CUTS_MAX);
    out
}

/// Without the word for a crossing at its end: 解放路人民路口 means 解放路 and 人民路.
fn without_ending(folded: &str) -> Vec<String> {
    let text = folded.trim();
    for ending in CROSSING_ENDINGS {
        if let Some(rest) = text.strip_suffix(ending) {
            return vec![rest.to_owned()];
        }
    }
    let Some(rest) = text.strip_suffix('口') else {
        return vec![text.to_owned()];
    };
    let before: Vec<char> = rest.chars().rev().take(2).collect();
    match before[..] {
        ['路', road] if ROAD_ENDINGS.contains(&road) => {
            vec![rest[..rest.len() - '路'.len_utf8()].to_owned()]
        }
        [road, ..] if ROAD_ENDINGS.contains(&road) => vec![rest.to_owned(), text.to_owned()],
        _ => vec![text.to_owned()],
    }
}

fn cuts_of(text: &str, out: &mut Vec<Cut>) {
    let mut add = |left: &str, right: &str, between: Between| {
        let (left, right) = (left.trim(), right.trim());
        let cut = Cut {
            left: left.to_owned(),
            right: right.to_owned(),
            between,
        };
        if !tokens(left).is_empty() && !tokens(right).is_empty() && !out.contains(&cut) {
            out.push(cut);
        }
    };
    for (at, mark) in text.char_indices() {
        if MARKS.contains(&mark) || HAN_BETWEEN.contains(&mark) {
            add(&text[..at], &text[at + mark.len_utf8()..], Between::Mark);
        }
    }
    let spaces = || {
        text.char_indices()
            .filter(|(_, letter)| letter.is_whitespace())
    };
    for (at, _) in spaces() {
        let rest = text[at..].trim_start();
        let word = rest.split_whitespace().next().unwrap_or("");
        if WORDS_BETWEEN.contains(&word) {
            add(&text[..at], &rest[word.len()..], Between::Mark);
        }
    }
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let Some((_, next)) = letters.peek() else {
            break;
        };
        if ROAD_ENDINGS.contains(&letter) && is_han(*next) {
            let end = at + letter.len_utf8();
            add(&text[..end], &text[end..], Between::Nothing);
        }
    }
    for (at, _) in spaces() {
        add(&text[..at], &text[at..], Between::Space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        let cuts = cuts(text);
        cuts.first()
            .map_or("-".to_owned(), |cut| format!("{}|{}", cut.left, cut.right))
    }

    #[test]
    fn a_text_is_cut_into_two_names() {
        for (text, wanted) in [
            ("5th & main", "5th|main"),
            ("5th/main", "5th|main"),
            ("5th and Main St", "5th|main st"),
            ("5th @ main", "5th|main"),
            ("5TH ＆ MAIN", "5th|main"),
            ("解放路与人民路", "解放路|人民路"),
            ("解放路和人民路路口", "解放路|人民路"),
            ("解放路/人民路口", "解放路|人民路"),
            ("解放路人民路", "解放路|人民路"),
            ("解放路人民路交叉口", "解放路|人民路"),
            ("jfl/rml", "jfl|rml"),
            ("main", "-"),
            ("& main", "-"),
        ] {
            assert_eq!(first(text), wanted, "{text}");
        }
        // The word for *and* may be part of a name: both cuts are offered.
        let both = cuts("和平路与解放路");
        assert!(
            both.iter()
                .any(|cut| cut.left == "和平路" && cut.right == "解放路")
        );
        assert!(cuts(&"路".repeat(200)).len() <= CUTS_MAX);
    }

    #[test]
    fn a_house_number_is_told_from_a_name() {
        for (text, wanted) in [
            ("120 main st", "120|main st"),
            ("120a main st", "120a|main st"),
            ("Hauptstraße 12", "12|hauptstrasse"),
            ("解放路120号", "120号|解放路"),
            ("解放路12弄5号", "12弄5号|解放路"),
            ("jiefanglu 120", "120|jiefanglu"),
        ] {
            let found = house_number(text).unwrap();
            assert_eq!(format!("{}|{}", found.0, found.1), wanted, "{text}");
        }
        for text in ["main st", "120", "", "5th main"] {
            assert_eq!(house_number(text), None, "{text}");
        }
    }

    #[test]
    fn two_numbers_with_points_are_a_place_on_earth() {
        for text in [
            "30.001, 120.58",
            "30.001 120.58",
            "30.001，120.58",
            "30.001N 120.58E",
        ] {
            let point = coordinates(text).unwrap();
            assert_eq!((point.lat, point.lon), (30.001, 120.58), "{text}");
        }
        assert_eq!(
            coordinates("37.77 -122.4").map(|point| point.lon),
            Some(-122.4)
        );
        assert_eq!(
            coordinates("37.77 122.4W").map(|point| point.lon),
            Some(-122.4)
        );
        for text in [
            "95.0, 120.0",
            "30, 120",
            "30.1",
            "a.b c.d",
            "nan. inf.",
            "1.5 2.5 3.5",
        ] {
            assert_eq!(coordinates(text), None, "{text}");
        }
    }
}
