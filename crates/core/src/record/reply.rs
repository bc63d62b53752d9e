//! A reply (回执): what one node has to say to one record of another home: that it was shown there, that a
//! person signed for it, how an ask was answered.
//!
//! The pair of every record that was sent: the record lives with who sent it, the reply with who got it, so
//! that neither needs two writers. Proof of delivery is to a person: "shown" is a screen that somebody had
//! open, "signed" is a person's own press.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use watchfire_feed::NodeId;

use super::assignment::{self, AssignmentAction, Choice, Why};
use super::directive::{Addressee, Attachment, File, Mark, Report, Step, attachment};
use super::incident::{Incident, IncidentAction};
use super::message::{Ask, What};
use super::planned_action::{self, TeamPart, TeamWord, Word};
use super::{Actor, Context, Elsewhere, Event, Happened, Life, Meta, RecordKind, RecordRef};
use crate::basis::{
    Blob, Line, MessageId, OperationId, Personal, Prose, ReplyId, Text, Timestamp, UnitId,
};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A reply as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its name.
    pub id: ReplyId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The operation.
    pub operation: OperationId,
    /// What it answers.
    pub to: Elsewhere,
    /// The newest version that a screen here has shown, and when first.
    pub shown: Option<(u64, Timestamp)>,
    /// The newest version that a person here signed for, when, and who.
    pub signed: Option<(u64, Timestamp, Actor)>,
    /// How an ask was answered.
    pub answer: Option<Answered>,
    /// When this node began to act on a directive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<Mark>,
    /// What this node reported on a directive, one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
    /// Files that prove what this node did about a directive, in the order in which they were attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// When what was said in the record was erased here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// What this node says of its teams in a planned action, by their numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<u16, TeamPart>,
    /// What it said of them, oldest first; of very much the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<TeamWord>,
}

/// How an ask was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Yes or no.
    pub accepted: bool,
    /// What was made of it here, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RecordRef>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// True if it clashes with what was promised to somebody else meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clash: bool,
    /// When.
    pub at: Timestamp,
    /// Who; the node itself where a loan had said yes before.
    pub by: Actor,
}

impl Reply {
    /// Returns the id of a node's reply to a record: one for each, whoever asks how often.
    pub fn id_of(node: &NodeId, to: &Elsewhere) -> ReplyId {
        let mut hash = Sha256::new();
        hash.update(b"watchfire reply v1\0");
        hash.update(node.0);
        hash.update(to.node.0);
        hash.update(to.record.kind.as_str());
        hash.update(to.record.id);
        let bytes: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        ReplyId(id)
    }
}

impl Life for Reply {
    fn part_of(&self) -> Option<OperationId> {
        Some(self.operation)
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let texts: Vec<_> = self.reports.iter().map(|one| one.text.as_ref()).collect();
        let any = texts.iter().any(Option::is_some).then_some(texts)?;
        serde_json::to_vec(&any).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let texts: Vec<Option<Prose>> = serde_json::from_slice(json)?;
        for (report, text) in self.reports.iter_mut().zip(texts) {
            report.text = text;
        }
        Ok(())
    }
}

