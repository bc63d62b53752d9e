//! A directive (指令): an instruction that must be signed for, acted on, reported back, verified and closed.
//!
//! It lives with who gives it. Each addressee has an *item* (分项) of its own. What an addressee of the same agency does
//! is written into the item; what another agency does is its [`reply`](super::reply) and is read from there, so that
//! neither record needs two writers ([`progress_of`]). By when each step is due is fixed when the directive is issued
//! ([`Ladder`]); what is overdue follows from that and the clock ([`overdue()`]), and is stored nowhere. The text
//! is personal and sealed.

pub(super) mod attachment;
pub mod bins;
mod decide;
mod overdue;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::person::Seat;
use super::{Actor, Life, Meta, RecordRef};
use crate::basis::{
    Blob, Code, DirectiveId, Line, OperationId, Personal, Priority, Prose, StationId, Text,
    Timestamp, UnitId,
};
use crate::ledger::Booked;
use crate::timer::{AlarmCode, Seen};
pub use attachment::{Attachment, File, Media};
pub(super) use decide::{check_words, decide};
pub use overdue::{
    CarriedOver, all_overdue, all_overdue_of, carried, escalated, overdue, overdue_item,
    progress_of, reply_of, statuses,
};

/// A directive as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// Its name.
    pub id: DirectiveId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// The node that gives it.
    pub home: NodeId,
    /// What is to be done, by whom.
    pub details: Details,
    /// Who wrote it down, and when.
    pub drafted: Mark,
    /// Who issued it, and when.
    pub issued: Option<Mark>,
    /// By when each step is due; from when it is issued.
    pub ladder: Option<Ladder>,
    /// One item for each addressee; from when it is issued.
    pub items: Vec<Item>,
    /// How it ended, if it did.
    pub ended: Option<(Mark, Ending)>,
    /// Files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The alarms that somebody has seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// What is to be done, in full; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What is to be done, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Which of the agency's kinds of directive (`directives` in the response file).
    pub kind: Code,
    /// How urgent it is.
    pub priority: Priority,
    /// What it is about, in a few words that name nobody.
    pub subject: Line,
    /// For whom.
    pub to: Vec<Addressee>,
    /// The operation in which it is given, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// What it has to do with: incidents, assessments, and what else its home keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RecordRef>,
    /// By when it is to be closed.
    pub close_by: Timestamp,
    /// The directive that it takes the place of, if of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<DirectiveId>,
}

/// For whom a directive, or one item of it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "is", content = "id", rename_all = "snake_case")]
pub enum Addressee {
    /// A unit's crew.
    Unit(UnitId),
    /// Whoever sits in a seat.
    Seat(Seat),
    /// A station: the crew of any of its units may sign for it.
    Station(StationId),
    /// Another agency that takes part in the operation.
    Agency(NodeId),
    /// Every other agency that takes part when it is issued; no item has this.
    Everyone,
}

/// Something done by somebody at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// By when each step is due, as the rules were when the directive was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// What the giver calls this kind of directive, in English.
    pub en: Line,
    /// The same in Chinese.
    pub zh: Line,
    /// Seconds from issued until it is to be signed for.
    pub sign_s: u32,
    /// Seconds until somebody is to act on it; absent where only a signature is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_s: Option<u32>,
    /// Seconds until it is to be reported back; absent where no report is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_s: Option<u32>,
    /// Whether somebody else must verify what was reported.
    pub verify: bool,
    /// Who hears of it when a step is overdue, one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Rung>,
}

/// One rung of a chain of escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// What it is called.
    pub name: Line,
    /// The seat that hears of it.
    pub seat: Seat,
    /// So many seconds after the step was due.
    pub after_s: u32,
}

/// One addressee's part of a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// For whom.
    pub to: Addressee,
    /// What the addressee has done about it, if of this agency.
    pub progress: Progress,
    /// What was said of its reports, one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Why nothing more is asked of this addressee, if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<(Mark, Line)>,
}

