//! Triage: what a call seems to be about, what to ask next, how urgent that makes it, and what to tell the caller.
//!
//! All of it is data of the agency's response file ([`Rules`]); a person may always choose otherwise. Pure and
//! deterministic: the same file, words and answers give the same result, which carries the file's version. It
//! rates situations, never people, and keeps nothing. Start at [`assess`]; `plan/questions.rs` reads the file.

pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::basis::{Answer, Code, Priority, Text};
use crate::limits;
use crate::plan::ResponseFile;
use crate::refusal::Refusal;
use words::Phrase;

/// What a response file says about triage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What speaks for each category, and how urgent it is before anything was asked.
    pub categories: BTreeMap<Code, CategoryRules>,
    /// The questions, in the order in which they are asked.
    pub questions: Vec<Question>,
    /// The points at which a priority is reached.
    pub thresholds: Thresholds,
    /// The same for categories that have their own.
    pub thresholds_of: BTreeMap<Code, Thresholds>,
}

/// What a response file says about triage in one category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CategoryRules {
    /// Phrases that speak for it.
    pub words: Vec<Phrase>,
    /// How urgent it is before anything was asked.
    pub priority: Option<Priority>,
}

/// The points at which a priority is reached; with fewer than the last it is priority 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// For priority 1.
    pub priority_1: i32,
    /// For priority 2.
    pub priority_2: i32,
    /// For priority 3.
    pub priority_3: i32,
}

impl Default for Thresholds {
    /// Returns 10, 6 and 3 points.
    fn default() -> Thresholds {
        Thresholds {
            priority_1: 10,
            priority_2: 6,
            priority_3: 3,
        }
    }
}

impl Thresholds {
    /// Returns the priority that so many points reach.
    pub fn priority(&self, points: i32) -> Priority {
        if points >= self.priority_1 {
            Priority::P1
        } else if points >= self.priority_2 {
            Priority::P2
        } else if points >= self.priority_3 {
            Priority::P3
        } else {
            Priority::P4
        }
    }

    /// Returns the fewest points that reach a priority.
    pub fn points(&self, priority: Priority) -> i32 {
        match priority {
            Priority::P1 => self.priority_1,
            Priority::P2 => self.priority_2,
            Priority::P3 => self.priority_3,
            Priority::P4 => 0,
        }
    }
}

/// A question to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name in the file.
    pub id: Code,
    /// The categories in which it is asked; all when empty.
    pub categories: BTreeSet<Code>,
    /// What is asked.
    pub text: Text,
    /// What may be answered.
    pub answers: Vec<Choice>,
    /// An earlier question and the answer to it without which this one is not asked.
    pub only_if: Option<Answer>,
}

/// One answer that a question takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name within the question.
    pub id: Code,
    /// What is answered.
    pub text: Text,
    /// The points that it adds, or takes away.
    pub weight: i32,
    /// It is at least this urgent then, whatever the points.
    pub priority: Option<Priority>,
    /// It is about this then, unless a person chose otherwise.
    pub category: Option<Code>,
    /// What to read out to the caller then.
    pub say: Option<Text>,
}

/// What is known of a call.
#[derive(Debug, Clone, Default)]
pub struct Report<'a> {
    /// What was said.
    pub said: &'a str,
    /// What a person says that it is about.
    pub category: Option<&'a Code>,
    /// What was answered; of two answers to a question the later counts.
    pub answers: &'a [Answer],
}

/// What comes of it. It proposes; a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// What it may be about, best first.
    pub guesses: Vec<Guess>,
    /// What it is taken to be about: what a person chose, else what an answer says, else the best guess.
    pub category: Option<Code>,
    /// The questions of that category, and those that were answered, in order.
    pub questions: Vec<Asked>,
    /// The points that the category and the answers come to.
    pub score: i32,
    /// How urgent that makes it, if anything speaks of it.
    pub priority: Option<Priority>,
    /// Why.
    pub reasons: Vec<Text>,
    /// What to read out to the caller.
    pub read_out: Vec<Text>,
    /// The version of the response file that said so.
    pub version: String,
}

