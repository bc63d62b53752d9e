//! Who may do what: one table of permissions and seats, and the only place that makes an [`Authorized`].
//!
//! A policy engine can take the place of the table later without anything else noticing.

use std::collections::BTreeSet;

use watchfire_core::basis::{HandoverId, IncidentId, PersonId, UnitId};
use watchfire_core::board::Board;
use watchfire_core::playbook::Task;
use watchfire_core::record::assessment::AssessmentAction;
use watchfire_core::record::assignment::{Assignment, AssignmentAction, AssignmentStatus, Step};
use watchfire_core::record::call::{CallAction, Onward};
use watchfire_core::record::consultation::ConsultationAction;
use watchfire_core::record::directive::DirectiveAction;
use watchfire_core::record::handover::HandoverAction;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::participation::ParticipationAction;
use watchfire_core::record::patrol::PatrolAction;
use watchfire_core::record::person::Seat;
use watchfire_core::record::reply::ReplyAction;
use watchfire_core::record::shift::ShiftAction;
use watchfire_core::record::unit::UnitAction;
use watchfire_core::record::{Action, Actor, Elsewhere};

/// Something that a seat may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See the board, its records, the map and the stream.
    ReadBoard,
    /// See who called and what was said, and the text of notes.
    ReadPersonal,
    /// Read what happened to a record, entry by entry.
    ReadEntries,
    /// Read who may sign in.
    ReadPeople,
    /// Read how the machine fares.
    ReadMetrics,
    /// Read how long things took and how many calls came.
    ReadFigures,
    /// Take and amend calls, join them to incidents, close them.
    TakeCalls,
    /// Open incidents and write notes.
    OpenIncidents,
    /// Grade, relocate, raise, close, cancel, reopen, merge, split and link incidents.
    RunIncidents,
    /// Propose, send and call off units, and report their status for them.
    SendUnits,
    /// Report one's own unit's status, position and rest, and write notes on incidents it is on.
    ReportOwnUnit,
    /// Report any unit's position (position feeds).
    ReportPositions,
    /// Write down patrol plans, accept their rounds, begin and end them, and report visits for units.
    PlanPatrols,
    /// See one's own unit's patrol round, and report its visits.
    ReportOwnRound,
    /// Enter duty posts, plan shifts, put people on them and take them off, note leave.
    PlanDuty,
    /// Sign up for shifts, swap them, come on and go off, write into the shift log, hand over one's own post.
    TakeDuty,
    /// Bring units on and off duty, in and out of service.
    RunUnits,
    /// Enter road conditions, change until when they hold, end them.
    SetRoadConditions,
    /// Enter and amend units, stations and support capabilities.
    KeepUnits,
    /// Enrol people, change what they may do, hand out codes and tokens.
    KeepPeople,
    /// Enrol peers, and shut them out.
    KeepPeers,
    /// Raise and lead operations, join and leave them, lend units.
    LeadOperations,
    /// Share records in operations, write to their log, ask and answer.
    ActInOperations,
    /// Read assessments that are in work, and all that were issued.
    ReadAssessments,
    /// Write assessments.
    WriteAssessments,
    /// Review, return and issue assessments.
    ReviewAssessments,
    /// Say that one has read an assessment that was issued to one's seat.
    ReadIssued,
    /// Call consultations, begin and conclude them, put decisions down and say what becomes of them.
    CallConsultations,
    /// Put cards and notes on consultations that one's seat takes part in.
    Consult,
    /// Ask for patterns of incidents, and where more of the public call than usual.
    StudyPatterns,
    /// Keep questions about incidents under a name.
    KeepViews,
    /// Say why lines of a day's book are carried over, sign it, and correct a day that was signed.
    SettleDays,
    /// Write directives down.
    DraftDirectives,
    /// Issue directives, verify, return, excuse, recall and close them, and report on them for others.
    IssueDirectives,
    /// Receive directives that are for one's own unit, station or seat, sign for them, act and report.
    AnswerDirectives,
    /// Read planned actions of operations that this agency takes part in.
    ReadPlannedActions,
    /// See the team that one's own unit is part of in a planned action, and say where it stands.
    ReportOwnTeam,
    /// Ask for support, answer requests for it, accept offers and follow them until all is back.
    ActOnSupport,
    /// Read playbooks, what they would do, when they would have fired and what became of those that did.
    ReadPlaybooks,
    /// Start playbooks by hand, decline their steps and end their runs; to take a step needs leave for what it does too.
    RunPlaybooks,
}

