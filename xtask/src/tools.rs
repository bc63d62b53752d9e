//! Tools that a check needs and a fresh machine lacks: they are installed below the target folder, once, and
//! never into the machine. Start at [`python`].

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{cargo, program, quiet, read_file, run, target_dir, works, write_file};
use crate::{Outcome, root};

/// The Python programs and libraries that the conformance checks use.
const REQUIREMENTS: &str = "conformance/requirements.txt";

/// Returns a program of a Python environment that has everything in the requirements.
pub(crate) fn python(name: &str) -> Outcome<Command> {
    Ok(program(python_programs()?.join(with_suffix(name))))
}

/// Lets a program find that environment's Python before any other.
pub(crate) fn with_python(command: &mut Command) -> Outcome {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(python_programs()?).chain(std::env::split_paths(&others));
    let all = std::env::join_paths(all).map_err(|error| format!("PATH: {error}"))?;
    command.env("PATH", all);
    Ok(())
}

/// Returns the folder of the environment's programs, and sees that it has everything.
fn python_programs() -> Outcome<PathBuf> {
    let folder = target_dir()?.join("python");
    let wanted = read_file(&root().join(REQUIREMENTS))?;
    let installed = folder.join("installed.txt");
    if !std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        install_python(&folder)?;
        write_file(&installed, &wanted)?;
    }
    Ok(programs_of(&folder))
}

fn install_python(folder: &Path) -> Outcome {
    println!("installing {REQUIREMENTS} into {} (once)", folder.display());
    let mut make = program("python3");
    make.args(["-m", "venv", "--clear"]).arg(folder);
    quiet(make).map_err(|problem| {
        format!("{problem}\nThe check needs Python 3.11 or newer with venv (Debian: python3 python3-venv)")
    })?;
    let mut install = program(programs_of(folder).join(with_suffix("python")));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]);
    quiet(install).map(drop)
}

fn programs_of(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn with_suffix(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Returns cargo-deny, of the machine or else of the target folder.
pub(crate) fn cargo_deny() -> Outcome<Command> {
    if works(cargo(["deny", "--version"])) {
        return Ok(cargo(["deny"]));
    }
    let folder = target_dir()?.join("tools");
    let own = folder.join("bin").join(with_suffix("cargo-deny"));
    if !own.exists() {
        println!(
            "installing cargo-deny into {} (once; it takes minutes)",
            folder.display()
        );
        let mut install = cargo(["install", "--quiet", "--locked", "cargo-deny", "--root"]);
        // It is built once and run briefly: optimising it would take most of the time.
        install.arg(&folder).args(["--profile", "dev"]);
        run(install).map_err(|problem| {
            format!("{problem}\nInstall it by hand (cargo install --locked cargo-deny) or leave this check out")
        })?;
    }
    let mut command = program(own);
    command.arg("deny");
    Ok(command)
}
