//! Linux: the pages of its own program that a process no longer uses.
//!
//! Where one page of a program is touched, the kernel maps the fifteen around it too, if they are in memory. What is
//! run once and never again, as most of a start is, thus leaves nearly the whole program on a process's account.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs;
use std::io;
use std::ops::Range;

use rustix::mm::{Advice, madvise};

/// Hands the pages of this process's program back to the kernel, which has them in its cache as any file's. What is run
/// after that is mapped again when it is reached, at some microseconds for sixteen pages.
///
/// # Errors
/// What reading `/proc/self` or madvise(2) says; it refuses a process that has locked its memory.
pub fn give_back_program_pages() -> io::Result<()> {
    advise(Advice::LinuxDontNeed)
}

fn advise(advice: Advice) -> io::Result<()> {
    let program = fs::read_link("/proc/self/exe")?;
    let maps = fs::read("/proc/self/maps")?;
    for code in code_of(&program.to_string_lossy(), &String::from_utf8_lossy(&maps)) {
        // SAFETY: this is mapped from the program's file and can't be written to, so that each page is what the file
        // says, before and after. An address has no pointer here that it could be derived from; the kernel alone uses it.
        unsafe { madvise(code.start as *mut c_void, code.len(), advice) }?;
    }
    Ok(())
}

/// Where the code of a program is, by proc_pid_maps(5). What can be written to is left out: a private change is nowhere
/// else.
fn code_of(program: &str, maps: &str) -> Vec<Range<usize>> {
    let code = |line: &str| {
        let mut fields = line.splitn(6, ' ');
        let (addresses, rights) = (fields.next()?, fields.next()?);
        let path = fields.nth(3)?.trim_start();
        let (start, end) = addresses.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        (path == program && rights == "r-xp").then_some(address(start)?..address(end)?)
    };
    maps.lines().filter_map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0aa000000-55d0aa200000 r--p 00000000 fe:01 1234                       /opt/my tools/kinfra-host
55d0aa200000-55d0aa900000 r-xp 00200000 fe:01 1234                       /opt/my tools/kinfra-host
55d0aa900000-55d0aaa00000 rw-p 00900000 fe:01 1234                       /opt/my tools/kinfra-host
7f00aa000000-7f00aa100000 r-xp 00026000 fe:01 99                         /usr/lib/libc.so.6
7ffd11000000-7ffd11002000 r-xp 00000000 00:00 0                          [vdso]
55d0ab000000-55d0ab021000 rw-p 00000000 00:00 0 
";

    #[test]
    fn only_code_of_the_program_itself_is_given_back() {
        let code = 0x55d0_aa20_0000..0x55d0_aa90_0000;
        assert_eq!(code_of("/opt/my tools/kinfra-host", MAPS), [code]);
        assert_eq!(code_of("/opt/my", MAPS), []);
    }

    /// In KiB.
    fn resident_code() -> u64 {
        let program = fs::read_link("/proc/self/exe").unwrap().to_string_lossy().into_owned();
        let (mut of_code, mut sum) = (false, 0);
        for line in fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            let mut fields = line.split_whitespace();
            match (fields.next(), fields.next()) {
                (Some("Rss:"), Some(amount)) if of_code => sum += amount.parse::<u64>().unwrap(),
                (Some(key), _) if key.ends_with(':') => {}
                _ => of_code = !code_of(&program, line).is_empty(),
            }
        }
        sum
    }

    #[test]
    fn what_is_given_back_is_no_longer_this_process_s_and_comes_again_when_it_is_run() {
        advise(Advice::LinuxPopulateRead).unwrap();
        let whole = resident_code();
        give_back_program_pages().unwrap();
        let left = resident_code();
        // This test is run meanwhile, and its program is small.
        assert!(left < whole, "{left} KiB of {whole} KiB are still mapped");
    }
}
