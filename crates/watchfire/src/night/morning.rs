//! The morning: at 08:00 every agency settles the day. What is open is carried over with a reason and a date, and the books
//! are signed; the operation's book, too. Start at [`Teller::morning`].

use serde_json::{Value, json};

use super::seat::{NIGHT, Told, rows};
use super::stage::Agency;
use super::teller::{Facts, Teller};

/// The date on which the day of the night ends.
pub(super) const DATE: &str = "2017-01-01";
/// Lines that are carried over in one action.
const LINES_MAX: usize = 200;
/// How often the lines are gone through before the night is given up.
const ROUNDS_MAX: usize = 20;

impl Teller {
    pub(super) async fn morning(&self, facts: &Facts) -> Told<()> {
        self.act(
            "日清日结：08:00 各机构结账，未了事项写明原因与新期限后结转，账册签字封存",
            "Settlement: at 08:00 each agency closes its books; what is open is carried over with reason and date, and signed",
            Some(self.lead().page("/settlement")),
        );
        for agency in self.stage.all() {
            self.settle(agency, None).await?;
        }
        self.settle(self.lead(), Some(&facts.operation)).await
    }

    async fn settle(&self, agency: &Agency, operation: Option<&str>) -> Told<()> {
        let mut carried = 0;
        for _ in 0..ROUNDS_MAX {
            let book = agency.read(NIGHT, &book_path(operation)).await?;
            let open: Vec<Value> = rows(&book, "lines")
                .iter()
                .filter(|line| line["question"] == true)
                .take(LINES_MAX)
                .map(|line| json!({ "record": line["record"], "item": line["item"] }))
                .collect();
            if open.is_empty() {
                break;
            }
            carried += open.len();
            let mut carry = json!({ "date": DATE, "lines": open,
                "reason": "夜间未办结，交白班继续 Not over by 08:00; the day shift goes on with it", "until": self.in_minutes(12 * 60) });
            name_book(&mut carry, operation);
            agency.send(NIGHT, "/settlements/carried", carry).await?;
            self.pass(30).await;
        }
        let mut sign = json!({ "date": DATE });
        name_book(&mut sign, operation);
        let signed = agency.send(NIGHT, "/settlements/signature", sign).await?;
        let lines = rows(&signed, "lines").len();
        let (zh, en) = match operation {
            None => ("本机构账册", "the agency's book"),
            Some(_) => ("合成作战账册", "the operation's book"),
        };
        let (name_zh, name_en) = agency.about.names();
        self.say(
            &format!("{name_zh}：{zh} {lines} 行，结转 {carried} 行，已签字封存"),
            &format!("{name_en}: {en}, {lines} lines, {carried} carried over, signed and sealed"),
            Some(agency.page("/settlement")),
        );
        Ok(())
    }
}

/// Returns where a book of the night's day is read.
pub(super) fn book_path(operation: Option<&str>) -> String {
    let of = operation.map_or(String::new(), |id| format!("&of=operation&id={id}"));
    format!("/settlements/book?date={DATE}{of}")
}

fn name_book(body: &mut Value, operation: Option<&str>) {
    if let Some(id) = operation {
        body["of"] = json!("operation");
        body["id"] = json!(id);
    }
}
