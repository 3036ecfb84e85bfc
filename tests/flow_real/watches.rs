//! Node states on a real API server whose watches break off and whose lists are refused.

use std::time::Duration;

use autoscaler_controller::resources::keys;
use kit::fleet::Fleet;
use kit::interceptor::Interceptor;
use kube::api::{Patch, PatchParams};
use node_state::Subject;
use node_state::store::{Filter, Reader};
use serde_json::json;
use tokio::time::timeout;

/// How long a change may take to its state: a watch that was refused thrice waits some seconds before it tries again.
const LIMIT: Duration = Duration::from_secs(60);

/// Excepts a Node from every removal, or no longer, as a person does.
async fn protect(fleet: &Fleet, node: &str, is_protected: bool) {
    let change =
        json!({ "metadata": { "annotations": { keys::ANNOTATION_PROTECTED: is_protected.to_string() } } });
    let patched = fleet
        .nodes()
        .patch(node, &PatchParams::default(), &Patch::Merge(&change))
        .await;
    patched.expect("a person may change a Node");
}

/// Waits until the state of a Node says whether it is excepted.
async fn is_told(reader: &Reader, node: &str, is_protected: bool) {
    let mut told = reader.subscribe("test", Filter::all());
    let told = async {
        while let Some(_update) = told.next().await {
            let state = reader.get(&Subject::node(node)).expect("it has a state");
            if state.is_excluded == is_protected {
                return;
            }
        }
        panic!("the operator ended");
    };
    timeout(LIMIT, told).await.expect("the change was missed");
}

/// Waits until nothing is evaluated any longer while VPSie is asked and passes are made.
async fn rest(fleet: &Fleet) {
    for _ in 0..20 {
        drop(fleet.evaluations.take());
        fleet.polls(3).await;
        if fleet.evaluations.names().is_empty() {
            return;
        }
    }
    panic!("it does not come to rest");
}

/// NS-2, NS-12: on a real API server, too, however watches end and lists are refused, what changed meanwhile is evaluated
/// once, and what did not is not.
#[tokio::test]
async fn cut_watches_and_refused_lists_miss_and_double_nothing_on_a_real_api_server() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    let between = Interceptor::kubernetes(fleet.operator_client()).await;
    fleet.operate_through(between.client());
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let node = status.and_then(|status| status.node_name).expect("it has joined");
    let reader = fleet.states().await;
    rest(&fleet).await;
    for code in [None, Some(410), Some(429), Some(500)] {
        for is_protected in [true, false] {
            code.into_iter().for_each(|code| between.refuse_reads(code));
            between.cut_watches();
            if code.is_some() {
                between.reads_are_refused().await;
            }
            protect(&fleet, &node, is_protected).await;
            between.allow_reads();
            is_told(&reader, &node, is_protected).await;
            // What another kind lists anew comes before its watch, so that it has been looked at after two polls.
            between.watches_are_open().await;
            fleet.polls(2).await;
            let evaluated = fleet.evaluations.names();
            assert_eq!(evaluated, [node.as_str()], "{code:?}: not exactly once");
        }
    }
    fleet.stop().await;
}
