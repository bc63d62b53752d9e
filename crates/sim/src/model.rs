//! Every state that a small federation can come to: three nodes with real engines, and each thing that can happen
//! next tried in each state, in any order.
//!
//! A life under a seed meets what is likely; a search meets what is possible. What can happen is few actions, each
//! but so often, and the taking of one feed from one node by another. Time stands still, so that two ways to the
//! same entries are one state. Start at [`search`].

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use watchfire_core::basis::OperationId;
use watchfire_core::record::Action;
use watchfire_core::record::operation::{History, OperationAction};
use watchfire_core::record::participation::ParticipationAction;
use watchfire_feed::{FeedId, Hash, NodeId, plan};

use crate::joint_invariant;
use crate::net::{invite, raise};
use crate::site::{Site, enrol, pull};

/// What a search is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Command goes round: offers, takes and declines at once.
    Command,
    /// Members are called in, join, say no, leave, are removed and called in again.
    Membership,
    /// Both together, each but once.
    Both,
}

impl Model {
    /// All of them.
    pub const ALL: &[Model] = &[Model::Command, Model::Membership, Model::Both];

    /// Returns what it is called.
    pub fn words(self) -> &'static str {
        match self {
            Model::Command => "command",
            Model::Membership => "membership",
            Model::Both => "command and membership",
        }
    }

    /// Returns how often each deed may be done in one history, all nodes together.
    fn budget(self, deed: Deed) -> usize {
        let (command, membership) = match self {
            Model::Command => (3, 0),
            Model::Membership => (0, 2),
            Model::Both => (1, 1),
        };
        match deed {
            Deed::Offer => command,
            // What ends an offer is never what a history runs out of.
            Deed::Take | Deed::DeclineCommand => usize::MAX,
            Deed::Invite => membership,
            Deed::Remove | Deed::Leave => membership.min(1),
            Deed::Join => membership + 1,
            Deed::Decline => membership.min(1),
        }
    }

    /// Says whether all are members at the beginning.
    fn begins_joint(self) -> bool {
        self != Model::Membership
    }
}

/// Something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Offer,
    Take,
    DeclineCommand,
    Invite,
    Remove,
    Join,
    Decline,
    Leave,
}

const DEEDS: [Deed; 8] = [
    Deed::Offer,
    Deed::Take,
    Deed::DeclineCommand,
    Deed::Invite,
    Deed::Remove,
    Deed::Join,
    Deed::Decline,
    Deed::Leave,
];

/// One step from a state to another.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody does something, perhaps to another node.
    Do(usize, Deed, usize),
    /// A node takes what another holds of one feed.
    Take(usize, usize, FeedId),
}

/// A state: three nodes, and how often each deed was done.
#[derive(Clone)]
struct State {
    sites: [Rc<Site>; 3],
    done: [usize; DEEDS.len()],
}

/// What a search has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How many states there are, or were looked at.
    pub states: usize,
    /// How many steps between them.
    pub steps: usize,
    /// Whether these are all.
    pub whole: bool,
}

/// A state that must not be, and how it is come to.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// What is wrong.
    pub broken: String,
    /// The steps to it.
    pub story: Vec<String>,
}

/// Searches every state, as far as there are at most so many.
pub fn search(model: Model, states_max: usize) -> Result<Found, Box<Wrong>> {
    let mut search = Search::begin(model);
    let mut whole = true;
    while let Some(at) = search.waiting.pop_front() {
        if search.known.len() >= states_max {
            whole = false;
            break;
        }
        search.go_on_from(at)?;
    }
    if whole {
        search.nothing_is_stuck()?;
    }
    Ok(Found {
        states: search.known.len(),
        steps: search.steps,
        whole,
    })
}

struct Search {
    model: Model,
    operation: OperationId,
    known: BTreeMap<Hash, usize>,
    waiting: VecDeque<(usize, State)>,
    /// From which state each was first come to, and by which step.
    came: Vec<Option<(usize, String)>>,
    /// Whether command is offered in it.
    open: Vec<bool>,
    /// From which states each can be come to.
    back: Vec<Vec<usize>>,
    steps: usize,
}

impl Search {
    fn begin(model: Model) -> Search {
        let (state, operation) = beginning(model);
        let mut search = Search {
            model,
            operation,
            known: BTreeMap::new(),
            waiting: VecDeque::new(),
            came: Vec::new(),
            open: Vec::new(),
            back: Vec::new(),
            steps: 0,
        };
        search.meet(state, None);
        search
    }

