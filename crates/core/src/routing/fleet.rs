//! The routes as they stand: each a chain from a vehicle's beginning to its end, with the times that make it quick to
//! say whether one task more fits in.
//!
//! Every task and both ends of every vehicle are links of one list. A link knows the earliest time at which it
//! can begin and the latest at which it may, so that putting in is looked at without walking a route (M. Savelsbergh,
//! ORSA Journal on Computing 4, 1992). What a step changes can be taken back. Knows nothing of why anything is moved.
//! Start at [`Fleet::put_in`] and [`Fleet::take_out`].

use super::problem::{Problem, Vehicle};

/// No link, no vehicle.
pub(super) const NONE: u32 = u32::MAX;

/// A task in a route, or an end of one.
#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    after: u32,
    /// The vehicle, or [`NONE`] for a task that is left out.
    vehicle: u32,
    enter: u32,
    leave: u32,
    service: i32,
    open: i32,
    close: i32,
    /// The earliest it can begin, given what lies before.
    early: i32,
    /// The latest it may begin, given what lies after.
    late: i32,
    /// The time from here to what lies after.
    way_on: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Load {
    load: i32,
    count: u32,
}

#[derive(Debug, Clone, Default)]
struct Kind {
    vehicles: Vec<u32>,
    used: usize,
}

/// Where a vehicle stands among those of its kind.
#[derive(Debug, Clone, Copy)]
struct Stand {
    kind: usize,
    at: usize,
}

/// Where a task could go, and what that adds to the time under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// The link after which it goes.
    pub(super) after: u32,
    /// The time under way that it adds.
    pub(super) adds: i32,
}

/// All routes.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    problem: Problem,
    places: usize,
    out: Vec<i32>,
    back: Vec<i32>,
    links: Vec<Link>,
    loads: Vec<Load>,
    /// Vehicles that are alike, those with a task first: of those without, only one needs to be looked at.
    kinds: Vec<Kind>,
    stands: Vec<Stand>,
    way: i64,
    touched: Vec<(u32, Load)>,
    is_touched: Vec<bool>,
    saved: Vec<(u32, Link)>,
    saved_way: i64,
}

impl Fleet {
    /// Makes routes without a task.
    pub(super) fn new(problem: Problem) -> Fleet {
        let places = problem.places();
        let (mut out, mut back) = (vec![0; places * places], vec![0; places * places]);
        for from in 0..places {
            for to in 0..places {
                out[from * places + to] = problem.travel(from, to);
                back[to * places + from] = problem.travel(from, to);
            }
        }
        let vehicles = problem.vehicles().len();
        let mut fleet = Fleet {
            places,
            out,
            back,
            links: links_of(&problem),
            loads: vec![Load { load: 0, count: 0 }; vehicles],
            kinds: Vec::new(),
            stands: Vec::with_capacity(vehicles),
            way: 0,
            touched: Vec::new(),
            is_touched: vec![false; vehicles],
            saved: Vec::new(),
            saved_way: 0,
            problem,
        };
        let mut known: Vec<Vehicle> = Vec::new();
        for (one, vehicle) in fleet.problem.vehicles().iter().enumerate() {
            let kind = known.iter().position(|kind| kind == vehicle);
            let kind = kind.unwrap_or(known.len());
            if kind == known.len() {
                known.push(*vehicle);
                fleet.kinds.push(Kind::default());
            }
            let vehicles = &mut fleet.kinds[kind].vehicles;
            let at = vehicles.len();
            fleet.stands.push(Stand { kind, at });
            vehicles.push(one as u32);
        }
        fleet
    }

    /// Returns what was asked.
    pub(super) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Returns the time under way on all routes.
    pub(super) fn way(&self) -> i64 {
        self.way
    }

    /// Returns how many vehicles have a task.
    pub(super) fn used(&self) -> usize {
        self.loads.iter().filter(|load| load.count > 0).count()
    }

    /// Returns the vehicle that does a task.
    pub(super) fn vehicle_of(&self, task: u32) -> Option<u32> {
        let vehicle = self.links[task as usize].vehicle;
        (vehicle != NONE).then_some(vehicle)
    }

    /// Returns how many tasks a vehicle has.
    pub(super) fn count(&self, vehicle: u32) -> usize {
        self.loads[vehicle as usize].count as usize
    }

