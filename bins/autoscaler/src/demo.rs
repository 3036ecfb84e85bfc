//! `demo`: the real operator in simulated worlds, watched by a truth that never asks the operator.

mod burst;
mod looking;
mod narrator;
mod pace;
mod page;
mod recorded;
mod shop;
mod story;
mod summary;
mod world;
pub(crate) mod worlds;

use crate::args::{DemoOptions, DemoOutput, Worlds};
use crate::exit::Failure;
use crate::output;
use anyhow::Context;
use clap::ValueEnum;
use narrator::Narrator;
use serde::Serialize;
use summary::Summary;
use world::World;
use worlds::{Named, Outcome};

/// What came of everything that was played.
#[derive(Debug, Serialize)]
struct Results {
    /// The story, where it was told.
    #[serde(flatten)]
    story: Option<Summary>,
    /// The named worlds.
    worlds: Vec<Outcome>,
}

/// Plays the story and the named worlds, and ends well only if every invariant held in each.
pub(crate) fn run(options: &DemoOptions) -> Result<(), Failure> {
    let results = match options.world {
        Some(Worlds::List) => {
            output::print(&Named::list());
            return Ok(());
        }
        Some(Worlds::One(named)) => Results {
            story: None,
            worlds: vec![visit(options, named, options.wrong_match)?],
        },
        Some(Worlds::All) => Results {
            story: None,
            worlds: visit_all(options, options.wrong_match)?,
        },
        None => {
            let mut page = page::Reserved::take(options)?;
            if let Some(page) = &page {
                say(
                    options,
                    &format!("the live page, as long as the story lasts: {}", page.url()),
                );
            }
            let (summary, life) = alone(tell(options, &mut page))?;
            if let Some(life) = life {
                say(options, &life);
            }
            say(options, &summary.to_text());
            Results {
                story: Some(summary),
                // The story shows that the check can fail, and once is enough.
                worlds: visit_all(options, false)?,
            }
        }
    };
    if options.output == DemoOutput::Json {
        output::print(&serde_json::to_string_pretty(&results).map_err(Failure::defect)?);
    }
    results.end()
}

// === impl Results ===

impl Results {
    fn end(&self) -> Result<(), Failure> {
        let is_clean = self.story.as_ref().is_none_or(Summary::is_clean);
        if is_clean && self.worlds.iter().all(Outcome::is_clean) {
            return Ok(());
        }
        let story = self.story.iter().map(|story| story.findings.len());
        let worlds = self.worlds.iter().map(|world| world.findings.len());
        let findings: usize = story.chain(worlds).sum();
        Err(Failure::broken(anyhow::anyhow!(
            "an invariant was broken ({findings} findings, listed above)"
        )))
    }
}

fn visit_all(options: &DemoOptions, wrong_match: bool) -> Result<Vec<Outcome>, Failure> {
    say(options, &Outcome::heading());
    let worlds = Named::value_variants().iter();
    worlds.map(|named| visit(options, *named, wrong_match)).collect()
}

/// Plays one world, and prints its line.
fn visit(options: &DemoOptions, named: Named, wrong_match: bool) -> Result<Outcome, Failure> {
    let outcome = alone(async {
        let played = worlds::play(named, options.seed, wrong_match).await;
        played.with_context(|| format!("playing the world {}", named.name()))
    })?;
    say(options, &outcome.to_text());
    Ok(outcome)
}

/// Runs something on a clock of its own, and ends every task of it.
fn alone<T>(told: impl Future<Output = anyhow::Result<T>>) -> Result<T, Failure> {
    // A paused clock moves on when every task sleeps: the same seed tells the same story on any machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.context("starting the runtime").map_err(Failure::broken)?;
    runtime.block_on(told).map_err(Failure::broken)
}

fn say(options: &DemoOptions, text: &str) {
    match options.output {
        DemoOutput::Text => output::print(text),
        DemoOutput::Json => {}
    }
}

/// Tells the story; returns what came of it, and the life of one node as it was recorded.
async fn tell(
    options: &DemoOptions,
    page: &mut Option<page::Reserved>,
) -> anyhow::Result<(Summary, Option<String>)> {
    let started = std::time::Instant::now();
    let world = World::build(options.seed, 1)?;
    let since = world.clock.now();
    let sources = story::begin(&world).await?;
    let _shown = page.take().map(|page| page.show(sources)).transpose()?;
    let narrator = Narrator::new(options.output);
    let narration = tokio::spawn(narrator.clone().follow(world.clone()));
    let pace = tokio::spawn(pace::keep(options.speed));
    let told = story::tell(&world, &narrator, options.wrong_match).await;
    pace.abort();
    narration.abort();
    narrator.finish();
    let summary = Summary::new(&world, told?, started.elapsed());
    Ok((summary, recorded::life(&world, since)))
}
