//! What was answered "yes" is on its home's disk for good.
//!
//! Reason: whoever saw it accepted has let go of it. It may take days until another node hears of it; if a crash
//! could take it back meanwhile, nobody would ever know (design rule 2).

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    for stand in &world.stands {
        for (key, records) in &stand.acked {
            for (record, version) in records {
                let row = stand.site.disk.rows.get(record);
                let found = row.map_or(0, |row| row.version);
                if found < *version {
                    let name = &stand.site.name;
                    return Err(format!(
                        "{key} was answered with version {version} of {record}; the disk of {name} has {found}"
                    ));
                }
            }
        }
    }
    Ok(())
}
