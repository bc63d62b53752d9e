//! An invitation: the text that one agency gives to another, by whatever way they trust for an hour.
//!
//! `wf1-` and groups of eight letters, of which the last checks the seven before it, so that a slip is told with its group.
//! The content is the inviter's node and anchor, a secret that works once, when it ends, and where to call. Letters
//! are those of one-time codes: none can be taken for another, and small ones are as good. Whoever reads an invitation
//! can use it up, but not pass for the other agency: for that people compare a code. Start at [`Invitation::parse`].

use std::fmt;

use watchfire_feed::{Hash, NodeId};
use zeroize::Zeroize as _;

use crate::config::is_host_and_port;
use crate::link::client::ADDRESSES_MAX;

/// Longest text that is looked at, in characters: the longest valid one has about 1,500.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Longest address, in bytes.
pub const ADDRESS_MAX_BYTES: usize = 100;

const PREFIX: &str = "wf1";
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Letters of a group that carry something; one more checks them.
const GROUP: usize = 7;
const CHECK_BYTES: usize = 5;

/// An invitation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Invitation {
    /// Who invites.
    pub node: NodeId,
    /// The SHA-256 of the anchor that it shows.
    pub anchor: Hash,
    /// What shows that the caller has this invitation; works once.
    pub secret: [u8; 16],
    /// When it ends, in seconds since 1970, by the inviter's clock.
    pub expires: u64,
    /// Where the inviter is reached: host and port, the best first.
    pub addresses: Vec<String>,
}

/// What is wrong with an invitation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// It is something else.
    #[error("this is no invitation: one begins with {PREFIX}-")]
    NotOne,
    /// It is of a version that is not known.
    #[error("this invitation is of a later version; bring this node up to date first")]
    Later,
    /// It holds a letter that none has.
    #[error(
        "an invitation has no {0:?}; letters that look alike are left out: there is no O, 0, I or 1"
    )]
    Letter(char),
    /// A group was mistyped.
    #[error("group {0} has a slip: \"{1}\"")]
    Group(usize, String),
    /// Groups are missing, or more than one was mistyped.
    #[error("the invitation is not whole, or has more than one slip; copy it once more")]
    Damaged,
    /// It is whole and makes no sense.
    #[error("the invitation is whole, and what it says makes no sense; ask for a new one")]
    Senseless,
    /// There is no address to invite to.
    #[error("this node does not know how it is reached: set federation.addresses")]
    NoAddress,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret does not belong into a log.
        write!(f, "Invitation({} at {:?})", self.node, self.addresses)
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl Invitation {
    /// Writes it down for the other agency.
    pub fn text(&self) -> String {
        let mut bytes = Vec::with_capacity(160);
        bytes.extend_from_slice(&self.node.0);
        bytes.extend_from_slice(&self.anchor.0);
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(&self.expires.to_be_bytes());
        for address in self.addresses.iter().take(ADDRESSES_MAX) {
            let length = u8::try_from(address.len()).expect("addresses are short, by `check`");
            bytes.push(length);
            bytes.extend_from_slice(address.as_bytes());
        }
        let check = check_of(&bytes);
        bytes.extend_from_slice(&check);
        let symbols = to_symbols(&bytes);
        bytes.zeroize();
        let mut text = PREFIX.to_owned();
        for (at, group) in symbols.chunks(GROUP).enumerate() {
            text.push('-');
            let check = check_symbol(at, group);
            let letters = group.iter().chain([&check]);
            text.extend(letters.map(|symbol| char::from(LETTERS[usize::from(*symbol)])));
        }
        text
    }

    /// Reads one. Small letters, spaces, line breaks and lost hyphens do not matter.
    pub fn parse(text: &str) -> Result<Invitation, InvitationError> {
        if text.len() > TEXT_CHARS_MAX {
            return Err(InvitationError::Damaged);
        }
        let kept: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        let (Some(prefix), Some(rest)) = (kept.get(..PREFIX.len()), kept.get(PREFIX.len()..))
        else {
            return Err(InvitationError::NotOne);
        };
        if !prefix.eq_ignore_ascii_case(PREFIX) {
            let later = prefix
                .get(..2)
                .is_some_and(|wf| wf.eq_ignore_ascii_case("wf"))
                && prefix.ends_with(|c: char| c.is_ascii_digit());
            return Err(match later {
                true => InvitationError::Later,
                false => InvitationError::NotOne,
            });
        }
        let symbols = read_groups(rest)?;
        let bytes = to_bytes(&symbols).ok_or(InvitationError::Damaged)?;
        let (content, check) = bytes
            .split_last_chunk::<CHECK_BYTES>()
            .ok_or(InvitationError::Damaged)?;
        if check_of(content) != *check {
            return Err(InvitationError::Damaged);
        }
        let read = read_content(content).ok_or(InvitationError::Senseless)?;
        read.check().map(|()| read)
    }

    /// Says whether it can be given out, or is one that was.
    pub fn check(&self) -> Result<(), InvitationError> {
        if self.addresses.is_empty() {
            return Err(InvitationError::NoAddress);
        }
        let fits =
            |address: &String| address.len() <= ADDRESS_MAX_BYTES && is_host_and_port(address);
        match self.addresses.len() <= ADDRESSES_MAX && self.addresses.iter().all(fits) {
            true => Ok(()),
            false => Err(InvitationError::Senseless),
        }
    }
}

