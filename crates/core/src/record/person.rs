//! A person or program that signs in: a login, a display name and the seats they may take.
//!
//! This is the agency's own staff, never the public. How they prove who they are (password, token) is
//! no record: it stays in the node's own tables and never enters a feed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, PersonId, Personal, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A seat: the role under which somebody acts (DESIGN §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Takes calls.
    CallTaker,
    /// Picks units and watches timers.
    Dispatcher,
    /// Commands the shift.
    DutyOfficer,
    /// Gets assignments and reports back.
    Crew,
    /// Works on assessments.
    Analyst,
    /// Reads everything, changes nothing.
    Overseer,
    /// Installs, enrols, backs up.
    Administrator,
    /// Shows; nobody touches it.
    Wall,
    /// Goes on patrol rounds and reports its own visits; sees nothing else.
    Volunteer,
}

impl Seat {
    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            Seat::CallTaker => Text::new("call taker", "接警员"),
            Seat::Dispatcher => Text::new("dispatcher", "调度员"),
            Seat::DutyOfficer => Text::new("duty officer", "值班长"),
            Seat::Crew => Text::new("unit crew", "处警力量"),
            Seat::Analyst => Text::new("analyst", "研判员"),
            Seat::Overseer => Text::new("overseer", "监督员"),
            Seat::Administrator => Text::new("administrator", "系统管理员"),
            Seat::Wall => Text::new("wall", "大屏"),
            Seat::Volunteer => Text::new("volunteer", "志愿者"),
        }
    }

    /// All seats.
    pub const ALL: [Seat; 9] = [
        Seat::CallTaker,
        Seat::Dispatcher,
        Seat::DutyOfficer,
        Seat::Crew,
        Seat::Analyst,
        Seat::Overseer,
        Seat::Administrator,
        Seat::Wall,
        Seat::Volunteer,
    ];

    /// Returns the word used in entries and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Seat::CallTaker => "call_taker",
            Seat::Dispatcher => "dispatcher",
            Seat::DutyOfficer => "duty_officer",
            Seat::Crew => "crew",
            Seat::Analyst => "analyst",
            Seat::Overseer => "overseer",
            Seat::Administrator => "administrator",
            Seat::Wall => "wall",
            Seat::Volunteer => "volunteer",
        }
    }

    /// Returns the seat with that word.
    pub fn parse(word: &str) -> Option<Seat> {
        Seat::ALL.into_iter().find(|seat| seat.as_str() == word)
    }
}

/// A person or program as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their name in entries and the API.
    pub id: PersonId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What they sign in with; unique on the node.
    pub login: Line,
    /// Who they are and what they may do.
    pub details: PersonDetails,
    /// True once they may not sign in any more.
    pub disabled: bool,
}

/// Who somebody is and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetails {
    /// What the screens call them.
    pub name: Line,
    /// The seats they may take.
    pub seats: BTreeSet<Seat>,
    /// The unit whose crew they are, for the seat of a crew.
    pub unit: Option<UnitId>,
    /// True for a program (an importer, simulated crews), so that no entry passes for a person's.
    pub program: bool,
}

impl Life for Person {}

/// What can be asked of a person's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonAction {
    /// Enrol somebody.
    Enrol {
        /// What they sign in with.
        login: Line,
        /// Who they are.
        details: PersonDetails,
    },
    /// Change who they are or what they may do.
    Amend {
        /// Whom.
        person: PersonId,
        /// Who they are now, all of it.
        details: PersonDetails,
    },
    /// Take their right to sign in.
    Disable {
        /// Whose.
        person: PersonId,
    },
    /// Give them a way in. The secret itself never comes near an entry; that it was given must not be hidden.
    GiveAccess {
        /// Whom.
        person: PersonId,
        /// Which.
        access: Access,
    },
}

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A one-time code, with which they choose a password.
    Code,
    /// A password that was chosen with such a code.
    Password,
    /// A token, for a program that acts from one seat.
    Token {
        /// The seat.
        seat: Seat,
    },
}

impl PersonAction {
    /// Returns the person it changes.
    pub fn subject(&self) -> Option<PersonId> {
        match self {
            PersonAction::Enrol { .. } => None,
            PersonAction::Amend { person, .. }
            | PersonAction::Disable { person }
            | PersonAction::GiveAccess { person, .. } => Some(*person),
        }
    }
}

