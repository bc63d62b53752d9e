//! The stage of the night: three nodes of three agencies on one clock, with their people, stations and units, made peers of
//! each other. Start at [`set`]; who they are is [`AGENCIES`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use watchfire_core::basis::{Line, PersonId, Place, Point, StationId, Text, Timestamp, UnitId};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::Action;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::station::{StationAction, StationDetails};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_roads::StraightLine;
use watchfire_store::{Store, Token};

use super::seat::{Told, refused};
use super::{City, Plan};
use crate::api::{App, router};
use crate::auth::{Limits, Secret};
use crate::clock::{Clock, SharedClock};
use crate::config;
use crate::cover::Cover;
use crate::desk::LiveDesk;
use crate::federation::{Federation, identity};
use crate::link::certificates::Certificates;
use crate::node::{self, Health, Node, Settings, Submission, random};
use crate::parcel::pages::Page;
use crate::parcel::peers::{introduce, reach_by};
use crate::parcel::stage::on_port;
use crate::parcel::{Relay, ScenarioError};
use crate::policy::Authorized;
use crate::replay::{self, Cast};
use crate::travel::Travel;

/// An agency of the night. Invented; only the lead's units are those of the record.
#[derive(Debug)]
pub struct About {
    /// What it is called: in Chinese, a space, in English.
    pub name: &'static str,
    /// Its own station's code and name.
    pub station: (&'static str, &'static str),
    /// Latitude and longitude.
    pub at: (f64, f64),
    /// Its own units, call sign and kind.
    pub units: &'static [(&'static str, &'static str)],
}

impl About {
    /// Returns its name in Chinese and in English.
    pub(super) fn names(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, self.name))
    }
}

/// The three: the lead answers the city's calls; the second and the third are called in, and the third gives support.
pub const AGENCIES: [About; 3] = [
    About {
        name: "公安局指挥中心（演示） Public Security centre (demo)",
        station: ("GA", "指挥中心（虚构） Command centre (invented)"),
        at: (37.7707, -122.3936),
        units: &[("GA-1", "chief")],
    },
    About {
        name: "消防救援（演示） Fire and Rescue (demo)",
        station: (
            "XF",
            "消防救援值班室（虚构） Fire and rescue desk (invented)",
        ),
        at: (37.7724, -122.3890),
        units: &[("XF-1", "engine"), ("XF-2", "truck")],
    },
    About {
        name: "应急管理（演示） Emergency Management (demo)",
        station: ("YJ", "应急物资库（虚构） Emergency store (invented)"),
        at: (37.7806, -122.4310),
        units: &[("YJ-1", "support")],
    },
];

/// The simulated people of every agency: login, name, seats.
const PEOPLE: [(&str, &str, &[Seat]); 5] = [
    (
        "evening",
        "晚班值班长（模拟） Evening duty officer (simulated)",
        &[Seat::DutyOfficer, Seat::Dispatcher, Seat::CallTaker],
    ),
    (
        "night",
        "夜班值班长（模拟） Night duty officer (simulated)",
        &[Seat::DutyOfficer, Seat::Dispatcher, Seat::CallTaker],
    ),
    (
        "desk",
        "夜班调度员（模拟） Night dispatcher (simulated)",
        &[Seat::Dispatcher, Seat::CallTaker],
    ),
    (
        "analyst",
        "研判员（模拟） Analyst (simulated)",
        &[Seat::Analyst],
    ),
    ("crew", "处警力量（模拟） Crew (simulated)", &[Seat::Crew]),
];

/// One of the three at work.
pub struct Agency {
    /// Who it is.
    pub about: &'static About,
    /// Its node.
    pub node: Node,
    /// Where its page is served.
    pub http: SocketAddr,
    /// Its people by login, the visitor included.
    pub people: BTreeMap<&'static str, PersonId>,
    /// Its own units, in the order in which they are told of.
    pub units: Vec<UnitId>,
    pub(super) router: Router,
    pub(super) tokens: BTreeMap<(&'static str, Seat), String>,
    peers: SocketAddr,
}

impl Agency {
    /// Returns its node's id in words.
    pub(super) fn id(&self) -> String {
        self.node.feed().node.to_string()
    }

    /// Returns where a page of its console is.
    pub(super) fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// Returns where it is, as a place in an action.
    pub(super) fn place(&self) -> serde_json::Value {
        let (lat, lon) = self.about.at;
        serde_json::json!({ "lat": lat, "lon": lon, "address": self.about.station.1 })
    }
}

/// The stage, set.
pub(super) struct Stage {
    pub(super) lead: Agency,
    pub(super) fire: Agency,
    pub(super) relief: Agency,
    /// The two ends of the line between the lead and the one that gives support.
    pub(super) relays: Vec<Relay>,
    pub(super) clock: Arc<SharedClock>,
    /// The programs that answer the calls of the record.
    pub(super) cast: Cast,
    pub(super) threads: Vec<JoinHandle<Health>>,
}

impl Stage {
    pub(super) fn all(&self) -> [&Agency; 3] {
        [&self.lead, &self.fire, &self.relief]
    }

