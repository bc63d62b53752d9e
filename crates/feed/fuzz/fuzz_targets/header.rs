//! Any bytes as a header out of a database. What must hold is in `tests/common/decoders.rs`.
#![no_main]

#[path = "../../tests/common/decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::header(bytes));
