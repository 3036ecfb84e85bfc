//! The reading verbs: get and list.

use serde_json::{Value, json};

use super::builtin::Kind;
use super::path::{Query, ResourcePath};
use super::selector::Selector;
use super::status_error::ApiError;
use super::store::{ObjectKey, State};

/// Reads one object.
pub(super) fn get(state: &State, kind: &Kind, path: &ResourcePath) -> Result<Value, ApiError> {
    let (namespace, name) = (
        path.namespace.clone().unwrap_or_default(),
        path.name.clone().unwrap_or_default(),
    );
    let missing = || ApiError::not_found(kind.subject(path.name.as_deref().unwrap_or("")));
    let object = state.get(&kind.key, &(namespace, name)).ok_or_else(missing)?;
    Ok(view(kind, &object))
}

/// Reads the objects that the selectors match: all of them, or a page of at most `limit`.
pub(super) fn list(
    state: &mut State,
    kind: &Kind,
    path: &ResourcePath,
    query: &Query,
) -> Result<Value, ApiError> {
    let selector = selector(kind, path, query)?;
    let newest = state.version;
    refuse_the_future(query, newest)?;
    let page = Page::asked(query, newest)?;
    let objects = state.shelf(&kind.key).as_of(page.version, page.after.as_ref())?;
    let mut wanted = objects.into_iter().filter(|((namespace, _), object)| {
        path.namespace.as_ref().is_none_or(|it| it == namespace) && selector.matches(object)
    });
    let listed: Vec<(&ObjectKey, &Value)> = wanted.by_ref().take(page.limit).collect();
    let items: Vec<Value> = listed.iter().map(|(_, object)| list_item(kind, object)).collect();
    let mut metadata = json!({"resourceVersion": page.version.to_string()});
    if let (Some((last, _)), true) = (listed.last(), wanted.next().is_some()) {
        metadata["continue"] = page.token(last).into();
    }
    Ok(json!({
        "apiVersion": kind.api_version(),
        "kind": kind.list_kind,
        "metadata": metadata,
        "items": items,
    }))
}

/// Which part of a list is asked for; all pages of one list show the same version.
struct Page {
    version: u64,
    /// The last object of the page before it.
    after: Option<ObjectKey>,
    limit: usize,
}

impl Page {
    fn asked(query: &Query, newest: u64) -> Result<Page, ApiError> {
        let limit = query.get("limit").map_or(Ok(0), str::parse);
        let limit = limit.map_err(|_| ApiError::bad_request("invalid limit".to_owned()))?;
        let (version, after) = match query.get("continue") {
            None => (newest, None),
            Some(token) => {
                let (version, after) = read_token(token)
                    .ok_or_else(|| ApiError::bad_request("continue key is not valid".to_owned()))?;
                (version, Some(after))
            }
        };
        Ok(Page {
            version,
            after,
            limit: if limit == 0 { usize::MAX } else { limit },
        })
    }

    /// Says where the next page begins.
    fn token(&self, last: &ObjectKey) -> String {
        let (namespace, name) = last;
        format!("{}/{namespace}/{name}", self.version)
    }
}

fn read_token(token: &str) -> Option<(u64, ObjectKey)> {
    let (version, rest) = token.split_once('/')?;
    let (namespace, name) = rest.split_once('/')?;
    Some((version.parse().ok()?, (namespace.to_owned(), name.to_owned())))
}

/// Reads the selectors of a list or watch. Custom resources know no other fields than name and namespace.
pub(super) fn selector(kind: &Kind, path: &ResourcePath, query: &Query) -> Result<Selector, ApiError> {
    let named = path.name.as_ref().map(|name| format!("metadata.name={name}"));
    let fields = named.as_deref().or_else(|| query.get("fieldSelector"));
    for rule in fields
        .unwrap_or("")
        .split(',')
        .filter(|rule| kind.is_custom() && !rule.is_empty())
    {
        let field = rule.split(['=', '!']).next().unwrap_or("").trim();
        if !matches!(field, "metadata.name" | "metadata.namespace") {
            return Err(ApiError::bad_request(format!(
                "field label not supported: {field}"
            )));
        }
    }
    Selector::parse(query.get("labelSelector"), fields)
}

/// Reads `resourceVersion`; zero stands for "any" and for "not given".
pub(super) fn wanted_version(query: &Query) -> Result<u64, ApiError> {
    let text = query.get("resourceVersion").unwrap_or("0");
    let unreadable = |_| ApiError::bad_request(format!("invalid resource version: {text:?}"));
    text.parse().map_err(unreadable)
}

/// Refuses a version that this server has not reached, as one given out by another server.
pub(super) fn refuse_the_future(query: &Query, newest: u64) -> Result<u64, ApiError> {
    let wanted = wanted_version(query)?;
    if wanted > newest {
        Err(ApiError::too_large_resource_version(wanted, newest))
    } else {
        Ok(wanted)
    }
}

/// Shows a stored object in the version that was asked for.
pub(super) fn view(kind: &Kind, object: &Value) -> Value {
    let mut shown = object.clone();
    shown["apiVersion"] = kind.api_version().into();
    shown
}

/// Built-in kinds come without type in a list, custom resources with it.
fn list_item(kind: &Kind, object: &Value) -> Value {
    let mut item = view(kind, object);
    if let (false, Some(fields)) = (kind.is_custom(), item.as_object_mut()) {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    item
}

/// Reduces an object to its metadata, for clients that ask for no more.
pub(super) fn metadata_only(object: &Value) -> Value {
    json!({
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadata",
        "metadata": object["metadata"],
    })
}

/// Reduces every item of a list to its metadata.
pub(super) fn metadata_only_list(list: &Value) -> Value {
    let items = list["items"].as_array().into_iter().flatten().map(metadata_only);
    json!({
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadataList",
        "metadata": list["metadata"],
        "items": items.collect::<Vec<Value>>(),
    })
}
