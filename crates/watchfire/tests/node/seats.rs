//! Who may pass through which door: every endpoint from every seat, and from none.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::json;
use watchfire::api::description;
use watchfire_core::record::person::Seat;

use super::house::{House, api};

/// One line for each door, in the order of the address; an `x` for each seat that may pass. It is written
/// by hand and knows nothing of the table in `policy.rs`, which it holds to what the book says.
const DOORS: &str = "
                                              call   dis-   duty                  over-  admin-          volun-
                                              taker  patch  officer crew  analyst seer   istr.  wall   teer
GET    /alarms                                x      x      x       x     x       x      .      x      .
POST   /actions/line                          x      x      x       x     x       x      .      x      .
POST   /actions/line/complete                 x      x      x       x     x       x      .      x      .
GET    /assessments                           x      x      x       x     x       x      .      x      .
POST   /assessments                           .      .      .       .     x       .      .      .      .
GET    /assessments/ended                     .      .      x       .     x       x      .      .      .
GET    /assessments/of/{node}/{id}            x      x      x       x     x       x      .      x      .
GET    /assessments/{id}                      x      x      x       x     x       x      .      x      .
PUT    /assessments/{id}                      .      .      .       .     x       .      .      .      .
POST   /assessments/{id}/steps                x      x      x       x     x       .      .      .      .
GET    /assignments                           x      x      x       x     x       x      .      x      .
GET    /assignments/{id}                      x      x      x       x     x       x      .      x      .
POST   /assignments/{id}/alarm                .      x      x       .     .       .      .      .      .
POST   /assignments/{id}/reassign             .      x      x       .     .       .      .      .      .
POST   /assignments/{id}/swap                 .      x      x       .     .       .      .      .      .
POST   /assignments/{id}/{step}               .      x      x       x     .       .      .      .      .
GET    /board                                 x      x      x       x     x       x      .      x      .
GET    /calls                                 x      x      x       x     x       x      .      x      .
POST   /calls                                 x      x      x       .     .       .      .      .      .
GET    /calls/{id}                            x      x      x       x     x       x      .      x      .
PATCH  /calls/{id}                            x      x      x       .     .       .      .      .      .
POST   /calls/{id}/alarm-seen                 x      x      x       .     .       .      .      .      .
POST   /calls/{id}/close                      x      x      x       .     .       .      .      .      .
POST   /calls/{id}/detach                     x      x      x       .     .       .      .      .      .
GET    /calls/{id}/duplicates                 x      x      x       x     x       x      .      x      .
POST   /calls/{id}/join                       x      x      x       .     .       .      .      .      .
GET    /consultations                         x      x      x       x     x       x      .      x      .
POST   /consultations                         .      .      x       .     x       .      .      .      .
GET    /consultations/ended                   .      .      x       .     x       x      .      .      .
GET    /consultations/of/{node}/{id}          x      x      x       x     x       x      .      x      .
GET    /consultations/{id}                    x      x      x       x     x       x      .      x      .
POST   /consultations/{id}/steps              x      x      x       x     x       .      .      .      .
GET    /drafts                                x      x      x       .     .       .      .      .      .
DELETE /drafts/{id}                           x      x      x       .     .       .      .      .      .
PUT    /drafts/{id}                           x      x      x       .     .       .      .      .      .
POST   /duplicates                            x      x      x       .     .       .      .      .      .
GET    /duty                                  x      x      x       x     x       x      .      x      .
GET    /duty/handovers                        x      x      x       x     x       x      .      x      .
POST   /duty/handovers                        x      x      x       x     x       .      .      .      .
GET    /duty/handovers/{id}                   x      x      x       x     x       x      .      x      .
POST   /duty/handovers/{id}/steps             x      x      x       x     x       .      .      .      .
POST   /duty/posts                            .      .      x       .     .       .      .      .      .
PUT    /duty/posts/{id}                       .      .      x       .     .       .      .      .      .
POST   /duty/posts/{id}/end                   .      .      x       .     .       .      .      .      .
POST   /duty/posts/{id}/leaves                .      .      x       .     .       .      .      .      .
POST   /duty/posts/{id}/leaves/end            .      .      x       .     .       .      .      .      .
POST   /duty/posts/{id}/proposal              .      .      x       .     .       .      .      .      .
POST   /duty/posts/{id}/shifts                .      .      x       .     .       .      .      .      .
GET    /duty/shifts/{id}                      x      x      x       x     x       x      .      x      .
POST   /duty/shifts/{id}/steps                x      x      x       x     x       .      .      .      .
GET    /figures                               .      x      x       .     x       x      .      x      .
GET    /figures.csv                           .      x      x       .     x       x      .      x      .
GET    /figures/incidents                     .      x      x       .     x       x      .      x      .
GET    /incidents                             x      x      x       x     x       x      .      x      .
POST   /incidents                             x      x      x       .     .       .      .      .      .
GET    /incidents/{id}                        x      x      x       x     x       x      .      x      .
POST   /incidents/{id}/alarm                  .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/alarm-seen             .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/assignments            .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/cancel                 .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/close                  .      x      x       .     .       .      .      .      .
GET    /incidents/{id}/entries                x      x      x       .     x       x      .      .      .
POST   /incidents/{id}/grade                  .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/links                  .      x      x       .     .       .      .      .      .
DELETE /incidents/{id}/links/{other}          .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/merge                  .      x      x       .     .       .      .      .      .
GET    /incidents/{id}/notes                  x      x      x       .     .       x      .      .      .
POST   /incidents/{id}/notes                  x      x      x       x     .       .      .      .      .
GET    /incidents/{id}/recommendation         x      x      x       x     x       x      .      x      .
POST   /incidents/{id}/relocate               .      x      x       .     .       .      .      .      .
POST   /incidents/paired                      .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/erasure                .      .      x       .     .       .      .      .      .
POST   /incidents/{id}/pairs                  .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/pairs/end              .      x      x       .     .       .      .      .      .
GET    /monitoring                            .      x      x       .     x       x      .      x      .
GET    /monitoring/coverage                   .      x      x       .     x       x      .      x      .
GET    /monitoring/periods                    .      x      x       .     x       x      .      x      .
GET    /monitoring/report                     .      x      x       .     x       x      .      x      .
GET    /monitoring/report.csv                 .      x      x       .     x       x      .      x      .
GET    /monitoring/waits                      .      x      x       .     x       x      .      x      .
GET    /settlements/book                      .      x      x       .     x       x      .      x      .
GET    /settlements/book.csv                  .      x      x       .     x       x      .      x      .
POST   /settlements/carried                   .      .      x       .     .       .      .      .      .
POST   /settlements/signature                 .      .      x       .     .       .      .      .      .
POST   /settlements/{id}/corrections          .      .      x       .     .       .      .      .      .
GET    /directives                            x      x      x       x     x       x      .      x      .
POST   /directives                            .      x      x       .     x       .      .      .      .
GET    /directives/bins                       .      x      x       .     x       x      .      x      .
GET    /directives/kinds                      x      x      x       x     x       x      .      x      .
GET    /directives/own                        x      x      x       x     x       .      .      .      .
GET    /directives/{id}                       x      x      x       x     x       x      .      x      .
PUT    /directives/{id}                       .      x      x       .     x       .      .      .      .
POST   /directives/{id}/steps                 x      x      x       x     x       .      .      .      .
POST   /directives/{id}/attachments           x      x      x       x     x       .      .      .      .
GET    /directives/{id}/attachments/{number}  x      x      x       x     x       x      .      x      .
GET    /operations                            x      x      x       x     x       x      .      x      .
POST   /operations                            .      .      x       .     .       .      .      .      .
GET    /operations/{id}                       x      x      x       x     x       x      .      x      .
GET    /operations/{id}/planned-action        .      x      x       .     .       x      .      .      .
POST   /operations/{id}/planned-action        .      .      x       .     .       .      .      .      .
POST   /operations/{id}/planned-action/rehearsal .      .      x      .      .      .      .      .      .
POST   /operations/{id}/planned-action/steps  .      x      x       .     .       .      .      .      .
POST   /operations/{id}/planned-action/words  .      x      x       x     .       .      .      .      .
POST   /operations/{id}/steps                 .      x      x       .     .       .      .      .      .
GET    /peers                                 x      x      x       x     x       x      x      x      .
POST   /peers/enrolments                      .      .      x       .     .       .      x      .      .
POST   /peers/enrolments/{id}                 .      .      x       .     .       .      x      .      .
POST   /peers/invitations                     .      .      x       .     .       .      x      .      .
POST   /peers/{id}/steps                      .      .      x       .     .       .      x      .      .
POST   /incidents/{id}/reopen                 .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/split                  .      x      x       .     .       .      .      .      .
POST   /incidents/{id}/unmerge                .      x      x       .     .       .      .      .      .
GET    /incidents/number/{number}             x      x      x       x     x       x      .      x      .
GET    /map/ground.geojson                    x      x      x       x     x       x      .      x      .
GET    /map/roads.geojson                     x      x      x       x     x       x      .      x      .
GET    /map/station-areas.geojson             x      x      x       x     x       x      .      x      .
GET    /node                                  x      x      x       x     x       x      x      x      x
GET    /past/board                            x      x      x       .     x       x      .      .      .
GET    /past/marks                            x      x      x       .     x       x      .      .      .
GET    /patterns                              .      .      x       .     x       x      .      .      .
GET    /patterns/alerts                       .      .      x       .     x       x      .      .      .
GET    /patterns/like/{id}                    .      .      x       .     x       x      .      .      .
GET    /patterns/views                        .      .      x       .     x       x      .      .      .
POST   /patterns/views                        .      .      x       .     x       .      .      .      .
POST   /patterns/views/{id}/remove            .      .      x       .     x       .      .      .      .
GET    /patrols                               x      x      x       x     x       x      .      x      .
POST   /patrols                               .      x      x       .     .       .      .      .      .
GET    /patrols/own                           .      .      .       x     .       .      .      .      x
GET    /patrols/{id}                          x      x      x       x     x       x      .      x      .
PUT    /patrols/{id}                          .      x      x       .     .       .      .      .      .
POST   /patrols/{id}/end                      .      x      x       .     .       .      .      .      .
GET    /patrols/{id}/lines                    x      x      x       x     x       x      .      x      .
POST   /patrols/{id}/proposal                 .      x      x       .     .       .      .      .      .
PUT    /patrols/{id}/rounds                   .      x      x       .     .       .      .      .      .
POST   /patrols/{id}/skips                    .      x      x       x     .       .      .      .      x
POST   /patrols/{id}/start                    .      x      x       .     .       .      .      .      .
POST   /patrols/{id}/visits                   .      x      x       x     .       .      .      .      x
GET    /people                                .      .      x       .     .       x      x      .      .
POST   /people                                .      .      .       .     .       .      x      .      .
GET    /people/{id}                           .      .      x       .     .       x      x      .      .
PUT    /people/{id}                           .      .      .       .     .       .      x      .      .
POST   /people/{id}/code                      .      .      .       .     .       .      x      .      .
POST   /people/{id}/disable                   .      .      .       .     .       .      x      .      .
GET    /people/{id}/entries                   .      .      x       .     .       x      x      .      .
POST   /people/{id}/tokens                    .      .      .       .     .       .      x      .      .
GET    /planned-actions                       .      x      x       .     .       x      .      .      .
GET    /planned-actions/own                   .      .      .       x     .       .      .      .      .
GET    /places                                x      x      x       x     x       x      .      x      .
GET    /places/at                             x      x      x       x     x       x      .      x      .
GET    /playbook-runs                         .      x      x       .     x       x      .      .      .
GET    /playbook-runs/{id}                    .      x      x       .     x       x      .      .      .
POST   /playbook-runs/{id}/steps              .      x      x       .     .       .      .      .      .
GET    /playbooks                             .      x      x       .     x       x      .      .      .
GET    /playbooks/{id}/past                   .      x      x       .     x       x      .      .      .
POST   /playbooks/{id}/runs                   .      x      x       .     .       .      .      .      .
POST   /positions                             .      x      x       .     .       .      .      .      .
DELETE /session                               x      x      x       x     x       x      x      x      x
GET    /session                               x      x      x       x     x       x      x      x      x
GET    /stations                              x      x      x       x     x       x      .      x      .
POST   /stations                              .      .      x       .     .       .      x      .      .
GET    /stations/{id}                         x      x      x       x     x       x      .      x      .
PUT    /stations/{id}                         .      .      x       .     .       .      x      .      .
GET    /stream                                x      x      x       x     x       x      .      x      .
GET    /support                               x      x      x       x     x       x      .      x      .
POST   /support/capabilities                  .      .      x       .     .       .      x      .      .
PUT    /support/capabilities/{id}             .      .      x       .     .       .      x      .      .
POST   /support/capabilities/{id}/retire      .      .      x       .     .       .      x      .      .
POST   /support/declines                      .      x      x       .     .       .      .      .      .
GET    /support/figures                       .      x      x       .     x       x      .      x      .
POST   /support/offers                        .      x      x       .     .       .      .      .      .
POST   /support/offers/{id}/steps             .      x      x       .     .       .      .      .      .
POST   /support/requests                      .      x      x       .     .       .      .      .      .
GET    /support/requests/{node}/{id}          x      x      x       x     x       x      .      x      .
POST   /support/requests/{id}/steps           .      x      x       .     .       .      .      .      .
POST   /triage                                x      x      x       .     .       .      .      .      .
POST   /undo                                  x      x      x       x     .       .      .      .      .
GET    /units                                 x      x      x       x     x       x      .      x      .
POST   /units                                 .      .      x       .     .       .      x      .      .
GET    /units/near                            x      x      x       x     x       x      .      x      .
GET    /units/{id}                            x      x      x       x     x       x      .      x      .
PUT    /units/{id}                            .      .      x       .     .       .      x      .      .
PUT    /units/{id}/position                   .      x      x       x     .       .      .      .      .
GET    /units/{id}/reach                      x      x      x       x     x       x      .      x      .
GET    /units/{id}/route                      x      x      x       x     x       x      .      x      .
POST   /units/{id}/{step}                     .      x      x       x     .       .      .      .      .
GET    /assignments/{id}/recommendation       x      x      x      x     x       x      .      x      .
GET    /recommendation                        x      x      x      x     x       x      .      x      .
GET    /cover                                 x      x      x      x     x       x      .      x      .
GET    /map/road-conditions.geojson           x      x      x      x     x       x      .      x      .
GET    /road-conditions                       x      x      x      x     x       x      .      x      .
POST   /road-conditions                       .      x      x      .     .       .      .      .      .
GET    /road-conditions/{id}                  x      x      x      x     x       x      .      x      .
POST   /road-conditions/{id}/end              .      x      x      .     .       .      .      .      .
POST   /road-conditions/{id}/until            .      x      x      .     .       .      .      .      .
POST   /units/{id}/move-up                    .      x      x      .     .       .      .      .      .
POST   /units/{id}/move-understood            .      x      x      x     .       .      .      .      .
";

