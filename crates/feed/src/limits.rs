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

/// Longest name of a node, in characters (Unicode scalar values).
pub const NAME_MAX_CHARS: usize = 200;

/// Longest reason for which a node is revoked, in characters.
pub const REASON_MAX_CHARS: usize = 500;

/// Most heads that one closing of an epoch may name; at this number the longest still fits a body.
pub const CLOSING_HEADS_MAX: usize = 256;

/// Most heads that all closings of one identity may name together.
pub const IDENTITY_HEADS_MAX: usize = 65_536;

/// Most epochs that one identity may certify.
pub const IDENTITY_EPOCHS_MAX: u32 = 4_096;

/// Largest certificate of a trust anchor, in bytes of DER.
pub const CERTIFICATE_MAX_BYTES: usize = 8_192;

/// Most trust anchors in force at once: the one in use and the one that takes over.
pub const ANCHORS_MAX: usize = 2;

/// Latest end of a trust anchor, in milliseconds since the Unix epoch: the largest time that a
/// header can say, later than any that a certificate can.
pub const NOT_AFTER_MAX_MS: u64 = (1 << 48) - 1;

/// Most addresses of one node.
pub const ADDRESSES_MAX: usize = 8;

/// Longest address (`host:port`), in characters.
pub const ADDRESS_MAX_CHARS: usize = 255;

/// Most feeds in one vector.
pub const VECTOR_FEEDS_MAX: usize = 20_000;

/// Longest vector in bytes, as it travels.
pub const VECTOR_MAX_BYTES: usize = 8 + VECTOR_FEEDS_MAX * 72;

/// Largest fork proof in bytes: two frames.
pub const FORK_PROOF_MAX_BYTES: usize = 2 * FRAME_MAX_BYTES;

/// How far another node's time may be ahead of ours and still move our clock, in milliseconds.
pub const CLOCK_SKEW_MAX_MS: u64 = 5 * 60 * 1_000;
