//! Sets a node of an exercise up like a real one: what that node is set up with, none of its work, and no way in. The real
//! node may run meanwhile; it is only read. Start at [`set_up_like`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use watchfire_core::basis::{PersonId, StationId, UnitId};
use watchfire_core::record::duty_post::{DutyPost, DutyPostAction, Pattern};
use watchfire_core::record::person::{Person, PersonAction};
use watchfire_core::record::station::{Station, StationAction};
use watchfire_core::record::support_capability::{SupportCapability, SupportCapabilityAction};
use watchfire_core::record::unit::{Unit, UnitAction};
use watchfire_core::record::{Action, OfKind};
use watchfire_store::{Filter, Reader};

use super::{Result, fail, tend};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::desk::{Desk as _, DirectDesk};
use crate::policy::Authorized;

/// Rows that are read at a time.
const ROWS: usize = 500;
/// By how much the port of an exercise node differs, so that both can run on one machine.
const PORTS_APART: u16 = 100;

/// What was set up.
#[derive(Debug, Default)]
pub(super) struct SetUp {
    pub(super) stations: usize,
    pub(super) units: usize,
    pub(super) people: usize,
    pub(super) posts: usize,
    pub(super) capabilities: usize,
}

/// What a real node is set up with.
struct Real {
    stations: Vec<Station>,
    units: Vec<Unit>,
    people: Vec<Person>,
    posts: Vec<DutyPost>,
    capabilities: Vec<SupportCapability>,
}

/// Returns the configuration for a node of an exercise: that of the real one, with a name, addresses and a port of its own.
pub(super) fn config_like(like: &Path, name: &str, addresses: &[String]) -> Result<Config> {
    // Its files are named from where it lies, which an absolute path makes good from anywhere.
    let mut config = Config::read(&std::path::absolute(like)?)?;
    name.clone_into(&mut config.name);
    let port = config.http.listen.port();
    config
        .http
        .listen
        .set_port(port.checked_add(PORTS_APART).unwrap_or(port - PORTS_APART));
    config.federation = config::Federation {
        addresses: addresses.to_vec(),
        ..config::Federation::default()
    };
    Ok(config)
}

/// Enters into a new node what a real one is set up with.
pub(super) fn set_up_like(dir: &Path, like: &Path) -> Result<SetUp> {
    let real = read(like)?;
    let mut desk = tend::direct(dir)?;
    let mut set_up = SetUp::default();
    let mut stations: BTreeMap<StationId, StationId> = BTreeMap::new();
    for station in real.stations {
        let action = StationAction::Enter {
            code: station.code,
            details: station.details,
        };
        let made = enter(&mut desk, Action::Station(action))?;
        stations.insert(station.id, StationId(made));
        set_up.stations += 1;
    }
    let mut units: BTreeMap<UnitId, UnitId> = BTreeMap::new();
    for unit in real.units {
        let mut details = unit.details;
        details.station = details.station.and_then(|one| stations.get(&one).copied());
        let callsign = unit.callsign;
        let made = enter(
            &mut desk,
            Action::Unit(UnitAction::Enter { callsign, details }),
        )?;
        units.insert(unit.id, UnitId(made));
        set_up.units += 1;
    }
    let mut people: BTreeMap<PersonId, PersonId> = BTreeMap::new();
    for person in real.people {
        let mut details = person.details;
        details.unit = details.unit.and_then(|one| units.get(&one).copied());
        let login = person.login;
        let made = enter(
            &mut desk,
            Action::Person(PersonAction::Enrol { login, details }),
        )?;
        people.insert(person.id, PersonId(made));
        set_up.people += 1;
    }
    for post in real.posts {
        let mut details = post.details;
        details.station = details.station.and_then(|one| stations.get(&one).copied());
        details.pattern = details.pattern.map(|pattern| with_people(pattern, &people));
        enter(
            &mut desk,
            Action::DutyPost(DutyPostAction::Enter { details }),
        )?;
        set_up.posts += 1;
    }
    for capability in real.capabilities {
        let details = capability.details;
        let action = SupportCapabilityAction::Enter { details };
        enter(&mut desk, Action::SupportCapability(action))?;
        set_up.capabilities += 1;
    }
    desk.into_store()?;
    Ok(set_up)
}

fn with_people(pattern: Pattern, people: &BTreeMap<PersonId, PersonId>) -> Pattern {
    let known = |team: BTreeSet<PersonId>| -> BTreeSet<PersonId> {
        team.iter()
            .filter_map(|one| people.get(one).copied())
            .collect()
    };
    Pattern {
        teams: pattern.teams.into_iter().map(known).collect(),
        ..pattern
    }
}

fn enter(desk: &mut DirectDesk, action: Action) -> Result<[u8; 16]> {
    let key = format!("set up {}", crate::auth::Secret::token().text);
    let done = desk.act(Clock::Real.now(), Authorized::by_the_node(action), key)?;
    match done {
        Ok(outcome) => match outcome.records.first() {
            Some((record, _)) => Ok(record.id),
            None => fail("nothing was entered"),
        },
        Err(refusal) => fail(refusal.what().en),
    }
}

fn read(like: &Path) -> Result<Real> {
    let reader = Reader::open(like)?;
    if let Some(name) = reader.exercise()? {
        return fail(format!(
            "{} is itself a node of the exercise \"{name}\"; name the directory of the real node",
            like.display()
        ));
    }
    let in_use = |person: &Person| !person.disabled && !person.details.program;
    Ok(Real {
        stations: all(&reader, |_| true)?,
        units: all(&reader, |_| true)?,
        people: all(&reader, in_use)?,
        posts: all(&reader, |post: &DutyPost| post.ended_at.is_none())?,
        capabilities: all(&reader, |one: &SupportCapability| one.retired.is_none())?,
    })
}

/// Returns all records of a kind that are wanted, those that were entered first before others.
fn all<K: OfKind + Clone>(reader: &Reader, wanted: impl Fn(&K) -> bool) -> Result<Vec<K>> {
    let any = Filter {
        open: None,
        parent: None,
    };
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = reader.records(K::KIND, any, cursor, ROWS)?;
        for row in &page.rows {
            let record = reader.plain(row)?;
            found.extend(
                K::of(&record)
                    .filter(|one| wanted(one))
                    .map(|one| K::clone(one)),
            );
        }
        cursor = page.next;
        if cursor.is_none() {
            found.reverse();
            return Ok(found);
        }
    }
}
