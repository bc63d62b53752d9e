//! Three in the morning: the lead asks for drones, two agencies offer, the line to one of them is cut and heals, and what
//! was lent comes back. Start at [`Teller::support`].

use axum::http::Method;
use serde_json::{Value, json};

use super::seat::{Answer, NIGHT, Told, refused, rows, text};
use super::stage::Agency;
use super::teller::{Facts, Teller};

/// For how long drones are lent, in minutes.
const LENT_MIN: u32 = 180;

impl Teller {
    pub(super) async fn support(&self, facts: &mut Facts) -> Told<()> {
        self.act(
            "支撑：公安局请求三架无人机，应急管理与消防救援响应；其间一条链路被切断",
            "Support: three drones are asked for, two agencies offer; meanwhile a line is cut",
            Some(self.lead().page("/support")),
        );
        let relief = self.capability(self.relief(), &facts.operation, 3).await?;
        let fire = self.capability(self.fire(), &facts.operation, 1).await?;
        let need = self.asks(self.lead(), &facts.operation, 3).await?;
        self.hears(self.relief(), &need).await?;
        self.hears(self.fire(), &need).await?;
        self.stage.relays.iter().for_each(|relay| relay.cut(true));
        self.until("the lead to know that the line is cut", async || {
            Ok(!self.line_is_up(self.lead(), self.relief()))
        })
        .await?;
        self.say(
            "公安局与应急管理之间的链路断开；经消防救援转送，各自照常工作",
            "The line between the lead and Emergency Management is cut; it goes round by Fire and Rescue, and all go on",
            Some(self.lead().page("/operations")),
        );
        let drones = accepted(self.offer(self.relief(), &need, &relief, 2).await?)?;
        let more = accepted(self.offer(self.fire(), &need, &fire, 1).await?)?;
        self.until("both offers at the lead", async || {
            Ok(self.need_at_lead(&need).await?["on_offer"] == 3)
        })
        .await?;
        self.say(
            "应急管理可出 2 架，消防救援可出 1 架",
            "Emergency Management offers two, Fire and Rescue one",
            Some(self.lead().page("/support")),
        );
        self.pass(120).await;
        let offers = [(self.relief(), drones, 2), (self.fire(), more, 1)];
        self.commit(&need, &offers).await?;
        self.twice(facts, &relief).await?;
        self.heal().await?;
        self.there_and_back(&need, &offers).await
    }

    /// Enters drones into an agency's catalogue and lets the operation see them; returns the capability.
    async fn capability(&self, of: &Agency, operation: &str, quantity: u32) -> Told<String> {
        let body = json!({ "code": "drone", "name": "无人机", "name_other": "Drone", "quantity": quantity,
            "hours": [{ "from_min": 0, "until_min": 0, "who": "值班室（虚构） Desk (invented)", "reach": "8220" }] });
        let entered = of.send(NIGHT, "/support/capabilities", body).await?;
        let id = text(&entered, "/id")?;
        let share =
            json!({ "do": "share", "record": format!("support_capability:{id}"), "assist": true });
        of.joint(operation, share).await?;
        Ok(id)
    }

    async fn asks(&self, of: &Agency, operation: &str, quantity: u32) -> Told<(String, String)> {
        let wish = json!({ "code": "drone", "quantity": quantity, "until": self.in_minutes(LENT_MIN),
            "purpose": "夜间搜寻滨水步道 Search the waterfront path by night", "priority": 2,
            "need": "热成像优先 Thermal camera if there is one", "operation": operation, "place": self.lead().place() });
        let asked = of.send(NIGHT, "/support/requests", wish).await?;
        Ok((text(&asked, "/node")?, text(&asked, "/id")?))
    }

    async fn hears(&self, of: &Agency, (_, request): &(String, String)) -> Told<()> {
        self.until("the request at another agency", async || {
            let shown = of.read(NIGHT, "/support").await?;
            Ok(rows(&shown, "elsewhere")
                .iter()
                .any(|one| one["id"] == request.as_str()))
        })
        .await
    }

    /// Offers so many of a capability for a request.
    pub(super) async fn offer(
        &self,
        of: &Agency,
        (node, request): &(String, String),
        capability: &str,
        quantity: u32,
    ) -> Told<Answer> {
        let body = json!({ "node": node, "request": request, "capability": capability, "quantity": quantity,
            "eta": self.in_minutes(15), "until": self.in_minutes(LENT_MIN), "answer_by": self.in_minutes(LENT_MIN - 1),
            "note": "自带备用电池 Brings spare batteries" });
        of.ask(NIGHT, &Method::POST, "/support/offers", Some(body))
            .await
    }

    async fn need_at_lead(&self, (_, request): &(String, String)) -> Told<Value> {
        let shown = self.lead().read(NIGHT, "/support").await?;
        let found = rows(&shown, "requests")
            .iter()
            .find(|one| one["id"] == request.as_str());
        Ok(found.cloned().unwrap_or(Value::Null))
    }

