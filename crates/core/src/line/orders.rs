//! What lines about directives, support and one's own shift mean: which addressee's part of which directive, whose report,
//! which shift. What an asker may do is decided elsewhere; here the one thing that can be meant is looked for, and if there
//! are several, or it has to be guessed, that is said.

use super::find::SEVERAL_SHOWN_MAX;
use super::mean::{line, prose, units};
use super::meaning::{Answer, Meaning};
use super::read::Reader;
use super::words::{Screen, Verb};
use super::{Misunderstanding, Trouble, say};
use crate::basis::{Code, DirectiveId, Line, Priority, Text, UnitId};
use crate::board::Board;
use crate::duty;
use crate::limits;
use crate::record::directive::{
    Addressee, Details, Directive, Item, ItemStatus, Progress, statuses,
};
use crate::record::shift::Shift;
use crate::record::support_capability::{CapabilityDetails, SupportCapability};
use crate::record::support_request::Wish;

type Read<T> = Result<T, Box<Misunderstanding>>;

/// How long support is asked for when nothing is said, in seconds.
const SUPPORT_S: u32 = 4 * 3_600;

/// Returns the directive of a number.
pub(super) fn numbered(board: &Board, digits: &str) -> Option<DirectiveId> {
    let number: u64 = digits.parse().ok()?;
    let mut all = board.directives.values();
    all.find(|one| one.number == number).map(|one| one.id)
}

/// Returns what the agency can give, as long as it stands in the catalogue.
pub(super) fn capabilities(board: &Board) -> impl Iterator<Item = &SupportCapability> {
    let all = board.support_capabilities.values().map(AsRef::as_ref);
    all.filter(|one| one.retired.is_none())
}

/// Returns everything that a capability is called.
pub(super) fn names_of(details: &CapabilityDetails) -> impl Iterator<Item = &str> {
    let names = [details.code.as_str(), details.name.as_str()];
    names
        .into_iter()
        .chain(details.name_other.as_ref().map(|name| name.as_str()))
}

/// Returns the words of the catalogue, as many as are shown.
pub(super) fn codes(board: &Board) -> Vec<String> {
    let mut codes: Vec<String> = capabilities(board)
        .map(|one| one.details.code.to_string())
        .collect();
    codes.sort();
    codes.truncate(SEVERAL_SHOWN_MAX);
    codes
}

fn here(reader: &Reader<'_>) -> (usize, usize) {
    (0, reader.line.len())
}

/// A directive to units, of the usual kind.
pub(super) fn direct(reader: &mut Reader<'_>) -> Read<Meaning> {
    let to: Vec<Addressee> = units(reader)?.into_iter().map(Addressee::Unit).collect();
    let text = prose(reader)?.ok_or_else(|| reader.missing("What is to be done", "指令内容"))?;
    let kinds = &reader.around.response.directives.kinds;
    let usual = |one: &&Code| one.as_str() == "task";
    let acted_on = || kinds.iter().find(|(_, kind)| kind.act_s.is_some());
    let code = kinds.keys().find(usual);
    let code = code.or_else(|| acted_on().map(|(code, _)| code));
    let kind = code.or_else(|| kinds.keys().next()).and_then(|code| {
        let kind = kinds.get(code)?;
        // What is typed may name people and is sealed; the subject is not.
        let subject: Line = format!("{} {}", kind.zh, kind.en).parse().ok()?;
        Some((code.clone(), subject))
    });
    let Some((kind, subject)) = kind else {
        return Err(reader.trouble(
            Trouble::Senseless,
            here(reader),
            Text::new(
                "The response file has no kind of directive.",
                "预案文件中没有指令类型。",
            ),
            Text::new("Enter one in the response file.", "请在预案文件中填写。"),
        ));
    };
    Ok(Meaning::Direct {
        details: Box::new(Details {
            kind,
            priority: reader.given.priority.unwrap_or(Priority::P3),
            subject,
            to,
            operation: None,
            related: Vec::new(),
            close_by: reader.around.close_by,
            replaces: None,
        }),
        text,
    })
}

