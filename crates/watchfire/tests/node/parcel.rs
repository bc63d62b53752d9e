//! The parcel scenario, played to its end: five nodes, a cut in the middle, and everybody knows at the end.

use std::time::Duration;

use serde_json::Value;
use watchfire::parcel::{self, Plan};

use crate::joint::ports;

/// Asks a node as a visitor on this machine does; a node that does not answer soon shows nothing.
async fn get(address: &str, path: &str) -> Option<Value> {
    let asked = tokio::time::timeout(Duration::from_secs(5), ask(address, path));
    asked.await.ok()?
}

async fn ask(address: &str, path: &str) -> Option<Value> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_parcel_is_stopped_by_five_agencies_though_a_line_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let port = ports(22);
    let plan = Plan {
        dir: dir.path().join("parcel"),
        listen: ([127, 0, 0, 1], port).into(),
        pace: 20,
    };
    let playing = tokio::spawn(async move { parcel::run(&plan, |_| ()).await });
    let addresses: Vec<String> = (0..5)
        .map(|at| format!("127.0.0.1:{}", port + at))
        .collect();
    let mut cut_was_seen = [false; 2];
    let mut last = Value::Null;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(
            !playing.is_finished(),
            "the scenario ended: {:?}",
            playing.await
        );
        for (seen, at) in cut_was_seen.iter_mut().zip([1, 3]) {
            let shown = get(&addresses[at], "/api/v1/peers")
                .await
                .unwrap_or_default();
            let peers = shown["peers"].as_array().cloned().unwrap_or_default();
            *seen |= peers.iter().any(|peer| peer["line"]["state"] == "cut");
        }
        let mut told = 0;
        for address in &addresses {
            let shown = get(address, "/api/v1/operations").await.unwrap_or_default();
            last = shown[0].clone();
            let incidents = last["incidents"].as_array().cloned().unwrap_or_default();
            let closed = |one: &Value| one["incident"]["disposition"] == "包裹截停 Parcel stopped";
            let found = |one: &Value| one["response"][0]["callsign"] == "A42";
            let said = last["log"].as_array().cloned().unwrap_or_default();
            let stopped = |line: &Value| {
                line["text"]
                    .as_str()
                    .is_some_and(|text| text.contains("包裹已截停"))
            };
            if incidents.iter().any(closed)
                && incidents.iter().any(found)
                && said.iter().any(stopped)
            {
                told += 1;
            }
        }
        if told == addresses.len() {
            assert_eq!(cut_was_seen, [true; 2], "both ends of the cut line said so");
            assert_eq!(last["members"].as_array().unwrap().len(), 5);
            playing.abort();
            return;
        }
    }
    panic!("not everybody knows: {last:#}");
}
