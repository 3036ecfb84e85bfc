//! The narrator: a progress display in a terminal, plain lines when piped, silence beside JSON.

use super::world::World;
use crate::args::DemoOutput;
use crate::output;
use chrono::{DateTime, Utc};
use fleet_sim::cloud::PostingReply;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

/// Where the story is told.
#[derive(Clone)]
pub(crate) struct Narrator {
    display: Display,
    since: Arc<std::sync::OnceLock<DateTime<Utc>>>,
}

#[derive(Clone)]
enum Display {
    /// Bars that move, and lines above them.
    Bars(MultiProgress),
    /// Lines.
    Lines,
    /// Nothing.
    Silent,
}

// === impl Narrator ===

impl Narrator {
    /// Chooses the display: what a person sees depends on where the output goes.
    pub(crate) fn new(form: DemoOutput) -> Self {
        let display = match form {
            DemoOutput::Json => Display::Silent,
            DemoOutput::Text if std::io::stdout().is_terminal() => {
                Display::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stdout()))
            }
            DemoOutput::Text => Display::Lines,
        };
        Self {
            display,
            since: Arc::default(),
        }
    }

    /// Tells one sentence with its virtual time.
    pub(crate) fn say(&self, world: &World, sentence: &str) {
        let seconds = world
            .elapsed(*self.since.get_or_init(|| world.clock.now()))
            .num_seconds();
        let line = format!("{:02}:{:02}  {sentence}", seconds / 60, seconds % 60);
        match &self.display {
            // A terminal that went away is no reason to end the story.
            Display::Bars(bars) => drop(bars.println(line)),
            Display::Lines => output::print(&line),
            Display::Silent => {}
        }
    }

    /// Tells every change of the world, until the future is dropped.
    pub(crate) async fn follow(self, world: World) {
        let mut phases: BTreeMap<String, String> = BTreeMap::new();
        let mut bars: BTreeMap<String, ProgressBar> = BTreeMap::new();
        let mut told = 0;
        loop {
            for posting in world.cloud.ledger().iter().skip(told) {
                told += 1;
                if posting.reply == PostingReply::Lost {
                    self.say(
                        &world,
                        "  a reply of VPSie is lost; the machine is made all the same, and asked for once",
                    );
                }
            }
            for claim in world.kube.objects("vpsienodes") {
                self.tell_phase(&world, &claim, &mut phases);
            }
            if let Display::Bars(all) = &self.display {
                for group in world.kube.objects("nodegroups") {
                    show(all, &group, &mut bars);
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Ends the display.
    pub(crate) fn finish(&self) {
        if let Display::Bars(bars) = &self.display {
            drop(bars.clear());
        }
    }

    fn tell_phase(&self, world: &World, claim: &Value, phases: &mut BTreeMap<String, String>) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (name, phase) = (text(&claim["metadata"]["name"]), text(&claim["status"]["phase"]));
        let uid = text(&claim["metadata"]["uid"]);
        if phase.is_empty() || phases.get(&uid) == Some(&phase) {
            return;
        }
        let more = match phase.as_str() {
            "Provisioned" => format!(": machine {}", text(&claim["status"]["hostname"])),
            "Joining" | "Ready" => format!(": Node {}", text(&claim["status"]["nodeName"])),
            "Failed" => format!(": {}", text(&claim["status"]["lastError"])),
            _ => String::new(),
        };
        self.say(world, &format!("  {name} is {phase}{more}"));
        phases.insert(uid, phase);
    }
}

/// Shows how many nodes of a group are Ready.
fn show(all: &MultiProgress, group: &Value, bars: &mut BTreeMap<String, ProgressBar>) {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let name = group["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let bar = bars.entry(name.clone()).or_insert_with(|| {
        let bar = all.add(ProgressBar::new(number(&group["spec"]["minNodes"])));
        let style = ProgressStyle::with_template("{msg:10} {bar:24} {pos}/{len} ready");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name);
        bar
    });
    bar.set_position(number(&group["status"]["readyNodes"]));
}