/// What happened to a person's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PersonEvent {
    /// They were enrolled.
    Enrolled {
        /// What they sign in with.
        login: Line,
        /// Who they are.
        details: PersonDetails,
    },
    /// They were changed.
    Amended {
        /// Who they are now.
        details: PersonDetails,
    },
    /// They may not sign in any more.
    Disabled,
    /// They were given a way in.
    AccessGiven {
        /// Which.
        access: Access,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 4] = ["enrolled", "amended", "disabled", "access_given"];

pub(super) fn decide(
    board: &Board,
    action: &PersonAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        PersonAction::Enrol { login, details } => {
            check_details(board, details, context)?;
            if board.person_by_login(login).is_some() {
                return Err(Refusal::Taken {
                    kind: RecordKind::Person,
                    name: login.to_string(),
                });
            }
            if board.people.len() >= limits::PEOPLE_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("people", "人员"),
                    max: limits::PEOPLE_MAX,
                });
            }
            let event = PersonEvent::Enrolled {
                login: login.clone(),
                details: details.clone(),
            };
            (PersonId(context.entropy.next_16()), event)
        }
        PersonAction::Amend { person, details } => {
            check_details(board, details, context)?;
            let found = board.person(*person)?;
            if is_administrator(found) && !details.seats.contains(&Seat::Administrator) {
                must_not_be_last_administrator(board, found)?;
            }
            (
                *person,
                PersonEvent::Amended {
                    details: details.clone(),
                },
            )
        }
        PersonAction::Disable { person } => {
            let found = board.person(*person)?;
            if is_administrator(found) {
                must_not_be_last_administrator(board, found)?;
            }
            (*person, PersonEvent::Disabled)
        }
        PersonAction::GiveAccess { person, access } => {
            board.person(*person)?;
            (*person, PersonEvent::AccessGiven { access: *access })
        }
    };
    Ok(vec![Happened::new(id, Event::Person(event))])
}

fn check_details(
    board: &Board,
    details: &PersonDetails,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if details.seats.is_empty() {
        return Err(Refusal::Missing(Text::new(
            "At least one seat",
            "至少一个席位",
        )));
    }
    if details.seats.contains(&Seat::Crew) && details.unit.is_none() && !details.program {
        return Err(Refusal::Missing(Text::new(
            "The unit of a crew member",
            "处警人员所属力量",
        )));
    }
    if details.seats.contains(&Seat::Volunteer) && details.unit.is_none() && !details.program {
        return Err(Refusal::Missing(Text::new(
            "The team of a volunteer",
            "志愿者所属队伍",
        )));
    }
    let Some(unit) = details.unit else {
        return Ok(());
    };
    let kind = &board.unit(unit)?.details.kind;
    if context.response.is_volunteer(kind) && details.seats.contains(&Seat::Crew) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Unit,
            state: Text::new("a team of volunteers", "志愿者队伍"),
            instead: Text::new(
                "Give its members the seat of a volunteer instead of that of a crew.",
                "请将其成员登记为志愿者席位，而非处警力量席位。",
            ),
        });
    }
    Ok(())
}

fn is_administrator(person: &Person) -> bool {
    !person.disabled && person.details.seats.contains(&Seat::Administrator)
}

fn must_not_be_last_administrator(board: &Board, person: &Person) -> Result<(), Refusal> {
    if board
        .people
        .values()
        .any(|other| other.id != person.id && is_administrator(other))
    {
        return Ok(());
    }
    Err(Refusal::WrongState {
        kind: RecordKind::Person,
        state: Text::new("the only administrator", "唯一的管理员"),
        instead: Text::new(
            "Enrol another administrator first.",
            "请先登记另一名管理员。",
        ),
    })
}

pub(super) fn apply(
    before: Option<&Person>,
    event: &PersonEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Person> {
    let stamp = |login: Line, details: PersonDetails, disabled: bool| Person {
        id: PersonId(meta.record),
        version: meta.version,
        changed_at: meta.at,
        login,
        details,
        disabled,
    };
    match (event, before) {
        (PersonEvent::Enrolled { login, details }, _) => {
            Some(stamp(login.clone(), details.clone(), false))
        }
        (PersonEvent::Amended { details }, Some(old)) => {
            Some(stamp(old.login.clone(), details.clone(), old.disabled))
        }
        (PersonEvent::Disabled, Some(old)) => {
            Some(stamp(old.login.clone(), old.details.clone(), true))
        }
        (PersonEvent::AccessGiven { .. }, Some(old)) => {
            Some(stamp(old.login.clone(), old.details.clone(), old.disabled))
        }
        (
            PersonEvent::Amended { .. } | PersonEvent::Disabled | PersonEvent::AccessGiven { .. },
            None,
        ) => None,
    }
}
