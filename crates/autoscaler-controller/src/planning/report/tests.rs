//! What is printed of plans.

use fleet_plan::cluster::{Pod, Standing};
use fleet_plan::testing::{demand, group, node, pod_name};
use fleet_plan::{Cluster, plan};
use serde_json::{Value, json};

use super::*;

fn report(cluster: &Cluster) -> Value {
    let report = Report::new(&plan(cluster), &Removals::default());
    serde_json::to_value(report).expect("it is plain data")
}

/// SC-20: a growth tells group, size, count, the price of all, its pods, why, and who was not taken.
#[test]
fn growth_is_told() {
    let mut dear = group("dear", 1900, 4096, 50_000_000);
    dear.size = None;
    let cluster = Cluster::default()
        .group(group("workers", 1900, 4096, 32_900_000))
        .group(dear)
        .waiting("web", 2, demand("shop").cpu(1900));
    let expected = json!({
        "nodeGroup": "kube-system/workers", "size": 1, "count": 2, "pricePerHour": 0.0658,
        "pods": ["shop/web-0", "shop/web-1"],
        "because": "2 pods fit on nothing that is there or coming; 0.0658 an hour; kube-system/dear would cost 0.1",
        "runnerUp": {"nodeGroup": "kube-system/dear", "size": null, "pricePerHour": 0.1},
    });
    assert_eq!(report(&cluster)["scaleUp"], json!([expected]));
}

/// SC-6, SC-20: a minimum is told apart from pods that wait.
#[test]
fn minimum_is_told() {
    let lacking = Cluster::default().group(group("workers", 1000, 4096, 1).bounds(2, 5, 1));
    let because = |cluster: &Cluster| report(cluster)["scaleUp"][0]["because"].clone();
    assert_eq!(
        because(&lacking),
        "minNodes asks for them; no other group could take their place"
    );
    let both = lacking.waiting("web", 2, demand("shop").cpu(1000));
    assert_eq!(
        because(&both),
        "2 pods fit on nothing that is there or coming, and minNodes asks for 1; no other group could take their place"
    );
}

/// SC-3, SC-20: every outcome has its word, and says where, or why not with its numbers and what would help.
#[test]
fn outcomes_are_told() {
    let mut cluster = Cluster::default()
        .node(node("n1").size(100, 4096))
        .group(group("workers", 1900, 4096, 1).bounds(0, 2, 1))
        .coming("workers-1", "workers")
        .waiting("a", 1, demand("shop").cpu(100))
        .waiting("b", 2, demand("shop").cpu(1900))
        .waiting("big", 1, demand("shop").cpu(8000));
    for (name, standing) in [
        ("x", Standing::Ignored(Ignored::WithinGrace)),
        ("y", Standing::Unreadable(PodFlaw::Contradictory("disk".into()))),
    ] {
        let name = pod_name(name);
        cluster.pods.push(Pod { name, standing });
    }
    let misfit = |reason: &str, needs: Value, has: &str| json!({"nodeGroup": "kube-system/workers", "reason": reason, "needs": needs, "has": has});
    let expected = json!([
        {"pod": "shop/a-0", "outcome": "fits-now", "on": "n1", "misfits": []},
        {"pod": "shop/b-0", "outcome": "incoming", "on": "workers-1", "misfits": []},
        {"pod": "shop/b-1", "outcome": "new-node", "on": "kube-system/workers#1", "misfits": []},
        {"pod": "shop/big-0", "outcome": "unhelpable", "on": null,
         "misfits": [misfit("insufficient-cpu", json!("8"), "1900m"), misfit("group-at-maximum", Value::Null, "2")],
         "wouldHelp": "request at most 1900m of CPU, or use a size for kube-system/workers that has 8 free; and raise maxNodes of kube-system/workers above 2"},
        {"pod": "shop/x", "outcome": "ignored", "on": null, "reason": "within-grace", "misfits": []},
        {"pod": "shop/y", "outcome": "unhelpable", "on": null, "reason": "contradictory-affinity", "misfits": [],
         "wouldHelp": "what the pod asks of the label disk no Node can have; loosen its selector or affinity"},
    ]);
    assert_eq!(report(&cluster)["pods"], expected);
}

/// SC-21: the same is said in sentences.
#[test]
fn sentences_say_the_same() {
    let cluster = Cluster::default()
        .group(group("workers", 1900, 4096, 1))
        .waiting("big", 1, demand("shop").cpu(8000))
        .waiting("web", 1, demand("shop").cpu(10));
    let report = Report::new(&plan(&cluster), &Removals::default());
    let [big, web] = &*report.pods else {
        panic!("{report:?}")
    };
    assert_eq!(
        big.sentences(),
        [
            "shop/big-0 fits in no group that may grow.",
            "  kube-system/workers insufficient-cpu: needs 8, has 1900m",
            "  What would help: request at most 1900m of CPU, or use a size for kube-system/workers that has 8 free.",
        ]
    );
    assert_eq!(
        web.sentences(),
        ["shop/web-0 needs a new node: kube-system/workers#1."]
    );
    let growth = report.growth_for(web).expect("it takes part");
    assert_eq!(
        growth.sentence(),
        "kube-system/workers would get 1 node of size 1: 1 pod fits on nothing that is there or coming; no other group could take their place."
    );
    assert_eq!(report.pod("shop", "web-0"), Some(web));
}

/// SC-20: words are as they are printed.
#[test]
fn words_are_those_that_are_printed() {
    let printed = |word: Value| word.as_str().map(str::to_owned);
    for word in OutcomeWord::ALL {
        assert_eq!(printed(json!(word)).as_deref(), Some(word.as_str()));
    }
}
