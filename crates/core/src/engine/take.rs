//! Taking entries from a peer: everything that others say comes in by this door.
//!
//! An entry is taken if it is of a feed that this node has a reason to follow, if its node speaks in it, if it
//! follows on what is held, and if no removal has cut it off. Then it is folded by the same code as at its home.
//! What is not taken is said, with whether trying again can help. Some entries ask for something: what the rules
//! answer without a person (an ask within a loan, a declined command) is done in the same batch.

use watchfire_feed::{Chain, ForkProof, NotSpokenFor, Opening};

use super::*;
use crate::basis::{DirectiveId, IncidentId, Line, OperationId};
use crate::copies::Followed;
use crate::record::directive::DirectiveAction;
use crate::record::incident::{IncidentAction, IncidentEvent};
use crate::record::message::{Ask, MessageEvent, What};
use crate::record::operation::OperationAction;
use crate::record::participation::{ParticipationAction, ParticipationEvent};
use crate::record::peer::Peer;
use crate::record::reply::{ReplyAction, ReplyEvent};
use crate::record::support_offer::{Stage, SupportOfferAction};
use crate::record::{Elsewhere, Meta};

/// What came of entries from a peer: append, and only then the rest.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// What must be durable first.
    pub append: Batch,
    /// What is different then.
    pub changes: Vec<Change>,
    /// Own records that changed, because an entry asked for it.
    pub show: Vec<Record>,
    /// What was not taken.
    pub refused: Vec<NotTaken>,
    /// How many entries were taken.
    pub taken: usize,
}

/// An entry that was not taken; those of its feed that came after it were not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// The feed.
    pub feed: FeedId,
    /// Which of its entries.
    pub seq: u64,
    /// Why.
    pub why: WhyNotTaken,
}

/// Why an entry was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNotTaken {
    /// It is no valid next entry of its feed.
    #[error("{0}")]
    Feed(FeedError),
    /// Its node does not speak in it.
    #[error("{0}")]
    NotSpokenFor(NotSpokenFor),
    /// It is no valid next entry of its node's identity feed.
    #[error("its identity feed says something that cannot be: {0}")]
    Identity(watchfire_feed::IdentityError),
    /// This node has no reason to follow the feed: not enrolled, not called in, not shared with.
    #[error("there is no reason to follow this feed")]
    NotForUs,
    /// Nobody has shown who its node is yet.
    #[error("its node's identity feed is not here")]
    Unknown,
    /// Its node was removed, and this is beyond what was accepted.
    #[error("its node was removed, and this is beyond what the lead accepted")]
    Quarantined,
    /// Its writer has written two histories; nothing more is taken until a new epoch.
    #[error("its feed has forked")]
    Forked,
    /// What it says cannot be read though this program knows its kind.
    #[error("its body is not what its kind says")]
    Unreadable,
}

impl WhyNotTaken {
    /// Returns true if the same entry will be refused for ever.
    pub fn is_permanent(&self) -> bool {
        match self {
            WhyNotTaken::Feed(error) => error.is_permanent(),
            WhyNotTaken::NotSpokenFor(error) => error.is_permanent(),
            WhyNotTaken::Identity(error) => error.is_permanent(),
            WhyNotTaken::Forked | WhyNotTaken::Unreadable => true,
            WhyNotTaken::NotForUs | WhyNotTaken::Unknown | WhyNotTaken::Quarantined => false,
        }
    }
}

impl Engine {
    /// Takes entries of one or several feeds, in order. `keys` are the keys of records that came with them.
    pub fn take(&mut self, entries: Vec<Entry>, keys: &[RecordKey], now: Timestamp) -> Taken {
        let mut taken = Taken::default();
        let mut stopped: BTreeSet<FeedId> = BTreeSet::new();
        for entry in entries {
            let feed = entry.header.feed;
            if stopped.contains(&feed) {
                continue;
            }
            if let Err(why) = self.take_one(&mut taken, &entry, keys, now) {
                // What is held already is no fault of anybody: another member was faster.
                if matches!(why, WhyNotTaken::Feed(FeedError::Repeated { .. })) {
                    continue;
                }
                stopped.insert(feed);
                let seq = entry.header.seq;
                taken.refused.push(NotTaken { feed, seq, why });
            }
        }
        taken
    }