/// A step on one addressee's part of a directive.
pub(super) fn answer(reader: &mut Reader<'_>) -> Read<Meaning> {
    let verb = reader.verb;
    // What must be said is missed before it is asked on what.
    let step = if verb == Verb::Report {
        let text = prose(reader)?;
        Answer::Report {
            text: text.ok_or_else(|| reader.missing("What was done", "反馈内容"))?,
        }
    } else if verb == Verb::Return {
        let reason = line(reader)?;
        Answer::Return {
            reason: reason.ok_or_else(|| reader.missing("The reason", "原因"))?,
        }
    } else if verb == Verb::Sign {
        Answer::Sign
    } else if verb == Verb::Begin {
        Answer::Begin
    } else {
        Answer::Verify
    };
    let directive = match reader.given.directive {
        Some(directive) => directive,
        None => only_directive(reader)?,
    };
    let item = item(reader, directive)?;
    Ok(Meaning::Answer {
        directive,
        item,
        step,
    })
}

/// Returns true if a verb's step is the next one that makes sense for an item.
fn is_due(verb: Verb, item: &Item, progress: &Progress, status: ItemStatus) -> bool {
    let judged = matches!(verb, Verb::Verify | Verb::Return);
    if judged {
        return status == ItemStatus::Reported;
    }
    // Another agency answers from its own node.
    if status.is_over() || matches!(item.to, Addressee::Agency(_)) {
        return false;
    }
    if verb == Verb::Sign {
        return progress.signed.is_none();
    }
    if verb == Verb::Begin {
        return progress.acting.is_none() && progress.reports.is_empty();
    }
    status != ItemStatus::Reported
}

/// Returns the items of a directive for which a verb's step is due, by their place.
fn due(board: &Board, verb: Verb, directive: &Directive) -> Vec<usize> {
    if !directive.is_out() {
        return Vec::new();
    }
    let all = statuses(board, directive);
    let items = directive.items.iter().zip(&all).enumerate();
    items
        .filter(|(_, (item, (progress, status)))| is_due(verb, item, progress, *status))
        .map(|(at, _)| at)
        .collect()
}

/// Returns those of items that are meant if nothing else is said: of the units that are named, or else the asker's own.
/// Whoever judges a report judges any.
fn meant(reader: &Reader<'_>, directive: &Directive, items: &[usize]) -> Vec<usize> {
    let (board, asker) = (reader.around.board, reader.around.asker);
    let named = &reader.given.units;
    let is = |at: &&usize| {
        let Some(item) = directive.items.get(**at) else {
            return false;
        };
        if !named.is_empty() {
            return named.iter().any(|(unit, _)| is_of(board, &item.to, *unit));
        }
        matches!(reader.verb, Verb::Verify | Verb::Return)
            || item.to.is_for(asker.unit, &asker.seats, board)
    };
    items.iter().filter(is).copied().collect()
}

fn is_of(board: &Board, to: &Addressee, unit: UnitId) -> bool {
    let seats = std::collections::BTreeSet::new();
    to.is_for(Some(unit), &seats, board)
}

/// Returns the directives that an offer for the line so far may name.
pub(super) fn offered<'a>(reader: &Reader<'a>) -> Vec<&'a Directive> {
    let board = reader.around.board;
    let all = board.directives.values().map(AsRef::as_ref);
    let fits = |one: &&Directive| {
        if reader.verb == Verb::Recall {
            return one.is_out();
        }
        if reader.verb == Verb::Go {
            return one.is_open();
        }
        let items = due(board, reader.verb, one);
        match reader.given.units.is_empty() {
            true => !items.is_empty(),
            false => !meant(reader, one, &items).is_empty(),
        }
    };
    all.filter(fits).collect()
}

