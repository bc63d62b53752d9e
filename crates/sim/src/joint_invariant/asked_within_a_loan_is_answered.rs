//! An ask that a loan has said yes to is answered with the entry that brings it, whoever is awake.
//!
//! Reason: the unit was promised. The borrower may be cut off again a second later, and must then know whether it
//! comes, or that it clashed with something at home. An ask that waits for a person does not help them.

use watchfire_core::basis::{Timestamp, UnitId};
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::message::{MessageEvent, What};
use watchfire_core::record::reply::Reply;
use watchfire_core::record::{Elsewhere, Event, RecordKind};
use watchfire_feed::NodeId;

use crate::net::world::World;
use crate::site::Site;

pub(crate) fn check(world: &World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let own = site.node();
    for (feed, entry) in &site.disk.log[from..] {
        if feed.node == own || entry.header.kind != "message.sent" {
            continue;
        }
        let Ok(Decoded::Event {
            record,
            event:
                Event::Message(MessageEvent::Sent {
                    operation, what, ..
                }),
            meta,
            ..
        }) = engine::decode(entry)
        else {
            continue;
        };
        let What::Ask { of, .. } = what else { continue };
        let node = feed.node;
        let to = Elsewhere { node, record };
        let asked = site.shown.message_elsewhere(to).is_some() && of.node == own;
        let takes_part = site.shown.must_take_part(own, operation);
        let Some(part) = takes_part.ok().filter(|_| asked) else {
            continue;
        };
        let promised = of.record.kind == RecordKind::Unit
            && part.loans.iter().any(|loan| {
                let unit = UnitId(of.record.id);
                let open = |ended: Timestamp| meta.happened_at < ended;
                let holds = open(loan.until) && loan.ended_at.is_none_or(open);
                loan.unit == unit && loan.to == node && holds
            });
        if promised && !is_answered(site, &to, own) {
            let name = &site.name;
            return Err(format!(
                "{name} left {record}, which asks for a unit lent, without an answer"
            ));
        }
    }
    Ok(())
}

fn is_answered(site: &Site, to: &Elsewhere, own: NodeId) -> bool {
    let reply = site.shown.replies.get(&Reply::id_of(&own, to));
    reply.is_some_and(|reply| reply.answer.is_some())
}
