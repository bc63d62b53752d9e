//! Our own certificates. The node is its own authority: an *anchor* (a certificate that signs others, two years) lies
//! in a private file of the node's directory, and the node's identity certifies it to the peers. What is shown on a
//! line is a *leaf* under it (seven days), which lives in memory only and is renewed at half of its life without a
//! restart: every new connection takes the leaf of that moment.
//!
//! To change the anchor, two overlap: [`Certificates::next_anchor`] makes the second, the identity certifies both, and
//! when the peers know it [`Certificates::use_anchor`] lets it sign. Everything is dated back a little, so that a peer
//! whose clock is behind does not refuse it. Start at [`Certificates::load_or_create`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData as _, SanType, date_time_ymd,
};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use watchfire_feed::{Hash, NodeId};
use zeroize::Zeroizing;

use super::{files, provider};

/// The name of the file in a node's directory.
pub const FILE: &str = "anchors.json";
/// How long an anchor lasts, in seconds: two years.
pub const ANCHOR_S: u64 = 2 * 365 * 86_400;
/// How long before its end an anchor should have a successor, in seconds: 90 days.
pub const ANCHOR_DUE_S: u64 = 90 * 86_400;
/// How long a leaf lasts, in seconds: seven days.
pub const LEAF_S: u64 = 7 * 86_400;
/// How far certificates are dated back, in seconds: a peer's clock may be two days behind.
pub const DATED_BACK_S: u64 = 2 * 86_400;
/// Most anchors of our own at once.
pub const OWN_ANCHORS_MAX: usize = 2;
/// Largest file of anchors, in bytes.
const FILE_MAX_BYTES: u64 = 16_384;
/// The version of the file's form.
const FORM: u32 = 1;
/// What every node's name ends with; it is looked up nowhere.
const DOMAIN: &str = ".node.watchfire.internal";

/// Returns the name that a node's certificates carry: its id in two labels, since one holds 63 letters at most.
pub fn name_of(node: NodeId) -> String {
    let id = node.to_string();
    let (first, last) = id.split_at(32);
    format!("{first}.{last}{DOMAIN}")
}

/// Returns the node that a name in a certificate is of, if it is such a name in its one spelling.
pub fn node_named(name: &str) -> Option<NodeId> {
    let (first, last) = name.strip_suffix(DOMAIN)?.split_once('.')?;
    if first.len() != 32 || last.len() != 32 {
        return None;
    }
    format!("{first}{last}").parse().ok()
}

/// A node's own certificates; shared between all lines, which take the leaf of the moment.
pub struct Certificates {
    path: PathBuf,
    node: NodeId,
    inner: RwLock<Inner>,
}

struct Inner {
    anchors: Vec<Own>,
    in_use: Hash,
    leaf: Leaf,
}

/// An anchor with its key.
struct Own {
    about: Anchor,
    key: KeyPair,
}

struct Leaf {
    shown: Arc<CertifiedKey>,
    made: u64,
    expires: u64,
}

/// What can be told of an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The certificate, DER: what the identity certifies to the peers.
    pub der: Vec<u8>,
    /// Its SHA-256, by which it is named.
    pub sha256: Hash,
    /// When it ends, in seconds since 1970.
    pub expires: u64,
}

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error(
        "{path} is not right: {why}; put it back from a backup, or move it away and have the peers told of a new anchor"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is another node's.
    #[error("{path} is of node {found}, and this is node {expected}")]
    OtherNode {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        found: NodeId,
        /// Whose it should be.
        expected: NodeId,
    },
    /// There are two already.
    #[error("there are {OWN_ANCHORS_MAX} anchors already; retire the old one first")]
    TooMany,
    /// There is no such anchor.
    #[error("there is no anchor {0} here")]
    NoSuchAnchor(Hash),
    /// It signs what is shown to the peers now.
    #[error("anchor {0} is in use; use the other one first")]
    InUse(Hash),
    /// A certificate cannot be made.
    #[error("no certificate can be made: {0}")]
    Making(String),
}

/// The file's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    node: NodeId,
    in_use: Hash,
    anchors: Vec<FormAnchor>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormAnchor {
    certificate: String,
    key: String,
    expires: u64,
}

