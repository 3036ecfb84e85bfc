//! Seeded chance: delays, identifiers and hostnames of the simulated cloud.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::behaviour::Delay;

/// Draws from one seeded stream, so that equal calls in equal order give equal worlds.
pub(super) struct Chance(ChaCha8Rng);

// === impl Chance ===

impl Chance {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Draws a delay from its range, in whole milliseconds.
    pub(super) fn delay(&mut self, delay: Delay) -> Duration {
        let least = millis(delay.least);
        let span = millis(delay.most).saturating_sub(least);
        Duration::from_millis(least + self.0.next_u64() % (span + 1))
    }

    /// Draws four hexadecimal digits, as VPSie puts at the end of a hostname.
    pub(super) fn suffix(&mut self) -> String {
        format!("{:04x}", self.0.next_u32() & 0xffff)
    }

    /// Draws an identifier in the version-1 style of VPSie.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        format!(
            "{:08x}-{:04x}-11f0-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            0x8000 | (high & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}
