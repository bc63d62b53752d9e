//! What the consultation decided is directed: one step from decision to directive, signed for, acted on, reported, returned
//! once for rework, verified, closed; and one that is still open in the morning. Start at [`Teller::directives`].

use axum::http::Method;
use serde_json::{Value, json};

use super::consultation::DECISIONS;
use super::seat::{ANALYST, CREW, DESK, NIGHT, Told, refused, rows, text};
use super::stage::Agency;
use super::teller::{Facts, Teller};

impl Teller {
    pub(super) async fn directives(&self, facts: &Facts) -> Told<()> {
        let (fire, relief) = (self.fire().id(), self.relief().id());
        let to = json!([{ "is": "agency", "id": fire }, { "is": "agency", "id": relief }]);
        let first = self.decided(facts, 1, to, Some(&facts.operation)).await?;
        let unit = self.lead().units.first().map(ToString::to_string);
        let to = json!([{ "is": "unit", "id": unit }, { "is": "seat", "id": "dispatcher" }]);
        let second = self.decided(facts, 2, to, None).await?;
        let steps = format!("/consultations/{}/steps", facts.consultation);
        let decline = json!({ "do": "decline", "no": 3, "reason": "会堵住救护通道 It would block the ambulances' way" });
        self.lead().send(NIGHT, &steps, decline).await?;
        self.lead()
            .send(NIGHT, &steps, json!({ "do": "conclude" }))
            .await?;
        self.say(
            "会商结束：每项决定都有下文",
            "The consultation is concluded: every decision has its outcome",
            None,
        );
        self.own_crew_acts(&second).await?;
        self.others_act(&facts.operation, &first).await?;
        self.left_for_the_morning(facts).await
    }

    /// Makes a directive of a decision in one step.
    async fn decided(
        &self,
        facts: &Facts,
        no: usize,
        to: Value,
        operation: Option<&str>,
    ) -> Told<String> {
        let body = json!({
            "kind": "task", "priority": 2, "subject": DECISIONS[no - 1], "operation": operation, "to": to,
            "text": "按会商决定执行，完成后报告。 As the consultation decided; report when it is done.",
            "related": [format!("consultation:{}", facts.consultation)],
        });
        let issued = self.lead().send(NIGHT, "/directives", body).await?;
        let id = text(&issued, "/id")?;
        let steps = format!("/consultations/{}/steps", facts.consultation);
        let direct = json!({ "do": "direct", "no": no, "directive": format!("directive:{id}") });
        self.lead().send(NIGHT, &steps, direct).await?;
        self.say(
            &format!("第 {no} 项决定一步转为指令并下达"),
            &format!("Decision {no} has become a directive, issued in one step"),
            Some(self.lead().page("/directives")),
        );
        Ok(id)
    }

    async fn own_crew_acts(&self, id: &str) -> Told<()> {
        let path = format!("/directives/{id}/steps");
        for step in ["delivered", "shown", "signed", "acting"] {
            let advance = json!({ "do": "advance", "item": 0, "step": step });
            self.lead().send(CREW, &path, advance).await?;
            self.pass(20).await;
        }
        let sign = json!({ "do": "advance", "item": 1, "step": "signed" });
        self.lead().send(DESK, &path, sign).await?;
        let act = json!({ "do": "advance", "item": 1, "step": "acting" });
        self.lead().send(DESK, &path, act).await?;
        self.pass(300).await;
        for (who, item, report) in [
            (CREW, 0, "指挥车已到场 The command car is on site"),
            (DESK, 1, "已通知沿线各组 All along the way are told"),
        ] {
            let report =
                json!({ "do": "advance", "item": item, "step": "reported", "text": report });
            self.lead().send(who, &path, report).await?;
        }
        for item in [0, 1] {
            self.pass(30).await;
            self.lead()
                .send(NIGHT, &path, json!({ "do": "verify", "item": item }))
                .await?;
        }
        self.say(
            "本局指令：签收、执行、反馈、核验、办结",
            "The own directive: signed for, acted on, reported, verified, closed",
            Some(self.lead().page("/directives")),
        );
        Ok(())
    }

