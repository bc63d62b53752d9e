//! What holds of every source file by itself: its first paragraph, its length, and what it must not name.
//! Words that no file may hold are put together from halves here, since this is a file too. Start at
//! [`modules_say_what_they_are_for`].

use std::collections::BTreeMap;

use super::{Fault, Tree};

/// Most lines of a source file. House rule 5 asks for 800; a little more is not worth a fault.
const LINES_MAX: usize = 900;

/// Files that people write code in.
const CODE: [&str; 8] = [".rs", ".ts", ".svelte", ".mjs", ".js", ".py", ".css", ".sh"];

/// Made by programs.
const GENERATED: [&str; 3] = [
    "web/src/lib/api/schema.d.ts",
    "docs/openapi.json",
    "docs/cli.md",
];

/// Marks of work that was put off.
const PUT_OFF: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("#[ig", "nore"),
];

/// Folders of one machine, which no other has.
const MACHINE: [&str; 4] = [
    concat!("/", "work/"),
    concat!("/", "tmp/"),
    concat!("/", "root/"),
    concat!("/", "home/"),
];

/// Hosts from which packages come. Which one is used is the machine's matter and stays out of the repository.
const REGISTRIES: [&str; 8] = [
    concat!("registry.npm", "js.org"),
    concat!("registry.yarn", "pkg.com"),
    concat!("npm", "mirror.com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("arti", "factory"),
];

/// No two types that the API's description names are called the same: it would keep one of them and say nothing.
pub(super) fn described_types_have_names_of_their_own(tree: &Tree) -> Vec<Fault> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    let mut faults = Vec::new();
    let api = tree.ending(&[".rs"]);
    for (path, text) in api.filter(|(path, _)| path.starts_with("crates/watchfire/src/")) {
        let mut described = false;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let attribute = line.starts_with('#') || line.starts_with("//");
            let named = line.starts_with("use ") || line.starts_with("impl ");
            described |= line.contains("ToSchema") && !named;
            if attribute || !described {
                continue;
            }
            let Some(name) = type_named(line) else {
                continue;
            };
            described = false;
            if let Some(other) = known.insert(name, path) {
                let fault = format!("{name} is described already, in {other}");
                faults.push(Fault::new(path, at + 1, fault));
            }
        }
    }
    faults
}

/// Returns the name of the type that a line begins.
fn type_named(line: &str) -> Option<&str> {
    let after = ["struct ", "enum "]
        .iter()
        .find_map(|word| Some(line.split_once(word)?.1))?;
    let end = after.find(|c: char| !c.is_alphanumeric())?;
    Some(&after[..end])
}

/// Every module begins with a paragraph for newcomers.
pub(super) fn modules_say_what_they_are_for(tree: &Tree) -> Vec<Fault> {
    let fine = |path: &str, text: &str| match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("rs") => text.starts_with("//!"),
        Some("ts" | "mjs") => text.starts_with("//") || text.starts_with("/*"),
        Some("svelte") => {
            let first = text.lines().next().unwrap_or_default();
            let second = text.lines().nth(1).unwrap_or_default().trim_start();
            let in_script = first.starts_with("<script")
                && (second.starts_with("//") || second.starts_with("/*"));
            first.starts_with("<!--") || in_script
        }
        Some("py") => text
            .lines()
            .find(|line| !line.starts_with("#!"))
            .is_some_and(|line| line.starts_with("\"\"\"")),
        _ => true,
    };
    let silent = tree
        .ending(&CODE)
        .filter(|(path, text)| !GENERATED.contains(path) && !fine(path, text));
    silent
        .map(|(path, _)| {
            Fault::new(
                path,
                1,
                "does not begin with a paragraph that says what it is for",
            )
        })
        .collect()
}

/// Files are short enough to be read.
pub(super) fn files_are_not_too_long(tree: &Tree) -> Vec<Fault> {
    let long = tree
        .ending(&CODE)
        .filter(|(path, _)| !GENERATED.contains(path));
    let long = long
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(path, lines)| {
        let what = format!("has {lines} lines, and {LINES_MAX} are the most; split it where a second subject begins");
        Fault::new(path, 0, what)
    })
    .collect()
}

/// No file marks work that was put off, and no test is left out.
pub(super) fn nothing_is_left_for_later(tree: &Tree) -> Vec<Fault> {
    let what =
        |word: &str| format!("`{word}`: do it, or write down where people look that it is missing");
    find(tree, &PUT_OFF, is_whole_word, what)
}

