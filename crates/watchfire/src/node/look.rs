//! Looking at the board. One thread must not look twice at once: if the engine waits to write between the two, the
//! second look waits for the engine, the engine for the first, and the node stands still for good. A debug build
//! says so the first time that it could happen, whatever the timing.

use std::ops::Deref;
use std::sync::{RwLock, RwLockReadGuard};

use watchfire_core::board::Board;

/// A look at the board; the engine cannot write until it ends.
#[derive(Debug)]
pub struct Look<'a> {
    board: RwLockReadGuard<'a, Board>,
    #[cfg(debug_assertions)]
    _once: once::Once,
}

impl<'a> Look<'a> {
    pub(super) fn at(board: &'a RwLock<Board>) -> Look<'a> {
        #[cfg(debug_assertions)]
        let once = once::Once::begin(std::ptr::from_ref(board).addr());
        Look {
            board: board
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
            #[cfg(debug_assertions)]
            _once: once,
        }
    }
}

impl Deref for Look<'_> {
    type Target = Board;

    fn deref(&self) -> &Board {
        &self.board
    }
}

#[cfg(debug_assertions)]
mod once {
    use std::cell::RefCell;

    thread_local! {
        /// The boards that this thread looks at.
        static LOOKED_AT: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    /// Counts one look of this thread; the guard beside it keeps it on the thread.
    #[derive(Debug)]
    pub(super) struct Once(usize);

    impl Once {
        pub(super) fn begin(board: usize) -> Once {
            LOOKED_AT.with_borrow_mut(|all| {
                assert!(
                    !all.contains(&board),
                    "one thread looks at a board twice at once"
                );
                all.push(board);
            });
            Once(board)
        }
    }

    impl Drop for Once {
        fn drop(&mut self) {
            LOOKED_AT.with_borrow_mut(|all| all.retain(|one| *one != self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_may_look_again_when_it_has_ended_and_at_another_board() {
        let (one, other) = (RwLock::new(Board::default()), RwLock::new(Board::default()));
        let look = Look::at(&one);
        drop(Look::at(&other));
        drop(look);
        drop(Look::at(&one));
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "twice at once")]
    fn a_thread_may_not_look_twice_at_once() {
        let board = RwLock::new(Board::default());
        let _first = Look::at(&board);
        let _second = Look::at(&board);
    }
}
