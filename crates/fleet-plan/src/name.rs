//! Names and words of Kubernetes, kept once however often they occur.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Holds a text that many values share.
pub type Name = Arc<str>;

/// Gives the same allocation for equal texts, so that a label of a thousand pods is kept once.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<Name>);

// === impl Names ===

impl Names {
    /// Returns the kept text.
    pub fn get(&mut self, text: &str) -> Name {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let name: Name = text.into();
        self.0.insert(name.clone());
        name
    }

    /// Forgets what nobody else holds any longer.
    pub fn forget_unused(&mut self) {
        self.0.retain(|name| Arc::strong_count(name) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SC-4: equal texts share one allocation.
    #[test]
    fn equal_texts_are_kept_once() {
        let mut names = Names::default();
        assert!(Arc::ptr_eq(&names.get("web"), &names.get("web")));
        assert!(!Arc::ptr_eq(&names.get("web"), &names.get("db")));
    }

    /// SC-4: what nobody holds is not kept for ever, and what somebody holds is still shared.
    #[test]
    fn text_that_nobody_holds_is_forgotten() {
        let mut names = Names::default();
        let held = names.get("web");
        names.get("db");
        names.forget_unused();
        assert_eq!(names.0.len(), 1);
        assert!(Arc::ptr_eq(&held, &names.get("web")));
    }
}