/// Doors for those who have not signed in yet.
const OPEN: [(&str, &str); 2] = [("POST", "/enrolment"), ("POST", "/session")];

const SEATS: [Seat; 9] = [
    Seat::CallTaker,
    Seat::Dispatcher,
    Seat::DutyOfficer,
    Seat::Crew,
    Seat::Analyst,
    Seat::Overseer,
    Seat::Administrator,
    Seat::Wall,
    Seat::Volunteer,
];

struct Door {
    method: &'static str,
    path: &'static str,
    open_to: Vec<Seat>,
}

fn doors() -> Vec<Door> {
    let lines = DOORS.lines().filter(|line| line.contains('/'));
    let door = |line: &'static str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.len(), 2 + SEATS.len(), "{line}");
        let seats = words[2..].iter().zip(SEATS);
        let open_to = seats
            .filter(|(mark, _)| **mark == "x")
            .map(|(_, seat)| seat)
            .collect();
        Door {
            method: words[0],
            path: words[1],
            open_to,
        }
    };
    lines.map(door).collect()
}

#[test]
fn every_door_that_the_description_names_is_in_the_table() {
    let json = description::whole();
    let mut described = BTreeSet::new();
    for (path, methods) in json["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.strip_prefix("/api/v1").unwrap().to_owned();
            described.insert((method.to_uppercase(), path));
        }
    }
    let table = doors()
        .into_iter()
        .map(|door| (door.method, door.path))
        .chain(OPEN);
    let table: BTreeSet<_> = table
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(described, table);
}

