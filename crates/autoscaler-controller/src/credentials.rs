//! The Secret with the credentials of VPSie, in the layout of the Go autoscaler.

use crate::resources::keys;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use std::collections::BTreeMap;
use vpsie_api::Credentials;

mod follow;

pub use follow::{Followed, Standing, follow};

/// What the Secret says of VPSie.
#[derive(Debug)]
pub struct Access {
    /// How we prove who we are.
    pub credentials: Credentials,
    /// The base URL, where the Secret names one.
    pub url: Option<String>,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// There is no such Secret.
    #[error(
        "there is no Secret {secret}; create it with the key `token`, or with `clientId` and `clientSecret`"
    )]
    Missing {
        /// Namespace and name.
        secret: String,
    },
    /// The Secret may not be read.
    #[error(
        "the API server forbids get on secrets: {secret} cannot be read; grant it to the autoscaler's service account"
    )]
    Forbidden {
        /// Namespace and name.
        secret: String,
    },
    /// The Secret could not be read.
    #[error("the Secret {secret} could not be read; check that the API server is reachable")]
    Unreadable {
        /// Namespace and name.
        secret: String,
        /// What the client says.
        #[source]
        source: Box<kube::Error>,
    },
    /// The Secret lacks a key.
    #[error("the Secret {secret} has neither `token` nor both `clientId` and `clientSecret`; add them")]
    Incomplete {
        /// Namespace and name.
        secret: String,
    },
    /// A value is not text.
    #[error("the key `{key}` of the Secret {secret} is not text; write it again")]
    NotText {
        /// Namespace and name.
        secret: String,
        /// The key.
        key: &'static str,
    },
}

/// Reads the Secret.
///
/// # Errors
///
/// Says what is missing and what to do; never shows a value.
pub async fn read(client: &Client, namespace: &str, name: &str) -> Result<Access, CredentialsError> {
    let secret = || format!("{namespace}/{name}");
    let found = Api::<Secret>::namespaced(client.clone(), namespace)
        .get(name)
        .await;
    let found = found.map_err(|source| {
        let code = if let kube::Error::Api(status) = &source {
            status.code
        } else {
            0
        };
        match code {
            404 => CredentialsError::Missing { secret: secret() },
            403 => CredentialsError::Forbidden { secret: secret() },
            _ => CredentialsError::Unreadable {
                secret: secret(),
                source: Box::new(source),
            },
        }
    })?;
    decode(&found.data.unwrap_or_default(), &secret())
}

/// Reads the values of the Secret; the spelling `clientid`, `clientsecret` of other VPSie programs counts too.
fn decode(data: &BTreeMap<String, ByteString>, secret: &str) -> Result<Access, CredentialsError> {
    let text = |key: &'static str| -> Result<Option<String>, CredentialsError> {
        let value = data.get(key).or_else(|| data.get(&key.to_lowercase()));
        let Some(value) = value else { return Ok(None) };
        let text = std::str::from_utf8(&value.0).map_err(|_| CredentialsError::NotText {
            secret: secret.to_owned(),
            key,
        })?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    };
    let url = text(keys::SECRET_URL)?;
    if let Some(token) = text(keys::SECRET_TOKEN)? {
        return Ok(Access {
            credentials: Credentials::Token(token.into()),
            url,
        });
    }
    match (text(keys::SECRET_CLIENT_ID)?, text(keys::SECRET_CLIENT_SECRET)?) {
        (Some(id), Some(client_secret)) => Ok(Access {
            credentials: Credentials::Client {
                id,
                secret: client_secret.into(),
            },
            url,
        }),
        _ => Err(CredentialsError::Incomplete {
            secret: secret.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(entries: &[(&str, &str)]) -> Result<Access, CredentialsError> {
        let entries = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ByteString((*value).into())));
        decode(&entries.collect(), "kube-system/vpsie-secret")
    }

    #[test]
    fn both_kinds_of_credentials_and_both_spellings_are_read() {
        assert!(matches!(
            decoded(&[("token", "t\n")]).unwrap().credentials,
            Credentials::Token(_)
        ));
        for entries in [
            [("clientId", "a"), ("clientSecret", "b")],
            [("clientid", "a"), ("clientsecret", "b")],
        ] {
            assert!(matches!(
                decoded(&entries).unwrap().credentials,
                Credentials::Client { .. }
            ));
        }
        let access = decoded(&[("token", "t"), ("url", "https://api2.vpsie.com/apps/v2")]).unwrap();
        assert_eq!(access.url.as_deref(), Some("https://api2.vpsie.com/apps/v2"));
    }

    #[test]
    fn half_a_pair_or_an_empty_token_is_incomplete() {
        for entries in [&[("clientId", "a")][..], &[("token", "  ")], &[]] {
            assert!(
                matches!(decoded(entries), Err(CredentialsError::Incomplete { .. })),
                "{entries:?}"
            );
        }
    }
}
