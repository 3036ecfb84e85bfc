//! Every reason word of a condition is provoked by a test that names it.

use std::collections::BTreeMap;

use autoscaler_controller::reason::Reason;

use super::docs::is_test_attribute;
use super::files::TextFile;

/// The test of what VPSie refuses to remove.
const REFUSED_REMOVAL: &str = "refusal_of_a_removal_is_named_on_what_waits_for_it";

/// Returns the test that provokes a reason; none for the refusals of the gate, which have a list of their own.
///
/// Most are stories of the whole operator. Not so why a group does not shrink, which is a table of decisions, and the word for
/// a cluster of sixteen thousand machines.
#[expect(clippy::too_many_lines, reason = "a table with a row for each word")]
fn provoked_by(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::AtMinimumCapacity
        | Reason::Reconciling
        | Reason::Counted
        | Reason::Provisioning
        | Reason::Provisioned
        | Reason::WaitingForNode
        | Reason::Joined
        | Reason::Ready
        | Reason::JustStarted
        | Reason::Settling
        | Reason::Deleting
        | Reason::NotListed => "good_life_says_where_it_is",
        Reason::WaitingForFinalizer
        | Reason::NodeGroupMissing
        | Reason::WaitingForProviderGroup
        | Reason::ValidationFailed => "vpsienode_that_may_not_ask_says_what_it_waits_for",
        Reason::ClusterNotFound => "unknown_cluster_is_a_condition_and_no_purchase",
        Reason::ProviderGroupNotFound => "group_that_vpsie_does_not_list_is_named",
        Reason::VPSieAPIError => "vpsie_that_answers_with_web_pages_is_a_condition",
        Reason::LeakedMachine => "machine_that_nobody_asked_for_is_told_until_it_is_gone",
        Reason::ObjectUnreadable => "what_cannot_be_read_is_not_absent",
        Reason::SecretUnusable => "secret_that_loses_its_keys_is_named_and_holds_nothing_up",
        Reason::SizeChanging
        | Reason::PodsWait
        | Reason::ScaleDownDisabled
        | Reason::OutsideHours
        | Reason::HoursUnreadable
        | Reason::CoolingDown
        | Reason::NeededByThreshold
        | Reason::NoneIdle => "group_says_why_it_does_not_shrink",
        Reason::Unused => "group_that_nobody_needs_goes_after_its_cool_down",
        Reason::Stabilising | Reason::AtMaximumCapacity | Reason::NotFirst => {
            "group_says_why_it_does_not_grow_by_its_use"
        }
        Reason::WaitingForBaseline => "first_request_waits_for_its_baseline",
        Reason::BackingOff | Reason::VPSieRefused => "refused_request_waits_longer_each_time_and_says_why",
        Reason::NotNeeded => "member_that_nobody_waits_for_does_not_ask",
        Reason::WaitingForOtherGroup => "groups_whose_machines_look_alike_take_turns",
        Reason::BaselineNotStored => "failure_that_a_person_should_see_has_its_word",
        Reason::Ambiguous => "foreign_machine_in_our_group_makes_the_open_requests_ambiguous",
        Reason::Conflict => "machine_that_is_recorded_twice_is_named_on_both",
        Reason::VPSieNotReached => "request_whose_intent_has_grown_old_never_leaves",
        Reason::IntentUnreadable => "request_whose_record_was_edited_is_never_made_again",
        Reason::DiscoveryTimeout => "machine_that_is_never_discovered_fails_its_vpsienode_in_time",
        Reason::Overdue => "machine_far_beyond_the_others_is_told_early_and_not_replaced",
        Reason::MachineNotRunning => "machine_that_never_starts_is_left_to_a_person",
        Reason::LateMachine => "machine_that_comes_late_is_recorded_and_removed_with_its_vpsienode",
        Reason::Contested => "contested_machine_is_told_of_and_goes_by_hand_only",
        Reason::NotReady => "node_that_is_slow_to_be_ready_is_told",
        Reason::JoiningTimeout => "machine_that_never_joins_is_replaced_once",
        Reason::NodeClaimedByAnother => "node_claimed_meanwhile_by_another_is_left_alone",
        Reason::NodeVanished => "node_deleted_by_hand_makes_its_vpsienode_join_again",
        Reason::MachineNotFound => "machine_removed_by_hand_fails_its_vpsienode_and_is_replaced",
        Reason::VPSDeleteFailed | Reason::RemovalsStopped => REFUSED_REMOVAL,
        Reason::RequestOpen => "end_says_that_a_request_is_open",
        Reason::IdentifierUnknown => "machine_without_an_identifier_is_not_removed",
        Reason::ReplyIncomplete => "end_says_that_a_reply_is_cut",
        Reason::ControlPlane => "masters_are_never_removed",
        Reason::NodeReady => "end_says_that_the_node_of_an_unlisted_machine_is_ready",
        Reason::DiskPressure => "full_disk_takes_one_node_of_five_out_of_service",
        Reason::TooManyAffected => "full_disks_of_two_nodes_of_five_change_nothing",
        Reason::ClockSkewed => "clock_an_hour_off_is_named_and_costs_nothing",
        Reason::Forbidden => "right_to_store_baselines_is_named_where_it_is_missing",
        Reason::KubernetesFailed => "write_that_fails_is_tried_again_after_growing_waits",
        Reason::NodeNotFound
        | Reason::NotManagedNode
        | Reason::IdentityUnproven
        | Reason::WorkloadSyncInProgress
        | Reason::PostSyncGracePeriod
        | Reason::StillStartingUp
        | Reason::WorkloadPods
        | Reason::WorkloadRequests
        | Reason::ReadyNodeTooYoung
        | Reason::TimestampMissing
        | Reason::IdleTooShort
        | Reason::InvalidState
        | Reason::ManualCleanupRequired
        | Reason::BelowMinNodes
        | Reason::LastNodeOfWorkload
        | Reason::LastReadyEndpoint => return None,
    })
}

