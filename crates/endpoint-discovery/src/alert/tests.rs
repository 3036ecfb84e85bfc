//! When alerts are due.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use super::{Alert, Alerts, Summary};
use crate::identity::InstanceId;
use crate::instance::Instance;
use crate::score::{Check, Status};
use crate::testing::{World, at, endpoint, instances};

/// One instance that is well, and one whose probe failed.
fn two() -> Vec<Arc<Instance>> {
    let mut world = World::default();
    world.checks.insert(InstanceId::of_pod("web-1"), Check::Failed);
    let ready = json!({"ready": true});
    instances(
        &world,
        &[
            endpoint("web-0", "10.0.0.1", &ready),
            endpoint("web-1", "10.0.0.2", &ready),
        ],
    )
}

/// EP-21: an instance below the threshold is told once in five minutes.
#[test]
fn alert_is_raised_once_in_five_minutes() {
    let two = two();
    let mut alerts = Alerts::default();
    let alert = Alert {
        instance: "web-1".to_owned(),
        score: 44,
        threshold: 70,
    };
    let first = alerts.due(&two, at(0));
    assert_eq!(first, std::slice::from_ref(&alert));
    assert_eq!(alerts.due(&two, at(299)), []);
    assert_eq!(alerts.due(&two[..1], at(299)), []);
    assert_eq!(alerts.due(&two, at(300)), [alert]);
}

/// EP-21, EP-39: what is still booting is told by its status, and no alert is raised for every pod of a rollout.
#[test]
fn booting_instance_raises_no_alert_until_it_boots_for_too_long() {
    let unready = [endpoint("web-0", "10.0.0.1", &json!({"ready": false}))];
    let booting = instances(&World::default(), &unready);
    assert_eq!(booting[0].status, Status::Booting);
    assert!(booting[0].health.score < Some(70));
    assert_eq!(Alerts::default().due(&booting, at(0)), []);
    let mut late = Instance::clone(&booting[0]);
    late.status = Status::NotReady;
    assert_eq!(Alerts::default().due(&[Arc::new(late)], at(0)).len(), 1);
}

/// EP-21: the threshold is a setting.
#[test]
fn threshold_is_a_setting() {
    assert_eq!(Alerts::new(44, TimeDelta::minutes(5)).due(&two(), at(0)), []);
    assert_eq!(Alerts::new(45, TimeDelta::minutes(5)).due(&two(), at(0)).len(), 1);
}

/// EP-21: what is gone does not stay in the memory of alerts.
#[test]
fn alerts_forget_what_is_gone() {
    let mut alerts = Alerts::default();
    alerts.due(&two(), at(0));
    alerts.due(&[], at(300));
    assert!(alerts.raised.is_empty());
}

/// EP-21: the summary has the average and the degraded ones.
#[test]
fn summary_has_the_average_and_the_degraded() {
    assert_eq!(
        Summary::of(&two()),
        Summary {
            average: Some(72.0),
            degraded: vec!["web-1".to_owned()],
        }
    );
    assert_eq!(Summary::of(&[]).average, None);
}
