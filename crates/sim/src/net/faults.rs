//! What goes wrong by itself: lines, disks, processes and clocks.
//!
//! How bad it is, is drawn once for a life, so that some lives are nearly calm and some are a storm; what happens
//! when is drawn as it goes. Nothing here knows what nodes say to each other. Start at [`Weather::draw`].

use watchfire_core::entropy::Entropy;

use crate::site::disk::Fate;

/// Longest that a line stays cut, in milliseconds.
const CUT_MAX_MS: u64 = 3_600_000;
/// Longest that a process stays down, in milliseconds.
const DOWN_MAX_MS: u64 = 900_000;
/// How far a clock may be wrong, in milliseconds.
const SKEW_MAX_MS: u64 = 3_600_000;

macro_rules! named {
    ($(#[$top:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $words:literal,)+ }) => {
        $(#[$top])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// Returns what it is called in stories and counts.
            pub fn words(self) -> &'static str {
                match self { $($name::$variant => $words,)+ }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What can go wrong by itself.
    Fault {
        /// A message never arrives: radio and mobile lines do that.
        Lost => "a message is lost",
        /// A message arrives twice: whoever sends again cannot know that the first one came.
        Doubled => "a message is doubled",
        /// A message arrives after one that was sent later.
        Overtaken => "a message is overtaken",
        /// A message takes more than ten seconds.
        Delayed => "a message is late",
        /// Two nodes cannot reach each other.
        Cut => "a line is cut",
        /// One node reaches another and is not reached by it: a filter in one direction.
        CutOneWay => "a line is cut in one direction",
        /// A node reaches nobody.
        Isolated => "a node is cut off",
        /// A message is on a line that is cut.
        Dropped => "a message meets a cut",
        /// Power is lost before a write.
        DiesBefore => "a process dies before a write",
        /// Power is lost within a write.
        DiesWithin => "a process dies within a write",
        /// Power is lost after a write and before anybody is answered.
        DiesAfter => "a process dies after a write",
        /// A torn batch was found and dropped.
        Torn => "a torn batch is dropped",
        /// There is no room for a write.
        Full => "a disk is full",
        /// A process is killed while it does nothing.
        Killed => "a process is killed",
        /// A process starts anew from its disk.
        Started => "a process starts",
        /// Somebody who got no answer asks again under the same key.
        AskedAgain => "somebody asks again",
        /// What was asked for again had been done.
        Repeated => "it had been done",
        /// A clock jumps ahead.
        ClockAhead => "a clock jumps ahead",
        /// A clock jumps back.
        ClockBack => "a clock jumps back",
        /// A clock stands still.
        ClockStands => "a clock stands still",
        /// A newer program says what nobody here understands.
        NewerSpoke => "a newer program speaks",
    }
}

/// How bad everything is in a life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// The mean time between two things that people ask for, in milliseconds.
    pub(crate) gap_ms: u64,
    /// Of a thousand messages so many are lost.
    pub(crate) loss_permille: u64,
    /// Of a thousand messages so many arrive twice.
    pub(crate) double_permille: u64,
    /// The longest that a message takes, in milliseconds.
    pub(crate) delay_max_ms: u64,
    /// Of a thousand writes so many fail.
    pub(crate) write_permille: u64,
    /// The mean time between two other faults, in milliseconds; zero if there are none.
    pub(crate) fault_gap_ms: u64,
}

impl Weather {
    /// Draws how bad everything is.
    pub(crate) fn draw(dice: &mut Entropy) -> Weather {
        let gap_ms = pick(dice, &[4_000, 20_000, 60_000, 180_000]);
        let often = pick(dice, &[0, 3, 8, 20]);
        Weather {
            gap_ms,
            loss_permille: pick(dice, &[0, 10, 100, 300]),
            double_permille: pick(dice, &[0, 20, 200]),
            delay_max_ms: pick(dice, &[40, 500, 5_000, 60_000]),
            write_permille: pick(dice, &[0, 4, 20]),
            fault_gap_ms: gap_ms * often,
        }
    }

    /// Returns what it is like once all is healed.
    pub(crate) fn healed(self) -> Weather {
        Weather {
            loss_permille: 0,
            double_permille: 0,
            delay_max_ms: 200,
            write_permille: 0,
            fault_gap_ms: 0,
            ..self
        }
    }

    /// Draws what becomes of the next write.
    pub(crate) fn fate(&self, dice: &mut Entropy) -> Fate {
        if self.write_permille == 0 || dice.below(1_000) >= self.write_permille {
            return Fate::Written;
        }
        match dice.below(5) {
            0 => Fate::Full,
            1 => Fate::LostBefore,
            2 | 3 => Fate::Torn(dice.below(1_001)),
            _ => Fate::LostAfter,
        }
    }
}

/// A fault that begins at a time of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sudden {
    /// The line between two nodes is cut, in one direction or both.
    Cut {
        /// From which.
        from: usize,
        /// To which.
        to: usize,
        /// Whether the other direction is cut too.
        both: bool,
        /// For how long, in milliseconds.
        for_ms: i64,
    },
    /// A node is cut off from all others.
    Isolate {
        /// Which.
        node: usize,
        /// For how long, in milliseconds.
        for_ms: i64,
    },
    /// A process is killed.
    Kill(usize),
    /// A clock jumps to so far from the true time.
    Skew {
        /// Whose.
        node: usize,
        /// How far it is wrong then, in milliseconds.
        skew_ms: i64,
    },
    /// A clock stands still until it is set again.
    Stand(usize),
}

impl Sudden {
    /// Draws one, among so many nodes.
    pub(crate) fn draw(dice: &mut Entropy, nodes: usize) -> Sudden {
        let node = dice.below(nodes as u64) as usize;
        let other = (node + 1 + dice.below(nodes as u64 - 1) as usize) % nodes;
        let for_ms = 1 + dice.below(CUT_MAX_MS) as i64;
        match dice.below(8) {
            0..=2 => Sudden::Cut {
                from: node,
                to: other,
                both: dice.below(2) == 0,
                for_ms,
            },
            3 => Sudden::Isolate { node, for_ms },
            4 => Sudden::Kill(node),
            5 | 6 => {
                let skew_ms = dice.below(2 * SKEW_MAX_MS) as i64 - SKEW_MAX_MS as i64;
                Sudden::Skew { node, skew_ms }
            }
            _ => Sudden::Stand(node),
        }
    }
}

/// Draws how long a process stays down, in milliseconds.
pub(crate) fn down_ms(dice: &mut Entropy) -> i64 {
    match dice.below(3) {
        0 => 1 + dice.below(DOWN_MAX_MS) as i64,
        _ => 1_000,
    }
}

fn pick(dice: &mut Entropy, among: &[u64]) -> u64 {
    among[dice.below(among.len() as u64) as usize]
}
