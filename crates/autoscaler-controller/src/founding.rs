//! NodeGroups that are made for pods which no other can host: what they are, and by what they are known again (`SC-10`).
//!
//! ```text
//!  a pod that no group can host ──▶ made ──▶ grows like any other ──▶ without nodes, needed by nobody ──▶ removed
//!                                    │                                             ▲
//!                                    └── a person changes its spec, or takes the mark off: it is kept for good
//! ```

use crate::planning::{Gap, NewGroups, told};
use crate::resources::{AutoscalerConfig, NodeGroup, NodeGroupSpec, ScaleDownPolicy, keys};
use crate::time::to_chrono;
use crate::watches::Place;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fleet_plan::dynamic::NewGroup;
use fleet_plan::labels::Labels;
use fleet_plan::taint;
use k8s_openapi::api::core::v1::Taint;
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use vpsie_api::{DatacenterId, Offer};

/// How far the time that we wrote on a NodeGroup and that of its creation may be apart: clocks differ by two minutes at
/// most while ours is believed, and a request takes less than one.
const ONE_MOMENT: TimeDelta = TimeDelta::minutes(5);

/// The generation of an object whose spec nobody has changed since it was made.
const FIRST_GENERATION: i64 = 1;

/// What is to be done about NodeGroups that are made for pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Founding {
    /// Those that are to be made.
    pub new: Vec<NodeGroup>,
    /// The NodeGroups that pods need: they grow for them, or would if they might.
    pub needed: BTreeSet<Place>,
}

/// Says why no NodeGroup is made for pods that none can host, although the settings allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// Something is missing, or in the way.
    #[error(transparent)]
    Gap(#[from] Gap),
    /// The API server did not take it; it is tried again.
    #[error("{0}")]
    Refused(String),
}

/// Makes NodeGroups for pods.
#[derive(Clone, Debug)]
pub(crate) struct Founder {
    /// What they get, and where they are.
    pub(crate) new_groups: NewGroups,
    /// The cluster at VPSie.
    pub(crate) cluster: String,
    project: String,
    version: String,
}

// === impl NotMade ===

impl NotMade {
    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Gap(gap) => gap.word(),
            Self::Refused(_) => "refused",
        }
    }
}

// === impl Founder ===

