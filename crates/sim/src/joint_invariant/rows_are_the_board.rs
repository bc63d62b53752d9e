//! The tables of a node say what its board says, of its own records and of copies.
//!
//! Reason: a node starts from its tables. If they differed, it would go on from something that nobody ever signed.

use watchfire_core::board::Board;
use watchfire_core::engine::row_context;
use watchfire_core::log::Row;
use watchfire_core::record::Record;
use watchfire_feed::seal;

use crate::net::world::World;
use crate::site::Site;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let up = world.stands.iter().filter(|stand| stand.up);
    up.map(|stand| &stand.site).try_for_each(check_site)
}

/// Compares the tables of one node with its board.
pub(crate) fn check_site(site: &Site) -> Result<(), String> {
    let mut board = Board::default();
    for row in site.disk.rows.values() {
        board.put(read(site, row)?);
    }
    for ((node, _), row) in &site.disk.copies {
        let record = read(site, row)?;
        board.copies.boards.entry(*node).or_default().put(record);
    }
    let name = &site.name;
    if !board.records().eq(site.shown.records()) {
        return Err(format!("the tables of {name} differ from its board"));
    }
    for (node, shown) in &site.shown.copies.boards {
        let kept = board.copies.boards.remove(node).unwrap_or_default();
        if !kept.records().eq(shown.records()) {
            let whose = site.shown.name_of(node);
            let differs = shown
                .records()
                .find(|record| kept.get(record.reference()).as_ref() != Some(record));
            let which = differs.map(|record| (record.reference().to_string(), record));
            return Err(format!(
                "the copies of {whose} at {name} differ from its tables: {which:?}, {:?}",
                which
                    .as_ref()
                    .and_then(|(_, record)| kept.get(record.reference()))
            ));
        }
    }
    Ok(())
}

fn read(site: &Site, row: &Row) -> Result<Record, String> {
    let personal = match row.sealed.as_slice() {
        [] => None,
        sealed => {
            let key = seal::key_id(sealed).and_then(|id| site.disk.keyring.get(&id));
            let key = key.ok_or("a row is sealed under a key that is nowhere")?;
            let opened = seal::open(key, &row_context(row.record), sealed);
            Some(opened.map_err(|error| error.to_string())?)
        }
    };
    let record = Record::from_row(row.record.kind, &row.state, personal.as_deref());
    record.map_err(|error| error.to_string())
}
