//! x
#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, dead_code)]
#[path = "../tests/store/node.rs"]
mod node;
use watchfire_core::record::Action;
use watchfire_core::record::call::*;
fn main() {
    let base = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    std::fs::write(base.join("ballast"), vec![7u8; 400_000]).unwrap();
    let dir = base.join("node");
    let mut node = node::Node::new(&dir, 5);
    let mut ok = 0;
    let mut full = 0;
    let mut freed = false;
    let mut after = 0;
    loop {
        let n = node.store.unused_keys();
        if let Err(e) = &n {
            println!("keys: {e:?} full={}", e.is_disk_full());
        }
        if node.engine.spare_key_count() < 4 {
            let draw = |_| {
                watchfire_feed::seal::RecordKey::new(node.entropy.next_16(), node.entropy.next_32())
            };
            let keys: Vec<_> = (0..16).map(draw).collect();
            match node.store.add_keys(&keys) {
                Ok(()) => node.engine.add_spare_keys(keys),
                Err(e) => {
                    println!("add_keys {e:?} {}", e.is_disk_full());
                    full += 1;
                }
            }
        }
        if node.engine.spare_key_count() >= 4 {
            let a = Action::Call(CallAction::Receive {
                channel: Channel::Text,
                source: None,
                details: Default::default(),
            });
            match node.try_ask(a) {
                Ok(_) => {
                    ok += 1;
                    if freed {
                        after += 1
                    }
                }
                Err(e) => {
                    full += 1;
                    println!("after {ok}: {e:?}");
                    if !e.may_go_on() {
                        break;
                    }
                }
            }
        }
        if full == 5 && !freed {
            std::fs::remove_file(base.join("ballast")).unwrap();
            freed = true;
            println!("freed");
        }
        if after > 100 || full > 50 {
            break;
        }
    }
    let head = node.engine.head();
    let board = node.engine.board().clone();
    drop(node);
    let r =
        watchfire_store::Store::open(&dir).map(|mut s| s.load(watchfire_core::basis::Timestamp(0)));
    match r {
        Ok(Ok(l)) => println!(
            "head same {} board same {}",
            l.head == head,
            l.board == board
        ),
        Ok(Err(e)) => println!("load {e:?}"),
        Err(e) => println!("open {e:?}"),
    }
    println!("{:?}", watchfire_store::check(&dir, |_| ()));
}
