//! What may be done with a directive: who may take which step when, and that nobody closes what they were to do.

use std::collections::BTreeSet;

use super::{
    Addressee, Details, Directive, DirectiveAction, DirectiveEvent, Ending, Item, ItemStatus,
    Ladder, Progress, Step, attachment, statuses,
};
use crate::basis::{DirectiveId, Line, Personal, Prose, Text, UnitId};
use crate::board::Board;
use crate::limits;
use crate::record::participation::{self, Tier};
use crate::record::person::Seat;
use crate::record::{Context, Event, Happened, RecordKind};
use crate::refusal::Refusal;
use crate::timer::{AlarmCode, acknowledged};

impl Addressee {
    /// Says whether something for an addressee is for whoever is of that unit's crew and may take those seats.
    pub fn is_for(&self, unit: Option<UnitId>, seats: &BTreeSet<Seat>, board: &Board) -> bool {
        match self {
            Addressee::Unit(own) => unit == Some(*own),
            Addressee::Seat(seat) => seats.contains(seat),
            Addressee::Station(station) => {
                let unit = unit.and_then(|unit| board.units.get(&unit));
                unit.is_some_and(|unit| unit.details.station == Some(*station))
            }
            Addressee::Agency(_) | Addressee::Everyone => false,
        }
    }
}

pub(in crate::record) fn decide(
    board: &Board,
    action: &DirectiveAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    if let DirectiveAction::Draft {
        details,
        text,
        issue,
    } = action
    {
        return draft(board, context, details, text.as_ref(), *issue);
    }
    let id = action
        .subject()
        .ok_or(Refusal::NotFound(RecordKind::Directive))?;
    let found = board.directive(id)?;
    if let DirectiveAction::Amend { details, text, .. } = action {
        must_be_draft(found)?;
        check(board, context, details)?;
        let details = Box::new(details.clone());
        let amended = DirectiveEvent::Amended { details };
        return Ok(vec![with_text(id, amended, text.as_ref())]);
    }
    if let DirectiveAction::Issue { .. } = action {
        must_be_draft(found)?;
        return issued(board, context, id, &found.details);
    }
    if let DirectiveAction::Discard { .. } = action {
        must_be_draft(found)?;
        return Ok(vec![ended(id, Ending::Discarded)]);
    }
    must_be_out(found)?;
    if let DirectiveAction::Recall { reason, .. } = action {
        let reason = reason.clone();
        return Ok(vec![ended(id, Ending::Recalled { reason })]);
    }
    if let DirectiveAction::SeeAlarm { code, .. } = action {
        return see_alarm(board, context, found, *code);
    }
    if let DirectiveAction::Attach {
        item, label, data, ..
    } = action
    {
        return attachment::attach(found, *item, label, data);
    }
    let all = statuses(board, found);
    if let DirectiveAction::Close { in_part, .. } = action {
        return close(context, found, &all, in_part.as_ref());
    }
    on_item(context, found, &all, action)
}

/// Decides what concerns one item; the last one that is done closes the directive.
fn on_item(
    context: &Context<'_>,
    found: &Directive,
    all: &[(Progress, ItemStatus)],
    action: &DirectiveAction,
) -> Result<Vec<Happened>, Refusal> {
    let (DirectiveAction::Advance { item, .. }
    | DirectiveAction::Verify { item, .. }
    | DirectiveAction::Return { item, .. }
    | DirectiveAction::Excuse { item, .. }) = action
    else {
        return Err(Refusal::NotFound(RecordKind::Directive));
    };
    let nothing = || Refusal::NotFound(RecordKind::Directive);
    let at = *item;
    let one = found.items.get(at).ok_or_else(nothing)?;
    let (progress, status) = all.get(at).ok_or_else(nothing)?;
    if *status == ItemStatus::Excused {
        return Err(wrong(
            ItemStatus::Excused.label(),
            Text::new(
                "Nothing more is asked of this addressee.",
                "该单位已免办，无需操作。",
            ),
        ));
    }
    let event = if let DirectiveAction::Advance { step, text, .. } = action {
        let step = (*step, text.as_ref());
        let advanced = advance(context, found, (one, progress, *status), at, step)?;
        let closes = match advanced.1 {
            true => closing_with(found, all, at),
            false => None,
        };
        return Ok([advanced.0].into_iter().chain(closes).collect());
    } else if let DirectiveAction::Excuse { reason, .. } = action {
        must_be_another(context, found, progress)?;
        let reason = reason.clone();
        DirectiveEvent::Excused { item: at, reason }
    } else {
        must_be_reported(*status)?;
        must_be_another(context, found, progress)?;
        let on = progress.reports.len();
        if let DirectiveAction::Return { reason, .. } = action {
            let reason = reason.clone();
            DirectiveEvent::Returned {
                item: at,
                on,
                reason,
            }
        } else {
            DirectiveEvent::Verified { item: at, on }
        }
    };
    let returned = matches!(event, DirectiveEvent::Returned { .. });
    let happened = Happened::new(found.id, Event::Directive(event));
    let closes = match returned {
        true => None,
        false => closing_with(found, all, at),
    };
    Ok([happened].into_iter().chain(closes).collect())
}

