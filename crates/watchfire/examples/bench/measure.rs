//! How things are measured: samples and their quantiles, the bare disk, and a seeded choice.
//!
//! Knows nothing of Watchfire; start at [`Samples`].

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Exact samples: there are thousands, not millions, so none is put into a bucket.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    values: Vec<f64>,
}

impl Samples {
    /// Adds a time.
    pub(crate) fn add(&mut self, took: Duration) {
        self.values.push(ms(took));
    }

    /// Adds everything of another.
    pub(crate) fn extend(&mut self, other: Samples) {
        self.values.extend(other.values);
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        self.values.len()
    }

    /// Returns a quantile (0 to 1) by nearest rank, in milliseconds; without samples it is no number.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        sorted
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// Returns a time in milliseconds.
pub(crate) fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

/// Runs something and returns how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// Appends 4 KiB and fsyncs, so many times with a pause before each, on the disk of a directory.
pub(crate) fn fsync_ms(dir: &Path, times: usize, pause: Duration) -> std::io::Result<Samples> {
    let path = dir.join("fsync.probe");
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .write(true)
        .truncate(true)
        .open(&path)?;
    let mut samples = Samples::default();
    for _ in 0..times {
        std::thread::sleep(pause);
        let (done, took) = timed(|| {
            file.write_all(&[0x57; 4_096])
                .and_then(|()| file.sync_data())
        });
        done?;
        samples.add(took);
    }
    std::fs::remove_file(path)?;
    Ok(samples)
}

/// The same choices in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}
