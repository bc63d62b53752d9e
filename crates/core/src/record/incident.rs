//! An incident (警情): one situation that needs response.
//!
//! Its own life is active -> closed or cancelled, reopened, merged into another and unmerged. How far the
//! response has come (assigned, en route, on scene) is not stored: it follows from its assignments, which
//! live with their units, so that neither record needs two writers. Merging moves nothing: calls and
//! assignments stay with the incident they joined, and the other counts them as its own until unmerged.

mod fold;
mod open;
mod pair;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::turn::{self, Turn, Way};
use super::{Actor, Context, Elsewhere, Event, Happened, Life, Meta, RecordKind, call};
use crate::basis::{
    CallId, Code, IncidentId, Line, OperationId, Personal, Place, Priority, Prose, Text, Timestamp,
};
use crate::board::Board;
use crate::ledger::Booked;
use crate::limits;
use crate::refusal::Refusal;
use crate::timer::{self, AlarmCode, Seen};
pub(super) use fold::apply;
pub(super) use open::{not_with_an_exercise, open_from_new};
use open::{open, opened, split};

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name.
    pub id: IncidentId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// What it is.
    pub category: Code,
    /// How urgent.
    pub priority: Priority,
    /// Alarm level, 1 or more; a higher one adds to the response plan.
    pub alarm_level: u8,
    /// Where.
    pub place: Place,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it is in its own life.
    pub state: IncidentState,
    /// When it was last taken up again after it had ended; who had left by then no longer counts.
    pub reopened_at: Option<Timestamp>,
    /// The incident it was split from.
    pub split_from: Option<IncidentId>,
    /// Links to other incidents, in the order they were made.
    pub links: Vec<Link>,
    /// Notes, oldest first; their text is personal and sealed.
    pub notes: Vec<Note>,
    /// When its own life took a turn, oldest first.
    #[serde(default)]
    pub turns: Vec<Turn>,
    /// How urgent it was from when on, oldest first.
    #[serde(default)]
    pub urgency: Vec<(Timestamp, Priority)>,
    /// Who has seen its alarms, oldest first.
    #[serde(default)]
    pub seen: Vec<Seen>,
    /// Incidents of other homes about the same situation: each home runs its own, the pair shows them as one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Elsewhere>,
    /// The node that it was offered to, while neither yes nor no has come: nothing else is done with it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_to: Option<NodeId>,
    /// When what was said in it was erased, here and wherever it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The exercise that it was raised for: it is no case, and counts in nothing but that exercise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<OperationId>,
}

/// Where an incident is in its own life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum IncidentState {
    /// Needs attention.
    Active,
    /// Done.
    Closed {
        /// How it ended.
        disposition: Line,
        /// When.
        at: Timestamp,
    },
    /// Was not needed after all.
    Cancelled {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
    },
    /// Is the same situation as another.
    Merged {
        /// Which.
        into: IncidentId,
        /// When.
        at: Timestamp,
    },
}

/// How one incident stands to another (the words of EIDO's link registry).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The other one contains this one.
    Parent,
    /// This one contains the other.
    Child,
    /// They have to do with each other.
    Related,
}

impl Relation {
    fn reverse(self) -> Relation {
        match self {
            Relation::Parent => Relation::Child,
            Relation::Child => Relation::Parent,
            Relation::Related => Relation::Related,
        }
    }
}

/// A link to another incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other incident.
    pub other: IncidentId,
    /// How it stands to this one.
    pub relation: Relation,
}

/// A note on an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// The text; absent when its key is gone.
    #[serde(skip)]
    pub text: Option<Prose>,
}

impl Incident {
    /// Returns true while it is active.
    pub fn is_open(&self) -> bool {
        matches!(self.state, IncidentState::Active)
    }

    /// Returns the incident it was merged into.
    pub fn merged_into(&self) -> Option<IncidentId> {
        match self.state {
            IncidentState::Merged { into, .. } => Some(into),
            IncidentState::Active
            | IncidentState::Closed { .. }
            | IncidentState::Cancelled { .. } => None,
        }
    }

