//! What the words of a line mean together, verb by verb: what is left out is taken from what is selected,
//! and whatever is rarely wanted, or was guessed, is put down so that the host asks first.

use super::find::SEVERAL_SHOWN_MAX;
use super::meaning::{Advance, DutyStep, Meaning};
use super::read::Reader;
use super::words::{Between, Verb};
use super::{Misunderstanding, Trouble};
use super::{orders, say};
use crate::basis::{AssignmentId, IncidentId, Line, Prose, Text, UnitId, Unreadable};
use crate::board::IncidentStatus;
use crate::limits;
use crate::record::assignment::{Assignment, AssignmentStatus};
use crate::record::incident::Incident;

type Read<T> = Result<T, Box<Misunderstanding>>;

/// Units called off, or taken off duty or out of service, by one line without asking first.
const UNITS_OFF_SURE_MAX: usize = 3;

/// What stands for the reason of a calling off when none was typed; the rule wants one.
fn no_reason() -> Option<Line> {
    "no reason given 未说明原因".parse().ok()
}

/// Returns what the line means, and the verb that it then is: "off" and "cancel" depend on what they speak of.
pub(super) fn of(reader: &mut Reader<'_>) -> Read<(Verb, Meaning)> {
    let verb = reader.verb;
    let meaning = match verb {
        Verb::Send => send(reader)?,
        Verb::Acknowledge => advance(reader, Advance::Acknowledge)?,
        Verb::Depart => advance(reader, Advance::Depart)?,
        Verb::Arrive => advance(reader, Advance::Arrive)?,
        Verb::Resend => advance(reader, Advance::Resend)?,
        Verb::Clear => {
            let ending = line(reader)?;
            advance(reader, Advance::Clear { ending })?
        }
        Verb::CallOff => return call_off(reader),
        Verb::Swap => swap(reader)?,
        Verb::Reassign if reader.given.station.is_some() => {
            return Ok((Verb::MoveUp, move_up(reader)?));
        }
        Verb::Reassign => reassign(reader)?,
        Verb::RaiseAlarm => raise_alarm(reader)?,
        Verb::Note => {
            let incident = incident(reader)?;
            let text = prose(reader)?.ok_or_else(|| reader.missing("The text", "备注文字"))?;
            Meaning::Note { incident, text }
        }
        Verb::Close => {
            let incident = incident(reader)?;
            let disposition =
                line(reader)?.ok_or_else(|| reader.missing("How it ended", "处置结果"))?;
            ask_if_units_are_on_it(reader, incident);
            Meaning::Close {
                incident,
                disposition,
            }
        }
        Verb::CancelIncident => cancel(reader)?,
        Verb::Reopen => {
            let incident = incident(reader)?;
            let reason = line(reader)?.ok_or_else(|| reader.missing("The reason", "原因"))?;
            Meaning::Reopen { incident, reason }
        }
        Verb::Grade => grade(reader)?,
        Verb::Relocate => {
            let incident = incident(reader)?;
            let place = reader
                .place()?
                .ok_or_else(|| reader.missing("The place", "地点"))?;
            Meaning::Relocate { incident, place }
        }
        Verb::Merge => {
            let (incident, into) = two_incidents(reader, true)?;
            Meaning::Merge { incident, into }
        }
        Verb::Unmerge => Meaning::Unmerge {
            incident: incident(reader)?,
        },
        Verb::Link => {
            let (incident, other) = two_incidents(reader, false)?;
            Meaning::Link { incident, other }
        }
        Verb::Open => open(reader)?,
        Verb::TakeCall => Meaning::TakeCall {
            said: prose(reader)?,
        },
        Verb::Join => {
            let incident = match reader.given.incidents.first() {
                Some(incident) => *incident,
                None => incident(reader)?,
            };
            let call = reader.given.call.or(reader.around.selected.call);
            let call = call.ok_or_else(|| reader.missing("The call", "接警单"))?;
            Meaning::Join { call, incident }
        }
        Verb::Status | Verb::Go => look(reader)?,
        Verb::Available => return available(reader),
        Verb::OutOfService => {
            let reason = line(reader)?.ok_or_else(|| reader.missing("The reason", "原因"))?;
            duty(reader, DutyStep::OutOfService { reason })?
        }
        Verb::OffDuty => duty(reader, DutyStep::OffDuty)?,
        Verb::Rest => rest(reader)?,
        Verb::MoveUp => move_up(reader)?,
        Verb::Direct => orders::direct(reader)?,
        Verb::Sign | Verb::Begin | Verb::Report | Verb::Verify | Verb::Return => {
            orders::answer(reader)?
        }
        Verb::Recall => orders::recall(reader)?,
        Verb::Ask => orders::ask(reader)?,
        Verb::Log => orders::log(reader)?,
        Verb::ComeOn => orders::come_on(reader)?,
        Verb::Leave => orders::leave(reader)?,
        Verb::Undo => Meaning::Undo,
        Verb::Help => Meaning::Help(reader.given.help),
    };
    Ok((verb, meaning))
}

