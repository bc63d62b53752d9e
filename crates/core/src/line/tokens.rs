//! Cutting an action line into words: full-width letters and Chinese punctuation are read as their plain
//! forms, each Chinese character is a word of its own (nobody types spaces between them), and a quoted
//! value or a named field is one word. Knows nothing of records.

use super::words::{Field, field_named};

/// One word of the line, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Its first character, counted in characters of the line as typed.
    pub(super) from: usize,
    /// One past its last character.
    pub(super) to: usize,
    /// The word in plain lower-case letters.
    pub(super) plain: String,
    /// The word as typed, without quotes.
    pub(super) typed: String,
    /// The field it is the value of.
    pub(super) field: Option<Field>,
    /// True if it stood in quotes: then it is never a verb, a number or a word that joins others.
    pub(super) quoted: bool,
    /// True if nothing stands between it and the word before.
    pub(super) glued: bool,
}

impl Token {
    /// Returns true if it is one Chinese character.
    pub(super) fn is_character(&self) -> bool {
        let mut chars = self.plain.chars();
        !self.quoted && chars.next().is_some_and(is_cjk) && chars.next().is_none()
    }

    /// Returns the number it is, if it is all digits.
    pub(super) fn number(&self) -> Option<u64> {
        let digits = !self.plain.is_empty() && self.plain.chars().all(|c| c.is_ascii_digit());
        digits.then(|| self.plain.parse().ok()).flatten()
    }
}

/// Returns the plain form of a character: half-width, lower-case, ASCII punctuation. One for one, so that places in the line stay.
pub(super) fn plain(c: char) -> char {
    let half = match c {
        // The whole block of full-width ASCII, its punctuation with it.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '。' => '.',
        '、' => ',',
        '“' | '”' | '「' | '」' | '『' | '』' => '"',
        '—' | '–' | '‐' => '-',
        _ if c.is_whitespace() || c.is_control() => ' ',
        _ => c,
    };
    let mut lower = half.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        (_, _) => half,
    }
}

/// Returns true for a Chinese character.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

fn closing(open: char) -> char {
    match open {
        '“' => '”',
        '「' => '」',
        '『' => '』',
        other => other,
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '＂' | '“' | '”' | '「' | '『')
}

fn separates(c: char) -> bool {
    matches!(c, ' ' | ',' | ';')
}

/// Cuts the line from a character on into words.
pub(super) fn cut(line: &[char], from: usize) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = from;
    while at < line.len() {
        if separates(plain(line[at])) {
            at += 1;
            continue;
        }
        let glued = tokens.last().is_some_and(|last| last.to == at);
        let mut token = match field_at(line, at) {
            Some((field, value_from)) => field_value(line, at, field, value_from),
            None => word(line, at),
        };
        token.glued = glued;
        at = token.to;
        tokens.push(token);
    }
    tokens
}

/// Returns the field whose name and colon stand here, and where its value begins.
pub(super) fn field_at(line: &[char], at: usize) -> Option<(Field, usize)> {
    const NAME_CHARS_MAX: usize = 12;
    let rest = line.get(at..)?;
    let colon = rest
        .iter()
        .take(NAME_CHARS_MAX + 1)
        .position(|c| plain(*c) == ':')?;
    let name: String = rest[..colon].iter().map(|c| plain(*c)).collect();
    Some((field_named(&name)?, at + colon + 1))
}

fn field_value(line: &[char], from: usize, field: Field, value_from: usize) -> Token {
    let mut at = value_from;
    while at < line.len() && plain(line[at]) == ' ' {
        at += 1;
    }
    if line.get(at).copied().is_some_and(is_quote) {
        let quoted = quoted(line, at);
        return Token {
            from,
            field: Some(field),
            ..quoted
        };
    }
    let mut to = at;
    while to < line.len() {
        // Text runs to the next field: nobody quotes while the radio talks.
        let ends = if field.is_text() {
            plain(line[to]) == ' ' && field_at(line, to + 1).is_some()
        } else {
            separates(plain(line[to]))
        };
        if ends {
            break;
        }
        to += 1;
    }
    token(line, from, at, to, Some(field))
}

fn word(line: &[char], at: usize) -> Token {
    let first = line[at];
    if is_quote(first) {
        return quoted(line, at);
    }
    if is_cjk(plain(first)) || matches!(plain(first), '@' | '?') {
        return token(line, at, at, at + 1, None);
    }
    let mut to = at + 1;
    while to < line.len() {
        let c = plain(line[to]);
        if separates(c) || is_cjk(c) || is_quote(line[to]) || c == '@' {
            break;
        }
        to += 1;
    }
    // A full stop or question mark ends a sentence, not a call sign.
    while to > at + 1 && matches!(plain(line[to - 1]), '.' | '?' | '!' | ':') {
        to -= 1;
    }
    let mut one = token(line, at, at, to, None);
    let punctuation = line[to..]
        .iter()
        .take_while(|c| matches!(plain(**c), '.' | '?' | '!' | ':'));
    one.to += punctuation.count();
    one
}

fn token(line: &[char], from: usize, value_from: usize, to: usize, field: Option<Field>) -> Token {
    let value = &line[value_from.min(to)..to];
    let typed: String = value.iter().collect();
    let plain: String = value.iter().map(|c| plain(*c)).collect();
    Token {
        from,
        to,
        plain: plain.trim().to_owned(),
        typed: typed.trim().to_owned(),
        field,
        quoted: false,
        glued: false,
    }
}

fn quoted(line: &[char], at: usize) -> Token {
    let close = closing(line[at]);
    let mut typed = String::new();
    let mut to = at + 1;
    while to < line.len() && line[to] != close {
        // A backslash takes the next quote or backslash as it is; before anything else it is only itself.
        let escapes = line[to] == '\\'
            && line
                .get(to + 1)
                .is_some_and(|next| *next == close || *next == '\\');
        to += usize::from(escapes);
        typed.push(line[to]);
        to += 1;
    }
    // A quote that is never closed runs to the end.
    let to = (to + 1).min(line.len());
    Token {
        from: at,
        to,
        plain: typed.chars().map(plain).collect(),
        typed,
        field: None,
        quoted: true,
        glued: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cuts(line: &str, expected: &str) {
        let line: Vec<char> = line.chars().collect();
        let words: Vec<String> = cut(&line, 0)
            .into_iter()
            .map(|token| match token.field {
                Some(field) => format!("{}={}", field.name(), token.typed),
                None => token.plain,
            })
            .collect();
        assert_eq!(words.join("|"), expected);
    }

    #[test]
    fn words_fields_and_quotes_are_found_in_both_languages() {
        cuts("E12, E14  #231.", "e12|e14|#231");
        cuts("Ｅ１２、E14到２３１。", "e12|e14|到|231");
        cuts("at:\"5th & main\" priority:1", "at=5th & main|priority=1");
        cuts("地点：“解放路 9 号” 级别：2", "at=解放路 9 号|priority=2");
        cuts(
            "reason:false alarm  unit:E12",
            "reason=false alarm|unit=E12",
        );
        cuts("reason:\"say \\\"no\\\"\"", "reason=say \"no\"");
        cuts(
            "「云梯 1」 never closed \"to the end",
            "云梯 1|never|closed|to the end",
        );
        cuts("http://x 5th/main", "http://x|5th/main");
        cuts(".", ".");
        cuts("", "");
    }
}
