//! What the page makes of live instances: header, colours, order, and how long one that is gone is shown.

use serde_json::json;

use super::browser::Browser;
use super::world::World;

/// Answers of `/api/instances/live` as discovery gives them.
const ANSWERS: &str = "
    const { Instances, RETENTION, header } = await import('/page/instances.js');
    const one = (id, status = 'ready') => ({ id, status, lastSeen: '2024-10-04T00:00:00Z' });
    const live = (instances, more = {}) => ({
      discoveryMode: 'kubernetes-endpoints', stale: false, summary: { total: instances.length, ready: 0 },
      services: [{ namespace: 'default', name: 'web', hint: false, instanceIds: instances.map(({ id }) => id) }],
      instances, ...more });
    const ids = (cards) => cards.map(({ instance, goneAt }) => (goneAt === null ? instance.id : `${instance.id} gone`));
";

/// Runs a script on made-up answers; nothing without a browser.
async fn made(test: &str, script: &str) -> Option<serde_json::Value> {
    let browser = Browser::start_or_skip(test)?;
    let world = World::new().await;
    browser.go(&format!("http://{}/", world.address));
    Some(browser.run(&format!("{ANSWERS} {script}")))
}

/// EP-30: the header names mode and number; green only for what is live and fresh, and each mode has its sentence.
#[tokio::test(flavor = "multi_thread")]
async fn header_is_green_only_for_what_is_live_and_fresh() {
    let script = "const known = new Instances(), empty = new Instances(), off = new Instances(), broken = new Instances();
        const stale = new Instances(), fixed = new Instances();
        known.apply(200, live([one('web-0'), one('web-1')]), 0);
        empty.apply(200, live([]), 0);
        stale.apply(200, live([one('web-0')], { stale: true }), 0);
        fixed.apply(200, live([one('web-0')], { discoveryMode: 'static' }), 0);
        off.apply(404, {}, 0);
        broken.apply(503, { discoveryMode: 'error', error: 'no list yet' }, 0);
        const cases = [[known, 'live'], [known, 'fallback'], [known, 'error'], [empty, 'live'], [stale, 'live'], [fixed, 'live'],
          [off, 'live'], [broken, 'live']];
        const shown = cases.map(([{ discovery }, mode]) => header(discovery, mode));
        if (new Set(shown.map(({ title }) => title)).size < 7) throw new Error('each has its sentence');
        return shown.map(({ text, tone }) => `${tone} ${text}`);";
    let Some(shown) = made("header_is_green_only_for_what_is_live_and_fresh", script).await else {
        return;
    };
    let expected = json!([
        "good Auto-Discovery: kubernetes-endpoints (2 pods)",
        "warn Auto-Discovery: kubernetes-endpoints (2 pods)",
        "bad Auto-Discovery: kubernetes-endpoints (2 pods)",
        "good Auto-Discovery: kubernetes-endpoints (0 pods)",
        "warn Auto-Discovery: kubernetes-endpoints (1 pod)",
        "warn Auto-Discovery: static (1 pod)",
        "off Auto-Discovery: off",
        "bad Auto-Discovery: error (0 pods)",
    ]);
    assert_eq!(shown, expected);
}

/// EP-31: the order is that of ids, whatever the order of the answer, and what is the same stays the same object.
#[tokio::test(flavor = "multi_thread")]
async fn order_is_stable_and_what_is_the_same_stays() {
    let script = "const instances = new Instances();
        instances.apply(200, live([one('web-10'), one('web-2'), one('web-1', 'booting')]), 0);
        const before = instances.cards(0);
        instances.apply(200, live([one('web-1'), one('web-10'), one('web-2')]), 1);
        const after = instances.cards(1);
        return [ids(before), ids(after), after.map((card) => before.includes(card))];";
    let Some(shown) = made("order_is_stable_and_what_is_the_same_stays", script).await else {
        return;
    };
    let order = json!(["web-1", "web-2", "web-10"]);
    assert_eq!(shown, json!([order, order, [false, true, true]]));
}

/// EP-31: one that vanished is shown for five minutes, comes back as itself, and is then gone.
#[tokio::test(flavor = "multi_thread")]
async fn vanished_instance_is_shown_for_five_minutes() {
    let script = "const instances = new Instances();
        instances.apply(200, live([one('web-0'), one('web-1')]), 0);
        instances.apply(200, live([one('web-0')]), 1000);
        const shown = [ids(instances.cards(1000)), ids(instances.cards(1000 + RETENTION - 1))];
        instances.apply(200, live([one('web-0'), one('web-1')]), 1000 + RETENTION - 1);
        shown.push(ids(instances.cards(1000 + RETENTION)));
        instances.apply(200, live([one('web-0')]), 2 * RETENTION);
        instances.apply(503, { error: 'nothing is known' }, 2 * RETENTION + 1);
        shown.push(ids(instances.cards(3 * RETENTION - 1)), ids(instances.cards(3 * RETENTION)));
        return [RETENTION, ...shown];";
    let Some(shown) = made("vanished_instance_is_shown_for_five_minutes", script).await else {
        return;
    };
    let (gone, back, alone) = (
        json!(["web-0", "web-1 gone"]),
        json!(["web-0", "web-1"]),
        json!(["web-0"]),
    );
    assert_eq!(shown, json!([300_000, gone, gone, back, gone, alone]));
}
