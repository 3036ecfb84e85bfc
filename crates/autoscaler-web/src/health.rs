//! Whether the process lives and whether it is ready, component by component.

use axum::Json;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;

/// How one component is, at the moment it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether the component does what it should.
    pub is_ok: bool,
    /// What is wrong, or what it does, in words for a person.
    pub why: String,
    /// Since when it is so, where that is known.
    pub since: Option<DateTime<Utc>>,
}

/// What a component decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Decides {
    /// Whether the process must be restarted, and with that whether it is ready.
    Liveness,
    /// Whether the process is ready.
    Readiness,
    /// Nothing; a person wants to know it.
    Nothing,
}

/// Asks one component. It must answer at once: a probe waits for it.
type Ask = Box<dyn Fn() -> Status + Send + Sync>;

struct Component {
    name: &'static str,
    decides: Decides,
    ask: Ask,
}

/// All components of the process and what each decides.
///
/// # Guarantees
/// Only components of liveness decide `/healthz` and `/livez`; these and those of readiness decide `/readyz`. What is
/// only [shown](Self::show), such as the health of VPSie, fails neither: a provider in trouble is no reason to
/// restart us.
///
/// # Examples
/// ```
/// use autoscaler_web::{Health, Status};
///
/// let health = Health::default()
///     .live("passes", || Status::ok("the last pass was made 2 s ago"))
///     .show("vpsie", || Status::bad("VPSie does not answer"));
/// assert!(health.is_live());
/// assert!(health.is_ready());
/// ```
#[derive(Default)]
pub struct Health {
    components: Vec<Component>,
}

/// The answer to one probe.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    ok: bool,
    components: Vec<Line>,
}

/// One component in the answer to a probe.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    decides: Decides,
    ok: bool,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<Utc>>,
}

// === impl Status ===

impl Status {
    /// Says that a component does what it should.
    pub fn ok(why: impl Into<String>) -> Self {
        let (why, since) = (why.into(), None);
        Self {
            is_ok: true,
            why,
            since,
        }
    }

    /// Says what is wrong with a component.
    pub fn bad(why: impl Into<String>) -> Self {
        Self {
            is_ok: false,
            ..Self::ok(why)
        }
    }

    /// Says since when it is so.
    #[must_use]
    pub fn since(mut self, since: Option<DateTime<Utc>>) -> Self {
        self.since = since;
        self
    }
}

// === impl Health ===

impl Health {
    /// Adds a component without which the process must be restarted.
    #[must_use]
    pub fn live(self, name: &'static str, ask: impl Fn() -> Status + Send + Sync + 'static) -> Self {
        self.with(name, Decides::Liveness, Box::new(ask))
    }

    /// Adds a component without which the process is not ready.
    #[must_use]
    pub fn ready(self, name: &'static str, ask: impl Fn() -> Status + Send + Sync + 'static) -> Self {
        self.with(name, Decides::Readiness, Box::new(ask))
    }

    /// Adds a component that is shown and decides nothing.
    #[must_use]
    pub fn show(self, name: &'static str, ask: impl Fn() -> Status + Send + Sync + 'static) -> Self {
        self.with(name, Decides::Nothing, Box::new(ask))
    }

    fn with(mut self, name: &'static str, decides: Decides, ask: Ask) -> Self {
        self.components.push(Component { name, decides, ask });
        self
    }

    /// Tells whether the process need not be restarted.
    pub fn is_live(&self) -> bool {
        self.liveness().ok
    }

    /// Tells whether the process is ready.
    pub fn is_ready(&self) -> bool {
        self.readiness().ok
    }

    /// Asks what decides whether to restart.
    pub(crate) fn liveness(&self) -> Answer {
        let mut answer = self.readiness();
        answer.components.retain(|line| line.decides == Decides::Liveness);
        answer.ok = answer.components.iter().all(|line| line.ok);
        answer
    }

    /// Asks every component.
    pub(crate) fn readiness(&self) -> Answer {
        let components: Vec<Line> = self.components.iter().map(Component::line).collect();
        let decides = |line: &&Line| line.decides != Decides::Nothing;
        let ok = components.iter().filter(decides).all(|line| line.ok);
        Answer { ok, components }
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.components.iter().map(|component| component.name);
        formatter.debug_list().entries(names).finish()
    }
}

// === impl Component ===

impl Component {
    fn line(&self) -> Line {
        let Status { is_ok, why, since } = (self.ask)();
        Line {
            name: self.name,
            decides: self.decides,
            ok: is_ok,
            why,
            since,
        }
    }
}

// === impl Answer ===

impl Answer {
    /// Makes the HTTP reply: 200 or 503, with the components as JSON.
    pub(crate) fn reply(self) -> (StatusCode, Json<Self>) {
        let code = if self.ok {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (code, Json(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(passes: bool, watches: bool, vpsie: bool) -> Health {
        let status = |is_ok| {
            move || {
                if is_ok {
                    Status::ok("well")
                } else {
                    Status::bad("ill")
                }
            }
        };
        Health::default()
            .live("passes", status(passes))
            .ready("watches", status(watches))
            .show("vpsie", status(vpsie))
    }

    /// NS-26: what decides liveness, what readiness, and what neither.
    #[test]
    fn provider_in_trouble_fails_no_probe() {
        let table = [
            (health(true, true, true), true, true),
            (health(true, true, false), true, true),
            (health(true, false, true), true, false),
            (health(false, true, true), false, false),
        ];
        for (health, is_live, is_ready) in table {
            let answers = (health.is_live(), health.is_ready());
            assert_eq!(answers, (is_live, is_ready), "{:?}", health.readiness());
        }
    }

    #[test]
    fn answer_names_each_component_with_its_reason_and_time() {
        let since = DateTime::UNIX_EPOCH;
        let health = Health::default()
            .live("passes", || Status::ok("made"))
            .show("vpsie", move || Status::bad("no answer").since(Some(since)));
        let expected = serde_json::json!({
            "ok": true,
            "components": [
                { "name": "passes", "decides": "liveness", "ok": true, "why": "made" },
                { "name": "vpsie", "decides": "nothing", "ok": false, "why": "no answer", "since": "1970-01-01T00:00:00Z" },
            ],
        });
        assert_eq!(serde_json::to_value(health.readiness()).unwrap(), expected);
        let live = serde_json::to_value(health.liveness()).unwrap();
        assert_eq!(live["components"].as_array().unwrap().len(), 1);
    }
}
