//! The node's beat: alarms as they come and go, where units have moved to, the time, and what is over leaving memory.

use watchfire_core::basis::Timestamp;
use watchfire_core::record::RecordRef;
use watchfire_core::timer::{self, Alarm};

use super::{
    BEAT, Chain, Health, Input, Message, Node, StoreJob, TRAIL_EVERY_S, drafts, message, to_ms,
};

/// Watches the clock: shows alarms as they come and go, positions and the time; lets ended records leave memory.
pub async fn keep_time(node: Node) {
    let mut alarms = std::collections::BTreeMap::new();
    let mut beats: u64 = 0;
    let mut interval = tokio::time::interval(BEAT);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        beats += 1;
        if matches!(node.health(), Health::Failed | Health::Stopped) {
            return;
        }
        show_alarms(&node, &mut alarms);
        show_positions(&node, beats);
        if beats.is_multiple_of(2) {
            node.hub().send(vec![message::clock(&node)]);
        }
        if beats.is_multiple_of(5) && node.health() == Health::DiskFull {
            let _ = node.inner.queue.try_send(Input::TryDisk);
        }
        if !node.board().participations.is_empty() {
            let _ = node.inner.queue.try_send(Input::Beat);
        }
        if beats.is_multiple_of(drafts::TEND_EVERY_S) {
            drafts::tend(&node);
        }
        if let Some(behind_s) = node.clock_behind_s()
            && beats.is_multiple_of(60)
        {
            tracing::warn!(
                behind_s,
                "the clock is behind the log: it was set back, or was ahead before"
            );
        } else if beats.is_multiple_of(60) {
            // Not by a clock that is suspect: what is thought to be long ago may be of today.
            let before = Timestamp(node.now().0 - to_ms(node.settings().keep_ended_s));
            let _ = node.inner.queue.try_send(Input::LetGo(before));
        }
    }
}

fn show_alarms(node: &Node, known: &mut std::collections::BTreeMap<RecordRef, Alarm>) {
    let board = node.board();
    let open = timer::open(&board, &node.settings().timers, node.now());
    let current: std::collections::BTreeMap<RecordRef, Alarm> = open.into_iter().collect();
    let changed = current
        .iter()
        .filter(|(record, alarm)| known.get(record) != Some(*alarm))
        .map(|(record, _)| *record);
    let ended = known.keys().filter(|record| !current.contains_key(record));
    let messages: Vec<Message> = changed
        .chain(ended.copied())
        .filter_map(|record| board.get(record))
        .filter_map(|record| message::of_record(&board, node, &record))
        .collect();
    drop(board);
    node.inner.metrics.alarms(current.len());
    if !messages.is_empty() {
        node.hub().send(messages);
    }
    *known = current;
}

fn show_positions(node: &Node, beats: u64) {
    let moved = node.positions().take_unshown();
    if !moved.is_empty() {
        node.hub().send(vec![message::positions(node, &moved)]);
    }
    if beats.is_multiple_of(TRAIL_EVERY_S) {
        keep_trail(node);
    }
}

/// Keeps where every assigned unit was last, if it has told since the trail was kept last.
fn keep_trail(node: &Node) {
    let now = node.now();
    let board = node.board();
    let trail: Vec<watchfire_store::TrailPoint> = node.positions().read(|last| {
        let live = board.live_assignments();
        let point = live.filter_map(|assignment| {
            let position = last.get(&assignment.unit)?;
            Some(watchfire_store::TrailPoint {
                unit: assignment.unit,
                assignment: assignment.id,
                at: position.at,
                point: position.point,
            })
        });
        let pace_s = TRAIL_EVERY_S * u64::from(node.settings().clock.speed().unwrap_or(1));
        point
            .filter(|point| now.seconds_since(point.at) <= pace_s)
            .collect()
    });
    drop(board);
    if trail.is_empty() {
        return;
    }
    let job: StoreJob = Box::new(move |store| {
        if let Err(fault) = store.add_trail(&trail) {
            tracing::warn!(error = %Chain(&fault), "a trail of positions could not be kept");
        }
    });
    let _ = node.inner.queue.try_send(Input::Store(job));
}
