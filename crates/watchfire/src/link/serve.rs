//! The end of a line that listens: HTTP/1.1 over mutual TLS 1.3, with the caller's node known before the first byte
//! of a request is read. Peers and strangers reach different routers, so that nothing a stranger may not have is
//! behind a check that could be forgotten.
//!
//! Tickets are not given out: a resumed session would not show its certificates again, and a peer that was shut out
//! would come back by it. When trust changes, lines that no longer hold are cut; and a line is ended after an hour in
//! any case, so that none outlives the certificates it began with by much. Start at [`serve`].

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use watchfire_feed::NodeId;

use super::trust::{Checking, Distrust, Expected, Met};
use super::{Line, provider};

/// How long a caller who is refused may take to hear it.
const LINGER: Duration = Duration::from_secs(1);

/// Every limit of a listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most open connections.
    pub connections_max: usize,
    /// Most open connections from one address (one /64 of IPv6): several nodes may be behind one.
    pub per_address_max: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a connection may be idle, and the head of a request take.
    pub head: Duration,
    /// How long the next piece of a body may be waited for.
    pub body: Duration,
    /// How long a connection may be open.
    pub connection: Duration,
    /// Largest head of a request, in bytes.
    pub head_max_bytes: usize,
    /// Largest body of a peer's request, in bytes.
    pub body_max_bytes: usize,
    /// Largest body of a stranger's request, in bytes: an identity and a little more.
    pub stranger_body_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 1_024,
            per_address_max: 32,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(75),
            body: Duration::from_secs(20),
            connection: Duration::from_secs(3_600),
            head_max_bytes: 16 * 1_024,
            body_max_bytes: 4 * 1_024 * 1_024,
            stranger_body_max_bytes: 1_024 * 1_024 + 4_096,
        }
    }
}

/// Who calls: an extension of every request, and an argument that a handler can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A peer, whose certificate hangs on an anchor of its identity.
    Peer(NodeId),
    /// Somebody else, who can only be asked who he is.
    Stranger(Stranger),
}

/// Somebody who has the key of the certificate that he shows, and of whom nothing else is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Who he says he is.
    pub node: NodeId,
    /// The anchor that he shows (DER), and that his certificate hangs on.
    pub anchor: Vec<u8>,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, StatusCode> {
        // Without the extension the request did not come by a line: nobody is let in for that.
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.ok_or(StatusCode::FORBIDDEN)
    }
}

/// Where a caller's address is, as an extension of every request: for limits, never for trust.
#[derive(Debug, Clone, Copy)]
pub struct From(pub SocketAddr);

/// What callers reach.
pub struct Doors {
    /// What peers reach.
    pub peers: Router,
    /// What strangers reach while they are admitted: enrolment and nothing else.
    pub strangers: Router,
}

/// A listener at work. Dropping it cuts all its lines.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    end: watch::Sender<Ending>,
    work: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    NotYet,
    /// No new request is taken; those that are being answered are.
    Graceful,
}

