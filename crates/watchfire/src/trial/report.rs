//! The report of a trial: one page that needs nothing else, in both languages, and the same figures as JSON and CSV.
//!
//! Field text (names of stations, areas and units) is escaped wherever it goes. Colour never stands alone: better is a plus,
//! worse a minus. The page holds no script: the language is switched by two buttons that the style sheet reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::compare::{CURVE_STEP_S, Comparison, Estimate, Late, Summary};
use super::scene::{Run, Scene};

/// Roads drawn at most; of a larger network every so-manyth arc is.
const ROADS_DRAWN_MAX: usize = 30_000;
/// Width of the drawings, in their own units.
const WIDTH: f64 = 720.0;
/// Side of a square of the map, in metres.
const SQUARE_M: f64 = 1_500.0;
/// Calls that a square needs before anything is said of it.
const SQUARE_CALLS_MIN: u32 = 10;
/// Districts listed at most, those with most calls first.
const DISTRICTS_MAX: usize = 60;
/// The style of the page.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .6rem;border-bottom:1px solid #d0d7de;text-align:right}td{white-space:nowrap}th:first-child,td:first-child{text-align:left}\
svg{max-width:100%;height:auto;background:#f6f8fa}.sure{font-weight:600}.note{color:#57606a}\
body:has(#en:checked) [lang=zh],body:has(#zh:checked) [lang=en]{display:none}";

/// What the trial was, for the head of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// What it was played on.
    pub scene: String,
    /// Where the calls are from, in English.
    pub calls_en: String,
    /// Where the calls are from, in Chinese.
    pub calls_zh: String,
    /// Runs.
    pub runs: usize,
    /// The seed.
    pub seed: u64,
    /// Whose map it is.
    pub attribution: String,
    /// Simulated days per minute of computing.
    pub days_per_minute: f64,
}

/// Writes the figures as JSON.
pub fn json(about: &About, scene: &Scene, compared: &Comparison) -> String {
    let value = serde_json::json!({
        "about": about,
        "priorities": scene.priorities,
        "districts": scene.districts,
        "units": scene.units.iter().map(|unit| &unit.callsign).collect::<Vec<_>>(),
        "compared": compared,
    });
    format!("{value:#}\n")
}

/// Writes the figures as a table: one line for each policy and group.
pub fn csv(scene: &Scene, compared: &Comparison) -> String {
    let mut text =
        String::from("policy,group,name,calls,late,late_fraction,difference,half_width_95\n");
    for one in &compared.summaries {
        let mut line = |group: &str, name: &str, late: Late, difference: Estimate| {
            let half = difference
                .half_width
                .map_or(String::new(), |half| format!("{half:.6}"));
            let (policy, name) = (quoted(&one.policy), quoted(name));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{policy},{group},{name},{},{},{:.6},{:.6},{half}",
                late.calls,
                late.late,
                late.fraction(),
                difference.mean
            );
        };
        line("all", "", one.all, one.difference);
        for (at, name) in scene.priorities.iter().enumerate() {
            line(
                "priority",
                name,
                one.by_priority[at],
                one.difference_by_priority[at],
            );
        }
        for (at, name) in scene.districts.iter().enumerate() {
            line(
                "district",
                name,
                one.by_district[at],
                one.difference_by_district[at],
            );
        }
    }
    text
}

/// Quotes a field, and takes from it what a spreadsheet would run as a formula.
fn quoted(field: &str) -> String {
    let shield = if field.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    format!("\"{shield}{}\"", field.replace('"', "\"\""))
}

/// Escapes text for HTML and SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The same in both languages, of which the page shows one.
fn both(en: &str, zh: &str) -> String {
    format!(
        "<span lang=\"en\">{}</span><span lang=\"zh\">{}</span>",
        escaped(en),
        escaped(zh)
    )
}

/// Writes the page.
pub fn html(about: &About, scene: &Scene, runs: &[Run], compared: &Comparison) -> String {
    let mut page = head(about, compared);
    page += &policies(compared);
    page += &curves(compared);
    page += &groups(
        &both("Late by priority", "按优先级的迟到比例"),
        &scene.priorities,
        compared,
        |one| (&one.by_priority, &one.difference_by_priority),
    );
    page += &groups(
        &both("Late by district", "按辖区的迟到比例"),
        &scene.districts,
        compared,
        |one| (&one.by_district, &one.difference_by_district),
    );
    page += &workload(scene, compared);
    page += &map(scene, runs, compared);
    let _ = writeln!(
        page,
        "<p class=\"note\">{}</p></body></html>",
        escaped(&about.attribution)
    );
    page
}

