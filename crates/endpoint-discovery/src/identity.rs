//! Who an instance is: an id that lasts, the order of ids, and what tells two sightings of one endpoint.

use std::net::IpAddr;

use serde::Serialize;

/// Names the object that stands behind an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TargetRef {
    /// The kind of the object, nearly always `Pod`.
    pub kind: String,
    /// The name of the object.
    pub name: String,
    /// The namespace of the object, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The uid of the object, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Tells whether two sightings are of one endpoint: by the uid of its target, or else by its address (EP-5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointKey {
    /// The uid of the target.
    Uid(String),
    /// The name of a pod whose uid is not told.
    Pod(String),
    /// The address of an endpoint without a target.
    Address(IpAddr),
}

/// Identifies an instance of one Service: the name of its pod, or its address (EP-2).
///
/// Ids are ordered by their ordinal first, those without one before all others, and then by their text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceId {
    ordinal: Option<u32>,
    text: String,
}

// === impl TargetRef ===

impl TargetRef {
    /// Tells the name of the pod, when it is one.
    pub fn pod_name(&self) -> Option<&str> {
        (self.kind == "Pod" && !self.name.is_empty()).then_some(self.name.as_str())
    }
}

// === impl EndpointKey ===

impl EndpointKey {
    pub(crate) fn of(target: Option<&TargetRef>, address: Option<IpAddr>) -> Option<Self> {
        let uid = target
            .and_then(|target| target.uid.clone())
            .filter(|uid| !uid.is_empty());
        if let Some(uid) = uid {
            return Some(Self::Uid(uid));
        }
        let pod = target.and_then(TargetRef::pod_name);
        pod.map(|name| Self::Pod(name.to_owned()))
            .or(address.map(Self::Address))
    }
}

// === impl InstanceId ===

impl InstanceId {
    /// Identifies the instance that is this pod.
    pub fn of_pod(name: &str) -> Self {
        Self {
            ordinal: ordinal(name),
            text: name.to_owned(),
        }
    }

    /// Identifies the instance that has nothing but this address.
    pub fn of_address(address: IpAddr) -> Self {
        Self {
            ordinal: None,
            text: address.to_string(),
        }
    }

    /// Shows the id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells the number at the end of the name of a pod, such as 5 for `web-5`.
    pub fn ordinal(&self) -> Option<u32> {
        self.ordinal
    }

    /// Tells the ordinal as older readers expect it: 0 where there is none.
    pub fn legacy_ordinal(&self) -> u32 {
        self.ordinal.unwrap_or(0)
    }
}

impl std::fmt::Display for InstanceId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Reads the digits after the last hyphen; none when there are none, or more than a number holds.
fn ordinal(name: &str) -> Option<u32> {
    let (_, digits) = name.rsplit_once('-')?;
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EP-2: the ordinal is the number after the last hyphen.
    #[test]
    fn ordinal_is_the_number_after_the_last_hyphen() {
        let cases = [
            ("web-0", Some(0)),
            ("web-5", Some(5)),
            ("web-42", Some(42)),
            ("web-007", Some(7)),
            ("my-app-12", Some(12)),
            ("web", None),
            ("web-", None),
            ("web42", None),
            ("web-7d4b9c6f5d-x2x4z", None),
            ("web-+5", None),
            ("web-99999999999", None),
            ("10", None),
        ];
        for (name, expected) in cases {
            assert_eq!(InstanceId::of_pod(name).ordinal(), expected, "{name}");
        }
        assert_eq!(InstanceId::of_pod("web").legacy_ordinal(), 0);
    }

    /// EP-2: ten comes after nine, and what has no ordinal comes first.
    #[test]
    fn ids_are_in_the_order_of_ordinal_and_text() {
        let mut ids = ["web-10", "web-9", "b", "a", "api-9"].map(InstanceId::of_pod);
        ids.sort();
        assert_eq!(
            ids.each_ref().map(InstanceId::as_str),
            ["a", "b", "api-9", "web-9", "web-10"]
        );
    }

    /// EP-5: one endpoint is known by the uid of its target, else by its address.
    #[test]
    fn key_is_the_uid_or_else_the_address() {
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let mut target = TargetRef {
            kind: "Pod".to_owned(),
            name: "web-0".to_owned(),
            namespace: None,
            uid: Some("u1".to_owned()),
        };
        let key = EndpointKey::of(Some(&target), Some(address));
        assert_eq!(key, Some(EndpointKey::Uid("u1".to_owned())));
        target.uid = None;
        let key = EndpointKey::of(Some(&target), Some(address));
        assert_eq!(key, Some(EndpointKey::Pod("web-0".to_owned())));
        target.kind = "Machine".to_owned();
        let key = EndpointKey::of(Some(&target), Some(address));
        assert_eq!(key, Some(EndpointKey::Address(address)));
        assert_eq!(EndpointKey::of(None, None), None);
    }
}
