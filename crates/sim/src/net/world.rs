//! The world of a simulated federation: all that is due, in the order of its own time, from one seed.
//!
//! Every node has a clock of its own; the world has one that nobody can read. A life has two parts: first people
//! act while faults happen, then all is healed and everybody must agree within a bound. Whatever happens is told
//! in the story, and the story is what the trace is made of. Start at [`World::live`].

use std::collections::BTreeMap;

use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::LogFault;
use watchfire_core::record::operation::History;
use watchfire_core::record::peer::PeerAction;
use watchfire_core::record::{Action, RecordRef};
use watchfire_feed::{Hash, NodeId};

use super::faults::{Fault, Sudden, Weather, down_ms};
use super::hostile::{Attack, Hostile};
use super::wire::{self, Heard, Message};
use super::{Failure, Met, Newer, Report, Settings, issuers, people, planners, supporters};
use crate::joint_invariant::{self, Book, Glimpse};
use crate::site::disk::Fate;
use crate::site::{BEGIN_MS, Site, enrol};

/// How often a node asks somebody what they hold, in milliseconds.
const POLL_MS: u64 = 30_000;
/// How often a node looks whether the time of something has run out.
const TICK_MS: u64 = 60_000;
/// How often the costlier invariants are looked at.
const QUIET_MS: u64 = 600_000;
/// How soon a node tells others that it has something new.
const NEWS_MS: u64 = 400;
/// One in so many deeds of people is followed by one about support.
const SUPPORT_EVERY: u64 = 2;
/// A planned action is thought of once in so many acts.
const PLAN_EVERY: u64 = 3;
/// One in so many acts of people is followed by one about a directive or the book of a day.
const DIRECT_EVERY: u64 = 2;
/// Within how long everybody must agree once all is healed.
pub(crate) const HEAL_BOUND_MS: i64 = 15 * 60_000;

/// Something that is due.
#[derive(Debug)]
enum Due {
    /// Somebody at a node asks for something.
    Act(usize),
    /// A node asks another what it holds.
    Poll(usize),
    /// A node tells all that it has something new.
    News(usize),
    /// A message arrives.
    Arrive {
        to: usize,
        from: usize,
        sent: u64,
        message: Message,
    },
    /// Somebody who got no answer asks again.
    AskAgain(usize, Box<Ask>),
    /// A fault begins.
    Fault,
    /// The hostile node strikes.
    Strike,
    /// The node with the newer program says something.
    Speak,
    /// A process starts.
    Start(usize),
    /// A node looks whether the time of something has run out.
    Tick(usize),
    /// The costlier invariants are looked at.
    Quiet,
}

/// Something that somebody asks for.
#[derive(Debug, Clone)]
struct Ask {
    key: String,
    words: String,
    action: Action,
}

/// A node and what is around it.
pub(crate) struct Stand {
    /// The node.
    pub(crate) site: Site,
    /// Whether its process runs.
    pub(crate) up: bool,
    /// How far its clock is from the world's, in milliseconds.
    pub(crate) skew_ms: i64,
    /// Every answer "yes" that anybody here ever got.
    pub(crate) acked: Vec<(String, Vec<(RecordRef, u64)>)>,
    /// Where its clock stands still, if it does.
    stands_at_ms: Option<i64>,
    news_due: bool,
    next_contact: usize,
}

/// The line from one node to another.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// Until when it is cut.
    cut_until_ms: i64,
    /// The latest that was sent of what has arrived.
    arrived: u64,
}

/// The world so far.
pub(crate) struct World {
    /// The nodes.
    pub(crate) stands: Vec<Stand>,
    /// What came up.
    pub(crate) met: Met,
    /// What the invariants remember.
    pub(crate) book: Book,
    pub(crate) now_ms: i64,
    settings: Settings,
    dice: Entropy,
    index: BTreeMap<NodeId, usize>,
    lines: BTreeMap<(usize, usize), Line>,
    queue: BTreeMap<(i64, u64), Due>,
    serial: u64,
    asked: u64,
    acts_left: u64,
    weather: Weather,
    hostile: Option<Hostile>,
    newer: Option<Newer>,
    healing: bool,
    story: Vec<String>,
}

