//! Recognising what words name, one kind at a time: records by number and call sign, priorities, levels,
//! minutes, categories, and fields by their names. Each takes the words it knows, or leaves them.

use super::find::{Found, Names};
use super::read::{Reader, short};
use super::say;
use super::tokens::Token;
use super::words::{Between, Field, Verb, between};
use super::{Misunderstanding, Trouble};
use crate::basis::{CallId, Code, IncidentId, Priority, Text, UnitId};

/// Most words of a call sign, category or number that stand together.
const TOGETHER_MAX: usize = 12;

type Read<T> = Result<T, Box<Misunderstanding>>;

impl Reader<'_> {
    pub(super) fn span(&self, at: usize, len: usize) -> (usize, usize) {
        let last = self.tokens.get(at + len.max(1) - 1).or(self.tokens.last());
        let from = self
            .tokens
            .get(at)
            .map_or(self.line.len(), |token| token.from);
        (from, last.map_or(self.line.len(), |token| token.to))
    }

    pub(super) fn dot(&mut self) -> bool {
        let token = self.token();
        let is = token.plain == "." && !token.quoted;
        if is {
            // Behind a word it only ends a sentence.
            if !token.glued {
                self.given.dot = Some((token.from, token.to));
            }
            self.at += 1;
        }
        is
    }

    /// `#231`, or `231` where a number can only be an incident's.
    pub(super) fn numbered(&mut self) -> Read<bool> {
        let at = self.at;
        let room = self.given.incidents.len() < self.verb.incidents_max();
        if let Some(digits) = number_after_hash(self.token()).map(str::to_owned) {
            if !room {
                return Err(self.no_place_for(1));
            }
            let incident = self.incident_of(&digits, at)?;
            self.add_incident(incident);
            self.at += 1;
            return Ok(true);
        }
        if self.token().number().is_none() || self.token().quoted {
            return Ok(false);
        }
        let digits = self.token().plain.clone();
        if self.verb == Verb::Join && self.given.call.is_none() && self.numbers_ahead() >= 2 {
            // Two numbers: what is joined, then to what, as it is said.
            self.given.call = Some(self.call_of(&digits, at)?);
            self.at += 1;
            return Ok(true);
        }
        if self.is_measure(&digits) || !room {
            return Ok(false);
        }
        if self.verb.takes_text() {
            return self.numbered_before_text(&digits);
        }
        let unit_too = self.verb.takes_units() && self.names.unit(&digits) != Found::Nothing;
        let incident = match self.names.incident(&digits, true) {
            Found::Exactly(incident) => self.around.board.incidents.get(&incident),
            Found::Likely(_) | Found::Several(_) | Found::Nothing => None,
        };
        match (
            unit_too,
            incident.is_some_and(|incident| incident.is_open()),
        ) {
            (true, false) => Ok(false),
            (true, true) => {
                self.guess(
                    format!("{digits} is an incident and also a unit; the incident is taken"),
                    format!("{digits} 既是警情号也是力量呼号，按警情理解"),
                );
                let incident = self.incident_of(&digits, at)?;
                self.add_incident(incident);
                self.at += 1;
                Ok(true)
            }
            (false, _) => {
                let incident = self.incident_of(&digits, at)?;
                self.add_incident(incident);
                self.at += 1;
                Ok(true)
            }
        }
    }

    /// Text may begin with a number, so a number in front of it is an incident's only if there is one.
    pub(super) fn numbered_before_text(&mut self, digits: &str) -> Read<bool> {
        if self.verb.takes_units() && self.names.unit(digits) != Found::Nothing {
            return Ok(false);
        }
        let selected = self.around.selected.incident;
        let incident = match (self.names.incident(digits, self.open_first()), selected) {
            (Found::Exactly(incident), _) => incident,
            (_, Some(_)) if !self.verb.takes_units() => return Ok(false),
            (_, _) => self.incident_of(digits, self.at)?,
        };
        if selected.is_some_and(|selected| selected != incident) && !self.verb.takes_units() {
            self.guess(
                format!("{digits} is taken as the incident, though another is selected (#{digits} says so for sure)"),
                format!("{digits} 按警情号理解，但当前选中的是另一警情（写作 #{digits} 则不再询问）"),
            );
        }
        self.add_incident(incident);
        self.at += 1;
        Ok(true)
    }

    /// Returns true if a number here is a level or minutes rather than an incident's.
    pub(super) fn is_measure(&self, digits: &str) -> bool {
        match self.verb {
            Verb::Rest => true,
            Verb::RaiseAlarm => {
                let level = digits.len() == 1 && digits != "0" && digits != "1";
                let named = !self.given.incidents.is_empty() || self.given.dot.is_some();
                let selected = self.around.selected.incident.is_some() && self.numbers_ahead() == 1;
                level && (named || selected)
            }
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Clear
            | Verb::CallOff
            | Verb::Resend
            | Verb::Swap
            | Verb::Reassign
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Grade
            | Verb::Relocate
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::TakeCall
            | Verb::Join
            | Verb::Status
            | Verb::Go
            | Verb::Available
            | Verb::OutOfService
            | Verb::OffDuty
            | Verb::MoveUp
            | Verb::Direct
            | Verb::Sign
            | Verb::Begin
            | Verb::Report
            | Verb::Verify
            | Verb::Return
            | Verb::Recall
            | Verb::Ask
            | Verb::Log
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => false,
        }
    }

    pub(super) fn numbers_ahead(&self) -> usize {
        let ahead = self.tokens[self.at..].iter();
        ahead
            .filter(|token| token.field.is_none() && token.number().is_some())
            .count()
    }

    /// Returns true for verbs that only an open incident makes sense with, so that last digits are looked for among these.
    pub(super) fn open_first(&self) -> bool {
        !matches!(
            self.verb,
            Verb::Reopen | Verb::Unmerge | Verb::Status | Verb::Go
        )
    }

    pub(super) fn add_incident(&mut self, incident: IncidentId) {
        if !self.given.incidents.contains(&incident) || self.verb.incidents_max() > 1 {
            self.given.incidents.push(incident);
        }
    }

    pub(super) fn incident_of(&mut self, digits: &str, at: usize) -> Read<IncidentId> {
        let span = self.span(at, 1);
        match self.names.incident(digits, self.open_first()) {
            Found::Exactly(incident) => Ok(incident),
            Found::Likely(incident) => {
                let found = self.around.board.incidents.get(&incident);
                let number = found.map_or(0, |found| found.number);
                self.guess(
                    format!("{digits} is taken for {number}, the only open incident that ends so"),
                    format!("{digits} 按 {number} 理解：唯一以此结尾的未结警情"),
                );
                Ok(incident)
            }
            Found::Several(numbers) => Err(Box::new(Misunderstanding {
                nearest: numbers.first().cloned(),
                ..*self.trouble(
                    Trouble::Several,
                    span,
                    Text::new(
                        format!(
                            "Several open incidents end in {digits}: {}.",
                            numbers.join(", ")
                        ),
                        format!("有多起未结警情以 {digits} 结尾：{}。", numbers.join("、")),
                    ),
                    Text::new("Type more of the number.", "请输入更多位数。"),
                )
            })),
            Found::Nothing => Err(self.trouble(
                Trouble::NoSuch,
                span,
                Text::new(
                    format!("There is no incident {}.", short(digits)),
                    format!("没有警情 {}。", short(digits)),
                ),
                Text::new("Check the number on the board.", "请在看板上核对警情号。"),
            )),
        }
    }

    pub(super) fn call_of(&self, digits: &str, at: usize) -> Read<CallId> {
        let number: Option<u64> = digits.parse().ok();
        let mut calls = self.around.board.calls.values();
        let found = calls.find(|call| Some(call.number) == number);
        found.map(|call| call.id).ok_or_else(|| {
            self.trouble(
                Trouble::NoSuch,
                self.span(at, 1),
                Text::new(
                    format!("There is no call {}.", short(digits)),
                    format!("没有接警单 {}。", short(digits)),
                ),
                Text::new("Check the number on the board.", "请在看板上核对单号。"),
            )
        })
    }

    pub(super) fn unit(&mut self) -> Read<bool> {
        if !self.verb.takes_units() {
            return Ok(false);
        }
        let Some((len, found)) = unit_at(&self.names, &self.tokens, self.at) else {
            return Ok(false);
        };
        // What stands before a unit says whether it comes or goes when one takes another's place.
        let before = self
            .at
            .checked_sub(1)
            .and_then(|before| between(&self.tokens[before].plain));
        let unit = self.unit_found(found, self.at, len)?;
        self.add_unit(unit, before.unwrap_or(Between::Nothing));
        self.at += len;
        Ok(true)
    }

    pub(super) fn add_unit(&mut self, unit: UnitId, before: Between) {
        if !self.given.units.iter().any(|(given, _)| *given == unit) {
            self.given.units.push((unit, before));
        }
    }

    pub(super) fn unit_found(
        &mut self,
        found: Found<UnitId>,
        at: usize,
        len: usize,
    ) -> Read<UnitId> {
        let span = self.span(at, len);
        let typed = short(&joined(&self.tokens[at..(at + len).min(self.tokens.len())]));
        match found {
            Found::Exactly(unit) => Ok(unit),
            Found::Likely(unit) => {
                let callsign = say::callsign(self.around, unit);
                self.guess(
                    format!("there is no {typed}; {callsign} is taken"),
                    format!("没有 {typed}，按 {callsign} 理解"),
                );
                Ok(unit)
            }
            Found::Several(names) => Err(Box::new(Misunderstanding {
                nearest: names.first().cloned(),
                ..*self.trouble(
                    Trouble::Several,
                    span,
                    Text::new(
                        format!("{typed} could be any of these: {}.", names.join(", ")),
                        format!("{typed} 可能是：{}。", names.join("、")),
                    ),
                    Text::new("Type the call sign in full.", "请输入完整呼号。"),
                )
            })),
            Found::Nothing => Err(self.trouble(
                Trouble::NoSuch,
                span,
                Text::new(
                    format!("There is no unit {typed}."),
                    format!("没有力量 {typed}。"),
                ),
                Text::new("Check the call sign on the board.", "请在看板上核对呼号。"),
            )),
        }
    }

    /// Priorities, levels and categories.
    pub(super) fn graded(&mut self) -> Read<bool> {
        if self.token().quoted {
            return Ok(false);
        }
        if matches!(self.verb, Verb::Grade | Verb::Open) {
            if let Some((len, priority)) = self.priority_at() {
                self.given.priority = Some(priority);
                self.at += len;
                return Ok(true);
            }
            if self.given.category.is_none() && self.given.place.is_none() {
                return self.category();
            }
        }
        if self.verb == Verb::RaiseAlarm
            && let Some((len, level)) = self.level_at()
        {
            self.given.level = Some(level);
            self.at += len;
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn priority_at(&self) -> Option<(usize, Priority)> {
        let token = self
            .tokens
            .get(self.at)
            .filter(|token| !token.quoted && token.field.is_none())?;
        if let Some(number) = token.plain.strip_prefix('p') {
            let number: u8 = number.parse().ok()?;
            return Some((1, Priority::try_from(number).ok()?));
        }
        let level = self.tokens.get(self.at + 1)?;
        let is = level.plain == "级" && level.glued;
        let number = is.then(|| digit(&token.plain)).flatten()?;
        Some((2, Priority::try_from(number).ok()?))
    }

    pub(super) fn level_at(&self) -> Option<(usize, u8)> {
        let token = self.token();
        if let Some(level) = ordinal(&token.plain) {
            return Some((1, level));
        }
        let level = self.tokens.get(self.at + 1)?;
        let is = level.plain == "级" && level.glued;
        Some((2, is.then(|| digit(&token.plain)).flatten()?))
    }

    pub(super) fn category(&mut self) -> Read<bool> {
        let at = self.at;
        let takes_any = self.around.response.categories.is_empty();
        if let (true, None, Ok(code)) =
            (takes_any, self.token().number(), self.token().plain.parse())
        {
            self.given.category = Some(code);
            self.at += 1;
            return Ok(true);
        }
        let most = together(&self.tokens, at);
        let spell = |len: usize| joined(&self.tokens[at..at + len]);
        let exact = (1..=most)
            .rev()
            .find_map(|len| match self.names.category(&spell(len)) {
                Found::Nothing => None,
                found @ (Found::Exactly(_) | Found::Likely(_) | Found::Several(_)) => {
                    Some((len, found))
                }
            });
        // Only a beginning that stands on its own: the words of a place begin like categories too.
        let begun = || {
            (1..=most.min(4)).rev().find_map(|len| {
                match self.names.category_starting(&spell(len)) {
                    Found::Nothing => None,
                    found @ (Found::Exactly(_) | Found::Likely(_) | Found::Several(_)) => {
                        Some((len, found))
                    }
                }
            })
        };
        let Some((len, found)) = exact.or_else(begun) else {
            return Ok(false);
        };
        let typed = spell(len);
        self.given.category = Some(self.category_found(found, &typed, at, len)?);
        self.at += len;
        Ok(true)
    }

    pub(super) fn category_found(
        &mut self,
        found: Found<Code>,
        typed: &str,
        at: usize,
        len: usize,
    ) -> Read<Code> {
        let span = self.span(at, len);
        match found {
            Found::Exactly(code) => Ok(code),
            Found::Likely(code) => {
                let label = say::category(self.around, &code);
                let typed = short(typed);
                self.guess(
                    format!("\"{typed}\" is taken for {}", label.en),
                    format!("“{typed}”按{}理解", label.zh),
                );
                Ok(code)
            }
            Found::Several(codes) => Err(Box::new(Misunderstanding {
                nearest: codes.first().cloned(),
                ..*self.trouble(
                    Trouble::Several,
                    span,
                    Text::new(
                        format!("Several categories begin like that: {}.", codes.join(", ")),
                        format!("有多个类别以此开头：{}。", codes.join("、")),
                    ),
                    Text::new("Type more of it.", "请再多输入一些。"),
                )
            })),
            Found::Nothing => {
                let nearest = self.names.category_like(typed);
                let typed = short(typed);
                let next = match &nearest {
                    Some(near) => Text::new(
                        format!("Did you mean \"{near}\"?"),
                        format!("是否指“{near}”？"),
                    ),
                    None => Text::new(
                        "Choose one of the response file.",
                        "请选用预案文件中的类别。",
                    ),
                };
                Err(Box::new(Misunderstanding {
                    nearest,
                    ..*self.trouble(
                        Trouble::NoSuch,
                        span,
                        Text::new(
                            format!("There is no category \"{typed}\"."),
                            format!("没有类别“{typed}”。"),
                        ),
                        next,
                    )
                }))
            }
        }
    }

    /// Bare numbers that count something: minutes of rest, an alarm level.
    pub(super) fn counted(&mut self) -> bool {
        let token = self.token();
        if token.quoted {
            return false;
        }
        if self.verb == Verb::Rest && self.given.minutes.is_none() {
            let digits = token
                .plain
                .trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = &token.plain[digits.len()..];
            if let (Ok(minutes), "" | "m" | "min" | "mins" | "minutes") = (digits.parse(), unit) {
                self.given.minutes = Some(minutes);
                self.at += 1;
                let spelled = |token: &Token| {
                    matches!(token.plain.as_str(), "分" | "钟" | "m" | "min" | "minutes")
                };
                while self.tokens.get(self.at).is_some_and(spelled) {
                    self.at += 1;
                }
                return true;
            }
        }
        if self.verb == Verb::RaiseAlarm && self.given.level.is_none() {
            let Some(level) = token.number().and_then(|number| u8::try_from(number).ok()) else {
                return false;
            };
            let digits = token.plain.clone();
            let named = !self.given.incidents.is_empty() || self.given.dot.is_some();
            if !named && matches!(self.names.incident(&digits, true), Found::Exactly(_)) {
                self.guess(
                    format!("{digits} is taken as the level for the selected incident, not as incident {digits}"),
                    format!("{digits} 按选中警情的等级理解，而非警情 {digits}"),
                );
            }
            self.given.level = Some(level);
            self.at += 1;
            return true;
        }
        false
    }

    pub(super) fn named(&mut self, field: Field) -> Read<()> {
        let at = self.at;
        let token = self.token().clone();
        let span = (token.from, token.to);
        self.at += 1;
        if token.typed.is_empty() {
            let what = Text::new(
                format!("{}: has no value.", field.name()),
                format!("{}：没有内容。", field.name_zh()),
            );
            let next = Text::new("Type it behind the colon.", "请在冒号后输入。");
            return Err(self.trouble(Trouble::Missing, span, what, next));
        }
        match field {
            Field::Incident | Field::Call => {
                let digits = token.plain.trim_start_matches('#').to_owned();
                if field == Field::Call {
                    self.given.call = Some(self.call_of(&digits, at)?);
                } else if digits == "." {
                    self.given.dot = Some(span);
                } else {
                    if self.given.incidents.len() >= self.verb.incidents_max() {
                        return Err(self.not_here(field, span));
                    }
                    let incident = self.incident_of(&digits, at)?;
                    self.add_incident(incident);
                }
            }
            Field::Unit | Field::By => {
                if !self.verb.takes_units() {
                    return Err(self.not_here(field, span));
                }
                let mut found = self.names.unit(&token.typed);
                if found == Found::Nothing {
                    found = self.names.unit_like(&token.typed);
                }
                let unit = self.unit_found(found, at, 1)?;
                let takes = field == Field::By;
                self.add_unit(
                    unit,
                    if takes {
                        Between::TakesPlace
                    } else {
                        Between::Nothing
                    },
                );
            }
            Field::At => self.given.place = Some((token.from, token.to, token.typed)),
            Field::Area => self.given.area = Some(token.typed),
            Field::Station => self.given.station = Some(self.station_named(&token.typed, at)?),
            Field::Category => {
                let mut found = self.names.category(&token.typed);
                if found == Found::Nothing {
                    found = self.names.category_starting(&token.typed);
                }
                let any = self.around.response.categories.is_empty();
                if let (true, Ok(code)) = (any, token.plain.parse()) {
                    // An empty response file takes any code.
                    found = Found::Exactly(code);
                }
                self.given.category = Some(self.category_found(found, &token.typed, at, 1)?);
            }
            Field::Priority | Field::Level | Field::Minutes => self.named_number(field, &token)?,
            Field::Directive | Field::Item | Field::Count | Field::Capability => {
                self.named_told(field, &token, at)?
            }
            Field::Reason | Field::Note => {
                self.given.text = Some((token.from, token.to, token.typed))
            }
        }
        if self.verb.has(field) {
            Ok(())
        } else {
            Err(self.not_here(field, span))
        }
    }

    pub(super) fn named_number(&mut self, field: Field, token: &Token) -> Read<()> {
        let digits: String = token
            .plain
            .chars()
            .filter(|c| !matches!(c, 'p' | '级'))
            .collect();
        let number = digit(&digits).map(u32::from).or(digits.parse().ok());
        let small = number.and_then(|number| u8::try_from(number).ok());
        let read = match field {
            Field::Priority => {
                self.given.priority = small.and_then(|number| Priority::try_from(number).ok());
                self.given.priority.is_some()
            }
            Field::Level => {
                self.given.level = small;
                small.is_some()
            }
            Field::Minutes => {
                self.given.minutes = number;
                number.is_some()
            }
            Field::Item => {
                self.given.item = number.filter(|number| *number > 0);
                self.given.item.is_some()
            }
            Field::Count => {
                self.given.count = number;
                number.is_some()
            }
            Field::Incident
            | Field::Directive
            | Field::Capability
            | Field::Call
            | Field::Unit
            | Field::By
            | Field::At
            | Field::Area
            | Field::Station
            | Field::Category
            | Field::Reason
            | Field::Note => true,
        };
        if read {
            return Ok(());
        }
        let typed = short(&token.typed);
        Err(self.trouble(
            Trouble::Word,
            (token.from, token.to),
            Text::new(
                format!("\"{typed}\" is no {}.", field.name()),
                format!("“{typed}”不是有效的{}。", field.name_zh()),
            ),
            Text::new("Write a number, such as 1.", "请填写数字，如 1。"),
        ))
    }

    pub(super) fn not_here(&self, field: Field, span: (usize, usize)) -> Box<Misunderstanding> {
        let form = self.verb.form();
        self.trouble(
            Trouble::Word,
            span,
            Text::new(
                format!("{}: means nothing here.", field.name()),
                format!("此处不能填写{}。", field.name_zh()),
            ),
            Text::new(format!("Write: {}", form.en), format!("格式：{}", form.zh)),
        )
    }
}

pub(super) fn number_after_hash(token: &Token) -> Option<&str> {
    let digits = token.plain.strip_prefix('#').filter(|_| !token.quoted)?;
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    all.then_some(digits)
}

/// Returns the unit that is named from a word on, and how many words name it; the longest name first.
pub(super) fn unit_at(
    names: &Names<'_>,
    tokens: &[Token],
    at: usize,
) -> Option<(usize, Found<UnitId>)> {
    let first = tokens.get(at)?;
    if first.field.is_some() {
        return None;
    }
    let alone = names.unit(&first.typed);
    for len in (1..=together(tokens, at)).rev() {
        let found = if len == 1 {
            alone.clone()
        } else {
            // "e 12" is one name; "e1 2" is a unit and a number, and "e1" must not be swallowed.
            let letters = !first.plain.chars().any(|c| c.is_ascii_digit());
            let spaced = tokens[at + 1..at + len].iter().any(|token| !token.glued);
            if spaced && (!letters || alone != Found::Nothing) {
                continue;
            }
            names.unit(&joined(&tokens[at..at + len]))
        };
        if found != Found::Nothing {
            return Some((len, found));
        }
    }
    None
}

/// Returns how many words from here on could be one name.
pub(super) fn together(tokens: &[Token], at: usize) -> usize {
    let plain_word = |token: &&Token| token.field.is_none() && !token.quoted;
    let rest = tokens[at..].iter().take(TOGETHER_MAX);
    rest.take_while(plain_word).count().max(1)
}

pub(super) fn joined(tokens: &[Token]) -> String {
    let mut name = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && !token.glued {
            name.push(' ');
        }
        name.push_str(&token.typed);
    }
    name
}

/// Returns a digit in either script.
pub(super) fn digit(word: &str) -> Option<u8> {
    let digits = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let chinese = digits.iter().position(|digit| *digit == word);
    match chinese {
        Some(at) => u8::try_from(at + 1).ok(),
        None => word.parse().ok().filter(|_| word.len() == 1),
    }
}

pub(super) fn ordinal(word: &str) -> Option<u8> {
    let words = [
        ("second", "2nd", 2),
        ("third", "3rd", 3),
        ("fourth", "4th", 4),
        ("fifth", "5th", 5),
    ];
    let found = words
        .iter()
        .find(|(long, short, _)| *long == word || *short == word);
    found.map(|(.., level)| *level)
}

/// Returns true for a word that is more like a call sign than like text: letters and digits together.
pub(super) fn looks_like_a_callsign(token: &Token) -> bool {
    let digits = token.plain.chars().any(|c| c.is_ascii_digit());
    let short = token.plain.chars().count() <= 8;
    let other = token.plain.chars().all(|c| c.is_alphanumeric() || c == '-');
    digits && short && other && !token.is_character()
}
