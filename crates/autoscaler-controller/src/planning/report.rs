//! A plan as it is printed: the same facts give the same bytes (`SC-20`, `SC-21`).

mod groups;
mod nodes;
mod sentences;

use fleet_plan::cluster::{Ignored, PodFlaw};
use fleet_plan::group::{Group, GroupName, Price};
use fleet_plan::misfit::Misfit;
use fleet_plan::removal::{self, Removals};
use fleet_plan::{Growth, Outcome, Plan, PodAnswer};
use schemars::JsonSchema;
use serde::Serialize;

use super::objects::Busy;

pub use groups::{GroupAnswer, Why};

/// Says what would be done for a cluster, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Nodes that would be bought, by group.
    pub scale_up: Vec<ScaleUp>,
    /// Every pod that is on no Node, by name.
    pub pods: Vec<PodLine>,
    /// Nodes that would go, by name.
    pub scale_down: Vec<ScaleDown>,
    /// Every Node, by name, and why it stays.
    pub nodes: Vec<NodeLine>,
}

/// Is a group that would grow.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaleUp {
    /// Namespace and name of the NodeGroup.
    pub node_group: String,
    /// VPSie's number of the size.
    pub size: Option<i64>,
    /// How many nodes.
    pub count: u32,
    /// What an hour of all of them costs; none when the price is unknown.
    pub price_per_hour: Option<f64>,
    /// The pods that they are for, by name.
    pub pods: Vec<String>,
    /// Why, in words.
    pub because: String,
    /// The next best group that could take the same pods; none when there is no other.
    pub runner_up: Option<RunnerUp>,
    /// Whether the NodeGroup is to be made first, for pods that no other can host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_node_group: bool,
}

/// Is the group that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunnerUp {
    /// Namespace and name of the NodeGroup.
    pub node_group: String,
    /// VPSie's number of the size.
    pub size: Option<i64>,
    /// What an hour of as many nodes costs; none when the price is unknown.
    pub price_per_hour: Option<f64>,
}

/// Says what becomes of a pod.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodLine {
    /// Namespace and name of the pod.
    pub pod: String,
    /// What becomes of it.
    pub outcome: OutcomeWord,
    /// The Node that it fits on, the VPSieNode that it waits for, or the numbered new node of a group.
    pub on: Option<String>,
    /// Why the pod is ignored, or cannot be planned for: a word of docs/operating.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why no group helps: for each group every reason.
    pub misfits: Vec<MisfitLine>,
    /// The smallest change that would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_help: Option<String>,
}

/// Says what becomes of a pod, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeWord {
    /// It fits on a Node that is there.
    FitsNow,
    /// It fits on a node that is coming.
    Incoming,
    /// It fits on a node that would be bought.
    NewNode,
    /// Nothing that may be bought helps.
    Unhelpable,
    /// It is not for planning.
    Ignored,
}

/// Says why a group does not help a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MisfitLine {
    /// Namespace and name of the NodeGroup.
    pub node_group: String,
    /// The reason: a word of docs/operating.md.
    pub reason: &'static str,
    /// What is needed.
    pub needs: Option<String>,
    /// What there is instead.
    pub has: Option<String>,
}

/// Is a Node that would go.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaleDown {
    /// The Node.
    pub node: String,
    /// What would be done: `remove`.
    pub action: &'static str,
    /// Where its pods would go.
    pub moves: Vec<Move>,
    /// What an hour without it saves; none when the price is unknown.
    pub saves_per_hour: Option<f64>,
}

/// Is a pod that would go elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// Namespace and name of the pod.
    pub pod: String,
    /// The Node that it would go to.
    pub to: String,
}

/// Says why a Node stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeLine {
    /// The Node.
    pub node: String,
    /// Why it stays; empty only for a Node that would go.
    pub must_stay: Vec<MustStay>,
}

/// Is a reason for which a Node stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MustStay {
    /// The reason: a word of docs/operating.md.
    #[schemars(extend("enum" = removal::MustStay::WORDS))]
    pub reason: &'static str,
    /// More, in words.
    pub detail: String,
}

/// Lists every word that a report may say, each of which docs/operating.md explains.
pub fn words() -> impl Iterator<Item = &'static str> {
    let outcomes = OutcomeWord::ALL.into_iter().map(OutcomeWord::as_str);
    let ignored = Ignored::ALL.into_iter().map(Ignored::word);
    let stays = removal::MustStay::WORDS;
    let of_pods = outcomes.chain(ignored).chain(PodFlaw::WORDS);
    of_pods.chain(Misfit::WORDS).chain(stays)
}

// === impl Report ===