impl Drop for FormAnchor {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

impl Certificates {
    /// Reads the node's anchors, or makes the first, and a new leaf.
    pub fn load_or_create(
        directory: &Path,
        node: NodeId,
        now: UnixTime,
    ) -> Result<Certificates, CertificateError> {
        let path = directory.join(FILE);
        let (anchors, in_use) = match files::read(&path, FILE_MAX_BYTES) {
            Ok(bytes) => read_form(&path, node, &Zeroizing::new(bytes))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let first = make_anchor(node, now)?;
                let in_use = first.about.sha256;
                let anchors = vec![first];
                write_form(&path, node, &anchors, in_use)?;
                (anchors, in_use)
            }
            Err(source) => return Err(CertificateError::File { path, source }),
        };
        let leaf = make_leaf(node, find(&anchors, in_use)?, now)?;
        Ok(Certificates {
            path,
            node,
            inner: RwLock::new(Inner {
                anchors,
                in_use,
                leaf,
            }),
        })
    }

    /// Returns whose certificates these are.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Returns the certificate (DER) of the anchor that is in use.
    pub fn anchor_der(&self) -> Vec<u8> {
        let inner = self.read();
        let used = find(&inner.anchors, inner.in_use);
        used.map(|own| own.about.der.clone()).expect(
            "the anchor in use is one of them: only use_anchor and retire_anchor change that",
        )
    }

    /// Returns all our anchors, the one in use first; the identity should certify all of them.
    pub fn anchors(&self) -> Vec<Anchor> {
        let inner = self.read();
        let mut all: Vec<Anchor> = inner.anchors.iter().map(|own| own.about.clone()).collect();
        all.sort_by_key(|anchor| anchor.sha256 != inner.in_use);
        all
    }

    /// Returns whether the newest anchor ends so soon that the next one should be made.
    pub fn anchor_due(&self, now: UnixTime) -> bool {
        let inner = self.read();
        let last = inner.anchors.iter().map(|own| own.about.expires).max();
        last.unwrap_or_default() < now.as_secs().saturating_add(ANCHOR_DUE_S)
    }

    /// Returns when the leaf that is shown now ends, in seconds since 1970.
    pub fn leaf_expires(&self) -> u64 {
        self.read().leaf.expires
    }

    /// Makes a new leaf at half of the life of the one that is shown, or where the clock was set back before it was
    /// made; says whether it did. Connections that are open go on.
    pub fn renew_if_due(&self, now: UnixTime) -> Result<bool, CertificateError> {
        {
            let inner = self.read();
            let Leaf { made, expires, .. } = inner.leaf;
            let half = made + expires.saturating_sub(made) / 2;
            let set_back = now.as_secs().saturating_add(DATED_BACK_S / 2) < made;
            if now.as_secs() < half && !set_back {
                return Ok(false);
            }
        }
        let mut inner = self.write();
        inner.leaf = make_leaf(self.node, find(&inner.anchors, inner.in_use)?, now)?;
        Ok(true)
    }

    /// Makes a second anchor, which signs nothing yet, and returns it.
    pub fn next_anchor(&self, now: UnixTime) -> Result<Anchor, CertificateError> {
        let mut inner = self.write();
        if inner.anchors.len() >= OWN_ANCHORS_MAX {
            return Err(CertificateError::TooMany);
        }
        let next = make_anchor(self.node, now)?;
        let about = next.about.clone();
        inner.anchors.push(next);
        let in_use = inner.in_use;
        let written = write_form(&self.path, self.node, &inner.anchors, in_use);
        if written.is_err() {
            inner.anchors.pop();
        }
        written.map(|()| about)
    }

    /// Lets this anchor sign from now on. The peers must know it by then; those that do not will refuse us.
    pub fn use_anchor(&self, sha256: Hash, now: UnixTime) -> Result<(), CertificateError> {
        let mut inner = self.write();
        let leaf = make_leaf(self.node, find(&inner.anchors, sha256)?, now)?;
        write_form(&self.path, self.node, &inner.anchors, sha256)?;
        inner.in_use = sha256;
        inner.leaf = leaf;
        Ok(())
    }