/// Returns that the directive closes once the item at a place is over, if it was the last.
fn closing_with(
    found: &Directive,
    all: &[(Progress, ItemStatus)],
    done: usize,
) -> Option<Happened> {
    let others = all.iter().enumerate().filter(|(at, _)| *at != done);
    let over = others
        .map(|(_, (_, status))| status)
        .all(|status| status.is_over());
    over.then(|| ended(found.id, Ending::Closed { in_part: None }))
}

/// Returns the step, and whether the item is over with it.
fn advance(
    context: &Context<'_>,
    found: &Directive,
    (item, progress, status): (&Item, &Progress, ItemStatus),
    at: usize,
    (step, text): (Step, Option<&Prose>),
) -> Result<(Happened, bool), Refusal> {
    if matches!(item.to, Addressee::Agency(_)) {
        return Err(wrong(
            Text::new("for another agency to answer", "由对方单位办理"),
            Text::new("It answers from its own node.", "请等待对方节点答复。"),
        ));
    }
    let taken = match step {
        Step::Delivered => progress.delivered_at.is_some(),
        Step::Shown => progress.shown.is_some(),
        Step::Signed => progress.signed.is_some(),
        Step::Acting => progress.acting.is_some(),
        // A report may follow on another until somebody has said yes to one.
        Step::Reported => status == ItemStatus::Done,
    };
    if taken {
        return Err(wrong(
            status.label(),
            Text::new("Nothing needs doing.", "无需操作。"),
        ));
    }
    check_words(step, text)?;
    if step == Step::Reported && progress.reports.len() >= limits::REPORTS_PER_ITEM_MAX {
        return Err(Refusal::Limit {
            what: Text::new("reports on one item", "单项反馈"),
            max: limits::REPORTS_PER_ITEM_MAX,
        });
    }
    let advanced = DirectiveEvent::Advanced { item: at, step };
    let mut after = item.clone();
    let mark = super::Mark {
        at: context.happened_at,
        by: context.by,
    };
    super::apply_to_item(&mut after, &advanced, mark, None);
    let over = found.status(&after, &after.progress).is_over();
    Ok((with_text(found.id, advanced, text), over))
}

/// A report says what was done, and no other step has words: nobody would ever see them.
pub(in crate::record) fn check_words(step: Step, text: Option<&Prose>) -> Result<(), Refusal> {
    match (step == Step::Reported, text.is_some()) {
        (true, false) => Err(Refusal::missing("What was done", "反馈内容")),
        (false, true) => Err(Refusal::missing(
            "No words: they belong to the report",
            "该环节不附文字，请写入办理反馈",
        )),
        (true, true) | (false, false) => Ok(()),
    }
}

fn draft(
    board: &Board,
    context: &mut Context<'_>,
    details: &Details,
    text: Option<&Prose>,
    issue: bool,
) -> Result<Vec<Happened>, Refusal> {
    check(board, context, details)?;
    let open = board
        .directives
        .values()
        .filter(|one| one.is_open())
        .count();
    if open >= limits::DIRECTIVES_OPEN_MAX {
        return Err(Refusal::Limit {
            what: Text::new("open directives", "未办结指令"),
            max: limits::DIRECTIVES_OPEN_MAX,
        });
    }
    let id = DirectiveId(context.entropy.next_16());
    let drafted = DirectiveEvent::Drafted {
        home: context.node,
        number: board.next_number(RecordKind::Directive),
        details: Box::new(details.clone()),
    };
    let mut all = vec![with_text(id, drafted, text)];
    if issue {
        all.extend(issued(board, context, id, details)?);
    }
    Ok(all)
}

