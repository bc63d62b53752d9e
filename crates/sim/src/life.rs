//! One life of a node, from one seed: who asks for what, when the disk fails, when the process dies.
//!
//! After every step, restart and death the invariants are looked at; the first broken one ends the life
//! and its story is kept. Start at [`run`], then [`Life::step`].

use std::collections::BTreeMap;

use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::engine::{HappenedWhen, Outcome, Request, Then};
use watchfire_core::entropy::Entropy;
use watchfire_core::limits;
use watchfire_core::record::directive::Ending;
use watchfire_core::record::person::Seat;
use watchfire_core::record::{Action, Actor, RecordRef};
use watchfire_core::refusal::Refusal;
use watchfire_feed::{
    Draft, Feed, Hash, Head, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope, Signer,
};

use crate::disk::{Disk, Fate};
use crate::host::{Ear, Host, Pumped};
use crate::office::{self, Desk};
use crate::{Plant, client, invariant};

/// When every life begins, in milliseconds since the epoch.
const BEGIN_MS: i64 = 1_700_000_000_000;
const HOUR_MS: i64 = 3_600_000;
/// One life in so many is one of the office, where the consoles have little to do.
const OFFICE_EVERY: u64 = 4;
/// How often in one step of such a life somebody in the office does something.
const OFFICE_ACTS: u64 = 4;

/// What a life is to be like.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// All follows from it.
    pub seed: u64,
    /// How many group commits it lasts.
    pub steps: u64,
    /// The mistake put in on purpose.
    pub plant: Plant,
}

/// What came up in a life, so that nobody mistakes a dull one for a proof.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Actions accepted and answered.
    pub accepted: u64,
    /// Actions refused.
    pub refused: u64,
    /// Actions answered as done before.
    pub repeated: u64,
    /// Asked again because no answer came.
    pub retried: u64,
    /// Appends that found the disk full.
    pub full: u64,
    /// Deaths before anything was written.
    pub died_before: u64,
    /// Deaths while it was written.
    pub died_during: u64,
    /// Deaths after the append and before the last answer.
    pub died_after: u64,
    /// Torn tails that recovery found and dropped.
    pub torn: u64,
    /// Restarts without a death.
    pub restarts: u64,
    /// Second writers that the disk refused.
    pub second_writers: u64,
    /// The largest group commit, in requests.
    pub largest_batch: u64,
    /// Duty posts that changed hands by a handover.
    pub handed_over: u64,
    /// Of these, without the outgoing person, who was gone.
    pub gone: u64,
    /// Items that were taken over in them.
    pub items: u64,
    /// Books of a day that were signed.
    pub settled: u64,
    /// Of these, held against the day before.
    pub followed: u64,
    /// Lines that were carried over in them.
    pub carried: u64,
    /// Corrections of signed days.
    pub corrected: u64,
    /// Directives of which all was done.
    pub done: u64,
    /// Offers of support that were promised.
    pub promised: u64,
}

impl Counts {
    /// Counts what stands on a board at the end of a life.
    fn see(&mut self, board: &Board) {
        for one in board.handovers.values().filter(|one| one.is_signed()) {
            self.handed_over += 1;
            self.gone += u64::from(one.gone.is_some());
            self.items += one.items.len() as u64;
        }
        for one in board.settlements.values() {
            let Some(signed) = &one.signed else { continue };
            self.settled += 1;
            self.followed += u64::from(signed.follows);
            self.carried += one.carried.len() as u64;
            self.corrected += one.corrections.len() as u64;
        }
        let done = board.directives.values().filter(|one| {
            let ended = one.ended.as_ref().map(|(_, ending)| ending);
            ended == Some(&Ending::Closed { in_part: None })
        });
        self.done += done.count() as u64;
        let promised = board.support_offers.values();
        self.promised += promised.filter(|one| one.promised > 0).count() as u64;
    }
}

/// A life that broke nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// SHA-256 of the whole story and of all that was signed in it.
    pub trace: Hash,
    /// What came up.
    pub counts: Counts,
    /// Entries signed that are on the disk at the end.
    pub entries: usize,
}

/// A broken invariant.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed that tells it again.
    pub seed: u64,
    /// The step at which it broke.
    pub step: u64,
    /// What broke, and how.
    pub broken: String,
    /// The story so far, line by line.
    pub story: Vec<String>,
}