    /// Returns when it ended, if it did.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            IncidentState::Closed { at, .. } | IncidentState::Cancelled { at, .. } => Some(at),
            IncidentState::Active | IncidentState::Merged { .. } => None,
        }
    }

    pub(super) fn must_be_open(&self) -> Result<(), Refusal> {
        if self.offered_to.is_some() {
            return Err(pair::frozen());
        }
        match self.state {
            IncidentState::Active => Ok(()),
            IncidentState::Closed { .. } | IncidentState::Cancelled { .. } => {
                Err(self.wrong_state(Text::new("Reopen it first.", "请先恢复该警情。")))
            }
            IncidentState::Merged { .. } => Err(self.wrong_state(Text::new(
                "Act on the incident it was merged into, or unmerge it first.",
                "请在并入的警情上操作，或先撤销合并。",
            ))),
        }
    }

    fn wrong_state(&self, instead: Text) -> Refusal {
        let state = match self.state {
            IncidentState::Active => Text::new("active", "处置中"),
            IncidentState::Closed { .. } => Text::new("closed", "已关闭"),
            IncidentState::Cancelled { .. } => Text::new("cancelled", "已取消"),
            IncidentState::Merged { .. } => Text::new("merged into another", "已并入其他警情"),
        };
        Refusal::WrongState {
            kind: RecordKind::Incident,
            state,
            instead,
        }
    }
}

impl Life for Incident {
    fn booked(&self) -> Vec<Booked> {
        self.stood()
    }

    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let number = self.number;
        self.is_open().then(|| super::Open {
            what: Text::new(format!("incident {number}"), format!("警情 {number}")),
            since: self.opened_at,
        })
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn parent(&self) -> Option<IncidentId> {
        self.merged_into()
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let texts: Vec<_> = self.notes.iter().map(|note| note.text.as_ref()).collect();
        let any = texts.iter().any(Option::is_some).then_some(texts)?;
        serde_json::to_vec(&any).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let texts: Vec<Option<Prose>> = serde_json::from_slice(json)?;
        for (note, text) in self.notes.iter_mut().zip(texts) {
            note.text = text;
        }
        Ok(())
    }
}

/// What can be asked of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentAction {
    /// Open one for an exercise: it is no case, and no call of the public ever belongs to it.
    OpenInExercise {
        /// For which.
        operation: OperationId,
        /// What it is.
        category: Code,
        /// How urgent.
        priority: Priority,
        /// Where.
        place: Place,
    },
    /// Open one, from a call or of one's own accord.
    Open {
        /// The call that it begins with.
        from_call: Option<CallId>,
        /// What it is; the call's if absent.
        category: Option<Code>,
        /// How urgent; the call's if absent.
        priority: Option<Priority>,
        /// Where; the call's if absent.
        place: Option<Place>,
    },
    /// Change what it is or how urgent.
    Grade {
        /// Which.
        incident: IncidentId,
        /// What it is.
        category: Option<Code>,
        /// How urgent.
        priority: Option<Priority>,
    },
    /// Correct where it is.
    Relocate {
        /// Which.
        incident: IncidentId,
        /// Where.
        place: Place,
    },
    /// Write something down.
    AddNote {
        /// Which.
        incident: IncidentId,
        /// The text.
        text: Prose,
    },
    /// Strike a higher alarm.
    RaiseAlarm {
        /// Which.
        incident: IncidentId,
        /// The new level.
        level: u8,
    },
    /// Close it.
    Close {
        /// Which.
        incident: IncidentId,
        /// How it ended.
        disposition: Line,
    },
    /// Cancel it.
    Cancel {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Line,
    },
    /// Take it up again.
    Reopen {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Line,
    },
    /// Say that it is the same situation as another.
    Merge {
        /// Which.
        incident: IncidentId,
        /// The one that goes on.
        into: IncidentId,
    },
    /// Say that it was a situation of its own after all.
    Unmerge {
        /// Which.
        incident: IncidentId,
    },
    /// Make a new incident of some of its calls.
    Split {
        /// Which.
        incident: IncidentId,
        /// The calls that move.
        calls: Vec<CallId>,
        /// What the new one is; as the old if absent.
        category: Option<Code>,
        /// How urgent; as the old if absent.
        priority: Option<Priority>,
        /// Where; the first call's or the old one's place if absent.
        place: Option<Place>,
    },
    /// Link two incidents, seen from this one.
    Link {
        /// Which.
        incident: IncidentId,
        /// The other.
        other: IncidentId,
        /// How the other stands to this one.
        relation: Relation,
    },
    /// Take a link away, on both sides.
    Unlink {
        /// Which.
        incident: IncidentId,
        /// The other.
        other: IncidentId,
    },
    /// Say that somebody has seen its alarm.
    SeeAlarm {
        /// Which.
        incident: IncidentId,
        /// Which alarm.
        code: AlarmCode,
    },
    /// Open one of this node's own, about the situation that another home shares.
    OpenFor {
        /// The other home's.
        of: Elsewhere,
        /// What it is here; as there if absent.
        category: Option<Code>,
    },
    /// Say that one of another home is about the same situation.
    Pair {
        /// Which.
        incident: IncidentId,
        /// The other home's.
        with: Elsewhere,
    },
    /// Offer to hand it over for good to another home; freezes it until that takes or declines it.
    Offer {
        /// Which.
        incident: IncidentId,
        /// To whom.
        to: NodeId,
    },
    /// Note how the other home answered; only the engine does, when the answer comes.
    EndOffer {
        /// Which.
        incident: IncidentId,
        /// The incident that goes on for it there; nothing if the other home declined.
        taken: Option<Elsewhere>,
    },
    /// Erase what was said in it, here and wherever it was told; only once it has ended.
    Erase {
        /// Which.
        incident: IncidentId,
        /// On what ground; this is kept.
        reason: Line,
    },
    /// Say that it is not.
    Unpair {
        /// Which.
        incident: IncidentId,
        /// The other home's.
        from: Elsewhere,
    },
}

