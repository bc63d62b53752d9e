//! The evening: the three take up the watch together, and at 20:00 the lead's duty officers hand over, item by item.
//! Start at [`Teller::evening`].

use axum::http::Method;
use serde_json::{Value, json};
use watchfire_core::basis::Timestamp;

use super::seat::{EVENING, NIGHT, Told, Who, refused, rows, text};
use super::stage::{Agency, VISITOR};
use super::teller::{Facts, HandedOver, Teller};

/// How often the incoming duty officer goes through what has arisen meanwhile before the night is given up.
const ROUNDS_MAX: usize = 200;

impl Teller {
    pub(super) async fn evening(&self, facts: &mut Facts) -> Told<()> {
        self.act(
            "三家机构进入跨年夜值守；处警力量与人员均为模拟，警情取自真实历史记录",
            "Three agencies take up New Year's Eve; people and crews are simulated, the calls are real ones of 2016",
            Some(self.lead().page("/")),
        );
        self.watch_together(facts).await?;
        let mut shifts = Vec::new();
        for agency in self.stage.all() {
            shifts.push(self.plan_duty(agency).await?);
        }
        self.at(19, 52).await?;
        self.write_down(&shifts[0].evening).await?;
        self.at(20, 0).await?;
        self.act(
            "交接班：晚班值班长逐项交给夜班，接班人逐项接收或提问，双方签字",
            "Handover: the evening's duty officer hands over item by item; each is accepted or questioned, both sign",
            Some(self.lead().page("/roster")),
        );
        for (agency, shifts) in self.stage.all().into_iter().zip(&shifts) {
            facts.handovers.push(self.hand_over(agency, shifts).await?);
        }
        Ok(())
    }

    /// The lead calls the other two into one operation for the night.
    async fn watch_together(&self, facts: &mut Facts) -> Told<()> {
        let raise = json!({
            "name": "跨年夜合成值守 New Year's Eve watch",
            "purpose": "三家机构同一夜值守，互通警情与支撑 One night of three agencies, with support for each other",
            "legal_basis": "演示：虚构法律依据 Demonstration: invented legal basis",
            "handling": "no_onward_sharing",
        });
        let others = [
            (self.fire(), "灭火与救援 Fires and rescue"),
            (self.relief(), "物资与装备支撑 Supplies and equipment"),
        ];
        let operation = self.raised(raise, &others).await?;
        self.say(
            "合成作战“跨年夜合成值守”已建立，消防救援、应急管理已加入",
            "The operation New Year's Eve watch stands; Fire and Rescue and Emergency Management have joined",
            Some(self.lead().page(&format!("/operations/{operation}"))),
        );
        facts.operation = operation;
        Ok(())
    }

    /// Raises an operation at the lead and calls others in, each with its role, until they have joined.
    pub(super) async fn raised(&self, raise: Value, others: &[(&Agency, &str)]) -> Told<String> {
        let raised = self.lead().send(NIGHT, "/operations", raise).await?;
        let operation = text(&raised, "/id")?;
        let path = format!("/operations/{operation}");
        for (other, role) in others {
            let invite = json!({ "do": "invite", "node": other.id(), "role": role });
            self.lead().joint(&operation, invite).await?;
            self.until("an invitation", async || {
                let shown = other.ask(NIGHT, &Method::GET, &path, None).await?;
                Ok(shown.json["own"]["invited"] == true)
            })
            .await?;
            other.joint(&operation, json!({ "do": "join" })).await?;
        }
        self.until("all at the table", async || {
            let shown = self.lead().read(NIGHT, &path).await?;
            let member = |one: &&Value| one["status"] == "member";
            Ok(rows(&shown, "members").iter().filter(member).count() == others.len() + 1)
        })
        .await?;
        Ok(operation)
    }

    /// Sets up the duty officer's desk with three shifts; the visitor is the day's duty officer.
    async fn plan_duty(&self, agency: &Agency) -> Told<Shifts> {
        let post = json!({ "name": "值班长席", "name_other": "Duty officer's desk", "seat": "duty_officer", "minimum": 1,
            "reach": "8110（虚构） 8110 (invented)", "rest_min": 60, "hands_over": true });
        let post = text(&agency.send(EVENING, "/duty/posts", post).await?, "/id")?;
        let turns = [
            ("evening", (12, 0), (20, 15)),
            ("night", (20, 0), (32, 15)),
            (VISITOR, (32, 0), (44, 0)),
        ];
        let mut planned = Vec::new();
        let mut starts = Vec::new();
        for (login, (from_h, from_min), (until_h, until_min)) in turns {
            let (from, until) = (self.hour(from_h, from_min)?, self.hour(until_h, until_min)?);
            let person = agency.people[login].to_string();
            planned.push(json!({ "from": self.written(from), "until": self.written(until), "people": [person] }));
            starts.push(from);
        }
        let path = format!("/duty/posts/{post}/shifts");
        agency
            .send(EVENING, &path, json!({ "shifts": planned }))
            .await?;
        let shift = |from: Timestamp| {
            let board = agency.node.board();
            let mut own = board.shifts.values();
            let found = own.find(|one| one.post.to_string() == post && one.from == from);
            let found = found.map(|one| one.id.to_string());
            found.ok_or_else(|| refused("a planned shift is not there"))
        };
        let shifts = Shifts {
            evening: shift(starts[0])?,
            night: shift(starts[1])?,
        };
        let path = format!("/duty/shifts/{}/steps", shifts.evening);
        agency
            .send(EVENING, &path, json!({ "do": "come_on" }))
            .await?;
        Ok(shifts)
    }

