//! Nodes that were put back from a backup or ran twice: after a new epoch all hold what their home says.

use watchfire_sim::net::epochs::{How, Lived, run};

const STEPS: u64 = 60;
const SEEDS: u64 = 120;

fn lived(seed: u64) -> Lived {
    match run(seed, STEPS) {
        Ok(lived) => lived,
        Err(broken) => panic!("{}\nseed {seed}: {}", broken.story.join("\n"), broken.what),
    }
}

#[test]
fn after_a_new_epoch_all_hold_what_the_home_says() {
    let all: Vec<Lived> = (0..SEEDS).map(lived).collect();
    let of = |how| all.iter().filter(move |lived| lived.how == how);
    for how in [How::Restored, How::RanTwice] {
        let ahead = of(how).filter(|lived| lived.ahead > 0).count();
        assert!(
            ahead > 5,
            "{how:?}: only {ahead} lives had something to heal"
        );
        let compared: usize = of(how).map(|lived| lived.compared).sum();
        assert!(compared > 200, "{how:?}: {compared}");
    }
    let forked = of(How::RanTwice).filter(|lived| lived.forked > 0).count();
    assert!(forked > 0, "only {forked} lives saw a fork");
}

#[test]
fn one_seed_tells_one_story() {
    assert_eq!(lived(7), lived(7));
    assert_ne!(lived(7).trace, lived(8).trace);
}
