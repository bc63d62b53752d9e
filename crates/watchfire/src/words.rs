//! What an entry says, in words a dispatcher or an auditor reads, in both languages.

mod assessment;
mod directive;
mod duty;
mod joint;
mod planned_action;
mod playbook;
mod support;

use watchfire_core::basis::{AssignmentId, CallId, IncidentId};
use watchfire_core::basis::{Code, Personal, Text, UnitId, say_seconds};
use watchfire_core::board::Board;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::assignment::AssignmentEvent;
use watchfire_core::record::call::CallEvent;
use watchfire_core::record::incident::IncidentEvent;
use watchfire_core::record::patrol::PatrolEvent;
use watchfire_core::record::person::{Access, PersonEvent};
use watchfire_core::record::road_condition::{RoadConditionEvent, RoadEffect};
use watchfire_core::record::settlement::SettlementEvent;
use watchfire_core::record::unit::UnitEvent;
use watchfire_core::record::{Event, RecordRef};
use watchfire_core::timer::AlarmCode;

pub(crate) use directive::addressee;
pub(crate) use duty::{cause, swap_answer};
pub(crate) use planned_action::{decided, ending, team_word};

/// Says what happened.
pub fn of(
    board: &Board,
    response: &ResponseFile,
    record: RecordRef,
    event: &Event,
    personal: Option<&Personal>,
) -> Text {
    match event {
        Event::Call(event) => call(board, record, event, personal),
        Event::Incident(event) => incident(board, response, event, personal),
        Event::Assignment(event) => assignment(board, record, event),
        Event::Unit(event) => unit(event),
        Event::Station(_) => Text::new("station changed", "站点变更"),
        Event::Person(event) => person(event),
        Event::RoadCondition(event) => road_condition(event),
        Event::Patrol(event) => patrol(board, event),
        Event::Assessment(event) => assessment::assessment(event),
        Event::SavedView(event) => assessment::saved_view(event),
        Event::Consultation(event) => assessment::consultation(event),
        Event::Peer(event) => joint::peer(event),
        Event::Operation(event) => joint::operation(board, event),
        Event::Participation(event) => joint::participation(board, event),
        Event::Message(event) => {
            let text = personal.and_then(|personal| personal.note.as_ref());
            joint::message(event, text.map(|text| text.as_str()))
        }
        Event::PlannedAction(event) => planned_action::said(event),
        Event::Reply(event) => joint::reply(event),
        Event::PlaybookRun(event) => playbook::run(response, event),
        Event::Settlement(event) => settlement(event),
        Event::Directive(event) => directive::said(board, event, personal),
        Event::SupportCapability(event) => support::capability(event),
        Event::SupportRequest(event) => {
            let need = personal.and_then(|personal| personal.note.as_ref());
            support::request(board, event, need.map(|need| need.as_str()))
        }
        Event::SupportOffer(event) => support::offer(event),
        Event::DutyPost(event) => duty::post(board, event),
        Event::Shift(event) => {
            let text = personal.and_then(|personal| personal.note.as_ref());
            duty::shift(board, event, text.map(|text| text.as_str()))
        }
        Event::Handover(event) => {
            let text = personal.and_then(|personal| personal.note.as_ref());
            duty::handover(board, event, text.map(|text| text.as_str()))
        }
        Event::Told(_) => Text::new("told to an operation", "告知行动成员"),
    }
}

fn settlement(event: &SettlementEvent) -> Text {
    match event {
        SettlementEvent::Carried { lines, reason, .. } => Text::new(
            format!("{} lines carried over: {reason}", lines.len()),
            format!("结转 {} 项：{reason}", lines.len()),
        ),
        SettlementEvent::Dropped { lines } => Text::new(
            format!("{} lines over after all", lines.len()),
            format!("{} 项已办结，不再结转", lines.len()),
        ),
        SettlementEvent::Signed { .. } => Text::new("book signed", "台账签字"),
        SettlementEvent::Corrected { reason, .. } => Text::new(
            format!("correction of a signed day: {reason}"),
            format!("更正已签字台账：{reason}"),
        ),
    }
}

