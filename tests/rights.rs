//! The rights of `deploy/rbac.yaml`: all of them are used, none is missing, and each is missed when it is gone.
//!
//! `scripts/verbs` runs this file and shows what it finds, right by right.

#[path = "rights/heard.rs"]
mod heard;
#[path = "rights/role.rs"]
mod role;
#[path = "rights/story.rs"]
mod story;

use std::collections::BTreeSet;
use std::time::Duration;

use kit::control_plane::{ControlPlane, Right};
use kit::deploy;
use kit::fleet::Fleet;

use kit::log::Log;

/// How long one story may take on two cores that also compile; alone it takes seconds.
const STORY_LIMIT: Duration = Duration::from_secs(90);
/// How long after a story a right may still be missed: as long as a whole story takes on a busy machine.
const AFTERWARDS: Duration = Duration::from_secs(30);
/// How often it is looked whether a right was missed.
const LOOK: Duration = Duration::from_millis(50);

/// What came of a story under a role that lacks one right.
#[derive(Debug, PartialEq)]
enum Finding {
    /// It was missed, and the operator said which.
    Missed,
    /// It was missed, and nothing that the operator said names it.
    MissedInSilence(String),
    /// The whole story went well without it.
    NotNeeded,
    /// The story came to no end, and the right was not missed either.
    Stuck(String),
}

/// Least privilege: what is granted is what is used, to the verb.
#[tokio::test]
async fn the_role_grants_exactly_what_the_operator_uses() {
    let control_plane = kit::real_control_plane!();
    let documents = deploy::documents("rbac.yaml");
    let mut fleet = Fleet::on(&control_plane).await;

    let told = tokio::time::timeout(STORY_LIMIT, story::tell(&mut fleet)).await;

    told.expect("it ends in time").expect("it ends well");
    let asked = control_plane.asked(0);
    assert_eq!(asked.forbidden, BTreeSet::new(), "the role lacks these");
    let granted: BTreeSet<Right> = role::rights(&documents).into_iter().collect();
    let unused: Vec<&Right> = granted.difference(&asked.allowed).collect();
    assert!(
        unused.is_empty(),
        "the role grants what is never used: {unused:?}"
    );
}

/// Least privilege: nothing is granted by a wildcard, and Secrets only by name.
#[test]
fn the_role_names_everything_that_it_grants() {
    for rule in role::rules(&deploy::documents("rbac.yaml")) {
        let text = rule.to_string();
        assert!(!text.contains('*'), "a wildcard: {text}");
        assert!(!text.contains("nonResourceURLs"), "a path: {text}");
        if text.contains("secrets") {
            assert_eq!(
                rule["resourceNames"],
                serde_json::json!(["vpsie-secret"]),
                "{text}"
            );
        }
        if text.contains("pods") {
            let verbs = serde_json::json!(["list", "watch"]);
            assert_eq!(rule["verbs"], verbs, "pods are left to their owners: {text}");
        }
    }
    let secrets = role::rules_of(&deploy::documents("rbac.yaml"), "ClusterRole");
    assert!(secrets.iter().all(|rule| !rule.to_string().contains("secrets")));
}

/// Removing any one verb stops the operator, and it says which verb on which resource it misses; first half.
#[tokio::test]
async fn without_any_one_right_the_operator_says_which_it_misses_even() {
    let control_plane = kit::real_control_plane!();
    check_rights(&control_plane, 0, |line| println!("{line}")).await;
}

/// Removing any one verb stops the operator, and it says which verb on which resource it misses; second half.
#[tokio::test]
async fn without_any_one_right_the_operator_says_which_it_misses_odd() {
    let control_plane = kit::real_control_plane!();
    check_rights(&control_plane, 1, |line| println!("{line}")).await;
}

/// Checks every second right, and says a line for each.
async fn check_rights(control_plane: &ControlPlane, first: usize, say: fn(&str)) {
    let rights = role::rights(&deploy::documents("rbac.yaml"));
    let mut bad = Vec::new();
    for right in rights.iter().skip(first).step_by(2) {
        let began = tokio::time::Instant::now();
        let finding = without(control_plane, right).await;
        let seconds = began.elapsed().as_secs_f64();
        say(&format!("{seconds:>5.1} s  without {right}: {finding:?}"));
        if finding != Finding::Missed {
            bad.push((right, finding));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

/// Tells the story under the role without one right, until that right is missed.
async fn without(control_plane: &ControlPlane, right: &Right) -> Finding {
    let (log, _listening) = Log::listen(tracing::Level::INFO);
    let mut fleet = Fleet::on(control_plane).await;
    let documents = role::without(&deploy::documents("rbac.yaml"), right);
    deploy::apply(&control_plane.client(), &documents).await;
    role::wait_until_gone(control_plane, right).await;
    let from = control_plane.asked_bytes();
    let is_missed = || control_plane.asked(from).forbidden.contains(right);

    let missed_and_said = async {
        while !(is_missed() && heard::names(&log.text(), right)) {
            tokio::time::sleep(LOOK).await;
        }
    };
    let told = async {
        let ended = tokio::time::timeout(STORY_LIMIT, story::tell(&mut fleet)).await;
        if let Ok(Err(error)) = &ended {
            log.note(error);
        }
        // What is only announced, such as an Event, may be refused a while after the story, where the machine is busy; who
        // waits for it ends this wait.
        tokio::time::sleep(AFTERWARDS).await;
        ended.is_ok_and(|end| end.is_ok())
    };
    let finding = tokio::select! {
        biased;
        () = missed_and_said => Finding::Missed,
        has_ended_well = told => match (is_missed(), has_ended_well) {
            (true, _) => Finding::MissedInSilence(log.text()),
            (false, true) => Finding::NotNeeded,
            (false, false) => Finding::Stuck(log.text()),
        },
    };
    story::clean_up(&mut fleet).await;
    finding
}
