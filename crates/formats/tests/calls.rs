//! Exports of calls as agencies write them: what comes out, and what the report says, word for word.
//!
//! Each test is a map, a file, and the text that a person would see.

use watchfire_formats::limits::Limits;
use watchfire_formats::{
    CallMap, Import, ImportError, MapError, PastCall, PastResponse, calls, import,
};

const MAP: &str = r#"
[file]
rows = "unit_response"
[time]
zone = "America/Los_Angeles"
formats = ["%Y-%m-%d %H:%M:%S"]
[place]
lat = "lat"
lon = "lon"
bounds = { south = 37, west = -123, north = 38, east = -122 }
[call]
id = "call"
received = "received"
address = "address"
caller = "caller"
alarm_level = "alarms"
[response]
unit = "unit"
dispatched = "sent"
arrived = "there"
cleared = "free"
[category]
column = "type"
[category.codes]
"Fire" = "structure_fire"
"Medical*" = "medical"
"Test*" = "skip"
[priority]
column = ["final", "first"]
[priority.codes]
"E" = 1
"2" = 2
[unit_kind]
column = "unit"
[unit_kind.codes]
"E*" = "engine"
"#;

const HEADER: &str =
    "call,unit,type,first,final,received,sent,there,free,lat,lon,address,caller,alarms\n";

fn read(map: &str, file: &str) -> Import {
    let map = CallMap::parse(map).unwrap_or_else(|error| panic!("{error}"));
    import(file.as_bytes(), &map).unwrap_or_else(|error| panic!("{error}"))
}

fn clock(ms: Option<i64>) -> String {
    ms.map_or("-".to_owned(), |ms| {
        let minute = ms.div_euclid(1_000) % 86_400;
        format!(
            "{:02}:{:02}:{:02}",
            minute / 3_600,
            minute / 60 % 60,
            minute % 60
        )
    })
}

fn show_response(response: &PastResponse) -> String {
    let times = [
        response.dispatched,
        response.departed,
        response.arrived,
        response.transport,
        response.hospital,
        response.cleared,
    ];
    let kind = response.kind.as_deref().unwrap_or("-");
    format!("  {} {kind} {}", response.unit, times.map(clock).join(" "))
}

fn show(calls: &[PastCall]) -> String {
    let mut out = String::new();
    for call in calls {
        out += &format!(
            "{} line {} {} {} P{}\n",
            call.source_id,
            call.line,
            clock(Some(call.received)),
            call.category,
            call.priority
        );
        for response in &call.responses {
            out += &format!("{}\n", show_response(response));
        }
    }
    out
}

fn check(map: &str, file: &str, calls: &str) -> Import {
    let found = read(map, file);
    assert_eq!(show(&found.calls).trim(), calls.trim(), "{}", found.report);
    found
}

/// The report without its last part, the counts of rows with a value.
fn check_report(found: &Import, expected: &str) {
    let report = found.report.to_string();
    let (findings, _) = report
        .split_once("rows taken with a value")
        .expect("the report lists how many rows have a value");
    assert_eq!(findings.trim(), expected.trim());
}

#[test]
fn rows_of_one_call_are_joined_wherever_they_stand() {
    let file = format!(
        "{HEADER}\
        7,E02,Fire,E,,2017-06-01 12:05:00,2017-06-01 12:06:00,2017-06-01 12:09:00,,37.5,-122.5,,,1\n\
        6,M1,Medical emergency,2,,2017-06-01 12:04:00,2017-06-01 12:07:00,,,37.5,-122.5,,,1\n\
        7,E01,Fire,E,,2017-06-01 12:05:00,2017-06-01 12:05:30,2017-06-01 12:10:00,2017-06-01 13:00:00,37.5,-122.5,,,2\n"
    );
    let found = check(
        MAP,
        &file,
        "
6 line 3 19:04:00 medical P2
  M1 - 19:07:00 - - - - -
7 line 2 19:05:00 structure_fire P1
  E01 engine 19:05:30 - 19:10:00 - - 20:00:00
  E02 engine 19:06:00 - 19:09:00 - - -",
    );
    assert_eq!(found.calls[1].alarm_level, 2, "the highest of its rows");
    assert_eq!(
        (
            found.report.rows_taken,
            found.report.calls,
            found.report.responses
        ),
        (3, 2, 3)
    );
}

