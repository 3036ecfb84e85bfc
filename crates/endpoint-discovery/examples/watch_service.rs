//! Watches a Service of the cluster of your kubeconfig and prints what changes.
//!
//! `cargo run -p endpoint-discovery --example watch_service -- NAMESPACE/NAME`, with the mode in `DISCOVERY_MODE`.

#![allow(clippy::print_stdout, reason = "printing is all that it does")]

use std::error::Error;
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
    let mut views = discovery.subscribe();
    let mut before: Option<Arc<View>> = None;
    loop {
        let now = views.borrow_and_update().get(&key).cloned();
        if let Some(now) = now {
            print_changes(before.as_deref(), &now);
            before = Some(now);
        }
        views.changed().await?;
    }
}

fn print_changes(before: Option<&View>, now: &View) {
    if let Some(stale) = &now.stale {
        println!("stale since {}: {}", stale.since, stale.error);
    }
    let roster = |view: &View| view.roster().cloned().unwrap_or_default();
    let diff = roster(now).since(&before.map(roster).unwrap_or_default());
    let marked = [('-', &diff.removed), ('+', &diff.added), ('~', &diff.changed)];
    for (mark, instances) in marked {
        for instance in instances {
            let address = instance.addresses.hosts().into_iter().next().unwrap_or_default();
            println!("{mark} {} {address} {:?}", instance.id, instance.status);
        }
    }
}
