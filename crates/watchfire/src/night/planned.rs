//! Two in the morning: a planned action of two branches and sixty people, as numbers: issued, briefed, in position, held because
//! one team is not ready, gone, phase by phase, and ended. Start at [`Teller::planned`].

use axum::http::Method;
use serde_json::{Value, json};

use super::seat::{Answer, DESK, NIGHT, Told, refused, rows, text};
use super::teller::{Facts, Teller};

/// A team: its number, name, branch, agency (as in the stage's order), people, task.
type TeamRow = (u16, &'static str, u16, usize, u16, &'static str);

/// Six teams of sixty people.
const TEAMS: [TeamRow; 6] = [
    (
        1,
        "北侧封控组 North cordon",
        1,
        0,
        12,
        "封控北侧两个路口 Close both crossings in the north",
    ),
    (
        2,
        "北侧查收组 North search",
        1,
        0,
        10,
        "查收一号棚违规烟花 Collect what is stored in shed 1",
    ),
    (
        3,
        "消防处置组 Fire team",
        1,
        1,
        8,
        "一号棚旁待命出水 Stand by with water at shed 1",
    ),
    (
        4,
        "南侧封控组 South cordon",
        2,
        0,
        12,
        "封控南侧岔路 Close the south fork",
    ),
    (
        5,
        "南侧查收组 South search",
        2,
        0,
        10,
        "查收二号棚违规烟花 Collect what is stored in shed 2",
    ),
    (
        6,
        "照明保障组 Lights",
        2,
        2,
        8,
        "二号棚外架设照明 Light up shed 2 from outside",
    ),
];

/// The team that is not ready when the others are.
const LATE: u16 = 6;

impl Teller {
    pub(super) async fn planned(&self, facts: &mut Facts) -> Told<()> {
        self.act(
            "统一行动：两个方向、六个小组、60 人，收缴两处违规存放的烟花（虚构）",
            "Planned action: two branches, six teams, 60 people collect fireworks stored against the rules in two sheds (invented)",
            Some(self.lead().page("/operations")),
        );
        let (fire, relief) = (self.fire(), self.relief());
        let raise = json!({
            "name": "滨水棚区烟花收缴 Fireworks at the waterfront sheds", "purpose": "两处同时查收，一次到位 Both sheds at one time",
            "legal_basis": "演示：虚构法律依据 Demonstration: invented legal basis", "handling": "no_onward_sharing",
        });
        let operation = self
            .raised(
                raise,
                &[(fire, "消防保障 Fire cover"), (relief, "照明保障 Lights")],
            )
            .await?;
        facts.action.clone_from(&operation);
        let shown = self
            .lead()
            .send(NIGHT, &action(&operation, ""), self.plan())
            .await?;
        if shown["strength"] != 60 {
            return Err(refused(format!(
                "sixty people were planned, not {}",
                shown["strength"]
            )));
        }
        self.step(&operation, json!({ "do": "issue" })).await?;
        self.say(
            "方案下达：60 人，不具姓名；行动前保持静默",
            "The plan is issued: 60 people, no names; silence until go",
            Some(self.lead().page(&format!("/operations/{operation}"))),
        );
        self.silence_holds(&operation).await?;
        self.teams_report(&operation).await?;
        self.held_then_go(&operation).await?;
        self.carried_out(&operation).await
    }

    fn plan(&self) -> Value {
        let (lat, lon) = self.lead().about.at;
        let team = |(no, name, branch, agency, strength, task): TeamRow| {
            let agency = self.stage.all()[agency].id();
            json!({ "no": no, "name": name, "branch": branch, "agency": agency, "strength": strength,
                "call_sign": format!("X-{no}"), "position": "按方案集结点 At the assembly point of the plan",
                "lat": lat, "lon": lon, "task": task })
        };
        json!({
            "intent": "两处同时、不扰民 Both at one time, without disturbing anybody", "silence": true,
            "branches": [{ "name": "北线 North", "lead": "X-1" }, { "name": "南线 South", "lead": "X-4" }],
            "teams": TEAMS.map(team),
            "phases": [
                { "name": "封控 Cordon", "what": "两线同时封控 Both branches close the ways", "go_at": self.in_minutes(25) },
                { "name": "查收 Collection", "what": "逐棚查收并登记 Shed by shed, and written down", "go_at": self.in_minutes(40) },
            ],
            "no_go": [{ "what": "棚区内有群众 People in the sheds", "who": "夜班值班长 Night duty officer" }],
        })
    }

    async fn step(&self, operation: &str, body: Value) -> Told<Value> {
        self.lead()
            .send(NIGHT, &action(operation, "/steps"), body)
            .await
    }

    /// Until go, nobody but the lead speaks in the operation without a reason.
    async fn silence_holds(&self, operation: &str) -> Told<()> {
        let path = format!("/operations/{operation}");
        self.until("silence at the other agencies", async || {
            let fire = self.fire().read(NIGHT, &path).await?;
            let relief = self.relief().read(NIGHT, &path).await?;
            Ok(fire["silent"] == true && relief["silent"] == true)
        })
        .await?;
        let say = json!({ "do": "say", "text": "我们到了 We are here" });
        let steps = format!("{path}/steps");
        let spoke = self.fire().ask(NIGHT, &Method::POST, &steps, Some(say));
        match spoke.await?.problem() {
            Some("wrong_state") => Ok(()),
            other => Err(refused(format!("silence did not hold: {other:?}"))),
        }
    }

