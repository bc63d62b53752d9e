//! What may stand at a place of the line: verbs first, then the records, categories, places and fields
//! that make sense for the verb and were not named yet. It offers nothing that would then not be understood.

use std::sync::Arc;

use super::find::{Found, Names, reduced};
use super::mean::urgency;
use super::read::{Reader, start_of, verb_of};
use super::tokens::{Token, is_cjk, plain};
use super::words::{Between, FIELDS, Field, SCREENS, VERBS, Verb, VerbRow, between};
use super::{Around, orders, say};
use crate::basis::{Priority, Text};
use crate::board::UnitStatus;
use crate::limits;
use crate::record::directive::Directive;
use crate::record::incident::Incident;
use crate::record::station::Station;
use crate::record::support_capability::SupportCapability;
use crate::record::unit::Unit;

/// Choices offered at most.
pub const CHOICES_MAX: usize = 12;

/// What may stand at a place of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The first character that a choice replaces.
    pub from: usize,
    /// One past the last character that a choice replaces.
    pub to: usize,
    /// The choices, the likeliest first.
    pub choices: Vec<Choice>,
    /// How a line with this verb is written.
    pub hint: Text,
}

/// One thing that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is put into the line.
    pub insert: String,
    /// What is shown for it.
    pub label: String,
    /// What it is.
    pub detail: Text,
}

/// Says what may stand at a place of a line.
pub fn complete(text: &str, at: usize, around: &Around<'_>) -> Completion {
    let line: Vec<char> = text.chars().take(limits::ACTION_LINE_CHARS_MAX).collect();
    let at = at.min(line.len());
    let names = Names::new(around);
    let begin = start_of(&line).min(at);
    let head = &line[..at];
    let to = at + rest_of_word(&line[at..]);
    match verb_of(head, &names) {
        Some((verb, tokens)) if !verb_goes_on(head, &tokens, verb) => {
            let hint = hint(verb);
            let (from, choices) = behind_verb(around, names, head, verb, tokens);
            Completion {
                from,
                to,
                choices,
                hint,
            }
        }
        Some(_) | None => {
            let from = begin;
            let typed: String = head[begin..].iter().map(|c| plain(*c)).collect();
            Completion {
                from,
                to,
                choices: verbs(typed.trim()),
                hint: first_hint(),
            }
        }
    }
}

fn hint(verb: Verb) -> Text {
    let (form, does) = (verb.form(), verb.does());
    Text::new(
        format!("{} - {}", form.en, does.en),
        format!("{} - {}", form.zh, does.zh),
    )
}

fn first_hint() -> Text {
    Text::new(
        "d send, a ack, en en route, os on scene, cu clear, x call off, n note, cl close, ? help",
        "派、接收、出发、到达、结束、撤回、备注、结案，? 帮助",
    )
}

/// Returns how many characters of the word under the cursor stand behind it.
fn rest_of_word(rest: &[char]) -> usize {
    let within = |c: &&char| !matches!(plain(**c), ' ' | ',' | ';') && !is_cjk(**c);
    rest.iter().take_while(within).count()
}

/// Returns true while the verb itself is still being typed: "d" may become "duty".
fn verb_goes_on(head: &[char], tokens: &[Token], verb: Verb) -> bool {
    let ends_in_letter = head.last().is_some_and(|c| plain(*c).is_ascii_alphabetic());
    tokens.is_empty() && ends_in_letter && verb != Verb::Help
}

fn verbs(typed: &str) -> Vec<Choice> {
    let named = |row: &'static VerbRow| {
        let all = [row.short]
            .into_iter()
            .chain(row.en.iter().copied())
            .chain(row.zh.iter().copied());
        let mut all = all.filter(|name| name.starts_with(typed));
        all.next().map(|name| (row, name))
    };
    let mut found: Vec<(&VerbRow, &str)> = VERBS.iter().filter_map(named).collect();
    // What was typed whole comes first.
    found.sort_by_key(|(_, name)| *name != typed);
    let choice = |(row, name): (&VerbRow, &str)| Choice {
        insert: name.to_owned(),
        label: name.to_owned(),
        detail: hint(row.verb),
    };
    found.into_iter().take(CHOICES_MAX).map(choice).collect()
}