#[test]
fn the_report_says_of_every_refused_row_why() {
    let good = "2017-06-01 12:05:00,2017-06-01 12:06:00,,,37.5,-122.5,1 OAK ST,ANN LEE,1";
    let file = format!(
        "{HEADER}\
        1,E01,Fire,E,,{good}\n\
        ,E01,Fire,E,,{good}\n\
        2,,Fire,E,,{good}\n\
        3,E01,Flood,E,,{good}\n\
        3,E02,Flood,E,,{good}\n\
        4,E01,Fire,X,,{good}\n\
        5,E01,Fire,E,,06/01/2017,,,,37.5,-122.5,1 OAK ST,ANN LEE,1\n\
        6,E01,Fire,E,,,,,,37.5,-122.5,1 OAK ST,ANN LEE,1\n\
        7,E01,Fire,E,,2017-06-01 12:05:00,,,,,,1 OAK ST,ANN LEE,1\n\
        8,E01,Fire,E,,2017-06-01 12:05:00,,,,north,-122.5,1 OAK ST,ANN LEE,1\n\
        9,E01,Fire,E,,2017-06-01 12:05:00,,,,-122.5,37.5,1 OAK ST,ANN LEE,1\n\
        10,E01,Fire,E,,2017-06-01 12:05:00,,,,51.5,-0.1,1 OAK ST,ANN LEE,1\n\
        11,E01,Fire,E,ANN LEE,1 OAK ST\n\
        1,E01,Fire,E,,{good}\n\
        {HEADER}\
        12,E01,Test call,E,,{good}\n"
    );
    let found = check(
        MAP,
        &file,
        "
1 line 2 19:05:00 structure_fire P1
  E01 engine 19:06:00 - - - - -
2 line 4 19:05:00 structure_fire P1",
    );
    check_report(
        &found,
        r#"
16 rows read: 2 taken, 1 skipped by the map, 13 refused; 2 calls, 1 responses
received from 2017-06-01 19:05:00 to 2017-06-01 19:05:00 UTC
refused
  1 x wrong number of fields
      line 14: wrong number of fields; 6 fields, the header has 14; look for an unquoted delimiter or line break
  1 x header repeated
      line 16: header repeated; the header again; the row was left out
  1 x no call id [call]
      line 3, call: no call id; the id that all rows of one call share
  1 x row was there before
      line 15: row was there before; the same unit and times as before on the call of line 2
  1 x no time [received]
      line 9, received: no time; when the call was received
  1 x time cannot be read [received]
      line 8, received: time cannot be read: found "06/01/2017"; a time like "%Y-%m-%d %H:%M:%S"
  1 x no place [lat]
      line 10, lat: no place; where the call was
  1 x place cannot be read [lat]
      line 11, lat: place cannot be read: found "north"; a number of degrees with "."
  2 x place outside the bounds [lon]
      line 12, lon: place outside the bounds: found "-122.5 37.5"; inside place.bounds if `lat` and `lon` are exchanged
      line 13, lon: place outside the bounds: found "51.5 -0.1"; a place inside place.bounds
  1 x code not in the table [first]
      line 7, first: code not in the table: found "X"; add it to [priority.codes], or set `default` under [priority]
  2 x code not in the table [type]
      line 5, type: code not in the table: found "Flood"; add it to [category.codes], or set `default` under [category]
      line 6, type: code not in the table: found "Flood"; add it to [category.codes], or set `default` under [category]
taken, but odd
  1 x no unit [unit]
      line 4, unit: no unit; what the row says of a response was left out
codes that no entry of the map matched
  2 x category "Flood" (first on line 5): refused
  1 x priority "X" (first on line 7): refused"#,
    );
}

#[test]
fn the_report_never_shows_a_person() {
    // The same columns serve as personal text and as something that cannot be read.
    let map = MAP
        .replace("[response]\n", "[response]\ntransported = \"caller\"\n")
        .replace("lat = \"lat\"", "lat = \"address\"");
    let file = format!(
        "{HEADER}1,E01,Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,SECRET PLACE,SECRET NAME,1\n2,E01,Fire,E,,2017-06-01 12:05:00,,,,,-122.5,37.5,SECRET NAME,1\n"
    );
    let report = read(&map, &file).report;
    assert_eq!(
        (report.rows_taken, report.rows_refused),
        (1, 1),
        "one address is a number"
    );
    assert!(
        !format!("{report} {report:?}").contains("SECRET"),
        "{report:?}"
    );
}

