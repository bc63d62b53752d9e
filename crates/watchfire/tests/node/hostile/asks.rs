//! What the hostile member asks of an honest node, one attack each, with what it must be answered.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use watchfire::link::LinkError;
use watchfire_core::basis::OperationId;
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_feed::{FeedId, Hash, Head, Scope, Vector};

use super::member::Hostile;
use super::rough::{self, As};
use crate::house::House;
use crate::joint::{raise, until};

/// An attack.
pub(crate) struct Ask {
    pub(crate) name: &'static str,
    pub(crate) ask: for<'a> fn(&'a Hostile, &'a House) -> LocalBoxFuture<'a, ()>,
}

/// Sees that something was refused with a status.
fn refused(answer: &Result<Vec<u8>, LinkError>, wanted: u16) {
    match answer {
        Err(LinkError::Refused { status, .. }) if *status == wanted => {}
        other => panic!("{wanted} was expected, and this came: {other:?}"),
    }
}

macro_rules! asks {
    ($($name:literal: |$hostile:ident, $house:ident| $body:block)*) => {
        /// Every attack that is a question.
        pub(crate) const ASKS: &[Ask] = &[$(Ask {
            name: $name,
            ask: |$hostile, $house| Box::pin(async move { $body }),
        }),*];
    };
}

