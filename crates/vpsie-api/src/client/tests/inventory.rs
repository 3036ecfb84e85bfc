//! The examples of machines, plans and the account, end to end.

use std::time::Duration;

use super::script::{Script, ok, with_token};
use crate::{
    Call, CallError, Datacenter, DatacenterId, Decimal, ImageId, Inventory, Listing, PendingVm, PendingVmId,
    Plan, PlanCategory, PlanCategoryId, PlanId, PlanQuery, Price, Project, ProjectId, ProjectNumber,
    SizeNumber, SshKey, SshKeyId, Tag, Timestamp, Vm, VmFlags, VmLifecycle, VmNumber, VmStatus, VmUuid,
    VolumeHost, VolumeHostKind,
};

/// The machine of E17 and E18.
const VM: &str = r#"{"id":71050,"identifier":"5d2a4b88-f8f3-11f0-9b1e-0050569c68dc","user_id":6,"boxsize_id":57,
    "boximage_id":4,"datacenter_id":3,"node_id":12,"boxdiscount_id":null,"hostname":"app-1",
    "default_ip":"198.51.100.20","default_ipv6":"","private_ip":"10.0.0.9","cpu":2,"ram":4096,"ssd":80,
    "traffic":4096,"power":1,"is_active":1,"is_deleted":0,"is_suspended":0,"is_terminated":0,"is_locked":0,
    "project_id":9,"notes":null,"initial_password":"hunter2","created_on":"2026-01-20T08:00:00.000Z",
    "last_updated":"2026-01-20T08:02:00.000Z","dropped_on":null,"state":"Uusimaa",
    "dcIdentifier":"55f06b85-c9ee-11e3-9845-005056aa8af7","category":"ubuntu","fullname":"Ubuntu 24.04",
    "publicIp":null,"vmType":null}"#;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn stamp(text: &str) -> Option<Timestamp> {
    let at = text.parse().unwrap();
    Some(Timestamp { at, zoned: true })
}

fn datacenter() -> DatacenterId {
    DatacenterId::new("55f06b85-c9ee-11e3-9845-005056aa8af7")
}

/// Runs a call over one answer.
async fn ask<T>(reply: &str, call: impl AsyncFnOnce(crate::Client) -> T) -> T {
    call(with_token(&Script::new([ok(reply)]))).await
}

fn vm() -> Vm {
    Vm {
        identifier: VmUuid::new("5d2a4b88-f8f3-11f0-9b1e-0050569c68dc"),
        number: Some(VmNumber::new(71050)),
        hostname: text("app-1"),
        addresses: vec!["10.0.0.9".to_owned(), "198.51.100.20".to_owned()],
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        traffic_gb: Some(4096),
        is_on: Some(true),
        flags: VmFlags {
            is_active: Some(true),
            is_deleted: Some(false),
            is_terminated: Some(false),
            is_suspended: Some(false),
            is_locked: Some(false),
        },
        size: Some(SizeNumber::new(57)),
        project: Some(ProjectNumber::new(9)),
        datacenter: Some(datacenter()),
        region: text("Uusimaa"),
        os_family: text("ubuntu"),
        os_name: text("Ubuntu 24.04"),
        kind: None,
        created: stamp("2026-01-20T08:00:00Z"),
        updated: stamp("2026-01-20T08:02:00Z"),
        dropped: None,
    }
}

/// E17.
#[tokio::test]
async fn virtual_machines_are_listed() {
    let e17 = format!(r#"{{"error":false,"total":1,"data":[{VM}]}}"#);
    let vms = ask(&e17, async |client| client.vms().await).await.unwrap();
    let expected = Listing {
        entries: vec![vm()],
        total: Some(1),
    };
    assert_eq!(vms, expected);
    assert_eq!(vms.entries[0].lifecycle(), VmLifecycle::Active);
}

/// E18, E25: alone the machine lies in `vmData`, or bare; absent ones are `false`.
#[tokio::test]
async fn virtual_machine_is_read_alone() {
    let e18 = format!(
        r#"{{"error":false,"data":{{"vmData":{VM},"imageCategories":[],"vmTags":[],"privateIpData":[],
        "floatingIpData":[]}},"total":1}}"#
    );
    let bare = format!(r#"{{"error":false,"data":{VM}}}"#);
    for reply in [e18, bare] {
        let read = ask(&reply, async |client| client.vm(&vm().identifier).await).await;
        assert_eq!(read, Ok(vm()));
    }
    let e25 = r#"{"error":false,"data":false}"#;
    let absent = ask(e25, async |client| client.vm(&vm().identifier).await).await;
    assert_eq!(absent, Err(CallError::Absent { call: Call::GetVm }));
}

