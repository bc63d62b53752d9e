//! What an entry about support says, in words: what was asked for, offered, accepted, promised, there and back.

use watchfire_core::basis::Text;
use watchfire_core::board::Board;
use watchfire_core::record::support_capability::SupportCapabilityEvent;
use watchfire_core::record::support_offer::SupportOfferEvent;
use watchfire_core::record::support_request::SupportRequestEvent;

pub(super) fn capability(event: &SupportCapabilityEvent) -> Text {
    match event {
        SupportCapabilityEvent::Entered { details } => Text::new(
            format!("{} × {} in the catalogue", details.name, details.quantity),
            format!("登记支撑能力：{} × {}", details.name, details.quantity),
        ),
        SupportCapabilityEvent::Amended { details } => Text::new(
            format!("{} × {} changed", details.name, details.quantity),
            format!("支撑能力变更：{} × {}", details.name, details.quantity),
        ),
        SupportCapabilityEvent::Retired { reason } => Text::new(
            format!("taken out of the catalogue: {reason}"),
            format!("停用：{reason}"),
        ),
    }
}

pub(super) fn request(board: &Board, event: &SupportRequestEvent, need: Option<&str>) -> Text {
    match event {
        SupportRequestEvent::Asked { number, wish, .. } => {
            let said = need.map(|need| format!(": “{need}”")).unwrap_or_default();
            let said_zh = need.map(|need| format!("：“{need}”")).unwrap_or_default();
            let (code, quantity, purpose) = (&wish.code, wish.quantity, &wish.purpose);
            Text::new(
                format!("support {number} asked: {code} × {quantity}, {purpose}{said}"),
                format!("支撑请求 {number}：{code} × {quantity}，{purpose}{said_zh}"),
            )
        }
        SupportRequestEvent::Amended {
            quantity, priority, ..
        } => {
            let priority = u8::from(*priority);
            Text::new(
                format!("request changed: × {quantity}, priority {priority}"),
                format!("请求变更：× {quantity}，{priority} 级"),
            )
        }
        SupportRequestEvent::Committed { offer, quantity } => {
            let name = board.name_of(&offer.node);
            Text::new(
                format!("offer of {name} accepted: × {quantity}"),
                format!("采纳{name}的响应：× {quantity}"),
            )
        }
        SupportRequestEvent::Released { offer } => {
            let name = board.name_of(&offer.node);
            Text::new(
                format!("support of {name} released"),
                format!("释放{name}的支撑"),
            )
        }
        SupportRequestEvent::Withdrawn { reason } => Text::new(
            format!("request withdrawn: {reason}"),
            format!("撤销请求：{reason}"),
        ),
        SupportRequestEvent::Closed { met, reason } => {
            let (en, zh) = match met {
                true => ("closed, need met", "办结，需求已满足"),
                false => ("closed, need not met", "办结，需求未满足"),
            };
            let (en_why, zh_why) = match reason {
                Some(reason) => (format!(": {reason}"), format!("：{reason}")),
                None => (String::new(), String::new()),
            };
            Text::new(format!("{en}{en_why}"), format!("{zh}{zh_why}"))
        }
        SupportRequestEvent::AlarmSeen { code } => super::alarm_seen(*code),
    }
}

pub(super) fn offer(event: &SupportOfferEvent) -> Text {
    match event {
        SupportOfferEvent::Offered { terms, .. } => Text::new(
            format!("offered {} × {}", terms.code, terms.quantity),
            format!("响应：{} × {}", terms.code, terms.quantity),
        ),
        SupportOfferEvent::Declined { reason, .. } => Text::new(
            format!("cannot support: {reason}"),
            format!("无法支撑：{reason}"),
        ),
        SupportOfferEvent::Promised { quantity } => Text::new(
            format!("promised × {quantity}"),
            format!("承诺 × {quantity}"),
        ),
        SupportOfferEvent::Retimed { .. } => Text::new("times changed", "调整时间"),
        SupportOfferEvent::Delivered => Text::new("there", "已到位"),
        SupportOfferEvent::Returned => Text::new("back", "已归还"),
        SupportOfferEvent::Withdrawn { reason } => Text::new(
            format!("offer withdrawn: {reason}"),
            format!("撤回响应：{reason}"),
        ),
    }
}
