//! Several nodes that are joined by lines: how soon what is done at one is at another and on its screens, how much a
//! line carries, how long two that were apart take to agree, what linked peers cost, and what a hostile one can do.
//!
//! The nodes are in this process, over TLS on loopback, each with a store of its own; where it is about memory, the
//! node that is measured is a program of its own. Start at [`paced`], then [`apart`], [`linked`] and [`flood`].

pub(crate) mod apart;
pub(crate) mod flood;
pub(crate) mod linked;
mod member;
pub(crate) mod paced;

use crate::Outcome;

/// Makes the runtime that nodes run on: as many threads as the program has.
fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
