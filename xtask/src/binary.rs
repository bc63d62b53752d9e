//! The built program. Start at [`release`].

use std::path::PathBuf;
use std::process::Command;

use crate::program::{cargo, run, target_dir};
use crate::{Outcome, console};

/// Builds the program as it is used, with its console, and returns where it is.
pub(crate) fn release() -> Outcome<PathBuf> {
    console::build()?;
    release_without_console()
}

/// Builds the program as it is used, with whatever console there is, and returns where it is.
pub(crate) fn release_without_console() -> Outcome<PathBuf> {
    run(cargo([
        "build",
        "--locked",
        "--release",
        "--package",
        "watchfire",
    ]))?;
    in_target("release")
}

/// Builds the program as the tests do, which is quicker, and returns where it is.
pub(crate) fn debug() -> Outcome<PathBuf> {
    // In the very way in which the tests are built, so that nothing is built twice: features depend on what is
    // built together.
    run(cargo([
        "build",
        "--locked",
        "--workspace",
        "--bins",
        "--tests",
    ]))?;
    in_target("debug")
}

/// Returns the program of a profile.
pub(crate) fn in_target(profile: &str) -> Outcome<PathBuf> {
    let name = format!("watchfire{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join(profile).join(name))
}

/// Returns the program with arguments.
pub(crate) fn watchfire<const N: usize>(binary: &PathBuf, arguments: [&str; N]) -> Command {
    let mut command = crate::program::program(binary);
    command.args(arguments);
    command
}
