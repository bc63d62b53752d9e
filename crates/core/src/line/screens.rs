//! The screens of the console that a line can go to, with what they are called in both languages. A new screen is a row here
//! and one in the console's action line.

use crate::basis::Text;

/// A screen of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// Call taking.
    CallTaking,
    /// The dispatch board.
    Dispatch,
    /// The duty officer's.
    Duty,
    /// The wall.
    Wall,
    /// After the action.
    Review,
    /// How long things took.
    Figures,
    /// Directives.
    Directives,
    /// Who is on duty when.
    Roster,
    /// The balance of every day.
    Settlement,
    /// Support.
    Support,
    /// Assessments and consultations.
    Analysis,
    /// Playbooks.
    Playbooks,
    /// Monitoring.
    Monitoring,
    /// Operations of several agencies.
    Operations,
}

/// The screens with their names: what programs call it, English words, Chinese words.
pub const SCREENS: &[(Screen, &str, &[&str], &[&str])] = &[
    (
        Screen::CallTaking,
        "call-taking",
        &["calls", "take", "calltaking", "call-taking", "taker"],
        &["接警", "接警台"],
    ),
    (
        Screen::Dispatch,
        "dispatch",
        &["dispatch", "board"],
        &["指挥", "调度", "调度台"],
    ),
    (Screen::Duty, "duty", &["duty"], &["值班", "值班长"]),
    (Screen::Wall, "wall", &["wall"], &["大屏"]),
    (
        Screen::Review,
        "review",
        &["review", "after-action"],
        &["复盘"],
    ),
    (
        Screen::Figures,
        "figures",
        &["figures", "statistics"],
        &["统计"],
    ),
    (
        Screen::Directives,
        "directives",
        &["directives", "orders"],
        &["指令", "指令席"],
    ),
    (
        Screen::Roster,
        "roster",
        &["roster", "shifts"],
        &["值守", "排班"],
    ),
    (
        Screen::Settlement,
        "settlement",
        &["settlement", "balance"],
        &["日清日结", "日清"],
    ),
    (Screen::Support, "support", &["support"], &["支撑"]),
    (
        Screen::Analysis,
        "analysis",
        &["analysis", "assessments"],
        &["研判会商", "研判"],
    ),
    (Screen::Playbooks, "playbooks", &["playbooks"], &["预案"]),
    (Screen::Monitoring, "monitoring", &["monitoring"], &["监测"]),
    (
        Screen::Operations,
        "operations",
        &["operations"],
        &["合成作战"],
    ),
];

impl Screen {
    /// Returns the word programs know it by.
    pub fn as_str(self) -> &'static str {
        let row = SCREENS.iter().find(|(screen, ..)| *screen == self);
        row.map_or("dispatch", |(_, id, ..)| id)
    }

    /// Returns the word people read.
    pub fn label(self) -> Text {
        let (en, zh) = match self {
            Screen::CallTaking => ("call taking", "接警"),
            Screen::Dispatch => ("dispatch", "调度"),
            Screen::Duty => ("duty officer", "值班"),
            Screen::Wall => ("wall", "大屏"),
            Screen::Review => ("review", "复盘"),
            Screen::Figures => ("figures", "统计"),
            Screen::Directives => ("directives", "指令"),
            Screen::Roster => ("roster", "值守"),
            Screen::Settlement => ("settlement", "日清日结"),
            Screen::Support => ("support", "支撑"),
            Screen::Analysis => ("analysis", "研判会商"),
            Screen::Playbooks => ("playbooks", "预案"),
            Screen::Monitoring => ("monitoring", "监测"),
            Screen::Operations => ("operations", "合成作战"),
        };
        Text::new(en, zh)
    }
}
