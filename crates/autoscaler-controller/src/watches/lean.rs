//! Objects as they arrive: what nobody here reads is skipped while it is decoded, and never held.
//!
//! Of a real Pod or Node most is what other programs wrote down for themselves: who wrote which field, images, environments,
//! statuses of containers. Decoded, it takes several times the room of its text.

use crate::kept::Kept;
use kube::Resource;
use kube::core::ObjectMeta;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::watcher::Event;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// A field that is skipped, or of which some fields are.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    inner: &'static [Field],
}

/// A kind that is watched.
pub(super) trait Watched:
    Resource<DynamicType = ()> + Clone + fmt::Debug + DeserializeOwned + Send + Sync + 'static
{
    /// What is skipped of an object.
    const SKIPPED: &'static [Field];

    /// What is kept of a decoded object.
    type Kept: Kept + Clone + Send + Sync + 'static;

    /// Leaves of a decoded object what is kept of it.
    fn keep(self) -> Self::Kept;
}

/// An object without what is skipped of its kind, or why it cannot be read.
///
/// One that cannot be read does not spoil the list or the watch that it came with.
#[derive(Clone, Debug)]
pub(super) struct Lean<K>(pub(super) Result<K, InvalidObject>);

/// Decodes JSON without some fields.
struct Without(&'static [Field]);

/// Leaves of the object of an event what is kept of it.
pub(super) fn kept<K: Watched>(event: Event<Lean<K>>) -> Event<Lean<K::Kept>> {
    let keep = |Lean(object): Lean<K>| Lean(object.map(K::keep));
    match event {
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(keep(object)),
        Event::InitDone => Event::InitDone,
        Event::Apply(object) => Event::Apply(keep(object)),
        Event::Delete(object) => Event::Delete(keep(object)),
    }
}

// === impl Field ===

impl Field {
    /// Skips a field as a whole.
    pub(super) const fn whole(name: &'static str) -> Self {
        Self { name, inner: &[] }
    }

    /// Skips some fields of a field, or of each entry where it is a list.
    pub(super) const fn parts(name: &'static str, inner: &'static [Self]) -> Self {
        Self { name, inner }
    }
}

// === impl Lean ===

impl<'de, K: Watched> Deserialize<'de> for Lean<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Without(K::SKIPPED).deserialize(deserializer)?;
        Ok(Self(match K::deserialize(&object) {
            Ok(object) => Ok(object),
            Err(error) => Err(InvalidObject {
                error: error.to_string(),
                metadata: metadata(&object).map_err(D::Error::custom)?,
            }),
        }))
    }
}

fn metadata(object: &Value) -> Result<ObjectMeta, serde_json::Error> {
    object
        .get("metadata")
        .map_or_else(|| Ok(ObjectMeta::default()), ObjectMeta::deserialize)
}

impl<K: Watched> Resource for Lean<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.as_ref().map_or_else(|error| &error.metadata, K::meta)
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0
            .as_mut()
            .map_or_else(|error| &mut error.metadata, K::meta_mut)
    }
}

// === impl Without ===

impl<'de> DeserializeSeed<'de> for Without {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0.is_empty() {
            return Value::deserialize(deserializer);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Without {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
            let found = self.0.iter().find(|field| field.name == name);
            if found.is_some_and(|field| field.inner.is_empty()) {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = fields.next_value_seed(Self(found.map_or(&[], |field| field.inner)))?;
            kept.insert(name.into_owned(), value);
        }
        Ok(Value::Object(kept))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(entry) = entries.next_element_seed(Self(self.0))? {
            kept.push(entry);
        }
        Ok(Value::Array(kept))
    }

    // What follows is where an object has something else than the fields that are skipped there.

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Pod;
    use kube::core::WatchEvent;
    use serde_json::json;

    const SKIPPED: &[Field] = &[
        Field::whole("secret"),
        Field::parts("list", &[Field::whole("long")]),
        Field::parts("deep", &[Field::parts("er", &[Field::whole("long")])]),
    ];

    #[track_caller]
    fn check(object: &Value, expected: &Value) {
        let text = object.to_string();
        let mut from_text = serde_json::Deserializer::from_str(&text);
        assert_eq!(Without(SKIPPED).deserialize(&mut from_text).unwrap(), *expected);
        // As an event of a watch comes whose type stands behind its object.
        assert_eq!(Without(SKIPPED).deserialize(object).unwrap(), *expected);
    }

    /// NS-30: what is skipped is skipped where it stands, and nowhere else.
    #[test]
    fn fields_are_skipped_by_their_path() {
        check(
            &json!({ "secret": [1], "long": 1, "other": { "secret": 1 }, "labels": { "list": "long" } }),
            &json!({ "long": 1, "other": { "secret": 1 }, "labels": { "list": "long" } }),
        );
        check(
            &json!({ "list": [{ "long": 1, "name": "a" }, { "name": "b" }, null, 3] }),
            &json!({ "list": [{ "name": "a" }, { "name": "b" }, null, 3] }),
        );
        check(
            &json!({ "deep": { "long": 1, "er": { "long": 2, "short": -3 } } }),
            &json!({ "deep": { "long": 1, "er": { "short": -3 } } }),
        );
    }

    /// Whatever stands in the place of the fields that are skipped comes through as it is.
    #[test]
    fn odd_values_come_through() {
        for odd in [
            json!(null),
            json!(true),
            json!(-1),
            json!(7),
            json!(1.5),
            json!("text"),
            json!([]),
        ] {
            let object = json!({ "deep": odd });
            check(&object, &object);
        }
    }

    fn pod(spec: Value) -> Lean<Pod> {
        let pod = json!({ "metadata": { "name": "web", "labels": { "env": "shop" } }, "spec": spec });
        serde_json::from_value(pod).unwrap()
    }

    /// An object that cannot be read is one that is there, with its name and labels.
    #[test]
    fn object_that_cannot_be_read_keeps_its_name() {
        let bad = pod(json!({ "containers": "none" }));
        assert_eq!(bad.meta().name.as_deref(), Some("web"));
        let error = bad.0.unwrap_err();
        assert_eq!(error.metadata.labels.unwrap()["env"], "shop");
        assert!(error.error.contains("expected a sequence"), "{}", error.error);
    }

    /// An event of a watch is read in whichever order its two fields stand.
    #[test]
    fn events_are_read_in_any_order() {
        let pod = r#"{"kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","env":[]}]}}"#;
        for event in [
            format!(r#"{{"type":"ADDED","object":{pod}}}"#),
            format!(r#"{{"object":{pod},"type":"ADDED"}}"#),
        ] {
            let event: WatchEvent<Lean<Pod>> = serde_json::from_str(&event).unwrap();
            let WatchEvent::Added(Lean(Ok(pod))) = event else {
                panic!("{event:?}")
            };
            let container = &pod.spec.unwrap().containers[0];
            assert_eq!((container.name.as_str(), &container.env), ("a", &None));
        }
    }
}
