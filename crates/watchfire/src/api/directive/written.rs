//! What is sent about a directive, and the action that it means.

use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{DirectiveId, Line, OperationId, Priority, Prose, Timestamp};
use watchfire_core::record::RecordRef;
use watchfire_core::record::directive::{Addressee, Details, DirectiveAction, Step};

use crate::api::view::{AlarmCodeView, SeatView};
use crate::api::{read, read_id, read_maybe, read_time_maybe};
use crate::problem::Problem;
use crate::timed;

/// A directive as it is written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DirectiveBody {
    /// The kind, by its code in the response file.
    #[schema(max_length = 48)]
    kind: String,
    /// Urgency, 1 to 4; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: u8,
    /// What it is about, in a few words that name nobody.
    #[schema(min_length = 1, max_length = 200)]
    subject: String,
    /// What is to be done, in full. Where a draft is changed and nothing is said of it, it stays; an empty text takes it away.
    #[schema(max_length = 4000)]
    text: Option<String>,
    /// For whom.
    #[schema(min_items = 1, max_items = 200)]
    to: Vec<AddresseeBody>,
    /// The operation in which it is given; needed for other agencies.
    operation: Option<String>,
    /// The records that it has to do with: each a kind, a colon, an id.
    #[serde(default)]
    #[schema(max_items = 20)]
    related: Vec<String>,
    /// By when it is to be closed; the next 08:00 if nothing is said.
    #[schema(format = DateTime)]
    close_by: Option<String>,
    /// The directive that it takes the place of.
    replaces: Option<String>,
    /// True if it is not to be issued yet.
    #[serde(default)]
    pub(super) draft: bool,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// For whom a directive is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AddresseeBody {
    /// A unit's crew.
    Unit {
        /// The unit's id.
        id: String,
    },
    /// Whoever sits in a seat.
    Seat {
        /// Which.
        id: SeatView,
    },
    /// The crews of a station.
    Station {
        /// The station's id.
        id: String,
    },
    /// Another agency of the operation.
    Agency {
        /// Its node id.
        id: String,
    },
    /// Every other agency of the operation.
    Everyone {},
}

impl AddresseeBody {
    fn read(&self) -> Result<Addressee, Problem> {
        Ok(match self {
            AddresseeBody::Unit { id } => Addressee::Unit(read_id(id)?),
            AddresseeBody::Seat { id } => Addressee::Seat((*id).into()),
            AddresseeBody::Station { id } => Addressee::Station(read_id(id)?),
            AddresseeBody::Agency { id } => {
                Addressee::Agency(id.parse().map_err(|_| Problem::not_found())?)
            }
            AddresseeBody::Everyone {} => Addressee::Everyone,
        })
    }
}

impl DirectiveBody {
    /// Returns true if the text is neither given nor taken away.
    pub(super) fn says_nothing_of_the_text(&self) -> bool {
        self.text.is_none()
    }

    /// Reads what is to be done, by whom, and the text.
    pub(super) fn read(self, close: Timestamp) -> Result<(Details, Option<Prose>), Problem> {
        let text = self.text.as_deref().filter(|text| !text.is_empty());
        let text = read_maybe("text", text)?;
        let to: Result<Vec<_>, Problem> = self.to.iter().map(AddresseeBody::read).collect();
        let related: Result<Vec<_>, Problem> = self
            .related
            .iter()
            .map(|name| RecordRef::parse(name).ok_or_else(Problem::not_found))
            .collect();
        let close_by = read_time_maybe("close_by", self.close_by.as_deref())?;
        let priority = Priority::try_from(self.priority).map_err(|_| {
            Problem::unreadable(
                "`priority` is 1, 2, 3 or 4.",
                "“priority”应为 1、2、3 或 4。",
            )
        })?;
        let operation: Option<OperationId> = self.operation.as_deref().map(read_id).transpose()?;
        let replaces: Option<DirectiveId> = self.replaces.as_deref().map(read_id).transpose()?;
        let details = Details {
            kind: read("kind", &self.kind)?,
            priority,
            subject: read("subject", &self.subject)?,
            to: to?,
            operation,
            related: related?,
            close_by: close_by.unwrap_or(close),
            replaces,
        };
        Ok((details, text))
    }
}

