//! What a line can mean, and the actions it then comes to.

use super::Verb;
use super::words::Screen;
use crate::basis::{
    AssignmentId, CallId, Code, DirectiveId, IncidentId, Line, PersonId, Place, Priority, Prose,
    ShiftId, StationId, Timestamp, UnitId,
};
use crate::board::Board;
use crate::record::assignment::{AssignmentAction, Choice, Step, Why};
use crate::record::call::CallAction;
use crate::record::directive::{self, Details, DirectiveAction};
use crate::record::incident::{IncidentAction, Relation};
use crate::record::shift::ShiftAction;
use crate::record::support_request::{SupportRequestAction, Wish};
use crate::record::unit::{Duty, UnitAction};
use crate::record::{Action, RecordRef};

/// What a line means on the board it was read against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Send units to an incident.
    Send {
        /// Who.
        units: Vec<UnitId>,
        /// Where.
        incident: IncidentId,
    },
    /// Take assignments a step further.
    Advance {
        /// Which.
        assignments: Vec<AssignmentId>,
        /// How.
        step: Advance,
    },
    /// Put a unit in the place of another.
    Swap {
        /// The assignment whose unit goes.
        assignment: AssignmentId,
        /// The unit that comes.
        unit: UnitId,
        /// Why, if that was said.
        reason: Option<Line>,
    },
    /// Send a unit to another incident instead.
    Reassign {
        /// The assignment that ends.
        assignment: AssignmentId,
        /// Where it goes.
        incident: IncidentId,
        /// Why, if that was said.
        reason: Option<Line>,
    },
    /// Strike a higher alarm.
    RaiseAlarm {
        /// Where.
        incident: IncidentId,
        /// The new level.
        level: u8,
    },
    /// Write a note.
    Note {
        /// On what.
        incident: IncidentId,
        /// The text.
        text: Prose,
    },
    /// Close an incident.
    Close {
        /// Which.
        incident: IncidentId,
        /// How it ended.
        disposition: Line,
    },
    /// Cancel an incident.
    Cancel {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Line,
    },
    /// Take an ended incident up again.
    Reopen {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Line,
    },
    /// Change what an incident is or how urgent.
    Grade {
        /// Which.
        incident: IncidentId,
        /// What it is.
        category: Option<Code>,
        /// How urgent.
        priority: Option<Priority>,
    },
    /// Correct where an incident is.
    Relocate {
        /// Which.
        incident: IncidentId,
        /// Where.
        place: Place,
    },
    /// Say that an incident is the same as another.
    Merge {
        /// Which.
        incident: IncidentId,
        /// The one that goes on.
        into: IncidentId,
    },
    /// Say that it was not.
    Unmerge {
        /// Which.
        incident: IncidentId,
    },
    /// Link two incidents.
    Link {
        /// One.
        incident: IncidentId,
        /// The other.
        other: IncidentId,
    },
    /// Open an incident.
    Open {
        /// The call it begins with.
        from_call: Option<CallId>,
        /// What it is; the call's if absent.
        category: Option<Code>,
        /// How urgent; the call's if absent.
        priority: Option<Priority>,
        /// Where; the call's if absent.
        place: Option<Place>,
    },
    /// Take a call, with this already typed.
    TakeCall {
        /// What is said so far.
        said: Option<Prose>,
    },
    /// Join a call to an incident.
    Join {
        /// Which call.
        call: CallId,
        /// Which incident.
        incident: IncidentId,
    },
    /// Change whether units can be sent.
    Duty {
        /// Which.
        units: Vec<UnitId>,
        /// How.
        step: DutyStep,
    },
    /// Let free units wait at a station.
    MoveUp {
        /// Which.
        units: Vec<UnitId>,
        /// Where.
        to: StationId,
    },
    /// Issue a directive.
    Direct {
        /// What is to be done, by whom.
        details: Box<Details>,
        /// In full.
        text: Prose,
    },
    /// Take a step on one addressee's part of a directive.
    Answer {
        /// Which directive.
        directive: DirectiveId,
        /// Which of its items, from 0.
        item: usize,
        /// Which step.
        step: Answer,
    },
    /// Take a directive back.
    Recall {
        /// Which.
        directive: DirectiveId,
        /// Why.
        reason: Line,
    },
    /// Ask for support within the agency.
    Ask {
        /// For what.
        wish: Box<Wish>,
        /// What was said of the need.
        need: Option<Prose>,
    },
    /// Write into the log of a shift.
    Log {
        /// Which.
        shift: ShiftId,
        /// The line.
        text: Prose,
    },
    /// Come on for a shift, or go off.
    Shift {
        /// Which.
        shift: ShiftId,
        /// Who.
        person: PersonId,
        /// Whether they come.
        on: bool,
    },
    /// Show how a record stands.
    Show(RecordRef),
    /// Go to a record.
    Go(RecordRef),
    /// Go to a screen.
    GoScreen(Screen),
    /// Take one's last action back.
    Undo,
    /// Say what can be said.
    Help(Option<Verb>),
}

