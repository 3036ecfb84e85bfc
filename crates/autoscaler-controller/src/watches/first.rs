//! The first lists: whether a kind can be listed, and how long the lists may take.

use super::WatchError;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Longest wait for anything of the first lists; a server that is silent for a minute is reported, not waited for.
const NOTHING_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for all of them, about twice as long as 150,000 pods need at a hundred in two tenths of a second. What is cut off
/// again and again always brings something and never ends.
const WHOLE_LIMIT: Duration = Duration::from_secs(600);
/// Wait after an API server said that it is not ready yet; it asks for a second.
const BETWEEN_FIRST_LISTS: Duration = Duration::from_secs(1);

/// Counts what the watches tell.
#[derive(Debug, Default)]
pub(super) struct Told(AtomicU64);

// === impl Told ===

impl Told {
    /// Notes that a watch told something.
    pub(super) fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for the first lists as long as more of them comes; returns nothing when none does, or when they take too long.
pub(super) async fn arrive<T>(first_lists: impl Future<Output = T>, told: &Told) -> Option<T> {
    let mut first_lists = pin!(first_lists);
    let began = Instant::now();
    loop {
        let before = told.count();
        if let Ok(arrived) = timeout(NOTHING_LIMIT, &mut first_lists).await {
            return Some(arrived);
        }
        if told.count() == before || began.elapsed() >= WHOLE_LIMIT {
            return None;
        }
    }
}

/// Checks that a kind can be listed.
///
/// # Errors
/// Says why it cannot.
pub(super) async fn check<K>(client: &Client) -> Result<(), WatchError>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let kind = K::kind(&()).into_owned();
    let api = Api::<K>::all(client.clone());
    let Err(source) = timeout(NOTHING_LIMIT, list_one(&api))
        .await
        .map_err(|_| WatchError::TimedOut)?
    else {
        return Ok(());
    };
    let code = if let kube::Error::Api(status) = &source {
        status.code
    } else {
        0
    };
    Err(match code {
        404 => WatchError::NotInstalled { kind },
        403 => WatchError::Forbidden {
            resource: K::plural(&()).into_owned(),
        },
        _ => WatchError::Unreachable {
            kind,
            source: Box::new(source),
        },
    })
}

/// Lists one object; a server that has just learnt a definition asks to be asked again.
async fn list_one<K>(api: &Api<K>) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let one = kube::api::ListParams::default().limit(1);
    loop {
        let listed = api.list_metadata(&one).await.map(drop);
        let is_early = matches!(&listed, Err(kube::Error::Api(status)) if status.code == 429);
        if !is_early {
            return listed;
        }
        tokio::time::sleep(BETWEEN_FIRST_LISTS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::sleep;

    /// Lists that are there after so many seconds, and of which something comes every few seconds until another moment.
    async fn lists(told: &Told, every: u64, until: u64, whole: Option<u64>) -> bool {
        for _ in 0..until / every {
            sleep(Duration::from_secs(every)).await;
            told.more();
        }
        match whole {
            Some(whole) => sleep(Duration::from_secs(whole.saturating_sub(until))).await,
            None => pending().await,
        }
        true
    }

    async fn waited(every: u64, until: u64, whole: Option<u64>) -> (Option<bool>, u64) {
        let (told, began) = (Told::default(), Instant::now());
        let arrived = arrive(lists(&told, every, until, whole), &told).await;
        (arrived, began.elapsed().as_secs())
    }

    /// NS-6: a large cluster is listed however long that takes, while something comes; silence and what never ends are reported.
    #[tokio::test(start_paused = true)]
    async fn first_lists_may_take_as_long_as_more_of_them_comes() {
        assert_eq!(waited(1, 5, Some(5)).await, (Some(true), 5));
        assert_eq!(waited(20, 300, Some(310)).await, (Some(true), 310));
        assert_eq!(waited(1, 0, None).await, (None, 60), "nothing comes");
        assert_eq!(waited(20, 100, None).await, (None, 180), "nothing more comes");
        assert_eq!(waited(20, 10_000, None).await, (None, 600), "it never ends");
    }
}
