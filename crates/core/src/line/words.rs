//! The words of the action line: verbs with their other names in both languages, named fields, and the words
//! that may stand between. A new verb is a row here and a reading in `read`.

pub use super::screens::{SCREENS, Screen};
use crate::basis::Text;

/// What a line asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Send units to an incident.
    Send,
    /// The crew has it.
    Acknowledge,
    /// The crew is on its way.
    Depart,
    /// The crew is there.
    Arrive,
    /// The crew is done.
    Clear,
    /// Call units off.
    CallOff,
    /// Send it again to a crew that does not answer.
    Resend,
    /// Put another unit in the place of one.
    Swap,
    /// Send a unit to another incident instead.
    Reassign,
    /// Strike a higher alarm.
    RaiseAlarm,
    /// Write a note.
    Note,
    /// Close an incident.
    Close,
    /// Cancel an incident.
    CancelIncident,
    /// Take an ended incident up again.
    Reopen,
    /// Change what an incident is or how urgent.
    Grade,
    /// Correct where an incident is.
    Relocate,
    /// Say that an incident is the same as another.
    Merge,
    /// Say that it was not.
    Unmerge,
    /// Link two incidents.
    Link,
    /// Open an incident.
    Open,
    /// Take a call.
    TakeCall,
    /// Join a call to an incident.
    Join,
    /// Show a unit or an incident.
    Status,
    /// Go to an incident, a unit, a call or a screen.
    Go,
    /// Bring a unit on duty, back into service or out of its rest.
    Available,
    /// Take a unit out of service.
    OutOfService,
    /// Take a unit off duty.
    OffDuty,
    /// Let a crew rest.
    Rest,
    /// Let free units wait at a station.
    MoveUp,
    /// Issue a directive to units.
    Direct,
    /// Sign for a directive.
    Sign,
    /// Begin to act on a directive.
    Begin,
    /// Report back on a directive.
    Report,
    /// Verify what was reported.
    Verify,
    /// Return what was reported for rework.
    Return,
    /// Take a directive back.
    Recall,
    /// Ask for support.
    Ask,
    /// Write into the log of one's shift.
    Log,
    /// Come on duty.
    ComeOn,
    /// Go off duty oneself.
    Leave,
    /// Take the last action back.
    Undo,
    /// Say what can be said.
    Help,
}

/// A verb with everything it is called.
#[derive(Debug)]
pub struct VerbRow {
    /// The verb.
    pub verb: Verb,
    /// The fewest keys.
    pub short: &'static str,
    /// Its English names, the usual one first; some are two words.
    pub en: &'static [&'static str],
    /// Its Chinese names, the usual one first.
    pub zh: &'static [&'static str],
    /// How a line with it is written, in English and Chinese.
    pub form: (&'static str, &'static str),
    /// What it does, in English and Chinese.
    pub does: (&'static str, &'static str),
}

macro_rules! verbs {
    ($($verb:ident $short:literal [$($en:literal),*] [$($zh:literal),*] ($form:literal, $form_zh:literal) ($does:literal, $does_zh:literal);)*) => {
        /// All verbs, in the order in which help lists them.
        pub const VERBS: &[VerbRow] = &[$(VerbRow {
            verb: Verb::$verb,
            short: $short,
            en: &[$($en),*],
            zh: &[$($zh),*],
            form: ($form, $form_zh),
            does: ($does, $does_zh),
        }),*];
    };
}

