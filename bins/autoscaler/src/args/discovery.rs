//! Arguments of `run` that say which Services are watched, and how.

use crate::exit::Failure;
use autoscaler_controller::endpoints::Webhook;
use clap::{ArgAction, Args};
use endpoint_discovery::{Mode, ProbeSettings, Selection, ServiceKey, Settings};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use vpsie_api::{HttpTransport, TransportSettings};

/// Longest name of a Service or a namespace.
const LONGEST_NAME: usize = 63;
/// As many Services as are followed at once.
const MOST_SERVICES: usize = 100;
/// Largest answer of a webhook that is read; nothing of it is looked at.
const LARGEST_THANKS: usize = 64 << 10;

/// Options of endpoint discovery.
#[derive(Debug, Args)]
#[command(next_help_heading = "Endpoint discovery")]
pub(crate) struct DiscoveryOptions {
    /// Where endpoints are read: `kubernetes-endpoints`, `kubernetes-pods` or `auto`. `static` is for programs that use the
    /// library: it shows a list of theirs, and the operator has none.
    #[arg(
        long,
        default_value = "kubernetes-endpoints",
        value_name = "MODE",
        env = "DISCOVERY_MODE"
    )]
    pub(crate) discovery_mode: Mode,
    /// Services to watch, `[NAMESPACE/]NAME` with commas in between; without one, and without a selector, nothing is watched.
    #[arg(long, default_value = "", value_name = "SERVICES", env = "DISCOVERY_SERVICES")]
    pub(crate) discovery_services: ServiceNames,
    /// Watches the Services of the namespace that have these labels instead, such as `app=web`.
    #[arg(long, value_name = "SELECTOR", env = "DISCOVERY_SELECTOR")]
    pub(crate) discovery_selector: Option<String>,
    /// Namespace of the Services that are named without one, or chosen by labels.
    #[arg(
        long,
        default_value = "default",
        value_name = "NAMESPACE",
        env = "DISCOVERY_NAMESPACE",
        value_parser = label
    )]
    pub(crate) discovery_namespace: String,
    /// Whether EndpointSlices come before Endpoints.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_name = "BOOL")]
    pub(crate) discovery_use_endpoint_slices: bool,
    /// Seconds for which the answer of a health port counts, before it is asked again; 0 asks none.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(crate) discovery_health_check_seconds: u32,
    /// Posts alerts about instances that are not well there, as JSON; without it they are logged and counted only.
    #[arg(
        long,
        value_name = "URL",
        env = "DISCOVERY_ALERT_WEBHOOK",
        hide_env_values = true
    )]
    pub(crate) discovery_alert_webhook: Option<HookAddress>,
    /// Node that the process is on: instances in its zone are told as near.
    #[arg(long, value_name = "NAME", env = "NODE_NAME")]
    pub(crate) node_name: Option<String>,
}

/// Names Services as they were given: the namespace, where one was given, and the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceNames(Vec<(Option<String>, String)>);

/// Is the address of a webhook as it was given; it may hold a secret and cannot be printed.
#[derive(Clone)]
pub(crate) struct HookAddress(String);

// === impl HookAddress ===

impl FromStr for HookAddress {
    type Err = Infallible;

    /// Takes any text: a wrong one is refused later, by a message that does not repeat it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for HookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookAddress(…)")
    }
}

// === impl ServiceNames ===

impl FromStr for ServiceNames {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let named = names.map(|name| match name.split_once('/') {
            Some((namespace, name)) => Ok((Some(label(namespace)?), label(name)?)),
            None => Ok((None, label(name)?)),
        });
        let named = named.collect::<Result<Vec<_>, String>>()?;
        if named.len() > MOST_SERVICES {
            return Err(format!("name at most {MOST_SERVICES} Services"));
        }
        Ok(Self(named))
    }
}

// === impl DiscoveryOptions ===

