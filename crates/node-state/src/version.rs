//! Versions of Kubernetes, as far as one is older than another.

/// Is the number of a version: major, minor, patch. What follows them says how it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u64, u64, u64);

/// Tells whether a version is older than another; nothing when one of them is not known.
pub(crate) fn is_older(version: Option<&str>, than: Option<&str>) -> Option<bool> {
    Some(Number::read(version?)? < Number::read(than?)?)
}

// === impl Number ===

impl Number {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next()?;
        let mut parts = number.split('.').map(|part| part.parse().ok());
        let number = Self(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NS-11: what cannot be read is not known, and neither older nor newer.
    #[test]
    fn only_versions_that_are_known_are_compared() {
        let cases = [
            ("v1.32.9", "v1.33.0", Some(true), "an older minor version"),
            ("v1.33.1", "1.33.2", Some(true), "an older patch, once without v"),
            ("v1.9.0", "v1.10.0", Some(true), "numbers are no texts"),
            ("v1.33.2+k3s1", "v1.33.2", Some(false), "a build of the same"),
            (
                "v1.33.2-eks-1",
                "v1.33.2",
                Some(false),
                "another build of the same",
            ),
            ("v1.34.0", "v1.33.0", Some(false), "a newer one"),
            ("v1.33", "v1.33.0", None, "too short"),
            ("v1.33.0.1", "v1.33.0", None, "too long"),
            ("unknown", "v1.33.0", None, "no number"),
            ("", "v1.33.0", None, "empty"),
        ];
        for (version, than, expected, why) in cases {
            assert_eq!(is_older(Some(version), Some(than)), expected, "{why}");
        }
        assert_eq!(is_older(None, Some("v1.33.0")), None);
        assert_eq!(is_older(Some("v1.33.0"), None), None);
    }
}
