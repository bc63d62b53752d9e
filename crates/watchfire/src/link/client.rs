//! The end of a line that calls: requests to one peer over mutual TLS 1.3, by the first of its addresses that leads to
//! it. Connections are kept and used again, each for an hour at most and only as long as the peer is trusted.
//!
//! This is HTTP/1.1 by hyper's connection over tokio-rustls, both of which the listener needs already: a client
//! library would bring its own notion of certificates, redirects, proxies and pools, and all of them would have to be
//! switched off. Errors say on which step it failed and whether to try again ([`LinkError::lasting`]).
//! Start at [`PeerClient::get`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use watchfire_feed::{Hash, NodeId};

use super::certificates::name_of;
use super::trust::{Checking, Distrust, Expected, Met};
use super::{Line, provider};

/// Most addresses of one peer.
pub const ADDRESSES_MAX: usize = 8;

/// Every limit of a caller.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most requests to one peer at once.
    pub at_once_max: usize,
    /// How long one address may take until it is connected.
    pub connect: Duration,
    /// How long a request may take from its beginning to the last byte of its answer.
    pub total: Duration,
    /// How long a connection is used again.
    pub connection: Duration,
    /// Largest answer, in bytes.
    pub answer_max_bytes: usize,
    /// Largest body of a refusal, in bytes.
    pub problem_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            at_once_max: 4,
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            connection: Duration::from_secs(3_000),
            answer_max_bytes: 4 * 1_024 * 1_024,
            problem_max_bytes: 64 * 1_024,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody is there, or the way is cut.
    #[error("node {node} is not reached at {}: {why}", if addresses.is_empty() { "any address" } else { addresses })]
    NotReached {
        /// Which.
        node: NodeId,
        /// Where it was looked for.
        addresses: String,
        /// What happened at the last of them.
        why: String,
    },
    /// Somebody is there, and one of the two does not trust the other.
    #[error("no line to node {node} at {address}: {why}")]
    Tls {
        /// Which.
        node: NodeId,
        /// Where.
        address: String,
        /// Who refused whom, and why.
        why: Box<Refusal>,
    },
    /// It was not answered in time.
    #[error("node {node} did not answer within {} s", .within.as_secs())]
    Late {
        /// Which.
        node: NodeId,
        /// The time it had.
        within: Duration,
    },
    /// It refused.
    #[error("node {node} refused it ({status})")]
    Refused {
        /// Which.
        node: NodeId,
        /// The status.
        status: u16,
        /// What it said, as far as it was read.
        said: Vec<u8>,
    },
    /// The answer is not one.
    #[error("the answer of node {node} is broken: {why}")]
    Broken {
        /// Which.
        node: NodeId,
        /// How.
        why: Broken,
    },
}

/// Who refused whom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// We refused.
    #[error("{0}")]
    ByUs(Distrust),
    /// They refused.
    #[error("it refuses us: {0}")]
    ByThem(Theirs),
    /// It is not the protocol of a line.
    #[error("what is there does not speak as a node does: {0}")]
    Protocol(String),
}

/// Why they refused, as far as they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Theirs {
    /// We are no peer of theirs.
    #[error("this node is no peer there, or was removed")]
    NotAPeer,
    /// They do not know the anchor that we use.
    #[error("the anchor that this node uses is not known there")]
    OtherAnchor,
    /// Our certificate has ended, or not begun, by their clock.
    #[error(
        "this node's certificate is out of date by their clock; one of the two clocks is wrong"
    )]
    OutOfDate,
    /// They do not say.
    #[error("they do not say why")]
    Unsaid,
}

/// How an answer is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is longer than it may be.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// It broke off.
    #[error("it broke off: {0}")]
    BrokeOff(String),
    /// It is not HTTP, or leads elsewhere.
    #[error("it is not an answer of a node: {0}")]
    NotOne(String),
}

/// Whether the same may go better later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// Yes: try again, with a growing pause.
    Transient,
    /// No: nothing but a change of peers, anchors, addresses or program helps.
    Permanent,
}

impl LinkError {
    /// Says whether the same may go better later.
    pub fn is_transient(&self) -> bool {
        self.lasting() == Lasting::Transient
    }

