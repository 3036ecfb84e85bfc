//! What holds for every text: reading never panics, and whatever is read can be built and served.

use bytes::Bytes;
use chrono::DateTime;
use http::Request;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::Scenario;
use crate::clock::SimClock;

const EXAMPLES: [&str; 8] = [
    include_str!("../../scenarios/bad-wire.yaml"),
    include_str!("../../scenarios/broken-machines.yaml"),
    include_str!("../../scenarios/lists-that-lie.yaml"),
    include_str!("../../scenarios/persons-at-work.yaml"),
    include_str!("../../scenarios/slow-and-full.yaml"),
    include_str!("../../scenarios/standard.yaml"),
    include_str!("../../scenarios/upgrade.yaml"),
    include_str!("../../scenarios/whole-account.yaml"),
];

/// Texts that stand where something else should.
const SURPRISES: [&str; 14] = [
    "0",
    "-1",
    "18446744073709551615",
    "1e308",
    "~",
    "[]",
    "{}",
    "'",
    "\n",
    "366d",
    "*a",
    "&a",
    "for_ever",
    "é",
];

/// One of the examples with a few pieces cut out, doubled or replaced.
fn mangled() -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..12,
        prop::sample::select(&SURPRISES[..]),
        0..4,
    );
    let example = prop::sample::select(&EXAMPLES[..]);
    (example, prop::collection::vec(edit, 1..5)).prop_map(|(example, edits)| {
        let mut text: Vec<char> = example.chars().collect();
        for (place, length, surprise, kind) in edits {
            let start = place.index(text.len() + 1);
            let end = (start + length).min(text.len());
            let piece: Vec<char> = text[start..end].to_vec();
            let new: Vec<char> = match kind {
                0 => Vec::new(),
                1 => piece.iter().chain(&piece).copied().collect(),
                2 => surprise.chars().collect(),
                _ => surprise.chars().chain(piece).collect(),
            };
            text.splice(start..end, new);
        }
        text.into_iter().collect()
    })
}

/// Builds the world, lets a month pass, and looks at every list.
async fn live_through(scenario: &Scenario) {
    let clock = SimClock::starting_at(scenario.start().unwrap_or(DateTime::UNIX_EPOCH));
    let cloud = scenario.build(clock, scenario.seed().unwrap_or(1));
    clock.sleep(std::time::Duration::from_secs(30 * 86_400)).await;
    let credentials = scenario.credentials();
    let mut paths: Vec<String> = [
        "k8s/cluster/all",
        "vm",
        "vm/pending",
        "storages/vms",
        "datacenter",
        "projects",
    ]
    .map(str::to_owned)
    .into();
    for (uuid, _) in cloud.clusters() {
        paths.push(format!("k8s/cluster/byId/{uuid}"));
        paths.push(format!("k8s/node/groups/byClusterId/{uuid}"));
    }
    for path in paths {
        let request = Request::get(format!("/apps/v2/{path}")).header("vpsie-auth", &credentials.token);
        cloud.handle(
            &request
                .body(Bytes::new())
                .expect("the check lets only tokens through that fit a header"),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_read_can_be_lived_through(text in mangled()) {
        if let Ok(scenario) = Scenario::read(&text) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.expect("a runtime").block_on(live_through(&scenario));
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}") {
        let _ = Scenario::read(&text);
    }
}

#[test]
fn examples_are_mangled_into_good_and_bad_ones() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = (0..200).map(|_| mangled().new_tree(&mut runner).expect("a text").current());
    let good = texts.filter(|text| Scenario::read(text).is_ok()).count();
    assert!(
        (20..180).contains(&good),
        "{good} of 200 are good: the law would prove little"
    );
}
