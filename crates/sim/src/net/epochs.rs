//! A node that has two histories: it was put back from a backup, or somebody ran two copies of its disk at once. Then
//! a person ends the epoch where one of them stands, and all others must come to hold what that one says, whatever
//! they had taken of the other.
//!
//! People act at random as in every simulated federation; lines are slow and nothing else fails, since the rest is
//! [`super::run`]'s matter. Start at [`run`].

use std::collections::BTreeMap;

use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::operation::{History, Operation, OperationAction};
use watchfire_core::record::{Action, Elsewhere, RecordKind, RecordRef};
use watchfire_feed::{ClosingCause, Hash, NodeId};

use super::people;
use crate::joint_invariant::copies_are_what_home_had::is_the_same;
use crate::joint_invariant::rows_are_the_board;
use crate::site::{Site, enrol, pull};

/// Longest time from one thing to the next, in milliseconds.
const GAP_MS: u64 = 20_000;
/// How often everybody asks everybody before all must hold the same.
const ROUNDS: usize = 12;

/// How a node came to have two histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was put back from a backup; what it wrote after that it knows no more.
    Restored,
    /// Two copies of its disk ran at once, and one of them goes on.
    RanTwice,
}

/// What came of a life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lived {
    /// How the node came to have two histories.
    pub how: How,
    /// SHA-256 of all that was told and of all that was signed.
    pub trace: Hash,
    /// Copies of the other history that others held, at a version that the home had too or had not reached.
    pub ahead: usize,
    /// Feeds that somebody found to have forked.
    pub forked: usize,
    /// Copies compared at the end.
    pub compared: usize,
}

/// What broke.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What.
    pub what: String,
    /// The story so far, line by line.
    pub story: Vec<String>,
}

struct World {
    sites: Vec<Site>,
    /// The node that has two histories, among the sites.
    who: usize,
    /// Its other history, while there are two.
    other: Option<Site>,
    dice: Entropy,
    now_ms: i64,
    story: Vec<String>,
}

/// Lives one life; all follows from the seed.
pub fn run(seed: u64, steps: u64) -> Result<Lived, Broken> {
    let mut world = World::begin(seed);
    let lived = world.live(steps);
    lived.map_err(|what| Broken {
        what,
        story: world.story,
    })
}

impl World {
    fn begin(seed: u64) -> World {
        let mut dice = Entropy::from_number(seed);
        let count = 3 + dice.below(2) as usize;
        let mut sites: Vec<Site> = Vec::new();
        for (at, name) in ["A", "B", "C", "D"].into_iter().take(count).enumerate() {
            sites.push(Site::new(name, seed * 16 + at as u64));
        }
        for at in 0..count {
            for other in at + 1..count {
                let (low, high) = sites.split_at_mut(other);
                enrol(&mut low[at], &mut high[0]);
            }
        }
        World {
            who: dice.below(count as u64) as usize,
            now_ms: sites[0].now.0,
            sites,
            other: None,
            dice,
            story: Vec::new(),
        }
    }

    fn live(&mut self, steps: u64) -> Result<Lived, String> {
        let raise = people::raise("A", History::All);
        let raised = self.sites[0].ask(raise).map_err(|why| why.what().en)?;
        let operation = OperationId(raised.records[0].0.id);
        for at in 1..self.sites.len() {
            let invite = people::invite(operation, self.sites[at].node());
            self.sites[0].ask(invite).map_err(|why| why.what().en)?;
        }
        self.go_on(steps);
        let how = match self.dice.below(2) {
            0 => How::Restored,
            _ => How::RanTwice,
        };
        self.tell(format!("{how:?}: {}", self.sites[self.who].name));
        let mut copy = self.sites[self.who].twin();
        copy.reseed(self.dice.below(u64::MAX));
        let lost = match how {
            How::Restored => {
                self.go_on(steps);
                std::mem::replace(&mut self.sites[self.who], copy)
            }
            How::RanTwice => {
                self.other = Some(copy);
                self.go_on(steps);
                let other = self.other.take().ok_or("there were two")?;
                match self.dice.below(2) {
                    0 => other,
                    _ => std::mem::replace(&mut self.sites[self.who], other),
                }
            }
        };
        drop(lost);
        let ahead = self.ahead();
        let forked = self.forked();
        let cause = match how {
            How::Restored => ClosingCause::Restore,
            How::RanTwice => ClosingCause::Fork,
        };
        self.set_clocks();
        self.sites[self.who].begin_epoch(cause);
        self.tell("a new epoch".to_owned());
        self.agree()?;
        // And they go on.
        self.go_on(steps);
        let compared = self.agree()?;
        Ok(Lived {
            how,
            trace: self.trace(),
            ahead,
            forked,
            compared,
        })
    }

