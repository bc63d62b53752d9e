//! What an entry of an assessment or a consultation says, in words.

use watchfire_core::basis::Text;
use watchfire_core::record::assessment::AssessmentEvent;
use watchfire_core::record::consultation::{ConsultationEvent, Contributed, Settling};
use watchfire_core::record::saved_view::SavedViewEvent;

pub(super) fn assessment(event: &AssessmentEvent) -> Text {
    match event {
        AssessmentEvent::Drafted {
            number, details, ..
        } => Text::new(
            format!("assessment {number} begun: {}", details.title),
            format!("起草研判 {number}：{}", details.title),
        ),
        AssessmentEvent::Amended { .. } => Text::new("draft changed", "修改研判草稿"),
        AssessmentEvent::Reviewed => Text::new("reviewed", "审核通过"),
        AssessmentEvent::Returned { remark } => {
            Text::new(format!("returned: {remark}"), format!("退回：{remark}"))
        }
        AssessmentEvent::Issued { .. } => Text::new("issued", "发布"),
        AssessmentEvent::Read { .. } => Text::new("read", "签阅"),
        AssessmentEvent::Superseded { .. } => Text::new("superseded", "被替代"),
        AssessmentEvent::Withdrawn { reason } => {
            Text::new(format!("withdrawn: {reason}"), format!("撤回：{reason}"))
        }
    }
}

pub(super) fn consultation(event: &ConsultationEvent) -> Text {
    match event {
        ConsultationEvent::Called { number, details } => Text::new(
            format!("consultation {number} called: {}", details.subject),
            format!("召集会商 {number}：{}", details.subject),
        ),
        ConsultationEvent::Opened => Text::new("consultation begun", "会商开始"),
        ConsultationEvent::Contributed { what, .. } => match what {
            Contributed::Card => Text::new("card put on the board", "添加卡片"),
            Contributed::Note => Text::new("note written", "添加记录"),
        },
        ConsultationEvent::Decided { text } => {
            Text::new(format!("decided: {text}"), format!("提出决定：{text}"))
        }
        ConsultationEvent::Settled { no, settling } => match settling {
            Settling::Directive { .. } => Text::new(
                format!("decision {no} becomes a directive"),
                format!("决定 {no} 转为指令"),
            ),
            Settling::Declined { reason } => Text::new(
                format!("decision {no} declined: {reason}"),
                format!("决定 {no} 不予执行：{reason}"),
            ),
        },
        ConsultationEvent::Concluded => Text::new("consultation concluded", "会商结束"),
        ConsultationEvent::CalledOff { reason } => Text::new(
            format!("consultation called off: {reason}"),
            format!("会商取消：{reason}"),
        ),
    }
}

pub(super) fn saved_view(event: &SavedViewEvent) -> Text {
    match event {
        SavedViewEvent::Saved { name, .. } => {
            Text::new(format!("view saved: {name}"), format!("保存视图：{name}"))
        }
        SavedViewEvent::Removed => Text::new("view removed", "删除视图"),
    }
}
