//! Holds playbooks against the past: the same matching as on the running node, over the records in the tables.
//!
//! Nothing personal is opened. Where a playbook waits for an alarm, the alarms of the past are worked out from the times
//! that records keep ([`watchfire_core::episode`]), with the timers of today. Start at [`gather`].

use watchfire_core::basis::{CallId, IncidentId, Place, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::episode::{self, Episode};
use watchfire_core::playbook::{AlarmFact, Firing, Material, Playbook, Span, Trigger, firings};
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_core::timer::{AlarmCode, TimerRules};
use watchfire_store::{Filter, Reader, StoreError};

/// Records that one look back is made of at most; what is older is left out, and said so.
pub const RECORDS_MAX: usize = 1_000_000;
/// Longest time that is looked back, in days.
pub const DAYS_MAX: u32 = 366;
/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// What was read of the past.
#[derive(Debug)]
pub struct Gathered {
    /// The facts.
    pub material: Material,
    /// From when to when.
    pub span: Span,
    /// Calls and incidents that were looked at.
    pub looked_at: usize,
    /// False if there was too much, so that the oldest is left out.
    pub whole: bool,
}

/// Returns the time of the last change to a call or incident: where a look back ends on a node that stands still.
pub fn last_change(reader: &Reader) -> Result<Option<Timestamp>, StoreError> {
    let mut last = None;
    for kind in [RecordKind::Call, RecordKind::Incident] {
        let page = reader.records(kind, Filter::default(), None, 1)?;
        last = last.max(page.rows.first().map(|row| row.changed_at));
    }
    Ok(last)
}

/// Reads what playbooks are held against, for a span.
pub fn gather(
    reader: &Reader,
    playbooks: &[Playbook],
    timers: &TimerRules,
    span: Span,
) -> Result<Gathered, StoreError> {
    let lead = playbooks.iter().map(lead_s).max().unwrap_or(0);
    let since = Timestamp(span.from.0.saturating_sub(i64::from(lead) * 1_000));
    let alarms = playbooks
        .iter()
        .any(|one| matches!(one.when, Trigger::AlarmUnanswered { .. }));
    let mut past = Past {
        material: Material::default(),
        board: alarms.then(Board::default),
        records: 0,
    };
    let kinds = [
        RecordKind::Incident,
        RecordKind::Call,
        RecordKind::SupportRequest,
        RecordKind::Assignment,
    ];
    let mut whole = true;
    for kind in kinds {
        if kind != RecordKind::Assignment || alarms {
            whole &= past.read(reader, kind, since)?;
        }
    }
    let looked_at = past.material.incidents.len() + past.material.calls.len();
    if let Some(board) = &past.board {
        let found = episode::episodes(board, timers, span.until);
        let found = found.into_iter().map(|one| alarm(board, &one));
        past.material.alarms.extend(found);
    }
    Ok(Gathered {
        material: past.material,
        span,
        looked_at,
        whole,
    })
}

impl Gathered {
    /// Returns when the last call came or the last incident opened: where a look back ends on a node into which the past was
    /// imported.
    pub fn last(&self) -> Option<Timestamp> {
        let calls = self.material.calls.iter().map(|fact| fact.at);
        let incidents = self.material.incidents.iter().map(|fact| fact.since);
        calls.chain(incidents).max()
    }

    /// Returns every time that a playbook would have fired.
    pub fn firings(&self, playbook: &Playbook) -> Vec<Firing> {
        firings(playbook, &self.material, &[], self.span)
    }
}

/// Returns false for an alarm whose past cannot be worked out from this node's own records.
pub fn is_traced(playbook: &Playbook) -> bool {
    let Trigger::AlarmUnanswered { code, .. } = &playbook.when else {
        return true;
    };
    match code {
        AlarmCode::Unanswered
        | AlarmCode::LateDeparture
        | AlarmCode::OverdueArrival
        | AlarmCode::OnSceneCheck
        | AlarmCode::Unassigned
        | AlarmCode::CallWaiting => true,
        AlarmCode::DirectiveOverdue | AlarmCode::SupportUnanswered | AlarmCode::SupportShort => {
            false
        }
    }
}

/// How long before a span things may have happened that make a playbook fire in it.
fn lead_s(playbook: &Playbook) -> u32 {
    match playbook.when {
        Trigger::IncidentOpened { .. } => 0,
        Trigger::AlarmUnanswered { after_s, .. } | Trigger::SupportUnmet { after_s, .. } => after_s,
        Trigger::CallsNear { within_s, .. } => within_s,
    }
}

struct Past {
    material: Material,
    board: Option<Board>,
    records: usize,
}

impl Past {
    /// Takes the records of a kind that changed since a time; says whether these were all.
    fn read(
        &mut self,
        reader: &Reader,
        kind: RecordKind,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            let page = reader.records(kind, Filter::default(), after, ROWS)?;
            for row in &page.rows {
                if row.changed_at < since {
                    return Ok(true); // They come last changed first.
                }
                if self.records >= RECORDS_MAX {
                    return Ok(false);
                }
                self.records += 1;
                let record = reader.plain(row)?;
                self.material.take(&record);
                if let Some(board) = &mut self.board {
                    board.put(record);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(true),
            }
        }
    }
}

fn alarm(board: &Board, one: &Episode) -> AlarmFact {
    let (incident, place) = whereabouts(board, one.record);
    AlarmFact {
        record: one.record,
        code: one.code,
        since: one.raised_at,
        acknowledged_at: one.acknowledged_at,
        ended_at: one.ended_at,
        incident,
        place,
    }
}

/// Returns the incident that a record belongs to, and where it is about.
pub(super) fn whereabouts(board: &Board, record: RecordRef) -> (Option<IncidentId>, Option<Place>) {
    if record.kind == RecordKind::Call {
        let call = board.calls.get(&CallId(record.id));
        let incident = call.and_then(|call| call.incident());
        return (incident, call.and_then(|call| call.place.clone()));
    }
    let incident = match board.get(record) {
        Some(Record::Incident(incident)) => Some(incident.id),
        Some(Record::Assignment(assignment)) => Some(assignment.incident),
        Some(Record::SupportRequest(request)) => request.wish.incident,
        Some(Record::Directive(directive)) => {
            let mut related = directive.details.related.iter();
            let incident = related.find(|one| one.kind == RecordKind::Incident);
            incident.map(|one| IncidentId(one.id))
        }
        Some(_) | None => None,
    };
    let place = incident.and_then(|incident| board.incidents.get(&incident));
    (incident, place.map(|incident| incident.place.clone()))
}
