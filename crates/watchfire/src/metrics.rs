//! The node's figures for Prometheus. Names and helps only; no record, person or place is ever a label.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use watchfire_core::engine::Outcome;
use watchfire_core::refusal::Refusal;

/// The node's figures.
pub struct Metrics {
    registry: Registry,
    accepted: Counter,
    repeated: Counter,
    refused: Family<Vec<(&'static str, &'static str)>, Counter>,
    entries: Counter,
    append_seconds: Histogram,
    alarms: Gauge,
    readers: Gauge,
    open_incidents: Gauge,
    ready: Gauge,
    clock_behind_s: Gauge,
    roads_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let buckets = [
            0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
        ];
        let mut metrics = Metrics {
            registry: Registry::with_prefix("watchfire"),
            accepted: Counter::default(),
            repeated: Counter::default(),
            refused: Family::default(),
            entries: Counter::default(),
            append_seconds: Histogram::new(buckets),
            alarms: Gauge::default(),
            readers: Gauge::default(),
            open_incidents: Gauge::default(),
            ready: Gauge::default(),
            clock_behind_s: Gauge::default(),
            roads_seconds: Histogram::new(buckets),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "actions_accepted",
            "Actions accepted and made durable",
            metrics.accepted.clone(),
        );
        registry.register(
            "actions_repeated",
            "Actions answered from their idempotency key",
            metrics.repeated.clone(),
        );
        registry.register(
            "actions_refused",
            "Actions refused, by reason",
            metrics.refused.clone(),
        );
        registry.register(
            "entries_appended",
            "Entries appended",
            metrics.entries.clone(),
        );
        registry.register(
            "append_seconds",
            "Time to make a batch durable",
            metrics.append_seconds.clone(),
        );
        registry.register(
            "alarms",
            "Assignments that are late now",
            metrics.alarms.clone(),
        );
        registry.register(
            "stream_readers",
            "Readers of the stream now",
            metrics.readers.clone(),
        );
        registry.register(
            "open_incidents",
            "Active incidents now",
            metrics.open_incidents.clone(),
        );
        registry.register(
            "clock_behind_seconds",
            "Seconds by which the clock is behind the log; more than 0 means that it is suspect",
            metrics.clock_behind_s.clone(),
        );
        registry.register(
            "roads_seconds",
            "Time to bring changed road conditions in force",
            metrics.roads_seconds.clone(),
        );
        registry.register(
            "ready",
            "1 while actions are accepted",
            metrics.ready.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn decided(&self, answer: &Result<Outcome, Refusal>) {
        match answer {
            Ok(outcome) if outcome.repeated => drop(self.repeated.inc()),
            Ok(_) => drop(self.accepted.inc()),
            Err(refusal) => drop(
                self.refused
                    .get_or_create(&vec![("reason", refusal.code())])
                    .inc(),
            ),
        }
    }

    /// Counts a batch that was made durable.
    pub fn appended(&self, entries: usize, took: Duration) {
        self.entries.inc_by(entries as u64);
        self.append_seconds.observe(took.as_secs_f64());
    }

    /// Counts a change of the road conditions in force.
    pub fn roads_in_force(&self, took: Duration) {
        self.roads_seconds.observe(took.as_secs_f64());
    }

    /// Notes how many assignments are late.
    pub fn alarms(&self, count: usize) {
        self.alarms.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Returns all figures as text, with those that are read off the node now.
    pub fn encode(
        &self,
        readers: usize,
        open_incidents: usize,
        ready: bool,
        behind_s: u64,
    ) -> String {
        self.clock_behind_s
            .set(i64::try_from(behind_s).unwrap_or(i64::MAX));
        self.readers.set(i64::try_from(readers).unwrap_or(i64::MAX));
        self.open_incidents
            .set(i64::try_from(open_incidents).unwrap_or(i64::MAX));
        self.ready.set(i64::from(ready));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
