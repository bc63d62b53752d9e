//! Chinese is a first language of this product: every text of the console is there in both. The console's own
//! check knows more (which texts are used where), but needs Node.js. Start at
//! [`both_languages_have_every_text`].

use std::collections::BTreeSet;

use super::{Fault, Tree};

const FOLDER: &str = "web/src/lib/strings/";
const EN: &str = ".en.json";
const ZH: &str = ".zh-CN.json";

/// Both tables of every feature have the same keys, each once.
pub(super) fn both_languages_have_every_text(tree: &Tree) -> Vec<Fault> {
    let features: BTreeSet<&str> = tree
        .texts
        .keys()
        .filter_map(|path| path.strip_prefix(FOLDER))
        .filter_map(|name| name.strip_suffix(EN).or_else(|| name.strip_suffix(ZH)))
        .collect();
    features
        .into_iter()
        .flat_map(|feature| feature_has_every_text(tree, feature))
        .collect()
}

fn feature_has_every_text(tree: &Tree, feature: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let paths = [EN, ZH].map(|language| format!("{FOLDER}{feature}{language}"));
    let [en, zh] = [0, 1].map(|side| {
        let path = &paths[side];
        let text = tree.texts.get(path.as_str()).map(String::as_str);
        let mut seen = BTreeSet::new();
        for (key, line) in keys(text.unwrap_or_default()) {
            if !seen.insert(key.clone()) {
                faults.push(Fault::new(path, line, format!("\"{key}\" is there twice")));
            }
        }
        seen
    });
    let [en_path, zh_path] = &paths;
    let lacks = |key: &String| format!("lacks \"{key}\"");
    let only = |some: &BTreeSet<String>, others: &BTreeSet<String>, path: &str| {
        let missing = some.difference(others);
        missing
            .map(|key| Fault::new(path, 0, lacks(key)))
            .collect::<Vec<_>>()
    };
    faults.extend(only(&en, &zh, zh_path));
    faults.extend(only(&zh, &en, en_path));
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

    const EN_BASE: &str = "web/src/lib/strings/base.en.json";
    const ZH_BASE: &str = "web/src/lib/strings/base.zh-CN.json";

    #[test]
    fn a_text_that_one_language_lacks_is_found() {
        let both = "{\n  \"a\": \"x \\\"y\\\": {n}\",\n  \"b\" : \"\"\n}";
        check(
            both_languages_have_every_text,
            &[(EN_BASE, both), (ZH_BASE, both)],
            &[],
        );
        let one = "{ \"a\": \"b\" }";
        check(
            both_languages_have_every_text,
            &[(EN_BASE, both), (ZH_BASE, one)],
            &[&format!("{ZH_BASE}: lacks \"b\"")],
        );
        check(
            both_languages_have_every_text,
            &[(EN_BASE, one), (ZH_BASE, both)],
            &[&format!("{EN_BASE}: lacks \"b\"")],
        );
    }

    #[test]
    fn a_text_that_is_there_twice_is_found() {
        let twice = "{\n\"a\": \"1\",\n\"a\": \"2\"\n}";
        check(
            both_languages_have_every_text,
            &[(EN_BASE, twice), (ZH_BASE, "{\"a\": \"1\"}")],
            &[&format!("{EN_BASE}:3: \"a\" is there twice")],
        );
    }
}
