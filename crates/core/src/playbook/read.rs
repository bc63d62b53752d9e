//! Reads a playbook file: TOML, from text and never from a path, checked so that whoever wrote it is told the line, the
//! column, what is wrong there and what may stand there. Start at [`Playbook::parse`].

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::{How, Playbook, Step, Task, To, Trigger, Wording};
use crate::basis::{Code, Line, Priority, Prose, Text, Unreadable};
use crate::limits;
use crate::record::operation::Handling;
use crate::record::person::Seat;
use crate::timer::AlarmCode;

/// What is wrong with a playbook file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}{}", hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
pub struct PlaybookError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What may stand there, or what to do.
    pub hint: Option<String>,
}

/// How long a place is left alone when a file does not say.
const AGAIN_AFTER_S: u32 = 3_600;
/// How near that is when a file does not say.
const AGAIN_WITHIN_M: u32 = 500;

type Word = Spanned<String>;
type Number = Spanned<u32>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlaybook {
    id: Word,
    en: Word,
    zh: Word,
    #[serde(default = "yes")]
    on: bool,
    wording: Option<Word>,
    again_after_s: Option<Number>,
    again_within_m: Option<Number>,
    when: Spanned<RawWhen>,
    step: Vec<Spanned<RawStep>>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWhen {
    incident_opened: Option<RawOpened>,
    alarm_unanswered: Option<RawAlarm>,
    calls_near: Option<RawCalls>,
    support_unmet: Option<RawUnmet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOpened {
    categories: Spanned<Vec<Word>>,
    #[serde(default)]
    priorities: Vec<Spanned<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlarm {
    alarm: Word,
    after_s: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalls {
    count: Number,
    radius_m: Number,
    within_s: Number,
    category: Option<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnmet {
    after_s: Number,
    capability: Option<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    #[serde(rename = "do")]
    how: Word,
    open_operation: Option<RawOperation>,
    invite: Option<RawInvite>,
    directive: Option<RawDirective>,
    ask_support: Option<RawSupport>,
    tell: Option<RawTell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawText {
    en: Word,
    zh: Word,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOperation {
    name: RawText,
    purpose: RawText,
    legal_basis: RawText,
    handling: Word,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInvite {
    agencies: Spanned<Vec<Word>>,
    role: RawText,
    #[serde(default)]
    share_incident: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDirective {
    template: Option<Word>,
    kind: Option<Word>,
    priority: Option<Spanned<u8>>,
    subject: RawText,
    text: Option<RawText>,
    to: Spanned<Vec<Word>>,
    close_within_s: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSupport {
    capability: Word,
    quantity: Number,
    purpose: RawText,
    priority: Spanned<u8>,
    for_s: Number,
    #[serde(default)]
    across: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTell {
    seats: Spanned<Vec<Word>>,
    subject: RawText,
    text: RawText,
}

impl Playbook {
    /// Reads and checks a playbook file.
    pub fn parse(text: &str) -> Result<Playbook, PlaybookError> {
        let reader = Reader { text };
        if text.len() > limits::PLAYBOOK_BYTES_MAX {
            let max = limits::PLAYBOOK_BYTES_MAX;
            let problem = format!("the file has {} bytes; at most {max} are taken", text.len());
            return Err(reader.error(0, problem, "say it in fewer words or in two playbooks"));
        }
        let raw: RawPlaybook = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.plain(at, error.message().to_owned())
        })?;
        let digest: String = Sha256::digest(text.as_bytes())[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let when = reader.when(raw.when)?;
        let least = match &when {
            Trigger::CallsNear { radius_m, .. } => *radius_m,
            Trigger::IncidentOpened { .. }
            | Trigger::AlarmUnanswered { .. }
            | Trigger::SupportUnmet { .. } => 0,
        };
        let again_within_m = match &raw.again_within_m {
            Some(within) => reader.number(within, least, limits::PLAYBOOK_RADIUS_M_MAX)?,
            None => AGAIN_WITHIN_M.max(least),
        };
        let after = raw.again_after_s.as_ref();
        let again_after_s = after.map(|after| reader.number(after, 60, limits::PLAYBOOK_S_MAX));
        let wording = raw.wording.as_ref();
        let wording =
            wording.map(|word| reader.one_of(word, "language", &Wording::ALL, |one| one.as_str()));
        Ok(Playbook {
            id: reader.code(&raw.id)?,
            label: Text::new(
                reader.line(&raw.en)?.as_str(),
                reader.line(&raw.zh)?.as_str(),
            ),
            on: raw.on,
            wording: wording.transpose()?.unwrap_or_default(),
            when,
            again_after_s: again_after_s.transpose()?.unwrap_or(AGAIN_AFTER_S),
            again_within_m,
            steps: reader.steps(raw.step)?,
            digest: reader.line(&Spanned::new(0..0, digest))?,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn plain(&self, at: usize, problem: String) -> PlaybookError {
        let before = self.text.get(..at).unwrap_or(self.text);
        PlaybookError {
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            problem,
            hint: None,
        }
    }

    fn error(&self, at: usize, problem: String, hint: &str) -> PlaybookError {
        PlaybookError {
            hint: Some(hint.to_owned()),
            ..self.plain(at, problem)
        }
    }

    fn read<T: FromStr<Err = Unreadable>>(&self, word: &Word) -> Result<T, PlaybookError> {
        word.get_ref().parse().map_err(|error| {
            let problem = format!("\"{}\" cannot be taken: {error}", word.get_ref());
            self.plain(word.span().start, problem)
        })
    }

    fn code(&self, word: &Word) -> Result<Code, PlaybookError> {
        self.read(word)
    }

    fn line(&self, word: &Word) -> Result<Line, PlaybookError> {
        self.read(word)
    }

    fn number(&self, number: &Number, least: u32, most: u32) -> Result<u32, PlaybookError> {
        let found = *number.get_ref();
        if (least..=most).contains(&found) {
            return Ok(found);
        }
        let problem = format!("{found} is out of bounds");
        let hint = format!("{least} to {most} are taken");
        Err(self.error(number.span().start, problem, &hint))
    }

    fn priority(&self, raw: &Spanned<u8>) -> Result<Priority, PlaybookError> {
        let read = Priority::try_from(*raw.get_ref());
        read.map_err(|error| self.plain(raw.span().start, error.to_string()))
    }

    fn one_of<T: Copy>(
        &self,
        word: &Word,
        what: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, PlaybookError> {
        let found = all
            .iter()
            .find(|one| name(**one) == word.get_ref().as_str());
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
            let problem = format!("\"{}\" is no {what}", word.get_ref());
            self.error(word.span().start, problem, &one_of(&names))
        })
    }

    /// Reads a list that must name something, and not too much.
    fn list<T>(
        &self,
        raw: &Spanned<Vec<Word>>,
        read: impl Fn(&Word) -> Result<T, PlaybookError>,
    ) -> Result<Vec<T>, PlaybookError> {
        let (at, max) = (raw.span().start, limits::PLAYBOOK_LIST_MAX);
        if raw.get_ref().is_empty() {
            return Err(self.error(at, "the list is empty".to_owned(), "name at least one"));
        }
        if raw.get_ref().len() > max {
            return Err(self.plain(at, format!("the list names more than {max}")));
        }
        raw.get_ref().iter().map(read).collect()
    }

    /// Reads one line in both languages.
    fn words(&self, raw: &RawText) -> Result<Text, PlaybookError> {
        let (en, zh) = (self.line(&raw.en)?, self.line(&raw.zh)?);
        self.places(&raw.en, &["number"])?;
        self.places(&raw.zh, &["number"])?;
        Ok(Text::new(en.as_str(), zh.as_str()))
    }

    /// Reads a text in both languages.
    fn prose(&self, raw: &RawText) -> Result<Text, PlaybookError> {
        let (en, zh): (Prose, Prose) = (self.read(&raw.en)?, self.read(&raw.zh)?);
        self.places(&raw.en, &["number", "place"])?;
        self.places(&raw.zh, &["number", "place"])?;
        Ok(Text::new(en.as_str(), zh.as_str()))
    }

    /// Refuses what stands in braces and is not filled in.
    fn places(&self, word: &Word, known: &[&str]) -> Result<(), PlaybookError> {
        for part in word.get_ref().split('{').skip(1) {
            let (name, _) = part.split_once('}').unwrap_or((part, ""));
            if !known.contains(&name) {
                let problem = format!("nothing is filled in for \"{{{name}}}\" here");
                let known: Vec<String> = known.iter().map(|one| format!("{{{one}}}")).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(self.error(word.span().start, problem, &one_of(&known)));
            }
        }
        Ok(())
    }

    fn when(&self, raw: Spanned<RawWhen>) -> Result<Trigger, PlaybookError> {
        let at = raw.span().start;
        let raw = raw.into_inner();
        let seconds = |number: &Number| self.number(number, 1, limits::PLAYBOOK_S_MAX);
        let mut all = Vec::new();
        if let Some(raw) = raw.incident_opened {
            let categories = self.list(&raw.categories, |word| self.code(word))?;
            let priorities: Result<BTreeSet<Priority>, PlaybookError> = raw
                .priorities
                .iter()
                .map(|one| self.priority(one))
                .collect();
            all.push(Trigger::IncidentOpened {
                categories: categories.into_iter().collect(),
                priorities: priorities?,
            });
        }
        if let Some(raw) = raw.alarm_unanswered {
            all.push(Trigger::AlarmUnanswered {
                code: self.one_of(&raw.alarm, "alarm", &AlarmCode::ALL, |one| one.as_str())?,
                after_s: seconds(&raw.after_s)?,
            });
        }
        if let Some(raw) = raw.calls_near {
            let category = raw.category.as_ref();
            all.push(Trigger::CallsNear {
                count: self.number(&raw.count, 2, limits::PLAYBOOK_CALLS_MAX)?,
                radius_m: self.number(&raw.radius_m, 10, limits::PLAYBOOK_RADIUS_M_MAX)?,
                within_s: seconds(&raw.within_s)?,
                category: category.map(|word| self.code(word)).transpose()?,
            });
        }
        if let Some(raw) = raw.support_unmet {
            let capability = raw.capability.as_ref();
            all.push(Trigger::SupportUnmet {
                after_s: seconds(&raw.after_s)?,
                capability: capability.map(|word| self.code(word)).transpose()?,
            });
        }
        let problem = match (all.pop(), all.len()) {
            (Some(only), 0) => return Ok(only),
            (Some(_), _) => "a playbook has one condition, and there are more",
            (None, _) => "nothing is said of when it fires",
        };
        let names = [
            "incident_opened",
            "alarm_unanswered",
            "calls_near",
            "support_unmet",
        ];
        Err(self.error(at, problem.to_owned(), &one_of(&names)))
    }

    fn steps(&self, raw: Vec<Spanned<RawStep>>) -> Result<Vec<Step>, PlaybookError> {
        let max = limits::PLAYBOOK_STEPS_MAX;
        if raw.is_empty() {
            return Err(self.error(0, "there is no step".to_owned(), "write a [[step]]"));
        }
        let (mut steps, mut opens): (Vec<Step>, Option<How>) = (Vec::new(), None);
        for one in raw {
            let at = one.span().start;
            if steps.len() >= max {
                return Err(self.plain(at, format!("there are more than {max} steps")));
            }
            let step = self.step(one)?;
            if matches!(step.task, Task::OpenOperation { .. }) {
                if opens.is_some() {
                    let problem = "an earlier step opens an operation already".to_owned();
                    return Err(self.error(at, problem, "a playbook opens one at most"));
                }
                opens = Some(step.how);
            }
            if step.task.needs_operation() {
                let problem = "this needs an operation".to_owned();
                let Some(opened) = opens else {
                    let hint = "put a step before it that does open_operation";
                    return Err(self.error(at, problem, hint));
                };
                if step.how == How::CarryOut && opened == How::Propose {
                    let problem = "the operation that this needs is only proposed".to_owned();
                    let hint = "propose this too, or carry out open_operation";
                    return Err(self.error(at, problem, hint));
                }
            }
            steps.push(step);
        }
        Ok(steps)
    }

    fn step(&self, raw: Spanned<RawStep>) -> Result<Step, PlaybookError> {
        let at = raw.span().start;
        let raw = raw.into_inner();
        let how = self.one_of(&raw.how, "way to do it", &How::ALL, |one| one.as_str())?;
        let mut all = Vec::new();
        if let Some(raw) = raw.open_operation {
            let handling = &Handling::ALL;
            all.push(Task::OpenOperation {
                name: self.words(&raw.name)?,
                purpose: self.words(&raw.purpose)?,
                legal_basis: self.words(&raw.legal_basis)?,
                handling: self.one_of(&raw.handling, "handling", handling, |one| one.as_str())?,
            });
        }
        if let Some(raw) = raw.invite {
            all.push(Task::Invite {
                agencies: self.list(&raw.agencies, |word| self.line(word))?,
                role: self.words(&raw.role)?,
                share_incident: raw.share_incident,
            });
        }
        if let Some(raw) = raw.directive {
            all.push(self.directive(at, &raw)?);
        }
        if let Some(raw) = raw.ask_support {
            let most = limits::SUPPORT_QUANTITY_MAX;
            all.push(Task::AskSupport {
                capability: self.code(&raw.capability)?,
                quantity: self.number(&raw.quantity, 1, most)?,
                purpose: self.words(&raw.purpose)?,
                priority: self.priority(&raw.priority)?,
                for_s: self.number(&raw.for_s, 60, limits::SUPPORT_AHEAD_S_MAX)?,
                across: raw.across,
            });
        }
        if let Some(raw) = raw.tell {
            let seat = |word: &Word| self.seat(word, word.get_ref());
            all.push(Task::Tell {
                seats: self.list(&raw.seats, seat)?.into_iter().collect(),
                subject: self.words(&raw.subject)?,
                text: self.prose(&raw.text)?,
            });
        }
        let problem = match (all.pop(), all.len()) {
            (Some(task), 0) => return Ok(Step { how, task }),
            (Some(_), _) => "a step does one thing, and here are more",
            (None, _) => "nothing is said of what this step does",
        };
        let names = [
            "open_operation",
            "invite",
            "directive",
            "ask_support",
            "tell",
        ];
        Err(self.error(at, problem.to_owned(), &one_of(&names)))
    }

    fn directive(&self, at: usize, raw: &RawDirective) -> Result<Task, PlaybookError> {
        let whole = raw.kind.is_some() && raw.priority.is_some() && raw.text.is_some();
        if raw.template.is_none() && !whole {
            let problem = "a directive without a template needs kind, priority and text";
            let hint = "name a template of the response file, or write all three";
            return Err(self.error(at, problem.to_owned(), hint));
        }
        let code = |word: &Option<Word>| word.as_ref().map(|word| self.code(word)).transpose();
        let priority = raw.priority.as_ref().map(|one| self.priority(one));
        let most = limits::DIRECTIVE_AHEAD_S_MAX;
        Ok(Task::Directive {
            template: code(&raw.template)?,
            kind: code(&raw.kind)?,
            priority: priority.transpose()?,
            subject: self.words(&raw.subject)?,
            text: raw.text.as_ref().map(|text| self.prose(text)).transpose()?,
            to: self.list(&raw.to, |word| self.to(word))?,
            close_within_s: self.number(&raw.close_within_s, 60, most)?,
        })
    }

    fn seat(&self, word: &Word, name: &str) -> Result<Seat, PlaybookError> {
        let tellable: Vec<Seat> = Seat::ALL
            .into_iter()
            .filter(|seat| {
                matches!(
                    seat,
                    Seat::CallTaker
                        | Seat::Dispatcher
                        | Seat::DutyOfficer
                        | Seat::Crew
                        | Seat::Analyst
                )
            })
            .collect();
        let name = Spanned::new(word.span(), name.to_owned());
        self.one_of(&name, "seat that can be told", &tellable, Seat::as_str)
    }

    fn to(&self, word: &Word) -> Result<To, PlaybookError> {
        let (kind, name) = match word.get_ref().split_once(':') {
            Some((kind, name)) => (kind.trim(), Some(name)),
            None => (word.get_ref().trim(), None),
        };
        let line = |name: &str| self.line(&Spanned::new(word.span(), name.to_owned()));
        match (kind, name) {
            ("everyone", None) => Ok(To::Everyone),
            ("assigned", None) => Ok(To::Assigned),
            ("seat", Some(name)) => self.seat(word, name.trim()).map(To::Seat),
            ("unit", Some(name)) => line(name).map(To::Unit),
            ("station", Some(name)) => line(name).map(To::Station),
            ("agency", Some(name)) => line(name).map(To::Agency),
            (_, _) => {
                let problem = format!("\"{}\" is no addressee", word.get_ref());
                let hint = "seat:NAME, unit:CALL SIGN, station:CODE, agency:NAME, assigned or everyone is taken";
                Err(self.error(word.span().start, problem, hint))
            }
        }
    }
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {} is taken", quoted.join(", "))
}
