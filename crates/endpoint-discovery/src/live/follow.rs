//! Starts a tracker for each Service that is asked for, and ends it when the Service is not (EP-16).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::runtime::watcher::Config;
use tokio::task::{AbortHandle, JoinSet};

use super::feed::{Feed, Step};
use super::guard::Contact;
use super::tracker::Tracker;
use super::{MOST_SERVICES, Selection, Shared};
use crate::service::ServiceKey;

/// Runs one tracker for each Service. They end when it is dropped.
struct Trackers {
    shared: Arc<Shared>,
    running: JoinSet<()>,
    handles: BTreeMap<ServiceKey, AbortHandle>,
}

/// Follows all Services of the settings until the task is ended.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut trackers = Trackers {
        shared: Arc::clone(&shared),
        running: JoinSet::new(),
        handles: BTreeMap::new(),
    };
    match &shared.settings.services {
        Selection::Named(services) => {
            trackers.follow(&services.iter().cloned().collect());
            std::future::pending().await
        }
        Selection::Labelled { namespace, selector } => {
            let mut contact = Contact::new();
            let api: Api<Service> = Api::namespaced(contact.guard(&shared), namespace);
            let listed = || Feed::new(api.clone(), Config::default().labels(selector));
            let mut feed = listed();
            let mut refreshes = shared.refreshes.subscribe();
            let mut told = None;
            loop {
                tokio::select! {
                    // Those that were listed before are followed until they are listed again.
                    Ok(()) = refreshes.changed() => feed = listed(),
                    step = feed.next() => match step {
                        Step::Same => {}
                        // What was said is not said again for every try.
                        Step::Failed(code) => if told != Some(code) {
                            tracing::warn!(code, "services cannot be listed; grant list and watch on them");
                            told = Some(code);
                        },
                        Step::Changed => {
                            told = None;
                            let names = feed.shelf().objects().into_iter().flatten();
                            let services = names.map(|(name, _)| ServiceKey::new(namespace, name));
                            let services = services.collect::<BTreeSet<_>>();
                            trackers.follow(&services);
                            shared.mark_listed(services.is_empty());
                        }
                    },
                    () = contact.changed() => shared.mark_selection(contact.trouble()),
                }
            }
        }
    }
}

// === impl Trackers ===

impl Trackers {
    /// Follows exactly these, or the first of them if they are too many.
    fn follow(&mut self, services: &BTreeSet<ServiceKey>) {
        if services.len() > MOST_SERVICES {
            tracing::warn!(
                asked = services.len(),
                followed = MOST_SERVICES,
                "too many Services; select fewer"
            );
        }
        let wanted: BTreeSet<&ServiceKey> = services.iter().take(MOST_SERVICES).collect();
        let gone = self
            .handles
            .extract_if(.., |service, _| !wanted.contains(service));
        for (service, handle) in gone.collect::<Vec<_>>() {
            handle.abort();
            self.shared.withdraw(&service);
        }
        for service in wanted {
            if !self.handles.contains_key(service) {
                let tracker = Tracker::new(Arc::clone(&self.shared), service.clone());
                let handle = self.running.spawn(tracker.run());
                self.handles.insert(service.clone(), handle);
            }
        }
    }
}