fn check_of(content: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = Hash::of(&[b"watchfire invitation v1\0".as_slice(), content].concat());
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&hash.0[..CHECK_BYTES]);
    check
}

/// The place counts, so that two groups that changed places are noticed as well.
fn check_symbol(at: usize, group: &[u8]) -> u8 {
    let at = u8::try_from(at).unwrap_or(u8::MAX);
    Hash::of(&[&[at], group].concat()).0[0] % 32
}

fn read_groups(text: &str) -> Result<Vec<u8>, InvitationError> {
    let mut symbols = Vec::with_capacity(text.len());
    for letter in text.chars() {
        let upper = letter.to_ascii_uppercase();
        let found = LETTERS.iter().position(|known| char::from(*known) == upper);
        let found = found.ok_or(InvitationError::Letter(letter))?;
        symbols.push(u8::try_from(found).expect("there are 32 letters"));
    }
    let mut content = Vec::with_capacity(symbols.len());
    let mut slips = Vec::new();
    for (at, group) in symbols.chunks(GROUP + 1).enumerate() {
        let Some((check, carried)) = group.split_last() else {
            continue;
        };
        if carried.is_empty() || check_symbol(at, carried) != *check {
            let start = at * (GROUP + 1);
            slips.push((at + 1, text.chars().skip(start).take(group.len()).collect()));
        }
        content.extend_from_slice(carried);
    }
    // After a letter that was left out, all groups are wrong: then the first says where to look.
    match (slips.len(), slips.into_iter().next()) {
        (0, _) | (_, None) => Ok(content),
        (_, Some((number, group))) => Err(InvitationError::Group(number, group)),
    }
}

fn to_symbols(bytes: &[u8]) -> Vec<u8> {
    let mut symbols = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut waiting, mut bits) = (0_u32, 0);
    for byte in bytes {
        waiting = waiting << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            symbols.push((waiting >> bits & 31) as u8);
        }
        waiting &= (1 << bits) - 1;
    }
    if bits > 0 {
        symbols.push((waiting << (5 - bits) & 31) as u8);
    }
    symbols
}

/// Turns symbols back into bytes; nothing may be left over but zeros, so that one content has one spelling.
fn to_bytes(symbols: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(symbols.len() * 5 / 8);
    let (mut waiting, mut bits) = (0_u32, 0);
    for symbol in symbols {
        waiting = waiting << 5 | u32::from(*symbol);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((waiting >> bits & 0xff) as u8);
        }
        waiting &= (1 << bits) - 1;
    }
    (waiting == 0 && bits < 5).then_some(bytes)
}

