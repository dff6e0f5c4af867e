//! How a process ended that is nobody's child here: the kernel keeps that with its pidfd (`PIDFD_GET_INFO` with
//! `PIDFD_INFO_EXIT` in linux/pidfd.h, since Linux 6.15) once its parent has waited for it.

#![allow(unsafe_code)]

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::ioctl::{Updater, ioctl, opcode};

/// `struct pidfd_info` as of its first version.
#[repr(C)]
#[derive(Default)]
struct Info {
    /// What is asked for, then what was answered.
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    /// As waitpid(2) gives it.
    status: i32,
}

const EXIT: u64 = 1 << 3;
const GET_INFO: rustix::ioctl::Opcode = opcode::read_write::<Info>(0xff, 11);

/// Whether somebody has waited for the process: then [`exit_of`] knows how it ended, or nobody ever will.
pub fn is_reaped(pidfd: &impl AsFd) -> bool {
    // Without an event asked for it only tells of the hang-up, which is just that.
    let mut reaped = [PollFd::new(pidfd, PollFlags::empty())];
    matches!(poll(&mut reaped, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1..))
}

/// Code or signal of a process that has ended. Neither where the kernel doesn't tell, or not yet: see
/// [`is_reaped`].
pub fn exit_of(pidfd: &impl AsFd) -> (Option<i32>, Option<i32>) {
    let mut info = Info { mask: EXIT, ..Info::default() };
    // SAFETY: `Info` has the layout and size that the number of the call is made of, and the kernel writes no more.
    let asked = unsafe { ioctl(pidfd, Updater::<GET_INFO, Info>::new(&mut info)) };
    if asked.is_err() || info.mask & EXIT == 0 {
        return (None, None);
    }
    let signal = info.status & 0x7f;
    if signal == 0 { (Some(info.status >> 8 & 0xff), None) } else { (None, Some(signal)) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    use super::*;

    #[test]
    fn code_and_signal_of_a_process_are_known_that_somebody_else_waited_for() {
        for (script, expected) in
            [("exit 37", (Some(37), None)), ("kill -9 $$", (None, Some(9))), ("exit 0", (Some(0), None))]
        {
            let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
            let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
            let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
            assert!(!is_reaped(&pidfd));
            child.wait().unwrap();
            let known = exit_of(&pidfd);
            // Before Linux 6.15 nobody is told.
            assert!(known == expected || known == (None, None), "{script}: {known:?}");
            println!("{script}: {known:?}");
        }
    }
}
