//! A directive as it is shown: each addressee's item with proof of every step, what is overdue and who hears of it.

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::directive::{
    Addressee, Attachment, Directive, Ending, Item, ItemStatus, Mark, Overdue, Progress, Rung,
    all_overdue_of, carried, escalated, progress_of, reply_of,
};
use watchfire_core::record::{Elsewhere, RecordKind, RecordRef};
use watchfire_core::timer;
use watchfire_feed::NodeId;

use crate::api::entries::name_of;
use crate::api::view::{self, AlarmView, PriorityView, SeatView, TextView};

/// A directive.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DirectiveView {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// The node that gives it.
    pub home: String,
    /// What people call it.
    pub home_name: String,
    /// The operation in which it is given.
    pub operation: Option<String>,
    /// Its kind, by code.
    pub kind: String,
    /// What people call the kind; its code where the giver's file is not here.
    pub kind_label: TextView,
    /// Its urgency.
    pub priority: PriorityView,
    /// What it is about.
    pub subject: String,
    /// What is to be done, in full; absent for whoever may not read it, and when its key is gone.
    pub text: Option<String>,
    /// True if there is a text that is not for whoever asks.
    pub text_hidden: bool,
    /// What it has to do with.
    pub related: Vec<RelatedView>,
    /// Files that belong to it, in the order in which they were attached, then those of what other agencies answered.
    pub attachments: Vec<AttachmentView>,
    /// By when it is to be closed.
    pub close_by: String,
    /// Where it is in its life.
    pub status: DirectiveStatus,
    /// The same in words.
    pub status_text: TextView,
    /// Who wrote it down, and when.
    pub drafted: MarkView,
    /// Who issued it, and when.
    pub issued: Option<MarkView>,
    /// Whether somebody else must verify what was reported.
    pub verify: bool,
    /// Whether a report is wanted.
    pub report: bool,
    /// Whether it is said when somebody begins to act.
    pub act: bool,
    /// One for each addressee; of a draft, those it is to be for.
    pub items: Vec<DirectiveItemView>,
    /// How many items are over.
    pub over: usize,
    /// What is overdue longest.
    pub overdue: Option<OverdueView>,
    /// Who ended it, and when.
    pub ended: Option<MarkView>,
    /// Why: of one recalled, or closed in part.
    pub ending: Option<String>,
    /// The directive that took its place.
    pub replaced_by: Option<String>,
    /// The directive that it took the place of.
    pub replaces: Option<String>,
    /// What is late about it, as an alarm.
    pub alarms: Vec<AlarmView>,
}

/// A file that belongs to a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Its place, from 1, among the files of the directive, or of the answer that it belongs to: it is at `attachments/{number}`.
    pub number: usize,
    /// The node to whose answer it belongs, if it does not belong to the directive itself.
    pub answer_of: Option<String>,
    /// What it shows.
    pub label: String,
    /// Whether whoever asks may read it.
    pub readable: bool,
    /// Its media type.
    pub media: &'static str,
    /// Its size, in bytes.
    pub bytes: u32,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The item that it proves something of, from 0.
    pub item: Option<usize>,
    /// Who attached it, and when.
    pub mark: MarkView,
}

/// Where a directive is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectiveStatus {
    /// Written down, not issued.
    Draft,
    /// Somebody is to do something about it.
    Open,
    /// Closed.
    Closed,
    /// Closed, and not all of it is done.
    ClosedInPart,
    /// Taken back.
    Recalled,
    /// Another took its place.
    Replaced,
    /// Thrown away before it was issued.
    Discarded,
}

/// A record that a directive has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelatedView {
    /// Its kind, a colon, its id.
    pub record: String,
    /// What people call it.
    pub label: TextView,
}

/// Something done by somebody at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarkView {
    /// When.
    pub at: String,
    /// By whom, by name.
    pub by: String,
}

