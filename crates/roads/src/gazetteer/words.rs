//! Names as they are compared: width, case and accents gone, cut into words, each word with the other ways to write it.
//!
//! What people type on a keyboard is not what the map has: `Fifth Street` for `5th St`, `ｍａｉｎ` from a Chinese input
//! method, `strasse` for `straße`. Both sides go through [`tokens`], and the words of a name are then known under all
//! their [`forms`], so that a beginning or a slip of any of these is found as well.

/// Words that stand for each other in the names of roads and places.
const EQUAL_WORDS: &[&[&str]] = &[
    &["st", "street", "saint", "str"],
    &["ave", "avenue", "av"],
    &["blvd", "boulevard", "bl", "boul"],
    &["rd", "road"],
    &["dr", "drive", "doctor"],
    &["ln", "lane"],
    &["ct", "court"],
    &["pl", "place"],
    &["ter", "terrace", "terr"],
    &["hwy", "highway"],
    &["fwy", "freeway"],
    &["pkwy", "parkway"],
    &["expy", "expressway", "expwy"],
    &["aly", "alley"],
    &["cir", "circle"],
    &["sq", "square"],
    &["plz", "plaza"],
    &["ctr", "center", "centre"],
    &["hts", "heights"],
    &["brg", "bridge"],
    &["tunl", "tunnel"],
    &["pt", "point"],
    &["sta", "station", "stn"],
    &["is", "island"],
    &["mt", "mount"],
    &["ft", "fort"],
    &["jr", "junior"],
    &["n", "north"],
    &["s", "south"],
    &["e", "east"],
    &["w", "west"],
    &["nw", "northwest"],
    &["ne", "northeast"],
    &["sw", "southwest"],
    &["se", "southeast"],
];

const ORDINALS: &[&str] = &[
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];

/// Letters with accents, each behind the plain text that people type for it.
const PLAIN: &[(&str, &str)] = &[
    ("a", "àáâãäåāăą"),
    ("c", "çćĉċč"),
    ("d", "ďđð"),
    ("e", "èéêëēĕėęě"),
    ("g", "ĝğġģ"),
    ("h", "ĥħ"),
    ("i", "ìíîïĩīĭįı"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņňŋ"),
    ("o", "òóôõöøōŏő"),
    ("r", "ŕŗř"),
    ("s", "śŝşšș"),
    ("t", "ţťŧț"),
    ("u", "ùúûüũūŭůűų"),
    ("w", "ŵ"),
    ("y", "ýÿŷ"),
    ("z", "źżž"),
    ("ss", "ß"),
    ("ae", "æ"),
    ("oe", "œ"),
    ("th", "þ"),
];

/// Returns whether a character is Chinese script.
pub(super) fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// Returns the text in half width, lower case, without accents and apostrophes.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let narrow = match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            '\u{3000}' => ' ',
            other => other,
        };
        if matches!(narrow, '\'' | '’' | '‘' | '`' | '\u{300}'..='\u{36f}') {
            continue;
        }
        for lower in narrow.to_lowercase() {
            let plain = (!lower.is_ascii())
                .then(|| PLAIN.iter().find(|(_, accented)| accented.contains(lower)))
                .flatten();
            match plain {
                Some((plain, _)) => out.push_str(plain),
                // A capital dotted I falls apart into i and a mark.
                None if matches!(lower, '\u{300}'..='\u{36f}') => {}
                None => out.push(lower),
            }
        }
    }
    out
}

/// Returns the words of a text, folded; Chinese and other script are cut from each other.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<bool> = None;
    for letter in fold(text).chars() {
        if !letter.is_alphanumeric() {
            last = None;
            continue;
        }
        let han = is_han(letter);
        if last != Some(han) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
        last = Some(han);
    }
    words
}