/// What can be asked of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyAction {
    /// Note that a screen here shows it.
    Show {
        /// The operation in which it was shared.
        operation: OperationId,
        /// What.
        to: Elsewhere,
    },
    /// Sign for it.
    Sign {
        /// The operation in which it was shared.
        operation: OperationId,
        /// What.
        to: Elsewhere,
    },
    /// Take a step on a directive of another agency that is for this one: act on it, or report back.
    Advance {
        /// The operation in which it was shared.
        operation: OperationId,
        /// The directive.
        to: Elsewhere,
        /// Which step.
        step: Step,
        /// What is reported, if it is the report.
        text: Option<Prose>,
    },
    /// Attach a file to what this agency says to a directive of another, as proof of what was done.
    Attach {
        /// The operation in which it was shared.
        operation: OperationId,
        /// The directive.
        to: Elsewhere,
        /// What the file shows, in words that name nobody.
        label: Line,
        /// The file.
        data: Blob,
    },
    /// Say that what was said in a record was erased here, too; only the engine does, with the erasing.
    Erased {
        /// The operation in which it was shared.
        operation: OperationId,
        /// The record.
        to: Elsewhere,
    },
    /// Say where a team of this agency stands in a planned action.
    SayOfTeam {
        /// The operation.
        operation: OperationId,
        /// The planned action.
        to: Elsewhere,
        /// The team, by its number.
        team: u16,
        /// What.
        word: Word,
        /// Of which phase it did its part.
        phase: Option<u16>,
        /// Why it is not ready, what help it needs, or how go came where no word of it is here.
        reason: Option<Line>,
    },
    /// Say which units of this agency make up a team of its own.
    ManTeam {
        /// The operation.
        operation: OperationId,
        /// The planned action.
        to: Elsewhere,
        /// The team, by its number.
        team: u16,
        /// Which; none when nobody is to be.
        units: BTreeSet<UnitId>,
    },
    /// Take over for good an incident that its home offered, or decline it.
    AnswerOffer {
        /// The operation in which it is shared.
        operation: OperationId,
        /// The incident.
        of: Elsewhere,
        /// Yes or no.
        accept: bool,
        /// Why, for people.
        reason: Option<Line>,
    },
    /// Answer an ask; a yes to sending a unit sends it.
    Answer {
        /// The ask, and with it who asked.
        node: NodeId,
        /// Which.
        message: MessageId,
        /// Yes or no.
        accept: bool,
        /// Why, for people.
        reason: Option<Line>,
        /// True if it clashes with what was promised to somebody else meanwhile.
        clash: bool,
    },
}

impl ReplyAction {
    /// There is one for each record that is replied to, so that no version of it is asked for.
    pub fn subject(&self) -> Option<ReplyId> {
        None
    }
}

/// What happened to a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ReplyEvent {
    /// A screen has shown it.
    Shown {
        /// The operation.
        operation: OperationId,
        /// What.
        to: Elsewhere,
        /// Which version.
        seen: u64,
    },
    /// A person signed for it.
    Signed {
        /// The operation.
        operation: OperationId,
        /// What.
        to: Elsewhere,
        /// Which version.
        seen: u64,
    },
    /// A step on a directive was taken; what was reported is in the personal part.
    Advanced {
        /// The operation.
        operation: OperationId,
        /// The directive.
        to: Elsewhere,
        /// Which step.
        step: Step,
    },
    /// A file was attached; its first part is in the personal part.
    Attached {
        /// The operation.
        operation: OperationId,
        /// The directive.
        to: Elsewhere,
        /// What it is.
        file: Box<File>,
    },
    /// One more part of the file that was attached last is in the personal part.
    AttachedMore {
        /// The operation.
        operation: OperationId,
        /// The directive.
        to: Elsewhere,
    },
    /// What was said in it was erased here.
    Erased {
        /// The operation.
        operation: OperationId,
        /// The record.
        to: Elsewhere,
    },
    /// It was said where a team stands.
    TeamSaid {
        /// The operation.
        operation: OperationId,
        /// The planned action.
        to: Elsewhere,
        /// The team.
        team: u16,
        /// What.
        word: Word,
        /// Of which phase it did its part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u16>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Line>,
        /// How often the plan had been issued.
        issue: u16,
    },
    /// It was said which units make up a team.
    TeamManned {
        /// The operation.
        operation: OperationId,
        /// The planned action.
        to: Elsewhere,
        /// The team.
        team: u16,
        /// Which units.
        units: BTreeSet<UnitId>,
    },
    /// An ask was answered.
    Answered {
        /// The operation.
        operation: OperationId,
        /// The ask.
        to: Elsewhere,
        /// Yes or no.
        accepted: bool,
        /// What was made of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<RecordRef>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Line>,
        /// True if it clashes with what was promised meanwhile.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        clash: bool,
    },
}

