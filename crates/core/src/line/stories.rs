//! What lines mean, as a table of what is typed and the line that says the same in full.
//!
//! `text => line` is sure; `text =?> line` is asked about first; `text =!> trouble` is not understood. A
//! line `selected ...` changes what is selected for those below it, `crew of E14` who asks. Start at [`check`].

mod book;
mod meanings;
mod offers;
mod property;
mod slips;
mod told;

use std::sync::LazyLock;

use super::{Around, Asker, FoundPlace, Misunderstanding, Selected, Understood, understand};
use crate::basis::{
    CallId, IncidentId, Line, PersonId, Place, Point, Priority, StationId, Timestamp, UnitId,
};
use crate::board::Board;
use crate::plan::ResponseFile;
use crate::record::Action;
use crate::record::assignment::{AssignmentAction, Choice, Step, Why};
use crate::record::call::{CallAction, CallDetails, Channel, Onward};
use crate::record::incident::IncidentAction;
use crate::record::person::Seat;
use crate::record::station::{StationAction, StationDetails};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::story::world::{Asked, World};

const RESPONSE: &str = r#"
[categories.medical]
en = "Medical"
zh = "医疗急救"
[categories.structure_fire]
en = "Structure fire"
zh = "建筑火灾"
[categories.outside_fire]
en = "Outside fire"
zh = "室外火灾"
[categories.gas_leak]
en = "Gas leak"
zh = "燃气泄漏"
[categories.flood]
en = "Flood"
zh = "水灾"
[categories.flooded_road]
en = "Flooded road"
zh = "道路积水"
[kinds.engine]
en = "Engine"
zh = "水罐车"
"#;

/// A night: 231 (E12 sent, T3 on its way), 232 (E9 there), 131, 240 and 241 without units, 229 closed, 228 merged
/// into 231; call 1 whole, call 2 without place; E14, M7, 城关1号, 云梯 2, Rescue 1 and 77 free, E7 off duty, E8 out of service, E5 resting.
/// Directives, shift and support are in `told`, which also makes them.
/// Stations N1 North Fire Station, N2 North Dock, 城北 城北消防站, 和平 和平路站, and M7 Mill, which is called as a unit is.
pub(super) struct Night {
    world: World,
    asker: Asker,
}

pub(super) static NIGHT: LazyLock<Night> = LazyLock::new(Night::new);

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

impl Night {
    fn new() -> Night {
        let mut night = Night {
            world: World::new(3, ResponseFile::parse(RESPONSE).unwrap()),
            asker: Asker {
                person: Asked::default().person,
                unit: None,
                seats: [Seat::DutyOfficer, Seat::Dispatcher].into(),
            },
        };
        for callsign in [
            "E12",
            "E14",
            "T3",
            "E9",
            "M7",
            "城关1号",
            "云梯 2",
            "Rescue 1",
            "77",
            "E8",
            "E5",
            "E7",
        ] {
            let unit = night.unit_enters(callsign);
            if callsign != "E7" {
                night.does(Action::Unit(UnitAction::MakeAvailable { unit }));
            }
        }
        let reason = line("flat tyre");
        let unit = night.unit("E8");
        night.does(Action::Unit(UnitAction::TakeOutOfService { unit, reason }));
        let (unit, until) = (night.unit("E5"), night.world.now.plus_s(3_600));
        night.does(Action::Unit(UnitAction::Rest { unit, until }));
        let open = [
            (131, "medical", 4, "Old Mill"),
            (228, "outside_fire", 3, "5th"),
            (229, "gas_leak", 2, "Dock 4"),
            (231, "structure_fire", 1, "5th & Main"),
            (232, "medical", 2, "12 Harbour Rd"),
            (240, "outside_fire", 3, "Park"),
            (241, "medical", 1, "解放路 9 号"),
        ];
        let mut open = open.into_iter().peekable();
        for number in 1..=241 {
            match open.next_if(|(next, ..)| *next == number) {
                Some((_, category, priority, address)) => night.opens(category, priority, address),
                None => {
                    night.opens("flood", 4, "nowhere");
                    let (incident, reason) = (night.incident(number), line("test"));
                    night.does(Action::Incident(IncidentAction::Cancel {
                        incident,
                        reason,
                    }));
                }
            }
        }
        night.sends(231, &["E12", "T3"]);
        night.steps("T3", Step::Depart);
        night.sends(232, &["E9"]);
        night.steps("E9", Step::Arrive);
        let (incident, into) = (night.incident(228), night.incident(231));
        night.does(Action::Incident(IncidentAction::Merge { incident, into }));
        let (incident, disposition) = (night.incident(229), line("done"));
        night.does(Action::Incident(IncidentAction::Close {
            incident,
            disposition,
        }));
        let details = CallDetails {
            place: Some(place("Pier 3")),
            category: "gas_leak".parse().ok(),
            priority: Some(Priority::P2),
            ..CallDetails::default()
        };
        night.calls(details);
        night.calls(CallDetails::default());
        for (code, name) in [
            ("N1", "North Fire Station"),
            ("N2", "North Dock"),
            ("城北", "城北消防站"),
            ("和平", "和平路站"),
            ("M7", "Mill"),
        ] {
            night.station_enters(code, name);
        }
        told::begin(&mut night);
        night
    }

