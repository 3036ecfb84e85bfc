//! Explanations in plain English: what is, what was looked at, and what would settle it.

use crate::change::Change;
use crate::explain::{Considered, Explanation, Missing, Objection, Sighting, phrases};
use crate::{Evidence, EvidenceKind, Link, Match, Verdict};

// === impl Explanation ===

impl Explanation<'_> {
    /// Says it in sentences, the most important first; all times are UTC.
    ///
    /// # Guarantees
    /// At least one sentence, none with a line break or another control character, whatever the names are.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut told = vec![self.headline()];
        match self.verdict {
            Verdict::Matched(found) => told.extend(found.evidence.iter().map(evidence)),
            Verdict::NotParticipating { .. }
            | Verdict::Waiting { .. }
            | Verdict::Ambiguous { .. }
            | Verdict::Conflict { .. }
            | Verdict::TimedOut { .. } => {}
        }
        let listed = self.considered.listed.iter();
        told.extend(listed.map(|sighting| self.sighting(sighting)));
        told.extend(unlisted(&self.considered));
        told.extend(self.advice());
        told.iter().map(|text| phrases::sentence(text)).collect()
    }

    fn headline(&self) -> String {
        let (verdict, what) = match self.verdict {
            Verdict::Matched(found) => ("Matched", possessions(found)),
            Verdict::NotParticipating { .. } => ("Takes no part", self.lack()),
            Verdict::Waiting { .. } => ("Waiting", self.lack()),
            Verdict::Ambiguous { .. } => ("Ambiguous", self.lack()),
            Verdict::Conflict { .. } => ("Conflict", self.lack()),
            Verdict::TimedOut { .. } => ("Timed out", self.lack()),
        };
        let considered = tally(&self.considered);
        match considered {
            Some(considered) => format!("{verdict}: {what}; {considered}"),
            None => format!("{verdict}: {what}."),
        }
    }

    /// Says what it lacks, as it stands in the headline.
    fn lack(&self) -> String {
        let Some(missing) = &self.missing else {
            return "nothing is missing".to_owned();
        };
        match missing {
            Missing::Node | Missing::Machine | Missing::Certainty => String::new(),
            Missing::NewMachine { .. } => format!(
                "nothing new that could be its own has appeared in {} {}",
                phrases::place(self.claim),
                self.since()
            ),
            Missing::Link => {
                "nothing bears what is recorded on it, and no machine was asked for".to_owned()
            }
            Missing::Running => "its machine is there but does not run yet".to_owned(),
            Missing::RecordedMachine { id, identifier } => {
                let known = [id.map(|id| id.to_string()), identifier.map(str::to_owned)];
                let known: Vec<String> = known.into_iter().flatten().collect();
                let known = known.join(" ");
                format!("machine {known} is recorded on it, and VPSie does not list that machine")
            }
            Missing::RecordedNode { name } => {
                format!("Node {name} is recorded on it, and there is no such Node")
            }
            Missing::Eligible => "nothing that is linked to it may be handed out".to_owned(),
            Missing::Unowned => "what is linked to it belongs to another VPSieNode".to_owned(),
            Missing::Proof { baseline } => format!(
                "machines are there, but nothing proves that one is new: {}",
                phrases::baseline(*baseline)
            ),
            Missing::AnonymousMatching => {
                "something new is there, no name and no address links it, and anonymous matching is switched off"
                    .to_owned()
            }
            Missing::QuietCluster { changes } => {
                let all: Vec<String> = changes.iter().map(change).collect();
                format!("VPSie is working on the cluster: {}", phrases::list(&all))
            }
            Missing::Owners { new, open } => format!(
                "{} for {}, so somebody else adds machines, and nobody can tell which are ours",
                phrases::count(*new, "candidate is new", "candidates are new"),
                phrases::count(*open, "waiting VPSieNode", "waiting VPSieNodes")
            ),
            Missing::Group { groups } => {
                let groups: Vec<String> = groups.iter().map(u64::to_string).collect();
                format!(
                    "it cannot be told for which group a machine was made; machines are awaited in {}",
                    phrases::list(&groups)
                )
            }
            Missing::NameOrAddress => {
                "another program asked for its machine, and no name and no address says which it is".to_owned()
            }
            Missing::FewerCandidates => {
                "too many requests and machines are entangled to be told apart".to_owned()
            }
            Missing::OneRecord { reason, others } => {
                let others: Vec<String> = others.iter().map(phrases::named).collect();
                match others.as_slice() {
                    [] => format!("its records contradict each other ({reason})"),
                    [_, ..] => {
                        format!("its records contradict those of {} ({reason})", phrases::list(&others))
                    }
                }
            }
            Missing::Request => "no machine was asked for and nothing is recorded".to_owned(),
            Missing::OwnUid => "another VPSieNode of the snapshot has the same uid".to_owned(),
        }
    }

    fn since(&self) -> String {
        match self.claim.requested_at {
            Some(at) => format!("since the request at {}", phrases::moment(at, self.now)),
            None => "since the request".to_owned(),
        }
    }

    fn sighting(&self, sighting: &Sighting<'_>) -> String {
        let name = phrases::subject(&sighting.subject);
        match &sighting.objection {
            Some(objection) => format!("{name} {}.", self.objection(objection)),
            None => format!("{name} could be its own."),
        }
    }

    /// Says what speaks against a machine or Node, as it stands after its name.
    fn objection(&self, objection: &Objection<'_>) -> String {
        match objection {
            Objection::NotRunning { status } => format!("is not running: its status is {status}"),
            Objection::NotProvablyNew {
                created_at, is_zoned, ..
            } => match (created_at, is_zoned) {
                (None, _) => "is not provably new: when it was created is not reported".to_owned(),
                (Some(at), false) => format!(
                    "is not provably new: it was created at {}, but the zone of that time is not reported",
                    phrases::time(*at, self.now)
                ),
                (Some(at), true) => format!(
                    "is not provably new: it was created at {}, which proves nothing while the times of \
                     other machines are unknown",
                    phrases::moment(*at, self.now)
                ),
            },
            Objection::Unlinked => "is not linked to this VPSieNode".to_owned(),
            Objection::NotTied => "is not tied to the Node that it has or that a label names".to_owned(),
            Objection::KeptForAnother { owner } => {
                format!("is kept for {} until it runs", phrases::named(owner))
            }
            Objection::OwnedByAnother { owner } => format!("belongs to {}", phrases::named(owner)),
            Objection::Disputed => "is named by records that contradict each other".to_owned(),
            Objection::LabelledForAnother { label } => format!("is labelled for VPSieNode {label}"),
            Objection::ThroughNode { node, objection } => {
                format!("has the Node {node}, which {}", self.objection(objection))
            }
            Objection::InBaseline => "was there before the request".to_owned(),
            Objection::OlderThanRequest { created_at, .. } => format!(
                "is older than the request: it was created at {}",
                phrases::moment(*created_at, self.now)
            ),
            Objection::OtherGroup { group, wanted } => format!("is of group {group}, not of {wanted}"),
            Objection::SizeContradictsGroup { size, found, wanted } => {
                let unit = size.unit();
                format!("has {found} {unit}, and machines of the group have {wanted}")
            }
            Objection::OtherCluster => "is of another cluster".to_owned(),
            Objection::ControlPlane => "belongs to the control plane".to_owned(),
            Objection::Deleted => "is marked deleted".to_owned(),
        }
    }

    /// Says what happens next, or what a person can do.
    fn advice(&self) -> Option<String> {
        let limit = || phrases::duration(self.settings.discovery_timeout);
        let advice = match self.missing.as_ref()? {
            Missing::Node => "No Node of it has joined yet.".to_owned(),
            Missing::Machine => "VPSie lists no machine that is tied to that Node.".to_owned(),
            Missing::Certainty => {
                "A machine too many turned up later, so this may be the wrong one: only a person may delete it."
                    .to_owned()
            }
            Missing::NewMachine { waited_seconds, limit_seconds, .. } => match waited_seconds {
                Some(waited) if waited > limit_seconds => format!(
                    "The limit of {} is over; a machine that comes late is still recorded on it.",
                    limit()
                ),
                Some(_) | None => format!("It times out {} after the request.", limit()),
            },
            Missing::Link => "Record its machine or its Node, or delete it.".to_owned(),
            Missing::Running => "It goes on by itself as soon as VPSie says that it runs.".to_owned(),
            Missing::RecordedMachine { .. } => {
                "Nothing weaker takes its place. See at VPSie whether the machine still exists.".to_owned()
            }
            Missing::RecordedNode { .. } => {
                "Nothing weaker takes its place. See why the Node left the cluster.".to_owned()
            }
            Missing::Eligible | Missing::Unowned => {
                "If one of these is its machine all the same, a person has to record that.".to_owned()
            }
            Missing::Proof { .. } => {
                "A name or an address that links one of them settles it, or a person who records it.".to_owned()
            }
            Missing::AnonymousMatching => {
                "Switch anonymous matching on, or record the machine by hand.".to_owned()
            }
            Missing::QuietCluster { changes } if changes == &[Change::Locked { now: true }] => {
                "It goes on by itself when the lock is gone.".to_owned()
            }
            Missing::QuietCluster { .. } => {
                "Nothing will undo that: a person has to record which machine is its own.".to_owned()
            }
            Missing::Owners { .. } => {
                "A person has to record which machine is whose, or remove the machines that nobody asked for."
                    .to_owned()
            }
            Missing::Group { .. } | Missing::NameOrAddress | Missing::FewerCandidates => {
                "A person has to record which machine is whose.".to_owned()
            }
            Missing::OneRecord { .. } => {
                "Nothing of them is deleted until a person removes one of the records.".to_owned()
            }
            Missing::Request | Missing::OwnUid => return None,
        };
        Some(advice)
    }
}

