//! Random runs of playbooks, most of what is done with them such as somebody might really try. What must hold: one run for
//! one playbook and subject, and no step has two ends. Start at [`lived`].

use super::random::Dice;
use crate::basis::{Line, PersonId, PlaybookRunId, Text};
use crate::playbook::{Playbook, Saw, Wording};
use crate::record::playbook_run::{PlaybookRunAction, Why};
use crate::record::{Action, RecordRef};
use crate::story::world::{Asked, World};

/// Steps after a run: enough to come to every kind of them in the longest run.
const STEPS_MAX: usize = 200;

const BOOK: &str = r#"
id = "any"
en = "Any"
zh = "任意"
[when.calls_near]
count = 3
radius_m = 200
within_s = 600
[[step]]
do = "carry_out"
[step.tell]
seats = ["dispatcher"]
subject = { en = "S {number}", zh = "事" }
text = { en = "T {place}", zh = "文" }
[[step]]
do = "propose"
[step.directive]
kind = "task"
priority = 2
subject = { en = "S", zh = "事" }
text = { en = "T", zh = "文" }
to = ["assigned", "seat:analyst"]
close_within_s = 600
[[step]]
do = "propose"
[step.ask_support]
capability = "drone"
quantity = 1
purpose = { en = "P", zh = "途" }
priority = 3
for_s = 600
"#;

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

/// Lives some of it after a run, so that what the rest of it comes to does not hang on it.
pub(super) fn lived(world: &mut World, run: &[Dice]) {
    for dice in run.iter().take(STEPS_MAX) {
        world.now.0 += i64::from(dice.0[0] % 120) * 1_000;
        let Some(action) = action(world, dice) else {
            continue;
        };
        let person = PersonId([u8::from(dice.0[0].is_multiple_of(2)); 16]);
        let asked = Asked {
            person,
            ..Asked::default()
        };
        drop(world.ask(asked, Action::PlaybookRun(action)));
        holds(world);
    }
}

fn action(world: &World, dice: &Dice) -> Option<PlaybookRunAction> {
    let board = world.engine.board();
    let at = usize::from(dice.0[3]);
    let runs: Vec<PlaybookRunId> = board.playbook_runs.keys().copied().collect();
    let any = runs.get(at % runs.len().max(1)).copied();
    let run = any.unwrap_or(PlaybookRunId([9; 16]));
    let no = dice.0[4] % 5;
    let reason = line("Because");
    Some(match dice.0[2] % 10 {
        0..=2 => {
            let subjects = board.incidents.values().map(|one| (one.id, &one.place));
            let subjects: Vec<_> = subjects.collect();
            let (id, place) = *subjects.get(at % subjects.len().max(1))?;
            PlaybookRunAction::Fire {
                playbook: Box::new(Playbook::parse(BOOK).unwrap()),
                why: Box::new(Why {
                    subject: RecordRef::from(id),
                    incident: Some(id),
                    place: Some(place.clone()),
                    saw: Saw::ByHand,
                }),
            }
        }
        3..=6 => PlaybookRunAction::TakeStep {
            run,
            no,
            wording: Wording::ALL[at % 2],
            own_name: line("Here"),
        },
        7 => PlaybookRunAction::DeclineStep { run, no, reason },
        8 => PlaybookRunAction::FailStep {
            run,
            no,
            said: Text::new("no", "否"),
        },
        _ => PlaybookRunAction::Close { run, reason },
    })
}

/// No two runs are of one playbook and subject, and what is over waits for nobody.
fn holds(world: &World) {
    let runs = &world.engine.board().playbook_runs;
    let mut subjects: Vec<_> = runs
        .values()
        .map(|run| (run.of.playbook.clone(), run.why.subject))
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    assert_eq!(subjects.len(), runs.len(), "one run for one subject");
    for run in runs.values() {
        let waits = run.steps.iter().any(|step| step.state.waits());
        assert!(
            waits || !run.is_open(),
            "a run without a step that waits is over"
        );
    }
}
