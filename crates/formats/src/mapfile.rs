//! Reading a mapping file (TOML) key by key, so that every mistake is told with its line and what would have been right.
//!
//! Deserialising into structs would be shorter, but its errors name Rust types and stop at the first unknown key without
//! saying which one was probably meant. Knows nothing of what the keys mean; [`crate::map`] does. Start at [`Section`].

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::limits::MAP_BYTES_MAX;
use crate::text::{Column, nearest, shorten};

/// What is wrong with a mapping file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MapError {
    /// The file is larger than the limit.
    #[error("the map is larger than {MAP_BYTES_MAX} bytes")]
    TooLarge,
    /// The file is not TOML.
    #[error("map line {line}: not valid TOML: {problem}")]
    NotToml {
        /// Line of the map, from 1.
        line: u64,
        /// What the TOML reader said.
        problem: String,
    },
    /// A table with more entries than the limit.
    #[error("map line {line}: `{key}` has more than {max} entries")]
    TooMany {
        /// Line of the map, from 1.
        line: u64,
        /// The key with its section.
        key: String,
        /// The limit.
        max: usize,
    },
    /// A key that does not exist.
    #[error("map line {line}: there is no key `{key}`; {hint}")]
    UnknownKey {
        /// Line of the map, from 1.
        line: u64,
        /// The key with its section, for example `call.recieved`.
        key: String,
        /// The key that was probably meant, and the keys there are.
        hint: String,
    },
    /// A key that cannot be done without.
    #[error("map line {line}: `{key}` is missing; {hint}")]
    Missing {
        /// Line of the section that lacks it, from 1.
        line: u64,
        /// The key with its section.
        key: String,
        /// What to write.
        hint: String,
    },
    /// A value that does not fit its key.
    #[error("map line {line}: `{key}` is {found}; expected {expected}")]
    Wrong {
        /// Line of the map, from 1.
        line: u64,
        /// The key with its section.
        key: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
}

/// One table of a mapping file, with its name and its place in the text.
#[derive(Clone)]
pub(crate) struct Section<'m> {
    text: &'m str,
    name: String,
    line: u64,
    table: &'m DeTable<'m>,
}

/// Parses TOML text; the sections borrow from the result.
pub(crate) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, MapError> {
    if text.len() > MAP_BYTES_MAX {
        return Err(MapError::TooLarge);
    }
    DeTable::parse(text).map_err(|error| MapError::NotToml {
        line: error.span().map_or(1, |span| line_at(text, span.start)),
        problem: error.message().to_owned(),
    })
}

fn line_at(text: &str, offset: usize) -> u64 {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count() as u64
}

/// A value with the section and key it stands under.
#[derive(Clone)]
pub(crate) struct Value<'m> {
    text: &'m str,
    pub(crate) key: String,
    value: &'m Spanned<DeValue<'m>>,
}

impl<'m> Value<'m> {
    /// Returns the error that this value is not what was expected.
    pub(crate) fn wrong(&self, expected: impl Into<String>) -> MapError {
        MapError::Wrong {
            line: line_at(self.text, self.value.span().start),
            key: self.key.clone(),
            found: self.shown(),
            expected: expected.into(),
        }
    }

    fn shown(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(text) => format!("\"{}\"", shorten(text)),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(time) => format!("the time {time}"),
            DeValue::Array(items) => format!("a list of {}", items.len()),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// Returns the text, if it is a string.
    pub(crate) fn as_text(&self) -> Option<&'m str> {
        self.value.get_ref().as_str()
    }

    /// Returns the text, or for an integer its digits: codes are often written as bare numbers.
    pub(crate) fn as_code(&self) -> Option<String> {
        let number = self
            .value
            .get_ref()
            .as_integer()
            .map(|number| number.as_str().to_owned());
        number.or_else(|| self.as_text().map(str::to_owned))
    }

    /// Returns the whole number, if it is one.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        let number = self.value.get_ref().as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// Returns the number, if it is one.
    pub(crate) fn as_number(&self) -> Option<f64> {
        let float = self
            .value
            .get_ref()
            .as_float()
            .and_then(|number| number.as_str().parse().ok());
        float.or_else(|| self.as_integer().map(|number| number as f64))
    }

