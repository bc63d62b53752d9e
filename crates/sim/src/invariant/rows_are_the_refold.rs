//! The tables say what a fold of all entries says.
//!
//! Reason: truth has one form, the signed entries (design rule 8). Tables are a faster way to it; if they
//! ever differ, a node that starts from them goes on from something that was never signed.

use watchfire_core::board::Board;
use watchfire_core::engine;
use watchfire_feed::SealedBody;
use watchfire_feed::seal;

use crate::host::board_of_rows;
use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let rows = board_of_rows(&life.disk)?;
    match refold(life)? == rows {
        true => Ok(()),
        false => Err("the tables differ from a refold of the entries".to_owned()),
    }
}

/// Folds all entries on the disk, as an auditor with all keys would.
pub(crate) fn refold(life: &Life) -> Result<Board, String> {
    let mut board = Board::default();
    for entry in &life.disk.entries {
        let decoded = engine::decode(entry).map_err(|error| error.to_string())?;
        let key = match &entry.sealed {
            SealedBody::Whole(sealed) => {
                seal::key_id(sealed).and_then(|id| life.disk.keyring.get(&id))
            }
            SealedBody::None | SealedBody::Erased(_) => None,
        };
        let personal = engine::open_personal(entry, key);
        engine::fold(&mut board, &decoded, personal.as_ref());
    }
    Ok(board)
}
