//! Tests of our own rate limit, in paused time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Holds when each call passed, since the start.
type Passed = Arc<Mutex<Vec<(Call, Duration)>>>;

fn lanes(calls_per_minute: u32) -> Arc<Lanes> {
    Arc::new(Lanes::new(calls_per_minute).unwrap())
}

/// Sends so many callers at once and lets them write down when they passed.
fn crowd(callers: &mut JoinSet<()>, lanes: &Arc<Lanes>, passed: &Passed, call: Call, count: usize) {
    let start = Instant::now();
    for _ in 0..count {
        let (lanes, passed) = (Arc::clone(lanes), Arc::clone(passed));
        callers.spawn(async move {
            lanes.pass(call, Instant::now() + YEAR).await.unwrap();
            passed.lock().unwrap().push((call, start.elapsed()));
        });
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_calls_than_allowed() {
    for limit in [6, 7, 10, 33, 100, 250] {
        let (lanes, passed, mut callers) = (lanes(limit), Passed::default(), JoinSet::new());
        for call in [Call::ListClusters, Call::AddWorker, Call::RemoveWorker] {
            crowd(&mut callers, &lanes, &passed, call, 4 * limit as usize);
        }
        callers.join_all().await;
        let mut times: Vec<_> = passed.lock().unwrap().iter().map(|(_, at)| *at).collect();
        times.sort();
        let in_minute_from = |from: Duration| {
            times
                .iter()
                .filter(|at| (from..from + MINUTE).contains(*at))
                .count()
        };
        let busiest = times.iter().map(|at| in_minute_from(*at)).max().unwrap();
        assert!(
            busiest <= limit as usize,
            "{busiest} calls in a minute, {limit} allowed"
        );
        assert!(
            busiest * 2 >= limit as usize,
            "only {busiest} of {limit} calls in the busiest minute"
        );
    }
}

/// Deliver 3: a delete is never starved by polls, nor by additions.
#[tokio::test(start_paused = true)]
async fn removal_passes_at_once_however_much_else_waits() {
    let (lanes, passed, mut callers) = (lanes(100), Passed::default(), JoinSet::new());
    crowd(&mut callers, &lanes, &passed, Call::GetCluster, 500);
    crowd(&mut callers, &lanes, &passed, Call::AddWorker, 100);
    sleep(Duration::from_secs(10)).await;
    crowd(&mut callers, &lanes, &passed, Call::RemoveWorker, 2);
    sleep(Duration::from_millis(1)).await;
    let passed = passed.lock().unwrap();
    let removals = passed
        .iter()
        .filter(|(call, _)| *call == Call::RemoveWorker)
        .count();
    assert_eq!(removals, 2);
    let reads = passed
        .iter()
        .filter(|(call, _)| *call == Call::GetCluster)
        .count();
    assert!(reads < 500, "nothing was waiting");
}

/// Deliver 3: one removal after the other passes at the rate kept for them.
#[tokio::test(start_paused = true)]
async fn removals_keep_passing_however_much_else_waits() {
    let (lanes, passed, mut callers) = (lanes(100), Passed::default(), JoinSet::new());
    crowd(&mut callers, &lanes, &passed, Call::GetCluster, 2000);
    crowd(&mut callers, &lanes, &passed, Call::AddWorker, 500);
    for _ in 0..20 {
        let latest = Instant::now() + Duration::from_millis(7_501);
        assert_eq!(lanes.pass(Call::RemoveWorker, latest).await, Ok(()));
    }
}

/// Polls that wait do not take what is kept for additions.
#[tokio::test(start_paused = true)]
async fn addition_passes_while_reads_wait() {
    let (lanes, passed, mut callers) = (lanes(100), Passed::default(), JoinSet::new());
    crowd(&mut callers, &lanes, &passed, Call::ListOffers, 500);
    sleep(Duration::from_millis(10)).await;
    let soon = Instant::now() + Duration::from_millis(1);
    assert_eq!(lanes.pass(Call::AddWorker, soon).await, Ok(()));
}

/// As the demo does: twenty calls a minute are never held up.
#[tokio::test(start_paused = true)]
async fn modest_callers_do_not_notice_the_limit() {
    let lanes = lanes(100);
    for _ in 0..100 {
        let before = Instant::now();
        for call in [
            Call::ListClusters,
            Call::GetCluster,
            Call::ListNodeGroups,
            Call::AddWorker,
        ] {
            lanes.pass(call, Instant::now() + YEAR).await.unwrap();
        }
        assert_eq!(before.elapsed(), Duration::ZERO);
        sleep(Duration::from_secs(12)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn wait_that_would_be_too_long_is_not_begun() {
    let lanes = lanes(6);
    // One call of the shared part at once, and one of the part for additions.
    for _ in 0..2 {
        assert_eq!(lanes.pass(Call::AddWorker, Instant::now()).await, Ok(()));
    }
    let before = Instant::now();
    let wait = lanes.pass(Call::AddWorker, before + Duration::from_secs(2)).await;
    assert_eq!((wait, before.elapsed()), (Err(MINUTE), Duration::ZERO));
    let almost = before + MINUTE - Duration::from_millis(1);
    assert_eq!(lanes.pass(Call::AddWorker, almost).await, Err(MINUTE));
    assert_eq!(lanes.pass(Call::AddWorker, before + MINUTE).await, Ok(()));
    assert_eq!(before.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn caller_that_wakes_late_does_not_pass() {
    let lanes = lanes(6);
    lanes.pass(Call::ListClusters, Instant::now()).await.unwrap();
    for late in [false, true] {
        let wait = {
            let lanes = Arc::clone(&lanes);
            let latest = Instant::now() + MINUTE;
            tokio::spawn(async move { lanes.pass(Call::ListClusters, latest).await })
        };
        tokio::task::yield_now().await;
        tokio::time::advance(MINUTE + Duration::from_millis(if late { 2 } else { 0 })).await;
        assert_eq!(wait.await.unwrap().is_err(), late);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_behind_others_give_up_in_time() {
    let (lanes, passed, mut callers) = (lanes(100), Passed::default(), JoinSet::new());
    crowd(&mut callers, &lanes, &passed, Call::AddWorker, 100);
    sleep(Duration::from_millis(1)).await;
    let before = Instant::now();
    let wait = lanes.pass(Call::AddWorker, before + Duration::from_secs(2)).await;
    assert!(wait.is_err_and(|wait| wait > Duration::ZERO));
    assert_eq!(before.elapsed(), Duration::from_secs(2));
}

/// A caller that is dropped while it waits leaves its place to the next.
#[tokio::test(start_paused = true)]
async fn dropped_caller_frees_its_place() {
    let (lanes, passed, mut callers) = (lanes(6), Passed::default(), JoinSet::new());
    crowd(&mut callers, &lanes, &passed, Call::ListClusters, 50);
    sleep(Duration::from_secs(1)).await;
    callers.abort_all();
    while callers.join_next().await.is_some() {}
    assert_eq!(
        lanes.pass(Call::ListClusters, Instant::now() + MINUTE).await,
        Ok(())
    );
}

#[tokio::test(start_paused = true)]
async fn first_come_is_first_served() {
    let (lanes, order, mut callers) = (lanes(100), Arc::new(Mutex::new(vec![])), JoinSet::new());
    for place in 0..50 {
        let (lanes, order) = (Arc::clone(&lanes), Arc::clone(&order));
        callers.spawn(async move {
            lanes
                .pass(Call::ListClusters, Instant::now() + YEAR)
                .await
                .unwrap();
            order.lock().unwrap().push(place);
        });
    }
    callers.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

/// Speed: a thousand callers wait in line, and each is looked at a few times, not once for
/// everybody who passes before it.
#[tokio::test(start_paused = true)]
async fn thousand_callers_wait_without_a_busy_loop() {
    let (lanes, polls, mut callers) = (lanes(100), Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..1000 {
        let (lanes, polls) = (Arc::clone(&lanes), Arc::clone(&polls));
        callers.spawn(async move {
            let mut pass = pin!(lanes.pass(Call::ListClusters, Instant::now() + YEAR));
            poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                pass.as_mut().poll(context)
            })
            .await
            .unwrap();
        });
    }
    callers.join_all().await;
    let polls = polls.load(Ordering::Relaxed);
    assert!((1000..=6000).contains(&polls), "{polls} polls");
}

#[test]
fn limit_that_cannot_be_shared_out_is_refused() {
    for calls in [0, 1, 5] {
        let error = Lanes::new(calls).err().unwrap();
        assert_eq!(error, SettingsError::CallsPerMinute { calls });
        assert!(error.to_string().ends_with("allow at least 6"), "{error}");
    }
    for calls in [6, 10, 11, u32::MAX] {
        assert!(Lanes::new(calls).is_ok(), "{calls}");
    }
}

/// Whoever looks for room takes none, and sees it come when one who takes it would.
#[tokio::test(start_paused = true)]
async fn who_looks_for_room_takes_none() {
    let (lanes, start) = (lanes(100), Instant::now());
    for _ in 0..1_000 {
        lanes.await_room(Call::AddWorker).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "nothing was taken");
    let mut taken = 0;
    while lanes.pass(Call::AddWorker, Instant::now()).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 22, "the bursts of both parts");
    let wait = lanes.pass(Call::AddWorker, Instant::now()).await.unwrap_err();
    lanes.await_room(Call::AddWorker).await;
    assert_eq!(start.elapsed().as_millis(), wait.as_millis());
    assert!(lanes.pass(Call::AddWorker, Instant::now()).await.is_ok());
}

/// Whoever gives up in line, or comes too late, takes nothing of the limit.
#[tokio::test(start_paused = true)]
async fn who_does_not_pass_takes_nothing() {
    let (lanes, start) = (lanes(100), Instant::now());
    let first_in_line = lanes.lines[Lane::Reads as usize].lock().await;
    for _ in 0..10 {
        let refused = lanes.pass(Call::ListVms, start).await;
        assert_eq!(
            refused,
            Err(Duration::ZERO),
            "there is room, and others come first"
        );
    }
    drop(first_in_line);
    tokio::time::advance(Duration::from_millis(1)).await;
    for _ in 0..10 {
        assert_eq!(lanes.pass(Call::ListVms, start).await, Err(Duration::ZERO));
    }
    let mut taken = 0;
    while lanes.pass(Call::ListVms, Instant::now()).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 20, "the whole burst");
}