impl ReplyEvent {
    /// Returns the operation and the record that it is about.
    pub(super) fn about(&self) -> (OperationId, Elsewhere) {
        match self {
            ReplyEvent::Shown { operation, to, .. }
            | ReplyEvent::Signed { operation, to, .. }
            | ReplyEvent::Advanced { operation, to, .. }
            | ReplyEvent::Attached { operation, to, .. }
            | ReplyEvent::AttachedMore { operation, to }
            | ReplyEvent::Erased { operation, to }
            | ReplyEvent::TeamSaid { operation, to, .. }
            | ReplyEvent::TeamManned { operation, to, .. }
            | ReplyEvent::Answered { operation, to, .. } => (*operation, *to),
        }
    }
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 9] = [
    "shown",
    "signed",
    "advanced",
    "attached",
    "attached_more",
    "answered",
    "erased",
    "team_said",
    "team_manned",
];

pub(super) fn decide(
    board: &Board,
    action: &ReplyAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        ReplyAction::Show { operation, to } => {
            let (before, seen) = about(board, context, *operation, *to)?;
            if before.is_some_and(|reply| reply.shown.is_some_and(|(shown, _)| shown >= seen)) {
                return Err(nothing_new(Text::new("shown already", "已显示")));
            }
            let event = ReplyEvent::Shown {
                operation: *operation,
                to: *to,
                seen,
            };
            one(context, to, event)
        }
        ReplyAction::Sign { operation, to } => {
            let (before, seen) = about(board, context, *operation, *to)?;
            // What a directive asks does not change: the first signature is the one that counts.
            let once = to.record.kind == RecordKind::Directive;
            let signed = before.and_then(|reply| reply.signed);
            if signed.is_some_and(|(signed, ..)| once || signed >= seen) {
                return Err(nothing_new(Text::new("signed for already", "已签收")));
            }
            let event = ReplyEvent::Signed {
                operation: *operation,
                to: *to,
                seen,
            };
            one(context, to, event)
        }
        ReplyAction::Advance {
            operation,
            to,
            step,
            text,
        } => advance(board, context, (*operation, *to), *step, text.as_ref()),
        ReplyAction::Attach {
            operation,
            to,
            label,
            data,
        } => attach(board, context, (*operation, *to), label, data),
        ReplyAction::SayOfTeam {
            operation,
            to,
            team,
            word,
            phase,
            reason,
        } => {
            let said = (*word, *phase, reason.as_ref());
            let event = planned_action::say(board, context, (*operation, *to), *team, said)?;
            one(context, to, event)
        }
        ReplyAction::ManTeam {
            operation,
            to,
            team,
            units,
        } => {
            let event = planned_action::man(board, context, (*operation, *to), *team, units)?;
            one(context, to, event)
        }
        ReplyAction::Erased { operation, to } => {
            about(board, context, *operation, *to)?;
            let event = ReplyEvent::Erased {
                operation: *operation,
                to: *to,
            };
            one(context, to, event)
        }
        ReplyAction::AnswerOffer {
            operation,
            of,
            accept,
            reason,
        } => answer_offer(board, context, *operation, *of, *accept, reason.as_ref()),
        ReplyAction::Answer {
            node,
            message,
            accept,
            reason,
            clash,
        } => {
            let to = Elsewhere {
                node: *node,
                record: RecordRef::from(*message),
            };
            let told = (reason.as_ref(), *clash);
            answer(board, context, to, *accept, told)
        }
    }
}

