//! What readers and consumers see of a store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::evaluate::Rules;
use crate::fleet::Change;
use crate::testing::{Counting, at, group, group_key, node, pod};

mod laws;
mod routes;
mod tasks;

/// A fleet and the store that its states go to, with one evaluator that counts.
struct World {
    fleet: Fleet,
    store: Store,
    evaluator: Counting,
}

// === impl World ===

impl World {
    /// Begins with a NodeGroup `web` of so many nodes, all evaluated and published.
    fn new(nodes: usize) -> Self {
        let mut world = Self {
            fleet: Fleet::default(),
            store: Store::new(),
            evaluator: Counting::default(),
        };
        world.fleet.put_group(group("web"));
        for number in 0..nodes {
            world.fleet.put_node(node(&name(number)).of_group("web"));
        }
        assert_eq!(world.publish(), Some(1));
        assert_eq!(world.evaluator.take(), u64::try_from(nodes).expect("it is small"));
        world
    }

    fn publish(&mut self) -> Option<u64> {
        let batch = self.fleet.settle(&self.evaluator, at(1));
        self.store.commit(&batch)
    }

    /// Subscribes and takes the first snapshot.
    #[track_caller]
    fn consumer(&self, name: &str) -> Subscription {
        self.subscribed(name, Filter::all(), DEFAULT_CAPACITY)
    }

    #[track_caller]
    fn subscribed(&self, name: &str, filter: Filter, capacity: usize) -> Subscription {
        let mut consumer = self.store.reader().subscribe_with(name, filter, capacity);
        let first = consumer
            .try_next()
            .expect("the newest generation is there at once");
        assert_eq!(first.snapshot(), &self.store.reader().snapshot());
        let Update::Snapshot { reason, .. } = first else {
            panic!("the first update is the whole snapshot: {first:?}");
        };
        assert_eq!(reason, SnapshotReason::First);
        consumer
    }
}

fn name(number: usize) -> String {
    format!("web-{number}")
}

/// Shows an update as its generation, the nodes and the groups in it.
#[track_caller]
fn told(update: Option<Update>) -> (u64, Vec<String>, Vec<String>) {
    let Some(Update::Changes {
        snapshot,
        nodes,
        groups,
    }) = update
    else {
        panic!("these are no changes: {update:?}");
    };
    for (subject, change) in &nodes {
        assert_eq!(snapshot.get(subject), change.now.as_ref(), "it can be read");
    }
    let nodes = nodes.keys().map(|subject| subject.name().to_string());
    let groups = groups.keys().map(|group| group.name.to_string());
    (snapshot.generation(), nodes.collect(), groups.collect())
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// NS-5: everything can be looked up, and what is taken out is gone.
#[test]
fn states_can_be_looked_up_and_removed() {
    let mut world = World::new(3);
    world.fleet.put_node(node("stranger"));
    world.publish();
    let reader = world.store.reader();
    let second = Subject::node("web-1");
    assert_eq!(
        reader.get(&second).map(|state| state.subject.clone()),
        Some(second.clone())
    );
    assert_eq!(
        (
            reader.all().len(),
            reader.count(),
            reader.by_group(&group_key("web")).len()
        ),
        (4, 4, 3)
    );
    let before = reader.snapshot();
    assert!(world.store.remove(&mut world.fleet, &second));
    assert!(
        !world.store.remove(&mut world.fleet, &second),
        "it is gone already"
    );
    assert_eq!((reader.get(&second), reader.count()), (None, 3));
    assert_eq!(reader.by_group(&group_key("web")).len(), 2);
    assert_eq!(before.count(), 4, "an older snapshot stays as it was");
    world.publish();
    assert!(
        reader.get(&second).is_some(),
        "there are facts about it, so it comes back"
    );
    world.fleet.remove_node("web-1");
    assert!(world.store.remove(&mut world.fleet, &second));
    assert_eq!((world.publish(), reader.get(&second)), (None, None));
}

/// Ends what runs beside the thread that has it when that thread panics, so that nobody waits for it in vain.
struct EndsWithPanic<'a>(&'a AtomicBool);

impl Drop for EndsWithPanic<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(std::thread::panicking(), Ordering::SeqCst);
    }
}

