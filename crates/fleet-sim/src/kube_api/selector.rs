//! Label and field selectors, in the syntax of the query string.

use serde_json::{Value, json};

use super::status_error::ApiError;

/// Decides which objects a list or watch is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    labels: Vec<LabelRule>,
    fields: Vec<FieldRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LabelRule {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

#[derive(Clone, Debug)]
struct FieldRule {
    pointer: String,
    value: String,
    wanted: bool,
}

// === impl Selector ===

impl Selector {
    pub(super) fn parse(labels: Option<&str>, fields: Option<&str>) -> Result<Selector, ApiError> {
        let labels = split_outside_brackets(labels.unwrap_or(""))
            .iter()
            .map(|rule| label_rule(rule))
            .collect::<Result<_, _>>()?;
        let parts = fields
            .unwrap_or("")
            .split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty());
        let fields = parts.map(field_rule).collect::<Result<_, _>>()?;
        Ok(Selector { labels, fields })
    }

    /// Reads a selector that is part of an object; absent when it is null and selects nothing.
    pub(super) fn of_object(selector: &Value) -> Result<Option<Selector>, ApiError> {
        if selector.is_null() {
            return Ok(None);
        }
        let equal = selector["matchLabels"].as_object().into_iter().flatten();
        let equal = equal.map(|(key, value)| Ok(LabelRule::In(key.clone(), texts(&json!([value])))));
        let more = selector["matchExpressions"].as_array().into_iter().flatten();
        let labels = equal.chain(more.map(expression)).collect::<Result<_, _>>()?;
        Ok(Some(Selector {
            labels,
            fields: Vec::new(),
        }))
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|rule| rule.matches(labels))
            && self.fields.iter().all(|rule| rule.matches(object))
    }
}

// === impl LabelRule ===

impl LabelRule {
    fn matches(&self, labels: &Value) -> bool {
        let value = |key: &str| labels.get(key).and_then(Value::as_str);
        let among =
            |key: &str, values: &[String]| value(key).is_some_and(|it| values.iter().any(|each| each == it));
        match self {
            LabelRule::In(key, values) => among(key, values),
            // As the real server does: an object without the key matches, too.
            LabelRule::NotIn(key, values) => !among(key, values),
            LabelRule::Exists(key) => value(key).is_some(),
            LabelRule::Absent(key) => value(key).is_none(),
        }
    }
}

// === impl FieldRule ===

impl FieldRule {
    fn matches(&self, object: &Value) -> bool {
        let actual = match object.pointer(&self.pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        (actual == self.value) == self.wanted
    }
}

fn expression(expression: &Value) -> Result<LabelRule, ApiError> {
    let key = expression["key"].as_str().unwrap_or("").to_owned();
    let values = texts(&expression["values"]);
    match expression["operator"].as_str().unwrap_or("") {
        "In" => Ok(LabelRule::In(key, values)),
        "NotIn" => Ok(LabelRule::NotIn(key, values)),
        "Exists" => Ok(LabelRule::Exists(key)),
        "DoesNotExist" => Ok(LabelRule::Absent(key)),
        other => Err(ApiError::bad_request(format!(
            "{other:?} is not a valid label selector operator"
        ))),
    }
}

fn texts(values: &Value) -> Vec<String> {
    let values = values.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn label_rule(text: &str) -> Result<LabelRule, ApiError> {
    let unreadable = || ApiError::bad_request(format!("unable to parse requirement: {text:?}"));
    let values = |list: &str| -> Result<Vec<String>, ApiError> {
        let inner = list
            .trim()
            .strip_prefix('(')
            .and_then(|it| it.strip_suffix(')'))
            .ok_or_else(unreadable)?;
        Ok(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    if let Some((key, list)) = text.split_once(" notin ") {
        return Ok(LabelRule::NotIn(key.trim().to_owned(), values(list)?));
    }
    if let Some((key, list)) = text.split_once(" in ") {
        return Ok(LabelRule::In(key.trim().to_owned(), values(list)?));
    }
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(LabelRule::NotIn(key.trim().to_owned(), one(value)));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(LabelRule::In(key.trim().to_owned(), one(value)));
    }
    match text.strip_prefix('!') {
        Some(key) if !key.trim().is_empty() => Ok(LabelRule::Absent(key.trim().to_owned())),
        Some(_) => Err(unreadable()),
        None if text.contains(char::is_whitespace) => Err(unreadable()),
        None => Ok(LabelRule::Exists(text.to_owned())),
    }
}

fn field_rule(text: &str) -> Result<FieldRule, ApiError> {
    let (path, value, wanted) = if let Some((path, value)) = text.split_once("!=") {
        (path, value, false)
    } else if let Some((path, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (path, value, true)
    } else {
        return Err(ApiError::bad_request(format!(
            "invalid selector: '{text}'; can't understand '{text}'"
        )));
    };
    let pointer = format!("/{}", path.trim().replace('.', "/"));
    Ok(FieldRule {
        pointer,
        value: value.trim().to_owned(),
        wanted,
    })
}

fn split_outside_brackets(text: &str) -> Vec<String> {
    let mut rules = vec![String::new()];
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if letter == ',' && depth == 0 {
            rules.push(String::new());
        } else if let Some(rule) = rules.last_mut() {
            rule.push(letter);
        }
    }
    rules
        .iter()
        .map(|rule| rule.trim().to_owned())
        .filter(|rule| !rule.is_empty())
        .collect()
}
