//! The search itself: a step takes some tasks out, puts them back in, and keeps that or takes it back.
//!
//! Numbers are those of Christiaens and Vanden Berghe unless a comment says another. Start at [`Search::step`].

use super::dice::Dice;
use super::fleet::{Fleet, Spot};
use super::near::Near;
use super::problem::{Problem, Task};

/// How many tasks a step takes out, on average.
const TAKEN_OUT: f64 = 10.0;
/// The longest string of tasks that is taken out of one route.
const STRING_MAX: f64 = 10.0;
/// One in so many positions is overlooked.
const OVERLOOKED_ONE_IN: usize = 100;
/// Tasks that no vehicle had room for which a step tries again.
const LEFT_OUT_TRIED_MAX: usize = 24;
/// The heat at the beginning and at the end, in mean ways between two tasks: chosen on instances of Gehring and Homberger that
/// the results in `docs/bench/patrol.md` are not of.
const HEAT: [f64; 2] = [2.0, 0.015];

/// Routes, and what is left out of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The tasks of each vehicle, in their order.
    pub routes: Vec<Vec<usize>>,
    /// The tasks that no vehicle does.
    pub left_out: Vec<usize>,
    /// The time under way, and the prices of what is left out.
    pub cost: i64,
}

/// A search that goes on step by step and can be asked for its best at any time.
#[derive(Debug, Clone)]
pub struct Search {
    fleet: Fleet,
    near: Near,
    dice: Dice,
    away: Vec<i32>,
    left_out: Vec<u32>,
    prices: i64,
    heat: f64,
    best: Solution,
    seen: Vec<u32>,
}

impl Search {
    /// Begins a search: its first routes are put together greedily.
    pub fn new(problem: Problem, seed: u64) -> Search {
        let starts: Vec<usize> = {
            let mut starts: Vec<usize> = problem.vehicles().iter().map(|one| one.start).collect();
            starts.sort_unstable();
            starts.dedup();
            starts
        };
        let away = |task: &Task| {
            let ways = starts
                .iter()
                .map(|start| problem.travel(*start, task.enter));
            ways.min().unwrap_or(0)
        };
        let tasks = problem.tasks().len();
        let mut search = Search {
            away: problem.tasks().iter().map(away).collect(),
            near: Near::new(&problem),
            left_out: (0..tasks as u32).collect(),
            prices: problem
                .tasks()
                .iter()
                .map(|task| i64::from(task.price))
                .sum(),
            fleet: Fleet::new(problem),
            dice: Dice::new(seed),
            heat: 0.0,
            best: Solution {
                routes: Vec::new(),
                left_out: Vec::new(),
                cost: 0,
            },
            seen: Vec::new(),
        };
        let mut all = std::mem::take(&mut search.left_out);
        search.fleet.begin();
        search.put_back(&mut all);
        search.left_out = all;
        let placed = (tasks - search.left_out.len()).max(1);
        search.heat = search.fleet.way() as f64 / placed as f64;
        search.keep_as_best();
        search
    }

    /// Returns the best that was found.
    pub fn best(&self) -> &Solution {
        &self.best
    }

    /// Makes one step. `gone` says how much of the search is over, from 0 to 1: the farther, the less is taken that is worse.
    pub fn step(&mut self, gone: f64) {
        if self.fleet.problem().tasks().is_empty() || self.fleet.problem().vehicles().is_empty() {
            return;
        }
        let before = self.cost();
        let (left_out, prices) = (self.left_out.clone(), self.prices);
        self.fleet.begin();
        let mut loose = self.take_some_out();
        if !self.seen.iter().all(|one| self.fleet.keeps_windows(*one)) {
            self.fleet.take_back();
            self.prices = prices;
            return;
        }
        self.some_left_out(&mut loose);
        self.put_back(&mut loose);
        self.left_out.append(&mut loose);
        let heat = self.heat * HEAT[0] * (HEAT[1] / HEAT[0]).powf(gone.clamp(0.0, 1.0));
        // A number just above zero has a logarithm; zero has none.
        let worse_by = -heat * (1.0 - self.dice.unit()).ln();
        if (self.cost() - before) as f64 >= worse_by {
            self.fleet.take_back();
            (self.left_out, self.prices) = (left_out, prices);
        } else if self.cost() < self.best.cost {
            self.keep_as_best();
        }
    }

    fn cost(&self) -> i64 {
        self.fleet.way() + self.prices
    }

    fn keep_as_best(&mut self) {
        let vehicles = self.fleet.problem().vehicles().len() as u32;
        self.best.routes.resize(vehicles as usize, Vec::new());
        for (vehicle, route) in (0..vehicles).zip(&mut self.best.routes) {
            route.clear();
            route.extend(self.fleet.route(vehicle).map(|task| task as usize));
        }
        self.best.left_out = self.left_out.iter().map(|task| *task as usize).collect();
        self.best.left_out.sort_unstable();
        self.best.cost = self.cost();
    }

    /// Takes strings out of routes near each other.
    fn take_some_out(&mut self) -> Vec<u32> {
        let used = self.fleet.used();
        let tasks = self.fleet.problem().tasks().len();
        let mut out = Vec::new();
        self.seen.clear();
        if used == 0 {
            return out;
        }
        let mean = (tasks - self.left_out.len()) as f64 / used as f64;
        let longest = STRING_MAX.min(mean);
        let strings_max = 4.0 * TAKEN_OUT / (1.0 + longest) - 1.0;
        let strings = (1.0 + self.dice.unit() * strings_max.max(0.0)) as usize;
        let seed = self.dice.below(tasks);
        for at in 0..self.near.by_way(seed).len() {
            if self.seen.len() >= strings {
                break;
            }
            let task = self.near.by_way(seed)[at];
            let Some(vehicle) = self.fleet.vehicle_of(task) else {
                continue;
            };
            if self.seen.contains(&vehicle) {
                continue;
            }
            self.seen.push(vehicle);
            let count = self.fleet.count(vehicle);
            let most = longest.min(count as f64);
            let length = ((1.0 + self.dice.unit() * most) as usize).min(count);
            self.take_string(task, count, length, &mut out);
        }
        out
    }

