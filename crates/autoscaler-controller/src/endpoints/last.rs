//! Which Services would have no ready endpoint left without a Node (`SC-12`).

use endpoint_discovery::{Check, Instance, View, Views};

/// Lists the Services that have a ready endpoint on a Node and none elsewhere that stays, as `namespace/name` in order.
///
/// An endpoint on a Node that is leaving or gone, by the word of the caller or of its state, replaces nothing: it may be
/// listed for minutes after its machine went. Of a Service whose
/// view is out of date nobody knows what else is ready, so each of its endpoints counts as the last. One that was never
/// read is not among them: nothing is concluded from what was not seen.
pub fn last_endpoints(views: &Views, node: &str, is_leaving: impl Fn(&str) -> bool) -> Vec<String> {
    let is_last = |view: &View| {
        let Some(roster) = view.roster() else { return false };
        let ready = || roster.instances().filter(|instance| instance.health.is_ready);
        let is_here = |instance: &Instance| instance.node_name.as_deref() == Some(node);
        let stays = |instance: &Instance| {
            let leaves = instance.node_name.as_deref().is_some_and(&is_leaving);
            !is_here(instance) && !leaves && !instance.is_on_draining_node() && is_sure(instance)
        };
        let has_one_here = ready().any(|instance| is_here(instance));
        has_one_here && (view.stale.is_some() || !ready().any(|instance| stays(instance)))
    };
    let last = views.values().filter(|view| is_last(view));
    last.map(|view| view.service.to_string()).collect()
}

/// Tells whether an instance that is called ready is so by more than a list of all pods (`EP-6`).
fn is_sure(instance: &Instance) -> bool {
    let health = &instance.health;
    !health.is_readiness_unreliable || matches!(health.check, Some(Check::Passed { .. }))
}

#[cfg(test)]
mod tests;
