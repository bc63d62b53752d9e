//! Taking back: what undoes an action that was just done, if anything does, and whether the world still allows it.
//!
//! Nothing is erased. What takes an action back is another action, decided and signed like any other; where a
//! reason goes with it, the reason says that it was taken back. What a crew reported is not unsaid, and what
//! people elsewhere have heard (a struck alarm, a note) is not either. Start at [`inverse`].

use crate::basis::{Line, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::record::assignment::{Assignment, AssignmentAction, AssignmentStatus, Choice, Step};
use crate::record::call::{Call, CallAction};
use crate::record::incident::{Incident, IncidentAction};
use crate::record::road_condition::{RoadCondition, RoadConditionAction};
use crate::record::unit::{Duty, Unit, UnitAction};
use crate::record::{Action, Record, RecordRef};
use crate::refusal::Refusal;

/// Something that was done and may be taken back.
#[derive(Debug, Clone)]
pub struct Deed {
    /// What was asked.
    pub action: Action,
    /// The records it named, as they were before.
    pub before: Vec<Record>,
    /// The records it made or changed, with the version each then had.
    pub records: Vec<(RecordRef, u64)>,
    /// Until when it may be taken back.
    pub until: Timestamp,
}

/// An action that takes another back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// What is done.
    pub inverse: Action,
    /// The records that must be as the deed left them.
    pub unchanged: Vec<(RecordRef, u64)>,
    /// Until when it may be.
    pub until: Timestamp,
}

impl Deed {
    /// Notes what was done at `at` to records that were as `before`, on a clock that runs `speed` times as fast as people.
    pub fn done(
        action: Action,
        before: Vec<Record>,
        records: Vec<(RecordRef, u64)>,
        at: Timestamp,
        speed: u32,
    ) -> Deed {
        Deed {
            before,
            action,
            records,
            until: at.plus_s(limits::UNDO_S.saturating_mul(speed)),
        }
    }

    /// Returns what takes it back, or why nothing does.
    pub fn undo(&self) -> Result<Undo, Refusal> {
        Ok(Undo {
            inverse: inverse(self)?,
            unchanged: self.records.clone(),
            until: self.until,
        })
    }

    /// Returns a record as it was just before, if that is known: nothing else may have come between.
    fn was(&self, record: impl Into<RecordRef>) -> Option<&Record> {
        let record = record.into();
        let (_, after) = self.records.iter().find(|(name, _)| *name == record)?;
        let before = self.before.iter().find(|one| one.reference() == record)?;
        let first_in_epoch = *after % limits::VERSIONS_PER_EPOCH == 1;
        (before.version() + 1 == *after || first_in_epoch).then_some(before)
    }
}

impl Undo {
    /// Refuses if it is too late, or if anything else has happened to the records since.
    pub(crate) fn must_be_possible(&self, board: &Board, now: Timestamp) -> Result<(), Refusal> {
        if now > self.until {
            return Err(not_undone(
                Text::new(
                    format!("that is past its {} seconds", limits::UNDO_S),
                    format!("已超过 {} 秒", limits::UNDO_S),
                ),
                Text::new("Put it right by what fits now.", "请用当前适用的操作更正。"),
            ));
        }
        for (record, version) in &self.unchanged {
            let found = board.get(*record);
            if found.is_none_or(|found| found.version() != *version) {
                let kind = record.kind.label();
                return Err(not_undone(
                    Text::new(
                        format!("something else has happened to the {} since", kind.en),
                        format!("此后{}又有变化", kind.zh),
                    ),
                    Text::new("Look at it as it is now.", "请查看其最新状态。"),
                ));
            }
        }
        Ok(())
    }
}

/// Returns the records that an action names, as they are before it is done.
pub fn named(action: &Action, board: &Board) -> Vec<Record> {
    let names = action.names().into_iter();
    names.filter_map(|name| board.get(name)).collect()
}

