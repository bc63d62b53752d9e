//! The stage: five nodes with their people, stations and units, made peers of each other, and the lines between them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use watchfire_core::basis::{Line, PersonId, Place, Point, StationId, Text, UnitId};
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::Action;
use watchfire_core::record::person::{PersonAction, PersonDetails, Seat};
use watchfire_core::record::station::{StationAction, StationDetails};
use watchfire_core::record::unit::{UnitAction, UnitDetails};
use watchfire_feed::NodeId;
use watchfire_roads::StraightLine;
use watchfire_store::Store;

use super::pages::{self, Page};
use super::peers::{introduce, reach_by};
use super::{Plan, Relay, ScenarioError};
use crate::clock::Clock;
use crate::config;
use crate::cover::{Cover, CoverSettings};
use crate::federation::Federation;
use crate::node::{self, Founding, Health, Node, Settings, Submission, random};
use crate::policy::{self, Authorized, Session};
use crate::travel::Travel;

/// One of the five: its name, where it is, and its units (call sign and kind). Invented.
pub struct At {
    /// What it is called.
    pub name: &'static str,
    /// Its station's code and name.
    pub station: (&'static str, &'static str),
    /// Latitude and longitude.
    pub at: (f64, f64),
    /// Its units.
    pub units: &'static [(&'static str, &'static str)],
}

/// The five, in the order of their pages: county branch, city centre, provincial centre, airport police, and the branch
/// where the parcel was to arrive.
pub const PLACES: [At; 5] = [
    At {
        name: "县局 County branch",
        station: ("K1", "县局指挥室 County desk"),
        at: (30.08, 120.49),
        units: &[("K11", "car"), ("K12", "desk")],
    },
    At {
        name: "市中心 City centre",
        station: ("S1", "市情指中心 City centre"),
        at: (30.03, 120.58),
        units: &[("S21", "desk")],
    },
    At {
        name: "省中心 Provincial centre",
        station: ("P1", "省情指中心 Provincial centre"),
        at: (30.27, 120.15),
        units: &[("P31", "desk")],
    },
    At {
        name: "机场公安 Airport police",
        station: ("A1", "货站警务室 Cargo post"),
        at: (30.236, 120.432),
        units: &[("A41", "car"), ("A42", "dog")],
    },
    At {
        name: "收件地分局 Receiving branch",
        station: ("R1", "收件地指挥室 Receiving desk"),
        at: (31.23, 121.47),
        units: &[("R51", "car")],
    },
];

/// One of the five at work.
#[derive(Clone)]
pub struct Player {
    /// The node.
    pub node: Node,
    /// The simulated duty officer.
    pub officer: Session,
    /// The units, in the order of [`PLACES`].
    pub units: Vec<UnitId>,
    /// Where it is.
    pub place: Place,
    /// Whom visitors on this machine are signed in as.
    visitor: PersonId,
    http: SocketAddr,
    peers: SocketAddr,
}

impl Player {
    /// Lets the simulated duty officer do something.
    pub async fn does(
        &self,
        action: Action,
    ) -> Result<watchfire_core::engine::Outcome, ScenarioError> {
        let allowed = policy::authorize(&self.officer, action, &self.node.board());
        let allowed = allowed.map_err(|denied| {
            ScenarioError::Refused(format!(
                "the duty officer lacks {}",
                denied.permission.as_str()
            ))
        })?;
        Ok(self.node.submit(Submission::fresh(allowed)).await?)
    }

    /// Returns its node's id.
    pub fn id(&self) -> NodeId {
        self.node.feed().node
    }
}

/// The stage while the story is told.
pub(super) struct Stage {
    pub(super) players: Vec<Player>,
    /// The two ends of the line between city and airport.
    pub(super) relays: Vec<Relay>,
    threads: Vec<JoinHandle<Health>>,
    dir: std::path::PathBuf,
}

/// Which two have a line between them that will be cut: city and airport.
const CUT: (usize, usize) = (1, 3);

/// Sets the stage.
pub(super) async fn set(plan: &Plan) -> Result<Stage, ScenarioError> {
    let mut players = Vec::new();
    let mut threads = Vec::new();
    for (index, place) in PLACES.iter().enumerate() {
        let (player, thread) = enter(plan, index, place).await?;
        players.push(player);
        threads.push(thread);
    }
    let (one, other) = CUT;
    let mut relays = Vec::new();
    for (index, to) in [(0, players[other].peers), (1, players[one].peers)] {
        let from = on_port(plan.listen, 20 + index);
        let relay = Relay::begin(from, to).await;
        relays.push(relay.map_err(|source| ScenarioError::Io {
            what: format!("cannot listen on {from}"),
            source,
        })?);
    }
    for a in 0..players.len() {
        for b in 0..players.len() {
            if a != b {
                introduce(&players[a].node, &players[b].node).await?;
            }
        }
    }
    reach_by(&players[one].node, &players[other].id(), relays[0].from).await?;
    reach_by(&players[other].node, &players[one].id(), relays[1].from).await?;
    Ok(Stage {
        players,
        relays,
        threads,
        dir: plan.dir.clone(),
    })
}

pub(crate) fn on_port(listen: SocketAddr, further: u16) -> SocketAddr {
    let mut address = listen;
    address.set_port(listen.port().wrapping_add(further));
    address
}