/// NS-5, NS-14: eight readers beside a writer see whole generations only, and none goes backwards.
#[test]
fn readers_see_whole_generations_only() {
    const GENERATIONS: i64 = 300;
    let mut world = World::new(20);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends_readers = EndsWithPanic(&is_over);
        for _ in 0..8 {
            let (reader, is_over) = (world.store.reader(), &is_over);
            scope.spawn(move || {
                let mut last = 0;
                let end = 1 + u64::try_from(GENERATIONS).expect("it is positive");
                while last < end && !is_over.load(Ordering::SeqCst) {
                    let snapshot = reader.snapshot();
                    assert!(snapshot.generation() >= last, "it never goes back");
                    last = snapshot.generation();
                    let pods: Vec<u64> = snapshot
                        .all()
                        .map(|state| state.workload.requested_cpu_m)
                        .collect();
                    assert_eq!(pods.len(), 20);
                    assert!(
                        pods.iter().all(|of_one| *of_one == pods[0]),
                        "a mix of generations: {pods:?}"
                    );
                }
            });
        }
        for generation in 1..=GENERATIONS {
            for number in 0..20 {
                let mut pod = pod("a");
                pod.requested_cpu_m = u64::try_from(generation).expect("it is positive");
                world.fleet.put_pod(&name(number), pod);
            }
            world.publish();
        }
    });
}

/// NS-4: what nobody could see makes no generation and tells nobody; the first one is made even of nothing (NS-6).
#[test]
fn equal_states_make_no_generation() {
    let mut store = Store::new();
    let mut early = store.reader().subscribe("early", Filter::all());
    assert_eq!(
        early.try_next(),
        None,
        "before the first generation nobody is told anything"
    );
    let mut fleet = Fleet::default();
    assert_eq!(store.commit(&fleet.settle(&Rules::default(), at(0))), Some(1));
    assert_eq!(
        early.try_next().map(|update| update.snapshot().generation()),
        Some(1)
    );
    assert_eq!(store.commit(&fleet.settle(&Rules::default(), at(0))), None);
    let mut world = World::new(2);
    let mut consumer = world.consumer("one");
    world.fleet.mark_all();
    assert_eq!((world.publish(), world.evaluator.take()), (None, 2));
    assert_eq!(
        (consumer.try_next(), world.store.reader().snapshot().generation()),
        (None, 1)
    );
}

/// NS-12: one change is evaluated once, however many consumers there are, and each hears of it once.
#[test]
fn one_change_is_evaluated_once_for_all() {
    for consumers in [0, 1, 2, 5] {
        let mut world = World::new(3);
        let mut consumers: Vec<Subscription> = (0..consumers)
            .map(|number| world.consumer(&number.to_string()))
            .collect();
        world.fleet.put_pod("web-1", pod("a"));
        assert_eq!((world.publish(), world.evaluator.take()), (Some(2), 1));
        for consumer in &mut consumers {
            assert_eq!(told(consumer.try_next()), (2, texts(&["web-1"]), texts(&["web"])));
            assert_eq!(consumer.try_next(), None);
        }
    }
}

/// NS-13, NS-14: a hundred changes at once are one generation, and consumers at the same one read the same.
#[test]
fn many_changes_are_one_generation() {
    let mut world = World::new(100);
    let mut consumers = [world.consumer("one"), world.consumer("two")];
    for number in 0..100 {
        world.fleet.put_pod(&name(number), pod("a"));
    }
    assert_eq!((world.publish(), world.evaluator.take()), (Some(2), 100));
    let updates = consumers
        .each_mut()
        .map(|consumer| consumer.try_next().expect("it is told"));
    assert_eq!(updates[0], updates[1]);
    let (generation, nodes, _) = told(Some(updates[0].clone()));
    assert_eq!((generation, nodes.len()), (2, 100));
}

/// NS-15: whoever subscribes gets the newest generation, then only later ones; dropping the handle ends it.
#[test]
fn subscription_begins_with_the_newest_and_ends_when_dropped() {
    let mut world = World::new(3);
    world.fleet.put_pod("web-0", pod("a"));
    world.publish();
    let mut first = world.consumer("first");
    let second = world.consumer("second");
    let names = |world: &World| -> Vec<String> {
        let reports = world.store.reader().consumers().into_iter();
        reports.map(|report| report.name.to_string()).collect()
    };
    assert_eq!(names(&world), ["first", "second"]);
    drop(second);
    assert_eq!(names(&world), ["first"]);
    world.fleet.put_pod("web-0", pod("b"));
    world.publish();
    assert_eq!(told(first.try_next()), (3, texts(&["web-0"]), texts(&["web"])));
}

