//! The verbs of the stories: each line's left side, read word by word and turned into one action.
//!
//! A line that cannot be read panics: it is a slip in the test, not in what is tested. Start at
//! [`Story::perform`].

use std::collections::BTreeSet;

use super::world::Asked;
use super::{Story, place, references};
use crate::basis::{
    Answer, Code, IncidentId, Line, PersonId, Personal, Place, Priority, Text, Timestamp,
    TravelBasis, TravelTime,
};
use crate::duplicate::{self, DuplicateRules, Report};
use crate::engine::HappenedWhen;
use crate::recommend::{self, Origin, Recommendation, StartsFrom};
use crate::record::assignment::Step;
use crate::record::call::{CallAction, CallDetails, Channel, Onward};
use crate::record::incident::{IncidentAction, Relation};
use crate::record::person::{PersonAction, PersonDetails, Seat};
use crate::record::station::{StationAction, StationDetails};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::record::{Action, Record};
use crate::refusal::Refusal;
use crate::undo::{self, Deed};

/// The words of a line, taken one after the other.
pub(super) struct Words {
    words: Vec<String>,
    at: usize,
}

impl Words {
    fn of(text: &str) -> Words {
        let mut words = Vec::new();
        for (at, part) in text.split('"').enumerate() {
            if at % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            for word in part.split_whitespace() {
                let bare = word.trim_end_matches([':', ',']);
                words.extend((!bare.is_empty()).then(|| bare.to_owned()));
                words.extend(word[bare.len()..].chars().map(String::from));
            }
        }
        Words { words, at: 0 }
    }

    pub(super) fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    pub(super) fn next(&mut self) -> String {
        let word = self.peek().to_owned();
        assert!(
            !word.is_empty(),
            "the line ends too early: {:?}",
            self.words
        );
        self.at += 1;
        word
    }

    pub(super) fn eat(&mut self, words: &str) -> bool {
        let wanted: Vec<&str> = words.split(' ').collect();
        let there = self.words[self.at..].iter().take(wanted.len());
        let found = there.map(String::as_str).eq(wanted.iter().copied());
        if found {
            self.at += wanted.len();
        }
        found
    }

    pub(super) fn must(&mut self, words: &str) {
        assert!(self.eat(words), "expected {words}: {:?}", self.words);
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self) -> N
    where
        N::Err: std::fmt::Debug,
    {
        self.next().parse().unwrap()
    }

    pub(super) fn list(&mut self) -> Vec<String> {
        let mut list = vec![self.next()];
        while self.eat(",") {
            list.push(self.next());
        }
        list
    }

    fn rest(&mut self) -> String {
        let rest = self.words[self.at..].join(" ");
        self.at = self.words.len();
        rest.replace(" ,", ",")
    }

    pub(super) fn after_colon(&mut self) -> Line {
        self.must(":");
        self.rest().parse().unwrap()
    }

    pub(super) fn seconds(&mut self) -> i64 {
        let count: i64 = self.number();
        count
            * match self.next().as_str() {
                "s" => 1,
                "min" => 60,
                "h" => 3_600,
                "d" => 86_400,
                other => panic!("no unit of time: {other}"),
            }
    }

    fn end(&self) {
        assert!(
            self.at == self.words.len(),
            "left over: {:?}",
            &self.words[self.at..]
        );
    }
}

fn code(word: &str) -> Code {
    word.parse().unwrap()
}

fn codes(words: Vec<String>) -> BTreeSet<Code> {
    words.iter().map(|word| code(word)).collect()
}

fn lines(words: Vec<String>) -> BTreeSet<Line> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

/// What a line may say of an incident or call after `:` and `at`.
#[derive(Default)]
struct Described {
    place: Option<Place>,
    category: Option<Code>,
    priority: Option<Priority>,
    personal: Personal,
    /// How long before it was answered it began to ring.
    rang_ms: Option<i64>,
    /// `Some(None)` opens an incident at once, `Some(Some(number))` joins that one.
    onward: Option<Option<u64>>,
}

