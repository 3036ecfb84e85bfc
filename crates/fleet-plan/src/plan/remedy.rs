//! The smallest change that would help a pod, in words.

use crate::group::GroupName;
use crate::misfit::Misfit;

/// Names the change that leaves the least else to be done.
pub(super) fn would_help(groups: &[(GroupName, Vec<Misfit>)]) -> String {
    // Of a group that is not known what it has may be more than what is told.
    let is_vague = |misfits: &[Misfit]| {
        misfits.iter().any(|misfit| {
            matches!(
                misfit,
                Misfit::UnknownSize { .. } | Misfit::GroupUnreadable { .. }
            )
        })
    };
    let nearest = groups
        .iter()
        .min_by_key(|(name, misfits)| (is_vague(misfits), misfits.len(), name));
    let Some((group, misfits)) = nearest else {
        return "make a NodeGroup whose nodes take the pod".to_owned();
    };
    if misfits.is_empty() {
        return format!("nothing is needed: {group} takes the pod once others have their place");
    }
    let changes: Vec<String> = misfits.iter().map(|misfit| remedy(misfit, group)).collect();
    changes.join("; and ")
}

fn remedy(misfit: &Misfit, group: &GroupName) -> String {
    match misfit {
        Misfit::Cpu { needs, has } => {
            format!("request at most {has} of CPU, or use a size for {group} that has {needs} free")
        }
        Misfit::Memory { needs, has } => {
            format!("request at most {has} of memory, or use a size for {group} that has {needs} free")
        }
        Misfit::EphemeralStorage { needs, has } => {
            format!(
                "request at most {has} of ephemeral storage, or use a size for {group} that has {needs} free"
            )
        }
        Misfit::Resource { resource, needs, .. } => {
            format!("use a group whose nodes have {needs} of {resource}; {group} has not")
        }
        Misfit::Pods { has } => {
            format!("{group} needs nodes that take more than {has} pods beside DaemonSets")
        }
        Misfit::NodeSelector { needs, .. } => {
            format!("give {group} the label {needs}, or take it off the pod's nodeSelector")
        }
        Misfit::NodeAffinity { needs } => {
            format!("give {group} labels that meet {needs}, or loosen the pod's node affinity")
        }
        Misfit::Taint(_) => format!(
            "give the pod {}, or take the taint off {group}",
            misfit.needs().unwrap_or_default()
        ),
        Misfit::HostPort { needs } => {
            format!("free {needs}, which a DaemonSet takes on every node of {group}")
        }
        Misfit::PodAffinity { topology_key } => {
            format!("let a pod that it wants near run first in a domain of {topology_key} that {group} has")
        }
        Misfit::PodAntiAffinity { topology_key } => {
            format!(
                "loosen the pod's anti-affinity over {topology_key}, or use another domain than that of {group}"
            )
        }
        Misfit::ShunnedByPods { topology_key } => {
            format!(
                "loosen the anti-affinity of pods in the {topology_key} of {group}, or use another domain"
            )
        }
        Misfit::TopologySpread { topology_key, .. } => {
            format!(
                "raise maxSkew over {topology_key}, or let a group grow in an emptier domain than that of {group}"
            )
        }
        Misfit::TopologyLabel { topology_key } => format!("give {group} the label {topology_key}"),
        Misfit::VolumePlace { claim } => {
            format!("use a group where the volume of {claim} is; {group} is not there")
        }
        Misfit::AttachLimit { driver, has } => {
            format!("use at most {has} volumes of {driver} in one pod, as nodes of {group} take no more")
        }
        Misfit::GroupAtMaximum { has } => format!("raise maxNodes of {group} above {has}"),
        Misfit::ClusterAtMaximum { has } => format!("raise the most workers of the cluster above {has}"),
        Misfit::ScaleUpDisabled => format!("enable the scaleUpPolicy of {group}"),
        Misfit::UnknownSize { .. } => format!("set kubeSizeID of {group} to a size that VPSie offers"),
        Misfit::GroupNotManaged => format!("label {group} with autoscaler.vpsie.com/managed=true"),
        Misfit::GroupUnreadable { detail } => format!("correct {group}: {detail}"),
        Misfit::GroupPaused { detail } => format!("wait, or see what holds {group} up: {detail}"),
    }
}
