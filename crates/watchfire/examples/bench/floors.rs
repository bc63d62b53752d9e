//! What is measured and what is promised of it: every figure and every floor, in one place.
//!
//! The promises are those of the design (its chapter on numbers). Knows nothing of how anything is
//! measured; start at [`Figure`].

/// A figure that is measured once in every run.
pub(crate) struct Figure {
    /// What programs call it; the unit comes last.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) words: &'static str,
    /// What is promised of it.
    pub(crate) floor: Floor,
}

/// What is promised of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Floor {
    /// It is at most this.
    AtMost(f64),
    /// It is at least this.
    AtLeast(f64),
    /// Nothing: it stands there to compare with.
    None,
}

macro_rules! figures {
    ($($name:ident: $floor:expr, $words:expr;)*) => {
        $(
            #[doc = $words]
            pub(crate) static $name: Figure =
                Figure { name: stringify!($name), words: $words, floor: $floor };
        )*
    };
}

use Floor::{AtLeast, AtMost, None as Nothing};

figures! {
    FSYNC_P50_MS: Nothing, "the disk itself: 4 KiB appended and fsynced, p50";
    FSYNC_P99_MS: Nothing, "the disk itself: 4 KiB appended and fsynced, p99";
    FSYNC_PACED_P50_MS: Nothing, "the disk itself, at the pace of the actions below, p50";

    ANSWER_P50_MS: Nothing, "an HTTP answer that touches neither disk nor engine, at the same pace, p50";
    ACTION_P50_MS: Nothing, "a durable action over HTTP, 15 calls/s, 200 readers, p50";
    ACTION_P99_MS: AtMost(100.0), "a durable action over HTTP, 15 calls/s, 200 readers, p99";
    ACTION_PER_FSYNC: AtMost(2.0), "its p50 with 200 readers, in fsyncs at its own pace in the same minute";
    ACTION_ALONE_P50_MS: Nothing, "the same with nobody looking on, p50";
    CONSOLE_P50_MS: Nothing, "from the call's request to all 200 readers, p50";
    CONSOLE_P99_MS: AtMost(500.0), "from the call's request to all 200 readers, p99";

    BATCH_PER_S: AtLeast(5_000.0), "durable actions each second, 512 in flight";
    APPEND_P50_MS: Nothing, "one call appended by the store, p50";
    APPEND_PER_SQLITE: Nothing, "its p50 against plain SQLite with the same bytes (1 = as fast)";
    APPEND_64_PER_SQLITE: Nothing, "the same for 64 calls in one batch";

    DAY_PAGE_P95_MS: AtMost(200.0), "after a day of 28,000 calls, 12,000 dispatches and 5,000 directives: the slowest page of the console, two at a time, p95";
    DAY_COVERAGE_P95_MS: AtMost(1_000.0), "the same day: coverage with 1,500 units free, worked out anew, p95";
    DAY_BOOK_S: Nothing, "the same day: the agency's book read, s";
    DAY_SETTLED_S: AtMost(2.0), "the same day: its open lines carried over and the book signed, s";

    DUPLICATE_P50_MS: Nothing, "a hint at duplicates for a place, 5,000 open incidents, HTTP, p50";
    DUPLICATE_P99_MS: AtMost(200.0), "a hint at duplicates for a place, 5,000 open incidents, HTTP, p99";
    TRIAGE_P99_MS: Nothing, "what a call seems to be about, HTTP, p99";
    CALL_ALONE_P50_MS: Nothing, "a call taken, 5 a second, nobody typing, p50";
    CALL_TYPING_P50_MS: Nothing, "the same while 50 people type and are kept every second, p50";
    CALL_TYPING_P99_MS: AtMost(100.0), "the same while 50 people type and are kept every second, p99";
    DRAFT_P50_MS: Nothing, "a draft kept, 50 a second, p50";
    DRAFT_P99_MS: Nothing, "a draft kept, 50 a second, p99";

    RECOMMEND_WARM_P95_MS: AtMost(100.0), "a recommendation over 10,000 units that stand still, with cover, HTTP, p95";
    RECOMMEND_COLD_P95_MS: AtMost(100.0), "a recommendation over 10,000 units that all just moved, with cover, HTTP, p95";
    ROADS_MS: Nothing, "road times of 10,000 places to one, median";
    ROADS_OVER_DIJKSTRA: Nothing, "how many times as fast as plain Dijkstra, same answers";

    POSITIONS_PER_S: AtLeast(200_000.0), "position updates each second, 100,000 units, each told of a station's area entered or left";
    POSITIONS_NEAREST_PER_S: AtLeast(200_000.0), "the same with a question for the 10 nearest after every hundredth";
    POSITIONS_NEAREST_US: Nothing, "the 10 nearest of 100,000 units, mean, microseconds";
    POSITIONS_CROSSED: Nothing, "areas entered or left in 1,000 updates";

    START_S: AtMost(5.0), "from starting the program to its first accepted call, 1,000,000 entries";

    MEMORY_MB: AtMost(400.0), "resident memory, 5,000 open incidents, 10,000 units moving every 5 s";
    MEMORY_PEAK_MB: Nothing, "the most it ever was";

    JOINT_DURABLE_P50_MS: Nothing, "a note on a shared incident, from the action at one node to durable at the other, 15/s, p50";
    JOINT_DURABLE_P99_MS: Nothing, "the same, p99";
    JOINT_SCREEN_P50_MS: Nothing, "the same until a screen of the other is told, p50";
    JOINT_SCREEN_P99_MS: AtMost(1_000.0), "the same until a screen of the other is told, p99";
    JOINT_ROUND_TRIP_P50_MS: Nothing, "a bare round trip over the line, at that pace, p50";
    JOINT_DURABLE_PER_LEAST: Nothing, "durable at the other, in two fsyncs and a round trip of the same minute, p50";
    JOINT_SAID_P50_MS: Nothing, "a word for the log, whose key has to be fetched, to durable at the other, p50";
    JOINT_20_DURABLE_P99_MS: Nothing, "20 members, 15 actions/s, to durable at every other, p99";
    JOINT_20_SCREEN_P50_MS: Nothing, "the same until a screen of every other is told, p50";
    JOINT_20_SCREEN_P99_MS: AtMost(1_000.0), "the same until a screen of every other is told, p99";
    JOINT_ENTRIES_PER_S: Nothing, "entries each second over one line, while they are written";
    JOINT_BEHIND_MS: Nothing, "how long the other is behind when the writer stops";
    JOINT_APART_S: AtMost(30.0), "two nodes, 24 h and 100,000 entries each apart, until both hold all";
    LINKED_1_MB: Nothing, "resident memory with 1 linked peer";
    LINKED_20_MB: Nothing, "resident memory with 20 linked peers";
    LINKED_100_MB: Nothing, "resident memory with 100 linked peers";
    VECTOR_COMPUTE_MS: Nothing, "how far 10,000 feeds are held, found for one peer";
    VECTOR_PLAN_MS: Nothing, "what is lacking of 10,000 feeds";
    VECTOR_SEND_MS: Nothing, "the vector of 10,000 feeds sent and answered over a line";
    FLOOD_CALM_PER_S: Nothing, "entries each second between two honest nodes";
    FLOOD_PER_S: Nothing, "the same while a hostile member floods one of them";
    FLOOD_LOSS_PERCENT: AtMost(10.0), "how much less that is, percent";
    FLOOD_REQUESTS_PER_S: Nothing, "requests of the hostile one that were answered or refused, each second";

    PATROL_ABOVE_BEST_MEAN_PERCENT: AtMost(5.0), "routes past 1,000 customers, 60 s, above the best known, mean of the instances";
    PATROL_ABOVE_BEST_MAX_PERCENT: Nothing, "the same, the worst of them";
    PATROL_PYVRP_ABOVE_BEST_MEAN_PERCENT: Nothing, "the same instances by PyVRP, 60 s, mean";
    TRIAL_DAYS_PER_MINUTE: AtLeast(2_000.0), "days of a city simulated per minute, two threads";
    TRIAL_LATE_CLOSEST_PERCENT: Nothing, "late calls with the closest idle unit from fixed stations, percent";
    TRIAL_DROP_PUBLISHED_PERCENT: Nothing, "fewer late calls with DMEXCLP as published, relative, percent";
    TRIAL_DROP_PERCENT: Nothing, "fewer late calls with joint+move_up, relative, percent";
    TRIAL_DROP_SURELY_POINTS: AtLeast(0.0), "lower end of its 95 % interval, percentage points fewer";
    TRIAL_MOVES_PER_PUBLISHED: AtMost(1.0), "its moves per unit against those of DMEXCLP";
}
