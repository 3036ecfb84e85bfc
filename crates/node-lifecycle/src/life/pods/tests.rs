//! Distinct pods, counted once each.

use super::*;

fn of(uids: &[&str]) -> Vec<PodUid> {
    uids.iter().map(|uid| PodUid::of(uid)).collect()
}

fn listed(lists: &[&[&str]]) -> Pods {
    let mut pods = Pods::default();
    lists.iter().for_each(|list| pods.list(&of(list)));
    pods
}

#[track_caller]
fn check(lists: &[&[&str]], current: u64, ever: u64) {
    let pods = listed(lists);
    assert_eq!((pods.current(), pods.ever()), (current, ever));
    assert_eq!(pods.is_empty(), ever == 0);
}

/// LC-10: a uid counts once, however often and in whatever order it is listed.
#[test]
fn each_uid_counts_once() {
    check(&[], 0, 0);
    check(&[&[]], 0, 0);
    check(&[&["a"]], 1, 1);
    check(&[&["a"], &["a"], &["a"]], 1, 1);
    check(&[&["a", "a"]], 1, 1);
    check(&[&["a"], &["b", "a"]], 2, 2);
    check(&[&["a"], &["b"]], 1, 2);
    // An old list shows a pod that has left.
    check(&[&["a"], &[], &["a"]], 1, 1);
    check(&[&["a"], &[], &["a"], &[], &["a", "b"]], 2, 2);
}

/// LC-10: memory is bounded; the last 16 that left are known, and the one before them is not.
#[test]
fn as_many_departed_pods_are_known_as_are_promised() {
    let names: Vec<String> = (0..17).map(|number| number.to_string()).collect();
    let mut pods = Pods::default();
    for name in &names {
        pods.list(&of(&[name]));
    }
    pods.list(&[]);
    assert_eq!((pods.departed.len(), pods.ever()), (16, 17));
    pods.list(&of(&["1"]));
    assert_eq!((pods.departed.len(), pods.ever()), (15, 17));
    pods.list(&of(&["0"]));
    assert_eq!(pods.ever(), 18, "the first one was forgotten");
    for number in 0..10_000 {
        pods.list(&of(&[&number.to_string()]));
    }
    assert_eq!(pods.departed.len(), 16);
}

/// LC-29: what is there, what just left, and how many ever were, survive a restart.
#[test]
fn counts_survive_a_restart() {
    let pods = listed(&[&["a", "b"], &["b"]]);
    let json = serde_json::to_string(&pods).unwrap();
    let mut again: Pods = serde_json::from_str(&json).unwrap();
    assert_eq!(again, pods);
    again.list(&of(&["a", "b"]));
    assert_eq!((again.current(), again.ever()), (2, 2));
}

/// A record with too much, too little or nonsense in it is read as far as it makes sense.
#[test]
fn nonsense_in_a_record_is_left_out() {
    let read = |json: &str| serde_json::from_str::<Pods>(json).unwrap();
    let pods = read(r#"{"ever":0,"current":["1","2","x",""]}"#);
    assert_eq!((pods.current(), pods.ever()), (2, 2));
    let many: Vec<String> = (0..2000).map(|number| format!("{number:016x}")).collect();
    let json = serde_json::json!({ "ever": 5000, "current": many, "departed": many }).to_string();
    let pods = read(&json);
    assert_eq!(
        (pods.current(), pods.departed.len(), pods.ever()),
        (1024, 16, 5000)
    );
    assert_eq!(pods.departed.back(), Some(&1999), "the last that left");
    let uids: Vec<&str> = many.iter().map(String::as_str).collect();
    let written = serde_json::to_string(&listed(&[&uids])).unwrap();
    assert!(written.len() < 25_000, "{}", written.len());
    assert_eq!(read(&written).ever(), 2000);
}
