//! Refusals: a rule said no. Normal, typed, and always with what to do next.
//!
//! A refusal writes nothing. Faults (disk, peer) and bugs (a broken invariant) are other types on purpose.

use crate::basis::Text;
use crate::ledger::LineId;
use crate::record::{RecordKind, RecordRef};
use crate::timer::AlarmCode;

/// Why an action was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such record, or none that the asker may know of.
    NotFound(RecordKind),
    /// The record changed since the asker saw it.
    VersionMismatch {
        /// The record.
        record: RecordRef,
        /// The version that the asker named.
        expected: u64,
        /// The version it has.
        current: u64,
    },
    /// The idempotency key was used before for something else.
    KeyReused,
    /// The record's life does not allow this now.
    WrongState {
        /// What kind of record.
        kind: RecordKind,
        /// The state it is in.
        state: Text,
        /// What to do instead.
        instead: Text,
    },
    /// The unit cannot be sent now.
    UnitNotFree {
        /// Its call sign.
        callsign: String,
        /// Why not.
        because: Text,
    },
    /// The incident still has units on it.
    UnitsStillAssigned {
        /// Their call signs.
        callsigns: Vec<String>,
    },
    /// Something of that name exists already.
    Taken {
        /// What the name is for.
        kind: RecordKind,
        /// The name.
        name: String,
    },
    /// A record cannot stand in this relation to itself, or the chain would close.
    Circle(RecordKind),
    /// A named limit would be passed.
    Limit {
        /// What would be too many or too long.
        what: Text,
        /// The limit.
        max: usize,
    },
    /// A time that was claimed cannot be believed.
    BadClaimedTime,
    /// A call cannot have begun to ring then.
    BadRingingTime,
    /// Something that must be given is missing.
    Missing(Text),
    /// The agency's response file does not know this code.
    UnknownCode {
        /// What kind of code.
        what: Text,
        /// The code.
        code: String,
    },
    /// The alarm that was to be acknowledged is not on.
    AlarmNotOn(AlarmCode),
    /// Somebody has acknowledged the alarm already.
    AlarmSeen(AlarmCode),
    /// This node, or the one named, is no member of the operation.
    NotAMember,
    /// The record is this node's own: nobody else is to be asked.
    Here(RecordKind),
    /// Its home shares the record to be seen, not to be asked for.
    OnlyToView,
    /// Records of this kind are not shared in operations.
    NotToShare(RecordKind),
    /// The book of a day does not balance, or carries lines over without a reason and a new date.
    Unbalanced {
        /// The lines.
        lines: Vec<LineId>,
    },
    /// There is less of something than would be promised.
    NotEnough {
        /// Of what.
        what: String,
        /// How many there are.
        has: u32,
        /// How many are promised already, or asked for.
        bound: u32,
    },
    /// Somebody may not hold a duty post then: a rule of rest, a leave, or no right to the seat.
    RestRule {
        /// Who.
        name: String,
        /// Why not.
        because: Text,
    },
    /// A handover has items that nobody has accepted.
    ItemsOpen {
        /// How many.
        count: usize,
        /// The first of them.
        first: Text,
    },
    /// It cannot be taken back.
    NotUndone {
        /// Why not.
        because: Text,
        /// What to do instead.
        instead: Text,
    },
}

/// What kind of no it is; the edge turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalClass {
    /// There is no such thing.
    NotFound,
    /// The record moved on since the asker saw it.
    Stale,
    /// The state of things does not allow it now.
    Conflict,
    /// The action itself makes no sense.
    Invalid,
}

impl Refusal {
    /// Returns that something must be given.
    pub(crate) fn missing(en: &str, zh: &str) -> Refusal {
        Refusal::Missing(Text::new(en, zh))
    }

    /// Returns that a named limit would be passed.
    pub(crate) fn limit(en: &str, zh: &str, max: usize) -> Refusal {
        Refusal::Limit {
            what: Text::new(en, zh),
            max,
        }
    }

