//! Saying what a line would do, with names and numbers, in both languages.

use super::Around;
use super::meaning::{Advance, Answer, DutyStep, Meaning};
use crate::basis::{
    AssignmentId, CallId, Code, DirectiveId, DutyPostId, IncidentId, Place, Prose, ShiftId,
    StationId, Text, UnitId,
};
use crate::record::directive::{Addressee, Details, Directive, Item};
use crate::record::support_request::Wish;
use crate::record::{RecordKind, RecordRef};

/// Returns a unit's call sign.
pub(super) fn callsign(around: &Around<'_>, unit: UnitId) -> String {
    let found = around.board.units.get(&unit);
    found.map_or_else(|| "?".to_owned(), |unit| unit.callsign.to_string())
}

/// Returns the call signs of units, as a list.
pub(super) fn callsigns(around: &Around<'_>, units: &[UnitId]) -> Text {
    let names: Vec<String> = units.iter().map(|unit| callsign(around, *unit)).collect();
    Text::new(names.join(", "), names.join("、"))
}

/// Returns what a category is called.
pub(super) fn category(around: &Around<'_>, code: &Code) -> Text {
    let label = around.response.categories.get(code).cloned();
    label.unwrap_or_else(|| Text::new(code.as_str(), code.as_str()))
}

/// Returns what a place is called.
pub(super) fn place(place: &Place) -> String {
    match &place.address {
        Some(address) => address.to_string(),
        None => format!("{:.5}, {:.5}", place.point.lat(), place.point.lon()),
    }
}

/// Returns an incident's number, with what and where it is.
pub(super) fn incident(around: &Around<'_>, id: IncidentId) -> Text {
    let Some(found) = around.board.incidents.get(&id) else {
        return Text::new("incident ?", "警情 ?");
    };
    let (label, at) = (category(around, &found.category), place(&found.place));
    let number = found.number;
    Text::new(
        format!("incident {number} ({}, {at})", label.en),
        format!("警情 {number}（{}，{at}）", label.zh),
    )
}

fn number(around: &Around<'_>, id: IncidentId) -> u64 {
    around
        .board
        .incidents
        .get(&id)
        .map_or(0, |found| found.number)
}

fn call(around: &Around<'_>, id: CallId) -> u64 {
    around.board.calls.get(&id).map_or(0, |found| found.number)
}

fn of_assignment(around: &Around<'_>, id: AssignmentId) -> (UnitId, IncidentId) {
    let found = around.board.assignments.get(&id);
    found.map_or((UnitId([0; 16]), IncidentId([0; 16])), |one| {
        (one.unit, one.incident)
    })
}

