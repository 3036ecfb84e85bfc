//! The page over the API: first load, changes, a stream that is cut, instances that come and go.

use std::sync::Arc;
use std::time::Instant;

use autoscaler_web::api::{Discovered, DiscoveredService, Instance, InstanceStatus};
use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use node_state::testing::{at, group, node, owner};
use serde_json::{Value, json};

use super::browser::Browser;
use super::wire::Wire;
use super::world::World;

/// A page that is open on a world.
struct Scene {
    browser: Browser,
    world: World,
    wire: Wire,
}

// === impl Scene ===

impl Scene {
    /// Opens the page; nothing without a browser.
    async fn open(test: &str) -> Option<Self> {
        let browser = Browser::start_or_skip(test)?;
        let world = World::new().await;
        let wire = Wire::to(world.address).await;
        browser.go(&format!("http://{}/", wire.address));
        let scene = Self { browser, world, wire };
        scene.browser.wait(&says("connection", "Live"));
        Some(scene)
    }

    /// Shows so many instances of one Service; the last one boots.
    fn instances(&self, count: u32) {
        let instances = (0..count)
            .map(|number| instance(number, number + 1 == count))
            .collect();
        let service = DiscoveredService {
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            source: Some("endpointslices".to_owned()),
            is_hint: false,
            told_at: Some(at(0)),
            stale: None,
            breaker: "closed".to_owned(),
            warnings: Vec::new(),
            instances,
        };
        let discovered = Discovered {
            mode: "kubernetes-endpoints".to_owned(),
            unknown: None,
            note: None,
            stale: None,
            services: vec![service],
        };
        self.world.discovered.send_replace(Some(Arc::new(discovered)));
    }

    /// Returns the words of the cards of a list.
    fn cards(&self, list: &str) -> Value {
        let script =
            format!("return [...document.querySelectorAll('{list} .card')].map((card) => card.innerText);");
        self.browser.run(&script)
    }
}

fn instance(number: u32, boots: bool) -> Arc<Instance> {
    let (status, word) = if boots {
        (InstanceStatus::NotReady, "booting")
    } else {
        (InstanceStatus::Ready, "ready")
    };
    let id = format!("web-{number}");
    let json = json!({
        "id": id, "name": id, "podName": id, "status": word, "zone": "hel-1",
        "addresses": {"ips": [format!("10.1.0.{number}")], "serviceEndpoint": "web.default.svc.cluster.local"},
        "ports": {"http": 8080},
        "health": {"ready": !boots, "score": 100, "lastTransition": at(0), "details": {"basis": "readiness-only"}},
        "kubernetes": {"namespace": "default", "nodeName": "n1", "targetRef": null},
        "discoveredAt": at(0), "lastSeen": at(1),
    });
    let json = serde_json::from_str(&json.to_string()).expect("JSON");
    Arc::new(Instance { id, status, json })
}

/// An expression: an element shows these words.
fn says(id: &str, words: &str) -> String {
    format!("document.getElementById('{id}').textContent.includes({words:?})")
}

/// EP-32: everything that the API has is there at the first look, and nobody complains.
#[tokio::test(flavor = "multi_thread")]
async fn first_load_shows_the_fleet() {
    let Some(scene) = Scene::open("first_load_shows_the_fleet").await else {
        return;
    };
    scene
        .browser
        .wait("document.querySelectorAll('#node-list .card').length === 2");
    let nodes = scene.cards("#node-list").to_string();
    for words in ["n1", "web-2", "matched by recorded id", "/web", "no Node yet"] {
        assert!(nodes.contains(words), "{words}: {nodes}");
    }
    let groups = scene.cards("#group-list").to_string();
    assert!(
        groups.contains("of 1 wanted node available") && groups.contains("at least 1, at most 3"),
        "{groups}"
    );
    scene.browser.wait(&says("discovery", "Auto-Discovery: off"));
    scene.browser.wait(&says("waiting-list", "web-2"));
    assert_eq!(scene.browser.complaints(), Vec::<String>::new());
}

/// NS-14, EP-31: a change shows by itself, and nothing but what is different of the page is touched.
#[tokio::test(flavor = "multi_thread")]
async fn change_touches_nothing_but_itself() {
    let Some(mut scene) = Scene::open("change_touches_nothing_but_itself").await else {
        return;
    };
    scene.instances(3);
    scene.browser.wait(&says("discovery", "(3 pods)"));
    scene
        .browser
        .wait("document.querySelectorAll('#node-list .card').length === 2");
    scene.browser.run(
        "window.touched = new Set();
         const look = (change) => {
           const element = change.target.nodeType === 1 ? change.target : change.target.parentElement;
           const card = element?.closest('.card');
           window.touched.add(card ? card.dataset.key : element?.id || element?.parentElement?.dataset.life);
         };
         const options = { subtree: true, childList: true, attributes: true, characterData: true };
         for (const id of ['node-list', 'instance-list']) {
           new MutationObserver((changes) => changes.forEach(look)).observe(document.getElementById(id), options);
         }",
    );
    let ready = |number| instance(number, false);
    let known = scene
        .world
        .discovered
        .borrow()
        .clone()
        .expect("some are discovered");
    let mut next = Discovered::clone(&known);
    next.services[0].instances = [0, 1, 2].map(ready).into();
    scene.world.discovered.send_replace(Some(Arc::new(next)));
    scene
        .browser
        .wait("!document.getElementById('instance-list').innerText.includes('booting')");
    assert_eq!(
        scene.browser.run("return [...window.touched];"),
        json!(["default/web/web-2"])
    );

    scene.browser.run("window.touched.clear();");
    scene.world.fleet.put_node(node("n2").of_group("web"));
    scene.world.fleet.put_owner(owner("web-2", "web", Some("n2")));
    scene.world.publish();
    scene.browser.wait(&says("node-list", "n2"));
    let touched = scene.browser.run("return [...window.touched];").to_string();
    assert!(
        !touched.contains("\"n1\"") && !touched.contains("default/web/"),
        "{touched}"
    );
}

