//! The second implementation, `conformance/feed/verify.py`, as the tests run it. It must not judge
//! anything itself. Start at [`verify`].
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "the crate is pure; these tests write files for another program and say when they skip"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use watchfire_feed::Entry;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../conformance/feed/verify.py"
);
pub const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/spec/feed-vectors.json"
);

/// Says whether the second implementation can run here.
pub fn python_is_there() -> bool {
    let probe = Command::new("python3")
        .args([
            "-c",
            "import sys, cryptography; sys.exit(sys.version_info < (3, 11))",
        ])
        .output();
    let there = probe.is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: needs python3 (3.11 or later) with the package `cryptography`");
    }
    there
}

/// Runs the script; `mode` is what stands before the file.
pub fn verify(mode: &[&str], path: &Path) -> Output {
    Command::new("python3")
        .arg(SCRIPT)
        .args(mode)
        .arg(path)
        .output()
        .expect("python3 ran a moment ago")
}

pub fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("the target directory is ours to write");
    path
}

pub fn frames(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(Entry::encode).collect()
}
