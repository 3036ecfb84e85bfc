//! Pods as demands.

use std::sync::Arc;

use fleet_plan::Demand;
use fleet_plan::cluster::PodFlaw;
use fleet_plan::labels::{Operator, Requirement, Selector};
use fleet_plan::pod::{HostPort, Placement, PodTerm, Spread};
use fleet_plan::taint::{Effect, Tolerated, Toleration};
use k8s_openapi::api::core::v1::{
    Affinity, Container, Pod, PodAffinityTerm, PodSpec, Toleration as WrittenToleration,
    TopologySpreadConstraint,
};
use kube::ResourceExt;

use super::requests::{self, stays};
use super::selectors::{SelectorError, labels, node_term, selector};
use super::{Reader, Volumes};

// === impl Reader ===

impl Reader {
    /// Reads what a pod asks of a Node.
    ///
    /// # Errors
    /// When a quantity or a selector cannot be read, when no Node could ever meet the affinity, or when a volume claim
    /// is missing or waits for a volume that no Node brings.
    pub fn demand(&mut self, pod: &Pod, volumes: &Volumes) -> Result<Arc<Demand>, PodFlaw> {
        let mut demand = self.written(pod)?;
        volumes.add_to(&mut demand, pod, &mut self.names)?;
        match fleet_plan::contradictory_label(&demand) {
            Some(key) => Err(PodFlaw::Contradictory(key)),
            None => Ok(self.demands.get(demand)),
        }
    }

    /// Reads what a pod takes that has its Node already: whether it could be placed anew is not asked.
    pub(super) fn demand_of_resident(
        &mut self,
        pod: &Pod,
        volumes: &Volumes,
    ) -> Result<Arc<Demand>, PodFlaw> {
        let mut demand = self.written(pod)?;
        // Volumes up to the first that nothing is known of are added; the others cannot be counted.
        volumes.add_to(&mut demand, pod, &mut self.names).ok();
        Ok(self.demands.get(demand))
    }

    /// Reads everything but volumes.
    fn written(&mut self, pod: &Pod) -> Result<Demand, PodFlaw> {
        let default = PodSpec::default();
        let spec = pod.spec.as_ref().unwrap_or(&default);
        let requests = requests::of_pod(spec, &mut self.names);
        let requests = requests.map_err(|error| PodFlaw::Unreadable(error.to_string()))?;
        let unreadable = |error: SelectorError| PodFlaw::Unreadable(error.to_string());
        let mut demand = Demand {
            namespace: self.names.get(&pod.namespace().unwrap_or_default()),
            labels: labels(pod.labels(), &mut self.names),
            priority: spec.priority.unwrap_or_default(),
            requests,
            ports: self.ports(spec),
            placement: self.placement(spec).map_err(unreadable)?,
            ..Demand::default()
        };
        if let Some(affinity) = &spec.affinity {
            self.add_affinity(&mut demand, affinity).map_err(unreadable)?;
        }
        for written in spec.topology_spread_constraints.iter().flatten() {
            // The other value of this field, ScheduleAnyway, keeps no pod waiting.
            if written.when_unsatisfiable == "DoNotSchedule" {
                let spread = self.spread(written, &demand).map_err(unreadable)?;
                demand.spread.push(spread);
            }
        }
        Ok(demand)
    }

    fn ports(&mut self, spec: &PodSpec) -> Vec<HostPort> {
        let sidecars = spec
            .init_containers
            .iter()
            .flatten()
            .filter(|container| stays(container));
        let containers = spec.containers.iter().chain(sidecars);
        let ports = containers.flat_map(|container: &Container| container.ports.iter().flatten());
        let mut found = Vec::new();
        for port in ports {
            let number = port.host_port.and_then(|number| u16::try_from(number).ok());
            if let Some(number) = number.filter(|number| *number > 0) {
                let address = port.host_ip.as_deref().filter(|address| !address.is_empty());
                found.push(HostPort {
                    address: self.names.get(address.unwrap_or("0.0.0.0")),
                    protocol: self.names.get(port.protocol.as_deref().unwrap_or("TCP")),
                    port: number,
                });
            }
        }
        found
    }

