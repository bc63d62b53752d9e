//! One whole night of three agencies on three real nodes: handover at 20:00, the public calls of the record, an assessment,
//! a consultation and its directives, a planned action of sixty people, support while a line is cut, settlement at 08:00;
//! at the end the night checks itself.
//!
//! Nodes, stores, keys, lines and the cut are real, and the calls are those of the record. Agencies, people and crews are
//! simulated and every screen says so. Everything that the simulated people do goes over the node's own API, from a seat
//! that may do it. Start at [`run`]; the acts are in the files named after the hours of the night.

mod calls;
mod check;
mod colleagues;
mod consultation;
mod directives;
mod evening;
mod finding;
mod morning;
mod planned;
mod seat;
mod stage;
mod support;
mod teller;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use watchfire_core::basis::Timestamp;
use watchfire_core::plan::ResponseFile;
use watchfire_formats::{StationRow, UnitRow};
use watchfire_roads::{Area, Router};

use crate::cover::Cover;
use crate::parcel::{ScenarioError, pages};
use crate::past::Past;

pub use check::Check;
pub use stage::{AGENCIES, Agency};
pub use teller::{Pace, Said};

/// The city of the night, read and checked.
pub struct City {
    /// Its calls.
    pub past: Past,
    /// Its stations.
    pub stations: Vec<StationRow>,
    /// Its units.
    pub units: Vec<UnitRow>,
    /// Categories, kinds and response plans.
    pub response: Arc<ResponseFile>,
    /// Its roads; without them times are by straight line.
    pub router: Option<Arc<Router>>,
    /// Percent put on road times.
    pub time_percent: u32,
    /// Its districts.
    pub areas: Vec<Area>,
    /// Its time zone, an IANA name.
    pub zone: String,
    /// What calls are expected, for the node that has the units.
    pub cover: Mutex<Cover>,
}

/// How the night is played.
pub struct Plan {
    /// Where the nodes are kept; must be new or empty, so that the night begins at its beginning.
    pub dir: PathBuf,
    /// Where the first node's page is served; the others follow, port by port.
    pub listen: SocketAddr,
    /// How quickly the night passes.
    pub pace: Pace,
    /// True if it ends after the checks; otherwise the nodes stay up until Ctrl-C.
    pub once: bool,
}

/// The evening of the night that is played, local date.
const EVENING: (i16, i8, i8) = (2016, 12, 31);

/// Returns when the night begins, in the city's zone: a little before the watch changes hands.
pub fn begins(zone: &str) -> Result<Timestamp, ScenarioError> {
    teller::local(zone, EVENING, 19, 40)
}

/// Plays the night, then waits for Ctrl-C unless it is played once; returns what was checked at its end. `tell` is told
/// what happens, and `checked` what was found.
pub async fn run(
    plan: Plan,
    city: City,
    tell: impl Fn(&Said) + Send + Sync + 'static,
    checked: impl FnOnce(&[Check]),
) -> Result<Vec<Check>, ScenarioError> {
    crate::parcel::must_be_new(&plan.dir)?;
    let begins = begins(&city.zone)?;
    let mut set = stage::set(&plan, &city, begins).await?;
    let (cast, desk) = (set.cast.clone(), set.lead.node.clone());
    let (answering, all_answer) = tokio::sync::oneshot::channel();
    let nodes = set.nodes();
    let threads = std::mem::take(&mut set.threads);
    let serving = tokio::spawn(pages::serve(set.pages(&plan.dir), Vec::new(), answering));
    if all_answer.await.is_err() {
        // A page that cannot be served ends the night, and nothing is told.
        serving.await.map_err(ended)??;
        return Err(ScenarioError::Refused("a page ended early".to_owned()));
    }
    set.clock.run_at(plan.pace.act);
    let (calls, reached) = calls::play(desk, city.past, cast, begins)?;
    let teller = teller::Teller::new(set, plan.pace, city.zone, reached, Box::new(tell));
    let told = teller.whole_night().await;
    match &told {
        Err(error) => tracing::error!(%error, "the night stopped"),
        Ok(checks) => checked(checks),
    }
    if plan.once || told.is_err() {
        serving.abort();
    } else {
        // The nodes go on at the pace of the clock on the wall, so that a person can look round.
        teller.rest();
        teller.your_turn();
        tokio::select! {
            served = serving => served.map_err(ended)??,
            () = teller.answer_visitors() => {}
        }
    }
    pages::end(&nodes, threads).await;
    let _ = tokio::task::spawn_blocking(move || calls.join()).await;
    told
}

fn ended(error: tokio::task::JoinError) -> ScenarioError {
    ScenarioError::Refused(error.to_string())
}
