//! Reading a line: the verb, then whatever stands before and behind it, in any order in which it cannot
//! be mistaken. What was guessed is put down beside what was found. `mean` then makes a meaning of it.

use super::find::{self, Found, Names};
use super::mean;
use super::recognise::{joined, looks_like_a_callsign, number_after_hash, together, unit_at};
use super::say;
use super::tokens::{Token, cut, plain};
use super::told::directive_digits;
use super::words::{Between, Field, NoVerb, SCREENS, Screen, Verb, between, verb_at};
use super::{Around, Misunderstanding, Trouble, Understood};
use crate::basis::{
    CallId, Code, DirectiveId, IncidentId, Place, Priority, StationId, Text, UnitId,
};
use crate::limits;

/// Reads a line against the board as it stands.
pub fn understand(text: &str, around: &Around<'_>) -> Result<Understood, Box<Misunderstanding>> {
    let line: Vec<char> = text.chars().collect();
    if line.len() > limits::ACTION_LINE_CHARS_MAX {
        return Err(too_long(line.len()));
    }
    let names = Names::new(around);
    let (verb, word, tokens) = split(&line, &names)?;
    let mut reader = Reader::begin(around, names, line, verb, tokens);
    reader.word = word;
    reader.gather()?;
    let (verb, meaning) = mean::of(&mut reader)?;
    let text = say::meaning(around, &meaning);
    Ok(Understood {
        verb,
        meaning,
        text,
        unsure: reader.unsure,
    })
}

fn too_long(chars: usize) -> Box<Misunderstanding> {
    let max = limits::ACTION_LINE_CHARS_MAX;
    Box::new(Misunderstanding {
        trouble: Trouble::TooLong,
        from: max,
        to: chars,
        what: Text::new(
            format!("The line has {chars} characters; at most {max} are taken."),
            format!("操作行共 {chars} 字，最多 {max} 字。"),
        ),
        nearest: None,
        next_step: Text::new("Say less at a time.", "请分次输入。"),
    })
}

/// What was given in a line, before it is known what it means together.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) units: Vec<(UnitId, Between)>,
    pub(super) incidents: Vec<IncidentId>,
    pub(super) call: Option<CallId>,
    pub(super) dot: Option<(usize, usize)>,
    pub(super) category: Option<Code>,
    pub(super) priority: Option<Priority>,
    pub(super) level: Option<u8>,
    pub(super) minutes: Option<u32>,
    pub(super) place: Option<(usize, usize, String)>,
    pub(super) area: Option<String>,
    pub(super) station: Option<StationId>,
    pub(super) text: Option<(usize, usize, String)>,
    pub(super) screen: Option<Screen>,
    pub(super) help: Option<Verb>,
    pub(super) directive: Option<DirectiveId>,
    pub(super) item: Option<u32>,
    pub(super) count: Option<u32>,
    pub(super) capability: Option<Code>,
}

/// A line on its way.
pub(super) struct Reader<'a> {
    pub(super) around: &'a Around<'a>,
    pub(super) names: Names<'a>,
    pub(super) line: Vec<char>,
    pub(super) tokens: Vec<Token>,
    pub(super) verb: Verb,
    /// The word that the verb was said with.
    pub(super) word: &'static str,
    pub(super) at: usize,
    pub(super) given: Given,
    pub(super) unsure: Vec<Text>,
}

type Read<T> = Result<T, Box<Misunderstanding>>;

/// Finds the verb, and returns the words besides it.
fn split(line: &[char], names: &Names<'_>) -> Read<(Verb, &'static str, Vec<Token>)> {
    let start = start_of(line);
    let plain_line: Vec<char> = line.iter().map(|c| plain(*c)).collect();
    let tokens = cut(line, start);
    if tokens.is_empty() {
        return Err(Box::new(Misunderstanding {
            trouble: Trouble::Empty,
            from: start,
            to: line.len(),
            what: Text::new("Nothing is said.", "未输入内容。"),
            nearest: None,
            next_step: Text::new("Type ? for what can be said.", "输入 ? 查看可用操作。"),
        }));
    }
    let first = verb_at(&plain_line, start);
    let subject = subject_len(&plain_line, &tokens, names);
    let subject_to = subject.checked_sub(1).map_or(0, |last| tokens[last].to);
    // A call sign may begin like a Chinese verb; whichever is longer was meant.
    let said_first = match &first {
        Ok(said) => said.whole && said.to >= subject_to,
        Err(_) => false,
    };
    if subject > 0
        && !said_first
        && let Some(token) = tokens.get(subject)
        && !token.quoted
        && let Ok(said) = verb_at(&plain_line, token.from)
        && said.whole
    {
        let mut words = tokens[..subject].to_vec();
        words.extend(behind(line, said.to));
        return Ok((said.verb, said.word, words));
    }
    match first {
        Ok(said) => Ok((said.verb, said.word, behind(line, said.to))),
        Err(none) => Err(no_verb(none, &tokens, start)),
    }
}