/// Issues a directive: it is shared in its operation in the same step, and the one it replaces ends.
fn issued(
    board: &Board,
    context: &Context<'_>,
    id: DirectiveId,
    details: &Details,
) -> Result<Vec<Happened>, Refusal> {
    check(board, context, details)?;
    let mut items: Vec<Addressee> = Vec::new();
    for to in &details.to {
        let expanded = match to {
            Addressee::Everyone => others_in(board, context, details)?,
            Addressee::Unit(_)
            | Addressee::Seat(_)
            | Addressee::Station(_)
            | Addressee::Agency(_) => vec![*to],
        };
        for one in expanded {
            if !items.contains(&one) {
                items.push(one);
            }
        }
    }
    if items.is_empty() {
        return Err(Refusal::Missing(Text::new("An addressee", "承办单位")));
    }
    if items.len() > limits::ADDRESSEES_MAX {
        return Err(too_many_addressees());
    }
    let kind = context.response.directives.kind(&details.kind)?;
    let ladder = Box::new(Ladder {
        en: kind.en.clone(),
        zh: kind.zh.clone(),
        sign_s: kind.sign_s(details.priority),
        act_s: kind.act_s,
        report_s: kind.report_s,
        verify: kind.verify,
        chain: kind.chain.clone(),
    });
    let issued = DirectiveEvent::Issued { ladder, items };
    let mut all = vec![Happened::new(id, Event::Directive(issued))];
    if let Some(operation) = details.operation {
        let record = id.into();
        let seen = (Tier::View, 0);
        all.extend(participation::share_new(
            board, context, operation, record, seen,
        )?);
    }
    if let Some(replaced) = details.replaces {
        all.push(ended(replaced, Ending::Replaced { by: id }));
    }
    Ok(all)
}

/// Returns the other agencies that take part in the operation.
fn others_in(
    board: &Board,
    context: &Context<'_>,
    details: &Details,
) -> Result<Vec<Addressee>, Refusal> {
    let operation = details
        .operation
        .ok_or(Refusal::Missing(Text::new("The operation", "合成作战")))?;
    let found = board.operation_anywhere(operation)?;
    let others = found.members.keys().filter(|node| **node != context.node);
    let members = others.filter(|node| board.is_member(operation, node));
    Ok(members.map(|node| Addressee::Agency(*node)).collect())
}

/// Refuses what cannot be asked of anybody.
fn check(board: &Board, context: &Context<'_>, details: &Details) -> Result<(), Refusal> {
    context.response.directives.kind(&details.kind)?;
    if details.to.is_empty() {
        return Err(Refusal::Missing(Text::new("An addressee", "承办单位")));
    }
    if details.to.len() > limits::ADDRESSEES_MAX {
        return Err(too_many_addressees());
    }
    if details.related.len() > limits::RELATED_MAX {
        return Err(Refusal::Limit {
            what: Text::new("records that a directive names", "关联记录"),
            max: limits::RELATED_MAX,
        });
    }
    if let Some(operation) = details.operation {
        board.must_take_part(context.node, operation)?;
    }
    for to in &details.to {
        check_addressee(board, details, to)?;
    }
    for record in &details.related {
        if record.kind == RecordKind::Operation {
            board.operation_anywhere(crate::basis::OperationId(record.id))?;
        }
    }
    let latest = context.now.plus_s(limits::DIRECTIVE_AHEAD_S_MAX);
    if details.close_by <= context.now || details.close_by > latest {
        return Err(Refusal::Missing(Text::new(
            "A time to be closed by, in the future and within 90 days",
            "办结时限（须为将来 90 天以内）",
        )));
    }
    if let Some(replaced) = details.replaces {
        must_be_out(board.directive(replaced)?)?;
    }
    Ok(())
}

fn check_addressee(board: &Board, details: &Details, to: &Addressee) -> Result<(), Refusal> {
    match to {
        Addressee::Unit(unit) => board.unit(*unit).map(drop),
        Addressee::Station(station) => board.station(*station).map(drop),
        Addressee::Seat(_) => Ok(()),
        Addressee::Everyone | Addressee::Agency(_) => {
            let operation = details
                .operation
                .ok_or(Refusal::Missing(Text::new("The operation", "合成作战")))?;
            if let Addressee::Agency(node) = to
                && !board.is_member(operation, node)
            {
                return Err(Refusal::NotAMember);
            }
            Ok(())
        }
    }
}

