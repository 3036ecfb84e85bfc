//! The recorded and constructed examples, end to end.

use super::script::{Script, answer, ok, with_token};
use crate::{
    Accepted, Call, CallError, Cluster, ClusterId, ClusterNode, ClusterSummary, DatacenterId, Decimal,
    GroupNumber, GroupUuid, NodeGroup, NodeNumber, NodeUuid, Offer, Price, RequestId, SizeNumber, Timestamp,
    VpsieApi,
};

const CLUSTER: &str = "0d6c1a52-f8f3-11f0-9b1e-0050569c68dc";
const E23: &str = r#"{"error":true,"message":"Please authenticate"}"#;
const E24: &str = "<html>502 Bad Gateway</html>";
const E25: &str = r#"{"error":false,"data":false}"#;
const E26: &str = r#"{"error":false,"data":true}"#;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn stamp(text: &str) -> Option<Timestamp> {
    Some(Timestamp {
        at: text.parse().unwrap(),
        zoned: true,
    })
}

/// E3.
#[tokio::test]
async fn cluster_list_is_read() {
    let e3 = r##"{"error":false,"data":[{"cluster_name":"HEL-Kubernetes-49ab",
        "identifier":"0d6c1a52-f8f3-11f0-9b1e-0050569c68dc","user_id":6,"count":3,"kube_version":"1.34.1",
        "nickname":"Advanced","cpu":2,"ram":4096,"traffic":4096,"color":"#2b7de9","price":24.0,"lock":0,
        "created_by":"Jane Doe","upgrade_version":"","lb_id":null,"managerCount":1,"slaveCount":2,
        "created_on":"2026-01-20T08:00:00.000Z","updated_on":"2026-01-24T08:00:00.000Z"}]}"##;
    let clusters = with_token(&Script::new([ok(e3)])).clusters().await.unwrap();
    let expected = ClusterSummary {
        identifier: ClusterId::new(CLUSTER),
        name: text("HEL-Kubernetes-49ab"),
        version: text("1.34.1"),
        locked: Some(false),
        node_count: Some(3),
        manager_count: Some(1),
        worker_count: Some(2),
        price: Price {
            monthly: Some(Decimal::from(24)),
            hourly: None,
        },
        created: stamp("2026-01-20T08:00:00Z"),
    };
    assert_eq!(clusters, [expected]);
}

/// E4, without an identifier on the second node.
#[tokio::test]
async fn cluster_with_nodes_is_read() {
    let e4 = r##"{"error":false,"data":{"cluster_name":"HEL-Kubernetes-49ab",
        "identifier":"0d6c1a52-f8f3-11f0-9b1e-0050569c68dc","count":2,"created_on":"2026-01-20T08:00:00.000Z",
        "updated_on":"2026-01-24T08:00:00.000Z","created_by":"Jane Doe","nickname":"Advanced","cpu":2,
        "ram":4096,"traffic":4096,"color":"#2b7de9","price":24.0,"nodes":[
        {"id":71001,"user_id":6,"hostname":"HEL-Kubernetes-49ab-master-01aa","default_ip":"198.51.100.10",
         "private_ip":"10.0.0.2","node_type":1,"node_id":12,"datacenter_id":3,
         "created_on":"2026-01-20T08:00:00.000Z","identifier":"1f0a0d10-f8f3-11f0-9b1e-0050569c68dc"},
        {"id":71002,"user_id":6,"hostname":"HEL-Kubernetes-49ab-slave-11cc","default_ip":"198.51.100.11",
         "private_ip":"10.0.0.3","node_type":2,"node_id":12,"datacenter_id":3,
         "created_on":"2026-01-20T08:05:00.000Z"}]}}"##;
    let id = ClusterId::new(CLUSTER);
    let cluster = with_token(&Script::new([ok(e4)])).cluster(&id).await.unwrap();
    let master = ClusterNode {
        number: Some(NodeNumber::new(71001)),
        identifier: Some(NodeUuid::new("1f0a0d10-f8f3-11f0-9b1e-0050569c68dc")),
        hostname: text("HEL-Kubernetes-49ab-master-01aa"),
        addresses: vec!["10.0.0.2".to_owned(), "198.51.100.10".to_owned()],
        created: stamp("2026-01-20T08:00:00Z"),
        ..ClusterNode::default()
    };
    let worker = ClusterNode {
        number: Some(NodeNumber::new(71002)),
        identifier: None,
        hostname: text("HEL-Kubernetes-49ab-slave-11cc"),
        addresses: vec!["10.0.0.3".to_owned(), "198.51.100.11".to_owned()],
        created: stamp("2026-01-20T08:05:00Z"),
        ..ClusterNode::default()
    };
    let expected = Cluster {
        identifier: Some(id.clone()),
        name: text("HEL-Kubernetes-49ab"),
        version: None,
        count: Some(2),
        nodes: vec![master, worker],
    };
    assert_eq!(cluster, expected);
    assert!(cluster.is_complete(&id));
}