fn send(reader: &mut Reader<'_>) -> Read<Meaning> {
    // A dot is the selected incident, unless an incident is named: then it is the selected unit.
    let selected = reader.around.selected;
    let dot = reader.given.dot.is_some();
    if dot
        && (!reader.given.incidents.is_empty() || selected.incident.is_none())
        && let Some(unit) = selected.unit
    {
        reader.given.units.push((unit, Between::Nothing));
        reader.given.dot = None;
    }
    let named = reader.given.incidents.first().copied();
    let target = match named.or(selected.incident) {
        Some(incident) => incident,
        None => most_urgent(reader)?,
    };
    let mut units: Vec<UnitId> = reader.given.units.iter().map(|(unit, _)| *unit).collect();
    units.dedup();
    if units.len() > limits::UNITS_PER_SEND_MAX {
        return Err(too_many_units(reader));
    }
    if units.is_empty() {
        units = (reader.around.recommended)(target);
        if units.is_empty() {
            let what = say::incident(reader.around, target);
            let end = (reader.line.len(), reader.line.len());
            return Err(reader.trouble(
                Trouble::Missing,
                end,
                Text::new(
                    format!("No unit is named, and none is recommended for {}.", what.en),
                    format!("未写力量，且{}暂无推荐力量。", what.zh),
                ),
                Text::new("Name the units: d E1 E2.", "请写明力量：派 E1 E2。"),
            ));
        }
        reader.guess(
            "no unit was named; those recommended are taken",
            "未写力量，按推荐力量理解",
        );
    }
    Ok(Meaning::Send {
        units,
        incident: target,
    })
}

/// Returns the open incident that nobody is on and that is the most urgent.
fn most_urgent(reader: &mut Reader<'_>) -> Read<IncidentId> {
    let board = reader.around.board;
    let waiting = board
        .open_incidents()
        .filter(|one| board.incident_status(one) == IncidentStatus::Active);
    let first = waiting.min_by_key(|one| (one.priority, one.opened_at, one.number));
    let first = first
        .map(|one| one.id)
        .ok_or_else(|| reader.missing("The incident", "警情"))?;
    reader.guess(
        "no incident was named or is selected; the most urgent without units is taken",
        "未写警情也未选中警情，按最急且尚无力量的警情理解",
    );
    Ok(first)
}

fn too_many_units(reader: &Reader<'_>) -> Box<Misunderstanding> {
    let max = limits::UNITS_PER_SEND_MAX;
    reader.trouble(
        Trouble::Senseless,
        (0, reader.line.len()),
        Text::new(
            format!("That names more than {max} units."),
            format!("所写力量超过 {max} 支。"),
        ),
        Text::new("Name fewer at a time.", "请分批填写。"),
    )
}

/// Returns the incident that is meant: the one named, or else the selected one.
fn incident(reader: &mut Reader<'_>) -> Read<IncidentId> {
    let selected = reader.around.selected;
    if let Some(incident) = reader
        .given
        .incidents
        .first()
        .copied()
        .or(selected.incident)
    {
        return Ok(incident);
    }
    let of_unit = selected
        .unit
        .and_then(|unit| reader.around.board.live_assignment(unit));
    if let Some(incident) = of_unit.map(|live| live.incident) {
        let named = say::incident(reader.around, incident);
        reader.guess(
            format!(
                "no incident is selected; that of the selected unit is taken: {}",
                named.en
            ),
            format!("未选中警情，按选中力量所在警情理解：{}", named.zh),
        );
        return Ok(incident);
    }
    Err(reader.missing("The incident", "警情"))
}

pub(super) fn units(reader: &Reader<'_>) -> Read<Vec<UnitId>> {
    let given: Vec<UnitId> = reader.given.units.iter().map(|(unit, _)| *unit).collect();
    let units = match (given.is_empty(), reader.around.selected.unit) {
        (false, _) => given,
        (true, Some(unit)) => vec![unit],
        (true, None) => return Err(reader.missing("The unit", "力量")),
    };
    if units.len() > limits::UNITS_PER_SEND_MAX {
        return Err(too_many_units(reader));
    }
    Ok(units)
}

