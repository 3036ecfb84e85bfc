//! A VPSieNode as stored, reduced to what it says for itself.

use serde_json::Value;

/// Holds what a stored VPSieNode records; no annotation is read.
pub(super) struct Claim {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) is_deleting: bool,
    pub(super) cluster: String,
    pub(super) group: Option<u64>,
    pub(super) node_group: String,
    pub(super) datacenter: String,
    /// The recorded identifier of a machine.
    pub(super) identifier: Option<String>,
    /// The recorded number of a machine; 0 means none.
    pub(super) number: Option<u64>,
    pub(super) node_name: Option<String>,
    pub(super) phase: String,
    pub(super) failure: String,
}

// === impl Claim ===

impl Claim {
    pub(super) fn read(object: &Value) -> Self {
        let (metadata, spec, status) = (&object["metadata"], &object["spec"], &object["status"]);
        let node_name = text(&status["nodeName"]).or_else(|| text(&spec["nodeName"]));
        Self {
            uid: text(&metadata["uid"]).unwrap_or_default(),
            name: text(&metadata["name"]).unwrap_or_default(),
            is_deleting: text(&metadata["deletionTimestamp"]).is_some(),
            cluster: text(&spec["resourceIdentifier"]).unwrap_or_default(),
            group: spec["vpsieGroupID"].as_u64().filter(|number| *number != 0),
            node_group: text(&spec["nodeGroupName"]).unwrap_or_default(),
            datacenter: text(&spec["datacenterID"]).unwrap_or_default(),
            identifier: text(&spec["vpsieNodeIdentifier"]),
            number: spec["vpsieInstanceID"].as_u64().filter(|number| *number != 0),
            node_name,
            phase: text(&status["phase"]).unwrap_or_default(),
            failure: text(&status["lastError"]).unwrap_or_default(),
        }
    }

    /// Reports whether it records any machine at all.
    pub(super) fn records_machine(&self) -> bool {
        self.identifier.is_some() || self.number.is_some()
    }
}

/// Reads a text; an empty one says as little as none.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
