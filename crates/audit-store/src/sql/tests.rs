//! That each question has its index.

use node_lifecycle::audit::{Action, Author, Outcome};
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
