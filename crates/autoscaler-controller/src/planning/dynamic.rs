//! Of what NodeGroups may be made for pods that no group can host (`SC-10`).

use std::collections::BTreeMap;

use fleet_plan::Name;
use fleet_plan::dynamic::{Dynamic, Size};
use vpsie_api::Offer;

use super::{Reader, capacity};
use crate::resources::{AutoscalerConfig, NodeGroup, NodeGroupDefaults};

/// Says that NodeGroups may be made for pods, and what they get.
#[derive(Debug, Clone, PartialEq)]
pub struct NewGroups {
    /// What a person wrote of them.
    pub defaults: NodeGroupDefaults,
    /// The data centre that they are in.
    pub datacenter: String,
}

/// Says why no NodeGroup can be made for pods, although the settings allow it (`SC-10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// Nobody says in which data centre.
    #[error("NodeGroups have no data centre in common; name one as `datacenterID` of nodeGroupDefaults")]
    Datacenter,
    /// Nobody says of which cluster.
    #[error("NodeGroups have no cluster in common; name it as `resourceIdentifier` of nodeGroupDefaults")]
    Cluster,
    /// Nobody says with which version.
    #[error("NodeGroups have no version in common; name one as `kubernetesVersion` of nodeGroupDefaults")]
    Version,
    /// Pods would have to tolerate what nobody asked for.
    #[error("nodeGroupDefaults has `taints`; take them out")]
    Taints,
}

// === impl NewGroups ===

impl NewGroups {
    /// Reads whether groups may be made: none without an AutoscalerConfig, or where it turns that off.
    ///
    /// They are in the data centre that it names, else in that of all groups; without either none is made.
    ///
    /// # Errors
    /// When none can be made although the settings allow it.
    pub fn of<'g>(
        config: Option<&AutoscalerConfig>,
        groups: impl Iterator<Item = &'g NodeGroup>,
    ) -> Result<Option<Self>, Gap> {
        let Some(config) = config.filter(|config| config.spec.settings().creates_node_groups()) else {
            return Ok(None);
        };
        let defaults = config.spec.defaults();
        if defaults.taints.as_ref().is_some_and(|taints| !taints.is_empty()) {
            return Err(Gap::Taints);
        }
        let named = defaults.datacenter_id.as_deref();
        let datacenter = told(named, groups.map(|group| group.spec.datacenter_id.as_str()));
        let datacenter = datacenter.ok_or(Gap::Datacenter)?;
        Ok(Some(Self { defaults, datacenter }))
    }
}

/// Returns what is named, else what all groups have; nothing where they differ, or there is none.
pub(crate) fn told<'g>(named: Option<&str>, mut of_groups: impl Iterator<Item = &'g str>) -> Option<String> {
    let named = named.filter(|named| !named.is_empty()).map(ToOwned::to_owned);
    named.or_else(|| {
        let first = of_groups.next().filter(|first| !first.is_empty())?;
        of_groups.all(|other| other == first).then(|| first.to_owned())
    })
}

// === impl Reader ===

impl Reader {
    /// Reads of what groups may be made: each size that VPSie offers, with what the defaults of new groups say.
    ///
    pub fn dynamic<'o>(
        &mut self,
        new_groups: &NewGroups,
        offers: impl Iterator<Item = &'o Offer>,
        attachments: &BTreeMap<Name, i64>,
    ) -> Dynamic {
        let NewGroups { defaults, datacenter } = new_groups;
        let sizes = offers.filter_map(|offer| {
            let mut labels = self.implied_labels(offer.name.as_deref().unwrap_or_default(), datacenter);
            labels.extend(self.all_labels(defaults.labels.as_ref()));
            labels.extend(self.our_labels(datacenter));
            Some(Size {
                id: i64::try_from(offer.number.get()).ok()?,
                labels,
                room: capacity::offered(offer, attachments)?,
                price: capacity::price(offer),
            })
        });
        let sizes = sizes.collect();
        Dynamic {
            namespace: self.names.get(defaults.namespace_name()),
            most_nodes: u32::try_from(defaults.most_nodes()).unwrap_or_default(),
            sizes,
        }
    }
}