/// Says what a meaning would do.
pub(super) fn meaning(around: &Around<'_>, meaning: &Meaning) -> Text {
    match meaning {
        Meaning::Send {
            units,
            incident: id,
        } => {
            let (who, what) = (callsigns(around, units), incident(around, *id));
            Text::new(
                format!("Send {} to {}", who.en, what.en),
                format!("派 {} 至{}", who.zh, what.zh),
            )
        }
        Meaning::Advance { assignments, step } => advance(around, assignments, step),
        Meaning::Swap {
            assignment, unit, ..
        } => {
            let (goes, on) = of_assignment(around, *assignment);
            let (goes, comes) = (callsign(around, goes), callsign(around, *unit));
            let on = incident(around, on);
            Text::new(
                format!("Send {comes} in place of {goes} to {}", on.en),
                format!("由 {comes} 替换 {goes}，{}", on.zh),
            )
        }
        Meaning::Reassign {
            assignment,
            incident: id,
            ..
        } => {
            let (unit, from) = of_assignment(around, *assignment);
            let (unit, from) = (callsign(around, unit), number(around, from));
            let to = incident(around, *id);
            Text::new(
                format!("Reassign {unit} from incident {from} to {}", to.en),
                format!("{unit} 由警情 {from} 改派至{}", to.zh),
            )
        }
        Meaning::Open { .. } => open(around, meaning),
        Meaning::Duty { units, step } => duty(around, units, step),
        Meaning::MoveUp { units, to } => move_up(around, units, *to),
        Meaning::RaiseAlarm { .. }
        | Meaning::Note { .. }
        | Meaning::Close { .. }
        | Meaning::Cancel { .. }
        | Meaning::Reopen { .. }
        | Meaning::Grade { .. }
        | Meaning::Relocate { .. }
        | Meaning::Merge { .. }
        | Meaning::Unmerge { .. }
        | Meaning::Link { .. }
        | Meaning::Join { .. } => of_incident(around, meaning),
        Meaning::Direct { details, text } => direct(around, details, text),
        Meaning::Answer {
            directive,
            item,
            step,
        } => answer(around, *directive, *item, step),
        Meaning::Recall { directive, reason } => {
            let number = directive_number(around, *directive);
            Text::new(
                format!("Recall directive {number}: {reason}"),
                format!("撤回指令 {number}：{reason}"),
            )
        }
        Meaning::Ask { wish, need } => ask(around, wish, need.as_ref()),
        Meaning::Log { shift, text } => {
            let (post, text) = (post_of(around, *shift), super::read::short(text.as_str()));
            Text::new(
                format!("Write into the log of {post}: {text}"),
                format!("写入{post}值班日志：{text}"),
            )
        }
        Meaning::Shift { shift, on, .. } => {
            let post = post_of(around, *shift);
            match on {
                true => Text::new(format!("Come on at {post}"), format!("{post}到岗")),
                false => Text::new(format!("Go off at {post}"), format!("{post}离岗")),
            }
        }
        Meaning::TakeCall { .. } => Text::new("Take a call", "接警"),
        Meaning::Show(record) => {
            let what = record_name(around, *record);
            Text::new(format!("Show {}", what.en), format!("查看{}", what.zh))
        }
        Meaning::Go(record) => {
            let what = record_name(around, *record);
            Text::new(format!("Go to {}", what.en), format!("打开{}", what.zh))
        }
        Meaning::GoScreen(screen) => {
            let label = screen.label();
            Text::new(
                format!("Go to the {} screen", label.en),
                format!("打开{}席位", label.zh),
            )
        }
        Meaning::Undo => Text::new("Take your last action back", "撤销您的上一操作"),
        Meaning::Help(None) => Text::new("What can be said", "可用操作"),
        Meaning::Help(Some(verb)) => {
            let (form, does) = (verb.form(), verb.does());
            Text::new(
                format!("{}: {}", form.en, does.en),
                format!("{}：{}", form.zh, does.zh),
            )
        }
    }
}

fn record_name(around: &Around<'_>, record: RecordRef) -> Text {
    if record.kind == RecordKind::Incident {
        incident(around, IncidentId(record.id))
    } else if record.kind == RecordKind::Unit {
        let callsign = callsign(around, UnitId(record.id));
        Text::new(callsign.clone(), format!(" {callsign}"))
    } else if record.kind == RecordKind::Call {
        let number = call(around, CallId(record.id));
        Text::new(format!("call {number}"), format!("接警单 {number}"))
    } else if record.kind == RecordKind::Directive {
        let number = directive_number(around, DirectiveId(record.id));
        Text::new(format!("directive {number}"), format!("指令 {number}"))
    } else {
        record.kind.label()
    }
}

