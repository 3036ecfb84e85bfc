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

/// Says why a text names no store. The text itself is not repeated, since it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidLocation {
    /// It has another form.
    #[error(
        "an audit store is named sqlite:PATH, jsonl:PATH or postgres://USER@HOST/DATABASE; this text is none of them"
    )]
    NoStore,
    /// A parameter after the `?` of a URL is misspelled, or is of another client.
    #[error(
        "the URL of the audit store has an unknown parameter; known are {}, and options[NAME]",
        PARAMETERS.join(", ")
    )]
    UnknownParameter,
}

/// Parameters that sqlx knows. Of any other it logs the value, which may be a password in the wrong place.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

// === impl Location ===

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidLocation::NoStore)?;
        match scheme {
            "jsonl" => path(rest).map(Self::JsonLines),
            "sqlite" => path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => database(text).map(Self::Postgres),
            _ => Err(InvalidLocation::NoStore),
        }
    }
}

/// Takes the path of a file; `sqlite:///a/b` is as good as `sqlite:/a/b`.
fn path(text: &str) -> Result<PathBuf, InvalidLocation> {
    let path = match text.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => return Err(InvalidLocation::NoStore),
        None => text,
    };
    // `:memory:` means no file to SQLite itself; here it would be a file of that name.
    if path.is_empty() || path.ends_with('/') || path == ":memory:" {
        return Err(InvalidLocation::NoStore);
    }
    Ok(PathBuf::from(path))
}

/// Takes the URL of a database.
fn database(text: &str) -> Result<Url, InvalidLocation> {
    let url = Url::parse(text).map_err(|_| InvalidLocation::NoStore)?;
    if !url.has_authority() {
        return Err(InvalidLocation::NoStore);
    }
    let mut names = url.query_pairs().map(|(name, _)| name);
    let is_known = |name: &str| {
        let of_server = name.starts_with("options[") && name.ends_with(']');
        of_server || PARAMETERS.contains(&name)
    };
    if !names.all(|name| is_known(&name)) {
        return Err(InvalidLocation::UnknownParameter);
    }
    Ok(url)
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
            "sqlite::memory:",
            "mysql://h/d",
            "postgres:audit",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn every_parameter_of_the_client_is_known() {
        for name in PARAMETERS.iter().chain(&["options[search_path]"]) {
            check(&format!("postgres://h/d?{name}=1"), Some("postgres://h/d"));
        }
    }

    /// Whoever prints a location prints no password, and what may be one under a wrong name is refused: sqlx logs it.
    #[test]
    fn password_of_a_store_is_never_printed() {
        let location: Location = "postgres://me:hunter2@host/audit?password=hunter3&sslmode=require"
            .parse()
            .unwrap();
        for shown in [format!("{location}"), format!("{location:?}")] {
            assert_eq!(shown, "postgres://host/audit");
        }
        for (text, wrong) in [
            ("postgres:hunter2", InvalidLocation::NoStore),
            (
                "postgres://host/audit?sslmode=require&pasword=hunter2",
                InvalidLocation::UnknownParameter,
            ),
            ("postgres://host/audit?hunter2", InvalidLocation::UnknownParameter),
        ] {
            assert_eq!(text.parse::<Location>(), Err(wrong));
            assert!(!format!("{wrong} {wrong:?}").contains("hunter2"));
        }
    }
}
