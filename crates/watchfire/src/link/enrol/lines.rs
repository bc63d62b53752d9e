//! Enrolments over two listeners on loopback: the exchange with certificates, lines that break, a disk that is full, a
//! program that is started again, and the limits of the door.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;
use watchfire_feed::{Hash, NodeId};

use super::message::{Answer, Message, Standing};
use super::office::{HELLOS_PER_MINUTE, KEPT_S, OPEN_MAX, OpenError, PATH};
use super::tests::is_enrolled;
use super::*;
use crate::link::tests::{A as Node, a_node, loopback};
use crate::link::{Doors, Line, PeerClient, Serving, serve};

/// What the rest of a program does, with identities that are a number and an anchor.
struct Office {
    number: u8,
    line: Line,
    enrolled: Mutex<Vec<Party>>,
    disk_full: AtomicBool,
    in_vain: AtomicUsize,
}

impl Identities for Office {
    fn own(&self) -> Own {
        let anchor = self.line.certificates.anchor_der();
        Own {
            node: self.line.certificates.node(),
            head: Hash::of(&anchor),
            identity: [&[self.number], anchor.as_slice()].concat(),
        }
    }

    fn verify(&self, identity: &[u8]) -> Result<Known, Why> {
        let (number, anchor) = identity.split_first().ok_or(Why::Protocol)?;
        Ok(Known {
            node: NodeId([*number; 32]),
            name: format!("node {number}"),
            head: Hash::of(anchor),
            anchors: vec![anchor.to_vec()],
        })
    }

    fn enrol(&self, party: Party) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            if self.disk_full.load(Ordering::SeqCst) {
                self.in_vain.fetch_add(1, Ordering::SeqCst);
                return Err("the disk is full".to_owned());
            }
            let Known { node, anchors, .. } = &party.known;
            self.line
                .trust
                .set(*node, anchors)
                .map_err(|error| error.to_string())?;
            self.enrolled.lock().unwrap().push(party);
            Ok(())
        })
    }
}

struct Place {
    node: Node,
    office: Arc<Office>,
    enrolments: Arc<Enrolments>,
    serving: Serving,
}

fn a_place(number: u8) -> Place {
    let node = a_node(number);
    let listener = loopback();
    let addresses = vec![listener.local_addr().unwrap().to_string()];
    let office = Arc::new(Office {
        number,
        line: node.line.clone(),
        enrolled: Mutex::default(),
        disk_full: AtomicBool::new(false),
        in_vain: AtomicUsize::new(0),
    });
    let pause = Duration::from_millis(20);
    let identities = Arc::clone(&office) as Arc<dyn Identities>;
    let enrolments = Enrolments::with_pause(node.line.clone(), identities, addresses, pause);
    let serving = serve(node.line.clone(), listener, doors(&enrolments)).unwrap();
    Place {
        node,
        office,
        enrolments,
        serving,
    }
}

fn doors(enrolments: &Arc<Enrolments>) -> Doors {
    let peers = Router::new().route("/secret", axum::routing::get(|| async { "for peers" }));
    Doors {
        peers: peers.merge(enrolments.router()),
        strangers: enrolments.router(),
    }
}

impl Place {
    /// Waits until it looks so.
    async fn until(&self, id: EnrolmentId, is_so: impl Fn(&State) -> bool) -> State {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            let mut changes = self.enrolments.changes();
            loop {
                if let Some(state) = self.enrolments.state(id).filter(|state| is_so(state)) {
                    return state;
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), changes.changed()).await;
            }
        });
        waited
            .await
            .unwrap_or_else(|_| panic!("it is {:?}", self.enrolments.state(id)))
    }

    async fn until_compared(&self, id: EnrolmentId) -> Code {
        let state = self
            .until(id, |state| matches!(state, State::Comparing(_)))
            .await;
        let State::Comparing(compared) = state else {
            unreachable!("it was waited for");
        };
        compared.code
    }

    fn passes_to(&self, other: &Place) -> PeerClient {
        let addresses = [other.serving.address.to_string()];
        PeerClient::new(self.node.line.clone(), other.node.node, &addresses)
    }
}

#[tokio::test]
async fn two_nodes_become_peers_over_the_line() {
    let (a, b) = (a_place(1), a_place(2));
    assert!(b.passes_to(&a).get("/secret").await.is_err());
    let (id, invitation) = a.enrolments.invite().unwrap();
    assert_eq!(b.enrolments.accept(&invitation.text()).unwrap(), id);
    let code = b.until_compared(id).await;
    assert_eq!(a.until_compared(id).await, code);
    // Until both have confirmed nothing else flows.
    assert!(a.office.enrolled.lock().unwrap().is_empty());
    a.enrolments.confirm(id, code).await.unwrap();
    b.until(id, |state| matches!(state, State::ConfirmedThere(_)))
        .await;
    assert!(a.passes_to(&b).get("/secret").await.is_err());
    assert!(b.passes_to(&a).get("/secret").await.is_err());
    b.enrolments.confirm(id, code).await.unwrap();
    b.until(id, is_enrolled).await;
    a.until(id, is_enrolled).await;
    assert_eq!(b.passes_to(&a).get("/secret").await.unwrap(), b"for peers");
    assert_eq!(a.passes_to(&b).get("/secret").await.unwrap(), b"for peers");
    let there = b.office.enrolled.lock().unwrap();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].addresses, [a.serving.address.to_string()]);
    assert_eq!(there[0].identity, a.office.own().identity);
    let again = b.enrolments.accept(&invitation.text());
    assert_eq!(again, Ok(id), "it can be tried, and is refused there");
}

