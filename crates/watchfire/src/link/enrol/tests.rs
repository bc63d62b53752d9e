//! Enrolments step by step, without a line: how they go well, and each way in which they must not.

use watchfire_feed::{Hash, NodeId};

use super::inviter::{Calling, With};
use super::message::{Answer, Message, Standing};
use super::*;

/// An identity of the tests: its number, so that what it says is known without a feed.
pub(super) fn identity(number: u8) -> Vec<u8> {
    vec![b'i', number]
}

pub(super) fn known(number: u8) -> Known {
    Known {
        node: NodeId([number; 32]),
        name: format!("node {number}"),
        head: Hash([number | 0x80; 32]),
        anchors: vec![vec![b'a', number]],
    }
}

pub(super) fn verify(identity: &[u8]) -> Result<Known, Why> {
    match identity {
        [b'i', number] => Ok(known(*number)),
        _ => Err(Why::Identity("not signed".to_owned())),
    }
}

pub(super) fn own(number: u8) -> Own {
    Own {
        node: NodeId([number; 32]),
        head: known(number).head,
        identity: identity(number),
    }
}

const NOW: u64 = 5_000;

fn invitation() -> Invitation {
    Invitation {
        node: NodeId([1; 32]),
        anchor: Hash::of(&known(1).anchors[0]),
        secret: [7; 16],
        expires: NOW + INVITATION_S,
        addresses: vec!["a.example:1".to_owned()],
    }
}

/// Two sides, and a line between them that loses nothing.
struct Pair {
    a: Inviter,
    b: Accepter,
    /// Who is at the accepter's end of the line.
    caller: u8,
    now: u64,
}

impl Pair {
    fn new() -> Pair {
        Pair {
            a: Inviter::new(&invitation(), own(1)),
            b: Accepter::new(invitation(), own(2), [0xb; 32], NOW),
            caller: 2,
            now: NOW,
        }
    }

    fn at_a(&mut self, from: u8, message: &Message) -> Answer {
        let anchor = known(from).anchors[0].clone();
        let calling = Calling {
            node: NodeId([from; 32]),
            anchor: Some(&anchor),
        };
        let with = With {
            verify: &verify,
            nonce: [0xa; 32],
            now: self.now,
        };
        self.a.take(calling, message, &with)
    }

    /// B says one thing and hears the answer.
    fn step(&mut self) {
        let message = self.b.next().expect("B has something to say");
        let answer = self.at_a(self.caller, &message);
        self.b.heard(&answer, &verify, self.now);
    }

    fn compared() -> (Pair, Code) {
        let mut pair = Pair::new();
        pair.step();
        assert_eq!(
            pair.a.state(),
            State::Invited,
            "the nonce is not revealed yet"
        );
        pair.step();
        let State::Comparing(there) = pair.b.state() else {
            panic!("{:?}", pair.b.state());
        };
        let State::Comparing(here) = pair.a.state() else {
            panic!("{:?}", pair.a.state());
        };
        assert_eq!(here.code, there.code);
        assert_eq!((here.node, here.name.as_str()), (NodeId([2; 32]), "node 2"));
        assert_eq!(
            (there.node, there.name.as_str()),
            (NodeId([1; 32]), "node 1")
        );
        (pair, here.code)
    }

    fn both_failed(&self) -> bool {
        matches!(self.a.state(), State::Failed(_)) && matches!(self.b.state(), State::Failed(_))
    }
}

pub(super) fn is_enrolled(state: &State) -> bool {
    matches!(state, State::Enrolled { .. })
}

#[test]
fn a_code_is_twelve_digits_in_groups_and_is_read_as_it_is_typed() {
    let code = Code(1_002_003);
    assert_eq!(code.to_string(), "000 001 002 003");
    assert_eq!(Code::parse(" 000 001\t002003 "), Some(code));
    assert_eq!(
        Code::parse("999999999999").map(|code| code.to_string()),
        Some("999 999 999 999".to_owned())
    );
    for wrong in [
        "",
        "00000100200",
        "0000010020033",
        "00000100200a",
        "+00001002003",
        "００００",
    ] {
        assert_eq!(Code::parse(wrong), None, "{wrong}");
    }
    assert_eq!(
        EnrolmentId::parse(&EnrolmentId([9; 16]).to_string()),
        Some(EnrolmentId([9; 16]))
    );
    assert_eq!(EnrolmentId::parse("09"), None);
}

