//! Starting other programs: to their end, in the background, or for what they print. It knows nothing of
//! what they are for. A program that is started here is also ended here, whatever happens. Start at [`run`].

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::{Outcome, root};

/// How often a program with a bound is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a program that is asked to end may take.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Returns a program that runs in the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Returns cargo with arguments.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo xtask` sets these for xtask. Build scripts that watch them would make their crates, and all
    // above them, anew each time that cargo is started by xtask and by hand in turn.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let own = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if own.iter().any(|start| name.starts_with(start)) || name == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Returns the folder into which cargo builds; what is made by the way is put there too.
pub(crate) fn target_dir() -> Outcome<PathBuf> {
    static FOUND: OnceLock<Outcome<PathBuf>> = OnceLock::new();
    let find = || {
        let text = read(cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
        let found = json_field(&text, "target_directory");
        found
            .map(PathBuf::from)
            .ok_or_else(|| "cargo metadata does not name the target directory".to_owned())
    };
    FOUND.get_or_init(find).clone()
}

/// Returns the text or number of a field that occurs once in a JSON text.
pub(crate) fn json_field(json: &str, name: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{name}\":"))?;
    let after = after.trim_start();
    let value = match after.strip_prefix('"') {
        Some(text) => text.split('"').next()?.replace("\\\\", "\\"),
        None => after.split([',', '}', '\n']).next()?.trim().to_owned(),
    };
    Some(value)
}

/// Returns an empty folder of this name for files that need not be kept.
pub(crate) fn scratch(name: &str) -> Outcome<PathBuf> {
    let path = target_dir()?.join("verify").join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)
            .map_err(|error| because(&path, "cannot be emptied", &error))?;
    }
    std::fs::create_dir_all(&path).map_err(|error| because(&path, "cannot be made", &error))?;
    Ok(path)
}

/// Says what is wrong with a file or folder.
pub(crate) fn because(path: &Path, what: &str, error: &std::io::Error) -> String {
    format!("{} {what}: {error}", path.display())
}

/// Reads a text file.
pub(crate) fn read_file(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| because(path, "cannot be read", &error))
}

/// Writes a file.
pub(crate) fn write_file(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text).map_err(|error| because(path, "cannot be written", &error))
}

/// Refuses arguments of a command that takes none.
pub(crate) fn no_arguments(command: &str, arguments: &[String]) -> Outcome {
    match arguments.first() {
        None => Ok(()),
        Some(word) => Err(format!(
            "`cargo xtask {command}` takes no arguments, and got `{word}`"
        )),
    }
}

/// Runs a program to its end and shows what it prints.
pub(crate) fn run(mut command: Command) -> Outcome {
    let line = line_of(&command);
    let status = command
        .status()
        .map_err(|error| cannot_start(&line, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` failed ({status})"))
    }
}

/// Runs a program to its end, shows what it prints, and ends it when it takes longer than the bound.
pub(crate) fn run_within(mut command: Command, bound: Duration) -> Outcome {
    let line = line_of(&command);
    let mut running = Running {
        child: command
            .spawn()
            .map_err(|error| cannot_start(&line, &error))?,
    };
    let began = Instant::now();
    loop {
        let ended = running
            .child
            .try_wait()
            .map_err(|error| format!("`{line}`: {error}"))?;
        match ended {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("`{line}` failed ({status})")),
            None if began.elapsed() > bound => {
                return Err(format!("`{line}` was ended after {} s", bound.as_secs()));
            }
            None => std::thread::sleep(LOOK_EVERY),
        }
    }
}

/// Runs a program to its end and returns what it prints on standard output; errors are shown.
pub(crate) fn read(mut command: Command) -> Outcome<String> {
    let line = line_of(&command);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| cannot_start(&line, &error))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{line}` printed what is no text"))
}

/// Runs a program to its end and returns all it prints; nothing is shown unless it fails.
pub(crate) fn quiet(mut command: Command) -> Outcome<String> {
    let line = line_of(&command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot_start(&line, &error))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(text);
    }
    eprint!("{text}");
    Err(format!("`{line}` failed ({})", output.status))
}

/// Returns whether a program is there and runs.
pub(crate) fn works(mut command: Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A program in the background. It is ended when this goes out of scope.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a program and waits until it prints a line with an address, which is returned.
    pub(crate) fn until_address(
        mut command: Command,
        bound: Duration,
    ) -> Outcome<(Running, String)> {
        let line = line_of(&command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut running = Running {
            child: command
                .spawn()
                .map_err(|error| cannot_start(&line, &error))?,
        };
        let output = running
            .child
            .stdout
            .take()
            .expect("standard output was asked for just above");
        let (tell, told) = mpsc::channel();
        // It goes on reading after the address, so that the program never waits for a reader.
        std::thread::spawn(move || {
            for text in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(address) = address_in(&text) {
                    let _ = tell.send(address);
                }
            }
        });
        match told.recv_timeout(bound) {
            Ok(address) => Ok((running, address)),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(format!("`{line}` ended before it was ready"))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Err(format!(
                "`{line}` was not ready within {} s",
                bound.as_secs()
            )),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked first, so that it can end what it has started itself; it may also have ended already.
        if cfg!(unix) && matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill")
                .arg(self.child.id().to_string())
                .stderr(Stdio::null())
                .status();
            let began = Instant::now();
            while began.elapsed() < END_WITHIN && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(LOOK_EVERY);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<String> {
    let start = line.find("http://").or_else(|| line.find("https://"))?;
    let address = line[start..].split_whitespace().next()?;
    Some(address.trim_end_matches(['/', '.']).to_owned())
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

fn cannot_start(line: &str, error: &std::io::Error) -> String {
    format!("`{line}` cannot be started: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_a_node_prints() {
        let found = address_in("Watchfire \"A b\" is ready at http://127.0.0.1:41000/\n");
        assert_eq!(found.as_deref(), Some("http://127.0.0.1:41000"));
        assert_eq!(address_in("nothing here"), None);
    }

    #[test]
    fn fields_are_read_from_json() {
        let json = "{\n  \"took_s\": 12.5,\n  \"entries_digest\": \"ab\", \"last\": 3}";
        assert_eq!(json_field(json, "took_s").as_deref(), Some("12.5"));
        assert_eq!(json_field(json, "entries_digest").as_deref(), Some("ab"));
        assert_eq!(json_field(json, "last").as_deref(), Some("3"));
        assert_eq!(json_field(json, "absent"), None);
    }

    #[cfg(unix)]
    #[test]
    fn failures_and_slowness_are_told_and_a_program_is_ended_with_its_owner() {
        assert!(
            run(Command::new("false"))
                .unwrap_err()
                .contains("`false` failed")
        );
        let mut endless = Command::new("sleep");
        endless.arg("1000");
        let slow = run_within(endless, Duration::from_millis(1)).unwrap_err();
        assert!(slow.contains("was ended after"), "{slow}");
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo http://127.0.0.1:1/; exec sleep 1000"]);
        let (running, address) = Running::until_address(shell, Duration::from_secs(60)).unwrap();
        assert_eq!(address, "http://127.0.0.1:1");
        let id = running.child.id();
        drop(running);
        let mut look = Command::new("kill");
        look.args(["-0", &id.to_string()]);
        assert!(!works(look), "process {id} is still there");
        let early = Running::until_address(Command::new("true"), Duration::from_secs(60));
        assert!(early.unwrap_err().contains("ended before"));
    }
}
