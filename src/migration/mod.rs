//! Nova's live-migration semantics as pure functions.
