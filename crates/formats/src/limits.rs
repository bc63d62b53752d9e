//! Every limit of this crate, in one place (house rule 16).
//!
//! Input comes from people and from other programs, so nothing about its size is trusted. The limits that a test cannot
//! reach in reasonable time are fields of [`Limits`], so that a test sets a small one and tries it at and one past.

/// Bytes of an import file after unpacking.
pub const FILE_BYTES_MAX: usize = 1 << 30;
/// Rows of an import file, the header not counted.
pub const ROWS_MAX: u64 = 10_000_000;
/// Characters of one field; a longer one is usually a quotation mark that was never closed.
pub const FIELD_CHARS_MAX: usize = 65_536;
/// Columns of an import file.
pub const COLUMNS_MAX: usize = 1_024;
/// Responses of one call.
pub const RESPONSES_PER_CALL_MAX: usize = 1_000;
/// Bytes of a mapping file.
pub const MAP_BYTES_MAX: usize = 1 << 20;
/// Entries of one code table of a mapping file.
pub const CODES_MAX: usize = 10_000;
/// Time formats that are tried in order for one column.
pub const TIME_FORMATS_MAX: usize = 16;
/// Groups of response columns in one row (`[[response]]`).
pub const RESPONSE_GROUPS_MAX: usize = 64;
/// Characters of a code (category, unit kind, disposition).
pub const CODE_CHARS_MAX: usize = 64;
/// Characters of what a caller said that are kept; the rest is cut and the cut is reported.
pub const SAID_CHARS_MAX: usize = 4_000;
/// Characters of any other text that is kept (address, area, call sign, name, callback, id).
pub const SHORT_TEXT_CHARS_MAX: usize = 200;
/// Examples listed in a report for one reason and column; the count goes on beyond it.
pub const FINDINGS_LISTED_MAX: usize = 20;
/// Different unmapped codes listed in a report.
pub const UNMAPPED_LISTED_MAX: usize = 500;
/// Characters of a value shown in a report.
pub const SHOWN_CHARS_MAX: usize = 32;
/// Highest alarm level taken.
pub const ALARM_LEVEL_MAX: u8 = 20;
/// Earliest time taken, ms since 1970 UTC (1970-01-02: a time of zero means that there was none).
pub const TIME_EARLIEST_MS: i64 = 86_400_000;
/// Latest time taken, ms since 1970 UTC (2100-01-01).
pub const TIME_LATEST_MS: i64 = 4_102_444_800_000;
/// Longest duration taken, seconds (31 days).
pub const DURATION_MAX_S: f64 = 2_678_400.0;
/// Units or stations of one list.
pub const LIST_ROWS_MAX: u64 = 100_000;
/// Capabilities or areas of one unit or station.
pub const LIST_ITEMS_MAX: usize = 100;

/// The limits of one import that tests make smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file after unpacking.
    pub file_bytes_max: usize,
    /// Rows, the header not counted.
    pub rows_max: u64,
    /// Characters of one field.
    pub field_chars_max: usize,
    /// Responses of one call.
    pub responses_per_call_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes_max: FILE_BYTES_MAX,
            rows_max: ROWS_MAX,
            field_chars_max: FIELD_CHARS_MAX,
            responses_per_call_max: RESPONSES_PER_CALL_MAX,
        }
    }
}
/// Named areas in one file.
pub const AREAS_MAX: usize = 10_000;
/// Corners of all named areas in one file together.
pub const AREA_CORNERS_MAX: usize = 2_000_000;