impl Permission {
    /// Returns the word for it that screens are told.
    pub fn as_str(self) -> &'static str {
        match self {
            P::ReadBoard => "read_board",
            P::ReadPersonal => "read_personal",
            P::ReadEntries => "read_entries",
            P::ReadPeople => "read_people",
            P::ReadMetrics => "read_metrics",
            P::ReadFigures => "read_figures",
            P::TakeCalls => "take_calls",
            P::OpenIncidents => "open_incidents",
            P::RunIncidents => "run_incidents",
            P::SendUnits => "send_units",
            P::ReportOwnUnit => "report_own_unit",
            P::ReportPositions => "report_positions",
            P::PlanPatrols => "plan_patrols",
            P::ReportOwnRound => "report_own_round",
            P::PlanDuty => "plan_duty",
            P::TakeDuty => "take_duty",
            P::RunUnits => "run_units",
            P::SetRoadConditions => "set_road_conditions",
            P::KeepUnits => "keep_units",
            P::KeepPeople => "keep_people",
            P::KeepPeers => "keep_peers",
            P::LeadOperations => "lead_operations",
            P::ActInOperations => "act_in_operations",
            P::ReadAssessments => "read_assessments",
            P::WriteAssessments => "write_assessments",
            P::ReviewAssessments => "review_assessments",
            P::ReadIssued => "read_issued",
            P::CallConsultations => "call_consultations",
            P::Consult => "consult",
            P::StudyPatterns => "study_patterns",
            P::KeepViews => "keep_views",
            P::SettleDays => "settle_days",
            P::DraftDirectives => "draft_directives",
            P::IssueDirectives => "issue_directives",
            P::AnswerDirectives => "answer_directives",
            P::ActOnSupport => "act_on_support",
            P::ReadPlannedActions => "read_planned_actions",
            P::ReportOwnTeam => "report_own_team",
            P::ReadPlaybooks => "read_playbooks",
            P::RunPlaybooks => "run_playbooks",
        }
    }
}

use Permission as P;
use Seat::{
    Administrator, Analyst, CallTaker, Crew, Dispatcher, DutyOfficer, Overseer, Volunteer, Wall,
};

/// The table: which seats have which permission.
pub const TABLE: &[(Permission, &[Seat])] = &[
    (
        P::ReadBoard,
        &[
            CallTaker,
            Dispatcher,
            DutyOfficer,
            Crew,
            Analyst,
            Overseer,
            Wall,
        ],
    ),
    (
        P::ReadPersonal,
        &[CallTaker, Dispatcher, DutyOfficer, Overseer],
    ),
    (
        P::ReadEntries,
        &[CallTaker, Dispatcher, DutyOfficer, Analyst, Overseer],
    ),
    (P::ReadPeople, &[Administrator, Overseer, DutyOfficer]),
    (P::ReadMetrics, &[Administrator, Overseer]),
    (
        P::ReadFigures,
        &[Dispatcher, DutyOfficer, Analyst, Overseer, Wall],
    ),
    (P::TakeCalls, &[CallTaker, Dispatcher, DutyOfficer]),
    (P::OpenIncidents, &[CallTaker, Dispatcher, DutyOfficer]),
    (P::RunIncidents, &[Dispatcher, DutyOfficer]),
    (P::SendUnits, &[Dispatcher, DutyOfficer]),
    (P::ReportOwnUnit, &[Crew]),
    (P::ReportPositions, &[Dispatcher, DutyOfficer]),
    (P::PlanPatrols, &[Dispatcher, DutyOfficer]),
    (P::ReportOwnRound, &[Crew, Volunteer]),
    (P::PlanDuty, &[DutyOfficer]),
    (
        P::TakeDuty,
        &[CallTaker, Dispatcher, DutyOfficer, Crew, Analyst],
    ),
    (P::RunUnits, &[Dispatcher, DutyOfficer]),
    (P::SetRoadConditions, &[Dispatcher, DutyOfficer]),
    (P::KeepUnits, &[Administrator, DutyOfficer]),
    (P::KeepPeople, &[Administrator]),
    (P::KeepPeers, &[Administrator, DutyOfficer]),
    (P::LeadOperations, &[DutyOfficer]),
    (P::ActInOperations, &[Dispatcher, DutyOfficer]),
    (P::ReadAssessments, &[DutyOfficer, Analyst, Overseer]),
    (P::WriteAssessments, &[Analyst]),
    (P::ReviewAssessments, &[DutyOfficer, Analyst]),
    (
        P::ReadIssued,
        &[CallTaker, Dispatcher, DutyOfficer, Crew, Analyst],
    ),
    (P::CallConsultations, &[DutyOfficer, Analyst]),
    (P::StudyPatterns, &[DutyOfficer, Analyst, Overseer]),
    (P::KeepViews, &[DutyOfficer, Analyst]),
    (
        P::Consult,
        &[CallTaker, Dispatcher, DutyOfficer, Crew, Analyst],
    ),
    (P::SettleDays, &[DutyOfficer]),
    (P::DraftDirectives, &[Dispatcher, DutyOfficer, Analyst]),
    (P::IssueDirectives, &[Dispatcher, DutyOfficer]),
    (
        P::AnswerDirectives,
        &[CallTaker, Dispatcher, DutyOfficer, Crew, Analyst],
    ),
    (P::ActOnSupport, &[Dispatcher, DutyOfficer]),
    (P::ReadPlannedActions, &[Dispatcher, DutyOfficer, Overseer]),
    (P::ReportOwnTeam, &[Crew]),
    (
        P::ReadPlaybooks,
        &[Dispatcher, DutyOfficer, Analyst, Overseer],
    ),
    (P::RunPlaybooks, &[Dispatcher, DutyOfficer]),
];