/// No file names a folder of somebody's machine, or a host from which packages come.
pub(super) fn no_machine_is_named(tree: &Tree) -> Vec<Fault> {
    let mut faults = find(tree, &MACHINE, begins_a_path, |word| {
        format!("`{word}` is a folder of one machine")
    });
    faults.extend(find(
        tree,
        &REGISTRIES,
        |_, _, _| true,
        |word| format!("`{word}` is a host of one machine's choice"),
    ));
    faults
}

fn find(
    tree: &Tree,
    words: &[&str],
    counts: fn(&str, usize, &str) -> bool,
    what: impl Fn(&str) -> String,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in &tree.texts {
        for (number, line) in text.lines().enumerate() {
            let met = |word: &&&str| {
                line.match_indices(**word)
                    .any(|(at, word)| counts(line, at, word))
            };
            faults.extend(
                words
                    .iter()
                    .filter(met)
                    .map(|word| Fault::new(path, number + 1, what(word))),
            );
        }
    }
    faults
}

fn is_whole_word(line: &str, at: usize, word: &str) -> bool {
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let open_end = word.ends_with(|c: char| !c.is_ascii_alphanumeric()) || word.starts_with('#');
    !in_word(line[..at].chars().next_back())
        && (open_end || !in_word(line[at + word.len()..].chars().next()))
}

/// `target/x/` goes on from a folder and `https://host/x/` from a host; neither begins at the root.
fn begins_a_path(line: &str, at: usize, _: &str) -> bool {
    let before = line[..at].chars().next_back();
    !before.is_some_and(|c| c.is_alphanumeric() || "._-/}>*)".contains(c))
}

/// Locks name packages and no place where one machine gets them.
pub(super) fn packages_come_from_the_public_registry(tree: &Tree) -> Vec<Fault> {
    const CRATES: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let mut faults = Vec::new();
    for (path, lock) in tree.ending(&["Cargo.lock"]) {
        let strange = lock
            .lines()
            .enumerate()
            .filter(|(_, line)| line.starts_with("source = ") && *line != CRATES);
        faults.extend(strange.map(|(number, _)| {
            Fault::new(path, number + 1, "a source other than the public registry")
        }));
    }
    for (path, lock) in tree.ending(&["package-lock.json"]) {
        let placed = lock
            .lines()
            .enumerate()
            .filter(|(_, line)| line.trim_start().starts_with("\"resolved\":"));
        let what = "a place to get a package from; web/.npmrc leaves them out, so make the lock anew with it";
        faults.extend(placed.map(|(number, _)| Fault::new(path, number + 1, what)));
    }
    faults
}

