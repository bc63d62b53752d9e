//! What a step of a playbook becomes: the real action, decided by the rules of its own kind. Start at [`Taken::task`].

use std::collections::BTreeSet;

use super::PlaybookRun;
use crate::basis::{Code, IncidentId, Line, OperationId, Priority, Prose, Text, Unreadable};
use crate::board::Board;
use crate::limits;
use crate::plan::{ResponseFile, Template};
use crate::playbook::{Step, Task, To, Wording};
use crate::record::directive::{Addressee, Details, DirectiveAction};
use crate::record::operation::{History, OperationAction};
use crate::record::participation::{ParticipationAction, Tier};
use crate::record::peer::Peer;
use crate::record::person::Seat;
use crate::record::support_request::{SupportRequestAction, Wish};
use crate::record::{self, Action, Context, Happened, RecordRef};
use crate::refusal::Refusal;

/// What comes of a step, and whom it named and who could not be found.
type Came = (Vec<Happened>, Vec<Line>);

/// A step that is taken.
pub(super) struct Taken<'a> {
    /// Of which run.
    pub(super) run: &'a PlaybookRun,
    /// In which language it is written down.
    pub(super) wording: Wording,
    /// What this node calls itself.
    pub(super) own_name: &'a Line,
}

/// A directive as a step says it.
struct Wanted<'a> {
    template: Option<&'a Code>,
    kind: Option<&'a Code>,
    priority: Option<Priority>,
    subject: &'a Text,
    text: Option<&'a Text>,
    to: &'a [To],
    close_within_s: u32,
}

/// Returns a step with what its template says, so that it stands by itself; one that names no template that there is
/// stays as it is, and is refused when it is taken.
pub(super) fn with_template(step: &Step, response: &ResponseFile) -> Step {
    let mut step = step.clone();
    if let Task::Directive {
        template: Some(code),
        kind,
        priority,
        text,
        ..
    } = &mut step.task
        && let Some(found) = template(response, code)
    {
        kind.get_or_insert_with(|| found.kind.clone());
        priority.get_or_insert(found.priority);
        text.get_or_insert_with(|| found.text.clone());
    }
    step
}

fn template<'a>(response: &'a ResponseFile, code: &Code) -> Option<&'a Template> {
    let mut all = response.directives.templates.iter();
    all.find(|one| one.code == *code)
}

/// How long whoever is told has to sign for it, before the notice counts as overdue, in seconds.
const TOLD_WITHIN_S: u32 = 3_600;