verbs! {
    Send "d" ["send", "dispatch"] ["派警", "派出", "派遣", "调派", "派"] ("d UNIT... [INCIDENT]", "派 力量… [警情]")
        ("send units; without units, those recommended", "派出力量；不写力量时派出推荐力量");
    Acknowledge "a" ["acknowledge", "ack"] ["接收", "收到"] ("a UNIT...", "接收 力量…") ("the crew has it", "力量已接收");
    Depart "en" ["en route", "enroute", "depart"] ["出发"] ("en UNIT...", "出发 力量…") ("the crew is on its way", "力量已出发");
    Arrive "os" ["on scene", "onscene", "arrive"] ["到达", "到场"] ("os UNIT...", "到达 力量…") ("the crew is there", "力量已到达");
    Clear "cu" ["clear", "clear up", "clearup"] ["处置完毕", "结束"] ("cu UNIT... [how it ended]", "结束 力量… [结果]")
        ("the crew is done", "力量处置完毕");
    CallOff "x" ["call off", "calloff", "off", "cancel"] ["取消派警", "撤回", "取消"] ("x UNIT... [reason]", "撤回 力量… [原因]")
        ("call units off", "撤回力量");
    Resend "rs" ["resend"] ["重发"] ("rs UNIT...", "重发 力量…") ("send it again to a crew that does not answer", "向未应答的力量重发");
    Swap "sw" ["swap"] ["换派", "换"] ("sw UNIT by UNIT", "换派 力量 由 力量") ("put another unit in its place", "以另一力量替换");
    Reassign "ra" ["reassign", "move"] ["改派"] ("ra UNIT to INCIDENT", "改派 力量 到 警情") ("send it to another incident instead", "改派至另一警情");
    RaiseAlarm "al" ["alarm"] ["升级"] ("al [INCIDENT] [LEVEL]", "升级 [警情] [等级]") ("strike a higher alarm", "升级出动等级");
    Note "n" ["note"] ["备注"] ("n [INCIDENT] text", "备注 [警情] 文字") ("write a note", "写备注");
    Close "cl" ["close"] ["结案"] ("cl [INCIDENT] how it ended", "结案 [警情] 处置结果") ("close an incident", "结案");
    CancelIncident "cx" ["cancel incident"] ["取消警情"] ("cx [INCIDENT] reason", "取消警情 [警情] 原因") ("cancel an incident", "取消警情");
    Reopen "ro" ["reopen"] ["恢复"] ("ro INCIDENT reason", "恢复 警情 原因") ("take an ended incident up again", "恢复已结束的警情");
    Grade "g" ["grade"] ["定级"] ("g [INCIDENT] [p1-p4] [CATEGORY]", "定级 [警情] [1级-4级] [类别]") ("change what it is or how urgent", "调整类别或级别");
    Relocate "mv" ["relocate"] ["改址"] ("mv [INCIDENT] @ PLACE", "改址 [警情] 在 地点") ("correct where it is", "更正地点");
    Merge "mg" ["merge"] ["合并"] ("mg INCIDENT into INCIDENT", "合并 警情 到 警情") ("two incidents are one", "合并警情");
    Unmerge "um" ["unmerge"] ["撤销合并"] ("um INCIDENT", "撤销合并 警情") ("they were not", "撤销合并");
    Link "lk" ["link"] ["关联"] ("lk INCIDENT INCIDENT", "关联 警情 警情") ("they have to do with each other", "关联警情");
    Open "i" ["open", "new"] ["立警"] ("i CATEGORY p1-p4 @ PLACE", "立警 类别 1级-4级 在 地点") ("open an incident", "立警");
    TakeCall "c" ["call"] ["接警"] ("c [what is said]", "接警 [所述内容]") ("take a call", "接警");
    Join "j" ["join"] ["并入"] ("j [CALL] INCIDENT", "并入 [接警单] 警情") ("join a call to an incident", "将接警单并入警情");
    Status "s" ["status"] ["状态"] ("s UNIT or INCIDENT", "状态 力量或警情") ("show how it stands", "查看状态");
    Go "go" ["go", "show"] ["看", "查"] ("go UNIT, INCIDENT, D12, call:N or SCREEN", "看 力量、警情、指令号、接警单:号 或 席位") ("open it", "打开");
    Available "av" ["available", "on duty", "onduty", "on"] ["待命", "上班"] ("av UNIT...", "待命 力量…") ("on duty and free to be sent", "上班或恢复待命");
    OutOfService "oos" ["out of service"] ["停用"] ("oos UNIT... reason", "停用 力量… 原因") ("take out of service", "停用力量");
    OffDuty "od" ["off duty", "offduty"] ["下班"] ("od UNIT...", "下班 力量…") ("go off duty", "力量下班");
    Rest "rest" ["rest"] ["休整"] ("rest UNIT... MINUTES", "休整 力量… 分钟") ("let the crew rest", "安排休整");
    MoveUp "mu" ["move up", "wait"] ["前移"] ("mu UNIT... to STATION", "前移 力量… 到 站点") ("let it wait at another station; its own brings it back", "到另一站点待命；写本站即返回");
    Direct "dir" ["direct", "order"] ["指令", "下达指令"] ("dir UNIT... [p1-p4] text", "指令 力量… 文字") ("issue a directive to units", "向力量下达指令");
    Sign "sg" ["sign"] ["签收"] ("sg [D12]", "签收 [指令号]") ("sign for a directive", "签收指令");
    Begin "bg" ["begin"] ["开始处置", "开始办理"] ("bg [D12]", "开始处置 [指令号]") ("begin to act on a directive", "开始办理指令");
    Report "rp" ["report"] ["反馈"] ("rp [D12] text", "反馈 [指令号] 文字") ("report back on a directive", "反馈指令办理情况");
    Verify "vf" ["verify"] ["核验"] ("vf [D12] [UNIT]", "核验 [指令号] [力量]") ("verify what was reported", "核验反馈");
    Return "rt" ["return"] ["退回"] ("rt [D12] reason", "退回 [指令号] 原因") ("return a report for rework", "退回重办");
    Recall "rc" ["recall"] ["撤回指令"] ("rc D12 reason", "撤回指令 指令号 原因") ("take a directive back", "撤回指令");
    Ask "ask" ["ask"] ["求援"] ("ask CAPABILITY [xN] [INCIDENT] [text]", "求援 能力 [N个] [警情] [文字]") ("ask for support in the agency", "在本单位内请求支撑");
    Log "log" ["log"] ["日志"] ("log text", "日志 文字") ("write into the log of your shift", "写入本班值班日志");
    ComeOn "relieve" ["relieve"] ["到岗"] ("relieve", "到岗") ("come on for your own shift", "本人到岗");
    Leave "leave" ["leave"] ["离岗"] ("leave", "离岗") ("go off, where nothing is handed over", "本人离岗（无需交接时）");
    Undo "u" ["undo"] ["撤销"] ("u", "撤销") ("take your last action back", "撤销您的上一操作");
    Help "?" ["help"] ["帮助"] ("? [VERB]", "帮助 [操作]") ("what can be said", "可用操作");
}

