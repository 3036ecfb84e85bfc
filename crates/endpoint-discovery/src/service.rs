//! What of a Service decides how its endpoints are read.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::Service;
use serde::Serialize;

/// Names a Service of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ServiceKey {
    /// The namespace of the Service.
    pub namespace: String,
    /// The name of the Service.
    pub name: String,
}

/// Holds what is known of a Service besides its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Which Service it is.
    pub key: ServiceKey,
    /// Whether it has no address of its own (`clusterIP: None`), so that its endpoints may have names.
    pub is_headless: bool,
    /// Whether it lists endpoints that are not ready as ready (`publishNotReadyAddresses`).
    pub publishes_not_ready: bool,
    /// Which pods belong to it; nothing when somebody else writes its endpoints.
    pub selector: Option<BTreeMap<String, String>>,
    /// The last part of every name of the cluster, such as `cluster.local`.
    pub cluster_domain: String,
}

// === impl ServiceKey ===

impl ServiceKey {
    /// Names a Service.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

// === impl ServiceFacts ===

impl ServiceFacts {
    /// Names the cluster domain that nearly every cluster has.
    pub const USUAL_CLUSTER_DOMAIN: &str = "cluster.local";

    /// Supposes the usual of a Service that cannot be read: an address of its own, and readiness that is told.
    pub fn unknown(key: ServiceKey, cluster_domain: &str) -> Self {
        Self {
            key,
            is_headless: false,
            publishes_not_ready: false,
            selector: None,
            cluster_domain: cluster_domain.to_owned(),
        }
    }

    /// Reads what matters off a Service.
    pub fn read(key: ServiceKey, service: &Service, cluster_domain: &str) -> Self {
        let Some(spec) = &service.spec else {
            return Self::unknown(key, cluster_domain);
        };
        let selector = spec.selector.clone().filter(|labels| !labels.is_empty());
        Self {
            key,
            is_headless: spec.cluster_ip.as_deref() == Some("None"),
            publishes_not_ready: spec.publish_not_ready_addresses == Some(true),
            selector,
            cluster_domain: cluster_domain.to_owned(),
        }
    }

    /// Names the Service in the DNS of the cluster.
    pub fn dns_name(&self) -> String {
        format!(
            "{}.{}.svc.{}",
            self.key.name, self.key.namespace, self.cluster_domain
        )
    }

    /// Writes the selector as the API server wants it in a list of pods.
    pub fn label_selector(&self) -> Option<String> {
        let labels = self.selector.as_ref()?.iter();
        Some(
            labels
                .map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<_>>()
                .join(","),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_off_the_spec() {
        let service: Service = serde_json::from_value(serde_json::json!({
            "spec": {"clusterIP": "None", "publishNotReadyAddresses": true, "selector": {"app": "web", "tier": "a"}}
        }))
        .unwrap();
        let facts = ServiceFacts::read(ServiceKey::new("shop", "web"), &service, "example.org");
        assert!(facts.is_headless && facts.publishes_not_ready);
        assert_eq!(facts.label_selector().as_deref(), Some("app=web,tier=a"));
        assert_eq!(facts.dns_name(), "web.shop.svc.example.org");
    }

    #[test]
    fn service_without_a_selector_selects_nothing_instead_of_everything() {
        let service: Service = serde_json::from_value(serde_json::json!({"spec": {"selector": {}}})).unwrap();
        let facts = ServiceFacts::read(ServiceKey::new("shop", "web"), &service, "cluster.local");
        assert_eq!(facts.label_selector(), None);
    }
}
