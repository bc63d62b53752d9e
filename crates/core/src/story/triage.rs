//! What a call seems to be about and how urgent: tables of what was said and answered, and what triage makes of it.
//!
//! A line is `what was said | category, if chosen | question=answer ... -> claims`. Start at [`check`].

use crate::basis::{Answer, Code};
use crate::limits;
use crate::plan::ResponseFile;
use crate::triage::{self, Report};

const FILE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火灾"
priority = 2
words = ["fire", "smoke", "burn", "起火", "着火", "冒烟"]
[categories.car_fire]
en = "Vehicle fire"
zh = "车辆火灾"
words = ["car on fire", "车着火", "汽车起火"]
[categories.medical]
en = "Medical"
zh = "急救"
priority = 3
words = ["chest pain", "unconscious", "fell", "胸痛", "昏迷", "摔"]
[categories.other]
en = "Other"
zh = "其他"
[triage]
priority_1 = 12
[triage.categories.car_fire]
priority_1 = 20
priority_2 = 9
[[question]]
id = "danger"
categories = "*"
en = "Is anybody in danger right now?"
zh = "现在有人有危险吗？"
answers = [{ id = "yes", en = "Yes", zh = "有", weight = 6 }, { id = "no", en = "No", zh = "没有", weight = -3 }]
[[question]]
id = "breathing"
categories = ["medical"]
en = "Is the person breathing?"
zh = "患者有呼吸吗？"
answers = [
  { id = "yes", en = "Yes", zh = "有" },
  { id = "no", en = "No", zh = "没有", priority = 1, say = { en = "Start chest compressions.", zh = "请立即做胸外按压。" } },
]
[[question]]
id = "defibrillator"
categories = ["medical"]
en = "Is there a defibrillator near by?"
zh = "附近有除颤仪吗？"
only_if = { question = "breathing", answer = "no" }
answers = [{ id = "yes", en = "Yes", zh = "有", say = { en = "Send somebody for it.", zh = "请派人去取。" } }, { id = "no", en = "No", zh = "没有" }]
[[question]]
id = "what_burns"
categories = ["fire"]
en = "What is burning?"
zh = "什么着火了？"
answers = [{ id = "car", en = "A vehicle", zh = "车辆", category = "car_fire", weight = 3 }, { id = "house", en = "A building", zh = "房屋", weight = 4 }]
"#;

fn file() -> ResponseFile {
    ResponseFile::parse(FILE).unwrap()
}

fn answers(words: &str) -> Vec<Answer> {
    let pairs = words
        .split_whitespace()
        .map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(question, answer)| Answer {
            question: question.parse().unwrap(),
            answer: answer.parse().unwrap(),
        })
        .collect()
}

/// Returns all that triage says, each as a line of words.
fn said(file: &ResponseFile, said: &str, category: &str, given: &str) -> Vec<String> {
    let category: Option<Code> = (!category.is_empty()).then(|| category.parse().unwrap());
    let answers = answers(given);
    let report = Report {
        said,
        category: category.as_ref(),
        answers: &answers,
    };
    let found = match triage::assess(file, &report) {
        Ok(found) => found,
        Err(refusal) => {
            return vec![
                format!("refused {}", refusal.code()),
                format!("says {}", refusal.what().en),
                format!("说 {}", refusal.what().zh),
            ];
        }
    };
    assert_eq!(found.version, file.version);
    assert_eq!(
        triage::assess(file, &report).as_ref(),
        Ok(&found),
        "it is a function"
    );
    let mut facts = vec![
        format!(
            "about {}",
            found.category.as_ref().map_or("nothing", Code::as_str)
        ),
        format!("p{}", found.priority.map_or(0, u8::from)),
        format!("{} points", found.score),
    ];
    let guesses: Vec<&str> = found
        .guesses
        .iter()
        .map(|one| one.category.as_str())
        .collect();
    facts.push(format!("guesses {}", guesses.join(" ")));
    for guess in &found.guesses {
        facts.push(format!(
            "{} for {}",
            guess.category,
            guess.words.join(" + ")
        ));
    }
    let asks: Vec<String> = found
        .questions
        .iter()
        .map(|asked| match &asked.answered {
            Some(answer) => format!("{}={answer}", asked.question),
            None => asked.question.to_string(),
        })
        .collect();
    facts.push(format!("asks {}", asks.join(" ")));
    for text in &found.read_out {
        facts.push(format!("reads {}", text.en));
        facts.push(format!("读 {}", text.zh));
    }
    for text in &found.reasons {
        facts.push(format!("because {}", text.en));
        facts.push(format!("因 {}", text.zh));
    }
    facts
}