impl Verb {
    /// Returns its row.
    pub fn row(self) -> &'static VerbRow {
        VERBS
            .iter()
            .find(|row| row.verb == self)
            .unwrap_or(&VERBS[0])
    }

    /// Returns how a line with it is written.
    pub fn form(self) -> Text {
        let (en, zh) = self.row().form;
        Text::new(en, zh)
    }

    /// Returns what it does.
    pub fn does(self) -> Text {
        let (en, zh) = self.row().does;
        Text::new(en, zh)
    }

    /// Returns its usual name, which is also what a line is printed with.
    pub fn name(self) -> &'static str {
        self.row().en.first().copied().unwrap_or(self.row().short)
    }

    /// Returns true if what follows the records is text as typed, so that no word of it is taken for a slip.
    pub(super) fn takes_text(self) -> bool {
        match self {
            Verb::Clear
            | Verb::CallOff
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Relocate
            | Verb::TakeCall
            | Verb::Direct
            | Verb::Report
            | Verb::Return
            | Verb::Recall
            | Verb::Ask
            | Verb::Log
            | Verb::OutOfService => true,
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Resend
            | Verb::Swap
            | Verb::Reassign
            | Verb::RaiseAlarm
            | Verb::Grade
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::Join
            | Verb::Status
            | Verb::Go
            | Verb::Available
            | Verb::OffDuty
            | Verb::Rest
            | Verb::MoveUp
            | Verb::Sign
            | Verb::Begin
            | Verb::Verify
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => false,
        }
    }

    /// Returns true if it may name units.
    pub(super) fn takes_units(self) -> bool {
        match self {
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Clear
            | Verb::CallOff
            | Verb::Resend
            | Verb::Swap
            | Verb::Reassign
            | Verb::Status
            | Verb::Go
            | Verb::Available
            | Verb::OutOfService
            | Verb::OffDuty
            | Verb::Rest
            | Verb::Direct
            | Verb::Sign
            | Verb::Begin
            | Verb::Report
            | Verb::Verify
            | Verb::Return
            | Verb::MoveUp => true,
            Verb::RaiseAlarm
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Grade
            | Verb::Relocate
            | Verb::Merge
            | Verb::Unmerge
            | Verb::Link
            | Verb::Open
            | Verb::TakeCall
            | Verb::Join
            | Verb::Recall
            | Verb::Ask
            | Verb::Log
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => false,
        }
    }

    /// Returns true if a field of that name may stand in a line with it.
    pub(super) fn has(self, field: Field) -> bool {
        match field {
            Field::Incident => self.incidents_max() > 0,
            Field::Call => matches!(self, Verb::Open | Verb::Join | Verb::Status | Verb::Go),
            Field::Unit => self.takes_units(),
            Field::By => self == Verb::Swap,
            Field::At | Field::Area => matches!(self, Verb::Open | Verb::Relocate),
            Field::Category => matches!(self, Verb::Open | Verb::Grade),
            Field::Priority => matches!(self, Verb::Open | Verb::Grade | Verb::Direct),
            Field::Level => self == Verb::RaiseAlarm,
            Field::Minutes => self == Verb::Rest,
            Field::Station => self == Verb::MoveUp,
            Field::Reason => matches!(
                self,
                Verb::Clear
                    | Verb::CallOff
                    | Verb::Close
                    | Verb::CancelIncident
                    | Verb::Reopen
                    | Verb::OutOfService
                    | Verb::Swap
                    | Verb::Reassign
                    | Verb::Return
                    | Verb::Recall
            ),
            Field::Note => matches!(
                self,
                Verb::Note | Verb::TakeCall | Verb::Direct | Verb::Report | Verb::Ask | Verb::Log
            ),
            Field::Directive => self.is_of_item() || matches!(self, Verb::Recall | Verb::Go),
            Field::Item => self.is_of_item(),
            Field::Count | Field::Capability => self == Verb::Ask,
        }
    }

    /// Returns true if it is about one addressee's part of a directive.
    pub(super) fn is_of_item(self) -> bool {
        matches!(
            self,
            Verb::Sign | Verb::Begin | Verb::Report | Verb::Verify | Verb::Return
        )
    }

    /// Returns true if its words are read by `told`: it is about a directive, support or one's own shift.
    pub(super) fn is_told(self) -> bool {
        let other = matches!(
            self,
            Verb::Direct | Verb::Recall | Verb::Ask | Verb::Log | Verb::ComeOn | Verb::Leave
        );
        other || self.is_of_item()
    }

    /// Returns how many incidents it may name.
    pub(super) fn incidents_max(self) -> usize {
        match self {
            Verb::Merge | Verb::Link => 2,
            Verb::Send
            | Verb::Acknowledge
            | Verb::Depart
            | Verb::Arrive
            | Verb::Clear
            | Verb::CallOff
            | Verb::Resend
            | Verb::Reassign
            | Verb::RaiseAlarm
            | Verb::Note
            | Verb::Close
            | Verb::CancelIncident
            | Verb::Reopen
            | Verb::Grade
            | Verb::Relocate
            | Verb::Unmerge
            | Verb::Join
            | Verb::Status
            | Verb::Ask
            | Verb::Go => 1,
            Verb::Swap
            | Verb::Open
            | Verb::TakeCall
            | Verb::Available
            | Verb::OutOfService
            | Verb::OffDuty
            | Verb::Rest
            | Verb::MoveUp
            | Verb::Direct
            | Verb::Sign
            | Verb::Begin
            | Verb::Report
            | Verb::Verify
            | Verb::Return
            | Verb::Recall
            | Verb::Log
            | Verb::ComeOn
            | Verb::Leave
            | Verb::Undo
            | Verb::Help => 0,
        }
    }
}