    fn placement(&mut self, spec: &PodSpec) -> Result<Placement, SelectorError> {
        let mut placement = Placement {
            node_selector: labels(spec.node_selector.iter().flatten(), &mut self.names),
            ..Placement::default()
        };
        let affinity = spec
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref());
        if let Some(affinity) = affinity {
            if let Some(required) = &affinity.required_during_scheduling_ignored_during_execution {
                let terms = required.node_selector_terms.iter();
                let terms: Result<_, _> = terms.map(|term| node_term(term, &mut self.names)).collect();
                placement.node_affinity = Some(terms?);
            }
            let mut preferred: Vec<_> = affinity
                .preferred_during_scheduling_ignored_during_execution
                .iter()
                .flatten()
                .collect();
            preferred.sort_by_key(|term| std::cmp::Reverse(term.weight));
            let terms = preferred.into_iter();
            let terms: Result<_, _> = terms
                .map(|term| node_term(&term.preference, &mut self.names))
                .collect();
            placement.preferences = terms?;
        }
        let tolerations = spec.tolerations.iter().flatten();
        placement.tolerations = tolerations.filter_map(|one| self.toleration(one)).collect();
        Ok(placement)
    }

    /// Reads a toleration; one with an operator or effect that is not known tolerates nothing.
    fn toleration(&mut self, written: &WrittenToleration) -> Option<Toleration> {
        let tolerated = match written.operator.as_deref() {
            None | Some("" | "Equal") => {
                Tolerated::Value(self.names.get(written.value.as_deref().unwrap_or_default()))
            }
            Some("Exists") => Tolerated::Any,
            Some(_) => return None,
        };
        let effect = match written.effect.as_deref() {
            None | Some("") => None,
            Some(word) => Some(effect(word)?),
        };
        let key = written.key.as_deref().filter(|key| !key.is_empty());
        Some(Toleration {
            key: key.map(|key| self.names.get(key)),
            tolerated,
            effect,
        })
    }

    fn add_affinity(&mut self, demand: &mut Demand, written: &Affinity) -> Result<(), SelectorError> {
        let near = written.pod_affinity.as_ref();
        let near = near.and_then(|all| all.required_during_scheduling_ignored_during_execution.as_ref());
        for term in near.into_iter().flatten() {
            let term = self.pod_term(term, demand)?;
            demand.affinity.push(term);
        }
        let far = written.pod_anti_affinity.as_ref();
        let far = far.and_then(|all| all.required_during_scheduling_ignored_during_execution.as_ref());
        for term in far.into_iter().flatten() {
            let term = self.pod_term(term, demand)?;
            demand.anti_affinity.push(term);
        }
        Ok(())
    }

    fn pod_term(&mut self, written: &PodAffinityTerm, demand: &Demand) -> Result<PodTerm, SelectorError> {
        let mut pods = selector(written.label_selector.as_ref(), &mut self.names)?;
        self.match_keys(&mut pods, written.match_label_keys.as_ref(), demand, |value| {
            Operator::In(vec![value])
        });
        self.match_keys(&mut pods, written.mismatch_label_keys.as_ref(), demand, |value| {
            Operator::NotIn(vec![value])
        });
        let named = written
            .namespaces
            .iter()
            .flatten()
            .map(|name| self.names.get(name));
        let mut namespaces: Vec<_> = named.collect();
        let namespace_selector = selector(written.namespace_selector.as_ref(), &mut self.names)?;
        if namespaces.is_empty() && namespace_selector.is_none() {
            namespaces.push(demand.namespace.clone());
        }
        Ok(PodTerm {
            topology_key: self.names.get(&written.topology_key),
            selector: pods,
            namespaces,
            namespace_selector,
        })
    }

    /// Adds to a selector what the pod's own values of these labels ask for, unless the API server did so already.
    fn match_keys(
        &mut self,
        selector: &mut Option<Selector>,
        keys: Option<&Vec<String>>,
        demand: &Demand,
        operator: impl Fn(fleet_plan::Name) -> Operator,
    ) {
        let Some(Selector(requirements)) = selector else {
            return;
        };
        for key in keys.into_iter().flatten() {
            if let Some(value) = demand.labels.get(key.as_str()) {
                let one = Requirement {
                    key: self.names.get(key),
                    operator: operator(value.clone()),
                };
                if !requirements.contains(&one) {
                    requirements.push(one);
                }
            }
        }
    }

    fn spread(
        &mut self,
        written: &TopologySpreadConstraint,
        demand: &Demand,
    ) -> Result<Spread, SelectorError> {
        let mut pods = selector(written.label_selector.as_ref(), &mut self.names)?;
        self.match_keys(&mut pods, written.match_label_keys.as_ref(), demand, |value| {
            Operator::In(vec![value])
        });
        Ok(Spread {
            topology_key: self.names.get(&written.topology_key),
            max_skew: u32::try_from(written.max_skew).unwrap_or(1),
            min_domains: written
                .min_domains
                .and_then(|least| u32::try_from(least).ok())
                .unwrap_or(1),
            selector: pods,
            honours_affinity: written.node_affinity_policy.as_deref() != Some("Ignore"),
            honours_taints: written.node_taints_policy.as_deref() == Some("Honor"),
        })
    }
}

/// Reads the effect of a taint.
pub(super) fn effect(word: &str) -> Option<Effect> {
    let all = [Effect::NoSchedule, Effect::PreferNoSchedule, Effect::NoExecute];
    all.into_iter().find(|effect| effect.as_str() == word)
}
