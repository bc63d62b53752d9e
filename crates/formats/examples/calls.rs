//! Reads an export with its map and prints the report: `cargo run -p watchfire-formats --example calls -- FILE MAP`.
//!
//! For whoever writes a mapping file and wants to see what it does before anything is imported.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example is a program, not a part of the pure crate"
)]

use std::error::Error;
use std::process::ExitCode;

use watchfire_formats::{CallMap, calls};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(map)) = (arguments.next(), arguments.next()) else {
        return Err("usage: calls FILE MAP".into());
    };
    let map = CallMap::parse(&std::fs::read_to_string(map)?)?;
    let import = calls::import(&std::fs::read(file)?, &map)?;
    print!("{}", import.report);
    Ok(())
}