    /// The evening's duty officer writes what the night has to know.
    async fn write_down(&self, shift: &str) -> Told<()> {
        let path = format!("/duty/shifts/{shift}/steps");
        let notes = [
            (
                "北侧观景路段 23:00 起封控，拖车两辆待命（虚构）。 The north viewing stretch is closed from 23:00, two tow trucks stand by (invented).",
                true,
            ),
            (
                "三号中继台噪声偏大，已报修（虚构）。 Repeater 3 is noisy, repair asked for (invented).",
                true,
            ),
            (
                "晚班人员全部到岗。 All of the evening's people came on.",
                false,
            ),
        ];
        for (note, hands_over) in notes {
            let write = json!({ "do": "write", "text": note, "hands_over": hands_over });
            self.lead().send(EVENING, &path, write).await?;
        }
        Ok(())
    }

    /// Hands an agency's desk over; returns how it stood when it was signed.
    async fn hand_over(&self, agency: &Agency, shifts: &Shifts) -> Told<HandedOver> {
        let [outgoing, incoming] = ["evening", "night"].map(|who| agency.people[who].to_string());
        let begin = json!({ "from": shifts.evening, "outgoing": outgoing, "to": shifts.night, "incoming": incoming });
        let begun = agency.send(NIGHT, "/duty/handovers", begin).await?;
        let handover = text(&begun, "/handover/id")?;
        let path = format!("/duty/handovers/{handover}");
        let steps = format!("{path}/steps");
        let (count, look) = (rows(&begun, "items").len(), agency.page("/roster"));
        self.say(
            &format!("{}：待交接 {count} 项", agency.about.names().0),
            &format!(
                "{}: {count} open items to hand over",
                agency.about.names().1
            ),
            Some(look),
        );
        // Somebody who comes on asks about what is not clear to them.
        if let Some(first) = rows(&begun, "items").last() {
            let item = &first["item"];
            let ask =
                json!({ "do": "question", "item": item, "text": "现在谁在跟？ Who is on it now?" });
            agency.send(NIGHT, &steps, ask).await?;
            self.pass(60).await;
            let told = json!({ "do": "explain", "item": item, "text": "夜班调度员在跟，两分钟前核过。 The night's dispatcher, checked two minutes ago." });
            agency.send(EVENING, &steps, told).await?;
            self.say(
                "有一项被提问，交班人已说明",
                "One item was questioned, and explained",
                None,
            );
        }
        agency
            .send(EVENING, &steps, json!({ "do": "sign" }))
            .await?;
        for _ in 0..ROUNDS_MAX {
            self.accept_all(agency, NIGHT, &path).await?;
            let open = open_incidents(agency);
            let signed = agency.ask(NIGHT, &Method::POST, &steps, Some(json!({ "do": "sign" })));
            let signed = signed.await?;
            if signed.status.is_success() {
                let accepted = &signed.json["handover"]["accepted"];
                self.say(
                    &format!("{}：逐项接收 {accepted} 项，双方已签字，夜班接岗", agency.about.names().0),
                    &format!("{}: {accepted} items accepted one by one, both signed; the night has the desk", agency.about.names().1),
                    Some(agency.page("/roster")),
                );
                // What ended before the signature needs no answer; what was open before and after it does.
                let still = open_incidents(agency);
                let open = open.into_iter().filter(|id| still.contains(id));
                return Ok(HandedOver {
                    id: handover,
                    open: open.collect(),
                });
            }
            if signed.problem() != Some("items_open") {
                return Err(refused(format!(
                    "the handover is not signed: {}",
                    signed.json
                )));
            }
        }
        Err(refused("the handover did not come to its end"))
    }

    async fn accept_all(&self, agency: &Agency, who: Who, path: &str) -> Told<()> {
        let sheet = agency.read(who, path).await?;
        let steps = format!("{path}/steps");
        for item in rows(&sheet, "items") {
            if item["answer"] == "accepted" || item["ended"] == true {
                continue;
            }
            let accept = json!({ "do": "accept", "item": item["item"] });
            // What has ended since the sheet was read needs no answer.
            agency.ask(who, &Method::POST, &steps, Some(accept)).await?;
            self.pass(6).await;
        }
        Ok(())
    }
}

struct Shifts {
    evening: String,
    night: String,
}

fn open_incidents(agency: &Agency) -> Vec<String> {
    let board = agency.node.board();
    let open = board.open_incidents().map(|one| one.id.to_string());
    open.collect()
}
