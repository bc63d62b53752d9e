//! Finding an agency's phrases in what a caller says, in any language, forgiving in the ways in which people type
//! while they listen.
//!
//! Text is cut into pieces: a word of a script that is written with spaces, one character of a script that is not
//! (so that Chinese is found anywhere), or a break at punctuation. A phrase is found where its pieces stand in a
//! row. Must not know what a phrase stands for; start at [`find`].

use std::collections::{BTreeMap, BTreeSet};

/// A phrase as written in the response file, with its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    text: String,
    pieces: Vec<Piece>,
}

/// Text that holds neither a word nor a character that could be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NothingToFind;

/// Where a phrase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which phrase, by its place in the list.
    pub phrase: usize,
    /// What it counts: two for a word, one for a character, so that `fire` and `起火` weigh the same.
    pub points: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A word, in small letters.
    Word(String),
    /// A character of a script without spaces.
    Sign(char),
    /// Punctuation or a line's end: nothing reaches across it.
    Break,
}

impl Phrase {
    /// Reads a phrase; punctuation in it counts for nothing.
    pub fn read(text: &str) -> Result<Phrase, NothingToFind> {
        let mut pieces = cut(text);
        pieces.retain(|piece| *piece != Piece::Break);
        if pieces.is_empty() {
            return Err(NothingToFind);
        }
        let text = text.to_owned();
        Ok(Phrase { text, pieces })
    }

    /// Returns the phrase as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if both would be found in the same places.
    pub fn is_same_as(&self, other: &Phrase) -> bool {
        self.pieces == other.pieces
    }

    fn points(&self) -> u32 {
        let points = self.pieces.iter().map(|piece| match piece {
            Piece::Word(_) => 2,
            Piece::Sign(_) => 1,
            Piece::Break => 0,
        });
        points.sum()
    }
}

/// Returns which phrases a text speaks of, each once, in the order of the list.
///
/// A phrase does not count where a negation stands directly before it, nor where all of it lies within a longer one
/// that was found (`car on fire` is not also `fire`).
pub fn find(text: &str, phrases: &[&Phrase]) -> Vec<Found> {
    let pieces = cut(text);
    let mut by_start: BTreeMap<Start, Vec<usize>> = BTreeMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        if let Some(start) = start_of(piece) {
            by_start.entry(start).or_default().push(at);
        }
    }
    let mut places: Vec<Place> = Vec::new();
    for (index, phrase) in phrases.iter().enumerate() {
        let starts = start_of(&phrase.pieces[0]).and_then(|start| by_start.get(&start));
        for &from in starts.into_iter().flatten() {
            let to = from + phrase.pieces.len();
            let fits = pieces.get(from..to).is_some_and(|found| {
                let mut pairs = phrase.pieces.iter().zip(found);
                pairs.all(|(wanted, found)| is_form_of(wanted, found))
            });
            if fits {
                let points = phrase.points();
                places.push(Place {
                    index,
                    from,
                    to,
                    points,
                });
            }
        }
    }
    // How far the longest phrase reaches that begins at each piece, and at any piece before it.
    let mut reach = vec![0; pieces.len() + 1];
    for place in &places {
        reach[place.from] = place.to.max(reach[place.from]);
    }
    let mut before = vec![0; pieces.len() + 1];
    for at in 1..before.len() {
        before[at] = reach[at - 1].max(before[at - 1]);
    }
    let mut counted: BTreeSet<usize> = BTreeSet::new();
    let mut found: Vec<Found> = Vec::new();
    for place in places {
        let within = before[place.from] >= place.to || reach[place.from] > place.to;
        if !within && !is_negated(&pieces[..place.from]) && counted.insert(place.index) {
            let (phrase, points) = (place.index, place.points);
            found.push(Found { phrase, points });
        }
    }
    found.sort_by_key(|found| found.phrase);
    found
}

struct Place {
    index: usize,
    from: usize,
    to: usize,
    points: u32,
}

/// How a piece begins, as far as no ending changes it.
type Start = (char, Option<char>);

fn start_of(piece: &Piece) -> Option<Start> {
    match piece {
        Piece::Word(word) => {
            let mut letters = word.chars();
            let first = letters.next()?;
            // A word of three letters may lose its last one before an ending, never its second.
            Some((first, letters.next()))
        }
        Piece::Sign(sign) => Some((*sign, None)),
        Piece::Break => None,
    }
}

