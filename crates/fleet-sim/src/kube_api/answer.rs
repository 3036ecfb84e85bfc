//! From a request to its answer: what it points at, the fault it suffers, the verb that serves it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::header;

use super::KubeApi;
use super::builtin::Kind;
use super::fault::{self, Call, KubeFaultEffect};
use super::path::{self, ResourcePath, Target};
use super::record::{Verb, WriteRecord};
use super::service::{Answer, Asked};
use super::status_error::ApiError;
use super::store::State;
use super::write::{self, WriteRequest, Written};
use super::{discovery, read, watch};

// === impl KubeApi ===

impl KubeApi {
    /// Answers one request, from path to fault to verb.
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        let Some(target) = path::parse(&asked.path) else {
            return Answer::unknown();
        };
        let path = match target {
            Target::Health => return Answer::Text(200, "ok"),
            Target::Resource(path) => path,
            Target::Version
            | Target::CoreVersions
            | Target::Groups
            | Target::Group(_)
            | Target::Resources { .. } => {
                let state = self.lock();
                let found = discovery::describe(&state, &target, asked.header(header::ACCEPT));
                return found.map_or_else(Answer::unknown, Answer::from_result);
            }
        };
        let mut state = self.lock();
        let Some(kind) = state.kind(&path.group, &path.version, &path.resource) else {
            return Answer::unknown();
        };
        if !is_served(&kind, &path) {
            return Answer::unknown();
        }
        let verb = match asked.verb(&path) {
            Ok(verb) => verb,
            Err(error) => return Answer::refused(&error),
        };
        if verb == Verb::Create && kind.namespaced && path.namespace.is_none() {
            return Answer::unknown();
        }
        let now = self.shared.clock.now();
        let answer = self.suffer_or_serve(&mut state, asked, &kind, &path, verb, now);
        drop(state);
        if verb.is_write() {
            self.wake_watches();
        }
        answer
    }

    /// Looks for a fault ordered for this call, and serves the call as far as the fault lets it.
    fn suffer_or_serve(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Arc<Kind>,
        path: &ResourcePath,
        verb: Verb,
        now: DateTime<Utc>,
    ) -> Answer {
        let name = path
            .name
            .clone()
            .or_else(|| asked.name_in_body())
            .unwrap_or_default();
        let call = Call {
            verb,
            resource: &path.resource,
            name: &name,
            subresource: &path.subresource,
        };
        let struck = fault::strike(&mut state.faults, call);
        let refusal = match struck {
            None | Some(KubeFaultEffect::CutWatches | KubeFaultEffect::LoseReply) => None,
            Some(KubeFaultEffect::Conflict) => Some(ApiError::modified_meanwhile(kind.subject(&name))),
            Some(KubeFaultEffect::Status(code)) => Some(ApiError::ordered(code)),
            Some(KubeFaultEffect::Gone410) => Some(ApiError::expired(0, state.version)),
        };
        let answer = match verb {
            Verb::Get | Verb::List => self.read(state, asked, kind, path, verb, refusal),
            Verb::Watch => {
                let in_stream = struck == Some(KubeFaultEffect::Gone410);
                self.watch(state, asked, kind, path, refusal, in_stream)
            }
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
                let request = WriteRequest {
                    verb,
                    kind,
                    path,
                    query: &asked.query,
                    content_type: asked.header(header::CONTENT_TYPE),
                    body: &asked.body,
                    now,
                };
                let outcome = refusal.map_or_else(|| write::perform(state, &request), Err);
                record(state, &request, &name, &outcome);
                written_answer(outcome, asked.wants_metadata_only())
            }
        };
        match struck {
            Some(KubeFaultEffect::CutWatches) => {
                state.cut_watches(Some(&kind.key));
                self.wake_watches();
                answer
            }
            Some(KubeFaultEffect::LoseReply) => Answer::Lost,
            None
            | Some(KubeFaultEffect::Conflict | KubeFaultEffect::Status(_) | KubeFaultEffect::Gone410) => {
                answer
            }
        }
    }

    fn read(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Kind,
        path: &ResourcePath,
        verb: Verb,
        refusal: Option<ApiError>,
    ) -> Answer {
        if let Some(error) = refusal {
            return Answer::refused(&error);
        }
        let metadata_only = asked.wants_metadata_only();
        Answer::from_result(if verb == Verb::List {
            let list = read::list(state, kind, path, &asked.query);
            list.map(|list| {
                if metadata_only {
                    read::metadata_only_list(&list)
                } else {
                    list
                }
            })
        } else {
            let object = read::get(state, kind, path);
            object.map(|object| {
                if metadata_only {
                    read::metadata_only(&object)
                } else {
                    object
                }
            })
        })
    }

    fn watch(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Arc<Kind>,
        path: &ResourcePath,
        refusal: Option<ApiError>,
        in_stream: bool,
    ) -> Answer {
        let opened = watch::open(self, state, kind, path, &asked.query, asked.wants_metadata_only());
        match (opened, refusal) {
            (Ok(watch), None) => Answer::Stream(Box::new(watch)),
            (Ok(watch), Some(error)) if in_stream => Answer::Stream(Box::new(watch.fail(&error))),
            (Ok(_), Some(error)) | (Err(error), _) => Answer::refused(&error),
        }
    }
}

/// Whether the path fits the kind: its scope, and a subresource it has.
fn is_served(kind: &Kind, path: &ResourcePath) -> bool {
    let scope_fits = match (&path.namespace, &path.name) {
        (Some(_), _) => kind.namespaced,
        (None, Some(_)) => !kind.namespaced,
        (None, None) => true,
    };
    let subresource_fits = match path.subresource.as_str() {
        "" => true,
        "status" => kind.status,
        "eviction" => kind.is("", "pods"),
        "finalize" => kind.is("", "namespaces"),
        _ => false,
    };
    scope_fits && subresource_fits
}

fn written_answer(outcome: Result<Written, ApiError>, metadata_only: bool) -> Answer {
    match outcome {
        Ok(written) if metadata_only && written.answer["kind"] != "Status" => {
            Answer::Json(written.code, read::metadata_only(&written.answer))
        }
        Ok(written) => Answer::Json(written.code, written.answer),
        Err(error) => Answer::refused(&error),
    }
}

fn record(state: &mut State, request: &WriteRequest<'_>, name: &str, outcome: &Result<Written, ApiError>) {
    let path = request.path;
    let (code, changed) = outcome
        .as_ref()
        .map_or_else(|error| (error.code(), false), |it| (it.code, it.changed));
    let made = outcome
        .as_ref()
        .ok()
        .filter(|_| name.is_empty() && request.verb == Verb::Create);
    let made_name = made.and_then(|written| written.answer["metadata"]["name"].as_str());
    state.writes.push(WriteRecord {
        verb: request.verb,
        group: path.group.clone(),
        resource: path.resource.clone(),
        namespace: path.namespace.clone().unwrap_or_default(),
        name: made_name.unwrap_or(name).to_owned(),
        subresource: path.subresource.clone(),
        at: request.now,
        code,
        changed,
    });
}
