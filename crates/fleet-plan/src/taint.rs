//! Taints of Nodes, and tolerations of pods.

use crate::Name;

/// Says what a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// They are not scheduled there.
    NoSchedule,
    /// They are rather scheduled elsewhere, which keeps none away.
    PreferNoSchedule,
    /// They are not scheduled there, and evicted.
    NoExecute,
}

/// Keeps pods away from a Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    pub key: Name,
    /// Its value; often empty.
    pub value: Name,
    /// What it does.
    pub effect: Effect,
}

/// Says of a toleration which values of the taint it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tolerated {
    /// Every value.
    Any,
    /// This value.
    Value(Name),
}

/// Lets a pod onto tainted Nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Toleration {
    /// The key; none for every key.
    pub key: Option<Name>,
    /// The values.
    pub tolerated: Tolerated,
    /// The effect; none for every effect.
    pub effect: Option<Effect>,
}

// === impl Effect ===

impl Effect {
    /// Tells whether it keeps pods from being scheduled.
    #[must_use]
    pub const fn repels(self) -> bool {
        match self {
            Self::NoSchedule | Self::NoExecute => true,
            Self::PreferNoSchedule => false,
        }
    }

    /// Returns the word of Kubernetes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

// === impl Toleration ===

impl Toleration {
    /// Tells whether a taint is tolerated.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let is_key = self.key.as_ref().is_none_or(|key| *key == taint.key);
        let is_effect = self.effect.is_none_or(|effect| effect == taint.effect);
        let is_value = match &self.tolerated {
            Tolerated::Any => true,
            Tolerated::Value(value) => *value == taint.value,
        };
        is_key && is_effect && is_value
    }
}

/// Returns the taints that keep a pod with these tolerations away.
pub(crate) fn repelling<'a>(
    taints: &'a [Taint],
    tolerations: &'a [Toleration],
) -> impl Iterator<Item = &'a Taint> {
    let repelling = taints.iter().filter(|taint| taint.effect.repels());
    repelling.filter(|taint| !tolerations.iter().any(|one| one.tolerates(taint)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::taint;

    fn toleration(key: Option<&str>, value: Option<&str>, effect: Option<Effect>) -> Toleration {
        Toleration {
            key: key.map(Into::into),
            tolerated: value.map_or(Tolerated::Any, |value| Tolerated::Value(value.into())),
            effect,
        }
    }

    /// SC-2: keys, values and effects of tolerations; a key or effect that is left out means each of them.
    #[test]
    fn tolerations_mean_what_kubernetes_says() {
        let gpu = taint("gpu", "a100", Effect::NoSchedule);
        for (toleration, expected) in [
            (
                toleration(Some("gpu"), Some("a100"), Some(Effect::NoSchedule)),
                true,
            ),
            (toleration(Some("gpu"), Some("a100"), None), true),
            (toleration(Some("gpu"), None, Some(Effect::NoSchedule)), true),
            (toleration(None, None, None), true),
            (toleration(None, None, Some(Effect::NoExecute)), false),
            (toleration(Some("gpu"), Some("h100"), None), false),
            (toleration(Some("gpu"), Some(""), None), false),
            (toleration(Some("cpu"), None, None), false),
            (toleration(Some("gpu"), None, Some(Effect::NoExecute)), false),
        ] {
            assert_eq!(toleration.tolerates(&gpu), expected, "{toleration:?}");
        }
    }

    /// SC-2: a taint that only prefers keeps nobody away.
    #[test]
    fn preferring_taint_repels_nobody() {
        let taints = [
            taint("soft", "", Effect::PreferNoSchedule),
            taint("hard", "", Effect::NoSchedule),
            taint("out", "", Effect::NoExecute),
        ];
        let found: Vec<&str> = repelling(&taints, &[]).map(|taint| &*taint.key).collect();
        assert_eq!(found, ["hard", "out"]);
    }
}
