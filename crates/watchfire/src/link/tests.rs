//! Lines between nodes on loopback: who is let in, who is refused and what he is told, and what happens to open lines
//! when trust, certificates or the listener change.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use watchfire_feed::{Hash, NodeId};

use super::client::{self, Broken, Lasting, Refusal, Theirs};
use super::*;

const NOW: u64 = 1_790_000_000;
const WEEK: u64 = 7 * 86_400;

/// A node with certificates of its own, nobody that it trusts, and a clock that is set by hand.
pub(super) struct A {
    pub(super) node: NodeId,
    pub(super) line: Line,
    pub(super) time: Arc<AtomicU64>,
    _folder: TempDir,
}

pub(super) fn a_node(number: u8) -> A {
    let node = NodeId([number; 32]);
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::load_or_create(folder.path(), node, at(NOW)).unwrap();
    let time = Arc::new(AtomicU64::new(NOW));
    let shared = Arc::clone(&time);
    let line = Line {
        certificates: Arc::new(certificates),
        trust: Arc::default(),
        clock: LineClock::of(move || at(shared.load(Ordering::SeqCst))),
    };
    A {
        node,
        line,
        time,
        _folder: folder,
    }
}

impl A {
    fn trusts(&self, other: &A) -> &A {
        let anchors: Vec<Vec<u8>> = other
            .line
            .certificates
            .anchors()
            .into_iter()
            .map(|a| a.der)
            .collect();
        self.line.trust.set(other.node, &anchors).unwrap();
        self
    }

    fn set_clock(&self, unix_s: u64) {
        self.time.store(unix_s, Ordering::SeqCst);
    }

    pub(super) fn listens(&self, limits: serve::Limits) -> Serving {
        serve::serve_with(self.line.clone(), loopback(), doors(), limits).unwrap()
    }

    fn calls(&self, other: &A, address: SocketAddr) -> PeerClient {
        PeerClient::new(self.line.clone(), other.node, &[address.to_string()])
    }
}

pub(super) fn loopback() -> StdListener {
    StdListener::bind("127.0.0.1:0").unwrap()
}

/// What peers reach says who they are; what strangers reach, too, and nothing else.
fn doors() -> Doors {
    let who = |caller: Caller| async move {
        match caller {
            Caller::Peer(node) => format!("peer {node}"),
            Caller::Stranger(stranger) => format!("stranger {}", stranger.node),
        }
    };
    let peers = Router::new()
        .route("/who", get(who))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/never", get(std::future::pending::<()>))
        .route("/large", get(|| async { vec![7_u8; 100_000] }))
        .route(
            "/elsewhere",
            get(|| async { axum::response::Redirect::to("/who") }),
        );
    Doors {
        peers,
        strangers: Router::new()
            .route("/enrol", get(who))
            .route("/echo", post(|body: Bytes| async move { body })),
    }
}

fn two() -> (A, A) {
    let (a, b) = (a_node(1), a_node(2));
    a.trusts(&b);
    b.trusts(&a);
    (a, b)
}

/// Asks until the listener has seen that lines were given back.
async fn until_answered(client: &PeerClient, path: &str) -> Vec<u8> {
    for _ in 0..1_000 {
        if let Ok(answer) = client.get(path).await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never answered");
}

fn why(error: &LinkError) -> &Refusal {
    let LinkError::Tls { why, .. } = error else {
        panic!("not refused by TLS: {error:?}");
    };
    why
}

#[tokio::test]
async fn two_peers_speak_and_each_knows_who_the_other_is() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let client = b.calls(&a, serving.address);
    let said = client.get("/who").await.unwrap();
    assert_eq!(said, format!("peer {}", b.node).into_bytes());
    assert_eq!(
        client.post("/echo", b"beacon".to_vec()).await.unwrap(),
        b"beacon"
    );
    let missing = client.get("/nothing").await.unwrap_err();
    assert!(matches!(missing, LinkError::Refused { status: 404, .. }));
    assert_eq!(missing.lasting(), Lasting::Permanent);
    let elsewhere = client.get("/elsewhere").await.unwrap_err();
    assert!(
        matches!(
            elsewhere,
            LinkError::Broken {
                why: Broken::NotOne(_),
                ..
            }
        ),
        "{elsewhere}"
    );
}