/// Attaches a file to what this node says to a directive of another agency.
fn attach(
    board: &Board,
    context: &Context<'_>,
    (operation, to): (OperationId, Elsewhere),
    label: &Line,
    data: &Blob,
) -> Result<Vec<Happened>, Refusal> {
    let before = asked_of_us(board, context, operation, to)?;
    let beside = before.map_or(&[][..], |reply| &reply.attachments);
    let (file, parts) = attachment::cut(beside, None, label, data)?;
    let mut event = ReplyEvent::Attached {
        operation,
        to,
        file,
    };
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let said = one(context, &to, event)?;
        all.extend(
            said.into_iter()
                .map(|one| attachment::with_part(one, part.clone())),
        );
        event = ReplyEvent::AttachedMore { operation, to };
    }
    Ok(all)
}

/// Returns what this node said so far to a directive of another that is out and asked of this node.
fn asked_of_us<'a>(
    board: &'a Board,
    context: &Context<'_>,
    operation: OperationId,
    to: Elsewhere,
) -> Result<Option<&'a Reply>, Refusal> {
    let (before, _) = about(board, context, operation, to)?;
    let Some(super::Record::Directive(there)) = board.copy(to) else {
        return Err(Refusal::NotFound(RecordKind::Directive));
    };
    let item = there
        .items
        .iter()
        .find(|item| item.to == Addressee::Agency(context.node));
    let item = item.ok_or(Refusal::NotFound(RecordKind::Directive))?;
    if !there.is_out() || item.excused.is_some() {
        return Err(Refusal::WrongState {
            kind: RecordKind::Directive,
            state: Text::new(
                "ended, or not asked of this agency any more",
                "已结束，或本单位已免办",
            ),
            instead: Text::new("Look at it as it is now.", "请查看其最新状态。"),
        });
    }
    Ok(before)
}

/// Takes a step on a directive of another agency.
fn advance(
    board: &Board,
    context: &Context<'_>,
    (operation, to): (OperationId, Elsewhere),
    step: Step,
    text: Option<&Prose>,
) -> Result<Vec<Happened>, Refusal> {
    let before = asked_of_us(board, context, operation, to)?;
    let taken = match step {
        Step::Delivered | Step::Shown | Step::Signed => true,
        Step::Acting => before.is_some_and(|reply| reply.acting.is_some()),
        Step::Reported => false,
    };
    if taken {
        return Err(nothing_new(Text::new("taken already", "已完成该步骤")));
    }
    let reports = before.map_or(0, |reply| reply.reports.len());
    super::directive::check_words(step, text)?;
    if step == Step::Reported && reports >= limits::REPORTS_PER_ITEM_MAX {
        return Err(Refusal::Limit {
            what: Text::new("reports on one item", "单项反馈"),
            max: limits::REPORTS_PER_ITEM_MAX,
        });
    }
    let event = ReplyEvent::Advanced {
        operation,
        to,
        step,
    };
    let mut all = one(context, &to, event)?;
    for happened in &mut all {
        happened.personal.note = text.cloned();
    }
    Ok(all)
}

fn about<'a>(
    board: &'a Board,
    context: &Context<'_>,
    operation: OperationId,
    to: Elsewhere,
) -> Result<(Option<&'a Reply>, u64), Refusal> {
    board.must_take_part(context.node, operation)?;
    let copy = board.copy(to).ok_or(Refusal::NotFound(to.record.kind))?;
    let before = board.replies.get(&Reply::id_of(&context.node, &to));
    Ok((before.map(std::sync::Arc::as_ref), copy.version()))
}

