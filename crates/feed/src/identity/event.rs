//! What the entries of an identity feed say, and the one exact form in which they say it. Each kind
//! is judged here by itself; whether it may follow on what was said before is
//! [`crate::Identity`]'s question. Must not look at any other feed. Start at [`IdentityEvent`].

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{
    ADDRESS_MAX_CHARS, ADDRESSES_MAX, CERTIFICATE_MAX_BYTES, CLOSING_HEADS_MAX, NAME_MAX_CHARS,
    NOT_AFTER_MAX_MS, REASON_MAX_CHARS,
};
use crate::{
    Draft, Entry, Feed, FeedError, Hash, Head, HybridTime, OPENING_KIND, OPENING_KIND_VERSION,
    PublicKey, SealedBody, Signer, sign,
};

const NAMED: &str = "identity.named";
const KEY_CERTIFIED: &str = "identity.key_certified";
const EPOCH_CLOSED: &str = "identity.epoch_closed";
const ANCHOR_CERTIFIED: &str = "identity.anchor_certified";
const ANCHOR_WITHDRAWN: &str = "identity.anchor_withdrawn";
const ADDRESSES_SET: &str = "identity.addresses_set";
const REVOKED: &str = "identity.revoked";
const KIND_VERSION: u16 = 1;

/// One thing that a node's root key says about the node. As it is serialised, it is the plain body:
/// the fields in this order, without white space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum IdentityEvent {
    /// The node is called this.
    Named {
        /// For people; 1 to 200 characters.
        name: String,
    },
    /// This key signs the node's local and operation feeds of this epoch.
    KeyCertified {
        /// 1 first, then each one more than the last, once that one is closed.
        epoch: u32,
        /// The key; never one that an epoch had before.
        public_key: PublicKey,
    },
    /// The feeds of this epoch count up to these heads and no further; a feed that no closing of the
    /// epoch names counts for nothing. A later closing adds feeds, or moves a head up.
    EpochClosed {
        /// The epoch.
        epoch: u32,
        /// Why.
        cause: ClosingCause,
        /// The last entries that count, strictly ascending by feed; 256 at most.
        heads: Vec<Head>,
    },
    /// Connections of this node may be proved by certificates under this one.
    AnchorCertified {
        /// The X.509 certificate in DER, 8 KiB at most; not looked into here.
        #[serde(serialize_with = "as_hex")]
        certificate: Vec<u8>,
        /// When it ends, in milliseconds since the Unix epoch; for the reader's clock to judge.
        not_after_ms: u64,
    },
    /// They may no longer.
    AnchorWithdrawn {
        /// SHA-256 of the certificate.
        sha256: Hash,
    },
    /// The node is reached at these addresses and no others, the first one first.
    AddressesSet {
        /// Each `host:port`; 8 at most.
        addresses: Vec<String>,
    },
    /// The node is over.
    Revoked {
        /// Why, for people; 1 to 500 characters, no personal data.
        reason: String,
    },
}

/// Why an epoch was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClosingCause {
    /// A new key takes over, as planned.
    Rotation,
    /// Somebody else may have the key.
    Compromise,
    /// One of its feeds has two histories.
    Fork,
    /// The node was restored from a backup and cannot know what it had written since.
    Restore,
}

impl IdentityEvent {
    /// Returns the kind of the entry that says this.
    pub fn kind(&self) -> &'static str {
        match self {
            IdentityEvent::Named { .. } => NAMED,
            IdentityEvent::KeyCertified { .. } => KEY_CERTIFIED,
            IdentityEvent::EpochClosed { .. } => EPOCH_CLOSED,
            IdentityEvent::AnchorCertified { .. } => ANCHOR_CERTIFIED,
            IdentityEvent::AnchorWithdrawn { .. } => ANCHOR_WITHDRAWN,
            IdentityEvent::AddressesSet { .. } => ADDRESSES_SET,
            IdentityEvent::Revoked { .. } => REVOKED,
        }
    }

    /// Returns the exact plain body of the entry that says this.
    pub fn to_plain(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers always serialise")
    }

    /// Reads what an entry of an identity feed says, without verifying the entry. None for the
    /// opening and for a kind, or a version of one, that this program does not know.
    pub fn of(entry: &Entry) -> Result<Option<IdentityEvent>, FeedError> {
        let header = &entry.header;
        if header.kind_version != KIND_VERSION {
            return Ok(None);
        }
        let plain = entry.plain.as_slice();
        let event = match header.kind.as_str() {
            NAMED => {
                let NamedBody { name } = body(plain)?;
                IdentityEvent::Named { name }
            }
            KEY_CERTIFIED => {
                let KeyBody { epoch, public_key } = body(plain)?;
                IdentityEvent::KeyCertified { epoch, public_key }
            }
            EPOCH_CLOSED => {
                let ClosingBody {
                    epoch,
                    cause,
                    heads,
                } = body(plain)?;
                IdentityEvent::EpochClosed {
                    epoch,
                    cause,
                    heads,
                }
            }
            ANCHOR_CERTIFIED => {
                let AnchorBody {
                    certificate,
                    not_after_ms,
                } = body(plain)?;
                let certificate =
                    hex::decode(certificate).map_err(|_| bad("the certificate is not hex"))?;
                IdentityEvent::AnchorCertified {
                    certificate,
                    not_after_ms,
                }
            }
            ANCHOR_WITHDRAWN => {
                let WithdrawnBody { sha256 } = body(plain)?;
                IdentityEvent::AnchorWithdrawn { sha256 }
            }
            ADDRESSES_SET => {
                let AddressesBody { addresses } = body(plain)?;
                IdentityEvent::AddressesSet { addresses }
            }
            REVOKED => {
                let RevokedBody { reason } = body(plain)?;
                IdentityEvent::Revoked { reason }
            }
            _ => return Ok(None),
        };
        if !header.critical || header.record != [0; 16] || entry.sealed != SealedBody::None {
            return Err(bad(
                "it is not critical, names a record or has a sealed part",
            ));
        }
        // One meaning, one spelling: as for an opening, two JSON readers must not differ.
        if event.to_plain() != plain {
            return Err(bad("the body is not spelled in the one exact form"));
        }
        event.check()?;
        Ok(Some(event))
    }

    /// Checks every rule that the event can break by itself.
    fn check(&self) -> Result<(), FeedError> {
        match self {
            IdentityEvent::Named { name } => check_text("name", name, NAME_MAX_CHARS),
            IdentityEvent::KeyCertified { epoch, public_key } => {
                check_epoch(*epoch)?;
                public_key.check()
            }
            IdentityEvent::EpochClosed { epoch, heads, .. } => {
                check_epoch(*epoch)?;
                check_heads(heads)
            }
            IdentityEvent::AnchorCertified {
                certificate,
                not_after_ms,
            } => {
                if certificate.is_empty() {
                    return Err(bad("the certificate is empty"));
                }
                let bytes = certificate.len() as u64;
                at_most("certificate", bytes, CERTIFICATE_MAX_BYTES as u64)?;
                at_most("end of the anchor", *not_after_ms, NOT_AFTER_MAX_MS)
            }
            IdentityEvent::AnchorWithdrawn { sha256: _ } => Ok(()),
            IdentityEvent::AddressesSet { addresses } => check_addresses(addresses),
            IdentityEvent::Revoked { reason } => check_text("reason", reason, REASON_MAX_CHARS),
        }
    }
}

