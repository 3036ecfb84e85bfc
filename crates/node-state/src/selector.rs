//! Label selectors of Kubernetes: checked once, then asked.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// Is a selector as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectorFacts {
    /// Labels that must have exactly this value.
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements, all of which must hold.
    pub match_expressions: Vec<Expression>,
}

/// Is one requirement as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// The key of the label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values of `In` and `NotIn`; the others have none.
    pub values: Vec<String>,
}

/// Is a selector that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    DoesNotExist,
}

/// Says why a selector makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSelector {
    /// It asks for nothing.
    #[error("the selector is empty and would take every Node: write a label into it, or leave it out")]
    Empty,
    /// A key is none that a label can have.
    #[error(
        "`{0}` is no key of a label: write [prefix/]name, the name of at most 63 letters, digits, -, _ and ."
    )]
    Key(String),
    /// A value is none that a label can have.
    #[error("`{0}` is no value of a label: write at most 63 letters, digits, -, _ and .")]
    Value(String),
    /// There is no such operator.
    #[error("`{0}` is no operator: write In, NotIn, Exists or DoesNotExist")]
    Operator(String),
    /// The operator needs values.
    #[error("{operator} of `{key}` needs a value")]
    NoValues {
        /// The operator.
        operator: &'static str,
        /// The key of the label.
        key: String,
    },
    /// The operator takes no values.
    #[error("{operator} of `{key}` takes no values")]
    Values {
        /// The operator.
        operator: &'static str,
        /// The key of the label.
        key: String,
    },
}

/// Longest name of a key, and longest value, as Kubernetes has it.
const LONGEST_NAME: usize = 63;

/// Longest prefix of a key, as Kubernetes has it.
const LONGEST_PREFIX: usize = 253;

// === impl Selector ===

impl Selector {
    /// Checks what somebody wrote.
    ///
    /// # Errors
    ///
    /// Names the first thing that Kubernetes would refuse, and refuses a selector that takes every Node.
    pub fn new(facts: &SelectorFacts) -> Result<Self, InvalidSelector> {
        let mut requirements = Vec::new();
        for (key, value) in &facts.match_labels {
            requirements.push(Requirement {
                key: checked_key(key)?,
                test: Test::In(checked_values(std::slice::from_ref(value))?),
            });
        }
        for expression in &facts.match_expressions {
            requirements.push(Requirement::new(expression)?);
        }
        if requirements.is_empty() {
            return Err(InvalidSelector::Empty);
        }
        Ok(Self { requirements })
    }

    /// Tells whether these labels meet every requirement.
    #[must_use]
    pub fn takes(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.test {
                Test::In(values) => value.is_some_and(|value| values.contains(value)),
                Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Test::Exists => value.is_some(),
                Test::DoesNotExist => value.is_none(),
            }
        })
    }
}

// === impl Requirement ===

impl Requirement {
    fn new(expression: &Expression) -> Result<Self, InvalidSelector> {
        let key = checked_key(&expression.key)?;
        let some = |operator| {
            if expression.values.is_empty() {
                let key = expression.key.clone();
                return Err(InvalidSelector::NoValues { operator, key });
            }
            checked_values(&expression.values)
        };
        let none = |operator| {
            let key = expression.key.clone();
            let is_bare = expression.values.is_empty();
            is_bare
                .then_some(())
                .ok_or(InvalidSelector::Values { operator, key })
        };
        let test = match expression.operator.as_str() {
            "In" => Test::In(some("In")?),
            "NotIn" => Test::NotIn(some("NotIn")?),
            "Exists" => none("Exists").map(|()| Test::Exists)?,
            "DoesNotExist" => none("DoesNotExist").map(|()| Test::DoesNotExist)?,
            other => return Err(InvalidSelector::Operator(other.to_owned())),
        };
        Ok(Self { key, test })
    }
}

fn checked_key(key: &str) -> Result<String, InvalidSelector> {
    let (prefix, name) = key
        .split_once('/')
        .map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_prefix_good = prefix.is_none_or(|prefix| {
        let is_domain = |part: &str| {
            is_word(part, |byte| byte == b'-') && !part.bytes().any(|byte| byte.is_ascii_uppercase())
        };
        prefix.len() <= LONGEST_PREFIX && prefix.split('.').all(is_domain)
    });
    if is_prefix_good && is_name(name) {
        Ok(key.to_owned())
    } else {
        Err(InvalidSelector::Key(key.to_owned()))
    }
}

fn checked_values(values: &[String]) -> Result<BTreeSet<String>, InvalidSelector> {
    let check = |value: &String| {
        let is_good = value.is_empty() || is_name(value);
        is_good
            .then(|| value.clone())
            .ok_or_else(|| InvalidSelector::Value(value.clone()))
    };
    values.iter().map(check).collect()
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && is_word(text, |byte| b"-_.".contains(&byte))
}

/// Tells whether a text begins and ends with a letter or digit, and has only those and some others between.
fn is_word(text: &str, is_other: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || is_other(*byte))
}

#[cfg(test)]
mod tests;
