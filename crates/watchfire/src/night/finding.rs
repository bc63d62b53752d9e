//! Half past nine: the analyst sees a pattern of incidents, writes an assessment of it, a second person reviews it, and it is
//! issued to readers here and at the other agencies. Start at [`Teller::finding`].

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use super::seat::{ANALYST, DESK, NIGHT, Told, refused, rows, text};
use super::stage::Agency;
use super::teller::{Facts, Teller};

/// Incidents that the assessment names as its sources.
const SOURCES_MAX: usize = 5;

impl Teller {
    pub(super) async fn finding(&self, facts: &mut Facts) -> Told<()> {
        self.act(
            "研判：研判员查找警情规律，撰写研判，值班长审核后签发",
            "Assessment: the analyst looks for a pattern of incidents and writes a finding; the duty officer reviews and issues it",
            Some(self.lead().page("/analysis")),
        );
        let (area, found) = self.pattern().await?;
        let count = found.len();
        self.say(
            &format!("研判员：片区“{area}”入夜以来 {count} 起警情，列为来源"),
            &format!(
                "Analyst: {count} incidents in station area {area} since dusk, named as sources"
            ),
            Some(self.lead().page("/analysis")),
        );
        self.pass(240).await;
        let id = self.write_finding(&area, &found).await?;
        facts.assessment.clone_from(&id);
        self.pass(180).await;
        let steps = format!("/assessments/{id}/steps");
        let own = self.lead().ask(
            ANALYST,
            &Method::POST,
            &steps,
            Some(json!({ "do": "review" })),
        );
        if own.await?.problem().is_none() {
            return Err(refused("whoever wrote an assessment could review it"));
        }
        self.lead()
            .send(NIGHT, &steps, json!({ "do": "review" }))
            .await?;
        self.say(
            "研判由另一人（夜班值班长）审核通过；撰写人不能自审",
            "A second person, the night's duty officer, has reviewed it; whoever wrote it may not",
            None,
        );
        self.pass(60).await;
        let agencies = [self.fire().id(), self.relief().id()];
        let issue = json!({ "do": "issue", "seats": ["dispatcher", "duty_officer"],
            "operation": facts.operation, "agencies": agencies });
        self.lead().send(NIGHT, &steps, issue).await?;
        self.lead()
            .send(DESK, &steps, json!({ "do": "read" }))
            .await?;
        for reader in [self.fire(), self.relief()] {
            self.sign_finding(reader, &facts.operation, &id).await?;
        }
        let path = format!("/assessments/{id}");
        self.until("both agencies' signatures for the assessment", async || {
            let shown = self.lead().read(NIGHT, &path).await?;
            let to = rows(&shown["readers"], "agencies");
            Ok(to.len() == 2 && to.iter().all(|one| one["signed_at"].is_string()))
        })
        .await?;
        self.say(
            "研判已签发，消防救援与应急管理均已签收",
            "The assessment is issued; Fire and Rescue and Emergency Management have both signed for it",
            Some(self.fire().page("/analysis")),
        );
        Ok(())
    }

    /// Finds the station area with most incidents of the night, and asks for them as an analyst does.
    async fn pattern(&self) -> Told<(String, Vec<Value>)> {
        let busiest = {
            let board = self.lead().node.board();
            let mut areas: BTreeMap<String, usize> = BTreeMap::new();
            for incident in board.incidents.values() {
                if let Some(area) = &incident.place.area {
                    *areas.entry(area.to_string()).or_default() += 1;
                }
            }
            areas.into_iter().max_by_key(|(_, count)| *count)
        };
        let (area, _) = busiest.ok_or_else(|| refused("no incident has come in"))?;
        let asked: String = area
            .bytes()
            .map(|byte| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            })
            .collect();
        let shown = self
            .lead()
            .read(ANALYST, &format!("/patterns?area={asked}"))
            .await?;
        let found: Vec<Value> = rows(&shown, "incidents").to_vec();
        match found.is_empty() {
            true => Err(refused("the pattern shows no incident")),
            false => Ok((area, found)),
        }
    }

    async fn write_finding(&self, area: &str, found: &[Value]) -> Told<String> {
        let mut sources: Vec<Value> = Vec::new();
        for incident in found.iter().take(SOURCES_MAX) {
            let record = format!("incident:{}", text(incident, "/id")?);
            sources.push(json!({ "what": { "is": "record", "record": record }, "grade": { "source": "A", "credibility": 1 } }));
        }
        let (lat, lon) = (&found[0]["lat"], &found[0]["lon"]);
        sources.push(json!({ "what": { "is": "site", "label": "人群集中路段（虚构） Crowded stretch (invented)", "lat": lat, "lon": lon } }));
        let body = json!({
            "title": format!("片区 {area} 警情趋密 Calls grow denser in area {area}"), "kind": "trend", "urgency": "urgent",
            "grade": { "source": "B", "credibility": 2 }, "valid_until": self.in_minutes(12 * 60), "sources": sources,
            "text": "入夜以来该片区警情较他处密集，零点前后人流将至高峰。建议：前置力量、备照明与无人机、提前会商。（依据真实历史警情，结论为演示）\n\
                Since dusk calls in this area come denser than elsewhere, and the crowd peaks at midnight. Units ahead, lights and drones at hand, \
                a consultation before then. (From real past calls; the conclusion is made up.)",
        });
        let made = self.lead().send(ANALYST, "/assessments", body).await?;
        text(&made, "/id")
    }

    async fn sign_finding(&self, reader: &Agency, operation: &str, id: &str) -> Told<()> {
        let home = self.lead().id();
        let path = format!("/assessments/of/{home}/{id}");
        self.until("the assessment at another agency", async || {
            let shown = reader.ask(NIGHT, &Method::GET, &path, None).await?;
            Ok(shown.json["text"].is_string())
        })
        .await?;
        self.pass(30).await;
        let sign = json!({ "do": "sign", "node": home, "record": format!("assessment:{id}") });
        reader.joint(operation, sign).await.map(drop)
    }
}
