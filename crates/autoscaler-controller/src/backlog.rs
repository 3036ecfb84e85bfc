//! What planning knows of pods: those that are on no Node, with what they ask for, and who is on each Node.

use crate::planning::{Call, Reader, Volumes, is_pending, requested, residence};
use crate::room;
use crate::watches::{Place, fitting};
use chrono::{DateTime, Utc};
use fleet_plan::cluster::{Ignored, Pod as Planned, PodFlaw, Standing};
use fleet_plan::node::Resident;
use fleet_plan::pod::PodName;
use fleet_plan::{Demand, Resources};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::ResourceExt;
use kube::runtime::watcher::Event;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// After so many pods that went, texts and demands that nobody shares any longer are forgotten.
const SWEEP: u32 = 1_000;

/// The pods of a cluster as far as a plan asks of them, kept up to date by the watch of pods.
///
/// Memory grows with the pods that there are, by some hundred bytes for each, and with the kinds of them.
#[derive(Debug, Default)]
pub struct Backlog {
    reader: Reader,
    there: There,
    /// What a new first list has brought so far; it counts once it is complete.
    arriving: Option<There>,
    gone: u32,
}

#[derive(Debug, Default)]
struct There {
    waiting: BTreeMap<Place, Waiting>,
    /// Who is on each Node, in order of the hashes of their uids.
    nodes: BTreeMap<String, Vec<Guest>>,
}

/// A pod that is on no Node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    uid: String,
    call: Call,
    need: Need,
}

/// A pod on a Node.
#[derive(Debug)]
struct Guest {
    /// A hash of its uid, which is all that it takes to know it among the few on its Node.
    uid: u64,
    need: Need,
    is_terminating: bool,
}

/// What a pod asks for.
#[derive(Clone, Debug, PartialEq)]
enum Need {
    /// This.
    Known(Arc<Demand>),
    /// Nobody can tell, or nothing could meet it.
    Flawed(Box<PodFlaw>),
    /// Its volumes are looked at anew for each plan, because they come and go without it.
    Claims(Arc<Pod>),
}

impl Eq for Need {}

// === impl Backlog ===

impl Backlog {
    /// Takes one event of the watch in; tells whether a pod is called unschedulable since, or no longer.
    pub fn take(&mut self, event: &Event<Pod>) -> bool {
        match event {
            Event::Init => {
                self.arriving = Some(There::default());
                false
            }
            Event::InitApply(pod) => {
                let arriving = self.arriving.get_or_insert_default();
                arriving.put(pod, &mut self.reader)
            }
            Event::InitDone => {
                self.there = self.arriving.take().unwrap_or_default();
                self.reader.forget_unused();
                true
            }
            Event::Apply(pod) => self.there.put(pod, &mut self.reader),
            Event::Delete(pod) => {
                self.gone += 1;
                if self.gone >= SWEEP {
                    self.gone = 0;
                    self.reader.forget_unused();
                }
                self.there.remove(pod)
            }
        }
    }

    /// Tells whether the scheduler calls any pod unschedulable.
    pub fn has_unschedulable(&self) -> bool {
        self.there.waiting.values().any(|pod| pod.call.is_unschedulable())
    }

    /// Returns when the next pod has waited for as long as `grace`.
    pub fn due_at(&self, grace: Duration, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let due = self.there.waiting.values();
        due.filter_map(|pod| pod.call.due_at(grace))
            .filter(|due| *due > now)
            .min()
    }

    /// Lists the pods that are on no Node, as they stand now.
    pub fn pods(&mut self, volumes: &Volumes, grace: Duration, now: DateTime<Utc>) -> Vec<Planned> {
        let (there, reader) = (&self.there, &mut self.reader);
        let pods = there.waiting.iter().map(|((namespace, name), pod)| Planned {
            name: PodName {
                namespace: reader.name(namespace),
                name: name.as_str().into(),
            },
            standing: match pod.call {
                Call::Ignored(ignored) => Standing::Ignored(ignored),
                call @ Call::Unschedulable { .. } if call.is_within(grace, now) => {
                    Standing::Ignored(Ignored::WithinGrace)
                }
                Call::Unschedulable { .. } => match pod.need.read(volumes, reader) {
                    Ok(demand) => Standing::Waiting(demand),
                    Err(flaw) => Standing::Unreadable(flaw),
                },
            },
        });
        pods.collect()
    }

    /// Lists who is on a Node. One whose wish cannot be read is left out: it is there already.
    pub fn residents(&mut self, node: &str, volumes: &Volumes) -> Vec<Resident> {
        let guests = self.there.nodes.get(node).into_iter().flatten();
        let residents = guests.filter_map(|guest| {
            Some(Resident {
                demand: guest.need.read_resident(volumes, &mut self.reader)?,
                is_terminating: guest.is_terminating,
            })
        });
        residents.collect()
    }

    /// Sums up the CPU and the memory that pods on a Node request; what cannot be read of them counts for nothing.
    pub fn requests_on(&self, node: &str) -> Resources {
        let mut sum = Resources::default();
        for guest in self.there.nodes.get(node).into_iter().flatten() {
            guest.need.add_to(&mut sum);
        }
        sum
    }

    /// Tells whether some pod has volumes that are claimed.
    pub fn has_claims(&self) -> bool {
        let waiting = self.there.waiting.values().map(|pod| &pod.need);
        let guests = self.there.nodes.values().flatten().map(|guest| &guest.need);
        let mut needs = waiting.chain(guests);
        needs.any(|need| matches!(need, Need::Claims(_)))
    }

