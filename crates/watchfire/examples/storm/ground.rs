//! The ground that a storm is held on: namespaces of this program's own for processes, mounts and networks, and in them
//! one network and one small disk for each node.
//!
//! All of it lies inside namespaces that end with this program, however it ends: the kernel kills every process in
//! them and takes every network and disk away. So there is nothing to clean up and nothing that could be left behind.
//! Start at [`enter`] and [`Ground::lay`].

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::wire;

/// Set inside the namespaces.
pub(crate) const INSIDE: &str = "WATCHFIRE_STORM_INSIDE";

/// Bytes of each node's disk.
const DISK_MB: u32 = 160;

/// Says whether this program is inside its namespaces already.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Starts this program again inside namespaces of its own. Returns only if that is not allowed here, with why.
pub(crate) fn enter() -> String {
    let ways: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let mut why = String::new();
    for more in ways {
        match quiet(unshare(more).arg("true")) {
            Ok(()) => {
                let program = std::env::current_exe().unwrap_or_else(|_| "storm".into());
                let arguments = std::env::args_os().skip(1);
                let mut again = unshare(more);
                again.arg(program).args(arguments).env(INSIDE, "1");
                return format!("it could not be started again: {}", again.exec());
            }
            Err(error) => why = error,
        }
    }
    why
}

fn unshare(more: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(more).args([
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    command
}

/// The ground, laid.
#[derive(Debug)]
pub(crate) struct Ground {
    /// Where each node's disk is.
    pub(crate) disks: Vec<PathBuf>,
}

impl Ground {
    /// Lays networks and disks for so many nodes; says why if that cannot be done here.
    pub(crate) fn lay(nodes: usize, scratch: &Path) -> Result<Ground, String> {
        // `ip netns` keeps its names below /run, which is the machine's.
        run("mount -t tmpfs tmpfs /run")?;
        run("ip link set lo up")?;
        let mut disks = Vec::new();
        for node in 0..nodes {
            link(node, nodes)?;
            let disk = scratch.join(format!("disk{}", node + 1));
            std::fs::create_dir_all(&disk)
                .map_err(|error| format!("{}: {error}", disk.display()))?;
            let size = format!("size={DISK_MB}m,mode=0700");
            quiet(
                Command::new("mount")
                    .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                    .arg(&disk),
            )?;
            disks.push(disk);
        }
        Ok(Ground { disks })
    }
}

/// Makes a node's namespace, the line by which people reach it, and its end of the wire.
fn link(node: usize, nodes: usize) -> Result<(), String> {
    let name = space(node);
    let (there, here) = wire::ends(node);
    let (line, own) = (format!("line{node}"), address(node));
    run(&format!("ip netns add {name}"))?;
    run(&format!(
        "ip link add {line} mtu 1600 type veth peer name eth0 mtu 1600 netns {name}"
    ))?;
    run(&format!("ip address add {here}/24 dev {line}"))?;
    run(&format!("ip link set {line} up"))?;
    let inside = |rest: String| run(&format!("ip -netns {name} {rest}"));
    inside("link set lo up".to_owned())?;
    inside(format!("address add {there}/24 dev eth0"))?;
    inside("link set eth0 up".to_owned())?;
    let port = wire::PORT;
    inside(format!(
        "link add wire mtu 1500 type vxlan id 77 local {there} remote {here} dstport {port} nolearning"
    ))?;
    let hardware = wire::hardware(node);
    // One frame at a time: a network card would cut what is longer, and there is none.
    inside(format!("link set wire address {hardware} gso_max_segs 1"))?;
    inside(format!("address add {own}/24 dev wire"))?;
    inside("link set wire up".to_owned())?;
    for other in (0..nodes).filter(|other| *other != node) {
        let (to, hardware) = (address(other), wire::hardware(other));
        inside(format!(
            "neighbour add {to} lladdr {hardware} dev wire nud permanent"
        ))?;
    }
    Ok(())
}

/// Returns the name of a node's namespace.
pub(crate) fn space(node: usize) -> String {
    format!("node{}", node + 1)
}

/// Returns the address that peers reach a node by, over the wire.
pub(crate) fn address(node: usize) -> String {
    format!("10.78.0.{}", node + 1)
}

fn run(line: &str) -> Result<(), String> {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    quiet(command.args(words))
}

/// Runs a program to its end; what it says is only told if it fails.
pub(crate) fn quiet(command: &mut Command) -> Result<(), String> {
    said(command).map(drop)
}

/// Runs a program to its end and returns what it prints.
pub(crate) fn said(command: &mut Command) -> Result<String, String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("`{line}`: {error}"))?;
    if !done.status.success() {
        let told = String::from_utf8_lossy(&done.stderr);
        let status = done.status;
        return Err(format!("`{line}`: {} ({status})", told.trim()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