impl World {
    /// Makes the nodes, enrols them with each other, and lets the first one call all others in.
    pub(crate) fn begin(settings: Settings) -> World {
        let mut dice = Entropy::from_number(settings.seed);
        let weather = Weather::draw(&mut dice);
        let count = [3, 3, 4, 5][dice.below(4) as usize];
        let mut sites: Vec<Site> = Vec::new();
        for at in 0..count {
            let name = ["A", "B", "C", "D", "E", "F"][at];
            let mut site = Site::new(name, settings.seed * 16 + at as u64);
            site.mistake = settings.mistake;
            sites.push(site);
        }
        for at in 0..count {
            for other in at + 1..count {
                let (low, high) = sites.split_at_mut(other);
                enrol(&mut low[at], &mut high[0]);
            }
        }
        let index = sites.iter().enumerate();
        let index = index.map(|(at, site)| (site.node(), at)).collect();
        let stands = sites.into_iter().map(|site| Stand {
            site,
            up: true,
            skew_ms: 0,
            acked: Vec::new(),
            stands_at_ms: None,
            news_due: false,
            next_contact: 0,
        });
        let mut world = World {
            stands: stands.collect(),
            met: Met::default(),
            book: Book::default(),
            now_ms: 0,
            settings,
            dice,
            index,
            lines: BTreeMap::new(),
            queue: BTreeMap::new(),
            serial: 0,
            asked: 0,
            acts_left: settings.steps,
            weather,
            hostile: None,
            newer: None,
            healing: false,
            story: Vec::new(),
        };
        world.begin_all();
        world
    }

    /// Sets what is due first.
    fn begin_all(&mut self) {
        for at in 0..self.stands.len() {
            let first = self.dice.below(POLL_MS) as i64;
            self.due_in(first, Due::Poll(at));
            let first = self.dice.below(TICK_MS) as i64;
            self.due_in(first, Due::Tick(at));
        }
        self.due_in(self.weather.gap_ms as i64, Due::Act(0));
        self.due_in(QUIET_MS as i64, Due::Quiet);
        self.next_fault();
    }

    fn next_fault(&mut self) {
        let gap = self.weather.fault_gap_ms;
        if gap > 0 {
            let soon = 1 + self.dice.below(2 * gap) as i64;
            self.due_in(soon, Due::Fault);
        }
    }

    /// Lives the whole life.
    pub(crate) fn live(mut self) -> Result<Report, Box<Failure>> {
        match self.lives() {
            Ok(healed_in_ms) => Ok(self.report(healed_in_ms)),
            Err(broken) => Err(Box::new(Failure {
                seed: self.settings.seed,
                broken,
                story: self.story,
            })),
        }
    }

    fn lives(&mut self) -> Result<i64, String> {
        let weather = self.weather;
        self.weather = weather.healed();
        self.set_up()?;
        self.weather = weather;
        while self.acts_left > 0 {
            self.step()?;
        }
        self.heal()
    }

    /// The first node raises an operation and calls all others in.
    fn set_up(&mut self) -> Result<(), String> {
        let raise = people::raise("A", History::All);
        self.asks_first(0, "raises an operation".to_owned(), raise)?;
        let raised = self.stands[0].site.shown.operations.keys().next().copied();
        let operation = raised.ok_or("the operation was not raised")?;
        for other in 1..self.stands.len() {
            let node = self.stands[other].site.node();
            let words = format!("calls {} in", self.stands[other].site.name);
            self.asks_first(0, words, people::invite(operation, node))?;
        }
        if self.dice.below(2) == 0 {
            let site = self.call_in("X", 15, operation)?;
            self.hostile = Some(Hostile::join(&mut { site }, operation));
            self.due_in(self.weather.gap_ms as i64, Due::Strike);
        }
        if self.dice.below(3) == 0 {
            let site = self.call_in("N", 14, operation)?;
            self.newer = Some(Newer::join(&mut { site }, operation));
            self.due_in(self.weather.gap_ms as i64, Due::Speak);
        }
        Ok(())
    }

