//! Why a pod does not fit: each reason a value with its numbers (`SC-3`).

use std::fmt;

use crate::Name;
use crate::labels::{Operator, Requirement};
use crate::taint::Taint;

/// Says why a pod does not fit on a Node, or on a new node of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misfit {
    /// Too little CPU is free.
    Cpu {
        /// What the pod needs.
        needs: String,
        /// What is free.
        has: String,
    },
    /// Too little memory is free.
    Memory {
        /// What the pod needs.
        needs: String,
        /// What is free.
        has: String,
    },
    /// Too little ephemeral storage is free.
    EphemeralStorage {
        /// What the pod needs.
        needs: String,
        /// What is free.
        has: String,
    },
    /// Too little of an extended resource is free.
    Resource {
        /// Its name.
        resource: Name,
        /// What the pod needs.
        needs: String,
        /// What is free.
        has: String,
    },
    /// As many pods are there as the Node takes.
    Pods {
        /// How many it takes.
        has: i64,
    },
    /// A label of `nodeSelector` is missing or different.
    NodeSelector {
        /// The label that is asked for.
        needs: String,
        /// Its value on the Node.
        has: Option<Name>,
    },
    /// No term of the required node affinity is met.
    NodeAffinity {
        /// The requirements of the first term that are not met.
        needs: String,
    },
    /// A taint is not tolerated.
    Taint(Taint),
    /// A port of the Node is taken.
    HostPort {
        /// Protocol and number.
        needs: String,
    },
    /// No pod that the affinity asks for is in the domain.
    PodAffinity {
        /// The label that makes the domain.
        topology_key: Name,
    },
    /// A pod that the anti-affinity shuns is in the domain.
    PodAntiAffinity {
        /// The label that makes the domain.
        topology_key: Name,
    },
    /// A pod in the domain shuns this one.
    ShunnedByPods {
        /// The label that makes the domain.
        topology_key: Name,
    },
    /// The domain would have too many more matching pods than another.
    TopologySpread {
        /// The label that makes the domain.
        topology_key: Name,
        /// The greatest skew allowed.
        max_skew: u32,
        /// The skew there would be.
        skew: u32,
    },
    /// The Node lacks the label of an affinity or a spread.
    TopologyLabel {
        /// The label.
        topology_key: Name,
    },
    /// The Node does not reach a volume.
    VolumePlace {
        /// The claim.
        claim: Name,
    },
    /// No place is left for another volume of a driver.
    AttachLimit {
        /// The driver.
        driver: Name,
        /// How many volumes it takes.
        has: i64,
    },
    /// The group has as many nodes as it may.
    GroupAtMaximum {
        /// The most it may have.
        has: u32,
    },
    /// The cluster has as many workers as it may.
    ClusterAtMaximum {
        /// The most it may have.
        has: u32,
    },
    /// The group adds no nodes, because its `scaleUpPolicy` is off.
    ScaleUpDisabled,
    /// The size of the group is not among the offers.
    UnknownSize {
        /// The number of the size; none when the group names none.
        size: Option<i64>,
    },
    /// The group was not given to the autoscaler, or is being deleted.
    GroupNotManaged,
    /// What the group says cannot be read.
    GroupUnreadable {
        /// What is wrong with it.
        detail: String,
    },
    /// Nothing is asked of the group for now, as after a refusal of VPSie.
    GroupPaused {
        /// Why, and until when.
        detail: String,
    },
}

// === impl Misfit ===

impl Misfit {
    /// Lists a word for every reason, in the order of the page that explains them.
    pub const WORDS: [&'static str; 23] = [
        "insufficient-cpu",
        "insufficient-memory",
        "insufficient-ephemeral-storage",
        "insufficient-resource",
        "too-many-pods",
        "node-selector",
        "node-affinity",
        "taint",
        "host-port",
        "pod-affinity",
        "pod-anti-affinity",
        "shunned-by-pods",
        "topology-spread",
        "topology-label",
        "volume-place",
        "attach-limit",
        "group-at-maximum",
        "cluster-at-maximum",
        "scale-up-disabled",
        "unknown-size",
        "group-not-managed",
        "group-unreadable",
        "group-paused",
    ];