#[track_caller]
fn check(story: &str) {
    let file = file();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (known, claims) = line.split_once("->").unwrap();
        let known: Vec<&str> = known.split('|').map(str::trim).collect();
        let facts = said(&file, known[0], known[1], known[2]);
        for claim in claims.split(';').map(str::trim) {
            assert!(
                facts.iter().any(|fact| fact == claim),
                "{line}\nnot so: {claim}\n{facts:#?}"
            );
        }
    }
}

#[test]
fn words_make_a_guess_that_a_person_may_always_change() {
    check(
        "
        ||                                -> about nothing; p0; asks danger; 0 points
        hello there                     || -> about nothing; p0
        There is smoke, it's burning    || -> about fire; fire for smoke + burn; p2; 6 points; guesses fire
        厨房起火，在冒烟                  || -> about fire; fire for 起火 + 冒烟; p2
        no fire, he fell                || -> about medical; medical for fell; p3; guesses medical
        没有起火，有人摔倒昏迷            || -> about medical; medical for 昏迷 + 摔
        我的汽车起火了                    || -> about car_fire; car_fire for 汽车起火; guesses car_fire
        a car on fire, smoke            || -> guesses car_fire fire; about car_fire
        fire, and chest pain            || -> guesses medical fire; about medical
        he fell into the fire           || -> guesses fire medical; about fire
        smoke | medical | -> about medical; p3; guesses fire; asks danger breathing
        | other | -> about other; p0; asks danger
        | ufo | -> refused unknown_code; says The response file knows no category \"ufo\".; 说 预案文件中没有类别“ufo”。
        ",
    );
}

#[test]
fn answers_lead_on_and_say_how_urgent_it_is_and_why() {
    check(
        "
        fell || -> asks danger breathing; p3; because Medical begins at priority 3 (3 points).; because 3 points make priority 3.
        fell || danger=no -> asks danger=no breathing; 0 points; p4; because Is anybody in danger right now? No, -3 points.
        fell || danger=yes -> 9 points; p2; 因 现在有人有危险吗？有，+6 分。; 因 共 9 分，定为 2 级。
        fell || breathing=no -> asks danger breathing=no defibrillator; p1; 3 points; reads Start chest compressions.; 读 请立即做胸外按压。; because Is the person breathing? No, priority 1 at least.; because 3 points alone would be priority 3, but an answer makes it 1.; 因 仅按 3 分为 3 级，因上述回答定为 1 级。
        fell || breathing=no defibrillator=yes -> reads Send somebody for it.; asks danger breathing=no defibrillator=yes
        fell || breathing=no breathing=yes -> p3; asks danger breathing=yes
        fell || breathing=yes defibrillator=yes -> asks danger breathing=yes
        smoke || what_burns=house -> about fire; 10 points; p2; asks danger what_burns=house
        smoke || what_burns=house danger=yes -> 16 points; p1
        smoke || what_burns=car -> about car_fire; guesses car_fire fire; asks danger what_burns=car; 3 points; p3; because What is burning? A vehicle, +3 points, speaks for Vehicle fire.
        smoke || what_burns=car danger=yes -> 9 points; p2
        smoke | fire | what_burns=car danger=yes -> about fire; 15 points; p1
        | other | danger=no -> p4; -3 points
        | other | breathing=no -> p1; about other; asks danger breathing=no
        || what_burns=car -> about car_fire
        || what_burns=boat -> refused unknown_code; says The response file knows no answer to the question \"what_burns\" named \"boat\".
        || ghosts=yes -> refused unknown_code; 说 预案文件中没有问题“ghosts”。
        ",
    );
}

