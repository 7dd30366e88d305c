//! The program `novamend-verify`.
fn main() {}