fn head(about: &About, compared: &Comparison) -> String {
    let paired = match compared.paired_by {
        "run" => ("run", "次"),
        _ => ("day", "日"),
    };
    let said = both(
        &format!(
            "{}: {}. {:.0} days counted in {} runs, seed {}. Calls are the same for every policy; crews are simulated. Intervals are 95 %, of \
             differences paired by {}; a difference in bold leaves zero out.",
            about.scene, about.calls_en, compared.days, about.runs, about.seed, paired.0
        ),
        &format!(
            "{}：{}。共 {} 次、计 {:.0} 天，种子 {}。各策略面对相同报警；处警力量为模拟。区间为 95 %，按{}配对求差；粗体表示区间不含零。",
            about.scene, about.calls_zh, about.runs, compared.days, about.seed, paired.1
        ),
    );
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Watchfire trial · 推演 · {}</title>\
         <style>{STYLE}</style></head><body><p><label><input type=\"radio\" name=\"language\" id=\"en\" checked> English</label> \
         <label><input type=\"radio\" name=\"language\" id=\"zh\"> 中文</label></p><h1>{}</h1><p>{said}</p>",
        escaped(&about.scene),
        both("Trial of policies", "策略推演")
    )
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}

/// A difference in percentage points with its interval; bold if it is sure.
fn points(estimate: Estimate) -> String {
    let half = estimate
        .half_width
        .map_or(String::new(), |half| format!(" ± {:.1}", half * 100.0));
    let class = if estimate.is_sure() {
        " class=\"sure\""
    } else {
        ""
    };
    format!("<td{class}>{:+.1}{half}</td>", estimate.mean * 100.0)
}

fn policies(compared: &Comparison) -> String {
    let columns = [
        ("policy", "策略"),
        ("late", "迟到"),
        ("difference, points", "差值（百分点）"),
        ("relative", "相对变化"),
        ("mean", "平均"),
        ("p50", "p50"),
        ("p90", "p90"),
        ("moves per unit and day", "每力量每日前移"),
        ("redirected / swapped a day", "每日改派 / 接替"),
    ];
    let mut text = format!("<h2>{}</h2><table><tr>", both("Policies", "策略"));
    for (en, zh) in columns {
        let _ = write!(text, "<th>{}</th>", both(en, zh));
    }
    text += "</tr>";
    for one in &compared.summaries {
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td>{}<td>{:+.1} %</td><td>{:.0} s</td><td>{:.0} s</td><td>{:.0} s</td><td>{:.2}</td><td>{:.1} / {:.1}</td></tr>",
            escaped(&one.policy),
            percent(one.all.fraction()),
            points(one.difference),
            one.relative * 100.0,
            one.mean_s,
            one.p50_s,
            one.p90_s,
            one.moves_per_unit_day,
            one.redirected_per_day,
            one.swapped_per_day
        );
    }
    text + "</table>"
}

/// A pattern of dashes and a colour for each line, so that the lines differ without the colour too.
fn stroke(at: usize) -> String {
    const COLOURS: [&str; 6] = [
        "#1b1f24", "#0550ae", "#a40e26", "#116329", "#6639ba", "#953800",
    ];
    const DASHES: [&str; 4] = ["none", "8 3", "3 3", "10 3 2 3"];
    format!(
        "stroke=\"{}\" stroke-dasharray=\"{}\"",
        COLOURS[at % COLOURS.len()],
        DASHES[at % DASHES.len()]
    )
}