impl Report {
    /// Makes what is printed of a plan.
    #[must_use]
    pub fn new(plan: &Plan, removals: &Removals) -> Self {
        Self {
            scale_up: plan
                .purchases
                .iter()
                .map(|growth| ScaleUp::new(growth, plan))
                .collect(),
            pods: plan.pods.iter().map(PodLine::new).collect(),
            scale_down: nodes::removals(removals),
            nodes: nodes::lines(removals),
        }
    }

    /// Adds a group that grows by what is requested of it, whoever waits (`SC-7`).
    #[must_use]
    pub fn with_busy(mut self, (busy, group): (&Busy, &Group)) -> Self {
        self.scale_up.push(ScaleUp {
            node_group: busy.group.to_string(),
            size: group.size,
            count: 1,
            price_per_hour: group.price.map(Price::to_number),
            pods: Vec::new(),
            because: sentences::of_use(busy),
            runner_up: None,
            new_node_group: false,
        });
        self
    }

    /// Returns the JSON Schema of what is printed.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Finds what is said of a pod.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&PodLine> {
        let pod = format!("{namespace}/{name}");
        self.pods.iter().find(|line| line.pod == pod)
    }

    /// Finds the growth that a pod takes part in.
    #[must_use]
    pub fn growth_for(&self, line: &PodLine) -> Option<&ScaleUp> {
        self.scale_up
            .iter()
            .find(|growth| growth.pods.contains(&line.pod))
    }
}

// === impl ScaleUp ===

impl ScaleUp {
    fn new(growth: &Growth, plan: &Plan) -> Self {
        let mut made = plan.new_groups.iter();
        let mut pods: Vec<_> = growth.nodes.iter().flatten().collect();
        pods.sort();
        Self {
            node_group: growth.group.to_string(),
            size: growth.size,
            count: growth.count,
            price_per_hour: growth.price.map(Price::to_number),
            pods: pods.into_iter().map(ToString::to_string).collect(),
            because: sentences::because(growth),
            runner_up: growth.runner_up.as_ref().map(|other| RunnerUp {
                node_group: other.group.to_string(),
                size: other.size,
                price_per_hour: other.price.map(Price::to_number),
            }),
            new_node_group: made.any(|new| new.group.name == growth.group),
        }
    }
}

// === impl PodLine ===

impl PodLine {
    /// Makes what is said of a pod.
    #[must_use]
    pub fn new(answer: &PodAnswer) -> Self {
        let line = |outcome, on: Option<String>| Self {
            pod: answer.pod.to_string(),
            outcome,
            on,
            reason: None,
            misfits: Vec::new(),
            would_help: None,
        };
        match &answer.outcome {
            Outcome::FitsNow(node) => line(OutcomeWord::FitsNow, Some(node.to_string())),
            // Its namespace is that of its group, and not told.
            Outcome::Incoming(name) => {
                let name = name.rsplit_once('/').map_or(name.as_ref(), |(_, name)| name);
                line(OutcomeWord::Incoming, Some(name.to_owned()))
            }
            Outcome::NewNode(group, number) => line(OutcomeWord::NewNode, Some(format!("{group}#{number}"))),
            Outcome::Unhelpable(why) => {
                let misfits = why
                    .groups
                    .iter()
                    .flat_map(|(group, misfits)| misfits.iter().map(|misfit| MisfitLine::new(group, misfit)));
                Self {
                    misfits: misfits.collect(),
                    would_help: Some(why.would_help.clone()),
                    ..line(OutcomeWord::Unhelpable, None)
                }
            }
            Outcome::Unreadable(flaw) => Self {
                reason: Some(flaw.word()),
                would_help: Some(sentences::mend(flaw)),
                ..line(OutcomeWord::Unhelpable, None)
            },
            Outcome::Ignored(why) => Self {
                reason: Some(why.word()),
                ..line(OutcomeWord::Ignored, None)
            },
        }
    }
}

// === impl MisfitLine ===

impl MisfitLine {
    fn new(group: &GroupName, misfit: &Misfit) -> Self {
        Self {
            node_group: group.to_string(),
            reason: misfit.word(),
            needs: misfit.needs(),
            has: misfit.has(),
        }
    }
}

// === impl OutcomeWord ===

impl OutcomeWord {
    /// Lists every word.
    pub const ALL: [Self; 5] = [
        Self::FitsNow,
        Self::Incoming,
        Self::NewNode,
        Self::Unhelpable,
        Self::Ignored,
    ];

    /// Returns the word as it is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FitsNow => "fits-now",
            Self::Incoming => "incoming",
            Self::NewNode => "new-node",
            Self::Unhelpable => "unhelpable",
            Self::Ignored => "ignored",
        }
    }
}

#[cfg(test)]
mod tests;
