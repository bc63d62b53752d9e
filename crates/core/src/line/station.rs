//! Recognising the station of a line that moves units up: by code or name, in one word or several, exactly first
//! and then forgivingly. A word that names a unit as well is the unit while none is named, and the station afterwards.

use super::find::Found;
use super::read::{Reader, short};
use super::recognise::{joined, looks_like_a_callsign, together, unit_at};
use super::say;
use super::words::{Field, Verb, between};
use super::{Misunderstanding, Trouble};
use crate::basis::{StationId, Text};

type Read<T> = Result<T, Box<Misunderstanding>>;

impl Reader<'_> {
    /// Takes a station by its whole code or name, or by the beginning of one.
    pub(super) fn station(&mut self) -> Read<bool> {
        // Whoever says "move" with a station means moving up; "move" with an incident is reassigning.
        let moves = self.verb == Verb::Reassign && self.word == "move";
        let wanted = self.verb == Verb::MoveUp || moves && self.given.incidents.is_empty();
        if !wanted || self.given.station.is_some() {
            return Ok(false);
        }
        let at = self.at;
        let spell = |len: usize| joined(&self.tokens[at..at + len]);
        let most = together(&self.tokens, at);
        let whole = (1..=most)
            .rev()
            .map(|len| (len, self.names.station(&spell(len))))
            .find(|(_, found)| *found != Found::Nothing);
        let unit = unit_at(&self.names, &self.tokens, at).map_or(0, |(len, _)| len);
        let begun = self.station_begun(at, most);
        // "和平" may be one station's code and "和平路" the beginning of its name: what takes more words was meant.
        let longest = [whole, begun].into_iter().flatten().rev();
        let Some((len, found)) = longest.max_by_key(|(len, _)| *len) else {
            return Ok(false);
        };
        let is_unit_first = self.given.units.is_empty() || self.station_follows(at + len);
        if unit > len || unit == len && is_unit_first {
            return Ok(false);
        }
        if unit == len {
            let typed = short(&spell(len));
            self.guess(
                format!("{typed} is a unit and also a station; the station is taken"),
                format!("{typed} 既是力量呼号也是站点，按站点理解"),
            );
        }
        let station = self.station_found(found, at, len)?;
        self.given.station = Some(station);
        self.at += len;
        Ok(true)
    }

    /// Returns true if a station is named from some later word on.
    fn station_follows(&self, from: usize) -> bool {
        (from..self.tokens.len()).any(|at| {
            let named = self.tokens[at].field == Some(Field::Station);
            let most = together(&self.tokens, at);
            let spell = |len: usize| joined(&self.tokens[at..at + len]);
            named || (1..=most).any(|len| self.names.station(&spell(len)) != Found::Nothing)
        })
    }

    /// Finds the beginning of a name, of two letters at least and no word that joins others: "to" begins "Tower" too.
    fn station_begun(&self, at: usize, most: usize) -> Option<(usize, Found<StationId>)> {
        let joins = self.token().plain.is_ascii() && between(&self.token().plain).is_some();
        if self.verb != Verb::MoveUp || joins || looks_like_a_callsign(self.token()) {
            return None;
        }
        (1..=most).rev().find_map(|len| {
            let typed = joined(&self.tokens[at..at + len]);
            let long_enough = typed.chars().count() >= 2;
            let found = self.names.station_starting(&typed);
            (long_enough && found != Found::Nothing).then_some((len, found))
        })
    }

    /// A word where a station or a unit is wanted: the one that is nearest, or none.
    pub(super) fn station_like(&mut self) -> Read<()> {
        let at = self.at;
        if self.waits() {
            return Ok(());
        }
        let callsign = looks_like_a_callsign(self.token());
        if self.given.station.is_some() || callsign && self.given.units.is_empty() {
            return self.unit_like();
        }
        let most = together(&self.tokens, at);
        let near = (1..=most).rev().find_map(|len| {
            let typed = joined(&self.tokens[at..at + len]);
            let near = match self.names.station_near(&typed) {
                Found::Nothing => self.names.station_starting(&typed),
                found @ (Found::Exactly(_) | Found::Likely(_) | Found::Several(_)) => found,
            };
            (near != Found::Nothing).then_some((len, near))
        });
        let (len, found) = near.unwrap_or((1, Found::Nothing));
        let station = self.station_found(found, at, len)?;
        self.given.station = Some(station);
        self.at += len;
        Ok(())
    }

    /// Passes 待命 behind the station: it says what the unit does there.
    fn waits(&mut self) -> bool {
        let after = self.tokens.get(self.at + 1);
        let waits = self.token().plain == "待"
            && after.is_some_and(|token| token.glued && token.plain == "命");
        if waits {
            self.at += 2;
        }
        waits
    }

    /// Finds the station of a named field.
    pub(super) fn station_named(&mut self, typed: &str, at: usize) -> Read<StationId> {
        let mut found = self.names.station(typed);
        if found == Found::Nothing {
            found = self.names.station_starting(typed);
        }
        if found == Found::Nothing {
            found = self.names.station_near(typed);
        }
        self.station_found(found, at, 1)
    }

    fn station_found(&mut self, found: Found<StationId>, at: usize, len: usize) -> Read<StationId> {
        let span = self.span(at, len);
        let typed = short(&joined(&self.tokens[at..(at + len).min(self.tokens.len())]));
        match found {
            Found::Exactly(station) => Ok(station),
            Found::Likely(station) => {
                let name = say::station(self.around, station);
                self.guess(
                    format!("\"{typed}\" is taken for station {name}"),
                    format!("“{typed}”按站点 {name} 理解"),
                );
                Ok(station)
            }
            Found::Several(names) => Err(Box::new(Misunderstanding {
                nearest: names.first().cloned(),
                ..*self.trouble(
                    Trouble::Several,
                    span,
                    Text::new(
                        format!(
                            "\"{typed}\" could be any of these stations: {}.",
                            names.join(", ")
                        ),
                        format!("“{typed}”可能是以下站点：{}。", names.join("、")),
                    ),
                    Text::new("Type its code.", "请输入站点代码。"),
                )
            })),
            Found::Nothing => Err(self.trouble(
                Trouble::NoSuch,
                span,
                Text::new(
                    format!("There is no station \"{typed}\"."),
                    format!("没有站点“{typed}”。"),
                ),
                Text::new(
                    "Write a station's code or name, as on the map.",
                    "请按地图填写站点代码或名称。",
                ),
            )),
        }
    }
}