fn described(words: &mut Words) -> Described {
    let mut found = Described::default();
    while !words.peek().is_empty() {
        match words.next().as_str() {
            ":" => {}
            "at" => found.place = Some(place(&words.next())),
            "from" => found.personal.callback = Some(words.next().parse().unwrap()),
            "named" => found.personal.caller = Some(words.next().parse().unwrap()),
            "saying" => found.personal.said = Some(words.next().parse().unwrap()),
            "answering" => {
                let word = words.next();
                let (question, answer) = word.split_once('=').unwrap();
                found.personal.answers.push(Answer {
                    question: code(question),
                    answer: code(answer),
                });
            }
            "ringing" => {
                found.rang_ms = Some(words.number());
                words.must("ms");
            }
            "opening" => found.onward = Some(None),
            "joining" => found.onward = Some(Some(words.number())),
            "p1" => found.priority = Some(Priority::P1),
            "p2" => found.priority = Some(Priority::P2),
            "p3" => found.priority = Some(Priority::P3),
            "p4" => found.priority = Some(Priority::P4),
            category => found.category = Some(code(category)),
        }
    }
    found
}

fn details(found: Described) -> CallDetails {
    CallDetails {
        place: found.place,
        category: found.category,
        priority: found.priority,
        personal: found.personal,
    }
}

impl Story {
    /// Does what a line says; returns the refusal, if it came to one.
    pub(super) fn perform(&mut self, line: &str) -> Result<Option<Refusal>, String> {
        let (asked, line) = self.asked(line);
        let mut words = Words::of(line);
        if self.outside(&mut words) {
            words.end();
            return Ok(None);
        }
        let actions = if words.eat("given") {
            self.given(line.trim_start_matches("given"));
            return Ok(None);
        } else if words.eat("undo") {
            let deed = self.deed.as_ref().expect("something was done");
            match deed.undo() {
                Ok(undo) => vec![Action::Undo(Box::new(undo))],
                Err(refusal) => return Ok(Some(refusal)),
            }
        } else {
            vec![self.action(&mut words)]
        };
        words.end();
        for action in actions {
            let before = undo::named(&action, self.world.engine.board());
            match self.world.ask(asked.clone(), action.clone()) {
                Ok(outcome) => {
                    let (records, now) = (outcome.records.clone(), self.world.now);
                    self.deed = Some(Deed::done(action, before, records, now, 1));
                    if outcome.repeated {
                        self.said.push("repeated".to_owned());
                    }
                    self.said
                        .push(format!("records {}", references(&outcome.records).len()));
                }
                Err(refusal) => return Ok(Some(refusal)),
            }
        }
        Ok(None)
    }