    fn does(&mut self, action: Action) {
        self.world.ask(Asked::default(), action).unwrap();
    }

    fn unit_enters(&mut self, callsign: &str) -> UnitId {
        let details = UnitDetails {
            kind: "engine".parse().unwrap(),
            capabilities: [].into(),
            station: None,
            post: None,
            crew: None,
            areas: [].into(),
        };
        let callsign = line(callsign);
        self.does(Action::Unit(UnitAction::Enter {
            callsign: callsign.clone(),
            details,
        }));
        self.unit(callsign.as_str())
    }

    fn station_enters(&mut self, code: &str, name: &str) {
        let details = StationDetails {
            name: line(name),
            place: place(name),
            areas: [].into(),
        };
        self.does(Action::Station(StationAction::Enter {
            code: line(code),
            details,
        }));
    }

    pub(super) fn station(&self, code: &str) -> StationId {
        self.board().station_by_code(&line(code)).unwrap().id
    }

    fn opens(&mut self, category: &str, priority: u8, address: &str) {
        self.world.now = self.world.now.plus_s(1);
        self.does(Action::Incident(IncidentAction::Open {
            from_call: None,
            category: category.parse().ok(),
            priority: Priority::try_from(priority).ok(),
            place: Some(place(address)),
        }));
    }

    fn sends(&mut self, number: u64, units: &[&str]) {
        let choice = |callsign: &&str| Choice {
            unit: self.unit(callsign),
            why: Why::default(),
        };
        let choices = units.iter().map(choice).collect();
        let incident = self.incident(number);
        self.does(Action::Assignment(AssignmentAction::Send {
            incident,
            choices,
        }));
    }

    fn steps(&mut self, callsign: &str, step: Step) {
        let live = self.board().live_assignment(self.unit(callsign)).unwrap();
        let assignment = live.id;
        self.does(Action::Assignment(AssignmentAction::Advance {
            assignment,
            step,
        }));
    }

    fn calls(&mut self, details: CallDetails) {
        self.does(Action::Call(CallAction::Receive {
            channel: Channel::Phone,
            source: None,
            ringing_at: None,
            details,
            onward: Onward::Wait,
        }));
    }

    pub(super) fn board(&self) -> &Board {
        self.world.engine.board()
    }

    pub(super) fn unit(&self, callsign: &str) -> UnitId {
        self.world.unit(callsign)
    }

    pub(super) fn incident(&self, number: u64) -> IncidentId {
        self.world.incident(number)
    }

    pub(super) fn call(&self, number: u64) -> CallId {
        self.world.call(number)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.now
    }