/// Returns the action that takes a deed back, or why nothing does.
pub fn inverse(deed: &Deed) -> Result<Action, Refusal> {
    match &deed.action {
        Action::Assignment(action) => assignment(deed, action).map(Action::Assignment),
        Action::Incident(action) => incident(deed, action).map(Action::Incident),
        Action::Call(action) => call(deed, action).map(Action::Call),
        Action::Unit(action) => unit(deed, action).map(Action::Unit),
        Action::RoadCondition(action) => road_condition(deed, action).map(Action::RoadCondition),
        Action::Station(_) | Action::Person(_) => Err(not_undone(
            Text::new(
                "what the node is set up with is amended",
                "基础设置只能修改",
            ),
            Text::new("Amend it again.", "请再次修改。"),
        )),
        Action::Patrol(_) => Err(not_undone(
            Text::new(
                "a patrol plan is amended, and its visits are reported once",
                "巡逻计划只能修改，到点情况只报告一次",
            ),
            Text::new(
                "Amend the plan, or propose its rounds again.",
                "请修改计划，或重新生成路线。",
            ),
        )),
        Action::DutyPost(_) | Action::Shift(_) | Action::Handover(_) => Err(not_undone(
            Text::new(
                "who was on duty, and what was said and signed then, stays on record",
                "值守、交接与签字须留存",
            ),
            Text::new(
                "Put it right by what fits now: sign up, swap, take off, write a line into the log.",
                "请用当前适用的操作更正：报名、换班、撤班或补记日志。",
            ),
        )),
        Action::Assessment(_) => Err(not_undone(
            Text::new(
                "an assessment keeps what was done with it",
                "研判须留存全部经过",
            ),
            Text::new(
                "Amend the draft, return or withdraw it; write another that supersedes what is issued.",
                "起草中可修改、退回或撤回；已发布的请另行起草以替代。",
            ),
        )),
        Action::SavedView(_) => Err(not_undone(
            Text::new("a view is kept or removed", "视图只能保存或删除"),
            Text::new("Save it again, or remove it.", "请重新保存，或将其删除。"),
        )),
        Action::Consultation(_) => Err(not_undone(
            Text::new(
                "what was said and decided in a consultation stays",
                "会商中的发言和决定须留存",
            ),
            Text::new(
                "Say what is different now, or decide otherwise.",
                "请补充说明，或另行决定。",
            ),
        )),
        Action::PlaybookRun(_) => Err(not_undone(
            Text::new(
                "what came of a step is a record of its own",
                "步骤所产生的记录已独立存在",
            ),
            Text::new(
                "Recall the directive, withdraw the request or stand the operation down.",
                "请撤回指令、撤销请求或解除行动。",
            ),
        )),
        Action::Settlement(_) => Err(not_undone(
            Text::new("a book is what was said, in order", "台账按先后如实记录"),
            Text::new(
                "Say it anew with the reason that holds; a day that is signed is put right by a correction.",
                "请以新的原因重新填写；已签字的日期请作更正。",
            ),
        )),
        Action::Directive(_)
        | Action::Peer(_)
        | Action::Operation(_)
        | Action::Participation(_)
        | Action::Message(_)
        | Action::PlannedAction(_)
        | Action::Reply(_) => Err(not_undone(
            Text::new(
                "other agencies may know of it already",
                "其他单位可能已经知悉",
            ),
            Text::new(
                "Take it back by saying so: leave, end the share, withdraw the message.",
                "请以相应操作撤回：退出、停止共享或撤回联络。",
            ),
        )),
        Action::SupportCapability(_) => Err(not_undone(
            Text::new(
                "what the node is set up with is amended",
                "基础设置只能修改",
            ),
            Text::new("Amend it again.", "请再次修改。"),
        )),
        Action::SupportRequest(_) | Action::SupportOffer(_) => Err(not_undone(
            Text::new("somebody may count on it already", "他人可能已据此行动"),
            Text::new(
                "Withdraw it, or release what was accepted.",
                "请撤销，或释放已采纳的部分。",
            ),
        )),
        Action::Undo(_) => Err(not_undone(
            Text::new("it took something back itself", "该操作本身就是撤回"),
            Text::new("Do it again by hand.", "请重新操作。"),
        )),
        Action::Together(_) => Err(not_undone(
            Text::new(
                "it was done for several units at once",
                "该操作一次涉及多支力量",
            ),
            Text::new("Put each right by what fits now.", "请逐一更正。"),
        )),
    }
}