    /// Forgets an anchor that is no longer in use, and its key.
    pub fn retire_anchor(&self, sha256: Hash) -> Result<(), CertificateError> {
        let mut inner = self.write();
        if inner.in_use == sha256 {
            return Err(CertificateError::InUse(sha256));
        }
        let is_it = |own: &Own| own.about.sha256 == sha256;
        let Some(position) = inner.anchors.iter().position(is_it) else {
            return Err(CertificateError::NoSuchAnchor(sha256));
        };
        let retired = inner.anchors.remove(position);
        let in_use = inner.in_use;
        let written = write_form(&self.path, self.node, &inner.anchors, in_use);
        if written.is_err() {
            inner.anchors.insert(position, retired);
        }
        written
    }

    /// Returns certificates that name another node and hang on our anchor.
    #[cfg(test)]
    pub(super) fn forged_for(&self, named: NodeId, now: UnixTime) -> Certificates {
        let bytes = files::read(&self.path, FILE_MAX_BYTES).unwrap();
        let (anchors, in_use) = read_form(&self.path, self.node, &bytes).unwrap();
        let signs = find(&anchors, in_use).unwrap();
        let leaf = make_leaf_under(named, &anchor_params(self.node, &signs.key), signs, now);
        let leaf = leaf.unwrap();
        let inner = Inner {
            anchors,
            in_use,
            leaf,
        };
        Certificates {
            path: PathBuf::new(),
            node: named,
            inner: RwLock::new(inner),
        }
    }

    fn shown(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.read().leaf.shown)
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // Nothing under the lock is left half done by a panic: each change is one assignment at its end.
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.node)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown())
    }
}

impl ResolvesClientCert for Certificates {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.shown())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn find(anchors: &[Own], sha256: Hash) -> Result<&Own, CertificateError> {
    let found = anchors.iter().find(|own| own.about.sha256 == sha256);
    found.ok_or(CertificateError::NoSuchAnchor(sha256))
}

fn making(error: impl fmt::Display) -> CertificateError {
    CertificateError::Making(error.to_string())
}

/// What an anchor says of itself; the same each time for the same node and key, since leaves repeat it as their
/// issuer. Anchors of one node differ in name, so that a reader of a chain knows which one is meant.
fn anchor_params(node: NodeId, key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let (node_id, key_id) = (node.to_string(), Hash::of(&key.subject_public_key_info()));
    let (node_id, key_id) = (&node_id[..16], &key_id.to_string()[..8]);
    let mut name = rcgen::DistinguishedName::new();
    name.push(
        DnType::CommonName,
        format!("Watchfire anchor {node_id} {key_id}"),
    );
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // Whoever gets hold of an anchor's key can make himself out to be this node and no other.
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name_of(node))],
        excluded_subtrees: Vec::new(),
    });
    params
}

fn make_anchor(node: NodeId, now: UnixTime) -> Result<Own, CertificateError> {
    let key = KeyPair::generate().map_err(making)?;
    let mut params = anchor_params(node, &key);
    let expires = now.as_secs().saturating_add(ANCHOR_S);
    date(&mut params, now, expires);
    let made = params.self_signed(&key).map_err(making)?;
    let der = made.der().to_vec();
    let sha256 = Hash::of(&der);
    let about = Anchor {
        der,
        sha256,
        expires,
    };
    Ok(Own { about, key })
}

fn make_leaf(node: NodeId, anchor: &Own, now: UnixTime) -> Result<Leaf, CertificateError> {
    make_leaf_under(node, &anchor_params(node, &anchor.key), anchor, now)
}