impl Founder {
    /// Reads whether NodeGroups may be made.
    ///
    /// What the defaults of the AutoscalerConfig leave out is what all NodeGroups have in common.
    ///
    /// # Errors
    /// When they may, but nobody says where and with which version.
    pub(crate) fn of<'g>(
        config: Option<&AutoscalerConfig>,
        groups: impl Iterator<Item = &'g NodeGroup> + Clone,
    ) -> Result<Option<Self>, Gap> {
        let Some(new_groups) = NewGroups::of(config, groups.clone())? else {
            return Ok(None);
        };
        let common = |named: &Option<String>, of: fn(&NodeGroupSpec) -> &str| {
            told(named.as_deref(), groups.clone().map(|group| of(&group.spec)))
        };
        let defaults = &new_groups.defaults;
        let cluster = common(&defaults.resource_identifier, |spec| &spec.resource_identifier);
        let version = common(&defaults.kubernetes_version, |spec| &spec.kubernetes_version);
        Ok(Some(Self {
            cluster: cluster.ok_or(Gap::Cluster)?,
            project: common(&defaults.project, |spec| &spec.project).unwrap_or_default(),
            version: version.ok_or(Gap::Version)?,
            new_groups,
        }))
    }

    /// Returns the data centre that they are in.
    pub(crate) fn datacenter(&self) -> DatacenterId {
        DatacenterId::new(self.new_groups.datacenter.as_str())
    }

    /// Makes the NodeGroup that a plan asks for: it may go to zero, and shrinks unless the defaults say otherwise.
    ///
    /// Its size is what the plan chose, whatever the defaults name; `offer` is VPSie's offer of it.
    pub(crate) fn make(&self, new: &NewGroup, offer: Option<&Offer>, now: DateTime<Utc>) -> NodeGroup {
        let defaults = &self.new_groups.defaults;
        let size = new.group.size.unwrap_or_default();
        let offering = offer.and_then(|offer| offer.name.clone());
        let mut labels = defaults.labels.clone().unwrap_or_default();
        labels.extend(texts(&new.labels));
        let taints: Vec<Taint> = new.group.taints.iter().map(to_taint).collect();
        let name = new.group.name.name.to_string();
        let mut group = NodeGroup::new(
            &name,
            NodeGroupSpec {
                min_nodes: 0,
                max_nodes: defaults.most_nodes(),
                datacenter_id: self.new_groups.datacenter.clone(),
                resource_identifier: self.cluster.clone(),
                project: self.project.clone(),
                offering_ids: vec![offering.unwrap_or_else(|| size.to_string())],
                kube_size_id: Some(size),
                kubernetes_version: self.version.clone(),
                labels: (!labels.is_empty()).then_some(labels),
                taints: (!taints.is_empty()).then_some(taints),
                os_image_id: defaults.os_image_id.clone(),
                ssh_key_ids: defaults.ssh_key_ids.clone(),
                tags: defaults.tags.clone(),
                notes: defaults.notes.clone(),
                scale_up_policy: defaults.scale_up_policy.clone(),
                scale_down_policy: Some(defaults.scale_down_policy.clone().unwrap_or_else(shrinking)),
                spot_config: defaults.spot_config.clone(),
                cost_optimization: defaults.cost_optimization.clone(),
                ..NodeGroupSpec::default()
            },
        );
        group.metadata.namespace = Some(new.group.name.namespace.to_string());
        let marks = [keys::LABEL_MANAGED, keys::LABEL_MADE_FOR_PODS];
        let marks = marks.map(|key| (key.to_owned(), keys::TRUE.to_owned()));
        group.metadata.labels = Some(marks.into());
        let made = made(&group, now);
        group.metadata.annotations = Some([(keys::ANNOTATION_MADE.to_owned(), made)].into());
        group
    }
}

/// Tells whether we made a NodeGroup for pods, and it is as we made it.
///
/// # Guarantees
/// One whose spec a person has changed since, whose mark somebody took off, or that somebody made from a copy of ours
/// is not.
pub(crate) fn is_as_made(group: &NodeGroup) -> bool {
    let is_marked = group
        .labels()
        .get(keys::LABEL_MADE_FOR_PODS)
        .is_some_and(|mark| mark == keys::TRUE);
    is_marked && group.metadata.generation == Some(FIRST_GENERATION) && is_of_its_making(group)
}

/// Tells whether what we wrote at the making of a NodeGroup is of this very one.
pub(crate) fn is_of_its_making(group: &NodeGroup) -> bool {
    let annotation = group.annotations().get(keys::ANNOTATION_MADE);
    let created = group.metadata.creation_timestamp.as_ref().and_then(to_chrono);
    let (Some(annotation), Some(created)) = (annotation, created) else {
        return false;
    };
    let Some((_, time)) = annotation.rsplit_once(' ') else {
        return false;
    };
    DateTime::parse_from_rfc3339(time).is_ok_and(|time| {
        let time = time.to_utc();
        *annotation == made(group, time) && (created - time).abs() <= ONE_MOMENT
    })
}

/// Writes down which NodeGroup was made, and when.
fn made(group: &NodeGroup, at: DateTime<Utc>) -> String {
    let namespace = group.namespace().unwrap_or_default();
    let time = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{namespace}/{} {time}", group.name_any())
}

/// Lets nodes go that nobody needs; without it a NodeGroup of ours would keep what it once bought.
fn shrinking() -> ScaleDownPolicy {
    ScaleDownPolicy {
        enabled: Some(true),
        ..ScaleDownPolicy::default()
    }
}

fn texts(labels: &Labels) -> BTreeMap<String, String> {
    let texts = labels.iter();
    texts
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

fn to_taint(taint: &taint::Taint) -> Taint {
    Taint {
        key: taint.key.to_string(),
        value: (!taint.value.is_empty()).then(|| taint.value.to_string()),
        effect: taint.effect.as_str().to_owned(),
        time_added: None,
    }
}

#[cfg(test)]
mod tests;
