//! Arguments of `demo`.

use super::times;
use crate::demo::worlds::Named;
use crate::site::Listen;
use clap::{Args, ValueEnum};

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// How many times faster than real time, or `max`.
    #[arg(long, default_value = "30", value_parser = speed)]
    pub(crate) speed: Speed,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address of this machine for the live page while the story is told as text at a pace; port 0 takes a free one, and
    /// nothing at all shows none.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) page: Listen,
    /// Form of the summary.
    #[arg(long, default_value = "text")]
    pub(crate) output: DemoOutput,
    /// Plays one named world instead, as fast as the machine can, or `all` of them; `list` says which there are.
    #[arg(long, value_name = "NAME", value_parser = worlds)]
    pub(crate) world: Option<Worlds>,
    /// Records a wrong machine on purpose, to show that the check notices: ends with 1.
    #[arg(long)]
    pub(crate) wrong_match: bool,
}

/// How fast the virtual clock runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// So many virtual seconds in a real one.
    Times(f64),
    /// As fast as the machine can.
    Max,
}

/// Which named worlds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Worlds {
    /// One line for each, and none is played.
    List,
    /// All, one after the other.
    All,
    /// One.
    One(Named),
}

/// Form of the demo's summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoOutput {
    /// The story in lines, and a table.
    Text,
    /// One JSON object and nothing else.
    Json,
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    times(text)
        .map(Speed::Times)
        .map_err(|message| format!("{message}, or `max`"))
}

fn worlds(text: &str) -> Result<Worlds, String> {
    match text {
        "list" => Ok(Worlds::List),
        "all" => Ok(Worlds::All),
        name => Named::from_str(name, false).map(Worlds::One).map_err(|_| {
            let names = Named::value_variants().iter().map(|world| world.name());
            format!(
                "use `all`, `list` or one of {}",
                names.collect::<Vec<_>>().join(", ")
            )
        }),
    }
}
