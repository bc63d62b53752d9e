//! What an entry of an operation says, in words: who called in whom, what is shared, lent, asked and answered.

use watchfire_core::basis::{Line, Text};
use watchfire_core::board::Board;
use watchfire_core::record::RecordRef;
use watchfire_core::record::directive::Step;
use watchfire_core::record::message::{Ask, MessageEvent, What};
use watchfire_core::record::operation::OperationEvent;
use watchfire_core::record::participation::{ParticipationEvent, Tier};
use watchfire_core::record::peer::PeerEvent;
use watchfire_core::record::reply::ReplyEvent;
use watchfire_feed::NodeId;

pub(super) fn peer(event: &PeerEvent) -> Text {
    match event {
        PeerEvent::Enrolled { name, .. } => with("peer enrolled", "登记对等节点", name.as_str()),
        PeerEvent::Amended { name, .. } => with("peer amended", "对等节点变更", name.as_str()),
        PeerEvent::ShutOut { reason } => with("peer shut out", "断开对等节点", reason.as_str()),
        PeerEvent::LetIn => Text::new("peer let in again", "恢复对等节点"),
    }
}

pub(super) fn operation(board: &Board, event: &OperationEvent) -> Text {
    let named = |node: &NodeId| board.name_of(node);
    match event {
        OperationEvent::Raised { genesis, .. } => {
            with("operation raised", "发起行动", genesis.purpose.as_str())
        }
        OperationEvent::Invited { name, role, .. } => Text::new(
            format!("{name} called in: {role}"),
            format!("邀请{name}：{role}"),
        ),
        OperationEvent::Removed { node, reason, .. } => Text::new(
            format!("{} removed: {reason}", named(node)),
            format!("移出{}：{reason}", named(node)),
        ),
        OperationEvent::ObjectiveSet { text, .. } => with("objective", "目标", text.as_str()),
        OperationEvent::ObjectiveReached { number } => Text::new(
            format!("objective {} reached", number + 1),
            format!("目标 {} 已达成", number + 1),
        ),
        OperationEvent::StoodDown { reason } => with("stood down", "解除", reason.as_str()),
        OperationEvent::Closed { outcome } => with("closed", "结束", outcome.as_str()),
        OperationEvent::CommandOffered { to } => {
            with("command offered to", "提出移交指挥权给", &named(to))
        }
        OperationEvent::CommandTaken { lead, .. } => {
            with("command taken by", "接掌指挥权", &named(lead))
        }
        OperationEvent::CommandKept => Text::new("command kept", "继续牵头"),
    }
}

pub(super) fn participation(board: &Board, event: &ParticipationEvent) -> Text {
    match event {
        ParticipationEvent::Joined { .. } => Text::new("joined", "加入"),
        ParticipationEvent::Declined { reason, .. } => with("declined", "谢绝", reason.as_str()),
        ParticipationEvent::Left { reason } => with("left", "退出", reason.as_str()),
        ParticipationEvent::Shared { record, tier, .. } => {
            let what = what(board, *record);
            match tier {
                Tier::View => Text::new(
                    format!("shares {} to be seen", what.en),
                    format!("共享{}供查看", what.zh),
                ),
                Tier::Assist => Text::new(
                    format!("shares {} to be asked for", what.en),
                    format!("共享{}供请求", what.zh),
                ),
            }
        }
        ParticipationEvent::ShareEnded { record, expired } => {
            let what = what(board, *record);
            match expired {
                true => Text::new(
                    format!("share of {} ran out", what.en),
                    format!("{}共享到期", what.zh),
                ),
                false => Text::new(
                    format!("shares {} no longer", what.en),
                    format!("停止共享{}", what.zh),
                ),
            }
        }
        ParticipationEvent::Lent { unit, to, .. } => {
            let what = what(board, (*unit).into());
            let to = board.name_of(to);
            Text::new(
                format!("lends {} to {to}", what.en),
                format!("借调{}给{to}", what.zh),
            )
        }
        ParticipationEvent::LoanEnded { unit, reason } => {
            let what = what(board, (*unit).into());
            Text::new(
                format!("loan of {} over: {reason}", what.en),
                format!("{}借调结束：{reason}", what.zh),
            )
        }
        ParticipationEvent::CommandDeclined { .. } => {
            Text::new("command declined", "拒绝接掌指挥权")
        }
    }
}

pub(super) fn message(event: &MessageEvent, text: Option<&str>) -> Text {
    let text = text.unwrap_or_default();
    match event {
        MessageEvent::Sent {
            what: What::Log { .. },
            ..
        } => with("said", "日志", text),
        MessageEvent::Sent {
            what: What::Ask { ask, .. },
            ..
        } => match ask {
            Ask::Send { .. } => with("asks for a unit", "请求力量", text),
            Ask::Release => with("lets a unit go", "释放力量", text),
            Ask::Attend => with("asks to attend", "请求处置", text),
        },
        MessageEvent::Withdrawn { reason } => with("taken back", "撤回", reason.as_str()),
    }
}

pub(super) fn reply(event: &ReplyEvent) -> Text {
    match event {
        ReplyEvent::Shown { .. } => Text::new("shown on a screen", "已显示"),
        ReplyEvent::Erased { .. } => Text::new("erased here, too", "本节点已删除"),
        ReplyEvent::Advanced { step, .. } => match step {
            Step::Reported => Text::new("reported on a directive", "反馈指令"),
            Step::Delivered | Step::Shown | Step::Signed | Step::Acting => {
                Text::new("acting on a directive", "开始办理指令")
            }
        },
        ReplyEvent::Attached { file, .. } => with("file attached", "上传附件", file.label.as_str()),
        ReplyEvent::AttachedMore { .. } => Text::new("more of the file", "附件续传"),
        ReplyEvent::TeamSaid {
            team,
            word,
            phase,
            reason,
            ..
        } => {
            let said = super::team_word(*word, *phase, reason.as_ref());
            Text::new(
                format!("team {team}: {}", said.en),
                format!("第 {team} 组：{}", said.zh),
            )
        }
        ReplyEvent::TeamManned { team, .. } => Text::new(
            format!("units of team {team} named"),
            format!("明确第 {team} 组处警力量"),
        ),
        ReplyEvent::Signed { .. } => Text::new("signed for", "已签收"),
        ReplyEvent::Answered {
            accepted, reason, ..
        } => {
            let reason = reason.as_ref().map_or("", Line::as_str);
            match accepted {
                true => with("accepted", "接受", reason),
                false => with("refused", "不接受", reason),
            }
        }
    }
}

fn with(en: &str, zh: &str, what: &str) -> Text {
    match what.is_empty() {
        true => Text::new(en, zh),
        false => Text::new(format!("{en}: {what}"), format!("{zh}：{what}")),
    }
}

fn what(board: &Board, record: RecordRef) -> Text {
    use watchfire_core::basis::{IncidentId, UnitId};
    let label = record.kind.label();
    let name = match board.units.get(&UnitId(record.id)) {
        Some(unit) => unit.callsign.to_string(),
        None => board
            .incidents
            .get(&IncidentId(record.id))
            .map_or(String::new(), |incident| incident.number.to_string()),
    };
    Text::new(
        format!("{} {name}", label.en),
        format!("{} {name}", label.zh),
    )
}
