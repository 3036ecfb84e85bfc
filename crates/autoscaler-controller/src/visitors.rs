//! Who shows a token, and whether he may do what he asks for: reviewed by Kubernetes, remembered for a while.
//!
//! ```text
//!  token, verb, path ──▶ remembered? ──no──▶ TokenReview ──▶ SubjectAccessReview ──▶ Granted · Unknown · Denied
//!                         30 s                  whose?          may he?
//! ```

#[cfg(test)]
mod tests;

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::api::PostParams;
use kube::{Api, Client};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long an answer counts: a right that is taken away ends within this time.
const FRESH: Duration = Duration::from_secs(30);
/// How long an answer counts while the API server gives no new one.
const LASTING: Duration = Duration::from_secs(300);
/// Answers that are remembered; what a token may be asked about are a dozen paths.
const MOST: u64 = 4096;
/// Reviews at once. More wait, so that strange tokens never take the API server from the operator.
const AT_ONCE: usize = 4;
/// How long a visitor waits for his review, and for his turn.
const REVIEW_LIMIT: Duration = Duration::from_secs(5);

/// What came of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// He may do it.
    Granted,
    /// Nobody knows the token.
    Unknown,
    /// He is known and may not do it.
    Denied,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unjudged {
    /// We may not ask.
    #[error("the API server forbids create on {resource}; grant it to the autoscaler's service account")]
    Forbidden {
        /// What may not be created.
        resource: &'static str,
    },
    /// It does not answer, or in no way that makes sense.
    #[error("the API server does not review the token: {message}; come again")]
    Unanswered {
        /// What the client says.
        message: String,
    },
    /// It takes too long.
    #[error("the API server does not review the token in time; come again")]
    TooLate,
}

/// Asks Kubernetes about visitors; clones share what they remember.
#[derive(Clone)]
pub struct Visitors {
    client: Client,
    remembered: Cache<Key, Answer>,
    turns: Arc<Semaphore>,
}

/// What was asked. Of the token only a hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    token: [u8; 32],
    verb: String,
    path: String,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    judged: Judged,
    at: Instant,
}

// === impl Visitors ===

impl Visitors {
    /// Asks with this client; nothing is sent yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            remembered: Cache::builder().max_capacity(MOST).build(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Decides whether the bearer of a token may do this to a path that is no resource.
    ///
    /// # Errors
    ///
    /// When nobody can be asked, and nothing that was answered in the last five minutes is remembered.
    pub async fn judge(&self, token: &str, verb: &str, path: &str) -> Result<Judged, Unjudged> {
        let key = Key {
            token: Sha256::digest(token).into(),
            verb: verb.to_owned(),
            path: path.to_owned(),
        };
        let remembered = self.remembered.get(&key);
        if let Some(answer) = remembered.filter(|answer| answer.at.elapsed() < FRESH) {
            return Ok(answer.judged);
        }
        let reviewed = timeout(REVIEW_LIMIT, self.review(token, verb, path)).await;
        match reviewed.unwrap_or(Err(Unjudged::TooLate)) {
            Ok(judged) => {
                let at = Instant::now();
                self.remembered.insert(key, Answer { judged, at });
                Ok(judged)
            }
            Err(error) => {
                let lasting = remembered.filter(|answer| answer.at.elapsed() < LASTING);
                tracing::debug!(%error, remembered = lasting.is_some(), "a token was not reviewed");
                lasting.map(|answer| answer.judged).ok_or(error)
            }
        }
    }

    async fn review(&self, token: &str, verb: &str, path: &str) -> Result<Judged, Unjudged> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        let Some(user) = self.whose(token).await? else {
            return Ok(Judged::Unknown);
        };
        let is_allowed = self.may(user, verb, path).await?;
        Ok(if is_allowed {
            Judged::Granted
        } else {
            Judged::Denied
        })
    }

    /// Asks whose token it is; nothing when nobody knows it.
    async fn whose(&self, token: &str) -> Result<Option<UserInfo>, Unjudged> {
        let review = TokenReview {
            spec: TokenReviewSpec {
                token: Some(token.to_owned()),
                ..TokenReviewSpec::default()
            },
            ..TokenReview::default()
        };
        let reviews: Api<TokenReview> = Api::all(self.client.clone());
        let reviewed = reviews.create(&PostParams::default(), &review).await;
        let reviewed = reviewed.map_err(|error| Unjudged::of(&error, "tokenreviews"))?;
        let status = reviewed.status.unwrap_or_default();
        let user = status.user.filter(|_| status.authenticated == Some(true));
        Ok(user.filter(|user| user.username.as_ref().is_some_and(|name| !name.is_empty())))
    }

    async fn may(&self, user: UserInfo, verb: &str, path: &str) -> Result<bool, Unjudged> {
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: user.username,
                uid: user.uid,
                groups: user.groups,
                extra: user.extra,
                non_resource_attributes: Some(NonResourceAttributes {
                    verb: Some(verb.to_owned()),
                    path: Some(path.to_owned()),
                }),
                resource_attributes: None,
            },
            ..SubjectAccessReview::default()
        };
        let reviews: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let reviewed = reviews.create(&PostParams::default(), &review).await;
        let reviewed = reviewed.map_err(|error| Unjudged::of(&error, "subjectaccessreviews"))?;
        let status = reviewed.status;
        Ok(status.is_some_and(|status| status.allowed && status.denied != Some(true)))
    }
}

impl std::fmt::Debug for Visitors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitors").finish_non_exhaustive()
    }
}

// === impl Unjudged ===

impl Unjudged {
    fn of(error: &kube::Error, resource: &'static str) -> Self {
        let code = if let kube::Error::Api(status) = error {
            Some(status.code)
        } else {
            None
        };
        // What else the client says could repeat what was sent.
        match code {
            Some(403) => Self::Forbidden { resource },
            Some(code) => Self::Unanswered {
                message: format!("it answers {code}"),
            },
            None => Self::Unanswered {
                message: "it cannot be reached".to_owned(),
            },
        }
    }
}
