//! Where an audit log is stored, as one text.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// Says where an audit log is stored: `sqlite:PATH`, `jsonl:PATH` or `postgres://…`.
///
/// # Guarantees
/// Neither its `Display` nor its `Debug` prints a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of JSON lines.
    JsonLines(PathBuf),
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL.
    Postgres(Url),
}

/// Says that a text names no store. The text itself is not repeated, since it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "an audit store is named sqlite:PATH, jsonl:PATH or postgres://USER@HOST/DATABASE; this text is none of them"
)]
pub struct InvalidLocation;

// === impl Location ===

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidLocation)?;
        match scheme {
            "jsonl" => path(rest).map(Self::JsonLines),
            "sqlite" => path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => {
                let url = Url::parse(text).map_err(|_| InvalidLocation)?;
                url.has_authority()
                    .then_some(Self::Postgres(url))
                    .ok_or(InvalidLocation)
            }
            _ => Err(InvalidLocation),
        }
    }
}

/// Takes the path of a file; `sqlite:///a/b` is as good as `sqlite:/a/b`.
fn path(text: &str) -> Result<PathBuf, InvalidLocation> {
    let path = match text.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => return Err(InvalidLocation),
        None => text,
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(InvalidLocation);
    }
    Ok(PathBuf::from(path))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JsonLines(path) => write!(f, "jsonl:{}", path.display()),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // User, password and parameters are left out: a parameter may be a password too.
            Self::Postgres(url) => {
                let host = url.host_str().unwrap_or_default();
                write!(f, "postgres://{host}")?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: Option<&str>) {
        let location = text.parse::<Location>().ok();
        assert_eq!(location.map(|it| it.to_string()).as_deref(), shown, "{text}");
    }

    #[test]
    fn three_kinds_of_store_have_a_name() {
        check("sqlite:/a/b.db", Some("sqlite:/a/b.db"));
        check("sqlite:///a/b.db", Some("sqlite:/a/b.db"));
        check("jsonl:audit.jsonl", Some("jsonl:audit.jsonl"));
        check("postgres://host:5433/audit", Some("postgres://host:5433/audit"));
        check("postgresql://host/audit", Some("postgres://host/audit"));
        for wrong in [
            "",
            "audit.db",
            "sqlite:",
            "sqlite://b.db",
            "sqlite:/a/",
            "mysql://h/d",
            "postgres:audit",
        ] {
            check(wrong, None);
        }
    }

    /// Whoever prints a location prints no password.
    #[test]
    fn password_of_a_store_is_never_printed() {
        let location: Location = "postgres://me:hunter2@host/audit?password=hunter3&sslmode=require"
            .parse()
            .unwrap();
        for shown in [format!("{location}"), format!("{location:?}")] {
            assert_eq!(shown, "postgres://host/audit");
        }
        let wrong = "postgres:hunter2".parse::<Location>().unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("hunter2"));
    }
}
