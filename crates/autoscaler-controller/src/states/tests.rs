//! What is evaluated when, and who is told.

use super::*;
use crate::resources::{Phase, keys};
use crate::testing::{TestWorld, at, claim, group, node, world};
use crate::watches::News;
use node_lifecycle::State;
use node_state::store::{Filter, Update};
use std::sync::Mutex;

/// Evaluates by the usual rules and remembers what it was asked about (`NS-2`).
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Evaluator for Asked {
    fn evaluate(&self, inputs: &node_state::Inputs<'_>) -> node_state::NodeState {
        self.0.lock().unwrap().push(inputs.subject.name().to_string());
        Rules::default().evaluate(inputs)
    }
}

/// An engine with an evaluator that remembers.
struct Engine {
    states: States,
    asked: Asked,
    metrics: Metrics,
}

impl Engine {
    fn new() -> Self {
        let asked = Asked::default();
        let mut states = States::default();
        states.evaluate_with(Box::new(asked.clone()));
        let metrics = Metrics::default();
        Self {
            states,
            asked,
            metrics,
        }
    }

    /// Takes everything in that there is in a world, as after a new list.
    fn list(&mut self, world: &TestWorld) -> (Arc<Snapshot>, Vec<String>) {
        self.hear(world, world.everything())
    }

    fn hear(&mut self, world: &TestWorld, changes: Changes) -> (Arc<Snapshot>, Vec<String>) {
        self.states.take_in(changes, &world.lives);
        self.states.take_in_lives(&world.claims, &world.lives);
        let snapshot = self
            .states
            .settle(&world.pods, Trigger::Pass, at(0), &self.metrics);
        (snapshot, self.asked.take())
    }
}

/// Nothing has changed.
fn nothing() -> Changes {
    Changes {
        groups: News::Some(Vec::new()),
        vpsie_nodes: News::Some(Vec::new()),
        nodes: News::Some(Vec::new()),
        pods: Marked::default(),
    }
}

/// A group of one Node that is idle, and a VPSieNode without one.
fn web() -> TestWorld {
    let joined = claim("web-1").in_phase(Phase::Ready).lived(State::Idle);
    let joined = joined.status(|status| status.node_name = Some("n1".to_owned()));
    let mut labelled = node("n1");
    labelled.metadata.labels = [(keys::LABEL_NODE_GROUP.to_owned(), "web".to_owned())].into();
    world()
        .group(group("web"))
        .claim(joined)
        .claim(claim("web-2").in_phase(Phase::Provisioning))
        .node(labelled)
        .node(node("lone"))
}

/// NS-6, NS-25: all is evaluated, once, and published as one generation; before it there is nothing to read, and no way to
/// subscribe.
#[test]
fn first_generation_has_everything() {
    let mut engine = Engine::new();
    assert!(engine.states.readers().borrow().is_none());
    let (snapshot, asked) = engine.list(&web());
    assert_eq!(asked, ["lone", "n1", "web-2"]);
    assert_eq!((snapshot.generation(), snapshot.count()), (1, 3));
    assert!(engine.states.readers().borrow().is_some());
}

/// NS-6: that there is nothing is published, too.
#[test]
fn empty_cluster_has_a_generation() {
    let mut engine = Engine::new();
    let (snapshot, asked) = engine.list(&world());
    assert_eq!((snapshot.generation(), asked.len()), (1, 0));
    assert!(engine.states.is_whole());
}

/// NS-2, NS-12: a new list with nothing new in it, as after a watch was cut, evaluates nothing and is no generation.
#[test]
fn new_list_of_the_same_evaluates_nothing() {
    let mut engine = Engine::new();
    engine.list(&web());
    let (snapshot, asked) = engine.list(&web());
    assert_eq!((snapshot.generation(), asked.len()), (1, 0));
}

/// NS-7, NS-12: what a list lacks is gone, and only what differs is evaluated.
#[test]
fn new_list_ends_what_it_lacks() {
    let mut engine = Engine::new();
    engine.list(&web());
    let reader = engine.states.readers().borrow().clone().unwrap();
    let mut told = reader.subscribe("told", Filter::all());
    drop(told.try_next());
    let mut shorter = web();
    shorter.nodes.pop();
    let mut broken = node("n1");
    broken.status = None;
    shorter.nodes = vec![Arc::new(broken)];
    let (snapshot, asked) = engine.list(&shorter);
    assert_eq!((snapshot.count(), asked), (2, vec!["n1".to_owned()]));
    let Some(Update::Changes { nodes, .. }) = told.try_next() else {
        panic!("the consumer is told");
    };
    assert!(nodes[&Subject::node("lone")].now.is_none());
}