#[test]
fn times_that_contradict_each_other_are_reported_and_kept() {
    let file = format!(
        "{HEADER}1,E01,Fire,E,,2017-06-01 12:05:00,2017-06-01 12:06:00,2017-06-01 12:05:40,nonsense,37.5,-122.5,,,99\n"
    );
    let found = check(
        MAP,
        &file,
        "
1 line 2 19:05:00 structure_fire P1
  E01 engine 19:06:00 - 19:05:40 - - -",
    );
    check_report(
        &found,
        r#"
1 rows read: 1 taken, 0 skipped by the map, 0 refused; 1 calls, 1 responses
received from 2017-06-01 19:05:00 to 2017-06-01 19:05:00 UTC
taken, but odd
  1 x time cannot be read [free]
      line 2, free: time cannot be read: found "nonsense"; a time like "%Y-%m-%d %H:%M:%S"; the row was taken without it
  1 x number cannot be read [alarms]
      line 2, alarms: number cannot be read: found "99"; an alarm level from 1 to 20; taken as 1
  1 x times out of order [there]
      line 2, there: times out of order; arrived is 20 s before dispatched; both were taken as they are"#,
    );
}

#[test]
fn the_nights_on_which_the_clocks_change_are_told() {
    let file = format!(
        "{HEADER}\
        1,E01,Fire,E,,2017-11-05 01:58:00,2017-11-05 01:59:00,2017-11-05 01:04:00,2017-11-05 02:10:00,37.5,-122.5,,,1\n\
        2,E01,Fire,E,,2017-03-12 02:30:00,2017-03-12 03:31:00,,,37.5,-122.5,,,1\n"
    );
    let found = check(
        MAP,
        &file,
        "
2 line 3 10:30:00 structure_fire P1
  E01 engine 10:31:00 - - - - -
1 line 2 08:58:00 structure_fire P1
  E01 engine 08:59:00 - 09:04:00 - - 10:10:00",
    );
    let report = found.report.to_string();
    for told in [
        "line 3, received: time skipped by the change to summer time: found \"2017-03-12 02:30:00\"; taken as 2017-03-12 10:30:00 UTC",
        "line 2, there: time occurred twice at the change from summer time: found \"2017-11-05 01:04:00\"; taken as 2017-11-05 09:04:00 UTC",
    ] {
        assert!(report.contains(told), "{told}\n{report}");
    }
    assert!(!report.contains("out of order"), "{report}");
}

#[test]
fn rows_of_one_call_that_disagree_are_told_and_the_first_counts() {
    let file = format!(
        "{HEADER}\
        1,E01,Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,,,1\n\
        1,E02,Medical,2,,2017-06-01 12:05:00,,,,37.5,-122.5,,,1\n"
    );
    let found = check(
        MAP,
        &file,
        "1 line 2 19:05:00 structure_fire P1\n  E01 engine - - - - - -\n  E02 engine - - - - - -",
    );
    assert!(found.report.to_string().contains(
        "line 3, category: rows of one call disagree; category differs from line 2, which counts"
    ));
    assert!(
        found
            .report
            .to_string()
            .contains("line 3, priority: rows of one call disagree")
    );
}

const CALL_MAP: &str = r#"
[file]
rows = "call"
delimiter = ";"
decimal = ","
encoding = "gbk"
empty = ["无"]
[time]
zone = "Asia/Shanghai"
formats = ["%Y年%m月%d日 %H:%M", "%Y/%m/%d %H:%M:%S"]
[place]
column = "坐标"
pattern = "lon/lat"
[call]
received = { columns = ["日期", "时间"] }
said = "内容"
[[response]]
unit = "一组"
dispatched = { after = "received", minutes = "派警分" }
arrived = { column = "到场", day_of = "received", formats = ["%H:%M"] }
on_scene_s = { clock = "现场" }
[[response]]
unit = "二组"
unit_separator = "、"
[category]
column = "类别"
rules = [{ when = { "类别" = "求助", "内容" = "*电梯*" }, to = "elevator_rescue" }]
[category.codes]
"火警" = "structure_fire"
"" = "other"
[priority]
default = 2
"#;

#[test]
fn a_chinese_export_of_one_row_per_call_is_read() {
    let file = "日期;时间;坐标;类别;内容;一组;派警分;到场;现场;二组\n\
        2017/1/1;23:58:30;120,58/30,01;火警;冒烟;城东1;1,5;00:04;0:20:00;城西1、城西2\n\
        2017年1月2日;8:05;120,58/30,01;求助;电梯困人;;;;;无\n\
        2017年1月2日;8:06;120,58/30,01;;;;;;;\n";
    let (bytes, _, _) = encoding_rs::GBK.encode(file);
    let found = import(&bytes, &CallMap::parse(CALL_MAP).unwrap()).unwrap();
    let expected = "
line-2 line 2 15:58:30 structure_fire P2
  城东1 - 16:00:00 - 16:04:00 - - 16:24:00
  城西1 - - - - - - -
  城西2 - - - - - - -
line-3 line 3 00:05:00 elevator_rescue P2
line-4 line 4 00:06:00 other P2";
    assert_eq!(
        show(&found.calls).trim(),
        expected.trim(),
        "{}",
        found.report
    );
    assert_eq!((found.calls[0].lat, found.calls[0].lon), (30.01, 120.58));
    assert_eq!(found.calls[1].said.as_deref(), Some("电梯困人"));
}

