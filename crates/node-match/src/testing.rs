//! Builders for tests: `claim("web").requested(0)`, `machine(1).named("web-k8s")`, `node("web-k8s")`.
//!
//! Times are minutes from one fixed moment, so that a test reads without dates.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Baseline, Claim, Cluster, ClusterShape, EvidenceKind, Group, Machine, Matching, Node, ReportedAt,
    Snapshot, Subject, Text, Verdict, match_fleet,
};

/// The cluster that everything belongs to, unless it says otherwise.
pub const CLUSTER: &str = "cluster-a";
/// The group that claims ask for, unless they say otherwise.
pub const GROUP: u64 = 412;

/// Returns the moment so many minutes after the start of every test.
#[must_use]
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

/// Makes an empty snapshot, taken so many minutes after the start.
#[must_use]
pub fn snapshot(minutes: i64) -> Snapshot<'static> {
    Snapshot::new(at(minutes))
}

/// Makes a claim whose uid is its name, for a machine that was requested at the start.
///
/// It has no baseline and so nothing that proves newness.
#[must_use]
pub fn claim(name: &str) -> Claim<'static> {
    Claim {
        uid: name.to_owned().into(),
        namespace: "kube-system".into(),
        name: name.to_owned().into(),
        cluster: CLUSTER.into(),
        group: Some(GROUP),
        creation_requested: true,
        requested_at: Some(at(0)),
        ..Claim::default()
    }
}

/// Makes a running machine with this id and an identifier made of it.
#[must_use]
pub fn machine(id: u64) -> Machine<'static> {
    Machine {
        id: Some(id),
        identifier: Some(format!("machine-{id}").into()),
        cluster: CLUSTER.into(),
        status: Some("running".into()),
        ..Machine::default()
    }
}

/// Makes a Node whose uid is its name.
#[must_use]
pub fn node(name: &str) -> Node<'static> {
    Node {
        uid: name.to_owned().into(),
        name: name.to_owned().into(),
        ..Node::default()
    }
}

/// Makes a group with machines of one size.
#[must_use]
pub fn group(id: u64, cpu: u32, ram_mb: u64, disk_gb: u64) -> Group<'static> {
    Group {
        cluster: CLUSTER.into(),
        id,
        cpu: Some(cpu),
        ram_mb: Some(ram_mb),
        disk_gb: Some(disk_gb),
        nodes_count: None,
    }
}

/// Makes a complete baseline that contains these keys.
#[must_use]
pub fn baseline(keys: &[&str]) -> Arc<Baseline> {
    Arc::new(Baseline::new(true, keys.iter().copied()))
}

fn texts(texts: &[&str]) -> Vec<Text<'static>> {
    texts.iter().map(|&text| text.to_owned().into()).collect()
}

// === impl Snapshot ===

impl<'s> Snapshot<'s> {
    /// Adds claims.
    #[must_use]
    pub fn claims(mut self, claims: impl IntoIterator<Item = Claim<'s>>) -> Self {
        self.claims.extend(claims);
        self
    }

    /// Adds machines.
    #[must_use]
    pub fn machines(mut self, machines: impl IntoIterator<Item = Machine<'s>>) -> Self {
        self.machines.extend(machines);
        self
    }

    /// Adds Nodes.
    #[must_use]
    pub fn nodes(mut self, nodes: impl IntoIterator<Item = Node<'s>>) -> Self {
        self.nodes.extend(nodes);
        self
    }

    /// Adds groups.
    #[must_use]
    pub fn groups(mut self, groups: impl IntoIterator<Item = Group<'s>>) -> Self {
        self.groups.extend(groups);
        self
    }

    /// Adds the cluster of these tests, in this shape.
    #[must_use]
    pub fn shape(mut self, shape: ClusterShape) -> Self {
        let id = CLUSTER.into();
        self.clusters.push(Cluster { id, shape });
        self
    }

    /// Decides, and tells it in one line per claim: see [`told`].
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        told(&match_fleet(self))
    }
}

// === impl Claim ===

impl Claim<'static> {
    /// Sets when its machine was requested.
    #[must_use]
    pub fn requested(mut self, minutes: i64) -> Self {
        self.requested_at = Some(at(minutes));
        self
    }

    /// Says that nobody has asked for a machine.
    #[must_use]
    pub fn not_requested(mut self) -> Self {
        self.creation_requested = false;
        self.requested_at = None;
        self
    }

    /// Sets what was there before.
    #[must_use]
    pub fn since(mut self, baseline: &Arc<Baseline>) -> Self {
        self.baseline = Some(Arc::clone(baseline));
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn in_group(mut self, group: u64) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the cluster.
    #[must_use]
    pub fn in_cluster(mut self, cluster: &str) -> Self {
        self.cluster = cluster.to_owned().into();
        self
    }

    /// Sets the namespace, and a uid to go with it.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.to_owned().into();
        self.uid = format!("{namespace}/{}", self.name).into();
        self
    }

    /// Records the machine's id.
    #[must_use]
    pub fn with_id(mut self, id: u64) -> Self {
        self.instance_id = Some(id);
        self
    }

    /// Records the machine's identifier.
    #[must_use]
    pub fn with_identifier(mut self, identifier: &str) -> Self {
        self.identifier = Some(identifier.to_owned().into());
        self
    }

    /// Records the Node's name.
    #[must_use]
    pub fn with_node(mut self, name: &str) -> Self {
        self.node_name = Some(name.to_owned().into());
        self
    }

    /// Records the hostname.
    #[must_use]
    pub fn with_hostname(mut self, hostname: &str) -> Self {
        self.hostname = Some(hostname.to_owned().into());
        self
    }

    /// Records addresses.
    #[must_use]
    pub fn with_addresses(mut self, addresses: &[&str]) -> Self {
        self.addresses = texts(addresses);
        self
    }

    /// Says that the recorded machine was found anonymously.
    #[must_use]
    pub fn found_anonymously(mut self) -> Self {
        self.recorded_by = Some(EvidenceKind::Anonymous);
        self
    }
}

