//! A node met from outside. `house` is a node in this process, asked over HTTP without a socket; `program`
//! is the built program with its real files, signals and exit codes. Rules of the domain are tested in
//! the core; here are the doors: who may pass, what is answered, what is told, and what survives.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod hostile;
mod house;
mod joint;
mod late_keys;

mod acting;
mod assessments;
mod calls;
mod conditions;
mod consultations;
mod cover;
mod directives;
mod dispatch;
mod duty;
mod exercise;
mod figures;
mod history;
mod line;
mod map;
mod memory;
mod monitoring;
mod night;
mod parcel;
mod past;
mod patrols;
mod patterns;
mod personal;
mod planned_actions;
mod playbooks;
mod replay;
mod restored;
mod seats;
mod settlements;
mod sign_in;
mod stream;
mod support;
mod trial;

#[path = "../../examples/bench/by_hand.rs"]
mod by_hand;
#[cfg(unix)]
#[path = "../../examples/bench/client.rs"]
mod client;
#[cfg(unix)]
mod program;
