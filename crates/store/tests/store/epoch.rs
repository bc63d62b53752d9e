//! A directory that is not the one that may write is told from it, and is made one on purpose only.

use std::fs;
use std::path::Path;

use watchfire_core::basis::Timestamp;
use watchfire_store::{
    BackupKeys, CheckError, Reader, Store, StoreError, backup, check, limits, new_epoch, rebuild,
};

use crate::node::{BEGIN_MS, Node, load_all};

fn later() -> Timestamp {
    Timestamp(BEGIN_MS + 1_000_000)
}

/// Copies a directory as `cp -r` does.
fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        fs::copy(item.path(), to.join(item.file_name())).unwrap();
    }
}

#[track_caller]
fn must_be_refused(dir: &Path, words: &str) {
    let error = Store::open(dir).unwrap_err();
    assert!(
        matches!(error, StoreError::OtherIncarnation { .. }),
        "{error}"
    );
    let said = error.to_string();
    assert!(said.contains(words), "{said}");
    assert!(
        said.contains("go on with the original") && said.contains("watchfire epoch"),
        "{said}"
    );
}

#[test]
fn a_backup_of_a_running_node_reads_but_does_not_write() {
    let dir = tempfile::tempdir().unwrap();
    let restored = dir.path().join("restored");
    let mut node = Node::new(&dir.path().join("node"), 31);
    node.work(150);
    let board = node.engine.board().clone();
    let mut last = None;
    let report = backup(
        node.store.dir(),
        &restored,
        BackupKeys::Included,
        |progress| {
            last = Some(progress);
        },
    );
    let report = report.unwrap();
    assert_eq!(report.entries, node.engine.head().seq);
    assert!(last.is_some_and(|last| last.done == last.total));
    node.work(20);
    let mut names: Vec<_> = fs::read_dir(&restored)
        .unwrap()
        .map(|item| item.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["keyring.db", "watchfire.db"]);
    assert_eq!(check(&restored, |_| ()).unwrap().entries, report.entries);
    let reader = Reader::open(&restored).unwrap();
    let call = board
        .calls
        .values()
        .find(|call| !call.personal.is_empty())
        .unwrap();
    let row = reader.record(call.id.into()).unwrap().unwrap();
    assert_eq!(
        reader.whole(&row).unwrap(),
        watchfire_core::record::Record::Call(call.clone())
    );
    must_be_refused(&restored, "restored backup");
}

#[test]
fn a_restored_backup_writes_again_in_a_new_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let restored = dir.path().join("restored");
    let mut node = Node::new(&dir.path().join("node"), 32);
    node.work(100);
    let (board, head) = (node.engine.board().clone(), node.engine.head());
    let old = *node.engine.feed();
    backup(node.store.dir(), &restored, BackupKeys::Included, |_| ()).unwrap();
    node.work(10);
    drop(node);
    let feed = new_epoch(&restored, "disk lost 磁盘损坏", &[5; 32], later()).unwrap();
    assert_eq!((feed.node, feed.epoch), (old.node, 2));
    assert!(
        load_all(&restored).unwrap() == board,
        "all records are kept"
    );
    let mut node = Node::open(&restored, 33);
    node.work(100);
    assert_eq!(*node.engine.feed(), feed);
    let report = check(&restored, |_| ()).unwrap();
    assert_eq!(report.epochs, 2);
    assert_eq!(report.entries, head.seq + node.engine.head().seq);
    let reader = node.store.reader().unwrap();
    assert_eq!(reader.feeds().unwrap(), [old, feed]);
    assert_eq!(reader.entries(&old.id(), head.seq, 10).unwrap().len(), 1);
    let third = new_epoch(&restored, "again", &[6; 32], later());
    assert!(matches!(third, Err(StoreError::InUse { .. })));
    drop(node);
    let error = new_epoch(&restored, "again", &[5; 32], later()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a key that no epoch before has had"),
        "{error}"
    );
    assert_eq!(
        new_epoch(&restored, "again", &[6; 32], later())
            .unwrap()
            .epoch,
        3
    );
    assert_eq!(check(&restored, |_| ()).unwrap().epochs, 3);
}

