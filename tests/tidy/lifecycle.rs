//! Tables in the docs that are printed from the code: states, checks and refusals of a life, and Events.

use autoscaler_controller::chronicle::news::News;
use node_lifecycle::gate::CHECKS;
use node_lifecycle::{RefusalName, State};

/// Prints the checks of the gate in their order.
fn checks() -> String {
    let mut table = "| rule | question |\n|---|---|\n| LC-15 | is the node known? |\n".to_owned();
    for check in CHECKS {
        table.push_str(&format!("| {} | {} |\n", check.rule, check.asks));
    }
    table
}

/// Prints the refusals of the gate, with what to do.
fn refusals() -> String {
    let names = RefusalName::ALL.iter();
    with_advice(names.map(|name| (name.as_str(), name.meaning(), name.advice())))
}

/// Prints the words that only Events have, with what to do.
fn events() -> String {
    let all = News::ALL.iter();
    with_advice(all.map(|news| (news.as_str(), news.meaning(), news.advice())))
}

/// Prints words, each with its meaning and with what to do.
fn with_advice<'a>(rows: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> String {
    let mut table = "| reason | what it means | what to do |\n|---|---|---|\n".to_owned();
    for (word, meaning, advice) in rows {
        table.push_str(&format!("| `{word}` | {meaning} | {advice} |\n"));
    }
    table
}

/// Lists each table: the file that holds it, the mark before it, and how it must be.
pub(crate) fn tables() -> [(&'static str, &'static str, String); 4] {
    [
        ("docs/lifecycle.md", "states", State::table()),
        ("docs/lifecycle.md", "checks", checks()),
        ("docs/operating.md", "refusals", refusals()),
        ("docs/operating.md", "events", events()),
    ]
}

/// Names the refusals, which `docs/operating.md` lists among all other reasons.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RefusalName::ALL.iter().map(|name| name.as_str())
}

/// Complains about a document whose marked table is not the one that was printed.
pub(crate) fn different_table(path: &str, text: &str, mark: &str, printed: &str) -> Option<String> {
    let begin = format!("<!-- {mark} -->\n");
    let marked = text
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once("<!-- end -->"));
    let is_same = marked.is_some_and(|(table, _)| table == printed);
    (!is_same).then(|| format!("{path}: between <!-- {mark} --> and <!-- end --> must stand:\n{printed}"))
}