impl IncidentAction {
    /// Returns the incident it changes.
    pub fn subject(&self) -> Option<IncidentId> {
        match self {
            IncidentAction::Open { .. }
            | IncidentAction::OpenInExercise { .. }
            | IncidentAction::OpenFor { .. } => None,
            IncidentAction::Grade { incident, .. }
            | IncidentAction::Relocate { incident, .. }
            | IncidentAction::AddNote { incident, .. }
            | IncidentAction::RaiseAlarm { incident, .. }
            | IncidentAction::Close { incident, .. }
            | IncidentAction::Cancel { incident, .. }
            | IncidentAction::Reopen { incident, .. }
            | IncidentAction::Merge { incident, .. }
            | IncidentAction::Unmerge { incident }
            | IncidentAction::Split { incident, .. }
            | IncidentAction::Link { incident, .. }
            | IncidentAction::Unlink { incident, .. }
            | IncidentAction::SeeAlarm { incident, .. }
            | IncidentAction::Pair { incident, .. }
            | IncidentAction::Offer { incident, .. }
            | IncidentAction::EndOffer { incident, .. }
            | IncidentAction::Erase { incident, .. }
            | IncidentAction::Unpair { incident, .. } => Some(*incident),
        }
    }
}

/// What happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// It was opened.
    Opened {
        /// The agency's running number.
        number: u64,
        /// What it is.
        category: Code,
        /// How urgent.
        priority: Priority,
        /// Where.
        place: Place,
        /// The incident it was split from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        split_from: Option<IncidentId>,
        /// The exercise that it was raised for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exercise: Option<OperationId>,
    },
    /// What it is or how urgent was changed.
    Graded {
        /// What it is.
        category: Code,
        /// How urgent.
        priority: Priority,
    },
    /// Where it is was corrected.
    Relocated {
        /// Where.
        place: Place,
    },
    /// Something was written down; the text is in the personal part.
    NoteAdded,
    /// A higher alarm was struck.
    AlarmRaised {
        /// The new level.
        level: u8,
    },
    /// It was closed.
    Closed {
        /// How it ended.
        disposition: Line,
    },
    /// It was cancelled.
    Cancelled {
        /// Why.
        reason: Line,
    },
    /// It was taken up again.
    Reopened {
        /// Why.
        reason: Line,
    },
    /// It was found to be the same as another.
    Merged {
        /// Which.
        into: IncidentId,
    },
    /// It was found to be one of its own.
    Unmerged,
    /// It was linked to another.
    Linked {
        /// The other.
        other: IncidentId,
        /// How the other stands to this one.
        relation: Relation,
    },
    /// A link was taken away.
    Unlinked {
        /// The other.
        other: IncidentId,
    },
    /// Somebody has seen its alarm.
    AlarmSeen {
        /// Which alarm.
        code: AlarmCode,
    },
    /// An incident of another home was found to be about the same situation.
    Paired {
        /// The other home's.
        with: Elsewhere,
    },
    /// It was offered to another home.
    Offered {
        /// To whom.
        to: NodeId,
    },
    /// The other home declined, and it goes on here.
    OfferDeclined,
    /// The other home took it: it has ended here and goes on there.
    HandedOver {
        /// The incident that goes on for it.
        to: Elsewhere,
    },
    /// What was said in it was erased: its key is destroyed wherever it is.
    Erased {
        /// On what ground.
        reason: Line,
    },
    /// It was found not to be.
    Unpaired {
        /// The other home's.
        from: Elsewhere,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 19] = [
    "opened",
    "graded",
    "relocated",
    "note_added",
    "alarm_raised",
    "closed",
    "cancelled",
    "reopened",
    "merged",
    "unmerged",
    "linked",
    "unlinked",
    "alarm_seen",
    "paired",
    "unpaired",
    "offered",
    "offer_declined",
    "handed_over",
    "erased",
];

