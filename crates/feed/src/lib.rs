//! Signed append-only feeds: what a node says, in bytes that anyone can check and nobody can alter.
//!
//! A [`Feed`] is the log of one node for one scope and one epoch; an [`Entry`] is one signed item of
//! it, chained to the one before by hash. This crate frames, signs, verifies, chains and seals
//! entries. It must not know what any entry means (kinds it has never heard of verify like all
//! others), where entries are kept, or how they travel; and it reads no clock, draws no random
//! number and touches no file. The one exception to not knowing meanings is a node's [`Identity`]
//! feed, which says whose keys may sign the others. Start at [`Entry`], then [`Chain`]; the format
//! for other implementers is `docs/spec/feed.md`.

mod chain;
mod entry;
mod error;
mod feed;
mod fork;
mod frame;
mod header;
mod id;
mod identity;
pub mod limits;
pub mod seal;
mod signer;
mod sync;
mod time;

pub use chain::{Chain, proves_fork};
pub use entry::{Draft, Entry, SealedBody, sign};
pub use error::FeedError;
pub use feed::{
    EXERCISE_REASON, Feed, Head, OPENING_KIND, OPENING_KIND_VERSION, Opening, Scope, ScopeError,
};
pub use fork::ForkProof;
pub use header::{Header, MAGIC, SUITE};
pub use id::{FeedId, Hash, IdError, NodeId, PublicKey};
pub use identity::{
    Anchor, Closing, ClosingCause, EpochKey, Identity, IdentityError, IdentityEvent, NotSpokenFor,
    identity_entry, identity_opening,
};
pub use signer::Signer;
pub use sync::{HeadCheck, Plan, Range, Vector, check_head, plan};
pub use time::{HybridClock, HybridTime, Skew};
