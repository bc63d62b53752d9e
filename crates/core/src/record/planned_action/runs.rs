//! Where a planned action and each of its phases stand: worked out from what was decided, and kept nowhere.

use super::{Decided, Ending, PlannedAction};
use crate::basis::{Line, Text, Timestamp};

/// Where a phase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<'a> {
    /// Its number, from 1.
    pub no: u16,
    /// When it is to go, as it stands now.
    pub go_at: Timestamp,
    /// Where it stands.
    pub state: RunState<'a>,
}

/// Where a phase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState<'a> {
    /// It waits for go.
    Waiting,
    /// It waits for go at a new time.
    Held {
        /// Why.
        reason: &'a Line,
    },
    /// It does not go.
    NoGo {
        /// Why.
        reason: &'a Line,
    },
    /// It was given go.
    Gone {
        /// From when; a time to come after go for all phases.
        from: Timestamp,
    },
    /// It is done.
    Done {
        /// From when it went.
        from: Timestamp,
        /// When it was done.
        at: Timestamp,
    },
}

impl Run<'_> {
    /// Returns true once it was given go.
    pub fn has_gone(&self) -> bool {
        match self.state {
            RunState::Gone { .. } | RunState::Done { .. } => true,
            RunState::Waiting | RunState::Held { .. } | RunState::NoGo { .. } => false,
        }
    }

    /// Returns true once it goes or went: it was given go, and the time from which has come by `at`. Until then the lead may
    /// still keep it back.
    pub fn went_by(&self, at: Timestamp) -> bool {
        match self.state {
            RunState::Gone { from } => from <= at,
            RunState::Done { .. } => true,
            RunState::Waiting | RunState::Held { .. } | RunState::NoGo { .. } => false,
        }
    }

    fn goes(&mut self, from: Timestamp) {
        self.state = RunState::Gone { from };
    }
}

/// Where an action stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is being planned.
    Planning,
    /// It was issued and waits for go.
    Issued,
    /// The next phase waits for a new time.
    Held,
    /// The next phase does not go.
    NoGo,
    /// It goes on: a phase has gone, and nothing keeps the next.
    Going,
    /// It was carried out.
    Ended,
    /// It was called off.
    CalledOff,
}

impl Standing {
    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            Standing::Planning => Text::new("being planned", "方案拟制中"),
            Standing::Issued => Text::new("issued, waiting for go", "已下达，等待行动命令"),
            Standing::Held => Text::new("on hold", "暂缓"),
            Standing::NoGo => Text::new("no go", "不行动"),
            Standing::Going => Text::new("under way", "行动中"),
            Standing::Ended => Text::new("ended", "已结束"),
            Standing::CalledOff => Text::new("called off", "已取消"),
        }
    }
}

impl PlannedAction {
    pub(super) fn is_issued(&self) -> bool {
        let mut issued = false;
        for decision in &self.decisions {
            match decision.what {
                Decided::Issued => issued = true,
                Decided::Reworked { .. } => issued = false,
                Decided::Go { .. }
                | Decided::NoGo { .. }
                | Decided::Hold { .. }
                | Decided::Done { .. } => {}
            }
        }
        issued
    }

    /// Returns where each phase stands.
    pub fn runs(&self) -> Vec<Run<'_>> {
        let mut no = 0;
        let phases = self.plan.phases.iter();
        let mut runs: Vec<Run<'_>> = phases
            .map(|phase| {
                no += 1;
                let (go_at, state) = (phase.go_at, RunState::Waiting);
                Run { no, go_at, state }
            })
            .collect();
        for decision in &self.decisions {
            decided(&mut runs, &decision.what, decision.mark.at, &self.plan);
        }
        runs
    }

    /// Returns true once any phase was given go.
    pub fn has_gone(&self) -> bool {
        self.runs().iter().any(Run::has_gone)
    }

    /// Returns where it stands as a whole.
    pub fn standing(&self) -> Standing {
        if let Some((_, ending)) = &self.ended {
            return match ending {
                Ending::Ended { .. } => Standing::Ended,
                Ending::CalledOff { .. } => Standing::CalledOff,
            };
        }
        if !self.is_issued() {
            return Standing::Planning;
        }
        let runs = self.runs();
        match runs
            .iter()
            .find(|run| !run.has_gone())
            .map(|run| &run.state)
        {
            Some(RunState::Held { .. }) => Standing::Held,
            Some(RunState::NoGo { .. }) => Standing::NoGo,
            _ if runs.iter().any(Run::has_gone) => Standing::Going,
            _ => Standing::Issued,
        }
    }

    /// Returns the next phase that has not gone by `now`: it waits for word, or was given go for a time to come.
    pub fn next_run(&self, now: Timestamp) -> Option<Run<'_>> {
        self.runs().into_iter().find(|run| !run.went_by(now))
    }
}

fn decided<'a>(runs: &mut [Run<'a>], what: &'a Decided, at: Timestamp, plan: &super::Plan) {
    match what {
        Decided::Issued => {}
        Decided::Reworked { .. } => {
            // Nothing had gone: what was put off before is in the plan that is issued next.
            for (run, phase) in runs.iter_mut().zip(&plan.phases) {
                (run.go_at, run.state) = (phase.go_at, RunState::Waiting);
            }
        }
        Decided::Go { phase, .. } => {
            let mut others_first = false;
            for run in runs.iter_mut().filter(|run| !run.went_by(at)) {
                match phase {
                    Some(phase) if *phase == run.no => run.goes(at),
                    Some(_) => {}
                    // The first goes now; a later one at its time, if that is still to come.
                    None if !run.has_gone() && others_first => run.goes(at.max(run.go_at)),
                    None if !run.has_gone() => run.goes(at),
                    None => {}
                }
                others_first = true;
            }
        }
        Decided::NoGo { phase, reason, .. } => {
            if let Some(run) = waiting(runs, *phase, at) {
                run.state = RunState::NoGo { reason };
                keep_back(runs, *phase);
            }
        }
        Decided::Hold {
            phase,
            reason,
            go_at,
        } => {
            let Some(run) = waiting(runs, *phase, at) else {
                return;
            };
            let later = go_at.0.saturating_sub(run.go_at.0);
            run.state = RunState::Held { reason };
            keep_back(runs, *phase);
            for run in runs.iter_mut().filter(|run| run.no >= *phase) {
                run.go_at = Timestamp(run.go_at.0.saturating_add(later));
            }
        }
        Decided::Done { phase } => {
            if let Some(run) = runs.iter_mut().find(|run| run.no == *phase)
                && let RunState::Gone { from } = run.state
                && from <= at
            {
                run.state = RunState::Done { from, at };
            }
        }
    }
}

fn waiting<'r, 'a>(runs: &'r mut [Run<'a>], phase: u16, at: Timestamp) -> Option<&'r mut Run<'a>> {
    let mut all = runs.iter_mut();
    all.find(|run| run.no == phase && !run.went_by(at))
}

/// Phases go in their order: what was given go for later waits for word again.
fn keep_back(runs: &mut [Run<'_>], after: u16) {
    for run in runs.iter_mut().filter(|run| run.no > after) {
        if let RunState::Gone { .. } = run.state {
            run.state = RunState::Waiting;
        }
    }
}
