//! What may be done to a duty shift, and what it leads to: who may be put on it, come on and go off, and what rest is due.
//!
//! Start at [`decide`].

use super::super::duty_post::{self, Leave, limit, missing};
use super::super::{Context, Event, Happened, RecordKind};
use super::{Cause, LogLine, Logged, PlannedShift, Shift, ShiftAction, ShiftEvent, Swap, SwapWish};
use crate::basis::{DutyPostId, PersonId, Prose, ShiftId, Text, Timestamp};
use crate::board::Board;
use crate::duty;
use crate::limits;
use crate::refusal::Refusal;

pub(in crate::record) fn decide(
    board: &Board,
    action: &ShiftAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        ShiftAction::Plan {
            post,
            shifts,
            overriding,
        } => plan(board, *post, shifts, overriding.as_ref(), context),
        ShiftAction::Assign {
            shift,
            person,
            overriding,
        } => assign(board, *shift, *person, overriding.as_ref(), context),
        ShiftAction::TakeOff {
            shift,
            person,
            reason,
        } => {
            let found = must_be_planned(board, *shift, context.now)?;
            must_not_be_on(found, *person)?;
            must_have(found, *person)?;
            let (person, cause) = (*person, Cause::Planned);
            Ok(vec![with_note(
                happened(*shift, ShiftEvent::TakenOff { person, cause }),
                Some(reason),
            )])
        }
        ShiftAction::AskSwap { shift, swap } => ask_swap(board, *shift, *swap, context.now),
        ShiftAction::AnswerSwap {
            shift,
            from,
            accept,
        } => answer_swap(board, *shift, *from, *accept, context),
        ShiftAction::ComeOn { shift, person } => {
            let found = must_come_on(board, *shift, *person, context.now)?;
            must_not_be_on(found, *person)?;
            must_not_need_handover(board, *shift)?;
            let (person, handover) = (*person, None);
            let holds = duty::on_duty(board, found.post).next().is_none();
            Ok(vec![happened(
                *shift,
                ShiftEvent::CameOn {
                    person,
                    handover,
                    holds,
                },
            )])
        }
        ShiftAction::GoOff { shift, person } => go_off(board, *shift, *person, context.now),
        ShiftAction::Write {
            shift,
            text,
            hands_over,
        } => {
            let found = must_be_open(board, *shift)?;
            let note = |line: &&LogLine| matches!(line.what, Logged::Note { .. });
            if found.log.iter().filter(note).count() >= limits::SHIFT_NOTES_MAX {
                return Err(limit(
                    "notes in the log of a duty shift",
                    "每班值班日志条数",
                    limits::SHIFT_NOTES_MAX,
                ));
            }
            let hands_over = *hands_over;
            Ok(vec![with_note(
                happened(*shift, ShiftEvent::Written { hands_over }),
                Some(text),
            )])
        }
        ShiftAction::Settle { shift, no } => {
            let found = board.shift(*shift)?;
            if !found.open_notes().any(|line| line.no == *no) {
                return Err(missing("A note that is open", "未办结的移交事项"));
            }
            Ok(vec![happened(*shift, ShiftEvent::Settled { no: *no })])
        }
        ShiftAction::Cancel { shift, reason } => {
            let found = must_be_open(board, *shift)?;
            if !found.on.is_empty() {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Shift,
                    state: Text::new("one to which somebody has come", "已有人上岗"),
                    instead: Text::new("Let them go off duty.", "请办理下岗。"),
                });
            }
            Ok(vec![with_note(
                happened(*shift, ShiftEvent::Cancelled),
                Some(reason),
            )])
        }
    }
}

fn happened(shift: ShiftId, event: ShiftEvent) -> Happened {
    Happened::new(shift, Event::Shift(event))
}

fn with_note(mut one: Happened, note: Option<&Prose>) -> Happened {
    one.personal.note = note.cloned();
    one
}

