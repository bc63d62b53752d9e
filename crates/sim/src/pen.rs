//! A pen: whatever one wants to say, signed with a node's keys and without any engine's rules.
//!
//! What a hostile node, a newer program or a thief of keys would write comes from here. It keeps what it wrote in
//! feeds of its own, so that it can be passed on as any node's. It knows no rule of the domain. Start at
//! [`Pen::write`].

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use watchfire_core::record::Event;
use watchfire_feed::{Draft, Entry, Feed, Head, HybridTime, NodeId, Scope, Signer};

use crate::site::{BEGIN_MS, Seeds};

/// A node's keys and what was written with them.
pub struct Pen {
    /// The secrets.
    pub seeds: Seeds,
    /// The entries of each feed, the first one first.
    pub feeds: BTreeMap<Scope, Vec<Entry>>,
    written: u64,
}

/// What is to be said.
#[derive(Debug, Clone)]
pub struct Words {
    /// Of which kind.
    pub kind: String,
    /// Whether a reader that does not know the kind must stop.
    pub critical: bool,
    /// About which record.
    pub record: [u8; 16],
    /// The version of the record after it.
    pub version: u64,
    /// The part that all can read.
    pub plain: Vec<u8>,
    /// The part that is sealed, or is said to be.
    pub sealed: Vec<u8>,
    /// The heads it answers.
    pub deps: Vec<Head>,
    /// When, if not about now.
    pub time: Option<HybridTime>,
}

impl Words {
    /// Says that an event happened to a record.
    pub fn of(event: &Event, record: [u8; 16], version: u64) -> Words {
        let json = event.to_json();
        let name = json.get("event").and_then(|name| name.as_str());
        let kind = event.record_kind().as_str();
        Words {
            kind: format!("{kind}.{}", name.unwrap_or_default()),
            critical: false,
            record,
            version,
            plain: body(&json.to_string()),
            sealed: Vec::new(),
            deps: Vec::new(),
            time: None,
        }
    }

    /// Says something of a kind that this program does not know.
    pub fn unknown(kind: &str, record: [u8; 16], version: u64, critical: bool) -> Words {
        Words {
            kind: kind.to_owned(),
            critical,
            record,
            version,
            plain: body("{}"),
            sealed: Vec::new(),
            deps: Vec::new(),
            time: None,
        }
    }
}

/// Returns the plain part of an entry that tells of an event.
pub fn body(event: &str) -> Vec<u8> {
    let person = "02".repeat(16);
    let by = format!(r#"{{"person":"{person}","seat":"duty_officer"}}"#);
    format!(r#"{{"by":{by},"key":"written by hand","event":{event}}}"#).into_bytes()
}

impl Pen {
    /// Makes a pen whose keys follow from secrets, with the node's identity feed.
    pub fn new(seeds: Seeds, name: &str) -> Pen {
        let time = HybridTime::from_parts(BEGIN_MS as u64, 0);
        let identity = seeds.identity(name, time);
        Pen {
            seeds,
            feeds: BTreeMap::from([(Scope::Identity, identity)]),
            written: 0,
        }
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        self.seeds.node()
    }

    /// Returns the feed of a scope.
    pub fn feed(&self, scope: Scope) -> Feed {
        match scope {
            Scope::Identity => Feed::identity(Signer::from_seed(self.seeds.root).public_key()),
            Scope::Local | Scope::Operation(_) | Scope::Command(_) => self.seeds.feed(scope),
        }
    }

    /// Returns the last entry of a feed.
    pub fn head(&self, scope: Scope) -> Head {
        let last = self.feeds.get(&scope).and_then(|entries| entries.last());
        last.map_or(Head::start(self.feed(scope).id()), Entry::head)
    }

    /// Says something at the end of a feed, which is opened if need be.
    pub fn write(&mut self, scope: Scope, words: Words) -> Entry {
        if !self.feeds.contains_key(&scope) {
            let time = self.time();
            let opening = self.seeds.opening(&self.feed(scope), None, time);
            self.feeds.insert(scope, vec![opening]);
        }
        let entry = self.sign(self.head(scope), words);
        self.feeds.entry(scope).or_default().push(entry.clone());
        entry
    }

    /// Signs something after any head, and does not keep it.
    pub fn sign(&mut self, head: Head, words: Words) -> Entry {
        let signer = Signer::from_seed(self.seeds.online);
        self.sign_with(&signer, head, words)
    }

    /// Signs something after any head with any key.
    pub fn sign_with(&mut self, signer: &Signer, head: Head, words: Words) -> Entry {
        let time = words.time.unwrap_or_else(|| self.time());
        let draft = Draft {
            kind: &words.kind,
            kind_version: 1,
            critical: words.critical,
            record: words.record,
            record_version: words.version,
            time,
            deps: &words.deps,
            plain: words.plain,
            sealed: words.sealed,
        };
        watchfire_feed::sign(signer, &head, draft).expect("what a pen writes fits an entry")
    }

    /// Signs something that no honest signer would: an entry whose header bytes were edited by hand, its body as
    /// given. It may be unreadable as an entry, so it is returned as a frame.
    pub fn forge(
        &mut self,
        secret: [u8; 32],
        words: Words,
        head: Head,
        edit: impl FnOnce(&mut Vec<u8>),
    ) -> Vec<u8> {
        let mut entry = self.sign(head, words);
        edit(&mut entry.header_bytes);
        let key = SigningKey::from_bytes(&secret);
        entry.signature = key.sign(&entry.header_bytes).to_bytes();
        entry.encode()
    }

    fn time(&mut self) -> HybridTime {
        self.written += 1;
        HybridTime::from_parts(BEGIN_MS as u64 + self.written, 0)
    }
}