    /// Takes a string of a route with a task in it out; every second time some in its middle stay.
    fn take_string(&mut self, task: u32, count: usize, length: usize, out: &mut Vec<u32>) {
        let mut stay = 0;
        if length > 1 && self.dice.once_in(2) {
            stay = 1;
            while length + stay < count && self.dice.once_in(100) {
                stay += 1;
            }
            stay = stay.min(count - length);
        }
        let span = length + stay;
        let walk = |mut at: u32, step: &dyn Fn(u32) -> Option<u32>| {
            let mut steps = 0;
            while steps + 1 < span {
                match step(at) {
                    Some(next) => at = next,
                    None => break,
                }
                steps += 1;
            }
            steps
        };
        let room_before = walk(task, &|at| self.fleet.before(at));
        let room_after = walk(task, &|at| self.fleet.after(at));
        // The task stands somewhere in the string, and the string within the route.
        let least = (span - 1).saturating_sub(room_after);
        let back = least + self.dice.below(room_before + 1 - least);
        let mut at = task;
        for _ in 0..back {
            at = self.fleet.before(at).unwrap_or(at);
        }
        let kept_from = if stay > 0 {
            1 + self.dice.below(length)
        } else {
            span
        };
        let first = out.len();
        let mut next = Some(at);
        for place in 0..span {
            let Some(one) = next else { break };
            next = self.fleet.after(one);
            if place < kept_from || place >= kept_from + stay {
                out.push(one);
            }
        }
        for one in &out[first..] {
            self.prices += i64::from(self.fleet.problem().tasks()[*one as usize].price);
            self.fleet.take_out(*one);
        }
    }

    /// Adds some of those that found no place before: not all of very many, at every step.
    fn some_left_out(&mut self, loose: &mut Vec<u32>) {
        let tried = self.left_out.len().min(LEFT_OUT_TRIED_MAX);
        for _ in 0..tried {
            let at = self.dice.below(self.left_out.len());
            loose.push(self.left_out.swap_remove(at));
        }
    }

    /// Puts tasks back where they add least; leaves in the list those that fit nowhere or cost more than they are worth.
    fn put_back(&mut self, loose: &mut Vec<u32>) {
        self.put_in_order(loose);
        let mut left = 0;
        for at in 0..loose.len() {
            let task = loose[at];
            let price = self.fleet.problem().tasks()[task as usize].price;
            match self.best_spot(task, price) {
                Some(spot) => {
                    self.fleet.put_in(task, spot.after);
                    self.prices -= i64::from(price);
                }
                None => {
                    loose[left] = task;
                    left += 1;
                }
            }
        }
        loose.truncate(left);
    }

    fn put_in_order(&mut self, loose: &mut [u32]) {
        let tasks = self.fleet.problem().tasks();
        let of = |task: &u32| &tasks[*task as usize];
        let away = |task: &u32| self.away[*task as usize];
        match self.dice.below(17) {
            0..4 => self.dice.shuffle(loose),
            4..8 => loose.sort_by_key(|task| (-of(task).load, -of(task).price, *task)),
            8..10 => loose.sort_by_key(|task| (-away(task), *task)),
            10 => loose.sort_by_key(|task| (away(task), *task)),
            11..13 => loose.sort_by_key(|task| (of(task).close - of(task).open, *task)),
            13..15 => loose.sort_by_key(|task| (of(task).open, *task)),
            _ => loose.sort_by_key(|task| (-of(task).close, *task)),
        }
    }

    fn best_spot(&mut self, task: u32, price: i32) -> Option<Spot> {
        let mut best = None;
        let mut below = price;
        for at in 0..self.near.by_time(task as usize).len() {
            let other = self.near.by_time(task as usize)[at];
            let Some(vehicle) = self.fleet.vehicle_of(other) else {
                continue;
            };
            if !self.fleet.takes(vehicle, task) {
                continue;
            }
            let before = self
                .fleet
                .before(other)
                .unwrap_or_else(|| self.fleet.start_of(vehicle));
            for after in [other, before] {
                self.look(task, after, &mut below, &mut best);
            }
        }
        for kind in 0..self.fleet.kinds() {
            let idle = self.fleet.idle(kind);
            if let Some(vehicle) = idle.filter(|one| self.fleet.takes(*one, task)) {
                let start = self.fleet.start_of(vehicle);
                self.look(task, start, &mut below, &mut best);
            }
        }
        if best.is_none() {
            self.look_everywhere(task, &mut below, &mut best);
        }
        best
    }

    /// Looks at every position: nothing near had one.
    fn look_everywhere(&mut self, task: u32, below: &mut i32, best: &mut Option<Spot>) {
        for vehicle in 0..self.fleet.problem().vehicles().len() as u32 {
            if !self.fleet.takes(vehicle, task) {
                continue;
            }
            let mut after = Some(self.fleet.start_of(vehicle));
            while let Some(link) = after {
                self.look(task, link, below, best);
                after = self.fleet.after(link);
            }
        }
    }

    fn look(&mut self, task: u32, after: u32, below: &mut i32, best: &mut Option<Spot>) {
        if self.dice.once_in(OVERLOOKED_ONE_IN) {
            return;
        }
        if let Some(adds) = self.fleet.adds(task, after, *below) {
            *below = adds;
            *best = Some(Spot { after, adds });
        }
    }
}
