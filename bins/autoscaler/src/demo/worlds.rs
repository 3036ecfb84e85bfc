//! The named worlds: short stories, each of one thing that misled an earlier set of rules, and one of pods.

mod outcome;
mod play;
mod pods;
mod strangers;
mod times;

pub(crate) use outcome::Outcome;

use super::world::World;
use clap::ValueEnum;
use play::Play;

/// A world with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Named {
    /// A person's machine runs in our group while ours still boots; nobody is matched until the person takes it back.
    ForeignRunsFirst,
    /// A request is lost while a person adds a machine of the same size to a group that is not ours.
    SameSizeElsewhere,
    /// Two requests, and VPSie tells the times of its machines without a zone, by a clock that is ahead.
    DatesWithoutZone,
    /// Every machine is in several lists of VPSie, under other identifiers and in other letters.
    SeveralLists,
    /// VPSie locks the cluster and replaces all three masters while a request is open.
    ReplacedMasters,
    /// Machines come after their requests timed out and a replacement was asked for.
    LateMachines,
    /// Machines of another cluster come with the private addresses of ours.
    SharedAddresses,
    /// The Go autoscaler left a VPSieNode in the middle of provisioning, and maybe a machine.
    TakenOver,
    /// Twelve pods come at once; nodes are bought for them, and all are bound.
    BurstOfPods,
}

// === impl Named ===

impl Named {
    /// Returns the name and the sentence of every world.
    pub(crate) fn list() -> String {
        let worlds = Self::value_variants().iter().map(|world| {
            let value = world.to_possible_value();
            let help = value.as_ref().and_then(|value| value.get_help());
            let help = help.map(ToString::to_string).unwrap_or_default();
            format!("{:20}{help}", world.name())
        });
        worlds.collect::<Vec<_>>().join("\n")
    }

    /// Returns the name.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn masters(self) -> u32 {
        match self {
            Self::ReplacedMasters => 3,
            Self::ForeignRunsFirst
            | Self::SameSizeElsewhere
            | Self::DatesWithoutZone
            | Self::SeveralLists
            | Self::LateMachines
            | Self::SharedAddresses
            | Self::TakenOver
            | Self::BurstOfPods => 1,
        }
    }

    async fn tell(self, play: &mut Play) -> anyhow::Result<()> {
        match self {
            Self::ForeignRunsFirst => strangers::foreign_runs_first(play).await,
            Self::SameSizeElsewhere => strangers::same_size_elsewhere(play).await,
            Self::DatesWithoutZone => strangers::dates_without_zone(play).await,
            Self::SeveralLists => strangers::several_lists(play).await,
            Self::ReplacedMasters => strangers::replaced_masters(play).await,
            Self::LateMachines => times::late_machines(play).await,
            Self::SharedAddresses => strangers::shared_addresses(play).await,
            Self::TakenOver => times::taken_over(play).await,
            Self::BurstOfPods => pods::burst_of_pods(play).await,
        }
    }
}

/// Plays a world to its end, as fast as the machine can.
pub(crate) async fn play(named: Named, seed: u64, wrong_match: bool) -> anyhow::Result<Outcome> {
    let world = World::build(seed, named.masters())?;
    let mut play = Play::new(world, wrong_match);
    named.tell(&mut play).await?;
    play.give_back().await?;
    Ok(Outcome::of(named, &play))
}
