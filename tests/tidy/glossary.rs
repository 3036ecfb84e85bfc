//! Words of the code that a person meets: each is listed in the docs as it is.

use super::files::TextFile;
use super::{docs, files, lifecycle, nothing_to_say, reasons};

/// The section of docs/operating.md that explains the words of plans.
const PLANS: &str = "What a plan says";

/// A reason without a way out wakes somebody for nothing.
#[test]
fn every_reason_is_explained_with_what_to_do() {
    use autoscaler_controller::chronicle::news::News;
    use autoscaler_controller::reason::{Reason, matching_words};
    assert_eq!(docs::listed_words("| reason |\n|---|\n| `A` | b |\n"), ["A"]);
    assert_eq!(docs::different_words(&["A", "B"], &["A", "B"]).len(), 0);
    assert_eq!(docs::different_words(&["A", "B"], &["A"]).len(), 1);
    assert_eq!(docs::different_words(&["A"], &["A", "B"]).len(), 1);
    assert_eq!(docs::different_words(&["A"], &["A", "A"]).len(), 1);

    let files = files::all();
    let page = files.iter().find(|file| file.path == "docs/operating.md");
    let page = page.expect("docs/operating.md says what to do");
    // Plans have words of their own, some of which matching has, too.
    let (rest, _) = docs::without_section(&page.text, PLANS);
    let listed = docs::listed_words(&rest);
    let words = Reason::ALL.iter().map(|reason| reason.as_str());
    let events = News::ALL.iter().map(|news| news.as_str());
    let known = words.chain(events).chain(matching_words());
    let known: Vec<&str> = known.chain(lifecycle::names()).collect();
    nothing_to_say(docs::different_words(&known, &listed));
}

/// SC-20: every word of a plan is explained, once and with what to do.
#[test]
fn every_word_of_a_plan_is_explained() {
    use autoscaler_controller::planning::report;
    let (rest, section) = docs::without_section("a\n## B\n| `b` |\n## C\n| `c` |\n", "B");
    assert_eq!(
        (rest.as_str(), section.as_str()),
        ("a\n## C\n| `c` |\n", "## B\n| `b` |\n")
    );

    let files = files::all();
    let page = files.iter().find(|file| file.path == "docs/operating.md");
    let (_, section) = docs::without_section(&page.expect("it is there").text, PLANS);
    let known: Vec<&str> = report::words().collect();
    nothing_to_say(docs::different_words(&known, &docs::listed_words(&section)));
}

/// Done when: a word that nothing provokes is one of which nobody knows whether it is ever said.
#[test]
fn every_reason_is_provoked_by_a_test() {
    let source =
        "#[test]\nfn it_fails() {\n    check(\"Failed\");\n}\n\nfn helper() {\n    check(\"Other\");\n}\n";
    let files = [TextFile::new("tests/flow/a.rs", source)];
    let says = |word: &str, test: &str| reasons::unprovoked([(word, test)].into_iter(), &files).len();
    assert_eq!(says("Failed", "it_fails"), 0);
    for (word, test) in [
        ("Fail", "it_fails"),
        ("Other", "it_fails"),
        ("Failed", "gone"),
        ("Other", "helper"),
    ] {
        assert_eq!(says(word, test), 1, "{word} by {test}");
    }
    let names: Vec<&str> = reasons::provoked().map(|(word, _)| word).collect();
    assert!(names.contains(&"Ready"), "{names:?}");
    nothing_to_say(reasons::unprovoked(reasons::provoked(), &files::all()));
}

/// LC-1, LC-22: what the docs say of states, checks and refusals is printed from the code.
#[test]
fn tables_of_the_lifecycle_are_those_of_the_code() {
    let text = "A\n<!-- a -->\n| b |\n<!-- end -->\n";
    assert_eq!(lifecycle::different_table("a.md", text, "a", "| b |\n"), None);
    assert!(lifecycle::different_table("a.md", text, "a", "| c |\n").is_some());
    assert!(lifecycle::different_table("a.md", text, "b", "| b |\n").is_some());

    let files = files::all();
    let complaints = lifecycle::tables().into_iter().flat_map(|(path, mark, printed)| {
        let file = files.iter().find(|file| file.path == path);
        let text = file.map_or("", |file| file.text.as_str());
        lifecycle::different_table(path, text, mark, &printed)
    });
    nothing_to_say(complaints.collect());
}

/// NS-28: the page of metrics lists what there is, with its kind and its words, and nothing else.
#[test]
fn docs_list_every_metric_as_it_is() {
    let metrics = autoscaler_controller::metrics::Metrics::default();
    let described = metrics.descriptions().iter();
    let described = described.map(|it| (it.name.clone(), it.kind.clone(), it.help.to_owned()));
    let prefix = autoscaler_controller::metrics::PREFIX;
    let of_api = autoscaler_web::api::Series::DESCRIBED.map(|(name, kind, help)| {
        let name = format!("{prefix}_{name}");
        (name, kind.to_owned(), help.to_owned())
    });
    let known: Vec<(String, String, String)> = described.chain(of_api).collect();
    let files = files::all();
    let page = files.iter().find(|file| file.path == "docs/metrics.md");
    let page = page.expect("docs/metrics.md lists the metrics");
    let rows = page
        .text
        .lines()
        .filter(|line| line.starts_with("| `vpsie_autoscaler_"));
    let listed: Vec<(String, String, String)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let name = cells[1].trim_matches('`');
            (name.to_owned(), cells[2].to_owned(), cells[4].to_owned())
        })
        .collect();
    let differ = |one: &[(String, String, String)], other: &[(String, String, String)], what: &str| {
        let missing = one
            .iter()
            .filter(|row| !other.contains(row))
            .map(|row| format!("{what}: {row:?}"));
        missing.collect::<Vec<_>>()
    };
    nothing_to_say(differ(&known, &listed, "docs/metrics.md lacks"));
    nothing_to_say(differ(&listed, &known, "only docs/metrics.md knows"));
}
