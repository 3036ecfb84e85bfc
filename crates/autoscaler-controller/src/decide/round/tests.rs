//! Whose turn it is when there is more to do than one pass carries out.

use super::*;
use crate::act::ActError;
use crate::command::{Command, Request};
use crate::target::Target;
use crate::testing::{NUMBER, cluster_id};
use crate::trouble::Trouble;
use node_lifecycle::Decider;
use node_lifecycle::audit::{Action, Draft};
use std::collections::BTreeMap;
use vpsie_api::GroupNumber;

/// Commands for which a pass has room here.
const ROOM: usize = 4;

fn place(name: &str) -> Place {
    ("kube-system".to_owned(), name.to_owned())
}

fn target(name: &str) -> Target {
    Target {
        namespace: "kube-system".to_owned(),
        name: name.to_owned(),
        uid: name.to_owned(),
        resource_version: "1".to_owned(),
    }
}

fn note(name: &str) -> Command {
    Command::WriteLife(target(name), "{}".to_owned())
}

fn draft(outcome: Outcome) -> Draft {
    Draft::new(Action::NodeDecommission, outcome, Decider::Manual, "tested")
}

/// A batch of so many notes, and an entry of each kind.
fn batch(name: &str, commands: usize) -> Batch {
    Batch {
        subject: name.to_owned(),
        commands: (0..commands).map(|_| note(name)).collect(),
        entries: vec![draft(Outcome::Success), draft(Outcome::Rejected)],
        ..Batch::default()
    }
}

/// Makes one pass in which these have so much to do; returns who has a turn, and where the next pass goes on.
fn pass(work: &BTreeMap<&str, usize>, round: &Round) -> (Vec<String>, Round) {
    let troubles = Troubles::default();
    let mut share = Share::of_at_most(ROOM, round, &troubles);
    for (name, commands) in work {
        share.take(place(name), batch(name, *commands));
    }
    let (batches, next) = share.finish();
    let carried = batches.into_iter().filter(|batch| !batch.commands.is_empty());
    (carried.map(|batch| batch.subject).collect(), next)
}

/// Who has a turn in each of some passes, when nobody is ever done.
fn turns(work: &[(&str, usize)], passes: usize) -> Vec<String> {
    let work = work.iter().copied().collect();
    let mut round = Round::default();
    let turn = |_| {
        let (carried, next) = pass(&work, &round);
        round = next;
        carried.join(" ")
    };
    (0..passes).map(turn).collect()
}

/// NS-30: what one pass carries out has a limit, and nobody has a second turn before each of the others had his.
#[test]
fn who_is_held_over_comes_next() {
    let each = |commands| ["a", "b", "c", "d", "e"].map(|name| (name, commands));
    assert_eq!(turns(&each(2), 4), ["a b", "c d", "a e", "b c"], "two at a time");
    assert_eq!(turns(&each(1), 2), ["a b c d", "a b c e"], "four at a time");
    let mixed = [("a", 1), ("b", 4), ("c", 1), ("d", 9), ("e", 0)];
    assert_eq!(turns(&mixed, 5), ["a", "b", "c", "d", "a"], "nobody overtakes");
}

/// NS-30: once everybody had a turn, the next round begins at the beginning.
#[test]
fn round_ends() {
    let (_, round) = pass(&[("a", 3), ("b", 3)].into(), &Round::default());
    assert!(round.goes_on());
    let (carried, round) = pass(&[("a", 1), ("b", 3)].into(), &round);
    assert_eq!(
        (carried, round.goes_on()),
        (vec!["a".to_owned(), "b".to_owned()], false)
    );
    let gone = Round(Some(place("zz")));
    assert_eq!(
        pass(&[("a", 3)].into(), &gone),
        (vec!["a".to_owned()], Round::default())
    );
}

/// LC-36: what is held over is not told as done; what is refused is refused all the same.
#[test]
fn only_what_is_refused_is_told_of_who_is_held_over() {
    for round in [Round::default(), Round(Some(place("a"))), Round(Some(place("b")))] {
        let troubles = Troubles::default();
        let mut share = Share::of_at_most(ROOM, &round, &troubles);
        for name in ["a", "b", "c"] {
            share.take(place(name), batch(name, ROOM));
        }
        let (batches, _) = share.finish();
        let carried = batches.iter().filter(|batch| !batch.commands.is_empty());
        assert_eq!(carried.count(), 1, "{round:?}");
        for batch in batches {
            let told: Vec<Outcome> = batch.entries.iter().map(|draft| draft.entry().result).collect();
            let expected = if batch.commands.is_empty() {
                vec![Outcome::Rejected]
            } else {
                vec![Outcome::Success, Outcome::Rejected]
            };
            assert_eq!(told, expected, "{round:?} {}", batch.subject);
        }
    }
}

/// E2: what could not be carried out waits by itself, and takes nobody's turn meanwhile.
#[test]
fn trouble_takes_nobodys_turn() {
    let forbidden = ActError::Forbidden {
        verb: "patch",
        resource: "nodes".to_owned(),
    };
    let mut troubles = Troubles::default();
    troubles.note(
        "b",
        Trouble::of("label-node", &forbidden).expect("a person should see it"),
    );
    let round = Round::default();
    let mut share = Share::of_at_most(ROOM, &round, &troubles);
    for name in ["a", "b", "c", "d"] {
        share.take(place(name), batch(name, 2));
    }
    let (batches, _) = share.finish();
    let carried = batches.iter().filter(|batch| !batch.commands.is_empty());
    let carried: Vec<&str> = carried.map(|batch| batch.subject.as_str()).collect();
    assert_eq!(carried, ["a", "b", "c"]);
}

/// SC-8: who asks VPSie waits for the rate limit alone.
#[test]
fn who_asks_vpsie_is_not_held_over() {
    let asking = |name: &str| {
        let mut batch = batch(name, ROOM);
        batch.push(Command::RequestMachine(Request {
            target: target(name),
            cluster: cluster_id(),
            group: GroupNumber::new(NUMBER),
            attempt: 1,
            life: None,
            status: None,
        }));
        batch
    };
    let (round, troubles) = (Round::default(), Troubles::default());
    let mut share = Share::of_at_most(ROOM, &round, &troubles);
    for name in ["a", "b", "c"] {
        share.take(place(name), asking(name));
    }
    let (batches, next) = share.finish();
    assert!(batches.iter().all(|batch| batch.asks().is_some()));
    assert_eq!((batches.len(), next.goes_on()), (3, false));
}
