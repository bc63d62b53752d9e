//! What the hostile member tells in the operation in its own name: entries with good signatures in good order, which are
//! taken as they must be, and by which nothing of another node may come to harm. They come last, since they stay.

use serde_json::{Value, json};
use watchfire_core::record::participation::Participation;
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_feed::{HybridTime, SealedBody};

use super::MARK;
use super::cases::{Case, Sees, case};
use super::member::{Hostile, Play, Words};

/// Tells something and answers as usual.
fn tells(
    hostile: &Hostile,
    record: RecordRef,
    event: &Value,
    shape: impl FnOnce(&mut Words<'_>, &mut Value),
) -> Play {
    hostile.tells(record, event, shape);
    Play::default()
}

/// Says something for the log.
fn says(hostile: &Hostile, number: u8, shape: impl FnOnce(&mut Words<'_>, &mut Value)) -> Play {
    let what = json!({ "is": "log" });
    let sent = json!({ "event": "sent", "operation": hostile.joint, "what": what });
    tells(hostile, fresh(RecordKind::Message, number), &sent, shape)
}

fn fresh(kind: RecordKind, number: u8) -> RecordRef {
    let id = [number; 16];
    RecordRef { kind, id }
}

/// Names a key of an honest node and goes on with junk.
fn misused_key(hostile: &Hostile) -> Vec<u8> {
    let SealedBody::Whole(mut sealed) = hostile.shared().1.sealed else {
        panic!("the incident has a text")
    };
    sealed[16..].fill(7);
    sealed
}

/// Every attack that is taken.
pub(crate) const TOLD: &[Case] = &[
    case(
        "an honest node's incident erased, that it never told",
        |h| {
            let erased = json!({ "event": "erased", "reason": "no longer needed" });
            tells(h, h.shared().0, &erased, |_, _| ())
        },
        Sees::Held,
    ),
    case(
        "an honest node's incident told as its own, and erased",
        |h| {
            let (record, told) = h.shared();
            let version = told.header.record_version;
            let told: Value = serde_json::from_slice(&told.plain).unwrap();
            h.tells(record, &told["event"], |words, _| words.version = version);
            let erased = json!({ "event": "erased", "reason": "no longer needed" });
            tells(h, record, &erased, |_, _| ())
        },
        Sees::Held,
    ),
    case(
        "a version as high as a store can hold",
        |h| {
            let (_, told) = h.shared();
            let told: Value = serde_json::from_slice(&told.plain).unwrap();
            let record = fresh(RecordKind::Incident, 0x70);
            let version = watchfire_core::limits::RECORD_VERSION_MAX;
            tells(h, record, &told["event"], |words, _| {
                words.version = version
            })
        },
        Sees::Held,
    ),
    case(
        "a version higher than any store can hold",
        |h| {
            let (_, told) = h.shared();
            let told: Value = serde_json::from_slice(&told.plain).unwrap();
            let record = fresh(RecordKind::Incident, 0x71);
            tells(h, record, &told["event"], |words, _| {
                words.version = u64::MAX
            })
        },
        Sees::Held,
    ),
    case(
        "a text under an honest node's key, which it does not open",
        |h| {
            let sealed = misused_key(h);
            says(h, 0x72, |words, _| words.sealed = sealed)
        },
        Sees::Held,
    ),
    case(
        "a kind of a newer program under an honest node's key",
        |h| {
            let sealed = misused_key(h);
            says(h, 0x73, |words, _| {
                words.kind = "prophecy.made";
                words.sealed = sealed;
            })
        },
        Sees::Newer,
    ),
    case(
        "a time at the end of all time",
        |h| says(h, 0x74, |words, _| words.time = HybridTime(u64::MAX)),
        Sees::Shows("/last_entry_at", "9999-12-31"),
    ),
    case(
        "a time before all time",
        |h| says(h, 0x75, |words, _| words.time = HybridTime(0)),
        Sees::Held,
    ),
    case(
        "something that happened before all time",
        |h| says(h, 0x76, |_, body| body["happened_at"] = i64::MIN.into()),
        Sees::Held,
    ),
    case(
        "something that happened after all time",
        |h| says(h, 0x77, |_, body| body["happened_at"] = i64::MAX.into()),
        Sees::Held,
    ),
    case(
        "a loan without end of a unit that is not there",
        |h| {
            let unit = "7".repeat(32);
            let lent = json!({ "event": "lent", "unit": unit, "to": h.lead, "until": i64::MAX });
            tells(h, h.part(), &lent, |_, _| ())
        },
        Sees::Held,
    ),
    case(
        "a loan that ended before it began",
        |h| {
            let unit = "8".repeat(32);
            let lent = json!({ "event": "lent", "unit": unit, "to": h.lead, "until": i64::MIN });
            tells(h, h.part(), &lent, |_, _| ())
        },
        Sees::Held,
    ),
    case(
        "a line for another operation",
        |h| {
            says(h, 0x79, |_, body| {
                body["event"]["operation"] = json!("9".repeat(32));
            })
        },
        Sees::Held,
    ),
    case(
        "another node that declines",
        |h| {
            let reason = MARK;
            let event = json!({ "event": "declined", "operation": h.joint, "node": h.lead, "reason": reason });
            let part = Participation::id_of(&h.lead, h.joint);
            tells(h, part.into(), &event, |_, _| ())
        },
        Sees::Held,
    ),
    case(
        "another node that joins, in its own part",
        |h| {
            let event = json!({ "event": "joined", "operation": h.joint, "node": h.lead });
            tells(h, h.part(), &event, |_, _| ())
        },
        Sees::Held,
    ),
];

impl Hostile {
    /// Returns its part in the operation.
    pub(crate) fn part(&self) -> RecordRef {
        Participation::id_of(&self.by_hand.node, self.joint).into()
    }
}