/// Lives one life.
pub fn run(settings: Settings) -> Result<Report, Box<Failure>> {
    let mut life = Life::begin(settings);
    for step in 1..=settings.steps {
        life.at_step = step;
        if let Err(broken) = life.step() {
            return Err(life.failure(broken));
        }
    }
    if let Err(broken) = life
        .restart("the end")
        .and_then(|()| invariant::at_the_end(&life))
    {
        return Err(life.failure(broken));
    }
    life.counts.torn = life.disk.torn_found;
    life.counts.see(&life.host.shown);
    let mut told: Vec<u8> = life.story.join("\n").into_bytes();
    told.extend(life.disk.head().hash.0);
    Ok(Report {
        trace: Hash::of(&told),
        counts: life.counts,
        entries: life.disk.entries.len(),
    })
}

/// Something that a client waits for.
#[derive(Debug, Clone)]
struct Ask {
    ticket: u64,
    person: PersonId,
    words: String,
    action: Action,
    happened: HappenedWhen,
    tries: u64,
}

/// An answer that a client holds in hand.
#[derive(Debug, Clone)]
pub(crate) struct Acked {
    /// Whose.
    pub(crate) person: PersonId,
    /// The idempotency key.
    pub(crate) key: String,
    /// What it was told.
    pub(crate) records: Vec<(RecordRef, u64)>,
}

/// What the clients heard in one pump.
#[derive(Debug, Default)]
struct Heard(Vec<(u64, Result<Outcome, Refusal>)>);

impl Ear for Heard {
    fn hear(&mut self, disk: &Disk, then: Then) -> Result<(), String> {
        invariant::nothing_before_durable::check(disk, &then)?;
        self.0.push((then.ticket, then.answer));
        Ok(())
    }
}

/// A node's life so far.
#[derive(Debug)]
pub(crate) struct Life {
    /// The disk.
    pub(crate) disk: Disk,
    /// The process.
    pub(crate) host: Host,
    /// The clock.
    pub(crate) now: Timestamp,
    /// Every answer "yes" that any client ever got.
    pub(crate) acked: Vec<Acked>,
    /// The head and the screens when last all was quiet.
    pub(crate) quiet: (Head, Board),
    /// What the clock said when each entry on the disk was written.
    pub(crate) written: Vec<Timestamp>,
    settings: Settings,
    dice: Entropy,
    signer_seed: [u8; 32],
    waiting: Vec<Ask>,
    answered: BTreeMap<u64, Ask>,
    tickets: u64,
    at_step: u64,
    counts: Counts,
    story: Vec<String>,
}

