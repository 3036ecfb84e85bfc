//! What an Event says of NodeGroups that are not made for pods: once for each reason (`SC-10`).

use super::news::News;
use super::notice::{Notice, shortened};
use crate::planning::Gap;
use crate::resources::AutoscalerConfig;
use kube::{Resource, ResourceExt};

/// What was told last: of which version of the settings, and why none is made.
#[derive(Debug, Default)]
pub(crate) struct ToldGaps(Option<(Option<String>, Gap)>);

// === impl ToldGaps ===

impl ToldGaps {
    /// Returns what there is to tell since the last call.
    ///
    /// # Guarantees
    /// The same is told again only when somebody has changed the settings meanwhile, and not when pods come and go.
    pub(crate) fn news(&mut self, gap: Option<(Gap, &AutoscalerConfig)>) -> Option<Notice> {
        let (gap, config) = gap?;
        let told = Some((config.resource_version(), gap));
        if self.0 == told {
            return None;
        }
        self.0 = told;
        Some(Notice {
            regarding: config.object_ref(&()),
            related: None,
            is_warning: News::NodeGroupsNotMade.is_warning(),
            reason: News::NodeGroupsNotMade.to_string(),
            action: News::NodeGroupsNotMade.action(),
            note: shortened(format!(
                "pods wait that no NodeGroup can host, and none can be made for them: {gap}"
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{AutoscalerConfigSpec, keys};

    fn config(version: &str) -> AutoscalerConfig {
        let mut config = AutoscalerConfig::new(keys::CONFIG_NAME, AutoscalerConfigSpec::default());
        config.metadata.resource_version = Some(version.to_owned());
        config
    }

    /// SC-10: why no NodeGroup is made is told once, and again for another reason or other settings.
    #[test]
    fn gap_is_told_once() {
        let mut gaps = ToldGaps::default();
        let mut told = |gap: Option<Gap>, version: &str| {
            let config = config(version);
            let notice = gaps.news(gap.map(|gap| (gap, &config)))?;
            Some((notice.regarding.name.unwrap_or_default(), notice.note))
        };
        assert_eq!(told(None, "1"), None);
        let (name, note) = told(Some(Gap::Cluster), "1").expect("it is new");
        assert_eq!(name, "default");
        assert!(
            note.contains("`resourceIdentifier` of nodeGroupDefaults"),
            "{note}"
        );
        assert_eq!(told(Some(Gap::Cluster), "1"), None);
        assert_eq!(told(None, "1"), None);
        assert_eq!(told(Some(Gap::Cluster), "1"), None, "the pods went and came");
        assert!(told(Some(Gap::Version), "1").is_some());
        assert!(told(Some(Gap::Version), "2").is_some());
    }
}