/// Returns where a line begins: the bar's own `/` may come with it.
pub(super) fn start_of(line: &[char]) -> usize {
    let blank = |c: &&char| plain(**c) == ' ';
    let spaces = line.iter().take_while(blank).count();
    match line.get(spaces).map(|c| plain(*c)) {
        Some('/') => spaces + 1 + line[spaces + 1..].iter().take_while(blank).count(),
        _ => spaces,
    }
}

/// Returns the words behind the verb; a colon after it is only breath.
fn behind(line: &[char], to: usize) -> Vec<Token> {
    let colon = line.get(to).is_some_and(|c| plain(*c) == ':');
    cut(line, to + usize::from(colon))
}

/// Returns how many words at the beginning only name records, as in "E12 on scene".
fn subject_len(line: &[char], tokens: &[Token], names: &Names<'_>) -> usize {
    let mut at = 0;
    let mut records = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some((len, Found::Exactly(_))) = unit_at(names, tokens, at) {
            at += len;
            records += 1;
        } else if token.number().is_some()
            || number_after_hash(token).is_some()
            || directive_digits(token).is_some()
            || token.plain == "."
            || matches!(
                token.field,
                Some(Field::Incident | Field::Unit | Field::Call)
            )
        {
            at += 1;
            records += 1;
        } else if records > 0 && verb_at(line, token.from).is_ok_and(|said| said.whole) {
            // "T3 on scene" and "T3到达": the first of these words also joins others.
            break;
        } else if !token.quoted && between(&token.plain).is_some_and(|said| said != Between::Place)
        {
            at += 1;
        } else {
            break;
        }
    }
    if records == 0 { 0 } else { at }
}

fn no_verb(none: NoVerb, tokens: &[Token], start: usize) -> Box<Misunderstanding> {
    let first = tokens.first();
    let end = |to: usize| first.map_or(to, |token| token.to.max(to));
    let help = Text::new("Type ? for what can be said.", "输入 ? 查看可用操作。");
    match none {
        NoVerb::Several { to, words } => Box::new(Misunderstanding {
            trouble: Trouble::Several,
            from: start,
            to: end(to),
            what: Text::new(
                format!("Several words begin like that: {}.", words.join(", ")),
                format!("有多个操作以此开头：{}。", words.join("、")),
            ),
            nearest: words.first().map(|word| (*word).to_owned()),
            next_step: Text::new("Type a letter more.", "请再输入一个字母。"),
        }),
        NoVerb::Nothing | NoVerb::Unknown { .. } => {
            let (to, nearest) = match none {
                NoVerb::Unknown { to, nearest } => (to, nearest),
                NoVerb::Nothing | NoVerb::Several { .. } => (start, None),
            };
            let word = first.map_or("", |token| token.typed.as_str());
            Box::new(Misunderstanding {
                trouble: Trouble::Verb,
                from: start,
                to: end(to),
                what: Text::new(
                    format!("\"{}\" is no action.", short(word)),
                    format!("“{}”不是可用操作。", short(word)),
                ),
                nearest: nearest.map(str::to_owned),
                next_step: match nearest {
                    Some(near) => Text::new(
                        format!("Did you mean \"{near}\"? Type ? for what can be said."),
                        format!("是否指“{near}”？输入 ? 查看可用操作。"),
                    ),
                    None => help,
                },
            })
        }
    }
}

/// Returns a word as it is shown in a message.
pub(super) fn short(word: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    if word.chars().count() <= SHOWN_CHARS_MAX {
        return word.to_owned();
    }
    let begin: String = word.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{begin}…")
}