/// What an addressee has done about a directive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When a device of theirs had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When a screen showed it to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Mark>,
    /// When somebody signed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Mark>,
    /// When they began to act on it: departed, where there is a way to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<Mark>,
    /// When they reported back, each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
}

/// One report on a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When, and by whom.
    pub mark: Mark,
    /// What was reported; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What was said of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// When, and by whom.
    pub mark: Mark,
    /// How many reports there were: it is on the last of them.
    pub on: usize,
    /// Why it was returned for rework; absent if it was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Line>,
}

/// How a directive ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Ending {
    /// All that was asked is done, or with the reason why not all of it.
    Closed {
        /// Why it was closed in part, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_part: Option<Line>,
    },
    /// It was taken back.
    Recalled {
        /// Why.
        reason: Line,
    },
    /// Another took its place.
    Replaced {
        /// Which.
        by: DirectiveId,
    },
    /// The draft was thrown away.
    Discarded,
}

/// How far an item has come. In the order of its life, but for [`ItemStatus::Returned`], which is before a new report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Durable here; no device of theirs has it yet.
    Issued,
    /// A device of theirs, or their node, has it.
    Delivered,
    /// A screen has shown it.
    Shown,
    /// A person has signed for it.
    Signed,
    /// They act on it.
    Acting,
    /// Their report was returned for rework.
    Returned,
    /// They have reported.
    Reported,
    /// All that was asked of them is done, and verified where that is wanted.
    Done,
    /// Nothing more is asked of them.
    Excused,
}

/// A step that an addressee takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A device has it.
    Delivered,
    /// A screen shows it.
    Shown,
    /// A person signs for it.
    Signed,
    /// They begin to act.
    Acting,
    /// They report back.
    Reported,
}

/// A step whose time may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Nobody has signed.
    Signed,
    /// Nobody has begun to act.
    Acting,
    /// Nobody has reported, or not again after it was returned.
    Reported,
    /// It is not closed.
    Closed,
}

/// What is overdue about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The item, from 0; none where the directive as a whole should be closed.
    pub item: Option<usize>,
    /// Which step.
    pub step: Due,
    /// Since when.
    pub since: Timestamp,
}

impl ItemStatus {
    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            ItemStatus::Issued => Text::new("issued", "已下达"),
            ItemStatus::Delivered => Text::new("delivered", "已送达"),
            ItemStatus::Shown => Text::new("shown", "已显示"),
            ItemStatus::Signed => Text::new("signed for", "已签收"),
            ItemStatus::Acting => Text::new("acting", "办理中"),
            ItemStatus::Returned => Text::new("returned for rework", "退回重办"),
            ItemStatus::Reported => Text::new("reported", "已反馈"),
            ItemStatus::Done => Text::new("done", "已办结"),
            ItemStatus::Excused => Text::new("released from it", "免办"),
        }
    }

    /// Returns true once nothing more is asked of the addressee.
    pub fn is_over(self) -> bool {
        matches!(self, ItemStatus::Done | ItemStatus::Excused)
    }
}

impl Due {
    /// Returns what is overdue, in words.
    pub fn label(self) -> Text {
        match self {
            Due::Signed => Text::new("not signed for", "逾时未签收"),
            Due::Acting => Text::new("not acted on", "逾时未出动"),
            Due::Reported => Text::new("not reported back", "逾时未反馈"),
            Due::Closed => Text::new("not closed", "逾时未办结"),
        }
    }
}

impl Progress {
    fn last_report(&self) -> Option<Mark> {
        self.reports.last().map(|report| report.mark)
    }

    /// Says whether a person took any step of it.
    fn is_by(&self, actor: &Actor) -> bool {
        let marks = [self.signed, self.acting].into_iter().flatten();
        let reports = self.reports.iter().map(|report| report.mark);
        marks
            .chain(reports)
            .any(|mark| mark.by.person == actor.person)
    }
}

