//! Simulated days: calls come, units are chosen, drive, work, take people to hospital, become free and are sent again.
//!
//! Nothing is random here. All that chance decides (when calls come, how long they last) is in the [`Run`], so that every
//! policy meets the same. A unit that is free may be sent from wherever it is on its way: from the next node that it comes
//! to, since it cannot turn in the middle of an arc. Events at one moment happen in the order in which they were made.

mod matched;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use watchfire_core::basis::{Priority, Timestamp, UnitId};
use watchfire_core::cover::{
    Bound, Candidate, CoverField, CoverRules, Post, Standing, Target, Trade, best_post, moves, rank,
};

use super::network::{Near, TimesTo};
use super::policy::{Choice, Policy};
use super::scene::{DAY_MS, Run, Scene, Task};

/// What came of a run under a policy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// By call, milliseconds from the call to the first unit on scene; none if nobody ever came.
    pub response_ms: Vec<Option<i64>>,
    /// By unit, moves to a station other than the one it stood at or came from.
    pub moves: Vec<u32>,
    /// By unit, milliseconds bound by calls.
    pub bound_ms: Vec<i64>,
    /// By unit, calls it was sent to and reached.
    pub reached: Vec<u32>,
    /// Milliseconds driven for moves.
    pub move_drive_ms: i64,
    /// Calls that found nobody free at first.
    pub waited: u32,
    /// Units taken off one call for a graver one.
    pub redirected: u32,
    /// Units taken off a call because another that became free was nearer.
    pub swapped: u32,
}

/// Plays a run under a policy.
pub fn play(scene: &Scene, run: &Run, policy: &Policy) -> Outcome {
    let mut day = Day::new(scene, run, policy);
    while let Some(Reverse((at, _, event))) = day.events.pop() {
        day.happen(at, event);
    }
    day.outcome
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A unit is looked for.
    Decide(usize),
    /// A unit comes to where it was going; void unless the unit's stamp is still this.
    Arrives(usize, u32),
    /// A unit leaves the scene or the hospital.
    Leaves(usize, u32),
    /// A unit's shift may begin or end.
    Shift(usize),
}

/// Where a drive ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Station(usize),
    Hospital(usize),
    Call(Near),
}

/// A drive: from somewhere to the first node, along the road, from the last node to the end.
#[derive(Debug, Clone)]
struct Drive {
    way: usize,
    first: u32,
    first_at: i64,
    last: u32,
    last_at: i64,
    end: End,
    end_at: i64,
    /// The nodes between, with the time at each; found when somebody asks.
    path: Option<Vec<(u32, i64)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    OffDuty,
    Waiting,
    /// Going to its station.
    Returning,
    ToCall(usize),
    OnScene(usize),
    ToHospital(usize),
    AtHospital(usize),
}

#[derive(Debug, Clone)]
struct Crew {
    status: Status,
    /// Where it stands or where it goes when free.
    station: usize,
    drive: Option<Drive>,
    stamp: u32,
    since: i64,
    moved: Option<(i64, usize)>,
}

struct Day<'a> {
    scene: &'a Scene,
    run: &'a Run,
    policy: &'a Policy,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    made: u64,
    crews: Vec<Crew>,
    /// Tasks that wait for somebody: priority, when the call came, task.
    waiting: Vec<(u8, i64, usize)>,
    fields: Vec<Option<CoverField>>,
    weighed_hour: i64,
    posts: Vec<Post>,
    times: TimesTo<'a>,
    outcome: Outcome,
}