    /// Returns the number of a state, which waits to be gone on from if it is new.
    fn meet(&mut self, state: State, came: Option<(usize, String)>) -> (usize, bool) {
        let next = self.known.len();
        let number = *self.known.entry(name_of(&state)).or_insert(next);
        let new = number == next;
        if new {
            self.came.push(came);
            self.back.push(Vec::new());
            self.open.push(is_offered(&state, self.operation));
            self.waiting.push_back((number, state));
        }
        (number, new)
    }

    fn go_on_from(&mut self, (from, state): (usize, State)) -> Result<(), Box<Wrong>> {
        for step in steps_from(&state, self.model, self.operation) {
            let words = words_of(&state, &step);
            let Some(after) = take_step(&state, &step, self.operation) else {
                continue;
            };
            self.steps += 1;
            let sites: Vec<&Site> = after.sites.iter().map(Rc::as_ref).collect();
            let agreed = joint_invariant::agree(&sites);
            let (number, _) = self.meet(after, Some((from, words)));
            self.back[number].push(from);
            agreed.map_err(|broken| self.wrong(number, broken))?;
        }
        Ok(())
    }

    /// From every state there is a way to one in which command is not on offer.
    fn nothing_is_stuck(&self) -> Result<(), Box<Wrong>> {
        let mut ends: Vec<bool> = self.open.iter().map(|open| !open).collect();
        let mut waiting: VecDeque<usize> = (0..ends.len()).filter(|at| ends[*at]).collect();
        while let Some(at) = waiting.pop_front() {
            for before in &self.back[at] {
                if !ends[*before] {
                    ends[*before] = true;
                    waiting.push_back(*before);
                }
            }
        }
        match ends.iter().position(|ends| !ends) {
            Some(stuck) => {
                let broken = "an offer of command can neither be taken nor declined".to_owned();
                Err(self.wrong(stuck, broken))
            }
            None => Ok(()),
        }
    }

    fn wrong(&self, number: usize, broken: String) -> Box<Wrong> {
        let mut story = Vec::new();
        let mut at = number;
        while let Some((from, words)) = &self.came[at] {
            story.push(words.clone());
            at = *from;
        }
        story.reverse();
        Box::new(Wrong { broken, story })
    }
}

fn beginning(model: Model) -> (State, OperationId) {
    let mut sites = [Site::new("a", 1), Site::new("b", 2), Site::new("c", 3)];
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let (low, high) = sites.split_at_mut(other);
        enrol(&mut low[one], &mut high[0]);
    }
    let raised = sites[0].ask(raise("a", History::All));
    let raised = raised.expect("nothing hinders it").records[0].0;
    let operation = OperationId(raised.id);
    if model.begins_joint() {
        let nodes = [sites[1].node(), sites[2].node()];
        for node in nodes {
            let invited = sites[0].ask(invite(operation, node));
            invited.expect("both are peers");
        }
        for other in 1..3 {
            let (low, high) = sites.split_at_mut(other);
            pull(&mut high[0], &low[0]);
            let join = ParticipationAction::Join { operation };
            let joined = high[0].ask(Action::Participation(join));
            joined.expect("it was called in");
        }
        for _ in 0..2 {
            for (to, from) in [(0, 1), (0, 2), (1, 0), (2, 0), (1, 2), (2, 1)] {
                let [low, high] = sites
                    .get_disjoint_mut([to.min(from), to.max(from)])
                    .expect("two");
                match to < from {
                    true => pull(low, high),
                    false => pull(high, low),
                }
            }
        }
    }
    let sites = sites.map(Rc::new);
    let done = [0; DEEDS.len()];
    (State { sites, done }, operation)
}

/// Returns what could happen next.
fn steps_from(state: &State, model: Model, operation: OperationId) -> Vec<Step> {
    let mut all = Vec::new();
    for (number, deed) in DEEDS.into_iter().enumerate() {
        if state.done[number] >= model.budget(deed) {
            continue;
        }
        for who in 0..3 {
            match deed {
                Deed::Offer | Deed::Invite | Deed::Remove => {
                    let others = (0..3).filter(|whom| *whom != who);
                    all.extend(others.map(|whom| Step::Do(who, deed, whom)));
                }
                Deed::Take | Deed::DeclineCommand | Deed::Join | Deed::Decline | Deed::Leave => {
                    all.push(Step::Do(who, deed, who))
                }
            }
        }
    }
    for to in 0..3 {
        for from in (0..3).filter(|from| *from != to) {
            let (to_site, from_site) = (&state.sites[to], &state.sites[from]);
            let theirs = from_site.vector_for(&to_site.node());
            let lacking = plan(&to_site.vector(), &theirs).pull;
            all.extend(lacking.iter().map(|range| Step::Take(to, from, range.feed)));
        }
    }
    let _ = operation;
    all
}

