//! What the page says when it is answered, though not what it asked for.

use serde_json::json;

use super::browser::Browser;
use super::world::World;

/// Lets the network of the page refuse what `refused` names, with the status there, and any stream.
const REFUSING: &str = "
    const real = window.fetch;
    window.refused = { '/api/audit': 403 };
    window.fetch = async (path, ...more) => {
      const status = Object.entries(window.refused).find(([part]) => path.startsWith(part))?.[1];
      if (!status) return real(path, ...more);
      const headers = { 'content-type': status === 502 ? 'text/html' : 'application/problem+json' };
      return new Response(JSON.stringify({ detail: 'the bearer may not do this' }), { status, headers });
    };
    window.EventSource = class {
      constructor() { setTimeout(() => this.onerror()); }
      addEventListener() {}
      close() {}
    };";

/// An expression: an element shows these words.
fn says(id: &str, words: &str) -> String {
    format!("document.getElementById('{id}').textContent.includes({words:?})")
}

/// EP-29: what is refused is said with the reason, the rest is shown, and all of it comes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_said_and_the_rest_is_shown() {
    let Some(browser) = Browser::start_or_skip("what_is_refused_is_said_and_the_rest_is_shown") else {
        return;
    };
    let world = World::new().await;
    let source = json!({ "source": REFUSING });
    browser.tools("Page.addScriptToEvaluateOnNewDocument", &source);
    browser.go(&format!("http://{}/", world.address));
    browser.wait(&says("node-list", "n1"));
    browser.wait(&says("connection", "Polling"));
    let sentence =
        "does not show the audit log: it answers 403, the bearer may not do this. This page shows no token";
    browser.wait(&says("banner", sentence));

    browser.run("window.refused = { '/api': 401 };");
    browser.wait(&says("connection", "No access"));
    browser.wait(&says("banner", "nodes and groups, pods, the audit log"));
    browser.wait(&says("node-list", "n1"));

    browser.run("window.refused = { '/api': 502 };");
    browser.wait(&says("connection", "Error 502"));
    browser.wait(&says("banner", "502, and does not say why."));

    browser.run("window.refused = {};");
    browser.wait(&says("connection", "Polling"));
    browser.wait("document.getElementById('banner').hidden");
}

/// A replica that stands by, though it answers, has no nodes to show, and is not called away.
#[tokio::test(flavor = "multi_thread")]
async fn standby_is_said_without_a_stream() {
    let Some(browser) = Browser::start_or_skip("standby_is_said_without_a_stream") else {
        return;
    };
    let world = World::new().await;
    world.states.send_replace(None);
    browser.tools(
        "Page.addScriptToEvaluateOnNewDocument",
        &json!({ "source": REFUSING }),
    );
    browser.go(&format!("http://{}/", world.address));
    browser.wait(&says("connection", "Polling"));
    browser.wait(&says("banner", "This replica stands by"));
    browser.wait(&says("banner", "403"));
}
