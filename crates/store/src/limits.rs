//! Every limit of the store, in one place. Knows nothing of how they are enforced; start at
//! [`PAGE_MAX`].

/// Most rows or entries that one reading call returns.
pub const PAGE_MAX: usize = 1_000;

/// Most records whose entries can be asked for at once: an incident with all its calls and assignments, on a
/// night on which a whole storm is about one event.
pub const RECORDS_ASKED_MAX: usize = 20_000;

/// Entries at the end of the log that are verified every time a store is opened.
pub const TAIL_VERIFIED_MAX: u64 = 256;

/// Longest text of a credential or of what a one-time code is for, in bytes.
pub const ACCESS_TEXT_BYTES_MAX: usize = 8_192;

/// Longest name of a node or label of a token, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// Longest reason of a new epoch, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Lines of outdated outcomes or positions that one call to prune deletes, so that it holds nobody up.
pub const PRUNED_MAX: usize = 20_000;

/// Pages copied between two reports of a backup's progress.
pub const BACKUP_STEP_PAGES: i32 = 2_000;

/// Entries or records between two reports of progress.
pub const PROGRESS_EVERY: u64 = 10_000;

/// Page cache of the writer, in kibibytes.
pub const WRITER_CACHE_KIB: i64 = 65_536;

/// Drafts of calls that one person may have at a time; one more is refused, and none is dropped for it.
pub const DRAFTS_PER_PERSON_MAX: usize = 20;

/// Largest draft, in bytes.
pub const DRAFT_BYTES_MAX: usize = 32 * 1024;

/// Lines of drafts after which the trace of one that ended is removed before its time.
pub const DRAFT_TRACES_MAX: i64 = 100_000;
