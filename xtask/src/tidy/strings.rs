//! Chinese is a first language of this product: every text of the console is there in both. The console's own
//! check knows more (which texts are used where), but needs Node.js. Start at
//! [`both_languages_have_every_text`].

use std::collections::BTreeSet;

use super::{Fault, Tree};

const EN: &str = "web/src/lib/strings/en.json";
const ZH: &str = "web/src/lib/strings/zh-CN.json";

/// Both files of texts have the same keys, each once.
pub(super) fn both_languages_have_every_text(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut keys = [EN, ZH].map(|path| {
        let mut seen = BTreeSet::new();
        for (key, line) in keys(tree.texts.get(path).map(String::as_str).unwrap_or_default()) {
            if !seen.insert(key.clone()) {
                faults.push(Fault::new(path, line, format!("\"{key}\" is there twice")));
            }
        }
        seen
    });
    let [en, zh] = &mut keys;
    faults.extend(
        en.difference(zh)
            .map(|key| Fault::new(ZH, 0, format!("lacks \"{key}\""))),
    );
    faults.extend(
        zh.difference(en)
            .map(|key| Fault::new(EN, 0, format!("lacks \"{key}\""))),
    );
    faults
}

/// Returns the keys of a JSON text and their lines: strings that a colon follows.
fn keys(json: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = json.char_indices();
    while let Some((start, c)) = rest.next() {
        line += usize::from(c == '\n');
        if c != '"' {
            continue;
        }
        while let Some((end, c)) = rest.next() {
            match c {
                '\\' => drop(rest.next()),
                '"' => {
                    if json[end + 1..].trim_start().starts_with(':') {
                        found.push((json[start + 1..end].to_owned(), line));
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::story::check;
    use super::*;

    #[test]
    fn a_text_that_one_language_lacks_is_found() {
        let both = "{\n  \"a\": \"x \\\"y\\\": {n}\",\n  \"b\" : \"\"\n}";
        check(
            both_languages_have_every_text,
            &[(EN, both), (ZH, both)],
            &[],
        );
        let one = "{ \"a\": \"b\" }";
        check(
            both_languages_have_every_text,
            &[(EN, both), (ZH, one)],
            &[&format!("{ZH}: lacks \"b\"")],
        );
        check(
            both_languages_have_every_text,
            &[(EN, one), (ZH, both)],
            &[&format!("{EN}: lacks \"b\"")],
        );
    }

    #[test]
    fn a_text_that_is_there_twice_is_found() {
        let twice = "{\n\"a\": \"1\",\n\"a\": \"2\"\n}";
        check(
            both_languages_have_every_text,
            &[(EN, twice), (ZH, "{\"a\": \"1\"}")],
            &[&format!("{EN}:3: \"a\" is there twice")],
        );
    }
}