// === impl Machine ===

impl Machine<'static> {
    /// Sets the hostname.
    #[must_use]
    pub fn named(mut self, hostname: &str) -> Self {
        self.hostname = Some(hostname.to_owned().into());
        self
    }

    /// Sets the addresses.
    #[must_use]
    pub fn addressed(mut self, addresses: &[&str]) -> Self {
        self.addresses = texts(addresses);
        self
    }

    /// Sets when it was created, with a zone.
    #[must_use]
    pub fn created(mut self, minutes: i64) -> Self {
        self.created_at = Some(ReportedAt {
            at: at(minutes),
            zoned: true,
        });
        self
    }

    /// Sets when it was created, without a zone.
    #[must_use]
    pub fn created_somewhere(mut self, minutes: i64) -> Self {
        self.created_at = Some(ReportedAt {
            at: at(minutes),
            zoned: false,
        });
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn in_status(mut self, status: &str) -> Self {
        self.status = Some(status.to_owned().into());
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn in_group(mut self, group: u64) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the cluster.
    #[must_use]
    pub fn in_cluster(mut self, cluster: &str) -> Self {
        self.cluster = cluster.to_owned().into();
        self
    }

    /// Sets the size.
    #[must_use]
    pub fn sized(mut self, cpu: u32, ram_mb: u64, disk_gb: u64) -> Self {
        (self.cpu, self.ram_mb, self.disk_gb) = (Some(cpu), Some(ram_mb), Some(disk_gb));
        self
    }
}

// === impl Node ===

impl Node<'static> {
    /// Sets the addresses.
    #[must_use]
    pub fn addressed(mut self, addresses: &[&str]) -> Self {
        self.addresses = texts(addresses);
        self
    }

    /// Sets when it was created.
    #[must_use]
    pub fn created(mut self, minutes: i64) -> Self {
        self.created_at = Some(at(minutes));
        self
    }

    /// Sets the provider id.
    #[must_use]
    pub fn provided(mut self, provider_id: &str) -> Self {
        self.provider_id = Some(provider_id.to_owned().into());
        self
    }

    /// Sets the claim label.
    #[must_use]
    pub fn labelled(mut self, claim: &str) -> Self {
        self.claim_label = Some(claim.to_owned().into());
        self
    }

    /// Sets the capacity.
    #[must_use]
    pub fn sized(mut self, cpu: u32, ram_mb: u64) -> Self {
        (self.cpu, self.ram_mb) = (Some(cpu), Some(ram_mb));
        self
    }
}

/// Tells an answer in one line per claim: `web: matched 71003 + web-k8s by hostname-pattern, address`.
#[must_use]
pub fn told(matching: &Matching<'_>) -> Vec<String> {
    matching
        .claims
        .iter()
        .map(|answer| format!("{}: {}", answer.claim.uid, told_verdict(&answer.verdict)))
        .collect()
}

fn told_verdict(verdict: &Verdict<'_>) -> String {
    let Verdict::Matched(found) = verdict else {
        return match verdict.reason() {
            Some(reason) => format!("{} {reason}", verdict.as_str()),
            None => verdict.as_str().to_owned(),
        };
    };
    let machine = found.machine.as_ref().map(|machine| {
        machine.id().map_or_else(
            || machine.identifier().unwrap_or("?").to_owned(),
            |id| id.to_string(),
        )
    });
    let node = found.node.map(|node| node.name.to_string());
    let parts: Vec<String> = machine.into_iter().chain(node).collect();
    let kinds: Vec<&str> = found
        .evidence
        .iter()
        .map(|evidence| evidence.kind.as_str())
        .collect();
    let contested = if found.contested { " contested" } else { "" };
    format!("matched {} by {}{contested}", parts.join(" + "), kinds.join(", "))
}

/// Tells what nobody claims: `71003 unlinked`, machines first.
#[must_use]
pub fn told_unexplained(matching: &Matching<'_>) -> Vec<String> {
    let machines = matching.unexplained.machines.iter().map(|entry| {
        let id = entry.machine.id();
        let id = id.map_or_else(|| "?".to_owned(), |id| id.to_string());
        format!("{id} {}", entry.reason)
    });
    let nodes = matching
        .unexplained
        .nodes
        .iter()
        .map(|entry| format!("{} {}", entry.node.name, entry.reason));
    machines.chain(nodes).collect()
}

/// Tells what was considered for a claim: `71003 not-running`.
#[must_use]
pub fn told_candidates(verdict: &Verdict<'_>) -> Vec<String> {
    let tell = |candidate: &crate::Candidate<'_>| {
        let name = match &candidate.subject {
            Subject::Machine(machine) => machine.id().map_or_else(|| "?".to_owned(), |id| id.to_string()),
            Subject::Node(node) => node.name.to_string(),
        };
        let obstacle = candidate
            .obstacle
            .map(|obstacle| format!(" {obstacle}"))
            .unwrap_or_default();
        format!("{name}{obstacle}")
    };
    verdict.candidates().iter().map(tell).collect()
}