#[tokio::test]
async fn every_seat_passes_its_own_doors_and_no_other() {
    let house = House::new().await;
    let (call, incident) = house.incident().await;
    for Door {
        method,
        path,
        open_to,
    } in doors()
    {
        let record = match path.split('/').nth(1).unwrap() {
            "calls" => call.clone(),
            "incidents" => incident.clone(),
            "units" => house.own_unit.clone(),
            "people" => house.person(Seat::Wall),
            // There is none of the others; who may not pass is told so all the same.
            _ => "0".repeat(32),
        };
        let step = if path.starts_with("/units") {
            "off-duty"
        } else {
            "arrive"
        };
        let address = path
            .replace("{id}", &record)
            .replace("{other}", &record)
            .replace("{step}", step)
            .replace("{node}", &"0".repeat(64))
            .replace("{number}", "1");
        for seat in SEATS {
            // The seat is looked at before the body is: an empty one never gets as far as an action.
            let bearer = format!("Bearer {}", house.token(seat));
            let headers = [("authorization", bearer.as_str())];
            let answer = house
                .raw(method, &api(&address), String::new(), &headers)
                .await;
            let status = answer.status();
            let passed = status != StatusCode::FORBIDDEN && status != StatusCode::UNAUTHORIZED;
            assert_eq!(
                passed,
                open_to.contains(&seat),
                "{method} {path} from {seat:?}: {status}"
            );
            assert!(
                !status.is_server_error(),
                "{method} {path} from {seat:?}: {status}"
            );
        }
        let nobody = house.send(method, &address, String::new(), &[]).await;
        assert_eq!(
            nobody.status,
            StatusCode::UNAUTHORIZED,
            "{method} {path} from nobody"
        );
        assert_eq!(nobody.problem(), "not_signed_in");
    }
}