    /// Everybody is enrolled with a node that the story tells apart, and the lead calls it in.
    fn call_in(&mut self, name: &str, number: u64, operation: OperationId) -> Result<Site, String> {
        let site = Site::new(name, self.settings.seed * 16 + number);
        let node = site.node();
        for at in 0..self.stands.len() {
            let name = name.parse().map_err(|_| "a name is a line")?;
            let enrol = Action::Peer(PeerAction::Enrol { node, name });
            self.asks_first(at, format!("enrols {}", site.name), enrol)?;
        }
        let words = format!("calls {} in", site.name);
        self.asks_first(0, words, people::invite(operation, node))?;
        Ok(site)
    }

    /// Returns the node with the newer program, if there is one.
    pub(crate) fn newer(&self) -> Option<&Newer> {
        self.newer.as_ref()
    }

    /// Returns the nodes that are no stands: what they say is passed on by honest nodes.
    pub(crate) fn others(&self) -> Vec<NodeId> {
        let hostile = self.hostile.as_ref().map(Hostile::node);
        hostile
            .into_iter()
            .chain(self.newer().map(Newer::node))
            .collect()
    }

    /// Lets the node with the newer program say the next thing to one of the others.
    fn speak(&mut self, at: usize) -> Result<(), String> {
        let Some(newer) = self.newer.as_mut() else {
            return Ok(());
        };
        let (said, node) = (newer.speak(), newer.node());
        let heard = self.with(at, |site| wire::hear(site, node, said))?;
        let taken = heard.map_or(0, |heard| heard.taken);
        if taken > 0 {
            self.met.once(Fault::NewerSpoke.words());
            let told = format!("{} hears N: took {taken}", self.stands[at].site.name);
            self.tell(&told);
        }
        joint_invariant::when_newer_spoke(self)
    }

    /// Lets the hostile node read what it may, and strike once.
    fn strike(&mut self) -> Result<(), String> {
        let at = self.dice.below(self.stands.len() as u64) as usize;
        let Some(mut hostile) = self.hostile.take() else {
            return Ok(());
        };
        let struck = match self.stands[at].up {
            true => self.strike_at(&mut hostile, at),
            false => Ok(()),
        };
        self.hostile = Some(hostile);
        struck
    }

    fn strike_at(&mut self, hostile: &mut Hostile, at: usize) -> Result<(), String> {
        self.set_clock(at);
        let node = hostile.node();
        let held = self.stands[at].site.disk.log.len();
        for given in hostile.read(&mut self.stands[at].site) {
            joint_invariant::when_sent(self, at, node, &given)?;
        }
        let honest: Vec<NodeId> = self.index.keys().copied().collect();
        let site = &mut self.stands[at].site;
        site.top_up();
        let before = Glimpse::of(site, node, &honest);
        let fault = |fault: LogFault| format!("a disk failed of itself: {fault}");
        wire::hear(site, node, hostile.history()).map_err(fault)?;
        let copies = site.shown.copies.boards.get(&node).cloned();
        let late = self.acts_left * 5 < self.settings.steps;
        let (attack, blow) = loop {
            let all = Attack::ALL;
            let attack = all[self.dice.below(all.len() as u64) as usize];
            if attack.ends_it() && !late {
                continue;
            }
            if let Some(blow) = hostile.strike(attack, site, &mut self.dice) {
                break (attack, blow);
            }
        };
        let mut heard = Vec::new();
        for message in blow.messages {
            heard.push(wire::hear(site, node, message).map_err(fault)?);
        }
        self.met.once(attack.words());
        let told = format!("X strikes at {}: {}", site.name, attack.words());
        self.tell(&told);
        for answer in heard.iter().flat_map(|heard| &heard.answers) {
            joint_invariant::when_sent(self, at, node, answer)?;
        }
        let before = (&before, copies.as_ref());
        joint_invariant::when_struck(self, at, node, before, &heard, blow.expect)?;
        self.after_writing(at, held)
    }

