//! `sim-cloud`: a simulated VPSie over HTTP, for any client.

use crate::args::SimCloudOptions;
use crate::exit::Failure;
use crate::output;
use crate::run::told_to_stop;
use anyhow::Context;
use chrono::Utc;
use fleet_sim::cloud::serve_until;
use fleet_sim::scenario::Scenario;
use fleet_sim::{Cloud, SimClock};
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

/// Largest scenario that is read; the largest example has 3 kB.
const LARGEST: u64 = 1024 * 1024;

/// Serves until the process is told to stop.
pub(crate) fn run(options: &SimCloudOptions) -> Result<(), Failure> {
    let scenario = match &options.scenario {
        Some(path) => read(path).map_err(Failure::input)?,
        None => Scenario::standard(),
    };
    check(options.listen, options.allow_remote).map_err(Failure::input)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .context("starting the runtime")
        .map_err(Failure::broken)?
        .block_on(serve(options, &scenario))
}

async fn serve(options: &SimCloudOptions, scenario: &Scenario) -> Result<(), Failure> {
    // Listening for signals comes first: whoever reads the address may already send one.
    let stop = told_to_stop()
        .context("listening for signals")
        .map_err(Failure::broken)?;
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener
        .with_context(|| format!("listening on {}; use another --listen", options.listen))
        .map_err(Failure::input)?;
    let address = listener
        .local_addr()
        .context("the address")
        .map_err(Failure::broken)?;
    let clock = SimClock::faster(scenario.start().unwrap_or_else(Utc::now), options.speed);
    let cloud = scenario.build(clock, options.seed.or(scenario.seed()).unwrap_or(1));
    output::print(&introduction(address, scenario, &cloud));
    serve_until(cloud, listener, stop)
        .await
        .context("serving the simulated VPSie")
        .map_err(Failure::broken)?;
    tracing::info!("told to stop; the simulated VPSie is gone");
    Ok(())
}

/// Refuses an address that other machines can reach: whoever calls may do everything.
fn check(address: SocketAddr, allow_remote: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        address.ip().is_loopback() || allow_remote,
        "other machines can reach {address}; use a loopback address such as 127.0.0.1, or --allow-remote"
    );
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Scenario> {
    let what = || format!("the scenario {}", path.display());
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(what)?)
    };
    let mut text = String::new();
    source
        .take(LARGEST + 1)
        .read_to_string(&mut text)
        .with_context(what)?;
    anyhow::ensure!(
        text.len() as u64 <= LARGEST,
        "{} is larger than 1 MiB; cut it down",
        what()
    );
    Scenario::read(&text).with_context(what)
}

/// Says all that a client needs.
fn introduction(address: SocketAddr, scenario: &Scenario, cloud: &Cloud) -> String {
    let accepted = scenario.credentials();
    let mut lines = vec![
        format!("listening on http://{address}"),
        format!("base URL      http://{address}/apps/v2"),
        format!("token         {}", accepted.token),
        format!("client id     {}", accepted.client_id),
        format!("client secret {}", accepted.client_secret),
    ];
    for (uuid, cluster) in cloud.clusters() {
        lines.push(format!("cluster       {uuid} {}", cluster.name));
        for group in cloud.groups(&uuid) {
            lines.push(format!(
                "group         {} {}, size {}",
                group.number, group.name, group.size
            ));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn only_a_flag_opens_the_door_to_other_machines() {
        for (address, allow_remote, expected) in [
            ("127.0.0.1:0", false, true),
            ("127.8.8.8:80", false, true),
            ("[::1]:0", false, true),
            ("0.0.0.0:80", false, false),
            ("[::]:80", false, false),
            ("192.0.2.1:80", false, false),
            ("0.0.0.0:80", true, true),
        ] {
            let found = check(address.parse().unwrap(), allow_remote);
            assert_eq!(found.is_ok(), expected, "{address}");
        }
    }

    #[test]
    fn wrong_scenario_is_refused_with_file_line_and_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrong.yaml");
        std::fs::write(&path, "seed: 1\nclusters:\n  - { name: a, colour: blue }\n").unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        let expected = format!(
            "the scenario {}: line 3, column 16, in `clusters[0].colour`: unknown field `colour`",
            path.display()
        );
        assert!(error.starts_with(&expected), "{error}");
        std::fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.ends_with("is larger than 1 MiB; cut it down"), "{error}");
    }

    #[tokio::test]
    async fn introduction_names_all_that_a_client_needs() {
        let scenario = Scenario::standard();
        let cloud = scenario.build(SimClock::starting_at(DateTime::UNIX_EPOCH), 1);
        let text = introduction("127.0.0.1:8645".parse().unwrap(), &scenario, &cloud);
        let cluster = cloud.clusters()[0].0.clone();
        let expected = format!(
            "listening on http://127.0.0.1:8645\n\
             base URL      http://127.0.0.1:8645/apps/v2\n\
             token         simulated-personal-token\n\
             client id     simulated-client\n\
             client secret simulated-client-secret\n\
             cluster       {cluster} HEL-Kubernetes-49ab\n\
             group         412 GRP-Advanced-c745, size 57"
        );
        assert_eq!(text, expected);
    }

    /// A process-wide signal reaches this test, too, because listening for it begins before it is sent.
    #[tokio::test]
    async fn signal_ends_the_service_cleanly() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = Scenario::standard().build(SimClock::starting_at(DateTime::UNIX_EPOCH), 1);
        let stop = told_to_stop().unwrap();
        let served = tokio::spawn(serve_until(cloud, listener, stop));
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &std::process::id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        served.await.unwrap().unwrap();
    }
}
