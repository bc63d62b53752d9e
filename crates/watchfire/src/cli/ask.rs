//! `watchfire do`: says an action line to a running node, as the console's bar does, and prints what it understood.
//!
//! The line is understood by the node, not here. The client is one request over a plain or TLS connection, on the
//! TLS library that the server already uses; a whole HTTP client would be the largest part of the program for this.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};

use super::{Ended, Output, Result, fail};
use crate::node::random;

/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest answer that is read, in bytes.
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;
/// The variable that holds the token; as an argument everybody on the machine could read it.
const TOKEN_VARIABLE: &str = "WATCHFIRE_TOKEN";

/// Which running node is asked, and with what right.
#[derive(Debug, Args)]
pub(super) struct Running {
    /// Where the node listens
    #[arg(long, default_value = "http://127.0.0.1:8440")]
    node: String,
    /// A file with the token to act with; the variable WATCHFIRE_TOKEN if left out
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The node's own certificate (tls.crt in its directory), for https
    #[arg(long)]
    certificate: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DoArgs {
    /// The line, such as 'd e12 231' or '派E12到231'; `?` says what can be said
    line: String,
    #[command(flatten)]
    running: Running,
    /// Do it even where the node is not sure that it understood
    #[arg(long)]
    yes: bool,
    /// Say what may stand at the end of the line instead of doing it
    #[arg(long)]
    complete: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &DoArgs) -> Result<Ended> {
    let caller = Caller::new(&args.running)?;
    if args.complete {
        let at = args.line.chars().count();
        let asked = json!({ "text": args.line, "at": at });
        let answer = caller.post("/api/v1/actions/line/complete", &asked)?;
        print_choices(&answer, args.output);
        return Ok(Ended::Done);
    }
    let path = "/api/v1/actions/line";
    let mut answer = caller.post(path, &json!({ "text": args.line }))?;
    let confirm = answer["confirm"].clone();
    if args.yes && !confirm.is_null() {
        let asked = json!({ "text": args.line, "confirm": confirm });
        answer = caller.post(path, &asked)?;
    }
    print_answer(&answer, args.output);
    if answer["outcome"] == "confirm" {
        return fail(if args.yes {
            "the board changed meanwhile; look at it and say it again"
        } else {
            "not done: say it more exactly, or again with --yes"
        });
    }
    Ok(Ended::Done)
}

fn print_answer(answer: &Value, output: Output) {
    if output.json {
        println!("{answer:#}");
        return;
    }
    println!("{}", said(&answer["understood"]));
    for why in answer["unsure"].as_array().into_iter().flatten() {
        println!("  {}", said(why));
    }
    for verb in answer["help"].as_array().into_iter().flatten() {
        println!("  {:<44} {}", said(&verb["form"]), said(&verb["does"]));
    }
}

fn print_choices(answer: &Value, output: Output) {
    if output.json {
        println!("{answer:#}");
        return;
    }
    for choice in answer["choices"].as_array().into_iter().flatten() {
        let insert = choice["insert"].as_str().unwrap_or_default();
        println!("{insert:<24} {}", said(&choice["detail"]));
    }
}

/// Returns a text in the language of whoever sits at the shell.
pub(super) fn said(text: &Value) -> &str {
    let speaks = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let language = speaks
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    let chinese = language.is_some_and(|value| value.starts_with("zh"));
    let text = &text[if chinese { "zh" } else { "en" }];
    text.as_str().unwrap_or_default()
}

/// Who asks which node.
pub(super) struct Caller {
    host: String,
    port: u16,
    token: String,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Caller {
    pub(super) fn new(args: &Running) -> Result<Caller> {
        let (secure, rest) = match args.node.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) | None => return fail(wrong_address(&args.node)),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (host, port),
                Err(_) => return fail(wrong_address(&args.node)),
            },
            Some(_) | None => (rest, if secure { 443 } else { 80 }),
        };
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() || host.contains(['/', '@', ' ']) {
            return fail(wrong_address(&args.node));
        }
        let tls = match (secure, &args.certificate) {
            (true, Some(certificate)) => Some(trusting(certificate)?),
            (true, None) => {
                return fail(
                    "https needs --certificate with the node's own certificate, tls.crt in its directory",
                );
            }
            (false, _) => None,
        };
        Ok(Caller {
            host,
            port,
            token: token(args.token_file.as_deref())?,
            tls,
        })
    }

    /// Asks, and asks once more with the same key if the answer was lost: it is done once at most.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, &body.to_string())
    }

    /// Asks for what is at a path.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, "")
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let drawn: [u8; 16] = random();
        let key: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        let (status, text) = match self.exchange(method, path, &key, body) {
            Ok(answer) => answer,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                self.exchange(method, path, &key, body)?
            }
            Err(error) => {
                return fail(format!(
                    "{}:{} does not answer: {error}",
                    self.host, self.port
                ));
            }
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status == 200 || status == 201 {
            return Ok(answer);
        }
        let mut words = said(&answer["what"]).to_owned();
        if words.is_empty() {
            return fail(format!(
                "{}:{} answered {status}; is it a Watchfire node?",
                self.host, self.port
            ));
        }
        let understood = said(&answer["understood"]);
        if !understood.is_empty() {
            words = format!("{understood}: {words}");
        }
        fail(format!("{words} {}", said(&answer["next_step"])))
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        let mut stream = self.connect()?;
        let (host, port, token) = (&self.host, self.port, &self.token);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        stream.flush()?;
        read_answer(stream)
    }

    fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        let mut failed = std::io::Error::other("its name is not known here");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            // A token in the clear is anybody's on the way.
            if self.tls.is_none() && !address.ip().is_loopback() {
                failed =
                    std::io::Error::other("over http a token only goes to this machine; use https");
                continue;
            }
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    return self.secured(stream);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn secured(&self, stream: TcpStream) -> std::io::Result<Box<dyn Stream>> {
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(self.host.clone()).map_err(std::io::Error::other)?;
        let session =
            rustls::ClientConnection::new(Arc::clone(tls), name).map_err(std::io::Error::other)?;
        Ok(Box::new(rustls::StreamOwned::new(session, stream)))
    }
}

