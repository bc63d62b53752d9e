//! What is measured on: the demo city's roads and plans, and stores that are filled through the engine.
//!
//! Everything goes through the same engine and store as in a node, only 64 actions at a time and under a
//! clock of its own, so that a year is filled in a minute. Must not know what is measured; start at
//! [`City::read`] and [`Stage::create`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchfire::auth::Secret;
use watchfire::city;
use watchfire::clock::Clock;
use watchfire::node::{self, fresh_key, random, top_up_keys};
use watchfire_core::basis::{
    CallId, Code, IncidentId, PersonId, Personal, Place, Point, Priority, Timestamp, UnitId,
};
use watchfire_core::engine::{Engine, HappenedWhen, Request};
use watchfire_core::entropy::Entropy;
use watchfire_core::limits::BATCH_INPUTS_MAX;
use watchfire_core::log::{Batch, Log as _};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::call::{CallAction, CallDetails, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::station::{StationAction, StationDetails};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_core::record::{Action, Actor, RecordKind, RecordRef};
use watchfire_roads::{BuildOptions, Router};
use watchfire_store::{Store, Token};

use crate::measure::Dice;
use crate::{Outcome, Scale};

/// The demo city, whose files are part of this repository.
const CITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo-city");
/// The seed of all places.
const SEED: u64 = 20_261_124;
/// What a caller says: as long as such things are.
const SAID: &str =
    "Two people at a window on the third floor, smoke on the stairs, the back door is locked";

/// The demo city: its network, its plans, and places all over it.
pub(crate) struct City {
    /// The road network.
    pub(crate) router: Arc<Router>,
    /// Categories, kinds and plans.
    pub(crate) response: Arc<ResponseFile>,
    roads_file: PathBuf,
    ends: Vec<watchfire_roads::Point>,
    dice: Dice,
}

impl City {
    /// Reads the city; its network is built once and kept, as an operator would.
    pub(crate) fn read(scale: &Scale) -> Outcome<City> {
        let roads_file = scale.scratch.join(format!("{}.roads", City::name(scale)));
        let map = scale.map.clone();
        let map = map.unwrap_or_else(|| Path::new(CITY).join("roads.osm.pbf"));
        let bytes = city::read(&map)?;
        let (graph, _) = city::build_roads(&map, &bytes, &BuildOptions::default(), |_, _, _| {})?;
        city::write(&roads_file, &graph.to_bytes())?;
        let ends = graph.lines().flat_map(|line| line.points).collect();
        Ok(City {
            router: city::router(&roads_file)?,
            response: Arc::new(city::response(&Path::new(CITY).join("response.toml"))?),
            roads_file,
            ends,
            dice: Dice(SEED),
        })
    }

    /// Returns what its files are called.
    pub(crate) fn name(scale: &Scale) -> String {
        let stem = scale.map.as_ref().and_then(|map| map.file_stem());
        stem.map_or("city".to_owned(), |stem| {
            stem.to_string_lossy().into_owned()
        })
    }

    /// Returns a point within some twenty metres of a road.
    pub(crate) fn point(&mut self) -> Outcome<Point> {
        let end = self.ends[self.dice.below(self.ends.len())];
        let mut beside = |degrees: f64| degrees + (self.dice.below(401) as f64 - 200.0) * 1e-6;
        Ok(Point::from_degrees(beside(end.lat), beside(end.lon))?)
    }

    fn code<'a>(&mut self, codes: impl ExactSizeIterator<Item = &'a Code>) -> Outcome<Code> {
        let mut codes = codes;
        let at = self.dice.below(codes.len());
        Ok(codes.nth(at).cloned().ok_or("the city has no codes")?)
    }

    /// Returns a call from somewhere in the city, about something that there is a plan for.
    pub(crate) fn call(&mut self, address: &str) -> Outcome<CallAction> {
        let response = Arc::clone(&self.response);
        Ok(CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: Channel::Phone,
            source: None,
            details: CallDetails {
                place: Some(Place {
                    point: self.point()?,
                    address: Some(address.parse()?),
                    area: None,
                }),
                category: Some(self.code(response.categories.keys())?),
                priority: Some(Priority::P2),
                personal: Personal {
                    caller: Some("A. Caller".parse()?),
                    callback: Some("555 0100".parse()?),
                    said: Some(SAID.parse()?),
                    ..Personal::default()
                },
            },
        })
    }

    /// Returns the same as a request's body.
    pub(crate) fn call_json(&mut self, address: &str) -> Outcome<String> {
        let point = self.point()?;
        let response = Arc::clone(&self.response);
        let category = self.code(response.categories.keys())?;
        let body = serde_json::json!({
            "place": { "lat": point.lat(), "lon": point.lon(), "address": address },
            "category": category.as_str(), "priority": 2, "caller": "A. Caller", "callback": "555 0100",
            "said": SAID,
        });
        Ok(body.to_string())
    }
}

