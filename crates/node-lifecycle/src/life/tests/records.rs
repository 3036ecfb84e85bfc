//! The life as an annotation.

use super::*;

/// LC-29: the JSON, letter by letter; people read it with kubectl.
#[test]
fn record_has_its_json_names() {
    let mut life = life_in(State::Idle);
    live(&mut life, &[(0, DOWN)]);
    life.recover(at(-1));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&life.to_json()).unwrap(),
        json!({
            "state": "idle",
            "health": "unhealthy",
            "enteredAt": "2024-10-03T23:30:00Z",
            "provisionedAt": "2024-10-03T22:00:00Z",
            "initializedAt": "2024-10-03T22:30:00Z",
            "firstWorkloadAt": "2024-10-03T23:00:00Z",
            "lastWorkloadAt": "2024-10-03T23:30:00Z",
            "recovery": { "recoveredAt": "2024-10-03T23:59:00Z" },
            "notReady": { "since": "2024-10-04T00:00:00Z", "observations": 1 },
            "pods": { "ever": 1, "departed": ["148de9c5a7a44d19"] },
        })
    );
    let fresh = Life::requested(at(0)).to_json();
    let expected = concat!(
        r#"{"state":"provisioning","health":"unknown","enteredAt":"2024-10-04T00:00:00Z","#,
        r#""provisionedAt":"2024-10-04T00:00:00Z"}"#
    );
    assert_eq!(fresh, expected);
}

/// LC-29: every life survives its record.
#[test]
fn record_survives_a_restart() {
    for state in State::ALL {
        let mut life = life_in(*state);
        live(&mut life, &[(0, DOWN)]);
        assert_eq!(Life::from_json(&life.to_json()).unwrap(), life);
    }
}

/// LC-29: a newer version may know more.
#[test]
fn fields_of_a_newer_version_are_passed_over() {
    let life = life_in(State::Active);
    let mut value: serde_json::Value = serde_json::from_str(&life.to_json()).unwrap();
    value["mood"] = json!({ "today": ["good"] });
    value["pods"]["names"] = json!(["web"]);
    assert_eq!(Life::from_json(&value.to_string()).unwrap(), life);
}

/// LC-29: garbage is an error with a name and a way out, and so is a state of a newer version.
#[test]
fn garbage_is_named() {
    let newer = life_in(State::Active).to_json().replace("active", "hibernating");
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{\"state\":\"ready\"}",
        "\u{0}",
        newer.as_str(),
    ] {
        let error = Life::from_json(text).unwrap_err();
        assert!(matches!(error, UnreadableLife::Malformed(_)), "{text}");
        assert!(error.to_string().contains("remove the annotation"));
    }
    let long = " ".repeat(256 * 1024 + 1);
    let error = Life::from_json(&long).unwrap_err();
    assert!(matches!(error, UnreadableLife::TooLong { length: 262_145 }));
    let nearly = format!("{}{}", life_in(State::Ready).to_json(), " ".repeat(1000));
    assert!(Life::from_json(&nearly).is_ok());
    let deep = "[".repeat(200_000);
    assert!(Life::from_json(&deep).is_err());
}