fn road_condition(event: &RoadConditionEvent) -> Text {
    match event {
        RoadConditionEvent::Entered { details } => {
            let reason = &details.reason;
            match details.effect {
                RoadEffect::Closed => Text::new(
                    format!("roads closed: {reason}"),
                    format!("道路封闭：{reason}"),
                ),
                RoadEffect::Slowed { percent } => Text::new(
                    format!("roads slowed to {percent} %: {reason}"),
                    format!("道路缓行至 {percent}%：{reason}"),
                ),
            }
        }
        RoadConditionEvent::EndAmended { .. } => {
            Text::new("end of the road condition changed", "修改路况结束时间")
        }
        RoadConditionEvent::Ended => Text::new("road condition ended", "路况解除"),
        RoadConditionEvent::Resumed => Text::new("road condition in force again", "路况恢复生效"),
    }
}

fn patrol(board: &Board, event: &PatrolEvent) -> Text {
    let callsign = |unit: &UnitId| {
        let found = board.units.get(unit);
        found.map_or_else(|| unit.to_string(), |unit| unit.callsign.to_string())
    };
    match event {
        PatrolEvent::Entered { details } => Text::new(
            format!("patrol plan {} written down", details.theme),
            format!("拟订巡逻计划“{}”", details.theme),
        ),
        PatrolEvent::Amended { .. } => Text::new("patrol plan changed", "巡逻计划变更"),
        PatrolEvent::Planned { rounds } => Text::new(
            format!("rounds accepted for {} units", rounds.len()),
            format!("采纳 {} 支力量的巡逻路线", rounds.len()),
        ),
        PatrolEvent::Started => Text::new("patrol begun", "巡逻开始"),
        PatrolEvent::Visited { unit, point, visit } => Text::new(
            format!("{} at point {point}, visit {visit}", callsign(unit)),
            format!("{} 到达巡逻点 {point}（第 {visit} 次）", callsign(unit)),
        ),
        PatrolEvent::Skipped {
            unit,
            point,
            visit,
            reason,
        } => Text::new(
            format!(
                "{} skips point {point}, visit {visit}: {reason}",
                callsign(unit)
            ),
            format!(
                "{} 跳过巡逻点 {point}（第 {visit} 次）：{reason}",
                callsign(unit)
            ),
        ),
        PatrolEvent::Ended { ending } => {
            let (en, zh) = match ending {
                Some(ending) => (format!(": {ending}"), format!("：{ending}")),
                None => (String::new(), String::new()),
            };
            Text::new(format!("patrol ended{en}"), format!("巡逻结束{zh}"))
        }
    }
}

fn person(event: &PersonEvent) -> Text {
    match event {
        PersonEvent::Enrolled { login, .. } => {
            Text::new(format!("{login} enrolled"), format!("登记 {login}"))
        }
        PersonEvent::Amended { .. } => Text::new("staff record changed", "人员记录变更"),
        PersonEvent::Disabled => Text::new("may not sign in any more", "停用登录"),
        PersonEvent::AccessGiven { access } => match access {
            Access::Code => Text::new("one-time code given", "发放一次性代码"),
            Access::Password => Text::new("new password chosen", "设定新密码"),
            Access::Token { seat } => Text::new(
                format!("token given for the seat {}", seat.as_str()),
                format!("发放 {} 席位令牌", seat.as_str()),
            ),
        },
    }
}

fn call(board: &Board, record: RecordRef, event: &CallEvent, personal: Option<&Personal>) -> Text {
    let number = match event {
        CallEvent::Received { number, .. } => *number,
        CallEvent::Amended { .. }
        | CallEvent::Joined { .. }
        | CallEvent::Detached
        | CallEvent::Closed { .. }
        | CallEvent::AlarmSeen { .. } => board
            .calls
            .get(&CallId(record.id))
            .map_or(0, |call| call.number),
    };
    let said = personal
        .and_then(|personal| personal.said.as_ref())
        .map(|said| format!(": “{}”", said.as_str()));
    let said = said.unwrap_or_default();
    match event {
        CallEvent::Received { .. } => Text::new(
            format!("call {number} received{said}"),
            format!("接警单 {number} 已接{said}"),
        ),
        CallEvent::Amended { .. } => Text::new(
            format!("call {number} amended{said}"),
            format!("接警单 {number} 补充{said}"),
        ),
        CallEvent::Joined { incident } => {
            let to = incident_number(board, *incident);
            Text::new(
                format!("call {number} joined incident {to}"),
                format!("接警单 {number} 并入警情 {to}"),
            )
        }
        CallEvent::Detached => Text::new(
            format!("call {number} taken off its incident"),
            format!("接警单 {number} 已分离"),
        ),
        CallEvent::Closed { reason } => Text::new(
            format!("call {number} closed without action: {reason}"),
            format!("接警单 {number} 不予处置：{reason}"),
        ),
        CallEvent::AlarmSeen { code } => {
            let seen = alarm_seen(*code);
            Text::new(
                format!("call {number}: {}", seen.en),
                format!("接警单 {number}：{}", seen.zh),
            )
        }
    }
}

