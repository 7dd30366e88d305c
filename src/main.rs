//! The program `novamend`.
#![forbid(unsafe_code)]

fn main() {}
