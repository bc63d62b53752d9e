//! Any bytes as a fork proof. What must hold is in `tests/common/decoders.rs`.
#![no_main]

#[path = "../../tests/common/decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::fork_proof(bytes));
