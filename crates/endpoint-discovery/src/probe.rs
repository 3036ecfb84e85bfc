//! Asks instances for their health: one bounded request each, and not more often than needed (EP-19, EP-20).

mod request;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex as BlockingMutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::identity::InstanceId;
use crate::instance::Instance;
use crate::score::Check;

/// Holds how instances are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSettings {
    /// The port to ask where none is called `health`.
    pub port: Option<u16>,
    /// How long the whole answer may take.
    pub limit: Duration,
    /// How many bytes of a body are read. An answer with more has failed.
    pub body_limit: usize,
    /// How many instances are asked at once.
    pub parallel: usize,
    /// For how long an answer counts.
    pub fresh: Duration,
}

/// Asks the instances of one Service, and remembers their answers for a while.
#[derive(Debug)]
pub struct Prober {
    settings: ProbeSettings,
    answers: BlockingMutex<BTreeMap<InstanceId, Arc<Mutex<Option<Answer>>>>>,
}

/// Remembers what came of a probe, and of what instance.
#[derive(Clone, Copy, Debug)]
struct Answer {
    check: Check,
    asked: Instant,
    place: SocketAddr,
    /// Another pod of the same name makes the answer worthless.
    discovered_at: DateTime<Utc>,
    /// A change of readiness makes the answer worthless, unless it is the answer that changed it.
    last_transition: DateTime<Utc>,
}

/// The port that is asked when it is declared, and neither a name nor the settings say another.
const USUAL_PORT: u16 = 8080;

// === impl ProbeSettings ===

impl Default for ProbeSettings {
    /// Two seconds for 64 KiB at most, from 16 instances at once, and good for ten seconds.
    fn default() -> Self {
        Self {
            port: None,
            limit: Duration::from_secs(2),
            body_limit: 64 << 10,
            parallel: 16,
            fresh: Duration::from_secs(10),
        }
    }
}

// === impl Prober ===

impl Prober {
    /// Makes a prober for one Service.
    pub fn new(settings: ProbeSettings) -> Self {
        Self {
            settings,
            answers: BlockingMutex::default(),
        }
    }

    /// Asks all instances that have to be asked again, and forgets all others.
    pub async fn check_all(&self, instances: &[Arc<Instance>]) -> BTreeMap<InstanceId, Check> {
        self.answers()
            .retain(|id, _| instances.iter().any(|instance| instance.id == *id));
        let checks = instances.iter().cloned().map(|instance| async move {
            let check = self.check(&instance).await;
            (instance.id.clone(), check)
        });
        let at_once = futures::stream::iter(checks).buffer_unordered(self.settings.parallel.max(1));
        at_once.collect().await
    }

    /// Asks an instance, unless its last answer still counts. Readers at the same time share one question.
    pub async fn check(&self, instance: &Instance) -> Check {
        let port = health_port(&instance.ports, self.settings.port);
        let (Some(port), Some(ip)) = (port, instance.addresses.ips.first()) else {
            return Check::NoPort;
        };
        let place = SocketAddr::new(*ip, port);
        let slot = Arc::clone(self.answers().entry(instance.id.clone()).or_default());
        let mut slot = slot.lock().await;
        if let Some(answer) = slot
            .as_ref()
            .filter(|answer| self.counts(answer, place, instance))
        {
            return answer.check;
        }
        let asked = Instant::now();
        let asking = request::ask(place, self.settings.body_limit);
        let quality = tokio::time::timeout(self.settings.limit, asking).await;
        let check = match quality {
            Ok(Ok(quality)) => Check::Passed {
                latency: Some(asked.elapsed()),
                quality,
            },
            Ok(Err(_)) | Err(_) => Check::Failed,
        };
        *slot = Some(Answer {
            check,
            asked,
            place,
            discovered_at: instance.discovered_at,
            last_transition: instance.health.last_transition,
        });
        check
    }

    fn counts(&self, answer: &Answer, place: SocketAddr, instance: &Instance) -> bool {
        let is_fresh = answer.asked.elapsed() < self.settings.fresh;
        let is_of_it = answer.place == place && answer.discovered_at == instance.discovered_at;
        // Where Kubernetes cannot know, readiness follows from this very answer.
        let is_as_ready = instance.health.is_readiness_unreliable
            || answer.last_transition == instance.health.last_transition;
        is_fresh && is_of_it && is_as_ready
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, BTreeMap<InstanceId, Arc<Mutex<Option<Answer>>>>> {
        // Whoever panicked while holding it left a map that is whole.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the port to ask: the one called `health`, else that of the settings, else 8080 if it is declared.
///
/// No other port is ever touched: behind it are the data.
pub fn health_port(ports: &BTreeMap<String, u16>, configured: Option<u16>) -> Option<u16> {
    let by_name = ports.get("health").copied();
    let usual = || ports.values().copied().find(|port| *port == USUAL_PORT);
    by_name.or(configured).or_else(usual)
}

/// Writes the address of a probe as a URL names it.
fn host(place: SocketAddr) -> String {
    match place.ip() {
        IpAddr::V4(ip) => format!("{ip}:{}", place.port()),
        IpAddr::V6(ip) => format!("[{ip}]:{}", place.port()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
