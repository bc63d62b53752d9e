//! Which tasks are near which: by way alone (what is taken out together), and by way and time (beside what a task may go in).
//!
//! Start at [`Near::new`].

use super::problem::{Problem, Task};

/// How many neighbours by way are kept for a task: more than one step ever takes out of routes.
const BY_WAY_MAX: usize = 120;
/// How many neighbours by way and time are kept for a task.
const BY_TIME_MAX: usize = 32;

/// The neighbours of every task, nearest first.
#[derive(Debug, Clone)]
pub(super) struct Near {
    by_way: Vec<u32>,
    way_each: usize,
    by_time: Vec<u32>,
    time_each: usize,
}

impl Near {
    /// Finds the neighbours of every task.
    pub(super) fn new(problem: &Problem) -> Near {
        let tasks = problem.tasks();
        let way_each = BY_WAY_MAX.min(tasks.len());
        let time_each = BY_TIME_MAX.min(tasks.len().saturating_sub(1));
        let (mut by_way, mut by_time) = (Vec::new(), Vec::new());
        let mut scored: Vec<(i64, u32)> = Vec::with_capacity(tasks.len());
        for (at, task) in tasks.iter().enumerate() {
            // It stands first in its own list: what is taken out begins with it.
            let way = |other: &Task| {
                let there = problem.travel(task.leave, other.enter);
                i64::from(there.min(problem.travel(other.leave, task.enter)))
            };
            let own = |other: usize| other == at;
            nearest(&mut scored, tasks, way_each, &mut by_way, |to, other| {
                if own(to) { -1 } else { way(other) }
            });
            nearest(&mut scored, tasks, time_each, &mut by_time, |to, other| {
                if own(to) {
                    i64::MAX
                } else {
                    apart(problem, task, other).min(apart(problem, other, task))
                }
            });
        }
        Near {
            by_way,
            way_each,
            by_time,
            time_each,
        }
    }

    /// Returns a task and those near it by way, nearest first.
    pub(super) fn by_way(&self, task: usize) -> &[u32] {
        &self.by_way[task * self.way_each..(task + 1) * self.way_each]
    }

    /// Returns those beside which a task can well be done, best first.
    pub(super) fn by_time(&self, task: usize) -> &[u32] {
        &self.by_time[task * self.time_each..(task + 1) * self.time_each]
    }
}

/// Says how badly one task follows on another: the way, a fifth of the least time waited, and the time it is sure to be late (the
/// measure of T. Vidal and others, Computers & Operations Research 40, 2013).
fn apart(problem: &Problem, first: &Task, then: &Task) -> i64 {
    let way = i64::from(problem.travel(first.leave, then.enter));
    let done = |begun: i32| i64::from(begun) + i64::from(first.service) + way;
    let waits = (i64::from(then.open) - done(first.close)).max(0);
    let late = (done(first.open) - i64::from(then.close)).max(0);
    way + waits / 5 + late
}

fn nearest(
    scored: &mut Vec<(i64, u32)>,
    tasks: &[Task],
    count: usize,
    found: &mut Vec<u32>,
    score: impl Fn(usize, &Task) -> i64,
) {
    if count == 0 {
        return;
    }
    scored.clear();
    let each = tasks.iter().enumerate();
    scored.extend(each.map(|(at, task)| (score(at, task), at as u32)));
    if count < scored.len() {
        scored.select_nth_unstable(count - 1);
        scored.truncate(count);
    }
    scored.sort_unstable();
    found.extend(scored.iter().map(|(_, task)| *task));
}
