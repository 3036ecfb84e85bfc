//! Keeps asking the instances of Services for their health, and lets discovery know.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use tokio::task::{AbortHandle, JoinSet};

use super::{Discovery, Shared, Subscription};
use crate::probe::{ProbeSettings, Prober};
use crate::service::ServiceKey;

// === impl Discovery ===

impl Discovery {
    /// Asks the live instances of a Service for their health, now, after each change, and whenever answers have
    /// become old, until the subscription is dropped.
    ///
    /// Only one round is under way at a time, and it lasts as long as its slowest instance.
    pub fn probe(&self, service: ServiceKey, settings: ProbeSettings) -> Subscription {
        let shared = Arc::downgrade(&self.shared);
        let task = tokio::spawn(async move { run(&shared, &service, settings).await });
        Subscription(task.abort_handle())
    }

    /// Asks the live instances of every Service that is followed, as [`probe`](Self::probe) does of one.
    pub fn probe_all(&self, settings: ProbeSettings) -> Subscription {
        let shared = Arc::downgrade(&self.shared);
        let task = tokio::spawn(async move { run_all(&shared, &settings).await });
        Subscription(task.abort_handle())
    }
}

async fn run_all(shared: &Weak<Shared>, settings: &ProbeSettings) {
    // All end with this one.
    let mut running = JoinSet::new();
    let mut asked: BTreeMap<ServiceKey, AbortHandle> = BTreeMap::new();
    let Some(mut views) = shared.upgrade().map(|shared| shared.views.subscribe()) else {
        return;
    };
    loop {
        let followed: Vec<ServiceKey> = views.borrow_and_update().keys().cloned().collect();
        let gone = asked.extract_if(.., |service, _| !followed.contains(service));
        for (service, handle) in gone.collect::<Vec<_>>() {
            handle.abort();
            if let Some(shared) = shared.upgrade() {
                forget(&shared, &service);
            }
        }
        for service in followed {
            asked.entry(service.clone()).or_insert_with(|| {
                let (shared, settings) = (Weak::clone(shared), settings.clone());
                running.spawn(async move { run(&shared, &service, settings).await })
            });
        }
        while running.try_join_next().is_some() {}
        if views.changed().await.is_err() {
            return;
        }
    }
}

/// Forgets what the instances of a Service answered that is followed no longer.
fn forget(shared: &Shared, service: &ServiceKey) {
    shared.inputs.send_if_modified(|inputs| {
        let is_known = inputs.checks.contains_key(service);
        if is_known {
            Arc::make_mut(inputs).checks.remove(service);
        }
        is_known
    });
}

async fn run(shared: &Weak<Shared>, service: &ServiceKey, settings: ProbeSettings) {
    let every = settings.fresh;
    let prober = Prober::new(settings);
    let Some(mut views) = shared.upgrade().map(|shared| shared.views.subscribe()) else {
        return;
    };
    loop {
        let view = views.borrow_and_update().get(service).cloned();
        if let Some(view) = view.filter(|view| view.is_live()) {
            let checks = prober.check_all(&view.instances()).await;
            let Some(shared) = shared.upgrade() else {
                return;
            };
            // Nobody is woken for answers that are known, so that this does not wake itself.
            shared.inputs.send_if_modified(|inputs| {
                let is_news = inputs.checks.get(service) != Some(&checks);
                if is_news {
                    Arc::make_mut(inputs).checks.insert(service.clone(), checks);
                }
                is_news
            });
        }
        tokio::select! {
            changed = views.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(every) => {}
        }
    }
}
