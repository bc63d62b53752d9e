//! How an assessment is graded: what kind of product it is, how soon its readers should know, how reliable a source is and how
//! credible what it says (the Admiralty or NATO system), each with the words that people read. It decides nothing. Start at
//! [`Grade`].

use serde::{Deserialize, Serialize};

use crate::basis::Text;

/// What kind of product it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentKind {
    /// How things stand.
    Situation,
    /// One incident, looked into.
    Incident,
    /// What many incidents have in common.
    Trend,
    /// What a planned event may bring.
    Event,
    /// What readers should look out for.
    Warning,
}

impl AssessmentKind {
    /// All kinds.
    pub const ALL: [AssessmentKind; 5] = [
        AssessmentKind::Situation,
        AssessmentKind::Incident,
        AssessmentKind::Trend,
        AssessmentKind::Event,
        AssessmentKind::Warning,
    ];

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            AssessmentKind::Situation => Text::new("situation", "态势研判"),
            AssessmentKind::Incident => Text::new("incident in depth", "个案研判"),
            AssessmentKind::Trend => Text::new("pattern of incidents", "规律研判"),
            AssessmentKind::Event => Text::new("event ahead", "活动风险研判"),
            AssessmentKind::Warning => Text::new("warning", "预警提示"),
        }
    }
}

/// How soon the readers of an assessment should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once.
    Immediate,
    /// Within the shift.
    Urgent,
    /// Within a day.
    Routine,
}

impl Urgency {
    /// All of them, most urgent first.
    pub const ALL: [Urgency; 3] = [Urgency::Immediate, Urgency::Urgent, Urgency::Routine];

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            Urgency::Immediate => Text::new("immediate", "特急"),
            Urgency::Urgent => Text::new("urgent", "加急"),
            Urgency::Routine => Text::new("routine", "平件"),
        }
    }

    /// Returns within how many seconds every reader should have read it: 5 minutes, an hour, a day.
    pub fn read_within_s(self) -> u32 {
        match self {
            Urgency::Immediate => 5 * 60,
            Urgency::Urgent => 3_600,
            Urgency::Routine => 24 * 3_600,
        }
    }
}

/// How reliable a source is, apart from what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reliability {
    /// Completely reliable.
    A,
    /// Usually reliable.
    B,
    /// Fairly reliable.
    C,
    /// Not usually reliable.
    D,
    /// Unreliable.
    E,
    /// Nobody can say.
    F,
}

impl Reliability {
    /// All of them, best first.
    pub const ALL: [Reliability; 6] = [
        Reliability::A,
        Reliability::B,
        Reliability::C,
        Reliability::D,
        Reliability::E,
        Reliability::F,
    ];

    /// Returns the letter.
    pub fn letter(self) -> char {
        match self {
            Reliability::A => 'A',
            Reliability::B => 'B',
            Reliability::C => 'C',
            Reliability::D => 'D',
            Reliability::E => 'E',
            Reliability::F => 'F',
        }
    }

    /// Returns the one with a letter.
    pub fn parse(letter: &str) -> Option<Reliability> {
        let is = |one: &Reliability| letter.len() == 1 && letter.starts_with(one.letter());
        Reliability::ALL.into_iter().find(is)
    }

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            Reliability::A => Text::new("completely reliable", "完全可靠"),
            Reliability::B => Text::new("usually reliable", "通常可靠"),
            Reliability::C => Text::new("fairly reliable", "比较可靠"),
            Reliability::D => Text::new("not usually reliable", "通常不可靠"),
            Reliability::E => Text::new("unreliable", "不可靠"),
            Reliability::F => Text::new("reliability unknown", "可靠性无法判断"),
        }
    }
}

/// How credible something is that a source says: 1 is confirmed, 6 cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Credibility(u8);

impl Credibility {
    /// All of them, best first.
    pub const ALL: [Credibility; 6] = [
        Credibility(1),
        Credibility(2),
        Credibility(3),
        Credibility(4),
        Credibility(5),
        Credibility(6),
    ];

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self.0 {
            1 => Text::new("confirmed by other sources", "已经其他来源证实"),
            2 => Text::new("probably true", "很可能属实"),
            3 => Text::new("possibly true", "可能属实"),
            4 => Text::new("doubtful", "存疑"),
            5 => Text::new("improbable", "不大可能"),
            _ => Text::new("truth cannot be judged", "真伪无法判断"),
        }
    }
}

impl TryFrom<u8> for Credibility {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Credibility, &'static str> {
        let known = (1..=6).contains(&number);
        known
            .then_some(Credibility(number))
            .ok_or("credibility is 1 (confirmed) to 6 (cannot be judged)")
    }
}

impl From<Credibility> for u8 {
    fn from(credibility: Credibility) -> u8 {
        credibility.0
    }
}

/// Both halves of a grade, such as B2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grade {
    /// Of the source.
    pub source: Reliability,
    /// Of what it says.
    pub credibility: Credibility,
}

impl std::fmt::Display for Grade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.source.letter(), self.credibility.0)
    }
}
