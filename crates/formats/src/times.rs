//! From fields to instants: formats tried in order, local time with its skipped and doubled hours, counts since an origin.
//!
//! All instants are milliseconds since 1970 UTC. The zone data is the one bundled with the program, not the machine's,
//! so that the same file gives the same calls everywhere. Knows nothing of rows. Start at [`TimeReader::read`].

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::limits::{DURATION_MAX_S, TIME_EARLIEST_MS, TIME_LATEST_MS};
use crate::places::number;
use crate::text::nearest;

/// A unit in which durations, and times since an origin, are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Seconds,
    Minutes,
    Hours,
    Days,
    /// `h:mm:ss` or `mm:ss`; durations only.
    Clock,
}

impl Count {
    /// Reads a duration in seconds; `None` if it is no number, negative or beyond the limit.
    pub(crate) fn read_s(self, text: &str, decimal: char) -> Option<f64> {
        let seconds = match self {
            Count::Seconds => number(text, decimal)?,
            Count::Minutes => number(text, decimal)? * 60.0,
            Count::Hours => number(text, decimal)? * 3_600.0,
            Count::Days => number(text, decimal)? * 86_400.0,
            Count::Clock => {
                let parts: Option<Vec<f64>> = text
                    .trim()
                    .split(':')
                    .map(|part| number(part, decimal))
                    .collect();
                let parts = parts.filter(|parts| {
                    (2..=3).contains(&parts.len()) && parts.iter().all(|part| *part >= 0.0)
                })?;
                parts.iter().fold(0.0, |sum, part| sum * 60.0 + part)
            }
        };
        (0.0..=DURATION_MAX_S).contains(&seconds).then_some(seconds)
    }
}

/// One way in which an agency writes times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// A strptime pattern.
    Pattern(String),
    /// ISO 8601, with or without an offset.
    Iso,
    Unix,
    UnixMs,
    /// A count since the origin that the map states.
    SinceOrigin(Count),
    /// Days since 1899-12-30, as spreadsheets count.
    Excel,
}

const FORMAT_WORDS: [(&str, TimeFormat); 8] = [
    ("iso", TimeFormat::Iso),
    ("unix", TimeFormat::Unix),
    ("unix_ms", TimeFormat::UnixMs),
    ("seconds", TimeFormat::SinceOrigin(Count::Seconds)),
    ("minutes", TimeFormat::SinceOrigin(Count::Minutes)),
    ("hours", TimeFormat::SinceOrigin(Count::Hours)),
    ("days", TimeFormat::SinceOrigin(Count::Days)),
    ("excel", TimeFormat::Excel),
];

impl TimeFormat {
    /// Reads a format of a map; the error says what was expected.
    pub(crate) fn compile(text: &str) -> Result<TimeFormat, String> {
        if let Some((_, format)) = FORMAT_WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(format.clone());
        }
        let words = FORMAT_WORDS.map(|(word, _)| word);
        if !text.contains('%') {
            let meant = nearest(text, words)
                .map_or(String::new(), |word| format!(" (did you mean `{word}`?)"));
            return Err(format!(
                "a pattern such as \"%Y-%m-%d %H:%M:%S\" or one of {}{meant}",
                words.join(", ")
            ));
        }
        // A pattern that cannot read what it has written itself would refuse every row; say so now.
        let sample = Timestamp::from_second(1_496_671_382)
            .map_err(|error| error.to_string())?
            .to_zoned_datetime(TimeZone::UTC);
        let written = jiff::fmt::strtime::format(text, &sample)
            .map_err(|error| format!("a pattern that can be read ({error})"))?;
        BrokenDownTime::parse(text, &written)
            .map_err(|error| format!("a pattern that can read times ({error})"))?;
        Ok(TimeFormat::Pattern(text.to_owned()))
    }
}

impl std::fmt::Display for TimeFormat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let TimeFormat::Pattern(pattern) = self {
            return write!(out, "\"{pattern}\"");
        }
        let word = FORMAT_WORDS.iter().find(|(_, format)| format == self);
        out.write_str(word.map_or("", |(word, _)| word))
    }
}

