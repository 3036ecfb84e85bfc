//! Answers with a tag: who has seen one already gets 304, and one that did not change is written once.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use siphasher::sip128::SipHasher13;

use super::problem::Problem;

/// One answer as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    body: Bytes,
    content_type: HeaderValue,
    /// The hash of the body: the same on every replica, and after a restart.
    tag: HeaderValue,
}

/// Keeps the newest page, and from what it was made.
#[derive(Debug)]
pub(crate) struct Shelf<K>(Mutex<Option<(K, Page)>>);

// === impl Page ===

impl Page {
    /// Writes a value as JSON.
    pub(super) fn of(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| Problem::unwritable(&error))?;
        Ok(Self::new(body.into(), "application/json"))
    }

    /// Shows a text that is part of the program.
    pub(crate) fn file(text: &'static str, content_type: &'static str) -> Self {
        Self::new(Bytes::from_static(text.as_bytes()), content_type)
    }

    fn new(body: Bytes, content_type: &'static str) -> Self {
        let hash = SipHasher13::new().hash(&body).as_u128();
        let tag = HeaderValue::try_from(format!("\"{hash:032x}\""));
        Self {
            body,
            content_type: HeaderValue::from_static(content_type),
            tag: tag.expect("hexadecimal digits fit into a header"),
        }
    }

    /// Answers a request: 304 without a body for whoever has it already (EP-27).
    pub(crate) fn reply(&self, asked: &HeaderMap) -> Response {
        let tag = (header::ETAG, self.tag.clone());
        if self.is_known_to(asked) {
            return (StatusCode::NOT_MODIFIED, [tag]).into_response();
        }
        let content_type = (header::CONTENT_TYPE, self.content_type.clone());
        ([content_type, tag], Body::from(self.body.clone())).into_response()
    }

    /// Tells whether a request names this page among those that its client has.
    fn is_known_to(&self, asked: &HeaderMap) -> bool {
        let values = asked.get_all(header::IF_NONE_MATCH).into_iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.tag.as_bytes())
    }
}

// === impl Shelf ===

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq> Shelf<K> {
    /// Returns the page that was made from this, or makes it.
    ///
    /// While one request makes it, others that want the same wait for that, which takes less than making it as well.
    pub(super) fn page(
        &self,
        key: K,
        make: impl FnOnce(&K) -> Result<Page, Problem>,
    ) -> Result<Page, Problem> {
        // A page is put here as a whole, so that a panic while one is made leaves the last one.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, page)) = kept.as_ref().filter(|(of, _)| *of == key) {
            return Ok(page.clone());
        }
        let page = make(&key)?;
        *kept = Some((key, page.clone()));
        Ok(page)
    }
}

/// Tells whether two shared values are one and the same.
pub(super) fn is_same<T: ?Sized>(one: &Option<Arc<T>>, other: &Option<Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(page: &Page, asked: &[&'static str]) -> StatusCode {
        let mut headers = HeaderMap::new();
        for text in asked {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(text));
        }
        page.reply(&headers).status()
    }

    /// EP-27: the tag follows from the content, and whoever names it gets 304.
    #[test]
    fn page_that_is_known_is_not_sent_again() {
        let page = Page::of(&[1, 2]).unwrap();
        let again = Page::of(&vec![1, 2]).unwrap();
        assert_eq!(page.tag, again.tag, "the same content has the same tag");
        assert_ne!(page.tag, Page::of(&[2, 1]).unwrap().tag);
        let tag: &'static str = page.tag.to_str().unwrap().to_owned().leak();
        let weak: &'static str = format!("\"x\", W/{tag}").leak();
        assert_eq!(code(&page, &[]), StatusCode::OK);
        assert_eq!(code(&page, &["\"x\""]), StatusCode::OK);
        for asked in [&[tag][..], &["*"], &[weak], &["\"x\"", tag]] {
            assert_eq!(code(&page, asked), StatusCode::NOT_MODIFIED, "{asked:?}");
        }
    }

    #[test]
    fn page_is_made_once_as_long_as_nothing_changes() {
        let shelf = Shelf::default();
        let mut made = 0;
        for key in [1, 1, 2, 2, 1] {
            let page = shelf.page(key, |key| {
                made += 1;
                Page::of(key)
            });
            assert_eq!(page.unwrap().body, key.to_string());
        }
        assert_eq!(made, 3);
    }

    #[test]
    fn shared_values_are_compared_by_what_they_are() {
        let (one, same) = (Arc::new(1), Arc::new(1));
        assert!(is_same(&Some(Arc::clone(&one)), &Some(Arc::clone(&one))));
        assert!(!is_same(&Some(Arc::clone(&one)), &Some(same)));
        assert!(is_same::<u8>(&None, &None));
        assert!(!is_same(&Some(one), &None));
    }
}