    /// Takes the proof that a feed has forked: an entry that stands where this node holds another, which the host
    /// finds because somebody names another hash there. Nothing more is taken from the feed. What proves nothing
    /// changes nothing: both must be signed by the feed's own key, so that nobody can be framed.
    pub fn take_fork(&mut self, held: Entry, other: Entry) -> Taken {
        let mut taken = Taken::default();
        let followed = self.board.copies.feeds.get(&held.header.feed).copied();
        let Some(followed) = followed.filter(|followed| !followed.forked) else {
            return taken;
        };
        if ForkProof::new(&followed.feed.key, held, other.clone()).is_ok() {
            self.stop(&mut taken, followed, &other);
        }
        taken
    }

    /// Ends shares whose time ran out, and after a new epoch began tells anew what was told before it; the host calls it
    /// now and then.
    pub fn tick(&mut self, now: Timestamp) -> Taken {
        let mut taken = Taken::default();
        let node = self.feed.node;
        self.renew(&mut taken, now);
        for operation in self.board.own_operations(node) {
            let Some(part) = self.board.participation_of(operation, node) else {
                continue;
            };
            let over = part
                .shares
                .iter()
                .filter(|share| share.until.is_some_and(|at| at <= now));
            let over: Vec<RecordRef> = over.map(|share| share.record).collect();
            for record in over {
                let end = ParticipationAction::EndShare { operation, record };
                let key = format!("share of {record} ran out at {}", now.0);
                // Refused only if it ended meanwhile, which is as well.
                let _ = self.react(&mut taken, Action::Participation(end), key, now);
            }
        }
        taken
    }

    fn take_one(
        &mut self,
        taken: &mut Taken,
        entry: &Entry,
        keys: &[RecordKey],
        now: Timestamp,
    ) -> Result<(), WhyNotTaken> {
        let followed = self.board.copies.feeds.get(&entry.header.feed).copied();
        let (feed, held) = match followed {
            Some(followed) => (followed.feed, followed.head),
            None => {
                let opening = Opening::of(entry).map_err(WhyNotTaken::Feed)?;
                (opening.feed, Head::start(entry.header.feed))
            }
        };
        // Of this node's own feeds only the identity feed is written elsewhere: where the root key is.
        if feed.node != self.feed.node {
            self.may_follow(&feed)?;
        } else if feed.scope != Scope::Identity {
            return Err(WhyNotTaken::NotForUs);
        }
        if followed.is_some_and(|followed| followed.forked) && !self.is_closed(&feed) {
            return Err(WhyNotTaken::Forked);
        }
        self.is_spoken_for(&feed, entry)?;
        self.not_quarantined(&feed, entry)?;
        if let Err(error) = Chain::resume(&feed, held).accept(entry) {
            let forked = matches!(error, FeedError::Fork { .. } | FeedError::BrokenLink { .. });
            if let Some(followed) = followed.filter(|followed| forked && !followed.forked) {
                self.stop(taken, followed, entry);
            }
            return Err(WhyNotTaken::Feed(error));
        }
        let decoded = decode(entry).map_err(|_| WhyNotTaken::Unreadable)?;
        self.clock.observe(entry.header.time, now.0);
        taken.append.arrived_at = Some(now);
        let within = operation_of(feed.scope);
        let own = self.feed.node;
        let away = within.filter(|id| !self.board.takes_part(own, *id));
        let folded = self.fold_in(taken, &feed, held, entry, &decoded, keys);
        taken.taken += 1;
        if let Some(operation) = away.filter(|id| self.board.takes_part(own, *id)) {
            self.tell_after_absence(taken, operation, now);
        }
        // What changed no copy (it does not belong there, or comes out of turn) asks for nothing either.
        if folded {
            self.answer_by_rule(taken, &feed, &decoded, now);
        }
        Ok(())
    }