    /// Says whether to try again.
    pub fn lasting(&self) -> Lasting {
        match self {
            LinkError::NotReached { .. } | LinkError::Late { .. } => Lasting::Transient,
            LinkError::Tls { why, .. } => match &**why {
                // A clock is put right, and a leaf renewed, without anything that we would hear of.
                Refusal::ByUs(Distrust::Expired(_) | Distrust::NotYet(_))
                | Refusal::ByThem(Theirs::OutOfDate) => Lasting::Transient,
                Refusal::ByUs(_) | Refusal::ByThem(_) | Refusal::Protocol(_) => Lasting::Permanent,
            },
            LinkError::Refused { status, .. } => match status {
                408 | 425 | 429 | 500..=599 => Lasting::Transient,
                _ => Lasting::Permanent,
            },
            LinkError::Broken { why, .. } => match why {
                Broken::BrokeOff(_) => Lasting::Transient,
                Broken::TooLong(_) | Broken::NotOne(_) => Lasting::Permanent,
            },
        }
    }
}

/// Calls one peer.
pub struct PeerClient {
    line: Line,
    node: NodeId,
    expected: Expected,
    addresses: Vec<String>,
    limits: Limits,
    kept: Mutex<Vec<Kept>>,
    turns: Semaphore,
}

/// A connection that can be used again.
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    met: Met,
    made: Instant,
}

impl fmt::Debug for PeerClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerClient({} at {:?})", self.node, self.addresses)
    }
}

impl PeerClient {
    /// Calls a peer at these addresses (host and port), tried in this order.
    pub fn new(line: Line, node: NodeId, addresses: &[String]) -> PeerClient {
        PeerClient::with(
            line,
            node,
            Expected::Peer(node),
            addresses,
            Limits::default(),
        )
    }

    /// Calls a node that is not a peer yet, if it shows the anchor with this SHA-256.
    pub fn invited(line: Line, node: NodeId, anchor: Hash, addresses: &[String]) -> PeerClient {
        let expected = Expected::Invited(node, anchor);
        PeerClient::with(line, node, expected, addresses, Limits::default())
    }

    /// The same under other limits.
    pub fn limited(self, limits: Limits) -> PeerClient {
        PeerClient::with(self.line, self.node, self.expected, &self.addresses, limits)
    }

    fn with(
        line: Line,
        node: NodeId,
        expected: Expected,
        addresses: &[String],
        limits: Limits,
    ) -> PeerClient {
        PeerClient {
            line,
            node,
            expected,
            addresses: addresses.iter().take(ADDRESSES_MAX).cloned().collect(),
            kept: Mutex::default(),
            turns: Semaphore::new(limits.at_once_max.max(1)),
            limits,
        }
    }

