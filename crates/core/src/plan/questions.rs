//! Reads what a response file says about triage: the phrases that speak for categories, the questions with their
//! answers, and the points at which a priority is reached. Must not judge any call; that is `triage.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{Labels, Reader, ResponseFileError};
use crate::basis::{Answer, Code, Priority, Text};
use crate::limits;
use crate::triage::words::Phrase;
use crate::triage::{CategoryRules, Choice, Question, Rules, Thresholds};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuestion {
    id: Spanned<String>,
    categories: Spanned<RawCategories>,
    en: String,
    zh: String,
    answers: Spanned<Vec<Spanned<RawChoice>>>,
    only_if: Option<RawOnlyIf>,
}

/// A list of categories, or `"*"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawCategories {
    Star(String),
    Listed(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOnlyIf {
    question: Spanned<String>,
    answer: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChoice {
    id: Spanned<String>,
    en: String,
    zh: String,
    #[serde(default)]
    weight: i32,
    priority: Option<Spanned<u8>>,
    category: Option<Spanned<String>>,
    say: Option<RawSay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSay {
    en: String,
    zh: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTriage {
    priority_1: Option<Spanned<i32>>,
    priority_2: Option<Spanned<i32>>,
    priority_3: Option<Spanned<i32>>,
    #[serde(default)]
    categories: BTreeMap<Spanned<String>, RawThresholds>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawThresholds {
    priority_1: Option<Spanned<i32>>,
    priority_2: Option<Spanned<i32>>,
    priority_3: Option<Spanned<i32>>,
}

impl Reader<'_> {
    /// Reads the phrases of one category and its priority.
    pub(super) fn category_rules(
        &self,
        words: Vec<Spanned<String>>,
        priority: Option<Spanned<u8>>,
    ) -> Result<CategoryRules, ResponseFileError> {
        let mut rules = CategoryRules {
            words: Vec::new(),
            priority: priority.map(|raw| self.priority(&raw)).transpose()?,
        };
        for raw in words {
            let (at, text) = (raw.span().start, raw.get_ref().as_str());
            let length = text.chars().count();
            if length > limits::PHRASE_CHARS_MAX {
                let max = limits::PHRASE_CHARS_MAX;
                let problem = format!("a phrase has {length} characters; at most {max} are taken");
                return Err(self.error(at, problem, None));
            }
            let phrase = Phrase::read(text).map_err(|_| {
                let problem = format!("\"{text}\" holds no word that could be found");
                self.error(at, problem, None)
            })?;
            if rules.words.iter().any(|known| known.is_same_as(&phrase)) {
                let problem = format!("\"{text}\" stands twice for this category");
                let hint = "small and capital letters are the same".to_owned();
                return Err(self.error(at, problem, Some(hint)));
            }
            if rules.words.len() == limits::PHRASES_PER_CATEGORY_MAX {
                let max = limits::PHRASES_PER_CATEGORY_MAX;
                let problem = format!("a category has more than {max} phrases");
                return Err(self.error(at, problem, None));
            }
            rules.words.push(phrase);
        }
        Ok(rules)
    }

    /// Reads the questions and thresholds.
    pub(super) fn triage(
        &self,
        labels: &Labels,
        categories: BTreeMap<Code, CategoryRules>,
        questions: Vec<RawQuestion>,
        raw: Option<RawTriage>,
    ) -> Result<Rules, ResponseFileError> {
        let mut rules = Rules {
            categories,
            ..Rules::default()
        };
        let phrases: usize = rules.categories.values().map(|one| one.words.len()).sum();
        if phrases > limits::PHRASES_MAX {
            let problem = format!("there are more than {} phrases", limits::PHRASES_MAX);
            return Err(self.error(0, problem, None));
        }
        let raw = raw.unwrap_or_default();
        let general = [raw.priority_1, raw.priority_2, raw.priority_3];
        rules.thresholds = self.thresholds(Thresholds::default(), general)?;
        for (name, own) in raw.categories {
            let code = self.code(&name, labels, "category")?;
            let own = [own.priority_1, own.priority_2, own.priority_3];
            let own = self.thresholds(rules.thresholds, own)?;
            rules.thresholds_of.insert(code, own);
        }
        for raw in questions {
            let at = raw.id.span().start;
            if rules.questions.len() == limits::QUESTIONS_MAX {
                let problem = format!("there are more than {} questions", limits::QUESTIONS_MAX);
                return Err(self.error(at, problem, None));
            }
            let question = self.question(labels, &rules.questions, raw)?;
            rules.questions.push(question);
        }
        Ok(rules)
    }

    fn question(
        &self,
        labels: &Labels,
        earlier: &[Question],
        raw: RawQuestion,
    ) -> Result<Question, ResponseFileError> {
        let at = raw.id.span().start;
        let id = self.name(&raw.id)?;
        if earlier.iter().any(|known| known.id == id) {
            let hint = "each question needs a name of its own".to_owned();
            return Err(self.error(at, format!("there are two questions \"{id}\""), Some(hint)));
        }
        let text = self.said(at, raw.en, raw.zh, limits::QUESTION_CHARS_MAX)?;
        let categories = self.asked_in(labels, &raw.categories)?;
        let answers_at = raw.answers.span().start;
        let mut answers: Vec<Choice> = Vec::new();
        for choice in raw.answers.into_inner() {
            let choice_at = choice.span().start;
            let choice = self.choice(labels, choice.into_inner())?;
            if answers.iter().any(|known| known.id == choice.id) {
                let problem = format!("there are two answers \"{}\"", choice.id);
                return Err(self.error(choice_at, problem, None));
            }
            answers.push(choice);
        }
        let max = limits::CHOICES_PER_QUESTION_MAX;
        if !(1..=max).contains(&answers.len()) {
            let problem = format!(
                "a question has 1 to {max} answers; this one has {}",
                answers.len()
            );
            return Err(self.error(answers_at, problem, None));
        }
        let only_if = raw.only_if.map(|wanted| self.only_if(earlier, &wanted));
        Ok(Question {
            id,
            categories,
            text,
            answers,
            only_if: only_if.transpose()?,
        })
    }

    fn asked_in(
        &self,
        labels: &Labels,
        raw: &Spanned<RawCategories>,
    ) -> Result<BTreeSet<Code>, ResponseFileError> {
        let at = raw.span().start;
        let hint = || Some("name its categories, or \"*\" for all".to_owned());
        let names = match raw.get_ref() {
            RawCategories::Star(star) if star == "*" => return Ok(BTreeSet::new()),
            RawCategories::Star(other) => {
                let problem = format!("`categories` is \"{other}\"");
                return Err(self.error(at, problem, hint()));
            }
            RawCategories::Listed(names) => names,
        };
        if names.is_empty() {
            return Err(self.error(at, "the question is never asked".to_owned(), hint()));
        }
        let codes = names
            .iter()
            .map(|name| self.known(at, name, labels, "category"));
        codes.collect()
    }

    fn choice(&self, labels: &Labels, raw: RawChoice) -> Result<Choice, ResponseFileError> {
        let at = raw.id.span().start;
        let id = self.name(&raw.id)?;
        if raw
            .weight
            .checked_abs()
            .is_none_or(|weight| weight > limits::POINTS_MAX)
        {
            let max = limits::POINTS_MAX;
            let problem = format!("the weight {} is not within {max} points", raw.weight);
            return Err(self.error(at, problem, None));
        }
        let category = raw
            .category
            .map(|code| self.code(&code, labels, "category"));
        let say = raw
            .say
            .map(|say| self.said(at, say.en, say.zh, limits::READ_OUT_CHARS_MAX));
        Ok(Choice {
            id,
            text: self.said(at, raw.en, raw.zh, limits::QUESTION_CHARS_MAX)?,
            weight: raw.weight,
            priority: raw.priority.map(|raw| self.priority(&raw)).transpose()?,
            category: category.transpose()?,
            say: say.transpose()?,
        })
    }

    /// Only earlier questions may be a condition, so that no two wait for each other.
    fn only_if(&self, earlier: &[Question], raw: &RawOnlyIf) -> Result<Answer, ResponseFileError> {
        let (at, name) = (raw.question.span().start, raw.question.get_ref());
        let Some(question) = earlier.iter().find(|known| known.id.as_str() == name) else {
            let problem = format!("no question \"{name}\" stands before this one");
            let names = earlier.iter().map(|known| known.id.as_str());
            let hint = super::nearest(names, name)
                .unwrap_or_else(|| "a condition names a question further up".to_owned());
            return Err(self.error(at, problem, Some(hint)));
        };
        let (at, name) = (raw.answer.span().start, raw.answer.get_ref());
        let Some(choice) = question
            .answers
            .iter()
            .find(|known| known.id.as_str() == name)
        else {
            let problem = format!(
                "the question \"{}\" takes no answer \"{name}\"",
                question.id
            );
            let names: Vec<&str> = question
                .answers
                .iter()
                .map(|known| known.id.as_str())
                .collect();
            let hint = format!("it takes {}", names.join(", "));
            return Err(self.error(at, problem, Some(hint)));
        };
        Ok(Answer {
            question: question.id.clone(),
            answer: choice.id.clone(),
        })
    }

    fn thresholds(
        &self,
        otherwise: Thresholds,
        raw: [Option<Spanned<i32>>; 3],
    ) -> Result<Thresholds, ResponseFileError> {
        let at = raw.iter().flatten().map(|one| one.span().start).next();
        let [first, second, third] = raw.map(|one| one.map(Spanned::into_inner));
        let all = Thresholds {
            priority_1: first.unwrap_or(otherwise.priority_1),
            priority_2: second.unwrap_or(otherwise.priority_2),
            priority_3: third.unwrap_or(otherwise.priority_3),
        };
        let falls = all.priority_1 > all.priority_2 && all.priority_2 > all.priority_3;
        if falls && all.priority_3 > 0 && all.priority_1 <= limits::POINTS_MAX {
            return Ok(all);
        }
        let problem = format!(
            "the priorities are reached at {}, {} and {} points",
            all.priority_1, all.priority_2, all.priority_3
        );
        let max = limits::POINTS_MAX;
        let hint = format!("a more urgent one takes more points, from 1 to {max}");
        Err(self.error(at.unwrap_or(0), problem, Some(hint)))
    }

    pub(super) fn priority(&self, raw: &Spanned<u8>) -> Result<Priority, ResponseFileError> {
        Priority::try_from(*raw.get_ref())
            .map_err(|error| self.error(raw.span().start, error.to_string(), None))
    }

    fn name(&self, raw: &Spanned<String>) -> Result<Code, ResponseFileError> {
        let (at, name) = (raw.span().start, raw.get_ref());
        name.parse()
            .map_err(|error| self.error(at, format!("\"{name}\" is no name: {error}"), None))
    }

    /// Checks words that are asked or read out: both languages, one line, not too long.
    fn said(
        &self,
        at: usize,
        en: String,
        zh: String,
        max: usize,
    ) -> Result<Text, ResponseFileError> {
        for words in [&en, &zh] {
            if words.trim().is_empty() {
                let hint = "both languages are first languages: give `en` and `zh`".to_owned();
                return Err(self.error(at, "there is an empty text".to_owned(), Some(hint)));
            }
            let found = words.chars().count();
            if found > max {
                let problem =
                    format!("a text has {found} characters; at most {max} are taken here");
                return Err(self.error(at, problem, None));
            }
            if words.chars().any(char::is_control) {
                let problem = "a text holds a control character or a line break".to_owned();
                return Err(self.error(at, problem, None));
            }
        }
        Ok(Text { en, zh })
    }
}
