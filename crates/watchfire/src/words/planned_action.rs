//! What was decided in a planned action, and what was said of its teams, in words.

use watchfire_core::basis::{Line, Text};
use watchfire_core::record::planned_action::{Decided, Ending, PlannedActionEvent, Word};

pub(super) fn said(event: &PlannedActionEvent) -> Text {
    match event {
        PlannedActionEvent::Planned { .. } => Text::new("action planned", "拟制统一行动方案"),
        PlannedActionEvent::Changed { .. } => Text::new("plan changed", "修改方案"),
        PlannedActionEvent::Decided { what } => decided(what),
        PlannedActionEvent::Ended { outcome } => Text::new(
            format!("action ended: {outcome}"),
            format!("行动结束：{outcome}"),
        ),
        PlannedActionEvent::CalledOff { reason } => Text::new(
            format!("action called off: {reason}"),
            format!("行动取消：{reason}"),
        ),
        PlannedActionEvent::TakenOver { .. } => Text::new("plan taken over", "接管统一行动方案"),
    }
}

/// Says how an action ended.
pub(crate) fn ending(ending: &Ending) -> Text {
    match ending {
        Ending::Ended { outcome } => said(&PlannedActionEvent::Ended {
            outcome: outcome.clone(),
        }),
        Ending::CalledOff { reason } => said(&PlannedActionEvent::CalledOff {
            reason: reason.clone(),
        }),
    }
}

/// Says what the lead decided.
pub(crate) fn decided(what: &Decided) -> Text {
    match what {
        Decided::Issued => Text::new("plan issued", "下达方案"),
        Decided::Reworked { reason } => Text::new(
            format!("plan taken back: {reason}"),
            format!("收回方案：{reason}"),
        ),
        Decided::Go {
            phase,
            not_ready,
            despite,
        } => {
            let (en, zh) = match phase {
                Some(no) => (format!("go for phase {no}"), format!("第 {no} 阶段行动")),
                None => ("go for all phases".to_owned(), "全部阶段行动".to_owned()),
            };
            let Some(reason) = despite else {
                return Text::new(en, zh);
            };
            let teams: Vec<String> = not_ready.iter().map(ToString::to_string).collect();
            Text::new(
                format!(
                    "{en}, although not in position: {}. Reason: {reason}",
                    teams.join(", ")
                ),
                format!(
                    "{zh}（未报到位：第 {} 组）。理由：{reason}",
                    teams.join("、")
                ),
            )
        }
        Decided::NoGo {
            phase,
            criterion,
            reason,
        } => {
            let (en, zh) = match criterion {
                Some(no) => (format!(" (condition {no})"), format!("（中止条件 {no}）")),
                None => (String::new(), String::new()),
            };
            Text::new(
                format!("no go for phase {phase}{en}: {reason}"),
                format!("第 {phase} 阶段不行动{zh}：{reason}"),
            )
        }
        Decided::Hold { phase, reason, .. } => Text::new(
            format!("phase {phase} on hold, new time set: {reason}"),
            format!("第 {phase} 阶段暂缓，另定时间：{reason}"),
        ),
        Decided::Done { phase } => Text::new(
            format!("phase {phase} done"),
            format!("第 {phase} 阶段完成"),
        ),
    }
}

/// Says what was said of a team.
pub(crate) fn team_word(word: Word, phase: Option<u16>, reason: Option<&Line>) -> Text {
    let label = word.label();
    let (en, zh) = match phase {
        Some(no) => (
            format!("phase {no} {}", label.en),
            format!("第 {no} 阶段完成"),
        ),
        None => (label.en, label.zh),
    };
    match reason {
        Some(reason) => Text::new(format!("{en}: {reason}"), format!("{zh}：{reason}")),
        None => Text::new(en, zh),
    }
}
