//! Half past ten: a consultation of the three over the assessment, with cards, notes and decisions. Start at
//! [`Teller::consultation`]; what becomes of the decisions is in [`super::directives`].

use axum::http::Method;
use serde_json::{Value, json};

use super::seat::{ANALYST, NIGHT, Told, rows, text};
use super::teller::{Facts, Teller};

/// What is decided, in the order of the numbers.
pub(super) const DECISIONS: [&str; 3] = [
    "零点前消防救援、应急管理前置力量与照明 Both agencies place crews and lights before midnight",
    "指挥车到场统一指挥 The command car takes the lead on site",
    "关闭整条滨水路 Close the whole waterfront road",
];

impl Teller {
    pub(super) async fn consultation(&self, facts: &mut Facts) -> Told<()> {
        self.act(
            "会商：三家机构就研判会商，逐项决定",
            "Consultation: the three agencies talk the assessment over and decide point by point",
            Some(self.lead().page("/analysis")),
        );
        let agencies = [self.fire().id(), self.relief().id()];
        let call = json!({
            "subject": "零点前后人群密集区怎么办 What to do about the crowd at midnight", "at": self.in_minutes(1),
            "venue": "线上 On line", "seats": ["duty_officer", "dispatcher", "analyst"],
            "operation": facts.operation, "agencies": agencies,
            "papers": [{ "record": format!("assessment:{}", facts.assessment) }],
        });
        let called = self.lead().send(NIGHT, "/consultations", call).await?;
        let id = text(&called, "/id")?;
        facts.consultation.clone_from(&id);
        let steps = format!("/consultations/{id}/steps");
        self.lead()
            .send(NIGHT, &steps, json!({ "do": "open" }))
            .await?;
        let (lat, lon) = self.lead().about.at;
        let card = json!({ "do": "card", "text": "零点人流约 5 万（虚构） Some 50,000 at midnight (invented)", "lat": lat, "lon": lon });
        self.lead().send(ANALYST, &steps, card).await?;
        self.pass(60).await;
        self.others_speak(&facts.operation, &id).await?;
        let note = json!({ "do": "note", "text": "记录：消防可前置两车，应急有无人机三架、照明四组。 Noted: fire can place two engines; three drones and four lights are to be had." });
        self.lead().send(ANALYST, &steps, note).await?;
        for decision in DECISIONS {
            self.pass(60).await;
            self.lead()
                .send(NIGHT, &steps, json!({ "do": "decide", "text": decision }))
                .await?;
        }
        self.say(
            "会商形成三项决定：两项转为指令，一项不采纳并写明理由",
            "Three decisions: two become directives, one is declined with its reason",
            Some(self.lead().page("/analysis")),
        );
        Ok(())
    }

    /// What the others say is a message of their own node about the consultation.
    async fn others_speak(&self, operation: &str, id: &str) -> Told<()> {
        let home = self.lead().id();
        let there = format!("/consultations/of/{home}/{id}");
        let words = [
            (
                self.fire(),
                "两辆水罐车 23:00 前可到位。 Two engines can stand by from 23:00.",
            ),
            (
                self.relief(),
                "无人机三架、照明四组可用。 Three drones and four light towers are ready.",
            ),
        ];
        for (other, said) in words {
            self.until("the consultation at another agency", async || {
                let shown = other.ask(NIGHT, &Method::GET, &there, None).await?;
                Ok(shown.json["status"] == "held")
            })
            .await?;
            let say = json!({ "do": "say", "node": home, "record": format!("consultation:{id}"), "text": said });
            other.joint(operation, say).await?;
            self.pass(45).await;
        }
        let here = format!("/consultations/{id}");
        self.until("what both others said on the board", async || {
            let shown = self.lead().read(NIGHT, &here).await?;
            let said = |one: &&Value| one["what"] == "message";
            Ok(rows(&shown, "contributions").iter().filter(said).count() == 2)
        })
        .await?;
        self.say(
            "消防救援、应急管理在会商板上发言",
            "Fire and Rescue and Emergency Management have spoken on the shared board",
            Some(self.relief().page("/analysis")),
        );
        Ok(())
    }
}
