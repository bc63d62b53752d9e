//! The night looks at itself: whether the handover lost nothing, every directive came to its end or was carried over with a
//! reason, the books balance, nothing was promised twice, and the three nodes agree. Start at [`all`].

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use watchfire_core::basis::{OperationId, Text};
use watchfire_core::record::support_offer::Stage;
use watchfire_feed::Scope;

use super::morning::book_path;
use super::seat::{NIGHT, Told, refused, rows};
use super::stage::Agency;
use super::teller::{Facts, HandedOver, Teller};

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was looked at, and what was found.
    pub found: Text,
    /// What is wrong, if anything is.
    pub wrong: Option<String>,
}

/// Looks at everything; the nodes are given time to agree first.
pub(super) async fn all(teller: &Teller, facts: &Facts) -> Told<Vec<Check>> {
    let named = |id: &String| {
        let id: Result<OperationId, _> = id.parse();
        id.map_err(|_| refused("an operation has no id"))
    };
    let operations = [named(&facts.operation)?, named(&facts.action)?];
    // Which of them lags is found out below.
    let _ = teller
        .until("the three to agree", async || {
            Ok(digests(teller, &operations).len() == 1)
        })
        .await;
    let mut checks = Vec::new();
    for (agency, signed) in teller.stage.all().into_iter().zip(&facts.handovers) {
        checks.push(handed_over(agency, signed).await?);
    }
    checks.push(directives(teller).await?);
    checks.push(carried_out(teller, facts).await?);
    checks.push(books(teller, facts).await?);
    checks.push(promised_once(teller, facts));
    checks.push(agree(teller, &operations));
    Ok(checks)
}

async fn handed_over(agency: &Agency, then: &HandedOver) -> Told<Check> {
    let sheet = agency
        .read(NIGHT, &format!("/duty/handovers/{}", then.id))
        .await?;
    let items = rows(&sheet, "items");
    let loose = |item: &&Value| item["answer"] == "questioned" || item["answer"] == "explained";
    let loose = items.iter().filter(loose).count();
    let accepted = items.iter().filter(|item| item["answer"] == "accepted");
    let accepted: BTreeSet<&str> = accepted.filter_map(|item| item["id"].as_str()).collect();
    let missing = |id: &&String| !accepted.contains(id.as_str());
    let lost = then.open.iter().filter(missing).count();
    let signed = sheet["handover"]["status"] == "signed"
        && sheet["handover"]["signed_out_at"].is_string()
        && sheet["handover"]["signed_in_at"].is_string();
    let (zh, en) = agency.about.names();
    let wrong = (loose + lost > 0 || !signed).then(|| {
        format!("signed: {signed}, questions left: {loose}, open and not accepted: {lost}")
    });
    Ok(Check {
        found: Text::new(
            format!("{en}: handover of {} items, none lost", items.len()),
            format!("{zh}：交接 {} 项，无一遗漏", items.len()),
        ),
        wrong,
    })
}

async fn directives(teller: &Teller) -> Told<Check> {
    let (mut ended, mut carried, mut loose) = (0, 0, Vec::new());
    for agency in teller.stage.all() {
        let book = agency.read(NIGHT, &book_path(None)).await?;
        let reasoned: BTreeSet<&str> = rows(&book, "lines")
            .iter()
            .filter(|line| line["reason"].is_string())
            .filter_map(|line| line["record"].as_str())
            .collect();
        let board = agency.node.board();
        for directive in board.directives.values() {
            let name = format!("directive:{}", directive.id);
            match (directive.is_open(), reasoned.contains(name.as_str())) {
                (false, _) => ended += 1,
                (true, true) => carried += 1,
                (true, false) => loose.push(name),
            }
        }
    }
    let none = ended == 0 || carried == 0;
    let wrong = (none || !loose.is_empty()).then(|| {
        format!(
            "neither ended nor carried over with a reason: {}",
            loose.join(", ")
        )
    });
    Ok(Check {
        found: Text::new(
            format!("directives: {ended} ended, {carried} carried over with a reason"),
            format!("指令：办结 {ended} 件，写明原因结转 {carried} 件"),
        ),
        wrong,
    })
}

/// Every agency knows that the planned action has ended, with what every team did.
async fn carried_out(teller: &Teller, facts: &Facts) -> Told<Check> {
    let path = format!("/operations/{}/planned-action", facts.action);
    let mut wrong = Vec::new();
    for agency in teller.stage.all() {
        let shown = agency.read(NIGHT, &path).await?;
        let done = rows(&shown, "phases")
            .iter()
            .filter(|phase| phase["state"] == "done");
        let done = done.count();
        if shown["standing"] != "ended" || shown["strength"] != 60 || done != 2 {
            let (standing, name) = (&shown["standing"], agency.about.name);
            wrong.push(format!("{name}: {standing}, {done} phases done"));
        }
    }
    Ok(Check {
        found: Text::new(
            "planned action: 60 people in six teams, both phases done, ended at every agency",
            "统一行动：六个小组 60 人，两个阶段均完成，三家机构均已知悉结束",
        ),
        wrong: (!wrong.is_empty()).then(|| wrong.join("; ")),
    })
}