#[tokio::test]
async fn a_node_that_is_no_peer_is_refused_and_told_so() {
    let (a, b) = (a_node(1), a_node(2));
    b.trusts(&a);
    let serving = a.listens(serve::Limits::default());
    let refused = b.calls(&a, serving.address).get("/who").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::NotAPeer));
    assert_eq!(refused.lasting(), Lasting::Permanent);
    let c = a_node(3);
    let refused = c.calls(&a, serving.address).get("/who").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByUs(Distrust::NotAPeer(a.node)));
}

#[tokio::test]
async fn a_leaf_that_has_ended_or_not_begun_is_refused_on_either_side() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let client = b.calls(&a, serving.address);
    let ask = || async { client.get("/who").await };
    // Only the clock of the listener is ahead: it refuses the caller.
    a.set_clock(NOW + WEEK + 1);
    let refused = ask().await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::OutOfDate));
    assert_eq!(refused.lasting(), Lasting::Transient);
    // Only the clock of the caller is ahead, or too far behind: the caller refuses the listener.
    a.set_clock(NOW);
    b.set_clock(NOW + WEEK + 1);
    assert_eq!(
        *why(&ask().await.unwrap_err()),
        Refusal::ByUs(Distrust::Expired(a.node))
    );
    b.set_clock(NOW - certificates::DATED_BACK_S - 1);
    assert_eq!(
        *why(&ask().await.unwrap_err()),
        Refusal::ByUs(Distrust::NotYet(a.node))
    );
    // At the edges it is let in.
    for edge in [NOW + WEEK, NOW - certificates::DATED_BACK_S] {
        b.set_clock(edge);
        ask().await.unwrap();
    }
}

#[tokio::test]
async fn a_leaf_of_another_anchor_is_refused_even_if_that_is_of_another_peer() {
    let (a, b) = two();
    let x = a_node(3);
    a.trusts(&x);
    let serving = a.listens(serve::Limits::default());
    // The same node, with anchors that were made anew and that nobody was told of.
    let lost = a_node(2);
    lost.trusts(&a);
    let refused = lost
        .calls(&a, serving.address)
        .get("/who")
        .await
        .unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::OtherAnchor));
    // A true peer, X, gives itself out to be B: its anchor is known, but not of B.
    let mut liar = a_node(2);
    liar.line.certificates = forged(&x, b.node);
    liar.trusts(&a);
    let refused = liar
        .calls(&a, serving.address)
        .get("/who")
        .await
        .unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::OtherAnchor));
    // X listens where A should be.
    let posing = x.listens(serve::Limits::default());
    b.trusts(&x);
    let refused = b.calls(&a, posing.address).get("/who").await.unwrap_err();
    let expected = Refusal::ByUs(Distrust::OtherNode {
        expected: a.node,
        found: x.node,
    });
    assert_eq!(*why(&refused), expected);
    let mut liar = a_node(1);
    liar.line.certificates = forged(&x, a.node);
    let posing = liar.trusts(&b).listens(serve::Limits::default());
    let refused = b.calls(&a, posing.address).get("/who").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByUs(Distrust::OtherAnchor(a.node)));
}

/// Certificates that name one node and hang on the anchor of another.
fn forged(of: &A, named: NodeId) -> Arc<Certificates> {
    Arc::new(of.line.certificates.forged_for(named, at(NOW)))
}

#[tokio::test]
async fn an_anchor_that_signs_for_another_node_breaks_its_own_constraint() {
    let (a, x) = (a_node(1), a_node(3));
    // Somebody made A take X's anchor for one of B's.
    let b = NodeId([2; 32]);
    a.line
        .trust
        .set(b, &[x.line.certificates.anchor_der()])
        .unwrap();
    let mut liar = a_node(2);
    liar.line.certificates = forged(&x, b);
    liar.trusts(&a);
    let serving = a.listens(serve::Limits::default());
    let refused = liar
        .calls(&a, serving.address)
        .get("/who")
        .await
        .unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::Unsaid));
}

