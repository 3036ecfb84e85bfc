//! A Lease, as an elector uses it: who writes on an old version learns that somebody else was faster.

use kube::Client;
use serde_json::{Value, json};

use crate::request::{MERGE, Step, must, version};
use crate::steps::{LEASES, of};

/// Tells of two replicas that want one Lease.
pub(crate) async fn tell(client: &Client) {
    let path = of(LEASES, "led");
    must(client, 404, Step::get(&path)).await;
    let made = must(client, 201, Step::post(LEASES, lease("one", None))).await;
    let late = must(client, 409, Step::post(LEASES, lease("two", None))).await;
    assert_eq!(late["reason"], "AlreadyExists");

    let mut later = lease("one", Some(version(&made)));
    later["spec"]["renewTime"] = "2026-01-24T08:00:02.000007Z".into();
    let renewed = must(client, 200, Step::put(&path, later.clone())).await;
    assert_ne!(version(&renewed), version(&made));
    assert_eq!(renewed["metadata"]["uid"], made["metadata"]["uid"]);
    assert_eq!(renewed["spec"], later["spec"], "microseconds are kept");
    later["metadata"]["resourceVersion"] = version(&renewed).into();
    let again = must(client, 200, Step::put(&path, later)).await;
    assert_eq!(
        version(&again),
        version(&renewed),
        "a renewal that changes nothing is none"
    );

    let stale = must(client, 409, Step::put(&path, lease("two", Some(version(&made))))).await;
    assert_eq!(
        (&stale["reason"], &stale["status"]),
        (&json!("Conflict"), &json!("Failure"))
    );
    assert_eq!(
        stale["details"],
        json!({"group": "coordination.k8s.io", "kind": "leases", "name": "led"})
    );
    let unchanged = must(client, 200, Step::get(&path)).await;
    assert_eq!(
        unchanged["spec"]["holderIdentity"], "one",
        "the loser wrote nothing"
    );

    let old = json!({"metadata": {"resourceVersion": version(&made)}, "spec": {"holderIdentity": "two"}});
    let stale = must(client, 409, Step::patch(&path, MERGE, old)).await;
    assert_eq!(stale["reason"], "Conflict");
    let taken = must(
        client,
        200,
        Step::put(&path, lease("two", Some(version(&renewed)))),
    )
    .await;
    assert_eq!(taken["spec"]["holderIdentity"], "two");
    let unversioned = must(client, 422, Step::put(&path, lease("one", None))).await;
    assert_eq!(unversioned["reason"], "Invalid");
    let only_if = |version: &str| Step {
        body: json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"resourceVersion": version}}),
        ..Step::delete(&path)
    };
    must(client, 409, only_if(version(&renewed))).await;
    must(client, 200, only_if(version(&taken))).await;
    let anew = Step::put(&path, lease("two", Some(version(&taken))));
    let anew = must(client, 201, anew).await;
    assert_ne!(
        anew["metadata"]["uid"], taken["metadata"]["uid"],
        "a replace makes the Lease that is gone, and it is another one"
    );
    must(client, 200, Step::delete(&path)).await;
}

fn lease(holder: &str, version: Option<&str>) -> Value {
    let mut lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "led"},
        "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 0,
            "acquireTime": "2026-01-24T08:00:00.000001Z", "renewTime": "2026-01-24T08:00:00.123456Z",
        },
    });
    if let Some(version) = version {
        lease["metadata"]["resourceVersion"] = version.into();
    }
    lease
}