/// Returns true if a unit is one whose step the line so far may be about.
pub(super) fn waits_for(reader: &Reader<'_>, unit: UnitId) -> bool {
    let board = reader.around.board;
    let of = |one: &Directive| {
        let items = due(board, reader.verb, one);
        let mut items = items.iter().filter_map(|at| one.items.get(*at));
        items.any(|item| item.to == Addressee::Unit(unit))
    };
    match reader
        .given
        .directive
        .and_then(|id| board.directives.get(&id))
    {
        Some(one) => of(one),
        None => board.directives.values().any(|one| of(one)),
    }
}

/// What a step is waited for as, in words.
fn waits(verb: Verb) -> (&'static str, &'static str) {
    if verb == Verb::Sign {
        ("to be signed for", "签收")
    } else if verb == Verb::Begin {
        ("to be begun", "办理")
    } else if verb == Verb::Report {
        ("to be reported on", "反馈")
    } else {
        ("to be verified", "核验")
    }
}

/// Returns the only directive on which a step can be meant.
fn only_directive(reader: &mut Reader<'_>) -> Read<DirectiveId> {
    let board = reader.around.board;
    let all = board.directives.values().map(AsRef::as_ref);
    let mut found: Vec<(u64, DirectiveId)> = all
        .filter(|one: &&Directive| !meant(reader, one, &due(board, reader.verb, one)).is_empty())
        .map(|one| (one.number, one.id))
        .collect();
    found.sort_unstable();
    let (en, zh) = waits(reader.verb);
    match found.as_slice() {
        [] => Err(reader.trouble(
            Trouble::Senseless,
            here(reader),
            Text::new(
                format!("No directive of yours waits {en}."),
                format!("没有待您{zh}的指令。"),
            ),
            Text::new(
                "Name the directive, such as D12; go directives shows all.",
                "请写明指令号，如 D12；“看指令”可查看全部。",
            ),
        )),
        [(number, id)] => {
            reader.guess(
                format!("no directive was named; D{number} is the only one that waits {en}"),
                format!("未写指令号；D{number} 是唯一待{zh}的指令"),
            );
            Ok(*id)
        }
        several => {
            let shown = several.iter().take(SEVERAL_SHOWN_MAX);
            let names: Vec<String> = shown.map(|(number, _)| format!("D{number}")).collect();
            let mut not = *reader.trouble(
                Trouble::Missing,
                here(reader),
                Text::new(
                    format!("Several directives wait {en}: {}.", names.join(", ")),
                    format!("有多条指令待{zh}：{}。", names.join("、")),
                ),
                Text::new("Name the directive.", "请写明指令号。"),
            );
            not.nearest = names.first().cloned();
            Err(Box::new(not))
        }
    }
}

/// Returns the item of a directive that is meant, by its place.
fn item(reader: &mut Reader<'_>, id: DirectiveId) -> Read<usize> {
    let (around, verb) = (reader.around, reader.verb);
    let Some(directive) = around.board.directives.get(&id) else {
        return Err(reader.missing("The directive", "指令号"));
    };
    let number = directive.number;
    if let Some(item) = reader.given.item {
        let at = usize::try_from(item - 1).unwrap_or(usize::MAX);
        if at < directive.items.len() {
            return Ok(at);
        }
        return Err(reader.trouble(
            Trouble::NoSuch,
            here(reader),
            Text::new(
                format!("Directive {number} has no item {item}."),
                format!("指令 {number} 没有第 {item} 分项。"),
            ),
            Text::new("Name whose it is.", "请写明承办力量。"),
        ));
    }
    let due = due(around.board, verb, directive);
    let own = meant(reader, directive, &due);
    let (en, zh) = waits(verb);
    let all: Vec<usize> = (0..directive.items.len()).collect();
    let theirs = !meant(reader, directive, &all).is_empty();
    match (own.as_slice(), due.as_slice()) {
        ([one], _) => Ok(*one),
        ([], [one]) if !theirs && reader.given.units.is_empty() => {
            let to = say::addressee(around, directive.items.get(*one));
            reader.guess(
                format!(
                    "it is for {}, not for you; you answer in their place",
                    to.en
                ),
                format!("该指令的承办方为 {}，由您代为操作", to.zh),
            );
            Ok(*one)
        }
        ([], []) => Err(nothing_waits(reader, number, (en, zh))),
        ([], _) if theirs => Err(nothing_waits(reader, number, (en, zh))),
        ([], _) if !reader.given.units.is_empty() => Err(reader.trouble(
            Trouble::Senseless,
            here(reader),
            Text::new(
                format!("Directive {number} is not for that unit."),
                format!("指令 {number} 的承办方不含该力量。"),
            ),
            Text::new("Name another unit, or none.", "请另写力量，或不写。"),
        )),
        ([], several) | (several, _) => {
            let names = say::addressees(around, directive, several);
            Err(reader.trouble(
                Trouble::Missing,
                here(reader),
                Text::new(
                    format!("Directive {number} waits {en}, with several: {}.", names.en),
                    format!("指令 {number} 有多个承办方待{zh}：{}。", names.zh),
                ),
                Text::new(
                    "Say whose, such as unit:E12 or item:1.",
                    "请写明承办方，如 力量：E12 或 分项：1。",
                ),
            ))
        }
    }
}

