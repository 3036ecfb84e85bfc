//! Volumes of pods: which Nodes reach them, and which of them take a place of a driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleet_plan::Names;
use fleet_plan::cluster::PodFlaw;
use fleet_plan::labels::{Operator, Requirement};
use fleet_plan::pod::{Attachment, Demand, NodeTerm, VolumePlace};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, Pod};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::ResourceExt;

use super::selectors::node_term;

/// Labels of a volume that name where it is; several places are divided by [`BETWEEN`].
const PLACES: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

/// Divides the places of a volume that is in several.
const BETWEEN: &str = "__";

/// Marks the storage class of claims that name none.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The provisioner of classes whose volumes somebody else makes.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// Holds claims, volumes and storage classes.
#[derive(Debug, Default)]
pub struct Volumes {
    claims: BTreeMap<(String, String), Arc<PersistentVolumeClaim>>,
    volumes: BTreeMap<String, Arc<PersistentVolume>>,
    classes: BTreeMap<String, Arc<StorageClass>>,
}

// === impl Volumes ===

impl Volumes {
    /// Takes a claim in.
    pub fn add_claim(&mut self, claim: PersistentVolumeClaim) {
        self.share_claim(Arc::new(claim));
    }

    /// Takes in a claim that somebody else holds, too.
    pub fn share_claim(&mut self, claim: Arc<PersistentVolumeClaim>) {
        let key = (claim.namespace().unwrap_or_default(), claim.name_any());
        self.claims.insert(key, claim);
    }

    /// Takes a volume in.
    pub fn add_volume(&mut self, volume: PersistentVolume) {
        self.share_volume(Arc::new(volume));
    }

    /// Takes in a volume that somebody else holds, too.
    pub fn share_volume(&mut self, volume: Arc<PersistentVolume>) {
        self.volumes.insert(volume.name_any(), volume);
    }

    /// Takes a storage class in.
    pub fn add_class(&mut self, class: StorageClass) {
        self.share_class(Arc::new(class));
    }

    /// Takes in a storage class that somebody else holds, too.
    pub fn share_class(&mut self, class: Arc<StorageClass>) {
        self.classes.insert(class.name_any(), class);
    }

    /// Adds to a demand what the volumes of its pod ask of a Node.
    pub(super) fn add_to(&self, demand: &mut Demand, pod: &Pod, names: &mut Names) -> Result<(), PodFlaw> {
        let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref());
        for volume in volumes.into_iter().flatten() {
            let named = volume
                .persistent_volume_claim
                .as_ref()
                .map(|source| source.claim_name.clone());
            let template = volume
                .ephemeral
                .as_ref()
                .and_then(|source| source.volume_claim_template.as_ref());
            let made = template.map(|_| format!("{}-{}", pod.name_any(), volume.name));
            let Some(name) = named.or(made) else { continue };
            let key = (pod.namespace().unwrap_or_default(), name.clone());
            match (self.claims.get(&key), template) {
                (Some(claim), _) => self.add_claim_to(demand, &name, claim.spec.as_ref(), names)?,
                (None, Some(template)) => self.add_claim_to(demand, &name, Some(&template.spec), names)?,
                (None, None) => return Err(PodFlaw::Claim(format!("the claim {name} is missing; make it"))),
            }
        }
        Ok(())
    }

    fn add_claim_to(
        &self,
        demand: &mut Demand,
        name: &str,
        claim: Option<&PersistentVolumeClaimSpec>,
        names: &mut Names,
    ) -> Result<(), PodFlaw> {
        let volume = claim
            .and_then(|claim| claim.volume_name.as_deref())
            .filter(|volume| !volume.is_empty());
        match volume {
            Some(volume) => match self.volumes.get(volume) {
                Some(volume) => add_volume_to(demand, name, volume, names),
                None => Err(PodFlaw::Claim(format!(
                    "the volume {volume} of the claim {name} is missing"
                ))),
            },
            None => {
                let class = claim.and_then(|claim| claim.storage_class_name.as_deref());
                self.add_late_claim_to(demand, name, class, names)
            }
        }
    }

    /// A claim without a volume gets one on the Node of its pod, where its class waits for that: one of those that are
    /// there, or one that the class makes.
    fn add_late_claim_to(
        &self,
        demand: &mut Demand,
        claim: &str,
        class: Option<&str>,
        names: &mut Names,
    ) -> Result<(), PodFlaw> {
        let is_default = |class: &&Arc<StorageClass>| {
            class
                .annotations()
                .get(DEFAULT_CLASS)
                .is_some_and(|is| is == "true")
        };
        let found = match class {
            Some(class) => self.classes.get(class),
            None => self.classes.values().find(is_default),
        };
        let Some(found) = found else {
            let class = class.unwrap_or("that is the default");
            return Err(PodFlaw::Claim(format!(
                "the claim {claim} has no volume, and there is no class {class}"
            )));
        };
        if found.volume_binding_mode.as_deref() != Some("WaitForFirstConsumer") {
            return Err(PodFlaw::Claim(format!(
                "the claim {claim} has no volume yet, and does not wait for a pod"
            )));
        }
        let mut places: Vec<Option<Vec<NodeTerm>>> = Vec::new();
        if found.provisioner != NO_PROVISIONER {
            places.push(allowed_by(found, names));
        }
        for volume in self.free(&found.name_any(), &demand.namespace, claim) {
            places.push(affinity_of(volume, names)?);
        }
        if places.is_empty() {
            return Err(PodFlaw::Claim(format!(
                "no volume is left for the claim {claim}, and its class makes none; make one"
            )));
        }
        if let Some(places) = places.into_iter().collect::<Option<Vec<_>>>() {
            demand.placement.volumes.push(VolumePlace {
                claim: names.get(claim),
                terms: places.concat(),
            });
        }
        demand.attachments.push(Attachment {
            driver: names.get(&found.provisioner),
            volume: names.get(&format!("{}/{claim}", demand.namespace)),
        });
        Ok(())
    }

    /// Lists the volumes of a class that nobody has, or that were kept for this claim.
    fn free(&self, class: &str, namespace: &str, claim: &str) -> impl Iterator<Item = &PersistentVolume> {
        let is_free = move |volume: &&Arc<PersistentVolume>| {
            let Some(spec) = &volume.spec else { return false };
            let is_kept = spec.claim_ref.as_ref().is_none_or(|kept_for| {
                kept_for.namespace.as_deref() == Some(namespace) && kept_for.name.as_deref() == Some(claim)
            });
            is_kept && spec.storage_class_name.as_deref() == Some(class)
        };
        self.volumes.values().filter(is_free).map(AsRef::as_ref)
    }
}

