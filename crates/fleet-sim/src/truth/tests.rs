//! Hand-made worlds, each wrong in one way.
