//! `plan` and `explain pod`: one plan of a live cluster or of files, printed and not carried out.

mod facts;
mod rendering;

use crate::args::{ExplainOutput, ExplainPodOptions, PlanOptions, PlanOutput, SourceOptions};
use crate::exit::Failure;
use crate::output;
use anyhow::{Context, anyhow};
use autoscaler_controller::planning::report::{OutcomeWord, PodLine, Report, ScaleUp, Why};
use autoscaler_controller::planning::{Gap, Objects, residence};
use fleet_plan::Cluster;
use kube::ResourceExt;
use serde::Serialize;

/// Makes a plan and prints it, or the schema of what would be printed.
pub(crate) fn run(options: &PlanOptions) -> Result<(), Failure> {
    if options.schema {
        let schema = serde_json::to_string_pretty(&Report::schema()).map_err(Failure::defect)?;
        output::print(&schema);
        return Ok(());
    }
    let Made { report, gap, .. } = made(&options.source)?;
    if let Some(gap) = gap.filter(|_| report.pods.iter().any(is_unhelped)) {
        output::complain(&format!("warning: {}", not_made(gap)));
    }
    match options.output {
        PlanOutput::Json => output::print(&serde_json::to_string_pretty(&report).map_err(Failure::defect)?),
        PlanOutput::Table => output::print(&rendering::tables(&report)),
        PlanOutput::Text => output::print(&rendering::text(&report)),
    }
    Ok(())
}

/// What is printed of one pod.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    #[serde(flatten)]
    line: &'a PodLine,
    scale_up: Option<&'a ScaleUp>,
    why: Option<&'a Why>,
}

/// Is a plan with what it was made from.
struct Made {
    report: Report,
    objects: Objects,
    cluster: Cluster,
    gap: Option<Gap>,
}

/// Makes a plan and prints what it says of one pod.
pub(crate) fn explain(options: &ExplainPodOptions) -> Result<(), Failure> {
    let name = options.name.split_once('/');
    let name = name.filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty());
    let Some((namespace, name)) = name else {
        let wrong = anyhow!("`{}` is no pod; write NAMESPACE/NAME", options.name);
        return Err(Failure::input(wrong));
    };
    let Made {
        report,
        objects,
        cluster,
        gap,
    } = made(&options.source)?;
    let Some(line) = report.pod(namespace, name) else {
        return Err(Failure::input(elsewhere(&objects, namespace, name)));
    };
    let scale_up = report.growth_for(line);
    let why = Why::of(&cluster, namespace, name);
    match options.output {
        ExplainOutput::Text => {
            let mut sentences = line.sentences();
            sentences.extend(scale_up.map(ScaleUp::sentence));
            // Why no group helps is said already.
            let is_told = !line.misfits.is_empty();
            sentences.extend(why.iter().filter(|_| !is_told).flat_map(Why::sentences));
            sentences.extend(gap.filter(|_| is_unhelped(line)).map(not_made));
            output::print(&rendering::lines(sentences));
        }
        ExplainOutput::Json => {
            let why = why.as_ref();
            let explanation = Explanation { line, scale_up, why };
            output::print(&serde_json::to_string_pretty(&explanation).map_err(Failure::defect)?);
        }
    }
    Ok(())
}

/// Tells whether a pod can be planned for, and no NodeGroup helps it.
fn is_unhelped(line: &PodLine) -> bool {
    line.outcome == OutcomeWord::Unhelpable && line.reason.is_none()
}

/// Says why no NodeGroup is made for pods that none can host.
fn not_made(gap: Gap) -> String {
    format!("no NodeGroup can be made for pods that none can host: {gap}")
}

/// Says why a plan has nothing to say of a pod.
fn elsewhere(objects: &Objects, namespace: &str, name: &str) -> anyhow::Error {
    let is_meant = |pod: &&k8s_openapi::api::core::v1::Pod| {
        pod.namespace().as_deref() == Some(namespace) && pod.name_any() == name
    };
    match objects.pods.iter().find(is_meant) {
        Some(pod) => match residence(pod) {
            Some(node) => anyhow!("the pod {namespace}/{name} waits for nothing: it is on the Node {node}"),
            None => anyhow!("the pod {namespace}/{name} waits for nothing: it has ended"),
        },
        None => anyhow!("there is no pod {namespace}/{name}; check its name"),
    }
}

/// Gathers what is known and makes the plan; what cannot be read is said beside it.
fn made(source: &SourceOptions) -> Result<Made, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime").map_err(Failure::broken)?;
    let objects = runtime.block_on(facts::gather(source))?;
    let survey = objects.survey(source.now.unwrap_or_else(chrono::Utc::now));
    for broken in &survey.broken {
        output::complain(&output::plain(&format!("warning: {broken}")));
    }
    let plan = fleet_plan::plan(&survey.cluster);
    let removals = fleet_plan::removal::removals(&survey.cluster, &plan, &survey.fleet);
    let report = Report::new(&plan, &removals);
    let report = match survey.grows(&plan) {
        Some(growing) => report.with_busy(growing),
        None => report,
    };
    Ok(Made {
        report,
        objects,
        gap: survey.gap,
        cluster: survey.cluster,
    })
}
