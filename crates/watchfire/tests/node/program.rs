//! The built program as an agency runs it: its commands, files, signals and exit codes. What it stores is
//! compared by its own `check`, and by asking again for what was acknowledged.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use watchfire::node::random;
use watchfire_core::entropy::Entropy;

use super::client::{Client, id_in};

const CITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo-city");

/// The longest wait for a process to do what it must.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node's directory, and the program for it.
struct Site {
    dir: TempDir,
    passphrase: String,
}

impl Site {
    /// Makes a directory with a new node in it.
    fn new() -> Site {
        let mut site = Site {
            dir: TempDir::new().unwrap(),
            passphrase: String::new(),
        };
        let made = site.fine(&["init", "NODE", "--name", "Test site"]);
        assert!(made.contains("works once"), "{made}");
        // The passphrase of the root key stands alone in its line, before the code does.
        let mut alone = made
            .lines()
            .map(str::trim)
            .filter(|line| line.contains('-'));
        let is_one = |line: &&str| line.len() == 23 && !line.contains(' ');
        site.passphrase = alone.find(is_one).unwrap().to_owned();
        site
    }

    fn node(&self) -> PathBuf {
        self.dir.path().join("node")
    }

    /// Runs a command to its end; NODE stands for the node's directory and HERE for the one around it.
    fn run(&self, words: &[&str]) -> Output {
        let here = self.dir.path().to_string_lossy().into_owned();
        let node = self.node().to_string_lossy().into_owned();
        let words = words
            .iter()
            .map(|word| word.replace("NODE", &node).replace("HERE", &here));
        let mut command = watchfire();
        command.env("WATCHFIRE_ROOT_PASSPHRASE", &self.passphrase);
        command.args(words).output().unwrap()
    }

