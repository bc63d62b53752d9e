//! The wire between the nodes: every frame that one sends another comes through here, and may be lost, doubled, held
//! up or overtaken on its way, or meet a cut in one direction only.
//!
//! Each node has a VXLAN device in its namespace, which wraps its frames into datagrams and sends them to a socket of
//! this program. So the fate of each frame is drawn here, from the seed, and nothing is asked of the kernel that its
//! usual builds lack (`tc netem` often is one of those). Knows nothing of nodes. Start at [`Wire::string`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::dice::Dice;

/// The port of VXLAN.
pub(crate) const PORT: u16 = 4_789;
/// Bytes of a VXLAN header.
const OUTER: usize = 8;
/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Frames under way; one more is lost, as in any network.
const HELD_MAX: usize = 20_000;

/// How one direction between two nodes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// True if nothing comes through.
    pub(crate) cut: bool,
    /// How many frames of a hundred are lost.
    pub(crate) lost_percent: u8,
    /// How many of a hundred come twice.
    pub(crate) twice_percent: u8,
    /// How long each takes, in milliseconds.
    pub(crate) delay_ms: u64,
    /// By how much more some take, so that later ones overtake them.
    pub(crate) spread_ms: u64,
}

impl Way {
    /// A way without faults.
    pub(crate) const CLEAR: Way = Way {
        cut: false,
        lost_percent: 0,
        twice_percent: 0,
        delay_ms: 0,
        spread_ms: 0,
    };

    /// Returns a way that has the faults of both.
    pub(crate) fn and(self, other: Way) -> Way {
        Way {
            cut: self.cut || other.cut,
            lost_percent: self.lost_percent.max(other.lost_percent),
            twice_percent: self.twice_percent.max(other.twice_percent),
            delay_ms: self.delay_ms.max(other.delay_ms),
            spread_ms: self.spread_ms.max(other.spread_ms),
        }
    }
}

/// Every direction: `ways[from][to]`, nodes counted from 0.
pub(crate) type Ways = Vec<Vec<Way>>;

/// What became of frames.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Frames {
    /// Brought.
    pub(crate) brought: u64,
    /// Lost by chance.
    pub(crate) lost: u64,
    /// Lost at a cut.
    pub(crate) cut: u64,
    /// Brought twice.
    pub(crate) twice: u64,
    /// Brought after one that was sent later.
    pub(crate) overtaken: u64,
}

/// The wire.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    ways: Ways,
    frames: Frames,
}

