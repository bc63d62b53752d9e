//! What goes wrong, when, and for how long: drawn from the seed before the storm begins, so that the same seed brings
//! the same faults. From the second on there is always at least one. Start at [`draw`], then [`ways`].

use std::fmt;
use std::time::Duration;

use crate::dice::Dice;
use crate::wire::{Way, Ways};

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What a node sends, and what it is sent, suffers.
    Rough {
        /// Which.
        node: usize,
        /// How.
        way: Way,
    },
    /// Nothing comes from one node to another; the other direction works.
    OneWay {
        /// From which.
        from: usize,
        /// To which.
        to: usize,
    },
    /// Some nodes reach none of the others.
    Apart {
        /// Which.
        nodes: Vec<usize>,
    },
    /// A node is killed, and started again in the end.
    Killed {
        /// Which.
        node: usize,
    },
    /// A node is held still.
    Held {
        /// Which.
        node: usize,
    },
    /// A node's disk is full.
    Full {
        /// Which.
        node: usize,
    },
}

/// Every word for a kind of fault, in the order of the table.
pub(crate) const KINDS: [&str; 6] = [
    "rough lines",
    "one-way cut",
    "apart",
    "kill -9",
    "held still",
    "disk full",
];

impl Fault {
    /// Returns which of [`KINDS`] it is.
    pub(crate) fn kind(&self) -> usize {
        match self {
            Fault::Rough { .. } => 0,
            Fault::OneWay { .. } => 1,
            Fault::Apart { .. } => 2,
            Fault::Killed { .. } => 3,
            Fault::Held { .. } => 4,
            Fault::Full { .. } => 5,
        }
    }

    /// Returns the node whose process or disk it is about.
    pub(crate) fn node(&self) -> Option<usize> {
        match self {
            Fault::Killed { node } | Fault::Held { node } | Fault::Full { node } => Some(*node),
            Fault::Rough { .. } | Fault::OneWay { .. } | Fault::Apart { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", KINDS[self.kind()])?;
        let name = |node: &usize| (node + 1).to_string();
        match self {
            Fault::Rough { node, way } => write!(
                f,
                "{}: {} % lost, {} % twice, {} to {} ms",
                name(node),
                way.lost_percent,
                way.twice_percent,
                way.delay_ms,
                way.delay_ms + way.spread_ms
            ),
            Fault::OneWay { from, to } => write!(f, "{} to {}", name(from), name(to)),
            Fault::Apart { nodes } => {
                let names: Vec<String> = nodes.iter().map(name).collect();
                f.write_str(&names.join(", "))
            }
            Fault::Killed { node } | Fault::Held { node } | Fault::Full { node } => {
                f.write_str(&name(node))
            }
        }
    }
}

/// A fault with its time.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    /// When it begins, from the storm's beginning.
    pub(crate) begins: Duration,
    /// When it ends.
    pub(crate) ends: Duration,
    /// What.
    pub(crate) fault: Fault,
}

/// How every line is without a fault: a good one between two agencies.
const USUAL: Way = Way {
    cut: false,
    lost_percent: 1,
    twice_percent: 0,
    delay_ms: 3,
    spread_ms: 2,
};

/// Draws the faults of a storm, in the order in which they begin.
pub(crate) fn draw(seed: u64, nodes: usize, length: Duration) -> Vec<Drawn> {
    let mut dice = Dice::of(seed, 2);
    let end_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut at_ms = 1_000;
    // Every kind comes in its turn, in an order that changes, so that a short storm has all of them.
    let mut order: Vec<usize> = Vec::new();
    while at_ms + 1_000 < end_ms {
        if order.is_empty() {
            order = (0..KINDS.len()).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, dice.below(at + 1));
            }
        }
        let kind = order.pop().unwrap_or(0);
        let (fault, lasts_ms) = one(kind, nodes, &mut dice);
        let begins = Duration::from_millis(at_ms);
        // One process or disk bears one fault of its own at a time; lines bear all that come.
        let busy = drawn.iter().any(|before| {
            fault.node().is_some() && before.fault.node() == fault.node() && before.ends > begins
        });
        if !busy {
            let ends = Duration::from_millis((at_ms + lasts_ms).min(end_ms));
            drawn.push(Drawn {
                begins,
                ends,
                fault,
            });
        }
        at_ms += dice.between(1_500, 5_000);
    }
    drawn
}

fn one(kind: usize, nodes: usize, dice: &mut Dice) -> (Fault, u64) {
    let node = dice.below(nodes);
    match kind {
        0 => {
            let delay_ms = match dice.percent(20) {
                true => dice.between(1_000, 5_000),
                false => dice.between(20, 500),
            };
            let way = Way {
                cut: false,
                lost_percent: u8::try_from(dice.between(2, 30)).unwrap_or(30),
                twice_percent: u8::try_from(dice.between(0, 50)).unwrap_or(50),
                delay_ms,
                spread_ms: dice.between(0, delay_ms),
            };
            (Fault::Rough { node, way }, dice.between(5_000, 30_000))
        }
        1 => {
            let to = (node + 1 + dice.below(nodes - 1)) % nodes;
            let fault = Fault::OneWay { from: node, to };
            (fault, dice.between(5_000, 60_000))
        }
        2 => {
            let other = (node + 1 + dice.below(nodes - 1)) % nodes;
            let mut nodes = vec![node];
            if dice.percent(50) {
                nodes.push(other);
            }
            (Fault::Apart { nodes }, dice.between(5_000, 40_000))
        }
        3 => (Fault::Killed { node }, dice.between(200, 10_000)),
        4 => (Fault::Held { node }, dice.between(1_000, 15_000)),
        _ => (Fault::Full { node }, dice.between(3_000, 20_000)),
    }
}

/// Returns how every direction is under these faults.
pub(crate) fn ways<'a>(nodes: usize, faults: impl Iterator<Item = &'a Fault>) -> Ways {
    let mut ways = vec![vec![USUAL; nodes]; nodes];
    let cut = Way {
        cut: true,
        ..Way::CLEAR
    };
    for fault in faults {
        for (from, row) in ways.iter_mut().enumerate() {
            for (to, way) in row.iter_mut().enumerate() {
                let with = match fault {
                    Fault::Rough { node, way } if [from, to].contains(node) => *way,
                    Fault::OneWay {
                        from: out,
                        to: to_it,
                    } if (from, to) == (*out, *to_it) => cut,
                    Fault::Apart { nodes } if nodes.contains(&from) != nodes.contains(&to) => cut,
                    Fault::Rough { .. }
                    | Fault::OneWay { .. }
                    | Fault::Apart { .. }
                    | Fault::Killed { .. }
                    | Fault::Held { .. }
                    | Fault::Full { .. } => continue,
                };
                *way = way.and(with);
            }
        }
    }
    ways
}
