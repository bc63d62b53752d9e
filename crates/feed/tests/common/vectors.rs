//! The test vectors of `docs/spec/feed.md`: entries that every reader must take, and entries that
//! every reader must refuse for the reason named. Everything is made from fixed seeds, so the file
//! is the same on every machine. It must not decide what is right: the committed file is what other
//! implementations hold us to. Start at [`all`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by a test and an example"
)]

use curve25519_dalek::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use watchfire_feed::seal::{RecordKey, seal};
use watchfire_feed::{
    Chain, Draft, Entry, Feed, FeedError, Head, HybridTime, NodeId, PublicKey, Scope, SealedBody,
    Signer,
};

use super::identity_vectors::{self, IdentityVector};
use super::raw::{Raw, frame, signed_frame};
use super::sync_vectors::{self, ForkVector, PlanVector, VectorVector};
use super::{Writer, draft, opening_draft};

#[derive(Serialize, Deserialize)]
pub struct Vectors {
    pub format: String,
    pub feeds: Vec<FeedVector>,
    pub seals: Vec<SealVector>,
    pub valid: Vec<ValidVector>,
    pub invalid: Vec<InvalidVector>,
    pub identities: Vec<IdentityVector>,
    pub vectors: Vec<VectorVector>,
    pub plans: Vec<PlanVector>,
    pub forks: Vec<ForkVector>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct FeedVector {
    pub name: String,
    pub seed: Option<String>,
    pub public_key: String,
    pub node: String,
    pub scope: String,
    pub epoch: u32,
    pub feed: String,
}

#[derive(Serialize, Deserialize)]
pub struct SealVector {
    pub name: String,
    pub key_id: String,
    pub key: String,
    pub nonce: String,
    pub context: String,
    pub plain: String,
    pub sealed: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Place {
    pub seq: u64,
    pub hash: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ValidVector {
    pub name: String,
    pub feed: String,
    pub after: Place,
    pub frame: String,
    pub hash: String,
    pub header: HeaderVector,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct HeaderVector {
    pub critical: bool,
    pub kind: String,
    pub kind_version: u16,
    pub seq: u64,
    pub previous: String,
    pub time: u64,
    pub record: String,
    pub record_version: u64,
    pub plain_size: u32,
    pub sealed_size: u32,
    pub body: String,
    pub deps: Vec<Head>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct InvalidVector {
    pub name: String,
    pub feed: String,
    pub after: Place,
    pub frame: String,
    pub reason: String,
}

/// Returns the whole set.
pub fn all() -> Vectors {
    Maker::new().make()
}

/// Returns the set as the text of the committed file.
pub fn text() -> String {
    let json = serde_json::to_string_pretty(&all()).expect("plain structures serialise");
    format!("{json}\n")
}

/// Reads a frame as a reader of one feed would who holds it up to `after`; it must be one whole frame.
pub fn verdict(feed: &Feed, after: Head, frame: &[u8]) -> Result<Entry, FeedError> {
    let (entry, used) = Entry::decode(frame)?;
    assert_eq!(used, frame.len(), "a vector is one whole frame");
    Chain::resume(feed, after).accept(&entry)?;
    Ok(entry)
}

const FIRE: &str = "fire";
const FIRE_SEED: u8 = 1;
const POLICE_SEED: u8 = 2;
const FIRE_NEXT_SEED: u8 = 3;
/// The points of small order (one of each pair with opposite sign), in their exact encoding and in the
/// ones that are not reduced, and one encoding of no point.
const BAD_KEYS: [(&str, &str); 8] = [
    (
        "key of order 1",
        "0100000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "key of order 2",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    (
        "key of order 4",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "key of order 8",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ),
    (
        "other key of order 8",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ),
    (
        "key of order 4, not reduced",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    (
        "key of order 1, not reduced",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    (
        "key that is no point",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ),
];
const OPERATION: [u8; 16] = [0x0a; 16];

struct Maker {
    fire: Writer,
    opening: Entry,
    call: Entry,
    sealed: Entry,
    answer: Entry,
    vectors: Vectors,
}

impl Maker {
    fn new() -> Maker {
        let mut fire = Writer::local(FIRE_SEED);
        let opening = fire.open();
        let call = fire.write(draft("call.received", br#"{"channel":"phone"}"#, b""));
        let key = RecordKey::new([0x22; 16], [0x33; 32]);
        let sealed = seal(
            &key,
            [0x44; 12],
            &[0x11; 16],
            r#"{"caller":"张三"}"#.as_bytes(),
        );
        let sealed = fire.write(draft("incident.opened", br#"{"category":"fire"}"#, &sealed));
        let police = Head {
            feed: Writer::local(POLICE_SEED).feed.id(),
            ..opening.head()
        };
        let deps = [
            police,
            Head {
                feed: watchfire_feed::FeedId([0xfe; 32]),
                ..police
            },
        ];
        let plain = br#"{"offer":"two engines"}"#;
        let answer = fire.write(Draft {
            deps: &deps,
            ..draft("support.offered", plain, b"")
        });
        let vectors = Vectors {
            format: "watchfire feed vectors 1".to_owned(),
            feeds: Vec::new(),
            seals: Vec::new(),
            valid: Vec::new(),
            invalid: Vec::new(),
            identities: identity_vectors::stories(),
            vectors: sync_vectors::vectors(),
            plans: sync_vectors::plans(),
            forks: sync_vectors::forks(),
        };
        Maker {
            fire,
            opening,
            call,
            sealed,
            answer,
            vectors,
        }
    }

    fn make(mut self) -> Vectors {
        self.feed(FIRE, Some(FIRE_SEED), self.fire.feed);
        self.seals();
        self.valid_chain();
        self.valid_openings();
        self.valid_extremes();
        self.invalid_frames();
        self.invalid_headers();
        self.invalid_header_limits();
        self.invalid_bodies();
        self.invalid_signatures();
        self.invalid_places();
        self.invalid_openings();
        self.vectors
    }

    fn feed(&mut self, name: &str, seed: Option<u8>, feed: Feed) {
        self.vectors.feeds.push(FeedVector {
            name: name.to_owned(),
            seed: seed.map(|byte| hex::encode([byte; 32])),
            public_key: feed.key.to_string(),
            node: feed.node.to_string(),
            scope: feed.scope.to_string(),
            epoch: feed.epoch,
            feed: feed.id().to_string(),
        });
    }

    fn valid(&mut self, name: &str, feed: &str, after: Head, entry: &Entry) {
        let header = &entry.header;
        self.vectors.valid.push(ValidVector {
            name: name.to_owned(),
            feed: feed.to_owned(),
            after: place(after),
            frame: hex::encode(entry.encode()),
            hash: entry.hash.to_string(),
            header: HeaderVector {
                critical: header.critical,
                kind: header.kind.clone(),
                kind_version: header.kind_version,
                seq: header.seq,
                previous: header.previous.to_string(),
                time: header.time.0,
                record: hex::encode(header.record),
                record_version: header.record_version,
                plain_size: header.plain_size,
                sealed_size: header.sealed_size,
                body: header.body.to_string(),
                deps: header.deps.clone(),
            },
        });
    }

    /// A frame that a reader of the fire brigade's feed must refuse.
    fn invalid(&mut self, name: &str, reason: &str, after: Head, frame: &[u8]) {
        self.invalid_of(FIRE, name, reason, after, frame);
    }

    fn invalid_of(&mut self, feed: &str, name: &str, reason: &str, after: Head, frame: &[u8]) {
        self.vectors.invalid.push(InvalidVector {
            name: name.to_owned(),
            feed: feed.to_owned(),
            after: place(after),
            frame: hex::encode(frame),
            reason: reason.to_owned(),
        });
    }

    /// The call with one thing changed in its header, correctly signed.
    fn invalid_header(&mut self, name: &str, reason: &str, change: impl FnOnce(&mut Raw)) {
        let mut raw = Raw::of(&self.call);
        change(&mut raw);
        let frame = signed_frame(FIRE_SEED, &raw.bytes(), 0, &self.call.plain);
        self.invalid(name, reason, self.opening.head(), &frame);
    }

    fn seals(&mut self) {
        let cases: [(&str, &[u8], &[u8]); 3] = [
            ("a caller", &[0x11; 16], r#"{"caller":"张三"}"#.as_bytes()),
            ("nothing at all", &[0x11; 16], b""),
            ("no context", b"", b"{}"),
        ];
        for (name, context, plain) in cases {
            let key = RecordKey::new([0x22; 16], [0x33; 32]);
            self.vectors.seals.push(SealVector {
                name: name.to_owned(),
                key_id: hex::encode(key.id),
                key: hex::encode(key.expose()),
                nonce: hex::encode([0x44; 12]),
                context: hex::encode(context),
                plain: hex::encode(plain),
                sealed: hex::encode(seal(&key, [0x44; 12], context, plain)),
            });
        }
    }

    fn valid_chain(&mut self) {
        let (opening, call) = (self.opening.clone(), self.call.clone());
        let (sealed, answer) = (self.sealed.clone(), self.answer.clone());
        let start = Head::start(self.fire.feed.id());
        self.valid("the opening", FIRE, start, &opening);
        self.valid("a plain body", FIRE, opening.head(), &call);
        self.valid("a sealed part", FIRE, call.head(), &sealed);
        let mut erased = sealed.clone();
        erased.erase_sealed();
        self.valid(
            "the same, its sealed part erased",
            FIRE,
            call.head(),
            &erased,
        );
        self.valid("two deps", FIRE, sealed.head(), &answer);
    }

    fn valid_openings(&mut self) {
        let mut police = Writer::local(POLICE_SEED);
        self.feed("police", Some(POLICE_SEED), police.feed);
        let (feed, start) = (police.feed, police.head);
        let reason = "烽燧 \"first\" \\ start\n\t\u{1}\u{7f}\u{2028}/";
        let opening = police.write(opening_draft(feed.opening_body(None, reason)));
        self.valid(
            "an opening with every kind of character",
            "police",
            start,
            &opening,
        );

        let mut operation = Writer::new(FIRE_SEED, Scope::Operation(OPERATION), 1);
        self.feed("fire in an operation", Some(FIRE_SEED), operation.feed);
        let start = operation.head;
        let opening = operation.open();
        self.valid(
            "the opening for an operation",
            "fire in an operation",
            start,
            &opening,
        );

        let mut command = Writer::new(FIRE_SEED, Scope::Command(OPERATION), 1);
        self.feed("fire in command", Some(FIRE_SEED), command.feed);
        let start = command.head;
        let opening = command.open();
        self.valid(
            "the opening for the command of an operation",
            "fire in command",
            start,
            &opening,
        );

        let mut next = Writer::new(FIRE_NEXT_SEED, Scope::Local, 2);
        next.feed.node = self.fire.feed.node;
        next.head = Head::start(next.feed.id());
        self.feed("fire, second epoch", Some(FIRE_NEXT_SEED), next.feed);
        let (feed, start) = (next.feed, next.head);
        let body = feed.opening_body(Some(&self.answer.head()), "restored from backup");
        let opening = next.write(opening_draft(body));
        self.valid(
            "the opening of a second epoch",
            "fire, second epoch",
            start,
            &opening,
        );
    }

    fn valid_extremes(&mut self) {
        let after = self.answer.head();
        let signer = Signer::from_seed([FIRE_SEED; 32]);
        let sign = |after: &Head, draft| watchfire_feed::sign(&signer, after, draft);
        let kind = "a_kind.that_nobody_knows.0123456789.abcdefghijkl";
        let deps: Vec<Head> = (0x80..0xa0_u8)
            .map(|byte| Head {
                feed: watchfire_feed::FeedId([byte; 32]),
                ..after
            })
            .collect();
        let unknown = Draft {
            kind_version: u16::MAX,
            critical: true,
            ..draft(kind, b"", b"s")
        };
        let unknown = sign(
            &after,
            Draft {
                deps: &deps,
                ..unknown
            },
        )
        .expect("is within the limits");
        self.valid(
            "an unknown critical kind of 48 bytes, 32 deps",
            FIRE,
            after,
            &unknown,
        );
        let last = Head {
            seq: u64::MAX - 1,
            ..after
        };
        let time = HybridTime(u64::MAX);
        let extreme = Draft {
            record_version: u64::MAX,
            time,
            ..draft("k", b"", b"")
        };
        let extreme = sign(&last, extreme).expect("is within the limits");
        self.valid(
            "the largest numbers and an empty body",
            FIRE,
            last,
            &extreme,
        );
    }

    fn invalid_frames(&mut self) {
        let after = self.opening.head();
        let whole = self.call.encode();
        let header = self.call.header_bytes.clone();
        let (signature, plain) = (self.call.signature, self.call.plain.clone());
        self.invalid("no bytes at all", "truncated", after, b"");
        self.invalid("cut inside the length", "truncated", after, &whole[..3]);
        self.invalid("cut inside the header", "truncated", after, &whole[..50]);
        let end = 4 + header.len();
        self.invalid(
            "cut inside the signature",
            "truncated",
            after,
            &whole[..end + 63],
        );
        self.invalid(
            "cut before the form",
            "truncated",
            after,
            &whole[..end + 64],
        );
        self.invalid(
            "cut inside the body",
            "truncated",
            after,
            &whole[..whole.len() - 1],
        );
        let long = [4097_u32.to_be_bytes().as_slice(), &header].concat();
        self.invalid("header length 4097", "too_large", after, &long);
        let empty = frame(b"", &signature, 0, b"");
        self.invalid("header length 0", "header_length", after, &empty);
        let unknown = frame(&header, &signature, 3, &plain);
        self.invalid("form 3", "sealed_form", after, &unknown);
        let whole = frame(&header, &signature, 1, &plain);
        self.invalid(
            "form whole without a sealed part",
            "sealed_form",
            after,
            &whole,
        );
        let erased = frame(
            &header,
            &signature,
            2,
            &[plain.as_slice(), &[0; 32]].concat(),
        );
        self.invalid(
            "form erased without a sealed part",
            "sealed_form",
            after,
            &erased,
        );
        let sealed = self.sealed.clone();
        let none = frame(&sealed.header_bytes, &sealed.signature, 0, &sealed.plain);
        self.invalid(
            "form none with a sealed part",
            "sealed_form",
            self.call.head(),
            &none,
        );
    }

    fn invalid_headers(&mut self) {
        self.invalid_header("another magic", "bad_magic", |raw| raw.magic = *b"WFE2");
        self.invalid_header("suite 0", "unknown_suite", |raw| raw.suite = 0);
        self.invalid_header("suite 2", "unknown_suite", |raw| raw.suite = 2);
        self.invalid_header("flag bit 1", "reserved_flag", |raw| raw.flags = 2);
        self.invalid_header("flag bit 7 and critical", "reserved_flag", |raw| {
            raw.flags = 0x81
        });
        self.invalid_header("a byte after the deps", "header_length", |raw| {
            raw.tail = vec![0]
        });
        self.invalid_header("sequence number 0", "seq_zero", |raw| raw.seq = 0);
        self.invalid_header("first with a previous", "broken_link", |raw| raw.seq = 1);
        self.invalid_header("no kind", "bad_kind", |raw| raw.kind.clear());
        self.invalid_header("upper case", "bad_kind", |raw| {
            raw.kind = b"Call.received".to_vec()
        });
        self.invalid_header("a hyphen", "bad_kind", |raw| {
            raw.kind = b"call-received".to_vec()
        });
        self.invalid_header("not UTF-8", "bad_kind", |raw| raw.kind = vec![0xff]);
        let feed = self.fire.feed.id();
        let dep = self.answer.header.deps[0];
        let other = self.answer.header.deps[1];
        self.invalid_header("deps descending", "dep_order", |raw| {
            raw.deps = vec![other, dep]
        });
        self.invalid_header("one feed twice", "dep_order", |raw| {
            raw.deps = vec![dep, dep]
        });
        self.invalid_header("its own feed", "bad_dep", |raw| {
            raw.deps = vec![Head { feed, ..dep }]
        });
        self.invalid_header("dep on 0", "bad_dep", |raw| {
            raw.deps = vec![Head { seq: 0, ..dep }]
        });
        // A dep count of one with nothing behind it.
        let mut header = self.call.header_bytes.clone();
        *header.last_mut().expect("a header is not empty") = 1;
        let frame = signed_frame(FIRE_SEED, &header, 0, &self.call.plain);
        self.invalid(
            "a missing dep",
            "header_length",
            self.opening.head(),
            &frame,
        );
    }

    fn invalid_header_limits(&mut self) {
        let dep = self.answer.header.deps[0];
        self.invalid_header("a kind of 49", "too_large", |raw| raw.kind = vec![b'a'; 49]);
        let feed = |byte| watchfire_feed::FeedId([byte; 32]);
        let many: Vec<Head> = (0x80..0xa1)
            .map(|byte| Head {
                feed: feed(byte),
                ..dep
            })
            .collect();
        self.invalid_header("33 deps", "too_large", |raw| raw.deps = many);
        self.invalid_header("a plain part of 65537", "too_large", |raw| {
            raw.plain_size = 65_537
        });
        self.invalid_header("parts of 65537 together", "too_large", |raw| {
            raw.plain_size = 65_536;
            raw.sealed_size = 1;
        });
        self.invalid_header("sizes that overflow 32 bits", "too_large", |raw| {
            raw.plain_size = u32::MAX;
            raw.sealed_size = 2;
        });
    }

    fn invalid_bodies(&mut self) {
        let after = self.call.head();
        let mut entry = self.sealed.clone();
        entry.plain[0] ^= 1;
        self.invalid(
            "plain part altered",
            "body_mismatch",
            after,
            &entry.encode(),
        );
        let mut entry = self.sealed.clone();
        if let SealedBody::Whole(bytes) = &mut entry.sealed {
            bytes[0] ^= 1;
        }
        self.invalid(
            "sealed part altered",
            "body_mismatch",
            after,
            &entry.encode(),
        );
        entry.erase_sealed();
        self.invalid(
            "hash of the erased part altered",
            "body_mismatch",
            after,
            &entry.encode(),
        );
    }

    fn invalid_signatures(&mut self) {
        let after = self.opening.head();
        let call = self.call.clone();
        let mut altered = call.clone();
        altered.signature[0] ^= 1;
        self.invalid(
            "signature altered",
            "bad_signature",
            after,
            &altered.encode(),
        );
        let mut header = call.header_bytes.clone();
        header[103] ^= 1;
        let altered = frame(&header, &call.signature, 0, &call.plain);
        self.invalid("record altered", "bad_signature", after, &altered);
        let other = signed_frame(POLICE_SEED, &call.header_bytes, 0, &call.plain);
        self.invalid("signed by another key", "bad_signature", after, &other);
        let mut malleable = call.clone();
        add_group_order(&mut malleable.signature);
        self.invalid("S not reduced", "bad_signature", after, &malleable.encode());
        let mut small = call.clone();
        small.signature = small_order_signature(FIRE_SEED, &call.header_bytes);
        self.invalid("R of small order", "bad_signature", after, &small.encode());

        self.invalid_keys();
    }

    /// Feeds under keys that are no keys: for some of them anyone can make "signatures".
    fn invalid_keys(&mut self) {
        let mut neutral_signature = [0; 64];
        neutral_signature[0] = 1;
        for (name, key) in BAD_KEYS {
            let bytes = hex::decode(key).expect("is hex");
            let key = PublicKey(bytes.try_into().expect("is 32 bytes"));
            let feed = Feed {
                node: NodeId::of_key(&key),
                scope: Scope::Local,
                epoch: 1,
                key,
            };
            self.feed(name, None, feed);
            let mut raw = Raw::of(&self.call);
            raw.feed = feed.id().0;
            let frame = frame(&raw.bytes(), &neutral_signature, 0, &self.call.plain);
            let after = Head {
                feed: feed.id(),
                ..self.opening.head()
            };
            self.invalid_of(name, name, "bad_key", after, &frame);
        }
    }

    fn invalid_places(&mut self) {
        let (opening, call, sealed) =
            (self.opening.clone(), self.call.clone(), self.sealed.clone());
        let foreign = Writer::opened(POLICE_SEED).1;
        let start = Head::start(self.fire.feed.id());
        self.invalid("of another feed", "wrong_feed", start, &foreign.encode());
        self.invalid("one entry missing", "gap", opening.head(), &sealed.encode());
        self.invalid("the opening missing", "gap", start, &call.encode());
        self.invalid("the head again", "repeated", call.head(), &call.encode());
        self.invalid(
            "an old one again",
            "repeated",
            sealed.head(),
            &call.encode(),
        );
        let mut other = Writer::opened(FIRE_SEED).0;
        let other = other.write(draft("call.received", br#"{"channel":"text"}"#, b""));
        self.invalid(
            "another for the same place",
            "fork",
            call.head(),
            &other.encode(),
        );
        let on_other = other.head();
        self.invalid(
            "on another history",
            "broken_link",
            on_other,
            &sealed.encode(),
        );
        let mut late = Raw::of(&call);
        late.kind = b"feed.opened".to_vec();
        let late = signed_frame(FIRE_SEED, &late.bytes(), 0, &call.plain);
        self.invalid(
            "an opening in second place",
            "late_opening",
            opening.head(),
            &late,
        );
    }

    fn invalid_openings(&mut self) {
        let body = String::from_utf8(self.opening.plain.clone()).expect("JSON is UTF-8");
        let follows = serde_json::to_string(&self.answer.head()).expect("a head serialises");
        let key = self.fire.feed.key.to_string();
        let bodies = [
            ("no JSON", "opened".to_owned()),
            ("white space", body.replace("\"epoch\":1", "\"epoch\": 1")),
            (
                "an unknown field",
                body.replace("\"suite\":1", "\"suite\":1,\"more\":1"),
            ),
            ("a field missing", body.replace("\"suite\":1,", "")),
            (
                "a field twice",
                body.replace("\"epoch\":1", "\"epoch\":1,\"epoch\":1"),
            ),
            (
                "another order",
                body.replace("\"epoch\":1,\"suite\":1", "\"suite\":1,\"epoch\":1"),
            ),
            (
                "an escape where none is needed",
                body.replace("first", "\\u0066irst"),
            ),
            ("upper-case hex", body.replace(&key, &key.to_uppercase())),
            (
                "epoch as a fraction",
                body.replace("\"epoch\":1", "\"epoch\":1.0"),
            ),
            (
                "epoch as a boolean",
                body.replace("\"epoch\":1", "\"epoch\":true"),
            ),
            ("epoch 0", body.replace("\"epoch\":1", "\"epoch\":0")),
            (
                "epoch of another feed",
                body.replace("\"epoch\":1", "\"epoch\":2"),
            ),
            (
                "epoch beyond 32 bits",
                body.replace("\"epoch\":1", "\"epoch\":4294967297"),
            ),
            (
                "suite 2 in the body",
                body.replace("\"suite\":1", "\"suite\":2"),
            ),
            ("another scope", body.replace("local", "global")),
            ("first epoch that follows", body.replace("null", &follows)),
            (
                "a reason that is not text",
                body.replace("\"first start\"", "7"),
            ),
            ("half a surrogate", body.replace("first", "\\ud800")),
        ];
        for (name, plain) in bodies {
            assert_ne!(plain, body, "{name} changes nothing");
            self.invalid_opening(name, plain.as_bytes(), b"", |_| ());
        }
        let whole = body.as_bytes();
        self.invalid_opening("not critical", whole, b"", |raw| raw.flags = 0);
        self.invalid_opening("version 2", whole, b"", |raw| raw.kind_version = 2);
        self.invalid_opening("a sealed part in it", whole, b"s", |_| ());
        self.invalid_opening("another kind first", whole, b"", |raw| {
            raw.kind = b"note".to_vec()
        });
    }

    fn invalid_opening(
        &mut self,
        name: &str,
        plain: &[u8],
        sealed: &[u8],
        change: impl FnOnce(&mut Raw),
    ) {
        let mut raw = Raw::of(&self.opening).with_body(plain, sealed);
        change(&mut raw);
        let form = u8::from(!sealed.is_empty());
        let frame = signed_frame(FIRE_SEED, &raw.bytes(), form, &[plain, sealed].concat());
        let start = Head::start(self.fire.feed.id());
        self.invalid(&format!("opening: {name}"), "bad_opening", start, &frame);
    }
}

fn place(head: Head) -> Place {
    Place {
        seq: head.seq,
        hash: head.hash.to_string(),
    }
}

/// Adds the order of the group to S: the same signature in a second spelling.
fn add_group_order(signature: &mut [u8; 64]) {
    let mut carry = 0;
    let order_low = Scalar::ZERO - Scalar::ONE;
    for (at, byte) in signature[32..].iter_mut().enumerate() {
        // The order is one more than the largest scalar, and its last byte leaves room for the one.
        let sum = u16::from(*byte) + u16::from(order_low.as_bytes()[at]) + carry;
        let sum = if at == 0 { sum + 1 } else { sum };
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

/// A signature whose R is the neutral element, as only the holder of the key can make it. Readers
/// that are not strict take it.
fn small_order_signature(seed: u8, message: &[u8]) -> [u8; 64] {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let mut signature = [0; 64];
    signature[0] = 1;
    let mut hasher = Sha512::new();
    hasher.update(&signature[..32]);
    hasher.update(key.verifying_key().to_bytes());
    hasher.update(message);
    let challenge = Scalar::from_bytes_mod_order_wide(&hasher.finalize().into());
    let scalar = Scalar::from_bytes_mod_order(key.to_scalar().to_bytes());
    signature[32..].copy_from_slice((challenge * scalar).as_bytes());
    assert_ne!(signature, key.sign(message).to_bytes());
    signature
}
