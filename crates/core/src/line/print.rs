//! Writing a meaning as the one line that means it whatever is selected: every value named and quoted.

use sha2::{Digest, Sha256};

use super::meaning::{Advance, Answer, DutyStep, Meaning};
use super::words::{Field, Verb};
use super::{Around, Understood, say};
use crate::basis::{AssignmentId, CallId, DirectiveId, IncidentId, Place, StationId, UnitId};
use crate::record::directive::Addressee;
use crate::record::{RecordKind, RecordRef};

impl Understood {
    /// Returns the token that confirms exactly this: it changes with the meaning, with any record it names, and with what was asked.
    pub fn token(&self, around: &Around<'_>) -> String {
        let mut hash = Sha256::new();
        hash.update(b"watchfire action line v1\0");
        hash.update(self.meaning.print(around).as_bytes());
        hash.update(self.text.en.as_bytes());
        for why in &self.unsure {
            hash.update([0]);
            hash.update(why.en.as_bytes());
        }
        for record in self.meaning.names() {
            let version = around.board.get(record).map_or(0, |found| found.version());
            hash.update([record.kind as u8]);
            hash.update(record.id);
            hash.update(version.to_be_bytes());
        }
        let digest = hash.finalize();
        digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Meaning {
    /// Returns the line that means this, in full.
    pub fn print(&self, around: &Around<'_>) -> String {
        let mut line = Line {
            around,
            text: self.verb().name().to_owned(),
        };
        match self {
            Meaning::Send { units, incident } => line.units(units).incident(*incident),
            Meaning::Advance { assignments, step } => {
                line.assignments(assignments);
                match step {
                    Advance::Clear { ending: Some(text) } | Advance::CallOff { reason: text } => {
                        line.quoted(Field::Reason, text.as_str())
                    }
                    Advance::Clear { ending: None }
                    | Advance::Resend
                    | Advance::Acknowledge
                    | Advance::Depart
                    | Advance::Arrive => &mut line,
                }
            }
            Meaning::Swap {
                assignment,
                unit,
                reason,
            } => {
                let comes = say::callsign(around, *unit);
                line.assignments(&[*assignment])
                    .quoted(Field::By, &comes)
                    .reason(reason.as_ref())
            }
            Meaning::Reassign {
                assignment,
                incident,
                reason,
            } => line
                .assignments(&[*assignment])
                .incident(*incident)
                .reason(reason.as_ref()),
            Meaning::RaiseAlarm { incident, level } => line
                .incident(*incident)
                .plain(Field::Level, &level.to_string()),
            Meaning::Note { incident, text } => {
                line.incident(*incident).quoted(Field::Note, text.as_str())
            }
            Meaning::Close {
                incident,
                disposition: text,
            }
            | Meaning::Cancel {
                incident,
                reason: text,
            }
            | Meaning::Reopen {
                incident,
                reason: text,
            } => line
                .incident(*incident)
                .quoted(Field::Reason, text.as_str()),
            Meaning::Grade {
                incident,
                category,
                priority,
            } => {
                line.incident(*incident);
                line.graded(
                    category.as_ref().map(|code| code.as_str()),
                    priority.map(u8::from),
                )
            }
            Meaning::Relocate { incident, place } => line.incident(*incident).place(place),
            Meaning::Merge {
                incident,
                into: other,
            }
            | Meaning::Link { incident, other } => line.incident(*incident).incident(*other),
            Meaning::Unmerge { incident } => line.incident(*incident),
            Meaning::Open {
                from_call,
                category,
                priority,
                place,
            } => {
                if let Some(call) = from_call {
                    line.call(*call);
                }
                line.graded(
                    category.as_ref().map(|code| code.as_str()),
                    priority.map(u8::from),
                );
                if let Some(place) = place {
                    line.place(place);
                }
                &mut line
            }
            Meaning::TakeCall { said: Some(said) } => line.quoted(Field::Note, said.as_str()),
            Meaning::Join { call, incident } => line.call(*call).incident(*incident),
            Meaning::Duty { units, step } => {
                line.units(units);
                match step {
                    DutyStep::OutOfService { reason } => {
                        line.quoted(Field::Reason, reason.as_str())
                    }
                    DutyStep::Rest { minutes } => line.plain(Field::Minutes, &minutes.to_string()),
                    DutyStep::Available | DutyStep::OffDuty => &mut line,
                }
            }
            Meaning::MoveUp { units, to } => line.units(units).station(*to),
            Meaning::Direct { details, text } => {
                for to in &details.to {
                    if let Addressee::Unit(unit) = to {
                        line.units(&[*unit]);
                    }
                }
                line.graded(None, Some(u8::from(details.priority)))
                    .quoted(Field::Note, text.as_str())
            }
            Meaning::Answer {
                directive,
                item,
                step,
            } => {
                let place = (item + 1).to_string();
                line.directive(*directive).plain(Field::Item, &place);
                match step {
                    Answer::Report { text } => line.quoted(Field::Note, text.as_str()),
                    Answer::Return { reason } => line.quoted(Field::Reason, reason.as_str()),
                    Answer::Sign | Answer::Begin | Answer::Verify => &mut line,
                }
            }
            Meaning::Recall { directive, reason } => line
                .directive(*directive)
                .quoted(Field::Reason, reason.as_str()),
            Meaning::Ask { wish, need } => {
                line.quoted(Field::Capability, wish.code.as_str())
                    .plain(Field::Count, &wish.quantity.to_string());
                if let Some(incident) = wish.incident {
                    line.incident(incident);
                }
                match need {
                    Some(need) => line.quoted(Field::Note, need.as_str()),
                    None => &mut line,
                }
            }
            Meaning::Log { text, .. } => line.quoted(Field::Note, text.as_str()),
            Meaning::Show(record) | Meaning::Go(record) => line.record(*record),
            Meaning::GoScreen(screen) => line.word(screen.as_str()),
            Meaning::Help(Some(verb)) => line.word(verb.name()),
            Meaning::TakeCall { said: None }
            | Meaning::Shift { .. }
            | Meaning::Undo
            | Meaning::Help(None) => &mut line,
        };
        line.text
    }

    /// Returns the verb it is said with.
    pub fn verb(&self) -> Verb {
        match self {
            Meaning::Send { .. } => Verb::Send,
            Meaning::Advance { step, .. } => match step {
                Advance::Resend => Verb::Resend,
                Advance::Acknowledge => Verb::Acknowledge,
                Advance::Depart => Verb::Depart,
                Advance::Arrive => Verb::Arrive,
                Advance::Clear { .. } => Verb::Clear,
                Advance::CallOff { .. } => Verb::CallOff,
            },
            Meaning::Swap { .. } => Verb::Swap,
            Meaning::Reassign { .. } => Verb::Reassign,
            Meaning::RaiseAlarm { .. } => Verb::RaiseAlarm,
            Meaning::Note { .. } => Verb::Note,
            Meaning::Close { .. } => Verb::Close,
            Meaning::Cancel { .. } => Verb::CancelIncident,
            Meaning::Reopen { .. } => Verb::Reopen,
            Meaning::Grade { .. } => Verb::Grade,
            Meaning::Relocate { .. } => Verb::Relocate,
            Meaning::Merge { .. } => Verb::Merge,
            Meaning::Unmerge { .. } => Verb::Unmerge,
            Meaning::Link { .. } => Verb::Link,
            Meaning::Open { .. } => Verb::Open,
            Meaning::TakeCall { .. } => Verb::TakeCall,
            Meaning::Join { .. } => Verb::Join,
            Meaning::Duty { step, .. } => match step {
                DutyStep::Available => Verb::Available,
                DutyStep::OutOfService { .. } => Verb::OutOfService,
                DutyStep::OffDuty => Verb::OffDuty,
                DutyStep::Rest { .. } => Verb::Rest,
            },
            Meaning::MoveUp { .. } => Verb::MoveUp,
            Meaning::Direct { .. } => Verb::Direct,
            Meaning::Answer { step, .. } => match step {
                Answer::Sign => Verb::Sign,
                Answer::Begin => Verb::Begin,
                Answer::Report { .. } => Verb::Report,
                Answer::Verify => Verb::Verify,
                Answer::Return { .. } => Verb::Return,
            },
            Meaning::Recall { .. } => Verb::Recall,
            Meaning::Ask { .. } => Verb::Ask,
            Meaning::Log { .. } => Verb::Log,
            Meaning::Shift { on: true, .. } => Verb::ComeOn,
            Meaning::Shift { on: false, .. } => Verb::Leave,
            Meaning::Show(_) => Verb::Status,
            Meaning::Go(_) | Meaning::GoScreen(_) => Verb::Go,
            Meaning::Undo => Verb::Undo,
            Meaning::Help(_) => Verb::Help,
        }
    }
}

struct Line<'a> {
    around: &'a Around<'a>,
    text: String,
}

impl Line<'_> {
    fn word(&mut self, word: &str) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(word);
        self
    }

    fn plain(&mut self, field: Field, value: &str) -> &mut Self {
        self.word(&format!("{}:{value}", field.name()))
    }

    fn quoted(&mut self, field: Field, value: &str) -> &mut Self {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.plain(field, &format!("\"{value}\""))
    }

    fn reason(&mut self, reason: Option<&crate::basis::Line>) -> &mut Self {
        if let Some(reason) = reason {
            self.quoted(Field::Reason, reason.as_str());
        }
        self
    }

    fn units(&mut self, units: &[UnitId]) -> &mut Self {
        for unit in units {
            let callsign = say::callsign(self.around, *unit);
            self.quoted(Field::Unit, &callsign);
        }
        self
    }

    fn assignments(&mut self, assignments: &[AssignmentId]) -> &mut Self {
        let board = self.around.board;
        let found = assignments
            .iter()
            .filter_map(|id| board.assignments.get(id));
        let units: Vec<UnitId> = found.map(|assignment| assignment.unit).collect();
        self.units(&units)
    }

    fn incident(&mut self, incident: IncidentId) -> &mut Self {
        let found = self.around.board.incidents.get(&incident);
        let number = found.map_or(0, |found| found.number);
        self.plain(Field::Incident, &number.to_string())
    }

    fn station(&mut self, station: StationId) -> &mut Self {
        let found = self.around.board.stations.get(&station);
        let code = found.map_or_else(String::new, |found| found.code.to_string());
        self.quoted(Field::Station, &code)
    }

    fn directive(&mut self, directive: DirectiveId) -> &mut Self {
        let found = self.around.board.directives.get(&directive);
        let number = found.map_or(0, |found| found.number);
        self.plain(Field::Directive, &number.to_string())
    }

    fn call(&mut self, call: CallId) -> &mut Self {
        let found = self.around.board.calls.get(&call);
        let number = found.map_or(0, |found| found.number);
        self.plain(Field::Call, &number.to_string())
    }

    fn graded(&mut self, category: Option<&str>, priority: Option<u8>) -> &mut Self {
        if let Some(category) = category {
            self.plain(Field::Category, category);
        }
        if let Some(priority) = priority {
            self.plain(Field::Priority, &priority.to_string());
        }
        self
    }

    fn place(&mut self, place: &Place) -> &mut Self {
        let mut text = format!("{:.6}, {:.6}", place.point.lat(), place.point.lon());
        if let Some(address) = &place.address {
            text.push_str(", ");
            text.push_str(address.as_str());
        }
        self.quoted(Field::At, &text);
        if let Some(area) = &place.area {
            self.quoted(Field::Area, area.as_str());
        }
        self
    }

    fn record(&mut self, record: RecordRef) -> &mut Self {
        if record.kind == RecordKind::Incident {
            self.incident(IncidentId(record.id))
        } else if record.kind == RecordKind::Unit {
            self.units(&[UnitId(record.id)])
        } else if record.kind == RecordKind::Call {
            self.call(CallId(record.id))
        } else if record.kind == RecordKind::Directive {
            self.directive(DirectiveId(record.id))
        } else {
            self
        }
    }
}
