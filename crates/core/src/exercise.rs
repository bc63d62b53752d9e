//! What belongs to an exercise (演练): the one question that figures, bins, books and support ask before they count.
//!
//! An operation is an exercise from its founding on. What is written in it, given, asked or raised for it counts in nothing but
//! its own book, whatever became of it. Start at [`Board::exercise_of`].

use crate::basis::OperationId;
use crate::board::Board;
use crate::record::{Record, RecordRef};

impl Board {
    /// Says whether an operation is an exercise.
    pub fn is_exercise(&self, operation: OperationId) -> bool {
        let found = self.operation_anywhere(operation);
        found.is_ok_and(|found| found.genesis.exercise)
    }

    /// Returns true if a record of this node belongs to an exercise.
    pub fn is_practised(&self, record: RecordRef) -> bool {
        let found = self.get(record);
        found.is_some_and(|found| self.exercise_of(&found).is_some())
    }

    /// Returns the exercise that a record of this node belongs to, if it belongs to one.
    pub fn exercise_of(&self, record: &Record) -> Option<OperationId> {
        // What an incident was raised for stands in it, and stands when that operation is long forgotten.
        if let Record::Incident(incident) = record {
            return incident.exercise;
        }
        if let Record::Assignment(assignment) = record {
            return self.incidents.get(&assignment.incident)?.exercise;
        }
        let operation = if let Record::Directive(directive) = record {
            directive.details.operation
        } else if let Record::SupportRequest(request) = record {
            request.wish.operation
        } else if let Record::SupportOffer(offer) = record {
            let of = offer.request;
            let own = self.get(of.record);
            let there = || self.copy(of);
            match own.filter(|_| of.node == offer.home).or_else(there) {
                Some(Record::SupportRequest(request)) => request.wish.operation,
                Some(_) | None => None,
            }
        } else if let Record::Assessment(assessment) = record {
            let issue = assessment.issue.as_ref();
            issue.and_then(|issue| issue.readers.operation)
        } else if let Record::Consultation(consultation) = record {
            consultation.details.operation
        } else {
            record.part_of()
        };
        operation.filter(|operation| self.is_exercise(*operation))
    }
}