#[test]
fn triage_works_without_a_word_in_the_file_and_within_its_limits() {
    let plain = ResponseFile::default();
    let facts = said(&plain, "fire", "ufo", "any=thing");
    assert!(facts.contains(&"about ufo".to_owned()), "{facts:?}");
    let many: Vec<String> = (0..=limits::ANSWERS_PER_CALL_MAX)
        .map(|at| format!("q{at}=a"))
        .collect();
    let at = said(&plain, "", "", &many[1..].join(" "));
    assert!(at.contains(&"p0".to_owned()), "{at:?}");
    let past = said(&plain, "", "", &many.join(" "));
    assert!(past.contains(&"refused limit".to_owned()), "{past:?}");
    let mut file = String::new();
    for at in 0..=limits::GUESSES_MAX {
        file.push_str(&format!(
            "[categories.c{at}]\nen = \"C\"\nzh = \"类\"\nwords = [\"fire\"]\n"
        ));
    }
    let facts = said(&ResponseFile::parse(&file).unwrap(), "fire", "", "");
    assert!(
        facts.contains(&"guesses c0 c1 c2 c3 c4".to_owned()),
        "{facts:?}"
    );
}

const HEAD: &str = "[categories.fire]\nen = \"Fire\"\nzh = \"火灾\"\n";

#[track_caller]
fn refused(more: &str, line: usize, words: &str) {
    let error = ResponseFile::parse(&format!("{HEAD}{more}")).expect_err("it should be refused");
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.line, line, "{error}");
}

fn question(more: &str) -> String {
    format!("[[question]]\nid = \"q\"\nen = \"Q?\"\nzh = \"问？\"\n{more}\n")
}

const YES: &str = "answers = [{ id = \"yes\", en = \"Yes\", zh = \"是\" }]";

#[test]
fn a_slip_in_words_or_questions_is_told_with_its_line() {
    refused(
        "words = [\"ok\", \"?!\"]",
        4,
        "holds no word that could be found",
    );
    refused("words = [\"Fire\",\n\"fire\"]", 5, "\"fire\" stands twice");
    refused("priority = 5", 4, "a priority is 1");
    refused("word = [\"fire\"]", 4, "unknown field `word`");
    let all = "categories = \"*\"\n";
    refused(
        &question(&format!("categories = [\"fier\"]\n{YES}")),
        8,
        "did you mean \"fire\"?",
    );
    refused(
        &question(&format!("categories = []\n{YES}")),
        8,
        "never asked",
    );
    refused(
        &question(&format!("categories = \"fire\"\n{YES}")),
        8,
        "or \"*\" for all",
    );
    refused(&question(YES), 4, "missing field `categories`");
    refused(
        &question(&format!("{all}answers = []")),
        9,
        "has 1 to 12 answers; this one has 0",
    );
    let twice = "answers = [{ id = \"a\", en = \"A\", zh = \"甲\" },\n{ id = \"a\", en = \"A\", zh = \"甲\" }]";
    refused(&question(&format!("{all}{twice}")), 10, "two answers \"a\"");
    let with = |more: &str| {
        let choice = format!("answers = [{{ id = \"a\", en = \"A\", zh = \"甲\", {more} }}]");
        question(&format!("{all}{choice}"))
    };
    refused(&with("priority = 0"), 9, "a priority is 1");
    refused(&with("category = \"fir\""), 9, "did you mean \"fire\"?");
    refused(&with("say = { en = \"Go.\", zh = \"\" }"), 9, "empty text");
    refused(&with("say = { en = \"Go.\" }"), 9, "missing field `zh`");
    refused(&with("weight = 1001"), 9, "not within 1000 points");
    refused(&with("weight = -1001"), 9, "not within 1000 points");
    refused(&with("weight = -2147483648"), 9, "not within 1000 points");
    let sound = question(&format!("{all}{YES}"));
    refused(&format!("{sound}{sound}"), 11, "two questions \"q\"");
    let second = |condition: &str| {
        let second = sound.replace("\"q\"", "\"r\"");
        format!("{sound}{second}only_if = {{ {condition} }}\n")
    };
    refused(
        &second("question = \"qq\", answer = \"yes\""),
        16,
        "did you mean \"q\"?",
    );
    refused(
        &second("question = \"q\", answer = \"no\""),
        16,
        "it takes yes",
    );
    let itself = format!("{all}{YES}\nonly_if = {{ question = \"later_one\", answer = \"yes\" }}");
    refused(&question(&itself), 10, "names a question further up");
    refused(
        "[triage]\npriority_1 = 5",
        5,
        "a more urgent one takes more points",
    );
    refused(
        "[triage]\npriority_3 = 0",
        5,
        "reached at 10, 6 and 0 points",
    );
    refused("[triage]\npriority_1 = 1001", 5, "from 1 to 1000");
    refused(
        "[triage.categories.fier]\npriority_1 = 9",
        4,
        "did you mean \"fire\"?",
    );
}

