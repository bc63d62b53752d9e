//! Rows as exports really hold them: the night on which the clocks go back, several units in one field, no unit at all.
//!
//! Each test is a few rows of an export and the calls that a person would read out of them.

use watchfire_formats::{CallMap, Import, Reason, import};

const MAP: &str = r#"
[file]
rows = "unit_response"
[time]
zone = "America/Los_Angeles"
formats = ["%Y-%m-%d %H:%M:%S%.f"]
[place]
lat = "lat"
lon = "lon"
[call]
id = "call"
received = "received"
[response]
unit = "unit"
unit_separator = " "
dispatched = "sent"
arrived = "there"
cleared = "free"
[category]
default = "medical"
[priority]
default = 2
[unit_kind]
column = "unit"
[unit_kind.codes]
"E*" = "engine"
"M*" = "medic"
"X*" = "skip"
"#;

/// Reads rows of `call | unit | received | sent | there | free`, of which the times are on `day`; `=` leaves a value as it is.
fn read(map: &str, day: &str, rows: &str) -> Import {
    let mut file = "call,unit,received,sent,there,free,lat,lon\n".to_owned();
    for row in rows.lines().filter(|row| !row.trim().is_empty()) {
        let fields: Vec<&str> = row.split('|').map(str::trim).collect();
        let times = fields[2..].iter().map(|time| match *time {
            "" => String::new(),
            time => match time.strip_prefix('=') {
                Some(value) => value.to_owned(),
                None => format!("{day} {time}"),
            },
        });
        let times: Vec<String> = times.collect();
        file += &format!(
            "{},{},{},37.5,-122.5\n",
            fields[0],
            fields[1],
            times.join(",")
        );
    }
    let map = CallMap::parse(map).unwrap_or_else(|error| panic!("{error}"));
    import(file.as_bytes(), &map).unwrap_or_else(|error| panic!("{error}"))
}

/// Shows each response as its unit, its kind and the minutes from the receipt of its call to each of its times.
fn show(found: &Import) -> String {
    let mut lines = Vec::new();
    for call in &found.calls {
        lines.push(call.source_id.clone());
        for response in &call.responses {
            let minutes = |time: Option<i64>| {
                time.map_or("-".to_owned(), |time| {
                    ((time - call.received) / 60_000).to_string()
                })
            };
            lines.push(format!(
                "  {} {} {} {} {}",
                response.unit,
                response.kind.as_deref().unwrap_or("-"),
                minutes(response.dispatched),
                minutes(response.arrived),
                minutes(response.cleared)
            ));
        }
    }
    lines.join("\n")
}

fn check(day: &str, rows: &str, expected: &str) -> Import {
    let found = read(MAP, day, rows);
    assert_eq!(show(&found), expected.trim(), "{}", found.report);
    found
}

#[test]
fn a_doubled_hour_is_read_as_the_times_around_it_say() {
    // 01:00 to 02:00 occurred twice; 02:00 and all after it was once, by standard time, and so was all before 01:00.
    let night = [
        // The wait is eight minutes and not sixty-eight.
        ("01:55:00 |          | 02:03:49 |         ", "- 8 -"),
        ("01:55:00 | 01:56:00 | 02:03:49 | 02:40:00", "1 8 45"),
        // What has come before the doubled hour speaks for the first of the two.
        ("00:58:00 | 00:59:00 | 01:05:00 | 02:40:00", "1 7 162"),
        ("00:58:00 | 00:59:00 | 01:05:00 | 01:40:00", "1 7 42"),
        // It came just before the clocks were done going back, a long time after the call.
        ("00:10:00 | 00:11:00 | 01:58:00 | 02:05:00", "1 168 175"),
        // The order of the times still counts for more than a short wait.
        ("01:58:00 | 01:59:00 | 01:04:00 | 02:10:00", "1 6 72"),
        ("01:55:00 | 01:05:00 | 01:20:00 | 02:10:00", "10 25 75"),
        // Nothing but doubled times: the first, unless that breaks their order.
        ("01:10:00 | 01:11:00 | 01:20:00 | 01:50:00", "1 10 40"),
        ("01:50:00 | 01:51:00 | 01:02:00 |         ", "1 12 -"),
    ];
    for (times, expected) in night {
        let found = read(MAP, "2017-11-05", &format!("1 | E01 | {times}"));
        assert_eq!(
            show(&found),
            format!("1\n  E01 engine {expected}"),
            "{times}\n{}",
            found.report
        );
    }
}

#[test]
fn a_doubled_hour_is_told_as_it_was_taken() {
    let report = read(MAP, "2017-11-05", "1 | E01 | 01:55:00 | | 02:03:49 |").report;
    assert!(
        report.to_string().contains("line 2, received: time occurred twice at the change from summer time: found \"2017-11-05 01:55:00\"; taken as 2017-11-05 09:55:00 UTC"),
        "{report}"
    );
}

