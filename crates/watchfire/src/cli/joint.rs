//! The demo of five agencies. Start at [`parcel`].

use std::net::SocketAddr;
use std::path::Path;

use super::play::{run_async, start_log};
use super::{Ended, Result};
use crate::config::Config;
use crate::parcel::{self, Plan};

/// Plays the parcel scenario until Ctrl-C.
pub(super) fn parcel(data: &Path, listen: SocketAddr, pace: u32) -> Result<Ended> {
    start_log(&Config::default());
    let plan = Plan {
        dir: data.join("parcel"),
        listen,
        pace,
    };
    // The story is told once; what an earlier telling left behind would be told twice.
    if plan.dir.join("0").exists() {
        std::fs::remove_dir_all(&plan.dir)?;
    }
    println!("Preparing five nodes (a made-up case, simulated people; real nodes and lines) ...");
    let played = run_async(parcel::run(&plan, |pages| {
        println!();
        println!("  Five agencies are ready:");
        for (name, address) in pages {
            println!("    http://{address}/   {name}");
        }
        println!();
        println!(
            "  Open two or three side by side, page 合成作战 / Operations. The case takes some two minutes;"
        );
        println!("  in the middle of it the line between city and airport is cut. Ctrl-C ends it.");
        println!();
    }))?;
    played?;
    Ok(Ended::Done)
}