impl Serving {
    /// Ends: no more callers, what is being answered is finished within the grace, the rest is cut.
    pub async fn end(mut self, grace: Duration) {
        self.end.send_replace(Ending::Graceful);
        let _ = tokio::time::timeout(grace, &mut self.work).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Serves callers on a listener, with the usual limits.
pub fn serve(line: Line, listener: std::net::TcpListener, doors: Doors) -> io::Result<Serving> {
    serve_with(line, listener, doors, Limits::default())
}

/// Serves callers on a listener.
pub fn serve_with(
    line: Line,
    listener: std::net::TcpListener,
    doors: Doors,
    limits: Limits,
) -> io::Result<Serving> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let limit = |router: Router, max_bytes| {
        router
            .layer(RequestBodyTimeoutLayer::new(limits.body))
            .layer(RequestBodyLimitLayer::new(max_bytes))
            .layer(axum::extract::DefaultBodyLimit::disable())
    };
    let doors = Doors {
        peers: limit(doors.peers, limits.body_max_bytes),
        strangers: limit(doors.strangers, limits.stranger_body_max_bytes),
    };
    let (end, ending) = watch::channel(Ending::NotYet);
    let server = Arc::new(Server {
        line,
        doors,
        open: Arc::default(),
        limits,
        ending,
    });
    let work = tokio::spawn(server.listen(listener));
    Ok(Serving { address, end, work })
}

struct Server {
    line: Line,
    doors: Doors,
    open: Arc<Mutex<Open>>,
    limits: Limits,
    ending: watch::Receiver<Ending>,
}

impl Server {
    async fn listen(self: Arc<Server>, listener: TcpListener) {
        let mut ending = self.ending.clone();
        let mut lines = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = lines.join_next() => continue,
                _ = ending.wait_for(|ending| *ending != Ending::NotYet) => break,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a line could not be accepted");
                    // Out of file handles, say: trying again at once would only burn the processor.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(place) = Place::take(&self.open, from.ip(), &self.limits) else {
                tracing::warn!(%from, "too many lines from there: refused");
                continue;
            };
            let server = Arc::clone(&self);
            lines.spawn(async move {
                let _place = place;
                server.answer(stream, from).await;
            });
        }
        drop(listener);
        while lines.join_next().await.is_some() {}
    }

    async fn answer(&self, stream: TcpStream, from: SocketAddr) {
        let (stream, met) = match self.greet(stream).await {
            Ok(greeted) => greeted,
            Err(refused) => {
                tracing::info!(%from, "line refused: {refused}");
                return;
            }
        };
        let caller = match &met {
            Met::Peer { node, .. } | Met::Invited(node) => Caller::Peer(*node),
            Met::Stranger { node, anchor } => Caller::Stranger(Stranger {
                node: *node,
                anchor: anchor.clone(),
            }),
        };
        let router = match &caller {
            Caller::Peer(_) => &self.doors.peers,
            Caller::Stranger(_) => &self.doors.strangers,
        };
        let trust = &self.line.trust;
        let answer = service_fn(|request: Request<Incoming>| {
            let (caller, router) = (caller.clone(), router.clone());
            // The line is cut when trust changes; this closes the moment until then.
            let holds = trust.holds(&met);
            async move {
                if !holds {
                    return Ok(shut_out());
                }
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(From(from));
                router.oneshot(request).await
            }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(self.limits.head_max_bytes.max(8_192));
        let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), answer));
        let mut changes = trust.changes();
        let mut ending = self.ending.clone();
        let mut too_long = std::pin::pin!(tokio::time::sleep(self.limits.connection));
        let mut is_ending = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%from, %error, "a line broke off");
                    }
                    return;
                }
                _ = changes.changed() => {
                    if !trust.holds(&met) {
                        tracing::info!(%from, "line cut: its node is no longer trusted as it was");
                        return;
                    }
                }
                _ = ending.wait_for(|ending| *ending != Ending::NotYet), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = too_long.as_mut(), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Makes the handshake and says who it was made with.
    async fn greet(&self, stream: TcpStream) -> Result<(TlsStream<TcpStream>, Met), Refused> {
        let checking = Checking::new(Arc::clone(&self.line.trust), Expected::Anyone);
        let config = config(&self.line, Arc::clone(&checking)).map_err(Refused::Tls)?;
        stream.set_nodelay(true).map_err(Refused::Io)?;
        let handshake = TlsAcceptor::from(Arc::new(config))
            .accept(stream)
            .into_fallible();
        let made = match tokio::time::timeout(self.limits.handshake, handshake).await {
            Ok(made) => made,
            Err(_) => return Err(Refused::Slow),
        };
        match (made, checking.found()) {
            (Ok(stream), Some(Ok(met))) => Ok((stream, met)),
            (Ok(_), Some(Err(distrust))) => Err(Refused::Distrust(distrust)),
            (Ok(_), None) => Err(Refused::Distrust(Distrust::Shown(0))),
            (Err((error, stream)), found) => {
                let _ = tokio::time::timeout(LINGER, hear_out(stream)).await;
                match found {
                    Some(Err(distrust)) => Err(Refused::Distrust(distrust)),
                    Some(Ok(_)) | None => Err(Refused::Io(error)),
                }
            }
        }
    }
}

/// Reads on until the caller has read why he is refused. He may have sent a request by then, and closing with that
/// unread would reset the connection and destroy the reason on its way.
async fn hear_out(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut ignored = [0; 1_024];
    while let Ok(1..) = stream.read(&mut ignored).await {}
}

/// Why a line did not come about.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Distrust(Distrust),
    #[error("the handshake failed: {0}")]
    Io(io::Error),
    #[error("the handshake took too long")]
    Slow,
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

fn config(line: &Line, checking: Arc<Checking>) -> Result<ServerConfig, rustls::Error> {
    let clock = Arc::new(line.clock.clone());
    let mut config = ServerConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(checking)
        .with_cert_resolver(Arc::clone(&line.certificates) as _);
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![super::PROTOCOL.to_vec()];
    Ok(config)
}

fn shut_out() -> Response<Body> {
    let closing = [(header::CONNECTION, "close")];
    (StatusCode::FORBIDDEN, closing, "not a peer").into_response()
}

/// How many connections are open, and from where.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// One connection's place among those that may be open.
struct Place {
    open: Arc<Mutex<Open>>,
    address: IpAddr,
}

impl Place {
    fn take(open: &Arc<Mutex<Open>>, from: IpAddr, limits: &Limits) -> Option<Place> {
        let address = counted_as(from);
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.all >= limits.connections_max || here >= limits.per_address_max {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, here + 1);
        Some(Place {
            open: Arc::clone(open),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// One subscriber has a whole /64 of IPv6; he counts once.
pub(super) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_address_and_in_all_and_given_back() {
        let open = Arc::default();
        let limits = Limits {
            connections_max: 3,
            per_address_max: 2,
            ..Limits::default()
        };
        let take = |from: &str| Place::take(&open, from.parse().unwrap(), &limits);
        let one = take("192.0.2.1").unwrap();
        let two = take("::ffff:192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none(), "the third from one address");
        let three = take("2001:db8::1").unwrap();
        assert!(take("2001:db8:1::1").is_none(), "the fourth in all");
        drop(one);
        let four = take("2001:db8::2").unwrap();
        drop(two);
        assert!(take("2001:db8::3").is_none(), "the third of one /64");
        drop((three, four));
        let counts = open.lock().unwrap();
        assert_eq!((counts.all, counts.by_address.len()), (0, 0));
    }
}