/// Returns the action that opens an incident from a call.
pub(crate) fn open(call: CallId) -> Action {
    Action::Incident(IncidentAction::Open {
        from_call: Some(call),
        category: None,
        priority: None,
        place: None,
    })
}

/// A store that is being filled.
pub(crate) struct Stage {
    engine: Engine,
    store: Store,
    batch: Batch,
    waiting: usize,
    asked: u64,
    /// The time that it is there.
    pub(crate) now: Timestamp,
}

impl Stage {
    /// Makes a new node in a directory, whatever was there before, with its feed opened at a time.
    pub(crate) fn create(dir: &Path, city: &City, at: Timestamp) -> Outcome<Stage> {
        if dir.exists() {
            std::fs::remove_dir_all(dir)?;
        }
        node::create(dir, "Bench", random(), at)?;
        let config = format!(
            "name = \"Bench\"\n[roads]\nfile = '{}'\n[response]\nfile = '{CITY}/response.toml'\n[log]\nlevel = \"warn\"\n",
            city.roads_file.display()
        );
        std::fs::write(dir.join(watchfire::config::FILE), config)?;
        let mut stage = Stage::open(dir, city)?;
        stage.now = at;
        Ok(stage)
    }

    /// Opens a node's directory again.
    pub(crate) fn open(dir: &Path, city: &City) -> Outcome<Stage> {
        let mut store = Store::open(dir)?;
        let now = Clock::Real.now();
        let entropy = Entropy::new(random());
        let (engine, _) = node::load(&mut store, now, Arc::clone(&city.response), entropy)?;
        Ok(Stage {
            engine,
            store,
            batch: Batch::default(),
            waiting: 0,
            asked: 0,
            now,
        })
    }

    /// Decides an action; with 63 others it becomes durable.
    pub(crate) fn ask(&mut self, action: Action) -> Outcome<Vec<RecordRef>> {
        self.ask_by(Actor::NODE, action)
    }

    /// Decides what somebody asks; with 63 others it becomes durable.
    pub(crate) fn ask_by(&mut self, by: Actor, action: Action) -> Outcome<Vec<RecordRef>> {
        let (batch, records) = self.decide_by(by, action)?;
        self.batch.extend(batch);
        self.waiting += 1;
        if self.waiting == BATCH_INPUTS_MAX {
            self.flush()?;
        }
        Ok(records)
    }

    /// Decides an action without appending what it comes to.
    pub(crate) fn decide(&mut self, action: Action) -> Outcome<(Batch, Vec<RecordRef>)> {
        self.decide_by(Actor::NODE, action)
    }

    fn decide_by(&mut self, by: Actor, action: Action) -> Outcome<(Batch, Vec<RecordRef>)> {
        top_up_keys(&mut self.engine, &mut self.store, fresh_key)?;
        self.asked += 1;
        let request = Request {
            ticket: 0,
            key: format!("stage {} {}", self.now.0, self.asked),
            fingerprint: [0; 32],
            by,
            if_version: None,
            happened: HappenedWhen::Now,
            action,
        };
        let step = self.engine.handle(request, self.now);
        let outcome = step.then.answer.map_err(|refusal| refusal.what().en)?;
        let records = outcome.records.into_iter().map(|(record, _)| record);
        Ok((step.append, records.collect()))
    }