/// A value that is named rather than recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// An incident's number.
    Incident,
    /// A call's number.
    Call,
    /// A call sign.
    Unit,
    /// The call sign of the unit that takes another's place.
    By,
    /// A place.
    At,
    /// A station area.
    Area,
    /// A station's code or name.
    Station,
    /// A category.
    Category,
    /// A priority.
    Priority,
    /// An alarm level.
    Level,
    /// Minutes.
    Minutes,
    /// Why, or how it ended.
    Reason,
    /// The text of a note.
    Note,
    /// A directive's number.
    Directive,
    /// Which addressee's part of a directive, from 1.
    Item,
    /// How many.
    Count,
    /// What support is asked for.
    Capability,
}

/// The fields with their names: English ones, the usual one first, then Chinese ones.
pub const FIELDS: &[(Field, &[&str], &[&str])] = &[
    (Field::Incident, &["incident", "inc"], &["警情"]),
    (Field::Call, &["call"], &["接警单", "报警"]),
    (Field::Unit, &["unit"], &["力量", "车辆"]),
    (Field::By, &["by"], &["替换"]),
    (Field::At, &["at", "place"], &["地点", "地址"]),
    (Field::Area, &["area"], &["辖区"]),
    (Field::Station, &["station"], &["站点"]),
    (Field::Category, &["category", "cat"], &["类别"]),
    (Field::Priority, &["priority", "pri"], &["级别", "优先级"]),
    (Field::Level, &["level", "alarm"], &["等级"]),
    (Field::Minutes, &["minutes", "min"], &["分钟"]),
    (Field::Reason, &["reason", "disposition"], &["原因", "结果"]),
    (Field::Note, &["note", "text"], &["备注", "内容"]),
    (Field::Directive, &["directive"], &["指令"]),
    (Field::Item, &["item"], &["分项"]),
    (Field::Count, &["count"], &["数量"]),
    (Field::Capability, &["capability"], &["能力"]),
];

