//! Whether everybody can read the page: names, headings, landmarks, contrast, keyboard, and a narrow screen.
//!
//! The checks are our own, and one asks the browser what it tells a screen reader: the usual collection of checks comes under
//! a licence that this repository does not take.

use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use serde_json::{Value, json};

use super::browser::Browser;
use super::world::World;

/// What is wrong with names, headings, landmarks and ids.
const STRUCTURE: &str = "
    const wrong = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const nameOf = (element) => element.getAttribute('aria-label') ?? element.getAttribute('alt')
      ?? (element.labels?.length ? element.labels[0].textContent : element.textContent);
    for (const element of all('a, button, input, select, summary, [role=img], section, nav')) {
      const by = element.getAttribute('aria-labelledby');
      const name = by ? document.getElementById(by)?.textContent : nameOf(element);
      if (!name?.trim()) wrong.push(`no name: ${element.outerHTML.slice(0, 80)}`);
    }
    for (const image of all('img')) if (!image.hasAttribute('alt')) wrong.push('an image without alt');
    for (const picture of all('svg')) {
      if (picture.getAttribute('role') !== 'img' && picture.getAttribute('aria-hidden') !== 'true') wrong.push('a nameless svg');
    }
    for (const landmark of ['main', 'body > header', 'nav', 'body > footer', 'h1']) {
      if (all(landmark).length !== 1) wrong.push(`${all(landmark).length} of ${landmark}`);
    }
    let level = 0;
    for (const heading of all('h1, h2, h3, h4, h5, h6')) {
      const next = Number(heading.tagName[1]);
      if (next > level + 1) wrong.push(`h${next} after h${level}: ${heading.textContent}`);
      level = next;
    }
    const ids = all('[id]').map(({ id }) => id);
    for (const id of ids) if (ids.filter((other) => other === id).length > 1) wrong.push(`id ${id} twice`);
    for (const term of all('dt, dd')) if (!term.closest('dl')) wrong.push('a term outside of a list');
    for (const item of all('li')) if (!['UL', 'OL'].includes(item.parentElement.tagName)) wrong.push('an item outside of a list');
    if (document.documentElement.lang !== 'en' || !document.title) wrong.push('no language or title');
    return wrong;";

/// Texts whose contrast is below what WCAG asks of AA, with the contrast.
const CONTRAST: &str = "
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
      const [red, green, blue] = colour.map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const back = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const [red, green, blue, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
        if (alpha === 1) return [red, green, blue];
      }
      return [255, 255, 255];
    };
    const wrong = new Set();
    let looked = 0;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest('noscript')) continue;
      looked += 1;
      const [one, other] = [light(parse(getComputedStyle(element).color).slice(0, 3)), light(back(element))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (contrast < 4.5) wrong.add(`${contrast.toFixed(2)}: ${texts.currentNode.data}`);
    }
    return looked > 40 ? [...wrong] : [`only ${looked} texts`];";

/// Opens the page with something of everything on it; nothing without a browser.
async fn full_page(test: &str) -> Option<(Browser, World)> {
    let browser = Browser::start_or_skip(test)?;
    let world = World::new().await;
    let results = [Outcome::Success, Outcome::Rejected, Outcome::Failed];
    for (minute, result) in (1..).zip(results) {
        let entry = Draft::new(Action::NodeDecommission, result, Author::Manual, "workload_pods");
        world.record(entry.node("n1"), minute);
    }
    browser.go(&format!("http://{}/", world.address));
    browser.wait("document.querySelectorAll('#audit-list li').length === 3");
    browser.wait("document.querySelectorAll('#node-list .card').length === 2");
    Some((browser, world))
}

/// Names, headings, landmarks and lists are what a screen reader needs.
#[tokio::test(flavor = "multi_thread")]
async fn screen_reader_finds_its_way() {
    let Some((browser, _world)) = full_page("screen_reader_finds_its_way").await else {
        return;
    };
    assert_eq!(browser.run(STRUCTURE), json!([]));
    let plot = browser.run("return document.querySelector('.plot svg').getAttribute('aria-label');");
    assert!(
        plot.as_str()
            .is_some_and(|plot| plot.starts_with("2 nodes now, 1 available, 1 wanted")),
        "{plot}"
    );
}

