//! All calls that nobody has reached yet and all units that can still be sent, matched at least cost whenever a call comes in or
//! a unit becomes free.
//!
//! Where units are taken one by one, calls and free units never wait at the same moment, so that there is nothing to match but
//! one call or one unit. What is to be had lies in units that are already on their way: they may change places, and a call
//! keeps a unit as long as nothing graver needs it. Start at [`Day::matches`].

use watchfire_core::recommend::least_cost;

use super::{Day, Status};

/// A task that nobody has reached, and who is on the way.
struct Open {
    task: usize,
    by: Option<usize>,
}

impl Day<'_> {
    /// Matches anew what units of some kinds (one bit each) do, with a task that has just come in if one has.
    pub(super) fn matches(&mut self, now: i64, kinds: u64, new: Option<usize>) {
        let on_way = (0..self.crews.len()).filter_map(|unit| {
            let by = Some(unit);
            self.driven(unit).map(|task| Open { task, by })
        });
        let mut open: Vec<Open> = on_way.collect();
        let waiting = self.waiting.iter().map(|(_, _, task)| *task);
        let left = waiting.chain(new);
        open.extend(left.map(|task| Open { task, by: None }));
        // Tasks for units of other kinds are another matter, unless one that hangs on these kinds can be done by those too.
        let mut linked = 0;
        let mut all = kinds;
        while linked != all {
            linked = all;
            let kinds = open.iter().map(|one| self.run.tasks[one.task].kinds);
            all = kinds
                .filter(|kinds| kinds & linked != 0)
                .fold(linked, |all, kinds| all | kinds);
        }
        open.retain(|one| self.run.tasks[one.task].kinds & all != 0);
        let units: Vec<usize> = (0..self.crews.len())
            .filter(|unit| all >> self.scene.units[*unit].kind & 1 == 1)
            .filter(|unit| self.is_free(*unit) || self.driven(*unit).is_some())
            .collect();
        let worth: Vec<i64> = units.iter().map(|unit| self.worth_ms(*unit)).collect();
        let mut costs = Vec::with_capacity(open.len());
        for one in &open {
            let cost = |(unit, worth_ms): (&usize, &i64)| {
                let cost_ms = self.match_cost(now, one, *unit)? + worth_ms;
                Some(i128::from(cost_ms))
            };
            costs.push(units.iter().zip(&worth).map(cost).collect());
        }
        let empty: Vec<i128> = open.iter().map(|one| self.left_cost(one)).collect();
        let found = least_cost(&costs, &empty);
        let chosen: Vec<(&Open, Option<usize>)> = open
            .iter()
            .zip(found)
            .map(|(one, at)| (one, at.map(|at| units[at])))
            .filter(|(one, unit)| one.by.is_none() || one.by != *unit)
            .collect();
        self.change(now, &chosen);
    }

    /// The task that a unit is on its way to.
    fn driven(&self, unit: usize) -> Option<usize> {
        match self.crews[unit].status {
            Status::ToCall(task) => Some(task),
            Status::OffDuty
            | Status::Waiting
            | Status::Returning
            | Status::OnScene(_)
            | Status::ToHospital(_)
            | Status::AtHospital(_) => None,
        }
    }

    /// Milliseconds until a unit is there, with what being late and changing places are worth.
    fn match_cost(&mut self, now: i64, one: &Open, unit: usize) -> Option<i64> {
        let task = &self.run.tasks[one.task];
        let call = &self.run.calls[task.call];
        if !self.scene.units[unit].fits(task, call) {
            return None;
        }
        let own = one.by == Some(unit);
        let drive = self.crews[unit].drive.as_ref().filter(|_| own);
        let there = match drive.map(|drive| drive.end_at) {
            Some(there) => there,
            None => now + self.time_to(now, unit, task)?,
        };
        let due = call.at_ms + self.scene.target_ms[usize::from(call.priority)];
        let mut cost = there - now;
        // Who comes after somebody else cannot make the call late.
        if there > due && self.outcome.response_ms[task.call].is_none() {
            cost += i64::from(self.policy.late_costs_s) * 1_000;
        }
        if !own && one.by.is_some() {
            cost += i64::from(self.policy.swap_s) * 1_000;
        }
        Some(cost)
    }

    /// What it is worth to have a unit free, whether it is so now or would be if another took over, in milliseconds of drive.
    fn worth_ms(&self, unit: usize) -> i64 {
        let kind = usize::from(self.scene.units[unit].kind);
        let Some(field) = &self.fields[kind] else {
            return 0;
        };
        let station = self.crews[unit].station;
        let covered = match self.is_free(unit) {
            true => field.loss(station),
            false => field.gain(station),
        };
        // Ten thousand parts per million are a percentage point.
        i64::from(field.ppm(covered)) * i64::from(self.policy.cover_worth_s) / 10
    }

    /// What it costs to leave a task to wait: more than all that can be gained by it, and more for a graver one; most for one
    /// whose unit may not be taken from it.
    fn left_cost(&self, one: &Open) -> i128 {
        const STEP: i128 = 1 << 40;
        let call = &self.run.calls[self.run.tasks[one.task].call];
        let taken = &self.scene.redirect[usize::from(call.priority)];
        let level = match one.by {
            Some(_) if !taken.contains(&true) => 4,
            Some(_) | None => 3 - u32::from(call.priority).min(3),
        };
        let kept = if one.by.is_some() { STEP / 2 } else { 0 };
        // All tasks of one level together never outweigh one of the next.
        STEP * 65_536_i128.pow(level) + kept
    }

    /// Takes units off what they no longer go to, then sends those that go elsewhere; who is left over waits at a station.
    fn change(&mut self, now: i64, chosen: &[(&Open, Option<usize>)]) {
        let mut idle: Vec<usize> = Vec::new();
        for (one, found) in chosen {
            let Some(unit) = one.by else { continue };
            self.crews[unit].stamp += 1;
            let station = self.crews[unit].station;
            self.turn(now, unit, Status::Returning, station);
            idle.push(unit);
            match found {
                Some(_) => self.outcome.swapped += 1,
                None => self.outcome.redirected += 1,
            }
        }
        for (one, found) in chosen {
            let mut waits = self.waiting.iter();
            let waits = waits.position(|(_, _, task)| *task == one.task);
            match (found, waits) {
                (Some(unit), waits) => {
                    waits.map(|at| self.waiting.remove(at));
                    idle.retain(|other| other != unit);
                    self.send(now, *unit, one.task);
                }
                (None, None) => {
                    let call = &self.run.calls[self.run.tasks[one.task].call];
                    self.outcome.waited += u32::from(one.by.is_none());
                    self.waiting.push((call.priority, call.at_ms, one.task));
                    self.waiting.sort_unstable();
                }
                (None, Some(_)) => {}
            }
        }
        for unit in idle {
            self.rests(now, unit);
        }
    }
}
