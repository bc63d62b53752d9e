//! What is sent about support, and how it is read: every number, name and time at the door.
//!
//! Start at [`AskBody`] and [`OfferBody`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{SupportOfferId, SupportRequestId, Timestamp};
use watchfire_core::record::Elsewhere;
use watchfire_core::record::support_capability::{CapabilityDetails, Hours};
use watchfire_core::record::support_offer::SupportOfferAction;
use watchfire_core::record::support_request::{SupportRequestAction, Wish};
use watchfire_feed::NodeId;

use super::super::view::AlarmCodeView;
use super::super::{
    PlaceBody, Timed, read, read_id, read_maybe, read_place, read_time, read_time_maybe,
};
use crate::problem::Problem;

/// How long an offer waits for being accepted when nothing is said, in seconds.
const ANSWER_S: u32 = 1_800;

/// Reads the name of a node.
pub(super) fn node_named(text: &str) -> Result<NodeId, Problem> {
    text.parse().map_err(|_| {
        Problem::unreadable(
            "A node is named by 64 hex digits.",
            "节点以 64 位十六进制数命名。",
        )
    })
}

/// A capability as it is entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "drone", "name": "Drone with camera", "name_other": "无人机", "quantity": 3,
    "hours": [{ "from_min": 0, "until_min": 0, "who": "Air support desk", "reach": "8110" }],
}))]
pub(crate) struct CapabilityBody {
    /// The word that agencies have agreed on for it.
    #[schema(min_length = 1, max_length = 48)]
    code: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The same in the agency's other language.
    #[schema(min_length = 1, max_length = 200)]
    name_other: Option<String>,
    /// How many there are.
    #[schema(minimum = 1, maximum = 10000)]
    quantity: u32,
    /// Who answers when; the first that fits.
    #[schema(min_items = 1, max_items = 14)]
    hours: Vec<HoursBody>,
    /// What else is good to know.
    #[schema(min_length = 1, max_length = 200)]
    note: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Who answers in some hours of some days, by the node's own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursBody {
    /// On which days, 1 for Monday to 7; every day when empty.
    #[serde(default)]
    #[schema(max_items = 7)]
    days: Vec<u8>,
    /// From which minute of the day.
    #[schema(minimum = 0, maximum = 1439)]
    from_min: u16,
    /// Until which minute, of the next day when not after `from_min`; the same twice is the whole day.
    #[schema(minimum = 0, maximum = 1440)]
    until_min: u16,
    /// Which seat or desk answers: no names of people.
    #[schema(min_length = 1, max_length = 200)]
    who: String,
    /// How to reach it.
    #[schema(min_length = 1, max_length = 200)]
    reach: String,
}

impl From<&Hours> for HoursBody {
    fn from(hours: &Hours) -> HoursBody {
        HoursBody {
            days: hours.days.clone(),
            from_min: hours.from_min,
            until_min: hours.until_min,
            who: hours.who.to_string(),
            reach: hours.reach.to_string(),
        }
    }
}

impl CapabilityBody {
    pub(super) fn details(&self) -> Result<CapabilityDetails, Problem> {
        let hours = |one: &HoursBody| {
            Ok(Hours {
                days: one.days.clone(),
                from_min: one.from_min,
                until_min: one.until_min,
                who: read("hours.who", &one.who)?,
                reach: read("hours.reach", &one.reach)?,
            })
        };
        let hours: Result<_, Problem> = self.hours.iter().map(hours).collect();
        Ok(CapabilityDetails {
            code: read("code", &self.code)?,
            name: read("name", &self.name)?,
            name_other: read_maybe("name_other", self.name_other.as_deref())?,
            quantity: self.quantity,
            hours: hours?,
            note: read_maybe("note", self.note.as_deref())?,
        })
    }
}