    /// Returns the truth value, if it is one.
    pub(crate) fn as_flag(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// Returns the items, if it is a list.
    pub(crate) fn as_list(&self) -> Option<Vec<Value<'m>>> {
        let items = self.value.get_ref().as_array()?;
        let item = |(index, value)| Value {
            text: self.text,
            key: format!("{}[{index}]", self.key),
            value,
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Returns the section, if it is a table.
    pub(crate) fn as_section(&self) -> Option<Section<'m>> {
        let table = self.value.get_ref().as_table()?;
        Some(Section {
            text: self.text,
            name: self.key.clone(),
            line: line_at(self.text, self.value.span().start),
            table,
        })
    }

    /// Returns a column by name (text) or number (from 1).
    pub(crate) fn column(&self) -> Result<Column, MapError> {
        let expected = "a column: its name in quotes, or its number from 1";
        match (self.as_text(), self.as_integer()) {
            (Some(name), _) if !name.trim().is_empty() => Ok(Column::Name(name.to_owned())),
            (None, Some(number)) => usize::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .map(Column::Number)
                .ok_or_else(|| self.wrong(expected)),
            (Some(_) | None, _) => Err(self.wrong(expected)),
        }
    }

    /// Returns one column, or a list of them of which the first that is not empty counts.
    pub(crate) fn columns(&self) -> Result<Vec<Column>, MapError> {
        let Some(items) = self.as_list() else {
            return Ok(vec![self.column()?]);
        };
        if items.is_empty() {
            return Err(self.wrong("at least one column"));
        }
        items.iter().map(Value::column).collect()
    }
}

impl<'m> Section<'m> {
    /// Returns the section of the whole file.
    pub(crate) fn root(text: &'m str, table: &'m Spanned<DeTable<'m>>) -> Section<'m> {
        Section {
            text,
            name: String::new(),
            line: 1,
            table: table.get_ref(),
        }
    }

    fn key_path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// Refuses keys that are not among the known.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), MapError> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(first) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let listed = known.join(", ");
        let hint = match nearest(first.get_ref(), known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`? The keys here are: {listed}"),
            None => format!("the keys here are: {listed}"),
        };
        Err(MapError::UnknownKey {
            line: line_at(self.text, first.span().start),
            key: self.key_path(first.get_ref()),
            hint,
        })
    }

    /// Returns the value under a key, if the key is there.
    pub(crate) fn value(&self, key: &str) -> Option<Value<'m>> {
        let value = self.table.get(key)?;
        Some(Value {
            text: self.text,
            key: self.key_path(key),
            value,
        })
    }

    /// Returns all keys with their values, in the order of the file.
    pub(crate) fn values(&self) -> Vec<(&'m str, Value<'m>)> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        let value = |(key, value): (&'m Spanned<_>, _)| {
            let name: &'m str =
                AsRef::<str>::as_ref(key.get_ref() as &'m std::borrow::Cow<'m, str>);
            (
                name,
                Value {
                    text: self.text,
                    key: format!("{}.\"{}\"", self.name, shorten(name)),
                    value,
                },
            )
        };
        all.into_iter().map(value).collect()
    }

    /// Returns the error that a key is missing.
    pub(crate) fn missing(&self, key: &str, hint: impl Into<String>) -> MapError {
        MapError::Missing {
            line: self.line,
            key: self.key_path(key),
            hint: hint.into(),
        }
    }

    /// Returns the error that this section has too many entries.
    pub(crate) fn too_many(&self, max: usize) -> MapError {
        MapError::TooMany {
            line: self.line,
            key: self.name.clone(),
            max,
        }
    }

    /// Returns the error that the value under a key is not what was expected.
    pub(crate) fn wrong(&self, key: &str, expected: impl Into<String>) -> MapError {
        match self.value(key) {
            Some(value) => value.wrong(expected),
            None => self.missing(key, expected),
        }
    }

    /// Returns the section under a key.
    pub(crate) fn section(&self, key: &str) -> Result<Option<Section<'m>>, MapError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        value.as_section().map(Some).ok_or_else(|| {
            value.wrong(format!(
                "a section; write [{}] on a line of its own",
                self.key_path(key)
            ))
        })
    }

    /// Returns the columns under a key.
    pub(crate) fn columns(&self, key: &str) -> Result<Option<Vec<Column>>, MapError> {
        self.value(key).map(|value| value.columns()).transpose()
    }

    /// Returns the text under a key.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'m str>, MapError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        value
            .as_text()
            .map(Some)
            .ok_or_else(|| value.wrong("text in quotes"))
    }
}