impl Ladder {
    /// Returns the steps that are wanted of an addressee, with how long after issuing each is due.
    fn steps(&self) -> impl Iterator<Item = (Due, u32)> {
        let act = self.act_s.map(|seconds| (Due::Acting, seconds));
        let report = self.report_s.map(|seconds| (Due::Reported, seconds));
        [Some((Due::Signed, self.sign_s)), act, report]
            .into_iter()
            .flatten()
    }
}

impl Directive {
    /// Says whether a record is a directive that was given in an operation.
    pub(crate) fn is_given_in(record: &super::Record, operation: OperationId) -> bool {
        let super::Record::Directive(one) = record else {
            return false;
        };
        one.details.operation == Some(operation)
    }

    /// Returns true until it is closed, recalled, replaced or thrown away.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Returns true while addressees are to do something about it.
    pub fn is_out(&self) -> bool {
        self.is_open() && self.issued.is_some()
    }

    /// Returns how far an item has come, by what is known of its addressee's progress.
    pub fn status(&self, item: &Item, progress: &Progress) -> ItemStatus {
        if item.excused.is_some() {
            return ItemStatus::Excused;
        }
        let (report, act, verify) = match &self.ladder {
            Some(ladder) => (
                ladder.report_s.is_some(),
                ladder.act_s.is_some(),
                ladder.verify,
            ),
            None => return ItemStatus::Issued,
        };
        let reported = progress.last_report();
        if let Some(verdict) = item.verdicts.last() {
            // A verdict is on the reports that its giver had seen; one that came after it is a new one. Clocks of two
            // nodes are never compared.
            let stands = verdict.on == progress.reports.len();
            if stands {
                return match verdict.returned {
                    Some(_) => ItemStatus::Returned,
                    None => ItemStatus::Done,
                };
            }
        }
        if reported.is_some() {
            return match verify {
                true => ItemStatus::Reported,
                false => ItemStatus::Done,
            };
        }
        if progress.acting.is_some() {
            return match report {
                true => ItemStatus::Acting,
                false => ItemStatus::Done,
            };
        }
        if progress.signed.is_some() {
            return match act || report {
                true => ItemStatus::Signed,
                false => ItemStatus::Done,
            };
        }
        if progress.shown.is_some() {
            ItemStatus::Shown
        } else if progress.delivered_at.is_some() {
            ItemStatus::Delivered
        } else {
            ItemStatus::Issued
        }
    }
}

impl Life for Directive {
    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        self.ended.as_ref().map(|(mark, _)| mark.at)
    }

    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let (number, subject) = (self.number, &self.details.subject);
        let issued = self.issued.filter(|_| self.is_out())?;
        Some(super::Open {
            what: Text::new(
                format!("directive {number}: {subject}"),
                format!("指令 {number}：{subject}"),
            ),
            since: issued.at,
        })
    }

    fn booked(&self) -> Vec<Booked> {
        let ended_at = self.ended.as_ref().map(|(mark, _)| mark.at);
        let booked = self.issued.map(|issued| Booked {
            opened_at: issued.at,
            ended_at,
        });
        booked.into_iter().collect()
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let kept = Kept {
            text: self.text.clone(),
            reports: self
                .items
                .iter()
                .map(|item| {
                    let reports = item.progress.reports.iter();
                    reports.map(|report| report.text.clone()).collect()
                })
                .collect(),
        };
        let any = kept.text.is_some() || kept.reports.iter().flatten().any(Option::is_some);
        any.then(|| serde_json::to_vec(&kept).ok()).flatten()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let kept: Kept = serde_json::from_slice(json)?;
        self.text = kept.text;
        for (item, texts) in self.items.iter_mut().zip(kept.reports) {
            for (report, text) in item.progress.reports.iter_mut().zip(texts) {
                report.text = text;
            }
        }
        Ok(())
    }
}

/// What of a directive is personal, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    text: Option<Prose>,
    reports: Vec<Vec<Option<Prose>>>,
}