    /// Lets people act and nodes ask each other for a while.
    fn go_on(&mut self, steps: u64) {
        for _ in 0..steps {
            self.now_ms += self.dice.below(GAP_MS) as i64;
            self.set_clocks();
            let at = self.dice.below(self.sites.len() as u64) as usize;
            match self.dice.below(3) {
                0 => self.acts(at),
                _ => self.pulls(at),
            }
        }
    }

    fn acts(&mut self, at: usize) {
        let site = match self.other.as_mut().filter(|_| at == self.who) {
            Some(other) if self.dice.below(2) == 0 => other,
            Some(_) | None => &mut self.sites[at],
        };
        let (words, action) = people::act(site, &mut self.dice, None);
        let answer = site.ask(action);
        let ended = answer.map_or_else(|refusal| refusal.what().en, |_| "yes".to_owned());
        let told = format!("{} {words}: {ended}", site.name);
        self.tell(told);
    }

    fn pulls(&mut self, at: usize) {
        let from = self.dice.below(self.sites.len() as u64) as usize;
        if from == at {
            self.sites[at].tick();
            return;
        }
        let second = self.dice.below(2) == 0;
        // Two processes of one node never speak with each other, and nobody can tell which of them answers.
        let mut other = self.other.take();
        let (low, high) = self.sites.split_at_mut(at.max(from));
        let (one, two) = (&mut low[at.min(from)], &mut high[0]);
        let (to, giver) = match at < from {
            true => (one, two),
            false => (two, one),
        };
        match other.as_mut().filter(|_| second) {
            Some(twin) if at == self.who => pull(twin, giver),
            Some(twin) if from == self.who => pull(to, twin),
            Some(_) | None => pull(to, giver),
        }
        self.other = other;
    }

    fn set_clocks(&mut self) {
        for site in self.sites.iter_mut().chain(&mut self.other) {
            site.now = Timestamp(self.now_ms);
        }
    }

    /// Returns how many copies of the node's records are what it never had itself: it will not pass them by going on.
    fn ahead(&self) -> usize {
        let home = &self.sites[self.who];
        let boards = self.sites.iter();
        let boards = boards.filter_map(|site| site.shown.copies.boards.get(&home.node()));
        let copies = boards.flat_map(|board| board.records().collect::<Vec<_>>());
        let later = copies.filter(|copy| {
            let own = home.shown.get(copy.reference());
            own.is_some_and(|own| own.version() <= copy.version() && !is_the_same(copy, &own))
        });
        later.count()
    }

    fn forked(&self) -> usize {
        let sites = self.sites.iter();
        sites.map(|site| site.disk.forks.len()).sum()
    }

    /// Lets everybody hear everybody, and compares what they hold.
    fn agree(&mut self) -> Result<usize, String> {
        self.let_all_in();
        self.everybody_pulls();
        self.leads_once_more();
        self.everybody_pulls();
        for site in &self.sites {
            let name = &site.name;
            if site.refold() != site.shown || *site.engine.board() != site.shown {
                return Err(format!("{name} shows what its log does not say"));
            }
            rows_are_the_board::check_site(site)?;
        }
        self.same_members()?;
        self.same_copies()
    }

    fn let_all_in(&mut self) {
        for site in &mut self.sites {
            let peers = site.shown.peers.values();
            let out = peers.filter(|peer| !peer.is_let_in()).map(|peer| peer.node);
            for node in out.collect::<Vec<_>>() {
                let _ = site.ask(people::let_in(&node));
            }
        }
    }

    fn everybody_pulls(&mut self) {
        for round in 0..ROUNDS {
            for at in 0..self.sites.len() {
                // What time alone brings must have come before all have heard all.
                if round < ROUNDS / 2 {
                    self.now_ms += 1_000;
                    self.set_clocks();
                    self.sites[at].tick();
                }
                for from in 0..self.sites.len() {
                    let (low, high) = self.sites.split_at_mut(at.max(from));
                    match at.cmp(&from) {
                        std::cmp::Ordering::Less => pull(&mut low[at], &high[0]),
                        std::cmp::Ordering::Greater => pull(&mut high[0], &low[from]),
                        std::cmp::Ordering::Equal => {}
                    }
                }
            }
        }
    }