#[test]
fn the_code_depends_on_every_part_of_the_exchange() {
    let plain = Exchange {
        inviter: (NodeId([1; 32]), Hash([2; 32]), [3; 32]),
        accepter: (NodeId([4; 32]), Hash([5; 32]), [6; 32]),
    };
    let mut others = [plain; 7];
    others[0].inviter.0.0[31] ^= 1;
    others[1].inviter.1.0[31] ^= 1;
    others[2].inviter.2[31] ^= 1;
    others[3].accepter.0.0[31] ^= 1;
    others[4].accepter.1.0[31] ^= 1;
    others[5].accepter.2[31] ^= 1;
    others[6] = Exchange {
        inviter: plain.accepter,
        accepter: plain.inviter,
    };
    for other in others {
        assert_ne!(other.code(), plain.code());
        assert_ne!(other.transcript(), plain.transcript());
    }
}

#[test]
fn it_goes_well_in_either_order_of_confirming() {
    let (mut pair, code) = Pair::compared();
    pair.a.confirm(code).unwrap();
    assert!(matches!(pair.a.state(), State::ConfirmedHere(_)));
    pair.step();
    assert!(matches!(pair.b.state(), State::ConfirmedThere(_)));
    pair.b.confirm(code, NOW).unwrap();
    pair.step();
    assert!(!is_enrolled(&pair.b.state()), "it is not durable at A");
    pair.a.settle();
    pair.step();
    assert!(pair.b.agreed().is_some() && !is_enrolled(&pair.b.state()));
    pair.b.settle();
    assert!(is_enrolled(&pair.a.state()) && is_enrolled(&pair.b.state()));
    assert_eq!(pair.b.next(), None);

    let (mut pair, code) = Pair::compared();
    pair.b.confirm(code, NOW).unwrap();
    pair.step();
    assert!(matches!(pair.b.state(), State::ConfirmedHere(_)));
    assert!(matches!(pair.a.state(), State::ConfirmedThere(_)));
    pair.a.confirm(code).unwrap();
    assert_eq!(pair.a.agreed().unwrap().known, known(2));
    pair.a.settle();
    pair.step();
    assert_eq!(pair.b.agreed().unwrap().known, known(1));
    assert_eq!(pair.b.agreed().unwrap().addresses, invitation().addresses);
}

#[test]
fn a_code_that_is_not_the_one_shown_is_not_confirmed() {
    let (mut pair, code) = Pair::compared();
    let other = Code((code.0 + 1) % 1_000_000_000_000);
    assert_eq!(pair.a.confirm(other), Err(WordError::OtherCode));
    assert_eq!(pair.b.confirm(other, NOW), Err(WordError::OtherCode));
    assert_eq!(Pair::new().a.confirm(code), Err(WordError::NotComparing));
    assert_eq!(
        Pair::new().b.confirm(code, NOW),
        Err(WordError::NotComparing)
    );
}

#[test]
fn a_refusal_on_either_side_ends_it_on_both() {
    let (mut pair, code) = Pair::compared();
    pair.b.confirm(code, NOW).unwrap();
    pair.step();
    pair.a.refuse().unwrap();
    pair.step();
    assert_eq!(pair.a.state(), State::Failed(Why::RefusedHere));
    assert_eq!(pair.b.state(), State::Failed(Why::RefusedThere));
    assert_eq!(pair.b.next(), None);

    let (mut pair, code) = Pair::compared();
    pair.a.confirm(code).unwrap();
    pair.b.refuse().unwrap();
    pair.step();
    assert_eq!(pair.a.state(), State::Failed(Why::RefusedThere));
    assert_eq!(pair.b.state(), State::Failed(Why::RefusedHere));
    assert_eq!(pair.b.next(), None);

    // What is confirmed at B may be decided at A already; what both have confirmed is.
    let (mut pair, code) = Pair::compared();
    pair.b.confirm(code, NOW).unwrap();
    assert_eq!(pair.b.refuse(), Err(WordError::Confirmed));
    pair.step();
    pair.a.confirm(code).unwrap();
    assert_eq!(pair.a.refuse(), Err(WordError::Confirmed));
}

