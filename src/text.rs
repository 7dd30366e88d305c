//! Bytes, spans, lines and edits.