fn cut(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut word = String::new();
    let mut letters = text.chars().map(plain).peekable();
    while let Some(letter) = letters.next() {
        let joins = letter == '\'' && !word.is_empty();
        let inside = joins && letters.peek().is_some_and(|next| next.is_alphanumeric());
        if inside || letter.is_alphanumeric() && !is_sign(letter) {
            word.extend(letter.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            pieces.push(Piece::Word(std::mem::take(&mut word)));
        }
        if is_sign(letter) {
            pieces.push(Piece::Sign(letter));
        } else if !letter.is_whitespace() && letter != '-' || letter == '\n' {
            pieces.push(Piece::Break);
        }
    }
    if !word.is_empty() {
        pieces.push(Piece::Word(word));
    }
    pieces
}

/// Turns wide letters and curly apostrophes into the usual ones.
fn plain(letter: char) -> char {
    match letter {
        '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' => '\'',
        // The wide forms lie in one row, in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(letter) - 0xff01 + 0x21).unwrap_or(letter)
        }
        '\u{3000}' => ' ',
        letter => letter,
    }
}

/// Returns true for characters of scripts that put no spaces between words.
fn is_sign(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3040}'..='\u{30ff}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{20000}'..='\u{3ffff}'
    ) && letter.is_alphanumeric()
}

fn is_form_of(wanted: &Piece, found: &Piece) -> bool {
    match (wanted, found) {
        (Piece::Word(wanted), Piece::Word(found)) => {
            wanted == found || has_ending(wanted, found) || has_ending(found, wanted)
        }
        (Piece::Sign(wanted), Piece::Sign(found)) => wanted == found,
        (Piece::Word(_) | Piece::Sign(_) | Piece::Break, _) => false,
    }
}

/// Letters that a word must have before it may take an ending; `is` and `as` are no plurals.
const BASE_LETTERS_MIN: usize = 3;

/// Returns true if `longer` is `base` with a plural, possessive, -ing or -ed.
fn has_ending(base: &str, longer: &str) -> bool {
    let fits = base.is_ascii() && longer.is_ascii() && base.len() >= BASE_LETTERS_MIN;
    if !fits || longer.len() < base.len() {
        return false;
    }
    let (stem, last) = base.split_at(base.len() - 1);
    let Some(rest) = longer.strip_prefix(stem) else {
        return false;
    };
    if let Some(ending) = rest.strip_prefix(last) {
        let doubled = ending
            .strip_prefix(last)
            .filter(|_| !"aeiou".contains(last));
        return matches!(ending, "s" | "es" | "ed" | "ing" | "'s")
            || ending == "d" && last == "e"
            || doubled.is_some_and(|ending| matches!(ending, "ed" | "ing"));
    }
    match last {
        "e" => rest == "ing",
        "y" => matches!(rest, "ies" | "ied"),
        _ => false, // No other letter gives way to an ending.
    }
}

const NOT: [&str; 14] = [
    "no", "not", "without", "never", "isn't", "aren't", "wasn't", "weren't", "don't", "doesn't",
    "didn't", "hasn't", "haven't", "nobody",
];
/// Words that may stand between a negation and what it denies: "no sign of fire", "not on fire".
const BETWEEN: [&str; 14] = [
    "a", "an", "any", "the", "of", "on", "in", "sign", "signs", "been", "is", "see", "visible",
    "more",
];
const BETWEEN_MAX: usize = 3;

/// Longer ones first: "没有人" must be seen before "人" is taken for something else.
const NOT_ZH: [&str; 15] = [
    "没有看到",
    "没有发现",
    "没有任何",
    "没有人",
    "没看到",
    "没看见",
    "没发现",
    "并没有",
    "没有",
    "没人",
    "不是",
    "无人",
    "没",
    "未",
    "无",
];
/// What asks, and denies nothing.
const ASKS_ZH: [&str; 4] = ["有没有", "是不是", "有没有人", "有没"];

/// Returns true if what comes directly after these pieces is denied.
fn is_negated(before: &[Piece]) -> bool {
    let mut rest = before;
    for _ in 0..=BETWEEN_MAX {
        let Some((Piece::Word(word), earlier)) = rest.split_last() else {
            break;
        };
        if NOT.contains(&word.as_str()) {
            return true;
        }
        if !BETWEEN.contains(&word.as_str()) {
            break;
        }
        rest = earlier;
    }
    if ASKS_ZH.iter().any(|asks| ends_with(before, asks)) {
        return false;
    }
    if NOT_ZH.iter().any(|not| ends_with(before, not)) {
        return true;
    }
    // 不 denies only what it stands before, and not where it makes another word (差不多, 忍不住 end otherwise).
    ends_with(before, "不") && !ends_with(before, "要不") && !ends_with(before, "是不")
}

