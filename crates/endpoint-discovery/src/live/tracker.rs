//! Follows one Service: its own object, its endpoints in whatever way is allowed, and what else matters.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kube::runtime::watcher::Config;
use kube::{Api, Client};
use tokio::time::{Instant, MissedTickBehavior};

use super::feed::{Feed, SourceFeed, Step};
use super::guard::{Contact, Trouble};
use super::view::{Origin, Stale, View};
use super::{Inputs, ServiceAlert, Shared};
use crate::alert::{Alert, Alerts};
use crate::merge::{Merged, merge};
use crate::mode::{Source, is_refusal};
use crate::roster::{Roster, Surroundings};
use crate::service::{ServiceFacts, ServiceKey};
use crate::sighting::{Ignored, Reading, Warning};
use crate::topology::{Account, choose};

/// How often time alone may change something: an instance that has been booting for too long.
const TICK: Duration = Duration::from_secs(5);

/// How many times in a row a Service must fail to be read before it is supposed to be a usual one. One failure passes; who
/// believed it would call unready instances of an unusual Service ready for a moment.
const SERVICE_TRIES: u32 = 3;

/// Follows one Service.
pub(super) struct Tracker {
    shared: Arc<Shared>,
    facts: ServiceFacts,
    /// Whether the Service is known to be there, not there, or unreadable.
    is_service_settled: bool,
    /// Whether the API server ever said what the Service is, or that there is none.
    was_service_read: bool,
    service_failures: u32,
    service_warnings: BTreeSet<Warning>,
    service: Feed<Service>,
    service_contact: Contact,
    /// What is still to be tried; the first is in use.
    sources: Vec<Source>,
    feed: Option<SourceFeed>,
    source_contact: Contact,
    /// Whether it was said that the last source is refused.
    is_refusal_told: bool,
    /// What was last read, and never anything less.
    live: Option<Live>,
    stale: Option<Stale>,
    alerts: Alerts,
    /// Which instances are near, and why these.
    near: Option<Account>,
}

/// The last complete reading, and what became of it.
struct Live {
    roster: Roster,
    merged: Merged,
    ignored: Ignored,
    warnings: BTreeSet<Warning>,
    told_at: chrono::DateTime<chrono::Utc>,
}

// === impl Tracker ===

impl Tracker {
    pub(super) fn new(shared: Arc<Shared>, key: ServiceKey) -> Self {
        let settings = &shared.settings;
        let facts = ServiceFacts::unknown(key, &settings.cluster_domain);
        let (service_contact, source_contact) = (Contact::new(), Contact::new());
        let service = feed_of(&facts.key, service_contact.guard(&shared));
        let sources = settings.mode.sources(settings.use_endpoint_slices);
        let alerts = Alerts::new(settings.health.healthy_from, chrono::TimeDelta::minutes(5));
        let client = source_contact.guard(&shared);
        let feed = sources
            .first()
            .and_then(|source| SourceFeed::new(client, *source, &facts));
        Self {
            facts,
            is_service_settled: false,
            was_service_read: false,
            service_failures: 0,
            service_warnings: BTreeSet::new(),
            service,
            service_contact,
            feed,
            source_contact,
            sources,
            is_refusal_told: false,
            live: None,
            stale: None,
            alerts,
            near: None,
            shared,
        }
    }

    /// Follows the Service until the task is ended.
    pub(super) async fn run(mut self) {
        let mut inputs = self.shared.inputs.subscribe();
        let mut refreshes = self.shared.refreshes.subscribe();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.publish();
        if self.sources.is_empty() {
            // What was written down is all that there will ever be.
            return;
        }
        loop {
            tokio::select! {
                step = self.service.next() => self.on_service(&step),
                step = next_of(&mut self.feed) => self.on_source(&step),
                () = self.service_contact.changed() => self.on_contact(),
                () = self.source_contact.changed() => self.on_contact(),
                Ok(()) = refreshes.changed() => self.read_anew(),
                Ok(()) = inputs.changed() => self.look_again(&inputs.borrow_and_update().clone()),
                _ = ticks.tick() => self.look_again(&inputs.borrow().clone()),
            }
        }
    }