/// What a screen reader is given: the kind and the name of everything that has a kind, as the browser itself sees it.
fn told_to_screen_readers(browser: &Browser) -> Vec<(String, String)> {
    let tree = browser.tools("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
    let told = nodes.iter().filter(|node| node["ignored"] == false);
    let text = |value: &Value| value["value"].as_str().unwrap_or_default().trim().to_owned();
    told.map(|node| (text(&node["role"]), text(&node["name"])))
        .collect()
}

/// WCAG 2.2 A, 4.1.2: the browser finds the landmarks, and a name for all that a person uses or jumps to.
#[tokio::test(flavor = "multi_thread")]
async fn browser_has_a_name_for_everything() {
    let Some((browser, _world)) = full_page("browser_has_a_name_for_everything").await else {
        return;
    };
    let named = [
        "button",
        "combobox",
        "heading",
        "image",
        "link",
        "navigation",
        "region",
        "searchbox",
    ];
    let nameless = |told: &[(String, String)]| {
        let told = told
            .iter()
            .filter(|(kind, name)| named.contains(&kind.as_str()) && name.is_empty());
        told.map(|(kind, _)| kind.clone()).collect::<Vec<_>>()
    };
    let told = told_to_screen_readers(&browser);
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    for kind in named
        .into_iter()
        .chain(["banner", "main", "contentinfo", "status", "article", "term"])
    {
        // Nothing is older than what is shown, so the only button is hidden.
        assert!(kinds.contains(&kind) || kind == "button", "{kind}: {kinds:?}");
    }
    assert_eq!(nameless(&told), Vec::<String>::new());
    browser.run(
        "document.querySelector('.plot svg').removeAttribute('aria-label');
         document.querySelector('nav a').textContent = '';
         document.getElementById('audit-text').parentElement.firstChild.remove();
         document.getElementById('audit-text').placeholder = '';",
    );
    let mut broken = nameless(&told_to_screen_readers(&browser));
    broken.sort();
    assert_eq!(broken, ["image", "link", "searchbox"], "the check can fail");
}

/// WCAG 2.2 AA: every text stands out from what is behind it, in the light and in the dark.
#[tokio::test(flavor = "multi_thread")]
async fn every_text_stands_out() {
    let Some((browser, _world)) = full_page("every_text_stands_out").await else {
        return;
    };
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.tools("Emulation.setEmulatedMedia", &features);
        browser.wait(&format!("matchMedia('(prefers-color-scheme: {scheme})').matches"));
        assert_eq!(browser.run(CONTRAST), json!([]), "{scheme}");
    }
    let pale = "document.querySelector('h1').style.color = 'rgb(120, 120, 120)';";
    let seen = browser.run(&format!("{pale} {CONTRAST}"));
    assert_eq!(
        seen.as_array().map(Vec::len),
        Some(1),
        "the check can fail: {seen}"
    );
}

/// Every control is reached with the Tab key, and shows that it is.
#[tokio::test(flavor = "multi_thread")]
async fn keyboard_reaches_every_control() {
    let Some((browser, _world)) = full_page("keyboard_reaches_every_control").await else {
        return;
    };
    let seen = |browser: &Browser| {
        browser.run(
            "const { activeElement } = document;
             const style = getComputedStyle(activeElement);
             return [activeElement.id || activeElement.getAttribute('href'), style.outlineStyle !== 'none'];",
        )
    };
    let mut reached: Vec<Value> = Vec::new();
    for _ in 0..12 {
        for kind in ["keyDown", "keyUp"] {
            browser.tools(
                "Input.dispatchKeyEvent",
                &json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}),
            );
        }
        reached.push(seen(&browser));
    }
    for wanted in [
        "#groups",
        "#nodes",
        "#audit",
        "node-text",
        "audit-action",
        "audit-result",
        "audit-text",
    ] {
        assert!(reached.contains(&json!([wanted, true])), "{wanted}: {reached:?}");
    }
}

/// On a phone nothing has to be pushed sideways but the row of links.
#[tokio::test(flavor = "multi_thread")]
async fn phone_shows_it_all() {
    let Some((browser, _world)) = full_page("phone_shows_it_all").await else {
        return;
    };
    let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
    browser.tools("Emulation.setDeviceMetricsOverride", &phone);
    browser.wait("innerWidth === 360");
    let wide = browser.run(
        "return [...document.querySelectorAll('body *')].filter((element) => !element.closest('nav, .skip')
           && element.getBoundingClientRect().right > 361).map((element) => element.outerHTML.slice(0, 80));",
    );
    assert_eq!(wide, json!([]));
}