/// Somebody who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub person: PersonId,
    /// The seats they may take.
    pub seats: BTreeSet<Seat>,
    /// The unit whose crew they are.
    pub unit: Option<UnitId>,
}

impl Session {
    /// Returns the seat that gives them a permission, if one does.
    pub fn seat_for(&self, permission: Permission) -> Option<Seat> {
        let (_, seats) = TABLE.iter().find(|(row, _)| *row == permission)?;
        seats.iter().copied().find(|seat| self.seats.contains(seat))
    }

    /// Returns all that they have permission for, in the order of the table.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        let all = TABLE.iter().map(|(permission, _)| *permission);
        all.filter(|permission| self.may(*permission))
    }

    /// Returns true if this agency said that their unit is part of that team of a planned action.
    fn is_of_team(&self, to: &Elsewhere, team: u16, board: &Board) -> bool {
        let mut own = board.replies.values().filter(|reply| reply.to == *to);
        own.any(|reply| {
            let part = reply.teams.get(&team);
            part.is_some_and(|part| self.unit.is_some_and(|unit| part.units.contains(&unit)))
        })
    }

    /// Returns true if they have a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.seat_for(permission).is_some()
    }
}

/// An action that somebody was found to be allowed. Only this module makes one.
#[derive(Debug, Clone)]
pub struct Authorized {
    by: Actor,
    action: Action,
}

impl Authorized {
    /// Returns who acts and what is done.
    pub fn into_parts(self) -> (Actor, Action) {
        (self.by, self.action)
    }

    /// Authorises what the node does of its own accord while it is set up, by whoever holds its directory.
    pub fn by_the_node(action: Action) -> Authorized {
        Authorized {
            by: Actor::NODE,
            action,
        }
    }
}

/// Nobody with these seats may do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// What it would have needed.
    pub permission: Permission,
}

/// Finds whether a session may do an action, and under which seat.
pub fn authorize(session: &Session, action: Action, board: &Board) -> Result<Authorized, Denied> {
    let needed = permissions_for(session, &action, board);
    if let Some(permission) = needed_besides(&action)
        && !session.may(permission)
    {
        return Err(Denied { permission });
    }
    for permission in &needed {
        if let Some(seat) = session.seat_for(*permission) {
            return Ok(Authorized {
                by: Actor {
                    person: session.person,
                    seat,
                },
                action,
            });
        }
    }
    Err(Denied {
        permission: needed[0],
    })
}

/// Returns the permission that an action needs on top of the others, because it does two things in one step.
fn needed_besides(action: &Action) -> Option<Permission> {
    let opens = matches!(
        action,
        Action::Call(CallAction::Receive {
            onward: Onward::Open,
            ..
        })
    );
    // What goes to other agencies leaves the house by the hand of somebody who may share.
    let shares = matches!(
        action,
        Action::Assessment(AssessmentAction::Issue { readers, .. }) if readers.operation.is_some()
    ) || matches!(
        action,
        Action::Consultation(ConsultationAction::Call { details }) if details.operation.is_some()
    );
    let shares = shares.then_some(P::ActInOperations);
    opens.then_some(P::OpenIncidents).or(shares)
}

