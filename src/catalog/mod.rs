//! What each nova release accepts.
