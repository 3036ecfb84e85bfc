//! An API over a small fleet, on a real listener, and a client of bytes.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use autoscaler_web::api::{
    Access, AuditLog, Details, Discovered, EvidenceFacts, GroupDetails, GroupRefusal, Limits, MatchFacts,
    MisfitFacts, Moments, OwnerDetails, Pending, PendingPod, Series, Sources,
};
use autoscaler_web::{Api, Server};
use node_lifecycle::audit::{Draft, Entry, Filter, Log, Stats};
use node_state::store::{Reader, Store};
use node_state::testing::{NAMESPACE, at, group, node, owner, pod};
use node_state::{Fleet, GroupKey, OwnerKey, Rules};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{broadcast, oneshot, watch};

/// No answer over loopback takes as long, on two cores that also compile.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// An audit log in memory.
pub(crate) struct Audit {
    log: Mutex<Log>,
    news: broadcast::Sender<Arc<Entry>>,
}

/// Everything that the API shows, and where it shows it.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) store: Store,
    pub(crate) states: watch::Sender<Option<Reader>>,
    pub(crate) details: watch::Sender<Arc<Details>>,
    pub(crate) discovered: watch::Sender<Option<Arc<Discovered>>>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) series: Series,
    pub(crate) refreshed: Arc<Mutex<u32>>,
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    head: String,
    body: String,
}

// === impl World ===

impl World {
    /// Shows `web` with a Node `n1` that is matched and carries a pod, and a VPSieNode `web-2` that waits for its own.
    pub(crate) async fn new() -> Self {
        Self::with(Access::Loopback { may_refresh: true }, Limits::default()).await
    }

    pub(crate) async fn with(access: Access, limits: Limits) -> Self {
        let server = Server::bind((IpAddr::from([127, 0, 0, 1]), 0).into()).await;
        let server = server.expect("a free port");
        let address = server.address().expect("its number");
        let (states, discovered) = (watch::Sender::new(None), watch::Sender::new(None));
        let (details, audit) = (watch::Sender::new(Arc::new(known())), Arc::new(Audit::new()));
        let refreshed = Arc::new(Mutex::new(0));
        let refreshes = Arc::clone(&refreshed);
        let sources = Sources {
            states: states.subscribe(),
            details: details.subscribe(),
            audit: Arc::clone(&audit) as Arc<dyn AuditLog>,
            discovered: discovered.subscribe(),
            refresh: Some(Arc::new(move || *refreshes.lock().expect("nobody panics") += 1)),
        };
        let series = Series::default();
        let api = Api::new(sources, access, limits, series.clone());
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server.serve(api, async { drop(stopped.await) }));
        let mut world = Self {
            fleet: small_fleet(),
            store: Store::new(),
            states,
            details,
            discovered,
            audit,
            series,
            refreshed,
            address,
            _stop: stop,
        };
        world.publish();
        world.states.send_replace(Some(world.store.reader()));
        world
    }

    /// Evaluates what changed and publishes it.
    pub(crate) fn publish(&mut self) {
        let batch = self.fleet.settle(&Rules::default(), at(1));
        self.store.commit(&batch);
    }

    /// Has a plan for two pods that are on no Node.
    pub(crate) fn plan(&self) {
        self.planned(two_pods());
    }

    /// Has a plan in which no pod waits.
    pub(crate) fn forget_plan(&self) {
        self.planned(Pending::default());
    }

    fn planned(&self, pending: Pending) {
        let mut planned = Details::clone(&self.details.borrow());
        planned.pending = Some(Arc::new(pending));
        self.details.send_replace(Arc::new(planned));
    }

    /// Records an entry, a minute later each.
    pub(crate) fn record(&self, draft: Draft, minute: i64) {
        let recorded = self
            .audit
            .log
            .lock()
            .expect("nobody panics")
            .record(draft, at(minute));
        for entry in recorded {
            drop(self.audit.news.send(entry));
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }

    /// Sends one request, for `localhost` unless a header says another host.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = self.request(method, path, headers).await;
        let mut text = String::new();
        let read = tokio::time::timeout(LIMIT, stream.read_to_string(&mut text)).await;
        read.expect("in time").expect("text");
        Answer::of(&text)
    }

    pub(crate) async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let socket = TcpSocket::new_v4().expect("a socket");
        // A client that never reads should fill what the system keeps for it soon.
        socket.set_recv_buffer_size(16 << 10).expect("a size");
        let mut stream = socket.connect(self.address).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("it reads");
        stream
    }
}

