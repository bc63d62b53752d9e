//! Reads what a response file says about directives: the kinds that the agency gives, by when each step of one is due,
//! who hears of it when it is overdue, and templates. A file that says nothing of it gets the usual three kinds.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Reader, ResponseFileError};
use crate::basis::{Code, Line, Priority, Text};
use crate::limits;
use crate::record::directive::Rung;
use crate::record::person::Seat;
use crate::refusal::Refusal;

/// What the agency's directives are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectiveRules {
    /// The kinds by code.
    pub kinds: BTreeMap<Code, DirectiveKind>,
    /// Templates, in the order of the file.
    pub templates: Vec<Template>,
}

/// One kind of directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectiveKind {
    /// What people read, in English.
    pub en: Line,
    /// The same in Chinese.
    pub zh: Line,
    /// Seconds until it is to be signed for, for priority 1 to 4.
    pub sign_s: [u32; 4],
    /// Seconds until somebody is to act on it, if that is wanted.
    pub act_s: Option<u32>,
    /// Seconds until it is to be reported back, if that is wanted.
    pub report_s: Option<u32>,
    /// Whether somebody else must verify what was reported.
    pub verify: bool,
    /// Who hears of it when a step is overdue, one after another.
    pub chain: Vec<Rung>,
}

/// A directive that is half written already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its code.
    pub code: Code,
    /// What people read.
    pub label: Text,
    /// The kind of directive.
    pub kind: Code,
    /// The priority.
    pub priority: Priority,
    /// The text to begin with.
    pub text: Text,
}

impl DirectiveKind {
    /// Returns after how many seconds one of that priority is to be signed for.
    pub fn sign_s(&self, priority: Priority) -> u32 {
        self.sign_s[usize::from(u8::from(priority)) - 1]
    }
}

impl DirectiveRules {
    /// Returns a kind, or refuses one that the file does not know.
    pub fn kind(&self, code: &Code) -> Result<&DirectiveKind, Refusal> {
        self.kinds.get(code).ok_or_else(|| Refusal::UnknownCode {
            what: Text::new("kind of directive", "指令类型"),
            code: code.to_string(),
        })
    }
}

/// The usual times: signed within 30 s, 60 s and 3 min, departed within 5 min, reported within 30 min.
const SIGN_S: [u32; 4] = [30, 60, 180, 180];
const ACT_S: u32 = 300;
const REPORT_S: u32 = 1_800;
const CHAIN_S: [(&str, Seat, u32); 2] = [
    ("dispatcher", Seat::Dispatcher, 60),
    ("duty officer", Seat::DutyOfficer, 180),
];

impl Default for DirectiveRules {
    /// Returns the three usual kinds: a task, an inspection (nothing to depart for), a notice (only to be signed for).
    fn default() -> DirectiveRules {
        let usual = [
            ("task", "任务指令", Some(ACT_S), Some(REPORT_S)),
            ("inspection", "核查指令", None, Some(REPORT_S)),
            ("notice", "通知", None, None),
        ];
        let kind = |(code, zh, act_s, report_s): (&str, &str, Option<u32>, Option<u32>)| {
            let kind = DirectiveKind {
                en: code.parse().ok()?,
                zh: zh.parse().ok()?,
                sign_s: SIGN_S,
                act_s,
                report_s,
                verify: report_s.is_some(),
                chain: usual_chain(),
            };
            Some((code.parse().ok()?, kind))
        };
        let kinds = usual.into_iter().filter_map(kind).collect();
        DirectiveRules {
            kinds,
            templates: Vec::new(),
        }
    }
}

