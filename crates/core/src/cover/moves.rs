//! Move-up: which few units should wait elsewhere while others are bound, proposed for a person to accept.
//!
//! After Jagtenberg, Bhulai and van der Mei (2015): whatever adds most expected cover is done first. Around that stand the
//! rules that make it bearable for crews: few moves, none for little, none far, no unit soon again, none back to where it was
//! moved from, none that rests or whose shift is nearly over. Because each move must add cover, accepting what was proposed
//! can never lead in a circle.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::field::{CoverField, Covered};
use super::table::TravelTable;
use crate::basis::{Text, Timestamp, UnitId, say_seconds};

/// Spots from which, and posts to which, moves are compared at most: those that lose least and gain most.
const COMPARED_MAX: usize = 64;

/// Whether a unit may be asked to move at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Free, and nothing stands against it.
    Free,
    /// It rests; it may be sent to an incident, but nobody moves it about.
    Resting,
    /// Already on its way to a post it was moved to; it counts where it goes.
    Moving,
}

/// A free unit and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which unit.
    pub unit: UnitId,
    /// The spot at which it is counted in the field.
    pub spot: usize,
    /// Whether it may move.
    pub bound: Bound,
    /// When it last moved up, and from which spot.
    pub moved: Option<(Timestamp, usize)>,
    /// When its shift ends, if that is known.
    pub duty_ends: Option<Timestamp>,
}

/// A station or post at which units may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    /// Its spot.
    pub spot: usize,
    /// The cell at which it lies, for the time that driving there takes.
    pub cell: usize,
    /// Units that have room there.
    pub room: u32,
}

/// When moves are proposed, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoveRules {
    /// The agency's line: at this cover and above, nobody is moved. In thousandths of all expected public calls.
    pub line_permille: u32,
    /// Moves proposed at once at most.
    pub moves_max: u32,
    /// What a move must add at least, in parts per million (10,000 is one percentage point).
    pub gain_min_ppm: u32,
    /// Seconds of driving at most.
    pub drive_max_s: u32,
    /// Seconds after a move within which the same unit is not moved again.
    pub still_s: u32,
    /// Seconds within which a unit is not moved back to where it was moved from.
    pub no_return_s: u32,
    /// Seconds of its shift that a unit must have left.
    pub duty_left_s: u32,
}

impl Default for MoveRules {
    /// Returns the defaults: below 80 %, two moves, each for a percentage point, 15 minutes of driving, an hour of peace,
    /// two hours before going back, half an hour of shift left.
    fn default() -> MoveRules {
        MoveRules {
            line_permille: 800,
            moves_max: 2,
            gain_min_ppm: 10_000,
            drive_max_s: 900,
            still_s: 3_600,
            no_return_s: 7_200,
            duty_left_s: 1_800,
        }
    }
}

/// A move that is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which unit.
    pub unit: UnitId,
    /// The spot where it stands.
    pub from: usize,
    /// The spot where it should wait.
    pub to: usize,
    /// Seconds of driving.
    pub drive_s: u32,
    /// Cover before, in parts per million: with the moves that stand before this one in the list done.
    pub before_ppm: u32,
    /// Cover once it stands there.
    pub after_ppm: u32,
}

impl Move {
    /// Returns the words, given what unit and post are called.
    pub fn text(&self, unit: &str, post: &str) -> Text {
        let drive = say_seconds(self.drive_s);
        let (before, after) = (percent(self.before_ppm), percent(self.after_ppm));
        Text::new(
            format!(
                "move {unit} up to {post}, {} by road: cover {before} → {after}",
                drive.en
            ),
            format!(
                "{unit} 前移至 {post}，车程 {}：覆盖率 {before} → {after}",
                drive.zh
            ),
        )
    }
}

/// Proposes moves while cover is below the line, the one that adds most first; none if no move keeps the rules.
///
/// `field` counts every unit of `standing` at its spot (and may count others that nobody may move). Of equal moves the
/// shorter drive comes first, then the smaller id.
pub fn moves(
    field: &CoverField,
    table: &TravelTable,
    standing: &[Standing],
    posts: &[Post],
    rules: &MoveRules,
    now: Timestamp,
) -> Vec<Move> {
    let mut field = field.clone();
    let mut proposed: Vec<Move> = Vec::new();
    let mut left: Vec<&Standing> = standing
        .iter()
        .filter(|one| may_move(one, rules, now))
        .collect();
    left.sort_by_key(|one| (one.spot, one.unit));
    while proposed.len() < rules.moves_max as usize {
        let before_ppm = field.ppm(field.cover());
        if before_ppm >= rules.line_permille.saturating_mul(1_000) {
            break;
        }
        let Some(best) = best_move(&mut field, table, &left, posts, rules, now) else {
            break;
        };
        field.remove(best.from.spot);
        field.add(best.to.spot);
        let after_ppm = field.ppm(field.cover());
        if after_ppm < before_ppm.saturating_add(rules.gain_min_ppm.max(1)) {
            break;
        }
        proposed.push(Move {
            unit: best.from.unit,
            from: best.from.spot,
            to: best.to.spot,
            drive_s: best.drive_s,
            before_ppm,
            after_ppm,
        });
        left.retain(|one| one.unit != best.from.unit);
    }
    proposed
}

