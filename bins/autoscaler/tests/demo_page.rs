//! `demo` with its live page in a real browser: the story from the first load to the end.

#[path = "../../../crates/autoscaler-web/tests/page/browser.rs"]
#[expect(dead_code, reason = "the tests of the page use all of it")]
mod browser;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use browser::Browser;

/// The demo, ended with the test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// An expression: the page shows these words in an element.
fn says(id: &str, words: &str) -> String {
    format!("document.getElementById('{id}').textContent.includes({words:?})")
}

/// Notes each number that the tile of pods shows, for it changes faster than a test looks.
const NOTE_TILES: &str = "
    window.waited = [];
    const tiles = document.getElementById('tiles');
    const note = () => {
      const tile = [...tiles.children].find((one) => one.innerText.startsWith('Pods that wait'));
      const count = Number(tile?.querySelector('dd').textContent ?? 0);
      if (window.waited.at(-1) !== count) window.waited.push(count);
    };
    note();
    new MutationObserver(note).observe(tiles, { childList: true, subtree: true, characterData: true });";

/// EP-30, EP-31: whoever opens the page that the demo names sees groups grow, pods wait until nodes come for
/// them, instances of a Service come and go, what goes wrong, and the way back to nothing; the story ends as it does without anybody looking, and what was seen last stays on
/// the page.
#[test]
fn story_is_seen_from_the_first_load_to_the_end() {
    let Some(browser) = Browser::start_or_skip("story_is_seen_from_the_first_load_to_the_end") else {
        return;
    };
    let demo = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(["demo", "--speed", "20"])
        .stdout(Stdio::piped())
        .spawn();
    let mut demo = Demo(demo.expect("the program starts"));
    let mut lines = BufReader::new(demo.0.stdout.take().expect("its output is ours")).lines();
    let first = lines.next().expect("a line").expect("text");
    let (_, url) = first
        .split_once("the story lasts: ")
        .expect("it says where the page is");
    // Whoever does not read the rest would hold the story up.
    let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());

    browser.go(url);
    browser.wait(&says("connection", "Live"));
    browser.run(NOTE_TILES);
    for group in ["web", "batch", "database", "jobs"] {
        browser.wait(&says("group-list", group));
    }
    // For nine seconds all is well; what is only seen for a moment is looked up in the audit log instead.
    browser.wait(&says("group-list", "3 of 3 wanted nodes available"));
    browser.wait(&says("node-list", "matched by recorded id"));
    browser
        .wait("document.querySelector('#group-list .plot path.available').getAttribute('d').includes('V')");
    browser.wait(&says(
        "discovery",
        "Auto-Discovery: kubernetes-endpoints (3 pods)",
    ));
    browser.wait("document.getElementById('discovery').dataset.tone === 'good'");
    for words in ["shop-2", "shop-2.shop.default.svc.cluster.local", "100 of 100"] {
        browser.wait(&says("instance-list", words));
    }
    assert_eq!(
        browser.complaints(),
        Vec::<String>::new(),
        "nothing is wrong in the midst of the story"
    );
    // Pods wait, more and more of them, until nodes come; the one that nothing helps says why, until a person takes it back.
    browser.wait(&says("pod-list", "insufficient cpu (needs 64"));
    browser.wait("Math.max(...window.waited) > 6");
    browser.wait(&says("group-list", "4 wanted nodes available"));
    browser.wait("window.waited.length > 3 && window.waited.at(-1) === 0");
    for words in [
        "provisioning to initializing",
        "the connection was reset",
        "removed",
    ] {
        browser.wait(&says("audit-list", words));
    }
    browser.wait("document.querySelectorAll('#instance-list .card.gone').length === 3");
    browser.wait(&says("instance-list", "Last seen"));
    browser.wait(&says("connection", "Not connected"));
    assert_eq!(
        browser.run("return document.querySelectorAll('#audit-list li').length > 9;"),
        true
    );

    let told = rest.join().expect("it is read to its end");
    assert!(demo.0.wait().expect("it ends").success(), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("the end")), "{told:?}");
}
