//! The same in words, for a person.

use fleet_plan::Growth;
use fleet_plan::cluster::PodFlaw;

use super::{Busy, MisfitLine, OutcomeWord, PodLine, ScaleDown, ScaleUp};

/// Says why a group would grow.
pub(super) fn because(growth: &Growth) -> String {
    let pods = growth.nodes.iter().map(Vec::len).sum();
    let needs = match (pods, growth.minimum) {
        (0, _) => "minNodes asks for them".to_owned(),
        (pods, 0) => format!("{} on nothing that is there or coming", fit(pods)),
        (pods, minimum) => format!(
            "{} on nothing that is there or coming, and minNodes asks for {minimum}",
            fit(pods)
        ),
    };
    let choice = match (&growth.runner_up, growth.price) {
        (None, _) => "no other group could take their place".to_owned(),
        (Some(other), Some(price)) => match other.price {
            Some(dearer) => format!("{price} an hour; {} would cost {dearer}", other.group),
            None => format!("{price} an hour; the price of {} is unknown", other.group),
        },
        (Some(other), None) => format!("its price is unknown; {} would do as well", other.group),
    };
    format!("{needs}; {choice}")
}

/// Says why a group would grow for which no pod waits.
pub(super) fn of_use(busy: &Busy) -> String {
    let percent = |percent: Option<u32>| percent.map_or_else(|| "?".to_owned(), |number| number.to_string());
    format!(
        "pods request {} % of its CPU and {} % of its memory, which is above a threshold of its scaleUpPolicy",
        percent(busy.cpu_percent),
        percent(busy.memory_percent)
    )
}

fn fit(pods: usize) -> String {
    match pods {
        1 => "1 pod fits".to_owned(),
        pods => format!("{pods} pods fit"),
    }
}

/// Says what to mend of a pod that cannot be planned for.
pub(super) fn mend(flaw: &PodFlaw) -> String {
    match flaw {
        PodFlaw::Unreadable(detail) | PodFlaw::Claim(detail) => detail.clone(),
        PodFlaw::Contradictory(key) => {
            format!("what the pod asks of the label {key} no Node can have; loosen its selector or affinity")
        }
    }
}

// === impl ScaleUp ===

impl ScaleUp {
    /// Says it in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let nodes = if self.count == 1 { "node" } else { "nodes" };
        let size = self
            .size
            .map(|size| format!(" of size {size}"))
            .unwrap_or_default();
        let made = if self.new_node_group {
            "would be made, and would get"
        } else {
            "would get"
        };
        format!(
            "{} {made} {} {nodes}{size}: {}.",
            self.node_group, self.count, self.because
        )
    }
}

// === impl MisfitLine ===

impl MisfitLine {
    /// Says it in a line.
    pub(super) fn sentence(&self) -> String {
        let needs = self.needs.as_ref().map(|needs| format!(" needs {needs}"));
        let has = self.has.as_ref().map(|has| format!(" has {has}"));
        let numbers: Vec<String> = needs.into_iter().chain(has).collect();
        let colon = if numbers.is_empty() { "" } else { ":" };
        format!(
            "  {} {}{colon}{}",
            self.node_group,
            self.reason,
            numbers.join(",")
        )
    }
}

// === impl PodLine ===

impl PodLine {
    /// Says it in sentences, one per line.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let on = self.on.as_deref().unwrap_or_default();
        let reason = self.reason.unwrap_or_default();
        let pod = &self.pod;
        let first = match self.outcome {
            OutcomeWord::FitsNow => format!("{pod} fits on the Node {on} that is there."),
            OutcomeWord::Incoming => {
                format!("{pod} fits on the node of the VPSieNode {on}, which is coming.")
            }
            OutcomeWord::NewNode => format!("{pod} needs a new node: {on}."),
            OutcomeWord::Ignored => format!("{pod} is not planned for: {reason}."),
            OutcomeWord::Unhelpable if reason.is_empty() => format!("{pod} fits in no group that may grow."),
            OutcomeWord::Unhelpable => format!("{pod} cannot be planned for: {reason}."),
        };
        let misfits = self.misfits.iter().map(MisfitLine::sentence);
        let help = self
            .would_help
            .iter()
            .map(|help| format!("  What would help: {help}."));
        std::iter::once(first).chain(misfits).chain(help).collect()
    }
}

// === impl ScaleDown ===

impl ScaleDown {
    /// Says it in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let moves: Vec<String> = self
            .moves
            .iter()
            .map(|one| format!("{} to {}", one.pod, one.to))
            .collect();
        let pods = match &*moves {
            [] => "it carries nothing".to_owned(),
            moves => format!("its pods would go elsewhere: {}", moves.join(", ")),
        };
        let saved = self.saves_per_hour;
        let saved = saved.map(|saved| format!("; {saved} an hour would be saved"));
        format!(
            "{} would be removed: {pods}{}.",
            self.node,
            saved.unwrap_or_default()
        )
    }
}