fn read_content(content: &[u8]) -> Option<Invitation> {
    let (node, rest) = content.split_first_chunk()?;
    let (anchor, rest) = rest.split_first_chunk()?;
    let (secret, rest) = rest.split_first_chunk()?;
    let (expires, mut rest) = rest.split_first_chunk()?;
    let mut addresses = Vec::new();
    while let Some((length, more)) = rest.split_first() {
        let (address, more) = more.split_at_checked(usize::from(*length))?;
        addresses.push(std::str::from_utf8(address).ok()?.to_owned());
        rest = more;
    }
    Some(Invitation {
        node: NodeId(*node),
        anchor: Hash(*anchor),
        secret: *secret,
        expires: u64::from_be_bytes(*expires),
        addresses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_invitation() -> Invitation {
        Invitation {
            node: NodeId([0xa5; 32]),
            anchor: Hash([0x3c; 32]),
            secret: *b"beacon of fire 7",
            expires: 1_790_003_600,
            addresses: vec!["node.example:8441".to_owned(), "[2001:db8::1]:1".to_owned()],
        }
    }

    #[test]
    fn an_invitation_is_read_as_it_was_written_and_as_people_type_it() {
        let text = an_invitation().text();
        assert!(text.starts_with("wf1-") && text.len() < 320, "{text}");
        assert_eq!(Invitation::parse(&text).unwrap(), an_invitation());
        let typed = format!("  {} \n", text.to_lowercase().replace('-', " \n"));
        assert_eq!(Invitation::parse(&typed).unwrap(), an_invitation());
        assert!(
            !format!("{:?}", an_invitation()).contains("98"),
            "no secret"
        );
        for count in 1..=ADDRESSES_MAX {
            let mut most = an_invitation();
            most.addresses = vec![format!("{}.x:65535", "a".repeat(92 - 63)); count];
            assert_eq!(Invitation::parse(&most.text()).unwrap(), most);
        }
    }

    #[test]
    fn every_slip_is_noticed_and_nearly_every_one_is_told_with_its_group() {
        let text = an_invitation().text();
        let (mut slips, mut told) = (0, 0);
        for at in 4..text.len() {
            let written = text.as_bytes()[at];
            for letter in LETTERS.iter().filter(|_| written != b'-') {
                if *letter == written {
                    continue;
                }
                let mut typed = text.clone().into_bytes();
                typed[at] = *letter;
                let typed = String::from_utf8(typed).unwrap();
                let error = Invitation::parse(&typed).unwrap_err();
                slips += 1;
                let group = (at - 4) / 9 + 1;
                told +=
                    usize::from(matches!(error, InvitationError::Group(one, _) if one == group));
            }
        }
        assert!(told * 100 / slips >= 95, "{told} of {slips}");
    }

    #[test]
    fn what_is_no_invitation_is_told_apart_from_what_is_damaged() {
        let text = an_invitation().text();
        let error = |text: &str| Invitation::parse(text).unwrap_err();
        assert_eq!(error(""), InvitationError::NotOne);
        assert_eq!(error("hello"), InvitationError::NotOne);
        assert_eq!(error("烽燧烽燧"), InvitationError::NotOne);
        assert_eq!(
            error(&text.replacen("wf1", "wf2", 1)),
            InvitationError::Later
        );
        assert_eq!(
            error(&text.replacen("wf1-", "wf1-O", 1)),
            InvitationError::Letter('O')
        );
        assert_eq!(error("wf1-"), InvitationError::Damaged);
        assert!(Invitation::parse(&text[..text.len() - 9]).is_err());
        assert!(Invitation::parse(&text[..text.len() - 1]).is_err());
        assert!(Invitation::parse(&format!("{text}-AAAAAAAA")).is_err());
        let swapped = format!("wf1-{}-{}{}", &text[13..21], &text[4..12], &text[21..]);
        assert!(matches!(error(&swapped), InvitationError::Group(1, _)));
        assert_eq!(
            error(&"A".repeat(TEXT_CHARS_MAX + 1)),
            InvitationError::Damaged
        );
        let missing = text.replacen(&text[31..32], "", 1);
        assert!(matches!(error(&missing), InvitationError::Group(..)));
    }

    #[test]
    fn an_invitation_without_a_place_to_call_is_none() {
        let with = |addresses: Vec<String>| {
            let mut one = an_invitation();
            one.addresses = addresses;
            one.check()
        };
        assert_eq!(with(vec![]), Err(InvitationError::NoAddress));
        let fine = || "a.example:1".to_owned();
        assert!(with(vec![fine(); ADDRESSES_MAX]).is_ok());
        for wrong in [
            vec![fine(); ADDRESSES_MAX + 1],
            vec!["nowhere".to_owned()],
            vec![format!("{}.example:1", "a.".repeat(50))],
        ] {
            assert_eq!(with(wrong), Err(InvitationError::Senseless));
        }
    }
}
