//! What a node pays does not grow with the number of nodes that it shares nothing with: the same day in a small country
//! and in one twice as large, by what is counted.

use watchfire_sim::scale::{Cost, Country, Day, Settings, live, shape, unchanged};

const SEED: u64 = 3;

fn lived(counties: usize, workers: usize) -> Day {
    let country = Country {
        counties,
        cities: (1, 4),
        provinces: (1, 20),
    };
    let (seed, clock) = (SEED, no_time as fn() -> u64);
    let lived = live(Settings {
        country,
        seed,
        workers,
        clock,
    });
    lived.expect("nothing hinders anybody")
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
        let [small, large] = [small, large].map(|day| day.costs[*county]);
        let apart = |cost: &Cost| {
            (
                cost.operations,
                cost.lines,
                cost.feeds,
                cost.made,
                cost.taken,
            )
        };
        assert_eq!(
            apart(&small),
            apart(&large),
            "county {county} shares the same with the same others"
        );
        // Which member was the first to give an entry on may differ, as the others are busy with something else too.
        let [small, large] = [small, large].map(|cost| bytes(&cost) as f64);
        let most = 0.05 * small;
        assert!((small - large).abs() <= most, "{small} bytes, then {large}");
    }
    let [all_small, all_large] = [small, large].map(|day| {
        let costs = same.iter().map(|county| &day.costs[*county]);
        shape(costs, bytes).mean
    });
    assert!((all_small - all_large).abs() < 0.01 * all_small);
    let busy = same.iter().filter(|county| small.costs[**county].taken > 0);
    assert!(busy.count() >= 10, "most of them share nothing at all");
}

fn bytes(cost: &Cost) -> u64 {
    cost.sent + cost.received + cost.idle
}

#[test]
fn a_day_does_not_depend_on_threads() {
    let [one, two] = [lived(12, 1), lived(12, 2)];
    assert_eq!(one.trace, two.trace);
    assert_eq!(one.costs, two.costs);
}
