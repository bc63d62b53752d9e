//! The protected line between two nodes: who is at the other end, and bytes there and back.
//!
//! TLS 1.3 and nothing older, both sides with certificates, each node its own authority: a peer's certificate counts
//! only if it hangs on one of the *anchors* that the peer's identity certified, and nobody is trusted because he was
//! first. This module knows nothing of records, operations, entries or the engine: it carries bytes and says from
//! whom they are. It may not decide who is a peer either; it is told ([`Trust::set`], [`Trust::remove`]).
//!
//! Read in this order: [`root`] (the key that certifies all others, kept apart), [`certificates`] (our own),
//! [`trust`] (those of others), [`mod@serve`] and [`client`] (the two ends of a line), [`enrol`] (how two nodes that do not
//! know each other become peers, by two people who compare a number).

pub mod certificates;
pub mod client;
pub mod enrol;
mod files;
pub mod root;
pub mod serve;
pub mod trust;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

pub use certificates::Certificates;
pub use client::{LinkError, PeerClient};
pub use serve::{Caller, Doors, Serving, Stranger, serve};
pub use trust::{Distrust, Strangers, Trust};

/// What both ends of a line need: our own certificates, those that we trust, and the time.
#[derive(Debug, Clone)]
pub struct Line {
    /// Our own certificates.
    pub certificates: Arc<Certificates>,
    /// The peers.
    pub trust: Arc<Trust>,
    /// The time that certificates are held against.
    pub clock: LineClock,
}

/// The time that certificates are held against: the machine's, also where a node replays a past night.
#[derive(Clone)]
pub struct LineClock(Arc<dyn Fn() -> UnixTime + Send + Sync>);

impl LineClock {
    /// The machine's clock.
    pub fn machine() -> LineClock {
        LineClock::of(|| {
            let now = crate::clock::Clock::Real.now();
            at(u64::try_from(now.0 / 1_000).unwrap_or_default())
        })
    }

    /// A clock of the caller's.
    pub fn of(now: impl Fn() -> UnixTime + Send + Sync + 'static) -> LineClock {
        LineClock(Arc::new(now))
    }

    /// Returns the time now.
    pub fn now(&self) -> UnixTime {
        (self.0)()
    }
}

impl fmt::Debug for LineClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineClock({})", self.now().as_secs())
    }
}

impl TimeProvider for LineClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

/// The protocol that a line speaks, by its ALPN name.
const PROTOCOL: &[u8] = b"http/1.1";

/// Returns the time so many seconds after 1970 began.
pub fn at(unix_s: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(unix_s))
}

/// The cryptography of the line. It is named at every use, so that no other part of the program chooses it.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads lower-case hex; there is one spelling only.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