#[test]
fn a_backup_without_keys_has_no_personal_data_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let restored = dir.path().join("restored");
    let mut node = Node::new(&dir.path().join("node"), 34);
    node.work(60);
    backup(node.store.dir(), &restored, BackupKeys::LeftOut, |_| ()).unwrap();
    let report = check(&restored, |_| ()).unwrap();
    assert!(report.keys_missing > 10, "{report:?}");
    new_epoch(&restored, "moved", &[5; 32], later()).unwrap();
    let mut store = Store::open(&restored).unwrap();
    let loaded = store.load(Timestamp(0)).unwrap();
    assert!(loaded.keys_missing > 10 && loaded.keys.is_empty());
    assert!(
        loaded
            .board
            .calls
            .values()
            .all(|call| call.personal.is_empty())
    );
    drop(store);
    let mut node = Node::open(&restored, 35);
    node.work(60);
    check(&restored, |_| ()).unwrap();
}

#[test]
fn a_copied_directory_is_refused_and_a_renamed_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (original, copy) = (dir.path().join("original"), dir.path().join("copy"));
    let mut node = Node::new(&original, 36);
    node.work(30);
    drop(node);
    copy_dir(&original, &copy);
    must_be_refused(&copy, "copied");
    let renamed = dir.path().join("renamed");
    fs::rename(&original, &renamed).unwrap();
    Store::open(&renamed).unwrap();
}

#[test]
fn an_older_database_put_back_in_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 37);
    node.work(30);
    drop(node);
    let path = dir.path().join("watchfire.db");
    let older = fs::read(&path).unwrap();
    let mut node = Node::open(dir.path(), 38);
    node.work(30);
    drop(node);
    // Written over in place: the inode and the birth time stay.
    fs::write(&path, &older).unwrap();
    must_be_refused(dir.path(), "older watchfire.db");
    let restored = dir.path().join("backup");
    fs::write(&path, &older).unwrap();
    backup(dir.path(), &restored, BackupKeys::LeftOut, |_| ()).unwrap();
    fs::write(&path, fs::read(restored.join("watchfire.db")).unwrap()).unwrap();
    must_be_refused(dir.path(), "another life of the node");
}

/// A rebuild says what opening says, and afterwards the files are what they were.
#[track_caller]
fn must_not_be_rebuilt(dir: &Path, words: &str) {
    must_be_refused(dir, words);
    let bytes = || ["watchfire.db", "incarnation"].map(|name| fs::read(dir.join(name)).unwrap());
    let before = bytes();
    let error = rebuild(dir, |_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        Store::open(dir).unwrap_err().to_string(),
        "the same words as opening"
    );
    assert!(bytes() == before, "nothing was touched");
    assert!(!dir.join("watchfire.db.before-rebuild").exists());
}

