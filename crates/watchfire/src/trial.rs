//! Trials: what another policy, another station or another unit would have meant, played on an agency's own calls.
//!
//! A [`scene::Scene`] is read from an agency's files ([`own`]) or from a city of the JEMSS simulator ([`jemss`]); an
//! [`engine`] lives through its days in milliseconds; [`compare`] puts policies side by side on the same calls; and
//! [`report`] writes it down for people. Nobody's node is touched, and nothing but calls, units and roads is read. Start at
//! [`compare::compare`]; who is sent and who moves up is decided by [`watchfire_core::cover`], as on a node.

pub mod compare;
pub mod dice;
pub mod engine;
pub mod jemss;
pub mod network;
pub mod own;
pub mod policy;
pub mod report;
pub mod scene;
mod tables;
#[cfg(test)]
mod tests;