asks! {
    "a question that is no vector": |hostile, house| {
        let client = hostile.calls(house, 1);
        refused(&client.post("/federation/v1/vector", b"nonsense".to_vec()).await, 400);
    }
    "a vector that it says it has said": |hostile, house| {
        let client = hostile.calls(house, 1);
        let mut said = Vector::new();
        said.insert(Head { feed: FeedId([7; 32]), seq: 9, hash: Hash([8; 32]) }).unwrap();
        let again = format!("/federation/v1/vector?wait_ms=0&again={}", said.digest());
        refused(&client.post(&again, Vec::new()).await, 409);
        // What it has said is known by its digest, and told nothing new it is given no vector.
        client.post("/federation/v1/vector?wait_ms=0", said.encode()).await.unwrap();
        let answer = client.post(&again, Vec::new()).await.unwrap();
        let (_, theirs) = watchfire::federation::doors::read_answer(&answer).unwrap();
        let after = format!("{again}&after={}", theirs.unwrap().digest());
        let answer = client.post(&after, Vec::new()).await.unwrap();
        assert_eq!(answer.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(answer.last(), Some(&b'\n'), "{answer:?}");
    }
    "a question that waits for ever": |hostile, house| {
        let client = hostile.calls(house, 64);
        let path = "/federation/v1/vector?wait_ms=18446744073709551615";
        let body = Vector::new().encode();
        let within = Duration::from_millis(300);
        let asks = (0..64).map(|_| client.post_within(path, body.clone(), within));
        futures_util::future::join_all(asks).await;
    }
    "a vector of twenty thousand feeds held further than they go": |hostile, house| {
        let mut vector = Vector::new();
        for number in 0..20_000_u32 {
            let hash = Hash::of(&number.to_be_bytes());
            let seq = u64::MAX;
            vector.insert(Head { feed: FeedId(hash.0), seq, hash }).unwrap();
        }
        let client = hostile.calls(house, 1);
        client.post("/federation/v1/vector?wait_ms=0", vector.encode()).await.unwrap();
    }
    "a body that is larger than any may be": |hostile, house| {
        let client = hostile.calls(house, 1);
        let asked = client.post("/federation/v1/vector", vec![0; 5 << 20]).await;
        assert!(asked.is_err(), "{asked:?}");
    }
    "a feed that has no such name": |hostile, house| {
        let client = hostile.calls(house, 1);
        refused(&client.get("/federation/v1/feeds/nonsense?from=1&to=2").await, 400);
        refused(&client.get("/federation/v1/feeds/..%2F..%2Fnode.key?from=1&to=2").await, 400);
    }
    "a range without an end, and one that runs backwards": |hostile, house| {
        let own = house.node.feed().node;
        let feed = house.node.read_store(|reader| reader.feeds()).unwrap();
        let feed = feed.into_iter().find(|feed| feed.node == own && matches!(feed.scope, Scope::Command(_)));
        let feed = feed.unwrap().id();
        let client = hostile.calls(house, 1);
        let all = format!("/federation/v1/feeds/{feed}?from=0&to={}", u64::MAX);
        assert!(!client.get(&all).await.unwrap().is_empty());
        for (from, to) in [(u64::MAX, u64::MAX), (9, 1), (u64::MAX, 0)] {
            let path = format!("/federation/v1/feeds/{feed}?from={from}&to={to}");
            assert!(client.get(&path).await.unwrap().is_empty());
        }
        refused(&client.get(&format!("/federation/v1/feeds/{feed}?from=-1&to=x")).await, 400);
    }
    "the node's own log": |hostile, house| {
        let client = hostile.calls(house, 1);
        let feed = house.node.feed().id();
        refused(&client.get(&format!("/federation/v1/feeds/{feed}?from=1&to=9")).await, 404);
    }
    "keys of what nobody shares": |hostile, house| {
        let (call, incident) = house.incident().await;
        let own = house.node.feed().node;
        let keys = house.node.read_store(|reader| {
            let record = RecordRef::parse(&format!("call:{call}")).unwrap();
            let row = reader.record(record).unwrap().unwrap();
            watchfire_feed::seal::key_id(&row.sealed).unwrap()
        });
        let client = hostile.calls(house, 1);
        for record in [format!("call:{call}"), format!("incident:{incident}")] {
            let asked = json!([{ "key": hex::encode(keys), "node": own,
                "record": RecordRef::parse(&record).unwrap() }]);
            let given = client.post("/federation/v1/keys", asked.to_string().into_bytes()).await;
            assert_eq!(given.unwrap(), b"[]", "{record}");
        }
    }
    "more keys at once than may be": |hostile, house| {
        let own = house.node.feed().node;
        let record = RecordRef::parse(&format!("call:{}", "0".repeat(32))).unwrap();
        let one = json!({ "key": "00".repeat(16), "node": own, "record": record });
        let asked = serde_json::Value::Array(vec![one; 1_001]).to_string();
        let client = hostile.calls(house, 1);
        refused(&client.post("/federation/v1/keys", asked.into_bytes()).await, 413);
    }
    "keys asked for in JSON ten thousand deep": |hostile, house| {
        let client = hostile.calls(house, 1);
        let asked = "[".repeat(10_000).into_bytes();
        refused(&client.post("/federation/v1/keys", asked).await, 400);
    }
    "doors that are not there": |hostile, house| {
        let client = hostile.calls(house, 1);
        refused(&client.get("/api/v1/board").await, 404);
        refused(&client.get("/").await, 404);
    }
    "a head of a request that is too long": |hostile, house| {
        let client = hostile.calls(house, 1);
        let asked = client.get(&format!("/federation/v1/{}", "x".repeat(40_000))).await;
        assert!(asked.is_err(), "{asked:?}");
    }
    "keys of another's record that it told as its own": |hostile, house| {
        let (call, _) = house.incident().await;
        let record = RecordRef::parse(&format!("call:{call}")).unwrap();
        let key = house.node.read_store(|reader| {
            let row = reader.record(record).unwrap().unwrap();
            watchfire_feed::seal::key_id(&row.sealed).unwrap()
        });
        // Of the same id and in its own name: it tells it, shares it, and seals something under its key.
        let what = json!({ "is": "log" });
        let sent = json!({ "event": "sent", "operation": hostile.joint, "what": what });
        let message = RecordRef { kind: RecordKind::Message, id: record.id };
        hostile.tells(message, &sent, |words, _| words.sealed = [key.to_vec(), vec![7; 40]].concat());
        let share = json!({ "event": "shared", "record": record, "tier": "view", "with_response": true });
        hostile.tells(hostile.part(), &share, |_, _| ());
        until("what it tells", async || hostile.is_held_by(house)).await;
        let client = hostile.calls(house, 1);
        for of in [record, message] {
            let asked = json!([{ "key": hex::encode(key), "node": hostile.by_hand.node, "record": of }]);
            let given = client.post("/federation/v1/keys", asked.to_string().into_bytes()).await;
            assert_eq!(given.unwrap(), b"[]", "{of}");
        }
    }
    "the feeds of an operation that it is not in": |hostile, house| {
        let other: OperationId = raise(house).await.parse().unwrap();
        let feeds = house.node.read_store(|reader| reader.feeds()).unwrap();
        let of_it = [Scope::Command(other.0), Scope::Operation(other.0)];
        let feeds: Vec<_> = feeds.iter().filter(|feed| of_it.contains(&feed.scope)).collect();
        assert!(!feeds.is_empty());
        let client = hostile.calls(house, 1);
        for feed in feeds {
            let path = format!("/federation/v1/feeds/{}?from=1&to=9", feed.id());
            refused(&client.get(&path).await, 404);
            let vector = client.post("/federation/v1/vector?wait_ms=0", Vector::new().encode()).await;
            let (_, vector) = watchfire::federation::doors::read_answer(&vector.unwrap()).unwrap();
            assert_eq!(vector.unwrap().get(feed.id()), None);
        }
    }
    "junk at every door": |hostile, house| {
        for body in [&b""[..], b"{}", b"[1,2", b"\xFF\xFE\0", &[b'{'; 20_000]] {
            for path in ["/federation/v1/vector", "/federation/v1/keys", "/enrol/v1"] {
                let length = format!("content-length: {}\r\n", body.len());
                let request = [&rough::head("POST", path, &length), body].concat();
                let said = rough::send(hostile, house, As::Member, &request).await;
                assert!(said.starts_with("HTTP/1.1 4"), "{path} with {body:?}: {said}");
            }
        }
    }
    "a bomb that it says is compressed": |hostile, house| {
        let bomb = super::answers::bomb();
        for path in ["/federation/v1/vector", "/federation/v1/keys"] {
            let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", bomb.len());
            let request = [rough::head("POST", path, &more), bomb.clone()].concat();
            let said = rough::send(hostile, house, As::Member, &request).await;
            assert!(said.starts_with("HTTP/1.1 4"), "{path}: {said}");
        }
    }
    "methods that no door has": |hostile, house| {
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "BREW"] {
            for path in ["/federation/v1/vector", "/federation/v1/keys", "/federation/v1/feeds/x"] {
                let said = rough::send(hostile, house, As::Member, &rough::head(method, path, "")).await;
                assert!(said.starts_with("HTTP/1.1 4"), "{method} {path}: {said}");
            }
        }
    }
    "paths of odd characters": |hostile, house| {
        for path in [
            "/federation/v1/feeds/../../../../etc/passwd",
            "/federation/v1/feeds/%2e%2e%2fnode.key?from=1&to=2",
            "/federation/v1/feeds/%00?from=1&to=2",
            "/federation/v1/feeds/%FF%FE?from=1&to=2",
            "/federation/v1/feeds/%F0%9F%94%A5?from=1&to=2",
            "//federation//v1//vector",
            "/federation/v1/vector/",
            "/federation/v1/feeds/\u{70fd}",
            "http://127.0.0.1/federation/v1/feeds/x",
            "*",
            "federation",
            "/federation/v1/feeds/x?from=1&to=2&from=3&to=%",
        ] {
            let said = rough::send(hostile, house, As::Member, &rough::head("GET", path, "")).await;
            assert!(said.starts_with("HTTP/1.1 4"), "{path}: {said}");
        }
    }
    "headers that are too large, and too many": |hostile, house| {
        let large = format!("x-large: {}\r\n", "x".repeat(60_000));
        let many: String = (0..2_000).map(|at| format!("x-{at}: 1\r\n")).collect();
        for more in [large, many] {
            let request = rough::head("GET", "/federation/v1/feeds/x", &more);
            let said = rough::send(hostile, house, As::Member, &request).await;
            // It may cut the line before its answer is read.
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
        }
    }
    "a request of two lengths, and one within another": |hostile, house| {
        for more in [
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "content-length: -1\r\n",
            "content-length: 99999999999999999999\r\n",
            "transfer-encoding: gzip\r\n",
        ] {
            let mut request = rough::head("POST", "/federation/v1/vector?wait_ms=0", more);
            request.extend(b"0\r\n\r\nGET /federation/v1/feeds/x HTTP/1.1\r\nhost: a\r\n\r\n");
            let said = rough::send(hostile, house, As::Member, &request).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{more}: {said}");
            assert!(!said[said.len().min(9)..].contains("HTTP/1.1"), "{more}: answered twice: {said}");
        }
    }
    "no HTTP at all": |hostile, house| {
        for bytes in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], b"\x16\x03\x01\x02\0", b"\r\n\0\xFF\r\n\r\n", b"GET\r\n\r\n"] {
            let said = rough::send(hostile, house, As::Member, bytes).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{bytes:?}: {said}");
        }
    }
    "a line without a certificate": |hostile, house| {
        let request = rough::head("GET", "/federation/v1/feeds/x", "");
        let said = rough::send(hostile, house, As::Nobody, &request).await;
        assert_eq!(said, "");
    }
    "a body whose pieces have no end": |hostile, house| {
        let mut line = rough::call(hostile, house, As::Member).await.unwrap();
        let head = rough::head("POST", "/federation/v1/keys", "transfer-encoding: chunked\r\n");
        line.write_all(&head).await.unwrap();
        let piece = [b"10000\r\n".to_vec(), vec![b' '; 0x1_0000], b"\r\n".to_vec()].concat();
        let mut sent = 0;
        // It is cut, or what is written backs up, long before it comes to that.
        while sent < 64 << 20 {
            let written = line.write_all(&piece);
            match tokio::time::timeout(Duration::from_secs(1), written).await {
                Ok(Ok(())) => sent += piece.len(),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        assert!(sent < 16 << 20, "{sent} bytes were taken");
    }
    "twenty lines that never finish a request": |hostile, house| {
        let mut lines = Vec::new();
        for _ in 0..20 {
            let mut line = rough::call(hostile, house, As::Member).await.unwrap();
            line.write_all(b"POST /federation/v1/vector HTTP/1.1\r\nhost:").await.unwrap();
            line.flush().await.unwrap();
            lines.push(line);
        }
        hostile.hold(lines);
    }
    "twenty bodies of a byte now and then": |hostile, house| {
        let mut lines = Vec::new();
        for _ in 0..20 {
            let mut line = rough::call(hostile, house, As::Member).await.unwrap();
            let head = rough::head("POST", "/federation/v1/vector", "content-length: 100000\r\n");
            line.write_all(&head).await.unwrap();
            line.write_all(b"W").await.unwrap();
            line.flush().await.unwrap();
            lines.push(line);
        }
        hostile.hold(lines);
    }
    "a flood of questions": |hostile, house| {
        let client = hostile.calls(house, 64);
        let body = Vector::new().encode();
        let flood = async {
            loop {
                let asks = (0..64).map(|_| client.post("/federation/v1/vector?wait_ms=0", body.clone()));
                futures_util::future::join_all(asks).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(1_500), flood).await;
    }
}
