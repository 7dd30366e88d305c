//! The oslo.config dialect: reading a file to the letter, without losing a byte.
