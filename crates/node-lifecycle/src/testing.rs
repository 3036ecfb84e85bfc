//! Builders for tests of this and other crates. Feature `testing`.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{Action, Author, Draft, Outcome};
use crate::gate::{Binding, Facts, Gate, Graces, GroupFacts, Identity};
use crate::refusal::Doubt;
use crate::{
    Decider, Event, Life, Permit, PodFacts, PodUid, ProtectionFacts, Refusal, State, UnhealthyAfter, Workload,
};

/// Returns the moment so many minutes after the one at which every test asks.
#[must_use]
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

/// Is a node about which the gate is asked, with all its facts.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its life.
    pub life: Life,
    /// Who it is.
    pub binding: Binding,
    /// Why that is not proven.
    pub doubt: Option<Doubt>,
    /// What protects it.
    pub protection: ProtectionFacts,
    /// When its machine was asked for.
    pub created_at: Option<DateTime<Utc>>,
    /// Why its VPSieNode failed.
    pub failure: Option<String>,
    /// Whether a removal that the gate allowed may have begun already: then its Node may be gone.
    pub is_under_way: bool,
    /// What it carries.
    pub workload: Option<Workload>,
    /// Its group.
    pub group: GroupFacts,
    /// Watched Services that have no ready endpoint on any other node that stays.
    pub last_endpoints: Vec<String>,
}

/// Makes the life of a node in this state that has rested for half an hour, and for an hour before worked or run.
#[must_use]
pub fn life(state: State) -> Life {
    let rules = UnhealthyAfter::default();
    let (mut life, pod) = (Life::requested(at(-120)), [PodUid::of("p")]);
    let mut happens = |event, minute| {
        life.apply("worker-1", event, &rules, at(minute))
            .expect("a life that the table allows");
    };
    match state {
        State::Provisioning => {}
        State::Initializing => happens(Event::MachineSeen, -90),
        State::Ready => happens(Event::Ready, -30),
        State::Active => {
            happens(Event::Ready, -90);
            happens(Event::PodsListed(&pod), -30);
        }
        State::Idle | State::Draining => {
            happens(Event::Ready, -90);
            happens(Event::PodsListed(&pod), -60);
            happens(Event::PodsListed(&[]), -30);
            if state == State::Draining {
                happens(Event::DecommissionAllowed, -1);
            }
        }
        State::Unhealthy => happens(
            Event::Failed {
                reason: "JoiningTimeout",
            },
            -30,
        ),
        State::Decommissioned => happens(Event::DeleteConfirmed, -30),
    }
    life
}

/// Makes a node in this state, empty, in a group that can spare it.
///
/// The gate lets it go at `at(0)`, unless it is still starting up, is gone, or counts as active.
#[must_use]
pub fn candidate(state: State) -> Candidate {
    Candidate {
        life: life(state),
        binding: Binding {
            vpsie_node_uid: "claim".to_owned(),
            resource_version: "7".to_owned(),
            node_uid: Some("node".to_owned()),
            cluster: "cluster".to_owned(),
            machine: "machine".to_owned(),
        },
        doubt: None,
        protection: ProtectionFacts {
            has_owner: true,
            is_group_managed: true,
            ..ProtectionFacts::default()
        },
        created_at: Some(at(-120)),
        failure: None,
        is_under_way: false,
        workload: Some(Workload::default()),
        group: GroupFacts {
            min_nodes: 1,
            max_nodes: 10,
            is_replaced: true,
            capacity_nodes: 3,
            workload_pods: 5,
            is_deleted: false,
        },
        last_endpoints: Vec::new(),
    }
}

/// Makes a workload pod that requests half a core and 256 MiB.
#[must_use]
pub fn pod(uid: &str) -> PodFacts {
    PodFacts {
        uid: PodUid::of(uid),
        is_bound: true,
        requested_cpu_m: 500,
        requested_memory_bytes: 256 << 20,
        ..PodFacts::default()
    }
}

/// Makes the entry that a machine was asked for, for the Node of this name.
#[must_use]
pub fn requested(node: &str) -> Draft {
    Draft::new(
        Action::NodeProvision,
        Outcome::Success,
        Author::MinNodes,
        "requested",
    )
    .node(node)
}

/// Makes the entry that the Node of this name must stay, because of what runs on it.
#[must_use]
pub fn rejected(node: &str) -> Draft {
    Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Author::Manual,
        "workload_pods",
    )
    .node(node)
}

// === impl Candidate ===

impl Candidate {
    /// Returns what the gate looks at.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            protection: self.protection,
            identity: self
                .doubt
                .map_or(Identity::Linked(&self.binding), Identity::Unproven),
            life: &self.life,
            created_at: self.created_at,
            failure: self.failure.as_deref(),
            is_under_way: self.is_under_way,
            workload: self.workload,
            group: self.group,
            last_endpoints: &self.last_endpoints,
        }
    }

    /// Asks a gate with the usual graces, at `at(0)`.
    ///
    /// # Errors
    ///
    /// Returns what the gate refuses.
    pub fn ask(&self, decided_by: Decider) -> Result<Permit, Refusal> {
        let gate = Gate::new(Graces::default()).expect("the usual graces make sense");
        gate.decide(Some(&self.facts()), decided_by, at(0))
    }

    /// Lets so many workload pods run on it.
    #[must_use]
    pub fn pods(mut self, pods: u64) -> Self {
        let requested_cpu_m = 500 * pods;
        self.workload = Some(Workload {
            pods,
            requested_cpu_m,
            requested_memory_bytes: 0,
        });
        self
    }

    /// Makes it doubtful which machine it is.
    #[must_use]
    pub fn doubted(mut self, doubt: Doubt) -> Self {
        self.doubt = Some(doubt);
        self
    }

    /// Lets its VPSieNode be in the phase Failed.
    #[must_use]
    pub fn failed(mut self, reason: &str) -> Self {
        self.failure = Some(reason.to_owned());
        self
    }

    /// Lets it be found again without a record, so many minutes from `at(0)`, its pods not listed yet.
    #[must_use]
    pub fn recovered(mut self, minutes: i64) -> Self {
        self.life.recover(at(minutes));
        self
    }

    /// Lets it carry the last ready endpoint of a watched Service.
    #[must_use]
    pub fn serving(mut self, service: &str) -> Self {
        self.last_endpoints.push(service.to_owned());
        self
    }

    /// Lets its group need every node that it has.
    #[must_use]
    pub fn needed(mut self) -> Self {
        self.group.min_nodes = self.group.capacity_nodes;
        self
    }
}