    fn on_service(&mut self, step: &Step) {
        match step {
            Step::Same => return,
            Step::Failed(code) => {
                // What was read stands, marked as stale; what never was hides no endpoints for long.
                self.service_failures += 1;
                if self.is_service_settled && self.service_failures == 1 && code.is_some_and(is_refusal) {
                    tracing::warn!(
                        service = %self.facts.key,
                        "the Service can be read no longer: grant list and watch on services"
                    );
                }
                let is_over = code.is_some_and(is_refusal) || self.service_failures >= SERVICE_TRIES;
                if self.is_service_settled || !is_over {
                    return;
                }
                self.set_service_warnings([Warning::ServiceUnreadable].into());
            }
            Step::Changed => {
                self.service_failures = 0;
                self.was_service_read = true;
                let domain = &self.shared.settings.cluster_domain;
                let key = self.facts.key.clone();
                let objects = self.service.shelf().objects();
                let service = objects.and_then(|objects| objects.get(&key.name));
                let warnings = match service {
                    Some(_) => BTreeSet::new(),
                    None => [Warning::ServiceNotFound].into(),
                };
                let facts = match service {
                    Some(service) => ServiceFacts::read(key, service, domain),
                    None => ServiceFacts::unknown(key, domain),
                };
                let is_of_others = facts.selector != self.facts.selector;
                self.facts = facts;
                self.set_service_warnings(warnings);
                if is_of_others && self.reads_by_selector() {
                    self.open_source();
                }
            }
        }
        self.is_service_settled = true;
        self.read();
    }

    /// Remembers what is doubtful about the Service itself, and says what is new of it.
    fn set_service_warnings(&mut self, warnings: BTreeSet<Warning>) {
        self.warn(&warnings, Some(&self.service_warnings));
        self.service_warnings = warnings;
    }

    fn on_source(&mut self, step: &Step) {
        match step {
            Step::Same => {}
            Step::Changed => self.read(),
            Step::Failed(code) if code.is_some_and(is_refusal) => self.on_refusal(),
            Step::Failed(_) => {}
        }
    }

    /// Goes on to the next source, if there is one; either is said once.
    fn on_refusal(&mut self) {
        let refused = self.sources.first().map_or("", |source| source.as_str());
        let instead = self.sources.get(1).map(|source| source.as_str());
        if instead.is_some() || !self.is_refusal_told {
            tracing::warn!(
                service = %self.facts.key,
                refused,
                instead,
                "the API server refuses; grant list and watch, or choose another discovery mode"
            );
        }
        if instead.is_some() {
            self.sources.remove(0);
            self.open_source();
        } else {
            self.is_refusal_told = true;
        }
    }

    fn on_contact(&mut self) {
        let trouble = self.source_contact.trouble();
        let trouble = trouble.or_else(|| self.service_trouble());
        self.stale = Stale::after(self.stale.as_ref(), trouble, self.shared.now());
        self.publish();
    }

    /// Tells what leaves the Service out of date. One that may not be read has a warning, and nothing to be out of date.
    fn service_trouble(&self) -> Option<Trouble> {
        let trouble = self.service_contact.trouble();
        trouble.filter(|trouble| self.was_service_read || !trouble.is_refusal())
    }

    #[cfg(feature = "pod-mode")]
    fn reads_by_selector(&self) -> bool {
        self.sources.first() == Some(&Source::Pods)
    }

    #[cfg(not(feature = "pod-mode"))]
    fn reads_by_selector(&self) -> bool {
        false
    }

    /// Begins again with everything, as at the start. What was read stands until it is read again.
    fn read_anew(&mut self) {
        let settings = &self.shared.settings;
        self.sources = settings.mode.sources(settings.use_endpoint_slices);
        self.is_refusal_told = false;
        self.service_failures = 0;
        self.service = feed_of(&self.facts.key, self.service_contact.guard(&self.shared));
        self.open_source();
    }

    /// Begins to read from the first source. What was read before stands until it has told everything.
    fn open_source(&mut self) {
        let client = self.source_contact.guard(&self.shared);
        let source = self.sources.first();
        self.feed = source.and_then(|source| SourceFeed::new(client, *source, &self.facts));
        if self.feed.is_none() {
            self.source_contact.forget();
        }
    }

