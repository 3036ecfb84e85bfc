//! What Events say of pods that wait: of each pod once for each answer.

use super::news::News;
use super::notice::Notice;
use crate::pending::{Fate, Pending, PendingPod};
use crate::watches::Place;
use fleet_plan::Refusals;
use k8s_openapi::api::core::v1::ObjectReference;
use std::collections::{BTreeMap, BTreeSet};

/// Most pods that are told of in one pass, so that the Events of NodeGroups have room in the queue beside them.
const MOST: usize = 200;

/// What a pass has made.
#[derive(Debug, Default)]
pub(crate) struct JustMade {
    /// The NodeGroups.
    pub(crate) groups: BTreeSet<Place>,
    /// The VPSieNodes.
    pub(crate) members: BTreeSet<Place>,
}

/// What was told of each pod that waits, by uid.
#[derive(Debug, Default)]
pub(crate) struct ToldPods(BTreeMap<String, String>);

// === impl ToldPods ===

impl ToldPods {
    /// Returns what there is to tell since the last call, of a new node only once something was made for it. What was told
    /// of pods that wait no longer is forgotten.
    pub(crate) fn news(&mut self, pending: &Pending, made: &JustMade) -> Vec<Notice> {
        let mut earlier = std::mem::take(&mut self.0);
        let mut news = Vec::new();
        for pod in &pending.pods {
            let known = earlier.remove(&pod.uid);
            let Some((key, notice)) = tell(pod, made) else {
                // An answer between two others, as while its node is coming, does not make the next one new.
                self.0.extend(known.map(|known| (pod.uid.clone(), known)));
                continue;
            };
            if known.as_ref() != Some(&key) && news.len() < MOST {
                news.push(notice);
                self.0.insert(pod.uid.clone(), key);
            } else {
                self.0.extend(known.map(|known| (pod.uid.clone(), known)));
            }
        }
        news
    }
}

/// Returns what there is to tell of a pod, and by what it is known again.
fn tell(pod: &PendingPod, made: &JustMade) -> Option<(String, Notice)> {
    match &pod.fate {
        Fate::NewNode {
            group,
            member,
            is_group_new,
        } => {
            let (namespace, name) = group;
            let (is_made, how) = if *is_group_new {
                let how = "is made for it, for no other can host it";
                (made.groups.contains(group), how)
            } else {
                let place = (namespace.clone(), member.clone());
                (made.members.contains(&place), "grows for it")
            };
            if !is_made {
                return None;
            }
            let note = format!("NodeGroup {namespace}/{name} {how}: VPSieNode {member}");
            let key = format!("{namespace}/{member}");
            Some((key, notice(pod, News::TriggeredScaleUp, Some(group), note)))
        }
        Fate::Unhelpable(refusals) => {
            let note = refused(refusals);
            Some((
                reasons(refusals),
                notice(pod, News::NotTriggerScaleUp, None, note),
            ))
        }
        Fate::Unreadable(flaw) => {
            let note = format!("no NodeGroup helps ({}): {}", flaw.word(), flaw.detail());
            Some((note.clone(), notice(pod, News::NotTriggerScaleUp, None, note)))
        }
        Fate::FitsNow(_) | Fate::Incoming(_) | Fate::Ignored(_) => None,
    }
}

/// Names the reasons without their numbers, which change with every pod that comes and goes.
fn reasons(refusals: &Refusals) -> String {
    let groups = refusals.groups.iter().map(|(group, misfits)| {
        let words: Vec<&str> = misfits.iter().map(fleet_plan::Misfit::word).collect();
        format!("{group}:{}", words.join(","))
    });
    groups.collect::<Vec<_>>().join(";")
}

fn refused(refusals: &Refusals) -> String {
    let groups = refusals.groups.iter().map(|(group, misfits)| {
        let misfits: Vec<String> = misfits.iter().map(ToString::to_string).collect();
        format!("{group}: {}", misfits.join(", "))
    });
    let groups: Vec<String> = groups.collect();
    let would_help = &refusals.would_help;
    if groups.is_empty() {
        return format!("there is no NodeGroup; {would_help}");
    }
    format!("no NodeGroup helps: to help, {would_help}; {}", groups.join("; "))
}