/// Returns every way to write a word of a name, itself first.
pub(super) fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    for group in EQUAL_WORDS.iter().filter(|group| group.contains(&word)) {
        forms.extend(group.iter().map(|equal| (*equal).to_owned()));
    }
    if let Some(number) = ordinal(word) {
        forms.push(number.to_string());
        forms.push(format!("{number}{}", ending(number)));
        forms.extend(
            usize::try_from(number)
                .ok()
                .and_then(|number| ORDINALS.get(number))
                .map(|spelled| (*spelled).to_owned()),
        );
    }
    let mut known = std::collections::BTreeSet::new();
    forms.retain(|form| known.insert(form.clone()));
    forms
}

/// The number that an ordinal names: `5th`, `05th` or `fifth`.
fn ordinal(word: &str) -> Option<u32> {
    if let Some(number) = ORDINALS.iter().position(|spelled| *spelled == word) {
        return u32::try_from(number).ok();
    }
    let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number = digits.parse().ok()?;
    ["st", "nd", "rd", "th"]
        .contains(&&word[digits.len()..])
        .then_some(number)
}

fn ending(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

/// Returns whether two words differ by one slip at most (a letter wrong, left out, too many, or two turned round);
/// with `Ending::Open` the name's word may go on after that.
pub(super) fn one_slip(typed: &str, word: &str, ending: Ending) -> bool {
    let agree = typed
        .chars()
        .zip(word.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum::<usize>();
    let (typed, word) = (&typed[agree..], &word[agree..]);
    let fits = |typed: &str, word: &str| match ending {
        Ending::Whole => typed == word,
        Ending::Open => word.starts_with(typed),
    };
    let mut typed_rest = typed.chars();
    let mut word_rest = word.chars();
    let (first_typed, first_word) = (typed_rest.next(), word_rest.next());
    let (typed_1, word_1) = (typed_rest.as_str(), word_rest.as_str());
    if fits(typed, word) || fits(typed_1, word_1) || fits(typed_1, word) || fits(typed, word_1) {
        return true;
    }
    let (second_typed, second_word) = (typed_rest.next(), word_rest.next());
    first_typed == second_word
        && second_typed == first_word
        && first_typed.is_some()
        && fits(typed_rest.as_str(), word_rest.as_str())
}

/// Whether a word must end where what was typed ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It must.
    Whole,
    /// It may go on.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_cut() {
        for (text, wanted) in [
            ("Main St.", "main|st"),
            ("ＭＡＩＮ　ＳＴ", "main|st"),
            ("O'Farrell St", "ofarrell|st"),
            ("Hauptstraße", "hauptstrasse"),
            ("Calle de la Peña", "calle|de|la|pena"),
            ("G15沈海高速", "g15|沈海高速"),
            ("解放路 120号", "解放路|120|号"),
            ("İzmir", "izmir"),
            ("—", ""),
        ] {
            assert_eq!(tokens(text).join("|"), wanted, "{text}");
        }
    }

    #[test]
    fn a_word_is_known_under_the_other_ways_to_write_it() {
        for (word, other) in [
            ("5th", "fifth"),
            ("5th", "5"),
            ("05th", "5th"),
            ("fifth", "5th"),
            ("22nd", "22"),
            ("st", "street"),
            ("boulevard", "blvd"),
        ] {
            assert!(forms(word).contains(&other.to_owned()), "{word} {other}");
        }
        assert_eq!(forms("main"), ["main"]);
        assert_eq!(forms("5"), ["5"]);
    }

    #[test]
    fn one_slip_is_forgiven_and_not_two() {
        for typed in ["mision", "misssion", "mizsion", "imssion", "mission"] {
            assert!(one_slip(typed, "mission", Ending::Whole), "{typed}");
        }
        for typed in ["msion", "mizzion", "missio", "on"] {
            let whole = one_slip(typed, "mission", Ending::Whole);
            assert_eq!(whole, typed == "missio", "{typed}");
        }
        assert!(one_slip("vlen", "valencia", Ending::Open));
        assert!(!one_slip("vlen", "valencia", Ending::Whole));
        assert!(one_slip("解房路", "解放路", Ending::Whole));
    }
}