#[test]
fn one_row_per_call_takes_each_id_once() {
    let map = MAP.replace("unit_response", "call");
    let row = "1,E01,Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,,,1\n";
    let report = read(&map, &format!("{HEADER}{row}{row}"))
        .report
        .to_string();
    assert!(
        report.contains(
            "line 3: call id was there before; its id is that of line 2; every row is one call"
        ),
        "{report}"
    );
}

#[test]
fn a_file_without_a_header_is_read_by_column_numbers() {
    let map = "
[file]
rows = \"call\"
header = false
skip_lines = 2
comment = \"#\"
[time]
zone = \"UTC\"
formats = [\"unix\"]
[place]
lat = 2
lon = 3
scale = 0.000001
[call]
received = 1
[category]
default = \"medical\"
[priority]
default = 1
";
    let file = "Export of 2017\r\n\r\n1483228800,37500000,-122500000\r\n\r\n# a remark\r\n1483228860,0,0\r\n";
    let found = check(map, file, "line-3 line 3 00:00:00 medical P1");
    assert!(
        found
            .report
            .to_string()
            .contains("line 6, column 3: no place: found \"0 0\"; 0, 0 means that nobody knew"),
        "{}",
        found.report
    );
}

#[test]
fn lines_are_counted_through_line_breaks_inside_quotes() {
    let file = format!(
        "{HEADER}1,E01,Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,\"1 OAK ST\nSAN FRANCISCO\",,1\n2,E01,Fire,E,,never,,,,37.5,-122.5,,,1\n"
    );
    assert!(
        read(MAP, &file)
            .report
            .to_string()
            .contains("line 4, received: time cannot be read: found \"never\"")
    );
}

#[test]
fn a_column_that_is_not_there_is_answered_with_the_nearest() {
    let refused = |map: &str, header: &str| {
        import(header.as_bytes(), &CallMap::parse(map).unwrap())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(MAP, &HEADER.replace("received", "Received DtTm")),
        "line 1: there is no column `received` (wanted by call.received); the nearest name in the header is `Received DtTm`"
    );
    assert_eq!(
        refused(MAP, &HEADER.replace(',', ";")),
        "line 1: there is no column `call` (wanted by call.id); the header is a single column, so the delimiter is probably not what the map says; try `delimiter = \";\"` under [file]"
    );
    assert!(
        refused(MAP, &HEADER.replace("first", "unit"))
            .contains("`unit` (wanted by response.unit) occurs more than once"),
        "a name that occurs twice"
    );
    assert!(refused(MAP, "").contains("the file is empty"));
    assert!(
        import(b"PK\x03\x04...", &CallMap::parse(MAP).unwrap())
            .unwrap_err()
            .to_string()
            .contains("save the sheet as CSV")
    );
    assert_eq!(
        import(b"call,unit\n1,E\xC9\n", &CallMap::parse(MAP).unwrap())
            .unwrap_err()
            .to_string(),
        "line 2: byte 0xC9 is not UTF-8 text; name the file's encoding in the map, for example `encoding = \"gbk\"` or `encoding = \"windows-1252\"` under [file]; save a list of units or stations as UTF-8"
    );
}

#[test]
fn a_mistake_in_the_map_is_answered_with_its_line_and_what_was_meant() {
    let cases = [
        (
            "received = \"received\"",
            "recieved = \"received\"",
            "map line 13: there is no key `call.recieved`; did you mean `received`? The keys here are: id, received, entered, address, area, caller, callback, said, alarm_level",
        ),
        (
            "[response]",
            "[responses]",
            "map line 17: there is no key `responses`; did you mean `response`? The keys here are: file, time, place, call, response, category, priority, unit_kind, disposition, area",
        ),
        (
            "id = \"call\"\n",
            "",
            "map line 11: `call.id` is missing; name the column that all rows of one call share, or say `rows = \"call\"` under [file]",
        ),
        (
            "\"E\" = 1",
            "\"E\" = 5",
            "map line 31: `priority.codes.\"E\"` is 5; expected a priority from 1 (highest) to 4, or \"skip\" to leave such rows out",
        ),
        (
            "\"structure_fire\"",
            "\"Structure Fire\"",
            "map line 25: `category.codes.\"Fire\"` is \"Structure Fire\"; expected a code of lower-case letters, digits and _ such as \"structure_fire\", or \"skip\" to leave such rows out, or \"\" for none",
        ),
        (
            "America/Los_Angeles",
            "America/San_Francisco",
            "map line 5: `time.zone` is \"America/San_Francisco\"; expected an IANA zone name such as \"Asia/Shanghai\", \"America/Los_Angeles\" or \"UTC\"",
        ),
        (
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%d %H:%M:%K",
            "map line 6: `time.formats[0]` is \"%Y-%m-%d %H:%M:%K\"; expected a pattern that can be read",
        ),
        (
            "\"%Y-%m-%d %H:%M:%S\"",
            "\"seconds\"",
            "map line 6: `time.formats` is a list of 1; expected also `origin = \"2017-01-01T00:00:00\"` under [time], since it counts from an origin",
        ),
        (
            "dispatched = \"sent\"",
            "dispatched = { after = \"arrived\", seconds = \"sent\" }",
            "map line 19: `response.dispatched.after` is \"arrived\"; expected a time that comes before `dispatched`: received, entered",
        ),
        (
            "lat = \"lat\"\n",
            "",
            "map line 7: `place.lat` is missing; write [place] with `lat` and `lon`, or with `column` and `pattern = \"(lat, lon)\"`",
        ),
        (
            "south = 37,",
            "south = 39,",
            "map line 10: `place.bounds.south` is 39; expected less than `north`",
        ),
        ("[time]", "[time", "map line 4: not valid TOML"),
    ];
    for (right, wrong, expected) in cases {
        let error = CallMap::parse(&MAP.replacen(right, wrong, 1))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(expected),
            "{wrong}\n  found    {error}\n  expected {expected}"
        );
    }
    assert_eq!(
        CallMap::parse(&" ".repeat((1 << 20) + 1)).unwrap_err(),
        MapError::TooLarge
    );
    assert_ne!(
        CallMap::parse(&" ".repeat(1 << 20)).unwrap_err(),
        MapError::TooLarge
    );
}

