//! The node's playbooks: read from a folder, looked after on a thread of their own, and tried on the past.
//!
//! What fires when is said by the core ([`watchfire_core::playbook::firings`]); here it is given facts, of the board that
//! everybody reads (`watch.rs`) or of the tables (`past.rs`). The engine waits for none of it: what fires is an action like
//! any other, and done twice it is done once. Start at [`read_folder`], then [`start`].

pub mod past;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use watchfire_core::basis::{Code, Text};
use watchfire_core::board::Board;
use watchfire_core::limits;
use watchfire_core::plan::ResponseFile;
use watchfire_core::playbook::{Playbook, PlaybookError, Task, To, Trigger};
use watchfire_core::record::RecordRef;

use crate::city::{self, CityError};
use crate::config::Config;
use crate::node::Node;

/// Takes a node's playbooks into use: from now on they fire.
pub fn start(node: &Node, playbooks: Vec<Playbook>) -> std::io::Result<()> {
    node.keep_playbooks(playbooks);
    let watched = node.clone();
    let thread = std::thread::Builder::new().name("playbooks".into());
    thread.spawn(move || watch::keep(&watched)).map(drop)
}

/// The six playbooks of `examples/playbooks`, built into the program for the demo city.
const SHIPPED: [&str; 6] = [
    include_str!("../../../examples/playbooks/crowd.toml"),
    include_str!("../../../examples/playbooks/flood.toml"),
    include_str!("../../../examples/playbooks/large-fire.toml"),
    include_str!("../../../examples/playbooks/missing-person.toml"),
    include_str!("../../../examples/playbooks/parcel-interception.toml"),
    include_str!("../../../examples/playbooks/trapped.toml"),
];

/// Reads the six playbooks that come with the program.
pub(crate) fn shipped() -> Result<Vec<Playbook>, PlaybookError> {
    SHIPPED.iter().map(|text| Playbook::parse(text)).collect()
}

/// Reads the playbooks that a configuration names.
pub fn of(config: &Config) -> Result<Vec<Playbook>, CityError> {
    match config.playbooks.folder.as_os_str().is_empty() {
        true => Ok(Vec::new()),
        false => read_folder(&config.playbooks.folder),
    }
}

/// Reads one playbook file, naming it, the line and the column in the error.
pub fn read(path: &Path) -> Result<Playbook, CityError> {
    Playbook::parse(&city::read_text(path)?).map_err(|error| CityError::content(path, error))
}

/// Returns the files of playbooks in a folder, in the order of their names; a path that is no folder is itself one.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, CityError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let fault = |source| CityError::File {
        path: path.to_owned(),
        source,
    };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(path).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// Reads all playbooks of a folder; no two may have the same id.
pub fn read_folder(folder: &Path) -> Result<Vec<Playbook>, CityError> {
    let mut all: Vec<Playbook> = Vec::new();
    for path in files(folder)? {
        let playbook = read(&path)?;
        if all.iter().any(|other| other.id == playbook.id) {
            let problem = format!(
                "another file of this folder has the id \"{}\" too",
                playbook.id
            );
            return Err(CityError::content(&path, problem));
        }
        if all.len() >= limits::PLAYBOOKS_MAX {
            let problem = format!("there are more than {} playbooks", limits::PLAYBOOKS_MAX);
            return Err(CityError::content(folder, problem));
        }
        all.push(playbook);
    }
    Ok(all)
}

/// Says what a playbook names and this node does not know: codes of its response file, and on a running node peers, units
/// and stations. None of it keeps the playbook from being used; each says what will not come of it.
pub fn remarks(playbook: &Playbook, response: &ResponseFile, board: Option<&Board>) -> Vec<Text> {
    let mut all = Vec::new();
    let unknown = |en: &str, zh: &str, code: &Code| {
        Text::new(
            format!("\"{code}\" is no {en} of the response file"),
            format!("预案文件中没有{zh}“{code}”"),
        )
    };
    let category = |code: &Code| {
        let known = response.check_category(Some(code)).is_ok();
        (!known).then(|| unknown("category", "类别", code))
    };
    match &playbook.when {
        Trigger::IncidentOpened { categories, .. } => {
            all.extend(categories.iter().filter_map(category));
        }
        Trigger::CallsNear { category: of, .. } => all.extend(of.iter().filter_map(category)),
        Trigger::AlarmUnanswered { .. } | Trigger::SupportUnmet { .. } => {}
    }
    for step in &playbook.steps {
        if let Task::Directive {
            template, kind, to, ..
        } = &step.task
        {
            let rules = &response.directives;
            let known = |code: &&Code| rules.templates.iter().any(|one| one.code == **code);
            let gone = template.iter().filter(|code| !known(code));
            all.extend(gone.map(|code| unknown("template", "指令模板", code)));
            let gone = kind.iter().filter(|code| rules.kind(code).is_err());
            all.extend(gone.map(|code| unknown("kind of directive", "指令类型", code)));
            all.extend(board.iter().flat_map(|board| unknown_to(board, to)));
        } else if let (Task::Invite { agencies, .. }, Some(board)) = (&step.task, board) {
            let known = |name: &&watchfire_core::basis::Line| {
                board.peers.values().any(|peer| peer.name == **name)
            };
            let gone = agencies.iter().filter(|name| !known(name));
            all.extend(gone.map(|name| no_such("peer", "对等节点", name.as_str())));
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}

fn unknown_to(board: &Board, to: &[To]) -> Vec<Text> {
    let of = |one: &To| match one {
        To::Unit(name) if board.unit_by_callsign(name).is_none() => {
            Some(no_such("unit", "处警力量", name.as_str()))
        }
        To::Station(name) if board.station_by_code(name).is_none() => {
            Some(no_such("station", "站点", name.as_str()))
        }
        To::Agency(name) if !board.peers.values().any(|peer| peer.name == *name) => {
            Some(no_such("peer", "对等节点", name.as_str()))
        }
        To::Unit(_)
        | To::Station(_)
        | To::Agency(_)
        | To::Seat(_)
        | To::Everyone
        | To::Assigned => None,
    };
    to.iter().filter_map(of).collect()
}

fn no_such(en: &str, zh: &str, name: &str) -> Text {
    Text::new(
        format!("this node knows no {en} called \"{name}\""),
        format!("本节点没有名为“{name}”的{zh}"),
    )
}

/// Names a firing for good: whoever asks for it again is answered as before.
fn key_of(playbook: &Playbook, subject: RecordRef) -> String {
    format!("playbook {} {subject}", playbook.id)
}
