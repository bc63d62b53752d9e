//! What an entry of a playbook run says, in words.

use watchfire_core::basis::Text;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::playbook_run::PlaybookRunEvent;

pub(super) fn run(response: &ResponseFile, event: &PlaybookRunEvent) -> Text {
    match event {
        PlaybookRunEvent::Fired {
            number, of, why, ..
        } => {
            let saw = why.saw.label(|code| response.category_label(code));
            Text::new(
                format!(
                    "playbook \"{}\" started, run {number}: {}",
                    of.label.en, saw.en
                ),
                format!("启动预案“{}”（编号 {number}）：{}", of.label.zh, saw.zh),
            )
        }
        PlaybookRunEvent::StepDone { no, left_out, .. } => {
            let names: Vec<&str> = left_out.iter().map(|name| name.as_str()).collect();
            match names.is_empty() {
                true => Text::new(format!("step {no} done"), format!("第 {no} 步已执行")),
                false => Text::new(
                    format!("step {no} done; not found: {}", names.join(", ")),
                    format!("第 {no} 步已执行；未找到：{}", names.join("、")),
                ),
            }
        }
        PlaybookRunEvent::StepDeclined { no, reason } => Text::new(
            format!("step {no} declined: {reason}"),
            format!("第 {no} 步不予执行：{reason}"),
        ),
        PlaybookRunEvent::StepFailed { no, said } => Text::new(
            format!("step {no} could not be carried out: {}", said.en),
            format!("第 {no} 步未能自动执行：{}", said.zh),
        ),
        PlaybookRunEvent::Ended { reason } => match reason {
            Some(reason) => Text::new(
                format!("run ended, though steps waited: {reason}"),
                format!("提前结束预案启动：{reason}"),
            ),
            None => Text::new("run over: no step waits", "各步骤处理完毕，预案启动结束"),
        },
    }
}
