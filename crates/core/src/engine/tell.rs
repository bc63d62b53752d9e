//! Telling an operation of one's own records: what is shared in it is said again in the node's feed there.
//!
//! A record is first told as it stands; after that every event of it is said in the same bytes as at home, and
//! sealed under the same key. What a shared incident's response comes to (assignments, their units) is told
//! without anybody choosing it each time. Nothing here decides what is shared: the participation says it.
//!
//! In a new epoch everything is told anew, at versions above all that a lost or forked history can have made: so peers
//! who hold such a history take the home's word all the same ([`Engine::renew`]).

use std::collections::BTreeSet;

use super::*;
use crate::basis::{AssignmentId, IncidentId, OperationId};
use crate::record::operation::Operation;
use crate::record::participation::{Participation, ParticipationEvent};
use watchfire_feed::ClosingCause;

impl Engine {
    /// Tells every operation that this node takes part in what happened to records that it shares there.
    pub(super) fn tell(
        &mut self,
        done: &mut Done,
        signed: &[(Happened, Entry)],
        request: &Request,
        now: Timestamp,
    ) {
        if self.board.participations.is_empty() {
            return;
        }
        for operation in self.board.own_operations(self.feed.node) {
            let Some(part) = self.board.participation_of(operation, self.feed.node) else {
                continue;
            };
            if part.shares.is_empty() {
                continue;
            }
            let part = part.clone();
            for (happened, entry) in signed {
                self.tell_one(done, operation, &part, happened, entry, request, now);
            }
            let covered = self.newly_covered(&part, signed);
            self.tell_unsaid(done, &part, covered, (request.by, &request.key), now);
        }
    }

    /// Tells what a part in an operation covers and was not told there as it stands.
    fn tell_unsaid(
        &mut self,
        done: &mut Done,
        part: &Participation,
        records: BTreeSet<RecordRef>,
        (by, key): (Actor, &str),
        now: Timestamp,
    ) {
        let operation = part.operation;
        for record in records {
            let version = self.board.get(record).map(|found| found.version());
            let told = self.board.copies.told.get(&(operation, record));
            let covered = self.board.share_covering(part, record, now).is_some();
            let version = version.map(|version| version.max(self.floor()));
            if covered && told.map(|told| told.version) != version {
                self.tell_whole(done, operation, record, by, key, now);
            }
        }
    }

