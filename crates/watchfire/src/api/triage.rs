//! What a call seems to be about and how urgent it is, from what was said and answered so far. Nothing is stored, and
//! what was said goes into no log.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Code, Prose};
use watchfire_core::triage::{self, Report, Triage};

use super::call::{AnswerBody, read_answers};
use super::view::{PriorityView, TextView};
use super::{App, Body, Envelope, read_maybe};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// What is known of a call that is still being typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "said": "he fell and is not breathing",
    "answers": [{ "question": "breathing", "answer": "no" }],
}))]
pub(crate) struct TriageBody {
    /// What was said so far; looked at, never stored.
    #[schema(max_length = 4000)]
    said: Option<String>,
    /// What a person says that it is about; it goes before every guess.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// What was answered; of two answers to a question the later counts.
    #[schema(max_items = 50)]
    #[serde(default)]
    answers: Vec<AnswerBody>,
}

/// What comes of it: a proposal, which a person takes or leaves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriageView {
    /// What it may be about, best first.
    guesses: Vec<GuessView>,
    /// What it is taken to be about: what a person chose, else what an answer says, else the best guess.
    category: Option<String>,
    /// The questions of that category in the order to ask them, and those that were answered.
    questions: Vec<QuestionView>,
    /// The points that the category and the answers come to.
    score: i32,
    /// How urgent that makes it; absent while nothing speaks of it.
    priority: Option<PriorityView>,
    /// Why.
    reasons: Vec<TextView>,
    /// What to read out to the caller.
    read_out: Vec<TextView>,
    /// The version of the response file that said so.
    version: String,
}

/// Something that a call may be about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuessView {
    /// The category.
    category: String,
    /// What it is called.
    label: TextView,
    /// The phrases of the response file that speak for it; none where only an answer does.
    words: Vec<String>,
}

/// A question to the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionView {
    /// Its name in the response file.
    question: String,
    /// What to ask.
    text: TextView,
    /// What may be answered.
    answers: Vec<ChoiceView>,
    /// What was answered.
    answered: Option<String>,
}

/// An answer that a question takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChoiceView {
    /// Its name within the question.
    answer: String,
    /// What it says.
    text: TextView,
}

/// Says what a call that is still being typed seems to be about, what to ask next and how urgent it is; nothing is stored.
#[utoipa::path(post, path = "/api/v1/triage", tag = "calls", request_body = TriageBody,
    responses((status = 200, body = TriageView)))]
pub(crate) async fn assess(
    State(app): State<App>,
    session: Session,
    envelope: Envelope,
    body: Body,
) -> Result<Json<TriageView>, Problem> {
    if !session.may(Permission::TakeCalls) {
        return Err(Problem::denied());
    }
    let body: TriageBody = body.read(envelope.json)?;
    // Nothing said yet is what a call begins with.
    let said = body.said.as_deref().filter(|said| !said.trim().is_empty());
    let said: Option<Prose> = read_maybe("said", said)?;
    let category: Option<Code> = read_maybe("category", body.category.as_deref())?;
    let answers = read_answers(&body.answers)?;
    let report = Report {
        said: said.as_ref().map_or("", Prose::as_str),
        category: category.as_ref(),
        answers: &answers,
    };
    let found = triage::assess(app.node.response(), &report)?;
    Ok(Json(shown(found)))
}

fn shown(found: Triage) -> TriageView {
    let texts = |texts: Vec<watchfire_core::basis::Text>| -> Vec<TextView> {
        texts.into_iter().map(TextView::from).collect()
    };
    let guesses = found.guesses.into_iter().map(|guess| GuessView {
        category: guess.category.to_string(),
        label: guess.label.into(),
        words: guess.words,
    });
    let questions = found.questions.into_iter().map(|asked| {
        let answers = asked.answers.into_iter().map(|(id, text)| ChoiceView {
            answer: id.to_string(),
            text: text.into(),
        });
        QuestionView {
            question: asked.question.to_string(),
            text: asked.text.into(),
            answers: answers.collect(),
            answered: asked.answered.map(|id| id.to_string()),
        }
    });
    TriageView {
        guesses: guesses.collect(),
        category: found.category.map(|code| code.to_string()),
        questions: questions.collect(),
        score: found.score,
        priority: found.priority.map(PriorityView),
        reasons: texts(found.reasons),
        read_out: texts(found.read_out),
        version: found.version,
    }
}
