//! What the API shows of the pods that are on no Node, out of what a pass planned.

use autoscaler_controller::pending::{Fate, Pending, PendingPod};
use autoscaler_web::api;
use fleet_plan::{Misfit, Refusals};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Writes down what becomes of each pod; pods of one kind share the reasons of the NodeGroups.
pub(super) fn of_pending(pending: &Pending) -> api::Pending {
    let mut known = BTreeMap::new();
    let pods = pending.pods.iter().map(|pod| of_pod(pod, &mut known));
    api::Pending { pods: pods.collect() }
}

/// Reasons of NodeGroups that are written already, by where the plan keeps them.
type Known = BTreeMap<*const Refusals, Arc<Vec<api::GroupRefusal>>>;

fn of_pod(pod: &PendingPod, known: &mut Known) -> api::PendingPod {
    let shown = api::PendingPod {
        namespace: pod.name.namespace.to_string(),
        name: pod.name.name.to_string(),
        uid: pod.uid.clone(),
        since: pod.since,
        outcome: pod.fate.word(),
        reasons: pod.fate.reasons(),
        ..api::PendingPod::default()
    };
    match &pod.fate {
        Fate::FitsNow(node) => api::PendingPod {
            node: Some(node.clone()),
            ..shown
        },
        Fate::Incoming((namespace, name)) => api::PendingPod {
            vpsie_node: Some(format!("{namespace}/{name}")),
            ..shown
        },
        Fate::NewNode { group, member, .. } => api::PendingPod {
            vpsie_node: Some(format!("{}/{member}", group.0)),
            node_group: Some(format!("{}/{}", group.0, group.1)),
            ..shown
        },
        Fate::Unhelpable(refusals) => {
            let groups = known.entry(Arc::as_ptr(refusals));
            let groups = groups.or_insert_with(|| Arc::new(of_refusals(refusals)));
            let help = &refusals.would_help;
            api::PendingPod {
                groups: Arc::clone(groups),
                would_help: (!help.is_empty()).then(|| help.clone()),
                ..shown
            }
        }
        Fate::Unreadable(flaw) => api::PendingPod {
            message: Some(format!("{}: {}", flaw.word(), flaw.detail())),
            ..shown
        },
        Fate::Ignored(_) => shown,
    }
}

fn of_refusals(refusals: &Refusals) -> Vec<api::GroupRefusal> {
    let groups = refusals.groups.iter();
    let groups = groups.map(|(group, misfits)| api::GroupRefusal {
        node_group: group.to_string(),
        misfits: misfits.iter().map(of_misfit).collect(),
    });
    groups.collect()
}

fn of_misfit(misfit: &Misfit) -> api::MisfitFacts {
    api::MisfitFacts {
        reason: misfit.word(),
        needs: misfit.needs(),
        has: misfit.has(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet_plan::group::GroupName;
    use fleet_plan::pod::PodName;

    fn pod(name: &str, fate: Fate) -> PendingPod {
        PendingPod {
            name: PodName {
                namespace: "shop".into(),
                name: name.into(),
            },
            uid: name.to_owned(),
            since: None,
            fate,
        }
    }

    /// SC-3: each pod says what becomes of it, and pods of one kind share why no NodeGroup helps.
    #[test]
    fn every_outcome_is_shown_with_what_it_is_about() {
        let web = GroupName {
            namespace: "default".into(),
            name: "web".into(),
        };
        let refusals = Arc::new(Refusals {
            groups: vec![(web, vec![Misfit::GroupAtMaximum { has: 3 }])],
            would_help: "raise maxNodes of default/web".to_owned(),
        });
        let place = || ("default".to_owned(), "web".to_owned());
        let new_node = Fate::NewNode {
            group: place(),
            member: "web-4".to_owned(),
            is_group_new: false,
        };
        let pods = vec![
            pod("a", Fate::Unhelpable(Arc::clone(&refusals))),
            pod("b", Fate::Unhelpable(refusals)),
            pod("c", new_node),
            pod("d", Fate::Incoming(("default".to_owned(), "web-3".to_owned()))),
            pod("e", Fate::FitsNow("n1".to_owned())),
        ];
        let shown = of_pending(&Pending { pods, not_made: None }).pods;
        let words: Vec<&str> = shown.iter().map(|pod| pod.outcome).collect();
        assert_eq!(
            words,
            ["unhelpable", "unhelpable", "new-node", "incoming", "fits-now"]
        );
        assert!(Arc::ptr_eq(&shown[0].groups, &shown[1].groups));
        assert_eq!(
            shown[0].would_help.as_deref(),
            Some("raise maxNodes of default/web")
        );
        assert_eq!(shown[0].groups[0].misfits[0].reason, "group-at-maximum");
        assert_eq!(shown[2].vpsie_node.as_deref(), Some("default/web-4"));
        assert_eq!(shown[2].node_group.as_deref(), Some("default/web"));
        assert_eq!(shown[3].vpsie_node.as_deref(), Some("default/web-3"));
        assert_eq!(shown[4].node.as_deref(), Some("n1"));
    }
}