/// A step of assignments that a line can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advance {
    /// Send it again.
    Resend,
    /// The crew has it.
    Acknowledge,
    /// The crew is on its way.
    Depart,
    /// The crew is there.
    Arrive,
    /// The crew is done.
    Clear {
        /// How it ended.
        ending: Option<Line>,
    },
    /// It is called off.
    CallOff {
        /// Why.
        reason: Line,
    },
}

/// A step on a directive that a line can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is signed for.
    Sign,
    /// Somebody begins to act on it.
    Begin,
    /// It is reported back.
    Report {
        /// What was done.
        text: Prose,
    },
    /// What was reported is verified.
    Verify,
    /// What was reported is returned for rework.
    Return {
        /// Why.
        reason: Line,
    },
}

/// A step in the duty of units that a line can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DutyStep {
    /// On duty, in service and rested.
    Available,
    /// Out of service.
    OutOfService {
        /// Why.
        reason: Line,
    },
    /// Off duty.
    OffDuty,
    /// The crew rests.
    Rest {
        /// For so long.
        minutes: u32,
    },
}

impl Advance {
    fn step(&self) -> Step {
        match self {
            Advance::Resend => Step::Resend,
            Advance::Acknowledge => Step::Acknowledge,
            Advance::Depart => Step::Depart,
            Advance::Arrive => Step::Arrive,
            Advance::Clear { ending } => Step::Clear {
                ending: ending.clone(),
            },
            Advance::CallOff { reason } => Step::Cancel {
                reason: reason.clone(),
            },
        }
    }
}

impl Meaning {
    /// Returns the action it comes to; none if nothing is done, or if it takes something back, which the host knows of.
    ///
    /// `choices` puts down why each unit is sent, as whoever asks for a sending does; for an exchange it is given the
    /// assignment that is given up.
    pub fn action(
        &self,
        board: &Board,
        now: Timestamp,
        choices: impl FnOnce(IncidentId, &[UnitId], Option<AssignmentId>) -> Vec<Choice>,
    ) -> Option<Action> {
        let mut actions = self.actions(board, now, choices);
        match actions.len() {
            0 | 1 => actions.pop(),
            _ => Some(Action::Together(actions)),
        }
    }