/// Something that a call may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The category.
    pub category: Code,
    /// What it is called.
    pub label: Text,
    /// The phrases that speak for it, as the response file writes them; none if only an answer does.
    pub words: Vec<String>,
    /// What the phrases count together.
    pub points: u32,
}

/// A question, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub question: Code,
    /// What is asked.
    pub text: Text,
    /// What may be answered.
    pub answers: Vec<(Code, Text)>,
    /// What was.
    pub answered: Option<Code>,
}

/// Says what a call seems to be about, what to ask next and how urgent it is.
///
/// What was answered stays true when the category changes, so such answers go on counting.
pub fn assess(file: &ResponseFile, report: &Report<'_>) -> Result<Triage, Refusal> {
    file.check_category(report.category)?;
    file.check_answers(report.answers)?;
    let rules = &file.triage;
    let answered = rules.answered(report.answers);
    let mut guesses = guesses(file, report.said);
    let told = answered
        .iter()
        .rev()
        .find_map(|(_, choice)| choice.category.clone());
    if let Some(told) = &told {
        put_first(file, &mut guesses, told);
    }
    guesses.truncate(limits::GUESSES_MAX);
    let category = report
        .category
        .cloned()
        .or(told)
        .or_else(|| guesses.first().map(|guess| guess.category.clone()));
    let questions = rules.questions.iter().filter_map(|question| {
        let found = answered.iter().find(|(asked, _)| asked.id == question.id);
        let due = question.is_for(category.as_ref()) && question.is_due(&answered);
        (found.is_some() || due).then(|| Asked {
            question: question.id.clone(),
            text: question.text.clone(),
            answers: question
                .answers
                .iter()
                .map(|choice| (choice.id.clone(), choice.text.clone()))
                .collect(),
            answered: found.map(|(_, choice)| choice.id.clone()),
        })
    });
    let questions = questions.collect();
    let (score, priority, reasons) = urgency(file, category.as_ref(), &answered);
    let read_out = answered.iter().filter_map(|(_, choice)| choice.say.clone());
    Ok(Triage {
        guesses,
        questions,
        score,
        priority,
        reasons,
        read_out: read_out.collect(),
        version: file.version.clone(),
        category,
    })
}

fn guesses(file: &ResponseFile, said: &str) -> Vec<Guess> {
    let all: Vec<(&Code, &Phrase)> = file
        .triage
        .categories
        .iter()
        .flat_map(|(code, rules)| rules.words.iter().map(move |phrase| (code, phrase)))
        .collect();
    let phrases: Vec<&Phrase> = all.iter().map(|(_, phrase)| *phrase).collect();
    let mut by_category: BTreeMap<&Code, (u32, Vec<String>)> = BTreeMap::new();
    for found in words::find(said, &phrases) {
        let (code, phrase) = all[found.phrase];
        let (points, words) = by_category.entry(code).or_default();
        *points += found.points;
        words.push(phrase.as_str().to_owned());
    }
    let mut guesses: Vec<Guess> = by_category
        .into_iter()
        .map(|(code, (points, words))| Guess {
            category: code.clone(),
            label: file.category_label(code),
            words,
            points,
        })
        .collect();
    // Of two that as much speaks for, the more urgent one first: taking it for the lesser one costs more.
    let urgency = |guess: &Guess| {
        let rules = file.triage.categories.get(&guess.category);
        let priority = rules.and_then(|rules| rules.priority);
        priority.unwrap_or(Priority::P4)
    };
    guesses.sort_by(|one, other| {
        let by_points = other.points.cmp(&one.points);
        let by_urgency = urgency(one).cmp(&urgency(other));
        by_points
            .then(by_urgency)
            .then_with(|| one.category.cmp(&other.category))
    });
    guesses
}

fn put_first(file: &ResponseFile, guesses: &mut Vec<Guess>, category: &Code) {
    let at = guesses.iter().position(|guess| guess.category == *category);
    let first = match at {
        Some(at) => guesses.remove(at),
        None => Guess {
            category: category.clone(),
            label: file.category_label(category),
            words: Vec::new(),
            points: 0,
        },
    };
    guesses.insert(0, first);
}

