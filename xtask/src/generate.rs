//! The files that are made from the code and committed: a fact lives once, and `verify` sees that they are
//! what the code makes. Start at [`pages`].

use std::path::Path;
use std::process::{Command, Stdio};

use crate::console::Node;
use crate::program::{self, cargo, read, read_file, run, scratch, write_file};
use crate::{Outcome, binary, root};

/// The feed format's test vectors. Its own example writes them, and its own test compares them.
const VECTORS: &str = "docs/spec/feed-vectors.json";

/// A file that is made from the code.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where it is, from the root.
    pub(crate) path: &'static str,
    /// What it holds.
    pub(crate) text: String,
}

/// Makes all files anew, and writes none but those of which nothing is kept.
pub(crate) fn pages() -> Outcome<Vec<Page>> {
    let built = binary::debug()?;
    let openapi = read(binary::watchfire(&built, ["openapi"]))?;
    let types = types(&openapi)?;
    Ok(vec![
        Page {
            path: "docs/openapi.json",
            text: openapi,
        },
        Page {
            path: "examples/watchfire.toml",
            text: read(binary::watchfire(&built, ["config"]))?,
        },
        Page {
            path: "docs/cli.md",
            text: command_line(&built)?,
        },
        Page {
            path: "web/src/lib/api/schema.d.ts",
            text: types,
        },
    ])
}

/// Writes the files that are not what the code makes.
pub(crate) fn write(rest: &[String]) -> Outcome {
    program::no_arguments("gen", rest)?;
    for page in pages()? {
        let path = root().join(page.path);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == page.text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| program::because(folder, "cannot be made", &error))?;
        }
        write_file(&path, &page.text)?;
        println!("written: {}", page.path);
    }
    let before = read_file(&root().join(VECTORS)).unwrap_or_default();
    run(cargo([
        "run",
        "--locked",
        "--quiet",
        "--package",
        "watchfire-feed",
        "--example",
        "vectors",
    ]))?;
    if read_file(&root().join(VECTORS))? != before {
        println!("written: {VECTORS}");
        println!(
            "The wire format has changed for every other implementation; was that meant? Look at the difference."
        );
    }
    Ok(())
}

/// Returns the generated files that are not what the code makes.
pub(crate) fn drifted() -> Outcome<Vec<&'static str>> {
    let is_other =
        |page: &Page| !read_file(&root().join(page.path)).is_ok_and(|text| text == page.text);
    Ok(pages()?
        .into_iter()
        .filter(is_other)
        .map(|page| page.path)
        .collect())
}

/// Makes the console's types of what the API says.
fn types(openapi: &str) -> Outcome<String> {
    let node = Node::find()?;
    node.install()?;
    let dir = scratch("types")?;
    let (from, to) = (dir.join("openapi.json"), dir.join("schema.d.ts"));
    write_file(&from, openapi)?;
    let mut command = node.tool("openapi-typescript");
    command.arg(&from).arg("--output").arg(&to);
    program::quiet(command)?;
    read_file(&to)
}

/// Writes down the help of every command.
fn command_line(built: &Path) -> Outcome<String> {
    let mut text = String::from(
        "# The command line\n\n\
         <!-- Made by `cargo xtask gen` from what the program says itself. Change it there. -->\n",
    );
    describe(built, &[], &mut text)?;
    Ok(text)
}

fn describe(built: &Path, words: &[String], text: &mut String) -> Outcome {
    let mut command = Command::new(built);
    // The width of somebody's terminal must not decide what is committed.
    command
        .args(words)
        .arg("--help")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = command
        .output()
        .map_err(|error| program::because(built, "cannot be started", &error))?;
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = std::iter::once("watchfire").chain(words.iter().map(String::as_str));
    let title = title.collect::<Vec<_>>().join(" ");
    if !output.status.success() {
        return Err(format!("`{title} --help` failed"));
    }
    text.push_str(&format!("\n## `{title}`\n\n```text\n"));
    for line in help.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("```\n");
    for name in commands_in(&help) {
        let deeper: Vec<String> = words.iter().cloned().chain([name]).collect();
        describe(built, &deeper, text)?;
    }
    Ok(())
}

/// Finds the names of commands in a help text.
fn commands_in(help: &str) -> Vec<String> {
    let section = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    // Names stand two spaces in; the rest of a long explanation stands further in.
    let names = section.filter_map(|line| {
        line.strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))
    });
    let names = names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_help_and_nothing_else_is() {
        let help = "About it\n\nUsage: x <COMMAND>\n\nCommands:\n  init   Make it\n         in two lines\n  roads  Look\n  \
                    help   Print this\n\nOptions:\n  -h, --help  Print help\n";
        assert_eq!(commands_in(help), ["init", "roads"]);
        assert!(commands_in("Usage: x init\n\nOptions:\n  --name\n").is_empty());
    }
}