    /// Tells an operation, which this node was out of for a while, what happened meanwhile to records that it shares there.
    pub(super) fn tell_after_absence(
        &mut self,
        taken: &mut Taken,
        operation: OperationId,
        now: Timestamp,
    ) {
        let part = self.board.participation_of(operation, self.feed.node);
        let Some(part) = part.cloned() else {
            return;
        };
        let told = self.board.copies.told.keys();
        let told = told.filter(|(within, _)| *within == operation);
        let mut records: BTreeSet<RecordRef> = told.map(|(_, record)| *record).collect();
        for share in &part.shares {
            records.insert(share.record);
            if share.with_response && share.record.kind == RecordKind::Incident {
                self.add_response(IncidentId(share.record.id), &mut records);
            }
        }
        let mut done = Done::nothing(Outcome {
            records: Vec::new(),
            repeated: false,
        });
        let key = format!("in {operation} again");
        self.tell_unsaid(&mut done, &part, records, (Actor::NODE, &key), now);
        done.batch.rows = done.show.iter().map(|record| self.row(record)).collect();
        taken.join(done);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one step of `tell`, with all that it has at hand"
    )]
    fn tell_one(
        &mut self,
        done: &mut Done,
        operation: OperationId,
        part: &Participation,
        happened: &Happened,
        entry: &Entry,
        request: &Request,
        now: Timestamp,
    ) {
        let record = happened.record;
        if happened.scope != Scope::Local || !record.kind.can_be_shared() {
            return;
        }
        let told = self.board.copies.told.get(&(operation, record)).copied();
        let version = entry.header.record_version;
        // A record that was made and shared in one step was told as it stands after all of it.
        if told.is_some_and(|told| told.version >= version) {
            return;
        }
        let follows = told.is_some_and(|told| told.version.checked_add(1) == Some(version));
        if self.board.share_covering(part, record, now).is_none() {
            return;
        }
        if !follows {
            return self.tell_whole(done, operation, record, request.by, &request.key, now);
        }
        let scope = Scope::Operation(operation.0);
        self.open_feed(done, scope, now);
        let sealed = match &entry.sealed {
            SealedBody::Whole(bytes) => bytes.clone(),
            SealedBody::None | SealedBody::Erased(_) => Vec::new(),
        };
        let time = self.clock.tick(now.0);
        let deps = self.deps_in(scope);
        let draft = Draft {
            kind: &entry.header.kind,
            kind_version: entry.header.kind_version,
            critical: entry.header.critical,
            record: entry.header.record,
            record_version: version,
            time,
            deps: &deps,
            plain: entry.plain.clone(),
            sealed,
        };
        let told = watchfire_feed::sign(&self.signer, &self.own[&scope].1, draft)
            .expect("it fitted an entry before");
        self.push(done, scope, told);
    }

    /// Tells a record as it stands.
    fn tell_whole(
        &mut self,
        done: &mut Done,
        operation: OperationId,
        record: RecordRef,
        by: Actor,
        key: &str,
        now: Timestamp,
    ) {
        let Some(found) = self.board.get(record) else {
            return;
        };
        // What cannot be made to fit stays what others have of it; its home goes on.
        let Some(small) = found.to_tell() else {
            return;
        };
        let scope = match record.kind == RecordKind::Operation {
            true => Scope::Command(operation.0),
            false => Scope::Operation(operation.0),
        };
        self.open_feed(done, scope, now);
        let event = Event::Told(Box::new(small.clone()));
        let body = Body {
            by,
            happened_at: None,
            key: key.to_owned(),
            event: event.to_json(),
        };
        let plain =
            serde_json::to_vec(&body).expect("a body holds only strings, integers and lists");
        let sealed = match small.personal_json() {
            Some(json) => self.seal(record, &record.id, &json),
            None => Vec::new(),
        };
        let time = self.clock.tick(now.0);
        let deps = self.deps_in(scope);
        let draft = Draft {
            kind: &kind_of(&body.event, record.kind),
            kind_version: EVENT_VERSION,
            critical: false,
            record: record.id,
            record_version: found.version().max(self.floor()),
            time,
            deps: &deps,
            plain,
            sealed,
        };
        let told = watchfire_feed::sign(&self.signer, &self.own[&scope].1, draft)
            .expect("a record is told without what would not fit");
        self.push(done, scope, told);
        if let Some(risen) = found.risen_to(self.floor()) {
            self.board.put(risen.clone());
            done.show.push(risen);
        }
    }

    /// The version at which records stand when this epoch begins.
    pub(super) fn floor(&self) -> u64 {
        limits::version_floor(self.feed.epoch)
    }

    /// Tells an operation's record anew before it is written on for the first time in an epoch: peers may hold a later
    /// one of a history that does not count.
    pub(super) fn renew_for(
        &mut self,
        done: &mut Done,
        happened: &Happened,
        request: &Request,
        now: Timestamp,
    ) {
        let (Scope::Operation(id) | Scope::Command(id)) = happened.scope else {
            return;
        };
        // Command that is taken goes on from the version of the lead before.
        let begins = OperationEvent::taken(&happened.event).is_some();
        let before = self.board.get(happened.record);
        if !begins && before.is_some_and(|before| before.version() < self.floor()) {
            let (by, key) = (request.by, &request.key);
            self.tell_whole(done, OperationId(id), happened.record, by, key, now);
        }
    }

    /// Tells anew what was told in epochs before and holds still, unless nothing was lost: this node's part in each
    /// operation, what it shares, what it said and how it answered. An operation that it leads is told anew with its next word as the lead ([`Engine::renew_for`]): a
    /// node that was restored may have handed over command in what it lost.
    pub(super) fn renew(&mut self, taken: &mut Taken, now: Timestamp) {
        let done_already = std::mem::replace(&mut self.renewed, true);
        if done_already || self.floor() == 0 || self.only_a_key_changed() {
            return;
        }
        let told = self.board.copies.told.iter();
        let old = told.filter(|(_, by)| by.version < self.floor());
        let old: Vec<(OperationId, RecordRef)> = old.map(|(what, _)| *what).collect();
        let key = format!("epoch {}", self.feed.epoch);
        let nothing = Outcome {
            records: Vec::new(),
            repeated: false,
        };
        let mut done = Done::nothing(nothing);
        for (operation, record) in old {
            if self.holds_still(operation, record, now) {
                self.tell_whole(&mut done, operation, record, Actor::NODE, &key, now);
            }
        }
        done.batch.rows = done.show.iter().map(|record| self.row(record)).collect();
        taken.join(done);
    }

    /// Says whether the epoch before ended with nothing lost: a key was changed, and there is one history.
    fn only_a_key_changed(&self) -> bool {
        let before = self.feed.epoch.saturating_sub(1);
        let identity = self.board.copies.identities.get(&self.feed.node);
        let key = identity.and_then(|identity| identity.keys().get(&before));
        let closing = key.and_then(|key| key.closed.as_ref());
        closing.is_some_and(|closing| closing.cause == ClosingCause::Rotation)
    }

    /// Says whether something that was told in an operation is still this node's to tell there.
    fn holds_still(&self, operation: OperationId, record: RecordRef, now: Timestamp) -> bool {
        let own = self.feed.node;
        let open = self
            .board
            .operation_anywhere(operation)
            .is_ok_and(Operation::is_open);
        if !open {
            return false;
        }
        if record.kind == RecordKind::Operation {
            return false;
        }
        if record.kind.lives_in_operation() {
            return true;
        }
        let part = self.board.participation_of(operation, own);
        part.is_some_and(|part| self.board.share_covering(part, record, now).is_some())
    }

    /// Returns the records that what happened may have brought under a share: what was shared just now, and the
    /// units and assignments of an incident that is shared with its response.
    fn newly_covered(
        &self,
        part: &Participation,
        signed: &[(Happened, Entry)],
    ) -> BTreeSet<RecordRef> {
        let mut found = BTreeSet::new();
        for (happened, _) in signed {
            let here = part.operation.0 == scope_id(happened.scope);
            if let Event::Participation(ParticipationEvent::Shared {
                record,
                with_response,
                ..
            }) = &happened.event
                && here
            {
                found.insert(*record);
                if *with_response && record.kind == RecordKind::Incident {
                    self.add_response(IncidentId(record.id), &mut found);
                }
            }
            if matches!(happened.event, Event::Assignment(_)) {
                let id = AssignmentId(happened.record.id);
                if let Some(assignment) = self.board.assignments.get(&id) {
                    found.insert(assignment.unit.into());
                }
            }
        }
        found
    }

    fn add_response(&self, incident: IncidentId, found: &mut BTreeSet<RecordRef>) {
        for assignment in self.board.assignments_of(incident) {
            found.insert(assignment.id.into());
            if assignment.is_live() {
                found.insert(assignment.unit.into());
            }
        }
    }
}

fn scope_id(scope: Scope) -> [u8; 16] {
    match scope {
        Scope::Operation(id) | Scope::Command(id) => id,
        Scope::Local | Scope::Identity => [0; 16],
    }
}