#[test]
fn a_time_of_day_and_a_duration_follow_a_doubled_receipt() {
    let map = MAP
        .replace("\"sent\"", "{ after = \"received\", clock = \"sent\" }")
        .replace(
            "\"there\"",
            "{ column = \"there\", day_of = \"received\", formats = [\"%H:%M:%S\"] }",
        );
    // A duration moves with the receipt, so it does not hold the second row in the first of the two hours.
    let rows = "
        1 | E01 | 01:55:00 | =2:00 | =01:58:00 | 02:30:00
        1 | E02 | 01:55:00 | =3:00 |           |";
    let found = read(&map, "2017-11-05", rows);
    let expected = "1\n  E01 engine 2 3 35\n  E02 engine 3 - -";
    assert_eq!(show(&found), expected, "{}", found.report);
    assert_eq!(found.report.noticed.count_of(Reason::RowsDisagree), 0);
}

#[test]
fn a_row_that_cannot_say_which_hour_it_means_follows_its_call() {
    let found = check(
        "2017-11-05",
        "
        1 | E01 | 01:55:00 | 01:56:00 | 02:03:49 |
        1 | E02 | 01:55:00 | 01:57:00 |          | 01:59:00",
        "1\n  E01 engine 1 8 -\n  E02 engine 2 - 4",
    );
    assert_eq!(found.report.noticed.count_of(Reason::RowsDisagree), 0);
}

#[test]
fn each_of_several_units_in_one_field_has_its_own_kind() {
    let found = check(
        "2017-06-01",
        "
        1 | E01 M51 | 12:00:00 | | |
        2 | M51     | 12:10:00 | | |
        3 | B1 B1 E01 | 12:20:00 | | |
        4 | E01 X9  | 12:30:00 | | |
        5 | X9      | 12:40:00 | | |",
        "
1
  E01 engine - - -
  M51 medic - - -
2
  M51 medic - - -
3
  B1 - - - -
  B1 - - - -
  E01 engine - - -
4
  E01 engine - - -",
    );
    assert_eq!(
        (found.report.rows_taken, found.report.rows_skipped),
        (4, 1),
        "a unit that is skipped takes the row with it only if it is the only one"
    );
    assert_eq!(found.report.filled["unit_kind"], 4, "rows are counted");
    let unmapped = &found.report.unmapped[&("unit_kind".to_owned(), "B1".to_owned())];
    assert_eq!(unmapped.rows, 1, "rows are counted");
}

#[test]
fn a_call_to_which_nobody_was_sent_is_a_call_without_a_response() {
    let found = check(
        "2017-06-01",
        "
        1 |     | 12:00:00 | | |
        2 | E01 | 12:10:00 | 12:11:00 | |
        2 |     | 12:10:00 |          | |
        3 |     | 12:20:00 |          | |
        3 | E02 | 12:20:00 | 12:21:00 | |
        4 |     | 12:30:00 | 12:31:00 | |",
        "
1
2
  E01 engine 1 - -
3
  E02 engine 1 - -
4",
    );
    assert_eq!(
        (found.report.rows_taken, found.report.rows_refused),
        (6, 0),
        "{}",
        found.report
    );
    let told: Vec<String> = found
        .report
        .noticed
        .examples()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "line 2, unit: no unit; the row was taken without a response",
            "line 4, unit: no unit; the row was taken without a response",
            "line 5, unit: no unit; the row was taken without a response",
            "line 7, unit: no unit; what the row says of a response was left out",
        ]
    );
    assert_eq!(
        found.report.filled["response.dispatched"], 2,
        "what was left out is not counted as taken"
    );
}

#[test]
fn rows_of_one_call_disagree_on_the_receipt_from_a_second_on() {
    for (second, told) in [("00.999", 0), ("01", 1)] {
        let rows = format!("1 | E01 | 12:00:00 | | |\n1 | E02 | 12:00:{second} | | |");
        let report = read(MAP, "2017-06-01", &rows).report;
        assert_eq!(
            report.noticed.count_of(Reason::RowsDisagree),
            told,
            "{report}"
        );
    }
}

#[test]
fn a_decimal_comma_is_answered_with_the_key_that_reads_it() {
    let refused = |place: &str, lat: &str, lon: &str| {
        let map = MAP.replace("lat = \"lat\"\nlon = \"lon\"\n", place);
        let file = format!(
            "call;unit;received;sent;there;free;lat;lon\n1;E01;2017-06-01 12:00:00;;;;{lat};{lon}\n"
        );
        let map = CallMap::parse(&map.replace("[time]", "delimiter = \";\"\n[time]")).unwrap();
        import(file.as_bytes(), &map).unwrap().report.to_string()
    };
    let hint = "`decimal = \",\"` under [file] reads it";
    let pair = "lat = \"lat\"\nlon = \"lon\"\n";
    let text = "column = \"lat\"\npattern = \"lat/lon\"\n";
    for (place, lat, lon, hinted) in [
        (pair, "49,50057", "8,46", true),
        (pair, "49.50057", "8,46", true),
        (pair, "north, 49", "8,46", false),
        (pair, "1,234,567", "8", false),
        (text, "49,50057/8,46", "", true),
        (text, "49,50057", "", false),
    ] {
        let report = refused(place, lat, lon);
        assert!(report.contains("place cannot be read"), "{report}");
        assert_eq!(report.contains(hint), hinted, "{lat} {lon}\n{report}");
    }
}
