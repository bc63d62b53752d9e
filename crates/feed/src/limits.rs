//! Every limit of the feed format, in one place. They are part of the format: an entry beyond one of
//! them is refused by every node, so none may change within a suite. Knows nothing of how they are
//! enforced; start at [`BODY_MAX_BYTES`].

/// Largest plain and sealed part of an entry together, in bytes.
pub const BODY_MAX_BYTES: usize = 65_536;

/// Largest header that a reader takes from a frame, in bytes; the longest valid one is far shorter.
pub const HEADER_MAX_BYTES: usize = 4_096;

/// Longest kind name, in bytes.
pub const KIND_MAX_BYTES: usize = 48;

/// Most heads of other feeds that one entry may name.
pub const DEPS_MAX: usize = 32;

/// Largest whole frame, in bytes: lengths and form, header, signature and body.
pub const FRAME_MAX_BYTES: usize = 4 + HEADER_MAX_BYTES + 64 + 1 + BODY_MAX_BYTES;

/// How far another node's time may be ahead of ours and still move our clock, in milliseconds.
pub const CLOCK_SKEW_MAX_MS: u64 = 5 * 60 * 1_000;