/// NS-16: more than may wait is dropped and counted, and the consumer gets the whole snapshot next; others get all.
#[test]
fn overflow_is_counted_and_ends_in_a_snapshot() {
    let mut world = World::new(10);
    let mut slow = world.subscribed("slow", Filter::nodes(), 4);
    let mut other = world.consumer("other");
    for number in 0..10 {
        world.fleet.put_pod(&name(number), pod("a"));
        world.publish();
        assert_eq!(told(other.try_next()).1, [name(number)]);
        let report = &world.store.reader().consumers()[0];
        assert!(report.pending <= 4, "{report:?}");
    }
    assert_eq!(world.store.reader().consumers()[0].dropped, 10);
    let newest = world.store.reader().snapshot();
    let update = slow.try_next();
    let expected = Update::Snapshot {
        snapshot: newest,
        reason: SnapshotReason::Overflow,
    };
    assert_eq!(update, Some(expected));
    world.fleet.put_pod("web-3", pod("b"));
    world.publish();
    assert_eq!(told(slow.try_next()).1, ["web-3"], "it goes on as before");
    assert_eq!(world.store.reader().consumers()[0].dropped, 10);
}

/// NS-17: a thousand changes of one node are one entry for who did not look, and that is the latest.
#[test]
fn quick_changes_of_one_node_are_one_entry() {
    let mut world = World::new(2);
    let mut paused = world.consumer("paused");
    let before = world.store.reader().get(&Subject::node("web-0"));
    for number in 0..1000 {
        world.fleet.put_pod("web-0", pod(&number.to_string()));
        world.publish();
        assert_eq!(
            world.store.reader().consumers()[0].pending,
            2,
            "the node and its group"
        );
    }
    let Some(Update::Changes { snapshot, nodes, .. }) = paused.try_next() else {
        panic!("one change waits");
    };
    let now = world.store.reader().get(&Subject::node("web-0"));
    assert_eq!(now.as_ref().map(|state| state.workload.pods), Some(1000));
    assert_eq!(
        nodes,
        BTreeMap::from([(Subject::node("web-0"), Change { before, now })])
    );
    assert_eq!(snapshot.generation(), 1001);
    assert_eq!(paused.try_next(), None);
}

/// NS-17: a node that came and went while nobody looked is no news; its group still is.
#[test]
fn what_came_and_went_is_no_news() {
    let mut world = World::new(1);
    let mut paused = world.consumer("paused");
    world.fleet.put_node(node("brief").of_group("web"));
    world.publish();
    world.fleet.remove_node("brief");
    world.publish();
    let (generation, nodes, groups) = told(paused.try_next());
    assert_eq!((generation, nodes, groups), (3, vec![], texts(&["web"])));
}

/// NS-18: without a consumer the states are kept up all the same, and nothing piles up.
#[test]
fn without_consumers_states_are_maintained() {
    let mut world = World::new(1);
    for number in 0..100 {
        world.fleet.put_pod("web-0", pod(&number.to_string()));
        world.publish();
    }
    let reader = world.store.reader();
    assert_eq!(
        reader
            .get(&Subject::node("web-0"))
            .map(|state| state.workload.pods),
        Some(100)
    );
    assert!(reader.consumers().is_empty());
    let held = Arc::downgrade(&reader.snapshot());
    world.fleet.put_pod("web-0", pod("last"));
    world.publish();
    assert!(held.upgrade().is_none(), "nobody holds an old generation");
}

/// NS-17: a consumer holds no generation but the newest, however slow it is.
#[test]
fn slow_consumers_hold_no_old_generation() {
    let mut world = World::new(1);
    let _uninterested = world.subscribed("one", Filter::all().only([group_key("other")]), 9);
    let _slow = world.consumer("slow");
    for number in 0..3 {
        let held = Arc::downgrade(&world.store.reader().snapshot());
        world.fleet.put_pod("web-0", pod(&number.to_string()));
        world.publish();
        assert!(held.upgrade().is_none());
    }
}

/// NS-25: a consumer is handed what it reads; it cannot make that for itself, and so cannot run without a store.
#[test]
fn reader_and_subscription_come_from_a_store_only() {
    struct Made<T>(std::marker::PhantomData<T>);
    trait Otherwise {
        const IS_FROM_NOTHING: bool = false;
    }
    // What is said of a type itself goes before what a trait says of all.
    impl<T> Otherwise for Made<T> {}
    impl<T: Default> Made<T> {
        const IS_FROM_NOTHING: bool = true;
    }
    let makes = [
        Made::<Store>::IS_FROM_NOTHING,
        Made::<Reader>::IS_FROM_NOTHING,
        Made::<Subscription>::IS_FROM_NOTHING,
    ];
    assert_eq!(makes, [true, false, false]);
}