fn nothing_waits(
    reader: &Reader<'_>,
    number: u64,
    (en, zh): (&str, &str),
) -> Box<Misunderstanding> {
    reader.trouble(
        Trouble::Senseless,
        here(reader),
        Text::new(
            format!("Nothing of directive {number} waits {en} now."),
            format!("指令 {number} 当前没有待{zh}的内容。"),
        ),
        Text::new(
            format!("Look at how it stands: go D{number}."),
            format!("请查看其状态：看 D{number}。"),
        ),
    )
}

pub(super) fn recall(reader: &mut Reader<'_>) -> Read<Meaning> {
    let directive = reader.given.directive;
    let directive = directive.ok_or_else(|| reader.missing("The directive", "指令号"))?;
    let reason = line(reader)?.ok_or_else(|| reader.missing("The reason", "原因"))?;
    Ok(Meaning::Recall { directive, reason })
}

/// Support within the agency, from now on; for the incident that is named or selected.
pub(super) fn ask(reader: &mut Reader<'_>) -> Read<Meaning> {
    let (board, now) = (reader.around.board, reader.around.now);
    let code = reader.given.capability.clone();
    let code = code.ok_or_else(|| reader.missing("What support is wanted", "支撑能力"))?;
    let quantity = reader.given.count.unwrap_or(1);
    let max = limits::SUPPORT_QUANTITY_MAX;
    if quantity == 0 || quantity > max {
        return Err(reader.trouble(
            Trouble::Senseless,
            here(reader),
            Text::new(
                format!("Support is asked for 1 to {max} at a time."),
                format!("单次请求数量为 1 至 {max}。"),
            ),
            Text::new("Write another number.", "请另写数量。"),
        ));
    }
    let named = reader.given.incidents.first().copied();
    let named = named.or(reader.around.selected.incident);
    let incident = named.and_then(|id| board.incidents.get(&id));
    let called = capabilities(board).find(|one| one.details.code == code);
    // What is typed may name people and is sealed; the purpose is not.
    let called = called.map_or_else(|| code.to_string(), |one| one.details.name.to_string());
    let purpose = match incident {
        Some(incident) => format!("{called} #{}", incident.number),
        None => called,
    };
    let purpose: Line = match purpose.parse().or_else(|_| code.as_str().parse()) {
        Ok(purpose) => purpose,
        Err(_) => return Err(reader.missing("What support is wanted", "支撑能力")),
    };
    let need = prose(reader)?;
    Ok(Meaning::Ask {
        wish: Box::new(Wish {
            code,
            quantity,
            place: incident.map(|incident| incident.place.clone()),
            from: now,
            until: now.plus_s(SUPPORT_S),
            purpose,
            priority: incident.map_or(Priority::P3, |incident| incident.priority),
            incident: incident.map(|incident| incident.id),
            operation: None,
        }),
        need,
    })
}