/// NS-7: a Node that is gone is gone from the states, and its group hears that it lost one.
#[test]
fn deleted_node_is_told_to_its_group() {
    let mut engine = Engine::new();
    let world = web();
    engine.list(&world);
    let reader = engine.states.readers().borrow().clone().unwrap();
    let mut told = reader.subscribe("told", Filter::groups());
    drop(told.try_next());
    let gone = News::Some(vec![((String::new(), "n1".to_owned()), None)]);
    let (_, asked) = engine.hear(
        &world,
        Changes {
            nodes: gone,
            ..nothing()
        },
    );
    assert_eq!(asked, ["web-1"], "its VPSieNode has a state of its own again");
    let Some(Update::Changes { groups, .. }) = told.try_next() else {
        panic!("the group is told");
    };
    assert!(groups.values().all(|group| group.is_there && group.lost_a_node));
    assert_eq!(groups.len(), 1);
}

/// NS-9: of a NodeGroup that changed exactly the members are evaluated, and those of one that is gone.
#[test]
fn group_concerns_its_members() {
    let mut engine = Engine::new();
    let world = web();
    engine.list(&world);
    let place = ("kube-system".to_owned(), "web".to_owned());
    let newer = group("web").but(|group| group.spec.kubernetes_version = "v1.35.0".to_owned());
    let changed = |group: Option<crate::testing::GroupBuilder>| Changes {
        groups: News::Some(vec![(place.clone(), group.map(|group| Arc::new(group.0)))]),
        ..nothing()
    };
    assert_eq!(engine.hear(&world, changed(Some(newer))).1, ["n1", "web-2"]);
    let paused = group("web").unmanaged();
    assert_eq!(
        engine.hear(&world, changed(Some(paused.clone()))).1,
        ["n1", "web-2"]
    );
    assert_eq!(
        engine.hear(&world, changed(Some(paused))).1.len(),
        0,
        "nothing new"
    );
    assert_eq!(engine.hear(&world, changed(None)).1, ["n1", "web-2"]);
    assert_eq!(
        engine.hear(&world, changed(Some(group("web")))).1,
        ["n1", "web-2"],
        "who names it is of it again"
    );
}

/// NS-9: another group for a VPSieNode and its Node evaluates that node, and tells the old group and the new one.
#[test]
fn member_that_moves_concerns_both_groups() {
    let mut engine = Engine::new();
    let mut world = web().group(group("db"));
    engine.list(&world);
    let reader = engine.states.readers().borrow().clone().unwrap();
    let mut told = reader.subscribe("told", Filter::groups());
    drop(told.try_next());
    let mut moved = world.claims[0].object.whole();
    moved.spec.node_group_name = "db".to_owned();
    let moved = ClaimObject::new(Arc::new(moved.into()));
    let vpsie_nodes = News::Some(vec![(
        ("kube-system".to_owned(), "web-1".to_owned()),
        Some(Arc::clone(&moved.object)),
    )]);
    world.claims[0] = moved;
    let changes = Changes {
        vpsie_nodes,
        ..nothing()
    };
    assert_eq!(engine.hear(&world, changes).1, ["n1"]);
    let Some(Update::Changes { groups, .. }) = told.try_next() else {
        panic!("both groups are told");
    };
    let names: Vec<&str> = groups.keys().map(|group| &*group.name).collect();
    assert_eq!(names, ["db", "web"]);
}

/// NS-9: what concerns everything, as other rules do, evaluates everything.
#[test]
fn other_rules_concern_all() {
    let mut engine = Engine::new();
    let world = web();
    engine.list(&world);
    engine.states.evaluate_with(Box::new(engine.asked.clone()));
    assert_eq!(engine.hear(&world, nothing()).1, ["lone", "n1", "web-2"]);
}

/// NS-12: a pod concerns its Node, one on a Node that nobody knows concerns none.
#[test]
fn pods_concern_their_node() {
    let mut engine = Engine::new();
    let world = web();
    engine.list(&world);
    let mut pods = Marked::default();
    pods.add((String::new(), "n1".to_owned()));
    pods.add((String::new(), "foreign".to_owned()));
    let (snapshot, asked) = engine.hear(&world, Changes { pods, ..nothing() });
    assert_eq!(
        (snapshot.generation(), asked),
        (1, vec!["n1".to_owned()]),
        "nothing differs"
    );
}

