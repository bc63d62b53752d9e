//! The response file: an agency's categories, kinds of unit and capabilities in both languages, and its
//! response plans: how many of what are wanted for which category and priority, alarm by alarm. Its phrases and
//! questions are those of [`triage`](crate::triage), read in `plan/questions.rs`.
//!
//! It is data in TOML, read here from text (never from a path) and checked so that whoever wrote it is
//! told the line, what is wrong and what may have been meant. A second alarm adds to the first.

mod directives;
mod questions;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::basis::{Answer, Code, Priority, Text};
use crate::limits;
use crate::record::unit::Unit;
use crate::refusal::Refusal;
use crate::triage::{CategoryRules, Rules};
use directives::RawDirectives;
pub use directives::{DirectiveKind, DirectiveRules, Template};
use questions::{RawQuestion, RawTriage};

/// A response file that was read and checked. An empty one knows no plan and takes any code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFile {
    /// Labels of the categories.
    pub categories: BTreeMap<Code, Text>,
    /// Labels of the kinds of unit.
    pub kinds: BTreeMap<Code, Text>,
    /// The kinds whose units are teams of volunteers: they go on patrol rounds and are sent to no incident.
    pub volunteer_kinds: BTreeSet<Code>,
    /// Labels of the capabilities.
    pub capabilities: BTreeMap<Code, Text>,
    /// The plans, in the order of the file.
    pub plans: Vec<Plan>,
    /// What speaks for a category, what is asked, and how urgent that makes it.
    pub triage: Rules,
    /// Kinds of directive, and what is expected of each.
    pub directives: DirectiveRules,
    /// The first 16 hexadecimal digits of the SHA-256 of the text, to tell which version was used.
    pub version: String,
}

/// What is wanted for a category and some priorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The category; none for the plan that serves all that have no other.
    pub category: Option<Code>,
    /// The priorities; all when empty.
    pub priorities: BTreeSet<Priority>,
    /// What each alarm adds, the first alarm first.
    pub alarms: Vec<Vec<Need>>,
}

/// So many of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// How many.
    pub count: u32,
    /// Of what.
    pub of: NeedOf,
    /// Within how many seconds of travel, if that was promised.
    pub within_s: Option<u32>,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedOf {
    /// A unit of any of these kinds.
    Kinds(BTreeSet<Code>),
    /// A unit that can do this.
    Capability(Code),
    /// Any unit, when no plan says more.
    Anything,
}

impl NeedOf {
    /// Returns true if a unit is or can do what is wanted.
    pub fn is_met_by(&self, unit: &Unit) -> bool {
        match self {
            NeedOf::Kinds(kinds) => kinds.contains(&unit.details.kind),
            NeedOf::Capability(capability) => unit.details.capabilities.contains(capability),
            NeedOf::Anything => true,
        }
    }
}

