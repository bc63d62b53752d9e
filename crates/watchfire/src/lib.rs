//! Watchfire, the program: one node of a federated incident-command platform.
//!
//! Read in this order: [`node`] (the thread that owns engine and store), [`policy`] (who may do what),
//! [`api`] (the HTTP surface), [`hub`] (what browsers are told). [`replay`] and [`desk`] let simulated
//! people act through the same door. The rules themselves are in `watchfire-core`; this crate decides none.

pub mod advice;
pub mod api;
pub mod atlas;
pub mod auth;
pub mod city;
pub mod cli;
pub mod clock;
pub mod conditions;
pub mod config;
pub mod console;
pub mod cover;
pub mod deeds;
pub mod desk;
pub mod federation;
pub mod figures;
pub mod history;
pub mod hub;
pub mod link;
pub mod long_reader;
pub mod metrics;
pub mod monitoring;
pub mod night;
pub mod node;
pub mod parcel;
pub mod past;
pub mod past_boards;
pub mod playbooks;
pub mod policy;
pub mod positions;
pub mod problem;
pub mod replay;
pub mod replay_report;
pub mod road_hours;
pub mod road_shape;
pub mod server;
pub mod travel;
pub mod trial;
pub mod words;