    fn step(&mut self) -> Result<(), String> {
        let Some(((at_ms, _), due)) = self.queue.pop_first() else {
            return Err("nothing is due any more".to_owned());
        };
        self.now_ms = self.now_ms.max(at_ms);
        match due {
            Due::Act(at) => self.act(at),
            Due::Poll(at) => {
                let jitter = self.dice.below(POLL_MS / 2);
                self.due_in((POLL_MS * 3 / 4 + jitter) as i64, Due::Poll(at));
                self.poll(at);
                Ok(())
            }
            Due::News(at) => {
                self.stands[at].news_due = false;
                for to in self.contacts(at) {
                    self.send(at, to, Message::News)?;
                }
                Ok(())
            }
            Due::Arrive {
                to,
                from,
                sent,
                message,
            } => self.arrive(to, from, sent, message),
            Due::AskAgain(at, ask) => {
                self.met.once(Fault::AskedAgain.words());
                self.asks(at, *ask)
            }
            Due::Fault | Due::Strike | Due::Speak if self.healing => Ok(()),
            Due::Speak => {
                let soon = 1 + self.dice.below(self.weather.gap_ms * 20);
                self.due_in(soon as i64, Due::Speak);
                let at = self.dice.below(self.stands.len() as u64) as usize;
                self.speak(at)
            }
            Due::Strike => {
                let soon = 1 + self.dice.below(self.weather.gap_ms * 2);
                self.due_in(soon as i64, Due::Strike);
                self.strike()
            }
            Due::Fault => {
                self.next_fault();
                self.fault()
            }
            Due::Start(at) => self.start(at),
            Due::Tick(at) => {
                self.due_in(TICK_MS as i64, Due::Tick(at));
                self.with(at, Site::try_tick).map(drop)
            }
            Due::Quiet => {
                self.due_in(QUIET_MS as i64, Due::Quiet);
                joint_invariant::when_quiet(self)
            }
        }
    }

    fn act(&mut self, at: usize) -> Result<(), String> {
        self.acts_left = self.acts_left.saturating_sub(1);
        let next = self.dice.below(self.stands.len() as u64) as usize;
        let gap = 1 + self.dice.below(2 * self.weather.gap_ms);
        if !self.healing {
            self.due_in(gap as i64, Due::Act(next));
        }
        if !self.stands[at].up {
            return Ok(());
        }
        self.set_clock(at);
        let stranger = self.hostile.as_ref().map(Hostile::node);
        let (words, action) = people::act(&self.stands[at].site, &mut self.dice, stranger);
        self.asks_first(at, words, action)?;
        self.support(at)?;
        self.plan(at)?;
        self.direct(at)
    }

    /// Lets somebody at a node direct others, answer a directive or settle a day, now and then.
    fn direct(&mut self, at: usize) -> Result<(), String> {
        if !self.acts_left.is_multiple_of(DIRECT_EVERY) || !self.stands[at].up {
            return Ok(());
        }
        let mut dice = Entropy::from_number(self.settings.seed ^ self.acts_left << 22);
        for (words, action) in issuers::act(&self.stands[at].site, &mut dice) {
            self.asks_first(at, words, action)?;
        }
        Ok(())
    }

    /// Lets somebody at a node do something about a planned action, now and then.
    fn plan(&mut self, at: usize) -> Result<(), String> {
        if self.acts_left % PLAN_EVERY != 1 || !self.stands[at].up {
            return Ok(());
        }
        let mut dice = Entropy::from_number(self.settings.seed ^ self.acts_left << 21);
        match planners::act(&self.stands[at].site, &mut dice) {
            Some((words, action)) => self.asks_first(at, words, action),
            None => Ok(()),
        }
    }

    /// Lets somebody at a node do something about support, now and then.
    fn support(&mut self, at: usize) -> Result<(), String> {
        if !self.acts_left.is_multiple_of(SUPPORT_EVERY) || !self.stands[at].up {
            return Ok(());
        }
        let mut dice = Entropy::from_number(self.settings.seed ^ self.acts_left << 20);
        let site = &self.stands[at].site;
        let sees = (&site.shown, site.node(), site.now);
        match supporters::act(sees, &mut dice) {
            Some((words, action)) => self.asks_first(at, words, action),
            None => Ok(()),
        }
    }