/// Finds what may stand behind the verb, and from where it replaces what was typed.
fn behind_verb(
    around: &Around<'_>,
    names: Names<'_>,
    head: &[char],
    verb: Verb,
    mut tokens: Vec<Token>,
) -> (usize, Vec<Choice>) {
    let at = head.len();
    // What is being typed is the words that touch the cursor and each other.
    let mut typing: Vec<Token> = Vec::new();
    while let Some(last) = tokens.pop() {
        let touches = typing
            .first()
            .map_or(last.to == at, |next| next.glued && next.from == last.to);
        if !touches {
            tokens.push(last);
            break;
        }
        typing.insert(0, last);
    }
    let mut before = tokens;
    if let [.., last] = typing.as_slice()
        && let Some(field) = last.field
    {
        let from = last.from;
        before.extend(typing[..typing.len() - 1].iter().cloned());
        let offer = Offer::new(around, names, head, verb, before);
        return (from, offer.field(field, &last.typed));
    }
    let all: Vec<Token> = before.iter().chain(&typing).cloned().collect();
    if let Some(marker) = all.iter().rposition(is_place_marker)
        && matches!(verb, Verb::Open | Verb::Relocate)
    {
        let from = all.get(marker + 1).map_or(at, |token| token.from);
        let typed: String = head[from..].iter().collect();
        let done = all[marker + 1..].iter().any(|token| token.field.is_some());
        let choices = if done {
            Vec::new()
        } else {
            places(around, &typed)
        };
        return (from, choices);
    }
    loop {
        let from = typing.first().map_or(at, |token| token.from);
        let typed: String = head[from..].iter().collect();
        let offer = Offer::new(around, Names::new(around), head, verb, before.clone());
        let choices = offer.all(&typed);
        if !choices.is_empty() || typing.is_empty() {
            return (from, choices);
        }
        // "E12到" is a unit and a word that joins: what is typed begins behind them.
        before.push(typing.remove(0));
        if typing.is_empty() && !head.last().is_some_and(|c| is_cjk(*c)) {
            return (from, Vec::new());
        }
    }
}

fn is_place_marker(token: &Token) -> bool {
    !token.quoted && between(&token.plain) == Some(Between::Place)
}

fn places(around: &Around<'_>, typed: &str) -> Vec<Choice> {
    if typed.trim().is_empty() {
        return Vec::new();
    }
    let found = super::find::place(around, typed);
    let named = found.into_iter().filter_map(|found| found.place.address);
    let mut choices: Vec<Choice> = Vec::new();
    for address in named {
        let insert = quoted_if_needed(address.as_str());
        if choices.len() < CHOICES_MAX && choices.iter().all(|choice| choice.insert != insert) {
            choices.push(Choice {
                insert,
                label: address.to_string(),
                detail: Text::new("place", "地点"),
            });
        }
    }
    choices
}

/// Returns a value as it must be written to be one word.
fn quoted_if_needed(value: &str) -> String {
    let plain_word = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || is_cjk(c));
    if plain_word {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

struct Offer<'a> {
    around: &'a Around<'a>,
    verb: Verb,
    reader: Reader<'a>,
    /// False if what stands before is not understood, or is text already.
    open: bool,
}

