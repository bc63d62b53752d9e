//! The mapping file: how one agency writes its export of calls, as data.
//!
//! [`CallMap::parse`] reads the TOML text and refuses everything it does not understand, with the line and what was
//! probably meant. It knows columns by name only; which of them a file really has is found out by [`crate::calls`].
//! Every key is documented for its authors, with examples, in `docs/book/import.md`. Start at [`CallMap`].

mod read;

use std::fmt;

pub use crate::mapfile::MapError;

use crate::codes::CodeTable;
use crate::places::{PlaceRules, TextPattern};
use crate::text::{Column, TableShape};
use crate::times::{Count, TimeFormat, TimeReader};

/// A mapping file that was read and understood.
#[derive(Debug, Clone)]
pub struct CallMap {
    pub(crate) file: FileRules,
    pub(crate) times: TimeReader,
    pub(crate) place: PlaceColumns,
    pub(crate) call: CallColumns,
    pub(crate) responses: Vec<ResponseColumns>,
    pub(crate) category: CodeTable,
    pub(crate) priority: CodeTable,
    pub(crate) unit_kind: Option<CodeTable>,
    pub(crate) disposition: Option<CodeTable>,
    pub(crate) area: Option<CodeTable>,
}

/// What a row of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowMeans {
    UnitResponse,
    Call,
}

#[derive(Debug, Clone)]
pub(crate) struct FileRules {
    pub(crate) rows: RowMeans,
    pub(crate) shape: TableShape,
    pub(crate) encoding: &'static encoding_rs::Encoding,
    /// Values that mean "nothing", beside the empty one.
    pub(crate) empty: Vec<String>,
}

/// The times of a call and its responses, in the order in which they come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    Received,
    Entered,
    Dispatched,
    Departed,
    Arrived,
    Transport,
    Hospital,
    Cleared,
}

impl Moment {
    pub(crate) const OF_CALL: [Moment; 2] = [Moment::Received, Moment::Entered];
    pub(crate) const OF_RESPONSE: [Moment; 6] = [
        Moment::Dispatched,
        Moment::Departed,
        Moment::Arrived,
        Moment::Transport,
        Moment::Hospital,
        Moment::Cleared,
    ];

    /// Returns the key of the moment in a mapping file.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Moment::Received => "received",
            Moment::Entered => "entered",
            Moment::Dispatched => "dispatched",
            Moment::Departed => "departed",
            Moment::Arrived => "arrived",
            Moment::Transport => "transport",
            Moment::Hospital => "hospital",
            Moment::Cleared => "cleared",
        }
    }

    fn named(key: &str) -> Option<Moment> {
        Moment::OF_CALL
            .into_iter()
            .chain(Moment::OF_RESPONSE)
            .find(|moment| moment.key() == key)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.key())
    }
}

/// Where one time comes from.
#[derive(Debug, Clone)]
pub(crate) enum TimeSource {
    /// Columns that state it.
    Stated {
        columns: Vec<Column>,
        joined: bool,
        formats: Vec<TimeFormat>,
        day_of: Option<Moment>,
    },
    /// A duration after an earlier time.
    After {
        base: Moment,
        columns: Vec<Column>,
        count: Count,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct CallColumns {
    pub(crate) id: Option<Vec<Column>>,
    pub(crate) times: Vec<(Moment, TimeSource)>,
    pub(crate) texts: Vec<(CallText, Vec<Column>)>,
    pub(crate) alarm_level: Option<Vec<Column>>,
}

/// The free texts of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallText {
    Address,
    Area,
    Caller,
    Callback,
    Said,
}

impl CallText {
    pub(crate) const ALL: [CallText; 5] = [
        CallText::Address,
        CallText::Area,
        CallText::Caller,
        CallText::Callback,
        CallText::Said,
    ];

    pub(crate) fn key(self) -> &'static str {
        match self {
            CallText::Address => "address",
            CallText::Area => "area",
            CallText::Caller => "caller",
            CallText::Callback => "callback",
            CallText::Said => "said",
        }
    }