fn advance(around: &Around<'_>, assignments: &[AssignmentId], step: &Advance) -> Text {
    let units: Vec<UnitId> = assignments
        .iter()
        .map(|id| of_assignment(around, *id).0)
        .collect();
    let mut on: Vec<IncidentId> = assignments
        .iter()
        .map(|id| of_assignment(around, *id).1)
        .collect();
    on.sort();
    on.dedup();
    let on = match on.as_slice() {
        [one] => incident(around, *one),
        several => {
            let numbers: Vec<String> = several
                .iter()
                .map(|id| number(around, *id).to_string())
                .collect();
            Text::new(
                format!("incidents {}", numbers.join(", ")),
                format!("警情 {}", numbers.join("、")),
            )
        }
    };
    let who = callsigns(around, &units);
    match step {
        Advance::Resend => Text::new(
            format!("Send again to {}: {}", who.en, on.en),
            format!("重发 {}：{}", who.zh, on.zh),
        ),
        Advance::Acknowledge => status(&who, &on, "acknowledged", "已接收"),
        Advance::Depart => status(&who, &on, "en route", "已出发"),
        Advance::Arrive => status(&who, &on, "on scene", "已到达"),
        Advance::Clear { ending: None } => status(&who, &on, "clear", "处置完毕"),
        Advance::Clear {
            ending: Some(ending),
        } => {
            let text = status(&who, &on, "clear", "处置完毕");
            Text::new(
                format!("{}: {ending}", text.en),
                format!("{}：{ending}", text.zh),
            )
        }
        Advance::CallOff { reason } => Text::new(
            format!("Call {} off {}: {reason}", who.en, on.en),
            format!("撤回 {}，{}：{reason}", who.zh, on.zh),
        ),
    }
}

fn status(who: &Text, on: &Text, en: &str, zh: &str) -> Text {
    Text::new(
        format!("{} {en}, {}", who.en, on.en),
        format!("{} {zh}，{}", who.zh, on.zh),
    )
}

fn of_incident(around: &Around<'_>, meaning: &Meaning) -> Text {
    let on = |id: &IncidentId| incident(around, *id);
    match meaning {
        Meaning::RaiseAlarm {
            incident: id,
            level,
        } => {
            let what = on(id);
            Text::new(
                format!("Raise {} to alarm {level}", what.en),
                format!("{}升至 {level} 级出动", what.zh),
            )
        }
        Meaning::Note { incident: id, text } => {
            let (what, text) = (on(id), super::read::short(text.as_str()));
            Text::new(
                format!("Note on {}: {text}", what.en),
                format!("{}备注：{text}", what.zh),
            )
        }
        Meaning::Close {
            incident: id,
            disposition,
        } => {
            let what = on(id);
            Text::new(
                format!("Close {}: {disposition}", what.en),
                format!("{}结案：{disposition}", what.zh),
            )
        }
        Meaning::Cancel {
            incident: id,
            reason,
        } => {
            let what = on(id);
            Text::new(
                format!("Cancel {}: {reason}", what.en),
                format!("取消{}：{reason}", what.zh),
            )
        }
        Meaning::Reopen {
            incident: id,
            reason,
        } => {
            let what = on(id);
            Text::new(
                format!("Reopen {}: {reason}", what.en),
                format!("恢复{}：{reason}", what.zh),
            )
        }
        Meaning::Grade {
            incident: id,
            category: code,
            priority,
        } => {
            let what = on(id);
            let (mut en, mut zh) = (Vec::new(), Vec::new());
            if let Some(code) = code {
                let label = category(around, code);
                en.push(label.en);
                zh.push(label.zh);
            }
            if let Some(priority) = priority {
                en.push(format!("priority {}", u8::from(*priority)));
                zh.push(format!("{} 级", u8::from(*priority)));
            }
            Text::new(
                format!("Grade {} as {}", what.en, en.join(", ")),
                format!("{}定为{}", what.zh, zh.join("，")),
            )
        }
        Meaning::Relocate {
            incident: id,
            place: to,
        } => {
            let (what, to) = (on(id), place(to));
            Text::new(
                format!("Correct the place of {} to {to}", what.en),
                format!("{}改址为 {to}", what.zh),
            )
        }
        Meaning::Merge { incident: id, into } => {
            let (what, into) = (on(id), on(into));
            Text::new(
                format!("Merge {} into {}", what.en, into.en),
                format!("{}并入{}", what.zh, into.zh),
            )
        }
        Meaning::Unmerge { incident: id } => {
            let what = on(id);
            Text::new(
                format!("Unmerge {}", what.en),
                format!("撤销合并{}", what.zh),
            )
        }
        Meaning::Link {
            incident: id,
            other,
        } => {
            let (what, other) = (on(id), on(other));
            Text::new(
                format!("Link {} and {}", what.en, other.en),
                format!("关联{}与{}", what.zh, other.zh),
            )
        }
        Meaning::Join { call: id, incident } => {
            let (number, what) = (call(around, *id), on(incident));
            Text::new(
                format!("Join call {number} to {}", what.en),
                format!("接警单 {number} 并入{}", what.zh),
            )
        }
        Meaning::Send { .. }
        | Meaning::Advance { .. }
        | Meaning::Swap { .. }
        | Meaning::Reassign { .. }
        | Meaning::Open { .. }
        | Meaning::Duty { .. }
        | Meaning::MoveUp { .. }
        | Meaning::Direct { .. }
        | Meaning::Answer { .. }
        | Meaning::Recall { .. }
        | Meaning::Ask { .. }
        | Meaning::Log { .. }
        | Meaning::Shift { .. }
        | Meaning::TakeCall { .. }
        | Meaning::Show(_)
        | Meaning::Go(_)
        | Meaning::GoScreen(_)
        | Meaning::Undo
        | Meaning::Help(_) => Text::new("", ""),
    }
}