    /// Says whether this node has a reason to follow a feed.
    fn may_follow(&self, feed: &Feed) -> Result<(), WhyNotTaken> {
        let board = &self.board;
        let peer = board.peers.get(&Peer::id_of(&feed.node));
        let peer = peer.filter(|peer| peer.node == feed.node);
        if peer.is_some_and(|peer| !peer.is_let_in()) {
            return Err(WhyNotTaken::NotForUs);
        }
        let own = self.feed.node;
        let with_us = |id: OperationId| {
            let found = board.operation_anywhere(id);
            found.is_ok_and(|one| one.members.contains_key(&feed.node)) && board.is_member(id, &own)
        };
        let may = match feed.scope {
            Scope::Local => false,
            Scope::Identity => peer.is_some() || board.is_named_with(None, &feed.node, &own),
            // Whoever calls us in must be somebody that we deal with; a later lead must be a member.
            Scope::Command(id) => {
                let id = Some(OperationId(id));
                peer.is_some() || board.is_named_with(id, &feed.node, &own)
            }
            Scope::Operation(id) => with_us(OperationId(id)),
        };
        may.then_some(()).ok_or(WhyNotTaken::NotForUs)
    }

    fn is_spoken_for(&self, feed: &Feed, entry: &Entry) -> Result<(), WhyNotTaken> {
        let identity = self.board.copies.identities.get(&feed.node);
        if feed.scope == Scope::Identity {
            // It speaks for itself; what it says is checked entry by entry.
            let next = match identity {
                None => watchfire_feed::Identity::begin(entry).map(drop),
                Some(identity) => identity.clone().take(entry),
            };
            return next.or_else(|error| {
                match Chain::resume(feed, self.held(feed)).accept(entry) {
                    // A fork or a gap is told by the chain, as for all feeds.
                    Err(_) => Ok(()),
                    Ok(()) => Err(WhyNotTaken::Identity(error)),
                }
            });
        }
        let identity = identity.ok_or(WhyNotTaken::Unknown)?;
        identity
            .may_take(feed, &entry.head())
            .map_err(WhyNotTaken::NotSpokenFor)
    }

    /// Says whether a feed's epoch has ended: then its node has said up to where it counts, fork or no fork.
    fn is_closed(&self, feed: &Feed) -> bool {
        let identity = self.board.copies.identities.get(&feed.node);
        let key = identity.and_then(|identity| identity.keys().get(&feed.epoch));
        key.is_some_and(|key| key.closed.is_some())
    }

    fn held(&self, feed: &Feed) -> Head {
        let held = self.board.copies.feeds.get(&feed.id());
        held.map_or(Head::start(feed.id()), |followed| followed.head)
    }

    /// Says whether a removal cuts an entry off. What was held before the removal stays.
    fn not_quarantined(&self, feed: &Feed, entry: &Entry) -> Result<(), WhyNotTaken> {
        let Scope::Operation(id) = feed.scope else {
            return Ok(());
        };
        let found = self.board.operation_anywhere(OperationId(id));
        let removal = found
            .ok()
            .and_then(|one| one.members.get(&feed.node)?.removed.as_ref());
        let Some(removal) = removal else {
            return Ok(());
        };
        let last = removal.accepted.iter().find(|head| head.feed == feed.id());
        match last {
            Some(last) if entry.header.seq <= last.seq => Ok(()),
            Some(_) | None => Err(WhyNotTaken::Quarantined),
        }
    }

    fn stop(&mut self, taken: &mut Taken, followed: Followed, entry: &Entry) {
        let forked = Followed {
            forked: true,
            ..followed
        };
        self.board.copies.change(Change::Followed(forked));
        taken.changes.push(Change::Followed(forked));
        taken.append.forks.push((followed.feed.id(), entry.clone()));
    }