/// Returns the permissions any of which allows an action on a directive.
fn directive(session: &Session, action: &DirectiveAction, board: &Board) -> Vec<Permission> {
    match action {
        DirectiveAction::Draft { issue: false, .. }
        | DirectiveAction::Amend { .. }
        | DirectiveAction::Discard { .. } => vec![P::DraftDirectives],
        DirectiveAction::Draft { issue: true, .. }
        | DirectiveAction::Issue { .. }
        | DirectiveAction::Verify { .. }
        | DirectiveAction::Return { .. }
        | DirectiveAction::Excuse { .. }
        | DirectiveAction::Recall { .. }
        | DirectiveAction::Close { .. }
        | DirectiveAction::Attach { item: None, .. }
        | DirectiveAction::SeeAlarm { .. } => vec![P::IssueDirectives],
        DirectiveAction::Advance {
            directive, item, ..
        }
        | DirectiveAction::Attach {
            directive,
            item: Some(item),
            ..
        } => {
            let found = board.directives.get(directive);
            let to = found.and_then(|found| found.items.get(*item));
            let own = to.is_some_and(|item| session.is_addressed(&item.to, board));
            // Whoever it is for answers; for others it is reported by whoever may issue it.
            match own {
                true => vec![P::AnswerDirectives, P::IssueDirectives],
                false => vec![P::IssueDirectives],
            }
        }
    }
}