#[tokio::test]
async fn a_crew_reports_for_its_own_unit_and_for_no_other() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let units = json!({ "units": [house.own_unit, house.other_unit] });
    let path = format!("/incidents/{incident}/assignments");
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    for (at, expected) in [("0", StatusCode::OK), ("1", StatusCode::FORBIDDEN)] {
        let assignment = sent.text(&format!("/assignments/{at}/id"));
        let path = format!("/assignments/{assignment}/acknowledge");
        let done = house.ask(Seat::Crew, "POST", &path, json!({})).await;
        assert_eq!(done.status, expected, "{done:?}");
        let path = format!("/assignments/{assignment}/cancel");
        let reason = json!({ "reason": "I would rather not" });
        let done = house.ask(Seat::Crew, "POST", &path, reason).await;
        assert_eq!(done.problem(), "not_allowed", "a crew calls nobody off");
    }
    let place = json!({ "lat": 30.002, "lon": 120.582 });
    for (unit, expected) in [
        (&house.own_unit, StatusCode::OK),
        (&house.other_unit, StatusCode::FORBIDDEN),
    ] {
        let path = format!("/units/{unit}/position");
        let done = house.ask(Seat::Crew, "PUT", &path, place.clone()).await;
        let fine = expected == StatusCode::OK && done.status.is_success();
        assert!(fine || done.status == expected, "{done:?}");
        let rest = json!({ "reason": "flat tyre" });
        let path = format!("/units/{unit}/out-of-service");
        let done = house.ask(Seat::Crew, "POST", &path, rest).await;
        assert_eq!(
            done.status == StatusCode::FORBIDDEN,
            expected == StatusCode::FORBIDDEN,
            "{done:?}"
        );
    }
}