    /// Folds an entry; says whether a copy is other now.
    fn fold_in(
        &mut self,
        taken: &mut Taken,
        feed: &Feed,
        held: Head,
        entry: &Entry,
        decoded: &Decoded,
        keys: &[RecordKey],
    ) -> bool {
        if !taken.append.before.iter().any(|one| one.feed == held.feed) {
            taken.append.before.push(held);
        }
        let opened = self.open_copy(feed.node, entry, decoded, keys);
        let board = &mut self.board;
        let changes = copies::fold(&mut board.copies, feed, entry, decoded, opened.as_deref());
        for change in &changes {
            if let Change::Copy(node, record) = change {
                let row = self.copy_row(*node, record);
                let batch = Batch {
                    copies: vec![(*node, row)],
                    ..Batch::default()
                };
                taken.append.extend(batch);
            }
        }
        for change in &changes {
            if let Change::Newer(node, record) = change {
                taken.append.newer.push((*node, *record));
            }
        }
        let copied = |change: &Change| matches!(change, Change::Copy(..));
        let folded = changes.iter().any(copied);
        taken.changes.extend(changes);
        taken.append.entries.push(entry.clone());
        folded
    }

    fn open_copy(
        &mut self,
        node: NodeId,
        entry: &Entry,
        decoded: &Decoded,
        keys: &[RecordKey],
    ) -> Option<Vec<u8>> {
        let Decoded::Event { record, .. } = decoded else {
            return None;
        };
        let SealedBody::Whole(sealed) = &entry.sealed else {
            return None;
        };
        let id = seal::key_id(sealed)?;
        // Another node can name a key and not use it: only one that opens what it says is this record's.
        let mut named = keys.iter().filter(|key| key.id == id);
        if let Some(key) = named.find(|key| open_sealed(entry, Some(key)).is_some()) {
            self.copy_keys.insert((node, *record), key.clone());
        }
        open_sealed(entry, self.copy_keys.get(&(node, *record)))
    }

    fn copy_row(&mut self, node: NodeId, record: &Record) -> Row {
        let reference = record.reference();
        let key = self.copy_keys.get(&(node, reference));
        let sealed = match (record.personal_json(), key) {
            (Some(json), Some(key)) => {
                let context = row_context(reference);
                seal::seal(key, self.entropy.next_12(), &context, &json)
            }
            _ => Vec::new(),
        };
        row_of(record, sealed)
    }

    /// Folds a copy anew of all its entries, because a key to its personal data has come since. `keys` are all that are
    /// here, since its home may have written it under several; it is sealed here under the last.
    pub fn unseal(
        &mut self,
        node: NodeId,
        record: RecordRef,
        entries: &[(Feed, Entry)],
        keys: &[RecordKey],
    ) -> Taken {
        let mut taken = Taken::default();
        if let Some(key) = keys.last() {
            self.copy_keys.insert((node, record), key.clone());
        }
        let mut alone = copies::Copies::default();
        for (feed, entry) in entries {
            let Ok(decoded) = decode(entry) else { continue };
            let opened = keys.iter().find_map(|key| open_sealed(entry, Some(key)));
            copies::fold(&mut alone, feed, entry, &decoded, opened.as_deref());
        }
        let folded = alone.boards.get(&node).and_then(|board| board.get(record));
        if let Some(folded) = folded {
            let row = self.copy_row(node, &folded);
            taken.append.copies.push((node, row));
            let change = Change::Copy(node, folded);
            self.board.copies.change(change.clone());
            taken.changes.push(change);
        }
        taken
    }

