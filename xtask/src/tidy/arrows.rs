//! Which crate may know of which, and what a pure crate must not know: the layout of ARCHITECTURE.md, held.
//! Start at [`ARROWS`].

use super::{Fault, Tree};

/// Each crate's folder and the crates that it may know of. A new crate is a new line here and needs an ADR.
const ARROWS: &[(&str, &[&str])] = &[
    ("crates/feed", &[]),
    (FUZZ, &["watchfire-feed"]),
    ("crates/core", &["watchfire-feed"]),
    ("crates/roads", &[]),
    ("crates/formats", &["watchfire-core"]),
    ("crates/store", &["watchfire-core", "watchfire-feed"]),
    (
        "crates/watchfire",
        &[
            "watchfire-core",
            "watchfire-feed",
            "watchfire-formats",
            "watchfire-roads",
            "watchfire-store",
        ],
    ),
    (
        "crates/sim",
        &["watchfire-core", "watchfire-feed", "watchfire-roads"],
    ),
    ("xtask", &[]),
];

/// The fuzz targets: a workspace of their own, because a fuzzer needs a nightly compiler and names that are not
/// mangled, which the lints of ours forbid. Nothing there is shipped.
const FUZZ: &str = "crates/feed/fuzz";

/// Crates that do no input or output and ask for no time, chance or setting.
const PURE: [&str; 4] = [
    "crates/feed",
    "crates/core",
    "crates/roads",
    "crates/formats",
];

/// What the `clippy.toml` of a pure crate must disallow.
const DISALLOWED: [&str; 12] = [
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::fs::File",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::fs::read",
    "std::fs::write",
    "std::env::var",
    "std::thread::sleep",
    "std::process::exit",
];

/// Libraries that a pure crate cannot use and stay pure.
const IMPURE: [&str; 9] = [
    "async-std",
    "getrandom",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "socket2",
    "tempfile",
    "tokio",
];

/// Crates know only of those that the layout allows.
pub(super) fn only_these_arrows(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, manifest) in tree
        .ending(&["Cargo.toml"])
        .filter(|(path, _)| *path != "Cargo.toml")
    {
        let folder = path.trim_end_matches("/Cargo.toml");
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == folder) else {
            faults.push(Fault::new(
                path,
                0,
                "a crate that the layout does not have; a new one needs an ADR",
            ));
            continue;
        };
        for Dependency { line, name, .. } in
            dependencies(manifest).filter(|one| one.kind == Kind::Shipped)
        {
            if is_ours(&name) && !allowed.contains(&name.as_str()) {
                faults.push(Fault::new(
                    path,
                    line,
                    format!("{folder} may not know of {name}"),
                ));
            }
        }
    }
    faults
}

/// Pure crates disallow what would make them impure, in the words of the compiler and by library.
pub(super) fn pure_crates_stay_pure(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for folder in PURE {
        let manifest_path = format!("{folder}/Cargo.toml");
        let Some(manifest) = tree.texts.get(&manifest_path) else {
            continue;
        };
        for Dependency { line, name, .. } in
            dependencies(manifest).filter(|one| one.kind == Kind::Shipped)
        {
            if IMPURE.contains(&name.as_str()) {
                faults.push(Fault::new(
                    &manifest_path,
                    line,
                    format!("a pure crate may not use {name}"),
                ));
            }
        }
        let path = format!("{folder}/clippy.toml");
        let lints = tree
            .texts
            .get(&path)
            .map(String::as_str)
            .unwrap_or_default();
        let missing = |name: &&&str| !lints.lines().any(|line| is_disallowed(line, name));
        for name in DISALLOWED.iter().filter(missing) {
            faults.push(Fault::new(
                &path,
                0,
                format!("{name} is not disallowed with a reason"),
            ));
        }
    }
    faults
}

fn is_disallowed(line: &str, name: &str) -> bool {
    !line.trim_start().starts_with('#')
        && line.contains(&format!("\"{name}\""))
        && line.contains("reason = \"")
}

/// Every crate takes the lints of the workspace, and the workspace forbids unsafe code.
pub(super) fn lints_are_on(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, manifest) in tree.ending(&["Cargo.toml"]) {
        let wanted = match path.trim_end_matches("/Cargo.toml") {
            "Cargo.toml" => "unsafe_code = \"forbid\"",
            FUZZ => "[workspace]",
            _ => "[lints]\nworkspace = true",
        };
        if !manifest.contains(wanted) {
            faults.push(Fault::new(
                path,
                0,
                format!("lacks `{}`", wanted.replace('\n', " ")),
            ));
        }
    }
    faults
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Also needed by whoever uses the crate.
    Shipped,
    /// For tests and examples only.
    Dev,
}

struct Dependency {
    line: usize,
    name: String,
    kind: Kind,
}

fn is_ours(name: &str) -> bool {
    name == "watchfire" || name == "xtask" || name.starts_with("watchfire-")
}

