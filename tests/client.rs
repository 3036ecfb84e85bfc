//! The VPSie client against the simulated cloud over real HTTP: two parts that never saw each other.

use std::sync::Arc;

use chrono::Utc;
use fleet_sim::cloud::serve;
use fleet_sim::scenario::Scenario;
use fleet_sim::{Cloud, SimClock};
use vpsie_api::{
    Client, ClusterId, Credentials, DatacenterId, DeleteGroup, GroupUuid, HttpTransport, ImageId, Inventory,
    PlanCategoryId, PlanQuery, RequestId, Settings, TransportSettings, VmLifecycle, VolumeHostKind, VpsieApi,
};

/// Where the example scenarios are.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/fleet-sim/scenarios");

/// A cloud of one example scenario, and a client that reaches it through a socket.
struct Meeting {
    cloud: Cloud,
    client: Client,
    cluster: ClusterId,
}

// === impl Meeting ===

impl Meeting {
    async fn over(example: &str) -> Self {
        let text =
            std::fs::read_to_string(format!("{EXAMPLES}/{example}.yaml")).expect("the example is there");
        let scenario = Scenario::read(&text).expect("the example can be read");
        let cloud = scenario.build(SimClock::starting_at(Utc::now()), 7);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(cloud.clone(), listener));
        let transport = HttpTransport::new(TransportSettings {
            allow_plain_http_to_loopback: true,
            ..TransportSettings::default()
        });
        let settings = Settings {
            base_url: format!("http://{address}/apps/v2"),
            ..Settings::default()
        };
        let accepted = scenario.credentials();
        let credentials = Credentials::Client {
            id: accepted.client_id,
            secret: accepted.client_secret.into(),
        };
        let transport = Arc::new(transport.expect("a transport"));
        let client = Client::new(settings, credentials, transport).expect("a client");
        let cluster = ClusterId::new(&cloud.clusters()[0].0);
        Self {
            cloud,
            client,
            cluster,
        }
    }
}

#[tokio::test]
async fn client_reads_a_whole_account() {
    let Meeting {
        client,
        cluster,
        cloud,
    } = Meeting::over("whole-account").await;
    let clusters = client.clusters().await.expect("clusters");
    assert_eq!(clusters.len(), 2);
    let detail = client.cluster(&cluster).await.expect("a cluster");
    assert!(detail.is_complete(&cluster));
    let alive = cloud
        .machines()
        .into_iter()
        .filter(|machine| machine.cluster == cluster.as_str());
    let uuids: Vec<String> = alive.map(|machine| machine.uuid).collect();
    let seen = detail.nodes.iter().filter_map(|node| node.identifier.as_ref());
    assert_eq!(
        seen.map(|uuid| uuid.as_str().to_owned()).collect::<Vec<_>>(),
        uuids
    );
    let groups = client.node_groups(&cluster).await.expect("groups");
    assert_eq!(
        groups.iter().map(|group| group.number.get()).collect::<Vec<_>>(),
        [412, 413]
    );
    let datacenters = client.datacenters().await.expect("datacentres");
    let amsterdam: DatacenterId = datacenters.entries[1].identifier.clone();
    let offers = client.offers(&amsterdam).await.expect("offers");
    let prices = offers
        .iter()
        .map(|offer| offer.price.per_month().map(|price| price.to_string()));
    assert_eq!(prices.flatten().collect::<Vec<_>>(), ["24.5", "48.0", "384.99"]);
    let categories = client.plan_categories().await.expect("categories");
    let query = PlanQuery {
        datacenter: amsterdam,
        image: ImageId::new("any"),
        category: PlanCategoryId::new(categories.entries[1].identifier.as_str()),
    };
    let plans = client.plans(&query).await.expect("plans").entries;
    assert_eq!(
        plans
            .iter()
            .filter_map(|plan| plan.name.as_deref())
            .collect::<Vec<_>>(),
        ["Professional", "Huge"]
    );
    assert_eq!(client.ssh_keys().await.expect("keys").entries.len(), 2);
    assert_eq!(client.projects().await.expect("projects").entries.len(), 2);
    assert_eq!(client.tags().await.expect("tags")["boxes"][0].name, "shop");
}

