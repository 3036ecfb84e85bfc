//! The assertions that every store must pass.

use std::sync::Arc;

use audit_store::{Access, AuditStore, Cause};
use node_lifecycle::audit::{Action, Author, Filter, Outcome, Record, Ring};

use crate::entries::{History, at};
use crate::opened;

/// Holds a kind of store to everything that is promised; `named` makes the name of a store that is not there yet.
pub(crate) async fn every_promise(named: impl Fn(&str) -> String) {
    restart_continues_the_history(&named("restart")).await;
    store_answers_like_the_ring(&named("filters")).await;
    what_is_stored_stays_as_it_is(&named("repeated")).await;
    pruning_leaves_a_sound_chain(&named("pruned")).await;
    many_entries_are_one_batch(&named("many")).await;
}

/// LC-37: what was stored is there after a restart, in its exact text, and the chain goes on in another term.
async fn restart_continues_the_history(name: &str) {
    let mut history = History::default();
    let mut all = history.some(3, 5);
    let store = opened(name, Access::Write).await;
    assert_eq!(store.head().await.unwrap(), None);
    store.append(&[]).await.unwrap();
    store.append(&all).await.unwrap();
    drop(store);

    let store = opened(name, Access::Write).await;
    assert_eq!(store.head().await.unwrap(), all.last().map(|it| it.link().head()));
    let more = history.some(4, 5);
    store.append(&more).await.unwrap();
    all.extend(more);
    drop(store);

    let store = opened(name, Access::Read).await;
    assert_same(&select(store.as_ref(), &Filter::default()).await, &all);
    assert_same(&select(store.as_ref(), &newest(4)).await, &all[6..]);
    let verified = store.verify(history.hash()).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!((verified.entries, verified.heads.len()), (10, 2));
    let unknown = store
        .verify(Some(node_lifecycle::audit::Hash::ZERO))
        .await
        .unwrap();
    assert_eq!(unknown.finding_count, 1);
    assert!(
        store.append(&history.some(4, 1)).await.is_err(),
        "opened only to read"
    );
}

/// LC-32: each question has the same answer from a store as from the ring.
async fn store_answers_like_the_ring(name: &str) {
    let mut history = History::default();
    let all = history.some(1, 100);
    let store = opened(name, Access::Write).await;
    store.append(&all).await.unwrap();
    let mut ring = Ring::new(1000);
    all.iter()
        .for_each(|record| ring.push(Arc::clone(record.entry())));
    for filter in questions() {
        let asked = select(store.as_ref(), &filter).await;
        assert!(!asked.is_empty(), "{filter:?} finds nothing");
        let asked: Vec<_> = asked.iter().map(|record| Arc::clone(record.entry())).collect();
        assert_eq!(asked, ring.select(&filter));
    }
    let nobody = Filter {
        node: Some("nobody".to_owned()),
        ..Filter::default()
    };
    assert!(select(store.as_ref(), &nobody).await.is_empty());
}

fn questions() -> Vec<Filter> {
    let none = Filter::default;
    let node = || Some("worker-1".to_owned());
    let group = || Some("default/group-1".to_owned());
    vec![
        none(),
        newest(7),
        newest(1000),
        Filter {
            node: node(),
            ..none()
        },
        Filter {
            node: node(),
            ..newest(3)
        },
        Filter {
            group: group(),
            ..none()
        },
        Filter {
            action: Some(Action::NodeProvision),
            ..none()
        },
        Filter {
            result: Some(Outcome::Failed),
            ..none()
        },
        Filter {
            decision_by: Some(Author::Manual),
            ..none()
        },
        Filter {
            since: Some(at(50)),
            ..none()
        },
        Filter {
            until: Some(at(50)),
            ..none()
        },
        Filter {
            since: Some(at(20)),
            until: Some(at(60)),
            node: node(),
            group: group(),
            ..newest(5)
        },
    ]
}

/// LC-37: a batch that is given again is stored once, and another entry in its place is refused.
async fn what_is_stored_stays_as_it_is(name: &str) {
    let mut history = History::default();
    let store = opened(name, Access::Write).await;
    let first = history.some(1, 4);
    store.append(&first).await.unwrap();
    store.append(&first[2..]).await.unwrap();
    let more = history.some(1, 2);
    let overlapping: Vec<Arc<Record>> = first[3..].iter().chain(&more).cloned().collect();
    store.append(&overlapping).await.unwrap();
    let other = History::default().some(1, 1);
    store.append(&other).await.unwrap();
    let usurper = usurper();
    let refused = store.append(std::slice::from_ref(&usurper)).await.unwrap_err();
    assert_eq!(refused.cause(), Cause::Conflict, "{refused:?}");
    let expected: Vec<Arc<Record>> = first.into_iter().chain(more).collect();
    assert_same(&select(store.as_ref(), &Filter::default()).await, &expected);
}

/// Makes an entry with the place of another.
fn usurper() -> Arc<Record> {
    use node_lifecycle::audit::{Chain, Draft};
    let draft = Draft::new(Action::ScaleUp, Outcome::Failed, Author::Manual, "another");
    Arc::new(Chain::new(1, None).append(draft, at(1)))
}

/// LC-37: pruning removes what is old and leaves anchors, with which the rest is sound.
async fn pruning_leaves_a_sound_chain(name: &str) {
    let mut history = History::default();
    let store = opened(name, Access::Write).await;
    assert_eq!(store.prune(at(1000)).await.unwrap(), 0);
    let mut all = history.some(1, 10);
    all.extend(history.some(2, 10));
    all.extend(history.some(3, 10));
    store.append(&all).await.unwrap();
    for (before, removed) in [(5, 4), (5, 0), (15, 10), (1000, 15)] {
        assert_eq!(store.prune(at(before)).await.unwrap(), removed, "before {before}");
        let verified = store.verify(history.hash()).await.unwrap();
        assert!(verified.is_sound(), "before {before}: {verified:?}");
    }
    assert_same(&select(store.as_ref(), &Filter::default()).await, &all[29..]);
    store.append(&history.some(3, 3)).await.unwrap();
    let reopened = store.verify(history.hash()).await.unwrap();
    assert!(reopened.is_sound() && reopened.entries == 4, "{reopened:?}");
}

/// A batch may be larger than what one statement takes, and a history than one page.
async fn many_entries_are_one_batch(name: &str) {
    let mut history = History::default();
    let store = opened(name, Access::Write).await;
    store.append(&history.some(1, 5_500)).await.unwrap();
    let verified = store.verify(history.hash()).await.unwrap();
    assert!(verified.is_sound() && verified.entries == 5_500, "{verified:?}");
}

fn newest(limit: usize) -> Filter {
    Filter {
        limit,
        ..Filter::default()
    }
}

async fn select(store: &dyn AuditStore, filter: &Filter) -> Vec<Record> {
    let found = store.select(filter).await.unwrap();
    assert_eq!(found.unreadable, 0);
    found.records
}

#[track_caller]
fn assert_same(found: &[Record], expected: &[Arc<Record>]) {
    let expected: Vec<&Record> = expected.iter().map(AsRef::as_ref).collect();
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}
