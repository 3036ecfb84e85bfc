//! Tests of the simulated API server through the client an operator uses.