fn ends_with(pieces: &[Piece], signs: &str) -> bool {
    let count = signs.chars().count();
    let Some(from) = pieces.len().checked_sub(count) else {
        return false;
    };
    let mut pairs = pieces[from..].iter().zip(signs.chars());
    pairs.all(|(piece, sign)| *piece == Piece::Sign(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(phrases: &[&str], text: &str, expected: &[&str]) {
        let phrases: Vec<Phrase> = phrases
            .iter()
            .map(|one| Phrase::read(one).unwrap())
            .collect();
        let list: Vec<&Phrase> = phrases.iter().collect();
        let found = find(text, &list);
        let words: Vec<&str> = found.iter().map(|one| list[one.phrase].as_str()).collect();
        assert_eq!(words, expected, "{text}");
    }

    #[test]
    fn endings_are_forgiven_and_other_words_are_not_taken_for_one() {
        for text in [
            "fire",
            "FIRES",
            "Fire!",
            "the fire's out of hand",
            "it fired",
            "firing",
            "ｆｉｒｅ",
        ] {
            finds(&["fire"], text, &["fire"]);
        }
        for text in ["firemen", "campfire", "fir", "bonfires"] {
            finds(&["fire"], text, &[]);
        }
        finds(&["burn"], "burning and burned", &["burn"]);
        finds(&["burning"], "it will burn", &["burning"]);
        finds(&["trap"], "two people trapped", &["trap"]);
        finds(&["body"], "bodies", &["body"]);
        finds(&["injury", "gas"], "injuries; gases", &["injury", "gas"]);
        finds(&["can't breathe"], "She can’t breathe", &["can't breathe"]);
        finds(&["can't breathe"], "he can't, breathe in", &[]);
        finds(&["chest pain"], "chest\tpains", &["chest pain"]);
        finds(&["chest pain"], "chest. Pain", &[]);
        finds(&["is"], "isn't ising", &[]);
    }

    #[test]
    fn chinese_is_found_anywhere_and_other_scripts_by_the_word() {
        finds(&["胸痛", "起火"], "我爸爸胸痛得厉害", &["胸痛"]);
        finds(&["co中毒"], "好像是CO中毒了", &["co中毒"]);
        finds(&["пожар"], "тут Пожар!", &["пожар"]);
        finds(&["пожар"], "пожарный", &[]);
        finds(&["火事"], "家が火事です", &["火事"]);
    }

    #[test]
    fn what_is_denied_does_not_count() {
        for text in [
            "no fire",
            "there is not a fire",
            "there isn't any fire",
            "no sign of fire",
            "car is not on fire",
            "smoke without fire",
        ] {
            finds(&["fire"], text, &[]);
        }
        for text in [
            "no, fire",
            "not only fire",
            "No. Fire",
            "no idea where the fire is",
            "no fire here but fire next door",
        ] {
            finds(&["fire"], text, &["fire"]);
        }
        for text in [
            "没有起火",
            "没起火",
            "并没有起火",
            "没看到起火",
            "不是起火",
            "未起火",
            "没有人起火",
        ] {
            finds(&["起火"], text, &[]);
        }
        for text in [
            "有没有起火我不知道",
            "没有，起火了",
            "是不是起火了",
            "没有电，厨房起火",
        ] {
            finds(&["起火"], text, &["起火"]);
        }
        finds(&["没有呼吸", "呼吸"], "他没有呼吸了", &["没有呼吸"]);
        finds(
            &["not breathing"],
            "she is not breathing",
            &["not breathing"],
        );
    }

    #[test]
    fn a_longer_phrase_speaks_for_the_shorter_one_within_it() {
        finds(&["fire", "car on fire"], "a car on fire", &["car on fire"]);
        finds(
            &["fire", "car on fire"],
            "a car on fire, and the house is on fire too",
            &["fire", "car on fire"],
        );
        // Also where it is denied: what is no car fire is not for that a fire.
        finds(&["car fire", "fire"], "no car fire", &[]);
    }

    #[test]
    fn a_phrase_of_nothing_is_none() {
        for text in ["", "  ", "?!", "——"] {
            assert_eq!(Phrase::read(text), Err(NothingToFind), "{text}");
        }
    }
}
