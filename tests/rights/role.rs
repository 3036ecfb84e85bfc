//! The role of `deploy/`, taken apart into single rights and put together without one of them.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kit::control_plane::{ControlPlane, Right};
use kit::deploy;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

/// How long the API server may take to go by a role that changed; it takes milliseconds.
const CHANGE_LIMIT: Duration = Duration::from_secs(30);

/// Lists the rules of all roles among some documents.
pub(crate) fn rules(documents: &[Value]) -> Vec<Value> {
    let mut rules = rules_of(documents, "ClusterRole");
    rules.extend(rules_of(documents, "Role"));
    rules
}

/// Lists the rules of the roles of one kind.
pub(crate) fn rules_of(documents: &[Value], kind: &str) -> Vec<Value> {
    let roles = documents.iter().filter(|document| document["kind"] == kind);
    roles
        .flat_map(|role| role["rules"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Lists every single right that some documents grant, in their order.
pub(crate) fn rights(documents: &[Value]) -> Vec<Right> {
    let mut rights = Vec::new();
    for rule in rules(documents) {
        for (group, resource, verb) in single(&rule) {
            rights.push(Right {
                group,
                resource,
                verb,
            });
        }
    }
    assert!(!rights.is_empty(), "the roles grant something");
    rights
}

/// Returns the documents without one right.
pub(crate) fn without(documents: &[Value], right: &Right) -> Vec<Value> {
    let mut documents = documents.to_vec();
    for role in &mut documents {
        let Some(rules) = role.get("rules").and_then(Value::as_array) else {
            continue;
        };
        let kept = rules.iter().flat_map(|rule| {
            let others = single(rule).into_iter().filter(|(group, resource, verb)| {
                (group, resource, verb) != (&right.group, &right.resource, &right.verb)
            });
            others.map(|(group, resource, verb)| {
                let mut single = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
                if let Some(names) = rule.get("resourceNames") {
                    single["resourceNames"] = names.clone();
                }
                single
            })
        });
        role["rules"] = kept.collect();
    }
    documents
}

/// Takes a rule apart: group, resource and verb of each single right.
fn single(rule: &Value) -> Vec<(String, String, String)> {
    let texts = |key: &str| -> Vec<String> {
        let list = rule[key].as_array().cloned().unwrap_or_default().into_iter();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut all = Vec::new();
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            for verb in texts("verbs") {
                all.push((group.clone(), resource.clone(), verb));
            }
        }
    }
    all
}

/// Waits until the API server denies the operator one right and no other.
pub(crate) async fn wait_until_gone(control_plane: &ControlPlane, gone: &Right) {
    let all = deploy::documents("rbac.yaml");
    let changed = tokio::time::timeout(CHANGE_LIMIT, async {
        for right in rights(&all) {
            while is_allowed(control_plane, &right).await == (right == *gone) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    changed.await.expect("the API server goes by the changed role");
}

async fn is_allowed(control_plane: &ControlPlane, right: &Right) -> bool {
    let reviews: Api<SubjectAccessReview> = Api::all(control_plane.client());
    let (resource, subresource) = right.resource.split_once('/').unwrap_or((&right.resource, ""));
    // The names that the roles restrict some rights to; they do no harm to the others.
    let name = match resource {
        "secrets" => "vpsie-secret",
        "configmaps" if right.verb != "create" => "vpsie-autoscaler-baselines",
        "leases" if right.verb != "create" => "vpsie-autoscaler-leader",
        _ => "",
    };
    let text = |text: &str| Some(text.to_owned());
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(format!(
                "system:serviceaccount:{}:{}",
                deploy::NAMESPACE,
                deploy::NAME
            )),
            resource_attributes: Some(ResourceAttributes {
                group: text(&right.group),
                resource: text(resource),
                subresource: text(subresource),
                verb: text(&right.verb),
                namespace: text(deploy::NAMESPACE),
                name: text(name),
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let answer = reviews.create(&PostParams::default(), &review).await;
    let status = answer.expect("an administrator may ask").status;
    status.is_some_and(|status| status.allowed)
}
