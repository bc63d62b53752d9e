//! What is sent of patrol plans, and how it is read: every number, name and time at the door.
//!
//! Start at [`PatrolBody`].

use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Point, StationId};
use watchfire_core::record::patrol::{Leg, PatrolDetails, PatrolPoint, Round, Wanted, Window};

use super::super::view::BasisView;
use super::super::{read, read_id, read_maybe, read_time, unreadable};
use super::shown::{StretchEnd, WantedView, WindowView};
use crate::problem::Problem;

/// A patrol plan as it is written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "theme": "Night round, old town", "from": "2026-11-26T20:00:00Z", "until": "2026-11-27T02:00:00Z",
    "units": ["0123456789abcdef0123456789abcdef"],
    "points": [{ "no": 1, "label": "Market square", "lat": 37.76, "lon": -122.45, "stay_min": 10,
        "wanted": { "is": "times", "count": 2 }, "volunteers": true }],
}))]
pub(crate) struct PatrolBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    theme: String,
    /// The same in the agency's other language.
    #[schema(min_length = 1, max_length = 200)]
    theme_other: Option<String>,
    /// When its shift begins.
    #[schema(format = DateTime)]
    from: String,
    /// When its shift ends.
    #[schema(format = DateTime)]
    until: String,
    /// The station where all begin; each at its own place when left out.
    start: Option<String>,
    /// The station where all end; where they began when left out.
    end: Option<String>,
    /// Who goes.
    #[schema(min_items = 1, max_items = 30)]
    units: Vec<String>,
    /// Where they go.
    #[schema(min_items = 1, max_items = 100)]
    points: Vec<PointBody>,
    /// When it was written down, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A point of a patrol plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointBody {
    /// Its number on the map.
    no: u16,
    /// What people call it.
    #[schema(min_length = 1, max_length = 60)]
    label: String,
    /// Latitude in degrees (WGS 84).
    #[schema(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees (WGS 84).
    #[schema(minimum = -180, maximum = 180)]
    lon: f64,
    /// Where a stretch ends; left out for a point.
    to: Option<StretchEnd>,
    /// How long a visit lasts, in minutes.
    #[schema(maximum = 240)]
    stay_min: u16,
    /// How often somebody should come.
    wanted: WantedView,
    /// When somebody may come; all through the shift when empty.
    #[serde(default)]
    #[schema(max_items = 4)]
    windows: Vec<WindowView>,
    /// Whether volunteers may go there.
    #[serde(default)]
    volunteers: bool,
}

/// Rounds that are accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoundsBody {
    /// The rounds, as they were proposed.
    #[schema(max_items = 30)]
    pub(super) rounds: Vec<RoundBody>,
    /// When they were accepted, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A round that is accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoundBody {
    /// The unit.
    unit: String,
    /// Its visits, in their order.
    #[schema(max_items = 400)]
    legs: Vec<LegBody>,
    /// When it is to be back.
    #[schema(format = DateTime)]
    back_at: String,
    /// What the times rest on.
    basis: BasisView,
}

/// A visit of a round that is accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegBody {
    /// The point, by its number.
    point: u16,
    /// Which of the visits promised there, from 1.
    visit: u16,
    /// When it is to begin.
    #[schema(format = DateTime)]
    at: String,
}

/// Which visit somebody reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitBody {
    /// The unit.
    pub(super) unit: String,
    /// The point, by its number.
    pub(super) point: u16,
    /// Which of the visits promised there, from 1.
    pub(super) visit: u16,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Which visit nobody makes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkipBody {
    /// The unit.
    pub(super) unit: String,
    /// The point, by its number.
    pub(super) point: u16,
    /// Which of the visits promised there, from 1.
    pub(super) visit: u16,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reason: String,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// How a patrol plan ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatrolEndBody {
    /// How, if there is something to say.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) ending: Option<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(PatrolBody, RoundsBody, VisitBody, SkipBody, PatrolEndBody);

impl PatrolBody {
    pub(super) fn details(&self) -> Result<PatrolDetails, Problem> {
        let units: Result<_, Problem> = self.units.iter().map(|one| read_id(one)).collect();
        let points: Result<_, Problem> = self.points.iter().map(PointBody::read).collect();
        let station = |id: &Option<String>| id.as_deref().map(read_id::<StationId>).transpose();
        Ok(PatrolDetails {
            theme: read("theme", &self.theme)?,
            theme_other: read_maybe("theme_other", self.theme_other.as_deref())?,
            from: read_time("from", &self.from)?,
            until: read_time("until", &self.until)?,
            start: station(&self.start)?,
            end: station(&self.end)?,
            units: units?,
            points: points?,
        })
    }
}

impl PointBody {
    pub(super) fn read(&self) -> Result<PatrolPoint, Problem> {
        let windows: Result<_, Problem> = self.windows.iter().map(WindowView::read).collect();
        let to = self.to.map(|to| read_point("points.to", to.lat, to.lon));
        Ok(PatrolPoint {
            no: self.no,
            label: read("points.label", &self.label)?,
            at: read_point("points", self.lat, self.lon)?,
            to: to.transpose()?,
            stay_min: self.stay_min,
            wanted: match self.wanted {
                WantedView::Times { count } => Wanted::Times { count },
                WantedView::Every { minutes } => Wanted::Every { minutes },
            },
            windows: windows?,
            volunteers: self.volunteers,
        })
    }
}

fn read_point(field: &str, lat: f64, lon: f64) -> Result<Point, Problem> {
    Point::from_degrees(lat, lon).map_err(|error| unreadable(field, &error))
}

impl WindowView {
    pub(super) fn read(&self) -> Result<Window, Problem> {
        Ok(Window {
            from: read_time("points.windows.from", &self.from)?,
            until: read_time("points.windows.until", &self.until)?,
        })
    }
}

impl RoundBody {
    pub(super) fn read(&self) -> Result<Round, Problem> {
        let leg = |leg: &LegBody| {
            Ok(Leg {
                point: leg.point,
                visit: leg.visit,
                at: read_time("rounds.legs.at", &leg.at)?,
            })
        };
        let legs: Result<_, Problem> = self.legs.iter().map(leg).collect();
        Ok(Round {
            unit: read_id(&self.unit)?,
            legs: legs?,
            back_at: read_time("rounds.back_at", &self.back_at)?,
            basis: self.basis.into(),
        })
    }
}
