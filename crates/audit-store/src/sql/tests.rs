//! That each question has its index, and that pruning goes step by step.

use node_lifecycle::audit::{Action, Author, Chain, Outcome};
use node_lifecycle::testing::{at, requested};
use sqlx::Row;

use super::*;
use crate::Access;

/// Returns how SQLite answers a question, step by step.
async fn plan(store: &SqlStore, filter: &Filter) -> Vec<String> {
    let Question(text) = Question::of(filter);
    let explained = Question(format!("EXPLAIN QUERY PLAN {text}"));
    let steps = explained.bind(filter).fetch_all(&store.pool).await.unwrap();
    steps.iter().map(|step| step.get::<String, _>("detail")).collect()
}

/// Speed: whatever is asked for, no question sorts, and each walks the index that was made for it.
#[tokio::test]
async fn every_question_has_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let store = SqlStore::sqlite(&path, Access::Write).await.unwrap();
    let filter = |say: fn(&mut Filter)| {
        let mut filter = Filter {
            limit: 100,
            ..Filter::default()
        };
        say(&mut filter);
        filter
    };
    for (index, filter) in [
        (
            "SEARCH audit_entries USING INDEX audit_entries_of_node (node=?)",
            filter(|it| it.node = Some("a".into())),
        ),
        (
            "SEARCH audit_entries USING INDEX audit_entries_of_group (node_group=?)",
            filter(|it| it.group = Some("a/b".into())),
        ),
        (
            "SEARCH audit_entries USING INDEX audit_entries_of_action (action=?)",
            filter(|it| it.action = Some(Action::ScaleUp)),
        ),
        (
            "SEARCH audit_entries USING INDEX audit_entries_of_result (result=?)",
            filter(|it| it.result = Some(Outcome::Failed)),
        ),
        (
            "SEARCH audit_entries USING INDEX audit_entries_of_decider (decision_by=?)",
            filter(|it| it.decision_by = Some(Author::Manual)),
        ),
        (
            "SCAN audit_entries USING INDEX audit_entries_in_order",
            filter(|it| it.since = Some(DateTime::UNIX_EPOCH)),
        ),
        (
            "SCAN audit_entries USING INDEX audit_entries_in_order",
            filter(|it| it.until = Some(DateTime::UNIX_EPOCH)),
        ),
        (
            "SCAN audit_entries USING INDEX audit_entries_in_order",
            filter(|it| (it.since, it.until) = (Some(DateTime::UNIX_EPOCH), Some(DateTime::UNIX_EPOCH))),
        ),
    ] {
        assert_eq!(plan(&store, &filter).await, [index]);
    }
}

/// LC-37: a long history is pruned in several transactions, and is sound after each, and when one was the last.
#[tokio::test]
async fn history_is_pruned_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let store = SqlStore::sqlite(&path, Access::Write).await.unwrap();
    let mut chain = Chain::new(1, None);
    for term in 1..=3 {
        chain = Chain::new(term, chain.head());
        let batch = (0..10).map(|_| Arc::new(chain.append(requested("a"), at(0))));
        store.append(&batch.collect::<Vec<_>>()).await.unwrap();
    }
    let head = chain.head().map(|head| head.hash);
    let mut transaction = store.pool.begin().await.unwrap();
    let gone = pruning::prune(&mut transaction, nanos(at(1)), 13).await.unwrap();
    transaction.commit().await.unwrap();
    let verified = store.verify(head).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!((gone, verified.entries), (13, 17));

    assert_eq!(store.prune_by(at(1), 3).await.unwrap(), 16);
    let verified = store.verify(head).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!(verified.entries, 1, "the newest stays");
}
