//! Tests of reading fields.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn read<T>(value: Value, reader: impl Fn(Fields<'_>) -> T) -> T {
    let json = json!({ "x": value }).to_string();
    reader(fields(json.as_bytes()).expect("an object"))
}

#[test]
fn numbers_come_in_many_forms() {
    for (value, expected) in [
        (json!(4096), Some(4096)),
        (json!("4096"), Some(4096)),
        (json!(" 4096.0 "), Some(4096)),
        (json!(4096.0), Some(4096)),
        (json!(0), Some(0)),
        (json!(-1), None),
        (json!(1.5), None),
        (json!(5_000_000_000_u64), None),
        (json!("many"), None),
        (json!(true), None),
        (json!(null), None),
        (json!({}), None),
    ] {
        assert_eq!(
            read(value.clone(), |fields| fields.number::<u32>(&["x"])),
            expected,
            "{value}"
        );
    }
}

#[test]
fn truths_come_in_many_forms() {
    for (value, expected) in [
        (json!(true), Some(true)),
        (json!(0), Some(false)),
        (json!(1), Some(true)),
        (json!("1"), Some(true)),
        (json!("False"), Some(false)),
        (json!("perhaps"), None),
        (json!(null), None),
        (json!([]), None),
    ] {
        assert_eq!(
            read(value.clone(), |fields| fields.flag(&["x"])),
            expected,
            "{value}"
        );
    }
}

#[test]
fn empty_text_is_none_and_numbers_are_text() {
    assert_eq!(read(json!("  "), |fields| fields.text(&["x"])), None);
    assert_eq!(
        read(json!(" a "), |fields| fields.text(&["x"])),
        Some("a".to_owned())
    );
    assert_eq!(read(json!(7), |fields| fields.text(&["x"])), Some("7".to_owned()));
}

#[test]
fn number_zero_identifies_nothing() {
    assert_eq!(read(json!(0), |fields| fields.id(&["x"])), None);
    assert_eq!(read(json!("12"), |fields| fields.id(&["x"])), Some(12));
}

#[test]
fn an_unreadable_value_gives_way_to_the_next_name() {
    let map = json!({"a": {}, "b": null, "c": "found"});
    let map = map.to_string();
    let map = fields(map.as_bytes()).expect("an object");
    assert_eq!(map.text(&["a", "b", "c"]), Some("found".to_owned()));
}

#[test]
fn texts_of_several_names_and_lists_are_joined_once() {
    let map = json!({"a": ["10.0.0.1", "", null], "b": "10.0.0.2", "c": "10.0.0.1"});
    let map = map.to_string();
    let map = fields(map.as_bytes()).expect("an object");
    assert_eq!(map.texts(&["a", "b", "c", "d"]), ["10.0.0.1", "10.0.0.2"]);
}
