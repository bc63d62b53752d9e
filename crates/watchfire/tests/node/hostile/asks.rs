//! What the hostile member asks of an honest node, one attack each, with what it must be answered.

use futures_util::future::BoxFuture;
use watchfire::link::LinkError;
use watchfire_feed::{FeedId, Hash, Head, Scope, Vector};

use super::member::Hostile;
use crate::house::House;

/// An attack.
pub(crate) struct Ask {
    pub(crate) name: &'static str,
    pub(crate) ask: for<'a> fn(&'a Hostile, &'a House) -> BoxFuture<'a, ()>,
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
    "a question that waits for ever": |hostile, house| {
        let client = hostile.calls(house, 64);
        let path = "/federation/v1/vector?wait_ms=18446744073709551615";
        let body = Vector::new().encode();
        let within = std::time::Duration::from_millis(300);
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
            let record = watchfire_core::record::RecordRef::parse(&format!("call:{call}")).unwrap();
            let row = reader.record(record).unwrap().unwrap();
            watchfire_feed::seal::key_id(&row.sealed).unwrap()
        });
        let client = hostile.calls(house, 1);
        for record in [format!("call:{call}"), format!("incident:{incident}")] {
            let asked = serde_json::json!([{ "key": hex::encode(keys), "node": own,
                "record": watchfire_core::record::RecordRef::parse(&record).unwrap() }]);
            let given = client.post("/federation/v1/keys", asked.to_string().into_bytes()).await;
            assert_eq!(given.unwrap(), b"[]", "{record}");
        }
    }
    "more keys at once than may be": |hostile, house| {
        let own = house.node.feed().node;
        let record = watchfire_core::record::RecordRef::parse(&format!("call:{}", "0".repeat(32))).unwrap();
        let one = serde_json::json!({ "key": "00".repeat(16), "node": own, "record": record });
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
    "a flood of questions": |hostile, house| {
        let client = hostile.calls(house, 64);
        let body = Vector::new().encode();
        let flood = async {
            loop {
                let asks = (0..64).map(|_| client.post("/federation/v1/vector?wait_ms=0", body.clone()));
                futures_util::future::join_all(asks).await;
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(1_500), flood).await;
    }
}