fn incident(
    board: &Board,
    response: &ResponseFile,
    event: &IncidentEvent,
    personal: Option<&Personal>,
) -> Text {
    let label = |category: &Code| {
        response
            .categories
            .get(category)
            .cloned()
            .unwrap_or_else(|| Text::new(category.as_str(), category.as_str()))
    };
    match event {
        IncidentEvent::Opened {
            category, priority, ..
        } => {
            let (label, priority) = (label(category), u8::from(*priority));
            Text::new(
                format!("opened: {}, priority {priority}", label.en),
                format!("立警：{}，{priority} 级", label.zh),
            )
        }
        IncidentEvent::Graded { category, priority } => {
            let (label, priority) = (label(category), u8::from(*priority));
            Text::new(
                format!("now {}, priority {priority}", label.en),
                format!("调整为{}，{priority} 级", label.zh),
            )
        }
        IncidentEvent::Relocated { place } => {
            let address = place
                .address
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            Text::new(
                format!("place corrected {address}"),
                format!("更正地点 {address}"),
            )
        }
        IncidentEvent::Paired { with } => {
            let name = board.name_of(&with.node);
            Text::new(
                format!("paired with one of {name}"),
                format!("与{name}的警情配对"),
            )
        }
        IncidentEvent::Offered { to } => {
            let name = board.name_of(to);
            Text::new(format!("offered to {name}"), format!("向{name}提出移交"))
        }
        IncidentEvent::Erased { reason } => Text::new(
            format!("what was said is erased: {reason}"),
            format!("内容已删除：{reason}"),
        ),
        IncidentEvent::OfferDeclined => Text::new("offer declined", "对方未接收移交"),
        IncidentEvent::HandedOver { to } => {
            let name = board.name_of(&to.node);
            Text::new(format!("handed over to {name}"), format!("已移交{name}"))
        }
        IncidentEvent::Unpaired { from } => {
            let name = board.name_of(&from.node);
            Text::new(
                format!("no longer paired with one of {name}"),
                format!("取消与{name}的警情配对"),
            )
        }
        IncidentEvent::NoteAdded => match personal.and_then(|personal| personal.note.as_ref()) {
            Some(note) => Text::new(
                format!("note: {}", note.as_str()),
                format!("备注：{}", note.as_str()),
            ),
            None => Text::new("note (sealed)", "备注（已密封）"),
        },
        IncidentEvent::AlarmRaised { level } => Text::new(
            format!("alarm raised to {level}"),
            format!("升至 {level} 级出动"),
        ),
        IncidentEvent::Closed { disposition } => Text::new(
            format!("closed: {disposition}"),
            format!("结案：{disposition}"),
        ),
        IncidentEvent::Cancelled { reason } => {
            Text::new(format!("cancelled: {reason}"), format!("取消：{reason}"))
        }
        IncidentEvent::Reopened { reason } => {
            Text::new(format!("reopened: {reason}"), format!("恢复：{reason}"))
        }
        IncidentEvent::Merged { into } => {
            let into = incident_number(board, *into);
            Text::new(
                format!("merged into incident {into}"),
                format!("并入警情 {into}"),
            )
        }
        IncidentEvent::Unmerged => Text::new("unmerged", "撤销合并"),
        IncidentEvent::Linked { other, .. } => {
            let other = incident_number(board, *other);
            Text::new(
                format!("linked to incident {other}"),
                format!("关联警情 {other}"),
            )
        }
        IncidentEvent::Unlinked { other } => {
            let other = incident_number(board, *other);
            Text::new(
                format!("unlinked from incident {other}"),
                format!("解除与警情 {other} 的关联"),
            )
        }
        IncidentEvent::AlarmSeen { code } => alarm_seen(*code),
    }
}

