//! A message (联络): what one member says in an operation, to all or to one other home.
//!
//! A line for the log, or an ask: that the home of another record does something with it. An ask never
//! changes anybody else's record; its home answers with a [`reply`](super::reply). It has an end, and says
//! which version of the record the asker saw, so that one that was long on its way is judged by the home as
//! what it is. The text is personal and sealed.

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::{Context, Elsewhere, Event, Happened, Life, Meta, RecordKind, RecordRef};
use crate::basis::{IncidentId, Line, MessageId, OperationId, Personal, Prose, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A message as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The operation in which it was said.
    pub operation: OperationId,
    /// What it is.
    pub what: What,
    /// When it was said.
    pub sent_at: Timestamp,
    /// Why it was said during the silence before a planned action's go, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_silence: Option<Line>,
    /// Why it was taken back, if it was.
    pub withdrawn: Option<(Timestamp, Line)>,
    /// The text; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum What {
    /// A line for the operation's log.
    Log {
        /// What it is about, if about one record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Elsewhere>,
    },
    /// An ask, that the home of a record does something.
    Ask {
        /// The record, and with it whom it is for.
        of: Elsewhere,
        /// What is asked.
        ask: Ask,
        /// The version of the record that the asker saw.
        if_version: Option<u64>,
        /// After this the home need not think about it any more.
        expires_at: Timestamp,
        /// Until when the asker held a loan of the unit asked for, if it did: within it the home is bound,
        /// beyond it the ask is provisional.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_loan: Option<Timestamp>,
    },
}

impl Life for Message {
    fn part_of(&self) -> Option<OperationId> {
        Some(self.operation)
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self.text.as_ref()?).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.text = serde_json::from_slice(json)?;
        Ok(())
    }
}

/// What can be asked of another home's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask {
    /// Of a unit: that it is sent to an incident of the asker's.
    Send {
        /// The asker's incident.
        to: IncidentId,
    },
    /// Of a unit: that it is let go from where the asker wanted it.
    Release,
    /// Of an incident: that its home looks at it and does something about it; the text says what.
    Attend,
}

impl Message {
    /// Returns for whom it is, if it is for one.
    pub fn asked_of(&self) -> Option<Elsewhere> {
        match &self.what {
            What::Log { .. } => None,
            What::Ask { of, .. } => Some(*of),
        }
    }

    /// Returns true if it is an ask that its home may still act on.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        match &self.what {
            What::Log { .. } => false,
            What::Ask { expires_at, .. } => self.withdrawn.is_none() && now < *expires_at,
        }
    }
}

/// What can be asked of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAction {
    /// Say something for the log of an operation.
    Say {
        /// Where.
        operation: OperationId,
        /// What it is about, if about one record.
        about: Option<Elsewhere>,
        /// The text.
        text: Prose,
        /// Why it cannot wait for go, if nobody but the lead is to speak until then.
        break_silence: Option<Line>,
    },
    /// Ask a home to do something with a record.
    Ask {
        /// Where.
        operation: OperationId,
        /// The record, and with it whom.
        of: Elsewhere,
        /// What.
        ask: Ask,
        /// The version that was seen.
        if_version: Option<u64>,
        /// Until when.
        expires_at: Timestamp,
        /// What goes with it.
        text: Option<Prose>,
        /// Why it cannot wait for go, if nobody but the lead is to speak until then.
        break_silence: Option<Line>,
    },
    /// Take one back.
    Withdraw {
        /// Which.
        message: MessageId,
        /// Why.
        reason: Line,
    },
}