/// E5.
#[tokio::test]
async fn node_groups_are_read() {
    let e5 = r#"{"error":false,"data":[{"id":412,"group_name":"GRP-Advanced-c745","user_id":6,"boxsize_id":57,
        "datacenter_id":3,"ram":4096,"cpu":2,"ssd":80,"traffic":4096,"notes":null,
        "created_on":"2026-01-20T08:00:00.000Z","last_updated":"2026-01-24T08:00:00.000Z","dropped_on":null,
        "is_active":1,"is_deleted":0,"identifier":"3b0d2e66-f8f3-11f0-9b1e-0050569c68dc","project_id":9,
        "cluster_id":140,"nodes_count":2,"dcIdentifier":"55f06b85-c9ee-11e3-9845-005056aa8af7"}]}"#;
    let groups = with_token(&Script::new([ok(e5)]))
        .node_groups(&ClusterId::new(CLUSTER))
        .await
        .unwrap();
    let expected = NodeGroup {
        number: GroupNumber::new(412),
        identifier: Some(GroupUuid::new("3b0d2e66-f8f3-11f0-9b1e-0050569c68dc")),
        name: "GRP-Advanced-c745".to_owned(),
        size: Some(SizeNumber::new(57)),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        nodes_count: Some(2),
        datacenter: Some(DatacenterId::new("55f06b85-c9ee-11e3-9845-005056aa8af7")),
        is_active: true,
        is_deleted: false,
        created: stamp("2026-01-20T08:00:00Z"),
    };
    assert_eq!(groups, [expected]);
}

/// E6, E7, E26: usually VPSie tells nothing about the worker to come, and 0 is no number.
#[tokio::test]
async fn accepted_worker_may_have_no_name_yet() {
    let e7 = r#"{"error":false,"data":{"id":0,"identifier":"4c1f3a77-f8f3-11f0-9b1e-0050569c68dc",
        "status":"provisioning","hostname":"hel-kubernetes-49ab-slave-22dd"}}"#;
    let told = Accepted {
        identifier: Some(NodeUuid::new("4c1f3a77-f8f3-11f0-9b1e-0050569c68dc")),
        number: None,
        hostname: text("hel-kubernetes-49ab-slave-22dd"),
    };
    for (reply, expected) in [(E26, Accepted::default()), (e7, told)] {
        let client = with_token(&Script::new([ok(reply)]));
        let request = RequestId::new("slot-1").unwrap();
        let accepted = client
            .add_worker(&ClusterId::new(CLUSTER), GroupNumber::new(412), &request)
            .await;
        assert_eq!(accepted, Ok(expected));
    }
}

/// E8: the worker cap, under either status.
#[tokio::test]
async fn worker_limit_is_recognised() {
    let e8 = r#"{"error":true,"code":400,"message":"Worker nodes count exceeds the allowed limit"}"#;
    for status in [200, 400] {
        let client = with_token(&Script::new([answer(status, e8)]));
        let request = RequestId::new("slot-1").unwrap();
        let added = client
            .add_worker(&ClusterId::new(CLUSTER), GroupNumber::new(412), &request)
            .await;
        let error = added.unwrap_err();
        assert_eq!(error.refusal(), Some(crate::RefusalReason::WorkerLimit));
        let expected = CallError::Refused {
            call: Call::AddWorker,
            status,
            code: Some(400),
            message: "Worker nodes count exceeds the allowed limit".to_owned(),
            request_id: None,
        };
        assert_eq!(error, crate::EffectError::Refused(expected));
    }
}

/// E12, and the names that plans have elsewhere.
#[tokio::test]
async fn offers_are_read_under_both_names() {
    let e12 = r#"{"error":false,"data":[{"id":57,"name":"Advanced","cpu":2,"ram":4096,"disk":80,"price":24.0,
        "hourly_price":0.0329},{"id":"58","nickname":"Big","cpu":"4","ssd":"160"},{"id":59}]}"#;
    let offers = with_token(&Script::new([ok(e12)]))
        .offers(&DatacenterId::new("dc"))
        .await
        .unwrap();
    let offer = |number, name: Option<&str>, cpu, ram_mb, disk_gb| Offer {
        number: SizeNumber::new(number),
        name: name.map(str::to_owned),
        cpu,
        ram_mb,
        disk_gb,
        price: Price::default(),
    };
    let price = Price {
        monthly: Some(Decimal::from(24)),
        hourly: Some(Decimal::new(329, 4)),
    };
    let expected = [
        Offer {
            price,
            ..offer(57, Some("Advanced"), Some(2), Some(4096), Some(80))
        },
        offer(58, Some("Big"), Some(4), None, Some(160)),
        offer(59, None, None, None, None),
    ];
    assert_eq!(offers, expected);
}

/// E23, E24, E25: what reads say when there is no answer in the answer.
#[tokio::test]
async fn reads_name_the_cause_of_a_failure() {
    let call = Call::GetCluster;
    for (status, body, expected) in [
        (
            401,
            E23,
            CallError::Unauthorized {
                call,
                request_id: None,
            },
        ),
        (
            502,
            E24,
            CallError::Html {
                call,
                status: 502,
                prefix: E24.to_owned(),
                request_id: None,
            },
        ),
        (200, E25, CallError::Absent { call }),
        (200, r#"{"error":false,"data":null}"#, CallError::Absent { call }),
        (200, r#"{"error":false}"#, CallError::Absent { call }),
    ] {
        let client = with_token(&Script::new([answer(status, body)]));
        assert_eq!(
            client.cluster(&ClusterId::new(CLUSTER)).await,
            Err(expected),
            "{body}"
        );
    }
}
