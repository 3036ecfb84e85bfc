//! What the page says of pods that are on no Node.

use serde_json::json;

use super::browser::Browser;
use super::world::World;

/// SC-3: the pods that wait appear by themselves, each with what becomes of it, why, and what would help, and go again.
#[tokio::test(flavor = "multi_thread")]
async fn pods_that_wait_are_shown_with_why() {
    let Some(browser) = Browser::start_or_skip("pods_that_wait_are_shown_with_why") else {
        return;
    };
    let world = World::new().await;
    browser.go(&format!("http://{}/", world.address));
    browser.wait("document.getElementById('connection').textContent === 'Live'");
    browser.wait("document.getElementById('pods').hidden");
    world.plan();
    browser.wait("document.querySelectorAll('#pod-list > li').length === 2");
    let shown = browser.run(
        "for (const more of document.querySelectorAll('#pod-list details')) more.open = true;
         return [...document.querySelectorAll('#pod-list > li')].map((row) => row.innerText.replace(/\\s+/g, ' '));",
    );
    let expected = json!([
        "✕ unhelpable shop/large-1 no NodeGroup helps: insufficient cpu \
         What would help: a NodeGroup of a size with at least 64 CPU since 23:55:00 \
         Why no group helps kube-system/web: insufficient cpu (needs 64, has 4)",
        "… new node shop/small-1 kube-system/web-3 a node of kube-system/web is asked for since 23:55:00",
    ]);
    assert_eq!(shown, expected);
    let tiles =
        "[...document.querySelectorAll('#tiles > div')].map((tile) => tile.innerText.replace(/\\s+/g, ' '))";
    browser.wait(&format!("{tiles}.includes('Pods that wait 2')"));
    world.forget_plan();
    browser.wait("document.getElementById('pods').hidden");
    browser.wait(&format!("{tiles}.includes('Pods that wait 0')"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What nothing helps comes first, a burst of pods that wait for the same is one row, and an ignored pod does not wait.
#[tokio::test(flavor = "multi_thread")]
async fn burst_of_pods_is_one_row() {
    let Some(browser) = Browser::start_or_skip("burst_of_pods_is_one_row") else {
        return;
    };
    let world = World::new().await;
    browser.go(&format!("http://{}/", world.address));
    let rows = browser.run(
        "const { countWaiting, podRows } = await import('/page/pods.js');
         const pod = (name, outcome, more = {}) => ({ namespace: 'shop', name, uid: name, outcome, since: null, node: null,
           vpsie_node: null, node_group: 'default/web', reasons: [], groups: [], message: null, would_help: null, ...more });
         const burst = ['b-10', 'b-2', 'b-1', 'b-3'].map((name) => pod(name, 'new-node'));
         const others = [pod('a', 'fits-now', { node: 'n1' }), pod('x', 'unhelpable', { message: 'cpu: `two` is no quantity' }),
           pod('y', 'unhelpable'), pod('z', 'ignored', { reasons: ['scheduling-gated'] }), pod('i', 'incoming')];
         const rows = podRows([...burst, ...others]).map(({ word, who, group, why }) => [word, who, group, why].join(' | '));
         return [...rows, countWaiting([...burst, ...others])];",
    );
    let expected = json!([
        "unhelpable | shop/x |  | cpu: `two` is no quantity",
        "unhelpable | shop/y |  | no NodeGroup helps: there is none",
        "new-node | 4 pods |  | a node of default/web is asked for",
        "incoming | shop/i |  | a node that is coming is for it",
        "fits-now | shop/a | n1 | it fits on a Node that is there; the scheduler places it",
        "ignored | shop/z |  | nothing is to be done: scheduling gated",
        8
    ]);
    assert_eq!(rows, expected);
}
