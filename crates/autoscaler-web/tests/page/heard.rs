//! How the page hears of changes: stream, polls and back-off, with a clock of the test (EP-29).

use serde_json::{Value, json};

use super::browser::Browser;
use super::world::World;

/// A connection in a made-up world: `log` has each mode, stream and poll with its time, and `pass` lets time pass.
const MADE_UP: &str = "
    const { Connection } = await import('/page/connection.js');
    const log = [], timers = new Map(), streams = [];
    let now = 0, last = 0, isHidden = false, isUp = true, answers = true, meanwhile = () => {};
    const settled = async () => { for (let turns = 0; turns < 9; turns += 1) await null; };
    const connection = new Connection({
      set: (then, wait) => { timers.set(last += 1, { at: now + wait, then }); return last; },
      clear: (timer) => timers.delete(timer),
      chance: () => 1,
      open: (listener) => {
        log.push(`open ${now}`);
        streams.push(listener);
        queueMicrotask(() => (isUp ? listener.opened() : listener.failed()));
        return () => log.push(`close ${now}`);
      },
      poll: async () => {
        log.push(`poll ${now}`);
        meanwhile();
        if (!answers) throw new Error('nobody answers');
      },
      isHidden: () => isHidden,
      changed: (mode) => log.push(`${mode} ${now}`),
    });
    const pass = async (time) => {
      for (const end = now + time; ;) {
        await settled();
        const [next] = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!next) { now = end; return; }
        timers.delete(next[0]);
        now = next[1].at;
        next[1].then();
      }
    };
    const cut = () => { isUp = false; streams.at(-1).failed(); };
    const look = (looks) => { isHidden = !looks; connection.visibilityChanged(); };
    connection.start();
    await pass(0);
";

/// Runs a script in the made-up world, and returns its log; nothing without a browser.
async fn log(test: &str, script: &str) -> Option<Value> {
    let browser = Browser::start_or_skip(test)?;
    let world = World::new().await;
    browser.go(&format!("http://{}/", world.address));
    Some(browser.run(&format!("{MADE_UP} {script} return log;")))
}

/// EP-29, EP-33: with a stream nothing is polled; one that comes back at once is not missed; without one it is asked every
/// five seconds, and the stream is tried ever more rarely.
#[tokio::test(flavor = "multi_thread")]
async fn stream_comes_first_and_polls_every_five_seconds_without_it() {
    let script = "await pass(60000);
        streams.at(-1).failed(); await pass(60000);
        cut(); await pass(14000);
        isUp = true; await pass(30000);";
    let test = "stream_comes_first_and_polls_every_five_seconds_without_it";
    let Some(log) = log(test, script).await else {
        return;
    };
    let expected = json!([
        "open 0",
        "live 0",
        "close 60000",
        "open 60250",
        "close 120000",
        "open 120250",
        "close 120250",
        "open 120750",
        "close 120750",
        "open 121750",
        "close 121750",
        "fallback 122000",
        "poll 122000",
        "open 123750",
        "close 123750",
        "poll 127000",
        "open 127750",
        "close 127750",
        "poll 132000",
        "open 135750",
        "live 135750",
    ]);
    assert_eq!(log, expected);
}

/// EP-29, EP-33: what fails changes the mode and ends nothing; the first answer mends it.
#[tokio::test(flavor = "multi_thread")]
async fn failed_polls_are_an_error_until_one_succeeds() {
    let script = "cut(); answers = false; await pass(8000); answers = true; await pass(5000);
        log.length = 0; streams.length = 0; await pass(120000); log.push(streams.length);";
    let Some(log) = log("failed_polls_are_an_error_until_one_succeeds", script).await else {
        return;
    };
    let log = log.as_array().expect("a list");
    let opened = log.last().and_then(Value::as_u64);
    assert!(
        opened.is_some_and(|opened| (3..=6).contains(&opened)),
        "it tries at most every 30 s: {log:?}"
    );
    let polls = log
        .iter()
        .filter_map(Value::as_str)
        .filter(|line| line.starts_with("poll"))
        .count();
    assert_eq!(polls, 24);
}

/// EP-29: the modes in their order, from the first failure on.
#[tokio::test(flavor = "multi_thread")]
async fn modes_follow_what_answers() {
    let script = "cut(); answers = false; await pass(8000); answers = true; await pass(5000); isUp = true; await pass(60000);
        log.splice(0, log.length, ...log.filter((line) => !/^(open|close|poll)/.test(line)));";
    let Some(log) = log("modes_follow_what_answers", script).await else {
        return;
    };
    assert_eq!(
        log,
        json!([
            "live 0",
            "fallback 2000",
            "error 2000",
            "fallback 12000",
            "live 15750"
        ])
    );
}

/// EP-29, EP-33: nobody looks, nobody asks; whoever looks again sees what is there now.
#[tokio::test(flavor = "multi_thread")]
async fn polling_stops_while_nobody_looks() {
    let script =
        "cut(); await pass(3000); look(false); log.length = 0; await pass(600000); log.push('looks');
        look(true); await pass(1);";
    let Some(log) = log("polling_stops_while_nobody_looks", script).await else {
        return;
    };
    assert_eq!(
        log,
        json!(["looks", "open 603000", "poll 603000", "close 603000"])
    );
}

/// EP-29: whoever looks away while an answer is under way ends the polls with it.
#[tokio::test(flavor = "multi_thread")]
async fn poll_under_way_is_the_last_one_when_nobody_looks_any_more() {
    let script = "cut(); meanwhile = () => look(false); await pass(600000);
        log.splice(0, log.length, ...log.filter((line) => line.startsWith('poll')));";
    let Some(log) = log(
        "poll_under_way_is_the_last_one_when_nobody_looks_any_more",
        script,
    )
    .await
    else {
        return;
    };
    assert_eq!(log, json!(["poll 2000"]));
}

/// A stream that says nothing for longer than the server keeps one is dead, and another one is opened.
#[tokio::test(flavor = "multi_thread")]
async fn dead_stream_is_replaced() {
    let Some(log) = log("dead_stream_is_replaced", "await pass(311000);").await else {
        return;
    };
    assert_eq!(log, json!(["open 0", "live 0", "close 310000", "open 310250"]));
}