impl MessageAction {
    /// Returns the message it changes.
    pub fn subject(&self) -> Option<MessageId> {
        match self {
            MessageAction::Say { .. } | MessageAction::Ask { .. } => None,
            MessageAction::Withdraw { message, .. } => Some(*message),
        }
    }
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum MessageEvent {
    /// It was said; the text is in the personal part.
    Sent {
        /// The operation.
        operation: OperationId,
        /// What it is.
        what: What,
        /// Why it was said during the silence before go, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broke_silence: Option<Line>,
    },
    /// It was taken back.
    Withdrawn {
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 2] = ["sent", "withdrawn"];

pub(super) fn decide(
    board: &Board,
    action: &MessageAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (operation, what, text, breaks) = match action {
        MessageAction::Withdraw { message, reason } => {
            let found = board.message(*message)?;
            board.must_take_part(context.node, found.operation)?;
            if found.withdrawn.is_some() {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Message,
                    state: Text::new("taken back", "已撤回"),
                    instead: Text::new("Nothing needs doing.", "无需操作。"),
                });
            }
            let reason = reason.clone();
            let event = MessageEvent::Withdrawn { reason };
            let event = Event::Message(event);
            return Ok(vec![Happened::within(found.operation, *message, event)]);
        }
        MessageAction::Say {
            operation,
            about,
            text,
            break_silence,
        } => {
            let what = What::Log { about: *about };
            (*operation, what, Some(text), break_silence)
        }
        MessageAction::Ask {
            operation,
            of,
            ask,
            if_version,
            expires_at,
            text,
            break_silence,
        } => {
            check_ask(board, context, *operation, *of, ask, *expires_at)?;
            let within_loan = board
                .loan_to(context.node, *operation, *of)
                .map(|loan| loan.until)
                .filter(|until| context.now < *until);
            let what = What::Ask {
                of: *of,
                ask: *ask,
                if_version: *if_version,
                expires_at: *expires_at,
                within_loan,
            };
            (*operation, what, text.as_ref(), break_silence)
        }
    };
    board.must_take_part(context.node, operation)?;
    let broke_silence = break_silence_for(board, context, operation, breaks.as_ref())?;
    let id = MessageId(context.entropy.next_16());
    let sent = Event::Message(MessageEvent::Sent {
        operation,
        what,
        broke_silence,
    });
    let mut happened = Happened::within(operation, id, sent);
    happened.personal.note = text.cloned();
    Ok(vec![happened])
}

/// Returns the reason with which silence is broken, if it is; without one nobody but the lead speaks before go.
fn break_silence_for(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
    reason: Option<&Line>,
) -> Result<Option<Line>, Refusal> {
    let leads = board
        .operation_anywhere(operation)
        .is_ok_and(|found| found.lead == context.node);
    if leads || !board.is_silent(operation) {
        return Ok(None);
    }
    reason.map_or_else(
        || {
            Err(Refusal::WrongState {
                kind: RecordKind::PlannedAction,
                state: Text::new("silent until go", "行动前静默中"),
                instead: Text::new(
                    "Wait for go. If it cannot wait, break the silence and say why.",
                    "请等待行动命令。确需联络的，请注明打破静默的理由。",
                ),
            })
        },
        |reason| Ok(Some(reason.clone())),
    )
}

fn check_ask(
    board: &Board,
    context: &Context<'_>,
    operation: OperationId,
    of: Elsewhere,
    ask: &Ask,
    expires_at: Timestamp,
) -> Result<(), Refusal> {
    if of.node == context.node {
        return Err(Refusal::Here(of.record.kind));
    }
    let copy = board
        .copy(of)
        .ok_or(Refusal::NotFound(of.record.kind))?
        .reference();
    let fits = match ask {
        Ask::Send { to } => {
            board.incident(*to)?.must_be_open()?;
            copy.kind == RecordKind::Unit
        }
        Ask::Release => copy.kind == RecordKind::Unit,
        Ask::Attend => copy.kind == RecordKind::Incident,
    };
    if !fits {
        return Err(Refusal::NotFound(of.record.kind));
    }
    if !board.may_be_asked(operation, of, context.now) {
        return Err(Refusal::OnlyToView);
    }
    let latest = context.now.plus_s(limits::ASK_OPEN_S_MAX);
    if expires_at <= context.now || expires_at > latest {
        return Err(Refusal::Missing(Text::new(
            "An end of the ask within a day",
            "一天之内的截止时间",
        )));
    }
    Ok(())
}

pub(super) fn apply(
    before: Option<&Message>,
    event: &MessageEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Message> {
    if let MessageEvent::Sent {
        operation,
        what,
        broke_silence,
    } = event
    {
        return Some(Message {
            id: MessageId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            operation: *operation,
            what: what.clone(),
            sent_at: meta.happened_at,
            broke_silence: broke_silence.clone(),
            withdrawn: None,
            text: personal.and_then(|personal| personal.note.clone()),
        });
    }
    let mut message = before?.clone();
    message.version = meta.version;
    message.changed_at = meta.at;
    if let MessageEvent::Withdrawn { reason } = event {
        message.withdrawn = Some((meta.happened_at, reason.clone()));
    }
    Some(message)
}

/// Returns the record of another home that a message speaks of, and the version that was seen.
pub fn seen_by(message: &Message) -> Option<(NodeId, RecordRef, Option<u64>)> {
    match &message.what {
        What::Ask { of, if_version, .. } => Some((of.node, of.record, *if_version)),
        What::Log { .. } => None,
    }
}
