//! The examples of docs/book/import.md are run: every complete map reads the table above it, every part is valid.

use watchfire_formats::{CallMap, import, stations_csv, units_csv};

const BOOK: &str = include_str!("../../../docs/book/import.md");

/// Returns the code blocks of the page with the words after their fence.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = BOOK.split("```").collect();
    parts
        .iter()
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').expect("a block has a first line"))
        .collect()
}

#[test]
fn every_map_of_the_page_reads_the_table_above_it() {
    let mut table = "";
    let mut maps = 0;
    for (kind, text) in blocks() {
        if kind == "csv" {
            table = text;
        }
        if kind == "toml" {
            maps += 1;
            let map = CallMap::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let found =
                import(table.as_bytes(), &map).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(found.report.rows_refused, 0, "{}", found.report);
            assert_eq!(found.report.noticed.counts().count(), 0, "{}", found.report);
            assert!(!found.calls.is_empty());
        }
    }
    assert_eq!(maps, 5, "a map was added or lost: is it run?");
}

#[test]
fn every_part_of_a_map_on_the_page_fits_into_the_first_map() {
    let (_, whole) = blocks()
        .into_iter()
        .find(|(kind, _)| *kind == "toml")
        .unwrap();
    for (_, part) in blocks()
        .into_iter()
        .filter(|(kind, _)| *kind == "toml part")
    {
        let name = part.trim_start_matches('[').split(']').next().unwrap();
        let kept = whole
            .split("\n[")
            .filter(|section| !section.trim_start_matches('[').starts_with(name));
        let map = format!("{}\n{part}", kept.collect::<Vec<_>>().join("\n["));
        CallMap::parse(&map).unwrap_or_else(|error| panic!("{error}\n{map}"));
    }
}

#[test]
fn the_lists_of_the_page_are_read() {
    let text = |wanted: &str| {
        blocks()
            .into_iter()
            .find(|(kind, _)| *kind == wanted)
            .unwrap()
            .1
    };
    let stations = stations_csv(text("csv stations").as_bytes()).unwrap();
    let units = units_csv(text("csv units").as_bytes(), &stations.rows).unwrap();
    assert_eq!(
        (stations.rows.len(), units.rows.len()),
        (2, 3),
        "{}{}",
        stations.report,
        units.report
    );
    assert_eq!(
        units.rows[0].lat, stations.rows[0].lat,
        "a unit without coordinates waits at its station"
    );
}

#[test]
fn the_time_formats_of_the_page_read_their_examples() {
    let rows = BOOK.lines().filter(|line| line.starts_with("| `\"%"));
    let mut tried = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let pattern = cells[1].trim_matches('`').trim_matches('"');
        let example = cells[2]
            .split(" (")
            .next()
            .unwrap()
            .split(", ")
            .next()
            .unwrap();
        let map = format!(
            "[file]\nrows = \"call\"\n[time]\nzone = \"Asia/Shanghai\"\nformats = [\"{pattern}\"]\n[place]\nlat = 2\nlon = 3\n[call]\nreceived = 1\n[category]\ndefault = \"other\"\n[priority]\ndefault = 1\n"
        );
        let found = import(
            format!("a,b,c\n{example},30,120\n").as_bytes(),
            &CallMap::parse(&map).unwrap(),
        )
        .unwrap();
        let received = found
            .calls
            .first()
            .unwrap_or_else(|| panic!("{row}\n{}", found.report))
            .received
            / 60_000
            * 60_000;
        assert_eq!(
            received, 1_483_315_500_000,
            "{row}: 2017-01-02 08:05 in Shanghai"
        );
        tried += 1;
    }
    assert_eq!(tried, 8);
}