    async fn others_act(&self, operation: &str, id: &str) -> Told<()> {
        for (item, other) in [(0, self.fire()), (1, self.relief())] {
            self.takes(other, operation, id).await?;
            self.say(
                &format!("{}：已签收，正在执行", other.about.names().0),
                &format!("{}: signed for, under way", other.about.names().1),
                Some(other.page("/directives")),
            );
            self.pass(120).await;
            self.reports(other, operation, id, item, "已就位 In place")
                .await?;
        }
        let path = format!("/directives/{id}/steps");
        let back = json!({ "do": "return", "item": 0, "reason": "东侧入口无车 Nobody at the east entrance" });
        self.lead().send(NIGHT, &path, back).await?;
        self.say(
            "消防救援的反馈被退回：东侧入口无车",
            "The report of Fire and Rescue is returned: nobody at the east entrance",
            Some(self.lead().page("/directives")),
        );
        self.lead()
            .send(NIGHT, &path, json!({ "do": "verify", "item": 1 }))
            .await?;
        self.until("the return at its addressee", async || {
            let shown = self.seen_at(self.fire(), operation, id).await?;
            Ok(shown["items"][0]["status"] == "returned")
        })
        .await?;
        self.pass(240).await;
        self.reports(
            self.fire(),
            operation,
            id,
            0,
            "东侧入口已有一车 One engine is at the east entrance now",
        )
        .await?;
        self.lead()
            .send(NIGHT, &path, json!({ "do": "verify", "item": 0 }))
            .await?;
        self.until("the end of the directive at both", async || {
            let fire = self.seen_at(self.fire(), operation, id).await?;
            let relief = self.seen_at(self.relief(), operation, id).await?;
            Ok(fire["status"] == "closed" && relief["status"] == "closed")
        })
        .await?;
        self.say(
            "重新反馈后核验通过，指令办结，两家机构均已知悉",
            "Reported again and verified: the directive is closed, and both agencies know",
            Some(self.fire().page("/directives")),
        );
        Ok(())
    }

    /// Shows, signs for and begins on a directive at its addressee.
    pub(super) async fn takes(&self, other: &Agency, operation: &str, id: &str) -> Told<()> {
        let (home, record) = (self.lead().id(), format!("directive:{id}"));
        // It may have no text: its subject can say all.
        self.until("the directive at its addressee", async || {
            Ok(self.seen_at(other, operation, id).await?["subject"].is_string())
        })
        .await?;
        for step in ["show", "sign"] {
            let body = json!({ "do": step, "node": home, "record": record });
            other.joint(operation, body).await?;
            self.pass(30).await;
        }
        let acting =
            json!({ "do": "advance_directive", "node": home, "directive": id, "reported": false });
        other.joint(operation, acting).await.map(drop)
    }

    async fn reports(
        &self,
        other: &Agency,
        operation: &str,
        id: &str,
        item: usize,
        words: &str,
    ) -> Told<()> {
        let report = json!({ "do": "advance_directive", "node": self.lead().id(), "directive": id, "reported": true, "text": words });
        other.joint(operation, report).await?;
        self.until("the report at the lead", async || {
            let shown = self.seen_at(self.lead(), operation, id).await?;
            Ok(shown["items"][item]["status"] == "reported")
        })
        .await
    }

    /// Returns a directive of the operation as an agency sees it, or nothing.
    pub(super) async fn seen_at(&self, at: &Agency, operation: &str, id: &str) -> Told<Value> {
        let shown = at
            .ask(
                NIGHT,
                &Method::GET,
                &format!("/operations/{operation}"),
                None,
            )
            .await?;
        let found = rows(&shown.json, "directives")
            .iter()
            .find(|one| one["id"] == id);
        Ok(found.cloned().unwrap_or(Value::Null))
    }

    /// The analyst drafts one that the third agency cannot end before the morning.
    async fn left_for_the_morning(&self, facts: &Facts) -> Told<()> {
        let relief = self.relief().id();
        let body = json!({
            "kind": "task", "priority": 3, "subject": "照明设备归还后逐台检查 Check every light tower once it is back",
            "text": "白天逐台检查并报告。 By daylight, one by one, and report.", "operation": facts.operation,
            "to": [{ "is": "agency", "id": relief }], "draft": true,
        });
        let drafted = self.lead().send(ANALYST, "/directives", body).await?;
        let id = text(&drafted, "/id")?;
        let path = format!("/directives/{id}/steps");
        let early = self.lead().ask(
            ANALYST,
            &Method::POST,
            &path,
            Some(json!({ "do": "issue" })),
        );
        if early.await?.problem().is_none() {
            return Err(refused("an analyst could issue a directive"));
        }
        self.lead()
            .send(NIGHT, &path, json!({ "do": "issue" }))
            .await?;
        self.takes(self.relief(), &facts.operation, &id).await?;
        self.say(
            "研判员拟稿、值班长下达的一条指令要到白天才能办完，08:00 结转",
            "A directive drafted by the analyst and issued by the duty officer can only be done by daylight: to be carried over at 08:00",
            Some(self.relief().page("/directives")),
        );
        Ok(())
    }
}
