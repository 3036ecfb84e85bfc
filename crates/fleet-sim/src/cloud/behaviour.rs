//! How the simulated cloud behaves: delays, caps, and which fields it reports.

use std::time::Duration;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddReply {
    /// The bare `true` that VPSie is known to send.
    True,
    /// An object with id 0, the identifier and the hostname, tolerated by the Go autoscaler.
    Object,
}

/// Says how the token exchange nests its reply; sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthReply {
    /// `{"accessToken":{…},"refreshToken":{…}}`.
    Flat,
    /// `{"error":false,"token":{"access":{…},"refresh":{…}}}`.
    Nested,
}

/// Says which encoding of the token exchange is understood; sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthEncoding {
    /// JSON and form bodies.
    Both,
    /// JSON bodies only; a form is answered with 400.
    Json,
    /// Form bodies only; JSON is answered with 400.
    Form,
}

/// Says how the cloud behaves, until it is changed.
///
/// The defaults follow what is known of VPSie: asynchronous adds answered with `true`, dates with a zone, no
/// status, role or size per node, addresses only once a machine runs.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Time one call takes in process.
    pub latency: Delay,
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
    /// How far the cloud's clock, which dates its nodes, is ahead of everyone else's.
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
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency: Delay {
                least: Duration::from_millis(20),
                most: Duration::from_millis(200),
            },
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
        }
    }
}
