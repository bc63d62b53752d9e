//! Sees that the program is built again when the console was, and that it builds without one.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist");
    println!("cargo::rerun-if-changed={dist}");
    // A fresh clone has no console yet; the program then says how to build it.
    let _ = std::fs::create_dir_all(dist);
}