#[tokio::test]
async fn a_peer_that_is_removed_is_cut_off_in_the_middle_and_does_not_come_back() {
    let (a, b) = two();
    let (asked, hears) = tokio::sync::oneshot::channel();
    let asked = Arc::new(Mutex::new(Some(asked)));
    let never = move || async move {
        asked.lock().unwrap().take().map(|asked| asked.send(()));
        std::future::pending::<()>().await;
    };
    let mut doors = doors();
    doors.peers = doors.peers.route("/wait", get(never));
    let serving = serve(a.line.clone(), loopback(), doors).unwrap();
    let client = Arc::new(b.calls(&a, serving.address));
    client.get("/who").await.unwrap();
    let waiting = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.get("/wait").await }
    });
    hears.await.unwrap();
    a.line.trust.remove(b.node);
    let cut = waiting.await.unwrap().unwrap_err();
    let is_cut = matches!(
        cut,
        LinkError::Broken {
            why: Broken::BrokeOff(_),
            ..
        } | LinkError::Tls { .. }
    );
    assert!(is_cut, "{cut}");
    let refused = client.get("/who").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::NotAPeer));
    a.trusts(&b);
    client.get("/who").await.unwrap();
    // And the other way: a caller that removes its peer sends it nothing more, not even by a line that is open.
    b.line.trust.remove(a.node);
    let refused = client.get("/who").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByUs(Distrust::NotAPeer(a.node)));
}

#[tokio::test]
async fn no_ticket_is_given_out_by_which_a_peer_that_was_removed_could_come_back() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let checking = trust::Checking::new(Arc::clone(&b.line.trust), trust::Expected::Peer(a.node));
    // A caller that would use tickets, if it had any.
    let clock = Arc::new(b.line.clock.clone());
    let eager = rustls::ClientConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(checking)
        .with_client_cert_resolver(Arc::clone(&b.line.certificates) as _);
    let eager = tokio_rustls::TlsConnector::from(Arc::new(eager));
    let stream = tokio::net::TcpStream::connect(serving.address)
        .await
        .unwrap();
    let name = certificates::name_of(a.node).try_into().unwrap();
    let mut stream = eager.connect(name, stream).await.unwrap();
    let request = b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
}

#[tokio::test]
async fn an_older_tls_is_refused_on_both_sides() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let trust = trust::Checking::new(Arc::clone(&b.line.trust), trust::Expected::Peer(a.node));
    let old = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_client_cert_resolver(Arc::clone(&b.line.certificates) as _);
    let stream = tokio::net::TcpStream::connect(serving.address)
        .await
        .unwrap();
    let name = certificates::name_of(a.node).try_into().unwrap();
    let tried = tokio_rustls::TlsConnector::from(Arc::new(old))
        .connect(name, stream)
        .await;
    let error = tried.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");

    let checking = trust::Checking::new(Arc::clone(&a.line.trust), trust::Expected::Anyone);
    let old = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(checking)
        .with_cert_resolver(Arc::clone(&a.line.certificates) as _);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = tokio_rustls::TlsAcceptor::from(Arc::new(old))
            .accept(stream)
            .await;
    });
    let refused = b.calls(&a, address).get("/who").await.unwrap_err();
    assert!(matches!(why(&refused), Refusal::Protocol(_)), "{refused}");
}

#[tokio::test]
async fn a_leaf_is_renewed_while_a_line_is_open_and_nobody_notices() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let client = b.calls(&a, serving.address);
    client.get("/who").await.unwrap();
    for day in 1..30 {
        let now = NOW + day * 86_400;
        for one in [&a, &b] {
            one.set_clock(now);
            one.line.certificates.renew_if_due(at(now)).unwrap();
        }
        // The line of the first day is still used; and who calls anew sees the leaf of the day.
        client.get("/who").await.unwrap();
        b.calls(&a, serving.address).get("/who").await.unwrap();
    }
}

#[tokio::test]
async fn anchors_overlap_and_the_change_is_not_noticed_either() {
    let (a, b) = two();
    let serving = a.listens(serve::Limits::default());
    let own = &b.line.certificates;
    let ask = || async { b.calls(&a, serving.address).get("/who").await };
    let old = own.anchors()[0].sha256;
    let next = own.next_anchor(at(NOW)).unwrap();
    ask().await.unwrap();
    // Too early: nobody was told.
    own.use_anchor(next.sha256, at(NOW)).unwrap();
    let refused = ask().await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::OtherAnchor));
    own.use_anchor(old, at(NOW)).unwrap();
    a.trusts(&b);
    ask().await.unwrap();
    own.use_anchor(next.sha256, at(NOW)).unwrap();
    ask().await.unwrap();
    own.retire_anchor(old).unwrap();
    a.trusts(&b);
    ask().await.unwrap();
}