    /// Does what the rules answer without a person.
    fn answer_by_rule(
        &mut self,
        taken: &mut Taken,
        feed: &Feed,
        decoded: &Decoded,
        now: Timestamp,
    ) {
        let Decoded::Event {
            record,
            event,
            meta,
            ..
        } = decoded
        else {
            return;
        };
        let Some(within) = operation_of(feed.scope) else {
            return;
        };
        if let Event::Participation(ParticipationEvent::CommandDeclined { .. }) = event {
            let key = format!("declined {} {}", record, meta.version);
            let keep = OperationAction::KeepCommand { operation: within };
            // Refused by all but the lead, and by the lead if it is none any more.
            let _ = self.react(taken, Action::Operation(keep), key, now);
        }
        if let Event::Incident(IncidentEvent::Erased { .. }) = event {
            // The host destroys the keys with this batch; nobody reads it here after that.
            self.copy_keys.remove(&(feed.node, *record));
            let node = feed.node;
            let to = Elsewhere {
                node,
                record: *record,
            };
            let key = format!("erased {record} of {node}");
            let operation = within;
            let ack = ReplyAction::Erased { operation, to };
            let _ = self.react(taken, Action::Reply(ack), key, now);
        }
        if let Event::Reply(ReplyEvent::Signed { to, .. } | ReplyEvent::Advanced { to, .. }) = event
            && to.node == self.feed.node
            && to.record.kind == RecordKind::Directive
        {
            // The last that was asked for closes it; while anything is open this is refused.
            let key = format!("reply {record} of {} at {}", feed.node, meta.version);
            let directive = DirectiveId(to.record.id);
            let in_part = None;
            let close = DirectiveAction::Close { directive, in_part };
            let _ = self.react(taken, Action::Directive(close), key, now);
        }
        self.promise_what_was_accepted(taken, feed.node, *record, now);
        if let Event::Reply(ReplyEvent::Answered {
            to,
            accepted,
            result,
            ..
        }) = event
            && to.node == self.feed.node
            && to.record.kind == RecordKind::Incident
        {
            self.end_offer(taken, feed.node, to.record, *accepted, *result, now);
        }
        if let Some(What::Ask { of, ask, .. }) = said_by(event)
            && of.node == self.feed.node
        {
            let asked = Asked {
                operation: within,
                from: feed.node,
                of: *of,
                ask: *ask,
            };
            self.answer_ask(taken, &asked, meta, now);
        }
    }

    /// Promises what another home's request accepted of this node's offers: an offer that still binds needs no person
    /// to stand by it. Where it lapsed meanwhile and cannot be kept, both sides see that it is accepted and not promised.
    fn promise_what_was_accepted(
        &mut self,
        taken: &mut Taken,
        from: NodeId,
        record: RecordRef,
        now: Timestamp,
    ) {
        if record.kind != RecordKind::SupportRequest {
            return;
        }
        let own = self.feed.node;
        let request = self.board.copies.boards.get(&from);
        let request = request.and_then(|board| {
            let id = crate::basis::SupportRequestId(record.id);
            board.support_requests.get(&id).cloned()
        });
        let Some(request) = request else { return };
        let live = request.commitments.iter();
        let live = live.filter(|one| one.offer.node == own && one.released_at.is_none());
        for commitment in live {
            let offer = crate::basis::SupportOfferId(commitment.offer.record.id);
            let found = self.board.support_offers.get(&offer);
            if found.is_some_and(|found| found.stage == Stage::Offered) {
                let key = format!("accepted {}", commitment.offer.record);
                let promise = Action::SupportOffer(SupportOfferAction::Promise { offer });
                // Refused if it cannot be kept any more; that stays to be seen.
                let _ = self.react(taken, promise, key, now);
            }
        }
    }

    /// Ends an offer of an incident as the other home answered it; an answer of anybody else ends nothing.
    fn end_offer(
        &mut self,
        taken: &mut Taken,
        from: NodeId,
        record: RecordRef,
        accepted: bool,
        result: Option<RecordRef>,
        now: Timestamp,
    ) {
        let incident = IncidentId(record.id);
        let found = self.board.incidents.get(&incident);
        let Some(found) = found.filter(|found| found.offered_to == Some(from)) else {
            return;
        };
        let key = format!("offer of {record} at {}", found.version);
        let record = result.filter(|_| accepted);
        let end = IncidentAction::EndOffer {
            incident,
            taken: record.map(|record| Elsewhere { node: from, record }),
        };
        // It was open a moment ago.
        let _ = self.react(taken, Action::Incident(end), key, now);
    }