impl<'a> Offer<'a> {
    fn new(
        around: &'a Around<'a>,
        names: Names<'a>,
        head: &[char],
        verb: Verb,
        before: Vec<Token>,
    ) -> Offer<'a> {
        let mut reader = Reader::begin(around, names, head.to_vec(), verb, before);
        let fine = reader.gather().is_ok();
        let open = fine && reader.given.text.is_none();
        Offer {
            around,
            verb,
            reader,
            open,
        }
    }

    fn all(&self, typed: &str) -> Vec<Choice> {
        if !self.open {
            return Vec::new();
        }
        let mut choices = Vec::new();
        // Whoever goes somewhere has much to choose from; a directive's number begins with a letter of its own.
        let meant = self.verb != Verb::Go || typed.starts_with(['d', 'D']);
        if self.verb.has(Field::Directive) && self.reader.given.directive.is_none() && meant {
            choices.extend(self.directives(typed));
        }
        if self.verb == Verb::Ask && self.reader.given.capability.is_none() {
            choices.extend(self.capabilities(typed));
        }
        // What a crew reports may begin with a call sign.
        let is_text = matches!(self.verb, Verb::Report | Verb::Return);
        let wants_units = self.verb.takes_units() && !self.units_are_complete() && !is_text;
        if wants_units {
            choices.extend(self.units(typed));
        }
        if self.reader.given.incidents.len() < self.verb.incidents_max() {
            // Half the room for each, or a long list of units would hide the incidents.
            if !choices.is_empty() {
                choices.truncate(CHOICES_MAX / 2);
            }
            choices.extend(self.incidents(typed));
        }
        if self.verb.has(Field::Station) && self.reader.given.station.is_none() {
            if !choices.is_empty() {
                choices.truncate(CHOICES_MAX / 2);
            }
            choices.extend(self.stations(typed));
        }
        if self.verb.has(Field::Priority) && self.reader.given.priority.is_none() {
            choices.extend(priorities(typed));
        }
        if self.verb.has(Field::Category)
            && self.reader.given.category.is_none()
            && self.reader.given.place.is_none()
        {
            choices.extend(self.categories(typed));
        }
        if self.verb == Verb::Go && self.reader.given.screen.is_none() {
            choices.extend(screens(typed));
        }
        if self.verb == Verb::Help && self.reader.given.help.is_none() {
            let typed: String = typed.chars().map(plain).collect();
            choices.extend(verbs(&typed));
        }
        if !typed.is_empty() {
            choices.extend(self.fields(typed));
        }
        choices.truncate(CHOICES_MAX);
        choices
    }

    fn units_are_complete(&self) -> bool {
        let given = self.reader.given.units.len();
        match self.verb {
            Verb::Swap => given >= 2,
            Verb::Reassign
            | Verb::Status
            | Verb::Go
            | Verb::Sign
            | Verb::Begin
            | Verb::Report
            | Verb::Verify
            | Verb::Return => given >= 1,
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Clear
            | Verb::CallOff
            | Verb::Resend
            | Verb::RaiseAlarm
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Grade
            | Verb::Relocate
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::TakeCall
            | Verb::Join
            | Verb::Available
            | Verb::OutOfService
            | Verb::OffDuty
            | Verb::Rest
            | Verb::MoveUp
            | Verb::Direct
            | Verb::Recall
            | Verb::Ask
            | Verb::Log
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => given >= limits::UNITS_PER_SEND_MAX,
        }
    }

    fn units(&self, typed: &str) -> Vec<Choice> {
        let start = reduced(typed);
        let given = &self.reader.given.units;
        let fits = |unit: &&Unit| {
            reduced(unit.callsign.as_str()).starts_with(&start)
                && !given.iter().any(|(given, _)| *given == unit.id)
                && self.makes_sense(unit)
        };
        let units = self.around.board.units.values().map(AsRef::as_ref);
        let mut units: Vec<&Unit> = units.filter(fits).collect();
        units.sort_by_key(|unit| (unit.callsign.as_str().chars().count(), &unit.callsign));
        let choice = |unit: &Unit| Choice {
            insert: self.unit_word(unit),
            label: unit.callsign.to_string(),
            detail: self.unit_detail(unit),
        };
        units.into_iter().take(CHOICES_MAX).map(choice).collect()
    }

    fn unit_word(&self, unit: &Unit) -> String {
        let callsign = unit.callsign.as_str();
        // A call sign that could be read as a number or as a word that joins is named as what it is.
        let mistakable = callsign.chars().all(|c| c.is_ascii_digit())
            || between(&callsign.to_lowercase()).is_some();
        let quoted = quoted_if_needed(callsign);
        if mistakable {
            return format!("unit:{quoted}");
        }
        quoted
    }

    fn makes_sense(&self, unit: &Unit) -> bool {
        let board = self.around.board;
        let (status, _) = board.unit_status(unit);
        let bound = board.live_assignment(unit.id).is_some();
        let resting = unit.is_resting(self.around.now);
        match self.verb {
            Verb::Send => status == UnitStatus::Available && !resting,
            Verb::Acknowledge | Verb::Resend => status == UnitStatus::Assigned,
            Verb::Depart => status == UnitStatus::Assigned,
            Verb::Arrive => matches!(status, UnitStatus::Assigned | UnitStatus::EnRoute),
            Verb::Clear | Verb::CallOff | Verb::Reassign => bound,
            Verb::Swap => {
                bound == self.reader.given.units.is_empty()
                    && (bound || status == UnitStatus::Available && !resting)
            }
            Verb::Available => !bound && (status != UnitStatus::Available || resting),
            Verb::OutOfService => !bound && status != UnitStatus::OutOfService,
            Verb::OffDuty => !bound && status != UnitStatus::OffDuty,
            Verb::Rest => !bound && status == UnitStatus::Available,
            Verb::MoveUp => {
                status == UnitStatus::Available
                    && !resting
                    && (self.reader.given.station.is_none()
                        || unit.waits_at() != self.reader.given.station)
            }
            Verb::Status | Verb::Go => true,
            Verb::Direct => status != UnitStatus::OffDuty,
            Verb::Sign | Verb::Begin | Verb::Report | Verb::Verify | Verb::Return => {
                orders::waits_for(&self.reader, unit.id)
            }
            Verb::RaiseAlarm
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Grade
            | Verb::Relocate
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::TakeCall
            | Verb::Join
            | Verb::Recall
            | Verb::Ask
            | Verb::Log
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => false,
        }
    }

    fn unit_detail(&self, unit: &Unit) -> Text {
        let (status, _) = self.around.board.unit_status(unit);
        let label = match status {
            UnitStatus::OffDuty => Text::new("off duty", "下班"),
            UnitStatus::Available if unit.is_resting(self.around.now) => {
                Text::new("resting", "休整中")
            }
            UnitStatus::Available => Text::new("available", "待命"),
            UnitStatus::Assigned => Text::new("assigned", "已派"),
            UnitStatus::EnRoute => Text::new("en route", "途中"),
            UnitStatus::OnScene => Text::new("on scene", "在场"),
            UnitStatus::OutOfService => Text::new("out of service", "停用"),
        };
        let kind = self.around.response.kinds.get(&unit.details.kind);
        let kind = kind
            .cloned()
            .unwrap_or_else(|| Text::new(unit.details.kind.as_str(), unit.details.kind.as_str()));
        Text::new(
            format!("{}, {}", kind.en, label.en),
            format!("{}，{}", kind.zh, label.zh),
        )
    }

    fn incidents(&self, typed: &str) -> Vec<Choice> {
        let digits: String = typed.chars().map(plain).filter(|c| *c != '#').collect();
        if !digits.chars().all(|c| c.is_ascii_digit()) {
            return Vec::new();
        }
        let fits = |incident: &&Incident| {
            let alive = match self.verb {
                Verb::Reopen => incident.ended_at().is_some(),
                Verb::Unmerge => incident.merged_into().is_some(),
                Verb::Send
                | Verb::Acknowledge
                | Verb::Depart
                | Verb::Arrive
                | Verb::Clear
                | Verb::CallOff
                | Verb::Resend
                | Verb::Swap
                | Verb::Reassign
                | Verb::RaiseAlarm
                | Verb::Note
                | Verb::Close
                | Verb::CancelIncident
                | Verb::Grade
                | Verb::Relocate
                | Verb::Merge
                | Verb::Link
                | Verb::Open
                | Verb::TakeCall
                | Verb::Join
                | Verb::Status
                | Verb::Go
                | Verb::Available
                | Verb::OutOfService
                | Verb::OffDuty
                | Verb::Rest
                | Verb::MoveUp
                | Verb::Direct
                | Verb::Sign
                | Verb::Begin
                | Verb::Report
                | Verb::Verify
                | Verb::Return
                | Verb::Recall
                | Verb::Ask
                | Verb::Log
                | Verb::ComeOn
                | Verb::Leave
                | Verb::Undo
                | Verb::Help => incident.is_open(),
            };
            let on_it = !self.needs_units_on_it() || self.has_units(incident);
            let already = self.verb == Verb::Reassign && self.has_units(incident);
            alive
                && on_it
                && !already
                && incident.number.to_string().starts_with(&digits)
                && !self.reader.given.incidents.contains(&incident.id)
        };
        let all = self.around.board.incidents.values().map(AsRef::as_ref);
        let mut all: Vec<&Incident> = all.filter(fits).collect();
        if matches!(self.verb, Verb::Reopen | Verb::Unmerge) {
            // Whoever takes one up again speaks of what ended just now.
            all.sort_by_key(|one| std::cmp::Reverse((one.changed_at, one.number)));
        } else {
            all.sort_by_key(|incident| urgency(incident));
        }
        let choice = |incident: &Incident| {
            let label = say::category(self.around, &incident.category);
            let at = say::place(&incident.place);
            let priority = u8::from(incident.priority);
            Choice {
                insert: format!("#{}", incident.number),
                label: incident.number.to_string(),
                detail: Text::new(
                    format!("P{priority} {}, {at}", label.en),
                    format!("{priority} 级 {}，{at}", label.zh),
                ),
            }
        };
        all.into_iter().take(CHOICES_MAX).map(choice).collect()
    }

    fn stations(&self, typed: &str) -> Vec<Choice> {
        let (board, start) = (self.around.board, reduced(typed));
        let given = &self.reader.given.units;
        let units = || given.iter().filter_map(|(unit, _)| board.units.get(unit));
        let fits = |station: &&Station| {
            let names = [station.code.as_str(), station.details.name.as_str()];
            let waits_there = |unit: &Arc<Unit>| unit.waits_at() == Some(station.id);
            names.iter().any(|name| reduced(name).starts_with(&start))
                && (given.is_empty() || !units().all(waits_there))
        };
        let all = board.stations.values().map(AsRef::as_ref);
        let mut all: Vec<&Station> = all.filter(fits).collect();
        all.sort_by_key(|station| (station.code.as_str().chars().count(), &station.code));
        let choice = |station: &Station| {
            let code = quoted_if_needed(station.code.as_str());
            let unit_too = self.reader.names.unit(station.code.as_str()) != Found::Nothing;
            let name = station.details.name.as_str();
            Choice {
                insert: if unit_too {
                    format!("station:{code}")
                } else {
                    code
                },
                label: station.code.to_string(),
                detail: Text::new(name, name),
            }
        };
        all.into_iter().take(CHOICES_MAX).map(choice).collect()
    }

    /// Directives whose number makes sense here, the newest first.
    fn directives(&self, typed: &str) -> Vec<Choice> {
        let typed: String = typed.chars().map(plain).collect();
        let digits = typed.strip_prefix('d').unwrap_or(&typed);
        if !digits.chars().all(|c| c.is_ascii_digit()) {
            return Vec::new();
        }
        let mut all = orders::offered(&self.reader);
        all.retain(|one| one.number.to_string().starts_with(digits));
        all.sort_by_key(|one| std::cmp::Reverse(one.number));
        let choice = |one: &Directive| {
            let word = format!("D{}", one.number);
            let subject = one.details.subject.as_str();
            Choice {
                insert: match self.reader.names.unit(&word) {
                    Found::Nothing => word.clone(),
                    Found::Exactly(_) | Found::Likely(_) | Found::Several(_) => {
                        format!("directive:{}", one.number)
                    }
                },
                label: word,
                detail: Text::new(subject, subject),
            }
        };
        all.into_iter().take(CHOICES_MAX).map(choice).collect()
    }

    fn capabilities(&self, typed: &str) -> Vec<Choice> {
        let start = reduced(typed);
        let all = orders::capabilities(self.around.board);
        let fits = |one: &&SupportCapability| {
            let mut names = orders::names_of(&one.details);
            names.any(|name| reduced(name).starts_with(&start))
        };
        let choice = |one: &SupportCapability| {
            let (code, name) = (one.details.code.as_str(), one.details.name.as_str());
            Choice {
                insert: quoted_if_needed(code),
                label: code.to_owned(),
                detail: Text::new(name, name),
            }
        };
        let mut all: Vec<&SupportCapability> = all.filter(fits).collect();
        all.sort_by_key(|one| &one.details.code);
        all.into_iter().take(CHOICES_MAX).map(choice).collect()
    }

    /// Returns true if an incident only makes sense here for the units that are on it.
    fn needs_units_on_it(&self) -> bool {
        matches!(
            self.verb,
            Verb::Acknowledge
                | Verb::Depart
                | Verb::Arrive
                | Verb::Clear
                | Verb::CallOff
                | Verb::Resend
        )
    }

    fn has_units(&self, incident: &Incident) -> bool {
        let given = &self.reader.given.units;
        let mut live = self
            .around
            .board
            .assignments_of(incident.id)
            .filter(|assignment| assignment.is_live());
        match given.as_slice() {
            [] => live.any(|assignment| {
                let unit = self.around.board.units.get(&assignment.unit);
                unit.is_some_and(|unit| self.makes_sense(unit))
            }),
            given => {
                let on: Vec<_> = live.map(|assignment| assignment.unit).collect();
                given.iter().all(|(unit, _)| on.contains(unit))
            }
        }
    }

    fn categories(&self, typed: &str) -> Vec<Choice> {
        let start = reduced(typed);
        let mut choices = Vec::new();
        for (code, label) in &self.around.response.categories {
            let names = [code.as_str(), &label.en, &label.zh];
            if names.iter().any(|name| reduced(name).starts_with(&start)) {
                choices.push(Choice {
                    insert: code.to_string(),
                    label: code.to_string(),
                    detail: label.clone(),
                });
            }
        }
        choices.truncate(CHOICES_MAX);
        choices
    }

    fn fields(&self, typed: &str) -> Vec<Choice> {
        let typed: String = typed.chars().map(plain).collect();
        let mut choices = Vec::new();
        for (field, en, zh) in FIELDS.iter().filter(|(field, ..)| self.verb.has(*field)) {
            let mut named = en.iter().chain(zh.iter());
            if let Some(name) = named.find(|name| name.starts_with(&typed)) {
                choices.push(Choice {
                    insert: format!("{name}:"),
                    label: format!("{name}:"),
                    detail: Text::new(field.name(), field.name_zh()),
                });
            }
        }
        choices
    }

    /// Returns the values of a named field that begin as typed.
    fn field(&self, field: Field, typed: &str) -> Vec<Choice> {
        if !self.open || !self.verb.has(field) {
            return Vec::new();
        }
        let values = match field {
            Field::Incident if self.reader.given.incidents.len() < self.verb.incidents_max() => {
                self.incidents(typed)
            }
            Field::Unit | Field::By => self.units(typed),
            Field::At => places(self.around, typed),
            Field::Station => self.stations(typed),
            Field::Category => self.categories(typed),
            Field::Priority => Priority::ALL
                .map(|priority| priority_choice(priority, ""))
                .into(),
            Field::Directive => self.directives(typed),
            Field::Capability => self.capabilities(typed),
            Field::Incident
            | Field::Item
            | Field::Count
            | Field::Call
            | Field::Area
            | Field::Level
            | Field::Minutes
            | Field::Reason
            | Field::Note => Vec::new(),
        };
        let name = field.name();
        let named = |choice: Choice| {
            let value = choice
                .insert
                .trim_start_matches("directive:")
                .trim_start_matches('#')
                .trim_start_matches("unit:")
                .trim_start_matches("station:");
            Choice {
                insert: format!("{name}:{value}"),
                ..choice
            }
        };
        values.into_iter().map(named).collect()
    }
}

fn priorities(typed: &str) -> Vec<Choice> {
    let typed: String = typed.chars().map(plain).collect();
    let all = Priority::ALL.map(|priority| priority_choice(priority, "p"));
    all.into_iter()
        .filter(|choice| choice.insert.starts_with(&typed))
        .collect()
}

fn priority_choice(priority: Priority, before: &str) -> Choice {
    let number = u8::from(priority);
    Choice {
        insert: format!("{before}{number}"),
        label: format!("{before}{number}"),
        detail: Text::new(format!("priority {number}"), format!("{number} 级")),
    }
}

fn screens(typed: &str) -> Vec<Choice> {
    let typed: String = typed.chars().map(plain).collect();
    let mut choices = Vec::new();
    for (screen, id, en, zh) in SCREENS {
        let mut names = [*id]
            .into_iter()
            .chain(en.iter().copied())
            .chain(zh.iter().copied());
        if let Some(name) = names.find(|name| name.starts_with(&typed)) {
            choices.push(Choice {
                insert: name.to_owned(),
                label: name.to_owned(),
                detail: screen.label(),
            });
        }
    }
    choices
}
