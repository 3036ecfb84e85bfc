//! Which selectors make sense, and what they take.

use super::*;
use crate::testing::{expression, selector};

fn of(expressions: &[Expression]) -> SelectorFacts {
    SelectorFacts {
        match_expressions: expressions.to_vec(),
        ..SelectorFacts::default()
    }
}

/// NS-10: every requirement must hold, each as Kubernetes has it.
#[test]
fn labels_are_taken_as_kubernetes_takes_them() {
    let labels = BTreeMap::from([
        ("pool".to_owned(), "web".to_owned()),
        ("example.com/tier".to_owned(), String::new()),
    ]);
    let cases = [
        (selector("pool", "web"), true, "the label"),
        (selector("pool", "db"), false, "another value"),
        (selector("example.com/tier", ""), true, "an empty value"),
        (selector("rack", "1"), false, "no such label"),
        (
            of(&[expression("pool", "In", &["db", "web"])]),
            true,
            "one of the values",
        ),
        (
            of(&[expression("pool", "In", &["db"])]),
            false,
            "none of the values",
        ),
        (
            of(&[expression("pool", "NotIn", &["web"])]),
            false,
            "a value that it must not have",
        ),
        (
            of(&[expression("rack", "NotIn", &["1"])]),
            true,
            "what it lacks has no such value",
        ),
        (of(&[expression("pool", "Exists", &[])]), true, "there"),
        (of(&[expression("rack", "Exists", &[])]), false, "not there"),
        (
            of(&[expression("rack", "DoesNotExist", &[])]),
            true,
            "must not be there",
        ),
        (of(&[expression("pool", "DoesNotExist", &[])]), false, "is there"),
        (
            of(&[
                expression("pool", "Exists", &[]),
                expression("rack", "Exists", &[]),
            ]),
            false,
            "one of two does not hold",
        ),
    ];
    for (facts, expected, why) in cases {
        let selector = Selector::new(&facts).expect(why);
        assert_eq!(selector.takes(&labels), expected, "{why}");
    }
}

/// NS-10: what Kubernetes would refuse is refused, and so is what would take every Node.
#[test]
fn selectors_without_sense_are_refused_by_name() {
    let long = "a".repeat(64);
    let key = |key: &str| (selector(key, "web"), InvalidSelector::Key(key.to_owned()));
    let cases = [
        (SelectorFacts::default(), InvalidSelector::Empty),
        key(""),
        key("-pool"),
        key("pool."),
        key("po ol"),
        key("/pool"),
        key("Example.com/pool"),
        key("example..com/pool"),
        key("a/b/c"),
        key(&long),
        (selector("pool", "w b"), InvalidSelector::Value("w b".to_owned())),
        (selector("pool", &long), InvalidSelector::Value(long.clone())),
        (
            of(&[expression("pool", "Equals", &["a"])]),
            InvalidSelector::Operator("Equals".to_owned()),
        ),
        (
            of(&[expression("pool", "In", &[])]),
            InvalidSelector::NoValues {
                operator: "In",
                key: "pool".to_owned(),
            },
        ),
        (
            of(&[expression("pool", "Exists", &["a"])]),
            InvalidSelector::Values {
                operator: "Exists",
                key: "pool".to_owned(),
            },
        ),
    ];
    for (facts, expected) in cases {
        assert_eq!(Selector::new(&facts), Err(expected));
    }
    assert!(Selector::new(&selector("example.com/po.ol_1", "A-1")).is_ok());
}
