//! What an entry of a directive says, in words.

use watchfire_core::basis::{Personal, Text};
use watchfire_core::board::Board;
use watchfire_core::record::directive::{Addressee, DirectiveEvent, Ending, Step};

pub(super) fn said(board: &Board, event: &DirectiveEvent, personal: Option<&Personal>) -> Text {
    let text = personal.and_then(|personal| personal.note.as_ref());
    let quoted = |en: &str, zh: &str, what: Option<&str>| match what {
        Some(what) => Text::new(format!("{en}: {what}"), format!("{zh}：{what}")),
        None => Text::new(en, zh),
    };
    match event {
        DirectiveEvent::Drafted { details, .. } => quoted(
            "directive written",
            "拟写指令",
            Some(details.subject.as_str()),
        ),
        DirectiveEvent::Amended { .. } => Text::new("draft changed", "修改草稿"),
        DirectiveEvent::Issued { items, .. } => {
            let names: Vec<Text> = items.iter().map(|to| addressee(board, to)).collect();
            let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
            let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
            Text::new(
                format!("directive issued to {}", en.join(", ")),
                format!("下达指令至{}", zh.join("、")),
            )
        }
        DirectiveEvent::Advanced { item, step } => {
            let (en, zh) = match step {
                Step::Delivered => ("delivered", "送达"),
                Step::Shown => ("shown", "显示"),
                Step::Signed => ("signed for", "签收"),
                Step::Acting => ("acting", "开始办理"),
                Step::Reported => ("reported", "反馈"),
            };
            let said = quoted(en, zh, text.map(|text| text.as_str()));
            numbered(*item, &said)
        }
        DirectiveEvent::Verified { item, .. } => {
            numbered(*item, &Text::new("verified", "核验通过"))
        }
        DirectiveEvent::Returned { item, reason, .. } => numbered(
            *item,
            &quoted("returned", "退回重办", Some(reason.as_str())),
        ),
        DirectiveEvent::Excused { item, reason } => {
            numbered(*item, &quoted("excused", "免办", Some(reason.as_str())))
        }
        DirectiveEvent::Ended { ending } => match ending {
            Ending::Closed { in_part: None } => Text::new("directive closed", "指令办结"),
            Ending::Closed { in_part } => quoted(
                "directive closed in part",
                "指令部分办结",
                in_part.as_ref().map(|reason| reason.as_str()),
            ),
            Ending::Recalled { reason } => {
                quoted("directive recalled", "撤回指令", Some(reason.as_str()))
            }
            Ending::Replaced { .. } => Text::new("replaced by another", "被新指令替换"),
            Ending::Discarded => Text::new("draft thrown away", "作废草稿"),
        },
        DirectiveEvent::Attached { file } => {
            quoted("file attached", "上传附件", Some(file.label.as_str()))
        }
        DirectiveEvent::AttachedMore {} => Text::new("more of the file", "附件续传"),
        DirectiveEvent::AlarmSeen { .. } => Text::new("overdue seen", "已知悉逾时"),
    }
}

fn numbered(item: usize, said: &Text) -> Text {
    Text::new(
        format!("addressee {}: {}", item + 1, said.en),
        format!("承办单位 {}：{}", item + 1, said.zh),
    )
}

/// Returns what people call whom a directive is for.
pub(crate) fn addressee(board: &Board, to: &Addressee) -> Text {
    let same = |name: String| Text::new(name.clone(), name);
    match to {
        Addressee::Unit(unit) => match board.units.get(unit) {
            Some(unit) => same(unit.callsign.to_string()),
            None => Text::new("a unit", "处警力量"),
        },
        Addressee::Station(station) => match board.stations.get(station) {
            Some(station) => same(station.details.name.to_string()),
            None => Text::new("a station", "站点"),
        },
        Addressee::Seat(seat) => seat.label(),
        Addressee::Agency(node) => same(board.name_of(node)),
        Addressee::Everyone => Text::new("everyone", "全体成员"),
    }
}
