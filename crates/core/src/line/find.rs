//! Finding the records, categories and places that words name: exactly first, then forgivingly, and
//! always saying which of the two it was.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::plain;
use super::{Around, FoundPlace};
use crate::basis::{Code, IncidentId, Place, Point, StationId, UnitId};
use crate::plan::letters_apart;
use crate::record::incident::Incident;

/// How many names are given when several could be meant.
pub(super) const SEVERAL_SHOWN_MAX: usize = 5;

/// What a word names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// This one, by its whole name.
    Exactly(T),
    /// This one, as far as can be guessed.
    Likely(T),
    /// One of these.
    Several(Vec<String>),
    /// Nothing.
    Nothing,
}

/// Returns a name without what people leave out or add: case, spaces, hyphens, leading zeros.
pub(super) fn reduced(name: &str) -> String {
    let mut reduced = String::with_capacity(name.len());
    let mut after_digit = false;
    let mut zeros = false;
    for c in name.chars().map(plain) {
        if matches!(
            c,
            ' ' | '-' | '_' | '.' | '/' | '\'' | '(' | ')' | ',' | '"'
        ) {
            // "12-3" and "123" are two names; the gap between two numbers stays.
            after_digit = false;
            continue;
        }
        if c == '0' && !after_digit {
            zeros = true;
            continue;
        }
        if zeros && !c.is_ascii_digit() {
            reduced.push('0');
        }
        zeros = false;
        if c.is_ascii_digit() && !after_digit && reduced.ends_with(|c: char| c.is_ascii_digit()) {
            reduced.push('-');
        }
        after_digit = c.is_ascii_digit();
        reduced.push(c);
    }
    if zeros {
        reduced.push('0');
    }
    reduced
}