impl<'a> Day<'a> {
    fn new(scene: &'a Scene, run: &'a Run, policy: &'a Policy) -> Day<'a> {
        let units = scene.units.len();
        let uses_cover = policy.move_up
            || policy.moves.is_some()
            || !matches!(policy.choice, Choice::Closest | Choice::ClosestP90);
        let field = |kind: usize| {
            let cover = scene.cover[kind].as_ref().filter(|_| uses_cover)?;
            CoverField::new(&cover.table, &rules(scene, policy), cover.weights_at(0)).ok()
        };
        let mut day = Day {
            scene,
            run,
            policy,
            events: BinaryHeap::new(),
            made: 0,
            crews: Vec::with_capacity(units),
            waiting: Vec::new(),
            fields: (0..scene.kinds.len()).map(field).collect(),
            weighed_hour: 0,
            posts: posts(scene),
            times: TimesTo::new(&scene.network),
            outcome: Outcome {
                response_ms: vec![None; run.calls.len()],
                moves: vec![0; units],
                bound_ms: vec![0; units],
                reached: vec![0; units],
                ..Outcome::default()
            },
        };
        for (unit, spec) in scene.units.iter().enumerate() {
            day.crews.push(Crew {
                status: Status::OffDuty,
                station: spec.station,
                drive: None,
                stamp: 0,
                since: 0,
                moved: None,
            });
            day.at(0, Event::Shift(unit));
        }
        for call in &run.calls {
            for task in call.tasks.0..call.tasks.1 {
                day.at(call.at_ms + call.decide_ms, Event::Decide(task));
            }
        }
        day
    }

    fn at(&mut self, at: i64, event: Event) {
        self.made += 1;
        self.events.push(Reverse((at, self.made, event)));
    }

    fn happen(&mut self, now: i64, event: Event) {
        self.weigh(now);
        match event {
            Event::Decide(task) => self.decide(now, task),
            Event::Arrives(unit, stamp) if self.crews[unit].stamp == stamp => {
                self.arrives(now, unit)
            }
            Event::Leaves(unit, stamp) if self.crews[unit].stamp == stamp => self.leaves(now, unit),
            Event::Arrives(..) | Event::Leaves(..) => {} // It was sent elsewhere meanwhile.
            Event::Shift(unit) => self.shift(now, unit),
        }
    }

    /// Takes the demand of the hour.
    fn weigh(&mut self, now: i64) {
        let hour = now / 3_600_000;
        if hour == self.weighed_hour {
            return;
        }
        self.weighed_hour = hour;
        for (field, cover) in self.fields.iter_mut().zip(&self.scene.cover) {
            if let (Some(field), Some(cover)) = (field, cover)
                && cover.weights.len() > 1
            {
                // The weights were accepted when the field was made; another hour's have the same shape.
                let _ = field.reweigh(cover.weights_at(now));
            }
        }
    }

    fn is_free(&self, unit: usize) -> bool {
        matches!(self.crews[unit].status, Status::Waiting | Status::Returning)
    }

    /// Changes a unit's status and keeps the count of who covers what.
    fn turn(&mut self, now: i64, unit: usize, status: Status, station: usize) {
        let was_free = self.is_free(unit);
        let kind = usize::from(self.scene.units[unit].kind);
        let crew = &mut self.crews[unit];
        if matches!(
            crew.status,
            Status::ToCall(_) | Status::OnScene(_) | Status::ToHospital(_) | Status::AtHospital(_)
        ) {
            let from = crew.since.max(self.run.counted_from_ms);
            self.outcome.bound_ms[unit] += (now.min(self.run.counted_to_ms) - from).max(0);
        }
        let old = crew.station;
        (crew.status, crew.station, crew.since) = (status, station, now);
        let is_free = self.is_free(unit);
        if let Some(field) = &mut self.fields[kind] {
            if was_free {
                field.remove(old);
            }
            if is_free {
                field.add(station);
            }
        }
    }

    fn shift(&mut self, now: i64, unit: usize) {
        let spec = &self.scene.units[unit];
        let end = self.run.counted_to_ms;
        if let Some((from, to)) = spec.shift {
            let next = [from, to].map(|of_day| now + 1 + (of_day - now - 1).rem_euclid(DAY_MS));
            let next = next[0].min(next[1]);
            // Nothing begins after the last call; who is needed for it stays on.
            if next < end {
                self.at(next, Event::Shift(unit));
            }
        }
        let on = spec.on_duty(now);
        match self.crews[unit].status {
            Status::OffDuty if on => {
                self.turn(now, unit, Status::Waiting, spec.station);
                self.crews[unit].drive = None;
                self.crews[unit].moved = None;
                self.takes_up(now, unit);
            }
            Status::Waiting | Status::Returning if !on => self.go_off(now, unit),
            // Bound units end their shift when they become free.
            Status::OffDuty
            | Status::Waiting
            | Status::Returning
            | Status::ToCall(_)
            | Status::OnScene(_)
            | Status::ToHospital(_)
            | Status::AtHospital(_) => {}
        }
    }

    fn go_off(&mut self, now: i64, unit: usize) {
        self.crews[unit].stamp += 1;
        let home = self.scene.units[unit].station;
        self.turn(now, unit, Status::OffDuty, home);
    }

    /// The next node that a unit comes to, and milliseconds until it is there.
    fn next_node(&mut self, now: i64, unit: usize, way: usize) -> (u32, i64) {
        let scene = self.scene;
        let network = &scene.network;
        let crew = &mut self.crews[unit];
        let Some(drive) = crew.drive.as_mut() else {
            let near = network.hub_at(scene.stations[crew.station].hub);
            return (near.node, network.off_ms(way, near));
        };
        if now >= drive.end_at {
            return (drive.last, network.off_ms(way, end_near(scene, drive.end)));
        }
        if now <= drive.first_at {
            return (drive.first, drive.first_at - now);
        }
        if now >= drive.last_at {
            return (drive.last, now - drive.last_at);
        }
        let path = drive.path.get_or_insert_with(|| match drive.end {
            End::Station(station) => network.path_to_hub(scene.stations[station].hub, drive.first),
            End::Hospital(hub) => network.path_to_hub(hub, drive.first),
            End::Call(_) => network.path(drive.way, drive.first, drive.last),
        });
        let gone = now - drive.first_at;
        let next = path.partition_point(|(_, ms)| *ms <= gone);
        let (node, ms) = path[next.min(path.len() - 1)];
        (node, (ms - gone).max(0))
    }

    /// Milliseconds that a unit would need to a call.
    fn time_to(&mut self, now: i64, unit: usize, task: &Task) -> Option<i64> {
        let scene = self.scene;
        let call = &self.run.calls[task.call];
        let way = scene.way[usize::from(call.priority)];
        let off = scene.network.off_ms(way, call.near);
        let crew = &self.crews[unit];
        let stands = matches!(crew.status, Status::Waiting);
        let hub = scene.stations[crew.station].hub;
        let turnout = if stands { task.turnout_ms } else { 0 };
        if stands {
            let own_off = scene.network.off_ms(way, scene.network.hub_at(hub));
            let road = scene.network.from_hub(hub, way, call.near.node)?;
            return Some(turnout + own_off + road + off);
        }
        let (node, ms) = self.next_node(now, unit, way);
        self.times.aim(way, call.near.node);
        Some(ms + self.times.from(node)? + off)
    }

    /// Sends a unit somewhere and says when it is there.
    fn drive(
        &mut self,
        now: i64,
        unit: usize,
        way: usize,
        end: End,
        turnout_ms: i64,
    ) -> Option<i64> {
        let scene = self.scene;
        let network = &scene.network;
        let (first, ms) = self.next_node(now, unit, way);
        let first_at = now + turnout_ms + ms;
        let near = end_near(scene, end);
        let road = match end {
            End::Station(station) => network.to_hub(scene.stations[station].hub, first)?,
            End::Hospital(hub) => network.to_hub(hub, first)?,
            End::Call(near) => {
                self.times.aim(way, near.node);
                self.times.from(first)?
            }
        };
        let (last_at, off) = (first_at + road, network.off_ms(way, near));
        let crew = &mut self.crews[unit];
        crew.stamp += 1;
        crew.drive = Some(Drive {
            way,
            first,
            first_at,
            last: near.node,
            last_at,
            end,
            end_at: last_at + off,
            path: None,
        });
        let stamp = crew.stamp;
        self.at(last_at + off, Event::Arrives(unit, stamp));
        Some(last_at + off)
    }

    fn decide(&mut self, now: i64, number: usize) {
        let task = &self.run.tasks[number];
        let call = &self.run.calls[task.call];
        if self.policy.choice == Choice::Joint {
            return self.matches(now, task.kinds, Some(number));
        }
        match self.choose(now, task) {
            Some(unit) => self.send(now, unit, number),
            None => {
                self.outcome.waited += 1;
                self.waiting.push((call.priority, call.at_ms, number));
                self.waiting.sort_unstable();
            }
        }
    }

    /// Chooses a unit: the nearest, or the best when time is weighed against cover.
    fn choose(&mut self, now: i64, task: &Task) -> Option<usize> {
        let scene = self.scene;
        let call = &self.run.calls[task.call];
        let mut able: Vec<(usize, i64)> = Vec::new();
        for unit in 0..self.crews.len() {
            let fits = scene.units[unit].fits(task, call);
            let may = match self.crews[unit].status {
                Status::Waiting | Status::Returning => true,
                Status::ToCall(other) => {
                    let other = &self.run.calls[self.run.tasks[other].call];
                    scene.redirect[usize::from(other.priority)][usize::from(call.priority)]
                }
                Status::OffDuty
                | Status::OnScene(_)
                | Status::ToHospital(_)
                | Status::AtHospital(_) => false,
            };
            if fits
                && may
                && let Some(ms) = self.time_to(now, unit, task)
            {
                able.push((unit, ms));
            }
        }
        match self.policy.choice {
            Choice::Closest => {
                let nearest = able.iter().min_by_key(|(unit, ms)| (*ms, *unit));
                nearest.map(|(unit, _)| *unit)
            }
            Choice::ClosestP90 => {
                let surely =
                    |(unit, ms): &&(usize, i64)| (self.surely_ms(*unit, *ms, task), *ms, *unit);
                able.iter().min_by_key(surely).map(|(unit, _)| *unit)
            }
            Choice::Cover | Choice::Joint => {
                self.weighed(now, &able, call.priority, now - call.at_ms)
            }
        }
    }

    /// Within how many milliseconds a unit is there nine times in ten, of the time it will really need. Drives are sure here, and
    /// so is a unit that drives already; what varies is how long one that stands takes to be on its way.
    fn surely_ms(&self, unit: usize, ms: i64, task: &Task) -> i64 {
        match self.crews[unit].status {
            Status::Waiting => {
                let kind = usize::from(self.scene.units[unit].kind);
                ms - task.turnout_ms + self.scene.turnout_p90_ms[kind]
            }
            Status::OffDuty
            | Status::Returning
            | Status::ToCall(_)
            | Status::OnScene(_)
            | Status::ToHospital(_)
            | Status::AtHospital(_) => ms,
        }
    }

    /// Seconds that the call loses from which a unit is taken: the longer wait for the next unit, and more if that makes it late.
    fn costs_other(&mut self, now: i64, unit: usize) -> u32 {
        let Status::ToCall(number) = self.crews[unit].status else {
            return 0;
        };
        let task = &self.run.tasks[number];
        let call = &self.run.calls[task.call];
        let there = self.crews[unit]
            .drive
            .as_ref()
            .map_or(now, |drive| drive.end_at);
        let mut next: Option<i64> = None;
        for other in 0..self.crews.len() {
            let fits = self.scene.units[other].fits(task, call);
            if fits
                && self.is_free(other)
                && let Some(ms) = self.time_to(now, other, task)
            {
                next = Some(next.map_or(ms, |least| least.min(ms)));
            }
        }
        let due = call.at_ms + self.scene.target_ms[usize::from(call.priority)];
        // With nobody free it waits for whoever becomes free: as bad as late.
        let then = next.map_or(there.max(due) + 1, |ms| now + ms);
        let late = there <= due && then > due;
        let longer = u32::try_from((then - there).max(0) / 1_000).unwrap_or(u32::MAX);
        longer.saturating_add(if late { self.policy.late_costs_s } else { 0 })
    }

    /// Ranks candidates as the node does. `gone_ms` have passed since the call.
    fn weighed(
        &mut self,
        now: i64,
        able: &[(usize, i64)],
        priority: u8,
        gone_ms: i64,
    ) -> Option<usize> {
        let costs: Vec<u32> = able
            .iter()
            .map(|(unit, _)| self.costs_other(now, *unit))
            .collect();
        let (first, _) = able.first()?;
        let kind = usize::from(self.scene.units[*first].kind);
        let field = self.fields[kind].as_ref();
        let Some(field) = field else {
            return able
                .iter()
                .min_by_key(|(unit, ms)| (*ms, *unit))
                .map(|(unit, _)| *unit);
        };
        let candidate = |((unit, ms), costs_other_s): (&(usize, i64), u32)| Candidate {
            costs_other_s,
            spot: self.is_free(*unit).then_some(self.crews[*unit].station),
            drive_s: u32::try_from(ms / 1_000).unwrap_or(u32::MAX),
        };
        let candidates: Vec<Candidate> = able.iter().zip(costs).map(candidate).collect();
        let left_ms = self.scene.target_ms[usize::from(priority)] - gone_ms;
        let trade = Trade {
            cover_worth_s: self.policy.cover_worth_s,
        };
        let target_s = u32::try_from(left_ms / 1_000).unwrap_or(0);
        let grave = Priority::try_from(priority + 1).unwrap_or(Priority::P4);
        let ranked = rank(field, &candidates, grave, target_s, trade);
        ranked.first().map(|best| able[best.candidate].0)
    }

    fn send(&mut self, now: i64, unit: usize, number: usize) {
        let task = &self.run.tasks[number];
        let call = &self.run.calls[task.call];
        let stands = self.crews[unit].status == Status::Waiting;
        let dropped = match self.crews[unit].status {
            Status::ToCall(other) => Some(other),
            Status::OffDuty
            | Status::Waiting
            | Status::Returning
            | Status::OnScene(_)
            | Status::ToHospital(_)
            | Status::AtHospital(_) => None,
        };
        let way = self.scene.way[usize::from(call.priority)];
        let turnout_ms = if stands { task.turnout_ms } else { 0 };
        let station = self.crews[unit].station;
        // There is a way: the time was asked for when it was chosen.
        self.drive(now, unit, way, End::Call(call.near), turnout_ms);
        self.turn(now, unit, Status::ToCall(number), station);
        if let Some(other) = dropped {
            self.outcome.redirected += 1;
            self.at(now, Event::Decide(other));
        }
        self.move_some(now, unit);
    }

    fn arrives(&mut self, now: i64, unit: usize) {
        let station = self.crews[unit].station;
        match self.crews[unit].status {
            Status::Returning => {
                self.crews[unit].drive = None;
                self.turn(now, unit, Status::Waiting, station);
            }
            Status::ToCall(number) => {
                let task = &self.run.tasks[number];
                let call = &self.run.calls[task.call];
                let response = &mut self.outcome.response_ms[task.call];
                *response =
                    Some(response.map_or(now - call.at_ms, |first| first.min(now - call.at_ms)));
                self.outcome.reached[unit] += 1;
                self.turn(now, unit, Status::OnScene(number), station);
                self.leave_later(now + task.on_scene_ms, unit);
            }
            Status::ToHospital(number) => {
                let handover = self.run.tasks[number].handover_ms.unwrap_or(0);
                self.turn(now, unit, Status::AtHospital(number), station);
                self.leave_later(now + handover, unit);
            }
            Status::OffDuty | Status::Waiting | Status::OnScene(_) | Status::AtHospital(_) => {}
        }
    }

    fn leave_later(&mut self, at: i64, unit: usize) {
        self.crews[unit].stamp += 1;
        let stamp = self.crews[unit].stamp;
        self.at(at, Event::Leaves(unit, stamp));
    }

    fn leaves(&mut self, now: i64, unit: usize) {
        let station = self.crews[unit].station;
        if let Status::OnScene(number) = self.crews[unit].status {
            let task = &self.run.tasks[number];
            let node = self.run.calls[task.call].near.node;
            let hospital = task
                .handover_ms
                .and_then(|_| self.scene.nearest_hospital(node));
            if let Some(hub) = hospital {
                self.turn(now, unit, Status::ToHospital(number), station);
                self.drive(now, unit, self.scene.network.plain, End::Hospital(hub), 0);
                return;
            }
        }
        self.becomes_free(now, unit);
    }

    fn becomes_free(&mut self, now: i64, unit: usize) {
        if !self.scene.units[unit].on_duty(now) || !self.takes_up(now, unit) {
            self.rests(now, unit);
        }
    }

    /// Sends a unit that has nothing to do to where it waits, or home if its shift is over.
    fn rests(&mut self, now: i64, unit: usize) {
        if !self.scene.units[unit].on_duty(now) {
            self.go_off(now, unit);
            return;
        }
        let station = self.post_for(now, unit);
        self.go_to(now, unit, station);
    }

    /// Lets a unit that has become free take up a call, if there is one for it.
    fn takes_up(&mut self, now: i64, unit: usize) -> bool {
        if self.policy.choice != Choice::Joint {
            return self.next_waiting(now, unit);
        }
        if !self.is_free(unit) {
            let station = self.crews[unit].station;
            self.turn(now, unit, Status::Returning, station);
        }
        self.matches(now, 1 << self.scene.units[unit].kind, None);
        !self.is_free(unit)
    }

    /// Sends a unit to a task that waits, if it can do one.
    fn next_waiting(&mut self, now: i64, unit: usize) -> bool {
        let fits = |(_, _, number): &(u8, i64, usize)| {
            let task = &self.run.tasks[*number];
            self.scene.units[unit].fits(task, &self.run.calls[task.call])
        };
        // The gravest is first, and of these the one that waits longest.
        let Some(place) = self.waiting.iter().position(fits) else {
            return false;
        };
        let (_, _, number) = self.waiting.remove(place);
        self.send(now, unit, number);
        true
    }

    /// Chooses where a unit that became free should wait.
    fn post_for(&mut self, now: i64, unit: usize) -> usize {
        let scene = self.scene;
        let spec = &scene.units[unit];
        if !self.policy.move_up {
            return spec.station;
        }
        let (node, ms) = self.next_node(now, unit, scene.network.plain);
        let counted = self.is_free(unit);
        let own = self.crews[unit].station;
        let Some(field) = &mut self.fields[usize::from(spec.kind)] else {
            return spec.station;
        };
        if counted {
            field.remove(own); // What it adds is asked: it must not be there already.
        }
        let drive_s = |post: &Post| {
            let hub = scene.stations[post.spot].hub;
            let road = scene.network.to_hub(hub, node)?;
            u32::try_from((road + ms) / 1_000).ok()
        };
        let best = best_post(field, &self.posts, drive_s, self.policy.minute_costs_ppm);
        let gain = |spot| field.ppm(field.gain(spot));
        let station = match best {
            None => spec.station,
            Some((post, _)) if gain(post.spot) < gain(own).saturating_add(self.policy.stay_ppm) => {
                own
            }
            Some((post, _)) => post.spot,
        };
        if counted {
            field.add(own);
        }
        station
    }

    fn go_to(&mut self, now: i64, unit: usize, station: usize) {
        let from = self.crews[unit].station;
        let there = self.drive(
            now,
            unit,
            self.scene.network.plain,
            End::Station(station),
            0,
        );
        let Some(there) = there else {
            // No way back: it waits where the trees say nothing of, at its station on paper.
            self.crews[unit].drive = None;
            self.turn(now, unit, Status::Waiting, from);
            return;
        };
        self.turn(now, unit, Status::Returning, station);
        if station != from {
            if (self.run.counted_from_ms..self.run.counted_to_ms).contains(&now) {
                self.outcome.moves[unit] += 1;
                self.outcome.move_drive_ms += there - now;
            }
            self.crews[unit].moved = Some((now, from));
        }
    }

    /// Moves a few waiting units when cover is below the line.
    fn move_some(&mut self, now: i64, sent: usize) {
        let scene = self.scene;
        let kind = scene.units[sent].kind;
        let Some(rules) = self.policy.moves else {
            return;
        };
        let (Some(field), Some(cover)) = (
            &self.fields[usize::from(kind)],
            &scene.cover[usize::from(kind)],
        ) else {
            return;
        };
        let instant = Timestamp(now);
        let standing: Vec<Standing> = (0..self.crews.len())
            .filter(|unit| scene.units[*unit].kind == kind && self.is_free(*unit))
            .map(|unit| Standing {
                unit: unit_id(unit),
                spot: self.crews[unit].station,
                bound: if self.crews[unit].status == Status::Waiting {
                    Bound::Free
                } else {
                    Bound::Moving
                },
                moved: self.crews[unit]
                    .moved
                    .map(|(at, from)| (Timestamp(at), from)),
                duty_ends: scene.units[unit]
                    .duty_left_ms(now)
                    .map(|left| Timestamp(now + left)),
            })
            .collect();
        let proposed = moves(field, &cover.table, &standing, &self.posts, &rules, instant);
        for one in proposed {
            self.go_to(now, unit_number(one.unit), one.to);
        }
    }
}

fn unit_id(unit: usize) -> UnitId {
    UnitId((unit as u128).to_be_bytes())
}

fn unit_number(id: UnitId) -> usize {
    u128::from_be_bytes(id.0) as usize
}

fn end_near(scene: &Scene, end: End) -> Near {
    match end {
        End::Station(station) => scene.network.hub_at(scene.stations[station].hub),
        End::Hospital(hub) => scene.network.hub_at(hub),
        End::Call(near) => near,
    }
}

/// How cover is counted under a policy: the scene's targets, each spread over a few steps if it fades.
fn rules(scene: &Scene, policy: &Policy) -> CoverRules {
    let mut targets = Vec::new();
    for (within_s, permille) in &scene.cover_targets {
        if policy.fade_s == 0 {
            targets.push(Target {
                within_s: *within_s,
                permille: *permille,
            });
            continue;
        }
        let quarter = permille / 4;
        for (step, share) in [
            (-3, quarter),
            (-1, quarter),
            (1, quarter),
            (3, permille - 3 * quarter),
        ] {
            let within_s = i32::from(*within_s) + step * i32::from(policy.fade_s) / 3;
            targets.push(Target {
                within_s: u16::try_from(within_s.max(1)).unwrap_or(u16::MAX),
                permille: share,
            });
        }
    }
    CoverRules {
        targets,
        busy_permille: policy.busy_permille,
    }
}

fn posts(scene: &Scene) -> Vec<Post> {
    let stations = scene.stations.iter().enumerate();
    stations
        .filter(|(_, station)| station.open)
        .map(|(spot, station)| Post {
            spot,
            cell: nearest_cell(scene, station.place),
            room: station.room,
        })
        .collect()
}

/// The cell in which a station lies, of whichever kind's demand is known first.
fn nearest_cell(scene: &Scene, place: super::network::Spot) -> usize {
    let cells = scene
        .cover
        .iter()
        .flatten()
        .next()
        .map_or(&[][..], |cover| &cover.cells);
    let apart = |cell: &super::network::Spot| scene.network.distance_m(*cell, place);
    let nearest = cells
        .iter()
        .enumerate()
        .min_by(|a, b| apart(a.1).total_cmp(&apart(b.1)));
    nearest.map_or(0, |(cell, _)| cell)
}