/// Returns the state after a step, none if nothing comes of it.
fn take_step(state: &State, step: &Step, operation: OperationId) -> Option<State> {
    let mut after = state.clone();
    match *step {
        Step::Do(who, deed, whom) => {
            let number = DEEDS.iter().position(|one| *one == deed)?;
            // What runs out is counted; what does not would make every state another.
            after.done[number] += usize::from(![Deed::Take, Deed::DeclineCommand].contains(&deed));
            let node = state.sites[whom].node();
            let mut site = state.sites[who].twin();
            let own = site.node();
            let written = site
                .disk
                .log
                .iter()
                .filter(|(feed, _)| feed.node == own)
                .count();
            let key = format!("{deed:?} {whom} after {written}");
            let answer = site.try_ask(action(deed, operation, node), key);
            answer.expect("its disk does not fail").ok()?;
            after.sites[who] = Rc::new(site);
        }
        Step::Take(to, from, feed) => {
            let mut site = state.sites[to].twin();
            let held = site.disk.head(feed).seq;
            let entries = state.sites[from].serve(&site.node(), feed, held + 1, u64::MAX);
            let taken = site.try_take(entries).expect("its disk does not fail");
            if taken.taken == 0 {
                return None;
            }
            after.sites[to] = Rc::new(site);
        }
    }
    Some(after)
}

fn action(deed: Deed, operation: OperationId, node: NodeId) -> Action {
    let reason = || "so it is".parse().expect("it is a line");
    let lead = Action::Operation;
    let own = Action::Participation;
    match deed {
        Deed::Offer => {
            let to = node;
            lead(OperationAction::OfferCommand { operation, to })
        }
        Deed::Take => lead(OperationAction::TakeCommand { operation }),
        Deed::DeclineCommand => own(ParticipationAction::DeclineCommand { operation }),
        Deed::Invite => invite(operation, node),
        Deed::Remove => {
            let reason = reason();
            lead(OperationAction::Remove {
                operation,
                node,
                reason,
            })
        }
        Deed::Join => own(ParticipationAction::Join { operation }),
        Deed::Decline => {
            let reason = reason();
            own(ParticipationAction::Decline { operation, reason })
        }
        Deed::Leave => {
            let reason = reason();
            own(ParticipationAction::Leave { operation, reason })
        }
    }
}

/// Says whether command is on offer, by what the lead itself shows.
fn is_offered(state: &State, operation: OperationId) -> bool {
    let latest = state.sites.iter().filter_map(|site| {
        let own = site.shown.operations.get(&operation)?;
        Some((own.version, own.offered_to.is_some()))
    });
    latest.max().is_some_and(|(_, offered)| offered)
}

/// Returns the name of a state: what each node holds of each feed, but for times and hashes, and what was done.
fn name_of(state: &State) -> Hash {
    let mut told = Vec::new();
    for site in &state.sites {
        for feed in site.disk.feeds() {
            told.extend(feed.id().0);
            for entry in site.disk.entries(feed.id(), 1, u64::MAX) {
                told.extend(entry.header.kind.as_bytes());
                told.extend(entry.header.record);
                told.extend(entry.header.record_version.to_be_bytes());
                told.extend(without_hashes(&entry.plain));
            }
        }
        told.push(0);
    }
    told.extend(state.done.iter().map(|done| *done as u8));
    Hash::of(&told)
}

/// Leaves out every hash of an entry, which is made of its time.
fn without_hashes(plain: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"\"hash\":\"";
    let mut left = Vec::with_capacity(plain.len());
    let mut at = 0;
    while at < plain.len() {
        left.push(plain[at]);
        at += match plain[at..].starts_with(MARK) {
            true => MARK.len() + 64,
            false => 1,
        };
    }
    left
}

fn words_of(state: &State, step: &Step) -> String {
    let name = |at: usize| &state.sites[at].name;
    match step {
        Step::Do(who, deed, whom) if who == whom => format!("{}: {deed:?}", name(*who)),
        Step::Do(who, deed, whom) => format!("{}: {deed:?} {}", name(*who), name(*whom)),
        Step::Take(to, from, feed) => {
            let held = state.sites[*from].disk.feed(*feed);
            let whose = held.map(|feed| {
                let mut sites = state.sites.iter();
                let writer = sites.find(|site| site.node() == feed.node);
                let writer = writer.map_or("?", |site| site.name.as_str());
                format!(
                    "{writer}'s {}",
                    feed.scope.to_string().split(':').next().unwrap_or("")
                )
            });
            let whose = whose.unwrap_or_default();
            format!("{} takes {whose} from {}", name(*to), name(*from))
        }
    }
}
