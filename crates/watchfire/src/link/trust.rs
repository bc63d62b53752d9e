//! The certificates of others: which anchors each peer has, and whether what is shown on a line hangs on one of them.
//!
//! A leaf names one node and must be signed directly by an anchor of *that* node; what any other authority says of it
//! counts for nothing. The map can be changed while lines are open: who watches [`Trust::changes`] lets go of those
//! that no longer hold. A node that is not in the map is a *stranger*: refused, or, while somebody is being
//! enrolled, let in far enough to be asked who he is. A node that is in the map is never a stranger.
//!
//! The checks of one handshake are made by a verifier of its own ([`Checking`]), which keeps what it found: who it
//! is, or why not. Start at [`Trust::set`], then [`Trust::check`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, OtherError};
use rustls::{Error as TlsError, SignatureScheme};
use tokio::sync::watch;
use watchfire_feed::{Hash, NodeId};
use webpki::{EndEntityCert, KeyUsage};

use super::certificates::node_named;
use super::provider;

/// Most peers.
pub const PEERS_MAX: usize = 256;
/// Most anchors of one peer: two that overlap, and two more while a damaged node is put right.
pub const ANCHORS_MAX: usize = 4;
/// Largest certificate, in bytes.
pub const CERTIFICATE_MAX_BYTES: usize = 4_096;
/// Most certificates that a node may show: its leaf, the anchor, and the anchor's successor.
pub const SHOWN_MAX: usize = 3;

/// Whether nodes that are not peers are let in, to be enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strangers {
    /// No.
    #[default]
    Refused,
    /// As strangers, who reach nothing but enrolment.
    Admitted,
}

/// The peers and their anchors; shared between all lines.
#[derive(Debug)]
pub struct Trust {
    inner: RwLock<Inner>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    peers: BTreeMap<NodeId, Vec<Anchor>>,
    strangers: Strangers,
}

#[derive(Debug, Clone)]
struct Anchor {
    sha256: Hash,
    trusted: TrustAnchor<'static>,
}

/// Why anchors cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A peer without an anchor, or with too many.
    #[error("a peer has 1 to {ANCHORS_MAX} anchors, not {0}")]
    Count(usize),
    /// It is not a certificate that can be an anchor.
    #[error("an anchor cannot be read: {0}")]
    Unreadable(String),
    /// There are too many peers.
    #[error("there are {PEERS_MAX} peers already; remove one first")]
    TooManyPeers,
}

/// Why a node is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It showed too few or too many certificates.
    #[error("it shows {0} certificates, and 1 to {SHOWN_MAX} are expected")]
    Shown(usize),
    /// A certificate is not one of ours.
    #[error("its certificate is not that of a node: {0}")]
    Unreadable(String),
    /// It is nobody we know.
    #[error("node {0} is not a peer of this node")]
    NotAPeer(NodeId),
    /// It is somebody else.
    #[error("node {found} is there, and node {expected} was called")]
    OtherNode {
        /// Who was called.
        expected: NodeId,
        /// Who is there.
        found: NodeId,
    },
    /// Nothing that we know of this node says so.
    #[error("its certificate is not signed by an anchor that is known of node {0}")]
    OtherAnchor(NodeId),
    /// A stranger shows no anchor, or one that did not sign.
    #[error("it is not known, and shows no anchor that its certificate hangs on")]
    NoAnchorShown,
    /// The invitation names another anchor.
    #[error("the anchor of node {0} is not the one that the invitation names")]
    NotInvited(NodeId),
    /// The certificate has ended.
    #[error(
        "the certificate of node {0} has ended by the clock here; is that clock right, and does the node run?"
    )]
    Expired(NodeId),
    /// The certificate has not begun.
    #[error("the certificate of node {0} has not begun by the clock here; is that clock right?")]
    NotYet(NodeId),
    /// Anything else.
    #[error("the certificate of node {node} is not right: {why}")]
    Unfit {
        /// Whose.
        node: NodeId,
        /// What is wrong.
        why: String,
    },
}

/// Who is at the other end, and on which anchor that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// A peer.
    Peer {
        /// Which.
        node: NodeId,
        /// The anchor, by its SHA-256.
        anchor: Hash,
    },
    /// Somebody who has the key of what he shows; who he says he is counts for nothing yet.
    Stranger {
        /// Who he says he is.
        node: NodeId,
        /// The anchor that he shows, DER.
        anchor: Vec<u8>,
    },
    /// The node that an invitation names, under the anchor that it names.
    Invited(NodeId),
}

/// Who may be at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Any peer; a stranger where they are admitted. What a listener expects.
    Anyone,
    /// This peer. What a caller expects.
    Peer(NodeId),
    /// This node, which is not known yet, under the anchor with this SHA-256.
    Invited(NodeId, Hash),
}