fn too_many_addressees() -> Refusal {
    Refusal::Limit {
        what: Text::new("addressees of one directive", "承办单位"),
        max: limits::ADDRESSEES_MAX,
    }
}

/// Refuses what the kind demands of somebody else: whoever was to do it does not say that it is done.
fn must_be_another(
    context: &Context<'_>,
    found: &Directive,
    progress: &Progress,
) -> Result<(), Refusal> {
    let verify = found.ladder.as_ref().is_some_and(|ladder| ladder.verify);
    if !verify || !progress.is_by(&context.by) {
        return Ok(());
    }
    Err(wrong(
        Text::new(
            "carried out by yourself, and this kind is verified by somebody else",
            "由本人办理，此类指令须由他人核验",
        ),
        Text::new("Let somebody else do that.", "请由其他人员处理。"),
    ))
}

fn close(
    context: &Context<'_>,
    found: &Directive,
    all: &[(Progress, ItemStatus)],
    in_part: Option<&Line>,
) -> Result<Vec<Happened>, Refusal> {
    let still = all.iter().filter(|(_, status)| !status.is_over());
    for (progress, _) in still.clone() {
        must_be_another(context, found, progress)?;
    }
    let open = still.count();
    if open > 0 && in_part.is_none() {
        return Err(wrong(
            Text::new(
                format!("open for {open} of its {} addressees", all.len()),
                format!("{} 个承办单位中尚有 {open} 个未办结", all.len()),
            ),
            Text::new(
                "Verify or excuse each, or say why it is closed in part.",
                "请逐项核验或免办，或说明部分办结的原因。",
            ),
        ));
    }
    let in_part = in_part.filter(|_| open > 0).cloned();
    Ok(vec![ended(found.id, Ending::Closed { in_part })])
}

fn see_alarm(
    board: &Board,
    context: &Context<'_>,
    found: &Directive,
    code: AlarmCode,
) -> Result<Vec<Happened>, Refusal> {
    let alarm = crate::timer::alarm_of_directive(board, found, context.now);
    let alarm = alarm.filter(|alarm| alarm.code == code);
    let alarm = alarm.ok_or(Refusal::AlarmNotOn(code))?;
    if acknowledged(&found.seen, alarm).is_some() {
        return Err(Refusal::AlarmSeen(code));
    }
    let event = DirectiveEvent::AlarmSeen { code };
    Ok(vec![Happened::new(found.id, Event::Directive(event))])
}

fn with_text(id: DirectiveId, event: DirectiveEvent, text: Option<&Prose>) -> Happened {
    Happened {
        personal: Personal {
            note: text.cloned(),
            ..Personal::default()
        },
        ..Happened::new(id, Event::Directive(event))
    }
}

fn ended(id: DirectiveId, ending: Ending) -> Happened {
    Happened::new(id, Event::Directive(DirectiveEvent::Ended { ending }))
}

fn must_be_draft(found: &Directive) -> Result<(), Refusal> {
    if found.is_open() && found.issued.is_none() {
        return Ok(());
    }
    Err(wrong(
        match found.is_open() {
            true => Text::new("issued already", "已下达"),
            false => Text::new("ended", "已结束"),
        },
        Text::new(
            "Recall it, or issue another in its place.",
            "请撤回，或另行下达并替换。",
        ),
    ))
}

fn must_be_out(found: &Directive) -> Result<(), Refusal> {
    if found.is_out() {
        return Ok(());
    }
    let (state, instead) = match &found.ended {
        None => (
            Text::new("a draft", "草稿"),
            Text::new("Issue it first.", "请先下达。"),
        ),
        Some((_, Ending::Replaced { .. })) => (
            Text::new("replaced by another", "已被替换"),
            Text::new("Look at the one in its place.", "请查看替换后的指令。"),
        ),
        Some(_) => (
            Text::new("ended", "已结束"),
            Text::new("Issue another.", "请另行下达。"),
        ),
    };
    Err(wrong(state, instead))
}

fn must_be_reported(status: ItemStatus) -> Result<(), Refusal> {
    if status == ItemStatus::Reported {
        return Ok(());
    }
    Err(wrong(
        status.label(),
        Text::new(
            "There is no report to judge; wait for it, or excuse the addressee.",
            "尚无待核验的反馈；请等待，或对该单位免办。",
        ),
    ))
}

pub(super) fn wrong(state: Text, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Directive,
        state,
        instead,
    }
}
