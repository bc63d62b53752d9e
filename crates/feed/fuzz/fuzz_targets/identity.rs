//! Any bytes as what an entry of an identity feed says. What must hold is in `tests/common/decoders.rs`.
#![no_main]

#[path = "../../tests/common/decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::identity(bytes));
