//! Building the console: finding a Node.js that is new enough, its packages, and `web/dist`. It knows nothing
//! of what the console shows. Start at [`build`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::program::{self, program, read_file, run, target_dir, write_file};
use crate::{Outcome, root};

/// What the console is built from, below `web/`.
const SOURCES: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
];

/// Node.js, and with it npm.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where its programs are, when they are not where all are found.
    folder: Option<PathBuf>,
}

/// Builds the console for `cargo xtask web`.
pub(crate) fn command(rest: &[String]) -> Outcome {
    program::no_arguments("web", rest)?;
    let node = Node::find()?;
    node.install()?;
    bundle(&node)
}

/// Builds the console unless it was built from these sources already.
pub(crate) fn build() -> Outcome {
    if is_built()? {
        return Ok(());
    }
    let node = Node::find()?;
    node.install()?;
    bundle(&node)
}

fn bundle(node: &Node) -> Outcome {
    run(node.npm(["run", "--silent", "build"]))?;
    write_file(&mark_file()?, &mark_of(&root().join("web"))?)
}

fn is_built() -> Outcome<bool> {
    let web = root().join("web");
    let mark = std::fs::read_to_string(mark_file()?).unwrap_or_default();
    Ok(web.join("dist/index.html").exists() && mark == mark_of(&web)?)
}

fn mark_file() -> Outcome<PathBuf> {
    let dir = target_dir()?;
    std::fs::create_dir_all(&dir)
        .map_err(|error| program::because(&dir, "cannot be made", &error))?;
    Ok(dir.join("console-built-from"))
}

/// Names all sources with size and time, so that one that was changed, added or removed is noticed.
fn mark_of(web: &Path) -> Outcome<String> {
    let mut lines = Vec::new();
    for name in SOURCES {
        note(&web.join(name), &mut lines)?;
    }
    lines.sort_unstable();
    Ok(lines.join("\n"))
}

fn note(path: &Path, lines: &mut Vec<String>) -> Outcome {
    let told = |error| program::because(path, "cannot be read", &error);
    let about = std::fs::metadata(path).map_err(told)?;
    if about.is_dir() {
        for entry in std::fs::read_dir(path).map_err(told)? {
            note(&entry.map_err(told)?.path(), lines)?;
        }
        return Ok(());
    }
    let changed = about.modified().map_err(told)?;
    let changed_ns = changed
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    lines.push(format!("{} {} {changed_ns}", path.display(), about.len()));
    Ok(())
}

impl Node {
    /// Finds a Node.js that is new enough: the machine's own, else the one in the target folder.
    pub(crate) fn find() -> Outcome<Node> {
        let needed = needed_version()?;
        let local = target_dir()?.join("node/node_modules/.bin");
        let mut seen = "there is none".to_owned();
        for folder in [None, Some(local.clone())] {
            let node = Node { folder };
            let mut command = node.program("node");
            command.arg("--version").stderr(std::process::Stdio::null());
            let Ok(text) = program::read(command) else {
                continue;
            };
            match version(&text) {
                Some(found) if found >= needed => return node.with_npm(),
                _ => seen = format!("found {}", text.trim()),
            }
        }
        let (major, minor) = needed;
        let prefix = target_dir()?.join("node");
        Err(format!(
            "the console needs Node.js {major}.{minor} or newer, and {seen}.\n\
             Install it from your system (Debian 12's own is too old) or nodejs.org; or, with any npm, for this \
             folder only:\n    npm install --prefix {} node@22 npm@10",
            prefix.display()
        ))
    }

    fn with_npm(self) -> Outcome<Node> {
        let mut command = self.program("npm");
        command.arg("--version");
        if program::works(command) {
            return Ok(self);
        }
        Err("Node.js is there, but not npm, which comes with it or as a package of its own (Debian: npm)".to_owned())
    }

    /// Installs the console's packages unless those that the lock names are there.
    pub(crate) fn install(&self) -> Outcome {
        let web = root().join("web");
        let lock = read_file(&web.join("package-lock.json"))?;
        let installed = web.join("node_modules/.installed-lock.json");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == lock) {
            return Ok(());
        }
        run(self.npm(["ci", "--no-fund", "--no-audit"]))?;
        write_file(&installed, &lock)
    }

    /// Returns npm, in the console's folder.
    pub(crate) fn npm<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = self.program("npm");
        command.current_dir(root().join("web")).args(arguments);
        command
    }

    /// Returns Node.js with a script of the console's folder, in that folder.
    pub(crate) fn script(&self, path: &str) -> Command {
        let mut command = self.program("node");
        command.current_dir(root().join("web")).arg(path);
        command
    }

    /// Returns a program of the console's packages, in the console's folder.
    pub(crate) fn tool(&self, name: &str) -> Command {
        let web = root().join("web");
        let mut command = self.program(web.join("node_modules/.bin").join(name));
        command.current_dir(web);
        command
    }

    fn program(&self, name: impl Into<OsString>) -> Command {
        let name = name.into();
        let Some(folder) = &self.folder else {
            return program(name);
        };
        let own = folder.join(&name);
        let mut command = program(if own.exists() {
            own.into_os_string()
        } else {
            name
        });
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(folder.clone()).chain(std::env::split_paths(&path));
        if let Ok(all) = std::env::join_paths(all) {
            command.env("PATH", all);
        }
        command
    }
}

/// The oldest Node.js that the console's package file allows, as major and minor version.
fn needed_version() -> Outcome<(u32, u32)> {
    let text = read_file(&root().join("web/package.json"))?;
    let needed = program::json_field(&text, "node");
    let needed = needed
        .as_deref()
        .and_then(|text| version(text.strip_prefix(">=")?));
    needed.ok_or_else(|| {
        "web/package.json does not say which Node.js it needs, such as \">=20.19\"".to_owned()
    })
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("v20.20.2\n") > version("20.19"));
        assert!(version("v18.20.4") < version("20.19"));
        assert!(version("v20.9.0") < version("20.19"));
        assert_eq!(version("nonsense"), None);
        assert!(needed_version().unwrap() >= (20, 19));
    }
}
