//! Eviction: the deletion of a Pod that asks the disruption budgets first.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{WriteRequest, Written, existing, removal};
use crate::kube_api::builtin::ResourceKey;
use crate::kube_api::metadata;
use crate::kube_api::selector::Selector;
use crate::kube_api::status_error::ApiError;
use crate::kube_api::store::{ObjectKey, State, timestamp};

/// Seconds that a client is asked to wait for a budget that has not been counted yet.
const UNCOUNTED_RETRY_SECONDS: u32 = 10;

/// A disruption budget and where it is kept.
struct Budget {
    key: ObjectKey,
    object: Arc<Value>,
}

/// Evicts the Pod that the path names, unless its budget forbids it.
pub(super) fn evict(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    let mut place = request.place();
    place.subresource = "";
    let eviction = request.json_body()?;
    if eviction["metadata"]["name"] != place.key.1.as_str() {
        let message = "name in URL does not match name in Eviction object";
        return Err(ApiError::bad_request(message));
    }
    let options = &eviction["deleteOptions"];
    place.rehearsal |= options["dryRun"]
        .as_array()
        .is_some_and(|stages| !stages.is_empty());
    let mut pod = existing(state, &place)?;
    metadata::refuse_unmet_preconditions(&place, &pod, &options["preconditions"])?;
    let budget = budget_of(state, &pod)?.filter(|budget| counts(budget, &pod));
    if let Some(budget) = budget {
        take_one(state, &budget, request, place.rehearsal)?;
    }
    if !place.rehearsal
        && metadata::is_held(place.kind, &pod)
        && pod["metadata"]["deletionTimestamp"].is_null()
    {
        pod = state.put(
            &place.kind.key,
            place.key.clone(),
            disrupted(&pod, &timestamp(request.now)),
        );
    }
    let changed = removal::remove(state, &place, &pod).changed;
    let answer =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(Written {
        code: 201,
        changed,
        answer,
    })
}

/// Finds the one budget that selects a Pod; a Pod of several cannot be evicted at all.
fn budget_of(state: &mut State, pod: &Value) -> Result<Option<Budget>, ApiError> {
    // What has ended, or has not begun, serves nobody: the real server asks no budget either.
    let phase = pod["status"]["phase"].as_str().unwrap_or("Pending");
    let is_leaving = !pod["metadata"]["deletionTimestamp"].is_null();
    if is_leaving || matches!(phase, "Pending" | "Succeeded" | "Failed") {
        return Ok(None);
    }
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or("");
    let mut found = Vec::new();
    for (key, object) in &state.shelf(&budgets()).objects {
        let selector = Selector::of_object(&object["spec"]["selector"])?;
        if key.0 == namespace && selector.is_some_and(|selector| selector.matches(pod)) {
            found.push(Budget {
                key: key.clone(),
                object: Arc::clone(object),
            });
        }
    }
    if found.len() > 1 {
        let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(ApiError::internal(message));
    }
    Ok(found.pop())
}

/// Tells whether the Pod is one that the budget protects: one that is not ready is not, where the others suffice.
fn counts(budget: &Budget, pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let is_ready = conditions
        .filter(|condition| condition["type"] == "Ready")
        .any(|condition| condition["status"] == "True");
    let policy = &budget.object["spec"]["unhealthyPodEvictionPolicy"];
    let number = |field: &str| budget.object["status"][field].as_i64().unwrap_or(0);
    let suffice = number("desiredHealthy") > 0 && number("currentHealthy") >= number("desiredHealthy");
    is_ready || !(policy == "AlwaysAllow" || suffice)
}

/// Takes one disruption off a budget, or says that it allows none.
fn take_one(
    state: &mut State,
    budget: &Budget,
    request: &WriteRequest<'_>,
    rehearsal: bool,
) -> Result<(), ApiError> {
    let (name, status) = (&budget.key.1, &budget.object["status"]);
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    if number(&status["observedGeneration"]) < number(&budget.object["metadata"]["generation"]) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(ApiError::over_budget(&why, UNCOUNTED_RETRY_SECONDS));
    }
    let allowed = number(&status["disruptionsAllowed"]);
    if allowed <= 0 {
        let (needed, healthy) = (
            number(&status["desiredHealthy"]),
            number(&status["currentHealthy"]),
        );
        let why =
            format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently");
        return Err(ApiError::over_budget(&why, 0));
    }
    if !rehearsal {
        let mut counted = (*budget.object).clone();
        let pod = request.path.name.as_deref().unwrap_or_default();
        counted["status"]["disruptionsAllowed"] = (allowed - 1).into();
        counted["status"]["disruptedPods"][pod] = timestamp(request.now).into();
        state.put(&budgets(), budget.key.clone(), counted);
    }
    Ok(())
}

/// Notes on a Pod that stays for a while why it goes.
fn disrupted(pod: &Value, now: &str) -> Value {
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastTransitionTime": now,
    });
    let mut pod = pod.clone();
    let mut conditions = pod["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    conditions.retain(|condition| condition["type"] != "DisruptionTarget");
    conditions.push(condition);
    pod["status"]["conditions"] = conditions.into();
    pod
}

fn budgets() -> ResourceKey {
    ResourceKey {
        group: "policy".to_owned(),
        plural: "poddisruptionbudgets".to_owned(),
    }
}
