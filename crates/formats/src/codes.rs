//! From an agency's codes to ours: exact entries, entries with `*`, rules over several columns, and what to do otherwise.
//!
//! Knows nothing of what a code means; [`crate::map`] says which codes a table may give. Start at [`CodeTable::look_up`].

use std::collections::BTreeMap;

use crate::limits::{CODE_CHARS_MAX, CODES_MAX};
use crate::mapfile::{MapError, Section, Value};
use crate::text::Column;

/// What a table gives for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CodeTo {
    /// This code of ours.
    Code(String),
    /// The row is left out.
    Skip,
    /// No code, on purpose.
    Empty,
}

/// What happens to a code that no entry matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Otherwise {
    To(CodeTo),
    /// The agency's own code is kept, made plain: `Gas Leak` becomes `gas_leak`.
    Keep,
    /// The row is refused.
    Refuse,
}

/// What codes a table may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// Lower-case words such as `structure_fire`.
    Word,
    /// 1 (highest) to 4.
    Priority,
}

/// One `codes` table of a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeTable {
    pub(crate) columns: Vec<Column>,
    exact: BTreeMap<String, CodeTo>,
    /// Longest first, so that the most particular pattern wins.
    patterns: Vec<(String, CodeTo)>,
    pub(crate) rules: Vec<Rule>,
    otherwise: Otherwise,
}

/// A rule over several columns; every pattern must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) when: Vec<(Column, String)>,
    to: CodeTo,
}

/// The answer of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Mapped(CodeTo),
    /// No entry matched; the code as it stands in the file, and what was done.
    Otherwise(String, Otherwise),
}

impl CodeTable {
    /// Reads a table; `standard` says what happens without `default` when there are entries.
    pub(crate) fn read(
        section: &Section<'_>,
        kind: CodeKind,
        standard: &Otherwise,
    ) -> Result<CodeTable, MapError> {
        section.only(&["column", "codes", "default", "rules"])?;
        let columns = section.columns("column")?.unwrap_or_default();
        let mut exact = BTreeMap::new();
        let mut patterns = Vec::new();
        if let Some(codes) = section.section("codes")? {
            let entries = codes.values();
            if columns.is_empty() {
                return Err(section.missing(
                    "column",
                    "name the column whose codes these are, for example `column = \"Call Type\"`",
                ));
            }
            if entries.len() > CODES_MAX {
                return Err(section.too_many(CODES_MAX));
            }
            for (code, value) in entries {
                let to = code_to(&value, kind)?;
                let code = fold(code);
                let twice = if code.contains('*') {
                    let twice = patterns.iter().any(|(other, _)| *other == code);
                    patterns.push((code, to));
                    twice
                } else {
                    exact.insert(code, to).is_some()
                };
                if twice {
                    return Err(value
                        .wrong("each code once (capitals and spaces do not make a difference)"));
                }
            }
        }
        patterns.sort_by_key(|(pattern, _)| {
            std::cmp::Reverse(pattern.chars().filter(|letter| *letter != '*').count())
        });
        let rules = rules(section, kind)?;
        let has_entries = !(exact.is_empty() && patterns.is_empty() && rules.is_empty());
        let otherwise = match section.value("default") {
            Some(value) => otherwise(&value, kind)?,
            None if columns.is_empty() && rules.is_empty() => {
                return Err(
                    section.missing("column", "name a column, or give a `default` for every row")
                );
            }
            None if has_entries => standard.clone(),
            None => Otherwise::Keep,
        };
        Ok(CodeTable {
            columns,
            exact,
            patterns,
            rules,
            otherwise,
        })
    }

    /// Returns the code for the values of this row's columns (in the order of `columns`) and of its rules.
    pub(crate) fn look_up(&self, values: &[&str], rule_values: &[Vec<&str>]) -> Found {
        for (rule, values) in self.rules.iter().zip(rule_values) {
            let all = rule
                .when
                .iter()
                .zip(values)
                .all(|((_, pattern), value)| matches(pattern, &fold(value)));
            if all {
                return Found::Mapped(rule.to.clone());
            }
        }
        let stated: Vec<&str> = values
            .iter()
            .copied()
            .filter(|value| !value.is_empty())
            .collect();
        // An entry for "" speaks for rows in which every column is empty.
        let tried: &[&str] = if stated.is_empty() { &[""] } else { &stated };
        for value in tried {
            let folded = fold(value);
            let pattern = || {
                self.patterns
                    .iter()
                    .find(|(pattern, _)| matches(pattern, &folded))
                    .map(|(_, to)| to)
            };
            if let Some(to) = self.exact.get(&folded).or_else(pattern) {
                return Found::Mapped(to.clone());
            }
        }
        if self.columns.is_empty()
            && let Otherwise::To(to) = &self.otherwise
        {
            return Found::Mapped(to.clone());
        }
        Found::Otherwise(tried[0].to_owned(), self.otherwise.clone())
    }
}