#[tokio::test]
async fn strangers_reach_enrolment_and_nothing_else_and_only_while_they_are_admitted() {
    let (a, b) = (a_node(1), a_node(2));
    let serving = a.listens(serve::Limits::default());
    let pinned = Hash::of(&a.line.certificates.anchor_der());
    let addresses = [serving.address.to_string()];
    let client = PeerClient::invited(b.line.clone(), a.node, pinned, &addresses);
    let refused = client.get("/enrol").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::NotAPeer));
    a.line.trust.admit(Strangers::Admitted);
    let said = client.get("/enrol").await.unwrap();
    assert_eq!(said, format!("stranger {}", b.node).into_bytes());
    let missing = client.get("/who").await.unwrap_err();
    assert!(matches!(missing, LinkError::Refused { status: 404, .. }));
    let other = PeerClient::invited(b.line.clone(), a.node, Hash([9; 32]), &addresses);
    let refused = other.get("/enrol").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByUs(Distrust::NotInvited(a.node)));
    // A known node under an unknown anchor is no stranger.
    let lost = a_node(3);
    a.line
        .trust
        .set(lost.node, &[b.line.certificates.anchor_der()])
        .unwrap();
    let client = PeerClient::invited(lost.line.clone(), a.node, pinned, &addresses);
    let refused = client.get("/enrol").await.unwrap_err();
    assert_eq!(*why(&refused), Refusal::ByThem(Theirs::OtherAnchor));
    // Doors are shut to those inside, too.
    let client = PeerClient::invited(b.line.clone(), a.node, pinned, &addresses);
    client.get("/enrol").await.unwrap();
    a.line.trust.admit(Strangers::Refused);
    assert!(client.get("/enrol").await.is_err());
}

#[tokio::test]
async fn limits_hold_at_the_limit_and_one_past_it() {
    let (a, b) = two();
    let limits = serve::Limits {
        per_address_max: 2,
        body_max_bytes: 1_000,
        stranger_body_max_bytes: 10,
        ..serve::Limits::default()
    };
    let serving = a.listens(limits);
    let client = b.calls(&a, serving.address);
    assert_eq!(
        client.post("/echo", vec![1; 1_000]).await.unwrap().len(),
        1_000
    );
    let refused = client.post("/echo", vec![1; 1_001]).await.unwrap_err();
    assert!(
        matches!(refused, LinkError::Refused { status: 413, .. }),
        "{refused}"
    );
    let small = |answer_max_bytes| {
        b.calls(&a, serving.address).limited(client::Limits {
            answer_max_bytes,
            ..client::Limits::default()
        })
    };
    drop(client);
    let fits = small(100_000);
    assert_eq!(until_answered(&fits, "/large").await.len(), 100_000);
    let tight = small(99_999);
    until_answered(&tight, "/who").await;
    let broken = tight.get("/large").await.unwrap_err();
    assert!(
        matches!(
            broken,
            LinkError::Broken {
                why: Broken::TooLong(99_999),
                ..
            }
        ),
        "{broken}"
    );
    // Two lines from one address, and the third is not answered.
    drop((fits, tight));
    let (first, second) = (b.calls(&a, serving.address), b.calls(&a, serving.address));
    until_answered(&first, "/who").await;
    until_answered(&second, "/who").await;
    let third = b.calls(&a, serving.address).get("/who").await.unwrap_err();
    assert_eq!(third.lasting(), Lasting::Transient, "{third}");
}

#[tokio::test]
async fn whoever_sends_slowly_or_nothing_is_let_go_and_others_are_answered_meanwhile() {
    let (a, b) = two();
    let short = Duration::from_millis(200);
    let serving = a.listens(serve::Limits {
        handshake: short,
        head: short,
        ..serve::Limits::default()
    });
    let mut silent = tokio::net::TcpStream::connect(serving.address)
        .await
        .unwrap();
    let mut slow = tokio::net::TcpStream::connect(serving.address)
        .await
        .unwrap();
    slow.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00])
        .await
        .unwrap();
    let client = b.calls(&a, serving.address);
    client.get("/who").await.unwrap();
    for stream in [&mut silent, &mut slow] {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest));
        let _ = ended.await.expect("the listener lets go");
    }
    // The client's own line was idle and is gone by now; it makes another without being told.
    client.get("/who").await.unwrap();
}