async fn enter(
    plan: &Plan,
    index: usize,
    place: &At,
) -> Result<(Player, JoinHandle<Health>), ScenarioError> {
    let further = u16::try_from(index).unwrap_or(0);
    let (http, peers) = (
        on_port(plan.listen, further),
        on_port(plan.listen, 10 + further),
    );
    let dir = plan.dir.join(index.to_string());
    let founding = Founding {
        name: place.name,
        addresses: &[peers.to_string()],
        now: Clock::Real.now(),
        exercise: None,
    };
    node::found(&dir, &founding)?;
    let store = Store::open(&dir)?;
    let response = ResponseFile::parse(include_str!("../../../../examples/parcel/response.toml"));
    let response = response.map_err(|error| ScenarioError::Refused(error.to_string()))?;
    let entropy = Entropy::new(random());
    let settings = settings(place.name);
    let (node, thread) = Node::start(store, settings, Arc::new(response), entropy)?;
    let federation = config::Federation {
        listen: Some(peers),
        addresses: vec![peers.to_string()],
    };
    Federation::start(&node, &dir, &federation)?;
    let player = people(node, place, http, peers).await?;
    Ok((player, thread))
}

fn settings(name: &str) -> Settings {
    Settings {
        name: name.to_owned(),
        zone: Some("Asia/Shanghai".to_owned()),
        clock: Clock::Real,
        travel: Travel::new(None, StraightLine::default(), 100),
        timers: Default::default(),
        duplicates: Default::default(),
        targets: Default::default(),
        cover: Cover::new(CoverSettings::default(), Vec::new()),
        keep_ended_s: 24 * 3_600,
        keep_trail_s: 24 * 3_600,
        keep_draft_s: 24 * 3_600,
        keep_made_s: 24 * 3_600,
        simulated: Some(Text::new(
            "Scenario: people, crews and the case are simulated; five real nodes, real lines.",
            "情景演示：人员、力量与案情均为模拟；五个真实节点与真实链路。",
        )),
        demo: true,
    }
}

async fn people(
    node: Node,
    place: &At,
    http: SocketAddr,
    peers: SocketAddr,
) -> Result<Player, ScenarioError> {
    let set_up = async |action| -> Result<[u8; 16], ScenarioError> {
        let done = node
            .submit(Submission::fresh(Authorized::by_the_node(action)))
            .await?;
        Ok(done.records[0].0.id)
    };
    let line = |text: &str| {
        text.parse::<Line>()
            .expect("the scenario's own words fit a line")
    };
    let enrol = |login: &str, name: &str, seats: &[Seat]| {
        Action::Person(PersonAction::Enrol {
            login: line(login),
            details: PersonDetails {
                name: line(name),
                seats: seats.iter().copied().collect(),
                unit: None,
                program: false,
            },
        })
    };
    let desk = [Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer];
    let officer = set_up(enrol(
        "duty",
        "值班长（模拟） Duty officer (simulated)",
        &desk,
    ))
    .await?;
    let all: Vec<Seat> = desk
        .into_iter()
        .chain([Seat::Analyst, Seat::Overseer, Seat::Wall])
        .collect();
    let visitor = set_up(enrol("visitor", "Visitor 访客", &all)).await?;
    let point = Point::from_degrees(place.at.0, place.at.1);
    let point = point.map_err(|error| ScenarioError::Refused(error.to_string()))?;
    let here = Place {
        point,
        address: Some(line(place.station.1)),
        area: None,
    };
    let station = set_up(Action::Station(StationAction::Enter {
        code: line(place.station.0),
        details: StationDetails {
            name: line(place.station.1),
            place: here.clone(),
            areas: BTreeSet::new(),
        },
    }))
    .await?;
    let mut units = Vec::new();
    for (callsign, kind) in place.units {
        let details = UnitDetails {
            kind: kind.parse().expect("the scenario's own codes are codes"),
            capabilities: BTreeSet::new(),
            station: Some(StationId(station)),
            post: None,
            crew: Some(2),
            areas: BTreeSet::new(),
        };
        let callsign = line(callsign);
        let unit = UnitId(set_up(Action::Unit(UnitAction::Enter { callsign, details })).await?);
        set_up(Action::Unit(UnitAction::MakeAvailable { unit })).await?;
        units.push(unit);
    }
    Ok(Player {
        officer: Session {
            person: PersonId(officer),
            seats: desk.into_iter().collect(),
            unit: None,
        },
        visitor: PersonId(visitor),
        node: node.clone(),
        units,
        place: here,
        http,
        peers,
    })
}

impl Stage {
    /// Returns where each node's page is.
    pub(super) fn pages(&self) -> Vec<(String, SocketAddr)> {
        let pages = self.players.iter().zip(&PLACES);
        pages
            .map(|(player, place)| (place.name.to_owned(), player.http))
            .collect()
    }

    /// Serves all pages until Ctrl-C, says when each of them answers, and ends the nodes.
    pub(super) async fn serve(self, answering: oneshot::Sender<()>) -> Result<(), ScenarioError> {
        let players = self.players.iter().enumerate();
        let pages = players.map(|(index, player)| Page {
            node: player.node.clone(),
            listen: player.http,
            dir: self.dir.join(index.to_string()),
            visitor: player.visitor,
        });
        pages::serve(pages.collect(), self.threads, answering).await
    }
}
