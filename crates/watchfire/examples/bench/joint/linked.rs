//! What linked peers cost: the memory of a node with one, twenty and a hundred of them, and what it takes to say how far
//! ten thousand feeds are held, and to send that over a line. The peers are made by hand, ask as nodes do, and have
//! nothing to tell. Start at [`run`].

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use watchfire::config;
use watchfire_core::basis::OperationId;
use watchfire_core::board::Board;
use watchfire_core::copies::Followed;
use watchfire_core::record::Record;
use watchfire_core::record::operation::Operation;
use watchfire_core::record::participation::Participation;
use watchfire_core::sync;
use watchfire_feed::{Feed, Hash, Head, HybridTime, NodeId, Scope, Signer, Vector, plan};

use super::member::{Member, acquaint, join};
use super::runtime;
use crate::by_hand::{ByHand, enrol};
use crate::floors;
use crate::measure::{Samples, timed};
use crate::program::Program;
use crate::report::Report;
use crate::stage::City;
use crate::{Outcome, Scale};

/// How long peers ask before it is looked how much memory there is.
const SETTLE: Duration = Duration::from_secs(5);
/// Members of an operation, and operations, so that each member has one feed in each.
const OPERATIONS: usize = 100;
const MEMBERS: usize = 100;

/// Measures memory and vectors.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let city = City::read(scale)?;
    let counts = scale.of([1, 20, 100], [1, 3, 6]);
    let figures = [
        &floors::LINKED_1_MB,
        &floors::LINKED_20_MB,
        &floors::LINKED_100_MB,
    ];
    for (count, figure) in counts.into_iter().zip(figures) {
        report.add(figure, memory_mb(scale, &city, count)?);
    }
    vectors(scale, &city, report)
}

fn memory_mb(scale: &Scale, city: &City, count: usize) -> Outcome<f64> {
    let dir = scale.scratch.join("linked");
    let listen = Member::create(&dir, city)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let member = Member::start(&dir, "Linked", &listen, &city.response)?;
        let mut peers = Vec::new();
        for number in 0..count {
            let place = scale.scratch.join(format!("by-hand{number}"));
            if place.exists() {
                std::fs::remove_dir_all(&place)?;
            }
            let peer = ByHand::make(&place, &format!("Peer {number}"), idle())?;
            enrol(&member.node, &format!("Peer {number}"), &peer).await?;
            peer.lets_in(member.id(), &dir)?;
            peers.push(peer);
        }
        let node = member.id();
        drop(member);
        let address = listen.listen.ok_or("it does not listen")?;
        write_config(&dir, &listen)?;
        let program = Program::serve(&dir)?;
        let mut asking = tokio::task::JoinSet::new();
        for peer in &peers {
            let client = peer.calls(node, address, 2);
            asking.spawn(async move {
                loop {
                    // As a node that has nothing to tell and waits for news.
                    let path = "/federation/v1/vector?wait_ms=8000";
                    let _ = client
                        .post_within(path, Vector::new().encode(), SETTLE * 4)
                        .await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
        tokio::time::sleep(SETTLE).await;
        program.memory_mb("VmRSS")
    })
}

fn write_config(dir: &Path, listen: &config::Federation) -> Outcome<()> {
    let path = dir.join(config::FILE);
    let mut text = std::fs::read_to_string(&path)?;
    let own = &listen.addresses[0];
    text.push_str(&format!(
        "[federation]\nlisten = \"{own}\"\naddresses = [\"{own}\"]\n"
    ));
    std::fs::write(path, text)?;
    Ok(())
}

/// Doors of a peer that has nothing to tell: it says so after a while.
fn idle() -> Router {
    let vector = || async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        let mut answer = br#"{"version":"0.1.0","now_ms":0}"#.to_vec();
        answer.push(b'\n');
        answer.extend(Vector::new().encode());
        Bytes::from(answer)
    };
    Router::new().route("/federation/v1/vector", post(vector))
}

fn vectors(scale: &Scale, city: &City, report: &mut Report) -> Outcome<()> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut members = Vec::new();
        for number in 0..2 {
            let dir = scale.scratch.join(format!("joint{number}"));
            members.push(Member::new(&dir, &format!("Node {number}"), city)?);
        }
        acquaint(&members).await?;
        let operation = join(&members).await?;
        let (board, own, asker) = wide(&members[0], operation)?;
        let mut computed = Samples::default();
        let mut vector = Vector::new();
        for _ in 0..scale.of(20, 3) {
            let (made, took) = timed(|| sync::vector_for(&board, own, &asker, |_, _| None));
            vector = made;
            computed.add(took);
        }
        report.add(&floors::VECTOR_COMPUTE_MS, computed.quantile(0.5));
        let mut planned = Samples::default();
        let ours = Vector::new();
        for _ in 0..scale.of(20, 3) {
            planned.add(timed(|| plan(&ours, &vector)).1);
        }
        report.add(&floors::VECTOR_PLAN_MS, planned.quantile(0.5));
        let client = super::paced::client(&members[1], &members[0])?;
        let mut sent = Samples::default();
        for _ in 0..scale.of(20, 3) {
            let asked = Instant::now();
            client
                .post("/federation/v1/vector?wait_ms=0", vector.encode())
                .await?;
            sent.add(asked.elapsed());
        }
        report.add(&floors::VECTOR_SEND_MS, sent.quantile(0.5));
        eprintln!("    {} feeds", vector.len());
        Ok(())
    })
}