fn usual_chain() -> Vec<Rung> {
    CHAIN_S
        .into_iter()
        .filter_map(|(name, seat, after_s)| {
            let name: Line = name.parse().ok()?;
            Some(Rung {
                name,
                seat,
                after_s,
            })
        })
        .collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDirectives {
    #[serde(default)]
    kinds: BTreeMap<Spanned<String>, RawKind>,
    #[serde(default)]
    template: Vec<RawTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    en: Spanned<String>,
    zh: Spanned<String>,
    sign_s: Option<[u32; 4]>,
    act_s: Option<u32>,
    report_s: Option<u32>,
    #[serde(default)]
    verify: bool,
    chain: Option<Vec<Spanned<RawRung>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRung {
    name: Spanned<String>,
    seat: Spanned<String>,
    after_s: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    code: Spanned<String>,
    en: String,
    zh: String,
    kind: Spanned<String>,
    priority: Spanned<u8>,
    text_en: String,
    text_zh: String,
}

impl Reader<'_> {
    /// Reads the kinds and templates.
    pub(super) fn directives(
        &self,
        raw: RawDirectives,
    ) -> Result<DirectiveRules, ResponseFileError> {
        let mut rules = match raw.kinds.is_empty() {
            true => DirectiveRules::default(),
            false => DirectiveRules {
                kinds: BTreeMap::new(),
                templates: Vec::new(),
            },
        };
        for (name, kind) in raw.kinds {
            let code = self.own_code(&name)?;
            let read = self.directive_kind(name.span().start, kind)?;
            rules.kinds.insert(code, read);
        }
        for raw in raw.template {
            let at = raw.code.span().start;
            let code = self.own_code(&raw.code)?;
            let kind: Code = self.own_code(&raw.kind)?;
            if !rules.kinds.contains_key(&kind) {
                let problem = format!("\"{kind}\" is none of the kinds of directive");
                let hint = "list it under [directives.kinds]".to_owned();
                return Err(self.error(raw.kind.span().start, problem, Some(hint)));
            }
            if rules.templates.len() >= limits::DIRECTIVE_TEMPLATES_MAX {
                let max = limits::DIRECTIVE_TEMPLATES_MAX;
                return Err(self.error(at, format!("there are more than {max} templates"), None));
            }
            if rules.templates.iter().any(|known| known.code == code) {
                return Err(self.error(at, format!("there are two templates \"{code}\""), None));
            }
            let priority = self.priority(&raw.priority)?;
            rules.templates.push(Template {
                code,
                label: Text::new(raw.en, raw.zh),
                kind,
                priority,
                text: Text::new(raw.text_en, raw.text_zh),
            });
        }
        Ok(rules)
    }

    fn own_code(&self, raw: &Spanned<String>) -> Result<Code, ResponseFileError> {
        raw.get_ref().parse().map_err(|error| {
            let problem = format!("\"{}\" is no code: {error}", raw.get_ref());
            self.error(raw.span().start, problem, None)
        })
    }

    fn directive_kind(&self, at: usize, raw: RawKind) -> Result<DirectiveKind, ResponseFileError> {
        if raw.verify && raw.report_s.is_none() {
            let problem = "there is nothing to verify where no report is wanted".to_owned();
            let hint = "give it report_s, or leave out verify".to_owned();
            return Err(self.error(at, problem, Some(hint)));
        }
        let mut chain = Vec::new();
        match raw.chain {
            None => chain = usual_chain(),
            Some(rungs) => {
                if rungs.len() > limits::CHAIN_RUNGS_MAX {
                    let max = limits::CHAIN_RUNGS_MAX;
                    let problem = format!("a chain has at most {max} rungs");
                    return Err(self.error(at, problem, None));
                }
                for rung in rungs {
                    chain.push(self.rung(rung)?);
                }
            }
        }
        Ok(DirectiveKind {
            en: self.words(&raw.en)?,
            zh: self.words(&raw.zh)?,
            sign_s: raw.sign_s.unwrap_or(SIGN_S),
            act_s: raw.act_s,
            report_s: raw.report_s,
            verify: raw.verify,
            chain,
        })
    }

    fn words(&self, raw: &Spanned<String>) -> Result<Line, ResponseFileError> {
        raw.get_ref().parse().map_err(|error| {
            let problem = format!("this name cannot be taken: {error}");
            self.error(raw.span().start, problem, None)
        })
    }

    fn rung(&self, raw: Spanned<RawRung>) -> Result<Rung, ResponseFileError> {
        let raw = raw.into_inner();
        let seat = Seat::parse(raw.seat.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = Seat::ALL.iter().map(|seat| seat.as_str()).collect();
            let problem = format!("\"{}\" is no seat", raw.seat.get_ref());
            let hint = format!("seats are {}", known.join(", "));
            self.error(raw.seat.span().start, problem, Some(hint))
        })?;
        let name = self.words(&raw.name)?;
        Ok(Rung {
            name,
            seat,
            after_s: raw.after_s,
        })
    }
}