/// What is wrong with a response file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}{}", hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
pub struct ResponseFileError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    categories: BTreeMap<Spanned<String>, RawCategory>,
    #[serde(default)]
    kinds: BTreeMap<Spanned<String>, RawKind>,
    #[serde(default)]
    capabilities: BTreeMap<Spanned<String>, RawLabel>,
    #[serde(default)]
    plan: Vec<RawPlan>,
    #[serde(default)]
    question: Vec<RawQuestion>,
    triage: Option<RawTriage>,
    #[serde(default)]
    directives: RawDirectives,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategory {
    en: String,
    zh: String,
    #[serde(default)]
    words: Vec<Spanned<String>>,
    priority: Option<Spanned<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    en: String,
    zh: String,
    #[serde(default)]
    volunteers: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLabel {
    en: String,
    zh: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    category: Spanned<String>,
    #[serde(default)]
    priorities: Vec<Spanned<u8>>,
    alarm: Spanned<Vec<RawAlarm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlarm {
    needs: Vec<Spanned<RawNeed>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNeed {
    count: Option<u32>,
    kind: Option<Spanned<String>>,
    kinds: Option<Vec<Spanned<String>>>,
    capability: Option<Spanned<String>>,
    within_s: Option<u32>,
}

impl ResponseFile {
    /// Reads and checks a response file.
    pub fn parse(text: &str) -> Result<ResponseFile, ResponseFileError> {
        let reader = Reader { text };
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.error(at, error.message().to_owned(), None)
        })?;
        let (categories, rules) = reader.categories(raw.categories)?;
        let triage = reader.triage(&categories, rules, raw.question, raw.triage)?;
        let (kinds, volunteer_kinds) = reader.kinds(raw.kinds)?;
        let directives = reader.directives(raw.directives)?;
        let mut file = ResponseFile {
            directives,
            categories,
            triage,
            kinds,
            volunteer_kinds,
            capabilities: reader.labels(raw.capabilities)?,
            plans: Vec::new(),
            version: Sha256::digest(text.as_bytes())[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        let mut seen = BTreeMap::new();
        for raw in raw.plan {
            let at = raw.category.span().start;
            let plan = reader.plan(&file, raw)?;
            let priorities = if plan.priorities.is_empty() {
                Priority::ALL.into()
            } else {
                plan.priorities.clone()
            };
            for priority in priorities {
                // A plan that names its priorities goes before one for all of them, so the two may stand together.
                if seen
                    .insert(
                        (plan.category.clone(), plan.priorities.is_empty(), priority),
                        at,
                    )
                    .is_some()
                {
                    let problem = format!(
                        "there are two plans for this category and priority {}",
                        u8::from(priority)
                    );
                    return Err(reader.error(at, problem, Some("join them into one".to_owned())));
                }
            }
            file.plans.push(plan);
            if file.plans.len() > limits::PLANS_MAX {
                return Err(reader.error(
                    at,
                    format!("there are more than {} plans", limits::PLANS_MAX),
                    None,
                ));
            }
        }
        Ok(file)
    }

    /// Returns the plan for a category and priority: the most particular one, the `*` plan last.
    pub fn plan_for(&self, category: &Code, priority: Priority) -> Option<&Plan> {
        let fits = |plan: &&Plan| plan.priorities.is_empty() || plan.priorities.contains(&priority);
        let rank = |plan: &&Plan| (plan.category.is_none(), plan.priorities.is_empty());
        self.plans
            .iter()
            .filter(|plan| plan.category.as_ref().is_none_or(|own| own == category))
            .filter(fits)
            .min_by_key(rank)
    }

    /// Refuses a category that the file does not know.
    pub fn check_category(&self, category: Option<&Code>) -> Result<(), Refusal> {
        category.map_or(Ok(()), |code| {
            known(&self.categories, code, "category", "类别")
        })
    }

    /// Returns true if units of a kind are teams of volunteers.
    pub fn is_volunteer(&self, kind: &Code) -> bool {
        self.volunteer_kinds.contains(kind)
    }

    /// Refuses a kind of unit that the file does not know.
    pub fn check_kind(&self, kind: &Code) -> Result<(), Refusal> {
        known(&self.kinds, kind, "kind of unit", "力量类型")
    }

    /// Refuses a capability that the file does not know.
    pub fn check_capability(&self, capability: &Code) -> Result<(), Refusal> {
        known(&self.capabilities, capability, "capability", "能力")
    }

    /// Refuses answers that the file's questions do not take, or too many of them.
    pub fn check_answers(&self, answers: &[Answer]) -> Result<(), Refusal> {
        if answers.len() > limits::ANSWERS_PER_CALL_MAX {
            return Err(Refusal::Limit {
                what: Text::new("answers on a call", "每条报警的回答"),
                max: limits::ANSWERS_PER_CALL_MAX,
            });
        }
        let questions = &self.triage.questions;
        for given in answers.iter().filter(|_| !questions.is_empty()) {
            let unknown = |what, code: &Code| Refusal::UnknownCode {
                what,
                code: code.to_string(),
            };
            let question = questions.iter().find(|known| known.id == given.question);
            let Some(question) = question else {
                return Err(unknown(Text::new("question", "问题"), &given.question));
            };
            if question.choice(&given.answer).is_none() {
                let what = Text::new(
                    format!("answer to the question \"{}\" named", question.id),
                    format!("问题“{}”的回答", question.id),
                );
                return Err(unknown(what, &given.answer));
            }
        }
        Ok(())
    }

    /// Returns what a category is called.
    pub fn category_label(&self, code: &Code) -> Text {
        let label = self.categories.get(code).cloned();
        label.unwrap_or_else(|| Text::new(code.as_str(), code.as_str()))
    }

    /// Returns what a need is called.
    pub fn need_label(&self, of: &NeedOf) -> Text {
        let label = |map: &BTreeMap<Code, Text>, code: &Code| {
            map.get(code)
                .cloned()
                .unwrap_or_else(|| Text::new(code.as_str(), code.as_str()))
        };
        match of {
            NeedOf::Kinds(kinds) => {
                let labels: Vec<Text> = kinds.iter().map(|kind| label(&self.kinds, kind)).collect();
                let join = |pick: fn(&Text) -> &str| {
                    labels.iter().map(pick).collect::<Vec<_>>().join(" / ")
                };
                Text::new(join(|text| &text.en), join(|text| &text.zh))
            }
            NeedOf::Capability(capability) => label(&self.capabilities, capability),
            NeedOf::Anything => Text::new("unit of any kind", "任意力量"),
        }
    }
}

impl Plan {
    /// Returns what is wanted in all up to an alarm level; levels past the last add nothing.
    pub fn needs_up_to(&self, alarm_level: u8) -> Vec<Need> {
        self.alarms
            .iter()
            .take(usize::from(alarm_level))
            .flatten()
            .cloned()
            .collect()
    }
}

fn known(map: &BTreeMap<Code, Text>, code: &Code, en: &str, zh: &str) -> Result<(), Refusal> {
    if map.is_empty() || map.contains_key(code) {
        return Ok(());
    }
    Err(Refusal::UnknownCode {
        what: Text::new(en, zh),
        code: code.to_string(),
    })
}

/// What codes are called.
type Labels = BTreeMap<Code, Text>;

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, at: usize, problem: String, hint: Option<String>) -> ResponseFileError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        ResponseFileError {
            line,
            column,
            problem,
            hint,
        }
    }

    fn categories(
        &self,
        raw: BTreeMap<Spanned<String>, RawCategory>,
    ) -> Result<(Labels, BTreeMap<Code, CategoryRules>), ResponseFileError> {
        let mut labels = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (name, raw) in raw {
            let RawCategory {
                en,
                zh,
                words,
                priority,
            } = raw;
            let rules = self.category_rules(words, priority)?;
            let label = BTreeMap::from([(name, RawLabel { en, zh })]);
            for (code, label) in self.labels(label)? {
                if rules != CategoryRules::default() {
                    all.insert(code.clone(), rules.clone());
                }
                labels.insert(code, label);
            }
        }
        Ok((labels, all))
    }

    /// Reads the kinds of unit, and which of them are volunteers.
    fn kinds(
        &self,
        raw: BTreeMap<Spanned<String>, RawKind>,
    ) -> Result<(BTreeMap<Code, Text>, BTreeSet<Code>), ResponseFileError> {
        let volunteers: Vec<String> = raw
            .iter()
            .filter(|(_, kind)| kind.volunteers)
            .map(|(name, _)| name.get_ref().clone())
            .collect();
        let label = |kind: RawKind| RawLabel {
            en: kind.en,
            zh: kind.zh,
        };
        let raw = raw.into_iter().map(|(name, kind)| (name, label(kind)));
        let labels = self.labels(raw.collect())?;
        let marked = |code: &&Code| volunteers.iter().any(|name| name == code.as_str());
        let volunteers = labels.keys().filter(marked).cloned().collect();
        Ok((labels, volunteers))
    }

    fn labels(
        &self,
        raw: BTreeMap<Spanned<String>, RawLabel>,
    ) -> Result<BTreeMap<Code, Text>, ResponseFileError> {
        let mut labels = BTreeMap::new();
        for (name, label) in raw {
            let at = name.span().start;
            let code: Code = name.get_ref().parse().map_err(|error| {
                self.error(
                    at,
                    format!("\"{}\" is no code: {error}", name.get_ref()),
                    None,
                )
            })?;
            if label.en.trim().is_empty() || label.zh.trim().is_empty() {
                let hint = "both languages are first languages: give `en` and `zh`".to_owned();
                return Err(self.error(at, format!("\"{code}\" has an empty label"), Some(hint)));
            }
            let longest = label.en.chars().count().max(label.zh.chars().count());
            if longest > limits::LABEL_CHARS_MAX {
                let problem = format!(
                    "the label of \"{code}\" has {longest} characters; at most {} are taken",
                    limits::LABEL_CHARS_MAX
                );
                return Err(self.error(at, problem, None));
            }
            labels.insert(
                code,
                Text {
                    en: label.en,
                    zh: label.zh,
                },
            );
        }
        Ok(labels)
    }

    fn plan(&self, file: &ResponseFile, raw: RawPlan) -> Result<Plan, ResponseFileError> {
        let category = match raw.category.get_ref().as_str() {
            "*" => None,
            _ => Some(self.code(&raw.category, &file.categories, "category")?),
        };
        let mut priorities = BTreeSet::new();
        for number in raw.priorities {
            let at = number.span().start;
            let priority = Priority::try_from(*number.get_ref())
                .map_err(|error| self.error(at, error.to_string(), None))?;
            priorities.insert(priority);
        }
        let at = raw.alarm.span().start;
        let mut alarms = Vec::new();
        for alarm in raw.alarm.into_inner() {
            let needs: Result<Vec<Need>, _> = alarm
                .needs
                .into_iter()
                .map(|need| self.need(file, need))
                .collect();
            alarms.push(needs?);
        }
        let slots: u64 = alarms
            .iter()
            .flatten()
            .map(|need| u64::from(need.count))
            .sum();
        if alarms.first().is_none_or(Vec::is_empty) {
            return Err(self.error(
                at,
                "the first alarm wants nothing".to_owned(),
                Some("give it at least one need".to_owned()),
            ));
        }
        if slots > limits::PLAN_SLOTS_MAX as u64
            || alarms.len() > usize::from(limits::ALARM_LEVEL_MAX)
        {
            let problem = format!(
                "a plan may want at most {} units over {} alarms; this one wants {slots} over {}",
                limits::PLAN_SLOTS_MAX,
                limits::ALARM_LEVEL_MAX,
                alarms.len()
            );
            return Err(self.error(at, problem, None));
        }
        Ok(Plan {
            category,
            priorities,
            alarms,
        })
    }

    fn need(&self, file: &ResponseFile, raw: Spanned<RawNeed>) -> Result<Need, ResponseFileError> {
        let at = raw.span().start;
        let RawNeed {
            count,
            kind,
            kinds,
            capability,
            within_s,
        } = raw.into_inner();
        let kinds = match (kind, kinds) {
            (Some(kind), None) => Some(vec![kind]),
            (None, kinds) => kinds,
            (Some(_), Some(_)) => {
                return Err(self.error(
                    at,
                    "a need names `kind` or `kinds`, not both".to_owned(),
                    None,
                ));
            }
        };
        if kinds.as_ref().map_or(0, Vec::len) > limits::KINDS_PER_NEED_MAX {
            let problem = format!(
                "a need may name at most {} kinds of unit",
                limits::KINDS_PER_NEED_MAX
            );
            return Err(self.error(at, problem, None));
        }
        let of = match (kinds, capability) {
            (Some(kinds), None) if !kinds.is_empty() => {
                let codes: Result<_, _> = kinds
                    .iter()
                    .map(|kind| self.code(kind, &file.kinds, "kind of unit"))
                    .collect();
                NeedOf::Kinds(codes?)
            }
            (None, Some(capability)) => {
                NeedOf::Capability(self.code(&capability, &file.capabilities, "capability")?)
            }
            (Some(_) | None, _) => {
                let hint = "for example { kind = \"engine\", count = 2 }".to_owned();
                return Err(self.error(
                    at,
                    "a need names exactly one of `kind`, `kinds` or `capability`".to_owned(),
                    Some(hint),
                ));
            }
        };
        let count = count.unwrap_or(1);
        if count == 0 {
            return Err(self.error(
                at,
                "`count` is 0".to_owned(),
                Some("leave the need out instead".to_owned()),
            ));
        }
        Ok(Need {
            count,
            of,
            within_s,
        })
    }

    fn code(
        &self,
        raw: &Spanned<String>,
        labels: &BTreeMap<Code, Text>,
        what: &str,
    ) -> Result<Code, ResponseFileError> {
        self.known(raw.span().start, raw.get_ref(), labels, what)
    }

    /// Returns the code of a name that must be listed in the file.
    fn known(
        &self,
        at: usize,
        name: &str,
        labels: &BTreeMap<Code, Text>,
        what: &str,
    ) -> Result<Code, ResponseFileError> {
        let found = name.parse().ok().filter(|code| labels.contains_key(code));
        found.ok_or_else(|| {
            let hint = nearest(labels.keys().map(Code::as_str), name)
                .unwrap_or_else(|| "add it, with its labels, at the top of the file".to_owned());
            let problem = format!("no {what} \"{name}\" is listed in this file");
            self.error(at, problem, Some(hint))
        })
    }
}

