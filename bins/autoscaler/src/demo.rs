//! `demo`: the real operator in a simulated world, watched by a truth that never asks the operator.

mod narrator;
mod pace;
mod story;
mod summary;
mod world;

use crate::args::{DemoOptions, DemoOutput};
use crate::exit::Failure;
use crate::output;
use anyhow::Context;
use narrator::Narrator;
use summary::Summary;
use world::World;

/// Plays the story and ends well only if every invariant held.
pub(crate) fn run(options: &DemoOptions) -> Result<(), Failure> {
    // A paused clock moves on when every task sleeps: the same seed tells the same story on any machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.context("starting the runtime").map_err(Failure::broken)?;
    let summary = runtime.block_on(play(options)).map_err(Failure::broken)?;
    output::print(&match options.output {
        DemoOutput::Text => summary.to_text(),
        DemoOutput::Json => serde_json::to_string_pretty(&summary).map_err(Failure::defect)?,
    });
    if summary.is_clean() {
        Ok(())
    } else {
        Err(Failure::broken(anyhow::anyhow!(
            "an invariant was broken ({} findings, listed above)",
            summary.findings.len()
        )))
    }
}

async fn play(options: &DemoOptions) -> anyhow::Result<Summary> {
    let started = std::time::Instant::now();
    let world = World::build(options.seed)?;
    let narrator = Narrator::new(options.output);
    let narration = tokio::spawn(narrator.clone().follow(world.clone()));
    let pace = tokio::spawn(pace::keep(options.speed));
    let told = story::tell(&world, &narrator, options.wrong_match).await;
    pace.abort();
    narration.abort();
    narrator.finish();
    let (settled, ended) = told?;
    Ok(Summary::new(&world, &settled, &ended, started.elapsed()))
}