#[tokio::test]
async fn client_reads_vms_in_every_state() {
    let Meeting { client, .. } = Meeting::over("whole-account").await;
    let vms = client.vms().await.expect("VMs");
    let lives: Vec<VmLifecycle> = vms.entries.iter().map(vpsie_api::Vm::lifecycle).collect();
    let expected = [
        VmLifecycle::Active,
        VmLifecycle::Active,
        VmLifecycle::Suspended,
        VmLifecycle::Locked,
        VmLifecycle::Terminated,
        VmLifecycle::Deleted,
    ];
    assert_eq!((lives.as_slice(), vms.total), (expected.as_slice(), Some(6)));
    let second = &vms.entries[1].identifier;
    assert_eq!(client.vm(second).await.expect("a VM"), vms.entries[1]);
    let status = client.vm_status(second).await.expect("a status");
    assert_eq!(status.status.as_deref(), Some("stopped"));
    let pending = client.pending_vms().await.expect("pending VMs").entries;
    assert_eq!(pending[0].hostname.as_deref(), Some("app-7"));
    let secret = fleet_sim::cloud::INITIAL_PASSWORD;
    assert!(
        !format!("{vms:?}{pending:?}").contains(secret),
        "no password is kept"
    );
}

#[tokio::test]
async fn client_reads_lists_that_lie() {
    let Meeting { client, cluster, .. } = Meeting::over("lists-that-lie").await;
    let nodes = client.cluster(&cluster).await.expect("a cluster").nodes;
    assert!(
        nodes
            .iter()
            .all(|node| node.identifier.is_none() && node.number.is_none())
    );
    assert!(
        nodes.iter().all(|node| node.created.is_some()),
        "dates without a zone are read"
    );
    let hosts = client.volume_hosts().await.expect("hosts").entries;
    let workers = hosts
        .iter()
        .filter(|host| host.kind == VolumeHostKind::Kubernetes);
    let names: Vec<String> = workers.clone().filter_map(|host| host.hostname.clone()).collect();
    let lower = |name: &Option<String>| name.as_deref().unwrap_or_default().to_lowercase();
    let expected: Vec<String> = nodes
        .iter()
        .map(|node| lower(&node.hostname))
        .filter(|name| name.contains("-slave-"))
        .collect();
    assert_eq!(names, expected, "one machine in two lists");
    assert!(
        workers.into_iter().all(|host| host.addresses.len() == 2),
        "addresses in a list of their own are read"
    );
    let truncated = client.cluster(&cluster).await.expect("half a cluster");
    assert!(!truncated.is_complete(&cluster));
}

/// I2: what may have bought is never called refused, and what is refused has not bought.
#[tokio::test]
async fn client_knows_what_it_does_not_know() {
    let Meeting {
        client,
        cluster,
        cloud,
    } = Meeting::over("bad-wire").await;
    let group = client.node_groups(&cluster).await.expect("groups")[0].number;
    let mut outcomes = Vec::new();
    for number in 1..=3 {
        let request = RequestId::new(format!("uid-{number}")).expect("a good id");
        let outcome = client.add_worker(&cluster, group, &request).await;
        outcomes.push(outcome.map_or_else(|error| error.label(), |_| "accepted"));
    }
    assert_eq!(outcomes, ["unknown", "unknown", "accepted"]);
    assert_eq!(cloud.ledger().len(), 3, "nothing is sent twice");
}

/// K5
#[tokio::test]
async fn client_deletes_an_empty_group_only() {
    let Meeting {
        client,
        cluster,
        cloud,
    } = Meeting::over("persons-at-work").await;
    let groups: Vec<GroupUuid> = cloud
        .groups(cluster.as_str())
        .iter()
        .map(|group| GroupUuid::new(&group.uuid))
        .collect();
    assert!(client.delete_group(&groups[0], "still in use").await.is_err());
    client
        .delete_group(&groups[1], "not needed")
        .await
        .expect("an empty group goes");
    let deleted = cloud
        .groups(cluster.as_str())
        .into_iter()
        .filter(|group| group.deleted_at.is_some());
    assert_eq!(
        deleted.map(|group| group.name).collect::<Vec<_>>(),
        ["GRP-Big-0001"]
    );
}
