//! What a hostile peer can take from honest ones: two nodes go on with each other while a third, which is a member, asks
//! one of them for everything as fast as it can. Start at [`run`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use watchfire_core::record::Action;
use watchfire_core::record::operation::OperationAction;
use watchfire_feed::{FeedId, Hash, Head, Vector};

use super::member::{Member, acquaint, join};
use super::paced::sustained;
use super::runtime;
use crate::by_hand::{ByHand, enrol};
use crate::floors;
use crate::report::Report;
use crate::stage::City;
use crate::{Outcome, Scale};

/// Requests that the hostile one has under way at once.
const AT_ONCE: usize = 16;

/// Measures what honest nodes lose.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let city = City::read(scale)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut members = Vec::new();
        for number in 0..2 {
            let dir = scale.scratch.join(format!("joint{number}"));
            members.push(Member::new(&dir, &format!("Node {number}"), &city)?);
        }
        acquaint(&members).await?;
        let operation = join(&members).await?;
        let place = scale.scratch.join("hostile");
        // What a run before has left there is of another node.
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        let hostile = ByHand::make(&place, "Hostile", Router::new())?;
        enrol(&members[0].node, "Hostile", &hostile).await?;
        hostile.lets_in(members[0].id(), &members[0].dir)?;
        let invite = OperationAction::Invite {
            operation,
            node: hostile.node,
            role: "floods".parse()?,
        };
        members[0].does(Action::Operation(invite)).await?;
        let seconds = scale.of(10, 2);
        let (mut calm, mut flooded) = (Vec::new(), Vec::new());
        let mut requests = 0;
        // In turn, so that both meet the same machine.
        for _ in 0..scale.of(3, 1) {
            calm.push(sustained(&members, operation, seconds).await?.0);
            let flood = Flood::begin(&hostile, &members[0])?;
            flooded.push(sustained(&members, operation, seconds).await?.0);
            requests += flood.end().await;
        }
        let (calm, flooded) = (median(&mut calm), median(&mut flooded));
        report.add(&floors::FLOOD_CALM_PER_S, calm);
        report.add(&floors::FLOOD_PER_S, flooded);
        report.add(&floors::FLOOD_LOSS_PERCENT, (1.0 - flooded / calm) * 100.0);
        let rounds = scale.of(3, 1) * seconds;
        report.add(
            &floors::FLOOD_REQUESTS_PER_S,
            requests as f64 / rounds as f64,
        );
        Ok(())
    })
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A flood of requests, until it is ended.
struct Flood {
    asking: tokio::task::JoinSet<()>,
    ended: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
}

impl Flood {
    fn begin(hostile: &ByHand, member: &Member) -> Outcome<Flood> {
        let address = member.listen().listen.ok_or("it does not listen")?;
        let mut asking = tokio::task::JoinSet::new();
        let (ended, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let mut vector = Vector::new();
        for number in 0..20_000_u32 {
            let feed = FeedId(Hash::of(&number.to_be_bytes()).0);
            let head = Head {
                feed,
                seq: u64::from(number) + 1,
                hash: Hash::of(&feed.0),
            };
            vector.insert(head)?;
        }
        let wide = vector.encode();
        let own = member
            .node
            .board()
            .copies
            .feeds
            .keys()
            .copied()
            .collect::<Vec<_>>();
        for number in 0..AT_ONCE {
            let client = hostile.calls(member.id(), address, 1);
            let (ended, asked) = (Arc::clone(&ended), Arc::clone(&asked));
            let (wide, own) = (wide.clone(), own.clone());
            asking.spawn(async move {
                let mut turn = number;
                while !ended.load(Ordering::Relaxed) {
                    let feed = own[turn % own.len()];
                    let _ = match turn % 4 {
                        0 => {
                            client
                                .post("/federation/v1/vector?wait_ms=0", wide.clone())
                                .await
                        }
                        1 => {
                            client
                                .get(&format!("/federation/v1/feeds/{feed}?from=1&to=999999"))
                                .await
                        }
                        2 => client.post("/federation/v1/keys", b"[]".to_vec()).await,
                        _ => {
                            client
                                .post("/federation/v1/vector?wait_ms=0", Vector::new().encode())
                                .await
                        }
                    };
                    asked.fetch_add(1, Ordering::Relaxed);
                    turn += 1;
                    // What is refused at once is asked again at once: no pause but for others to run.
                    tokio::task::yield_now().await;
                }
            });
        }
        Ok(Flood {
            asking,
            ended,
            asked,
        })
    }

    async fn end(mut self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        self.asking.abort_all();
        while self.asking.join_next().await.is_some() {}
        self.asked.load(Ordering::Relaxed)
    }
}
