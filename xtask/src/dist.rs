//! `cargo xtask dist`: the archive that an agency installs: the program with its console, an example
//! configuration, the licence and the first page to read. Start at [`dist`].

use std::path::Path;
use std::process::Command;

use crate::program::{self, cargo, program, quiet, read, read_file, run, target_dir, write_file};
use crate::{Outcome, binary, console, root};

/// What goes into the archive besides the program.
const FILES: [&str; 5] = [
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "LICENSE",
    "examples/watchfire.toml",
];

/// Builds the program for release and packs it.
pub(crate) fn dist(rest: &[String]) -> Outcome {
    program::no_arguments("dist", rest)?;
    console::build()?;
    run(cargo([
        "build",
        "--locked",
        "--profile",
        "dist",
        "--package",
        "watchfire",
    ]))?;
    let built = binary::in_target("dist")?;
    let name = format!("watchfire-{}-{}", version()?, triple()?);
    let out = target_dir()?.join("dist");
    let folder = program::scratch("dist")?.join(&name);
    std::fs::create_dir_all(&folder)
        .map_err(|error| program::because(&folder, "cannot be made", &error))?;
    copy(&built, &folder)?;
    for file in FILES {
        copy(&root().join(file), &folder)?;
    }
    let archive = out.join(format!("{name}.tar.gz"));
    pack(&folder, &archive)?;
    let sums = checksum(&out, &format!("{name}.tar.gz"))?;
    write_file(&out.join("SHA256SUMS"), &sums)?;
    let size_bytes = std::fs::metadata(&archive).map_or(0, |about| about.len());
    println!("{} ({:.1} MB)", archive.display(), size_bytes as f64 / 1e6);
    print!("{sums}");
    Ok(())
}

fn copy(from: &Path, folder: &Path) -> Outcome {
    let name = from.file_name().unwrap_or_default();
    let copied = std::fs::copy(from, folder.join(name));
    copied
        .map(drop)
        .map_err(|error| program::because(from, "cannot be copied", &error))
}

/// Packs a folder; the same files give the same archive wherever GNU tar is at hand.
fn pack(folder: &Path, archive: &Path) -> Outcome {
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(format!(
            "{} is no folder that can be packed",
            folder.display()
        ));
    };
    let mut tar = program("tar");
    let mut look = program("tar");
    look.arg("--version");
    if quiet(look).is_ok_and(|text| text.contains("GNU")) {
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
        tar.arg(format!("--mtime=@{}", committed_at().unwrap_or_default()));
    }
    tar.arg("-czf").arg(archive).arg("-C").arg(parent).arg(name);
    run(tar)
}

/// The time of the last commit, in seconds since 1970.
fn committed_at() -> Option<u64> {
    let mut git = program("git");
    git.args(["log", "-1", "--format=%ct"]);
    read(git).ok()?.trim().parse().ok()
}

fn checksum(folder: &Path, file: &str) -> Outcome<String> {
    let mut linux = Command::new("sha256sum");
    linux.arg(file).current_dir(folder);
    let mut mac = Command::new("shasum");
    mac.args(["-a", "256", file]).current_dir(folder);
    read(linux).or_else(|_| read(mac))
}

fn version() -> Outcome<String> {
    let manifest = read_file(&root().join("Cargo.toml"))?;
    let line = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    line.map(str::to_owned)
        .ok_or_else(|| "Cargo.toml does not say the version".to_owned())
}

/// The kind of machine that the program is built for.
fn triple() -> Outcome<String> {
    let mut rustc = program(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.arg("-vV");
    let text = read(rustc)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not say for which machine it builds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_has_a_version_and_a_machine_in_its_name() {
        assert_eq!(version().unwrap(), env!("CARGO_PKG_VERSION"));
        assert!(triple().unwrap().contains('-'));
    }
}