    /// Answers an ask that a loan has said yes to before: the unit was promised, cut or no cut. If it cannot go all
    /// the same, that is a clash, and both sides are told.
    fn answer_ask(&mut self, taken: &mut Taken, asked: &Asked, meta: &Meta, now: Timestamp) {
        let board = &self.board;
        let (operation, of) = (asked.operation, asked.of);
        let node = self.feed.node;
        let unit = crate::basis::UnitId(of.record.id);
        let lent = board
            .participation_of(operation, node)
            .and_then(|part| part.loans.iter().rev().find(|loan| loan.unit == unit))
            .filter(|loan| loan.to == asked.from && meta.happened_at < loan.until)
            .filter(|loan| loan.ended_at.is_none_or(|ended| meta.happened_at < ended));
        if lent.is_none() || of.record.kind != RecordKind::Unit {
            return;
        }
        let key = format!("lent {}", crate::basis::MessageId(meta.record));
        if let Ask::Send { to } = asked.ask {
            self.open_for(taken, asked.from, to, &key, now);
        }
        let message = crate::basis::MessageId(meta.record);
        let answer = |accept, reason: Option<Line>| {
            Action::Reply(ReplyAction::Answer {
                node: asked.from,
                message,
                accept,
                clash: !accept,
                reason,
            })
        };
        if let Err(refusal) = self.react(taken, answer(true, None), key.clone(), now) {
            let what = refusal.what();
            let words: String = format!("{} / {}", what.en, what.zh);
            let words: String = words.chars().take(limits::LINE_CHARS_MAX).collect();
            let key = format!("{key} no");
            let _ = self.react(taken, answer(false, words.parse().ok()), key, now);
        }
    }

    /// Opens an incident of this node's own for one of another home, if there is none yet.
    fn open_for(
        &mut self,
        taken: &mut Taken,
        from: NodeId,
        incident: IncidentId,
        key: &str,
        now: Timestamp,
    ) {
        let of = Elsewhere {
            node: from,
            record: incident.into(),
        };
        let category = None;
        let open = Action::Incident(IncidentAction::OpenFor { of, category });
        // Refused if there is one already, which is as well.
        let _ = self.react(taken, open, format!("{key} opens"), now);
    }

    /// Does something of the node's own accord, within what is being taken.
    fn react(
        &mut self,
        taken: &mut Taken,
        action: Action,
        key: String,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let request = Request {
            ticket: 0,
            fingerprint: [0; 32],
            key,
            by: Actor::NODE,
            if_version: None,
            happened: HappenedWhen::Now,
            action,
        };
        let done = self.accept(request, now)?;
        taken.join(done);
        Ok(())
    }
}

impl Taken {
    pub(super) fn join(&mut self, done: Done) {
        self.append.extend(done.batch);
        self.changes.extend(done.changes);
        for record in done.show {
            self.show
                .retain(|one| one.reference() != record.reference());
            self.show.push(record);
        }
    }
}

fn operation_of(scope: Scope) -> Option<OperationId> {
    match scope {
        Scope::Operation(id) | Scope::Command(id) => Some(OperationId(id)),
        Scope::Local | Scope::Identity => None,
    }
}

/// Returns what an event says, be it for the first time or told anew: somebody may not have had it before, and what was
/// answered is not answered twice.
fn said_by(event: &Event) -> Option<&What> {
    if let Event::Message(MessageEvent::Sent { what, .. }) = event {
        return Some(what);
    }
    let Event::Told(told) = event else {
        return None;
    };
    let Record::Message(told) = told.as_ref() else {
        return None;
    };
    Some(&told.what)
}

/// An ask as it came.
struct Asked {
    operation: OperationId,
    from: NodeId,
    of: Elsewhere,
    ask: Ask,
}
