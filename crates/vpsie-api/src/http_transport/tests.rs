//! Tests of the transport, against servers on this machine.