/// Answers an offered incident. A yes opens one of this node's own that goes on for it, unless there is one already.
fn answer_offer(
    board: &Board,
    context: &mut Context<'_>,
    operation: OperationId,
    of: Elsewhere,
    accept: bool,
    reason: Option<&Line>,
) -> Result<Vec<Happened>, Refusal> {
    let (before, seen) = about(board, context, operation, of)?;
    let Some(super::Record::Incident(there)) = board.copy(of) else {
        return Err(Refusal::NotFound(RecordKind::Incident));
    };
    let answered = before.and_then(|reply| Some((reply.answer.as_ref()?, reply.signed?)));
    if there.offered_to != Some(context.node) || answered.is_some_and(|(_, (at, ..))| at >= seen) {
        return Err(nothing_new(Text::new("not offered", "未提出移交")));
    }
    let mut all = Vec::new();
    let mut result = None;
    if accept {
        let own = board.open_incidents().find(|one| one.pairs.contains(&of));
        result = match own {
            Some(own) => Some(RecordRef::from(own.id)),
            None => {
                let category = None;
                let open = IncidentAction::OpenFor { of, category };
                all = super::incident::decide(board, &open, context)?;
                all.first().map(|opened| opened.record)
            }
        };
    }
    // The version that was answered, so that a later offer of the same incident is another one.
    let signed = ReplyEvent::Signed {
        operation,
        to: of,
        seen,
    };
    let event = ReplyEvent::Answered {
        operation,
        to: of,
        accepted: accept,
        result,
        reason: reason.cloned(),
        clash: false,
    };
    all.extend(one(context, &of, signed)?);
    all.extend(one(context, &of, event)?);
    Ok(all)
}

fn answer(
    board: &Board,
    context: &mut Context<'_>,
    to: Elsewhere,
    accept: bool,
    (reason, clash): (Option<&Line>, bool),
) -> Result<Vec<Happened>, Refusal> {
    let missing = || Refusal::NotFound(RecordKind::Message);
    let message = board.message_elsewhere(to).ok_or_else(missing)?;
    let What::Ask {
        of,
        ask,
        if_version,
        ..
    } = &message.what
    else {
        return Err(missing());
    };
    if of.node != context.node {
        return Err(missing());
    }
    board.must_take_part(context.node, message.operation)?;
    let before = board.replies.get(&Reply::id_of(&context.node, &to));
    if before.is_some_and(|reply| reply.answer.is_some()) {
        return Err(nothing_new(Text::new("answered already", "已答复")));
    }
    let mut all = Vec::new();
    if accept {
        if !message.is_waiting(context.now) {
            return Err(Refusal::WrongState {
                kind: RecordKind::Message,
                state: Text::new("taken back, or too old to act on", "已撤回或已过期"),
                instead: Text::new(
                    "Refuse it, and let them ask again.",
                    "请答复不接受，并由对方重新提出。",
                ),
            });
        }
        let now = board
            .get(of.record)
            .ok_or(Refusal::NotFound(of.record.kind))?;
        if let Some(expected) = if_version.filter(|expected| *expected != now.version()) {
            return Err(Refusal::VersionMismatch {
                record: of.record,
                expected,
                current: now.version(),
            });
        }
        all = carry_out(board, context, to.node, of.record, ask)?;
    }
    let event = ReplyEvent::Answered {
        operation: message.operation,
        to,
        accepted: accept,
        result: all.first().map(|happened| happened.record),
        reason: reason.cloned(),
        clash,
    };
    all.extend(one(context, &to, event)?);
    Ok(all)
}

/// Does what was asked, by the rules that hold for anybody here.
fn carry_out(
    board: &Board,
    context: &mut Context<'_>,
    asker: NodeId,
    record: RecordRef,
    ask: &Ask,
) -> Result<Vec<Happened>, Refusal> {
    let unit = UnitId(record.id);
    match ask {
        Ask::Attend => Ok(Vec::new()),
        Ask::Send { to } => {
            let theirs = Elsewhere {
                node: asker,
                record: RecordRef::from(*to),
            };
            let paired = |one: &&Incident| one.pairs.contains(&theirs);
            let own = board
                .open_incidents()
                .find(paired)
                .ok_or(Refusal::WrongState {
                    kind: RecordKind::Incident,
                    state: Text::new("not one of this node's own yet", "本节点尚无对应警情"),
                    instead: Text::new(
                        "Open one of your own for it first.",
                        "请先为其开立本单位警情。",
                    ),
                })?;
            let choices = vec![Choice {
                unit,
                why: Why::default(),
            }];
            let incident = own.id;
            assignment::decide(
                board,
                &AssignmentAction::Send { incident, choices },
                context,
            )
        }
        Ask::Release => {
            let live = board.live_assignment(unit);
            let live = live.ok_or(Refusal::NotFound(RecordKind::Assignment))?;
            let assignments = vec![live.id];
            let reason = "let go by who asked for it / 请求方已释放".parse();
            let reason = reason.expect("our own words are a line");
            assignment::decide(
                board,
                &AssignmentAction::CallOff {
                    assignments,
                    reason,
                },
                context,
            )
        }
    }
}