    /// Lets somebody at a node ask for something for the first time.
    fn asks_first(&mut self, at: usize, words: String, action: Action) -> Result<(), String> {
        self.asked += 1;
        let key = format!("ask {}", self.asked);
        self.asks(at, Ask { key, words, action })
    }

    fn asks(&mut self, at: usize, ask: Ask) -> Result<(), String> {
        joint_invariant::when_asked(self, at, &ask.action);
        let (action, key) = (ask.action.clone(), ask.key.clone());
        let answer = self.with(at, |site| site.try_ask(action, key))?;
        if let Some(Ok(_)) = &answer {
            let done = planners::what_was_done(&ask.action);
            if let Some(what) = done.or_else(|| issuers::what_was_done(&ask.action)) {
                self.met.once(what);
            }
        }
        let name = &self.stands[at].site.name;
        let ended = match &answer {
            Some(Ok(_)) => "yes".to_owned(),
            Some(Err(refusal)) => refusal.what().en,
            None => "no answer".to_owned(),
        };
        let told = format!("{name} {}: {ended}", ask.words);
        self.tell(&told);
        match answer {
            Some(Ok(outcome)) => {
                self.met.once("accepted");
                let repeated = u64::from(outcome.repeated);
                self.met.add(Fault::Repeated.words(), repeated);
                self.stands[at].acked.push((ask.key, outcome.records));
                joint_invariant::when_answered(self, at, &ask.action);
            }
            Some(Err(_)) => self.met.once("refused"),
            None => {
                let soon = 5_000 + self.dice.below(60_000) as i64;
                self.due_in(soon, Due::AskAgain(at, Box::new(ask)));
            }
        }
        Ok(())
    }

    /// Does something at a node, if its process runs, and looks at what it wrote. None if it died of it, or its
    /// disk was full.
    fn with<T>(
        &mut self,
        at: usize,
        does: impl FnOnce(&mut Site) -> Result<T, LogFault>,
    ) -> Result<Option<T>, String> {
        if !self.stands[at].up {
            return Ok(None);
        }
        self.set_clock(at);
        let fate = self.weather.fate(&mut self.dice);
        let site = &mut self.stands[at].site;
        site.disk.fate = fate;
        let held = site.disk.log.len();
        let done = does(site);
        site.disk.fate = Fate::Written;
        let wrote = site.disk.log.len() > held;
        let done = match done {
            Ok(done) => Some(done),
            Err(fault) => {
                self.note_fault(at, fate, &fault)?;
                None
            }
        };
        if wrote {
            self.after_writing(at, held)?;
        }
        Ok(done)
    }

    fn after_writing(&mut self, at: usize, held: usize) -> Result<(), String> {
        joint_invariant::when_appended(self, at, held)?;
        if !self.stands[at].news_due {
            self.stands[at].news_due = true;
            let soon = self.dice.below(NEWS_MS) as i64;
            self.due_in(soon, Due::News(at));
        }
        Ok(())
    }

    fn note_fault(&mut self, at: usize, fate: Fate, fault: &LogFault) -> Result<(), String> {
        let what = match fate {
            Fate::Written => return Err(format!("a disk failed of itself: {fault}")),
            Fate::Full => Fault::Full,
            Fate::LostBefore => Fault::DiesBefore,
            Fate::Torn(_) => Fault::DiesWithin,
            Fate::LostAfter => Fault::DiesAfter,
        };
        self.met.once(what.words());
        let told = format!("{}: {}", self.stands[at].site.name, what.words());
        self.tell(&told);
        if !fault.may_go_on() {
            self.dies(at);
        }
        Ok(())
    }

    fn dies(&mut self, at: usize) {
        self.stands[at].up = false;
        let down = down_ms(&mut self.dice);
        self.due_in(down, Due::Start(at));
    }