impl Taken<'_> {
    /// Decides what a step says.
    pub(super) fn task(
        &self,
        board: &Board,
        task: &Task,
        context: &mut Context<'_>,
    ) -> Result<Came, Refusal> {
        match task {
            Task::OpenOperation {
                name,
                purpose,
                legal_basis,
                handling,
            } => {
                let raise = OperationAction::Raise {
                    name: self.line(board, name)?,
                    purpose: self.line(board, purpose)?,
                    legal_basis: self.line(board, legal_basis)?,
                    handling: *handling,
                    history: History::All,
                    exercise: false,
                    succeeds: None,
                    own_name: self.own_name.clone(),
                };
                decided(board, &Action::Operation(raise), context)
            }
            Task::Invite {
                agencies,
                role,
                share_incident,
            } => self.invite(board, (agencies, role), *share_incident, context),
            Task::Directive {
                template,
                kind,
                priority,
                subject,
                text,
                to,
                close_within_s,
            } => {
                let wanted = Wanted {
                    template: template.as_ref(),
                    kind: kind.as_ref(),
                    priority: *priority,
                    subject,
                    text: text.as_ref(),
                    to,
                    close_within_s: *close_within_s,
                };
                self.directive(board, &wanted, context)
            }
            Task::AskSupport {
                capability,
                quantity,
                purpose,
                priority,
                for_s,
                across,
            } => {
                let incident = self.run.incident_now(board);
                let wish = Wish {
                    code: capability.clone(),
                    quantity: *quantity,
                    place: self.run.why.place.clone(),
                    from: context.now,
                    until: context.now.plus_s(*for_s),
                    purpose: self.line(board, purpose)?,
                    priority: *priority,
                    incident: incident.filter(|one| board.incidents.contains_key(one)),
                    operation: across.then(|| self.operation()).transpose()?,
                };
                let ask = SupportRequestAction::Ask { wish, need: None };
                decided(board, &Action::SupportRequest(ask), context)
            }
            Task::Tell {
                seats,
                subject,
                text,
            } => self.tell(board, seats, (subject, text), context),
        }
    }

    /// Returns the operation that an earlier step opened, or says that it has to be opened first.
    fn operation(&self) -> Result<OperationId, Refusal> {
        self.run.operation.ok_or_else(|| {
            Refusal::missing(
                "The operation, which an earlier step of this playbook opens,",
                "由前面步骤发起的合成作战",
            )
        })
    }

    /// Calls in whom this node knows; who is not known or is in it already is left out, and said so.
    fn invite(
        &self,
        board: &Board,
        (agencies, role): (&[Line], &Text),
        share_incident: bool,
        context: &mut Context<'_>,
    ) -> Result<Came, Refusal> {
        let operation = self.operation()?;
        let role = self.line(board, role)?;
        let found = board.leading(operation)?;
        let (mut all, mut left_out, mut invited) = (Vec::new(), Vec::new(), BTreeSet::new());
        for name in agencies {
            let peer = peer(board, name).filter(|peer| peer.is_let_in());
            let new = |peer: &&Peer| !found.names(&peer.node) && !invited.contains(&peer.node);
            let Some(peer) = peer.filter(new) else {
                left_out.push(name.clone());
                continue;
            };
            if found.members.len() + invited.len() >= limits::MEMBERS_PER_OPERATION_MAX {
                return Err(Refusal::limit(
                    "members of an operation",
                    "每次行动的成员",
                    limits::MEMBERS_PER_OPERATION_MAX,
                ));
            }
            invited.insert(peer.node);
            let invite = OperationAction::Invite {
                operation,
                node: peer.node,
                role: role.clone(),
            };
            all.extend(record::decide(board, &Action::Operation(invite), context)?);
        }
        if invited.is_empty() {
            return Err(Refusal::missing(
                "A peer of the names in this step that is let in and not called in yet",
                "该步骤所列名称的对等节点（已接通且尚未受邀）",
            ));
        }
        let incident = self.run.incident_now(board).filter(|_| share_incident);
        if let Some(incident) = incident {
            all.extend(share(board, operation, incident, context)?);
        }
        Ok((all, left_out))
    }

    fn directive(
        &self,
        board: &Board,
        wanted: &Wanted<'_>,
        context: &mut Context<'_>,
    ) -> Result<Came, Refusal> {
        let (Some(kind), Some(priority), Some(text)) = (wanted.kind, wanted.priority, wanted.text)
        else {
            return Err(Refusal::UnknownCode {
                what: Text::new("template of a directive", "指令模板"),
                code: wanted
                    .template
                    .map_or_else(String::new, ToString::to_string),
            });
        };
        let (mut to, mut left_out) = (Vec::new(), Vec::new());
        for one in wanted.to {
            match self.addressees(board, one) {
                Ok(found) => to.extend(found),
                Err(name) => left_out.push(name),
            }
        }
        to.sort_unstable();
        to.dedup();
        let across = wanted.to.iter().any(To::is_across);
        let details = Details {
            kind: kind.clone(),
            priority,
            subject: self.line(board, wanted.subject)?,
            to,
            operation: across.then(|| self.operation()).transpose()?,
            related: self.related(board),
            close_by: context.now.plus_s(wanted.close_within_s),
            replaces: None,
        };
        let all = self.issued(board, details, text, context)?;
        Ok((all, left_out))
    }

    /// Tells seats by a directive that is only to be signed for: telling is proved by a person, not by a screen.
    fn tell(
        &self,
        board: &Board,
        seats: &BTreeSet<Seat>,
        (subject, text): (&Text, &Text),
        context: &mut Context<'_>,
    ) -> Result<Came, Refusal> {
        let kinds = &context.response.directives.kinds;
        let mut notices = kinds.iter().filter(|(_, kind)| {
            let more = kind.act_s.is_some() || kind.report_s.is_some();
            !more && !kind.verify
        });
        let notice = notices.clone().find(|(code, _)| code.as_str() == "notice");
        let Some((kind, _)) = notice.or_else(|| notices.next()) else {
            return Err(Refusal::missing(
                "A kind of directive that is only to be signed for (response file)",
                "仅需签收的指令类型（见预案文件）",
            ));
        };
        let details = Details {
            kind: kind.clone(),
            priority: Priority::P2,
            subject: self.line(board, subject)?,
            to: seats.iter().copied().map(Addressee::Seat).collect(),
            operation: None,
            related: self.related(board),
            close_by: context.now.plus_s(TOLD_WITHIN_S),
            replaces: None,
        };
        let all = self.issued(board, details, text, context)?;
        Ok((all, Vec::new()))
    }

    fn issued(
        &self,
        board: &Board,
        details: Details,
        text: &Text,
        context: &mut Context<'_>,
    ) -> Result<Vec<Happened>, Refusal> {
        let text: Prose = self.filled(board, text)?;
        let draft = DirectiveAction::Draft {
            details,
            text: Some(text),
            issue: true,
        };
        record::decide(board, &Action::Directive(draft), context)
    }

    /// Returns whom an addressee of the file means, or the name under which nobody is known.
    fn addressees(&self, board: &Board, to: &To) -> Result<Vec<Addressee>, Line> {
        let one = match to {
            To::Seat(seat) => Some(Addressee::Seat(*seat)),
            To::Everyone => Some(Addressee::Everyone),
            To::Unit(name) => {
                let unit = board.unit_by_callsign(name).ok_or_else(|| name.clone())?;
                Some(Addressee::Unit(unit.id))
            }
            To::Station(name) => {
                let station = board.station_by_code(name).ok_or_else(|| name.clone())?;
                Some(Addressee::Station(station.id))
            }
            To::Agency(name) => {
                let member = |peer: &&Peer| {
                    let operation = self.run.operation;
                    operation.is_some_and(|operation| board.is_member(operation, &peer.node))
                };
                let peer = peer(board, name)
                    .filter(member)
                    .ok_or_else(|| name.clone())?;
                Some(Addressee::Agency(peer.node))
            }
            To::Assigned => None,
        };
        if let Some(one) = one {
            return Ok(vec![one]);
        }
        let incident = self.run.incident_now(board).into_iter();
        let on_it = incident.flat_map(|incident| board.assignments_of(incident));
        let live = on_it.filter(|one| one.is_live() && one.sent_at.is_some());
        Ok(live.map(|one| Addressee::Unit(one.unit)).collect())
    }

    fn related(&self, board: &Board) -> Vec<RecordRef> {
        let incident = self.run.incident_now(board);
        let subject = self.run.why.subject;
        vec![incident.map_or(subject, RecordRef::from)]
    }

    fn line(&self, board: &Board, text: &Text) -> Result<Line, Refusal> {
        self.filled(board, text)
    }

    /// Fills in what a text leaves open.
    fn filled<T: std::str::FromStr<Err = Unreadable>>(
        &self,
        board: &Board,
        text: &Text,
    ) -> Result<T, Refusal> {
        let filled = self.run.filled(board, text);
        let filled = self.wording.of(&filled);
        filled.parse().map_err(|error| match error {
            Unreadable::TooLong { max, .. } => Refusal::limit(
                "characters of a text that this step fills in",
                "该步骤填入后的字数",
                max,
            ),
            Unreadable::Base64
            | Unreadable::Id
            | Unreadable::Empty
            | Unreadable::Control
            | Unreadable::Code
            | Unreadable::Priority
            | Unreadable::Place => Refusal::missing("A text for this step", "该步骤的文字"),
        })
    }
}

fn peer<'a>(board: &'a Board, name: &Line) -> Option<&'a Peer> {
    let mut peers = board.peers.values();
    peers.find(|peer| peer.name == *name).map(AsRef::as_ref)
}

fn share(
    board: &Board,
    operation: OperationId,
    incident: IncidentId,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let part = board.must_take_part(context.node, operation)?;
    let record = RecordRef::from(incident);
    if part.share_of(record, context.now).is_some() {
        return Ok(Vec::new());
    }
    let share = ParticipationAction::Share {
        operation,
        record,
        tier: Tier::View,
        with_response: true,
        until: None,
    };
    record::decide(board, &Action::Participation(share), context)
}

fn decided(board: &Board, action: &Action, context: &mut Context<'_>) -> Result<Came, Refusal> {
    Ok((record::decide(board, action, context)?, Vec::new()))
}
