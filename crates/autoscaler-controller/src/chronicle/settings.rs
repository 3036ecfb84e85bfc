//! What Events say of the AutoscalerConfig: which of its numbers make no sense, and why no NodeGroup is made for pods
//! (`SC-10`). Each is told once while the settings stay as they are.

use super::news::News;
use super::notice::Notice;
use crate::founding::NotMade;
use crate::resources::AutoscalerConfig;
use kube::{Resource, ResourceExt};

/// What was told last.
#[derive(Debug, Default)]
pub(crate) struct ToldSettings {
    /// The version of the settings whose numbers were looked at.
    numbers: Option<String>,
    /// Of which version of the settings it was told that no NodeGroup is made, and why.
    not_made: Option<(Option<String>, NotMade)>,
}

// === impl ToldSettings ===

impl ToldSettings {
    /// Returns what there is to tell since the last call.
    ///
    /// # Guarantees
    /// The same is told again only when somebody has changed the settings meanwhile, and not when pods come and go.
    pub(crate) fn news(&mut self, config: &AutoscalerConfig, not_made: Option<&NotMade>) -> Vec<Notice> {
        let numbers = self.numbers_of(config);
        let not_made = not_made.and_then(|why| self.not_made(config, why));
        numbers.into_iter().chain(not_made).collect()
    }

    fn numbers_of(&mut self, config: &AutoscalerConfig) -> Option<Notice> {
        let version = config.resource_version();
        if self.numbers == version {
            return None;
        }
        self.numbers = version;
        let odd = config.spec.out_of_range();
        let odd: Vec<String> = odd.iter().map(ToString::to_string).collect();
        (!odd.is_empty())
            .then(|| Notice::new(config.object_ref(&()), News::SettingsOutOfRange, odd.join("; ")))
    }

    fn not_made(&mut self, config: &AutoscalerConfig, why: &NotMade) -> Option<Notice> {
        let told = Some((config.resource_version(), why.clone()));
        if self.not_made == told {
            return None;
        }
        self.not_made = told;
        let note = format!("pods wait that no NodeGroup can host, and none can be made for them: {why}");
        Some(Notice::new(config.object_ref(&()), News::NodeGroupsNotMade, note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::Gap;
    use crate::resources::{AutoscalerConfigSpec, GlobalSettings, keys};

    fn config(version: &str, at_once: i32) -> AutoscalerConfig {
        let spec = AutoscalerConfigSpec {
            global_settings: Some(GlobalSettings {
                max_concurrent_scale_ups: Some(at_once),
                ..GlobalSettings::default()
            }),
            node_group_defaults: None,
        };
        let mut config = AutoscalerConfig::new(keys::CONFIG_NAME, spec);
        config.metadata.resource_version = Some(version.to_owned());
        config
    }

    fn reasons(notices: &[Notice]) -> Vec<&str> {
        notices.iter().map(|notice| notice.reason.as_str()).collect()
    }

    /// SC-10: why no NodeGroup is made is told once, and again for another reason or other settings.
    #[test]
    fn reason_why_none_is_made_is_told_once() {
        let mut told = ToldSettings::default();
        let mut news =
            |why: Option<Gap>, version: &str| told.news(&config(version, 1), why.map(NotMade::Gap).as_ref());
        assert_eq!(news(None, "1"), []);
        let first = news(Some(Gap::Cluster), "1");
        assert_eq!(reasons(&first), ["NodeGroupsNotMade"]);
        assert_eq!(first[0].regarding.name.as_deref(), Some("default"));
        let note = &first[0].note;
        assert!(
            note.contains("`resourceIdentifier` of nodeGroupDefaults"),
            "{note}"
        );
        assert_eq!(news(Some(Gap::Cluster), "1"), []);
        assert_eq!(news(None, "1"), []);
        assert_eq!(news(Some(Gap::Cluster), "1"), [], "the pods went and came");
        assert_eq!(news(Some(Gap::Version), "1").len(), 1);
        assert_eq!(news(Some(Gap::Version), "2").len(), 1);
    }

    /// Bad input: numbers that make no sense are told once for each version of the settings, all in one.
    #[test]
    fn numbers_that_make_no_sense_are_told_once() {
        let mut told = ToldSettings::default();
        let mut news = |version: &str, at_once: i32| told.news(&config(version, at_once), None);
        assert_eq!(news("1", 1), []);
        let second = news("2", 0);
        assert_eq!(reasons(&second), ["SettingsOutOfRange"]);
        assert_eq!(
            second[0].note,
            "`maxConcurrentScaleUps` of globalSettings is 0, and the least is 1; 1 counts"
        );
        assert_eq!(news("2", 0), []);
        assert_eq!(news("3", -7).len(), 1, "it was changed");
        assert_eq!(news("4", 2), []);
    }
}