impl Field {
    /// Returns its usual English name.
    pub fn name(self) -> &'static str {
        let row = FIELDS.iter().find(|(field, ..)| *field == self);
        row.map_or("", |(_, en, _)| en[0])
    }

    /// Returns its usual Chinese name.
    pub fn name_zh(self) -> &'static str {
        let row = FIELDS.iter().find(|(field, ..)| *field == self);
        row.map_or("", |(_, _, zh)| zh[0])
    }

    /// Returns true if its value is text, which runs to the next field when it is not quoted.
    pub(super) fn is_text(self) -> bool {
        match self {
            Field::At | Field::Category | Field::Reason | Field::Note => true,
            Field::Incident
            | Field::Call
            | Field::Unit
            | Field::By
            | Field::Area
            | Field::Station
            | Field::Priority
            | Field::Level
            | Field::Minutes
            | Field::Directive
            | Field::Item
            | Field::Count
            | Field::Capability => false,
        }
    }
}

/// Returns the field of that name, in plain letters.
pub(super) fn field_named(name: &str) -> Option<Field> {
    let row = FIELDS
        .iter()
        .find(|(_, en, zh)| en.contains(&name) || zh.contains(&name));
    row.map(|(field, ..)| *field)
}

/// What a word between the records says about the unit that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// Nothing.
    Nothing,
    /// It takes the other's place.
    TakesPlace,
    /// Its place is taken.
    GivesPlace,
    /// A place on the map follows.
    Place,
}

/// Returns what a word that may stand between records says, if it is one. The Chinese ones are single characters.
pub(super) fn between(word: &str) -> Option<Between> {
    match word {
        "to" | "on" | "and" | "the" | "of" | "into" | "from" | "in" | "as" | "incident"
        | "incidents" | "unit" | "units" | "alarm" | "level" | "priority" | "&" | "+" | "->"
        | "=>" | "-" | "|" => Some(Between::Nothing),
        "到" | "去" | "往" | "至" | "给" | "和" | "与" | "跟" | "警" | "情" | "把" | "将"
        | "让" | "请" | "的" | "了" | "及" | "第" => Some(Between::Nothing),
        "by" | "with" | "由" | "为" | "成" | "用" => Some(Between::TakesPlace),
        "for" | "替" => Some(Between::GivesPlace),
        "@" | "at" | "在" | "于" => Some(Between::Place),
        _ => None,
    }
}

