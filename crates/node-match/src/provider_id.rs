//! Which provider ids name a machine, and which machine they name.

use std::borrow::Cow;

use crate::words::lower;

/// Holds what a provider id says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProviderId<'a> {
    /// The number of a machine in some list.
    Number(u64),
    /// The identifier of a machine, lower-cased.
    Identifier(Cow<'a, str>),
}

/// The scheme of VPSie's own provider ids.
const SCHEME: &str = "vpsie://";
/// The lengths of the groups of hexadecimal digits in a UUID.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

// === impl ProviderId ===

impl<'a> ProviderId<'a> {
    /// Reads `vpsie://…` (its last segment) or a bare UUID; any other scheme is no evidence.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let Some(path) = text.strip_prefix(SCHEME) else {
            return is_uuid(text).then(|| Self::Identifier(lower(text)));
        };
        let segment = path.rsplit('/').next().unwrap_or(path);
        match segment.parse::<u64>() {
            Ok(0) => None,
            Ok(number) => Some(Self::Number(number)),
            Err(_) if segment.is_empty() => None,
            Err(_) => Some(Self::Identifier(lower(segment))),
        }
    }
}

/// Tells whether the text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq(UUID_GROUPS) && text.split('-').all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "4C1F0000-1111-2222-3333-444455556666";

    /// Settled reading: only `vpsie://…` or a bare UUID is a provider id.
    #[test]
    fn only_vpsie_and_bare_uuids_are_read() {
        let uuid = Some(ProviderId::Identifier(UUID.to_lowercase().into()));
        for (text, expected) in [
            (UUID.to_owned(), uuid.clone()),
            (format!("vpsie://{UUID}"), uuid.clone()),
            (format!("vpsie:///hel/{UUID}"), uuid),
            ("vpsie://71003".to_owned(), Some(ProviderId::Number(71003))),
            ("vpsie://0".to_owned(), None),
            ("vpsie://".to_owned(), None),
            ("71003".to_owned(), None),
            (format!("aws:///{UUID}"), None),
            (format!("k3s://{UUID}"), None),
            (String::new(), None),
        ] {
            assert_eq!(ProviderId::parse(&text), expected, "{text}");
        }
    }
}
