//! Every state that three nodes can come to in small cases, and in none of them do two lead, do equal entries make
//! different members, or is an offer of command stuck for ever.
//!
//! Here the searches are bounded, so that they end soon without optimisation; `watchfire-sim --models N` in release
//! goes through all of them.

use watchfire_sim::model::{Model, search};

const STATES_MAX: usize = 1_500;

fn searched(model: Model) {
    match search(model, STATES_MAX) {
        Ok(found) => assert!(found.whole || found.states >= STATES_MAX, "{found:?}"),
        Err(wrong) => panic!("{}\n{}", wrong.story.join("\n"), wrong.broken),
    }
}

#[test]
fn command_goes_round_and_one_leads() {
    searched(Model::Command);
}

#[test]
fn members_come_and_go_and_all_agree_who_is_in() {
    searched(Model::Membership);
}

#[test]
fn members_come_and_go_while_command_goes_round() {
    searched(Model::Both);
}
