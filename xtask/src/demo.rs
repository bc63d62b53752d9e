//! `cargo xtask demo`: from a fresh clone to a city's night, or that of three agencies, in the browser. Start at [`demo`].

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, binary};

/// The command by which xtask starts itself to open the browser while it has become the demo.
pub(crate) const OPEN_WHEN_READY: &str = "open-when-ready";

/// Where the demo listens when nothing is said.
const LISTEN: &str = "127.0.0.1:8440";

/// How long the demo may take until its page is there.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How often it is tried.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// Builds the console and the program and becomes `watchfire demo`.
pub(crate) fn demo(rest: &[String]) -> Outcome {
    let (own, passed): (Vec<&String>, Vec<&String>) = rest
        .iter()
        .filter(|word| *word != "--")
        .partition(|word| *word == "--no-web");
    let built = if own.is_empty() {
        binary::release().map_err(|problem| {
            format!("{problem}\nOr show the API without its page: cargo xtask demo --no-web")
        })?
    } else {
        binary::release_without_console()?
    };
    let helped = passed
        .iter()
        .any(|word| matches!(word.as_str(), "--help" | "-h"));
    if own.is_empty() && !helped {
        let listen = listen_in(&passed);
        start_opener(&listen);
    }
    let mut command = crate::program::program(&built);
    command.arg("demo").args(passed);
    become_it(command)
}

fn listen_in(words: &[&String]) -> String {
    let mut listen = LISTEN.to_owned();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(value) = word.strip_prefix("--listen=") {
            listen = value.to_owned();
        } else if *word == "--listen" {
            listen = words.next().map_or(listen, |value| (*value).clone());
        }
    }
    listen
}

/// Lets the demo have the terminal and its Ctrl-C to itself: xtask would end first and leave it behind.
#[cfg(unix)]
fn become_it(mut command: Command) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    Err(format!("the demo cannot be started: {}", command.exec()))
}

#[cfg(not(unix))]
fn become_it(command: Command) -> Outcome {
    crate::program::run(command)
}

fn start_opener(listen: &str) {
    let Some(opener) = opener() else { return };
    let taken = listen.parse().is_ok_and(|address| is_there(&address));
    if taken {
        return; // Somebody else listens there; the demo says so.
    }
    let Ok(own) = std::env::current_exe() else {
        return;
    };
    // Without it the page is opened by hand: its address is printed.
    let _ = Command::new(own)
        .args([OPEN_WHEN_READY, listen, opener])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

fn opener() -> Option<&'static str> {
    let screen = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match std::env::consts::OS {
        "macos" => Some("open"),
        "windows" => Some("explorer"),
        _ if screen("DISPLAY") || screen("WAYLAND_DISPLAY") => Some("xdg-open"),
        _ => None,
    }
}

/// Waits until the page is there and opens it in the browser.
pub(crate) fn open_when_ready(words: &[String]) {
    let [listen, opener] = words else { return };
    let Ok(address) = listen.parse::<SocketAddr>() else {
        return;
    };
    let began = Instant::now();
    while began.elapsed() < READY_WITHIN {
        if is_there(&address) {
            let _ = Command::new(opener)
                .arg(format!("http://{address}/"))
                .status();
            return;
        }
        std::thread::sleep(TRY_EVERY);
    }
}

fn is_there(address: &SocketAddr) -> bool {
    TcpStream::connect_timeout(address, TRY_EVERY).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_opened_where_the_demo_is_told_to_listen() {
        let listen = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            listen_in(&words.iter().collect::<Vec<_>>())
        };
        assert_eq!(listen("--speed 60"), LISTEN);
        assert_eq!(
            listen("--speed 60 --listen 127.0.0.1:9000"),
            "127.0.0.1:9000"
        );
        assert_eq!(listen("--listen=127.0.0.1:9001"), "127.0.0.1:9001");
    }
}