/// Every limit says what it limits, and in which unit.
pub(super) fn limits_say_what_they_limit(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in tree
        .ending(&["/limits.rs"])
        .filter(|(path, _)| path.contains("/src/"))
    {
        let mut before = "";
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let is_limit = ["pub const ", "pub(crate) const ", "const "]
                .iter()
                .any(|start| line.starts_with(start));
            if is_limit && !before.starts_with("///") {
                faults.push(Fault::new(
                    path,
                    number + 1,
                    "a limit that does not say what it limits",
                ));
            }
            if !line.starts_with("#[") {
                before = line;
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::story::check;
    use super::*;

    #[test]
    fn a_module_that_says_nothing_is_found_in_every_language() {
        let fault = |path: &str| {
            format!("{path}:1: does not begin with a paragraph that says what it is for")
        };
        for (path, silent, spoken) in [
            ("a.rs", "use std::fmt;", "//! About it."),
            ("a.ts", "import x;", "// About it."),
            ("a.mjs", "import x;", "/* About it. */"),
            (
                "a.svelte",
                "<script lang=\"ts\">\n  import x;",
                "<script lang=\"ts\">\n  // About it.",
            ),
            ("b.svelte", "<p>x</p>", "<!-- About it. -->"),
            (
                "a.py",
                "#!/usr/bin/env python3\nimport x",
                "#!/usr/bin/env python3\n\"\"\"About it.",
            ),
        ] {
            check(
                modules_say_what_they_are_for,
                &[(path, silent)],
                &[&fault(path)],
            );
            check(modules_say_what_they_are_for, &[(path, spoken)], &[]);
        }
        check(
            modules_say_what_they_are_for,
            &[(GENERATED[0], "export interface x")],
            &[],
        );
    }

    #[test]
    fn two_described_types_of_one_name_are_found_and_others_are_not() {
        let (one, two) = ("crates/watchfire/src/a.rs", "crates/watchfire/src/b.rs");
        let described =
            "#[derive(\n    Debug, ToSchema,\n)]\n/// A line.\npub(crate) struct LineView {";
        let plain =
            "#[derive(Debug)]\nstruct LineView;\nimpl ToSchema for Other {}\nenum LineView {";
        let fault = format!("{two}:5: LineView is described already, in {one}");
        let rule = described_types_have_names_of_their_own;
        check(rule, &[(one, described), (two, described)], &[&fault]);
        check(rule, &[(one, described), (two, plain)], &[]);
        check(
            rule,
            &[("crates/core/src/a.rs", described), (one, described)],
            &[],
        );
    }

    #[test]
    fn a_file_may_have_as_many_lines_as_the_limit_and_not_one_more() {
        let (most, more) = ("x\n".repeat(LINES_MAX), "x\n".repeat(LINES_MAX + 1));
        check(
            files_are_not_too_long,
            &[("a.rs", &most), (GENERATED[0], &more), ("a.csv", &more)],
            &[],
        );
        let fault =
            "a.rs: has 901 lines, and 900 are the most; split it where a second subject begins";
        check(files_are_not_too_long, &[("a.rs", &more)], &[fault]);
    }

    #[test]
    fn work_that_was_put_off_is_found_and_words_that_look_like_it_are_not() {
        for word in PUT_OFF {
            let line = format!("fine\n  {word}(later) // {word}: later");
            let fault = format!(
                "a.rs:2: `{word}`: do it, or write down where people look that it is missing"
            );
            check(nothing_is_left_for_later, &[("a.rs", &line)], &[&fault]);
        }
        let reason = format!("{} = \"slow\"]", PUT_OFF[5]);
        assert_eq!(
            nothing_is_left_for_later(&super::super::story::tree(&[("a.rs", &reason)])).len(),
            1
        );
        let alike = format!("{}S x{} {}Y", PUT_OFF[0], PUT_OFF[1], PUT_OFF[2]);
        check(nothing_is_left_for_later, &[("a.rs", &alike)], &[]);
    }

    #[test]
    fn folders_and_hosts_of_one_machine_are_found() {
        for folder in MACHINE {
            let fault = format!("a.md:1: `{folder}` is a folder of one machine");
            check(
                no_machine_is_named,
                &[("a.md", &format!("see `{folder}x`"))],
                &[&fault],
            );
            check(
                no_machine_is_named,
                &[(
                    "a.md",
                    &format!("https://example.org{folder}x target{folder}"),
                )],
                &[],
            );
        }
        for host in REGISTRIES {
            let fault = format!("a.md:1: `{host}` is a host of one machine's choice");
            check(
                no_machine_is_named,
                &[("a.md", &format!("https://{host}/x"))],
                &[&fault],
            );
        }
    }

    #[test]
    fn a_lock_that_names_a_place_is_found() {
        let crates = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        check(
            packages_come_from_the_public_registry,
            &[("Cargo.lock", crates)],
            &[],
        );
        let fault = "Cargo.lock:1: a source other than the public registry";
        check(
            packages_come_from_the_public_registry,
            &[("Cargo.lock", "source = \"git+https://x\"")],
            &[fault],
        );
        let fault = "web/package-lock.json:2: a place to get a package from; web/.npmrc leaves them out, so make the \
                     lock anew with it";
        let lock = "{\n  \"resolved\": \"https://x\",";
        check(
            packages_come_from_the_public_registry,
            &[("web/package-lock.json", lock)],
            &[fault],
        );
    }

    #[test]
    fn a_limit_without_words_is_found() {
        let path = "crates/core/src/limits.rs";
        check(
            limits_say_what_they_limit,
            &[(
                path,
                "/// Units.\n#[rustfmt::skip]\npub const UNITS_MAX: u8 = 1;",
            )],
            &[],
        );
        let fault = format!("{path}:3: a limit that does not say what it limits");
        let text = "/// Units.\npub const UNITS_MAX: u8 = 1;\npub const CALLS_MAX: u8 = 1;";
        check(limits_say_what_they_limit, &[(path, text)], &[&fault]);
    }
}