/// Returns a zone by its IANA name; the error says what was expected.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    let zones = TimeZoneDatabase::bundled();
    zones.get(name).map_err(|_| {
        let names: Vec<String> = zones
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        let hint = match meant_zone(name, &names) {
            Some(meant) => format!("; did you mean \"{meant}\"?"),
            None if name.contains('/') => String::new(),
            None => {
                "; a zone is written as its region and a city, not as an abbreviation or an offset"
                    .to_owned()
            }
        };
        format!(
            "an IANA zone name such as \"Asia/Shanghai\", \"America/Los_Angeles\" or \"UTC\"{hint}"
        )
    })
}

/// Returns the zone that was probably meant, by its whole name or by its city.
///
/// Abbreviations are never proposed: `PST` is one letter from `EST`, and three hours. Nor are the zones under `Etc`, whose
/// signs are the other way round, so that `GMT+8` would be answered with the far side of the Earth.
fn meant_zone<'n>(wanted: &str, names: &'n [String]) -> Option<&'n str> {
    // Among three or four letters everything is near to everything.
    if wanted
        .chars()
        .filter(|letter| letter.is_alphabetic())
        .count()
        < 5
    {
        return None;
    }
    let places = || {
        names
            .iter()
            .map(String::as_str)
            .filter(|name| name.contains('/') && !name.starts_with("Etc/"))
    };
    let city = |name: &'n str| name.rsplit('/').next().unwrap_or(name);
    nearest(wanted, places()).or_else(|| {
        let meant = nearest(wanted, places().map(city))?;
        places().find(|name| city(name) == meant)
    })
}

/// Reads an origin of a map: local time in the zone unless it has an offset.
pub(crate) fn origin(text: &str, zone: &TimeZone) -> Option<i64> {
    match iso(text)? {
        Stated::Instant(instant) => Some(instant.as_millisecond()),
        Stated::Local(local) => Some(
            zone.to_ambiguous_timestamp(local)
                .compatible()
                .ok()?
                .as_millisecond(),
        ),
    }
}

/// Shows an instant in UTC, for people.
pub(crate) fn show(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| format!("{ms} ms"),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// How the times of one file are read.
#[derive(Debug, Clone)]
pub(crate) struct TimeReader {
    pub(crate) zone: TimeZone,
    pub(crate) origin_ms: Option<i64>,
    pub(crate) decimal: char,
}

/// What the change of the clocks did to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clocks {
    Plain,
    Gap,
    Fold,
}

/// Which of its two passes a time of the doubled hour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubled {
    First,
    Second,
    /// The first, unless it would lie before this time.
    NotBefore(i64),
}

/// A time that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadTime {
    pub(crate) ms: i64,
    pub(crate) clocks: Clocks,
}

/// Why no time was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTime {
    Unreadable,
    OutOfRange,
}

enum Stated {
    Instant(Timestamp),
    Local(DateTime),
}

impl TimeReader {
    /// Reads a time in the first format that fits.
    pub(crate) fn read(
        &self,
        text: &str,
        formats: &[TimeFormat],
        doubled: Doubled,
    ) -> Result<ReadTime, NoTime> {
        let stated = formats
            .iter()
            .find_map(|format| self.stated(text, format))
            .ok_or(NoTime::Unreadable)?;
        let read = match stated {
            Stated::Instant(instant) => ReadTime {
                ms: instant.as_millisecond(),
                clocks: Clocks::Plain,
            },
            Stated::Local(local) => self.resolve(local, doubled).ok_or(NoTime::OutOfRange)?,
        };
        if (TIME_EARLIEST_MS..=TIME_LATEST_MS).contains(&read.ms) {
            Ok(read)
        } else {
            Err(NoTime::OutOfRange)
        }
    }