fn assignment(deed: &Deed, action: &AssignmentAction) -> Result<AssignmentAction, Refusal> {
    let call_off = || AssignmentAction::CallOff {
        assignments: deed
            .records
            .iter()
            .map(|(name, _)| crate::basis::AssignmentId(name.id))
            .collect(),
        reason: taken_back(),
    };
    match action {
        AssignmentAction::Send { .. } | AssignmentAction::Propose { .. } => Ok(call_off()),
        AssignmentAction::Swap { assignment, .. } => {
            let given_up = assignment_before(deed, *assignment)?;
            if given_up.status == AssignmentStatus::Proposed {
                return Err(not_undone(
                    Text::new(
                        "the unit it replaced was only proposed",
                        "被替换的力量仅为待派",
                    ),
                    Text::new("Call the new one off.", "请取消新派出的力量。"),
                ));
            }
            Ok(AssignmentAction::Swap {
                assignment: second(deed)?,
                choice: choice_of(given_up),
                reason: Some(taken_back()),
            })
        }
        AssignmentAction::Reassign { assignment, .. } => {
            let given_up = assignment_before(deed, *assignment)?;
            Ok(AssignmentAction::Reassign {
                assignment: second(deed)?,
                incident: given_up.incident,
                why: given_up.why.clone(),
                reason: Some(taken_back()),
            })
        }
        AssignmentAction::CallOff { .. } => Err(not_undone(
            Text::new("several were called off at once", "一次取消了多支力量"),
            Text::new("Send those again that are wanted.", "请重新派出所需力量。"),
        )),
        AssignmentAction::Advance { assignment, step } => match step {
            Step::SendProposed => Ok(call_off()),
            Step::Cancel { .. } => {
                let given_up = assignment_before(deed, *assignment)?;
                let (incident, choices) = (given_up.incident, vec![choice_of(given_up)]);
                Ok(match given_up.status {
                    AssignmentStatus::Proposed => AssignmentAction::Propose { incident, choices },
                    AssignmentStatus::Sent
                    | AssignmentStatus::Acknowledged
                    | AssignmentStatus::Declined
                    | AssignmentStatus::Departed
                    | AssignmentStatus::Arrived
                    | AssignmentStatus::Cleared
                    | AssignmentStatus::Cancelled => AssignmentAction::Send { incident, choices },
                })
            }
            Step::Resend => Err(not_undone(
                Text::new("the crew has been told again", "已再次通知力量"),
                Text::new("Call the unit off.", "请取消派警。"),
            )),
            Step::Acknowledge
            | Step::Decline { .. }
            | Step::Depart
            | Step::Arrive
            | Step::Clear { .. } => Err(not_undone(
                Text::new(
                    "what a crew reported is not unsaid",
                    "力量已报告的状态不可撤回",
                ),
                Text::new("Correct it by the next status.", "请用下一个状态更正。"),
            )),
        },
        AssignmentAction::SeeAlarm { .. } => Err(seen()),
    }
}

