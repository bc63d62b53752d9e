//! The times and durations of one row: read as the map says, checked against each other, never silently dropped.
//!
//! A time that a row can do without is left out with a notice when it cannot be read; a time before an earlier one is kept
//! with a notice. Knows no calls, only the moments read so far in this row. Start at [`Reading::optional_time`].

use super::{Reading, Stop};
use crate::map::{Moment, TimeSource};
use crate::report::{Finding, Reason};
use crate::text::Column;
use crate::times::{Clocks, Count, Doubled, NoTime, ReadTime, TimeFormat, show};

impl Reading<'_> {
    pub(super) fn received(&mut self) -> Result<i64, Stop> {
        let map = &self.reader.map;
        let source = map
            .call
            .times
            .iter()
            .find(|(moment, _)| *moment == Moment::Received);
        let Some((_, source)) = source else {
            return Err(self.whole_row(Reason::TimeMissing, "call.received"));
        };
        match self.time(Moment::Received, source) {
            Err(finding) => Err(Stop::Refuse(finding)),
            Ok(Some(ms)) => {
                self.moments[Moment::Received as usize] = Some(ms);
                self.fill("call.received");
                Ok(ms)
            }
            Ok(None) => {
                let (TimeSource::Stated { columns, .. } | TimeSource::After { columns, .. }) =
                    source;
                let (_, index) = self.reader.first(self.row, columns);
                Err(Stop::Refuse(self.finding(
                    index,
                    Reason::TimeMissing,
                    "",
                    "when the call was received",
                )))
            }
        }
    }

    /// Reads a time that a row can do without: what cannot be read is left out and reported.
    pub(super) fn optional_time(
        &mut self,
        name: &str,
        moment: Moment,
        sources: &[(Moment, TimeSource)],
    ) -> Option<i64> {
        let (_, source) = sources.iter().find(|(other, _)| *other == moment)?;
        match self.time(moment, source) {
            Ok(Some(ms)) => {
                self.check_order(moment, ms, source);
                self.moments[moment as usize] = Some(ms);
                self.fill(format!("{name}.{moment}"));
                Some(ms)
            }
            Ok(None) => None,
            Err(mut finding) => {
                finding.expected = format!("{}; the row was taken without it", finding.expected);
                self.notices.push(finding);
                None
            }
        }
    }

    fn check_order(&mut self, moment: Moment, ms: i64, source: &TimeSource) {
        let earlier = Moment::OF_CALL
            .into_iter()
            .chain(Moment::OF_RESPONSE)
            .take_while(|other| *other < moment);
        let broken = earlier
            .filter_map(|other| Some((other, self.moments[other as usize]?)))
            .find(|(_, before)| ms < *before);
        if let Some((other, before)) = broken {
            let (TimeSource::Stated { columns, .. } | TimeSource::After { columns, .. }) = source;
            let (_, index) = self.reader.first(self.row, columns);
            let expected = format!(
                "{moment} is {} s before {other}; both were taken as they are",
                (before - ms) / 1_000
            );
            self.notices
                .push(self.finding(index, Reason::TimesOutOfOrder, "", expected));
        }
    }

    fn time(&mut self, moment: Moment, source: &TimeSource) -> Result<Option<i64>, Finding> {
        let Some(mut read) = self.read_time(&self.moments, moment, source, None)? else {
            return Ok(None);
        };
        if read.clocks == Clocks::Fold
            && let Some(pass) = self.pass_of(moment)
            && let Some(decided) = self.read_time(&self.moments, moment, source, Some(pass))?
        {
            read = decided;
        }
        self.notice_clocks(read, source);
        Ok(Some(read.ms))
    }

    /// Reads one time after those of `moments`. Without a `pass`, a doubled time is the first unless that breaks their order.
    pub(super) fn read_time(
        &self,
        moments: &[Option<i64>; 8],
        moment: Moment,
        source: &TimeSource,
        pass: Option<Doubled>,
    ) -> Result<Option<ReadTime>, Finding> {
        match source {
            TimeSource::After {
                base,
                columns,
                count,
            } => {
                let Some(base_ms) = moments[*base as usize] else {
                    return Ok(None);
                };
                let seconds = self.duration_s(columns, *count)?;
                Ok(seconds.map(|seconds| ReadTime {
                    ms: base_ms + (seconds * 1_000.0).round() as i64,
                    clocks: Clocks::Plain,
                }))
            }
            TimeSource::Stated {
                columns,
                joined,
                formats,
                day_of,
            } => {
                let (value, index) = self.stated(columns, *joined);
                if value.is_empty() {
                    return Ok(None);
                }
                let times = &self.reader.map.times;
                let before = moments[..moment as usize].iter().flatten().copied().max();
                let standard = before.map_or(Doubled::First, Doubled::NotBefore);
                let read = match day_of {
                    None => times.read(&value, formats, pass.unwrap_or(standard)),
                    Some(base) => match moments[*base as usize] {
                        Some(after) => {
                            let pass = pass.unwrap_or(Doubled::NotBefore(after));
                            times.read_on_day_of(&value, formats, after, pass)
                        }
                        None => return Ok(None),
                    },
                };
                read.map(Some).map_err(|why| match why {
                    NoTime::Unreadable => self.finding(
                        index,
                        Reason::TimeUnreadable,
                        &value,
                        expected_formats(formats),
                    ),
                    NoTime::OutOfRange => self.finding(
                        index,
                        Reason::TimeOutOfRange,
                        &value,
                        "a time between 1970 and 2100",
                    ),
                })
            }
        }
    }

    /// Returns what the columns of a time state, and the column to be named in a finding.
    fn stated(&self, columns: &[Column], joined: bool) -> (String, usize) {
        let (first, index) = self.reader.first(self.row, columns);
        if joined {
            (self.joined(columns), index)
        } else {
            (first.to_owned(), index)
        }
    }

    /// Joins a date and a time. When a part is empty there is no time, not half a one.
    fn joined(&self, columns: &[Column]) -> String {
        let parts: Vec<&str> = columns
            .iter()
            .map(|column| self.reader.field(self.row, column))
            .collect();
        if parts.iter().any(|part| part.is_empty()) {
            String::new()
        } else {
            parts.join(" ")
        }
    }

    fn notice_clocks(&mut self, read: ReadTime, source: &TimeSource) {
        let reason = match read.clocks {
            Clocks::Plain => return,
            Clocks::Gap => Reason::TimeInDstGap,
            Clocks::Fold => Reason::TimeInDstFold,
        };
        let TimeSource::Stated {
            columns, joined, ..
        } = source
        else {
            return;
        };
        let (value, index) = self.stated(columns, *joined);
        let notice = self.finding(
            index,
            reason,
            &value,
            format!("taken as {} UTC", show(read.ms)),
        );
        self.notices.push(notice);
    }

    fn duration_s(&self, columns: &[Column], count: Count) -> Result<Option<f64>, Finding> {
        let (value, index) = self.reader.first(self.row, columns);
        if value.is_empty() {
            return Ok(None);
        }
        let expected = match count {
            Count::Seconds | Count::Minutes | Count::Hours | Count::Days => {
                "a number from 0 that is at most 31 days"
            }
            Count::Clock => "h:mm:ss or mm:ss",
        };
        let seconds = count.read_s(value, self.reader.map.times.decimal);
        seconds
            .map(Some)
            .ok_or_else(|| self.finding(index, Reason::DurationUnreadable, value, expected))
    }

    pub(super) fn optional_duration(
        &mut self,
        key: String,
        duration: Option<&(Vec<Column>, Count)>,
    ) -> Option<f64> {
        let (columns, count) = duration?;
        match self.duration_s(columns, *count) {
            Ok(seconds) => {
                if seconds.is_some() {
                    self.fill(key);
                }
                seconds
            }
            Err(finding) => {
                self.notices.push(finding);
                None
            }
        }
    }
}

fn expected_formats(formats: &[TimeFormat]) -> String {
    let written: Vec<String> = formats.iter().map(ToString::to_string).collect();
    format!("a time like {}", written.join(" or "))
}
