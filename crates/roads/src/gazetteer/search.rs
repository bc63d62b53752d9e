//! From a typed text to places, the best first.
//!
//! The order is: how exactly the name fits, then how near (in steps of doubling distance from the middle of the map), then
//! how large the place or how wide the road, then the distance itself. Slips of the finger are looked for only where the
//! text as it stands does not give enough.

use super::query::{self, Between};
use super::reading::{Heard, Sound};
use super::words::{self, Ending, is_han};
use super::{Gazetteer, ListedKind, Name, Owner, Part, both, flat_2};
use crate::geo::Point;
use crate::limits::{PLACE_QUERY_MAX_CHARS, PLACES_FOUND_MAX};
use std::collections::BTreeMap;

/// The least letters of a word in which a slip is forgiven.
const SLIP_MIN_LETTERS: usize = 4;
/// The least letters of a text in which a slip is forgiven across its words.
const RUN_SLIP_MIN_LETTERS: usize = 6;
/// Nearer than this all is near, in metres; each step beyond doubles it.
const NEAR_M: f64 = 250.0;

/// A place that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// What to write into the address: the name with the house number, or both roads of a crossing.
    pub text: String,
    /// Its name; of a crossing, the road that was typed first.
    pub name: String,
    /// The other road of a crossing.
    pub other: Option<String>,
    /// Where it is; of a road, a point on it near its middle.
    pub point: Point,
    /// The area that it lies in.
    pub area: Option<String>,
    /// How far its nearest known point is from the place given, in metres.
    pub distance_m: Option<f64>,
    /// How the text fitted.
    pub matched: Matched,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// A road.
    Road,
    /// A crossing of two roads.
    Crossing,
    /// A place, district or park.
    Place,
    /// A station.
    Station,
    /// The point that coordinates name.
    Point,
}

/// How a text fitted a name, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matched {
    /// It is the name, in one of the ways to write it.
    Exact,
    /// It is the beginning of the name.
    Start,
    /// It is the beginning of words within the name, or characters within it.
    Word,
    /// By pinyin.
    Pinyin,
    /// By initials of pinyin.
    Initials,
    /// But for a slip.
    Similar,
}

/// The text is longer than [`PLACE_QUERY_MAX_CHARS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {PLACE_QUERY_MAX_CHARS} characters")]
pub struct QueryTooLong;

/// How a text fitted, finer than is said: whole words before parts of words. The order is the order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    StartWhole,
    PinyinWhole,
    StartPart,
    WordWhole,
    WordPart,
    PinyinStart,
    PinyinWithin,
    InitialsWhole,
    InitialsStart,
    InitialsWithin,
    Similar,
}

impl Fit {
    fn matched(self) -> Matched {
        match self {
            Fit::Exact => Matched::Exact,
            Fit::StartWhole | Fit::StartPart => Matched::Start,
            Fit::WordWhole | Fit::WordPart => Matched::Word,
            Fit::PinyinWhole | Fit::PinyinStart | Fit::PinyinWithin => Matched::Pinyin,
            Fit::InitialsWhole | Fit::InitialsStart | Fit::InitialsWithin => Matched::Initials,
            Fit::Similar => Matched::Similar,
        }
    }

    fn heard(heard: Heard) -> Fit {
        match (heard.by_initials, heard.begins_within, heard.goes_on) {
            (false, false, false) => Fit::PinyinWhole,
            (false, false, true) => Fit::PinyinStart,
            (false, true, _) => Fit::PinyinWithin,
            (true, false, false) => Fit::InitialsWhole,
            (true, false, true) => Fit::InitialsStart,
            (true, true, _) => Fit::InitialsWithin,
        }
    }
}

/// Whether slips are forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slips {
    Refused,
    Forgiven,
}

/// What may be a result, before it is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Point,
    Owner {
        part: usize,
        owner: Owner,
    },
    /// A crossing, and which of its roads was typed first.
    Crossing {
        index: u32,
        first: usize,
    },
}

/// A typed text, prepared.
struct Typed {
    words: Vec<String>,
    run: String,
    letters: Vec<char>,
    has_han: bool,
    has_latin: bool,
}

