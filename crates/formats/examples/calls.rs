//! Reads an export with its map and prints the report: `cargo run -p watchfire-formats --example calls -- FILE MAP`.
//!
//! For whoever writes a mapping file and wants to see what it does before anything is imported.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example is a program, not a part of the pure crate"
)]

use std::error::Error;

use watchfire_formats::{CallMap, calls};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(map)) = (arguments.next(), arguments.next()) else {
        return Err("usage: calls FILE MAP".into());
    };
    let map = CallMap::parse(&std::fs::read_to_string(map)?)?;
    let import = calls::import(&std::fs::read(file)?, &map)?;
    print!("{}", import.report);
    if let Some(call) = import.calls.first() {
        println!("the first call: {call:#?}");
    }
    Ok(())
}
