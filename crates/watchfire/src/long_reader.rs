//! Readings that may take seconds, such as a year's figures: on a connection of their own and a thread that may
//! wait, so that neither the board nor the engine nor any other request waits for them.
//!
//! One at a time; a few may wait, and one more is told that the node is busy. Start at [`LongReader::read`].

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use watchfire_core::basis::Text;
use watchfire_store::{Reader, StoreError};

use crate::node::Chain;
use crate::problem::Problem;

/// Readings that may be under way or waiting at once.
pub const LONG_READS_MAX: usize = 16;

/// A reader of its own, for readings that may take long.
#[derive(Debug)]
pub struct LongReader {
    reader: Arc<Mutex<Reader>>,
    places: Arc<Semaphore>,
}

impl LongReader {
    /// Makes one of a reader that nobody else uses.
    pub fn new(reader: Reader) -> LongReader {
        LongReader {
            reader: Arc::new(Mutex::new(reader)),
            places: Arc::new(Semaphore::new(LONG_READS_MAX)),
        }
    }

    /// Reads at one moment, beside everything else the node does.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(busy());
        };
        let reader = Arc::clone(&self.reader);
        let reading = tokio::task::spawn_blocking(move || {
            let reader = reader
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let found = reader.at_one_moment(read);
            drop(place);
            found
        });
        match reading.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(fault)) => {
                tracing::error!(error = %Chain(&fault), "the records could not be read");
                Err(Problem::fault())
            }
            Err(fault) => {
                tracing::error!(error = %fault, "a reading ended before its time");
                Err(Problem::fault())
            }
        }
    }
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy_looking_back",
        Text::new(
            "Too many are reading figures or past boards at once.",
            "同时查询统计或历史态势的人过多。",
        ),
        Text::new("Ask again in a few seconds.", "请数秒后重试。"),
    )
}