/// Returns a hint at what may have been meant, if any known name is near.
fn nearest<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> Option<String> {
    let near = known.min_by_key(|known| letters_apart(known, name))?;
    (letters_apart(near, name) <= 3).then(|| format!("did you mean \"{near}\"?"))
}

/// Returns how many letters must be added, dropped or changed to turn one word into the other.
pub(crate) fn letters_apart(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, against) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *against);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"
[categories.fire]
en = "Fire"
zh = "火灾"
[kinds.engine]
en = "Engine"
zh = "水罐车"
[capabilities.als]
en = "Advanced life support"
zh = "高级生命支持"
"#;

    #[track_caller]
    fn refused(plan: &str, line: usize, words: &str) {
        let error =
            ResponseFile::parse(&format!("{HEAD}{plan}")).expect_err("it should be refused");
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn a_file_with_a_slip_says_where_and_what_may_be_meant() {
        refused(
            "[[plan]]\ncategory = \"fier\"\nalarm = []",
            12,
            "did you mean \"fire\"?",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\nalarm = []",
            13,
            "the first alarm wants nothing",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"ladder\" }]",
            14,
            "add it, with its labels",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"engine\", capability = \"als\" }]",
            14,
            "exactly one of",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"engine\", count = 0 }]",
            14,
            "`count` is 0",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\npriorities = [5]\n[[plan.alarm]]\nneeds = [{ kind = \"engine\" }]",
            13,
            "a priority is 1",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"engine\", with = 3 }]",
            14,
            "unknown field `with`",
        );
        refused(
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"engine\", count = 201 }]",
            13,
            "at most 200 units",
        );
        refused(
            "[kinds.Truck]\nen = \"T\"\nzh = \"梯\"",
            11,
            "\"Truck\" is no code",
        );
        refused("[kinds.truck]\nen = \"\"\nzh = \"梯\"", 11, "empty label");
        let twice =
            "[[plan]]\ncategory = \"fire\"\n[[plan.alarm]]\nneeds = [{ kind = \"engine\" }]\n";
        refused(&format!("{twice}{twice}"), 16, "two plans");
    }

    #[test]
    fn the_most_particular_plan_is_taken_and_alarms_add_up() {
        let file = ResponseFile::parse(&format!(
            "{HEAD}
[[plan]]
category = \"*\"
alarm = [{{ needs = [{{ capability = \"als\" }}] }}]
[[plan]]
category = \"fire\"
alarm = [{{ needs = [{{ kind = \"engine\" }}] }}, {{ needs = [{{ kind = \"engine\", count = 2 }}] }}]
[[plan]]
category = \"fire\"
priorities = [4]
alarm = [{{ needs = [{{ kinds = [\"engine\"], within_s = 600 }}] }}]
"
        ))
        .unwrap();
        let fire: Code = "fire".parse().unwrap();
        let plan = file.plan_for(&fire, Priority::P1).unwrap();
        let wanted = |level| {
            plan.needs_up_to(level)
                .iter()
                .map(|need| need.count)
                .sum::<u32>()
        };
        assert_eq!([wanted(0), wanted(1), wanted(2), wanted(3)], [0, 1, 3, 3]);
        assert_eq!(
            file.plan_for(&fire, Priority::P4).unwrap().alarms[0][0].within_s,
            Some(600)
        );
        assert_eq!(
            file.plan_for(&"flood".parse().unwrap(), Priority::P1)
                .unwrap()
                .category,
            None
        );
        assert_eq!(file.version.len(), 16);
    }
}
