//! Random assessments, consultations and saved views, most of what is done with them such as somebody might really try. What
//! must hold: nobody reviews what they wrote, what is issued is not changed, and no consultation is concluded with a
//! decision that is open. Start at [`lived`].

use std::collections::BTreeSet;

use super::random::Dice;
use super::{invariants, new_world, prove};
use crate::basis::{AssessmentId, ConsultationId, Line, PersonId, Prose, SavedViewId};
use crate::pattern::PatternQuery;
use crate::record::Action;
use crate::record::assessment::{
    AssessmentAction, AssessmentDetails, AssessmentKind, AssessmentState, Credibility, Grade,
    Readers, Reliability, Source, SourceOf, Urgency,
};
use crate::record::consultation::{
    ConsultationAction, ConsultationDetails, ConsultationState, Contributed, Settling,
};
use crate::record::person::Seat;
use crate::record::saved_view::SavedViewAction;
use crate::story::world::{Asked, World};

/// Steps after a run: enough to come to every kind of them in the longest run.
const STEPS_MAX: usize = 500;

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

fn prose(text: &str) -> Prose {
    text.parse().unwrap()
}

fn nth<K: Copy>(mut of: impl ExactSizeIterator<Item = K>, at: u16) -> Option<K> {
    let count = of.len().max(1);
    of.nth(usize::from(at) % count)
}

/// Lives some of it after a run, so that what the rest of it comes to does not hang on it.
pub(super) fn lived(world: &mut World, run: &[Dice]) {
    for dice in run.iter().take(STEPS_MAX) {
        world.now.0 += i64::from(dice.0[0] % 120) * 1_000;
        let action = match dice.0[1] % 5 {
            0 | 1 => Action::Assessment(assessment(world, dice)),
            2 | 3 => Action::Consultation(consultation(world, dice)),
            _ => Action::SavedView(view(world, dice)),
        };
        let person = PersonId([1 + u8::from(dice.0[0].is_multiple_of(2)); 16]);
        let asked = Asked {
            person,
            ..Asked::default()
        };
        drop(world.ask(asked, action));
    }
    if let Some(dice) = run.first() {
        to_their_end(world, dice);
    }
}

/// Supersedes one assessment by another, and concludes a consultation: chance alone seldom comes to it.
fn to_their_end(world: &mut World, dice: &Dice) {
    let act = |world: &mut World, person: u8, action: Action| {
        let person = PersonId([person; 16]);
        let asked = Asked {
            person,
            ..Asked::default()
        };
        let done = world.ask(asked, action).ok()?;
        done.records.first().map(|(record, _)| record.id)
    };
    let mut supersedes = None;
    for _ in 0..2 {
        let draft = AssessmentAction::Draft {
            details: details(world, dice),
            text: prose("Three fires by the water."),
            supersedes,
        };
        let Some(id) = act(world, 1, Action::Assessment(draft)) else {
            return;
        };
        let assessment = AssessmentId(id);
        let review = AssessmentAction::Review { assessment };
        act(world, 2, Action::Assessment(review));
        let seats = BTreeSet::from([Seat::Dispatcher]);
        let readers = Readers {
            seats,
            ..Readers::default()
        };
        let issue = AssessmentAction::Issue {
            assessment,
            readers,
        };
        act(world, 1, Action::Assessment(issue));
        supersedes = Some(assessment);
    }
    let call = ConsultationAction::Call {
        details: meeting(world),
    };
    let Some(id) = act(world, 1, Action::Consultation(call)) else {
        return;
    };
    let consultation = ConsultationId(id);
    let (text, no) = (line("Close the lock"), 1);
    let reason = line("Nobody there");
    let settling = Settling::Declined { reason };
    let rest = [
        ConsultationAction::Open { consultation },
        ConsultationAction::Decide { consultation, text },
        ConsultationAction::Settle {
            consultation,
            no,
            settling,
        },
        ConsultationAction::Conclude { consultation },
    ];
    for action in rest {
        act(world, 1, Action::Consultation(action));
    }
}

fn meeting(world: &World) -> ConsultationDetails {
    ConsultationDetails {
        subject: line("Fires along the canal"),
        at: world.now.plus_s(600),
        venue: line("Room 3"),
        seats: BTreeSet::from([Seat::Dispatcher]),
        operation: None,
        agencies: BTreeSet::new(),
        papers: Vec::new(),
    }
}