#[test]
fn limits_hold_at_the_limit_and_not_one_past() {
    let map = CallMap::parse(MAP).unwrap();
    let row = |unit: &str| format!("1,{unit},Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,,,1\n");
    let file = format!("{HEADER}{}{}", row("E01"), row("E02"));
    let within = |limits: Limits| calls::import_within(file.as_bytes(), &map, limits);
    let standard = Limits::default();

    let bytes = file.len();
    assert!(
        within(Limits {
            file_bytes_max: bytes,
            ..standard
        })
        .is_ok()
    );
    assert_eq!(
        within(Limits {
            file_bytes_max: bytes - 1,
            ..standard
        })
        .unwrap_err(),
        ImportError::TooLarge { max: bytes - 1 }
    );
    assert!(
        within(Limits {
            rows_max: 2,
            ..standard
        })
        .is_ok()
    );
    assert_eq!(
        within(Limits {
            rows_max: 1,
            ..standard
        })
        .unwrap_err(),
        ImportError::TooManyRows { max: 1 }
    );
    let refused = |limits: Limits| within(limits).unwrap().report.rows_refused;
    assert_eq!(
        refused(Limits {
            responses_per_call_max: 2,
            ..standard
        }),
        0
    );
    assert_eq!(
        refused(Limits {
            responses_per_call_max: 1,
            ..standard
        }),
        1
    );
    assert_eq!(
        refused(Limits {
            field_chars_max: 19,
            ..standard
        }),
        0,
        "a time has 19 characters"
    );
    assert_eq!(
        refused(Limits {
            field_chars_max: 18,
            ..standard
        }),
        2
    );
}

#[test]
fn a_packed_file_counts_by_its_unpacked_size() {
    use std::io::Write;
    let map = CallMap::parse(MAP).unwrap();
    let file = format!("{HEADER}1,E01,Fire,E,,2017-06-01 12:05:00,,,,37.5,-122.5,,,1\n");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(file.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let within = |file_bytes_max| {
        calls::import_within(
            &packed,
            &map,
            Limits {
                file_bytes_max,
                ..Limits::default()
            },
        )
    };
    assert_eq!(within(file.len()).unwrap().calls.len(), 1);
    assert_eq!(
        within(file.len() - 1).unwrap_err(),
        ImportError::TooLarge {
            max: file.len() - 1
        }
    );
    let cut_off = import(&packed[..packed.len() / 2], &map).unwrap_err();
    assert!(matches!(cut_off, ImportError::Gzip { .. }), "{cut_off}");
}
