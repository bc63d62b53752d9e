//! The description of the API (OpenAPI 3.1), as it is served and committed in `docs/openapi.json`.
//!
//! utoipa collects it from the handlers; what holds for all of them is said here once: problems, names of
//! operations, and that whatever is shown is always there. Start at [`whole`].

use serde_json::{Value, json};
use utoipa::OpenApi;

use super::view::TextView;
use crate::problem::ProblemView;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Watchfire",
        description = "One node of a federated incident-command platform. Every action takes an `Idempotency-Key`; repeat it with the same key until it is answered.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "session", description = "Signing in and out"),
        (name = "board", description = "Everything open, the stream of changes, the node and its map"),
        (name = "calls", description = "Reports reaching the agency"),
        (name = "incidents", description = "Situations needing response"),
        (name = "units", description = "Dispatchable crews"),
        (name = "assignments", description = "Units' tasks on incidents"),
        (name = "figures", description = "How long things took and how many calls came; of incidents, never of people"),
        (name = "past", description = "What this node's board showed at any earlier moment"),
        (name = "settlements", description = "The book of a day: carried in, opened, closed, carried out; reasons, the signature, corrections"),
        (name = "directives", description = "Instructions that must be signed for, acted on, reported back, verified and closed"),
        (name = "planned actions", description = "What several agencies do at one time: teams, phases and their times, go, no-go and hold; people are numbers"),
        (name = "patrols", description = "Places that want visits, the rounds of the units that go there, and what became of them"),
        (name = "support", description = "What agencies can give each other, requests, the offers that answer them, and what became of them"),
        (name = "assessments", description = "Graded analytic products: written, reviewed by a second person, issued to named readers, superseded; never of a person"),
        (name = "consultations", description = "Meetings of several agencies, in person or on line: papers, a shared board, decisions that become directives or are declined"),
        (name = "patterns", description = "Past incidents by place, time, category and words; more like one; where more of the public call than usual; never about people"),
        (name = "duty", description = "Who is on duty and how to reach them, rosters, shift logs and handovers"),
        (name = "stations", description = "Places units start from"),
        (name = "road conditions", description = "Roads that are closed or slower than usual for a while"),
        (name = "map", description = "Where a name is, what a place is called, and what to draw underneath"),
        (name = "people", description = "The agency's own staff and programs")
    )
)]
struct Description;

/// Returns what is said of the API as a whole, to which handlers add themselves.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// Returns the description as JSON.
pub fn whole() -> Value {
    let (_, openapi) = super::routes().split_for_parts();
    let mut json =
        serde_json::to_value(openapi).expect("the description holds only strings and lists");
    add_security(&mut json);
    add_problems(&mut json);
    name_operations(&mut json);
    say_what_can_be_taken_back(&mut json);
    what_is_shown_is_there(&mut json);
    json
}

fn add_security(json: &mut Value) {
    json["components"]["securitySchemes"] = json!({
        "cookie": { "type": "apiKey", "in": "cookie", "name": crate::auth::COOKIE },
        "token": { "type": "http", "scheme": "bearer" }
    });
    json["security"] = json!([{ "cookie": [] }, { "token": [] }]);
}

/// Every operation can answer with a problem; said once here instead of at each handler.
fn add_problems(json: &mut Value) {
    json["components"]["responses"]["Problem"] = json!({
        "description": "What went wrong, and what to do next (RFC 9457)",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
    });
    json["components"]["schemas"]["Problem"] = schema_of::<ProblemView>();
    json["components"]["schemas"]["TextView"] = schema_of::<TextView>();
    // The derived description names what stands in an address and does not carry it.
    json["components"]["schemas"]["FigureView"] = schema_of::<super::figures::FigureView>();
    json["components"]["schemas"]["LanguageView"] = schema_of::<super::figures::LanguageView>();
    let statuses = [
        "400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "500", "503",
    ];
    for (_, _, operation) in operations(json) {
        for status in statuses {
            let problem = json!({ "$ref": "#/components/responses/Problem" });
            let responses = operation["responses"].as_object_mut();
            responses
                .expect("every operation says what it answers")
                .entry(status)
                .or_insert(problem);
        }
    }
}

fn schema_of<T: utoipa::PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).expect("a schema holds only strings and lists")
}

/// Names operations by method and path, since handlers of several kinds of record have the same names.
fn name_operations(json: &mut Value) {
    for (path, method, operation) in operations(json) {
        let words = path.trim_start_matches("/api/v1/").split(['/', '.']);
        let words = words.map(|word| match word.strip_prefix('{') {
            Some(name) => format!("by_{}", name.trim_end_matches('}')),
            None => word.to_owned(),
        });
        let name = std::iter::once(method).chain(words).collect::<Vec<_>>();
        operation["operationId"] = json!(name.join("_"));
    }
}

/// Whatever acts may be taken back for a moment; said once here instead of at each handler.
fn say_what_can_be_taken_back(json: &mut Value) {
    let header = json!({
        "description": "Until when this can be taken back by `POST /api/v1/undo`; absent where it cannot.",
        "schema": { "type": "string", "format": "date-time" }
    });
    for (_, _, operation) in operations(json) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let acts = parameters
            .into_iter()
            .any(|parameter| parameter["name"] == "Idempotency-Key");
        let answers = operation["responses"].as_object_mut().into_iter().flatten();
        for (status, response) in answers.filter(|_| acts) {
            if status.starts_with('2') {
                response["headers"]["Undo-Before"] = header.clone();
            }
        }
    }
}

/// Returns every operation with its path and method.
fn operations(json: &mut Value) -> impl Iterator<Item = (String, String, &mut Value)> {
    let paths = json["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object_mut().into_iter().flatten();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation))
    })
}

/// What an answer may leave empty is `null` and never absent, which the derived schemas cannot know.
fn what_is_shown_is_there(json: &mut Value) {
    let schemas = json["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        if name.ends_with("View") {
            require_all(schema);
        }
    }
}

fn require_all(schema: &mut Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let names: Vec<String> = properties.keys().cloned().collect();
        properties.values_mut().for_each(require_all);
        schema["required"] = json!(names);
    }
    if let Some(items) = schema.get_mut("items") {
        require_all(items);
    }
    for several in ["allOf", "oneOf", "anyOf"] {
        if let Some(Value::Array(all)) = schema.get_mut(several) {
            all.iter_mut().for_each(require_all);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_can_answer_with_a_problem() {
        let mut json = whole();
        let mut names = BTreeSet::new();
        for (path, method, operation) in operations(&mut json) {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path}: named twice");
            assert!(operation["responses"]["403"].is_object());
        }
        assert!(names.contains("post_incidents_by_id_close"), "{names:?}");
    }

    #[test]
    fn every_reference_leads_to_something() {
        let json = whole();
        let text = json.to_string();
        let references = text.split("\"$ref\":\"#/").skip(1);
        for reference in references.map(|rest| rest.split('"').next().unwrap()) {
            assert!(
                json.pointer(&format!("/{reference}")).is_some(),
                "{reference}"
            );
        }
    }

    #[test]
    fn what_an_answer_shows_is_required_and_what_a_request_may_leave_out_is_not() {
        let json = whole();
        let required = |schema: &str| {
            json["components"]["schemas"][schema]["required"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        assert!(required("CallView").contains(&json!("incident")));
        assert!(required("Page_CallView").contains(&json!("next")));
        assert!(!required("CallBody").contains(&json!("caller")));
    }
}
