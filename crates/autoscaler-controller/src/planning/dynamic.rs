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

// === impl NewGroups ===

impl NewGroups {
    /// Reads whether groups may be made: none without an AutoscalerConfig, or where it turns that off.
    ///
    /// They are in the data centre that it names, else in that of all groups; without either none is made.
    pub fn of<'g>(
        config: Option<&AutoscalerConfig>,
        groups: impl Iterator<Item = &'g NodeGroup>,
    ) -> Option<Self> {
        let config = config.filter(|config| config.spec.settings().creates_node_groups())?;
        let defaults = config.spec.defaults();
        let named = defaults.datacenter_id.as_deref();
        let datacenter = told(named, groups.map(|group| group.spec.datacenter_id.as_str()))?;
        Some(Self { defaults, datacenter })
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
    /// Groups with taints of their own are not made: pods would have to tolerate what nobody asked for.
    pub fn dynamic<'o>(
        &mut self,
        new_groups: &NewGroups,
        offers: impl Iterator<Item = &'o Offer>,
        attachments: &BTreeMap<Name, i64>,
    ) -> Option<Dynamic> {
        let NewGroups { defaults, datacenter } = new_groups;
        let taints = defaults.taints.as_ref();
        if taints.is_some_and(|taints| !taints.is_empty()) {
            return None;
        }
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
        Some(Dynamic {
            namespace: self.names.get(defaults.namespace_name()),
            most_nodes: u32::try_from(defaults.most_nodes()).unwrap_or_default(),
            sizes,
        })
    }
}