    /// Returns whom it calls.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Asks for what is at a path.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, LinkError> {
        self.get_within(path, self.limits.total).await
    }

    /// Asks for what is at a path and waits so long: for questions that are answered when there is something to say.
    pub async fn get_within(&self, path: &str, within: Duration) -> Result<Vec<u8>, LinkError> {
        self.ask(Method::GET, path, Bytes::new(), within).await
    }

    /// Sends bytes to a path.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.ask(Method::POST, path, body.into(), self.limits.total)
            .await
    }

    /// Sends bytes to a path and waits so long: for questions that are answered when there is something to say.
    pub async fn post_within(
        &self,
        path: &str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Vec<u8>, LinkError> {
        self.ask(Method::POST, path, body.into(), within).await
    }

    /// Says that what it answered cannot be read.
    pub fn unreadable(&self, why: &str) -> LinkError {
        self.broken(Broken::NotOne(why.to_owned()))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        within: Duration,
    ) -> Result<Vec<u8>, LinkError> {
        let node = self.node;
        let asked = async {
            let _turn = self.turns.acquire().await;
            self.exchange(method, path, body).await
        };
        match tokio::time::timeout(within, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(LinkError::Late { node, within }),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Vec<u8>, LinkError> {
        while let Some(mut kept) = self.take_kept() {
            if kept.sender.ready().await.is_err() {
                continue;
            }
            let request = self.request(&method, path, body.clone(), &kept.address)?;
            match kept.sender.try_send_request(request).await {
                Ok(response) => return self.read(response, kept).await,
                Err(mut error) => {
                    // A kept connection may have ended unnoticed. What was not sent, or does nothing when it is
                    // sent twice, is sent on another one.
                    let unsent = error.take_message().is_some();
                    if !unsent && method != Method::GET {
                        return Err(self.broke_off(&kept.address, &error.into_error()));
                    }
                }
            }
        }
        let mut fresh = self.connect().await?;
        let request = self.request(&method, path, body, &fresh.address)?;
        match fresh.sender.send_request(request).await {
            Ok(response) => self.read(response, fresh).await,
            Err(error) => Err(self.broke_off(&fresh.address, &error)),
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Bytes,
        address: &str,
    ) -> Result<Request<Full<Bytes>>, LinkError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, address)
            .header(header::CONTENT_TYPE, "application/octet-stream");
        let request = request.body(Full::new(body));
        request.map_err(|error| self.broken(Broken::NotOne(format!("{path}: {error}"))))
    }

    async fn read(
        &self,
        response: hyper::Response<hyper::body::Incoming>,
        kept: Kept,
    ) -> Result<Vec<u8>, LinkError> {
        let status = response.status();
        let max_bytes = match status.is_success() {
            true => self.limits.answer_max_bytes,
            false => self.limits.problem_max_bytes,
        };
        let body = Limited::new(response.into_body(), max_bytes)
            .collect()
            .await;
        let body = match body {
            Ok(body) => body.to_bytes().to_vec(),
            Err(_) if !status.is_success() => Vec::new(),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
                return Err(self.broken(Broken::TooLong(max_bytes)));
            }
            Err(error) => return Err(self.broken(Broken::BrokeOff(chain(&*error)))),
        };
        if status.is_success() {
            self.keep(kept);
            return Ok(body);
        }
        if status.is_redirection() || status.is_informational() {
            let why = format!("{status}, which a node never says");
            return Err(self.broken(Broken::NotOne(why)));
        }
        if status != StatusCode::FORBIDDEN {
            self.keep(kept);
        }
        Err(LinkError::Refused {
            node: self.node,
            status: status.as_u16(),
            said: body,
        })
    }

    fn take_kept(&self) -> Option<Kept> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| {
            let usable = !kept.sender.is_closed() && kept.made.elapsed() < self.limits.connection;
            usable && self.line.trust.holds(&kept.met)
        });
        all.pop()
    }

    fn keep(&self, kept: Kept) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < self.limits.at_once_max {
            all.push(kept);
        }
    }

    /// Connects by the first address that leads to the node. That one of them leads to somebody else says more than
    /// that another is not reached.
    async fn connect(&self) -> Result<Kept, LinkError> {
        let mut unreached = "no address of it is known; give it one here, or ask its people to run `watchfire identity addresses`"
            .to_owned();
        let mut refused = None;
        for address in &self.addresses {
            let found = match tokio::net::lookup_host(address.as_str()).await {
                Ok(found) => found.collect::<Vec<SocketAddr>>(),
                Err(error) => {
                    unreached = format!("{address}: {error}");
                    continue;
                }
            };
            for socket in found {
                let tried = tokio::time::timeout(self.limits.connect, self.greet(address, socket));
                match tried.await {
                    Ok(Ok(kept)) => return Ok(kept),
                    Ok(Err(Failed::Io(error))) => unreached = format!("{address}: {error}"),
                    Ok(Err(Failed::Tls(why))) => refused = Some((address.clone(), why)),
                    Err(_) => unreached = format!("{address}: no connection in time"),
                }
            }
        }
        let node = self.node;
        Err(match refused {
            Some((address, why)) => LinkError::Tls {
                node,
                address,
                why: Box::new(why),
            },
            None => LinkError::NotReached {
                node,
                addresses: self.addresses.join(", "),
                why: unreached,
            },
        })
    }

    async fn greet(&self, address: &str, socket: SocketAddr) -> Result<Kept, Failed> {
        let trust = Arc::clone(&self.line.trust);
        let checking = Checking::new(Arc::clone(&trust), self.expected);
        let protocol = |error: &dyn fmt::Display| Failed::Tls(Refusal::Protocol(error.to_string()));
        let config = config(&self.line, Arc::clone(&checking)).map_err(|e| protocol(&e))?;
        let name = ServerName::try_from(name_of(self.node)).map_err(|e| protocol(&e))?;
        let stream = TcpStream::connect(socket).await.map_err(Failed::Io)?;
        stream.set_nodelay(true).map_err(Failed::Io)?;
        let made = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = match (made.await, checking.found()) {
            (_, Some(Err(distrust))) => return Err(Failed::Tls(Refusal::ByUs(distrust))),
            (Ok(stream), Some(Ok(met))) => (stream, met),
            (Ok(_), None) => return Err(Failed::Tls(Refusal::ByUs(Distrust::Shown(0)))),
            (Err(error), _) => return Err(failed(error)),
        };
        let (stream, met) = stream;
        let (sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(|error| Failed::Io(io::Error::other(error)))?;
        tokio::spawn(carry(connection, trust, met.clone()));
        Ok(Kept {
            sender,
            address: address.to_owned(),
            met,
            made: Instant::now(),
        })
    }

    /// Tells a refusal, which TLS 1.3 only says after the caller's side of the handshake, from a line that broke.
    fn broke_off(&self, address: &str, error: &hyper::Error) -> LinkError {
        let node = self.node;
        match tls_in(error) {
            Some(why) => LinkError::Tls {
                node,
                address: address.to_owned(),
                why: Box::new(why),
            },
            None => self.broken(match error.is_parse() {
                true => Broken::NotOne(chain(error)),
                false => Broken::BrokeOff(chain(error)),
            }),
        }
    }

    fn broken(&self, why: Broken) -> LinkError {
        LinkError::Broken {
            node: self.node,
            why,
        }
    }
}

