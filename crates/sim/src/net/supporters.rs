//! The people who ask for support and give it, beside all others: what they ask for at random, in words and as actions.
//!
//! They draw from dice of their own, so that what everybody else does in a life does not hang on them. They see what their
//! own node shows. Start at [`act`].

use watchfire_core::basis::{Line, Priority, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::entropy::Entropy;
use watchfire_core::record::Action;
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::support_capability::{
    CapabilityDetails, Hours, SupportCapabilityAction,
};
use watchfire_core::record::support_offer::{Stage, SupportOfferAction};
use watchfire_core::record::support_request::{SupportRequestAction, Wish as Need};
use watchfire_core::support;
use watchfire_feed::NodeId;

use super::people::Wish;

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn pick<T: Clone>(dice: &mut Entropy, among: &[T]) -> Option<T> {
    match among.len() {
        0 => None,
        count => Some(among[dice.below(count as u64) as usize].clone()),
    }
}

/// What they have before them.
#[derive(Clone, Copy)]
struct Sight<'a> {
    shown: &'a Board,
    node: NodeId,
    now: Timestamp,
}

/// Returns what somebody at a node does about support next, if anything comes to mind: by what is shown there, and when.
pub(crate) fn act(
    (board, node, now): (&Board, NodeId, Timestamp),
    dice: &mut Entropy,
) -> Option<Wish> {
    let site = Sight {
        shown: board,
        node,
        now,
    };
    if board.support_capabilities.is_empty() {
        return Some(enter());
    }
    // At times what is next, so that some of it comes as far as a promise; else anything.
    let next = (dice.below(2) == 0).then(|| accept_next(site).or_else(|| offer(site, dice)));
    if let Some(wish) = next.flatten() {
        return Some(wish);
    }
    match dice.below(10) {
        0 => share(site, dice),
        1 | 2 => Some(ask(site, dice)),
        3..=5 => offer(site, dice),
        6 | 7 => commit(site, dice),
        8 => on_an_offer(site, dice),
        _ => on_a_request(site, dice),
    }
}

fn enter() -> Wish {
    let hours = Hours {
        days: Vec::new(),
        from_min: 0,
        until_min: 0,
        who: line("desk"),
        reach: line("8110"),
    };
    let details = CapabilityDetails {
        code: "drone".parse().expect("drone is a code"),
        name: line("Drone"),
        name_other: None,
        quantity: 2,
        hours: vec![hours],
        note: None,
    };
    let enter = SupportCapabilityAction::Enter { details };
    ("enters drones".to_owned(), Action::SupportCapability(enter))
}

fn share(site: Sight<'_>, dice: &mut Entropy) -> Option<Wish> {
    let operation = pick(dice, &site.shown.own_operations(site.node))?;
    let capability = *site.shown.support_capabilities.keys().next()?;
    let share = ParticipationAction::Share {
        operation,
        record: capability.into(),
        tier: Tier::Assist,
        with_response: false,
        until: None,
    };
    Some(("shares its drones".to_owned(), Action::Participation(share)))
}

fn ask(site: Sight<'_>, dice: &mut Entropy) -> Wish {
    let wish = Need {
        code: "drone".parse().expect("drone is a code"),
        quantity: 1 + dice.below(3) as u32,
        place: None,
        from: site.now,
        until: site.now.plus_s(600 + dice.below(7_200) as u32),
        purpose: line("search the river bank"),
        priority: Priority::P2,
        incident: None,
        operation: pick(dice, &site.shown.own_operations(site.node)),
    };
    let need = Some(
        "a child of seven"
            .parse()
            .expect("the simulator's own words are prose"),
    );
    let ask = SupportRequestAction::Ask { wish, need };
    ("asks for drones".to_owned(), Action::SupportRequest(ask))
}

