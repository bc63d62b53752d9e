//! Every way in which an enrolment can go: all orders, losses, repetitions and replays of what the two sides say, what
//! people say at any moment, and clocks that run on apart, searched to the end. Whatever was sent once may be
//! delivered any number of times and in any order: that is more than a network does.
//!
//! A good end needs two words, and a bad one a refusal or time that has run out; nothing else may lead to either.
//! [`Model::check`] says what must hold in each state, [`search`] that from each state in which nobody has failed or
//! refused it can still go well.

use std::collections::{BTreeSet, HashMap, VecDeque};

use watchfire_feed::{Hash, NodeId};

use super::inviter::{Calling, With};
use super::message::{Answer, Message};
use super::tests::{identity, known, own, verify};
use super::{
    Accepter, COMPARE_S, Code, INVITATION_S, Invitation, Inviter, OUTCOME_S, State, Why, commitment,
};

const A: u8 = 1;
const B: u8 = 2;
/// Somebody who has read the invitation.
const M: u8 = 3;
const SECRET: [u8; 16] = [7; 16];
const NONCE_A: [u8; 32] = [0xa; 32];
const NONCE_B: [u8; 32] = [0xb; 32];
const NONCE_M: [u8; 32] = [0xc; 32];
/// Moments that matter: the beginning, after each time has run out.
const TIMES: [u64; 4] = [
    0,
    COMPARE_S,
    INVITATION_S + COMPARE_S,
    INVITATION_S + COMPARE_S + OUTCOME_S,
];

/// Takes what may happen.
type Step<'a> = dyn FnMut(&dyn Fn(&mut World)) + 'a;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Word {
    Nothing,
    Yes,
    No,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    a: Inviter,
    b: Accepter,
    to_a: BTreeSet<Vec<u8>>,
    to_b: BTreeSet<Vec<u8>>,
    clock_a: usize,
    clock_b: usize,
    said_a: Word,
    said_b: Word,
    shown_a: Option<Code>,
    shown_b: Option<Code>,
}

/// Which world is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    /// Nobody else takes part.
    Two,
    /// A third has read the invitation, and is at A's door with whatever he likes.
    Leaked,
}

fn invitation() -> Invitation {
    Invitation {
        node: NodeId([A; 32]),
        anchor: Hash::of(&known(A).anchors[0]),
        secret: SECRET,
        expires: INVITATION_S,
        addresses: vec!["a.example:1".to_owned()],
    }
}

fn beginning() -> World {
    World {
        a: Inviter::new(&invitation(), own(A)),
        b: Accepter::new(invitation(), own(B), NONCE_B, 0),
        to_a: BTreeSet::new(),
        to_b: BTreeSet::new(),
        clock_a: 0,
        clock_b: 0,
        said_a: Word::Nothing,
        said_b: Word::Nothing,
        shown_a: None,
        shown_b: None,
    }
}

fn code_of(state: &State) -> Option<Code> {
    match state {
        State::Comparing(compared)
        | State::ConfirmedHere(compared)
        | State::ConfirmedThere(compared) => Some(compared.code),
        State::Invited | State::Enrolled { .. } | State::Failed(_) => None,
    }
}

impl World {
    /// A receives a message from a node, whichever.
    fn deliver(&mut self, from: u8, message: &Message) -> Answer {
        let anchor = known(from).anchors[0].clone();
        // Once A has enrolled somebody, that one calls as a peer.
        let is_peer =
            matches!(self.a.state(), State::Enrolled { node, .. } if node == NodeId([from; 32]));
        let calling = Calling {
            node: NodeId([from; 32]),
            anchor: (!is_peer).then_some(anchor.as_slice()),
        };
        let with = With {
            verify: &verify,
            nonce: NONCE_A,
            now: TIMES[self.clock_a],
        };
        self.a.take(calling, message, &with)
    }

    fn look(mut self) -> World {
        self.shown_a = self.shown_a.or(code_of(&self.a.state()));
        self.shown_b = self.shown_b.or(code_of(&self.b.state()));
        self
    }
}

impl Model {
    /// Returns all that can happen next.
    fn steps(self, world: &World) -> Vec<World> {
        let mut next = Vec::new();
        let mut step = |change: &dyn Fn(&mut World)| {
            let mut changed = world.clone();
            change(&mut changed);
            let changed = changed.look();
            if changed != *world {
                next.push(changed);
            }
        };
        if let Some(message) = world.b.next() {
            step(&|world| {
                world.to_a.insert(message.encode());
            });
        }
        for bytes in &world.to_a {
            let message = Message::decode(bytes).unwrap();
            step(&|world| {
                let answer = world.deliver(B, &message);
                world.to_b.insert(answer.encode());
            });
        }
        for bytes in &world.to_b {
            let answer = Answer::decode(bytes).unwrap();
            step(&|world| world.b.heard(&answer, &verify, TIMES[world.clock_b]));
        }
        if world.clock_a + 1 < TIMES.len() {
            step(&|world| {
                world.clock_a += 1;
                world.a.tick(TIMES[world.clock_a]);
            });
        }
        if world.clock_b + 1 < TIMES.len() {
            step(&|world| {
                world.clock_b += 1;
                world.b.tick(TIMES[world.clock_b]);
            });
        }
        self.people(world, &mut step);
        step(&|world| world.a.settle());
        step(&|world| world.b.settle());
        if self == Model::Leaked {
            for message in by_m(world) {
                step(&|world| {
                    world.deliver(M, &message);
                });
            }
        }
        next
    }

