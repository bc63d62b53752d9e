//! What is asked of a search: places with the time between them, tasks and vehicles. Start at [`Problem::new`].

use crate::limits;

/// The time between two places that no way joins.
pub const NO_WAY: i32 = i32::MAX / 8;

/// Something to be done once, by one vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The place where it begins.
    pub enter: usize,
    /// The place where it ends: another one for a stretch that is driven along.
    pub leave: usize,
    /// How long it takes.
    pub service: i32,
    /// When it may begin at the earliest.
    pub open: i32,
    /// When it must have begun at the latest.
    pub close: i32,
    /// How much room it takes in a vehicle.
    pub load: i32,
    /// What it costs to leave it out, in time under way.
    pub price: i32,
    /// The groups of vehicles that may do it, a bit for each.
    pub groups: u64,
}

/// Somebody who does tasks one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vehicle {
    /// The place where it begins.
    pub start: usize,
    /// The place where it must end.
    pub end: usize,
    /// When it can set out.
    pub from: i32,
    /// When it must have come to its end.
    pub until: i32,
    /// How much room it has.
    pub room: i32,
    /// The groups it is of, a bit for each.
    pub groups: u64,
}

/// Why a problem cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProblem {
    /// The table of times has not a line and a column for each place.
    #[error("the table of times has {found} numbers; {places} places need {}", places * places)]
    Table {
        /// The places.
        places: usize,
        /// The numbers.
        found: usize,
    },
    /// A task or a vehicle names a place that is not there.
    #[error("a task or vehicle names place {0}, which is not there")]
    Place(usize),
    /// A time, load, room or price is below zero or beyond [`NO_WAY`].
    #[error("a time, load, room or price is below zero, or beyond what can be counted")]
    Number,
    /// A named limit is passed.
    #[error("there are {found} {what}; at most {max} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        max: usize,
    },
}

/// What is asked: tasks, vehicles, and the time between all places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    places: usize,
    travel: Vec<i32>,
    tasks: Vec<Task>,
    vehicles: Vec<Vehicle>,
}

impl Problem {
    /// Takes a problem. `travel` holds, line by line, the time from each place to each; [`NO_WAY`] where no way leads.
    /// Times need not be the same both ways. Fails when a number is none or a limit is passed.
    pub fn new(
        places: usize,
        travel: Vec<i32>,
        tasks: Vec<Task>,
        vehicles: Vec<Vehicle>,
    ) -> Result<Problem, BadProblem> {
        let limits = [
            ("tasks", tasks.len(), limits::ROUTING_TASKS_MAX),
            ("vehicles", vehicles.len(), limits::ROUTING_VEHICLES_MAX),
            ("places", places, limits::ROUTING_PLACES_MAX),
        ];
        for (what, found, max) in limits {
            if found > max {
                return Err(BadProblem::TooMany { what, found, max });
            }
        }
        if travel.len() != places * places {
            let found = travel.len();
            return Err(BadProblem::Table { places, found });
        }
        let of_tasks = tasks.iter().flat_map(|task| [task.enter, task.leave]);
        let of_vehicles = vehicles.iter().flat_map(|one| [one.start, one.end]);
        if let Some(place) = of_tasks.chain(of_vehicles).find(|place| *place >= places) {
            return Err(BadProblem::Place(place));
        }
        let task = |one: &Task| [one.service, one.open, one.close, one.load, one.price];
        let vehicle = |one: &Vehicle| [one.from, one.until, one.room];
        let numbers = tasks.iter().flat_map(task);
        let mut numbers = numbers.chain(vehicles.iter().flat_map(vehicle));
        let fits = |number: &i32| (0..=NO_WAY).contains(number);
        if !numbers.all(|number| fits(&number)) || !travel.iter().all(fits) {
            return Err(BadProblem::Number);
        }
        Ok(Problem {
            places,
            travel,
            tasks,
            vehicles,
        })
    }

    /// Returns how many places there are.
    pub fn places(&self) -> usize {
        self.places
    }

    /// Returns the tasks.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Returns the vehicles.
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.vehicles
    }

    /// Returns the time from one place to another.
    pub fn travel(&self, from: usize, to: usize) -> i32 {
        self.travel[from * self.places + to]
    }

    /// Returns when each task of a route begins and when the vehicle is at its end, or none if a window, its time on the
    /// road, its room or what it may do is not kept. Looks at every rule anew, so that tests need not trust the search.
    pub fn times(&self, vehicle: usize, route: &[usize]) -> Option<(Vec<i32>, i32)> {
        let vehicle = self.vehicles.get(vehicle)?;
        let (mut at, mut place, mut load) = (vehicle.from, vehicle.start, 0_i32);
        let mut begins = Vec::with_capacity(route.len());
        for task in route {
            let task = self.tasks.get(*task)?;
            at = at.saturating_add(self.travel(place, task.enter));
            at = at.max(task.open);
            load = load.saturating_add(task.load);
            let may = task.groups & vehicle.groups != 0;
            if at > task.close || load > vehicle.room || !may {
                return None;
            }
            begins.push(at);
            at = at.saturating_add(task.service);
            place = task.leave;
        }
        if !route.is_empty() {
            at = at.saturating_add(self.travel(place, vehicle.end));
        }
        (at <= vehicle.until).then_some((begins, at))
    }

    /// Returns the time under way on a route; an empty one has none.
    pub fn under_way(&self, vehicle: usize, route: &[usize]) -> i64 {
        let Some(vehicle) = self.vehicles.get(vehicle).filter(|_| !route.is_empty()) else {
            return 0;
        };
        let mut place = vehicle.start;
        let mut sum = 0;
        for task in route {
            let task = &self.tasks[*task];
            sum += i64::from(self.travel(place, task.enter));
            place = task.leave;
        }
        sum + i64::from(self.travel(place, vehicle.end))
    }
}