fn make_leaf_under(
    node: NodeId,
    issuer: &CertificateParams,
    anchor: &Own,
    now: UnixTime,
) -> Result<Leaf, CertificateError> {
    let key = KeyPair::generate().map_err(making)?;
    let mut params = CertificateParams::default();
    let mut name = rcgen::DistinguishedName::new();
    name.push(
        DnType::CommonName,
        format!("Watchfire node {}", &node.to_string()[..16]),
    );
    params.distinguished_name = name;
    let dns = name_of(node).try_into().map_err(making)?;
    params.subject_alt_names = vec![SanType::DnsName(dns)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    let made = now.as_secs();
    let expires = made.saturating_add(LEAF_S).min(anchor.about.expires);
    date(&mut params, now, expires);
    let issuer = Issuer::from_params(issuer, &anchor.key);
    let certificate = params.signed_by(&key, &issuer).map_err(making)?;
    let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(making)?;
    let signing = provider()
        .key_provider
        .load_private_key(secret)
        .map_err(making)?;
    // The anchor goes along: a stranger has nothing else to look it up in.
    let chain = vec![
        certificate.der().clone(),
        CertificateDer::from(anchor.about.der.clone()),
    ];
    Ok(Leaf {
        shown: Arc::new(CertifiedKey::new(chain, signing)),
        made,
        expires,
    })
}

fn date(params: &mut CertificateParams, now: UnixTime, expires: u64) {
    let began = date_time_ymd(1970, 1, 1);
    let from = now.as_secs().saturating_sub(DATED_BACK_S);
    params.not_before = began + Duration::from_secs(from);
    params.not_after = began + Duration::from_secs(expires);
}

fn write_form(
    path: &Path,
    node: NodeId,
    anchors: &[Own],
    in_use: Hash,
) -> Result<(), CertificateError> {
    let form = Form {
        version: FORM,
        node,
        in_use,
        anchors: anchors
            .iter()
            .map(|own| FormAnchor {
                certificate: super::to_hex(&own.about.der),
                key: own.key.serialize_pem(),
                expires: own.about.expires,
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&form).expect("the form is plain JSON");
    let text = Zeroizing::new(text);
    files::replace(path, text.as_bytes()).map_err(|source| CertificateError::File {
        path: path.to_owned(),
        source,
    })
}

fn read_form(
    path: &Path,
    node: NodeId,
    bytes: &[u8],
) -> Result<(Vec<Own>, Hash), CertificateError> {
    let damaged = |why: String| CertificateError::Damaged {
        path: path.to_owned(),
        why,
    };
    let form: Form = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if form.version != FORM {
        return Err(damaged("its version is not known here".to_owned()));
    }
    if form.node != node {
        return Err(CertificateError::OtherNode {
            path: path.to_owned(),
            found: form.node,
            expected: node,
        });
    }
    if form.anchors.len() > OWN_ANCHORS_MAX {
        return Err(damaged("it holds too many anchors".to_owned()));
    }
    let anchors = form.anchors.iter().map(read_anchor);
    let anchors: Vec<Own> = anchors.collect::<Result<_, _>>().map_err(damaged)?;
    if !anchors.iter().any(|own| own.about.sha256 == form.in_use) {
        return Err(damaged("the anchor in use is not in it".to_owned()));
    }
    Ok((anchors, form.in_use))
}

fn read_anchor(form: &FormAnchor) -> Result<Own, String> {
    let der = super::from_hex(&form.certificate).ok_or("a certificate is not hex")?;
    let key = PrivateKeyDer::from_pem_slice(form.key.as_bytes())
        .map_err(|error| format!("a key is not in PEM: {error}"))?;
    let key = KeyPair::try_from(&key).map_err(|error| format!("a key cannot be used: {error}"))?;
    let certificate = CertificateDer::from(der.as_slice());
    let trusted = webpki::anchor_from_trusted_cert(&certificate)
        .map_err(|error| format!("a certificate cannot be read: {error}"))?;
    // The anchor keeps what is inside the outermost SEQUENCE of its key, whose form is longer by a head of two bytes.
    if key.subject_public_key_info().get(2..) != Some(trusted.subject_public_key_info.as_ref()) {
        return Err("a key is not that of its certificate".to_owned());
    }
    let about = Anchor {
        sha256: Hash::of(&der),
        der,
        expires: form.expires,
    };
    Ok(Own { about, key })
}

#[cfg(test)]
mod tests {
    use super::super::at;
    use super::*;

    const NODE: NodeId = NodeId([0xab; 32]);
    const NOW: u64 = 1_790_000_000;

    #[test]
    fn a_name_has_one_spelling_and_is_of_one_node() {
        let name = name_of(NODE);
        let half = "ab".repeat(16);
        assert_eq!(name, format!("{half}.{half}.node.watchfire.internal"));
        assert_eq!(node_named(&name), Some(NODE));
        for wrong in [
            String::new(),
            name.to_uppercase(),
            format!("{name}."),
            format!("x.{name}"),
            format!("*.{half}.node.watchfire.internal"),
            format!("{half}{half}.node.watchfire.internal"),
            format!("{}.{half}ab.node.watchfire.internal", &half[2..]),
            format!("{half}.{half}.node.example.org"),
        ] {
            assert_eq!(node_named(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn anchors_are_kept_and_leaves_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let load = |node| Certificates::load_or_create(folder.path(), node, at(NOW));
        let first = load(NODE).unwrap();
        let again = load(NODE).unwrap();
        assert_eq!(first.anchors(), again.anchors());
        assert_eq!(first.anchor_der(), again.anchor_der());
        assert_ne!(first.shown().cert[0], again.shown().cert[0]);
        assert_eq!(first.shown().cert[1].as_ref(), first.anchor_der());
        let other = load(NodeId([1; 32])).unwrap_err();
        assert!(matches!(other, CertificateError::OtherNode { .. }));
    }

    #[test]
    fn a_leaf_is_renewed_at_half_of_its_life_and_when_the_clock_was_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let own = Certificates::load_or_create(folder.path(), NODE, at(NOW)).unwrap();
        let due = |now| own.renew_if_due(at(now)).unwrap();
        assert!(!due(NOW) && !due(NOW + LEAF_S / 2 - 1) && !due(NOW - DATED_BACK_S / 2));
        assert!(due(NOW + LEAF_S / 2));
        assert_eq!(own.leaf_expires(), NOW + LEAF_S / 2 + LEAF_S);
        assert!(!due(NOW + LEAF_S / 2));
        assert!(due(NOW - LEAF_S), "the clock was set back a week");
        assert_eq!(own.leaf_expires(), NOW);
    }

    #[test]
    fn two_anchors_overlap_and_the_new_one_signs_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Certificates::load_or_create(folder.path(), NODE, at(NOW)).unwrap();
        let own = load();
        let old = own.anchors()[0].clone();
        let later = NOW + ANCHOR_S - ANCHOR_DUE_S + 1;
        assert!(!own.anchor_due(at(later - 1)) && own.anchor_due(at(later)));
        let next = own.next_anchor(at(later)).unwrap();
        assert!(!own.anchor_due(at(later)));
        assert_eq!(own.anchor_der(), old.der, "it signs nothing yet");
        assert!(matches!(
            own.next_anchor(at(later)),
            Err(CertificateError::TooMany)
        ));
        assert!(matches!(
            own.retire_anchor(old.sha256),
            Err(CertificateError::InUse(_))
        ));
        own.use_anchor(next.sha256, at(later)).unwrap();
        assert_eq!(own.shown().cert[1].as_ref(), next.der);
        assert_eq!(load().anchors(), [next.clone(), old.clone()]);
        own.retire_anchor(old.sha256).unwrap();
        assert_eq!(load().anchors(), [next]);
        let gone = own.use_anchor(old.sha256, at(later));
        assert!(matches!(gone, Err(CertificateError::NoSuchAnchor(_))));
    }

    #[test]
    fn a_leaf_does_not_outlive_its_anchor() {
        let folder = tempfile::tempdir().unwrap();
        let own = Certificates::load_or_create(folder.path(), NODE, at(NOW)).unwrap();
        let end = NOW + ANCHOR_S;
        assert!(own.renew_if_due(at(end - 60)).unwrap());
        assert_eq!(own.leaf_expires(), end);
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let load = || Certificates::load_or_create(folder.path(), NODE, at(NOW));
        load().unwrap().next_anchor(at(NOW)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut form: serde_json::Value = serde_json::from_str(&text).unwrap();
        let first = form["anchors"][0]["key"].clone();
        form["anchors"][0]["key"] = form["anchors"][1]["key"].clone();
        form["anchors"][1]["key"] = first;
        for altered in [
            form.to_string(),
            text.replace("\"version\": 1", "\"version\": 2"),
            text.replacen("\"certificate\": \"", "\"certificate\": \"00", 1),
            text.replacen("\"in_use\": \"", "\"in_use\": \"00", 1),
            String::new(),
        ] {
            std::fs::write(&path, &altered).unwrap();
            let refused = load().unwrap_err();
            assert!(
                matches!(refused, CertificateError::Damaged { .. }),
                "{refused}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), altered);
        }
    }
}
