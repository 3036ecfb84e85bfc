//! Why a command was not carried out, and what a failed call to Kubernetes means.

use vpsie_api::EffectError;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The object changed since it was looked at; the next pass decides again.
    #[error("the object changed meanwhile; it is looked at again")]
    Conflict,
    /// The service account lacks a right.
    #[error("the API server forbids {verb} on {resource}; grant it to the autoscaler's service account")]
    Forbidden {
        /// The verb to grant.
        verb: &'static str,
        /// What to grant it on.
        resource: String,
    },
    /// Kubernetes refused or failed.
    #[error("{verb} on {resource} was not carried out ({answer})")]
    Kubernetes {
        /// What was tried.
        verb: &'static str,
        /// On what.
        resource: String,
        /// What the API server answered, in a few words that stay the same.
        answer: String,
        /// What the client says.
        #[source]
        source: Box<kube::Error>,
    },
    /// VPSie refused or failed.
    #[error("VPSie did not do it")]
    Vpsie(#[source] Box<EffectError>),
    /// The Node is marked for another VPSieNode, which is left to a person.
    #[error("Node {node} is marked for VPSieNode {other}; it is left alone")]
    ClaimedByAnother {
        /// The Node.
        node: String,
        /// The VPSieNode that it is marked for.
        other: String,
    },
    /// What was read right before the removal speaks against it.
    #[error("the machine stays ({name}): {refusal}", name = refusal.name())]
    Refused {
        /// Why.
        refusal: node_lifecycle::Refusal,
    },
    /// The permit was not used in time, or something that it names has changed.
    #[error(transparent)]
    PermitVoid(#[from] node_lifecycle::gate::Void),
    /// The intent was written too long ago for the request to leave.
    #[error("too much time passed between intent and request; nothing was asked of VPSie")]
    IntentExpired,
    /// Leadership may end before the effect has started; the next leader decides anew.
    #[error("leadership may end before it is done; it is left to the next leader")]
    NotLeading,
    /// There is no baseline to ask against.
    #[error("no complete baseline of the cluster is at hand; nothing was asked of VPSie")]
    NoBaseline,
    /// The baseline cannot be stored.
    #[error("the baseline cannot be stored")]
    Baseline(#[from] crate::baseline::BaselineError),
    /// An earlier request of this pass to the same cluster had no clear success.
    #[error("an earlier request to the cluster failed in this pass; it is tried again later")]
    ClusterPaused,
}

// === impl ActError ===

impl ActError {
    /// Tells what a failed call to Kubernetes means; the verb and the resource are those of a role.
    pub(super) fn of(verb: &'static str, resource: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let resource = resource.into();
        move |error| {
            let answer = if let kube::Error::Api(status) = &error {
                match status.code {
                    409 => return Self::Conflict,
                    403 => return Self::Forbidden { verb, resource },
                    code => format!("{code} {}", status.reason),
                }
            } else {
                "no answer".to_owned()
            };
            let source = Box::new(error);
            Self::Kubernetes {
                verb,
                resource,
                answer,
                source,
            }
        }
    }
}

impl From<EffectError> for ActError {
    fn from(error: EffectError) -> Self {
        Self::Vpsie(Box::new(error))
    }
}