impl Default for Trust {
    fn default() -> Trust {
        Trust {
            inner: RwLock::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Trust {
    /// Trusts a node under these anchors (DER) and no others, from now on. Saying the same again changes nothing.
    pub fn set(&self, node: NodeId, anchors: &[Vec<u8>]) -> Result<(), TrustError> {
        if anchors.is_empty() || anchors.len() > ANCHORS_MAX {
            return Err(TrustError::Count(anchors.len()));
        }
        let read: Result<Vec<Anchor>, TrustError> =
            anchors.iter().map(|der| read_anchor(der)).collect();
        let read = read?;
        {
            let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
            if inner.peers.len() >= PEERS_MAX && !inner.peers.contains_key(&node) {
                return Err(TrustError::TooManyPeers);
            }
            let names =
                |anchors: &[Anchor]| anchors.iter().map(|one| one.sha256).collect::<Vec<_>>();
            let before = inner.peers.insert(node, read.clone());
            if before.is_some_and(|before| names(&before) == names(&read)) {
                return Ok(());
            }
        }
        self.changed();
        Ok(())
    }

    /// Shuts a node out at once: no new line to or from it, and those that are open are cut.
    pub fn remove(&self, node: NodeId) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let was_there = inner.peers.remove(&node).is_some();
        drop(inner);
        if was_there {
            self.changed();
        }
    }

    /// Lets strangers in to be enrolled, or shuts them out at once.
    pub fn admit(&self, strangers: Strangers) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.strangers == strangers {
            return;
        }
        inner.strangers = strangers;
        drop(inner);
        self.changed();
    }

    /// Returns all that are trusted.
    pub fn peers(&self) -> Vec<NodeId> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.peers.keys().copied().collect()
    }

    /// Returns a watch that wakes at each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns whether a line to or from whom we have met may still be used.
    pub(super) fn holds(&self, met: &Met) -> bool {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        match met {
            Met::Peer { node, anchor } => {
                let anchors = inner.peers.get(node).map(Vec::as_slice);
                let mut anchors = anchors.unwrap_or_default().iter();
                anchors.any(|known| known.sha256 == *anchor)
            }
            // Also if he has become a peer meanwhile: this line still reaches enrolment only.
            Met::Stranger { .. } => inner.strangers == Strangers::Admitted,
            Met::Invited(_) => true,
        }
    }

