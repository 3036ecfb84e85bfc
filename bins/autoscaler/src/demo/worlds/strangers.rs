//! Worlds in which machines are there that are not ours, or in which the lists say less than one would like.

use super::play::Play;
use fleet_sim::cloud::{
    Behaviour, CallKind, Casing, ClusterSpec, Delay, Fault, FaultEffect, Happening, PrivateAddressForm,
};
use std::time::Duration;

/// Returns the number of the group at VPSie in which our machines are.
fn our_group(play: &Play) -> Option<u64> {
    play.world.cloud.ledger().first().map(|posting| posting.group)
}

async fn is_anything_recorded(play: &Play) -> anyhow::Result<bool> {
    let claims = play.claims().await?;
    Ok(claims
        .iter()
        .any(|claim| claim.spec.vpsie_node_identifier.is_some()))
}

/// Ours still boots while a person's machine runs in the same group.
pub(super) async fn foreign_runs_first(play: &mut Play) -> anyhow::Result<()> {
    let cloud = play.world.cloud.clone();
    cloud.behaviour(|behaviour| {
        behaviour.list_delay = Delay::none();
        behaviour.boot_delay = Delay::exactly(Duration::from_secs(6 * 60));
    });
    play.world.start().await?;
    play.wish(play.world.node_group("web", 57, 1)).await?;
    play.asked(1).await?;
    cloud.behaviour(|behaviour| behaviour.boot_delay = Delay::none());
    let foreign = cloud.add_foreign_machine(&play.world.cluster, our_group(play));
    play.pass(8).await;
    let is_taken = is_anything_recorded(play).await?;
    play.must(!is_taken, "nobody guesses while there is one machine too many");
    play.take_away(&foreign).await?;
    play.settle().await
}

/// Our request is lost on its way while a person adds an equal machine elsewhere.
pub(super) async fn same_size_elsewhere(play: &mut Play) -> anyhow::Result<()> {
    let cloud = play.world.cloud.clone();
    cloud.fault(Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect));
    play.world.start().await?;
    play.wish(play.world.node_group("web", 57, 1)).await?;
    play.asked(1).await?;
    let elsewhere = cloud.add_group(&play.world.cluster, "GRP-Of-A-Person", 57);
    let foreign = cloud.add_foreign_machine(&play.world.cluster, Some(elsewhere));
    play.pass(10).await;
    let is_taken = is_anything_recorded(play).await?;
    play.must(!is_taken, "nobody takes the machine of another group");
    // Once a replacement is asked for, two new machines of one size and two requests are as alike as they can be.
    play.take_away(&foreign).await?;
    play.asked(2).await?;
    play.settle().await?;
    let asked = cloud.ledger().len();
    play.must(asked == 2, "the lost request is replaced once");
    Ok(())
}

/// Dates have no zone, and the clock behind them is ahead.
pub(super) async fn dates_without_zone(play: &mut Play) -> anyhow::Result<()> {
    play.world.cloud.behaviour(|behaviour| {
        behaviour.zone_on_dates = false;
        behaviour.clock_skew = chrono::Duration::minutes(90);
    });
    two_nodes(play).await
}

/// A machine is a node, a VM and a volume host, each time a little different.
pub(super) async fn several_lists(play: &mut Play) -> anyhow::Result<()> {
    play.world.cloud.behaviour(|behaviour| {
        behaviour.workers_as_vms = true;
        behaviour.workers_as_volume_hosts = true;
        behaviour.volume_hosts_share_identifiers = false;
        behaviour.volume_host_hostnames = Casing::Upper;
        behaviour.volume_host_private_addresses = PrivateAddressForm::Text;
        behaviour.node_hostnames = Casing::Upper;
    });
    two_nodes(play).await
}

async fn two_nodes(play: &mut Play) -> anyhow::Result<()> {
    play.world.start().await?;
    play.wish(play.world.node_group("web", 57, 2)).await?;
    play.settle().await
}

/// New masters appear and old ones go while a request is open.
pub(super) async fn replaced_masters(play: &mut Play) -> anyhow::Result<()> {
    let cloud = play.world.cloud.clone();
    cloud.behaviour(|behaviour| behaviour.list_delay = Delay::exactly(Duration::from_secs(2 * 60)));
    play.world.start().await?;
    play.wish(play.world.node_group("web", 57, 1)).await?;
    play.asked(1).await?;
    let upgrade = Happening::Upgrade {
        cluster: play.world.cluster.clone(),
        // The version that it has: a request that is open while it changes waits for a person.
        version: "1.34.1".to_owned(),
        pace: Duration::from_secs(2 * 60),
    };
    cloud.plan(Duration::from_secs(10), upgrade);
    cloud.behaviour(|behaviour| behaviour.list_delay = Behaviour::default().list_delay);
    play.pass(5).await;
    let is_taken = is_anything_recorded(play).await?;
    play.must(!is_taken, "nobody guesses while masters come and go");
    play.settle().await
}

/// Another cluster, with a NodeGroup of its own, has machines with the private addresses of ours.
pub(super) async fn shared_addresses(play: &mut Play) -> anyhow::Result<()> {
    let cloud = play.world.cloud.clone();
    let other = cloud.add_cluster(ClusterSpec {
        workers_without_group: 2,
        ..ClusterSpec::named("HEL-Kubernetes-7c21")
    });
    play.world.start().await?;
    // It wants no nodes: theirs would join another Kubernetes. But VPSie is asked about its machines.
    let mut far = play.world.node_group("far", 57, 0);
    far.spec.resource_identifier.clone_from(&other);
    far.spec.max_nodes = 1;
    play.wish(far).await?;
    play.wish(play.world.node_group("near", 57, 2)).await?;
    play.asked(1).await?;
    for _ in 0..2 {
        cloud.add_foreign_machine(&other, None);
    }
    play.settle().await?;
    let machines = cloud.machines();
    let (ours, theirs): (Vec<_>, Vec<_>) = machines.iter().partition(|one| one.cluster == play.world.cluster);
    let ours = ours.iter().filter(|machine| machine.made_by.is_some());
    let is_shared = |address: &String| theirs.iter().any(|machine| machine.addresses.contains(address));
    let are_shared = ours
        .flat_map(|machine| &machine.addresses)
        .filter(|address| is_shared(address));
    let shared = are_shared.count();
    play.must(shared == 2, "each of our machines shares its private address");
    Ok(())
}
