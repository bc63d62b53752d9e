//! Reading the words of lines about directives, support and one's own shift: a directive's number, for whom one is, what
//! support is asked for and how many. What follows is text as typed. Start at `Reader::told`; `orders` makes a meaning of it.

use super::find::{Found, reduced};
use super::orders;
use super::read::{Reader, short};
use super::recognise::{
    digit, joined, looks_like_a_callsign, number_after_hash, together, unit_at,
};
use super::tokens::{Token, is_cjk, plain};
use super::words::{Field, Verb, between};
use super::{Misunderstanding, Trouble};
use crate::basis::{Code, DirectiveId, Priority, Text};

type Read<T> = Result<T, Box<Misunderstanding>>;

/// Most words of a capability's name.
const NAME_WORDS_MAX: usize = 6;

impl Reader<'_> {
    /// Takes the next words of a line about a directive, support or one's own shift.
    pub(super) fn told(&mut self) -> Read<()> {
        let of_directive = self.verb.is_of_item() || self.verb == Verb::Recall;
        let known = if self.verb == Verb::Direct {
            self.addressee()?
        } else if self.verb == Verb::Ask {
            self.support()?
        } else if of_directive && self.verb.takes_text() {
            self.directive()?
        } else if of_directive {
            self.directive()? || self.unit()? || self.joins()
        } else {
            false
        };
        if known {
            return Ok(());
        }
        if self.verb.takes_text() {
            self.take_text(self.at);
            return Ok(());
        }
        if self.dot() {
            return Ok(());
        }
        Err(self.no_place_for(1))
    }

    fn joins(&mut self) -> bool {
        let token = self.token();
        let joins = !token.quoted && between(&token.plain).is_some();
        self.at += usize::from(joins);
        joins
    }

    /// For whom a directive is, and how urgent: until something else is said, which is its text.
    fn addressee(&mut self) -> Read<bool> {
        let none_yet = self.given.units.is_empty();
        if none_yet && self.dot() {
            return Ok(true);
        }
        let token = self.token().clone();
        if let (None, false, Some(priority)) =
            (self.given.priority, token.quoted, priority(&token.plain))
        {
            self.given.priority = Some(priority);
            self.at += 1;
            return Ok(true);
        }
        if self.unit()? {
            // What stands behind a colon is text, even if it begins with a call sign.
            let last = self.tokens[self.at - 1].to;
            let colon = last > 0 && self.line.get(last - 1).is_some_and(|c| plain(*c) == ':');
            if colon && self.at < self.tokens.len() {
                self.take_text(self.at);
            }
            return Ok(true);
        }
        if token.quoted {
            return Ok(false);
        }
        let begins = token.plain.chars().next();
        if looks_like_a_callsign(&token) && begins.is_some_and(|c| c.is_ascii_alphabetic()) {
            // A slip in a call sign must not become the first word of the text.
            self.unit_like()?;
            return Ok(true);
        }
        let and = matches!(
            token.plain.as_str(),
            "and" | "&" | "+" | "和" | "与" | "跟" | "及"
        );
        let joins = between(&token.plain).is_some() && (none_yet || and);
        let follows = unit_at(&self.names, &self.tokens, self.at + 1).is_some();
        self.at += usize::from(joins && follows);
        Ok(joins && follows)
    }

    /// `D12`, `指令12`, or `12` where a number can only be a directive's.
    fn directive(&mut self) -> Read<bool> {
        if self.given.directive.is_some() {
            return Ok(false);
        }
        let at = self.at;
        let before = said_before(&self.tokens, at);
        let Some(token) = self.tokens.get(at + before).filter(|token| !token.quoted) else {
            return Ok(false);
        };
        let (digits, sure) = match directive_digits(token) {
            Some(digits) => (digits.to_owned(), true),
            None if token.number().is_some() => {
                let said = before > 0 || self.word.ends_with("指令");
                (token.plain.clone(), said)
            }
            None => return Ok(false),
        };
        if !sure && self.verb.takes_text() {
            // Text may begin with a number.
            if orders::numbered(self.around.board, &digits).is_none() {
                return Ok(false);
            }
            self.guess(
                format!("{digits} is taken as the directive (D{digits} says so for sure)"),
                format!("{digits} 按指令号理解（写作 D{digits} 则不再询问）"),
            );
        }
        self.given.directive = Some(self.directive_of(&digits, at + before)?);
        self.at += before + 1;
        Ok(true)
    }

    /// A directive that is to be shown.
    pub(super) fn directive_to_see(&mut self) -> Read<bool> {
        if self.verb != Verb::Go || self.given.directive.is_some() {
            return Ok(false);
        }
        let at = self.at;
        let before = said_before(&self.tokens, at);
        let unit_too = unit_at(&self.names, &self.tokens, at).is_some();
        let Some(token) = self.tokens.get(at + before).filter(|token| !token.quoted) else {
            return Ok(false);
        };
        let digits = match directive_digits(token) {
            Some(digits) if before > 0 || !unit_too => digits.to_owned(),
            None if before > 0 => token.plain.clone(),
            Some(_) | None => return Ok(false),
        };
        self.given.directive = Some(self.directive_of(&digits, at + before)?);
        self.at += before + 1;
        Ok(true)
    }

    fn directive_of(&self, digits: &str, at: usize) -> Read<DirectiveId> {
        orders::numbered(self.around.board, digits).ok_or_else(|| {
            let digits = short(digits);
            self.trouble(
                Trouble::NoSuch,
                self.span(at, 1),
                Text::new(
                    format!("There is no directive {digits}."),
                    format!("没有指令 {digits}。"),
                ),
                Text::new(
                    "Check the number on the directives screen: go directives.",
                    "请在指令席核对指令号：看指令。",
                ),
            )
        })
    }

    /// What support is asked for, how many, and for which incident: until something else is said.
    fn support(&mut self) -> Read<bool> {
        if let Some(digits) = number_after_hash(self.token()).map(str::to_owned)
            && self.given.incidents.is_empty()
        {
            let incident = self.incident_of(&digits, self.at)?;
            self.add_incident(incident);
            self.at += 1;
            return Ok(true);
        }
        if self.given.count.is_none()
            && let Some((len, count, sure)) = self.count_at()
        {
            if !sure && self.given.capability.is_some() {
                self.guess(
                    format!("{count} is taken as how many (x{count} says so for sure)"),
                    format!("{count} 按数量理解（写作 {count}个 则不再询问）"),
                );
            }
            self.given.count = Some(count);
            self.at += len;
            return Ok(true);
        }
        let next = self.tokens.get(self.at + 1);
        let joins = !self.token().quoted && between(&self.token().plain).is_some();
        if joins && next.is_some_and(|next| number_after_hash(next).is_some()) {
            self.at += 1;
            return Ok(true);
        }
        if self.given.capability.is_some() {
            return Ok(false);
        }
        let most = together(&self.tokens, self.at).min(NAME_WORDS_MAX);
        let spell = |len: usize| joined(&self.tokens[self.at..self.at + len]);
        let found = (1..=most).rev().find_map(|len| {
            let found = self.capability(&spell(len));
            (found != Found::Nothing).then_some((len, found))
        });
        if found.is_none() && self.joins() {
            return Ok(true);
        }
        let (len, found) = found.unwrap_or((1, Found::Nothing));
        let typed = joined(&self.tokens[self.at..self.at + len]);
        self.given.capability = Some(self.capability_found(found, &typed, self.at, len)?);
        self.at += len;
        Ok(true)
    }

    /// How many, in how many words, and whether it can be nothing else.
    fn count_at(&self) -> Option<(usize, u32, bool)> {
        let token = self.token();
        if token.quoted || token.field.is_some() {
            return None;
        }
        let times = |c: char| matches!(c, 'x' | '×');
        let stripped = token.plain.strip_prefix(times);
        if let Some(count) = stripped.or(token.plain.strip_suffix(times)) {
            return Some((1, count.parse().ok()?, true));
        }
        let next = self.tokens.get(self.at + 1).filter(|next| next.glued);
        let counts = next.is_some_and(|next| {
            let measures = ["个", "架", "台", "套", "只", "艘", "辆", "条"];
            measures.contains(&next.plain.as_str())
        });
        if counts {
            let count = match token.plain.as_str() {
                "两" => Some(2),
                "十" => Some(10),
                other => digit(other).map(u32::from).or(other.parse().ok()),
            };
            return Some((2, count?, true));
        }
        // "3人被困" is text.
        let text = next.is_some_and(|next| next.plain.chars().next().is_some_and(is_cjk));
        let count = token.number().and_then(|number| u32::try_from(number).ok());
        Some((
            1,
            count.filter(|_| !text || self.given.capability.is_none())?,
            false,
        ))
    }

    /// Finds a capability of the catalogue by its code or name, or by the beginning of one.
    fn capability(&self, typed: &str) -> Found<Code> {
        let name = reduced(typed);
        let all = || orders::capabilities(self.around.board);
        let exact =
            all().find(|one| orders::names_of(&one.details).any(|one| reduced(one) == name));
        if let Some(one) = exact {
            return Found::Exactly(one.details.code.clone());
        }
        if name.chars().count() < 2 {
            return Found::Nothing;
        }
        let mut begun: Vec<&Code> = all()
            .filter(|one| orders::names_of(&one.details).any(|one| reduced(one).starts_with(&name)))
            .map(|one| &one.details.code)
            .collect();
        begun.sort();
        begun.dedup();
        match begun.as_slice() {
            [] => Found::Nothing,
            [one] => Found::Likely((*one).clone()),
            several => Found::Several(several.iter().map(|code| code.to_string()).collect()),
        }
    }

    fn capability_found(
        &mut self,
        found: Found<Code>,
        typed: &str,
        at: usize,
        len: usize,
    ) -> Read<Code> {
        let (span, typed) = (self.span(at, len), short(typed));
        let (trouble, what, names) = match found {
            Found::Exactly(code) => return Ok(code),
            Found::Likely(code) => {
                self.guess(
                    format!("\"{typed}\" is taken for {code}"),
                    format!("“{typed}”按 {code} 理解"),
                );
                return Ok(code);
            }
            Found::Several(names) => (
                Trouble::Several,
                Text::new(
                    format!("Several capabilities begin like \"{typed}\"."),
                    format!("有多项能力以“{typed}”开头。"),
                ),
                names,
            ),
            Found::Nothing => (
                Trouble::NoSuch,
                Text::new(
                    format!("There is no capability \"{typed}\" in the catalogue."),
                    format!("支撑目录中没有“{typed}”。"),
                ),
                orders::codes(self.around.board),
            ),
        };
        let next = match names.is_empty() {
            true => Text::new(
                "Enter what the agency has on the support screen: go support.",
                "请先在支撑席登记本单位能力：看支撑。",
            ),
            false => Text::new(
                format!("Write one of these: {}.", names.join(", ")),
                format!("请填写其中之一：{}。", names.join("、")),
            ),
        };
        Err(self.trouble(trouble, span, what, next))
    }

    /// Takes the value of a field that only these lines have.
    pub(super) fn named_told(&mut self, field: Field, token: &Token, at: usize) -> Read<()> {
        if field == Field::Directive {
            let digits = directive_digits(token).unwrap_or(&token.plain).to_owned();
            self.given.directive = Some(self.directive_of(&digits, at)?);
            return Ok(());
        }
        if field == Field::Capability {
            let found = self.capability(&token.typed);
            let code = self.capability_found(found, &token.typed, at, 1)?;
            self.given.capability = Some(code);
            return Ok(());
        }
        self.named_number(field, token)
    }
}

/// Returns the digits of a word such as `D12`.
pub(super) fn directive_digits(token: &Token) -> Option<&str> {
    let digits = token.plain.strip_prefix('d').filter(|_| !token.quoted)?;
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    all.then_some(digits)
}

/// Returns how many words before a number say that it is a directive's.
fn said_before(tokens: &[Token], at: usize) -> usize {
    let is = |ahead: usize, word: &str| {
        let token = tokens.get(at + ahead);
        token.is_some_and(|token| !token.quoted && token.field.is_none() && token.plain == word)
    };
    let words = if is(0, "指") && is(1, "令") {
        2
    } else {
        usize::from(is(0, "directive"))
    };
    let numbered = |token: &Token| token.number().is_some() || directive_digits(token).is_some();
    let follows = tokens.get(at + words).is_some_and(numbered);
    if follows { words } else { 0 }
}

fn priority(word: &str) -> Option<Priority> {
    let number: u8 = word.strip_prefix('p')?.parse().ok()?;
    Priority::try_from(number).ok()
}