fn live(reader: &Reader<'_>, unit: UnitId) -> Read<AssignmentId> {
    reader
        .around
        .board
        .live_assignment(unit)
        .map(|live| live.id)
        .ok_or_else(|| {
            let callsign = say::callsign(reader.around, unit);
            reader.trouble(
                Trouble::Senseless,
                (0, reader.line.len()),
                Text::new(
                    format!("{callsign} has no assignment now."),
                    format!("{callsign} 当前没有派警。"),
                ),
                Text::new(
                    format!("Send it first: d {callsign} INCIDENT."),
                    format!("请先派出：派 {callsign} 警情号。"),
                ),
            )
        })
}

/// Returns the assignments that are meant: those of the units named, or of the incident.
fn assignments(reader: &mut Reader<'_>, step: &Advance) -> Read<Vec<AssignmentId>> {
    let around = reader.around;
    let named = reader.given.incidents.first().copied();
    if !reader.given.units.is_empty() {
        let units = units(reader)?;
        let found: Read<Vec<AssignmentId>> = units.iter().map(|unit| live(reader, *unit)).collect();
        let found = found?;
        if let Some(named) = named {
            must_be_on(reader, &found, named)?;
        }
        return Ok(found);
    }
    if named.is_none()
        && let Some(unit) = around.selected.unit
    {
        return Ok(vec![live(reader, unit)?]);
    }
    let Some(incident) = named.or(around.selected.incident) else {
        return Err(reader.missing("The unit", "力量"));
    };
    let on_it: Vec<&Assignment> = around
        .board
        .assignments_of(incident)
        .filter(|assignment| assignment.is_live())
        .collect();
    let due: Vec<&Assignment> = on_it
        .iter()
        .copied()
        .filter(|one| is_due(one, step))
        .collect();
    let meant = if due.is_empty() { on_it } else { due };
    match meant.len() {
        0 => {
            let what = say::incident(around, incident);
            Err(reader.trouble(
                Trouble::Senseless,
                (0, reader.line.len()),
                Text::new(
                    format!("No unit is on {}.", what.en),
                    format!("{}上没有力量。", what.zh),
                ),
                Text::new("Name the unit.", "请写明力量。"),
            ))
        }
        1 => Ok(vec![meant[0].id]),
        many if many > limits::UNITS_PER_SEND_MAX => Err(too_many_units(reader)),
        many => {
            reader.guess(
                format!("no unit was named; all {many} on the incident are taken"),
                format!("未写力量，按该警情上全部 {many} 支力量理解"),
            );
            Ok(meant.into_iter().map(|one| one.id).collect())
        }
    }
}

fn is_due(assignment: &Assignment, step: &Advance) -> bool {
    let status = assignment.status;
    match step {
        Advance::Resend | Advance::Acknowledge => status == AssignmentStatus::Sent,
        Advance::Depart => matches!(
            status,
            AssignmentStatus::Sent | AssignmentStatus::Acknowledged
        ),
        Advance::Arrive => status != AssignmentStatus::Arrived,
        Advance::Clear { .. } | Advance::CallOff { .. } => true,
    }
}

fn must_be_on(reader: &Reader<'_>, found: &[AssignmentId], named: IncidentId) -> Read<()> {
    let board = reader.around.board;
    for id in found {
        let Some(assignment) = board.assignments.get(id) else {
            continue;
        };
        if board.merge_root(assignment.incident) == board.merge_root(named) {
            continue;
        }
        let callsign = say::callsign(reader.around, assignment.unit);
        let (on, not) = (
            say::incident(reader.around, assignment.incident),
            say::incident(reader.around, named),
        );
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                format!("{callsign} is on {}, not on {}.", on.en, not.en),
                format!("{callsign} 在{}，不在{}。", on.zh, not.zh),
            ),
            Text::new(
                "Leave the incident out, or name another unit.",
                "请去掉警情号，或另写力量。",
            ),
        ));
    }
    Ok(())
}

fn advance(reader: &mut Reader<'_>, step: Advance) -> Read<Meaning> {
    let assignments = assignments(reader, &step)?;
    Ok(Meaning::Advance { assignments, step })
}