    async fn word(&self, operation: &str, row: &TeamRow, word: Value) -> Told<Answer> {
        let mut body = word;
        body["team"] = json!(row.0);
        let agency = self.stage.all()[row.3];
        agency
            .ask(
                DESK,
                &Method::POST,
                &action(operation, "/words"),
                Some(body),
            )
            .await
    }

    async fn said(&self, operation: &str, row: &TeamRow, word: Value) -> Told<()> {
        let answer = self.word(operation, row, word).await?;
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(refused(format!(
                "the word of team {} is refused: {}",
                row.0, answer.json
            ))),
        }
    }

    async fn teams_report(&self, operation: &str) -> Told<()> {
        for word in ["briefed", "on_the_way"] {
            for row in &TEAMS {
                self.said(operation, row, json!({ "word": word })).await?;
                self.pass(15).await;
            }
        }
        self.say(
            "六个小组均已受领任务、出发",
            "All six teams are briefed and on the way",
            Some(self.fire().page("/operations")),
        );
        self.pass(300).await;
        for row in &TEAMS {
            let word = match row.0 {
                LATE => {
                    json!({ "word": "not_ready", "reason": "发电机未到 The generator is not here yet" })
                }
                _ => json!({ "word": "in_position" }),
            };
            self.said(operation, row, word).await?;
            self.pass(20).await;
        }
        self.until("all words at the lead", async || {
            let shown = self.lead().read(NIGHT, &action(operation, "")).await?;
            let ready = rows(&shown, "teams")
                .iter()
                .filter(|team| team["ready"] == true);
            Ok(ready.count() == TEAMS.len() - 1)
        })
        .await?;
        self.say(
            "五个小组到位，照明保障组报告未就绪：发电机未到",
            "Five teams are in position; the lights are not ready: the generator is not there yet",
            Some(self.lead().page("/operations")),
        );
        Ok(())
    }

    /// Go over a team that is not ready is refused without a reason; the lead holds, and gives go once it is ready.
    async fn held_then_go(&self, operation: &str) -> Told<()> {
        let steps = action(operation, "/steps");
        let early = json!({ "do": "go", "phase": 1 });
        let early = self
            .lead()
            .ask(NIGHT, &Method::POST, &steps, Some(early))
            .await?;
        if early.problem() != Some("wrong_state") {
            return Err(refused("go was given over a team that was not ready"));
        }
        let path = format!("/operations/{operation}/planned-action");
        let shown = self.lead().read(NIGHT, &path).await?;
        let planned = text(&shown, "/phases/0/go_at")?;
        let planned: jiff::Timestamp = planned
            .parse()
            .map_err(|error: jiff::Error| refused(error.to_string()))?;
        let later = planned + jiff::SignedDuration::from_mins(20);
        let hold = json!({ "do": "hold", "phase": 1, "reason": "等照明到位 Waits for the lights", "go_at": later.to_string() });
        self.step(operation, hold).await?;
        self.say(
            "有小组未到位，系统不放行；牵头单位暂缓 20 分钟",
            "With a team not in position the node refuses go; the lead holds for 20 minutes",
            Some(self.lead().page("/operations")),
        );
        self.pass(600).await;
        let late = TEAMS.iter().filter(|row| row.0 == LATE);
        for row in late {
            self.said(operation, row, json!({ "word": "in_position" }))
                .await?;
        }
        self.until("the late team in position", async || {
            let shown = self.lead().read(NIGHT, &action(operation, "")).await?;
            Ok(rows(&shown, "teams")
                .iter()
                .all(|team| team["ready"] == true))
        })
        .await?;
        self.pass(300).await;
        self.go(operation, 1).await
    }

    async fn go(&self, operation: &str, phase: u16) -> Told<()> {
        self.step(operation, json!({ "do": "go", "phase": phase }))
            .await?;
        let at = usize::from(phase) - 1;
        for other in [self.fire(), self.relief()] {
            self.until("go at another agency", async || {
                let shown = other.read(NIGHT, &action(operation, "")).await?;
                Ok(shown["phases"][at]["state"] == "gone")
            })
            .await?;
        }
        self.say(
            &format!("第 {phase} 阶段：行动！各机构均已收到"),
            &format!("Phase {phase}: go, and every agency has it"),
            Some(self.relief().page("/operations")),
        );
        Ok(())
    }

    async fn carried_out(&self, operation: &str) -> Told<()> {
        for phase in [1, 2] {
            if phase > 1 {
                self.go(operation, phase).await?;
            }
            self.pass(400).await;
            for row in &TEAMS {
                self.said(operation, row, json!({ "word": "done", "phase": phase }))
                    .await?;
                self.pass(10).await;
            }
            let at = usize::from(phase) - 1;
            self.until("all teams done at the lead", async || {
                let shown = self.lead().read(NIGHT, &action(operation, "")).await?;
                Ok(rows(&shown["phases"][at], "done").len() == TEAMS.len())
            })
            .await?;
            self.step(operation, json!({ "do": "done", "phase": phase }))
                .await?;
        }
        let end = json!({ "do": "end", "outcome": "两处均已查收，无人受伤（虚构） Both sheds cleared, nobody hurt (invented)" });
        let ended = self.step(operation, end).await?;
        text(&ended, "/ending")?;
        self.say(
            "两个阶段完成，行动结束：60 人全部报告完成",
            "Both phases are done and the action has ended: all 60 people are reported done",
            Some(self.lead().page("/operations")),
        );
        Ok(())
    }
}

fn action(operation: &str, rest: &str) -> String {
    format!("/operations/{operation}/planned-action{rest}")
}