    /// Says who shows these certificates, the leaf first.
    pub(super) fn check(
        &self,
        shown: &[CertificateDer<'_>],
        expected: Expected,
        now: UnixTime,
    ) -> Result<Met, Distrust> {
        let count = shown.len();
        let (Some(leaf), 1..=SHOWN_MAX) = (shown.first(), count) else {
            return Err(Distrust::Shown(count));
        };
        if shown.iter().any(|one| one.len() > CERTIFICATE_MAX_BYTES) {
            return Err(Distrust::Unreadable("it is too large".to_owned()));
        }
        let leaf = EndEntityCert::try_from(leaf)
            .map_err(|error| Distrust::Unreadable(error.to_string()))?;
        let node = node_in(&leaf)?;
        let usage = match expected {
            Expected::Anyone => KeyUsage::client_auth(),
            Expected::Peer(called) | Expected::Invited(called, _) => {
                if called != node {
                    return Err(Distrust::OtherNode {
                        expected: called,
                        found: node,
                    });
                }
                KeyUsage::server_auth()
            }
        };
        if let Expected::Invited(_, sha256) = expected {
            let anchor = shown[1..].iter().find(|one| Hash::of(one) == sha256);
            let anchor = anchor.ok_or(Distrust::NotInvited(node))?;
            hangs_on(&leaf, node, &[read_shown(anchor)?], usage, now)?;
            return Ok(Met::Invited(node));
        }
        let (anchors, strangers) = {
            let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            (inner.peers.get(&node).cloned(), inner.strangers)
        };
        if let Some(anchors) = anchors {
            let anchor = hangs_on(&leaf, node, &anchors, usage, now)?;
            return Ok(Met::Peer { node, anchor });
        }
        if expected != Expected::Anyone || strangers == Strangers::Refused {
            return Err(Distrust::NotAPeer(node));
        }
        let anchor = shown.get(1).ok_or(Distrust::NoAnchorShown)?;
        let checked = hangs_on(&leaf, node, &[read_shown(anchor)?], usage, now);
        match checked {
            Ok(_) => Ok(Met::Stranger {
                node,
                anchor: anchor.to_vec(),
            }),
            Err(Distrust::OtherAnchor(_)) => Err(Distrust::NoAnchorShown),
            Err(other) => Err(other),
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn read_anchor(der: &[u8]) -> Result<Anchor, TrustError> {
    if der.len() > CERTIFICATE_MAX_BYTES {
        return Err(TrustError::Unreadable("it is too large".to_owned()));
    }
    let certificate = CertificateDer::from(der);
    let trusted = webpki::anchor_from_trusted_cert(&certificate)
        .map_err(|error| TrustError::Unreadable(error.to_string()))?;
    Ok(Anchor {
        sha256: Hash::of(der),
        trusted: trusted.to_owned(),
    })
}

fn read_shown(certificate: &CertificateDer<'_>) -> Result<Anchor, Distrust> {
    read_anchor(certificate).map_err(|error| Distrust::Unreadable(error.to_string()))
}

fn node_in(leaf: &EndEntityCert<'_>) -> Result<NodeId, Distrust> {
    let mut names = leaf.valid_dns_names();
    let unreadable = |why: &str| Distrust::Unreadable(why.to_owned());
    let (Some(name), None) = (names.next(), names.next()) else {
        return Err(unreadable("it has not exactly one name"));
    };
    node_named(name).ok_or_else(|| unreadable("its name is not that of a node"))
}

/// Returns which of the anchors signed the leaf. Nothing may lie between the two.
fn hangs_on(
    leaf: &EndEntityCert<'_>,
    node: NodeId,
    anchors: &[Anchor],
    usage: KeyUsage,
    now: UnixTime,
) -> Result<Hash, Distrust> {
    let algorithms = provider().signature_verification_algorithms.all;
    let mut found = Distrust::OtherAnchor(node);
    for anchor in anchors {
        let trusted = std::slice::from_ref(&anchor.trusted);
        let checked = leaf.verify_for_usage(algorithms, trusted, &[], now, usage, None, None);
        let Err(error) = checked else {
            return Ok(anchor.sha256);
        };
        let distrust = why(node, &error);
        // Another anchor may have signed it; anything else is said of the one that did.
        if distrust != Distrust::OtherAnchor(node) {
            found = distrust;
        }
    }
    Err(found)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's errors may grow; those that are not named are passed on in its words"
)]
fn why(node: NodeId, error: &webpki::Error) -> Distrust {
    match error {
        webpki::Error::CertExpired { .. } => Distrust::Expired(node),
        webpki::Error::CertNotValidYet { .. } => Distrust::NotYet(node),
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            Distrust::OtherAnchor(node)
        }
        other => Distrust::Unfit {
            node,
            why: other.to_string(),
        },
    }
}

impl Distrust {
    /// The same in the words of TLS, so that the other side hears which kind it is.
    fn as_tls(&self) -> TlsError {
        let kind = match self {
            Distrust::Expired(_) => CertificateError::Expired,
            Distrust::NotYet(_) => CertificateError::NotValidYet,
            Distrust::OtherAnchor(_) | Distrust::NotInvited(_) | Distrust::NoAnchorShown => {
                CertificateError::UnknownIssuer
            }
            Distrust::NotAPeer(_) => CertificateError::ApplicationVerificationFailure,
            Distrust::Shown(_)
            | Distrust::Unreadable(_)
            | Distrust::OtherNode { .. }
            | Distrust::Unfit { .. } => CertificateError::Other(OtherError(Arc::new(self.clone()))),
        };
        TlsError::InvalidCertificate(kind)
    }
}

/// Checks the certificates of one handshake and keeps what it found.
pub(super) struct Checking {
    trust: Arc<Trust>,
    expected: Expected,
    found: OnceLock<Result<Met, Distrust>>,
}

impl Checking {
    pub(super) fn new(trust: Arc<Trust>, expected: Expected) -> Arc<Checking> {
        Arc::new(Checking {
            trust,
            expected,
            found: OnceLock::new(),
        })
    }

    /// Returns what was found; nothing if the handshake did not come so far.
    pub(super) fn found(&self) -> Option<Result<Met, Distrust>> {
        self.found.get().cloned()
    }

    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), TlsError> {
        let shown: Vec<CertificateDer<'_>> = std::iter::once(leaf).chain(others).cloned().collect();
        let checked = self.trust.check(&shown, self.expected, now);
        let answer = checked.as_ref().map(|_| ()).map_err(Distrust::as_tls);
        // A handshake is checked once; a second result could only be of the same certificates.
        let _ = self.found.set(checked);
        answer
    }

    fn signature(
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }
}

impl fmt::Debug for Checking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checking({:?})", self.expected)
    }
}

/// The line is TLS 1.3 alone; its configuration offers nothing older, so this is never asked.
fn too_old() -> TlsError {
    TlsError::General("TLS 1.2 is not spoken between nodes".to_owned())
}

impl ClientCertVerifier for Checking {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Who our peers are is nobody's business.
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        self.check(leaf, others, now)
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Checking::signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ServerCertVerifier for Checking {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        self.check(leaf, others, now)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Checking::signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