/// Returns a board on which a hundred members are in a hundred operations and each has a feed in each, this node and
/// one of the others.
fn wide(member: &Member, operation: OperationId) -> Outcome<(Board, NodeId, NodeId)> {
    let own = member.id();
    let template: Arc<Operation> = {
        let board = member.node.board();
        let found = board.operations.get(&operation);
        Arc::clone(found.ok_or("the operation is not there")?)
    };
    let part: Participation = {
        let board = member.node.board();
        let found = board.participation_of(operation, own);
        found.ok_or("it takes no part")?.clone()
    };
    let membership = template.members[&own].clone();
    let signers: Vec<Signer> = (0..MEMBERS)
        .map(|number| {
            let mut seed = [7; 32];
            seed[0] = u8::try_from(number).unwrap_or(0);
            Signer::from_seed(seed)
        })
        .collect();
    let nodes: Vec<NodeId> = signers
        .iter()
        .map(|signer| NodeId::of_key(&signer.public_key()))
        .collect();
    let mut board = Board::default();
    for number in 0..OPERATIONS {
        let mut id = operation;
        id.0[0] = u8::try_from(number).unwrap_or(0);
        let mut one = Operation {
            id,
            ..(*template).clone()
        };
        for (node, signer) in nodes.iter().zip(&signers) {
            one.members.insert(*node, membership.clone());
            let theirs = Participation {
                id: Participation::id_of(node, id),
                operation: id,
                node: *node,
                ..part.clone()
            };
            let copies = board.copies.boards.entry(*node).or_default();
            copies.put(Record::Participation(theirs.into()));
            let feed = Feed {
                node: *node,
                scope: Scope::Operation(id.0),
                epoch: 1,
                key: signer.public_key(),
            };
            let head = Head {
                feed: feed.id(),
                seq: 100,
                hash: Hash::of(&id.0),
            };
            let followed = Followed {
                feed,
                head,
                time: HybridTime(0),
                forked: false,
            };
            board.copies.feeds.insert(feed.id(), followed);
        }
        let own_part = Participation {
            id: Participation::id_of(&own, id),
            operation: id,
            ..part.clone()
        };
        board.put(Record::Participation(own_part.into()));
        board.put(Record::Operation(one.into()));
    }
    Ok((board, own, nodes[0]))
}