/// Disagreement 5: the project has two names and is number or text.
#[tokio::test]
async fn project_of_a_machine_has_two_names_and_two_types() {
    for project in [r#""project_id":9"#, r#""projectId":9"#, r#""projectId":"9""#] {
        let reply = format!(r#"{{"error":false,"data":[{{"identifier":"a",{project}}}]}}"#);
        let vms = ask(&reply, async |client| client.vms().await).await.unwrap();
        assert_eq!(vms.entries[0].project, Some(ProjectNumber::new(9)), "{project}");
    }
}

/// The flag that weighs most decides; without any flag nothing is known.
#[test]
fn lifecycle_follows_from_the_flags() {
    let flags = |flags: [Option<bool>; 5]| {
        let [is_deleted, is_terminated, is_suspended, is_locked, is_active] = flags;
        let flags = VmFlags {
            is_active,
            is_deleted,
            is_terminated,
            is_suspended,
            is_locked,
        };
        Vm { flags, ..vm() }.lifecycle()
    };
    let (yes, no) = (Some(true), Some(false));
    for (given, expected) in [
        ([yes, yes, yes, yes, yes], VmLifecycle::Deleted),
        ([no, yes, yes, yes, yes], VmLifecycle::Terminated),
        ([None, no, yes, yes, yes], VmLifecycle::Suspended),
        ([no, no, no, yes, yes], VmLifecycle::Locked),
        ([no, no, no, no, yes], VmLifecycle::Active),
        ([no, no, no, no, no], VmLifecycle::Inactive),
        ([no, no, no, no, None], VmLifecycle::Unknown),
    ] {
        assert_eq!(flags(given), expected, "{given:?}");
    }
}

/// E19: the word `ballon` is VPSie's, and numbers come as text.
#[tokio::test]
async fn hypervisor_is_asked_about_a_machine() {
    let e19 = r#"{"error":false,"data":{"cpu":0,"ballon":4294967296,"uptime":3600,"disk":0,"pid":"1234",
        "running-machine":"pc","running-qemu":"9.0","status":"running","diskread":"0","diskwrite":"0",
        "fullname":"Ubuntu 24.04"}}"#;
    let status = ask(e19, async |client| client.vm_status(&VmUuid::new("a")).await).await;
    let expected = VmStatus {
        status: text("running"),
        uptime: Some(Duration::from_secs(3600)),
        balloon_bytes: Some(4_294_967_296),
        cpu: Some(0),
        disk: Some(0),
        disk_read_bytes: Some(0),
        disk_written_bytes: Some(0),
        process: text("1234"),
        machine: text("pc"),
        emulator: text("9.0"),
        os_name: text("Ubuntu 24.04"),
    };
    assert_eq!(status, Ok(expected));
}

/// V4: here alone truths are booleans; the password in it is not read.
#[tokio::test]
async fn pending_machines_are_listed() {
    let reply = r#"{"error":false,"data":[{"id":"p-1","user":"jane@example.com","user_id":6,"data":{
        "resourceIdentifier":"plan-a","osIdentifier":"os-1","dcIdentifier":"55f06b85-c9ee-11e3-9845-005056aa8af7",
        "hostname":"app-2","addPublicIpV4":true,"tags":["web","blue"],"projectId":9,"vmPassword":"hunter2",
        "processId":"x","isGeneratedPassword":true},"resourceData":{},"datacenter":[],"osData":{},"running":1,
        "type":"vm"}]}"#;
    let pending = ask(reply, async |client| client.pending_vms().await)
        .await
        .unwrap();
    let expected = PendingVm {
        identifier: PendingVmId::new("p-1"),
        hostname: text("app-2"),
        plan: Some(PlanId::new("plan-a")),
        datacenter: Some(datacenter()),
        project: Some(ProjectNumber::new(9)),
        tags: vec!["web".to_owned(), "blue".to_owned()],
        is_running: Some(true),
        kind: text("vm"),
    };
    assert_eq!(pending.entries, [expected]);
}