fn meddle(dir: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(dir.join("watchfire.db")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

const HURT_LIFE: &str = "UPDATE meta SET value = x'00' WHERE name = 'incarnation'";

#[test]
fn a_rebuild_does_not_make_a_second_writer_of_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (original, copy) = (dir.path().join("original"), dir.path().join("copy"));
    let mut node = Node::new(&original, 42);
    node.work(30);
    let board = node.engine.board().clone();
    drop(node);
    copy_dir(&original, &copy);
    must_not_be_rebuilt(&copy, "copied");
    meddle(&copy, "DELETE FROM tallies");
    must_not_be_rebuilt(&copy, "copied");
    meddle(&copy, HURT_LIFE);
    must_not_be_rebuilt(&copy, "copied");
    rebuild(&original, |_| ()).unwrap();
    assert!(load_all(&original).unwrap() == board);
}

#[test]
fn a_rebuild_does_not_bless_an_older_database_or_one_of_another_life() {
    let dir = tempfile::tempdir().unwrap();
    let (data, restored) = (dir.path().join("data"), dir.path().join("restored"));
    let mut node = Node::new(&data, 43);
    node.work(30);
    drop(node);
    let path = data.join("watchfire.db");
    let older = fs::read(&path).unwrap();
    let mut node = Node::open(&data, 44);
    node.work(30);
    drop(node);
    let newest = fs::read(&path).unwrap();
    backup(&data, &restored, BackupKeys::LeftOut, |_| ()).unwrap();
    // Written over in place: the inode and the birth time stay.
    fs::write(&path, &older).unwrap();
    must_not_be_rebuilt(&data, "older watchfire.db");
    fs::write(&path, fs::read(restored.join("watchfire.db")).unwrap()).unwrap();
    must_not_be_rebuilt(&data, "another life of the node");
    fs::write(&path, &older).unwrap();
    meddle(&data, HURT_LIFE);
    let error = rebuild(&data, |_| ()).unwrap_err();
    assert!(error.to_string().contains("older watchfire.db"), "{error}");
    fs::write(&path, &newest).unwrap();
    rebuild(&data, |_| ()).unwrap();
    Store::open(&data).unwrap();
}

#[test]
fn a_rebuild_mends_the_original_whose_line_of_its_life_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 45);
    node.work(30);
    let board = node.engine.board().clone();
    drop(node);
    meddle(dir.path(), HURT_LIFE);
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(rebuild(dir.path(), |_| ()).unwrap().lost, 1);
    assert!(load_all(dir.path()).unwrap() == board);
}

#[test]
fn a_backup_is_rebuilt_but_still_waits_for_its_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let [original, restored, bare] =
        ["original", "restored", "bare"].map(|name| dir.path().join(name));
    let mut node = Node::new(&original, 46);
    node.work(60);
    let board = node.engine.board().clone();
    drop(node);
    backup(&original, &restored, BackupKeys::Included, |_| ()).unwrap();
    // Not made by us: its database still says that it is of the original's life.
    copy_dir(&original, &bare);
    fs::remove_file(bare.join("incarnation")).unwrap();
    for dir in [&restored, &bare] {
        meddle(dir, "DELETE FROM tallies");
        let error = check(dir, |_| ()).unwrap_err();
        assert!(matches!(error, CheckError::Tables { .. }), "{error}");
        rebuild(dir, |_| ()).unwrap();
        check(dir, |_| ()).unwrap();
        must_be_refused(dir, "restored backup");
        let connection = rusqlite::Connection::open(dir.join("watchfire.db")).unwrap();
        let sql = "SELECT count(*) FROM meta WHERE name = 'incarnation'";
        let lives: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(connection);
        assert_eq!(lives, 0, "it does not say that it is the original");
        fs::copy(original.join("incarnation"), dir.join("incarnation")).unwrap();
        must_be_refused(dir, "copied");
        new_epoch(dir, "disk lost", &[5; 32], later()).unwrap();
        assert!(load_all(dir).unwrap() == board);
    }
    Store::open(&original).unwrap();
}

#[test]
fn a_wrong_or_missing_key_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    drop(Node::new(dir.path(), 39));
    let path = dir.path().join("node.key");
    fs::write(&path, "00".repeat(32)).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains("node.key is missing"), "{error}");
}

#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut node = Node::new(&data, 40);
    node.work(10);
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for item in fs::read_dir(&data).unwrap() {
        let item = item.unwrap();
        let mode = item.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", item.file_name());
    }
}

#[test]
fn a_reason_at_its_limit_is_taken_and_one_past_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    drop(Node::new(dir.path(), 41));
    let longest = "因".repeat(limits::REASON_CHARS_MAX);
    for wrong in ["", &format!("{longest}因")] {
        let error = new_epoch(dir.path(), wrong, &[5; 32], later()).unwrap_err();
        assert!(matches!(error, StoreError::NotTaken { .. }), "{error}");
    }
    new_epoch(dir.path(), &longest, &[5; 32], later()).unwrap();
}