    /// Returns the link before a vehicle's first task.
    pub(super) fn start_of(&self, vehicle: u32) -> u32 {
        (self.problem.tasks().len() + 2 * vehicle as usize) as u32
    }

    /// Returns the task before another on its route.
    pub(super) fn before(&self, task: u32) -> Option<u32> {
        self.task(self.links[task as usize].before)
    }

    /// Returns the task after a link on its route.
    pub(super) fn after(&self, link: u32) -> Option<u32> {
        self.task(self.links[link as usize].after)
    }

    fn task(&self, link: u32) -> Option<u32> {
        ((link as usize) < self.problem.tasks().len()).then_some(link)
    }

    /// Returns the tasks of a vehicle in their order.
    pub(super) fn route(&self, vehicle: u32) -> impl Iterator<Item = u32> {
        let first = self.after(self.start_of(vehicle));
        std::iter::successors(first, |task| self.after(*task))
    }

    /// Returns how many kinds of vehicle there are.
    pub(super) fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// Returns a vehicle of a kind that has no task.
    pub(super) fn idle(&self, kind: usize) -> Option<u32> {
        let kind = &self.kinds[kind];
        kind.vehicles.get(kind.used).copied()
    }

    /// Returns whether a vehicle may do a task and has room for it.
    pub(super) fn takes(&self, vehicle: u32, task: u32) -> bool {
        let one = &self.problem.tasks()[task as usize];
        let its = &self.problem.vehicles()[vehicle as usize];
        one.groups & its.groups != 0 && self.loads[vehicle as usize].load + one.load <= its.room
    }

    /// Returns what it adds to put a task after a link, if that is less than `below` and every window is kept. Whether the vehicle
    /// [takes](Fleet::takes) it is asked apart, once for a route.
    pub(super) fn adds(&self, task: u32, after: u32, below: i32) -> Option<i32> {
        let (new, prior) = (&self.links[task as usize], &self.links[after as usize]);
        let next = &self.links[prior.after as usize];
        let there = self.back[new.enter as usize * self.places + prior.leave as usize];
        let on = self.out[new.leave as usize * self.places + next.enter as usize];
        let adds = there + on - prior.way_on;
        if adds >= below {
            return None;
        }
        let begins = (prior.early + prior.service + there).max(new.open);
        let fits = begins <= new.close && begins + new.service + on <= next.late;
        fits.then_some(adds)
    }

    /// Puts a task that is left out after a link.
    pub(super) fn put_in(&mut self, task: u32, after: u32) {
        let vehicle = self.links[after as usize].vehicle;
        self.save(vehicle);
        let next = self.links[after as usize].after;
        let there = self.travel(after, task);
        let on = self.travel(task, next);
        self.way += i64::from(there) + i64::from(on);
        self.way -= i64::from(self.links[after as usize].way_on);
        self.links[after as usize].after = task;
        self.links[after as usize].way_on = there;
        self.links[next as usize].before = task;
        let link = &mut self.links[task as usize];
        (link.before, link.after, link.vehicle) = (after, next, vehicle);
        (link.way_on, link.early, link.late) = (on, i32::MIN, i32::MAX);
        let load = &mut self.loads[vehicle as usize];
        load.count += 1;
        load.load += self.problem.tasks()[task as usize].load;
        self.stand_by_use(vehicle);
        self.earlier_on(after);
        self.later_back(next);
    }

    /// Takes a task out of its route.
    pub(super) fn take_out(&mut self, task: u32) {
        let Link {
            before,
            after,
            vehicle,
            way_on,
            ..
        } = self.links[task as usize];
        self.save(vehicle);
        let load = &mut self.loads[vehicle as usize];
        load.count -= 1;
        load.load -= self.problem.tasks()[task as usize].load;
        let empty = load.count == 0;
        // A vehicle that does nothing goes nowhere.
        let straight = if empty { 0 } else { self.travel(before, after) };
        self.way += i64::from(straight) - i64::from(way_on);
        self.way -= i64::from(self.links[before as usize].way_on);
        self.links[before as usize].after = after;
        self.links[before as usize].way_on = straight;
        self.links[after as usize].before = before;
        self.links[task as usize].vehicle = NONE;
        self.stand_by_use(vehicle);
        self.earlier_on(before);
        self.later_back(after);
    }

