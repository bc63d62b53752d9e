//! The map over HTTP: finding places in two languages, saying where a point is, and what is refused.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::travel::Travel;
use watchfire_core::basis::Priority;
use watchfire_core::record::person::Seat;
use watchfire_roads::{Area, BuildOptions, Format, Point, Router, StraightLine};

use super::house::{Answer, House};

/// Two streets that cross, a third one way, and a fourth beyond: enough to be somewhere. Fifty metres are 0.00045°.
const MAP: &str = r#"<osm version="0.6">
    <node id="1" lat="30.000" lon="120.580"/><node id="2" lat="30.000" lon="120.590"/><node id="3" lat="30.000" lon="120.600"/>
    <node id="4" lat="29.990" lon="120.590"/><node id="5" lat="30.010" lon="120.590"/><node id="6" lat="30.010" lon="120.600"/>
    <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="解放路"/></way>
    <way id="2"><nd ref="4"/><nd ref="2"/><nd ref="5"/><tag k="highway" v="secondary"/><tag k="name" v="人民路"/></way>
    <way id="3"><nd ref="5"/><nd ref="6"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="name" v="Mission St"/></way>
    <way id="4"><nd ref="1"/><nd ref="2"/><nd ref="5"/><nd ref="1"/><tag k="natural" v="water"/></way>
    <node id="7" lat="30.005" lon="120.585"><tag k="place" v="district"/><tag k="name" v="越城"/><tag k="name:en" v="Yuecheng"/></node>
</osm>"#;

fn travel() -> Travel {
    let format = Format::detect("a.osm", MAP.as_bytes()).unwrap();
    let options = BuildOptions::default();
    let (graph, _) =
        watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    let router = Arc::new(Router::new(Arc::new(graph)));
    let corner = |lat, lon| Point { lat, lon };
    let corners = vec![
        corner(29.995, 120.575),
        corner(29.995, 120.595),
        corner(30.02, 120.595),
        corner(30.02, 120.575),
    ];
    let area = Area::new("老城".into(), vec!["Old Town".into()], vec![corners]);
    Travel::new(Some(router), StraightLine::default(), 130).with_areas(area.into_iter().collect())
}

async fn get(house: &House, path: &str) -> Answer {
    house.ask(Seat::CallTaker, "GET", path, json!(null)).await
}

async fn first(house: &House, typed: &str) -> Value {
    let q: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let found = get(house, &format!("/places?q={q}&lat=30.0&lon=120.58")).await;
    assert_eq!(found.status, StatusCode::OK, "{found:?}");
    found.json["places"][0].clone()
}

#[tokio::test]
async fn a_call_taker_types_a_place_in_either_language_and_gets_it() {
    let house = House::with_travel(travel()).await;
    let station =
        json!({ "code": "S7", "name": "老城消防站", "place": { "lat": 30.001, "lon": 120.581 } });
    let made = house
        .ask(Seat::DutyOfficer, "POST", "/stations", station)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    for (typed, kind, text, matched) in [
        ("mission street", "road", "Mission St", "exact"),
        ("Ｍission", "road", "Mission St", "start"),
        ("misson st", "road", "Mission St", "similar"),
        ("120 mission st", "road", "120 Mission St", "exact"),
        ("解放路", "road", "解放路", "exact"),
        ("jiefang lu", "road", "解放路", "pinyin"),
        ("jfl", "road", "解放路", "initials"),
        ("解放路120号", "road", "解放路120号", "exact"),
        ("人民路解放路", "crossing", "人民路与解放路", "exact"),
        ("解放路/人民路口", "crossing", "解放路与人民路", "exact"),
        ("jfl/rml", "crossing", "解放路与人民路", "initials"),
        (
            "mission & 人民路",
            "crossing",
            "Mission St & 人民路",
            "start",
        ),
        ("old town", "place", "老城", "exact"),
        ("s7", "station", "老城消防站", "exact"),
        ("xfz", "station", "老城消防站", "initials"),
        ("30.001, 120.58", "point", "30.00100, 120.58000", "exact"),
    ] {
        let found = first(&house, typed).await;
        let seen = json!([found["kind"], found["text"], found["matched"]]);
        assert_eq!(seen, json!([kind, text, matched]), "{typed}");
    }
    let crossing = first(&house, "解放路人民路").await;
    let expected = json!({
        "kind": "crossing", "text": "解放路与人民路", "name": "解放路", "other": "人民路", "lat": 30.0, "lon": 120.59,
        "area": "老城", "distance_m": 963, "matched": "exact",
    });
    assert_eq!(crossing, expected);
    assert_eq!(first(&house, "qqqq").await, json!(null));
}