#[test]
fn times_run_out_at_the_second() {
    let mut pair = Pair::new();
    pair.now = NOW + INVITATION_S - 1;
    pair.a.tick(pair.now);
    assert_eq!(pair.a.state(), State::Invited);
    pair.now += 1;
    pair.step();
    assert_eq!(pair.a.state(), State::Failed(Why::Expired));
    assert_eq!(pair.b.state(), State::Failed(Why::Expired));

    let (mut pair, code) = Pair::compared();
    pair.a.confirm(code).unwrap();
    pair.a.tick(NOW + COMPARE_S - 1);
    pair.b.tick(NOW + COMPARE_S - 1);
    assert!(matches!(pair.a.state(), State::ConfirmedHere(_)));
    assert!(matches!(pair.b.state(), State::Comparing(_)));
    pair.a.tick(NOW + COMPARE_S);
    pair.b.tick(NOW + COMPARE_S);
    assert_eq!(pair.a.state(), State::Failed(Why::TooLate));
    assert_eq!(pair.b.state(), State::Failed(Why::TooLate));

    let (mut pair, code) = Pair::compared();
    pair.b.confirm(code, NOW).unwrap();
    pair.b.tick(NOW + OUTCOME_S - 1);
    assert!(matches!(pair.b.state(), State::ConfirmedHere(_)));
    pair.b.tick(NOW + OUTCOME_S);
    assert_eq!(pair.b.state(), State::Failed(Why::NotHeard));
    // What both have confirmed does not run out before it is durable.
    let (mut pair, code) = Pair::compared();
    pair.b.confirm(code, NOW).unwrap();
    pair.step();
    pair.a.confirm(code).unwrap();
    pair.a.tick(NOW + COMPARE_S * 100);
    pair.a.settle();
    assert!(is_enrolled(&pair.a.state()));
}

#[test]
fn an_invitation_works_once() {
    // Somebody else, at each point of the way, comes with the same invitation.
    for steps in 0..3 {
        let mut pair = Pair::new();
        for _ in 0..steps {
            pair.step();
        }
        let mut third = Accepter::new(invitation(), own(3), [0xc; 32], NOW);
        let hello = third.next().unwrap();
        let answer = pair.at_a(3, &hello);
        third.heard(&answer, &verify, NOW);
        if steps == 0 {
            // Whoever comes first is compared with; the invited one spoils it, and people hear why.
            assert_eq!(pair.a.state(), State::Invited);
            pair.step();
            assert_eq!(pair.a.state(), State::Failed(Why::UsedTwice));
            assert_eq!(pair.b.state(), State::Failed(Why::UsedTwice));
        } else {
            assert_eq!(third.state(), State::Failed(Why::UsedTwice));
            assert_eq!(pair.a.state(), State::Failed(Why::UsedTwice));
            pair.step();
            assert!(pair.both_failed());
        }
    }
    // The same node with another nonce is another attempt as well.
    let mut pair = Pair::new();
    pair.step();
    let again = Accepter::new(invitation(), own(2), [0xd; 32], NOW)
        .next()
        .unwrap();
    pair.at_a(2, &again);
    assert_eq!(pair.a.state(), State::Failed(Why::UsedTwice));
}

#[test]
fn a_wrong_secret_is_refused_and_uses_nothing_up() {
    let mut pair = Pair::new();
    let mut wrong = invitation();
    wrong.secret[15] ^= 1;
    let mut guess = Accepter::new(wrong, own(3), [0xc; 32], NOW);
    let answer = pair.at_a(3, &guess.next().unwrap());
    assert_eq!(answer, Answer::Standing(Standing::Failed(Why::NotInvited)));
    guess.heard(&answer, &verify, NOW);
    assert_eq!(guess.state(), State::Failed(Why::NotInvited));
    assert_eq!(pair.a.state(), State::Invited);
    pair.step();
    pair.step();
    assert!(matches!(pair.a.state(), State::Comparing(_)));
}

#[test]
fn an_answer_that_is_lost_is_given_again_and_a_replay_changes_nothing() {
    let mut pair = Pair::new();
    let hello = pair.b.next().unwrap();
    let lost = pair.at_a(2, &hello);
    assert_eq!(pair.at_a(2, &hello), lost, "the same nonce, not another");
    pair.b.heard(&lost, &verify, NOW);
    let reveal = pair.b.next().unwrap();
    pair.at_a(2, &reveal);
    pair.step();
    let State::Comparing(Compared { code, .. }) = pair.a.state() else {
        panic!("{:?}", pair.a.state());
    };
    pair.b.confirm(code, NOW).unwrap();
    let confirm = pair.b.next().unwrap();
    pair.step();
    let before = pair.a.clone();
    for old in [&hello, &reveal, &confirm] {
        pair.at_a(2, old);
        assert_eq!(pair.a, before);
        // From anybody else it is nothing at all.
        if !matches!(old, Message::Hello { .. }) {
            let answer = pair.at_a(3, old);
            assert_eq!(answer, Answer::Standing(Standing::Failed(Why::NotInvited)));
            assert_eq!(pair.a, before);
        }
    }
    pair.at_a(3, &Message::Forget { id: pair.a.id });
    assert_eq!(pair.a, before);
    // A word that is given for another exchange does not count in this one.
    let (mut other, _) = Pair::compared();
    let transcript = Hash([1; 32]);
    other.at_a(
        2,
        &Message::Confirm {
            id: pair.a.id,
            transcript,
        },
    );
    assert_eq!(other.a.state(), State::Failed(Why::Commitment));
}

