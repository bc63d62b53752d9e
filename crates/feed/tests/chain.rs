//! Stories of one feed: written, read back in order, and every way in which an entry may not belong
//! next.

mod common;

use common::{Writer, draft};
use watchfire_feed::{Chain, Entry, Feed, SealedBody};

#[test]
fn a_feed_written_here_is_followed_there() {
    let (mut writer, opening) = Writer::opened(1);
    let call = writer.write(draft(
        "call.received",
        b"{\"channel\":\"phone\"}",
        b"sealed caller",
    ));
    let note = writer.write(draft("incident.noted", b"{}", b""));
    let mut wire = Vec::new();
    for entry in [&opening, &call, &note] {
        wire.extend_from_slice(&entry.encode());
    }

    let (first, _) = Entry::decode(&wire).unwrap();
    let feed = Feed::from_opening(&first).unwrap();
    assert_eq!(feed, writer.feed);
    let mut chain = Chain::new(&feed);
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        let (entry, used) = Entry::decode(rest).unwrap();
        assert_eq!(entry.encode(), rest[..used]);
        chain.accept(&entry).unwrap();
        rest = &rest[used..];
    }
    assert_eq!(chain.head(), writer.head);
}

#[test]
fn an_erased_entry_still_verifies_and_keeps_its_place() {
    let (mut writer, opening) = Writer::opened(1);
    let mut call = writer.write(draft("call.received", b"{}", b"sealed caller"));
    let next = writer.write(draft("call.closed", b"{}", b""));
    let hash = call.hash;
    call.erase_sealed();
    assert!(matches!(call.sealed, SealedBody::Erased(_)));
    assert!(!call.encode().windows(6).any(|window| window == b"caller"));

    let (call, _) = Entry::decode(&call.encode()).unwrap();
    assert_eq!(call.hash, hash);
    let mut chain = Chain::new(&writer.feed);
    for entry in [&opening, &call, &next] {
        chain.accept(entry).unwrap();
    }
}