    /// Returns the uid of a pod that is on no Node.
    pub fn uid(&self, place: &Place) -> Option<&str> {
        Some(self.there.waiting.get(place)?.uid.as_str())
    }

    /// Returns since when the scheduler finds no Node for a pod, where that is written down.
    #[must_use]
    pub fn since(&self, place: &Place) -> Option<DateTime<Utc>> {
        self.there.waiting.get(place)?.call.since()
    }

    /// Reads objects so that what they share with pods is kept once.
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

// === impl There ===

impl There {
    /// Takes a pod in, or out when it has ended; tells whether one is called unschedulable since, or no longer.
    fn put(&mut self, pod: &Pod, reader: &mut Reader) -> bool {
        if is_pending(pod) {
            let need = Need::of(pod, reader);
            let waiting = Waiting {
                uid: pod.uid().unwrap_or_default(),
                call: Call::of(pod),
                need,
            };
            let is_called = waiting.call.is_unschedulable();
            let is_same = self.waiting.get(&place(pod)) == Some(&waiting);
            let before = self.waiting.insert(place(pod), waiting);
            let was_called = before.is_some_and(|before| before.call.is_unschedulable());
            return (is_called || was_called) && !is_same;
        }
        let Some(node) = residence(pod) else {
            return self.remove(pod);
        };
        let was_called = self.remove_waiting(pod);
        let guest = Guest {
            uid: hash(pod),
            need: Need::of_resident(pod, reader),
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
        };
        let guests = self.nodes.entry(node.to_owned()).or_default();
        match guests.binary_search_by_key(&guest.uid, |known| known.uid) {
            Ok(found) => guests[found] = guest,
            Err(free) => room::insert(guests, free, guest),
        }
        was_called
    }

    fn remove(&mut self, pod: &Pod) -> bool {
        let node = node_of(pod);
        if let Some(guests) = self.nodes.get_mut(node) {
            if let Ok(found) = guests.binary_search_by_key(&hash(pod), |guest| guest.uid) {
                room::remove(guests, found);
            }
            if guests.is_empty() {
                self.nodes.remove(node);
            }
        }
        self.remove_waiting(pod)
    }

    fn remove_waiting(&mut self, pod: &Pod) -> bool {
        let before = self.waiting.remove(&place(pod));
        before.is_some_and(|before| before.call.is_unschedulable())
    }
}

// === impl Need ===

impl Need {
    fn of(pod: &Pod, reader: &mut Reader) -> Self {
        if pod.spec.as_ref().is_some_and(has_claims) {
            return Self::Claims(Arc::new(fitting::pod(pod)));
        }
        match reader.demand(pod, &Volumes::default()) {
            Ok(demand) => Self::Known(demand),
            Err(flaw) => Self::Flawed(Box::new(flaw)),
        }
    }

    /// Reads what a pod takes that has its Node already: what it asked for before is no flaw.
    fn of_resident(pod: &Pod, reader: &mut Reader) -> Self {
        if pod.spec.as_ref().is_some_and(has_claims) {
            return Self::Claims(Arc::new(fitting::pod(pod)));
        }
        match reader.resident(pod, &Volumes::default()) {
            Ok(resident) => Self::Known(resident.demand),
            Err(flaw) => Self::Flawed(Box::new(flaw)),
        }
    }

    fn read(&self, volumes: &Volumes, reader: &mut Reader) -> Result<Arc<Demand>, PodFlaw> {
        match self {
            Self::Known(demand) => Ok(Arc::clone(demand)),
            Self::Flawed(flaw) => Err(PodFlaw::clone(flaw)),
            Self::Claims(pod) => reader.demand(pod, volumes),
        }
    }

    /// Adds the CPU and the memory that it asks for.
    fn add_to(&self, sum: &mut Resources) {
        let add = |sum: &mut Resources, asked: &Resources| {
            sum.cpu_m = sum.cpu_m.saturating_add(asked.cpu_m);
            sum.memory_bytes = sum.memory_bytes.saturating_add(asked.memory_bytes);
        };
        match self {
            Self::Known(demand) => add(sum, &demand.requests),
            Self::Flawed(_) => {}
            Self::Claims(pod) => {
                let asked = pod.spec.as_ref().and_then(|spec| requested(spec).ok());
                asked.iter().for_each(|asked| add(sum, asked));
            }
        }
    }

    fn read_resident(&self, volumes: &Volumes, reader: &mut Reader) -> Option<Arc<Demand>> {
        match self {
            Self::Known(demand) => Some(Arc::clone(demand)),
            Self::Flawed(_) => None,
            Self::Claims(pod) => Some(reader.resident(pod, volumes).ok()?.demand),
        }
    }
}

fn has_claims(spec: &PodSpec) -> bool {
    let mut volumes = spec.volumes.iter().flatten();
    volumes.any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some())
}

fn hash(pod: &Pod) -> u64 {
    SipHasher13::new().hash(pod.metadata.uid.as_deref().unwrap_or_default().as_bytes())
}

fn place(pod: &Pod) -> Place {
    (pod.namespace().unwrap_or_default(), pod.name_any())
}

fn node_of(pod: &Pod) -> &str {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    node.unwrap_or_default()
}

#[cfg(test)]
mod tests;