/// A step on a directive.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DirectiveStep {
    /// Issue a draft.
    Issue {},
    /// Throw a draft away.
    Discard {},
    /// An addressee takes a step.
    Advance {
        /// Which item, from 0.
        item: usize,
        /// Which step.
        step: DirectiveStepView,
        /// What is reported, if it is the report.
        #[schema(min_length = 1, max_length = 4000)]
        text: Option<String>,
        /// When it happened, if not now.
        #[schema(format = DateTime)]
        happened_at: Option<String>,
    },
    /// Verify what was reported.
    Verify {
        /// Which item, from 0.
        item: usize,
    },
    /// Return what was reported for rework.
    Return {
        /// Which item, from 0.
        item: usize,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Ask no more of an addressee.
    Excuse {
        /// Which item, from 0.
        item: usize,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Take it back.
    Recall {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Close it.
    Close {
        /// Why in part, if not all of it is done.
        #[schema(min_length = 1, max_length = 200)]
        in_part: Option<String>,
    },
    /// Acknowledge that a step is overdue.
    SeeAlarm {
        /// Which alarm.
        code: AlarmCodeView,
    },
}

timed!(DirectiveBody);

impl crate::api::Timed for DirectiveStep {
    fn happened_at(&self) -> Option<&str> {
        let DirectiveStep::Advance { happened_at, .. } = self else {
            return None;
        };
        happened_at.as_deref()
    }
}

/// A step that an addressee takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirectiveStepView {
    /// A device has it.
    Delivered,
    /// A screen shows it.
    Shown,
    /// A person signs for it.
    Signed,
    /// They begin to act.
    Acting,
    /// They report back.
    Reported,
}

impl From<DirectiveStepView> for Step {
    fn from(step: DirectiveStepView) -> Step {
        match step {
            DirectiveStepView::Delivered => Step::Delivered,
            DirectiveStepView::Shown => Step::Shown,
            DirectiveStepView::Signed => Step::Signed,
            DirectiveStepView::Acting => Step::Acting,
            DirectiveStepView::Reported => Step::Reported,
        }
    }
}

impl DirectiveStep {
    /// Returns the action that it means.
    pub(super) fn meaning(self, directive: DirectiveId) -> Result<DirectiveAction, Problem> {
        let reason = |text: &str| read::<Line>("reason", text);
        Ok(match self {
            DirectiveStep::Issue {} => DirectiveAction::Issue { directive },
            DirectiveStep::Discard {} => DirectiveAction::Discard { directive },
            DirectiveStep::Advance {
                item, step, text, ..
            } => DirectiveAction::Advance {
                directive,
                item,
                step: step.into(),
                text: read_maybe("text", text.as_deref())?,
            },
            DirectiveStep::Verify { item } => DirectiveAction::Verify { directive, item },
            DirectiveStep::Return { item, reason: why } => DirectiveAction::Return {
                directive,
                item,
                reason: reason(&why)?,
            },
            DirectiveStep::Excuse { item, reason: why } => DirectiveAction::Excuse {
                directive,
                item,
                reason: reason(&why)?,
            },
            DirectiveStep::Recall { reason: why } => DirectiveAction::Recall {
                directive,
                reason: reason(&why)?,
            },
            DirectiveStep::Close { in_part } => DirectiveAction::Close {
                directive,
                in_part: read_maybe("in_part", in_part.as_deref())?,
            },
            DirectiveStep::SeeAlarm { code } => DirectiveAction::SeeAlarm {
                directive,
                code: code.into(),
            },
        })
    }
}