async fn books(teller: &Teller, facts: &Facts) -> Told<Check> {
    let (mut lines, mut wrong) = (0, Vec::new());
    let own = teller.stage.all().map(|agency| (agency, None));
    let joint = (teller.lead(), Some(facts.operation.as_str()));
    for (agency, operation) in own.into_iter().chain([joint]) {
        let book = agency.read(NIGHT, &book_path(operation)).await?;
        lines += rows(&book, "lines").len();
        let off = |tally: &Value| tally["balances"] != true;
        let signed = book["signed"]["by"].is_string();
        if !signed || book["open_questions"] != 0 || rows(&book, "tallies").iter().any(off) {
            wrong.push(format!(
                "{}: signed: {signed}, {}",
                agency.about.name, book["tallies"]
            ));
        }
    }
    Ok(Check {
        found: Text::new(
            format!(
                "four books of {lines} lines, signed; carried in + opened = closed + carried out"
            ),
            format!("四本账册共 {lines} 行均已签字：结转入 + 新开 = 办结 + 结转出"),
        ),
        wrong: (!wrong.is_empty()).then(|| wrong.join("; ")),
    })
}

/// No agency promised more than it has at any moment, and no request counts one offer twice.
fn promised_once(teller: &Teller, facts: &Facts) -> Check {
    let (mut count, mut wrong) = (0, Vec::new());
    for agency in teller.stage.all() {
        let board = agency.node.board();
        for capability in board.support_capabilities.values() {
            let leases: Vec<_> = board
                .support_offers
                .values()
                .filter(|offer| {
                    matches!(
                        offer.stage,
                        Stage::Promised | Stage::Delivered | Stage::Returned
                    )
                })
                .filter_map(|offer| {
                    let terms = offer.terms.as_ref()?;
                    let of = terms.capability == capability.id;
                    of.then_some((terms.from, terms.until, offer.promised))
                })
                .collect();
            count += leases.len();
            for (moment, _, _) in &leases {
                let held = leases
                    .iter()
                    .filter(|(from, until, _)| from <= moment && moment < until);
                let sum: u32 = held.map(|(_, _, quantity)| quantity).sum();
                if sum > capability.details.quantity {
                    wrong.push(format!(
                        "{} promised {sum} of {}",
                        agency.about.name, capability.details.quantity
                    ));
                }
            }
        }
        for request in board.support_requests.values() {
            let offers: BTreeSet<_> = request.commitments.iter().map(|one| one.offer).collect();
            if offers.len() < request.commitments.len() {
                wrong.push(format!("{} counts an offer twice", agency.about.name));
            }
        }
    }
    if !facts.refused_twice {
        wrong.push("an offer of what was bound was not refused".to_owned());
    }
    if count == 0 {
        wrong.push("nothing was promised at all".to_owned());
    }
    Check {
        found: Text::new(
            format!("{count} promises of support, nothing promised twice"),
            format!("支撑承诺 {count} 项，无重复承诺"),
        ),
        wrong: (!wrong.is_empty()).then(|| wrong.join("; ")),
    }
}

fn agree(teller: &Teller, operations: &[OperationId]) -> Check {
    let digests = digests(teller, operations);
    let short = |digest: &Option<String>| match digest {
        Some(digest) => digest.chars().take(16).collect::<String>(),
        None => "-".to_owned(),
    };
    let all: Vec<String> = digests.iter().map(short).collect();
    let wrong = match digests.len() {
        1 if digests.contains(&None) => Some("no node holds anything of them".to_owned()),
        1 => None,
        _ => Some(format!("digests differ: {}", all.join(" / "))),
    };
    Check {
        found: Text::new(
            format!(
                "three nodes hold the same of both operations: {}",
                all.join(" / ")
            ),
            format!("三个节点所持的两项合成作战记录一致：{}", all.join(" / ")),
        ),
        wrong,
    }
}

/// Returns what each node holds of both operations, as digests: of the head of every feed in them, whose hash covers all
/// that was ever said there, record by record; nothing of a node that follows none of them.
fn digests(teller: &Teller, operations: &[OperationId]) -> BTreeSet<Option<String>> {
    teller
        .stage
        .all()
        .into_iter()
        .map(|agency| digest(agency, operations))
        .collect()
}

fn digest(agency: &Agency, operations: &[OperationId]) -> Option<String> {
    let board = agency.node.board();
    let (mut hash, mut any) = (Sha256::new(), false);
    for (id, followed) in &board.copies.feeds {
        let scope = followed.feed.scope;
        let of =
            |id: &OperationId| scope == Scope::Operation(id.0) || scope == Scope::Command(id.0);
        if operations.iter().any(of) {
            any = true;
            hash.update(format!(
                "{id:?} {} {:?}\n",
                followed.head.seq, followed.head.hash
            ));
        }
    }
    let hash = hash.finalize();
    any.then(|| hash.iter().map(|byte| format!("{byte:02x}")).collect())
}
