//! What a node signs as the book of a day balances, beside all that comes from others meanwhile.
//!
//! Reason: see [`crate::invariant::books_balance`]. An item of a directive is over when another agency's answer arrives,
//! which may be days after it was given: no book that was signed before may come to say otherwise.

use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::Event;
use watchfire_core::record::settlement::SettlementEvent;
use watchfire_feed::Scope;

use crate::invariant::books_balance;
use crate::net::world::World;

pub(crate) fn check(world: &World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let own = site.node();
    for (feed, entry) in &site.disk.log[from..] {
        let ours = feed.node == own && feed.scope == Scope::Local;
        if !ours || entry.header.kind != "settlement.signed" {
            continue;
        }
        if let Ok(Decoded::Event {
            event:
                Event::Settlement(SettlementEvent::Signed {
                    book,
                    tallies,
                    follows,
                }),
            ..
        }) = engine::decode(entry)
        {
            // Nothing but the signature was written since.
            let judged = books_balance::judge(&site.shown, &book, (&tallies, follows), site.now);
            judged.map_err(|wrong| format!("{}: {wrong}", site.name))?;
        }
    }
    Ok(())
}