fn notice(pod: &PendingPod, news: News, group: Option<&Place>, note: String) -> Notice {
    let related = group.map(|(namespace, name)| ObjectReference {
        api_version: Some("autoscaler.vpsie.com/v1alpha1".to_owned()),
        kind: Some("NodeGroup".to_owned()),
        namespace: Some(namespace.clone()),
        name: Some(name.clone()),
        ..ObjectReference::default()
    });
    let about = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        namespace: Some(pod.name.namespace.to_string()),
        name: Some(pod.name.name.to_string()),
        uid: Some(pod.uid.clone()),
        ..ObjectReference::default()
    };
    Notice {
        related,
        ..Notice::new(about, news, note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet_plan::Misfit;
    use fleet_plan::group::GroupName;
    use fleet_plan::pod::PodName;
    use std::sync::Arc;

    fn pending(fate: Fate) -> Pending {
        let name = PodName {
            namespace: "shop".into(),
            name: "web-1".into(),
        };
        let uid = "u".to_owned();
        Pending {
            pods: vec![PendingPod {
                name,
                uid,
                since: None,
                fate,
            }],
            not_made: None,
        }
    }

    fn full(has: &str) -> Fate {
        let group = GroupName {
            namespace: "kube-system".into(),
            name: "workers".into(),
        };
        let misfit = Misfit::Cpu {
            needs: "8".to_owned(),
            has: has.to_owned(),
        };
        Fate::Unhelpable(Arc::new(Refusals {
            groups: vec![(group, vec![misfit])],
            would_help: "use less".to_owned(),
        }))
    }

    fn new_node(group: &str, member: &str, is_group_new: bool) -> Fate {
        Fate::NewNode {
            group: ("kube-system".to_owned(), group.to_owned()),
            member: member.to_owned(),
            is_group_new,
        }
    }

    fn told(pods: &mut ToldPods, fate: Fate) -> Vec<String> {
        let made = JustMade {
            groups: [("kube-system".to_owned(), "size-57".to_owned())].into(),
            members: [("kube-system".to_owned(), "workers-3".to_owned())].into(),
        };
        let news = pods.news(&pending(fate), &made);
        news.into_iter()
            .map(|notice| format!("{} {}", notice.reason, notice.note))
            .collect()
    }

    fn grown() -> Fate {
        new_node("workers", "workers-3", false)
    }

    /// SC-3: why nothing helps a pod is told once, and again when the reason is another; new numbers are none.
    #[test]
    fn each_answer_is_told_once() {
        let mut pods = ToldPods::default();
        let refused = "NotTriggerScaleUp no NodeGroup helps: to help, use less; kube-system/workers: insufficient-cpu: needs 8, has 2";
        assert_eq!(told(&mut pods, full("2")), [refused]);
        assert_eq!(told(&mut pods, full("1")), [""; 0]);
        let triggered = "TriggeredScaleUp NodeGroup kube-system/workers grows for it: VPSieNode workers-3";
        assert_eq!(told(&mut pods, grown()), [triggered]);
        let coming = Fate::Incoming(("kube-system".to_owned(), "workers-3".to_owned()));
        assert_eq!(told(&mut pods, coming), [""; 0]);
        assert_eq!(told(&mut pods, grown()), [""; 0], "it was told before");
        assert_eq!(pods.news(&Pending::default(), &JustMade::default()), []);
        assert_eq!(told(&mut pods, grown()), [triggered], "who comes back is another");
    }

    /// SC-3, E2: of a VPSieNode or a NodeGroup that could not be made nobody is told that it comes.
    #[test]
    fn what_was_not_made_is_not_told() {
        let mut pods = ToldPods::default();
        for (group, member, is_group_new) in [
            ("workers", "workers-4", false),
            ("workers", "workers-3", true),
            ("size-57", "size-57-1", false),
        ] {
            let fate = new_node(group, member, is_group_new);
            assert_eq!(told(&mut pods, fate), [""; 0], "{member}");
        }
        assert_eq!(told(&mut pods, new_node("size-57", "size-57-1", true)).len(), 1);
    }
}
