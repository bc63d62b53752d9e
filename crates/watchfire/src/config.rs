//! The configuration: one TOML file, `watchfire.toml` in the node's directory. Every key has a default.
//!
//! [`example`] writes the file that `watchfire init` puts down, from the defaults and the words below; a
//! test sees that it reads back as the defaults and leaves no key out.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use watchfire_core::duplicate::DuplicateRules;
use watchfire_core::figures::Targets;
use watchfire_core::timer::TimerRules;

use crate::cover::CoverSettings;
use crate::link::client::ADDRESSES_MAX;
use crate::travel::Estimate;

/// The name of the file in a node's directory.
pub const FILE: &str = "watchfire.toml";

/// The configuration of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What people call the node.
    pub name: String,
    /// The time zone it lives in, an IANA name; the browser's own if empty.
    pub zone: String,
    /// Where it listens and how.
    pub http: Http,
    /// Its road network.
    pub roads: Roads,
    /// Its response plans.
    pub response: Response,
    /// Its playbooks.
    pub playbooks: PlaybookFolder,
    /// When a step of an assignment is late.
    pub timers: TimerRules,
    /// When two reports may be about one event.
    pub duplicates: DuplicateRules,
    /// How long the steps of an incident should take.
    pub figures: Targets,
    /// How cover is counted and kept.
    pub cover: CoverSettings,
    /// How long things are kept at hand.
    pub keep: Keep,
    /// How it is reached by its peers.
    pub federation: Federation,
    /// What it writes to its log.
    pub log: Log,
}

/// Where the node listens and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port.
    pub listen: SocketAddr,
    /// How connections are protected.
    pub tls: Tls,
    /// Certificate chain, PEM, for `tls = "files"`.
    pub certificate: PathBuf,
    /// Private key, PEM, for `tls = "files"`.
    pub key: PathBuf,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all: on this machine only.
    Off,
    /// By a certificate that the node made itself at its first start.
    SelfSigned,
    /// By the certificate and key named.
    Files,
    /// By a proxy in front that ends TLS.
    Proxy,
}

/// The road network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roads {
    /// The file made by `watchfire roads build`; empty for none.
    pub file: PathBuf,
    /// GeoJSON of named areas (districts, quarters) for the map; empty for none.
    pub areas: PathBuf,
    /// TOML of speeds by class of road and hour; empty for none.
    pub hours: PathBuf,
    /// What `watchfire roads calibrate` wrote; empty for none.
    pub learned: PathBuf,
    /// Which of the times that were learned is taken.
    pub estimate: Estimate,
    /// Percent put on road times.
    pub time_percent: u32,
    /// Speed in km/h along the straight line, where there is no road network.
    pub straight_line_kmh: f64,
    /// How much longer than the straight line, in percent.
    pub straight_line_percent: u16,
    /// To incidents of this priority and more urgent ones units drive with lights and siren; 0 for none.
    pub siren_to_priority: u8,
}

/// The response plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    /// The response file; empty for none.
    pub file: PathBuf,
}

/// The playbooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlaybookFolder {
    /// The folder of playbook files; empty for none.
    pub folder: PathBuf,
}

/// How long things are kept at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Hours that ended records stay in memory.
    pub ended_h: u64,
    /// Hours that trails of positions are kept.
    pub trail_h: u64,
    /// Hours that a draft of a call is kept which nobody touches.
    pub draft_h: u64,
    /// Days that recommendations are kept with what they were made of.
    pub recommendation_d: u64,
}

/// How the node is reached by its peers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Federation {
    /// Address and port on which peers are answered; none if it works alone or only calls others.
    #[serde(with = "maybe_address")]
    pub listen: Option<SocketAddr>,
    /// What others reach it by, host and port, tried in this order.
    pub addresses: Vec<String>,
}

/// An address that may be left empty: TOML has no word for nothing.
mod maybe_address {
    use std::net::SocketAddr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        address: &Option<SocketAddr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(serde::de::Error::custom)
    }
}

