//! Selectors of labels, of Nodes and of pods.

use fleet_plan::labels::{Labels, Operator, Requirement, Selector};
use fleet_plan::pod::NodeTerm;
use fleet_plan::{Name, Names};
use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Says what cannot be read of a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SelectorError {
    /// The operator is none of those known.
    #[error("the operator `{0}` is unknown; write In, NotIn, Exists, DoesNotExist, Gt or Lt")]
    Operator(String),
    /// A bound is no whole number.
    #[error("`{0}` is no whole number to compare a label with")]
    Bound(String),
}

pub(super) fn labels<K, V>(written: impl IntoIterator<Item = (K, V)>, names: &mut Names) -> Labels
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    written
        .into_iter()
        .map(|(key, value)| (names.get(key.as_ref()), names.get(value.as_ref())))
        .collect()
}

/// Reads a selector; one that is missing selects nothing, and an empty one everything.
pub(super) fn selector(
    written: Option<&LabelSelector>,
    names: &mut Names,
) -> Result<Option<Selector>, SelectorError> {
    let Some(written) = written else { return Ok(None) };
    let mut requirements = Vec::new();
    for (key, value) in written.match_labels.iter().flatten() {
        requirements.push(equals(names.get(key), names.get(value)));
    }
    for one in written.match_expressions.iter().flatten() {
        let values = one
            .values
            .iter()
            .flatten()
            .map(|value| names.get(value))
            .collect();
        let operator = operator(&one.operator, values)?;
        requirements.push(Requirement {
            key: names.get(&one.key),
            operator,
        });
    }
    Ok(Some(Selector(requirements)))
}

/// Asks for one value of a label.
pub(super) fn equals(key: Name, value: Name) -> Requirement {
    Requirement {
        key,
        operator: Operator::In(vec![value]),
    }
}

/// Reads a term of node affinity.
pub(super) fn node_term(written: &NodeSelectorTerm, names: &mut Names) -> Result<NodeTerm, SelectorError> {
    let mut read = |list: Option<&Vec<NodeSelectorRequirement>>| {
        let requirements = list.into_iter().flatten();
        requirements
            .map(|one| requirement(one, names))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(NodeTerm {
        labels: read(written.match_expressions.as_ref())?,
        names: read(written.match_fields.as_ref())?,
    })
}

fn requirement(written: &NodeSelectorRequirement, names: &mut Names) -> Result<Requirement, SelectorError> {
    let values = written
        .values
        .iter()
        .flatten()
        .map(|value| names.get(value))
        .collect();
    Ok(Requirement {
        key: names.get(&written.key),
        operator: operator(&written.operator, values)?,
    })
}

fn operator(word: &str, values: Vec<Name>) -> Result<Operator, SelectorError> {
    let bound = || {
        let text = values.first().map(AsRef::as_ref).unwrap_or_default();
        text.parse().map_err(|_| SelectorError::Bound(text.to_owned()))
    };
    match word {
        "Gt" => Ok(Operator::Above(bound()?)),
        "Lt" => Ok(Operator::Below(bound()?)),
        "In" => Ok(Operator::In(values)),
        "NotIn" => Ok(Operator::NotIn(values)),
        "Exists" => Ok(Operator::Exists),
        "DoesNotExist" => Ok(Operator::DoesNotExist),
        other => Err(SelectorError::Operator(other.to_owned())),
    }
}
