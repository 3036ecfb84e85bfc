//! Tables in the docs that are printed from the code: states, checks and refusals of a life, and Events.

use std::collections::BTreeSet;

use autoscaler_controller::chronicle::news::News;
use node_lifecycle::gate::CHECKS;
use node_lifecycle::{BrakeName, RefusalName, State};

use super::files::TextFile;
use super::reasons::bodies_of_tests;
use super::states::docs_of_tests;

/// The criteria of the lifecycle that are held here, but for those with a letter.
const NUMBERS: [(u32, u32); 3] = [(1, 26), (28, 39), (50, 53)];
/// Those with a letter.
const LETTERED: [&str; 4] = ["LC-13a", "LC-14a", "LC-25a", "LC-25b"];

/// Lists the criteria that no test names in its doc line.
pub(crate) fn ids_without_a_test(files: &[TextFile]) -> Vec<String> {
    let docs: String = files
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| docs_of_tests(&file.text))
        .collect();
    let named: BTreeSet<&str> = docs
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .collect();
    let numbers = NUMBERS.iter().flat_map(|(first, last)| *first..=*last);
    let wanted = numbers
        .map(|number| format!("LC-{number}"))
        .chain(LETTERED.map(str::to_owned));
    let missing = wanted.filter(|id| !named.contains(id.as_str()));
    missing.map(|id| format!("no test names {id}")).collect()
}

/// Names the test that provokes a refusal: in the running operator where that is possible, else where the gate is asked.
const fn provokes(refusal: RefusalName) -> &'static str {
    match refusal {
        // The operator asks about VPSieNodes that it sees, so it knows each.
        RefusalName::NodeNotFound => "unknown_node_is_not_found",
        RefusalName::NotManagedNode => "excepted_node_keeps_its_machine",
        RefusalName::IdentityUnproven => "doubtful_machine_must_stay",
        // No pass begins before the pods are listed; right before a removal they are listed again.
        RefusalName::WorkloadSyncInProgress => "node_with_more_pods_than_one_list_shows_keeps_its_machine",
        RefusalName::PostSyncGracePeriod | RefusalName::TimestampMissing | RefusalName::InvalidState => {
            "life_that_says_too_little_keeps_the_machine"
        }
        RefusalName::StillStartingUp => {
            "starting_machine_of_a_deleted_vpsienode_stays_until_it_joins_or_times_out"
        }
        RefusalName::WorkloadPods => "refusal_is_recorded_with_its_numbers_once_a_minute",
        // What pods request is summed up of the pods that count.
        RefusalName::WorkloadRequests => "node_with_requests_and_no_pods_must_stay",
        RefusalName::ReadyNodeTooYoung => "node_that_has_just_become_ready_stays",
        RefusalName::IdleTooShort => "idle_node_goes_half_an_hour_after_its_last_pod",
        RefusalName::ManualCleanupRequired => "clean_up_leaves_what_has_failed_to_a_person",
        RefusalName::BelowMinNodes => "replacement_is_ready_before_the_machine_of_a_deleted_vpsienode_goes",
        RefusalName::LastNodeOfWorkload => "last_usable_node_stays_while_pods_run_in_its_group",
        RefusalName::LastReadyEndpoint => "node_with_the_last_ready_endpoint_stays",
    }
}

/// Names the test that provokes a brake, in the running operator.
const fn applies(brake: BrakeName) -> &'static str {
    match brake {
        BrakeName::TooFewObservations => "full_disk_takes_one_node_of_five_out_of_service",
        BrakeName::TooManyAffected => "full_disks_of_two_nodes_of_five_change_nothing",
    }
}

/// Lists every word that a removal is refused with, its name in code, and the test that provokes it.
pub(crate) fn provocations() -> Vec<(&'static str, String, &'static str)> {
    let refusals = RefusalName::ALL.iter();
    let refusals = refusals.map(|name| (name.as_str(), format!("{name:?}"), provokes(*name)));
    let brakes = BrakeName::ALL.iter();
    let brakes = brakes.map(|name| (name.as_str(), format!("{name:?}"), applies(*name)));
    refusals.chain(brakes).collect()
}

/// Complains about each word whose test is gone, or does not speak of it.
pub(crate) fn unprovoked(
    provocations: &[(&'static str, String, &'static str)],
    files: &[TextFile],
) -> Vec<String> {
    let bodies = bodies_of_tests(files);
    let speaks = |word: &str, variant: &str, test: &str| {
        let body = bodies.get(test);
        body.is_some_and(|body| body.contains(word) || body.contains(variant))
    };
    let gone = provocations
        .iter()
        .filter(|(word, variant, test)| !speaks(word, variant, test));
    gone.map(|(word, _, test)| format!("no test {test} speaks of {word}"))
        .collect()
}

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