pub(super) fn decide(
    board: &Board,
    action: &IncidentAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        IncidentAction::Open {
            from_call,
            category,
            priority,
            place,
        } => open(
            board,
            context,
            *from_call,
            category.as_ref(),
            *priority,
            place.as_ref(),
        ),
        IncidentAction::OpenInExercise {
            operation,
            category,
            priority,
            place,
        } => open::open_in_exercise(board, context, *operation, category, *priority, place),
        IncidentAction::Grade {
            incident,
            category,
            priority,
        } => {
            let found = open_one(board, *incident)?;
            context.response.check_category(category.as_ref())?;
            let category = category.clone().unwrap_or_else(|| found.category.clone());
            let priority = priority.unwrap_or(found.priority);
            one(*incident, IncidentEvent::Graded { category, priority })
        }
        IncidentAction::Relocate { incident, place } => {
            open_one(board, *incident)?;
            one(
                *incident,
                IncidentEvent::Relocated {
                    place: place.clone(),
                },
            )
        }
        IncidentAction::AddNote { incident, text } => {
            let found = board.incident(*incident)?; // A closed incident may still be written about.
            if found.erased_at.is_some() {
                return Err(pair::erased());
            }
            if found.notes.len() >= limits::NOTES_PER_INCIDENT_MAX {
                return Err(too_many(
                    Text::new("notes on an incident", "每条警情的备注"),
                    limits::NOTES_PER_INCIDENT_MAX,
                ));
            }
            let personal = Personal {
                note: Some(text.clone()),
                ..Personal::default()
            };
            Ok(vec![Happened {
                personal,
                ..happened(*incident, IncidentEvent::NoteAdded)
            }])
        }
        IncidentAction::RaiseAlarm { incident, level } => {
            let found = open_one(board, *incident)?;
            if *level > limits::ALARM_LEVEL_MAX {
                return Err(too_many(
                    Text::new("as alarm level", "火警等级"),
                    usize::from(limits::ALARM_LEVEL_MAX),
                ));
            }
            if *level <= found.alarm_level {
                return Err(found.wrong_state(Text::new(
                    format!(
                        "It is at alarm {} already: name a higher one.",
                        found.alarm_level
                    ),
                    format!("当前已是 {} 级，请指定更高等级。", found.alarm_level),
                )));
            }
            one(*incident, IncidentEvent::AlarmRaised { level: *level })
        }
        IncidentAction::Close {
            incident,
            disposition,
        } => {
            must_be_left(board, *incident)?;
            one(
                *incident,
                IncidentEvent::Closed {
                    disposition: disposition.clone(),
                },
            )
        }
        IncidentAction::Cancel { incident, reason } => {
            must_be_left(board, *incident)?;
            one(
                *incident,
                IncidentEvent::Cancelled {
                    reason: reason.clone(),
                },
            )
        }
        IncidentAction::Reopen { incident, reason } => {
            let found = board.incident(*incident)?;
            if found.ended_at().is_none() {
                return Err(found.wrong_state(Text::new(
                    "Only an ended incident is reopened.",
                    "只有已结束的警情可恢复。",
                )));
            }
            room_for_one_more(board)?;
            one(
                *incident,
                IncidentEvent::Reopened {
                    reason: reason.clone(),
                },
            )
        }
        IncidentAction::Merge { incident, into } => {
            let found = open_one(board, *incident)?;
            if incident == into || board.merge_root(*into) == *incident {
                return Err(Refusal::Circle(RecordKind::Incident));
            }
            if open_one(board, *into)?.exercise != found.exercise {
                return Err(open::not_with_an_exercise());
            }
            one(*incident, IncidentEvent::Merged { into: *into })
        }
        IncidentAction::Unmerge { incident } => {
            let found = board.incident(*incident)?;
            if found.merged_into().is_none() {
                return Err(found.wrong_state(Text::new("It is not merged.", "该警情未被合并。")));
            }
            room_for_one_more(board)?;
            one(*incident, IncidentEvent::Unmerged)
        }
        IncidentAction::Split {
            incident,
            calls,
            category,
            priority,
            place,
        } => split(
            board,
            context,
            *incident,
            calls,
            category.as_ref(),
            *priority,
            place.as_ref(),
        ),
        IncidentAction::Link {
            incident,
            other,
            relation,
        } => pair::link(board, *incident, *other, *relation),
        IncidentAction::Unlink { incident, other } => {
            let found = board.incident(*incident)?;
            if !found.links.iter().any(|link| link.other == *other) {
                return Err(Refusal::NotFound(RecordKind::Incident));
            }
            // Both ends change: the other must be at hand, or its version could not be told.
            board.incident(*other)?;
            Ok(vec![
                happened(*incident, IncidentEvent::Unlinked { other: *other }),
                happened(*other, IncidentEvent::Unlinked { other: *incident }),
            ])
        }
        IncidentAction::SeeAlarm { incident, code } => {
            let found = board.incident(*incident)?;
            let alarm = timer::alarm_of_incident(board, found, context.timers, context.now);
            timer::must_be_unseen(alarm, *code, &found.seen)?;
            one(*incident, IncidentEvent::AlarmSeen { code: *code })
        }
        IncidentAction::OpenFor { of, category } => {
            pair::open_for(board, context, *of, category.as_ref())
        }
        IncidentAction::Pair { incident, with } => pair::pair(board, context, *incident, *with),
        IncidentAction::Unpair { incident, from } => pair::unpair(board, *incident, *from),
        IncidentAction::Offer { incident, to } => pair::offer(board, context, *incident, *to),
        IncidentAction::EndOffer { incident, taken } => pair::end_offer(board, *incident, *taken),
        IncidentAction::Erase { incident, reason } => pair::erase(board, *incident, reason),
    }
}