    /// Tells whether it is the group that does not grow, whatever the pod asks for.
    pub(crate) const fn is_of_group(&self) -> bool {
        match self {
            Self::GroupAtMaximum { .. }
            | Self::ClusterAtMaximum { .. }
            | Self::ScaleUpDisabled
            | Self::UnknownSize { .. }
            | Self::GroupNotManaged
            | Self::GroupUnreadable { .. }
            | Self::GroupPaused { .. } => true,
            Self::Cpu { .. }
            | Self::Memory { .. }
            | Self::EphemeralStorage { .. }
            | Self::Resource { .. }
            | Self::Pods { .. }
            | Self::NodeSelector { .. }
            | Self::NodeAffinity { .. }
            | Self::Taint(_)
            | Self::HostPort { .. }
            | Self::PodAffinity { .. }
            | Self::PodAntiAffinity { .. }
            | Self::ShunnedByPods { .. }
            | Self::TopologySpread { .. }
            | Self::TopologyLabel { .. }
            | Self::VolumePlace { .. }
            | Self::AttachLimit { .. } => false,
        }
    }

    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "insufficient-cpu",
            Self::Memory { .. } => "insufficient-memory",
            Self::EphemeralStorage { .. } => "insufficient-ephemeral-storage",
            Self::Resource { .. } => "insufficient-resource",
            Self::Pods { .. } => "too-many-pods",
            Self::NodeSelector { .. } => "node-selector",
            Self::NodeAffinity { .. } => "node-affinity",
            Self::Taint(_) => "taint",
            Self::HostPort { .. } => "host-port",
            Self::PodAffinity { .. } => "pod-affinity",
            Self::PodAntiAffinity { .. } => "pod-anti-affinity",
            Self::ShunnedByPods { .. } => "shunned-by-pods",
            Self::TopologySpread { .. } => "topology-spread",
            Self::TopologyLabel { .. } => "topology-label",
            Self::VolumePlace { .. } => "volume-place",
            Self::AttachLimit { .. } => "attach-limit",
            Self::GroupAtMaximum { .. } => "group-at-maximum",
            Self::ClusterAtMaximum { .. } => "cluster-at-maximum",
            Self::ScaleUpDisabled => "scale-up-disabled",
            Self::UnknownSize { .. } => "unknown-size",
            Self::GroupNotManaged => "group-not-managed",
            Self::GroupUnreadable { .. } => "group-unreadable",
            Self::GroupPaused { .. } => "group-paused",
        }
    }

    /// Returns what is needed, in the words of a manifest.
    #[must_use]
    pub fn needs(&self) -> Option<String> {
        match self {
            Self::Cpu { needs, .. } | Self::Memory { needs, .. } | Self::EphemeralStorage { needs, .. } => {
                Some(needs.clone())
            }
            Self::Resource { resource, needs, .. } => Some(format!("{resource}={needs}")),
            Self::NodeSelector { needs, .. } | Self::NodeAffinity { needs } | Self::HostPort { needs } => {
                Some(needs.clone())
            }
            Self::Taint(taint) => Some(format!("a toleration of {}", taint_text(taint))),
            Self::PodAffinity { topology_key }
            | Self::PodAntiAffinity { topology_key }
            | Self::ShunnedByPods { topology_key }
            | Self::TopologyLabel { topology_key } => Some(topology_key.to_string()),
            Self::TopologySpread {
                topology_key,
                max_skew,
                ..
            } => Some(format!("{topology_key} with a skew of at most {max_skew}")),
            Self::VolumePlace { claim } => Some(claim.to_string()),
            Self::AttachLimit { driver, .. } => Some(driver.to_string()),
            Self::GroupUnreadable { detail } | Self::GroupPaused { detail } => Some(detail.clone()),
            Self::Pods { .. }
            | Self::GroupAtMaximum { .. }
            | Self::ClusterAtMaximum { .. }
            | Self::ScaleUpDisabled
            | Self::UnknownSize { .. }
            | Self::GroupNotManaged => None,
        }
    }

    /// Returns what there is instead.
    #[must_use]
    pub fn has(&self) -> Option<String> {
        match self {
            Self::Cpu { has, .. }
            | Self::Memory { has, .. }
            | Self::EphemeralStorage { has, .. }
            | Self::Resource { has, .. } => Some(has.clone()),
            Self::Pods { has } | Self::AttachLimit { has, .. } => Some(has.to_string()),
            Self::NodeSelector { has, .. } => has.as_ref().map(ToString::to_string),
            Self::TopologySpread { skew, .. } => Some(skew.to_string()),
            Self::GroupAtMaximum { has } | Self::ClusterAtMaximum { has } => Some(has.to_string()),
            Self::UnknownSize { size } => size.map(|size| size.to_string()),
            Self::NodeAffinity { .. }
            | Self::Taint(_)
            | Self::HostPort { .. }
            | Self::PodAffinity { .. }
            | Self::PodAntiAffinity { .. }
            | Self::ShunnedByPods { .. }
            | Self::TopologyLabel { .. }
            | Self::VolumePlace { .. }
            | Self::ScaleUpDisabled
            | Self::GroupNotManaged
            | Self::GroupUnreadable { .. }
            | Self::GroupPaused { .. } => None,
        }
    }
}

fn taint_text(taint: &Taint) -> String {
    let effect = taint.effect.as_str();
    if taint.value.is_empty() {
        format!("{}:{effect}", taint.key)
    } else {
        format!("{}={}:{effect}", taint.key, taint.value)
    }
}

// === impl Display ===

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match (self.needs(), self.has()) {
            (Some(needs), Some(has)) => write!(f, ": needs {needs}, has {has}"),
            (Some(needs), None) => write!(f, ": needs {needs}"),
            (None, Some(has)) => write!(f, ": has {has}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.operator {
            Operator::In(values) => write!(f, "{key} in ({})", values.join(", ")),
            Operator::NotIn(values) => write!(f, "{key} not in ({})", values.join(", ")),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "no {key}"),
            Operator::Above(bound) => write!(f, "{key} > {bound}"),
            Operator::Below(bound) => write!(f, "{key} < {bound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taint::Effect;
    use crate::testing::taint;

    /// SC-3: the words are stable, in kebab case, and each is there once.
    #[test]
    fn words_are_stable_and_distinct() {
        let mut words = Misfit::WORDS.to_vec();
        assert!(
            words
                .iter()
                .all(|word| word.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()))
        );
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Misfit::WORDS.len());
    }

    /// SC-3: a reason tells its numbers.
    #[test]
    fn reasons_tell_their_numbers() {
        let cpu = Misfit::Cpu {
            needs: "8".to_owned(),
            has: "1900m".to_owned(),
        };
        assert_eq!(cpu.to_string(), "insufficient-cpu: needs 8, has 1900m");
        let gpu = Misfit::Taint(taint("gpu", "a100", Effect::NoSchedule));
        assert_eq!(
            gpu.to_string(),
            "taint: needs a toleration of gpu=a100:NoSchedule"
        );
        assert_eq!(Misfit::ScaleUpDisabled.to_string(), "scale-up-disabled");
    }
}