    fn actions(
        &self,
        board: &Board,
        now: Timestamp,
        choices: impl FnOnce(IncidentId, &[UnitId], Option<AssignmentId>) -> Vec<Choice>,
    ) -> Vec<Action> {
        match self.clone() {
            Meaning::Send { units, incident } => {
                let choices = choices(incident, &units, None);
                vec![Action::Assignment(AssignmentAction::Send {
                    incident,
                    choices,
                })]
            }
            Meaning::Advance {
                assignments,
                step: Advance::CallOff { reason },
            } if assignments.len() > 1 => {
                vec![Action::Assignment(AssignmentAction::CallOff {
                    assignments,
                    reason,
                })]
            }
            Meaning::Advance { assignments, step } => assignments
                .into_iter()
                .map(|assignment| {
                    let step = step.step();
                    Action::Assignment(AssignmentAction::Advance { assignment, step })
                })
                .collect(),
            Meaning::Swap {
                assignment,
                unit,
                reason,
            } => {
                let on = board.assignments.get(&assignment);
                let incident = on.map(|found| board.merge_root(found.incident));
                let choice = incident
                    .and_then(|incident| choices(incident, &[unit], Some(assignment)).pop());
                let choice = choice.unwrap_or(Choice {
                    unit,
                    why: Why::default(),
                });
                vec![Action::Assignment(AssignmentAction::Swap {
                    assignment,
                    choice,
                    reason,
                })]
            }
            Meaning::Reassign {
                assignment,
                incident,
                reason,
            } => {
                let unit = board.assignments.get(&assignment).map(|found| found.unit);
                let choice =
                    unit.and_then(|unit| choices(incident, &[unit], Some(assignment)).pop());
                let why = choice.map_or_else(Why::default, |choice| choice.why);
                vec![Action::Assignment(AssignmentAction::Reassign {
                    assignment,
                    incident,
                    why,
                    reason,
                })]
            }
            Meaning::Join { call, incident } => {
                vec![Action::Call(CallAction::Join { call, incident })]
            }
            Meaning::Duty { units, step } => units
                .into_iter()
                .map(|unit| Action::Unit(step.action(board, unit, now)))
                .collect(),
            Meaning::MoveUp { units, to } => units
                .into_iter()
                .map(|unit| Action::Unit(UnitAction::MoveUp { unit, to }))
                .collect(),
            Meaning::RaiseAlarm { .. }
            | Meaning::Note { .. }
            | Meaning::Close { .. }
            | Meaning::Cancel { .. }
            | Meaning::Reopen { .. }
            | Meaning::Grade { .. }
            | Meaning::Relocate { .. }
            | Meaning::Merge { .. }
            | Meaning::Unmerge { .. }
            | Meaning::Link { .. }
            | Meaning::Open { .. } => {
                let action = self.of_incident().map(Action::Incident);
                action.into_iter().collect()
            }
            Meaning::Direct { .. }
            | Meaning::Answer { .. }
            | Meaning::Recall { .. }
            | Meaning::Ask { .. }
            | Meaning::Log { .. }
            | Meaning::Shift { .. } => self.told().into_iter().collect(),
            Meaning::TakeCall { .. }
            | Meaning::Show(_)
            | Meaning::Go(_)
            | Meaning::GoScreen(_)
            | Meaning::Undo
            | Meaning::Help(_) => Vec::new(),
        }
    }

    /// Returns what it does to a directive, asks of others or writes of a shift.
    fn told(&self) -> Option<Action> {
        let action = match self.clone() {
            Meaning::Direct { details, text } => Action::Directive(DirectiveAction::Draft {
                details: *details,
                text: Some(text),
                issue: true,
            }),
            Meaning::Answer {
                directive,
                item,
                step,
            } => Action::Directive(step.action(directive, item)),
            Meaning::Recall { directive, reason } => {
                Action::Directive(DirectiveAction::Recall { directive, reason })
            }
            Meaning::Ask { wish, need } => {
                Action::SupportRequest(SupportRequestAction::Ask { wish: *wish, need })
            }
            Meaning::Log { shift, text } => Action::Shift(ShiftAction::Write {
                shift,
                text,
                hands_over: false,
            }),
            Meaning::Shift {
                shift,
                person,
                on: true,
            } => Action::Shift(ShiftAction::ComeOn { shift, person }),
            Meaning::Shift {
                shift,
                person,
                on: false,
            } => Action::Shift(ShiftAction::GoOff { shift, person }),
            Meaning::Send { .. }
            | Meaning::Advance { .. }
            | Meaning::Swap { .. }
            | Meaning::Reassign { .. }
            | Meaning::RaiseAlarm { .. }
            | Meaning::Note { .. }
            | Meaning::Close { .. }
            | Meaning::Cancel { .. }
            | Meaning::Reopen { .. }
            | Meaning::Grade { .. }
            | Meaning::Relocate { .. }
            | Meaning::Merge { .. }
            | Meaning::Unmerge { .. }
            | Meaning::Link { .. }
            | Meaning::Open { .. }
            | Meaning::Join { .. }
            | Meaning::Duty { .. }
            | Meaning::MoveUp { .. }
            | Meaning::TakeCall { .. }
            | Meaning::Show(_)
            | Meaning::Go(_)
            | Meaning::GoScreen(_)
            | Meaning::Undo
            | Meaning::Help(_) => return None,
        };
        Some(action)
    }