    /// Runs a command that must succeed; returns what it printed.
    fn fine(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must end with this exit code; returns what it said about it.
    fn fails(&self, words: &[&str], exit_code: i32) -> String {
        let output = self.run(words);
        assert_eq!(
            output.status.code(),
            Some(exit_code),
            "{words:?}: {output:?}"
        );
        String::from_utf8(output.stderr).unwrap()
    }

    fn token(&self, seat: &str) -> String {
        let login = format!("test-{seat}");
        self.fine(&["token", "NODE", "--login", &login, "--seat", seat])
            .trim()
            .to_owned()
    }

    fn configure(&self, text: &str) {
        std::fs::write(self.node().join("watchfire.toml"), text).unwrap();
    }
}

fn watchfire() -> Command {
    Command::new(env!("CARGO_BIN_EXE_watchfire"))
}

/// A running node, killed when it is dropped.
struct Running {
    child: Child,
    address: SocketAddr,
    said: String,
}

impl Running {
    fn serve(dir: &Path) -> Running {
        let mut command = watchfire();
        command
            .arg("serve")
            .arg(dir)
            .args(["--listen", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        let Some((_, address)) = said.split_once("://") else {
            let output = child.wait_with_output().unwrap();
            panic!("it did not start: {output:?}");
        };
        let address = address.trim().trim_end_matches('/').parse().unwrap();
        Running {
            child,
            address,
            said,
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and returns its exit code and log.
    fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let log = reading(self.child.stderr.take().unwrap());
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not stop");
            std::thread::yield_now();
        };
        (status.code(), log.join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reading(mut from: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

#[test]
fn a_new_node_is_made_signed_in_to_used_and_stopped() {
    let site = Site::new();
    let printed = site.fine(&["code", "NODE"]);
    let node = Running::serve(&site.node());
    let enrol = json!({ "code": printed.trim(), "login": "li.na", "password": "fifteen letters" });
    let mut client = Client::connect(node.address, "none yet").unwrap();
    let who = client
        .post("/api/v1/enrolment", "", &enrol.to_string())
        .unwrap();
    assert!(who.contains("administrator"), "{who}");
    let (code, _) = node.stop();
    assert_eq!(code, Some(0));
    let checked = site.fine(&["check", "NODE", "--json"]);
    let checked: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(
        (checked["ok"].clone(), checked["records"].clone()),
        (json!(true), json!(1))
    );
}

/// Kills the node at moments that a seed chooses while several people take calls, and sees each time that
/// all that was acknowledged is there, and that a repeated key gives the record it gave.
#[test]
fn nothing_that_was_acknowledged_is_lost_by_kill_9() {
    let seed = std::env::var("KILL_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from_be_bytes(random()));
    println!("again with KILL_SEED={seed}");
    let mut chance = Entropy::from_number(seed);
    let site = Site::new();
    let token = site.token("dispatcher");
    let mut known: Vec<(String, String)> = Vec::new();
    for round in 0..8 {
        let mut node = Running::serve(&site.node());
        let mut client = Client::connect(node.address, &token).unwrap();
        type_on(&mut client, round);
        for (key, id) in &known {
            client.get(&format!("/api/v1/calls/{id}")).unwrap();
            let again = client.post("/api/v1/calls", key, &call(key)).unwrap();
            assert_eq!(id_in(&again).unwrap(), *id, "round {round}, seed {seed}");
        }
        let after = usize::from(chance.next_16()[0]) % 40 + 1;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let takers: Vec<_> = (0..3)
            .map(|taker| {
                let (address, token) = (node.address, token.clone());
                let acknowledged = Arc::clone(&acknowledged);
                std::thread::spawn(move || take_calls(address, &token, round, taker, &acknowledged))
            })
            .collect();
        let began = Instant::now();
        while acknowledged.load(Ordering::Acquire) < after {
            assert!(
                began.elapsed() < PATIENCE,
                "nobody is answered, seed {seed}"
            );
            std::thread::yield_now();
        }
        node.kill();
        for taker in takers {
            known.extend(taker.join().unwrap());
        }
    }
    assert!(known.len() > 8, "calls were taken in every round");
    let checked = site.fine(&["check", "NODE"]);
    assert!(
        checked.contains("every signature and link verifies"),
        "{checked}"
    );
}

/// What was typed before the kill is there, but for the draft that became a call; types on and begins another.
fn type_on(client: &mut Client, round: usize) {
    let drafts = client.get("/api/v1/drafts").unwrap();
    let drafts: Value = serde_json::from_str(&drafts).unwrap();
    let drafts = drafts["drafts"].as_array().unwrap();
    let texts: Vec<&str> = drafts
        .iter()
        .filter_map(|draft| draft["said"].as_str())
        .collect();
    let put = |client: &mut Client, id: usize, seq: usize| {
        let body = json!({ "seq": seq, "opened_at": "2026-01-01T00:00:00Z", "said": format!("typed {seq}") });
        let path = format!("/api/v1/drafts/{id:032x}");
        client.put(&path, &body.to_string()).unwrap();
    };
    match round {
        0 => assert!(texts.is_empty(), "{texts:?}"),
        _ => assert_eq!(texts, [format!("typed {round}")]),
    }
    put(client, 1, round + 1);
    put(client, round + 2, 1);
    let body = json!({ "draft": format!("{:032x}", round + 2), "said": "sent" });
    let key = format!("draft {round}");
    client
        .post("/api/v1/calls", &key, &body.to_string())
        .unwrap();
}

fn call(key: &str) -> String {
    json!({ "category": "fire", "said": format!("call {key}") }).to_string()
}

/// Takes calls until the node is gone; returns those that were acknowledged.
fn take_calls(
    address: SocketAddr,
    token: &str,
    round: usize,
    taker: usize,
    acknowledged: &AtomicUsize,
) -> Vec<(String, String)> {
    let mut taken = Vec::new();
    let Ok(mut client) = Client::connect(address, token) else {
        return taken;
    };
    for number in 0.. {
        let key = format!("{round}-{taker}-{number}");
        let Ok(answer) = client.post("/api/v1/calls", &key, &call(&key)) else {
            break;
        };
        taken.push((key, id_in(&answer).unwrap()));
        acknowledged.fetch_add(1, Ordering::Release);
    }
    taken
}

#[test]
fn a_directory_has_one_writer() {
    let site = Site::new();
    let _first = Running::serve(&site.node());
    let said = site.fails(&["serve", "NODE", "--listen", "127.0.0.1:0"], 1);
    assert!(said.contains("is in use by another Watchfire"), "{said}");
    let said = site.fails(&["token", "NODE", "--login", "x", "--seat", "wall"], 1);
    assert!(said.contains("is in use by another Watchfire"), "{said}");
    site.fine(&["check", "NODE"]);
}

#[test]
fn a_port_that_is_taken_ends_the_program_with_a_word() {
    let site = Site::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = site.fails(&["serve", "NODE", "--listen", &address], 1);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    site.fails(&["serve", "NODE", "--listen", "8440"], 2);
}

#[test]
fn points_south_of_the_equator_can_be_asked_for_and_a_map_says_what_it_covers() {
    let site = Site {
        passphrase: String::new(),
        dir: TempDir::new().unwrap(),
    };
    let roads = format!("{CITY}/roads.osm.pbf");
    let said = site.fails(
        &["roads", "time", &roads, "-36.85,174.76", "-37.0,174.88"],
        1,
    );
    assert!(
        said.contains("more than 2000 m") && said.contains("covers latitude 37."),
        "{said}"
    );
    let said = site.fine(&[
        "roads",
        "time",
        &roads,
        "37.7793,-122.4193",
        "37.7955,-122.3937",
    ]);
    assert!(said.contains("m by road"), "{said}");
}

#[test]
fn a_backup_is_refused_until_somebody_says_that_the_original_is_gone() {
    let site = Site::new();
    let token = site.token("dispatcher");
    let node = Running::serve(&site.node());
    let mut client = Client::connect(node.address, &token).unwrap();
    client.post("/api/v1/calls", "a", &call("a")).unwrap();
    let done = site.fine(&["backup", "NODE", "HERE/copy", "--include-keys", "--json"]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["keys"], true);
    client.post("/api/v1/calls", "b", &call("b")).unwrap();
    drop(node);
    site.fine(&["check", "HERE/copy"]);
    let said = site.fails(&["serve", "HERE/copy", "--listen", "127.0.0.1:0"], 1);
    assert!(
        said.contains("restored backup") && said.contains("watchfire epoch"),
        "{said}"
    );
    let epoch = ["epoch", "HERE/copy", "--reason", "the disk died"];
    let said = site.fails(&epoch, 1);
    assert!(said.contains("root key"), "nobody else can say it: {said}");
    let root = ["--root", "NODE/root.key"];
    site.fine(&[epoch.as_slice(), &root].concat());
    let node = Running::serve(&site.dir.path().join("copy"));
    let mut client = Client::connect(node.address, &token).unwrap();
    let calls = client.get("/api/v1/calls").unwrap();
    assert!(
        calls.contains("call a") && !calls.contains("call b"),
        "{calls}"
    );
    client.post("/api/v1/calls", "c", &call("c")).unwrap();
    drop(node);
    let checked = site.fine(&["check", "HERE/copy", "--json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&checked).unwrap()["epochs"],
        2
    );
}

#[test]
fn a_check_finds_an_altered_table_and_a_rebuild_mends_it() {
    let site = Site::new();
    site.fine(&[
        "import",
        "stations",
        &format!("{CITY}/stations.csv"),
        "--data",
        "NODE",
    ]);
    site.fine(&["check", "NODE"]);
    let database = rusqlite::Connection::open(site.node().join("watchfire.db")).unwrap();
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'record%' LIMIT 1";
    let table: String = database.query_row(tables, [], |row| row.get(0)).unwrap();
    let gone = format!("DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})");
    assert_eq!(database.execute(&gone, []).unwrap(), 1);
    drop(database);
    let said = site.fails(&["check", "NODE"], 3);
    assert!(
        said.contains("the entries are sound but the tables differ"),
        "{said}"
    );
    site.fine(&["rebuild", "NODE"]);
    site.fine(&["check", "NODE"]);
}

#[test]
fn a_node_of_an_exercise_is_set_up_like_the_real_one_and_takes_nothing_else_from_it() {
    let site = Site::new();
    site.configure(&format!(
        "name = \"Test site\"\n[response]\nfile = '{CITY}/response.toml'\n"
    ));
    for words in [
        &[
            "import",
            "stations",
            &format!("{CITY}/stations.csv"),
            "--data",
            "NODE",
        ],
        &[
            "import",
            "units",
            &format!("{CITY}/units.csv"),
            "--data",
            "NODE",
        ],
    ] {
        site.fine(words);
    }
    site.token("dispatcher");
    // The real node runs meanwhile.
    let _real = Running::serve(&site.node());
    let drill = [
        "init",
        "HERE/drill",
        "--name",
        "Drill",
        "--exercise",
        "Autumn flood",
    ];
    let made = site.fine(&[&drill[..], &["--like", "NODE"]].concat());
    assert!(
        made.contains("Autumn flood") && made.contains("169 units"),
        "{made}"
    );
    let token = site.fine(&[
        "token",
        "HERE/drill",
        "--login",
        "look",
        "--seat",
        "dispatcher",
    ]);
    let running = Running::serve(&site.dir.path().join("drill"));
    let mut client = Client::connect(running.address, token.trim()).unwrap();
    let mut look = |path: &str| -> Value {
        serde_json::from_str(&client.get(&format!("/api/v1{path}")).unwrap()).unwrap()
    };
    let node = look("/node");
    assert_eq!(node["exercise"], "Autumn flood");
    let board = look("/board");
    assert_eq!(board["units"].as_array().unwrap().len(), 169);
    let placed = |unit: &Value| unit["station"].is_string() || unit["station"].is_object();
    assert!(
        board["units"].as_array().unwrap().iter().any(placed),
        "{}",
        board["units"][0]
    );
    let refused = site.fails(&["init", "HERE/more", "--like", "NODE"], 2);
    assert!(refused.contains("--exercise"), "{refused}");
    let again = [
        "init",
        "HERE/third",
        "--exercise",
        "Spring",
        "--like",
        "HERE/drill",
    ];
    let refused = site.fails(&again, 1);
    assert!(
        refused.contains("itself a node of the exercise"),
        "{refused}"
    );
}

#[test]
fn an_import_says_what_it_took_and_why_it_refused_the_rest_and_can_be_repeated() {
    let site = Site::new();
    site.configure(&format!("[response]\nfile = '{CITY}/response.toml'\n"));
    let (stations, units) = (format!("{CITY}/stations.csv"), format!("{CITY}/units.csv"));
    let import = |words: &[&str]| -> Value {
        let words = [&["import"], words, &["--json"]].concat();
        serde_json::from_str(&site.fine(&words)).unwrap()
    };
    let checked = import(&["stations", &stations]);
    assert_eq!(
        (&checked["stored"], &checked["read"]["rows_taken"]),
        (&json!(null), &json!(42))
    );
    for entered in [42, 0] {
        let done = import(&["stations", &stations, "--data", "NODE"]);
        assert_eq!(done["stored"]["entered"], entered, "{done}");
    }
    let done = import(&["units", &units, "--stations", &stations, "--data", "NODE"]);
    assert_eq!(done["stored"]["entered"], 169, "{done}");
    let rows = "id,when,lat,lon\n1,2020-01-01 10:00,37.77,-122.42\n2,never,37.78,-122.41\n3,2020-01-01 10:05,37.77,-122.43\n";
    std::fs::write(site.dir.path().join("calls.csv"), rows).unwrap();
    let map = "[file]\nrows = \"call\"\n[time]\nzone = \"UTC\"\nformats = [\"%Y-%m-%d %H:%M\"]\n\
               [place]\nlat = \"lat\"\nlon = \"lon\"\n[call]\nid = \"id\"\nreceived = \"when\"\n\
               [category]\ndefault = \"medical\"\n[priority]\ndefault = 2\n";
    std::fs::write(site.dir.path().join("map.toml"), map).unwrap();
    let calls = [
        "calls",
        "--map",
        "HERE/map.toml",
        "HERE/calls.csv",
        "--data",
        "NODE",
    ];
    for (stored, there) in [(2, 0), (0, 2)] {
        let done = import(&calls);
        assert_eq!(
            (&done["read"]["rows_read"], &done["read"]["rows_refused"]),
            (&json!(3), &json!(1)),
            "{done}"
        );
        assert_eq!(
            (&done["stored"]["calls"], &done["stored"]["there_already"]),
            (&json!(stored), &json!(there))
        );
    }
    std::fs::write(
        site.dir.path().join("map.toml"),
        map.replace("received", "recieved"),
    )
    .unwrap();
    let said = site.fails(
        &[
            "import",
            "calls",
            "--map",
            "HERE/map.toml",
            "HERE/calls.csv",
        ],
        1,
    );
    assert!(
        said.contains("map.toml") && said.contains("received"),
        "it names file and key: {said}"
    );
    site.fine(&["check", "NODE"]);
}

#[test]
fn a_slip_in_the_configuration_is_told_with_its_line_and_an_open_door_is_refused() {
    let site = Site::new();
    site.configure("zonne = \"x\"\n");
    let said = site.fails(&["serve", "NODE"], 1);
    assert!(
        said.contains("line 1") && said.contains("unknown field `zonne`"),
        "{said}"
    );
    site.configure("[http]\nlisten = \"0.0.0.0:0\"\n");
    let said = site.fails(&["serve", "NODE"], 1);
    assert!(said.contains("http.tls is \"off\""), "{said}");
    site.configure("");
    let said = site.fails(&["serve", "NODE", "--listen", "0.0.0.0:0"], 1);
    assert!(said.contains("http.tls is \"off\""), "{said}");
    site.fails(&["serve"], 2);
    site.fails(&["fly", "NODE"], 2);
    let said = site.fails(&["demo", "--listen", "0.0.0.0:0", "--data", "HERE/demo"], 1);
    assert!(said.contains("this machine only"), "{said}");
}

#[test]
fn the_log_holds_no_personal_data_and_no_secret_at_any_level() {
    let site = Site::new();
    site.configure("[log]\nlevel = \"trace\"\nformat = \"json\"\n");
    let token = site.token("dispatcher");
    let code = site.fine(&["code", "NODE"]);
    let node = Running::serve(&site.node());
    let mut client = Client::connect(node.address, &token).unwrap();
    let body =
        json!({ "caller": "Wu Min", "callback": "555 0199", "said": "a very private thing" });
    let call = id_in(
        &client
            .post("/api/v1/calls", "a", &body.to_string())
            .unwrap(),
    )
    .unwrap();
    let opened = client.post(
        "/api/v1/incidents",
        "b",
        &json!({ "call": call, "category": "fire", "priority": 1 }).to_string(),
    );
    assert!(opened.is_err(), "it has no place, and is refused");
    let draft =
        json!({ "seq": 1, "opened_at": "2026-01-01T00:00:00Z", "said": "a half-typed secret" });
    let path = format!("/api/v1/drafts/{:032x}", 1);
    client.put(&path, &draft.to_string()).unwrap();
    let said = json!({ "said": "whispered on the telephone" });
    client
        .post("/api/v1/triage", "", &said.to_string())
        .unwrap();
    let enrol = json!({ "code": code.trim(), "login": "li.na", "password": "a secret sentence" });
    client
        .post("/api/v1/enrolment", "", &enrol.to_string())
        .unwrap();
    let (_, log) = node.stop();
    assert!(log.contains("asked to stop"), "the log is read: {log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string(), "{line}");
    }
    for words in [
        "Wu Min",
        "555 0199",
        "very private",
        "half-typed",
        "whispered",
        &token,
        code.trim(),
        "secret sentence",
    ] {
        assert!(!log.contains(words), "{words}: {log}");
    }
}

#[test]
fn a_node_with_a_certificate_of_its_own_speaks_tls_and_nothing_else() {
    let site = Site::new();
    site.configure("[http]\ntls = \"self_signed\"\n");
    let node = Running::serve(&site.node());
    assert!(node.said.contains("https://"), "{}", node.said);
    let plain = Client::connect(node.address, "x").unwrap().get("/healthz");
    assert!(plain.is_err());
    assert_eq!(
        over_tls(node.address, &site.node().join("tls.crt")),
        "HTTP/1.1 200 OK"
    );
    use std::os::unix::fs::PermissionsExt as _;
    for secret in ["tls.key", "node.key", "keyring.db"] {
        let about = std::fs::metadata(site.node().join(secret)).unwrap();
        assert_eq!(
            about.permissions().mode() & 0o077,
            0,
            "{secret} is its owner's alone"
        );
    }
}

/// Asks for the node's health over TLS, trusting its certificate and no other; returns the first line.
fn over_tls(address: SocketAddr, certificate: &Path) -> String {
    use rustls::pki_types::pem::PemObject as _;
    let trusted = rustls::pki_types::CertificateDer::from_pem_file(certificate).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(address).unwrap());
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

#[test]
fn a_stream_ends_when_the_node_is_stopped() {
    let site = Site::new();
    let token = site.token("wall");
    let node = Running::serve(&site.node());
    let mut client = Client::connect(node.address, &token).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        client
            .follow(|| tell.send(()).unwrap(), |_| ())
            .map_err(|error| error.to_string())
    });
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(node.stop().0, Some(0));
    let _ = reader.join().unwrap();
}

#[test]
fn a_replay_gives_the_same_entries_twice_and_other_ones_with_another_seed() {
    let site = Site {
        passphrase: String::new(),
        dir: TempDir::new().unwrap(),
    };
    let calls = first_calls(&site, 60);
    let mut digests = Vec::new();
    for seed in ["1", "1", "2"] {
        let report = format!("{}/report.json", site.dir.path().display());
        let words = [
            "replay",
            "--calls",
            &calls,
            "--map",
            &format!("{CITY}/calls.map.toml"),
            "--units",
            &format!("{CITY}/units.csv"),
            "--stations",
            &format!("{CITY}/stations.csv"),
            "--roads",
            &format!("{CITY}/roads.osm.pbf"),
            "--seed",
            seed,
            "--report",
            &report,
        ];
        let printed = site.fine(&words);
        assert!(printed.contains("simulated"), "it says so: {printed}");
        let report: Value =
            serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(report["refused"], json!([]), "{report}");
        assert_eq!(report["calls"], report["closed"], "{report}");
        digests.push(report["entries_digest"].clone());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}

#[test]
fn a_replay_is_no_node_for_real_use_and_needs_the_map_of_its_own_city() {
    let site = Site {
        passphrase: String::new(),
        dir: TempDir::new().unwrap(),
    };
    let calls = first_calls(&site, 10);
    let map = format!("{CITY}/calls.map.toml");
    let units = format!("{CITY}/units.csv");
    let words = [
        "replay", "--calls", &calls, "--map", &map, "--units", &units,
    ];
    site.fine(&[&words[..], &["--data", "NODE"]].concat());
    site.fine(&["check", "NODE"]);
    let said = site.fails(&["serve", "NODE"], 1);
    assert!(said.contains("made by a replay"), "{said}");
    std::fs::write(site.dir.path().join("elsewhere.osm"), ELSEWHERE).unwrap();
    let said = site.fails(
        &[&words[..], &["--roads", "HERE/elsewhere.osm"]].concat(),
        1,
    );
    assert!(said.contains("map of another city"), "{said}");
    let said = site.fails(
        &[&words[..], &["--report", "HERE/none/report.json"]].concat(),
        1,
    );
    assert!(
        said.contains("report.json"),
        "it is said before the work: {said}"
    );
}

/// A street far from San Francisco.
const ELSEWHERE: &str = r#"<osm version="0.6"><node id="1" lat="1" lon="1"/><node id="2" lat="1.001" lon="1"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way></osm>"#;

/// Writes the first rows of the demo city's calls; returns where.
fn first_calls(site: &Site, rows: usize) -> String {
    let packed = std::fs::File::open(format!("{CITY}/calls.csv.gz")).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(packed)).lines();
    let text: Vec<String> = lines.take(rows + 1).map(Result::unwrap).collect();
    let path = site.dir.path().join("calls.csv");
    std::fs::write(&path, text.join("\n")).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_line_said_in_a_shell_is_done_asked_about_or_refused() {
    let site = Site::new();
    let token = site.token("dispatcher");
    site.configure("[http]\nlisten = \"127.0.0.1:0\"\n");
    let node = Running::serve(&site.node());
    let address = format!("http://{}", node.address);
    let file = site.dir.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let say = |words: &[&str]| {
        let mut command = watchfire();
        command
            .env("LANG", "en_GB.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES");
        command
            .args(["do", "--node", &address, "--token-file"])
            .arg(&file)
            .args(words);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, said, wrong) = say(&["i medical @ 30.001,120.58 p2"]);
    assert_eq!((code, wrong.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.starts_with("Open Medical") || said.starts_with("Open medical"),
        "{said}"
    );
    // Named by its last digits in a board of one: there is nothing to guess, and it is done.
    let (code, said, _) = say(&["n 1 the door is locked"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said, wrong) = say(&["cancel 1 false alarm"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("Cancel incident 1") && wrong.contains("--yes"),
        "{said}{wrong}"
    );
    let (code, said, _) = say(&["cancel 1 false alarm", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _, wrong) = say(&["cx 1 again"]);
    assert_eq!(code, Some(1));
    assert!(
        wrong.contains("Cancel incident 1") && wrong.contains("The incident is cancelled."),
        "{wrong}"
    );
    let (code, _, wrong) = say(&["dispach e1"]);
    assert_eq!(code, Some(1));
    assert!(wrong.contains("Did you mean \"dispatch\"?"), "{wrong}");
    let (code, said, _) = say(&["sw", "--complete"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("sw "), "{said}");
    let (code, said, _) = say(&["?"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("d UNIT... [INCIDENT]"), "{said}");
    let missing = watchfire()
        .args(["do", "?", "--node", &address])
        .env_remove("WATCHFIRE_TOKEN")
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
    let elsewhere = watchfire()
        .args(["do", "?", "--node", "http://192.0.2.1:8440"])
        .env("WATCHFIRE_TOKEN", &token)
        .output()
        .unwrap();
    let wrong = String::from_utf8(elsewhere.stderr).unwrap();
    assert!(wrong.contains("only goes to this machine"), "{wrong}");
}

#[test]
fn a_line_reaches_a_node_by_its_own_certificate_and_by_no_other() {
    let site = Site::new();
    let token = site.token("dispatcher");
    site.configure("[http]\ntls = \"self_signed\"\n");
    let node = Running::serve(&site.node());
    let address = format!("https://localhost:{}", node.address.port());
    let say = |certificate: &Path| {
        watchfire()
            .args(["do", "?", "--node", &address, "--certificate"])
            .arg(certificate)
            .env("WATCHFIRE_TOKEN", &token)
            .output()
            .unwrap()
    };
    let fine = say(&site.node().join("tls.crt"));
    assert!(fine.status.success(), "{fine:?}");
    let other = Site::new();
    other.configure("[http]\ntls = \"self_signed\"\n");
    drop(Running::serve(&other.node()));
    let strange = say(&other.node().join("tls.crt"));
    assert_eq!(strange.status.code(), Some(1), "{strange:?}");
    let none = say(&site.node().join("watchfire.toml"));
    assert_eq!(none.status.code(), Some(1), "{none:?}");
}