fn open_one(board: &Board, incident: IncidentId) -> Result<&Incident, Refusal> {
    let found = board.incident(incident)?;
    found.must_be_open()?;
    Ok(found)
}

fn must_be_left(board: &Board, incident: IncidentId) -> Result<(), Refusal> {
    open_one(board, incident)?;
    let callsigns: Vec<String> = board
        .assignments_of(incident)
        .filter(|assignment| assignment.is_live())
        .filter_map(|assignment| Some(board.units.get(&assignment.unit)?.callsign.to_string()))
        .collect();
    if callsigns.is_empty() {
        Ok(())
    } else {
        Err(Refusal::UnitsStillAssigned { callsigns })
    }
}

fn room_for_one_more(board: &Board) -> Result<(), Refusal> {
    if board.open_incident_count() >= limits::OPEN_INCIDENTS_MAX {
        return Err(too_many(
            Text::new("open incidents", "未结警情"),
            limits::OPEN_INCIDENTS_MAX,
        ));
    }
    Ok(())
}

fn too_many(what: Text, max: usize) -> Refusal {
    Refusal::Limit { what, max }
}

fn one(incident: IncidentId, event: IncidentEvent) -> Result<Vec<Happened>, Refusal> {
    Ok(vec![happened(incident, event)])
}

fn happened(incident: IncidentId, event: IncidentEvent) -> Happened {
    Happened::new(incident, Event::Incident(event))
}
