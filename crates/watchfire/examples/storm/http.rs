//! One request at a time to a node's API, with a bound on how long the answer may take. What was not answered whole
//! counts as not answered, and nobody knows then whether it was done. Start at [`Desk::ask`].

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Largest answer that is read.
const ANSWER_MAX_BYTES: usize = 64 * 1_024 * 1_024;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// What it says.
    pub(crate) json: Value,
}

impl Answer {
    /// Returns true if it was done.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns true if the same may be answered otherwise later: the node was busy, full or ending.
    pub(crate) fn is_for_later(&self) -> bool {
        self.status == 429 || self.status >= 500
    }

    /// Returns a text in it.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    }
}

/// Somebody at a desk of a node.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    /// Where the node's API is.
    pub(crate) address: SocketAddr,
    /// What says who asks.
    pub(crate) token: String,
    /// How long an answer may take.
    pub(crate) patience: Duration,
}

impl Desk {
    /// Gets what is at a path.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask("GET", path, "", "")
    }

    /// Posts under a key.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer, String> {
        self.ask("POST", path, key, &body.to_string())
    }

    /// Asks and waits for the whole answer.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> Result<Answer, String> {
        let asked = self.exchange(method, path, key, body);
        asked.map_err(|error| format!("{method} {path}: {error}"))
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> Result<Answer, std::io::Error> {
        let until = Instant::now() + self.patience;
        let mut stream = TcpStream::connect_timeout(&self.address, self.patience)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(self.patience))?;
        let key = match key {
            "" => String::new(),
            key => format!("Idempotency-Key: {key}\r\n"),
        };
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {}\r\n{key}\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len(),
        );
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        let mut piece = [0; 16 * 1_024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut piece)? {
                0 => break,
                read => bytes.extend_from_slice(&piece[..read]),
            }
            if bytes.len() > ANSWER_MAX_BYTES {
                return Err(broken("it is too long"));
            }
        }
        read_answer(&bytes)
    }
}

fn read_answer(bytes: &[u8]) -> Result<Answer, std::io::Error> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| broken("it has no head"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let body = &bytes[end + 4..];
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| broken("it has no status"))?;
    let length = head.lines().find_map(|line| {
        let length = line.strip_prefix("content-length:")?;
        length.trim().parse::<usize>().ok()
    });
    if length.unwrap_or(0) != body.len() {
        return Err(broken("it broke off"));
    }
    let json = serde_json::from_slice(body).unwrap_or(Value::Null);
    Ok(Answer { status, json })
}

fn broken(why: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, why)
}
