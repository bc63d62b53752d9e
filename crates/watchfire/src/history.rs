//! Past calls stored in a node, each whole: received, opened, answered by the units on record, closed.
//!
//! What the record says is history and not asked for permission: one call is stored after the other, with the
//! times it claims, so that units which overlap on record do not stand in each other's way, and nothing is
//! moved. What the record lacks is not invented: where a response has no end it ends at the last time known
//! of it, and says so. Whatever could not be stored is counted and named. Start at [`store`].

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use watchfire_core::basis::{AssignmentId, CallId, IncidentId, Line, Timestamp, UnitId};
use watchfire_core::engine::HappenedWhen;
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::call::{CallAction, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::unit::{Duty, UnitAction};
use watchfire_core::record::{Action, RecordKind};
use watchfire_formats::{PastCall, PastResponse};
use watchfire_store::{Reader, StoreError};

use crate::desk::{Desk as _, DirectDesk, Halt};
use crate::past;
use crate::policy::{self, Session};

/// Examples named for each reason.
const EXAMPLES_MAX: usize = 5;

/// What became of the past calls.
#[derive(Debug, Default, serde::Serialize)]
pub struct Stored {
    /// Calls stored now, each with its incident.
    pub calls: u64,
    /// Calls that were there already.
    pub there_already: u64,
    /// Responses of the calls stored now.
    pub responses: u64,
    /// Those of them that are stored, as assignments.
    pub assignments: u64,
    /// What was stored but lacked something, and what was not stored, by reason.
    pub notes: BTreeMap<String, Note>,
}

/// How often something was met, and where first.
#[derive(Debug, Default, serde::Serialize)]
pub struct Note {
    /// How often.
    pub times: u64,
    /// The first few: the agency's own id of the call, and the unit.
    pub examples: Vec<String>,
}

impl Stored {
    fn note(&mut self, reason: impl Into<String>, call: &PastCall, unit: Option<&str>) {
        let note = self.notes.entry(reason.into()).or_default();
        note.times += 1;
        if note.examples.len() < EXAMPLES_MAX {
            let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            note.examples.push(format!(
                "call {}{unit} (line {})",
                call.source_id, call.line
            ));
        }
    }
}

impl std::fmt::Display for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Stored {
            calls,
            there_already,
            responses,
            assignments,
            notes,
        } = self;
        writeln!(
            f,
            "{calls} calls stored with their incidents, {there_already} were there already."
        )?;
        writeln!(
            f,
            "{assignments} of {responses} responses stored as assignments."
        )?;
        for (reason, note) in notes {
            let more = if note.times as usize > note.examples.len() {
                ", ..."
            } else {
                ""
            };
            writeln!(f, "  {} x {reason}", note.times)?;
            writeln!(f, "      {}{more}", note.examples.join(", "))?;
        }
        Ok(())
    }
}

/// Returns the agency's own names of the past calls that a node has already.
pub fn known(reader: &Reader) -> Result<BTreeSet<String>, StoreError> {
    let mut known = BTreeSet::new();
    let mut after = None;
    loop {
        let filter = watchfire_store::Filter::default();
        let page = reader.records(RecordKind::Call, filter, after, 1_000)?;
        for row in &page.rows {
            if let watchfire_core::record::Record::Call(call) = reader.whole(row)?
                && call.channel == Channel::Import
            {
                known.extend(call.source.as_ref().map(ToString::to_string));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(known),
        }
    }
}

/// Returns the call signs in an export that no unit of the node has, each once.
pub fn unknown_units(desk: &DirectDesk, calls: &[PastCall]) -> BTreeSet<String> {
    let responses = calls.iter().flat_map(|call| &call.responses);
    let named: BTreeSet<&str> = responses
        .map(|response| response.unit.as_str())
        .filter(|unit| !unit.is_empty())
        .collect();
    let unknown = named.into_iter().filter(|unit| find(desk, unit).is_none());
    unknown.map(str::to_owned).collect()
}

fn find(desk: &DirectDesk, unit: &str) -> Option<(UnitId, Duty)> {
    let callsign: Line = unit.parse().ok()?;
    desk.look(|board| {
        let unit = board.unit_by_callsign(&callsign)?;
        Some((unit.id, unit.duty.clone()))
    })
}

/// Stores past calls that are not known yet, in the name of `session`, telling how many are done.
pub fn store(
    desk: &mut DirectDesk,
    session: &Session,
    calls: &[PastCall],
    known: &BTreeSet<String>,
    now: Timestamp,
    mut progress: impl FnMut(u64, u64),
) -> Result<Stored, Halt> {
    let mut order: Vec<&PastCall> = calls.iter().collect();
    order.sort_by_key(|call| (call.received, call.line));
    let mut historian = Historian {
        desk,
        session,
        now,
        stored: Stored::default(),
    };
    let total = order.len() as u64;
    for (done, call) in order.into_iter().enumerate() {
        progress(done as u64, total);
        if known.contains(&call.source_id) {
            historian.stored.there_already += 1;
        } else {
            historian.call(call)?;
        }
    }
    historian.desk.flush()?;
    Ok(historian.stored)
}

struct Historian<'a> {
    desk: &'a mut DirectDesk,
    session: &'a Session,
    now: Timestamp,
    stored: Stored,
}