fn incident(deed: &Deed, action: &IncidentAction) -> Result<IncidentAction, Refusal> {
    let (en, zh, next_en, next_zh) = match action {
        IncidentAction::Grade { incident, .. } => {
            let before = incident_before(deed, *incident)?;
            return Ok(IncidentAction::Grade {
                incident: *incident,
                category: Some(before.category.clone()),
                priority: Some(before.priority),
            });
        }
        IncidentAction::Relocate { incident, .. } => {
            return Ok(IncidentAction::Relocate {
                incident: *incident,
                place: incident_before(deed, *incident)?.place.clone(),
            });
        }
        IncidentAction::Close { incident, .. } | IncidentAction::Cancel { incident, .. } => {
            return Ok(IncidentAction::Reopen {
                incident: *incident,
                reason: taken_back(),
            });
        }
        IncidentAction::Merge { incident, .. } => {
            return Ok(IncidentAction::Unmerge {
                incident: *incident,
            });
        }
        IncidentAction::Unmerge { incident } => {
            let into = incident_before(deed, *incident)?.merged_into();
            let into = into.ok_or_else(moved_on)?;
            return Ok(IncidentAction::Merge {
                incident: *incident,
                into,
            });
        }
        IncidentAction::Link {
            incident, other, ..
        }
        | IncidentAction::Unlink { incident, other } => {
            let before = incident_before(deed, *incident)?;
            let link = before.links.iter().find(|link| link.other == *other);
            let (incident, other) = (*incident, *other);
            return Ok(match link.map(|link| link.relation) {
                Some(relation) => IncidentAction::Link {
                    incident,
                    other,
                    relation,
                },
                None => IncidentAction::Unlink { incident, other },
            });
        }
        IncidentAction::Pair { incident, with } => {
            return Ok(IncidentAction::Unpair {
                incident: *incident,
                from: *with,
            });
        }
        IncidentAction::Unpair { incident, from } => {
            return Ok(IncidentAction::Pair {
                incident: *incident,
                with: *from,
            });
        }
        IncidentAction::Erase { .. } => (
            "what is erased is gone",
            "已删除的内容无法恢复",
            "Nothing can be done.",
            "无法操作。",
        ),
        IncidentAction::Offer { .. } | IncidentAction::EndOffer { .. } => (
            "an offer is ended by the other agency alone",
            "移交须由对方答复",
            "Ask them to decline.",
            "请对方拒绝接收。",
        ),
        IncidentAction::SeeAlarm { .. } => return Err(seen()),
        IncidentAction::Open { .. }
        | IncidentAction::OpenInExercise { .. }
        | IncidentAction::OpenFor { .. } => (
            "an incident that was opened stays on record",
            "已立警情须留存",
            "Cancel it and say why.",
            "请取消并说明原因。",
        ),
        IncidentAction::AddNote { .. } => (
            "a note stays written",
            "备注不可撤回",
            "Write another that corrects it.",
            "请补写备注更正。",
        ),
        IncidentAction::RaiseAlarm { .. } => (
            "a struck alarm cannot be unstruck",
            "已升级的出动不可撤回",
            "Call units off.",
            "请取消多余力量。",
        ),
        IncidentAction::Reopen { .. } => (
            "a reopened incident is looked at first",
            "恢复的警情须先核实",
            "Close it again.",
            "请再次结案。",
        ),
        IncidentAction::Split { .. } => (
            "a new incident was made of its calls",
            "已拆出新警情",
            "Merge the new one into the old.",
            "请将新警情并回原警情。",
        ),
    };
    Err(not_undone(Text::new(en, zh), Text::new(next_en, next_zh)))
}

fn call(deed: &Deed, action: &CallAction) -> Result<CallAction, Refusal> {
    let (en, zh, next_en, next_zh) = match action {
        CallAction::Join { call, .. } => return Ok(CallAction::Detach { call: *call }),
        CallAction::Detach { call } => {
            let incident = call_before(deed, *call)?.incident();
            let incident = incident.ok_or_else(moved_on)?;
            return Ok(CallAction::Join {
                call: *call,
                incident,
            });
        }
        CallAction::SeeAlarm { .. } => return Err(seen()),
        CallAction::Receive { .. } => (
            "a call that was taken stays on record",
            "已接报警须留存",
            "Close it and say why.",
            "请关闭并说明原因。",
        ),
        CallAction::Amend { .. } => (
            "what was added stays on record",
            "已补充的内容须留存",
            "Amend it again.",
            "请再次修改。",
        ),
        CallAction::Close { .. } => (
            "a closed call is not taken up again",
            "已关闭的接警单不可恢复",
            "Take a new call with what was said.",
            "请按原内容新建接警单。",
        ),
    };
    Err(not_undone(Text::new(en, zh), Text::new(next_en, next_zh)))
}