/// What can be asked of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectiveAction {
    /// Write one down, and issue it at once if so wanted.
    Draft {
        /// What is to be done, by whom.
        details: Details,
        /// In full.
        text: Option<Prose>,
        /// Whether to issue it in the same step.
        issue: bool,
    },
    /// Change one that is not issued yet.
    Amend {
        /// Which.
        directive: DirectiveId,
        /// What is to be done, by whom.
        details: Details,
        /// In full.
        text: Option<Prose>,
    },
    /// Issue one that was written down.
    Issue {
        /// Which.
        directive: DirectiveId,
    },
    /// Throw a draft away.
    Discard {
        /// Which.
        directive: DirectiveId,
    },
    /// Say that an addressee of this agency has taken a step.
    Advance {
        /// Which.
        directive: DirectiveId,
        /// Which of its items, from 0.
        item: usize,
        /// Which step.
        step: Step,
        /// What is reported, if it is the report.
        text: Option<Prose>,
    },
    /// Verify what was reported.
    Verify {
        /// Which.
        directive: DirectiveId,
        /// Which of its items, from 0.
        item: usize,
    },
    /// Return what was reported for rework.
    Return {
        /// Which.
        directive: DirectiveId,
        /// Which of its items, from 0.
        item: usize,
        /// Why.
        reason: Line,
    },
    /// Ask no more of an addressee.
    Excuse {
        /// Which.
        directive: DirectiveId,
        /// Which of its items, from 0.
        item: usize,
        /// Why.
        reason: Line,
    },
    /// Take it back.
    Recall {
        /// Which.
        directive: DirectiveId,
        /// Why.
        reason: Line,
    },
    /// Close it: all is done, or with the reason why not all of it.
    Close {
        /// Which.
        directive: DirectiveId,
        /// Why in part, if in part.
        in_part: Option<Line>,
    },
    /// Attach a file once it is issued.
    Attach {
        /// Which.
        directive: DirectiveId,
        /// The item that it proves something of, from 0, if of one.
        item: Option<usize>,
        /// What it shows, in words that name nobody.
        label: Line,
        /// The file.
        data: Blob,
    },
    /// Acknowledge that a step is overdue.
    SeeAlarm {
        /// Which.
        directive: DirectiveId,
        /// Which alarm.
        code: AlarmCode,
    },
}

impl DirectiveAction {
    /// Returns the directive it changes.
    pub fn subject(&self) -> Option<DirectiveId> {
        match self {
            DirectiveAction::Draft { .. } => None,
            DirectiveAction::Amend { directive, .. }
            | DirectiveAction::Issue { directive }
            | DirectiveAction::Discard { directive }
            | DirectiveAction::Advance { directive, .. }
            | DirectiveAction::Verify { directive, .. }
            | DirectiveAction::Return { directive, .. }
            | DirectiveAction::Excuse { directive, .. }
            | DirectiveAction::Recall { directive, .. }
            | DirectiveAction::Close { directive, .. }
            | DirectiveAction::Attach { directive, .. }
            | DirectiveAction::SeeAlarm { directive, .. } => Some(*directive),
        }
    }
}

/// What happened to a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DirectiveEvent {
    /// It was written down; the text is in the personal part.
    Drafted {
        /// The node that gives it.
        home: NodeId,
        /// The agency's running number.
        number: u64,
        /// What is to be done, by whom.
        details: Box<Details>,
    },
    /// It was changed before it was issued; the text is in the personal part.
    Amended {
        /// What is to be done, by whom.
        details: Box<Details>,
    },
    /// It was issued.
    Issued {
        /// By when each step is due.
        ladder: Box<Ladder>,
        /// For whom, each once.
        items: Vec<Addressee>,
    },
    /// An addressee took a step; what was reported is in the personal part.
    Advanced {
        /// Which item, from 0.
        item: usize,
        /// Which step.
        step: Step,
    },
    /// What was reported was verified.
    Verified {
        /// Which item, from 0.
        item: usize,
        /// How many reports there were.
        on: usize,
    },
    /// What was reported was returned for rework.
    Returned {
        /// Which item, from 0.
        item: usize,
        /// How many reports there were.
        on: usize,
        /// Why.
        reason: Line,
    },
    /// Nothing more is asked of an addressee.
    Excused {
        /// Which item, from 0.
        item: usize,
        /// Why.
        reason: Line,
    },
    /// It ended.
    Ended {
        /// How.
        ending: Ending,
    },
    /// A file was attached; its first part is in the personal part.
    Attached {
        /// What it is.
        file: Box<File>,
    },
    /// One more part of the file that was attached last; it is in the personal part.
    AttachedMore {},
    /// Somebody saw an alarm.
    AlarmSeen {
        /// Which.
        code: AlarmCode,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 11] = [
    "drafted",
    "amended",
    "issued",
    "advanced",
    "verified",
    "returned",
    "excused",
    "ended",
    "attached",
    "attached_more",
    "alarm_seen",
];