    /// The lead's word of an operation is told anew with the next thing that it says as the lead.
    fn leads_once_more(&mut self) {
        let site = &mut self.sites[self.who];
        let led = site.shown.operations.keys().copied().collect::<Vec<_>>();
        for operation in led {
            let text = "say it once more".parse().expect("it fits");
            let number = 0;
            for action in [
                OperationAction::KeepCommand { operation },
                OperationAction::SetObjective {
                    operation,
                    number,
                    text,
                },
            ] {
                // Refused if it has no command to keep, or leads no more.
                let _ = site.ask(Action::Operation(action));
            }
        }
    }

    /// Compares what all who are in an operation make of it.
    fn same_members(&self) -> Result<(), String> {
        let home = &self.sites[self.who];
        // What it raised, or led, in the history that is lost, nobody leads any more.
        let lost = |found: &Operation| {
            let own = home.shown.operations.get(&found.id);
            let led = found.lead == home.node() || found.genesis.founder == home.node();
            led && own.is_none_or(|own| own.lead != found.lead)
        };
        let mut seen: BTreeMap<OperationId, (&str, NodeId, Vec<NodeId>)> = BTreeMap::new();
        for site in &self.sites {
            for operation in site.shown.all_operations() {
                let id = operation.id;
                if lost(operation) || !operation.is_open() || !self.is_in(id, site) {
                    continue;
                }
                let members = operation.members.keys().copied();
                let members = members.filter(|node| site.shown.is_member(id, node));
                let view = (operation.lead, members.collect::<Vec<_>>());
                let first = seen.entry(id);
                let first = first.or_insert_with(|| (&site.name, view.0, view.1.clone()));
                if (first.1, &first.2) != (view.0, &view.1) {
                    return Err(format!(
                        "{} sees {id:?} led by {} with {:?}; {} by {} with {:?}",
                        first.0, first.1, first.2, site.name, view.0, view.1
                    ));
                }
            }
        }
        Ok(())
    }

    /// Compares every copy of what the node tells still with what it is at home.
    fn same_copies(&self) -> Result<usize, String> {
        let home = &self.sites[self.who];
        let node = home.node();
        let mut compared = 0;
        for (operation, record) in home.shown.copies.told.keys() {
            if !self.tells_still(*operation, *record) {
                continue;
            }
            let Some(own) = home.shown.get(*record) else {
                continue;
            };
            for site in &self.sites {
                let in_it = self.is_in(*operation, site);
                if site.node() == node || !in_it {
                    continue;
                }
                let of = Elsewhere {
                    node,
                    record: *record,
                };
                let copy = site.copy(of);
                if !copy.as_ref().is_some_and(|copy| is_the_same(copy, &own)) {
                    let name = &site.name;
                    return Err(format!("{name} holds {copy:?}, and its home {own:?}"));
                }
                compared += 1;
            }
        }
        Ok(compared)
    }

    /// Says whether a site is in an operation, by its own word and its lead's: who was removed in the history that goes
    /// on, and holds the other, is told nothing any more.
    fn is_in(&self, id: OperationId, site: &Site) -> bool {
        let Ok(found) = site.shown.operation_anywhere(id) else {
            return false;
        };
        let mut leads = self.sites.iter().filter(|one| one.node() == found.lead);
        let by = |one: &Site| one.shown.is_member(id, &site.node());
        by(site) && leads.all(by)
    }

    fn tells_still(&self, operation: OperationId, record: RecordRef) -> bool {
        let home = &self.sites[self.who];
        let (board, node) = (&home.shown, home.node());
        if !board.takes_part(node, operation) {
            return false;
        }
        if record.kind == RecordKind::Operation {
            return board.leading(operation).is_ok();
        }
        let part = board.participation_of(operation, node);
        let shared =
            part.is_some_and(|part| board.share_covering(part, record, home.now).is_some());
        record.kind.lives_in_operation() || shared
    }

    fn tell(&mut self, words: String) {
        self.story.push(format!("{} {words}", self.now_ms));
    }

    fn trace(&self) -> Hash {
        let mut told = self.story.join("\n").into_bytes();
        for site in &self.sites {
            for feed in site.disk.feeds() {
                told.extend(site.disk.head(feed.id()).hash.0);
            }
        }
        Hash::of(&told)
    }
}