impl DiscoveryOptions {
    /// Returns what to watch, and how to ask for health; nothing where no Service is chosen.
    ///
    /// # Errors
    ///
    /// When Services are named and chosen by labels at once, or watched in a mode that shows nothing here.
    pub(crate) fn settings(&self) -> Result<Option<(Settings, Option<ProbeSettings>)>, Failure> {
        let Some(services) = self.selection()? else {
            return Ok(None);
        };
        if self.discovery_mode == Mode::Static {
            return Err(Failure::input(anyhow::anyhow!(
                "--discovery-mode: static shows a list that a program writes down, and the operator has none: use one of \
                 the other modes, or watch no Service"
            )));
        }
        let mut settings = Settings::new(services);
        settings.mode = self.discovery_mode;
        settings.use_endpoint_slices = self.discovery_use_endpoint_slices;
        settings.own_node = self.node_name.clone().filter(|name| !name.is_empty());
        let seconds = self.discovery_health_check_seconds;
        let probes = (seconds > 0).then(|| ProbeSettings {
            fresh: Duration::from_secs(seconds.into()),
            ..ProbeSettings::default()
        });
        Ok(Some((settings, probes)))
    }

    /// Returns where alerts are posted, if anywhere. In the clear that is this machine, and only where it is allowed.
    ///
    /// # Errors
    ///
    /// When nothing can be posted to the address.
    pub(crate) fn webhook(&self, allow_plain_http_to_loopback: bool) -> Result<Option<Webhook>, Failure> {
        let address = self.discovery_alert_webhook.as_ref();
        let Some(HookAddress(address)) = address.filter(|address| !address.0.is_empty()) else {
            return Ok(None);
        };
        let unusable = |error: anyhow::Error| Failure::input(error.context("--discovery-alert-webhook"));
        let transport = HttpTransport::new(TransportSettings {
            body_limit: LARGEST_THANKS,
            allow_plain_http_to_loopback,
            ..TransportSettings::default()
        });
        let transport = transport.map_err(|error| unusable(error.into()))?;
        // What the check says is about the URL of VPSie.
        let checked = transport.check_base_url(address);
        checked.map_err(|_| {
            unusable(anyhow::anyhow!(
                "alerts cannot be posted there: use an address such as https://hooks.example/abc; http only to this machine, \
                 with --allow-plain-http-to-loopback"
            ))
        })?;
        let webhook = Webhook::new(address, Arc::new(transport));
        webhook.map(Some).map_err(|error| unusable(error.into()))
    }

    fn selection(&self) -> Result<Option<Selection>, Failure> {
        let selector = self.discovery_selector.clone().filter(|text| !text.is_empty());
        let namespace = &self.discovery_namespace;
        match (self.discovery_services.0.as_slice(), selector) {
            ([], None) => Ok(None),
            ([], Some(selector)) => Ok(Some(Selection::Labelled {
                namespace: namespace.clone(),
                selector,
            })),
            (names, None) => {
                let key = |(of_its_own, name): &(Option<String>, String)| {
                    ServiceKey::new(of_its_own.as_ref().unwrap_or(namespace), name)
                };
                Ok(Some(Selection::Named(names.iter().map(key).collect())))
            }
            (_, Some(_)) => Err(Failure::input(anyhow::anyhow!(
                "Services are named and chosen by labels at once: give --discovery-services or --discovery-selector"
            ))),
        }
    }
}