fn open(around: &Around<'_>, meaning: &Meaning) -> Text {
    let Meaning::Open {
        from_call,
        category: code,
        priority,
        place: at,
    } = meaning
    else {
        return Text::new("", "");
    };
    let from = from_call.and_then(|id| around.board.calls.get(&id));
    let code = code
        .as_ref()
        .or(from.and_then(|call| call.category.as_ref()));
    let label = code.map_or_else(|| Text::new("?", "?"), |code| category(around, code));
    let priority = priority
        .or(from.and_then(|call| call.priority))
        .map_or(0, u8::from);
    let at = at
        .as_ref()
        .or(from.and_then(|call| call.place.as_ref()))
        .map_or_else(String::new, place);
    let (from_en, from_zh) = match from {
        Some(call) => (
            format!(", from call {}", call.number),
            format!("，由接警单 {}", call.number),
        ),
        None => (String::new(), String::new()),
    };
    Text::new(
        format!("Open {}, priority {priority}, at {at}{from_en}", label.en),
        format!("立警：{}，{priority} 级，{at}{from_zh}", label.zh),
    )
}

fn duty(around: &Around<'_>, units: &[UnitId], step: &DutyStep) -> Text {
    let who = callsigns(around, units);
    let say =
        |en: String, zh: String| Text::new(format!("{} {en}", who.en), format!("{} {zh}", who.zh));
    match step {
        DutyStep::Available => say("available".to_owned(), "待命".to_owned()),
        DutyStep::OutOfService { reason } => say(
            format!("out of service: {reason}"),
            format!("停用：{reason}"),
        ),
        DutyStep::OffDuty => say("off duty".to_owned(), "下班".to_owned()),
        DutyStep::Rest { minutes } => say(
            format!("rests for {minutes} min"),
            format!("休整 {minutes} 分钟"),
        ),
    }
}

fn move_up(around: &Around<'_>, units: &[UnitId], to: StationId) -> Text {
    let (who, place) = (callsigns(around, units), station(around, to));
    let is_home = |unit: &UnitId| {
        let found = around.board.units.get(unit);
        found.is_some_and(|unit| unit.details.station == Some(to))
    };
    if units.iter().all(is_home) {
        return Text::new(
            format!("{} back to its own station, {place}", who.en),
            format!("{} 返回本站 {place}", who.zh),
        );
    }
    Text::new(
        format!("Move {} up to wait at {place}", who.en),
        format!("{} 前移至 {place} 待命", who.zh),
    )
}

fn directive_number(around: &Around<'_>, id: DirectiveId) -> u64 {
    let found = around.board.directives.get(&id);
    found.map_or(0, |found| found.number)
}

/// Returns whom an item of a directive is for.
pub(super) fn addressee(around: &Around<'_>, item: Option<&Item>) -> Text {
    let same = |name: String| Text::new(name.clone(), name);
    match item.map(|item| item.to) {
        Some(Addressee::Unit(unit)) => same(callsign(around, unit)),
        Some(Addressee::Seat(seat)) => seat.label(),
        Some(Addressee::Station(id)) => same(station(around, id)),
        Some(Addressee::Agency(_)) => Text::new("another agency", "其他单位"),
        Some(Addressee::Everyone) | None => Text::new("?", "?"),
    }
}

