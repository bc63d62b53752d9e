//! One node of the storm: a directory on a small disk of its own, a process in a network of its own, and people with
//! tokens. It can be killed, held still, started again, and its disk filled. Start at [`Node::make`].

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::AS_PROGRAM;
use crate::ground::{address, quiet, said, space};
use crate::http::Desk;
use crate::wire;

/// How long a node may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long an answer may take to whoever enrols and looks.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is started as a node.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    /// The file.
    pub(crate) path: PathBuf,
    /// True if the file is this one, which then is the program.
    pub(crate) is_own: bool,
}

impl Binary {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if self.is_own {
            command.env(AS_PROGRAM, "1");
        }
        command
    }
}

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It runs.
    Running,
    /// It is held still.
    Held,
    /// It was killed.
    Down,
}

/// A node.
#[derive(Debug)]
pub(crate) struct Node {
    /// Which, counted from 0.
    pub(crate) number: usize,
    /// Its id.
    pub(crate) id: String,
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// What it is doing.
    pub(crate) life: Life,
    binary: Binary,
    disk: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    tokens: Vec<(&'static str, String)>,
}

/// The seats from which people act.
const SEATS: [&str; 3] = ["administrator", "duty_officer", "dispatcher"];

impl Node {
    /// Makes a node on a disk, and tokens for its people.
    pub(crate) fn make(
        number: usize,
        binary: &Binary,
        disk: &Path,
        log: PathBuf,
    ) -> Result<Node, String> {
        let dir = disk.join("node");
        let own = format!("{}:8441", address(number));
        let mut init = binary.command();
        init.arg("init").arg(&dir);
        init.args(["--name", &name(number), "--peer-address", &own]);
        quiet(&mut init)?;
        let mut tokens = Vec::new();
        for seat in SEATS {
            let mut token = binary.command();
            token.arg("token").arg(&dir);
            token.args(["--login", &format!("storm-{seat}"), "--seat", seat]);
            tokens.push((seat, said(&mut token)?.trim().to_owned()));
        }
        let (there, _) = wire::ends(number);
        let config = format!(
            "name = \"{}\"\n[http]\nlisten = \"{there}:8440\"\ntls = \"proxy\"\n\
             [federation]\nlisten = \"{own}\"\naddresses = [\"{own}\"]\n[log]\nlevel = \"info\"\n",
            name(number)
        );
        let path = dir.join("watchfire.toml");
        std::fs::write(&path, config).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Node {
            number,
            id: String::new(),
            dir,
            life: Life::Down,
            binary: binary.clone(),
            disk: disk.to_owned(),
            log,
            child: None,
            tokens,
        })
    }

    /// Returns a desk of it.
    pub(crate) fn desk(&self, seat: &str) -> Desk {
        let token = self.tokens.iter().find(|(one, _)| *one == seat);
        let (there, _) = wire::ends(self.number);
        Desk {
            address: SocketAddr::new(IpAddr::V4(there), 8_440),
            token: token.map(|(_, token)| token.clone()).unwrap_or_default(),
            patience: PATIENCE,
        }
    }

    /// Starts it.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|error| format!("{}: {error}", self.log.display()))?;
        let told = log.try_clone().map_err(|error| error.to_string())?;
        let program = self.binary.command();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &space(self.number)]);
        command
            .arg(program.get_program())
            .arg("serve")
            .arg(&self.dir);
        for (key, value) in program.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        command.stdin(Stdio::null()).stdout(told).stderr(log);
        let child = command.spawn().map_err(|error| error.to_string())?;
        self.child = Some(child);
        self.life = Life::Running;
        Ok(())
    }

    /// Waits until it answers, and learns its id.
    pub(crate) fn await_ready(&mut self) -> Result<(), String> {
        let until = Instant::now() + READY_WITHIN;
        let mut last = String::new();
        while Instant::now() < until {
            match self.desk("administrator").get("/peers") {
                Ok(answer) if answer.is_done() => {
                    self.id = answer.text("/node");
                    return Ok(());
                }
                Ok(answer) => last = format!("it answers {}", answer.status),
                Err(error) => last = error,
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("{} was not ready: {last}", name(self.number)))
    }

    /// Kills it, as a power cut does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.life = Life::Down;
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        self.life = Life::Down;
        signal(&child, "-TERM")?;
        let status = child.wait().map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("{} ended with {status}", name(self.number))),
        }
    }

    /// Holds it still: it is there, and answers nobody.
    pub(crate) fn hold(&mut self) {
        if let Some(child) = self.child.as_ref().filter(|_| self.life == Life::Running)
            && signal(child, "-STOP").is_ok()
        {
            self.life = Life::Held;
        }
    }

    /// Lets it go on.
    pub(crate) fn go_on(&mut self) {
        if let Some(child) = self.child.as_ref().filter(|_| self.life == Life::Held)
            && signal(child, "-CONT").is_ok()
        {
            self.life = Life::Running;
        }
    }

    /// Returns how it ended, if it did so by itself.
    pub(crate) fn fallen(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        self.life = Life::Down;
        Some(format!("{} ended by itself ({status})", name(self.number)))
    }

    /// Fills its disk to the last byte.
    pub(crate) fn fill(&self) {
        use std::io::Write as _;
        let Ok(mut file) = File::create(self.ballast()) else {
            return;
        };
        let piece = vec![0_u8; 64 * 1_024];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(&[0; 512]).is_ok() {}
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        let _ = std::fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.disk.join("ballast")
    }

    /// Has the directory checked; returns what the check says.
    pub(crate) fn check(&self) -> Result<String, String> {
        let mut check = self.binary.command();
        check.arg("check").arg(&self.dir);
        said(&mut check)
    }
}

/// Returns what people call a node.
pub(crate) fn name(number: usize) -> String {
    format!("Node {}", number + 1)
}

fn signal(child: &Child, which: &str) -> Result<(), String> {
    quiet(Command::new("kill").arg(which).arg(child.id().to_string()))
}
