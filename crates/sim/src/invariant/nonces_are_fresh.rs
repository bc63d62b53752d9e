//! No record key ever sees one nonce twice for different bytes.
//!
//! Reason: two texts under one AES-GCM nonce give each other away. The engine draws nonces from a seed
//! that the host gives it anew at every start; entries and rows are sealed under the same key.

use std::collections::BTreeMap;

use watchfire_feed::SealedBody;

use crate::life::Life;

const KEY_ID_AND_NONCE_BYTES: usize = 16 + 12;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let mut seen: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
    let entries = life
        .disk
        .entries
        .iter()
        .filter_map(|entry| match &entry.sealed {
            SealedBody::Whole(bytes) => Some(bytes.as_slice()),
            SealedBody::None | SealedBody::Erased(_) => None,
        });
    let rows = life.disk.rows.values().map(|row| row.sealed.as_slice());
    for sealed in entries.chain(rows) {
        let Some((name, text)) = sealed.split_at_checked(KEY_ID_AND_NONCE_BYTES) else {
            continue;
        };
        if seen.insert(name, text).is_some_and(|before| before != text) {
            return Err("a nonce was used twice under one key".to_owned());
        }
    }
    Ok(())
}