    fn start(&mut self, at: usize) -> Result<(), String> {
        if self.stands[at].up {
            return Ok(());
        }
        let stand = &mut self.stands[at];
        stand.up = true;
        stand.site.restart();
        let torn = std::mem::take(&mut stand.site.disk.torn_found);
        self.met.add(Fault::Torn.words(), torn);
        self.met.once(Fault::Started.words());
        self.set_clock(at);
        let told = format!("{} starts", self.stands[at].site.name);
        self.tell(&told);
        joint_invariant::when_started(self, at)
    }

    fn fault(&mut self) -> Result<(), String> {
        let sudden = Sudden::draw(&mut self.dice, self.stands.len());
        self.tell(&format!("{sudden:?}"));
        match sudden {
            Sudden::Cut {
                from,
                to,
                both,
                for_ms,
            } => {
                self.cut(from, to, for_ms);
                let what = match both {
                    true => Fault::Cut,
                    false => Fault::CutOneWay,
                };
                if both {
                    self.cut(to, from, for_ms);
                }
                self.met.once(what.words());
            }
            Sudden::Isolate { node, for_ms } => {
                for other in 0..self.stands.len() {
                    self.cut(node, other, for_ms);
                    self.cut(other, node, for_ms);
                }
                self.met.once(Fault::Isolated.words());
            }
            Sudden::Kill(node) if self.stands[node].up => {
                self.met.once(Fault::Killed.words());
                self.dies(node);
            }
            Sudden::Kill(_) => {}
            Sudden::Skew { node, skew_ms } => {
                let ahead = skew_ms > self.stands[node].skew_ms;
                let what = match ahead {
                    true => Fault::ClockAhead,
                    false => Fault::ClockBack,
                };
                self.met.once(what.words());
                self.stands[node].skew_ms = skew_ms;
                self.stands[node].stands_at_ms = None;
            }
            Sudden::Stand(node) => {
                self.met.once(Fault::ClockStands.words());
                self.stands[node].stands_at_ms = Some(self.now_ms);
            }
        }
        Ok(())
    }

    fn cut(&mut self, from: usize, to: usize, for_ms: i64) {
        let until = self.now_ms + for_ms;
        let line = self.lines.entry((from, to)).or_default();
        line.cut_until_ms = line.cut_until_ms.max(until);
    }

    fn set_clock(&mut self, at: usize) {
        let stand = &mut self.stands[at];
        let since = stand.stands_at_ms.unwrap_or(self.now_ms);
        stand.site.now = Timestamp(BEGIN_MS + since + stand.skew_ms);
    }

    fn contacts(&self, at: usize) -> Vec<usize> {
        let all = wire::contacts(&self.stands[at].site);
        all.iter()
            .filter_map(|node| self.index.get(node).copied())
            .collect()
    }

    fn poll(&mut self, at: usize) {
        if !self.stands[at].up {
            return;
        }
        let contacts = self.contacts(at);
        if contacts.is_empty() {
            return;
        }
        self.stands[at].next_contact += 1;
        let to = contacts[self.stands[at].next_contact % contacts.len()];
        // A question tells nobody anything: there is nothing to judge.
        self.post(at, to, Message::Ask);
    }

    /// Sends a message, after it was judged whether it may be said at all.
    fn send(&mut self, from: usize, to: usize, message: Message) -> Result<(), String> {
        let asker = self.stands[to].site.node();
        joint_invariant::when_sent(self, from, asker, &message)?;
        self.post(from, to, message);
        Ok(())
    }

    /// Puts a message on the line, which may lose, double and delay it.
    fn post(&mut self, from: usize, to: usize, message: Message) {
        let weather = self.weather;
        if self.dice.below(1_000) < weather.loss_permille {
            self.met.once(Fault::Lost.words());
            return;
        }
        let doubled = self.dice.below(1_000) < weather.double_permille;
        self.met.add(Fault::Doubled.words(), u64::from(doubled));
        for _ in 0..1 + u64::from(doubled) {
            let delay = 1 + self.dice.below(weather.delay_max_ms);
            self.met
                .add(Fault::Delayed.words(), u64::from(delay > 10_000));
            let (message, sent) = (message.clone(), self.serial);
            let arrive = Due::Arrive {
                to,
                from,
                sent,
                message,
            };
            self.due_in(delay as i64, arrive);
        }
    }