/// E20: workers of clusters are among the hosts, and the private address may be a list.
#[tokio::test]
async fn hosts_of_volumes_are_listed() {
    let host = |private: &str, kind: &str| {
        format!(
            r#"{{"hostname":"HEL-Kubernetes-49ab-slave-11cc","identifier":"id-{kind}","datacenter_id":3,
            "default_ip":"198.51.100.11","default_ipv6":"","private_ip":{private},"ssd":80,"state":"Uusimaa",
            "is_fip_available":1,"is_bucket_available":0,"dcIdentifier":"55f06b85-c9ee-11e3-9845-005056aa8af7",
            "fullname":"Ubuntu 24.04","category":"ubuntu","type":"{kind}"}}"#
        )
    };
    let e20 = format!(
        r#"{{"error":false,"data":[{},{},{}]}}"#,
        host("null", "k8s"),
        host(r#"["10.0.0.3"]"#, "vm"),
        host(r#""10.0.0.3""#, "box")
    );
    let hosts = ask(&e20, async |client| client.volume_hosts().await)
        .await
        .unwrap();
    let expected = |kind: &str, read: VolumeHostKind, addresses: &[&str]| VolumeHost {
        identifier: VmUuid::new(format!("id-{kind}")),
        hostname: text("HEL-Kubernetes-49ab-slave-11cc"),
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
        disk_gb: Some(80),
        datacenter: Some(datacenter()),
        region: text("Uusimaa"),
        kind: read,
        os_family: text("ubuntu"),
        os_name: text("Ubuntu 24.04"),
    };
    let both = ["10.0.0.3", "198.51.100.11"];
    let expected = [
        expected("k8s", VolumeHostKind::Kubernetes, &["198.51.100.11"]),
        expected("vm", VolumeHostKind::Vm, &both),
        expected("box", VolumeHostKind::Other("box".to_owned()), &both),
    ];
    assert_eq!(hosts.entries, expected);
}

/// E13.
#[tokio::test]
async fn categories_of_plans_are_listed() {
    let e13 = r#"{"error":false,"data":[{"identifier":"cat-1","name":"Shared CPU"},
        {"identifier":"cat-2","name":"Compute Optimized"}]}"#;
    let categories = ask(e13, async |client| client.plan_categories().await).await;
    let category = |identifier: &str, name: &str| PlanCategory {
        identifier: PlanCategoryId::new(identifier),
        name: text(name),
    };
    let expected = [
        category("cat-1", "Shared CPU"),
        category("cat-2", "Compute Optimized"),
    ];
    assert_eq!(categories.unwrap().entries, expected);
}

/// E14: prices are exact, be they numbers or text.
#[tokio::test]
async fn plans_have_exact_prices() {
    let e14 = r#"{"error":false,"data":[
        {"identifier":"plan-a","nickname":"s-2vcpu-4gb","cpu":2,"ram":4096,"ssd":80,"traffic":4096,"price":24.0},
        {"identifier":"plan-b","nickname":"s-4vcpu-8gb","cpu":4,"ram":8192,"ssd":160,"traffic":5120,"price":48.0}]}"#;
    let query = PlanQuery {
        datacenter: datacenter(),
        image: ImageId::new("os-1"),
        category: PlanCategoryId::new("cat-1"),
    };
    let plans = ask(e14, async |client| client.plans(&query).await).await.unwrap();
    let plan = |identifier: &str, name: &str, cpu: u32, price: u32| Plan {
        identifier: PlanId::new(identifier),
        name: text(name),
        cpu: Some(cpu),
        ram_mb: Some(u64::from(cpu) * 2048),
        disk_gb: Some(u64::from(cpu) * 40),
        traffic_gb: Some(if cpu == 2 { 4096 } else { 5120 }),
        price: Price {
            monthly: Some(Decimal::from(price)),
            hourly: None,
        },
    };
    let expected = [
        plan("plan-a", "s-2vcpu-4gb", 2, 24),
        plan("plan-b", "s-4vcpu-8gb", 4, 48),
    ];
    assert_eq!(plans.entries, expected);
    for (written, exact) in [
        ("16.384066", Some("16.384066")),
        ("0.0069", Some("0.0069")),
        (r#""1.20""#, Some("1.20")),
        ("0.1", Some("0.1")),
        ("0", Some("0")),
        ("2.4e1", Some("24")),
        ("-1", None),
        (r#""free""#, None),
        ("null", None),
    ] {
        let reply = format!(r#"{{"error":false,"data":[{{"identifier":"plan-a","price":{written}}}]}}"#);
        let plans = ask(&reply, async |client| client.plans(&query).await)
            .await
            .unwrap();
        let price = plans.entries[0].price.monthly.map(|price| price.to_string());
        assert_eq!(price.as_deref(), exact, "{written}");
    }
}

/// E15, E16: what is not told is taken for the usual.
#[tokio::test]
async fn data_centres_are_listed() {
    let e15 = r#"{"error":false,"data":[{"dc_name":"AMS","identifier":"ams1"}]}"#;
    let e16 = r#"{"error":false,"data":[{"dc_name":"Helsinki","dc_image":"","state":"Uusimaa","country":"Finland",
        "is_active":1,"identifier":"55f06b85-c9ee-11e3-9845-005056aa8af7","default_selected":0,"is_deleted":0,
        "is_fip_available":1,"is_bucket_available":0,"is_private":0}],"total":1}"#;
    let least = Datacenter {
        identifier: DatacenterId::new("ams1"),
        name: text("AMS"),
        region: None,
        country: None,
        is_active: true,
        is_deleted: false,
        is_private: false,
        is_default: false,
    };
    let full = Datacenter {
        identifier: datacenter(),
        name: text("Helsinki"),
        region: text("Uusimaa"),
        country: text("Finland"),
        ..least.clone()
    };
    for (reply, expected, total) in [(e15, least, None), (e16, full, Some(1))] {
        let read = ask(reply, async |client| client.datacenters().await)
            .await
            .unwrap();
        assert_eq!((read.entries, read.total), (vec![expected], total));
    }
}