/// How a verb was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    /// The verb.
    pub(super) verb: Verb,
    /// Its row's own word for it.
    pub(super) word: &'static str,
    /// True if the word was said whole.
    pub(super) whole: bool,
    /// One past its last character.
    pub(super) to: usize,
}

/// Why no verb was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoVerb {
    /// Nothing is there.
    Nothing,
    /// No verb is called that; the nearest is given if one is near.
    Unknown {
        to: usize,
        nearest: Option<&'static str>,
    },
    /// Several begin like that.
    Several { to: usize, words: Vec<&'static str> },
}

/// Shortest beginning of an English verb that is taken for it.
const START_LETTERS_MIN: usize = 3;

/// Finds the verb that stands at a place of the line, given in plain characters.
pub(super) fn verb_at(line: &[char], from: usize) -> Result<Said, NoVerb> {
    let rest = line.get(from..).unwrap_or_default();
    let Some(first) = rest.first() else {
        return Err(NoVerb::Nothing);
    };
    if *first == '?' {
        return Ok(said(Verb::Help, "?", true, from + 1));
    }
    if let Some(found) = chinese(rest) {
        return Ok(Said {
            to: from + found.to,
            ..found
        });
    }
    let len = |words: usize| word_len(rest, words);
    // Two and three words first, or "on scene" would be read as "on".
    for words in [3, 2, 1] {
        let Some(to) = len(words) else { continue };
        let spoken: String = rest[..to].iter().filter(|c| **c != ' ').collect();
        if let Some((verb, word)) = whole(&spoken, words) {
            return Ok(said(verb, word, true, from + to));
        }
    }
    let to = len(1).unwrap_or(0);
    let spoken: String = rest[..to].iter().collect();
    match started(&spoken).as_slice() {
        [] => Err(NoVerb::Unknown {
            to: from + to.max(1),
            nearest: nearest(&spoken),
        }),
        [(verb, word)] => Ok(said(*verb, word, false, from + to)),
        several => Err(NoVerb::Several {
            to: from + to,
            words: several.iter().map(|(_, word)| *word).collect(),
        }),
    }
}

fn said(verb: Verb, word: &'static str, whole: bool, to: usize) -> Said {
    Said {
        verb,
        word,
        whole,
        to,
    }
}

/// Returns how many characters the first words take, if there are that many words.
fn word_len(rest: &[char], words: usize) -> Option<usize> {
    let letter = |c: &char| c.is_ascii_alphabetic();
    let mut at = 0;
    for word in 0..words {
        if word > 0 {
            at += rest[at..].iter().take_while(|c| **c == ' ').count();
        }
        let letters = rest[at..].iter().take_while(|c| letter(c)).count();
        let ends = rest.get(at + letters).is_none_or(|c| {
            matches!(c, ' ' | ',' | ':' | '.' | '#' | '"' | '@') || super::tokens::is_cjk(*c)
        });
        if letters == 0 || !ends {
            return None;
        }
        at += letters;
    }
    Some(at)
}

fn chinese(rest: &[char]) -> Option<Said> {
    let names = VERBS
        .iter()
        .flat_map(|row| row.zh.iter().map(move |word| (row.verb, *word)));
    names
        .filter(|(_, word)| {
            let count = word.chars().count();
            rest.len() >= count && word.chars().eq(rest[..count].iter().copied())
        })
        .max_by_key(|(_, word)| word.chars().count())
        .map(|(verb, word)| said(verb, word, true, word.chars().count()))
}

/// Returns the verb called exactly that. `words` is how many words it was said in.
fn whole(spoken: &str, words: usize) -> Option<(Verb, &'static str)> {
    for row in VERBS {
        if words == 1 && row.short == spoken {
            return Some((row.verb, row.short));
        }
        let is = |name: &&&str| {
            name.split(' ').count() == words
                && name.chars().filter(|c| *c != ' ').eq(spoken.chars())
        };
        if let Some(name) = row.en.iter().find(is) {
            return Some((row.verb, name));
        }
    }
    None
}