/// Says what a claim has.
fn possessions(found: &Match<'_>) -> String {
    let machine = found.machine.as_ref().map(phrases::machine);
    let node = found.node.map(|node| format!("Node {}", node.name));
    let both: Vec<String> = machine.into_iter().chain(node).collect();
    let verb = if both.len() == 1 { "is" } else { "are" };
    format!("{} {verb} its own", phrases::list(&both))
}

/// Says why two things belong together.
fn evidence(evidence: &Evidence<'_>) -> String {
    let detail = &evidence.detail;
    let ends = match evidence.link {
        Link::ClaimMachine => "The machine is its own",
        Link::MachineNode => "The Node is that machine's",
        Link::ClaimNode => "The Node is its own",
    };
    let why = match evidence.kind {
        EvidenceKind::RecordedId => format!("id {detail} is recorded on it"),
        EvidenceKind::RecordedIdentifier => format!("identifier {detail} is recorded on it"),
        EvidenceKind::RecordedNode => format!("the name {detail} is recorded on it"),
        EvidenceKind::ProviderId => format!("the provider id is {detail}"),
        EvidenceKind::Address => format!("both have the address {detail}"),
        EvidenceKind::Hostname => format!("both have the name {detail}"),
        EvidenceKind::HostnamePattern => format!("the name {detail} begins with that of the VPSieNode"),
        EvidenceKind::ClaimLabel => format!("a label names {detail}"),
        EvidenceKind::Anonymous => format!("no name links it, but it is {detail}"),
    };
    format!("{ends}: {why} ({}).", evidence.kind)
}