/// Signs the opening of the identity feed of the node that is named by this signer's key.
pub fn identity_opening(root: &Signer, time: HybridTime, reason: &str) -> Result<Entry, FeedError> {
    let feed = Feed::identity(root.public_key());
    let draft = Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        plain: feed.opening_body(None, reason),
        ..bare(time)
    };
    sign(root, &Head::start(feed.id()), draft)
}

/// Signs the entry of the identity feed that follows `head` and says this. Whether it may be said
/// now is judged by [`crate::Identity::take`]: ask that before the entry is stored.
pub fn identity_entry(
    signer: &Signer,
    head: &Head,
    time: HybridTime,
    event: &IdentityEvent,
) -> Result<Entry, FeedError> {
    event.check()?;
    let draft = Draft {
        kind: event.kind(),
        kind_version: KIND_VERSION,
        plain: event.to_plain(),
        ..bare(time)
    };
    sign(signer, head, draft)
}

fn bare(time: HybridTime) -> Draft<'static> {
    Draft {
        kind: "",
        kind_version: 0,
        critical: true,
        record: [0; 16],
        record_version: 0,
        time,
        deps: &[],
        plain: Vec::new(),
        sealed: Vec::new(),
    }
}

fn body<T: DeserializeOwned>(plain: &[u8]) -> Result<T, FeedError> {
    serde_json::from_slice(plain).map_err(|_| bad("the body does not have the fields of its kind"))
}

fn bad(why: &'static str) -> FeedError {
    FeedError::BadIdentity { why }
}

fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), FeedError> {
    match found > max {
        true => Err(FeedError::TooLarge { what, found, max }),
        false => Ok(()),
    }
}

fn check_text(what: &'static str, text: &str, max_chars: usize) -> Result<(), FeedError> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(bad("a text is empty or has a control character"));
    }
    at_most(what, text.chars().count() as u64, max_chars as u64)
}

fn check_epoch(epoch: u32) -> Result<(), FeedError> {
    match epoch {
        0 => Err(bad("the epoch is 0, and the first epoch is 1")),
        _ => Ok(()),
    }
}

fn check_heads(heads: &[Head]) -> Result<(), FeedError> {
    at_most(
        "list of heads",
        heads.len() as u64,
        CLOSING_HEADS_MAX as u64,
    )?;
    if heads.iter().any(|head| head.seq == 0) {
        return Err(bad("a head names no entry"));
    }
    if !heads.is_sorted_by(|left, right| left.feed < right.feed) {
        return Err(bad("the heads are not in strictly ascending order of feed"));
    }
    Ok(())
}

fn check_addresses(addresses: &[String]) -> Result<(), FeedError> {
    at_most(
        "list of addresses",
        addresses.len() as u64,
        ADDRESSES_MAX as u64,
    )?;
    for address in addresses {
        let chars = address.chars().count() as u64;
        at_most("address", chars, ADDRESS_MAX_CHARS as u64)?;
        if !is_address(address) {
            return Err(bad("an address is not host:port"));
        }
    }
    let different: BTreeSet<&String> = addresses.iter().collect();
    match different.len() == addresses.len() {
        true => Ok(()),
        false => Err(bad("an address is named twice")),
    }
}

/// Says whether this is a name or an IPv4 address, or an IPv6 address in brackets, with a port. Only
/// the characters of the host are looked at: it is for the dialler to find out what it is.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    if !digits || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return false;
    }
    match host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(inside) => {
            let inside = inside.as_bytes();
            !inside.is_empty()
                && inside
                    .iter()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        }
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        }
    }
}

fn as_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedBody {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    epoch: u32,
    public_key: PublicKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosingBody {
    epoch: u32,
    cause: ClosingCause,
    heads: Vec<Head>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnchorBody {
    certificate: String,
    not_after_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawnBody {
    sha256: Hash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressesBody {
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedBody {
    reason: String,
}
