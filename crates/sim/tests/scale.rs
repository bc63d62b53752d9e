//! What a node pays does not grow with the number of nodes that it shares nothing with: the same day in a small country
//! and in one twice as large, by what is counted.

use watchfire_sim::scale::{Country, Day, Settings, live, shape, unchanged};

const SEED: u64 = 3;

fn lived(counties: usize, workers: usize) -> Day {
    let country = Country {
        counties,
        cities: (1, 4),
        provinces: (1, 20),
    };
    let (seed, clock) = (SEED, no_time as fn() -> u64);
    live(Settings {
        country,
        seed,
        workers,
        clock,
    })
    .unwrap()
}

/// Times are no part of what is asserted.
fn no_time() -> u64 {
    0
}

#[test]
fn what_a_county_pays_does_not_grow_with_the_country() {
    let days = [lived(60, 2), lived(120, 2)];
    let same = unchanged(&days);
    assert!(same.len() >= 20, "{} to compare", same.len());
    let [small, large] = &days;
    for county in &same {
        assert_eq!(
            small.costs[*county], large.costs[*county],
            "county {county} shares the same with the same others, and pays otherwise"
        );
    }
    let busy = same.iter().filter(|county| small.costs[**county].taken > 0);
    assert!(busy.count() >= 10, "most of them share nothing at all");
    // Of all, those too whose operations reach farther in the larger country.
    for of in [
        |cost: &watchfire_sim::scale::Cost| cost.made + cost.taken,
        |cost: &watchfire_sim::scale::Cost| cost.sent + cost.received,
    ] {
        let [small, large] = [small, large].map(|day| shape(day.costs.iter(), of).mean);
        assert!(large < 1.25 * small, "{small} a node, then {large}");
    }
}

#[test]
fn a_day_does_not_depend_on_threads() {
    let [one, two] = [lived(12, 1), lived(12, 2)];
    assert_eq!(one.trace, two.trace);
    assert_eq!(one.costs, two.costs);
}
