//! Every limit of this crate, in one place.
//!
//! A limit that input reaches is an error with its name in it, or (for names of streets) a cut that the report counts.
//! Nothing here depends on the machine.

/// The most bytes of map source that one build accepts, compressed or not.
pub const SOURCE_MAX_BYTES: u64 = 8 << 30;

/// The most junctions in one graph; node numbers are 32 bits wide and the structure needs a few per junction.
pub const JUNCTIONS_MAX: u64 = 50_000_000;

/// The most edges in one graph.
pub const EDGES_MAX: u64 = 100_000_000;

/// The most shape points in one graph, junctions included.
pub const POINTS_MAX: u64 = 500_000_000;

/// The most points of a single way; OpenStreetMap itself stops at 2,000.
pub const WAY_POINTS_MAX: usize = 100_000;

/// The longest street name kept, in bytes of UTF-8; longer ones are cut at a character.
pub const NAME_MAX_BYTES: usize = 200;

/// The longest attribution text, in bytes of UTF-8.
pub const ATTRIBUTION_MAX_BYTES: usize = 1_000;

/// The most uncompressed bytes in one block of a PBF file, as the format demands.
pub const PBF_BLOCK_MAX_BYTES: u64 = 32 << 20;

/// The most bytes in the header of one block of a PBF file, as the format demands.
pub const PBF_HEADER_MAX_BYTES: u64 = 64 << 10;

/// The most arcs that one forbidden way of driving names: the first, those between, and the last.
pub const TURN_ARCS_MAX: usize = 16;

/// The most forbidden ways of driving in one graph.
pub const TURNS_MAX: u64 = 4_000_000;

/// The most conditions that are in force at once.
pub const CONDITIONS_MAX: u64 = 10_000;

/// The most points that all conditions together name; edges are bounded by the graph.
pub const CONDITION_POINTS_MAX: u64 = 1_000_000;

/// The least and the greatest percentage that a condition may put on a speed or a time.
pub const SHARE_RANGE_PERCENT: (u16, u16) = (1, 2_000);

/// Farther than this from every road that can be reached, no point is called near, in metres.
pub const NEAR_MAX_M: f64 = 100_000.0;

/// The most runs that factors are fitted to.
pub const RUNS_MAX: u64 = 1_000_000;

/// The most cells of one table of times.
pub const TABLE_CELLS_MAX: u64 = 50_000_000;

/// A point farther than this from every road has no road time, in metres.
pub const SNAP_MAX_M: f64 = 2_000.0;

/// The speed assumed between a point and the road it belongs to, in km/h: people on foot who carry something.
pub const OFF_ROAD_KMH: f64 = 5.0;

/// The longest time one arc may take, in milliseconds (one day); longer weights are cut to it.
pub const ARC_MAX_MS: u32 = 86_400_000;

/// The slowest and the fastest speed a table may name, in km/h.
pub const SPEED_RANGE_KMH: (u16, u16) = (1, 250);

/// The most characters of a text that a place is looked up by.
pub const PLACE_QUERY_MAX_CHARS: usize = 200;

/// The most places that one look-up gives.
pub const PLACES_FOUND_MAX: usize = 50;

/// The most entries (stations, places, areas together) that a gazetteer takes beside the roads.
pub const PLACES_LISTED_MAX: usize = 200_000;

/// The most names that one entry may have, its first included.
pub const NAMES_PER_PLACE_MAX: usize = 8;

/// The most corners of all named areas together.
pub const AREA_CORNERS_MAX: usize = 2_000_000;

/// Two stretches of one name farther apart than about this are two roads, in metres.
pub const SAME_ROAD_GAP_M: f64 = 800.0;

/// Two junctions of the same two roads nearer than this are one crossing (a road with a middle strip), in metres.
pub const SAME_CROSSING_M: f64 = 80.0;

/// A named road farther than this from a point does not say where the point is, in metres.
pub const AT_ROAD_MAX_M: f64 = 500.0;

/// A crossing farther than this from a point does not say where the point is, in metres.
pub const AT_CROSSING_MAX_M: f64 = 400.0;

/// The most points in all outlines of one reach or of one set of areas together.
pub const OUTLINE_POINTS_MAX: usize = 4_000;

/// The most sources whose areas are told from each other.
pub const AREA_SOURCES_MAX: usize = 1_000;

/// The most times that one question for a reach may name.
pub const REACH_TIMES_MAX: usize = 8;

/// The most areas and lines of ground kept beneath the roads; what a map has beyond is left out.
pub const GROUND_SHAPES_MAX: usize = 1_000_000;

/// The most points of all ground together.
pub const GROUND_POINTS_MAX: usize = 20_000_000;

/// The most other names that one road name may have.
pub const OTHER_NAMES_MAX: usize = 4;
