//! Chinese names by their sound: full pinyin, pinyin initials, characters, or any mixture of them.
//!
//! A character with several readings is found under each: which one a street uses is local knowledge (六安 is Lù'ān), and
//! no table has it. The readings come from the crate `pinyin`.

use super::words::is_han;
use pinyin::ToPinyinMulti;

/// A name as a row of characters with their readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sound(Vec<Unit>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Unit {
    letter: char,
    /// In plain letters; empty for what is not Chinese.
    readings: Vec<String>,
}

/// How a text fits a name by sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    /// True if at least one character was given by its initial alone.
    pub(super) by_initials: bool,
    /// Whether it begins within the name, and not where that begins.
    pub(super) begins_within: bool,
    /// Whether the name goes on after it.
    pub(super) goes_on: bool,
}

impl Sound {
    /// Makes it of the folded letters of a name; none if none of them is Chinese.
    pub(super) fn of(folded: &str) -> Option<Sound> {
        if !folded.chars().any(is_han) {
            return None;
        }
        let letters = folded.chars().filter(|letter| letter.is_alphanumeric());
        let unit = |letter: char| Unit {
            letter,
            readings: readings(letter),
        };
        Some(Sound(letters.map(unit).collect()))
    }

    /// Returns the first reading of every character, run together.
    pub(super) fn first_reading(&self) -> String {
        let mut out = String::new();
        for unit in &self.0 {
            match unit.readings.first() {
                Some(reading) => out.push_str(reading),
                None => out.push(unit.letter),
            }
        }
        out
    }

    /// Returns how well a folded text without spaces fits any run of the name.
    pub(super) fn hears(&self, typed: &[char]) -> Option<Heard> {
        let first = *typed.first()?;
        let starts = (0..self.0.len()).filter(|start| self.0[*start].may_begin(first));
        starts
            .filter_map(|start| self.hears_from(start, typed))
            .min()
    }

    /// Follows every way to read the text from one character on: at each character, how much of the text may be used up.
    fn hears_from(&self, start: usize, typed: &[char]) -> Option<Heard> {
        let mut best: Option<Heard> = None;
        let mut used: Vec<(usize, bool)> = vec![(0, false)];
        for (index, unit) in self.0.iter().enumerate().skip(start) {
            let mut next: Vec<(usize, bool)> = Vec::new();
            for (from, by_initials) in used {
                let rest = &typed[from..];
                unit.steps(rest, |len, step| {
                    let by_initials_now = by_initials || step == Step::Initial;
                    if from + len < typed.len() {
                        let state = (from + len, by_initials_now);
                        if !next.contains(&state) {
                            next.push(state);
                        }
                        return;
                    }
                    // The last letters of a text that is still being typed are the beginning of a reading.
                    let cut = step != Step::Whole && !(step == Step::Initial && by_initials);
                    let heard = Heard {
                        by_initials,
                        begins_within: start > 0,
                        goes_on: cut || index + 1 < self.0.len(),
                    };
                    best = Some(best.map_or(heard, |best: Heard| best.min(heard)));
                });
            }
            if next.is_empty() {
                break;
            }
            used = next;
        }
        best
    }

    /// Returns whether Chinese characters sound like a run of the name.
    pub(super) fn sounds_like(&self, typed: &Sound) -> bool {
        let alike = |mine: &Unit, theirs: &Unit| {
            mine.letter == theirs.letter
                || mine
                    .readings
                    .iter()
                    .any(|reading| theirs.readings.contains(reading))
        };
        let len = typed.0.len();
        len >= 2
            && self
                .0
                .windows(len)
                .any(|run| run.iter().zip(&typed.0).all(|(a, b)| alike(a, b)))
    }
}

/// What a step over one character used up of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// All of the character.
    Whole,
    /// Its first sound (`z`, `zh`).
    Initial,
    /// The beginning of a reading, where the text ends.
    Cut,
}

