//! Faults that a test orders: each strikes the first call it matches, once.

use super::record::Verb;

/// Describes one fault and the call it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeFault {
    effect: KubeFaultEffect,
    verb: Option<Verb>,
    resource: Option<String>,
    name: Option<String>,
    subresource: Option<String>,
    skip: u32,
}

/// Says what happens to the call that a [`KubeFault`] strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KubeFaultEffect {
    /// The call has no effect and is answered with `409 Conflict`.
    Conflict,
    /// The call has no effect and is answered with this status code.
    Status(u16),
    /// The call works, and afterwards every open watch of its resource ends.
    CutWatches,
    /// The call has no effect; a watch is told `410 Gone` in its stream, any other call in its answer.
    Gone410,
    /// The call takes effect and its answer never arrives: the connection breaks.
    LoseReply,
}

/// What the server knows about a call when it looks for a fault.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) verb: Verb,
    pub(super) resource: &'a str,
    pub(super) name: &'a str,
    pub(super) subresource: &'a str,
}

// === impl KubeFault ===

impl KubeFault {
    /// Makes a fault that strikes the next call of any kind; narrow it with the methods below.
    pub fn new(effect: KubeFaultEffect) -> KubeFault {
        KubeFault {
            effect,
            verb: None,
            resource: None,
            name: None,
            subresource: None,
            skip: 0,
        }
    }

    /// Waits for a call with this verb.
    pub fn on(mut self, verb: Verb) -> KubeFault {
        self.verb = Some(verb);
        self
    }

    /// Waits for a call to this resource, by plural name (`vpsienodes`).
    pub fn resource(mut self, resource: &str) -> KubeFault {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Waits for a call that names this object.
    pub fn name(mut self, name: &str) -> KubeFault {
        self.name = Some(name.to_owned());
        self
    }

    /// Waits for a call to this subresource; the empty string means the object itself.
    pub fn subresource(mut self, subresource: &str) -> KubeFault {
        self.subresource = Some(subresource.to_owned());
        self
    }

    /// Lets this many matching calls pass first.
    pub fn after(mut self, calls: u32) -> KubeFault {
        self.skip = calls;
        self
    }

    fn matches(&self, call: Call<'_>) -> bool {
        let fits = |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|it| it == actual);
        self.verb.is_none_or(|verb| verb == call.verb)
            && fits(&self.resource, call.resource)
            && fits(&self.name, call.name)
            && fits(&self.subresource, call.subresource)
    }
}

/// Takes the fault that strikes this call, if any: the first in order whose waiting is over.
pub(super) fn strike(faults: &mut Vec<KubeFault>, call: Call<'_>) -> Option<KubeFaultEffect> {
    let mut struck = None;
    for (index, fault) in faults.iter_mut().enumerate() {
        if !fault.matches(call) {
            continue;
        }
        if fault.skip == 0 {
            struck = Some(index);
            break;
        }
        fault.skip -= 1;
    }
    struck.map(|index| faults.remove(index).effect)
}
