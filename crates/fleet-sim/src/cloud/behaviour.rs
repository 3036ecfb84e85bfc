//! How the simulated cloud behaves: delays, caps, and which fields it reports.

mod change;

use std::time::Duration;

pub use self::change::BehaviourChange;
use serde::Deserialize;

/// Holds a range of durations, both ends included, from which chance draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// The shortest delay.
    pub least: Duration,
    /// The longest delay.
    pub most: Duration,
}

// === impl Delay ===

impl Delay {
    /// Draws between two numbers of seconds.
    pub const fn between_seconds(least: u64, most: u64) -> Self {
        Self {
            least: Duration::from_secs(least),
            most: Duration::from_secs(most),
        }
    }

    /// Always lasts this long.
    pub const fn exactly(duration: Duration) -> Self {
        Self {
            least: duration,
            most: duration,
        }
    }

    /// Takes no time.
    pub const fn none() -> Self {
        Self::exactly(Duration::ZERO)
    }
}

/// Says what an accepted add-worker request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddReply {
    /// The bare `true` that VPSie is known to send.
    True,
    /// An object with id 0, the identifier and the hostname, tolerated by the Go autoscaler.
    Object,
}

/// Says how the token exchange nests its reply; sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthReply {
    /// `{"accessToken":{…},"refreshToken":{…}}`.
    Flat,
    /// `{"error":false,"token":{"access":{…},"refresh":{…}}}`.
    Nested,
}

/// Says which encoding of the token exchange is understood; sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthEncoding {
    /// JSON and form bodies.
    Both,
    /// JSON bodies only; a form is answered with 400.
    Json,
    /// Form bodies only; JSON is answered with 400.
    Form,
}

/// Says how a sum of money is written; it is known to differ from row to row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceForm {
    /// As a number: `24.0`.
    Number,
    /// As a text: `"24.00"`.
    Text,
    /// As a number in one row and as a text in the next.
    Mixed,
}

/// Says how a list tells its length; one list of the API is known to do it in a list of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalForm {
    /// `"total":3`.
    Number,
    /// `"total":[{"count":3}]`.
    List,
    /// Not at all.
    Absent,
}

/// Says how a hostname is written, next to how the machine itself has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Casing {
    /// Like the machine's own.
    Kept,
    /// In small letters.
    Lower,
    /// In capital letters.
    Upper,
}

/// Says how the list of volume hosts writes a private address; no client relies on its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivateAddressForm {
    /// `null`.
    Null,
    /// A text.
    Text,
    /// A list of texts.
    List,
}

/// Says how a VM names its project; sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectForm {
    /// `"project_id":9`.
    Snake,
    /// `"projectId":9`.
    Camel,
    /// `"projectId":"9"`.
    CamelText,
}

/// Says how the cloud behaves, until it is changed.
///
/// The defaults follow what is known of VPSie: asynchronous adds answered with `true`, dates with a zone, no
/// status, role or size per node, addresses only once a machine runs.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Time one call takes in process.
    pub latency: Delay,
    /// Time one call takes over HTTP, beside what the network takes.
    pub answer_delay: Delay,
    /// Time from an accepted add until the machine appears in the node list.
    pub list_delay: Delay,
    /// Time from appearing in the list until the machine runs.
    pub boot_delay: Delay,
    /// Time from running until its kubelet registers a Node.
    pub join_delay: Delay,
    /// Time from registering until the Node is Ready.
    pub ready_delay: Delay,
    /// Time from an accepted removal until the machine is gone.
    pub removal_delay: Delay,
    /// Time after which a caller gives up on a request that is never answered.
    pub time_out: Duration,
    /// Workers one cluster may have.
    pub worker_cap: Option<u32>,
    /// HTTP status of refusals; VPSie is suspected of both 200 and 400.
    pub refusal_status: u16,
    /// What an accepted add is answered with.
    pub add_reply: AddReply,
    /// How the token exchange nests its reply.
    pub auth_reply: AuthReply,
    /// Which encodings the token exchange understands.
    pub auth_encoding: AuthEncoding,
    /// How long an exchanged token lives.
    pub token_life: Duration,
    /// Whether nodes carry `identifier`.
    pub reports_identifiers: bool,
    /// Whether nodes carry a numeric `id`, and not 0.
    pub reports_numbers: bool,
    /// Whether nodes carry `created_on`.
    pub reports_created_on: bool,
    /// Whether dates of nodes carry a zone.
    pub zone_on_dates: bool,
    /// How far the cloud's clock, which dates its nodes and its answers, is ahead of everyone else's.
    pub clock_skew: chrono::Duration,
    /// Whether nodes carry `status`.
    pub reports_status: bool,
    /// Whether nodes carry `role`.
    pub reports_roles: bool,
    /// Whether nodes carry `cpu`, `ram` and `disk`.
    pub reports_sizes: bool,
    /// Whether a machine that does not run yet carries its addresses.
    pub reports_addresses_early: bool,
    /// Whether kubelets of new machines set `spec.providerID`, as `vpsie://` and the identifier.
    pub sets_provider_ids: bool,
    /// How the node list writes hostnames.
    pub node_hostnames: Casing,
    /// Whether the list of volume hosts shows the workers of clusters.
    pub workers_as_volume_hosts: bool,
    /// Whether the list of volume hosts calls a worker by the identifier that the node list has.
    pub volume_hosts_share_identifiers: bool,
    /// How the list of volume hosts writes hostnames.
    pub volume_host_hostnames: Casing,
    /// How the list of volume hosts writes private addresses.
    pub volume_host_private_addresses: PrivateAddressForm,
    /// Whether the list of VMs shows the workers of clusters.
    pub workers_as_vms: bool,
    /// How VMs name their project.
    pub vm_projects: ProjectForm,
    /// How sizes and plans write prices.
    pub prices: PriceForm,
    /// How lists tell their length.
    pub totals: TotalForm,
    /// Further path prefixes under which everything answers, such as `/v2`.
    pub prefix_aliases: Vec<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency: Delay {
                least: Duration::from_millis(20),
                most: Duration::from_millis(200),
            },
            answer_delay: Delay::none(),
            list_delay: Delay::between_seconds(5, 40),
            boot_delay: Delay::between_seconds(30, 120),
            join_delay: Delay::between_seconds(10, 60),
            ready_delay: Delay::between_seconds(2, 15),
            removal_delay: Delay::between_seconds(10, 60),
            time_out: Duration::from_secs(30),
            worker_cap: None,
            refusal_status: 400,
            add_reply: AddReply::True,
            auth_reply: AuthReply::Nested,
            auth_encoding: AuthEncoding::Both,
            token_life: Duration::from_secs(3600),
            reports_identifiers: true,
            reports_numbers: true,
            reports_created_on: true,
            zone_on_dates: true,
            clock_skew: chrono::Duration::zero(),
            reports_status: false,
            reports_roles: false,
            reports_sizes: false,
            reports_addresses_early: false,
            sets_provider_ids: false,
            node_hostnames: Casing::Kept,
            workers_as_volume_hosts: true,
            volume_hosts_share_identifiers: true,
            volume_host_hostnames: Casing::Kept,
            volume_host_private_addresses: PrivateAddressForm::Null,
            workers_as_vms: false,
            vm_projects: ProjectForm::Snake,
            prices: PriceForm::Number,
            totals: TotalForm::Number,
            prefix_aliases: Vec::new(),
        }
    }
}