    /// Reads everything anew, if there is anything complete to read.
    fn read(&mut self) {
        if !self.is_service_settled {
            return;
        }
        let began = Instant::now();
        let reading = match &self.feed {
            Some(feed) => feed.read(&self.facts),
            // Without a selector no pod can belong to the Service. That is an answer, once the Service was read.
            None => self.was_service_read.then(|| Reading {
                warnings: [Warning::NoSelector].into(),
                ..Reading::default()
            }),
        };
        let Some(reading) = reading else {
            return self.publish();
        };
        let told_at = self.shared.now();
        let before = self.live.take();
        self.warn(&reading.warnings, before.as_ref().map(|live| &live.warnings));
        self.live = Some(Live {
            roster: before.map(|live| live.roster).unwrap_or_default(),
            merged: merge(&reading.sightings),
            ignored: reading.ignored,
            warnings: reading.warnings,
            told_at,
        });
        let inputs = Arc::clone(&self.shared.inputs.borrow());
        self.look_again(&inputs);
        let took = began.elapsed().as_secs_f64();
        self.shared.settings.meters.update_duration.observe(took);
    }

    /// Sees the same endpoints under what else is known now.
    fn look_again(&mut self, inputs: &Inputs) {
        let now = self.shared.now();
        if let Some(live) = &mut self.live {
            let none = std::collections::BTreeMap::new();
            let around = Surroundings {
                service: &self.facts,
                checks: inputs.checks.get(&self.facts.key).unwrap_or(&none),
                nodes: &inputs.nodes,
                rules: &self.shared.settings.health,
            };
            live.roster = live.roster.observe(&live.merged, &around, now);
            for alert in self.alerts.due(live.roster.instances(), now) {
                tell(&self.shared, &self.facts.key, alert);
            }
            let near = self.shared.near(inputs, &live.roster);
            if near != self.near
                && let Some(near) = &near
            {
                log_choice(&self.facts.key, near);
            }
            self.near = near;
        }
        self.publish();
    }

    fn warn(&self, warnings: &BTreeSet<Warning>, before: Option<&BTreeSet<Warning>>) {
        for warning in warnings {
            if !before.is_some_and(|before| before.contains(warning)) {
                tracing::warn!(service = %self.facts.key, "{warning}");
            }
        }
    }

    fn publish(&self) {
        let settings = &self.shared.settings;
        let mut warnings = self.service_warnings.clone();
        let mut ignored = Ignored::default();
        let origin = match (&self.live, settings.hints.get(&self.facts.key)) {
            (Some(live), _) => {
                warnings.extend(&live.warnings);
                ignored = live.ignored;
                Origin::Live {
                    roster: live.roster.clone(),
                    told_at: live.told_at,
                }
            }
            (None, Some(hints)) => Origin::Hint(hints.iter().cloned().map(Arc::new).collect()),
            (None, None) => Origin::Nothing,
        };
        self.shared.publish(View {
            service: self.facts.key.clone(),
            mode: settings.mode,
            source: self.sources.first().copied(),
            origin,
            stale: self.stale.clone(),
            ignored,
            warnings,
            near: self.near.clone(),
            breaker: self.shared.breaker_state(),
        });
    }
}

// === impl Shared ===

impl Shared {
    /// Chooses what is near to us; nothing where nobody said where we are.
    fn near(&self, inputs: &Inputs, roster: &Roster) -> Option<Account> {
        let own_node = self.settings.own_node.as_ref()?;
        let zone = inputs.nodes.get(own_node).and_then(|node| node.zone.as_deref());
        Some(choose(roster.instances(), zone).account)
    }
}

/// Makes the feed of the Service itself.
fn feed_of(service: &ServiceKey, client: Client) -> Feed<Service> {
    let fields = Config::default().fields(&format!("metadata.name={}", service.name));
    Feed::new(Api::namespaced(client, &service.namespace), fields)
}

/// Tells of an instance that is not well, to everybody who may want to know (EP-21).
fn tell(shared: &Shared, service: &ServiceKey, alert: Alert) {
    tracing::warn!(
        %service,
        instance = alert.instance,
        score = alert.score,
        threshold = alert.threshold,
        "an instance is not well"
    );
    shared.settings.meters.alerts.inc();
    let service = service.clone();
    // Nobody has to listen.
    drop(shared.alerts.send(ServiceAlert { service, alert }));
}

fn log_choice(service: &ServiceKey, near: &Account) {
    tracing::info!(
        %service,
        zone = near.zone,
        reason = ?near.reason,
        chosen = near.chosen,
        ready = near.ready,
        draining = near.draining,
        "other instances are near"
    );
}

/// Waits for the next step of a feed; for ever when there is none.
async fn next_of(feed: &mut Option<SourceFeed>) -> Step {
    match feed {
        Some(feed) => feed.next().await,
        None => std::future::pending().await,
    }
}