#[tokio::test]
async fn a_listener_that_goes_away_in_the_middle_is_found_again() {
    let (a, b) = (a_place(1), a_place(2));
    let address = a.serving.address;
    let (id, invitation) = a.enrolments.invite().unwrap();
    b.enrolments.accept(&invitation.text()).unwrap();
    let code = b.until_compared(id).await;
    a.until_compared(id).await;
    drop(a.serving);
    b.enrolments.confirm(id, code).await.unwrap();
    assert!(matches!(
        b.enrolments.state(id),
        Some(State::ConfirmedHere(_))
    ));
    a.enrolments.confirm(id, code).await.unwrap();
    let listener = until_bound(address).await;
    let serving = serve(a.node.line.clone(), listener, doors(&a.enrolments)).unwrap();
    b.until(id, is_enrolled).await;
    assert!(is_enrolled(&a.enrolments.state(id).unwrap()));
    drop(serving);
}

async fn until_bound(address: std::net::SocketAddr) -> std::net::TcpListener {
    for _ in 0..1_000 {
        // The one that was dropped is closed when its task is.
        if let Ok(listener) = std::net::TcpListener::bind(address) {
            return listener;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{address} is not given back");
}

#[tokio::test]
async fn what_is_not_durable_is_not_told_and_tried_again() {
    let (a, b) = (a_place(1), a_place(2));
    let (id, invitation) = a.enrolments.invite().unwrap();
    b.enrolments.accept(&invitation.text()).unwrap();
    let code = b.until_compared(id).await;
    a.office.disk_full.store(true, Ordering::SeqCst);
    b.office.disk_full.store(true, Ordering::SeqCst);
    b.enrolments.confirm(id, code).await.unwrap();
    a.until(id, |state| matches!(state, State::ConfirmedThere(_)))
        .await;
    let state = a.enrolments.confirm(id, code).await.unwrap();
    assert!(matches!(state, State::ConfirmedHere(_)));
    // It is tried again each time that B asks.
    while a.office.in_vain.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        b.enrolments.state(id),
        Some(State::ConfirmedHere(_))
    ));
    a.office.disk_full.store(false, Ordering::SeqCst);
    a.until(id, is_enrolled).await;
    assert!(matches!(
        b.enrolments.state(id),
        Some(State::ConfirmedHere(_))
    ));
    b.office.disk_full.store(false, Ordering::SeqCst);
    b.until(id, is_enrolled).await;
    assert_eq!(a.office.enrolled.lock().unwrap().len(), 1);
    assert_eq!(b.office.enrolled.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_and_a_restart_are_heard_on_the_other_side() {
    let (a, b) = (a_place(1), a_place(2));
    let (id, invitation) = a.enrolments.invite().unwrap();
    b.enrolments.accept(&invitation.text()).unwrap();
    b.until_compared(id).await;
    b.enrolments.refuse(id).unwrap();
    a.until(id, |state| *state == State::Failed(Why::RefusedThere))
        .await;
    // The same invitation does not work again.
    b.enrolments.accept(&invitation.text()).unwrap();
    b.until(id, |state| {
        matches!(state, State::Failed(Why::RefusedHere | Why::RefusedThere))
    })
    .await;

    // A program that was started again knows nothing of it, and its door is shut.
    let (id, invitation) = a.enrolments.invite().unwrap();
    b.enrolments.accept(&invitation.text()).unwrap();
    let code = b.until_compared(id).await;
    b.enrolments.confirm(id, code).await.unwrap();
    let address = a.serving.address;
    drop(a.serving);
    a.node.line.trust.admit(crate::link::Strangers::Refused);
    let identities = Arc::clone(&a.office) as Arc<dyn Identities>;
    let restarted = Enrolments::new(a.node.line.clone(), identities, vec![address.to_string()]);
    let listener = until_bound(address).await;
    let _serving = serve(a.node.line.clone(), listener, doors(&restarted)).unwrap();
    let state = b.until(id, |state| matches!(state, State::Failed(_))).await;
    assert!(matches!(state, State::Failed(Why::Line(_))), "{state:?}");
}

#[tokio::test]
async fn an_invitation_that_was_tampered_with_leads_nowhere() {
    let (a, b, m) = (a_place(1), a_place(2), a_place(3));
    let (_, invitation) = a.enrolments.invite().unwrap();
    // To another anchor: the line is not made.
    let mut altered = invitation.clone();
    altered.anchor = Hash([9; 32]);
    let id = b.enrolments.accept(&altered.text()).unwrap();
    let state = b.until(id, |state| matches!(state, State::Failed(_))).await;
    let State::Failed(Why::Line(why)) = state else {
        panic!("{state:?}");
    };
    assert!(
        why.contains("not the one that the invitation names"),
        "{why}"
    );
    // To M's door in A's name: M has no anchor of A's.
    let mut altered = invitation.clone();
    altered.addresses = vec![m.serving.address.to_string()];
    altered.secret[0] ^= 1;
    let id = b.enrolments.accept(&altered.text()).unwrap();
    b.until(id, |state| matches!(state, State::Failed(Why::Line(_))))
        .await;
    // With another secret: A knows nothing of it.
    let mut altered = invitation.clone();
    altered.secret[1] ^= 1;
    let id = b.enrolments.accept(&altered.text()).unwrap();
    b.until(id, |state| *state == State::Failed(Why::NotInvited))
        .await;
    // A has noticed nothing, and the true one still works.
    let id = b.enrolments.accept(&invitation.text()).unwrap();
    assert_eq!(a.until_compared(id).await, b.until_compared(id).await);
}

#[tokio::test]
async fn the_door_is_open_only_while_somebody_is_invited() {
    let (a, b) = (a_place(1), a_place(2));
    let pinned = Hash::of(&a.node.line.certificates.anchor_der());
    let addresses = [a.serving.address.to_string()];
    let knock = || {
        let client = PeerClient::invited(b.node.line.clone(), a.node.node, pinned, &addresses);
        async move {
            client
                .post(
                    PATH,
                    Message::Ask {
                        id: EnrolmentId([0; 16]),
                    }
                    .encode(),
                )
                .await
        }
    };
    assert!(knock().await.is_err(), "nobody is invited");
    let (id, _) = a.enrolments.invite().unwrap();
    let answer = Answer::decode(&knock().await.unwrap());
    assert_eq!(
        answer,
        Some(Answer::Standing(Standing::Failed(Why::NotInvited)))
    );
    a.enrolments.refuse(id).unwrap();
    assert!(knock().await.is_ok(), "the outcome is still told");
    let now = a.node.time.fetch_add(KEPT_S, Ordering::SeqCst);
    a.enrolments.tend();
    assert!(a.enrolments.all().is_empty() && now > 0);
    assert!(knock().await.is_err());
}

#[tokio::test]
async fn limits_hold_at_the_limit_and_one_past_it() {
    let (a, b) = (a_place(1), a_place(2));
    for _ in 0..OPEN_MAX {
        a.enrolments.invite().unwrap();
    }
    assert_eq!(a.enrolments.invite().unwrap_err(), OpenError::TooMany);
    let first = a.enrolments.all()[0].id;
    a.enrolments.refuse(first).unwrap();
    let (_, invitation) = a.enrolments.invite().unwrap();
    assert_eq!(
        a.enrolments.accept(&invitation.text()),
        Err(OpenError::Ourselves)
    );
    let pinned = Hash::of(&a.node.line.certificates.anchor_der());
    let addresses = [a.serving.address.to_string()];
    let client = PeerClient::invited(b.node.line.clone(), a.node.node, pinned, &addresses);
    let hello = |length| {
        let message = Message::Hello {
            secret: [0; 16],
            commitment: Hash([0; 32]),
            identity: vec![0; length],
        };
        message.encode()
    };
    let fits = client.post(PATH, hello(IDENTITY_MAX_BYTES)).await.unwrap();
    assert_eq!(
        Answer::decode(&fits),
        Some(Answer::Standing(Standing::Failed(Why::NotInvited)))
    );
    let status = |error: crate::link::LinkError| match error {
        crate::link::LinkError::Refused { status, .. } => status,
        crate::link::LinkError::NotReached { .. }
        | crate::link::LinkError::Tls { .. }
        | crate::link::LinkError::Late { .. }
        | crate::link::LinkError::Broken { .. } => 0,
    };
    let over = client
        .post(PATH, hello(IDENTITY_MAX_BYTES + 1))
        .await
        .unwrap_err();
    assert_eq!(status(over), 400);
    let over = client
        .post(PATH, hello(IDENTITY_MAX_BYTES + 10_000))
        .await
        .unwrap_err();
    assert_eq!(status(over), 413);
    for _ in 1..HELLOS_PER_MINUTE {
        client.post(PATH, hello(1)).await.unwrap();
    }
    let over = client.post(PATH, hello(1)).await.unwrap_err();
    assert_eq!(status(over), 429);
}