#[test]
fn whoever_stands_between_is_seen_by_the_code() {
    // M has altered the invitation on its way to B: it leads to M. With A's own, M calls at A.
    let mut altered = invitation();
    altered.node = NodeId([3; 32]);
    altered.anchor = Hash::of(&known(3).anchors[0]);
    let mut to_b = Inviter::new(&altered, own(3));
    let mut b = Accepter::new(altered, own(2), [0xb; 32], NOW);
    let mut pair = Pair::new();
    pair.b = Accepter::new(invitation(), own(3), [0xc; 32], NOW);
    pair.caller = 3;
    // M waits for whatever it likes before it answers either side.
    let hello = b.next().unwrap();
    pair.step();
    let anchor = known(2).anchors[0].clone();
    let calling = Calling {
        node: NodeId([2; 32]),
        anchor: Some(&anchor),
    };
    let with = With {
        verify: &verify,
        // The best that M can do: A's own nonce.
        nonce: [0xa; 32],
        now: NOW,
    };
    b.heard(&to_b.take(calling, &hello, &with), &verify, NOW);
    b.heard(&to_b.take(calling, &b.next().unwrap(), &with), &verify, NOW);
    pair.step();
    let (State::Comparing(at_a), State::Comparing(at_b)) = (pair.a.state(), b.state()) else {
        panic!("{:?} {:?}", pair.a.state(), b.state());
    };
    assert_ne!(at_a.code, at_b.code);
    // M would need another nonce than the one that it committed to.
    let mut pair = Pair::new();
    pair.step();
    pair.at_a(
        2,
        &Message::Reveal {
            id: pair.a.id,
            nonce: [0xc; 32],
        },
    );
    assert_eq!(pair.a.state(), State::Failed(Why::Commitment));
    pair.step();
    assert_eq!(pair.b.state(), State::Failed(Why::Commitment));
}

#[test]
fn an_identity_that_does_not_hold_or_is_another_s_ends_it() {
    let with_identity = |identity: Vec<u8>| {
        let mut pair = Pair::new();
        let mut own = own(2);
        own.identity = identity;
        pair.b = Accepter::new(invitation(), own, [0xb; 32], NOW);
        pair.step();
        assert!(pair.both_failed());
        pair.a.state()
    };
    assert!(matches!(
        with_identity(b"forged".to_vec()),
        State::Failed(Why::Identity(_))
    ));
    assert_eq!(with_identity(identity(4)), State::Failed(Why::Mismatch));
    assert_eq!(with_identity(identity(1)), State::Failed(Why::Ourselves));
    let huge = vec![0; IDENTITY_MAX_BYTES + 1];
    assert!(matches!(
        with_identity(huge),
        State::Failed(Why::Identity(_))
    ));
    // The inviter's: another node's, or one that does not certify the anchor in the invitation.
    for (node, anchor) in [(4, 4), (1, 4)] {
        let mut other = invitation();
        other.node = NodeId([node; 32]);
        other.anchor = Hash::of(&known(anchor).anchors[0]);
        let mut pair = Pair::new();
        pair.b = Accepter::new(other, own(2), [0xb; 32], NOW);
        pair.step();
        assert_eq!(pair.b.state(), State::Failed(Why::Mismatch));
        pair.step();
        assert_eq!(pair.a.state(), State::Failed(Why::RefusedThere));
    }
    // A name that cannot be shown.
    for (name, is_fine) in [
        (String::new(), false),
        ("火".repeat(NAME_CHARS_MAX), true),
        ("火".repeat(NAME_CHARS_MAX + 1), false),
    ] {
        let named = |_: &[u8]| {
            let name = name.clone();
            Ok(Known { name, ..known(2) })
        };
        let anchor = |anchor: &[u8]| anchor == known(2).anchors[0];
        let checked = verified(b"", NodeId([2; 32]), NodeId([1; 32]), anchor, &named);
        assert_eq!(checked.is_ok(), is_fine);
    }
    let ours = Accepter::new(invitation(), own(1), [0xb; 32], NOW);
    assert_eq!(ours.state(), State::Failed(Why::Ourselves));
    assert_eq!(ours.next(), None);
}

#[test]
fn an_inviter_that_says_they_are_peers_before_anybody_here_confirmed_is_not_believed() {
    let (mut pair, _) = Pair::compared();
    pair.b
        .heard(&Answer::Standing(Standing::Enrolled), &verify, NOW);
    assert_eq!(pair.b.state(), State::Failed(Why::Protocol));
    let mut pair = Pair::new();
    pair.step();
    pair.b
        .heard(&Answer::Standing(Standing::Enrolled), &verify, NOW);
    assert_eq!(pair.b.state(), State::Failed(Why::Protocol));
}
