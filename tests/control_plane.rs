//! What the real API server does, where an API in memory could only be believed.
