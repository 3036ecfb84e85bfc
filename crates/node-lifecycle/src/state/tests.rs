//! The table of states, pair by pair.

use std::collections::BTreeSet;

use super::*;

/// The 22 legal pairs, written once more and by hand.
const LEGAL: [(State, State); 22] = {
    use State::{Active, Decommissioned, Draining, Idle, Initializing, Provisioning, Ready, Unhealthy};
    [
        (Provisioning, Initializing),
        (Provisioning, Decommissioned),
        (Provisioning, Unhealthy),
        (Initializing, Ready),
        (Initializing, Decommissioned),
        (Initializing, Unhealthy),
        (Ready, Active),
        (Ready, Idle),
        (Ready, Draining),
        (Ready, Decommissioned),
        (Ready, Unhealthy),
        (Active, Idle),
        (Active, Draining),
        (Active, Unhealthy),
        (Idle, Active),
        (Idle, Draining),
        (Idle, Decommissioned),
        (Idle, Unhealthy),
        (Draining, Decommissioned),
        (Draining, Unhealthy),
        (Unhealthy, Ready),
        (Unhealthy, Decommissioned),
    ]
};

/// LC-1: all 64 ordered pairs; the other 42, staying included, are errors that name both states.
#[test]
fn exactly_the_pairs_of_the_table_are_legal() {
    let legal: BTreeSet<(State, State)> = LEGAL.into_iter().collect();
    assert_eq!(legal.len(), 22);
    let mut seen = 0;
    for &from in State::ALL {
        for &to in State::ALL {
            let expected = if legal.contains(&(from, to)) {
                Ok(to)
            } else {
                Err(IllegalTransition { from, to })
            };
            assert_eq!(from.step_to(to), expected, "{from} to {to}");
            seen += 1;
        }
    }
    assert_eq!(seen, 64);
}

/// LC-1: the error says from where and whereto.
#[test]
fn illegal_transition_names_both_states() {
    let error = State::Draining.step_to(State::Ready).unwrap_err();
    assert_eq!(error.to_string(), "a node that is draining cannot become ready");
}

/// LC-1: the wire names, in the order of the table.
#[test]
fn states_have_their_wire_names() {
    let names: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    let expected = [
        "provisioning",
        "initializing",
        "ready",
        "active",
        "idle",
        "draining",
        "decommissioned",
        "unhealthy",
    ];
    assert_eq!(names, expected);
    for state in State::ALL {
        assert_eq!(state.as_str().parse(), Ok(*state));
        let json = serde_json::to_string(state).unwrap();
        assert_eq!(json, format!("\"{state}\""));
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), *state);
    }
}

/// A word of a newer version is refused by name, and a hostile one is not repeated whole.
#[test]
fn unknown_word_is_named_and_cut() {
    let error = "hibernating".parse::<State>().unwrap_err().to_string();
    assert!(
        error.starts_with("`hibernating` is no lifecycle state; known are provisioning, "),
        "{error}"
    );
    let long = "ä".repeat(1_000_000);
    assert_eq!(long.parse::<State>().unwrap_err().word.chars().count(), 64);
}

/// LC-23: future capacity, and what is on its way out, is none now.
#[test]
fn only_ready_active_and_idle_count_as_capacity() {
    let counting: Vec<&State> = State::ALL
        .iter()
        .filter(|state| state.counts_as_capacity())
        .collect();
    assert_eq!(counting, [&State::Ready, &State::Active, &State::Idle]);
    let starting: Vec<&State> = State::ALL.iter().filter(|state| state.is_starting()).collect();
    assert_eq!(starting, [&State::Provisioning, &State::Initializing]);
}

/// LC-6: nothing follows the end.
#[test]
fn nothing_follows_the_end() {
    assert_eq!(State::Decommissioned.successors().count(), 0);
    let after_unhealthy: Vec<State> = State::Unhealthy.successors().collect();
    assert_eq!(after_unhealthy, [State::Ready, State::Decommissioned]);
}

/// The table for the docs is drawn from the code: a head, a line, eight rows, 22 marks.
#[test]
fn table_is_drawn_from_the_code() {
    let table = State::table();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 10);
    assert!(lines[0].starts_with(r"| from \ to | provisioning | initializing |"));
    assert_eq!(lines[1], "|---|---|---|---|---|---|---|---|---|");
    assert_eq!(lines[5], "| `active` |   |   |   |   | x | x |   | x |");
    assert_eq!(table.matches("| x ").count(), 22);
}
