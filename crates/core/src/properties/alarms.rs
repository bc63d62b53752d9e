//! What is said of past alarms is what somebody who looked at the board every second would have written down.

use std::collections::BTreeMap;

use super::random::{self, Dice};
use super::{new_world, prove};
use crate::basis::Timestamp;
use crate::episode::{self, Episode};
use crate::record::RecordRef;
use crate::story::world::{Asked, World};
use crate::timer::{self, Alarm, TimerRules};

/// Rules under which something is late every few seconds.
const HASTY: TimerRules = TimerRules {
    unanswered_s: 6,
    late_departure_s: 13,
    overdue_arrival_percent: 150,
    overdue_arrival_grace_s: 5,
    arrival_without_estimate_s: 9,
    unassigned_s: [3, 5, 8, 14],
    on_scene_check_s: 11,
    call_waiting_s: 7,
    support_unanswered_s: [4, 6, 9, 15],
};

/// Writes down what is on, second by second.
#[derive(Default)]
struct Watcher {
    on: BTreeMap<RecordRef, Episode>,
    over: Vec<Episode>,
}

impl Watcher {
    fn look(&mut self, world: &World) {
        let (board, now) = (world.engine.board(), world.now);
        let open: BTreeMap<RecordRef, Alarm> =
            timer::open(board, &HASTY, now).into_iter().collect();
        let is_over = |record: &RecordRef, episode: &mut Episode| {
            open.get(record)
                .is_none_or(|alarm| alarm.code != episode.code)
        };
        for (_, episode) in self.on.extract_if(.., is_over) {
            let ended_at = Some(now);
            self.over.push(Episode {
                ended_at,
                ..episode
            });
        }
        for (record, alarm) in open {
            self.on.entry(record).or_insert(Episode {
                record,
                code: alarm.code,
                raised_at: now,
                acknowledged_at: None,
                ended_at: None,
            });
        }
    }

    /// Writes down that somebody acknowledged an alarm just now.
    fn saw(&mut self, record: RecordRef, at: Timestamp) {
        let episode = self.on.get_mut(&record).expect("only what is on is seen");
        episode.acknowledged_at.get_or_insert(at);
    }
}

fn lived(run: &[Dice]) -> (World, Vec<Episode>) {
    let mut world = new_world().with_timers(HASTY);
    let mut watcher = Watcher::default();
    for (at, dice) in run.iter().enumerate() {
        for _ in 0..=dice.0[5] % 12 {
            world.now.0 += 1_000;
            watcher.look(&world);
        }
        let action = random::action(&world, dice);
        let asked = Asked {
            key: Some(format!("{at}")),
            ..Asked::default()
        };
        let (before, now) = (world.entries.len(), world.now);
        drop(world.ask(asked, action));
        let added = &world.entries[before..];
        if let [entry] = added
            && entry.header.kind.ends_with(".alarm_seen")
        {
            let (word, _) = entry.header.kind.split_once('.').unwrap();
            let record = RecordRef {
                kind: crate::record::RecordKind::parse(word).unwrap(),
                id: entry.header.record,
            };
            watcher.saw(record, now);
        }
        watcher.look(&world);
    }
    let mut all = watcher.over;
    all.extend(watcher.on.into_values());
    all.sort_unstable();
    (world, all)
}

#[test]
fn the_past_is_told_as_it_was_seen_second_by_second() {
    let mut told = 0;
    let mut kinds = std::collections::BTreeSet::new();
    let counted = std::cell::RefCell::new((&mut told, &mut kinds));
    prove(16, 60, |run| {
        let (world, seen) = lived(run);
        let found = episode::episodes(world.engine.board(), &HASTY, world.now);
        assert_eq!(found, seen);
        let mut counted = counted.borrow_mut();
        *counted.0 += found.len();
        counted.1.extend(
            found
                .iter()
                .map(|one| (one.code, one.acknowledged_at.is_some())),
        );
    });
    assert!(told > 200, "the runs must have been late often: {told}");
    assert!(
        kinds.len() >= 10,
        "of each kind, seen and unseen: {kinds:?}"
    );
}

#[test]
fn every_alarm_of_the_last_hours_is_counted_once() {
    prove(4, 60, |run| {
        let (world, seen) = lived(run);
        let hours = episode::tally(&seen, 1, world.now);
        let of_all = hours.iter().flat_map(|hour| hour.sources.values());
        let raised: u64 = of_all.map(|tally| tally.raised).sum();
        assert_eq!(raised, seen.len() as u64);
        let later = Timestamp(world.now.0 + 2 * 3_600_000);
        let hours = episode::tally(&seen, 1, later);
        assert!(hours[0].sources.is_empty());
        let hours = episode::tally(&seen, 48, later);
        assert_eq!(hours.len(), 48);
        let acted = |hour: &episode::Hour| hour.sources.values().map(|one| one.acted).sum::<u64>();
        let over = seen.iter().filter(|one| one.ended_at.is_some()).count();
        assert_eq!(hours.iter().map(acted).sum::<u64>(), over as u64);
    });
}
