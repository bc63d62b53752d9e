//! A saved view (常用视图): a question about past incidents that the agency's analysts keep under a name.
//!
//! It holds a question, never its answer, and asks nothing by itself: somebody opens it. Start at [`decide`].

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, Personal, SavedViewId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::pattern::PatternQuery;
use crate::refusal::Refusal;

/// A saved view as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its name in entries and the API.
    pub id: SavedViewId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What people call it.
    pub name: Line,
    /// The question.
    pub query: PatternQuery,
    /// When it was removed, if it was.
    pub removed_at: Option<Timestamp>,
}

impl Life for SavedView {
    fn needs_attention(&self) -> bool {
        self.removed_at.is_none()
    }

    fn over_since(&self) -> Option<Timestamp> {
        self.removed_at
    }
}

/// What can be asked of a saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedViewAction {
    /// Keep a question.
    Save {
        /// What people call it; no two that are kept are called the same.
        name: Line,
        /// The question.
        query: PatternQuery,
    },
    /// Keep it no longer.
    Remove {
        /// Which.
        view: SavedViewId,
    },
}

impl SavedViewAction {
    /// Returns the saved view it changes.
    pub fn subject(&self) -> Option<SavedViewId> {
        match self {
            SavedViewAction::Save { .. } => None,
            SavedViewAction::Remove { view } => Some(*view),
        }
    }
}

/// What happened to a saved view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SavedViewEvent {
    /// It was kept.
    Saved {
        /// What people call it.
        name: Line,
        /// The question.
        query: PatternQuery,
    },
    /// It is kept no longer.
    Removed,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 2] = ["saved", "removed"];

pub(super) fn decide(
    board: &Board,
    action: &SavedViewAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        SavedViewAction::Save { name, query } => {
            let kept = board.saved_views.values();
            let kept: Vec<_> = kept.filter(|one| one.removed_at.is_none()).collect();
            if kept.len() >= limits::SAVED_VIEWS_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("saved views", "常用视图"),
                    max: limits::SAVED_VIEWS_MAX,
                });
            }
            if kept.iter().any(|one| one.name == *name) {
                return Err(Refusal::Taken {
                    kind: RecordKind::SavedView,
                    name: name.to_string(),
                });
            }
            let id = SavedViewId(context.entropy.next_16());
            let (name, query) = (name.clone(), query.clone());
            (id, SavedViewEvent::Saved { name, query })
        }
        SavedViewAction::Remove { view } => {
            if board.saved_view(*view)?.removed_at.is_some() {
                return Err(Refusal::NotFound(RecordKind::SavedView));
            }
            (*view, SavedViewEvent::Removed)
        }
    };
    Ok(vec![Happened::new(id, Event::SavedView(event))])
}

pub(super) fn apply(
    before: Option<&SavedView>,
    event: &SavedViewEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<SavedView> {
    match event {
        SavedViewEvent::Saved { name, query } => Some(SavedView {
            id: SavedViewId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            name: name.clone(),
            query: query.clone(),
            removed_at: None,
        }),
        SavedViewEvent::Removed => {
            let mut view = before?.clone();
            view.version = meta.version;
            view.changed_at = meta.at;
            view.removed_at = Some(meta.happened_at);
            Some(view)
        }
    }
}