impl Typed {
    fn new(text: &str) -> Typed {
        let words = words::tokens(text);
        let run: String = words.concat();
        Typed {
            letters: run.chars().collect(),
            has_han: run.chars().any(is_han),
            has_latin: run.bytes().any(|byte| byte.is_ascii_lowercase()),
            words,
            run,
        }
    }
}

/// The results so far: how each target fits, the better of two ways to get there.
#[derive(Default)]
struct Results {
    fits: BTreeMap<Target, (Fit, Fit)>,
    /// The house number that goes with what was found without it.
    number: Option<String>,
}

impl Results {
    fn add(&mut self, target: Target, fit: (Fit, Fit)) {
        let slot = self.fits.entry(target).or_insert(fit);
        *slot = fit.min(*slot);
    }
}

impl Gazetteer {
    /// Returns the places that a text names, the best first; near ones before far ones if a point is given.
    pub fn search(
        &self,
        text: &str,
        near: Option<Point>,
        limit: usize,
    ) -> Result<Vec<Found>, QueryTooLong> {
        if text.chars().count() > PLACE_QUERY_MAX_CHARS {
            return Err(QueryTooLong);
        }
        let limit = limit.min(PLACES_FOUND_MAX);
        let near = near.filter(|point| point.is_valid());
        let point = query::coordinates(text);
        let mut results = Results::default();
        if point.is_some() {
            results.add(Target::Point, (Fit::Exact, Fit::Exact));
        }
        self.look_up(text, Slips::Refused, &mut results);
        if results.fits.is_empty() {
            self.look_up_with_number(text, Slips::Refused, &mut results);
        }
        if results.fits.is_empty() {
            self.look_up(text, Slips::Forgiven, &mut results);
        }
        if results.fits.is_empty() {
            self.look_up_with_number(text, Slips::Forgiven, &mut results);
        }
        Ok(self.ranked(&results, point, near, limit))
    }

    fn look_up_with_number(&self, text: &str, slips: Slips, results: &mut Results) {
        if let Some((number, rest)) = query::house_number(text) {
            self.look_up(&rest, slips, results);
            results.number = Some(number);
        }
    }

    /// Adds what the text names as it stands, and as a crossing.
    fn look_up(&self, text: &str, slips: Slips, results: &mut Results) {
        let typed = Typed::new(text);
        for (part_index, part) in self.parts().into_iter().enumerate() {
            for (name, fit) in part.matching(&typed, slips) {
                for &owner in &part.names[name as usize].owners {
                    let target = Target::Owner {
                        part: part_index,
                        owner,
                    };
                    results.add(target, (fit, fit));
                }
            }
        }
        let found_as_name = !results.fits.is_empty();
        for cut in query::cuts(text) {
            let unlikely = match cut.between {
                Between::Mark => false,
                // With slips forgiven, any two words would be two roads.
                Between::Nothing => slips == Slips::Forgiven,
                Between::Space => slips == Slips::Forgiven || found_as_name,
            };
            if unlikely {
                continue;
            }
            let left = self.map.roads_of(&Typed::new(&cut.left), slips);
            if left.is_empty() {
                continue;
            }
            let right = self.map.roads_of(&Typed::new(&cut.right), slips);
            for (&road, &left_fit) in &left {
                if cut.between == Between::Nothing && left_fit > Fit::Exact {
                    continue;
                }
                for &index in &self.map.roads[road as usize].crossings {
                    let roads = self.map.crossings[index as usize].roads;
                    let first = usize::from(roads[0] != road);
                    if let Some(&right_fit) = right.get(&roads[1 - first]) {
                        let fit = (left_fit.max(right_fit), left_fit.min(right_fit));
                        results.add(Target::Crossing { index, first }, fit);
                    }
                }
            }
        }
    }

    fn parts(&self) -> [&Part; 2] {
        [&self.map, &self.listed]
    }