impl Federation {
    /// Says what is wrong with it, if something is.
    fn wrong(&self) -> Option<String> {
        if self.addresses.len() > ADDRESSES_MAX {
            return Some(format!(
                "federation.addresses may name {ADDRESSES_MAX} at most"
            ));
        }
        let unfit = self.addresses.iter().find(|one| !is_host_and_port(one));
        unfit.map(|one| {
            format!(
                "federation.addresses: \"{one}\" is no host and port, such as \"node.example:8441\""
            )
        })
    }
}

/// Says whether a text is a host and a port by which a node may be reached. Whether it is there is not asked.
pub fn is_host_and_port(text: &str) -> bool {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return address.port() != 0;
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let plain_port = port.bytes().all(|byte| byte.is_ascii_digit());
    plain_port
        && port.parse::<u16>().is_ok_and(|port| port != 0)
        && host.len() <= 253
        && host.split('.').all(label)
}

/// What the node writes to its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Level: error, warn, info, debug or trace.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            name: "Watchfire".to_owned(),
            zone: String::new(),
            http: Http::default(),
            roads: Roads::default(),
            response: Response::default(),
            playbooks: PlaybookFolder::default(),
            timers: TimerRules::default(),
            duplicates: DuplicateRules::default(),
            figures: Targets::default(),
            cover: CoverSettings::default(),
            keep: Keep::default(),
            federation: Federation::default(),
            log: Log::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Http {
        Http {
            listen: SocketAddr::from(([127, 0, 0, 1], 8440)),
            tls: Tls::Off,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
        }
    }
}

impl Default for Roads {
    fn default() -> Roads {
        Roads {
            file: PathBuf::new(),
            areas: PathBuf::new(),
            hours: PathBuf::new(),
            learned: PathBuf::new(),
            estimate: Estimate::P50,
            time_percent: 100,
            straight_line_kmh: 40.0,
            straight_line_percent: 130,
            siren_to_priority: 0,
        }
    }
}

impl Default for Response {
    fn default() -> Response {
        Response {
            file: PathBuf::new(),
        }
    }
}

impl Default for Keep {
    fn default() -> Keep {
        Keep {
            ended_h: 48,
            trail_h: 72,
            draft_h: 24,
            recommendation_d: 90,
        }
    }
}