/// EP-29: a stream that is cut becomes polls, what was shown stays, and the stream comes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn stream_is_cut_and_comes_back() {
    let Some(mut scene) = Scene::open("stream_is_cut_and_comes_back").await else {
        return;
    };
    scene.browser.wait(&says("node-list", "n1"));
    scene.wire.cut(true);
    scene.browser.wait(&says("connection", "Not connected"));
    let nodes = scene.cards("#node-list").to_string();
    assert!(nodes.contains("n1"), "what was shown stays: {nodes}");
    scene.world.fleet.put_group(group("batch"));
    scene.world.fleet.put_node(node("n3").of_group("batch"));
    scene.world.publish();
    scene.wire.cut(false);
    scene.browser.wait(&says("connection", "Live"));
    scene.browser.wait(&says("node-list", "n3"));
    scene.browser.wait(&says("group-list", "batch"));
}

/// EP-39, EP-31: three instances instead of one are there within ten seconds, and one instead of three, with the others
/// greyed.
#[tokio::test(flavor = "multi_thread")]
async fn one_three_one_is_seen_in_time() {
    let Some(scene) = Scene::open("one_three_one_is_seen_in_time").await else {
        return;
    };
    for (count, gone) in [(1, 0), (3, 0), (1, 2)] {
        let began = Instant::now();
        scene.instances(count);
        let pods = if count == 1 { "(1 pod)" } else { "(3 pods)" };
        scene.browser.wait(&says("discovery", pods));
        let live = format!("document.querySelectorAll('#instance-list .card:not(.gone)').length === {count}");
        scene.browser.wait(&live);
        scene.browser.wait(&format!(
            "document.querySelectorAll('#instance-list .card.gone').length === {gone}"
        ));
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }
    let cards = scene.cards("#instance-list");
    let ids: Vec<String> = cards.as_array().into_iter().flatten().map(first_line).collect();
    assert_eq!(ids, ["web-0", "web-1", "web-2"]);
    assert!(cards[2].to_string().contains("Last seen"), "{cards}");
    assert!(cards[0].to_string().contains("booting"), "{cards}");
}

fn first_line(card: &Value) -> String {
    card.as_str()
        .and_then(|card| card.lines().next())
        .unwrap_or_default()
        .to_owned()
}

/// LC-38: new entries appear, filters choose among them, and what was refused says why it waits.
#[tokio::test(flavor = "multi_thread")]
async fn audit_timeline_is_live_and_filtered() {
    let Some(scene) = Scene::open("audit_timeline_is_live_and_filtered").await else {
        return;
    };
    let bought = Draft::new(
        Action::NodeProvision,
        Outcome::Success,
        Author::MinNodes,
        "requested",
    );
    let refused = Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Author::Manual,
        "workload_pods",
    );
    scene.world.record(bought.node("n1"), 1);
    scene.world.record(refused.node("n1"), 2);
    scene
        .browser
        .wait("document.querySelectorAll('#audit-list li').length === 2");
    scene.browser.wait(&says("waiting-list", "workload pods"));
    let choose = "const choice = document.getElementById('audit-result');
        choice.value = 'rejected';
        choice.dispatchEvent(new Event('input'));";
    scene.browser.run(choose);
    scene
        .browser
        .wait("document.querySelectorAll('#audit-list li').length === 1");
    scene.browser.wait(&says("audit-list", "workload pods"));
    scene.browser.wait(&says("audit-count", "1 of 2"));
}

/// A replica that stands by says so, and what it knew stays to be read as that.
#[tokio::test(flavor = "multi_thread")]
async fn standby_is_said() {
    let Some(scene) = Scene::open("standby_is_said").await else {
        return;
    };
    scene.browser.wait(&says("node-list", "n1"));
    scene.world.states.send_replace(None);
    scene.browser.wait("!document.getElementById('banner').hidden");
    assert!(scene.cards("#node-list").to_string().contains("n1"));
    scene.world.states.send_replace(Some(scene.world.store.reader()));
    scene.browser.wait("document.getElementById('banner').hidden");
}