    /// Returns the stable code programs look at.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotFound(_) => "not_found",
            Refusal::VersionMismatch { .. } => "version_mismatch",
            Refusal::KeyReused => "idempotency_key_reused",
            Refusal::WrongState { .. } => "wrong_state",
            Refusal::UnitNotFree { .. } => "unit_not_free",
            Refusal::UnitsStillAssigned { .. } => "units_still_assigned",
            Refusal::Taken { .. } => "taken",
            Refusal::Circle(_) => "circle",
            Refusal::Limit { .. } => "limit",
            Refusal::BadClaimedTime => "bad_claimed_time",
            Refusal::BadRingingTime => "bad_ringing_time",
            Refusal::Missing(_) => "missing",
            Refusal::UnknownCode { .. } => "unknown_code",
            Refusal::AlarmNotOn(_) => "alarm_not_on",
            Refusal::AlarmSeen(_) => "alarm_seen",
            Refusal::NotAMember => "not_a_member",
            Refusal::Here(_) => "home_is_here",
            Refusal::OnlyToView => "only_to_view",
            Refusal::NotToShare(_) => "not_to_share",
            Refusal::Unbalanced { .. } => "unbalanced",
            Refusal::NotEnough { .. } => "not_enough",
            Refusal::RestRule { .. } => "rest_rule",
            Refusal::ItemsOpen { .. } => "items_open",
            Refusal::NotUndone { .. } => "not_undone",
        }
    }

    /// Returns what kind of no it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Refusal::NotFound(_) => RefusalClass::NotFound,
            Refusal::VersionMismatch { .. } => RefusalClass::Stale,
            Refusal::KeyReused
            | Refusal::BadClaimedTime
            | Refusal::BadRingingTime
            | Refusal::Missing(_)
            | Refusal::UnknownCode { .. } => RefusalClass::Invalid,
            Refusal::WrongState { .. }
            | Refusal::UnitNotFree { .. }
            | Refusal::UnitsStillAssigned { .. }
            | Refusal::Taken { .. }
            | Refusal::Circle(_)
            | Refusal::Limit { .. }
            | Refusal::AlarmNotOn(_)
            | Refusal::AlarmSeen(_)
            | Refusal::NotAMember
            | Refusal::Here(_)
            | Refusal::OnlyToView
            | Refusal::NotToShare(_)
            | Refusal::Unbalanced { .. }
            | Refusal::NotEnough { .. }
            | Refusal::RestRule { .. }
            | Refusal::ItemsOpen { .. }
            | Refusal::NotUndone { .. } => RefusalClass::Conflict,
        }
    }

    /// Returns what happened, to what, in plain words.
    pub fn what(&self) -> Text {
        match self {
            Refusal::NotFound(kind) => {
                let kind = kind.label();
                Text::new(
                    format!("There is no such {}.", kind.en),
                    format!("没有这条{}。", kind.zh),
                )
            }
            Refusal::VersionMismatch {
                record,
                expected,
                current,
            } => {
                let kind = record.kind.label();
                Text::new(
                    format!(
                        "The {} has changed: you saw version {expected}, it is now at {current}.",
                        kind.en
                    ),
                    format!(
                        "{}已变更：您看到的是第 {expected} 版，现为第 {current} 版。",
                        kind.zh
                    ),
                )
            }
            Refusal::KeyReused => Text::new(
                "This idempotency key was used before for another action.",
                "该幂等键已用于另一项操作。",
            ),
            Refusal::WrongState { kind, state, .. } => {
                let kind = kind.label();
                Text::new(
                    format!("The {} is {}.", kind.en, state.en),
                    format!("{}当前状态：{}。", kind.zh, state.zh),
                )
            }
            Refusal::UnitNotFree { callsign, because } => Text::new(
                format!("{callsign} cannot be sent: {}.", because.en),
                format!("{callsign} 无法派出：{}。", because.zh),
            ),
            Refusal::UnitsStillAssigned { callsigns } => Text::new(
                format!(
                    "Units are still on this incident: {}.",
                    callsigns.join(", ")
                ),
                format!("仍有力量在该警情上：{}。", callsigns.join("、")),
            ),
            Refusal::Unbalanced { lines } => Text::new(
                format!("The book does not balance: {} lines are open.", lines.len()),
                format!("台账未平：{} 项待处理。", lines.len()),
            ),
            Refusal::Taken { kind, name } => {
                let kind = kind.label();
                Text::new(
                    format!("A {} named {name} exists already.", kind.en),
                    format!("{}“{name}”已存在。", kind.zh),
                )
            }
            Refusal::Circle(kind) => {
                let kind = kind.label();
                Text::new(
                    format!("That would tie the {} to itself.", kind.en),
                    format!("这会使{}与自身相连。", kind.zh),
                )
            }
            Refusal::Limit { what, max } => Text::new(
                format!("The limit is reached: at most {max} {}.", what.en),
                format!("已达上限：{}最多 {max}。", what.zh),
            ),
            Refusal::BadClaimedTime => Text::new(
                "The time given lies in the future, or more than 31 days back.",
                "所填时间在将来，或早于 31 天前。",
            ),
            Refusal::BadRingingTime => Text::new(
                "The call is said to have begun to ring after it was answered, or more than 24 hours before.",
                "所填振铃时间晚于接听时间，或早于接听 24 小时以上。",
            ),
            Refusal::Missing(what) => Text::new(
                format!("{} is missing.", what.en),
                format!("缺少{}。", what.zh),
            ),
            Refusal::UnknownCode { what, code } => Text::new(
                format!("The response file knows no {} \"{code}\".", what.en),
                format!("预案文件中没有{}“{code}”。", what.zh),
            ),
            Refusal::AlarmNotOn(code) => {
                let code = code.text();
                Text::new(
                    format!("That alarm is not on now: {}.", code.en),
                    format!("该告警当前未触发：{}。", code.zh),
                )
            }
            Refusal::AlarmSeen(code) => {
                let code = code.text();
                Text::new(
                    format!("That alarm was acknowledged already: {}.", code.en),
                    format!("该告警已被确认：{}。", code.zh),
                )
            }
            Refusal::NotAMember => Text::new(
                "That node is no member of this operation.",
                "该节点不是本次行动的成员。",
            ),
            Refusal::Here(kind) => {
                let kind = kind.label();
                Text::new(
                    format!("The {} is this node's own.", kind.en),
                    format!("该{}归属本节点。", kind.zh),
                )
            }
            Refusal::OnlyToView => Text::new(
                "Its home shares it to be seen, not to be asked for.",
                "归属单位仅共享查看，未开放请求。",
            ),
            Refusal::NotToShare(kind) => {
                let kind = kind.label();
                Text::new(
                    format!("A {} is not shared in operations.", kind.en),
                    format!("{}不在行动中共享。", kind.zh),
                )
            }
            Refusal::NotEnough { what, has, bound } => Text::new(
                format!("Of {what} there are {has}; {bound} are promised or asked for."),
                format!("{what}：共 {has}，已承诺或所需 {bound}。"),
            ),
            Refusal::RestRule { name, because } => Text::new(
                format!("{name} cannot be on duty then: {}.", because.en),
                format!("{name}此时段不能值班：{}。", because.zh),
            ),
            Refusal::ItemsOpen { count, first } => Text::new(
                format!(
                    "Items of the handover are not accepted: {count}; the first is {}.",
                    first.en
                ),
                format!("尚有 {count} 项未接收，首项：{}。", first.zh),
            ),
            Refusal::NotUndone { because, .. } => Text::new(
                format!("It cannot be taken back: {}.", because.en),
                format!("无法撤回：{}。", because.zh),
            ),
        }
    }

    /// Returns what to do next.
    pub fn next_step(&self) -> Text {
        match self {
            Refusal::NotFound(_) => Text::new(
                "Check the id, or open the list again.",
                "请核对编号，或重新打开列表。",
            ),
            Refusal::VersionMismatch { .. } => Text::new(
                "Look at it as it is now, then decide again.",
                "请查看最新内容后再决定。",
            ),
            Refusal::KeyReused => Text::new(
                "Send the action again with a fresh key.",
                "请使用新的幂等键重发。",
            ),
            Refusal::WrongState { instead, .. } => instead.clone(),
            Refusal::UnitNotFree { .. } => Text::new("Choose another unit.", "请另选力量。"),
            Refusal::UnitsStillAssigned { .. } => Text::new(
                "Clear or cancel their assignments first.",
                "请先结束或取消其派警。",
            ),
            Refusal::Unbalanced { .. } => Text::new(
                "Give each line that is carried over a reason and a new date; correct the day before where it is off.",
                "请为每个结转项填写原因和新时限；与前一日不符的，请更正前一日。",
            ),
            Refusal::Taken { .. } => Text::new("Choose another name.", "请换一个名称。"),
            Refusal::Circle(_) => Text::new("Choose another record.", "请另选一条记录。"),
            Refusal::Limit { .. } => Text::new(
                "Close or remove what is no longer needed.",
                "请先关闭或移除不再需要的内容。",
            ),
            Refusal::BadClaimedTime => Text::new(
                "Correct the time; older records come in by import.",
                "请更正时间；更早的记录请用导入。",
            ),
            Refusal::BadRingingTime => Text::new(
                "Correct the time, or leave it out.",
                "请更正该时间，或留空。",
            ),
            Refusal::Missing(_) => Text::new("Fill it in and send again.", "请补填后重发。"),
            Refusal::UnknownCode { .. } => Text::new(
                "Choose one from the list, or add it to the response file.",
                "请从列表中选择，或补入预案文件。",
            ),
            Refusal::AlarmNotOn(_) => Text::new(
                "Look at the record as it is now.",
                "请查看该记录的最新状态。",
            ),
            Refusal::AlarmSeen(code) => code.todo(),
            Refusal::NotAMember => Text::new(
                "See who takes part; the lead calls others in.",
                "请查看成员；由牵头单位邀请。",
            ),
            Refusal::Here(_) => Text::new("Do it here.", "请直接在本节点操作。"),
            Refusal::OnlyToView => Text::new(
                "Write to the operation's log, or call them.",
                "请写入行动日志，或电话联系对方。",
            ),
            Refusal::NotToShare(_) => Text::new(
                "Share the incident, with what may be known of it in a note.",
                "请共享警情，并在备注中写明可告知的内容。",
            ),
            Refusal::NotEnough { .. } => Text::new(
                "Take fewer or another time, or release what is not needed.",
                "请减少数量、改换时间，或先释放不再需要的部分。",
            ),
            Refusal::RestRule { .. } => Text::new(
                "Choose somebody else; the duty officer may override a rule of rest with a reason.",
                "请另选人员；确需安排的，由值班长说明理由后安排。",
            ),
            Refusal::ItemsOpen { .. } => Text::new(
                "Accept each item, or question it and have it explained.",
                "请逐项接收；有疑问的先提问，由交班人员说明。",
            ),
            Refusal::NotUndone { instead, .. } => instead.clone(),
        }
    }
}
