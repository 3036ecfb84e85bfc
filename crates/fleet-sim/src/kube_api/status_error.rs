//! Errors as the Kubernetes API words them: a `Status` object with code, reason, message and details.

use serde_json::{Value, json};

/// A refusal, ready to be written as a `Status` object.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    code: u16,
    reason: &'static str,
    message: String,
    details: Value,
}

/// The group and plural name a message speaks about, as in `vpsienodes.autoscaler.vpsie.com`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) group: &'a str,
    pub(super) resource: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

/// One thing that is wrong with one field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) reason: &'static str,
    pub(super) field: String,
    pub(super) message: String,
}

// === impl Subject ===

impl Subject<'_> {
    fn qualified(&self, word: &str) -> String {
        if self.group.is_empty() {
            word.to_owned()
        } else {
            format!("{word}.{}", self.group)
        }
    }

    fn details(&self) -> Value {
        json!({"name": self.name, "group": self.group, "kind": self.resource})
    }
}

// === impl FieldError ===

impl FieldError {
    pub(super) fn required(field: impl Into<String>, detail: &str) -> FieldError {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        FieldError {
            reason: "FieldValueRequired",
            field: field.into(),
            message,
        }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> FieldError {
        let message = format!("Invalid value: {value}: {detail}");
        FieldError {
            reason: "FieldValueInvalid",
            field: field.into(),
            message,
        }
    }

    pub(super) fn unsupported(field: impl Into<String>, value: &Value, allowed: &str) -> FieldError {
        let message = format!("Unsupported value: {value}: supported values: {allowed}");
        FieldError {
            reason: "FieldValueNotSupported",
            field: field.into(),
            message,
        }
    }

    pub(super) fn duplicate(field: impl Into<String>, value: &Value) -> FieldError {
        let message = format!("Duplicate value: {value}");
        FieldError {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message,
        }
    }

    pub(super) fn forbidden(field: impl Into<String>, detail: &str) -> FieldError {
        FieldError {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {detail}"),
        }
    }
}

// === impl ApiError ===

impl ApiError {
    fn new(code: u16, reason: &'static str, message: String, details: Value) -> ApiError {
        ApiError {
            code,
            reason,
            message,
            details,
        }
    }

    pub(super) fn code(&self) -> u16 {
        self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn bad_request(message: impl Into<String>) -> ApiError {
        Self::new(400, "BadRequest", message.into(), Value::Null)
    }

    pub(super) fn in_leaving_namespace(subject: Subject<'_>, namespace: &str) -> ApiError {
        let (resource, name) = (subject.qualified(subject.resource), subject.name);
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let message = format!("namespace {namespace} is being terminated");
        let cause =
            json!([{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]);
        let mut details = subject.details();
        details["causes"] = cause;
        Self::new(
            403,
            "Forbidden",
            format!("{resource} \"{name}\" is forbidden: {why}"),
            details,
        )
    }

    pub(super) fn not_found(subject: Subject<'_>) -> ApiError {
        let message = format!(
            "{} \"{}\" not found",
            subject.qualified(subject.resource),
            subject.name
        );
        Self::new(404, "NotFound", message, subject.details())
    }

    /// The plain "no such path" of a server that does not know the kind at all.
    pub(super) fn no_such_resource() -> ApiError {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource".to_owned(),
            json!({}),
        )
    }

    pub(super) fn method_not_allowed() -> ApiError {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Self::new(405, "MethodNotAllowed", message, json!({}))
    }

    pub(super) fn not_acceptable(message: &str) -> ApiError {
        Self::new(406, "NotAcceptable", message.to_owned(), Value::Null)
    }

    pub(super) fn already_exists(subject: Subject<'_>) -> ApiError {
        let message = format!(
            "{} \"{}\" already exists",
            subject.qualified(subject.resource),
            subject.name
        );
        Self::new(409, "AlreadyExists", message, subject.details())
    }

    pub(super) fn conflict(subject: Subject<'_>, why: &str) -> ApiError {
        let what = subject.qualified(subject.resource);
        let message = format!(
            "Operation cannot be fulfilled on {what} \"{}\": {why}",
            subject.name
        );
        Self::new(409, "Conflict", message, subject.details())
    }

    /// The conflict of optimistic locking: somebody else wrote first.
    pub(super) fn modified_meanwhile(subject: Subject<'_>) -> ApiError {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(subject, why)
    }

    pub(super) fn expired(wanted: u64, oldest: u64) -> ApiError {
        Self::new(
            410,
            "Expired",
            format!("too old resource version: {wanted} ({oldest})"),
            Value::Null,
        )
    }

    /// An eviction that a disruption budget does not allow, or not yet.
    pub(super) fn over_budget(why: &str, retry_after_seconds: u32) -> ApiError {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
        if retry_after_seconds > 0 {
            details["retryAfterSeconds"] = retry_after_seconds.into();
        }
        Self::new(429, "TooManyRequests", message.to_owned(), details)
    }

    pub(super) fn unsupported_media_type(given: &str) -> ApiError {
        let message = format!("the body of the request was in an unknown format: {given}");
        Self::new(415, "UnsupportedMediaType", message, json!({}))
    }

    pub(super) fn invalid(subject: Subject<'_>, errors: &[FieldError]) -> ApiError {
        let said: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect();
        let list = if let [only] = said.as_slice() {
            only.clone()
        } else {
            format!("[{}]", said.join(", "))
        };
        let message = format!(
            "{} \"{}\" is invalid: {list}",
            subject.qualified(subject.kind),
            subject.name
        );
        let cause = |it: &FieldError| json!({"reason": it.reason, "message": it.message, "field": it.field});
        let causes: Vec<Value> = errors.iter().map(cause).collect();
        let mut details = subject.details();
        details["kind"] = subject.kind.into();
        details["causes"] = causes.into();
        Self::new(422, "Invalid", message, details)
    }

    /// A patch that cannot be carried out on the object, such as a failed `test` operation.
    pub(super) fn rejected_patch() -> ApiError {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message.to_owned(), json!({}))
    }

