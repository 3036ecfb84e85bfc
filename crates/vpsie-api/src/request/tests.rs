//! Tests of the request values.
