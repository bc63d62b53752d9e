//! Tells the night act by act: keeps its time, says what happens in both languages, and waits for what has to come from
//! elsewhere. Start at [`Teller::whole_night`].

use std::time::Duration;

use watchfire_core::basis::Timestamp;

use super::calls::Reached;
use super::check::{self, Check};
use super::seat::{Told, refused};
use super::stage::{Agency, Stage};

/// How quickly the night passes, in times as fast as the machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between the acts.
    pub between: u32,
    /// During an act.
    pub act: u32,
    /// Percent of the pauses within an act that are kept.
    pub pause_percent: u32,
}

/// Fastest during an act: quicker than this nobody can follow, and what waits for another node would be late.
const ACT_MAX: u32 = 60;

impl Pace {
    /// Returns the pace of a night that is watched, so many times as fast as the machine's clock.
    pub fn watched(speed: u32) -> Pace {
        Pace {
            between: speed,
            act: speed.min(ACT_MAX),
            pause_percent: 100,
        }
    }

    /// Returns the pace of a night that nobody watches.
    pub fn quickest() -> Pace {
        Pace {
            between: 3_600,
            act: 2 * ACT_MAX,
            pause_percent: 5,
        }
    }
}

/// What is said of the night as it goes.
#[derive(Debug, Clone)]
pub struct Said {
    /// The clock of all three nodes, local time, hours and minutes.
    pub clock: String,
    /// True for the first words of an act.
    pub act: bool,
    /// What happened.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Where it can be seen.
    pub look: Option<String>,
}

type Tell = Box<dyn Fn(&Said) + Send + Sync>;

/// How far the calls may be behind the clock before it waits for them, in seconds; some more than a nap of their desk.
const BEHIND_S_MAX: i64 = 900;
/// How long a step waits for what it needs before the night is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Teller {
    pub(super) stage: Stage,
    pub(super) pace: Pace,
    zone: String,
    reached: Reached,
    tell: Tell,
}

/// What later acts and the checks know of earlier ones.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) operation: String,
    /// The handovers that were signed, in the order of the agencies.
    pub(super) handovers: Vec<HandedOver>,
    pub(super) assessment: String,
    pub(super) consultation: String,
    /// The operation of the planned action.
    pub(super) action: String,
    /// Whether an offer of what was bound already was refused.
    pub(super) refused_twice: bool,
}

/// A handover as it was when it was signed.
#[derive(Debug)]
pub(super) struct HandedOver {
    pub(super) id: String,
    /// The incidents that were open.
    pub(super) open: Vec<String>,
}

impl Teller {
    pub(super) fn new(
        stage: Stage,
        pace: Pace,
        zone: String,
        reached: Reached,
        tell: Tell,
    ) -> Teller {
        Teller {
            stage,
            pace,
            zone,
            reached,
            tell,
        }
    }

    /// Tells the whole night and returns what was checked at its end.
    pub(super) async fn whole_night(&self) -> Told<Vec<Check>> {
        let mut facts = Facts::default();
        self.who_is_there();
        self.evening(&mut facts).await?;
        self.at(21, 30).await?;
        self.finding(&mut facts).await?;
        self.at(22, 30).await?;
        self.consultation(&mut facts).await?;
        self.directives(&facts).await?;
        self.at(26, 0).await?;
        self.planned(&mut facts).await?;
        self.at(27, 0).await?;
        self.support(&mut facts).await?;
        self.at(32, 1).await?;
        self.morning(&facts).await?;
        check::all(self, &facts).await
    }

    /// Lets the nodes go on at the pace of the clock on the wall.
    pub(super) fn rest(&self) {
        self.stage.clock.run_at(1);
    }

    /// Says that the night is over and a person may go on.
    pub(super) fn your_turn(&self) {
        self.act(
            "夜已演完，轮到您：打开下列页面，按手册“值班长的一晚”逐步操作；按 Ctrl-C 结束",
            "The night is over and it is your turn: open this page and follow the book, “A duty officer's evening”; Ctrl-C ends it",
            Some(self.lead().page("/")),
        );
    }