    fn asked<'a>(&self, line: &'a str) -> (Asked, &'a str) {
        let mut asked = Asked::default();
        let mut line = line;
        while let Some(bracket) = line.strip_prefix('[') {
            let (inside, after) = bracket.split_once(']').unwrap();
            let mut words = Words::of(inside);
            let now = self.world.now.0;
            if words.eat("key") {
                asked.key = Some(words.rest());
            } else if words.eat("version") {
                asked.if_version = Some(words.number());
            } else if words.eat("by") {
                asked.person = PersonId([words.number(); 16]);
            } else if words.eat("in") {
                asked.when = HappenedWhen::At(Timestamp(now + words.number::<i64>()));
                words.must("ms");
            } else if words.eat("imported") {
                asked.when = HappenedWhen::Imported(Timestamp(now - words.seconds() * 1_000));
                words.must("ago");
            } else {
                let mut ago = words.number::<i64>();
                ago *= if words.eat("ms") {
                    1
                } else {
                    words.must("s");
                    1_000
                };
                words.must("ago");
                asked.when = HappenedWhen::At(Timestamp(now - ago));
            }
            line = after.trim();
        }
        (asked, line)
    }

    /// Does what needs no action: time, restarts, looking.
    fn outside(&mut self, words: &mut Words) -> bool {
        if words.eat("after") {
            self.world.now.0 += words.seconds() * 1_000;
        } else if words.eat("the clock goes back") {
            self.world.now.0 -= words.seconds() * 1_000;
        } else if words.eat("restart") {
            self.world.check();
            self.world.restart();
        } else if words.eat("recount") {
            self.recount();
        } else if words.eat("look together") {
            self.fill_together();
        } else if words.eat("divert for") {
            let incident = self.incident(words);
            self.divert(incident);
        } else if words.eat("recommend again for") {
            let incident = self.incident(words);
            self.recommend_again(incident);
        } else if words.eat("otherwise") {
            self.otherwise(words);
        } else if words.eat("look") {
        } else if words.eat("recommend for") {
            let incident = self.incident(words);
            self.recommend(incident);
        } else if words.eat("hints for call") {
            let call = self.world.call(words.number());
            self.hint(call);
        } else if words.eat("way") {
            self.way(words);
        } else {
            return false;
        }
        true
    }

    fn given(&mut self, items: &str) {
        for item in items.split(';') {
            let mut words = Words::of(item);
            let stays_off = item.contains("off duty");
            words.eat("new");
            let action = self.entered(&mut words);
            let unit = matches!(action, Action::Unit(_));
            let outcome = self.world.ask(Asked::default(), action).unwrap();
            if unit && !stays_off {
                let id = crate::basis::UnitId(outcome.records[0].0.id);
                let action = Action::Unit(UnitAction::MakeAvailable { unit: id });
                self.world.ask(Asked::default(), action).unwrap();
            }
        }
    }

    fn entered(&mut self, words: &mut Words) -> Action {
        if words.eat("station") {
            return self.station_entered(words);
        }
        let kind = code(&words.next());
        let callsign = words.next().parse().unwrap();
        let details = self.unit_details(kind, words);
        Action::Unit(UnitAction::Enter { callsign, details })
    }

    fn station_entered(&mut self, words: &mut Words) -> Action {
        let code: Line = words.next().parse().unwrap();
        let details = station_details(&code, words);
        Action::Station(StationAction::Enter { code, details })
    }

    fn unit_details(&mut self, kind: Code, words: &mut Words) -> UnitDetails {
        let mut details = UnitDetails {
            kind,
            capabilities: BTreeSet::new(),
            station: None,
            post: None,
            crew: None,
            areas: BTreeSet::new(),
        };
        while !words.peek().is_empty() {
            if words.eat("at station") {
                let code = words.next().parse().unwrap();
                let station = self.world.engine.board().station_by_code(&code);
                let unknown = crate::basis::StationId([0x57; 16]);
                details.station = Some(station.map_or(unknown, |station| station.id));
            } else if words.eat("can") {
                details.capabilities = codes(words.list());
            } else if words.eat("for areas") {
                details.areas = lines(words.list());
            } else {
                words.must("off duty");
            }
        }
        details
    }

    pub(super) fn incident(&self, words: &mut Words) -> IncidentId {
        words.must("incident");
        self.world.incident(words.number())
    }

    fn action(&mut self, words: &mut Words) -> Action {
        let first = words.next();
        match first.as_str() {
            "call" => {
                if words.eat("off") {
                    let step = |reason| Step::Cancel { reason };
                    let callsign = words.next();
                    return self.advance(&callsign, step(words.after_colon()));
                }
                let source = words
                    .eat("reference")
                    .then(|| words.next().parse().unwrap());
                let found = described(words);
                let now = self.world.now.0;
                let ringing_at = found.rang_ms.map(|rang_ms| Timestamp(now - rang_ms));
                let onward = match found.onward {
                    None => Onward::Wait,
                    Some(None) => Onward::Open,
                    Some(Some(number)) => Onward::Join(self.world.incident(number)),
                };
                Action::Call(CallAction::Receive {
                    channel: Channel::Phone,
                    source,
                    ringing_at,
                    details: details(found),
                    onward,
                })
            }
            "amend" => self.amend(words),
            "join" | "detach" => {
                words.must("call");
                let call = self.world.call(words.number());
                if first == "detach" {
                    return Action::Call(CallAction::Detach { call });
                }
                words.must("to");
                let incident = self.incident(words);
                Action::Call(CallAction::Join { call, incident })
            }
            "close" if words.eat("call") => {
                let call = self.world.call(words.number());
                let reason = words.after_colon();
                Action::Call(CallAction::Close { call, reason })
            }
            "close" | "slow" if words.eat("road") => {
                Action::RoadCondition(self.road_action(&first, words))
            }
            "road" => Action::RoadCondition(self.road_action(&first, words)),
            "send" | "propose" => self.send(&first, words),
            "see" => self.see(words),
            "swap" => self.swap(words),
            "reassign" => self.reassign(words),
            "resend" => {
                let callsign = words.next();
                self.advance(&callsign, Step::Resend)
            }
            "enter" => self.entered(words),
            "enrol" | "disable" => self.person(&first, words),
            _ => match self.incident_action(&first, words) {
                Some(action) => Action::Incident(action),
                None => self.crew_or_unit(&first, words),
            },
        }
    }

    fn amend(&mut self, words: &mut Words) -> Action {
        if words.eat("call") {
            let call = self.world.call(words.number());
            let details = details(described(words));
            return Action::Call(CallAction::Amend { call, details });
        }
        if words.eat("station") {
            let code: Line = words.next().parse().unwrap();
            let unknown = crate::basis::StationId([0x57; 16]);
            let found = self.world.engine.board().station_by_code(&code);
            let station = found.map_or(unknown, |station| station.id);
            let details = station_details(&code, words);
            return Action::Station(StationAction::Amend { station, details });
        }
        if words.eat("person") {
            return self.person("amend", words);
        }
        let callsign = words.next();
        words.must("as");
        let kind = code(&words.next());
        let unit = self.world.unit(&callsign);
        let details = self.unit_details(kind, words);
        Action::Unit(UnitAction::Amend { unit, details })
    }

    fn incident_action(&mut self, first: &str, words: &mut Words) -> Option<IncidentAction> {
        if first == "open" {
            words.must("incident");
            let from_call = words
                .eat("for call")
                .then(|| self.world.call(words.number()));
            let Described {
                place,
                category,
                priority,
                ..
            } = described(words);
            return Some(IncidentAction::Open {
                from_call,
                category,
                priority,
                place,
            });
        }
        if first == "split" {
            return Some(self.split(words));
        }
        if !matches!(
            first,
            "grade"
                | "relocate"
                | "note"
                | "raise"
                | "close"
                | "cancel"
                | "reopen"
                | "merge"
                | "unmerge"
                | "link"
                | "unlink"
        ) {
            return None;
        }
        words.eat("on");
        let incident = self.incident(words);
        Some(match first {
            "grade" => {
                let Described {
                    category, priority, ..
                } = described(words);
                IncidentAction::Grade {
                    incident,
                    category,
                    priority,
                }
            }
            "relocate" => {
                words.must("to");
                IncidentAction::Relocate {
                    incident,
                    place: place(&words.next()),
                }
            }
            "note" => {
                words.must(":");
                IncidentAction::AddNote {
                    incident,
                    text: words.rest().parse().unwrap(),
                }
            }
            "raise" => {
                words.must("to alarm");
                IncidentAction::RaiseAlarm {
                    incident,
                    level: words.number(),
                }
            }
            "close" => IncidentAction::Close {
                incident,
                disposition: words.after_colon(),
            },
            "cancel" => IncidentAction::Cancel {
                incident,
                reason: words.after_colon(),
            },
            "reopen" => IncidentAction::Reopen {
                incident,
                reason: words.after_colon(),
            },
            "merge" => {
                words.must("into");
                IncidentAction::Merge {
                    incident,
                    into: self.incident(words),
                }
            }
            "unmerge" => IncidentAction::Unmerge { incident },
            "link" => {
                words.must("to");
                let other = self.incident(words);
                words.must("as");
                let relation = serde_json::from_value(words.next().into()).unwrap();
                let relation: Relation = relation;
                IncidentAction::Link {
                    incident,
                    other,
                    relation,
                }
            }
            _ => {
                words.must("from");
                IncidentAction::Unlink {
                    incident,
                    other: self.incident(words),
                }
            }
        })
    }

    fn split(&mut self, words: &mut Words) -> IncidentAction {
        let mut calls = Vec::new();
        if !words.eat("nothing") {
            if !words.eat("calls") {
                words.must("call");
            }
            for number in words.list() {
                calls.push(self.world.call(number.parse().unwrap()));
            }
        }
        words.must("off");
        let incident = self.incident(words);
        let Described {
            place,
            category,
            priority,
            ..
        } = described(words);
        IncidentAction::Split {
            incident,
            calls,
            category,
            priority,
            place,
        }
    }

    fn person(&mut self, verb: &str, words: &mut Words) -> Action {
        let login: Line = words.next().parse().unwrap();
        let found = self.world.engine.board().person_by_login(&login);
        let person = found.map_or(PersonId([0x99; 16]), |person| person.id);
        if verb == "disable" {
            return Action::Person(PersonAction::Disable { person });
        }
        words.must("as");
        let program = words.eat("program");
        let seats = match words.eat("nothing") {
            true => BTreeSet::new(),
            false => words
                .list()
                .iter()
                .map(|seat| Seat::parse(seat).unwrap())
                .collect(),
        };
        let unit = words.eat("of").then(|| self.world.unit(&words.next()));
        let details = PersonDetails {
            name: login.clone(),
            seats,
            unit,
            program,
        };
        Action::Person(match verb {
            "enrol" => PersonAction::Enrol { login, details },
            _ => PersonAction::Amend { person, details },
        })
    }

    fn crew_or_unit(&mut self, callsign: &str, words: &mut Words) -> Action {
        let unit = self.world.unit(callsign);
        let step = match words.next().as_str() {
            "acknowledges" => Step::Acknowledge,
            "departs" => Step::Depart,
            "arrives" => Step::Arrive,
            "clears" => {
                let ending = (words.peek() == ":").then(|| words.after_colon());
                Step::Clear { ending }
            }
            "declines" => Step::Decline {
                reason: words.after_colon(),
            },
            "available" => return Action::Unit(UnitAction::MakeAvailable { unit }),
            "out" => {
                words.must("of service");
                let reason = words.after_colon();
                return Action::Unit(UnitAction::TakeOutOfService { unit, reason });
            }
            "goes" => {
                words.must("off duty");
                return Action::Unit(UnitAction::GoOffDuty { unit });
            }
            "moves" => {
                words.must("up to station");
                let code: Line = words.next().parse().unwrap();
                let board = self.world.engine.board();
                let to = board.station_by_code(&code).unwrap().id;
                return Action::Unit(UnitAction::MoveUp { unit, to });
            }
            "understands" => {
                words.must("station");
                let code: Line = words.next().parse().unwrap();
                let board = self.world.engine.board();
                let to = board.station_by_code(&code).unwrap().id;
                return Action::Unit(UnitAction::UnderstandMove { unit, to });
            }
            "rests" => {
                let until = Timestamp(self.world.now.0 + words.seconds() * 1_000);
                return Action::Unit(UnitAction::Rest { unit, until });
            }
            "ends" => {
                words.must("its rest");
                return Action::Unit(UnitAction::EndRest { unit });
            }
            other => panic!("no verb: {other}"),
        };
        self.advance(callsign, step)
    }

    fn way(&mut self, words: &mut Words) {
        words.must("of");
        let unit = self.world.unit(&words.next());
        let to = self.way_to(words);
        words.must(":");
        if words.eat("unknown") {
            self.origins.remove(&unit);
            return;
        }
        let travel = (!words.eat("none")).then(|| TravelTime {
            seconds: words.seconds().try_into().unwrap(),
            basis: match words.eat("by straight line") {
                true => TravelBasis::StraightLine,
                false => TravelBasis::Road,
            },
        });
        let from = match words.eat("seen") {
            true => StartsFrom::Position {
                age_s: words.seconds().try_into().unwrap(),
            },
            false => StartsFrom::Post,
        };
        words.eat("ago");
        let later_s = match words.eat("later by") {
            true => words.seconds().try_into().unwrap(),
            false => 0,
        };
        let origin = Origin {
            travel,
            from,
            later_s,
        };
        let origins = match to {
            Some(incident) => self.origins_to.entry(incident).or_default(),
            None => &mut self.origins,
        };
        origins.insert(unit, origin);
    }

    fn recommend(&mut self, incident: IncidentId) {
        let board = self.world.engine.board();
        let found = &board.incidents[&incident];
        let response = &self.world.response;
        let origins = self.origins_to(incident);
        let said = recommend::recommend(board, response, found, &origins, None, self.world.now);
        let said = self.recommendation_in_words(&said);
        self.said = said;
    }

    fn recommendation_in_words(&self, recommendation: &Recommendation) -> Vec<String> {
        let board = self.world.engine.board();
        let name = |unit: &crate::basis::UnitId| board.units[unit].callsign.to_string();
        let list = |names: Vec<String>| match names.len() {
            0 => "nobody".to_owned(),
            _ => names.join(", "),
        };
        let chosen = recommendation
            .chosen()
            .map(|candidate| name(&candidate.unit));
        let mut said = vec![format!("send {}", list(chosen.collect()))];
        let all = recommendation.candidates.iter();
        said.push(format!(
            "candidates {}",
            list(all.map(|one| name(&one.unit)).collect())
        ));
        for candidate in &recommendation.candidates {
            let reasons: Vec<Text> = candidate.reasons.iter().map(|why| why.text()).collect();
            let en: Vec<&str> = reasons.iter().map(|text| text.en.as_str()).collect();
            let zh: Vec<&str> = reasons.iter().map(|text| text.zh.as_str()).collect();
            said.push(format!("{}: {}", name(&candidate.unit), en.join(", ")));
            said.push(format!("{}：{}", name(&candidate.unit), zh.join("，")));
        }
        for met in &recommendation.needs {
            let chosen = list(met.chosen.iter().map(&name).collect());
            let Text { en, .. } = &met.label;
            said.push(format!(
                "{} {en}: {} there, {chosen}",
                met.need.count, met.have
            ));
        }
        for lacking in &recommendation.shortfalls {
            let Text { en, zh } = lacking.text();
            said.push(format!("lacking {}: {en}", lacking.code()));
            said.push(format!("缺：{zh}"));
        }
        if recommendation.shortfalls.is_empty() {
            said.push("nothing lacking".to_owned());
        }
        for (unit, why) in &recommendation.passed_over {
            let Text { en, zh } = why.text();
            said.push(format!("without {}: {en}", name(unit)));
            said.push(format!("不派 {}：{zh}", name(unit)));
        }
        said
    }

    fn hint(&mut self, call: crate::basis::CallId) {
        let board = self.world.engine.board();
        let report = Report::of(&board.calls[&call]);
        let hints = duplicate::hints(board, &DuplicateRules::default(), &report);
        let mut said = Vec::new();
        for (at, hint) in hints.iter().enumerate() {
            let record = match (hint.incident, hint.call) {
                (Some(incident), _) => board.get(incident.into()),
                (None, call) => call.and_then(|call| board.get(call.into())),
            };
            let record: Record = record.unwrap();
            let kind = record.reference().kind.as_str();
            let Text { en, zh } = hint.reason.text();
            let far = hint
                .distance_m
                .map_or("unknown".to_owned(), |far_m| format!("{far_m} m"));
            let number = record.number().unwrap();
            let age_s = hint.age_s;
            said.push(format!(
                "{}. {kind} {number}: {en}, {far}, {age_s} s",
                at + 1
            ));
            said.push(format!("{}. {number}：{zh}", at + 1));
        }
        if said.is_empty() {
            said.push("no hint".to_owned());
        }
        said.push(format!("hints {}", hints.len()));
        self.said = said;
    }
}

fn station_details(code: &Line, words: &mut Words) -> StationDetails {
    words.must("at");
    let place = place(&words.next());
    let areas = match words.eat("for areas") {
        true => lines(words.list()),
        false => BTreeSet::new(),
    };
    let name = match words.eat("named") {
        true => words.next().parse().unwrap(),
        false => code.clone(),
    };
    StationDetails { name, place, areas }
}