fn assignment(board: &Board, record: RecordRef, event: &AssignmentEvent) -> Text {
    let named = |unit: &UnitId| {
        board
            .units
            .get(unit)
            .map_or_else(|| "?".to_owned(), |unit| unit.callsign.to_string())
    };
    let unit = match event {
        AssignmentEvent::Proposed { unit, .. } | AssignmentEvent::Sent { unit, .. } => named(unit),
        AssignmentEvent::Resent
        | AssignmentEvent::Acknowledged
        | AssignmentEvent::Declined { .. }
        | AssignmentEvent::Departed
        | AssignmentEvent::Arrived
        | AssignmentEvent::Cleared { .. }
        | AssignmentEvent::Cancelled { .. }
        | AssignmentEvent::AlarmSeen { .. } => board
            .assignments
            .get(&AssignmentId(record.id))
            .map_or_else(|| "?".to_owned(), |found| named(&found.unit)),
    };
    let say = |en: &str, zh: &str| Text::new(format!("{unit} {en}"), format!("{unit} {zh}"));
    match event {
        AssignmentEvent::Proposed { .. } => say("proposed", "待派"),
        AssignmentEvent::Sent { why, .. } => match why.travel {
            Some(travel) => {
                let time = say_seconds(travel.seconds);
                say(
                    &format!("sent, {} away", time.en),
                    &format!("已派，约 {}", time.zh),
                )
            }
            None => say("sent", "已派"),
        },
        AssignmentEvent::Resent => say("sent again", "已重发"),
        AssignmentEvent::Acknowledged => say("acknowledged", "已接收"),
        AssignmentEvent::Declined { reason } => {
            say(&format!("declined: {reason}"), &format!("拒绝：{reason}"))
        }
        AssignmentEvent::Departed => say("departed", "已出发"),
        AssignmentEvent::Arrived => say("arrived", "已到达"),
        AssignmentEvent::Cleared {
            ending: Some(ending),
        } => say(&format!("cleared: {ending}"), &format!("结束：{ending}")),
        AssignmentEvent::Cleared { ending: None } => say("cleared", "结束"),
        AssignmentEvent::Cancelled { reason } => {
            say(&format!("called off: {reason}"), &format!("取消：{reason}"))
        }
        AssignmentEvent::AlarmSeen {
            code: AlarmCode::OnSceneCheck,
        } => say("asked how they are", "已询问现场安全"),
        AssignmentEvent::AlarmSeen { code } => {
            let seen = alarm_seen(*code);
            say(&format!("– {}", seen.en), &seen.zh)
        }
    }
}

fn alarm_seen(code: AlarmCode) -> Text {
    let code = code.text();
    Text::new(
        format!("alarm acknowledged: {}", code.en),
        format!("已确认告警：{}", code.zh),
    )
}

fn unit(event: &UnitEvent) -> Text {
    match event {
        UnitEvent::Entered { .. } => Text::new("unit entered", "力量登记"),
        UnitEvent::Amended { .. } => Text::new("unit amended", "力量变更"),
        UnitEvent::MadeAvailable => Text::new("available", "待命"),
        UnitEvent::TakenOutOfService { reason } => Text::new(
            format!("out of service: {reason}"),
            format!("停用：{reason}"),
        ),
        UnitEvent::WentOffDuty => Text::new("off duty", "下班"),
        UnitEvent::RestBegan { .. } => Text::new("rest began", "开始休整"),
        UnitEvent::RestEnded => Text::new("rest ended", "结束休整"),
        UnitEvent::MovedUp { .. } => Text::new("moved up", "前移待命"),
        UnitEvent::MoveUnderstood { .. } => Text::new("crew knows where to wait", "已应答待命地点"),
    }
}

fn incident_number(board: &Board, id: IncidentId) -> u64 {
    board
        .incidents
        .get(&id)
        .map_or(0, |incident| incident.number)
}