/// Returns the asker's shifts that are open, those they came to last first.
fn own_shifts<'a>(reader: &Reader<'a>) -> Vec<&'a Shift> {
    let person = reader.around.asker.person;
    let all = reader.around.board.shifts.values().map(AsRef::as_ref);
    let mut on: Vec<&Shift> = all
        .filter(|one: &&Shift| one.is_open() && one.has_on(person))
        .collect();
    on.sort_by_key(|one| std::cmp::Reverse((one.from, one.id)));
    on
}

fn not_on_duty(reader: &Reader<'_>) -> Box<Misunderstanding> {
    reader.trouble(
        Trouble::Senseless,
        here(reader),
        Text::new("You are on no shift now.", "您当前未在岗。"),
        Text::new(
            "Come on first: relieve; go roster shows who is on.",
            "请先到岗：输入 到岗；“看值守”可查看在岗人员。",
        ),
    )
}

pub(super) fn log(reader: &mut Reader<'_>) -> Read<Meaning> {
    let text = prose(reader)?.ok_or_else(|| reader.missing("The text", "日志文字"))?;
    let on = own_shifts(reader);
    let Some(shift) = on.first().map(|one| one.id) else {
        return Err(not_on_duty(reader));
    };
    if let [first, _, ..] = on.as_slice() {
        let post = say::post(reader.around, first.post);
        reader.guess(
            format!("you are on several shifts; that of {post} is taken"),
            format!("您同时在多个岗位，按{post}理解"),
        );
    }
    Ok(Meaning::Log { shift, text })
}

/// Coming on for a shift that one is planned for; where the watch is taken over, it goes to the roster.
pub(super) fn come_on(reader: &mut Reader<'_>) -> Read<Meaning> {
    let (board, now, person) = (
        reader.around.board,
        reader.around.now,
        reader.around.asker.person,
    );
    let soon = now.plus_s(limits::COME_ON_EARLY_S);
    let all = board.shifts.values().map(AsRef::as_ref);
    let planned = all.filter(|one: &&Shift| {
        let its_time = one.from <= soon && now < one.until;
        one.is_open() && its_time && one.people.contains(&person) && !one.has_on(person)
    });
    let Some(shift) = planned.min_by_key(|one| (one.from, one.id)) else {
        return Err(reader.trouble(
            Trouble::Senseless,
            here(reader),
            Text::new(
                "No shift that you are planned for begins now.",
                "当前没有您的待到岗班次。",
            ),
            Text::new("Look at the roster: go roster.", "请查看排班：看值守。"),
        ));
    };
    let hands_over = board
        .duty_posts
        .get(&shift.post)
        .is_some_and(|post| post.details.hands_over);
    let held = duty::on_duty(board, shift.post).any(|(other, _)| other.id != shift.id);
    if hands_over && shift.on.is_empty() && held {
        return Ok(Meaning::GoScreen(Screen::Roster));
    }
    Ok(Meaning::Shift {
        shift: shift.id,
        person,
        on: true,
    })
}

/// Going off; where the watch has to be handed over, it goes to the roster.
pub(super) fn leave(reader: &mut Reader<'_>) -> Read<Meaning> {
    let (board, person) = (reader.around.board, reader.around.asker.person);
    let on = own_shifts(reader);
    let [shift] = on.as_slice() else {
        return match on.is_empty() {
            true => Err(not_on_duty(reader)),
            false => Ok(Meaning::GoScreen(Screen::Roster)),
        };
    };
    let hands_over = board
        .duty_posts
        .get(&shift.post)
        .is_some_and(|post| post.details.hands_over);
    let others = |holds: bool| {
        let mut on = duty::on_duty(board, shift.post);
        on.any(|(_, one)| one.person != person && one.holds >= holds)
    };
    let holds = shift.on.iter().any(|one| one.person == person && one.holds);
    let left_alone = !others(false) || holds && !others(true);
    let handing = duty::handover_of(board, shift.post)
        .is_some_and(|one| one.outgoing == person || one.incoming == person);
    if handing || hands_over && left_alone {
        return Ok(Meaning::GoScreen(Screen::Roster));
    }
    Ok(Meaning::Shift {
        shift: shift.id,
        person,
        on: false,
    })
}