/// The names on a board, made once for a line.
pub(super) struct Names<'a> {
    around: &'a Around<'a>,
    units: BTreeMap<String, Vec<UnitId>>,
    categories: BTreeMap<String, BTreeSet<&'a Code>>,
    stations: BTreeMap<String, BTreeSet<StationId>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(around: &'a Around<'a>) -> Names<'a> {
        let mut units: BTreeMap<String, Vec<UnitId>> = BTreeMap::new();
        for unit in around.board.units.values() {
            let name = reduced(unit.callsign.as_str());
            units.entry(name).or_default().push(unit.id);
        }
        let mut categories: BTreeMap<String, BTreeSet<&Code>> = BTreeMap::new();
        for (code, label) in &around.response.categories {
            for name in [code.as_str(), &label.en, &label.zh] {
                categories.entry(reduced(name)).or_default().insert(code);
            }
        }
        let mut stations: BTreeMap<String, BTreeSet<StationId>> = BTreeMap::new();
        for station in around.board.stations.values() {
            for name in [station.code.as_str(), station.details.name.as_str()] {
                stations
                    .entry(reduced(name))
                    .or_default()
                    .insert(station.id);
            }
        }
        Names {
            around,
            units,
            categories,
            stations,
        }
    }

    fn callsign(&self, unit: UnitId) -> String {
        let found = self.around.board.units.get(&unit);
        found.map_or_else(String::new, |unit| unit.callsign.to_string())
    }

    /// Returns the unit of that call sign, forgiving what people leave out.
    pub(super) fn unit(&self, typed: &str) -> Found<UnitId> {
        if let Ok(line) = typed.parse()
            && let Some(unit) = self.around.board.unit_by_callsign(&line)
        {
            return Found::Exactly(unit.id);
        }
        match self.units.get(&reduced(typed)).map(Vec::as_slice) {
            None | Some([]) => Found::Nothing,
            Some([one]) => Found::Exactly(*one),
            Some(several) => {
                let same = |unit: &&UnitId| {
                    let callsign = self.callsign(**unit);
                    callsign.chars().map(plain).eq(typed.chars().map(plain))
                };
                let mut same = several.iter().filter(same);
                match (same.next(), same.next()) {
                    (Some(one), None) => Found::Exactly(*one),
                    (_, _) => Found::Several(self.callsigns(several)),
                }
            }
        }
    }

    fn callsigns(&self, units: &[UnitId]) -> Vec<String> {
        let shown = units.iter().take(SEVERAL_SHOWN_MAX);
        shown.map(|unit| self.callsign(*unit)).collect()
    }

    /// Returns the unit whose call sign differs by one letter, if there is only one such.
    pub(super) fn unit_like(&self, typed: &str) -> Found<UnitId> {
        let typed = reduced(typed);
        let chars = typed.chars().count();
        if chars < 2 {
            return Found::Nothing;
        }
        let near = |name: &&String| {
            name.chars().count().abs_diff(chars) <= 1 && letters_apart(name, &typed) == 1
        };
        let like: Vec<UnitId> = self
            .units
            .iter()
            .filter(|(name, _)| near(name))
            .flat_map(|(_, units)| units.iter().copied())
            .take(SEVERAL_SHOWN_MAX + 1)
            .collect();
        match like.as_slice() {
            [] => Found::Nothing,
            [one] => Found::Likely(*one),
            several => Found::Several(self.callsigns(several)),
        }
    }

    /// Returns the station of that code or name, forgiving what people leave out.
    pub(super) fn station(&self, typed: &str) -> Found<StationId> {
        match self.stations.get(&reduced(typed)) {
            Some(found) => self.one_station(found, Found::Exactly),
            None => Found::Nothing,
        }
    }

    /// Returns the station whose code or name begins like that.
    pub(super) fn station_starting(&self, typed: &str) -> Found<StationId> {
        let start = reduced(typed);
        if start.is_empty() {
            return Found::Nothing;
        }
        let all = self.stations.range(start.clone()..);
        let found = all.take_while(|(name, _)| name.starts_with(&start));
        let found = found.flat_map(|(_, stations)| stations.iter().copied());
        self.one_station(&found.collect(), Found::Likely)
    }

    /// Returns the station whose name of some length differs by one letter, if there is only one such.
    pub(super) fn station_near(&self, typed: &str) -> Found<StationId> {
        const CHARS_MIN: usize = 4;
        let typed = reduced(typed);
        let chars = typed.chars().count();
        if chars < CHARS_MIN {
            // "S1" and "S2" are one letter apart and twenty minutes of driving.
            return Found::Nothing;
        }
        let near = |name: &String| {
            name.chars().count().abs_diff(chars) <= 1 && letters_apart(name, &typed) == 1
        };
        let found = self.stations.iter().filter(|(name, _)| near(name));
        let found = found.flat_map(|(_, stations)| stations.iter().copied());
        self.one_station(&found.collect(), Found::Likely)
    }

    fn one_station(
        &self,
        found: &BTreeSet<StationId>,
        one: fn(StationId) -> Found<StationId>,
    ) -> Found<StationId> {
        let mut all = found.iter();
        match (all.next(), all.next()) {
            (None, _) => Found::Nothing,
            (Some(only), None) => one(*only),
            (Some(_), Some(_)) => {
                let name = |id: &StationId| super::say::station(self.around, *id);
                let mut names: Vec<String> = found.iter().map(name).collect();
                names.sort();
                names.truncate(SEVERAL_SHOWN_MAX);
                Found::Several(names)
            }
        }
    }

    /// Returns the incident of that number; among open ones the last digits are enough to guess by.
    pub(super) fn incident(&self, digits: &str, open_first: bool) -> Found<IncidentId> {
        let Ok(number) = digits.parse::<u64>() else {
            return Found::Nothing;
        };
        let board = self.around.board;
        let mut all = board.incidents.values();
        let exact = all.find(|incident| incident.number == number);
        if let Some(exact) = exact
            && (exact.is_open() || !open_first)
        {
            return Found::Exactly(exact.id);
        }
        let ends = |incident: &&Incident| incident.number.to_string().ends_with(digits);
        let mut ending: Vec<&Incident> = board.open_incidents().filter(ends).collect();
        ending.sort_by_key(|incident| incident.number);
        match (ending.as_slice(), exact) {
            ([one], _) => Found::Likely(one.id),
            ([], Some(exact)) => Found::Exactly(exact.id),
            ([], None) => Found::Nothing,
            (several, _) => {
                let shown = several.iter().take(SEVERAL_SHOWN_MAX);
                Found::Several(shown.map(|one| one.number.to_string()).collect())
            }
        }
    }

    /// Returns the category of that code or label.
    pub(super) fn category(&self, typed: &str) -> Found<Code> {
        match self.categories.get(&reduced(typed)) {
            Some(codes) => one_of(codes, true),
            None => Found::Nothing,
        }
    }

    /// Returns the category whose code or label begins like that.
    pub(super) fn category_starting(&self, typed: &str) -> Found<Code> {
        let start = reduced(typed);
        let long_enough = start.chars().count() >= 2 || !start.is_ascii();
        if !long_enough {
            return Found::Nothing;
        }
        let codes: BTreeSet<&Code> = self
            .categories
            .range(start.clone()..)
            .take_while(|(name, _)| name.starts_with(&start))
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        one_of(&codes, false)
    }

    /// Returns the code or label nearest to a word, if one is near.
    pub(super) fn category_like(&self, typed: &str) -> Option<String> {
        let typed = reduced(typed);
        let codes = self.around.response.categories.keys().map(Code::as_str);
        let far = |code: &&str| letters_apart(&reduced(code), &typed);
        codes
            .filter(|code| code.len().abs_diff(typed.len()) <= 4)
            .min_by_key(far)
            .filter(|code| far(code) <= 2)
            .map(str::to_owned)
    }
}

