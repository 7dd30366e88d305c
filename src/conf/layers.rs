//! The order in which files and the environment apply.