trait Stream: Read + Write {}
impl Stream for TcpStream {}
impl Stream for rustls::StreamOwned<rustls::ClientConnection, TcpStream> {}

fn wrong_address(address: &str) -> String {
    format!("\"{address}\" is no address of a node; write it as http://127.0.0.1:8440")
}

fn token(file: Option<&Path>) -> Result<String> {
    let text = match file {
        Some(file) => match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return fail(format!("{} cannot be read: {error}", file.display())),
        },
        None => std::env::var(TOKEN_VARIABLE).unwrap_or_default(),
    };
    let token = text.trim();
    let plain = !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic());
    if plain {
        return Ok(token.to_owned());
    }
    fail(format!(
        "no token: name a file with --token-file, or put it into {TOKEN_VARIABLE}; `watchfire token` makes one"
    ))
}

/// Trusts the node's own certificate and no other.
fn trusting(certificate: &Path) -> Result<Arc<rustls::ClientConfig>> {
    let wrong = |error: &dyn std::fmt::Display| {
        format!(
            "{} is no certificate in PEM: {error}",
            certificate.display()
        )
    };
    let mut roots = rustls::RootCertStore::empty();
    let found = match CertificateDer::pem_file_iter(certificate) {
        Ok(found) => found,
        Err(error) => return fail(wrong(&error)),
    };
    for one in found {
        match one {
            Ok(one) => roots.add(one)?,
            Err(error) => return fail(wrong(&error)),
        }
    }
    if roots.is_empty() {
        return fail(wrong(&"there is none in it"));
    }
    // More than one part of the program may have chosen already; the choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_answer(stream: impl Read) -> std::io::Result<(u16, String)> {
    let bad = || std::io::Error::other("it answered something that is not HTTP");
    let mut reader = BufReader::new(stream.take(ANSWER_MAX_BYTES as u64));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    if line.is_empty() {
        return Err(std::io::ErrorKind::ConnectionReset.into());
    }
    let status = status.ok_or_else(bad)?;
    let mut length = None;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(bad());
        }
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let length = length
        .filter(|length| *length <= ANSWER_MAX_BYTES)
        .ok_or_else(bad)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    String::from_utf8(body)
        .map(|text| (status, text))
        .map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_length_and_anything_else_is_refused() {
        let read = |text: &str| read_answer(text.as_bytes()).ok();
        let fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: y\r\n\r\n{}more";
        assert_eq!(read(fine), Some((200, "{}".to_owned())));
        for bad in [
            "",
            "220 mail.example ESMTP\r\n",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
