//! What must hold when any bytes are given to a decoder: one plain function each. The fuzz targets in
//! `fuzz/` call them with bytes that a fuzzer finds, `robustness.rs` with bytes drawn from a seed. They
//! know nothing of where the bytes come from. Start at [`frame`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each program uses its own part of this"
)]

use std::sync::LazyLock;

use watchfire_feed::limits::{FORK_PROOF_MAX_BYTES, FRAME_MAX_BYTES, VECTOR_MAX_BYTES};
use watchfire_feed::{
    Entry, Feed, FeedError, ForkProof, Head, HybridTime, Identity, IdentityEvent, Opening,
    SealedBody, Signer, Vector, identity_entry, identity_opening, plan,
};

/// Bytes as a frame.
pub fn frame(bytes: &[u8]) {
    let (entry, used) = match Entry::decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return refused(&error, bytes.len(), FRAME_MAX_BYTES),
    };
    assert!(used <= bytes.len() && used <= FRAME_MAX_BYTES);
    assert_eq!(entry.encode(), bytes[..used], "one entry has one frame");
    let (header, plain) = (entry.header_bytes.clone(), entry.plain.clone());
    let parts = Entry::from_parts(header, entry.signature, plain, entry.sealed.clone());
    assert_eq!(parts.as_ref(), Ok(&entry));
    judge(&entry);
    let mut erased = entry.clone();
    erased.erase_sealed();
    assert_eq!(erased.hash, entry.hash);
    judge(&erased);
}

/// Bytes as a header out of a database.
pub fn header(bytes: &[u8]) {
    let parts = |plain| Entry::from_parts(bytes.to_vec(), [0; 64], plain, SealedBody::None);
    let entry = match parts(Vec::new()) {
        Ok(entry) => entry,
        Err(FeedError::BodySize { expected, .. }) => match parts(vec![0; expected as usize]) {
            Ok(entry) => entry,
            Err(error) => return assert_eq!(error.code(), "body_size"),
        },
        Err(error) => {
            assert!(error.is_permanent(), "{error}");
            return;
        }
    };
    assert_eq!(entry.header_bytes, bytes);
    let frame = entry.encode();
    assert_eq!(Entry::decode(&frame), Ok((entry, frame.len())));
}

/// The first byte chooses a kind and how the header stands to it; the others are the plain body.
pub fn identity(bytes: &[u8]) {
    let Some((entry, first)) = identity_case(bytes) else {
        return;
    };
    let kind = entry.header.kind.as_str();
    match IdentityEvent::of(&entry) {
        Ok(Some(event)) => {
            assert_eq!((event.kind(), &event.to_plain()), (kind, &entry.plain));
            let (signer, head) = (&ROOT.0, ROOT.1.head());
            let again = identity_entry(signer, &head, HybridTime(1), &event);
            let again = again.expect("what is read can be said");
            assert_eq!(again.plain, entry.plain);
            let mut identity = ROOT.1.clone();
            match identity.take(&again) {
                Ok(()) => assert_eq!(identity.head(), again.head()),
                Err(error) => {
                    assert!(error.is_permanent() && !error.code().is_empty());
                    assert_eq!(identity, ROOT.1);
                }
            }
        }
        Ok(None) => assert!(!is_known(first), "{kind} is known"),
        Err(error) => assert!(error.is_permanent() && is_known(first)),
    }
}

/// The kinds of an identity, and two that are none.
pub const KINDS: [&str; 9] = [
    "identity.named",
    "identity.key_certified",
    "identity.epoch_closed",
    "identity.anchor_certified",
    "identity.anchor_withdrawn",
    "identity.addresses_set",
    "identity.revoked",
    "identity.capabilities_set",
    "call.received",
];

/// Returns the entry that [`identity`] makes of these bytes and the byte that chose its kind.
pub fn identity_case(bytes: &[u8]) -> Option<(Entry, u8)> {
    let (&first, plain) = bytes.split_first()?;
    let mut entry = ROOT.2.clone();
    entry.header.kind = KINDS[usize::from(first) % KINDS.len()].to_owned();
    entry.plain = plain.to_vec();
    Some((entry, first))
}

fn is_known(first: u8) -> bool {
    usize::from(first) % KINDS.len() < 7
}

/// Bytes as a vector.
pub fn vector(bytes: &[u8]) {
    let vector = match Vector::decode(bytes) {
        Ok(vector) => vector,
        Err(error) => return refused(&error, bytes.len(), VECTOR_MAX_BYTES),
    };
    assert_eq!(vector.encode(), bytes, "one vector has one form");
    let mut backwards = Vector::new();
    let heads: Vec<Head> = vector.iter().collect();
    for head in heads.iter().rev() {
        backwards.insert(*head).expect("it was within the limit");
    }
    assert_eq!(backwards.digest(), vector.digest());
    assert!(plan(&vector, &backwards).is_empty());
    let missing = plan(&Vector::new(), &vector);
    assert_eq!((missing.pull.len(), missing.behind.len()), (heads.len(), 0));
}

/// Bytes as a fork proof.
pub fn fork_proof(bytes: &[u8]) {
    let proof = match ForkProof::decode(bytes) {
        Ok(proof) => proof,
        Err(error) => return refused(&error, bytes.len(), FORK_PROOF_MAX_BYTES),
    };
    assert_eq!(proof.encode(), bytes, "one proof has one form");
    assert!(proof.one.hash < proof.other.hash);
    let feed = Feed::identity(ROOT.0.public_key());
    if proof.verify(&feed.key).is_ok() {
        let put_together = ForkProof::new(&feed.key, proof.other.clone(), proof.one.clone());
        assert_eq!(put_together.as_ref(), Ok(&proof));
    }
    let _ = proof.verify_for(&feed);
}

/// A root key, the identity that it began, and an entry to put other bodies into.
static ROOT: LazyLock<(Signer, Identity, Entry)> = LazyLock::new(|| {
    let signer = Signer::from_seed([5; 32]);
    let opening = identity_opening(&signer, HybridTime(1), "first start").expect("opens");
    let identity = Identity::begin(&opening).expect("is an identity's opening");
    let name = "East".to_owned();
    let event = IdentityEvent::Named { name };
    let entry = identity_entry(&signer, &identity.head(), HybridTime(1), &event);
    (signer, identity, entry.expect("is an entry"))
});

/// What is missing is said and is never more than a frame, a vector or a proof can have.
fn refused(error: &FeedError, length: usize, max: usize) {
    assert!(!error.code().is_empty() && !error.to_string().is_empty());
    if let FeedError::Truncated { needed, found } = *error {
        assert_eq!(found, length);
        assert!(needed > length && needed <= max, "{needed} of {max}");
    } else {
        assert!(error.is_permanent(), "{error}");
    }
}

/// Whatever the answers, asking must not panic.
fn judge(entry: &Entry) {
    let _ = entry.verify(&ROOT.0.public_key());
    let _ = Opening::of(entry);
    let _ = IdentityEvent::of(entry);
    let _ = Identity::begin(entry);
    let _ = ROOT.1.clone().take(entry);
    let feed = ROOT.1.feed();
    let _ = ROOT.1.may_take(&feed, &entry.head());
}