/// Makes the facts about two VPSieNodes of `web`, of which one has joined.
fn small_fleet() -> Fleet {
    let mut fleet = Fleet::default();
    fleet.put_group(group("web"));
    fleet.put_owner(owner("web-1", "web", Some("n1")));
    fleet.put_owner(owner("web-2", "web", None));
    fleet.put_node(node("n1").of_group("web"));
    fleet.put_pod("n1", pod("p1"));
    fleet
}

/// Makes what a pass knows of `web-1` and `web` besides.
fn known() -> Details {
    let matched = MatchFacts {
        verdict: "matched",
        evidence: vec![EvidenceFacts {
            link: "claim-machine",
            kind: "recorded-id",
            detail: "71003".to_owned(),
        }],
        ..MatchFacts::default()
    };
    let owner = OwnerDetails {
        matched: Some(matched),
        moments: Moments {
            created_at: Some(at(-120)),
            ..Moments::default()
        },
        ..OwnerDetails::default()
    };
    let group = GroupDetails {
        managed: true,
        min_nodes: 1,
        max_nodes: 3,
        ..GroupDetails::default()
    };
    Details {
        owners: BTreeMap::from([(OwnerKey::new(NAMESPACE, "web-1"), Arc::new(owner) as _)]),
        groups: [(GroupKey::new(NAMESPACE, "web"), Arc::new(group))].into(),
        pending: None,
    }
}

/// Makes two pods that are on no Node: one gets a node, and one nothing helps.
fn two_pods() -> Pending {
    let refusal = GroupRefusal {
        node_group: format!("{NAMESPACE}/web"),
        misfits: vec![MisfitFacts {
            reason: "insufficient-cpu",
            needs: Some("64".to_owned()),
            has: Some("4".to_owned()),
        }],
    };
    let large = PendingPod {
        namespace: "shop".to_owned(),
        name: "large-1".to_owned(),
        uid: "uid-of-large-1".to_owned(),
        since: Some(at(-5)),
        outcome: "unhelpable",
        reasons: vec!["insufficient-cpu"],
        groups: Arc::new(vec![refusal]),
        would_help: Some("a NodeGroup of a size with at least 64 CPU".to_owned()),
        ..PendingPod::default()
    };
    let small = PendingPod {
        name: "small-1".to_owned(),
        uid: "uid-of-small-1".to_owned(),
        outcome: "new-node",
        vpsie_node: Some(format!("{NAMESPACE}/web-3")),
        node_group: Some(format!("{NAMESPACE}/web")),
        reasons: Vec::new(),
        groups: Arc::default(),
        would_help: None,
        ..large.clone()
    };
    Pending {
        pods: vec![large, small],
    }
}

// === impl Audit ===

impl Audit {
    fn new() -> Self {
        Self {
            log: Mutex::new(Log::new(1000)),
            news: broadcast::Sender::new(16),
        }
    }
}

impl AuditLog for Audit {
    fn select(&self, filter: &Filter) -> Vec<Arc<Entry>> {
        self.log.lock().expect("nobody panics").ring().select(filter)
    }

    fn stats(&self) -> Stats {
        self.log.lock().expect("nobody panics").ring().stats()
    }

    fn news(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.news.subscribe()
    }
}

// === impl Answer ===

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            code: code.expect("a code"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}{}", self.head, self.body))
    }

    /// Checks that it is a problem of this status, and returns what it says.
    #[track_caller]
    pub(crate) fn problem(&self, code: u16) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&"about:blank".into(), &code.into())
        );
        problem["detail"].as_str().expect("it says what to do").to_owned()
    }
}
