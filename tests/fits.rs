//! Fits by our rules and by the real scheduler: a thousand random pods, each put before both.

#[path = "fits/late.rs"]
mod late;
#[path = "fits/random.rs"]
mod random;
#[path = "fits/storage.rs"]
mod storage;

use std::collections::BTreeMap;
use std::time::Duration;

use autoscaler_controller::planning::{Reader, Volumes};
use fleet_plan::labels::Labels;
use fleet_plan::node::{Node as Place, Resident};
use fleet_plan::{Misfit, Name};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kit::control_plane::ControlPlane;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use random::Random;
use serde_json::{Value, json};

/// How long the scheduler may take for one pod on two cores that also compile.
const POD_LIMIT: Duration = Duration::from_secs(60);

/// The pause between two looks at a pod.
const PAUSE: Duration = Duration::from_millis(5);

/// Sets of Nodes, one after the other; each of them gets so many pods, one after the other.
const WORLDS: u64 = 10;
const PODS: usize = 105;
const NODES: usize = 6;

/// How many pods may be there before some are taken away.
const CROWD: usize = 18;

/// How many are taken away then.
const TAKEN: usize = 8;

/// How many of the others begin to end then, and stay until they are taken away.
const ENDING: usize = 3;

/// The seconds that a pod may take to end: longer than any test.
const FOR_EVER: u32 = 86_400;

/// How many disagreements are enough to see what is wrong: each may take a second look.
const ENOUGH: usize = 5;

/// How long a pod that fits by our rules may wait after the scheduler refused it: an end that it hears of late makes it
/// try again, after a pause of a second or more.
const SECOND_LOOK: Duration = Duration::from_secs(15);

/// Is a cluster, and what our rules know of it.
struct Trial {
    client: Client,
    reader: Reader,
    volumes: Volumes,
    namespaces: BTreeMap<Name, Labels>,
    places: Vec<Place>,
    bound: Vec<Bound>,
}

/// Is a pod on a Node.
struct Bound {
    pod: Pod,
    place: usize,
    resident: Resident,
}

/// Counts what came of the pods.
#[derive(Debug, Default)]
struct Tally {
    bound: usize,
    refused: usize,
    /// Those of the bound ones whose claim got its volume with them.
    late: usize,
    disagreements: Vec<String>,
}

/// SC-2: the scheduler binds a pod only where it fits by our rules, and leaves it waiting only where it fits nowhere.
#[tokio::test]
async fn scheduler_and_fit_agree_on_a_thousand_random_pods() {
    let mut control_plane = kit::whole_control_plane!("disruption-controller");
    let mut tally = Tally::default();
    let mut trial = Trial::start(&control_plane).await;
    for world in 0..WORLDS {
        let mut random = Random::new(world);
        trial.make_nodes(world, &mut random, &mut control_plane).await;
        late::make_volumes(&trial.client, world, &mut trial.volumes).await;
        for number in 0..PODS {
            let pod = random::pod(&format!("w{world}-{number}"), &mut random);
            trial.put(pod, &mut control_plane, &mut tally).await;
            if tally.disagreements.len() == ENOUGH {
                break;
            }
            if trial.bound.len() == CROWD {
                trial.thin_out(world, &mut random, &mut control_plane).await;
            }
        }
        trial.clear().await;
        if tally.disagreements.len() == ENOUGH {
            break;
        }
    }
    println!(
        "{} pods bound, {} of them with a volume of that moment, {} refused, {} disagreements",
        tally.bound,
        tally.late,
        tally.refused,
        tally.disagreements.len()
    );
    assert_eq!(tally.disagreements, Vec::<String>::new());
    assert!(
        tally.bound > 200 && tally.refused > 200 && tally.late > 20,
        "no answer is rare: {tally:?}"
    );
}

// === impl Trial ===