    /// Makes a batch durable.
    pub(crate) fn append(&mut self, batch: &Batch) -> Outcome<()> {
        self.store.append(batch)?;
        self.engine.persisted();
        Ok(())
    }

    /// Makes everything durable.
    pub(crate) fn flush(&mut self) -> Outcome<()> {
        let batch = std::mem::take(&mut self.batch);
        self.waiting = 0;
        if batch.is_empty() {
            return Ok(());
        }
        self.append(&batch)
    }

    /// Lets ended records leave memory, as a node does all the time.
    pub(crate) fn let_go(&mut self, before: Timestamp) -> Outcome<()> {
        self.flush()?;
        self.engine.let_go(before);
        Ok(())
    }

    /// Returns how many entries there are.
    pub(crate) fn entries(&self) -> u64 {
        self.engine.head().seq
    }

    /// Takes a call and opens an incident from it.
    pub(crate) fn incident(&mut self, city: &mut City) -> Outcome<IncidentId> {
        let call = self.ask(Action::Call(city.call("12 Harbour Road")?))?[0].id;
        let made = self.ask(open(CallId(call)))?;
        let incident = made
            .iter()
            .find(|record| record.kind == RecordKind::Incident);
        Ok(IncidentId(incident.ok_or("no incident was opened")?.id))
    }

    /// Enters a station somewhere in the city.
    pub(crate) fn station(&mut self, city: &mut City, code: &str) -> Outcome<()> {
        let details = StationDetails {
            name: code.parse()?,
            place: Place {
                point: city.point()?,
                address: None,
                area: None,
            },
            areas: Default::default(),
        };
        let code = code.parse()?;
        self.ask(Action::Station(StationAction::Enter { code, details }))?;
        Ok(())
    }

    /// Takes a call and leaves it at that.
    pub(crate) fn call(&mut self, city: &mut City) -> Outcome<()> {
        self.ask(Action::Call(city.call("12 Harbour Road")?))?;
        Ok(())
    }

    /// Enters a unit somewhere in the city and brings it on duty.
    pub(crate) fn unit(&mut self, city: &mut City, callsign: &str) -> Outcome<UnitId> {
        let response = Arc::clone(&city.response);
        let details = UnitDetails {
            kind: city.code(response.kinds.keys())?,
            capabilities: response.capabilities.keys().cloned().collect(),
            station: None,
            post: Some(city.point()?),
            crew: Some(4),
            areas: Default::default(),
        };
        let callsign = callsign.parse()?;
        let unit = UnitId(self.ask(Action::Unit(UnitAction::Enter { callsign, details }))?[0].id);
        self.ask(Action::Unit(UnitAction::MakeAvailable { unit }))?;
        Ok(unit)
    }

    /// Returns a token with which somebody acts from the dispatcher's seat; enrols them if needed.
    pub(crate) fn token(&mut self, login: &str) -> Outcome<String> {
        self.token_for(login, Seat::Dispatcher)
    }

    /// Returns a token with which somebody acts from a seat; enrols them if needed.
    pub(crate) fn token_for(&mut self, login: &str, seat: Seat) -> Outcome<String> {
        let line = login.parse()?;
        let known = self
            .engine
            .board()
            .person_by_login(&line)
            .map(|person| person.id);
        let person = match known {
            Some(person) => person,
            None => {
                let details = PersonDetails {
                    name: line.clone(),
                    seats: [seat].into(),
                    unit: None,
                    program: true,
                };
                let enrol = PersonAction::Enrol {
                    login: line,
                    details,
                };
                PersonId(self.ask(Action::Person(enrol))?[0].id)
            }
        };
        self.flush()?;
        let secret = Secret::token();
        self.store.add_token(&Token {
            hash: secret.hash,
            person,
            label: login.to_owned(),
            seat,
            created_at: Clock::Real.now(),
        })?;
        Ok(secret.text)
    }

    /// Returns the store, with everything durable.
    pub(crate) fn into_store(mut self) -> Outcome<Store> {
        self.flush()?;
        Ok(self.store)
    }
}