impl Wire {
    /// Strings the wire between so many nodes, and brings frames until the program ends.
    pub(crate) fn string(nodes: usize, seed: u64) -> std::io::Result<Wire> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
        let state = Arc::new(Mutex::new(State {
            ways: vec![vec![Way::CLEAR; nodes]; nodes],
            frames: Frames::default(),
        }));
        let mut carrier = Carrier {
            socket,
            state: Arc::clone(&state),
            dice: Dice::of(seed, 1),
            held: BinaryHeap::new(),
            taken: 0,
            newest: vec![vec![0; nodes]; nodes],
        };
        std::thread::Builder::new()
            .name("wire".into())
            .spawn(move || carrier.carry())?;
        Ok(Wire { state })
    }

    /// Says how every direction is from now on.
    pub(crate) fn set(&self, ways: Ways) {
        self.lock().ways = ways;
    }

    /// Returns what became of frames so far.
    pub(crate) fn frames(&self) -> Frames {
        self.lock().frames
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns where a node's end of the wire is, and where ours of it.
pub(crate) fn ends(node: usize) -> (Ipv4Addr, Ipv4Addr) {
    let number = u8::try_from(node + 1).unwrap_or(u8::MAX);
    let end = |last| Ipv4Addr::new(10, 77, number, last);
    (end(2), end(1))
}

/// Returns the hardware address of a node's device.
pub(crate) fn hardware(node: usize) -> String {
    format!("02:00:00:00:00:{:02x}", node + 1)
}

struct Carrier {
    socket: UdpSocket,
    state: Arc<Mutex<State>>,
    dice: Dice,
    held: BinaryHeap<Reverse<Held>>,
    taken: u64,
    /// The number of the newest frame brought, in each direction.
    newest: Vec<Vec<u64>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    due: Instant,
    number: u64,
    from: usize,
    to: usize,
    bytes: Vec<u8>,
}

impl Carrier {
    fn carry(&mut self) {
        let mut bytes = vec![0; 65_536];
        loop {
            let now = Instant::now();
            while self.held.peek().is_some_and(|next| next.0.due <= now) {
                if let Some(Reverse(next)) = self.held.pop() {
                    self.bring(&next);
                }
            }
            let next = self.held.peek().map(|next| next.0.due);
            let wait = next.map_or(Duration::from_millis(100), |due| {
                due.saturating_duration_since(now)
            });
            // A wait of nothing would be one without end.
            let wait = wait.max(Duration::from_micros(200));
            if self.socket.set_read_timeout(Some(wait)).is_err() {
                return;
            }
            match self.socket.recv_from(&mut bytes) {
                Ok((length, from)) => self.take(&bytes[..length], from),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                // A node's namespace may not answer: nothing that the wire could mend.
                Err(_) => {}
            }
        }
    }

    /// Draws what becomes of a frame.
    fn take(&mut self, frame: &[u8], from: SocketAddr) {
        let nodes = self.newest.len();
        let Some((from, to)) =
            between(frame, from).filter(|(from, to)| *from < nodes && *to < nodes)
        else {
            return;
        };
        let way = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let way = state.ways[from][to];
            if way.cut {
                state.frames.cut += 1;
                return;
            }
            if self.dice.percent(way.lost_percent) || self.held.len() >= HELD_MAX {
                state.frames.lost += 1;
                return;
            }
            way
        };
        let copies = if self.dice.percent(way.twice_percent) {
            2
        } else {
            1
        };
        self.taken += 1;
        for copy in 0..copies {
            let late = way.delay_ms + self.dice.between(0, way.spread_ms);
            let mut bytes = frame.to_vec();
            sum(&mut bytes);
            if copy > 0 {
                self.state
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .frames
                    .twice += 1;
            }
            self.held.push(Reverse(Held {
                due: Instant::now() + Duration::from_millis(late),
                number: self.taken,
                from,
                to,
                bytes,
            }));
        }
    }

    fn bring(&mut self, held: &Held) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What was under way when the way was cut does not come either.
        if state.ways[held.from][held.to].cut {
            state.frames.cut += 1;
            return;
        }
        state.frames.brought += 1;
        let newest = &mut self.newest[held.from][held.to];
        if held.number < *newest {
            state.frames.overtaken += 1;
        }
        *newest = held.number.max(*newest);
        drop(state);
        // A full buffer loses a frame, as in any network.
        let _ = self.socket.send_to(&held.bytes, (ends(held.to).0, PORT));
    }
}

/// Returns from whom a frame is and for whom; nothing if it is for all or for nobody.
fn between(frame: &[u8], from: SocketAddr) -> Option<(usize, usize)> {
    let IpAddr::V4(outer) = from.ip() else {
        return None;
    };
    let to = frame.get(OUTER..OUTER + 6)?;
    if to[..5] != [2, 0, 0, 0, 0] {
        return None;
    }
    let number = |byte: u8| usize::from(byte).checked_sub(1);
    Some((number(outer.octets()[2])?, number(to[5])?))
}

/// Puts the checksum of a TCP segment right: the kernel leaves that to the network card, and there is none.
fn sum(frame: &mut [u8]) -> Option<()> {
    let packet = frame.get_mut(OUTER + ETHERNET..)?;
    let (version, protocol) = (*packet.first()? >> 4, *packet.get(9)?);
    if version != 4 || protocol != 6 {
        return None;
    }
    let head = usize::from(packet[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    let length = total.checked_sub(head)?;
    let mut sum = 6 + u32::try_from(length).ok()?;
    let words = |bytes: &[u8]| {
        let pairs = bytes.chunks(2);
        let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        pairs.map(word).sum::<u32>()
    };
    sum += words(packet.get(12..20)?);
    let segment = packet.get_mut(head..total)?;
    segment.get_mut(16..18)?.fill(0);
    sum += words(segment);
    while sum >> 16 != 0 {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    let right = u16::try_from(!sum & 0xFFFF).ok()?;
    segment[16..18].copy_from_slice(&right.to_be_bytes());
    Some(())
}
