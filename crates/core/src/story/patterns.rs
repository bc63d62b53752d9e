//! Patterns of incidents: what a question finds and what it never looks into, how alike two are, and which questions are kept.

use super::check;
use super::world::{Asked, World, line};
use crate::basis::{SavedViewId, Text};
use crate::cover::HourOfWeek;
use crate::limits;
use crate::pattern::{PatternQuery, likeness};
use crate::record::Action;
use crate::record::incident::Incident;
use crate::record::saved_view::SavedViewAction;
use crate::refusal::Refusal;

fn hour(day: u8, hour: u8) -> HourOfWeek {
    HourOfWeek::new(day, hour).unwrap()
}

/// An incident at the harbour, with somebody in what was said and noted.
fn fire() -> (World, Incident) {
    let told = check(
        "call from \"0575-110\" named \"Ada\" at harbour saying \"smoke on the pier\": fire p1
         open incident for call 1",
    );
    let incident = told.world.engine.board().incidents.values().next().unwrap();
    let mut incident = incident.as_ref().clone();
    incident.place.address = Some(line("12 Harbour Street"));
    incident.place.area = Some(line("north"));
    (told.world, incident)
}

#[test]
fn a_question_is_of_place_time_category_and_words_and_never_of_people() {
    let (world, incident) = fire();
    let category = Text::new("Fire", "火警");
    let fits = |query: PatternQuery| query.fits(&incident, &category, hour(5, 23));
    let words = |text: &str| PatternQuery {
        words: Some(line(text)),
        ..PatternQuery::default()
    };
    assert!(fits(PatternQuery::default()));
    for found in ["harbour", "fire street", "火警", "NORTH"] {
        assert!(fits(words(found)), "{found}");
    }
    for nobody in ["Ada", "0575-110", "smoke", "harbour Ada"] {
        assert!(!fits(words(nobody)), "{nobody} is not looked for");
    }
    let at = incident.place.point;
    let cases: [(bool, PatternQuery); 8] = [
        (
            true,
            PatternQuery {
                area: Some(line("north")),
                ..Default::default()
            },
        ),
        (
            false,
            PatternQuery {
                area: Some(line("south")),
                ..Default::default()
            },
        ),
        (
            true,
            PatternQuery {
                around: Some((at, 0)),
                ..Default::default()
            },
        ),
        (
            true,
            PatternQuery {
                hours: Some((22, 4)),
                ..Default::default()
            },
        ),
        (
            false,
            PatternQuery {
                hours: Some((4, 22)),
                ..Default::default()
            },
        ),
        (
            false,
            PatternQuery {
                days: [0, 1].into_iter().collect(),
                ..Default::default()
            },
        ),
        (
            false,
            PatternQuery {
                until: Some(incident.opened_at),
                ..Default::default()
            },
        ),
        (
            true,
            PatternQuery {
                from: Some(world.now),
                categories: [incident.category.clone()].into_iter().collect(),
                ..Default::default()
            },
        ),
    ];
    for (expected, query) in cases {
        assert_eq!(fits(query.clone()), expected, "{query:?}");
    }
}

#[test]
fn how_alike_two_incidents_are_adds_up_from_terms_that_are_shown() {
    let (_, one) = fire();
    let points = |other: &Incident, at| {
        let terms = likeness((&one, hour(5, 23)), (other, at));
        terms.map(|term| term.points)
    };
    assert_eq!(points(&one, hour(5, 23)), [40, 30, 20, 10], "all of it");
    let mut other = one.clone();
    other.category = "medical".parse().unwrap();
    other.place.point.lat_e6 += 9_000; // A kilometre.
    other.place.address = Some(line("3 Harbour Road"));
    let terms = points(&other, hour(0, 1));
    assert_eq!(
        (terms[0], terms[2]),
        (0, 7),
        "two hours apart over midnight, another kind of day"
    );
    assert!((14..=15).contains(&terms[1]) && terms[3] == 2, "{terms:?}");
    other.place.point.lat_e6 += 90_000;
    assert_eq!(points(&other, hour(0, 11))[1..3], [0, 0]);
}

fn ask(world: &mut World, action: SavedViewAction) -> Result<SavedViewId, Refusal> {
    let done = world.ask(Asked::default(), Action::SavedView(action))?;
    Ok(SavedViewId(done.records[0].0.id))
}

#[test]
fn questions_are_kept_under_a_name_up_to_their_limit() {
    let mut world = check("given engine E1").world;
    let save = |name: &str| SavedViewAction::Save {
        name: line(name),
        query: PatternQuery::default(),
    };
    let first = ask(&mut world, save("nights")).unwrap();
    assert_eq!(ask(&mut world, save("nights")).unwrap_err().code(), "taken");
    ask(&mut world, SavedViewAction::Remove { view: first }).unwrap();
    let twice = ask(&mut world, SavedViewAction::Remove { view: first });
    assert_eq!(twice.unwrap_err().code(), "not_found");
    for number in 0..=limits::SAVED_VIEWS_MAX {
        let done = ask(&mut world, save(&format!("view {number}")));
        assert_eq!(done.is_err(), number == limits::SAVED_VIEWS_MAX);
    }
    world.check();
}