    /// Keeps those of a kind that have a task in front of those that have none.
    fn stand_by_use(&mut self, vehicle: u32) {
        let Stand { kind, at } = self.stands[vehicle as usize];
        let idle = self.loads[vehicle as usize].count == 0;
        let Kind { vehicles, used } = &mut self.kinds[kind];
        let to = match (idle, at < *used) {
            (true, true) => {
                *used -= 1;
                *used
            }
            (false, false) => {
                *used += 1;
                *used - 1
            }
            (true, false) | (false, true) => return,
        };
        vehicles.swap(at, to);
        self.stands[vehicles[at] as usize].at = at;
        self.stands[vehicle as usize].at = to;
    }

    fn travel(&self, from: u32, to: u32) -> i32 {
        let (from, to) = (&self.links[from as usize], &self.links[to as usize]);
        self.out[from.leave as usize * self.places + to.enter as usize]
    }

    /// Tells what lies after a link how early it can begin, as far as that changes.
    fn earlier_on(&mut self, mut at: u32) {
        loop {
            let link = self.links[at as usize];
            let next = &mut self.links[link.after as usize];
            let early = next.open.max(link.early + link.service + link.way_on);
            if next.after == NONE || early == next.early {
                return;
            }
            next.early = early;
            at = link.after;
        }
    }

    /// Tells what lies before a link how late it may begin, as far as that changes.
    fn later_back(&mut self, mut at: u32) {
        loop {
            let link = self.links[at as usize];
            let prior = &mut self.links[link.before as usize];
            let late = prior.close.min(link.late - prior.way_on - prior.service);
            if prior.before == NONE || late == prior.late {
                return;
            }
            prior.late = late;
            at = link.before;
        }
    }

    /// Returns whether every window of a route is kept. Putting in keeps them; taking out does too where no way round is shorter than
    /// the way itself, which times by road and straight line mixed do not promise.
    pub(super) fn keeps_windows(&self, vehicle: u32) -> bool {
        let first = self.links[self.start_of(vehicle) as usize].after;
        let first = &self.links[first as usize];
        first.early <= first.late
    }

    /// Begins a step that can be taken back.
    pub(super) fn begin(&mut self) {
        for (vehicle, _) in self.touched.drain(..) {
            self.is_touched[vehicle as usize] = false;
        }
        self.saved.clear();
        self.saved_way = self.way;
    }

    fn save(&mut self, vehicle: u32) {
        if self.is_touched[vehicle as usize] {
            return;
        }
        self.is_touched[vehicle as usize] = true;
        self.touched.push((vehicle, self.loads[vehicle as usize]));
        let mut at = self.start_of(vehicle);
        while at != NONE {
            let link = self.links[at as usize];
            self.saved.push((at, link));
            at = link.after;
        }
    }

    /// Takes back all since [`Fleet::begin`].
    pub(super) fn take_back(&mut self) {
        for at in 0..self.touched.len() {
            let (vehicle, load) = self.touched[at];
            let mut task = self.after(self.start_of(vehicle));
            while let Some(one) = task {
                task = self.after(one);
                self.links[one as usize].vehicle = NONE;
            }
            self.loads[vehicle as usize] = load;
            self.stand_by_use(vehicle);
        }
        for (at, link) in &self.saved {
            self.links[*at as usize] = *link;
        }
        self.way = self.saved_way;
    }
}

fn links_of(problem: &Problem) -> Vec<Link> {
    let loose = |enter: usize, leave: usize, service: i32, open: i32, close: i32| Link {
        before: NONE,
        after: NONE,
        vehicle: NONE,
        enter: enter as u32,
        leave: leave as u32,
        service,
        open,
        close,
        early: open,
        late: close,
        way_on: 0,
    };
    let tasks = problem.tasks().iter();
    let mut links: Vec<Link> = tasks
        .map(|one| loose(one.enter, one.leave, one.service, one.open, one.close))
        .collect();
    for (at, one) in problem.vehicles().iter().enumerate() {
        let start = links.len() as u32;
        for (place, before, after) in [(one.start, NONE, start + 1), (one.end, start, NONE)] {
            links.push(Link {
                before,
                after,
                vehicle: at as u32,
                ..loose(place, place, 0, one.from, one.until)
            });
        }
    }
    links
}
