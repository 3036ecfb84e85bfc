//! The real client against the simulated cloud: two readings of one API that must agree.

use std::sync::Arc;

use secrecy::SecretString;
use vpsie_api::{
    ClusterId, CreateGroup, Credentials, DatacenterId, EffectError, GroupNumber, NodeUuid, RefusalReason,
    RemoveWorker, RequestId, Settings, SizeNumber, VpsieApi,
};

use crate::cloud::testing::SmallCloud;
use crate::cloud::{
    AddReply, AuthEncoding, AuthReply, CLIENT_ID, CLIENT_SECRET, CallKind, Fault, FaultEffect, TOKEN,
};

fn client_with(world: &SmallCloud, credentials: Credentials) -> vpsie_api::Client {
    let clock = world.cloud.clock();
    let settings = Settings {
        now: Arc::new(move || clock.now()),
        ..Settings::default()
    };
    vpsie_api::Client::new(settings, credentials, world.cloud.transport()).unwrap()
}

fn client(world: &SmallCloud) -> vpsie_api::Client {
    client_with(world, Credentials::Token(SecretString::from(TOKEN)))
}

async fn add(client: &vpsie_api::Client, world: &SmallCloud) -> Result<vpsie_api::Accepted, EffectError> {
    let request = RequestId::new("uid-1").unwrap();
    client
        .add_worker(
            &ClusterId::new(&world.cluster),
            GroupNumber::new(world.group),
            &request,
        )
        .await
}

#[tokio::test(start_paused = true)]
async fn client_reads_the_cluster_as_it_is() {
    let world = SmallCloud::new();
    let client = client(&world);
    add(&client, &world).await.unwrap();
    world.settle().await;
    let id = ClusterId::new(&world.cluster);
    let cluster = client.cluster(&id).await.unwrap();
    assert!(cluster.is_complete(&id));
    let machines = world.cloud.machines();
    let seen: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| {
            let uuid = node.identifier.as_ref().unwrap().as_str().to_owned();
            (
                node.number.unwrap().get(),
                uuid,
                node.hostname.clone().unwrap(),
                node.created.unwrap().at,
            )
        })
        .collect();
    let real: Vec<_> = machines
        .iter()
        .map(|machine| {
            (
                machine.number,
                machine.uuid.clone(),
                machine.hostname.clone(),
                machine.created_at,
            )
        })
        .collect();
    assert_eq!(seen, real);
    for (node, machine) in cluster.nodes.iter().zip(&machines) {
        assert_eq!(node.addresses, machine.addresses);
    }
    assert_eq!(world.cloud.ledger()[0].request_id.as_deref(), Some("uid-1"));
}

#[tokio::test(start_paused = true)]
async fn client_reads_clusters_groups_and_offers() {
    let world = SmallCloud::new();
    let client = client(&world);
    let id = ClusterId::new(&world.cluster);
    let clusters = client.clusters().await.unwrap();
    assert_eq!(
        (clusters[0].identifier.as_str(), clusters[0].node_count),
        (world.cluster.as_str(), Some(1))
    );
    let new = CreateGroup {
        cluster: id.clone(),
        name: "workers-4x8".to_owned(),
        size: SizeNumber::new(58),
    };
    client.create_group(&new).await.unwrap();
    let groups = client.node_groups(&id).await.unwrap();
    let seen: Vec<_> = groups
        .iter()
        .map(|group| (group.number.get(), group.name.clone()))
        .collect();
    let real: Vec<_> = world
        .cloud
        .groups(&world.cluster)
        .into_iter()
        .map(|group| (group.number, group.name))
        .collect();
    assert_eq!(seen, real);
    let datacenter = DatacenterId::new(world.cloud.cluster(&world.cluster).unwrap().datacenter);
    let offers = client.offers(&datacenter).await.unwrap();
    assert_eq!(
        (offers[2].number.get(), offers[2].cpu, offers[2].ram_mb),
        (59, Some(8), Some(16384))
    );
}

/// I2: refusals are known as such; a lost reply never is.
#[tokio::test(start_paused = true)]
async fn client_tells_refused_from_unknown() {
    let world = SmallCloud::new();
    let client = client(&world);
    world.cloud.behaviour(|behaviour| behaviour.worker_cap = Some(0));
    for status in [200, 400] {
        world
            .cloud
            .behaviour(|behaviour| behaviour.refusal_status = status);
        assert!(
            matches!(add(&client, &world).await, Err(EffectError::Refused(_))),
            "{status}"
        );
    }
    world.cloud.behaviour(|behaviour| behaviour.worker_cap = None);
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::LoseReplyAfterEffect));
    assert!(matches!(add(&client, &world).await, Err(EffectError::Unknown(_))));
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::Html502));
    assert!(matches!(add(&client, &world).await, Err(EffectError::Unknown(_))));
    assert_eq!(
        world
            .cloud
            .ledger()
            .iter()
            .filter(|posting| posting.machine.is_some())
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn client_knows_the_messages_of_refusals() {
    let world = SmallCloud::new();
    let client = client(&world);
    let same_size = CreateGroup {
        cluster: ClusterId::new(&world.cluster),
        name: "again".to_owned(),
        size: SizeNumber::new(57),
    };
    let Err(EffectError::Refused(error)) = client.create_group(&same_size).await else {
        panic!("a second group of one size is refused");
    };
    let text = error.to_string();
    assert!(text.contains("has same selected Size"), "{text}");
    assert_eq!(RefusalReason::of(&text), RefusalReason::DuplicateSize);
}

#[tokio::test(start_paused = true)]
async fn client_removes_the_worker_it_names() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.add_reply = AddReply::Object);
    let client = client(&world);
    let uuid = add(&client, &world).await.unwrap().identifier.unwrap();
    world.settle().await;
    client
        .remove_worker(&ClusterId::new(&world.cluster), &uuid)
        .await
        .unwrap();
    assert_eq!(world.cloud.removals()[0].machine, uuid.as_str());
    let master = NodeUuid::new(&world.cloud.machines()[0].uuid);
    let refused = client
        .remove_worker(&ClusterId::new(&world.cluster), &master)
        .await;
    assert!(matches!(refused, Err(EffectError::Refused(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn client_exchanges_credentials_in_every_shape() {
    for encoding in [AuthEncoding::Json, AuthEncoding::Form] {
        for reply in [AuthReply::Flat, AuthReply::Nested] {
            let world = SmallCloud::new();
            world.cloud.behaviour(|behaviour| {
                behaviour.auth_encoding = encoding;
                behaviour.auth_reply = reply;
            });
            let secret = SecretString::from(CLIENT_SECRET);
            let client = client_with(
                &world,
                Credentials::Client {
                    id: CLIENT_ID.to_owned(),
                    secret,
                },
            );
            let clusters = client.clusters().await;
            assert!(clusters.is_ok(), "{encoding:?} {reply:?}: {clusters:?}");
        }
    }
}
