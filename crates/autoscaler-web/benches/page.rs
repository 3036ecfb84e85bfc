//! Opens the live page on a thousand nodes, and measures how soon it is there and how soon it shows a change.
//!
//! `cargo bench -p autoscaler-web --bench page`; needs Debian's `chromium` and `chromium-driver`.

#![allow(clippy::print_stdout, reason = "printing is all that it is for")]

#[path = "../tests/page/browser.rs"]
mod browser;
#[path = "../tests/api/world.rs"]
#[expect(dead_code, reason = "the tests of the API use all of it")]
mod world;

use std::sync::Arc;
use std::time::SystemTime;

use autoscaler_web::api::{Access, Details, EvidenceFacts, Limits, MatchFacts, Moments, OwnerDetails};
use browser::Browser;
use node_state::OwnerKey;
use node_state::testing::{NAMESPACE, at, group, node, owner, pod};
use world::World;

/// Nodes in each NodeGroup.
const IN_A_GROUP: usize = 100;
/// Has the page say when it has drawn a change of a node, in milliseconds since 1970.
const WATCH: &str = "
    window.drawn = (node) => new Promise((then) => {
      const isOf = ({ target }) => (target.closest ? target : target.parentElement)?.closest('.card')?.dataset.key === node;
      const observer = new MutationObserver((changes) => {
        if (!changes.some(isOf)) return;
        observer.disconnect();
        // This is still before the frame is painted; a task comes after it.
        setTimeout(() => then(performance.timeOrigin + performance.now()));
      });
      observer.observe(document.getElementById('node-list'), { subtree: true, childList: true, characterData: true });
    });";
/// When the browser painted first, and when the last card was there, in milliseconds since the address was opened.
const PAINTED: &str = "
    const painted = performance.getEntriesByName('first-contentful-paint')[0];
    return [painted.startTime, window.filled];";
/// Notes when the last card is there.
const FILLED: &str = "
    const look = () => {
      const cards = document.querySelectorAll('#node-list .card').length;
      if (cards >= NODES) setTimeout(() => { window.filled = performance.now(); });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

#[tokio::main]
async fn main() {
    // A test of all targets runs this, too, and wants to know no more than that it works.
    let is_bench = std::env::args().any(|word| word == "--bench");
    let (nodes, loads, changes) = if is_bench { (1000, 30, 500) } else { (20, 2, 5) };
    let Some(browser) = Browser::start_or_skip("the benchmark of the live page") else {
        return;
    };
    let mut world = fleet(nodes).await;
    load(&browser, &world, nodes, loads);
    change(&browser, &mut world, nodes, changes);
}

/// Opens the page again and again, each time without what the browser kept.
fn load(browser: &Browser, world: &World, nodes: usize, loads: usize) {
    let source = serde_json::json!({ "source": FILLED.replace("NODES", &nodes.to_string()) });
    browser.tools("Page.addScriptToEvaluateOnNewDocument", &source);
    browser.tools("Network.enable", &serde_json::json!({}));
    let (mut painted, mut filled) = (Vec::new(), Vec::new());
    for _ in 0..loads {
        browser.tools("Network.clearBrowserCache", &serde_json::json!({}));
        browser.go(&format!("http://{}/", world.address));
        browser.wait("window.filled");
        let times = browser.run(PAINTED);
        painted.extend(times[0].as_f64());
        filled.extend(times[1].as_f64());
    }
    tell("first paint", painted);
    tell("every card there", filled);
}

/// Changes one node after the other, each once the one before is seen.
fn change(browser: &Browser, world: &mut World, nodes: usize, changes: usize) {
    browser.run(WATCH);
    let mut seen = Vec::new();
    for change in 0..changes {
        let name = name(change * 7 % nodes);
        browser.run(&format!("window.next = drawn('{name}');"));
        world.fleet.put_pod(&name, pod(&format!("pod-{change}")));
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        world.publish();
        let drawn = browser.run("return await window.next;").as_f64();
        let drawn = drawn.expect("a moment");
        seen.push(drawn - began.expect("it is after 1970").as_secs_f64() * 1000.0);
    }
    tell("from an event to its card", seen);
}

fn tell(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!(
        "{what}: {} times, p50 {:.0} ms, p99 {:.0} ms, at most {:.0} ms",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
}

fn name(number: usize) -> String {
    format!("hel-kubernetes-49ab-slave-{number:04}")
}

/// Shows so many nodes, each matched, with the facts that a pass knows besides.
async fn fleet(nodes: usize) -> World {
    // The same address asks more often than a person would.
    let limits = Limits {
        requests_per_second: 10_000,
        ..Limits::default()
    };
    let mut world = World::with(Access::Loopback { may_refresh: false }, limits).await;
    let mut details = Details::default();
    for number in 0..nodes {
        let of = format!("pool-{}", number / IN_A_GROUP);
        let (claim, name) = (format!("claim-{number}"), name(number));
        world.fleet.put_group(group(&of));
        world.fleet.put_owner(owner(&claim, &of, Some(&name)));
        world.fleet.put_node(node(&name).of_group(&of));
        let key = OwnerKey::new(NAMESPACE, &claim);
        details.owners.insert(key, Arc::new(matched(number)));
    }
    world.details.send_replace(Arc::new(details));
    world.publish();
    world
}

fn matched(number: usize) -> OwnerDetails {
    let evidence = ["recorded-id", "recorded-node"].map(|kind| EvidenceFacts {
        link: "claim-machine",
        kind,
        detail: number.to_string(),
    });
    OwnerDetails {
        matched: Some(MatchFacts {
            verdict: "matched",
            evidence: evidence.into(),
            ..MatchFacts::default()
        }),
        moments: Moments {
            created_at: Some(at(-120)),
            ready_at: Some(at(-60)),
            ..Moments::default()
        },
        ..OwnerDetails::default()
    }
}
