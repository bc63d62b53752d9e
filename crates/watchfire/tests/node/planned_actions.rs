//! Planned actions over HTTP: a plan of two agencies, issued, answered for, gone with a reason, cut in the middle, rehearsed.

use axum::http::StatusCode;
use serde_json::{Value, json};
use watchfire::api::view::time;
use watchfire_core::basis::Timestamp;
use watchfire_core::record::person::Seat;

use super::house::{Answer, House};
use super::joint::{bring_in, done, enrol, joint_house, operation, raise, until};

async fn ask(house: &House, seat: Seat, method: &str, path: &str, body: Value) -> Answer {
    house.ask(seat, method, path, body).await
}

fn path(operation: &str, rest: &str) -> String {
    format!("/operations/{operation}/planned-action{rest}")
}

async fn show(house: &House, operation: &str) -> Answer {
    ask(
        house,
        Seat::Dispatcher,
        "GET",
        &path(operation, ""),
        json!({}),
    )
    .await
}

async fn step(house: &House, operation: &str, body: Value) -> Answer {
    ask(
        house,
        Seat::DutyOfficer,
        "POST",
        &path(operation, "/steps"),
        body,
    )
    .await
}

async fn stepped(house: &House, operation: &str, body: Value) -> Answer {
    let said = body.to_string();
    let answer = step(house, operation, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{said}: {answer:?}");
    answer
}

async fn say(house: &House, seat: Seat, operation: &str, body: Value) -> Answer {
    ask(house, seat, "POST", &path(operation, "/words"), body).await
}

fn minutes(house: &House, count: i64) -> String {
    time(Timestamp(house.node.now().0 + count * 60_000))
}

fn node_of(house: &House) -> String {
    house.node.feed().node.to_string()
}

fn team(no: u16, name: &str, branch: u16, agency: &str) -> Value {
    json!({ "no": no, "name": name, "branch": branch, "agency": agency, "strength": 8, "call_sign": format!("T-{no}"),
        "position": "lane behind no. 4", "lat": 30.0, "lon": 120.5, "task": "front door" })
}

/// Two teams of `a`, one of `b`; entry after half an hour, search ten minutes later.
fn plan(a: &House, b: &str) -> Value {
    let own = node_of(a);
    json!({
        "intent": "both doors at one time", "silence": true,
        "branches": [{ "name": "north", "lead": "N-1" }, { "name": "south" }],
        "teams": [team(1, "assault", 1, &own), team(2, "cordon", 1, &own), team(3, "rear", 2, b)],
        "phases": [
            { "name": "entry", "what": "both doors", "go_at": minutes(a, 30), "teams": [1, 3] },
            { "name": "search", "what": "room by room", "go_at": minutes(a, 40) },
        ],
        "no_go": [{ "what": "children in the yard", "who": "duty officer" }],
    })
}

async fn planned(a: &House, operation: &str, b: &str) -> Answer {
    let answer = ask(
        a,
        Seat::DutyOfficer,
        "POST",
        &path(operation, ""),
        plan(a, b),
    )
    .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_agencies_brief_take_position_and_go_and_a_cut_never_makes_a_go() {
    let (a, mut b) = (joint_house("a").await, joint_house("b").await);
    enrol(&a, &b).await;
    let joint = raise(&a).await;
    bring_in(&a, &joint, &b).await;
    let shown = planned(&a, &joint, &node_of(&b)).await;
    assert_eq!(shown.json["strength"], 24, "{shown:?}");
    assert_eq!(shown.json["standing"], "planning");

    // Nobody is briefed of what is not issued, and the plan is its lead's.
    until("the plan at b", async || {
        show(&b, &joint).await.status == StatusCode::OK
    })
    .await;
    let early = say(
        &b,
        Seat::Dispatcher,
        &joint,
        json!({ "team": 3, "word": "briefed" }),
    )
    .await;
    assert_eq!(early.problem(), "wrong_state", "{early:?}");
    let not_ours = step(&b, &joint, json!({ "do": "issue" })).await;
    assert_eq!(not_ours.problem(), "not_found", "{not_ours:?}");
    stepped(&a, &joint, json!({ "do": "issue" })).await;
    until("silence at b", async || {
        operation(&b, &joint).await.json["silent"] == true
    })
    .await;

    // Until go the others speak only with a reason; the lead may.
    let speak = json!({ "do": "say", "text": "we are here" });
    let path_steps = format!("/operations/{joint}/steps");
    let quiet = ask(&b, Seat::Dispatcher, "POST", &path_steps, speak).await;
    assert_eq!(quiet.problem(), "wrong_state", "{quiet:?}");
    assert!(!quiet.text("/what/zh").is_empty());
    let broken =
        json!({ "do": "say", "text": "a fire next door", "break_silence": "lives at risk" });
    done(&b, &joint, broken).await;
    done(
        &a,
        &joint,
        json!({ "do": "say", "text": "stay as you are" }),
    )
    .await;
    until("what could not wait", async || {
        let log = operation(&a, &joint).await.json["log"].to_string();
        log.contains("broke silence: lives at risk") && log.contains("a fire next door")
    })
    .await;

    // A crew sees its own team only, and answers for no other.
    let man = json!({ "do": "man", "team": 3, "units": [b.own_unit] });
    stepped(&b, &joint, man).await;
    let own = ask(&b, Seat::Crew, "GET", "/planned-actions/own", json!({})).await;
    assert_eq!(own.json[0]["task"], "front door", "{own:?}");
    let text = own.json.to_string();
    assert!(
        !text.contains("assault") && !text.contains("both doors at one time"),
        "{text}"
    );
    assert_eq!(own.json[0]["phases"].as_array().unwrap().len(), 2);
    let whole = ask(&b, Seat::Crew, "GET", &path(&joint, ""), json!({})).await;
    assert_eq!(whole.problem(), "not_allowed");
    let word = json!({ "team": 3, "word": "in_position" });
    let said = say(&b, Seat::Crew, &joint, word.clone()).await;
    assert_eq!(said.status, StatusCode::NO_CONTENT, "{said:?}");
    let twice = say(&b, Seat::Crew, &joint, word).await;
    assert_eq!(twice.problem(), "wrong_state", "{twice:?}");
    let other = say(
        &b,
        Seat::Dispatcher,
        &joint,
        json!({ "team": 1, "word": "briefed" }),
    )
    .await;
    assert_eq!(
        other.problem(),
        "not_found",
        "another agency's team: {other:?}"
    );
    let not_theirs = say(
        &a,
        Seat::Crew,
        &joint,
        json!({ "team": 1, "word": "briefed" }),
    )
    .await;
    assert_eq!(
        not_theirs.problem(),
        "not_allowed",
        "a crew of no team: {not_theirs:?}"
    );
    until("b's team in position at a", async || {
        show(&a, &joint).await.json["teams"][2]["ready"] == true
    })
    .await;

    // Go over a team that has said nothing needs a reason.
    let go = step(&a, &joint, json!({ "do": "go", "phase": 1 })).await;
    assert_eq!(go.problem(), "wrong_state", "{go:?}");
    assert!(go.text("/what/en").contains("1 assault"), "{go:?}");
    let out_of_turn = json!({ "do": "go", "phase": 2, "despite": "now" });
    assert_eq!(step(&a, &joint, out_of_turn).await.problem(), "wrong_state");

    // The line is cut; b's clock passes the time, and no word is no go.
    let port = b.stop_joint().await;
    until("the cut at b", async || {
        show(&b, &joint).await.json["lead_cut"] == true
    })
    .await;
    let went = json!({ "do": "go", "phase": 1, "despite": "the target moves" });
    let went = stepped(&a, &joint, went).await;
    assert_eq!(went.json["phases"][0]["state"], "gone", "{went:?}");
    assert_eq!(went.json["silent"], false, "go lifts the silence");
    assert!(
        went.json["log"]
            .to_string()
            .contains("although not in position: 1"),
        "{went:?}"
    );
    let cut = show(&b, &joint).await;
    assert_eq!(cut.json["phases"][0]["state"], "waiting", "{cut:?}");
    assert_eq!(cut.json["silent"], true);
    let no_word = json!({ "team": 3, "word": "done", "phase": 1 });
    assert_eq!(
        say(&b, Seat::Crew, &joint, no_word).await.problem(),
        "wrong_state"
    );
    let radio = json!({ "team": 3, "word": "done", "phase": 1, "reason": "go came by radio" });
    assert_eq!(
        say(&b, Seat::Crew, &joint, radio).await.status,
        StatusCode::NO_CONTENT
    );
    b.start_joint(port).await;
    until("go at b, and b's word at a", async || {
        let (here, there) = (show(&a, &joint).await, show(&b, &joint).await);
        there.json["phases"][0]["state"] == "gone" && here.json["phases"][0]["done"] == json!([3])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_held_called_off_and_rehearsed_with_the_very_plan() {
    let a = joint_house("a").await;
    let body = json!({ "name": "doors", "purpose": "two doors", "legal_basis": "art. 54", "handling": "police_use" });
    let raised = ask(&a, Seat::DutyOfficer, "POST", "/operations", body).await;
    let joint = raised.text("/id");
    let own = node_of(&a);
    let mut stranger = plan(&a, &"0".repeat(64));
    let refused = ask(
        &a,
        Seat::DutyOfficer,
        "POST",
        &path(&joint, ""),
        stranger.take(),
    )
    .await;
    assert_eq!(refused.problem(), "not_a_member", "{refused:?}");
    let dispatcher = ask(
        &a,
        Seat::Dispatcher,
        "POST",
        &path(&joint, ""),
        plan(&a, &own),
    )
    .await;
    assert_eq!(dispatcher.problem(), "not_allowed");
    let shown = planned(&a, &joint, &own).await;
    assert_eq!(
        shown.json["may"],
        json!(["change", "issue", "call_off", "rehearse", "say"]),
        "{shown:?}"
    );
    let again = ask(
        &a,
        Seat::DutyOfficer,
        "POST",
        &path(&joint, ""),
        plan(&a, &own),
    )
    .await;
    assert_eq!(
        again.problem(),
        "wrong_state",
        "one plan for each operation"
    );
    let mut changed = plan(&a, &own);
    changed["intent"] = json!("both doors, quietly");
    stepped(&a, &joint, json!({ "do": "change", "plan": changed })).await;
    let shown = stepped(&a, &joint, json!({ "do": "issue" })).await;
    assert_eq!(shown.text("/intent"), "both doors, quietly");
    let late = json!({ "do": "change", "plan": plan(&a, &own) });
    assert_eq!(step(&a, &joint, late).await.problem(), "wrong_state");

    let hold = json!({ "do": "hold", "phase": 1, "reason": "a bus", "go_at": minutes(&a, 50) });
    let held = stepped(&a, &joint, hold).await;
    assert_eq!(held.json["standing"], "held", "{held:?}");
    let moved = held.text("/phases/1/go_at");
    assert!(
        moved > held.text("/phases/0/go_at"),
        "later ones move with it: {held:?}"
    );
    // Another officer still looks at the plan as it stood before the hold.
    let seen = ("if-match", shown.etag());
    let headers = [(seen.0, seen.1.as_str()), ("idempotency-key", "stale go")];
    let go = json!({ "do": "go", "despite": "all are on the radio" });
    let steps = path(&joint, "/steps");
    let stale = a
        .ask_with(Seat::DutyOfficer, "POST", &steps, go, &headers)
        .await;
    assert_eq!(stale.problem(), "version_mismatch", "{stale:?}");
    assert_eq!(show(&a, &joint).await.json["standing"], "held");
    let no_go = json!({ "do": "no_go", "phase": 1, "condition": 1, "reason": "children" });
    let stopped = stepped(&a, &joint, no_go.clone()).await;
    assert_eq!(stopped.json["standing"], "no_go");
    assert_eq!(step(&a, &joint, no_go).await.problem(), "wrong_state");
    let end = json!({ "do": "end", "outcome": "fine" });
    assert_eq!(
        step(&a, &joint, end).await.problem(),
        "wrong_state",
        "nothing has gone"
    );

    let body = json!({ "name": "doors, drill", "go_at": minutes(&a, 600) });
    let drill = ask(
        &a,
        Seat::DutyOfficer,
        "POST",
        &path(&joint, "/rehearsal"),
        body,
    )
    .await;
    assert_eq!(drill.status, StatusCode::CREATED, "{drill:?}");
    assert_eq!(drill.json["exercise"], true);
    assert_eq!(drill.json["rehearsal"], true);
    assert_eq!(drill.text("/operation_name"), "doors, drill");
    assert_eq!(
        drill.text("/intent"),
        "both doors, quietly",
        "the very plan"
    );
    assert_eq!(drill.json["standing"], "planning");
    let off = json!({ "do": "call_off", "reason": "tipped off" });
    let off = stepped(&a, &joint, off).await;
    assert_eq!(off.text("/ending"), "tipped off");
    assert_eq!(
        step(&a, &joint, json!({ "do": "issue" })).await.problem(),
        "wrong_state"
    );
    let all = ask(&a, Seat::Overseer, "GET", "/planned-actions", json!({})).await;
    assert_eq!(
        all.json[0]["exercise"], true,
        "what goes on comes first: {all:?}"
    );
    assert_eq!(all.json.as_array().unwrap().len(), 2);
    let board = ask(&a, Seat::Crew, "GET", "/board", json!({})).await;
    assert!(
        !board.json.to_string().contains("quietly"),
        "nothing of the plan is told to everybody"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_done_in_an_exercise_is_in_no_figures_bins_books_or_statistics() {
    let a = joint_house("a").await;
    let counted = async || {
        let span = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
        let bins = ask(
            &a,
            Seat::DutyOfficer,
            "GET",
            &format!("/directives/bins?{span}"),
            json!(null),
        )
        .await;
        let support = ask(
            &a,
            Seat::DutyOfficer,
            "GET",
            &format!("/support/figures?{span}"),
            json!(null),
        )
        .await;
        let figures = ask(&a, Seat::DutyOfficer, "GET", "/figures", json!(null)).await;
        let today = json!(time(Timestamp(a.node.now().0 + 86_400_000))[..10]);
        let date = today.as_str().unwrap();
        let book = ask(
            &a,
            Seat::DutyOfficer,
            "GET",
            &format!("/settlements/book?date={date}"),
            json!(null),
        )
        .await;
        [
            bins.json["directives"].clone(),
            support.json["capabilities"].clone(),
            figures.json["tally"]["incidents"].clone(),
            json!(book.json["lines"].as_array().map(Vec::len)),
        ]
    };
    let lived = async |operation: &str, exercise: bool| {
        let mut incident =
            json!({ "category": "fire", "priority": 1, "place": { "lat": 30.0, "lon": 120.58 } });
        if exercise {
            incident["exercise"] = json!(operation);
        }
        let opened = ask(&a, Seat::Dispatcher, "POST", "/incidents", incident).await;
        assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
        assert_eq!(opened.json["exercise"].is_string(), exercise, "{opened:?}");
        let directive = json!({ "kind": "task", "priority": 2, "subject": "shut the valve",
            "to": [{ "is": "unit", "id": a.own_unit }], "operation": operation });
        let given = ask(&a, Seat::DutyOfficer, "POST", "/directives", directive).await;
        assert_eq!(given.status, StatusCode::CREATED, "{given:?}");
        let wish = json!({ "code": "drone", "quantity": 1, "until": minutes(&a, 60), "purpose": "look",
            "priority": 2, "operation": operation });
        let asked = ask(&a, Seat::DutyOfficer, "POST", "/support/requests", wish).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{asked:?}");
    };
    let before = counted().await;
    let drill = raise(&a).await;
    lived(&drill, true).await;
    assert_eq!(counted().await, before, "nothing of an exercise counts");
    let body = json!({ "name": "real", "purpose": "two doors", "legal_basis": "art. 54", "handling": "police_use" });
    let real = ask(&a, Seat::DutyOfficer, "POST", "/operations", body)
        .await
        .text("/id");
    lived(&real, false).await;
    let after = counted().await;
    for (what, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_ne!(before, after, "{what}: what is real counts");
    }
    let with_call = json!({ "category": "fire", "priority": 1, "place": { "lat": 30.0, "lon": 120.58 },
        "exercise": drill, "call": "0".repeat(32) });
    let refused = ask(&a, Seat::Dispatcher, "POST", "/incidents", with_call).await;
    assert_eq!(refused.problem(), "unreadable", "{refused:?}");
}