    pub(super) fn nodes(&self) -> Vec<Node> {
        self.all().map(|one| one.node.clone()).to_vec()
    }

    pub(super) fn pages(&self, dir: &Path) -> Vec<Page> {
        let page = |(index, one): (usize, &Agency)| Page {
            node: one.node.clone(),
            listen: one.http,
            dir: dir.join(index.to_string()),
            visitor: one.people[VISITOR],
        };
        self.all().into_iter().enumerate().map(page).collect()
    }
}

/// Whom visitors on this machine are signed in as.
pub(super) const VISITOR: &str = "visitor";

/// Sets the stage: the clock stands at the beginning of the night until the first act.
pub(super) async fn set(plan: &Plan, city: &City, begins: Timestamp) -> Told<Stage> {
    let clock = SharedClock::begin(begins, 0);
    let mut all = Vec::new();
    let mut threads = Vec::new();
    for (index, about) in AGENCIES.iter().enumerate() {
        let (agency, thread) = enter(plan, city, index, about, &clock).await?;
        all.push(agency);
        threads.push(thread);
    }
    let mut relays = Vec::new();
    for (further, to) in [(20, all[2].peers), (21, all[0].peers)] {
        let from = on_port(plan.listen, further);
        let relay = Relay::begin(from, to).await;
        relays.push(relay.map_err(|source| ScenarioError::Io {
            what: format!("cannot listen on {from}"),
            source,
        })?);
    }
    for one in &all {
        for other in all.iter().filter(|other| other.http != one.http) {
            introduce(&one.node, &other.node).await?;
        }
    }
    reach_by(&all[0].node, &all[2].node.feed().node, relays[0].from).await?;
    reach_by(&all[2].node, &all[0].node.feed().node, relays[1].from).await?;
    let cast = cast_of(&all[0].node, city, begins).await?;
    let [lead, fire, relief] =
        <[Agency; 3]>::try_from(all).map_err(|_| refused("three agencies were to be entered"))?;
    Ok(Stage {
        lead,
        fire,
        relief,
        relays,
        clock,
        cast,
        threads,
    })
}

/// Enters the city's stations, units and simulated desk at the node that answers its calls.
async fn cast_of(node: &Node, city: &City, at: Timestamp) -> Told<Cast> {
    let mut desk = LiveDesk { node: node.clone() };
    let (stations, units) = (city.stations.clone(), city.units.clone());
    let setting =
        tokio::task::spawn_blocking(move || replay::set_stage(&mut desk, &stations, &units, at));
    let set = setting.await.map_err(|error| refused(error.to_string()))?;
    set.map_err(|halt| refused(halt.to_string()))?
        .map_err(refused)
}

/// Makes a node whose feeds live in the night, and whose certificates are of today: lines go by the machine's clock.
fn found(dir: &Path, about: &About, peers: SocketAddr, now: Timestamp) -> Told<Store> {
    node::create(dir, about.name, random(), now)?;
    let mut store = Store::open(dir)?;
    let today_s = u64::try_from(Clock::Real.now().0 / 1_000).unwrap_or_default();
    let today = crate::link::at(today_s);
    Certificates::load_or_create(dir, store.feed().node, today)
        .map_err(|error| refused(error.to_string()))?;
    identity::ensure(&mut store, dir, &[peers.to_string()], now)
        .map_err(|error| refused(error.to_string()))?;
    Ok(store)
}

async fn enter(
    plan: &Plan,
    city: &City,
    index: usize,
    about: &'static About,
    clock: &Arc<SharedClock>,
) -> Told<(Agency, JoinHandle<Health>)> {
    let further = u16::try_from(index).unwrap_or(0);
    let (http, peers) = (
        on_port(plan.listen, further),
        on_port(plan.listen, 10 + further),
    );
    let dir = plan.dir.join(index.to_string());
    let clock = Clock::Shared(Arc::clone(clock));
    let store = found(&dir, about, peers, clock.now())?;
    let cover = match index {
        0 => std::mem::take(&mut *city.cover.lock().unwrap_or_else(PoisonError::into_inner)),
        _ => Cover::default(),
    };
    let settings = settings(about.name, city, clock, cover);
    let response = Arc::clone(&city.response);
    let (node, thread) = Node::start(store, settings, response, Entropy::new(random()))?;
    let federation = config::Federation {
        listen: Some(peers),
        addresses: vec![peers.to_string()],
    };
    Federation::start(&node, &dir, &federation)?;
    let mut agency = Agency {
        about,
        http,
        peers,
        router: router(App {
            node: node.clone(),
            limits: Arc::new(Limits::default()),
            demo_visitor: None,
        }),
        node,
        people: BTreeMap::new(),
        units: Vec::new(),
        tokens: BTreeMap::new(),
    };
    agency.enter_units().await?;
    agency.enrol_people().await?;
    Ok((agency, thread))
}

fn settings(name: &str, city: &City, clock: Clock, cover: Cover) -> Settings {
    let travel = Travel::new(
        city.router.clone(),
        StraightLine::default(),
        city.time_percent,
    );
    Settings {
        name: name.to_owned(),
        zone: Some(city.zone.clone()),
        clock,
        travel: travel.with_areas(city.areas.clone()),
        timers: Default::default(),
        duplicates: Default::default(),
        targets: Default::default(),
        cover,
        keep_ended_s: 48 * 3_600,
        keep_trail_s: 24 * 3_600,
        keep_draft_s: 24 * 3_600,
        keep_made_s: 24 * 3_600,
        simulated: Some(Text::new(
            "Night: the calls are real, of 2016; agencies, people and crews are simulated",
            "一夜演示：警情为 2016 年真实历史记录，机构、人员与力量均为模拟",
        )),
        demo: true,
    }
}

impl Agency {
    /// Does something in the node's own name, as when it is set up.
    async fn set_up(&self, action: Action) -> Told<[u8; 16]> {
        let by_node = Authorized::by_the_node(action);
        let done = self.node.submit(Submission::fresh(by_node)).await?;
        Ok(done.records[0].0.id)
    }

