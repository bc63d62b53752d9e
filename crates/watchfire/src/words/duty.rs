//! What happened to duty posts, shifts and handovers, in words.

use watchfire_core::basis::{PersonId, Text};
use watchfire_core::board::Board;
use watchfire_core::duty::name_of;
use watchfire_core::record::duty_post::DutyPostEvent;
use watchfire_core::record::handover::{HandoverEvent, Side};
use watchfire_core::record::shift::{Cause, ShiftEvent};

/// Says why somebody was taken off a shift.
pub(crate) fn cause(cause: Cause) -> Text {
    match cause {
        Cause::Leave => Text::new("leave", "休假"),
        Cause::Swap => Text::new("swap", "换班"),
        Cause::Planned => Text::new("planned otherwise", "调整排班"),
    }
}

/// Says how a swap was answered, in English and in Chinese.
pub(crate) fn swap_answer(accepted: bool) -> (&'static str, &'static str) {
    if accepted {
        ("agreed", "已同意")
    } else {
        ("not made", "未成")
    }
}

fn with(text: Option<&str>) -> (String, String) {
    match text {
        Some(text) => (format!(": {text}"), format!("：{text}")),
        None => (String::new(), String::new()),
    }
}

pub(super) fn post(board: &Board, event: &DutyPostEvent) -> Text {
    let name = |person: &PersonId| name_of(board, *person);
    match event {
        DutyPostEvent::Entered { details } => Text::new(
            format!("duty post {} entered", details.name),
            format!("设立岗位“{}”", details.name),
        ),
        DutyPostEvent::Amended { .. } => Text::new("duty post changed", "岗位变更"),
        DutyPostEvent::LeaveGiven { leave } => Text::new(
            format!("{} on leave", name(&leave.person)),
            format!("登记{}休假", name(&leave.person)),
        ),
        DutyPostEvent::LeaveEnded { person, .. } => Text::new(
            format!("leave of {} taken back", name(person)),
            format!("{}销假", name(person)),
        ),
        DutyPostEvent::Ended => Text::new("duty post given up", "撤销岗位"),
    }
}

pub(super) fn shift(board: &Board, event: &ShiftEvent, text: Option<&str>) -> Text {
    let name = |person: &PersonId| name_of(board, *person);
    let (en, zh) = with(text);
    match event {
        ShiftEvent::Planned { people, .. } => Text::new(
            format!("shift planned with {} people{en}", people.len()),
            format!("排班 {} 人{zh}", people.len()),
        ),
        ShiftEvent::Assigned { person, .. } => Text::new(
            format!("{} put on the shift{en}", name(person)),
            format!("安排{}值班{zh}", name(person)),
        ),
        ShiftEvent::TakenOff { person, cause: why } => {
            let why = cause(*why);
            Text::new(
                format!("{} taken off ({}){en}", name(person), why.en),
                format!("{}撤班（{}）{zh}", name(person), why.zh),
            )
        }
        ShiftEvent::SwapAsked { from, to, .. } => Text::new(
            format!("{} asks {} to swap", name(from), name(to)),
            format!("{}向{}申请换班", name(from), name(to)),
        ),
        ShiftEvent::SwapAnswered { from, to, accepted } => {
            let (en, zh) = swap_answer(*accepted);
            Text::new(
                format!("swap of {} and {} {en}", name(from), name(to)),
                format!("{}与{}换班{zh}", name(from), name(to)),
            )
        }
        ShiftEvent::CameOn { person, .. } => Text::new(
            format!("{} came on", name(person)),
            format!("{}上岗", name(person)),
        ),
        ShiftEvent::WentOff { person, .. } => Text::new(
            format!("{} went off", name(person)),
            format!("{}下岗", name(person)),
        ),
        ShiftEvent::Written { .. } => Text::new(format!("shift log{en}"), format!("值班日志{zh}")),
        ShiftEvent::Settled { no } => Text::new(
            format!("note {no} settled"),
            format!("第 {no} 条移交事项办结"),
        ),
        ShiftEvent::Cancelled => Text::new(format!("shift cancelled{en}"), format!("取消班次{zh}")),
    }
}

pub(super) fn handover(board: &Board, event: &HandoverEvent, text: Option<&str>) -> Text {
    let name = |person: &PersonId| name_of(board, *person);
    let (en, zh) = with(text);
    match event {
        HandoverEvent::Opened {
            outgoing,
            incoming,
            items,
            ..
        } => Text::new(
            format!(
                "handover from {} to {} begun, {} items",
                name(outgoing),
                name(incoming),
                items.len()
            ),
            format!(
                "{}与{}开始交接，共 {} 项",
                name(outgoing),
                name(incoming),
                items.len()
            ),
        ),
        HandoverEvent::Accepted { item } => Text::new(
            format!("accepted: {}", item.what.en),
            format!("接收：{}", item.what.zh),
        ),
        HandoverEvent::Questioned { item } => Text::new(
            format!("questioned: {}{en}", item.what.en),
            format!("提问：{}{zh}", item.what.zh),
        ),
        HandoverEvent::Explained { .. } => Text::new(format!("explained{en}"), format!("说明{zh}")),
        HandoverEvent::SaidGone => Text::new(
            format!("the outgoing person is gone{en}"),
            format!("交班人员离岗{zh}"),
        ),
        HandoverEvent::Signed { side } => match side {
            Side::Outgoing => Text::new("signed by the outgoing person", "交班人员签字"),
            Side::Incoming => Text::new("signed by the incoming person", "接班人员签字"),
        },
        HandoverEvent::GivenUp => {
            Text::new(format!("handover given up{en}"), format!("取消交接{zh}"))
        }
    }
}
