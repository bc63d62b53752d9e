//! The test vectors of identity feeds: stories in which each entry is taken or refused for a reason,
//! what the identity is at the end, and what it answers. What must come of each entry is written
//! here by hand; what an identity holds at the end is what the code says, and a second
//! implementation has to agree. Start at [`stories`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test program uses its own part of this"
)]

use serde::{Deserialize, Serialize};
use watchfire_feed::limits::{ADDRESS_MAX_CHARS, ADDRESSES_MAX, NAME_MAX_CHARS, REASON_MAX_CHARS};
use watchfire_feed::{
    ClosingCause, Draft, Entry, Feed, FeedId, Hash, Head, Identity, IdentityError, IdentityEvent,
    NodeId, Scope, sign,
};

use super::{Root, Writer, draft, head, key_certified, opening_draft};

#[derive(Clone, Serialize, Deserialize)]
pub struct IdentityVector {
    pub name: String,
    pub entries: Vec<TakenVector>,
    pub state: Option<StateVector>,
    pub questions: Vec<QuestionVector>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct TakenVector {
    pub frame: String,
    pub result: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateVector {
    pub node: String,
    pub name: Option<String>,
    pub keys: Vec<KeyVector>,
    pub current_epoch: Option<u32>,
    pub anchors: Vec<AnchorVector>,
    pub addresses: Vec<String>,
    pub revoked: Option<String>,
    pub unknown: u64,
    pub head: Head,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyVector {
    pub epoch: u32,
    pub public_key: String,
    pub cause: Option<ClosingCause>,
    pub heads: Vec<Head>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnchorVector {
    pub sha256: String,
    pub not_after_ms: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct QuestionVector {
    pub name: String,
    pub node: String,
    pub scope: String,
    pub epoch: u32,
    pub public_key: String,
    pub feed: String,
    pub seq: u64,
    pub hash: String,
    pub answer: String,
}

/// Returns all stories.
pub fn stories() -> Vec<IdentityVector> {
    vec![
        restored(),
        over(),
        from_before(),
        anchors(),
        newer(),
        wrong_place(),
        wrong_form(),
        wrong_opening("a local feed", |_| Writer::opened(ROOT).1, "not_identity"),
        wrong_opening("a second epoch", second_epoch, "bad_opening"),
        wrong_opening("under another key", other_key, "bad_opening"),
    ]
}

/// Returns what an identity says, as the vectors spell it.
pub fn state(identity: &Identity) -> StateVector {
    StateVector {
        node: identity.node().to_string(),
        name: identity.name().map(str::to_owned),
        keys: identity
            .keys()
            .iter()
            .map(|(&epoch, it)| KeyVector {
                epoch,
                public_key: it.key.to_string(),
                cause: it.closed.as_ref().map(|closing| closing.cause),
                heads: it
                    .closed
                    .iter()
                    .flat_map(|closing| closing.heads())
                    .collect(),
            })
            .collect(),
        current_epoch: identity.current_key().map(|(epoch, _)| epoch),
        anchors: identity
            .anchors()
            .iter()
            .map(|anchor| AnchorVector {
                sha256: anchor.sha256.to_string(),
                not_after_ms: anchor.not_after_ms,
            })
            .collect(),
        addresses: identity.addresses().to_vec(),
        revoked: identity.revoked().map(str::to_owned),
        unknown: identity.unknown(),
        head: identity.head(),
    }
}

const ROOT: u8 = 5;
const FIRST: u8 = 6;
const SECOND: u8 = 7;
const OPERATION: Scope = Scope::Operation([0x0a; 16]);

/// An identity feed being written, with every entry that somebody tried to add to it.
pub struct Story {
    pub root: Root,
    vector: IdentityVector,
}

impl Story {
    pub fn new(name: &str, root: u8) -> Story {
        let root = Root::new(root);
        let frame = hex::encode(root.entries[0].encode());
        let result = "ok".to_owned();
        Story {
            vector: IdentityVector {
                name: name.to_owned(),
                entries: vec![TakenVector { frame, result }],
                state: None,
                questions: Vec::new(),
            },
            root,
        }
    }

    /// Has the root say this, and the entry taken or refused as expected.
    pub fn say(&mut self, event: &IdentityEvent, expected: &str) {
        let entry = self.root.next(event);
        self.offer(&entry, expected);
    }

    /// Has any body signed by the root.
    pub fn sign(&mut self, draft: Draft<'_>, expected: &str) {
        let entry = sign(&self.root.signer, &self.root.identity.head(), draft);
        self.offer(&entry.expect("is within the limits"), expected);
    }

    pub fn offer(&mut self, entry: &Entry, expected: &str) {
        let found = result(self.root.identity.take(entry));
        let at = self.vector.entries.len() + 1;
        assert_eq!(found, expected, "{}, entry {at}", self.vector.name);
        self.record(entry, found);
    }

    /// Has the entry judged by the code.
    pub fn judge(&mut self, entry: &Entry) -> &'static str {
        let found = result(self.root.identity.take(entry));
        self.record(entry, found);
        found
    }

    fn record(&mut self, entry: &Entry, found: &str) {
        self.vector.entries.push(TakenVector {
            frame: hex::encode(entry.encode()),
            result: found.to_owned(),
        });
    }

    pub fn ask(&mut self, name: &str, feed: Feed, entry: Head, expected: &str) {
        let found = match self.root.identity.may_take(&feed, &entry) {
            Ok(()) => "ok",
            Err(why) => why.code(),
        };
        assert_eq!(found, expected, "{}: {name}", self.vector.name);
        self.vector.questions.push(QuestionVector {
            name: name.to_owned(),
            node: feed.node.to_string(),
            scope: feed.scope.to_string(),
            epoch: feed.epoch,
            public_key: feed.key.to_string(),
            feed: entry.feed.to_string(),
            seq: entry.seq,
            hash: entry.hash.to_string(),
            answer: expected.to_owned(),
        });
    }

    pub fn end(mut self) -> IdentityVector {
        self.vector.state = Some(state(&self.root.identity));
        self.vector
    }
}

fn result(taken: Result<(), IdentityError>) -> &'static str {
    match taken {
        Ok(()) => "ok",
        Err(error) => error.code(),
    }
}

fn named(name: &str) -> IdentityEvent {
    let name = name.to_owned();
    IdentityEvent::Named { name }
}

fn closed(epoch: u32, cause: ClosingCause, heads: &[Head]) -> IdentityEvent {
    let mut heads = heads.to_vec();
    heads.sort();
    IdentityEvent::EpochClosed {
        epoch,
        cause,
        heads,
    }
}

fn addresses(addresses: &[&str]) -> IdentityEvent {
    IdentityEvent::AddressesSet {
        addresses: addresses.iter().map(|&it| it.to_owned()).collect(),
    }
}

fn revoked(reason: &str) -> IdentityEvent {
    let reason = reason.to_owned();
    IdentityEvent::Revoked { reason }
}

fn anchor(byte: u8) -> IdentityEvent {
    IdentityEvent::AnchorCertified {
        certificate: vec![0x30, 1, byte],
        not_after_ms: 1_800_000_000_000,
    }
}

fn withdrawn(byte: u8) -> IdentityEvent {
    let sha256 = Hash::of(&[0x30, 1, byte]);
    IdentityEvent::AnchorWithdrawn { sha256 }
}

pub fn identity_draft<'a>(kind: &'a str, plain: &str) -> Draft<'a> {
    Draft {
        critical: true,
        record: [0; 16],
        ..draft(kind, plain.as_bytes(), b"")
    }
}

fn restored() -> IdentityVector {
    let mut story = Story::new("restored from a backup, then a later entry turns up", ROOT);
    let (local, operation) = (
        story.root.feed(FIRST, Scope::Local, 1),
        story.root.feed(FIRST, OPERATION, 1),
    );
    let next = story.root.feed(SECOND, Scope::Local, 2);
    let (four, six) = (head(local.id(), 4, 0x44), head(local.id(), 6, 0x66));
    let joined = head(operation.id(), 2, 0x22);
    story.say(&named("东区消防站 \"East\""), "ok");
    story.say(&key_certified(2, FIRST), "epoch_order");
    story.say(&closed(1, ClosingCause::Rotation, &[]), "epoch_unknown");
    story.say(&key_certified(1, FIRST), "ok");
    story.say(&key_certified(2, SECOND), "epoch_open");
    story.say(
        &addresses(&["east.example:7443", "[2001:db8::1]:443"]),
        "ok",
    );
    story.say(&closed(1, ClosingCause::Restore, &[four]), "ok");
    story.say(&key_certified(2, FIRST), "key_used_before");
    story.say(&key_certified(2, ROOT), "key_used_before");
    story.say(&key_certified(3, SECOND), "epoch_order");
    story.say(&key_certified(2, SECOND), "ok");
    story.say(
        &closed(1, ClosingCause::Restore, &[four]),
        "head_not_higher",
    );
    story.say(&closed(1, ClosingCause::Compromise, &[six, joined]), "ok");

    story.ask("before any head", local, head(local.id(), 3, 0x33), "ok");
    story.ask("at the first head", local, four, "ok");
    let other = head(local.id(), 4, 0x45);
    story.ask("another at the first head", local, other, "other_branch");
    story.ask("at the last head", local, six, "ok");
    let other = head(local.id(), 6, 0x67);
    story.ask("another at the last head", local, other, "other_branch");
    let beyond = head(local.id(), 7, 0x77);
    story.ask("beyond the last head", local, beyond, "beyond_closing");
    story.ask("in the operation", operation, joined, "ok");
    let unnamed = story.root.feed(FIRST, Scope::Operation([0x0b; 16]), 1);
    let first = head(unnamed.id(), 1, 0x11);
    story.ask("a feed that is not named", unnamed, first, "beyond_closing");
    let largest = head(next.id(), u64::MAX, 0xff);
    story.ask("in the open epoch", next, largest, "ok");
    let third = story.root.feed(SECOND, Scope::Local, 3);
    let first = head(third.id(), 1, 0x11);
    story.ask("in an epoch to come", third, first, "not_certified");
    let wrong = story.root.feed(FIRST, Scope::Local, 2);
    let first = head(wrong.id(), 1, 0x11);
    story.ask("the key of another epoch", wrong, first, "other_key");
    story.ask("the head of another feed", local, joined, "another_feed");
    let stranger = Root::new(9).feed(FIRST, Scope::Local, 1);
    let first = head(stranger.id(), 1, 0x11);
    story.ask("another node", stranger, first, "another_node");
    let (own, own_head) = (story.root.identity.feed(), story.root.identity.head());
    story.ask("the identity feed itself", own, own_head, "ok");
    story.end()
}

fn over() -> IdentityVector {
    let mut story = Story::new("revoked, with one epoch closed before", ROOT);
    let local = story.root.feed(FIRST, Scope::Local, 1);
    let next = story.root.feed(SECOND, Scope::Local, 2);
    let four = head(local.id(), 4, 0x44);
    story.say(&key_certified(1, FIRST), "ok");
    story.say(&closed(1, ClosingCause::Rotation, &[four]), "ok");
    story.say(&key_certified(2, SECOND), "ok");
    story.say(&revoked("the station is closed"), "ok");
    story.say(&named("again"), "revoked");
    story.say(&revoked("once more"), "revoked");
    story.ask("a head named before", local, four, "ok");
    let beyond = head(local.id(), 5, 0x55);
    story.ask("beyond it", local, beyond, "revoked");
    let first = head(next.id(), 1, 0x11);
    story.ask("in the epoch that was open", next, first, "revoked");
    let third = story.root.feed(SECOND, Scope::Local, 3);
    let first = head(third.id(), 1, 0x11);
    story.ask("in an epoch that never was", third, first, "revoked");
    let (own, last) = (story.root.identity.feed(), story.root.identity.head());
    story.ask("the identity feed's last entry", own, last, "ok");
    let further = head(own.id(), last.seq + 1, 0x11);
    story.ask("an identity entry after it", own, further, "revoked");
    story.end()
}

fn from_before() -> IdentityVector {
    let mut story = Story::new("a node whose root key was the key of everything", ROOT);
    story.say(&key_certified(1, ROOT), "ok");
    let local = story.root.feed(ROOT, Scope::Local, 1);
    story.ask("its local feed", local, head(local.id(), 9, 0x99), "ok");
    let identity = story.root.feed(FIRST, Scope::Identity, 1);
    let first = head(identity.id(), 1, 0x11);
    story.ask("another identity feed", identity, first, "other_key");
    story.end()
}

fn anchors() -> IdentityVector {
    let mut story = Story::new("anchors overlap two by two", ROOT);
    story.say(&withdrawn(1), "anchor_unknown");
    story.say(&anchor(1), "ok");
    story.say(&anchor(1), "anchor_repeated");
    story.say(&anchor(2), "ok");
    story.say(&anchor(2), "anchor_repeated");
    story.say(&anchor(3), "anchors_full");
    story.say(&withdrawn(1), "ok");
    story.say(&withdrawn(1), "anchor_unknown");
    story.say(&anchor(3), "ok");
    story.end()
}

fn newer() -> IdentityVector {
    let mut story = Story::new("entries of a newer program", ROOT);
    story.say(&named("East"), "ok");
    story.sign(identity_draft("identity.capabilities_set", "{}"), "ok");
    let version_2 = Draft {
        kind_version: 2,
        ..identity_draft("identity.named", r#"{"short":"W"}"#)
    };
    story.sign(version_2, "ok");
    story.sign(draft("call.received", b"not even JSON", b"sealed"), "ok");
    story.say(&named("West"), "ok");
    story.end()
}

fn wrong_place() -> IdentityVector {
    let mut story = Story::new("entries out of place", ROOT);
    let before = story.root.next(&named("West"));
    story.say(&named("East"), "ok");
    story.offer(&before, "fork");
    let opening = story.root.entries[0].clone();
    story.offer(&opening, "repeated");
    let mut stranger = Root::new(FIRST);
    stranger.identity = story.root.identity.clone();
    story.offer(&stranger.next(&named("Mine")), "bad_signature");
    let mut ahead = Story::new("", ROOT);
    for name in ["East", "North", "South"] {
        ahead.say(&named(name), "ok");
    }
    let entry = ahead.root.next(&named("West"));
    story.offer(&entry, "gap");
    let other = Root::new(FIRST).next(&named("Other"));
    story.offer(&other, "wrong_feed");
    let again = story.root.identity.feed().opening_body(None, "again");
    // The writer would not sign it: the header says another kind, renamed below.
    let entry = story.root.next(&named("x"));
    let mut raw = super::raw::Raw::of(&entry).with_body(&again, b"");
    raw.kind = b"feed.opened".to_vec();
    let frame = super::raw::signed_frame(ROOT, &raw.bytes(), 0, &again);
    let (entry, _) = Entry::decode(&frame).expect("is well formed");
    story.offer(&entry, "late_opening");
    story.end()
}

fn wrong_form() -> IdentityVector {
    let mut story = Story::new("bodies in another form, or beyond a limit", ROOT);
    for (kind, plain, expected) in bodies() {
        story.sign(identity_draft(kind, &plain), expected);
    }
    let good = || identity_draft("identity.named", r#"{"name":"East"}"#);
    let critical = false;
    story.sign(Draft { critical, ..good() }, "bad_identity");
    let record = [1; 16];
    story.sign(Draft { record, ..good() }, "bad_identity");
    let sealed = vec![1];
    story.sign(Draft { sealed, ..good() }, "bad_identity");
    let deps = [Head {
        seq: 9,
        ..Writer::opened(1).0.head
    }];
    let deps = deps.as_slice();
    let record_version = 7;
    story.sign(
        Draft {
            deps,
            record_version,
            ..good()
        },
        "ok",
    );
    story.end()
}

/// A body of one kind and what must come of it.
pub type Body = (&'static str, String, &'static str);

const BAD: &str = "bad_identity";

/// Returns bodies of every kind, and what must come of each.
pub fn bodies() -> Vec<Body> {
    let mut all = names();
    all.extend(keys());
    all.extend(closings());
    all.extend(certificates());
    all.extend(places());
    let reason = format!(r#"{{"reason":"{}"}}"#, "燧".repeat(REASON_MAX_CHARS + 1));
    all.push(("identity.revoked", reason, "too_large"));
    all.push(("identity.revoked", r#"{"reason":""}"#.to_owned(), BAD));
    all
}

fn names() -> Vec<Body> {
    let name = |name: &str| format!(r#"{{"name":"{name}"}}"#);
    let bodies = [
        (String::new(), BAD),
        (r#"{ "name":"East"}"#.to_owned(), BAD),
        (r#"{"name":"A","name":"B"}"#.to_owned(), BAD),
        (r#"{"name":"A","short":"B"}"#.to_owned(), BAD),
        (r#"["East"]"#.to_owned(), BAD),
        (r#"{"name":7}"#.to_owned(), BAD),
        (name(r"\u0041"), BAD),
        (name(r"\ud800"), BAD),
        (name(r"two\nlines"), BAD),
        (name("a\u{7f}b"), BAD),
        (name("a\u{85}b"), BAD),
        (name(""), BAD),
        (name(&"烽".repeat(NAME_MAX_CHARS)), "ok"),
        (name(&"烽".repeat(NAME_MAX_CHARS + 1)), "too_large"),
        (name("\u{2028}/\u{ad}"), "ok"),
    ];
    of_kind("identity.named", bodies)
}

fn keys() -> Vec<Body> {
    let key = Writer::local(FIRST).feed.key.to_string();
    let certified = |epoch: &str, key: &str| format!(r#"{{"epoch":{epoch},"public_key":"{key}"}}"#);
    let bodies = [
        (format!(r#"{{"public_key":"{key}","epoch":1}}"#), BAD),
        (certified("0", &key), BAD),
        (certified("01", &key), BAD),
        (certified("1.0", &key), BAD),
        (certified("true", &key), BAD),
        (certified("4294967296", &key), BAD),
        (certified("1", &key.to_uppercase()), BAD),
        (certified("1", &"00".repeat(32)), "bad_key"),
        (certified("1", &"02".repeat(32)), "bad_key"),
    ];
    of_kind("identity.key_certified", bodies)
}

fn closings() -> Vec<Body> {
    let (ones, twos) = ("01".repeat(32), "02".repeat(32));
    let head =
        |feed: &str, seq: &str| format!(r#"{{"feed":"{feed}","seq":{seq},"hash":"{ones}"}}"#);
    let closing = |heads: &[String]| {
        let heads = heads.join(",");
        format!(r#"{{"epoch":1,"cause":"fork","heads":[{heads}]}}"#)
    };
    let one = |seq: &str| closing(&[head(&ones, seq)]);
    let bodies = [
        (one("0"), BAD),
        (one("-1"), BAD),
        (one("18446744073709551616"), BAD),
        (closing(&[head(&twos, "1"), head(&ones, "1")]), BAD),
        (closing(&[head(&ones, "1"), head(&ones, "2")]), BAD),
        (r#"{"epoch":1,"cause":"whim","heads":[]}"#.to_owned(), BAD),
        (r#"{"epoch":0,"cause":"fork","heads":[]}"#.to_owned(), BAD),
        (one("18446744073709551615"), "epoch_unknown"),
    ];
    of_kind("identity.epoch_closed", bodies)
}

fn certificates() -> Vec<Body> {
    let anchor =
        |hex: &str, end: &str| format!(r#"{{"certificate":"{hex}","not_after_ms":{end}}}"#);
    let bodies = [
        (anchor("AB", "1"), BAD),
        (anchor("abc", "1"), BAD),
        (anchor("", "1"), BAD),
        (anchor("ab", "-1"), BAD),
        (anchor("ab", "281474976710656"), "too_large"),
        (anchor("ab", "281474976710655"), "ok"),
    ];
    let mut all = of_kind("identity.anchor_certified", bodies);
    let short = r#"{"sha256":"ab"}"#.to_owned();
    all.push(("identity.anchor_withdrawn", short, BAD));
    all
}

fn places() -> Vec<Body> {
    let set = |addresses: &[String]| {
        let quoted: Vec<String> = addresses.iter().map(|it| format!("\"{it}\"")).collect();
        format!(r#"{{"addresses":[{}]}}"#, quoted.join(","))
    };
    let one = |address: &str| set(&[address.to_owned()]);
    let long = |chars: usize| format!("{}:1", "a".repeat(chars - 2));
    let many: Vec<String> = (0..=ADDRESSES_MAX)
        .map(|it| format!("a:{}", it + 1))
        .collect();
    let bodies = [
        (one("a:0"), BAD),
        (one("a:01"), BAD),
        (one("a:65536"), BAD),
        (one("::1:443"), BAD),
        (one("[]:1"), BAD),
        (one("a b:1"), BAD),
        (set(&[many[0].clone(), many[0].clone()]), BAD),
        (one(&long(ADDRESS_MAX_CHARS + 1)), "too_large"),
        (set(&many), "too_large"),
        (set(&many[1..]), "ok"),
        (one(&long(ADDRESS_MAX_CHARS)), "ok"),
        (set(&[]), "ok"),
    ];
    of_kind("identity.addresses_set", bodies)
}

fn of_kind<const N: usize>(kind: &'static str, bodies: [(String, &'static str); N]) -> Vec<Body> {
    let with_kind = bodies
        .into_iter()
        .map(|(plain, expected)| (kind, plain, expected));
    with_kind.collect()
}

/// A story that ends before it begins: its opening is refused.
fn wrong_opening(
    name: &str,
    opening: impl FnOnce(&Root) -> Entry,
    expected: &str,
) -> IdentityVector {
    let entry = opening(&Root::new(ROOT));
    let refused = Identity::begin(&entry).expect_err("this must be refused");
    assert_eq!(refused.code(), expected, "{name}");
    IdentityVector {
        name: format!("no identity: {name}"),
        entries: vec![TakenVector {
            frame: hex::encode(entry.encode()),
            result: expected.to_owned(),
        }],
        state: None,
        questions: Vec::new(),
    }
}

fn second_epoch(root: &Root) -> Entry {
    opened(Feed {
        epoch: 2,
        ..root.identity.feed()
    })
}

fn other_key(root: &Root) -> Entry {
    opened(Feed {
        node: NodeId([9; 32]),
        ..root.identity.feed()
    })
}

/// An opening that no honest writer signs: our own refuses to.
fn opened(feed: Feed) -> Entry {
    let body = feed.opening_body(None, "first start");
    let mut writer = Writer::local(ROOT);
    let honest = writer.write(opening_draft(writer.feed.opening_body(None, "")));
    let mut raw = super::raw::Raw::of(&honest).with_body(&body, b"");
    let FeedId(id) = feed.id();
    raw.feed = id;
    let frame = super::raw::signed_frame(ROOT, &raw.bytes(), 0, &body);
    Entry::decode(&frame).expect("is well formed").0
}
