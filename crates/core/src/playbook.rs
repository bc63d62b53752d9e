//! Playbooks (预案): what an agency does when an incident of a kind opens or a condition holds, as data.
//!
//! A playbook is one TOML file, read and checked by [`Playbook::parse`] so that whoever wrote it is told the line. When
//! it fires is said by one pure function, [`firings`], which the running node and the dry run over the past both use, so
//! that the two cannot differ. A playbook sees kinds, places, times and counts of work; it cannot look for words or for
//! anybody: what callers said is sealed, and a standing search is what this product does not have. What becomes of one
//! that fired is a [`playbook_run`](crate::record::playbook_run). Start at [`Playbook`].

mod matching;
mod read;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::basis::{Code, Line, Priority, Text};
use crate::record::operation::Handling;
use crate::record::person::Seat;
use crate::timer::AlarmCode;
pub use matching::{
    AlarmFact, CallFact, Earlier, Firing, IncidentFact, Material, RequestFact, Saw, Span, firings,
};
pub use read::PlaybookError;

/// The JSON schema of a playbook file, for editors; held against the reader by a test.
pub const SCHEMA: &str = include_str!("playbook/schema.json");

/// A playbook that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playbook {
    /// Its code; no two of a node are the same.
    pub id: Code,
    /// What people call it.
    pub label: Text,
    /// Whether it fires by itself; one that is off can be tried on the past and started by hand.
    pub on: bool,
    /// In which language it writes when a step is carried out by rule.
    pub wording: Wording,
    /// When it fires.
    pub when: Trigger,
    /// Seconds within which it does not fire again near the same place.
    pub again_after_s: u32,
    /// How near, in metres.
    pub again_within_m: u32,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The first 16 hexadecimal digits of the SHA-256 of its text, to tell which version was used.
    pub digest: Line,
}

/// A language in which something is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// English.
    En,
    /// Simplified Chinese.
    #[default]
    Zh,
}

impl Wording {
    /// All of them.
    pub const ALL: [Wording; 2] = [Wording::En, Wording::Zh];

    /// Returns the word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Wording::En => "en",
            Wording::Zh => "zh",
        }
    }

    /// Returns a text in this language.
    pub fn of(self, text: &Text) -> &str {
        match self {
            Wording::En => &text.en,
            Wording::Zh => &text.zh,
        }
    }
}

/// When a playbook fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An incident of a kind opens, or becomes one of that kind.
    IncidentOpened {
        /// Of any of these categories.
        categories: BTreeSet<Code>,
        /// Of any of these priorities; of all when empty.
        priorities: BTreeSet<Priority>,
    },
    /// Nobody has acknowledged an alarm.
    AlarmUnanswered {
        /// Which.
        code: AlarmCode,
        /// For so many seconds after it began.
        after_s: u32,
    },
    /// So many of the public call from near each other.
    CallsNear {
        /// How many.
        count: u32,
        /// Within how many metres of the last of them.
        radius_m: u32,
        /// Within how many seconds before it.
        within_s: u32,
        /// Of this category only.
        category: Option<Code>,
    },
    /// Less was promised than a support request of this agency needs.
    SupportUnmet {
        /// So many seconds after it was asked.
        after_s: u32,
        /// Of this capability only.
        capability: Option<Code>,
    },
}

/// One step of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whether a person is asked first.
    #[serde(rename = "do")]
    pub how: How,
    /// What is done.
    pub task: Task,
}

/// Whether a person is asked before a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is proposed: a person takes or declines it.
    Propose,
    /// The agency says that the node does it by itself.
    CarryOut,
}

impl How {
    /// Both of them.
    pub const ALL: [How; 2] = [How::Propose, How::CarryOut];

    /// Returns the word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Propose => "propose",
            How::CarryOut => "carry_out",
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Task {
    /// Open an operation, led by this node.
    OpenOperation {
        /// What it is called.
        name: Text,
        /// What it is for.
        purpose: Text,
        /// On what legal basis agencies share in it.
        legal_basis: Text,
        /// How what is shared may be handled.
        handling: Handling,
    },
    /// Call agencies into the operation that an earlier step opened.
    Invite {
        /// By the names under which this node knows its peers.
        agencies: Vec<Line>,
        /// What they are to do.
        role: Text,
        /// Whether the incident is shared in the operation, to be seen.
        share_incident: bool,
    },
    /// Issue a directive.
    Directive {
        /// The template of the response file that says what the others leave out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<Code>,
        /// Which of the agency's kinds of directive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Code>,
        /// How urgent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// What it is about, in a few words that name nobody.
        subject: Text,
        /// What is to be done, in full.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        /// For whom.
        to: Vec<To>,
        /// Seconds from issuing until it is to be closed.
        close_within_s: u32,
    },
    /// Ask for support.
    AskSupport {
        /// Which capability.
        capability: Code,
        /// How many.
        quantity: u32,
        /// What for, in a line that names nobody.
        purpose: Text,
        /// How urgent.
        priority: Priority,
        /// For how many seconds it is needed.
        for_s: u32,
        /// Whether the agencies of the operation that an earlier step opened are asked too.
        across: bool,
    },
    /// Tell seats of this agency: a notice that each has to sign for.
    Tell {
        /// Which.
        seats: BTreeSet<Seat>,
        /// What it is about, in a few words that name nobody.
        subject: Text,
        /// What they are told.
        text: Text,
    },
}

impl Task {
    /// Returns what is done, in words.
    pub fn label(&self) -> Text {
        match self {
            Task::OpenOperation { .. } => Text::new("open an operation", "发起合成作战"),
            Task::Invite { .. } => Text::new("call in agencies", "邀请单位参战"),
            Task::Directive { .. } => Text::new("issue a directive", "下达指令"),
            Task::AskSupport { .. } => Text::new("ask for support", "请求支撑"),
            Task::Tell { .. } => Text::new("tell seats", "告知席位"),
        }
    }

    /// Returns true if it needs the operation that an earlier step opens.
    pub fn needs_operation(&self) -> bool {
        match self {
            Task::OpenOperation { .. } | Task::Tell { .. } => false,
            Task::Invite { .. } => true,
            Task::Directive { to, .. } => to.iter().any(To::is_across),
            Task::AskSupport { across, .. } => *across,
        }
    }
}

/// For whom a directive of a playbook is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "name", rename_all = "snake_case")]
pub enum To {
    /// Whoever sits in a seat.
    Seat(Seat),
    /// A unit, by its call sign.
    Unit(Line),
    /// A station, by its code.
    Station(Line),
    /// Another agency that takes part in the operation, by the name under which this node knows it.
    Agency(Line),
    /// Every other agency that takes part in the operation.
    Everyone,
    /// The units that are on the incident when it is issued.
    Assigned,
}

impl To {
    /// Returns true if it is for other agencies, so that an operation is needed.
    pub fn is_across(&self) -> bool {
        match self {
            To::Agency(_) | To::Everyone => true,
            To::Seat(_) | To::Unit(_) | To::Station(_) | To::Assigned => false,
        }
    }
}
