//! Output that is too much, or gets at the file behind it.

use std::fs::OpenOptions;
use std::io::{BufWriter, ErrorKind, Result, Write, stdout};

pub fn print_without_end() -> Result<()> {
    let mut stdout = BufWriter::new(stdout().lock());
    loop {
        match writeln!(stdout, "there is always more to say") {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
}

/// `line 1` to `line N`.
pub fn print_lines(lines: u64) -> Result<()> {
    let mut stdout = BufWriter::new(stdout().lock());
    for line in 1..=lines {
        writeln!(stdout, "line {line}")?;
    }
    stdout.flush()
}

/// What `> /dev/stderr` in a shell script does. With a file as stderr it would lose what was written before.
pub fn truncate_stderr() -> Result<()> {
    eprintln!("before the truncation");
    let mut stderr = OpenOptions::new().write(true).truncate(true).open("/dev/stderr")?;
    writeln!(stderr, "after the truncation")
}