impl Life {
    fn begin(settings: Settings) -> Life {
        let mut dice = Entropy::from_number(settings.seed);
        let signer_seed = dice.next_32();
        let signer = Signer::from_seed(signer_seed);
        let key = signer.public_key();
        let feed = Feed {
            node: NodeId::of_key(&key),
            scope: Scope::Local,
            epoch: 1,
            key,
        };
        let draft = Draft {
            kind: OPENING_KIND,
            kind_version: OPENING_KIND_VERSION,
            critical: true,
            record: [0; 16],
            record_version: 0,
            time: HybridTime::from_parts(BEGIN_MS as u64, 0),
            deps: &[],
            plain: feed.opening_body(None, "simulated"),
            sealed: Vec::new(),
        };
        let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft)
            .expect("an opening is small and comes first");
        let disk = Disk::new(feed, opening, settings.plant);
        let host = Host::start(&disk, signer_seed, dice.next_32(), settings.plant)
            .expect("a new disk can be read");
        Life {
            quiet: (disk.head(), host.shown.clone()),
            disk,
            host,
            now: Timestamp(BEGIN_MS),
            acked: Vec::new(),
            written: Vec::new(),
            settings,
            dice,
            signer_seed,
            waiting: Vec::new(),
            answered: BTreeMap::new(),
            tickets: 0,
            at_step: 0,
            counts: Counts::default(),
            story: Vec::new(),
        }
    }

    fn step(&mut self) -> Result<(), String> {
        self.move_clock();
        let of_the_office = self.settings.seed.is_multiple_of(OFFICE_EVERY);
        let wanted = match self.dice.below(8) {
            _ if of_the_office => 1,
            0 => 1 + self.dice.below(limits::BATCH_INPUTS_MAX as u64),
            1..=3 => 2 + self.dice.below(7),
            _ => 1,
        };
        for _ in 0..wanted {
            self.somebody_asks();
        }
        if of_the_office {
            self.office_asks();
        }
        let asks = self.next_batch();
        let dies_before = self.draw_fate(asks.len());
        self.pump(asks, dies_before)?;
        match self.dice.below(24) {
            0 => {
                self.counts.restarts += 1;
                self.restart("it is restarted")
            }
            1 => self.second_writer(),
            _ => Ok(()),
        }
    }

    fn move_clock(&mut self) {
        let (moved_ms, words) = match self.dice.below(14) {
            0 => (HOUR_MS, "the clock jumps an hour ahead"),
            1 => (-HOUR_MS, "the clock jumps an hour back"),
            2 => (-(self.dice.below(5_000) as i64), "the clock goes back"),
            3 => (0, "the clock stands still"),
            _ => (self.dice.below(20_000) as i64, ""),
        };
        self.now.0 += moved_ms;
        if !words.is_empty() {
            self.tell(words);
        }
    }

    fn somebody_asks(&mut self) {
        self.tickets += 1;
        let (words, action) = client::ask(&self.host.shown, &mut self.dice);
        let happened = match self.dice.below(8) {
            0 => HappenedWhen::At(Timestamp(self.now.0 - self.dice.below(600_000) as i64)),
            _ => HappenedWhen::Now,
        };
        self.waiting.push(Ask {
            ticket: self.tickets,
            person: PersonId([self.dice.below(3) as u8 + 1; 16]),
            words,
            action,
            happened,
            tries: 0,
        });
    }

    /// The people beside the consoles ask, by dice of their own.
    fn office_asks(&mut self) {
        let mut dice = Entropy::from_number(self.settings.seed ^ self.at_step << 20);
        let desk = Desk {
            board: &self.host.shown,
            home: self.disk.feed.node,
            now: self.now,
        };
        let wishes: Vec<office::Wish> = (0..OFFICE_ACTS)
            .flat_map(|_| office::act(desk, &mut dice))
            .collect();
        for (person, words, action) in wishes {
            self.tickets += 1;
            self.waiting.push(Ask {
                ticket: self.tickets,
                person,
                words,
                action,
                happened: HappenedWhen::Now,
                tries: 0,
            });
        }
    }

    /// Notes what the clock said when the entries that are new on the disk were written.
    fn note_written(&mut self) {
        self.written.resize(self.disk.entries.len(), self.now);
    }

    /// Takes what is waiting, and at times something twice, or something that was answered long ago.
    fn next_batch(&mut self) -> Vec<Ask> {
        let mut asks: Vec<Ask> = self.waiting.clone();
        if self.dice.below(6) == 0 {
            let twice = self.dice.below(asks.len() as u64) as usize;
            asks.push(asks[twice].clone());
        }
        let old: Vec<u64> = self.answered.keys().copied().collect();
        if self.dice.below(4) == 0 && !old.is_empty() {
            let ticket = old[self.dice.below(old.len() as u64) as usize];
            asks.insert(0, self.answered[&ticket].clone());
        }
        asks.truncate(limits::BATCH_INPUTS_MAX);
        asks
    }

    fn draw_fate(&mut self, asks: usize) -> Option<usize> {
        self.disk.fate = Fate::Written;
        match self.dice.below(16) {
            0 => self.disk.fate = Fate::Full,
            1 => self.disk.fate = Fate::LostBefore,
            2 | 3 => {
                let kept_permille = self.dice.below(1_001);
                let damaged = self.dice.below(2) == 0;
                self.disk.fate = Fate::Torn {
                    kept_permille,
                    damaged,
                };
            }
            4 | 5 => return Some(self.dice.below(asks as u64) as usize),
            _ => {}
        }
        None
    }

    fn pump(&mut self, mut asks: Vec<Ask>, dies_before: Option<usize>) -> Result<(), String> {
        for ask in &mut asks {
            ask.tries += 1;
            let Ask {
                ticket,
                words,
                tries,
                ..
            } = &*ask;
            self.story
                .push(format!("    {ticket} (try {tries}): {words}"));
        }
        for ask in &mut self.waiting {
            self.counts.retried += u64::from(ask.tries > 0);
            ask.tries += 1;
        }
        let size = asks.len() as u64;
        self.counts.largest_batch = self.counts.largest_batch.max(size);
        let fate = self.disk.fate;
        let requests = asks.iter().map(request).collect();
        let mut heard = Heard::default();
        let pumped = self
            .host
            .pump(&mut self.disk, requests, self.now, dies_before, &mut heard)?;
        self.note_written();
        self.tell(&format!(
            "{size} asked, {} answered: {pumped:?}",
            heard.0.len()
        ));
        for (ticket, answer) in heard.0 {
            self.hears(&asks, ticket, answer)?;
        }
        match pumped {
            Pumped::Well => {}
            Pumped::Full => self.counts.full += 1,
            Pumped::Died(_) => {
                *match fate {
                    Fate::LostBefore => &mut self.counts.died_before,
                    Fate::Torn { .. } => &mut self.counts.died_during,
                    Fate::Written | Fate::Full => &mut self.counts.died_after,
                } += 1;
                return self.restart("it starts again");
            }
        }
        invariant::when_quiet(self)?;
        self.quiet = (self.disk.head(), self.host.shown.clone());
        Ok(())
    }

    fn hears(
        &mut self,
        asks: &[Ask],
        ticket: u64,
        answer: Result<Outcome, Refusal>,
    ) -> Result<(), String> {
        self.waiting.retain(|ask| ask.ticket != ticket);
        let outcome = match answer {
            Ok(outcome) => outcome,
            Err(refusal) => {
                self.counts.refused += 1;
                self.story
                    .push(format!("    {ticket} refused: {}", refusal.what().en));
                // "No" is an answer to what was never done; one that was accepted stays accepted.
                return match self.answered.contains_key(&ticket) {
                    true => Err(format!(
                        "{ticket} was accepted, and is refused when asked again"
                    )),
                    false => Ok(()),
                };
            }
        };
        self.counts.accepted += 1;
        self.counts.repeated += u64::from(outcome.repeated);
        let ask = asks.iter().find(|ask| ask.ticket == ticket);
        let ask = ask.ok_or("an answer that nobody asked for")?;
        let key = key_of(ticket);
        let before = self.acked.iter().find(|acked| acked.key == key);
        if let Some(before) = before {
            if before.records != outcome.records {
                return Err(format!("{ticket} is answered differently when asked again"));
            }
            return Ok(());
        }
        self.answered.insert(ticket, ask.clone());
        self.acked.push(Acked {
            person: ask.person,
            key,
            records: outcome.records,
        });
        Ok(())
    }

    fn restart(&mut self, words: &str) -> Result<(), String> {
        self.tell(words);
        self.disk.recover();
        self.note_written();
        self.disk.fate = Fate::Written;
        let entropy = self.dice.next_32();
        self.host = Host::start(&self.disk, self.signer_seed, entropy, self.settings.plant)?;
        invariant::after_restart(self)?;
        invariant::when_quiet(self)?;
        self.quiet = (self.disk.head(), self.host.shown.clone());
        Ok(())
    }

    /// Lets a second process write to the same disk after the first has gone on; it must be refused and stay silent.
    fn second_writer(&mut self) -> Result<(), String> {
        struct Deaf;
        impl Ear for Deaf {
            fn hear(&mut self, _: &Disk, _: Then) -> Result<(), String> {
                Err("a second writer spoke".to_owned())
            }
        }
        self.tell("a second process starts on the same disk");
        let entropy = self.dice.next_32();
        let mut second = Host::start(&self.disk, self.signer_seed, entropy, self.settings.plant)?;
        let before = self.disk.head();
        self.somebody_asks();
        let asks = self.next_batch();
        self.disk.fate = Fate::Written;
        self.pump(asks, None)?;
        if self.disk.head() == before {
            return Ok(()); // All was refused; the second process is not behind.
        }
        let after = self.disk.head();
        self.tickets += 1;
        let action = loop {
            let (words, action) = client::ask(&Board::default(), &mut self.dice);
            if words == "takes a call" {
                break action;
            }
        };
        let ask = Ask {
            ticket: self.tickets,
            person: PersonId([9; 16]),
            words: "takes a call at the second process".to_owned(),
            action,
            happened: HappenedWhen::Now,
            tries: 1,
        };
        let requests = vec![request(&ask)];
        if self.settings.plant == Plant::AnswersFirst {
            return Ok(());
        }
        let pumped = second.pump(&mut self.disk, requests, self.now, None, &mut Deaf)?;
        self.counts.second_writers += 1;
        match pumped {
            Pumped::Died(_) if self.disk.head() == after => Ok(()),
            Pumped::Died(_) | Pumped::Full | Pumped::Well => {
                Err(format!("a second writer was let in: {pumped:?}"))
            }
        }
    }

    fn tell(&mut self, words: &str) {
        let since_s = (self.now.0 - BEGIN_MS) / 1_000;
        let (step, seq) = (self.at_step, self.disk.head().seq);
        self.story
            .push(format!("step {step}, {since_s} s, entry {seq}: {words}"));
    }

    fn failure(self, broken: String) -> Box<Failure> {
        Box::new(Failure {
            seed: self.settings.seed,
            step: self.at_step,
            broken,
            story: self.story,
        })
    }
}

fn key_of(ticket: u64) -> String {
    format!("ticket {ticket}")
}

fn request(ask: &Ask) -> Request {
    Request {
        ticket: ask.ticket,
        key: key_of(ask.ticket),
        fingerprint: Hash::of(format!("{:?}", ask.action).as_bytes()).0,
        by: Actor {
            person: ask.person,
            seat: Seat::Dispatcher,
        },
        if_version: None,
        happened: ask.happened,
        action: ask.action.clone(),
    }
}