#[tokio::test]
async fn a_crew_writes_notes_on_what_it_is_sent_to_and_on_nothing_else() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let (_, other) = house.incident().await;
    let note = |text: &str| json!({ "text": text });
    let notes = format!("/incidents/{incident}/notes");
    let early = house
        .ask(Seat::Crew, "POST", &notes, note("I heard about it"))
        .await;
    assert_eq!(early.problem(), "not_allowed", "its unit is not sent there");

    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    let assignment = sent.text("/assignments/0/id");
    let there = house
        .ask(Seat::Crew, "POST", &notes, note("smoke from the roof"))
        .await;
    assert_eq!(there.status, StatusCode::CREATED, "{there:?}");
    let path = format!("/assignments/{assignment}/clear");
    let cleared = house.ask(Seat::Crew, "POST", &path, json!({})).await;
    assert_eq!(cleared.status, StatusCode::OK, "{cleared:?}");
    let after = house
        .ask(Seat::Crew, "POST", &notes, note("it was a barbecue"))
        .await;
    assert_eq!(after.status, StatusCode::CREATED, "{after:?}");

    let elsewhere = format!("/incidents/{other}/notes");
    let elsewhere = house
        .ask(Seat::Crew, "POST", &elsewhere, note("not mine"))
        .await;
    assert_eq!(elsewhere.problem(), "not_allowed");
    let read = house.ask(Seat::Crew, "GET", &notes, json!(null)).await;
    assert_eq!(
        read.problem(),
        "not_allowed",
        "what others wrote stays theirs"
    );
    let read = house
        .ask(Seat::Dispatcher, "GET", &notes, json!(null))
        .await;
    assert_eq!(read.text("/notes/1/text"), "it was a barbecue");
}