    /// Returns what it does to one incident, or to two.
    fn of_incident(&self) -> Option<IncidentAction> {
        Some(match self.clone() {
            Meaning::RaiseAlarm {
                incident: id,
                level,
            } => IncidentAction::RaiseAlarm {
                incident: id,
                level,
            },
            Meaning::Note { incident: id, text } => IncidentAction::AddNote { incident: id, text },
            Meaning::Close {
                incident: id,
                disposition,
            } => IncidentAction::Close {
                incident: id,
                disposition,
            },
            Meaning::Cancel {
                incident: id,
                reason,
            } => IncidentAction::Cancel {
                incident: id,
                reason,
            },
            Meaning::Reopen {
                incident: id,
                reason,
            } => IncidentAction::Reopen {
                incident: id,
                reason,
            },
            Meaning::Grade {
                incident: id,
                category,
                priority,
            } => IncidentAction::Grade {
                incident: id,
                category,
                priority,
            },
            Meaning::Relocate {
                incident: id,
                place,
            } => IncidentAction::Relocate {
                incident: id,
                place,
            },
            Meaning::Merge { incident: id, into } => IncidentAction::Merge { incident: id, into },
            Meaning::Unmerge { incident: id } => IncidentAction::Unmerge { incident: id },
            Meaning::Link {
                incident: id,
                other,
            } => IncidentAction::Link {
                incident: id,
                other,
                relation: Relation::Related,
            },
            Meaning::Open {
                from_call,
                category,
                priority,
                place,
            } => IncidentAction::Open {
                from_call,
                category,
                priority,
                place,
            },
            Meaning::Send { .. }
            | Meaning::Advance { .. }
            | Meaning::Swap { .. }
            | Meaning::Reassign { .. }
            | Meaning::Join { .. }
            | Meaning::Duty { .. }
            | Meaning::MoveUp { .. }
            | Meaning::Direct { .. }
            | Meaning::Answer { .. }
            | Meaning::Recall { .. }
            | Meaning::Ask { .. }
            | Meaning::Log { .. }
            | Meaning::Shift { .. }
            | Meaning::TakeCall { .. }
            | Meaning::Show(_)
            | Meaning::Go(_)
            | Meaning::GoScreen(_)
            | Meaning::Undo
            | Meaning::Help(_) => return None,
        })
    }

    /// Returns true if it changes records; otherwise it only shows something.
    pub fn acts(&self) -> bool {
        match self {
            Meaning::Send { .. }
            | Meaning::Advance { .. }
            | Meaning::Swap { .. }
            | Meaning::Reassign { .. }
            | Meaning::RaiseAlarm { .. }
            | Meaning::Note { .. }
            | Meaning::Close { .. }
            | Meaning::Cancel { .. }
            | Meaning::Reopen { .. }
            | Meaning::Grade { .. }
            | Meaning::Relocate { .. }
            | Meaning::Merge { .. }
            | Meaning::Unmerge { .. }
            | Meaning::Link { .. }
            | Meaning::Open { .. }
            | Meaning::Join { .. }
            | Meaning::Duty { .. }
            | Meaning::MoveUp { .. }
            | Meaning::Direct { .. }
            | Meaning::Answer { .. }
            | Meaning::Recall { .. }
            | Meaning::Ask { .. }
            | Meaning::Log { .. }
            | Meaning::Shift { .. }
            | Meaning::Undo => true,
            Meaning::TakeCall { .. }
            | Meaning::Show(_)
            | Meaning::Go(_)
            | Meaning::GoScreen(_)
            | Meaning::Help(_) => false,
        }
    }

