//! The program as others meet it: a process that is started and stopped. Must not know what is measured;
//! start at [`Program::serve`].

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{AS_PROGRAM, Outcome};

/// A running `watchfire serve`, stopped when it is dropped.
pub(crate) struct Program {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts `watchfire serve DIR` on a free port and waits until it says that it is ready.
    pub(crate) fn serve(dir: &Path) -> Outcome<Program> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(AS_PROGRAM, "1")
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("the program has no output")?;
        let mut said = String::new();
        BufReader::new(out).read_line(&mut said)?;
        let address = said.split_once("http://").map(|(_, rest)| rest.trim());
        let address = address.and_then(|text| text.strip_suffix('/')?.parse().ok());
        match address {
            Some(address) => Ok(Program { child, address }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("the program did not say where it listens: {said:?}").into())
            }
        }
    }

    /// Returns a line of its `/proc` status in megabytes: `VmRSS` or `VmHWM`.
    pub(crate) fn memory_mb(&self, line: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let found = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        let kib = found.and_then(|text| text.trim().strip_suffix("kB"));
        let kib: f64 = kib.ok_or("the kernel does not say")?.trim().parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Killed, not asked: a node must bear it, and the next start in a directory finds out.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
