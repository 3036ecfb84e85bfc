//! VMs in their five shapes, and one machine that two lists report.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::testing::SmallCloud;
use crate::cloud::{
    Behaviour, Casing, INITIAL_PASSWORD, PrivateAddressForm, ProjectForm, TotalForm, VmSpec, VmState,
};

const VMS: &str = "/apps/v2/vm";
const HOSTS: &str = "/apps/v2/storages/vms";

fn get(world: &SmallCloud, path: &str) -> Value {
    let (status, reply) = world.ask("GET", path, "");
    assert_eq!((status, &reply["error"]), (200, &json!(false)), "{path}: {reply}");
    reply
}

fn with_vm(state: VmState) -> (SmallCloud, String) {
    let world = SmallCloud::new();
    let spec = VmSpec {
        state,
        ..VmSpec::named("app-1")
    };
    let uuid = world.cloud.add_vm(spec);
    (world, uuid)
}

async fn with_worker(change: impl FnOnce(&mut Behaviour)) -> (SmallCloud, String) {
    let world = SmallCloud::new();
    let uuid = world.buy("uid-1");
    world.settle().await;
    world.cloud.behaviour(change);
    (world, uuid)
}

#[track_caller]
fn assert_fields(value: &Value, expected: &Value) {
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(&value[name], expected, "{name} of {value}");
    }
}

/// V1, E17.
#[tokio::test(start_paused = true)]
async fn vm_is_listed_with_its_numbers() {
    let (world, uuid) = with_vm(VmState::Running);
    let reply = get(&world, VMS);
    assert_eq!(reply["total"], json!(1));
    let expected = json!({
        "id": 81001, "identifier": uuid, "user_id": 6, "boxsize_id": 57, "boximage_id": 4, "datacenter_id": 3,
        "node_id": 12, "boxdiscount_id": null, "hostname": "app-1", "default_ip": "198.51.100.20",
        "default_ipv6": "", "private_ip": "", "cpu": 2, "ram": 4096, "ssd": 80, "traffic": 4096, "power": 1,
        "is_active": 1, "is_deleted": 0, "is_suspended": 0, "is_terminated": 0, "is_locked": 0,
        "project_id": 9, "notes": null, "created_on": "2026-01-24T08:00:00.000Z", "dropped_on": null,
        "state": "Uusimaa", "dcIdentifier": "55f06b85-c9ee-11e3-9845-005056aa8af7", "category": "ubuntu",
        "fullname": "Ubuntu 24.04", "publicIp": null, "vmType": null, "initial_password": INITIAL_PASSWORD,
    });
    assert_fields(&reply["data"][0], &expected);
    assert_eq!(get(&world, "/api/v2/vm"), reply);
}

