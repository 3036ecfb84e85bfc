//! Keeps asking the instances of a Service for their health, and lets discovery know.

use std::sync::{Arc, Weak};

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