/// E28.
#[tokio::test]
async fn tags_are_listed_by_what_carries_them() {
    let e28 = r#"{"error":false,"data":{"boxes":[],"ssh_keys":[{"name":"a","entity_id":1,"entity_type":"ssh_keys"},
        {"name":"b","entity_id":1,"entity_type":"ssh_keys"}],"odd":7}}"#;
    let tags = ask(e28, async |client| client.tags().await).await.unwrap();
    let tag = |name: &str| Tag {
        name: name.to_owned(),
        entity: Some(1),
        kind: text("ssh_keys"),
    };
    let expected = [
        ("boxes".to_owned(), vec![]),
        ("ssh_keys".to_owned(), vec![tag("a"), tag("b")]),
    ];
    assert_eq!(tags, expected.into());
}

/// E29: projects lie in `rows`; a bare list is as good.
#[tokio::test]
async fn projects_are_listed() {
    let row = r#"{"id":9,"name":"Default","description":"","created_on":"2025-01-01T00:00:00.000Z",
        "updated_at":"2025-01-01T00:00:00.000Z","identifier":"6e3b5c99-f8f3-11f0-9b1e-0050569c68dc",
        "created_by":"Jane Doe","is_default":1}"#;
    let e29 = format!(r#"{{"error":false,"data":{{"rows":[{row}],"count":1}}}}"#);
    let bare = format!(r#"{{"error":false,"data":[{row}],"total":[{{"count":1}}]}}"#);
    let expected = Project {
        identifier: ProjectId::new("6e3b5c99-f8f3-11f0-9b1e-0050569c68dc"),
        number: Some(ProjectNumber::new(9)),
        name: text("Default"),
        description: None,
        is_default: true,
        created: stamp("2025-01-01T00:00:00Z"),
        updated: stamp("2025-01-01T00:00:00Z"),
    };
    for reply in [e29, bare] {
        let read = ask(&reply, async |client| client.projects().await).await.unwrap();
        assert_eq!(
            (read.entries, read.total),
            (vec![expected.clone()], Some(1)),
            "{reply}"
        );
    }
    let odd = ask(r#"{"data":{"rows":{}}}"#, async |client| client.projects().await).await;
    assert_eq!(odd.unwrap_err().label(), "undecodable");
}

/// E30: the text of the key, which VPSie calls private, is not read.
#[tokio::test]
async fn ssh_keys_are_listed_without_their_text() {
    let e30 = r#"{"error":false,"data":[{"id":3,"user_id":6,"name":"ops","private_key":"ssh-ed25519 AAAA",
        "created_on":"2025-01-01T00:00:00.000Z","identifier":"7f4c6daa-f8f3-11f0-9b1e-0050569c68dc",
        "created_by":"Jane Doe"}],"total":1}"#;
    let keys = ask(e30, async |client| client.ssh_keys().await).await.unwrap();
    let expected = SshKey {
        identifier: SshKeyId::new("7f4c6daa-f8f3-11f0-9b1e-0050569c68dc"),
        name: text("ops"),
        created: stamp("2025-01-01T00:00:00Z"),
    };
    assert_eq!(keys.entries, [expected]);
    assert!(!format!("{keys:?}").contains("AAAA"));
}