#[tokio::test(start_paused = true)]
async fn state_of_a_vm_is_told_by_flags() {
    let names = [
        "is_active",
        "power",
        "is_suspended",
        "is_locked",
        "is_terminated",
        "is_deleted",
    ];
    let cases = [
        (VmState::Running, [1, 1, 0, 0, 0, 0]),
        (VmState::Stopped, [1, 0, 0, 0, 0, 0]),
        (VmState::Suspended, [0, 0, 1, 0, 0, 0]),
        (VmState::Locked, [1, 1, 0, 1, 0, 0]),
        (VmState::Terminated, [0, 0, 0, 0, 1, 0]),
        (VmState::Deleted, [0, 0, 0, 0, 0, 1]),
    ];
    for (state, expected) in cases {
        let (world, _) = with_vm(state);
        let vm = get(&world, VMS)["data"][0].take();
        let flags = names.map(|name| vm[name].as_i64().unwrap());
        assert_eq!(flags, expected, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn vms_of_another_project_are_none() {
    let (world, _) = with_vm(VmState::Running);
    let count = |project: &str| {
        let reply = get(&world, &format!("{VMS}?projectId={project}"));
        reply["data"].as_array().unwrap().len()
    };
    assert_eq!(count("9"), 1);
    assert_eq!(count("6e3b5c99-f8f3-11f0-9b1e-0050569c68dc"), 1);
    assert_eq!(count("10"), 0);
}

#[tokio::test(start_paused = true)]
async fn project_of_a_vm_has_the_ordered_form() {
    let cases = [
        (ProjectForm::Snake, json!(9), Value::Null),
        (ProjectForm::Camel, Value::Null, json!(9)),
        (ProjectForm::CamelText, Value::Null, json!("9")),
    ];
    for (form, snake, camel) in cases {
        let (world, _) = with_vm(VmState::Running);
        world.cloud.behaviour(|behaviour| behaviour.vm_projects = form);
        let vm = get(&world, VMS)["data"][0].take();
        assert_eq!(
            (&vm["project_id"], &vm["projectId"]),
            (&snake, &camel),
            "{form:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn total_has_the_ordered_form() {
    let cases = [
        (TotalForm::Number, json!(1)),
        (TotalForm::List, json!([{"count": 1}])),
        (TotalForm::Absent, Value::Null),
    ];
    for (form, expected) in cases {
        let (world, _) = with_vm(VmState::Running);
        world.cloud.behaviour(|behaviour| behaviour.totals = form);
        assert_eq!(get(&world, VMS)["total"], expected, "{form:?}");
    }
}

/// V2, E18.
#[tokio::test(start_paused = true)]
async fn vm_alone_is_wrapped_or_false() {
    let (world, uuid) = with_vm(VmState::Running);
    let listed = get(&world, VMS)["data"][0].take();
    let expected = json!({"error": false, "total": 1, "data": {
        "vmData": listed, "imageCategories": [], "vmTags": [], "privateIpData": [], "floatingIpData": [],
    }});
    assert_eq!(get(&world, &format!("{VMS}/{uuid}")), expected);
    assert_eq!(
        get(&world, &format!("{VMS}/nowhere")),
        json!({"error": false, "data": false})
    );
}

/// V3, E19.
#[tokio::test(start_paused = true)]
async fn hypervisor_says_whether_a_vm_runs() {
    let (world, uuid) = with_vm(VmState::Running);
    world.cloud.clock().sleep(Duration::from_secs(3600)).await;
    let expected = json!({
        "cpu": 0, "ballon": 4_294_967_296_u64, "uptime": 3600, "disk": 0, "pid": "1234", "running-machine": "pc",
        "running-qemu": "9.0", "status": "running", "diskread": "0", "diskwrite": "0", "fullname": "Ubuntu 24.04",
    });
    assert_eq!(get(&world, &format!("{VMS}/status/{uuid}"))["data"], expected);
    let (world, uuid) = with_vm(VmState::Stopped);
    assert_eq!(
        get(&world, &format!("{VMS}/status/{uuid}"))["data"]["status"],
        json!("stopped")
    );
    assert_eq!(
        get(&world, &format!("{VMS}/status/nowhere"))["data"],
        json!(false)
    );
}

/// V4.
#[tokio::test(start_paused = true)]
async fn vm_is_pending_first_and_listed_then() {
    let world = SmallCloud::new();
    let spec = VmSpec {
        pending_for: Duration::from_secs(60),
        ..VmSpec::named("app-2")
    };
    let uuid = world.cloud.add_vm(spec);
    let lists = || {
        let count = |path| get(&world, path)["data"].as_array().unwrap().len();
        (count("/apps/v2/vm/pending"), count(VMS), count(HOSTS))
    };
    assert_eq!(lists(), (1, 0, 0));
    let pending = get(&world, "/apps/v2/vm/pending")["data"][0].take();
    assert_fields(
        &pending,
        &json!({"id": uuid, "user_id": 6, "running": 1, "type": "vm"}),
    );
    assert_fields(
        &pending["data"],
        &json!({"hostname": "app-2", "addPublicIpV4": true, "isGeneratedPassword": true, "projectId": 9}),
    );
    world.cloud.clock().sleep(Duration::from_secs(60)).await;
    assert_eq!(lists(), (0, 1, 1));
}

/// V19, E20: the node list and the list of volume hosts tell of one machine in different words.
#[tokio::test(start_paused = true)]
async fn worker_is_reported_by_two_lists() {
    let (world, uuid) = with_worker(|_| {}).await;
    let machine = world.cloud.machine(&uuid).unwrap();
    let expected = json!([{
        "hostname": machine.hostname, "identifier": uuid, "datacenter_id": 3, "default_ip": machine.addresses[1],
        "default_ipv6": "", "private_ip": null, "ssd": 80, "state": "Uusimaa", "is_fip_available": 1,
        "is_bucket_available": 0, "dcIdentifier": "55f06b85-c9ee-11e3-9845-005056aa8af7",
        "fullname": "Ubuntu 24.04", "category": "ubuntu", "type": "k8s",
    }]);
    assert_eq!(get(&world, HOSTS)["data"], expected);
    let nodes = world.detail()["nodes"].take();
    let node = nodes.as_array().unwrap().last().unwrap();
    assert_eq!((&node["identifier"], node.get("type")), (&json!(uuid), None));
    assert_eq!(
        get(&world, VMS)["data"],
        json!([]),
        "workers are no VMs, unless told"
    );
}

#[tokio::test(start_paused = true)]
async fn second_list_spells_a_machine_as_ordered() {
    let (world, uuid) = with_worker(|behaviour| {
        behaviour.node_hostnames = Casing::Lower;
        behaviour.volume_host_hostnames = Casing::Upper;
        behaviour.volume_host_private_addresses = PrivateAddressForm::List;
        behaviour.volume_hosts_share_identifiers = false;
    })
    .await;
    let machine = world.cloud.machine(&uuid).unwrap();
    let host = get(&world, HOSTS)["data"][0].take();
    assert_eq!(host["hostname"], json!(machine.hostname.to_uppercase()));
    assert_eq!(host["private_ip"], json!([machine.addresses[0]]));
    assert_ne!(host["identifier"], json!(uuid));
    assert_eq!(host["identifier"], get(&world, HOSTS)["data"][0]["identifier"]);
    assert_eq!(world.listed()[1], machine.hostname.to_lowercase());
    world
        .cloud
        .behaviour(|behaviour| behaviour.volume_host_private_addresses = PrivateAddressForm::Text);
    assert_eq!(
        get(&world, HOSTS)["data"][0]["private_ip"],
        json!(machine.addresses[0])
    );
}

#[tokio::test(start_paused = true)]
async fn workers_are_vms_only_when_ordered() {
    let (world, uuid) = with_worker(|behaviour| {
        behaviour.workers_as_vms = true;
        behaviour.workers_as_volume_hosts = false;
    })
    .await;
    assert_eq!(get(&world, VMS)["data"][0]["identifier"], json!(uuid));
    assert_eq!(
        get(&world, &format!("{VMS}/{uuid}"))["data"]["vmData"]["power"],
        json!(1)
    );
    assert_eq!(get(&world, HOSTS)["data"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn volume_hosts_come_in_pages() {
    let world = SmallCloud::new();
    for number in 0..5 {
        world.cloud.add_vm(VmSpec::named(&format!("app-{number}")));
    }
    let cases = [
        ("", vec![0, 1, 2, 3, 4]),
        ("?offset=0&limit=0", vec![0, 1, 2, 3, 4]),
        ("?offset=1&limit=2", vec![1, 2]),
        ("?limit=1000&offset=4", vec![4]),
        ("?offset=9", vec![]),
    ];
    for (query, expected) in cases {
        let reply = get(&world, &format!("{HOSTS}{query}"));
        let names: Vec<&str> = reply["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|host| host["hostname"].as_str().unwrap())
            .collect();
        let expected: Vec<String> = expected.iter().map(|number| format!("app-{number}")).collect();
        assert_eq!(
            (names, &reply["total"]),
            (expected.iter().map(String::as_str).collect(), &json!(5)),
            "{query}"
        );
    }
}