/// NS-23: a life that goes on, as by what VPSie answers, is a change of its node alone, and told once.
#[test]
fn life_that_goes_on_is_a_change() {
    let mut engine = Engine::new();
    let mut world = web();
    let (before, _) = engine.list(&world);
    let state = |snapshot: &Snapshot| snapshot.get(&Subject::node("n1")).unwrap().lifecycle_state;
    assert_eq!(state(&before), State::Idle, "by its record");
    let mut later = web();
    later.claims[0] = claim("web-1").in_phase(Phase::Ready).lived(State::Active).build();
    later.claims.truncate(1);
    later.look();
    world.lives = later.lives;
    let (after, asked) = engine.hear(&world, nothing());
    assert_eq!((state(&after), asked), (State::Active, vec!["n1".to_owned()]));
    assert_eq!(engine.hear(&world, nothing()).1.len(), 0);
}

/// A moment of the future is waited for, and what is due already is not.
#[test]
fn next_moment_is_known() {
    let mut engine = Engine::new();
    let mut early = node("early");
    let ready = early.status.as_mut().map(|status| &mut status.conditions);
    let since = at(600).timestamp();
    let since = k8s_openapi::jiff::Timestamp::from_second(since).unwrap();
    ready.unwrap()[0].last_transition_time =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(since));
    engine.list(&world().node(node("lone")));
    assert_eq!(engine.states.due_in(at(0)), None);
    engine.list(&world().node(early));
    let due_in = |now| engine.states.due_in(at(now)).map(|left| left.as_secs());
    // Clocks may differ by a minute.
    assert_eq!((due_in(0), due_in(539)), (Some(540), Some(1)));
    assert_eq!((due_in(540), due_in(9_999)), (Some(0), Some(0)));
}

/// NS-26, NS-19: at the end of a term subscriptions end, and the next term evaluates everything anew.
#[test]
fn next_term_begins_with_nothing() {
    let mut engine = Engine::new();
    engine.list(&web());
    let readers = engine.states.readers();
    let mut told = readers.borrow().clone().unwrap().subscribe("told", Filter::all());
    engine.states.forget();
    assert!(readers.borrow().is_none());
    assert!(told.try_next().is_some(), "what it was told before");
    let context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(told.poll_next(&context), std::task::Poll::Ready(None));
    let (snapshot, asked) = engine.list(&web());
    assert_eq!((snapshot.generation(), asked.len()), (1, 3));
}

/// NS-27: another process finds the same states.
#[test]
fn another_process_finds_the_same_hashes() {
    let hashes = |snapshot: &Snapshot| {
        let states = snapshot
            .all()
            .map(|state| (state.subject.clone(), state.state_hash));
        states.collect::<Vec<_>>()
    };
    let (one, other) = (Engine::new().list(&web()).0, Engine::new().list(&web()).0);
    assert_eq!(hashes(&one), hashes(&other));
}

/// NS-28: phases without nodes are zero, and the series of a NodeGroup go with it.
#[test]
fn metrics_follow_the_states() {
    let mut engine = Engine::new();
    let world = web();
    engine.list(&world);
    let text = |engine: &Engine| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &engine.metrics.registry()).unwrap();
        text
    };
    let first = text(&engine);
    for line in [
        "node_state_active_nodes 3",
        "node_state_nodes_by_phase{phase=\"degraded\"} 0",
        "node_state_evaluation_total{node_group=\"kube-system/web\",result=\"changed\"} 2",
        "node_state_evaluation_total{node_group=\"\",result=\"changed\"} 1",
        "node_state_notification_duration_seconds_count{consumer=\"metrics\",result=\"success\"} 1",
        "lifecycle_nodes{state=\"idle\"} 1",
    ] {
        assert!(first.contains(line), "{line} is not in\n{first}");
    }
    let place = ("kube-system".to_owned(), "web".to_owned());
    let groups = News::Some(vec![(place, None)]);
    engine.hear(&world, Changes { groups, ..nothing() });
    let later = text(&engine);
    assert!(!later.contains("kube-system/web"), "{later}");
}
