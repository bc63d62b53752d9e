//! What happens on the day: which operations there are, who is in them, and who does what in which minute.
//!
//! A county's operations follow from the seed and the county alone, as long as they stay in its province: a larger
//! country around it changes only those that reach far. Knows nothing of nodes. Start at [`joint`], then [`deeds`].

use std::collections::BTreeMap;

use watchfire_core::entropy::Entropy;
use watchfire_feed::Hash;

/// Minutes of a day.
pub(super) const MINUTES: u64 = 24 * 60;

/// How many counties there are and how they lie. A city and a province are counties of neighbouring numbers; both are
/// told as so many to so many counties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// How many counties.
    pub counties: usize,
    /// So many cities to so many counties.
    pub cities: (usize, usize),
    /// So many provinces to so many counties.
    pub provinces: (usize, usize),
}

impl Country {
    /// Returns the country, or as many of its counties as are named.
    pub fn whole(counties: usize) -> Country {
        Country {
            counties,
            cities: (333, 2_844),
            provinces: (31, 2_844),
        }
    }

    fn alike(self, (parts, of): (usize, usize), county: usize) -> Vec<usize> {
        let part = |county: usize| county * parts / of;
        let same = |other: &usize| part(*other) == part(county);
        (0..self.counties).filter(same).collect()
    }

    /// Returns the counties of the same city, this one among them.
    pub(super) fn city_of(self, county: usize) -> Vec<usize> {
        self.alike(self.cities, county)
    }

    fn province_of(self, county: usize) -> Vec<usize> {
        self.alike(self.provinces, county)
    }
}

/// A joint operation of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// Who leads it, and which of its operations of the day it is.
    pub name: (usize, u64),
    /// Who is in it, the lead first.
    pub members: Vec<usize>,
    /// In which minute it begins.
    pub begins: u64,
    /// How many minutes it lasts.
    pub lasts: u64,
}

/// Returns all joint operations of a day.
pub(super) fn joint(country: Country, seed: u64) -> Vec<Joint> {
    let mut all = Vec::new();
    for lead in 0..country.counties {
        let mut dice = dice_of(seed, "county", lead as u64);
        let count = match dice.below(10) {
            0..=5 => 0,
            6..=8 => 1,
            _ => 2,
        };
        for number in 0..count {
            let mut dice = dice_of(seed, "operation", lead as u64 * 8 + number);
            all.push(draw(country, (lead, number), &mut dice));
        }
    }
    all
}

fn dice_of(seed: u64, what: &str, number: u64) -> Entropy {
    let told = format!("{what} {number} of {seed}");
    Entropy::new(Hash::of(told.as_bytes()).0)
}

fn draw(country: Country, name: (usize, u64), dice: &mut Entropy) -> Joint {
    let lead = name.0;
    let lasts = 120 + dice.below(241);
    let begins = dice.below(MINUTES - lasts);
    let mut members = vec![lead];
    let everywhere = || (0..country.counties).collect::<Vec<_>>();
    match dice.below(100) {
        0..70 => {
            let count = 2 + dice.below(3);
            call(&mut members, &country.city_of(lead), count, dice);
        }
        70..92 => {
            let count = 3 + dice.below(6);
            call(&mut members, &country.province_of(lead), count, dice);
        }
        92..99 => {
            let count = 1 + dice.below(2);
            call(&mut members, &country.city_of(lead), 1, dice);
            call(&mut members, &everywhere(), count, dice);
        }
        _ => {
            let count = 10 + dice.below(10);
            call(&mut members, &everywhere(), count, dice);
        }
    }
    Joint {
        name,
        members,
        begins,
        lasts,
    }
}

/// Adds so many counties that are not in it yet, if there are as many.
fn call(members: &mut Vec<usize>, among: &[usize], count: u64, dice: &mut Entropy) {
    for _ in 0..count {
        let left = among.iter().filter(|county| !members.contains(county));
        let left: Vec<usize> = left.copied().collect();
        if !left.is_empty() {
            members.push(left[dice.below(left.len() as u64) as usize]);
        }
    }
}