    fn arrive(
        &mut self,
        to: usize,
        from: usize,
        sent: u64,
        message: Message,
    ) -> Result<(), String> {
        let line = self.lines.entry((from, to)).or_default();
        if self.now_ms < line.cut_until_ms {
            self.met.once(Fault::Dropped.words());
            return Ok(());
        }
        self.met
            .add(Fault::Overtaken.words(), u64::from(sent < line.arrived));
        line.arrived = line.arrived.max(sent);
        let words = message.words();
        let speaker = self.stands[from].site.node();
        let heard = self.with(to, |site| wire::hear(site, speaker, message))?;
        let Some(heard) = heard else { return Ok(()) };
        self.note_heard(to, from, &words, &heard);
        for answer in heard.answers {
            self.send(to, from, answer)?;
        }
        Ok(())
    }

    fn note_heard(&mut self, to: usize, from: usize, words: &str, heard: &Heard) {
        self.met.add("taken", heard.taken as u64);
        self.met.add("unreadable", heard.unreadable);
        self.met.add("not taken", heard.refused.len() as u64);
        if heard.taken > 0 || !heard.refused.is_empty() || heard.unreadable > 0 {
            let (to, from) = (&self.stands[to].site.name, &self.stands[from].site.name);
            let why = heard.refused.iter().map(|one| one.why.to_string());
            let why: std::collections::BTreeSet<String> = why.collect();
            let told = format!("{to} hears {from}: {words}: took {}; {why:?}", heard.taken);
            self.tell(&told);
        }
    }

    /// Lets all faults end, and waits until everybody agrees.
    fn heal(&mut self) -> Result<i64, String> {
        self.tell("all is healed");
        self.healing = true;
        self.weather = self.weather.healed();
        self.lines.clear();
        for at in 0..self.stands.len() {
            self.start(at)?;
        }
        for at in 0..self.stands.len() {
            self.speak(at)?;
        }
        let began = self.now_ms;
        loop {
            // Somebody who got no answer before may ask again now, and shut somebody out.
            self.let_all_in()?;
            let until = self.now_ms + 60_000;
            while self
                .queue
                .first_key_value()
                .is_some_and(|((at, _), _)| *at <= until)
            {
                self.step()?;
            }
            self.now_ms = until;
            match joint_invariant::healed(self) {
                Ok(()) => break,
                Err(wrong) if self.now_ms - began > HEAL_BOUND_MS => return Err(wrong),
                Err(_) => {}
            }
        }
        joint_invariant::at_the_end(self)?;
        Ok(self.now_ms - began)
    }

    fn let_all_in(&mut self) -> Result<(), String> {
        for at in 0..self.stands.len() {
            let peers = self.stands[at].site.shown.peers.values();
            let out = peers.filter(|peer| !peer.is_let_in()).map(|peer| peer.node);
            let out: Vec<NodeId> = out.collect();
            for node in out {
                self.asks_first(at, "lets a peer in".to_owned(), people::let_in(&node))?;
            }
        }
        Ok(())
    }

    fn due_in(&mut self, in_ms: i64, due: Due) {
        self.serial += 1;
        self.queue.insert((self.now_ms + in_ms, self.serial), due);
    }

    fn tell(&mut self, words: &str) {
        let (s, ms) = (self.now_ms / 1_000, self.now_ms % 1_000);
        self.story.push(format!("{s}.{ms:03} {words}"));
    }

    fn report(&self, healed_in_ms: i64) -> Report {
        let mut told: Vec<u8> = self.story.join("\n").into_bytes();
        let mut entries = 0;
        for stand in &self.stands {
            entries += stand.site.disk.log.len();
            for feed in stand.site.disk.feeds() {
                told.extend(stand.site.disk.head(feed.id()).hash.0);
            }
        }
        Report {
            trace: Hash::of(&told),
            met: self.met.clone(),
            simulated_ms: self.now_ms,
            entries,
            healed_in_ms,
        }
    }
}