/// Returns the permissions any of which allows an action; the usual one first.
fn permissions_for(session: &Session, action: &Action, board: &Board) -> Vec<Permission> {
    match action {
        Action::Call(
            CallAction::Receive { .. }
            | CallAction::Amend { .. }
            | CallAction::Join { .. }
            | CallAction::Detach { .. }
            | CallAction::Close { .. }
            | CallAction::SeeAlarm { .. },
        ) => vec![P::TakeCalls],
        Action::Incident(IncidentAction::Open { .. } | IncidentAction::OpenInExercise { .. }) => {
            vec![P::OpenIncidents]
        }
        Action::Incident(IncidentAction::AddNote { incident, .. }) => {
            with_own(P::OpenIncidents, is_on(session, *incident, board))
        }
        Action::Incident(
            IncidentAction::Grade { .. }
            | IncidentAction::Relocate { .. }
            | IncidentAction::RaiseAlarm { .. }
            | IncidentAction::Close { .. }
            | IncidentAction::Cancel { .. }
            | IncidentAction::Reopen { .. }
            | IncidentAction::Merge { .. }
            | IncidentAction::Unmerge { .. }
            | IncidentAction::Split { .. }
            | IncidentAction::Link { .. }
            | IncidentAction::Unlink { .. }
            | IncidentAction::SeeAlarm { .. }
            | IncidentAction::OpenFor { .. }
            | IncidentAction::Pair { .. }
            | IncidentAction::Offer { .. }
            | IncidentAction::EndOffer { .. }
            | IncidentAction::Unpair { .. },
        ) => vec![P::RunIncidents],
        Action::Incident(IncidentAction::Erase { .. }) => vec![P::LeadOperations],
        Action::Unit(UnitAction::Enter { .. } | UnitAction::Amend { .. }) => vec![P::KeepUnits],
        Action::Unit(
            UnitAction::MakeAvailable { unit }
            | UnitAction::TakeOutOfService { unit, .. }
            | UnitAction::GoOffDuty { unit }
            | UnitAction::Rest { unit, .. }
            | UnitAction::EndRest { unit }
            | UnitAction::UnderstandMove { unit, .. },
        ) => with_own(P::RunUnits, session.unit == Some(*unit)),
        Action::Unit(UnitAction::MoveUp { .. }) => vec![P::RunUnits],
        Action::Assignment(
            AssignmentAction::Propose { .. }
            | AssignmentAction::Send { .. }
            | AssignmentAction::Swap { .. }
            | AssignmentAction::Reassign { .. }
            | AssignmentAction::CallOff { .. }
            | AssignmentAction::SeeAlarm { .. },
        ) => vec![P::SendUnits],
        Action::Assignment(AssignmentAction::Advance { assignment, step }) => {
            let unit = board.assignments.get(assignment).map(|found| found.unit);
            let own = unit.is_some() && unit == session.unit;
            with_own(P::SendUnits, own && step_is_the_crews(step))
        }
        Action::Station(_) => vec![P::KeepUnits],
        Action::Person(_) => vec![P::KeepPeople],
        Action::RoadCondition(_) => vec![P::SetRoadConditions],
        Action::Patrol(
            PatrolAction::Enter { .. }
            | PatrolAction::Amend { .. }
            | PatrolAction::Accept { .. }
            | PatrolAction::Start { .. }
            | PatrolAction::End { .. },
        ) => vec![P::PlanPatrols],
        Action::Patrol(PatrolAction::Visit { unit, .. } | PatrolAction::Skip { unit, .. }) => {
            if session.unit == Some(*unit) {
                vec![P::PlanPatrols, P::ReportOwnRound]
            } else {
                vec![P::PlanPatrols]
            }
        }
        Action::DutyPost(_) => vec![P::PlanDuty],
        Action::Shift(action) => duty_permissions(session, action),
        Action::Handover(action) => handover_permissions(session, action, board),
        Action::Peer(_) => vec![P::KeepPeers],
        Action::Operation(_) => vec![P::LeadOperations],
        Action::Participation(
            ParticipationAction::Share { .. } | ParticipationAction::EndShare { .. },
        ) => vec![P::ActInOperations],
        Action::Participation(
            ParticipationAction::Join { .. }
            | ParticipationAction::Decline { .. }
            | ParticipationAction::Leave { .. }
            | ParticipationAction::Lend { .. }
            | ParticipationAction::EndLoan { .. }
            | ParticipationAction::DeclineCommand { .. },
        ) => vec![P::LeadOperations],
        Action::PlannedAction(_) => vec![P::LeadOperations],
        Action::Reply(ReplyAction::SayOfTeam { to, team, .. }) => {
            match session.is_of_team(to, *team, board) {
                true => vec![P::ActInOperations, P::ReportOwnTeam],
                false => vec![P::ActInOperations],
            }
        }
        Action::Message(_)
        | Action::Reply(
            ReplyAction::Show { .. }
            | ReplyAction::Sign { .. }
            | ReplyAction::Advance { .. }
            | ReplyAction::Attach { .. }
            | ReplyAction::ManTeam { .. }
            | ReplyAction::Erased { .. }
            | ReplyAction::AnswerOffer { .. }
            | ReplyAction::Answer { .. },
        ) => vec![P::ActInOperations],
        Action::Assessment(AssessmentAction::Draft { .. } | AssessmentAction::Amend { .. }) => {
            vec![P::WriteAssessments]
        }
        Action::Assessment(
            AssessmentAction::Review { .. }
            | AssessmentAction::Return { .. }
            | AssessmentAction::Issue { .. },
        ) => vec![P::ReviewAssessments],
        Action::Assessment(AssessmentAction::Withdraw { .. }) => {
            vec![P::WriteAssessments, P::ReviewAssessments]
        }
        Action::Assessment(AssessmentAction::Read { .. }) => vec![P::ReadIssued],
        Action::Consultation(
            ConsultationAction::Call { .. }
            | ConsultationAction::Open { .. }
            | ConsultationAction::Decide { .. }
            | ConsultationAction::Settle { .. }
            | ConsultationAction::Conclude { .. }
            | ConsultationAction::CallOff { .. },
        ) => vec![P::CallConsultations],
        Action::Consultation(ConsultationAction::Contribute { .. }) => vec![P::Consult],
        Action::SavedView(_) => vec![P::KeepViews],
        Action::Directive(action) => directive(session, action, board),
        Action::Settlement(_) => vec![P::SettleDays],
        Action::SupportCapability(_) => vec![P::KeepUnits],
        Action::SupportRequest(_) | Action::SupportOffer(_) => vec![P::ActOnSupport],
        Action::PlaybookRun(action) => vec![action.task(board).map_or(P::RunPlaybooks, of_task)],
        Action::Undo(undo) => permissions_for(session, &undo.inverse, board),
        Action::Together(actions) => {
            // One seat must allow all of it.
            let mut each = actions.iter();
            let mut needed = match each.next() {
                Some(first) => permissions_for(session, first, board),
                None => vec![P::SendUnits],
            };
            let usual = needed[0];
            for action in each {
                let also = permissions_for(session, action, board);
                needed.retain(|permission| also.contains(permission));
            }
            if needed.is_empty() {
                vec![usual]
            } else {
                needed
            }
        }
    }
}

