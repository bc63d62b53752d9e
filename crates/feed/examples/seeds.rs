//! Writes the test vectors as a start for the fuzz targets: one file per case in
//! `fuzz/corpus/<target>/`. A fuzzer that begins with valid bytes gets past the first checks at once.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::Path;

use common::decoders::KINDS;
use common::identity_vectors::bodies;
use watchfire_feed::Entry;

#[allow(
    clippy::disallowed_methods,
    reason = "the crate is pure, this tool is not"
)]
fn main() -> std::io::Result<()> {
    let vectors = common::vectors::all();
    let unhex = |text: &String| hex::decode(text).expect("a vector holds hex");
    let valid = vectors.valid.iter().map(|it| &it.frame);
    let invalid = vectors.invalid.iter().map(|it| &it.frame);
    let taken = vectors.identities.iter().flat_map(|it| &it.entries);
    let frames = valid.chain(invalid).chain(taken.map(|it| &it.frame));
    let frames: Vec<Vec<u8>> = frames.map(unhex).collect();
    let headers = frames.iter().filter_map(|frame| Entry::decode(frame).ok());
    let headers: Vec<Vec<u8>> = headers.map(|(entry, _)| entry.header_bytes).collect();
    let said = bodies().into_iter().map(|(kind, plain, _)| {
        let kind = KINDS.iter().position(|it| *it == kind).unwrap_or(0) as u8;
        [&[kind], plain.as_bytes()].concat()
    });
    let of = |texts: Vec<&String>| texts.into_iter().map(unhex).collect::<Vec<_>>();
    let corpora = [
        ("frame", frames),
        ("header", headers),
        ("identity", said.collect()),
        (
            "vector",
            of(vectors.vectors.iter().map(|it| &it.bytes).collect()),
        ),
        (
            "fork_proof",
            of(vectors.forks.iter().map(|it| &it.bytes).collect()),
        ),
    ];
    for (target, cases) in corpora {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let dir = dir.join(target);
        std::fs::create_dir_all(&dir)?;
        for (at, case) in cases.iter().enumerate() {
            std::fs::write(dir.join(format!("seed-{at:03}")), case)?;
        }
    }
    Ok(())
}
