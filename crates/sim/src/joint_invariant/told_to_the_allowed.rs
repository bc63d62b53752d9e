//! Nothing is said to a node that may not have it: no entry, no key, not even up to where a feed is held.
//!
//! Reason: sharing is by operation, and by what its members chose (design rule 6). What has left a node cannot be
//! called back. Judged by the rules of the core at the moment of sending, whatever the host did to come to it.

use watchfire_core::sync;
use watchfire_feed::{Feed, FeedId, NodeId, Vector};

use crate::net::{Message, read_frames};
use crate::site::Site;

pub(crate) fn check(site: &Site, asker: NodeId, message: &Message) -> Result<(), String> {
    let may = |feed: FeedId, seq: u64| {
        let feed: Option<&Feed> = feed_of(site, feed);
        let last = feed.and_then(|feed| sync::may_read(&site.shown, site.node(), &asker, feed));
        last.is_some_and(|last| seq <= last)
    };
    let wrong = |what: String| {
        let (from, to) = (&site.name, site.shown.name_of(&asker));
        Err(format!("{from} gives {to} {what}"))
    };
    match message {
        Message::Holds(bytes, proofs) => {
            let vector = Vector::decode(bytes).map_err(|error| error.to_string())?;
            let (proofs, _) = read_frames(proofs);
            if proofs.iter().any(|one| !may(one.header.feed, 1)) {
                return wrong("the proof of a fork".to_owned());
            }
            match vector.iter().find(|head| !may(head.feed, head.seq)) {
                Some(head) => wrong(format!("the head of feed {}", head.feed)),
                None => Ok(()),
            }
        }
        Message::Frames(bytes) => {
            let (entries, _) = read_frames(bytes);
            let bad = entries
                .iter()
                .find(|one| !may(one.header.feed, one.header.seq));
            match bad {
                Some(entry) => wrong(format!("a {} of another's feed", entry.header.kind)),
                None => Ok(()),
            }
        }
        Message::Keys(keys) => {
            let (own, now) = (site.node(), site.now);
            for key in keys {
                let mut of = site.disk.sealed_under(&key.id);
                let may = of.any(|(of, _)| sync::may_have_key(&site.shown, own, &asker, of, now));
                if !may {
                    return wrong("the key of a record".to_owned());
                }
            }
            Ok(())
        }
        Message::News | Message::Ask | Message::Pull(_) | Message::AskKeys(_) => Ok(()),
    }
}

fn feed_of(site: &Site, feed: FeedId) -> Option<&Feed> {
    site.shown
        .copies
        .feeds
        .get(&feed)
        .map(|followed| &followed.feed)
}