    fn ranked(
        &self,
        results: &Results,
        point: Option<Point>,
        near: Option<Point>,
        limit: usize,
    ) -> Vec<Found> {
        // Typed as "5 & 5", a crossing may be found from both of its roads: the better is kept.
        let mut crossings: BTreeMap<u32, (Fit, Fit)> = BTreeMap::new();
        for (target, fit) in &results.fits {
            if let Target::Crossing { index, .. } = target {
                let slot = crossings.entry(*index).or_insert(*fit);
                *slot = (*slot).min(*fit);
            }
        }
        let mut rows = Vec::with_capacity(results.fits.len());
        for (&target, &fit) in &results.fits {
            if let Target::Crossing { index, first } = target {
                let twin = Target::Crossing { index, first: 0 };
                let better_twin =
                    first == 1 && results.fits.get(&twin).is_some_and(|twin| *twin <= fit);
                let worse = crossings.get(&index).is_some_and(|best| *best < fit);
                if better_twin || worse {
                    continue;
                }
            }
            let distance_m = near.map(|near| self.distance_m(target, point, near));
            let step = distance_m.map_or(0, step_of);
            rows.push((fit, step, self.weight(target), distance_m, target));
        }
        rows.sort_by(|a, b| {
            let exact = (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2));
            let nearer = a.3.unwrap_or(0.0).total_cmp(&b.3.unwrap_or(0.0));
            exact.then(nearer).then(a.4.cmp(&b.4))
        });
        rows.truncate(limit);
        rows.into_iter()
            .map(|(fit, _, _, distance_m, target)| {
                self.describe(target, fit.0, distance_m, point, results.number.as_deref())
            })
            .collect()
    }

    fn distance_m(&self, target: Target, point: Option<Point>, near: Point) -> f64 {
        let distance_2 = match target {
            Target::Point => point.map_or(0.0, |point| flat_2(point, near)),
            Target::Crossing { index, .. } => {
                flat_2(self.map.crossings[index as usize].point, near)
            }
            Target::Owner { part, owner } => match owner {
                Owner::Listed(index) => {
                    flat_2(self.parts()[part].listed[index as usize].point, near)
                }
                Owner::Road(index) => {
                    let samples = self.parts()[part].roads[index as usize].samples.iter();
                    samples
                        .map(|sample| flat_2(*sample, near))
                        .fold(f64::INFINITY, f64::min)
                }
            },
        };
        distance_2.sqrt()
    }

    /// Of equally fitting and equally near things, the smaller weight comes first.
    fn weight(&self, target: Target) -> u8 {
        let class = |road: u32| self.map.roads[road as usize].class.code();
        match target {
            Target::Point => 0,
            Target::Crossing { index, .. } => {
                let [a, b] = self.map.crossings[index as usize].roads;
                class(a).min(class(b))
            }
            Target::Owner { part, owner } => match owner {
                Owner::Road(road) => class(road),
                Owner::Listed(index) => match self.parts()[part].listed[index as usize].kind {
                    ListedKind::Station => 0,
                    ListedKind::Place { rank } => rank,
                },
            },
        }
    }

    fn describe(
        &self,
        target: Target,
        fit: Fit,
        distance_m: Option<f64>,
        point: Option<Point>,
        number: Option<&str>,
    ) -> Found {
        let (kind, name, other, at) = match target {
            Target::Point => {
                let at = point.unwrap_or(Point { lat: 0.0, lon: 0.0 });
                (FoundKind::Point, coordinates_text(at), None, at)
            }
            Target::Crossing { index, first } => {
                let crossing = &self.map.crossings[index as usize];
                let names = self.map.crossing_names(crossing).map(str::to_owned);
                let [a, b] = names;
                let (name, other) = if first == 0 { (a, b) } else { (b, a) };
                (FoundKind::Crossing, name, Some(other), crossing.point)
            }
            Target::Owner { part, owner } => {
                let part = self.parts()[part];
                match owner {
                    Owner::Road(road) => {
                        let road = &part.roads[road as usize];
                        let name = part.text(road.name).to_owned();
                        (FoundKind::Road, name, None, road.point)
                    }
                    Owner::Listed(index) => {
                        let listed = &part.listed[index as usize];
                        let kind = match listed.kind {
                            ListedKind::Station => FoundKind::Station,
                            ListedKind::Place { .. } => FoundKind::Place,
                        };
                        (kind, listed.name.clone(), None, listed.point)
                    }
                }
            }
        };
        let text = match (&other, number) {
            (Some(other), _) => both(&name, other),
            (None, Some(number)) if kind == FoundKind::Road => with_number(&name, number),
            (None, _) => name.clone(),
        };
        Found {
            kind,
            text,
            area: self.area_of(at).map(str::to_owned),
            name,
            other,
            point: at,
            distance_m,
            matched: fit.matched(),
        }
    }
}