fn rules(section: &Section<'_>, kind: CodeKind) -> Result<Vec<Rule>, MapError> {
    let Some(value) = section.value("rules") else {
        return Ok(Vec::new());
    };
    let expected = "a list of rules such as { when = { \"Call Type\" = \"Other\", \"Group\" = \"Fire*\" }, to = \"outside_fire\" }";
    let items = value.as_list().ok_or_else(|| value.wrong(expected))?;
    if items.len() > CODES_MAX {
        return Err(section.too_many(CODES_MAX));
    }
    let mut rules = Vec::new();
    for item in items {
        let rule = item.as_section().ok_or_else(|| item.wrong(expected))?;
        rule.only(&["when", "to"])?;
        let when = rule
            .section("when")?
            .ok_or_else(|| rule.missing("when", "say which columns decide"))?;
        let to = rule
            .value("to")
            .ok_or_else(|| rule.missing("to", "say which code the rule gives"))?;
        let mut conditions = Vec::new();
        for (column, pattern) in when.values() {
            let code = pattern
                .as_code()
                .ok_or_else(|| pattern.wrong("text in quotes, with * for any characters"))?;
            conditions.push((Column::Name(column.to_owned()), fold(&code)));
        }
        rules.push(Rule {
            when: conditions,
            to: code_to(&to, kind)?,
        });
    }
    Ok(rules)
}

fn code_to(value: &Value<'_>, kind: CodeKind) -> Result<CodeTo, MapError> {
    let expected = match kind {
        CodeKind::Word => {
            "a code of lower-case letters, digits and _ such as \"structure_fire\", or \"skip\" to leave such rows out, or \"\" for none"
        }
        CodeKind::Priority => {
            "a priority from 1 (highest) to 4, or \"skip\" to leave such rows out"
        }
    };
    let code = value.as_code().ok_or_else(|| value.wrong(expected))?;
    match code.as_str() {
        "skip" => Ok(CodeTo::Skip),
        "" if kind == CodeKind::Word => Ok(CodeTo::Empty),
        "1" | "2" | "3" | "4" if kind == CodeKind::Priority => Ok(CodeTo::Code(code)),
        word if kind == CodeKind::Word && is_code(word) => Ok(CodeTo::Code(code)),
        _ => Err(value.wrong(expected)),
    }
}

fn otherwise(value: &Value<'_>, kind: CodeKind) -> Result<Otherwise, MapError> {
    match value.as_text() {
        Some("refuse") => Ok(Otherwise::Refuse),
        Some("keep") => Ok(Otherwise::Keep),
        Some(_) | None => Ok(Otherwise::To(code_to(value, kind)?)),
    }
}

/// True for codes such as `structure_fire`.
pub(crate) fn is_code(word: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    !word.is_empty() && word.len() <= CODE_CHARS_MAX && word.chars().all(allowed)
}

/// Makes an agency's own code plain: lower-case words joined by `_`. Letters of other scripts are kept.
pub(crate) fn plain_code(code: &str) -> String {
    let mut out = String::new();
    for letter in code.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            out.push(letter);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let cut: String = out.chars().take(CODE_CHARS_MAX).collect();
    cut.trim_end_matches('_').to_owned()
}

/// Folds what does not make a difference: case, and spaces at the ends and in rows.
fn fold(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// True when `*` in the pattern can stand for some characters so that it is the value. Both are folded.
fn matches(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = value.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{fold, matches, plain_code};

    #[test]
    fn patterns_match_as_a_person_reads_them() {
        let cases = "
            ems: *      | EMS: Fall Victim   | yes
            ems: *      | Fire: Gas Leak     | no
            *fire*      | Structure Fire (R) | yes
            *fire       | Structure Fire (R) | no
            e*          | E01                | yes
            a*b*c       | aXbYc              | yes
            a*b*c       | acb                | no
            a*a         | a                  | no
            exact       | Exact              | yes
            *           |                    | yes";
        for case in cases.lines().filter(|line| !line.trim().is_empty()) {
            let fields: Vec<&str> = case.split('|').map(str::trim).collect();
            assert_eq!(
                matches(&fold(fields[0]), &fold(fields[1])),
                fields[2] == "yes",
                "{case}"
            );
        }
    }

    #[test]
    fn a_kept_code_is_made_plain() {
        assert_eq!(
            plain_code("  Gas Leak (Natural and LP Gases)"),
            "gas_leak_natural_and_lp_gases"
        );
        assert_eq!(plain_code("交通事故"), "交通事故");
        assert_eq!(plain_code("()"), "");
    }
}
