//! Telling an operation of one's own records: what is shared in it is said again in the node's feed there.
//!
//! A record is first told as it stands; after that every event of it is said in the same bytes as at home, and
//! sealed under the same key. What a shared incident's response comes to (assignments, their units) is told
//! without anybody choosing it each time. Nothing here decides what is shared: the participation says it.

use std::collections::BTreeSet;

use super::*;
use crate::basis::{AssignmentId, IncidentId, OperationId};
use crate::record::participation::{Participation, ParticipationEvent};

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
            for record in self.newly_covered(&part, signed) {
                let version = self.board.get(record).map(|found| found.version());
                let told = self.board.copies.told.get(&(operation, record));
                let covered = self.board.share_covering(&part, record, now).is_some();
                if covered && told.map(|told| told.version) != version {
                    self.tell_whole(done, operation, record, request, now);
                }
            }
        }
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
        let follows = told.is_some_and(|told| told.version.checked_add(1) == Some(version));
        if self.board.share_covering(part, record, now).is_none() {
            return;
        }
        if !follows {
            return self.tell_whole(done, operation, record, request, now);
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
        request: &Request,
        now: Timestamp,
    ) {
        let Some(found) = self.board.get(record) else {
            return;
        };
        let small = found.to_tell();
        let scope = Scope::Operation(operation.0);
        self.open_feed(done, scope, now);
        let event = Event::Told(Box::new(small.clone()));
        let body = Body {
            by: request.by,
            happened_at: None,
            key: request.key.clone(),
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
            record_version: found.version(),
            time,
            deps: &deps,
            plain,
            sealed,
        };
        let told = watchfire_feed::sign(&self.signer, &self.own[&scope].1, draft)
            .expect("a record is told without what would not fit");
        self.push(done, scope, told);
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