fn plan(
    board: &Board,
    post: DutyPostId,
    shifts: &[PlannedShift],
    overriding: Option<&Prose>,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    duty_post::must_be_open(board, post)?;
    if shifts.is_empty() {
        return Err(missing("A shift", "班次"));
    }
    if shifts.len() > limits::SHIFTS_PER_PLAN_MAX {
        return Err(limit(
            "shifts planned at once",
            "单次排班的班次",
            limits::SHIFTS_PER_PLAN_MAX,
        ));
    }
    let open = board.shifts.values().filter(|one| one.is_open()).count();
    if open + shifts.len() > limits::SHIFTS_OPEN_MAX {
        return Err(limit(
            "duty shifts that are not over",
            "未结束的班次",
            limits::SHIFTS_OPEN_MAX,
        ));
    }
    // Each is looked at beside those before it, as if these were planned already.
    let mut beside: Vec<duty::Span> = Vec::new();
    let mut all = Vec::new();
    for one in shifts {
        check_span(one, context.now)?;
        let mut broken = false;
        for person in &one.people {
            let span = duty::Span {
                person: *person,
                post,
                from: one.from,
                until: one.until,
            };
            broken |= must_rest(board, &span, &beside, None, overriding)?;
        }
        beside.extend(one.people.iter().map(|person| duty::Span {
            person: *person,
            post,
            from: one.from,
            until: one.until,
        }));
        let event = ShiftEvent::Planned {
            post,
            from: one.from,
            until: one.until,
            people: one.people.clone(),
        };
        let id = ShiftId(context.entropy.next_16());
        all.push(with_note(
            happened(id, event),
            overriding.filter(|_| broken),
        ));
    }
    Ok(all)
}

fn check_span(one: &PlannedShift, now: Timestamp) -> Result<(), Refusal> {
    let span_ms = one.until.0.saturating_sub(one.from.0);
    if span_ms <= 0 || one.until <= now {
        return Err(missing(
            "An end after the beginning and in the future",
            "晚于开始且尚未过去的结束时间",
        ));
    }
    if span_ms > limits::SHIFT_MINUTES_MAX as i64 * 60_000 {
        return Err(limit(
            "minutes of a duty shift",
            "班次时长（分钟）",
            limits::SHIFT_MINUTES_MAX,
        ));
    }
    if one.from.0.saturating_sub(now.0) > limits::SHIFT_AHEAD_MAX_MS {
        return Err(limit("days ahead", "提前排班天数", 366));
    }
    if one.people.len() > limits::DUTY_PEOPLE_MAX {
        return Err(limit(
            "people of a duty shift",
            "每班人数",
            limits::DUTY_PEOPLE_MAX,
        ));
    }
    Ok(())
}

/// Refuses what breaks a rule of rest, unless the duty officer says why it must be. Returns whether one is broken. That
/// somebody may not take the seat, or is on leave, is not overridden.
fn must_rest(
    board: &Board,
    span: &duty::Span,
    beside: &[duty::Span],
    but: Option<ShiftId>,
    overriding: Option<&Prose>,
) -> Result<bool, Refusal> {
    must_fit(board, span)?;
    match duty::rest_clash(board, span, beside, but) {
        Some(because) if overriding.is_none() => Err(Refusal::RestRule {
            name: duty::name_of(board, span.person),
            because,
        }),
        Some(_) => Ok(true),
        None => Ok(false),
    }
}

fn must_fit(board: &Board, span: &duty::Span) -> Result<(), Refusal> {
    let post = duty_post::must_be_open(board, span.post)?;
    let person = board.person(span.person)?;
    let may = |seat| person.details.seats.contains(&seat);
    if person.disabled || post.details.seat.is_some_and(|seat| !may(seat)) {
        return Err(Refusal::RestRule {
            name: person.details.name.to_string(),
            because: Text::new(
                "may not take the seat of that duty post",
                "没有该岗位的席位权限",
            ),
        });
    }
    let mut posts = board.duty_posts.values();
    if posts.any(|one| one.leave_of(span.person, span.from, span.until).is_some()) {
        return Err(Refusal::RestRule {
            name: person.details.name.to_string(),
            because: Text::new("is on leave then", "此时段在休假"),
        });
    }
    Ok(())
}

fn assign(
    board: &Board,
    shift: ShiftId,
    person: PersonId,
    overriding: Option<&Prose>,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = must_be_planned(board, shift, context.now)?;
    if found.people.contains(&person) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new("one that has that person already", "该人员已在此班次"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    if found.people.len() >= limits::DUTY_PEOPLE_MAX {
        return Err(limit(
            "people of a duty shift",
            "每班人数",
            limits::DUTY_PEOPLE_MAX,
        ));
    }
    let span = duty::Span {
        person,
        post: found.post,
        from: found.from,
        until: found.until,
    };
    let overridden = must_rest(board, &span, &[], Some(shift), overriding)?;
    let event = ShiftEvent::Assigned { person, overridden };
    Ok(vec![with_note(
        happened(shift, event),
        overriding.filter(|_| overridden),
    )])
}

fn ask_swap(
    board: &Board,
    shift: ShiftId,
    swap: SwapWish,
    now: Timestamp,
) -> Result<Vec<Happened>, Refusal> {
    let SwapWish { from, to, theirs } = swap;
    let found = must_be_planned(board, shift, now)?;
    must_have(found, from)?;
    must_not_be_on(found, from)?;
    if from == to {
        return Err(Refusal::Circle(RecordKind::Person));
    }
    if found.swaps.iter().any(|one| one.from == from) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new(
                "one for which that person has asked for a swap already",
                "该人员已发起换班",
            ),
            instead: Text::new(
                "Take that back first, or wait for the answer.",
                "请先撤回，或等待答复。",
            ),
        });
    }
    must_be_able_to_swap(board, found, swap, now)?;
    let event = ShiftEvent::SwapAsked { from, to, theirs };
    Ok(vec![happened(shift, event)])
}

