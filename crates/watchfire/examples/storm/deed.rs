//! What people at the nodes do, and the journal of what came of it. A deed is asked for under one key until it is
//! answered; what was answered with a yes must be there in the end. Start at [`Deed`].

use serde_json::{Value, json};

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Open an incident.
    Open,
    /// Write a note on an incident.
    Note {
        /// Which.
        incident: String,
    },
    /// Share an incident, with its response.
    ShareIncident {
        /// Which.
        incident: String,
    },
    /// Enter a unit.
    Enter,
    /// Bring a unit on duty.
    OnDuty {
        /// Which.
        unit: String,
    },
    /// Share a unit.
    ShareUnit {
        /// Which.
        unit: String,
    },
    /// Send a unit.
    Send {
        /// To which incident.
        incident: String,
    },
    /// Put down the next step of an assignment.
    Advance {
        /// Which assignment.
        assignment: String,
        /// The field of its view that says when it was.
        field: &'static str,
    },
    /// Write to the operation's log.
    Say,
    /// Ask another home.
    Ask,
    /// Answer an ask.
    Answer {
        /// Which.
        message: String,
    },
    /// Sign for an incident of another home.
    Sign {
        /// Its home.
        home: String,
        /// Which.
        incident: String,
    },
    /// Lend a unit.
    Lend {
        /// Which.
        unit: String,
        /// To whom.
        to: String,
    },
}

/// Every word for a kind of deed, in the order of the table.
pub(crate) const KINDS: [&str; 13] = [
    "open an incident",
    "write a note",
    "share an incident",
    "enter a unit",
    "bring it on duty",
    "share a unit",
    "send a unit",
    "advance an assignment",
    "say",
    "ask",
    "answer",
    "sign",
    "lend",
];

impl What {
    /// Returns which of [`KINDS`] it is.
    pub(crate) fn kind(&self) -> usize {
        match self {
            What::Open => 0,
            What::Note { .. } => 1,
            What::ShareIncident { .. } => 2,
            What::Enter => 3,
            What::OnDuty { .. } => 4,
            What::ShareUnit { .. } => 5,
            What::Send { .. } => 6,
            What::Advance { .. } => 7,
            What::Say => 8,
            What::Ask => 9,
            What::Answer { .. } => 10,
            What::Sign { .. } => 11,
            What::Lend { .. } => 12,
        }
    }
}

/// Something that somebody wants done, as it is asked for again and again until it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    /// What.
    pub(crate) what: What,
    /// The key against doing it twice.
    pub(crate) key: String,
    /// Where it is asked for.
    pub(crate) path: String,
    /// How.
    pub(crate) body: Value,
    /// A text that is in nothing else.
    pub(crate) mark: String,
}

/// How a deed ended.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It is durable; the id of the record that it made, if it made one.
    Acknowledged(String),
    /// It was refused, with the problem's code.
    Refused(String),
}

/// What was answered at one node, in the order of the answers.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// The deeds that were answered.
    pub(crate) answered: Vec<(Deed, Outcome)>,
    /// Tries that were not answered, or answered with "later".
    pub(crate) unanswered: u64,
    /// Deeds that were answered only after a try that was not.
    pub(crate) late: u64,
}

impl Deed {
    /// A step in an operation.
    pub(crate) fn step(what: What, key: &str, operation: &str, body: Value, mark: String) -> Deed {
        Deed {
            what,
            key: key.to_owned(),
            path: format!("/operations/{operation}/steps"),
            body,
            mark,
        }
    }

    /// Anything else.
    pub(crate) fn other(what: What, key: &str, path: String, body: Value, mark: String) -> Deed {
        Deed {
            what,
            key: key.to_owned(),
            path,
            body,
            mark,
        }
    }

    /// The step that shares a record.
    pub(crate) fn share(what: What, key: &str, operation: &str, record: &str) -> Deed {
        let with_response = record.starts_with("incident");
        let body = json!({ "do": "share", "record": record, "assist": true, "with_response": with_response });
        Deed::step(what, key, operation, body, String::new())
    }
}