fn change(change: &Change) -> String {
    match change {
        Change::Version { before, now } => format!("its version was {before} and is {now}"),
        Change::Locked { now: true } => "it is locked".to_owned(),
        Change::Locked { now: false } => "it was locked at the request".to_owned(),
        Change::Managers { before, now } => {
            format!("the number of its control-plane machines was {before} and is {now}")
        }
    }
}

/// Says how much was looked at; `None` when there was nothing to look at.
fn tally(considered: &Considered<'_>) -> Option<String> {
    let machines =
        (considered.machines > 0).then(|| phrases::count(considered.machines, "machine", "machines"));
    let nodes = (considered.nodes > 0).then(|| {
        phrases::count(
            considered.nodes,
            "Node without a machine",
            "Nodes without a machine",
        )
    });
    let both: Vec<String> = machines.into_iter().chain(nodes).collect();
    let verb = if considered.machines + considered.nodes == 1 {
        "was"
    } else {
        "were"
    };
    (!both.is_empty()).then(|| format!("{} {verb} considered:", phrases::list(&both)))
}

/// Says how many more there are, and whether some were not looked at.
fn unlisted(considered: &Considered<'_>) -> Vec<String> {
    let counts: Vec<String> = considered
        .unlisted
        .iter()
        .map(|(name, number)| format!("{number} {name}"))
        .collect();
    let more = (!counts.is_empty()).then(|| {
        let sum: usize = considered.unlisted.values().sum();
        format!("{sum} more are not listed: {}.", phrases::list(&counts))
    });
    let cut = considered.is_cut.then(|| {
        "Too many VPSieNodes wait to look at each machine for each of them: only what is linked to it is listed."
            .to_owned()
    });
    more.into_iter().chain(cut).collect()
}