/// Refuses a swap that would break a rule for either: swaps are between two people, and nobody else answers for it.
fn must_be_able_to_swap(
    board: &Board,
    found: &Shift,
    swap: SwapWish,
    now: Timestamp,
) -> Result<(), Refusal> {
    let SwapWish { from, to, theirs } = swap;
    if found.people.contains(&to) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new("one that has that person already", "该人员已在此班次"),
            instead: Text::new("Ask somebody else.", "请另找同事。"),
        });
    }
    let span_of = |shift: &Shift, person: PersonId| duty::Span {
        person,
        post: shift.post,
        from: shift.from,
        until: shift.until,
    };
    must_rest(board, &span_of(found, to), &[], theirs, None)?;
    if let Some(theirs) = theirs {
        let other = must_be_planned(board, theirs, now)?;
        must_have(other, to)?;
        must_not_be_on(other, to)?;
        if other.people.contains(&from) {
            return Err(Refusal::Circle(RecordKind::Shift));
        }
        must_rest(board, &span_of(other, from), &[], Some(found.id), None)?;
    }
    Ok(())
}

fn answer_swap(
    board: &Board,
    shift: ShiftId,
    from: PersonId,
    accept: bool,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = must_be_open(board, shift)?;
    let asked = found.swaps.iter().find(|one| one.from == from);
    let Some(swap) = asked else {
        return Err(missing("A swap that was asked for", "待答复的换班"));
    };
    let by = context.by.person;
    // Both consent: who asked may take it back, who was asked may say yes or no, and nobody says it for them.
    if by != swap.to && (accept || by != swap.from) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new(
                "one whose swap is for somebody else to answer",
                "该换班须由对方本人答复",
            ),
            instead: Text::new("Ask that person.", "请联系对方。"),
        });
    }
    let Swap { to, theirs, .. } = *swap;
    let answered = happened(
        shift,
        ShiftEvent::SwapAnswered {
            from,
            to,
            accepted: accept,
        },
    );
    if !accept {
        return Ok(vec![answered]);
    }
    must_be_planned(board, shift, context.now)?;
    must_not_be_on(found, from)?;
    must_be_able_to_swap(board, found, SwapWish { from, to, theirs }, context.now)?;
    let mut all = vec![answered];
    if let Some(theirs) = theirs {
        let (overridden, cause) = (false, Cause::Swap);
        let off = ShiftEvent::TakenOff { person: to, cause };
        all.push(happened(theirs, off));
        let on = ShiftEvent::Assigned {
            person: from,
            overridden,
        };
        all.push(happened(theirs, on));
    }
    Ok(all)
}

/// Takes a person who is on leave off all shifts, at whatever posts, that they have not come to.
pub(in crate::record) fn taken_off_for(board: &Board, leave: Leave) -> Vec<Happened> {
    let person = leave.person;
    let touched = board.shifts.values().filter(|one| {
        one.is_open()
            && one.people.contains(&person)
            && !one.has_on(person)
            && one.from < leave.until
            && leave.from < one.until
    });
    let cause = Cause::Leave;
    touched
        .map(|one| happened(one.id, ShiftEvent::TakenOff { person, cause }))
        .collect()
}

fn go_off(
    board: &Board,
    shift: ShiftId,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Happened>, Refusal> {
    let found = must_be_open(board, shift)?;
    if !found.has_on(person) {
        return Err(not_on());
    }
    let post = board.duty_post(found.post)?;
    let others = |holds| {
        let mut on = duty::on_duty(board, found.post);
        on.any(|(_, one)| one.person != person && one.holds >= holds)
    };
    let holds = found.on.iter().any(|one| one.person == person && one.holds);
    if post.details.hands_over && (!others(false) || holds && !others(true)) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new(
                "one whose duty post would be left without a handover",
                "离岗前未办理交接",
            ),
            instead: Text::new(
                "Hand over to whoever comes next; if nobody comes, tell the duty officer.",
                "请与接班人员办理交接；无人接班请报告值班长。",
            ),
        });
    }
    let handed_over = duty::handover_of(board, found.post);
    if handed_over.is_some_and(|one| one.outgoing == person || one.incoming == person) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new("being handed over", "正在交接"),
            instead: Text::new(
                "Finish the handover, or give it up.",
                "请完成或取消本次交接。",
            ),
        });
    }
    // While somebody is still to come, the shift is there for them.
    let all_came = found.people.iter().all(|one| found.came(*one));
    let is_last = found.on.len() == 1;
    let closes = is_last && (now >= found.until || all_came && !others(false));
    let handover = None;
    Ok(vec![happened(
        shift,
        ShiftEvent::WentOff {
            person,
            handover,
            closes,
        },
    )])
}