    /// True when a report may not show the value.
    pub(crate) fn is_personal(self) -> bool {
        match self {
            CallText::Address | CallText::Caller | CallText::Callback | CallText::Said => true,
            CallText::Area => false,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ResponseColumns {
    /// `response`, or `response[2]` for people where there are several.
    pub(crate) name: String,
    pub(crate) unit: Option<Vec<Column>>,
    pub(crate) unit_separator: Option<String>,
    pub(crate) times: Vec<(Moment, TimeSource)>,
    pub(crate) on_scene: Option<(Vec<Column>, Count)>,
    pub(crate) handover: Option<(Vec<Column>, Count)>,
    pub(crate) transported: Option<Vec<Column>>,
}

#[derive(Debug, Clone)]
pub(crate) struct PlaceColumns {
    pub(crate) source: PlaceSource,
    pub(crate) rules: PlaceRules,
}

#[derive(Debug, Clone)]
pub(crate) enum PlaceSource {
    Pair {
        lat: Vec<Column>,
        lon: Vec<Column>,
    },
    Text {
        columns: Vec<Column>,
        pattern: TextPattern,
        written: String,
    },
}

impl CallMap {
    /// Visits every column of the map with the key that wants it, so that names can be exchanged for numbers.
    pub(crate) fn visit_columns<E>(
        &mut self,
        visit: &mut impl FnMut(&mut Column, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut all = |columns: &mut [Column], key: &str| {
            columns.iter_mut().try_for_each(|column| visit(column, key))
        };
        if let Some(id) = &mut self.call.id {
            all(id, "call.id")?;
        }
        visit_times(&mut self.call.times, "call", &mut all)?;
        for (text, columns) in &mut self.call.texts {
            all(columns, &format!("call.{}", text.key()))?;
        }
        if let Some(columns) = &mut self.call.alarm_level {
            all(columns, "call.alarm_level")?;
        }
        for response in &mut self.responses {
            let name = response.name.clone();
            visit_times(&mut response.times, &name, &mut all)?;
            let durations = [
                ("on_scene_s", &mut response.on_scene),
                ("handover_s", &mut response.handover),
            ];
            for (key, duration) in durations {
                if let Some((columns, _)) = duration {
                    all(columns, &format!("{name}.{key}"))?;
                }
            }
            for (key, columns) in [
                ("unit", &mut response.unit),
                ("transported", &mut response.transported),
            ] {
                if let Some(columns) = columns {
                    all(columns, &format!("{name}.{key}"))?;
                }
            }
        }
        match &mut self.place.source {
            PlaceSource::Pair { lat, lon } => {
                all(lat, "place.lat")?;
                all(lon, "place.lon")?;
            }
            PlaceSource::Text { columns, .. } => all(columns, "place.column")?,
        }
        let tables = [
            ("category", Some(&mut self.category)),
            ("priority", Some(&mut self.priority)),
            ("unit_kind", self.unit_kind.as_mut()),
            ("disposition", self.disposition.as_mut()),
            ("area", self.area.as_mut()),
        ];
        for (name, table) in tables {
            let Some(table) = table else { continue };
            all(&mut table.columns, &format!("{name}.column"))?;
            let conditions = table.rules.iter_mut().flat_map(|rule| &mut rule.when);
            for (column, _) in conditions {
                all(std::slice::from_mut(column), &format!("{name}.rules"))?;
            }
        }
        Ok(())
    }
}

fn visit_times<E>(
    times: &mut [(Moment, TimeSource)],
    name: &str,
    all: &mut impl FnMut(&mut [Column], &str) -> Result<(), E>,
) -> Result<(), E> {
    for (moment, source) in times {
        let (TimeSource::Stated { columns, .. } | TimeSource::After { columns, .. }) = source;
        all(columns, &format!("{name}.{moment}"))?;
    }
    Ok(())
}