#[tokio::test]
async fn a_point_is_said_in_words() {
    let house = House::with_travel(travel()).await;
    let said = get(&house, "/places/at?lat=30.0&lon=120.5862").await;
    let expected = json!({
        "text": "解放路近人民路", "road": "解放路", "crossing": "解放路与人民路", "distance_m": 0, "area": "老城",
        "on_map": true,
    });
    assert_eq!(said.json, expected);
    let far = get(&house, "/places/at?lat=10&lon=10").await;
    assert_eq!(
        (far.text("/text"), &far.json["on_map"]),
        ("10.00000, 10.00000".into(), &json!(false))
    );
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_refused_in_words() {
    let house = House::new().await;
    let longest = "a".repeat(200);
    for (path, status) in [
        (format!("/places?q={longest}"), 200),
        (format!("/places?q={longest}a"), 400),
        ("/places".to_owned(), 400),
        ("/places?q=a&limit=0".to_owned(), 400),
        ("/places?q=a&limit=50".to_owned(), 200),
        ("/places?q=a&limit=51".to_owned(), 400),
        ("/places?q=a&lat=90.1&lon=0".to_owned(), 400),
        ("/places?q=a&colour=red".to_owned(), 400),
        ("/places/at?lat=30&lon=181".to_owned(), 400),
        ("/places/at?lat=NaN&lon=18".to_owned(), 400),
    ] {
        let answer = get(&house, &path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
        if status != 200 {
            assert_eq!(answer.problem(), "unreadable");
        }
    }
    // Without a map stations and coordinates are still found, and there is nothing to draw.
    let found = get(&house, "/places?q=30.5,120.5").await;
    assert_eq!(found.text("/places/0/kind"), "point");
    let nothing = get(&house, "/map/roads.geojson").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert_eq!(nothing.problem(), "no_map");
}

/// How many polygons a feature has, and whether its rings are closed.
fn polygons(feature: &Value) -> usize {
    let polygons = feature["geometry"]["coordinates"].as_array().unwrap();
    for ring in polygons.iter().flat_map(|rings| rings.as_array().unwrap()) {
        let ring = ring.as_array().unwrap();
        assert!(ring.len() >= 4 && ring.first() == ring.last(), "{ring:?}");
    }
    polygons.len()
}

#[tokio::test]
async fn how_far_a_unit_gets_and_its_way_are_shown() {
    let house = House::with_travel(travel()).await;
    let unit = &house.own_unit;
    let reach = get(&house, &format!("/units/{unit}/reach")).await;
    assert_eq!(reach.status, StatusCode::OK, "{reach:?}");
    let features = reach.json["features"].as_array().unwrap();
    let within: Vec<&Value> = features
        .iter()
        .map(|one| &one["properties"]["within_s"])
        .collect();
    assert_eq!(json!(within), json!([900, 600, 300]));
    assert!(
        features.iter().all(|feature| polygons(feature) == 1),
        "{reach:?}"
    );
    let from = json!({ "lat": 30.0, "lon": 120.58, "position_age_s": null });
    assert_eq!(
        (&reach.json["from"], reach.text("/basis")),
        (&from, "road".to_owned())
    );

    let nowhere = get(&house, &format!("/units/{unit}/route")).await;
    assert_eq!(nowhere.problem(), "no_assignment");
    let (_, incident) = house.incident().await;
    let asked = get(&house, &format!("/units/{unit}/route?incident={incident}")).await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    let sent = json!({ "units": [unit] });
    let path = format!("/incidents/{incident}/assignments");
    let sent = house.ask(Seat::Dispatcher, "POST", &path, sent).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let route = get(&house, &format!("/units/{unit}/route")).await;
    assert_eq!(route.json, asked.json);
    assert_eq!(route.text("/incident"), incident);
    assert_eq!(route.json["line"][0], json!([120.58, 30.0]));
    // A hundred metres at 50 km/h and another beside the road on foot, stretched by 130 percent.
    assert_eq!(route.json["length_m"], 96, "{route:?}");
    assert_eq!(route.json["seconds"], 114, "{route:?}");
    let steps = route.json["steps"].as_array().unwrap();
    let done: Vec<_> = steps
        .iter()
        .map(|step| (&step["manoeuvre"], &step["name"], &step["length_m"]))
        .collect();
    let way = (&json!("depart"), &json!("解放路"), &json!(96));
    assert_eq!(done[0], way, "{steps:?}");
    assert_eq!(done.last().unwrap().0, "arrive");
    let missing = get(&house, &format!("/units/{}/reach", "0".repeat(32))).await;
    assert_eq!(missing.problem(), "not_found");
}

#[tokio::test]
async fn graver_calls_are_driven_to_with_lights_and_siren_and_it_says_so() {
    let house = House::with_travel(travel().with_siren_to(Priority::P2)).await;
    let unit = &house.own_unit;
    let mut seconds = Vec::new();
    for priority in 1..=3 {
        let place = json!({ "lat": 30.0, "lon": 120.599 });
        let body = json!({ "category": "fire", "priority": priority, "place": place });
        let opened = house
            .ask(Seat::Dispatcher, "POST", "/incidents", body)
            .await;
        let incident = opened.text("/id");
        let path = format!("/units/{unit}/route?incident={incident}");
        let route = get(&house, &path).await;
        let made = get(&house, &format!("/incidents/{incident}/recommendation")).await;
        let of_unit = &made.json["candidates"][0];
        assert_eq!(
            of_unit["travel_time_s"], route.json["seconds"],
            "one reckoning, whoever asks"
        );
        assert_eq!(made.json["siren"], route.json["siren"]);
        assert_eq!(made.json["siren"], priority <= 2, "{made:?}");
        seconds.push(route.json["seconds"].as_u64().unwrap());
    }
    assert_eq!(seconds[0], seconds[1]);
    // A fifth faster on the road; the last metres on foot are what they are.
    assert!(seconds[1] < seconds[2], "{seconds:?}");
}

#[tokio::test]
async fn a_unit_under_way_is_timed_from_where_it_can_turn() {
    let house = House::with_travel(travel()).await;
    let unit = &house.own_unit;
    let place = json!({ "lat": 30.0, "lon": 120.5835 });
    let body = json!({ "category": "fire", "priority": 1, "place": place });
    let opened = house
        .ask(Seat::Dispatcher, "POST", "/incidents", body)
        .await;
    let incident = opened.text("/id");
    let seconds = async |heading: Option<u16>| {
        let mut at = json!({ "lat": 30.0, "lon": 120.585 });
        if let Some(heading) = heading {
            at["heading_deg"] = json!(heading);
        }
        let path = format!("/units/{unit}/position");
        let put = house.ask(Seat::Dispatcher, "PUT", &path, at).await;
        assert!(put.status.is_success(), "{put:?}");
        let path = format!("/incidents/{incident}/recommendation");
        let made = get(&house, &path).await;
        let candidates = made.json["candidates"].as_array().unwrap();
        let of_unit = candidates.iter().find(|one| one["unit"] == **unit).unwrap();
        let is_first = candidates[0]["unit"] == **unit;
        (of_unit["travel_time_s"].as_u64().unwrap(), is_first)
    };
    let (standing, towards) = (seconds(None).await, seconds(Some(270)).await);
    assert_eq!(standing, towards);
    assert!(standing.1, "it is the nearest");
    // The next crossing is half a kilometre on; from there it is a whole one back, and another unit is sooner there.
    let (away_s, is_first) = seconds(Some(90)).await;
    assert!(away_s > standing.0 * 5, "{away_s} s against {standing:?}");
    assert!(!is_first, "another is sooner there");
}

#[tokio::test]
async fn the_units_nearest_to_a_point_are_told_with_their_times() {
    let house = House::with_travel(travel()).await;
    for (unit, lon) in [(&house.own_unit, 120.585), (&house.other_unit, 120.598)] {
        let path = format!("/units/{unit}/position");
        let place = json!({ "lat": 30.0, "lon": lon });
        let put = house.ask(Seat::Dispatcher, "PUT", &path, place).await;
        assert!(put.status.is_success(), "{put:?}");
    }
    let near = get(&house, "/units/near?lat=30.0&lon=120.6").await;
    let units = near.json["units"].as_array().unwrap();
    let told: Vec<_> = units
        .iter()
        .map(|one| (&one["callsign"], &one["distance_m"], &one["status"]))
        .collect();
    let (first, second) = (json!("E2"), json!("E1"));
    let free = json!("available");
    let (close, far) = (json!(193), json!(1_444));
    assert_eq!(told, [(&first, &close, &free), (&second, &far, &free)]);
    // 193 m at 50 km/h and 130 percent.
    assert_eq!(units[0]["travel_time_s"], 19, "{near:?}");
    let one = get(&house, "/units/near?lat=30.0&lon=120.6&limit=1").await;
    assert_eq!(one.json["units"].as_array().unwrap().len(), 1);
    for wrong in [
        "lat=91&lon=0",
        "lat=30&lon=120&limit=0",
        "lat=30&lon=120&limit=101",
    ] {
        let refused = get(&house, &format!("/units/near?{wrong}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_unit_says_in_whose_area_it_is() {
    let house = House::with_travel(travel()).await;
    for (code, lon) in [("W", 120.581), ("E", 120.599)] {
        let station = json!({ "code": code, "name": code, "place": { "lat": 30.0, "lon": lon } });
        let made = house
            .ask(Seat::DutyOfficer, "POST", "/stations", station)
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    let unit = &house.own_unit;
    for (lon, area) in [(120.582, "W"), (120.597, "E"), (120.583, "W")] {
        let path = format!("/units/{unit}/position");
        let place = json!({ "lat": 30.0, "lon": lon });
        let put = house.ask(Seat::Dispatcher, "PUT", &path, place).await;
        assert!(put.status.is_success(), "{put:?}");
        let began = std::time::Instant::now();
        // Areas are made on a thread of their own, after the stations were entered.
        loop {
            let shown = get(&house, &format!("/units/{unit}")).await;
            if shown.json["position"]["area"] == area {
                break;
            }
            assert!(began.elapsed().as_secs() < 20, "{area}: {shown:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn each_station_has_the_area_where_it_is_first() {
    let house = House::with_travel(travel()).await;
    let none = get(&house, "/map/station-areas.geojson").await;
    assert_eq!(none.json["features"], json!([]));
    for (code, lon) in [("W", 120.581), ("E", 120.599), ("far", 121.9)] {
        let station = json!({ "code": code, "name": code, "place": { "lat": 30.0, "lon": lon } });
        let made = house
            .ask(Seat::DutyOfficer, "POST", "/stations", station)
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    let areas = get(&house, "/map/station-areas.geojson").await;
    let features = areas.json["features"].as_array().unwrap();
    let codes: Vec<&Value> = features
        .iter()
        .map(|one| &one["properties"]["code"])
        .collect();
    assert_eq!(
        codes.len(),
        2,
        "a station off the map is first nowhere: {codes:?}"
    );
    assert!(features.iter().all(|feature| polygons(feature) >= 1));
    let bare = House::new().await;
    for path in [
        "/map/station-areas.geojson",
        &format!("/units/{}/reach", bare.own_unit),
    ] {
        assert_eq!(get(&bare, path).await.problem(), "no_map", "{path}");
    }
}

#[tokio::test]
async fn the_ground_is_drawn_and_areas_of_ones_own_are_written_on_it() {
    let house = House::with_travel(travel()).await;
    let ground = get(&house, "/map/ground.geojson").await;
    let kind = ground.headers["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/geo+json");
    let lake = json!([
        [120.58, 30.0],
        [120.59, 30.0],
        [120.59, 30.01],
        [120.58, 30.0]
    ]);
    let nothing = json!(null);
    let plain = json!({ "kind": "water", "rank": nothing, "name": nothing, "name_zh": nothing, "name_en": nothing });
    let expected = json!([
        { "type": "Feature", "properties": plain, "geometry": { "type": "Polygon", "coordinates": [lake] } },
        {
            "type": "Feature", "geometry": { "type": "Point", "coordinates": [120.585, 30.005] },
            "properties": { "kind": "place", "rank": 2, "name": "越城", "name_zh": nothing, "name_en": "Yuecheng" },
        },
        {
            "type": "Feature", "geometry": { "type": "Point", "coordinates": [120.585, 30.0075] },
            "properties": { "kind": "place", "rank": 3, "name": "老城", "name_zh": nothing, "name_en": nothing },
        },
    ]);
    assert_eq!(ground.json["features"], expected);
    assert_eq!(first(&house, "yuecheng").await["name"], "越城");
    let bare = House::new().await;
    assert_eq!(get(&bare, "/map/ground.geojson").await.problem(), "no_map");
}

#[tokio::test]
async fn the_way_of_a_round_follows_the_roads_from_stop_to_stop() {
    let house = House::with_travel(travel()).await;
    let point = |no: u16, lat: f64, lon: f64| {
        json!({
            "no": no, "label": format!("Point {no}"), "lat": lat, "lon": lon, "stay_min": 1,
            "wanted": { "is": "times", "count": 1 },
        })
    };
    let in_hours = |hours: i64| {
        let at = watchfire::clock::Clock::Real.now().0 + hours * 3_600_000;
        jiff::Timestamp::from_millisecond(at).unwrap().to_string()
    };
    // From the west along one street and round the corner into another; the third lies where no road is near.
    let points = [
        point(1, 30.0, 120.581),
        point(2, 30.009, 120.59),
        point(3, 31.0, 121.0),
    ];
    let plan = json!({
        "theme": "Evening", "from": in_hours(0), "until": in_hours(8), "units": [house.own_unit], "points": points,
    });
    let act = |method, path: String, body: Value| {
        let house = &house;
        async move { house.ask(Seat::Dispatcher, method, &path, body).await }
    };
    let entered = act("POST", "/patrols".into(), plan).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{entered:?}");
    let path = format!("/patrols/{}", entered.text("/id"));
    let none = act("GET", format!("{path}/lines"), json!(null)).await;
    assert_eq!(none.json, json!({ "lines": [] }), "no rounds were accepted");
    let leg = |point: u16, hours: i64| json!({ "point": point, "visit": 1, "at": in_hours(hours) });
    let round = json!({
        "unit": house.own_unit, "legs": [leg(1, 1), leg(2, 2), leg(3, 3)], "back_at": in_hours(4), "basis": "road",
    });
    let accepted = act(
        "PUT",
        format!("{path}/rounds"),
        json!({ "rounds": [round] }),
    )
    .await;
    assert_eq!(accepted.status, StatusCode::OK, "{accepted:?}");
    let drawn = act("GET", format!("{path}/lines"), json!(null)).await;
    assert_eq!(drawn.text("/lines/0/unit"), house.own_unit);
    let first = &drawn.json["lines"][0]["ways"][0];
    assert_eq!(first["basis"], "road", "{drawn:?}");
    assert_eq!(
        first["line"],
        json!([[120.581, 30.0], [120.59, 30.0], [120.59, 30.009]]),
        "round the corner, not across"
    );
    let second = &drawn.json["lines"][0]["ways"][1];
    assert_eq!(second["basis"], "straight_line", "{drawn:?}");
    assert_eq!(second["line"], json!([[120.59, 30.009], [121.0, 31.0]]));
    let proposal = act("POST", format!("{path}/proposal"), json!({})).await;
    assert!(proposal.json["lines"].is_array(), "{proposal:?}");
}
