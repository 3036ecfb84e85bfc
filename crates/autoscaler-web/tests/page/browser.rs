//! Chromium without a window, driven by WebDriver, of which the tests need little.
//!
//! It is asked for by bytes, since `fantoccini` brings a licence that we do not have and `thirtyfour` turns on a feature of
//! `serde_json` for the whole workspace, so that the tests would run another program than the one that is built.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest time that anything may take in the browser, on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(60);
/// Nothing that asks the world outside, and a profile that nobody had before.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// One browser at a time is enough for the machine, and as fast.
static TURN: Mutex<()> = Mutex::new(());

/// A browser of its own, closed when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

// === impl Browser ===

impl Browser {
    /// Starts one; without Debian's `chromium` and `chromium-driver` says loudly that the test is skipped, and fails under
    /// `REQUIRE_REAL=1`.
    pub(crate) fn start_or_skip(test: &str) -> Option<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = driver else {
            let missing = "no chromedriver in PATH: install chromium and chromium-driver";
            assert!(
                std::env::var_os("REQUIRE_REAL").is_none_or(|value| value != "1"),
                "{test}: {missing} (REQUIRE_REAL=1 forbids to skip it)"
            );
            // The test harness hides what `eprintln!` writes in a test that passes; a skip must be seen.
            drop(writeln!(std::io::stderr(), "SKIPPED ({missing}): {test}"));
            return None;
        };
        let mut browser = Self {
            port: port(&mut driver),
            driver,
            session: String::new(),
            _profile: tempfile::tempdir().expect("a folder for the profile"),
            _turn: turn,
        };
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let flags = FLAGS.iter().map(|flag| (*flag).to_owned());
        let flags: Vec<String> = flags
            .chain([profile, "--window-size=1280,900".to_owned()])
            .collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": LIMIT.as_millis() as u64},
        }}});
        let begun = browser.ask("POST", "/session", &wanted);
        let session = begun["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("/session/{session}");
        Some(browser)
    }

    /// Loads a page.
    pub(crate) fn go(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Runs the body of an asynchronous function in the page, and returns what it returns.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error.stack ?? error) }}));"
        );
        let done = self.post("/execute/async", &json!({"script": script, "args": []}));
        assert!(done["error"].is_null(), "{}", done["error"]);
        done["value"].clone()
    }

    /// Waits until an expression holds in the page; says what the page shows when it never does.
    #[track_caller]
    pub(crate) fn wait(&self, condition: &str) {
        let wait = format!(
            "for (let tries = 0; tries < 600; tries += 1) {{
                 if ({condition}) return true;
                 await new Promise((then) => setTimeout(then, 50));
             }}
             return document.body.innerText;"
        );
        let shown = self.run(&wait);
        let complaints = if shown == true {
            Vec::new()
        } else {
            self.complaints()
        };
        assert_eq!(shown, true, "never came true: {condition}; {complaints:?}");
    }

    /// Has the browser do what only its developers' tools can, and returns what they answer.
    pub(crate) fn tools(&self, command: &str, parameters: &Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    /// Returns what the console complained about since it was last asked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = entries
            .iter()
            .filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        bad.map(|entry| entry["message"].to_string()).collect()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, body) = self.answer(method, path, body).expect("the driver answers");
        assert!(status.starts_with("HTTP/1.1 200"), "{method} {path}: {body}");
        body["value"].clone()
    }

    /// Returns the first line and the body of an answer; the driver keeps its connections, so its length says where it ends.
    fn answer(&self, method: &str, path: &str, body: &Value) -> std::io::Result<(String, Value)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(LIMIT * 2))?;
        let (port, body) = (self.port, body.to_string());
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = BufReader::new(stream);
        let (mut status, mut length) = (String::new(), 0);
        answer.read_line(&mut status)?;
        for line in answer.by_ref().lines() {
            let line = line?.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            if line.is_empty() {
                break;
            }
        }
        let body = serde_json::from_reader(answer.take(length))?;
        Ok((status, body))
    }
}

impl Drop for Browser {
    /// Closes the browser before its driver, which would leave it behind.
    fn drop(&mut self) {
        drop(self.answer("DELETE", &self.session, &json!({})));
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// Reads the port that the driver took from what it prints.
fn port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is ours");
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    let ports = lines.filter_map(|line| {
        line.rsplit_once("successfully on port ")?
            .1
            .trim_end_matches('.')
            .parse()
            .ok()
    });
    ports.take(1).next().expect("the driver says its port")
}
