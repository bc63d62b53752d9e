//! What a page tells a newcomer to look at is there. Start at [`pages_name_what_is_there`].

use super::{Fault, Tree};

/// Pages that every clone has.
const PAGES: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

/// Folders of the root: a name in backticks that begins with one is meant as a path.
const FOLDERS: [&str; 7] = [
    ".ci/",
    "conformance/",
    "crates/",
    "docs/",
    "examples/",
    "web/",
    "xtask/",
];

/// Folders that only a built clone has.
const BUILT: [&str; 2] = ["web/dist", "web/node_modules"];

/// Pages are there, and their links and the paths they name lead to files that are there.
pub(super) fn pages_name_what_is_there(tree: &Tree) -> Vec<Fault> {
    let missing = PAGES.iter().filter(|page| !tree.has(page));
    let mut faults: Vec<Fault> = missing
        .map(|page| Fault::new(page, 0, "is missing"))
        .collect();
    for (path, text) in tree.ending(&[".md"]) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in text.lines().enumerate() {
            let linked = targets(line).filter(|target| is_local(target));
            let linked = linked.filter(|target| {
                !tree.has(&join(folder, target)) && !is_built(&join(folder, target))
            });
            let named = paths(line).filter(|name| {
                !tree.has(name) && !is_built(name) && !tree.has(&join(folder, name))
            });
            for name in linked.chain(named) {
                faults.push(Fault::new(
                    path,
                    number + 1,
                    format!("names {name}, which is not there"),
                ));
            }
        }
    }
    faults
}

/// What follows `](` up to the closing bracket, without the place inside the page.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let after = line.split("](").skip(1);
    after
        .filter_map(|rest| rest.split([')', ' ', '#']).next())
        .filter(|target| !target.is_empty())
}

fn is_local(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// What stands in backticks and is a path from the root; patterns and examples are not.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let plain =
        |name: &&str| !name.contains([' ', '<', '*', '{', '…', '$']) && !name.contains("...");
    quoted
        .filter(plain)
        .filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder)))
}

fn is_built(path: &str) -> bool {
    BUILT.iter().any(|built| path.starts_with(built))
}

/// Follows a relative path from a folder.
fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::story::check;
    use super::*;

    /// Checks one page beside a few files that are there.
    fn page(path: &str, text: &str, faults: &[&str]) {
        let files = [
            ("ARCHITECTURE.md", ""),
            ("README.md", ""),
            ("crates/core/src/lib.rs", ""),
            ("docs/adr/0001.md", ""),
            (path, text),
        ];
        check(pages_name_what_is_there, &files, faults);
    }

    #[test]
    fn what_is_there_may_be_named() {
        page(
            "README.md",
            "[a](docs/adr/0001.md#why) [b](https://example.org/x) [c](#below) `crates/core`",
            &[],
        );
        page(
            "docs/adr/0002.md",
            "[a](0001.md) [b](../../README.md) [c](..) `docs/adr/`",
            &[],
        );
        page(
            "README.md",
            "`crates/<name>/src`, `web/dist`, `docs/*.md`, `cargo xtask web`",
            &[],
        );
    }

    #[test]
    fn what_is_not_there_is_found() {
        page(
            "README.md",
            "x\n[a](docs/gone.md)",
            &["README.md:2: names docs/gone.md, which is not there"],
        );
        page(
            "docs/adr/0002.md",
            "[a](0009.md)",
            &["docs/adr/0002.md:1: names 0009.md, which is not there"],
        );
        let fault = "README.md:1: names crates/core/src/engine.rs, which is not there";
        page("README.md", "see `crates/core/src/engine.rs`", &[fault]);
        check(
            pages_name_what_is_there,
            &[("README.md", "")],
            &["ARCHITECTURE.md: is missing"],
        );
    }
}