impl Trial {
    async fn start(control_plane: &ControlPlane) -> Self {
        let client = control_plane.client();
        let mut namespaces = BTreeMap::new();
        for (name, team) in random::NAMESPACES {
            let namespace = json!({"metadata": {"name": name, "labels": {"team": team}}});
            let namespace: Namespace = serde_json::from_value(namespace).expect("a Namespace");
            let made = Api::<Namespace>::all(client.clone())
                .create(&PostParams::default(), &namespace)
                .await;
            let labels = made.expect("it is made").labels().clone();
            let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into()));
            namespaces.insert(Name::from(name), labels.collect());
        }
        Self {
            volumes: storage::make(&client).await,
            client,
            reader: Reader::default(),
            namespaces,
            places: Vec::new(),
            bound: Vec::new(),
        }
    }

    /// Makes Nodes without kubelets, and waits until the scheduler knows them as they are.
    async fn make_nodes(&mut self, world: u64, random: &mut Random, control_plane: &mut ControlPlane) {
        let api = Api::<Node>::all(self.client.clone());
        for number in 0..NODES {
            let node: Node = serde_json::from_value(random::node(world, number, random)).expect("a Node");
            let limits = storage::limit(&self.client, &node.name_any(), random).await;
            let made = api
                .create(&PostParams::default(), &node)
                .await
                .expect("it is made");
            // Whoever admits Nodes gives them a taint that a controller takes off again, which does not run here.
            let settled = json!({
                "metadata": {"labels": {"settled": "yes"}},
                "spec": {"taints": node.spec.and_then(|spec| spec.taints).unwrap_or_default()},
            });
            let patched = api
                .patch(&made.name_any(), &PatchParams::default(), &Patch::Merge(settled))
                .await;
            let patched = patched.expect("it is patched").into();
            let place = self.reader.node(&patched, limits.as_ref());
            self.places.push(place.expect("it can be read"));
        }
        for number in 0..NODES {
            let name = random::node_name(world, number);
            let seen = self.sentinel(&name, control_plane).await;
            assert_eq!(bound_to(&seen), Some(&*name), "the scheduler knows the Node");
        }
    }

    /// Lets the scheduler decide on a pod that is for one Node only; returns it as it was then.
    async fn sentinel(&self, node: &str, control_plane: &mut ControlPlane) -> Pod {
        let sentinel = serde_json::from_value(random::sentinel(node)).expect("a Pod");
        let sentinel = self.create(sentinel).await;
        let decided = self
            .outcome(&sentinel, control_plane, POD_LIMIT, is_decided)
            .await;
        let decided = decided.unwrap_or_else(|| panic!("the sentinel of {node} was not decided in time"));
        self.delete(&decided, 0).await;
        decided
    }

    /// Puts a pod before the scheduler and before our rules.
    async fn put(&mut self, pod: Value, control_plane: &mut ControlPlane, tally: &mut Tally) {
        let pod: Pod = serde_json::from_value(pod).expect("a Pod");
        late::make_claim(&self.client, &pod, &mut self.volumes).await;
        let pod = self.create(pod).await;
        let read = self.reader.demand(&pod, &self.volumes);
        let demand = match read {
            Ok(demand) => Some(demand),
            Err(flaw) => {
                let known = ["contradictory-affinity", "claim-unusable"];
                assert!(known.contains(&flaw.word()), "{flaw:?}");
                None
            }
        };
        let misfits = demand
            .as_ref()
            .map(|demand| fleet_plan::fit(demand, &self.places, &self.namespaces));
        let decided = self.outcome(&pod, control_plane, POD_LIMIT, is_decided).await;
        let mut pod = decided.unwrap_or_else(|| panic!("{} was not decided in time", pod.name_any()));
        let fits = |place: usize| misfits.as_ref().is_some_and(|misfits| misfits[place].is_empty());
        if bound_to(&pod).is_none() && (0..self.places.len()).any(&fits) {
            let is_bound = |pod: &Pod| bound_to(pod).is_some();
            let later = self.outcome(&pod, control_plane, SECOND_LOOK, is_bound).await;
            pod = later.unwrap_or(pod);
        }
        let place = bound_to(&pod).map(|name| self.places.iter().position(|place| &*place.name == name));
        let do_agree = match place {
            Some(place) => place.is_some_and(&fits),
            None => !(0..self.places.len()).any(&fits),
        };
        if !do_agree {
            tally.disagreements.push(disagreement(&pod, misfits.as_deref()));
        }
        tally.late += usize::from(late::claim_of(&pod).is_some() && place.is_some());
        late::look(&self.client, &pod, &mut self.volumes).await;
        match (place.flatten(), demand) {
            (Some(place), Some(_)) => {
                tally.bound += 1;
                // A claim that had no volume has one now.
                let demand = self.reader.demand(&pod, &self.volumes);
                let resident = Resident {
                    demand: demand.expect("it could be read before"),
                    is_terminating: false,
                };
                self.places[place].pods.push(resident.clone());
                self.bound.push(Bound { pod, place, resident });
            }
            (None, _) | (_, None) => {
                tally.refused += 1;
                self.delete(&pod, 0).await;
            }
        }
    }

    /// Takes some pods away, and lets the scheduler hear of it.
    async fn thin_out(&mut self, world: u64, random: &mut Random, control_plane: &mut ControlPlane) {
        for _ in 0..TAKEN {
            let one = self.bound.swap_remove(random.below(self.bound.len()));
            self.take_off(&one);
            self.delete(&one.pod, 0).await;
        }
        for _ in 0..ENDING {
            let mut one = self.bound.swap_remove(random.below(self.bound.len()));
            self.take_off(&one);
            one.resident.is_terminating = true;
            self.places[one.place].pods.push(one.resident.clone());
            self.delete(&one.pod, FOR_EVER).await;
            self.bound.push(one);
        }
        // Ends and new pods reach the scheduler by two ways; once it has decided on another pod, it knows the ends, too.
        self.sentinel(&random::node_name(world, 0), control_plane).await;
    }

    /// Takes a pod off its place as our rules see it.
    fn take_off(&mut self, one: &Bound) {
        let pods = &mut self.places[one.place].pods;
        let position = pods.iter().position(|other| *other == one.resident);
        pods.swap_remove(position.expect("it is there"));
    }

    async fn clear(&mut self) {
        for one in std::mem::take(&mut self.bound) {
            self.delete(&one.pod, 0).await;
        }
        storage::forget_limits(&self.client).await;
        let api = Api::<Node>::all(self.client.clone());
        for place in self.places.drain(..) {
            api.delete(&place.name, &DeleteParams::default())
                .await
                .expect("it is deleted");
        }
    }

    fn pods(&self, pod: &Pod) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &pod.namespace().expect("it has one"))
    }

    async fn create(&self, pod: Pod) -> Pod {
        let made = self.pods(&pod).create(&PostParams::default(), &pod).await;
        made.unwrap_or_else(|error| panic!("{error}: {pod:?}"))
    }

    /// Deletes a pod, which is there for as many seconds unless somebody says that it has ended: no kubelet does.
    async fn delete(&self, pod: &Pod, seconds: u32) {
        let graceful = DeleteParams {
            grace_period_seconds: Some(seconds),
            ..DeleteParams::default()
        };
        self.pods(pod)
            .delete(&pod.name_any(), &graceful)
            .await
            .expect("it is deleted");
    }

    /// Waits until a pod is so; nothing when it is not in time.
    async fn outcome(
        &self,
        pod: &Pod,
        control_plane: &mut ControlPlane,
        limit: Duration,
        is_so: impl Fn(&Pod) -> bool,
    ) -> Option<Pod> {
        let pods = self.pods(pod);
        let waited = tokio::time::timeout(limit, async {
            loop {
                let pod = pods.get(&pod.name_any()).await.expect("it is there");
                if is_so(&pod) {
                    return pod;
                }
                late::bind(&self.client, &pod).await;
                control_plane.check_added().expect("the scheduler runs");
                tokio::time::sleep(PAUSE).await;
            }
        });
        waited.await.ok()
    }
}

/// Tells whether the scheduler has bound the pod, or has said that it cannot.
fn is_decided(pod: &Pod) -> bool {
    bound_to(pod).is_some() || is_refused(pod)
}

fn bound_to(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

fn is_refused(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let is_so = |reason: &Option<String>| reason.as_deref() == Some("Unschedulable");
    conditions.is_some_and(|all| {
        all.iter()
            .any(|one| one.type_ == "PodScheduled" && is_so(&one.reason))
    })
}

/// Says what the scheduler did and why our rules would not.
fn disagreement(pod: &Pod, misfits: Option<&[Vec<Misfit>]>) -> String {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let messages = conditions
        .into_iter()
        .flatten()
        .filter_map(|one| one.message.clone());
    let messages: Vec<String> = messages.collect();
    let spec = serde_json::to_string(&pod.spec).expect("it was read from JSON");
    let (name, node) = (pod.name_any(), bound_to(pod));
    format!(
        "{name} on {node:?}, {messages:?}; ours: {misfits:?}; {:?} {spec}",
        pod.labels()
    )
}
