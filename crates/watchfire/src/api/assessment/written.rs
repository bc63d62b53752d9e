//! What is sent of assessments, and how it is read: grades, sources, readers and times at the door.
//!
//! Start at [`AssessmentBody`] and [`AssessmentStep`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{AssessmentId, OperationId, Point, Prose};
use watchfire_core::record::assessment::{
    AssessmentAction, AssessmentDetails, AssessmentKind, Credibility, Grade, Readers, Reliability,
    Source, SourceOf, Urgency,
};
use watchfire_core::record::person::Seat;
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_feed::NodeId;

use super::super::view::SeatView;
use super::super::{Timed, read, read_id, read_maybe, read_time, unreadable};
use crate::problem::Problem;

/// An assessment as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Smoke along the canal", "kind": "trend", "urgency": "urgent",
    "grade": { "source": "B", "credibility": 2 }, "valid_until": "2026-11-29T08:00:00Z",
    "sources": [{ "what": { "is": "open_report", "label": "Evening paper", "reference": "https://example.org/1" } }],
    "text": "Three fires in two nights, all by the water.",
}))]
pub(crate) struct AssessmentBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// What kind of product it is.
    kind: AssessmentKindView,
    /// How soon its readers should know.
    urgency: UrgencyView,
    /// How it is graded as a whole.
    grade: AssessmentGradeBody,
    /// Until when it holds.
    #[schema(format = DateTime)]
    valid_until: String,
    /// On what it rests.
    #[schema(min_items = 1, max_items = 16)]
    sources: Vec<SourceBody>,
    /// What it says.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// The issued assessment that it is to supersede; only when it is begun.
    supersedes: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(AssessmentBody);

/// What kind of product it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentKindView {
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

super::super::view::same_words!(AssessmentKind <=> AssessmentKindView { Situation, Incident, Trend, Event, Warning });

/// How soon its readers should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UrgencyView {
    /// At once.
    Immediate,
    /// Within the shift.
    Urgent,
    /// Within a day.
    Routine,
}

super::super::view::same_words!(Urgency <=> UrgencyView { Immediate, Urgent, Routine });

/// Both halves of a grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentGradeBody {
    /// How reliable the source is: A to F.
    #[schema(pattern = "^[A-F]$")]
    source: String,
    /// How credible what it says is: 1 (confirmed) to 6 (cannot be judged).
    #[schema(minimum = 1, maximum = 6)]
    credibility: u8,
}

impl AssessmentGradeBody {
    fn read(&self) -> Result<Grade, Problem> {
        let source = Reliability::parse(&self.source);
        let credibility = Credibility::try_from(self.credibility).ok();
        match (source, credibility) {
            (Some(source), Some(credibility)) => Ok(Grade {
                source,
                credibility,
            }),
            _ => Err(Problem::unreadable(
                "A grade is a letter A to F and a number 1 to 6, such as B and 2.",
                "分级由来源字母 A 至 F 和可信度数字 1 至 6 组成，如 B 和 2。",
            )),
        }
    }
}

/// Something that it rests on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBody {
    /// What it is.
    what: SourceOfBody,
    /// How it is graded by itself.
    grade: Option<AssessmentGradeBody>,
}

/// What a source is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SourceOfBody {
    /// A record of this node: an incident, a call, a station, an assessment.
    Record {
        /// Its kind, a colon, its id.
        record: String,
    },
    /// A record that another home shares.
    There {
        /// Its home.
        node: String,
        /// The record there.
        record: String,
    },
    /// A place.
    Site {
        /// What people call it.
        #[schema(min_length = 1, max_length = 200)]
        label: String,
        /// Latitude in degrees (WGS 84).
        #[schema(minimum = -90, maximum = 90)]
        lat: f64,
        /// Longitude in degrees (WGS 84).
        #[schema(minimum = -180, maximum = 180)]
        lon: f64,
    },
    /// Something that anybody can look up.
    OpenReport {
        /// What it is.
        #[schema(min_length = 1, max_length = 200)]
        label: String,
        /// Where it is to be found.
        #[schema(min_length = 1, max_length = 200)]
        reference: Option<String>,
    },
}