/// Checks the name of a Service or a namespace.
fn label(name: &str) -> Result<String, String> {
    let is_inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    let has_hyphen_outside = name.starts_with('-') || name.ends_with('-');
    let is_good =
        (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_inner) && !has_hyphen_outside;
    if is_good {
        return Ok(name.to_owned());
    }
    Err(format!(
        "`{name}` is no name: use up to {LONGEST_NAME} lower-case letters, digits and hyphens, as in `shop/web,api`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;
    use crate::args::Command;
    use clap::Parser;

    fn parse(words: &[&str]) -> Result<DiscoveryOptions, clap::Error> {
        let words = ["autoscaler", "run"].iter().chain(words);
        let Command::Run(options) = Arguments::try_parse_from(words)?.command else {
            panic!("it is `run`");
        };
        Ok(options.discovery)
    }

    /// EP-11, EP-16: what is named is watched, each Service in its namespace, in the usual way.
    #[test]
    fn services_are_named_or_chosen_by_labels() {
        let settings = |words: &[&str]| parse(words).unwrap().settings().unwrap();
        assert!(settings(&[]).is_none(), "nothing is watched unasked");
        assert!(settings(&["--discovery-services", " , "]).is_none());
        let words = [
            "--discovery-services",
            "shop/web, api",
            "--discovery-namespace",
            "a",
        ];
        let (named, probes) = settings(&words).unwrap();
        let keys = vec![ServiceKey::new("shop", "web"), ServiceKey::new("a", "api")];
        assert_eq!(
            (named.services, named.mode),
            (Selection::Named(keys), Mode::KubernetesEndpoints)
        );
        assert!(named.use_endpoint_slices);
        assert_eq!(probes, Some(ProbeSettings::default()));
        let (chosen, probes) = settings(&[
            "--discovery-selector=app=web",
            "--discovery-mode=auto",
            "--discovery-use-endpoint-slices=false",
            "--discovery-health-check-seconds=0",
            "--node-name=ours",
        ])
        .unwrap();
        let expected = Selection::Labelled {
            namespace: "default".to_owned(),
            selector: "app=web".to_owned(),
        };
        assert_eq!(
            (chosen.services, chosen.mode, probes),
            (expected, Mode::Auto, None)
        );
        assert!(!chosen.use_endpoint_slices);
        assert_eq!(chosen.own_node.as_deref(), Some("ours"));
    }

    /// EP-21: alerts go nowhere in the clear but to this machine, and no message repeats an address.
    #[test]
    fn address_of_a_webhook_must_be_safe_and_is_not_repeated() {
        let webhook = |address: &str, allowed| {
            let options = parse(&["--discovery-alert-webhook", address]).unwrap();
            assert!(!format!("{options:?}").contains("hidden"));
            let webhook = options.webhook(allowed).map(|webhook| webhook.is_some());
            webhook.map_err(|error| format!("{error:?}"))
        };
        assert_eq!(webhook("https://hooks.example/hidden", false), Ok(true));
        assert_eq!(webhook("http://127.0.0.1:1/hidden", true), Ok(true));
        assert_eq!(webhook("", false), Ok(false));
        for (address, allowed) in [
            ("http://127.0.0.1:1/hidden", false),
            ("http://hooks.example/hidden", true),
            ("hooks.example/hidden", true),
            ("ftp://hooks.example/hidden", true),
        ] {
            let said = webhook(address, allowed).expect_err(address);
            assert!(
                said.contains("--discovery-alert-webhook")
                    && !said.contains("hidden")
                    && !said.contains("VPSie"),
                "{said}"
            );
        }
    }

    /// EP-11: what cannot be meant is an error at the start that says what can.
    #[test]
    fn what_cannot_be_meant_is_an_error_at_the_start() {
        let table = [
            (
                "--discovery-mode=kubernetes",
                "use one of kubernetes-endpoints, kubernetes-pods, static, auto",
            ),
            ("--discovery-services=shop/", "`` is no name"),
            ("--discovery-services=a/b/c", "`b/c` is no name"),
            ("--discovery-services=Web", "`Web` is no name"),
            ("--discovery-services=-web", "`-web` is no name"),
            ("--discovery-namespace=", "`` is no name"),
            ("--discovery-health-check-seconds=-1", "0..=3600"),
        ];
        for (word, expected) in table {
            let said = parse(&[word]).unwrap_err().to_string();
            assert!(said.contains(expected), "{word}: {said}");
        }
        let many = vec!["web"; 101].join(",");
        assert!(parse(&["--discovery-services", &many]).is_err());
        let both = parse(&["--discovery-services=web", "--discovery-selector=app=web"]).unwrap();
        let said = format!("{:?}", both.settings().unwrap_err());
        assert!(
            said.contains("--discovery-services or --discovery-selector"),
            "{said}"
        );
        let nothing = parse(&["--discovery-services=web", "--discovery-mode=static"]).unwrap();
        let said = format!("{:?}", nothing.settings().unwrap_err());
        assert!(said.contains("--discovery-mode: static"), "{said}");
        let unwatched = parse(&["--discovery-mode=static"]).unwrap();
        assert!(unwatched.settings().unwrap().is_none());
    }
}