fn call_off(reader: &mut Reader<'_>) -> Read<(Verb, Meaning)> {
    let idle = |unit: &UnitId| reader.around.board.live_assignment(*unit).is_none();
    let given: Vec<UnitId> = reader.given.units.iter().map(|(unit, _)| *unit).collect();
    let general = matches!(reader.word, "off" | "cancel" | "取消");
    if reader.word == "off" && !given.is_empty() && given.iter().all(idle) {
        reader.guess(
            "\"off\" is taken as off duty, since nobody can be called off",
            "没有可撤回的派警，off 按下班理解",
        );
        return Ok((Verb::OffDuty, duty(reader, DutyStep::OffDuty)?));
    }
    if general && reader.word != "off" && given.is_empty() && !reader.given.incidents.is_empty() {
        reader.guess(
            "no unit was named; it is taken as cancelling the incident (x calls its units off)",
            "未写力量，按取消警情理解（撤回力量请用 撤回）",
        );
        return Ok((Verb::CancelIncident, cancel(reader)?));
    }
    let typed = line(reader)?;
    let reason = typed
        .or_else(no_reason)
        .ok_or_else(|| reader.missing("The reason", "原因"))?;
    let meaning = advance(reader, Advance::CallOff { reason })?;
    if let Meaning::Advance { assignments, .. } = &meaning {
        ask_if_many(reader, assignments.len());
    }
    Ok((Verb::CallOff, meaning))
}

fn ask_if_many(reader: &mut Reader<'_>, count: usize) {
    if count > UNITS_OFF_SURE_MAX {
        reader.guess(
            format!("that is {count} units at once"),
            format!("一次涉及 {count} 支力量"),
        );
    }
}

fn cancel(reader: &mut Reader<'_>) -> Read<Meaning> {
    let incident = incident(reader)?;
    let reason = line(reader)?.ok_or_else(|| reader.missing("The reason", "原因"))?;
    ask_if_units_are_on_it(reader, incident);
    Ok(Meaning::Cancel { incident, reason })
}

fn ask_if_units_are_on_it(reader: &mut Reader<'_>, incident: IncidentId) {
    let board = reader.around.board;
    let on_it: Vec<UnitId> = board
        .assignments_of(incident)
        .filter(|assignment| assignment.is_live())
        .map(|assignment| assignment.unit)
        .collect();
    if !on_it.is_empty() {
        let shown = &on_it[..on_it.len().min(SEVERAL_SHOWN_MAX)];
        let names = say::callsigns(reader.around, shown);
        reader.guess(
            format!("units are still on it: {}", names.en),
            format!("仍有力量在该警情上：{}", names.zh),
        );
    }
}

fn swap(reader: &mut Reader<'_>) -> Read<Meaning> {
    let board = reader.around.board;
    let mut given = reader.given.units.clone();
    if given.len() == 1
        && let Some(selected) = reader.around.selected.unit
    {
        let (only, role) = given[0];
        if only != selected {
            // "sw by E14" with a unit selected: the selected one goes.
            given.insert(0, (selected, Between::Nothing));
            given[1] = (only, role);
        }
    }
    let [(first, first_role), (second, second_role)] = given.as_slice() else {
        return Err(match given.len() {
            0 | 1 => reader.missing(
                "The unit that comes, or the one that goes,",
                "换下或换上的力量",
            ),
            _ => reader.trouble(
                Trouble::Senseless,
                (0, reader.line.len()),
                Text::new("A swap is between two units.", "换派只涉及两支力量。"),
                Text::new("Write: sw E12 by E14", "格式：换派 E12 由 E14"),
            ),
        });
    };
    let turned = *first_role == Between::TakesPlace || *second_role == Between::GivesPlace;
    let (mut goes, mut comes) = if turned {
        (*second, *first)
    } else {
        (*first, *second)
    };
    if board.live_assignment(goes).is_none() && board.live_assignment(comes).is_some() {
        (goes, comes) = (comes, goes);
        reader.guess(
            "only the second unit has an assignment; the first takes its place",
            "仅后一支力量有派警，按由前一支替换理解",
        );
    }
    Ok(Meaning::Swap {
        assignment: live(reader, goes)?,
        unit: comes,
        reason: line(reader)?,
    })
}

