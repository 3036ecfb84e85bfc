//! Of what NodeGroups may be made for pods that no group can host (`SC-10`).

use std::collections::BTreeMap;

use fleet_plan::Name;
use fleet_plan::dynamic::{Dynamic, Size};
use k8s_openapi::api::core::v1::Namespace;
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
    /// The API server would refuse them.
    #[error(
        "the namespace that nodeGroupDefaults names does not exist; make it, or name another as `namespace`"
    )]
    Namespace,
}

// === impl Gap ===

impl Gap {
    /// Returns its stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Datacenter => "datacenter",
            Self::Cluster => "cluster",
            Self::Version => "version",
            Self::Taints => "taints",
            Self::Namespace => "namespace",
        }
    }
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

    /// Tells whether one of these is the namespace that they are made in, and it is not on its way out.
    ///
    /// The API server always has the usual one; and where there is none at all, nobody has told of namespaces.
    pub fn have_namespace<'n>(&self, namespaces: impl Iterator<Item = &'n Namespace>) -> bool {
        let own = self.defaults.namespace_name();
        let mut namespaces = namespaces.peekable();
        own == NodeGroupDefaults::default().namespace_name()
            || namespaces.peek().is_none()
            || namespaces.any(|one| {
                one.metadata.name.as_deref() == Some(own) && one.metadata.deletion_timestamp.is_none()
            })
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn namespaces(all: &[Value]) -> Vec<Namespace> {
        let read = |metadata: &Value| serde_json::from_value(json!({ "metadata": metadata }));
        all.iter()
            .map(|metadata| read(metadata).expect("a Namespace"))
            .collect()
    }

    /// SC-10: a namespace counts while it is there to stay; of the usual one, and where nobody tells, none is missed.
    #[test]
    fn namespace_is_missed_only_where_others_are_told() {
        let (apps, shop) = (json!({ "name": "apps" }), json!({ "name": "shop" }));
        let leaving = json!({ "name": "apps", "deletionTimestamp": "2026-01-24T08:00:00Z" });
        for (own, told, expected) in [
            (Some("apps"), vec![shop.clone(), apps], true),
            (Some("apps"), vec![shop.clone()], false),
            (Some("apps"), vec![shop.clone(), leaving], false),
            (Some("apps"), vec![], true),
            (None, vec![shop], true),
        ] {
            let new_groups = NewGroups {
                defaults: NodeGroupDefaults {
                    namespace: own.map(str::to_owned),
                    ..NodeGroupDefaults::default()
                },
                datacenter: "dc".to_owned(),
            };
            let has_own = new_groups.have_namespace(namespaces(&told).iter());
            assert_eq!(has_own, expected, "{own:?} among {told:?}");
        }
    }
}