    async fn commit(&self, need: &(String, String), offers: &[(&Agency, String, u32)]) -> Told<()> {
        let path = format!("/support/requests/{}/steps", need.1);
        for (of, offer, quantity) in offers {
            let commit =
                json!({ "do": "commit", "node": of.id(), "offer": offer, "quantity": quantity });
            self.lead().send(NIGHT, &path, commit).await?;
        }
        self.until("both to promise by themselves", async || {
            let shown = self.need_at_lead(need).await?;
            let promised = |one: &Value| one["stage"] == "promised";
            Ok(shown["provisional"] == 0 && rows(&shown, "answers").iter().all(promised))
        })
        .await?;
        self.say(
            "公安局接受全部响应；两家节点收到后自动承诺，断链期间也不例外",
            "All offers are accepted; both homes promise by themselves once they hear it, cut or not",
            Some(self.relief().page("/support")),
        );
        Ok(())
    }

    /// Another request for more than is left: the node refuses to offer what is bound.
    async fn twice(&self, facts: &mut Facts, capability: &str) -> Told<()> {
        let second = self.asks(self.fire(), &facts.operation, 2).await?;
        self.hears(self.relief(), &second).await?;
        let twice = self.offer(self.relief(), &second, capability, 2).await?;
        facts.refused_twice = twice.problem() == Some("not_enough");
        let decline = json!({ "node": second.0, "request": second.1, "reason": "只剩一架备用 One is left, and kept" });
        self.relief()
            .send(NIGHT, "/support/declines", decline)
            .await?;
        let path = format!("/support/requests/{}/steps", second.1);
        let close = json!({ "do": "close", "met": false, "reason": "改用地面照明 Lights on the ground do" });
        self.fire().send(NIGHT, &path, close).await?;
        self.say(
            "消防救援另求两架：应急管理的节点拒绝重复承诺（已占用），如实答复“不能”",
            "Fire and Rescue asks for two more: what is promised is not promised twice, the node refuses; the answer is no",
            Some(self.relief().page("/support")),
        );
        Ok(())
    }

    async fn heal(&self) -> Told<()> {
        self.pass(300).await;
        self.stage.relays.iter().for_each(|relay| relay.cut(false));
        let (one, other) = (self.lead(), self.relief());
        self.until("the line to come back", async || {
            Ok(self.line_is_up(one, other) && self.line_is_up(other, one))
        })
        .await?;
        self.say(
            "链路恢复，断链期间的记录自动补齐",
            "The line is back; what was written meanwhile is told by itself",
            Some(self.relief().page("/operations")),
        );
        Ok(())
    }

    async fn there_and_back(
        &self,
        need: &(String, String),
        offers: &[(&Agency, String, u32)],
    ) -> Told<()> {
        let path = format!("/support/requests/{}/steps", need.1);
        for (of, offer, _) in offers {
            self.pass(300).await;
            let steps = format!("/support/offers/{offer}/steps");
            of.send(NIGHT, &steps, json!({ "do": "deliver" })).await?;
        }
        self.until("all drones there", async || {
            Ok(self.need_at_lead(need).await?["there"] == 3)
        })
        .await?;
        self.say(
            "三架无人机全部到场",
            "All three drones are there",
            Some(self.lead().page("/support")),
        );
        self.pass(1_200).await;
        for (of, offer, _) in offers {
            let release = json!({ "do": "release", "node": of.id(), "offer": offer });
            self.lead().send(NIGHT, &path, release).await?;
            self.until("the release at its home", async || {
                let shown = of.read(NIGHT, "/support").await?;
                let mut all = rows(&shown, "elsewhere").iter();
                Ok(all.any(|one| one["id"] == need.1 && one["waits"] == json!(["to_return"])))
            })
            .await?;
            let steps = format!("/support/offers/{offer}/steps");
            of.send(NIGHT, &steps, json!({ "do": "return" })).await?;
        }
        self.lead()
            .send(NIGHT, &path, json!({ "do": "close", "met": true }))
            .await?;
        self.say(
            "任务完成，无人机归还，请求办结",
            "Done: released, returned, and the request closed as met",
            Some(self.lead().page("/support")),
        );
        Ok(())
    }

    fn line_is_up(&self, one: &Agency, other: &Agency) -> bool {
        let link = one.node.federation().links().get(&other.node.feed().node);
        link.up.is_some_and(|(up, _)| up)
    }
}

fn accepted(answer: Answer) -> Told<String> {
    match answer.status.is_success() {
        true => {
            // The request is answered with all its answers; one's own is the newest.
            let own = rows(&answer.json, "answers")
                .iter()
                .find(|one| one["own"] == true);
            text(own.unwrap_or(&answer.json["answers"][0]), "/id")
        }
        false => Err(refused(format!("an offer is refused: {}", answer.json))),
    }
}
