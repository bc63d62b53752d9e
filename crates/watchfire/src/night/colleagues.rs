//! After the night: the simulated colleagues go on answering a person who tries things by hand, so that what takes two people
//! or two agencies can be tried by one. Start at [`Teller::answer_visitors`].
//!
//! The night's duty officer explains what is questioned and signs a handover, and reviews what others wrote; the other
//! agencies sign for assessments and directives and report, and offer, bring and take back what is asked of them. None of them begins anything.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::seat::{NIGHT, Told, rows, text};
use super::stage::Agency;
use super::teller::Teller;

/// How often they look whether somebody waits for them.
const LOOK_ROUND: Duration = Duration::from_secs(3);

impl Teller {
    /// Answers whoever waits for a simulated colleague, until the nodes stop.
    pub(super) async fn answer_visitors(&self) {
        loop {
            tokio::time::sleep(LOOK_ROUND).await;
            for agency in self.stage.all() {
                self.answer_at(agency).await;
            }
        }
    }

    /// Each thing by itself: where one cannot be answered, the others are all the same.
    async fn answer_at(&self, agency: &Agency) {
        // A person may have done it meanwhile; then there is nothing to do.
        let said = |done: Told<()>| {
            if let Err(error) = done {
                tracing::debug!(%error, "a simulated colleague could not answer");
            }
        };
        said(self.hand_over_to_visitor(agency).await);
        said(self.review(agency).await);
        if agency.http != self.lead().http {
            said(self.sign_assessments(agency).await);
            said(self.answer_directives(agency).await);
            said(self.answer_requests(agency).await);
        }
    }

    /// Explains what the incoming person questions, and signs.
    async fn hand_over_to_visitor(&self, agency: &Agency) -> Told<()> {
        let own = agency.people[NIGHT.0].to_string();
        let all = agency.read(NIGHT, "/duty/handovers").await?;
        for one in rows(&all, "items") {
            if one["status"] != "open" || one["outgoing"]["id"] != own.as_str() {
                continue;
            }
            let path = format!("/duty/handovers/{}", text(one, "/id")?);
            let steps = format!("{path}/steps");
            let sheet = agency.read(NIGHT, &path).await?;
            let asked = rows(&sheet, "items")
                .iter()
                .filter(|item| item["answer"] == "questioned");
            for item in asked {
                let words = "已核实，台席继续跟进（模拟答复）。 Looked into; the desk goes on with it (simulated answer).";
                let explain = json!({ "do": "explain", "item": item["item"], "text": words });
                agency.send(NIGHT, &steps, explain).await?;
            }
            if one["signed_out_at"].is_null() {
                agency.send(NIGHT, &steps, json!({ "do": "sign" })).await?;
            }
        }
        Ok(())
    }

    /// Reviews the drafts that the night's duty officer may review: those of somebody else.
    async fn review(&self, agency: &Agency) -> Told<()> {
        let all = agency.read(NIGHT, "/assessments").await?;
        let drafts = rows(&all, "items")
            .iter()
            .filter(|one| one["status"] == "draft");
        for draft in drafts {
            let path = format!("/assessments/{}", text(draft, "/id")?);
            let shown = agency.read(NIGHT, &path).await?;
            let may = rows(&shown, "may").iter().any(|step| step == "review");
            if may && shown["returned"].is_null() {
                agency
                    .send(NIGHT, &format!("{path}/steps"), json!({ "do": "review" }))
                    .await?;
            }
        }
        Ok(())
    }

    /// Signs for the assessments that the agency is to read.
    async fn sign_assessments(&self, agency: &Agency) -> Told<()> {
        let all = agency.read(NIGHT, "/assessments").await?;
        let theirs = rows(&all, "items")
            .iter()
            .filter(|one| one["own"] == false && one["to_read"] == true);
        for one in theirs {
            let operation = text(one, "/readers/operation")?;
            let record = format!("assessment:{}", text(one, "/id")?);
            let sign = json!({ "do": "sign", "node": one["node"], "record": record });
            agency.joint(&operation, sign).await?;
        }
        Ok(())
    }

    /// Signs for what the lead directs, and reports it done.
    async fn answer_directives(&self, agency: &Agency) -> Told<()> {
        let (own, home) = (agency.id(), self.lead().id());
        let operations = agency.ask(NIGHT, &Method::GET, "/operations", None).await?;
        for operation in operations.json.as_array().map_or(&[][..], Vec::as_slice) {
            let id = text(operation, "/id")?;
            for directive in rows(operation, "directives") {
                let open = directive["status"] == "open" && directive["home"] == home.as_str();
                let mut items = rows(directive, "items").iter();
                let to_us = |item: &&Value| item["to"] == own.as_str() || item["is"] == "everyone";
                let Some(item) = items.find(to_us).filter(|_| open) else {
                    continue;
                };
                let directive = text(directive, "/id")?;
                match item["status"].as_str().unwrap_or_default() {
                    "issued" | "delivered" | "shown" => self.takes(agency, &id, &directive).await?,
                    "signed" | "acting" | "returned" => {
                        let words = "已办理（模拟答复） Done (simulated answer)";
                        let report = json!({ "do": "advance_directive", "node": home, "directive": directive,
                            "reported": true, "text": words });
                        agency.joint(&id, report).await?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Offers one of what is asked for, brings it once it is promised, and takes it back once it is let go.
    async fn answer_requests(&self, agency: &Agency) -> Told<()> {
        let shown = agency.read(NIGHT, "/support").await?;
        for request in rows(&shown, "elsewhere") {
            let waits = |what: &str| rows(request, "waits").iter().any(|wait| wait == what);
            let need = (text(request, "/node")?, text(request, "/id")?);
            let mut own = rows(request, "answers")
                .iter()
                .filter(|one| one["own"] == true);
            if waits("to_answer") {
                let code = |one: &&Value| one["own"] == true && one["code"] == request["code"];
                let has = rows(&shown, "capabilities").iter().find(code);
                let offered = match has {
                    Some(has) => {
                        let offer = self.offer(agency, &need, &text(has, "/id")?, 1).await?;
                        offer.status.is_success()
                    }
                    None => false,
                };
                if !offered {
                    let words = "目前没有可出的（模拟答复） None to be had now (simulated answer)";
                    let decline = json!({ "node": need.0, "request": need.1, "reason": words });
                    agency.send(NIGHT, "/support/declines", decline).await?;
                }
            } else if let Some(promised) = own.find(|one| one["stage"] == "promised") {
                let steps = format!("/support/offers/{}/steps", text(promised, "/id")?);
                agency
                    .send(NIGHT, &steps, json!({ "do": "deliver" }))
                    .await?;
            } else if waits("to_return") {
                let there = rows(request, "answers").iter();
                let there = there.filter(|one| one["own"] == true && one["stage"] == "delivered");
                for offer in there {
                    let steps = format!("/support/offers/{}/steps", text(offer, "/id")?);
                    agency
                        .send(NIGHT, &steps, json!({ "do": "return" }))
                        .await?;
                }
            }
        }
        Ok(())
    }
}
