//! Reads the fields of a JSON object leniently: VPSie mixes names, types and casing.

use serde_json::{Map, Value};

use crate::Timestamp;

/// Wraps an object; each reader takes the aliases of one field, the best first.
///
/// A value of an unexpected kind is as good as none: one odd field never costs a reply.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// Reads text that is not empty; numbers count as text.
    pub(crate) fn text(self, names: &[&str]) -> Option<String> {
        self.first(names, as_text)
    }

    /// Reads a whole number that is not negative, written as number or text.
    pub(crate) fn number<T: TryFrom<u64>>(self, names: &[&str]) -> Option<T> {
        self.first(names, |value| {
            as_number(value).and_then(|number| T::try_from(number).ok())
        })
    }

    /// Reads the number of something that exists: 0 means that VPSie knows none.
    pub(crate) fn id(self, names: &[&str]) -> Option<u64> {
        self.number(names).filter(|number| *number != 0)
    }

    /// Reads a truth, written as boolean, number or text.
    pub(crate) fn flag(self, names: &[&str]) -> Option<bool> {
        self.first(names, as_flag)
    }

    /// Reads a date.
    pub(crate) fn time(self, names: &[&str]) -> Option<Timestamp> {
        self.first(names, |value| Timestamp::parse(value.as_str()?))
    }

    /// Reads every text under every name, in order, each text once.
    pub(crate) fn texts(self, names: &[&str]) -> Vec<String> {
        let mut texts = Vec::new();
        for value in names.iter().filter_map(|name| self.0.get(*name)) {
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            for text in values.iter().filter_map(as_text) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        texts
    }

    /// Reads the objects of a list; what is no object is left out.
    pub(crate) fn objects(self, name: &str) -> impl Iterator<Item = Fields<'a>> {
        let entries = self
            .0
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        entries.iter().filter_map(|entry| entry.as_object().map(Fields))
    }

    /// Reads an object.
    pub(crate) fn object(self, name: &str) -> Option<Fields<'a>> {
        self.0.get(name).and_then(Value::as_object).map(Fields)
    }

    fn first<T>(self, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(read)
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn as_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Takes a whole number out of a floating one. Above 2^53 such numbers are not exact.
fn whole(number: f64) -> Option<u64> {
    let exact = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
    exact.then_some(number as u64)
}

fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Value::String(_) | Value::Number(_) => as_number(value).map(|number| number != 0),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn read<T>(value: Value, reader: impl Fn(Fields<'_>) -> T) -> T {
        let map = [("x".to_owned(), value)].into_iter().collect();
        reader(Fields(&map))
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
        let map = map.as_object().expect("an object");
        assert_eq!(Fields(map).text(&["a", "b", "c"]), Some("found".to_owned()));
    }

    #[test]
    fn texts_of_several_names_and_lists_are_joined_once() {
        let map = json!({"a": ["10.0.0.1", "", null], "b": "10.0.0.2", "c": "10.0.0.1"});
        let map = map.as_object().expect("an object");
        assert_eq!(Fields(map).texts(&["a", "b", "c", "d"]), ["10.0.0.1", "10.0.0.2"]);
    }
}