fn one(context: &Context<'_>, to: &Elsewhere, event: ReplyEvent) -> Result<Vec<Happened>, Refusal> {
    let id = Reply::id_of(&context.node, to);
    let (operation, _) = event.about();
    Ok(vec![Happened::within(operation, id, Event::Reply(event))])
}

fn nothing_new(state: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Reply,
        state,
        instead: Text::new("Nothing needs doing.", "无需操作。"),
    }
}

pub(super) fn apply(
    before: Option<&Reply>,
    event: &ReplyEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Reply> {
    let (operation, to) = event.about();
    let mut reply = before.cloned().unwrap_or(Reply {
        id: ReplyId(meta.record),
        version: 0,
        changed_at: meta.at,
        operation,
        to,
        shown: None,
        signed: None,
        answer: None,
        acting: None,
        reports: Vec::new(),
        attachments: Vec::new(),
        erased_at: None,
        teams: BTreeMap::new(),
        words: Vec::new(),
    });
    reply.version = meta.version;
    reply.changed_at = meta.at;
    let at = meta.happened_at;
    match event {
        ReplyEvent::Shown { seen, .. } => reply.shown = Some((*seen, at)),
        ReplyEvent::Erased { .. } => reply.erased_at = Some(at),
        ReplyEvent::Attached { file, .. } => {
            let mark = Mark { at, by: meta.by };
            attachment::begin(&mut reply.attachments, file, mark);
        }
        ReplyEvent::AttachedMore { .. } => attachment::go_on(&mut reply.attachments),
        ReplyEvent::TeamSaid {
            team,
            word,
            phase,
            reason,
            issue,
            ..
        } => {
            // Who speaks for a team has the plan on a screen.
            reply.shown.get_or_insert((0, at));
            let said = TeamWord {
                team: *team,
                word: *word,
                phase: *phase,
                reason: reason.clone(),
                issue: *issue,
                mark: Mark { at, by: meta.by },
            };
            planned_action::fold_word(&mut reply, said);
        }
        ReplyEvent::TeamManned { team, units, .. } => {
            planned_action::fold_units(&mut reply, *team, units);
        }
        ReplyEvent::Signed { seen, .. } => {
            // Who signs has it on a screen.
            reply.shown = reply.shown.or(Some((*seen, at)));
            let first = reply
                .signed
                .filter(|_| to.record.kind == RecordKind::Directive);
            reply.signed = first.or(Some((*seen, at, meta.by)));
        }
        ReplyEvent::Advanced { step, .. } => {
            // A later step says that the earlier ones were taken, too, unless they were said before.
            let mark = Mark { at, by: meta.by };
            reply.shown.get_or_insert((0, at));
            if *step >= Step::Signed {
                reply.signed.get_or_insert((0, at, meta.by));
            }
            if *step >= Step::Acting {
                reply.acting.get_or_insert(mark);
            }
            if *step >= Step::Reported && reply.reports.len() < limits::REPORTS_PER_ITEM_MAX {
                let text = personal.and_then(|personal| personal.note.clone());
                reply.reports.push(Report { mark, text });
            }
        }
        ReplyEvent::Answered {
            accepted,
            result,
            reason,
            clash,
            ..
        } => {
            reply.answer = Some(Answered {
                accepted: *accepted,
                result: *result,
                reason: reason.clone(),
                clash: *clash,
                at,
                by: meta.by,
            });
        }
    }
    Some(reply)
}