/// One addressee's part of a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectiveItemView {
    /// Which, from 0.
    pub item: usize,
    /// What kind of addressee.
    pub is: AddresseeKind,
    /// The unit, seat, station or node.
    pub to: String,
    /// What people call it.
    pub name: TextView,
    /// How far it has come.
    pub status: ItemStatusView,
    /// The same in words.
    pub status_text: TextView,
    /// When a device of theirs had it.
    pub delivered_at: Option<String>,
    /// When a screen showed it.
    pub shown_at: Option<String>,
    /// Who signed for it, and when.
    pub signed: Option<MarkView>,
    /// Who began to act, and when.
    pub acting: Option<MarkView>,
    /// What was reported, oldest first.
    pub reports: Vec<ReportView>,
    /// What was said of that, oldest first.
    pub verdicts: Vec<VerdictView>,
    /// Why nothing more is asked.
    pub excused: Option<String>,
    /// The new date, if it was carried over when a day was settled.
    pub carried_until: Option<String>,
    /// What is overdue.
    pub overdue: Option<OverdueView>,
}

/// What kind of addressee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddresseeKind {
    /// A unit's crew.
    Unit,
    /// Whoever sits in a seat.
    Seat,
    /// The crews of a station.
    Station,
    /// Another agency.
    Agency,
    /// Every other agency of the operation; only of a draft.
    Everyone,
}

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatusView {
    /// No device of theirs has it yet.
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
    /// All that was asked of them is done.
    Done,
    /// Nothing more is asked of them.
    Excused,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportView {
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// What was reported; absent for whoever may not read it, and when its key is gone.
    pub text: Option<String>,
    /// True if there is a text that is not for whoever asks.
    pub text_hidden: bool,
}

/// What was said of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictView {
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why it was returned; absent if it was verified.
    pub returned: Option<String>,
}

/// A step whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OverdueView {
    /// Which item, from 0; none where it is the directive as a whole.
    pub item: Option<usize>,
    /// What is overdue, in words.
    pub text: TextView,
    /// Since when.
    pub since: String,
    /// Who has heard of it by now, one after another.
    pub escalated: Vec<TextView>,
    /// The seats that hear of it by now.
    pub seats: Vec<SeatView>,
}

/// Shows one of this node's own directives.
pub fn shown(board: &Board, directive: &Directive, at: Timestamp, personal: bool) -> DirectiveView {
    let delivered = |_: &NodeId| false;
    shown_of(
        board,
        directive,
        directive.home,
        directive.home,
        at,
        personal,
        &delivered,
    )
}

/// Shows a directive of any home, as this node (`own`) knows of it. `delivered` says to which nodes it has come.
pub fn shown_of(
    board: &Board,
    directive: &Directive,
    home: NodeId,
    own: NodeId,
    at: Timestamp,
    personal: bool,
    delivered: &dyn Fn(&NodeId) -> bool,
) -> DirectiveView {
    let scene = Scene {
        board,
        directive,
        home,
        own,
        at,
        personal,
        delivered,
    };
    scene.view()
}

struct Scene<'a> {
    board: &'a Board,
    directive: &'a Directive,
    home: NodeId,
    own: NodeId,
    at: Timestamp,
    personal: bool,
    delivered: &'a dyn Fn(&NodeId) -> bool,
}