/// The steps of doubling distance.
fn step_of(distance_m: f64) -> u32 {
    let mut step = 0;
    let mut reach_m = NEAR_M;
    while distance_m > reach_m && step < 20 {
        reach_m *= 2.0;
        step += 1;
    }
    step
}

/// Coordinates as text, to a metre.
pub(super) fn coordinates_text(point: Point) -> String {
    format!("{:.5}, {:.5}", point.lat, point.lon)
}

/// A name with its house number, where its language puts that.
fn with_number(name: &str, number: &str) -> String {
    if name.chars().any(is_han) {
        let bare = number.bytes().all(|byte| byte.is_ascii_digit());
        format!("{name}{number}{}", if bare { "号" } else { "" })
    } else {
        format!("{number} {name}")
    }
}

impl Part {
    /// The roads that a text names, and how well.
    fn roads_of(&self, typed: &Typed, slips: Slips) -> BTreeMap<u32, Fit> {
        let mut roads = BTreeMap::new();
        for (name, fit) in self.matching(typed, slips) {
            for owner in &self.names[name as usize].owners {
                if let Owner::Road(road) = owner {
                    let slot = roads.entry(*road).or_insert(fit);
                    *slot = fit.min(*slot);
                }
            }
        }
        roads
    }

    /// The names that a text fits, and how well; slips are tried for only where nothing else fits.
    fn matching(&self, typed: &Typed, slips: Slips) -> BTreeMap<u32, Fit> {
        let mut fits = self.fitting(typed);
        if slips == Slips::Forgiven && fits.is_empty() {
            fits = self.nearly_fitting(typed);
        }
        fits
    }

    fn fitting(&self, typed: &Typed) -> BTreeMap<u32, Fit> {
        let mut fits: BTreeMap<u32, Fit> = BTreeMap::new();
        if typed.words.is_empty() {
            return fits;
        }
        let mut add = |name: u32, fit: Fit| {
            let slot = fits.entry(name).or_insert(fit);
            *slot = fit.min(*slot);
        };
        for name in self.with_words(&typed.words, Slips::Refused) {
            if let Some(fit) = words_fit(&self.names[name as usize], &typed.words, Slips::Refused) {
                add(name, fit);
            }
        }
        for (index, name) in self.names.iter().enumerate() {
            if let Some(fit) = run_fit(name, typed) {
                add(index as u32, fit);
            }
        }
        fits
    }

    fn nearly_fitting(&self, typed: &Typed) -> BTreeMap<u32, Fit> {
        let mut fits = BTreeMap::new();
        if typed.words.is_empty() {
            return fits;
        }
        for name in self.with_words(&typed.words, Slips::Forgiven) {
            let fit = words_fit(&self.names[name as usize], &typed.words, Slips::Forgiven);
            if let Some(fit) = fit {
                fits.insert(name, fit);
            }
        }
        let sound = Sound::of(&typed.run).filter(|_| !typed.has_latin);
        let long = typed.letters.len() >= RUN_SLIP_MIN_LETTERS;
        for (index, name) in self.names.iter().enumerate() {
            let by_sound = name.sound.as_ref().is_some_and(|own| {
                sound.as_ref().is_some_and(|sound| {
                    own.sounds_like(sound)
                        || (typed.letters.len() >= 3
                            && words::one_slip(&typed.run, &name.run, Ending::Whole))
                }) || (long && words::one_slip(&typed.run, &name.first_reading, Ending::Open))
            });
            if by_sound || (long && words::one_slip(&typed.run, &name.run, Ending::Open)) {
                fits.insert(index as u32, Fit::Similar);
            }
        }
        fits
    }

