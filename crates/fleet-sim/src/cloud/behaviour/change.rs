//! Changes of behaviour as plain data, as scenario files write them.

use serde::Deserialize;

use super::{
    AddReply, AuthEncoding, AuthReply, Behaviour, Casing, Delay, PriceForm, PrivateAddressForm, ProjectForm,
    TotalForm,
};
use crate::cloud::text::{Skew, Span, Status, WorkerCap};

/// Lists the fields once, for the type and for its application.
macro_rules! behaviour_change {
    ($($field:ident: $type:ty,)*) => {
        /// Holds what is to change in a [`Behaviour`]; a field that is not there stays as it is.
        ///
        /// The fields are those of [`Behaviour`]; lengths of time are texts such as `90s` or `5s..40s`.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct BehaviourChange {
            $($field: Option<$type>,)*
        }

        impl BehaviourChange {
            /// Makes the changes.
            pub fn apply(&self, behaviour: &mut Behaviour) {
                $(if let Some(value) = self.$field.clone() {
                    behaviour.$field = value.into();
                })*
            }
        }
    };
}

behaviour_change! {
    latency: Delay,
    answer_delay: Delay,
    list_delay: Delay,
    boot_delay: Delay,
    join_delay: Delay,
    ready_delay: Delay,
    removal_delay: Delay,
    time_out: Span,
    worker_cap: WorkerCap,
    refusal_status: Status,
    add_reply: AddReply,
    auth_reply: AuthReply,
    auth_encoding: AuthEncoding,
    token_life: Span,
    reports_identifiers: bool,
    reports_numbers: bool,
    reports_created_on: bool,
    zone_on_dates: bool,
    clock_skew: Skew,
    reports_status: bool,
    reports_roles: bool,
    reports_sizes: bool,
    reports_addresses_early: bool,
    sets_provider_ids: bool,
    node_hostnames: Casing,
    workers_as_volume_hosts: bool,
    volume_hosts_share_identifiers: bool,
    volume_host_hostnames: Casing,
    volume_host_private_addresses: PrivateAddressForm,
    workers_as_vms: bool,
    vm_projects: ProjectForm,
    prices: PriceForm,
    totals: TotalForm,
    prefix_aliases: Vec<String>,
}