impl Unit {
    fn may_begin(&self, first: char) -> bool {
        self.letter == first
            || self
                .readings
                .iter()
                .any(|reading| reading.starts_with(first))
    }

    fn steps(&self, rest: &[char], mut step: impl FnMut(usize, Step)) {
        if rest.first() == Some(&self.letter) {
            step(1, Step::Whole);
        }
        for reading in &self.readings {
            let agree = reading
                .chars()
                .zip(rest)
                .take_while(|(a, b)| a == *b)
                .count();
            if agree == 0 {
                continue;
            }
            let len = reading.len();
            if agree == len {
                step(len, Step::Whole);
            } else if agree == rest.len() {
                step(agree, if agree == 1 { Step::Initial } else { Step::Cut });
            }
            if agree < rest.len() && len > 1 {
                step(1, Step::Initial);
            }
            if agree >= 2 && reading[1..].starts_with('h') && len > 2 {
                step(2, Step::Initial);
            }
        }
    }
}

/// The readings of a character in plain letters; ü as it is typed (`v`) and as it is often written (`u`).
fn readings(letter: char) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |reading: String| {
        if !out.contains(&reading) {
            out.push(reading);
        }
    };
    for reading in letter.to_pinyin_multi().into_iter().flatten() {
        let plain = reading.plain();
        if plain.contains('ü') {
            add(plain.replace('ü', "v"));
            add(plain.replace('ü', "u"));
        } else {
            add(plain.to_owned());
        }
    }
    out.retain(|reading| !reading.is_empty() && reading.is_ascii());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(name: &str, typed: &str) -> String {
        let typed: Vec<char> = typed.chars().collect();
        let sound = Sound::of(name).unwrap();
        let Some(heard) = sound.hears(&typed) else {
            return "no".to_owned();
        };
        let sort = if heard.by_initials {
            "initials"
        } else {
            "pinyin"
        };
        let run = match (heard.begins_within, heard.goes_on) {
            (false, false) => "whole",
            (false, true) => "start",
            (true, false) => "end",
            (true, true) => "within",
        };
        format!("{sort} {run}")
    }

    #[test]
    fn a_name_is_heard_in_every_way_it_is_typed() {
        for (name, typed, wanted) in [
            ("解放路", "jiefanglu", "pinyin whole"),
            ("解放路", "jiefang", "pinyin start"),
            ("解放路", "jiefan", "pinyin start"),
            ("解放路", "fanglu", "pinyin end"),
            ("解放路", "jfl", "initials whole"),
            ("解放路", "jf", "initials start"),
            ("解放路", "fl", "initials end"),
            ("解放路", "jfanglu", "initials whole"),
            ("解放路", "jiefl", "initials whole"),
            ("解放路", "解fang路", "pinyin whole"),
            ("解放路", "jiefanglux", "no"),
            ("解放路", "xjie", "no"),
            ("中山路", "zsl", "initials whole"),
            ("中山路", "zhshl", "initials whole"),
            ("中山路", "zhongshan", "pinyin start"),
            // Several readings: 重 chong or zhong, 长 chang or zhang.
            ("重庆路", "chongqinglu", "pinyin whole"),
            ("重庆路", "zhongqinglu", "pinyin whole"),
            ("长安街", "changanjie", "pinyin whole"),
            ("绿城路", "lvcheng", "pinyin start"),
            ("绿城路", "lucheng", "pinyin start"),
            ("g15沈海高速", "g15shenhai", "pinyin start"),
        ] {
            assert_eq!(heard(name, typed), wanted, "{name} {typed}");
        }
    }

    #[test]
    fn characters_typed_for_others_of_the_same_sound_are_heard() {
        let sound = Sound::of("解放路").unwrap();
        assert!(sound.sounds_like(&Sound::of("姐放路").unwrap()));
        assert!(!sound.sounds_like(&Sound::of("人民路").unwrap()));
        assert_eq!(Sound::of("main st"), None);
    }
}