    /// Looks at something around the line, with this selected.
    pub(super) fn around<T>(&self, selected: Selected, look: impl FnOnce(&Around<'_>) -> T) -> T {
        self.around_of(&self.asker, selected, look)
    }

    /// Looks at something around the line of somebody else.
    pub(super) fn around_of<T>(
        &self,
        asker: &Asker,
        selected: Selected,
        look: impl FnOnce(&Around<'_>) -> T,
    ) -> T {
        let recommended = |incident: IncidentId| {
            if incident == self.incident(240) {
                vec![self.unit("E14"), self.unit("M7")]
            } else {
                Vec::new()
            }
        };
        look(&Around {
            board: self.board(),
            response: &self.world.response,
            selected,
            asker,
            now: self.now(),
            close_by: self.now().plus_s(8 * 3_600),
            places: &places,
            recommended: &recommended,
        })
    }

    pub(super) fn selected(&self, words: &str) -> Selected {
        let mut selected = Selected::default();
        for pair in words
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            match pair.split_once(' ') {
                Some(("incident", number)) => {
                    selected.incident = Some(self.incident(number.parse().unwrap()))
                }
                Some(("unit", callsign)) => selected.unit = Some(self.unit(callsign)),
                Some(("call", number)) => selected.call = Some(self.call(number.parse().unwrap())),
                _ => panic!("nobody can select {pair}"),
            }
        }
        selected
    }

    pub(super) fn understand(
        &self,
        selected: Selected,
        text: &str,
    ) -> Result<Understood, Box<Misunderstanding>> {
        self.around(selected, |around| understand(text, around))
    }
}

pub(super) fn place(address: &str) -> Place {
    Place {
        point: Point::from_degrees(30.0, 120.5).unwrap(),
        address: Some(line(address)),
        area: None,
    }
}

/// A gazetteer of three places, one of which is only likely.
fn places(text: &str) -> Vec<FoundPlace> {
    let found = |address: &str, exact: bool| FoundPlace {
        place: place(address),
        exact,
    };
    match text.trim().to_lowercase().as_str() {
        "5th & main" | "5th/main" => vec![found("5th & Main", true)],
        "解放路人民路" => vec![found("解放路 / 人民路", true)],
        start if start.starts_with("main") => {
            vec![found("Main Street", false), found("Main Road", false)]
        }
        _ => Vec::new(),
    }
}

/// Checks a table.
#[track_caller]
pub(super) fn check(table: &str) {
    let night = &*NIGHT;
    let mut selected = Selected::default();
    let mut asker = night.asker.clone();
    let mut wrong = Vec::new();
    for told in table.lines().map(str::trim).filter(|told| !told.is_empty()) {
        if let Some(words) = told.strip_prefix("selected") {
            selected = night.selected(words);
            continue;
        }
        if let Some(callsign) = told.strip_prefix("crew of ") {
            asker = Asker {
                person: PersonId([9; 16]),
                unit: Some(night.unit(callsign)),
                seats: [Seat::Crew].into(),
            };
            continue;
        }
        let split = |(sign, kind): (&str, &'static str)| {
            told.split_once(sign).map(|(text, then)| (text, kind, then))
        };
        let signs = [(" => ", ""), (" =?> ", "?"), (" =!> ", "!")];
        let found = signs.into_iter().find_map(split);
        let (text, kind, expected) = found.unwrap_or_else(|| panic!("no meaning in: {told}"));
        let read = night.around_of(&asker, selected, |around| {
            let read = understand(text.trim(), around);
            read.map(|read| (read.meaning.print(around), read))
        });
        let found = match read {
            Ok((printed, understood)) => {
                let kind = if understood.is_sure() { "" } else { "?" };
                (kind, printed, format!("{:?}", understood.unsure))
            }
            Err(not) => (
                "!",
                format!("{:?}: {}", not.trouble, not.what.en),
                format!("{not:?}"),
            ),
        };
        if (found.0, found.1.as_str()) != (kind, expected.trim()) {
            wrong.push(format!(
                "{text}  ={}> {}\n    not: {kind}> {expected}\n    {}",
                found.0, found.1, found.2
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