    /// Says who sits where and how to come in.
    fn who_is_there(&self) {
        for agency in self.stage.all() {
            let (zh, en) = agency.about.names();
            self.say(
                &format!(
                    "{zh}：本机打开即以“访客”登录，可坐接警、调度、值班长、研判、监督、大屏各席"
                ),
                &format!(
                    "{en}: whoever opens it on this machine is signed in as Visitor, at every seat"
                ),
                Some(agency.page("/")),
            );
        }
    }

    /// Returns a time of the night: hours count on after midnight, so that 27 is three in the morning.
    pub(super) fn hour(&self, hour: i8, minute: i8) -> Told<Timestamp> {
        let at = local(&self.zone, super::EVENING, 0, minute)?;
        Ok(at.plus_s(u32::from(hour.unsigned_abs()) * 3_600))
    }

    /// Lets the night pass until a time.
    pub(super) async fn at(&self, hour: i8, minute: i8) -> Told<()> {
        let until = self.hour(hour, minute)?;
        loop {
            let (now, reached) = (self.lead().node.now(), self.reached.at());
            // On a machine that cannot keep up, the night waits for its calls; at its end they are all where they should be.
            let behind_s = (now.0 - reached.0) / 1_000;
            if now >= until && behind_s <= BEHIND_S_MAX {
                break;
            }
            let speed = match behind_s > BEHIND_S_MAX {
                true => 1,
                false => self.pace.between,
            };
            self.stage.clock.run_at(speed);
            let wait = self.lead().node.settings().clock.wait_until(until);
            tokio::time::sleep(wait.clamp(Duration::from_millis(5), LOOK)).await;
        }
        self.stage.clock.run_at(self.pace.act);
        Ok(())
    }

    /// Lets so many seconds of the night pass, so that a person can see what was done.
    pub(super) async fn pass(&self, seconds: u32) {
        let ms = u64::from(seconds) * 1_000 / u64::from(self.pace.act.max(1));
        let ms = ms * u64::from(self.pace.pause_percent) / 100;
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Waits until something is seen.
    pub(super) async fn until(&self, what: &str, seen: impl AsyncFn() -> Told<bool>) -> Told<()> {
        let began = tokio::time::Instant::now();
        while !seen().await? {
            if began.elapsed() > PATIENCE {
                return Err(refused(format!("{what} did not come about")));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Says what happened.
    pub(super) fn say(&self, zh: &str, en: &str, look: Option<String>) {
        self.tell_it(false, zh, en, look);
    }

    /// Says that an act begins.
    pub(super) fn act(&self, zh: &str, en: &str, look: Option<String>) {
        self.tell_it(true, zh, en, look);
    }

    fn tell_it(&self, act: bool, zh: &str, en: &str, look: Option<String>) {
        (self.tell)(&Said {
            clock: self.clock_of(self.stage.lead.node.now()),
            act,
            zh: zh.to_owned(),
            en: en.to_owned(),
            look,
        });
    }

    fn clock_of(&self, at: Timestamp) -> String {
        let zone = jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        zone.to_datetime(at).strftime("%H:%M").to_string()
    }

    /// Returns a time of the night as the API writes it.
    pub(super) fn written(&self, at: Timestamp) -> String {
        crate::api::view::time(at)
    }

    /// Returns the time so many minutes from now, as the API writes it.
    pub(super) fn in_minutes(&self, minutes: u32) -> String {
        self.written(self.stage.lead.node.now().plus_s(minutes * 60))
    }

    pub(super) fn lead(&self) -> &Agency {
        &self.stage.lead
    }

    pub(super) fn fire(&self) -> &Agency {
        &self.stage.fire
    }

    pub(super) fn relief(&self) -> &Agency {
        &self.stage.relief
    }
}

/// Returns a moment in a zone.
pub(super) fn local(
    zone: &str,
    (year, month, day): (i16, i8, i8),
    hour: i8,
    minute: i8,
) -> Told<Timestamp> {
    let civil = jiff::civil::DateTime::new(year, month, day, hour, minute, 0, 0);
    let zoned = civil.and_then(|civil| civil.in_tz(zone));
    let zoned = zoned.map_err(|error| refused(error.to_string()))?;
    Ok(Timestamp(zoned.timestamp().as_millisecond()))
}