impl Scene<'_> {
    fn view(&self) -> DirectiveView {
        let one = self.directive;
        let late = all_overdue_of(self.board, (self.home, self.own), one, self.at);
        let items = self.items(&late);
        let over = items
            .iter()
            .filter(|item| matches!(item.status, ItemStatusView::Done | ItemStatusView::Excused))
            .count();
        let (status, ending, replaced_by) = self.ending();
        let ladder = one.ladder.as_ref();
        let own = self.home == self.own;
        let alarm = timer::alarm_of_directive(self.board, one, self.at).filter(|_| own);
        let text = one.text.as_ref().filter(|_| self.personal);
        DirectiveView {
            id: one.id.to_string(),
            version: one.version,
            number: one.number,
            home: self.home.to_string(),
            home_name: self.board.name_of(&self.home),
            operation: one.details.operation.map(|id| id.to_string()),
            kind: one.details.kind.to_string(),
            kind_label: match ladder {
                Some(ladder) => Text::new(ladder.en.to_string(), ladder.zh.to_string()),
                None => Text::new(one.details.kind.to_string(), one.details.kind.to_string()),
            }
            .into(),
            priority: one.details.priority.into(),
            subject: one.details.subject.to_string(),
            text: text.map(ToString::to_string),
            text_hidden: one.text.is_some() && !self.personal,
            related: self.related(),
            attachments: self.attachments(),
            close_by: view::time(one.details.close_by),
            status,
            status_text: status.label().into(),
            drafted: self.mark(&one.drafted),
            issued: one.issued.as_ref().map(|mark| self.mark(mark)),
            verify: ladder.is_some_and(|ladder| ladder.verify),
            report: ladder.is_some_and(|ladder| ladder.report_s.is_some()),
            act: ladder.is_some_and(|ladder| ladder.act_s.is_some()),
            overdue: late.first().map(|late| self.overdue_view(late)),
            items,
            over,
            ended: one.ended.as_ref().map(|(mark, _)| self.mark(mark)),
            ending,
            replaced_by,
            replaces: one.details.replaces.map(|id| id.to_string()),
            alarms: view::alarms(self.board, alarm, &one.seen),
        }
    }

    fn ending(&self) -> (DirectiveStatus, Option<String>, Option<String>) {
        let one = self.directive;
        match one.ended.as_ref().map(|(_, ending)| ending) {
            None if one.issued.is_none() => (DirectiveStatus::Draft, None, None),
            None => (DirectiveStatus::Open, None, None),
            Some(Ending::Closed { in_part: None }) => (DirectiveStatus::Closed, None, None),
            Some(Ending::Closed { in_part }) => (
                DirectiveStatus::ClosedInPart,
                in_part.as_ref().map(ToString::to_string),
                None,
            ),
            Some(Ending::Recalled { reason }) => {
                (DirectiveStatus::Recalled, Some(reason.to_string()), None)
            }
            Some(Ending::Replaced { by }) => {
                (DirectiveStatus::Replaced, None, Some(by.to_string()))
            }
            Some(Ending::Discarded) => (DirectiveStatus::Discarded, None, None),
        }
    }

    fn attachments(&self) -> Vec<AttachmentView> {
        let one = self.directive;
        let of_it = one.attachments.iter().enumerate();
        let mut all: Vec<_> = of_it
            .map(|(at, file)| self.attachment(at, file, None))
            .collect();
        let to = Elsewhere {
            node: self.home,
            record: one.id.into(),
        };
        for (item, asked) in one.items.iter().enumerate() {
            let Addressee::Agency(node) = asked.to else {
                continue;
            };
            let Some(reply) = reply_of(self.board, self.own, node, &to) else {
                continue;
            };
            let of_it = reply.attachments.iter().enumerate();
            all.extend(of_it.map(|(at, file)| self.attachment(at, file, Some((item, node)))));
        }
        all
    }

    fn attachment(
        &self,
        at: usize,
        one: &Attachment,
        answer: Option<(usize, NodeId)>,
    ) -> AttachmentView {
        let by = answer.map_or(self.home, |(_, node)| node);
        AttachmentView {
            number: at + 1,
            answer_of: answer.map(|(_, node)| node.to_string()),
            label: one.file.label.to_string(),
            readable: self.personal,
            media: one.file.media.as_str(),
            bytes: one.file.bytes,
            sha256: one.file.sha256.clone(),
            item: answer.map_or(one.file.item, |(item, _)| Some(item)),
            mark: self.mark_of(&by, &one.mark),
        }
    }

    fn mark(&self, mark: &Mark) -> MarkView {
        self.mark_of(&self.home, mark)
    }

    /// Names who did something; of another agency it says which, since its people are not known here.
    fn mark_of(&self, node: &NodeId, mark: &Mark) -> MarkView {
        let by = match *node == self.own {
            true => name_of(self.board, mark.by.person),
            false => self.board.name_of(node),
        };
        MarkView {
            at: view::time(mark.at),
            by,
        }
    }

    fn items(&self, late: &[Overdue]) -> Vec<DirectiveItemView> {
        let one = self.directive;
        if one.issued.is_none() {
            let draft = one.details.to.iter().enumerate();
            return draft.map(|(at, to)| self.draft_item(at, to)).collect();
        }
        let carried = carried(self.board, one);
        let items = one.items.iter().enumerate();
        items
            .map(|(at, item)| self.item(at, item, late, carried.of_item(at)))
            .collect()
    }

    fn draft_item(&self, at: usize, to: &Addressee) -> DirectiveItemView {
        let (is, to_text, name) = self.addressee(to);
        DirectiveItemView {
            item: at,
            is,
            to: to_text,
            name: name.into(),
            status: ItemStatusView::Issued,
            status_text: Text::new("draft", "草稿").into(),
            delivered_at: None,
            shown_at: None,
            signed: None,
            acting: None,
            reports: Vec::new(),
            verdicts: Vec::new(),
            excused: None,
            carried_until: None,
            overdue: None,
        }
    }

    fn item(
        &self,
        at: usize,
        item: &Item,
        late: &[Overdue],
        carried: Option<Timestamp>,
    ) -> DirectiveItemView {
        let progress = progress_of(self.board, self.home, self.own, self.directive, item);
        let mut status = self.directive.status(item, &progress);
        // Whose people take its steps.
        let theirs = match item.to {
            Addressee::Agency(node) => node,
            Addressee::Unit(_)
            | Addressee::Seat(_)
            | Addressee::Station(_)
            | Addressee::Everyone => self.home,
        };
        if status == ItemStatus::Issued && (theirs == self.own || (self.delivered)(&theirs)) {
            let agency = matches!(item.to, Addressee::Agency(_));
            status = if agency {
                ItemStatus::Delivered
            } else {
                status
            };
        }
        let (is, to, name) = self.addressee(&item.to);
        let overdue = late.iter().find(|late| late.item == Some(at));
        DirectiveItemView {
            item: at,
            is,
            to,
            name: name.into(),
            status: status.into(),
            status_text: status.label().into(),
            delivered_at: view::maybe_time(progress.delivered_at),
            shown_at: view::maybe_time(progress.shown.map(|mark| mark.at)),
            signed: progress.signed.map(|mark| self.mark_of(&theirs, &mark)),
            acting: progress.acting.map(|mark| self.mark_of(&theirs, &mark)),
            reports: self.reports(&theirs, &progress),
            verdicts: item
                .verdicts
                .iter()
                .map(|verdict| {
                    let mark = self.mark(&verdict.mark);
                    VerdictView {
                        at: mark.at,
                        by: mark.by,
                        returned: verdict.returned.as_ref().map(ToString::to_string),
                    }
                })
                .collect(),
            excused: item.excused.as_ref().map(|(_, reason)| reason.to_string()),
            carried_until: view::maybe_time(carried.filter(|_| !status.is_over())),
            overdue: overdue.map(|overdue| self.overdue_view(overdue)),
        }
    }

    fn reports(&self, theirs: &NodeId, progress: &Progress) -> Vec<ReportView> {
        let reports = progress.reports.iter();
        reports
            .map(|report| {
                let mark = self.mark_of(theirs, &report.mark);
                let text = report.text.as_ref().filter(|_| self.personal);
                ReportView {
                    at: mark.at,
                    by: mark.by,
                    text: text.map(ToString::to_string),
                    text_hidden: report.text.is_some() && !self.personal,
                }
            })
            .collect()
    }

    fn overdue_view(&self, overdue: &Overdue) -> OverdueView {
        let rungs = escalated(self.directive, overdue.since, self.at);
        OverdueView {
            item: overdue.item,
            text: overdue.step.label().into(),
            since: view::time(overdue.since),
            escalated: rungs.iter().map(|rung| named(rung).into()).collect(),
            seats: rungs.iter().map(|rung| rung.seat.into()).collect(),
        }
    }

    fn addressee(&self, to: &Addressee) -> (AddresseeKind, String, Text) {
        // Of another home's units and stations nothing is known here unless it shares them.
        let there = match self.home == self.own {
            true => Some(self.board),
            false => self.board.copies.boards.get(&self.home),
        };
        match to {
            Addressee::Unit(unit) => {
                let found = there.and_then(|board| board.units.get(unit));
                let name = found.map_or_else(
                    || Text::new("a unit of theirs", "对方力量"),
                    |unit| Text::new(unit.callsign.to_string(), unit.callsign.to_string()),
                );
                (AddresseeKind::Unit, unit.to_string(), name)
            }
            Addressee::Station(station) => {
                let found = there.and_then(|board| board.stations.get(station));
                let name = found.map_or_else(
                    || Text::new("a station of theirs", "对方站点"),
                    |station| {
                        let name = station.details.name.to_string();
                        Text::new(name.clone(), name)
                    },
                );
                (AddresseeKind::Station, station.to_string(), name)
            }
            Addressee::Seat(seat) => (AddresseeKind::Seat, seat.as_str().to_owned(), seat.label()),
            Addressee::Agency(node) => {
                let name = self.board.name_of(node);
                (
                    AddresseeKind::Agency,
                    node.to_string(),
                    Text::new(name.clone(), name),
                )
            }
            Addressee::Everyone => (
                AddresseeKind::Everyone,
                String::new(),
                Text::new("every agency of the operation", "行动全体成员"),
            ),
        }
    }

    fn related(&self) -> Vec<RelatedView> {
        let label = |record: &RecordRef| {
            let there = match self.home == self.own {
                true => Some(self.board),
                false => self.board.copies.boards.get(&self.home),
            };
            let found = there.and_then(|board| board.get(*record));
            let number = found.and_then(|found| found.number());
            let kind = record.kind.label();
            if record.kind == RecordKind::Operation {
                let id = watchfire_core::basis::OperationId(record.id);
                if let Ok(operation) = self.board.operation_anywhere(id) {
                    let name = operation.genesis.name.to_string();
                    return Text::new(name.clone(), name);
                }
            }
            match number {
                Some(number) => Text::new(
                    format!("{} {number}", kind.en),
                    format!("{} {number}", kind.zh),
                ),
                None => kind,
            }
        };
        let related = self.directive.details.related.iter();
        related
            .map(|record| RelatedView {
                record: record.to_string(),
                label: label(record).into(),
            })
            .collect()
    }
}