#[tokio::test]
async fn a_crew_that_was_called_off_writes_nothing() {
    let house = House::new().await;
    let (_, incident) = house.incident().await;
    let path = format!("/incidents/{incident}/assignments");
    let units = json!({ "units": [house.own_unit] });
    let sent = house.ask(Seat::Dispatcher, "POST", &path, units).await;
    let path = format!("/assignments/{}/cancel", sent.text("/assignments/0/id"));
    let reason = json!({ "reason": "a nearer one is free" });
    let off = house.ask(Seat::Dispatcher, "POST", &path, reason).await;
    assert_eq!(off.status, StatusCode::OK, "{off:?}");
    let notes = format!("/incidents/{incident}/notes");
    let note = json!({ "text": "I was never there" });
    let written = house.ask(Seat::Crew, "POST", &notes, note).await;
    assert_eq!(written.problem(), "not_allowed");
}

#[tokio::test]
async fn somebody_who_is_disabled_passes_no_door_any_more() {
    let house = House::new().await;
    let path = format!("/people/{}/disable", house.person(Seat::Dispatcher));
    let before = house
        .ask(Seat::Dispatcher, "GET", "/board", json!(null))
        .await;
    assert_eq!(before.status, StatusCode::OK);
    let done = house
        .ask(Seat::Administrator, "POST", &path, json!({}))
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let after = house
        .ask(Seat::Dispatcher, "GET", "/board", json!(null))
        .await;
    assert_eq!(after.problem(), "not_signed_in");
}
