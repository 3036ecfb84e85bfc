//! Every reply as a whole: a field that is renamed, added or gone is a change for whoever reads it.

use std::path::Path;

use super::described::talkative;

/// The paths, each with the file of `tests/api/golden` that has its reply.
const REPLIES: [(&str, &str); 10] = [
    ("/api/nodes", "nodes.json"),
    ("/api/groups", "groups.json"),
    ("/api/pending", "pending.json"),
    ("/api/audit", "audit.json"),
    ("/api/audit/stats", "audit-stats.json"),
    ("/api/decisions", "decisions.json"),
    ("/api/instances/live", "live.json"),
    ("/api/instances", "instances.json"),
    ("/api/instances/discovery-info", "discovery-info.json"),
    ("/api/nowhere", "problem.json"),
];

/// EP-7, EP-25, EP-26, LC-38: every reply is the stored one, field by field. `GOLDEN=write` stores them anew.
#[tokio::test]
async fn every_reply_is_the_stored_one() {
    let world = talkative().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/golden");
    let is_written = std::env::var_os("GOLDEN").is_some_and(|word| word == "write");
    for (path, file) in REPLIES {
        let reply = world.get(path).await.json();
        let told = format!("{reply:#}\n");
        let file = folder.join(file);
        if is_written {
            std::fs::write(&file, &told).expect("the file can be written");
        }
        let stored = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            told, stored,
            "{path} is not what it was; GOLDEN=write stores it anew"
        );
    }
}

/// Every operation of the description that answers with JSON has its stored reply.
#[tokio::test]
async fn every_operation_has_a_stored_reply() {
    let document: serde_json::Value = serde_json::from_str(autoscaler_web::api::description()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let shown = paths.iter().filter(|(_, methods)| {
        let content = &methods["get"]["responses"]["200"]["content"];
        content.get("application/json").is_some()
    });
    for (path, _) in shown.filter(|(path, _)| *path != "/api/openapi.json") {
        assert!(
            REPLIES.iter().any(|(known, _)| known == path),
            "store a reply of {path}, too"
        );
    }
}
