//! Logs, on stderr: results of commands have stdout for themselves.

use crate::settings::LogFormat;
use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Begins logging. `RUST_LOG` says what; without it, what our own crates tell at `level` and others at `warn`.
/// Later calls do nothing.
pub fn begin(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        let ours = ["server", "supercargo", "service", "catalogue", "registry", "app"].map(|c| format!("{c}={level}"));
        EnvFilter::new(format!("warn,{}", ours.join(",")))
    });
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    // Names and errors come from strangers. JSON escapes what could forge a line; for text, the subscriber escapes what
    // moves a terminal's cursor, and `OneLine` what begins a new line.
    let layer = match format {
        LogFormat::Text => fmt::layer().with_writer(|| OneLine(io::stderr())).with_ansi(colour).with_target(false).boxed(),
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).with_writer(io::stderr).boxed()
        }
    };
    // Only the first in a process can win; tests begin more than once.
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_err() {
        tracing::debug!("logging has begun already");
    }
}

/// Writes each event as one line, whatever is in it. An event is written in one piece.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(&one_line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn one_line(event: &[u8]) -> Cow<'_, [u8]> {
    let (body, end) = event.strip_suffix(b"\n").map_or((event, &b""[..]), |body| (body, b"\n"));
    if !body.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        return Cow::Borrowed(event);
    }
    let mut line = Vec::with_capacity(event.len() + 8);
    for &byte in body {
        match byte {
            b'\n' => line.extend(b"\\n"),
            b'\r' => line.extend(b"\\r"),
            _ => line.push(byte),
        }
    }
    line.extend(end);
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Held(Arc<Mutex<Vec<u8>>>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_that_is_logged_can_forge_a_line_or_reach_the_terminal() {
        let held = Held::default();
        let writer = held.clone();
        let layer = fmt::layer().with_writer(move || OneLine(writer.clone())).with_ansi(false).boxed();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(name = %"a\n2026 INFO forged\r", "said \u{1b}[31m{}", "x\ny");
            tracing::info!("second");
        });
        let text = String::from_utf8(held.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
        assert!(text.contains("forged") && text.ends_with("second\n"), "{text}");
    }
}