fn reassign(reader: &mut Reader<'_>) -> Read<Meaning> {
    let units = units(reader)?;
    let [unit] = units.as_slice() else {
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                "One unit at a time is reassigned.",
                "一次只能改派一支力量。",
            ),
            Text::new("Write: ra E12 to 231", "格式：改派 E12 到 231"),
        ));
    };
    let assignment = live(reader, *unit)?;
    let named = reader
        .given
        .incidents
        .first()
        .copied()
        .or(reader.around.selected.incident);
    let incident = named.ok_or_else(|| reader.missing("The incident", "警情"))?;
    let from = reader
        .around
        .board
        .assignments
        .get(&assignment)
        .map(|one| one.incident);
    if from == Some(incident) {
        let callsign = say::callsign(reader.around, *unit);
        let there = say::incident(reader.around, incident);
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                format!("{callsign} is on {} already.", there.en),
                format!("{callsign} 已在{}上。", there.zh),
            ),
            Text::new("Name the incident it goes to.", "请写明改派到的警情。"),
        ));
    }
    Ok(Meaning::Reassign {
        assignment,
        incident,
        reason: line(reader)?,
    })
}

fn raise_alarm(reader: &mut Reader<'_>) -> Read<Meaning> {
    let incident = incident(reader)?;
    let now = reader
        .around
        .board
        .incidents
        .get(&incident)
        .map_or(1, |found| found.alarm_level);
    let level = match reader.given.level {
        Some(level) => level,
        None => now.saturating_add(1),
    };
    if !(2..=limits::ALARM_LEVEL_MAX).contains(&level) {
        let max = limits::ALARM_LEVEL_MAX;
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                format!("{level} is no higher alarm: they go from 2 to {max}."),
                format!("{level} 不是可升级的等级：等级为 2 至 {max}。"),
            ),
            Text::new("Name another level.", "请另写等级。"),
        ));
    }
    if level > now.saturating_add(1) {
        reader.guess(
            format!("it is at alarm {now}; that leaves levels out"),
            format!("当前为 {now} 级，将跳过中间等级"),
        );
    }
    Ok(Meaning::RaiseAlarm { incident, level })
}

fn grade(reader: &mut Reader<'_>) -> Read<Meaning> {
    let incident = incident(reader)?;
    let (category, priority) = (reader.given.category.clone(), reader.given.priority);
    if category.is_none() && priority.is_none() {
        return Err(reader.missing("The category or priority", "类别或级别"));
    }
    Ok(Meaning::Grade {
        incident,
        category,
        priority,
    })
}

/// Returns two incidents: both named, or the selected one and the one named.
fn two_incidents(reader: &mut Reader<'_>, ordered: bool) -> Read<(IncidentId, IncidentId)> {
    let selected = reader.around.selected.incident;
    let (first, second) = match (reader.given.incidents.clone().as_slice(), selected) {
        ([first, second], _) => (*first, *second),
        ([one], Some(selected)) if *one != selected => {
            if ordered {
                reader.guess(
                    "one incident was named; the selected one is taken as going into it",
                    "只写了一起警情，按将选中警情并入其中理解",
                );
            }
            (selected, *one)
        }
        (_, _) => return Err(reader.missing("The other incident", "另一警情")),
    };
    if first == second {
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new("Both are the same incident.", "两者是同一警情。"),
            Text::new("Name two.", "请写两起警情。"),
        ));
    }
    Ok((first, second))
}

fn open(reader: &mut Reader<'_>) -> Read<Meaning> {
    let place = reader.place()?;
    let board = reader.around.board;
    let selected = reader
        .around
        .selected
        .call
        .filter(|_| place.is_none() || reader.given.dot.is_some());
    let from_call = reader.given.call.or(selected);
    let call = from_call.and_then(|call| board.calls.get(&call));
    let (category, priority) = (reader.given.category.clone(), reader.given.priority);
    if place.is_none() && call.is_none_or(|call| call.place.is_none()) {
        return Err(reader.missing("The place", "地点"));
    }
    if category.is_none() && call.is_none_or(|call| call.category.is_none()) {
        return Err(reader.missing("The category", "类别"));
    }
    if priority.is_none() && call.is_none_or(|call| call.priority.is_none()) {
        return Err(reader.missing("The priority (p1 to p4)", "级别（1级至4级）"));
    }
    Ok(Meaning::Open {
        from_call,
        category,
        priority,
        place,
    })
}

