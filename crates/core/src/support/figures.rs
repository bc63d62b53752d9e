//! How well support goes, by capability: how often it was asked for in a period, answered, how soon the first offer came,
//! and how often the need was met. From records that go in and nothing else; there is no figure by person.

use std::collections::BTreeMap;

use super::{Answer, Come, standing_of};
use crate::basis::{Code, Timestamp};
use crate::figures::Spread;
use crate::record::support_request::SupportRequest;

/// What the requests for one capability came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapabilityFigures {
    /// Requests that were made.
    pub asked: u64,
    /// Of these, answered by anybody, be it by a no.
    pub answered: u64,
    /// Of these, answered by an offer.
    pub offered: u64,
    /// Of these, met: closed as met, or all of it delivered.
    pub met: u64,
    /// Of these, closed as not met.
    pub unmet: u64,
    /// Of these, taken back.
    pub withdrawn: u64,
    /// How many were wanted in all requests that were not taken back.
    pub wanted: u64,
    /// How many of these came.
    pub delivered: u64,
    /// How long the first offer took, where there was one.
    pub first_offer: Option<Spread>,
}

/// Counts the requests that were made from `from` until before `until`, by capability. Each comes with its answers.
pub fn figures<'a>(
    requests: impl IntoIterator<Item = (&'a SupportRequest, Vec<Answer<'a>>)>,
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
) -> BTreeMap<Code, CapabilityFigures> {
    let mut all: BTreeMap<Code, (CapabilityFigures, Vec<u32>)> = BTreeMap::new();
    for (request, answers) in requests {
        if request.asked_at < from || request.asked_at >= until {
            continue;
        }
        let (counts, seconds) = all.entry(request.wish.code.clone()).or_default();
        let standing = standing_of(request, &answers, now);
        counts.asked += 1;
        counts.answered += u64::from(standing.answers > 0);
        if let Some(at) = standing.first_offer_at {
            counts.offered += 1;
            let took = at.seconds_since(request.asked_at);
            seconds.push(u32::try_from(took).unwrap_or(u32::MAX));
        }
        let mut withdrawn = false;
        match standing.come(request) {
            Come::Met | Come::Delivered => counts.met += 1,
            Come::Unmet => counts.unmet += 1,
            Come::Withdrawn => withdrawn = true,
            Come::Asked
            | Come::Declined
            | Come::Offered
            | Come::PartlyCommitted
            | Come::Committed => {}
        }
        counts.withdrawn += u64::from(withdrawn);
        if !withdrawn {
            let wanted = request.wish.quantity;
            counts.wanted += u64::from(wanted);
            counts.delivered += u64::from(standing.delivered.min(wanted));
        }
    }
    let finished = all.into_iter().map(|(code, (counts, mut seconds))| {
        let first_offer = Spread::of(&mut seconds);
        (
            code,
            CapabilityFigures {
                first_offer,
                ..counts
            },
        )
    });
    finished.collect()
}
