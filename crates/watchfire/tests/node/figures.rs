//! Figures are what anybody comes to who reads the same records from the API: recomputed here by other code, cell
//! by cell, with the CSV and the incidents behind each.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use watchfire_core::basis::Timestamp;
use watchfire_core::record::person::Seat;

use super::house::{House, api};

const HOUR_MS: i64 = 3_600_000;

/// The targets of the house: the defaults, written down once more. Seconds for priorities 1 and 2; 3 and 4 have
/// one for the answer only.
const TARGETS: [(&str, i64); 5] = [
    ("ringing_to_answered", 15),
    ("answered_to_sent", 60),
    ("sent_to_departed", 80),
    ("departed_to_arrived", 240),
    ("answered_to_arrived", 380),
];

fn written(ms: i64) -> String {
    watchfire::api::view::time(Timestamp(ms))
}

fn read(time: &Value) -> Option<i64> {
    let time: jiff::Timestamp = time.as_str()?.parse().unwrap();
    Some(time.as_millisecond())
}

async fn get(house: &House, path: &str) -> Value {
    let answer = house.ask(Seat::Analyst, "GET", path, json!(null)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json
}

async fn post(house: &House, path: &str, body: Value) -> Value {
    let answer = house.ask(Seat::DutyOfficer, "POST", path, body).await;
    assert!(answer.status.is_success(), "{path}: {answer:?}");
    answer.json
}

fn id(json: &Value) -> String {
    json["id"].as_str().unwrap().to_owned()
}

/// Lives ten days of calls and incidents, as claimed. Everything follows from the number of the case.
async fn live(house: &House, now: i64) {
    let mut open: Option<String> = None;
    for case in 0..48_i64 {
        let answered = now - 240 * HOUR_MS + case * 5 * HOUR_MS + case * 77_123;
        let at = |seconds: i64| json!(written(answered + seconds * 1_000 + case * 13));
        let area =
            [json!("North"), json!("=Old \"town\", east"), json!(null)][case as usize % 3].clone();
        let place = json!({ "lat": 30.0, "lon": 120.5, "area": area });
        let category = ["fire", "rescue", "alarm-test"][case as usize / 2 % 3];
        let priority = case % 4 + 1;
        let mut call = json!({ "place": place, "category": category, "priority": priority, "happened_at": at(0) });
        if case % 3 > 0 {
            call["ringing_at"] = at(-case % 29);
        }
        if case % 13 == 12 {
            // Nobody knows yet what it is or how urgent.
            call["category"] = Value::Null;
            call["priority"] = Value::Null;
        }
        let call = id(&post(house, "/calls", call).await);
        if case % 11 == 10 {
            continue; // Nothing came of it.
        }
        let opening = match case % 7 {
            6 => {
                json!({ "category": category, "priority": priority, "place": place, "happened_at": at(15) })
            }
            _ => json!({
                "call": call, "category": category, "priority": priority, "happened_at": at(15),
            }),
        };
        let incident = id(&post(house, "/incidents", opening).await);
        let units = [
            vec![&house.own_unit],
            vec![&house.own_unit, &house.other_unit],
        ];
        let units = &units[case as usize % 2];
        let sending = json!({ "units": units, "happened_at": at(20 + case * 2) });
        let sent = post(
            house,
            &format!("/incidents/{incident}/assignments"),
            sending,
        )
        .await;
        for (number, one) in sent["assignments"].as_array().unwrap().iter().enumerate() {
            let later = case * 2 + number as i64 * 9;
            let mut steps = vec![
                ("depart", 60 + later * 2),
                ("arrive", 200 + later * 5),
                ("clear", 2_000),
            ];
            match case % 9 {
                7 => drop(steps.remove(0)), // Arrived without having said that it departed.
                8 => drop(steps.drain(0..2)), // Cleared on the spot.
                3 => steps[0].1 = 5,        // Departed before it was sent, as claimed.
                _ => {}
            }
            for (step, seconds) in steps {
                let path = format!("/assignments/{}/{step}", id(one));
                post(house, &path, json!({ "happened_at": at(seconds) })).await;
            }
        }
        let path = |what: &str| format!("/incidents/{incident}/{what}");
        match (case % 5, open.take()) {
            (0, _) => open = Some(incident.clone()),
            (1, Some(root)) => drop(post(house, &path("merge"), json!({ "into": root })).await),
            (2, _) => drop(post(house, &path("cancel"), json!({ "reason": "no need" })).await),
            (_, _) => drop(post(house, &path("close"), json!({ "disposition": "done" })).await),
        }
    }
}

async fn all(house: &House, kind: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(house, &format!("/{kind}?limit=50{cursor}")).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

struct Records {
    incidents: Vec<Value>,
    assignments: Vec<Value>,
    calls: Vec<Value>,
}

/// What is asked for; none is any.
#[derive(Clone, Default)]
struct Asked {
    from: i64,
    to: i64,
    priority: Option<u64>,
    area: Option<&'static str>,
    category: Option<&'static str>,
    hour: Option<u64>,
}

impl Asked {
    fn query(&self) -> String {
        let mut query = format!("from={}&to={}", written(self.from), written(self.to));
        let encoded =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        self.priority
            .iter()
            .for_each(|one| query += &format!("&priority={one}"));
        self.area
            .iter()
            .for_each(|one| query += &format!("&area={}", encoded(one)));
        self.category
            .iter()
            .for_each(|one| query += &format!("&category={one}"));
        self.hour
            .iter()
            .for_each(|one| query += &format!("&hour={one}"));
        query
    }

    fn wants(&self, record: &Value, at: i64) -> bool {
        let area = record["place"]["area"].as_str().unwrap_or_default();
        self.priority
            .is_none_or(|one| record["priority"].as_u64().unwrap_or(0) == one)
            && self.area.is_none_or(|one| area == one)
            && self.category.is_none_or(|one| record["category"] == one)
            && self.hour.is_none_or(|one| hour(at) == one)
    }
}

fn hour(ms: i64) -> u64 {
    (ms.div_euclid(HOUR_MS) % 24) as u64
}

/// Recomputes the intervals: `interval by of` to the seconds of each measure and its priority.
fn recompute(records: &Records, asked: &Asked) -> BTreeMap<String, Vec<(i64, u64)>> {
    let by_id: BTreeMap<&str, &Value> = records
        .incidents
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one))
        .collect();
    let root = |start: &str| {
        let mut id = start.to_owned();
        while let Some(into) = by_id[id.as_str()]["merged_into"].as_str() {
            id = into.to_owned();
        }
        id
    };
    let mut cells: BTreeMap<String, Vec<(i64, u64)>> = BTreeMap::new();
    for call in &records.calls {
        let answered = read(&call["received_at"]).unwrap();
        let inside = asked.from <= answered && answered < asked.to;
        let Some(rang) =
            read(&call["ringing_at"]).filter(|_| inside && asked.wants(call, answered))
        else {
            continue;
        };
        let priority = call["priority"].as_u64();
        for (by, of) in [
            ("all", String::new()),
            (
                "priority",
                priority.map_or(String::new(), |one| one.to_string()),
            ),
            (
                "area",
                call["place"]["area"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            ("hour", hour(answered).to_string()),
        ] {
            let cell = cells
                .entry(format!("ringing_to_answered {by} {of}"))
                .or_default();
            cell.push(((answered - rang) / 1_000, priority.unwrap_or(1)));
        }
    }
    for incident in &records.incidents {
        let id = incident["id"].as_str().unwrap();
        let opened = read(&incident["opened_at"]).unwrap();
        let inside = asked.from <= opened && opened < asked.to;
        if root(id) != id || !inside || !asked.wants(incident, opened) {
            continue;
        }
        let own = |one: &&Value| one["incident"].as_str().is_some_and(|of| root(of) == id);
        let answered = records
            .calls
            .iter()
            .filter(own)
            .filter_map(|call| read(&call["received_at"]))
            .min();
        let units: Vec<&Value> = records.assignments.iter().filter(own).collect();
        let first = |what: &str| units.iter().filter_map(|one| read(&one[what])).min();
        let mut took = vec![
            ("answered_to_sent", answered, first("sent_at")),
            ("answered_to_arrived", answered, first("arrived_at")),
        ];
        for unit in &units {
            took.push((
                "sent_to_departed",
                read(&unit["sent_at"]),
                read(&unit["departed_at"]),
            ));
            took.push((
                "departed_to_arrived",
                read(&unit["departed_at"]),
                read(&unit["arrived_at"]),
            ));
        }
        let priority = incident["priority"].as_u64().unwrap();
        let area = incident["place"]["area"].as_str().unwrap_or_default();
        for (interval, from, to) in took {
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if to < from {
                continue;
            }
            for (by, of) in [
                ("all", String::new()),
                ("priority", priority.to_string()),
                ("area", area.to_owned()),
                ("hour", hour(opened).to_string()),
            ] {
                let cell = cells.entry(format!("{interval} {by} {of}")).or_default();
                cell.push(((to - from) / 1_000, priority));
            }
        }
    }
    cells
}

/// Writes a recomputed cell as `count p50 p90 judged within percent`.
fn cell(interval: &str, mut measures: Vec<(i64, u64)>) -> String {
    measures.sort_unstable();
    let rank = |share: f64| measures[(measures.len() as f64 * share).ceil() as usize - 1].0;
    let (_, target) = TARGETS.iter().find(|(name, _)| *name == interval).unwrap();
    let judged: Vec<i64> = measures
        .iter()
        .filter(|(_, priority)| *priority <= 2 || interval == "ringing_to_answered")
        .map(|(s, _)| *s)
        .collect();
    let within = judged.iter().filter(|seconds| *seconds <= target).count();
    let percent = match judged.len() {
        0 => "null".to_owned(),
        all => format!(
            "{:.1}",
            (within as f64 / all as f64 * 1_000.0 + 1e-9).round() / 10.0
        ),
    };
    format!(
        "{} {} {} {} {within} {percent}",
        measures.len(),
        rank(0.5),
        rank(0.9),
        judged.len()
    )
}

/// Writes the cells that are shown in the same way, and leaves empty ones out.
fn shown(figures: &Value) -> BTreeMap<String, String> {
    let mut cells = BTreeMap::new();
    for one in figures["intervals"].as_array().unwrap() {
        let interval = one["interval"].as_str().unwrap();
        let mut add = |by: &str, of: String, cell: &Value| {
            if cell["count"] == 0 {
                return;
            }
            let percent = cell["within_percent"]
                .as_f64()
                .map_or("null".to_owned(), |one| format!("{one:.1}"));
            let text = format!(
                "{} {} {} {} {} {percent}",
                cell["count"], cell["p50_s"], cell["p90_s"], cell["judged"], cell["within"]
            );
            cells.insert(format!("{interval} {by} {of}"), text);
        };
        add("all", String::new(), &one["all"]);
        for (list, by, member) in [
            ("by_priority", "priority", "priority"),
            ("by_area", "area", "area"),
            ("by_hour", "hour", "hour"),
        ] {
            for row in one[list].as_array().unwrap() {
                let of = match &row[member] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(_) | Value::Array(_) | Value::Object(_) => panic!("{row}"),
                };
                add(by, of, &row["cell"]);
            }
        }
    }
    cells
}

fn questions(now: i64) -> Vec<Asked> {
    let whole = Asked {
        from: now - 400 * 24 * HOUR_MS,
        to: now,
        ..Asked::default()
    };
    vec![
        whole.clone(),
        Asked {
            from: now - 100 * HOUR_MS,
            to: now - 30 * HOUR_MS,
            ..whole.clone()
        },
        // The week before it is known.
        Asked {
            from: now - 60 * HOUR_MS,
            to: now - 10 * HOUR_MS,
            ..whole.clone()
        },
        Asked {
            from: now - 60 * HOUR_MS,
            to: now - 10 * HOUR_MS,
            category: Some("rescue"),
            ..whole.clone()
        },
        Asked {
            priority: Some(2),
            ..whole.clone()
        },
        Asked {
            area: Some("=Old \"town\", east"),
            ..whole.clone()
        },
        Asked {
            area: Some(""),
            priority: Some(1),
            ..whole.clone()
        },
        Asked {
            category: Some("rescue"),
            ..whole.clone()
        },
        Asked {
            hour: Some(hour(now - 5 * HOUR_MS)),
            ..whole
        },
    ]
}

#[tokio::test]
async fn figures_are_what_anybody_comes_to_who_reads_the_records() {
    let mut house = House::new().await;
    let now = house.node.now().0;
    live(&house, now).await;
    let mut records = Records {
        incidents: all(&house, "incidents").await,
        assignments: all(&house, "assignments").await,
        calls: all(&house, "calls").await,
    };
    assert!(
        records
            .incidents
            .iter()
            .any(|one| one["status"] == "merged")
    );
    // The second time all that has ended has left memory.
    for _ in 0..2 {
        for asked in questions(now) {
            compare(&house, &records, &asked).await;
        }
        // Found in a notebook afterwards; then what it was is corrected.
        let forgotten =
            json!({ "category": "rescue", "happened_at": written(now - 200 * HOUR_MS) });
        let call = id(&post(&house, "/calls", forgotten).await);
        for category in ["rescue", "fire"] {
            let path = format!("/calls/{call}");
            let correction = json!({ "category": category });
            let done = house.ask(Seat::CallTaker, "PATCH", &path, correction).await;
            assert_eq!(done.status, StatusCode::OK, "{done:?}");
            records.calls = all(&house, "calls").await;
            for asked in questions(now) {
                compare(&house, &records, &asked).await;
            }
        }
        house.restart().await;
    }
}

async fn compare(house: &House, records: &Records, asked: &Asked) {
    let query = asked.query();
    let figures = get(house, &format!("/figures?{query}")).await;
    let recomputed = recompute(records, asked);
    let expected: BTreeMap<String, String> = recomputed
        .iter()
        .map(|(name, measures)| {
            let interval = name.split(' ').next().unwrap();
            (name.clone(), cell(interval, measures.clone()))
        })
        .collect();
    assert!(expected.len() > 4, "{query}");
    assert_eq!(shown(&figures), expected, "{query}");
    let calls = records.calls.iter().filter(|call| {
        let at = read(&call["received_at"]).unwrap();
        asked.from <= at && at < asked.to && asked.wants(call, at)
    });
    let mut by_category: BTreeMap<&str, u64> = BTreeMap::new();
    calls.for_each(|call| {
        *by_category
            .entry(call["category"].as_str().unwrap_or_default())
            .or_default() += 1
    });
    let shown_calls: BTreeMap<&str, u64> = figures["calls"]["by_category"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["category"].as_str().unwrap_or_default(),
                row["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown_calls, by_category, "{query}");
    let week_ms = 168 * HOUR_MS;
    let before = records.calls.iter().filter(|call| {
        let at = read(&call["received_at"]).unwrap();
        asked.from <= at + week_ms && at + week_ms < asked.to && asked.wants(call, at)
    });
    let reaches = read(&figures["records_since"]).unwrap() <= asked.from - week_ms;
    let before = reaches.then(|| before.count());
    assert_eq!(
        figures["calls"]["week_before"]["count"],
        json!(before),
        "{query}"
    );
    let known = recomputed
        .get("ringing_to_answered all ")
        .map_or(0, Vec::len) as u64;
    let unknown = figures["tally"]["calls"].as_u64().unwrap() - known;
    assert_eq!(figures["tally"]["ringing_unknown"], unknown, "{query}");
    assert_eq!(
        csv(house, &query).await,
        (
            expected.clone(),
            by_category
                .iter()
                .map(|(k, v)| ((*k).to_owned(), *v))
                .collect()
        ),
        "{query}"
    );
    // Behind the first of them; each part is a question of its own.
    for (interval, _) in TARGETS {
        let count = recomputed
            .get(&format!("{interval} all "))
            .map_or(0, Vec::len);
        let mut seconds: Vec<i64> =
            behind(house, &format!("interval={interval}&{query}"), count).await;
        let mut expected: Vec<i64> = recomputed
            .get(&format!("{interval} all "))
            .into_iter()
            .flatten()
            .map(|(seconds, _)| *seconds)
            .collect();
        seconds.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seconds, expected, "{interval} {query}");
    }
    let count = by_category.values().sum::<u64>() as usize;
    behind(house, &format!("interval=calls&{query}"), count).await;
}

/// Reads what is behind a figure, a few at a time.
async fn behind(house: &House, query: &str, count: usize) -> Vec<i64> {
    let mut seconds = Vec::new();
    let mut records = std::collections::BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = get(
            house,
            &format!("/figures/incidents?{query}&limit=17{cursor}"),
        )
        .await;
        assert_eq!(page["count"], count, "{query}");
        for item in page["items"].as_array().unwrap() {
            assert!(
                records.insert(item["record"].to_string()),
                "listed twice: {item}"
            );
            seconds.extend(item["seconds"].as_i64());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(records.len(), count, "{query}");
    seconds
}

/// Reads the CSV as any program would: cells, and calls by category.
async fn csv(house: &House, query: &str) -> (BTreeMap<String, String>, BTreeMap<String, u64>) {
    let bearer = format!("Bearer {}", house.token(Seat::Analyst));
    let path = api(&format!("/figures.csv?{query}&lang=en"));
    let answer = house
        .raw("GET", &path, String::new(), &[("authorization", &bearer)])
        .await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let mut reader = csv_reader(&text);
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.iter().next(), Some("figure"));
    let (mut cells, mut calls) = (BTreeMap::new(), BTreeMap::new());
    for row in reader.records() {
        let row = row.unwrap();
        let [figure, by, of, count] = [0, 1, 2, 3].map(|at| row[at].to_owned());
        assert!(!of.starts_with('='), "a spreadsheet would compute {of}");
        let of = of.strip_prefix('\'').unwrap_or(&of).to_owned();
        if figure == "calls" {
            calls.insert(of, count.parse().unwrap());
        } else if count != "0" {
            let percent = if row[8].is_empty() { "null" } else { &row[8] };
            let text = format!(
                "{count} {} {} {} {} {percent}",
                &row[4], &row[5], &row[6], &row[7]
            );
            cells.insert(format!("{figure} {by} {of}"), text);
        }
    }
    calls.retain(|_, count| *count > 0);
    (cells, calls)
}

fn csv_reader(text: &[u8]) -> ::csv::Reader<&[u8]> {
    assert!(text.ends_with(b"\r\n"), "RFC 4180 ends each row so");
    ::csv::Reader::from_reader(text)
}

#[tokio::test]
async fn a_header_row_is_in_the_language_asked_for_and_the_calls_before_are_not_invented() {
    let house = House::new().await;
    house.incident().await;
    let bearer = format!("Bearer {}", house.token(Seat::Wall));
    for (path, language, begins) in [
        ("/figures.csv", "zh-CN,zh;q=0.9", "\u{feff}统计项,"),
        ("/figures.csv?lang=zh", "en", "\u{feff}统计项,"),
        ("/figures.csv", "en-GB", "figure,"),
        ("/figures.csv?lang=en", "zh-CN", "figure,"),
    ] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept-language", language),
        ];
        let answer = house.raw("GET", &api(path), String::new(), &headers).await;
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(text.starts_with(begins.as_bytes()), "{path} {language}");
    }
    let figures = get(&house, "/figures").await;
    assert_eq!(figures["calls"]["count"], 1);
    assert_eq!(
        figures["calls"]["week_before"]["count"],
        Value::Null,
        "the node was not there yet"
    );
    assert_eq!(
        figures["calls"]["by_category"][0]["year_before"],
        Value::Null
    );
    assert_eq!(figures["zone"], "UTC");
}

