//! Exactly what the calls about machines, plans and the account send, and how pages are followed.

use std::sync::Arc;

use super::script::{Answer, Script, answer, ok, settings, token, with_token};
use crate::{
    Client, DatacenterId, DeleteGroup, EffectError, Family, GroupUuid, ImageId, Inventory, PathPrefixes,
    PlanCategoryId, PlanQuery, Retry, Settings, SettingsError, VmUuid, VpsieApi,
};

const LIST: &str = r#"{"error":false,"data":[]}"#;
const OBJECT: &str = r#"{"error":false,"data":{"identifier":"5d2a"}}"#;

/// Runs one call over one answer and compares the first line and the body of the request.
async fn check(reply: &str, call: impl AsyncFnOnce(Client), line: &str, body: &str) {
    let script = Script::new([ok(reply)]);
    call(with_token(&script)).await;
    let seen = script.seen();
    assert_eq!(first_line(&seen[0]), line);
    assert_eq!(
        seen[0].split_once("\n\n").map(|(_, body)| body),
        Some(body),
        "{line}"
    );
}

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap_or_default()
}

/// V1 to V4.
#[tokio::test]
async fn machines_are_asked_for_by_uuid() {
    let id = VmUuid::new("5d2a");
    let base = "https://api.vpsie.com/apps/v2";
    let list = async |client: Client| drop(client.vms().await.unwrap());
    check(LIST, list, &format!("GET {base}/vm"), "").await;
    let one = async |client: Client| drop(client.vm(&id).await.unwrap());
    check(OBJECT, one, &format!("GET {base}/vm/5d2a"), "").await;
    let status = async |client: Client| drop(client.vm_status(&id).await.unwrap());
    check(OBJECT, status, &format!("GET {base}/vm/status/5d2a"), "").await;
    let pending = async |client: Client| drop(client.pending_vms().await.unwrap());
    check(LIST, pending, &format!("GET {base}/vm/pending"), "").await;
}

/// V19 and the data centres are paged; keys, projects and tags are not.
#[tokio::test]
async fn lists_of_the_account_are_gets() {
    let base = "https://api.vpsie.com/apps/v2";
    let hosts = async |client: Client| drop(client.volume_hosts().await.unwrap());
    check(
        LIST,
        hosts,
        &format!("GET {base}/storages/vms?offset=0&limit=1000"),
        "",
    )
    .await;
    let datacenters = async |client: Client| drop(client.datacenters().await.unwrap());
    check(
        LIST,
        datacenters,
        &format!("GET {base}/datacenter?offset=0&limit=1000"),
        "",
    )
    .await;
    let keys = async |client: Client| drop(client.ssh_keys().await.unwrap());
    check(LIST, keys, &format!("GET {base}/sshkeys"), "").await;
    let projects = async |client: Client| drop(client.projects().await.unwrap());
    check(LIST, projects, &format!("GET {base}/projects"), "").await;
    let tags = async |client: Client| drop(client.tags().await.unwrap());
    check(OBJECT, tags, &format!("GET {base}/tags"), "").await;
}

/// P1 lives elsewhere; P2 is a form.
#[tokio::test]
async fn plans_are_asked_for_with_a_form() {
    let categories = async |client: Client| drop(client.plan_categories().await.unwrap());
    check(
        LIST,
        categories,
        "GET https://api.vpsie.com/api/v2/plans/category",
        "",
    )
    .await;
    let query = PlanQuery {
        datacenter: DatacenterId::new("dc 1"),
        image: ImageId::new("os-1"),
        category: PlanCategoryId::new("cat-1"),
    };
    let form =
        "dcIdentifier=dc+1&osIdentifier=os-1&planCatIdentifier=cat-1&name=query&description=query&isCustom=0";
    let script = Script::new([ok(LIST)]);
    with_token(&script).plans(&query).await.unwrap();
    let seen = script.seen();
    assert_eq!(
        first_line(&seen[0]),
        "POST https://api.vpsie.com/apps/v2/resources"
    );
    assert!(seen[0].contains("content-type: application/x-www-form-urlencoded\n"));
    assert!(seen[0].ends_with(&format!("\n\n{form}")), "{}", seen[0]);
}