    /// Reads a time of day and puts it on the day on which it comes soonest after `after_ms`, or at most an hour before.
    pub(crate) fn read_on_day_of(
        &self,
        text: &str,
        formats: &[TimeFormat],
        after_ms: i64,
        doubled: Doubled,
    ) -> Result<ReadTime, NoTime> {
        let time = formats
            .iter()
            .find_map(|format| time_of_day(text, format))
            .ok_or(NoTime::Unreadable)?;
        let after = Timestamp::from_millisecond(after_ms).map_err(|_| NoTime::OutOfRange)?;
        let day: Date = self.zone.to_datetime(after).date();
        let days = [day.yesterday(), Ok(day), day.tomorrow()];
        let reads = days
            .into_iter()
            .flatten()
            .filter_map(|day| self.resolve(day.to_datetime(time), doubled));
        reads
            .into_iter()
            .find(|read| read.ms >= after_ms - 3_600_000)
            .ok_or(NoTime::OutOfRange)
    }

    fn stated(&self, text: &str, format: &TimeFormat) -> Option<Stated> {
        let text = text.trim();
        let from_ms = |ms: f64| {
            Timestamp::from_millisecond(whole(ms)?)
                .ok()
                .map(Stated::Instant)
        };
        match format {
            TimeFormat::Iso => iso(text),
            TimeFormat::Unix => from_ms(number(text, self.decimal)? * 1_000.0),
            TimeFormat::UnixMs => from_ms(number(text, self.decimal)?),
            TimeFormat::SinceOrigin(count) => {
                let unit_s = match count {
                    Count::Seconds | Count::Clock => 1.0,
                    Count::Minutes => 60.0,
                    Count::Hours => 3_600.0,
                    Count::Days => 86_400.0,
                };
                from_ms(
                    self.origin_ms? as f64
                        + (number(text, self.decimal)? * unit_s * 1_000.0).round(),
                )
            }
            TimeFormat::Excel => {
                let days =
                    number(text, self.decimal).filter(|days| (1.0..=80_000.0).contains(days))?;
                // Spreadsheets hold fractions of a day, whose last digits are noise: round to the second.
                let seconds = (days * 86_400.0).round() as i64;
                let epoch = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
                epoch
                    .checked_add(jiff::SignedDuration::from_secs(seconds))
                    .ok()
                    .map(Stated::Local)
            }
            TimeFormat::Pattern(pattern) => {
                let parts = BrokenDownTime::parse(pattern, text).ok()?;
                if parts.offset().is_some() || parts.timestamp().is_some() {
                    return parts.to_timestamp().ok().map(Stated::Instant);
                }
                parts.to_datetime().ok().map(Stated::Local)
            }
        }
    }

    fn resolve(&self, local: DateTime, doubled: Doubled) -> Option<ReadTime> {
        let choice = self.zone.to_ambiguous_timestamp(local);
        let clocks = match choice.offset() {
            AmbiguousOffset::Unambiguous { .. } => Clocks::Plain,
            AmbiguousOffset::Gap { .. } => Clocks::Gap,
            AmbiguousOffset::Fold { .. } => Clocks::Fold,
        };
        let first = choice.compatible().ok()?.as_millisecond();
        let is_second = match doubled {
            Doubled::First => false,
            Doubled::Second => true,
            Doubled::NotBefore(before) => first < before,
        };
        let ms = if clocks == Clocks::Fold && is_second {
            choice.later().ok()?.as_millisecond()
        } else {
            first
        };
        Some(ReadTime { ms, clocks })
    }
}

fn whole(ms: f64) -> Option<i64> {
    // Beyond 2^53 a float no longer holds every millisecond; no time is out there.
    (ms.abs() < 9e15).then(|| ms.round() as i64)
}

fn iso(text: &str) -> Option<Stated> {
    // A date alone would become midnight without anybody having said so.
    if !text.contains(':') {
        return None;
    }
    let instant = text.parse::<Timestamp>().ok().map(Stated::Instant);
    instant.or_else(|| text.parse::<DateTime>().ok().map(Stated::Local))
}