fn curves(compared: &Comparison) -> String {
    let height = 320.0;
    let mut text = format!(
        "<h2>{}</h2><svg viewBox=\"-40 -10 {} {}\" role=\"img\" aria-label=\"Share of calls reached by time · 各时限到达比例\">",
        both("Calls reached within so many minutes", "各时限内到达的比例"),
        WIDTH + 60.0,
        height + 50.0
    );
    for tenth in 0..=10 {
        let y = height * (1.0 - f64::from(tenth) / 10.0);
        let _ = write!(
            text,
            "<path d=\"M0 {y}H{WIDTH}\" stroke=\"#d0d7de\"/><text x=\"-6\" y=\"{}\" font-size=\"11\" text-anchor=\"end\">{} %</text>",
            y + 4.0,
            tenth * 10
        );
    }
    let steps = compared
        .summaries
        .first()
        .map_or(1, |one| one.curve.len().max(2) - 1);
    let minutes = steps as u32 * CURVE_STEP_S / 60;
    for minute in (0..=minutes).step_by(5) {
        let x = WIDTH * f64::from(minute) / f64::from(minutes.max(1));
        let _ = write!(
            text,
            "<text x=\"{x}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\">{minute} min</text>",
            height + 18.0
        );
    }
    for (at, one) in compared.summaries.iter().enumerate() {
        let mut line = String::new();
        for (step, share) in one.curve.iter().enumerate() {
            let letter = if step == 0 { 'M' } else { 'L' };
            let (x, y) = (WIDTH * step as f64 / steps as f64, height * (1.0 - share));
            let _ = write!(line, "{letter}{x:.1} {y:.1}");
        }
        let y = height - 14.0 * (compared.summaries.len() - at) as f64;
        let _ = write!(
            text,
            "<path d=\"{line}\" fill=\"none\" stroke-width=\"1.8\" {0}/><path d=\"M{1} {y}h30\" stroke-width=\"2\" {0}/><text x=\"{2}\" y=\"{3}\" \
             font-size=\"12\">{4}</text>",
            stroke(at),
            WIDTH - 230.0,
            WIDTH - 194.0,
            y + 4.0,
            escaped(&one.policy)
        );
    }
    text + "</svg>"
}

fn groups<'a>(
    title: &str,
    names: &[String],
    compared: &'a Comparison,
    of: impl Fn(&'a Summary) -> (&'a Vec<Late>, &'a Vec<Estimate>),
) -> String {
    let mut text = format!(
        "<h2>{title}</h2><table><tr><th></th><th>{}</th>",
        both("calls", "报警")
    );
    for one in &compared.summaries {
        let _ = write!(text, "<th colspan=\"2\">{}</th>", escaped(&one.policy));
    }
    text += "</tr>";
    let Some(first) = compared.summaries.first() else {
        return text + "</table>";
    };
    let calls = |at: &usize| of(first).0[*at].calls;
    let mut order: Vec<usize> = (0..names.len()).filter(|at| calls(at) > 0).collect();
    if order.len() > DISTRICTS_MAX {
        order.sort_by_key(|at| std::cmp::Reverse(calls(at)));
        order.truncate(DISTRICTS_MAX);
    }
    for at in order {
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td>",
            escaped(&names[at]),
            calls(&at)
        );
        for one in &compared.summaries {
            let (late, difference) = of(one);
            let _ = write!(
                text,
                "<td>{}</td>{}",
                percent(late[at].fraction()),
                points(difference[at])
            );
        }
        text += "</tr>";
    }
    text + "</table>"
}

fn workload(scene: &Scene, compared: &Comparison) -> String {
    let mut text = format!(
        "<h2>{}</h2><table><tr><th>{}</th><th></th>",
        both(
            "Workload: share of time bound by calls, and moves a day",
            "工作量：被警情占用的时间比例与每日前移次数"
        ),
        both("unit", "力量")
    );
    for one in &compared.summaries {
        let _ = write!(text, "<th colspan=\"2\">{}</th>", escaped(&one.policy));
    }
    text += "</tr>";
    // What was added for one policy alone stands at the end of its own list.
    for (at, unit) in scene.units.iter().enumerate() {
        let station = scene
            .stations
            .get(unit.station)
            .map_or("", |station| station.name.as_str());
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td>",
            escaped(&unit.callsign),
            escaped(station)
        );
        for one in &compared.summaries {
            let bound = one.bound.get(at).copied().unwrap_or(0.0);
            let moves = one.moves.get(at).copied().unwrap_or(0.0);
            let _ = write!(text, "<td>{}</td><td>{moves:.1}</td>", percent(bound));
        }
        text += "</tr>";
    }
    text + "</table>"
}

/// Late calls before and after, by square of the map.
type Squares = BTreeMap<(i64, i64), (Late, Late)>;

