//! What people and programs see on stdout: tables aligned to a terminal's width, or tabs between fields in a pipe.

use super::exit::Failed;
use jiff::Timestamp;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Columns of the terminal; none where stdout is none.
    width: Option<usize>,
    colour: bool,
    now: Timestamp,
}

impl Output {
    pub(super) fn of_process() -> Self {
        let terminal = io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        let width = terminal.then(|| columns.or_else(|| terminal_size::terminal_size().map(|(w, _)| w.0.into())).unwrap_or(80));
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { width, colour, now: Timestamp::now() }
    }

    #[cfg(test)]
    pub(super) fn pipe() -> Self {
        Self { width: None, colour: false, now: Timestamp::UNIX_EPOCH }
    }

    #[cfg(test)]
    pub(super) fn terminal(width: usize) -> Self {
        Self { width: Some(width), ..Self::pipe() }
    }

    pub(super) fn is_terminal(self) -> bool {
        self.width.is_some()
    }

    /// Bytes: `184 MB` for people, the number for programs.
    pub(super) fn size(self, bytes: Option<u64>) -> String {
        match bytes {
            None => String::new(),
            Some(bytes) if self.is_terminal() => human_size(bytes),
            Some(bytes) => bytes.to_string(),
        }
    }

    /// A time: `3 d ago` for people, RFC 3339 for programs.
    pub(super) fn time(self, time: Option<&str>) -> String {
        let Some(text) = time else { return String::new() };
        match text.parse::<Timestamp>() {
            Ok(time) if self.is_terminal() => ago(self.now.as_second() - time.as_second()),
            _ => text.to_owned(),
        }
    }

    /// A time to come: `in 23 h` for people, RFC 3339 for programs.
    pub(super) fn until(self, time: Option<&str>) -> String {
        let Some(text) = time else { return String::new() };
        match text.parse::<Timestamp>() {
            Ok(time) if self.is_terminal() => format!("in {}", span((time.as_second() - self.now.as_second()).max(0))),
            _ => text.to_owned(),
        }
    }

    /// A digest: its first digits for people, whole for programs.
    pub(super) fn digest(self, digest: Option<&str>) -> String {
        let Some(text) = digest else { return String::new() };
        match oci::Digest::parse(text) {
            Ok(digest) if self.is_terminal() => digest.short(),
            _ => text.to_owned(),
        }
    }

    /// A table. The column `wide` gives way where the terminal is narrow.
    pub(super) fn table(self, header: &[&str], rows: Vec<Vec<String>>, wide: usize) -> Result<(), Failed> {
        print(&self.format(header, &rows, wide))
    }

    /// The table as text.
    pub(super) fn format(self, header: &[&str], rows: &[Vec<String>], wide: usize) -> String {
        let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| clean(c)).collect()).collect();
        let Some(terminal) = self.width else {
            return rows.iter().map(|r| r.join("\t") + "\n").collect();
        };
        let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let needed: usize = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        if let Some(width) = widths.get_mut(wide) {
            *width = (*width).saturating_sub(needed.saturating_sub(terminal)).max((*width).min(12));
        }
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (cell, width) in cells.zip(&widths) {
                let cell = cut(cell, *width);
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
            }
            line.trim_end().to_owned()
        };
        let mut text = line(&mut header.iter().copied());
        if self.colour {
            text = format!("\u{1b}[2m{text}\u{1b}[0m");
        }
        text.push('\n');
        for row in &rows {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
            text.push('\n');
        }
        text
    }
}

/// One thing a line: its name, and after the column its value.
pub(super) fn lines(lines: &[(&str, String)], out: Output) -> String {
    let line = |(name, value): &(&str, String)| {
        let value = clean(value);
        if out.is_terminal() { format!("{name:<12}{value}\n") } else { format!("{name}\t{value}\n") }
    };
    lines.iter().map(line).collect()
}

/// A value as JSON, indented.
pub(super) fn json<T: Serialize>(value: &T) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failed::Other(format!("The answer could not be written: {e}.")))?;
    print(&(text + "\n"))
}

/// Writes to stdout. A reader that has seen enough is no error.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failed::io(error)),
        _ => Ok(()),
    }
}

/// A text that cannot move the cursor, change colours or begin a new line: it was written by strangers.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { '\u{fffd}' } else { c })
        .collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// `184 MB`.
pub(super) fn human_size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if unit == "B" || value >= 99.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

fn ago(seconds: i64) -> String {
    if seconds < 1 { "now".into() } else { format!("{} ago", span(seconds)) }
}

fn span(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..60 => (seconds, "s"),
        60..3_600 => (seconds / 60, "min"),
        3_600..86_400 => (seconds / 3_600, "h"),
        86_400..31_536_000 => (seconds / 86_400, "d"),
        _ => (seconds / 31_536_000, "y"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![row(["team/a-rather-long-name-of-a-repository", "1", "x"]), row(["b\u{1b}[31m", "22", "y\nz"])]
    }

    #[test]
    fn a_pipe_gets_fields_between_tabs_and_no_header() {
        let pipe = Output::pipe();
        assert_eq!(
            pipe.format(&["NAME", "N", "X"], &rows(), 0),
            "team/a-rather-long-name-of-a-repository\t1\tx\nb\u{fffd}[31m\t22\ty\u{fffd}z\n"
        );
        assert_eq!(pipe.size(Some(1_840_000)), "1840000");
        assert_eq!(pipe.time(Some("2026-01-01T00:00:00.000Z")), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_terminal_gets_columns_that_fit() {
        let terminal = Output::terminal(30);
        let text = terminal.format(&["NAME", "N", "X"], &rows(), 0);
        assert_eq!(text, "NAME                   N   X\nteam/a-rather-long-n…  1   x\nb\u{fffd}[31m                 22  y\u{fffd}z\n");
        assert!(text.lines().all(|l| l.chars().count() <= 30));
        let coloured = Output { colour: true, ..terminal };
        assert!(coloured.format(&["NAME"], &[], 0).starts_with("\u{1b}[2mNAME"));
    }

    #[test]
    fn sizes_and_times_for_people() {
        for (bytes, text) in
            [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (184_000_000, "184 MB"), (1_930_000_000_000, "1.9 TB"), (999_999, "1.0 MB")]
        {
            assert_eq!(human_size(bytes), text);
        }
        for (seconds, text) in
            [(-5, "now"), (59, "59 s ago"), (60, "1 min ago"), (7_200, "2 h ago"), (259_200, "3 d ago"), (70_000_000, "2 y ago")]
        {
            assert_eq!(ago(seconds), text);
        }
        assert_eq!(Output::terminal(80).until(Some("1970-01-01T23:30:00.000Z")), "in 23 h");
        assert_eq!(Output::pipe().until(Some("1970-01-01T23:30:00.000Z")), "1970-01-01T23:30:00.000Z");
    }
}