impl<'a> Reader<'a> {
    pub(super) fn begin(
        around: &'a Around<'a>,
        names: Names<'a>,
        line: Vec<char>,
        verb: Verb,
        tokens: Vec<Token>,
    ) -> Reader<'a> {
        Reader {
            around,
            names,
            line,
            tokens,
            verb,
            word: verb.name(),
            at: 0,
            given: Given::default(),
            unsure: Vec::new(),
        }
    }

    pub(super) fn trouble(
        &self,
        trouble: Trouble,
        span: (usize, usize),
        what: Text,
        next_step: Text,
    ) -> Box<Misunderstanding> {
        Box::new(Misunderstanding {
            trouble,
            from: span.0,
            to: span.1,
            what,
            nearest: None,
            next_step,
        })
    }

    /// Something that must be said is missing at the end of the line.
    pub(super) fn missing(&self, en: &str, zh: &str) -> Box<Misunderstanding> {
        let form = self.verb.form();
        let end = self.line.len();
        self.trouble(
            Trouble::Missing,
            (end, end),
            Text::new(format!("{en} is missing."), format!("缺少{zh}。")),
            Text::new(format!("Write: {}", form.en), format!("格式：{}", form.zh)),
        )
    }

    pub(super) fn guess(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        let why = Text::new(en, zh);
        if !self.unsure.contains(&why) {
            self.unsure.push(why);
        }
    }

    /// Sorts the words into what they give.
    pub(super) fn gather(&mut self) -> Read<()> {
        while self.at < self.tokens.len() {
            match self.tokens[self.at].field {
                // A caller's or crew's own words may look like a field.
                Some(field) if self.verb.takes_text() && !self.verb.has(field) => {
                    self.leftover()?;
                    continue;
                }
                Some(field) => {
                    self.named(field)?;
                    continue;
                }
                None if self.verb == Verb::TakeCall => {
                    self.take_text(self.at);
                    continue;
                }
                None if self.verb.is_told() => {
                    self.told()?;
                    continue;
                }
                None if self.verb == Verb::Help => {
                    self.help()?;
                    continue;
                }
                None => {}
            }
            let known = self.dot()
                || self.directive_to_see()?
                || self.numbered()?
                || self.station()?
                || self.unit()?
                || self.graded()?
                || self.counted();
            if known || self.passed() {
                continue;
            }
            self.leftover()?;
        }
        Ok(())
    }

    pub(super) fn token(&self) -> &Token {
        &self.tokens[self.at]
    }

    /// Words that only join others.
    fn passed(&mut self) -> bool {
        let token = self.token();
        let Some(said) = between(&token.plain).filter(|_| !token.quoted) else {
            return false;
        };
        if said == Between::Place && matches!(self.verb, Verb::Open | Verb::Relocate) {
            let from = self.at + 1;
            self.at = from;
            self.take_place(from);
            return true;
        }
        if self.verb.takes_text() && !self.record_follows() {
            return false;
        }
        self.at += 1;
        true
    }

    /// Returns true if after the words that join comes a record, so that they are no text.
    fn record_follows(&self) -> bool {
        let joins = |token: &&Token| !token.quoted && between(&token.plain).is_some();
        let after = self.at + self.tokens[self.at..].iter().take_while(joins).count();
        let Some(token) = self.tokens.get(after) else {
            return false;
        };
        let says_incident = matches!(self.token().plain.as_str(), "incident" | "警");
        let number = token.number().is_some() && (says_incident || self.verb.takes_units());
        let unit = self.verb.takes_units() && unit_at(&self.names, &self.tokens, after).is_some();
        number || unit || number_after_hash(token).is_some()
    }

    pub(super) fn take_text(&mut self, at: usize) {
        // A colon before the text is only breath.
        let colon = self
            .tokens
            .get(at)
            .is_some_and(|token| token.plain == ":" && !token.quoted);
        let at = at + usize::from(colon);
        if let Some(token) = self.tokens.get(at) {
            let (from, to) = (token.from, self.line.len());
            let alone = token.quoted && at + 1 == self.tokens.len();
            let text = if alone {
                token.typed.clone()
            } else {
                self.line[from..to].iter().collect()
            };
            self.given.text = Some((from, to, text));
        }
        self.at = self.tokens.len();
    }

    /// Takes what follows as a place, up to a priority or a named field.
    fn take_place(&mut self, from: usize) {
        let mut to = from;
        self.at = from;
        while self.at < self.tokens.len() {
            if self.token().field.is_some_and(|field| self.verb.has(field)) {
                break;
            }
            let priority = self.verb == Verb::Open && self.priority_at().is_some();
            if priority {
                break;
            }
            to += 1;
            self.at += 1;
        }
        if to == from {
            return;
        }
        let (begin, end) = (self.tokens[from].from, self.tokens[to - 1].to);
        let text = if to == from + 1 {
            self.tokens[from].typed.clone()
        } else {
            self.line[begin..end].iter().collect()
        };
        self.given.place = Some((begin, end, text));
    }

    fn leftover(&mut self) -> Read<()> {
        let at = self.at;
        match self.verb {
            Verb::Relocate => {
                self.take_place(at);
                Ok(())
            }
            Verb::Open if self.given.place.is_none() => {
                self.take_place(at);
                Ok(())
            }
            Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::TakeCall
            | Verb::Direct
            | Verb::Report
            | Verb::Return
            | Verb::Recall
            | Verb::Ask
            | Verb::Log => {
                self.take_text(at);
                Ok(())
            }
            Verb::Clear | Verb::CallOff | Verb::OutOfService => {
                // "x e13" must not call off whatever is selected, with "e13" as the reason.
                let named = !self.given.units.is_empty() || !self.given.incidents.is_empty();
                if !named && self.given.dot.is_none() && looks_like_a_callsign(self.token()) {
                    return self.unit_like();
                }
                self.take_text(at);
                Ok(())
            }
            Verb::Go if self.given.screen.is_none() => self.screen(),
            Verb::MoveUp => self.station_like(),
            Verb::Help => self.help(),
            Verb::Grade if self.given.category.is_none() => {
                let typed = self.token().typed.clone();
                self.category_found(Found::Nothing, &typed, at, 1)
                    .map(|_| ())
            }
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Resend
            | Verb::Swap
            | Verb::Reassign
            | Verb::Status
            | Verb::Available
            | Verb::OffDuty
            | Verb::Rest => self.unit_like(),
            Verb::RaiseAlarm
            | Verb::Grade
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::Join
            | Verb::Go
            | Verb::Sign
            | Verb::Begin
            | Verb::Verify
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo => Err(self.no_place_for(1)),
        }
    }

    /// A word where a unit is wanted: the call sign that is nearest, or none.
    pub(super) fn unit_like(&mut self) -> Read<()> {
        let at = self.at;
        // "e 13" is one slip, not two.
        let len = match self.tokens.get(at + 1) {
            Some(next)
                if next.number().is_some()
                    && !self.token().quoted
                    && self.token().plain.chars().all(|c| c.is_ascii_alphabetic()) =>
            {
                2
            }
            _ => 1,
        };
        if !looks_like_a_callsign(self.token()) && len == 1 {
            return Err(self.no_place_for(1));
        }
        let typed = joined(&self.tokens[at..at + len]);
        let found = self.names.unit_like(&typed);
        let unit = self.unit_found(found, at, len)?;
        self.add_unit(unit, Between::Nothing);
        self.at += len;
        Ok(())
    }

    pub(super) fn no_place_for(&self, len: usize) -> Box<Misunderstanding> {
        let typed = short(&joined(&self.tokens[self.at..self.at + len]));
        let form = self.verb.form();
        self.trouble(
            Trouble::Word,
            self.span(self.at, len),
            Text::new(
                format!("\"{typed}\" means nothing here."),
                format!("此处无法理解“{typed}”。"),
            ),
            Text::new(format!("Write: {}", form.en), format!("格式：{}", form.zh)),
        )
    }

    fn screen(&mut self) -> Read<()> {
        let most = together(&self.tokens, self.at).min(4);
        for len in (1..=most).rev() {
            let name = joined(&self.tokens[self.at..self.at + len]);
            let name: String = name.chars().map(plain).filter(|c| *c != ' ').collect();
            let known = |(_, id, en, zh): &&(Screen, &str, &[&str], &[&str])| {
                *id == name || en.contains(&name.as_str()) || zh.contains(&name.as_str())
            };
            if let Some((screen, ..)) = SCREENS.iter().find(known) {
                self.given.screen = Some(*screen);
                self.at += len;
                return Ok(());
            }
        }
        self.unit_like()
    }

    fn help(&mut self) -> Read<()> {
        let plain_line: Vec<char> = self.line.iter().map(|c| plain(*c)).collect();
        match verb_at(&plain_line, self.token().from) {
            Ok(said) if self.given.help.is_none() => {
                self.given.help = Some(said.verb);
                while self
                    .tokens
                    .get(self.at)
                    .is_some_and(|token| token.from < said.to)
                {
                    self.at += 1;
                }
                Ok(())
            }
            Ok(_) | Err(_) => Err(self.no_place_for(1)),
        }
    }

    /// Finds the place that was given, if one was.
    pub(super) fn place(&mut self) -> Read<Option<Place>> {
        let Some((from, to, typed)) = self.given.place.clone() else {
            return Ok(None);
        };
        let found = find::place(self.around, &typed);
        let Some(best) = found.first() else {
            let typed = short(&typed);
            return Err(self.trouble(
                Trouble::NoSuch,
                (from, to),
                Text::new(
                    format!("No place \"{typed}\" is known."),
                    format!("未找到地点“{typed}”。"),
                ),
                Text::new(
                    "Write it otherwise, or give coordinates such as 30.001,120.580.",
                    "请换一种写法，或填写坐标，如 30.001,120.580。",
                ),
            ));
        };
        let mut place = best.place.clone();
        let alone = found.iter().filter(|other| other.exact).count() == 1;
        if !best.exact || !alone {
            let name = say::place(&place);
            let typed = short(&typed);
            self.guess(
                format!("\"{typed}\" is taken for {name}"),
                format!("“{typed}”按 {name} 理解"),
            );
        }
        if let Some(area) = &self.given.area {
            place.area = area.parse().ok();
        }
        Ok(Some(place))
    }
}

/// Returns the verb and the words behind it, for whoever completes a line.
pub(super) fn verb_of(line: &[char], names: &Names<'_>) -> Option<(Verb, Vec<Token>)> {
    split(line, names)
        .ok()
        .map(|(verb, _, tokens)| (verb, tokens))
}
