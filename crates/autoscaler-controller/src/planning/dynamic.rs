//! Of what NodeGroups may be made for pods that no group can host (`SC-10`).

use std::collections::BTreeMap;

use fleet_plan::Name;
use fleet_plan::dynamic::{Dynamic, Size};
use vpsie_api::Offer;

use super::{Reader, capacity};
use crate::resources::NodeGroupDefaults;

// === impl Reader ===

impl Reader {
    /// Reads of what groups may be made: each size that VPSie offers, with what the defaults of new groups say.
    ///
    /// Groups with taints of their own are not made: pods would have to tolerate what nobody asked for.
    pub fn dynamic<'o>(
        &mut self,
        defaults: &NodeGroupDefaults,
        datacenter: &str,
        offers: impl Iterator<Item = &'o Offer>,
        attachments: &BTreeMap<Name, i64>,
    ) -> Option<Dynamic> {
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
