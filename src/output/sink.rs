//! Standard output as a reader may leave it: after a closed pipe nothing more is written, and nothing fails.
//!
//! What is written there the formats decide.

use std::io::{self, ErrorKind, Write};

/// A writer that goes quiet when its reader is gone (`novamend check | head`).
#[derive(Debug)]
pub struct Sink<W: Write> {
    inner: W,
    is_closed: bool,
}

impl<W: Write> Sink<W> {
    /// A sink over `inner`.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            is_closed: false,
        }
    }

    /// Whether its reader is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn tolerate<T>(&mut self, outcome: io::Result<T>, quiet: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(quiet)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let outcome = self.inner.write(bytes);
        self.tolerate(outcome, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let outcome = self.inner.flush();
        self.tolerate(outcome, ())
    }
}
