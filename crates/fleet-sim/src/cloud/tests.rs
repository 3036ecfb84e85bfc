//! Tests of the cloud through its public doors.