impl Default for Log {
    fn default() -> Log {
        Log {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// What is said of each key in the example: section, key, words.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "",
        "name",
        "What people call this node; shown on every screen.",
    ),
    (
        "",
        "zone",
        "The time zone it lives in, an IANA name such as \"Asia/Shanghai\"; the browser's own if empty.",
    ),
    (
        "http",
        "listen",
        "Address and port. The default is for this machine only.",
    ),
    (
        "http",
        "tls",
        "\"off\" (this machine only), \"self_signed\", \"files\", or \"proxy\" (a proxy in front ends TLS).",
    ),
    (
        "http",
        "certificate",
        "Certificate chain in PEM, for tls = \"files\". Relative paths start at this directory.",
    ),
    ("http", "key", "Private key in PEM, for tls = \"files\"."),
    (
        "roads",
        "file",
        "The file made by `watchfire roads build`. Without one, times are by straight line and say so.",
    ),
    (
        "roads",
        "areas",
        "GeoJSON of named areas (districts, quarters): written on the map, found by name, said of a place. May be left out.",
    ),
    (
        "roads",
        "hours",
        "TOML of percents put on road times by class of road and hour of this node's day (docs/book/roads-conditions.md). May be left out.",
    ),
    (
        "roads",
        "learned",
        "What `watchfire roads calibrate` learned of your own runs and wrote; takes the place of roads.hours. May be left out.",
    ),
    (
        "roads",
        "estimate",
        "Of what was learned: \"p50\" (half of the runs take at most the time shown) or \"p90\" (nine of ten).",
    ),
    (
        "roads",
        "time_percent",
        "Percent put on road times, for what the network does not know (lights, turns, traffic).",
    ),
    (
        "roads",
        "straight_line_kmh",
        "Speed along the straight line, in km/h, where there is no road network.",
    ),
    (
        "roads",
        "straight_line_percent",
        "How much longer than the straight line a way is taken to be, in percent.",
    ),
    (
        "roads",
        "siren_to_priority",
        "To incidents of this priority (1 to 4) and more urgent ones times are those of lights and siren; 0: to none.",
    ),
    (
        "response",
        "file",
        "Categories, kinds, capabilities and response plans (docs/book/response.md). Without one, any code is taken.",
    ),
    (
        "playbooks",
        "folder",
        "A folder of playbooks, one TOML file each (docs/book/playbooks.md). Without one, nothing fires.",
    ),
    (
        "timers",
        "unanswered_s",
        "Seconds from sent until a crew that has not answered is reported.",
    ),
    (
        "timers",
        "late_departure_s",
        "Seconds from sent until a crew that has not departed is reported.",
    ),
    (
        "timers",
        "overdue_arrival_percent",
        "Percent of the expected travel time until a crew that has not arrived is reported.",
    ),
    (
        "timers",
        "overdue_arrival_grace_s",
        "Seconds added to that.",
    ),
    (
        "timers",
        "arrival_without_estimate_s",
        "Seconds en route until a crew is reported when no travel time was known.",
    ),
    (
        "timers",
        "unassigned_s",
        "Seconds that an incident of priority 1, 2, 3, 4 may have nobody on it until it is reported.",
    ),
    (
        "timers",
        "on_scene_check_s",
        "Seconds on scene, or since the crew was last asked, until somebody must ask how they are; 0 for never.",
    ),
    (
        "timers",
        "call_waiting_s",
        "Seconds that a call may be part of no incident until it is reported.",
    ),
    (
        "timers",
        "support_unanswered_s",
        "Seconds that a support request of priority 1, 2, 3, 4 may be without any answer until it is reported; after twice as long, while less was accepted than is needed.",
    ),
    (
        "duplicates",
        "radius_m",
        "Metres between two reports of the same category that may be one event.",
    ),
    ("duplicates", "window_s", "Seconds between them at most."),
    (
        "duplicates",
        "radius_other_category_m",
        "Metres between them at most when the categories differ.",
    ),
    (
        "duplicates",
        "same_caller_window_s",
        "Seconds within which the same number may be calling about the same event.",
    ),
    (
        "duplicates",
        "same_caller_radius_m",
        "Metres between the places at most for that, where both are known.",
    ),
    (
        "duplicates",
        "hints_max",
        "Hints shown at most, best first.",
    ),
    (
        "figures",
        "ringing_to_answered_s",
        "Targets that figures are held against: seconds for priorities 1 to 4, 0 for none. Ringing to answered: 15 s by NENA-STA-020.1-2020.",
    ),
    (
        "figures",
        "ringing_to_answered_percent",
        "Percent of calls to be answered within that: 90 by NENA-STA-020.1-2020.",
    ),
    (
        "figures",
        "answered_to_sent_s",
        "Answered to first unit sent: 60 s by NFPA 1225 (2022), which speaks of emergencies.",
    ),
    (
        "figures",
        "answered_to_sent_percent",
        "Percent of incidents to be within that: 90 by NFPA 1225.",
    ),
    (
        "figures",
        "sent_to_departed_s",
        "Sent to departed (turnout): 80 s for fire by NFPA 1710; 60 s is usual for ambulances.",
    ),
    (
        "figures",
        "sent_to_departed_percent",
        "Percent of assignments to be within that: 90 by NFPA 1710.",
    ),
    (
        "figures",
        "departed_to_arrived_s",
        "Departed to arrived (travel): 240 s for the first engine by NFPA 1710.",
    ),
    (
        "figures",
        "departed_to_arrived_percent",
        "Percent of assignments to be within that: 90 by NFPA 1710.",
    ),
    (
        "figures",
        "answered_to_arrived_s",
        "Answered to first unit on scene: the sum of the three above, as no standard names one.",
    ),
    (
        "figures",
        "answered_to_arrived_percent",
        "Percent of incidents to be within that.",
    ),
    (
        "cover",
        "kinds",
        "The kinds of unit that count for cover, codes of the response file; all when empty.",
    ),
    (
        "cover",
        "within_s",
        "Seconds of travel within which a call of the public should be reached.",
    ),
    (
        "cover",
        "busy_percent",
        "How much of the time a unit is busy, in percent: the more, the less a single unit is relied upon (Daskin's MEXCLP).",
    ),
    (
        "cover",
        "cell_m",
        "Side of the squares in which past calls of the public are counted, in metres.",
    ),
    (
        "cover",
        "record_days",
        "Days of past calls that are looked back at.",
    ),
    (
        "cover",
        "worth_s",
        "One percentage point of expected calls that could no longer be reached counts as much as so many seconds of longer drive; 0 sends the nearest, always (docs/book/cover.md).",
    ),
    (
        "cover",
        "line_percent",
        "Below this share of expected calls that could be reached in time, moves are proposed.",
    ),
    (
        "cover",
        "moves_max",
        "Moves proposed at once at most; 0 for none, ever.",
    ),
    (
        "cover",
        "move_gain_percent",
        "Percentage points of cover that a move must add at least.",
    ),
    (
        "cover",
        "move_drive_s",
        "Seconds of driving that a move may take at most.",
    ),
    (
        "cover",
        "move_still_s",
        "Seconds after a move within which the same unit is not moved again.",
    ),
    (
        "cover",
        "move_no_return_s",
        "Seconds within which a unit is not moved back to where it was moved from.",
    ),
    (
        "cover",
        "station_room",
        "Units that have room at one station.",
    ),
    (
        "keep",
        "ended_h",
        "Hours that ended records stay in memory; after that they are read from disk when asked for.",
    ),
    (
        "keep",
        "trail_h",
        "Hours that sampled trails of assigned units are kept.",
    ),
    (
        "keep",
        "draft_h",
        "Hours that a half-typed call is kept which nobody touches; its key is destroyed with it.",
    ),
    (
        "keep",
        "recommendation_d",
        "Days that recommendations are kept with all that they were made of, so that they can be made again.",
    ),
    (
        "federation",
        "listen",
        "Address and port on which peers are answered, such as \"0.0.0.0:8441\"; empty: nobody is. It is not that of [http], and protects itself.",
    ),
    (
        "federation",
        "addresses",
        "What others reach this node by: host and port, the best first. They are written into invitations.",
    ),
    (
        "log",
        "level",
        "error, warn, info, debug or trace. Personal data is never logged at any level.",
    ),
    (
        "log",
        "format",
        "\"text\" for people or \"json\" for programs.",
    ),
];

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error(
        "{path} is not right: {problem}\n`watchfire config` prints an example with every key explained"
    )]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// It would be open to others without protection.
    #[error(
        "http.listen = \"{listen}\" can be reached from other machines, but http.tls is \"off\"; set http.tls to \"self_signed\" or \"files\", to \"proxy\" if one in front ends TLS, or listen on 127.0.0.1"
    )]
    Open {
        /// The address.
        listen: SocketAddr,
    },
}