#[tokio::test]
async fn each_failure_says_what_it_was() {
    let (a, b) = two();
    // Nobody listens.
    let nobody = loopback().local_addr().unwrap();
    let error = b.calls(&a, nobody).get("/who").await.unwrap_err();
    assert!(matches!(error, LinkError::NotReached { .. }), "{error}");
    assert_eq!(error.lasting(), Lasting::Transient);
    let none = PeerClient::new(b.line.clone(), a.node, &[]);
    assert!(matches!(
        none.get("/who").await,
        Err(LinkError::NotReached { .. })
    ));
    // The second address leads there.
    let serving = a.listens(serve::Limits::default());
    let addresses = [nobody.to_string(), serving.address.to_string()];
    let client = PeerClient::new(b.line.clone(), a.node, &addresses);
    client.get("/who").await.unwrap();
    // It takes too long.
    let within = Duration::from_millis(100);
    let late = client.get_within("/never", within).await.unwrap_err();
    assert!(matches!(late, LinkError::Late { .. }), "{late}");
    client.get("/who").await.unwrap();
    // What listens there is no node.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        }
    });
    let error = b.calls(&a, address).get("/who").await.unwrap_err();
    assert!(matches!(why(&error), Refusal::Protocol(_)), "{error}");
}

#[tokio::test]
async fn a_listener_ends_gracefully() {
    let (a, b) = two();
    let asked = Arc::new(AtomicUsize::new(0));
    let go = Arc::new(tokio::sync::Notify::new());
    let slow = {
        let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
        move || async move {
            asked.fetch_add(1, Ordering::SeqCst);
            go.notified().await;
            "done"
        }
    };
    let doors = Doors {
        peers: Router::new().route("/slow", get(slow)),
        strangers: Router::new(),
    };
    let serving = serve(a.line.clone(), loopback(), doors).unwrap();
    let address = serving.address;
    let client = Arc::new(b.calls(&a, address));
    let waiting = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.get("/slow").await }
    });
    while asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let ended = tokio::spawn(serving.end(Duration::from_secs(10)));
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap(), b"done");
    ended.await.unwrap();
    assert!(matches!(
        client.get("/slow").await,
        Err(LinkError::NotReached { .. })
    ));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (a, b) = two();
    let ports = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ports);
    let port = move |axum::Extension(serve::From(from)): axum::Extension<serve::From>| async move {
        seen.lock().unwrap().push(from.port());
    };
    let doors = Doors {
        peers: Router::new().route("/", get(port)),
        strangers: Router::new(),
    };
    let serving = serve(a.line.clone(), loopback(), doors).unwrap();
    let client = b.calls(&a, serving.address);
    for _ in 0..5 {
        client.get("/").await.unwrap();
    }
    let mut ports = ports.lock().unwrap().clone();
    ports.dedup();
    assert_eq!(ports.len(), 1, "{ports:?}");
}

#[test]
fn a_peer_has_one_to_four_anchors_that_can_be_read() {
    let (trust, b) = (Trust::default(), a_node(2));
    let der = b.line.certificates.anchor_der();
    let set = |anchors: &[Vec<u8>]| trust.set(b.node, anchors);
    assert!(set(&vec![der.clone(); trust::ANCHORS_MAX]).is_ok());
    for wrong in [
        vec![],
        vec![der.clone(); trust::ANCHORS_MAX + 1],
        vec![b"nothing".to_vec()],
        vec![der.clone(), der[1..].to_vec()],
        vec![vec![0; trust::CERTIFICATE_MAX_BYTES + 1]],
    ] {
        assert!(set(&wrong).is_err());
    }
    assert_eq!(trust.peers(), [b.node], "what was trusted still is");
    let mut changes = trust.changes();
    changes.mark_unchanged();
    set(&vec![der.clone(); trust::ANCHORS_MAX]).unwrap();
    trust.remove(NodeId([9; 32]));
    trust.admit(Strangers::Refused);
    assert!(
        !changes.has_changed().unwrap(),
        "no line is looked at for nothing"
    );
    set(std::slice::from_ref(&der)).unwrap();
    assert!(changes.has_changed().unwrap());
    for number in 0..trust::PEERS_MAX - 1 {
        let mut id = [0xff; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        trust.set(NodeId(id), std::slice::from_ref(&der)).unwrap();
    }
    assert!(
        trust
            .set(NodeId([0; 32]), std::slice::from_ref(&der))
            .is_err()
    );
    assert!(set(&[der]).is_ok(), "one that is there may be changed");
}
