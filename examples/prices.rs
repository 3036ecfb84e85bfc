//! Lists clusters and prints what their machines cost: `cargo run -p examples --example prices`.
//!
//! It asks the simulated VPSie, in process. The real one takes an `HttpTransport` and the token of
//! an account instead, and nothing else changes.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

use chrono::DateTime;
use fleet_sim::SimClock;
use fleet_sim::cloud::{Cloud, ClusterSpec, TOKEN};
use vpsie_api::{
    Client, Credentials, ImageId, Inventory, NodeGroup, Offer, PlanQuery, Price, Settings, VpsieApi,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = report(&simulated()?).await?;
    Ok(std::io::stdout().write_all(report.as_bytes())?)
}

/// Makes a simulated account with two clusters, and a client for it.
fn simulated() -> Result<Client, Box<dyn Error>> {
    let epoch = DateTime::from_timestamp(1_769_241_600, 0).ok_or("the moment is out of range")?;
    let cloud = Cloud::new(SimClock::starting_at(epoch), 7);
    for (name, size) in [("HEL-Kubernetes-49ab", 57), ("HEL-Kubernetes-c0de", 58)] {
        let cluster = cloud.add_cluster(ClusterSpec {
            workers_without_group: 2,
            ..ClusterSpec::named(name)
        });
        cloud.add_group(&cluster, &format!("GRP-{size}"), size);
    }
    let token = Credentials::Token(TOKEN.to_owned().into());
    Ok(Client::new(Settings::default(), token, cloud.transport())?)
}

/// Asks for everything that costs money and writes it down.
async fn report(vpsie: &Client) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for summary in vpsie.clusters().await? {
        let cluster = vpsie.cluster(&summary.identifier).await?;
        let name = summary.name.as_deref().unwrap_or("(no name)");
        writeln!(text, "cluster {name}: {} nodes", cluster.nodes.len())?;
        for group in vpsie.node_groups(&summary.identifier).await? {
            let price = price_of(vpsie, &group).await?;
            let machines = group.nodes_count.unwrap_or_default();
            writeln!(
                text,
                "  group {}: {machines} machines, each {}",
                group.name,
                written(price)
            )?;
        }
    }
    for datacenter in vpsie.datacenters().await? {
        let name = datacenter.name.as_deref().unwrap_or("(no name)");
        writeln!(text, "data centre {name}:")?;
        for category in vpsie.plan_categories().await? {
            let query = PlanQuery {
                datacenter: datacenter.identifier.clone(),
                image: ImageId::new("simulated-image"),
                category: category.identifier,
            };
            let name = category.name.as_deref().unwrap_or("(no name)");
            for plan in vpsie.plans(&query).await? {
                let plan_name = plan.name.as_deref().unwrap_or("(no name)");
                writeln!(text, "  {name}, plan {plan_name}: {}", written(Some(plan.price)))?;
            }
        }
    }
    Ok(text)
}

/// Finds the price of a group's machines among the offers of its data centre.
async fn price_of(vpsie: &Client, group: &NodeGroup) -> Result<Option<Price>, Box<dyn Error>> {
    let Some(datacenter) = &group.datacenter else {
        return Ok(None);
    };
    let offers: Vec<Offer> = vpsie.offers(datacenter).await?;
    let mut offered = offers
        .into_iter()
        .filter(|offer| Some(offer.number) == group.size);
    Ok(offered.next().map(|offer| offer.price))
}

/// Writes the price of a month; VPSie names no currency.
fn written(price: Option<Price>) -> String {
    match price.and_then(|price| price.per_month()) {
        Some(monthly) => format!("{monthly:.2} a month"),
        None => "price unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clusters_and_prices_are_in_the_report() {
        let report = report(&simulated().unwrap()).await.unwrap();
        for line in [
            "cluster HEL-Kubernetes-49ab: 3 nodes",
            "cluster HEL-Kubernetes-c0de: 3 nodes",
            "group GRP-58: 0 machines, each 48.00 a month",
            "Shared CPU, plan Advanced: 24.00 a month",
        ] {
            assert!(report.contains(line), "{line} is not in {report}");
        }
    }
}