impl Config {
    /// Returns the time zone of the node: the one it names, else the machine's.
    pub fn own_zone(&self) -> Result<jiff::tz::TimeZone, jiff::Error> {
        match self.zone.as_str() {
            "" => Ok(jiff::tz::TimeZone::system()),
            name => jiff::tz::TimeZone::get(name),
        }
    }

    /// Reads a node's configuration; relative paths in it start at the node's directory.
    pub fn read(directory: &Path) -> Result<Config, ConfigError> {
        let path = directory.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ConfigError::Read { path, source }),
        };
        let mut config = Config::parse(&text, &path)?;
        for file in [
            &mut config.roads.file,
            &mut config.roads.areas,
            &mut config.roads.hours,
            &mut config.roads.learned,
            &mut config.response.file,
            &mut config.playbooks.folder,
            &mut config.http.certificate,
            &mut config.http.key,
        ] {
            if !file.as_os_str().is_empty() {
                *file = directory.join(&*file);
            }
        }
        Ok(config)
    }

    fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        let wrong = |problem: &str| {
            Err(ConfigError::Parse {
                path: path.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if !(50..=500).contains(&config.roads.time_percent) {
            return wrong("roads.time_percent must be 50 to 500");
        }
        if config.http.tls == Tls::Files
            && (config.http.certificate.as_os_str().is_empty()
                || config.http.key.as_os_str().is_empty())
        {
            return wrong("http.tls = \"files\" needs http.certificate and http.key");
        }
        if let Err(error) = watchfire_roads::StraightLine::new(
            config.roads.straight_line_kmh,
            config.roads.straight_line_percent,
        ) {
            return wrong(&error.to_string());
        }
        if !config.zone.is_empty() && jiff::tz::TimeZone::get(&config.zone).is_err() {
            return wrong("zone is no IANA time zone, such as \"Asia/Shanghai\"");
        }
        let both = [&config.roads.hours, &config.roads.learned];
        if both.iter().all(|file| !file.as_os_str().is_empty()) {
            return wrong(
                "roads.hours and roads.learned cannot both be set: what was learned has its own hours",
            );
        }
        if config.roads.siren_to_priority > 4 {
            return wrong("roads.siren_to_priority must be a priority, 1 to 4, or 0 for none");
        }
        if config.roads.siren_to_priority > 0 && !config.roads.learned.as_os_str().is_empty() {
            return wrong(
                "roads.siren_to_priority and roads.learned cannot both be set: what was learned is of runs as your crews drove them, with and without siren",
            );
        }
        if let Some(problem) = config.cover.wrong() {
            return wrong(problem);
        }
        if !config.figures.are_sound() {
            return wrong("figures: seconds must be 0 to 86400, and every percent 1 to 100");
        }
        if let Some(problem) = config.federation.wrong() {
            return wrong(&problem);
        }
        if config.federation.listen == Some(config.http.listen) {
            return wrong("federation.listen must be another port than http.listen");
        }
        if config.log.level.parse::<tracing::Level>().is_err() {
            return wrong("log.level must be error, warn, info, debug or trace");
        }
        if config.http.tls == Tls::Off && !config.http.listen.ip().is_loopback() {
            return Err(ConfigError::Open {
                listen: config.http.listen,
            });
        }
        Ok(config)
    }
}

/// Writes a configuration file with every key explained.
pub fn example(config: &Config) -> String {
    let table =
        toml::Table::try_from(config).expect("a configuration holds only what TOML can say");
    let mut text = String::from(
        "# Configuration of a Watchfire node. Every key may be left out; what stands here is then taken.\n",
    );
    let mut section = "";
    for (own_section, key, words) in WORDS {
        if own_section != &section {
            text.push_str(&format!("\n[{own_section}]\n"));
            section = own_section;
        }
        let value = match section {
            "" => table.get(*key),
            _ => table.get(section).and_then(|inner| inner.get(key)),
        };
        let value =
            value.expect("a test sees that every key in the words is one of the configuration");
        text.push_str(&format!("# {words}\n{key} = {value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("watchfire.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_is_the_defaults_and_leaves_no_key_out() {
        let text = example(&Config::default());
        assert_eq!(parse(&text), Ok(Config::default()));
        let table = toml::Table::try_from(Config::default()).unwrap();
        let keys = table
            .values()
            .map(|value| value.as_table().map_or(1, toml::Table::len))
            .sum::<usize>();
        assert_eq!(
            WORDS.len(),
            keys,
            "a key without words, or words without a key"
        );
    }

    #[test]
    fn a_slip_is_told_with_its_line_and_an_open_door_is_refused() {
        assert!(parse("[http]\nlissten = 1").unwrap_err().contains("line 2"));
        assert!(
            parse("[roads]\ntime_percent = 0")
                .unwrap_err()
                .contains("50 to 500")
        );
        let siren = |more| parse(&format!("[roads]\nsiren_to_priority = {more}"));
        assert!(siren("4").is_ok() && siren("5").unwrap_err().contains("1 to 4"));
        let both = siren("1\nlearned = \"learned.json\"").unwrap_err();
        assert!(both.contains("cannot both be set"), "{both}");
        let open = parse("[http]\nlisten = \"0.0.0.0:8440\"").unwrap_err();
        assert!(open.contains("self_signed"), "{open}");
        assert!(parse("[http]\nlisten = \"0.0.0.0:8440\"\ntls = \"self_signed\"").is_ok());
        assert!(
            parse("[http]\ntls = \"files\"")
                .unwrap_err()
                .contains("http.certificate")
        );
        for (target, fine) in [
            ("sent_to_departed_s = [0, 60, 120, 86400]", true),
            ("sent_to_departed_s = [0, 60, 120, 86401]", false),
            ("answered_to_sent_percent = 100", true),
            ("answered_to_sent_percent = 101", false),
            ("answered_to_sent_percent = 0", false),
        ] {
            let read = parse(&format!("[figures]\n{target}"));
            assert_eq!(read.is_ok(), fine, "{target}: {read:?}");
        }
        assert!(
            parse("[log]\nlevel = \"loud\"")
                .unwrap_err()
                .contains("log.level")
        );
    }
    #[test]
    fn a_node_works_alone_until_it_is_told_where_peers_may_reach_it() {
        assert_eq!(Config::default().federation.listen, None);
        let federation = |more: &str| parse(&format!("[federation]\n{more}"));
        let read = federation("listen = \"0.0.0.0:8441\"\naddresses = [\"node.example:8441\"]");
        let read = read.unwrap().federation;
        assert_eq!(read.listen, Some(SocketAddr::from(([0, 0, 0, 0], 8441))));
        assert_eq!(read.addresses, ["node.example:8441"]);
        let config = Config {
            federation: read,
            ..Config::default()
        };
        assert_eq!(parse(&example(&config)), Ok(config));
        assert_eq!(federation("listen = \"\"").unwrap(), Config::default());
        assert!(federation("listen = \"8441\"").is_err());
        let same = federation("listen = \"127.0.0.1:8440\"").unwrap_err();
        assert!(same.contains("another port"), "{same}");
        let many = |count| federation(&format!("addresses = {:?}", vec!["a.example:1"; count]));
        assert!(many(ADDRESSES_MAX).is_ok() && many(ADDRESSES_MAX + 1).is_err());
    }

    #[test]
    fn a_host_and_a_port_is_told_from_anything_else() {
        for fine in [
            "node.example:8441",
            "10.0.0.1:1",
            "[2001:db8::1]:65535",
            "a:80",
        ] {
            assert!(is_host_and_port(fine), "{fine}");
        }
        for wrong in [
            "",
            ":80",
            "node.example",
            "node.example:",
            "node.example:0",
            "node.example:65536",
            "node.example:+80",
            "https://node.example:8441",
            "node..example:80",
            "-a.example:80",
            "2001:db8::1",
            "[2001:db8::1]",
            "a b:80",
            "节点:80",
        ] {
            assert!(!is_host_and_port(wrong), "{wrong}");
        }
    }
}