/// What support is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "drone", "quantity": 2, "until": "2026-11-26T23:00:00Z", "purpose": "Search of the river bank",
    "priority": 1,
}))]
pub(crate) struct AskBody {
    /// Which capability.
    #[schema(min_length = 1, max_length = 48)]
    code: String,
    /// How many.
    #[schema(minimum = 1, maximum = 10000)]
    quantity: u32,
    /// Where.
    place: Option<PlaceBody>,
    /// From when it is wanted; now if absent.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Until when.
    #[schema(format = DateTime)]
    until: String,
    /// What for, in a line that names nobody.
    #[schema(min_length = 1, max_length = 200)]
    purpose: String,
    /// How urgent; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: u8,
    /// What is needed and why, which may name people: it is sealed.
    #[schema(min_length = 1, max_length = 4000)]
    need: Option<String>,
    /// For which incident of this node's.
    incident: Option<String>,
    /// In which operation others are asked; nobody but this agency if absent.
    operation: Option<String>,
    /// When it was asked, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

impl AskBody {
    pub(super) fn meaning(&self, now: Timestamp) -> Result<SupportRequestAction, Problem> {
        let wish = Wish {
            code: read("code", &self.code)?,
            quantity: self.quantity,
            place: read_place(self.place.as_ref())?,
            from: read_time_maybe("from", self.from.as_deref())?.unwrap_or(now),
            until: read_time("until", &self.until)?,
            purpose: read("purpose", &self.purpose)?,
            priority: read_priority(self.priority)?,
            incident: self.incident.as_deref().map(read_id).transpose()?,
            operation: self.operation.as_deref().map(read_id).transpose()?,
        };
        let need = read_maybe("need", self.need.as_deref())?;
        Ok(SupportRequestAction::Ask { wish, need })
    }
}

fn read_priority(number: u8) -> Result<watchfire_core::basis::Priority, Problem> {
    number.try_into().map_err(|_| {
        Problem::unreadable(
            "`priority` is 1 (most urgent), 2, 3 or 4.",
            "优先级为 1（最急）、2、3 或 4。",
        )
    })
}

/// A step on one of this node's requests.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RequestStepBody {
    /// Ask for more, less, longer or sooner.
    Amend {
        /// How many now.
        #[schema(minimum = 1, maximum = 10000)]
        quantity: u32,
        /// From when now.
        #[schema(format = DateTime)]
        from: String,
        /// Until when now.
        #[schema(format = DateTime)]
        until: String,
        /// How urgent now.
        #[schema(minimum = 1, maximum = 4)]
        priority: u8,
    },
    /// Accept an offer, whole or in part.
    Commit {
        /// The home of the offer.
        node: String,
        /// The offer.
        offer: String,
        /// How many of what it offers.
        #[schema(minimum = 1, maximum = 10000)]
        quantity: u32,
    },
    /// Let go of what was accepted.
    Release {
        /// The home of the offer.
        node: String,
        /// The offer.
        offer: String,
    },
    /// Take the request back.
    Withdraw {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Close the request; what is still committed is let go.
    Close {
        /// Whether what was needed came.
        met: bool,
        /// What is to be said of it; needed when it was not met.
        #[schema(min_length = 1, max_length = 200)]
        reason: Option<String>,
    },
    /// Say that its alarm was seen.
    SeeAlarm {
        /// Which.
        code: AlarmCodeView,
    },
}

impl RequestStepBody {
    pub(super) fn meaning(
        self,
        request: SupportRequestId,
    ) -> Result<SupportRequestAction, Problem> {
        Ok(match self {
            RequestStepBody::Amend {
                quantity,
                from,
                until,
                priority,
            } => SupportRequestAction::Amend {
                request,
                quantity,
                from: read_time("from", &from)?,
                until: read_time("until", &until)?,
                priority: read_priority(priority)?,
            },
            RequestStepBody::Commit {
                node,
                offer,
                quantity,
            } => SupportRequestAction::Commit {
                request,
                offer: offer_named(&node, &offer)?,
                quantity,
            },
            RequestStepBody::Release { node, offer } => SupportRequestAction::Release {
                request,
                offer: offer_named(&node, &offer)?,
            },
            RequestStepBody::Withdraw { reason } => SupportRequestAction::Withdraw {
                request,
                reason: read("reason", &reason)?,
            },
            RequestStepBody::Close { met, reason } => SupportRequestAction::Close {
                request,
                met,
                reason: read_maybe("reason", reason.as_deref())?,
            },
            RequestStepBody::SeeAlarm { code } => SupportRequestAction::SeeAlarm {
                request,
                code: code.into(),
            },
        })
    }
}

fn offer_named(node: &str, offer: &str) -> Result<Elsewhere, Problem> {
    let offer: SupportOfferId = read_id(offer)?;
    Ok(Elsewhere {
        node: node_named(node)?,
        record: offer.into(),
    })
}

fn request_named(node: &str, request: &str) -> Result<Elsewhere, Problem> {
    let request: SupportRequestId = read_id(request)?;
    Ok(Elsewhere {
        node: node_named(node)?,
        record: request.into(),
    })
}

/// What is offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferBody {
    /// The home of the request.
    node: String,
    /// The request.
    request: String,
    /// Which of this node's capabilities.
    capability: String,
    /// How many.
    #[schema(minimum = 1, maximum = 10000)]
    quantity: u32,
    /// From when they are set aside; now if absent.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// When they can be there.
    #[schema(format = DateTime)]
    eta: String,
    /// Until when they can stay.
    #[schema(format = DateTime)]
    until: String,
    /// Until when it can be accepted; half an hour from now, or until its end if that is sooner, if absent.
    #[schema(format = DateTime)]
    answer_by: Option<String>,
    /// What goes with it, which may name people: it is sealed.
    #[schema(min_length = 1, max_length = 4000)]
    note: Option<String>,
    /// When it was offered, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

impl OfferBody {
    pub(super) fn meaning(&self, now: Timestamp) -> Result<SupportOfferAction, Problem> {
        let until = read_time("until", &self.until)?;
        let answer_by = read_time_maybe("answer_by", self.answer_by.as_deref())?;
        Ok(SupportOfferAction::Offer {
            request: request_named(&self.node, &self.request)?,
            capability: read_id(&self.capability)?,
            quantity: self.quantity,
            from: read_time_maybe("from", self.from.as_deref())?.unwrap_or(now),
            eta: read_time("eta", &self.eta)?,
            until,
            answer_by: answer_by.unwrap_or(now.plus_s(ANSWER_S).min(until)),
            note: read_maybe("note", self.note.as_deref())?,
        })
    }
}

/// That one cannot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineBody {
    /// The home of the request.
    node: String,
    /// The request.
    request: String,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// When it was said, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

impl DeclineBody {
    pub(super) fn meaning(&self) -> Result<SupportOfferAction, Problem> {
        Ok(SupportOfferAction::Decline {
            request: request_named(&self.node, &self.request)?,
            reason: read("reason", &self.reason)?,
        })
    }
}

/// A step on one of this node's offers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OfferStepBody {
    /// Promise what was accepted, where the node could not do so by itself.
    Promise {},
    /// Come sooner or later, stay longer or shorter.
    Retime {
        /// When they can be there now.
        #[schema(format = DateTime)]
        eta: String,
        /// Until when they can stay now.
        #[schema(format = DateTime)]
        until: String,
    },
    /// Say that it is there.
    Deliver {},
    /// Say that it is back and free.
    Return {},
    /// Take it back before it is there.
    Withdraw {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
}

impl OfferStepBody {
    pub(super) fn meaning(self, offer: SupportOfferId) -> Result<SupportOfferAction, Problem> {
        Ok(match self {
            OfferStepBody::Promise {} => SupportOfferAction::Promise { offer },
            OfferStepBody::Retime { eta, until } => SupportOfferAction::Retime {
                offer,
                eta: read_time("eta", &eta)?,
                until: read_time("until", &until)?,
            },
            OfferStepBody::Deliver {} => SupportOfferAction::Deliver { offer },
            OfferStepBody::Return {} => SupportOfferAction::Return { offer },
            OfferStepBody::Withdraw { reason } => SupportOfferAction::Withdraw {
                offer,
                reason: read("reason", &reason)?,
            },
        })
    }
}

crate::timed!(CapabilityBody, AskBody, OfferBody, DeclineBody);

impl Timed for RequestStepBody {
    /// A step is taken when it is said.
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

impl Timed for OfferStepBody {
    /// A step is taken when it is said.
    fn happened_at(&self) -> Option<&str> {
        None
    }
}