/// Something that somebody in a county does for an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// The lead raises it and calls all others in.
    Raise,
    /// A member joins.
    Join,
    /// Opens an incident and shares it.
    Share,
    /// Writes a note on the shared incident.
    Note(String),
    /// Says something to all.
    Say(String),
    /// Sends a unit to the shared incident.
    Send,
    /// The unit goes on.
    Advance(Step),
    /// Closes the incident.
    CloseIncident,
    /// The lead ends the operation.
    End,
}

/// How far a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Acknowledged,
    Departed,
    Arrived,
    Cleared,
}

/// A deed, by which county, in which operation of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) county: usize,
    pub(super) joint: usize,
    pub(super) deed: Deed,
}

/// Returns everything that is done for operations, by minute, each minute in the order in which it is done.
pub(super) fn deeds(all: &[Joint], seed: u64) -> BTreeMap<u64, Vec<Act>> {
    let mut due: BTreeMap<u64, Vec<Act>> = BTreeMap::new();
    for (number, joint) in all.iter().enumerate() {
        let mut dice = dice_of(seed, "deeds", joint.name.0 as u64 * 8 + joint.name.1);
        let mut put = |minute: u64, county: usize, deed: Deed| {
            let joint = number;
            let act = Act {
                county,
                joint,
                deed,
            };
            due.entry(minute).or_default().push(act);
        };
        let lead = joint.members[0];
        let (begins, lasts) = (joint.begins, joint.lasts);
        put(begins, lead, Deed::Raise);
        put(begins, lead, Deed::Share);
        for (minute, deed) in response(begins) {
            put(minute, lead, deed);
        }
        for _ in 0..10 {
            let at = begins + 1 + dice.below(lasts - 20);
            put(at, lead, Deed::Note(words(&mut dice)));
        }
        for _ in 0..4 {
            let at = begins + 1 + dice.below(lasts - 20);
            put(at, lead, Deed::Say(words(&mut dice)));
        }
        for &member in &joint.members[1..] {
            let joins = begins + 2 + dice.below(14);
            put(joins, member, Deed::Join);
            let later = |dice: &mut Entropy| joins + 2 + dice.below(lasts - 40);
            for _ in 0..2 {
                let at = later(&mut dice);
                put(at, member, Deed::Say(words(&mut dice)));
            }
            if dice.below(2) == 0 {
                put(joins + 1, member, Deed::Share);
                for _ in 0..4 {
                    let at = later(&mut dice);
                    put(at, member, Deed::Note(words(&mut dice)));
                }
                put(begins + lasts - 6, member, Deed::CloseIncident);
            }
        }
        put(begins + lasts - 5, lead, Deed::CloseIncident);
        put(begins + lasts - 1, lead, Deed::End);
    }
    due
}

fn response(begins: u64) -> [(u64, Deed); 5] {
    [
        (begins + 1, Deed::Send),
        (begins + 2, Deed::Advance(Step::Acknowledged)),
        (begins + 4, Deed::Advance(Step::Departed)),
        (begins + 16, Deed::Advance(Step::Arrived)),
        (begins + 76, Deed::Advance(Step::Cleared)),
    ]
}

/// Returns 40 to 160 characters of text.
fn words(dice: &mut Entropy) -> String {
    const SAID: &str =
        "货车沿国道向东行驶车牌尾号不明已通知前方卡口注意查控请各单位随时报告情况并保持联络";
    let length = 40 + dice.below(121) as usize;
    SAID.chars().cycle().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_country_leaves_what_stays_near_as_it_was() {
        let small = joint(Country::whole(368), 1);
        let large = joint(Country::whole(2_844), 1);
        let (mut same, mut other) = (0, 0);
        for one in small.iter().filter(|one| one.name.0 < 360) {
            let found = large.iter().find(|large| large.name == one.name);
            match found == Some(one) {
                true => same += 1,
                false => other += 1,
            }
        }
        assert!(same > 6 * other, "{same} the same, {other} not");
        let leads = large.len() as f64 / 2_844.0;
        assert!((0.45..0.55).contains(&leads), "{leads} a county");
    }

    #[test]
    fn nobody_is_in_an_operation_twice_and_all_ends_within_the_day() {
        let all = joint(Country::whole(284), 3);
        for one in &all {
            let mut members = one.members.clone();
            members.sort_unstable();
            members.dedup();
            assert_eq!(members.len(), one.members.len());
        }
        assert!(deeds(&all, 3).keys().all(|minute| *minute < MINUTES));
    }
}