    /// People confirm only a code that was seen on both screens; they may refuse at any time.
    fn people(self, world: &World, step: &mut Step<'_>) {
        let (here, there) = (code_of(&world.a.state()), code_of(&world.b.state()));
        if let Some(code) = here.filter(|_| here == world.shown_b) {
            step(&|world| {
                if world.a.confirm(code).is_ok() && world.said_a == Word::Nothing {
                    world.said_a = Word::Yes;
                }
            });
        }
        if let Some(code) = there.filter(|_| there == world.shown_a) {
            step(&|world| {
                let now = TIMES[world.clock_b];
                if world.b.confirm(code, now).is_ok() && world.said_b == Word::Nothing {
                    world.said_b = Word::Yes;
                }
            });
        }
        step(&|world| {
            if !world.a.is_over() && world.a.refuse().is_ok() {
                world.said_a = Word::No;
            }
        });
        step(&|world| {
            if !world.b.is_over() && world.b.refuse().is_ok() {
                world.said_b = Word::No;
            }
        });
    }

    /// Says what must hold at any moment.
    fn check(self, world: &World) {
        let (a, b) = (world.a.state(), world.b.state());
        if let (Some(one), Some(other), Model::Two) = (world.shown_a, world.shown_b, self) {
            assert_eq!(one, other, "two who are alone see the same code");
        }
        let both_said = world.said_a == Word::Yes && world.said_b == Word::Yes;
        if let State::Enrolled { node, .. } = &a {
            assert!(both_said, "A alone: {world:?}");
            assert_eq!(*node, NodeId([B; 32]), "whom people compared");
        }
        if world.b.agreed().is_some() || matches!(b, State::Enrolled { .. }) {
            assert!(both_said, "B alone: {world:?}");
            assert!(
                matches!(a, State::Enrolled { .. }),
                "B before it was durable at A: {world:?}"
            );
        }
        for state in [a, b] {
            let State::Failed(why) = state else {
                continue;
            };
            let by_time_or_word = matches!(
                why,
                Why::Expired | Why::TooLate | Why::NotHeard | Why::RefusedHere | Why::RefusedThere
            );
            assert!(by_time_or_word || self != Model::Two, "{why}: {world:?}");
        }
    }
}

/// What M, who has the invitation, can say at A's door: his own part, and anything that he heard of B's.
fn by_m(world: &World) -> Vec<Message> {
    let id = world.a.id;
    let identity_m = identity(M);
    let exchange = super::Exchange {
        inviter: (NodeId([A; 32]), known(A).head, NONCE_A),
        accepter: (NodeId([M; 32]), known(M).head, NONCE_M),
    };
    let mut all = vec![
        Message::Hello {
            secret: SECRET,
            commitment: commitment(NodeId([M; 32]), &identity_m, &NONCE_M),
            identity: identity_m,
        },
        Message::Reveal { id, nonce: NONCE_M },
        Message::Confirm {
            id,
            transcript: exchange.transcript(),
        },
        Message::Ask { id },
        Message::Forget { id },
    ];
    all.extend(world.to_a.iter().filter_map(|bytes| Message::decode(bytes)));
    all
}

/// Searches all states, checks each, and returns how many there are and how many ended with both enrolled.
fn search(model: Model) -> (usize, usize) {
    let first = beginning();
    let mut numbers = HashMap::from([(first.clone(), 0_usize)]);
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut worlds = vec![first];
    let mut at = 0;
    while at < worlds.len() {
        let world = worlds[at].clone();
        model.check(&world);
        for next in model.steps(&world) {
            let is_end = |world: &World| (world.a.is_over(), world.b.is_over());
            if is_end(&world).0 {
                assert_eq!(world.a.state(), next.a.state(), "A's end is its end");
            }
            if is_end(&world).1 {
                assert_eq!(world.b.state(), next.b.state(), "B's end is its end");
            }
            let number = *numbers.entry(next).or_insert_with_key(|next| {
                worlds.push(next.clone());
                before.push(Vec::new());
                worlds.len() - 1
            });
            before[number].push(at);
        }
        at += 1;
    }
    let enrolled = |state: State| matches!(state, State::Enrolled { .. });
    let failed = |state: State| matches!(state, State::Failed(_));
    let good = |world: &World| enrolled(world.a.state()) && enrolled(world.b.state());
    let ends: Vec<usize> = (0..worlds.len()).filter(|at| good(&worlds[*at])).collect();
    let mut can_go_well = vec![false; worlds.len()];
    let mut queue: VecDeque<usize> = ends.iter().copied().collect();
    while let Some(at) = queue.pop_front() {
        if !can_go_well[at] {
            can_go_well[at] = true;
            queue.extend(&before[at]);
        }
    }
    if model == Model::Two {
        for (world, can) in worlds.iter().zip(&can_go_well) {
            let over = failed(world.a.state()) || failed(world.b.state());
            assert!(*can || over, "stuck: {world:?}");
        }
    }
    (worlds.len(), ends.len())
}

#[test]
fn whatever_is_lost_repeated_or_late_two_alone_agree_or_both_forget() {
    let (states, ends) = search(Model::Two);
    assert!(
        states > 1_000 && ends > 0,
        "{states} states, {ends} good ends"
    );
}

#[test]
fn whoever_has_read_the_invitation_spoils_it_and_gains_nothing() {
    let (states, ends) = search(Model::Leaked);
    assert!(
        states > 1_000 && ends > 0,
        "{states} states, {ends} good ends"
    );
}
