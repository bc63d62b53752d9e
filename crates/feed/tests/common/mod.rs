//! What the tests of feeds share: a node with a fixed seed and the shortest ways to write entries.
//! Must not check anything itself. Start at [`Writer`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test program uses its own part of this"
)]

pub mod decoders;
pub mod draws;
pub mod identity_vectors;
pub mod raw;
pub mod sync_vectors;
pub mod vectors;

use watchfire_feed::{
    Draft, Entry, Feed, FeedId, Hash, Head, HybridTime, Identity, IdentityError, IdentityEvent,
    NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope, Signer, identity_entry, identity_opening,
    sign,
};

/// A feed being written, with its signer and head.
pub struct Writer {
    pub signer: Signer,
    pub feed: Feed,
    pub head: Head,
}

impl Writer {
    pub fn new(seed: u8, scope: Scope, epoch: u32) -> Writer {
        let signer = Signer::from_seed([seed; 32]);
        let key = signer.public_key();
        let feed = Feed {
            node: NodeId::of_key(&key),
            scope,
            epoch,
            key,
        };
        Writer {
            signer,
            feed,
            head: Head::start(feed.id()),
        }
    }

    pub fn local(seed: u8) -> Writer {
        Writer::new(seed, Scope::Local, 1)
    }

    /// A local feed whose opening is written already; returns the opening too.
    pub fn opened(seed: u8) -> (Writer, Entry) {
        let mut writer = Writer::local(seed);
        let opening = writer.open();
        (writer, opening)
    }

    pub fn open(&mut self) -> Entry {
        let body = self.feed.opening_body(None, "first start");
        self.write(opening_draft(body))
    }

    /// Signs and moves the head.
    pub fn write(&mut self, draft: Draft<'_>) -> Entry {
        let entry = sign(&self.signer, &self.head, draft).expect("the draft is valid");
        self.head = entry.head();
        entry
    }
}

/// A node's identity feed being written, under a root key of its own.
pub struct Root {
    pub signer: Signer,
    pub identity: Identity,
    pub entries: Vec<Entry>,
}

impl Root {
    pub fn new(seed: u8) -> Root {
        let signer = Signer::from_seed([seed; 32]);
        let opening = identity_opening(&signer, time(0), "first start").expect("is an opening");
        Root {
            identity: Identity::begin(&opening).expect("is an identity's opening"),
            signer,
            entries: vec![opening],
        }
    }

    /// Signs the entry that would be next, without taking it.
    pub fn next(&self, event: &IdentityEvent) -> Entry {
        let at = time(self.identity.head().seq);
        identity_entry(&self.signer, &self.identity.head(), at, event).expect("is well formed")
    }

    pub fn say(&mut self, event: &IdentityEvent) -> Result<(), IdentityError> {
        let entry = self.next(event);
        self.identity.take(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    /// A feed of this node, signed by the key of another seed.
    pub fn feed(&self, seed: u8, scope: Scope, epoch: u32) -> Feed {
        Feed {
            node: self.identity.node(),
            scope,
            epoch,
            key: Signer::from_seed([seed; 32]).public_key(),
        }
    }
}

pub fn key_certified(epoch: u32, seed: u8) -> IdentityEvent {
    IdentityEvent::KeyCertified {
        epoch,
        public_key: Signer::from_seed([seed; 32]).public_key(),
    }
}

fn time(ms: u64) -> HybridTime {
    HybridTime::from_parts(1_700_000_000_000 + ms, 0)
}

/// A head that nobody made.
pub fn head(feed: FeedId, seq: u64, hash: u8) -> Head {
    Head {
        feed,
        seq,
        hash: Hash([hash; 32]),
    }
}

pub fn opening_draft(body: Vec<u8>) -> Draft<'static> {
    Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        critical: true,
        record: [0; 16],
        record_version: 0,
        time: HybridTime::from_parts(1_700_000_000_000, 0),
        deps: &[],
        plain: body,
        sealed: Vec::new(),
    }
}

pub fn draft<'a>(kind: &'a str, plain: &[u8], sealed: &[u8]) -> Draft<'a> {
    Draft {
        kind,
        kind_version: 1,
        critical: false,
        record: [0x11; 16],
        record_version: 1,
        time: HybridTime::from_parts(1_700_000_000_123, 4),
        deps: &[],
        plain: plain.to_vec(),
        sealed: sealed.to_vec(),
    }
}