impl Historian<'_> {
    /// Stores one call. It becomes durable whole or not at all, so that an import that was stopped can be repeated.
    fn call(&mut self, call: &PastCall) -> Result<(), Halt> {
        self.desk.flush_if_full()?;
        let details = match past::details(call) {
            Ok(details) => details,
            Err(reason) => {
                self.stored
                    .note(format!("call not stored: {reason}"), call, None);
                return Ok(());
            }
        };
        let receive = CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: Channel::Import,
            source: call.source_id.parse().ok(),
            details,
        };
        let Some(id) = self.act(call, None, "receive", call.received, Action::Call(receive))?
        else {
            return Ok(());
        };
        self.stored.calls += 1;
        let open = IncidentAction::Open {
            from_call: Some(CallId(id)),
            category: None,
            priority: None,
            place: None,
        };
        let opened = call.entered.unwrap_or(call.received);
        let Some(id) = self.act(call, None, "open", opened, Action::Incident(open))? else {
            return Ok(());
        };
        let incident = IncidentId(id);
        let mut last = opened.max(call.received);
        for (number, response) in call.responses.iter().enumerate() {
            self.stored.responses += 1;
            if let Some(ended) = self.response(call, incident, number, response)? {
                last = last.max(ended);
            }
        }
        let words = call
            .disposition
            .as_deref()
            .and_then(|words| words.parse().ok());
        let close = IncidentAction::Close {
            incident,
            disposition: words.unwrap_or_else(|| plain("imported")),
        };
        self.act(call, None, "close", last, Action::Incident(close))?;
        Ok(())
    }

    /// Stores one response as an assignment; returns when it ended.
    fn response(
        &mut self,
        call: &PastCall,
        incident: IncidentId,
        number: usize,
        response: &PastResponse,
    ) -> Result<Option<i64>, Halt> {
        if response.unit.is_empty() {
            self.stored.note(
                "response not stored: the export does not say which unit",
                call,
                None,
            );
            return Ok(None);
        }
        let name = Some(response.unit.as_str());
        let Some((unit, duty)) = find(self.desk, &response.unit) else {
            self.stored
                .note("response not stored: no such unit in this node", call, name);
            return Ok(None);
        };
        let times = [
            response.dispatched,
            response.departed,
            response.arrived,
            response.cleared,
        ];
        let (Some(first), Some(last)) = (
            times.iter().flatten().min().copied(),
            times.iter().flatten().max().copied(),
        ) else {
            self.stored
                .note("response not stored: it has no time at all", call, name);
            return Ok(None);
        };
        if duty != Duty::Available {
            let on = Action::Unit(UnitAction::MakeAvailable { unit });
            self.act(call, name, &format!("on-duty {number}"), self.now.0, on)?;
        }
        if response.dispatched.is_none() {
            self.stored.note(
                "sent at the first time known: no dispatch time on record",
                call,
                name,
            );
        }
        let send = AssignmentAction::Send {
            incident,
            choices: vec![Choice {
                unit,
                why: Why::default(),
            }],
        };
        let sent = response.dispatched.unwrap_or(first);
        let sent = self.act(
            call,
            name,
            &format!("send {number}"),
            sent,
            Action::Assignment(send),
        )?;
        let Some(assignment) = sent.map(AssignmentId) else {
            return Ok(None);
        };
        self.stored.assignments += 1;
        let ending = if response.cleared.is_none() {
            self.stored.note(
                "ended at the last time known: no clear time on record",
                call,
                name,
            );
            Some(plain("no clear time on record"))
        } else {
            None
        };
        for (at, step, word) in [
            (response.departed, Step::Depart, "depart"),
            (response.arrived, Step::Arrive, "arrive"),
            (
                Some(response.cleared.unwrap_or(last)),
                Step::Clear { ending },
                "clear",
            ),
        ] {
            if let Some(at) = at {
                let step = AssignmentAction::Advance { assignment, step };
                let what = format!("{word} {number}");
                self.act(call, name, &what, at, Action::Assignment(step))?;
            }
        }
        Ok(Some(last))
    }

    /// Acts at a time on record; returns the id of the main record, or notes why not.
    fn act(
        &mut self,
        call: &PastCall,
        unit: Option<&str>,
        what: &str,
        at: i64,
        action: Action,
    ) -> Result<Option<[u8; 16]>, Halt> {
        let authorized = self
            .desk
            .look(|board| policy::authorize(self.session, action, board));
        let authorized = authorized.expect("the importer has the seats that history needs");
        // A hash, since a key has a limit and an agency's own id of a call has none.
        let mut key = Sha256::new();
        key.update(format!("{}\n{}\n{what}", call.received, call.source_id));
        let key: String = key
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let happened = HappenedWhen::Imported(Timestamp(at));
        match self
            .desk
            .act_at(self.now, happened, authorized, format!("import:{key}"))?
        {
            Ok(outcome) => Ok(outcome.records.first().map(|(name, _)| name.id)),
            Err(refusal) => {
                let reason = format!("not stored ({what}): {}", refusal.what().en);
                self.stored.note(reason, call, unit);
                Ok(None)
            }
        }
    }
}

fn plain(words: &str) -> Line {
    words.parse().expect("plain words are a line")
}