impl DirectiveStatus {
    fn label(self) -> Text {
        match self {
            DirectiveStatus::Draft => Text::new("draft", "草稿"),
            DirectiveStatus::Open => Text::new("open", "办理中"),
            DirectiveStatus::Closed => Text::new("closed", "已办结"),
            DirectiveStatus::ClosedInPart => Text::new("closed in part", "部分办结"),
            DirectiveStatus::Recalled => Text::new("recalled", "已撤回"),
            DirectiveStatus::Replaced => Text::new("replaced", "已替换"),
            DirectiveStatus::Discarded => Text::new("thrown away", "已作废"),
        }
    }
}

impl From<ItemStatus> for ItemStatusView {
    fn from(status: ItemStatus) -> ItemStatusView {
        match status {
            ItemStatus::Issued => ItemStatusView::Issued,
            ItemStatus::Delivered => ItemStatusView::Delivered,
            ItemStatus::Shown => ItemStatusView::Shown,
            ItemStatus::Signed => ItemStatusView::Signed,
            ItemStatus::Acting => ItemStatusView::Acting,
            ItemStatus::Returned => ItemStatusView::Returned,
            ItemStatus::Reported => ItemStatusView::Reported,
            ItemStatus::Done => ItemStatusView::Done,
            ItemStatus::Excused => ItemStatusView::Excused,
        }
    }
}

/// Returns what a rung of a chain is called; one that is called by its seat in both languages.
fn named(rung: &Rung) -> Text {
    let seat = rung.seat.label();
    match seat.en.eq_ignore_ascii_case(rung.name.as_str()) {
        true => seat,
        false => Text::new(rung.name.as_str(), rung.name.as_str()),
    }
}
