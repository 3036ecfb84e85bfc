//! What the recorder does while its store does what it likes.

mod shelf;

use node_lifecycle::audit::{Action, Verifier};
use node_lifecycle::testing::{rejected, requested};

use super::queue::LONGEST_QUEUE;
use super::*;
use shelf::Shelf;

const DAY: TimeDelta = TimeDelta::days(1);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn recorder(shelf: &Shelf) -> Recorder {
    Recorder::with(shelf.clone(), 1000, None)
}

/// Waits until nothing is left to store.
async fn emptied(recorder: &Recorder) {
    let empty = async {
        while recorder.state().queued > 0 || recorder.state().trouble.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), empty)
        .await
        .expect("the store is well");
}

#[track_caller]
fn check_sound(shelf: &Shelf) {
    let mut verifier = Verifier::new([], None);
    shelf
        .records()
        .iter()
        .for_each(|record| verifier.check(record.stored()));
    assert_eq!(verifier.finish().findings, []);
}

/// LC-37: what finds no room is left out, nobody waits, and one entry says how many they were.
#[tokio::test(start_paused = true)]
async fn full_queue_drops_and_an_entry_says_how_many() {
    let shelf = Shelf::default();
    shelf.fail(Some(Cause::Unreachable));
    let recorder = recorder(&shelf);
    let began = tokio::time::Instant::now();
    for number in 0..LONGEST_QUEUE + 7 {
        recorder.record(requested(&format!("n{number}")), at(number.try_into().unwrap()));
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits");
    assert_eq!(
        (recorder.state().queued, recorder.state().dropped),
        (LONGEST_QUEUE, 7)
    );
    let newest = Filter {
        limit: 1,
        ..Filter::default()
    };
    let last = format!("n{}", LONGEST_QUEUE + 6);
    assert_eq!(
        recorder.select(&newest)[0].node.as_deref(),
        Some(last.as_str()),
        "memory has it"
    );

    tokio::time::sleep(Duration::from_secs(30)).await;
    shelf.fail(None);
    emptied(&recorder).await;
    recorder.record(requested("later"), at(99_999));
    emptied(&recorder).await;
    let stored = shelf.records();
    let [.., gap, later] = stored.as_slice() else {
        panic!("too few")
    };
    assert_eq!(stored.len(), LONGEST_QUEUE + 2);
    assert_eq!(
        (gap.entry().action, gap.entry().count),
        (Action::AuditDropped, Some(7))
    );
    assert_eq!(later.entry().node.as_deref(), Some("later"));
    check_sound(&shelf);
}

/// LC-36: identical rejections are one entry a minute, in the store as in memory.
#[tokio::test(start_paused = true)]
async fn repeated_rejections_are_stored_once_a_minute() {
    let shelf = Shelf::default();
    let recorder = recorder(&shelf);
    for second in 0..60 {
        recorder.record(rejected("a"), at(second));
    }
    emptied(&recorder).await;
    assert_eq!(shelf.records().len(), 1);
    recorder.settle(at(60));
    emptied(&recorder).await;
    assert_eq!(shelf.records()[1].entry().repeats, 58);
}

/// Each lease term has a chain of its own, founded on the one before, whoever wrote that.
#[tokio::test(start_paused = true)]
async fn each_term_has_a_chain_of_its_own() {
    let shelf = Shelf::default();
    let (one, other) = (recorder(&shelf), recorder(&shelf));
    for (term, writer) in [(3, &one), (4, &other), (5, &one)] {
        writer.begin_term(term);
        writer.record(requested("a"), at(0));
        writer.record(requested("b"), at(1));
        emptied(writer).await;
    }
    let places: Vec<(u64, u64)> = shelf.places();
    assert_eq!(places, [(3, 1), (3, 2), (4, 3), (4, 4), (5, 5), (5, 6)]);
    check_sound(&shelf);
}

/// A Lease that was made anew counts from the beginning; the history does not.
#[tokio::test(start_paused = true)]
async fn lower_term_continues_the_newest_chain() {
    let shelf = Shelf::default();
    for term in [8, 1] {
        let recorder = recorder(&shelf);
        recorder.begin_term(term);
        recorder.record(requested("a"), at(0));
        emptied(&recorder).await;
    }
    assert_eq!(shelf.places(), [(8, 1), (8, 2)]);
    check_sound(&shelf);
}

/// LC-37: a restart shows what was stored, and goes on after it.
#[tokio::test(start_paused = true)]
async fn restart_continues_the_history() {
    let shelf = Shelf::default();
    let first = recorder(&shelf);
    first.record(requested("a"), at(0));
    first.finish(Duration::from_secs(5)).await;
    let second = recorder(&shelf);
    second.record(requested("b"), at(1));
    emptied(&second).await;
    let nodes: Vec<_> = second
        .select(&Filter::default())
        .iter()
        .map(|entry| entry.node.clone())
        .collect();
    assert_eq!(nodes, [Some("a".to_owned()), Some("b".to_owned())]);
    assert_eq!(shelf.places(), [(0, 1), (0, 2)]);
    check_sound(&shelf);
}

/// A store that took a batch and whose answer was lost has it once.
#[tokio::test(start_paused = true)]
async fn batch_whose_answer_is_lost_is_stored_once() {
    let shelf = Shelf::default();
    let recorder = recorder(&shelf);
    emptied(&recorder).await;
    shelf.lose_an_answer();
    recorder.record(requested("a"), at(0));
    recorder.record(requested("b"), at(1));
    emptied(&recorder).await;
    recorder.record(requested("c"), at(2));
    emptied(&recorder).await;
    assert_eq!(shelf.places(), [(0, 1), (0, 2), (0, 3)]);
    assert_eq!(recorder.state().stored, 3);
}

/// Two processes that write one term lose nothing and spoil no chain.
#[tokio::test(start_paused = true)]
async fn second_writer_of_a_term_is_told_and_loses_nothing() {
    let shelf = Shelf::default();
    let (one, other) = (recorder(&shelf), recorder(&shelf));
    for (writer, node) in [(&one, "a"), (&other, "b"), (&one, "c"), (&other, "d")] {
        writer.record(requested(node), at(0));
        emptied(writer).await;
    }
    assert_eq!(shelf.places(), [(0, 1), (0, 2), (0, 3), (0, 4)]);
    assert_eq!(shelf.conflicts(), 2);
    check_sound(&shelf);
}

/// A damaged store that was moved away: the new one begins with a chain that is whole.
#[tokio::test(start_paused = true)]
async fn empty_store_in_the_place_of_another_begins_anew() {
    let shelf = Shelf::default();
    let recorder = recorder(&shelf);
    recorder.record(requested("a"), at(0));
    emptied(&recorder).await;
    shelf.fail(Some(Cause::Corrupt));
    recorder.record(requested("b"), at(1));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(
        recorder.state().trouble.map(|trouble| trouble.cause),
        Some(Cause::Corrupt)
    );
    shelf.empty();
    shelf.fail(None);
    emptied(&recorder).await;
    assert_eq!(shelf.places(), [(0, 1)]);
    check_sound(&shelf);
}

/// The end waits for the store no longer than it may.
#[tokio::test(start_paused = true)]
async fn end_is_not_held_up_by_the_store() {
    let shelf = Shelf::default();
    shelf.hang();
    let recorder = recorder(&shelf);
    recorder.record(requested("a"), at(0));
    let began = tokio::time::Instant::now();
    recorder.finish(Duration::from_secs(5)).await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    recorder.record(requested("b"), at(1));
    assert_eq!(recorder.stats().total_entries, 2, "memory goes on");
}

/// At the end a store that is back is found at once, however long the pause was to be.
#[tokio::test(start_paused = true)]
async fn end_tries_a_store_that_is_back() {
    let shelf = Shelf::default();
    shelf.fail(Some(Cause::Unreachable));
    let recorder = recorder(&shelf);
    recorder.record(requested("a"), at(0));
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(shelf.opened(), 10, "the pauses grow to a minute");
    shelf.fail(None);
    recorder.finish(Duration::from_secs(2)).await;
    assert_eq!(shelf.records().len(), 1);
}

/// A store that never answers is trouble, not silence.
#[tokio::test(start_paused = true)]
async fn store_that_never_answers_is_in_trouble() {
    let shelf = Shelf::default();
    shelf.hang();
    let recorder = recorder(&shelf);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(
        recorder.state().trouble.map(|trouble| trouble.cause),
        Some(Cause::Unreachable)
    );
}

/// Old entries go once an hour, seen from the newest.
#[tokio::test(start_paused = true)]
async fn old_entries_are_pruned_once_an_hour() {
    let shelf = Shelf::default();
    let recorder = Recorder::with(shelf.clone(), 1000, Some(DAY * 90));
    for _ in 0..3 {
        recorder.record(requested("a"), at(0) + DAY * 90);
        emptied(&recorder).await;
    }
    assert_eq!(shelf.pruned(), [at(0)]);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    recorder.record(requested("a"), at(0) + DAY * 91);
    emptied(&recorder).await;
    assert_eq!(shelf.pruned(), [at(0), at(0) + DAY]);
}

/// At the end what waits is stored, and a pruning that is under way is left for the next process.
#[tokio::test(start_paused = true)]
async fn end_does_not_wait_for_pruning() {
    let shelf = Shelf::default();
    shelf.never_end_pruning();
    let recorder = Recorder::with(shelf.clone(), 1000, Some(DAY));
    recorder.record(requested("a"), at(0));
    emptied(&recorder).await;
    recorder.record(requested("b"), at(1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((shelf.pruned().len(), shelf.records().len()), (1, 1), "it prunes");
    let began = tokio::time::Instant::now();
    recorder.finish(Duration::from_secs(10)).await;
    assert_eq!((began.elapsed(), shelf.records().len()), (Duration::ZERO, 2));
}

/// Bad input: by a clock that is a year ahead nothing is old; what it would have pruned is there when it is right again.
#[tokio::test(start_paused = true)]
async fn nothing_is_pruned_by_a_wrong_clock() {
    let shelf = Shelf::default();
    let recorder = Recorder::with(shelf.clone(), 1000, Some(DAY * 90));
    recorder.keep_all(true);
    recorder.record(requested("a"), at(0) + DAY * 365);
    emptied(&recorder).await;
    assert!(recorder.keeps_all() && shelf.pruned().is_empty());
    recorder.keep_all(false);
    recorder.record(requested("a"), at(0) + DAY * 90);
    emptied(&recorder).await;
    assert_eq!(shelf.pruned(), [at(0)]);
}
