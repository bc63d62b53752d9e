//! `tidy`: what the house rules say and no other tool looks for. It reads the tracked files as text, needs
//! nothing but git, and takes less than a second. Each file below has rules of one subject, and each rule is
//! a function from the files to what is wrong with them. Start at [`RULES`].

mod arrows;
mod links;
mod sources;
mod strings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::program::{program, read};
use crate::verify::Ended;
use crate::{Outcome, root};

/// Every rule.
const RULES: &[fn(&Tree) -> Vec<Fault>] = &[
    arrows::only_these_arrows,
    arrows::pure_crates_stay_pure,
    arrows::lints_are_on,
    sources::modules_say_what_they_are_for,
    sources::files_are_not_too_long,
    sources::nothing_is_left_for_later,
    sources::no_machine_is_named,
    sources::packages_come_from_the_public_registry,
    sources::limits_say_what_they_limit,
    sources::described_types_have_names_of_their_own,
    strings::both_languages_have_every_text,
    links::pages_name_what_is_there,
];

/// The tracked files.
#[derive(Debug, Default)]
struct Tree {
    /// Every path from the root, with `/` between its parts.
    paths: BTreeSet<String>,
    /// The content of those that are text.
    texts: BTreeMap<String, String>,
}

/// Something that is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    /// The line, counted from 1; 0 for the whole file.
    line: usize,
    what: String,
}

impl Fault {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Fault {
        Fault {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Looks at all tracked files.
pub(crate) fn step() -> Outcome<Ended> {
    let tree = tracked()?;
    let faults: Vec<Fault> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => {
            println!("{} files keep {} rules", tree.paths.len(), RULES.len());
            Ok(Ended::Whole)
        }
        count => Err(format!("{count} things are not as the house rules say")),
    }
}

fn tracked() -> Outcome<Tree> {
    let mut git = program("git");
    // A build may run as somebody else than the one who owns the files.
    git.args(["-c", "safe.directory=*", "ls-files", "-z"]);
    let listed = read(git).map_err(|problem| format!("{problem}\ntidy needs git and a clone"))?;
    let mut tree = Tree::default();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // One that is being moved is tracked and not there.
        let Ok(bytes) = std::fs::read(root().join(Path::new(path))) else {
            continue;
        };
        tree.paths.insert(path.to_owned());
        if let Ok(text) = String::from_utf8(bytes) {
            tree.texts.insert(path.to_owned(), text);
        }
    }
    Ok(tree)
}

impl Tree {
    /// Returns the texts whose names end in one of these.
    fn ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self
            .texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        texts.filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// Returns whether there is a file or folder of this name.
    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.paths.contains(path)
            || self
                .paths
                .range(folder.clone()..)
                .next()
                .is_some_and(|next| next.starts_with(&folder))
    }
}

#[cfg(test)]
mod story {
    use super::*;

    /// Makes a tree of these files.
    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.paths.insert((*path).to_owned());
            tree.texts.insert((*path).to_owned(), (*text).to_owned());
        }
        tree
    }

    /// Sees that a rule finds exactly these faults, written as they are shown.
    pub(super) fn check(rule: fn(&Tree) -> Vec<Fault>, files: &[(&str, &str)], faults: &[&str]) {
        let found: Vec<String> = rule(&tree(files)).iter().map(ToString::to_string).collect();
        assert_eq!(found, faults);
    }

    #[test]
    fn files_and_folders_are_found_and_halves_of_names_are_not() {
        let tree = tree(&[("docs/adr/0001.md", ""), ("docs-old", "")]);
        assert!(tree.has("docs/adr/0001.md") && tree.has("docs/adr") && tree.has("docs/"));
        assert!(!tree.has("docs/ad") && !tree.has("doc"));
    }
}