/// Adds up the points; the category's own priority is where they begin.
fn urgency(
    file: &ResponseFile,
    category: Option<&Code>,
    answered: &[(&Question, &Choice)],
) -> (i32, Option<Priority>, Vec<Text>) {
    let rules = &file.triage;
    let thresholds = rules.thresholds_for(category);
    let mut reasons = Vec::new();
    let mut score: i32 = 0;
    let mut at_least = None;
    let begins = category.and_then(|code| Some((code, rules.categories.get(code)?.priority?)));
    if let Some((code, priority)) = begins {
        score = thresholds.points(priority);
        let (label, number) = (file.category_label(code), u8::from(priority));
        reasons.push(Text::new(
            format!("{} begins at priority {number} ({score} points).", label.en),
            format!("{}起始为 {number} 级（{score} 分）。", label.zh),
        ));
    }
    for (question, choice) in answered {
        score = score.saturating_add(choice.weight);
        let (mut en, mut zh) = (String::new(), String::new());
        if choice.weight != 0 {
            en.push_str(&format!(", {:+} points", choice.weight));
            zh.push_str(&format!("，{:+} 分", choice.weight));
        }
        if let Some(priority) = choice.priority {
            at_least = Some(at_least.map_or(priority, |earlier: Priority| earlier.min(priority)));
            let number = u8::from(priority);
            en.push_str(&format!(", priority {number} at least"));
            zh.push_str(&format!("，至少为 {number} 级"));
        }
        if let Some(code) = &choice.category {
            let label = file.category_label(code);
            en.push_str(&format!(", speaks for {}", label.en));
            zh.push_str(&format!("，指向{}", label.zh));
        }
        if !en.is_empty() {
            reasons.push(Text::new(
                format!("{} {}{en}.", question.text.en, choice.text.en),
                format!("{}{}{zh}。", question.text.zh, choice.text.zh),
            ));
        }
    }
    if reasons.is_empty() {
        return (score, None, reasons);
    }
    let by_points = thresholds.priority(score);
    let priority = at_least.map_or(by_points, |at_least| at_least.min(by_points));
    let number = u8::from(priority);
    reasons.push(if priority < by_points {
        Text::new(
            format!(
                "{score} points alone would be priority {}, but an answer makes it {number}.",
                u8::from(by_points)
            ),
            format!(
                "仅按 {score} 分为 {} 级，因上述回答定为 {number} 级。",
                u8::from(by_points)
            ),
        )
    } else {
        Text::new(
            format!("{score} points make priority {number}."),
            format!("共 {score} 分，定为 {number} 级。"),
        )
    });
    (score, Some(priority), reasons)
}

impl Rules {
    /// Returns the thresholds that hold in a category.
    pub fn thresholds_for(&self, category: Option<&Code>) -> Thresholds {
        let own = category.and_then(|code| self.thresholds_of.get(code));
        own.copied().unwrap_or(self.thresholds)
    }

    /// Returns the questions that were answered and still have a reason to be asked, in the file's order, each with
    /// the last answer to it.
    fn answered(&self, answers: &[Answer]) -> Vec<(&Question, &Choice)> {
        let last: BTreeMap<&Code, &Code> = answers
            .iter()
            .map(|given| (&given.question, &given.answer))
            .collect();
        let mut found: Vec<(&Question, &Choice)> = Vec::new();
        for question in &self.questions {
            let choice = last.get(&question.id).and_then(|id| question.choice(id));
            if let Some(choice) = choice.filter(|_| question.is_due(&found)) {
                found.push((question, choice));
            }
        }
        found
    }
}

impl Question {
    /// Returns the answer of that name.
    pub fn choice(&self, id: &Code) -> Option<&Choice> {
        self.answers.iter().find(|choice| choice.id == *id)
    }

    fn is_for(&self, category: Option<&Code>) -> bool {
        self.categories.is_empty() || category.is_some_and(|code| self.categories.contains(code))
    }

    fn is_due(&self, answered: &[(&Question, &Choice)]) -> bool {
        self.only_if.as_ref().is_none_or(|wanted| {
            let mut earlier = answered.iter();
            earlier.any(|(question, choice)| {
                question.id == wanted.question && choice.id == wanted.answer
            })
        })
    }
}
