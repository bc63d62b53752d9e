//! What a day costs a node, and how such costs lie over many nodes. Knows nothing of how a day is lived. Start at
//! [`Cost`].

/// What one node did and paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Operations that it took part in.
    pub operations: u64,
    /// Entries that it wrote.
    pub made: u64,
    /// Entries of others that it took.
    pub taken: u64,
    /// Bytes of entries, vectors, ranges and keys that it sent because something had happened.
    pub sent: u64,
    /// The same that it received.
    pub received: u64,
    /// Of both together, what vectors took.
    pub vectors: u64,
    /// Bytes that it sent and received with questions to which nothing was new.
    pub idle: u64,
    /// Other nodes that it has a line to.
    pub lines: u64,
    /// Feeds of which it holds something, beside its local one.
    pub feeds: u64,
    /// Nanoseconds of work for all that is joint, idle questions left out.
    pub worked_ns: u64,
    /// Nanoseconds of work for questions to which nothing was new.
    pub idle_ns: u64,
}

/// How a figure lies over many nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shape {
    /// The mean.
    pub mean: f64,
    /// Half have at most this.
    pub p50: u64,
    /// Of a hundred, 99 have at most this.
    pub p99: u64,
    /// The most.
    pub max: u64,
}

/// Returns how a figure lies over these costs.
pub fn shape<'a>(costs: impl Iterator<Item = &'a Cost>, of: impl Fn(&Cost) -> u64) -> Shape {
    let mut all: Vec<u64> = costs.map(of).collect();
    all.sort_unstable();
    let at = |percent: usize| {
        let place = (all.len() * percent).div_ceil(100).saturating_sub(1);
        all.get(place).copied().unwrap_or(0)
    };
    Shape {
        mean: all.iter().sum::<u64>() as f64 / all.len().max(1) as f64,
        p50: at(50),
        p99: at(99),
        max: at(100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_taken_at_the_places_of_a_sorted_list() {
        let made = |made| Cost {
            made,
            ..Cost::default()
        };
        let costs: Vec<Cost> = (1..=200).rev().map(made).collect();
        let found = shape(costs.iter(), |cost| cost.made);
        assert_eq!((found.p50, found.p99, found.max), (100, 198, 200));
        assert!((found.mean - 100.5).abs() < 1e-9);
        assert_eq!(shape([].iter(), |cost: &Cost| cost.made), Shape::default());
    }
}