    async fn enter_units(&mut self) -> Told<()> {
        let (lat, lon) = self.about.at;
        let point = Point::from_degrees(lat, lon).map_err(|error| refused(error.to_string()))?;
        let place = Place {
            point,
            address: Some(line(self.about.station.1)),
            area: None,
        };
        let station = Action::Station(StationAction::Enter {
            code: line(self.about.station.0),
            details: StationDetails {
                name: line(self.about.station.1),
                place,
                areas: BTreeSet::new(),
            },
        });
        let station = StationId(self.set_up(station).await?);
        for (callsign, kind) in self.about.units {
            let details = UnitDetails {
                kind: kind.parse().map_err(|_| refused("a kind is no code"))?,
                capabilities: BTreeSet::new(),
                station: Some(station),
                post: None,
                crew: Some(2),
                areas: BTreeSet::new(),
            };
            let callsign = line(callsign);
            let unit = self
                .set_up(Action::Unit(UnitAction::Enter { callsign, details }))
                .await?;
            let unit = UnitId(unit);
            self.set_up(Action::Unit(UnitAction::MakeAvailable { unit }))
                .await?;
            self.units.push(unit);
        }
        Ok(())
    }

    async fn enrol_people(&mut self) -> Told<()> {
        for (login, name, seats) in PEOPLE {
            let unit = self.units.first().filter(|_| login == "crew").copied();
            let person = self.enrol(login, name, seats, unit).await?;
            for seat in seats {
                let token = self.token(person, *seat).await?;
                self.tokens.insert((login, *seat), token);
            }
        }
        let all = [
            Seat::CallTaker,
            Seat::Dispatcher,
            Seat::DutyOfficer,
            Seat::Analyst,
            Seat::Overseer,
            Seat::Wall,
        ];
        self.enrol(VISITOR, "Visitor 访客", &all, None).await?;
        Ok(())
    }

    async fn enrol(
        &mut self,
        login: &'static str,
        name: &str,
        seats: &[Seat],
        unit: Option<UnitId>,
    ) -> Told<PersonId> {
        let details = PersonDetails {
            name: line(name),
            seats: seats.iter().copied().collect(),
            unit,
            program: false,
        };
        let enrol = PersonAction::Enrol {
            login: line(login),
            details,
        };
        let person = PersonId(self.set_up(Action::Person(enrol)).await?);
        self.people.insert(login, person);
        Ok(person)
    }

    /// Gives somebody a token for one seat; it is in nobody's hands but the scenario's.
    async fn token(&self, person: PersonId, seat: Seat) -> Told<String> {
        let secret = Secret::token();
        let row = Token {
            hash: secret.hash,
            person,
            label: "night scenario".to_owned(),
            seat,
            created_at: Clock::Real.now(),
        };
        let added = self
            .node
            .on_store(move |store| store.add_token(&row))
            .await?;
        added?;
        Ok(secret.text)
    }
}

fn line(text: &str) -> Line {
    text.parse().expect("the night's own words fit a line")
}