fn details(world: &World, dice: &Dice) -> AssessmentDetails {
    AssessmentDetails {
        title: line("Smoke along the canal"),
        kind: AssessmentKind::Trend,
        urgency: Urgency::Urgent,
        grade: Grade {
            source: Reliability::B,
            credibility: Credibility::try_from(2).unwrap(),
        },
        valid_until: world.now.plus_s(60 + u32::from(dice.0[5])),
        sources: vec![Source {
            what: SourceOf::OpenReport {
                label: line("Evening paper"),
                reference: None,
            },
            grade: None,
        }],
    }
}

fn assessment(world: &World, dice: &Dice) -> AssessmentAction {
    let board = world.engine.board();
    let known = nth(board.assessments.keys().copied(), dice.0[3]);
    let assessment = known.unwrap_or(AssessmentId([9; 16]));
    let reason = line("Because");
    match dice.0[2] % 10 {
        0 | 1 => AssessmentAction::Draft {
            details: details(world, dice),
            text: prose("Three fires by the water."),
            supersedes: issued(world).filter(|_| dice.0[4].is_multiple_of(2)),
        },
        2 => AssessmentAction::Amend {
            assessment,
            details: details(world, dice),
            text: prose("Four fires by the water."),
        },
        3 | 4 => AssessmentAction::Review { assessment },
        5 => AssessmentAction::Return {
            assessment,
            remark: reason,
        },
        6 | 7 => AssessmentAction::Issue {
            assessment,
            readers: Readers {
                seats: BTreeSet::from([Seat::Dispatcher]),
                ..Readers::default()
            },
        },
        8 => AssessmentAction::Read { assessment },
        _ => AssessmentAction::Withdraw { assessment, reason },
    }
}

/// Returns one that stands.
fn issued(world: &World) -> Option<AssessmentId> {
    let all = world.engine.board().assessments.values();
    let mut standing = all.filter(|one| one.state == AssessmentState::Issued);
    standing.next().map(|one| one.id)
}

fn consultation(world: &World, dice: &Dice) -> ConsultationAction {
    let board = world.engine.board();
    let all = board.consultations.values().filter(|one| one.is_open());
    let all: Vec<ConsultationId> = all.map(|one| one.id).collect();
    let consultation = nth(all.into_iter(), dice.0[3]).unwrap_or(ConsultationId([9; 16]));
    match dice.0[2] % 10 {
        0 => ConsultationAction::Call {
            details: meeting(world),
        },
        1 | 2 => ConsultationAction::Open { consultation },
        3 => ConsultationAction::Contribute {
            consultation,
            what: Contributed::Card,
            text: prose("No boats at night"),
            point: None,
        },
        4 => ConsultationAction::Decide {
            consultation,
            text: line("Close the lock"),
        },
        5 | 6 => ConsultationAction::Settle {
            consultation,
            no: dice.0[4] % 3,
            settling: match dice.0[5] % 2 {
                0 => Settling::Directive { directive: None },
                _ => Settling::Declined {
                    reason: line("Nobody there"),
                },
            },
        },
        7 | 8 => ConsultationAction::Conclude { consultation },
        _ => ConsultationAction::CallOff {
            consultation,
            reason: line("Over"),
        },
    }
}

fn view(world: &World, dice: &Dice) -> SavedViewAction {
    let board = world.engine.board();
    match dice.0[2] % 2 {
        0 => SavedViewAction::Save {
            name: line(&format!("View {}", dice.0[3] % 20)),
            query: PatternQuery {
                words: Some(line("canal")),
                ..PatternQuery::default()
            },
        },
        _ => {
            let view = nth(board.saved_views.keys().copied(), dice.0[3]);
            let view = view.unwrap_or(SavedViewId([9; 16]));
            SavedViewAction::Remove { view }
        }
    }
}

#[test]
fn nothing_is_concluded_with_a_decision_that_is_open() {
    prove(12, 120, |run| {
        let mut world = new_world();
        lived(&mut world, run);
        for one in world.engine.board().consultations.values() {
            if matches!(one.state, ConsultationState::Concluded { .. }) {
                assert_eq!(one.open_decisions().count(), 0, "{one:?}");
                assert!(!one.decisions.is_empty(), "{one:?}");
            }
        }
        invariants::check(&world);
        world.check();
    });
}
