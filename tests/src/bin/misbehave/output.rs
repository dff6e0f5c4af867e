//! Output that is too much, or gets at the file behind it.

use std::env::var;
use std::fs::OpenOptions;
use std::io::{BufWriter, Error, ErrorKind, Result, Write, stdout};
use std::thread;
use std::time::Duration;

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

/// So many bytes without a line's end, then one more line.
pub fn print_one_line(bytes: u64) -> Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, stdout().lock());
    let part = [b'x'; 1 << 12];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(part.len()).min(part.len());
        stdout.write_all(&part[..length])?;
        left -= length as u64;
    }
    writeln!(stdout)?;
    writeln!(stdout, "after the long line")?;
    stdout.flush()
}

/// Bytes that are no text, characters in parts, sequences that move a cursor, and a last line without an end.
pub fn print_binary() -> Result<()> {
    let mut stdout = stdout().lock();
    for part in [
        b"bad \xff\xfe\x00 bytes\n".as_slice(),
        b"torn \xf0\x9f",
        b"\xa6\x80 crab\n",
        b"\x1b[2J\x1b[31mred\x1b[0m\x07\x1b]0;title\x07 text\n",
        b"10 %\r50 %\rdone\n",
        b"\xe2\x82",
    ] {
        stdout.write_all(part)?;
        // Each part is a chunk of its own, for whoever reads at once.
        stdout.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// What must not be shown: the values of these variables, each in two parts.
pub fn print_secrets(names: &[&str]) -> Result<()> {
    let mut stdout = stdout().lock();
    for name in names {
        let value = var(name).map_err(|_| Error::other(format!("{name} is not set")))?;
        let (one, other) = value.split_at(value.len() / 2);
        write!(stdout, "{name} is {one}")?;
        stdout.flush()?;
        thread::sleep(Duration::from_millis(50));
        writeln!(stdout, "{other}, plainly")?;
        stdout.flush()?;
    }
    Ok(())
}
