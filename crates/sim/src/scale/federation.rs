//! The nodes of all counties, and how they come to hold the same: minute by minute everybody does what is due, then
//! whoever has news tells it, and the others ask for what they lack, until nobody lacks anything.
//!
//! It does for each pair of nodes what the program does over a line: vectors, a plan, ranges, keys, taking. All that
//! one node does is timed and counted as that node's. Nodes work side by side on several threads; what one does within
//! a phase depends on no other, so that the result does not depend on threads. Start at [`Federation::live`].

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::record::Action;
use watchfire_core::record::Elsewhere;
use watchfire_core::record::peer::PeerAction;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, FeedId, Hash, NodeId, Range, Scope, Vector};

use super::counted::Cost;
use super::day::{Act, Joint, MINUTES};
use super::own::County;
use super::{ASKS_EVERY_S, KEY_BYTES, Settings, TOLD_TIMES};
use crate::net::{Message, contacts, frames_of, lacks, read_frames, take};
use crate::site::{BEGIN_MS, Site};

/// Bytes of a question for one range of entries, as the program asks it.
const RANGE_BYTES: u64 = 110;
/// Within how many rounds all must hold the same after a minute.
const ROUNDS_MAX: usize = 24;

/// All nodes.
pub(super) struct Federation {
    settings: Settings,
    counties: Vec<County>,
    nodes: Vec<NodeId>,
    index: BTreeMap<NodeId, usize>,
    operations: Vec<Option<OperationId>>,
}

/// What one county says that it holds, to another that has not heard that yet.
struct Offer {
    from: usize,
    to: usize,
    digest: Hash,
    vector: Vec<u8>,
}

/// What one county asks of another.
struct Question {
    from: usize,
    to: usize,
    /// Bytes of the vector that it says in return.
    vector: usize,
    ranges: Vec<Range>,
    late: Vec<([u8; 16], Elsewhere)>,
}

/// What came of a question.
#[derive(Default)]
struct Answer {
    from: usize,
    frames: Vec<u8>,
    wanted: Vec<([u8; 16], Elsewhere)>,
    keys: Vec<RecordKey>,
    late: Vec<RecordKey>,
}

impl Federation {
    /// Makes a node for each county.
    pub(super) fn begin(settings: Settings, joint: &[Joint]) -> Federation {
        let numbers: Vec<usize> = (0..settings.country.counties).collect();
        let counties = spread(settings.workers, &numbers, |number| {
            County::new(*number, settings.seed)
        });
        let nodes: Vec<NodeId> = counties.iter().map(|county| county.site.node()).collect();
        let index = nodes.iter().enumerate();
        Federation {
            settings,
            index: index.map(|(at, node)| (*node, at)).collect(),
            counties,
            nodes,
            operations: vec![None; joint.len()],
        }
    }