fn squares(scene: &Scene, runs: &[Run], compared: &Comparison, policy: usize) -> Squares {
    let mut squares = Squares::new();
    let scale = scene.network.scale;
    for (number, run) in runs.iter().enumerate() {
        let (first, own) = (
            &compared.outcomes[0][number],
            &compared.outcomes[policy][number],
        );
        for (at, call) in run
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| run.counts(call))
        {
            let row = (call.place.lat * scale.lat_m / SQUARE_M).floor() as i64;
            let column = (call.place.lon * scale.lon_m / SQUARE_M).floor() as i64;
            let square = squares.entry((row, column)).or_default();
            let target = scene.target_ms[usize::from(call.priority)];
            let late = |response: Option<i64>| u32::from(response.is_none_or(|ms| ms > target));
            square.0.calls += 1;
            square.0.late += late(first.response_ms[at]);
            square.1.late += late(own.response_ms[at]);
            square.1.calls += 1;
        }
    }
    squares.retain(|_, (before, _)| before.calls >= SQUARE_CALLS_MIN);
    squares
}

/// Where a policy did better and worse than the first one: the last policy asked for, which is the one in question.
fn map(scene: &Scene, runs: &[Run], compared: &Comparison) -> String {
    let policy = compared.summaries.len().saturating_sub(1);
    if policy == 0 {
        return String::new();
    }
    let squares = squares(scene, runs, compared, policy);
    let (Some(south), Some(north)) = (
        squares.keys().map(|at| at.0).min(),
        squares.keys().map(|at| at.0).max(),
    ) else {
        return String::new();
    };
    let west = squares.keys().map(|at| at.1).min().unwrap_or(0);
    let east = squares.keys().map(|at| at.1).max().unwrap_or(0);
    let side = WIDTH / (east - west + 1) as f64;
    let height = side * (north - south + 1) as f64;
    let (name, first) = (
        &compared.summaries[policy].policy,
        &compared.summaries[0].policy,
    );
    let title = both(
        &format!("Where {name} is better (+) and worse (−) than {first}"),
        &format!("{name} 相对 {first} 改善（+）与变差（−）之处"),
    );
    let mut text = format!(
        "<h2>{title}</h2><p class=\"note\">{}</p><svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"map · 地图\">",
        both(
            "Percentage points of calls in time, by square of 1.5 km with ten calls or more. Chance alone moves small squares.",
            "按 1.5 千米方格（至少十起报警）的按时到达百分点变化；报警少的方格受偶然影响较大。"
        )
    );
    text += &roads(scene, (south, west), side, height);
    for ((row, column), (before, after)) in &squares {
        let better = (before.fraction() - after.fraction()) * 100.0;
        let colour = if better >= 0.0 { "#0550ae" } else { "#a40e26" };
        let (x, y) = (
            (column - west) as f64 * side,
            height - (row - south + 1) as f64 * side,
        );
        let strength = (better.abs() / 20.0).min(0.6) + 0.1;
        let _ = write!(
            text,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{side:.1}\" height=\"{side:.1}\" fill=\"{colour}\" fill-opacity=\"{strength:.2}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" text-anchor=\"middle\">{better:+.0}</text>",
            x + side / 2.0,
            y + side * 0.65,
            (side * 0.4).clamp(4.0, 14.0)
        );
    }
    text + "</svg>"
}

fn roads(scene: &Scene, (south, west): (i64, i64), side: f64, height: f64) -> String {
    let network = &scene.network;
    let scale = network.scale;
    let xy = |node: u32| {
        let at = network.points[node as usize];
        let x = (at.lon * scale.lon_m / SQUARE_M - west as f64) * side;
        (
            x,
            height - (at.lat * scale.lat_m / SQUARE_M - south as f64) * side,
        )
    };
    let inside = |(x, y): (f64, f64)| (0.0..=WIDTH).contains(&x) && (0.0..=height).contains(&y);
    let drawn: Vec<_> = network
        .arcs()
        .filter(|(from, to)| from < to && inside(xy(*from)) && inside(xy(*to)))
        .collect();
    let step = drawn.len().div_ceil(ROADS_DRAWN_MAX).max(1);
    let mut line = String::new();
    for (from, to) in drawn.into_iter().step_by(step) {
        let (from, to) = (xy(from), xy(to));
        let _ = write!(line, "M{:.0} {:.0}L{:.0} {:.0}", from.0, from.1, to.0, to.1);
    }
    format!("<path d=\"{line}\" fill=\"none\" stroke=\"#8c959f\" stroke-width=\"0.5\"/>")
}