pub(super) fn apply(
    before: Option<&Directive>,
    event: &DirectiveEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Directive> {
    let mark = Mark {
        at: meta.happened_at,
        by: meta.by,
    };
    let text = || personal.and_then(|personal| personal.note.clone());
    if let DirectiveEvent::Drafted {
        home,
        number,
        details,
    } = event
    {
        return Some(Directive {
            id: DirectiveId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            home: *home,
            details: Details::clone(details),
            drafted: mark,
            issued: None,
            ladder: None,
            items: Vec::new(),
            ended: None,
            attachments: Vec::new(),
            seen: Vec::new(),
            text: text(),
        });
    }
    let mut next = before?.clone();
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        DirectiveEvent::Drafted { .. } => {}
        DirectiveEvent::Amended { details } => {
            next.details = Details::clone(details);
            next.text = text();
        }
        DirectiveEvent::Issued { ladder, items } => {
            next.issued = Some(mark);
            next.ladder = Some(Ladder::clone(ladder));
            let items = items.iter().take(crate::limits::ADDRESSEES_MAX);
            next.items = items.map(|to| new_item(*to)).collect();
        }
        DirectiveEvent::Ended { ending } => next.ended = Some((mark, ending.clone())),
        DirectiveEvent::Attached { .. } | DirectiveEvent::AttachedMore {} => {
            attachment::apply(&mut next, event, mark);
        }
        DirectiveEvent::AlarmSeen { code } => super::keep_newest(&mut next.seen, meta.seen(*code)),
        DirectiveEvent::Advanced { item, .. }
        | DirectiveEvent::Verified { item, .. }
        | DirectiveEvent::Returned { item, .. }
        | DirectiveEvent::Excused { item, .. } => {
            if let Some(item) = next.items.get_mut(*item) {
                apply_to_item(item, event, mark, text());
            }
        }
    }
    Some(next)
}

fn new_item(to: Addressee) -> Item {
    Item {
        to,
        progress: Progress::default(),
        verdicts: Vec::new(),
        excused: None,
    }
}

fn apply_to_item(item: &mut Item, event: &DirectiveEvent, mark: Mark, text: Option<Prose>) {
    let progress = &mut item.progress;
    if let DirectiveEvent::Advanced { step, .. } = event {
        // A later step says that the earlier ones were taken, too, unless they were said before.
        progress.delivered_at.get_or_insert(mark.at);
        if *step >= Step::Shown {
            progress.shown.get_or_insert(mark);
        }
        if *step >= Step::Signed {
            progress.signed.get_or_insert(mark);
        }
        if *step >= Step::Acting {
            progress.acting.get_or_insert(mark);
        }
        if *step >= Step::Reported {
            super::keep_newest(&mut progress.reports, Report { mark, text });
        }
    } else if let DirectiveEvent::Verified { on, .. } = event {
        let (on, returned) = (*on, None);
        super::keep_newest(&mut item.verdicts, Verdict { mark, on, returned });
    } else if let DirectiveEvent::Returned { on, reason, .. } = event {
        let (on, returned) = (*on, Some(reason.clone()));
        super::keep_newest(&mut item.verdicts, Verdict { mark, on, returned });
    } else if let DirectiveEvent::Excused { reason, .. } = event {
        item.excused = Some((mark, reason.clone()));
    }
}