    /// The names that may have all the words: those that have the rarest of them.
    fn with_words(&self, typed: &[String], slips: Slips) -> Vec<u32> {
        let mut rarest: Option<Vec<u32>> = None;
        for word in typed {
            let lists = self.lists(word, slips);
            let count: usize = lists.iter().map(|list| list.len()).sum();
            if rarest.as_ref().is_none_or(|best| count < best.len()) {
                rarest = Some(lists.into_iter().flatten().copied().collect());
            }
        }
        let mut names = rarest.unwrap_or_default();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn lists(&self, word: &str, slips: Slips) -> Vec<&[u32]> {
        let first = self
            .vocabulary
            .partition_point(|(form, _)| form.as_str() < word);
        let from_here = self.vocabulary[first..].iter();
        let mut lists: Vec<&[u32]> = from_here
            .take_while(|(form, _)| form.starts_with(word))
            .map(|(_, names)| names.as_slice())
            .collect();
        if slips == Slips::Forgiven && may_slip(word) {
            let near = self.vocabulary.iter();
            let near = near.filter(|(form, _)| words::one_slip(word, form, ending_for(word)));
            lists.extend(near.map(|(_, names)| names.as_slice()));
        }
        lists
    }
}

fn may_slip(word: &str) -> bool {
    word.chars().count() >= SLIP_MIN_LETTERS
}

/// A short word with a slip must be whole: otherwise it is the beginning of half the map.
fn ending_for(word: &str) -> Ending {
    if word.chars().count() > SLIP_MIN_LETTERS {
        Ending::Open
    } else {
        Ending::Whole
    }
}

/// How one typed word fits one word of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WordFit {
    Whole,
    Part,
    Slip,
}

fn word_fit(forms: &[String], word: &str, slips: Slips) -> Option<WordFit> {
    if forms.iter().any(|form| form == word) {
        return Some(WordFit::Whole);
    }
    if forms.iter().any(|form| form.starts_with(word)) {
        return Some(WordFit::Part);
    }
    let slipped = slips == Slips::Forgiven
        && may_slip(word)
        && forms
            .iter()
            .any(|form| words::one_slip(word, form, ending_for(word)));
    slipped.then_some(WordFit::Slip)
}

fn words_fit(name: &Name, typed: &[String], slips: Slips) -> Option<Fit> {
    if typed.len() > name.words.len() {
        return None;
    }
    let in_order: Option<WordFit> = typed
        .iter()
        .zip(&name.words)
        .map(|(word, forms)| word_fit(forms, word, slips))
        .try_fold(WordFit::Whole, |worst, fit| Some(worst.max(fit?)));
    match in_order {
        Some(WordFit::Whole) if typed.len() == name.words.len() => return Some(Fit::Exact),
        Some(WordFit::Whole) => return Some(Fit::StartWhole),
        Some(WordFit::Part) => return Some(Fit::StartPart),
        Some(WordFit::Slip) => return Some(Fit::Similar),
        None => {}
    }
    let mut taken = vec![false; name.words.len()];
    let mut worst = WordFit::Whole;
    for word in typed {
        let free = name.words.iter().enumerate().filter(|(at, _)| !taken[*at]);
        let best = free
            .filter_map(|(at, forms)| Some((word_fit(forms, word, slips)?, at)))
            .min()?;
        taken[best.1] = true;
        worst = worst.max(best.0);
    }
    Some(match worst {
        WordFit::Whole => Fit::WordWhole,
        WordFit::Part => Fit::WordPart,
        WordFit::Slip => Fit::Similar,
    })
}

/// How the text without its spaces fits: `mainst`, `解放`, `jiefanglu`.
fn run_fit(name: &Name, typed: &Typed) -> Option<Fit> {
    if let Some(rest) = name.run.strip_prefix(typed.run.as_str()) {
        return Some(match (rest.is_empty(), typed.has_han) {
            (true, _) => Fit::Exact,
            (false, true) => Fit::StartWhole,
            (false, false) => Fit::StartPart,
        });
    }
    let sound = name.sound.as_ref()?;
    if typed.has_han && name.run.contains(&typed.run) {
        return Some(Fit::WordWhole);
    }
    let heard = typed.has_latin.then(|| sound.hears(&typed.letters))?;
    heard.map(Fit::heard)
}
