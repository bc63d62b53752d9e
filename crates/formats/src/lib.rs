//! Foreign bytes to values, for the edges of Watchfire: an agency's call export, its units and its stations.
//!
//! Every function here takes bytes and returns values together with a report of what was taken and what was refused and
//! why. The crate must not know files, clocks, the network or the records of the core: whoever calls it reads the file and
//! turns the values into actions. Start at [`calls::import`], which joins the two halves of the crate: the mapping file
//! ([`map`]), which says how one agency writes its export, and the reader, which follows it row by row. What a mapping
//! file may say is documented for its authors in `docs/book/import.md`; the two change together.

pub mod areas;
pub mod calls;
mod codes;
pub mod limits;
pub mod map;
mod mapfile;
mod places;
pub mod report;
mod row;
mod text;
mod times;
pub mod units;

pub use areas::{AreaRow, areas_geojson};
pub use calls::{Import, PastCall, PastResponse, import};
pub use map::{CallMap, MapError};
pub use report::{Finding, ImportReport, Reason};
pub use text::ImportError;
pub use units::{
    ListImport, ListReport, StationRow, UnitRow, stations_csv, stations_geojson, units_csv,
};
