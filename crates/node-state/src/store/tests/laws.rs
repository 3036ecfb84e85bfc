//! What a consumer knows, whatever happens and whenever it looks, against one that is told nothing and reads everything.

use super::*;
use crate::StateHash;
use proptest::prelude::*;

/// Is something that happens beside a consumer.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Pod(u8, u8),
    NoPod(u8, u8),
    Move(u8, bool),
    Gone(u8),
    Publish,
    Look,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let (node, pod) = (0..5_u8, 0..3_u8);
    let one = prop_oneof![
        3 => (node.clone(), pod.clone()).prop_map(|(node, pod)| Happening::Pod(node, pod)),
        2 => (node.clone(), pod).prop_map(|(node, pod)| Happening::NoPod(node, pod)),
        2 => (node.clone(), any::<bool>()).prop_map(|(node, is_web)| Happening::Move(node, is_web)),
        1 => node.prop_map(Happening::Gone),
        4 => Just(Happening::Publish),
        2 => Just(Happening::Look),
    ];
    proptest::collection::vec(one, 1..80)
}

/// What a consumer knows of each subject. Two states with the same hash are the same to it.
type Known = BTreeMap<Subject, StateHash>;

fn read(snapshot: &Snapshot) -> Known {
    let states = snapshot.all();
    states
        .map(|state| (state.subject.clone(), state.state_hash))
        .collect()
}

/// Takes an update into what a consumer knows, and checks that it is news.
fn learn(known: &mut Known, update: &Update) {
    match update {
        Update::Snapshot { snapshot, .. } => {
            *known = read(snapshot);
        }
        Update::Changes { nodes, groups, .. } => {
            assert!(!nodes.is_empty() || !groups.is_empty());
            for (subject, change) in nodes {
                assert!(!change.is_none(), "it is news");
                let before = match &change.now {
                    Some(state) => known.insert(subject.clone(), state.state_hash),
                    None => known.remove(subject),
                };
                let last_heard = change.before.as_ref().map(|state| state.state_hash);
                assert_eq!(before, last_heard, "it is told as the consumer last heard of it");
            }
        }
    }
}

proptest! {
    /// NS-14, NS-16, NS-17: whenever a consumer looks, and however little may wait for it, it then knows exactly the
    /// snapshot that came with the update, which is the newest; and never does more wait than may.
    #[test]
    fn consumer_always_converges(happenings in happenings(), capacity in 1..12_usize) {
        let mut world = World::new(2);
        let mut consumer = world.subscribed("one", Filter::all(), capacity);
        let mut known = Known::new();
        let all = world.store.reader().snapshot();
        learn(&mut known, &Update::Snapshot { snapshot: all, reason: SnapshotReason::First });
        let end = [Happening::Publish, Happening::Look];
        for happening in happenings.into_iter().chain(end) {
            let fleet = &mut world.fleet;
            match happening {
                Happening::Pod(node, uid) => fleet.put_pod(&name(node.into()), pod(&uid.to_string())),
                Happening::NoPod(node, uid) => fleet.remove_pod(&name(node.into()), &uid.to_string()),
                Happening::Move(number, is_web) => {
                    let node = node(&name(number.into()));
                    fleet.put_node(if is_web { node.of_group("web") } else { node });
                }
                Happening::Gone(node) => fleet.remove_node(&name(node.into())),
                Happening::Publish => {
                    world.publish();
                    prop_assert!(world.store.reader().consumers()[0].pending <= capacity);
                }
                Happening::Look => {
                    let newest = world.store.reader().snapshot();
                    if let Some(update) = consumer.try_next() {
                        learn(&mut known, &update);
                        prop_assert_eq!(update.snapshot(), &newest);
                    }
                    prop_assert_eq!(&known, &read(&newest));
                    prop_assert_eq!(consumer.try_next(), None, "one look takes all");
                }
            }
        }
    }
}