fn time_of_day(text: &str, format: &TimeFormat) -> Option<jiff::civil::Time> {
    match format {
        TimeFormat::Pattern(pattern) => BrokenDownTime::parse(pattern, text.trim())
            .ok()?
            .to_time()
            .ok(),
        TimeFormat::Iso => text.trim().parse().ok(),
        TimeFormat::Unix | TimeFormat::UnixMs | TimeFormat::SinceOrigin(_) | TimeFormat::Excel => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clocks, Count, Doubled, NoTime, TimeFormat, TimeReader, origin, show, zone};
    use crate::limits::{DURATION_MAX_S, TIME_EARLIEST_MS, TIME_LATEST_MS};

    fn reader(name: &str) -> TimeReader {
        let zone = zone(name).unwrap();
        let origin_ms = origin("2017-01-01T00:00:00", &zone);
        TimeReader {
            zone,
            origin_ms,
            decimal: '.',
        }
    }

    #[test]
    fn formats_give_the_instants_a_clerk_would_give() {
        let cases = "
            America/Los_Angeles | %m/%d/%Y %I:%M:%S %p | 12/31/2016 12:01:04 AM       | 2016-12-31 08:01:04
            America/Los_Angeles | %m/%d/%Y %H:%M       | 7/4/2017 9:05                | 2017-07-04 16:05:00
            Asia/Shanghai       | %Y年%m月%d日 %H时%M分  | 2017年1月2日 8时5分             | 2017-01-02 00:05:00
            Asia/Shanghai       | iso                  | 2017-01-02 08:05:06.789      | 2017-01-02 00:05:06
            Asia/Shanghai       | iso                  | 2017-01-02T08:05:06+01:00    | 2017-01-02 07:05:06
            Asia/Shanghai       | iso                  | 2017-01-02T08:05:06Z         | 2017-01-02 08:05:06
            Asia/Shanghai       | iso                  | 2017-01-02                   | Unreadable
            UTC                 | %d-%b-%y %H:%M:%S    | 02-Jan-17 08:05:06           | 2017-01-02 08:05:06
            UTC                 | %Y-%m-%d %H:%M:%S %z | 2017-01-02 08:05:06 +0800    | 2017-01-02 00:05:06
            Europe/London       | unix                 | 1483344306                   | 2017-01-02 08:05:06
            Europe/London       | unix_ms              | 1483344306000                | 2017-01-02 08:05:06
            Europe/London       | unix                 | 1483344306000                | Unreadable
            Europe/London       | unix_ms              | 1                            | OutOfRange
            Pacific/Auckland    | seconds              | 70.8                         | 2016-12-31 11:01:10
            Pacific/Auckland    | days                 | 0.5                          | 2016-12-31 23:00:00
            Europe/Berlin       | excel                | 42737.336875                 | 2017-01-02 07:05:06
            UTC                 | %m/%d/%Y             | 31/12/2016                   | Unreadable";
        for case in cases.lines().filter(|line| !line.trim().is_empty()) {
            let fields: Vec<&str> = case.split(" | ").map(str::trim).collect();
            let format = TimeFormat::compile(fields[1]).unwrap();
            let found = reader(fields[0]).read(fields[2], &[format], Doubled::First);
            let found = found.map_or_else(|why| format!("{why:?}"), |read| show(read.ms));
            assert_eq!(found, fields[3], "{case}");
        }
    }

    #[test]
    fn the_first_format_that_fits_is_taken() {
        let formats = [
            TimeFormat::compile("%m/%d/%Y %H:%M").unwrap(),
            TimeFormat::Iso,
        ];
        let read = reader("UTC")
            .read("2017-01-02T08:05:06Z", &formats, Doubled::First)
            .unwrap();
        assert_eq!(show(read.ms), "2017-01-02 08:05:06");
    }

    #[test]
    fn a_skipped_hour_is_shifted_and_a_doubled_hour_follows_the_order_of_the_times() {
        let here = reader("America/Los_Angeles");
        let iso = [TimeFormat::Iso];
        let gap = here
            .read("2017-03-12 02:30:00", &iso, Doubled::First)
            .unwrap();
        assert_eq!(
            (show(gap.ms).as_str(), gap.clocks),
            ("2017-03-12 10:30:00", Clocks::Gap)
        );
        let first = here
            .read("2017-11-05 01:10:00", &iso, Doubled::First)
            .unwrap();
        assert_eq!(
            (show(first.ms).as_str(), first.clocks),
            ("2017-11-05 08:10:00", Clocks::Fold)
        );
        let received = here
            .read("2017-11-05 01:50:00", &iso, Doubled::First)
            .unwrap();
        let second = here
            .read("2017-11-05 01:10:00", &iso, Doubled::NotBefore(received.ms))
            .unwrap();
        assert_eq!(
            show(second.ms),
            "2017-11-05 09:10:00",
            "an arrival cannot come before the call"
        );
    }

    #[test]
    fn a_time_of_day_goes_over_midnight() {
        let here = reader("America/Los_Angeles");
        let clock = [TimeFormat::compile("%H:%M:%S").unwrap()];
        let received = here
            .read("2017-01-01 23:58:00", &[TimeFormat::Iso], Doubled::First)
            .unwrap()
            .ms;
        let on_day = |text: &str| {
            here.read_on_day_of(text, &clock, received, Doubled::NotBefore(received))
                .map(|read| (read.ms - received) / 60_000)
        };
        assert_eq!(on_day("23:59:00"), Ok(1));
        assert_eq!(on_day("00:03:00"), Ok(5));
        assert_eq!(
            on_day("23:00:00"),
            Ok(-58),
            "a little before is a slip of the clock, not the next day"
        );
        assert_eq!(on_day("22:57:00"), Ok(23 * 60 - 1));
        assert_eq!(on_day("25:00:00"), Err(NoTime::Unreadable));
    }

    #[test]
    fn years_are_taken_up_to_the_limit_and_not_one_past() {
        let here = reader("UTC");
        for (ms, good) in [
            (TIME_EARLIEST_MS, true),
            (TIME_EARLIEST_MS - 1, false),
            (TIME_LATEST_MS, true),
            (TIME_LATEST_MS + 1, false),
        ] {
            assert_eq!(
                here.read(&ms.to_string(), &[TimeFormat::UnixMs], Doubled::First)
                    .is_ok(),
                good,
                "{ms}"
            );
        }
    }

    #[test]
    fn durations_are_read_up_to_the_limit() {
        let cases = [
            (Count::Seconds, "50", Some(50.0)),
            (Count::Minutes, "1.5", Some(90.0)),
            (Count::Clock, "1:02:03", Some(3_723.0)),
            (Count::Clock, "02:03", Some(123.0)),
            (Count::Clock, "17", None),
            (Count::Seconds, "-1", None),
            (Count::Seconds, "inf", None),
            (Count::Seconds, "2678400", Some(DURATION_MAX_S)),
            (Count::Seconds, "2678401", None),
        ];
        for (count, text, expected) in cases {
            assert_eq!(count.read_s(text, '.'), expected, "{count:?} {text}");
        }
    }

    #[test]
    fn a_format_that_could_never_read_is_refused_at_once() {
        assert!(
            TimeFormat::compile("unixms")
                .unwrap_err()
                .contains("did you mean `unix_ms`")
        );
        assert!(TimeFormat::compile("%Y-%m-%d %K").is_err());
        assert!(TimeFormat::compile("%c").is_err(), "written but not read");
        assert!(
            zone("America/Los_Angelos")
                .unwrap_err()
                .contains("America/Los_Angeles")
        );
    }

    #[test]
    fn a_zone_that_does_not_exist_is_answered_with_a_place_and_never_with_an_abbreviation() {
        let cases = "
            PST                 | region and a city
            CST                 | region and a city
            UTC+8               | region and a city
            GMT+8               | region and a city
            America/Los_Angelos | did you mean \"America/Los_Angeles\"?
            los angelos         | did you mean \"America/Los_Angeles\"?
            Berlin              | did you mean \"Europe/Berlin\"?
            Shanghia            | did you mean \"Asia/Shanghai\"?";
        for case in cases.lines().filter(|line| !line.trim().is_empty()) {
            let (name, told) = case.split_once('|').unwrap();
            let refused = zone(name.trim()).unwrap_err();
            assert!(refused.contains(told.trim()), "{case}\n{refused}");
            assert!(!refused.contains("EST"), "{refused}");
        }
    }
}