pub(in crate::api) fn node_named(text: &str) -> Result<NodeId, Problem> {
    text.parse().map_err(|_| {
        Problem::unreadable(
            "A node is named by 64 hex digits.",
            "节点以 64 位十六进制数命名。",
        )
    })
}

pub(in crate::api) fn record_named(text: &str) -> Result<RecordRef, Problem> {
    RecordRef::parse(text).ok_or_else(|| {
        Problem::unreadable(
            "A record is named by its kind, a colon and 32 hex digits, such as incident:00ff….",
            "记录以类别、冒号和 32 位十六进制数命名，如 incident:00ff…。",
        )
    })
}

impl SourceBody {
    fn read(&self) -> Result<Source, Problem> {
        let what = match &self.what {
            SourceOfBody::Record { record } => SourceOf::Record {
                record: record_named(record)?,
            },
            SourceOfBody::There { node, record } => SourceOf::There {
                of: Elsewhere {
                    node: node_named(node)?,
                    record: record_named(record)?,
                },
            },
            SourceOfBody::Site { label, lat, lon } => SourceOf::Site {
                label: read("label", label)?,
                point: Point::from_degrees(*lat, *lon)
                    .map_err(|error| unreadable("sources", &error))?,
            },
            SourceOfBody::OpenReport { label, reference } => SourceOf::OpenReport {
                label: read("label", label)?,
                reference: read_maybe("reference", reference.as_deref())?,
            },
        };
        let grade = self
            .grade
            .as_ref()
            .map(AssessmentGradeBody::read)
            .transpose()?;
        Ok(Source { what, grade })
    }
}

impl AssessmentBody {
    pub(super) fn details(&self) -> Result<AssessmentDetails, Problem> {
        let sources: Result<_, Problem> = self.sources.iter().map(SourceBody::read).collect();
        Ok(AssessmentDetails {
            title: read("title", &self.title)?,
            kind: self.kind.into(),
            urgency: self.urgency.into(),
            grade: self.grade.read()?,
            valid_until: read_time("valid_until", &self.valid_until)?,
            sources: sources?,
        })
    }

    pub(super) fn text(&self) -> Result<Prose, Problem> {
        read("text", &self.text)
    }

    pub(super) fn supersedes(&self) -> Result<Option<AssessmentId>, Problem> {
        self.supersedes.as_deref().map(read_id).transpose()
    }
}

/// A step in the life of an assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AssessmentStep {
    /// Stand by what somebody else wrote.
    Review {},
    /// Give it back to who wrote it.
    Return {
        /// What is to be changed.
        #[schema(min_length = 1, max_length = 200)]
        remark: String,
    },
    /// Issue it to named readers.
    Issue {
        /// Seats of this agency.
        #[serde(default)]
        #[schema(max_items = 9)]
        seats: Vec<SeatView>,
        /// The operation through which other agencies get it.
        operation: Option<String>,
        /// The agencies that are to read it: their node ids.
        #[serde(default)]
        #[schema(max_items = 100)]
        agencies: Vec<String>,
    },
    /// Say that one has read it.
    Read {},
    /// Give it up before it is issued.
    Withdraw {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
}

impl Timed for AssessmentStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

impl AssessmentStep {
    pub(super) fn meaning(self, assessment: AssessmentId) -> Result<AssessmentAction, Problem> {
        Ok(match self {
            AssessmentStep::Review {} => AssessmentAction::Review { assessment },
            AssessmentStep::Return { remark } => AssessmentAction::Return {
                assessment,
                remark: read("remark", &remark)?,
            },
            AssessmentStep::Issue {
                seats,
                operation,
                agencies,
            } => AssessmentAction::Issue {
                assessment,
                readers: Readers {
                    seats: seats.into_iter().map(Seat::from).collect(),
                    operation: operation
                        .as_deref()
                        .map(read_id::<OperationId>)
                        .transpose()?,
                    agencies: nodes_named(&agencies)?,
                },
            },
            AssessmentStep::Read {} => AssessmentAction::Read { assessment },
            AssessmentStep::Withdraw { reason } => AssessmentAction::Withdraw {
                assessment,
                reason: read("reason", &reason)?,
            },
        })
    }
}

pub(in crate::api) fn nodes_named(all: &[String]) -> Result<BTreeSet<NodeId>, Problem> {
    all.iter().map(|node| node_named(node)).collect()
}
