//! Whom the API lets in, and what it never says.

use std::sync::Arc;

use autoscaler_web::api::{Access, Doorkeeper, Leave, Limits, Unanswered, Visit, async_trait};

use super::world::World;

/// Knows three tokens.
struct Door;

#[async_trait]
impl Doorkeeper for Door {
    async fn judge(&self, visit: &Visit) -> Result<Leave, Unanswered> {
        match visit.token.expose() {
            "reader" if visit.method == "GET" => Ok(Leave::Granted),
            "reader" => Ok(Leave::Denied),
            "of nodes" if visit.path == "/vpsie-autoscaler/api/nodes" => Ok(Leave::Granted),
            "of nodes" => Ok(Leave::Denied),
            "unlucky" => Err(Unanswered("the API server does not review the token".to_owned())),
            _ => Ok(Leave::Unknown),
        }
    }
}

async fn guarded() -> World {
    World::with(Access::Tokens(Arc::new(Door)), Limits::default()).await
}

/// A token is needed, must be known, and must be allowed to do this.
#[tokio::test]
async fn token_decides_what_is_shown() {
    let world = guarded().await;
    let anonymous = world.get("/api/nodes").await;
    assert!(anonymous.problem(401).contains("Authorization: Bearer"));
    assert_eq!(anonymous.header("www-authenticate"), Some("Bearer"));
    let cases = [
        ("Bearer made-up", "GET", "/api/nodes", 401),
        ("Basic reader", "GET", "/api/nodes", 401),
        ("Bearer reader", "GET", "/api/nodes", 200),
        ("Bearer reader", "GET", "/api/audit?limit=1", 200),
        ("Bearer reader", "HEAD", "/api/nodes", 403),
        ("Bearer reader", "POST", "/api/instances/refresh", 403),
        ("Bearer of nodes", "GET", "/api/nodes", 200),
        ("Bearer of nodes", "GET", "/api/groups", 403),
        ("Bearer of nodes", "GET", "/api/openapi.json", 403),
        ("Bearer of nodes", "GET", "/api/nowhere", 403),
        ("Bearer unlucky", "GET", "/api/nodes", 503),
    ];
    for (token, method, path, code) in cases {
        let answer = world.ask(method, path, &[("Authorization", token)]).await;
        assert_eq!(answer.code, code, "{token} {method} {path}");
    }
    let denied = world
        .ask("GET", "/api/groups", &[("Authorization", "Bearer of nodes")])
        .await;
    assert!(
        denied
            .problem(403)
            .contains("verb get on the non-resource URL /vpsie-autoscaler/api/groups")
    );
}

/// In a cluster names lead to us by Services, and a token is proof enough.
#[tokio::test]
async fn with_tokens_any_host_is_answered() {
    let world = guarded().await;
    let headers = [
        ("Host", "autoscaler.kube-system"),
        ("Authorization", "Bearer reader"),
    ];
    assert_eq!(world.ask("GET", "/api/nodes", &headers).await.code, 200);
}

/// DNS rebinding, and pages of other origins.
#[tokio::test]
async fn pages_of_others_get_nothing_from_this_machine() {
    let world = World::new().await;
    let rebound = world.ask("GET", "/api/nodes", &[("Host", "evil.example")]).await;
    rebound.problem(421);
    let foreign = [("Origin", "https://evil.example")];
    world
        .ask("POST", "/api/instances/refresh", &foreign)
        .await
        .problem(403);
    assert_eq!(*world.refreshed.lock().expect("nobody panics"), 0);
    let own = [("Host", "127.0.0.1:8082"), ("Origin", "http://127.0.0.1:8082")];
    assert_eq!(world.ask("POST", "/api/instances/refresh", &own).await.code, 202);
}

/// Every answer, good or bad, carries the headers of security and nothing that lets other pages read it.
#[tokio::test]
async fn every_answer_carries_the_headers_of_security() {
    let world = World::new().await;
    let requests = [
        ("GET", "/api/nodes", 200),
        ("GET", "/api/nodes?a=b", 400),
        ("GET", "/api/nowhere", 404),
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/api/nodes", 403),
        ("POST", "/api/nodes", 405),
    ];
    for (method, path, code) in requests {
        let refusing = method == "DELETE";
        let reading = Access::Loopback { may_refresh: false };
        let other = World::with(reading, Limits::default()).await;
        let answer = if refusing { &other } else { &world }
            .ask(method, path, &[])
            .await;
        assert_eq!(answer.code, code, "{method} {path}");
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert!(header("cache-control").contains("no-cache"));
        assert_eq!(header("access-control-allow-origin"), "");
    }
}

/// Bad input: large bodies, and clients that ask without end.
#[tokio::test]
async fn what_is_too_much_is_refused() {
    let limits = Limits {
        requests_per_second: 1,
        ..Limits::default()
    };
    let world = World::with(Access::Loopback { may_refresh: true }, limits).await;
    let large = [("Content-Length", "20000")];
    let refused = world.ask("POST", "/api/instances/refresh", &large).await;
    assert_eq!(refused.code, 413);
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(world.get("/api/audit").await);
    }
    let refused = codes
        .iter()
        .find(|answer| answer.code == 429)
        .expect("it asks too often");
    assert!(refused.problem(429).contains("asks too often"));
    assert_eq!(refused.header("retry-after"), Some("1"));
}

/// Nothing of a token is in any answer, also where it is refused.
#[tokio::test]
async fn token_is_in_no_answer() {
    let world = guarded().await;
    let secret = "ey-very-secret";
    for path in ["/api/nodes", "/api/nodes?state=ey-very-secret", "/api/nowhere"] {
        let bearer = format!("Bearer {secret}");
        let answer = world.ask("GET", path, &[("Authorization", &bearer)]).await;
        assert_eq!(answer.code, 401, "{path}");
        assert!(!format!("{answer:?}").contains(secret), "{path}: {answer:?}");
    }
}