/// Returns the post at which a unit that is not counted in the field adds most, with the seconds that it drives there.
///
/// `drive_s` gives the seconds to a post, none if it cannot get there. What a drive costs is said in parts per million of
/// cover for each minute of it (0 is DMEXCLP as published); of equal posts the nearer one is taken, then the earlier in the
/// list. A post without room is left out.
pub fn best_post<'a>(
    field: &CoverField,
    posts: &'a [Post],
    drive_s: impl Fn(&Post) -> Option<u32>,
    minute_costs_ppm: u32,
) -> Option<(&'a Post, u32)> {
    let mut best: Option<(i64, u32, &Post)> = None;
    for post in posts {
        if field.units(post.spot) >= post.room {
            continue;
        }
        let Some(drive) = drive_s(post) else {
            continue;
        };
        let gain = i64::from(field.ppm(field.gain(post.spot)));
        let worth = gain - i64::from(minute_costs_ppm) * i64::from(drive) / 60;
        let better =
            best.is_none_or(|(most, nearest, _)| worth > most || worth == most && drive < nearest);
        if better {
            best = Some((worth, drive, post));
        }
    }
    best.map(|(_, drive, post)| (post, drive))
}

/// Says whether the rules let a unit move at all.
fn may_move(one: &Standing, rules: &MoveRules, now: Timestamp) -> bool {
    let free = match one.bound {
        Bound::Free => true,
        Bound::Resting | Bound::Moving => false,
    };
    let stood = one
        .moved
        .is_none_or(|(at, _)| now >= at.plus_s(rules.still_s));
    let time_left = one
        .duty_ends
        .is_none_or(|end| end >= now.plus_s(rules.duty_left_s));
    free && stood && time_left
}

/// The order of moves: what a move adds, then the shorter drive, then the smaller id.
type Order = (i128, Reverse<u32>, Reverse<UnitId>);

struct Best<'a> {
    from: &'a Standing,
    to: &'a Post,
    drive_s: u32,
}

/// Finds the move that adds most cover, whether that is enough or not.
fn best_move<'a>(
    field: &mut CoverField,
    table: &TravelTable,
    standing: &[&'a Standing],
    posts: &'a [Post],
    rules: &MoveRules,
    now: Timestamp,
) -> Option<Best<'a>> {
    let mut spots: Vec<usize> = standing.iter().map(|one| one.spot).collect();
    spots.dedup(); // They are sorted by spot.
    spots.sort_by_key(|spot| (field.loss(*spot), *spot));
    spots.truncate(COMPARED_MAX);
    let has_room = |post: &&Post| field.units(post.spot) < post.room;
    let mut posts: Vec<&Post> = posts.iter().filter(has_room).collect();
    posts.sort_by_key(|post| (Reverse(field.gain(post.spot)), post.spot));
    posts.truncate(COMPARED_MAX);
    let mut best: Option<(Order, Best)> = None;
    for spot in spots {
        if field.units(spot) == 0 {
            continue; // Handed in as standing there, and not counted there: its move would add what it does not have.
        }
        let lost: Covered = field.loss(spot);
        field.remove(spot);
        for post in &posts {
            let drive_s = u32::from(table.seconds(spot, post.cell));
            if post.spot == spot || drive_s > rules.drive_max_s {
                continue;
            }
            let from = standing
                .iter()
                .find(|one| one.spot == spot && !goes_back(one, post.spot, rules, now));
            let Some(from) = from else { continue };
            let added = i128::from(field.gain(post.spot).0) - i128::from(lost.0);
            let key = (
                added,
                std::cmp::Reverse(drive_s),
                std::cmp::Reverse(from.unit),
            );
            if best.as_ref().is_none_or(|(most, _)| key > *most) {
                let to = *post;
                best = Some((key, Best { from, to, drive_s }));
            }
        }
        field.add(spot);
    }
    best.map(|(_, best)| best)
}

fn goes_back(one: &Standing, to: usize, rules: &MoveRules, now: Timestamp) -> bool {
    one.moved
        .is_some_and(|(at, from)| from == to && now < at.plus_s(rules.no_return_s))
}

/// Rounded as the screens round, so that no two numbers beside each other disagree.
fn percent(ppm: u32) -> String {
    let permille = (ppm + 500) / 1_000;
    format!("{}.{} %", permille / 10, permille % 10)
}
