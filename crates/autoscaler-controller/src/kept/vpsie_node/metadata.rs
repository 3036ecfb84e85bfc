//! Who a VPSieNode is.

use super::is_ours;
use crate::kept::Pairs;
use crate::kept::texts::Texts;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

/// Who a VPSieNode is: no labels, which are for people, and no owners.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// In the order of the constants, and behind them the finalizers.
    texts: Texts,
    /// Its annotations with keys of ours.
    pub annotations: Pairs,
    /// Generation of its spec.
    pub generation: Option<i64>,
    /// When it was created.
    pub creation_timestamp: Option<Time>,
    /// When its deletion was asked for.
    pub deletion_timestamp: Option<Time>,
}

const NAME: usize = 0;
const NAMESPACE: usize = 1;
const UID: usize = 2;
const RESOURCE_VERSION: usize = 3;
const FINALIZERS: usize = 4;

// === impl Metadata ===

impl Metadata {
    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.texts.get(NAME)
    }

    /// Returns its namespace.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.texts.get(NAMESPACE)
    }

    /// Returns its uid.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        self.texts.get(UID)
    }

    /// Returns the version that was read.
    #[must_use]
    pub fn resource_version(&self) -> Option<&str> {
        self.texts.get(RESOURCE_VERSION)
    }

    /// Lists its finalizers.
    pub fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().skip(FINALIZERS).flatten()
    }
}

impl From<&ObjectMeta> for Metadata {
    fn from(metadata: &ObjectMeta) -> Self {
        let head: [_; FINALIZERS] = [
            &metadata.name,
            &metadata.namespace,
            &metadata.uid,
            &metadata.resource_version,
        ];
        let finalizers = metadata.finalizers.iter().flatten();
        let finalizers = finalizers.map(|finalizer| Some(finalizer.as_str()));
        let annotations = metadata.annotations.iter().flatten();
        Self {
            texts: head.into_iter().map(Option::as_deref).chain(finalizers).collect(),
            annotations: annotations.filter(|(key, _)| is_ours(key)).collect(),
            generation: metadata.generation,
            creation_timestamp: metadata.creation_timestamp.clone(),
            deletion_timestamp: metadata.deletion_timestamp.clone(),
        }
    }
}