#[test]
fn the_limits_of_words_and_questions_hold() {
    let list = |count: usize| {
        let words: Vec<String> = (0..count).map(|at| format!("\"word{at}\"")).collect();
        format!("words = [{}]", words.join(", "))
    };
    let takes = |more: &str| {
        let file = ResponseFile::parse(&format!("{HEAD}{more}"));
        file.unwrap_or_else(|error| panic!("{error}"));
    };
    takes(&list(limits::PHRASES_PER_CATEGORY_MAX));
    refused(
        &list(limits::PHRASES_PER_CATEGORY_MAX + 1),
        4,
        "more than 500 phrases",
    );
    let wide = |count: usize| "烽".repeat(count);
    takes(&format!("words = [\"{}\"]", wide(limits::PHRASE_CHARS_MAX)));
    let past = wide(limits::PHRASE_CHARS_MAX + 1);
    refused(
        &format!("words = [\"{past}\"]"),
        4,
        "61 characters; at most 60",
    );
    let questions = |count: usize| -> String {
        let one = |at: usize| {
            question(&format!("categories = \"*\"\n{YES}")).replace("\"q\"", &format!("\"q{at}\""))
        };
        (0..count).map(one).collect()
    };
    takes(&questions(limits::QUESTIONS_MAX));
    let past = questions(limits::QUESTIONS_MAX + 1);
    refused(
        &past,
        5 + 6 * limits::QUESTIONS_MAX,
        "more than 500 questions",
    );
    let choices = |count: usize| {
        let all: Vec<String> = (0..count)
            .map(|at| format!("{{ id = \"a{at}\", en = \"A\", zh = \"甲\" }}"))
            .collect();
        question(&format!(
            "categories = \"*\"\nanswers = [{}]",
            all.join(", ")
        ))
    };
    takes(&choices(limits::CHOICES_PER_QUESTION_MAX));
    refused(
        &choices(limits::CHOICES_PER_QUESTION_MAX + 1),
        9,
        "this one has 13",
    );
    let asked =
        |count: usize| question(&format!("categories = \"*\"\n{YES}")).replace("Q?", &wide(count));
    takes(&asked(limits::QUESTION_CHARS_MAX));
    refused(
        &asked(limits::QUESTION_CHARS_MAX + 1),
        5,
        "201 characters; at most 200",
    );
    let read_out = |count: usize| {
        let say = format!("say = {{ en = \"Go.\", zh = \"{}\" }}", wide(count));
        let choice = format!("answers = [{{ id = \"a\", en = \"A\", zh = \"甲\", {say} }}]");
        question(&format!("categories = \"*\"\n{choice}"))
    };
    takes(&read_out(limits::READ_OUT_CHARS_MAX));
    refused(
        &read_out(limits::READ_OUT_CHARS_MAX + 1),
        9,
        "1001 characters; at most 1000",
    );
    let everywhere = |categories: usize| -> String {
        let one = |at: usize| {
            format!(
                "[categories.c{at}]\nen = \"C\"\nzh = \"类\"\n{}\n",
                list(limits::PHRASES_PER_CATEGORY_MAX)
            )
        };
        (0..categories).map(one).collect()
    };
    let full = limits::PHRASES_MAX / limits::PHRASES_PER_CATEGORY_MAX;
    takes(&everywhere(full));
    refused(&everywhere(full + 1), 1, "more than 10000 phrases");
}

#[test]
fn the_example_of_the_book_does_what_the_book_says() {
    let book = include_str!("../../../../docs/book/calls.md");
    let (_, rest) = book.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let file = ResponseFile::parse(example).unwrap_or_else(|error| panic!("{error}"));
    let facts = said(&file, "he fell, not a fire", "", "breathing=no");
    for claim in [
        "about medical",
        "medical for fell",
        "p1",
        "because Is the person breathing? No, priority 1 at least.",
        "asks breathing=no defibrillator danger",
        "reads Help is on its way. Stay on the line.",
    ] {
        assert!(
            facts.iter().any(|fact| fact == claim),
            "{claim}: {facts:#?}"
        );
    }
}