fn one_of(codes: &BTreeSet<&Code>, exact: bool) -> Found<Code> {
    let mut all = codes.iter();
    match (all.next(), all.next()) {
        (None, _) => Found::Nothing,
        (Some(one), None) if exact => Found::Exactly((*one).clone()),
        (Some(one), None) => Found::Likely((*one).clone()),
        (Some(_), Some(_)) => {
            let shown = codes.iter().take(SEVERAL_SHOWN_MAX);
            Found::Several(shown.map(ToString::to_string).collect())
        }
    }
}

/// Finds a place by its text: coordinates here, anything else by whoever knows the map.
pub(super) fn place(around: &Around<'_>, typed: &str) -> Vec<FoundPlace> {
    match coordinates(typed) {
        Some(place) => vec![FoundPlace { place, exact: true }],
        None => (around.places)(typed),
    }
}

/// Reads `30.001, 120.58` with anything after it as the address.
fn coordinates(typed: &str) -> Option<Place> {
    const BETWEEN: [char; 3] = [',', '，', ' '];
    let (lat, rest) = degrees(typed.trim_start())?;
    let (lon, rest) = degrees(rest.trim_start_matches(BETWEEN))?;
    let point = Point::from_degrees(lat, lon).ok()?;
    let address = rest.trim_start_matches(BETWEEN);
    Some(Place {
        point,
        address: address.parse().ok(),
        area: None,
    })
}

/// Reads a number with a decimal point, without which "5 12 Main St" would be a place at sea.
fn degrees(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let whole = number.contains('.') && (rest.is_empty() || rest.starts_with([',', '，', ' ']));
    let degrees = whole.then(|| number.parse().ok()).flatten()?;
    Some((degrees, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_what_people_leave_out() {
        for (one, other) in [
            ("E12", "e 12"),
            ("E-12", "E012"),
            ("城关 01 号", "城关1号"),
            ("Ｅ１２", "e12"),
            ("E0", "e00"),
            ("structure_fire", "Structure fire"),
        ] {
            assert_eq!(reduced(one), reduced(other), "{one} {other}");
        }
        for (one, other) in [("E12", "E120"), ("E1-2", "E12"), ("E1", "E10"), ("E0", "E")] {
            assert_ne!(reduced(one), reduced(other), "{one} {other}");
        }
    }

    #[test]
    fn coordinates_need_their_decimal_points() {
        let found = coordinates("30.001, 120.58 behind the mill").unwrap();
        assert_eq!(found.point, Point::from_degrees(30.001, 120.58).unwrap());
        assert_eq!(found.address.unwrap().as_str(), "behind the mill");
        assert!(coordinates("30.001，120.58").unwrap().address.is_none());
        for none in [
            "30 120",
            "5.5",
            "91.0 10.0",
            "12.5 Main St",
            "",
            "1.2.3, 4.5",
        ] {
            assert!(coordinates(none).is_none(), "{none}");
        }
    }
}