/// K5, E11: the group is named by its UUID, and the body says why.
#[tokio::test]
async fn group_is_deleted_by_its_uuid() {
    let e11 = r#"{"deleteStatistic":{"note":"node group removed","reason":"autoscaler"}}"#;
    let call = async |client: Client| {
        client
            .delete_group(&GroupUuid::new("3b0d"), "node group removed")
            .await
            .unwrap();
    };
    let line = "DELETE https://api.vpsie.com/apps/v2/k8s/cluster/delete/group/3b0d";
    check(r#"{"error":false,"data":true}"#, call, line, e11).await;
}

/// A deletion is never repeated; after an answer that says nothing its outcome is unknown.
#[tokio::test(start_paused = true)]
async fn deletion_of_a_group_is_sent_once() {
    let script = Script::new([answer(502, "<html>502 Bad Gateway</html>")]);
    let repeating = Settings {
        retry: Retry::default(),
        ..settings()
    };
    let client = Client::new(repeating, token(), Arc::clone(&script) as _).unwrap();
    let deleted = client.delete_group(&GroupUuid::new("3b0d"), "").await;
    assert!(matches!(deleted, Err(EffectError::Unknown(_))), "{deleted:?}");
    assert_eq!(script.seen().len(), 1);
}

/// Disagreement 1: any family may live elsewhere on the host.
#[tokio::test]
async fn families_can_be_moved() {
    let script = Script::new([ok(LIST), ok(LIST), ok(LIST), ok(LIST)]);
    let prefixes = PathPrefixes::none()
        .with(Family::Vms, "/api/v2")
        .with(Family::Kubernetes, "/v2/");
    let moved = Settings {
        path_prefixes: prefixes,
        ..settings()
    };
    let client = Client::new(moved, token(), Arc::clone(&script) as _).unwrap();
    client.vms().await.unwrap();
    client.pending_vms().await.unwrap();
    client.clusters().await.unwrap();
    client.plan_categories().await.unwrap();
    let seen = script.seen();
    let lines: Vec<_> = seen.iter().map(|request| first_line(request)).collect();
    let expected = [
        "GET https://api.vpsie.com/api/v2/vm",
        "GET https://api.vpsie.com/apps/v2/vm/pending",
        "GET https://api.vpsie.com/v2/k8s/cluster/all",
        "GET https://api.vpsie.com/apps/v2/plans/category",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn path_of_a_family_must_be_a_path() {
    for path in [
        "",
        "api/v2",
        "https://elsewhere.example",
        "//elsewhere.example",
        "/a?b=c",
        "/a#b",
        "/a\\b",
    ] {
        let wrong = Settings {
            path_prefixes: PathPrefixes::none().with(Family::Vms, path),
            ..settings()
        };
        let refused = Client::new(wrong, token(), Script::new([])).map(|_| ());
        let expected = SettingsError::PathPrefix { family: Family::Vms };
        assert_eq!(refused, Err(expected), "{path}");
    }
}

/// A page of hosts with these numbers.
fn page(numbers: std::ops::Range<usize>, total: usize) -> Answer {
    let hosts: Vec<_> = numbers
        .map(|number| format!(r#"{{"identifier":"h{number}"}}"#))
        .collect();
    ok(&format!(
        r#"{{"error":false,"total":{total},"data":[{}]}}"#,
        hosts.join(",")
    ))
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let script = Script::new([page(0..1000, 1002), page(1000..1002, 1002)]);
    let hosts = with_token(&script).volume_hosts().await.unwrap();
    assert_eq!((hosts.entries.len(), hosts.is_truncated()), (1002, false));
    assert!(first_line(&script.seen()[1]).ends_with("/storages/vms?offset=1000&limit=1000"));
}

/// A server that ignores the offset gives the first page again; it is neither doubled nor endless.
#[tokio::test]
async fn repeated_page_ends_the_list() {
    let script = Script::new([page(0..1000, 1002), page(0..1000, 1002)]);
    let hosts = with_token(&script).volume_hosts().await.unwrap();
    assert_eq!((hosts.entries.len(), hosts.is_truncated()), (1000, true));
    assert_eq!(script.seen().len(), 2);
}

/// A page that fails fails the list: half of it would look like absence.
#[tokio::test]
async fn failed_page_fails_the_list() {
    let script = Script::new([
        page(0..1000, 1002),
        answer(403, r#"{"error":true,"message":"no"}"#),
    ]);
    let hosts = with_token(&script).volume_hosts().await;
    assert_eq!(hosts.unwrap_err().label(), "forbidden");
}
