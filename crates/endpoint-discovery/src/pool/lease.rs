//! A connection in use.

use std::fmt;
use std::ops::{Deref, DerefMut};

use deadpool::managed::Object;

use super::Connector;
use super::dialler::Dialler;
use crate::identity::InstanceId;

/// Holds a connection until it is dropped, which gives it back.
pub struct Lease<C: Connector> {
    instance: InstanceId,
    object: Object<Dialler<C>>,
}

// === impl Lease ===

impl<C: Connector> Lease<C> {
    pub(super) fn new(instance: InstanceId, object: Object<Dialler<C>>) -> Self {
        Self { instance, object }
    }

    /// Tells to which instance it leads.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Closes the connection instead of giving it back, because it turned out to be broken.
    pub fn discard(self) {
        drop(Object::take(self.object));
    }
}

impl<C: Connector> Deref for Lease<C> {
    type Target = C::Connection;

    fn deref(&self) -> &Self::Target {
        &self.object.connection
    }
}

impl<C: Connector> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.object.connection
    }
}

impl<C: Connector> fmt::Debug for Lease<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Lease of {}", self.instance)
    }
}