/// Returns the verbs that a word is the beginning or another form of, each verb once.
fn started(spoken: &str) -> Vec<(Verb, &'static str)> {
    for stem in stems(spoken) {
        if let Some(found) = whole(&stem, 1) {
            // One or two letters with an ending are too little to go by.
            if stem.len() >= START_LETTERS_MIN {
                return vec![found];
            }
        }
        if stem.len() < START_LETTERS_MIN {
            continue;
        }
        let mut found: Vec<(Verb, &'static str)> = Vec::new();
        for row in VERBS {
            let starts = |name: &&&str| name.starts_with(stem.as_str()) && !name.contains(' ');
            found.extend(row.en.iter().find(starts).map(|name| (row.verb, *name)));
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Returns a word, and what is left of it without the ending of its form: closing, cancelled, swaps.
fn stems(spoken: &str) -> Vec<String> {
    let mut stems = vec![spoken.to_owned()];
    for ending in ["ing", "ed", "es", "s", "d"] {
        if let Some(stem) = spoken.strip_suffix(ending) {
            stems.push(stem.to_owned());
            let mut letters = stem.chars().rev();
            if letters
                .next()
                .is_some_and(|last| letters.next() == Some(last))
            {
                stems.push(stem[..stem.len() - 1].to_owned());
            }
        }
    }
    stems
}

fn nearest(spoken: &str) -> Option<&'static str> {
    let names = VERBS.iter().flat_map(|row| row.en.iter().copied());
    let far = |name: &&str| crate::plan::letters_apart(name, spoken);
    let nearest = names.min_by_key(far)?;
    (spoken.len() >= START_LETTERS_MIN && far(&nearest) <= 2).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str) -> Result<Said, NoVerb> {
        let line: Vec<char> = line.chars().collect();
        verb_at(&line, 0)
    }

    #[test]
    fn every_name_of_a_verb_is_found_and_is_that_verb_alone() {
        for row in VERBS {
            for name in [row.short]
                .into_iter()
                .chain(row.en.iter().copied())
                .chain(row.zh.iter().copied())
            {
                let found = find(name).unwrap();
                assert_eq!(
                    (found.verb, found.whole, found.to),
                    (row.verb, true, name.chars().count()),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_beginning_or_another_form_is_the_verb_while_it_can_be_no_other() {
        for (spoken, verb) in [
            ("ackn e1", Verb::Acknowledge),
            ("dis e1", Verb::Send),
            ("sending e1", Verb::Send),
            ("cancelled e1", Verb::CallOff),
            ("swapping", Verb::Swap),
            ("closing 1", Verb::Close),
            ("notes 1", Verb::Note),
            ("arrives", Verb::Arrive),
            ("merged 1 2", Verb::Merge),
            ("on  scene e1", Verb::Arrive),
            ("on e1", Verb::Available),
            ("out of service e1", Verb::OutOfService),
        ] {
            assert_eq!(find(spoken).unwrap().verb, verb, "{spoken}");
        }
        for (spoken, words) in [
            ("res e1", vec!["resend", "rest"]),
            ("cal x", vec!["calloff", "call"]),
        ] {
            match find(spoken) {
                Err(NoVerb::Several { words: found, .. }) => assert_eq!(found, words),
                other => panic!("{spoken}: {other:?}"),
            }
        }
        for (spoken, near) in [
            ("dispach e1", Some("dispatch")),
            ("clsoe", Some("close")),
            ("zz", None),
            ("12", None),
            ("banana", None),
        ] {
            match find(spoken) {
                Err(NoVerb::Unknown { nearest, .. }) => assert_eq!(nearest, near, "{spoken}"),
                other => panic!("{spoken}: {other:?}"),
            }
        }
    }

    #[test]
    fn no_two_fields_share_a_name() {
        let names: Vec<&str> = FIELDS
            .iter()
            .flat_map(|(_, en, zh)| en.iter().chain(zh.iter()).copied())
            .collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
    }
}
