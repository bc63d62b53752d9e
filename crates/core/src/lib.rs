//! The domain of Watchfire: calls, incidents, units, assignments, stations, patrol plans and people, and the rules between them.
//!
//! This crate is pure. It reads no clock, draws no random number, opens no file and knows no network,
//! database or road graph: time, entropy, record keys and travel times come in as arguments, so that one
//! seed replays any history. It must not learn of HTTP, SQL or maps.
//!
//! Start at [`engine`]: the one closed door through which every action passes. Then read [`record`],
//! one file per kind of record, and [`board`], which holds them.

pub mod basis;
pub mod board;
pub mod copies;
pub mod cover;
pub mod duplicate;
pub mod duty;
pub mod engine;
pub mod entropy;
pub mod episode;
pub mod exercise;
pub mod figures;
pub mod ledger;
pub mod limits;
pub mod line;
pub mod log;
pub mod monitoring;
pub mod patrol;
pub mod pattern;
pub mod plan;
pub mod playbook;
pub mod recommend;
pub mod record;
pub mod refusal;
pub mod routing;
pub mod support;
pub mod sync;
pub mod timer;
pub mod triage;
pub mod undo;
pub mod watch;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod story;
