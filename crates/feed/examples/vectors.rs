//! Writes `docs/spec/feed-vectors.json` anew. Run it after a change that is meant to change the
//! format, and look at the difference: whatever changes there changes for every other implementation.

#[path = "../tests/common/mod.rs"]
mod common;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/spec/feed-vectors.json"
);

#[allow(
    clippy::disallowed_methods,
    reason = "the crate is pure, this tool is not"
)]
fn main() -> std::io::Result<()> {
    std::fs::write(PATH, common::vectors::text())
}
