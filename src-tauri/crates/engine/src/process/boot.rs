use std::fs;

/// Names this boot of the machine: another one's pids mean nothing now. Empty where the kernel doesn't tell.
#[must_use]
pub fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
