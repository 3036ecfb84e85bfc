//! What is told when a NodeGroup comes, changes and goes.

use super::*;
use crate::testing::{expression, group, group_key};

fn labels() -> BTreeMap<String, String> {
    [("pool".to_owned(), "web".to_owned())].into()
}

fn selecting(groups: &Groups) -> Vec<String> {
    let labels = labels();
    groups
        .selecting(&labels)
        .map(|key| key.name.to_string())
        .collect()
}

/// NS-10: taking a NodeGroup in tells that it changed, and why; the same once more is no change.
#[test]
fn ingest_tells_what_changed_and_why() {
    let mut groups = Groups::default();
    let facts = group("workers");
    let steps = [
        (facts.clone(), vec![Why::Appeared]),
        (facts.clone(), vec![]),
        (facts.clone().selecting("pool", "web"), vec![Why::Selector]),
        (facts.clone(), vec![Why::Selector]),
        (
            GroupFacts {
                is_paused: true,
                ..facts.clone()
            },
            vec![Why::Pause],
        ),
        (
            GroupFacts {
                version: None,
                ..facts.clone()
            },
            vec![Why::Pause, Why::Version],
        ),
        (
            GroupFacts {
                is_ending: true,
                version: None,
                ..facts.clone()
            },
            vec![Why::Ending],
        ),
    ];
    for (facts, expected) in steps {
        let why: Vec<Why> = groups.ingest(facts.clone()).into_iter().collect();
        assert_eq!(why, expected, "{facts:?}");
        assert_eq!(groups.get(&facts.key), Some(&facts));
    }
}

/// NS-10: a selector that makes no sense takes the old one away, which is a change.
#[test]
fn invalid_selector_selects_nothing_and_is_a_change() {
    let mut groups = Groups::default();
    groups.ingest(group("workers").selecting("pool", "web"));
    assert_eq!(selecting(&groups), ["workers"]);
    let mut broken = group("workers").selecting("pool", "web");
    let mut selector = broken.selector.take().expect("it selects");
    selector.match_expressions.push(expression("pool", "Near", &[]));
    broken.selector = Some(selector);
    assert_eq!(
        groups.ingest(broken.clone()),
        BTreeSet::from([Why::SelectorInvalid])
    );
    assert_eq!(selecting(&groups), Vec::<String>::new());
    let expected = InvalidSelector::Operator("Near".to_owned());
    assert_eq!(groups.invalid_selector(&broken.key), Some(&expected));
    assert_eq!(
        groups.ingest(broken),
        BTreeSet::new(),
        "the same mistake is no change"
    );
    assert_eq!(
        groups.ingest(group("workers").selecting("pool", "web")),
        BTreeSet::from([Why::Selector])
    );
    assert_eq!(selecting(&groups), ["workers"]);
    assert_eq!(groups.invalid_selector(&group_key("workers")), None);
}

/// NS-10: what is forgotten selects nothing and has no name any longer.
#[test]
fn forgotten_group_leaves_no_trace() {
    let mut groups = Groups::default();
    groups.ingest(group("workers").selecting("pool", "web"));
    let key = group_key("workers");
    assert_eq!(groups.named("workers").collect::<Vec<_>>(), [&key]);
    assert!(groups.forget(&key));
    assert!(!groups.forget(&key));
    assert_eq!(
        (selecting(&groups).len(), groups.named("workers").count()),
        (0, 0)
    );
    assert!(groups.namesakes.is_empty());
}
