//! From findings to a file on disk: choosing, proving and writing edits.