    /// A patch after which a built-in object could not be read any more.
    pub(super) fn unreadable_after_patch(why: &str) -> ApiError {
        let error = FieldError {
            reason: "FieldValueInvalid",
            field: "patch".to_owned(),
            message: why.to_owned(),
        };
        let cause = json!([{"reason": error.reason, "message": error.message, "field": error.field}]);
        let message = format!(" \"\" is invalid: patch: Invalid value: {why}");
        Self::new(422, "Invalid", message, json!({"causes": cause}))
    }

    /// An update that names no version, of a kind that asks for one; the real server names the resource here.
    pub(super) fn version_required(subject: Subject<'_>) -> ApiError {
        let error = FieldError::invalid(
            "metadata.resourceVersion",
            &json!(0),
            "must be specified for an update",
        );
        Self::invalid(
            Subject {
                kind: subject.resource,
                ..subject
            },
            &[error],
        )
    }

    /// An apply that does not say in whose name.
    pub(super) fn manager_required() -> ApiError {
        let subject = Subject {
            group: "meta.k8s.io",
            resource: "",
            kind: "PatchOptions",
            name: "",
        };
        Self::invalid(
            subject,
            &[FieldError::required(
                "fieldManager",
                "is required for apply patch",
            )],
        )
    }

    /// A streaming list that does not say how old it may be.
    pub(super) fn match_required() -> ApiError {
        let subject = Subject {
            group: "meta.k8s.io",
            resource: "",
            kind: "ListOptions",
            name: "",
        };
        let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        Self::invalid(subject, &[FieldError::forbidden("resourceVersionMatch", detail)])
    }

    pub(super) fn too_large_resource_version(wanted: u64, newest: u64) -> ApiError {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {newest}");
        let cause = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        Self::new(
            504,
            "Timeout",
            message,
            json!({"causes": cause, "retryAfterSeconds": 1}),
        )
    }

    /// An error that the real server forgot to give a reason.
    pub(super) fn internal(message: &str) -> ApiError {
        Self::new(500, "", message.to_owned(), Value::Null)
    }

    /// An answer that a test ordered.
    pub(super) fn ordered(code: u16) -> ApiError {
        let reason = match code {
            400 => "BadRequest",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            410 => "Expired",
            422 => "Invalid",
            429 => "TooManyRequests",
            500 => "InternalError",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "",
        };
        Self::new(
            code,
            reason,
            format!("the simulated API server was told to answer {code}"),
            json!({}),
        )
    }

    /// Writes the error as the `Status` object that goes over the wire.
    pub(super) fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}