/// Returns whom items of a directive are for, each with its number.
pub(super) fn addressees(around: &Around<'_>, directive: &Directive, items: &[usize]) -> Text {
    let shown = items.iter().take(super::find::SEVERAL_SHOWN_MAX);
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    for at in shown {
        let to = addressee(around, directive.items.get(*at));
        en.push(format!("{} {}", at + 1, to.en));
        zh.push(format!("{} {}", at + 1, to.zh));
    }
    Text::new(en.join(", "), zh.join("、"))
}

/// Returns what a duty post is called.
pub(super) fn post(around: &Around<'_>, id: DutyPostId) -> String {
    let found = around.board.duty_posts.get(&id);
    found.map_or_else(|| "?".to_owned(), |post| post.details.name.to_string())
}

fn post_of(around: &Around<'_>, shift: ShiftId) -> String {
    let found = around.board.shifts.get(&shift);
    found.map_or_else(|| "?".to_owned(), |shift| post(around, shift.post))
}

fn direct(around: &Around<'_>, details: &Details, text: &Prose) -> Text {
    let units = details.to.iter().filter_map(|to| match to {
        Addressee::Unit(unit) => Some(*unit),
        Addressee::Seat(_) | Addressee::Station(_) | Addressee::Agency(_) | Addressee::Everyone => {
            None
        }
    });
    let who = callsigns(around, &units.collect::<Vec<_>>());
    let priority = u8::from(details.priority);
    let kind = around.response.directives.kinds.get(&details.kind);
    let (en, zh) = kind.map_or(("?", "?"), |kind| (kind.en.as_str(), kind.zh.as_str()));
    let text = super::read::short(text.as_str());
    Text::new(
        format!("Direct {} ({en}, priority {priority}): {text}", who.en),
        format!("向 {} 下达{zh}（{priority} 级）：{text}", who.zh),
    )
}

fn answer(around: &Around<'_>, id: DirectiveId, item: usize, step: &Answer) -> Text {
    let number = directive_number(around, id);
    let found = around.board.directives.get(&id);
    let to = addressee(around, found.and_then(|found| found.items.get(item)));
    let say = |en: &str, zh: &str, more: &str| {
        let (colon, colon_zh) = if more.is_empty() {
            ("", "")
        } else {
            (": ", "：")
        };
        Text::new(
            format!("{en} directive {number} for {}{colon}{more}", to.en),
            format!("{zh}指令 {number}（{}）{colon_zh}{more}", to.zh),
        )
    };
    match step {
        Answer::Sign => say("Sign for", "签收", ""),
        Answer::Begin => say("Begin to act on", "开始办理", ""),
        Answer::Report { text } => say("Report on", "反馈", &super::read::short(text.as_str())),
        Answer::Verify => say("Verify the report on", "核验", ""),
        Answer::Return { reason } => say("Return the report on", "退回", reason.as_str()),
    }
}

fn ask(around: &Around<'_>, wish: &Wish, need: Option<&Prose>) -> Text {
    let (code, count) = (&wish.code, wish.quantity);
    let on = wish.incident.map(|id| incident(around, id));
    let (on_en, on_zh) = on.map_or_else(Default::default, |on| {
        (format!(" for {}", on.en), format!("，用于{}", on.zh))
    });
    let need = need.map(|need| super::read::short(need.as_str()));
    let (en, zh) = need.map_or_else(Default::default, |need| {
        (format!(": {need}"), format!("：{need}"))
    });
    Text::new(
        format!("Ask for {count} {code}{on_en}{en}"),
        format!("请求支撑 {code} {count} 个{on_zh}{zh}"),
    )
}

/// Returns a station's code and name.
pub(super) fn station(around: &Around<'_>, id: StationId) -> String {
    let found = around.board.stations.get(&id);
    found.map_or_else(
        || "?".to_owned(),
        |station| format!("{} {}", station.code, station.details.name),
    )
}