/// Refuses unless a person may come on to a shift now.
pub(in crate::record) fn must_come_on(
    board: &Board,
    shift: ShiftId,
    person: PersonId,
    now: Timestamp,
) -> Result<&Shift, Refusal> {
    let found = must_be_open(board, shift)?;
    must_have(found, person)?;
    let span = duty::Span {
        person,
        post: found.post,
        from: found.from,
        until: found.until,
    };
    must_fit(board, &span)?;
    let early = now.plus_s(limits::COME_ON_EARLY_S) < found.from;
    if early || now >= found.until {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new("not one of this hour", "不在上岗时间内"),
            instead: Text::new(
                "Come on at most two hours before it begins.",
                "最早可提前两小时上岗。",
            ),
        });
    }
    Ok(found)
}

/// Refuses if the post is held by people of another shift: then the watch is handed over, not just taken.
fn must_not_need_handover(board: &Board, shift: ShiftId) -> Result<(), Refusal> {
    let found = board.shift(shift)?;
    let post = board.duty_post(found.post)?;
    if !post.details.hands_over || !found.on.is_empty() {
        return Ok(());
    }
    let held = duty::on_duty(board, found.post).find(|(other, _)| other.id != shift);
    match held {
        None => Ok(()),
        Some((_, holder)) => {
            let name = duty::name_of(board, holder.person);
            Err(Refusal::WrongState {
                kind: RecordKind::Shift,
                state: Text::new(
                    format!("one whose duty post is held by {name}"),
                    format!("岗位现由{name}值守"),
                ),
                instead: Text::new("Take over by a handover.", "请办理交接班。"),
            })
        }
    }
}

pub(in crate::record) fn must_be_open(board: &Board, shift: ShiftId) -> Result<&Shift, Refusal> {
    let found = board.shift(shift)?;
    if found.is_open() {
        return Ok(found);
    }
    let state = if found.cancelled {
        Text::new("cancelled", "已取消")
    } else {
        Text::new("closed", "已结束")
    };
    Err(Refusal::WrongState {
        kind: RecordKind::Shift,
        state,
        instead: Text::new("Choose another duty shift.", "请另选班次。"),
    })
}

/// Refuses unless people may still be put on a shift and taken off it.
fn must_be_planned(board: &Board, shift: ShiftId, now: Timestamp) -> Result<&Shift, Refusal> {
    let found = must_be_open(board, shift)?;
    if now >= found.until {
        return Err(Refusal::WrongState {
            kind: RecordKind::Shift,
            state: Text::new("over", "已过时"),
            instead: Text::new("Choose another duty shift.", "请另选班次。"),
        });
    }
    if found.log.len() >= limits::SHIFT_LOG_MAX {
        return Err(limit(
            "lines in the log of a duty shift",
            "每班日志行数",
            limits::SHIFT_LOG_MAX,
        ));
    }
    Ok(found)
}

fn must_have(found: &Shift, person: PersonId) -> Result<(), Refusal> {
    if found.people.contains(&person) {
        return Ok(());
    }
    Err(Refusal::WrongState {
        kind: RecordKind::Shift,
        state: Text::new("one without that person", "该人员不在此班次"),
        instead: Text::new("Sign up for it first.", "请先报名。"),
    })
}

fn must_not_be_on(found: &Shift, person: PersonId) -> Result<(), Refusal> {
    if !found.has_on(person) {
        return Ok(());
    }
    Err(Refusal::WrongState {
        kind: RecordKind::Shift,
        state: Text::new("one to which that person has come", "该人员已上岗"),
        instead: Text::new("Hand over, or go off duty.", "请办理交接或下岗。"),
    })
}

pub(in crate::record) fn not_on() -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Shift,
        state: Text::new("one where that person is not on duty", "该人员不在岗"),
        instead: Text::new("Look at who is on duty now.", "请查看当前在岗人员。"),
    }
}