fn offer(site: Sight<'_>, dice: &mut Entropy) -> Option<Wish> {
    let board = site.shown;
    let mut open: Vec<_> = support::requests_elsewhere(board, site.node, site.now)
        .into_iter()
        .filter(|(_, one)| one.request.is_open())
        .map(|(name, _)| name)
        .collect();
    let own = board.support_requests.values();
    open.extend(own.filter(|one| one.is_open()).map(|one| one.name()));
    let request = pick(dice, &open)?;
    if dice.below(6) == 0 {
        let reason = line("all are out");
        let no = SupportOfferAction::Decline { request, reason };
        return Some(("cannot help".to_owned(), Action::SupportOffer(no)));
    }
    let capability = *board.support_capabilities.keys().next()?;
    let from = site.now.plus_s(dice.below(600) as u32);
    let until = from.plus_s(120 + dice.below(3_600) as u32);
    let latest = Timestamp(
        until
            .0
            .min(site.now.plus_s(60 + dice.below(1_800) as u32).0),
    );
    let offer = SupportOfferAction::Offer {
        request,
        capability,
        quantity: 1 + dice.below(2) as u32,
        from,
        eta: from.plus_s(60),
        until,
        answer_by: latest,
        note: None,
    };
    Some(("offers drones".to_owned(), Action::SupportOffer(offer)))
}

/// Accepts an offer that may be accepted, for what is still to be found.
fn accept_next(site: Sight<'_>) -> Option<Wish> {
    let mut open = site.shown.support_requests.values();
    open.find_map(|request| {
        let answers = support::answers(site.shown, request);
        let standing = support::standing_of(request, &answers, site.now);
        let wanted = standing.lacking(request);
        let fits = answers.iter().find(|one| {
            let terms = one.offer.terms.as_ref();
            let stands = terms.is_some_and(|terms| site.now < terms.answer_by);
            let taken = request.last_commitment(one.name).is_some();
            stands && !taken && one.offer.stage == Stage::Offered
        })?;
        let offered = fits.offer.terms.as_ref()?.quantity;
        let commit = SupportRequestAction::Commit {
            request: request.id,
            offer: fits.name,
            quantity: offered.min(wanted),
        };
        let fine = request.is_open() && wanted > 0;
        fine.then(|| ("accepts drones".to_owned(), Action::SupportRequest(commit)))
    })
}

fn commit(site: Sight<'_>, dice: &mut Entropy) -> Option<Wish> {
    let requests: Vec<_> = site.shown.support_requests.values().cloned().collect();
    let request = pick(dice, &requests)?;
    let answers = support::answers(site.shown, &request);
    let names: Vec<_> = answers.iter().map(|one| one.name).collect();
    let commit = SupportRequestAction::Commit {
        request: request.id,
        offer: pick(dice, &names)?,
        quantity: 1 + dice.below(2) as u32,
    };
    Some(("accepts drones".to_owned(), Action::SupportRequest(commit)))
}

fn on_an_offer(site: Sight<'_>, dice: &mut Entropy) -> Option<Wish> {
    let live = site.shown.support_offers.values();
    let live: Vec<_> = live
        .filter(|one| one.ended_at.is_none())
        .map(|one| (one.id, one.stage))
        .collect();
    let (offer, stage) = pick(dice, &live)?;
    let action = match (stage, dice.below(3)) {
        (Stage::Offered, 0) => SupportOfferAction::Promise { offer },
        (Stage::Promised, 0 | 1) => SupportOfferAction::Deliver { offer },
        (Stage::Delivered, _) => SupportOfferAction::Return { offer },
        (_, _) => SupportOfferAction::Withdraw {
            offer,
            reason: line("grounded by wind"),
        },
    };
    Some((
        "goes on with its drones".to_owned(),
        Action::SupportOffer(action),
    ))
}

fn on_a_request(site: Sight<'_>, dice: &mut Entropy) -> Option<Wish> {
    let open = site.shown.support_requests.values();
    let open: Vec<_> = open.filter(|one| one.is_open()).cloned().collect();
    let found = pick(dice, &open)?;
    let request = found.id;
    let first = found.commitments.first().map(|one| one.offer);
    let action = match (first, dice.below(3)) {
        (Some(offer), 0 | 1) => SupportRequestAction::Release { request, offer },
        (Some(_), _) => SupportRequestAction::Close {
            request,
            met: true,
            reason: None,
        },
        (None, _) => SupportRequestAction::Withdraw {
            request,
            reason: line("found"),
        },
    };
    Some(("ends its need".to_owned(), Action::SupportRequest(action)))
}