fn look(reader: &mut Reader<'_>) -> Read<Meaning> {
    let goes = reader.verb == Verb::Go;
    if let (true, Some(screen)) = (goes, reader.given.screen) {
        return Ok(Meaning::GoScreen(screen));
    }
    let selected = reader.around.selected;
    let unit = reader.given.units.first().map(|(unit, _)| *unit);
    let record = if let Some(call) = reader.given.call {
        call.into()
    } else if let Some(directive) = reader.given.directive {
        directive.into()
    } else if let Some(unit) = unit {
        unit.into()
    } else if let Some(incident) = reader.given.incidents.first() {
        (*incident).into()
    } else if let Some(incident) = selected.incident {
        incident.into()
    } else if let Some(unit) = selected.unit {
        unit.into()
    } else {
        return Err(reader.missing("The unit or incident", "力量或警情"));
    };
    Ok(if goes {
        Meaning::Go(record)
    } else {
        Meaning::Show(record)
    })
}

fn available(reader: &mut Reader<'_>) -> Read<(Verb, Meaning)> {
    let units = units(reader)?;
    let bound: Vec<AssignmentId> = units
        .iter()
        .filter_map(|unit| reader.around.board.live_assignment(*unit))
        .map(|live| live.id)
        .collect();
    if bound.len() == units.len() {
        reader.guess(
            "it has an assignment; available is taken as done with it",
            "该力量有派警，待命按处置完毕理解",
        );
        let step = Advance::Clear { ending: None };
        return Ok((
            Verb::Clear,
            Meaning::Advance {
                assignments: bound,
                step,
            },
        ));
    }
    let step = DutyStep::Available;
    Ok((Verb::Available, Meaning::Duty { units, step }))
}

fn duty(reader: &mut Reader<'_>, step: DutyStep) -> Read<Meaning> {
    let units = units(reader)?;
    ask_if_many(reader, units.len());
    Ok(Meaning::Duty { units, step })
}

fn rest(reader: &mut Reader<'_>) -> Read<Meaning> {
    let minutes = reader
        .given
        .minutes
        .ok_or_else(|| reader.missing("How many minutes", "分钟数"))?;
    let max = limits::REST_MINUTES_MAX;
    if minutes == 0 || minutes > max {
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                format!("A rest lasts 1 to {max} minutes."),
                format!("休整时间为 1 至 {max} 分钟。"),
            ),
            Text::new("Name another time.", "请另写时间。"),
        ));
    }
    let units = units(reader)?;
    let step = DutyStep::Rest { minutes };
    Ok(Meaning::Duty { units, step })
}

fn move_up(reader: &mut Reader<'_>) -> Read<Meaning> {
    let units = units(reader)?;
    if !reader.given.incidents.is_empty() {
        return Err(reader.trouble(
            Trouble::Senseless,
            (0, reader.line.len()),
            Text::new(
                "A unit goes to an incident or waits at a station, not both.",
                "力量只能前往警情或到站点待命，不能同时。",
            ),
            Text::new(
                "Write: ra E12 to 231, or mu E12 to STATION",
                "格式：改派 E12 到 231，或 前移 E12 到 站点",
            ),
        ));
    }
    let to = reader.given.station;
    let to = to.ok_or_else(|| reader.missing("The station", "站点"))?;
    Ok(Meaning::MoveUp { units, to })
}

pub(super) fn line(reader: &Reader<'_>) -> Read<Option<Line>> {
    let Some((from, to, text)) = &reader.given.text else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|error| unreadable(reader, (*from, *to), &error))
}

pub(super) fn prose(reader: &Reader<'_>) -> Read<Option<Prose>> {
    let Some((from, to, text)) = &reader.given.text else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|error| unreadable(reader, (*from, *to), &error))
}

fn unreadable(
    reader: &Reader<'_>,
    span: (usize, usize),
    error: &Unreadable,
) -> Box<Misunderstanding> {
    let zh = match error {
        Unreadable::TooLong { max, found } => format!("文字共 {found} 字，最多 {max} 字。"),
        Unreadable::Empty => "文字为空。".to_owned(),
        Unreadable::Control => "文字含有控制字符。".to_owned(),
        Unreadable::Base64
        | Unreadable::Id
        | Unreadable::Code
        | Unreadable::Priority
        | Unreadable::Place => "文字无法接受。".to_owned(),
    };
    reader.trouble(
        Trouble::Word,
        span,
        Text::new(format!("The text cannot be taken: {error}."), zh),
        Text::new("Shorten or correct it.", "请缩短或更正。"),
    )
}

/// Returns what an incident is sorted by on every list: priority, then age.
pub(super) fn urgency(
    incident: &Incident,
) -> (crate::basis::Priority, crate::basis::Timestamp, u64) {
    (incident.priority, incident.opened_at, incident.number)
}
