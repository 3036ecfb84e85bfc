//! Watches a Service of the cluster of your kubeconfig and prints what changes.
//!
//! `cargo run -p endpoint-discovery --example watch_service -- NAMESPACE/NAME`, with the mode in `DISCOVERY_MODE`.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use endpoint_discovery::{Discovery, Mode, Selection, ServiceKey, Settings, View};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let asked = std::env::args().nth(1);
    let service = asked.as_deref().and_then(|asked| asked.split_once('/'));
    let (namespace, name) = service.ok_or("name a Service as NAMESPACE/NAME")?;
    let key = ServiceKey::new(namespace, name);
    let mut settings = Settings::new(Selection::Named(vec![key.clone()]));
    if let Ok(word) = std::env::var(Mode::VARIABLE) {
        settings.mode = word.parse()?;
    }
    let discovery = Discovery::start(kube::Client::try_default().await?, settings);
    print_all(&discovery, &key, &mut std::io::stdout()).await
}

/// Prints each change of a Service, for ever.
async fn print_all(
    discovery: &Discovery,
    key: &ServiceKey,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut views = discovery.subscribe();
    let mut before: Option<Arc<View>> = None;
    loop {
        let now = views.borrow_and_update().get(key).cloned();
        if let Some(now) = now {
            print_changes(before.as_deref(), &now, out)?;
            before = Some(now);
        }
        views.changed().await?;
    }
}

fn print_changes(before: Option<&View>, now: &View, out: &mut impl Write) -> std::io::Result<()> {
    if let Some(stale) = &now.stale {
        writeln!(out, "stale since {}: {}", stale.since, stale.error)?;
    }
    let roster = |view: &View| view.roster().cloned().unwrap_or_default();
    let diff = roster(now).since(&before.map(roster).unwrap_or_default());
    let marked = [('-', &diff.removed), ('+', &diff.added), ('~', &diff.changed)];
    for (mark, instances) in marked {
        for instance in instances {
            let address = instance.addresses.hosts().into_iter().next().unwrap_or_default();
            writeln!(out, "{mark} {} {address} {:?}", instance.id, instance.status)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use fleet_sim::clock::SimClock;
    use fleet_sim::kube_api::KubeApi;
    use k8s_openapi::api::core::v1::{Namespace, Service};
    use k8s_openapi::api::discovery::v1::EndpointSlice;
    use kube::Api;
    use kube::api::{Patch, PatchParams};
    use serde_json::{Value, json};
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    use super::*;

    /// Hands each line on.
    struct Lines(Vec<u8>, UnboundedSender<String>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.extend(bytes);
            if self.0.ends_with(b"\n") {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.0))
                    .trim()
                    .to_owned();
                self.1.send(line).unwrap();
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Writes the slice of `shop/web`: a ready endpoint for each of these numbers.
    async fn serve(server: &KubeApi, numbers: &[u8]) {
        let endpoints = numbers.iter().map(|number| {
            let target =
                json!({"kind": "Pod", "name": format!("web-{number}"), "uid": format!("uid-{number}")});
            json!({"addresses": [format!("10.0.0.{number}")], "targetRef": target})
        });
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4", "endpoints": endpoints.collect::<Vec<Value>>(), "ports": [],
        });
        let slices: Api<EndpointSlice> = Api::namespaced(server.client(), "shop");
        let parameters = PatchParams::apply("example").force();
        slices
            .patch("web-1", &parameters, &Patch::Apply(slice))
            .await
            .unwrap();
    }

    /// EP-16: what comes and goes is printed, a line each.
    #[tokio::test(start_paused = true)]
    async fn what_comes_and_goes_is_printed() {
        let server = KubeApi::new(SimClock::starting_at(chrono::DateTime::UNIX_EPOCH));
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "shop"}})).unwrap();
        let namespaces = Api::all(server.client());
        namespaces.create(&Default::default(), &namespace).await.unwrap();
        let service = json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
        let service: Service = serde_json::from_value(service).unwrap();
        let services = Api::namespaced(server.client(), "shop");
        services.create(&Default::default(), &service).await.unwrap();
        serve(&server, &[1]).await;

        let key = ServiceKey::new("shop", "web");
        let settings = Settings::new(Selection::Named(vec![key.clone()]));
        let discovery = Discovery::start(server.client(), settings);
        let (told, mut heard) = unbounded_channel();
        tokio::spawn(async move {
            let mut lines = Lines(Vec::new(), told);
            drop(
                print_all(&discovery, &key, &mut lines)
                    .await
                    .map_err(|error| error.to_string()),
            );
        });
        let mut next = async || {
            tokio::time::timeout(Duration::from_secs(60), heard.recv())
                .await
                .unwrap()
        };
        assert_eq!(next().await.as_deref(), Some("+ web-1 10.0.0.1 Ready"));
        serve(&server, &[1, 2]).await;
        assert_eq!(next().await.as_deref(), Some("+ web-2 10.0.0.2 Ready"));
        serve(&server, &[2]).await;
        assert_eq!(next().await.as_deref(), Some("- web-1 10.0.0.1 Ready"));
    }
}