fn unit(deed: &Deed, action: &UnitAction) -> Result<UnitAction, Refusal> {
    match action {
        UnitAction::MakeAvailable { unit }
        | UnitAction::TakeOutOfService { unit, .. }
        | UnitAction::GoOffDuty { unit } => {
            let unit = *unit;
            Ok(match &unit_before(deed, unit)?.duty {
                Duty::OffDuty => UnitAction::GoOffDuty { unit },
                Duty::Available => UnitAction::MakeAvailable { unit },
                Duty::OutOfService { reason } => UnitAction::TakeOutOfService {
                    unit,
                    reason: reason.clone(),
                },
            })
        }
        UnitAction::Rest { unit, .. } | UnitAction::EndRest { unit } => {
            let unit = *unit;
            let before = unit_before(deed, unit)?;
            let resting = before.is_resting(deed.until);
            Ok(match before.rest_until.filter(|_| resting) {
                Some(until) => UnitAction::Rest { unit, until },
                None => UnitAction::EndRest { unit },
            })
        }
        UnitAction::MoveUp { unit, .. } => match unit_before(deed, *unit)?.waits_at() {
            Some(to) => Ok(UnitAction::MoveUp { unit: *unit, to }),
            None => Err(not_undone(
                Text::new("it waited at no station before", "此前未在任何站点待命"),
                Text::new("Move it to a station.", "请调至一个站点。"),
            )),
        },
        UnitAction::UnderstandMove { .. } => Err(not_undone(
            Text::new("what a crew said stays on record", "力量的应答须留存"),
            Text::new("Tell it where to wait anew.", "请重新下达待命地点。"),
        )),
        UnitAction::Enter { .. } | UnitAction::Amend { .. } => Err(not_undone(
            Text::new(
                "what the node is set up with is amended",
                "基础设置只能修改",
            ),
            Text::new("Amend it again.", "请再次修改。"),
        )),
    }
}

fn road_condition(
    deed: &Deed,
    action: &RoadConditionAction,
) -> Result<RoadConditionAction, Refusal> {
    Ok(match action {
        RoadConditionAction::Enter { .. } => {
            let (made, _) = deed.records.first().ok_or_else(moved_on)?;
            let road_condition = crate::basis::RoadConditionId(made.id);
            RoadConditionAction::End { road_condition }
        }
        RoadConditionAction::AmendEnd { road_condition, .. } => RoadConditionAction::AmendEnd {
            road_condition: *road_condition,
            until: road_condition_before(deed, *road_condition)?.details.until,
        },
        RoadConditionAction::End { road_condition } => RoadConditionAction::Resume {
            road_condition: *road_condition,
        },
        RoadConditionAction::Resume { road_condition } => RoadConditionAction::End {
            road_condition: *road_condition,
        },
    })
}

macro_rules! befores {
    ($($name:ident, $id:ident -> $record:ident;)*) => {$(
        fn $name(deed: &Deed, id: crate::basis::$id) -> Result<&$record, Refusal> {
            match deed.was(id) {
                Some(Record::$record(before)) => Ok(before),
                _ => Err(moved_on()),
            }
        }
    )*};
}

befores! {
    assignment_before, AssignmentId -> Assignment;
    incident_before, IncidentId -> Incident;
    call_before, CallId -> Call;
    unit_before, UnitId -> Unit;
    road_condition_before, RoadConditionId -> RoadCondition;
}

/// Returns the second record of an exchange: the assignment that took the place of the first.
fn second(deed: &Deed) -> Result<crate::basis::AssignmentId, Refusal> {
    let sent = deed.records.get(1).ok_or_else(moved_on)?;
    Ok(crate::basis::AssignmentId(sent.0.id))
}

fn choice_of(given_up: &Assignment) -> Choice {
    Choice {
        unit: given_up.unit,
        why: given_up.why.clone(),
    }
}

fn taken_back() -> Line {
    "taken back by the sender / 由操作人撤回"
        .parse()
        .expect("our own words are a line")
}

fn seen() -> Refusal {
    not_undone(
        Text::new("what was seen stays seen", "已确认的告警不可撤回"),
        Text::new("Do what it asks for.", "请按告警要求处理。"),
    )
}

fn moved_on() -> Refusal {
    not_undone(
        Text::new(
            "how it was before is not known for sure",
            "无法确定此前状态",
        ),
        Text::new("Look at it as it is now.", "请查看其最新状态。"),
    )
}

fn not_undone(because: Text, instead: Text) -> Refusal {
    Refusal::NotUndone { because, instead }
}