#[tokio::test]
async fn a_period_is_four_hundred_days_at_most_and_begins_before_it_ends() {
    let house = House::new().await;
    let now = house.node.now().0;
    let day = 24 * HOUR_MS;
    for (from, to, code) in [
        (now - 400 * day, now, ""),
        (now - 400 * day - 1, now, "period_too_long"),
        (now, now, "unreadable"),
        (now, now - 1, "unreadable"),
    ] {
        for path in [
            "/figures?",
            "/figures.csv?",
            "/figures/incidents?interval=calls&",
        ] {
            let path = format!("{path}from={}&to={}", written(from), written(to));
            let answer = house.ask(Seat::Dispatcher, "GET", &path, json!(null)).await;
            match code {
                "" => assert_eq!(answer.status, StatusCode::OK, "{path}"),
                code => assert_eq!(answer.problem(), code, "{path}"),
            }
        }
    }
    for wrong in [
        "priority=5",
        "hour=24",
        "hour=-1",
        "category=Fire",
        "area=%00",
        "person=1",
        "from=now",
    ] {
        let answer = house
            .ask(
                Seat::Dispatcher,
                "GET",
                &format!("/figures?{wrong}"),
                json!(null),
            )
            .await;
        assert_eq!(answer.problem(), "unreadable", "{wrong}");
    }
}
