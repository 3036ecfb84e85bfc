//! The files of the page as they are served.

use std::sync::Arc;

use autoscaler_web::api::{Access, Doorkeeper, Leave, Limits, Unanswered, Visit, async_trait};

use super::world::World;

/// Lets everybody in.
struct OpenDoor;

#[async_trait]
impl Doorkeeper for OpenDoor {
    async fn judge(&self, _: &Visit) -> Result<Leave, Unanswered> {
        Ok(Leave::Granted)
    }
}

/// EP-32: the page may load its own files and ask its own server, and nothing else.
#[tokio::test]
async fn page_is_served_with_a_strict_policy() {
    let world = World::new().await;
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page/main.js", "text/javascript; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.code, answer.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    }
}

/// EP-27: whoever has a file already gets 304.
#[tokio::test]
async fn file_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    let answer = world.get("/page/main.js").await;
    let tag = answer.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'), "it is a strong one: {tag}");
    let again = world
        .ask("GET", "/page/main.js", &[("If-None-Match", &tag)])
        .await;
    assert!(again.code == 304 && again.is_empty(), "{again:?}");
    let other = world.ask("GET", "/page/dom.js", &[("If-None-Match", &tag)]).await;
    assert_eq!(other.code, 200);
}

/// A browser has no token to show, so where tokens are asked for there is no page.
#[tokio::test]
async fn page_is_on_this_machine_only() {
    let world = World::with(Access::Tokens(Arc::new(OpenDoor)), Limits::default()).await;
    let headers = [("Authorization", "Bearer a")];
    world.ask("GET", "/", &headers).await.problem(404);
    assert_eq!(world.ask("GET", "/api/nodes", &headers).await.code, 200);
    let world = World::new().await;
    world
        .ask("GET", "/", &[("Host", "evil.example")])
        .await
        .problem(421);
}
