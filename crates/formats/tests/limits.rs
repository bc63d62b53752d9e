//! Every limit that a file or map of ordinary size can reach holds at the limit and not one past it.

use watchfire_formats::limits::{
    ALARM_LEVEL_MAX, CODE_CHARS_MAX, CODES_MAX, COLUMNS_MAX, FINDINGS_LISTED_MAX, LIST_ROWS_MAX,
    RESPONSE_GROUPS_MAX, SAID_CHARS_MAX, SHORT_TEXT_CHARS_MAX, TIME_FORMATS_MAX,
    UNMAPPED_LISTED_MAX,
};
use watchfire_formats::{CallMap, Import, ImportError, MapError, Reason, import, stations_csv};

/// A map of the columns id, t, lat, lon, said, alarms, kind; `more` is put at its end.
fn map(formats: &str, more: &str) -> Result<CallMap, MapError> {
    CallMap::parse(&format!(
        "[file]\nrows = \"call\"\n[time]\nzone = \"UTC\"\nformats = [{formats}]\n[place]\nlat = \"lat\"\nlon = \"lon\"\n\
         [call]\nid = \"id\"\nreceived = \"t\"\nsaid = \"said\"\narea = \"area\"\nalarm_level = \"alarms\"\n[priority]\ndefault = 1\n{more}"
    ))
}

const CATEGORY: &str = "[category]\ncolumn = \"kind\"\ndefault = \"other\"\n";

fn read(rows: &str) -> Import {
    let file = format!("id,t,lat,lon,said,area,alarms,kind\n{rows}");
    let map = map("\"iso\"", CATEGORY).unwrap_or_else(|error| panic!("{error}"));
    import(file.as_bytes(), &map).unwrap_or_else(|error| panic!("{error}"))
}

fn row(id: &str, said: &str, area: &str, alarms: &str, kind: &str) -> String {
    format!("{id},2017-01-01 00:00:00,1,1,{said},{area},{alarms},{kind}\n")
}

#[test]
fn a_map_has_so_many_codes_formats_and_groups() {
    for (over, good) in [(0, true), (1, false)] {
        let formats = vec!["\"iso\""; TIME_FORMATS_MAX + over].join(", ");
        assert_eq!(map(&formats, CATEGORY).is_ok(), good, "formats");
        let groups = format!(
            "{CATEGORY}{}",
            "[[response]]\nunit = \"id\"\n".repeat(RESPONSE_GROUPS_MAX + over)
        );
        assert_eq!(map("\"iso\"", &groups).is_ok(), good, "groups");
        let codes: String = (0..CODES_MAX + over)
            .map(|code| format!("\"{code}\" = \"other\"\n"))
            .collect();
        assert_eq!(
            map("\"iso\"", &format!("{CATEGORY}[category.codes]\n{codes}")).is_ok(),
            good,
            "codes"
        );
        let code = "c".repeat(CODE_CHARS_MAX + over);
        assert_eq!(
            map("\"iso\"", &format!("[category]\ndefault = \"{code}\"\n")).is_ok(),
            good,
            "code"
        );
    }
}

#[test]
fn texts_are_kept_up_to_the_limit_and_a_cut_is_told() {
    for (over, cuts) in [(0, 0), (1, 2)] {
        let (said, area) = (
            "话".repeat(SAID_CHARS_MAX + over),
            "a".repeat(SHORT_TEXT_CHARS_MAX + over),
        );
        let found = read(&row("1", &said, &area, "1", "x"));
        assert_eq!(found.report.noticed.count_of(Reason::TextCut), cuts);
        assert_eq!(
            found.calls[0]
                .said
                .as_ref()
                .map(|said| said.chars().count()),
            Some(SAID_CHARS_MAX)
        );
        assert_eq!(
            found.calls[0].area.as_ref().map(String::len),
            Some(SHORT_TEXT_CHARS_MAX)
        );
        let id = "i".repeat(SHORT_TEXT_CHARS_MAX + over);
        assert_eq!(
            read(&row(&id, "", "", "", "x")).calls.len(),
            1 - over,
            "an id is never cut: it could become another's"
        );
    }
}

#[test]
fn alarm_levels_go_up_to_the_limit() {
    let level = |text: &str| read(&row("1", "", "", text, "x")).calls[0].alarm_level;
    assert_eq!(level(&ALARM_LEVEL_MAX.to_string()), ALARM_LEVEL_MAX);
    assert_eq!(level(&(ALARM_LEVEL_MAX + 1).to_string()), 1);
    assert_eq!(level("0"), 1);
}

#[test]
fn a_report_lists_so_many_examples_and_counts_them_all() {
    let rows: String = (0..FINDINGS_LISTED_MAX + 1)
        .map(|_| row("", "", "", "", "x"))
        .collect();
    let report = read(&rows).report;
    assert_eq!(report.refused.examples().len(), FINDINGS_LISTED_MAX);
    assert_eq!(
        report.refused.count_of(Reason::NoCallId),
        FINDINGS_LISTED_MAX as u64 + 1
    );
    for over in [0, 1] {
        let rows: String = (0..UNMAPPED_LISTED_MAX + over)
            .map(|id| row(&id.to_string(), "", "", "", &format!("k{id}")))
            .collect();
        let map = map(
            "\"iso\"",
            &format!("{CATEGORY}[category.codes]\n\"known\" = \"other\"\n"),
        )
        .unwrap();
        let file = format!("id,t,lat,lon,said,area,alarms,kind\n{rows}");
        let report = import(file.as_bytes(), &map).unwrap().report;
        assert_eq!(
            (report.unmapped.len(), report.unmapped_unlisted),
            (UNMAPPED_LISTED_MAX, over as u64)
        );
    }
}

#[test]
fn a_table_has_so_many_columns() {
    let header = |columns: usize| {
        "id,t,lat,lon,said,area,alarms,kind".to_owned() + &",more".repeat(columns - 8)
    };
    let map = map("\"iso\"", CATEGORY).unwrap();
    assert!(import(header(COLUMNS_MAX).as_bytes(), &map).is_ok());
    let refused = import(header(COLUMNS_MAX + 1).as_bytes(), &map).unwrap_err();
    assert_eq!(
        refused,
        ImportError::TooManyColumns {
            line: 1,
            found: COLUMNS_MAX + 1
        }
    );
}

#[test]
fn a_list_has_so_many_rows() {
    let list = |rows: u64| {
        "code,name,lat,lon\n".to_owned()
            + &(0..rows)
                .map(|row| format!("{row},s,1,1\n"))
                .collect::<String>()
    };
    assert_eq!(
        stations_csv(list(LIST_ROWS_MAX).as_bytes())
            .unwrap()
            .report
            .rows_taken,
        LIST_ROWS_MAX
    );
    assert_eq!(
        stations_csv(list(LIST_ROWS_MAX + 1).as_bytes()).unwrap_err(),
        ImportError::TooManyRows { max: LIST_ROWS_MAX }
    );
}