    /// Returns the records it names.
    pub fn names(&self) -> Vec<RecordRef> {
        match self {
            Meaning::Send { units, incident } => {
                let units = units.iter().map(|unit| RecordRef::from(*unit));
                std::iter::once((*incident).into()).chain(units).collect()
            }
            Meaning::Advance { assignments, .. } => {
                assignments.iter().map(|id| RecordRef::from(*id)).collect()
            }
            Meaning::Swap {
                assignment, unit, ..
            } => vec![(*assignment).into(), (*unit).into()],
            Meaning::Reassign {
                assignment,
                incident,
                ..
            } => vec![(*assignment).into(), (*incident).into()],
            Meaning::RaiseAlarm { incident, .. }
            | Meaning::Note { incident, .. }
            | Meaning::Close { incident, .. }
            | Meaning::Cancel { incident, .. }
            | Meaning::Reopen { incident, .. }
            | Meaning::Grade { incident, .. }
            | Meaning::Relocate { incident, .. }
            | Meaning::Unmerge { incident } => vec![(*incident).into()],
            Meaning::Merge { incident, into } => vec![(*incident).into(), (*into).into()],
            Meaning::Link { incident, other } => vec![(*incident).into(), (*other).into()],
            Meaning::Open { from_call, .. } => {
                from_call.iter().map(|id| RecordRef::from(*id)).collect()
            }
            Meaning::Join { call, incident } => vec![(*call).into(), (*incident).into()],
            Meaning::Duty { units, .. } => units.iter().map(|id| RecordRef::from(*id)).collect(),
            Meaning::MoveUp { units, to } => {
                let units = units.iter().map(|id| RecordRef::from(*id));
                units.chain(std::iter::once((*to).into())).collect()
            }
            Meaning::Direct { details, .. } => {
                let unit = |to: &directive::Addressee| match to {
                    directive::Addressee::Unit(unit) => Some(RecordRef::from(*unit)),
                    directive::Addressee::Seat(_)
                    | directive::Addressee::Station(_)
                    | directive::Addressee::Agency(_)
                    | directive::Addressee::Everyone => None,
                };
                details.to.iter().filter_map(unit).collect()
            }
            Meaning::Answer { directive, .. } | Meaning::Recall { directive, .. } => {
                vec![(*directive).into()]
            }
            Meaning::Ask { wish, .. } => wish
                .incident
                .iter()
                .map(|id| RecordRef::from(*id))
                .collect(),
            Meaning::Log { shift, .. } | Meaning::Shift { shift, .. } => vec![(*shift).into()],
            Meaning::Show(record) | Meaning::Go(record) => vec![*record],
            Meaning::TakeCall { .. } | Meaning::GoScreen(_) | Meaning::Undo | Meaning::Help(_) => {
                Vec::new()
            }
        }
    }
}

impl Answer {
    fn action(self, directive: DirectiveId, item: usize) -> DirectiveAction {
        let advance = |step, text| DirectiveAction::Advance {
            directive,
            item,
            step,
            text,
        };
        match self {
            Answer::Sign => advance(directive::Step::Signed, None),
            Answer::Begin => advance(directive::Step::Acting, None),
            Answer::Report { text } => advance(directive::Step::Reported, Some(text)),
            Answer::Verify => DirectiveAction::Verify { directive, item },
            Answer::Return { reason } => DirectiveAction::Return {
                directive,
                item,
                reason,
            },
        }
    }
}

impl DutyStep {
    fn action(&self, board: &Board, unit: UnitId, now: Timestamp) -> UnitAction {
        match self {
            DutyStep::Available => {
                let rests = board
                    .units
                    .get(&unit)
                    .is_some_and(|found| found.duty == Duty::Available && found.is_resting(now));
                if rests {
                    UnitAction::EndRest { unit }
                } else {
                    UnitAction::MakeAvailable { unit }
                }
            }
            DutyStep::OutOfService { reason } => UnitAction::TakeOutOfService {
                unit,
                reason: reason.clone(),
            },
            DutyStep::OffDuty => UnitAction::GoOffDuty { unit },
            DutyStep::Rest { minutes } => UnitAction::Rest {
                unit,
                until: now.plus_s(minutes.saturating_mul(60)),
            },
        }
    }
}
