//! An HTTP client by hand, over one connection that is kept open as a browser's is.
//!
//! A hundred lines instead of a dependency, so that what is timed is the node and not a library. The tests
//! of the program use it too. It knows nothing of what is asked; start at [`Client`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One connection to a node, with a token.
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    token: String,
}

impl Client {
    /// Connects with a token.
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Outcome<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Client {
            connection: BufReader::with_capacity(16 * 1_024, stream),
            token: token.to_owned(),
        })
    }

    /// Posts JSON and returns the answer's body; anything but success is an error.
    pub(crate) fn post(&mut self, path: &str, key: &str, body: &str) -> Outcome<String> {
        self.send("POST", path, key, body)
    }

    /// Puts JSON and returns the answer's body; anything but success is an error.
    pub(crate) fn put(&mut self, path: &str, body: &str) -> Outcome<String> {
        self.send("PUT", path, "", body)
    }

    fn send(&mut self, method: &str, path: &str, key: &str, body: &str) -> Outcome<String> {
        self.ask(&format!(
            "{method} {path} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        ))
    }

    /// Gets a path and returns the answer's body; anything but success is an error.
    pub(crate) fn get(&mut self, path: &str) -> Outcome<String> {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        ))
    }

    fn ask(&mut self, request: &str) -> Outcome<String> {
        self.connection.get_mut().write_all(request.as_bytes())?;
        let (status, length) = self.head()?;
        let mut body = vec![0; length.ok_or("an answer without a length")?];
        self.connection.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        if !(200..300).contains(&status) {
            return Err(format!("answered {status}: {body}").into());
        }
        Ok(body)
    }

    /// Reads the status and headers of an answer; returns the status and the length of its body.
    fn head(&mut self) -> Outcome<(u16, Option<usize>)> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| format!("no HTTP answer: {line:?}"))?;
        let mut length = None;
        loop {
            line.clear();
            self.connection.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok((status, length));
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
    }

    /// Follows the stream until the node ends it; hands over every line of data.
    pub(crate) fn follow(
        &mut self,
        begun: impl FnOnce(),
        mut data: impl FnMut(&str),
    ) -> Outcome<()> {
        let request = format!(
            "GET /api/v1/stream HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.connection.get_mut().write_all(request.as_bytes())?;
        let (status, _) = self.head()?;
        if status != 200 {
            return Err(format!("the stream was answered {status}").into());
        }
        begun();
        let mut line = String::new();
        // The lengths of chunks come as lines of their own and are passed over.
        while self.connection.read_line(&mut line)? > 0 {
            if let Some(text) = line.strip_prefix("data: ") {
                data(text);
            }
            line.clear();
        }
        Ok(())
    }
}

/// Returns the `id` of a record that was answered.
pub(crate) fn id_in(body: &str) -> Outcome<String> {
    let value: serde_json::Value = serde_json::from_str(body)?;
    let id = value.get("id").and_then(serde_json::Value::as_str);
    Ok(id.ok_or("a record without an id")?.to_owned())
}