/// Lists, for each reason that has one, its test.
pub(crate) fn provoked() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = Reason::ALL.iter();
    all.filter_map(|reason| Some((reason.as_str(), provoked_by(*reason)?)))
}

/// Complains about words whose test is not there, or does not name the word.
pub(crate) fn unprovoked<'a>(
    provoked: impl Iterator<Item = (&'a str, &'a str)>,
    files: &[TextFile],
) -> Vec<String> {
    let bodies = bodies_of_tests(files);
    let complaint = |(word, test): (&str, &str)| match bodies.get(test) {
        Some(body) if body.contains(&format!("\"{word}\"")) => None,
        Some(_) => Some(format!("the test {test} does not name \"{word}\"")),
        None => Some(format!("{word}: there is no test {test}")),
    };
    provoked.filter_map(complaint).collect()
}

/// Returns the text of every test of the operator and of the gate, by its name: from its first line to the next attribute.
pub(crate) fn bodies_of_tests(files: &[TextFile]) -> BTreeMap<&str, String> {
    let mut bodies: BTreeMap<&str, String> = BTreeMap::new();
    let places = [
        "tests/flow",
        "crates/autoscaler-controller/",
        "crates/node-lifecycle/src/gate/",
    ];
    let is_ours = |path: &str| places.iter().any(|place| path.starts_with(place));
    for file in files.iter().filter(|file| file.is_rust() && is_ours(&file.path)) {
        let mut name = None;
        let mut is_next = false;
        for line in file.text.lines() {
            let trimmed = line.trim();
            let function = trimmed
                .strip_prefix("async ")
                .unwrap_or(trimmed)
                .strip_prefix("fn ");
            let is_top = line.starts_with("fn ") || line.starts_with("async fn ");
            if is_test_attribute(trimmed) {
                (is_next, name) = (true, None);
            } else if let Some((found, _)) = function.and_then(|rest| rest.split_once('(')) {
                if is_next {
                    (is_next, name) = (false, Some(found));
                } else if is_top {
                    name = None;
                }
            }
            if let Some(name) = name {
                bodies.entry(name).or_default().push_str(line);
            }
        }
    }
    bodies
}