/// Reads the names of dependencies. A dependency under another name counts as what it really is.
fn dependencies(manifest: &str) -> impl Iterator<Item = Dependency> {
    let mut section = String::new();
    let mut found: Vec<Dependency> = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            let kind = kind_of(&section);
            if let (Some(kind), Some((_, name))) = (kind, section.split_once("dependencies.")) {
                found.push(Dependency {
                    line: number + 1,
                    name: name.to_owned(),
                    kind,
                });
            }
            continue;
        }
        let Some(kind) = kind_of(&section) else {
            continue;
        };
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let key = key
            .trim()
            .split('.')
            .next()
            .unwrap_or_default()
            .trim_matches('"');
        let own_table = section.contains("dependencies.");
        let quoted = |name: &str| {
            let (_, after) = value.split_once(&format!("{name} = \""))?;
            after.split('"').next().map(str::to_owned)
        };
        let package = match own_table {
            true if key == "package" => Some(value.trim().trim_matches('"').to_owned()),
            true => None,
            false => Some(quoted("package").unwrap_or_else(|| key.to_owned())),
        };
        found.extend(package.map(|name| Dependency {
            line: number + 1,
            name,
            kind,
        }));
    }
    found.into_iter()
}

fn kind_of(section: &str) -> Option<Kind> {
    let last = section
        .split("dependencies")
        .next()
        .filter(|_| section.contains("dependencies"))?;
    match last.ends_with("dev-") {
        true => Some(Kind::Dev),
        false if last.starts_with("workspace.") => None,
        false => Some(Kind::Shipped),
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::check;
    use super::*;

    #[test]
    fn an_arrow_that_the_layout_lacks_is_found_however_it_is_written() {
        let fault = |line| {
            format!("crates/core/Cargo.toml:{line}: crates/core may not know of watchfire-store")
        };
        for (line, manifest) in [
            (2, "[dependencies]\nwatchfire-store.workspace = true"),
            (
                2,
                "[dependencies]\nwatchfire-store = { path = \"../store\" }",
            ),
            (
                2,
                "[dependencies]\nkept = { package = \"watchfire-store\", path = \"../store\" }",
            ),
            (1, "[dependencies.watchfire-store]\nworkspace = true"),
            (
                3,
                "[dependencies.kept]\nworkspace = true\npackage = \"watchfire-store\"",
            ),
            (2, "[build-dependencies]\nwatchfire-store.workspace = true"),
            (
                2,
                "[target.'cfg(unix)'.dependencies]\nwatchfire-store.workspace = true",
            ),
        ] {
            check(
                only_these_arrows,
                &[("crates/core/Cargo.toml", manifest)],
                &[&fault(line)],
            );
        }
    }

    #[test]
    fn arrows_of_the_layout_and_of_tests_are_fine() {
        let manifest = "[package]\nname = \"watchfire-core\"\n\n[dependencies]\n# watchfire-store = 1\n\
                        watchfire-feed.workspace = true\n\n[dev-dependencies]\nwatchfire-roads.workspace = true";
        check(
            only_these_arrows,
            &[("crates/core/Cargo.toml", manifest)],
            &[],
        );
        let root = "[workspace.dependencies]\nwatchfire-store = { path = \"crates/store\" }";
        check(only_these_arrows, &[("Cargo.toml", root)], &[]);
    }

    #[test]
    fn a_crate_outside_the_layout_is_found() {
        let fault =
            "crates/util/Cargo.toml: a crate that the layout does not have; a new one needs an ADR";
        check(
            only_these_arrows,
            &[("crates/util/Cargo.toml", "[package]")],
            &[fault],
        );
    }

    #[test]
    fn a_pure_crate_that_could_read_a_clock_is_found() {
        let list: String = DISALLOWED
            .iter()
            .map(|name| format!("  {{ path = \"{name}\", reason = \"an argument\" }},\n"))
            .collect();
        let manifest = ("crates/core/Cargo.toml", "[dependencies]\nserde = \"1\"");
        check(
            pure_crates_stay_pure,
            &[manifest, ("crates/core/clippy.toml", &list)],
            &[],
        );
        let without = list.replace("\"std::time::Instant::now\"", "\"std::time::Moment\"");
        let fault =
            "crates/core/clippy.toml: std::time::Instant::now is not disallowed with a reason";
        check(
            pure_crates_stay_pure,
            &[manifest, ("crates/core/clippy.toml", &without)],
            &[fault],
        );
        let idle = ("crates/core/Cargo.toml", "[dependencies]\ntokio = \"1\"");
        let fault = "crates/core/Cargo.toml:2: a pure crate may not use tokio";
        check(
            pure_crates_stay_pure,
            &[idle, ("crates/core/clippy.toml", &list)],
            &[fault],
        );
    }

    #[test]
    fn a_crate_without_lints_is_found() {
        let fault = "crates/core/Cargo.toml: lacks `[lints] workspace = true`";
        check(
            lints_are_on,
            &[("crates/core/Cargo.toml", "[package]")],
            &[fault],
        );
        check(
            lints_are_on,
            &[("crates/core/Cargo.toml", "[lints]\nworkspace = true")],
            &[],
        );
        let fault = "crates/feed/fuzz/Cargo.toml: lacks `[workspace]`";
        let fuzz = |text| [("crates/feed/fuzz/Cargo.toml", text)];
        check(lints_are_on, &fuzz("[package]"), &[fault]);
        check(lints_are_on, &fuzz("[package]\n\n[workspace]"), &[]);
        let fault = "Cargo.toml: lacks `unsafe_code = \"forbid\"`";
        check(lints_are_on, &[("Cargo.toml", "[workspace]")], &[fault]);
    }
}
