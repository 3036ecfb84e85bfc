//! What belongs to what, and what is asked of VPSie.

use super::*;
use crate::intent::{Outcome, Requested};
use crate::resources;
use crate::testing::{ClaimBuilder, claim, cluster_id, group, intent, node, world};
use std::collections::{BTreeMap, BTreeSet};

/// L2: groups of one name in two namespaces are two groups.
#[test]
fn group_and_members_share_a_namespace() {
    let world = world()
        .group(group("web"))
        .group(group("web").in_namespace("other"))
        .claim(claim("web-1"))
        .claim(claim("web-1").in_namespace("other"))
        .claim(claim("api-1"));
    let world = world.observe();
    let [of_kube_system, of_other] = &world.groups[..] else {
        panic!("two groups");
    };
    for group in [of_kube_system, of_other] {
        let members: Vec<&ClaimObject> = world.members(group).collect();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].object.namespace(), group.namespace());
        assert_eq!(world.group_of(&members[0].object), Some(group));
    }
    let orphan = claim("api-1").build();
    assert_eq!(world.group_of(&orphan.object), None);
}

#[test]
fn objects_are_put_in_order_of_namespace_and_name() {
    let world = world()
        .claim(claim("web-2"))
        .claim(claim("web-1"))
        .claim(claim("web-3").in_namespace("a"))
        .node(node("n2"))
        .node(node("n1"));
    let world = world.observe();
    let claims: Vec<String> = world.claims.iter().map(|claim| claim.object.name_any()).collect();
    let nodes: Vec<String> = world.nodes.iter().map(|node| node.name_any()).collect();
    assert_eq!(
        (claims.join(" "), nodes.join(" ")),
        ("web-3 web-1 web-2".to_owned(), "n1 n2".to_owned())
    );
}

fn identity(machine: &str) -> Identity {
    Identity::Identifier(NodeUuid::new(machine))
}

/// D8: every cluster is asked once, with all machines whose absence matters.
#[test]
fn clusters_to_poll_are_those_of_groups_and_vpsie_nodes() {
    let elsewhere = |cluster: &str| {
        let cluster = cluster.to_owned();
        claim("old-1").but(move |claim| claim.spec.resource_identifier = cluster)
    };
    let groups = [group("web").0, group("api").0, {
        group("new")
            .but(|group| group.spec.resource_identifier = String::new())
            .0
    }]
    .map(Arc::new);
    let claims = [
        claim("web-1").machine("m1"),
        claim("web-2").machine("m2"),
        claim("web-3").machine(""),
        elsewhere("c2").machine("m3"),
        elsewhere("").machine("m4"),
    ]
    .map(ClaimBuilder::build);
    let expected = BTreeMap::from([
        (cluster_id(), BTreeSet::from(["m1", "m2"].map(identity))),
        (ClusterId::new("c2"), BTreeSet::from([identity("m3")])),
    ]);
    assert_eq!(wanted(&groups, &claims), expected);
}

/// I2, I7: anything recorded, and any request that may have had an effect, may be a machine.
#[test]
fn machine_may_exist_unless_that_is_excluded() {
    let asked = |outcome| claim("web-1").asked(&intent(outcome, 0));
    let with = |change: fn(&mut resources::VPSieNode)| claim("web-1").but(change);
    let table = [
        (claim("web-1"), false, false),
        (claim("web-1").machine(""), false, false),
        (
            with(|claim| claim.spec.ip_address = Some(String::new())),
            false,
            false,
        ),
        (asked(Outcome::Refused), false, false),
        (asked(Outcome::NotSent), false, false),
        (asked(Outcome::Open), false, true),
        (asked(Outcome::Accepted), false, true),
        (asked(Outcome::Unknown), false, true),
        (claim("web-1").machine("m1"), true, true),
        (with(|claim| claim.spec.vpsie_instance_id = 7), true, true),
        (
            with(|claim| claim.spec.ip_address = Some("10.0.0.4".to_owned())),
            true,
            true,
        ),
    ];
    for (claim, has, may_have) in table {
        let claim = claim.build();
        assert_eq!(
            (claim.has_machine(), claim.may_have_machine()),
            (has, may_have),
            "{claim:?}"
        );
    }
    assert_eq!(claim("web-1").build().requested, Requested::Never);
}