/// Carries a connection until it ends, or its node is no longer trusted as it was.
async fn carry(
    connection: http1::Connection<TokioIo<TlsStream<TcpStream>>, Full<Bytes>>,
    trust: Arc<super::Trust>,
    met: Met,
) {
    let mut changes = trust.changes();
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // How it ended is told to whoever waits for an answer on it.
            _ = connection.as_mut() => return,
            _ = changes.changed() => {
                if !trust.holds(&met) {
                    return;
                }
            }
        }
    }
}

enum Failed {
    Io(io::Error),
    Tls(Refusal),
}

fn failed(error: io::Error) -> Failed {
    match tls_in(&error) {
        Some(why) => Failed::Tls(why),
        None => Failed::Io(error),
    }
}

/// Finds what TLS said among the causes of an error.
fn tls_in(error: &(dyn std::error::Error + 'static)) -> Option<Refusal> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(refusal(tls));
        }
        // An io::Error gives as its source what its content gives, and so passes over the content.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(refusal(tls));
        }
        cause = error.source();
    }
    None
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's errors and alerts may grow; those that are not named are passed on in its words"
)]
fn refusal(error: &rustls::Error) -> Refusal {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::AlertReceived(alert) => match alert {
            Alert::AccessDenied => Refusal::ByThem(Theirs::NotAPeer),
            Alert::UnknownCA => Refusal::ByThem(Theirs::OtherAnchor),
            Alert::CertificateExpired => Refusal::ByThem(Theirs::OutOfDate),
            Alert::CertificateUnknown
            | Alert::BadCertificate
            | Alert::CertificateRequired
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked => Refusal::ByThem(Theirs::Unsaid),
            other => Refusal::Protocol(format!("it ends with {other:?}")),
        },
        other => Refusal::Protocol(other.to_string()),
    }
}

fn config(line: &Line, checking: Arc<Checking>) -> Result<ClientConfig, rustls::Error> {
    let clock = Arc::new(line.clock.clone());
    let mut config = ClientConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(checking)
        .with_client_cert_resolver(Arc::clone(&line.certificates) as _);
    config.resumption = rustls::client::Resumption::disabled();
    // Whom we call is not told to whoever listens on the way.
    config.enable_sni = false;
    config.alpn_protocols = vec![super::PROTOCOL.to_vec()];
    Ok(config)
}

/// Returns an error with its causes, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