    /// Enrols each county with its city and with all that it leads or is led by, and lets each learn who the others
    /// are. Returns what that cost.
    pub(super) fn enrol(&mut self, joint: &[Joint]) -> Result<Vec<Cost>, String> {
        let mut peers: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.counties.len()];
        for (county, peers) in peers.iter_mut().enumerate() {
            peers.extend(self.settings.country.city_of(county));
        }
        for one in joint {
            let lead = one.members[0];
            peers[lead].extend(&one.members);
            for member in &one.members {
                peers[*member].insert(lead);
            }
        }
        let jobs: BTreeMap<usize, BTreeSet<usize>> = peers.into_iter().enumerate().collect();
        let nodes = &self.nodes;
        let clock = self.settings.clock;
        let asked = each(
            self.settings.workers,
            &mut self.counties,
            jobs,
            |county, peers| {
                let began = clock();
                let own = county.site.node();
                for peer in peers.into_iter().filter(|peer| nodes[*peer] != own) {
                    let name = format!("county {peer:04}");
                    let name = name.parse().map_err(|_| "a name is a line".to_owned())?;
                    let node = nodes[peer];
                    county.ask(Action::Peer(PeerAction::Enrol { node, name }))?;
                }
                county.cost.worked_ns += clock() - began;
                Ok::<(), String>(())
            },
        );
        for (_, asked) in asked {
            asked?;
        }
        self.settle((0..self.counties.len()).collect())?;
        let before = self.costs();
        for county in &mut self.counties {
            county.cost = Cost::default();
            county.log_before = county.site.disk.log.len();
        }
        Ok(before)
    }

    /// Lives the day.
    pub(super) fn live(
        &mut self,
        due: &BTreeMap<u64, Vec<Act>>,
        joint: &[Joint],
    ) -> Result<(), String> {
        for minute in 0..MINUTES {
            let now = Timestamp(BEGIN_MS + (minute as i64 + 1) * 60_000);
            for county in &mut self.counties {
                county.site.now = now;
            }
            if let Some(acts) = due.get(&minute) {
                let acted = self.act(acts, joint)?;
                self.settle(acted)
                    .map_err(|wrong| format!("in minute {minute}: {wrong}"))?;
            }
            if minute % 60 == 59 {
                self.idle();
            }
        }
        Ok(())
    }

    fn act(&mut self, acts: &[Act], joint: &[Joint]) -> Result<BTreeSet<usize>, String> {
        let mut jobs: BTreeMap<usize, Vec<&Act>> = BTreeMap::new();
        for act in acts {
            jobs.entry(act.county).or_default().push(act);
        }
        let acted = jobs.keys().copied().collect();
        let (nodes, operations) = (&self.nodes, &self.operations);
        let clock = self.settings.clock;
        let done = each(
            self.settings.workers,
            &mut self.counties,
            jobs,
            |county, acts| {
                let began = clock();
                let mut raised = Vec::new();
                for act in acts {
                    let one = &joint[act.joint];
                    if let Some(operation) = county.act(act, one, nodes, operations, &raised)? {
                        raised.push((act.joint, operation));
                    }
                }
                county.cost.worked_ns += clock() - began;
                Ok::<_, String>(raised)
            },
        );
        for (_, raised) in done {
            for (joint, operation) in raised? {
                self.operations[joint] = Some(operation);
            }
        }
        Ok(acted)
    }

    /// Lets all that have news tell it, and all that hear of it ask, until there is none.
    fn settle(&mut self, mut news: BTreeSet<usize>) -> Result<(), String> {
        let mut again = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let offers = self.offers(&news, &again);
            if offers.is_empty() {
                return Ok(());
            }
            let questions = self.questions(offers);
            let answers = self.answers(questions);
            (news, again) = self.take(answers)?;
        }
        Err("they do not come to an end".to_owned())
    }

    /// Lets each county with news say how far it holds what others may read, to those to which that is new.
    fn offers(&mut self, news: &BTreeSet<usize>, again: &BTreeSet<(usize, usize)>) -> Vec<Offer> {
        let clock = self.settings.clock;
        let from: BTreeSet<usize> = news
            .iter()
            .copied()
            .chain(again.iter().map(|(from, _)| *from))
            .collect();
        let from: Vec<usize> = from.into_iter().collect();
        let told = spread(self.settings.workers, &from, |from| {
            let began = clock();
            let county = &self.counties[*from];
            let mut offers = Vec::new();
            for node in contacts(&county.site) {
                let Some(to) = self.index.get(&node).copied() else {
                    continue;
                };
                let vector = county.site.vector_for(&node);
                let digest = vector.digest();
                let known = county
                    .told
                    .get(&to)
                    .map_or(vector.is_empty(), |told| *told == digest);
                if known && !again.contains(&(*from, to)) {
                    continue;
                }
                offers.push(Offer {
                    from: *from,
                    to,
                    digest,
                    vector: vector.encode(),
                });
            }
            (offers, clock() - began)
        });
        let mut all = Vec::new();
        for (from, (offers, took)) in from.into_iter().zip(told) {
            self.counties[from].cost.worked_ns += took;
            for offer in offers {
                self.counties[from].told.insert(offer.to, offer.digest);
                all.push(offer);
            }
        }
        all
    }

    /// Lets each county that heard something find what it lacks; of two that offer the same it asks the first.
    fn questions(&mut self, offers: Vec<Offer>) -> Vec<Question> {
        let clock = self.settings.clock;
        let mut heard: BTreeMap<usize, Vec<Offer>> = BTreeMap::new();
        for offer in offers {
            let bytes = TOLD_TIMES * offer.vector.len() as u64;
            self.pays(offer.from, offer.to, bytes, bytes);
            heard.entry(offer.to).or_default().push(offer);
        }
        let heard: Vec<(usize, Vec<Offer>)> = heard.into_iter().collect();
        let asked = spread(self.settings.workers, &heard, |(to, offers)| {
            let began = clock();
            let site = &self.counties[*to].site;
            let mut asked: BTreeSet<(FeedId, u64)> = BTreeSet::new();
            let mut questions = Vec::new();
            for offer in offers {
                let theirs = Vector::decode(&offer.vector).unwrap_or_default();
                let (mut ranges, mut late) = (Vec::new(), Vec::new());
                for message in lacks(site, &theirs) {
                    match message {
                        Message::Pull(found) => ranges = found,
                        Message::AskKeys(found) => late = found,
                        Message::News
                        | Message::Ask
                        | Message::Holds(..)
                        | Message::Frames(_)
                        | Message::Keys(_) => {}
                    }
                }
                ranges.retain(|range| asked.insert((range.feed, range.from)));
                questions.push(Question {
                    from: offer.from,
                    to: *to,
                    vector: site.vector_for(&self.nodes[offer.from]).encode().len(),
                    ranges,
                    late,
                });
            }
            (questions, clock() - began)
        });
        let mut all = Vec::new();
        for ((to, _), (questions, took)) in heard.into_iter().zip(asked) {
            self.counties[to].cost.worked_ns += took;
            for question in questions {
                let bytes = TOLD_TIMES * question.vector as u64;
                self.pays(to, question.from, bytes, bytes);
                let ranges = RANGE_BYTES * question.ranges.len() as u64;
                self.pays(to, question.from, ranges, 0);
                if !question.ranges.is_empty() || !question.late.is_empty() {
                    all.push(question);
                }
            }
        }
        all
    }

    /// Lets each county that is asked give what the asker may have: entries, and then the keys to them.
    fn answers(&mut self, questions: Vec<Question>) -> BTreeMap<usize, Vec<Answer>> {
        let clock = self.settings.clock;
        let workers = self.settings.workers;
        let served = spread(workers, &questions, |question| {
            let began = clock();
            let site = &self.counties[question.from].site;
            let asker = &self.nodes[question.to];
            let found = frames_of(site, asker, &question.ranges);
            let frames = if let Some(Message::Frames(bytes)) = found {
                bytes
            } else {
                Vec::new()
            };
            let late = site.serve_keys(asker, &question.late);
            (frames, late, clock() - began)
        });
        let mut given: Vec<(usize, Answer)> = Vec::new();
        for (question, (frames, late, took)) in questions.iter().zip(served) {
            let (from, to) = (question.from, question.to);
            self.counties[from].cost.worked_ns += took;
            self.pays(from, to, frames.len() as u64, 0);
            self.pays(to, from, KEY_BYTES * question.late.len() as u64, 0);
            self.pays(from, to, KEY_BYTES * late.len() as u64, 0);
            let answer = Answer {
                from,
                frames,
                late,
                ..Answer::default()
            };
            given.push((to, answer));
        }
        let wanted = spread(workers, &given, |(to, answer)| {
            let began = clock();
            let (entries, _) = read_frames(&answer.frames);
            let wanted = self.counties[*to].site.keys_wanted(&entries);
            (wanted, clock() - began)
        });
        for ((to, answer), (wanted, took)) in given.iter_mut().zip(wanted) {
            self.counties[*to].cost.worked_ns += took;
            answer.wanted = wanted;
        }
        let keys = spread(workers, &given, |(to, answer)| {
            let began = clock();
            let site = &self.counties[answer.from].site;
            let keys = site.serve_keys(&self.nodes[*to], &answer.wanted);
            (keys, clock() - began)
        });
        let mut all: BTreeMap<usize, Vec<Answer>> = BTreeMap::new();
        for ((to, mut answer), (keys, took)) in given.into_iter().zip(keys) {
            self.counties[answer.from].cost.worked_ns += took;
            self.pays(to, answer.from, KEY_BYTES * answer.wanted.len() as u64, 0);
            self.pays(answer.from, to, KEY_BYTES * keys.len() as u64, 0);
            answer.keys = keys;
            all.entry(to).or_default().push(answer);
        }
        all
    }

    /// Lets each county take what it was given. Returns who has news now, and who is to be asked again by whom.
    #[expect(clippy::type_complexity, reason = "two sets, and each has but one use")]
    fn take(
        &mut self,
        answers: BTreeMap<usize, Vec<Answer>>,
    ) -> Result<(BTreeSet<usize>, BTreeSet<(usize, usize)>), String> {
        let clock = self.settings.clock;
        let taken = each(
            self.settings.workers,
            &mut self.counties,
            answers,
            |county, answers| {
                let began = clock();
                let mut from = Vec::new();
                for answer in answers {
                    if take_one(&mut county.site, &answer)? > 0 {
                        from.push(answer.from);
                    }
                }
                county.cost.worked_ns += clock() - began;
                Ok::<_, String>(from)
            },
        );
        let (mut news, mut again) = (BTreeSet::new(), BTreeSet::new());
        for (to, from) in taken {
            for from in from? {
                news.insert(to);
                again.insert((from, to));
            }
        }
        Ok((news, again))
    }

    /// Counts what all nodes ask each other in an hour in which nothing is new, from how far they hold things now:
    /// each asks each, and both vectors travel each time.
    fn idle(&mut self) {
        let clock = self.settings.clock;
        let times = 2 * 3_600 / ASKS_EVERY_S;
        let numbers: Vec<usize> = (0..self.counties.len()).collect();
        let asked = spread(self.settings.workers, &numbers, |from| {
            let began = clock();
            let site = &self.counties[*from].site;
            let mut lines = Vec::new();
            for node in contacts(site) {
                if let Some(to) = self.index.get(&node) {
                    lines.push((*to, site.vector_for(&node).encode().len() as u64));
                }
            }
            (lines, clock() - began)
        });
        for (from, (lines, took)) in asked.into_iter().enumerate() {
            self.counties[from].cost.idle_ns += times * took;
            for (to, bytes) in lines {
                self.counties[from].cost.idle += times * bytes;
                self.counties[to].cost.idle += times * bytes;
            }
        }
    }

    fn pays(&mut self, from: usize, to: usize, bytes: u64, vectors: u64) {
        self.counties[from].cost.sent += bytes;
        self.counties[from].cost.vectors += vectors;
        self.counties[to].cost.received += bytes;
        self.counties[to].cost.vectors += vectors;
    }

    /// Says whether all members hold all that was said in their operations.
    pub(super) fn agrees(&self, joint: &[Joint]) -> Result<(), String> {
        for (number, one) in joint.iter().enumerate() {
            let operation = self.operations[number].ok_or("an operation was not raised")?;
            let said = |site: &Site| {
                let feeds = site.shown.copies.feeds.values();
                let of = feeds.filter(|feed| {
                    let scope = feed.feed.scope;
                    scope == Scope::Operation(operation.0) || scope == Scope::Command(operation.0)
                });
                of.map(|feed| (feed.feed.node, feed.head))
                    .collect::<Vec<_>>()
            };
            let first = said(&self.counties[one.members[0]].site);
            if first.len() != one.members.len() + 1 {
                let (found, asked) = (first.len() - 1, one.members.len());
                return Err(format!(
                    "of {asked} members {found} are heard in {:?}",
                    one.name
                ));
            }
            for member in &one.members {
                let site = &self.counties[*member].site;
                if said(site) != first || !site.keys_missing.is_empty() {
                    return Err(format!(
                        "{} does not hold what the lead of {:?} does",
                        site.name, one.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// Returns what it has cost each county so far.
    pub(super) fn costs(&self) -> Vec<Cost> {
        self.counties.iter().map(County::costs).collect()
    }

    /// Returns the hash of what all nodes hold.
    pub(super) fn trace(&self) -> Hash {
        let mut told = Vec::new();
        for county in &self.counties {
            for feed in county.site.disk.feeds() {
                told.extend(county.site.disk.head(feed.id()).hash.0);
            }
        }
        Hash::of(&told)
    }
}

/// Takes what came from one node; returns how many entries were new.
fn take_one(site: &mut Site, answer: &Answer) -> Result<usize, String> {
    let full = |fault| format!("a disk failed: {fault}");
    let (entries, whole): (Vec<Entry>, bool) = read_frames(&answer.frames);
    if !whole {
        return Err("what a node gave cannot be read".to_owned());
    }
    site.hold_keys(&entries, &answer.keys);
    let heard = take(site, &answer.frames).map_err(full)?;
    site.add_keys(&answer.late).map_err(full)?;
    Ok(heard.taken)
}

/// Does the same with each of these, on so many threads; returns what came of it in the same order.
fn spread<J: Sync, T: Send>(workers: usize, jobs: &[J], does: impl Fn(&J) -> T + Sync) -> Vec<T> {
    if workers < 2 || jobs.len() < 2 * workers {
        return jobs.iter().map(does).collect();
    }
    let does = &does;
    std::thread::scope(|scope| {
        let parts = jobs.chunks(jobs.len().div_ceil(workers));
        let part = |part: &'_ [J]| part.iter().map(does).collect::<Vec<T>>();
        let spawned: Vec<_> = parts.map(|jobs| scope.spawn(move || part(jobs))).collect();
        let ended = spawned.into_iter().flat_map(|one| {
            one.join()
                .expect("what goes wrong is returned, and a panic ends the day")
        });
        ended.collect()
    })
}

/// Does something at each of these counties, on so many threads; returns what came of it, by county.
fn each<J: Send, T: Send>(
    workers: usize,
    counties: &mut [County],
    mut jobs: BTreeMap<usize, J>,
    does: impl Fn(&mut County, J) -> T + Sync,
) -> Vec<(usize, T)> {
    let with = counties.iter_mut().enumerate();
    let mut with: Vec<(usize, &mut County, J)> = with
        .filter_map(|(at, county)| jobs.remove(&at).map(|job| (at, county, job)))
        .collect();
    let does = &does;
    let all = |part: Vec<(usize, &mut County, J)>| {
        let done = part.into_iter();
        done.map(|(at, county, job)| (at, does(county, job)))
            .collect::<Vec<_>>()
    };
    if workers < 2 || with.len() < 2 * workers {
        return all(with);
    }
    let size = with.len().div_ceil(workers);
    let mut parts = Vec::new();
    while !with.is_empty() {
        let rest = with.split_off(size.min(with.len()));
        parts.push(std::mem::replace(&mut with, rest));
    }
    std::thread::scope(|scope| {
        let spawned: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || all(part)))
            .collect();
        let ended = spawned.into_iter().flat_map(|one| {
            one.join()
                .expect("what goes wrong is returned, and a panic ends the day")
        });
        ended.collect()
    })
}