/// Returns the permission that what a step of a playbook does needs: the same as by hand.
pub(crate) fn of_task(task: &Task) -> Permission {
    match task {
        Task::OpenOperation { .. } | Task::Invite { .. } => P::LeadOperations,
        Task::Directive { .. } | Task::Tell { .. } => P::IssueDirectives,
        Task::AskSupport { .. } => P::ActOnSupport,
    }
}

/// What somebody does for themselves needs nobody's leave; what they do for others, and what breaks a rule of rest, is
/// the duty officer's.
fn duty_permissions(session: &Session, action: &ShiftAction) -> Vec<Permission> {
    let own = match action {
        ShiftAction::Plan { .. } | ShiftAction::TakeOff { .. } | ShiftAction::Cancel { .. } => {
            false
        }
        ShiftAction::Assign {
            person, overriding, ..
        } => *person == session.person && overriding.is_none(),
        ShiftAction::AskSwap { swap, .. } => swap.from == session.person,
        ShiftAction::ComeOn { person, .. } | ShiftAction::GoOff { person, .. } => {
            *person == session.person
        }
        // Who may answer a swap is a matter of its own: the core knows whom it was asked.
        ShiftAction::AnswerSwap { .. } | ShiftAction::Write { .. } | ShiftAction::Settle { .. } => {
            true
        }
    };
    with_own_duty(own)
}

fn handover_permissions(
    session: &Session,
    action: &HandoverAction,
    board: &Board,
) -> Vec<Permission> {
    let in_it = |handover: &HandoverId| {
        let found = board.handovers.get(handover);
        found.is_some_and(|one| [one.outgoing, one.incoming].contains(&session.person))
    };
    let own = match action {
        HandoverAction::Open {
            outgoing, incoming, ..
        } => [*outgoing, *incoming].contains(&session.person),
        HandoverAction::Accept { handover, .. }
        | HandoverAction::Question { handover, .. }
        | HandoverAction::Explain { handover, .. }
        | HandoverAction::SayGone { handover, .. }
        | HandoverAction::Sign { handover }
        | HandoverAction::GiveUp { handover, .. } => in_it(handover),
    };
    with_own_duty(own)
}

fn with_own_duty(own: bool) -> Vec<Permission> {
    if own {
        vec![P::TakeDuty, P::PlanDuty]
    } else {
        vec![P::PlanDuty]
    }
}

/// Returns true if the session's unit is on an incident, or was and is done: its crew may write down what it
/// found. One that declined or was called off has found nothing.
fn is_on(session: &Session, incident: IncidentId, board: &Board) -> bool {
    let was_there = |one: &Assignment| one.is_live() || one.status == AssignmentStatus::Cleared;
    board
        .assignments_of(incident)
        .any(|one| session.unit == Some(one.unit) && was_there(one))
}

fn with_own(permission: Permission, own: bool) -> Vec<Permission> {
    if own {
        vec![permission, P::ReportOwnUnit]
    } else {
        vec![permission]
    }
}

fn step_is_the_crews(step: &Step) -> bool {
    match step {
        Step::Acknowledge
        | Step::Decline { .. }
        | Step::Depart
        | Step::Arrive
        | Step::Clear { .. } => true,
        Step::SendProposed | Step::Resend | Step::Cancel { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_stands_in_the_table_once_and_those_who_only_look_change_nothing() {
        let reads = [
            P::ReadBoard,
            P::ReadPersonal,
            P::ReadEntries,
            P::ReadPeople,
            P::ReadMetrics,
            P::ReadFigures,
            P::ReadAssessments,
            P::StudyPatterns,
            P::ReadPlannedActions,
            P::ReadPlaybooks,
        ];
        let mut seen = BTreeSet::new();
        for (permission, seats) in TABLE {
            assert!(seen.insert(*permission), "{permission:?} stands twice");
            if !reads.contains(permission) {
                assert!(
                    !seats.contains(&Overseer) && !seats.contains(&Wall),
                    "{permission:?}"
                );
            }
        }
        assert!(
            !TABLE
                .iter()
                .any(|(permission, seats)| *permission == P::ReadPersonal && seats.contains(&Wall))
        );
        assert_eq!(seen.len(), 40, "a new permission needs a row");
        let volunteers: Vec<Permission> = TABLE
            .iter()
            .filter(|(_, seats)| seats.contains(&Volunteer))
            .map(|(permission, _)| *permission)
            .collect();
        assert_eq!(
            volunteers,
            [P::ReportOwnRound],
            "volunteers see their round and no more"
        );
    }
}
