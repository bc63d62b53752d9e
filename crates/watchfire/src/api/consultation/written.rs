//! What is sent of consultations, and how it is read. Start at [`ConsultationBody`] and [`ConsultationStep`].

use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{ConsultationId, OperationId, Point};
use watchfire_core::record::consultation::{
    ConsultationAction, ConsultationDetails, Contributed, Paper, Settling,
};
use watchfire_core::record::person::Seat;

use super::super::assessment::written::{node_named, nodes_named, record_named};
use super::super::view::SeatView;
use super::super::{Timed, read, read_id, read_time, unreadable};
use crate::problem::Problem;

/// A consultation as it is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "subject": "What to do about the canal", "at": "2026-11-27T09:00:00Z", "venue": "Room 2, and on line",
    "seats": ["duty_officer", "analyst"],
}))]
pub(crate) struct ConsultationBody {
    /// What is to be settled.
    #[schema(min_length = 1, max_length = 200)]
    subject: String,
    /// When it is to begin.
    #[schema(format = DateTime)]
    at: String,
    /// Where: a room, or how to come in on line.
    #[schema(min_length = 1, max_length = 200)]
    venue: String,
    /// The seats of this agency that take part.
    #[serde(default)]
    #[schema(max_items = 9)]
    seats: Vec<SeatView>,
    /// The operation through which other agencies take part.
    operation: Option<String>,
    /// The agencies that are called in: their node ids.
    #[serde(default)]
    #[schema(max_items = 100)]
    agencies: Vec<String>,
    /// What is on the table.
    #[serde(default)]
    #[schema(max_items = 20)]
    papers: Vec<PaperBody>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(ConsultationBody);

/// A paper.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaperBody {
    /// Its home; this node when left out.
    node: Option<String>,
    /// An incident or an assessment: its kind, a colon, its id.
    record: String,
}

impl ConsultationBody {
    pub(super) fn details(&self) -> Result<ConsultationDetails, Problem> {
        let paper = |paper: &PaperBody| {
            Ok(Paper {
                node: paper.node.as_deref().map(node_named).transpose()?,
                record: record_named(&paper.record)?,
            })
        };
        let papers: Result<_, Problem> = self.papers.iter().map(paper).collect();
        let operation = self.operation.as_deref();
        Ok(ConsultationDetails {
            subject: read("subject", &self.subject)?,
            at: read_time("at", &self.at)?,
            venue: read("venue", &self.venue)?,
            seats: self.seats.iter().map(|seat| Seat::from(*seat)).collect(),
            operation: operation.map(read_id::<OperationId>).transpose()?,
            agencies: nodes_named(&self.agencies)?,
            papers: papers?,
        })
    }
}

/// A step in a consultation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ConsultationStep {
    /// Begin.
    Open {},
    /// Put a card on the board.
    Card {
        /// What it says.
        #[schema(min_length = 1, max_length = 120)]
        text: String,
        /// Where it is about: latitude in degrees (WGS 84).
        #[schema(minimum = -90, maximum = 90)]
        lat: Option<f64>,
        /// Where it is about: longitude in degrees (WGS 84).
        #[schema(minimum = -180, maximum = 180)]
        lon: Option<f64>,
    },
    /// Write a note.
    Note {
        /// What it says.
        #[schema(min_length = 1, max_length = 4000)]
        text: String,
    },
    /// Put a decision down.
    Decide {
        /// What.
        #[schema(min_length = 1, max_length = 120)]
        text: String,
    },
    /// Say that a decision becomes a directive.
    Direct {
        /// The decision, by its number.
        no: u16,
        /// The directive, if it is written already: its kind, a colon, its id.
        directive: Option<String>,
    },
    /// Decline a decision.
    Decline {
        /// The decision, by its number.
        no: u16,
        /// Why.
        #[schema(min_length = 1, max_length = 120)]
        reason: String,
    },
    /// Conclude it.
    Conclude {},
    /// Call it off before it is held.
    CallOff {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
}

impl Timed for ConsultationStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

impl ConsultationStep {
    pub(super) fn meaning(
        self,
        consultation: ConsultationId,
    ) -> Result<ConsultationAction, Problem> {
        Ok(match self {
            ConsultationStep::Open {} => ConsultationAction::Open { consultation },
            ConsultationStep::Card { text, lat, lon } => ConsultationAction::Contribute {
                consultation,
                what: Contributed::Card,
                text: read("text", &text)?,
                point: match (lat, lon) {
                    (Some(lat), Some(lon)) => Some(
                        Point::from_degrees(lat, lon).map_err(|error| unreadable("lat", &error))?,
                    ),
                    _ => None,
                },
            },
            ConsultationStep::Note { text } => ConsultationAction::Contribute {
                consultation,
                what: Contributed::Note,
                text: read("text", &text)?,
                point: None,
            },
            ConsultationStep::Decide { text } => ConsultationAction::Decide {
                consultation,
                text: read("text", &text)?,
            },
            ConsultationStep::Direct { no, directive } => ConsultationAction::Settle {
                consultation,
                no,
                settling: Settling::Directive {
                    directive: directive.as_deref().map(record_named).transpose()?,
                },
            },
            ConsultationStep::Decline { no, reason } => ConsultationAction::Settle {
                consultation,
                no,
                settling: Settling::Declined {
                    reason: read("reason", &reason)?,
                },
            },
            ConsultationStep::Conclude {} => ConsultationAction::Conclude { consultation },
            ConsultationStep::CallOff { reason } => ConsultationAction::CallOff {
                consultation,
                reason: read("reason", &reason)?,
            },
        })
    }
}
