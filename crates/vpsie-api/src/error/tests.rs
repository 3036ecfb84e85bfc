//! Tests of the errors.
