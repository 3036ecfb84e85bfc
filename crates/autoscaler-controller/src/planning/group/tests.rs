//! NodeGroups and VPSieNodes as planning sees them.

use fleet_plan::group::Price;
use fleet_plan::taint::Effect;
use fleet_plan::testing::{labels, resources, taint};
use k8s_openapi::api::core::v1::Taint;
use vpsie_api::{Decimal, SizeNumber};

use super::*;
use crate::resources::ScaleUpPolicy;
use crate::testing::{GroupBuilder, claim, group};

fn offer() -> Offer {
    Offer {
        number: SizeNumber::new(7),
        name: Some("small".to_owned()),
        cpu: Some(4),
        ram_mb: Some(10),
        disk_gb: None,
        price: vpsie_api::Price {
            monthly: None,
            hourly: Some(Decimal::new(1, 2)),
        },
    }
}

fn read(group: &GroupBuilder, size: Size<'_>, learned: Option<Room>) -> Group {
    let around = Surroundings {
        size,
        nodes: 2,
        learned,
        attachments: &BTreeMap::new(),
    };
    Reader::default().group(&group.0, around)
}

fn room(cpu_m: i64) -> Room {
    Room {
        allocatable: resources(cpu_m, 1 << 30),
        pods: 99,
        attachments: BTreeMap::new(),
    }
}

/// SC-2, SC-6, SC-7: a NodeGroup arrives with its bounds, labels, taints, size and price.
#[test]
fn group_arrives() {
    let written = group("web").min(1).max(5).but(|group| {
        group.spec.labels = Some([("tier".to_owned(), "gold".to_owned())].into());
        group.spec.taints = Some(vec![Taint {
            key: "gpu".to_owned(),
            effect: "NoSchedule".to_owned(),
            ..Taint::default()
        }]);
        group.spec.preferred_instance_type = Some("small".to_owned());
    });
    let expected = Group {
        name: GroupName {
            namespace: crate::testing::NAMESPACE.into(),
            name: "web".into(),
        },
        size: Some(7),
        min: 1,
        max: 5,
        nodes: 2,
        is_managed: true,
        is_enabled: true,
        flaw: None,
        paused: None,
        labels: labels(&[
            ("tier", "gold"),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("beta.kubernetes.io/arch", "amd64"),
            ("node.kubernetes.io/instance-type", "small"),
            ("topology.kubernetes.io/zone", "dc1"),
            ("topology.kubernetes.io/region", "dc1"),
            ("autoscaler.vpsie.com/datacenter", "dc1"),
            ("autoscaler.vpsie.com/managed", "true"),
            ("autoscaler.vpsie.com/nodegroup", "web"),
        ]),
        taints: vec![taint("gpu", "", Effect::NoSchedule)],
        is_offered: true,
        room: Some(room(3900)),
        price: Some(Price(10_000_000)),
        is_preferred: true,
    };
    assert_eq!(
        read(&written, Size::Offered(&offer()), Some(room(3900))),
        expected
    );
}

/// SC-2: a label of the group goes before one that the cloud would write, and ours before both.
#[test]
fn label_of_the_group_goes_before_that_of_the_cloud() {
    let written = group("web").but(|group| {
        let label = |key: &str| (key.to_owned(), "mine".to_owned());
        group.spec.labels = Some(
            [
                label("topology.kubernetes.io/zone"),
                label("autoscaler.vpsie.com/nodegroup"),
            ]
            .into(),
        );
    });
    let read = read(&written, Size::NotOffered, None);
    assert_eq!(&*read.labels["topology.kubernetes.io/zone"], "mine");
    assert_eq!(&*read.labels["autoscaler.vpsie.com/nodegroup"], "web");
}

/// SC-5, SC-6: without Ready Nodes the offer tells the room; a size that is not offered is never bought, and its nodes
/// that are coming are known all the same; where nobody knows the offers, Ready Nodes are enough.
#[test]
fn room_is_learned_else_offered() {
    let told = |size: Size<'_>, learned: Option<Room>| {
        let read = read(&group("web"), size, learned);
        (
            read.is_offered,
            read.room.map(|room| room.allocatable.cpu_m),
            read.price.is_some(),
        )
    };
    let offer = offer();
    assert_eq!(told(Size::Offered(&offer), None), (true, Some(3800), true));
    assert_eq!(
        told(Size::NotOffered, Some(room(3000))),
        (false, Some(3000), false)
    );
    assert_eq!(told(Size::Unknown, Some(room(3000))), (true, Some(3000), false));
    assert_eq!(told(Size::Unknown, None), (true, None, false));
    let unsized_group = group("web").but(|group| group.spec.kube_size_id = None);
    assert!(!read(&unsized_group, Size::Unknown, None).is_offered);
}

/// SC-6, SC-7: who may not grow says why: not ours, on its way out, switched off, or contradicting itself.
#[test]
fn group_that_may_not_grow_is_told_apart() {
    let read = |group: GroupBuilder| read(&group, Size::NotOffered, None);
    assert!(!read(group("web").unmanaged()).is_managed);
    assert!(!read(group("web").deleted()).is_managed);
    let off = group("web").but(|group| {
        group.spec.scale_up_policy = Some(ScaleUpPolicy {
            enabled: Some(false),
            ..ScaleUpPolicy::default()
        });
    });
    assert!(!read(off).is_enabled);
    assert_eq!(
        read(group("web").min(3).max(2)).flaw.as_deref(),
        Some("minNodes 3 exceeds maxNodes 2; correct one of them")
    );
    assert_eq!(read(group("web").min(-1)).min, 0);
}

/// LC-41: a node is coming from the wish for it until it is Ready; one that failed or is on its way out is not.
#[test]
fn node_is_coming_until_it_is_ready() {
    let coming = [
        Phase::Pending,
        Phase::Provisioning,
        Phase::Provisioned,
        Phase::Joining,
    ];
    for phase in Phase::ALL {
        let object = claim("web-1").in_phase(phase.clone());
        assert_eq!(is_coming(&object.kept()), coming.contains(&phase), "{phase}");
    }
    assert!(is_coming(&claim("web-1").kept()));
    assert!(!is_coming(&claim("web-1").deleted().kept()));
    let incoming = Reader::default().incoming(&claim("web-1").kept());
    let name = format!("{}/web-1", crate::testing::NAMESPACE);
    assert_eq!((&*incoming.name, &*incoming.group.name), (name.as_str(), "web"));
}
