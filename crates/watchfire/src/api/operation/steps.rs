//! Every step that can be taken in an operation, as it is asked for, and the action that it means.

use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{DirectiveId, Line, MessageId, OperationId, Timestamp};
use watchfire_core::record::directive::Step as DirectiveTaken;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::{Ask, MessageAction};
use watchfire_core::record::operation::OperationAction;
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::reply::ReplyAction;
use watchfire_core::record::{Action, Elsewhere, RecordRef};
use watchfire_feed::NodeId;

use crate::api::{read, read_id, read_maybe};
use crate::problem::Problem;

/// A step in an operation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OperationStep {
    /// Call a peer in.
    Invite {
        /// Whom: its node id.
        node: String,
        /// What it is to do.
        #[schema(min_length = 1, max_length = 200)]
        role: String,
    },
    /// Remove a member; what it wrote that is here by now still counts. Said again, it takes what came since.
    Remove {
        /// Whom.
        node: String,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Join.
    Join {},
    /// Say no to being called in.
    Decline {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Leave.
    Leave {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Share one of this node's records.
    Share {
        /// Which: its kind, a colon, its id.
        record: String,
        /// True if others may ask its home to do something with it.
        #[serde(default)]
        assist: bool,
        /// True if an incident's assignments and their units go with it.
        #[serde(default)]
        with_response: bool,
        /// Until when, if not until it is ended.
        #[schema(format = DateTime)]
        until: Option<String>,
    },
    /// Share it no longer.
    EndShare {
        /// Which.
        record: String,
    },
    /// Promise a unit to a member; it must be shared to assist.
    Lend {
        /// Which: the unit's id.
        unit: String,
        /// To whom.
        node: String,
        /// For how many minutes from now.
        #[schema(minimum = 1, maximum = 4320)]
        minutes: u32,
    },
    /// End a loan before its time.
    EndLoan {
        /// Which unit.
        unit: String,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Write to the operation's log.
    Say {
        /// The text.
        #[schema(min_length = 1, max_length = 4000)]
        text: String,
        /// The home of the record that it is about, if about one.
        node: Option<String>,
        /// The record.
        record: Option<String>,
        /// Why it cannot wait for go, while nobody but the lead is to speak.
        #[schema(min_length = 1, max_length = 200)]
        break_silence: Option<String>,
    },
    /// Ask a home to do something with a record of its.
    Ask {
        /// Its home.
        node: String,
        /// The record.
        record: String,
        /// What.
        what: AskWhat,
        /// The asker's incident, for `send`.
        incident: Option<String>,
        /// What goes with it.
        #[schema(min_length = 1, max_length = 4000)]
        text: Option<String>,
        /// How many minutes it may wait for an answer.
        #[serde(default = "ten")]
        #[schema(minimum = 1, maximum = 1440)]
        minutes: u32,
        /// The version of the record that was seen.
        if_version: Option<u64>,
        /// Why it cannot wait for go, while nobody but the lead is to speak.
        #[schema(min_length = 1, max_length = 200)]
        break_silence: Option<String>,
    },
    /// Answer an ask; a yes to `send` sends the unit.
    Answer {
        /// Who asked.
        node: String,
        /// The ask.
        message: String,
        /// Yes or no.
        accept: bool,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: Option<String>,
    },
    /// Offer to hand one of this node's incidents over for good to a member.
    OfferIncident {
        /// Which of this node's.
        incident: String,
        /// To whom.
        node: String,
    },
    /// Take over an incident that was offered, or decline it.
    AnswerOffer {
        /// Its home.
        node: String,
        /// The incident there.
        incident: String,
        /// Yes or no.
        accept: bool,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: Option<String>,
    },
    /// Take back what this node said or asked.
    Withdraw {
        /// Which.
        message: String,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Note that a screen shows a record of another home.
    Show {
        /// Its home.
        node: String,
        /// The record.
        record: String,
    },
    /// Sign for a record of another home.
    Sign {
        /// Its home.
        node: String,
        /// The record.
        record: String,
    },
    /// Take a step on a directive of another agency that is for this one: act on it, or report back.
    AdvanceDirective {
        /// Its home.
        node: String,
        /// The directive.
        directive: String,
        /// True to report back, false to say that this agency acts on it.
        #[serde(default)]
        reported: bool,
        /// What is reported.
        #[schema(min_length = 1, max_length = 4000)]
        text: Option<String>,
    },
    /// Say what is to be reached.
    SetObjective {
        /// Which one, from 0.
        number: usize,
        /// What.
        #[schema(min_length = 1, max_length = 200)]
        text: String,
    },
    /// Say that an objective was reached.
    ReachObjective {
        /// Which one, from 0.
        number: usize,
    },
    /// Stand down.
    StandDown {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Close it for good.
    Close {
        /// How it ended.
        #[schema(min_length = 1, max_length = 200)]
        outcome: String,
    },
    /// Offer command to a member.
    OfferCommand {
        /// To whom.
        node: String,
    },
    /// Take command that was offered.
    TakeCommand {},
    /// Decline it.
    DeclineCommand {},
}

/// What is asked of a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AskWhat {
    /// Of a unit: that it is sent to an incident of the asker's.
    Send,
    /// Of a unit: that it is let go again.
    Release,
    /// Of an incident: that its home does something about it.
    Attend,
}

fn ten() -> u32 {
    10
}

fn node_named(text: &str) -> Result<NodeId, Problem> {
    text.parse().map_err(|_| {
        Problem::unreadable(
            "A node is named by 64 hex digits.",
            "节点以 64 位十六进制数命名。",
        )
    })
}

fn record_named(text: &str) -> Result<RecordRef, Problem> {
    RecordRef::parse(text).ok_or_else(|| {
        Problem::unreadable(
            "A record is named by its kind, a colon and 32 hex digits, such as incident:00ff….",
            "记录以类别、冒号和 32 位十六进制数命名，如 incident:00ff…。",
        )
    })
}

/// Reads the name of a record of another home.
pub(super) fn elsewhere(node: &str, record: &str) -> Result<Elsewhere, Problem> {
    Ok(Elsewhere {
        node: node_named(node)?,
        record: record_named(record)?,
    })
}

fn line(name: &'static str, text: &str) -> Result<Line, Problem> {
    read(name, text)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`meaning` names every step, and gives each to the one function that reads it"
)]
impl OperationStep {
    /// Returns the action that it means.
    pub(super) fn meaning(self, operation: OperationId, now: Timestamp) -> Result<Action, Problem> {
        match self {
            OperationStep::Invite { .. }
            | OperationStep::Remove { .. }
            | OperationStep::SetObjective { .. }
            | OperationStep::ReachObjective { .. }
            | OperationStep::StandDown { .. }
            | OperationStep::Close { .. }
            | OperationStep::OfferCommand { .. }
            | OperationStep::TakeCommand {} => self.of_the_lead(operation).map(Action::Operation),
            OperationStep::Say { .. }
            | OperationStep::Ask { .. }
            | OperationStep::Withdraw { .. } => self.said(operation, now).map(Action::Message),
            OperationStep::OfferIncident { incident, node } => {
                Ok(Action::Incident(IncidentAction::Offer {
                    incident: read_id(&incident)?,
                    to: node_named(&node)?,
                }))
            }
            OperationStep::Answer { .. }
            | OperationStep::AnswerOffer { .. }
            | OperationStep::Show { .. }
            | OperationStep::AdvanceDirective { .. }
            | OperationStep::Sign { .. } => self.replied(operation).map(Action::Reply),
            OperationStep::Join {}
            | OperationStep::Decline { .. }
            | OperationStep::Leave { .. }
            | OperationStep::Share { .. }
            | OperationStep::EndShare { .. }
            | OperationStep::Lend { .. }
            | OperationStep::EndLoan { .. }
            | OperationStep::DeclineCommand {} => {
                self.of_a_member(operation, now).map(Action::Participation)
            }
        }
    }

    fn of_the_lead(self, operation: OperationId) -> Result<OperationAction, Problem> {
        Ok(match self {
            OperationStep::Invite { node, role } => OperationAction::Invite {
                operation,
                node: node_named(&node)?,
                role: line("role", &role)?,
            },
            OperationStep::Remove { node, reason } => OperationAction::Remove {
                operation,
                node: node_named(&node)?,
                reason: line("reason", &reason)?,
            },
            OperationStep::SetObjective { number, text } => OperationAction::SetObjective {
                operation,
                number,
                text: line("text", &text)?,
            },
            OperationStep::ReachObjective { number } => {
                OperationAction::ReachObjective { operation, number }
            }
            OperationStep::StandDown { reason } => OperationAction::StandDown {
                operation,
                reason: line("reason", &reason)?,
            },
            OperationStep::Close { outcome } => OperationAction::Close {
                operation,
                outcome: line("outcome", &outcome)?,
            },
            OperationStep::OfferCommand { node } => OperationAction::OfferCommand {
                operation,
                to: node_named(&node)?,
            },
            _ => OperationAction::TakeCommand { operation },
        })
    }

    fn of_a_member(
        self,
        operation: OperationId,
        now: Timestamp,
    ) -> Result<ParticipationAction, Problem> {
        Ok(match self {
            OperationStep::Join {} => ParticipationAction::Join { operation },
            OperationStep::Decline { reason } => ParticipationAction::Decline {
                operation,
                reason: line("reason", &reason)?,
            },
            OperationStep::Leave { reason } => ParticipationAction::Leave {
                operation,
                reason: line("reason", &reason)?,
            },
            OperationStep::Share {
                record,
                assist,
                with_response,
                until,
            } => {
                let until = until.as_deref();
                ParticipationAction::Share {
                    operation,
                    record: record_named(&record)?,
                    tier: if assist { Tier::Assist } else { Tier::View },
                    with_response,
                    until: until
                        .map(|text| crate::api::read_time("until", text))
                        .transpose()?,
                }
            }
            OperationStep::EndShare { record } => ParticipationAction::EndShare {
                operation,
                record: record_named(&record)?,
            },
            OperationStep::Lend {
                unit,
                node,
                minutes,
            } => ParticipationAction::Lend {
                operation,
                unit: read_id(&unit)?,
                to: node_named(&node)?,
                until: now.plus_s(minutes.saturating_mul(60)),
            },
            OperationStep::EndLoan { unit, reason } => ParticipationAction::EndLoan {
                operation,
                unit: read_id(&unit)?,
                reason: line("reason", &reason)?,
            },
            _ => ParticipationAction::DeclineCommand { operation },
        })
    }

    fn said(self, operation: OperationId, now: Timestamp) -> Result<MessageAction, Problem> {
        Ok(match self {
            OperationStep::Say {
                text,
                node,
                record,
                break_silence,
            } => {
                let about = match (node, record) {
                    (Some(node), Some(record)) => Some(elsewhere(&node, &record)?),
                    _ => None,
                };
                MessageAction::Say {
                    operation,
                    about,
                    text: read("text", &text)?,
                    break_silence: read_maybe("break_silence", break_silence.as_deref())?,
                }
            }
            OperationStep::Ask {
                node,
                record,
                what,
                incident,
                text,
                minutes,
                if_version,
                break_silence,
            } => MessageAction::Ask {
                operation,
                of: elsewhere(&node, &record)?,
                ask: match what {
                    AskWhat::Send => Ask::Send {
                        to: read_id(incident.as_deref().unwrap_or_default())?,
                    },
                    AskWhat::Release => Ask::Release,
                    AskWhat::Attend => Ask::Attend,
                },
                if_version,
                expires_at: now.plus_s(minutes.saturating_mul(60)),
                text: text.as_deref().map(|text| read("text", text)).transpose()?,
                break_silence: read_maybe("break_silence", break_silence.as_deref())?,
            },
            OperationStep::Withdraw { message, reason } => MessageAction::Withdraw {
                message: read_id(&message)?,
                reason: line("reason", &reason)?,
            },
            _ => return Err(Problem::not_found()),
        })
    }

    fn replied(self, operation: OperationId) -> Result<ReplyAction, Problem> {
        Ok(match self {
            OperationStep::Answer {
                node,
                message,
                accept,
                reason,
            } => ReplyAction::Answer {
                node: node_named(&node)?,
                message: read_id::<MessageId>(&message)?,
                accept,
                reason: reason
                    .as_deref()
                    .map(|one| line("reason", one))
                    .transpose()?,
                clash: false,
            },
            OperationStep::AnswerOffer {
                node,
                incident,
                accept,
                reason,
            } => ReplyAction::AnswerOffer {
                operation,
                of: elsewhere(&node, &format!("incident:{incident}"))?,
                accept,
                reason: reason
                    .as_deref()
                    .map(|one| line("reason", one))
                    .transpose()?,
            },
            OperationStep::AdvanceDirective {
                node,
                directive,
                reported,
                text,
            } => ReplyAction::Advance {
                operation,
                to: Elsewhere {
                    node: node_named(&node)?,
                    record: read_id::<DirectiveId>(&directive)?.into(),
                },
                step: match reported {
                    true => DirectiveTaken::Reported,
                    false => DirectiveTaken::Acting,
                },
                text: read_maybe("text", text.as_deref())?,
            },
            OperationStep::Sign { node, record } => ReplyAction::Sign {
                operation,
                to: elsewhere(&node, &record)?,
            },
            OperationStep::Show { node, record } => ReplyAction::Show {
                operation,
                to: elsewhere(&node, &record)?,
            },
            _ => return Err(Problem::not_found()),
        })
    }
}