/// Says where a class makes volumes; none where it makes them anywhere.
fn allowed_by(class: &StorageClass, names: &mut Names) -> Option<Vec<NodeTerm>> {
    let topologies = class.allowed_topologies.as_ref().filter(|all| !all.is_empty())?;
    let terms = topologies.iter().map(|topology| {
        let all = topology.match_label_expressions.iter().flatten();
        let labels = all.map(|one| any_of(&one.key, one.values.iter().map(String::as_str), names));
        of_labels(labels.collect())
    });
    Some(terms.collect())
}

/// Says which Nodes reach a volume; none where all do.
fn affinity_of(volume: &PersistentVolume, names: &mut Names) -> Result<Option<Vec<NodeTerm>>, PodFlaw> {
    let affinity = volume.spec.as_ref().and_then(|spec| spec.node_affinity.as_ref());
    let Some(required) = affinity.and_then(|affinity| affinity.required.as_ref()) else {
        return Ok(None);
    };
    let terms = required.node_selector_terms.iter();
    let terms: Result<Vec<NodeTerm>, _> = terms.map(|term| node_term(term, names)).collect();
    terms
        .map(Some)
        .map_err(|error| PodFlaw::Unreadable(error.to_string()))
}

fn add_volume_to(
    demand: &mut Demand,
    claim: &str,
    volume: &PersistentVolume,
    names: &mut Names,
) -> Result<(), PodFlaw> {
    if let Some(terms) = affinity_of(volume, names)? {
        demand.placement.volumes.push(VolumePlace {
            claim: names.get(claim),
            terms,
        });
    }
    for key in PLACES {
        if let Some(places) = volume.labels().get(key) {
            let named = any_of(key, places.split(BETWEEN), names);
            let terms = vec![of_labels(vec![named]), nowhere(names)];
            demand.placement.volumes.push(VolumePlace {
                claim: names.get(claim),
                terms,
            });
        }
    }
    if let Some(source) = volume.spec.as_ref().and_then(|spec| spec.csi.as_ref()) {
        demand.attachments.push(Attachment {
            driver: names.get(&source.driver),
            volume: names.get(&source.volume_handle),
        });
    }
    Ok(())
}

/// Selects Nodes that do not say where they are: the scheduler lets volumes of any place go there.
fn nowhere(names: &mut Names) -> NodeTerm {
    let absent = PLACES.map(|key| Requirement {
        key: names.get(key),
        operator: Operator::DoesNotExist,
    });
    of_labels(absent.into())
}

fn of_labels(labels: Vec<Requirement>) -> NodeTerm {
    NodeTerm {
        labels,
        names: Vec::new(),
    }
}

fn any_of<'a>(key: &str, values: impl Iterator<Item = &'a str>, names: &mut Names) -> Requirement {
    let values = values.map(|value| names.get(value)).collect();
    Requirement {
        key: names.get(key),
        operator: Operator::In(values),
    }
}
